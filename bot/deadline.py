"""`python -m bot deadline`: a question a line, answered with its reasons; to try a calendar."""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, NoReturn, TypeVar
from zoneinfo import ZoneInfo

from bot.domain.asked import Wrong, answered, asked
from bot.domain.calendar import (
    ALL_WEEK,
    HORIZON,
    Calendar,
    Day,
    Pause,
    Stretch,
    Window,
    zone,
)
from bot.domain.mention import storable

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
KEYS = ("calendar", "start", "minutes", "end", "pauses")
CALENDAR_KEYS = ("timezone", "hours", "holidays", "closed", "days")
LONGEST = HORIZON / timedelta(minutes=1)
SECOND, MINUTE, HOUR, ONE_DAY = (timedelta(seconds=n) for n in (1, 60, 3600, 86_400))
DATE = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
INSTANT = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9:.,]+([Zz]|[+-][0-9:]+)?")
EXAMPLE = '{"start": "2026-11-21T15:30:00Z", "minutes": 60}'

Read = TypeVar("Read")


@dataclass(frozen=True, kw_only=True)
class Question:
    """One line: until when `within` has passed, or, where that is None, how much until `end`."""

    calendar: Calendar
    start: datetime
    within: timedelta | None
    end: datetime
    pauses: Sequence[Pause]

    def answer(self, *, text: bool) -> dict[str, Any]:
        end = self._due() if self.within is not None else self.end
        lines = self.calendar.stretches(self.start, end, self.pauses)
        why = sentences(lines, self.calendar.zone) if text else [_line(each) for each in lines]
        if self.within is not None:
            return {"due": _written(end), "why": why}
        return {"seconds": _seconds(sum((each.counted for each in lines), timedelta())), "why": why}

    def _due(self) -> datetime:
        return self.calendar.due(self.start, self.within or timedelta(), self.pauses)


def answers(lines: Iterable[str], calendar: Calendar | None, *, text: bool) -> Iterator[str]:
    """One line of JSON for each that is not blank; a bad one says why, and the rest goes on.

    `calendar` serves the lines that bring none; with `text` the reasons are sentences.
    """
    for _, line in asked(lines):
        yield answered(_answer(line, calendar, text=text), ascii_only=not text)


def sentences(lines: Sequence[Stretch], where: ZoneInfo) -> list[str]:
    """The reasons as a person reads them, in the wall time of a zone."""
    year = lines[0].start.astimezone(where).year if lines else 0
    return [storable(_sentence(each, where, year)) for each in lines]


def read_calendar(entries: Any) -> Calendar:
    """A calendar as the command takes it; ValueError says what to mend."""
    found = _known(entries, "calendar", CALENDAR_KEYS)
    if "timezone" not in found:
        raise Wrong('The calendar has no time zone. Add "timezone": "Europe/Berlin".')
    days, closed = _days(found.get("days", {})), _dates(found.get("closed", []), "closed")
    if both := sorted(days.keys() & closed.keys()):
        raise Wrong(f"{both[0]} is both closed and a day with other hours. Keep one of the two.")
    calendar = Calendar(
        zone=zone(_text(found["timezone"], "timezone")),
        week=_week(found.get("hours", "always")),
        holidays=_dates(found.get("holidays", []), "holidays"),
        days=days | {each: Day(name, ()) for each, name in closed.items()},
    )
    if not calendar.ever_opens:
        raise Wrong('This calendar never opens. Give it "hours": {"mon": [["09:00", "17:00"]]}.')
    return calendar


def _answer(line: str, calendar: Calendar | None, *, text: bool) -> dict[str, Any]:
    try:
        return _question(_parsed(line), calendar).answer(text=text)
    except ValueError as problem:
        return {"error": storable(str(problem))}
    except RecursionError:
        return {"error": f"This line is nested too deeply. Write one such as {EXAMPLE}."}
    except Exception as problem:  # whatever it is, the next line is answered
        return {"error": f"This line can't be answered: {type(problem).__name__}. Check it."}


