"""The forms: what they show and ask, and what comes back in them."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings

from bot.domain.reply import Ability
from bot.playground.pings import pings
from bot.slack import filled, forms, reply_forms
from bot.slack.reply_forms import Sheet
from tests.conftest import NOON
from tests.slack.cases import (
    HOUR,
    POST,
    REPLY,
    accepted_view,
    case,
    shown,
)
from tests.slack.hostile import TEXT, cases_of_all_kinds, live_markup

ABILITY = Ability(speaks_as="@acme", limit=280, unit="characters")
BERLIN = ZoneInfo("Europe/Berlin")
FRIDAY = datetime(2026, 11, 6, 11, tzinfo=UTC)
CHOICES = [("In two working hours: Tue 3 Nov 15:00", NOON + 2 * HOUR), ("Friday noon", FRIDAY)]
STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def reply_form(asked=None, ability=ABILITY, draft="", keep=None):
    about = asked or case()
    return reply_forms.reply(
        Sheet(
            case=about,
            ability=ability,
            at=about.latest,
            now=NOON,
            zone=BERLIN,
            text=draft,
            promises=CHOICES,
            keep=keep,
        )
    )


def snooze_form(asked=None):
    return forms.snooze(asked or case(), CHOICES, NOON + 14 * 24 * HOUR, BERLIN)


def labels(view, block):
    return [option["text"]["text"] for option in inputs(view)[block]["element"]["options"]]


def chosen(view, **fields):
    """The view as it comes back, with these options and times chosen."""
    values = {}
    for block, value in fields.items():
        element = inputs(view)[block]["element"]
        if element["type"] == "datetimepicker":
            values[block] = {"at": {"selected_date_time": value}}
        else:
            [option] = [o for o in element["options"] if o["text"]["text"].startswith(value)]
            values[block] = {block: {"selected_option": option}}
    return {**view, "state": {"values": values}}


def inputs(view):
    return {b["block_id"]: b for b in view["blocks"] if b["type"] == "input"}


def typed(view, **texts):
    """The view as it comes back, with this typed in."""
    values = {block: {"text": {"value": text}} for block, text in texts.items()}
    return {**view, "state": {"values": values}}


def test_the_reply_form_shows_all_that_one_must_know():
    view = reply_form()

    seen = shown(accepted_view(view))
    assert "To  Mira Lindqvist (@mira)" in seen
    assert "My order is broken" in seen
    assert "Published on X as *@acme*, public: everyone can read it." in seen
    assert "Up to 280 characters, as the platform counts them." in seen
    about = filled.opened_at(view)
    assert (about["conversation"], about["mention"]) == (42, 7)


def test_a_private_answer_is_said_to_be_private():
    private = case(mentions=[replace(POST, public=False)])

    assert "private: only they read it" in shown(reply_form(private))


def test_where_the_platform_takes_more_than_slack_the_form_says_what_slack_takes():
    mail = Ability(speaks_as="Acme Care <care@acme.example>", limit=100_000)

    view = reply_form(ability=mail)

    assert "Up to 3,000 characters." in shown(view)
    assert "Acme Care &lt;care@acme.example&gt;" in shown(view)


def test_what_is_particular_about_answers_there_is_said():
    reviews = replace(ABILITY, overwrites=True, markup="Markdown")
    window = case(mentions=[replace(POST, reply_by=NOON + HOUR)])

    seen = shown(accepted_view(reply_form(window, reviews)))

    assert "It can be answered until" in seen
    assert "There is one answer at most: another takes its place." in seen
    assert "Markdown works in it" in seen
    assert "at most: another" not in shown(reply_form())


def test_what_was_typed_before_is_offered_again():
    view = reply_form(draft="So sorry, Mira.")

    assert inputs(view)["answer"]["element"]["initial_value"] == "So sorry, Mira."
    assert "You wrote this before, and it was not sent." in shown(view)


def test_what_the_platform_refused_is_offered_with_its_reason():
    refused = replace(REPLY, refused="That is 301 characters.")

    view = reply_form(case(reply=refused), draft=REPLY.text)

    assert "This was not taken: That is 301 characters." in shown(view)


def test_a_long_letter_can_be_read_in_the_form():
    letter = "A sentence of a long letter. " * 200

    view = reply_form(case(mentions=[replace(POST, text=letter)]))

    assert letter.strip() in shown(view)


def test_a_promise_is_one_click_and_at_first_there_is_none():
    view = reply_form()

    accepted_view(view)
    promise = inputs(view)["promise"]
    assert promise["element"]["type"] == "static_select"
    assert labels(view, "promise") == ["No promise", *(label for label, _ in CHOICES)]
    assert promise["element"]["initial_option"]["text"]["text"] == "No promise"
    assert "These times are those of Europe/Berlin." in promise["hint"]["text"]
    assert inputs(view)["promise_at"]["optional"]


def test_a_promise_that_stands_is_kept_unless_something_else_is_chosen():
    view = reply_form(keep=FRIDAY)

    accepted_view(view)
    element = inputs(view)["promise"]["element"]
    assert labels(view, "promise") == ["Keep: Fri 6 Nov 12:00", "No promise", CHOICES[0][0]]
    assert element["initial_option"] == element["options"][0]


@pytest.mark.parametrize(
    ("fields", "promised"),
    [
        ({}, (None, "promise")),
        ({"promise": "No promise"}, (None, "promise")),
        ({"promise": "Friday"}, (FRIDAY, "promise")),
        ({"promise": "Keep"}, (FRIDAY, "promise")),
        ({"promise": "No", "promise_at": 1793793600}, (NOON + 24 * HOUR, "promise_at")),
        ({"promise": "Friday", "promise_at": None}, (FRIDAY, "promise")),
    ],
)
def test_what_was_shown_is_what_is_promised(fields, promised):
    view = reply_form(keep=FRIDAY if fields.get("promise") == "Keep" else None)

    assert filled.promise_in(chosen(view, **fields)) == promised


def test_snoozing_asks_until_when_and_why():
    view = snooze_form()

    accepted_view(view)
    assert labels(view, "until") == [
        *(label for label, _ in CHOICES),
        "Until the customer writes, at the longest two weeks",
    ]
    assert inputs(view)["until"]["element"]["type"] == "radio_buttons"
    assert not inputs(view)["because"]["optional"]
    assert inputs(view)["until_at"]["optional"]


@pytest.mark.parametrize(
    ("fields", "until"),
    [
        ({"until": "Friday"}, (FRIDAY, "until", False)),
        ({"until": "Until the"}, (NOON + 14 * 24 * HOUR, "until", True)),
        ({"until": "Until the", "until_at": 1793793600}, (NOON + 24 * HOUR, "until_at", False)),
    ],
)
def test_a_snooze_lasts_until_what_was_chosen(fields, until):
    assert filled.until_in(chosen(snooze_form(), **fields)) == until


def test_what_came_too_late_is_there_to_copy_whole():
    text = "Dear Mira, " * 270

    view = forms.too_late("<@U0BEN> is answering this one right now.", text)

    assert text.strip() in shown(accepted_view(view))
    assert "submit" not in view


def test_dismissing_asks_for_a_reason_of_five():
    view = forms.dismiss(case())

    accepted_view(view)
    options = inputs(view)["reason"]["element"]["options"]
    assert [option["text"]["text"] for option in options] == [
        "No answer needed",
        "Not about us",
        "Spam",
        "Handled elsewhere",
        "Another reason",
    ]
    assert inputs(view)["more"]["optional"]


@pytest.mark.parametrize(
    ("chosen", "more", "reason"),
    [
        ("spam", "", "Spam"),
        ("spam", " bots, all of them ", "Spam: bots, all of them"),
        ("other", "It is our own post", "It is our own post"),
        ("other", "  ", ""),
    ],
)
def test_the_reason_is_one_sentence(chosen, more, reason):
    view = typed(forms.dismiss(case()), more=more)
    view["state"]["values"]["reason"] = {"reason": {"selected_option": {"value": chosen}}}

    assert filled.reason_in(view) == reason


def test_what_is_typed_has_nothing_in_it_that_no_database_keeps():
    view = reply_form()
    view["state"] = {"values": {"answer": {"answer": {"value": "a\0b \ud83d"}}}}

    assert filled.answer_in(view) == "a\ufffdb \ufffd"
    assert filled.text_in(typed(view), "answer") == ""


@given(hostile=cases_of_all_kinds(), draft=TEXT, speaks_as=TEXT)
@STRICT
def test_slack_opens_every_form_and_no_customer_calls_anybody(hostile, draft, speaks_as):
    ability = Ability(speaks_as=speaks_as, limit=280)
    views = [
        reply_form(hostile, ability, draft, keep=FRIDAY),
        snooze_form(hostile),
        forms.dismiss(hostile),
        forms.too_late("Too late.", draft),
    ]

    for view in views:
        message = accepted_view(view)
        assert set(pings(message)) <= {"U0ANA", "U0BEN"}
        assert live_markup(message) == []
        assert len(json.dumps(view)) < 250_000
