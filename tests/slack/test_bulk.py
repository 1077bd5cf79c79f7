"""Several at once: one reason, each by itself, and a sentence for each that is refused."""

import json
from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.slack import bulk_forms
from bot.slack.bulk_forms import Deed, Pick
from storage import audit
from storage.conversations import Waiting
from storage.database import reading
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.people import ANA, BEN, CARE, LEA, form
from tests.slack.cases import WAITING, accepted_view, shown
from tests.slack.hostile import CUSTOMER, TEXT, live_markup

STRICT = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
GUS = "U0GUS"


def conversation(app, number):
    return app.desk.look(number).conversation


def states(app, many=3):
    return [conversation(app, number).state for number in range(1, many + 1)]


def open_bulk(app, slack, words="bulk", by=ANA):
    fake_slack.command(app.bolt, slack.workspace, by, CARE, f"/unanswered {words}")


def choose(app, slack, deed, by=ANA):
    fake_slack.change(app.bolt, slack.workspace, by, form(slack, by)["id"], "do", "do", deed)


def send(app, slack, by=ANA, **values):
    view = form(slack, by)
    return fake_slack.submit(app.bolt, slack.workspace, by, view["id"], values)


def errors(slack, by=ANA):
    return slack.workspace.view_errors.get(form(slack, by)["id"], {})


@pytest.fixture
def three(app, hear):
    for who in ("mira", "tom", "ina"):
        hear(by=who)
    return app


def test_some_are_dismissed_for_one_reason(three, slack):
    open_bulk(three, slack)
    accepted_view(_bare(form(slack)))

    send(three, slack, which=["1", "3"], because="Spam wave")

    assert states(three) == [State.DISMISSED, State.WAITING, State.DISMISSED]
    assert conversation(three, 3).closed_because == "Spam wave"
    assert "2 are done." in shown(form(slack))


def test_all_that_were_found_are_meant_by_all(three, slack):
    three.desk.claim(2, BEN)
    open_bulk(three, slack, "bulk unclaimed")
    choose(three, slack, "claim")

    send(three, slack, all=["all"])

    assert [conversation(three, number).owner for number in (1, 2, 3)] == [ANA, BEN, ANA]


def test_what_is_refused_is_told_one_by_one_and_keeps_nothing_back(three, slack):
    three.desk.claim(2, BEN)
    open_bulk(three, slack)
    choose(three, slack, "claim")

    send(three, slack, which=["1", "2", "3"])

    told = shown(form(slack))
    assert "*2 are done.*" in told
    assert "1 is not:" in told
    assert "#2: <@U0BEN> already has this one." in told


def test_what_breaks_down_keeps_nothing_back_either(three, slack, monkeypatch):
    real = three.desk.tag

    def broken(number, by, tag):
        if number == 2:
            raise RuntimeError("the disk is full")
        real(number, by, tag)

    monkeypatch.setattr(three.desk, "tag", broken)
    open_bulk(three, slack)
    choose(three, slack, "tag")

    send(three, slack, all=["all"], tag="VIP")

    assert "#2: Something went wrong on my side: RuntimeError." in shown(form(slack))
    assert "the disk is full" not in shown(form(slack))
    assert list(conversation(three, 3).tags) == ["VIP"]


@pytest.mark.parametrize(
    ("deed", "values", "true_of"),
    [
        (
            "assign",
            {"to": {"person": {"type": "users_select", "selected_user": BEN}}},
            lambda it: it.owner == BEN,
        ),
        ("kind", {"kind": "praise"}, lambda it: it.kind is Kind.PRAISE),
        ("tag", {"tag": "VIP"}, lambda it: it.tags == ("VIP",)),
        ("claim", {}, lambda it: it.owner == ANA),
        ("dismiss", {"because": "x"}, lambda it: it.state is State.DISMISSED),
    ],
)
def test_each_deed_is_done_with_all(three, slack, deed, values, true_of):
    open_bulk(three, slack)
    choose(three, slack, deed)

    send(three, slack, all=["all"], **values)

    assert all(true_of(conversation(three, number)) for number in (1, 2, 3))


def test_all_are_snoozed_until_the_same_time(three, slack, clock):
    open_bulk(three, slack)
    choose(three, slack, "snooze")
    at = clock() + timedelta(days=2)

    send(three, slack, all=["all"], until_at=int(at.timestamp()), because="Strike")

    assert {conversation(three, n).pauses[-1].end for n in (1, 2, 3)} == {at.replace(microsecond=0)}


