"""A case shows what still stands of what the customer said."""

from dataclasses import replace

from bot.domain.case import Case
from bot.domain.mention import Origin
from tests.things import HOUR, MINUTE, MIRA, NOON, WAITING, mention

FIRST = mention("My order is broken", key="d1")
SECOND = mention("Still!", key="d2", posted_at=NOON + HOUR)
LATE_FOUND = mention("Order 17", key="d3", posted_at=NOON + MINUTE)
OURS = mention("Sorry!", key="d4", posted_at=NOON + 2 * HOUR, origin=Origin.OWN)
AWAY = mention("I am away", key="d5", posted_at=NOON + 2 * HOUR, origin=Origin.AUTOMATED)


def case(*mentions) -> Case:
    return Case(conversation=WAITING, customer=MIRA, mentions=mentions)


def test_what_the_customer_said_is_in_the_order_in_which_it_was_posted():
    assert case(FIRST, SECOND, LATE_FOUND).heard == [FIRST, LATE_FOUND, SECOND]


def test_the_latest_are_the_customers_newest_words_not_ours_and_no_machines():
    assert case(FIRST, SECOND, LATE_FOUND, OURS, AWAY).latest == SECOND


def test_what_was_deleted_is_not_the_latest_while_anything_else_stands():
    gone = replace(SECOND, deleted=True)

    assert case(FIRST, gone).latest == FIRST
    assert case(gone).latest == gone


def test_a_case_of_machines_only_still_has_something_to_show():
    assert case(AWAY).latest == AWAY


def test_an_answer_from_elsewhere_is_the_newest_of_ours():
    newer = replace(OURS, key="d6")

    assert case(FIRST, OURS, newer).answer_from_elsewhere == newer
    assert case(FIRST).answer_from_elsewhere is None
