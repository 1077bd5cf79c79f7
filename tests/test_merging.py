"""Two become one, and everything is as it was when that is undone."""

import json
import random
import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.domain.conversation import State
from bot.domain.mention import Kind, Origin
from bot.domain.problems import (
    AlreadyMerged,
    AlreadyReplying,
    CannotMerge,
    NotMerged,
    NotPossible,
)
from bot.merging import Merging
from storage import conversations, customers, journal, mentions, replies, verdicts
from storage.database import reading
from storage.tables import metadata
from tests.conftest import NOON
from tests.people import ANA, BEN, LEA, nag_all, press
from tests.things import HOUR, MINUTE, at_once

UNCOUNTED = {"outbox", "audit", "shown", "destinations"}  # what was said, and by whom


@pytest.fixture
def merging(app) -> Merging:
    return Merging(app.desk)


@pytest.fixture
def two(app, hear, clock):
    """Mira waits twice, in two threads, for an hour and for less."""
    hear("My order is broken", by="mira")
    clock.pass_(minutes=10)
    hear("Does nobody read this? It is still broken", by="mira")
    return 1, 2


def dump(database) -> str:
    """Every table but for those that tell what was said: each cell as the database has it."""
    with database.connect() as db:
        whole = {}
        for table in metadata.sorted_tables:
            if table.name not in UNCOUNTED:
                asked = f"SELECT * FROM {table.name} ORDER BY 1, 2"
                whole[table.name] = [list(map(repr, row)) for row in db.exec_driver_sql(asked)]
        return json.dumps(whole, indent=1)


def conversation(app, number: int):
    return app.desk.look(number).conversation


def answer(app, number: int, text: str = "So sorry!", by: str = ANA, key: str = "k") -> None:
    asked = app.desk.look(number).latest.id
    app.answering.reply(number, by, text, mention=asked, key=key)
    app.courier.deliver_all()


def settle(app, clock) -> None:
    for _ in range(8):
        clock.pass_(seconds=2)
        app.courier.deliver_all()


# Merging


def test_what_was_said_goes_on_in_the_kept_one_with_the_older_clock(app, merging, two):
    merging.merge(2, 1, ANA)

    kept, gone = app.desk.look(2), app.desk.look(1)
    assert [m.key for m in kept.mentions] == ["d1", "d2"]
    assert kept.conversation.due_at == gone.conversation.due_at == NOON + HOUR
    assert (gone.conversation.state, gone.conversation.merged_into) == (State.MERGED, 2)
    assert gone.latest.text == "My order is broken"
    with reading(app.desk.database) as db:
        [ended] = verdicts.of_conversation(db, 1)
    assert (ended.how, ended.verdict) == ("merged", "cancelled")


def test_one_answer_ends_what_was_said_in_both(app, clock, merging, two, demo):
    merging.merge(2, 1, ANA)
    app.courier.deliver_all()

    answer(app, 2)

    assert conversation(app, 2).state is State.ANSWERED
    assert len(demo.answers()) == 1


def test_answering_the_newest_words_answers_what_another_platform_brought_late(
    app, demo, hear, clock, merging
):
    hear("My order is broken", by="mira")
    demo.post("Where is my order?", by="mira", at=NOON - 20 * MINUTE)
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    merging.merge(1, 2, ANA)
    assert [m.key for m in app.desk.look(1).mentions] == ["d1", "d2"]
    app.courier.deliver_all()

    answer(app, 1)

    assert conversation(app, 1).state is State.ANSWERED


def test_both_cards_show_it(app, slack, clock, merging, two):
    merging.merge(1, 2, ANA)
    settle(app, clock)

    with reading(app.desk.database) as db:
        assert conversations.get(db, 2).card
    assert "still broken" in slack.messages[conversation(app, 1).card]["text"]


