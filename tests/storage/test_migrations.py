"""How the schema came to be, and that it is what the code believes."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from storage import conversations, migrations
from storage.database import Database, connect, reading
from storage.tables import metadata
from tests import postgres
from tests.conftest import DATABASES, NOON

CUSTOMER = """
INSERT INTO customers (id, platform, key, handle, name) VALUES (1, 'demo', 'mira', '@mira', '')
"""
CONVERSATION = """
INSERT INTO conversations (account, thread, customer, team, kind, because, waiting_since, state,
    rungs_climbed, quiet, version, closed_at)
VALUES ('demo', :state, 1, 'care', 'complaint', '', :at, :state, 0, FALSE, 1, :at)
"""
UPGRADE = """
import sys
from storage import migrations
from storage.database import connect
migrations.upgrade(connect(sys.argv[1]))
"""


@pytest.fixture(params=DATABASES)
def blank(request: pytest.FixtureRequest, tmp_path: Path, worker_id: str) -> Iterator[Database]:
    """A database with nothing in it yet."""
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path}/blank.db")
        yield engine
        engine.dispose()
    else:
        with postgres.own_database(f"blank_{worker_id}") as url:
            engine = connect(url.render_as_string(hide_password=False))
            yield engine
            engine.dispose()


def tables(database: Database) -> set[str]:
    return set(inspect(database).get_table_names()) - {"alembic_version"}


def test_the_revisions_build_exactly_the_tables(blank):
    migrations.upgrade(blank)

    with blank.connect() as db:
        context = MigrationContext.configure(db, opts={"compare_server_default": True})
        assert compare_metadata(context, metadata) == []
    assert tables(blank) == set(metadata.tables)


def test_the_indexes_have_their_conditions(blank):
    migrations.upgrade(blank)

    kind = blank.dialect.name
    built = {
        index["name"]: str(index["dialect_options"][f"{kind}_where"])
        for table in metadata.tables
        for index in inspect(blank).get_indexes(table)
        if f"{kind}_where" in index.get("dialect_options", {})
    }
    believed = {
        index.name: index.info["where"]
        for table in metadata.tables.values()
        for index in table.indexes
        if "where" in index.info
    }

    assert built.keys() == believed.keys()
    assert len(built) == 18
    if kind == "sqlite":  # PostgreSQL tells them in words of its own
        assert built == believed


@pytest.mark.fault(50)
def test_every_step_can_be_taken_back(blank):
    migrations.upgrade(blank)
    config = migrations._config()
    config.attributes["database"] = blank

    command.downgrade(config, "base")
    assert tables(blank) == set()

    migrations.upgrade(blank)
    assert tables(blank) == set(metadata.tables)


def test_claims_from_before_they_let_go_begin_now(blank):
    config = migrations._config()
    config.attributes["database"] = blank
    command.upgrade(config, "0001")
    with blank.begin() as db:
        db.execute(text(CUSTOMER))
        for state in ("claimed", "answered", "waiting"):
            db.execute(text(CONVERSATION), {"state": state, "at": "2026-11-03 12:00:00+00:00"})

    migrations.upgrade(blank)

    with reading(blank) as db:
        known = {n: conversations.get(db, n) for n in (1, 2, 3)}
    assert datetime.now(UTC) - known[1].held_since < timedelta(minutes=5)
    assert (known[2].answered_at, known[2].held_since) == (NOON, None)
    assert (known[3].answered_at, known[3].held_since) == (None, None)


def test_a_database_is_behind_until_it_has_every_step(blank):
    assert migrations.behind(blank)

    migrations.upgrade(blank)

    assert not migrations.behind(blank)


def test_a_database_that_is_ahead_is_not_behind(blank):
    migrations.upgrade(blank)
    with blank.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    assert not migrations.behind(blank)


def test_upgrading_again_changes_nothing(blank):
    migrations.upgrade(blank)
    migrations.upgrade(blank)

    assert tables(blank) == set(metadata.tables)


@pytest.mark.parametrize("blank", ["postgresql"], indirect=True)
@pytest.mark.fault(50)
def test_two_upgrades_at_once_do_it_one_after_the_other(blank):
    url = blank.url.render_as_string(hide_password=False)

    with blank.begin() as db:
        db.execute(text("SELECT pg_advisory_xact_lock(5826300127)"))  # as an upgrade does
        both = [subprocess.Popen([sys.executable, "-c", UPGRADE, url]) for _ in range(2)]
        with pytest.raises(subprocess.TimeoutExpired):
            both[0].wait(1.5)
        assert tables(blank) == set()
    for process in both:
        assert process.wait(30) == 0

    assert tables(blank) == set(metadata.tables)
    assert not migrations.behind(blank)


@pytest.mark.fault(10)
def test_an_upgrade_that_dies_leaves_nothing_half_done(blank):
    with blank.begin() as db:
        db.execute(text("CREATE TABLE replies (key TEXT)"))  # the last one will be in the way

    with pytest.raises(Exception, match="already exists"):
        migrations.upgrade(blank)
    assert tables(blank) == {"replies"}

    with blank.begin() as db:
        db.execute(text("DROP TABLE replies"))
    migrations.upgrade(blank)
    assert tables(blank) == set(metadata.tables)
