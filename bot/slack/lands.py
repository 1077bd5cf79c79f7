"""Languages and time zones, as people call and look for them."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from bot.slack.tongue import _, day, spoken

CODE = 2, 3  # letters of a language's tag that are offered
SHOWN = 20  # characters of a tag that nobody knows


def language(tag: str) -> str:
    """What a language is called in the one that is spoken: "German" of "de-AT"."""
    names = _names(spoken())
    return names.get(tag) or names.get(tag.partition("-")[0].lower()) or tag[:SHOWN]


def foreign(tag: str | None) -> str:
    """The same of a language that is not the one spoken; "" for that one, or when nobody knows."""
    return language(tag) if tag and tag.partition("-")[0].lower() != spoken() else ""


def languages_like(words: str, most: int) -> Iterator[tuple[str, str]]:
    """Tags and names of those with these words in them, those that begin so first."""
    wanted = words.strip().casefold()
    found = [
        (not name.casefold().startswith(wanted), name, tag)
        for tag, name in _names(spoken()).items()
        if wanted in name.casefold() or wanted == tag
    ]
    for _late, name, tag in sorted(found)[:most]:
        yield tag, name


def zones_like(words: str, most: int) -> list[str]:
    """IANA's names with these words in them, such as "Europe/Berlin"."""
    wanted = words.strip().casefold().replace(" ", "_")
    return [name for name in _zones() if wanted in name.casefold()][:most]


def there(now: datetime, zone: str) -> str:
    """What the clock on a wall there shows."""
    wall = now.astimezone(ZoneInfo(zone))
    told = _("{day} {time} in {zone}")
    return told.format(day=day(wall.date()), time=f"{wall:%H:%M}", zone=zone.replace("_", " "))


@cache
def _names(tongue: str) -> dict[str, str]:
    from babel import Locale

    known = Locale.parse(tongue.replace("-", "_")).languages
    return {str(tag): str(name) for tag, name in known.items() if len(str(tag)) in CODE}


@cache
def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")
