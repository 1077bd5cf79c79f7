"""Where a platform lets nobody answer after a while: it is said before, and shown then."""

import threading
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.calendar import Calendar, Window, zone
from bot.domain.closing import LEAD, warn_at
from bot.domain.conversation import State
from bot.domain.problems import CannotReplyHere
from storage import mentions
from storage.database import reading
from tests.conftest import NOON
from tests.people import answer, form, press
from tests.slack.cases import shown
from tests.slack.test_listeners import card, forms_before
from tests.things import HOUR, MINUTE

A_DAY = timedelta(days=1)
WEEKDAYS = Calendar(zone("Europe/Berlin"), (*[(Window.read("09:00-17:00"),)] * 5, (), ()))


@pytest.fixture
def window(hear, clock):
    """A private message that can be answered for a day."""

    def open_(words="Where is my parcel?", **more):
        return hear(words, public=False, reply_by=(clock() + A_DAY).isoformat(), **more)

    return open_


def said(slack):
    return [m["text"] for m in slack.messages.values() if "lets nobody answer" in m["text"]]


def warned(app):
    while app.sweep.warn_one():
        pass
    app.courier.deliver_all()


def test_the_card_and_the_form_say_until_when(app, slack, window):
    window()

    assert "can be answered until" in shown(card(app, slack))
    press(app, slack, "reply", 1)
    assert "It can be answered until" in shown(form(slack))


def test_two_hours_before_its_end_its_holder_is_told_once(app, slack, window, clock):
    window()
    press(app, slack, "claim", 1)
    clock.pass_(hours=21, minutes=59)
    warned(app)
    assert said(slack) == []

    clock.pass_(minutes=1)
    warned(app)
    warned(app)

    [told] = said(slack)
    assert told.startswith("<@U0ANA>, the demo platform lets nobody answer this after")
    assert "in 1 h 59 min" in told


def test_where_nobody_has_it_the_channel_is_told(app, slack, window, clock):
    window()
    clock.pass_(hours=23)

    warned(app)

    assert said(slack)[0].startswith("<!channel>")


def test_what_was_answered_is_not_warned_of(app, slack, window, clock):
    window()
    answer(app, slack, 1, "It arrives today.")
    clock.pass_(hours=23)

    warned(app)

    assert said(slack) == []


def test_what_is_answered_before_the_warning_is_said_is_not_warned_of(app, slack, window, clock):
    window()
    clock.pass_(hours=23)
    while app.sweep.warn_one():
        pass
    answer(app, slack, 1, "It arrives today.")

    assert said(slack) == []


def test_when_it_is_over_the_card_says_so_and_offers_another_way(app, slack, window, clock):
    window()
    press(app, slack, "reply", 1)
    clock.pass_(days=1)
    while app.sweep.redraw_one():
        pass
    app.courier.deliver_all()

    drawn = shown(card(app, slack))
    assert "can't be answered from here: The time in which its platform" in drawn
    assert "I answered there" in drawn
    assert app.desk.look(1).conversation.state in (State.WAITING, State.CLAIMED)


def test_who_is_too_late_hears_it_before_they_write_and_keeps_their_words(
    app, slack, window, clock
):
    window()
    clock.pass_(days=1)

    press(app, slack, "reply", 1)

    assert forms_before(slack, "U0ANA") == []
    assert "is over" in slack.whispers[-1]["text"]
    with pytest.raises(CannotReplyHere, match="is over"):
        app.answering.reply(1, "U0ANA", "Hello", mention=1, key="k1")


def test_further_words_open_it_again(app, slack, window, clock):
    window()
    clock.pass_(hours=23)
    window("Anybody?", thread="d1")
    clock.pass_(hours=2)

    answer(app, slack, 1, "It arrives today.")

    assert app.desk.look(1).conversation.state is State.ANSWERED


def test_two_workers_warn_once(app, slack, window, clock):
    for number in range(6):
        window(by=f"c{number}")
    clock.pass_(hours=23)

    def work():
        while app.sweep.warn_one():
            pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for _ in range(10):
        clock.pass_(seconds=2)
        app.courier.deliver_all()

    assert len(said(slack)) == 6


def test_without_any_nothing_is_asked_for_twice(app, hear, database, clock):
    hear()

    assert not app.sweep.warn_one()
    with reading(database) as db:
        assert mentions.to_warn_of(db, clock() + A_DAY) is None


@pytest.mark.parametrize(
    ("said_at", "over_at", "told_at"),
    [
        ("2026-11-03T09:00", "2026-11-04T09:00", "2026-11-03T15:00"),  # an hour of each day
        ("2026-11-03T09:00", "2026-11-03T23:00", "2026-11-03T14:00"),  # before they go home
        ("2026-11-06T15:30", "2026-11-07T15:30", "2026-11-06T15:30"),  # half an hour is left
        ("2026-11-07T09:00", "2026-11-08T09:00", "2026-11-07T09:00"),  # a weekend: at once
    ],
)
def test_the_warning_leaves_two_hours_of_work(said_at, over_at, told_at):
    """In UTC; Berlin is an hour ahead."""
    at, end, wanted = (
        datetime.fromisoformat(each).replace(tzinfo=UTC) for each in (said_at, over_at, told_at)
    )

    told = warn_at(WEEKDAYS, at, end)

    assert told == wanted
    assert WEEKDAYS.between(told, end) >= min(LEAD, WEEKDAYS.between(at, end))


def test_what_is_over_before_it_was_heard_is_told_at_once():
    assert warn_at(WEEKDAYS, NOON, NOON - HOUR) == NOON
    assert warn_at(WEEKDAYS, NOON, NOON + MINUTE) == NOON
