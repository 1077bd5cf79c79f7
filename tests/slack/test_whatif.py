"""What if, in Slack: a form with the team's part of teams.toml, and two columns of figures."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.case import Nagged
from bot.domain.clock import Standing
from bot.simulate import Span, Told
from bot.slack import whatif
from tests.conftest import CARE, NOON
from tests.slack.cases import HOUR, accepted_view, shown

WRITTEN = '[teams.care]\nchannel = "C0CARE"\nanswer_within = { complaint = "PT1H" }'
TEAM = replace(CARE, written=WRITTEN)
MONTH = timedelta(days=30)


def told(late=1, kept=2, called=("U0ANA", "U0ANA", "here"), **more):
    due = NOON - 10 * HOUR
    spans = [Span(n, due, due - HOUR, Standing.KEPT) for n in range(kept)]
    spans += [Span(n, due, due + (n + 1) * HOUR, Standing.BROKEN) for n in range(late)]
    nags = [Nagged(at=due, rung=0, call="owner", whom=whom) for whom in called]
    return Told(start=NOON - MONTH, end=NOON, now=NOON, spans=spans, nags=nags, **more)


def initial(view):
    [asked] = [block for block in view["blocks"] if block["type"] == "input"]
    return asked["element"].get("initial_value", "")


def test_the_form_holds_the_teams_part_of_the_file():
    view = whatif.form(TEAM)

    assert initial(accepted_view(view)) == WRITTEN
    assert view["callback_id"] == whatif.WHAT_IF
    assert view["submit"]["text"] == "Tell"
    assert "see the last 30 days" in shown(view)
    assert "changes nothing" in shown(view)
    assert "longer than" not in shown(view)


def test_a_part_that_is_too_long_is_cut_and_that_is_said():
    view = whatif.form(replace(TEAM, written=WRITTEN + "\n#" + "x" * 4000))

    assert len(initial(accepted_view(view))) == 3000
    assert "longer than the 3,000 characters" in shown(view)
    assert "python -m bot simulate" in shown(view)


def test_a_team_that_was_never_written_has_an_empty_form():
    assert initial(accepted_view(whatif.form(CARE))) == ""


def test_one_is_told_that_it_takes_a_moment():
    view = whatif.counting()

    assert "seconds" in shown(accepted_view(view))
    assert "submit" not in view


def test_the_result_shows_both_side_by_side():
    view = whatif.result(told(), told(late=4, called=("U0ANA", "S0LEADS")), TEAM)

    seen = shown(accepted_view(view))
    assert "4 would have been late instead of 1, with 2 nags instead of 3." in seen
    assert "late in all                        1               4" in seen
    assert "up to 4 h                          0               3" in seen
    assert "02:00" in seen
    assert seen.index("Late by") < seen.index("Nags to") < seen.index("Nags by the hour in UTC")


def test_people_are_named_and_not_called():
    [named] = [
        block
        for block in whatif.result(told(), told(), TEAM)["blocks"]
        if "rich_text_list" in str(block)
    ]

    assert "'user_id': 'U0ANA'" in str(named)
    assert "'text': '@here'" in str(named)
    assert "broadcast" not in str(named)


def test_what_is_left_out_is_said():
    would = told(untold=7, strangers={"press": 1})

    seen = shown(accepted_view(whatif.result(told(), would, TEAM)))

    assert "Left out: 7 conversations are from before there was a journal." in seen
    assert "no team “press”: its 1 conversation counts as of the first team there." in seen


def test_nothing_at_all_is_a_result_too():
    nothing = told(late=0, kept=0, called=())

    seen = shown(accepted_view(whatif.result(nothing, nothing, TEAM)))

    assert "0 would have been late instead of 0, with 0 nags instead of 0." in seen


def test_everybody_on_earth_called_still_fits():
    crowd = told(late=50, called=[f"U{n:09}" for n in range(500)])

    assert "U000000000" in str(accepted_view(whatif.result(crowd, crowd, TEAM)))


@pytest.mark.parametrize(("many", "more"), [(1, False), (10, False), (12, True)])
def test_what_is_wrong_is_told_above_what_was_written(many, more):
    problems = [f"teams.toml, line {n}, teams.care: <!channel> is no channel." for n in range(many)]

    view = whatif.wrong(problems, TEAM, WRITTEN)

    seen = shown(accepted_view(view))
    assert "teams.toml, line 0" in seen
    assert "<!channel>" not in seen
    assert ("And 2 more." in seen) is more
    assert initial(view) == WRITTEN
    assert view["submit"]["text"] == "Tell"