def _parsed(line: str) -> Any:
    try:
        return json.loads(
            line, parse_int=_whole, parse_constant=_no_number, object_pairs_hook=_each_once
        )
    except json.JSONDecodeError as problem:
        where = f"{problem.msg}, at character {problem.pos + 1}"
        raise Wrong(f"This line is not JSON: {where}. Write one such as {EXAMPLE}.") from None


def _whole(digits: str) -> int:
    return int(digits) if len(digits) < 20 else _no_number(f"{digits[:20]}…")


def _no_number(name: str) -> NoReturn:
    raise Wrong(f"{name} is no number to count with. Write how many minutes, such as 60.")


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Wrong(f'"{twice}" is there twice. Keep one of them.')
    return found


def _question(entries: Any, calendar: Calendar | None) -> Question:
    found = _known(entries, "line", KEYS)
    if "start" not in found:
        raise Wrong(f'There is no "start". Write a line such as {EXAMPLE}.')
    if ("minutes" in found) == ("end" in found):
        raise Wrong('Give either "minutes" or "end": one of the two, and not both.')
    start = _instant(found["start"], "start")
    return Question(
        calendar=_calendar(found, calendar),
        start=start,
        within=_minutes(found["minutes"]) if "minutes" in found else None,
        end=_instant(found["end"], "end") if "end" in found else start,
        pauses=[_pause(each) for each in _list(found.get("pauses", []), "pauses")],
    )


def _calendar(found: Mapping[str, Any], usual: Calendar | None) -> Calendar:
    if "calendar" in found:
        return _calendar_of(json.dumps(found["calendar"]))
    if usual is None:
        raise Wrong(
            'There is no calendar. Add "calendar": {"timezone": "Europe/Berlin"}, or name a team'
            " with --team."
        )
    return usual


@lru_cache(maxsize=32)
def _calendar_of(written: str) -> Calendar:
    """The same calendar for the same words: it remembers the days that it has worked out."""
    return read_calendar(json.loads(written))


def _week(hours: Any) -> tuple[tuple[Window, ...], ...]:
    if hours == "always":
        return ALL_WEEK
    if not isinstance(hours, dict):
        raise Wrong('"hours" must be "always", or hours by weekday: {"mon": [["09:00", "17:00"]]}.')
    found = _known(hours, "hours", WEEKDAYS)
    return tuple(_windows(found.get(day, []), day) for day in WEEKDAYS)


def _windows(entries: Any, where: str) -> tuple[Window, ...]:
    return tuple(_window(each, where) for each in _list(entries, where))


def _window(entry: Any, where: str) -> Window:
    if isinstance(entry, str):
        return Window.read(entry)
    if isinstance(entry, list) and len(entry) == 2 and all(isinstance(at, str) for at in entry):
        return Window.read("-".join(entry))
    raise Wrong(f'The hours of "{where}" are pairs of times. Write [["09:00", "17:00"]].')


def _days(entries: Any) -> dict[date, Day]:
    if not isinstance(entries, dict):
        raise Wrong('"days" must be hours by date: {"2026-12-24": [["09:00", "12:00"]]}.')
    return {_date(day, "days"): Day("", _windows(each, day)) for day, each in entries.items()}


def _dates(entries: Any, where: str) -> dict[date, str]:
    """Dates with their names; a mere list of dates has none."""
    if isinstance(entries, dict):
        return {_date(day, where): _text(name, f"{where} {day}") for day, name in entries.items()}
    if isinstance(entries, list):
        return {_date(day, where): "" for day in entries}
    raise Wrong(f'"{where}" must be dates: ["2026-12-25"], or {{"2026-12-25": "Christmas Day"}}.')


def _date(value: Any, where: str) -> date:
    if not isinstance(value, str) or not DATE.fullmatch(value):
        raise Wrong(f'{_shown(value)} in "{where}" is no date. Write it as "2026-12-25".')
    return _made(lambda: date.fromisoformat(value), f"{value} is no date there is. Check it.")


def _pause(entry: Any) -> Pause:
    if not isinstance(entry, list) or len(entry) not in (2, 3):
        raise Wrong(
            'A pause is a pair of instants. Write ["2026-11-23T09:00:00Z", "2026-11-23T12:00:00Z"].'
        )
    start, end = _instant(entry[0], "pauses"), _instant(entry[1], "pauses")
    if end < start:
        raise Wrong(f"The pause from {entry[0]} ends before it begins. Turn it round.")
    return Pause(start, end, _text(entry[2], "pauses") if len(entry) == 3 else "")


