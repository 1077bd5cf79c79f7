"""Forms open in time however slow the database is, and two rooms never answer to one name."""

import time

import pytest
from slack_bolt import Respond

from bot.domain.problems import NotPossible
from bot.slack import counter, listeners
from bot.slack.counter import Counter, joined
from tests import fake_slack
from tests.people import ANA, CARE, choose, form
from tests.slack.cases import shown

SLOW = 0.3  # seconds


@pytest.fixture
def slow(app, monkeypatch):
    """A database that takes its time, and somebody who does not wait for it."""
    look = app.desk.look

    def take_time(number):
        time.sleep(SLOW)
        return look(number)

    monkeypatch.setattr(app.desk, "look", take_time)
    monkeypatch.setattr(counter, "AT_ONCE", 0.05)
    monkeypatch.setattr(listeners, "ON_THE_ACK", 0.05)


def test_a_form_opens_at_once_and_is_filled_when_the_database_has_answered(app, slack, hear, slow):
    hear("My order is broken")
    slack.calls.clear()

    choose(app, slack, "snooze", 1)

    opened = [method for method, _ in slack.calls if method.startswith("views.")]
    assert opened == ["views.open", "views.update"]
    assert "My order is broken" in shown(form(slack))


def test_why_it_can_not_be_done_is_said_in_the_form_that_opened(app, slack, hear, slow):
    hear("My order is broken")
    app.desk.dismiss(1, ANA, "Spam")

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered snooze 1")

    said = str(slack.workspace.whispers) + shown(form(slack)) if slack.views else ""
    assert "has dismissed this one" in said + str(slack.workspace.whispers)


def test_an_answer_that_comes_too_late_for_the_ack_comes_all_the_same(
    app, slack, hear, slow, monkeypatch
):
    hear("My order is broken")
    later = []
    monkeypatch.setattr(Respond, "__call__", lambda _, **said: later.append(said["text"]))

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered 1")

    [at_first] = [whisper["text"] for whisper in slack.workspace.whispers]
    assert at_first == "I am looking. The answer comes here."
    assert "My order is broken" in later[0]


def test_two_rooms_never_answer_to_the_same_name():
    twice = Counter(menu={"wake": lambda visit: None})

    with pytest.raises(AssertionError, match="wake"):
        joined([twice, twice])


def test_a_problem_at_a_field_is_said_without_markup():
    said = counter.errors("more", NotPossible("Write *which* `reason` & why."))

    assert said["errors"] == {"more": "Write which reason & why."}
