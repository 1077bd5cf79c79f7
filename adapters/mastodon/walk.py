"""How far one list has been read.

Ids are handed back as they came and never compared: they are numbers here and letters there. A list
is read upwards, the oldest of what is new first (`min_id`), so a page that is lost is asked for
again; `since_id` would show the newest only. Only the first time, and in a search, it is read
downwards. What a server shows late, below newer ones, is found by reading each stretch once more.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Self

LATENESS = timedelta(minutes=15)
AHEAD = timedelta(days=2)  # by how much our clock may be wrong
ID = re.compile(r"[\w-]{1,64}", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Walk:
    """Upwards from `since`, everything up to `at` is read; or `down` to it, from `high` to `at`."""

    since: str
    at: str = ""
    high: str = ""  # the newest, where it goes down
    down: bool = False
    again: bool = False  # it began where all is settled

    def step(self, ids: Sequence[str]) -> Self:
        """After one more page, whose ids are newest first."""
        if self.down:
            return replace(self, at=ids[-1], high=self.high or ids[0])
        return replace(self, at=ids[0])


@dataclass(frozen=True, kw_only=True)
class Trail:
    """One list. Up to `settled` nothing can come any more; up to `seen` something may come late.

    All up to `mark` will be settled by a walk that begins at or after `again` (seconds since 1970,
    by our clock, which only measures how late something may be). A walk that begins at nothing ends
    at `start`, by the server's times; `trouble` is what people have been told about the list.
    """

    start: float
    settled: str = ""
    seen: str = ""
    mark: str = ""
    again: float | None = None
    walk: Walk | None = None
    trouble: str = ""

    @classmethod
    def from_json(cls, saved: dict[str, Any], now: datetime) -> Self:
        """ValueError, TypeError and others for what no walk leaves."""
        walk = Walk(**saved["walk"]) if saved.get("walk") else None
        trail = cls(**{**saved, "walk": walk})
        trail._must_be_possible(now)
        return trail

    def _must_be_possible(self, now: datetime) -> None:
        """Read on from what can't be, posts would be missed."""
        numbers = [self.start, 0.0 if self.again is None else self.again]
        latest = (now + AHEAD).timestamp()
        if not all(type(one) in (int, float) and 0 <= one <= latest for one in numbers):
            raise ValueError(f"{numbers} can't be")
        walk = self.walk or Walk(since="")
        for id in (self.settled, self.seen, self.mark, walk.since, walk.at, walk.high):
            if id != "" and not (isinstance(id, str) and ID.fullmatch(id)):
                raise ValueError(f"{id!r} can't be an id")
        if type(walk.down) is not bool or type(walk.again) is not bool:
            raise ValueError(f"{walk} can't be")
        if not isinstance(self.trouble, str):
            raise ValueError(f"{self.trouble!r} can't be")

    def go_on(self, now: datetime, *, down: bool = False) -> Walk:
        """The walk that is under way, or a new one; `down` where there is no other way."""
        due = self.again is not None and self.again <= now.timestamp()
        since = self.settled if due else self.seen
        down = down or not since
        return self.walk or Walk(since=since, at="" if down else since, down=down, again=due)

    def step(self, walk: Walk, ids: Sequence[str], now: datetime, *, old: bool) -> Self:
        """After one more page; `old`: something on it is from before the `start`.

        A page that leads nowhere is the end.
        """
        after = walk.step(ids) if ids else walk
        end = walk.down and (walk.since in ids if walk.since else old)
        if after.at != walk.at and not end:
            return replace(self, walk=after)
        return self._arrived(after, now)

    def _arrived(self, walk: Walk, now: datetime) -> Self:
        seen = (walk.high if walk.down else walk.at) or self.seen
        here = replace(self, walk=None, seen=seen, trouble="")
        if walk.again:
            here = replace(here, settled=self.mark, again=None)
        if here.again is None and here.settled != seen:
            return replace(here, mark=seen, again=(now + LATENESS).timestamp())
        return here
