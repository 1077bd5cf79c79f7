from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.clock import Repeat, Rung, Where
from bot.domain.team import DUTIES
from tests.teams import HEAD, care, problem, reader

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
ROTA = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Acme//EN\r\nBEGIN:VEVENT\r\nUID:1\r\n"
    "DTSTART:20260701T080000Z\r\nDTEND:20260702T080000Z\r\nSUMMARY:Ana Lee\r\n"
    "END:VEVENT\r\nEND:VCALENDAR\r\n"
)
MON, SAT, SUN = (datetime(2026, 7, day, 10, tzinfo=UTC) for day in (6, 4, 5))


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_rungs_come_before_and_after_the_deadline_in_order(look):
    team = care(
        look,
        'manager = "U0LEA"\nemail = ["lead@acme.example"]\non_duty = [{ who = "U0ANA" }]\n'
        'nag = [{ after = "PT30M", call = "manager" },'
        ' { after = "PT0M", call = "on_duty", say = "email" },'
        ' { after = "-PT15M", call = "owner" }]\n'
        'nag_promise = [{ after = "-PT1H", call = "S0LEADS", say = "direct" }]\n',
    )

    assert team.ladder == (
        Rung(after=-15 * MINUTE, call="owner"),
        Rung(after=0 * MINUTE, call="on_duty", say=Where.EMAIL),
        Rung(after=30 * MINUTE, call="manager"),
    )
    assert team.promise_ladder == (Rung(after=-HOUR, call="S0LEADS", say=Where.DIRECT),)


def test_the_last_rung_is_repeated_three_times_unless_the_team_says_otherwise(look):
    assert care(look, "").repeat == Repeat(every=2 * HOUR, times=3)
    assert care(look, 'repeat = { every = "PT1H" }\n').repeat == Repeat(every=HOUR, times=3)
    assert care(look, "repeat = { times = 1 }\n").repeat == Repeat(every=2 * HOUR, times=1)
    assert care(look, "repeat = { times = 0 }\n").repeat is None


def test_without_a_ladder_for_promises_there_is_none(look):
    assert care(look, "").promise_ladder == ()


def test_a_weekly_rota_on_the_teams_own_clock(look):
    team = care(
        look,
        'timezone = "Europe/Berlin"\n'
        'on_duty = [{ days = "mon-fri", hours = "09:00-17:00", who = "U0ANA" },'
        ' { days = ["sat"], who = "$BEN" },'
        ' { days = "sun", hours = "22:00-06:00", who = "S0NIGHT" }]\n',
        BEN="U0BEN",
    )

    assert team.rota.on_duty(MON) == ("U0ANA",)
    assert team.rota.on_duty(MON.replace(hour=17)) == ()
    assert team.rota.on_duty(SAT) == ("U0BEN",)
    assert team.rota.on_duty(SUN) == ()
    assert team.rota.on_duty(MON.replace(hour=3)) == ("S0NIGHT",)


def test_a_rota_at_an_address_is_asked_later(look):
    team = care(
        look,
        'on_duty = { address = "$ONCALL", people = { "Ana Lee" = "U0ANA", "ben@x" = "$BEN" } }\n',
        ONCALL="webcal://acme.pagerduty.example/secret",
        BEN="U0BEN",
    )

    [source] = team.sources
    assert source.address == "https://acme.pagerduty.example/secret"
    assert (source.what, source.people) == (DUTIES, {"Ana Lee": "U0ANA", "ben@x": "U0BEN"})
    assert team.rota.on_duty(MON) == ()


def test_a_rota_in_a_file_and_a_week_to_fall_back_on(look, tmp_path):
    (tmp_path / "rota.ics").write_bytes(ROTA.encode())

    team = care(
        look,
        'on_duty = [{ address = "rota.ics", people = { "Ana Lee" = "U0ANA" } },'
        ' { who = "U0BEN" }]\n',
    )

    assert team.rota.on_duty(datetime(2026, 7, 1, 12, tzinfo=UTC)) == ("U0ANA",)
    assert team.rota.on_duty(MON) == ("U0BEN",)


def test_roads_are_mail_first_and_then_the_webhook(look):
    team = care(
        look,
        'webhook = "$ALERT_WEBHOOK"\nemail = ["lead@acme.example", "$MAIL"]\n',
        ALERT_WEBHOOK="https://hooks.example/secret",
        MAIL="boss@acme.example",
    )

    assert team.roads == (
        "email:lead@acme.example",
        "email:boss@acme.example",
        "webhook:https://hooks.example/secret",
    )


