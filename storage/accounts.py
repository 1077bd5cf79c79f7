"""How far each account has been read, and how it is."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update

from bot.domain.account import Account
from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import accounts

a = accounts.c


def take_turn(db: Transaction, name: str, at: datetime, every: timedelta) -> Account | None:
    """The account, if it is time to read it; of several workers, one gets it."""
    begin(db, name, at)
    set_back = a.failing_since.is_(None) & (a.next_poll_at > at + every)  # the clock was
    mine = (
        update(accounts)
        .where(a.name == name, (a.next_poll_at <= at) | set_back)
        .values(next_poll_at=at + every)
        .returning(accounts)
    )
    row = db.execute(mine).one_or_none()
    return as_object(Account, row) if row else None


def begin(db: Transaction, name: str, at: datetime) -> None:
    """There is one from now on; what was posted before is history."""
    begun = {"name": name, "started_at": at, "next_poll_at": at}
    db.execute(upsert(db, accounts, begun, on=["name"], update=[]))


def hold(db: Transaction, name: str) -> Account:
    held = select(accounts).where(a.name == name).with_for_update()
    return as_object(Account, db.execute(held).one())


def change(db: Transaction, name: str, **values: Any) -> None:
    db.execute(update(accounts).where(a.name == name).values(**values))


def all_of(db: Transaction) -> list[Account]:
    rows = db.execute(select(accounts).order_by(a.name))
    return [as_object(Account, row) for row in rows]


def take_recheck(db: Transaction, name: str, at: datetime, every: timedelta) -> bool:
    """Whether it is time to ask what became of known posts; of several workers, one is told so."""
    due = a.rechecked_at.is_(None) | (a.rechecked_at <= at - every)
    mine = update(accounts).where(a.name == name, due).values(rechecked_at=at)
    return bool(db.execute(mine).rowcount)


def wake(db: Transaction, name: str, at: datetime, *, mended: bool = False) -> None:
    """Read it as soon as possible. One that fails keeps its distance, unless it may be mended."""
    calm = a.failing_since.is_(None)
    theirs = update(accounts).where(a.name == name, *([] if mended else [calm]))
    db.execute(theirs.values(next_poll_at=at))
