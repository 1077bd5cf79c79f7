from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from time import sleep
from zoneinfo import ZoneInfo

import pytest
from structlog.testing import capture_logs

from bot.domain.calendar import Calendar, Window
from bot.domain.mention import Kind
from bot.domain.team import DUTIES, HOLIDAYS, Source, Team, Teams
from bot.policy.feeds import Unreadable
from bot.policy.schedules import Schedules, fetched, may_follow
from storage import schedules
from storage.database import Database, reading
from tests.feeds import PAGERDUTY, Site, calendar, day_off, serving

NOW = datetime(2026, 7, 1, 12, tzinfo=UTC)  # a Wednesday
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PEOPLE = {"Ana Lee": "U0ANA", "Ben Okafor": "U0BEN"}
ACME_DAY, OTHER_DAY = calendar(day_off("20260703")), calendar(day_off("20260706", "Other day"))
CARE = Team(
    name="care",
    channel="C0CARE",
    answer_within={Kind.COMPLAINT: HOUR},
    ladder=(),
    calendar=Calendar(ZoneInfo("UTC"), ((Window(9 * 3600, 17 * 3600),),) * 7),
)


@dataclass
class Desk:
    """As much of a desk as schedules need; what is told twice under one key is told once."""

    database: Database
    teams: Teams
    told: dict[str, tuple[str, str]] = field(default_factory=dict)

    def tell(self, to: str, text: str, *, key: str) -> None:
        self.told[key] = (to, text)


@pytest.fixture
def site() -> Iterator[Site]:
    with serving() as started:
        yield started


@pytest.fixture
def desk(database: Database, site: Site) -> Desk:
    """The team of care, whose holidays are at /days?token=hunter2."""
    address = site.has("/days?token=hunter2", ACME_DAY)
    team = replace(CARE, sources=(Source(address, HOLIDAYS),))
    return Desk(database, Teams({"care": team}))


def holidays(desk: Desk, team: str = "care") -> list[date]:
    return sorted(desk.teams[team].calendar.holidays)


def on_duty(desk: Desk, at: datetime) -> tuple[str, ...]:
    rota = desk.teams["care"].rota
    assert rota is not None
    return tuple(rota.on_duty(at))


def all_told(desk: Desk) -> list[str]:
    return [text for _, text in desk.told.values()]


def test_holidays_come_from_an_address_and_the_team_is_named_for_a_recount(desk):
    assert Schedules(desk).refresh(NOW) == ["care"]
    assert holidays(desk) == [date(2026, 7, 3)]


def test_an_address_is_asked_once_an_hour(desk, site):
    ours = Schedules(desk)
    ours.refresh(NOW)

    assert ours.refresh(NOW + 59 * MINUTE) == []
    assert len(site.asked) == 1
    assert ours.refresh(NOW + HOUR) == []  # nothing has changed
    assert len(site.asked) == 2


def test_what_changes_there_changes_here_and_nothing_old_stays(desk, site):
    ours = Schedules(desk)
    ours.refresh(NOW)
    site.has("/days?token=hunter2", OTHER_DAY)

    assert ours.refresh(NOW + HOUR) == ["care"]
    assert holidays(desk) == [date(2026, 7, 6)]


def test_a_team_whose_schedule_says_the_same_stays_the_same(desk):
    ours = Schedules(desk)
    ours.refresh(NOW)
    before = desk.teams["care"]

    ours.refresh(NOW + HOUR)

    assert desk.teams["care"] is before


def test_what_the_file_says_comes_before_what_an_address_says(desk):
    team = desk.teams["care"]
    own = replace(team.calendar, holidays={date(2026, 7, 3): "Our day", date(2026, 7, 4): "Party"})
    desk.teams.change(replace(team, calendar=own))

    Schedules(desk).refresh(NOW)

    assert desk.teams["care"].calendar.holidays[date(2026, 7, 3)] == "Our day"
    assert holidays(desk) == [date(2026, 7, 3), date(2026, 7, 4)]


def test_a_team_that_is_changed_by_others_gets_its_schedules_again(desk, site):
    ours = Schedules(desk)
    ours.refresh(NOW)
    desk.teams.change(replace(CARE, sources=desk.teams["care"].sources, manager="U0LEA"))

    assert ours.refresh(NOW + MINUTE) == ["care"]
    assert holidays(desk) == [date(2026, 7, 3)]
    assert desk.teams["care"].manager == "U0LEA"


def test_a_restart_remembers_and_asks_nobody(desk, site):
    Schedules(desk).refresh(NOW)
    after = Desk(desk.database, Teams({"care": replace(CARE, sources=desk.teams["care"].sources)}))

    assert Schedules(after).remember(NOW + MINUTE) == ["care"]
    assert holidays(after) == [date(2026, 7, 3)]
    assert len(site.asked) == 1


def test_a_second_worker_learns_what_the_first_one_fetched(desk, site):
    other = Desk(desk.database, Teams({"care": desk.teams["care"]}))
    Schedules(desk).refresh(NOW)

    assert Schedules(other).refresh(NOW + MINUTE) == ["care"]
    assert holidays(other) == [date(2026, 7, 3)]
    assert len(site.asked) == 1


