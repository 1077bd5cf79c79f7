"""Bad days of the database: restarted, away, locked, full, read-only, too many at the door."""

import resource
import socket
import sqlite3
import threading
import time
from contextlib import ExitStack, closing, contextmanager
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import event, func, select, text
from structlog.testing import capture_logs

from bot import __main__ as cli
from bot import timers
from bot.pulse import Pulse
from storage import accounts, migrations
from storage.database import Unavailable, connect, reading
from storage.tables import mentions
from tests import fake_slack
from tests.conftest import Assembled
from tests.faults.proxy import wire
from tests.faults.server import server
from tests.faults.world import comes_right, live_until, world
from tests.people import ANA, CARE, press
from tests.processes import until

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
own_server = pytest.mark.xdist_group("a postgresql of its own")


def calm(name, job):
    """As a timer runs it."""
    pulse = Pulse()
    pulse.expect(name, timedelta(seconds=1))
    return timers.calm(name, job, pulse)


@pytest.fixture(scope="module")
def pg():
    with server() as made:
        yield made


@pytest.fixture
def engine(pg):
    with pg.database(f"rows_{time.time_ns()}") as url:
        made = connect(url.render_as_string(hide_password=False))
        migrations.upgrade(made)
        yield made
        made.dispose()


@pytest.fixture
def bot(engine, slack, demo, clock):
    """A whole bot on a server that can be restarted."""
    made = Assembled(engine, slack, demo, clock)()
    made.intake.poll("demo", demo)
    clock.pass_(seconds=1)
    return made


@contextmanager
def at(engine, words, act):
    """Do it right before the first statement that begins so."""
    waiting = [act]

    def look(_c, _cursor, statement, *_):
        if waiting and statement.startswith(words):
            waiting.pop()()

    event.listen(engine, "before_cursor_execute", look)
    yield
    event.remove(engine, "before_cursor_execute", look)
    assert not waiting, f"nobody said {words}"


def heard(engine):
    with reading(engine) as db:
        return db.execute(select(func.count()).select_from(mentions)).scalar_one()


def cursor(engine):
    with reading(engine) as db:
        return accounts.all_of(db)[0].cursor


def works(bot, slack, demo, clock, *, many):
    """The bot goes on as if nothing had been: each mention once, each with one card."""
    for _ in range(5):
        clock.pass_(minutes=3)
        bot.intake.poll("demo", demo)
        bot.courier.deliver_all()
    cards = [m for m in slack.messages.values() if m.get("thread_ts") is None and m.get("blocks")]
    assert heard(bot.desk.database) == many
    assert len(cards) == many


def failing_since(engine):
    with reading(engine) as db:
        return accounts.all_of(db)[0].failing_since


# Restarted


@own_server
@pytest.mark.fault(29)
def test_a_restart_while_a_page_is_written_down_costs_nothing(bot, pg, engine, slack, demo, clock):
    demo.post("My kettle is broken")

    with (
        at(engine, "INSERT INTO mentions", lambda: pg.restart("immediate")),
        pytest.raises(Unavailable),
    ):
        bot.intake.poll("demo", demo)

    assert failing_since(engine) is None, "it is no fault of the platform's"
    works(bot, slack, demo, clock, many=1)


@own_server
@pytest.mark.fault(29)
def test_a_restart_after_slack_took_a_card_leaves_one_card(bot, pg, engine, slack, demo, clock):
    demo.post("My kettle is broken")
    bot.intake.poll("demo", demo)

    with (
        at(engine, "UPDATE conversations SET channel", lambda: pg.restart("immediate")),
        pytest.raises(Unavailable),
    ):
        bot.courier.deliver_all()

    assert len(slack.messages) == 1
    works(bot, slack, demo, clock, many=1)


@own_server
@pytest.mark.fault(29)
def test_while_the_database_is_stopped_clicks_are_answered_at_once(
    bot, pg, engine, slack, demo, clock
):
    demo.post("My kettle is broken")
    bot.intake.poll("demo", demo)
    bot.courier.deliver_all()
    [card] = slack.messages
    click = slack.workspace.press(ANA, CARE, card, "claim")
    poll = calm("poll", lambda: bot.intake.poll("demo", demo))
    pg.admin.dispose()
    pg._control("-m", "fast", "-w", "stop")
    try:
        began = time.monotonic()
        fake_slack.deliver(bot.bolt, slack.workspace, click)
        fake_slack.command(bot.bolt, slack.workspace, ANA, CARE, "/unanswered")
        assert time.monotonic() - began < 3
        demo.post("My toaster is broken", by="ken")
        for _ in range(10):
            clock.pass_(seconds=30)
            poll()
    finally:
        pg.server.ensure_postgres_running()

    claimed, listed = slack.whispers
    assert "nothing was changed" in claimed["text"]
    assert "My database does not answer" in listed["text"]
    press(bot, slack, "claim", 1)
    works(bot, slack, demo, clock, many=2)


