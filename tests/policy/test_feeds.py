import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.domain.rota import Duty
from bot.policy import feeds
from bot.policy.feeds import Unreadable, duties_in, holidays_in, read_file
from tests.feeds import GOOGLE, OPSGENIE, PAGERDUTY, calendar, day_off

YEARS = range(2026, 2029)
BERLIN = ZoneInfo("Europe/Berlin")
START, END = datetime(2026, 7, 1, tzinfo=UTC), datetime(2026, 7, 15, tzinfo=UTC)
PEOPLE = {"Ana Lee": "U0ANA", "ana@acme.example": "U0ANA", "Ben Okafor": "U0BEN"}
EVERY_DAY = "DTSTART:20260701T080000Z\nDTEND:20260701T090000Z\nSUMMARY:U0ANA1\n"


def duties(text: str, people=PEOPLE, **more):
    return duties_in(text, people, START, END, BERLIN, **more)


def test_holidays_as_google_has_them_without_what_only_is_observed():
    assert holidays_in(GOOGLE, YEARS) == {date(2026, 12, 25): "Christmas Day"}


def test_holidays_of_several_days_and_of_every_year():
    text = calendar(
        day_off("20261224", "Winter break", "DTEND;VALUE=DATE:20261227"),
        day_off("20200501", "May Day", "RRULE:FREQ=YEARLY"),
    )

    assert holidays_in(text, range(2026, 2028)) == {
        date(2026, 5, 1): "May Day",
        date(2026, 12, 24): "Winter break",
        date(2026, 12, 25): "Winter break",
        date(2026, 12, 26): "Winter break",
        date(2027, 5, 1): "May Day",
    }


def test_only_days_that_are_off_as_a_whole_are_holidays():
    text = calendar(
        "DTSTART:20260701T080000Z\nDTEND:20260701T180000Z\nSUMMARY:Meeting",
        day_off("20260702", "Called off", "STATUS:CANCELLED"),
        day_off("20260703", "Took back", "RRULE:FREQ=YEARLY", "EXDATE;VALUE=DATE:20260703"),
        day_off("20260704", ""),
    )

    assert holidays_in(text, range(2026, 2027)) == {date(2026, 7, 4): "holiday"}


def test_a_break_that_began_in_the_year_before_reaches_into_this_one():
    text = calendar(day_off("20251229", "Winter break", "DTEND;VALUE=DATE:20260103"))

    assert list(holidays_in(text, YEARS)) == [date(2026, 1, 1), date(2026, 1, 2)]


def test_duties_as_pagerduty_has_them():
    assert duties(PAGERDUTY) == [
        Duty(datetime(2026, 7, 1, 7, tzinfo=UTC), datetime(2026, 7, 8, 7, tzinfo=UTC), "U0ANA"),
        Duty(datetime(2026, 7, 8, 7, tzinfo=UTC), datetime(2026, 7, 15, 7, tzinfo=UTC), "U0BEN"),
    ]


def test_duties_as_opsgenie_has_them_by_the_title_and_not_by_what_else_is_said():
    found = duties(OPSGENIE, {"ana@acme.example": "U0ANA", "ben@acme.example": "U0BEN"})

    assert len(found) == 10
    assert {duty.who for duty in found} == {"U0ANA"}
    assert (found[0].start.hour, found[0].end.hour) == (7, 15)


def test_a_duty_by_who_attends_and_by_a_member_id():
    text = calendar(
        "DTSTART:20260702T080000Z\nDTEND:20260702T090000Z\nSUMMARY:Care\n"
        "ATTENDEE;CN=Ana:mailto:ANA@acme.example\nDESCRIPTION:instead of Ben Okafor",
        "DTSTART:20260703T080000Z\nDTEND:20260703T090000Z\nSUMMARY:U0NEW12 and Ben Okafor",
        "DTSTART:20260704T080000Z\nDTEND:20260704T090000Z\nSUMMARY:Care\nDESCRIPTION:Ben Okafor",
    )

    assert [duty.who for duty in duties(text)] == ["U0ANA", "U0NEW12", "U0BEN", "U0BEN"]


