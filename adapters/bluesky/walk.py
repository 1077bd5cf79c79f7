"""How far Bluesky's newest-first lists have been read: kept in the cursor, for a restart.

A list is sorted by the moment that a post claims for itself, unless it was seen earlier: what comes
new may lie far below what was read long ago. So each look reads some minutes again, and one look in
an hour three days.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Self

OVERLAP = timedelta(minutes=10)  # read again by each look
DEEP, EACH = timedelta(hours=72), timedelta(hours=1)  # how deep a look is once in an hour
PAGES = 100  # a walk longer than this is cut off, and said to be
AHEAD = timedelta(days=2)  # by how much our clock may be wrong
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def milliseconds(at: datetime) -> int:
    """Since 1970: what lists are sorted by."""
    return (at - EPOCH) // MILLISECOND


def moment(at: int) -> datetime:
    return EPOCH + at * MILLISECOND


@dataclass(frozen=True, kw_only=True)
class Walk:
    """On the way from the newest post down to `until`, before the page called `token`."""

    until: int
    deep: bool = False
    token: str | None = None
    high: int = 0
    low: int = 0  # 0: nothing seen yet
    pages: int = 0

    def step(self, moments: Sequence[int], token: str | None) -> Self:
        low = min([*moments, self.low] if self.low else moments, default=0)
        high = max([*moments, self.high])
        return replace(self, token=token, high=high, low=low, pages=self.pages + 1)

    @property
    def goes_on(self) -> bool:
        """Until there is no more, or what is shown is old enough. A short page means nothing."""
        return bool(self.token) and not 0 < self.low < self.until and self.pages < PAGES


@dataclass(frozen=True, kw_only=True)
class Trail:
    """One list, in milliseconds since 1970: read up to `seen`, and never below `floor`.

    `deep_at` is when a look must be a deep one, by our clock, which measures only that.
    `trouble` is what people have been told about the list.
    """

    floor: int
    seen: int
    deep_at: int = 0
    walk: Walk | None = None
    trouble: str = ""

    @classmethod
    def beginning(cls, at: datetime) -> Self:
        return cls(floor=milliseconds(at), seen=milliseconds(at))

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> Self:
        walk = Walk(**saved["walk"]) if saved.get("walk") else None
        return cls(**{**saved, "walk": walk})

    def must_be_possible(self, now: datetime) -> None:
        """ValueError for what no walk leaves: read on from there, posts are missed."""
        walk = self.walk or Walk(until=0)
        moments = (self.floor, self.seen, walk.until, walk.high, walk.low)
        for number in (*moments, self.deep_at, walk.pages):
            if type(number) is not int or not 0 <= number <= milliseconds(now + AHEAD):
                raise ValueError(f"{number!r} can't be")
        if type(self.trouble) is not str or not isinstance(walk.token, str | None):
            raise ValueError(f"{self} can't be")
        if type(walk.deep) is not bool or walk.pages > PAGES:
            raise ValueError(f"{walk} can't be")

    def go_on(self, now: datetime) -> Walk:
        """The walk that is under way, or a new one."""
        deep = self.deep_at <= milliseconds(now)
        again = (DEEP if deep else OVERLAP) // MILLISECOND
        return self.walk or Walk(until=max(self.floor, self.seen - again), deep=deep)

    def step(self, moments: Sequence[int], token: str | None, now: datetime) -> Self:
        """After one more page. A page that leads to itself breaks the walk off: it begins anew."""
        walk = self.go_on(now)
        if token and token == walk.token:
            return self.broken_off()
        after = walk.step(moments, token)
        return replace(self, walk=after) if after.goes_on else self._arrived(after, now)

    def broken_off(self) -> Self:
        return replace(self, walk=None)

    def _arrived(self, walk: Walk, now: datetime) -> Self:
        deep_at = milliseconds(now + EACH) if walk.deep else self.deep_at
        return replace(self, walk=None, seen=max(self.seen, walk.high), deep_at=deep_at)

    def cut_off(self, walk: Walk) -> bool:
        """Whether so much is new that we stopped short of what we had seen."""
        return bool(walk.token) and walk.pages >= PAGES and walk.low > self.seen


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """All that the next fetch has to know, and no secret. `turn` is the list whose page comes next;

    `damaged` says that what was saved can't be read.
    """

    turn: str = ""
    trails: Mapping[str, Trail] = field(default_factory=dict)
    damaged: bool = False

    @classmethod
    def load(cls, saved: str | None, now: datetime) -> Self:
        """As it was saved; what is damaged knows nothing. Without a trail a list begins anew."""
        try:
            return cls._read(json.loads("{}" if saved is None else saved), now)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return cls(damaged=True)

    @classmethod
    def _read(cls, known: dict[str, Any], now: datetime) -> Self:
        trails = {name: Trail.from_json(one) for name, one in known.pop("trails", {}).items()}
        cursor = cls(**known, trails=trails)
        if type(cursor.turn) is not str or type(cursor.damaged) is not bool:
            raise TypeError(f"{cursor} can't be")
        for trail in trails.values():
            trail.must_be_possible(now)
        return cursor

    def dump(self) -> str:
        kept = asdict(self)
        del kept["damaged"]
        return json.dumps(kept)
