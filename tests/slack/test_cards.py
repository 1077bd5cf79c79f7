"""The card: what it shows, what it offers, and that nobody's words get out of it."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.case import Past
from bot.domain.conversation import State
from bot.domain.mention import Kind, Origin
from bot.playground.pings import pings
from bot.slack.cards import card
from tests.conftest import NOON
from tests.slack.cases import (
    ANSWERED,
    CLAIMED,
    DISMISSED,
    HOUR,
    MIRA,
    POST,
    REPLY,
    REPLYING,
    SAID_SO,
    SENT,
    STATES,
    THERE,
    UNSURE,
    WAITING,
    WITHDRAWN,
    accepted,
    case,
    controls,
    options,
    shown,
)
from tests.slack.hostile import cases_of_all_kinds, live_markup

OPEN_MENU = ["dismiss", "question", "history", "why", "open"]
CLOSED_MENU = ["history", "why", "open"]
CANNOT = replace(POST, no_reply="Mira takes answers from friends only.")


@pytest.mark.parametrize(
    ("conversation", "buttons", "menu"),
    [
        (WAITING, ["reply", "claim", "menu"], OPEN_MENU),
        (CLAIMED, ["reply", "take_over", "menu"], OPEN_MENU),
        (REPLYING, [], []),
        (ANSWERED, ["menu"], CLOSED_MENU),
        (THERE, ["menu"], CLOSED_MENU),
        (DISMISSED, ["menu"], CLOSED_MENU),
        (WITHDRAWN, ["menu"], CLOSED_MENU),
        (UNSURE, ["it_is_there", "send_again", "menu"], OPEN_MENU),
        (replace(WAITING, due_at=None), ["reply", "claim", "menu"], [*OPEN_MENU[:3], "open"]),
        (
            replace(WAITING, kind=Kind.PRAISE),
            ["reply", "claim", "menu"],
            ["dismiss", "complaint", "history", "why", "open"],
        ),
    ],
)
def test_a_card_offers_what_can_be_done_now(conversation, buttons, menu):
    drawn = card(case(conversation), NOON)

    assert controls(drawn) == buttons
    assert options(drawn) == menu


def test_where_the_platform_takes_no_answer_the_button_opens_the_post():
    drawn = card(case(mentions=[CANNOT]), NOON)

    assert controls(drawn) == ["open", "answered_there", "claim", "menu"]
    [actions] = [block for block in drawn.blocks if block["type"] == "actions"]
    assert actions["elements"][0]["url"] == POST.url
    assert "can't be answered from here: Mira takes answers from friends only." in drawn.text


def test_where_there_is_nothing_to_open_there_is_no_button_for_it():
    drawn = card(case(mentions=[replace(CANNOT, url=None)]), NOON)

    assert controls(drawn) == ["answered_there", "claim", "menu"]
    assert "open" not in options(drawn)


def test_a_card_says_who_and_what_and_when_and_why():
    past = Past(times=3, last_state=State.DISMISSED, last_closed_at=NOON - timedelta(days=9))

    seen = shown(accepted(card(case(past=past), NOON + 2 * HOUR)))

    assert "Complaint #42" in seen
    assert "on X" in seen
    assert "overdue since" in seen
    assert "Mira Lindqvist (@mira)" in seen
    assert "1,204 followers · wrote 3 times before, the last time dismissed" in seen
    assert "2026-10-25 12:00 UTC" in seen
    assert "My order is broken" in seen
    assert "nobody has it yet · complaint because of “broken”" in seen


def test_a_deadline_is_shown_in_the_readers_own_time_zone_and_in_how_long():
    head, *_ = card(case(), NOON).blocks

    [date] = [part for part in head["elements"][0]["elements"] if part["type"] == "date"]
    assert date["timestamp"] == int((NOON + HOUR).timestamp())
    assert date["format"] == "{date_short_pretty} {time} ({ago})"
    assert date["fallback"] == "2026-11-03 13:00 UTC"


@pytest.mark.parametrize(
    ("past", "said"),
    [
        (Past(), "writes for the first time"),
        (Past(times=1, last_state=State.ANSWERED), "wrote once before, answered"),
        (Past(times=1, last_state=State.WAITING), "wrote once before, still open"),
        (Past(times=2, last_state=State.CLAIMED), "wrote 2 times before, the last time still open"),
    ],
)
def test_how_often_somebody_wrote_before_is_said_plainly(past, said):
    assert said in shown(card(case(past=past), NOON))


def test_who_writes_again_in_an_answered_conversation_does_not_write_for_the_first_time():
    again = replace(POST, id=8, text="Still broken", posted_at=NOON + 5 * HOUR)
    reopened = replace(WAITING, waiting_since=again.posted_at)

    seen = shown(card(case(reopened, mentions=[POST, again]), NOON))

    assert "wrote before in this conversation" in seen
    assert "Still broken" in seen
    assert "My order is broken" not in seen


def test_a_card_says_how_many_messages_wait():
    again = replace(POST, id=8, text="Hello??", posted_at=NOON + HOUR)

    seen = shown(card(case(mentions=[POST, again]), NOON))

    assert "2 messages wait" in seen
    assert "My order is broken\n\nHello??" in seen
    assert "messages wait" not in shown(card(case(), NOON))


@pytest.mark.parametrize(
    ("conversation", "holder"),
    [
        (WAITING, "nobody has it yet"),
        (CLAIMED, "<@U0ANA> has it"),
        (REPLYING, "<@U0ANA> is answering"),
        (ANSWERED, "Answered by <@U0ANA>"),
        (THERE, "Answered on X itself"),
        (SAID_SO, "Answered on X itself, says <@U0BEN>"),
        (DISMISSED, "Dismissed by <@U0BEN>: Spam"),
        (WITHDRAWN, "Closed: The customer deleted it."),
        (UNSURE, "<@U0ANA>, look and say"),
    ],
)
def test_who_has_it_is_seen_and_heard(conversation, holder):
    drawn = card(case(conversation), NOON)

    assert holder in drawn.text
    for person in re.findall("<@U0...>", holder):
        assert person in shown(drawn)


def test_an_answer_in_time_is_said_to_be():
    assert "after 12 min, in time" in shown(card(case(ANSWERED), NOON))
    late = replace(ANSWERED, closed_at=NOON + 3 * HOUR)
    assert "after 3 h, 2 h late" in shown(card(case(late), NOON))


def test_the_answer_is_quoted_and_linked_once_it_is_out():
    drawn = card(case(ANSWERED, reply=SENT), NOON)

    assert "A new one is on its way." in shown(drawn)
    assert SENT.url in str(drawn.blocks)
    assert "Our answer: A new one is on its way." in drawn.text


def test_an_answer_on_its_way_is_shown_without_a_time():
    drawn = card(case(REPLYING, reply=REPLY), NOON)

    assert "<@U0ANA>  is answering: A new one is on its way." in shown(drawn)


def test_an_answer_that_was_seen_there_is_shown():
    own = replace(POST, id=9, origin=Origin.OWN, text="We are on it!")

    assert "We are on it!" in shown(card(case(THERE, mentions=[POST, own]), NOON))


def test_an_answer_of_an_earlier_round_is_not_shown_as_the_answer_of_this_one():
    for conversation in (WAITING, THERE, SAID_SO, DISMISSED):
        drawn = card(case(conversation, reply=SENT), NOON)

        assert SENT.text not in shown(drawn)
        assert SENT.text not in drawn.text


def test_media_are_links():
    photo = replace(POST, media=("https://pbs.example/1.jpg",))
    photos = replace(
        POST, media=("https://pbs.example/1.jpg", "not an address", "https://b.example")
    )

    assert "attachment" in shown(card(case(mentions=[photo]), NOON)).split()
    assert "https://pbs.example/1.jpg" in str(card(case(mentions=[photo]), NOON).blocks)
    assert "attachment 1    attachment 2" in shown(card(case(mentions=[photos]), NOON))


def test_a_private_message_is_said_to_be_private():
    assert "private message" in shown(card(case(mentions=[replace(POST, public=False)]), NOON))


def test_a_mail_has_its_subject_above_its_words():
    mail = replace(POST, account="email:press", subject="Order 88412")

    seen = shown(card(case(replace(WAITING, account="email:press"), mentions=[mail]), NOON))

    assert "by email (press)" in seen
    assert "Order 88412\n\nMy order is broken" in seen


def test_unknown_followers_are_not_mentioned():
    assert "follower" not in shown(card(case(customer=replace(MIRA, followers=None)), NOON))
    assert "1 follower ·" in shown(card(case(customer=replace(MIRA, followers=1)), NOON))


def test_buttons_that_repeat_say_whom_they_are_about():
    *_, actions = card(case(), NOON).blocks

    assert [element.get("accessibility_label") for element in actions["elements"]][:2] == [
        "Reply to Mira Lindqvist (@mira)",
        "Claim Mira Lindqvist (@mira)",
    ]


def test_who_corrected_the_kind_is_named():
    judged = replace(WAITING, judged_by="U0BEN", kind=Kind.QUESTION)

    assert "question because <@U0BEN> said so" in card(case(judged), NOON).text


@pytest.mark.parametrize("state", STATES)
def test_the_fallback_has_name_words_kind_and_deadline(state):
    conversation = STATES[state]

    heard = card(case(conversation), NOON).text

    for part in ("Complaint 42 on X", "Mira Lindqvist (@mira)", "My order is broken"):
        assert part in heard
    if conversation.due_at and state in ("waiting", "claimed", "replying", "unsure"):
        assert "due <!date^" in heard


@given(hostile=cases_of_all_kinds())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slack_takes_every_card_and_no_customer_calls_anybody(hostile):
    drawn = card(hostile, NOON + HOUR)

    message = accepted(drawn)

    assert set(pings(message)) <= {"U0ANA", "U0BEN"}
    assert live_markup(message) == []
    assert len(options(drawn)) <= 5
    assert f" {hostile.conversation.id} " in drawn.text


@given(number=st.integers(1, 10**18), followers=st.integers(0, 10**12))
@settings(max_examples=20, deadline=None)
def test_large_numbers_fit(number, followers):
    customer = replace(MIRA, followers=followers)

    accepted(card(case(replace(WAITING, id=number), customer=customer), NOON))
