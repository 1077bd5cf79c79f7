"""Saved replies: what a team says often."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, insert, select, update

from bot.domain.saved import Saved, Written
from storage.database import Transaction
from storage.rows import add as add_row
from storage.rows import as_object
from storage.tables import saved_replies

s = saved_replies.c


def everything(db: Transaction) -> Sequence[Saved]:
    """All of every team, by team, language and name."""
    found = db.execute(select(saved_replies).order_by(s.team, s.language, s.name, s.id))
    return [as_object(Saved, row) for row in found]


def get(db: Transaction, id: int) -> Saved | None:
    row = db.execute(select(saved_replies).where(s.id == id)).one_or_none()
    return as_object(Saved, row) if row else None


def named(db: Transaction, written: Written) -> int | None:
    """The one that has this name already, in this team and language."""
    same = (s.team == written.team, s.language == written.language, s.name == written.name)
    return db.execute(select(s.id).where(*same)).scalar_one_or_none()


def holding(db: Transaction, team: str) -> Sequence[Saved]:
    """Those that a team, or all teams, have approved to hold somebody with."""
    marked = select(saved_replies).where(s.holding, s.team.in_((team, "")))
    return [as_object(Saved, row) for row in db.execute(marked.order_by(s.id))]


def add(db: Transaction, written: Written, by: str, at: datetime) -> int:
    return add_row(db, saved_replies, {**_values(written), "by": by, "at": at})


def add_all(db: Transaction, written: Sequence[Written], by: str, at: datetime) -> None:
    if written:
        db.execute(
            insert(saved_replies),
            [{**_values(one), "holding": bool(one.holding), "by": by, "at": at} for one in written],
        )


def change(db: Transaction, id: int, written: Written, by: str, at: datetime) -> None:
    values = {**_values(written), "by": by, "at": at}
    db.execute(update(saved_replies).where(s.id == id).values(**values))


def remove(db: Transaction, id: int) -> None:
    db.execute(delete(saved_replies).where(s.id == id))


def _values(written: Written) -> dict[str, Any]:
    return {name: value for name, value in written._asdict().items() if value is not None}
