"""Lists, saved views and exports as people ask for them: by command and by click."""

import csv
import json
import re
from dataclasses import replace
from datetime import timedelta
from io import StringIO

import pytest
from sqlalchemy import select

from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from bot.playground import blockkit, files
from bot.slack import exports
from bot.slack.counter import Visit
from bot.slack.managing import Managing
from bot.slack.members import Members
from bot.slack.roster import Roster
from storage.database import reading
from storage.tables import audit
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.people import ANA, BEN, CARE, LEA, answer, ask, form, press
from tests.slack.cases import controls, shown
from tests.slack.hostile import live_markup

SENDING = "I am sending it to you as a direct message."
NOTHING = "There is nothing to export: nobody fits to what you asked for."


def sent(workspace, person=ANA):
    """What the bot sent to this person directly: its words and its file, opened."""
    direct = next(
        channel
        for channel in workspace.channels.values()
        if channel.id.startswith("D") and person in channel.members
    )
    message = list(direct.messages.values())[-1]
    [file] = [workspace.files[id] for id in message["files"]]
    rows = csv.reader(StringIO(files.content(file).decode("utf-8-sig"), newline=""))
    return message["text"], file.name, list(rows)


def pressed(app, slack, action, value=None, by=ANA):
    """Press on what only this person was shown last; what takes its place."""
    [found] = [
        c for c in blockkit.controls(slack.whispers[-1]["blocks"]) if c["action_id"] == action
    ]
    offered = [option["value"] for option in found.get("options", [])]
    assert value is None or value in offered
    members = Members(slack, app.desk.now)
    shown_then = []
    visit = Visit(
        by=by,
        channel=CARE,
        via=f"button {action}",
        body={},
        client=slack,
        roster=Roster(members),
        value=value or found["value"],
        respond=lambda **message: shown_then.append(message),
    )
    Managing(app.desk, app.links, app.watch.fresh).counter().buttons[action](visit)
    [message] = shown_then
    assert message["replace_original"]
    return message


def only(app, **roles):
    """The team with these roles."""
    app.desk.teams.change(replace(TEAM, roles=Roles({Right(k): (v,) for k, v in roles.items()})))


# Lists


def test_filters_combine_in_a_command(app, slack, workspace, clock, hear):
    hear("I want a refund", by="mira")
    hear("My refund is broken", by="ken")
    press(app, slack, "claim", 1, by=ANA)
    clock.pass_(hours=2)

    said = ask(app.bolt, workspace, "overdue mine since:today “REFUND” sort:oldest")

    assert said.startswith("*Waiting for care · overdue · yours · since ")
    assert "@mira" in said
    assert "@ken" not in said


def test_what_is_closed_is_listed_with_how_it_ended(app, slack, workspace, clock, hear):
    hear(by="mira")
    hear(by="ken")
    ask(app.bolt, workspace, "answered 1")
    clock.pass_(hours=2)
    ask(app.bolt, workspace, "answered 2")

    said = ask(app.bolt, workspace, "is:closed")
    every = ask(app.bolt, workspace, "is:any")
    broken = ask(app.bolt, workspace, "is:closed overdue")

    assert said.startswith("*Closed by care*: 2 closed, 1 in time, 1 late")
    assert every.startswith("*All of care*: 2 closed, 1 in time, 1 late")
    assert broken.startswith("*Closed by care · overdue*: 1 closed, 0 in time, 1 late")
    assert ask(app.bolt, workspace, "is:dismissed") == "*Dismissed by care*: nobody."


def test_pages_keep_the_whole_question(app, slack, workspace, clock, hear):
    for number in range(12):
        hear("My order is broken", by=f"customer{number}")
        clock.pass_(seconds=30)
    query = 'since:today "my order" sort:newest'

    first = ask(app.bolt, workspace, query)
    second = pressed(app, slack, "more")

    assert "12 waiting" in first
    assert "@customer11" in first
    assert "@customer0:" not in first
    assert "@customer0" in shown(second)
    assert "11 to 12" in shown(second)


def test_too_long_a_question_is_refused(app, workspace):
    said = ask(app.bolt, workspace, '"' + "x" * 2000 + '"')

    assert said == "That is 2,002 characters; I take 1,900. Leave something out."


def test_all_words_are_told_and_each_is_understood(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "filters")

    for word in re.findall(r"`([^`]*)`", said):
        query = word.removeprefix("/unanswered ").replace("@someone", "@ben")
        heard = ask(app.bolt, workspace, query.replace("team:press", "team:care"))
        assert "I don't" not in heard, word


# Saved views


