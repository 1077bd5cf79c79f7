import pytest

from bot.playground.workspace import Workspace
from tests.playground.shapes import (
    CARE,
    LIVE,
    plain,
    posted,
    refused,
)

# --- messages


def test_timestamps_are_unique_and_grow_even_when_the_clock_stands(slack):
    first, second = posted(slack), posted(slack)

    assert (first, second) == ("1700000000.000000", "1700000000.000001")


@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"channel": "C0NONE", "text": "x"}, "channel_not_found"),
        ({"text": "x"}, "invalid_arguments"),
        ({"channel": CARE}, "no_text"),
        ({"channel": CARE, "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": CARE, "blocks": "[{"}, "invalid_blocks_format"),
        ({"channel": CARE, "blocks": [{"type": "poem"}]}, "invalid_blocks"),
        (
            {"channel": CARE, "text": "x", "metadata": {"event_type": "a"}},
            "invalid_metadata_format",
        ),
        ({"channel": CARE, "text": "x", "metadata": "{"}, "invalid_metadata_format"),
        ({"channel": CARE, "text": "x", "thread_ts": "1.0"}, "thread_not_found"),
        ({"channel": CARE, "text": "x", "attachments": [{}] * 101}, "too_many_attachments"),
    ],
)
def test_what_slack_would_not_post(workspace, message, error):
    assert refused(workspace, "chat.postMessage", **message) == error
    assert workspace.channels[CARE].messages == {}


def test_a_refused_block_is_pointed_at(workspace):
    blocks = [{"type": "divider"}, {"type": "header", "text": plain("x" * 151)}]

    answer = workspace.call("chat.postMessage", {"channel": CARE, "blocks": blocks}).body

    assert answer["response_metadata"]["messages"] == [
        "[ERROR] must be less than 151 characters [json-pointer:/blocks/1/text/text]"
    ]


def test_blocks_may_not_be_too_long_together(workspace):
    section = {"type": "section", "text": {"type": "mrkdwn", "text": "x" * 3000}}

    error = refused(workspace, "chat.postMessage", channel=CARE, blocks=[section] * 5)

    assert error == "msg_blocks_too_long"


def test_metadata_may_not_be_too_large(workspace):
    metadata = {"event_type": "x", "event_payload": {"key": "x" * 16_000}}

    error = refused(workspace, "chat.postMessage", channel=CARE, text="x", metadata=metadata)

    assert error == "metadata_too_large"


def test_the_bot_writes_only_where_it_is(workspace):
    workspace.add_channel("C0ELSE", "elsewhere")
    workspace.add_channel("C0OLD", "old", members=["U0BOT"]).archived = True
    workspace.add_channel("C0SECRET", "secret").private = True

    assert refused(workspace, "chat.postMessage", channel="C0ELSE", text="x") == "not_in_channel"
    assert refused(workspace, "chat.postMessage", channel="C0OLD", text="x") == "is_archived"
    assert refused(workspace, "chat.postMessage", channel="C0SECRET", text="x") == (
        "channel_not_found"
    )
    assert refused(workspace, "conversations.history", channel="C0ELSE") == "not_in_channel"


def test_with_another_scope_it_writes_in_public_channels_without_joining(workspace):
    workspace.scopes.add("chat:write.public")
    workspace.add_channel("C0ELSE", "elsewhere")

    assert refused(workspace, "chat.postMessage", channel="C0ELSE", text="x") is None


def test_a_private_channel_cannot_be_joined(workspace):
    workspace.add_channel("C0SECRET", "secret", members=["U0BOT"]).private = True

    assert refused(workspace, "conversations.join", channel="C0SECRET") == (
        "method_not_supported_for_channel_type"
    )


def test_metadata_alone_can_be_changed(slack, workspace):
    ts = posted(slack, blocks=[{"type": "divider"}])
    metadata = {"event_type": "delivery", "event_payload": {"key": "2"}}

    workspace.call("chat.update", {"channel": CARE, "ts": ts, "metadata": metadata})

    assert slack.messages[ts]["metadata"] == metadata
    assert slack.messages[ts]["text"] == "hello"
    assert slack.messages[ts]["blocks"][0]["type"] == "divider"


def test_it_may_join_a_public_channel(workspace):
    workspace.add_channel("C0ELSE", "elsewhere")
    workspace.add_channel("C0OLD", "old").archived = True

    workspace.call("conversations.join", {"channel": "C0ELSE"})

    assert refused(workspace, "chat.postMessage", channel="C0ELSE", text="x") is None
    assert refused(workspace, "conversations.join", channel="C0OLD") == "is_archived"


