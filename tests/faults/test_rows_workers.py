"""Workers: one that is frozen and wakes up, timers that die or are slow, rows that are poison."""

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from bot import timers
from bot.domain.delivery import Errand
from bot.domain.team import Teams
from storage import outbox, stumbles
from storage.database import reading
from storage.tables import conversations
from tests.conftest import CARE, NOON
from tests.people import ANA, LEA, nag_all
from tests.processes import until
from tests.things import at_once

LEASE = timedelta(minutes=2)
NEVER = datetime(1, 1, 1, tzinfo=UTC)  # since when nobody can be waiting: counting from it fails


# Leases


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
@pytest.mark.fault(37)
def test_in_a_thousand_rounds_two_workers_take_each_delivery_once(database):
    owed = [
        {"key": f"k{n}", "lane": f"l{n}", "errand": Errand.REPLY, "detail": "", "urgency": 0}
        | {"destination": "demo", "owed_at": NOON, "due_at": NOON, "attempts": 0}
        | {"failures": 0, "errors": 0, "in_doubt": False}
        for n in range(1000)
    ]
    with database.begin() as db:
        db.execute(outbox.outbox.insert(), owed)
    taken: list[str] = []

    def work(_: int) -> None:
        while True:
            with database.begin() as db:
                delivery = outbox.take(db, NOON, LEASE)
            if delivery is None:
                return
            with database.begin() as db:
                assert outbox.ours(db, delivery, NOON)
                outbox.done(db, delivery, NOON)
            taken.append(delivery.key)

    at_once(work, times=2)

    assert len(taken) == len(set(taken))
    assert set(taken) == {f"k{n}" for n in range(1000)}


# Timers


@pytest.fixture
def ticking():
    made = timers.Scheduler(timezone=UTC)
    made.start()
    yield made
    made.shutdown()


class Deadly(IntervalTrigger):
    """Kills the thread that asks it for its next time, once."""

    killed = False

    def get_next_fire_time(self, previous, now):
        if previous and not self.killed:
            self.killed = True
            raise SystemExit
        return super().get_next_fire_time(previous, now)


@pytest.mark.fault(38)
@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_scheduler_that_died_is_begun_again_within_three_intervals(ticking):
    runs: list[float] = []
    ticking.add_job(lambda: runs.append(time.monotonic()), "interval", seconds=1)
    until(lambda: runs)
    stopped = threading.Event()
    watching = threading.Thread(target=timers.watch_over, args=(ticking, stopped))
    watching.start()

    ticking.add_job(lambda: None, Deadly(seconds=0.1, timezone=UTC))
    with capture_logs() as logs:
        until(lambda: not ticking.alive, seconds=5)
        died, before = time.monotonic(), len(runs)
        until(lambda: len(runs) > before, seconds=5)

    assert time.monotonic() - died < 3
    assert "timers.dead" in [each["event"] for each in logs]
    stopped.set()
    watching.join()


@pytest.mark.fault(38)
def test_a_sweep_that_is_slower_than_its_interval_runs_one_after_the_other(assemble):
    bot = assemble()
    wound = timers.wind_up(bot.sweep, bot.courier, bot.intake, {}, timedelta(seconds=0.05))
    ticking = wound.ticking
    ticking.remove_all_jobs()
    at_work, most, runs = [], [], []

    def slow() -> None:
        at_work.append(1)
        most.append(len(at_work))
        time.sleep(0.2)
        at_work.pop()
        runs.append(1)

    ticking.add_job(slow, "interval", seconds=0.05)
    ticking.start()
    until(lambda: len(runs) >= 4, seconds=10)
    ticking.shutdown()

    assert max(most) == 1


# Poison


def poison(app, number):
    """From now on this conversation's clock can't be counted."""
    with app.desk.database.begin() as db:
        broken = update(conversations).where(conversations.c.id == number)
        db.execute(broken.values(waiting_since=NEVER))


def notices(app):
    with reading(app.desk.database) as db:
        rows = db.execute(select(outbox.o.detail).where(outbox.o.errand == Errand.NOTICE))
        return [said for said in rows.scalars() if "can't see to" in said]


def tries(app, step):
    with reading(app.desk.database) as db:
        return stumbles.failures(db, step, 1, app.desk.now())


@pytest.mark.fault(38)
def test_a_nag_that_never_works_is_put_off_ever_longer_and_then_told(app, hear, slack, clock):
    hear("My kettle is broken", by="mira")
    hear("My toaster is broken", by="ken")
    poison(app, 1)
    clock.pass_(hours=1, minutes=1)

    tried, passed = [], 0
    while passed < 3600:
        nag_all(app)
        tried.append(tries(app, "nag"))
        clock.pass_(seconds=5)
        passed += 5

    nags = [m for m in slack.messages.values() if "should have been" in m["text"]]
    assert {m["thread_ts"] for m in nags} == {app.desk.look(2).conversation.card}
    assert tried[0] == 1
    assert tried[12] < 6, "after a minute"
    assert max(tried) == 8, "then it rests for a day"
    assert notices(app) == [
        ":warning: I can't see to #1: 8 tries ended in an error of mine (ValueError). Look at it"
        " yourself; I try again once a day, and the log says more."
    ]
    clock.pass_(days=1)
    nag_all(app)
    assert tries(app, "nag") == 9
    assert len(notices(app)) == 1


@pytest.mark.fault(38)
def test_after_a_start_what_was_poison_has_another_try(app, assemble, hear, clock):
    hear()
    poison(app, 1)
    clock.pass_(hours=1, minutes=1)
    app.sweep.nag_some()
    assert tries(app, "nag") == 1

    later = assemble()
    later.settle_in()
    later.sweep.nag_some()

    assert tries(later, "nag") == 2


@pytest.mark.fault(38)
def test_a_claim_that_can_not_be_let_go_holds_up_no_other(assemble, demo, slack, clock):
    app = assemble(teams=Teams({"care": replace(CARE, claim_lease=timedelta(hours=2))}, tell=LEA))
    app.intake.poll("demo", demo)
    for number, who in enumerate(("mira", "ken"), 1):
        demo.post("My kettle is broken", by=who)
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        app.desk.claim(number, by=ANA)
    poison(app, 1)
    clock.pass_(days=3)

    timers.repeat(app.sweep.let_go_one)

    assert app.desk.conversation(1).owner == ANA
    assert app.desk.conversation(2).owner is None
    assert tries(app, "let go") == 1


@pytest.mark.fault(38)
def test_a_card_that_can_not_be_drawn_anew_holds_up_no_other(app, hear, clock):
    hear(by="mira")
    hear(by="ken")
    poison(app, 1)
    with app.desk.database.begin() as db:
        db.execute(update(conversations).values(redraw_at=clock()))

    timers.repeat(app.sweep.redraw_one)

    with reading(app.desk.database) as db:
        still = select(func.count()).where(conversations.c.redraw_at <= clock())
        assert db.execute(still).scalar_one() <= 1
    assert app.desk.conversation(2).version > 1


@pytest.mark.fault(38)
def test_one_clock_that_can_not_be_counted_keeps_no_other_from_being_counted_anew(
    app, assemble, hear
):
    for who in ("mira", "ken"):
        hear(by=who)
    poison(app, 1)

    with capture_logs() as logs:
        app.sweep.recount()

    assert [each["conversation"] for each in logs if each["event"] == "deadline.uncounted"] == [1]
