"""Questions that somebody asks again and again, by a name of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import saved_views

s = saved_views.c
MOST = 20  # of one person


@dataclass(frozen=True, kw_only=True)
class SavedView:
    """`query` is as it was typed: "mine since:monday" means another Monday each week."""

    name: str
    query: str


def of_person(db: Transaction, person: str) -> Sequence[SavedView]:
    """By name."""
    theirs = select(saved_views).where(s.person == person).order_by(func.lower(s.name), s.name)
    return [as_object(SavedView, row) for row in db.execute(theirs)]


def find(db: Transaction, person: str, name: str) -> SavedView | None:
    """By its name, in small or large letters."""
    called = name.casefold()
    return next((v for v in of_person(db, person) if v.name.casefold() == called), None)


def keep(db: Transaction, person: str, name: str, query: str, at: datetime) -> bool:
    """Under a name that is there already it takes that one's place; False: there are too many."""
    known = find(db, person, name)
    if known is None and len(of_person(db, person)) >= MOST:
        return False
    if known and known.name != name:
        drop(db, person, known.name)
    values = {"person": person, "name": name, "query": query, "at": at}
    db.execute(upsert(db, saved_views, values, on=["person", "name"], update=["query", "at"]))
    return True


def drop(db: Transaction, person: str, name: str) -> bool:
    """False when it is not there any more."""
    known = find(db, person, name)
    if known:
        db.execute(delete(saved_views).where(s.person == person, s.name == known.name))
    return known is not None
