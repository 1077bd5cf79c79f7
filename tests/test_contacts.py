"""What came by phone or out of Slack, and what somebody wants to be reminded of."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from bot.contacts import Contacts
from bot.domain.calendar import Calendar, Window
from bot.domain.conversation import State
from bot.domain.mention import Kind
from bot.domain.problems import CannotLog, CannotRemind, CannotReplyHere
from bot.domain.team import Teams
from bot.merging import Merging
from bot.timers import wind_up
from storage import follow_ups, mentions, outbox
from storage.database import reading
from storage.tables import audit
from tests.conftest import CARE, NOON
from tests.people import ANA, BEN, LEA, nag_all, press
from tests.things import HOUR, MINUTE, at_once

EIGHT_TO_SIX = ((Window(8 * 3600, 18 * 3600),),) * 5 + ((), ())
OFFICE = Calendar(ZoneInfo("UTC"), EIGHT_TO_SIX)


@pytest.fixture
def contacts(app) -> Contacts:
    return Contacts(app.desk)


@pytest.fixture
def log(contacts, clock):
    def one(words: str = "My order is broken", **more) -> int:
        told = {"how": "phone", "name": "Mira", "handle": "+49 30 123", "kind": Kind.COMPLAINT}
        return contacts.log(ANA, "care", **{**told, "at": clock(), **more}, words=words)

    return one


def conversation(app, number: int = 1):
    return app.desk.look(number).conversation


def work(app, clock, seconds: int = 15) -> None:
    for _ in range(seconds):
        clock.pass_(seconds=1)
        app.courier.deliver_all()


def said(slack) -> list[str]:
    return [m["text"] for m in slack.messages.values()]


def done(app) -> list[tuple]:
    with reading(app.desk.database) as db:
        rows = db.execute(select(audit).order_by(audit.c.id))
        return [(row.by, row.what, row.conversation, row.about) for row in rows]


# What came otherwise


def test_a_call_has_a_card_and_a_clock_like_any_other(app, slack, clock, log):
    clock.pass_(minutes=30)

    number = log(at=NOON)
    work(app, clock)

    it = conversation(app, number)
    assert (it.state, it.kind, it.judged_by, it.due_at) == (
        State.WAITING,
        Kind.COMPLAINT,
        ANA,
        NOON + HOUR,
    )
    assert "My order is broken" in slack.messages[it.card]["text"]
    press(app, slack, "claim", number)
    clock.pass_(minutes=31)
    nag_all(app)
    work(app, clock)
    assert any("should have been answered" in text for text in said(slack))
    app.answering.answered_there(number, ANA)
    assert conversation(app, number).state is State.ANSWERED


@pytest.mark.parametrize("how", ["phone", "counter", "corridor", "letter", "other"])
def test_it_can_not_be_answered_from_here_and_says_how_instead(app, slack, clock, log, how):
    number = log(how=how)
    work(app, clock)

    asked = app.desk.look(number).latest
    with pytest.raises(CannotReplyHere) as refused:
        app.answering.reply(number, ANA, "So sorry!", mention=asked.id, key="k")
    assert "ADAPTERS" not in str(refused.value)
    assert asked.no_reply in str(refused.value)
    assert app.desk.ability(how) is None


def test_the_next_call_goes_on_while_it_is_open_and_begins_anew_after_that(app, slack, clock, log):
    first = log()
    clock.pass_(minutes=5)
    assert log("And the box, too", handle="+49 (30) 123") == first
    assert conversation(app, first).due_at == NOON + HOUR
    work(app, clock)
    assert any("And the box, too" in text for text in said(slack))

    app.answering.answered_there(first, ANA)
    clock.pass_(minutes=5)
    second = log("It is me again")

    assert second != first
    assert app.desk.look(second).past.times == 1
    assert app.desk.look(second).known_by == [ANA]


def test_who_calls_and_who_writes_a_letter_are_two_until_somebody_joins_them(log):
    assert log() != log(how="letter")
    assert log(handle="+49 30 999") not in (1, 2)


def test_those_who_gave_no_number_are_each_somebody_else(app, log):
    one = log(name="", handle="")
    two = log("Another matter", name="", handle="")

    assert conversation(app, one).customer != conversation(app, two).customer


def test_what_is_said_again_by_the_same_words_at_the_same_moment_is_logged_once(app, log):
    assert log() == log()

    assert len(app.desk.look(1).mentions) == 1


def test_a_call_about_what_was_merged_goes_on_there(app, log, clock, contacts):
    first = log()
    letter = log("I wrote, too", how="letter")
    merging = Merging(app.desk)
    merging.join(conversation(app, first).customer, conversation(app, letter).customer, ANA)
    merging.merge(letter, first, ANA)
    clock.pass_(minutes=3)

    assert log("Hello?") == letter


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"at": NOON + 10 * MINUTE}, "still to come"),
        ({"at": NOON - timedelta(days=61)}, "more than 60 days ago"),
        ({"words": "  "}, "nothing in it"),
        ({"words": "x" * 20_001}, "too long by 1 char"),
        ({"how": "pigeon"}, "Choose how it came"),
        ({"how": "slack"}, "Choose how it came"),
    ],
)
def test_what_can_not_be_logged_says_why(app, log, wrong, says):
    with pytest.raises(CannotLog, match=says):
        log(**wrong)
    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []


def test_a_team_that_is_not_there_says_which_are(contacts):
    with pytest.raises(CannotLog, match="There are: care"):
        contacts.from_message(
            ANA, "sales", channel="C", ts="1", author="U1", name="", words="x", at=NOON
        )


def test_what_no_database_keeps_is_kept_all_the_same(app, log):
    number = log("bro\0ken \ud800", name="Mi\0ra", handle="mi\0ra")

    assert app.desk.look(number).latest.text == "bro\ufffdken \ufffd"


def test_the_audit_tells_who_logged_it_and_none_of_the_words(app, log):
    number = log()

    assert (ANA, "log", number, {"how": "phone", "came": NOON.isoformat()}) in done(app)
    assert "broken" not in str(done(app))


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_who_log_one_call_at_once_log_it_once(log):
    log("The first", handle="+49 30 123")

    numbers = at_once(lambda _: log("It is broken"), times=4)

    assert Counter(numbers) == {1: 4}


def test_a_message_is_made_a_conversation_once(app, slack, clock, contacts):
    def make() -> int:
        return contacts.from_message(
            BEN,
            "care",
            channel="C0SHARED",
            ts="1700000000.0001",
            author="U0PARTNER",
            name="Pat",
            words="The order for our shop is broken",
            at=NOON - 5 * MINUTE,
            url="https://acme.slack.com/archives/C0SHARED/p17000000000001",
        )

    number = make()
    work(app, clock)

    assert make() == number
    it = conversation(app, number)
    assert (it.account, it.kind, it.due_at) == ("slack", Kind.COMPLAINT, NOON + 55 * MINUTE)
    assert len(app.desk.look(number).mentions) == 1
    other = contacts.from_message(
        BEN, "care", channel="C0SHARED", ts="2", author="U0PARTNER", name="Pat", words="x", at=NOON
    )
    assert other != number


def test_what_no_adapter_brought_is_looked_after_by_every_sweep(app, slack, demo, clock, log):
    log(how="counter")
    work(app, clock)
    clock.pass_(hours=30)

    for step in (app.sweep.let_go_one, app.sweep.list_one, app.sweep.nag_some):
        while step():
            pass
    while app.sweep.redraw_one():
        pass
    app.sweep.recount()
    app.desk.rehang()
    work(app, clock)

    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []
        assert mentions.watched(db, "counter", most=9)


# Later


def follow(app) -> None:
    while app.sweep.follow_up_one():
        pass


def test_when_the_time_has_come_it_has_a_card_of_its_own_and_somebody_is_called(
    app, slack, clock, hear, contacts
):
    hear()
    app.answering.answered_there(1, BEN)
    work(app, clock)
    old = conversation(app).card
    contacts.follow_up(1, ANA, NOON + 48 * HOUR, "Does it <!here> work?")
    follow(app)
    assert conversation(app).state is State.ANSWERED
    clock.pass_(hours=48)

    follow(app)
    work(app, clock)

    it = conversation(app)
    assert (it.state, it.owner, it.waits, it.promised_by) == (State.CLAIMED, ANA, False, ANA)
    assert it.due_at == NOON + 52 * HOUR + timedelta(seconds=16)
    assert it.card != old
    assert slack.messages[old]["text"].startswith("#1 goes on below: <https://acme.slack.com/")
    [called] = [m for m in slack.messages.values() if "you wanted to be reminded" in m["text"]]
    assert called["text"] == "<@U0ANA>, you wanted to be reminded: Does it &lt;!here&gt; work?"
    assert called["thread_ts"] == it.card
    press(app, slack, "settle", 1)
    assert conversation(app).state is State.ANSWERED


def test_what_is_open_by_then_only_hears_of_it(app, slack, clock, hear, contacts):
    hear()
    card = conversation(app).card
    contacts.follow_up(1, ANA, NOON + HOUR, "")
    clock.pass_(hours=1)

    follow(app)
    work(app, clock)

    assert (conversation(app).card, conversation(app).state) == (card, State.WAITING)
    assert sum("you wanted to ask how it went" in text for text in said(slack)) == 1


def test_what_was_merged_is_asked_about_where_it_went(app, slack, clock, hear, contacts):
    hear(by="mira")
    hear(by="mira")
    contacts.follow_up(2, ANA, NOON + HOUR, "Does it work?")
    Merging(app.desk).merge(1, 2, ANA)
    clock.pass_(hours=1)

    follow(app)
    work(app, clock)

    [called] = [m for m in slack.messages.values() if "reminded" in m["text"]]
    assert called["thread_ts"] == conversation(app, 1).card


def test_at_night_it_waits_for_the_opening(assemble, clock, slack, demo):
    clock.at = datetime(2026, 11, 3, 17, tzinfo=UTC)
    bot = assemble(teams=Teams({"care": replace(CARE, calendar=OFFICE)}, tell=LEA))
    bot.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    bot.intake.poll("demo", demo)
    bot.answering.answered_there(1, BEN)
    Contacts(bot.desk).follow_up(1, ANA, datetime(2026, 11, 3, 20, tzinfo=UTC), "Works?")
    clock.at = datetime(2026, 11, 3, 20, 1, tzinfo=UTC)

    follow(bot)
    assert conversation(bot).state is State.ANSWERED
    clock.at = datetime(2026, 11, 4, 8, tzinfo=UTC)
    follow(bot)

    assert conversation(bot).due_at == datetime(2026, 11, 4, 12, tzinfo=UTC)


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_many_workers_say_it_once(app, clock, hear, contacts):
    hear()
    for _ in range(3):
        contacts.follow_up(1, ANA, NOON + HOUR, "Works?")
    clock.pass_(hours=1)

    at_once(lambda _: [app.sweep.follow_up_one() for _ in range(4)], times=4)

    with reading(app.desk.database) as db:
        keys = [each.key for each in outbox.pending(db) if "follow_up" in each.key]
    assert sorted(keys) == [f"note:1:follow_up:{number}" for number in (1, 2, 3)]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_sweep_does_not_wait_for_a_reminder_that_another_is_saying(app, clock, hear, contacts):
    hear()
    contacts.follow_up(1, ANA, NOON + HOUR, "Works?")
    clock.pass_(hours=1)

    with app.desk.database.begin() as db:
        assert follow_ups.hold_next(db, clock())
        assert not app.sweep.follow_up_one()


def test_one_that_can_not_be_said_does_not_keep_the_others_waiting(app, clock, hear, contacts):
    hear(by="mira")
    hear(by="ben")
    contacts.follow_up(1, ANA, NOON + HOUR, "This one")
    contacts.follow_up(2, ANA, NOON + HOUR + MINUTE, "That one")
    with app.desk.database.begin() as db:
        db.exec_driver_sql("UPDATE conversations SET state = 'unheard of' WHERE id = 1")
    clock.pass_(hours=2)

    follow(app)

    with reading(app.desk.database) as db:
        keys = [each.key for each in outbox.pending(db) if "follow_up" in each.key]
        assert keys == ["note:2:follow_up:2"]
        assert follow_ups.get(db, 1).due_at > clock()


def test_what_is_still_to_come_can_be_seen_and_dropped(app, clock, hear, contacts):
    hear()
    number = contacts.follow_up(1, ANA, NOON + HOUR, "Works?")
    customer = conversation(app).customer
    [wanted] = contacts.follow_ups(customer)
    assert (wanted.id, wanted.by, wanted.text) == (number, ANA, "Works?")

    contacts.drop_follow_up(number, BEN)

    assert contacts.follow_ups(customer) == []
    with pytest.raises(CannotRemind, match="not there any more"):
        contacts.drop_follow_up(number, BEN)
    clock.pass_(hours=2)
    assert not app.sweep.follow_up_one()
    assert [each[:2] for each in done(app)] == [(ANA, "follow_up_wanted"), (BEN, "drop_follow_up")]
    assert "Works?" not in str(done(app))


@pytest.mark.parametrize(
    ("at", "text", "says"),
    [
        (NOON, "x", "That time is over"),
        (NOON + timedelta(days=400), "x", "more than a year"),
        (NOON + HOUR, "x" * 1001, "Shorten it by 1"),
    ],
)
def test_what_nobody_can_be_reminded_of_says_why(hear, contacts, at, text, says):
    hear()

    with pytest.raises(CannotRemind, match=says):
        contacts.follow_up(1, ANA, at, text)


def test_timers_look_for_reminders(app):
    timers = wind_up(app.sweep, app.courier, app.intake, {})

    assert app.sweep.follow_up_one.__name__ in timers.pulse.silences()
