"""Conversations: open, hold, save, next overdue."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, literal_column, or_, select, update

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import OPEN, UNSETTLED, Conversation, State
from bot.domain.forgotten import MARK
from bot.domain.frozen import replace
from bot.domain.mention import Customer, Kind
from bot.domain.problems import NoSuchConversation
from storage.customers import BESIDE, beside
from storage.database import Transaction
from storage.rows import add, add_all, as_object, as_row, change_all, literally, new_ids
from storage.stumbles import at_rest
from storage.tables import conversations, customers, mentions

c = conversations.c
FIELDS = [column.name for column in c if column is not c.id]  # that may change
VALUES = attrgetter(*FIELDS)
NAG, LET_GO, REDRAW = "nag", "let go", "redraw"  # steps of the sweep, as `stumbles` knows them

LONGEST = 20  # who wait longest: one of them was heard first


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One line of the list of what waits."""

    conversation: Conversation
    customer: Customer
    words: str


def open_new(db: Transaction, conversation: Conversation) -> Conversation:
    return replace(conversation, id=add(db, conversations, as_row(conversation, conversations)))


def open_all(db: Transaction, begun: Sequence[Conversation]) -> Sequence[Conversation]:
    """So many at once, each as its first version: nothing is left to be saved."""
    numbers = new_ids(db, conversations, len(begun))
    numbered = [
        replace(each, id=id, version=each.version + 1)
        for each, id in zip(begun, numbers, strict=True)
    ]
    add_all(db, conversations, [as_row(each, conversations) for each in numbered])
    return [_told(each) for each in numbered]


def threads(db: Transaction, account: str, among: Collection[str]) -> set[str]:
    """Those of these threads in which there is a conversation."""
    there = select(c.thread).where(c.account == account, c.thread.in_(among))
    return set(db.execute(there).scalars())


def find(db: Transaction, account: str, thread: str, customer: int) -> Conversation | None:
    """This customer's conversation in this thread, or the one that goes on with it; held."""
    same = (c.account == account, c.thread == thread, c.customer == customer)
    id = db.execute(select(c.id).where(*same)).scalar_one_or_none()
    return hold_survivor(db, id) if id else None


def last_of(db: Transaction, account: str, customer: int) -> Conversation | None:
    """The newest conversation with this customer on this account, or its survivor; held."""
    theirs = select(c.id).where(c.account == account, c.customer == customer)
    id = db.execute(theirs.order_by(c.id.desc()).limit(1)).scalar_one_or_none()
    return hold_survivor(db, id) if id else None


def survivor(db: Transaction, id: int) -> int:
    """The conversation that goes on with this one: itself, unless it was merged."""
    while into := db.execute(select(c.merged_into).where(c.id == id)).scalar_one_or_none():
        id = int(into)
    return id


def hold_survivor(db: Transaction, id: int) -> Conversation:
    """The same, held.

    What was merged is not held on the way there, and so this and a merge, which holds two in the
    order of their ids, never wait for each other.
    """
    while True:
        held = hold(db, survivor(db, id))
        if survivor(db, id) == held.id:
            return held


def get(db: Transaction, id: int) -> Conversation:
    """As it is at this moment; to change it, `hold` it."""
    return _one(db, select(conversations).where(c.id == id), id)


def hold(db: Transaction, id: int) -> Conversation:
    """The same, and nobody else can change it until this transaction ends."""
    return _one(db, select(conversations).where(c.id == id).with_for_update(), id)


def save(db: Transaction, conversation: Conversation) -> Conversation:
    """Write it down as its next version. What has happened to it is the journal's."""
    return save_all(db, [conversation])[0]


def save_all(
    db: Transaction, changed: Sequence[Conversation], before: Sequence[Conversation] = ()
) -> Sequence[Conversation]:
    """The same with many; where they are given as they were, only what differs is written."""
    newer = [_told(replace(each, version=each.version + 1)) for each in changed]
    names = _differing(before, newer) if before else FIELDS
    rows = [{name: getattr(each, name) for name in ("id", *names)} for each in newer]
    change_all(db, conversations, rows)
    return newer


def _differing(before: Sequence[Conversation], after: Sequence[Conversation]) -> Sequence[str]:
    """The fields in which any of them is not as it was."""
    was, now = (zip(*map(VALUES, each), strict=True) for each in (before, after))
    return [name for name, a, b in zip(FIELDS, was, now, strict=True) if a != b]


