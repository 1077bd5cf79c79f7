"""Two of everything at once, on PostgreSQL."""

import threading
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from time import sleep

import pytest

from bot.domain.conversation import State
from bot.domain.delivery import Errand
from bot.domain.problems import NotPossible
from bot.domain.reply import Sent
from bot.domain.team import Teams
from bot.hearing import Hearing
from bot.merging import Merging
from storage import (
    accounts,
    ailments,
    arrivals,
    conversations,
    customers,
    days,
    destinations,
    follow_ups,
    forgetting,
    journal,
    mentions,
    outbox,
    receipts,
    replies,
    schedules,
    shown,
    surges,
)
from storage.database import reading
from tests.conftest import CARE, NOON
from tests.people import ANA
from tests.things import HOUR, MINUTE, at_once, remember

pytestmark = pytest.mark.parametrize("database", ["postgresql"], indirect=True)

SOON = 0.15  # seconds in which whoever need not wait is surely through


def told(act) -> str:
    try:
        act()
    except NotPossible:
        return "refused"
    return "done"


class Meanwhile(threading.Thread):
    """Something that goes on beside the test; `join` waits for it and tells what went wrong."""

    def __init__(self, act) -> None:
        super().__init__(daemon=True)
        self.act, self.problem = act, None
        self.start()
        sleep(SOON)

    def run(self) -> None:
        try:
            self.act()
        except Exception as problem:
            self.problem = problem

    def join(self, timeout: float | None = 10) -> None:
        super().join(timeout)
        assert not self.is_alive(), "it waits for ever"
        if self.problem:
            raise self.problem


@pytest.mark.fault(13)
def test_of_many_who_claim_at_once_one_gets_it(app, hear):
    hear()

    claims = at_once(lambda number: told(lambda: app.desk.claim(1, by=f"U{number}")))

    assert Counter(claims) == {"done": 1, "refused": 7}


def test_who_holds_a_conversation_lets_others_wait_and_then_see_what_was_decided(app, hear):
    hear()

    with app.desk.database.begin() as db:
        held = conversations.hold(db, 1)
        other = Meanwhile(lambda: app.desk.take_over(1, by="U0BEN"))
        assert other.is_alive()
        conversations.save(db, held.claim(ANA, NOON, CARE))
    other.join()

    conversation = app.desk.look(1).conversation
    assert (conversation.owner, conversation.version) == ("U0BEN", 3)


def test_who_finds_a_conversation_by_its_thread_holds_it_too(app, hear):
    hear()

    with app.desk.database.begin() as db:
        assert conversations.find(db, "demo", "d1", 1)
        other = Meanwhile(lambda: app.desk.claim(1, by=ANA))
        assert other.is_alive()
    other.join()


def test_of_two_answers_at_once_one_is_accepted(app, demo, hear):
    hear()
    asked = app.desk.look(1).latest.id

    def answer(number: int) -> str:
        by, key = f"U{number}", f"k{number}"
        return told(lambda: app.answering.reply(1, by, f"Answer {number}", mention=asked, key=key))

    accepted = at_once(answer)
    app.courier.deliver_all()

    assert Counter(accepted) == {"done": 1, "refused": 7}
    assert len(demo.answers()) == 1


def test_the_same_form_sent_many_times_at_once_is_one_answer(app, demo, hear):
    hear()
    asked = app.desk.look(1).latest.id

    sent = at_once(
        lambda _: told(lambda: app.answering.reply(1, ANA, "Sorry!", mention=asked, key="k"))
    )
    app.courier.deliver_all()

    assert set(sent) == {"done"}
    assert len(demo.answers()) == 1


@pytest.mark.fault(37)
def test_many_couriers_never_take_one_delivery_twice(database):
    with database.begin() as db:
        for n in range(60):
            outbox.put(
                db,
                Errand.REPLY,
                key=f"k{n}",
                lane=f"reply:{n % 20}",
                destination="demo",
                urgency=0,
                at=NOON,
            )
    taken: list[str] = []

    def carry(_: int) -> None:
        for _ in range(200):
            with database.begin() as db:
                delivery = outbox.take(db, NOON, timedelta(minutes=2))
            if delivery:
                taken.append(delivery.key)
                with database.begin() as db:
                    outbox.done(db, delivery, NOON)
            elif len(taken) >= 60:
                return

    at_once(carry, times=4)

    assert sorted(taken) == sorted(f"k{n}" for n in range(60))
    for lane in range(20):
        mine = [int(key[1:]) for key in taken if int(key[1:]) % 20 == lane]
        assert mine == sorted(mine)


