"""Opening the database: SQLite in a file, or PostgreSQL."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event, func, make_url, select
from sqlalchemy.engine import URL, Connection, ExceptionContext
from sqlalchemy.exc import (
    ArgumentError,
    InterfaceError,
    InternalError,
    OperationalError,
    TimeoutError,
)

Database = Engine
Transaction = Connection
# Not there, too busy, or not to be written to: a standby that was not promoted yet is read-only.
Unavailable = (OperationalError, InterfaceError, InternalError, TimeoutError)

BUSY = 10_000  # milliseconds that SQLite waits for another writer
READ_ONLY = "25006"  # what PostgreSQL calls it
PATIENCE = 20_000  # milliseconds that one statement may take on PostgreSQL
ALIVE = {  # seconds, and milliseconds at the end: a line that died silently is given up in time
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
HOPELESS = re.compile(r"full|no space|read-?only|I/O error|malformed", re.IGNORECASE)


def address(url: str) -> URL:
    """What DATABASE_URL means, `postgres://` of older platforms included; ValueError if nothing."""
    try:
        parsed = make_url(url.strip())
    except (ArgumentError, ValueError):
        raise ValueError("It is not a database address.") from None
    kind = parsed.drivername.partition("+")[0]
    if kind in ("postgres", "postgresql"):
        return parsed.set(drivername="postgresql+psycopg")
    if kind == "sqlite":
        return parsed
    raise ValueError(f"It begins with {kind}://, and only sqlite and postgresql are known.")


def connect(url: str) -> Database:
    """Open the database without touching it yet: at most four connections, each checked first."""
    where = address(url)
    return _sqlite(where) if where.drivername.startswith("sqlite") else _postgresql(where)


@contextmanager
def reading(database: Database) -> Iterator[Transaction]:
    """A transaction that only asks, and so waits for no writer."""
    with database.connect().execution_options(reading=True) as db:
        yield db


@contextmanager
def glancing(database: Database) -> Iterator[Transaction]:
    """The same for a single question: a server need not begin and end a transaction for it."""
    how = {"reading": True} if is_sqlite(database) else {"isolation_level": "AUTOCOMMIT"}
    with database.connect().execution_options(**how) as db:
        yield db


def hopeless(problem: BaseException) -> bool:
    """Whether it needs a person: no space is left, or nothing may be written."""
    return bool(HOPELESS.search(str(problem.__cause__ or problem)))


def when_lost(database: Database, act: Callable[[], None]) -> None:
    """Do it whenever a connection breaks: what answers next may be another server, or a copy."""
    event.listen(database, "invalidate", lambda *_: act())


def ahead(database: Database, now: Callable[[], datetime]) -> timedelta | None:
    """How far our clock is ahead of the database's; None where that is this machine's."""
    if is_sqlite(database):
        return None
    with reading(database) as db:
        theirs: datetime = db.execute(select(func.clock_timestamp())).scalar_one()
    return now() - theirs


def is_sqlite(database: Database) -> bool:
    return database.dialect.name == "sqlite"


def copy(database: Database, file: Path) -> None:
    """Copy a SQLite database as it is at one moment, while others write in it.

    Raises FileExistsError rather than write over an earlier copy.
    """
    file.open("xb").close()
    with reading(database) as db, closing(sqlite3.connect(file)) as copied:
        source: Any = db.connection.driver_connection
        source.backup(copied)
        assert copied.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def sqlite_file(database: Database) -> Path | None:
    """Where it lies; None for a server, and for what is only in memory."""
    file = database.url.database
    on_disk = is_sqlite(database) and file and file != ":memory:"
    return Path(str(file)).absolute() if on_disk else None


def on_trouble(database: Database, tell: Callable[[], None]) -> None:
    """Tell each time that the database was not there, or too busy."""

    def noted(context: ExceptionContext) -> None:
        if isinstance(context.sqlalchemy_exception, Unavailable):
            tell()

    event.listen(database, "handle_error", noted)


def _postgresql(where: URL) -> Database:
    options = f"-c statement_timeout={PATIENCE} -c idle_in_transaction_session_timeout={PATIENCE}"
    engine = create_engine(
        where,
        hide_parameters=True,  # errors are logged, and customers' words are not
        pool_size=2,
        max_overflow=2,
        pool_timeout=15,
        pool_pre_ping=True,
        connect_args={
            "options": options,
            **ALIVE,
            "connect_timeout": 5,
            "prepare_threshold": None,  # a pooler in between would mix them up
            "application_name": "unanswered",
        },
    )
    for notice in (_without_values, _leave_a_copy):
        event.listen(engine, "handle_error", notice)
    return engine


def _without_values(context: ExceptionContext) -> None:
    """PostgreSQL's details repeat the row, and what customers wrote is not to stand in logs."""
    problem, ours = context.original_exception, context.sqlalchemy_exception
    diagnosis = getattr(problem, "diag", None)
    if ours is None or diagnosis is None or diagnosis.message_primary is None:
        return
    whole, primary = str(problem), diagnosis.message_primary
    problem.args = (primary,)
    ours.args = tuple(str(each).replace(whole, primary) for each in ours.args)


def _leave_a_copy(problem: ExceptionContext) -> None:
    """What takes no changes is not the database any more: connect anew, to whatever is by then."""
    if getattr(problem.original_exception, "sqlstate", None) == READ_ONLY:
        problem.is_disconnect = True


def _sqlite(where: URL) -> Database:
    if where.database and where.database != ":memory:":
        Path(where.database).absolute().parent.mkdir(parents=True, exist_ok=True)
    waiting = {"timeout": BUSY / 1000}
    engine = create_engine(where, hide_parameters=True, connect_args=waiting, pool_timeout=15)
    event.listen(engine, "connect", _settle)
    event.listen(engine, "begin", _begin)
    return engine


def _settle(connection: Any, _record: Any) -> None:
    """WAL survives a killed process; transactions are begun by us, not by the driver."""
    connection.isolation_level = None
    settings = ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON", "secure_delete=ON")
    for pragma in settings:  # what is deleted is overwritten: people may want to be forgotten
        connection.execute(f"PRAGMA {pragma}")
    connection.create_function("lower", 1, _lower, deterministic=True)  # its own knows only ASCII


def _lower(text: str | None) -> str | None:
    return text.lower() if isinstance(text, str) else text


def _begin(transaction: Connection) -> None:
    """Who writes takes the lock first: two that read before they write fail each other."""
    asks = transaction.get_execution_options().get("reading")
    transaction.exec_driver_sql("BEGIN" if asks else "BEGIN IMMEDIATE")