def test_further_words_in_the_absorbed_thread_come_to_the_kept_one(app, hear, merging, two):
    merging.merge(1, 2, ANA)

    hear("Hello?", by="mira", parent="d2")

    assert app.desk.look(1).latest.text == "Hello?"
    assert conversation(app, 2).state is State.MERGED


def test_a_draft_is_offered_where_it_goes_on_and_goes_back_with_the_rest(app, merging, two):
    app.answering.keep_draft(2, ANA, "Dear Mira")
    app.answering.keep_draft(2, BEN, "Hello there")
    app.answering.keep_draft(1, BEN, "Hello here")
    merging.merge(1, 2, ANA)

    assert [app.answering.draft(1, each) for each in (ANA, BEN)] == ["Dear Mira", "Hello here"]
    merging.unmerge(2, ANA)
    assert [app.answering.draft(2, each) for each in (ANA, BEN)] == ["Dear Mira", "Hello there"]
    assert [app.answering.draft(1, each) for each in (ANA, BEN)] == ["", "Hello here"]


def test_what_can_not_be_merged_says_what_to_do_first(app, hear, merging, two):
    hear("Mine too", by="ben")
    for kept, absorbed, says in ((1, 1, "one and the same"), (1, 3, "join the two identities")):
        with pytest.raises(CannotMerge, match=says):
            merging.merge(kept, absorbed, ANA)
    merging.merge(1, 2, ANA)
    for kept, absorbed in ((1, 2), (2, 1)):
        with pytest.raises(AlreadyMerged, match="merged into 1"):
            merging.merge(kept, absorbed, ANA)
    with pytest.raises(NotMerged):
        merging.unmerge(1, ANA)


@pytest.mark.parametrize("number", [1, 2])
def test_nothing_is_merged_while_an_answer_is_on_its_way(app, merging, two, number):
    asked = app.desk.look(number).latest.id
    app.answering.reply(number, ANA, "So sorry!", mention=asked, key="k")
    before = dump(app.desk.database)

    with pytest.raises(AlreadyReplying):
        merging.merge(1, 2, ANA)

    assert dump(app.desk.database) == before


# Undoing it


@pytest.mark.parametrize(
    "begin",
    [
        lambda app: None,
        lambda app: app.desk.claim(1, ANA),
        lambda app: app.desk.claim(2, ANA),
        lambda app: app.desk.dismiss(1, ANA, "spam"),
        lambda app: app.desk.dismiss(2, ANA, "spam"),
        lambda app: answer(app, 1),
        lambda app: answer(app, 2),
        lambda app: app.desk.snooze(2, ANA, NOON + 5 * HOUR, "she asked for it"),
        lambda app: app.desk.tag(1, ANA, "VIP"),
        lambda app: app.desk.rate(2, True, ANA),
        lambda app: app.answering.keep_draft(2, ANA, "Dear Mira"),
    ],
)
@pytest.mark.parametrize(("kept", "absorbed"), [(1, 2), (2, 1)])
def test_merging_and_undoing_leaves_the_database_as_it_was(
    app, merging, two, clock, begin, kept, absorbed
):
    begin(app)
    settle(app, clock)
    before = dump(app.desk.database)

    merging.merge(kept, absorbed, ANA)
    assert dump(app.desk.database) != before
    clock.pass_(seconds=30)
    settle(app, clock)
    merging.unmerge(absorbed, BEN)
    settle(app, clock)

    assert dump(app.desk.database) == before


def test_a_row_from_before_there_were_tags_is_as_it_was_too(app, merging, two):
    with app.desk.database.begin() as db:
        db.exec_driver_sql("UPDATE conversations SET tags = NULL, pauses = NULL")
    before = dump(app.desk.database)

    merging.merge(1, 2, ANA)
    merging.unmerge(2, ANA)

    assert dump(app.desk.database) == before


