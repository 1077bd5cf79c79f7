import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.calendar import ALWAYS, What, Window
from tests.teams import HEAD, care, problem, reader

H = 3600
OFFICE = 'hours = { mon-fri = ["09:00-12:30", "13:30-18:00"] }\n'
DAY_OFF = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "DTSTART;VALUE=DATE:20260703\r\nSUMMARY:Acme day\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_without_hours_a_team_works_round_the_clock(look):
    assert care(look, "").calendar is ALWAYS
    assert care(look, 'hours = "always"\n').calendar is ALWAYS


def test_several_windows_a_day_in_a_time_zone(look):
    calendar = care(look, 'timezone = "Europe/Berlin"\n' + OFFICE).calendar

    office = (Window(9 * H, 12 * H + 1800), Window(13 * H + 1800, 18 * H))
    assert calendar.zone.key == "Europe/Berlin"
    assert calendar.week == (*[office] * 5, (), ())


def test_a_table_of_its_own_overnight_and_until_midnight(look):
    calendar = care(
        look,
        '[teams.care.hours]\nmon = "22:00-06:00"\ntue = "09:00-24:00"\nwed = []\n'
        'thu = "17:00-09:00+1"\nfri-sun = "00:00-24:00"\n',
    ).calendar

    assert calendar.week[:4] == (
        (Window(22 * H, 30 * H),),
        (Window(9 * H, 24 * H),),
        (),
        (Window(17 * H, 33 * H),),
    )
    assert calendar.week[4:] == ((Window(0, 24 * H),),) * 3


def test_days_can_run_over_the_end_of_the_week(look):
    calendar = care(look, 'hours = { sat-mon = "10:00-12:00" }\n').calendar

    assert [bool(windows) for windows in calendar.week] == [True, *[False] * 4, True, True]


def test_holidays_of_a_country_and_a_region_for_ten_years(look):
    calendar = care(look, OFFICE + 'holidays = ["DE-BY", "AT", "us-ca"]\n').calendar

    assert calendar.holidays[date(2026, 1, 6)] == "Epiphany"
    assert calendar.holidays[date(2026, 10, 26)] == "National Day"
    assert date(2026, 7, 3) in calendar.holidays
    assert (min(calendar.holidays).year, max(calendar.holidays).year) == (2025, 2036)


def test_a_country_some_of_whose_holidays_are_known_for_less_than_ten_years_can_be_named(look):
    assert max(care(look, 'holidays = ["IN"]\n').calendar.holidays).year == 2036


def test_holidays_have_the_same_names_on_every_machine(look, monkeypatch):
    monkeypatch.setenv("LANGUAGE", "de")

    assert "Christmas Day" in care(look, 'holidays = ["DE"]\n').calendar.holidays.values()


def test_holidays_close_a_team_that_otherwise_never_does(look):
    calendar = care(look, 'holidays = ["DE"]\n').calendar

    assert not calendar.is_open(datetime(2026, 12, 25, 12, tzinfo=UTC))


def test_holidays_of_a_file_beside_the_teams(look, tmp_path):
    (tmp_path / "holidays.ics").write_bytes(DAY_OFF.encode())

    calendar = care(look, OFFICE + 'holidays = "holidays.ics"\n').calendar

    assert calendar.holidays == {date(2026, 7, 3): "Acme day"}


def test_an_address_of_holidays_is_kept_and_never_shown(look):
    team = care(
        look,
        'holidays = ["$HOLIDAYS", "webcal://cal.example/x.ics"]\n',
        HOLIDAYS="https://cal.example/secret.ics",
    )

    first, second = team.sources
    assert first.address == "https://cal.example/secret.ics"
    assert second.address == "https://cal.example/x.ics"
    assert "secret" not in repr(team)


def test_half_holidays_end_at_noon_and_weekends_stay_closed(look):
    lines = OFFICE + 'holidays = ["GR"]\nhalf_holidays = "12:00"\n'

    days = care(look, lines).calendar.days

    halves = {day: it for day, it in days.items() if day.year == 2026}
    assert halves
    assert all(it.what is What.HALF_HOLIDAY for it in halves.values())
    assert all(it.windows == (Window(9 * H, 12 * H),) for it in halves.values())
    assert all(day.weekday() < 5 for day in days)


