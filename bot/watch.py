"""Is everything alive? One place looks; what can't do its work ends itself, to be started again."""

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import structlog

from bot.domain.health import Books, Connections, Disk, Health
from bot.pulse import Pulse
from bot.slack.socket import MOST, Sockets
from storage import health, workers
from storage.database import Database, Transaction, reading, sqlite_file

log = structlog.get_logger()

EVERY = timedelta(seconds=5)  # between two looks
DEAF = timedelta(minutes=5)  # without a living socket, until the process ends itself
GONE = timedelta(minutes=30)  # without the database: meanwhile who presses is still told why


class Awake:
    """Seconds in which this process was at work: what it was frozen for does not count.

    A worker that was stopped and goes on must not find that all its timers are dead.
    """

    def __init__(self, monotonic: Callable[[], float], longest: timedelta = 2 * EVERY) -> None:
        self.monotonic, self.longest = monotonic, longest.total_seconds()
        self.seen_at, self.frozen = monotonic(), 0.0

    def __call__(self) -> float:
        return min(self.monotonic(), self.seen_at + self.longest) - self.frozen

    def look(self) -> None:
        """Must be called more often than every `longest`."""
        now = self.monotonic()
        self.frozen += max(0.0, now - self.seen_at - self.longest)
        self.seen_at = now


class Watch:
    """Knows how this worker is, and everybody's outbox; `name` is this worker's."""

    def __init__(
        self,
        database: Database,
        now: Callable[[], datetime],
        accounts: Collection[str],
        monotonic: Callable[[], float] = time.monotonic,
        *,
        door: bool = False,
    ) -> None:
        self.database, self.now, self.monotonic = database, now, monotonic
        self.accounts, self.door = accounts, door
        self.awake = Awake(monotonic)
        self.pulse = Pulse(self.awake)
        self.name = f"{os.environ.get('DYNO') or socket.gethostname()}:{uuid4().hex[:8]}"
        self.sockets: Sockets | None = None
        self.clock_off: timedelta | None = None  # as whoever asks Slack has found
        self.books = Books(at=now())
        self.answered_at = self.awake()
        self.living: int | None = None
        self.counted = self.ghosts = 0  # of how many hellos, and what the last said

    # What is looked at

    def health(self) -> Health:
        """As it is now, by what the database said last: nothing here can keep one waiting."""
        return Health(
            at=self.now(),
            books=self.books,
            silent=timedelta(seconds=max(0.0, self.awake() - self.answered_at)),
            connections=self._connections(),
            still=self.pulse.still(),
            disk=self._disk(),
            clock_off=self.clock_off,
            door=self.door,
        )

    def fresh(self) -> Health:
        """The same, and the database is asked first."""
        with reading(self.database) as db:
            self._ask(db)
        return self.health()

    def ask(self) -> None:
        """Ask the database, and write down that we are at work: so it must take something, too."""
        with self.database.begin() as db:
            workers.here(db, self.name, self.now())
            self._ask(db)
        self.answered_at = self.awake()
        self._count_ghosts()

    def _ask(self, db: Transaction) -> None:
        began = self.monotonic()
        books = health.books(db, self.now())
        took = timedelta(seconds=self.monotonic() - began)
        heard = [account for account in books.accounts if account.name in self.accounts]
        self.books = replace(books, accounts=heard, took=took)

    def leave(self) -> None:
        """We are not at work any more."""
        with self.database.begin() as db:
            workers.gone(db, self.name)

    # What is done about it

    def keep_looking(self, stopped: threading.Event, *end: Callable[[], None]) -> None:
        """In a thread of its own, which no timer and no database can hold; `end` when hopeless."""
        while not stopped.wait(EVERY.total_seconds()):
            try:
                self.look(*end)
            except Exception:
                log.exception("watch.failed")

    def look(self, *end: Callable[[], None]) -> None:
        self.awake.look()
        if self.sockets and (living := self.sockets.living()) != self.living:
            log.info("sockets.living", living=living)
            self.living = living
        for event, seconds, about in self._hopeless():
            log.error(event, seconds=int(seconds), **about, next="ending, to be restarted")
            for step in end:
                step()

    def _hopeless(self) -> Iterator[tuple[str, float, dict[str, str]]]:
        """What a fresh process may do better: for how long, and about what."""
        deaf = self.sockets.silent_for() if self.sockets else 0.0
        if deaf > DEAF.total_seconds():
            yield "sockets.dead", deaf, {}
        for timer in self.pulse.still():
            if timer.over:
                yield "timer.dead", timer.silent.total_seconds(), {"timer": timer.name}
        away = self.awake() - self.answered_at
        if away > GONE.total_seconds():
            yield "database.gone", away, {}

    def _connections(self) -> Connections | None:
        if self.sockets is None:
            return None
        deaf = timedelta(seconds=self.sockets.silent_for())
        return Connections(living=self.sockets.living(), deaf_for=deaf, ghosts=self.ghosts)

    def _count_ghosts(self) -> None:
        """Slack counts the connections of all workers, and only when it says hello.

        So each hello is held against those who are at work at that time.
        """
        if self.sockets is None or self.sockets.hellos == self.counted:
            return
        self.counted = self.sockets.hellos
        counted, ours = self.sockets.connections, MOST * self.books.workers
        self.ghosts = max(0, counted - ours)
        if self.ghosts:
            log.warning("socket.ghosts", connections=counted, workers=self.books.workers)

    def _disk(self) -> Disk | None:
        """Where SQLite lies; a server's is its own."""
        file = sqlite_file(self.database)
        if file is None:
            return None
        usage = shutil.disk_usage(file.parent)
        return Disk(free=usage.free, total=usage.total)