def test_merging_and_undoing_over_and_over_is_shown_each_time(app, slack, clock, merging, two):
    settle(app, clock)
    for by in (ANA, BEN):
        merging.merge(1, 2, by)
        settle(app, clock)
        merging.unmerge(2, by)
        settle(app, clock)
        app.desk.take_over(1, by)
        settle(app, clock)
        app.desk.take_over(2, by)
        settle(app, clock)
        assert f"<@{by}> has it" in slack.messages[conversation(app, 1).card]["text"]
        assert f"<@{by}> has it" in slack.messages[conversation(app, 2).card]["text"]
    merging.merge(2, 1, ANA)
    settle(app, clock)


def test_without_a_mark_the_second_merge_would_owe_what_is_owed_already(app, merging, two, clock):
    for _ in range(2):  # at one and the same moment, and all is carried in between
        merging.merge(1, 2, ANA)
        app.courier.deliver_all()
        merging.unmerge(2, ANA)
        app.courier.deliver_all()


def test_a_card_that_was_hung_meanwhile_hangs_on(app, demo, merging, clock):
    demo.post("My order is broken", by="mira")
    demo.post("It is still broken", by="mira")
    app.intake.poll("demo", demo)
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    merging.merge(1, 2, ANA)
    settle(app, clock)
    hung = conversation(app, 2).card

    merging.unmerge(2, ANA)
    settle(app, clock)

    assert conversation(app, 2).card == hung
    assert hung


def test_after_a_claim_the_kept_one_keeps_it_and_each_has_its_own_clock(app, merging, two, clock):
    app.desk.rate(1, True, BEN)
    before = dump(app.desk.database)
    merging.merge(2, 1, ANA)
    app.desk.claim(2, BEN)

    merging.unmerge(1, ANA)

    kept, gone = conversation(app, 2), conversation(app, 1)
    second = NOON + 10 * MINUTE + timedelta(seconds=1)
    assert (kept.owner, kept.due_at) == (BEN, second + HOUR)
    assert (gone.state, gone.due_at, gone.verdict) == (State.WAITING, NOON + HOUR, None)
    assert [m.key for m in app.desk.look(1).mentions] == ["d1"]
    assert [m.key for m in app.desk.look(2).mentions] == ["d2"]
    assert "merge_into" not in dump(app.desk.database)
    assert before != dump(app.desk.database)


def test_an_answer_since_has_answered_what_was_said_in_both(app, clock, merging, two):
    merging.merge(1, 2, ANA)
    settle(app, clock)
    answer(app, 1)

    merging.unmerge(2, BEN)

    assert [conversation(app, n).state for n in (1, 2)] == [State.ANSWERED] * 2
    assert conversation(app, 2).closed_by == ANA
    with reading(app.desk.database) as db:
        assert [each.how for each in verdicts.of_conversation(db, 2)] == ["answered"]
        said_to = replies.last(db, 2)
    assert said_to.text == "So sorry!"  # it answered her newest words, which are of that thread


def test_what_was_closed_before_is_closed_again(app, clock, merging, two, hear):
    answer(app, 1)
    settle(app, clock)
    merging.merge(1, 2, ANA)
    assert conversation(app, 1).state is State.WAITING
    app.desk.claim(1, BEN)

    merging.unmerge(2, ANA)

    assert (conversation(app, 1).state, conversation(app, 1).closed_by) == (State.ANSWERED, ANA)
    assert (conversation(app, 2).state, conversation(app, 2).owner) == (State.WAITING, None)


def test_words_that_came_since_go_where_they_were_said(app, clock, merging, two, hear):
    merging.merge(1, 2, ANA)
    settle(app, clock)
    answer(app, 1)
    clock.pass_(minutes=5)
    hear("That did not help at all", by="mira", parent="d2")
    came = app.desk.look(1).latest.posted_at

    merging.unmerge(2, BEN)

    assert conversation(app, 1).state is State.ANSWERED
    assert (conversation(app, 2).state, conversation(app, 2).waiting_since) == (
        State.WAITING,
        came,
    )
    assert app.desk.look(2).latest.text == "That did not help at all"


