"""Speaking in Slack: what its refusals mean, and that nothing is said twice."""

import errno
import http.client
import socket
import ssl
from dataclasses import replace
from datetime import timedelta
from urllib.error import URLError

import pytest
from slack_sdk.errors import SlackClientError
from slack_sdk.webhook import WebhookClient

from bot.app import TIMEOUT, slack_client
from bot.courier import LEASE
from bot.domain.delivery import Delivery, Errand, TryLater
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from bot.slack.blocks import Message, section
from bot.slack.channel import Channel, ChannelGone, MessageGone, plain_errors
from tests.conftest import NOON
from tests.people import ANA, CARE, LEA

HELLO = Message("hello", [section("*hello*")])
FIRST = Delivery(
    id=1,
    key="card:1:1",
    errand=Errand.CARD,
    destination=CARE,
    attempt=1,
    owed_at=NOON,
    leased_until=NOON + LEASE,
)
AGAIN = replace(FIRST, attempt=2, may_have_happened=True)


@pytest.fixture
def channel(slack, clock):
    slack.workspace.limits = Limits(on=False)
    return Channel(slack, clock)


def posted(slack):
    return [method for method, _ in slack.calls].count("chat.postMessage")


def test_what_is_said_has_text_and_blocks_and_its_key(channel, slack):
    ts = channel.say(CARE, HELLO, FIRST)

    said = slack.messages[ts]
    assert said["text"] == "hello"
    assert said["blocks"][0]["text"]["text"] == "*hello*"
    assert said["metadata"]["event_payload"] == {"key": "card:1:1"}
    [(_, asked)] = slack.calls
    assert asked["unfurl_links"] == asked["unfurl_media"] is False


def test_a_changed_message_keeps_its_blocks(channel, slack):
    ts = channel.say(CARE, HELLO, FIRST)

    channel.change(CARE, ts, Message("bye", [section("*bye*")]))

    assert slack.messages[ts]["text"] == "bye"
    assert slack.messages[ts]["blocks"][0]["text"]["text"] == "*bye*"
    assert slack.messages[ts]["metadata"]["event_payload"] == {"key": "card:1:1"}


def test_a_first_attempt_does_not_look(channel, slack):
    channel.say(CARE, HELLO, FIRST)

    assert [method for method, _ in slack.calls] == ["chat.postMessage"]


@pytest.mark.parametrize("trouble", ["lost", "reset", "broken_after"])
def test_after_a_lost_answer_the_next_attempt_finds_what_was_said(channel, slack, trouble):
    slack.workspace.faults.add(trouble, "chat.postMessage")
    with pytest.raises(TryLater) as problem:
        channel.say(CARE, HELLO, FIRST)
    assert not problem.value.surely_not_done

    ts = channel.say(CARE, HELLO, AGAIN)

    assert list(slack.messages) == [ts]
    assert posted(slack) == 1


def test_it_looks_through_pages_of_what_others_said(channel, slack):
    ts = channel.say(CARE, HELLO, FIRST)
    for number in range(240):
        slack.workspace.say(ANA, CARE, f"talk {number}")

    assert channel.say(CARE, HELLO, AGAIN) == ts


def test_it_looks_in_the_thread_it_speaks_in(channel, slack):
    card = channel.say(CARE, HELLO, FIRST)
    nag = replace(FIRST, key="nag:1:2")
    ts = channel.say(CARE, HELLO, nag, thread=card)
    for number in range(120):
        slack.workspace.say(ANA, CARE, f"talk {number}", thread_ts=card)

    again = replace(nag, may_have_happened=True)
    assert channel.say(CARE, HELLO, again, thread=card) == ts


def test_it_looks_among_direct_messages(channel, slack):
    ts = channel.say(LEA, HELLO, FIRST)

    assert channel.say(LEA, HELLO, AGAIN) == ts


def test_the_parts_of_one_delivery_are_told_apart(channel, slack):
    first = channel.say(CARE, HELLO, FIRST)

    second = channel.say(CARE, HELLO, AGAIN, part=":direct")

    assert second != first
    assert channel.say(CARE, HELLO, AGAIN, part=":direct") == second


def test_what_does_not_happen_to_be_there_is_said(channel, slack):
    ts = channel.say(CARE, HELLO, AGAIN)

    assert list(slack.messages) == [ts]


def test_a_history_without_end_is_not_read_to_its_end(channel, slack):
    for number in range(1010):
        slack.workspace.say(ANA, CARE, f"talk {number}")

    with pytest.raises(LookupError, match="too long to be looked through"):
        channel.say(CARE, HELLO, AGAIN)


@pytest.mark.parametrize(
    ("code", "sure"),
    [
        ("rate_limited", True),
        ("ratelimited", True),
        ("message_limit_exceeded", True),
        ("request_timeout", True),
        ("team_added_to_org", True),
        ("org_login_required", True),
        ("invalid_auth", True),
        ("account_inactive", True),
        ("token_revoked", True),
        ("token_expired", True),
        ("missing_scope", True),
        ("not_allowed_token_type", True),
        ("internal_error", False),
        ("fatal_error", False),
        ("service_unavailable", False),
    ],
)
def test_what_passes_is_tried_later(channel, slack, code, sure):
    slack.workspace.faults.add("error", "chat.postMessage", error=code)

    with pytest.raises(TryLater) as problem:
        channel.say(CARE, HELLO, FIRST)

    assert not isinstance(problem.value, ChannelGone)
    assert problem.value.surely_not_done is sure


