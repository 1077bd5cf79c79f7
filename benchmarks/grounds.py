"""Databases to measure on: each fresh, real and migrated; and a million rows in a moment."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Table, create_engine, event, text

from adapters.demo import Demo
from benchmarks.harness import POSTGRESQL, Ground, watch
from bot import app as assembly
from bot.app import Bot
from bot.config import Settings
from bot.domain.calendar import Calendar, Window, zone
from bot.domain.clock import CHANNEL, HERE, Rung
from bot.domain.guess import AT_ONCE, Leaning
from bot.domain.mention import Kind
from bot.domain.team import Team, Teams
from bot.playground.workspace import Workspace
from storage import migrations, tables
from storage.database import Database, address, connect
from tests import postgres
from tests.fake_slack import AtOnce, FakeSlack

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)  # a Tuesday
OFFICE = Calendar(zone("Europe/Berlin"), ((Window.read("09:00-18:00"),),) * 5 + ((), ()))
LADDER = (
    Rung(after=timedelta(0), call=CHANNEL),
    Rung(after=timedelta(minutes=30), call=HERE),
)
PROMISED = {
    Kind.COMPLAINT: timedelta(hours=1),
    Kind.QUESTION: timedelta(hours=4),
    Kind.OTHER: timedelta(days=1),
    Kind.PRAISE: timedelta(days=1),
}
EACH = Leaning(gather=AT_ONCE)  # has a card, whatever triage takes it for
CARE = Team(
    name="care",
    channel="C0CARE",
    answer_within=PROMISED,
    ladder=LADDER,
    calendar=OFFICE,
    triage=EACH,
)
NUMBERS = count()


class Clock:
    """The time that is handed in."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@contextmanager
def database(ground: Ground, *, migrated: bool = True) -> Iterator[Database]:
    """An empty one, which commits as durably as a deployment's does."""
    number = next(NUMBERS)
    if ground.kind == POSTGRESQL:
        with postgres.own_database(f"bench_{os.getpid()}_{number}") as url:
            _settle(url.render_as_string(hide_password=False), url.database)
            with opened(url.render_as_string(hide_password=False), migrated=migrated) as engine:
                yield engine
    else:
        with opened(f"sqlite:///{ground.folder}/bench{number}.db", migrated=migrated) as engine:
            yield engine


@contextmanager
def opened(url: str, *, migrated: bool = True) -> Iterator[Database]:
    engine = connect(url)
    event.listen(engine, "connect", _noted)
    try:
        if migrated:
            migrations.upgrade(engine)
        yield engine
    finally:
        engine.dispose()


def _noted(raw: Any, _record: object) -> None:
    """What a session of PostgreSQL works is counted as ours."""
    if pid := getattr(getattr(raw, "info", None), "backend_pid", None):
        watch.sessions.add(pid)


def url_of(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def assembled(database: Database, *, teams: Teams | None = None, clock: Clock | None = None) -> Bot:
    """The whole bot, over a platform and a Slack in memory."""
    now = clock or Clock()
    workspace = Workspace.demo(now=lambda: now().timestamp())
    demo = Demo("demo", {}, now, timedelta(days=7))
    chosen = Settings(
        bot_token=workspace.bot_token,
        app_token=workspace.app_token,
        adapter_names=("demo",),
        teams=teams or Teams({"care": CARE}),
        environment={},
    )
    bot = assembly.assemble(chosen, database, {"demo": demo}, FakeSlack(workspace), now)
    bot.bolt._listener_runner.listener_executor = AtOnce()
    bot.links.workspace = "https://acme.slack.com/"
    return bot


def many(database: Database, table: Table, number: int, like: Mapping[str, Any]) -> None:
    """So many rows in one statement: `like` says what a column holds, in SQL, `n` their number."""
    names, values = ", ".join(f'"{name}"' for name in like), ", ".join(map(str, like.values()))
    into = f"INSERT INTO {table.name} ({names})"
    with database.begin() as db:
        if database.dialect.name == POSTGRESQL:
            db.execute(text("SET LOCAL statement_timeout = 0"))
            db.execute(text(f"{into} SELECT {values} FROM generate_series(1, {number}) AS n"))
            if "id" in like:  # the next one comes after these
                after = f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), {number})"
                db.execute(text(after))
        else:
            numbers = (
                f"WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM s LIMIT {number})"
            )
            db.execute(text(f"{into} {numbers} SELECT {values} FROM s"))


