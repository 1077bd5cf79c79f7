"""Lists by id, newest first: walked page by page down to what is known, with some of it again.

Ids tell the order in which things began to be, not in which they are shown: what was held back
appears below newer ones. So all that is on the newest half of a page is read again each time.
"""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

from bot.domain.mention import Mention, Unreadable

RAW = 5000  # characters of an item that is set aside
LAST = 2**63  # of ids, seconds and counts


@dataclass(frozen=True, kw_only=True)
class Descent:
    """One list. All up to the id `since` has been read; nothing from before `begin` is told.

    On the way down: `low` is the lowest id so far (0: at the top), `mark` what becomes of `since`
    on arrival, `seen` how many items lie above, of `total` that there were.
    """

    begin: int  # seconds since 1970
    since: int = 0
    mark: int = 0
    low: int = 0
    seen: int = 0
    total: int = 0

    @property
    def goes_on(self) -> bool:
        return self.low > 0

    def step(
        self,
        found: Sequence[tuple[int, int]],
        *,
        half: int,
        more: bool,
        seen: int = 0,
        total: int = 0,
    ) -> Self:
        """After one page, with the id and the second of each item; `more` lies below.

        It arrives at what is known, or, as long as nothing is, at a page that is all too old.
        """
        ids = sorted((id for id, _ in found), reverse=True)
        below = ids[half] if len(ids) > half else 0
        mark = self.mark if self.goes_on else max(self.since, below)
        low = min([*ids, self.low] if self.goes_on else ids, default=0)
        old = bool(found) and all(second < self.begin for _, second in found)
        here = replace(self, mark=mark, low=low, seen=seen, total=total)
        there = not (more and low) or low <= self.since or (old and not self.since)
        return here.arrived() if there else here

    def arrived(self) -> Self:
        return replace(self, since=self.mark, mark=0, low=0, seen=0, total=0)


def number(item: Any) -> int:
    """Its id; 0: it has none that a list could have given."""
    id = item.get("id") if isinstance(item, dict) else None
    return id if type(id) is int and 0 < id < LAST else 0


def read(
    items: Iterable[Any], mention: Callable[[Any], Mention]
) -> tuple[list[Mention], list[Unreadable]]:
    """One page, oldest first. What can't be understood does not stop the rest."""
    mentions, unreadable = [], []
    for item in items:
        try:
            mentions.append(mention(item))
        except Exception as problem:
            raw = repr(item)[:RAW]
            key = str(number(item) or raw[:40])
            unreadable.append(Unreadable(key=key, raw=raw, problem=repr(problem)))
    return sorted(mentions, key=lambda one: (one.posted_at, int(one.key))), unreadable


def saved(walks: Iterable[tuple[str, Descent]]) -> str:
    """The cursor: how far each list has been read."""
    return json.dumps({name: asdict(walk) for name, walk in walks})


def loaded(cursor: str | None) -> tuple[dict[str, Descent], bool]:
    """How far each list has been read, and whether what was kept of it is damaged."""
    if cursor is None:
        return {}, False
    try:
        return {str(name): _descent(kept) for name, kept in json.loads(cursor).items()}, False
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}, True


def _descent(kept: Any) -> Descent:
    descent = Descent(**kept)
    for value in asdict(descent).values():
        if type(value) is not int or not 0 <= value < LAST:
            raise ValueError(f"{value!r} can't be")
    return descent