def test_a_name_is_a_whole_name():
    text = calendar("DTSTART:20260702T080000Z\nDTEND:20260702T090000Z\nSUMMARY:Anabel URGENT")

    with pytest.raises(Unreadable, match="name nobody we know, such as “Anabel URGENT”"):
        duties(text, {"Ana": "U0ANA"})


def test_a_day_and_a_time_without_a_zone_are_the_teams_own():
    text = calendar(
        "DTSTART;VALUE=DATE:20260702\nSUMMARY:Ana Lee",
        "DTSTART:20260703T080000\nDTEND:20260703T090000\nSUMMARY:Ben Okafor",
    )

    assert [(duty.start, duty.end) for duty in duties(text)] == [
        (datetime(2026, 7, 1, 22, tzinfo=UTC), datetime(2026, 7, 2, 22, tzinfo=UTC)),
        (datetime(2026, 7, 3, 6, tzinfo=UTC), datetime(2026, 7, 3, 7, tzinfo=UTC)),
    ]


def test_a_calendar_without_events_has_none():
    assert holidays_in(calendar(), YEARS) == {}
    assert duties(calendar()) == []


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("<html>Sign in</html>", "It is no iCal text. The address must be the one that exports"),
        ("BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n", "It is a broken iCal text. Export it again."),
        (calendar("SUMMARY:no start"), "One of its events can't be read"),
        (calendar(EVERY_DAY + "RRULE:FREQ=SOMETIMES"), "One of its events can't be read"),
        ("x" * (feeds.LARGEST + 1), "It has more than 2,000,000 bytes. Take out old events."),
        (
            calendar(EVERY_DAY + "RRULE:FREQ=MINUTELY;COUNT=10001"),
            "It has more than 10,000 events. Take some out.",
        ),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, sentence):
    with pytest.raises(Unreadable) as said:
        duties(text)

    assert sentence in str(said.value)


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=SECONDLY",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=SECONDLY;COUNT=1000000000",
    ],
)
def test_a_rule_without_an_end_does_not_hold_us_up(rule):
    with pytest.raises(Unreadable, match="It is too much to read: take out what repeats every"):
        duties(calendar(EVERY_DAY + f"RRULE:{rule}"), patience=1.0)


def test_a_text_gets_so_much_memory_and_no_more():
    greedy = "from bot.policy import ical; ical._limit_memory(); bytearray(2 * ical.MEMORY)"

    done = subprocess.run([sys.executable, "-c", greedy], capture_output=True, check=False)

    assert b"MemoryError" in done.stderr


def test_ten_years_of_a_calendar_are_read_within_seconds():
    weeks = [START - timedelta(weeks=100) + timedelta(weeks=week) for week in range(600)]
    text = calendar(*[day_off(f"{day:%Y%m%d}", f"Day {day:%d}") for day in weeks])

    assert len(holidays_in(text, range(2024, 2037), patience=5.0)) == 600


def test_files_that_can_not_be_read(tmp_path: Path):
    (tmp_path / "big.ics").write_bytes(b"x" * (feeds.LARGEST + 1))
    (tmp_path / "old.ics").write_bytes(b"\xff\xfe")
    (tmp_path / "well.ics").write_text(GOOGLE, encoding="utf-8-sig")

    with pytest.raises(Unreadable, match=r"big.ics has more than 2,000,000 bytes."):
        read_file(tmp_path / "big.ics")
    with pytest.raises(Unreadable, match=r"old.ics is not UTF-8 text. Save it as such."):
        read_file(tmp_path / "old.ics")
    with pytest.raises(Unreadable, match=r"none.ics can't be read. It must lie beside teams.toml"):
        read_file(tmp_path / "none.ics")
    assert read_file(tmp_path / "well.ics").startswith("BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://cal.example/a.ics", True),
        ("http://127.0.0.1:8000/a.ics", True),
        ("http://cal.example/a.ics", False),
        ("https:///a.ics", False),
        ("https://cal.example:x/a.ics", False),
        ("https://[cal/a.ics", False),
        ("file:///etc/passwd", False),
    ],
)
def test_an_address_that_nobody_on_the_way_can_change(address, fine):
    assert feeds.safe(address) is fine


def test_only_the_host_of_an_address_is_shown():
    assert feeds.host("https://user:secret@cal.example:8443/token/a.ics?key=1") == "cal.example"
