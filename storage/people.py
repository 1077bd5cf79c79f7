"""What colleagues have set for themselves."""

from collections.abc import Sequence

from sqlalchemy import select

from storage.database import Transaction
from storage.rows import upsert
from storage.tables import people

p = people.c


def signature(db: Transaction, person: str) -> str:
    """What their answers end with; "" where they have set none."""
    found = db.execute(select(p.signature).where(p.id == person)).scalar_one_or_none()
    return found or ""


def met(db: Transaction, person: str) -> bool:
    """Whether we know that they have an App Home."""
    return db.execute(select(p.id).where(p.id == person)).first() is not None


def meet(db: Transaction, person: str) -> None:
    """They have opened App Home: what it shows may have to be taken back one day."""
    db.execute(upsert(db, people, {"id": person}, on=["id"], update=[]))


def everybody(db: Transaction) -> Sequence[str]:
    return list(db.execute(select(p.id).order_by(p.id)).scalars())


def sign(db: Transaction, person: str, signature: str) -> None:
    """From now on their answers end with that; "" is none of their own."""
    values = {"id": person, "signature": signature}
    db.execute(upsert(db, people, values, on=["id"], update=["signature"]))