def test_an_absorbed_promise_goes_back_to_where_it_was_made(app, clock, merging, two):
    asked = app.desk.look(2).latest.id
    until = clock() + 3 * HOUR
    app.answering.reply(2, ANA, "Soon!", mention=asked, key="k", promised_for=until)
    app.courier.deliver_all()
    merging.merge(1, 2, ANA)
    assert conversation(app, 1).promised_for == until
    app.desk.claim(1, BEN)

    merging.unmerge(2, ANA)

    assert conversation(app, 1).promised_for is None
    assert (conversation(app, 2).promised_for, conversation(app, 2).due_at) == (until, until)


def test_while_an_answer_is_on_its_way_nothing_is_undone(app, merging, two):
    merging.merge(1, 2, ANA)
    asked = app.desk.look(1).latest.id
    app.answering.reply(1, ANA, "So sorry!", mention=asked, key="k")

    with pytest.raises(AlreadyReplying):
        merging.unmerge(2, ANA)


def test_of_two_merges_the_last_is_undone_first(app, hear, merging, two):
    hear("Third time", by="mira")
    before = dump(app.desk.database)
    merging.merge(2, 3, ANA)
    merging.merge(1, 2, ANA)
    assert [m.key for m in app.desk.look(1).mentions] == ["d1", "d2", "d3"]
    assert app.desk.look(3).latest.text == "Third time"

    with pytest.raises(AlreadyMerged):
        merging.unmerge(3, ANA)
    merging.unmerge(2, ANA)
    merging.unmerge(3, ANA)

    assert dump(app.desk.database) == before


def test_where_only_a_card_was_redrawn_since_all_but_the_version_is_as_it_was(
    app, merging, two, clock
):
    app.desk.claim(2, ANA)
    before = conversation(app, 1), conversation(app, 2)
    merging.merge(1, 2, ANA)
    clock.pass_(minutes=46)  # it is due soon by now
    while app.sweep.redraw_one():
        pass
    assert conversation(app, 1).version > before[0].version + 1

    merging.unmerge(2, ANA)
    settle(app, clock)

    for was, now in zip(before, (conversation(app, 1), conversation(app, 2)), strict=True):
        assert replace(now, version=was.version) == was
    assert conversation(app, 1).version > before[0].version + 1


# Whatever happens


def happen(app, hear, clock, chance: random.Random, numbers) -> None:
    """Something at random, to one of these conversations, if it can happen now."""
    number, by = chance.choice(numbers), chance.choice((ANA, BEN))
    until = clock() + chance.randint(1, 9) * HOUR
    key = f"k{chance.random()}"

    def reply(**more) -> None:
        asked = app.desk.look(number).latest.id
        app.answering.reply(number, by, "So sorry!", mention=asked, key=key, **more)
        app.courier.deliver_all()

    acts = [
        lambda: app.desk.claim(number, by),
        lambda: app.desk.take_over(number, by),
        lambda: app.desk.release(number, by),
        lambda: app.desk.rate(number, chance.random() < 0.5, by),
        lambda: app.desk.snooze(number, by, until, "so"),
        lambda: app.desk.dismiss(number, by, "so"),
        lambda: app.desk.undismiss(number, by),
        lambda: app.desk.judge(number, by, chance.choice([Kind.COMPLAINT, Kind.PRAISE])),
        lambda: app.desk.settle(number, by),
        lambda: app.desk.escalate(number, LEA, by, "so"),
        lambda: app.answering.answered_there(number, by),
        lambda: reply(),
        lambda: reply(promised_for=until),
        lambda: hear(chance.choice(["Broken!", "Thanks!"]), by="mira", parent=f"d{number}"),
        lambda: nag_all(app),
    ]
    with suppress(NotPossible):
        chance.choice(acts)()
    clock.pass_(seconds=chance.choice((5, 600, 4000)))