def test_a_courier_does_not_wait_for_what_another_is_taking(database):
    with database.begin() as db:
        for key in ("a", "b"):
            outbox.put(db, Errand.REPLY, key=key, lane=key, destination="demo", urgency=0, at=NOON)

    with database.begin() as first, database.begin() as second:
        taken = [outbox.take(db, NOON, timedelta(minutes=2)).key for db in (first, second)]

    assert sorted(taken) == ["a", "b"]


def test_many_couriers_keep_one_pace(database):
    with database.begin() as db:
        for n in range(12):
            outbox.put(
                db, Errand.NOTICE, key=f"{n}", lane=f"{n}", destination="C", urgency=1, at=NOON
            )

    def carry(_: int) -> int:
        taken = 0
        for _ in range(3):
            with database.begin() as db:
                taken += outbox.take(db, NOON, timedelta(minutes=2)) is not None
        return taken

    assert sum(at_once(carry, times=4)) == 3


@pytest.mark.parametrize(("customers", "nags", "lists"), [(3, 3, 0), (9, 0, 1)])
@pytest.mark.fault(37)
def test_several_sweeps_never_nag_twice(app, clock, hear, customers, nags, lists):
    for n in range(customers):
        hear(by=f"customer{n}")
    clock.pass_(minutes=62)

    at_once(lambda _: [app.sweep.nag_some() for _ in range(7)], times=4)

    with reading(app.desk.database) as db:
        owed = [each.errand for each in outbox.pending(db)]
        called = [len(journal.nags(db, 1 + n)) for n in range(customers)]
    assert (owed.count(Errand.NAG), owed.count(Errand.LIST)) == (nags, lists)
    assert called == [1] * customers


def test_a_sweep_does_not_wait_for_who_is_at_work(app, clock, hear):
    hear(by="one")
    hear(by="two")
    clock.pass_(minutes=62)

    with app.desk.database.begin() as db:
        conversations.hold(db, 1)
        assert app.sweep.nag_some()
        assert not app.sweep.nag_some()
    assert app.sweep.nag_some()


def test_of_many_workers_one_reads_an_account(database):
    def turn(_: int) -> bool:
        with database.begin() as db:
            return accounts.take_turn(db, "demo", NOON, HOUR) is not None

    assert Counter(at_once(turn, times=4)) == {True: 1, False: 3}


@pytest.mark.fault(44)
def test_one_page_that_is_taken_in_many_times_at_once_is_there_once(app, demo):
    demo.post("My order is broken")
    page = demo.fetch("0")

    new = at_once(lambda _: app.intake.receive("demo", page, read_from="0"), times=4)

    assert sorted(new) == [0, 0, 0, 1]
    assert len(app.desk.look(1).mentions) == 1


def test_a_worker_that_is_behind_takes_nothing_in(app, demo):
    demo.post("one")
    behind = demo.fetch("0")
    demo.post("two")
    app.intake.receive("demo", demo.fetch("0"), read_from="0")

    assert app.intake.receive("demo", behind, read_from="0") == 0

    with reading(app.desk.database) as db:
        assert [account.cursor for account in accounts.all_of(db)] == ["2"]


def test_who_takes_in_a_page_waits_for_who_is_taking_one_in_and_sees_how_far_they_got(app, demo):
    demo.post("one")
    page = demo.fetch("0")

    with app.desk.database.begin() as db:
        accounts.hold(db, "demo")
        other = Meanwhile(lambda: app.intake.receive("demo", page, read_from="0"))
        assert other.is_alive()
        accounts.change(db, "demo", cursor="1")
    other.join()

    with reading(app.desk.database) as db:
        assert mentions.find(db, "demo", "d1") is None


def test_our_answer_seen_on_the_platform_while_it_is_written_down_is_ours(app, demo, clock, hear):
    first = hear()
    asked = app.desk.look(1).latest.id
    app.answering.reply(1, ANA, "Sorry!", mention=asked, key="k")
    clock.pass_(seconds=1)
    demo.post("Hello?", parent=first)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    reply_key = demo._add(by="acme", text="Sorry!", parent=first, ours="k")
    page = demo.fetch("2")

    with app.desk.database.begin() as db:
        conversation = conversations.hold(db, 1)
        reading_it = Meanwhile(lambda: app.intake.receive("demo", page, read_from="2"))
        assert reading_it.is_alive()
        replies.sent(db, "k", Sent(key=reply_key), clock())
        team = app.desk.team(conversation)
        reopened = conversation.sent(clock(), team).reopen(NOON, team)
        conversations.save(db, reopened)
    reading_it.join()

    assert app.desk.look(1).conversation.state is State.WAITING


