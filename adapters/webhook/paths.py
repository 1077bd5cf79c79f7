"""A small language that says where something stands in somebody's JSON: docs/webhook.md."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

STEP = re.compile(
    r"(?P<name>[^.\[\]{}|\"]+)|(?P<all>\[\])|\[(?P<number>[0-9]{1,6})\]"
    r"|\[(?P<by>[^\[\]=]+)=(?P<is>[^\[\]]*)\]"
)
CONSTANT = re.compile(r'"([^"{}|]*)"')
PLACE = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Around:
    """Where a path begins: at `item`, or, with a / in front, at the `whole` of what came."""

    item: Any
    whole: Any


@dataclass(frozen=True)
class Path:
    """Ways to a value, of which the first that leads somewhere counts.

    A way is names with dots between; `[]` each of a list, `[0]` one of it, `[type=EMAIL]` those of
    which this is true, `[id=$value]` those whose id stands at `value` of the item.
    """

    ways: tuple[str | tuple[bool, tuple[re.Match[str], ...]], ...]

    @classmethod
    def of(cls, text: str) -> "Path":
        """ValueError where it makes no sense."""
        return cls(tuple(map(_way, text.split("|"))))

    def all(self, around: Around) -> list[Any]:
        """All that stands there, but null and empty texts."""
        for way in self.ways:
            found = [each for each in _walked(way, around) if each is not None and each != ""]
            if found:
                return found
        return []

    def first(self, around: Around) -> Any:
        return next(iter(self.all(around)), None)


@dataclass(frozen=True)
class Template:
    """Words with places in braces. A line of which a place is empty is left out."""

    lines: tuple[str, ...]
    paths: tuple[tuple[Path, ...], ...]

    @classmethod
    def of(cls, text: str) -> "Template":
        lines = text.split("\n")
        if set(PLACE.sub("", text)) & set("{}"):
            raise ValueError(f"“{text}” has a brace without its other half.")
        paths = tuple(tuple(map(Path.of, PLACE.findall(line))) for line in lines)
        return cls(tuple(PLACE.sub("{}", line) for line in lines), paths)

    def written(self, around: Around) -> str:
        return "\n".join(self._lines(around)).strip()

    def _lines(self, around: Around) -> Iterator[str]:
        for line, paths in zip(self.lines, self.paths, strict=True):
            words = [", ".join(map(plain, path.all(around))) for path in paths]
            if all(word.strip() for word in words):
                yield line.format(*words)


def plain(value: Any) -> str:
    """A value as people write it; nothing for objects and lists of them."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(filter(None, map(plain, value)))
    return str(value) if isinstance(value, str | int | float) else ""


def same(value: Any, said: Any) -> bool:
    """Whether a value is what a mapping names: 5 and "5", true and "true" are the same."""
    return _named(value) == _named(said)


def _named(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None


def _way(text: str) -> str | tuple[bool, tuple[re.Match[str], ...]]:
    if constant := CONSTANT.fullmatch(text):
        return constant[1]
    steps: list[re.Match[str]] = []
    at = 1 if text.startswith("/") else 0
    while at < len(text):
        at += text[at] == "." and bool(steps)
        if not (step := STEP.match(text, at)):
            raise ValueError(f"“{text}” is no path.")
        steps.append(step)
        at = step.end()
    if not steps:
        raise ValueError(f"“{text}” is no path.")
    return text.startswith("/"), tuple(steps)


def _walked(way: str | tuple[bool, Sequence[re.Match[str]]], around: Around) -> list[Any]:
    if isinstance(way, str):
        return [way]
    from_top, steps = way
    found = [around.whole if from_top else around.item]
    for step in steps:
        found = [value for each in found for value in _stepped(each, step, around)]
    return found


def _stepped(value: Any, step: re.Match[str], around: Around) -> Sequence[Any]:
    if name := step["name"]:
        return [value[name]] if isinstance(value, dict) and name in value else []
    if not isinstance(value, list):
        return []
    if step["all"]:
        return value
    if step["number"]:
        return value[int(step["number"]) :][:1]
    return [each for each in value if _is(each, step, around)]


def _is(each: Any, step: re.Match[str], around: Around) -> bool:
    said, by = step["is"], Path.of(step["by"])
    wanted = Path.of(said[1:]).all(around) if said.startswith("$") else [said]
    flat = [one for each in wanted for one in (each if isinstance(each, list) else [each])]
    there = by.first(Around(each, around.whole))
    return any(same(there, one) for one in flat)
