import asyncio
import http.client
import json
import logging
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
import pytest
from slack_bolt import App
from slack_bolt.adapter.socket_mode import SocketModeHandler
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError
from slack_sdk.webhook import WebhookClient

from bot.playground.faults import ENVELOPE
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from tests.playground.shapes import CARE, actions, button, modal

CLAIM = actions(button("claim", "42"))
FORM = modal(callback_id="reply")


@pytest.fixture
def workspace():
    return Workspace.demo(limits=Limits(on=False))


@pytest.fixture
def playground(workspace):
    with Playground(workspace) as playground:
        yield playground


@pytest.fixture
def client(playground):
    return client_of(playground)


@pytest.fixture
def bolt(client):
    return App(client=client, logger=silent(), token_verification_enabled=False)


def client_of(playground, **settings):
    token = playground.workspace.bot_token
    settings = {"token": token, "retry_handlers": [], "timeout": 5} | settings
    return WebClient(base_url=playground.api_url, logger=silent(), **settings)


def silent():
    logger = logging.getLogger("silent")
    logger.setLevel(logging.CRITICAL)
    return logger


@contextmanager
def connected(bolt, playground, ping_interval=1) -> Iterator[SocketModeHandler]:
    before = len(playground.sockets.links)
    token = playground.workspace.app_token
    handler = SocketModeHandler(bolt, token, logger=silent(), ping_interval=ping_interval)
    handler.client.current_session_runner.interval_seconds = 0.01
    handler.connect()
    until(lambda: len(playground.sockets.links) > before)
    try:
        yield handler
    finally:
        threading.Thread(target=handler.close, daemon=True).start()


def until(true, seconds=15.0):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := true():
            return found
        time.sleep(0.01)
    raise AssertionError("It did not happen in time.")


def post(playground, path, **body):
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(playground.url + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=5) as answer:
        return json.loads(answer.read())


def card(client):
    return client.chat_postMessage(channel=CARE, text="A card", blocks=[CLAIM])["ts"]


