"""Who did what when, and from which button."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.conversation import Conversation
from bot.slack import auditing
from bot.slack.auditing import entries, way
from bot.slack.tongue import speaking
from storage.audit import Done
from tests import fake_slack
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, ask, choose, form, press
from tests.slack.cases import accepted_view, controls, shown
from tests.slack.hostile import TEXT, live_markup

STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
DONE = Done(at=NOON, by="U0ANA", via="button claim", what="claim", conversation=42, about={})


def audit(app, slack, number=1, by=ANA):
    fake_slack.command(app.bolt, slack.workspace, by, CARE, f"/unanswered audit {number}")
    return shown(form(slack, by))


def test_the_newest_comes_first_with_who_and_by_which_way(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    ask(app.bolt, slack.workspace, "take over 1", by=BEN)
    choose(app, slack, "dismiss", 1, by=BEN)
    values = {"reason": "spam"}
    fake_slack.submit(app.bolt, slack.workspace, BEN, form(slack, BEN)["id"], values)

    told = audit(app, slack)

    places = [
        told.index(part)
        for part in (
            "dismissed it  · form Dismiss",
            "took it over  · command",
            "claimed it  · button Claim",
        )
        if part in told
    ]
    assert len(places) == 3, told
    assert places == sorted(places)
    assert "<@U0ANA>" in told
    assert "2026-11-03 12:00 UTC" in told


def test_it_is_behind_more_too(app, slack, hear):
    hear()
    choose(app, slack, "audit", 1)

    assert form(slack)["title"]["text"] == "Audit of 1"
    assert "Nobody has done anything with it yet." in shown(form(slack))


def test_it_goes_on_page_by_page(app, slack, hear):
    hear()
    for _ in range(15):
        app.desk.rate(1, True, ANA)
        app.desk.rate(1, False, ANA)

    assert audit(app, slack).count("said how urgent") == 25
    fake_slack.act(app.bolt, slack.workspace, ANA, form(slack)["id"], "audit_older")
    assert shown(form(slack)).count("said how urgent") == 5
    assert "audit_older" not in controls(form(slack))
    fake_slack.act(app.bolt, slack.workspace, ANA, form(slack)["id"], "audit_newer")
    assert shown(form(slack)).count("said how urgent") == 25


def test_whom_something_went_to_is_a_person():
    given = replace(DONE, what="assign", about={"to": "U0BEN"})

    told = shown(accepted_view(entries(42, 0, [given], more=False)))

    assert "<@U0ANA>  assigned it:  <@U0BEN>" in told


@pytest.mark.parametrize(
    ("via", "told"),
    [
        ("button claim", "button Claim"),
        ("menu snooze", "menu of the card"),
        ("form bulk", "form Select several"),
        ("command", "command"),
        ("", "by itself"),
        ("button of_old", "button of old"),
    ],
)
def test_every_way_has_a_name(via, told):
    assert way(via) == told


def test_every_deed_that_somebody_does_has_a_sentence():
    by_people = [name for name in dir(Conversation) if "by" in _asks(name)]

    assert "claim" in by_people
    assert set(by_people) - auditing.DEEDS.keys() == set()


def _asks(name):
    """What a deed wants to know; nothing where it is none."""
    deed = getattr(getattr(Conversation, name), "__wrapped__", None)
    return deed.__annotations__ if deed else {}


@given(text=TEXT, at=st.sampled_from([None, "2026-11-03T12:00:00+00:00"]))
@STRICT
def test_slack_opens_every_audit(text, at):
    given = replace(DONE, by=text, via=text, what=text, about={text: [text], "until": at})

    for language in ("en", "de"):
        with speaking(language):
            view = entries(10**17, 3, [given] * 25, more=True)
            assert live_markup(accepted_view(view)) == []
