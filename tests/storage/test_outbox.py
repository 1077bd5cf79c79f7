"""The outbox: in order, one at a time, in pace, and never lost."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update
from sqlalchemy.exc import IntegrityError

from bot.domain.delivery import Errand, Urgency
from storage import destinations, outbox
from storage.conversations import hang
from storage.tables import destinations as roads
from storage.tables import outbox as deliveries
from tests.conftest import NOON
from tests.storage.conftest import LEASE
from tests.things import HOUR, MINUTE, SECOND, remember

FEW = settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def test_a_lane_moves_one_at_a_time_and_in_order(box):
    box.put_all(["first", "second"], lane="slack:1")

    first = box.take()
    assert first.key == "first"
    assert box.take() is None

    box.done(first)
    assert box.next() == "second"


@pytest.mark.parametrize(("card", "first"), [(None, "card"), ("1.1", "nag")])
def test_a_nag_waits_for_a_first_card_and_not_for_an_edit(box, card, first):
    known = remember(box.database, channel="C0CARE", card=card)
    lane = f"slack:{known.id}"
    box.put("card", lane, Errand.CARD, conversation=known.id, urgency=1)
    box.put("nag", lane, Errand.NAG, conversation=known.id, urgency=1)
    slow = timedelta(seconds=100)
    with box.database.begin() as db:
        while destinations.step(db, destinations.EDITS, NOON, slow / 50):
            pass  # so many edits that none may go now

    assert box.next() == first


def test_what_is_put_off_holds_up_its_lane_and_no_other(box):
    box.put_all(["first", "second"], lane="slack:1")
    box.put("other", lane="slack:2")

    box.put_off(box.take(), NOON + MINUTE)

    assert box.next() == "other"
    assert box.take() is None
    assert box.next(NOON + MINUTE) == "first"


def test_the_same_debt_is_never_written_twice(box):
    box.put("card:1:1")

    with pytest.raises(IntegrityError):
        box.put("card:1:1")


def test_taking_begins_a_lease_and_counts_the_attempt(box):
    box.put("one")

    taken = box.take()

    assert (taken.attempt, taken.leased_until, taken.may_have_happened) == (1, NOON + LEASE, False)
    assert box.take(NOON + LEASE - SECOND) is None


def test_when_the_lease_runs_out_another_attempt_begins_and_knows_that_it_may_have_happened(box):
    box.put("one")
    box.take()

    again = box.take(NOON + LEASE)

    assert (again.attempt, again.may_have_happened) == (2, True)


@pytest.mark.fault(37)
def test_an_attempt_that_lost_its_lease_changes_nothing_any_more(box):
    box.put("one")
    old = box.take()
    new = box.take(NOON + LEASE)

    assert not box.done(old)
    assert not box.put_off(old, NOON + 9 * HOUR)
    with box.database.begin() as db:
        assert not outbox.give_up(db, old, "why", NOON)
        assert not outbox.ours(db, old, NOON + LEASE)
        assert outbox.ours(db, new, NOON + LEASE)
        [owed] = outbox.pending(db)
        assert (owed.attempts, owed.dead_at, owed.due_at) == (2, None, NOON)

    assert box.done(new)


def test_a_lease_that_has_run_out_is_not_ours_even_if_nobody_else_has_it(box):
    box.put("one")
    old = box.take()

    with box.database.begin() as db:
        assert outbox.ours(db, old, NOON + LEASE - SECOND)
        assert not outbox.ours(db, old, NOON + LEASE)


def test_a_lease_from_a_clock_that_was_set_back_since_holds_nothing_up(box):
    box.put("one")
    box.take(NOON + 2 * HOUR)

    assert box.take(NOON).attempt == 2


def test_what_is_done_is_not_changed_by_whoever_did_it(box):
    box.put("one")
    taken = box.take()
    box.done(taken)

    assert not box.put_off(taken, NOON + HOUR)
    with box.database.begin() as db:
        assert not outbox.ours(db, taken, NOON)


def test_what_was_finished_late_and_not_taken_again_is_done(box):
    box.put("one")
    late = box.take()

    assert box.done(late, NOON + HOUR)
    assert box.take(NOON + HOUR) is None


def test_an_attempt_that_surely_did_nothing_leaves_no_doubt(box):
    box.put("one")

    box.put_off(box.take(), NOON, doubt=False)

    assert not box.take(NOON).may_have_happened


def test_an_attempt_that_surely_did_nothing_does_not_settle_an_older_doubt(box):
    box.put("one")
    box.take()

    box.put_off(box.take(NOON + LEASE), NOON + LEASE, doubt=False)

    assert box.take(NOON + LEASE).may_have_happened


def test_the_most_urgent_goes_first_and_then_the_oldest(box):
    box.put("new", urgency=Urgency.NEW)
    box.put("complaint", urgency=Urgency.COMPLAINT)
    box.put("late", urgency=Urgency.LATE)
    box.put("second complaint", urgency=Urgency.COMPLAINT)

    taken = [box.next(NOON + n * SECOND * 2) for n in range(4)]

    assert taken == ["late", "complaint", "second complaint", "new"]


def test_what_comes_urgently_hurries_what_waits_before_it_in_its_lane(box):
    box.put("card", lane="slack:1", urgency=Urgency.NEW)
    box.put("complaint", lane="slack:2", urgency=Urgency.COMPLAINT)

    box.put("nag", lane="slack:1", urgency=Urgency.LATE)

    assert box.next() == "card"


def test_a_redraw_can_hurry_a_card_and_never_slow_it_down(box):
    box.put("card", lane="slack:1", errand=Errand.CARD, urgency=Urgency.NEW)
    box.put("complaint", lane="slack:2", urgency=Urgency.COMPLAINT)

    assert box.redraw("slack:1", Urgency.LATE)
    assert box.redraw("slack:1", Urgency.COSMETIC)

    assert box.next() == "card"


def test_a_card_that_still_waits_serves_for_a_redraw(box):
    box.put("card", lane="slack:1", errand=Errand.CARD)

    assert box.redraw("slack:1")
    assert not box.redraw("slack:2")


def test_a_card_that_waits_for_its_next_attempt_serves_for_a_redraw(box):
    box.put("card", lane="slack:1", errand=Errand.CARD)
    box.put_off(box.take(), NOON + MINUTE)

    assert box.redraw("slack:1")


def test_a_card_on_its_way_does_not_serve_for_a_redraw_for_it_may_have_looked_already(box):
    box.put("card", lane="slack:1", errand=Errand.CARD)
    card = box.take()

    assert not box.redraw("slack:1")

    box.done(card)
    assert not box.redraw("slack:1")


@pytest.mark.parametrize("doubt", [True, False])
def test_a_nag_that_may_be_out_does_not_serve_for_the_next_rung(box, doubt):
    box.put("nag:1:1", lane="slack:1", errand=Errand.NAG)
    box.put_off(box.take(), NOON, doubt=doubt)

    with box.database.begin() as db:
        served = outbox.redraw(db, Errand.NAG, "slack:1", urgency=Urgency.LATE, untried=True)

    assert served is not doubt


@pytest.mark.parametrize("doubt", [True, False])
def test_a_list_that_may_be_out_grows_no_more(box, doubt):
    box.put("list:care:gathered:1", lane="list:care", errand=Errand.LIST)
    box.put_off(box.take(), NOON, doubt=doubt)

    with box.database.begin() as db:
        grows = outbox.hold_untried(db, "list:care", "list:care:gathered:")

    assert (grows is None) is doubt


def due_at(box) -> dict[str, timedelta]:
    with box.database.begin() as db:
        return {owed.key: owed.due_at - NOON for owed in outbox.pending(db)}


def test_what_an_outage_put_off_goes_together_and_nothing_else_does(box):
    box.put("outage")
    box.put("error")
    box.put("answer", errand=Errand.REPLY)
    while taken := box.take():
        box.put_off(taken, NOON + HOUR, error=taken.key == "error")

    with box.database.begin() as db:
        assert outbox.relieve(db, "C0CARE", NOON + MINUTE)

    assert due_at(box) == {"outage": MINUTE, "error": HOUR, "answer": HOUR}


def test_after_a_start_what_may_just_have_been_done_still_waits(box):
    for key, doubt in (("sure", False), ("unsure", True)):
        box.put(key)
        box.put_off(box.take(), NOON + HOUR, doubt=doubt)

    with box.database.begin() as db:
        outbox.try_now(db, NOON + MINUTE)

    assert due_at(box) == {"sure": MINUTE, "unsure": HOUR}


def test_a_list_says_what_follows_it_unless_that_may_be_out(box):
    for number in (1, 2, 3):
        box.put(f"list:care:gathered:{number}", lane="list:care", detail=str(number))
    with box.database.begin() as db:
        tried = update(deliveries).where(deliveries.c.detail == "2")
        db.execute(tried.values(attempts=1, in_doubt=True))
    first = box.take()

    with box.database.begin() as db:
        assert outbox.absorb(db, first, "list:care:gathered:", NOON) == ["3"]


def test_what_was_owed_once_is_not_owed_again(box):
    box.put("one", once=True)
    box.done(box.take())

    box.put("one", once=True)

    assert box.take() is None


def test_a_card_that_may_hang_is_not_spared(box):
    known = remember(box.database)
    box.put("card", lane="slack:1", errand=Errand.CARD, conversation=known.id)
    box.put_off(box.take(), NOON)

    with box.database.begin() as db:
        outbox.spare(db, [known.id], NOON)

    assert box.next(NOON) == "card"


def test_a_note_is_no_redraw(box):
    box.put("note", lane="slack:1", errand=Errand.NOTE)

    assert not box.redraw("slack:1")


def test_a_redraw_brings_a_card_back_that_was_given_up(box):
    box.put("card", lane="slack:1", errand=Errand.CARD)
    card = box.take()
    with box.database.begin() as db:
        outbox.give_up(db, card, "why", NOON)
    assert box.take(NOON + HOUR) is None

    assert box.redraw("slack:1")

    assert box.next(NOON + HOUR) == "card"


def test_a_channel_takes_three_at_once_and_then_one_a_second(box):
    box.put_all("abcdef")

    assert [box.next() for _ in range(4)] == ["a", "b", "c", None]
    assert box.next(NOON + SECOND) is None
    assert box.next(NOON + 1.02 * SECOND) == "d"
    assert box.next(NOON + 1.03 * SECOND) is None


def test_a_channel_out_of_breath_holds_up_no_other(box):
    box.put_all("abcd")
    box.put("elsewhere", destination="C0PRESS")

    assert [box.next() for _ in range(5)] == ["a", "b", "c", "elsewhere", None]


def test_changing_cards_has_a_pace_of_its_own_over_all_channels(box):
    for n, channel in enumerate(["C0CARE", "C0PRESS", "C0CARE", "C0PRESS"], start=1):
        shown = remember(box.database, thread=f"t{n}")
        with box.database.begin() as db:
            hang(db, shown.id, channel=channel, card=f"1.{n}")
        lane = f"slack:{shown.id}"
        box.put(
            f"edit {n}", lane, Errand.CARD, destination=channel, conversation=shown.id, urgency=4
        )
    box.put("post")

    assert box.next() == "post"
    assert [box.next() for _ in range(3)] == ["edit 1", "edit 2", None]
    assert box.next(NOON + 1.25 * SECOND) == "edit 3"


def test_answers_do_not_wait_for_slacks_pace_nor_for_slacks_lane(box):
    box.put_all("abcd")
    box.put("card", lane="slack:1", errand=Errand.CARD)
    for n in range(6):
        box.put(f"reply {n}", f"reply:{n}", Errand.REPLY, destination="demo", urgency=0)

    taken = [box.next() for _ in range(6)]

    assert taken == [f"reply {n}" for n in range(6)]


@FEW
@given(st.lists(st.integers(0, 3000), min_size=1, max_size=40))
def test_no_channel_ever_gets_more_than_a_burst_of_three_and_then_one_a_second(box, clicks):
    with box.database.begin() as db:
        db.execute(delete(deliveries))
        db.execute(delete(roads))
    box.put_all(str(n) for n in range(len(clicks)))
    at, said = NOON, []

    for milliseconds in clicks:
        at += timedelta(milliseconds=milliseconds)
        if box.take(at):
            said.append(at)

    for first in range(len(said)):
        for last in range(first + 3, len(said)):
            assert said[last] - said[first] >= (last - first - 2) * SECOND


@FEW
@given(st.lists(st.integers(-7200, 7200), min_size=1, max_size=12))
@pytest.mark.fault(35)
def test_wherever_the_clock_is_set_the_outbox_goes_on_within_seconds(box, jumps):
    with box.database.begin() as db:
        db.execute(delete(deliveries))
        db.execute(delete(roads))
    at = NOON

    for n, seconds in enumerate(jumps):
        box.put(f"before {n}", at=at)
        at += seconds * SECOND
        assert box.take(at) or box.take(at + 10 * SECOND)


def test_a_destination_that_asked_us_to_wait_gets_nothing_until_then(box):
    box.put_all("ab")
    box.put("elsewhere", destination="C0PRESS")

    with box.database.begin() as db:
        destinations.close(db, "C0CARE", NOON + MINUTE)

    assert [box.next(), box.next()] == ["elsewhere", None]
    assert box.next(NOON + MINUTE - SECOND) is None
    assert box.next(NOON + MINUTE) == "a"


def test_closing_for_a_shorter_time_does_not_open_it_sooner(box):
    box.put("a")
    with box.database.begin() as db:
        destinations.close(db, "C0CARE", NOON + MINUTE)
        destinations.close(db, "C0CARE", NOON + SECOND)

    assert box.take(NOON + 2 * SECOND) is None


def test_after_a_restart_every_destination_is_tried_again(box):
    box.put("a")
    with box.database.begin() as db:
        destinations.close(db, "C0CARE", NOON + HOUR)
        assert destinations.troubled(db, "C0CARE", "archived")

        destinations.open_all(db)

        assert destinations.troubled(db, "C0CARE", "archived")
    assert box.next() == "a"


def test_trouble_is_news_once_until_it_is_over(box):
    with box.database.begin() as db:
        assert destinations.troubled(db, "C0CARE", "archived")
        assert not destinations.troubled(db, "C0CARE", "archived")
        destinations.well(db, "C0CARE")
        assert destinations.troubled(db, "C0CARE", "archived")


def test_a_dead_letter_is_shown_first_lets_its_lane_go_on_and_can_be_brought_back(box):
    box.put_all(["bad", "good"], lane="slack:1")
    bad = box.take()

    with box.database.begin() as db:
        assert outbox.give_up(db, bad, "It says no.", NOON)
        dead, waiting = outbox.pending(db)
    assert (dead.key, dead.trouble, dead.dead_at) == ("bad", "It says no.", NOON)
    assert waiting.key == "good"

    good = box.take(NOON)
    assert good.key == "good"
    box.done(good)
    with box.database.begin() as db:
        assert outbox.retry(db, dead.id, NOON + HOUR)
        assert not outbox.retry(db, waiting.id, NOON + HOUR)
        assert not outbox.retry(db, 99, NOON + HOUR)
    again = box.take(NOON + HOUR)
    assert (again.key, again.may_have_happened) == ("bad", True)


def test_failures_and_errors_are_counted_apart(box):
    box.put("one")

    taken = box.take()
    box.put_off(taken, NOON, error=False)
    box.put_off(taken, NOON, error=True)

    with box.database.begin() as db:
        assert (outbox.failures(db, taken), outbox.errors(db, taken)) == (2, 1)


def test_what_was_given_up_pends_until_it_is_done(box):
    box.put("one")
    taken = box.take()

    with box.database.begin() as db:
        outbox.give_up(db, taken, "why", NOON)
        assert outbox.pends(db, "one")
        outbox.withdraw(db, taken.id, NOON)
        assert not outbox.pends(db, "one")
        assert not outbox.pends(db, "two")


def first_card(box, thread: str, **more: object) -> int:
    known = remember(box.database, thread=thread, **more)
    box.put(f"card {thread}", f"slack:{known.id}", Errand.CARD, conversation=known.id)
    return known.id


def unshown(box) -> list[int]:
    with box.database.begin() as db:
        return list(outbox.unshown(db, "C0CARE", most=100))


def test_only_first_cards_that_nobody_touched_can_be_spared(box):
    plain = first_card(box, "plain")
    claimed = first_card(box, "claimed", owner="U0ANA")
    hanging = first_card(box, "hanging", channel="C0CARE", card="1.1")
    nagged = first_card(box, "nagged")
    box.put("nag", f"slack:{nagged}", Errand.NAG, conversation=nagged)

    assert unshown(box) == [plain]
    with box.database.begin() as db:
        assert outbox.crowded(db, more_than=0) == ["C0CARE"]
        assert outbox.crowded(db, more_than=1) == []
        outbox.spare(db, [plain], NOON)
    assert unshown(box) == []
    with box.database.begin() as db:
        left = {owed.conversation for owed in outbox.pending(db)}
    assert left == {claimed, hanging, nagged}


def test_a_flood_that_postgresql_has_not_counted_is_looked_through_at_once(box):
    """Without the offset, or with what is said of dead letters, each row is compared with each."""
    if box.database.dialect.name == "sqlite":
        pytest.skip("SQLite does not guess")
    known, before, flood = remember(box.database), 20_000, 8_000
    card = {"errand": Errand.CARD, "destination": "C0CARE", "urgency": 5, "conversation": known.id}

    def owe(db, name, many):
        for begin in range(0, many, 1000):
            numbers = range(begin, begin + 1000)
            debts = [outbox.Debt(key=f"{name} {n}", lane=f"{name} {n}", **card) for n in numbers]
            outbox.put_all(db, debts, NOON)

    with box.database.begin() as db:
        db.exec_driver_sql("ALTER TABLE outbox SET (autovacuum_enabled = false)")
        owe(db, "done", before)
        db.execute(update(deliveries).values(done_at=NOON))
        db.exec_driver_sql("ANALYZE outbox")
        owe(db, "new", flood)

    with box.database.begin() as db:
        db.exec_driver_sql("SET LOCAL statement_timeout = '2s'")
        assert outbox.crowded(db, more_than=flood - 1) == ["C0CARE"]
        assert outbox.unshown(db, "C0CARE", most=205) == {known.id: 5}
        assert outbox.take(db, NOON, LEASE).key == "new 0"
        db.exec_driver_sql("ALTER TABLE outbox RESET (autovacuum_enabled)")


def test_what_nobody_has_seen_goes_to_where_its_team_is_now(box):
    unseen = first_card(box, "unseen")
    first_card(box, "hanging", channel="C0CARE", card="1.1")
    box.put("reply", f"reply:{unseen}", Errand.REPLY, conversation=unseen, destination="demo")

    with box.database.begin() as db:
        outbox.reroute(db, "care", "C0NEW")
        where = {owed.key: owed.destination for owed in outbox.pending(db)}

    assert where == {"card unseen": "C0NEW", "card hanging": "C0CARE", "reply": "demo"}
