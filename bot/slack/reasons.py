"""Each stretch of time behind a deadline, in words and figures that can be added up by hand."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import Stretch, What
from bot.domain.clock import NOTHING, Clock, Owed
from bot.slack.text import clip, one_line
from bot.slack.tongue import N_, _, day, n_

SHOWN = 30  # stretches; of more, those in the middle become one line
NAME = 80  # characters of a holiday's name, or of why there is a pause
HOUR, MINUTE, SECOND = (timedelta(seconds=n) for n in (3600, 60, 1))
ONE_DAY = timedelta(days=1)

WHAT = {
    What.OPEN: N_("open"),
    What.CLOSED: N_("closed"),
    What.HOLIDAY: N_("holiday"),
    What.HALF_HOLIDAY: N_("half holiday"),
    What.EXCEPTION: N_("exception"),
    What.PAUSE: N_("pause"),
}
PROMISED = N_("promised")  # what a pause is called that ends with a promise
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
            return _to(self.moment(start), _time(last))
        if _midnight(first) and _midnight(last):
            return self._days(first, last - ONE_DAY)
        if _midnight(last) and (last - ONE_DAY).date() == first.date():
            return _to(self.moment(start), "24:00")
        return _to(self.moment(start), self.moment(end))

    def _days(self, first: datetime, last: datetime) -> str:
        if last.date() == first.date():
            return self._day(first)
        return _to(self._day(first), self._day(last))

    def _day(self, shown: datetime) -> str:
        year = f" {shown.year}" if shown.year != self.year else ""
        return day(shown) + year


def _to(start: str, end: str) -> str:
    return _("{start} to {end}").format(start=start, end=end)


def reasons(clock: Clock, zone: ZoneInfo | None = None) -> list[str]:
    """Why it is due then, a sentence for each stretch and one for their sum.

    `zone` is the team's; what is urgent is counted by a calendar that has another.
    """
    wall = Wall.at(clock.since, zone or clock.calendar.zone)
    if clock.owed is Owed.PROMISE:
        told = _("It was promised for {at}, whatever the hours are then.")
        return [told.format(at=wall.moment(clock.due_at))]
    makes = _("That makes {total}.").format(total=total(clock, wall))
    return [*stretches(clock, wall), makes]


def stretches(clock: Clock, wall: Wall) -> list[str]:
    """A line each; whatever is left out, the figures add up to what was promised."""
    counted = _in_seconds(clock.reasons)
    if len(counted) <= SHOWN:
        return [_line(each, wall) for each in counted]
    half = SHOWN // 2
    first, middle, last = counted[:half], counted[half:-half], counted[-half:]
    added = exactly(sum((seconds for _, seconds in middle), NOTHING))
    told = n_(
        "… and {many} more stretch that adds {time}",
        "… and {many} more stretches that add {time}",
        len(middle),
    )
    between = told.format(many=len(middle), time=added)
    return [*(_line(each, wall) for each in first), between, *(_line(each, wall) for each in last)]


def total(clock: Clock, wall: Wall) -> str:
    told = _("{time}: due {at}")
    return told.format(time=exactly(clock.within), at=wall.moment(clock.due_at))


def exactly(span: timedelta) -> str:
    """To the second, for those who count: 1 h, 45 min, 1 h 0 min 5 s."""
    hours, minutes, seconds = span // HOUR, span % HOUR // MINUTE, span % MINUTE // SECOND
    between = minutes or (hours and seconds)
    parts = (
        _("{hours} h").format(hours=hours) if hours else "",
        _("{minutes} min").format(minutes=minutes) if between else "",
        _("{seconds} s").format(seconds=seconds) if seconds else "",
    )
    return " ".join(part for part in parts if part) or _("{minutes} min").format(minutes=0)


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
    special = name or stretch.what is not What.OPEN
    of = f" ({name or _(WHAT[stretch.what])})" if special else ""
    counts = _("counts {time}").format(time=exactly(seconds))
    return f"{counts}{of}{_clocks_change(stretch, wall)}"


def _not_counting(stretch: Stretch) -> str:
    name = _name(stretch)
    if stretch.what is What.PAUSE:
        return _("paused: {why}").format(why=name) if name else _("paused")
    holiday = stretch.what is What.HOLIDAY
    if stretch.what is What.CLOSED or not name:
        return _("holiday") if holiday else _("closed")
    return (_("{name} (holiday)") if holiday else _("closed ({name})")).format(name=name)


def _clocks_change(stretch: Stretch, wall: Wall) -> str:
    """Where fingers would go wrong: a night in which an hour is missing, or comes twice."""
    before, after = (at.astimezone(wall.zone).utcoffset() for at in (stretch.start, stretch.end))
    by = (after or NOTHING) - (before or NOTHING)
    if not by:
        return ""
    if by > NOTHING:
        return _(", as the clocks went forward {time}").format(time=exactly(by))
    return _(", as the clocks went back {time}").format(time=exactly(-by))


def _name(stretch: Stretch) -> str:
    """What a team, a calendar or a person wrote; a promise's pause has a name of our own."""
    return clip(one_line(_(stretch.name)), NAME)


def _time(shown: datetime) -> str:
    """With the zone's short name where the clock shows that time twice."""
    fine = "seconds" if shown.second else "minutes"
    time = shown.time().replace(microsecond=0).isoformat(timespec=fine)
    return f"{time} {shown.tzname()}" if _twice(shown) else time


def _twice(shown: datetime) -> bool:
    return shown.replace(fold=0).utcoffset() != shown.replace(fold=1).utcoffset()


def _midnight(shown: datetime) -> bool:
    return (shown.hour, shown.minute, shown.second) == (0, 0, 0)