@pytest.mark.parametrize(
    ("code", "where", "said"),
    [
        ("channel_not_found", CARE, "I can't speak in <#C0CARE>"),
        ("not_in_channel", CARE, "`/invite @Unanswered`"),
        ("is_archived", CARE, "Unarchive it"),
        ("restricted_action", CARE, "Check `channel` in teams.toml"),
        ("restricted_action_read_only_channel", CARE, "Check `channel` in teams.toml"),
        ("user_disabled", LEA, "I can't speak to <@U0LEA>"),
        ("user_not_found", LEA, "Name somebody else in teams.toml."),
    ],
)
def test_a_channel_that_is_closed_says_how_to_mend_it(channel, slack, code, where, said):
    slack.workspace.faults.add("error", "chat.postMessage", error=code)

    with pytest.raises(ChannelGone) as problem:
        channel.say(where, HELLO, FIRST)

    assert said in str(problem.value)
    assert "Nothing is lost" in str(problem.value)
    assert problem.value.surely_not_done
    assert problem.value.after == timedelta(minutes=5)


@pytest.mark.parametrize(
    "code", ["message_not_found", "cant_update_message", "edit_window_closed", "thread_not_found"]
)
def test_a_message_that_somebody_deleted_is_gone(channel, slack, code):
    slack.workspace.faults.add("error", "chat.update", error=code)

    with pytest.raises(MessageGone):
        channel.change(CARE, "1.0", HELLO)


def test_what_nobody_foresaw_is_not_hidden(channel, slack):
    slack.workspace.faults.add("error", "chat.postMessage", error="invalid_blocks")

    with pytest.raises(SlackClientError, match="invalid_blocks"):
        channel.say(CARE, HELLO, FIRST)


def test_a_rate_limit_says_how_long_to_wait(channel, slack):
    slack.workspace.faults.add("rate_limited", "chat.postMessage", retry_after=17)

    with pytest.raises(TryLater) as problem:
        channel.say(CARE, HELLO, FIRST)

    assert problem.value.after == timedelta(seconds=17)
    assert problem.value.surely_not_done


@pytest.mark.parametrize(
    ("problem", "sure"),
    [
        (URLError(ConnectionRefusedError(111, "refused")), True),
        (URLError(socket.gaierror(-2, "no such name")), True),
        (URLError(ssl.SSLCertVerificationError(1, "whose certificate is this?")), True),
        (URLError(OSError(errno.ENETUNREACH, "no network")), True),
        (URLError(OSError(errno.EHOSTUNREACH, "no host")), True),
        (URLError(TimeoutError("timed out")), False),
        (URLError(ConnectionResetError(104, "reset")), False),
        (URLError(BrokenPipeError(32, "broken pipe")), False),
        (URLError(ssl.SSLEOFError(8, "it ended")), False),
        (URLError("odd"), False),
        (TimeoutError("the read timed out"), False),
        (ConnectionResetError(104, "reset"), False),
        (http.client.RemoteDisconnected("closed"), False),
        (http.client.IncompleteRead(b""), False),
        (SlackClientError("odd"), False),
    ],
)
def test_only_what_surely_did_not_leave_is_surely_not_done(problem, sure):
    with pytest.raises(TryLater) as later, plain_errors(CARE):
        raise problem

    assert later.value.surely_not_done is sure


# With the client that the bot really uses, before a real server


@pytest.fixture
def playground():
    with Playground(Workspace.demo()) as running:
        yield running


@pytest.fixture
def real(playground, clock):
    client = slack_client(playground.workspace.bot_token, playground.api_url)
    return Channel(client, clock)


@pytest.mark.fault(22)
@pytest.mark.parametrize("trouble", ["lost", "reset", "broken_after"])
def test_the_client_never_says_it_again_by_itself(playground, real, trouble):
    playground.workspace.faults.add(trouble, "chat.postMessage")

    with pytest.raises(TryLater) as problem:
        real.say(CARE, HELLO, FIRST)

    assert len(playground.workspace.channels[CARE].messages) == 1
    assert not problem.value.surely_not_done


def test_a_page_of_a_proxy_is_no_answer(playground, clock):
    client = slack_client(playground.workspace.bot_token, f"{playground.url}page/nothing/")

    with pytest.raises(TryLater) as problem:
        Channel(client, clock).say(CARE, HELLO, FIRST)

    assert not problem.value.surely_not_done


def test_where_nobody_listens_nothing_was_done(clock):
    client = slack_client("xoxb-test", "http://127.0.0.1:1/api/")

    with pytest.raises(TryLater) as problem:
        Channel(client, clock).say(CARE, HELLO, FIRST)

    assert problem.value.surely_not_done


def test_every_call_gives_up_well_before_its_lease_ends():
    client = slack_client("xoxb-test", "https://slack.com/api/")

    assert client.timeout == TIMEOUT
    assert timedelta(seconds=2 * TIMEOUT) < LEASE
    assert timedelta(seconds=WebhookClient("https://hooks.example").timeout) < LEASE
    assert client.retry_handlers == []
