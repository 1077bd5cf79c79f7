"""No transaction waits for the model: a page is read before it is written down."""

import pytest

from bot import intake
from bot.triage import Triage
from bot.triage.mind import Thought
from tests.things import mention

SAID = Thought(complaint=3.0, needs_answer=3.0, praise=-3.0)


class Slow:
    """Remembers when it was asked."""

    def __init__(self, told):
        self.told = told

    def think(self, text, language):
        self.told.append("thought")
        return SAID


@pytest.fixture
def told():
    return []


@pytest.fixture
def triage(told):
    made = Triage("lexical")
    made.mind = Slow(told)
    return made


def test_what_was_read_ahead_is_not_read_again_and_not_kept(triage, told):
    broken = mention("@acme my machine is broken")
    with triage.ahead([broken]):
        assert triage.guess(broken).complaint == pytest.approx(0.953, abs=0.001)
        assert told == ["thought"]

    triage.guess(broken)

    assert told == ["thought"] * 2


def test_another_team_reads_the_same_thought_as_it_wants_it(triage, told):
    broken = mention("@acme my machine is broken")
    with triage.ahead([broken]):
        triage.guess(broken, team="care")
        triage.guess(broken, team="press")

    assert told == ["thought"]


def test_a_page_is_read_before_its_account_is_held(app, demo, clock, triage, told, monkeypatch):
    app.desk.triage = triage
    held = intake.accounts.hold
    monkeypatch.setattr(intake.accounts, "hold", lambda *given: told.append("held") or held(*given))
    app.intake.poll("demo", demo)
    for number in range(4):
        demo.post(f"My machine {number} is broken", by=f"c{number}")
    told.clear()
    clock.pass_(minutes=1)

    app.intake.poll("demo", demo)

    assert told.count("thought") == 4
    assert "thought" not in told[told.index("held") :]


def test_what_can_not_be_read_ahead_is_still_heard(app, demo, clock, triage, monkeypatch):
    app.desk.triage = triage

    def fails(text, language):
        raise RuntimeError(text)

    monkeypatch.setattr(triage.mind, "think", fails)
    app.intake.poll("demo", demo)
    demo.post("My machine is broken", by="mira")
    clock.pass_(minutes=1)

    app.intake.poll("demo", demo)

    assert app.desk.look(1).conversation.lane == "check"
    assert "RuntimeError" in triage.trouble
