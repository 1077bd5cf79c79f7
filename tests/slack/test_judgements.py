"""Why it counts as what it counts as: said in words, and corrected with one click."""

from dataclasses import replace

import pytest

from bot.domain.guess import Guess, Lane, Manner, Severity
from bot.domain.mention import Kind
from bot.slack.cards import card
from bot.slack.judgements import why
from bot.slack.queue import Links, entry, spoken
from bot.slack.tongue import speaking
from storage.conversations import Waiting
from tests import fake_slack
from tests.conftest import CARE, NOON
from tests.people import ANA, ask, choose, form, press
from tests.slack.cases import (
    ASIDE,
    CLAIMED,
    DISMISSED,
    MIRA,
    POST,
    THANKS,
    UNCHECKED,
    UNSURE,
    WAITING,
    accepted_view,
    case,
    shown,
)
from tests.slack.hostile import must_be_good
from tests.things import HOUR
from tests.triaged import tell

GUESS = Guess(
    kind=Kind.COMPLAINT,
    lane=Lane.CHECK,
    because="“still waiting”, “third time”",
    complaint=0.62,
    needs_answer=0.9,
    severity=Severity.LEAVING,
    language="de-AT",
    similar="I am still waiting for <!channel> my order",
)


def told(conversation=UNCHECKED, *, guessed=True, **changes):
    guess = replace(GUESS, **changes) if guessed else None
    return shown(accepted_view(why(case(conversation, guess=guess))))


def labels(message):
    return [
        each["text"]["text"]
        for block in message.blocks
        if block["type"] == "actions"
        for each in block["elements"]
        if each["type"] == "button"
    ]


def test_it_says_all_that_triage_made_of_it():
    read = told(replace(UNCHECKED, because=GUESS.because))

    assert "It counts as a complaint because of “still waiting”, “third time”." in read
    assert "Of ten such posts about 6 are complaints. About 9 need an answer." in read
    assert "It is to be checked" in read
    assert "They *threaten*" in read
    assert "It is written in German." in read
    assert "I am still waiting for <!channel> my order" in read


@pytest.mark.parametrize(
    ("share", "sentence"),
    [
        (0.04, "hardly one is a complaint"),
        (0.11, "about 1 is a complaint"),
        (0.9, "about 9 are complaints"),
        (0.97, "nearly all are complaints"),
        (None, "nobody can tell"),
    ],
)
def test_how_sure_it_is_is_said_as_people_count(share, sentence):
    assert sentence in told(complaint=share, language=None)


@pytest.mark.parametrize(
    ("share", "sentence"),
    [(0.0, "Hardly one of them needs"), (0.1, "About 1 needs"), (1.0, "Nearly all of them need")],
)
def test_so_is_whether_it_needs_an_answer(share, sentence):
    assert sentence in told(needs_answer=share)


def test_a_language_that_was_not_taught_is_named():
    unread = {"complaint": None, "needs_answer": None, "because": "a language", "language": "pl"}

    assert "Triage was not taught Polish, so it has the complaint's clock." in told(**unread)
    other = told(kind=Kind.QUESTION, **unread)
    assert "Triage was not taught Polish, so it counts as the team has said." in other
    with speaking("de"):
        assert "Polnisch hat die Triage nicht gelernt" in told(**unread)


@pytest.mark.parametrize(
    ("manner", "sentence"),
    [
        (Manner.COPIED, "Several others wrote the same"),
        (Manner.AUTOMATED, "as if a machine"),
        (Manner.PROMOTION, "like an advertisement"),
    ],
)
def test_how_it_is_written_is_said_where_people_do_not_write_so(manner, sentence):
    assert sentence in told(manner=manner)
    assert sentence not in told()


def test_who_corrected_it_is_named_and_what_triage_had_made_of_it():
    read = told(WAITING.judge(Kind.QUESTION, ANA, CARE))

    assert "It counts as a question because <@U0ANA> said so." in read
    assert "Triage took it for a complaint: “still waiting”, “third time”." in read


def test_nobodys_words_are_markup_there():
    judged = WAITING.judge(Kind.QUESTION, ANA, CARE)
    evil = {"because": "“<!channel>” *x*", "similar": "<!here>", "language": "<!everyone>"}

    must_be_good(why(case(judged, guess=replace(GUESS, **evil))))


def test_what_was_guessed_before_there_were_guesses_is_told_as_far_as_it_is_known():
    read = told(WAITING, guessed=False)

    assert "It counts as a complaint because of “broken”." in read
    assert "Of ten" not in read


