"""Takes deliveries from the outbox and has them done; what fails is tried again, later."""

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import structlog

from bot import meters
from bot.amending import Amending
from bot.answering import Answering
from bot.desk import Desk, backoff
from bot.domain.delivery import PUBLIC, Delivery, Errand, LeaseLost, TryLater
from bot.pulse import moving
from storage import destinations, outbox
from storage.database import Unavailable

log = structlog.get_logger()

LEASE = timedelta(minutes=2)
TRIES = 8
SETTLE = timedelta(seconds=15)  # until what the other side may have taken is surely found there


class Courier:
    """Any number may work side by side: a lease keeps them apart, and a fence makes it sure.

    A delivery that fails `tries` times for no outage's sake becomes a dead letter.
    """

    def __init__(
        self,
        desk: Desk,
        answering: Answering,
        amending: Amending,
        run: Callable[[Delivery], None],
        *,
        lease: timedelta = LEASE,
        tries: int = TRIES,
        restored: Callable[[], bool] = lambda: False,
    ) -> None:
        self.desk, self.database, self.now = desk, desk.database, desk.now
        self.restored = restored
        self.answering, self.amending = answering, amending
        self.run, self.lease, self.tries = run, lease, tries
        self.stopped = False

    def deliver_all(self, *, replies: bool | None = None) -> None:
        """Until nothing is due; `replies` asks only for answers, or only for everything else."""
        while not self.stopped and self.deliver_one(replies=replies):
            moving()

    def deliver_one(self, *, replies: bool | None = None) -> bool:
        """Make one attempt at one delivery; False when nothing is due."""
        with self.database.begin() as db:
            delivery = outbox.take(db, self.now(), self.lease, replies=replies)
        if delivery is None:
            return False
        try:
            self.run(self._sure(delivery))
        except Unavailable:
            raise  # our own database: the lease runs out, and another attempt looks first
        except LeaseLost:
            _count(delivery, "lease lost")
            log.warning("delivery.lease_lost", key=delivery.key, attempt=delivery.attempt)
        except TryLater as problem:
            self._put_off(delivery, problem)
        except Exception as problem:
            self._stumble(delivery, problem)
        else:
            self._finish(delivery)
        return True

    def _sure(self, delivery: Delivery) -> Delivery:
        """In a database that was set back, what is taken may have been done already."""
        try:
            return replace(delivery, may_have_happened=True) if self.restored() else delivery
        except TryLater:
            if delivery.errand in PUBLIC:  # Slack's outage holds up no answer
                return delivery
            raise

    def _finish(self, delivery: Delivery) -> None:
        now, to = self.now(), delivery.destination
        with self.database.begin() as db:
            outbox.done(db, delivery, now)
            destinations.well(db, to)
            if delivery.attempt > 1 and outbox.relieve(db, to, now + SETTLE):
                destinations.close(db, to, now + SETTLE)  # then the most urgent goes first
        _count(delivery, "done")
        meters.DELIVERED.labels(delivery.errand).observe((now - delivery.owed_at).total_seconds())
        log.info("delivery.done", key=delivery.key, attempt=delivery.attempt)

    def _put_off(self, delivery: Delivery, problem: TryLater) -> None:
        """Somebody else's outage: it waits as long as it takes, except for an answer."""
        now, doubt = self.now(), not problem.surely_not_done
        with self.database.begin() as db:
            failures = outbox.failures(db, delivery)
            until = now + self._wait(problem, failures + 1)
            due = None if problem.after and not doubt else until
            mine = outbox.put_off(db, delivery, str(problem), due, doubt=doubt, error=False)
            if problem.after:
                destinations.close(db, delivery.destination, until)
        _count(delivery, "put off")
        log.warning("delivery.put_off", key=delivery.key, why=str(problem), until=until.isoformat())
        if mine and delivery.errand in PUBLIC and failures + 1 >= self.tries:
            self._bring_back(delivery, str(problem), doubt or delivery.may_have_happened)

    def _wait(self, problem: TryLater, failures: int) -> timedelta:
        wait = problem.after or backoff(failures, random.random())  # noqa: S311
        return wait if problem.surely_not_done else max(wait, SETTLE)

    def _bring_back(self, delivery: Delivery, why: str, doubt: bool) -> None:
        """An answer that can't get out goes back to its author rather than out late."""
        self._tell_back(delivery, why, doubt=doubt)
        with self.database.begin() as db:
            outbox.withdraw(db, delivery.id, self.now())

    def _stumble(self, delivery: Delivery, problem: Exception) -> None:
        """Nobody's outage, so it may never work: a few tries, then a dead letter people see."""
        log.exception("delivery.failed", key=delivery.key, attempt=delivery.attempt)
        now, why = self.now(), _short(problem)
        with self.database.begin() as db:
            until = now + max(backoff(delivery.attempt, random.random()), SETTLE)  # noqa: S311
            outbox.put_off(db, delivery, why, until, doubt=True, error=True)
            spent = outbox.errors(db, delivery) >= self.tries
            dead = spent and outbox.give_up(db, delivery, why, now)
        _count(delivery, "dead" if dead else "failed")
        if dead and delivery.errand is not Errand.NOTICE:
            self.desk.gave_up(delivery, why)
        if dead and delivery.errand in PUBLIC:
            self._tell_back(delivery, why, doubt=True)

    def _tell_back(self, delivery: Delivery, why: str, *, doubt: bool) -> None:
        key = delivery.detail.partition(" ")[0]
        if delivery.errand is Errand.AMEND:
            self.amending.amendment_refused(key, why)
        elif doubt:
            self.answering.reply_in_doubt(key, why)
        else:
            self.answering.reply_refused(key, why)


def _count(delivery: Delivery, outcome: str) -> None:
    meters.DELIVERIES.labels(delivery.errand, outcome).inc()


def _short(problem: Exception) -> str:
    return f"{type(problem).__name__}: {problem}"[:500]
