"""What teams.toml promises: how soon, to whom, and which rule comes first."""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from bot.domain.guess import Severity
from bot.domain.mention import Kind
from bot.domain.team import Rule
from bot.policy.durations import duration, lasting
from bot.policy.toml import TomlFile, Wrong, table_of, texts, yes_or_no

WITHIN = {
    Kind.COMPLAINT: timedelta(hours=1),
    Kind.QUESTION: timedelta(hours=4),
    Kind.PRAISE: timedelta(days=1),
    Kind.OTHER: timedelta(days=1),
}
LEASE = timedelta(hours=2)
SILENT_AFTER = timedelta(hours=4)  # as long as a question may wait
NEVER = "never"

CONDITIONS = ("kind", "platform", "tag", "language", "severity")
TARGETS = ("answer_within", "further_within", "keep_in_the_loop")
RULE_KEYS = ("name", *CONDITIONS, *TARGETS, "urgent", "approval")
PLATFORM = re.compile(r"[a-z0-9_-]+")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")

Read = TypeVar("Read")


def promises(value: Any) -> Mapping[Kind, timedelta]:
    """How soon each kind is answered."""
    return _by_kind(value, duration)


def words_between(value: Any) -> Mapping[Kind, timedelta]:
    """How long each kind may go without a word; nobody can be in the loop all the time."""
    return _by_kind(value, lasting)


def lease(value: Any) -> timedelta | None:
    """A span, or None for "never"."""
    return None if value == NEVER else lasting(value)


def rules(file: TomlFile, table: str, entry: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The [[rules]] of a team, in the order in which they are tried."""
    written = entry.get("rules", [])
    if not isinstance(written, list) or not all(isinstance(rule, dict) for rule in written):
        file.wrong(table, "rules", "Each rule is a table of its own, below [[teams.care.rules]]")
        return ()
    return tuple(_rule(file, f"{table}.rules", rule, n) for n, rule in enumerate(written))


def _rule(file: TomlFile, table: str, rule: Mapping[str, Any], number: int) -> Rule:
    file.known(rule, RULE_KEYS, table, number=number)

    def entry(key: str, read: Callable[[Any], Read]) -> Read | None:
        return file.entry(table, key, rule, read, number=number)

    return Rule(
        name=entry("name", _name) or f"rule {number + 1}",
        kinds=entry("kind", _kinds) or (),
        platforms=entry("platform", _platforms) or (),
        tags=entry("tag", _tags) or (),
        languages=entry("language", _languages) or (),
        severities=entry("severity", _severities) or (),
        first=entry("answer_within", duration),
        further=entry("further_within", duration),
        loop=entry("keep_in_the_loop", lasting),
        urgent=entry("urgent", yes_or_no) or False,
        approval=entry("approval", yes_or_no) or False,
    )


def _by_kind(value: Any, read: Callable[[object], timedelta]) -> Mapping[Kind, timedelta]:
    within = table_of(value, '{ complaint = "PT1H", question = "PT4H" }')
    _known_kinds(list(within))
    return {Kind(kind): read(span) for kind, span in within.items()}


def _known_kinds(names: Sequence[str]) -> None:
    for name in names:
        if name not in list(Kind):
            raise Wrong(f"{name!r} is no kind of mention. Known: {', '.join(Kind)}")


def _name(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise Wrong('It must be a name in quotes, such as "VIP complaints"')
    return value.strip()


def _kinds(value: Any) -> tuple[Kind, ...]:
    names = _some(value, '"complaint"')
    _known_kinds(names)
    return tuple(Kind(name) for name in names)


def _platforms(value: Any) -> tuple[str, ...]:
    return _all_like(PLATFORM, _some(value, '"twitter"'), "a platform. Write it as in ADAPTERS")


def _languages(value: Any) -> tuple[str, ...]:
    spoken = [name.lower() for name in _some(value, '"de"')]
    return _all_like(LANGUAGE, spoken, "a language. Write its code, such as de or pt-br")


def _severities(value: Any) -> tuple[Severity, ...]:
    names = _some(value, '"safety"')
    for name in names:
        if name not in list(Severity):
            raise Wrong(f"{name!r} is no severity of a complaint. Known: {', '.join(Severity)}")
    return tuple(Severity(name) for name in names)


def _tags(value: Any) -> tuple[str, ...]:
    return tuple(tag.strip().lower() for tag in _some(value, '"VIP"'))


def _some(value: Any, such: str) -> list[str]:
    """At least one: an empty list would hold for everybody."""
    found = texts(value, such)
    if not found or not all(one.strip() for one in found):
        raise Wrong(f"It names nothing. Write {such}, or leave it out if it does not matter")
    return found


def _all_like(form: re.Pattern[str], names: Sequence[str], what: str) -> tuple[str, ...]:
    for name in names:
        if not form.fullmatch(name):
            raise Wrong(f"{name!r} is not {what}")
    return tuple(names)
