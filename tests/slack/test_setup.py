"""First steps: what the bot says in a channel, and the form that makes a team of it."""

from dataclasses import replace

import pytest

from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.slack.setup import greeting
from tests import fake_slack
from tests.conftest import CARE
from tests.people import ANA, LEA, ask
from tests.slack.cases import shown

NEW = "C0NEW"
EVA = "U0EVA"  # her Slack is German


def said_in(workspace, channel):
    return [message["text"] for message in workspace.channels[channel].messages.values()]


def fill_in(app, workspace, by=ANA, **more):
    values = {
        "name": {"text": {"type": "plain_text_input", "value": "press"}},
        "hears": {"hears": ["demo"]},
        "hours": {"text": {"type": "plain_text_input", "value": "mon-fri 09:00-17:00"}},
        "timezone": {"text": {"type": "plain_text_input", "value": "Europe/Vienna"}},
    }
    view = workspace.stacks[by][-1]
    return fake_slack.submit(app.bolt, workspace, by, view["id"], values | more)


def test_who_is_added_to_a_channel_without_a_team_says_what_is_missing(app, workspace):
    fake_slack.join(app.bolt, workspace, NEW)
    app.courier.deliver_all()

    said = said_in(workspace, NEW)[-1]
    assert said.startswith("*I am here, and no team answers in this channel yet.*")
    assert "/unanswered setup" in said


def test_who_is_added_to_a_teams_channel_says_what_it_does_there(assemble, workspace):
    app = assemble(teams=Teams({"care": replace(CARE, channel=NEW)}))
    fake_slack.join(app.bolt, workspace, NEW)
    app.courier.deliver_all()

    said = said_in(workspace, NEW)[-1]
    assert "for the team care" in said
    assert "the demo platform" in said
    assert "no working hours" in said


def test_other_people_who_join_are_not_greeted(app, workspace):
    fake_slack.join(app.bolt, workspace, NEW)
    app.courier.deliver_all()
    before = len(said_in(workspace, NEW))

    fake_slack.join(app.bolt, workspace, NEW, "U0GUS")
    app.courier.deliver_all()

    assert not [said for said in said_in(workspace, NEW)[before:] if "/unanswered" in said]


def test_the_form_makes_a_team_that_answers_at_once(app, workspace):
    fake_slack.join(app.bolt, workspace, NEW)
    fake_slack.command(app.bolt, workspace, LEA, NEW, "/unanswered setup")

    fill_in(app, workspace, LEA)
    app.courier.deliver_all()

    team = app.desk.teams.of_channel(NEW)
    assert (team.name, team.hears) == ("press", ("demo",))
    assert "press answers in" in shown(workspace.stacks[LEA][-1])
    assert "for the team press" in said_in(workspace, NEW)[-1]


def test_a_mistake_stays_in_the_form_at_its_field(app, workspace):
    fake_slack.join(app.bolt, workspace, NEW)
    fake_slack.command(app.bolt, workspace, LEA, NEW, "/unanswered setup")

    hours = {"text": {"type": "plain_text_input", "value": "mon-fri 17:00-09:00"}}
    answer = fill_in(app, workspace, LEA, hours=hours)

    assert "ends before it begins" in str(answer.body)
    assert app.desk.teams.of_channel(NEW) is None


def test_the_form_comes_again_with_what_was_set(app, workspace):
    fake_slack.join(app.bolt, workspace, NEW)
    fake_slack.command(app.bolt, workspace, LEA, NEW, "/unanswered setup")
    fill_in(app, workspace, LEA)

    workspace.stacks[LEA].clear()
    fake_slack.command(app.bolt, workspace, LEA, NEW, "/unanswered setup")

    again = str(workspace.stacks[LEA][-1])
    assert "'initial_value': 'mon-fri 09:00-17:00'" in again
    assert "'initial_value': 'press'" in again


def test_a_team_of_the_file_is_shown_and_changed_there(app, workspace):
    assert "stands in teams.toml" in ask(app.bolt, workspace, "setup", by=LEA)
    assert "for the team care" in ask(app.bolt, workspace, "team", by=ANA)


def test_only_who_may_change_settings_makes_a_team(assemble, workspace):
    lead = replace(CARE, roles=Roles(by_right={Right.SETTINGS: [LEA]}))
    bot = assemble(teams=Teams({"care": lead}))
    fake_slack.join(bot.bolt, workspace, NEW)

    said = ask(bot.bolt, workspace, "setup", by=ANA, where=NEW)

    assert said == "Only <@U0LEA> may change settings. Ask them."


@pytest.mark.parametrize("name", ["<!channel>", "x" * 500, "*care*"])
def test_a_greeting_calls_nobody_and_is_short(app, name):
    said = greeting(replace(CARE, name=name), app.desk.adapters)

    assert "<!channel>" not in said
    assert len(said) < 2000


@pytest.mark.parametrize(("chosen", "greets"), [("", "Ich kümmere mich"), ("en", "I look after")])
def test_a_team_speaks_as_whoever_makes_it_unless_they_choose_otherwise(
    app, workspace, chosen, greets
):
    fake_slack.join(app.bolt, workspace, NEW)
    fake_slack.command(app.bolt, workspace, EVA, NEW, "/unanswered setup")

    fill_in(app, workspace, EVA, **({"language": {"language": chosen}} if chosen else {}))
    app.courier.deliver_all()

    assert app.desk.teams.of_channel(NEW).language == (chosen or "de")
    assert greets in said_in(workspace, NEW)[-1]


def test_a_mistake_is_told_in_the_language_of_who_made_it(app, workspace):
    fake_slack.join(app.bolt, workspace, NEW)
    fake_slack.command(app.bolt, workspace, EVA, NEW, "/unanswered setup")

    hours = {"text": {"type": "plain_text_input", "value": "mon-fri 17:00-09:00"}}
    answer = fill_in(app, workspace, EVA, hours=hours)

    assert "endet, bevor es beginnt" in str(answer.body)
