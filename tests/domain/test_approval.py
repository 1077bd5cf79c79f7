"""When an answer waits for a second person."""

from dataclasses import replace

import pytest

from bot.domain.approval import Approval, Why, check_other, needed
from bot.domain.mention import Kind
from bot.domain.problems import NotYourOwn
from bot.domain.roles import Right, Roles
from bot.domain.team import Rule, Team

TEAM = Team(name="care", channel="C0CARE", answer_within={}, ladder=())


@pytest.mark.parametrize(
    ("approval", "rule_asks", "before", "why"),
    [
        (None, False, 0, Why.NOT_NEEDED),
        (None, True, 99, Why.RULE),
        (Approval(), False, 0, Why.NOT_NEEDED),
        (Approval(always=True), False, 99, Why.ALWAYS),
        (Approval(first=20), False, 19, Why.NEW_COLLEAGUE),
        (Approval(first=20), False, 20, Why.NOT_NEEDED),
        (Approval(first=20), True, 20, Why.RULE),
    ],
)
def test_why_an_answer_waits(approval, rule_asks, before, why):
    assert needed(approval, rule_asks=rule_asks, published_before=before) is why
    assert bool(why) is (why is not Why.NOT_NEEDED)


def test_nobody_approves_their_own():
    check_other("U0ANA", by="U0BEN")

    with pytest.raises(NotYourOwn):
        check_other("U0ANA", by="U0ANA")


def test_how_a_team_answers_is_no_part_of_its_policy():
    rule = Rule(name="press", kinds=(Kind.QUESTION,))
    before = replace(TEAM, rules=(rule,))

    after = replace(
        before,
        rules=(replace(rule, approval=True),),
        approval=Approval(always=True),
        roles=Roles({Right.EXPORT: ["U0LEA"]}),
        signature="^{agent_initials}",
        watch=["order ####"],
        pictures="upload",
        language="de",
    )

    assert after.policy == before.policy
    assert "approval" not in after.policy
    assert after.fingerprint == before.fingerprint
    assert after.rules[0].approval
