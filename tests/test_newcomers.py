"""A page that is taken in together leaves what the same page leaves that is taken in one by one."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from adapters import Batch
from bot.copies import Copies
from bot.domain.mention import Customer, Mention, Origin
from bot.hearing import Hearing
from bot.newcomers import Newcomers
from storage import accounts, customers, tables
from storage.database import connect
from tests.conftest import NOON, Assembled
from tests.things import mention

WROTE = (
    tables.customers,
    tables.conversations,
    tables.mentions,
    tables.guesses,
    tables.journal,
    tables.outbox,
    tables.arrivals,
)
NUMBERED = ("id", "conversation", "customer", "mention", "key", "lane", "detail")
LATER = timedelta(minutes=1)


@pytest.fixture
def pair(migrated_sqlite, tmp_path, slack, demo, clock):
    """Two bots, each over a database of its own, which began at the same moment."""
    bots = []
    for name in ("together", "one by one"):
        file = tmp_path / f"{name}.db"
        file.write_bytes(migrated_sqlite)
        bot = Assembled(connect(f"sqlite:///{file}"), slack, demo, clock)()
        bot.intake.poll("demo", demo)
        bots.append(bot)
    yield bots
    for bot in bots:
        bot.desk.database.dispose()


def said(number: int, by: str = "", **more: Any) -> Mention:
    who = Customer(platform="demo", key=by or f"c{number}", handle=f"@{by or number}")
    at = NOON + number * timedelta(seconds=1)
    own = {"key": f"d{number}", "thread": f"d{number}", "customer": who, "posted_at": at}
    return mention(**{"text": f"My order {number} is broken", **own, **more})


NEW = [said(number) for number in range(6)]
PAGES = {
    "all new": NEW,
    "one customer twice": [*NEW, said(7, by="c1"), said(8, by="c1", text="thanks!")],
    "one thread twice": [*NEW, said(7, thread="d2", parent="d2", by="c2")],
    "two in one thread": [*NEW, said(7, thread="d2", by="else")],
    "one post twice": [*NEW, replace(NEW[2], revision="2", text="It is fine now")],
    "the brand answered it": [*NEW, said(7, by="acme", origin=Origin.OWN, parent="d3")],
    "answered before it was asked": [
        said(-1, by="acme", origin=Origin.OWN, parent="d3", thread="d3"),
        *NEW,
    ],
    "machines and what is gone": [
        *NEW,
        said(7, origin=Origin.AUTOMATED),
        said(8, origin=Origin.REPOST, thread="d1"),
        said(9, deleted=True),
    ],
    "history": [*NEW, *(said(-n, key=f"h{n}", thread=f"h{n}") for n in range(100, 105))],
    "what no database keeps": [*NEW, said(7, text="a\0b\ud800c")],
}


BEFORE = {
    "an answer of the brand's": [said(1, by="acme", key="a", origin=Origin.OWN, parent="d3")],
    "the thread": [said(1, key="b", thread="d2", by="c2")],
    "a post": [NEW[4]],
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
def test_what_was_there_before_is_seen_by_both(pair, before):
    for bot, hear in zip(pair, (Hearing.hear_all, Hearing.hear_what_can_be_heard), strict=True):
        bot.intake._write("demo", Batch(mentions=before, cursor="1"), hear, read_from="0")
        bot.intake._write("demo", Batch(mentions=NEW, cursor="2"), hear, read_from="1")

    assert left(pair[0]) == left(pair[1])


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_together_is_as_one_by_one(pair, page):
    together, single = pair

    for bot, hear in ((together, Hearing.hear_all), (single, Hearing.hear_what_can_be_heard)):
        told = Batch(mentions=page, cursor="1")
        assert bot.intake._write("demo", told, hear, read_from="0") >= len(NEW)
        again = Batch(mentions=[*page[:4], said(50)], cursor="2")
        assert bot.intake._write("demo", again, hear, read_from="1") == 1

    assert left(together) == left(single)


def test_who_is_known_has_their_tags_in_a_new_conversation(pair):
    for bot in pair:
        with bot.desk.database.begin() as db:
            number = customers.meet(db, NEW[1].customer)
            customers.tag(db, number, ["VIP"])
            customers.belong(db, customers.meet(db, NEW[2].customer), number)

    for bot, hear in zip(pair, (Hearing.hear_all, Hearing.hear_what_can_be_heard), strict=True):
        bot.intake._write("demo", Batch(mentions=NEW, cursor="1"), hear, read_from="0")

    assert left(pair[0]) == left(pair[1])
    tagged = [row["thread"] for row in left(pair[0])["conversations"] if row["tags"] == ("VIP",)]
    assert tagged == ["d1", "d2"]


def _newcomers(bot, db, page):
    copies = Copies(db, bot.desk.now())
    return Newcomers(bot.desk, db, accounts.hold(db, "demo"), page, copies)


def test_only_what_stands_alone_is_taken_in_together(pair):
    page = [*NEW, said(7, thread="d2"), said(8, parent="d0"), said(9, origin=Origin.OWN)]
    bot = pair[0]

    with bot.desk.database.begin() as db:
        found = _newcomers(bot, db, page).new

    assert found == {"d1", "d3", "d4", "d5"}


def left(bot: Any) -> dict[str, list[dict[str, Any]]]:
    """All that was written down, by what it is about: numbers may differ."""
    with bot.desk.database.begin() as db:
        rows = {table.name: db.execute(select(table)).mappings().all() for table in WROTE}
    threads = {row["id"]: row["thread"] for row in rows["conversations"]}
    people = {row["id"]: row["key"] for row in rows["customers"]}
    return {name: _plain(found, threads, people) for name, found in rows.items()}


def _plain(
    rows: Sequence[Any], threads: dict[int, str], people: dict[int, str]
) -> list[dict[str, Any]]:
    plain = [
        {
            **{name: value for name, value in row.items() if name not in NUMBERED},
            "of": threads.get(row.get("conversation") or 0),
            "by": people.get(row.get("customer") or 0),
        }
        for row in rows
    ]
    return sorted(plain, key=repr)
