"""What was forgotten is found, and nothing else."""

import time

import pytest
from sqlalchemy import insert, text, update

from bot.domain.conversation import State
from bot.domain.delivery import Errand
from bot.domain.health import MISSED, Missed
from bot.domain.mention import Kind
from storage import health, outbox, workers
from storage.database import reading
from storage.tables import conversations, unreadable
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, SECOND, remember


def books(database, at=NOON):
    with reading(database) as db:
        return health.books(db, at)


def owe(database, key, *, lane="x", errand=Errand.NOTICE, at=NOON, conversation=None):
    with database.begin() as db:
        outbox.put(
            db,
            errand,
            key=key,
            lane=lane,
            destination="C0CARE",
            urgency=1,
            at=at,
            conversation=conversation,
        )


def mark(database, number, **values):
    with database.begin() as db:
        db.execute(update(conversations).where(conversations.c.id == number).values(**values))


def test_an_empty_database_has_nothing_to_tell(database):
    found = books(database)

    assert (found.waiting, found.dead, found.owed_since, found.unsaid_since) == (0, 0, None, None)
    assert (found.uncalled, found.cardless, found.unreadable) == (Missed(), Missed(), {})
    assert found.workers == 1


def test_what_waits_and_what_is_dead_is_counted_apart(database):
    owe(database, "dead", at=NOON - HOUR)
    with database.begin() as db:
        taken = outbox.take(db, NOON, MINUTE)
        outbox.give_up(db, taken, "why", NOON)
    owe(database, "old", at=NOON - MINUTE)
    owe(database, "new")

    found = books(database)

    assert (found.waiting, found.owed_since, found.dead) == (2, NOON - MINUTE, 1)


def test_a_nag_is_unsaid_from_when_it_is_due_until_slack_has_it(database):
    number = remember(database).id
    mark(database, number, next_nag_at=NOON - SECOND, card="1.0")
    assert books(database).unsaid_since == NOON - SECOND
    assert books(database, NOON - MINUTE).unsaid_since is None

    mark(database, number, next_nag_at=NOON + HOUR)
    owe(database, "nag", errand=Errand.NAG, at=NOON - MINUTE)

    assert books(database).unsaid_since == NOON - MINUTE


def test_who_should_have_been_called_five_minutes_ago_is_found(database):
    number = remember(database).id
    mark(database, number, next_nag_at=NOON - MISSED + SECOND, card="1.0")
    assert books(database).uncalled == Missed()

    mark(database, number, next_nag_at=NOON - MISSED)
    assert books(database).uncalled == Missed(many=1, number=number, since=NOON - MISSED)

    mark(database, number, state=State.ANSWERED)
    assert books(database).uncalled == Missed()


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, True),
        ({"card": "1.0"}, False),
        ({"digest": 7}, False),
        ({"kind": Kind.QUESTION}, False),
        ({"quiet": True}, False),
        ({"state": State.ANSWERED}, False),
        ({"waiting_since": NOON - MINUTE}, False),
    ],
)
def test_a_complaint_that_nothing_shows_is_found(database, changed, found):
    number = remember(database).id
    mark(database, number, **{"waiting_since": NOON - HOUR, "kind": Kind.COMPLAINT, **changed})

    assert books(database).cardless.number == (number if found else 0)


def test_a_complaint_whose_card_is_on_its_way_is_not_forgotten(database):
    number = remember(database).id
    mark(database, number, waiting_since=NOON - HOUR, kind=Kind.COMPLAINT)
    owe(database, "card", lane=f"slack:{number}", errand=Errand.CARD, conversation=number)
    assert books(database).cardless == Missed()

    with database.begin() as db:
        outbox.give_up(db, outbox.take(db, NOON, MINUTE), "why", NOON)

    assert books(database).cardless.many == 1


def test_what_could_not_be_read_is_counted_by_account(database):
    with database.begin() as db:
        for key in ("1", "2"):
            row = {"account": "demo", "key": key, "raw": "", "problem": "", "at": NOON}
            db.execute(insert(unreadable).values(**row))

    assert books(database).unreadable == {"demo": 2}


def test_workers_count_while_they_say_that_they_are_there(database):
    with database.begin() as db:
        workers.here(db, "one", NOON)
        workers.here(db, "two", NOON - workers.ALIVE)
        workers.here(db, "three", NOON)
        workers.here(db, "three", NOON + SECOND)
    assert books(database).workers == 2

    with database.begin() as db:
        assert workers.silent(db, {"one", "two"}, NOON) == {"two"}
        workers.gone(db, "one")
    assert books(database).workers == 1


def test_who_has_been_silent_for_an_hour_is_forgotten(database):
    with database.begin() as db:
        workers.here(db, "old", NOON)
        workers.here(db, "new", NOON + 2 * HOUR)

        assert db.execute(text("SELECT name FROM workers")).scalars().all() == ["new"]


def test_looking_costs_the_same_however_much_is_open(database):
    """Every question is one to an index that holds only what is asked for."""
    number = remember(database, thread="first").id
    mark(database, number, card="1.0", next_nag_at=NOON + HOUR)
    few = min(timed(database) for _ in range(9))
    copy(database, 50_000)

    much = min(timed(database) for _ in range(9))

    assert much < 3 * few + 0.005


def copy(database, times):
    columns = ", ".join(c.name for c in conversations.c if c.name not in ("id", "thread"))
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {times})"
    into = f"INSERT INTO conversations (thread, {columns})"
    copies = f"SELECT 't' || i, {columns} FROM conversations, n WHERE thread = 'first'"
    with database.begin() as db:
        db.execute(text(f"{into} {numbers} {copies}"))


def timed(database):
    began = time.perf_counter()
    books(database)
    return time.perf_counter() - began
