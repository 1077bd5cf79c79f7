"""A worker is killed at a named point, rows 1 to 11 of the table: what the next one makes of it.

Every commit that wrote something and every call is a step, before it and after it, and is named by
the tables it changed or by its address (`tests/faults/story.py`, `tests/faults/mortal.py`). The
failpoints of the table are these steps:

    intake.fetched    before commit of accounts+…+mentions+outbox
    intake.committed  after that commit; the cursor is in it, so nothing lies between the two
    post.claimed      after commit of destinations+outbox (the lease), and before chat.postMessage
    post.accepted     after chat.postMessage
    post.done         after commit of conversations (the card hangs), and before chat.update
    claim.*           before and after commit of audit+conversations+journal+outbox
    reply.queued      after commit of ...+parts+replies (written), and before reply
    reply.accepted    after reply
    nag.chosen        after commit of conversations+days+journal+outbox
    nag.posted        after chat.postMessage
    nag.committed     after commit of conversations (which message said it)
    boot.migrate      every statement and every commit of `python -m bot migrate`
"""

import signal
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from sqlalchemy import inspect, select, text, update

from adapters import Batch
from bot.domain.delivery import Unsure
from bot.domain.mention import Origin
from storage import migrations
from storage.database import Database, connect, is_sqlite
from storage.tables import accounts, conversations, mentions, metadata
from tests import postgres
from tests.conftest import DATABASES, NOON
from tests.faults import mortal
from tests.faults.mortal import Fate
from tests.faults.story import Platform, Steps, Story, all_agree, begun, watched
from tests.faults.world import SPAWN, World, comes_right, world
from tests.people import ANA, BEN, CARE
from tests.processes import until
from tests.storage.test_migrations import CONVERSATION, CUSTOMER
from tests.things import MINUTE

INTAKE = "commit of accounts+arrivals+conversations+customers+guesses+journal+mentions+outbox"
CLAIMED = "commit of audit+conversations+journal+outbox"
WRITTEN = "commit of audit+conversations+drafts+journal+outbox+parts+replies"
CHOSEN = "commit of conversations+days+journal+outbox"
MINUTE_LEASE = {"lease": MINUTE}
DEATHS = 8  # in one migration, spread over its statements
SOON = 5.0  # seconds from SIGTERM to the end


class Blind(Platform):
    """A platform that offers no look at what was published, and does not tell of it by itself."""

    def fetch(self, cursor: str | None) -> Batch:
        page = super().fetch(cursor)
        theirs = [each for each in page.mentions if each.origin is not Origin.OWN]
        return replace(page, mentions=theirs)

    def reply(self, *told: Any, again: bool, **how: Any) -> Any:
        if again:
            raise Unsure("Nobody can look whether it is there.")
        return super().reply(*told, again=again, **how)


@pytest.fixture
def steps(database: Database) -> Iterator[Steps]:
    counted = Steps()
    with watched(database, counted):
        yield counted


@pytest.fixture
def story(database: Database, steps: Steps) -> Story:
    return begun(database, steps, **MINUTE_LEASE)


def posts(story: Story) -> int:
    return [method for method, _ in story.slack.calls].count("chat.postMessage")


def many(story: Story, table: Any) -> int:
    return len(story.ask(select(table)))


def cursor(story: Story) -> str:
    return str(story.ask(select(accounts.c.cursor))[0].cursor)


# Intake


@pytest.mark.fault(1)
def test_a_page_that_was_fetched_and_not_kept_is_fetched_again(story):
    story.platform.post("My order is broken")
    story.clock.pass_(seconds=1)
    story.die(f"before {INTAKE}")
    assert (cursor(story), many(story, mentions)) == ("0", 0)

    story.rise()
    story.do(lambda _: None)

    assert (cursor(story), many(story, mentions), posts(story)) == ("1", 1, 1)
    all_agree(story)


