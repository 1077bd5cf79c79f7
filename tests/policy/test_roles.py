from pathlib import Path

import pytest

from bot.domain.roles import GUARDED, Right, Roles
from tests.teams import care, problem, reader

ROLES = "[teams.care.roles]\n"


@pytest.fixture
def look(tmp_path: Path):
    return reader(tmp_path)


def test_all_rights_and_guests(look):
    team = care(
        look,
        ROLES + 'publish = ["U0ANA", "S0CARE", "U0ANA"]\napprove = "W0LEA"\ndismiss = ["C0CARE"]\n'
        'replies = ["G0CARE"]\nsettings = "$BOSS"\nexport = ["U0LEA"]\nerase = ["U0LEA"]\n'
        'guests = ["U0GUEST", "S0FRIENDS"]\n',
        BOSS="U0BOSS",
    )

    assert team.roles == Roles(
        {
            Right.PUBLISH: ("U0ANA", "S0CARE"),
            Right.APPROVE: ("W0LEA",),
            Right.DISMISS: ("C0CARE",),
            Right.REPLIES: ("G0CARE",),
            Right.SETTINGS: ("U0BOSS",),
            Right.EXPORT: ("U0LEA",),
            Right.ERASE: ("U0LEA",),
        },
        guests=("U0GUEST", "S0FRIENDS"),
    )


def test_settings_exports_and_erasing_are_the_managers_where_nothing_is_said(look):
    assert care(look, "").roles == Roles()
    assert care(look, 'manager = "U0LEA"\n').roles == Roles(dict.fromkeys(GUARDED, ("U0LEA",)))
    told = care(look, 'manager = "U0LEA"\n' + ROLES + 'export = "S0ALL"\n').roles
    assert told.by_right == {
        Right.SETTINGS: ("U0LEA",),
        Right.EXPORT: ("S0ALL",),
        Right.ERASE: ("U0LEA",),
    }


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("roles = 3\n", "line 3, teams.care.roles: It must be a table of its own: [teams.care.ro"),
        (ROLES + 'publsh = "U0ANA"\n', "line 4, teams.care.roles.publsh: Nothing is called so."),
        (ROLES + "\nerase = []\n", "line 5, teams.care.roles.erase: It names nobody. Write ["),
        (ROLES + "erase = 3\n", "line 4, teams.care.roles.erase: It must be a text or a list of"),
        (ROLES + 'guests = ["ana"]\n', "'ana' is not the id of a member (U…), a user group (S…)"),
        (ROLES + 'guests = ["$NONE"]\n', "line 4, teams.care.roles.guests: it is taken from NONE,"),
    ],
)
def test_a_mistake_is_named_with_its_line(look, lines, sentence):
    assert sentence in problem(look, lines)


def test_a_variable_that_holds_something_else_is_not_repeated(look):
    told = problem(look, ROLES + 'export = "$TOKEN"\n', TOKEN="xoxb-hunter2")

    assert "what TOKEN holds is not the id of a member" in told
    assert "hunter2" not in told
