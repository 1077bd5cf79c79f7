"""What a team wants of triage, as teams.toml has it."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from bot.domain.guess import AT_ONCE, DAILY, RECALL, Leaning
from bot.domain.mention import Kind
from bot.policy.durations import lasting
from bot.policy.toml import TomlFile, Wrong, texts

KEY = "triage"
KEYS = ("recall", "complaints", "others", "unknown", "gather")
LEAST, MOST = 0.5, 0.99  # of complaints that are to be found: nobody finds all of them
MOST_WORDS, LONGEST = 200, 100
DAY, NEVER = "daily", "never"
UNKNOWN = (Kind.COMPLAINT, Kind.QUESTION, Kind.OTHER)


def leaning(file: TomlFile, table: str, entry: Mapping[str, Any]) -> Leaning:
    """A team's [triage]."""
    written = entry.get(KEY, {})
    if not isinstance(written, dict):
        file.wrong(table, KEY, "It must be a table of its own: [teams.care.triage]")
        written = {}
    table = f"{table}.{KEY}"
    file.known(written, KEYS, table)
    gather = file.entry(table, "gather", written, _gather)
    return Leaning(
        recall=file.entry(table, "recall", written, _recall) or RECALL,
        complaints=file.entry(table, "complaints", written, _words) or (),
        others=file.entry(table, "others", written, _words) or (),
        unknown=file.entry(table, "unknown", written, _unknown) or Kind.COMPLAINT,
        gather=DAILY if gather is None else gather,
    )


def _gather(value: Any) -> timedelta:
    """How long what needs no answer waits until it is shown; a day is until the morning's list."""
    if value in (DAY, NEVER):
        return DAILY if value == DAY else AT_ONCE
    return min(lasting(value), DAILY)


def _recall(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not LEAST <= value <= MOST:
        raise Wrong(
            f"{value!r}: it says which share of all complaints is to be found, a number from"
            f" {LEAST} to {MOST}"
        )
    return float(value)


def _words(value: Any) -> tuple[str, ...]:
    such = '["gas leak", "press inquiry"]'
    found = [one.strip() for one in texts(value, such)]
    if len(found) > MOST_WORDS:
        raise Wrong(f"It lists {len(found)}; {MOST_WORDS} can be looked for")
    if not all(0 < len(one) <= LONGEST for one in found):  # an empty one would be in every text
        raise Wrong(f"Each has 1 to {LONGEST} characters, such as {such}")
    return tuple(dict.fromkeys(found))


def _unknown(value: Any) -> Kind:
    if value not in UNKNOWN:
        raise Wrong(f"{value!r}: it can be {', '.join(UNKNOWN)}")
    return Kind(value)
