"""What comes by itself: polling, nagging, delivering. APScheduler only wakes these functions."""

import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.job import Job
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from adapters import Adapter, Receives, Rechecks, Waits
from bot import logs
from bot.courier import Courier
from bot.domain.delivery import LockedOut, TryLater
from bot.intake import LOCKED_OUT, Intake
from bot.pulse import Pulse, moving
from bot.sweep import Sweep
from storage.database import Unavailable, hopeless

log = structlog.get_logger()

TICK = timedelta(seconds=1)  # between two looks at what is due
COURIERS = 3  # at once, for answers and for Slack each: a slow platform must not hold up Slack
RECHECK = timedelta(minutes=5)
ALERT = timedelta(seconds=15)
SURGES = timedelta(seconds=10)
SILENCES = timedelta(seconds=30)
FORGET = timedelta(minutes=1)
RETENTION = timedelta(hours=1)
RECOUNT = timedelta(hours=1)  # and at the start: promises, hours and holidays may have changed
PAUSE = 30.0  # seconds after a failed wait for news
THREADS = 16  # and three for each account: nobody waits for one, whatever hangs
NETWORK = timedelta(minutes=2)  # that the calls of one step may take together
HEARTBEAT = timedelta(seconds=5)  # of the scheduler itself, by an executor of its own
SCHEDULER_DEAD = timedelta(minutes=1)  # without that, until the process ends
ALONE = "alone"


class Scheduler(BackgroundScheduler):  # type: ignore[misc]
    """APScheduler's, whose one thread can be begun again: what kills it is logged by nobody."""

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def revive(self) -> None:
        self._thread = threading.Thread(target=self._main_loop, name="APScheduler", daemon=True)
        self._thread.start()
        self.wakeup()


class Timers:
    """Wakes functions at their time, and knows by its pulse which of them move.

    Their store is in memory, so a restart is a fresh start.
    """

    def __init__(self, pulse: Pulse, threads: int = THREADS) -> None:
        self.pulse = pulse
        self.ticking = Scheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads), ALONE: ThreadPoolExecutor(1)},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self.every("tick", HEARTBEAT, lambda: None, over=SCHEDULER_DEAD, executor=ALONE)

    def every(
        self,
        name: str,
        span: timedelta,
        job: Callable[[], object],
        *,
        at: datetime | None = None,
        slowest: timedelta = timedelta(0),
        over: timedelta | None = None,
        **how: Any,
    ) -> Job:
        """Run it again and again, first `at` that moment or after one `span`.

        One step of it may take the `slowest` without a sign. A longer life than `over` without one
        ends the process.
        """
        first = {"next_run_time": at} if at else {}
        self.pulse.expect(name, span, slowest=slowest, over=over)
        run, seconds = calm(name, job, self.pulse), span.total_seconds()
        return self.ticking.add_job(run, "interval", id=name, seconds=seconds, **first, **how)


