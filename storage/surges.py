"""Surges: far more than usual came; one message, and one thread for all of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.database import Transaction
from storage.rows import add, as_object
from storage.tables import surges

s = surges.c


@dataclass(frozen=True, kw_only=True)
class Surge:
    """`began_at` is from when on it was far more, `usual` how many are usual in an hour then."""

    id: int
    team: str
    channel: str
    began_at: datetime
    at: datetime
    usual: float
    ended_at: datetime | None = None
    card: str | None = None


def begin(
    db: Transaction, *, team: str, channel: str, began_at: datetime, at: datetime, usual: float
) -> int:
    values = {"team": team, "channel": channel, "began_at": began_at, "at": at, "usual": usual}
    return add(db, surges, values)


def get(db: Transaction, id: int) -> Surge:
    return as_object(Surge, db.execute(select(surges).where(s.id == id)).one())


def lasting(db: Transaction) -> Sequence[Surge]:
    """All that have not ended."""
    rows = db.execute(select(surges).where(s.ended_at.is_(None)).order_by(s.id))
    return [as_object(Surge, row) for row in rows]


def hold_lasting(db: Transaction) -> Sequence[Surge]:
    """The same for who takes in what comes: none of them ends before this transaction does."""
    shared = select(surges).where(s.ended_at.is_(None)).order_by(s.id).with_for_update(read=True)
    return [as_object(Surge, row) for row in db.execute(shared)]


def hold(db: Transaction, id: int) -> Surge:
    """Waits for everybody who takes in what belongs to it."""
    held = select(surges).where(s.id == id).with_for_update()
    return as_object(Surge, db.execute(held).one())


def since(db: Transaction, team: str, start: datetime) -> Sequence[Surge]:
    """This team's that lasted at any time from then on."""
    lasted = s.ended_at.is_(None) | (s.ended_at >= start)
    rows = db.execute(select(surges).where(s.team == team, lasted).order_by(s.id))
    return [as_object(Surge, row) for row in rows]


def hang(db: Transaction, id: int, card: str) -> None:
    db.execute(update(surges).where(s.id == id).values(card=card))


def end(db: Transaction, id: int, at: datetime) -> None:
    db.execute(update(surges).where(s.id == id).values(ended_at=at))
