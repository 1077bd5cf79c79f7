"""Saved replies, managed from Slack: listed, written, removed, exported, taken from a file."""

import time
from dataclasses import replace

import pytest

from bot.domain.roles import Right, Roles
from bot.domain.saved import Written
from bot.domain.team import Teams
from bot.playground import blockkit
from bot.saved import SavedReplies
from bot.slack import later
from storage import audit
from storage.database import reading
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, LEA, form
from tests.slack.cases import shown

PRESS = replace(TEAM, name="press", channel="C0PRESS", hears=("demo:press",))


def opened(app, slack, words="", by=ANA):
    command = f"/unanswered replies {words}".strip()
    fake_slack.command(app.bolt, slack.workspace, by, CARE, command)
    return form(slack, by)


def pressed(app, slack, action, value=None, by=ANA):
    view = form(slack, by)["id"]
    fake_slack.act(app.bolt, slack.workspace, by, view, action, value)


def sent(app, slack, by=ANA, **values):
    fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)
    later.finish()


def written(app, slack, name, text, team="*", language="", by=ANA):
    pressed(app, slack, "saved_add", by=by)
    sent(
        app,
        slack,
        by,
        name={"text": name},
        saved_text={"text": text},
        team={"team": team},
        language={"text": language},
    )


def names(app):
    return [one.name for one in SavedReplies(app.desk).everything()]


def save(app, name, text="Hello", team="", language=""):
    SavedReplies(app.desk).save(Written(team, language, name, text), LEA)


def done(app):
    with reading(app.desk.database) as db:
        return [(each.by, each.what) for each in audit.since(db, NOON.replace(year=2020))]


def error(slack, by=ANA):
    return slack.workspace.view_errors[form(slack, by)["id"]]


def test_one_is_written_and_the_list_shows_it(app, slack):
    assert "None yet." in shown(opened(app, slack))

    written(app, slack, "Parcel", "Dear {first_name}, it is on its way.", language="EN")

    assert "*Parcel* · every team · en" in shown(form(slack))
    assert names(app) == ["Parcel"]
    assert (ANA, "add_saved_reply") in done(app)


def test_the_form_explains_what_may_stand_in_braces(app, slack):
    opened(app, slack)
    pressed(app, slack, "saved_add")

    seen = shown(form(slack))
    assert "{first_name} what the customer is called by friends" in seen
    assert "Anything else in braces is asked for." in seen


def test_one_is_changed_and_removed(app, slack):
    save(app, "Parcel")
    [one] = SavedReplies(app.desk).everything()
    opened(app, slack)

    pressed(app, slack, "saved_item", f"change {one.id}")
    sent(app, slack, name={"text": "Package"})
    assert names(app) == ["Package"]

    pressed(app, slack, "saved_item", f"remove {one.id}")
    assert "*Package* is removed." in shown(form(slack))
    sent(app, slack)
    assert names(app) == []
    assert [what for _, what in done(app)][-2:] == ["change_saved_reply", "remove_saved_reply"]


def test_the_list_is_searched(app, slack):
    for name in ("Parcel", "Invoice", "Sorry"):
        save(app, name)

    opened(app, slack, "par")
    assert "Parcel" in shown(form(slack))
    assert "Invoice" not in shown(form(slack))

    sent(app, slack, saved_search="inv")
    assert "Invoice" in shown(form(slack))
    assert "Parcel" not in shown(form(slack))


def test_a_name_is_there_once_for_a_team_and_language(app, slack):
    save(app, "Parcel")
    opened(app, slack)

    written(app, slack, "Parcel", "Other words")

    assert error(slack)["name"].startswith("There is a reply of that name already")


def test_a_language_is_a_code(app, slack):
    opened(app, slack)

    written(app, slack, "Parcel", "Words", language="German!")

    assert error(slack)["language"].startswith("That is no language.")


@pytest.fixture
def strict(assemble):
    """Only Lea may change what is everybody's, and Ben what is care's."""
    care = replace(TEAM, roles=Roles({Right.REPLIES: [LEA, BEN]}))
    press = replace(PRESS, roles=Roles({Right.REPLIES: [LEA]}))
    return assemble(teams=Teams({"care": care, "press": press}, tell=LEA))


