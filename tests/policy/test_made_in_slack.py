"""Teams that are made in Slack: written, read again, by every worker, and beside teams.toml."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.mention import Kind
from bot.domain.team import Teams
from bot.policy.made_in_slack import InTheFile, TeamFiles, Wanted, WrongTeam
from tests.conftest import CARE
from tests.people import ANA, BEN, LEA

PRESS = Wanted(
    name="press",
    channel="C0PRESS",
    hears=("email:press",),
    within={"complaint": "PT30M", "question": "PT2H"},
    timezone="Europe/Vienna",
    hours="mon-thu 09:00-12:30, 13:30-18:00\nfri 09:00-15:00",
    manager=LEA,
    weekdays=ANA,
    weekend=BEN,
)


def files(app):
    return TeamFiles(app.desk, {}, ("demo",))


def test_what_is_written_is_read_again():
    assert Wanted.read(PRESS.text) == PRESS


def test_a_team_is_made_and_answers_in_its_channel_at_once(app):
    app.team_files.save(PRESS, ANA)

    team = app.desk.teams.of_channel("C0PRESS")
    assert team.name == "press"
    assert team.answer_within == {
        Kind.COMPLAINT: timedelta(minutes=30),
        Kind.QUESTION: timedelta(hours=2),
    }
    assert team.calendar.zone.key == "Europe/Vienna"
    assert team.manager == LEA


def test_what_no_form_asks_for_outlives_a_change(app):
    triage = {"recall": 0.9, "complaints": ["gas leak", 'a "quote"'], "unknown": "other"}
    app.team_files.save(replace(PRESS, triage=triage), ANA)

    team = app.team_files.save(replace(PRESS, manager=BEN), ANA)

    assert team.manager == BEN
    assert team.triage == app.desk.teams["press"].triage
    assert (team.triage.recall, team.triage.unknown) == (0.9, Kind.OTHER)
    assert team.triage.complaints == ("gas leak", 'a "quote"')


def test_it_outlives_a_restart_and_comes_to_the_other_workers(app, assemble):
    app.team_files.save(PRESS, ANA)

    other = assemble(teams=Teams({"care": CARE}, tell=LEA))
    assert other.desk.teams.of_channel("C0PRESS") is None
    other.settle_in()

    assert other.desk.teams.of_channel("C0PRESS").hears == ("email:press",)


def test_who_is_on_duty_is_called(app, clock):
    team = app.team_files.save(PRESS, ANA)

    tuesday = clock()
    assert team.whom("on_duty", None, tuesday) == ANA
    assert team.whom("on_duty", None, tuesday + timedelta(days=4)) == BEN


def test_a_change_counts_what_is_open_anew(app, hear):
    hear("My order is broken")
    mine = replace(PRESS, name="care2", channel="C0CARE2", hears=("demo",), hours="")
    app.team_files.save(mine, ANA)

    assert files(app).refresh()
    assert not app.team_files.refresh()


def test_what_stands_in_the_file_is_changed_in_the_file(app):
    with pytest.raises(InTheFile, match=r"care stands in teams\.toml"):
        app.team_files.save(replace(PRESS, name="care"), ANA)


def test_a_channel_has_one_team(app):
    with pytest.raises(WrongTeam, match="care's already"):
        app.team_files.save(replace(PRESS, channel="C0CARE"), ANA)


def test_an_account_is_heard_by_one_team(app):
    app.team_files.save(PRESS, ANA)

    with pytest.raises(WrongTeam) as wrong:
        app.team_files.save(replace(PRESS, name="two", channel="C0TWO"), ANA)

    assert wrong.value.problems == {"hears": "press hears email:press already."}


@pytest.mark.parametrize(
    ("change", "field", "says"),
    [
        ({"hours": "nine to five"}, "hours", "is not hours"),
        ({"hours": "mon-fri 17:00-09:00"}, "hours", "ends before it begins"),
        ({"timezone": "Europe/Atlantis"}, "timezone", "Atlantis"),
        ({"name": "The Press!"}, "name", "small letters"),
        ({"within": {"complaint": "soon"}}, "answer_within", "soon"),
        ({"manager": 'x"\n[teams.evil]'}, "manager", "member id"),
    ],
)
def test_a_mistake_is_said_at_its_setting_and_nothing_is_kept(app, change, field, says):
    with pytest.raises(WrongTeam) as wrong:
        app.team_files.save(replace(PRESS, **change), ANA)

    assert says in wrong.value.problems[field]
    assert app.team_files.made_here("press") is None
    assert list(app.desk.teams.by_name) == ["care"]


def test_a_team_that_is_gone_gives_its_work_to_the_first(app):
    app.team_files.save(PRESS, ANA)
    from storage import team_files

    with app.desk.database.begin() as db:
        team_files.drop(db, "press")

    assert app.team_files.refresh()
    assert app.desk.teams["press"].name == "care"


def test_one_that_can_not_be_read_any_more_leaves_the_others(app, database):
    app.team_files.save(PRESS, ANA)
    from storage import team_files
    from storage.team_files import TeamFile

    with database.begin() as db:
        broken = TeamFile(team="press", text="[teams.press", by=ANA, at=app.desk.now())
        team_files.put(db, replace(broken, at=app.desk.now() + timedelta(seconds=1)))
        team_files.put(db, TeamFile(team="two", text=replace(PRESS, name="two", channel="C0TWO",
            hears=[]).text, by=ANA, at=app.desk.now()))  # fmt: skip

    assert app.team_files.refresh()
    assert app.desk.teams.of_channel("C0TWO").name == "two"
