"""What is wrong with us, since when, and who has been told: one list of all workers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select, update

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import ailments

a = ailments.c


@dataclass(frozen=True, kw_only=True)
class Known:
    """`told` is the key of the notice in the outbox.

    `road` is the last other way that was tried, and `called` the key of that.

    `worker` is empty where it concerns everybody.
    """

    what: str
    worker: str
    since: datetime
    seen_at: datetime
    told: str | None = None
    road: int | None = None
    called: str | None = None
    called_at: datetime | None = None


def seen(db: Transaction, what: str, worker: str, at: datetime) -> None:
    """It is there, since now if nobody knew."""
    row = {"what": what, "worker": worker, "since": at, "seen_at": at}
    db.execute(upsert(db, ailments, row, on=["what", "worker"], update=["seen_at"]))


def hold_all(db: Transaction) -> Sequence[Known]:
    """All that is known; of several workers, one tells."""
    held = select(ailments).order_by(a.what, a.worker).with_for_update()
    return [as_object(Known, row) for row in db.execute(held)]


def change(db: Transaction, known: Known, **values: Any) -> None:
    db.execute(update(ailments).where(*_this(known)).values(**values))


def over(db: Transaction, known: Known) -> None:
    db.execute(delete(ailments).where(*_this(known)))


def _this(known: Known) -> Any:
    return a.what == known.what, a.worker == known.worker
