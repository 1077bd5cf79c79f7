"""Removing a person's words: every column of every table is looked at, also one of tomorrow's."""

import json
import time
from datetime import timedelta
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Float,
    Integer,
    LargeBinary,
    Text,
    inspect,
    select,
)

from bot.domain.delivery import Errand
from bot.domain.forgotten import hidden
from bot.domain.mention import Unreadable
from storage import conversations, customers, forgetting, mentions, shown
from storage.database import connect, reading
from storage.shown import Shown
from storage.tables import Moment, Pauses, Words, metadata
from tests.conftest import NOON

MARKER = "xyzzy-plugh"  # in every column that could hold a customer's words
LATER = NOON + timedelta(hours=1)

# Columns that stay as they are, and why nothing of a customer is in them.
OURS = {
    "arrivals": "counts, by account and team",
    "accounts": "how far an account is read, and what its platform says of itself",
    "ailments": "what is wrong with the bot",
    "audit": "ids, names of colleagues and kinds: the ledger hands nothing else in",
    "days": "names of teams",
    "destinations": "channels, and what Slack says of itself",
    "digests": "teams and channels",
    "inbox": "webhooks that nobody has heard yet; then only that they came",
    "lessons": "numbers, each made of many labels; the next are made without what is forgotten",
    "people": "what colleagues have set for themselves",
    "policies": "teams.toml",
    "receipts": "counts and ids",
    "remembered": "cards in channels, by marks that nobody can read",
    "saved_replies": "what the team writes before anybody has asked",
    "schedules": "holidays and rotas",
    "silences": "names of accounts and teams, and moments",
    "surges": "teams and channels; what customers wrote is looked up when it is drawn",
    "team_files": "teams.toml",
    "workers": "names of machines",
}
IDS = {
    ("conversations", name)
    for name in (
        "account", "team", "kind", "state", "owner", "judged_by", "owed", "channel", "card",
        "snoozed_by", "verdict", "promised_by", "closed_by", "proposed", "unsure", "escalated_to",
        "language", "lane", "severity", "aside",
    )
}  # fmt: skip
IDS |= {("customers", "platform"), ("saved_views", "person")}
IDS |= {("mentions", name) for name in ("account", "origin", "address")}
IDS |= {("replies", name) for name in ("key", "author", "approved_by", "withdrawn_by")}
IDS |= {("parts", "reply"), ("shown", "channel"), ("shown", "ts")}
IDS |= {("stumbles", name) for name in ("step", "problem")}
IDS |= {("amendments", name) for name in ("key", "reply", "what", "author")}
IDS |= {("unreadable", "account"), ("merges", "what"), ("merges", "by"), ("journal", "what")}
IDS |= {("outbox", name) for name in ("key", "errand", "lane", "destination")}
IDS |= {
    ("verdicts", name)
    for name in ("team", "owed", "rule", "kind", "how", "by", "verdict", "called", "policy")
}
REAL = {  # what a row needs to be one
    ("conversations", "state"): "claimed",
    ("conversations", "kind"): "complaint",
    ("conversations", "owed"): "first answer",
    ("conversations", "verdict"): "kept",
    ("conversations", "account"): "demo",
    ("customers", "platform"): "demo",
    ("mentions", "account"): "demo",
    ("mentions", "origin"): "customer",
    ("unreadable", "account"): "demo",
    ("merges", "what"): "conversation",
    ("outbox", "errand"): Errand.NOTE,
}
SKIPPED = {("conversations", "unsure"), ("conversations", "proposed")}  # keys of replies
SKIPPED |= {("customers", "person"), ("customers", "forgotten_at"), ("mentions", "same_as")}


def value(table: str, column: Any) -> Any:
    """The marker, in every column that can hold one; else something that fits."""
    place = (table, column.name)
    if place in SKIPPED:
        return None
    if place in REAL:
        return REAL[place]
    if column.foreign_keys or place in (("replies", "key"), ("parts", "reply")):
        return "r1" if isinstance(column.type, Text) else 1
    if place in IDS:
        return ["ana"] if isinstance(column.type, Words) else f"id-{column.name}"
    return next(made for kind, made in FITTING if isinstance(column.type, kind))(column)


FITTING: list[tuple[Any, Any]] = [
    (Words, lambda _: [MARKER]),
    (Pauses, lambda _: [{"start": NOON, "end": LATER, "why": MARKER}]),
    (JSON, lambda _: {"because": MARKER, "at": {"at": NOON.isoformat()}, "tags": [MARKER]}),
    (Moment, lambda column: None if column.nullable else NOON),
    (Boolean, lambda _: False),
    ((Integer, BigInteger), lambda _: 1),
    (Float, lambda _: 0.5),
    (LargeBinary, lambda _: MARKER.encode()),
    (Text, lambda _: MARKER),
]


