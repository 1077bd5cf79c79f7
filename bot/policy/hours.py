"""When a team works, as teams.toml says: zone, hours, holidays, closed days and other hours."""

import re
import warnings
from calendar import isleap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.calendar import ALL_WEEK, ALWAYS, Calendar, Day, What, Window, zone
from bot.domain.team import HOLIDAYS, Source
from bot.policy import feeds
from bot.policy.toml import TomlFile, Wrong, each, shown, table_of, texts

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ROUND_THE_CLOCK = "always"
HOURS = '{ mon-fri = ["09:00-12:30", "13:30-18:00"] }, or "always"'
REGIONS = '["DE-BY", "holidays.ics", "https://…/holidays.ics"]'
REGION = re.compile(r"([A-Za-z]{2})(?:-(.+))?")
NOON = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d")
EVERY_YEAR = re.compile(r"(\d\d)-(\d\d)")
ENGLISH = "en_US"
SHOWN = 8  # regions, in a mistake
PAST, AHEAD = 1, 10  # years whose holidays are known: ten is as far as a calendar looks

Week = tuple[tuple[Window, ...], ...]


@dataclass(frozen=True)
class Named:
    """What an entry of `holidays` brought."""

    days: Mapping[date, str]
    halves: Mapping[date, str]
    source: Source | None = None


def years(now: datetime) -> range:
    return range(now.year - PAST, now.year + AHEAD + 1)


def calendar(
    file: TomlFile, table: str, entry: Mapping[str, Any], now: datetime
) -> tuple[Calendar, tuple[Source, ...]]:
    """A team's calendar, and the addresses that have holidays to add to it."""
    place = file.entry(table, "timezone", entry, lambda value: zone_of(file, value)) or ALWAYS.zone
    hours = _week(file, table, entry.get("hours", ROUND_THE_CLOCK))
    named = file.entry(table, "holidays", entry, lambda value: _named(file, value, years(now)))
    found = named or []
    own = _own_days(file, table, entry, years(now))
    half = file.entry(table, "half_holidays", entry, lambda value: _noon(value, found))
    days = {**_halves(found, half, hours), **own} if half else own
    made = Calendar(place, hours, _merged([each.days for each in found]), days)
    sources = tuple(each.source for each in found if each.source)
    return ALWAYS if made == ALWAYS else made, sources


def zone_of(file: TomlFile, value: Any) -> ZoneInfo:
    try:
        return zone(file.filled(value))
    except ValueError as problem:
        raise Wrong(str(problem)) from None


def windows(value: Any) -> tuple[Window, ...]:
    """The windows of one day, in order; none: closed."""
    written = texts(value, '["09:00-12:30", "13:30-18:00"]')
    return tuple(sorted(each(_window, written), key=lambda window: window.opens))


def weekdays(name: str) -> Sequence[int]:
    """The days, from 0 for Monday, that "mon", "mon-fri" or "sat-mon" means."""
    first, to, last = name.strip().lower().partition("-")
    if first not in WEEKDAYS or (to and last not in WEEKDAYS):
        raise Wrong(f"{name!r} is no day. Write mon, tue, wed, thu, fri, sat, sun, or mon-fri")
    begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last if to else first)
    return [day % 7 for day in range(begin, end + 1 if end >= begin else end + 8)]


def _window(text: str) -> Window:
    try:
        return Window.read(text)
    except ValueError as problem:
        raise Wrong(str(problem)) from None


def _week(file: TomlFile, table: str, value: Any) -> Week:
    if value == ROUND_THE_CLOCK:
        return ALL_WEEK
    if not isinstance(value, dict):
        file.wrong(table, "hours", f"It must be a table, such as {HOURS}")
        return ALL_WEEK
    week: dict[int, tuple[Window, ...]] = {}
    before = len(file.problems)
    for name in value:
        read = partial(_days_alike, name, taken=tuple(week))
        week |= file.entry(f"{table}.hours", name, value, read) or {}
    well = len(file.problems) == before
    return tuple(week.get(day, ()) for day in range(7)) if well else ALL_WEEK


def _days_alike(name: str, hours: Any, taken: Sequence[int]) -> dict[int, tuple[Window, ...]]:
    days = weekdays(name)
    if twice := [WEEKDAYS[day] for day in days if day in taken]:
        raise Wrong(f"{', '.join(twice)} has its hours already. Name each day once")
    return dict.fromkeys(days, windows(hours))


# Holidays


def _named(file: TomlFile, value: Any, when: Sequence[int]) -> list[Named]:
    return each(lambda one: _holidays(file, one, when), texts(value, REGIONS))


def _holidays(file: TomlFile, written: str, when: Sequence[int]) -> Named:
    """A country and region of the `holidays` library, an iCal file, or an address."""
    given = file.filled(written)
    try:
        if "://" in given:
            return Named({}, {}, Source(feeds.address(given), HOLIDAYS))
        if given.lower().endswith(".ics"):
            text = feeds.read_file(file.folder / given)
            return Named(feeds.holidays_in(text, when), {})
    except feeds.Unreadable as problem:
        raise Wrong(f"{shown(written)}: {problem}") from None
    return _of_region(given, shown(written), when)


