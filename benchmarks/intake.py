"""What a mention costs that comes in: with everything it brings, without and with triage."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from datetime import timedelta
from itertools import count
from typing import Any
from unittest.mock import patch

from sqlalchemy import Column, Row, Table, func, insert, select

from adapters import Batch
from benchmarks.grounds import NOON, assembled, database
from benchmarks.harness import Figure, Ground, Wanted, bench, in_pairs, timed
from bot.domain.guess import Guess, Lane
from bot.domain.mention import Customer, Kind, Mention
from bot.playground import customers_words
from bot.triage import Triage
from storage import tables
from storage.database import Database

BATCH = 100
WROTE = (
    tables.customers,
    tables.conversations,
    tables.mentions,
    tables.journal,
    tables.outbox,
    tables.guesses,
)
NUMBERS = count(1)
Wrote = list[tuple[Table, list[dict[str, Any]]]]


@bench("intake")
def intake(ground: Ground) -> Figure:
    """A page of 100 mentions taken in, with customer, conversation, clock, journal and card owed.

    Beside it the very rows that this wrote, inserted into another database of the same kind by bare
    SQLAlchemy Core: one `insert` for each table, one transaction. Triage is left out.
    """
    with database(ground) as ours, database(ground) as theirs, without_triage():
        taken = Taken(ours, remembers=True)
        taken.page()  # so that there is something to insert, whoever comes first

        def bare() -> float:
            rows = taken.wrote.popleft()
            return timed(lambda: _insert(theirs, rows), per=BATCH)

        mine, limit = in_pairs(taken.page, bare, rounds=2 * ground.scale(40, least=2))
    return Figure(
        name="intake, a mention with all it brings",
        ours=mine,
        limit=limit,
        wanted=[Wanted("ratio", most=2.0)],
    )


@bench("intake")
def intake_with_triage(ground: Ground) -> Iterator[Figure]:
    """The same page with triage, beside triage alone over the same texts.

    And beside both halves, each measured on its own: what the two cost together.
    """
    with database(ground) as ours:
        taken, triage = Taken(ours), Triage()

        def alone() -> float:
            return timed(lambda: [triage.guess(mention) for mention in taken.said], per=BATCH)

        rounds = ground.scale(40, least=2)
        mine, limit = in_pairs(taken.page, alone, rounds=rounds)
        with without_triage():
            bare = [taken.page() for _ in range(rounds)]
    halves = [a + b for a, b in zip(bare, limit, strict=True)]
    name = "intake with triage"
    yield Figure(
        name=f"{name}, to triage alone", ours=mine, limit=limit, wanted=[Wanted("ratio", most=1.3)]
    )
    yield Figure(
        name=f"{name}, to both halves", ours=mine, limit=halves, wanted=[Wanted("ratio", most=1.3)]
    )


class Taken:
    """Takes in one page after the other, and remembers the last."""

    def __init__(self, database: Database, *, remembers: bool = False) -> None:
        self.database, self.bot, self.remembers = database, assembled(database), remembers
        self.wrote: deque[Wrote] = deque()
        self.bot.intake.poll("demo", self.bot.adapters["demo"])
        self.said: Sequence[Mention] = page()

    def page(self) -> float:
        with self.database.begin() as db:
            cursor = db.execute(select(tables.accounts.c.cursor)).scalar_one()
        self.said = page()
        batch = Batch(mentions=self.said, cursor=f"{next(NUMBERS)}")
        receive = self.bot.intake.receive
        took = timed(lambda: receive("demo", batch, read_from=cursor), per=BATCH)
        if self.remembers:
            self.wrote.append(self._rows())
        return took

    def _rows(self) -> Wrote:
        """All that the last page wrote."""
        with self.database.begin() as db:
            top = {t: db.execute(select(func.max(_number(t)))).scalar_one() for t in WROTE}
            found = {t: db.execute(select(t).where(_number(t) > top[t] - BATCH)) for t in WROTE}
            return [(t, [_plain(row) for row in rows]) for t, rows in found.items()]


def _number(table: Table) -> Column[int]:
    """What rows of a table are counted by."""
    return table.c.mention if table is tables.guesses else table.c.id


def page() -> list[Mention]:
    """A hundred customers who have never written before."""
    return [_mention(next(NUMBERS)) for _ in range(BATCH)]


def _mention(number: int) -> Mention:
    who = Customer(
        platform="demo", key=f"c{number}", handle=f"@c{number}", name=f"Customer {number}"
    )
    return Mention(
        account="demo",
        key=f"d{number}",
        thread=f"d{number}",
        customer=who,
        text=WORDS[number % len(WORDS)],
        posted_at=NOON + timedelta(milliseconds=number),
        url=f"https://demo.example/post/d{number}",
        language="en",
    )


def _words() -> list[str]:
    """What the playground's customers say."""
    found: list[str] = []
    for value in vars(customers_words).values():
        _gather(value, found.append)
    return sorted({text for text in found if len(text) > 30})


def _gather(value: Any, keep: Callable[[str], object]) -> None:
    if isinstance(value, str):
        keep(value)
    elif isinstance(value, dict):
        _gather(list(value.values()), keep)
    elif isinstance(value, (list, tuple)):
        for each in value:
            _gather(each, keep)


WORDS = _words()


def _insert(database: Database, rows: Sequence[tuple[Table, list[dict[str, Any]]]]) -> None:
    with database.begin() as db:
        for table, values in rows:
            db.execute(insert(table), values)


def _plain(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)


@contextmanager
def without_triage() -> Iterator[None]:
    """Every mention is a question, at no cost."""
    question = Guess(kind=Kind.QUESTION, lane=Lane.QUESTION, because="")
    with (
        patch.object(Triage, "guess", lambda *_, **__: question),
        patch.object(Triage, "ahead", lambda *_: nullcontext()),
    ):
        yield
