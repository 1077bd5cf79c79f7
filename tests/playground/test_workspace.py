import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from slack_sdk.errors import SlackApiError

from bot.playground.limits import Limits
from bot.playground.workspace import Workspace
from tests.playground.shapes import (
    CARE,
    posted,
    refused,
)

# --- who may call


@pytest.mark.parametrize(
    ("method", "token", "error"),
    [
        ("auth.test", "", "not_authed"),
        ("auth.test", "xoxb-stolen", "invalid_auth"),
        ("auth.test", "xapp-1-playground", "not_allowed_token_type"),
        ("apps.connections.open", "xoxb-playground", "not_allowed_token_type"),
        ("chat.postNonsense", "xoxb-playground", "unknown_method"),
    ],
)
def test_only_the_right_token_opens_the_door(workspace, method, token, error):
    assert refused(workspace, method, token) == error


def test_a_revoked_token_opens_nothing(workspace):
    workspace.revoked.add(workspace.bot_token)

    assert refused(workspace, "auth.test") == "token_revoked"


def test_a_missing_scope_is_named(workspace):
    workspace.scopes = {"commands"}

    answer = workspace.call("chat.postMessage", {"channel": CARE, "text": "hi"})

    assert answer.body["error"] == "missing_scope"
    assert (answer.body["needed"], answer.body["provided"]) == ("chat:write", "commands")


def test_a_channel_takes_a_burst_and_then_one_message_a_second(clock):
    workspace = Workspace.demo(clock, limits=Limits(burst=2))

    answers = [workspace.call("chat.postMessage", {"channel": CARE, "text": "x"}) for _ in "abc"]
    elsewhere = workspace.call("chat.postMessage", {"channel": "U0ANA", "text": "x"})
    clock.at += 1
    later = workspace.call("chat.postMessage", {"channel": CARE, "text": "x"})

    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].headers["Retry-After"] == "1"
    assert elsewhere.status == later.status == 200


def test_other_methods_have_tiers(clock):
    workspace = Workspace.demo(clock)

    answers = [workspace.call("users.list", {}).status for _ in range(21)]

    assert answers == [200] * 20 + [429]


# --- trouble


def test_the_stand_in_loses_answers_after_storing(slack):
    slack.fail_after = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        posted(slack)

    slack.fail_before = TimeoutError()
    with pytest.raises(TimeoutError):
        posted(slack)

    assert len(slack.messages) == 1


@pytest.mark.parametrize(
    ("fault", "raised", "stored"),
    [
        ({"trouble": "lost"}, ConnectionError, 1),
        ({"trouble": "reset"}, ConnectionResetError, 1),
        ({"trouble": "slow", "seconds": 60}, TimeoutError, 1),
        ({"trouble": "broken"}, SlackApiError, 0),
        ({"trouble": "broken_after", "status": 500}, SlackApiError, 1),
        ({"trouble": "error", "error": "invalid_auth"}, SlackApiError, 0),
        ({"trouble": "rate_limited", "retry_after": 7}, SlackApiError, 0),
    ],
)
def test_faults_are_told_apart_by_what_was_stored(workspace, slack, fault, raised, stored):
    workspace.faults.add(**fault, method="chat.postMessage")

    with pytest.raises(raised):
        posted(slack)

    assert len(slack.messages) == stored


def test_a_rate_limit_says_how_long(workspace, slack):
    workspace.faults.add("rate_limited", retry_after=7)

    with pytest.raises(SlackApiError) as refused:
        slack.auth_test()

    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["retry-after"] == "7"


def test_a_fault_waits_for_its_turn(workspace, slack):
    workspace.faults.add("broken", method="chat.postMessage", nth=2, times=1)

    posted(slack, "first")
    slack.auth_test()
    with pytest.raises(SlackApiError):
        posted(slack, "second")
    posted(slack, "third")

    assert [message["text"] for message in slack.messages.values()] == ["first", "third"]


# --- staying


def test_a_dump_is_json_and_brings_everything_back(workspace, slack, clock):
    ts = posted(slack, metadata={"event_type": "x", "event_payload": {"key": "1"}})
    slack.views_publish(user_id="U0ANA", view={"type": "home", "blocks": []})
    slack.chat_postMessage(channel="U0ANA", text="only for you")

    again = Workspace.demo(clock)
    again.load(json.loads(json.dumps(workspace.dump())))

    assert again.channels[CARE].messages[ts] == workspace.channels[CARE].messages[ts]
    assert again.homes == workspace.homes
    assert again.channels["D0ANA"].partner == "U0ANA"
    assert again.new_ts() > workspace.new_ts()[:-1]
    assert again.dump().keys() == workspace.dump().keys()


def test_many_threads_may_speak_at_once(workspace):
    def speak(number):
        return workspace.call("chat.postMessage", {"channel": CARE, "text": str(number)}).body["ts"]

    with ThreadPoolExecutor(8) as threads:
        stamps = set(threads.map(speak, range(200)))

    assert stamps == workspace.channels[CARE].messages.keys()
    assert len(stamps) == 200


def test_whoever_watches_is_told_of_every_change(workspace, slack):
    changes = []
    workspace.watchers.append(lambda: changes.append(workspace.now()))

    posted(slack)
    workspace.say("U0ANA", CARE, "hello")

    assert len(changes) == 2