def _of_region(given: str, named: str, when: Sequence[int]) -> Named:
    import holidays  # twelve megabytes: only where a country is named

    match = REGION.fullmatch(given)
    country = match[1].upper() if match else ""
    if not match or country not in holidays.list_supported_countries(include_aliases=True):
        raise Wrong(
            f"{named} is no country whose holidays are known. Write DE, DE-BY, US-CA, AT;"
            " an iCal file ends with .ics"
        )
    whole = holidays.country_holidays(country)
    region = _region(whole, country, match[2], named)
    halves = holidays.HALF_DAY in whole.supported_categories
    return Named(
        _celebrated(whole, region, when, holidays.PUBLIC),
        _celebrated(whole, region, when, holidays.HALF_DAY) if halves else {},
    )


def _celebrated(
    country: Any, region: str | None, when: Sequence[int], category: str
) -> Mapping[date, str]:
    """Named in English where the library can, on every machine alike."""
    spoken = country.supported_languages
    language = ENGLISH if ENGLISH in spoken else country.default_language
    how = {"subdiv": region, "categories": category, "language": language}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # India's movable ones are known until 2035
        return dict(type(country)(years=when, **how).items())


def _region(whole: Any, country: str, given: str | None, named: str) -> str | None:
    """The region as the library writes it, whatever its letters' case."""
    known = {name.casefold(): name for name in whole.subdivisions}
    if given and given.casefold() not in known:
        some = ", ".join(f"{country}-{name}" for name in sorted(known.values())[:SHOWN])
        such = f"Known: {some}{', …' if len(known) > SHOWN else ''}" if some else f"Write {country}"
        raise Wrong(f"{named} is no region whose holidays are known. {such}")
    return known[given.casefold()] if given else None


def _noon(value: Any, found: Sequence[Named]) -> int:
    if not isinstance(value, str) or not NOON.fullmatch(value):
        raise Wrong(f"{value!r} is no time of day. Write 12:00")
    if not any(one.days and not one.source for one in found):
        raise Wrong("No country is named in `holidays`. Name one, or write such days in `days`")
    hours, minutes = value.split(":")
    return int(hours) * 3600 + int(minutes) * 60


def _halves(found: Sequence[Named], noon: int, week: Week) -> Mapping[date, Day]:
    """The half holidays on which somebody works, each until noon; whole ones come first."""
    closed = _merged([each.days for each in found])
    halves = _merged([each.halves for each in found])
    return {
        day: Day(name, _until(noon, week[day.weekday()]), What.HALF_HOLIDAY)
        for day, name in halves.items()
        if day not in closed and week[day.weekday()]
    }


def _until(noon: int, hours: Sequence[Window]) -> tuple[Window, ...]:
    return tuple(
        replace(each, closes=min(each.closes, noon)) for each in hours if each.opens < noon
    )


def _merged(several: Sequence[Mapping[date, str]]) -> Mapping[date, str]:
    """All of them; the first that names a day names it."""
    return {day: name for some in reversed(several) for day, name in some.items()}


# Single days


def _own_days(
    file: TomlFile, table: str, entry: Mapping[str, Any], when: range
) -> Mapping[date, Day]:
    """What the team says of single days; one day of one year wins over the day of every year."""
    closed = file.entry(table, "closed", entry, _closed) or {}
    other = file.entry(table, "days", entry, lambda value: _other_hours(value, closed)) or {}
    said = {**closed, **other}
    yearly = [name for name in said if EVERY_YEAR.fullmatch(name)]
    single = [name for name in said if name not in yearly]
    return {day: said[name] for name in (*yearly, *single) for day in _dates(name, when)}


def _closed(value: Any) -> Mapping[str, Day]:
    such = '["2026-12-24", "12-31"], or { "2026-12-24" = "Christmas Eve" }'
    names = value if isinstance(value, dict) else dict.fromkeys(texts(value, such), "closed")
    for day, name in names.items():
        if not isinstance(name, str):
            raise Wrong(f"{day}: {name!r} must be a name in quotes. Hours are written in `days`")
    each(_real, names)
    return {day: Day(name, ()) for day, name in names.items()}


def _other_hours(value: Any, closed: Mapping[str, Day]) -> Mapping[str, Day]:
    hours = table_of(value, '{ "2026-12-24" = ["09:00-12:00"] }')
    each(_real, hours)
    if twice := [day for day in hours if day in closed]:
        raise Wrong(f"{', '.join(twice)} is in `closed`, too. Name each day once")
    found = each(lambda day: (day, windows(hours[day])), hours)
    return {day: Day("other hours" if own else "closed", own) for day, own in found}


def _real(name: str) -> None:
    """29 February comes every four years, and 30 February never."""
    if not any(_dates(name, range(2000, 2001))):
        raise Wrong(f"{name!r} is no day. Write 2026-12-24, or 12-24 for every year")


def _dates(name: str, when: range) -> Iterator[date]:
    if yearly := EVERY_YEAR.fullmatch(name):
        month, day = int(yearly[1]), int(yearly[2])
        for year in when:
            if (month, day) != (2, 29) or isleap(year):
                yield from _date(f"{year:04}-{month:02}-{day:02}")
    else:
        yield from _date(name)


def _date(name: str) -> Iterator[date]:
    if re.fullmatch(r"\d{4}-\d\d-\d\d", name):
        try:
            yield date.fromisoformat(name)
        except ValueError:
            return
