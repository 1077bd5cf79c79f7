"""Clocks: set forward and back, hours that come twice, and one that is minutes off."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot import timers
from bot.domain.calendar import Calendar, Window
from bot.domain.team import Teams
from storage import journal, outbox
from storage.database import reading
from storage.tables import mentions, unreadable
from tests.conftest import CARE, NOON
from tests.people import LEA, nag_all
from tests.processes import until
from tests.things import HOUR, MINUTE

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
BERLIN = ZoneInfo("Europe/Berlin")
EARLY = (Window.read("02:30-11:00"),)  # opens in the hour that is skipped, and that comes twice


def live(app, clock, *, seconds, step=10):
    """A bot at work for so long."""
    for _ in range(0, seconds, step):
        clock.pass_(seconds=step)
        app.intake.poll("demo", app.adapters["demo"])
        nag_all(app)


def nags(app, number=1):
    with reading(app.desk.database) as db:
        return [nag.rung for nag in journal.nags(db, number)]


# Set forward and back


@on_sqlite
@pytest.mark.fault(35)
@pytest.mark.parametrize(
    ("jump", "said", "rungs"),
    [
        ({"hours": 1}, 1, [0]),
        ({"hours": 2}, 1, [1]),
        ({"days": 3}, 1, [2]),
        ({"hours": -1}, 0, []),
    ],
)
def test_a_clock_that_is_set_makes_no_storm_and_skips_nobody(
    app, slack, clock, hear, jump, said, rungs
):
    hear()
    live(app, clock, seconds=60)

    clock.pass_(**jump)
    live(app, clock, seconds=60)

    assert len([m for m in slack.messages.values() if "should have been" in m["text"]]) == said
    assert nags(app) == rungs


@on_sqlite
@pytest.mark.fault(35)
def test_a_clock_that_is_set_back_after_a_nag_says_nothing_twice_and_goes_on(
    app, slack, clock, hear
):
    hear()
    clock.at = NOON + HOUR
    live(app, clock, seconds=60)
    assert nags(app) == [0]

    clock.pass_(hours=-1)
    live(app, clock, seconds=60)
    assert nags(app) == [0]
    hear("My toaster is broken", by="ken")
    assert app.desk.look(2).conversation.card, "what is new is shown all the same"

    clock.at = NOON + HOUR + 31 * MINUTE
    live(app, clock, seconds=60)
    assert nags(app) == [0, 1]


@on_sqlite
@pytest.mark.fault(35)
def test_after_a_lid_was_closed_for_three_days_many_are_one_list(app, slack, clock, demo):
    for number in range(20):
        demo.post("My kettle is broken", by=f"customer{number}")
    live(app, clock, seconds=60)
    before = len(slack.messages)

    clock.pass_(days=3)
    live(app, clock, seconds=120)

    said = [m for m in list(slack.messages.values())[before:] if m.get("thread_ts") is None]
    assert len([m for m in said if "fell late" in m["text"]]) == 1
    assert [nags(app, number) for number in range(1, 21)] == [[2]] * 20


@pytest.mark.fault(35)
def test_a_timer_whose_time_passed_long_ago_runs_once():
    ticking = timers.Scheduler(
        timezone=UTC, job_defaults={"coalesce": True, "misfire_grace_time": None}
    )
    runs: list[int] = []
    three_days_ago = datetime.now(UTC) - timedelta(days=3)
    ticking.add_job(lambda: runs.append(1), "interval", minutes=1, next_run_time=three_days_ago)

    ticking.start()
    until(lambda: runs)
    ticking.shutdown()

    assert runs == [1]


# The hours of a place


@pytest.mark.fault(36)
@pytest.mark.parametrize(
    ("zone", "posted", "due"),
    [
        ("Pacific/Kiritimati", "2026-11-03T08:00+14:00", "2026-11-03T10:00+14:00"),
        ("Etc/GMT+12", "2026-11-03T08:00-12:00", "2026-11-03T10:00-12:00"),
        ("Europe/Berlin", "2028-02-28T16:30+01:00", "2028-02-29T09:30+01:00"),
        ("Europe/Berlin", "2028-02-29T16:30+01:00", "2028-03-01T09:30+01:00"),
        ("Europe/Berlin", "2027-03-26T16:30+01:00", "2027-03-29T09:30+02:00"),
        ("Europe/Berlin", "2026-10-23T16:30+02:00", "2026-10-26T09:30+01:00"),
    ],
)
@on_sqlite
def test_a_deadline_is_exact_wherever_the_team_works(app, assemble, clock, zone, posted, due):
    week = (*[(Window.read("09:00-17:00"),)] * 5, (), ())
    team = replace(CARE, calendar=Calendar(ZoneInfo(zone), week))
    clock.at = datetime.fromisoformat(posted).astimezone(UTC)
    bot = assemble(teams=Teams({"care": team}, tell=LEA))
    bot.intake.poll("demo", assemble.demo)

    assemble.demo.post("My kettle is broken")
    clock.pass_(seconds=1)
    bot.intake.poll("demo", assemble.demo)

    assert bot.desk.conversation(1).due_at == datetime.fromisoformat(due)


@on_sqlite
@pytest.mark.fault(36)
@pytest.mark.parametrize("sunday", ["2026-10-25", "2027-03-28"])
def test_there_is_one_list_a_date_whatever_the_clocks_do(assemble, clock, sunday):
    team = replace(CARE, calendar=Calendar(BERLIN, (EARLY,) * 7))
    noon = datetime.fromisoformat(f"{sunday}T12:00").replace(tzinfo=BERLIN)
    clock.at = noon.astimezone(UTC) - timedelta(days=2)
    bot = assemble(teams=Teams({"care": team}, tell=LEA))
    bot.intake.poll("demo", assemble.demo)
    assemble.demo.post("My kettle is broken")

    for _ in range(4 * 24 * 6):
        clock.pass_(minutes=10)
        timers.repeat(bot.sweep.list_one)

    with reading(bot.desk.database) as db:
        listed = (outbox.o.errand == "list", outbox.o.key.contains(":opening:"))
        said = db.execute(select(outbox.o.owed_at).where(*listed)).scalars().all()
    dates = Counter(moment.astimezone(BERLIN).date() for moment in said)
    changes = date.fromisoformat(sunday)
    assert {changes + timedelta(days=more) for more in (0, 1)} <= set(dates)
    assert set(dates.values()) == {1}


@pytest.mark.fault(36)
def test_a_post_whose_time_has_no_offset_is_set_aside_and_the_rest_goes_on(app, demo, clock):
    demo.post("one", by="a")
    demo.post("two", by="b")
    demo.events[0]["at"] = "2026-11-03T12:00:00"
    clock.pass_(seconds=1)

    assert app.intake.poll("demo", demo) == 1

    with reading(app.desk.database) as db:
        assert db.execute(select(mentions.c.text)).scalars().all() == ["two"]
        assert db.execute(select(unreadable.c.key)).scalars().all() == ["d1"]


# One that is minutes off; that of Slack, and what people are told, is in tests/test_ailing.py


@on_postgresql
@pytest.mark.fault(35)
def test_our_clock_is_compared_with_the_database_s(app, clock):
    clock.at = datetime.now(UTC)
    app.compare_clocks()
    assert abs(app.watch.clock_off) < MINUTE

    clock.pass_(minutes=10)
    app.compare_clocks()
    assert 9 * MINUTE < app.watch.clock_off < 11 * MINUTE
