"""How far YouTube's comments have been read: lists that show the newest first, and old threads."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Self

from adapters.windows import LAST, OVERLAP, is_second
from adapters.youtube.comments import HELD, ID, PUBLISHED, SPAM

LISTS = (PUBLISHED, HELD, SPAM)
FOLLOWED = 400  # threads: those in which somebody spoke last
FOLLOWED_FOR = timedelta(days=30)
SWEEP = timedelta(minutes=10)  # how often they are looked at
BATCH = 50  # threads in one request


@dataclass(frozen=True)
class Trail:
    """One list: all up to `since` is known. `token` is the next page of a walk; `newest` on it."""

    since: int
    token: str | None = None
    newest: int = 0

    def step(self, seconds: Sequence[int], token: str | None) -> "Trail":
        """After one more page, with the seconds of what is on it: an old one may stand on top."""
        newest = max([self.newest, *seconds])
        known = bool(seconds) and seconds[-1] < self.since
        if token and token != self.token and not known:
            return replace(self, token=token, newest=newest)
        return Trail(since=max(self.since, newest - int(OVERLAP.total_seconds())))


@dataclass(frozen=True)
class Known:
    """What we know of a thread: how many answers, and when somebody spoke last (seconds)."""

    video: str
    answers: int
    last: int


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """All that the next fetch has to know.

    Nothing from before `begun` counts. `turn` is the list whose page comes next. `due` are threads
    whose answers must be read, and what will be known of them then; `sweep` those to be asked
    for. `swept` is when that began, by our clock, which only measures the pause.
    """

    begun: int
    swept: int
    turn: str = PUBLISHED
    trails: Mapping[str, Trail] = field(default_factory=dict)
    threads: Mapping[str, Known] = field(default_factory=dict)
    due: Mapping[str, Known] = field(default_factory=dict)
    sweep: Sequence[str] = ()
    day: str = ""
    read: int = 0
    written: int = 0

    @classmethod
    def beginning(cls, now: datetime, history: timedelta) -> Self:
        return cls(begun=int((now - history).timestamp()), swept=int(now.timestamp()))

    @classmethod
    def load(cls, saved: str) -> Self:
        """ValueError, TypeError and the like where it is damaged."""
        kept = json.loads(saved)
        trails = {name: _trail(**trail) for name, trail in kept.pop("trails").items()}
        threads, due = (_known(kept.pop(name)) for name in ("threads", "due"))
        cursor = cls(**kept, trails=trails, threads=threads, due=due)
        _must_be(list, cursor.sweep)
        _must_be(str, cursor.turn, cursor.day, *cursor.sweep)
        _must_be(int, cursor.read, cursor.written)
        if not all(map(ID.fullmatch, [*threads, *due, *cursor.sweep])):
            raise ValueError("no ids")
        if not (is_second(cursor.begun) and is_second(cursor.swept) and cursor.turn in LISTS):
            raise ValueError("no cursor")
        return cursor

    def dump(self) -> str:
        return json.dumps(asdict(self))

    @property
    def trail(self) -> Trail:
        return self.trails.get(self.turn) or Trail(since=self.begun)

    @property
    def goes_on(self) -> bool:
        waits = self.due or self.sweep or self.turn != PUBLISHED
        return bool(waits or self.trail.token)

    def stepped(self, trail: Trail, now: datetime) -> Self:
        """After a page. After the end of a list it is the next one's turn; then old threads'."""
        here = replace(self, trails={**self.trails, self.turn: trail}, threads=self._liveliest(now))
        if trail.token:
            return here
        after = (LISTS.index(self.turn) + 1) % len(LISTS)
        here = replace(here, turn=LISTS[after])
        return here if after else here._swept(now)

    def noticed(self, id: str, known: Known, *, whole: bool) -> Self:
        """A thread as a list tells it. If answers are new, and not all shown, they are read."""
        before = self.threads.get(id)
        if whole or (before and before == replace(known, video=before.video)):
            return self.following(id, known)
        waiting = before or replace(known, answers=-1)
        return replace(self.following(id, waiting), due={**self.due, id: known})

    def following(self, id: str, known: Known) -> Self:
        return replace(self, threads={**self.threads, id: known})

    def done(self, id: str, known: Known | None) -> Self:
        """Its answers were read, or, if nothing is known, it is gone."""
        due = {each: waiting for each, waiting in self.due.items() if each != id}
        threads = {each: one for each, one in self.threads.items() if each != id}
        return replace(self, due=due, threads={**threads, id: known} if known else threads)

    def _swept(self, now: datetime) -> Self:
        second = int(now.timestamp())
        if second - self.swept < SWEEP.total_seconds():
            return self
        return replace(self, swept=second, sweep=tuple(self.threads))

    def _liveliest(self, now: datetime) -> Mapping[str, Known]:
        oldest = (now - FOLLOWED_FOR).timestamp()
        last = sorted(self.threads.items(), key=lambda thread: thread[1].last, reverse=True)
        return {id: known for id, known in last[:FOLLOWED] if known.last >= oldest}


def _trail(since: Any, token: Any, newest: Any) -> Trail:
    if not is_second(since) or type(newest) is not int or not isinstance(token, str | None):
        raise ValueError("no trail")
    return Trail(since, token, newest)


def _known(kept: Mapping[str, Any]) -> Mapping[str, Known]:
    found = {id: Known(**one) for id, one in kept.items()}
    for one in found.values():
        _must_be(str, one.video)
        _must_be(int, one.answers, one.last)
        if not 0 <= one.last < LAST:
            raise ValueError("no second")
    return found


def _must_be(kind: type, *values: Any) -> None:
    if any(type(value) is not kind for value in values):
        raise TypeError(f"one of {values!r} is none")
