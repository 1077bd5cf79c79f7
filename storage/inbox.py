"""The inbox: webhooks as they came, until they are understood.

What stays after that is only that they came, so that one which is brought again is known.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, select, update

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import inbox

i = inbox.c


@dataclass(frozen=True, kw_only=True)
class Brought:
    """One of them; `key` is its sender's idempotency key."""

    id: int
    key: str
    at: datetime
    body: bytes = field(repr=False)


def keep(db: Transaction, account: str, key: str, body: bytes, at: datetime) -> bool:
    """False when it came before."""
    brought = {"account": account, "key": key, "body": body, "at": at}
    return bool(db.execute(upsert(db, inbox, brought, on=["account", "key"], update=[])).rowcount)


def waits(db: Transaction, account: str) -> bool:
    """Whether there is one that nobody has opened."""
    there = select(i.id).where(i.account == account, i.opened_at.is_(None))
    return db.execute(there.limit(1)).first() is not None


def take(db: Transaction, account: str, *, most: int) -> Sequence[Brought]:
    """The oldest that nobody has opened; of several workers, each gets others."""
    there = select(inbox).where(i.account == account, i.opened_at.is_(None))
    mine = there.order_by(i.id).limit(most).with_for_update(skip_locked=True)
    return [as_object(Brought, row) for row in db.execute(mine)]


def opened(db: Transaction, brought: Sequence[Brought], at: datetime) -> None:
    """They are understood, and their words are gone from here."""
    theirs = i.id.in_([each.id for each in brought])
    db.execute(update(inbox).where(theirs).values(opened_at=at, body=None))


def prune(db: Transaction, before: datetime, *, most: int) -> int:
    """Forget that they came; returns how many."""
    old = select(i.id).where(i.opened_at < before).order_by(i.id).limit(most)
    return db.execute(delete(inbox).where(i.id.in_(old))).rowcount