def rung(text: str) -> str:
    return f'nag = [{{ after = "PT0M", {text} }}]\n'


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            rung('call = "boss"'),
            "call = 'boss': it can be owner, channel, here, manager, on_duty, a member id (U…)",
        ),
        (
            rung('call = "manager"'),
            'line 3, teams.care.nag: call = "manager": the team has no `manager`. Add manager =',
        ),
        (rung('call = "on_duty"'), 'call = "on_duty": the team has no `on_duty`. Add on_duty = [{'),
        (
            rung('call = "here", say = "email"'),
            'say = "email": the team has no `email`. Add email = ["lead@acme.example"].',
        ),
        (
            rung('call = "here", say = "webhook"'),
            'say = "webhook": the team has no `webhook`. Add webhook = "$ALERT_WEBHOOK".',
        ),
        (
            rung('call = "here"') + "nag_promise = 3\n",
            "line 4, teams.care.nag_promise: It must be a list of rungs",
        ),
        (
            'nag_promise = [{ after = "PT0M", call = "manager" }]\n',
            'line 3, teams.care.nag_promise: call = "manager": the team has no `manager`.',
        ),
        ('nag = [{ after = "--PT1M", call = "here" }]\n', "'--PT1M' is not a duration."),
        ("repeat = 3\n", 'line 3, teams.care.repeat: Write it as { every = "PT2H", times = 3 }.'),
        ("repeat = { times = -1 }\n", "times = -1: it can be a whole number from 0 to 100."),
        ("repeat = { times = 101 }\n", "times = 101: it can be a whole number from 0 to 100."),
        ("repeat = { times = true }\n", "times = True: it can be a whole number"),
        ('repeat = { every = "PT0M" }\n', "'PT0M' is no time at all."),
        ('repeat = { every = "P9999D" }\n', "teams.care.nag: So much working time does not come"),
        ("on_duty = []\n", "line 3, teams.care.on_duty: It must be a list such as [{ days ="),
        ('on_duty = [{ days = "mon" }]\n', "A shift has `who`, and may have `days` and `hours`"),
        ('on_duty = [{ who = "Ana" }]\n', "'Ana' is not a member id. In Slack: the profile,"),
        ('on_duty = [{ days = "x", who = "U0ANA" }]\n', "'x' is no day. Write mon, tue,"),
        ('on_duty = [{ hours = "x", who = "U0ANA" }]\n', '"x" is no window. Write it as'),
        (
            'on_duty = { address = "https://x.example/", who = "U0ANA" }\n',
            'Write it as { address = "$ONCALL_ICAL", people = { "Ana Lee" = "U0ANA" } }.',
        ),
        ('on_duty = { address = "none.ics" }\n', "none.ics can't be read. It must lie beside"),
        ('on_duty = { address = "https:///" }\n', "It is no address that begins with https://"),
        (
            'on_duty = { address = "https://x.example/", people = { "Ana" = "ana" } }\n',
            "'ana' is not a member id.",
        ),
        ('on_duty = { address = "https://x.example/", people = 3 }\n', "`people` must be a table"),
        ('on_duty = { address = "https://x.example/", people = { "" = "U0ANA" } }\n', "`people`"),
        ('email = ["lead"]\n', "line 3, teams.care.email: 'lead' is not a mail address."),
        ("email = 3\n", "line 3, teams.care.email: It must be a text or a list of texts, such as"),
        ('webhook = "http://x.example/"\n', "It is no address that begins with https://."),
        ('webhook = "$NONE"\n', "it is taken from NONE, which is not set. Set it."),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    assert sentence in problem(look, lines)


def test_every_wrong_rung_and_shift_is_named(look):
    _, problems = look(
        HEAD + 'nag = [{ after = "x", call = "here" }, { after = "y", call = "here" }]\n'
        'on_duty = [{ who = "x" }, { who = "y" }]\n'
    )

    assert len(problems) == 4


@pytest.mark.parametrize("key", ["webhook", "email", "on_duty"])
def test_what_comes_from_the_environment_is_not_repeated(look, key):
    lines = {"on_duty": 'on_duty = { address = "$SECRET" }\n'}.get(key, f'{key} = "$SECRET"\n')

    assert "hunter2" not in problem(look, lines, SECRET="ftp://hunter2.example/")
