"""Receipts of what was removed: counts, and what is still to be done; never a word of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select, update

from storage.database import Transaction
from storage.rows import add, as_object
from storage.tables import receipts


@dataclass(frozen=True)
class Kept:
    """A receipt as it is stored."""

    id: int
    at: datetime
    by: str
    what: dict[str, Any]


def begin(db: Transaction, by: str, at: datetime, what: dict[str, Any]) -> int:
    """A new one; returns its number."""
    return add(db, receipts, {"by": by, "at": at, "what": what})


def get(db: Transaction, id: int) -> Kept | None:
    row = db.execute(select(receipts).where(receipts.c.id == id)).one_or_none()
    return as_object(Kept, row) if row else None


def hold(db: Transaction, id: int) -> Kept | None:
    found = select(receipts).where(receipts.c.id == id).with_for_update()
    row = db.execute(found).one_or_none()
    return as_object(Kept, row) if row else None


def unfinished(db: Transaction) -> Sequence[Kept]:
    """Those whose words are not all removed yet, newest first."""
    return [each for each in _every(db) if not each.what["done_at"]]


def with_customer(db: Transaction, customer: int) -> Sequence[Kept]:
    """Those of this customer, newest first."""
    return [each for each in _every(db) if customer in each.what["customers"]]


def waiting_for(db: Transaction, conversation: int) -> Sequence[Kept]:
    """Those for which something of this conversation is still to be taken back in Slack."""
    return [each for each in _every(db) if conversation in each.what["waiting"]]


def by_whom(db: Transaction, by: str) -> Sequence[Kept]:
    return [each for each in _every(db) if each.by == by]


def _every(db: Transaction) -> Sequence[Kept]:
    """All of them, newest first: there are few, one a day and one for each who asks."""
    rows = db.execute(select(receipts).order_by(receipts.c.id.desc()))
    return [as_object(Kept, row) for row in rows]


def of_day(db: Transaction, by: str, day: date) -> int | None:
    newest = select(receipts).where(receipts.c.by == by).order_by(receipts.c.id.desc()).limit(1)
    row = db.execute(newest).one_or_none()
    return int(row.id) if row and row.at.date() == day else None


def write(db: Transaction, id: int, what: dict[str, Any]) -> None:
    db.execute(update(receipts).where(receipts.c.id == id).values(what=what))