def hang(db: Transaction, id: int, *, channel: str, card: str) -> None:
    """Remember where its card hangs. Nobody decided anything, so the version stays."""
    db.execute(update(conversations).where(c.id == id).values(channel=channel, card=card))


def unhang(db: Transaction, id: int, card: str) -> None:
    """This card does not hang any more; another one may."""
    gone = update(conversations).where(c.id == id, c.card == card)
    db.execute(gone.values(channel=None, card=None))


def nagged(db: Transaction, conversation: Conversation, *, nag: str, says: str) -> None:
    """Remember what was said last, unless somebody has acted since."""
    same = (c.id == conversation.id, c.version == conversation.version)
    db.execute(update(conversations).where(*same).values(nag=nag, nag_says=says))


def unsaid(db: Transaction, id: int, until: datetime) -> None:
    """Its nag came too late to be said in working hours: it is part of the next opening's list."""
    later = {"unsaid_until": until, "next_nag_at": until}
    db.execute(update(conversations).where(c.id == id).values(**later))


def teams_overdue(db: Transaction, at: datetime) -> Sequence[str]:
    """The teams in which somebody must be called."""
    team = c.team + ""  # no index by team may be taken for it: it would hold all that are open
    return sorted(db.execute(select(team).where(_to_be_called(at)).distinct()).scalars())


