"""Very much of everything, written in a moment: to see what it costs, and that it still fits."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event, insert, select, text

from bot.domain.conversation import State
from bot.domain.mention import Kind
from storage import tables
from storage.conversations import as_conversation
from storage.database import Database
from tests.conftest import NOON
from tests.things import remember

PEOPLE = [f"U0P{number:04}" for number in range(40)]
STATES = [State.WAITING, State.CLAIMED, State.ANSWERED, State.DISMISSED]
WORDS = "Where is my parcel number {}? I ordered it three weeks ago and nobody tells me anything."


def fill(database: Database, many: int = 10_000, teams: tuple[str, ...] = ("care",)) -> None:
    """So many conversations, each of a customer of their own with three mentions; a third waits."""
    example = remember(database, thread="example")
    with database.begin() as db:
        conversations = tables.conversations
        row = db.execute(select(conversations).where(conversations.c.id == example.id)).one()
        like = dict(row._mapping)
        db.execute(insert(tables.customers), [_customer(n) for n in range(2, many + 2)])
        db.execute(insert(conversations), [like | _one(n, teams) for n in range(2, many + 2)])
        db.execute(
            insert(tables.mentions), [_said(n, m) for n in range(2, many + 2) for m in range(3)]
        )
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("ANALYZE"))
    assert as_conversation(row).id == example.id


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    """Every statement that is run meanwhile."""
    run: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        run.append(statement)

    event.listen(database, "before_cursor_execute", note)
    try:
        yield run
    finally:
        event.remove(database, "before_cursor_execute", note)


def _customer(number: int) -> dict[str, Any]:
    return {
        "id": number,
        "platform": "demo",
        "key": f"c{number}",
        "handle": f"@customer{number}",
        "name": f"Customer {number}",
        "tags": ["VIP"] if number % 10 == 0 else [],
    }


def _one(number: int, teams: tuple[str, ...]) -> dict[str, Any]:
    state = STATES[number % 4] if number % 3 else State.ANSWERED
    closed = state in (State.ANSWERED, State.DISMISSED)
    since = NOON - timedelta(minutes=number)
    return {
        "id": number,
        "thread": f"t{number}",
        "customer": number,
        "team": teams[number // 12 % len(teams)],
        "kind": list(Kind)[number % 4],
        "state": state,
        "owner": PEOPLE[number % len(PEOPLE)] if state is not State.WAITING else None,
        "waiting_since": since,
        "due_at": None if number % 7 == 0 else since + timedelta(hours=60),
        "closed_at": NOON if closed else None,
        "closed_by": PEOPLE[number % len(PEOPLE)] if closed else None,
        "verdict": ("kept" if number % 5 else "broken") if closed else None,
        "channel": "C0CARE",
        "card": f"{1793700000 + number}.000100",
    }


def _said(number: int, which: int) -> dict[str, Any]:
    words = WORDS.format(number) if which else f"My order {number} is broken, I want a refund!"
    return {
        "account": "demo",
        "key": f"{number}-{which}",
        "conversation": number,
        "customer": number,
        "thread": f"t{number}",
        "text": words * 3,
        "subject": "",
        "posted_at": NOON,
        "heard_at": NOON,
        "revision": "",
        "origin": "customer",
        "public": True,
        "deleted": False,
        "no_reply": "",
        "media": [],
        "extra": {},
    }
