"""A conversation with all that was said in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from bot.domain.conversation import Conversation, State
from bot.domain.guess import Guess
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Amendment, Draft, Reply


@dataclass(frozen=True, kw_only=True)
class Past:
    """What we knew of a customer before this conversation."""

    times: int = 0
    last_state: State | None = None
    last_closed_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Nagged:
    """One nag of a clock: the rung's number from 0, what it calls, and whom that meant then."""

    at: datetime
    rung: int
    call: str
    whom: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """`mentions` is in the order in which we heard them; `reply` is the last one written.

    `amendment` is the last of that reply, `can` what its platform lets us do with it ("correct",
    "withdraw"), `guess` what triage made of the words that decided, `pictures` Slack's ids of what
    the customer sent along, by address; "": it is shown by its address.
    """

    conversation: Conversation
    customer: Customer
    mentions: Sequence[Mention]
    reply: Reply | None = None
    past: Past = Past()
    guess: Guess | None = None  # None: nobody guessed, or what was guessed is forgotten
    drafts: Sequence[Draft] = ()
    amendment: Amendment | None = None
    can: frozenset[str] = frozenset()
    pictures: Mapping[str, str] = field(default_factory=dict)
    known_by: Sequence[str] = ()  # colleagues whose answers a returning customer had
    notes: int = 0  # that colleagues wrote about them

    @property
    def heard(self) -> Sequence[Mention]:
        """What the customer said, newest last; never empty."""
        said = [m for m in self.mentions if m.origin is Origin.CUSTOMER]
        return sorted(said or self.mentions, key=lambda mention: mention.posted_at)

    @property
    def latest(self) -> Mention:
        """The customer's newest words that still stand."""
        standing = [mention for mention in self.heard if not mention.deleted]
        return (standing or self.heard)[-1]

    @property
    def answer_from_elsewhere(self) -> Mention | None:
        """The brand's newest post that was not sent from here."""
        own = [m for m in self.mentions if m.origin is Origin.OWN]
        return own[-1] if own else None