def hold_overdue(
    db: Transaction, team: str, at: datetime, *, most: int, known: Sequence[str] = ()
) -> Sequence[Conversation]:
    """Those whose nags are latest, except for what someone else is holding right now.

    Of this team and, where all are `known` that there are, of teams that were removed.
    """
    theirs = or_(c.team == team, c.team.not_in(known)) if known else c.team == team
    rows = db.execute(
        select(conversations)
        .where(_to_be_called(at), theirs)
        .order_by(c.next_nag_at, c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [as_conversation(row) for row in rows]


def hold_next_to_redraw(db: Transaction, at: datetime) -> Conversation | None:
    """One whose card shows what was true before, unless someone else is holding it right now."""
    row = db.execute(
        select(conversations)
        .where(c.redraw_at <= at, literally(c.state, UNSETTLED), ~at_rest(REDRAW, at))
        .order_by(c.redraw_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return as_conversation(row) if row else None


def redraw_by(db: Transaction, id: int, at: datetime) -> None:
    """Something beside it will look different then: its card is drawn anew at the latest."""
    sooner = or_(c.redraw_at.is_(None), c.redraw_at > at)
    db.execute(update(conversations).where(c.id == id, sooner).values(redraw_at=at))


def hold_next_to_let_go(db: Transaction, at: datetime) -> Conversation | None:
    """One whose claim has run out, unless someone else is holding it right now."""
    row = db.execute(
        select(conversations)
        .where(c.claimed_until <= at, literally(c.state, [State.CLAIMED]), ~at_rest(LET_GO, at))
        .order_by(c.claimed_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return as_conversation(row) if row else None


def hold_unsettled(
    db: Transaction, *, after: int, most: int, customers: Sequence[int] | None = None
) -> Sequence[Conversation]:
    """All that still wait, of all customers or of these, some at a time by their numbers; held."""
    theirs = [c.customer.in_(customers)] if customers is not None else []
    rows = db.execute(
        select(conversations)
        .where(literally(c.state, UNSETTLED), c.id > after, *theirs)
        .order_by(c.id)
        .limit(most)
        .with_for_update()
    )
    return [as_conversation(row) for row in rows]


def due_between(
    db: Transaction, start: datetime, end: datetime, *, team: str | None = None
) -> Sequence[Conversation]:
    """What still waits and has its deadline in that time, of one team or of all."""
    then = (literally(c.state, UNSETTLED), c.due_at >= start, c.due_at < end)
    asked = select(conversations).where(*then)
    asked = asked.where(c.team == team) if team else asked
    return [as_conversation(row) for row in db.execute(asked.order_by(c.due_at))]


def wait_known_since(db: Transaction, team: str) -> datetime | None:
    """Since when we know that somebody waits in this team; None: nobody does.

    Whom somebody has put aside, or promised another word, does not count. What was heard late was
    not known before: of the twenty who wait longest, the first that was heard.
    """
    waits = (c.team == team, literally(c.state, OPEN), c.waits, ~c.quiet)
    left = (c.snoozed_by.is_(None), c.promised_for.is_(None))
    longest = (
        select(c.id, c.waiting_since)
        .where(*waits, *left)
        .order_by(c.waiting_since)
        .limit(LONGEST)
        .subquery()
    )
    m = mentions.c
    theirs = (m.conversation == longest.c.id) & (m.posted_at >= longest.c.waiting_since)
    heard = select(func.min(m.heard_at)).join_from(longest, mentions, theirs)
    first: datetime | None = db.execute(heard).scalar_one_or_none()
    return first


def waiting_from(
    db: Transaction, team: str, since: datetime, *, patiently: bool = False
) -> Sequence[Conversation]:
    """Who waits in this team since then or later, by their numbers; held.

    Without patience, except for what someone else is holding right now.
    """
    rows = db.execute(
        select(conversations)
        .where(c.team == team, c.state.in_(OPEN), c.waiting_since >= since, ~c.quiet)
        .order_by(c.id)
        .with_for_update(skip_locked=not patiently)
    )
    return [as_conversation(row) for row in rows]


def aside_since(db: Transaction, team: str, known: Sequence[str] = ()) -> datetime | None:
    """Since when the oldest waits of what needs no answer and no message shows yet."""
    oldest = select(func.min(c.waiting_since)).where(*_aside(team, known))
    found: datetime | None = db.execute(oldest).scalar_one_or_none()
    return found


def hold_aside(
    db: Transaction, team: str, known: Sequence[str] = (), *, most: int
) -> Sequence[int]:
    """The numbers of the oldest of these, except for what someone else is holding right now.

    Of this team and, where all are `known` that there are, of teams that were removed.
    """
    some = select(c.id).where(*_aside(team, known)).order_by(c.id).limit(most)
    return list(db.execute(some.with_for_update(skip_locked=True)).scalars())


def _aside(team: str, known: Sequence[str]) -> tuple[ColumnElement[bool], ...]:
    """What nobody has acted on: of the others, a card is owed."""
    theirs = or_(c.team == team, c.team.not_in(known)) if known else c.team == team
    unshown = (c.aside != literal_column("''"), c.digest.is_(None), c.card.is_(None))
    return (theirs, *unshown, c.state.in_(OPEN), c.owner.is_(None), ~c.quiet)


def in_digest(db: Transaction, digest: int) -> Sequence[Waiting]:
    """What a digest speaks of, most urgent first, whatever became of it but was forgotten."""
    rows = db.execute(
        select(conversations, *BESIDE)
        .join(customers)
        .where(c.digest == digest, ~c.thread.startswith(MARK, autoescape=True))
        .order_by(c.due_at.is_(None), c.due_at, c.id)
    )
    return [as_waiting(row) for row in rows]


def gather(db: Transaction, ids: Sequence[int], digest: int) -> None:
    db.execute(update(conversations).where(c.id.in_(ids)).values(digest=digest))


def with_customers(db: Transaction, customers: Sequence[int]) -> Sequence[Conversation]:
    """Every conversation with these, newest first."""
    theirs = select(conversations).where(c.customer.in_(customers))
    rows = db.execute(theirs.order_by(c.waiting_since.desc(), c.id.desc()))
    return [as_conversation(row) for row in rows]


def split_by(db: Transaction, customers: Sequence[int]) -> int | None:
    """One that was merged with another, of which only one of the two is with these customers."""
    into = conversations.alias()
    halves = c.customer.in_(customers) != into.c.customer.in_(customers)
    found = select(c.id).join(into, into.c.id == c.merged_into).where(halves).order_by(c.id)
    return db.execute(found.limit(1)).scalar_one_or_none()


def _told(conversation: Conversation) -> Conversation:
    """What has happened to it is written down by now."""
    return replace(conversation, deeds=(), ended=())


def _one(db: Transaction, question: Select[Any], id: int) -> Conversation:
    row = db.execute(question).one_or_none()
    if row is None:
        raise NoSuchConversation(id)
    return as_conversation(row)


def _to_be_called(at: datetime) -> ColumnElement[bool]:
    return literally(c.state, OPEN) & (c.next_nag_at <= at) & ~at_rest(NAG, at)


def as_conversation(row: Row[Any]) -> Conversation:
    return as_object(
        Conversation,
        row,
        state=State(row.state),
        kind=Kind(row.kind),
        owed=Owed(row.owed),
        verdict=Standing(row.verdict) if row.verdict else None,
    )


def as_waiting(row: Row[Any]) -> Waiting:
    words = row._mapping.get("words") or ""
    return Waiting(conversation=as_conversation(row), customer=beside(row), words=words)
