"""A real worker that is killed at a named step: before or after a commit, before or after a call.

Steps are found, not listed: every transaction that wrote something is named by the tables it
changed, every call by its address. So a step that is added to the bot is a step it dies at.
"""

import http.client
import os
import re
import signal
import socket
from collections.abc import Mapping
from contextvars import ContextVar
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect

from bot import __main__, config

WRITES = re.compile(r"\s*(?:INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)", re.IGNORECASE)
NUMBERS = re.compile(r"\d+|\?.*")
TICK = timedelta(milliseconds=200)
LEASE = timedelta(seconds=2)  # nothing in this world is slow


class Life:
    """Counts steps, writes each down, and ends the process at the one that was chosen.

    `die_at` is "name of a step#n" for its nth time, or "*#n" for the nth step of any name.
    """

    def __init__(self, die_at: str, diary: Path) -> None:
        self.name, _, count = die_at.rpartition("#")
        self.left = int(count or 0)
        self.diary = diary.open("a", buffering=1)

    def step(self, name: str) -> None:
        self.diary.write(f"{name}\n")
        if self.name in ("*", name):
            self.left -= 1
            if self.left == 0:
                self.diary.write("killed\n")
                os.kill(os.getpid(), signal.SIGKILL)


def live(environment: Mapping[str, str], die_at: str, diary: Path) -> None:
    """Be a worker until it is killed or told to stop."""
    life = Life(die_at, diary)
    _watch_commits(life)
    _watch_calls(life)
    settings = replace(config.read(environment), tick=TICK, lease=LEASE)
    raise SystemExit(__main__.work(settings, __main__.stop_signal()))


def _watch_commits(life: Life) -> None:
    written: ContextVar[set[str]] = ContextVar("written")
    commit = DefaultDialect.do_commit

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
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
        response = end(self, *more, **named)
        life.step(f"after {self.step}")
        return response

    def connect(self: Any, address: Any) -> None:
        life.diary.write(f"connect {address[0]}:{address[1]}\n")
        join(self, address)

    socket.socket.connect = connect  # type: ignore[method-assign]
    http.client.HTTPConnection.putrequest = putrequest  # type: ignore[method-assign]
    http.client.HTTPConnection.getresponse = getresponse  # type: ignore[method-assign]