def test_a_message_to_a_person_opens_a_direct_channel(slack, workspace):
    answer = slack.chat_postMessage(channel="U0ANA", text="only for you")

    assert answer["channel"] == "D0ANA" == slack.conversations_open(users="U0ANA")["channel"]["id"]
    assert workspace.channels["D0ANA"].partner == "U0ANA"


def test_nothing_is_sent_to_someone_who_left(workspace):
    workspace.deactivate("U0BEN")

    assert refused(workspace, "chat.postMessage", channel="U0BEN", text="x") == "user_disabled"
    assert refused(workspace, "conversations.open", users="U0BEN") == "user_disabled"
    assert workspace.call("users.info", {"user": "U0BEN"}).body["user"]["deleted"]
    assert "U0BEN" not in workspace.channels[CARE].members
    assert refused(workspace, "users.info", user="U0NOBODY") == "user_not_found"


def test_text_without_blocks_takes_the_blocks_away_and_keeps_the_metadata(slack):
    metadata = {"event_type": "delivery", "event_payload": {"key": "1"}}
    ts = posted(slack, blocks=[{"type": "divider"}], metadata=metadata)

    slack.chat_update(channel=CARE, ts=ts, text="changed")

    assert "blocks" not in slack.messages[ts]
    assert slack.messages[ts]["metadata"] == metadata
    assert slack.messages[ts]["edited"]["user"] == "U0BOT"


def test_a_message_with_blocks_is_not_marked_as_edited(slack):
    ts = posted(slack)

    slack.chat_update(channel=CARE, ts=ts, text="new", blocks=[{"type": "divider"}])

    assert "edited" not in slack.messages[ts]


def test_only_ones_own_messages_can_be_changed(slack, workspace):
    workspace.say("U0ANA", CARE, "mine")
    [ts] = slack.messages
    whisper = slack.chat_postEphemeral(channel=CARE, user="U0ANA", text="psst")["message_ts"]

    assert refused(workspace, "chat.update", channel=CARE, ts=ts, text="x") == "cant_update_message"
    assert refused(workspace, "chat.delete", channel=CARE, ts=ts) == "cant_delete_message"
    assert refused(workspace, "chat.update", channel=CARE, ts=whisper, text="x") == (
        "message_not_found"
    )


def test_a_whisper_goes_to_members_only_and_leaves_no_trace(slack, workspace):
    workspace.add_person("U0EVE", "eve", "Eve")

    slack.chat_postEphemeral(channel=CARE, user="U0ANA", text="psst")

    assert [whisper["text"] for whisper in slack.whispers] == ["psst"]
    assert slack.conversations_history(channel=CARE)["messages"] == []
    assert refused(workspace, "chat.postEphemeral", channel=CARE, user="U0EVE", text="x") == (
        "user_not_in_channel"
    )


def test_a_thread_keeps_a_stone_where_its_first_message_was(slack, workspace):
    ts = posted(slack)
    reply = posted(slack, "a nag", thread_ts=ts)

    slack.chat_delete(channel=CARE, ts=ts)

    assert slack.messages[ts]["subtype"] == "tombstone"
    assert refused(workspace, "chat.postMessage", channel=CARE, text="x", thread_ts=reply) == (
        "cannot_reply_to_message"
    )
    slack.chat_delete(channel=CARE, ts=reply)
    assert list(slack.messages) == [ts]


def test_a_permalink_leads_into_the_thread(slack):
    ts = posted(slack)
    reply = posted(slack, thread_ts=ts)

    link = slack.chat_getPermalink(channel=CARE, message_ts=reply)["permalink"]

    assert link.endswith(f"/C0CARE/p{reply.replace('.', '')}?thread_ts={ts}&cid=C0CARE")


# --- history


def test_history_is_newest_first_and_leaves_replies_out_unless_broadcast(slack):
    ts = posted(slack, "card")
    posted(slack, "quiet", thread_ts=ts)
    posted(slack, "loud", thread_ts=ts, reply_broadcast=True)

    history = slack.conversations_history(channel=CARE)["messages"]
    thread = slack.conversations_replies(channel=CARE, ts=ts)["messages"]

    assert [message["text"] for message in history] == ["loud", "card"]
    assert [message["text"] for message in thread] == ["card", "quiet", "loud"]
    assert history[1]["reply_count"] == 2


def test_history_comes_in_pages(slack):
    for text in "abcde":
        posted(slack, text)

    pages = slack.conversations_history(channel=CARE, limit=2)
    first = [message["text"] for message in pages["messages"]]
    cursor = pages["response_metadata"]["next_cursor"]
    second = slack.conversations_history(channel=CARE, limit=2, cursor=cursor)

    assert first == ["e", "d"]
    assert [message["text"] for message in second["messages"]] == ["c", "b"]
    assert second["has_more"]