def test_a_view_is_saved_shown_and_deleted_by_command(app, workspace, hear):
    hear(by="mira")

    saved = ask(app.bolt, workspace, "save Monday: overdue since:monday")
    mine = ask(app.bolt, workspace, "views")
    seen = ask(app.bolt, workspace, "view MONDAY")

    assert saved == "Saved. `/unanswered view Monday` shows it, and so does App Home."
    assert mine.splitlines() == [
        "*1 saved view*",
        "Monday: /unanswered overdue since:monday",
    ]
    assert seen.startswith("*Waiting for care · overdue · since Mon 2 Nov 00:00*: nobody.")
    assert ask(app.bolt, workspace, "views", by=BEN).startswith("You have saved no view yet.")
    assert ask(app.bolt, workspace, "view Monday", by=BEN).startswith("You have no saved view")
    assert ask(app.bolt, workspace, "delete view monday") == "It is deleted."
    assert ask(app.bolt, workspace, "delete view monday").startswith("You have no saved view")


def test_a_view_is_run_and_deleted_by_click(app, slack, workspace, hear):
    hear(by="mira")
    ask(app.bolt, workspace, "save All of it: all teams")
    ask(app.bolt, workspace, "save Late: overdue")

    ask(app.bolt, workspace, "views")
    run = pressed(app, slack, "run_view", "All of it")
    assert "Waiting for all teams*: 1 waiting" in shown(run)

    ask(app.bolt, workspace, "views")
    left = pressed(app, slack, "drop_view", "All of it")
    assert "1 saved view" in shown(left)
    assert "All of it" not in shown(left)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("save overdue", "Name it before a colon"),
        ("save overdue since:monday", "Name it before a colon"),
        ("save", "Name it before a colon"),
        ("save : overdue", "Name it before a colon"),
        ("save Monday: nonsense", "I don't know “nonsense”."),
        (f"save {'x' * 41}: mine", "Its name may have 40 characters."),
    ],
)
def test_what_can_not_be_saved_says_why(app, workspace, words, said):
    assert ask(app.bolt, workspace, words).startswith(said)


def test_twenty_views_are_all_listed_and_a_twenty_first_is_refused(app, workspace):
    for number in range(20):
        ask(app.bolt, workspace, f'save {"<&>" * 12} {number}: "{"<&>`*" * 60}"')

    said = ask(app.bolt, workspace, "save one more: mine")
    listed = ask(app.bolt, workspace, "views")

    assert said.startswith("You have 20 saved views, and there can be no more.")
    assert listed.startswith("*20 saved views*")
    assert controls(workspace.whispers[-1]) == ["run_view", "drop_view"]
    assert len(json.dumps(workspace.whispers[-1]["blocks"], ensure_ascii=False)) < 13_200
    assert live_markup(workspace.whispers[-1]) == []


# Exports


def test_an_export_comes_as_a_direct_message(app, slack, workspace, clock, hear):
    hear("=1+1 is broken", by="mira")
    hear("My order is broken", by="ken")
    answer(app, slack, 2, "A new one is on its way.", by=LEA)
    hear("Where is it?", by="zoe")
    clock.pass_(hours=2)

    said = ask(app.bolt, workspace, "export is:any since:today", by=LEA)

    assert said == "I am sending it to you as a direct message."
    words, name, (names, *rows) = sent(workspace, LEA)
    assert words.startswith("3 conversations · All of care · since Tue 3 Nov 00:00")
    assert name == "unanswered-2026-11-03.csv"
    assert tuple(names) == exports.COLUMNS
    told = {row[names.index("handle")]: dict(zip(names, row, strict=True)) for row in rows}
    assert told["mira"]["words"] == "'=1+1 is broken"
    assert told["ken"]["our_answer"] == "A new one is on its way."
    assert told["zoe"]["state"] == "waiting"
    assert told["zoe"]["link"].startswith("https://acme.slack.com/archives/C0CARE/p")


def test_only_who_may_export_gets_one(app, workspace, hear):
    only(app, export=LEA)
    hear()

    refused = ask(app.bolt, workspace, "export", by=ANA)
    audit_ = ask(app.bolt, workspace, "export audit since:monday", by=ANA)

    assert refused.startswith("Only <@U0LEA> may export.")
    assert audit_ == refused
    assert not [c for c in workspace.channels.values() if c.id.startswith("D") and c.messages]


def test_an_export_of_all_teams_needs_the_right_in_each(assemble, workspace, demo, hear):
    anybody = replace(TEAM, roles=Roles({Right.EXPORT: (ANA,)}))
    press_ = replace(TEAM, name="press", channel="C0PRESS", roles=Roles({Right.EXPORT: (BEN,)}))
    app = assemble(teams=Teams({"care": anybody, "press": press_}))

    assert ask(app.bolt, workspace, "export all teams").startswith("Only <@U0BEN> may export.")
    ask(app.bolt, workspace, "export")
    assert workspace.whispers[-1]["text"] in (SENDING, NOTHING)


def written(app):
    with reading(app.desk.database) as db:
        rows = db.execute(select(audit).where(audit.c.what == "export")).all()
    return [(row.by, row.via, row.about) for row in rows]


