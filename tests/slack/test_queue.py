"""The list of what waits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.clock import Owed
from bot.playground.pings import pings
from bot.slack.queue import Links, Listing, queue
from storage.conversations import Waiting
from storage.search import Totals
from tests.conftest import CARE, NOON
from tests.slack.cases import (
    CLAIMED,
    HOUR,
    MIRA,
    REPLYING,
    STATES,
    WAITING,
    accepted,
    controls,
    shown,
)
from tests.slack.hostile import CUSTOMER, TEXT, live_markup

LINKS = Links("https://acme.slack.com/")
SNOOZED = replace(WAITING.snooze(NOON + 3 * HOUR, "U0ANA", "parcel", NOON, CARE), owner=None)
PROMISED = replace(CLAIMED, waits=False, owed=Owed.PROMISE, due_at=NOON + 2 * HOUR)
LOOP = replace(CLAIMED, waits=False, owed=Owed.LOOP, due_at=NOON + 8 * HOUR)


def entry(conversation=WAITING, customer=MIRA, words="My order\nis broken"):
    return Waiting(conversation=conversation, customer=customer, words=words)


def listing(*found, waiting=None, late=0, claimed=0, skipped=0):
    totals = Totals(waiting=len(found) if waiting is None else waiting, late=late, claimed=claimed)
    return Listing(
        title="Waiting for care", query="mine", found=found, totals=totals, skipped=skipped
    )


def test_totals_stand_on_top():
    drawn = queue(listing(entry(), waiting=7, late=2, claimed=3), NOON, LINKS)

    assert drawn.text.splitlines()[0] == "*Waiting for care*: 7 waiting, 2 overdue, 4 unclaimed"
    assert drawn.blocks[0]["text"]["text"] == drawn.text.splitlines()[0]


def test_nobody_waiting_is_good_news_in_one_line():
    drawn = queue(listing(), NOON, LINKS)

    assert drawn.text == "*Waiting for care*: nobody. :sunny:"
    assert len(drawn.blocks) == 1


@pytest.mark.parametrize(
    ("conversation", "now", "said"),
    [
        (WAITING, NOON, "due in 1 h,  2026-11-03 13:00 UTC  · unclaimed"),
        (WAITING, NOON + 2 * HOUR, "overdue by 1 h  · unclaimed"),
        (CLAIMED, NOON + 2 * HOUR, "overdue by 1 h  ·  <@U0ANA>"),
        (REPLYING, NOON + 2 * HOUR, "<@U0ANA>  is answering"),
        (replace(WAITING, due_at=None), NOON, "no deadline  · unclaimed"),
        (SNOOZED, NOON, "paused until  2026-11-03 15:00 UTC  · unclaimed"),
        (SNOOZED, NOON + 5 * HOUR, "overdue by 1 h  · unclaimed"),
        (
            replace(SNOOZED, until_they_write=True),
            NOON,
            "paused until they write,  2026-11-03 15:00 UTC  at the latest  · unclaimed",
        ),
        (PROMISED, NOON, "promised another word by  2026-11-03 14:00 UTC  ·  <@U0ANA>"),
        (PROMISED, NOON + 3 * HOUR, "promised another word, 1 h late  ·  <@U0ANA>"),
        (LOOP, NOON, "answered, hears from us again by  2026-11-03 20:00 UTC  ·  <@U0ANA>"),
        (LOOP, NOON + 9 * HOUR, "answered, should have heard from us 1 h ago  ·  <@U0ANA>"),
        (replace(WAITING, due_at=None, thanks=True), NOON, "sounds like their last word  ·"),
        (replace(WAITING, due_at=None, waits=False), NOON, "answered  · unclaimed"),
    ],
)
def test_a_line_says_how_late_and_who_has_it(conversation, now, said):
    assert said in shown(queue(listing(entry(conversation)), now, LINKS))


def test_what_is_nearly_due_stands_out():
    soon = replace(WAITING, imminent_at=NOON + HOUR / 2)

    assert "hourglass" not in str(queue(listing(entry(soon)), NOON, LINKS).blocks)
    assert "hourglass" in str(queue(listing(entry(soon)), NOON + HOUR / 2, LINKS).blocks)
    assert "hourglass" not in str(queue(listing(entry(soon)), NOON + HOUR, LINKS).blocks)


def test_a_line_leads_to_its_card():
    drawn = queue(listing(entry()), NOON, LINKS)

    assert "https://acme.slack.com/archives/C0CARE/p1000001" in str(drawn.blocks)


@pytest.mark.parametrize(
    ("conversation", "links"),
    [(replace(WAITING, card=None), LINKS), (WAITING, Links())],
)
def test_without_a_card_or_an_address_there_is_no_link(conversation, links):
    drawn = queue(listing(entry(conversation)), NOON, links)

    assert "'link'" not in str(drawn.blocks)
    assert "Mira Lindqvist (@mira)" in shown(drawn)


def test_a_screen_reader_hears_each_line():
    drawn = queue(listing(entry(), entry(CLAIMED)), NOON, LINKS)

    assert drawn.text.splitlines()[1:] == [
        "42: Mira Lindqvist (@mira) on X, due in 1 h, unclaimed: My order is broken",
        "42: Mira Lindqvist (@mira) on X, due in 1 h, <@U0ANA>: My order is broken",
    ]


@pytest.mark.parametrize(
    ("conversation", "said"),
    [
        (
            SNOOZED,
            "paused until <!date^1793718000^{date_short_pretty} {time}|2026-11-03 15:00 UTC>,",
        ),
        (PROMISED, "promised another word by <!date^1793714400^"),
        (LOOP, "answered, hears from us again by <!date^"),
    ],
)
def test_a_screen_reader_hears_until_when(conversation, said):
    assert said in queue(listing(entry(conversation)), NOON, LINKS).text


@pytest.mark.parametrize(
    ("skipped", "shown_now", "waiting", "buttons"),
    [
        (0, 10, 10, []),
        (0, 10, 25, [("more", "Next 10 of 15", "10 mine")]),
        (10, 10, 25, [("back", "Back", "0 mine"), ("more", "Next 5 of 5", "20 mine")]),
        (20, 5, 25, [("back", "Back", "10 mine")]),
        (20, 0, 3, [("back", "Back", "10 mine")]),
    ],
)
def test_pages_lead_on_and_back(skipped, shown_now, waiting, buttons):
    page = listing(*[entry()] * shown_now, waiting=waiting, skipped=skipped)

    drawn = queue(page, NOON, LINKS)

    rows = [block["elements"] for block in drawn.blocks if block["type"] == "actions"]
    pressed = [(b["action_id"], b["text"]["text"], b["value"]) for row in rows for b in row]
    several = ("open_form", "Select several…", "bulk mine 0")
    assert pressed == [*buttons, several]
    assert controls(accepted(drawn)) == [button[0] for button in pressed]


def test_of_one_there_is_nothing_to_select():
    drawn = queue(listing(entry(), waiting=1), NOON, LINKS)

    assert "Select several" not in str(drawn.blocks)


def test_a_later_page_says_where_it_is():
    page = listing(*[entry()] * 5, waiting=15, skipped=10)

    assert queue(page, NOON, LINKS).text.splitlines()[0].endswith(" · 11 to 15")


def test_what_is_heard_fits_one_message_whatever_was_asked():
    long = replace(MIRA, name="M" * 60, handle="@" + "m" * 39)
    page = replace(listing(*[entry(customer=long, words="x" * 200)] * 10), title="y" * 2500)

    drawn = queue(page, NOON, LINKS)

    assert 2500 < len(accepted(drawn).get("text")) <= 4000


@pytest.mark.parametrize(
    ("totals", "said"),
    [
        ({"closed": 3, "kept": 2, "broken": 1}, "3 closed, 2 in time, 1 late"),
        (
            {"waiting": 2, "closed": 1},
            "2 waiting, 0 overdue, 2 unclaimed · 1 closed, 0 in time, 0 late",
        ),
        ({}, "nobody."),
    ],
)
def test_what_is_closed_is_counted_by_how_it_ended(totals, said):
    counted = Totals(**{"waiting": 0, "late": 0, "claimed": 0} | totals)
    page = replace(listing(), title="All of care", totals=counted, waits=False)

    assert queue(page, NOON, LINKS).text == f"*All of care*: {said}"


@given(
    states=st.lists(
        st.sampled_from([*STATES.values(), SNOOZED, PROMISED, LOOP]), min_size=10, max_size=10
    ),
    customer=CUSTOMER,
    words=TEXT,
)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slack_takes_every_list_and_no_customer_calls_anybody(states, customer, words):
    found = [entry(state, customer, words) for state in states]

    message = accepted(queue(listing(*found, waiting=99), NOON + timedelta(minutes=61), LINKS))

    assert set(pings(message)) <= {"U0ANA", "U0BEN"}
    assert live_markup(message) == []
