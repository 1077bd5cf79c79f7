from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.domain.guess import AT_ONCE, DAILY, Leaning
from bot.domain.mention import Kind
from tests.teams import care, problem, reader

TRIAGE = "[teams.care.triage]\n"


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_without_a_word_triage_leans_as_it_does_for_everybody(look):
    assert care(look, "").triage == Leaning()


def test_all_that_a_team_can_want_of_it(look):
    team = care(
        look,
        TRIAGE + 'recall = 0.9\ncomplaints = ["gas leak", " recall ", "recall"]\n'
        'others = "press kit"\nunknown = "question"\n',
    )

    assert team.triage == Leaning(
        recall=0.9,
        complaints=("gas leak", "recall"),
        others=("press kit",),
        unknown=Kind.QUESTION,
    )


@pytest.mark.parametrize(
    ("gather", "span"),
    [("daily", DAILY), ("never", AT_ONCE), ("PT10M", timedelta(minutes=10)), ("P9D", DAILY)],
)
def test_when_what_needs_no_answer_is_shown(look, gather, span):
    assert care(look, TRIAGE + f'gather = "{gather}"\n').triage.gather == span


def test_it_stands_in_one_line_as_well(look):
    assert care(look, "triage = { recall = 0.5 }\n").triage == Leaning(recall=0.5)


def test_it_decides_about_no_deadline(look):
    team = care(look, "")
    other = replace(team, triage=Leaning(recall=0.5, complaints=("gas leak",)))

    assert other.fingerprint == team.fingerprint


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("triage = 3\n", "line 3, teams.care.triage: It must be a table of its own: [teams.care"),
        (TRIAGE + "recal = 1\n", "line 4, teams.care.triage.recal: Nothing is called so. Known: r"),
        (TRIAGE + "recall = 0.49\n", "line 4, teams.care.triage.recall: 0.49: it says which share"),
        (TRIAGE + "recall = 1\n", "a number from 0.5 to 0.99."),
        (TRIAGE + "recall = true\n", "line 4, teams.care.triage.recall: True: it says which"),
        (TRIAGE + "recall = nan\n", "line 4, teams.care.triage.recall: nan: it says which"),
        (TRIAGE + 'recall = "0.9"\n', "line 4, teams.care.triage.recall: '0.9': it says which"),
        (TRIAGE + "complaints = 3\n", "complaints: It must be a text or a list of texts, such as"),
        (TRIAGE + 'others = ["a", " "]\n', "others: Each has 1 to 100 characters, such as"),
        (TRIAGE + f'complaints = ["{"x" * 101}"]\n', "Each has 1 to 100 characters, such as"),
        (TRIAGE + f"complaints = {['x'] * 201}\n", "It lists 201; 200 can be looked for."),
        (
            TRIAGE + 'recall = 0.9\nunknown = "praise"\n',
            "line 5, teams.care.triage.unknown: 'praise': it can be complaint, question, other.",
        ),
        (
            TRIAGE + 'gather = "PT0M"\n',
            "teams.care.triage.gather: 'PT0M' is no time at all. Write",
        ),
        (TRIAGE + "gather = []\n", "line 4, teams.care.triage.gather: [] is not a duration."),
        (TRIAGE + "unknown = []\n", "line 4, teams.care.triage.unknown: []: it can be complaint"),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    assert sentence in problem(look, lines)
