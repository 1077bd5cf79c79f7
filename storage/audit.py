"""The audit: who did what when, and by which way. Rows are only ever added."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import insert, select

from storage.database import Transaction
from storage.rows import as_object
from storage.tables import audit

a = audit.c


@dataclass(frozen=True, kw_only=True)
class Done:
    """One thing that somebody did; `via` is the button, the command or the form."""

    at: datetime
    by: str
    via: str
    what: str
    conversation: int | None
    about: Mapping[str, Any]


def write(
    db: Transaction,
    at: datetime,
    by: str,
    via: str,
    what: str,
    conversation: int | None,
    about: Mapping[str, Any],
) -> None:
    values = {"at": at, "by": by, "via": via, "what": what, "conversation": conversation}
    db.execute(insert(audit).values(**values, about=dict(about)))


def of_conversation(db: Transaction, conversation: int, *, most: int = 100) -> list[Done]:
    """The newest first."""
    theirs = select(audit).where(a.conversation == conversation).order_by(a.id.desc())
    return [as_object(Done, row) for row in db.execute(theirs.limit(most))]


def since(db: Transaction, start: datetime) -> Iterator[Done]:
    """All of it from then on, oldest first."""
    rows = db.execute(select(audit).where(a.at >= start).order_by(a.id))
    return (as_object(Done, row) for row in rows)
