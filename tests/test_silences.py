"""Silences: of a team while customers wait, and of an account that something should come from."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.mention import Kind
from bot.domain.team import Teams
from storage import arrivals, journal
from storage.database import reading
from tests.people import ANA, BEN, CARE, LEA
from tests.test_surges import usual
from tests.test_sweep import TEAM, Roads, Week, at
from tests.things import HOUR, MINUTE

MAIL = "email:lea@acme.example"
QUIET = replace(
    TEAM, silent_after=2 * HOUR, answer_within={Kind.COMPLAINT: 24 * HOUR}, claim_lease=HOUR
)
WORDS = ("Nobody of", "is back", "was silent", "Nothing has come", "speaks again")


class Watched(Week):
    """A week in which somebody looks whether anybody works."""

    def turn(self, sweeping: bool = True) -> None:
        self.app.sweep.look_for_silences()
        super().turn(sweeping)

    def told(self) -> list[str]:
        """What was said of silences, to whomever."""
        return [m["text"] for m in self.said() if any(each in m["text"] for each in WORDS)]

    def told_in(self, channel: str) -> list[str]:
        said = self.slack.workspace.channels[channel].messages.values()
        return [m["text"] for m in said if any(each in m["text"] for each in WORDS)]


@pytest.fixture
def week(assemble):
    return Watched(assemble, QUIET)


def test_the_manager_is_told_once_when_nobody_does_anything(week):
    week.hear(at(2, "10:00"))

    week.until(at(2, "11:55"))
    assert week.told() == []
    week.until(at(2, "16:00"))

    [said] = week.told()
    assert "Nobody of care has answered" in said
    assert ", for 2 h" in said
    assert week.told_in(CARE) == [], "it is for the manager"


def test_nights_and_weekends_do_not_count(week):
    week.hear(at(6, "16:00"))  # a Friday

    week.until(at(9, "09:55"), step=15 * MINUTE)
    assert week.told() == []
    week.until(at(9, "10:10"))

    assert len(week.told()) == 1


def test_what_is_found_after_closing_is_told_at_the_opening(week):
    week.hear(at(2, "14:50"))
    week.until(at(2, "16:45"))

    week.clock.at = at(2, "17:05")  # nobody looked at closing time
    week.turn()
    week.until(at(3, "08:55"), step=30 * MINUTE)
    assert week.told() == []
    week.until(at(3, "09:05"))

    assert len(week.told()) == 1


def test_who_does_anything_begins_it_anew_and_the_bots_own_deeds_do_not(week):
    week.hear(at(2, "09:30"))
    week.hear(at(2, "10:00"), words="My order is broken again")
    week.until(at(2, "11:00"))
    week.app.desk.claim(1, ANA)  # and lets go by itself at noon

    week.until(at(2, "12:55"))
    assert (week.told(), week.it(1).owner) == ([], None)
    week.until(at(2, "13:10"))

    assert len(week.told()) == 1


def test_somebody_is_back(week):
    week.hear(at(2, "10:00"))
    week.until(at(2, "13:00"))

    week.app.desk.dismiss(1, BEN, "spam")
    week.until(at(2, "13:10"))

    assert "care is back: <@U0BEN> works on what waits." in week.told()[1]
    assert len(week.told()) == 2


def test_an_answer_on_the_platform_itself_is_a_sign_of_life(week):
    key = week.hear(at(2, "10:00"))
    week.until(at(2, "13:00"))

    week.demo.answer_elsewhere(key, "We are at it")
    week.until(at(2, "13:10"))

    assert "somebody has answered on the platform itself" in week.told()[1]


def test_when_all_customers_take_back_what_they_wrote_that_is_said(week):
    key = week.hear(at(2, "10:00"))
    week.until(at(2, "13:00"))

    week.demo.delete(key)
    week.until(at(2, "13:10"))

    assert "Nobody waits any more" in week.told()[1]


def test_while_nobody_waits_nobody_need_do_anything(week):
    week.hear(at(2, "09:10"))
    week.app.desk.dismiss(1, BEN, "spam")
    week.until(at(2, "12:00"))
    week.hear(at(2, "12:00"), words="Another is broken", by="ken")

    week.until(at(2, "13:50"))
    assert week.told() == []


def test_whom_somebody_has_put_aside_is_no_reason(week):
    week.hear(at(2, "09:10"))
    week.app.desk.snooze(1, BEN, at(3, "12:00"), "parcel")

    week.until(at(2, "16:30"))

    assert week.told() == []


def test_what_was_heard_late_was_not_known_before(week):
    week.until(at(2, "10:00"))
    week.demo.post("My order is broken")
    week.clock.at = at(2, "15:00")  # the bot was down
    week.turn()

    week.until(at(2, "16:30"))

    assert week.told() == []


def test_a_team_that_wants_it_never_is_never_told(week):
    week.become(replace(QUIET, silent_after=None))
    week.hear(at(2, "10:00"))

    week.until(at(2, "16:55"))

    assert week.told() == []


def test_while_slack_is_down_the_next_road_tells_it(assemble, workspace):
    week = Watched(assemble, replace(QUIET, roads=(MAIL,)))
    roads = week.app.courier.run.__self__.roads = Roads()
    texts = []
    send = roads.send
    roads.send = lambda road, subject, text, **more: (
        texts.append(text),
        send(road, subject, text, **more),
    )
    week.hear(at(2, "10:00"))
    workspace.faults.add("broken", "chat.postMessage", times=10_000)

    week.until(at(2, "12:20"))

    assert [(road, numbers) for road, _, numbers in roads.sent] == [(MAIL, [1])]
    assert (
        "Nobody of care has answered, claimed or dismissed anything since 2026-11-02 10:0"
        in texts[0]
    )
    assert "Slack has not taken these calls" in texts[0]


def test_while_slack_takes_it_no_other_road_is_used(assemble):
    week = Watched(assemble, replace(QUIET, roads=(MAIL,)))
    roads = week.app.courier.run.__self__.roads = Roads()
    week.hear(at(2, "10:00"))

    week.until(at(2, "13:00"))

    assert (len(week.told()), roads.sent) == (1, [])


def test_two_workers_tell_it_once(week):
    week.hear(at(2, "10:00"))
    other = week.assemble(teams=Teams({"care": QUIET}, tell=LEA))
    week.clock.at = at(2, "12:30")

    for worker in (week.app, other):
        worker.sweep.look_for_silences()
    week.turn()

    assert len(week.told()) == 1


def test_the_last_sign_of_life_is_of_that_team(app, hear):
    hear()
    app.desk.claim(1, ANA)

    with reading(app.desk.database) as db:
        since = app.desk.now() - timedelta(hours=1)
        found = journal.last_sign(db, "care", since)
        others = journal.last_sign(db, "press", since)

    assert (found.by, others) == (ANA, None)


# Accounts


def listen_in(week, *, per_hour=2):
    usual(week.app, week.clock.at, per_hour=per_hour)


def test_an_account_that_says_nothing_for_unusually_long_is_told_once_in_the_channel(week):
    listen_in(week)

    week.until(week.clock.at + timedelta(days=8), step=30 * MINUTE)

    [said] = week.told_in(CARE)
    assert "Nothing has come from demo since" in said
    assert "`python -m bot check`" in said


def test_it_is_told_when_the_account_speaks_again(week):
    listen_in(week)
    week.until(week.clock.at + timedelta(days=8), step=30 * MINUTE)

    week.demo.post("Hello?")
    week.turn()
    week.until(week.clock.at + 10 * MINUTE)

    assert "demo speaks again" in week.told_in(CARE)[1]


def test_an_account_that_cannot_be_read_is_told_of_elsewhere(week, clock):
    listen_in(week)
    week.app.intake.poll = lambda *_: 0  # no fetch succeeds

    week.until(week.clock.at + timedelta(days=8), step=30 * MINUTE)

    assert week.told_in(CARE) == []


def test_a_day_without_anybody_is_not_unusual_where_few_write(week):
    with week.app.desk.database.begin() as db:
        for day in range(1, 28):
            early = arrivals.piece(week.clock.at - timedelta(days=day))
            arrivals.add(db, "demo", "care", early, 1)

    week.until(week.clock.at + timedelta(days=4), step=HOUR)

    assert week.told_in(CARE) == []