def raw(playground, method, path, headers, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", playground.port, timeout=5)
    connection.request(method, path, body=body, headers=headers)
    answer = connection.getresponse()
    with answer:
        read = answer.status, answer.read()
    connection.close()
    return read


# --- the Web API


def test_the_real_client_posts_finds_and_changes_a_message(client):
    key = {"event_type": "delivery", "event_payload": {"key": "card:1:1"}}
    posted = client.chat_postMessage(channel=CARE, text="A card", blocks=[CLAIM], metadata=key)

    client.chat_update(channel=CARE, ts=posted["ts"], text="Only words now")

    [found] = client.conversations_history(channel=CARE, include_all_metadata=True)["messages"]
    assert found["metadata"] == key
    assert found["text"] == "Only words now"
    assert "blocks" not in found


def test_every_answer_tells_the_scopes(client):
    answer = client.auth_test()

    assert "chat:write" in answer.headers["X-OAuth-Scopes"].split(",")


def test_haste_is_answered_with_429_and_how_long_to_wait():
    with Playground(Workspace.demo(limits=Limits(burst=1))) as playground:
        client = client_of(playground)
        client.chat_postMessage(channel=CARE, text="one")

        with pytest.raises(SlackApiError) as refused:
            client.chat_postMessage(channel=CARE, text="two")

    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["Retry-After"] == "1"
    assert refused.value.response["error"] == "ratelimited"


@pytest.mark.parametrize(
    ("trouble", "raised"),
    [("lost", http.client.RemoteDisconnected), ("reset", ConnectionResetError)],
)
def test_an_answer_is_lost_after_the_message_was_stored(playground, client, trouble, raised):
    playground.workspace.faults.add(trouble, method="chat.postMessage")

    with pytest.raises(raised):
        client.chat_postMessage(channel=CARE, text="once")

    [kept] = client.conversations_history(channel=CARE)["messages"]
    assert kept["text"] == "once"


def test_an_answer_comes_too_late(playground):
    playground.workspace.faults.add("slow", method="chat.postMessage", seconds=1)

    with pytest.raises(TimeoutError):
        client_of(playground, timeout=0.2).chat_postMessage(channel=CARE, text="once")

    assert len(playground.workspace.channels[CARE].messages) == 1


def test_faults_can_be_asked_for_and_called_off_from_outside(playground, client):
    post(playground, "playground/fault", trouble="broken", method="auth.test", times=2)

    with pytest.raises(SlackApiError) as refused:
        client.auth_test()
    post(playground, "playground/clear")

    assert refused.value.response.status_code == 503
    assert client.auth_test()["user_id"] == "U0BOT"


def test_an_unknown_fault_is_refused(playground):
    headers = {"Content-Type": "application/json"}
    status, body = raw(playground, "POST", "/playground/fault", headers, '{"trouble": "rain"}')

    assert status == 400
    assert b"rain" in body


def test_json_that_is_none_is_refused(playground):
    headers = {"Content-Type": "application/json"}

    _, nonsense = raw(playground, "POST", "/api/auth.test", headers, "{")
    _, a_list = raw(playground, "POST", "/api/auth.test", headers, "[]")

    assert json.loads(nonsense)["error"] == "invalid_json"
    assert json.loads(a_list)["error"] == "json_not_object"


# --- Socket Mode


def test_a_click_opens_a_form_that_is_corrected_and_then_sent(playground, client, bolt):
    @bolt.action("claim")
    def claim(ack, body, client):
        ack()
        client.views_open(trigger_id=body["trigger_id"], view=FORM)

    @bolt.view("reply")
    def reply(ack, view):
        text = view["state"]["values"]["words"]["text"]["value"]
        ack(response_action="errors", errors={"words": "Longer."}) if len(text) < 5 else ack()

    workspace, ts = playground.workspace, card(client)
    with connected(bolt, playground):
        post(playground, "page/press", person="U0ANA", channel=CARE, ts=ts, action_id="claim")
        [form] = until(lambda: workspace.stacks.get("U0ANA"))

        sent = {"person": "U0ANA", "view_id": form["id"]}
        post(playground, "page/submit", **sent, values={"words": {"text": {"value": "Hm"}}})
        until(lambda: workspace.view_errors.get(form["id"]) == {"words": "Longer."})

        post(playground, "page/submit", **sent, values={"words": {"text": {"value": "We come!"}}})
        until(lambda: not workspace.stacks["U0ANA"])


def test_a_command_is_answered_in_its_ack(playground, bolt):
    @bolt.command("/unanswered")
    def unanswered(ack, command):
        ack(f"You asked: {command['text']}")

    with connected(bolt, playground):
        asked = {"person": "U0BEN", "channel": CARE, "text": "/unanswered @ana"}
        post(playground, "page/command", **asked)

        [whisper] = until(lambda: playground.workspace.whispers)

    assert whisper["text"] == "You asked: <@U0ANA|ana>"


def test_an_opened_home_is_an_event(playground, client, bolt):
    @bolt.event("app_home_opened")
    def home(event, client):
        client.views_publish(user_id=event["user"], view={"type": "home", "blocks": []})

    with connected(bolt, playground):
        post(playground, "page/home", person="U0LEA")

        until(lambda: "U0LEA" in playground.workspace.homes)


def test_a_later_word_goes_to_the_response_url(playground, bolt):
    @bolt.command("/unanswered")
    def unanswered(ack, respond):
        ack()
        for number in range(6):
            respond(f"Word {number}")

    with connected(bolt, playground):
        asked = {"person": "U0BEN", "channel": CARE, "text": "/unanswered"}
        post(playground, "page/command", **asked)

        until(lambda: len(playground.workspace.whispers) == 5)

    url = next(iter(playground.workspace.response_urls))
    again = WebhookClient(f"{playground.url}response/{url}").send(text="Word 7")
    assert again.status_code == 404
    assert json.loads(again.body)["error"] == "used_url"


def test_an_event_without_ack_comes_again_and_says_so(playground, bolt):
    playground.sockets.ack_seconds = 0.3
    tries = []

    @bolt.middleware
    def remember(req, next):
        tries.append(req.headers.get("x-slack-retry-reason"))
        if len(tries) > 1:
            next()

    bolt.event("app_home_opened")(lambda: None)
    with connected(bolt, playground):
        acked = playground.send(playground.workspace.open_home("U0ANA")).result(5)

    assert acked
    assert tries == [[""], ["timeout"]]


def test_a_click_without_ack_is_lost_and_the_person_is_told(playground, client, bolt):
    playground.sockets.ack_seconds = 0.3
    click = playground.workspace.press("U0ANA", CARE, card(client), "claim")

    with connected(bolt, playground):
        acked = playground.send(click).result(5)

    assert not acked
    assert playground.workspace.toasts["U0ANA"] == "This didn’t work. Try again."


def test_with_no_socket_a_click_fails_at_once(playground, client):
    click = playground.workspace.press("U0ANA", CARE, card(client), "claim")

    assert not playground.send(click).result(1)
    assert "U0ANA" in playground.workspace.toasts


def test_envelopes_go_round_all_sockets(playground, client, bolt):
    bolt.action("claim")(lambda ack: ack())
    ts, heard = card(client), []
    with connected(bolt, playground) as one, connected(bolt, playground) as other:
        for handler in (one, other):
            handler.client.socket_mode_request_listeners.insert(0, lambda at, _: heard.append(at))

        for _ in range(4):
            assert playground.send(playground.workspace.press("U0ANA", CARE, ts, "claim")).result(3)

    assert heard.count(one.client) == heard.count(other.client) == 2


@pytest.mark.parametrize("trouble", ["refreshed", "dropped"])
def test_a_socket_that_ends_is_replaced(playground, client, bolt, trouble):
    bolt.action("claim")(lambda ack: ack())
    playground.sockets.ack_seconds = 0.5
    ts, workspace = card(client), playground.workspace
    with connected(bolt, playground):
        [first] = playground.sockets.links

        post(playground, "playground/fault", trouble=trouble)
        until(lambda: playground.sockets.links and first not in playground.sockets.links)

        until(lambda: playground.send(workspace.press("U0ANA", CARE, ts, "claim")).result(3))


def test_a_frozen_socket_swallows_clicks_until_it_is_noticed(playground, client, bolt):
    playground.sockets.ack_seconds = 0.3
    bolt.action("claim")(lambda ack: ack())
    ts, workspace = card(client), playground.workspace
    with connected(bolt, playground, ping_interval=0.4) as handler:
        [first] = playground.sockets.links
        # Before its first pong the SDK would never notice.
        until(lambda: handler.client.current_session.last_ping_pong_time)

        workspace.faults.add("frozen")
        until(lambda: first.frozen)
        lost = playground.send(workspace.press("U0ANA", CARE, ts, "claim")).result(3)
        until(lambda: playground.sockets.links and first not in playground.sockets.links)
        until(lambda: playground.send(workspace.press("U0ANA", CARE, ts, "claim")).result(3))

    assert not lost


def test_a_click_can_be_lost_on_its_way(playground, client, bolt):
    heard = []
    bolt.action("claim")(lambda ack: (ack(), heard.append(1)))
    ts, workspace = card(client), playground.workspace
    workspace.faults.add("unheard")
    with connected(bolt, playground):
        lost = playground.send(workspace.press("U0ANA", CARE, ts, "claim")).result(3)
        taken = playground.send(workspace.press("U0ANA", CARE, ts, "claim")).result(3)

    assert (lost, taken) == (False, True)
    assert heard == [1]
    assert workspace.faults.struck == {"unheard": 1}


def test_a_click_can_come_twice(playground, client, bolt):
    heard = []
    bolt.action("claim")(lambda ack: (ack(), heard.append(1)))
    ts, workspace = card(client), playground.workspace
    workspace.faults.add("twice")
    with connected(bolt, playground):
        playground.send(workspace.press("U0ANA", CARE, ts, "claim")).result(3)

    assert heard == [1, 1]


def test_a_fault_of_any_call_is_none_of_an_envelope(workspace):
    workspace.faults.add("rate_limited")

    assert workspace.faults.take(ENVELOPE) is None
    assert workspace.faults.take("chat.postMessage")


def test_connections_are_refused_as_often_as_asked(playground, client):
    playground.workspace.faults.add("refused", times=2)

    for _ in range(2):
        with pytest.raises(SlackApiError):
            client.apps_connections_open(app_token=playground.workspace.app_token)

    assert client.apps_connections_open(app_token=playground.workspace.app_token)["ok"]


def test_a_ticket_opens_one_socket(playground):
    url = playground.workspace.call("apps.connections.open", {}).body["url"]
    path = url.partition(f":{playground.port}")[2]

    not_a_socket, _ = raw(playground, "GET", path, {})
    used, _ = raw(playground, "GET", path, {})
    invented, _ = raw(playground, "GET", "/link/?ticket=invented", {})

    assert (not_a_socket, used, invented) == (400, 404, 404)


def listen(playground, act, times=1):
    """Open sockets by hand, do something, and return all that the last one hears."""
    workspace = playground.workspace

    async def hear():
        async with aiohttp.ClientSession() as session:
            urls = [workspace.call("apps.connections.open", {}).body["url"] for _ in range(times)]
            sockets = [await session.ws_connect(url) for url in urls]
            heard = [await sockets[-1].receive_json()]
            act()
            heard += [json.loads(message.data) async for message in sockets[-1]]
            return heard

    return asyncio.run(asyncio.wait_for(hear(), 5))


def test_a_socket_is_greeted_and_warned_before_it_is_refreshed(playground):
    def refresh():
        playground.workspace.faults.add("refreshed", seconds=0.1)

    hello, *rest = listen(playground, refresh)

    assert (hello["type"], hello["num_connections"]) == ("hello", 1)
    assert [frame["reason"] for frame in rest] == ["warning", "refresh_requested"]


def test_socket_mode_can_be_switched_off(playground):
    _, last = listen(playground, lambda: playground.workspace.faults.add("disabled"))

    assert (last["type"], last["reason"]) == ("disconnect", "link_disabled")


def test_the_eleventh_socket_is_turned_away(playground):
    [only] = listen(playground, lambda: None, times=11)

    assert (only["type"], only["reason"]) == ("disconnect", "too_many_websockets")


# --- the page


def test_the_page_is_told_what_one_person_sees(playground, client):
    with urllib.request.urlopen(f"{playground.url}page/events?person=U0ANA", timeout=5) as events:
        first = next_event(events)
        client.chat_postMessage(channel=CARE, text="For everyone")
        client.chat_postEphemeral(channel=CARE, user="U0BEN", text="For Ben")
        client.chat_postEphemeral(channel=CARE, user="U0ANA", text="For Ana")
        client.chat_postMessage(channel="U0ANA", text="Only for you")
        last = first
        while not last["dms"]:
            last = next_event(events)

    assert first["channels"][0]["messages"] == []
    seen = last["channels"][0]["messages"]
    assert [message["text"] for message in seen] == ["For everyone", "For Ana"]
    assert [message.get("ephemeral", False) for message in seen] == [False, True]
    assert [message["text"] for message in last["dms"][0]["messages"]] == ["Only for you"]


def next_event(events):
    while not (line := events.readline()).startswith(b"data: "):
        pass
    return json.loads(line.removeprefix(b"data: "))


def test_the_page_shows_threads_under_their_first_message(playground, client):
    ts = card(client)
    client.chat_postMessage(channel=CARE, text="A nag", thread_ts=ts)
    client.chat_postMessage(channel=CARE, text="Loud", thread_ts=ts, reply_broadcast=True)

    with urllib.request.urlopen(f"{playground.url}page/events?person=U0BEN", timeout=5) as events:
        [first, loud] = next_event(events)["channels"][0]["messages"]

    assert [reply["text"] for reply in first["replies"]] == ["A nag", "Loud"]
    assert first["reply_count"] == 2
    assert loud["broadcast"]


def test_what_cannot_be_done_is_said_in_a_sentence(playground, client):
    where = {"person": "U0ANA", "channel": CARE, "ts": card(client)}

    nothing = post(playground, "page/press", **where, action_id="dismiss")
    missing = post(playground, "page/press", **where)
    silence = post(playground, "page/say", person="U0ANA", channel=CARE, text=" ")

    assert nothing["error"].startswith("There is nothing that fits 'dismiss'")
    assert missing["error"] == "This is missing: action_id."
    assert silence["error"] == "There are no words in it."


def test_people_can_write_too(playground):
    assert post(playground, "page/say", person="U0ANA", channel=CARE, text="Hello <all>")["ok"]

    [said] = playground.workspace.channels[CARE].messages.values()
    assert said["text"] == "Hello &lt;all&gt;"


@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example"}, {"Origin": "https://evil.example"}, {"Origin": "null"}]
)
def test_other_sites_may_not_speak_to_it(playground, headers):
    status, _ = raw(playground, "POST", "/page/say", headers, "{}")

    assert status == 403


# --- staying


def test_it_stops_at_once_though_a_page_is_open(workspace):
    with Playground(workspace) as playground:
        events = urllib.request.urlopen(f"{playground.url}page/events?person=U0ANA", timeout=5)
        next_event(events)
        started = time.monotonic()

    events.close()
    assert time.monotonic() - started < 2


def test_a_restarted_playground_goes_on_where_it_was(tmp_path):
    file = tmp_path / "acme.json"
    with Playground(Workspace.demo(), file=file) as playground:
        ts = card(client_of(playground))

    with Playground(Workspace.demo(), file=file) as playground:
        [kept] = client_of(playground).conversations_history(channel=CARE)["messages"]

    assert kept["ts"] == ts


def test_it_is_saved_while_it_runs(tmp_path):
    file = tmp_path / "acme.json"
    with Playground(Workspace.demo(), file=file) as playground:
        card(client_of(playground))

        until(file.exists)
        assert "A card" in file.read_text()


def test_a_port_in_use_keeps_it_from_starting(playground):
    with pytest.raises(OSError, match="in use"), Playground(Workspace(), port=playground.port):
        pass
