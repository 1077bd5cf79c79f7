"""What the addresses of schedules gave last, and how they are."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import delete, select, update

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import schedules

s = schedules.c


@dataclass(frozen=True, kw_only=True)
class Schedule:
    """`fetched_at` is when it was asked last; `text` is the last one that could be read.

    `address` is its `key`: addresses may hold secrets, and no database needs to know those.
    """

    address: str
    text: str | None = field(default=None, repr=False)
    fetched_at: datetime | None = None
    trouble: str | None = None
    failing_since: datetime | None = None

    def due(self, at: datetime, every: timedelta, again: timedelta) -> bool:
        """Whether it is time to ask: soon again while it fails; a clock set back counts as time."""
        if self.fetched_at is None or self.fetched_at > at:
            return True
        calm = self.text is not None and self.failing_since is None
        return at - self.fetched_at >= (every if calm else again)


def key(address: str) -> str:
    """What stands for it in the database."""
    return sha256(address.encode()).hexdigest()


def take_turn(
    db: Transaction, address: str, at: datetime, every: timedelta, again: timedelta
) -> Schedule | None:
    """The schedule as it was, if it is time to ask; of several workers, one gets it."""
    which = {"address": key(address)}
    db.execute(upsert(db, schedules, which, on=["address"], update=[]))
    held = select(schedules).where(s.address == key(address)).with_for_update()
    schedule = as_object(Schedule, db.execute(held).one())
    if not schedule.due(at, every, again):
        return None
    db.execute(update(schedules).where(s.address == key(address)).values(fetched_at=at))
    return schedule


def came(db: Transaction, address: str, text: str) -> None:
    """It is well: this is what it says."""
    values = {"text": text, "trouble": None, "failing_since": None}
    db.execute(update(schedules).where(s.address == key(address)).values(**values))


def failed(db: Transaction, address: str, why: str, since: datetime) -> None:
    """It could not be read; the last text stays."""
    values = {"trouble": why, "failing_since": since}
    db.execute(update(schedules).where(s.address == key(address)).values(**values))


def all_of(db: Transaction) -> list[Schedule]:
    """All of them, without their texts: they are long."""
    rows = db.execute(select(s.address, s.fetched_at, s.trouble, s.failing_since))
    return [as_object(Schedule, dict(row._mapping)) for row in rows]


def text(db: Transaction, address: str) -> str | None:
    """What it said last; None if it never could be read."""
    return db.execute(select(s.text).where(s.address == key(address))).scalar()


def forget_others(db: Transaction, addresses: Collection[str]) -> None:
    """Nobody names any other address now. What an earlier version kept, by the address, is kept on
    by its key."""
    for address in addresses:
        known = select(s.address).where(s.address == key(address))
        if db.execute(known).first() is None:
            now = {"address": key(address)}
            db.execute(update(schedules).where(s.address == address).values(**now))
    db.execute(delete(schedules).where(s.address.not_in([*map(key, addresses)])))