@pytest.mark.fault(2)
@pytest.mark.parametrize("cursor_is_lost", [False, True])
def test_a_page_that_was_kept_brings_nothing_new_when_it_comes_again(story, cursor_is_lost):
    story.platform.post("My order is broken")
    story.clock.pass_(seconds=1)
    story.die(f"after {INTAKE}")
    assert (cursor(story), many(story, mentions)) == ("1", 1)

    story.rise()
    if cursor_is_lost:  # as if it had been saved apart from the page
        with story.database.begin() as db:
            db.execute(update(accounts).values(cursor="0", next_poll_at=NOON))
    story.do(lambda _: None)

    assert (cursor(story), many(story, mentions), many(story, conversations)) == ("1", 1, 1)
    assert posts(story) == 1
    all_agree(story)


# The card


@pytest.mark.fault(3)
@pytest.mark.parametrize("step", ["after commit of destinations+outbox", "before chat.postMessage"])
def test_a_card_that_was_taken_and_not_posted_is_posted_once_when_the_lease_is_over(story, step):
    story.platform.post("My order is broken")
    story.clock.pass_(seconds=1)
    story.die(step)

    story.rise()
    story.clock.pass_(seconds=57)
    story.work(1)
    assert story.slack.messages == {}
    story.clock.pass_(seconds=3)
    story.work()

    looked = [method for method, _ in story.slack.calls].count("conversations.history")
    assert (len(story.slack.messages), looked) == (1, 1)
    all_agree(story)


@pytest.mark.fault(4)
@pytest.mark.parametrize("step", ["after chat.postMessage", "before commit of conversations"])
def test_a_card_that_slack_took_is_found_by_its_key_and_kept(story, step):
    story.platform.post("My order is broken")
    story.clock.pass_(seconds=1)
    story.die(step)
    [posted] = story.slack.messages
    assert story.bot.desk.look(1).conversation.card is None

    story.clock.pass_(minutes=1)
    story.rise()
    story.work()

    assert story.bot.desk.look(1).conversation.card == posted
    assert (list(story.slack.messages), posts(story)) == ([posted], 1)
    all_agree(story)


@pytest.mark.fault(5)
def test_a_card_that_hangs_and_was_not_finished_shows_by_and_by_what_is_true(story):
    story.platform.post("My order is broken")
    story.clock.pass_(seconds=1)
    story.die("after commit of conversations")
    story.rise()
    story.bot.desk.claim(1, ANA)

    story.clock.pass_(minutes=1)
    story.die("before chat.update")
    story.rise()
    story.clock.pass_(minutes=1)
    story.die("after chat.update")
    story.rise()
    story.clock.pass_(minutes=1)
    story.work()

    [card] = story.slack.messages.values()
    assert "<@U0ANA> has it" in card["text"]
    assert (posts(story), story.owed()) == (1, [])
    all_agree(story)


# A claim


@pytest.fixture
def on_sqlite(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path, f"sqlite:///{tmp_path / 'bot.db'}") as made:
        yield made


def shown(around: World) -> str:
    """A customer writes to a worker that has begun; the timestamp of the card."""
    until(lambda: "after GET //users//mentions" in around.diary())
    until(lambda: around.playground.sockets.links)
    around.write()
    until(around.cards)
    return next(iter(around.cards()))


def claim(around: World, ts: str) -> bool:
    """Ana presses it; False where Slack shows her an error."""
    envelope = around.playground.workspace.press(ANA, CARE, ts, "claim")
    return around.playground.send(envelope).result(10)


def owner(around: World) -> str | None:
    database = connect(around.database_url)
    with database.connect() as db:
        found = db.execute(select(conversations.c.owner)).scalar_one()
    database.dispose()
    return found


@pytest.mark.fault(6)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_claim_that_was_not_written_down_is_an_error_in_slack_and_works_again(on_sqlite):
    dying = on_sqlite.worker(f"before {CLAIMED}#1")
    ts = shown(on_sqlite)

    acked = claim(on_sqlite, ts)
    dying.join(10)
    assert (acked, dying.exitcode, owner(on_sqlite)) == (False, -signal.SIGKILL, None)

    on_sqlite.worker()
    until(lambda: on_sqlite.playground.sockets.links)
    assert claim(on_sqlite, ts)
    assert owner(on_sqlite) == ANA
    assert comes_right(on_sqlite) == []


