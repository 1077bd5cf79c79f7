"""Who the customers are."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, func, select, update

from bot.domain.case import Past
from bot.domain.conversation import State
from bot.domain.mention import Customer
from storage.database import Transaction
from storage.rows import as_object, as_row, upsert
from storage.tables import conversations, customers

c = customers.c
BESIDE = [column.label(f"by_{column.name}") for column in c]  # to select them with what they wrote


def beside(row: Row[Any]) -> Customer:
    """The customer in a row that was selected with `BESIDE`."""
    by = {name[3:]: value for name, value in row._mapping.items() if name.startswith("by_")}
    return as_object(Customer, by)


def meet(db: Transaction, customer: Customer) -> int:
    """The id of this customer, with the handle and name they have now.

    Who is known and has not changed is only looked at: a lock would last until the page ends.
    """
    known = select(customers).where(c.platform == customer.platform, c.key == customer.key)
    row = db.execute(known).one_or_none()
    if row and as_object(Customer, row) == customer:
        return int(row.id)
    values = as_row(customer, customers)
    changing = ["handle", "name", "url", "followers"]
    db.execute(upsert(db, customers, values, on=["platform", "key"], update=changing))
    return int(db.execute(known).one().id)


def get(db: Transaction, id: int) -> Customer:
    return as_object(Customer, db.execute(select(customers).where(c.id == id)).one())


def tags(db: Transaction, id: int) -> Sequence[str]:
    """The words that somebody put on this customer."""
    return tuple(db.execute(select(c.tags).where(c.id == id)).scalar_one())


def tag(db: Transaction, id: int, tags: Sequence[str]) -> None:
    db.execute(update(customers).where(c.id == id).values(tags=list(tags)))


def past(db: Transaction, id: int, *, but: int) -> Past:
    """What was before the conversation `but`."""
    k = conversations.c
    others = (k.customer == id, k.id != but)
    times = db.execute(select(func.count()).where(*others)).scalar_one()
    newest = select(k.state, k.closed_at).where(*others).order_by(k.waiting_since.desc()).limit(1)
    last = db.execute(newest).one_or_none()
    if last is None:
        return Past()
    return Past(times=times, last_state=State(last.state), last_closed_at=last.closed_at)
