"""What App Home asks for: each part in one question, however much there is."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import insert, update

from bot.domain.conversation import State
from storage import customers, overview, replies, saved_views, tables
from storage.database import reading
from storage.overview import RELATIONSHIPS
from storage.saved_views import MOST, SavedView
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, MIRA, remember

ANA, BEN = "U0ANA", "U0BEN"
MINE = {"owner": ANA, "state": State.CLAIMED}


def asked(database, question, *more, **window):
    with reading(database) as db:
        return question(db, *more, **window)


def somebody(database, key, **row) -> int:
    with database.begin() as db:
        id = customers.meet(db, replace(MIRA, key=key))
        if row:
            db.execute(update(tables.customers).where(tables.customers.c.id == id).values(**row))
        return id


def drafted(database, conversation, text, at=NOON, by=ANA):
    with database.begin() as db:
        replies.keep_draft(db, conversation.id, by, text, at)


def test_drafts_are_ones_own_of_what_is_still_open_newest_first(database):
    a, b = remember(database, thread="a"), remember(database, thread="b")
    drafted(database, a, "Dear Mira", NOON)
    drafted(database, b, "Hello", NOON + MINUTE)
    drafted(database, remember(database, thread="bens"), "x", by=BEN)
    drafted(database, remember(database, thread="empty"), "")
    drafted(database, remember(database, thread="over", state=State.ANSWERED), "x")
    drafted(database, remember(database, thread="old"), "x", NOON - MINUTE)

    found = asked(database, overview.drafts_of, ANA, most=5)
    first = asked(database, overview.drafts_of, ANA, most=1)

    assert [(each.conversation.thread, each.text) for each in found.found] == [
        ("b", "Hello"),
        ("a", "Dear Mira"),
    ]
    assert (found.many, first.many, len(first.found)) == (2, 2, 1)
    assert found.found[0].customer == MIRA


def test_follow_ups_are_ones_own_that_are_still_to_come_soonest_first(database):
    known = remember(database)
    row = {"conversation": known.id, "by": ANA, "at": NOON, "text": "does it work?"}
    rows = [
        row | {"due_at": NOON + 2 * HOUR},
        row | {"due_at": NOON + HOUR},
        row | {"due_at": NOON, "by": BEN},
        row | {"due_at": NOON, "done_at": NOON},
    ]
    with database.begin() as db:
        for each in rows:
            db.execute(insert(tables.follow_ups).values(**each))

    found = asked(database, overview.follow_ups_of, ANA, most=5)

    assert [each.at for each in found.found] == [NOON + HOUR, NOON + 2 * HOUR]
    assert (found.many, found.found[0].text) == (2, "does it work?")


def ended(database, conversation, **more):
    usual = {
        "conversation": conversation.id,
        "team": "care",
        "owed": "first answer",
        "rule": "complaint",
        "kind": "complaint",
        "since": NOON,
        "ended_at": NOON,
        "how": "answered",
        "by": ANA,
        "verdict": "kept",
        "response": 60,
        "worked": 60,
        "late": 0,
        "overrun": 0,
        "nags": 0,
        "called": (),
        "pauses": (),
        "policy": "x",
    }
    with database.begin() as db:
        db.execute(insert(tables.verdicts).values(**usual | more))


def test_figures_are_of_ones_own_answers_since_then(database):
    known = remember(database)
    for minutes, verdict in ((10, "kept"), (20, "kept"), (90, "broken")):
        ended(database, known, worked=minutes * 60, verdict=verdict)
    ended(database, known, owed="further answer", worked=1, verdict="cancelled")
    ended(database, known, by=BEN)
    ended(database, known, ended_at=NOON - MINUTE)
    ended(database, known, how="dismissed", verdict="cancelled")

    found = asked(database, overview.figures, ANA, NOON)

    assert (found.answered, found.kept, found.broken) == (4, 2, 1)
    assert found.response == timedelta(minutes=20)
    assert asked(database, overview.figures, "U0NEW", NOON) == overview.Figures()


def test_each_team_counts_its_own_and_names_who_waits_longest(database):
    check = {"lane": "check"}
    remember(database, thread="a", due_at=NOON, waiting_since=NOON - HOUR, **check)
    remember(database, thread="b", due_at=NOON + HOUR, waiting_since=NOON - 2 * HOUR, **MINE)
    remember(database, thread="loop", waits=False, waiting_since=NOON - 9 * HOUR, **MINE)
    remember(database, thread="over", state=State.ANSWERED, due_at=NOON, **check)
    remember(database, thread="theirs", team="press", **check)

    care, shop = asked(database, overview.teams, ["care", "shop"], NOON)

    assert (care.name, care.open, care.late, care.unclaimed) == ("care", 3, 1, 1)
    assert (care.unchecked, shop.unchecked) == (1, 0)
    assert care.oldest.conversation.thread == "b"
    assert (shop.name, shop.open, shop.oldest) == ("shop", 0, None)


def test_a_relationship_is_a_person_held_or_answered_in_ninety_days(database):
    mira, twin = somebody(database, "mira"), somebody(database, "twin")
    somebody(database, "twin", person=mira)
    done = {"state": State.ANSWERED, "closed_by": ANA}
    remember(database, thread="a", customer=mira, due_at=NOON, **MINE)
    remember(database, thread="b", customer=twin, due_at=None, **MINE)
    remember(database, thread="c", customer=somebody(database, "c"), closed_at=NOON, **done)
    ago = NOON - timedelta(days=90)
    remember(database, thread="d", customer=somebody(database, "d"), closed_at=ago, **done)
    old = {"customer": somebody(database, "e"), "closed_at": ago - MINUTE}
    remember(database, thread="e", **old, **done)
    remember(database, thread="f", customer=somebody(database, "f"), owner=BEN, state="claimed")
    remember(database, thread="g", customer=somebody(database, "g"), team="press", **MINE)
    dropped = {"state": State.DISMISSED, "closed_by": ANA, "closed_at": NOON}
    remember(database, thread="h", customer=somebody(database, "h"), **dropped)

    found = asked(database, overview.holders, ["care"], NOON, most=5)

    ana, ben = found.found
    assert (ana.person, ana.open, ana.late, ana.relationships) == (ANA, 2, 1, 3)
    assert (ben.person, ben.open, ben.relationships) == (BEN, 1, 1)
    assert (found.many, ana.too_many) == (2, False)


@pytest.mark.parametrize(("people", "too_many"), [(150, False), (151, True)])
def test_who_holds_more_than_one_can_keep_comes_first(database, people, too_many):
    with database.begin() as db:
        for number in range(people):
            id = customers.meet(db, replace(MIRA, key=str(number)))
            row = {**_row(number), "customer": id, "closed_by": ANA}
            db.execute(insert(tables.conversations).values(**row))
    remember(database, thread="bens", owner=BEN, state=State.CLAIMED)

    found = asked(database, overview.holders, ["care"], NOON, most=5).found

    assert RELATIONSHIPS == 150
    holder = next(each for each in found if each.person == ANA)
    assert (holder.relationships, holder.too_many) == (people, too_many)
    assert found.index(holder) == (0 if too_many else 1)


def _row(number):
    return {
        "account": "demo",
        "thread": f"t{number}",
        "team": "care",
        "kind": "question",
        "because": "",
        "waiting_since": NOON,
        "state": "answered",
        "closed_at": NOON,
        "rungs_climbed": 0,
        "quiet": False,
        "version": 1,
        "owed": "first answer",
    }


def test_what_falls_due_is_counted_until_each_moment(database):
    for number, minutes in enumerate((-5, 0, 1, 60, 61, 500)):
        remember(database, thread=str(number), due_at=NOON + minutes * MINUTE)
    remember(database, thread="press", team="press", due_at=NOON + MINUTE)
    remember(database, thread="over", state=State.ANSWERED, due_at=NOON + MINUTE)

    until = [NOON + HOUR, NOON + 4 * HOUR, NOON + 2 * HOUR]
    found = asked(database, overview.due, ["care"], NOON, until)

    assert found.until == list(zip(until, (2, 3, 3), strict=True))


# Saved views


def kept(database, name, query="mine", by=ANA) -> bool:
    with database.begin() as db:
        return saved_views.keep(db, by, name, query, NOON)


def test_views_are_ones_own_by_name(database):
    kept(database, "Monday", "overdue")
    kept(database, "a view", "mine")
    kept(database, "Monday", "unclaimed", by=BEN)

    mine = asked(database, saved_views.of_person, ANA)

    assert mine == [
        SavedView(name="a view", query="mine"),
        SavedView(name="Monday", query="overdue"),
    ]
    assert asked(database, saved_views.find, ANA, "MONDAY").query == "overdue"
    assert asked(database, saved_views.find, ANA, "tuesday") is None


def test_a_view_of_the_same_name_takes_its_place(database):
    kept(database, "Größe", "overdue")
    kept(database, "GRÖSSE", "mine")

    assert asked(database, saved_views.of_person, ANA) == [SavedView(name="GRÖSSE", query="mine")]


def test_there_are_at_most_twenty(database):
    for number in range(MOST):
        assert kept(database, f"view {number}")

    assert not kept(database, "one more")
    assert kept(database, "view 3", "overdue")
    assert kept(database, "another's", by=BEN)
    assert len(asked(database, saved_views.of_person, ANA)) == MOST


def test_a_view_can_be_dropped_once(database):
    kept(database, "Monday")

    with database.begin() as db:
        assert not saved_views.drop(db, BEN, "Monday")
        assert saved_views.drop(db, ANA, "monday")
        assert not saved_views.drop(db, ANA, "Monday")
