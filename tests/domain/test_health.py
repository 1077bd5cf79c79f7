"""What ails us, and what of it keeps this worker from its work."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.account import Account
from bot.domain.health import (
    APART,
    DEAF,
    ENOUGH,
    LEAST,
    MUTE,
    WAITS,
    Ails,
    Books,
    Connections,
    Disk,
    Health,
    Missed,
    Still,
)
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, SECOND

WELL = Health(
    at=NOON,
    books=Books(at=NOON, owed_since=NOON - WAITS),
    silent=MUTE,
    connections=Connections(living=2, deaf_for=DEAF),
    disk=Disk(free=LEAST, total=LEAST),
    clock_off=APART,
)
ACCOUNT = Account(name="demo", cursor=None, started_at=NOON, next_poll_at=NOON, read_to=NOON)


def with_books(**changed):
    return replace(WELL, books=replace(WELL.books, **changed))


def test_at_every_bound_all_is_well():
    assert (WELL.ailments, WELL.well, WELL.crippled) == ([], True, False)


@pytest.mark.parametrize(
    ("health", "what", "crippled"),
    [
        (replace(WELL, silent=MUTE + SECOND), Ails.DATABASE, True),
        (replace(WELL, connections=Connections(living=0, deaf_for=2 * DEAF)), Ails.SOCKETS, True),
        (replace(WELL, connections=Connections(living=2, ghosts=1)), Ails.GHOSTS, False),
        (replace(WELL, still=[Still(name="tick", silent=MINUTE)]), Ails.TIMERS, True),
        (replace(WELL, disk=Disk(free=LEAST - 1, total=LEAST)), Ails.DISK, False),
        (replace(WELL, clock_off=-APART - SECOND), Ails.CLOCK, False),
        (replace(WELL, clock_off=APART + SECOND), Ails.CLOCK, False),
        (with_books(owed_since=NOON - WAITS - SECOND), Ails.OUTBOX, False),
        (with_books(dead=1), Ails.DEAD, False),
        (with_books(uncalled=Missed(many=1, number=7, since=NOON)), Ails.NAGS, False),
        (with_books(cardless=Missed(many=1, number=7, since=NOON)), Ails.CARDS, False),
    ],
)
def test_what_is_beyond_a_bound_ails_us(health, what, crippled):
    assert [ailment.what for ailment in health.ailments] == [what]
    assert (health.well, health.crippled) == (False, crippled)


def test_the_timer_that_is_still_for_longest_is_named():
    still = [Still(name="tick", silent=MINUTE), Still(name="ask", silent=HOUR)]

    [ailment] = replace(WELL, still=still).ailments

    assert ailment.about == {"timer": "ask", "since": NOON - HOUR}


def test_a_platform_that_fails_is_not_well_and_cripples_nobody():
    health = with_books(accounts=[replace(ACCOUNT, failing_since=NOON)])

    assert (health.ailments, health.well, health.crippled) == ([], False, False)


def test_a_gap_is_worth_a_word_for_a_week():
    gap = replace(ACCOUNT, gap="Nothing before Monday.", gap_at=NOON)

    assert WELL.gap(gap) == "Nothing before Monday."
    assert replace(WELL, at=NOON + timedelta(days=7)).gap(gap) is None
    assert WELL.gap(ACCOUNT) is None


def test_a_large_disk_may_be_fuller_than_a_small_one():
    assert Disk(free=LEAST, total=3 * LEAST).full is False
    assert Disk(free=ENOUGH, total=1000 * ENOUGH).full is False
    assert Disk(free=ENOUGH - 1, total=1000 * ENOUGH).full is True
