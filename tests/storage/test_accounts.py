"""Whose turn it is to read an account."""

import pytest

from storage import accounts
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, SECOND


def turn(database, at, name="demo", every=MINUTE):
    with database.begin() as db:
        return accounts.take_turn(db, name, at, every)


def test_an_account_is_known_from_the_first_time_it_is_read(database):
    account = turn(database, NOON)

    assert (account.started_at, account.cursor, account.failures) == (NOON, None, 0)
    assert turn(database, NOON + HOUR).started_at == NOON


def test_an_account_is_read_by_one_worker_in_its_time(database):
    assert turn(database, NOON)
    assert not turn(database, NOON)
    assert not turn(database, NOON + MINUTE - SECOND)
    assert turn(database, NOON, name="demo:two")
    assert turn(database, NOON + MINUTE)


def test_what_was_woken_is_read_at_once(database):
    turn(database, NOON)

    with database.begin() as db:
        accounts.wake(db, "demo", NOON)

    assert turn(database, NOON)


def test_an_account_that_must_wait_waits(database):
    turn(database, NOON)

    with database.begin() as db:
        accounts.change(db, "demo", next_poll_at=NOON + HOUR, failing_since=NOON)

    assert not turn(database, NOON + HOUR - SECOND)
    assert turn(database, NOON + HOUR)


@pytest.mark.fault(35)
def test_a_clock_that_was_set_back_does_not_keep_an_account_from_being_read(database):
    turn(database, NOON)

    assert turn(database, NOON - HOUR)
    assert not turn(database, NOON - HOUR)


def test_posts_are_rechecked_by_one_worker_in_its_time(database):
    def recheck(at):
        with database.begin() as db:
            return accounts.take_recheck(db, "demo", at, HOUR)

    assert not recheck(NOON)
    turn(database, NOON)

    assert [recheck(NOON), recheck(NOON + MINUTE), recheck(NOON + HOUR)] == [True, False, True]


def test_all_accounts_are_listed_by_name(database):
    turn(database, NOON, name="twitter")
    turn(database, NOON, name="demo")

    with database.begin() as db:
        assert accounts.hold(db, "demo").name == "demo"
        assert [account.name for account in accounts.all_of(db)] == ["demo", "twitter"]