def test_history_can_be_cut_at_both_ends(slack):
    first, second, third = (posted(slack, text) for text in "abc")

    between = slack.conversations_history(channel=CARE, oldest=first, latest=third)
    all_of_it = slack.conversations_history(
        channel=CARE, oldest=first, latest=third, inclusive=True
    )

    assert [message["ts"] for message in between["messages"]] == [second]
    assert len(all_of_it["messages"]) == 3


def test_one_reply_is_asked_for_by_its_time_and_comes_below_the_first_message(slack, workspace):
    ts = posted(slack, "card")
    posted(slack, "early", thread_ts=ts)
    reply = posted(slack, "late", thread_ts=ts)
    only = {"latest": reply, "oldest": reply, "inclusive": True}

    [one, two] = slack.conversations_replies(channel=CARE, ts=ts, **only)["messages"]
    [alone] = slack.conversations_replies(channel=CARE, ts=reply)["messages"]

    assert [one["text"], two["text"], alone["text"]] == ["card", "late", "late"]
    assert alone["thread_ts"] == ts
    assert slack.conversations_history(channel=CARE, **only)["messages"] == []
    nowhere = {"channel": CARE, "ts": "1600000000.000001"}
    assert refused(workspace, "conversations.replies", **nowhere) == "thread_not_found"


def test_metadata_is_told_only_when_asked_for(slack):
    posted(slack, metadata={"event_type": "x", "event_payload": {"key": "1"}})

    [without] = slack.conversations_history(channel=CARE)["messages"]
    [with_it] = slack.conversations_history(channel=CARE, include_all_metadata=True)["messages"]

    assert "metadata" not in without
    assert with_it["metadata"]["event_payload"] == {"key": "1"}


@pytest.mark.parametrize(
    ("params", "error"),
    [
        ({"cursor": "?"}, "invalid_cursor"),
        ({"limit": "many"}, "invalid_limit"),
        ({"oldest": "yesterday"}, "invalid_ts_oldest"),
        ({"latest": "now"}, "invalid_ts_latest"),
    ],
)
def test_history_refuses_what_it_cannot_read(slack, workspace, params, error):
    posted(slack)

    assert refused(workspace, "conversations.history", channel=CARE, **params) == error


def test_a_lagging_history_shows_a_message_late(slack, clock, workspace):
    workspace.faults.add("history_lag", seconds=5)
    posted(slack)

    soon = slack.conversations_history(channel=CARE)["messages"]
    clock.at += 5
    late = slack.conversations_history(channel=CARE)["messages"]

    assert (len(soon), len(late)) == (0, 1)
    assert workspace.faults.struck == {"history_lag": 1}  # what hid something


def test_what_is_known_of_the_workspace(slack):
    assert slack.conversations_info(channel=CARE)["channel"]["num_members"] == 7
    assert "U0LEA" in slack.conversations_members(channel=CARE)["members"]
    assert len(slack.users_list()["members"]) == 7
    assert "users" not in slack.usergroups_list()["usergroups"][0]
    assert slack.usergroups_list(include_users=True)["usergroups"][0]["users"] == ["U0LEA"]
    assert slack.team_info()["team"]["name"] == "Acme"
    assert slack.auth_test()["user_id"] == "U0BOT"


# --- pings


@pytest.mark.parametrize(
    ("message", "called"),
    [
        ({"text": "<!channel> <@U0ANA|ana> <!subteam^S0LEADS> <!here|here>"},
         ["channel", "U0ANA", "S0LEADS", "here"]),
        ({"text": "&lt;!channel&gt; @channel"}, []),
        ({"blocks": [{"type": "section", "text": LIVE}]}, ["here"]),
        ({"blocks": [{"type": "section", "text": plain("<!here>")}]}, []),
        ({"blocks": [{"type": "context", "elements": [LIVE]}]}, ["here"]),
        ({"blocks": [{"type": "markdown", "text": "<!everyone>"}]}, ["everyone"]),
        ({"blocks": [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [
            {"type": "text", "text": "<!channel>"},
            {"type": "broadcast", "range": "here"},
            {"type": "user", "user_id": "U0ANA"},
            {"type": "usergroup", "usergroup_id": "S0LEADS"}]}]}]}, ["here", "U0ANA", "S0LEADS"]),
        ({"attachments": [{"text": "<!here>"}]}, ["here"]),
        ({"text": "x", "metadata": {"event_payload": {"text": "<!here>"}}}, []),
    ],
)  # fmt: skip
def test_whom_a_message_calls(message, called):
    assert Workspace.pings(message) == called


def test_link_names_makes_every_name_a_call(slack, workspace):
    ts = posted(slack, "@channel and @ana", link_names=True)

    assert workspace.pings(slack.messages[ts]) == ["channel", "U0ANA"]
