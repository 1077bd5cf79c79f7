from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.approval import Approval
from tests.teams import care, problem, reader

DAY = timedelta(days=1)
APPROVAL = "[teams.care.approval]\n"


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_without_a_word_nothing_is_asked_for_and_everything_kept(look):
    team = care(look, "")

    assert (team.approval, team.signature, team.watch) == (None, "", ())
    assert (team.pictures, team.retention, team.language) == ("link", None, "en")


def test_all_that_a_team_can_say(look):
    team = care(
        look,
        'signature = "\\n{agent}, {team}"\nwatch = ["order ######", " voucher ", "voucher"]\n'
        'pictures = "upload"\nretention = "P2Y"\nlanguage = "de"\n'
        + APPROVAL
        + "always = true\nnew_colleagues = 20\n",
    )

    assert team.approval == Approval(always=True, first=20)
    assert team.signature == "\n{agent}, {team}"
    assert team.watch == ("order ######", "voucher")
    assert (team.pictures, team.language) == ("upload", "de")
    assert team.retention == 730 * DAY


def test_a_rule_can_ask_for_approval(look):
    rules = "[[teams.care.rules]]\napproval = true\n[[teams.care.rules]]\n"

    assert [rule.approval for rule in care(look, rules).rules] == [True, False]


@pytest.mark.parametrize(
    ("span", "days"),
    [("P7D", 7), ("P2W", 14), ("P18M", 540), ("P1Y", 365), ("P1Y6M2W3D", 365 + 180 + 14 + 3)],
)
def test_how_long_words_are_kept(look, span, days):
    assert care(look, f'retention = "{span}"\n').retention == days * DAY


def test_words_may_be_kept_for_ever(look):
    assert care(look, 'retention = "never"\n').retention is None


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ('retention = "2 years"\n', "line 3, teams.care.retention: '2 years' is not a span of"),
        ('retention = "P"\n', "'P' is not a span of days."),
        ("retention = 730\n", "730 is not a span of days."),
        ('retention = "PT48H"\n', "'PT48H' is not a span of days."),
        ('retention = "P٣Y"\n', "is not a span of days."),
        ('retention = "P6D"\n', "'P6D' is too short to work with. At least a week is kept: "),
        ('retention = "P101Y"\n', "'P101Y' is more than a hundred years. Write \"never\""),
        ('pictures = "hot"\n', "line 3, teams.care.pictures: 'hot': it can be link, show, upload."),
        ("pictures = []\n", "line 3, teams.care.pictures: []: it can be link, show, upload."),
        ('language = "fr"\n', "line 3, teams.care.language: 'fr': it can be en, de."),
        ("signature = 3\n", "line 3, teams.care.signature: It must be a text such as"),
        (f'signature = "{"x" * 101}"\n', "of 100 characters at most."),
        ('signature = "{order}"\n', "Nobody knows {order} in a signature. Known: {agent}, {agent_"),
        ("watch = 3\n", "line 3, teams.care.watch: It must be a text or a list of texts, such as"),
        ('watch = ["a", " "]\n', "line 3, teams.care.watch: Each has 1 to 100 characters"),
        (f"watch = {['x'] * 51}\n", "line 3, teams.care.watch: It lists 51; 50 can be watched"),
        ("approval = true\n", "line 3, teams.care.approval: It must be a table of its own: [team"),
        (APPROVAL + "alway = true\n", "line 4, teams.care.approval.alway: Nothing is called so."),
        (APPROVAL + "always = 1\n", "line 4, teams.care.approval.always: It must be true or false"),
        (APPROVAL + "new_colleagues = 0\n", "0: it says how many first answers are approved"),
        (APPROVAL + "new_colleagues = true\n", "line 4, teams.care.approval.new_colleagues: True:"),
        (
            '[[teams.care.rules]]\napproval = "yes"\n',
            "line 4, teams.care.rules.approval: It must be true or false, without quotes.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    assert sentence in problem(look, lines)
