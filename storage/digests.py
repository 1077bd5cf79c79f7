"""Digests: one message that stands for many cards."""

from collections.abc import Sequence
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
    surge: int | None = None
    daily: bool = False  # of what needs no answer


def open_new(
    db: Transaction,
    *,
    team: str,
    channel: str,
    at: datetime,
    surge: int | None = None,
    daily: bool = False,
) -> int:
    begun = {"team": team, "channel": channel, "at": at, "surge": surge, "daily": daily}
    return add(db, digests, begun)


def get(db: Transaction, id: int) -> Digest:
    return as_object(Digest, db.execute(select(digests).where(d.id == id)).one())


def last_daily(db: Transaction, team: str) -> datetime | None:
    """When a team was last told of what needs no answer."""
    newest = select(func.max(d.at)).where(d.team == team, d.daily)
    found: datetime | None = db.execute(newest).scalar_one_or_none()
    return found


def with_room(db: Transaction, channel: str, *, since: datetime, room: int) -> int | None:
    """A digest of that channel, begun since then, in which so many at most have their place."""
    begun = (d.channel == channel, d.at >= since, d.surge.is_(None), ~d.daily)
    newest = select(d.id).where(*begun).order_by(d.id.desc()).limit(1)
    found = db.execute(newest).scalar_one_or_none()
    return int(found) if found is not None and _held(db, found) <= room else None


def last_page(db: Transaction, surge: int) -> tuple[int, int] | None:
    """The newest page of a surge, and how many conversations it lists."""
    newest = select(d.id).where(d.surge == surge).order_by(d.id.desc()).limit(1)
    found = db.execute(newest).scalar_one_or_none()
    return (int(found), _held(db, found)) if found is not None else None


def surge_of(db: Transaction, id: int) -> int | None:
    """The surge whose page it is."""
    return db.execute(select(d.surge).where(d.id == id)).scalar_one_or_none()


def pages(db: Transaction, surge: int) -> Sequence[int]:
    return list(db.execute(select(d.id).where(d.surge == surge).order_by(d.id)).scalars())


def _held(db: Transaction, id: int) -> int:
    k = conversations.c
    return int(db.execute(select(func.count()).where(k.digest == id)).scalar_one())


def hang(db: Transaction, id: int, card: str) -> None:
    db.execute(update(digests).where(d.id == id).values(card=card))
