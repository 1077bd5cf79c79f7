"""What is known of a conversation: its fields, and what they say at some moment."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from bot.domain.calendar import Pause
from bot.domain.clock import Owed, Standing
from bot.domain.deeds import Deed
from bot.domain.forgotten import forgotten
from bot.domain.guess import Lane
from bot.domain.mention import Kind

if TYPE_CHECKING:
    from bot.domain.winding import Wound


class State(StrEnum):
    WAITING = "waiting"
    CLAIMED = "claimed"
    REPLYING = "replying"  # our answer is on its way
    ANSWERED = "answered"
    DISMISSED = "dismissed"
    MERGED = "merged"  # another conversation goes on with it


OPEN = (State.WAITING, State.CLAIMED)
UNSETTLED = (*OPEN, State.REPLYING)


@dataclass(frozen=True)
class Ended:
    """A clock that has just ended: the conversation as it was then, and how that came."""

    clock: "Wound"
    at: datetime
    how: str
    by: str | None
    answered: bool


@dataclass(frozen=True, kw_only=True)
class Record:
    """`waiting_since` is when the customer's oldest unanswered mention was posted: the clock's
    start. `closed_by` is None where a platform or the first import closed it. A `quiet` one has
    never been shown in Slack and need not be.

    One that is open and no longer `waits` has been answered, and we owe another word: promised, or
    to keep the customer in the loop. One of `thanks` waits for a person to say that no answer is
    needed, and has no clock. `deeds` and `ended` are what has happened since it was last saved.
    """

    account: str
    thread: str
    customer: int
    team: str
    kind: Kind
    waiting_since: datetime
    because: str = ""  # what spoke for this kind
    lane: str = ""  # which way triage sent it; "": a person has judged it, or it is from before
    judged_by: str | None = None  # who corrected it
    language: str | None = None
    tags: Sequence[str] = ()  # of the customer
    severity: str = ""  # of a complaint: one of Severity, "" where nobody could tell
    state: State = State.WAITING
    owner: str | None = None
    held_since: datetime | None = None  # when the owner last did something about it
    claimed_until: datetime | None = None  # then the claim lets go
    waits: bool = True
    thanks: bool = False
    owed: Owed = Owed.FIRST  # what `due_at` is the deadline of
    due_at: datetime | None = None  # None: nothing was promised
    imminent_at: datetime | None = None
    next_nag_at: datetime | None = None  # None: clock stopped, or the ladder is climbed
    rungs_climbed: int = 0
    pauses: Sequence[Pause] = ()  # of this clock
    snoozed_by: str | None = None
    until_they_write: bool = False
    answered_at: datetime | None = None  # the last time
    verdict: Standing | None = None  # of the clock that ended last
    promised_at: datetime | None = None
    promised_for: datetime | None = None
    promised_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_because: str | None = None
    channel: str | None = None  # where the card hangs
    card: str | None = None
    redraw_at: datetime | None = None  # when the card would show something else by itself
    nag: str | None = None  # the last one, until somebody acts
    nag_says: str | None = None  # whom it calls, and where
    unsaid_until: datetime | None = None  # a nag that came too late to be said in working hours
    urgent: bool = False  # somebody said so: counted, and called, day and night
    proposed: str | None = None  # the key of an answer that waits for a second person
    escalated_to: str | None = None  # a member or a group: called in place of its owner
    merged_into: int | None = None
    quiet: bool = False
    unsure: str | None = None  # the key of a reply that may have been published; a person must look
    digest: int | None = None
    aside: str = ""  # how it is written, where it first waits for the daily list; "": it has a card
    version: int = 0
    id: int = 0
    deeds: tuple[Deed, ...] = field(default=(), compare=False, repr=False)
    ended: tuple[Ended, ...] = field(default=(), compare=False, repr=False)

    @property
    def platform(self) -> str:
        return self.account.partition(":")[0]

    @property
    def unchecked(self) -> bool:
        """Whether it has the complaint's clock until somebody says that it is none."""
        return self.lane == Lane.CHECK and self.kind is Kind.COMPLAINT and self.waits

    @property
    def open(self) -> bool:
        return self.state in OPEN

    @property
    def forgotten(self) -> bool:
        """Whether all that was said in it was removed for good."""
        return forgotten(self.thread)

    @property
    def told_until(self) -> datetime:
        """An answer from before then is no news: the customer wrote later, or we answered again."""
        answered = None if self.waits else self.answered_at
        return answered or self.waiting_since

    def late(self, at: datetime) -> bool:
        return self.state in UNSETTLED and self.due_at is not None and self.due_at <= at

    def snoozed(self, at: datetime) -> Pause | None:
        """The pause that somebody has put it into, if it lasts."""
        return self.paused(at) if self.open else None

    def paused(self, at: datetime) -> Pause | None:
        """The same while our answer is on its way, when nobody is called anyway."""
        last = self.pauses[-1] if self.pauses else None
        return last if last and last.start <= at < last.end else None

    def standing(self, at: datetime) -> Standing:
        """How its clock stands, from the times that are written down."""
        if self.state not in UNSETTLED:
            return self.verdict or Standing.CANCELLED
        if self.late(at):
            return Standing.OVERDUE
        return (
            Standing.IMMINENT if self.imminent_at and self.imminent_at <= at else Standing.PENDING
        )

    def changes_at(self, at: datetime) -> datetime | None:
        """When its standing changes next, if nobody does anything; None: never."""
        if self.state not in UNSETTLED:
            return None
        asleep = self.snoozed(at)
        moments = [self.imminent_at, self.due_at, asleep.end if asleep else None]
        return min((moment for moment in moments if moment and moment > at), default=None)