def test_while_an_address_fails_its_last_state_counts_and_it_is_asked_every_five_minutes(
    desk, site
):
    ours = Schedules(desk)
    ours.refresh(NOW)
    site.has("/days?token=hunter2", status=503)

    assert ours.refresh(NOW + HOUR) == []
    assert ours.refresh(NOW + HOUR + 4 * MINUTE) == []
    assert len(site.asked) == 2
    ours.refresh(NOW + HOUR + 5 * MINUTE)
    assert len(site.asked) == 3
    assert holidays(desk) == [date(2026, 7, 3)]


def test_after_an_hour_of_failing_the_channel_hears_of_it_once_and_once_when_it_is_well(desk, site):
    ours = Schedules(desk)
    ours.refresh(NOW)
    site.has("/days?token=hunter2", status=503)
    for minutes in range(60, 150, 10):
        ours.refresh(NOW + minutes * MINUTE)
        assert len(desk.told) == (1 if minutes >= 120 else 0)

    assert desk.told.popitem()[1] == (
        "C0CARE",
        ":warning: The schedule at 127.0.0.1 can't be read, and its last state counts on."
        " 127.0.0.1 has a problem of its own (HTTP 503). I keep trying.",
    )
    site.has("/days?token=hunter2", ACME_DAY)
    ours.refresh(NOW + 4 * HOUR)
    ours.refresh(NOW + 5 * HOUR)
    assert all_told(desk) == [":white_check_mark: The schedule at 127.0.0.1 can be read again."]


def test_it_is_told_once_over_a_restart(desk, site):
    site.has("/days?token=hunter2", status=503)
    Schedules(desk).refresh(NOW)
    Schedules(desk).refresh(NOW + HOUR)
    assert len(desk.told) == 1
    desk.told.clear()

    Schedules(desk).refresh(NOW + HOUR + 5 * MINUTE)

    assert desk.told == {}


def test_a_short_failure_is_told_nobody(desk, site):
    ours = Schedules(desk)
    ours.refresh(NOW)
    site.has("/days?token=hunter2", status=503)
    ours.refresh(NOW + HOUR)
    site.has("/days?token=hunter2", ACME_DAY)
    ours.refresh(NOW + HOUR + 5 * MINUTE)

    assert desk.told == {}
    with reading(desk.database) as db:
        [it] = schedules.all_of(db)
    assert (it.trouble, it.failing_since) == (None, None)


def test_an_address_that_never_could_be_read_is_told_too(desk, site):
    site.has("/days?token=hunter2", "<html>Sign in</html>")
    ours = Schedules(desk)
    for minutes in range(0, 70, 5):
        ours.refresh(NOW + minutes * MINUTE)

    [text] = all_told(desk)
    assert "nothing of it is known yet. It is no iCal text. The address must be" in text
    assert holidays(desk) == []


def test_every_team_that_names_an_address_hears_of_it(desk, site):
    source = desk.teams["care"].sources
    desk.teams.change(replace(CARE, name="press", channel="C0PRESS", sources=source))
    site.has("/days?token=hunter2", status=500)
    ours = Schedules(desk)
    ours.refresh(NOW)
    ours.refresh(NOW + HOUR)

    assert {to for to, _ in desk.told.values()} == {"C0CARE", "C0PRESS"}
    assert len(site.asked) == 2


def test_the_clock_set_back_does_not_silence_an_address(desk, site):
    ours = Schedules(desk)
    ours.refresh(NOW)

    ours.refresh(NOW - timedelta(days=2))

    assert len(site.asked) == 2


def test_who_is_on_duty_comes_from_an_address_and_moves_no_deadline(desk, site):
    source = Source(site.has("/rota", PAGERDUTY), DUTIES, PEOPLE)
    desk.teams.change(replace(CARE, sources=(source,)))

    assert Schedules(desk).refresh(NOW) == []
    assert on_duty(desk, NOW) == ("U0ANA",)
    assert on_duty(desk, NOW + timedelta(days=7)) == ("U0BEN",)


def test_a_rota_that_never_changes_is_read_further_as_time_passes(desk, site):
    weekly = "DTSTART:20260701T120000Z\nDTEND:20260702T120000Z\nRRULE:FREQ=WEEKLY\nSUMMARY:Ana Lee"
    source = Source(site.has("/rota", calendar(weekly)), DUTIES, PEOPLE)
    desk.teams.change(replace(CARE, sources=(source,)))
    ours, later = Schedules(desk), NOW + timedelta(weeks=20)
    ours.refresh(NOW)
    assert on_duty(desk, later) == ()
    site.has("/rota", status=503)

    ours.refresh(later)

    assert on_duty(desk, later) == ("U0ANA",)


