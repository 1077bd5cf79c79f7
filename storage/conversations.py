"""Conversations: open, hold, save, next overdue, unanswered."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, func, select, update

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import OPEN, UNSETTLED, Conversation, State
from bot.domain.mention import Customer, Kind
from bot.domain.problems import NoSuchConversation
from storage.customers import BESIDE, beside
from storage.database import Transaction
from storage.rows import add, as_object, as_row
from storage.tables import conversations, customers
from storage.tables import mentions as said

c = conversations.c


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which of the unanswered somebody wants to see; None leaves a thing open."""

    team: str | None = None
    owner: str | None = None
    platform: str | None = None
    late_at: datetime | None = None  # only those that were due by then
    numbers: Sequence[int] | None = None


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """One line of the list of what waits."""

    conversation: Conversation
    customer: Customer
    words: str


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many wait, how many of them too long, and how many have somebody's name on them."""

    waiting: int
    late: int
    claimed: int


def open_new(db: Transaction, conversation: Conversation) -> Conversation:
    bare = replace(conversation, deeds=(), ended=())
    return replace(conversation, id=add(db, conversations, as_row(bare, conversations)))


def find(db: Transaction, account: str, thread: str, customer: int) -> Conversation | None:
    """This customer's conversation in this thread, held."""
    same = (c.account == account, c.thread == thread, c.customer == customer)
    row = db.execute(select(conversations).where(*same).with_for_update()).one_or_none()
    return _conversation(row) if row else None


def get(db: Transaction, id: int) -> Conversation:
    """As it is at this moment; to change it, `hold` it."""
    return _one(db, select(conversations).where(c.id == id), id)


def hold(db: Transaction, id: int) -> Conversation:
    """The same, and nobody else can change it until this transaction ends."""
    return _one(db, select(conversations).where(c.id == id).with_for_update(), id)


def save(db: Transaction, conversation: Conversation) -> Conversation:
    """Write it down as its next version. What has happened to it is the journal's."""
    newer = replace(conversation, version=conversation.version + 1, deeds=(), ended=())
    values = as_row(newer, conversations)
    db.execute(update(conversations).where(c.id == newer.id).values(**values))
    return newer


def hang(db: Transaction, id: int, *, channel: str, card: str) -> None:
    """Remember where its card hangs. Nobody decided anything, so the version stays."""
    db.execute(update(conversations).where(c.id == id).values(channel=channel, card=card))


def nagged(db: Transaction, conversation: Conversation, *, nag: str, says: str) -> None:
    """Remember what was said last, unless somebody has acted since."""
    same = (c.id == conversation.id, c.version == conversation.version)
    db.execute(update(conversations).where(*same).values(nag=nag, nag_says=says))


def unsaid(db: Transaction, id: int, until: datetime) -> None:
    """Its nag came too late to be said in working hours: it is part of the next opening's list."""
    later = {"unsaid_until": until, "next_nag_at": until}
    db.execute(update(conversations).where(c.id == id).values(**later))


def put_off_nag(db: Transaction, id: int, until: datetime) -> None:
    """Look at its ladder again later. Nobody decided anything, so the version stays."""
    db.execute(update(conversations).where(c.id == id).values(next_nag_at=until))


def teams_overdue(db: Transaction, at: datetime) -> Sequence[str]:
    """The teams in which somebody must be called."""
    names = select(c.team).where(_to_be_called(at)).distinct().order_by(c.team)
    return list(db.execute(names).scalars())


