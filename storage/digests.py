"""Digests: one message that stands for many cards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.database import Transaction
from storage.rows import add, as_object
from storage.tables import digests

d = digests.c


@dataclass(frozen=True, kw_only=True)
class Digest:
    id: int
    team: str
    channel: str
    card: str | None
    at: datetime


def open_new(db: Transaction, *, team: str, channel: str, at: datetime) -> int:
    return add(db, digests, {"team": team, "channel": channel, "at": at})


def get(db: Transaction, id: int) -> Digest:
    return as_object(Digest, db.execute(select(digests).where(d.id == id)).one())


def hang(db: Transaction, id: int, card: str) -> None:
    db.execute(update(digests).where(d.id == id).values(card=card))
