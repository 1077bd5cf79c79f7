"""Plain things to begin with: a customer, what she wrote, and the conversation about it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any, TypeVar

from bot.domain.conversation import Conversation
from bot.domain.mention import Customer, Kind, Mention
from storage import conversations, customers
from storage.database import Database
from tests.conftest import CARE, NOON

T = TypeVar("T")
MIRA = Customer(platform="demo", key="mira", handle="@mira", name="Mira")
WAITING = Conversation(
    account="demo",
    thread="d1",
    customer=1,
    team="care",
    kind=Kind.COMPLAINT,
    waiting_since=NOON,
    id=1,
).wind(CARE)
HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)


def mention(text: str = "My order is broken", **more: Any) -> Mention:
    usual = {"account": "demo", "key": "d1", "thread": "d1", "customer": MIRA, "posted_at": NOON}
    return Mention(**{**usual, "text": text, **more})


def remember(database: Database, thread: str = "d1", **more: Any) -> Conversation:
    """A conversation that is in the database."""
    with database.begin() as db:
        known = {"thread": thread, "customer": customers.meet(db, MIRA), "id": 0}
        begun = Conversation(**{**vars(WAITING), **known, **more})
        return conversations.open_new(db, begun)


def at_once(act: Callable[[int], T], times: int = 8) -> list[T]:
    """Everybody does it in the same moment; what each of them got."""
    together = Barrier(times)

    def one(number: int) -> T:
        together.wait(10)
        return act(number)

    with ThreadPoolExecutor(times) as people:
        return list(people.map(one, range(times)))