def test_what_came_of_an_answer_is_read_again_when_its_conversation_is_held(app, clock, hear):
    hear()
    asked = app.desk.look(1).latest.id
    app.answering.reply(1, ANA, "Sorry!", mention=asked, key="k")

    with app.desk.database.begin() as db:
        conversation = conversations.hold(db, 1)
        late = Meanwhile(lambda: app.answering.reply_sent("k", Sent(key="second")))
        assert late.is_alive()
        replies.part_sent(db, replies.get(db, "k"), Sent(key="first"), clock())
        replies.sent(db, "k", Sent(key="first"), clock())
        conversations.save(db, conversation.sent(clock(), app.desk.team(conversation)))
    late.join()

    with reading(app.desk.database) as db:
        assert replies.get(db, "k").sent_key == "first"


def test_a_redraw_is_never_lost_between_a_save_and_a_take(app, slack, hear):
    hear()
    stop = threading.Event()

    def carry() -> None:
        while not stop.is_set():
            app.courier.deliver_one()

    def change(number: int) -> None:
        for turn in range(8):
            app.desk.take_over(1, by=f"U{number}{turn}")

    couriers = [threading.Thread(target=carry, daemon=True) for _ in range(2)]
    for courier in couriers:
        courier.start()
    at_once(change, times=2)
    stop.set()
    for courier in couriers:
        courier.join(10)
    settle(app)

    [card] = slack.messages.values()
    assert f"<@{app.desk.look(1).conversation.owner}> has it" in card["text"]


def settle(app) -> None:
    for _ in range(20):
        app.desk.now.pass_(seconds=5)
        app.courier.deliver_all()


def test_a_card_cannot_be_taken_before_what_it_must_show_is_written(app, clock):
    remember(app.desk.database)
    with app.desk.database.begin() as db:
        app.desk.ledger.owe_cards(db, [conversations.hold(db, 1)], NOON)

    with app.desk.database.begin() as saving, app.desk.database.begin() as courier:
        claimed = conversations.hold(saving, 1).claim(ANA, NOON, CARE)
        app.desk.ledger.save(saving, claimed, NOON)
        assert outbox.take(courier, clock(), timedelta(minutes=2)) is None


def test_gathering_a_digest_and_acting_on_what_it_gathers_never_wait_for_each_other(app):
    for n in range(4):
        known = remember(app.desk.database, thread=f"t{n}")
        with app.desk.database.begin() as db:
            app.desk.ledger.owe_cards(db, [known], NOON)

    with app.desk.database.begin() as acting, app.desk.database.begin() as gathering:
        held = conversations.hold(acting, 1)
        found = outbox.unshown(gathering, "C0CARE", most=100)
        conversations.gather(gathering, found, 1)
        saving = Meanwhile(lambda: app.desk.ledger.save(acting, held.claim(ANA, NOON, CARE), NOON))
        outbox.spare(gathering, found, NOON)
        saving.join()

    assert list(found) == [2, 3, 4]


def test_many_who_answer_and_dismiss_and_claim_leave_one_truth(app, demo, hear):
    hear()
    asked = app.desk.look(1).latest.id

    def act(number: int) -> None:
        with suppress(NotPossible):
            if number % 3 == 0:
                app.desk.dismiss(1, f"U{number}", "spam")
            elif number % 3 == 1:
                app.desk.claim(1, f"U{number}")
            else:
                app.answering.reply(1, f"U{number}", "Hi", mention=asked, key=f"k{number}")

    at_once(act, times=9)
    app.courier.deliver_all()

    state = app.desk.look(1).conversation.state
    answered = len(demo.answers())
    assert (state, answered) in {
        (State.DISMISSED, 0),
        (State.CLAIMED, 0),
        (State.ANSWERED, 1),
    }


def _known_for_weeks(app) -> None:
    with app.desk.database.begin() as db:
        for hour in range(24 * 28):
            arrivals.add(db, "demo", "care", NOON - timedelta(hours=hour + 1), 1)


def _surging(app, demo, clock) -> None:
    _known_for_weeks(app)
    for n in range(20):
        demo.post("How do I log in?", by=f"customer{n}")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.sweep.look_for_surges()


def test_a_surge_ends_only_after_whoever_is_taking_something_in(app, demo, clock):
    _surging(app, demo, clock)
    late = demo.post("Where is my invoice?", by="late")
    clock.pass_(hours=2)

    with app.desk.database.begin() as hearing:
        heard = Hearing(app.desk, hearing, accounts.hold(hearing, "demo"))
        batch = demo.fetch("20")
        heard.page(batch, Hearing.hear_all)
        ending = Meanwhile(app.sweep.look_for_surges)
        threading.Thread.join(ending, 3)
        assert ending.is_alive(), "it waits for this page"
    ending.join()

    with reading(app.desk.database) as db:
        assert surges.lasting(db) == []
        number = mentions.find(db, "demo", late)[1]
        known = conversations.get(db, number)
    assert known.digest, "its card was spared, so it must be listed"


