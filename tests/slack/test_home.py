"""App Home: the same list, for the person who opens it."""

import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from slack_bolt import BoltRequest

from bot.domain.team import Teams
from bot.playground.pings import pings
from bot.slack.home import home
from bot.slack.queue import Links, Listing
from storage.conversations import Totals, Waiting
from tests import fake_slack
from tests.conftest import CARE, NOON
from tests.people import ANA, BEN, press
from tests.slack.cases import MIRA, WAITING, accepted_view, controls, shown
from tests.slack.hostile import CUSTOMER, TEXT, live_markup


def opened(app, workspace, by=ANA):
    """What this person sees after opening App Home."""
    fake_slack.open_home(app.bolt, workspace, by)
    return shown(workspace.homes[by])


def test_home_shows_mine_first_and_then_every_teams(app, slack, workspace, hear):
    hear("My order is broken", by="mira")
    hear("Where is my invoice?", by="ken")
    press(app, slack, "claim", 1, by=ANA)

    seen = opened(app, workspace)

    assert "*Waiting for you*: 1 waiting, 0 overdue, 0 unclaimed" in seen
    assert "*Waiting for care*: 2 waiting, 0 overdue, 1 unclaimed" in seen
    assert seen.index("Waiting for you") < seen.index("Waiting for care")
    assert seen.count("@mira") == 4  # in two lists, and in their menus
    assert seen.count("@ken") == 2


def test_everybody_has_a_home_of_their_own(app, slack, workspace, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    assert "*Waiting for you*: nobody." in opened(app, workspace, BEN)


def test_home_lists_each_team(assemble, demo, workspace):
    teams = {"care": CARE, "press": replace(CARE, name="press", channel="C0PRESS")}
    app = assemble(teams=Teams(teams))

    seen = opened(app, workspace)

    assert "Waiting for care" in seen
    assert "Waiting for press" in seen


def test_a_long_list_says_how_to_see_the_rest(app, workspace, clock, hear):
    for number in range(12):
        hear("My order is broken", by=f"customer{number}")
        clock.pass_(seconds=30)

    assert "And 2 more: `/unanswered`" in opened(app, workspace)


def test_opening_the_messages_tab_publishes_nothing(app, slack):
    event = {"type": "app_home_opened", "user": ANA, "tab": "messages"}
    body = {"type": "event_callback", "event": event, "team_id": "T", "event_id": "Ev1"}

    app.bolt.dispatch(BoltRequest(body=body, mode="socket_mode"))

    assert "views.publish" not in [method for method, _ in slack.calls]


@given(customer=CUSTOMER, words=TEXT)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_slack_takes_every_home(customer, words):
    found = [Waiting(conversation=WAITING, customer=customer, words=words)] * 10
    part = Listing(
        title="Waiting for you",
        query="mine",
        found=found,
        totals=Totals(waiting=30, late=0, claimed=0),
    )

    view = home([part] * 40, NOON, Links("https://acme.slack.com/"))

    message = accepted_view(view, "home")
    assert pings(message) == []
    assert live_markup(message) == []


def waiting_for(*found):
    totals = Totals(waiting=len(found), late=0, claimed=0)
    return Listing(title="Waiting for care", query="", found=found, totals=totals)


def test_each_list_offers_to_say_why_then():
    undated = replace(WAITING, due_at=None, id=43)
    found = [Waiting(conversation=it, customer=MIRA, words="x") for it in (WAITING, undated)]

    view = home([waiting_for(*found)], NOON, Links())

    accepted_view(view, "home")
    [menu] = [block["elements"][0] for block in view["blocks"] if block["type"] == "actions"]
    assert (menu["type"], menu["action_id"]) == ("static_select", "why_then")
    assert menu["placeholder"]["text"] == "Why then?"
    [option] = menu["options"]
    assert option["text"]["text"] == "42 Mira Lindqvist (@mira)"
    assert option["value"] == "why 42"


def test_without_a_deadline_there_is_nothing_to_ask_about():
    undated = Waiting(conversation=replace(WAITING, due_at=None), customer=MIRA, words="x")

    assert controls(home([waiting_for(undated), waiting_for()], NOON, Links())) == []


def test_many_teams_with_much_to_do_still_fit():
    customer = replace(MIRA, name="👍" * 60, handle="👍" * 40)
    found = [Waiting(conversation=WAITING, customer=customer, words="👍" * 80)] * 10
    totals = Totals(waiting=10, late=0, claimed=0)
    part = Listing(title="care", query="", found=found, totals=totals)

    view = home([part] * 60, NOON, Links("https://acme.slack.com/"))

    assert len(json.dumps(view)) < 250_000


@pytest.mark.parametrize("teams", [0, 1, 60])
def test_home_always_ends_with_where_to_do_more(teams):
    part = Listing(
        title="care",
        query="",
        found=[Waiting(conversation=WAITING, customer=MIRA, words="x")],
        totals=Totals(waiting=1, late=0, claimed=0),
    )

    view = home([part] * teams, NOON, Links())

    assert "`/unanswered` in a team's channel" in shown(accepted_view(view, "home"))
