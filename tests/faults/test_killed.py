"""A worker is killed at every step between a mention's arrival and its answer: nothing is lost."""

import random
import signal
import time
from collections.abc import Iterator

import pytest

from storage import migrations
from storage.database import connect
from tests import postgres
from tests.faults.world import World, comes_right, live_until, world

LIFE = 10.0  # seconds after which a life that does not come to its step is ended all the same
BUSY = 6  # customers who wait at once; Slack's pace allows no more
RANDOM = 60  # deaths at random steps, on each database
SEED = 20261121
MIGRATING = [f"{when} commit of alembic_version+conversations" for when in ("before", "after")]
# The brand itself is met for the first time once in a world: no second life comes there.
ONCE = [
    f"{when} commit of {what}+customers+mentions"
    for when in ("before", "after")
    for what in ("accounts", "accounts+arrivals")
]


@pytest.fixture
def on_sqlite(tmp_path) -> Iterator[World]:
    with world(tmp_path, f"sqlite:///{tmp_path / 'bot.db'}") as made:
        yield made


@pytest.fixture
def on_postgresql(tmp_path) -> Iterator[World]:
    with postgres.own_database(f"killed_{time.time_ns()}") as url:
        where = url.render_as_string(hide_password=False)
        engine = connect(where)
        migrations.upgrade(engine)
        engine.dispose()
        with world(tmp_path, where) as made:
            yield made


def begin(around: World) -> list[str]:
    """One life that is not cut short, a nag included; returns its steps, each once."""
    worker = around.worker()
    time.sleep(1)
    around.write()
    time.sleep(4)
    live_until(around, worker, seconds=3)
    worker.terminate()
    worker.join(10)
    steps = [step for step in around.diary() if step.startswith(("before ", "after "))]
    return [step for step in dict.fromkeys(steps) if step not in MIGRATING + ONCE]


def die(around: World, at: str, most: int = BUSY) -> bool:
    """A life with a customer who waits, cut short at a step; whether it came to it."""
    worker = around.worker(at)
    if around.waiting() < most:
        around.write()
    killed = live_until(around, worker, seconds=LIFE)
    worker.kill()
    worker.join()
    return killed


def die_alone(around: World, at: str) -> bool:
    """The same while no colleague is there: the customer complains, and is nagged about."""
    worker = around.worker(at)
    around.write(complaint=True)
    worker.join(2 * LIFE)
    killed = not worker.is_alive()
    worker.kill()
    worker.join()
    return killed


def settle(around: World) -> str:
    """A last life, in which everything must come right; returns what did not."""
    worker = around.worker()
    wrong = comes_right(around)
    worker.terminate()
    worker.join(10)
    assert worker.exitcode == 0
    return "\n".join(wrong)


def die_at_random(around: World) -> int:
    """Many short lives; returns how many of them ended at their step."""
    chance = random.Random(SEED)
    return sum(die(around, f"*#{chance.randint(1, 50)}") for _ in range(RANDOM))


@pytest.mark.fault(10)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_worker_killed_while_it_migrates_begins_again(on_sqlite):
    for step in MIGRATING:
        dying = on_sqlite.worker(f"{step}#1")
        dying.join(LIFE)
        assert dying.exitcode == -signal.SIGKILL

    living = on_sqlite.worker()
    time.sleep(2)
    on_sqlite.write()
    assert comes_right(on_sqlite) == []
    assert living.is_alive()


@pytest.mark.fault(1)
@pytest.mark.fault(2)
@pytest.mark.fault(3)
@pytest.mark.fault(4)
@pytest.mark.fault(5)
@pytest.mark.fault(6)
@pytest.mark.fault(7)
@pytest.mark.fault(8)
@pytest.mark.fault(9)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_worker_killed_at_every_step_loses_and_doubles_nothing(on_sqlite, record_property):
    steps = begin(on_sqlite)

    missed = [step for step in steps if not die(on_sqlite, f"{step}#1", most=60)]
    missed = [step for step in missed if not die_alone(on_sqlite, f"{step}#1")]

    killed = len(steps) - len(missed)
    record_property("tells", f"killed at {killed} of {len(steps)} steps; not reached: {missed}")
    assert settle(on_sqlite) == ""
    assert missed == []
    assert killed >= 30


@pytest.mark.xdist_group("killed on sqlite")
def test_a_worker_killed_at_random_loses_and_doubles_nothing_on_sqlite(on_sqlite, record_property):
    begin(on_sqlite)

    deaths = die_at_random(on_sqlite)

    told = f"killed {deaths} times at random on SQLite, seed {SEED}"
    record_property("tells", f"{told}, {len(on_sqlite.words)} mentions")
    assert settle(on_sqlite) == ""
    assert deaths >= RANDOM * 0.9


@pytest.mark.xdist_group("killed on postgresql")
def test_a_worker_killed_at_random_loses_and_doubles_nothing_on_postgresql(
    on_postgresql, record_property
):
    begin(on_postgresql)

    deaths = die_at_random(on_postgresql)

    told = f"killed {deaths} times at random on PostgreSQL, seed {SEED}"
    record_property("tells", f"{told}, {len(on_postgresql.words)} mentions")
    assert settle(on_postgresql) == ""
    assert deaths >= RANDOM * 0.9