@own_server
@pytest.mark.fault(29)
def test_connections_that_are_cut_are_made_anew(bot, pg, slack, demo, clock):
    for number in range(5):
        demo.post("My kettle is broken", by=f"customer{number}")
        assert pg.cut()
        works(bot, slack, demo, clock, many=number + 1)


@own_server
@pytest.mark.fault(30)
def test_a_standby_that_is_not_promoted_yet_is_waited_for(bot, pg, engine, slack, demo, clock):
    demo.post("My kettle is broken")
    bot.intake.poll("demo", demo)
    bot.courier.deliver_all()
    demo.post("My toaster is broken", by="ken")
    clock.pass_(seconds=5)

    with pg.read_only():
        pg.cut()
        until(lambda: _is_read_only(engine))
        with pytest.raises(Unavailable):
            bot.intake.poll("demo", demo)
        press(bot, slack, "claim", 1)
        assert "nothing was changed" in slack.whispers[-1]["text"]
    until(lambda: not _is_read_only(engine))

    works(bot, slack, demo, clock, many=2)
    press(bot, slack, "claim", 1)
    assert bot.desk.look(1).conversation.owner == ANA


def _is_read_only(engine):
    with reading(engine) as db:
        return db.exec_driver_sql("SHOW default_transaction_read_only").scalar_one() == "on"


def test_a_line_that_died_silently_is_noticed(postgresql):
    with wire(postgresql.url) as line:
        through = connect(line.url)
        with reading(through) as db:
            descriptor = db.connection.dbapi_connection.fileno()
            with socket.socket(fileno=socket.dup(descriptor)) as end:
                patience = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
                asks_after = end.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE)
        through.dispose()

    assert (patience, asks_after) == (15_000, 10)


# Locked by others


@own_server
def test_a_table_that_somebody_holds_is_waited_for(bot, pg, engine, slack, demo, clock):
    demo.post("My kettle is broken")
    holding = threading.Thread(target=pg.lock, args=(engine.url, "mentions", 1.0))
    holding.start()
    time.sleep(0.3)

    began = time.monotonic()
    assert bot.intake.poll("demo", demo) == 1

    assert time.monotonic() - began > 0.3
    holding.join()


@own_server
def test_a_statement_that_takes_too_long_is_another_turns(bot, pg, engine, slack, demo, clock):
    demo.post("My kettle is broken")
    event.listen(engine, "begin", lambda db: db.exec_driver_sql("SET statement_timeout = 200"))
    holding = threading.Thread(target=pg.lock, args=(engine.url, "mentions", 1.0))
    holding.start()
    time.sleep(0.3)

    with pytest.raises(Unavailable, match="statement timeout"):
        bot.intake.poll("demo", demo)

    holding.join()
    works(bot, slack, demo, clock, many=1)


@own_server
def test_who_loses_in_a_deadlock_has_another_turn(bot, engine, slack, demo, clock):
    first = demo.post("My kettle is broken")
    bot.intake.poll("demo", demo)
    clock.pass_(seconds=5)
    demo.post("It is still broken", parent=first)
    address = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)

    with closing(psycopg.connect(address)) as other:
        other.execute("SET deadlock_timeout = '20s'")
        other.execute("SELECT id FROM conversations FOR UPDATE")
        lost = []
        polling = threading.Thread(target=lambda: lost.append(_loses(bot, demo)))
        polling.start()
        time.sleep(0.5)
        other.execute("SELECT name FROM accounts FOR UPDATE")
        other.commit()
        polling.join()

    assert "deadlock detected" in lost[0]
    clock.pass_(minutes=3)
    bot.intake.poll("demo", demo)
    assert heard(engine) == 2


def _loses(bot, demo):
    try:
        bot.intake.poll("demo", demo)
    except Unavailable as problem:
        return str(problem)
    return ""


# Too many at the door


