"""What colleagues should know about a customer; it is never said to them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, func, select

from bot.domain.profile import Note
from storage.database import Transaction
from storage.rows import add as insert
from storage.rows import as_object
from storage.tables import notes

n = notes.c


def add(db: Transaction, customer: int, by: str, text: str, at: datetime) -> int:
    return insert(db, notes, {"customer": customer, "by": by, "text": text, "at": at})


def get(db: Transaction, id: int) -> Note | None:
    row = db.execute(select(notes).where(n.id == id)).one_or_none()
    return as_object(Note, row) if row else None


def of_customers(db: Transaction, customers: Sequence[int], *, most: int = 100) -> Sequence[Note]:
    """The newest first."""
    theirs = select(notes).where(n.customer.in_(customers)).order_by(n.id.desc()).limit(most)
    return [as_object(Note, row) for row in db.execute(theirs)]


def count(db: Transaction, customers: Sequence[int]) -> int:
    return int(db.execute(select(func.count()).where(n.customer.in_(customers))).scalar_one())


def drop(db: Transaction, id: int) -> bool:
    """False when there is none with this number."""
    return bool(db.execute(delete(notes).where(n.id == id)).rowcount)
