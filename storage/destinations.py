"""How fast we may speak where, for all workers together."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, or_, select, update

from storage.database import Transaction
from storage.rows import upsert
from storage.tables import destinations

d = destinations.c

POST = timedelta(milliseconds=1020)  # Slack takes about one message a second and channel
EDIT = timedelta(milliseconds=1250)  # chat.update is tier 3: fifty a minute
TOLERANCE = timedelta(milliseconds=2040)  # so a quiet channel takes three at once
EDITS = "chat.update"  # edits share one pace over all channels

FAR = timedelta(seconds=10)  # further ahead than any pace gets: the clock was set back

BEGINNING = datetime.fromisoformat("2000-01-01T00:00:00Z")


def step(db: Transaction, name: str, at: datetime, pace: timedelta) -> bool:
    """Move the pace on by one message, if it allows one now."""
    paced_until = _hold(db, name).paced_until
    if at + TOLERANCE < paced_until <= at + FAR:
        return False
    begins = paced_until if at < paced_until <= at + FAR else at
    _change(db, name, paced_until=begins + pace)
    return True


def in_pace(paced_until: ColumnElement[datetime], at: datetime) -> ColumnElement[bool]:
    """Whether `step` would allow one now; a destination that nobody has spoken to has no pace."""
    free = or_(paced_until <= at + TOLERANCE, paced_until > at + FAR)
    return or_(paced_until.is_(None), free)


def close(db: Transaction, name: str, until: datetime) -> None:
    """Nothing goes there until then: the other side asked for it."""
    _change(db, name, closed_until=max(_hold(db, name).closed_until, until))


def troubled(db: Transaction, name: str, why: str) -> bool:
    """Note that nothing gets through there; True when nobody knew."""
    unknown = _hold(db, name).trouble is None
    _change(db, name, trouble=why)
    return unknown


def well(db: Transaction, name: str) -> None:
    mended = update(destinations).where(d.name == name, d.trouble.is_not(None))
    db.execute(mended.values(trouble=None))


def open_all(db: Transaction) -> None:
    """Try everything again: somebody may have mended it and restarted us."""
    db.execute(update(destinations).values(closed_until=BEGINNING, trouble=None))


def _hold(db: Transaction, name: str) -> Row[Any]:
    new = {"name": name, "paced_until": BEGINNING, "closed_until": BEGINNING}
    db.execute(upsert(db, destinations, new, on=["name"], update=[]))
    return db.execute(select(destinations).where(d.name == name).with_for_update()).one()


def _change(db: Transaction, name: str, **values: Any) -> None:
    db.execute(update(destinations).where(d.name == name).values(**values))