def test_of_many_workers_one_tells_of_a_surge_and_one_of_a_silence(app, demo, clock, assemble):
    _known_for_weeks(app)
    for n in range(20):
        demo.post("How do I log in?", by=f"customer{n}")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    quiet = Teams({"care": replace(CARE, silent_after=HOUR)})
    workers = [assemble(teams=quiet) for _ in range(3)]
    clock.pass_(minutes=10)
    at_once(lambda number: workers[number % 3].sweep.look_for_surges(), times=6)
    clock.pass_(hours=2)
    at_once(lambda number: workers[number % 3].sweep.look_for_silences(), times=6)

    with reading(app.desk.database) as db:
        said = [owed.key for owed in outbox.pending(db) if owed.errand is Errand.NOTICE]
        assert len(surges.since(db, "care", NOON)) == 1
    assert len([key for key in said if "silence:care" in key]) == 1


def test_a_merge_and_who_holds_all_that_is_open_never_wait_for_each_other(app):
    for thread in ("d1", "d2"):
        remember(app.desk.database, thread)

    with app.desk.database.begin() as db:
        conversations.hold(db, 1)
        merging = Meanwhile(lambda: Merging(app.desk).merge(2, 1, ANA))
        conversations.hold(db, 2)
    merging.join()

    assert app.desk.look(1).conversation.merged_into == 2


# Whoever comes second


@pytest.fixture
def everything(app):
    """One row of everything that somebody may hold, and whose time has come."""
    database = app.desk.database
    waiting = remember(database, next_nag_at=NOON, redraw_at=NOON)
    remember(database, "d2", state=State.CLAIMED, owner=ANA, claimed_until=NOON)
    remember(database, "d3", state=State.DISMISSED, closed_at=NOON)
    with database.begin() as db:
        app.desk.ledger.owe_cards(db, [waiting], NOON)
        app.desk.ledger.owe_list(db, CARE, "gathered", NOON, [1])
        follow_ups.add(db, 2, ANA, "Was it well?", at=NOON, due_at=NOON)
        ailments.seen(db, "disk", "", NOON)
        surges.begin(db, team="care", channel="C0CARE", began_at=NOON, at=NOON, usual=1.0)
        receipts.begin(db, ANA, NOON, {})
        days.hold(db, "care", NOON)
        destinations.step(db, "C0CARE", NOON, destinations.POST)
        schedules.take_turn(db, "webcal://hours", NOON, HOUR, HOUR)
    return database


LATER = NOON + MINUTE
NEXT = {
    "a nag": lambda db: conversations.hold_overdue(db, "care", LATER, most=9),
    "a redraw": lambda db: conversations.hold_next_to_redraw(db, LATER),
    "a claim that lets go": lambda db: conversations.hold_next_to_let_go(db, LATER),
    "who waits": lambda db: conversations.waiting_from(db, "care", NOON),
    "a follow-up": lambda db: follow_ups.hold_next(db, LATER),
    "a card": lambda db: outbox.unshown(db, "C0CARE", most=9),
    "a list": lambda db: outbox.hold_untried(db, "list:care", "list:care:gathered:"),
    "words that go": lambda db: forgetting.hold_old(db, ["care"], LATER),
}


@pytest.mark.parametrize("what", NEXT)
def test_what_one_worker_has_begun_another_neither_takes_nor_waits_for(everything, what):
    found = []

    with everything.begin() as first:
        assert NEXT[what](first)
        Meanwhile(lambda: found.append(in_a_transaction(everything, NEXT[what]))).join()

    assert [*map(bool, found)] == [False]


HELD = {
    "a conversation": lambda db: conversations.hold(db, 1),
    "its survivor": lambda db: conversations.hold_survivor(db, 1),
    "all that is unsettled": lambda db: conversations.hold_unsettled(db, after=0, most=9),
    "who waits": lambda db: conversations.waiting_from(db, "care", NOON, patiently=True),
    "an account": lambda db: accounts.hold(db, "demo"),
    "a team's day": lambda db: days.hold(db, "care", NOON),
    "a destination": lambda db: destinations.step(db, "C0CARE", NOON, destinations.POST),
    "a receipt": lambda db: receipts.hold(db, 1),
    "an address": lambda db: schedules.take_turn(db, "webcal://hours", LATER, HOUR, HOUR),
    "what ails us": ailments.hold_all,
    "a surge": lambda db: surges.hold(db, 1),
    "a customer": lambda db: customers.hold(db, [1]),
    "what a message names": lambda db: shown.record(db, "C0CARE", "1.0", [1]),
}


@pytest.mark.parametrize("what", HELD)
def test_who_holds_something_lets_others_wait(everything, what):
    with everything.begin() as first:
        HELD[what](first)
        other = Meanwhile(lambda: in_a_transaction(everything, HELD[what]))
        assert other.is_alive()
    other.join()


def in_a_transaction(database, act):
    with database.begin() as db:
        return act(db)
