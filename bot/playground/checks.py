"""Small checks that can be put together: each tells what is wrong with a value, and where."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]
NOTHING: Mapping[str, Check] = {}


def problem(what: str, where: str) -> str:
    """Worded as Slack words it."""
    return f"[ERROR] {what} [json-pointer:{where}]"


def anything(_value: Any, _where: str) -> Iterator[str]:
    yield from ()


def kind(wanted: type) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        odd = wanted is int and isinstance(value, bool)
        if odd or not isinstance(value, wanted):
            yield problem(f"must be a {NAMES[wanted]}", where)

    return check


NAMES = {str: "string", bool: "boolean", int: "number", list: "list", dict: "object"}
flag, number = kind(bool), kind(int)


def words(most: int, least: int = 1) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        yield from kind(str)(value, where)
        if isinstance(value, str) and len(value) > most:
            yield problem(f"must be less than {most + 1} characters", where)
        if isinstance(value, str) and len(value) < least:
            yield problem(f"must be more than {least - 1} characters", where)

    return check


def one_of(*choices: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if value not in choices:
            yield problem(f"must be one of: {', '.join(choices)}", where)

    return check


def between(least: int, most: int) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        yield from number(value, where)
        if isinstance(value, int) and not least <= value <= most:
            yield problem(f"must be between {least} and {most}", where)

    return check


def address(value: Any, where: str) -> Iterator[str]:
    yield from words(3000)(value, where)
    if isinstance(value, str) and not value.startswith(("https://", "http://")):
        yield problem("must be a valid url", where)


def many(check_one: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield problem("must be a list", where)
            return
        if len(value) > most:
            yield problem(f"no more than {most} items allowed", where)
        if len(value) < least:
            yield problem(f"no less than {least} items allowed", where)
        for place, item in enumerate(value):
            yield from check_one(item, f"{where}/{place}")

    return check


def shape(needed: Mapping[str, Check], allowed: Mapping[str, Check] = NOTHING) -> Check:
    """An object with these fields and no others."""
    known = {"type": anything, **needed, **allowed}

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield problem("must be an object", where)
            return
        for name in needed.keys() - value.keys():
            yield problem(f"missing required field: {name}", where)
        for name, part in value.items():
            if name in known:
                yield from known[name](part, f"{where}/{name}")
            else:
                yield problem(f"invalid additional property: {name}", where)

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose type says what it must look like."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict) or "type" not in value:
            yield problem("missing required field: type", where)
        elif value["type"] not in kinds:
            yield problem(f"unsupported type: {value['type']}", f"{where}/type")
        else:
            yield from kinds[value["type"]](value, where)

    return check


def also(*checks: Check) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        for one in checks:
            yield from one(value, where)

    return check


def exactly_one(*names: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if isinstance(value, dict) and sum(name in value for name in names) != 1:
            yield problem(f"exactly one of these is needed: {', '.join(names)}", where)

    return check


def at_least_one(*names: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        if isinstance(value, dict) and not any(value.get(name) for name in names):
            yield problem(f"at least one of these is needed: {', '.join(names)}", where)

    return check
