from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.guess import Severity
from bot.domain.mention import Kind
from bot.domain.team import Rule
from tests.teams import HEAD, care, problem, reader

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
RULE = "[[teams.care.rules]]\n"


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_first_answers_further_answers_and_keeping_in_the_loop(look):
    team = care(
        look,
        'answer_within = { complaint = "PT1H" }\nfurther_within = { complaint = "PT4H" }\n'
        'keep_in_the_loop = { complaint = "PT8H" }\n',
    )

    assert team.answer_within == {Kind.COMPLAINT: HOUR}
    assert team.further_within == {Kind.COMPLAINT: 4 * HOUR}
    assert team.keep_in_the_loop == {Kind.COMPLAINT: 8 * HOUR}


def test_rules_stand_in_the_order_in_which_they_are_tried(look):
    team = care(
        look,
        RULE + 'name = "VIP complaints"\nkind = "complaint"\nplatform = "twitter"\ntag = "VIP"\n'
        'language = "DE"\nanswer_within = "PT15M"\nfurther_within = "PT30M"\n'
        'keep_in_the_loop = "PT4H"\nurgent = true\n'
        + RULE
        + 'kind = ["question", "other"]\nplatform = ["email", "twitter"]\ntag = ["VIP", "Press"]\n'
        'language = ["de", "pt-BR"]\nseverity = ["safety", "leaving"]\n',
    )

    assert team.rules == (
        Rule(
            name="VIP complaints",
            kinds=(Kind.COMPLAINT,),
            platforms=("twitter",),
            tags=("vip",),
            languages=("de",),
            first=15 * MINUTE,
            further=30 * MINUTE,
            loop=4 * HOUR,
            urgent=True,
        ),
        Rule(
            name="rule 2",
            kinds=(Kind.QUESTION, Kind.OTHER),
            platforms=("email", "twitter"),
            tags=("vip", "press"),
            languages=("de", "pt-br"),
            severities=(Severity.SAFETY, Severity.LEAVING),
        ),
    )


def test_a_claim_lasts_two_hours_unless_the_team_says_otherwise(look):
    assert care(look, "").claim_lease == 2 * HOUR
    assert care(look, 'claim_lease = "PT30M"\n').claim_lease == 30 * MINUTE
    assert care(look, 'claim_lease = "never"\n').claim_lease is None


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        (
            'answer_within = { complaint = "-PT1H" }\n',
            "line 3, teams.care.answer_within: '-PT1H' is less than nothing. Only `after`,",
        ),
        ('further_within = { rage = "PT1H" }\n', "'rage' is no kind of mention. Known:"),
        (
            'keep_in_the_loop = { complaint = "PT0M" }\n',
            "line 3, teams.care.keep_in_the_loop: 'PT0M' is no time at all. Write PT30M",
        ),
        ('claim_lease = "PT0M"\n', "line 3, teams.care.claim_lease: 'PT0M' is no time at all."),
        ('claim_lease = "soon"\n', "line 3, teams.care.claim_lease: 'soon' is not a duration."),
        ("rules = 3\n", "line 3, teams.care.rules: Each rule is a table of its own, below [["),
        (
            RULE + 'kind = "question"\n' + RULE + 'kind = "rage"\n',
            "line 6, teams.care.rules.kind: 'rage' is no kind of mention. Known: complaint,",
        ),
        (RULE + "color = 1\n", "line 4, teams.care.rules.color: Nothing is called so. Known: name"),
        (RULE + 'name = ""\n', "line 4, teams.care.rules.name: It must be a name in quotes"),
        (
            RULE + "kind = []\n",
            'line 4, teams.care.rules.kind: It names nothing. Write "complaint"',
        ),
        (RULE + "tag = 1\n", "line 4, teams.care.rules.tag: It must be a text or a list of texts"),
        (RULE + 'tag = [" "]\n', "line 4, teams.care.rules.tag: It names nothing."),
        (
            RULE + 'platform = "email:press"\n',
            "teams.care.rules.platform: 'email:press' is not a platform. Write it as in ADAPTERS.",
        ),
        (RULE + 'language = "german"\n', "'german' is not a language. Write its code, such as de"),
        (RULE + 'severity = "mild"\n', "severity: 'mild' is no severity of a complaint. Known: an"),
        (RULE + 'urgent = "yes"\n', "line 4, teams.care.rules.urgent: It must be true or false"),
        (RULE + 'answer_within = "1h"\n', "line 4, teams.care.rules.answer_within: '1h' is not a"),
        (
            RULE + 'urgent = true\nanswer_within = "P9999D"\n',
            "teams.care.rules: So much working time does not come within ten years. Write less.",
        ),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    assert sentence in problem(look, lines)


def test_an_urgent_rule_is_measured_round_the_clock(look):
    hours = 'hours = { mon = "09:00-09:01" }\nanswer_within = { praise = "PT1M" }\n'
    late = 'nag = [{ after = "PT0M", call = "owner" }]\nrepeat = { times = 0 }\n'
    rule = 'claim_lease = "never"\n' + RULE + 'answer_within = "P2D"\n'

    assert care(look, hours + late + rule + "urgent = true\n").rules
    assert "teams.care.rules: So much" in problem(look, hours + late + rule)


def test_the_part_of_the_file_that_is_a_teams_own(look):
    lines = (
        'tell = "C0OPS"\n# about care\n'
        + HEAD
        + 'hears = ["demo"]\n\n[teams.care.hours]\nmon-fri = "09:00-17:00"\n'
        + RULE
        + 'kind = "praise"\n\n# about the press\n[teams."press"]\nchannel = "C0PRESS"\n'
        + '[teams.careful]\nchannel = "C0CAREFUL"\nhears = ["x"]\n'
    )

    teams, problems = look(lines)

    assert problems == []
    assert teams["care"].written == (
        HEAD + 'hears = ["demo"]\n\n[teams.care.hours]\nmon-fri = "09:00-17:00"\n'
        '[[teams.care.rules]]\nkind = "praise"'
    )
    assert teams["press"].written == '[teams."press"]\nchannel = "C0PRESS"'
