"""What somebody wants to ask a customer later."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.domain.profile import FollowUp
from storage.database import Transaction
from storage.rows import add as insert
from storage.rows import as_object
from storage.tables import conversations, follow_ups

f = follow_ups.c


def add(
    db: Transaction, conversation: int, by: str, text: str, *, at: datetime, due_at: datetime
) -> int:
    values = {"conversation": conversation, "by": by, "text": text, "at": at, "due_at": due_at}
    return insert(db, follow_ups, values)


def get(db: Transaction, id: int) -> FollowUp | None:
    row = db.execute(select(follow_ups).where(f.id == id)).one_or_none()
    return as_object(FollowUp, row) if row else None


def open_with(db: Transaction, customers: Sequence[int]) -> Sequence[FollowUp]:
    """Those that are still to come, the nearest first."""
    theirs = select(follow_ups).join(conversations).where(conversations.c.customer.in_(customers))
    rows = db.execute(theirs.where(f.done_at.is_(None)).order_by(f.due_at, f.id))
    return [as_object(FollowUp, row) for row in rows]


def hold_next(db: Transaction, at: datetime) -> FollowUp | None:
    """One whose time has come, unless someone else is holding it right now."""
    row = db.execute(
        select(follow_ups)
        .where(f.due_at <= at, f.done_at.is_(None))
        .order_by(f.due_at, f.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    ).one_or_none()
    return as_object(FollowUp, row) if row else None


def put_off(db: Transaction, id: int, until: datetime) -> None:
    db.execute(update(follow_ups).where(f.id == id).values(due_at=until))


def done(db: Transaction, id: int, at: datetime) -> None:
    db.execute(update(follow_ups).where(f.id == id).values(done_at=at))


def drop(db: Transaction, id: int) -> bool:
    """False when there is none with this number that is still to come."""
    coming = delete(follow_ups).where(f.id == id, f.done_at.is_(None))
    return bool(db.execute(coming).rowcount)