def wind_up(
    sweep: Sweep,
    courier: Courier,
    intake: Intake,
    adapters: Mapping[str, Adapter],
    tick: timedelta = TICK,
    pulse: Pulse | None = None,
) -> Timers:
    """All that comes by itself, not yet started."""
    timers = Timers(pulse or Pulse(), THREADS + 3 * len(adapters))
    for name, replies in (("deliver_answers", True), ("deliver", False)):
        deliver = partial(courier.deliver_all, replies=replies)
        slowest = courier.lease + NETWORK
        carry = timers.every(name, tick, deliver, max_instances=COURIERS, slowest=slowest)
    now = sweep.now()
    for name, adapter in adapters.items():
        poll = then(partial(intake.poll, name, adapter), carry)
        timers.every(f"poll:{name}", adapter.every, poll, at=now, slowest=NETWORK)
        if isinstance(adapter, Receives):
            unpack = then(partial(repeat, partial(intake.listen, name, adapter)), carry)
            timers.every(f"open:{name}", tick, unpack)
        if isinstance(adapter, Rechecks):
            recheck = partial(intake.recheck, name, adapter)
            timers.every(f"recheck:{name}", RECHECK, recheck, slowest=NETWORK)
    nagging = (sweep.let_go_one, sweep.list_one, sweep.nag_some)
    for step in (*nagging, sweep.warn_one, sweep.follow_up_one, sweep.redraw_one, sweep.gather_one):
        timers.every(step.__name__, tick, then(partial(repeat, step), carry))
    timers.every("alert", ALERT, sweep.alert_some)
    seldom = (sweep.let_words_go_one, RETENTION), (sweep.prune_some, RETENTION)
    for step, often in (*seldom, (sweep.forget_one, FORGET)):
        timers.every(step.__name__, often, partial(repeat, step), at=now)
    for look, often in ((sweep.look_for_surges, SURGES), (sweep.look_for_silences, SILENCES)):
        timers.every(look.__name__, often, look)
    timers.every("arrivals", RETENTION, sweep.surges.forget)
    timers.every("recount", RECOUNT, sweep.recount, at=now)
    return timers


def then(step: Callable[[], object], carry: Job) -> Callable[[], None]:
    """Where a step has done something, what is owed now need not wait for its own turn."""

    def run() -> None:
        if step():
            with suppress(JobLookupError):  # we are stopping
                carry.modify(next_run_time=datetime.now(UTC))

    return run


def watch_over(timers: Scheduler, stopped: threading.Event) -> None:
    """Every second: begin a thread that died again, and wake timers whose clock was set back.

    APScheduler waits by the wall clock, and would sleep on.
    """
    latest = datetime.now(UTC)
    while not stopped.wait(TICK.total_seconds()):
        now = datetime.now(UTC)
        if not timers.alive:
            log.error("timers.dead", next="beginning again")
            timers.revive()
        if now < latest - TICK:
            catch_up(timers, now)
        latest = now


def catch_up(timers: BaseScheduler, now: datetime) -> None:
    """Let every timer run now and count its intervals from here."""
    log.warning("clock.set_back", now=now.isoformat())
    for job in timers.get_jobs():
        job.modify(next_run_time=now)


def repeat(step: Callable[[], int]) -> bool:
    """Until there is no more to do, each step a transaction of its own; whether there was any."""
    some = False
    while step():
        some = True
        moving()
    return some


def calm(name: str, job: Callable[[], object], pulse: Pulse) -> Callable[[], None]:
    """A job that says what went wrong and is run again at its next turn."""

    def run() -> None:
        try:
            with pulse.beating(name):
                job()
        except Unavailable as problem:
            say = log.error if hopeless(problem) else log.warning
            say("database.unavailable", job=name, why=logs.reason(problem))
        except (TryLater, LockedOut) as problem:
            log.warning("job.put_off", job=name, why=str(problem))
        except Exception:
            log.exception("job.failed", job=name)

    return run


def listen(
    intake: Intake, adapters: Mapping[str, Adapter], stopped: threading.Event
) -> list[threading.Thread]:
    """A thread for every adapter that can be woken by news; polling goes on beside it."""
    threads = [
        threading.Thread(target=_listen, args=(intake, name, adapter, stopped), daemon=True)
        for name, adapter in adapters.items()
        if isinstance(adapter, Waits)
    ]
    for thread in threads:
        thread.start()
    return threads


def _listen(intake: Intake, name: str, adapter: Adapter, stopped: threading.Event) -> None:
    assert isinstance(adapter, Waits)
    while not stopped.is_set():
        try:
            if adapter.wait(stopped.is_set):
                intake.wake(name)
                intake.poll(name, adapter)
        except LockedOut as problem:
            log.warning("wait.locked_out", account=name, why=str(problem))
            stopped.wait(LOCKED_OUT.total_seconds())
        except Exception as problem:
            log.warning("wait.failed", account=name, why=str(problem))
            stopped.wait(PAUSE)
