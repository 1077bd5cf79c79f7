"""One thing that reads what strangers wrote, and how bytes become what they wrote."""

from collections.abc import Callable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

ODD = [None, True, 0, -1, 10**30, 1e999, "", [], {}, [[]], {"": None}, "\ud800", "\0", [None]]


@dataclass(frozen=True)
class Target:
    """`read` must end with nothing but one of the exceptions that it is `allowed`.

    `seeds` are what it usually gets, `tokens` what it gives a meaning to; `largest` is how many
    bytes of one piece are let through to it; `slow` ones are tried less often in the suite.
    """

    read: Callable[[bytes], object]
    allowed: tuple[type[Exception], ...] = ()
    seeds: Sequence[bytes] = (b"",)
    tokens: Sequence[bytes] = ()
    largest: int = 16_000
    slow: bool = False

    def meet(self, raw: bytes) -> None:
        """Have it read; whatever is not allowed comes through."""
        try:
            self.read(raw)
        except self.allowed as problem:
            if not str(problem).strip():
                raise AssertionError(f"{type(problem).__name__} says nothing") from problem


def text(raw: bytes) -> str:
    """Any text, halves of characters included: what is no UTF-8 becomes such halves."""
    return raw.decode("utf-8", "surrogateescape")


class Source:
    """Bytes that decide: a few small choices from their beginning, and words from the rest."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def byte(self) -> int:
        self.at += 1
        return self.raw[self.at - 1] if self.at <= len(self.raw) else 0

    def pick(self, choices: Sequence[Any]) -> Any:
        return choices[int.from_bytes([self.byte(), self.byte()]) % len(choices)]

    def piece(self) -> str:
        """Words up to a separator that nobody types."""
        found, _, _ = self.raw[self.at :].partition(b"\x1e")
        self.at += len(found) + 1
        return text(found)

    def spoiled(self, like: Any) -> Any:
        """A JSON value like this one, with something missing, odd, or in the wrong place."""
        made = deepcopy(like)
        for _ in range(self.byte() % 6):
            if not (where := list(_places(made))):
                return made
            holder, key = self.pick(where)
            how = self.byte() % 4
            if how == 0:
                del holder[key]
            elif how == 1:
                holder[key] = deepcopy(self.pick(ODD))
            elif how == 2:
                other, name = self.pick(where)
                holder[key] = deepcopy(other[name]) if name in _keys(other) else None
            else:
                holder[key] = self.piece()
        return made


def _places(thing: Any) -> Iterator[tuple[Any, Any]]:
    for key in _keys(thing):
        yield thing, key
        yield from _places(thing[key])


def _keys(thing: Any) -> list[Any]:
    if isinstance(thing, dict):
        return list(thing)
    return list(range(len(thing))) if isinstance(thing, list) else []