@own_server
@pytest.mark.fault(31)
def test_at_the_limit_of_connections_the_bot_waits_says_so_and_recovers(
    pg, engine, monkeypatch, capsys
):
    _say(pg, "DROP ROLE IF EXISTS small")
    _say(pg, "CREATE ROLE small LOGIN CONNECTION LIMIT 20 IN ROLE pg_read_all_data")
    theirs = engine.url.set(username="small")
    plain = theirs.set(drivername="postgresql").render_as_string(hide_password=False)
    mine = connect(theirs.render_as_string(hide_password=False))
    monkeypatch.setenv("DATABASE_URL", plain)

    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(closing(psycopg.connect(plain)))
        with pytest.raises(Unavailable, match="too many connections"), mine.connect():
            pass
        assert cli.main(["migrate"]) == 2
        assert "The database can't be used: " in (said := capsys.readouterr().err)
        assert "too many connections" in said
        stopped, ready = threading.Event(), []
        monkeypatch.setattr(cli, "PATIENCE", 0.2)
        waiting = threading.Thread(target=lambda: ready.append(cli.prepared(mine, stopped)))
        with capture_logs() as logs:
            waiting.start()
            until(lambda: any(each["event"] == "database.unavailable" for each in logs))
    waiting.join(10)

    assert ready == [True]
    mine.dispose()


def _say(pg, statement):
    with pg.admin.connect() as db:
        db.execute(text(statement))


@pytest.mark.fault(31)
def test_who_finds_all_four_connections_taken_waits_for_one(postgresql):
    with ExitStack() as held:
        for _ in range(4):
            held.enter_context(postgresql.connect())
        got = []
        waiting = threading.Thread(target=lambda: got.append(heard(postgresql)))
        waiting.start()
        time.sleep(0.3)
        assert got == []

    waiting.join(10)
    assert len(got) == 1


# SQLite


@on_sqlite
@pytest.mark.fault(32)
def test_a_file_that_another_program_holds_is_waited_for(app, slack, demo, clock):
    database = app.desk.database
    demo.post("My kettle is broken")
    clock.pass_(seconds=1)

    with _held(database.url.database, seconds=0.7):
        assert app.intake.poll("demo", demo) == 1
    demo.post("My toaster is broken", by="ken")
    clock.pass_(seconds=1)
    with _held(database.url.database, seconds=11), pytest.raises(Unavailable, match="locked"):
        app.intake.poll("demo", demo)

    works(app, slack, demo, clock, many=2)


@contextmanager
def _held(file, *, seconds):
    """Another program takes the file for so long."""
    other = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN EXCLUSIVE")
    giving_back = threading.Timer(seconds, lambda: other.execute("COMMIT"))
    giving_back.start()
    yield
    giving_back.join()
    other.close()


NO_ROOM = "PRAGMA max_page_count = 1"  # it never shrinks what is there
ROOM = "PRAGMA max_page_count = 1073741823"


@on_sqlite
@pytest.mark.fault(33)
@pytest.mark.parametrize(
    ("closed", "opened"), [(NO_ROOM, ROOM), ("PRAGMA query_only = 1", "PRAGMA query_only = 0")]
)
def test_where_nothing_can_be_written_the_cursor_stays(app, slack, demo, clock, closed, opened):
    database = app.desk.database
    demo.post("My kettle is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    _set(database, closed)
    for number in range(30):
        demo.post("My toaster is broken " * 300, by=f"customer{number}")
    clock.pass_(seconds=1)
    before = cursor(database)

    with capture_logs() as logs:
        calm("poll", lambda: app.intake.poll("demo", demo))()
        calm("deliver", app.courier.deliver_all)()

    assert cursor(database) == before
    alarms = [each for each in logs if each["log_level"] == "error"]
    assert {each["event"] for each in alarms} == {"database.unavailable"}, logs
    _set(database, opened)
    clock.pass_(minutes=5)
    app.intake.poll("demo", demo)
    assert heard(database) == 31
    with reading(database) as db:
        assert db.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def _set(database, pragma):
    """For every connection there is and will be."""
    database.dispose()
    event.listen(database, "connect", lambda connection, _: connection.execute(pragma))


@pytest.mark.fault(33)
def test_a_worker_whose_disk_is_full_goes_on_when_there_is_room(tmp_path):
    file = tmp_path / "bot.db"
    with world(tmp_path, f"sqlite:///{file}") as around:
        worker = around.worker()
        until(lambda: "after GET //users//mentions" in around.diary())
        around.write()
        live_until(around, worker, seconds=3)
        log = file.with_name("bot.db-wal")
        _limit(worker.pid, max(log.stat().st_size, file.stat().st_size))
        for _ in range(3):
            around.write()
        live_until(around, worker, seconds=4)
        assert worker.is_alive()
        assert around.waiting()

        _limit(worker.pid, resource.RLIM_INFINITY)

        assert comes_right(around) == []
        worker.terminate()
        worker.join(10)
    with closing(sqlite3.connect(file)) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def _limit(pid, size):
    """How large this process may make a file: a disk that is full for it alone."""
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
