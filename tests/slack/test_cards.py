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
from bot.slack.words import KINDS
from tests.conftest import CARE, NOON
from tests.slack.cases import (
    ANSWERED,
    ASLEEP,
    CLAIMED,
    DISMISSED,
    HELD,
    HOUR,
    IN_THE_LOOP,
    LOOPED,
    MIRA,
    POST,
    PROMISED,
    REPLY,
    REPLYING,
    SAID_SO,
    SENT,
    SETTLED,
    SNOOZED,
    STATES,
    THANKS,
    THANKS_AND_PROMISED,
    THERE,
    THERE_IN_THE_LOOP,
    TOMORROW,
    UNSURE,
    WAITING,
    WITHDRAWN,
    WROTE_AGAIN,
    accepted,
    case,
    controls,
    options,
    shown,
)
from tests.slack.hostile import cases_of_all_kinds, live_markup

MERGED = WAITING.merge_into(41, "U0BEN", NOON)
OPEN_MENU = ["hand_on", "snooze", "dismiss", "customer", "more"]
CLOSED_MENU = ["customer", "follow_up", "why", "merge", "more"]
THERE_LATER = IN_THE_LOOP.answered_there(NOON + HOUR, "U0BEN", LOOPED)
THERE_LATER_SETTLED = THERE_LATER.settle("U0BEN", NOON + HOUR)
CANNOT = replace(POST, no_reply="Mira takes answers from friends only.")


