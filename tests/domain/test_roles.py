"""Who may do what, and what somebody is told who may not."""

import pytest

from bot.domain.roles import (
    NotAllowed,
    NotForGuests,
    Right,
    Roles,
    Who,
    check,
    check_welcome,
    may,
    welcome,
    who_can,
)

ANYBODY = Roles()
ANA = Who("U0ANA", groups=["S0CARE"], channels=["C0CARE"])
GUEST = Who("U0GUEST", groups=["S0FRIENDS"], channels=["C0CARE"], guest=True)


@pytest.mark.parametrize("right", Right)
def test_where_nothing_is_said_everybody_may_but_guests(right):
    assert may(ANYBODY, right, ANA)
    assert not may(ANYBODY, right, GUEST)
    assert who_can(ANYBODY, right) == ()


@pytest.mark.parametrize("named", ["U0ANA", "S0CARE", "C0CARE"])
def test_a_right_is_had_by_id_by_group_or_by_channel(named):
    roles = Roles({Right.EXPORT: [named]})

    assert may(roles, Right.EXPORT, ANA)
    assert not may(roles, Right.EXPORT, Who("U0BEN", groups=["S0X"], channels=["C0X"]))
    assert may(roles, Right.ERASE, Who("U0BEN"))


@pytest.mark.parametrize("listed", ["U0GUEST", "S0FRIENDS", "C0CARE"])
def test_a_listed_guest_counts_as_anybody(listed):
    roles = Roles({Right.EXPORT: ["U0LEA"], Right.ERASE: ["C0CARE"]}, guests=[listed])

    assert welcome(roles, GUEST)
    assert may(roles, Right.PUBLISH, GUEST)
    assert may(roles, Right.ERASE, GUEST)
    assert not may(roles, Right.EXPORT, GUEST)


@pytest.mark.parametrize("named", ["U0GUEST", "S0FRIENDS"])
def test_a_guest_who_is_named_has_that_right_and_may_claim(named):
    roles = Roles({Right.PUBLISH: [named]})

    assert may(roles, Right.PUBLISH, GUEST)
    assert welcome(roles, GUEST)
    assert not may(roles, Right.DISMISS, GUEST)


def test_a_guest_has_no_right_by_being_in_a_shared_channel():
    roles = Roles({Right.PUBLISH: ["C0CARE"]})

    assert may(roles, Right.PUBLISH, ANA)
    assert not may(roles, Right.PUBLISH, GUEST)
    assert not welcome(roles, GUEST)


def test_a_guest_may_not_even_claim():
    check_welcome(ANYBODY, ANA)

    with pytest.raises(NotForGuests, match="may do nothing here"):
        check_welcome(ANYBODY, GUEST)


@pytest.mark.parametrize(
    ("can", "sentence"),
    [
        ([], "Guests and people from elsewhere may not export. Ask a colleague."),
        (["U0LEA"], "Only <@U0LEA> may export. Ask them."),
        (
            ["U0LEA", "S0LEADS"],
            "Only <@U0LEA> and <!subteam^S0LEADS> may export. Ask one of them.",
        ),
        (
            ["U0LEA", "W0MAX", "C0OPS", "G0OPS"],
            "Only <@U0LEA>, <@W0MAX>, <#C0OPS> and <#G0OPS> may export. Ask one of them.",
        ),
        (
            [f"U0{n}" for n in range(1, 1200)],
            "Only <@U01>, <@U02>, <@U03> and 1,196 more may export. Ask one of them.",
        ),
    ],
)
def test_a_refusal_names_who_can(can, sentence):
    roles = Roles({Right.EXPORT: can} if can else {})

    with pytest.raises(NotAllowed) as refused:
        check(roles, Right.EXPORT, GUEST)

    assert str(refused.value) == sentence


def test_whoever_may_is_not_stopped():
    for right in Right:
        check(Roles({right: ["U0ANA"]}), right, ANA)


def test_every_right_can_be_said():
    assert {str(NotAllowed(right, ["U0LEA"])).count("may ") for right in Right} == {1}


def test_all_whom_roles_name_are_known_once():
    roles = Roles({Right.EXPORT: ["U0LEA", "S0A"], Right.ERASE: ["U0LEA"]}, guests=["C0X", "S0A"])

    assert roles.ids == ("U0LEA", "S0A", "C0X")
