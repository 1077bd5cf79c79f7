"""How a team answers, as teams.toml says: what is approved, signed, warned of, shown and kept."""

import re
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, NamedTuple

from bot.domain.approval import Approval
from bot.domain.saved import variables
from bot.domain.team import LINK, PICTURES
from bot.policy.toml import TomlFile, Wrong, texts, yes_or_no
from bot.slack.tongue import ENGLISH, languages

NEVER = "never"
KEYS = ("approval", "signature", "watch", "pictures", "retention", "language")
SIGNED_WITH = ("agent", "agent_initials", "team")  # what is known whoever answers whom
LONGEST_SIGNATURE, LONGEST_PATTERN = 100, 100  # characters
MOST_PATTERNS, MOST_ANSWERS = 50, 1000
SPAN = re.compile(r"P(?=\d)(?:(\d{1,5})Y)?(?:(\d{1,5})M)?(?:(\d{1,5})W)?(?:(\d{1,5})D)?", re.A)
DAYS = (365, 30, 7, 1)  # of a year, a month, a week, a day
SHORTEST, LONGEST = timedelta(days=7), timedelta(days=100 * 365)


class Answers(NamedTuple):
    """What a team's part of the file says about its answers."""

    approval: Approval | None
    signature: str
    watch: tuple[str, ...]
    pictures: str
    retention: timedelta | None
    language: str


def answers(file: TomlFile, table: str, entry: Mapping[str, Any]) -> Answers:
    return Answers(
        approval=_approval(file, table, entry),
        signature=file.entry(table, "signature", entry, _signature) or "",
        watch=file.entry(table, "watch", entry, _watch) or (),
        pictures=file.entry(table, "pictures", entry, _pictures) or LINK,
        retention=file.entry(table, "retention", entry, retention),
        language=file.entry(table, "language", entry, _language) or ENGLISH,
    )


def retention(value: Any) -> timedelta | None:
    """How long what customers wrote is kept: P90D, P18M, P2Y; None: for ever.

    Calendar days, whatever the hours: a year counts 365, a month 30.
    """
    if value == NEVER:
        return None
    match = SPAN.fullmatch(value) if isinstance(value, str) else None
    if not match:
        raise Wrong(f'{value!r} is not a span of days. Write "P90D", "P18M", "P2Y" or "{NEVER}"')
    days = sum(int(count or 0) * each for count, each in zip(match.groups(), DAYS, strict=True))
    span = timedelta(days=days)
    if span < SHORTEST:
        raise Wrong(f'{value!r} is too short to work with. At least a week is kept: "P7D"')
    if span > LONGEST:
        raise Wrong(f'{value!r} is more than a hundred years. Write "{NEVER}" to keep everything')
    return span


def _approval(file: TomlFile, table: str, entry: Mapping[str, Any]) -> Approval | None:
    if "approval" not in entry:
        return None
    written = entry["approval"]
    if not isinstance(written, dict):
        file.wrong(table, "approval", "It must be a table of its own: [teams.care.approval]")
        return None
    table = f"{table}.approval"
    file.known(written, ("always", "new_colleagues"), table)
    return Approval(
        always=file.entry(table, "always", written, yes_or_no) or False,
        first=file.entry(table, "new_colleagues", written, _first) or 0,
    )


def _first(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= MOST_ANSWERS:
        raise Wrong(
            f"{value!r}: it says how many first answers are approved, a number from 1 to"
            f" {MOST_ANSWERS}"
        )
    return value


def _signature(value: Any) -> str:
    if not isinstance(value, str) or len(value) > LONGEST_SIGNATURE:
        raise Wrong(
            'It must be a text such as "^{agent_initials}",'
            f" of {LONGEST_SIGNATURE} characters at most"
        )
    unknown = [name for name in variables(value) if name not in SIGNED_WITH]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in SIGNED_WITH)
        raise Wrong(f"Nobody knows {{{unknown[0]}}} in a signature. Known: {known}")
    return value.rstrip()


def _watch(value: Any) -> tuple[str, ...]:
    such = '["order ######", "voucher"], with # for any digit'
    found = texts(value, such)
    if len(found) > MOST_PATTERNS:
        raise Wrong(f"It lists {len(found)}; {MOST_PATTERNS} can be watched for")
    for one in found:
        if not 0 < len(one.strip()) <= LONGEST_PATTERN:
            raise Wrong(f"Each has 1 to {LONGEST_PATTERN} characters, such as {such}")
    return tuple(dict.fromkeys(one.strip() for one in found))


def _pictures(value: Any) -> str:
    return _one_of(PICTURES, value)


def _language(value: Any) -> str:
    return _one_of(languages(), value)


def _one_of(known: tuple[str, ...], value: Any) -> str:
    if value not in known:
        raise Wrong(f"{value!r}: it can be {', '.join(known)}")
    return str(value)
