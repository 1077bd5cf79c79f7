"""Floods: ten thousand at once, one who writes and writes, three days to catch up, idle years."""

import gc
import resource
import time
import tracemalloc
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from adapters import Batch
from adapters.demo import Demo
from bot import logs, timers
from bot.domain.mention import Kind
from storage import journal, outbox
from storage.database import reading
from storage.tables import conversations, mentions
from tests.people import ANA

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
MANY = 10_000
A_MINUTE = 60.0  # seconds of our processor in which all of them must be in the database
SLOPE = 5 * 1024 / 100_000  # KiB a mention
ONCE = 64  # KiB that Python and SQLAlchemy keep of anything
UNSEEN = conversations.c.card.is_(None) & conversations.c.digest.is_(None)
BOUND = 150  # MiB that may be needed for that


@pytest.fixture(autouse=True)
def _quiet():
    """Ten thousand lines of log are no part of what is measured."""
    logs.begin("ERROR")
    yield
    logs.begin()


def resident() -> float:
    """What this process needs now, in MiB."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def counted(app, *conditions, of=conversations):
    with reading(app.desk.database) as db:
        return db.execute(select(func.count()).select_from(of).where(*conditions)).scalar_one()


def posts(slack):
    return [m for m in slack.messages.values() if m.get("thread_ts") in (None, m["ts"])]


def sweep(app):
    """All that comes by itself within a second."""
    by_itself = app.sweep
    for step in (
        by_itself.list_one,
        by_itself.nag_some,
        by_itself.redraw_one,
        by_itself.gather_one,
    ):
        timers.repeat(step)


def deliver(app, clock, *, seconds):
    """The courier's time passes, at Slack's pace."""
    for _ in range(seconds):
        clock.pass_(seconds=1)
        app.courier.deliver_all()


@pytest.mark.fault(46)
def test_ten_thousand_in_a_minute_are_kept_and_all_shown(
    assemble, slack, demo, clock, record_property
):
    bot, before = assemble(), resident()
    bot.intake.poll("demo", demo)
    for number in range(MANY):
        words = "My kettle is broken" if number % 10 == 0 else "Do you have kettles?"
        demo.post(words, by=f"customer{number}")
    clock.pass_(minutes=1)

    began = time.process_time()
    while bot.intake.poll("demo", demo):
        clock.pass_(seconds=1)
    took, grown = time.process_time() - began, resident() - before

    told = f"{MANY} mentions kept in {took:.1f} s and {grown:.0f} MiB"
    record_property("tells", f"{told}, {bot.desk.database.dialect.name}")
    assert counted(bot, of=mentions) == counted(bot, conversations.c.due_at.is_not(None)) == MANY
    assert grown < BOUND
    assert took < A_MINUTE

    timers.repeat(bot.sweep.gather_one)
    deliver(bot, clock, seconds=240)
    assert counted(bot, UNSEEN) == 0
    complaints = conversations.c.kind == Kind.COMPLAINT
    assert counted(bot, complaints, conversations.c.due_at > clock()) == MANY // 10
    assert counted(bot, outbox.o.done_at.is_(None), of=outbox.outbox) == 0


@pytest.mark.fault(46)
def test_one_who_writes_five_hundred_times_is_one_card_and_few_notes(app, slack, demo, clock):
    first = demo.post("My kettle is broken")
    for number in range(499):
        demo.post(f"Hello? {number}", parent=first)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    deliver(app, clock, seconds=60)

    [card] = posts(slack)
    assert counted(app, of=mentions) == 500
    assert counted(app) == 1
    assert len(slack.messages) < 10
    assert "500 messages" in str(card["blocks"]) or "500" in str(card)


@pytest.mark.fault(47)
def test_of_three_days_of_outage_what_fell_late_is_one_list(app, slack, demo, clock):
    late, all_of_them = 2000, 4000
    app.intake.poll("demo", demo)
    for number in range(late):
        demo.post("My kettle is broken", by=f"customer{number}")
    clock.pass_(days=3)
    for number in range(late, all_of_them):
        demo.post("Do you have kettles?", by=f"customer{number}")
    while app.intake.poll("demo", demo):
        pass

    for _ in range(180):
        clock.pass_(seconds=1)
        sweep(app)
        app.courier.deliver_all()

    lists = [m["text"] for m in posts(slack) if "fell late" in m["text"]]
    assert len(lists) == 1
    assert f"these {late} fell late" in lists[0]
    with reading(app.desk.database) as db:
        nags = [[nag.rung for nag in journal.nags(db, number)] for number in range(1, late, 97)]
    assert {tuple(rungs) for rungs in nags} == {(2,)}
    assert counted(app, UNSEEN) == 0


@on_sqlite
@pytest.mark.fault(46)
def test_a_storm_of_answers_publishes_each_once(app, demo, clock):
    many = 300
    for number in range(many):
        demo.post("My kettle is broken", by=f"customer{number}")
    while clock.pass_(seconds=1) or app.intake.poll("demo", demo):
        pass
    for number in range(1, many + 1):
        asked = app.desk.look(number).latest.id
        app.answering.reply(number, ANA, f"Sorry, {number}!", mention=asked, key=f"k{number}")

    app.courier.deliver_all(replies=True)

    assert sorted(said.text for said in demo.answers()) == sorted(
        f"Sorry, {number}!" for number in range(1, many + 1)
    )
    assert counted(app, conversations.c.state == "answered") == many


class Endless(Demo):
    """A platform that keeps nothing: so many posts a page, each by somebody else."""

    said, wanted = 0, 0

    def fetch(self, cursor):
        begin = self.said
        self.said = min(begin + 100, self.wanted)
        numbers = range(begin, self.said)
        posts = [
            {"key": f"e{n}", "at": self.now().isoformat(), "by": f"customer{n}", "text": "Broken"}
            for n in numbers
        ]
        read = [self._mention(post) for post in posts]
        return Batch(mentions=read, cursor=str(self.said), more=self.said < self.wanted)


def traced(act) -> float:
    """How much more Python holds after it, in KiB."""
    gc.collect()
    tracemalloc.start()
    act()
    gc.collect()
    grown = tracemalloc.get_traced_memory()[0] / 1024
    tracemalloc.stop()
    return grown


@on_sqlite
@pytest.mark.fault(52)
def test_what_was_taken_in_is_not_kept_in_memory(app, clock):
    platform = Endless("demo", {}, clock, timedelta(days=7))

    def take_in(many):
        platform.wanted += many
        clock.pass_(seconds=10)
        app.intake.poll("demo", platform)
        timers.repeat(app.sweep.gather_one)

    take_in(300)
    grown = traced(lambda: take_in(1000))

    assert counted(app, of=mentions) == 1300
    assert grown < ONCE + 1000 * SLOPE, f"{grown:.0f} KiB for 1000 mentions"


@on_sqlite
@pytest.mark.fault(52)
def test_ten_thousand_idle_hours_leave_nothing_in_memory_and_little_in_the_database(
    app, slack, clock, hear
):
    hear()
    sweep = app.sweep
    steps = (sweep.let_go_one, sweep.list_one, sweep.nag_some, sweep.redraw_one, sweep.prune_some)

    def idle(turns):
        for _ in range(turns):
            clock.pass_(hours=10)
            for step in steps:
                timers.repeat(step)
            app.courier.deliver_all()
        slack.calls.clear()  # our stand-in keeps them

    idle(500)
    grown = traced(lambda: idle(500))

    assert grown < 1024, f"{grown:.0f} KiB"
    assert counted(app, conversations.c.state == "waiting") == 1
    assert counted(app, of=outbox.outbox) < 20


@pytest.mark.fault(52)
def test_what_was_delivered_long_ago_is_pruned_and_what_is_owed_never(app, slack, clock, hear):
    hear("My kettle is broken", by="mira")
    slack.workspace.faults.add("error", "chat.postMessage", error="is_archived", times=99)
    hear("My toaster is broken", by="ken")
    assert counted(app, outbox.o.done_at.is_(None), of=outbox.outbox) >= 1
    owed = counted(app, outbox.o.done_at.is_(None), of=outbox.outbox)

    clock.pass_(days=29)
    timers.repeat(app.sweep.prune_some)
    assert counted(app, outbox.o.done_at.is_not(None), of=outbox.outbox) >= 1
    clock.pass_(days=2)
    timers.repeat(app.sweep.prune_some)

    assert counted(app, outbox.o.done_at.is_not(None), of=outbox.outbox) == 0
    assert counted(app, of=outbox.outbox) == owed
    assert counted(app) == 2
