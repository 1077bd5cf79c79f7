"""Who may do what in Slack: guests, groups, channels, and a Slack that does not answer."""

from dataclasses import replace

import pytest

from bot.domain.conversation import State
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.slack.members import KNOWN_FOR, Members, WhoAreYou
from bot.slack.roster import Roster
from tests.conftest import CARE
from tests.people import ANA, BEN, LEA, ask, choose, press

GUS, OTTO = "U0GUS", "U0OTTO"


def guarded(**rights):
    named = {Right(name): ids for name, ids in rights.items() if name != "guests"}
    return replace(CARE, roles=Roles(by_right=named, guests=rights.get("guests", ())))


@pytest.fixture
def within(assemble, demo, clock):
    """A bot whose team has these roles, with one complaint heard."""

    def make(**rights):
        bot = assemble(teams=Teams({"care": guarded(**rights)}, tell=LEA))
        bot.intake.poll("demo", demo)
        demo.post("My order is broken")
        clock.pass_(seconds=1)
        bot.intake.poll("demo", demo)
        bot.courier.deliver_all()
        return bot

    return make


@pytest.mark.parametrize("who", [GUS, OTTO])
def test_guests_and_strangers_may_do_nothing(within, slack, who):
    bot = within()

    press(bot, slack, "claim", 1, by=who)

    assert bot.desk.look(1).conversation.state is State.WAITING
    assert slack.whispers[-1]["text"].endswith("may do nothing here. Ask <@U0LEA>.")
    assert "may do nothing here" in ask(bot.bolt, slack.workspace, "claim 1", by=who)
    choose(bot, slack, "snooze", 1, by=who)
    assert who not in slack.workspace.stacks or not slack.workspace.stacks[who]


def test_a_guest_who_is_listed_counts_as_anybody(within, slack):
    bot = within(guests=[GUS])

    press(bot, slack, "claim", 1, by=GUS)

    assert bot.desk.look(1).conversation.owner == GUS


def test_a_right_of_a_group_is_its_members(within, slack):
    bot = within(publish=["S0LEADS"])

    press(bot, slack, "reply", 1, by=ANA)
    assert slack.whispers[-1]["text"] == "Only <!subteam^S0LEADS> may publish answers. Ask them."

    press(bot, slack, "reply", 1, by=LEA)
    assert slack.workspace.stacks[LEA]


def test_what_another_has_is_dismissed_by_who_may(within, slack):
    bot = within(dismiss=[LEA])
    press(bot, slack, "claim", 1, by=ANA)

    said = ask(bot.bolt, slack.workspace, "dismiss 1 spam", by=BEN)
    assert said == "Only <@U0LEA> may dismiss what somebody else has. Ask them."
    assert bot.desk.look(1).conversation.open

    ask(bot.bolt, slack.workspace, "dismiss 1 spam", by=LEA)
    assert bot.desk.look(1).conversation.state is State.DISMISSED


def test_slack_is_asked_once_in_ten_minutes(slack, clock):
    members = Members(slack, clock)
    for _ in range(3):
        members.get(ANA)
    asked = [method for method, _ in slack.calls].count("users.info")
    clock.at += KNOWN_FOR * 2
    members.get(ANA)

    assert asked == 1
    assert [method for method, _ in slack.calls].count("users.info") == 2


def test_what_slack_once_told_serves_while_it_is_away(slack, clock):
    members = Members(slack, clock)
    members.get(GUS)
    clock.at += KNOWN_FOR * 2
    slack.fail_before = ConnectionResetError()

    assert members.get(GUS).guest


def test_nobody_is_let_in_whom_slack_does_not_tell_of(slack, clock):
    slack.fail_before = ConnectionResetError()

    with pytest.raises(WhoAreYou):
        Members(slack, clock).get(ANA)


def test_a_group_that_can_not_be_asked_has_nobody_in_it(slack, clock):
    members = Members(slack, clock)
    roster = Roster(members)
    members.get(LEA)
    slack.fail_before = ConnectionResetError()

    assert not roster.may(Right.PUBLISH, LEA, guarded(publish=["S0LEADS"]))


def test_who_left_is_away(slack, clock):
    members = Members(slack, clock)
    assert not members.is_away(LEA)
    slack.workspace.deactivate(LEA)
    assert not members.is_away(LEA), "asked a moment ago"

    clock.pass_(minutes=11)

    assert members.is_away(LEA)
    assert members.is_away("U0NOBODY")


@pytest.mark.parametrize("trouble", ["lost", "broken", "rate_limited"])
def test_who_can_not_be_asked_about_is_taken_to_be_there(slack, clock, trouble):
    members = Members(slack, clock)
    slack.workspace.faults.add(trouble, "users.info")

    assert not members.is_away(LEA)
