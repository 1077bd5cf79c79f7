from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from bot.domain.calendar import ALWAYS, Calendar, Day, Window
from bot.timetable import hours

OFFICE = ((Window(9 * 3600, 17 * 3600),),) * 5 + ((), ())
CALENDAR = Calendar(
    ZoneInfo("Europe/Berlin"),
    OFFICE,
    {date(2026, 12, 25): "Christmas Day", date(2026, 1, 1): "New Year"},
    {date(2026, 12, 24): Day("other hours", (Window(9 * 3600, 12 * 3600),))},
)


def test_round_the_clock():
    assert hours(ALWAYS, datetime(2026, 7, 1, 10, tzinfo=UTC)) == "round the clock, UTC"


def test_open_until_closing_time_on_the_teams_own_clock():
    assert hours(CALENDAR, datetime(2026, 7, 1, 10, tzinfo=UTC)) == (
        "open now until Wed 1 Jul 17:00, Europe/Berlin;"
        " next: 24 Dec 2026 (other hours), 25 Dec 2026 (Christmas Day)"
    )


def test_closed_until_it_opens():
    assert hours(CALENDAR, datetime(2026, 12, 27, 10, tzinfo=UTC)) == (
        "closed now until Mon 28 Dec 09:00, Europe/Berlin; next: no holidays"
    )


def test_a_team_that_never_closes_but_for_holidays_that_are_over():
    calendar = Calendar(ALWAYS.zone, ALWAYS.week, {date(2026, 1, 1): "New Year"})

    said = hours(calendar, datetime(2026, 7, 1, 10, tzinfo=UTC))

    assert said == "open now, UTC; next: no holidays"
