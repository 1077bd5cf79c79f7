"""The forms: what they show and ask, and what comes back in them."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.mention import Kind, Origin
from bot.domain.reply import Ability
from bot.domain.team import Rung
from bot.playground.pings import pings
from bot.slack import filled, forms, stories
from tests.conftest import CARE, NOON
from tests.slack.cases import (
    ANSWERED,
    HOUR,
    POST,
    REPLY,
    SENT,
    WAITING,
    accepted_view,
    case,
    shown,
)
from tests.slack.hostile import TEXT, URL, cases_of_all_kinds, live_markup

ABILITY = Ability(speaks_as="@acme", limit=280, unit="characters")
STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def inputs(view):
    return {b["block_id"]: b for b in view["blocks"] if b["type"] == "input"}


def typed(view, **texts):
    """The view as it comes back, with this typed in."""
    values = {block: {"text": {"value": text}} for block, text in texts.items()}
    return {**view, "state": {"values": values}}


def test_the_reply_form_shows_all_that_one_must_know():
    view = forms.reply(case(), ABILITY, "")

    seen = shown(accepted_view(view))
    assert "To  Mira Lindqvist (@mira)" in seen
    assert "My order is broken" in seen
    assert "Published on X as *@acme*, public: everyone can read it." in seen
    assert "Up to 280 characters, as the platform counts them." in seen
    assert filled.opened_at(view) == {"conversation": 42, "mention": 7}


def test_a_private_answer_is_said_to_be_private():
    private = case(mentions=[replace(POST, public=False)])

    assert "private: only they read it" in shown(forms.reply(private, ABILITY, ""))


def test_where_the_platform_takes_more_than_slack_the_form_says_what_slack_takes():
    mail = Ability(speaks_as="Acme Care <care@acme.example>", limit=100_000)

    view = forms.reply(case(), mail, "")

    assert "Up to 3,000 characters." in shown(view)
    assert "Acme Care &lt;care@acme.example&gt;" in shown(view)


def test_what_was_typed_before_is_offered_again():
    view = forms.reply(case(), ABILITY, "So sorry, Mira.")

    assert inputs(view)["answer"]["element"]["initial_value"] == "So sorry, Mira."
    assert "You wrote this before, and it was not sent." in shown(view)


def test_what_the_platform_refused_is_offered_with_its_reason():
    refused = replace(REPLY, refused="That is 301 characters.")

    view = forms.reply(case(reply=refused), ABILITY, REPLY.text)

    assert "This was not taken: That is 301 characters." in shown(view)


def test_a_long_letter_can_be_read_in_the_form():
    letter = "A sentence of a long letter. " * 200

    view = forms.reply(case(mentions=[replace(POST, text=letter)]), ABILITY, "")

    assert letter.strip() in shown(view)


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
    view = typed(forms.reply(case(), ABILITY, ""), answer="a\0b \ud83d")

    assert filled.text_in(view, "answer") == "a\ufffdb \ufffd"
    assert filled.text_in(typed(view), "answer") == ""


def test_why_tells_the_whole_story_of_a_deadline():
    seen = shown(accepted_view(stories.why(case(), CARE)))

    assert "Mira Lindqvist (@mira) wrote <!date^1793707200^" in seen
    assert "*care* answers a complaint within *1 h*. It counts as one because of “broken”." in seen
    assert "So it is due *<!date^1793710800^" in seen
    assert "2026-11-03 13:00 UTC :  whoever has it" in seen
    assert "2026-11-03 13:30 UTC :  the channel" in seen
    assert "2026-11-03 15:00 UTC :  all who are here" in seen
    assert "0 of 3 so far." in seen


def test_why_knows_what_is_over():
    assert "So it was due" in shown(stories.why(case(ANSWERED), CARE))


def test_why_counts_from_the_oldest_that_waits():
    again = replace(POST, id=8, posted_at=NOON + HOUR)

    seen = shown(stories.why(case(mentions=[POST, again]), CARE))

    assert "wrote the oldest message that still waits" in seen


def test_why_says_when_nothing_is_promised():
    praise = replace(WAITING, kind=Kind.PRAISE, due_at=None)

    seen = shown(accepted_view(stories.why(case(praise), CARE)))

    assert "promises nothing for a praise" not in seen
    assert "*care* promises nothing for praise, so there is no deadline" in seen


def test_a_ladder_may_have_many_rungs():
    ladder = [Rung(after=timedelta(minutes=n), call="S0LEADS") for n in range(90)]

    view = stories.why(case(), replace(CARE, ladder=ladder))

    assert shown(accepted_view(view)).count("<@S0LEADS>") == 90


def test_history_tells_who_said_what_and_where_newest_first():
    own = replace(POST, id=9, origin=Origin.OWN, text="Try again now", posted_at=NOON + HOUR)
    gone = replace(POST, id=8, text="Oops", deleted=True)

    seen = shown(accepted_view(stories.history(case(), [own, SENT, gone, POST])))

    for part in ("answered there on X", "<@U0ANA>", "wrote on X, deleted since", "wrote on X"):
        assert part in seen
    assert seen.index("Try again now") < seen.index(SENT.text) < seen.index("Oops")


def test_a_long_history_says_that_there_is_more():
    view = stories.history(case(), [POST] * 21)

    seen = shown(accepted_view(view))
    assert seen.count("My order is broken") == 20
    assert "These are the newest 20." in seen


@given(hostile=cases_of_all_kinds(), draft=TEXT, speaks_as=TEXT)
@STRICT
def test_slack_opens_every_form_and_no_customer_calls_anybody(hostile, draft, speaks_as):
    ability = Ability(speaks_as=speaks_as, limit=280)
    ladder = [*CARE.ladder, Rung(after=HOUR, call="U0LEA")]
    views = [
        forms.reply(hostile, ability, draft),
        forms.dismiss(hostile),
        stories.why(hostile, replace(CARE, ladder=ladder)),
        forms.too_late("Too late.", draft),
        stories.history(hostile, [*hostile.mentions * 7, hostile.reply]),
    ]

    for view in views:
        message = accepted_view(view)
        assert set(pings(message)) <= {"U0ANA", "U0BEN", "U0LEA"}
        assert live_markup(message) == []
        assert len(json.dumps(view)) < 250_000


@given(urls=st.lists(URL, min_size=20, max_size=20), text=TEXT)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_the_fullest_history_fits(urls, text):
    said = [replace(POST, url=url, text=text) for url in urls]

    assert len(json.dumps(stories.history(case(), said))) < 250_000
