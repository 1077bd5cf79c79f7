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

    `turn` is the list whose page comes next; `told` that the month's reads are used up.
    """

    turn: str = ""
    month: str = ""
    reads: int = 0
    told: bool = False
    trails: Mapping[str, Trail] = field(default_factory=dict)

    @classmethod
    def load(cls, saved: str | None, now: datetime) -> Self:
        """As it was saved; in a new month the counting begins anew."""
        known = json.loads(saved or "{}")
        trails = {name: Trail.from_json(one) for name, one in known.pop("trails", {}).items()}
        cursor, month = cls(**known, trails=trails), f"{now:%Y-%m}"
        return (
            cursor if cursor.month == month else replace(cursor, month=month, reads=0, told=False)
        )

    def dump(self) -> str:
        return json.dumps(asdict(self))
