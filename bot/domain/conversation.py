"""One customer, one thread, one clock: what may happen to it, and what that changes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from bot.domain.mention import Kind
from bot.domain.problems import (
    AlreadyAnswered,
    AlreadyClaimed,
    AlreadyDismissed,
    AlreadyReplying,
    StillInDoubt,
)
from bot.domain.team import Rung, Team


class State(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    REPLYING = "replying"  # our answer is on its way
    ANSWERED = "answered"
    DISMISSED = "dismissed"


OPEN = (State.WAITING, State.CLAIMED)
UNSETTLED = (*OPEN, State.REPLYING)


@dataclass(frozen=True, kw_only=True)
class Conversation:
    """`waiting_since` is when the customer's oldest unanswered mention was posted: the clock's
    start. `closed_by` is None where a platform or the first import closed it. A `quiet` one has
    never been shown in Slack and need not be.
    """

    account: str
    thread: str
    customer: int
    team: str
    kind: Kind
    waiting_since: datetime
    because: str = ""  # what spoke for this kind
    judged_by: str | None = None  # who corrected it
    state: State = State.WAITING
    owner: str | None = None
    due_at: datetime | None = None  # None: nothing was promised
    next_nag_at: datetime | None = None  # None: clock stopped, or the ladder is climbed
    rungs_climbed: int = 0
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_because: str | None = None
    channel: str | None = None  # where the card hangs
    card: str | None = None
    quiet: bool = False
    unsure: str | None = None  # the key of a reply that may have been published; a person must look
    digest: int | None = None
    version: int = 0
    id: int = 0

    @property
    def platform(self) -> str:
        return self.account.partition(":")[0]

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def late(self, at: datetime) -> bool:
        return self.state in UNSETTLED and self.due_at is not None and self.due_at <= at

    def wind(self, team: Team) -> Self:
        """Count the deadline anew from the clock's start, and the next nag from the deadline.

        A deadline that moves takes the ladder back to its foot.
        """
        promise = team.promise(self.kind, self.waiting_since)
        due_at = promise.due_at if promise else None
        climbed = self.rungs_climbed if due_at == self.due_at else 0
        wound = replace(self, due_at=due_at, rungs_climbed=climbed)
        return replace(wound, next_nag_at=wound._upcoming(team.ladder))

    def hear(
        self, posted_at: datetime, team: Team, kind: Kind = Kind.OTHER, because: str = ""
    ) -> Self:
        """The customer wrote, and it sounds like `kind`.

        While they wait, a second message never moves the deadline; an older one does, and so does
        one that turns it into a complaint. After our answer it starts a new clock, of its own kind
        where that is clear: who says thanks does not complain.
        """
        if self.state in UNSETTLED:
            earlier = min(self.waiting_since, posted_at)
            heard = replace(self, waiting_since=earlier, quiet=False).wind(team)
            return heard.reconsider(kind, because, team)
        again = self if kind is Kind.OTHER else replace(self, kind=kind, because=because)
        return again.reopen(posted_at, team)

    def reopen(self, since: datetime, team: Team) -> Self:
        """Begin again, with a new clock and a new ladder."""
        begun = replace(
            self,
            state=State.WAITING,
            owner=None,
            waiting_since=since,
            rungs_climbed=0,
            closed_at=None,
            closed_by=None,
            closed_because=None,
            quiet=False,
            unsure=None,
            judged_by=None,
        )
        return begun.wind(team)

    def claim(self, by: str) -> Self:
        """Put a name on it. The clock keeps running: a claim is not an answer."""
        self._must_be_open()
        if self.owner not in (None, by):
            raise AlreadyClaimed(str(self.owner))
        return replace(self, state=State.CLAIMED, owner=by)

    def take_over(self, by: str) -> Self:
        self._must_be_open()
        return replace(self, state=State.CLAIMED, owner=by)

    def reply(self, by: str) -> Self:
        """Our answer sets out. Nobody is nagged while it is on its way."""
        if self.unsure:
            raise StillInDoubt
        return replace(self.claim(by), state=State.REPLYING)

    def sent(self, at: datetime) -> Self:
        """The platform has our answer: the clock stops, here and nowhere else."""
        return self._close(State.ANSWERED, at, by=self.owner)

    def refused(self) -> Self:
        """The answer did not get through. The clock was running all along."""
        return replace(self, state=State.CLAIMED, unsure=None)

    def in_doubt(self, key: str) -> Self:
        """The answer may have been published, and only a person can find out."""
        return replace(self, state=State.CLAIMED, unsure=key)

    def answered_there(self, at: datetime, by: str | None) -> Self:
        """A person answered in the platform's own app; `by` is who told us, None: we saw it."""
        self._must_be_open()
        return replace(self._close(State.ANSWERED, at, by=by), closed_because="answered there")

    def dismiss(self, by: str, because: str, at: datetime) -> Self:
        self._must_be_open()
        return replace(self._close(State.DISMISSED, at, by=by), closed_because=because)

    def withdrawn(self, because: str, at: datetime) -> Self:
        """There is nothing left to answer, and no colleague decided that."""
        return replace(self._close(State.DISMISSED, at, by=None), closed_because=because)

    def judge(self, kind: Kind, by: str, team: Team) -> Self:
        """Someone knows better what it is. The deadline is counted anew from the same start."""
        judged = replace(self, kind=kind, judged_by=by)
        return judged.wind(team) if self.state in UNSETTLED else judged

    def reconsider(self, kind: Kind, because: str, team: Team) -> Self:
        """Further words can turn it into a complaint, unless a person has said what it is."""
        if self.judged_by or self.kind is Kind.COMPLAINT or kind is not Kind.COMPLAINT:
            return self
        return replace(self, kind=kind, because=because).wind(team)

    def climb(self, ladder: Sequence[Rung], at: datetime) -> Self:
        """Climb to the highest rung whose time has come.

        After an outage this makes one nag, not one for every rung that was missed.
        """
        assert self.due_at is not None, "only a conversation with a deadline can climb"
        reached = sum(self.due_at + rung.after <= at for rung in ladder)
        climbed = replace(self, rungs_climbed=max(reached, self.rungs_climbed))
        return replace(climbed, next_nag_at=climbed._upcoming(ladder))

    def _upcoming(self, ladder: Sequence[Rung]) -> datetime | None:
        if self.due_at is None or self.rungs_climbed >= len(ladder):
            return None
        return self.due_at + ladder[self.rungs_climbed].after

    def _close(self, state: State, at: datetime, *, by: str | None) -> Self:
        return replace(self, state=state, closed_at=at, closed_by=by, next_nag_at=None, unsure=None)

    def _must_be_open(self) -> None:
        if self.state is State.REPLYING:
            raise AlreadyReplying(str(self.owner))
        if self.state is State.ANSWERED:
            raise AlreadyAnswered(self.closed_by)
        if self.state is State.DISMISSED:
            raise AlreadyDismissed(self.closed_by, self.closed_because)
