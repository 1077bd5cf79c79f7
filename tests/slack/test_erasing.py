"""Forgetting a customer: whom exactly, whether one is sure, and the receipt."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.conversation import State
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.forgetting import Receipt
from bot.slack import erasing_forms
from storage.forgetting import Candidate
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, LEA, ask, form
from tests.slack.cases import MIRA, accepted_view, shown
from tests.slack.hostile import CUSTOMER, live_markup

STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PRESS = "C0PRESS"
RECEIPT = Receipt(
    id=7,
    at=NOON,
    by="U0LEA",
    done_at=None,
    removed={"mentions": 3, "notes": 0, "replies": 1},
    messages=2,
    files=1,
    homes=0,
    waiting=(1, 2),
    threads=(("C0CARE", "1.000001"),),
    stuck=(),
)


def erasing(*who):
    return replace(TEAM, roles=Roles(by_right={Right.ERASE: who}))


@pytest.fixture
def guarded(assemble, slack, demo, clock):
    """A bot in which Lea may erase in care, and Ben in press; each has a complaint."""

    def make(care=(LEA,), press=(BEN,)):
        slack.workspace.add_channel(PRESS, "press", members=[ANA, LEA, slack.workspace.bot_user])
        other = replace(erasing(*press), name="press", channel=PRESS, hears=("x",))
        app = assemble(teams=Teams({"care": erasing(*care), "press": other}, tell=LEA))
        app.intake.poll("demo", demo)
        for who in ("mira", "tom"):
            demo.post("My order is broken, said Mirabelle", by=who)
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        app.courier.deliver_all()
        return app

    return make


def open_form(app, slack, words="forget @mira", by=LEA):
    fake_slack.command(app.bolt, slack.workspace, by, CARE, f"/unanswered {words}")


def send(app, slack, by=LEA, **values):
    view = form(slack, by)
    return fake_slack.submit(app.bolt, slack.workspace, by, view["id"], values)


def direct(slack, who):
    channels = [c for c in slack.workspace.channels.values() if c.partner == who]
    return [m["text"] for c in channels for m in c.messages.values()]


def test_it_names_whom_exactly_and_wants_to_be_sure(guarded, slack):
    app = guarded()
    open_form(app, slack)

    told = shown(form(slack, LEA))
    assert "@mira" in told
    assert "1 conversation, 1 of them open" in told
    assert "@tom" not in told
    with pytest.raises(AssertionError, match="has to be filled in"):
        send(app, slack)
    assert app.desk.look(1).latest.text


def test_the_words_go_and_the_receipt_comes_twice(guarded, slack):
    app = guarded()
    open_form(app, slack)

    send(app, slack, sure=["sure"])
    app.courier.deliver_all()

    assert form(slack, LEA)["callback_id"] == "receipt"
    assert "1 message of theirs" in shown(form(slack, LEA))
    assert any(told.startswith("*Receipt 1*") for told in direct(slack, LEA))
    assert app.desk.look(1).conversation.forgotten
    assert app.desk.look(2).conversation.state is State.WAITING
    card = slack.messages[app.desk.look(1).conversation.card]
    assert "its words were removed on request by <@U0LEA>" in card["text"]


def test_the_receipt_can_be_read_again(guarded, slack):
    app = guarded()
    open_form(app, slack)
    send(app, slack, sure=["sure"])
    app.courier.deliver_all()

    open_form(app, slack, "receipt 1")

    assert form(slack, LEA)["title"]["text"] == "Receipt 1"
    assert "All of it was done by" in shown(form(slack, LEA))
    said = ask(app.bolt, slack.workspace, "receipt 1", by=ANA)
    assert said.startswith("Only <@U0")


def test_only_who_may_erase_in_every_team_that_heard_from_them(guarded, slack):
    app = guarded()

    said = ask(app.bolt, slack.workspace, "forget @mira", by=ANA)

    assert said == "Only <@U0LEA> may erase what is stored of a person. Ask them."
    app.desk.move(1, "press", ANA)
    said = ask(app.bolt, slack.workspace, "forget @mira", by=LEA)
    assert said == "Only <@U0BEN> may erase what is stored of a person. Ask them."


def test_the_right_is_asked_again_when_the_form_is_sent(guarded, slack):
    app = guarded()
    open_form(app, slack)
    app.desk.teams.change(erasing(BEN))

    send(app, slack, sure=["sure"])

    assert "Only <@U0BEN> may erase" in shown(form(slack, LEA))
    assert not app.desk.look(1).conversation.forgotten


def test_of_several_who_are_called_so_one_is_chosen(guarded, slack, demo, clock):
    app = guarded()
    demo.post("Me too", by="mira_2", name="mira")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    open_form(app, slack)
    [who] = [block for block in form(slack, LEA)["blocks"] if block["block_id"] == "who"]
    assert len(who["element"]["options"]) == 2

    second = who["element"]["options"][1]["value"]
    send(app, slack, sure=["sure"], who=second)

    assert app.desk.look(3).conversation.forgotten
    assert not app.desk.look(1).conversation.forgotten


@pytest.mark.parametrize("words", ["forget @nobody", "forget", "forget 12345", "vergessen x"])
def test_nobody_is_said_to_be_nobody(guarded, slack, words):
    said = ask(guarded().bolt, slack.workspace, words, by=LEA)

    assert said == "There is nobody with that name here. Try the handle."


def test_what_takes_long_is_said_to_and_then_shown(guarded, slack, monkeypatch):
    monkeypatch.setattr("bot.slack.working.SOON", 0.0)
    app = guarded()
    open_form(app, slack)

    send(app, slack, sure=["sure"])

    assert app.desk.look(1).conversation.forgotten
    assert form(slack, LEA)["callback_id"] == "receipt"
    app.courier.deliver_all()
    assert any(told.startswith("*Receipt 1*") for told in direct(slack, LEA))


def test_an_answer_that_is_on_its_way_is_waited_for(guarded, slack):
    app = guarded()
    app.answering.reply(1, ANA, "On its way.", mention=1, key="V9")
    open_form(app, slack)

    send(app, slack, sure=["sure"])

    assert "is on its way or in doubt, in 1" in shown(form(slack, LEA))


@given(who=st.lists(CUSTOMER, min_size=1, max_size=3), many=st.sampled_from([1, 2, 10_000]))
@STRICT
def test_slack_opens_every_form_to_forget(who, many):
    each = Candidate(id=1, identities=(who * many)[:10_000], conversations=10**9, open=10**6)
    candidates = [replace(each, id=number) for number in range(min(many, 40))] or [each]

    message = accepted_view(erasing_forms.forget(candidates))

    assert live_markup(message) == []


@pytest.mark.parametrize("many", [0, 1, 10_000])
def test_slack_opens_every_receipt(many):
    numbers = tuple(range(many))
    given = replace(
        RECEIPT,
        waiting=numbers,
        threads=(("C0CARE", "1.000001"),) * many,
        stuck=(("C0CARE", "1.000001"),) * many,
        removed=dict.fromkeys([*erasing_forms.REMOVED, "something_new"], many),
    )

    for receipt in (given, replace(given, waiting=(), done_at=NOON, by="retention")):
        assert accepted_view(erasing_forms.receipt(receipt))
        assert len(erasing_forms.told(receipt)) < 4000


def test_a_receipt_names_nobody():
    told = shown(accepted_view(erasing_forms.receipt(RECEIPT)))

    assert "3 messages of theirs" in told
    assert "notes" not in told
    assert "#1, #2" in told
    assert MIRA.name not in told