@pytest.mark.fault(6)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_claim_that_was_written_down_is_kept_and_the_card_shows_it(on_sqlite):
    dying = on_sqlite.worker(f"after {CLAIMED}#1")
    ts = shown(on_sqlite)

    claim(on_sqlite, ts)
    dying.join(10)
    assert (dying.exitcode, owner(on_sqlite)) == (-signal.SIGKILL, ANA)
    assert "nobody has it yet" in on_sqlite.cards()[ts]["text"]

    on_sqlite.worker()
    until(lambda: f"<@{ANA}> has it" in on_sqlite.cards()[ts]["text"])
    assert comes_right(on_sqlite) == []


# A reply


def answered_once(story: Story) -> None:
    assert [answer.text for answer in story.platform.answers()] == ["So sorry!"]
    assert story.state(1) == "answered"
    all_agree(story)


def reply(bot: Any) -> None:
    bot.answering.reply(1, ANA, "So sorry!", mention=bot.desk.look(1).latest.id, key="k")


@pytest.mark.fault(7)
@pytest.mark.parametrize("step", [f"after {WRITTEN}", "after commit of outbox", "before reply"])
def test_an_answer_that_did_not_leave_is_sent_once_by_the_next(story, step):
    story.hear("My order is broken")
    story.die(step, reply)
    assert story.platform.answers() == []

    story.rise()
    story.clock.pass_(minutes=1)
    story.work()

    answered_once(story)


@pytest.mark.fault(8)
def test_an_answer_that_the_platform_took_is_found_there_and_was_sent(story):
    story.hear("My order is broken")
    story.die("after reply", reply)
    assert story.state(1) == "replying"

    story.rise()
    story.clock.pass_(minutes=1)
    story.work()

    answered_once(story)


@pytest.fixture
def in_doubt(database: Database, steps: Steps) -> Story:
    """Killed after the platform took it, where nobody can look; then a day with restarts."""
    story = begun(database, steps, kind=Blind, **MINUTE_LEASE)
    story.hear("My order is broken")
    story.die("after reply", reply)
    for _ in range(3):
        story.rise()
        story.bot.settle_in()
        story.clock.pass_(hours=8)
        story.work()
    return story


@pytest.mark.fault(8)
def test_an_answer_that_nobody_can_look_for_is_never_sent_again_by_itself(in_doubt):
    card = in_doubt.slack.messages[str(in_doubt.bot.desk.look(1).conversation.card)]

    assert len(in_doubt.platform.answers()) == 1
    assert "may be published or not" in card["text"]
    assert "It is published" in str(card["blocks"])
    assert "It is not: send again" in str(card["blocks"])


@pytest.mark.fault(8)
@pytest.mark.parametrize(("published", "answers"), [(True, 1), (False, 2)])
def test_a_person_settles_whether_it_was_published(in_doubt, published, answers):
    in_doubt.do(lambda bot: bot.answering.resolve_doubt(1, BEN, published=published))

    assert len(in_doubt.platform.answers()) == answers
    assert in_doubt.state(1) == "answered"
    all_agree(in_doubt)


# A nag


@pytest.mark.fault(9)
@pytest.mark.parametrize("level", [1, 2, 3])
@pytest.mark.parametrize(
    "step", [f"after {CHOSEN}", "after chat.postMessage", "after commit of conversations"]
)
def test_whenever_a_worker_dies_each_level_is_called_once(story, level, step):
    story.hear("My order is broken")
    for reached, minutes in enumerate([61, 91, 181], 1):
        story.clock.at = NOON + minutes * MINUTE
        if reached == level:
            story.die(step)
            story.rise()
            story.clock.pass_(minutes=1)
        story.do(lambda _: None)
        assert len(story.nags(1)) == reached

    all_agree(story)


# A migration


