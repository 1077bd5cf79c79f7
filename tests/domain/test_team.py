"""What a team promised, and which team hears what."""

from dataclasses import replace
from datetime import timedelta

from bot.domain.clock import Owed
from bot.domain.mention import Kind
from bot.domain.team import Team, Teams
from tests.conftest import CARE, NOON
from tests.things import HOUR, WAITING


def team(name: str, *hears: str) -> Team:
    promises = {Kind.COMPLAINT: HOUR}
    return Team(name=name, channel=f"C{name}", answer_within=promises, ladder=(), hears=hears)


CATCH_ALL, PRESS = team("care"), team("press", "email:press")
TEAMS = Teams({"care": CATCH_ALL, "press": PRESS})


def test_a_promise_is_counted_from_when_the_customer_wrote():
    clock = CARE.clock(replace(WAITING, kind=Kind.QUESTION), Owed.FIRST, NOON)

    assert clock.due_at == NOON + 4 * HOUR
    assert (clock.since, clock.within, clock.rule) == (NOON, 4 * HOUR, "question")


def test_what_is_not_among_the_promises_is_not_promised():
    assert CARE.clock(replace(WAITING, kind=Kind.PRAISE), Owed.FIRST, NOON) is None


def test_the_longest_promise_says_how_far_back_an_import_looks():
    assert CARE.longest_promise == timedelta(days=1)
    assert Team(name="x", channel="C", answer_within={}, ladder=()).longest_promise == timedelta(0)


def test_an_account_is_heard_by_the_team_that_names_it_and_else_by_the_one_that_names_none():
    assert TEAMS.hearing("email:press") is PRESS
    assert TEAMS.hearing("twitter") is CATCH_ALL


def test_accounts_that_nobody_hears_are_named():
    assert TEAMS.unheard(["twitter", "email:press"]) == []
    assert Teams({"press": PRESS}).unheard(["twitter", "email:press"]) == ["twitter"]


def test_an_account_that_nobody_names_goes_to_the_first_team_rather_than_nowhere():
    assert Teams({"press": PRESS}).hearing("twitter") is PRESS


def test_the_work_of_a_team_that_was_removed_goes_to_the_first():
    assert TEAMS["sales"] is CATCH_ALL


def test_a_channel_knows_its_team():
    assert TEAMS.of_channel("Cpress") is PRESS
    assert TEAMS.of_channel("C0OTHER") is None
