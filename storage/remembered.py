"""Cards that Slack has, and a database that was set back does not know."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, text

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import conversations, remembered

r = remembered.c


@dataclass(frozen=True, kw_only=True)
class Lost:
    """`mention` is the first that the card is about, as cards name it."""

    mention: str
    channel: str
    card: str
    number: int
    at: datetime


def keep(db: Transaction, lost: Iterable[Lost]) -> None:
    """Their numbers are given to nobody else: old buttons still name them."""
    for each in lost:
        update = ["channel", "card", "number", "at"]
        db.execute(upsert(db, remembered, vars(each), on=["mention"], update=update))
    if db.dialect.name == "postgresql" and (highest := _highest(db)):
        sequence = "pg_get_serial_sequence('conversations', 'id')"
        ahead = f"SELECT setval({sequence}, greatest(:highest, nextval({sequence})))"
        db.execute(text(ahead), {"highest": highest})


def by_mention(db: Transaction) -> Mapping[str, Lost]:
    rows = [as_object(Lost, row) for row in db.execute(select(remembered))]
    return {each.mention: each for each in rows}


def free_number(db: Transaction) -> int:
    """For the next conversation, where the database would give out what was lost; 0: it would not.

    SQLite goes on from the highest that it has.
    """
    if db.dialect.name == "postgresql":
        return 0
    taken = db.execute(select(func.max(conversations.c.id))).scalar_one() or 0
    return _highest(db) + 1 if _highest(db) > taken else 0


def drop(db: Transaction, mention: str) -> None:
    """It has its conversation again. The highest number stays until that is taken."""
    db.execute(delete(remembered).where(r.mention == mention))


def _highest(db: Transaction) -> int:
    return int(db.execute(select(func.max(r.number))).scalar_one() or 0)