@pytest.mark.parametrize("seed", range(12))
def test_whatever_was_before_is_so_again(app, merging, two, hear, clock, seed):
    chance = random.Random(seed)
    for _ in range(12):
        happen(app, hear, clock, chance, (1, 2))
    settle(app, clock)
    before, states = dump(app.desk.database), [conversation(app, n).state for n in two]
    kept, absorbed = chance.sample(two, 2)

    with suppress(NotPossible):
        merging.merge(kept, absorbed, ANA)
        settle(app, clock)
        merging.unmerge(absorbed, BEN)

    assert dump(app.desk.database) == before, states


@pytest.mark.parametrize("seed", range(12))
def test_whatever_happened_since_each_is_in_order_when_they_are_two_again(
    app, merging, two, hear, clock, seed
):
    chance = random.Random(1000 + seed)
    for _ in range(5):
        happen(app, hear, clock, chance, (1, 2))
    settle(app, clock)
    kept, absorbed = chance.sample(two, 2)
    merging.merge(kept, absorbed, ANA)
    for _ in range(6):
        happen(app, hear, clock, chance, (kept, kept, absorbed))
    settle(app, clock)

    merging.unmerge(absorbed, BEN)
    settle(app, clock)

    for number in two:
        case, team = app.desk.look(number), app.desk.team(conversation(app, number))
        it = case.conversation
        assert it.state in (State.WAITING, State.CLAIMED, State.ANSWERED, State.DISMISSED)
        assert {m.thread for m in case.mentions if m.origin is Origin.CUSTOMER} == {it.thread}
        assert (it.closed_at is None) == it.open
        if it.open:
            assert it.wind(team) == it
            assert (it.owner is not None) == (it.state is State.CLAIMED)
            assert it.waits or it.promised_for
        else:
            assert it.next_nag_at is None


# At once


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_merges_that_cross_each_other_never_wait_for_ever(app, merging, two):
    for _ in range(6):
        both = at_once(lambda n: _told(lambda: merging.merge(1 + n % 2, 2 - n % 2, ANA)), times=4)
        assert Counter(both) == {"done": 1, "refused": 3}
        undone = at_once(lambda n: _told(lambda: merging.unmerge(1 + n % 2, BEN)), times=4)
        assert Counter(undone) == {"done": 1, "refused": 3}


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_words_that_come_while_it_is_undone_find_their_conversation(app, merging, two):
    merging.merge(1, 2, ANA)

    with app.desk.database.begin() as db:
        conversations.hold(db, 1)
        conversations.hold(db, 2)
        found = []

        def look() -> None:
            with app.desk.database.begin() as other:
                found.append(conversations.find(other, "demo", "d2", 1).id)

        looking = threading.Thread(target=look, daemon=True)
        looking.start()
        looking.join(0.2)
        assert looking.is_alive()
        db.exec_driver_sql(
            "UPDATE conversations SET merged_into = NULL, state = 'waiting' WHERE id = 2"
        )
    looking.join(10)

    assert found == [2]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_nothing_is_merged_while_somebody_parts_the_two(app, merging, both):
    merging.join(customer(app, 2), customer(app, 1), ANA)
    told = []

    with app.desk.database.begin() as db:
        customers.hold(db, [1, 2])
        act = threading.Thread(target=lambda: told.append(_told(lambda: merging.merge(1, 2, ANA))))
        act.start()
        act.join(0.2)
        assert act.is_alive()
        customers.belong(db, 2, None)
    act.join(10)

    assert told == ["refused"]


def _told(act) -> str:
    try:
        act()
    except NotPossible:
        return "refused"
    return "done"


# Identities


@pytest.fixture
def both(app, hear):
    """Mira by two names, waiting by both."""
    hear("My order is broken", by="mira")
    hear("My order is broken, I said", by="mira_at_work")
    return 1, 2


def customer(app, number: int) -> int:
    return conversation(app, number).customer


