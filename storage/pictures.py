"""Customers' pictures that were taken into Slack, each once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import pictures

p = pictures.c


@dataclass(frozen=True, kw_only=True)
class Picture:
    """A picture at an address: Slack's id of it, or why it could not be taken in."""

    address: str
    conversation: int
    at: datetime
    file: str | None = None
    trouble: str | None = None


def begin(db: Transaction, address: str, conversation: int, at: datetime) -> bool:
    """Note that it is to be taken in; False when somebody has noted that before."""
    values = {"address": address, "conversation": conversation, "at": at}
    noted = upsert(db, pictures, values, on=["address"], update=[]).returning(p.address)
    return db.execute(noted).first() is not None


def keep(db: Transaction, picture: Picture) -> None:
    values = {
        "address": picture.address,
        "conversation": picture.conversation,
        "file": picture.file,
        "trouble": picture.trouble,
        "at": picture.at,
    }
    same = ["address"]
    db.execute(upsert(db, pictures, values, on=same, update=["file", "trouble", "at"]))


def get(db: Transaction, address: str) -> Picture | None:
    row = db.execute(select(pictures).where(p.address == address)).one_or_none()
    return as_object(Picture, row) if row else None


def files(db: Transaction, addresses: Sequence[str]) -> Mapping[str, str]:
    """Slack's id of each that could be taken in, by its address."""
    if not addresses:
        return {}
    found = db.execute(select(p.address, p.file).where(p.address.in_(addresses)))
    return {row.address: row.file for row in found if row.file}
