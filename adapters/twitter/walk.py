"""How far a newest-first list has been read: kept in the cursor, so that no restart loses a page.

X's lists may show a post up to ten minutes late, below newer ones. Asking only for what is newer
than the newest would lose it; reading ten minutes again at every poll would be paid for each time.
So each post is looked for once more, when its ten minutes are over, and then left alone.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from adapters.twitter.posts import id_at, moment

LATENESS = timedelta(minutes=10)
PAGE = 100  # posts
PAGES = 100  # a walk longer than this is cut off, and said to be
AHEAD = timedelta(days=2)  # by how much our clock may be wrong


@dataclass(frozen=True, kw_only=True)
class Walk:
    """On the way from the newest post down to `since`, before the page called `token`."""

    since: int
    token: str | None = None
    high: int = 0
    low: int = 0  # 0: nothing seen yet
    pages: int = 0

    def step(self, ids: Sequence[int], token: str | None) -> Self:
        low = min([*ids, self.low] if self.low else ids, default=0)
        high = max([*ids, self.high])
        return replace(self, token=token, high=high, low=low, pages=self.pages + 1)


@dataclass(frozen=True, kw_only=True)
class Trail:
    """One list. Up to `settled` nothing can come any more; up to `seen` something may come late.

    All up to `mark` will be settled by a walk that begins at or after `again` (seconds since 1970,
    by our clock, which only measures the ten minutes). `read_at` is when the list was last read to
    its end; `trouble` is what people have been told about it.
    """

    settled: int
    seen: int
    mark: int = 0
    again: float | None = None
    walk: Walk | None = None
    read_at: float = 0
    trouble: str = ""

    @classmethod
    def beginning(cls, at: datetime) -> Self:
        return cls(settled=id_at(at), seen=id_at(at), read_at=at.timestamp())

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        walk = Walk(**saved["walk"]) if saved.get("walk") else None
        return cls(**{**saved, "walk": walk})

    def must_be_possible(self, now: datetime) -> None:
        """TypeError or ValueError for what no walk leaves: read on from there, posts are missed."""
        _must_be(self, settled=int, seen=int, mark=int, read_at=float, trouble=str)
        newest = id_at(now + AHEAD)
        _must_lie(self.settled, self.seen, self.mark, below=newest)
        moments = (self.read_at, 0 if self.again is None else self.again)
        _must_lie(*moments, below=(now + AHEAD).timestamp())
        if walk := self.walk:
            _must_be(walk, since=int, high=int, low=int, pages=int)
            _must_lie(walk.since, walk.high, walk.low, below=newest)
            if not isinstance(walk.token, str | None) or not 0 <= walk.pages <= PAGES:
                raise ValueError(f"{walk} can't be")

    def go_on(self, now: datetime) -> Walk:
        """The walk that is under way, or a new one."""
        due = self.again is not None and self.again <= now.timestamp()
        return self.walk or Walk(since=self.settled if due else self.seen)

    def step(self, ids: Sequence[int], token: str | None, now: datetime) -> Self:
        """After one more page. A page that leads to itself breaks the walk off: it begins anew."""
        walk = self.go_on(now)
        if token and token == walk.token:
            return self.broken_off()
        after = walk.step(ids, token)
        if token and after.pages < PAGES:
            return replace(self, walk=after)
        return self._arrived(after, now)

    def broken_off(self) -> Self:
        return replace(self, walk=None)

    def _arrived(self, walk: Walk, now: datetime) -> Self:
        here = replace(self, walk=None, seen=max(self.seen, walk.high), read_at=now.timestamp())
        if walk.since > self.settled:  # read only what is new, not what is unsettled
            return here
        settled = max(self.settled, self._ripe(walk))
        return replace(here, settled=settled)._look_again(now)

    def _ripe(self, walk: Walk) -> int:
        """X's own clock tells as well: what is ten minutes older than its newest is settled."""
        by_x = id_at(moment(walk.high) - LATENESS) if walk.high else 0
        return max(by_x, min(self.mark, self.seen))

    def _look_again(self, now: datetime) -> Self:
        if self.seen <= self.settled:
            return replace(self, mark=0, again=None)
        return replace(self, mark=self.seen, again=(now + LATENESS).timestamp())

    def cut_off(self, walk: Walk, cap: int) -> bool:
        """Whether X stopped showing (after `cap` posts), or we did, short of what we had seen."""
        stopped = walk.pages >= PAGES or (cap and walk.pages * PAGE >= cap)
        return bool(stopped) and walk.low > self.seen


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """All that the next fetch has to know; `reads` are the posts of this month, which X bills.

    `turn` is the list whose page comes next; `told` that the month's reads are used up; `damaged`
    that what was saved can't be read.
    """

    turn: str = ""
    month: str = ""
    reads: int = 0
    told: bool = False
    trails: Mapping[str, Trail] = field(default_factory=dict)
    damaged: bool = False

    @classmethod
    def load(cls, saved: str | None, now: datetime) -> Self:
        """As it was saved; in a new month the counting begins anew. What is damaged knows nothing.

        Without a trail a list is read from its recent history on.
        """
        month = f"{now:%Y-%m}"
        try:
            cursor = cls._read(json.loads(saved or "{}"), now)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls(month=month, damaged=True)
        if cursor.month == month:
            return cursor
        return replace(cursor, month=month, reads=0, told=False)

    @classmethod
    def _read(cls, known: dict[str, Any], now: datetime) -> Self:
        trails = {name: Trail.from_json(one) for name, one in known.pop("trails", {}).items()}
        cursor = cls(**known, trails=trails)
        _must_be(cursor, turn=str, month=str, reads=int, told=bool)
        for trail in trails.values():
            trail.must_be_possible(now)
        return cursor

    def dump(self) -> str:
        kept = asdict(self)
        del kept["damaged"]
        return json.dumps(kept)


def _must_be(thing: object, **kinds: type) -> None:
    """TypeError where a value is of another kind; true and false are no numbers."""
    for name, kind in kinds.items():
        value = getattr(thing, name)
        if type(value) is not kind and not (kind is float and type(value) is int):
            raise TypeError(f"{name} is {value!r}")


def _must_lie(*numbers: float, below: float) -> None:
    if not all(0 <= number <= below for number in numbers):
        raise ValueError(f"{numbers} can't be")