def test_a_guest_gets_none_of_them(three, slack):
    open_bulk(three, slack)
    choose(three, slack, "assign")

    send(three, slack, all=["all"], to={"person": {"type": "users_select", "selected_user": GUS}})

    assert shown(form(slack)).count("<@U0GUS> can't take it") == 3


@pytest.mark.parametrize(
    ("deed", "values", "field"),
    [
        ("claim", {}, "which"),
        ("dismiss", {"all": ["all"], "because": " "}, "because"),
        ("tag", {"all": ["all"], "tag": " "}, "tag"),
    ],
)
def test_what_is_missing_is_said_at_its_field(three, slack, deed, values, field):
    open_bulk(three, slack)
    choose(three, slack, deed)

    send(three, slack, **values)

    assert list(errors(slack)) == [field]


def test_what_others_have_is_dismissed_only_by_who_may(assemble, slack, demo, clock):
    roles = Roles(by_right={Right.DISMISS: (LEA,)})
    app = assemble(teams=Teams({"care": replace(TEAM, roles=roles)}, tell=LEA))
    app.intake.poll("demo", demo)
    for who in ("mira", "tom"):
        demo.post("My order is broken", by=who)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.desk.claim(1, ANA)
    open_bulk(app, slack, by=BEN)

    send(app, slack, by=BEN, all=["all"], because="Spam")

    assert states(app, 2) == [State.CLAIMED, State.DISMISSED]
    assert "Only <@U0LEA> may dismiss what somebody else has." in shown(form(slack, BEN))


def test_the_audit_says_by_which_form(three, slack):
    open_bulk(three, slack)
    choose(three, slack, "claim")

    send(three, slack, all=["all"])

    with reading(three.desk.database) as db:
        assert [each.via for each in audit.of_conversation(db, 1)] == ["form bulk"]


def test_a_list_with_nobody_in_it_says_so(app, slack):
    open_bulk(app, slack, "bulk overdue")

    assert "nobody" in shown(form(slack))
    assert "submit" not in form(slack) or not form(slack)["submit"]


def test_a_button_of_a_list_asks_for_what_the_list_has(three, slack, clock):
    three.desk.claim(1, ANA)
    slack.chat_postMessage(
        channel=CARE,
        text="list",
        blocks=[
            {
                "type": "actions",
                "elements": [
                    {
                        "type": "button",
                        "action_id": "open_form",
                        "text": {"type": "plain_text", "text": "Select several…"},
                        "value": "bulk mine 0",
                    }
                ],
            }
        ],
    )
    ts = list(slack.workspace.channels[CARE].messages)[-1]

    fake_slack.press(three.bolt, slack.workspace, ANA, CARE, ts, "open_form")

    [which] = [block for block in form(slack)["blocks"] if block["block_id"] == "which"]
    assert [each["value"] for each in which["element"]["options"]] == ["1"]


def test_what_takes_long_is_told_when_it_is_done(three, slack, monkeypatch):
    monkeypatch.setattr("bot.slack.working.SOON", 0.0)
    open_bulk(three, slack)
    choose(three, slack, "claim")

    send(three, slack, all=["all"])

    assert all(conversation(three, number).owner == ANA for number in (1, 2, 3))
    assert "*3 are done.*" in shown(form(slack))


@given(who=CUSTOMER, words=TEXT, many=st.sampled_from([0, 1, 10_000]), deed=st.sampled_from(Deed))
@STRICT
def test_slack_opens_every_selection(who, words, many, deed):
    one = Waiting(conversation=WAITING, customer=who, words=words)
    found = [
        Waiting(conversation=replace(WAITING, id=number), customer=one.customer, words=one.words)
        for number in range(min(many, 200))
    ]
    picked = Pick(
        query="ü" * 1900,
        title="Waiting for care",
        found=found,
        many=many,
        deed=deed,
        moments=[],
        zone=ZoneInfo("Europe/Berlin"),
    )

    view = bulk_forms.pick(picked)

    assert live_markup(accepted_view(view)) == []
    assert len(json.dumps(view)) < 250_000


@pytest.mark.parametrize("many", [0, 1, 100, 10_000])
def test_slack_shows_whatever_became_of_them(many):
    refused = [(number, "<@U0BEN> already has this one. " * 20) for number in range(many)]

    assert accepted_view(bulk_forms.outcome(list(range(many)), refused))


def _bare(view):
    """As the bot sent it."""
    ours = ("type", "callback_id", "title", "close", "submit", "blocks", "private_metadata")
    return {name: view[name] for name in ours if view.get(name)}
