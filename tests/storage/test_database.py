"""Instants stay instants, writers wait for each other, and errors keep customers' words out."""

from datetime import UTC, datetime, timedelta, timezone
from time import sleep

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event, insert, select, update
from sqlalchemy.exc import IntegrityError, StatementError

from storage import migrations
from storage.database import Unavailable, address, connect, is_sqlite, reading
from storage.tables import digests, unreadable
from tests.conftest import NOON
from tests.things import at_once

FEW = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
offsets = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


def kept(database, at) -> datetime:
    with database.begin() as db:
        made = db.execute(insert(digests).values(team="care", channel="C", at=at))
        mine = select(digests.c.at).where(digests.c.id == made.inserted_primary_key[0])
        return db.execute(mine).scalar_one()


@pytest.mark.fault(36)
def test_a_time_without_an_offset_is_refused(database):
    with pytest.raises(StatementError, match="no offset"):
        kept(database, datetime(2026, 11, 3, 12))  # noqa: DTZ001


def test_a_question_with_a_time_without_an_offset_is_refused_too(database):
    naive = datetime(2026, 11, 3, 12)  # noqa: DTZ001

    with pytest.raises(StatementError, match="no offset"), reading(database) as db:
        db.execute(select(digests).where(digests.c.at <= naive))


@FEW
@given(st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=offsets))  # noqa: DTZ001
@pytest.mark.fault(36)
def test_an_instant_comes_back_as_the_same_instant_in_utc(database, at):
    found = kept(database, at)

    assert found == at
    assert found.tzinfo is UTC


def test_instants_are_compared_as_instants_whatever_their_offset(database):
    berlin = timezone(timedelta(hours=2))
    kept(database, datetime(2026, 11, 3, 13, 59, tzinfo=berlin))

    with reading(database) as db:
        before_noon = db.execute(select(digests).where(digests.c.at < NOON)).all()

    assert len(before_noon) == 1


@pytest.mark.parametrize(
    "url",
    ["postgres://me:s3cret@host/db", "postgresql://me:s3cret@host/db", " postgres://host/db "],
)
def test_every_way_to_write_a_postgresql_address_is_understood(url):
    assert address(url).drivername == "postgresql+psycopg"


def test_an_address_that_means_nothing_is_refused_without_being_repeated():
    with pytest.raises(ValueError, match="It is not a database address"):
        address("my s3cret password")
    with pytest.raises(ValueError, match="only sqlite and postgresql") as refused:
        address("mysql://me:s3cret@host/db")
    assert "s3cret" not in str(refused.value)


def test_the_smallest_plan_of_postgresql_has_connections_enough():
    pool = connect("postgres://nobody@127.0.0.1:9/none").pool

    assert pool.size() + pool._max_overflow <= 4


def test_errors_do_not_repeat_what_customers_wrote(database):
    words = {"account": "demo", "key": "k", "raw": "a secret", "problem": "a secret", "at": NOON}

    with database.begin() as db:
        db.execute(insert(unreadable).values(**words))
    with pytest.raises(IntegrityError) as refused, database.begin() as db:
        db.execute(insert(unreadable).values(**words))

    assert "a secret" not in str(refused.value)


def test_errors_do_not_repeat_the_row_that_was_not_complete(database):
    words = {"account": "demo", "key": "k", "raw": "a secret", "problem": None, "at": NOON}

    with pytest.raises(IntegrityError) as refused, database.begin() as db:
        db.execute(insert(unreadable).values(**words))

    assert "a secret" not in str(refused.value)
    assert "a secret" not in str(refused.value.orig)


def _careless(raw, _record) -> None:
    """As SQLite is where nobody has built it otherwise."""
    raw.execute("PRAGMA secure_delete=OFF")


def test_what_is_deleted_is_overwritten_in_the_file(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/bot.db")
    event.listen(engine, "connect", _careless, insert=True)
    migrations.upgrade(engine)
    words = {"account": "demo", "key": "k", "raw": "a secret", "problem": "why", "at": NOON}
    with engine.begin() as db:
        db.execute(insert(unreadable).values(**words))
    with engine.begin() as db:
        db.execute(delete(unreadable))
    engine.dispose()

    assert b"a secret" not in (tmp_path / "bot.db").read_bytes()


@pytest.mark.fault(32)
def test_threads_that_read_before_they_write_all_get_their_turn(database):
    with database.begin() as db:
        row = insert(digests).values(team="care", channel="C", card="0", at=NOON)
        db.execute(row)

    def count(_: int) -> None:
        for _ in range(4):
            with database.begin() as db:
                held = select(digests.c.card).with_for_update()
                number = int(db.execute(held).scalar_one())
                sleep(0.005)  # so that all who may read at once have read
                db.execute(update(digests).values(card=str(number + 1)))

    at_once(count, times=4)

    with reading(database) as db:
        assert db.execute(select(digests.c.card)).scalar_one() == "16"


def test_who_only_reads_waits_for_no_writer(database):
    with database.begin() as db:
        db.execute(insert(digests).values(team="care", channel="C", at=NOON))

        with reading(database) as other:
            assert other.execute(select(digests)).all() == []


def test_what_an_aborted_transaction_wrote_is_not_there(database):
    with database.connect() as db:
        db.execute(insert(digests).values(team="care", channel="C", at=NOON))

    with reading(database) as db:
        assert db.execute(select(digests)).all() == []


def test_a_sqlite_file_survives_a_killed_process_and_keeps_its_references(tmp_path):
    engine = connect(f"sqlite:///{tmp_path}/new/folder/bot.db")

    with engine.begin() as db:
        assert is_sqlite(engine)
        assert db.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
        assert db.exec_driver_sql("PRAGMA foreign_keys").scalar_one() == 1
    engine.dispose()


def test_a_statement_on_postgresql_has_an_end(postgresql):
    with postgresql.connect() as db:
        limits = {
            name: db.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("statement_timeout", "idle_in_transaction_session_timeout")
        }

    assert set(limits.values()) == {"20s"}


def test_a_copy_that_takes_no_changes_is_left_for_the_database_that_does(postgresql):
    taken = {"account": "demo", "raw": "", "problem": "", "at": NOON}
    demoted = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY"  # as after a failover
    engine = connect(postgresql.url.render_as_string(hide_password=False))  # one connection
    with engine.connect() as db:
        db.exec_driver_sql(demoted)
        db.commit()

    with pytest.raises(Unavailable), engine.begin() as db:
        db.execute(insert(unreadable).values(key="1", **taken))
    with engine.begin() as db:
        db.execute(insert(unreadable).values(key="2", **taken))
        assert db.execute(select(unreadable.c.key)).scalars().all() == ["2"]
    engine.dispose()
