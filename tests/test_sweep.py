"""What comes by itself in a week with hours: nights, mornings, evenings, and Slack's silence."""

import time
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event, select, update

from bot.domain.calendar import Calendar, Window
from bot.domain.clock import CHANNEL, OWNER, Repeat, Rung, Standing, Where
from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.team import Rule, Team, Teams
from bot.domain.workday import opens_at, winds_up_at
from storage import journal, verdicts
from storage.database import reading
from storage.tables import conversations, days
from tests.people import ANA, BEN, CARE, LEA, answer, press
from tests.things import HOUR, MINUTE

BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = (Window.read("09:00-17:00"),)
WEEK = Calendar(BERLIN, (*[NINE_TO_FIVE] * 5, (), ()))
TEAM = Team(
    name="care",
    channel=CARE,
    answer_within={Kind.COMPLAINT: HOUR, Kind.QUESTION: 4 * HOUR},
    ladder=(
        Rung(after=-15 * MINUTE, call=OWNER),
        Rung(after=timedelta(0), call=OWNER),
        Rung(after=30 * MINUTE, call=CHANNEL),
    ),
    calendar=WEEK,
    manager=LEA,
    claim_lease=2 * HOUR,
)


def at(day: int, time: str) -> datetime:
    """A moment of November 2026 in Berlin; the 2nd is a Monday."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


class Week:
    """A bot of a team with hours, whose time passes a minute at a time."""

    def __init__(self, assemble, team=TEAM):
        self.assemble, self.demo, self.clock = assemble, assemble.demo, assemble.clock
        self.slack = assemble.slack
        self.clock.at = at(2, "08:00")
        self.become(team)
        self.app.intake.poll("demo", self.demo)

    def become(self, team, **settings):
        self.app = self.assemble(teams=Teams({"care": team}, tell=LEA), **settings)

    def until(self, moment, step=5 * MINUTE, sweeping=True):
        while self.clock.at < moment:
            self.clock.at = min(moment, self.clock.at + step)
            self.turn(sweeping)

    def turn(self, sweeping=True):
        sweep = self.app.sweep
        self.app.intake.poll("demo", self.demo)
        steps = (sweep.let_go_one, sweep.list_one, sweep.nag_some, sweep.redraw_one)
        for each in steps if sweeping else ():
            while each():
                pass
        sweep.alert_some()
        self.app.courier.deliver_all()

    def hear(self, moment, words="My order is broken", **more):
        self.until(moment)
        key = self.demo.post(words, **more)
        self.until(moment + MINUTE)
        return key

    def hear_many(self, moment, count):
        self.until(moment)
        for n in range(count):
            self.demo.post("My order is broken", by=f"customer{n}")
        self.until(moment + MINUTE)

    def every_minute_until(self, moment):
        self.until(moment, step=MINUTE)

    def said(self, words=""):
        return [m for m in self.slack.messages.values() if words in m["text"]]

    def it(self, number=1):
        return self.app.desk.look(number).conversation

    def nags(self, number=1):
        with reading(self.app.desk.database) as db:
            return journal.nags(db, number)


@pytest.fixture
def week(assemble):
    return Week(assemble)


def test_what_falls_late_at_closing_is_said_at_opening_in_the_list_and_only_there(week):
    week.hear_many(at(2, "16:00"), 5)
    week.every_minute_until(at(2, "16:59"))
    before = len(week.said())

    week.until(at(2, "23:00"))
    assert [m["text"] for m in week.said()[before:]] == []

    week.until(at(3, "09:00"))
    week.every_minute_until(at(3, "09:02"))
    [morning] = week.said()[before:]
    assert all(f"@customer{n}" in morning["text"] for n in range(5))
    assert morning["text"].count("<!here>") == 1
    assert [len(week.nags(n)) for n in range(1, 6)] == [2] * 5


def test_a_single_nag_that_fell_due_in_a_break_is_said_in_its_thread(assemble):
    hours = (Window.read("09:00-12:00"), Window.read("13:00-17:00"))
    week = Week(assemble, replace(TEAM, calendar=Calendar(BERLIN, (*[hours] * 5, (), ()))))
    week.hear(at(2, "11:00"))
    week.until(at(2, "11:59"))
    before = len(week.said())

    week.until(at(2, "12:59"))
    assert len(week.said()) == before
    week.until(at(2, "13:01"))

    [nag] = week.said()[before:]
    assert nag["thread_ts"] == week.it().card


def test_many_that_fell_due_in_a_break_are_said_together(assemble):
    hours = (Window.read("09:00-12:00"), Window.read("13:00-17:00"))
    week = Week(assemble, replace(TEAM, calendar=Calendar(BERLIN, (*[hours] * 5, (), ()))))
    week.hear_many(at(2, "11:00"), 2)
    week.until(at(2, "12:59"))
    before = len(week.said())

    week.until(at(2, "13:01"))

    [together] = week.said()[before:]
    assert "thread_ts" not in together
    assert "@customer0" in together["text"]
    assert "@customer1" in together["text"]


@pytest.mark.fault(47)
def test_after_an_outage_of_our_own_many_nags_are_one_list(week):
    week.hear_many(at(2, "10:00"), 6)
    week.until(at(2, "10:01"))
    before = len(week.said())

    week.until(at(2, "13:00"), sweeping=False)
    week.until(at(2, "13:01"))

    assert len([m for m in week.said()[before:] if "fell late" in m["text"]]) == 1


def test_what_was_answered_at_night_is_not_in_the_morning_list(week):
    week.hear_many(at(2, "16:00"), 2)
    week.until(at(2, "20:00"))
    answer(week.app, week.slack, 1, "Sorry!")
    before = len(week.said())

    week.until(at(3, "09:00"))
    week.every_minute_until(at(3, "09:02"))

    [morning] = week.said()[before:]
    assert "@customer0" not in morning["text"]
    assert "@customer1" in morning["text"]


def test_an_urgent_rule_speaks_at_night(assemble):
    rule = Rule(name="VIP", tags=("vip",), first=HOUR, urgent=True)
    week = Week(assemble, replace(TEAM, rules=(rule,)))
    week.hear(at(2, "18:00"))
    assert week.it().due_at == at(3, "10:00")

    week.app.desk.tag(1, LEA, "VIP")
    assert week.it().due_at == at(2, "19:00")
    week.every_minute_until(at(2, "19:01"))

    assert [nag.at for nag in week.nags()] == [at(2, "18:45"), at(2, "19:00")]
    assert len(week.said("should have been answered")) == 1

    week.app.desk.untag(1, LEA, "VIP")
    assert week.it().due_at == at(3, "10:00")


def test_a_tag_counts_for_what_the_customer_writes_later(assemble):
    rule = Rule(name="VIP", tags=("vip",), first=MINUTE)
    week = Week(assemble, replace(TEAM, rules=(rule,)))
    week.hear(at(2, "10:00"), by="mira")
    week.app.desk.tag(1, LEA, "VIP")

    week.hear(at(2, "12:00"), by="mira")

    assert week.it(2).due_at == week.it(2).waiting_since + MINUTE


def test_slack_that_is_down_over_closing_time_leaves_the_nag_for_the_morning(week, workspace):
    week.hear(at(2, "15:50"))
    week.until(at(2, "16:45"))
    workspace.faults.add("broken", "chat.postMessage", times=10_000)
    week.until(at(2, "18:00"))
    assert week.it().rungs_climbed == 2
    workspace.faults.clear()
    before = len(week.said())

    week.until(at(3, "08:59"))
    assert len(week.said()) == before
    week.until(at(3, "09:00"))
    week.every_minute_until(at(3, "09:02"))

    assert len([m for m in week.said()[before:] if "@mira" in m["text"]]) == 1
    assert [nag.rung for nag in week.nags()] == [0, 1]


def test_a_claim_that_nobody_works_on_lets_go_and_says_so_once(week):
    week.hear(at(2, "10:00"), "Where is my invoice?")
    press(week.app, week.slack, "claim", 1)
    week.until(at(2, "12:00"))
    assert week.it().owner == ANA

    week.until(at(2, "12:05"))
    week.until(at(2, "12:30"))

    assert (week.it().state, week.it().owner) == (State.WAITING, None)
    [note] = week.said("so it is free again")
    assert note["thread_ts"] == week.it().card
    assert week.it().due_at == week.it().waiting_since + 4 * HOUR


def test_a_holder_who_opens_the_form_keeps_the_claim(week):
    week.hear(at(2, "10:00"), "Where is my invoice?")
    press(week.app, week.slack, "claim", 1)
    week.until(at(2, "11:30"))

    press(week.app, week.slack, "reply", 1)
    week.until(at(2, "13:00"))

    assert week.it().owner == ANA


def test_a_nag_that_would_say_the_same_again_changes_the_one_before(assemble):
    ladder = (Rung(after=timedelta(0), call=CHANNEL),)
    again = Repeat(every=HOUR, times=2)
    week = Week(assemble, replace(TEAM, ladder=ladder, repeat=again))
    week.hear(at(2, "10:00"))
    week.until(at(2, "11:01"))
    [first] = week.said("should have been answered")

    week.until(at(2, "12:02"))

    assert len(week.nags()) == 2
    [nag] = week.said("should have been answered")
    assert nag["ts"] == first["ts"]
    assert "should have been answered 1 h" in nag["text"]

    press(week.app, week.slack, "claim", 1)
    week.until(at(2, "13:02"))
    assert len(week.said("should have been answered")) == 2
    week.until(at(2, "16:40"))
    assert len(week.nags()) == 3


def test_the_morning_tells_what_waits_what_is_due_and_what_was_promised(week):
    week.hear(at(2, "10:00"), "My lamp is broken", by="promised")
    week.app.answering.reply(
        1, ANA, "Until noon!", mention=1, key="V1", promised_for=at(3, "12:00")
    )
    week.until(at(2, "10:05"))
    week.hear(at(2, "16:30"), "Where is my invoice?", by="due")
    before = len(week.said())

    week.until(at(3, "09:05"))

    [morning] = [m for m in week.said()[before:] if "thread_ts" not in m]
    assert "@promised" in morning["text"]
    assert "@due" in morning["text"]


def test_a_list_is_said_once_by_however_many_workers_and_starts(week):
    week.hear(at(2, "16:30"))
    week.until(at(3, "09:01"))
    before = len(week.said())

    week.become(TEAM)
    week.until(at(3, "09:30"))

    assert [m for m in week.said()[before:] if "thread_ts" not in m] == []


def test_the_evening_tells_what_will_be_late_before_tomorrow_noon(week):
    week.hear(at(2, "16:30"), by="soon")
    week.hear(at(2, "16:31"), "Where is my invoice?", by="later")
    before = len(week.said())

    week.until(at(2, "16:50"))

    [evening] = week.said()[before:]
    assert "@soon" in evening["text"]
    assert "@later" not in evening["text"]


def test_when_nothing_waits_no_list_is_said(week):
    week.until(at(4, "18:00"), step=15 * MINUTE)

    assert week.said() == []


def test_verdicts_are_kept_and_never_rewritten(week):
    week.hear(at(2, "10:00"))
    week.until(at(2, "11:20"))
    answer(week.app, week.slack, 1, "Sorry!")
    with reading(week.app.desk.database) as db:
        [kept] = verdicts.of_conversation(db, 1)

    lenient = replace(TEAM, answer_within={Kind.COMPLAINT: 5 * HOUR})
    week.become(lenient)
    week.app.sweep.recount()

    with reading(week.app.desk.database) as db:
        assert verdicts.of_conversation(db, 1) == [kept]
        assert verdicts.policy(db, TEAM.fingerprint) is None
        assert verdicts.policy(db, lenient.fingerprint) == lenient.policy
    assert kept.verdict is Standing.BROKEN
    assert (kept.response, kept.worked, kept.late) == (4800, 4800, 1200)
    assert (kept.nags, kept.called) == (2, ("here",))
    assert (kept.rule, kept.by, kept.policy) == ("complaint", ANA, TEAM.fingerprint)


def test_a_change_of_policy_is_known_before_anybody_is_called(week):
    week.hear(at(2, "10:00"))
    week.become(replace(TEAM, answer_within={Kind.COMPLAINT: 5 * HOUR}))

    week.until(at(2, "12:00"))

    assert week.nags() == []
    assert week.it().due_at == week.it().waiting_since + 5 * HOUR


def test_a_thousand_open_clocks_are_counted_anew_in_one_go(week, record_property):
    for n in range(1000):
        week.demo.post("My order is broken", by=f"customer{n}")
    week.clock.at += MINUTE
    week.app.intake.poll("demo", week.demo)
    week.become(replace(TEAM, answer_within={Kind.COMPLAINT: 2 * HOUR}))

    began = time.monotonic()
    assert week.app.sweep.recount() == 1000
    changed = time.monotonic() - began
    assert week.app.sweep.recount() == 0
    same = time.monotonic() - began - changed

    told = (
        f"a thousand clocks counted anew: {changed:.1f} s where all change, {same:.2f} s where none"
    )
    record_property("tells", f"{told}, {week.app.desk.database.dialect.name}")


@pytest.mark.fault(38)
def test_one_that_cannot_be_counted_keeps_nobody_from_being_called(week):
    week.hear_many(at(2, "10:00"), 2)
    with week.app.desk.database.begin() as db:
        broken = update(conversations).where(conversations.c.id == 1)
        db.execute(broken.values(waiting_since=datetime(1, 1, 1, tzinfo=UTC)))

    week.until(at(2, "11:05"))

    assert (week.nags(1), len(week.nags(2))) == ([], 2)


class Roads:
    """Notes what would be sent by mail or webhook."""

    def __init__(self):
        self.sent, self.down = [], ()

    def send(self, road, subject, text, *, key, numbers=()):
        if road in self.down:
            raise ConnectionError("down")
        self.sent.append((road, subject, list(numbers)))


MAIL, HOOK = "email:lea@acme.example", "webhook:https://hooks.example/x"


@pytest.fixture
def roads(assemble):
    team = replace(TEAM, roads=(MAIL, HOOK), ladder=(Rung(after=timedelta(0), call=OWNER),))
    week = Week(assemble, team)
    week.roads = week.app.courier.run.__self__.roads = Roads()
    return week


def test_what_slack_does_not_take_for_minutes_goes_by_the_next_road(roads, workspace):
    roads.hear(at(2, "10:00"))
    workspace.faults.add("broken", "chat.postMessage", times=10_000)

    roads.until(at(2, "11:04"))
    assert roads.roads.sent == []
    roads.until(at(2, "11:30"))

    assert [(road, numbers) for road, _, numbers in roads.roads.sent] == [(MAIL, [1])]


def test_a_road_that_is_down_too_leaves_it_to_the_next(roads, workspace):
    roads.hear(at(2, "10:00"))
    workspace.faults.add("broken", "chat.postMessage", times=10_000)
    roads.roads.down = (MAIL,)

    roads.until(at(2, "11:30"))

    assert [road for road, _, _ in roads.roads.sent] == [HOOK]


def test_while_slack_takes_what_is_said_no_other_road_is_used(roads):
    roads.hear(at(2, "10:00"))

    roads.until(at(2, "12:00"))

    assert roads.roads.sent == []


def test_what_was_answered_meanwhile_calls_nobody_by_mail(roads, workspace):
    roads.hear(at(2, "10:00"))
    workspace.faults.add("broken", "chat.postMessage", times=10_000)
    roads.until(at(2, "11:02"))
    roads.app.desk.dismiss(1, BEN, "spam")

    roads.until(at(2, "11:30"))

    assert roads.roads.sent == []


def test_a_rung_can_speak_by_mail_as_well(assemble):
    rung = Rung(after=timedelta(0), call=OWNER, say=Where.EMAIL)
    week = Week(assemble, replace(TEAM, roads=(MAIL, HOOK), ladder=(rung,)))
    roads = week.app.courier.run.__self__.roads = Roads()
    week.hear(at(2, "10:00"))

    week.until(at(2, "12:00"))

    assert [(road, numbers) for road, _, numbers in roads.sent] == [(MAIL, [1])]
    assert len(week.said("should have been answered")) == 1


@pytest.mark.parametrize(
    ("calendar", "moment", "opens", "winds_up"),
    [
        (WEEK, at(2, "12:00"), at(2, "09:00"), at(2, "16:45")),
        (WEEK, at(7, "12:00"), None, None),
        (
            replace(WEEK, week=((Window(0, 86_400),),) * 7),
            at(2, "12:00"),
            at(2, "09:00"),
            at(2, "17:00"),
        ),
    ],
)
def test_a_day_begins_at_its_first_opening_and_ends_shortly_before_its_last_closing(
    calendar, moment, opens, winds_up
):
    assert opens_at(calendar, moment) == opens
    assert winds_up_at(calendar, moment) == winds_up


@contextmanager
def away(database, words):
    """The database breaks off right before the first statement that begins so."""

    def break_off(_c, _cursor, statement, *_):
        if statement.startswith(words):
            event.remove(database, "before_cursor_execute", break_off)
            raise ConnectionError("broken off")

    event.listen(database, "before_cursor_execute", break_off)
    yield


@pytest.mark.fault(29)
def test_a_list_that_could_not_be_written_down_is_said_at_the_next_look(week):
    week.hear_many(at(2, "16:30"), 2)
    week.until(at(3, "08:59"))
    before = len(week.said())
    week.clock.at = at(3, "09:00")

    with away(week.app.desk.database, "INSERT INTO outbox"), pytest.raises(ConnectionError):
        week.app.sweep.list_one()
    week.every_minute_until(at(3, "09:02"))

    [morning] = week.said()[before:]
    assert "@customer0" in morning["text"]


@pytest.mark.fault(38)
def test_a_team_whose_list_goes_wrong_keeps_no_other_team_from_theirs(assemble):
    week = Week(assemble)
    teams = {name: replace(TEAM, name=name, hears=()) for name in ("care", "legal")}
    week.app = assemble(teams=Teams(teams, tell=LEA))
    week.hear_many(at(2, "16:30"), 2)
    week.until(at(3, "08:59"))
    week.clock.at = at(3, "09:00")

    with away(week.app.desk.database, "INSERT INTO outbox"), pytest.raises(ConnectionError):
        week.app.sweep.list_one()

    with reading(week.app.desk.database) as db:
        opened = {day.team: day.opened_at for day in db.execute(select(days))}
    assert opened["care"] < at(3, "09:00") <= opened["legal"]
