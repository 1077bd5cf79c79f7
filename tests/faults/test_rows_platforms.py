"""Bad days of a platform, rows 16 to 19: one account waits in its own way, and no other does.

The platform is the strict X over real HTTP (`tests/adapters/x_server.py`), read by our own adapter
in a whole bot that reads a second account beside it.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from adapters import Batch, make
from adapters.demo import Demo
from adapters.twitter import Twitter
from bot import timers
from bot.domain.delivery import Errand
from bot.intake import PAGES
from storage import accounts, outbox
from storage.database import reading
from storage.tables import mentions
from tests.adapters.x_server import XServer
from tests.processes import until
from tests.things import HOUR, MINUTE, SECOND

MENTIONS = "/mentions"
LONGEST = 5 * MINUTE


@pytest.fixture
def x(clock: Any) -> Iterator[XServer]:
    with XServer(clock) as running:
        yield running


@pytest.fixture
def twitter(x: XServer, clock: Any) -> Twitter:
    made = make("twitter", Twitter, x.environment(), clock, timedelta(days=7))
    assert isinstance(made, Twitter)
    return made


@pytest.fixture
def both(assemble: Any, twitter: Twitter, demo: Demo) -> Any:
    """A bot that has read both of its accounts once."""
    assemble.others = {"twitter": twitter}
    bot = assemble()
    for name, adapter in bot.adapters.items():
        bot.intake.poll(name, adapter)
    return bot


@pytest.fixture
def poll(both: Any, clock: Any) -> Any:
    """Time passes, and an account is read if it is its turn."""

    def read(name: str = "twitter", **span: float) -> int:
        clock.pass_(**(span or {"seconds": 2}))
        return int(both.intake.poll(name, both.adapters[name]))

    return read


def account(bot: Any, name: str = "twitter") -> accounts.Account:
    with reading(bot.desk.database) as db:
        return next(each for each in accounts.all_of(db) if each.name == name)


def notices(bot: Any) -> list[str]:
    with reading(bot.desk.database) as db:
        rows = db.execute(select(outbox.o.detail).where(outbox.o.errand == Errand.NOTICE))
        return list(rows.scalars())


def heard(bot: Any) -> int:
    with reading(bot.desk.database) as db:
        return len(db.execute(select(mentions.c.id)).all())


ODD = [
    pytest.param(500, '{"title": "Internal"}', id="500"),
    pytest.param(502, "<html>Bad Gateway</html>", id="502"),
    pytest.param(200, "<html>We will be back soon</html>", id="html"),
    pytest.param(200, "", id="empty"),
    pytest.param(200, '{"data": [{"id": "17', id="truncated"),
    pytest.param(200, '["no object"]', id="another shape"),
]


@pytest.mark.fault(16)
@pytest.mark.parametrize(("status", "body"), ODD)
def test_what_makes_no_sense_is_asked_again_ever_more_rarely_and_moves_no_cursor(
    both, x, demo, clock, poll, status, body
):
    cursor = account(both).cursor
    x.post("My order is broken")
    x.fail(status, body, on=MENTIONS, times=14)
    waits = []

    for _ in range(14):
        with capture_logs() as logs:
            poll(minutes=6)
        assert [entry["account"] for entry in logs if entry["event"] == "account.put_off"]
        waits.append(account(both).next_poll_at - clock())
        assert account(both).cursor == cursor
    demo.post("Mine is broken, too")
    assert poll("demo", seconds=10) == 1

    luck = [wait / timedelta(seconds=2**n) for n, wait in enumerate(waits[:7], 1)]
    assert all(0.5 <= each <= 1.5 for each in luck)
    assert len(set(luck)) == len(luck)
    assert all(LONGEST / 3 <= wait <= LONGEST for wait in waits[7:])
    assert account(both).trouble
    [told] = notices(both)
    assert "can't read twitter" in told
    assert poll(minutes=6) == 1
    assert account(both).trouble is None


@pytest.mark.fault(16)
def test_a_platform_that_is_away_for_a_month_is_still_asked(both, x, clock, poll):
    with both.desk.database.begin() as db:
        accounts.change(db, "twitter", failures=20_000, failing_since=clock(), told=True)
    x.fail(503, on=MENTIONS)
    poll()

    assert account(both).failures == 20_001
    assert account(both).next_poll_at - clock() <= LONGEST


@pytest.mark.fault(17)
@pytest.mark.parametrize("slowly", [XServer.hang, XServer.drip])
def test_who_hangs_or_drips_is_given_up_and_holds_up_no_other(
    both, x, demo, twitter, clock, slowly
):
    clock.at = datetime.now(UTC) - SECOND  # the timers know no other time
    assert twitter.line.patience <= 30
    twitter.line.patience = 1.0
    demo.every = timedelta(milliseconds=100)
    twitter.every = timedelta(seconds=60)
    with both.desk.database.begin() as db:
        accounts.wake(db, "twitter", both.desk.now())
    slowly(x, on=MENTIONS)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    ticking = timers.wind_up(both.sweep, both.courier, both.intake, both.adapters).ticking

    began = time.monotonic()
    ticking.start()
    try:
        until(lambda: heard(both) == 1)
        assert account(both).trouble is None, "the other one was still waiting for its answer"
        until(lambda: account(both).trouble)
        assert time.monotonic() - began < 10
    finally:
        ticking.shutdown()


@pytest.mark.fault(18)
@pytest.mark.parametrize("seconds", [400, 20])
def test_a_rate_limit_is_waited_for_until_its_reset_and_not_longer(both, x, poll, seconds):
    poll()
    x.limit(seconds, on=MENTIONS)
    x.post("My order is broken")
    asked = len(x.requests)

    poll()
    while_waiting = len(x.requests)
    poll(seconds=seconds - 5)

    assert (while_waiting, len(x.requests)) == (asked + 1, asked + 1)
    assert poll(seconds=6) == 1
    assert notices(both) == []


@pytest.mark.fault(18)
def test_a_rate_limit_without_a_reset_is_waited_for_a_quarter_of_an_hour(both, x, clock, poll):
    x.problem(429, "Too Many Requests", on=MENTIONS)

    poll()

    assert account(both).next_poll_at - clock() == 15 * MINUTE


SHUT_OUT = [(401, "Unauthorized"), (403, "Your account is suspended and is not permitted.")]


@pytest.mark.fault(18)
@pytest.mark.parametrize(("status", "why"), SHUT_OUT)
def test_who_is_locked_out_is_told_of_once_and_asked_again_in_an_hour(
    both, x, demo, clock, poll, status, why
):
    x.problem(status, why, on=MENTIONS, times=5)
    poll()
    assert account(both).next_poll_at - clock() == HOUR
    asked = len(x.requests)

    for _ in range(59):
        poll(minutes=1)
    assert len(x.requests) == asked
    for _ in range(4):
        poll(hours=1)

    [told] = notices(both)
    assert "X_CONSUMER_KEY" in told
    assert "cs-acme" not in told
    demo.post("Mine is broken")
    assert poll("demo") == 1


@pytest.mark.fault(19)
def test_a_page_that_leads_to_itself_is_not_followed(both, x, poll):
    for number in range(250):
        x.post(f"Hello {number}", by=f"c{number}")
    x.stuck = True
    asked = len(x.requests)

    poll()
    assert len(x.requests) - asked < 10

    x.stuck = False
    for _ in range(4):
        poll(minutes=2)
    assert heard(both) == 250


class Endless(Demo):
    """There is always another page."""

    asked = 0

    def fetch(self, cursor: str | None) -> Batch:
        self.asked += 1
        return Batch(mentions=(), cursor=str(int(cursor or 0) + 1), more=True)


@pytest.mark.fault(19)
def test_ten_thousand_pages_are_read_in_turns_and_each_turn_is_kept(assemble, clock):
    endless = Endless("demo:two", {}, clock, timedelta(days=7))
    assemble.others = {"demo:two": endless}
    bot = assemble()
    turns = 10_000 // PAGES // 20  # a twentieth of them tells as much

    for turn in range(1, turns + 1):
        bot.intake.poll("demo:two", endless)
        assert endless.asked == turn * PAGES
        assert account(bot, "demo:two").cursor == str(turn * PAGES)
        clock.pass_(seconds=1)


@pytest.mark.fault(19)
def test_a_worker_between_two_turns_goes_on_where_the_pages_ended(assemble, clock):
    endless = Endless("demo:two", {}, clock, timedelta(days=7))
    assemble.others = {"demo:two": endless}
    assemble().intake.poll("demo:two", endless)
    clock.pass_(seconds=1)

    restarted = assemble()
    restarted.intake.poll("demo:two", endless)

    assert account(restarted, "demo:two").cursor == str(2 * PAGES)
