"""A deploy: the worker before runs on the schema after, and each step of the schema only adds."""

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from storage import migrations
from storage.database import connect, is_sqlite
from tests import postgres
from tests.conftest import DATABASES, Assembled
from tests.people import BEN, answer, nag_all, press


@pytest.fixture(params=DATABASES)
def blank(request, tmp_path, worker_id):
    if request.param == "sqlite":
        engine = connect(f"sqlite:///{tmp_path}/blank.db")
        yield engine
        engine.dispose()
        return
    with postgres.own_database(f"upgrades_{worker_id}") as url:
        engine = connect(url.render_as_string(hide_password=False))
        yield engine
        engine.dispose()


def shape(database):
    """Each column of each table: whether it may be left out when a row is written."""
    found = inspect(database)
    return {
        (table, column["name"]): column["nullable"] or column["default"] is not None
        for table in found.get_table_names()
        for column in found.get_columns(table)
    }


def steps():
    script = ScriptDirectory.from_config(migrations._config())
    return [each.revision for each in reversed(list(script.walk_revisions()))]


@pytest.mark.fault(50)
def test_no_step_takes_away_what_the_worker_before_needs(blank):
    config = migrations._config()
    config.attributes["database"] = blank
    before = {}

    for revision in steps():
        command.upgrade(config, revision)
        after = shape(blank)
        old_tables = {table for table, _ in before}
        assert before.keys() <= after.keys(), revision
        tightened = [name for name, free in before.items() if free and not after[name]]
        assert tightened == [], revision
        needed = {name for name, free in after.items() if not free} - before.keys()
        assert [name for name in needed if name[0] in old_tables] == [], revision
        before = after


@pytest.mark.fault(50)
def test_the_worker_before_works_on_a_schema_that_has_more(blank, slack, demo, clock):
    migrations.upgrade(blank)
    kind = "TEXT" if is_sqlite(blank) else "JSONB"
    tables = inspect(blank).get_table_names()
    with blank.begin() as db:
        for table in tables:
            db.execute(text(f"ALTER TABLE {table} ADD COLUMN newer {kind}"))
        db.execute(text("CREATE TABLE newer (id INTEGER PRIMARY KEY)"))
    bot = Assembled(blank, slack, demo, clock)()
    bot.settle_in()
    bot.intake.poll("demo", demo)

    for who in ("mira", "ken"):
        demo.post("My kettle is broken", by=who)
    clock.pass_(seconds=1)
    assert bot.intake.poll("demo", demo) == 2
    bot.courier.deliver_all()
    press(bot, slack, "claim", 1, by=BEN)
    answer(bot, slack, 1, "A new one is on its way", by=BEN)
    clock.pass_(hours=1, minutes=1)
    nag_all(bot)

    assert [said.text for said in demo.answers()] == ["A new one is on its way"]
    assert len([m for m in slack.messages.values() if "should have been" in m["text"]]) == 1
