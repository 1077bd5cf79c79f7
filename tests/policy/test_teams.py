from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.calendar import ALWAYS
from bot.domain.clock import Rung, Where
from bot.domain.mention import Kind
from tests.teams import HEAD, reader


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_a_channel_is_enough(look):
    teams, problems = look(HEAD)

    assert problems == []
    assert teams["care"].answer_within[Kind.COMPLAINT] == timedelta(hours=1)
    assert [rung.call for rung in teams["care"].ladder] == ["owner", "channel"]
    assert teams["care"].calendar is ALWAYS
    assert (teams["care"].rota, teams["care"].roads, teams["care"].sources) == (None, (), ())


def test_all_that_a_team_can_say(look):
    teams, problems = look(
        'tell = "C0OPS"\n' + HEAD + 'hears = ["demo"]\n'
        'manager = "U0LEA"\n'
        'answer_within = { complaint = "PT1H30M" }\n'
        'nag = [{ after = "PT30M", call = "S0LEADS", say = "direct" },'
        ' { after = "PT0M", call = "owner" }]\n'
    )

    care = teams["care"]
    assert problems == []
    assert (teams.tell, care.hears, care.manager) == ("C0OPS", ("demo",), "U0LEA")
    assert care.answer_within == {Kind.COMPLAINT: timedelta(minutes=90)}
    assert care.ladder == (
        Rung(after=timedelta(0), call="owner"),
        Rung(after=timedelta(minutes=30), call="S0LEADS", say=Where.DIRECT),
    )


def test_what_is_taken_from_the_environment(look):
    teams, problems = look(
        'tell = "$SLACK_MANAGER"\n[teams.care]\nchannel = "$SLACK_CHANNEL"\n',
        SLACK_CHANNEL="C0CARE",
    )

    assert problems == []
    assert (teams["care"].channel, teams.tell) == ("C0CARE", None)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("[teams.care\n", "teams.toml is not valid TOML: "),
        ("", "teams.toml has no team. Begin one with [teams.care]."),
        ("teams = 3\n", "teams.toml has no team."),
        ("[teams]\ncare = 3\n", "line 2, teams.care: It must be a table: [teams.care]."),
        ("[teams.care]\n", "line 1, teams.care: It has no channel."),
        ('[teams.care]\nchannel = "#care"\n', "line 2, teams.care.channel: '#care' is not"),
        ("[teams.care]\nchannel = 7\n", "line 2, teams.care.channel: 7 must be a text in quotes."),
        (
            '[teams.care]\n\nchannel = "$NONE"\n',
            "line 3, teams.care.channel: it is taken from NONE",
        ),
        (HEAD + "color = 1\n", "line 3, teams.care.color: Nothing is called so. Known: channel,"),
        ("colour = 1\n" + HEAD, "line 1, colour: Nothing is called so. Known: teams, tell."),
        ('tell = "lea"\n' + HEAD, "line 1, tell: 'lea' is neither a member id"),
        (HEAD + 'manager = "lea"\n', "line 3, teams.care.manager: 'lea' is not a member id."),
        (HEAD + 'hears = "demo"\n', "line 3, teams.care.hears: It must be a list of accounts"),
        (HEAD + 'hears = ["x"]\n', "no team hears demo. Add it to the `hears` of one."),
        (HEAD + "answer_within = 3\n", "line 3, teams.care.answer_within: It must be a table"),
        (HEAD + 'answer_within = { rage = "PT1H" }\n', "'rage' is no kind of mention. Known:"),
        (HEAD + 'answer_within = { praise = "1h" }\n', "'1h' is not a duration. Write PT30M for"),
        (HEAD + 'answer_within = { praise = "PT" }\n', "'PT' is not a duration."),
        (HEAD + 'answer_within = { praise = "P99999D" }\n', "is longer than anybody waits."),
        (HEAD + f'answer_within = {{ praise = "P{"9" * 40}D" }}\n', "is not a duration."),
        (HEAD + "nag = []\n", "line 3, teams.care.nag: It must be a list of rungs"),
        (
            HEAD + 'nag = [{ after = "PT0M" }]\n',
            "A rung has `after` and `call`, and may have `say`",
        ),
        (HEAD + 'nag = [{ after = "PT0M", call = "lea" }]\n', "call = 'lea': it can be owner,"),
        (
            HEAD + 'nag = [{ after = "PT0M", call = "here", say = "loud" }]\n',
            "say = 'loud': it can be thread, channel, direct, email, webhook.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    _, [problem] = look(lines)

    assert sentence in problem


def test_all_mistakes_are_named_at_once(look):
    _, problems = look("[teams.care]\nchannel = 7\nmanager = 8\n[teams.press]\nnag = 9\n")

    assert [problem.partition(":")[0] for problem in problems] == [
        "teams.toml, line 2, teams.care.channel",
        "teams.toml, line 3, teams.care.manager",
        "teams.toml, line 4, teams.press",
        "teams.toml, line 5, teams.press.nag",
    ]


def test_two_teams_can_not_hear_the_same_account(look):
    two = HEAD + 'hears = ["demo"]\n[teams.press]\nchannel = "C0PRESS"\nhears = ["demo"]\n'

    _, [problem] = look(two)

    assert problem == "teams.toml, line 6, teams.press.hears: care hears demo already."


def test_a_variable_that_holds_something_else_is_not_repeated(look):
    lines = '[teams.care]\nchannel = "$SLACK_BOT_TOKEN"\nmanager = "$SLACK_BOT_TOKEN"\n'

    _, problems = look(lines, SLACK_BOT_TOKEN="xoxb-hunter2")

    assert "what SLACK_BOT_TOKEN holds is not a channel's id" in problems[0]
    assert "hunter2" not in str(problems)


def test_files_as_windows_saves_them_can_be_read(look):
    assert look(HEAD, encoding="utf-8-sig")[1] == []
    assert look(HEAD, encoding="utf-16")[1] == ["teams.toml is not UTF-8 text. Save it as such."]
