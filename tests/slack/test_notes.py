"""What the bot says in a thread, away from it, and about itself."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings

from bot.domain.clock import Owed, Rung, Where
from bot.domain.mention import Origin
from bot.domain.team import Teams
from bot.playground.pings import pings
from bot.slack import notes
from bot.slack.queue import Links
from tests.conftest import CARE, NOON
from tests.people import nag_all
from tests.slack.cases import (
    CLAIMED,
    DISMISSED,
    POST,
    UNSURE,
    WAITING,
    accepted,
    case,
)
from tests.slack.hostile import TEXT, cases_of_all_kinds, live_markup

LATE = NOON + timedelta(minutes=61)
LINKS = Links("https://acme.slack.com/")
STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize(
    ("whom", "said"),
    [
        ("channel", "<!channel>"),
        ("here", "<!here>"),
        ("U0LEA", "<@U0LEA>"),
        ("W0LEA", "<@W0LEA>"),
        ("S0LEADS", "<!subteam^S0LEADS>"),
    ],
)
def test_a_nag_calls_who_was_meant(whom, said):
    nag = notes.nag(case(), whom, LATE)

    assert nag.text == f"{said}, this should have been answered 1 min ago."
    assert len(pings(accepted(nag))) == 1


@pytest.mark.parametrize(
    ("owed", "minutes", "said"),
    [
        (Owed.FIRST, 45, "is due in 15 min"),
        (Owed.FIRST, 60, "should have been answered by now"),
        (Owed.FIRST, 90, "should have been answered 30 min ago"),
        (Owed.FURTHER, 45, "is due for a further answer in 15 min"),
        (Owed.FURTHER, 60, "should have been answered again by now"),
        (Owed.FURTHER, 90, "should have been answered again 30 min ago"),
        (Owed.LOOP, 45, "is not settled, and the customer is due to hear from us in 15 min"),
        (Owed.LOOP, 60, "is not settled, and the customer should have heard from us by now"),
        (Owed.LOOP, 90, "is not settled, and the customer should have heard from us 30 min ago"),
    ],
)
def test_a_nag_says_what_is_owed_and_when(owed, minutes, said):
    owing = replace(CLAIMED, owed=owed)

    nag = notes.nag(case(owing), "U0ANA", NOON + timedelta(minutes=minutes))

    assert nag.text == f"<@U0ANA>, this {said}."


@pytest.mark.parametrize(
    ("minutes", "said"), [(30, "in 30 min"), (60, "which is now"), (150, "1 h 30 min ago")]
)
def test_a_nag_about_a_promise_names_its_time(minutes, said):
    promised = replace(CLAIMED, owed=Owed.PROMISE)

    nag = notes.nag(case(promised), "U0ANA", NOON + timedelta(minutes=minutes))

    date = "<!date^1793710800^{date_short_pretty} {time}|2026-11-03 13:00 UTC>"
    assert nag.text == f"<@U0ANA>, this was promised another word for {date}, {said}."


TWO_HOURS = timedelta(hours=2)


def test_a_claim_that_lets_go_says_so():
    note = notes.let_go(case(), "U0ANA", TWO_HOURS)

    assert note.text == (
        "<@U0ANA> had this for 2 h of working time without a sign, so it is free again."
        " Its clock never stopped."
    )


def test_what_somebody_took_meanwhile_is_not_called_free():
    note = notes.let_go(case(CLAIMED), "U0BEN", TWO_HOURS)

    assert "so it was set free." in note.text


def test_without_a_deadline_no_clock_is_spoken_of():
    note = notes.let_go(case(replace(WAITING, due_at=None)), "U0BEN", TWO_HOURS)

    assert note.text.endswith("so it is free again.")


def test_the_first_nag_does_not_count_seconds():
    nag = notes.nag(case(), "here", NOON + timedelta(hours=1, seconds=1))

    assert nag.text == "<!here>, this should have been answered by now."


def test_a_direct_nag_says_what_it_is_about_and_leads_there():
    nag = notes.nag_away(case(), "U0LEA", LATE, "https://acme.slack.com/archives/C0CARE/p1")

    assert nag.text == (
        "<@U0LEA>, <https://acme.slack.com/archives/C0CARE/p1|the complaint from"
        " Mira Lindqvist (@mira)> should have been answered 1 min ago."
    )
    assert pings(accepted(nag)) == ["U0LEA"]


def test_without_an_address_a_direct_nag_still_says_what_it_is_about():
    nag = notes.nag_away(case(), "U0LEA", LATE, None)

    assert "the complaint from Mira Lindqvist (@mira) should" in nag.text


def test_a_nag_shown_in_the_channel_says_what_it_is_about(assemble, slack, demo, clock):
    ladder = [Rung(after=timedelta(0), call="channel", say=Where.CHANNEL)]
    app = assemble(teams=Teams({"care": replace(CARE, ladder=ladder)}))
    app.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(minutes=61)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()

    nag_all(app)

    card, nag = slack.messages.values()
    assert nag["subtype"] == "thread_broadcast"
    assert nag["thread_ts"] == card["ts"]
    assert nag["text"] == (
        f"<!channel>, <https://acme.slack.com/archives/C0CARE/p{card['ts'].replace('.', '')}|"
        "the complaint from @mira> should have been answered 1 min ago."
    )


def test_further_words_are_quoted():
    note = notes.wrote_again(replace(POST, text="Still *waiting*!"))

    assert note.text == "The customer wrote again: Still *waiting*!"
    assert note.blocks[-1]["elements"][0]["type"] == "rich_text_quote"


@pytest.mark.parametrize(
    ("origin", "start"),
    [(Origin.REPOST, "A repost came."), (Origin.AUTOMATED, "An automatic message came.")],
)
def test_machines_need_no_answer(origin, start):
    note = notes.automatic(replace(POST, origin=origin))

    assert note.text.startswith(f"{start} Nobody needs to answer it:")


def test_what_a_deletion_leaves_is_said():
    assert (
        notes.deleted(case()).text == "The customer deleted a message on X. The rest still waits."
    )
    assert notes.deleted(case(DISMISSED)).text.endswith("There is nothing to answer now.")


def test_a_refusal_tells_the_owner_why_and_that_nothing_is_lost():
    note = notes.refused(case(CLAIMED), "That is 301 characters")

    assert note.text == (
        "<@U0ANA>, X did not take the answer: That is 301 characters."
        " The text is kept: *Reply* on the card offers it again."
    )


def test_a_doubt_asks_the_owner_to_look():
    note = notes.in_doubt(case(UNSURE), "The connection broke.")

    assert note.text == (
        "<@U0ANA>, the answer may have been published, and I can't tell: The connection broke."
        " <https://x.com/mira/status/1|Look there> and press what is true on the card."
    )


def test_an_address_that_is_none_calls_nobody():
    asked = replace(POST, url="!channel")

    note = notes.in_doubt(case(UNSURE, mentions=[asked]), "It broke.")

    assert pings(accepted(note)) == ["U0ANA"]


@given(hostile=cases_of_all_kinds(), why=TEXT)
@STRICT
def test_slack_takes_every_note_and_no_customer_calls_anybody(hostile, why):
    conversation, latest = hostile.conversation, hostile.latest
    said = [
        notes.nag(hostile, "U0LEA", LATE),
        notes.nag_away(hostile, "U0LEA", LATE, LINKS.card(conversation)),
        notes.wrote_again(latest),
        notes.automatic(latest),
        notes.deleted(hostile),
        notes.refused(hostile, why),
        notes.let_go(hostile, "U0ANA", TWO_HOURS),
    ]
    if conversation.unsure:
        said.append(notes.in_doubt(hostile, why))

    for message in map(accepted, said):
        assert set(pings(message)) <= {"U0ANA", "U0BEN", "U0LEA"}
        assert live_markup(message | {"blocks": message.get("blocks", [])}) == []
