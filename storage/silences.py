"""Silences that somebody was told of: of a team, and of an account."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.database import Transaction
from storage.rows import add, as_object
from storage.tables import silences

s = silences.c

TEAM, ACCOUNT = "team", "account"


@dataclass(frozen=True, kw_only=True)
class Silence:
    """`since` is the last sign of life, or the moment from which one was wanted."""

    id: int
    what: str
    name: str
    since: datetime
    at: datetime
    ended_at: datetime | None = None


def lasting(db: Transaction, what: str, name: str) -> Silence | None:
    """The one that has not ended."""
    same = (s.what == what, s.name == name, s.ended_at.is_(None))
    row = db.execute(select(silences).where(*same).order_by(s.id).limit(1)).one_or_none()
    return as_object(Silence, row) if row else None


def begin(db: Transaction, what: str, name: str, since: datetime, at: datetime) -> int:
    return add(db, silences, {"what": what, "name": name, "since": since, "at": at})


def end(db: Transaction, id: int, at: datetime) -> None:
    db.execute(update(silences).where(s.id == id).values(ended_at=at))
