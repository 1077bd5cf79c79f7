"""What an iCal text says. Run as `python -m bot.policy.ical`, by bot.policy.feeds only: a question
on standard input, an answer on standard output, and an end in time and memory."""

import json
import re
import resource
import sys
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events  # type: ignore[import-untyped]
from icalendar.cal.component import Component

MOST = 10_000  # occurrences of one text
MEMORY = 320_000_000  # bytes; the largest text takes half
LONGEST_NAME = 100
ONE_DAY = timedelta(days=1)
MEMBER = re.compile(r"\b[UW](?=[A-Z]*[0-9])[A-Z0-9]{4,}\b")
NOT_CLOSED = "observance"  # how Google marks days that nobody has off

Question = Mapping[str, Any]


class Wrong(Exception):
    """What is wrong with the text, and what to do."""


def answer(question: Question) -> dict[str, Any]:
    found = holidays if question["what"] == "holidays" else duties
    try:
        return {"found": found(question)}
    except Wrong as problem:
        return {"wrong": str(problem)}


def holidays(question: Question) -> list[tuple[str, str]]:
    """Each day of every all-day event; the first event that names a day names it."""
    first, last = date(question["first"], 1, 1), date(question["last"], 12, 31)
    named: dict[date, str] = {}
    for event in _events(question["text"], _midnight(first), _midnight(last) + ONE_DAY):
        for day in _days(event, first, last):
            named.setdefault(day, _text(event, "SUMMARY")[:LONGEST_NAME] or "holiday")
    return [(day.isoformat(), name) for day, name in sorted(named.items())]


def duties(question: Question) -> list[tuple[str, str, str]]:
    """Who is on duty from when to when; Wrong where events name nobody that is known."""
    start, end = (datetime.fromisoformat(question[name]) for name in ("start", "end"))
    zone, found, unknown = ZoneInfo(question["zone"]), [], ""
    for event in _events(question["text"], start, end):
        begins, ends = (_instant(each, zone) for each in _span(event))
        known = _named(event, question["people"])
        unknown = unknown or ("" if known else _text(event, "SUMMARY")[:LONGEST_NAME])
        if begins < ends:
            found += [(begins.isoformat(), ends.isoformat(), who) for who in known]
    if unknown and not found:
        raise Wrong(f"Its events name nobody we know, such as “{unknown}”. Add them to `people`.")
    return found


def _events(text: str, start: datetime, end: datetime) -> list[Component]:
    """What happens in that time and was not called off; no rule is followed beyond it."""
    try:
        found = recurring_ical_events.of(_calendar(text)).between(start, end)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as problem:
        why = type(problem).__name__
        raise Wrong(f"One of its events can't be read ({why}). Correct or remove it.") from problem
    if len(found) > MOST:
        raise Wrong(f"It has more than {MOST:,} events. Take some out.")
    return [event for event in found if _text(event, "STATUS").upper() != "CANCELLED"]


def _calendar(text: str) -> icalendar.Calendar:
    if "BEGIN:VCALENDAR" not in text[:1000].upper():
        raise Wrong("It is no iCal text. The address must be the one that exports .ics.")
    try:
        return icalendar.Calendar.from_ical(text)
    except (ValueError, KeyError, IndexError) as problem:
        raise Wrong("It is a broken iCal text. Export it again.") from problem


def _days(event: Component, first: date, last: date) -> Iterator[date]:
    """The days of an all-day event, its end not among them."""
    start, end = _span(event)
    if isinstance(start, datetime) or _text(event, "DESCRIPTION").lower().startswith(NOT_CLOSED):
        return
    day, end = max(start, first), min(max(end, start + ONE_DAY), last + ONE_DAY)
    while day < end:
        yield day
        day += ONE_DAY


def _span(event: Component) -> tuple[date, date]:
    """From when until when: days, or instants; one without an end has no length."""
    start: Any = event["DTSTART"]
    end: Any = event.get("DTEND", start)
    return start.dt, end.dt


def _named(event: Component, people: Mapping[str, str]) -> list[str]:
    """Whom the event means: by its title, else by who attends, else by its description."""
    for field in ("SUMMARY", "ATTENDEE", "DESCRIPTION"):
        if found := _known(_text(event, field), people):
            return found
    return []


def _known(text: str, people: Mapping[str, str]) -> list[str]:
    """Member ids, in the order in which the text names them."""
    places = [(each.start(), each[0]) for each in MEMBER.finditer(text)]
    for name, who in people.items():
        whole = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)", re.IGNORECASE)
        places += [(each.start(), who) for each in whole.finditer(text)]
    return list(dict.fromkeys(who for _, who in sorted(places)))


def _text(event: Component, field: str) -> str:
    value = event.get(field, "")
    return " ".join(map(str, value)) if isinstance(value, list) else str(value).strip()


def _instant(at: date | datetime, zone: Any) -> datetime:
    if not isinstance(at, datetime):
        at = datetime(at.year, at.month, at.day)  # noqa: DTZ001 - its zone comes next
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _limit_memory() -> None:
    with suppress(ValueError, OSError):  # not every system can
        resource.setrlimit(resource.RLIMIT_DATA, (MEMORY, MEMORY))


if __name__ == "__main__":
    _limit_memory()
    json.dump(answer(json.load(sys.stdin)), sys.stdout)
