"""Times as people say and choose them, by the clock on their team's wall."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS, Calendar, Day, Window
from bot.domain.problems import NotPossible
from bot.slack import times

BERLIN = ZoneInfo("Europe/Berlin")
WORK = (Window.read("09:00-12:30"), Window.read("13:30-17:00"))
OFFICE = Calendar(BERLIN, (WORK,) * 5 + ((), ()))
NIGHTS = Calendar(BERLIN, ((Window.read("17:00-09:00+1"),),) * 7)
NEVER = Calendar(BERLIN, ((),) * 7)
MIDDAY = datetime(2026, 11, 24, 11, 0, tzinfo=UTC)  # a Tuesday, 12:00 in Berlin


def berlin(day, clock, month=11):
    hour, minute = map(int, clock.split(":"))
    return datetime(2026, month, day, hour, minute, tzinfo=BERLIN)


def test_what_one_promises_with_one_click():
    assert times.promises(OFFICE, MIDDAY) == [
        ("In two working hours: Tue 24 Nov 15:00", berlin(24, "15:00")),
        ("Today by closing: Tue 24 Nov 17:00", berlin(24, "17:00")),
        ("Tomorrow noon: Wed 25 Nov 12:00", berlin(25, "12:00")),
        ("Friday noon: Fri 27 Nov 12:00", berlin(27, "12:00")),
        ("In a week: Tue 1 Dec 12:00", berlin(1, "12:00", 12)),
    ]


def test_nobody_promises_for_a_day_off():
    labels = [label for label, _ in times.promises(OFFICE, berlin(27, "18:00"))]

    assert labels == [
        "In two working hours: Mon 30 Nov 11:00",
        "Monday noon: Mon 30 Nov 12:00",
        "In a week: Fri 4 Dec 18:00",
    ]


def test_a_holiday_is_no_friday():
    closed = Calendar(BERLIN, OFFICE.week, days={date(2026, 11, 27): Day("Inventory", ())})

    assert "Friday" not in str(times.promises(closed, MIDDAY))


def test_who_never_closes_has_an_evening_and_a_morning():
    assert [label for label, _ in times.promises(ALWAYS, MIDDAY)][:2] == [
        "In two working hours: Tue 24 Nov 13:00",
        "This evening: Tue 24 Nov 18:00",
    ]
    assert [label for label, _ in times.snoozes(ALWAYS, MIDDAY)] == [
        "In an hour: Tue 24 Nov 12:00",
        "Tomorrow morning: Wed 25 Nov 09:00",
        "In a week: Tue 1 Dec 11:00",
    ]


def test_until_when_one_snoozes_with_one_click():
    assert times.snoozes(OFFICE, MIDDAY) == [
        ("In an hour: Tue 24 Nov 13:00", berlin(24, "13:00")),
        ("At the next opening: Tue 24 Nov 13:30", berlin(24, "13:30")),
        ("Tomorrow at opening: Wed 25 Nov 09:00", berlin(25, "09:00")),
        ("In a week: Tue 1 Dec 12:00", berlin(1, "12:00", 12)),
    ]


def test_one_moment_is_offered_once():
    labels = [label for label, _ in times.snoozes(OFFICE, berlin(27, "14:00"))]

    assert labels == [
        "In an hour: Fri 27 Nov 15:00",
        "At the next opening: Mon 30 Nov 09:00",
        "In a week: Fri 4 Dec 14:00",
    ]


def test_a_calendar_without_hours_offers_what_needs_none():
    assert len(times.promises(NEVER, MIDDAY)) == 1
    assert len(times.snoozes(NEVER, MIDDAY)) == 2


@given(
    st.sampled_from([OFFICE, NIGHTS, ALWAYS, NEVER]),
    st.timedeltas(timedelta(0), timedelta(days=700)),
)
def test_what_is_offered_is_to_come_by_the_minute_and_in_order(calendar, later):
    now = MIDDAY + later
    for offered in (times.promises(calendar, now), times.snoozes(calendar, now)):
        moments = [at for _, at in offered]
        assert moments == sorted(set(moments))
        assert all(at > now and (at.second, at.microsecond) == (0, 0) for at in moments)
        assert all(label.endswith(times.shown(at, calendar.zone)) for label, at in offered)
        assert all(len(label) <= 75 for label, _ in offered)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2h", berlin(24, "14:00")),
        ("2 hours", berlin(24, "14:00")),
        ("an hour", berlin(24, "13:00")),
        ("90 min", berlin(24, "13:30")),
        ("90m", berlin(24, "13:30")),
        ("3 days", berlin(27, "12:00")),
        ("in a week", berlin(1, "12:00", 12)),
        ("today", berlin(24, "17:00")),
        ("tomorrow", berlin(25, "09:00")),
        ("Tomorrow 14:00", berlin(25, "14:00")),
        ("tomorrow noon", berlin(25, "12:00")),
        ("fri", berlin(27, "09:00")),
        ("until Friday", berlin(27, "09:00")),
        ("fri 12:00", berlin(27, "12:00")),
        ("friday, at 2pm", berlin(27, "14:00")),
        ("thurs 2:30 pm", berlin(26, "14:30")),
        ("sat", berlin(28, "09:00")),
        ("tue", berlin(1, "09:00", 12)),
        ("tue 14:00", berlin(24, "14:00")),
        ("tue 11:00", berlin(1, "11:00", 12)),
        ("14:30", berlin(24, "14:30")),
        ("at 9am", berlin(25, "09:00")),
        ("12am", berlin(25, "00:00")),
        ("2026-11-27 12:00", berlin(27, "12:00")),
        ("2026-11-27", berlin(27, "09:00")),
        ("27 nov", berlin(27, "09:00")),
        ("Fri 27 Nov 12:00", berlin(27, "12:00")),
        ("27. November 12:00", berlin(27, "12:00")),
        ("5 jan 10:00", berlin(5, "10:00", 1).replace(year=2027)),
        ("next opening", berlin(24, "13:30")),
        ("at the next opening", berlin(24, "13:30")),
    ],
)
def test_times_are_read_as_people_write_them(said, meant):
    assert times.read(said, OFFICE, MIDDAY) == meant


NO_TIMES = """
soon
25:00
14:75
fri 12
13pm
31 nov
0 nov
2026-02-30
2026-13-01
fri noon please
opening hours
5
sa
27 banana
1000h
noon noon
14:30 today
""".strip().splitlines()


@pytest.mark.parametrize("said", ["", *NO_TIMES])
def test_what_is_no_time_is_quoted_with_examples(said):
    with pytest.raises(times.NotATime) as refused:
        times.read(said, OFFICE, MIDDAY)

    assert f"“{said}”" in str(refused.value)
    assert "`fri 12:00`" in str(refused.value)


@pytest.mark.parametrize("said", ["2026-11-23 12:00", "today 11:59", "2020-01-01", "0 min"])
def test_what_is_over_is_said_to_be(said):
    with pytest.raises(times.Over, match="is over already"):
        times.read(said, OFFICE, MIDDAY)


@pytest.mark.parametrize("said", ["61 days", "999 weeks", "2027-06-01", "23 nov", "2099-12-31"])
def test_what_is_far_away_is_said_to_be(said):
    with pytest.raises(times.TooFar, match="more than 60 days away"):
        times.read(said, OFFICE, MIDDAY)


def test_a_calendar_that_never_opens_has_no_next_opening():
    for calendar in (NEVER, ALWAYS):
        with pytest.raises(times.NotATime):
            times.read("next opening", calendar, MIDDAY)


@pytest.mark.parametrize(
    ("words", "meant", "rest"),
    [
        ("fri 12:00 waiting for the parcel", berlin(27, "12:00"), "waiting for the parcel"),
        ("2h: 3 parcels are on their way", berlin(24, "14:00"), "3 parcels are on their way"),
        ("until tomorrow, they are asleep", berlin(25, "09:00"), "they are asleep"),
        ("tomorrow", berlin(25, "09:00"), ""),
        ("Fri 27 Nov 12:00 - stock", berlin(27, "12:00"), "stock"),
    ],
)
def test_a_time_is_followed_by_its_reason(words, meant, rest):
    assert times.begin(words, OFFICE, MIDDAY) == (meant, rest)


@pytest.mark.parametrize(
    ("words", "rest"),
    [
        ("until they write", ""),
        ("until they write, the parcel is at customs", "the parcel is at customs"),
        ("until the customer replies again waiting", "waiting"),
        ("they answer", ""),
        ("until friday", None),
        ("they writed", None),
    ],
)
def test_until_they_write_is_understood(words, rest):
    assert times.until_they_write(words) == rest


def test_a_wall_that_turns_its_clocks_keeps_its_hours():
    before = datetime(2026, 10, 23, 10, 0, tzinfo=UTC)  # the Friday before summer time ends

    assert times.read("mon 12:00", OFFICE, before) == datetime(2026, 10, 26, 11, 0, tzinfo=UTC)
    assert times.promises(OFFICE, before)[-1][1] - before == timedelta(days=7, hours=1)


@given(st.text(alphabet="0123456789:amphfri .-<>&tomw", max_size=40))
def test_no_words_break_it(words):
    with suppress(NotPossible):
        assert MIDDAY < times.read(words, OFFICE, MIDDAY) <= MIDDAY + times.AHEAD
