"""Digests: one message that stands for many cards."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from storage.database import Transaction
from storage.rows import add, as_object
from storage.tables import conversations, digests

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


def with_room(db: Transaction, channel: str, *, since: datetime, room: int) -> int | None:
    """A digest of that channel, begun since then, in which so many at most have their place."""
    newest = select(d.id).where(d.channel == channel, d.at >= since).order_by(d.id.desc()).limit(1)
    found = db.execute(newest).scalar_one_or_none()
    if found is None:
        return None
    k = conversations.c
    held = db.execute(select(func.count()).where(k.digest == found)).scalar_one()
    return int(found) if held <= room else None


def hang(db: Transaction, id: int, card: str) -> None:
    db.execute(update(digests).where(d.id == id).values(card=card))
