"""Each stretch of time behind a deadline, in words and figures that can be added up by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import Stretch, What
from bot.domain.clock import NOTHING, Clock, Owed
from bot.slack.text import clip, one_line

SHOWN = 30  # stretches; of more, those in the middle become one line
NAME = 80  # characters of a holiday's name, or of why there is a pause
HOUR, MINUTE, SECOND = (timedelta(seconds=n) for n in (3600, 60, 1))
ONE_DAY = timedelta(days=1)

Counted = tuple[Stretch, timedelta]


@dataclass(frozen=True)
class Wall:
    """The clock and the calendar on a team's wall; a date of another `year` says so."""

    zone: ZoneInfo
    year: int

    @classmethod
    def at(cls, moment: datetime, zone: ZoneInfo) -> "Wall":
        return cls(zone, moment.astimezone(zone).year)

    def moment(self, at: datetime) -> str:
        shown = at.astimezone(self.zone)
        return f"{self._day(shown)} {_time(shown)}"

    def span(self, start: datetime, end: datetime) -> str:
        """From when to when; whole days without their hours."""
        first, last = start.astimezone(self.zone), end.astimezone(self.zone)
        if last.date() == first.date():
            return f"{self.moment(start)} to {_time(last)}"
        if _midnight(first) and _midnight(last):
            return self._days(first, last - ONE_DAY)
        if _midnight(last) and (last - ONE_DAY).date() == first.date():
            return f"{self.moment(start)} to 24:00"
        return f"{self.moment(start)} to {self.moment(end)}"

    def _days(self, first: datetime, last: datetime) -> str:
        until = f" to {self._day(last)}" if last.date() > first.date() else ""
        return self._day(first) + until

    def _day(self, shown: datetime) -> str:
        year = f" {shown.year}" if shown.year != self.year else ""
        return f"{shown:%a} {shown.day} {shown:%b}{year}"


def reasons(clock: Clock, zone: ZoneInfo | None = None) -> list[str]:
    """Why it is due then, a sentence for each stretch and one for their sum.

    `zone` is the team's; what is urgent is counted by a calendar that has another.
    """
    wall = Wall.at(clock.since, zone or clock.calendar.zone)
    if clock.owed is Owed.PROMISE:
        return [f"It was promised for {wall.moment(clock.due_at)}, whatever the hours are then."]
    return [*stretches(clock, wall), f"That makes {total(clock, wall)}."]


def stretches(clock: Clock, wall: Wall) -> list[str]:
    """A line each; whatever is left out, the figures add up to what was promised."""
    counted = _in_seconds(clock.reasons)
    if len(counted) <= SHOWN:
        return [_line(each, wall) for each in counted]
    half = SHOWN // 2
    first, middle, last = counted[:half], counted[half:-half], counted[-half:]
    added = exactly(sum((seconds for _, seconds in middle), NOTHING))
    between = f"… and {len(middle)} more stretches that add {added}"
    return [*(_line(each, wall) for each in first), between, *(_line(each, wall) for each in last)]


def total(clock: Clock, wall: Wall) -> str:
    return f"{exactly(clock.within)}: due {wall.moment(clock.due_at)}"


def exactly(span: timedelta) -> str:
    """To the second, for those who count: 1 h, 45 min, 1 h 0 min 5 s."""
    hours, minutes, seconds = span // HOUR, span % HOUR // MINUTE, span % MINUTE // SECOND
    between = minutes or (hours and seconds)
    parts = (hours, "h", hours), (minutes, "min", between), (seconds, "s", seconds)
    return " ".join(f"{many} {unit}" for many, unit, shown in parts if shown) or "0 min"


def _in_seconds(lines: Sequence[Stretch]) -> list[Counted]:
    """What each stretch counts, in whole seconds that still add up: the last takes what is over."""
    seconds = [_seconds(each) for each in lines]
    if counting := [number for number, each in enumerate(lines) if each.counts]:
        exact = sum((each.counted for each in lines), NOTHING)
        seconds[counting[-1]] += exact // SECOND * SECOND - sum(seconds, NOTHING)
    return list(zip(lines, seconds, strict=True))


def _seconds(each: Stretch) -> timedelta:
    """As the shown times have it, which leave out fractions."""
    if not each.counts:
        return NOTHING
    return each.end.replace(microsecond=0) - each.start.replace(microsecond=0)


def _line(each: Counted, wall: Wall) -> str:
    stretch, seconds = each
    what = _counting(stretch, seconds, wall) if stretch.counts else _not_counting(stretch)
    return f"{wall.span(stretch.start, stretch.end)} · {what}"


def _counting(stretch: Stretch, seconds: timedelta, wall: Wall) -> str:
    name = _name(stretch)
    of = f" ({name or stretch.what})" if name or stretch.what is not What.OPEN else ""
    return f"counts {exactly(seconds)}{of}{_clocks_change(stretch, wall)}"


def _not_counting(stretch: Stretch) -> str:
    name = _name(stretch)
    if stretch.what is What.PAUSE:
        return f"paused: {name}" if name else "paused"
    if stretch.what is What.CLOSED or not name:
        return "holiday" if stretch.what is What.HOLIDAY else "closed"
    return f"{name} (holiday)" if stretch.what is What.HOLIDAY else f"closed ({name})"


def _clocks_change(stretch: Stretch, wall: Wall) -> str:
    """Where fingers would go wrong: a night in which an hour is missing, or comes twice."""
    before, after = (at.astimezone(wall.zone).utcoffset() for at in (stretch.start, stretch.end))
    by = (after or NOTHING) - (before or NOTHING)
    if not by:
        return ""
    return f", as the clocks went {'forward' if by > NOTHING else 'back'} {exactly(abs(by))}"


def _name(stretch: Stretch) -> str:
    return clip(one_line(stretch.name), NAME)


def _time(shown: datetime) -> str:
    """With the zone's short name where the clock shows that time twice."""
    fine = "seconds" if shown.second else "minutes"
    time = shown.time().replace(microsecond=0).isoformat(timespec=fine)
    return f"{time} {shown.tzname()}" if _twice(shown) else time


def _twice(shown: datetime) -> bool:
    return shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()


def _midnight(shown: datetime) -> bool:
    return (shown.hour, shown.minute, shown.second) == (0, 0, 0)