def test_an_export_is_audited_without_the_words_that_were_searched(app, workspace, hear):
    hear("I am Mira Lindqvist", by="mira")

    ask(app.bolt, workspace, 'export since:today complaint question "Lindqvist"', by=LEA)
    ask(app.bolt, workspace, 'export "Lindqvist"', by=LEA)

    [(by, via, about)] = written(app)
    assert (by, via) == (LEA, "command")
    assert about == {"of": "conversations", "filters": [], "rows": 1}


def test_the_audit_is_exported_the_same_way(app, slack, workspace, clock, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    ask(app.bolt, workspace, "export audit since:today", by=LEA)

    words, name, (names, *rows) = sent(workspace, LEA)
    assert words.endswith("of the audit")
    assert name.startswith("audit-2026")
    assert tuple(names) == exports.AUDITED
    claim = next(row for row in rows if row[names.index("what")] == "claim")
    assert claim[:3] == ["2026-11-03T12:00:01Z", ANA, "button claim"]


def test_too_much_is_cut_and_said_so(app, workspace, hear, monkeypatch):
    monkeypatch.setattr(exports, "ROWS", 2)
    for number in range(3):
        hear(by=f"customer{number}")

    ask(app.bolt, workspace, "export", by=LEA)

    words, _, (_, *rows) = sent(workspace, LEA)
    assert "Only the first 2, there are more. Narrow it" in words
    assert len(rows) == 2


def test_an_empty_export_says_so_instead(app, workspace):
    ask(app.bolt, workspace, "export", by=LEA)

    [answered, told] = workspace.whispers[-2:]
    assert "There is nothing to export" in answered["text"] + told["text"]
    assert not [c for c in workspace.channels.values() if c.id.startswith("D") and c.messages]


@pytest.mark.parametrize(
    ("scope", "said"),
    [
        ("files:write", "I may not send files yet. Somebody has to add the scope `files:write`"),
        ("im:write", "I may not send files yet."),
    ],
)
def test_an_export_that_does_not_get_through_is_told(app, workspace, hear, scope, said):
    hear()
    workspace.scopes = workspace.scopes - {scope}

    ask(app.bolt, workspace, "export", by=LEA)

    assert any(said in whisper["text"] for whisper in workspace.whispers)


def test_an_export_whose_upload_breaks_is_told(app, slack, workspace, hear, monkeypatch):
    hear()
    monkeypatch.setattr(slack, "_upload_file", _broken)

    ask(app.bolt, workspace, "export", by=LEA)

    told = [whisper["text"] for whisper in workspace.whispers]
    assert "Your export did not get through to you. Type it again in a few minutes." in told


def test_an_export_that_can_not_be_made_is_told(app, workspace, hear, monkeypatch):
    hear()
    monkeypatch.setattr(exports, "row", _broken_row)

    ask(app.bolt, workspace, "export", by=LEA)

    told = " ".join(whisper["text"] for whisper in workspace.whispers)
    assert "I could not make your export. The log says why" in told


def _broken(**_):
    raise ConnectionResetError(104, "Connection reset by peer")


def _broken_row(*_):
    raise ZeroDivisionError


# Health


def test_how_the_bot_is_can_be_asked_by_everybody(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "health", by=BEN)

    assert said.startswith("*All is well.*")
    assert ":white_check_mark: The demo platform: all of it until <!date^" in said
    assert ":white_check_mark: All is delivered that is due." in said
    assert ":white_check_mark: Everybody is called in time." in said


def test_what_is_not_well_comes_first(app, demo, workspace, clock, hear):
    hear()
    app.intake._put_off("demo", "Error 503.", None, tell_after=timedelta(hours=9))
    app.watch.clock_off = timedelta(minutes=2)
    clock.pass_(hours=1, minutes=10)

    said = ask(app.bolt, workspace, "health").splitlines()

    assert said[0] == "*3 things are not well.*"
    assert said[1].startswith(":warning: My clock is 120 s off")
    assert said[2].startswith(":warning: Nobody was called about #1, though that was due at")
    assert said[3].startswith(":warning: The demo platform is not read since <!date^")
    assert "Error 503. All of it until <!date^" in said[3]


def test_health_speaks_german(app, workspace, hear):
    hear()

    said = ask(app.bolt, workspace, "zustand", by="U0EVA")

    assert said.startswith("*Alles ist in Ordnung.*")
    assert "Alles bis <!date^" in said


def test_the_same_is_a_click_away_on_app_home(app, slack, workspace, hear):
    hear()
    fake_slack.open_home(app.bolt, workspace, BEN)

    fake_slack.act(app.bolt, workspace, BEN, workspace.homes[BEN]["id"], "health")

    shown = str(form(slack, BEN)["blocks"])
    assert "*All is well.*" in shown
    assert "all of it until <!date^" in shown


def test_asking_for_health_waits_for_no_writer(app, workspace, hear):
    hear()
    with app.desk.database.begin():
        assert "All is well" in ask(app.bolt, workspace, "health")
