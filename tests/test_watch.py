"""A worker knows how it is, and ends itself when it can't do its work."""

import sys
import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event
from structlog.testing import capture_logs

from adapters import Batch
from bot import timers
from bot.domain.delivery import TryLater
from bot.domain.health import Ails
from bot.pulse import INTERVALS, LEAST, OVER, Pulse, moving
from bot.timers import HEARTBEAT, SCHEDULER_DEAD, Timers
from bot.watch import DEAF, EVERY, GONE, Watch
from storage.database import Unavailable, connect
from tests.processes import until
from tests.things import HOUR, MINUTE, SECOND


class Passing:
    """Seconds that pass when told, in steps that the watch is awake for."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds

    def pass_(self, span, watch):
        until_, step = self.seconds + span.total_seconds(), EVERY.total_seconds()
        while self.seconds < until_:
            self.seconds = min(until_, self.seconds + step)
            watch.awake.look()


class Ears:
    """Two connections that live when told."""

    def __init__(self, passing):
        self.passing, self.alive_at = passing, 0.0
        self.hellos = self.connections = 0
        self.alive = 2

    def living(self):
        if self.alive:
            self.alive_at = self.passing()
        return self.alive

    def silent_for(self):
        return 0.0 if self.living() else self.passing() - self.alive_at

    def renew(self):
        """There is nothing to renew."""

    def hello(self, connections):
        self.hellos, self.connections = self.hellos + 1, connections


@pytest.fixture
def database(tmp_path, migrated_sqlite):
    """What is asked of it is tested on both kinds in storage/test_health.py."""
    (tmp_path / "bot.db").write_bytes(migrated_sqlite)
    engine = connect(f"sqlite:///{tmp_path / 'bot.db'}")
    yield engine
    engine.dispose()


@pytest.fixture
def passing():
    return Passing()


@pytest.fixture
def watch(database, clock, passing):
    watching = Watch(database, clock, ["demo"], passing)
    watching.sockets = Ears(passing)
    return watching


def ended(watch):
    """Whether it ends itself at this look, and what the log says of that."""
    hopeless = threading.Event()
    with capture_logs() as logs:
        watch.look(hopeless.set)
    told = [entry["event"] for entry in logs if entry["log_level"] == "error"]
    assert hopeless.is_set() == bool(told)
    return told


def ails(watch):
    return [ailment.what for ailment in watch.health().ailments]


# The pulse


def test_a_timer_is_noticed_after_three_intervals(watch, passing):
    watch.pulse.expect("poll", MINUTE)

    passing.pass_(INTERVALS * MINUTE, watch)
    assert watch.pulse.still() == []
    passing.pass_(SECOND, watch)

    [still] = watch.pulse.still()
    assert (still.name, still.silent, still.over) == ("poll", INTERVALS * MINUTE + SECOND, False)
    watch.pulse.beat("poll")
    assert watch.pulse.still() == []


def test_what_ticks_every_second_may_wait_for_a_database(watch, passing):
    watch.pulse.expect("nag", SECOND)

    passing.pass_(LEAST, watch)
    assert watch.pulse.still() == []
    passing.pass_(SECOND, watch)
    assert [still.name for still in watch.pulse.still()] == ["nag"]


def test_what_is_slow_by_itself_has_its_time(watch, passing):
    watch.pulse.expect("deliver", SECOND, slowest=4 * MINUTE)

    passing.pass_(4 * MINUTE, watch)

    assert watch.pulse.still() == []


def test_a_long_job_that_moves_does_not_hang(passing):
    pulse = Pulse(passing)
    pulse.expect("nag", SECOND)
    steps = []

    def step():
        passing.seconds += 10
        steps.append(pulse.still())
        return len(steps) < 9

    timers.calm("nag", lambda: timers.repeat(step), pulse)()

    assert steps == [[]] * 9


@pytest.mark.parametrize("problem", [TryLater("later"), ValueError("ours")])
def test_a_job_that_fails_has_moved(passing, problem):
    pulse = Pulse(passing)
    pulse.expect("poll", MINUTE)

    def fail():
        passing.seconds += 1000
        raise problem

    timers.calm("poll", fail, pulse)()

    assert pulse.still() == []


def test_outside_a_job_nothing_moves():
    moving()


def test_every_timer_of_the_bot_is_expected_to_move(app):
    made = app._wind_up(Ears(Passing()))

    names = set(app.watch.pulse.silences())

    assert len(made.get_jobs()) == len(names)
    assert {"tick", "ask", "tell", "sockets", "nag_some", "deliver", "poll:demo"} <= names


def test_pages_of_a_platform_move_its_timer(app, demo, clock):
    passing = Passing()
    pulse, pages = Pulse(passing), []
    pulse.expect("poll", SECOND)

    class Slowly:
        every = SECOND

        def fetch(self, cursor):
            passing.seconds += 10
            pages.append(pulse.still())
            return Batch(mentions=[], cursor=str(len(pages)), more=len(pages) < 5)

    clock.pass_(hours=1)
    timers.calm("poll", lambda: app.intake.poll("demo", Slowly()), pulse)()

    assert pages == [[]] * 5


def test_teams_and_deliveries_move_their_timers(app, hear, clock):
    """However many there are, each is a step."""
    moves = []
    pulse = Pulse(Passing())
    for name in ("nag_some", "deliver", "recount"):
        pulse.expect(name, SECOND)
    pulse.beat = moves.append
    hear()
    clock.pass_(hours=1)

    timers.calm("nag_some", app.sweep.nag_some, pulse)()
    timers.calm("deliver", app.courier.deliver_all, pulse)()
    timers.calm("recount", app.sweep.recount, pulse)()

    assert moves.count("nag_some") == 2 + 1  # its begin and its end, and one team
    assert moves.count("deliver") == 2 + 2  # a nag, and the card
    assert moves.count("recount") == 2 + 1  # one batch


# The end


def test_a_worker_that_is_well_goes_on(watch, passing):
    watch.pulse.expect("nag", SECOND)
    for _ in range(100):
        passing.pass_(EVERY, watch)
        watch.pulse.beat("nag")
        watch.ask()

        assert ended(watch) == []


def test_a_worker_ends_itself_when_no_socket_has_lived_for_minutes(watch, passing):
    watch.sockets.alive = 0

    passing.seconds = DEAF.total_seconds()
    assert ended(watch) == []
    passing.seconds += 1

    assert ended(watch) == ["sockets.dead"]


def test_a_socket_that_lives_again_begins_the_count_anew(watch, passing):
    watch.sockets.alive = 0
    passing.seconds = DEAF.total_seconds() - 1
    watch.sockets.alive = 1
    watch.look()
    watch.sockets.alive = 0

    passing.seconds += DEAF.total_seconds() - 1
    assert ended(watch) == []
    passing.seconds += 2
    assert ended(watch) == ["sockets.dead"]


def test_a_worker_whose_timer_hangs_ends_itself(watch, passing):
    watch.pulse.expect("nag", SECOND)

    passing.pass_(OVER, watch)
    watch.answered_at = watch.awake()
    assert (ended(watch), ails(watch)) == ([], [Ails.TIMERS])
    passing.pass_(SECOND, watch)

    assert ended(watch) == ["timer.dead"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_scheduler_whose_thread_died_is_noticed_and_ends_the_worker(watch, passing):
    """As it happened to a peer: the thread ends, and the process lives on and is silent."""
    made = Timers(watch.pulse)
    made.ticking.start()
    thread = made.ticking._thread
    made.ticking._process_jobs = sys.exit
    made.ticking.wakeup()
    thread.join(5)
    assert not thread.is_alive()

    passing.pass_(INTERVALS * HEARTBEAT + SECOND, watch)
    watch.answered_at = watch.awake()
    assert (ended(watch), ails(watch)) == ([], [Ails.TIMERS])
    passing.pass_(SCHEDULER_DEAD, watch)

    assert ended(watch) == ["timer.dead"]


def test_a_scheduler_ticks_though_all_its_threads_are_busy(watch):
    made, free = Timers(watch.pulse, threads=1), threading.Event()
    made.every("hangs", SECOND, lambda: free.wait(20), at=datetime.now(UTC))
    ticks = []
    watch.pulse.beat = ticks.append
    made.ticking.reschedule_job("tick", trigger="interval", seconds=0.05)
    made.ticking.start()
    try:
        until(lambda: ticks.count("tick") > 4, seconds=5)
    finally:
        free.set()
        made.ticking.shutdown()


def test_a_worker_whose_database_is_gone_for_half_an_hour_ends_itself(watch, passing):
    passing.pass_(GONE, watch)
    assert (ended(watch), ails(watch)) == ([], [Ails.DATABASE])
    passing.pass_(SECOND, watch)

    assert ended(watch) == ["database.gone"]


def test_a_worker_that_was_frozen_for_an_hour_goes_on(watch, passing):
    """Its timers have not moved, and could not."""
    watch.pulse.expect("nag", SECOND)

    passing.seconds += HOUR.total_seconds()

    assert watch.pulse.still() == []
    assert ended(watch) == []
    assert watch.pulse.still() == []


def test_the_watch_goes_on_when_a_look_fails(watch, monkeypatch):
    looks, stopped = [], threading.Event()
    monkeypatch.setattr("bot.watch.EVERY", timedelta(seconds=0.01))

    class Broken:
        def living(self):
            looks.append(1)
            raise ValueError("ours")

    watch.sockets = Broken()
    thread = threading.Thread(target=watch.keep_looking, args=(stopped,))
    thread.start()
    until(lambda: len(looks) > 2, seconds=3)

    stopped.set()
    thread.join(3)
    assert not thread.is_alive()


# What is looked at


def test_a_database_that_can_not_be_written_to_does_not_count_as_answering(tmp_path, clock):
    gone = connect("postgresql://u@127.0.0.1:9/d")
    watching = Watch(gone, clock, [], passing := Passing())
    passing.pass_(MINUTE, watching)

    with pytest.raises(Unavailable):
        watching.ask()

    assert ails(watching) == [Ails.DATABASE]


def test_ghosts_are_what_slack_counts_beyond_all_workers(watch, database, clock):
    watch.sockets.hello(7)
    watch.ask()
    assert watch.health().connections.ghosts == 4  # one may take the place of another

    other = Watch(database, clock, ["demo"])
    other.ask()
    watch.sockets.hello(6)
    watch.ask()
    assert watch.health().connections.ghosts == 0

    other.leave()
    watch.ask()
    assert watch.health().connections.ghosts == 0  # it was true when Slack said so


def test_a_disk_is_looked_at_where_sqlite_lies_and_only_there(watch, clock):
    disk = watch.health().disk

    assert disk
    assert 0 < disk.free < disk.total
    assert Watch(connect("postgresql://u@127.0.0.1:9/d"), clock, []).health().disk is None


def test_an_account_that_is_not_listened_to_any_more_is_not_told(app, hear):
    hear()
    assert [account.name for account in app.watch.fresh().books.accounts] == ["demo"]

    app.watch.accounts = []

    assert app.watch.fresh().books.accounts == []


def test_looking_asks_no_database(watch, database):
    asked = []
    event.listen(database, "do_connect", lambda *_: asked.append(1))

    assert watch.health().books.accounts == ()
    assert ended(watch) == []
    assert asked == []


def test_a_worker_that_stops_says_so(app, database, clock):
    other = Watch(database, clock, ["demo"])
    app.watch.ask()
    other.ask()
    assert app.watch.fresh().books.workers == 2

    other.leave()

    assert app.watch.fresh().books.workers == 1