def test_holidays_and_a_rota_at_one_team(desk, site):
    rota = Source(site.has("/rota", PAGERDUTY), DUTIES, PEOPLE)
    team = desk.teams["care"]
    desk.teams.change(replace(team, sources=(*team.sources, rota)))

    Schedules(desk).refresh(NOW)

    assert holidays(desk) == [date(2026, 7, 3)]
    assert on_duty(desk, NOW) == ("U0ANA",)


def test_holidays_without_end_are_refused(desk, site):
    always = day_off("20250101", "Forever", "DTEND;VALUE=DATE:20400101")
    site.has("/days?token=hunter2", calendar(always))

    assert Schedules(desk).refresh(NOW) == []
    assert holidays(desk) == []
    with reading(desk.database) as db:
        [it] = schedules.all_of(db)
    assert it.trouble == (
        "With its holidays, team care can keep no promise."
        " The team never works. Give it hours on a day that is not closed."
    )


def test_a_text_that_was_kept_and_names_nobody_now_is_set_aside(desk, site):
    source = Source(site.has("/rota", PAGERDUTY), DUTIES, PEOPLE)
    team = desk.teams["care"]
    desk.teams.change(replace(team, sources=(*team.sources, source)))
    Schedules(desk).refresh(NOW)
    strangers = replace(source, people={"Cara": "U0CARA"})
    after = Desk(desk.database, Teams({"care": replace(team, sources=(*team.sources, strangers))}))

    assert Schedules(after).remember(NOW) == ["care"]
    assert holidays(after) == [date(2026, 7, 3)]


def test_an_address_that_nobody_names_any_more_is_forgotten(desk):
    ours = Schedules(desk)
    ours.refresh(NOW)
    desk.teams.change(replace(desk.teams["care"], sources=()))

    ours.refresh(NOW + HOUR)

    with reading(desk.database) as db:
        assert schedules.all_of(db) == []


def test_neither_the_log_nor_the_channel_shows_an_address(desk, site):
    ours = Schedules(desk)
    with capture_logs() as logged:
        for status in (200, 503, 404):
            site.has("/days?token=hunter2", ACME_DAY, status=status)
            ours.refresh(NOW + status * HOUR)
        site.has("/days?token=hunter2", status=302, Location="http://cal.example/hunter2")
        for hour in (601, 603):
            ours.refresh(NOW + hour * HOUR)

    assert len(logged) == 5
    assert "hunter2" not in str([logged, desk.told])


# Fetching


def test_a_redirect_is_followed(site):
    site.has("/old", status=301, Location="/new")
    site.has("/new", ACME_DAY)

    assert fetched(f"{site.url}/old") == ACME_DAY


def test_redirects_in_a_circle_come_to_an_end(site):
    site.has("/round", status=302, Location="/round")

    with pytest.raises(Unreadable, match=r"points elsewhere again and again. Check the address."):
        fetched(f"{site.url}/round")
    assert len(site.asked) == 6


@pytest.mark.parametrize("where", ["http://cal.example/", "ftp://cal.example/", "https://[", ""])
def test_a_redirect_away_from_https_is_not_followed(site, where):
    site.has("/away", status=302, **({"Location": where} if where else {}))

    with pytest.raises(Unreadable, match=r"127\.0\.0\.1"):
        fetched(f"{site.url}/away")


def test_nobody_outside_can_send_us_to_this_machine():
    assert may_follow("https://cal.example/", "https://other.example/")
    assert not may_follow("https://cal.example/", "http://127.0.0.1/")
    assert not may_follow("https://cal.example/", "https://localhost/")
    assert not may_follow("http://127.0.0.1/", "http://cal.example/")


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (404, "127.0.0.1 gives no schedule any more (HTTP 404). Export a new address."),
        (401, "127.0.0.1 gives no schedule any more (HTTP 401). Export a new address."),
        (204, "127.0.0.1 has a problem of its own (HTTP 204)."),
        (500, "127.0.0.1 has a problem of its own (HTTP 500)."),
    ],
)
def test_what_an_address_answers_instead(site, status, sentence):
    with pytest.raises(Unreadable) as said:
        fetched(site.has("/x", status=status))

    assert str(said.value) == sentence


def test_nobody_there(site):
    with pytest.raises(Unreadable, match=r"127.0.0.1 did not answer properly"):
        fetched("http://127.0.0.1:1/hunter2")


def test_a_text_that_is_too_long_is_not_read_to_its_end(site):
    def endless() -> Iterator[bytes]:
        while True:
            yield b"x" * 100_000

    with pytest.raises(Unreadable, match=r"127.0.0.1 sent more than 2,000,000 bytes"):
        fetched(site.has("/long", endless))


def test_a_text_that_drips_is_not_waited_for(site):
    def drip() -> Iterator[bytes]:
        for _ in range(100):
            yield b"x"
            sleep(0.05)

    with pytest.raises(Unreadable, match=r"127.0.0.1 took too long."):
        fetched(site.has("/drip", drip), patience=0.3)


def test_what_a_database_can_not_keep_is_taken_out(site):
    assert fetched(site.has("/odd", b"\xef\xbb\xbfBEGIN\0\xff")) == "BEGIN\N{REPLACEMENT CHARACTER}"