@pytest.mark.parametrize(
    ("conversation", "buttons", "menu"),
    [
        (WAITING, ["reply", "claim", "menu"], OPEN_MENU),
        (CLAIMED, ["reply", "take_over", "menu"], OPEN_MENU),
        (REPLYING, [], []),
        (ANSWERED, ["menu"], CLOSED_MENU),
        (THERE, ["menu"], CLOSED_MENU),
        (DISMISSED, ["menu"], ["customer", "follow_up", "undo", "why", "more"]),
        (WITHDRAWN, ["menu"], CLOSED_MENU),
        (UNSURE, ["it_is_there", "send_again", "menu"], OPEN_MENU),
        (replace(WAITING, due_at=None), ["reply", "claim", "menu"], OPEN_MENU),
        (
            SNOOZED,
            ["reply", "claim", "menu"],
            ["hand_on", "wake", "dismiss", "customer", "more"],
        ),
        (PROMISED, ["reply", "settle", "menu"], OPEN_MENU),
        (IN_THE_LOOP, ["reply", "settle", "menu"], OPEN_MENU),
        (WROTE_AGAIN, ["reply", "claim", "menu"], OPEN_MENU),
        (SETTLED, ["menu"], CLOSED_MENU),
        (THANKS, ["no_answer_needed", "reply", "menu"], OPEN_MENU),
        (THANKS_AND_PROMISED, ["no_answer_needed", "reply", "menu"], OPEN_MENU),
        (MERGED, ["menu"], ["undo", "customer", "why", "audit", "more"]),
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


@pytest.mark.parametrize(
    ("conversation", "standing_out"),
    [
        (WAITING, ["Reply"]),
        (THANKS, ["No answer needed"]),
        (PROMISED, ["Reply"]),
        (UNSURE, ["It is published"]),
    ],
)
def test_one_button_stands_out(conversation, standing_out):
    *_, actions = card(case(conversation), NOON).blocks

    loud = [each for each in actions["elements"] if each.get("style")]
    assert [button["text"]["text"] for button in loud] == standing_out


def test_thanks_that_can_not_be_answered_here_are_closed_with_one_click_as_well():
    drawn = card(case(THANKS, mentions=[CANNOT]), NOON)

    assert controls(drawn) == ["no_answer_needed", "open", "answered_there", "menu"]


def test_the_platforms_name_opens_the_post_whatever_the_state():
    for conversation in STATES.values():
        head, *_ = card(case(conversation), NOON).blocks
        [post] = [part for part in head["elements"][0]["elements"] if part["type"] == "link"]
        assert (post["url"], post["text"]) == (POST.url, "X")

    without = card(case(mentions=[replace(POST, url=None)]), NOON)
    assert "on  X  ·" in shown(without)


@pytest.mark.parametrize(
    ("conversation", "later", "standing"),
    [
        (WAITING, 0, "due  2026-11-03 13:00 UTC"),
        (WAITING, 50, "due soon,  2026-11-03 13:00 UTC"),
        (WAITING, 61, "overdue since  2026-11-03 13:00 UTC"),
        (SNOOZED, 0, "paused until  2026-11-04 12:00 UTC"),
        (ASLEEP, 0, "paused until they write , at the longest until  2026-11-04 12:00 UTC"),
        (PROMISED, 20, "answered  ·  promised for  2026-11-04 12:00 UTC"),
        (PROMISED, 24 * 60 - 10, "answered  ·  promised soon, for  2026-11-04 12:00 UTC"),
        (PROMISED, 24 * 60 + 1, "answered  ·  overdue, promised for  2026-11-04 12:00 UTC"),
        (IN_THE_LOOP, 20, "answered  ·  hear from us again by  2026-11-04 12:12 UTC"),
        (IN_THE_LOOP, 23 * 60, "answered  ·  hear from us again soon, by  2026-11-04 12:12 UTC"),
        (IN_THE_LOOP, 25 * 60, "answered  ·  overdue, to hear from us by  2026-11-04 12:12 UTC"),
        (THANKS, 60, "sounds like their last word"),
        (
            THANKS_AND_PROMISED,
            60,
            "sounds like their last word  ·  promised for  2026-11-04 12:00 UTC",
        ),
        (WROTE_AGAIN, 60, "promised for  2026-11-04 12:00 UTC"),
        (replace(PROMISED, due_at=None), 0, "·  answered"),
        (replace(WAITING, due_at=None), 0, "no deadline"),
        (ANSWERED, 60, "answered  after 12 min, in time"),
        (SETTLED, 60, "settled"),
        (PROMISED.sent(TOMORROW - HOUR, CARE), 0, "answered , as promised"),
        (PROMISED.sent(TOMORROW + HOUR, CARE), 0, "answered , 1 h later than promised"),
        (IN_THE_LOOP.sent(NOON + 2 * HOUR, CARE), 0, "answered , in time"),
        (IN_THE_LOOP.sent(NOON + 26 * HOUR, CARE), 0, "answered , 1 h 48 min late"),
    ],
)
def test_the_headline_says_how_it_stands_with_the_clock(conversation, later, standing):
    head, *_ = card(case(conversation, reply=SENT), NOON + timedelta(minutes=later)).blocks

    said = shown({"blocks": [{**head, "elements": head["elements"][:1]}]})
    assert standing in said
    assert said.endswith(standing + " \n")


def test_what_is_late_and_then_paused_is_still_late():
    late = WAITING.snooze(TOMORROW, "U0BEN", "A strike", NOON + 2 * HOUR, CARE)

    seen = shown(card(case(late), NOON + 3 * HOUR))

    assert "overdue since  2026-11-03 13:00 UTC  ·  paused until  2026-11-04 12:00 UTC" in seen


def test_what_is_due_soon_has_an_hourglass_unless_it_is_paused():
    soon = NOON + timedelta(minutes=50)
    paused = WAITING.snooze(TOMORROW, "U0BEN", "A strike", soon, CARE)

    assert "hourglass" in str(card(case(), soon).blocks)
    assert "hourglass" not in str(card(case(), NOON).blocks)
    assert "hourglass" not in str(card(case(paused), soon).blocks)


def test_a_pause_is_on_the_card_with_its_reason_while_it_lasts():
    drawn = card(case(SNOOZED), NOON)

    assert "paused by <@U0BEN>: Waiting for the parcel" in shown(drawn)
    assert "paused by <@U0BEN>: Waiting for the parcel" in drawn.text
    assert "paused until <!date^" in drawn.text
    assert "paused" not in card(case(SNOOZED), TOMORROW).text


def test_a_promise_is_on_the_card_with_the_name_of_who_made_it():
    for conversation in (PROMISED, WROTE_AGAIN, THANKS_AND_PROMISED):
        drawn = card(case(conversation), NOON + HOUR)
        assert "another word is promised by <@U0ANA> for <!date^" in drawn.text
    assert "another word" not in card(case(SETTLED), NOON + HOUR).text


def test_a_claim_says_when_it_lets_go():
    seen = shown(card(case(HELD), NOON))

    assert re.search(r"<@U0ANA> has it, until <!date\^\d+\^[^>]*\|2026-11-03 14:00 UTC> if", seen)
    assert "if nothing happens" not in shown(card(case(CLAIMED), NOON))


def test_what_is_answered_and_still_open_shows_the_answer_and_who_has_it():
    for conversation in (PROMISED, IN_THE_LOOP):
        drawn = card(case(conversation), NOON + HOUR)
        assert "A new one is on its way." in shown(drawn)
        assert "<@U0ANA> has it" in shown(drawn)
        assert "Our answer: A new one is on its way." in drawn.text
        assert "messages wait" not in shown(drawn)


def test_who_settled_it_is_said_beside_the_answer():
    seen = shown(card(case(SETTLED), NOON + HOUR))

    assert "A new one is on its way." in seen
    assert "Settled by <@U0BEN>" in seen


def test_a_tag_of_the_customer_is_shown():
    tagged = replace(WAITING, tags=("VIP", "press"))

    drawn = card(case(tagged), NOON)
    assert "1,204 followers · VIP, press · writes for the first time" in shown(drawn)
    assert "tagged VIP, press" in drawn.text


def test_stars_and_a_verified_account_are_shown():
    rated = case(mentions=[replace(POST, rating=2)], customer=replace(MIRA, verified=True))

    seen = shown(card(rated, NOON))

    assert "★★☆☆☆ 2 of 5 stars" in seen
    assert "1,204 followers · verified" in seen


def test_the_customers_line_tells_what_we_know_of_them():
    past = Past(times=3, last_state=State.ANSWERED, last_closed_at=NOON - timedelta(days=9))
    known = replace(case(replace(WAITING, language="de"), past=past), known_by=["U0ANA"], notes=2)

    drawn = card(known, NOON)

    seen = shown(drawn)
    assert "wrote 3 times before, the last time answered" in seen
    for part in ("<@U0ANA>", "knows them", "2 notes", "German"):
        assert part in seen
    for part in ("<@U0ANA> knows them", "2 notes", "writes in German"):
        assert part in drawn.text


def test_a_language_that_all_speak_is_not_worth_a_word():
    assert "English" not in shown(card(case(replace(WAITING, language="en-GB")), NOON))


def test_what_is_urgent_and_who_was_called_to_help_is_on_the_card():
    raised = WAITING.rate(True, "U0ANA", CARE).escalate("U0LEA", "U0ANA", NOON, CARE)

    seen = shown(card(case(raised), NOON))

    assert "*urgent*" in seen
    assert "<@U0LEA> was called to help" in seen


def test_what_was_merged_says_where_it_goes_on():
    drawn = card(case(MERGED), NOON)

    assert "Merged into #41 by <@U0BEN>" in drawn.text
    assert "nobody has it" not in drawn.text


def test_a_card_says_who_and_what_and_when_and_why():
    past = Past(times=3, last_state=State.DISMISSED, last_closed_at=NOON - timedelta(days=9))

    seen = shown(accepted(card(case(past=past), NOON + 2 * HOUR)))

    assert "Complaint #42" in seen
    assert "on  X" in seen
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
        (THANKS, "nobody has it yet"),
        (CLAIMED, "<@U0ANA> has it"),
        (SETTLED, "Settled by <@U0BEN>"),
        (WAITING.answered_there(NOON, None, LOOPED), "nobody has it"),
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
    late = REPLYING.sent(NOON + 3 * HOUR, CARE)
    assert "after 3 h, 2 h late" in shown(card(case(late), NOON))


def test_the_answer_is_quoted_and_linked_once_it_is_out():
    drawn = card(case(ANSWERED, reply=SENT), NOON)

    assert "A new one is on its way." in shown(drawn)
    assert SENT.url in str(drawn.blocks)
    assert "Our answer: A new one is on its way." in drawn.text


def test_an_answer_on_its_way_is_shown_without_a_time():
    for conversation in (REPLYING, PROMISED.reply("U0ANA", NOON + HOUR, CARE)):
        drawn = card(case(conversation, reply=REPLY), NOON)
        assert "<@U0ANA>  is answering: A new one is on its way." in shown(drawn)


def test_an_answer_that_was_seen_there_is_shown():
    own = replace(POST, id=9, origin=Origin.OWN, text="We are on it!")

    for conversation in (THERE, THERE_IN_THE_LOOP):
        assert "We are on it!" in shown(card(case(conversation, mentions=[POST, own]), NOON))


def test_an_answer_of_an_earlier_round_is_not_shown_as_the_answer_of_this_one():
    for conversation in (WAITING, THERE, SAID_SO, DISMISSED, THERE_LATER, THERE_LATER_SETTLED):
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


@pytest.mark.parametrize(
    ("media", "pictures", "told"),
    [
        (["mid:a/1"], {}, "1 picture in the message, not shown here"),
        ([f"mid:a/{n}" for n in range(9)], {}, "9 pictures in the message, not shown here"),
        (
            [f"mid:a/{n}" for n in range(9)],
            {"mid:a/0": "F1", "mid:a/8": "F9"},  # the card has room for five
            "8 pictures in the message, not shown here",
        ),
        (["https://b.example", "mid:a/1"], {}, "1 picture in the message, not shown here"),
        (["mid:a/1"], {"mid:a/1": "F1"}, ""),
        (["mid:a/1"], {"mid:a/1": ""}, "1 picture in the message, not shown here"),
        (["https://b.example"], {}, ""),
    ],
)
def test_pictures_inside_a_message_that_are_not_shown_are_counted(media, pictures, told):
    drawn = card(replace(case(mentions=[replace(POST, media=media)]), pictures=pictures), NOON)

    assert ("not shown here" in shown(drawn)) == bool(told)
    assert told in shown(drawn)
    assert "mid:" not in str(drawn.blocks)


def test_a_private_message_is_said_to_be_private():
    assert "private message" in shown(card(case(mentions=[replace(POST, public=False)]), NOON))


def test_a_mail_has_its_subject_above_its_words():
    mail = replace(POST, account="email:press", subject="Order 88412")

    seen = shown(card(case(replace(WAITING, account="email:press"), mentions=[mail]), NOON))

    assert "by  email (press)" in seen
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

    kind = KINDS[conversation.kind]
    for part in (f"{kind} 42 on X", "Mira Lindqvist (@mira)", "My order is broken"):
        assert part in heard
    if conversation.due_at and state in ("waiting", "claimed", "held", "replying", "unsure"):
        assert "due <!date^" in heard


@given(hostile=cases_of_all_kinds())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@pytest.mark.fault(42)
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
