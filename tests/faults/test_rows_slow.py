"""Everything around is slow or stuck: answers that hang, a worker that is frozen, a full log."""

import os
import signal
import subprocess
import sys
import time

import pytest

from storage import migrations
from storage.database import connect
from tests import postgres
from tests.faults import mortal
from tests.faults.mortal import Fate
from tests.faults.world import SPAWN, comes_right, live_until, world
from tests.people import ANA, CARE
from tests.processes import PLAIN, ROOT, until

ACKED = 0.5  # seconds, of which 99 of 100 clicks need less
ANSWERS, ROUNDS, AT_ONCE = 20, 5, 20


@pytest.fixture
def on_sqlite(tmp_path):
    with world(tmp_path, f"sqlite:///{tmp_path / 'bot.db'}") as made:
        yield made


@pytest.fixture
def on_postgresql(tmp_path):
    with postgres.own_database(f"slow_{time.time_ns()}") as url:
        where = url.render_as_string(hide_password=False)
        engine = connect(where)
        migrations.upgrade(engine)
        engine.dispose()
        with world(tmp_path, where) as made:
            yield made


@pytest.mark.fault(51)
def test_while_twenty_answers_hang_clicks_are_taken_at_once(on_sqlite, record_property):
    worker = on_sqlite.worker()
    until(lambda: "after GET //users//mentions" in on_sqlite.diary())
    for _ in range(ANSWERS):
        on_sqlite.write()
        on_sqlite.x.hang(on="POST /2/tweets")
    until(lambda: len(on_sqlite.cards()) >= 3, seconds=60)
    live_until(on_sqlite, worker, seconds=5)
    assert "POST /2/tweets" in on_sqlite.x.requests

    rounds = [_acked(on_sqlite) for _ in range(3)]

    best = min(rounds)
    record_property("tells", f"p99 of a click to its ack while answers hang: {best * 1000:.0f} ms")
    assert best < ACKED
    assert worker.is_alive()


def _acked(around):
    """How long all but the slowest of a hundred clicks took, twenty a second."""
    slack, took = around.playground.workspace, []

    def clicked(began):
        return lambda done: took.append((time.monotonic() - began, done.result()))

    for _ in range(ROUNDS):
        began = time.monotonic()
        for _ in range(AT_ONCE):
            click = slack.command(ANA, CARE, "/unanswered")
            around.playground.send(click).add_done_callback(clicked(time.monotonic()))
        time.sleep(max(0, began + 1 - time.monotonic()))
    until(lambda: len(took) == ROUNDS * AT_ONCE)
    assert all(acked for _, acked in took)
    return sorted(seconds for seconds, _ in took)[-2]


@pytest.mark.fault(37)
def test_a_worker_that_is_frozen_longer_than_its_lease_wakes_up_and_says_nothing_twice(
    on_postgresql, tmp_path
):
    diary = tmp_path / "frozen"
    diary.write_text("")
    fate = Fate(diary, sleep_at="after commit of destinations+outbox#1")
    frozen = SPAWN.Process(target=mortal.live, args=(on_postgresql.environment, fate), daemon=True)
    frozen.start()
    on_postgresql.workers.append(frozen)
    until(lambda: "GET //users//mentions" in diary.read_text())
    on_postgresql.write(complaint=True)
    until(lambda: _is_frozen(frozen.pid), seconds=30)

    other = on_postgresql.worker()
    until(on_postgresql.cards, seconds=30)
    os.kill(frozen.pid, signal.SIGCONT)

    assert comes_right(on_postgresql) == []
    assert frozen.is_alive()
    assert other.is_alive()


def _is_frozen(pid):
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0] == "T"


@pytest.mark.fault(33)
def test_a_log_that_can_not_be_written_stops_nothing(on_sqlite, tmp_path):
    """As where the disk that takes the log is full."""
    environment = {**PLAIN, "PYTHONPATH": str(ROOT), **on_sqlite.environment, "LOG_LEVEL": "INFO"}
    with open("/dev/full", "w") as full:
        worker = subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            cwd=tmp_path,
            env=environment,
            stdout=full,
            stderr=full,
        )
    try:
        until(lambda: on_sqlite.x.requests)
        time.sleep(1)
        on_sqlite.write()
        assert comes_right(on_sqlite, within=60) == []
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(10) == 0
    finally:
        worker.kill()
        worker.wait()