def hold_overdue(
    db: Transaction, teams: Sequence[str], at: datetime, *, most: int
) -> Sequence[Conversation]:
    """Those whose nags are latest, except for what someone else is holding right now."""
    rows = db.execute(
        select(conversations)
        .where(_to_be_called(at), c.team.in_(teams))
        .order_by(c.next_nag_at, c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return [_conversation(row) for row in rows]


def hold_next_to_redraw(db: Transaction, at: datetime) -> Conversation | None:
    """One whose card shows what was true before, unless someone else is holding it right now."""
    row = db.execute(
        select(conversations)
        .where(c.redraw_at <= at, c.state.in_(UNSETTLED))
        .order_by(c.redraw_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return _conversation(row) if row else None


def hold_next_to_let_go(db: Transaction, at: datetime) -> Conversation | None:
    """One whose claim has run out, unless someone else is holding it right now."""
    row = db.execute(
        select(conversations)
        .where(c.claimed_until <= at, c.state == State.CLAIMED)
        .order_by(c.claimed_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return _conversation(row) if row else None


def unanswered(db: Transaction, asked: Asked, *, most: int, skip: int = 0) -> Sequence[Waiting]:
    """What waits, most urgent first: by deadline, and what has none by its age after those."""
    words = (
        select(said.c.text)
        .where(said.c.conversation == c.id, said.c.origin == "customer", ~said.c.deleted)
        .order_by(said.c.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    urgent_first = (c.due_at.is_(None), c.due_at, c.waiting_since, c.id)
    rows = db.execute(
        select(conversations, *BESIDE, words.label("words"))
        .join(customers)
        .where(*_meaning(asked))
        .order_by(*urgent_first)
        .limit(most)
        .offset(skip)
    )
    return [_waiting(row) for row in rows]


def totals(db: Transaction, asked: Asked, at: datetime) -> Totals:
    counted = select(
        func.count(),
        func.count().filter(c.due_at <= at),
        func.count(c.owner),
    ).where(*_meaning(asked))
    waiting, late, claimed = db.execute(counted).one()
    return Totals(waiting=waiting, late=late, claimed=claimed)


def hold_unsettled(
    db: Transaction, *, after: int, most: int, customer: int | None = None
) -> Sequence[Conversation]:
    """All that still wait, some at a time by their numbers; held."""
    theirs = [c.customer == customer] if customer else []
    rows = db.execute(
        select(conversations)
        .where(c.state.in_(UNSETTLED), c.id > after, *theirs)
        .order_by(c.id)
        .limit(most)
        .with_for_update()
    )
    return [_conversation(row) for row in rows]


def due_between(
    db: Transaction, start: datetime, end: datetime, *, team: str | None = None
) -> Sequence[Conversation]:
    """What still waits and has its deadline in that time, of one team or of all."""
    asked = select(conversations).where(c.state.in_(UNSETTLED), c.due_at >= start, c.due_at < end)
    asked = asked.where(c.team == team) if team else asked
    return [_conversation(row) for row in db.execute(asked.order_by(c.due_at))]


def in_digest(db: Transaction, digest: int) -> Sequence[Waiting]:
    """What a digest speaks of, most urgent first, whatever became of it."""
    rows = db.execute(
        select(conversations, *BESIDE)
        .join(customers)
        .where(c.digest == digest)
        .order_by(c.due_at.is_(None), c.due_at, c.id)
    )
    return [_waiting(row) for row in rows]


def gather(db: Transaction, ids: Sequence[int], digest: int) -> None:
    db.execute(update(conversations).where(c.id.in_(ids)).values(digest=digest))


def _meaning(asked: Asked) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [c.state.in_(UNSETTLED)]
    if asked.team:
        wanted.append(c.team == asked.team)
    if asked.owner:
        wanted.append(c.owner == asked.owner)
    if asked.platform:
        account, own = asked.platform, asked.platform + ":"
        wanted.append((c.account == account) | c.account.startswith(own, autoescape=True))
    if asked.late_at:
        wanted.append(c.due_at <= asked.late_at)
    if asked.numbers is not None:
        wanted.append(c.id.in_(asked.numbers))
    return wanted


def _one(db: Transaction, question: Select[Any], id: int) -> Conversation:
    row = db.execute(question).one_or_none()
    if row is None:
        raise NoSuchConversation(id)
    return _conversation(row)


def _to_be_called(at: datetime) -> ColumnElement[bool]:
    return c.state.in_(OPEN) & (c.next_nag_at <= at)


def _conversation(row: Row[Any]) -> Conversation:
    return as_object(
        Conversation,
        row,
        state=State(row.state),
        kind=Kind(row.kind),
        owed=Owed(row.owed),
        verdict=Standing(row.verdict) if row.verdict else None,
    )


def _waiting(row: Row[Any]) -> Waiting:
    words = row._mapping.get("words") or ""
    return Waiting(conversation=_conversation(row), customer=beside(row), words=words)