def test_whole_holidays_and_own_days_win_over_half_holidays(look):
    lines = OFFICE + 'holidays = ["GR", "CZ"]\nhalf_holidays = "12:00"\n'

    calendar = care(look, lines + 'days = { "12-31" = "09:00-10:00" }\n').calendar

    assert not calendar.is_open(datetime(2026, 12, 24, 10, tzinfo=UTC))
    assert calendar.days[date(2026, 12, 31)].windows == (Window(9 * H, 10 * H),)


def test_half_holidays_count_only_where_somebody_says_when_they_end(look):
    assert care(look, OFFICE + 'holidays = ["GR"]\n').calendar.days == {}


def test_closed_days_and_other_hours_once_and_every_year(look):
    calendar = care(
        look,
        OFFICE + 'closed = ["2026-12-23", "12-31", "02-29"]\n'
        'days = { "2026-12-24" = ["09:00-12:00"], "12-30" = "10:00-11:00" }\n',
    ).calendar

    assert calendar.days[date(2026, 12, 23)].windows == ()
    assert calendar.days[date(2030, 12, 31)].windows == ()
    assert calendar.days[date(2028, 2, 29)].windows == ()
    assert calendar.days[date(2026, 12, 24)].windows == (Window(9 * H, 12 * H),)
    assert calendar.days[date(2036, 12, 30)].windows == (Window(10 * H, 11 * H),)


def test_a_closed_day_can_have_a_name(look):
    calendar = care(look, OFFICE + 'closed = { "2026-12-24" = "Christmas Eve" }\n').calendar

    assert calendar.days[date(2026, 12, 24)].name == "Christmas Eve"


def test_one_day_of_one_year_wins_over_the_day_of_every_year(look):
    lines = 'closed = ["12-31"]\ndays = { "2026-12-31" = "09:00-12:00" }\n'

    days = care(look, OFFICE + lines).calendar.days

    assert days[date(2026, 12, 31)].windows == (Window(9 * H, 12 * H),)
    assert days[date(2027, 12, 31)].windows == ()


