"""Shortcuts, who is who, and who comes into a channel."""

import json

import pytest

from bot.playground.things import Impossible
from bot.playground.workspace import Workspace
from tests.fake_slack import join, message_shortcut, shortcut
from tests.playground.shapes import CARE, modal, posted, refused

NEW = "C0NEW"


def test_a_global_shortcut_brings_a_trigger_and_no_place(workspace, bolt, slack):
    heard = []

    @bolt.shortcut("log_contact")
    def log(ack, body):
        heard.append(body)
        ack()
        slack.views_open(trigger_id=body["trigger_id"], view=modal())

    shortcut(bolt, workspace, "U0ANA", "log_contact")

    assert (heard[0]["type"], heard[0]["user"]["id"]) == ("shortcut", "U0ANA")
    assert not heard[0].keys() & {"channel", "message", "response_url"}
    assert len(slack.views) == 1


def test_a_message_shortcut_brings_the_message_whoever_wrote_it(workspace, bolt, slack):
    heard = []
    bolt.shortcut({"type": "message_action", "callback_id": "make_case"})(
        lambda ack, body: heard.append(body) or ack()
    )
    workspace.say("U0BEN", CARE, "Mr Lund called, he is angry")
    [ts] = slack.messages

    message_shortcut(bolt, workspace, "U0ANA", CARE, ts, "make_case")

    [body] = heard
    assert (body["type"], body["message_ts"]) == ("message_action", ts)
    assert body["message"]["text"] == "Mr Lund called, he is angry"
    assert body["message"]["user"] == "U0BEN"
    assert body["channel"] == {"id": CARE, "name": "customer-care"}
    workspace.respond(body["response_url"].rpartition("/")[2], {"text": "It has a card."})
    assert slack.whispers[0]["user"] == "U0ANA"


def test_only_declared_shortcuts_and_real_messages(workspace, bolt, slack):
    ts = posted(slack)
    whisper = slack.chat_postEphemeral(channel=CARE, user="U0ANA", text="psst")["message_ts"]

    with pytest.raises(AssertionError, match=r"no global shortcut make_case.*log_contact"):
        shortcut(bolt, workspace, "U0ANA", "make_case")
    with pytest.raises(AssertionError, match="no message shortcut log_contact"):
        message_shortcut(bolt, workspace, "U0ANA", CARE, ts, "log_contact")
    with pytest.raises(AssertionError, match="no message"):
        message_shortcut(bolt, workspace, "U0ANA", CARE, whisper, "make_case")
    with pytest.raises(AssertionError, match="not in a channel"):
        message_shortcut(bolt, workspace, "U0OTTO", "C0PRESS", ts, "make_case")


# --- who comes in


def test_the_bot_hears_that_it_was_invited_and_by_whom(workspace, bolt, slack):
    heard = []
    bolt.event("member_joined_channel")(lambda event: heard.append(event))

    join(bolt, workspace, NEW, by="U0LEA")

    [event] = heard
    assert (event["user"], event["inviter"], event["channel"]) == ("U0BOT", "U0LEA", NEW)
    assert event["channel_type"] == "C"
    assert slack.conversations_info(channel=NEW)["channel"]["is_member"]
    [said] = slack.conversations_history(channel=NEW)["messages"]
    assert (said["subtype"], said["text"]) == ("channel_join", "<@U0BOT> has joined the channel")


def test_the_bot_hears_of_others_only_where_it_is(workspace, bolt):
    heard = []
    bolt.event("member_joined_channel")(lambda event: heard.append(event["user"]))

    assert join(bolt, workspace, NEW, who="U0BEN") is None
    join(bolt, workspace, "C0PRESS", who="U0BEN")

    assert heard == ["U0BEN"]
    assert "U0BEN" in workspace.channels[NEW].members


def test_nobody_comes_twice_and_guests_invite_nobody(workspace):
    with pytest.raises(Impossible, match="there already"):
        workspace.invite("U0ANA", CARE)
    with pytest.raises(Impossible, match="there already"):
        workspace.invite("U0ANA", CARE, "U0NOBODY")
    workspace.add_person("U0EVE", "eve", "Eve")
    with pytest.raises(Impossible, match="Gus Meyer can't invite"):
        workspace.invite("U0GUS", CARE, "U0EVE")