def test_what_waits_for_the_daily_list_is_said():
    assert "It has no card yet" in told(ASIDE)
    assert "It has no card yet" not in told(replace(ASIDE, card="1.1"))


def test_it_offers_what_can_be_said_about_it():
    def offered(conversation):
        view = why(case(conversation, guess=GUESS))
        return [b["accessory"]["value"] for b in view["blocks"] if "accessory" in b]

    assert offered(UNCHECKED) == ["question 42", "complaint 42", "needless 42"]
    assert offered(CLAIMED) == ["question 42", "needless 42"]
    assert offered(ASIDE) == ["complaint 42", "needless 42"]
    assert offered(THANKS) == ["complaint 42"]
    assert offered(UNSURE) == ["question 42"]
    assert offered(DISMISSED) == []


# On the card and in lists


def test_what_is_to_be_checked_can_be_said_to_be_none_with_one_click():
    message = card(case(UNCHECKED), NOON)

    assert labels(message) == ["Reply", "Claim", "Not a complaint"]
    assert "safety" in shown(message)
    assert "to be checked" in shown(message)
    assert "safety · to be checked" in message.text
    assert labels(card(case(WAITING), NOON)) == ["Reply", "Claim"]
    assert labels(card(case(replace(UNCHECKED, kind=Kind.QUESTION)), NOON)) == ["Reply", "Claim"]


def test_no_card_has_more_buttons_than_a_phone_shows_well():
    there = replace(POST, no_reply="You answer there.")

    row = labels(card(case(UNCHECKED, mentions=[there]), NOON))

    assert row == ["Open on X", "I answered there", "Claim"]


@pytest.mark.parametrize(
    ("severity", "words"),
    [("annoyed", ""), ("angry", "angry"), ("leaving", "threatens to leave"), ("safety", "safety")],
)
def test_how_much_is_at_stake_stands_in_the_head(severity, words):
    message = card(case(replace(WAITING, severity=severity)), NOON)

    known = ("annoyed", "angry", "threatens to leave", "safety")
    assert [each for each in known if each in shown(message)] == ([words] if words else [])


def test_a_list_marks_it_and_what_is_over_needs_no_check():
    def line(conversation):
        waiting = Waiting(conversation=conversation, customer=MIRA, words="My order")
        return str(entry(waiting, NOON, Links())), spoken(waiting, NOON)

    assert all("to be checked" in each for each in line(UNCHECKED))
    closed = UNCHECKED.dismiss("U0BEN", "Spam", NOON)
    assert not any("to be checked" in each for each in line(closed))


# Pressed and typed


@pytest.fixture
def unsure(app, hear):
    tell(app, {"": replace(GUESS, similar="")})
    hear("My third coffee of today")
    return app


def test_not_a_complaint_makes_a_question_of_it_and_its_deadline_follows(unsure, slack):
    press(unsure, slack, "not_a_complaint", 1)
    unsure.courier.deliver_all()

    it = unsure.desk.look(1).conversation
    assert (it.kind, it.judged_by, it.lane, it.severity) == (Kind.QUESTION, ANA, "", "")
    assert it.due_at == it.waiting_since + 4 * HOUR
    assert "to be checked" not in str(slack.messages[it.card])


def test_the_menu_opens_it_and_what_is_pressed_there_is_done_and_said(unsure, slack):
    choose(unsure, slack, "why_kind", 1)
    assert "Of ten such posts about 6 are complaints." in shown(form(slack))

    choose_there(unsure, slack, "complaint 1")

    assert unsure.desk.look(1).conversation.judged_by == ANA
    assert not unsure.desk.look(1).conversation.unchecked
    assert "1 counts as a complaint now." in shown(form(slack))


def choose_there(app, slack, value):
    view = form(slack)["id"]
    fake_slack.act(app.bolt, slack.workspace, ANA, view, "open_form", value)


def test_the_list_can_be_narrowed_to_it(unsure, slack, hear):
    tell(unsure, {})
    hear("My order is broken", by="jonas")

    assert "third coffee" in ask(unsure.bolt, slack.workspace, "is:unchecked")
    assert "order is broken" not in ask(unsure.bolt, slack.workspace, "is:unchecked")
    assert "third coffee" in ask(unsure.bolt, slack.workspace, "is:ungeprüft")
    press(unsure, slack, "not_a_complaint", 1)
    assert "nobody" in ask(unsure.bolt, slack.workspace, "is:unchecked")
