"""What comes by itself: polling, nagging, delivering. APScheduler only wakes these functions."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.schedulers.base import BaseScheduler

from adapters import Adapter, Rechecks, Waits
from bot.courier import Courier
from bot.domain.delivery import LockedOut, TryLater
from bot.intake import LOCKED_OUT, Intake
from bot.sweep import Sweep
from storage.database import Unavailable

log = structlog.get_logger()

TICK = timedelta(seconds=1)  # between two looks at what is due
COURIERS = 3  # at once, for answers and for Slack each: a slow platform must not hold up Slack
RECHECK = timedelta(minutes=5)
ALERT = timedelta(seconds=15)
FORGET = timedelta(minutes=1)
RETENTION = timedelta(hours=1)
RECOUNT = timedelta(hours=1)  # and at the start: promises, hours and holidays may have changed
PAUSE = 30.0  # seconds after a failed wait for news


def wind_up(
    sweep: Sweep,
    courier: Courier,
    intake: Intake,
    adapters: Mapping[str, Adapter],
    tick: timedelta = TICK,
) -> BackgroundScheduler:
    """All timers, not yet started; their store is in memory, so a restart is a fresh start."""
    timers = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(12 + 2 * len(adapters))},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = sweep.now()
    for name, adapter in adapters.items():
        poll = calm("poll", partial(intake.poll, name, adapter))
        timers.add_job(poll, "interval", seconds=adapter.every.total_seconds(), next_run_time=now)
        if isinstance(adapter, Rechecks):
            recheck = calm("recheck", partial(intake.recheck, name, adapter))
            timers.add_job(recheck, "interval", seconds=RECHECK.total_seconds())
    seconds = tick.total_seconds()
    nagging = (sweep.let_go_one, sweep.list_one, sweep.nag_some)
    for step in (*nagging, sweep.follow_up_one, sweep.redraw_one, sweep.gather_one):
        timers.add_job(calm(step.__name__, partial(repeat, step)), "interval", seconds=seconds)
    timers.add_job(calm("alert", sweep.alert_some), "interval", seconds=ALERT.total_seconds())
    for step, often in ((sweep.let_words_go_one, RETENTION), (sweep.forget_one, FORGET)):
        job = calm(step.__name__, partial(repeat, step))
        timers.add_job(job, "interval", seconds=often.total_seconds(), next_run_time=now)
    every = RECOUNT.total_seconds()
    timers.add_job(calm("recount", sweep.recount), "interval", seconds=every, next_run_time=now)
    for replies in (True, False):
        deliver = calm("deliver", partial(courier.deliver_all, replies=replies))
        timers.add_job(deliver, "interval", seconds=seconds, max_instances=COURIERS)
    return timers


def heed_the_clock(timers: BaseScheduler, stopped: threading.Event) -> None:
    """APScheduler waits by the wall clock: wake it up when that is set back, or it sleeps on."""
    latest = datetime.now(UTC)
    while not stopped.wait(TICK.total_seconds()):
        now = datetime.now(UTC)
        if now < latest - TICK:
            catch_up(timers, now)
        latest = now


def catch_up(timers: BaseScheduler, now: datetime) -> None:
    """Let every timer run now and count its intervals from here."""
    log.warning("clock.set_back", now=now.isoformat())
    for job in timers.get_jobs():
        job.modify(next_run_time=now)


def repeat(step: Callable[[], bool]) -> None:
    """Until there is no more to do: each step is a transaction of its own."""
    while step():
        pass


def calm(name: str, job: Callable[[], object]) -> Callable[[], None]:
    """A job that says what went wrong and is run again at its next turn."""

    def run() -> None:
        try:
            job()
        except Unavailable as problem:
            log.warning("database.unavailable", job=name, why=str(problem).splitlines()[0])
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
