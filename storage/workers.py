"""Who is at work: each worker says so again and again, and each process at the door."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select

from storage.database import Transaction
from storage.rows import upsert
from storage.tables import workers

w = workers.c

DOOR = "web:"  # how the name of a process at the door begins
AT_THE_DOOR = w.name.startswith(DOOR)
ALIVE = timedelta(minutes=1)  # since a worker said so last; each does every few seconds


def here(db: Transaction, name: str, at: datetime) -> None:
    """This one is at work; who has been silent for an hour is forgotten."""
    row = {"name": name, "seen_at": at}
    db.execute(upsert(db, workers, row, on=["name"], update=["seen_at"]))
    db.execute(delete(workers).where(w.seen_at < at - timedelta(hours=1)))


def gone(db: Transaction, name: str) -> None:
    db.execute(delete(workers).where(w.name == name))


def living(db: Transaction, at: datetime) -> int:
    """How many workers; this one counts even before it has said so."""
    return max(1, _alive(db, at, ~AT_THE_DOOR))


def doors(db: Transaction, at: datetime) -> int:
    """How many processes take in webhooks."""
    return _alive(db, at, AT_THE_DOOR)


def _alive(db: Transaction, at: datetime, which: ColumnElement[bool]) -> int:
    seen = select(func.count()).where(w.seen_at > at - ALIVE, which)
    return int(db.execute(seen).scalar_one())


def silent(db: Transaction, names: set[str], at: datetime) -> set[str]:
    """Those of them that are not at work any more."""
    alive = select(w.name).where(w.name.in_(names), w.seen_at > at - ALIVE)
    return names - set(db.execute(alive).scalars())
