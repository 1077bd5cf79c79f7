"""What comes by itself goes on coming."""

import threading
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.background import BackgroundScheduler

from adapters.demo import Demo
from bot import timers
from bot.domain.delivery import TryLater
from bot.pulse import Pulse
from storage import search
from storage.database import reading
from tests.processes import until


@pytest.fixture
def ticking():
    made = BackgroundScheduler(timezone=UTC)
    made.start()
    yield made
    made.shutdown()


@pytest.mark.fault(35)
def test_a_clock_that_is_set_back_by_an_hour_stops_nothing(ticking):
    ran = threading.Event()
    in_an_hour = datetime.now(UTC) + timedelta(hours=1)  # what was due now, before it was set back
    ticking.add_job(ran.set, "interval", seconds=1, next_run_time=in_an_hour)

    timers.catch_up(ticking, datetime.now(UTC))

    assert ran.wait(2)


@pytest.mark.fault(38)
def test_a_job_that_fails_is_run_again_at_its_next_turn(ticking):
    tries = []

    def stumble():
        tries.append(1)
        raise [TryLater("later"), ValueError("ours")][len(tries) % 2]

    pulse = Pulse()
    pulse.expect("stumble", timedelta(seconds=1))
    ticking.add_job(timers.calm("stumble", stumble, pulse), "interval", seconds=0.05)

    until(lambda: len(tries) >= 4, seconds=3)


def test_a_greeting_that_slack_does_not_take_is_put_off_like_any_call(app, workspace):
    app.links.workspace = ""
    workspace.revoked.add(workspace.bot_token)
    with pytest.raises(TryLater):
        app.greet()

    workspace.revoked.clear()
    app.greet()

    assert app.links.workspace == "https://acme.slack.com/"


@pytest.mark.parametrize("did", [True, False])
def test_what_a_step_owes_does_not_wait_for_its_own_turn(ticking, did):
    carried = threading.Event()
    carry = ticking.add_job(carried.set, "interval", seconds=60)

    ticking.add_job(timers.then(lambda: did, carry), "interval", seconds=0.05)

    assert carried.wait(1) is did


def test_a_step_that_ends_after_its_timers_says_nothing():
    ended = BackgroundScheduler(timezone=UTC)
    ended.start()
    carry = ended.add_job(print, "interval", seconds=60)
    ended.shutdown()

    timers.then(lambda: True, carry)()


def test_news_wake_an_adapter_that_can_be_woken(app, demo, clock):
    class Listening(Demo):
        def wait(self, stop):
            return bool(self.events) and not stop()

    listening = Listening("demo", {}, clock, timedelta(days=7))
    stopped = threading.Event()
    clock.pass_(seconds=1)
    listening.post("My order is broken")

    [thread] = timers.listen(app.intake, {"demo": listening}, stopped)
    until(lambda: waiting(app) == 1, seconds=3)

    stopped.set()
    thread.join(2)
    assert not thread.is_alive()


def waiting(app):
    with reading(app.desk.database) as db:
        return search.totals(db, search.Asked(), app.desk.now()).waiting