def fill(db: Any) -> None:
    """One row of everything, all of it about customer 1."""
    for table in metadata.sorted_tables:
        if table.name not in OURS:
            row = {column.name: value(table.name, column) for column in table.columns}
            db.execute(table.insert().values(**row))


def held(database: Any) -> set[tuple[str, str]]:
    """Where the marker is, by table and column: all rows are read, as a dump would."""
    found = set()
    with reading(database) as db:
        for table in metadata.sorted_tables:
            for row in db.execute(select(table)).mappings():
                for name, held in row.items():
                    said = json.dumps(held, default=repr, ensure_ascii=False)
                    found |= {(table.name, name)} if MARKER in said else set()
    return found


def forget(database: Any, customer: int = 1, by: str = "U0LEA") -> None:
    with database.begin() as db:
        ids = customers.identities(db, customer)
        forgetting.notices_about(db, ids, LATER)
        forgetting.wipe_where_named(db, ids)
        forgetting.wipe_customers(db, ids, LATER)
        forgetting.drop_pictures(db, 1)
        while forgetting.wipe_loose(db, most=2).total():
            pass
        while found := forgetting.hold_next(db):
            while forgetting.wipe_mentions(db, conversation=found.id, most=2).total():
                pass
            forgetting.wipe_conversation(db, found, by, LATER)


def test_every_column_that_can_hold_words_is_filled_and_then_empty(database):
    with database.begin() as db:
        fill(db)
    before = held(database)

    forget(database)

    assert before >= {
        ("mentions", "text"), ("mentions", "extra"), ("replies", "text"), ("drafts", "text"),
        ("journal", "how"), ("conversations", "pauses"), ("merges", "before"), ("notes", "text"),
        ("outbox", "detail"), ("unreadable", "raw"), ("verdicts", "pauses"), ("parts", "text"),
    }  # fmt: skip
    assert held(database) == set()


def test_no_column_is_left_out_of_this_test_without_a_reason():
    known = {(table.name, column.name) for table in metadata.sorted_tables for column in table.c}

    assert set(OURS) <= {table.name for table in metadata.sorted_tables}
    assert known >= IDS
    assert known >= set(REAL)


def on_disk(file: Path) -> bytes:
    """The whole database, with its log and its index of that."""
    return b"".join(path.read_bytes() for path in sorted(file.parent.glob(f"{file.name}*")))


@pytest.fixture
def file(tmp_path, migrated_sqlite):
    path = tmp_path / "whole.db"
    path.write_bytes(migrated_sqlite)
    return path


def test_no_byte_of_it_is_left_in_the_file_nor_in_its_log(file):
    database = connect(f"sqlite:///{file}")
    with database.begin() as db:
        fill(db)
    assert MARKER.encode() in on_disk(file)

    forget(database)
    assert MARKER.encode() in on_disk(file)  # the log still tells what was written before
    done = forgetting.scour(database, thoroughly=False)

    assert done
    assert MARKER.encode() not in on_disk(file)


def test_what_an_older_version_left_in_unused_corners_goes_as_well(file):
    import sqlite3

    with sqlite3.connect(file) as old:
        old.execute("PRAGMA journal_mode=WAL")
        old.execute("PRAGMA secure_delete=OFF")
        long = MARKER * 3000
        old.execute("INSERT INTO saved_views VALUES ('U1', 'x', ?, '2026-01-01')", [long])
        old.commit()
        old.execute("DELETE FROM saved_views")
        old.commit()
    old.close()
    database = connect(f"sqlite:///{file}")
    forgetting.scour(database, thoroughly=False)
    assert MARKER.encode() in on_disk(file)

    assert forgetting.scour(database, thoroughly=True)

    assert MARKER.encode() not in on_disk(file)


def test_while_somebody_reads_it_is_not_scoured_yet(file, monkeypatch):
    monkeypatch.setattr("storage.database.BUSY", 100)
    database = connect(f"sqlite:///{file}")
    with database.begin() as db:
        fill(db)
    with reading(database) as db:
        db.execute(select(metadata.tables["mentions"])).all()
        forget(database)

        assert not forgetting.scour(database, thoroughly=False)

    assert forgetting.scour(database, thoroughly=False)
    assert MARKER.encode() not in on_disk(file)


def leave(database) -> None:
    """A connection counts its dead rows at the latest when it ends: not after they were removed."""
    database.dispose()
    here = "datname = current_database() AND backend_type = 'client backend'"
    with database.connect() as db:
        while (
            db.exec_driver_sql(f"SELECT count(*) FROM pg_stat_activity WHERE {here}").scalar() != 1
        ):
            db.rollback()
            time.sleep(0.05)


