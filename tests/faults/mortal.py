"""A real worker that is killed at a named step: before or after a commit, before or after a call.

Steps are found, not listed: every transaction that wrote something is named by the tables it
changed, every call by its address. So a step that is added to the bot is a step it dies at.
"""

import http.client
import os
import re
import signal
import socket
import threading
import time
from argparse import Namespace
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect

from bot import __main__, config

WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
NUMBERS = re.compile(r"\d+|\?.*")
TICK = timedelta(milliseconds=200)
LEASE = timedelta(seconds=2)  # nothing in this world is slow
LOOKS = re.compile(r"SELECT outbox\.id\s+FROM outbox\s+WHERE outbox\.id =")  # the last one
LONGEST = timedelta(minutes=20)  # that a world with its own time lives
PATIENCE = 2000  # milliseconds in which there is a moment without a call


@dataclass(frozen=True)
class Clock:
    """A world whose time runs faster, and never ahead of the machine's."""

    start: datetime
    begun: datetime
    speed: float = 1.0

    @classmethod
    def running(cls, speed: float) -> Self:
        """For as long as a world may live, it stays behind the machine's time."""
        now = datetime.now(UTC)
        return cls(now - (speed - 1) * LONGEST, now, speed)

    def __call__(self) -> datetime:
        return self.start + (datetime.now(UTC) - self.begun) * self.speed


@dataclass(frozen=True)
class Fate:
    """What becomes of one life, and where it writes down what it did.

    `die_at` and `sleep_at` are "name of a step#n" for its nth time, or "*#n" for the nth step of
    any name.
    """

    diary: Path
    die_at: str = ""
    sleep_at: str = ""
    log: Path | None = None
    clock: Clock | None = None
    lease: timedelta = LEASE
    tick: timedelta = TICK


class Moment:
    """One step of a life, counted down to."""

    def __init__(self, at: str) -> None:
        self.name, _, count = at.rpartition("#")
        self.left = int(count or 0)

    def has_come(self, step: str) -> bool:
        if self.name not in ("*", step):
            return False
        self.left -= 1
        return self.left == 0


class Life:
    """Counts steps, writes each down, and ends or stops the process at the one that was chosen."""

    def __init__(self, fate: Fate) -> None:
        self.death, self.sleep = Moment(fate.die_at), Moment(fate.sleep_at)
        self.diary = fate.diary.open("a", buffering=1)
        self.gate, self.calling = threading.Lock(), set[int]()

    def step(self, name: str) -> None:
        self.diary.write(f"{name}\n")
        if self.death.has_come(name):
            self.diary.write("killed\n")
            os.kill(os.getpid(), signal.SIGKILL)
        if self.sleep.has_come(name):
            self._fall_asleep()

    def will_call(self) -> None:
        """This thread has had its last look, and will call next."""
        with self.gate:
            self.calling.add(threading.get_ident())

    def has_called(self) -> None:
        self.calling.discard(threading.get_ident())

    def _fall_asleep(self) -> None:
        """Until SIGCONT comes; but never between a last look and its call.

        No lock reaches across those two lines. Who sleeps just there and for longer than the lease
        may say one message twice; everywhere else nothing may be said twice.
        """
        for _ in range(PATIENCE):
            with self.gate:
                if not self.calling:
                    self.diary.write("asleep\n")
                    os.kill(os.getpid(), signal.SIGSTOP)
                    return
            time.sleep(0.001)


def live(environment: Mapping[str, str], fate: Fate) -> None:
    """Be a worker until it is killed or told to stop."""
    stopped = __main__.stop_signal()
    if fate.log:
        _write_to(fate.log)
    life = Life(fate)
    _watch_commits(life)
    _watch_calls(life)
    now = {"now": fate.clock} if fate.clock else {}
    __main__._leave(_work(environment, fate, stopped, now))


def _work(
    environment: Mapping[str, str], fate: Fate, stopped: threading.Event, now: Mapping[str, Clock]
) -> int:
    try:
        settings = replace(config.read(environment), tick=fate.tick, lease=fate.lease)
        return __main__.work(settings, stopped, **now)
    except config.NotSetUp as problem:
        print(problem)
        return __main__.WRONG


def _write_to(log: Path) -> None:
    """All that a worker prints, as a platform would keep it."""
    with log.open("a") as file:
        for standard in (1, 2):
            os.dup2(file.fileno(), standard)


def migrate(environment: Mapping[str, str], fate: Fate) -> None:
    """`python -m bot migrate`, in which every statement is a step as well."""
    life = Life(fate)
    _watch_commits(life)
    event.listen(Engine, "before_cursor_execute", lambda *_: life.step("statement"))
    raise SystemExit(__main__.migrate(Namespace(), environment))


def _watch_commits(life: Life) -> None:
    written: ContextVar[set[str]] = ContextVar("written")
    commit = DefaultDialect.do_commit

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        life.has_called()
        if LOOKS.match(statement):
            life.will_call()
        if match := WRITES.match(statement):
            written.set(written.get(set()) | {match[1]})

    def commit_and_tell(dialect: Any, connection: Any) -> None:
        tables = "+".join(sorted(written.get(set())))
        written.set(set())
        if tables:
            life.step(f"before commit of {tables}")
        commit(dialect, connection)
        if tables:
            life.step(f"after commit of {tables}")

    event.listen(Engine, "before_cursor_execute", note)
    event.listen(Engine, "rollback", lambda _: written.set(set()))
    DefaultDialect.do_commit = commit_and_tell  # type: ignore[method-assign]


def _watch_calls(life: Life) -> None:
    """Both of our HTTP libraries stand on this one."""
    begin, end = http.client.HTTPConnection.putrequest, http.client.HTTPConnection.getresponse
    join = socket.socket.connect

    def putrequest(self: Any, method: str, url: str, *more: Any, **named: Any) -> None:
        self.step = f"{method} {NUMBERS.sub('', url)}"
        life.step(f"before {self.step}")
        begin(self, method, url, *more, **named)

    def getresponse(self: Any, *more: Any, **named: Any) -> Any:
        try:
            response = end(self, *more, **named)
        finally:
            life.has_called()
        life.step(f"after {self.step}")
        return response

    def connect(self: Any, address: Any) -> None:
        life.diary.write(f"connect {address[0]}:{address[1]}\n")
        join(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]
    http.client.HTTPConnection.putrequest = putrequest  # type: ignore[method-assign]
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]
