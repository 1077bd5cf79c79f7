"""`/unanswered triage`, and the weekly question whether triage has missed a complaint."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.guess import Lesson
from bot.domain.mention import Kind
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.forgetting import Forgetting
from bot.learning import State
from bot.lessons import Effect
from bot.slack import taught
from bot.slack.counter import Visit
from bot.triage import LEXICAL, Triage
from storage import lessons
from storage.lessons import Taught
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import ANA, CARE, LEA, ask

GUARDED = replace(TEAM, roles=Roles({Right.SETTINGS: [LEA]}))
TAUGHT = Taught(
    id=1,
    team="care",
    what="complaint",
    made_at=NOON,
    lesson=Lesson(weights=b"", bias=0.0, threshold=0.42),
    labels=100,
    version=Triage().version,
    effect={"since": NOON.isoformat(), "labels": 20, "false_alarms_before": 16}
    | {"false_alarms_after": 2, "missed_before": 0, "missed_after": 0},
)


def state(**more):
    usual = {"labels": 120, "taught": TAUGHT, "last": TAUGHT, "effect": None, "late": 0, "asked": 0}
    return State(**{"team": "care", **usual, **more})


@pytest.fixture
def guarded(assemble, demo):
    bot = assemble(teams=Teams({"care": GUARDED}, tell=LEA))
    bot.intake.poll("demo", demo)
    return bot


def learnt(bot):
    with bot.desk.database.begin() as db:
        lessons.add(db, TAUGHT)


@pytest.fixture
def replaced(monkeypatch):
    """What takes the place of a message that had a button."""
    shown = []
    monkeypatch.setattr(Visit, "replace", lambda _visit, message: shown.append(message))
    return shown


@pytest.mark.parametrize(
    ("counts", "said"),
    [
        ({"false_alarms_before": 14}, "14 false alarms fewer, none missed."),
        ({"false_alarms_after": 1, "missed_before": 2}, "1 false alarm more, none missed."),
        ({"missed_after": 2}, "as many false alarms as without, 2 complaints more missed."),
        ({"missed_before": 1, "missed_after": 1}, "without, no more missed than without."),
        ({"missed_before": 3, "missed_after": 1}, "without, 2 complaints fewer missed."),
    ],
)
def test_the_effect_is_one_sentence(counts, said):
    assert taught.effect(Effect(since=NOON, labels=20, **counts)).endswith(said)


def test_it_tells_what_is_taught_since_when_and_why_nothing_is():
    told = taught.taught(state(late=2, asked=3), TEAM).text
    assert "120 labels are kept" in told
    assert "42 % or more" in told
    assert "2 complaints were found only by a person" in told
    assert "3 mentions wait" in told

    none = taught.taught(state(taught=None, last=None), TEAM)
    assert "taught triage nothing yet" in none.text
    assert "taught_take_back" not in str(none.blocks)
    refused = replace(TAUGHT, refused="contradict")
    assert "next to nothing in common" in taught.taught(state(last=refused), TEAM).text


def test_the_lexical_model_is_not_said_to_learn(guarded, workspace):
    learnt(guarded)
    guarded.desk.triage = Triage(LEXICAL)

    told = ask(guarded.bolt, workspace, "triage", LEA)

    assert "nobody can teach" in told
    assert "fewer" not in told


def test_only_who_may_change_settings_sees_and_takes_back(guarded, workspace):
    learnt(guarded)

    assert "Only <@U0LEA> may change settings" in ask(guarded.bolt, workspace, "triage", ANA)
    assert "14 false alarms fewer, none missed" in ask(guarded.bolt, workspace, "triage", LEA)


def test_it_is_taken_back_and_used_again_with_a_button(guarded, workspace, replaced):
    learnt(guarded)
    guarded.learning.remember()
    ask(guarded.bolt, workspace, "triage", LEA)
    assert guarded.desk.triage.lessons

    press_whisper(guarded, workspace, "taught_take_back")
    assert guarded.desk.triage.lessons == {}
    assert f"is taken back* by <@{LEA}>" in replaced[-1].text

    ask(guarded.bolt, workspace, "triage", LEA)
    press_whisper(guarded, workspace, "taught_use_again")
    assert guarded.desk.triage.lessons
    assert "has taught triage*" in replaced[-1].text


def press_whisper(bot, workspace, action):
    fake_slack.press(bot.bolt, workspace, LEA, CARE, workspace.whispers[-1]["ts"], action)


def test_what_was_put_aside_is_asked_about_in_the_channel(app, workspace, demo, clock, replaced):
    for number in range(3):
        demo.post(f"When do you open? <!channel> {number}", by=f"a{number}")
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    carry(app)

    app.learning.ask_some()
    carry(app)

    [(ts, message)] = asking_in(workspace)
    assert "When do you open?" in str(message["blocks"])
    with_button = [each["elements"][0]["value"] for each in message["blocks"] if _asks(each)]
    first, second, _third = with_button
    fake_slack.press(app.bolt, workspace, ANA, CARE, ts, "sample_complaint", first)
    fake_slack.press(app.bolt, workspace, ANA, CARE, ts, "sample_none", second)

    after = replaced[-1].blocks
    assert len([each for each in after if _asks(each)]) == 1
    kinds = [app.desk.look(number).conversation.kind for number in (1, 2, 3)]
    assert kinds == [Kind.COMPLAINT, Kind.QUESTION, Kind.QUESTION]
    assert "A complaint." in str(after)


def test_of_what_was_forgotten_nothing_is_asked(app, workspace, demo, clock):
    demo.post("When do you open?", by="a")
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    app.learning.ask_some()
    Forgetting(app.desk).forget(app.desk.look(1).conversation.customer, by=LEA)
    carry(app)

    assert asking_in(workspace) == []


def _asks(block):
    return block["type"] == "actions"


def asking_in(workspace):
    messages = workspace.channels[CARE].messages.items()
    return [(ts, each) for ts, each in messages if "Is one of these" in each["text"]]


def carry(app):
    for _ in range(12):
        app.courier.deliver_all()
        app.desk.now.pass_(seconds=2)
        assert app.desk.now() < NOON + timedelta(days=1)
