"""Working time: hours, holidays and pauses; when a promise is due, and every reason for it."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

HORIZON = timedelta(days=3653)  # ten years: nothing looks further than that
WHOLE_DAY = 86_400  # seconds on the wall, from 00:00 to 24:00
LONGEST_NIGHT = 12 * 3600  # a longer "22:00-06:00" is probably the wrong way round
YEARS = range(2, 9900)  # the horizon must fit into the years there are
REMEMBERED = 20_000  # days, before a calendar begins to forget

NOTHING, ONE_DAY = timedelta(0), timedelta(days=1)
TIME = "([0-9]{2}):([0-9]{2})(?::([0-9]{2}))?"
WINDOW = re.compile(rf"\s*{TIME}\s*[-\u2013]\s*{TIME}(\+1)?\s*")

BESIDE = ("posix", "right/", "localtime")  # files that lie beside the zones and are none

Span = tuple[datetime, datetime]
Spans = tuple[Span, ...]
Known = TypeVar("Known")


class NeverOpens(ValueError):
    """The horizon was reached, at once or with `counted` on the way; says what to mend."""

    def __init__(self, start: datetime, counted: timedelta) -> None:
        enough = " for as long as was asked" if counted else ""
        super().__init__(
            f"This calendar never opens within ten years after {start:%Y-%m-%d}{enough}."
            " Give it more hours, or fewer closed days and pauses."
        )


class What(StrEnum):
    """Why a stretch of time counts, or does not."""

    OPEN = "open"
    CLOSED = "closed"
    HOLIDAY = "holiday"
    HALF_HOLIDAY = "half holiday"
    EXCEPTION = "exception"
    PAUSE = "pause"


@dataclass(frozen=True)
class Window:
    """Hours that open on one day, in seconds after its midnight on the wall.

    `closes` is 86,400 for 24:00 and more when it is overnight; no window is longer than a day.
    """

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < WHOLE_DAY or not 0 < self.closes - self.opens <= WHOLE_DAY:
            raise ValueError(
                "A window opens on its own day and is at most 24 hours long. Write two windows."
            )

    @classmethod
    def read(cls, text: str) -> "Window":
        """As people write it: 09:00-12:30, 22:00-06:00, 09:00-24:00, 17:00-09:00+1."""
        match = WINDOW.fullmatch(text)
        if not match:
            raise ValueError(f'"{text}" is no window. Write it as "09:00-17:00".')
        opens, closes = _seconds(match.group(1, 2, 3)), _seconds(match.group(4, 5, 6))
        if opens == WHOLE_DAY:
            raise ValueError(f'"{text}" begins at 24:00. Write 00:00, on the next day.')
        return cls(opens, closes + WHOLE_DAY) if match[7] else cls._by_day(opens, closes, text)

    @classmethod
    def _by_day(cls, opens: int, closes: int, text: str) -> "Window":
        """A window without "+1": overnight if it ends before it begins and is short enough."""
        if opens == closes:
            raise ValueError(f'"{text}" has no length. Write 00:00-24:00 for round the clock.')
        night = closes + WHOLE_DAY
        if closes < opens and night - opens > LONGEST_NIGHT:
            raise ValueError(
                f'"{text}" ends before it begins. Turn it round, or write "{text.strip()}+1" if it'
                " is meant to go on into the next day."
            )
        return cls(opens, closes if closes > opens else night)


@dataclass(frozen=True)
class Day:
    """One date with its own hours; without windows it is closed."""

    name: str
    windows: tuple[Window, ...]
    what: What = What.EXCEPTION


@dataclass(frozen=True)
class Pause:
    """From `start` until `end` nothing counts: a snooze, or a promise "by Friday"."""

    start: datetime
    end: datetime
    why: str = ""


@dataclass(frozen=True)
class Stretch:
    """One reason: from `start` until `end` time counted, or did not, and why.

    `day` is the special day that it belongs to, so that each of those stays a line of its own.
    """

    start: datetime
    end: datetime
    what: What
    counts: bool
    name: str = ""
    day: date | None = field(default=None, compare=False, repr=False)

    @property
    def length(self) -> timedelta:
        """What really passed, whatever the clocks on the wall did."""
        return self.end - self.start

    @property
    def counted(self) -> timedelta:
        return self.length if self.counts else NOTHING

    def part(self, start: datetime, end: datetime) -> "Stretch":
        """As much of it as lies between two instants."""
        return self._with(max(start, self.start), min(end, self.end))

    def alike(self, other: "Stretch") -> bool:
        return (self.what, self.counts, self.name, self.day) == (
            other.what,
            other.counts,
            other.name,
            other.day,
        )

    def until(self, end: datetime) -> "Stretch":
        return self._with(self.start, end)

    def _with(self, start: datetime, end: datetime) -> "Stretch":
        return Stretch(start, end, self.what, self.counts, self.name, self.day)


@dataclass(frozen=True)
class Calendar:
    """When a team works: `days` win over `holidays`, and those over the `week` (Monday first).

    A window belongs to the day on which it opens and runs to its end. A wall time that does not
    exist is later by as much as the clocks were put forward, an ambiguous one is the first
    (PEP 495, fold=0).
    """

    zone: ZoneInfo
    week: tuple[tuple[Window, ...], ...]
    holidays: Mapping[date, str] = field(default_factory=dict)
    days: Mapping[date, Day] = field(default_factory=dict)
    _hours: dict[date, Spans] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lines: dict[date, tuple[Stretch, ...]] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def __post_init__(self) -> None:
        if len(self.week) != len(ALL_WEEK):
            raise ValueError("A week has seven days, Monday first. Give each its windows, or none.")

    def due(self, start: datetime, within: timedelta, pauses: Sequence[Pause] = ()) -> datetime:
        """When that much working time has passed; NeverOpens if not within the horizon."""
        begin, left = _utc(start), within
        if within < NOTHING:
            raise ValueError("A target can't be less than nothing. Ask for zero minutes or more.")
        if self._never_closes and not pauses and within < HORIZON:
            return begin + within
        for opens, closes in self._counting(begin, pauses):
            if left <= (length := closes - opens):
                return opens + left
            left -= length
        raise NeverOpens(begin, within - left)

    def between(self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()) -> timedelta:
        """How much working time lies between two instants."""
        lines = self._between(*_in_order(start, end), pauses)
        return sum((each.end - each.start for each in lines if each.counts), NOTHING)

    def stretches(
        self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()
    ) -> list[Stretch]:
        """The reasons: from `start` to `end` without a gap; what counts adds up to `between`."""
        return _joined(self._between(*_in_order(start, end), pauses))

    def is_open(self, at: datetime) -> bool:
        """Whether time counts now: at the opening yes, at the closing no longer."""
        begin = _utc(at)
        return next(self._between(begin, begin + HORIZON)).counts

    def opening(self, at: datetime) -> datetime:
        """`at` itself when it is open, else the next opening."""
        return self.due(at, NOTHING)

    def closing(self, at: datetime) -> datetime | None:
        """When the open time that `at` lies in comes to its end; None: not within the horizon."""
        begin = end = _utc(at)
        if self._never_closes_after(begin):
            return None
        for each in self._between(begin, begin + HORIZON):
            if not each.counts:
                return _closed_at(end, begin)
            end = each.end
        return None

    def hours_of(self, day: date) -> Spans:
        """The windows that open on this date, in UTC, as they really are that day."""
        if (known := self._hours.get(day)) is None:
            known = _remember(self._hours, day, self._really(day))
        return known

    @property
    def ever_opens(self) -> bool:
        """Whether it has any window at all."""
        return any(self.week) or any(day.windows for day in self.days.values())

    def _between(
        self, start: datetime, end: datetime, pauses: Sequence[Pause] = ()
    ) -> Iterator[Stretch]:
        """All that is from `start` to `end`, in UTC, with the pauses on top and nothing joined."""
        lines = _cut(self._from(start), start, end)
        return _beneath(lines, _apart(pauses)) if pauses else lines

    def _counting(self, start: datetime, pauses: Sequence[Pause]) -> Iterator[Span]:
        """What counts from then on, to the horizon. Most often nothing pauses it."""
        end = start + HORIZON
        lines = self._between(start, end, pauses) if pauses else self._from(start)
        for each in lines:
            if each.counts and each.end > start:
                opens = max(each.start, start)
                if opens >= end:
                    return
                yield opens, min(each.end, end)

    def _from(self, start: datetime) -> Iterator[Stretch]:
        """The lines of the day before `start` and of all days after it."""
        first = start.astimezone(self.zone).date() - ONE_DAY
        for number in range(HORIZON.days + 4):
            yield from self._day(first + number * ONE_DAY)

    def _day(self, day: date) -> tuple[Stretch, ...]:
        """What this date is made of, from its midnight to the next."""
        if (known := self._lines.get(day)) is None:
            known = _remember(self._lines, day, tuple(self._made_of(day)))
        return known

    def _made_of(self, day: date) -> Iterator[Stretch]:
        at, end = self._real(day, 0), self._real(day, WHOLE_DAY)
        closed = Stretch(at, end, *self._closed(day))
        for window in self._windows_in(closed, day):
            if at < window.start:
                yield closed.part(at, window.start)
            if at < window.end:
                yield window.part(at, end)
            at = max(at, window.end)
        if at < end:
            yield closed.part(at, end)

    def _windows_in(self, whole: Stretch, day: date) -> list[Stretch]:
        """All windows that reach into this date, whichever day they open on, in order.

        Two days before: a window ends up to a day later, and then the clocks are put forward over
        midnight. One day after: they are put back over midnight.
        """
        found = (
            Stretch(opens, closes, *self._open(each))
            for each in (day + number * ONE_DAY for number in (-2, -1, 0, 1))
            for opens, closes in self.hours_of(each)
            if opens < whole.end and closes > whole.start
        )
        return sorted(found, key=lambda window: window.start)

    def _closed(self, day: date) -> tuple[What, bool, str, date | None]:
        if special := self.days.get(day):
            return special.what, False, special.name, day
        if day in self.holidays:
            return What.HOLIDAY, False, self.holidays[day], day
        return What.CLOSED, False, "", None

    def _open(self, day: date) -> tuple[What, bool, str, date | None]:
        if special := self.days.get(day):
            return special.what, True, special.name, day
        return What.OPEN, True, "", None

    def _windows(self, day: date) -> tuple[Window, ...]:
        if special := self.days.get(day):
            return special.windows
        return () if day in self.holidays else self.week[day.weekday()]

    def _really(self, day: date) -> Spans:
        """None on a date that was skipped, as Samoa did with 30 December 2011."""
        windows = self._windows(day)
        if not windows or self._real(day, 0) == self._real(day, WHOLE_DAY):
            return ()
        return _once(
            (self._real(day, each.opens), self._real(day, each.closes)) for each in windows
        )

    def _real(self, day: date, seconds: int) -> datetime:
        wall = datetime(day.year, day.month, day.day, tzinfo=self.zone)
        return (wall + timedelta(seconds=seconds)).astimezone(UTC)

    @cached_property
    def _never_closes(self) -> bool:
        round_the_clock = all(ROUND_THE_CLOCK in windows for windows in self.week)
        return round_the_clock and not self.days and not self.holidays

    def _never_closes_after(self, at: datetime) -> bool:
        """True saves looking through ten years; False means only that one has to look."""
        special = max((*self.holidays, *self.days), default=date.min)
        settled = special < at.date() - 3 * ONE_DAY
        return settled and all(ROUND_THE_CLOCK in windows for windows in self.week)


def zone(name: str) -> ZoneInfo:
    """The time zone of that IANA name."""
    try:
        if name.startswith(BESIDE):
            raise ValueError
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        meant = _zone_names().get(name.casefold(), "")
        mend = f'Did you mean "{meant}"?' if meant else 'Write it as in "Europe/Berlin".'
        raise ValueError(f'There is no time zone "{name}". {mend}') from None


@cache
def _zone_names() -> Mapping[str, str]:
    """Zones by their name, and by their city, in small letters."""
    names = [name for name in available_timezones() if not name.startswith(BESIDE)]
    cities = {name.rpartition("/")[2].casefold(): name for name in sorted(names, reverse=True)}
    return cities | {name.casefold(): name for name in names}


def _seconds(written: Sequence[str | None]) -> int:
    hours, minutes, seconds = (int(each or 0) for each in written)
    total = hours * 3600 + minutes * 60 + seconds
    if minutes > 59 or seconds > 59 or total > WHOLE_DAY:
        shown = ":".join(each for each in written if each)
        raise ValueError(f"{shown} is no time of day. Write 00:00 to 24:00.")
    return total


def _utc(at: datetime) -> datetime:
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone. Add one: Z, or +01:00.")
    if at.year not in YEARS:
        raise ValueError(f"The year {at.year} is too far away. Ask for one from 2 to 9899.")
    return at.astimezone(UTC)


def _in_order(start: datetime, end: datetime) -> tuple[datetime, datetime]:
    begin, finish = _utc(start), _utc(end)
    if finish < begin:
        raise ValueError("The end lies before the start. Turn them round.")
    if finish - begin > HORIZON:
        raise ValueError("From start to end it is more than ten years. Ask for less.")
    return begin, finish


def _closed_at(end: datetime, asked: datetime) -> datetime:
    if end == asked:
        raise ValueError(f"It is closed at {asked:%Y-%m-%d %H:%M} UTC. Ask for its opening first.")
    return end


def _once(spans: Iterable[tuple[datetime, datetime]]) -> Spans:
    """In order, without empty ones; what overlaps or touches is one."""
    apart: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(span for span in spans if span[0] < span[1]):
        if apart and opens <= apart[-1][1]:
            apart[-1] = apart[-1][0], max(closes, apart[-1][1])
        else:
            apart.append((opens, closes))
    return tuple(apart)


def _cut(lines: Iterable[Stretch], start: datetime, end: datetime) -> Iterator[Stretch]:
    """The lines as far as they lie between two instants."""
    for each in lines:
        if end <= max(start, each.start):
            return
        if each.end > start:
            whole = each.start >= start and each.end <= end
            yield each if whole else each.part(start, end)


def _apart(pauses: Iterable[Pause]) -> list[Stretch]:
    """The pauses as lines, in order; what two of them cover counts for the first."""
    lines: list[Stretch] = []
    for pause in sorted(pauses, key=lambda each: each.start):
        start, end = _utc(pause.start), _utc(pause.end)
        start = max(start, lines[-1].end) if lines else start
        if start < end:
            lines.append(Stretch(start, end, What.PAUSE, False, pause.why))
    return lines


def _beneath(lines: Iterable[Stretch], pauses: Sequence[Stretch]) -> Iterator[Stretch]:
    """The lines with the pauses laid over them."""
    for each in lines:
        at = each.start
        for pause in _over(each, pauses):
            if at < pause.start:
                yield each.part(at, pause.start)
            yield pause.part(each.start, each.end)
            at = pause.end
        if at < each.end:
            yield each.part(at, each.end)


def _over(line: Stretch, pauses: Sequence[Stretch]) -> Sequence[Stretch]:
    first = bisect_right(pauses, line.start, key=lambda pause: pause.end)
    last = first
    while last < len(pauses) and pauses[last].start < line.end:
        last += 1
    return pauses[first:last]


def _joined(lines: Iterable[Stretch]) -> list[Stretch]:
    """Neighbours that are alike become one line."""
    joined: list[Stretch] = []
    for each in lines:
        if joined and joined[-1].alike(each):
            joined[-1] = joined[-1].until(each.end)
        else:
            joined.append(each)
    return joined


def _remember(known: dict[date, Known], day: date, value: Known) -> Known:
    if len(known) >= REMEMBERED:
        known.clear()
    known[day] = value
    return value


ROUND_THE_CLOCK = Window(0, WHOLE_DAY)
ALL_WEEK = ((ROUND_THE_CLOCK,),) * 7
ALWAYS = Calendar(ZoneInfo("UTC"), ALL_WEEK)