@pytest.fixture(params=DATABASES)
def old(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database as the first version made it, with something in it."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'old.db'}"
        _begin_old(url)
        yield url
    else:
        with postgres.own_database(f"old_{time.time_ns()}") as there:
            url = there.render_as_string(hide_password=False)
            _begin_old(url)
            yield url


def _begin_old(url: str) -> None:
    database = connect(url)
    config = migrations._config()
    config.attributes["database"] = database
    command.upgrade(config, "0001")
    with database.begin() as db:
        db.execute(text(CUSTOMER))
        db.execute(text(CONVERSATION), {"state": "waiting", "at": "2026-11-03 12:00:00+00:00"})
    database.dispose()


def looks(url: str) -> tuple[str, set[str]]:
    database = connect(url)
    with database.connect() as db:
        revision = str(db.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
        assert db.execute(text("SELECT state FROM conversations")).scalars().all() == ["waiting"]
        if is_sqlite(database):
            assert db.execute(text("PRAGMA integrity_check")).scalar_one() == "ok"
    found = set(inspect(database).get_table_names()) - {"alembic_version"}
    database.dispose()
    return revision, found


def migrate(url: str, die_at: str, diary: Path) -> int | None:
    diary.write_text("")
    life = SPAWN.Process(target=mortal.migrate, args=({"DATABASE_URL": url}, Fate(diary, die_at)))
    life.start()
    life.join(60)
    return life.exitcode


@pytest.mark.fault(10)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_migration_that_is_killed_anywhere_leaves_what_was_there_and_succeeds_the_next_time(
    old, tmp_path, record_property
):
    before, diary = looks(old), tmp_path / "diary"
    step, deaths, code = 3, 0, -signal.SIGKILL

    while code == -signal.SIGKILL:
        code = migrate(old, f"*#{step}", diary)
        if code == -signal.SIGKILL and "after commit" not in diary.read_text().splitlines()[-2]:
            assert looks(old) == before
        deaths += code == -signal.SIGKILL
        step = max(step + 3, int(step * 1.35))

    record_property("tells", f"a migration killed {deaths} times on {old.partition(':')[0]}")
    assert (code, deaths > DEATHS) == (0, True)
    assert looks(old)[1] == set(metadata.tables)


# Told to stop


@pytest.mark.fault(11)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_worker_that_is_told_to_stop_twice_ends_well_within_seconds(on_sqlite):
    worker = on_sqlite.worker()
    shown(on_sqlite)
    for _ in range(6):
        on_sqlite.write()
    until(lambda: len(on_sqlite.cards()) > 2)
    on_sqlite.playground.workspace.faults.add("slow", "chat.postMessage", seconds=2)

    began = time.monotonic()
    worker.terminate()
    time.sleep(0.2)
    worker.terminate()
    worker.join(10)

    assert (worker.exitcode, time.monotonic() - began < SOON) == (0, True)
    begun = len(on_sqlite.cards())
    time.sleep(1)
    assert len(on_sqlite.cards()) == begun
    on_sqlite.worker()
    assert comes_right(on_sqlite) == []


@pytest.mark.fault(11)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_worker_that_hangs_in_a_call_when_it_is_told_to_stop_leaves_it_to_be_found(on_sqlite):
    worker = on_sqlite.worker()
    shown(on_sqlite)
    on_sqlite.playground.workspace.faults.add("slow", "chat.postMessage", seconds=30)
    on_sqlite.write()
    until(lambda: len(on_sqlite.cards()) == 2)

    began = time.monotonic()
    worker.terminate()
    worker.join(10)

    assert (worker.exitcode, time.monotonic() - began < SOON) == (0, True)
    on_sqlite.worker()
    assert comes_right(on_sqlite) == []


@pytest.mark.fault(11)
@pytest.mark.xdist_group("killed on sqlite")
def test_a_worker_that_is_killed_while_it_stops_loses_and_doubles_nothing(on_sqlite):
    worker = on_sqlite.worker()
    shown(on_sqlite)
    on_sqlite.playground.workspace.faults.add("slow", "chat.postMessage", seconds=30)
    on_sqlite.write()
    until(lambda: len(on_sqlite.cards()) == 2)

    worker.terminate()
    time.sleep(1)
    worker.kill()  # as a platform does after thirty seconds
    worker.join(10)

    assert worker.exitcode == -signal.SIGKILL
    on_sqlite.worker()
    assert comes_right(on_sqlite) == []