def _instant(value: Any, where: str) -> datetime:
    mend = 'Write it as "2026-11-21T15:30:00Z".'
    if not isinstance(value, str) or not (match := INSTANT.fullmatch(value)):
        raise Wrong(f'{_shown(value)} in "{where}" is no instant. {mend}')
    if not match[1]:
        raise Wrong(f'{value} in "{where}" has no time zone. Add one: Z, or +01:00.')
    wrong = f"{value} is no instant there is. {mend}"
    return _made(lambda: datetime.fromisoformat(value.upper()), wrong)


def _made(make: Callable[[], Read], wrong: str) -> Read:
    try:
        return make()
    except ValueError:
        raise Wrong(wrong) from None


def _minutes(value: Any) -> timedelta:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Wrong(f'"minutes" is {_shown(value)}. It must be a number, such as 60.')
    if not 0 <= value <= LONGEST:
        raise Wrong(f'"minutes" must lie between 0 and {LONGEST:.0f}, which is ten years.')
    return timedelta(minutes=value)


def _known(entries: Any, what: str, keys: Sequence[str]) -> dict[str, Any]:
    if not isinstance(entries, dict):
        raise Wrong(f"The {what} must be an object. Write a line such as {EXAMPLE}.")
    if unknown := [key for key in entries if key not in keys]:
        raise Wrong(f'Nothing in the {what} is called "{unknown[0]}". Known: {", ".join(keys)}.')
    return entries


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise Wrong(f'"{where}" is {_shown(value)}. It must be a list, in [ ].')
    return value


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str):
        raise Wrong(f'"{where}" is {_shown(value)}. It must be a text in quotes.')
    return value


def _shown(value: Any) -> str:
    """As it was written, as far as it is short."""
    written = json.dumps(value, ensure_ascii=False)
    return written if len(written) <= 40 else f"{written[:40]}…"


def _line(reason: Stretch) -> dict[str, Any]:
    return {
        "from": _written(reason.start),
        "to": _written(reason.end),
        "seconds": _seconds(reason.counted),
        "what": reason.what,
        "name": reason.name,
    }


def _written(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


def _seconds(span: timedelta) -> int | float:
    return span.total_seconds() if span % SECOND else span // SECOND


def _sentence(line: Stretch, where: ZoneInfo, year: int) -> str:
    start, end = line.start.astimezone(where), line.end.astimezone(where)
    named = f"{line.what} ({line.name})" if line.name else str(line.what)
    counts = f"{said(line.length)} counts" if line.counts else "does not count"
    return f"{_span(start, end, year)}: {named}, {counts}"


def _span(start: datetime, end: datetime, year: int) -> str:
    """From when to when; with the zone's short names where the clocks were changed in between."""
    changed = start.utcoffset() != end.utcoffset()
    first, last = ((f" {each.tzname()}" if changed else "") for each in (start, end))
    if end.date() == start.date():
        return f"{_day(start, year)} {_time(start)}{first} to {_time(end)}{last}"
    if end.date() == start.date() + ONE_DAY and _time(end) == "00:00":
        return f"{_day(start, year)} {_time(start)}{first} to 24:00{last}"
    return f"{_day(start, year)} {_time(start)}{first} to {_day(end, year)} {_time(end)}{last}"


def _day(at: datetime, year: int) -> str:
    return f"{at:%a} {at.day} {at:%b}" + (f" {at.year}" if at.year != year else "")


def _time(at: datetime) -> str:
    fine = "microseconds" if at.microsecond else "seconds" if at.second else "minutes"
    return at.time().isoformat(timespec=fine).rstrip("0" if at.microsecond else "")


def said(span: timedelta) -> str:
    """A span as people say it, to the last second: 1 h 30 min."""
    parts = (span // HOUR, "h"), (span % HOUR // MINUTE, "min"), (_seconds(span % MINUTE), "s")
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
