"""The database is set back: a standby that lacks the last commits, a copy from yesterday."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from adapters.demo import Demo
from bot.domain.conversation import State
from bot.domain.delivery import TryLater
from storage.database import is_sqlite, reading
from storage.tables import conversations, metadata
from tests import fake_slack
from tests.people import ANA, BEN, CARE, answer, press, write

SEQUENCE = "SELECT setval(pg_get_serial_sequence('{0}', 'id'), (SELECT max(id) FROM {0}))"
CUT = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()"


def _plain(url):
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


class Copy:
    """All that is in a database at one moment."""

    def __init__(self, database, folder):
        self.database, self.file = database, folder / "copy.db"
        if is_sqlite(database):
            self._copy(database.url.database, self.file)
            return
        with reading(database) as db:
            self.rows = {
                table.name: [dict(row._mapping) for row in db.execute(select(table))]
                for table in metadata.sorted_tables
            }

    def _copy(self, source, target):
        with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
            one.backup(other)

    def come_back(self):
        """It is in place of what was there; nobody who was connected still is."""
        if is_sqlite(self.database):
            self.database.dispose()
            self._copy(self.file, self.database.url.database)
            return
        with self.database.begin() as db:
            names = ", ".join(self.rows)
            db.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
            for table in metadata.sorted_tables:
                if self.rows[table.name]:
                    db.execute(table.insert(), self.rows[table.name])
                if "id" in table.c and "INT" in str(table.c.id.type):
                    db.execute(text(SEQUENCE.format(table.name)))
        with closing(psycopg.connect(_plain(self.database.url), autocommit=True)) as admin:
            admin.execute(f"{CUT} AND datname = current_database()")


@pytest.fixture
def copy(app, tmp_path):
    return lambda: Copy(app.desk.database, tmp_path)


def on_cards(slack, words):
    """The cards that show these words, with their buttons."""
    return [
        ts
        for ts, message in slack.messages.items()
        if words in str(message.get("blocks")) and message.get("thread_ts") in (None, ts)
    ]


def notices(slack):
    return [m for m in slack.messages.values() if "is a copy from" in m["text"]]


def states(app):
    with reading(app.desk.database) as db:
        rows = db.execute(select(conversations).order_by(conversations.c.id))
        return [(row.id, row.state) for row in rows]


def catch_up(app, demo, clock):
    clock.pass_(seconds=20)
    app.intake.poll("demo", demo)
    for _ in range(20):
        app.courier.deliver_all()
        clock.pass_(seconds=5)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()


@pytest.fixture
def after(request, app, assemble):
    """The bot that finds the copy: the one that was at work, or another that starts over it."""
    return assemble if request.param == "it starts again" else lambda: app


wherever = pytest.mark.parametrize(  # a file is restored while nobody works on it
    ("database", "after"),
    [
        ("sqlite", "it starts again"),
        ("postgresql", "it starts again"),
        ("postgresql", "it goes on"),
    ],
    indirect=True,
)


class Forgetful(Demo):
    """The demo platform, which stops showing some posts."""

    gone: frozenset[str] = frozenset()

    def fetch(self, cursor):
        batch = super().fetch(cursor)
        return replace(batch, mentions=[m for m in batch.mentions if m.key not in self.gone])


@pytest.fixture
def demo(clock):
    return Forgetful("demo", {}, clock, timedelta(days=7))


@wherever
@pytest.mark.fault(30)
def test_what_a_copy_lacks_is_read_again_and_said_once(app, after, copy, slack, demo, clock, hear):
    hear("My kettle is broken", by="mira")
    clock.pass_(seconds=5)
    old = copy()
    hear("My toaster is broken", by="ken")
    [toaster] = on_cards(slack, "toaster")
    press(app, slack, "claim", 1, by=ANA)
    app.courier.deliver_all()

    old.come_back()
    later = after()
    catch_up(later, demo, clock)

    assert on_cards(slack, "toaster") == [toaster]
    assert len(on_cards(slack, "kettle")) == 1
    assert states(later) == [(1, "waiting"), (3, "waiting")]
    assert later.desk.look(3).conversation.card == toaster
    assert len(notices(slack)) == 2, "the channel hears of it, and the manager"
    assert "Ana" not in str(slack.messages[on_cards(slack, "kettle")[0]]["blocks"])
    press(later, slack, "claim", 3, by=BEN)
    assert later.desk.look(3).conversation.owner == BEN

    another = after()
    catch_up(another, demo, clock)
    assert len(notices(slack)) == 2, "it is said once"


@wherever
@pytest.mark.fault(30)
def test_an_answer_that_a_copy_believes_to_wait_is_not_published_again(
    app, after, copy, slack, demo, clock, hear
):
    hear("My kettle is broken")
    press(app, slack, "reply", 1, ANA)
    write(app, slack, "A new one is on its way", ANA)
    old = copy()
    app.courier.deliver_all()
    hear("My toaster is broken", by="ken")
    assert len(demo.answers()) == 1

    old.come_back()
    later = after()
    catch_up(later, demo, clock)

    assert len(demo.answers()) == 1
    assert later.desk.look(1).conversation.state is State.ANSWERED


@wherever
@pytest.mark.fault(30)
def test_an_answer_that_a_copy_does_not_know_is_heard_from_the_platform(
    app, after, copy, slack, demo, clock, hear
):
    hear("My kettle is broken")
    old = copy()
    answer(app, slack, 1, "A new one is on its way")
    hear("My toaster is broken", by="ken")

    old.come_back()
    later = after()
    catch_up(later, demo, clock)

    assert len(demo.answers()) == 1
    assert later.desk.look(1).conversation.state is State.ANSWERED


@wherever
@pytest.mark.fault(30)
def test_an_old_button_never_means_another_customer(app, after, copy, slack, demo, clock, hear):
    hear("My kettle is broken", by="mira")
    old = copy()
    lost = hear("My toaster is broken", by="ken")
    [toaster] = on_cards(slack, "toaster")
    demo.gone = {lost}

    old.come_back()
    later = after()
    demo.post("My fridge is broken", by="zoe")
    catch_up(later, demo, clock)

    assert len(on_cards(slack, "fridge")) == 1
    fake_slack.press(later.bolt, slack.workspace, ANA, CARE, toaster, "claim")
    assert [number for number, _ in states(later)] == [1, 3]
    assert "There is no" in slack.whispers[-1]["text"]


def test_a_start_that_finds_all_that_it_said_says_nothing(app, assemble, slack, demo, clock, hear):
    hear("My kettle is broken")
    hear("My toaster is broken", by="ken")

    catch_up(assemble(), demo, clock)

    assert notices(slack) == []


def test_a_card_that_a_nag_hung_is_known_by_the_nag(app, assemble, slack, demo, clock, hear):
    hear("My kettle is broken")
    clock.pass_(hours=1)
    app.sweep.nag_some()
    app.courier.deliver_one()  # the card says that it is late, and then somebody deletes it
    slack.workspace.channels[CARE].messages.clear()
    catch_up(app, demo, clock)

    catch_up(assemble(), demo, clock)

    assert notices(slack) == []


@wherever
@pytest.mark.fault(30)
def test_of_two_that_find_the_copy_at_once_one_says_so(app, after, copy, slack, demo, clock, hear):
    hear("My kettle is broken")
    old = copy()
    hear("My toaster is broken", by="ken")
    old.come_back()
    one = after()
    restored = one.courier.restored.__self__
    compare, both = restored._unknown, []

    def at_once(said):
        found = compare(said)
        if not both:
            both.append(found)
            restored._look()  # as another worker does
        return found

    restored._unknown = at_once
    with capture_logs() as logs:
        catch_up(one, demo, clock)

    assert both
    assert "database.not_compared" not in [entry["event"] for entry in logs]
    assert len(notices(slack)) == 2  # in the channel, and to whoever is told about the bot


def test_an_empty_database_has_nothing_to_compare(app, slack, hear):
    slack.calls.clear()
    hear("My kettle is broken")

    asked = [method for method, _ in slack.calls]
    assert "conversations.history" not in asked


@pytest.mark.fault(30)
def test_while_slack_is_away_nobody_waits_for_the_comparison(
    app, assemble, slack, demo, clock, hear
):
    hear("My kettle is broken")
    later = assemble()
    demo.post("My toaster is broken", by="ken")
    clock.pass_(seconds=20)
    slack.fail_before = ConnectionResetError()

    assert later.intake.poll("demo", demo) == 1
    assert later.courier.restored() is False, "it was asked again, and nothing was lost"


@pytest.mark.fault(30)
def test_what_could_not_be_compared_is_compared_when_slack_is_back(
    assemble, copy, slack, demo, clock, hear
):
    hear("My kettle is broken")
    old = copy()
    hear("My toaster is broken", by="ken")
    old.come_back()
    one = assemble()
    slack.fail_before = ConnectionResetError()
    with pytest.raises(TryLater):
        one.courier.restored()

    catch_up(one, demo, clock)

    assert len(notices(slack)) == 2


@pytest.mark.fault(30)
def test_what_is_carried_when_the_copy_is_found_out_is_looked_for_as_well(
    app, assemble, copy, slack, demo, clock, hear
):
    hear("My kettle is broken")
    demo.post("My toaster is broken", by="ken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    old = copy()
    app.courier.deliver_all()
    hear("My lamp is broken", by="lea")
    old.come_back()

    later = assemble()
    later.courier.deliver_all()

    assert notices(slack)
    assert len(on_cards(slack, "My toaster is broken")) == 1