def test_who_may_not_change_them_may_look_at_them(strict, slack):
    save(strict, "Parcel")

    view = opened(strict, slack, by=ANA)

    assert "Parcel" in shown(view)
    drawn = [one["action_id"] for one in blockkit.controls(view["blocks"])]
    assert drawn == ["saved_search"]


def test_a_team_is_offered_only_to_who_may_write_for_it(strict, slack):
    opened(strict, slack, by=BEN)
    pressed(strict, slack, "saved_add", by=BEN)

    [menu] = [b["element"] for b in form(slack, BEN)["blocks"] if b["block_id"] == "team"]
    assert [option["value"] for option in menu["options"]] == ["care"]


def test_what_is_every_teams_only_who_may_for_every_team_can_change(strict, slack):
    save(strict, "Parcel")
    [one] = SavedReplies(strict.desk).everything()
    opened(strict, slack, by=BEN)

    pressed(strict, slack, "saved_item", f"change {one.id}", by=BEN)

    assert form(slack, BEN)["callback_id"] == "saved_replies"
    [told] = [m["text"] for m in slack.messages.values() if "may change saved replies" in m["text"]]
    assert told == "Only <@U0LEA> and <@U0BEN> may change saved replies. Ask one of them."


def test_they_go_out_as_a_file_and_come_back_the_same(app, slack):
    save(app, "Parcel", 'It comes; "soon",\nreally.', team="care", language="en")
    save(app, "=Formula", "=1+1")
    before = [one[:] for one in _all(app)]
    opened(app, slack)

    pressed(app, slack, "saved_export")
    [file] = [f for f in slack.workspace.files.values() if f.name == "saved-replies.csv"]
    exported = fake_slack.files.content(file)
    for one in SavedReplies(app.desk).everything():
        SavedReplies(app.desk).remove(one.id, LEA)
    brought(app, slack, exported)

    assert "Done: 2 new, 0 with other words." in shown(form(slack))
    assert _all(app) == before
    assert b'"\'=1+1"' in exported


def _all(app):
    return [(o.team, o.language, o.name, o.text) for o in SavedReplies(app.desk).everything()]


def brought(app, slack, content, by=ANA):
    opened(app, slack, by=by)
    pressed(app, slack, "saved_import", by=by)
    file = slack.workspace.upload(by, "replies.csv", content)
    sent(app, slack, by, saved_file={"saved_file": [file.id]})


def test_what_the_file_held_is_shown_although_the_ack_came_late(app, slack):
    acknowledge = slack.workspace.acknowledge

    def slowly(*given):
        time.sleep(0.2)
        return acknowledge(*given)

    slack.workspace.acknowledge = slowly
    brought(app, slack, b"team,language,name,text\n,,Parcel,Words\n")

    assert "Done: 1 new" in shown(form(slack))


def test_a_file_with_mistakes_is_told_line_by_line_and_nothing_is_taken(app, slack):
    wrong = "team,language,name,text\ncare,en,,Hello\nnone,en,Hi,Hello\ncare,xx-1!,Ho,Hello\n"

    brought(app, slack, wrong.encode())

    seen = shown(form(slack))
    assert "Line 2: The reply has no name." in seen
    assert "Line 3: There is no team “none”." in seen
    assert "Line 4: “xx-1!” is not a language." in seen
    assert names(app) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\xff\xfe\x00nonsense\xff", "The file is no text in UTF-8."),
        (b"a,b\n1,2\n", "Line 1: The first line must name the columns"),
    ],
)
def test_what_is_no_such_file_is_said(app, slack, content, why):
    brought(app, slack, content)

    assert why in shown(form(slack))
    assert names(app) == []


def test_a_file_changes_nothing_that_its_bringer_may_not_change(strict, slack):
    brought(strict, slack, b"team,language,name,text\n,en,Hi,Hello\n", by=BEN)
    assert "only who may change it for every team" in shown(form(slack, BEN))

    brought(strict, slack, b"team,language,name,text\npress,en,Hi,Hello\n", by=BEN)
    assert "There is no team “press”." in shown(form(slack, BEN))
    assert names(strict) == []


def test_a_reply_of_the_same_name_gets_the_words_of_the_file(app, slack):
    save(app, "Parcel", "Old words")

    brought(app, slack, b"team,language,name,text\n,,Parcel,New words\n")

    assert "Done: 0 new, 1 with other words." in shown(form(slack))
    assert [one.text for one in SavedReplies(app.desk).everything()] == ["New words"]
