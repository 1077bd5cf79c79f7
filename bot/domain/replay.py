"""One conversation told again from its journal, under whatever policy."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from inspect import signature, unwrap

from bot.domain.case import Nagged
from bot.domain.clock import NOTHING
from bot.domain.conversation import Conversation, Ended, State
from bot.domain.deeds import POLICY, Deed, again
from bot.domain.problems import AlreadyClaimed, NotPossible
from bot.domain.team import Team
from bot.domain.verdict import Verdict, verdict

A_LOOK = timedelta(seconds=5)  # what falls due so shortly before somebody acts may be unseen
NEVER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Entry:
    """One thing that happened, and when we knew."""

    at: datetime
    deed: Deed


@dataclass(frozen=True)
class Look:
    """Something fell `due` and was seen `at` that moment: in between, nobody looked."""

    due: datetime
    at: datetime


@dataclass(frozen=True)
class Diary:
    """What the journal has of one conversation, which is `bare`: as before anything happened."""

    bare: Conversation
    entries: Sequence[Entry]
    looks: Sequence[Look] = ()


@dataclass(frozen=True)
class Over:
    """A clock that has ended, and the nags that it had."""

    ended: Ended
    nags: Sequence[Nagged]


@dataclass
class Life:
    """A conversation as it is being told.

    What comes by itself happens at its own moment, or when somebody looked again, if nobody did
    then.
    """

    it: Conversation
    team: Team
    looks: Sequence[Look] = ()
    nags: list[Nagged] = field(default_factory=list)
    over: list[Over] = field(default_factory=list)
    since: int = 0  # the first nag of the clock that runs
    now: datetime | None = None  # told until then

    def tell(self, entries: Iterable[Entry], until: datetime) -> "Life":
        """Everything up to `until`. Of two things at one moment, what people did comes first."""
        for entry in entries:
            self._wait(entry.at, unseen=A_LOOK)
            self._happen(entry)
        self._wait(until)
        return self

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """How each of its clocks ended, under this policy."""
        return [verdict(each.ended, self.team, each.nags) for each in self.over]

    def _happen(self, entry: Entry) -> None:
        try:
            self._become(_done(self.it, entry.deed, self.team))
        except AlreadyClaimed:  # another policy has not let go of it yet: they would have asked
            self._become(_done(_taken_over(self.it, entry.deed, self.team), entry.deed, self.team))
        except NotPossible:  # it ended earlier this time
            return

    def _become(self, after: Conversation) -> None:
        for ended in after.ended:
            self.over.append(Over(ended, self.nags[self.since :]))
            self.since = len(self.nags)
        self.it = replace(after, deeds=(), ended=())

    def _wait(self, until: datetime, unseen: timedelta = NOTHING) -> None:
        """Let happen what comes by itself before then."""
        while (coming := self._next(until - unseen)) and coming[0] < until:
            self.now, act = coming
            act()
        self.now = until

    def _next(self, unseen_from: datetime) -> tuple[datetime, Callable[[], None]] | None:
        coming = [(self._seen(at, unseen_from), act) for at, act in self._due() if at]
        return min(coming, key=lambda each: each[0], default=None)

    def _due(self) -> Iterator[tuple[datetime | None, Callable[[], None]]]:
        if self.it.state is State.CLAIMED:
            yield self.it.claimed_until, self._let_go
        if self.it.open:
            yield self.it.next_nag_at, self._climb

    def _seen(self, due: datetime, unseen_from: datetime) -> datetime:
        """When somebody looked; never, if that would be right before somebody acted."""
        due = max(due, self.now or due)
        seen = (look.at for look in self.looks if look.due <= due <= look.at)
        return next(seen, due if due <= unseen_from else NEVER)

    def _let_go(self) -> None:
        self.it = self.it.let_go(self.team)

    def _climb(self) -> None:
        assert self.now is not None, "what climbs has begun"
        before, self.it = self.it.rungs_climbed, self.it.climb(self.team, self.now)
        clock = self.it.clock(self.team)
        if clock and self.it.rungs_climbed > before:
            number = self.it.rungs_climbed - 1
            call, owner = clock.rung(number).call, self.team.answerable(self.it)
            whom = self.team.whom(call, owner, self.now)
            self.nags.append(Nagged(at=self.now, rung=number, call=call, whom=whom))


def tell(diary: Diary, team: Team, until: datetime) -> Life:
    """What would have come of it under the policy of `team`."""
    return Life(diary.bare, team, diary.looks).tell(diary.entries, until)


def _done(it: Conversation, deed: Deed, team: Team) -> Conversation:
    change, wanted = _change(deed.what)
    after: Conversation = change(it, **again(deed.how), **({POLICY: team} if wanted else {}))
    return after


@cache
def _change(what: str) -> tuple[Callable[..., Conversation], bool]:
    """The method of that name without its diary, and whether it wants to know the policy."""
    change = unwrap(getattr(Conversation, what))
    return change, POLICY in signature(change).parameters


def _taken_over(it: Conversation, deed: Deed, team: Team) -> Conversation:
    by, at = (again(deed.how)[name] for name in ("by", "at"))
    return it.take_over(by, at, team)