# --- who is who


def told(slack, id, **more):
    return slack.users_info(user=id, **more)["user"]


def test_a_guest_and_a_person_of_another_workspace_are_told_apart(slack):
    ana, gus, otto = (told(slack, id) for id in ("U0ANA", "U0GUS", "U0OTTO"))

    flags = ("is_restricted", "is_ultra_restricted", "is_stranger", "is_bot")
    assert [ana[flag] for flag in flags] == [False] * 4
    assert [gus[flag] for flag in flags] == [True, False, False, False]
    assert [otto[flag] for flag in flags] == [False, False, True, False]
    assert (ana["team_id"], otto["team_id"]) == ("T0ACME", "T0OTHER")
    assert told(slack, "U0BOT")["is_bot"]


def test_who_presses_is_told_with_the_workspace_they_come_from(slack, workspace):
    block = {"type": "button", "action_id": "x", "text": {"type": "plain_text", "text": "x"}}
    ts = posted(slack, blocks=[{"type": "actions", "elements": [block]}])

    payload = workspace.press("U0OTTO", CARE, ts, "x").payload

    assert (payload["user"]["team_id"], payload["team"]["id"]) == ("T0OTHER", "T0ACME")
    assert slack.conversations_info(channel=CARE)["channel"]["is_ext_shared"]
    assert not slack.conversations_info(channel="C0PRESS")["channel"]["is_ext_shared"]


def test_the_locale_is_told_to_who_asks_for_it(slack, clock):
    eva = told(slack, "U0EVA", include_locale=True)

    assert (eva["locale"], eva["tz"], eva["tz_offset"]) == ("de-DE", "Europe/Berlin", 3600)
    assert "locale" not in told(slack, "U0EVA")
    clock.at = 1_720_000_000.0
    assert told(slack, "U0EVA")["tz_offset"] == 7200


def test_the_members_of_a_channel_come_in_pages(slack, workspace):
    first = slack.conversations_members(channel=CARE, limit=5)
    cursor = first["response_metadata"]["next_cursor"]
    second = slack.conversations_members(channel=CARE, limit=5, cursor=cursor)

    assert first["members"] + second["members"] == workspace.channels[CARE].members
    assert (len(second["members"]), second["response_metadata"]["next_cursor"]) == (2, "")


def test_who_is_in_a_group_is_told(slack, workspace):
    assert slack.usergroups_users_list(usergroup="S0LEADS")["users"] == ["U0LEA"]
    assert refused(workspace, "usergroups.users.list", usergroup="S0NONE") == "no_such_subteam"


def test_the_bot_knows_itself(slack):
    me = slack.auth_test()

    assert (me["user_id"], me["team_id"], me["bot_id"]) == ("U0BOT", "T0ACME", "B0BOT")


def test_guests_and_channels_outlive_a_restart(workspace, clock):
    workspace.invite("U0ANA", NEW)

    again = Workspace(clock)
    again.load(json.loads(json.dumps(workspace.dump())))

    assert again.people == workspace.people
    assert "U0BOT" in again.channels[NEW].members


def test_what_was_kept_before_there_were_files_is_still_read(workspace, clock):
    kept = workspace.dump()
    del kept["files"]
    for person in kept["people"]:
        for name in ("locale", "tz", "is_restricted", "is_stranger", "team_id"):
            del person[name]

    again = Workspace.demo(clock)
    again.load(kept)

    assert again.people["U0ANA"].locale == "en-US"


def test_a_deleted_reply_is_gone_from_the_thread_and_its_count(slack):
    ts = posted(slack, "card")
    reply = posted(slack, "a nag", thread_ts=ts)
    posted(slack, "another", thread_ts=ts)

    slack.chat_delete(channel=CARE, ts=reply)

    thread = slack.conversations_replies(channel=CARE, ts=ts)["messages"]
    assert [message["text"] for message in thread] == ["card", "another"]
    assert slack.conversations_history(channel=CARE)["messages"][0]["reply_count"] == 1
