"""Bad days of a real worker: its database goes away, or it is told to stop."""

import time

import pytest

from storage import migrations
from storage.database import connect
from tests import postgres
from tests.faults.proxy import wire
from tests.faults.world import comes_right, live_until, world
from tests.processes import running, until


@pytest.fixture
def on_sqlite(tmp_path):
    with world(tmp_path, f"sqlite:///{tmp_path / 'bot.db'}") as made:
        yield made


def test_nothing_but_the_addresses_that_were_set_is_ever_called(on_sqlite):
    on_sqlite.worker()
    on_sqlite.write()
    assert comes_right(on_sqlite) == []

    called = {step for step in on_sqlite.diary() if step.startswith("connect ")}
    ours = {on_sqlite.x.url, on_sqlite.playground.url.rstrip("/")}
    assert called == {f"connect {url.removeprefix('http://')}" for url in ours}


@pytest.mark.fault(11)
def test_a_worker_that_is_told_to_stop_finishes_and_leaves_the_rest_to_the_next(on_sqlite):
    worker = on_sqlite.worker()
    until(lambda: "after GET //users//mentions" in on_sqlite.diary())
    for _ in range(5):
        on_sqlite.write()
    until(lambda: on_sqlite.playground.workspace.channels["C0CARE"].messages)

    worker.terminate()
    time.sleep(0.2)
    worker.terminate()  # asking twice does no harm
    worker.join(10)

    assert worker.exitcode == 0
    on_sqlite.worker()
    assert comes_right(on_sqlite) == []


@pytest.mark.xdist_group("killed on postgresql")
@pytest.mark.fault(29)
def test_a_database_that_is_gone_for_a_while_costs_nothing(tmp_path):
    with postgres.own_database(f"away_{time.time_ns()}") as url, wire(url) as line:
        engine = connect(url.render_as_string(hide_password=False))
        migrations.upgrade(engine)
        engine.dispose()
        with world(tmp_path, url.render_as_string(hide_password=False)) as around:
            around.worker_url = line.url
            worker = around.worker()
            around.write()
            live_until(around, worker, seconds=3)

            line.sever()
            around.write()
            live_until(around, worker, seconds=8)
            line.mend()
            around.write()

            assert comes_right(around) == []
            assert worker.is_alive()
            worker.terminate()
            worker.join(10)
            assert worker.exitcode == 0


@pytest.mark.fault(11)
def test_a_worker_whose_platform_hangs_stops_within_five_seconds(on_sqlite, tmp_path):
    environment = on_sqlite.environment
    with running("run", environment=environment, folder=tmp_path) as worker:
        until(lambda: on_sqlite.x.requests)
        until(lambda: on_sqlite.playground.sockets.links)
        time.sleep(1)  # the first page is read: what comes now is no history
        on_sqlite.write()
        until(lambda: on_sqlite.cards())
        on_sqlite.x.hang(on="POST /2/tweets")
        on_sqlite.work()
        until(lambda: "POST /2/tweets" in on_sqlite.x.requests)

        began = time.monotonic()

    assert worker.returncode == 0
    assert time.monotonic() - began < 5