def test_two_identities_are_one_person_with_one_past_and_one_set_of_tags(app, merging, both):
    app.desk.tag(1, ANA, "VIP")
    answer(app, 1)
    merging.join(customer(app, 2), customer(app, 1), ANA)

    case = app.desk.look(2)
    assert (case.past.times, case.past.last_state) == (1, State.ANSWERED)
    assert case.known_by == [ANA]
    assert tuple(case.conversation.tags) == ("VIP",)
    app.desk.tag(2, ANA, "journalist")
    with reading(app.desk.database) as db:
        assert customers.tags(db, customer(app, 1)) == ("VIP", "journalist")
        said = mentions.history(db, customer(app, 1), most=9)
    assert len(said) == 3


def test_conversations_of_one_person_can_be_merged(app, hear, merging, both):
    merging.join(customer(app, 2), customer(app, 1), ANA)

    merging.merge(1, 2, ANA)
    hear("And?", by="mira_at_work", parent="d2")

    hear("From my desk now", by="mira_at_work", parent="d1")

    assert len(app.desk.look(1).mentions) == 4
    with pytest.raises(CannotMerge, match="undo that of #2 first"):
        merging.part(customer(app, 2), ANA)


@pytest.mark.parametrize(
    "begin",
    [
        lambda app: None,
        lambda app: app.desk.tag(1, ANA, "VIP"),
        lambda app: (app.desk.tag(1, ANA, "VIP"), app.desk.tag(2, ANA, "loyal")),
        lambda app: answer(app, 1),
    ],
)
def test_joining_and_parting_leaves_the_database_as_it_was(app, merging, both, clock, begin):
    begin(app)
    settle(app, clock)
    before = dump(app.desk.database)

    merging.join(customer(app, 2), customer(app, 1), ANA)
    assert dump(app.desk.database) != before
    settle(app, clock)
    merging.part(customer(app, 2), BEN)
    settle(app, clock)

    assert dump(app.desk.database) == before


def test_a_chain_of_identities_points_to_one_and_comes_apart_link_by_link(app, hear, merging, both):
    hear("Me again", by="mira_at_home")
    one, two, three = (customer(app, number) for number in (1, 2, 3))
    before = dump(app.desk.database)
    merging.join(one, two, ANA)
    merging.join(two, three, ANA)
    with reading(app.desk.database) as db:
        assert [customers.person(db, each) for each in (one, two, three)] == [three] * 3
        assert customers.identities(db, one) == [one, two, three]
    with pytest.raises(CannotMerge, match="one person already"):
        merging.join(one, three, ANA)

    merging.part(two, ANA)
    with reading(app.desk.database) as db:
        assert customers.identities(db, one) == [one, two]
    merging.part(one, ANA)

    assert dump(app.desk.database) == before
    with pytest.raises(NotMerged):
        merging.part(one, ANA)


def test_every_merge_and_its_undo_is_in_the_audit(app, merging, both):
    merging.join(customer(app, 2), customer(app, 1), ANA)
    merging.merge(1, 2, ANA)
    merging.unmerge(2, BEN)
    merging.part(customer(app, 2), BEN)

    table = metadata.tables["audit"]
    with reading(app.desk.database) as db:
        told = [(row.by, row.what) for row in db.execute(select(table).order_by(table.c.id))]
        assert not journal.since(db, [2], 10**6)
    assert told == [
        (ANA, "join"),
        (ANA, "absorb"),
        (ANA, "merge_into"),
        (BEN, "unmerge"),
        (BEN, "part"),
    ]


def test_who_presses_a_merged_card_is_told_where_it_went(app, slack, clock, merging, two):
    settle(app, clock)
    card = conversation(app, 2).card
    merging.merge(1, 2, ANA)

    with pytest.raises(AlreadyMerged):
        app.desk.claim(2, ANA)
    press(app, slack, "claim", 2, by=BEN)

    assert "merged into 1" in slack.whispers[-1]["text"]
    assert card
