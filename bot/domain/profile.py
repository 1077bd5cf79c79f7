"""All that is known of one person, over all their identities."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.conversation import Conversation, State
from bot.domain.mention import Customer, Kind, Mention
from bot.domain.reply import Reply


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a colleague wants the others to know about a customer."""

    id: int
    customer: int
    by: str
    at: datetime
    text: str


@dataclass(frozen=True, kw_only=True)
class FollowUp:
    """A reminder to ask how it went; `due_at` may move on to the next opening."""

    id: int
    conversation: int
    by: str
    at: datetime
    due_at: datetime
    text: str
    done_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Chapter:
    """One conversation of a person's, and how it ended; `since` is its last clock's start."""

    number: int
    account: str
    team: str
    state: State
    kind: Kind
    since: datetime
    owner: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    closed_because: str | None = None
    promised_for: datetime | None = None
    promised_by: str | None = None
    merged_into: int | None = None


@dataclass(frozen=True, kw_only=True)
class Profile:
    """`chapters` and `said` are newest first; `said` may be only the newest of very much.

    `language` and `timezone` (IANA) are what colleagues know, not what a platform says.
    """

    customer: Customer
    identities: Sequence[Customer]
    tags: Sequence[str] = ()
    language: str | None = None
    timezone: str | None = None
    notes: Sequence[Note] = ()
    chapters: Sequence[Chapter] = ()
    follow_ups: Sequence[FollowUp] = ()
    said: Sequence[Mention | Reply] = ()
    known_by: Sequence[str] = ()

    @property
    def promises(self) -> Sequence[Chapter]:
        """Where another word is promised and not kept yet, the nearest first."""
        open_ones = [each for each in self.chapters if each.promised_for]
        return sorted(open_ones, key=lambda each: each.promised_for or each.since)


def chapter(conversation: Conversation) -> Chapter:
    return Chapter(
        number=conversation.id,
        account=conversation.account,
        team=conversation.team,
        state=conversation.state,
        kind=conversation.kind,
        since=conversation.waiting_since,
        owner=conversation.owner,
        closed_at=conversation.closed_at,
        closed_by=conversation.closed_by,
        closed_because=conversation.closed_because,
        promised_for=conversation.promised_for,
        promised_by=conversation.promised_by,
        merged_into=conversation.merged_into,
    )