def settled(database: Database) -> None:
    """As a database is that has been used for a while: its statistics are up to date."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        if database.dialect.name == POSTGRESQL:
            db.execute(text("SET statement_timeout = 0"))
            db.execute(text("VACUUM (ANALYZE)"))
        else:
            db.execute(text("ANALYZE"))


def conversations(
    database: Database, number: int, *, open_ones: int, due: str, **more: str
) -> None:
    """So many conversations of the one team, the last of them open; `due` is SQL for a moment."""
    state = f"CASE WHEN n > {number - open_ones} THEN 'waiting' ELSE 'answered' END"
    closed = f"n <= {number - open_ones}"
    row = {
        "id": "n",
        "account": "'demo'",
        "thread": "'t' || n",
        "customer": "n",
        "team": "'care'",
        "kind": "CASE n % 3 WHEN 0 THEN 'complaint' WHEN 1 THEN 'question' ELSE 'other' END",
        "because": "''",
        "waiting_since": moment(database, NOON - timedelta(hours=1)),
        "state": state,
        "due_at": due,
        "next_nag_at": f"CASE WHEN {closed} THEN NULL ELSE {due} END",
        "imminent_at": due,
        "rungs_climbed": "0",
        "closed_at": f"CASE WHEN {closed} THEN {due} END",
        "verdict": f"CASE WHEN {closed} THEN 'kept' END",
        "quiet": false(database),
        "version": "1",
        "channel": "'C0CARE'",
        "card": "'17937' || (10000000 + n) || '.000100'",
        "tags": "'[]'",
        "pauses": "'[]'",
    }
    many(database, tables.conversations, number, row | more)


def customers(database: Database, number: int) -> None:
    row = {
        "id": "n",
        "platform": "'demo'",
        "key": "'c' || n",
        "handle": "'@customer' || n",
        "name": "'Customer ' || n",
        "tags": "'[]'",
    }
    many(database, tables.customers, number, row)


def mentions(database: Database, number: int) -> None:
    at = moment(database, NOON - timedelta(hours=1))
    row = {
        "account": "'demo'",
        "key": "'d' || n",
        "conversation": "n",
        "customer": "n",
        "thread": "'t' || n",
        "text": "'My order ' || n || ' is broken, and nobody answers. I want a refund!'",
        "subject": "''",
        "posted_at": at,
        "heard_at": at,
        "revision": "''",
        "origin": "'customer'",
        "public": true(database),
        "deleted": false(database),
        "no_reply": "''",
        "media": "'[]'",
        "extra": "'{}'",
    }
    many(database, tables.mentions, number, row)


def moment(database: Database, at: datetime, *, plus: str = "") -> str:
    """SQL for a moment; `plus` is SQL for seconds after it."""
    if database.dialect.name == POSTGRESQL:
        told = f"timestamptz '{at.isoformat()}'"
        return f"({told} + make_interval(secs => {plus}))" if plus else told
    plain = f"{at:%Y-%m-%d %H:%M:%S}.000000"
    if not plus:
        return f"'{plain}'"
    return f"strftime('%Y-%m-%d %H:%M:%f000', '{plain}', '+' || ({plus}) || ' seconds')"


def true(database: Database) -> str:
    return "true" if database.dialect.name == POSTGRESQL else "1"


def false(database: Database) -> str:
    return "false" if database.dialect.name == POSTGRESQL else "0"


def server_version() -> str | None:
    """PostgreSQL's, while it runs."""
    named = os.environ.get(postgres.VARIABLE)
    if not named:
        return None
    engine = create_engine(address(named))
    with engine.connect() as db:
        told = str(db.execute(text("SHOW server_version")).scalar_one())
    engine.dispose()
    return told


def _settle(url: str, name: str | None) -> None:
    """The tests commit without waiting for the disk; a deployment does wait, and so do we."""
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as db:
        db.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = on'))
    admin.dispose()
