"""Who is on duty: a week that repeats, and what a schedule says of certain days."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import Window

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Shift:
    """One person's turn in every week; `day` is 0 for Monday, the window is on the wall's clock."""

    day: int
    window: Window
    who: str


@dataclass(frozen=True)
class Duty:
    """One person's turn as a schedule has it, from `start` until just before `end`."""

    start: datetime
    end: datetime
    who: str


@dataclass(frozen=True)
class Rota:
    """Where a schedule names somebody for a moment, the weekly shifts do not count."""

    zone: ZoneInfo
    shifts: Sequence[Shift] = ()
    duties: Sequence[Duty] = ()

    def on_duty(self, at: datetime) -> Sequence[str]:
        """The member ids of all who are on duty then, each once; empty: nobody is."""
        named = [duty.who for duty in self.duties if duty.start <= at < duty.end]
        return tuple(dict.fromkeys(named or self._this_week(at)))

    def _this_week(self, at: datetime) -> list[str]:
        wall = at.astimezone(self.zone)
        second = wall.hour * 3600 + wall.minute * 60 + wall.second
        today, yesterday = wall.weekday(), (wall - DAY).weekday()
        on = [(today, second), (yesterday, second + 86_400)]
        return [
            shift.who
            for day, moment in on
            for shift in self.shifts
            if shift.day == day and shift.window.opens <= moment < shift.window.closes
        ]
