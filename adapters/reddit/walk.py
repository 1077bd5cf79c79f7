"""How far one of Reddit's listings has been read.

They are newest first, show about a thousand things, and forget where one was when that thing is
deleted: `before` then brings nothing, for ever. So each is read from its top down to something that
is known already, of which a few names are kept; and once an hour further, down to what was known an
hour before, because what waited for a moderator comes late, below newer ones.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import inf
from typing import Any, Self

LATENESS = timedelta(hours=1)
AHEAD = timedelta(days=2)  # by how much our clock may be wrong
FRESH = timedelta(minutes=10)  # how long a place in a listing is to be trusted
KNOWN = 25  # names that are kept: so many would have to be deleted before we are lost
NAME = re.compile(r"t\d_[0-9a-z]{1,16}")


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Where a listing was read to: its newest names, and when the newest was written."""

    names: tuple[str, ...] = ()
    second: float = 0

    @classmethod
    def from_json(cls, saved: Any) -> Self:
        return cls(names=tuple(saved["names"]), second=saved["second"])


@dataclass(frozen=True, kw_only=True)
class Walk:
    """From the top (`top`) down to `since`; `count` things are read, the next page is `after`."""

    since: Mark
    top: Mark = Mark()
    after: str = ""
    count: int = 0
    again: bool = False  # it goes down to what is settled
    at: float = 0  # when the last page was read
    low: float = 0  # when the oldest one was written
    anew: bool = False  # it lost its place once, and began anew


@dataclass(frozen=True, kw_only=True)
class Trail:
    """Down to `settled` nothing can come any more; down to `seen` something may come late.

    All down to `mark` will be settled by a walk that begins at or after `again` (seconds since
    1970, by our clock, which only measures how late something may be). The first walk ends at
    `start`; `trouble` is what people have been told about the listing.
    """

    start: float
    settled: Mark = Mark()
    seen: Mark = Mark()
    mark: Mark = Mark()
    again: float = 0
    walk: Walk | None = None
    trouble: str = ""

    @classmethod
    def from_json(cls, saved: dict[str, Any], now: datetime) -> Self:
        """ValueError, TypeError and others for what no walk leaves."""
        marks = {name: Mark.from_json(saved[name]) for name in ("settled", "seen", "mark")}
        walk = None
        if kept := saved.get("walk"):
            ends = {name: Mark.from_json(kept[name]) for name in ("since", "top")}
            walk = Walk(**{**kept, **ends})
        trail = cls(**{**saved, **marks, "walk": walk})
        trail._must_be_possible((now + AHEAD).timestamp())
        return trail

    def _must_be_possible(self, latest: float) -> None:
        """Read on from what can't be, posts would be missed."""
        walk = self.walk or Walk(since=Mark())
        marks = (self.settled, self.seen, self.mark, walk.since, walk.top)
        names = [name for mark in marks for name in mark.names]
        numbers = (self.start, self.again, walk.at, walk.low, *(mark.second for mark in marks))
        if not all(type(name) is str and NAME.fullmatch(name) for name in names):
            raise ValueError(f"{names} can't be")
        if not all(type(one) in (int, float) and 0 <= one <= latest for one in numbers):
            raise ValueError(f"{numbers} can't be")
        sure = type(walk.again) is bool and type(walk.anew) is bool and type(walk.count) is int
        if not sure or not (walk.after == "" or NAME.fullmatch(walk.after)):
            raise ValueError(f"{walk} can't be")
        if not isinstance(self.trouble, str):
            raise ValueError(f"{self.trouble!r} can't be")

    def go_on(self, now: datetime) -> Walk:
        """The walk that is under way, as long as its place is to be trusted, or a new one."""
        second = now.timestamp()
        if self.walk and second - self.walk.at <= FRESH.total_seconds():
            return self.walk
        due = self.again <= second
        return Walk(since=self.settled if due else self.seen, again=due)

    def met(self, walk: Walk, page: "Page") -> int | None:
        """From which place on the page all is known, or too old; None: not on this page."""
        for place, (name, second) in enumerate(page.things):
            if name in walk.since.names if walk.since.names else second < self.start:
                return place
        return None

    def step(self, walk: Walk, page: "Page", now: datetime) -> Self:
        """After one more page. Where one ends in the middle, the walk has lost its place."""
        top = walk.top if walk.after else page.mark
        count, low = walk.count + len(page.things), page.low(walk.low or now.timestamp())
        here = replace(walk, top=top, after=page.after, count=count, at=now.timestamp(), low=low)
        if walk.after and not page.things and not walk.anew:
            return replace(
                self, walk=Walk(since=walk.since, again=walk.again, anew=True, at=here.at)
            )
        if page.after and page.after != walk.after and self.met(walk, page) is None:
            return replace(self, walk=here)
        return self._arrived(here, now)

    def unseen(self, walk: Walk, page: "Page", cap: int) -> tuple[float, float] | None:
        """From when until when nothing was shown, where about as much as Reddit shows was read."""
        known, low = self.seen.second or self.start, page.low(walk.low or inf)
        full = walk.count + len(page.things) >= cap
        return (known, low) if full and known < low < inf else None

    def _arrived(self, walk: Walk, now: datetime) -> Self:
        seen = walk.top if walk.top.names else self.seen
        here = replace(self, walk=None, seen=seen, trouble="")
        if walk.again:
            again = (now + LATENESS).timestamp()
            return replace(here, settled=self.mark, mark=seen, again=again)
        return here


@dataclass(frozen=True)
class Page:
    """Names and times of what is on one page, newest first, and where the next begins."""

    things: Sequence[tuple[str, float]]
    after: str

    @property
    def mark(self) -> Mark:
        names = tuple(name for name, _ in self.things[:KNOWN])
        times = [second for _, second in self.things if second != inf]
        return Mark(names=names, second=max(times, default=0))

    def low(self, below: float) -> float:
        """When the oldest was written, of these and of what is as old as `below`."""
        return min([below, *(second for _, second in self.things)])
