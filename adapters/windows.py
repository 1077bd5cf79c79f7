"""Searches that list what is newest first, by whole seconds: walked page by page, none left out.

What such a search shows late is found by an overlap; more than a page within one second by counting
pages inside that second.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any, TypeGuard

OVERLAP = timedelta(hours=1)  # how late a search may show something
LAST = 2**33  # seconds: in the year 2242


@dataclass(frozen=True)
class Walk:
    """How far one search has been read: all from `since` on, and back to `before` if that is set.

    `newest` is the newest that this walk found. `page` counts, from 0, only within one second in
    which very much came.
    """

    since: int
    before: int | None = None
    page: int = 0
    newest: int = 0

    @property
    def goes_on(self) -> bool:
        return self.before is not None

    def step(self, found: Sequence[int], *, more: bool) -> "Walk":
        """After one page, with the seconds of what is on it; `more` waits further back."""
        newest = max([self.newest, *found])
        if not (more and found):
            return Walk(since=max(self.since, newest - int(OVERLAP.total_seconds())))
        oldest = min(found)
        if self.before is None or oldest < self.before:
            return replace(self, before=oldest, page=0, newest=newest)
        return replace(self, page=self.page + 1)


def saved(walks: Mapping[str, Walk]) -> str:
    """The cursor: how far each search has been read, by what it searches for."""
    return json.dumps({name: asdict(walk) for name, walk in walks.items()})


def loaded(cursor: str | None) -> tuple[Mapping[str, Walk], bool]:
    """How far each search has been read, and whether what was kept of it is damaged."""
    if cursor is None:
        return {}, False
    try:
        return {str(name): _walk(**kept) for name, kept in json.loads(cursor).items()}, False
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}, True


def is_second(value: Any) -> TypeGuard[int]:
    """Whether it is a time, in whole seconds since 1970."""
    return type(value) is int and 0 < value < LAST


def _walk(since: Any, before: Any, page: Any, newest: Any) -> Walk:
    for value in (since, newest, page, before or 0):
        if type(value) is not int or not 0 <= value < LAST:
            raise ValueError(f"{value!r} can't be")
    return Walk(since, before, page, newest)
