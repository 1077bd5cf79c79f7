"""What a team wants of triage, said in Slack: a form behind `/unanswered triage`."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.guess import Leaning
from bot.domain.mention import Kind
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.policy.made_in_slack import Wanted
from bot.slack.leaning_forms import QUOTED, leaning, lines
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.people import ANA, CARE, LEA, ask
from tests.slack.cases import shown
from tests.slack.test_setup import NEW, fill_in


@pytest.fixture
def press(app, workspace):
    """A team that was made in Slack."""
    fake_slack.join(app.bolt, workspace, NEW)
    fake_slack.command(app.bolt, workspace, LEA, NEW, "/unanswered setup")
    fill_in(app, workspace, LEA)
    workspace.stacks[LEA].clear()
    return lambda: app.desk.teams.of_channel(NEW)


def opened(app, workspace, by=LEA, where=NEW):
    ask(app.bolt, workspace, "triage", by, where=where)
    whisper = workspace.whispers[-1]["ts"]
    fake_slack.press(app.bolt, workspace, by, where, whisper, "triage_settings")
    stack = workspace.stacks.get(by)
    return stack[-1] if stack else None


def typed(text):
    return {"text": {"type": "plain_text_input", "value": text}}


def sent(app, workspace, **values):
    view = opened(app, workspace)
    usual = {"recall": {"recall": "0.95"}, "unknown": {"unknown": "complaint"}}
    values = usual | {"gather": {"gather": "daily"}} | values
    return fake_slack.submit(app.bolt, workspace, LEA, view["id"], values)


def test_what_is_filled_in_holds_at_once_and_stands_there_again(app, workspace, press):
    sent(
        app,
        workspace,
        recall={"recall": "0.99"},
        complaints=typed(" gas leak \n\nsmoke\nsmoke"),
        others=typed("job advert"),
        unknown={"unknown": "question"},
        gather={"gather": "PT4H"},
    )

    assert press().triage == Leaning(
        recall=0.99,
        complaints=("gas leak", "smoke"),
        others=("job advert",),
        unknown=Kind.QUESTION,
        gather=timedelta(hours=4),
    )
    again = str(opened(app, workspace)["blocks"])
    assert "'initial_value': 'gas leak\\nsmoke'" in again
    assert "99 of 100" in again
    told = ask(app.bolt, workspace, "triage", LEA, where=NEW)
    assert "of 100 complaints 99 are to be found" in told
    assert "Always a complaint: “gas leak”, “smoke”." in told


def test_all_as_usual_takes_away_what_was_set(app, workspace, press):
    sent(app, workspace, recall={"recall": "0.9"}, others=typed("job advert"))
    assert press().triage != Leaning()

    sent(app, workspace, others=typed(""))

    assert press().triage == Leaning()


def test_the_teams_own_form_keeps_it(app, workspace, press):
    sent(app, workspace, recall={"recall": "0.9"})
    workspace.stacks[LEA].clear()

    fake_slack.command(app.bolt, workspace, LEA, NEW, "/unanswered setup")
    fill_in(app, workspace, LEA, timezone=typed("Europe/Paris"))

    assert press().triage == Leaning(recall=0.9)
    assert press().calendar.zone.key == "Europe/Paris"


@pytest.mark.parametrize(
    ("words", "said"),
    [("x" * 101, "Each has 1 to 100 characters"), ("\n".join(map(str, range(201))), "lists 201")],
)
def test_a_mistake_stays_in_the_form_at_its_field(app, workspace, press, words, said):
    answer = sent(app, workspace, complaints=typed(words))

    [(field, told)] = json.loads(answer.body)["errors"].items()
    assert (field, said in told) == ("complaints", True)
    assert press().triage == Leaning()


def test_a_team_of_the_file_shows_what_is_set_and_is_changed_there(assemble, workspace):
    set_ = replace(TEAM, triage=Leaning(recall=0.85, others=("advert",)))
    bot = assemble(teams=Teams({"care": set_}))

    told = ask(bot.bolt, workspace, "triage", LEA)
    assert "of 100 complaints 85 are to be found" in told
    assert opened(bot, workspace, where=CARE) is None
    assert "stands in teams.toml" in workspace.whispers[-1]["text"]


def test_only_who_may_change_settings_changes_them(app, workspace, press):
    view = opened(app, workspace)
    app.desk.teams.change(replace(press(), roles=Roles({Right.SETTINGS: [ANA]})))

    fake_slack.submit(app.bolt, workspace, LEA, view["id"], {"recall": {"recall": "0.85"}})

    assert press().triage == Leaning()


def test_what_is_set_in_no_usual_way_stands_there_too():
    text = replace(
        Wanted(name="care", channel="C0"), triage={"recall": 0.7, "gather": "PT30M"}
    ).text
    written = Wanted.read(text).triage

    form = str(leaning("care", written))

    assert form.count("0.7") >= 2
    assert "PT30M" in form


def test_many_words_are_told_in_few_and_call_nobody():
    words = tuple(f"<!channel> {number}" for number in range(QUOTED + 2))

    told = lines(replace(TEAM, triage=Leaning(others=words)))[-1]

    assert "<!channel>" not in told
    assert told.endswith("and 2 more.")


def test_it_fits_into_slacks_form_at_its_fullest(app, workspace, press):
    words = "\n".join(f"{number:03} " + "w" * 9 for number in range(200))
    sent(app, workspace, complaints=typed(words), others=typed(words))

    assert len(press().triage.complaints) == 200
    assert shown(opened(app, workspace))
