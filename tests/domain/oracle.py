"""Working time from first principles, to judge the calendar by: it looks at every tick of a scene.

A scene is a few days in one zone, cut into ticks of a minute or a second. For each tick the zone is
asked what the clock on the wall shows, and nothing else is known: a wall time is found by looking
for the tick that shows it. Nothing here is shared with the calendar.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from itertools import compress, islice, pairwise
from zoneinfo import ZoneInfo

Hours = tuple[int, int]  # seconds on the wall, from the midnight of the day that they open on
Ticks = tuple[int, int]

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # what a clock on the wall shows has no zone
DAY = 86_400


def on_the_wall(at: datetime) -> int:
    """What a clock shows, as seconds."""
    return round((at.replace(tzinfo=None) - EPOCH).total_seconds())


@dataclass(frozen=True)
class Scene:
    """Some days in a zone, tick by tick."""

    zone: str
    begins: datetime  # in UTC
    days: int
    tick: int = 60

    @property
    def ticks(self) -> int:
        return self.days * DAY // self.tick

    @cached_property
    def shows(self) -> Sequence[int]:
        """What the clock on the wall shows at each tick."""
        where, step = ZoneInfo(self.zone), timedelta(seconds=self.tick)
        looks = ((self.begins + n * step).astimezone(where) for n in range(self.ticks))
        return array("q", (on_the_wall(look) for look in looks))

    @cached_property
    def first(self) -> dict[int, int]:
        """The first tick at which the clock shows a time."""
        seen: dict[int, int] = {}
        for number, shown in enumerate(self.shows):
            seen.setdefault(shown, number)
        return seen

    @cached_property
    def gaps(self) -> list[Ticks]:
        """From which reading to which the clock jumped forward."""
        return [
            (before, after) for before, after in pairwise(self.shows) if after - before > self.tick
        ]

    @cached_property
    def dates(self) -> list[date]:
        """Every date that exists and can have a window here; two before may reach into it."""
        shown = sorted({_date(each) for each in {n // DAY * DAY for n in self.shows}})
        return [shown[0] - timedelta(days=2), shown[0] - timedelta(days=1), *shown]

    @cached_property
    def midnights(self) -> list[tuple[int, date]]:
        return [(self.at(day, 0), day) for day in self.dates]

    def at(self, day: date, seconds: int) -> int:
        """The tick of a wall time; one that does not exist is later by the whole jump."""
        wanted = (day - date(1970, 1, 1)).days * DAY + seconds
        for before, after in self.gaps:
            if before + self.tick <= wanted < after:
                wanted += after - before - self.tick
        if wanted < self.shows[0]:
            return 0
        return self.first.get(wanted, self.ticks)

    def moment(self, tick: int) -> datetime:
        return self.begins + timedelta(seconds=tick * self.tick)

    def number(self, at: datetime) -> int:
        return round((at - self.begins).total_seconds()) // self.tick


@dataclass(frozen=True)
class Plan:
    """A calendar in plain figures; `own` are days with hours of their own."""

    week: tuple[tuple[Hours, ...], ...]
    holidays: frozenset[date] = frozenset()
    own: dict[date, tuple[Hours, ...]] = field(default_factory=dict)
    pauses: tuple[Ticks, ...] = ()

    def hours(self, day: date) -> tuple[Hours, ...]:
        if day in self.own:
            return self.own[day]
        return () if day in self.holidays else self.week[day.weekday()]


class Oracle:
    """Knows of every tick of a scene whether it counts."""

    def __init__(self, scene: Scene, plan: Plan) -> None:
        self.scene, self.plan = scene, plan
        self.open, self.paused = bytearray(scene.ticks), bytearray(scene.ticks)
        for day in scene.dates:
            for opens, closes in plan.hours(day):
                _fill(self.open, scene.at(day, opens), scene.at(day, closes), 1)
        self.counts = bytearray(self.open)
        for start, end in plan.pauses:
            _fill(self.paused, start, end, 1)
            _fill(self.counts, start, end, 0)

    def due(self, start: int, within: int) -> int | None:
        """The tick at which so many have counted; None: not in this scene."""
        counting = compress(range(start, self.scene.ticks), self.counts[start:])
        last = next(islice(counting, max(within - 1, 0), None), None)
        return last if last is None or not within else last + 1

    def between(self, start: int, end: int) -> int:
        return sum(self.counts[start:end])

    def days(self, start: int, end: int) -> list[date]:
        """The days, from midnight to midnight, that two ticks lie in and between."""
        begun = [day for tick, day in self.scene.midnights if tick <= start]
        return begun[-1:] + [day for tick, day in self.scene.midnights if start < tick < end]


def _date(shown: int) -> date:
    return date(1970, 1, 1) + timedelta(days=shown // DAY)


def _fill(ticks: bytearray, start: int, end: int, what: int) -> None:
    if start < end:
        ticks[start:end] = bytes([what]) * (end - start)