def test_own_days_win_over_holidays_and_half_holidays(look):
    lines = 'holidays = ["DE"]\ndays = { "2026-12-25" = "09:00-12:00" }\n'

    calendar = care(look, OFFICE + lines).calendar

    assert calendar.is_open(datetime(2026, 12, 25, 10, tzinfo=UTC))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            'timezone = "Europe/Berlln"\n',
            'line 3, teams.care.timezone: There is no time zone "Europe/Berlln". Write it as',
        ),
        ("timezone = 1\n", "line 3, teams.care.timezone: 1 must be a text in quotes."),
        ("hours = 8\n", "line 3, teams.care.hours: It must be a table, such as { mon-fri ="),
        ('hours = "sometimes"\n', "line 3, teams.care.hours: It must be a table"),
        (
            'hours = { funday = "09:00-17:00" }\n',
            "line 3, teams.care.hours.funday: 'funday' is no day. Write mon, tue,",
        ),
        (
            'hours = { mon-fri = "09:00-17:00", fri = "09:00-12:00" }\n',
            "line 3, teams.care.hours.fri: fri has its hours already. Name each day once.",
        ),
        (
            '[teams.care.hours]\nmon = "09:00-17:00"\ntue = "17:00-02:00"\nwed = "17:00-09:00"\n',
            'line 6, teams.care.hours.wed: "17:00-09:00" ends before it begins. Turn it round,',
        ),
        (
            'hours.mon = "09:00-17:00"\nhours.tue = "9-17"\n',
            'line 4, teams.care.hours.tue: "9-17" is no window. Write it as "09:00-17:00".',
        ),
        ("hours = { mon = 9 }\n", "line 3, teams.care.hours.mon: It must be a text or a list"),
        ("hours = {}\n", "line 3, teams.care.hours: The team never works. Give it hours on a day"),
        (
            'hours = { mon = "09:00-17:00" }\ndays = { "12-25" = [] }\n'
            'closed = ["2026-07-06", "2026-07-06x"]\n',
            "line 5, teams.care.closed: '2026-07-06x' is no day. Write 2026-12-24, or 12-24 for",
        ),
        ("holidays = 1\n", "line 3, teams.care.holidays: It must be a text or a list of texts"),
        (
            'holidays = ["XX"]\n',
            "line 3, teams.care.holidays: 'XX' is no country whose holidays are known. Write DE,",
        ),
        ('holidays = ["Germany"]\n', "'Germany' is no country whose holidays are known."),
        (
            'holidays = ["DE-XX"]\n',
            "'DE-XX' is no region whose holidays are known. Known: DE-Augsburg, DE-BB, DE-BE,",
        ),
        ('holidays = ["VA-X"]\n', "'VA-X' is no region whose holidays are known. Write VA."),
        ('holidays = ["no.ics"]\n', "no.ics can't be read. It must lie beside teams.toml."),
        ('holidays = ["teams.toml.ics"]\n', "teams.toml.ics can't be read."),
        ('holidays = ["http://x.example/"]\n', "It is no address that begins with https://"),
        ('holidays = ["$NONE"]\n', "it is taken from NONE, which is not set. Set it."),
        (
            'half_holidays = "12:00"\n',
            "line 3, teams.care.half_holidays: No country is named in `holidays`. Name one,",
        ),
        (
            'holidays = ["GR"]\nhalf_holidays = "noon"\n',
            "line 4, teams.care.half_holidays: 'noon' is no time of day. Write 12:00.",
        ),
        ('closed = ["02-30"]\n', "'02-30' is no day."),
        ('closed = ["2026-02-29"]\n', "'2026-02-29' is no day."),
        ('closed = { "12-24" = ["09:00-12:00"] }\n', "Hours are written in `days`."),
        ('days = ["12-24"]\n', "line 3, teams.care.days: It must be a table, such as"),
        ('days = { "12-24" = "9" }\n', 'line 3, teams.care.days: "9" is no window.'),
        (
            'closed = ["12-24"]\ndays = { "12-24" = "09:00-12:00" }\n',
            "line 4, teams.care.days: 12-24 is in `closed`, too. Name each day once.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    assert sentence in problem(look, lines)


def test_all_that_is_wrong_with_a_week_and_its_holidays_is_said_at_once(look):
    _, problems = look(
        HEAD + 'holidays = ["XX", "DE-XX"]\n[teams.care.hours]\nmon = "9"\ntue = "10"\n'
    )

    assert [said.split(":")[0].split(", ", 1)[1] for said in problems] == [
        "line 5, teams.care.hours.mon",
        "line 6, teams.care.hours.tue",
        "line 3, teams.care.holidays",
        "line 3, teams.care.holidays",
    ]


def test_days_that_close_every_day_leave_a_team_that_never_works(look):
    lines = 'hours = { mon = "09:00-10:00" }\nclosed = [%s]\n'
    mondays = [f'"{date(2025, 1, 6) + timedelta(weeks=week)}"' for week in range(640)]

    assert "teams.care.hours: The team never works." in problem(look, lines % ", ".join(mondays))


def test_what_is_promised_must_come_within_ten_years(look):
    lines = 'hours = { mon = "09:00-10:00" }\nanswer_within = { complaint = "P30D" }\n'

    assert problem(look, lines) == (
        "line 4, teams.care.answer_within: So much working time does not come within ten years."
        " Write less."
    )


def test_a_secret_address_that_is_none_is_not_repeated(look):
    said = problem(look, 'holidays = ["$HOLIDAYS"]\n', HOLIDAYS="ftp://hunter2.example/")

    assert "what HOLIDAYS holds: It is no address" in said
    assert "hunter2" not in said


def test_the_library_of_holidays_is_loaded_only_where_a_country_is_named(tmp_path):
    (tmp_path / "teams.toml").write_text('[teams.care]\nchannel = "C0CARE"\n')
    asked = (
        "import sys; from pathlib import Path; from bot.policy.teams import read_teams;"
        f"read_teams(Path({str(tmp_path / 'teams.toml')!r}), {{}}, ());"
        "print([name for name in ('holidays', 'icalendar') if name in sys.modules])"
    )

    said = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert said.stdout == "[]\n"