def test_postgresql_removes_its_dead_rows(postgresql, database):
    if database.dialect.name == "sqlite":
        pytest.skip("SQLite has none")
    with database.begin() as db:
        fill(db)
    forget(database)
    leave(database)

    assert forgetting.scour(database, thoroughly=True)

    with database.connect() as db:
        asked = "SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'mentions'"
        db.exec_driver_sql("SELECT pg_stat_force_next_flush()")
        assert db.exec_driver_sql(asked).scalar_one() == 0
        assert db.exec_driver_sql("SHOW statement_timeout").scalar_one() == "20s"


def test_a_post_that_was_forgotten_is_known_by_its_key_and_does_not_tell_it(database):
    with database.begin() as db:
        fill(db)
    forget(database)

    with reading(database) as db:
        found = mentions.find(db, "demo", MARKER)

    assert found
    assert found[0].key == hidden("demo", MARKER)
    assert found[0].deleted


def test_what_nobody_could_read_does_not_come_back(database):
    with database.begin() as db:
        fill(db)
    forget(database)

    with database.begin() as db:
        again = Unreadable(key=MARKER, raw=MARKER, problem="?")
        assert not mentions.keep_unreadable(db, "demo", again, LATER)

    assert held(database) == set()


def test_forgetting_twice_changes_nothing(database):
    with database.begin() as db:
        fill(db)
    forget(database)
    tables = [t for t in metadata.sorted_tables if t.name != "receipts"]
    with reading(database) as db:
        before = [db.execute(select(table)).all() for table in tables]

    forget(database)

    with reading(database) as db:
        assert [db.execute(select(table)).all() for table in tables] == before


def test_somebody_else_keeps_everything(database):
    with database.begin() as db:
        fill(db)
        names = {"platform": "demo", "key": "other", "handle": "@ken", "name": MARKER}
        customers_ = metadata.tables["customers"]
        db.execute(customers_.insert().values(id=2, tags=[], **names))
        said = metadata.tables["mentions"]
        row = {column.name: value("mentions", column) for column in said.c}
        more = {"id": 2, "key": "m2", "customer": 2, "conversation": None, "text": "Mine"}
        db.execute(said.insert().values(**{**row, **more}))

    forget(database)

    assert held(database) >= {("customers", "name"), ("mentions", "thread")}
    with reading(database) as db:
        assert mentions.get(db, 2).text == "Mine"


def test_a_message_is_kept_once_and_tells_what_was_forgotten_meanwhile(database):
    with database.begin() as db:
        fill(db)
        db.execute(metadata.tables["shown"].delete())
    with database.begin() as db:
        assert shown.record(db, "C0CARE", "1.1", [1, 1]) == []
        assert shown.record(db, "C0CARE", "1.1", [1]) == []
    forget(database)

    with database.begin() as db:
        assert shown.record(db, "C0CARE", "1.2", [1]) == [1]
        assert shown.of_conversation(db, 1) == [Shown("C0CARE", "1.1"), Shown("C0CARE", "1.2")]
        shown.gone(db, "C0CARE", "1.1")
        assert shown.of_conversation(db, 1) == [Shown("C0CARE", "1.2")]


def test_who_keeps_what_a_message_names_waits_for_who_is_just_forgetting(postgresql, database):
    """Without the lock each would miss what the other one did."""
    if database.dialect.name == "sqlite":
        pytest.skip("SQLite lets one write at a time")
    with database.begin() as db:
        fill(db)
        db.exec_driver_sql("UPDATE customers SET forgotten_at = now()")
    late: list[int] = []

    def record() -> None:
        with database.begin() as other:
            late.extend(shown.record(other, "C0CARE", "1.9", [1]))

    recording = Thread(target=record)
    with database.begin() as db:
        held = forgetting.hold_next(db)
        recording.start()
        recording.join(0.5)
        assert held
        assert recording.is_alive()
        forgetting.wipe_conversation(db, held, "U0LEA", LATER)
    recording.join()

    assert late == [1]


def test_triggers_of_the_audit_live_on_after_the_file_was_written_anew(file):
    database = connect(f"sqlite:///{file}")
    forgetting.scour(database, thoroughly=True)

    with reading(database) as db:
        asked = "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        assert sorted(db.exec_driver_sql(asked).scalars()) == ["audit_no_delete", "audit_no_update"]
    assert inspect(database).has_table("audit")


def test_the_conversation_keeps_what_figures_need(database):
    with database.begin() as db:
        fill(db)
        before = conversations.get(db, 1)
    forget(database)

    with reading(database) as db:
        after = conversations.get(db, 1)
    assert after.forgotten
    assert (after.team, after.kind, after.waiting_since) == (
        before.team,
        before.kind,
        before.waiting_since,
    )
    assert [(pause.start, pause.end) for pause in after.pauses] == [(NOON, LATER)]
