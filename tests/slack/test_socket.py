"""Two sockets before a real server, and what becomes of clicks when they break."""

import time
from threading import Event, Thread

import pytest
from prometheus_client import REGISTRY
from slack_bolt import App
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.socket_mode.builtin import SocketModeClient
from structlog.testing import capture_logs

from bot.app import slack_client
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from bot.slack.socket import Sockets
from tests.people import ANA, CARE

QUICK = 0.2  # seconds between pings, and between attempts


def until(true, seconds=40.0):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)


@pytest.fixture
def playground():
    with Playground(Workspace.demo()) as running:
        yield running


@pytest.fixture
def heard():
    """Every word that reached a listener, in the order in which it did."""
    return []


@pytest.fixture
def app(playground, heard):
    bolt = App(
        client=slack_client(playground.workspace.bot_token, playground.api_url),
        authorize=lambda: AuthorizeResult(enterprise_id=None, team_id=None),
    )

    @bolt.command("/unanswered")
    def answer(ack, command):
        ack()
        heard.append(command["text"])

    return bolt


@pytest.fixture
def sockets(playground, app):
    opened = Sockets(app, playground.workspace.app_token, ping=QUICK, retry=QUICK)
    yield opened
    opened.close()


def connected(playground, number=2):
    until(lambda: len(playground.sockets.links) == number)


def ask(playground, word):
    """Somebody types it; whether the bot acked."""
    envelope = playground.workspace.command(ANA, CARE, f"/unanswered {word}")
    return playground.send(envelope).result(10)


def test_two_sockets_are_opened_and_both_hear(playground, sockets, heard):
    sockets.open()
    connected(playground)

    acked = [ask(playground, str(number)) for number in range(6)]

    assert acked == [True] * 6
    assert heard == ["0", "1", "2", "3", "4", "5"]
    assert sockets.living() == 2


@pytest.mark.fault(25)
def test_a_reset_of_one_loses_no_click(playground, sockets, heard):
    sockets.open()
    connected(playground)

    playground.workspace.faults.add("dropped", sockets=1)
    connected(playground, 1)
    acked = [ask(playground, str(number)) for number in range(10)]

    assert acked == [True] * 10
    assert heard == [str(number) for number in range(10)]


@pytest.mark.fault(25)
def test_a_polite_request_brings_a_new_socket(playground, sockets, heard):
    sockets.open()
    connected(playground)
    [old, _] = playground.sockets.links

    playground.workspace.faults.add("refreshed", seconds=0.1, sockets=1)

    until(lambda: old not in playground.sockets.links and len(playground.sockets.links) == 2)
    ask(playground, "while the SDK still waits for the old one, up to three seconds")
    assert [ask(playground, str(number)) for number in range(4)] == [True] * 4


@pytest.mark.fault(25)
def test_refused_at_the_start_it_tries_again(playground, sockets, heard):
    playground.workspace.faults.add("refused", times=3)

    with capture_logs() as logs:
        sockets.open()
        connected(playground)

    assert [entry["event"] for entry in logs].count("socket.refused") == 3
    assert ask(playground, "hello")


def test_before_it_is_connected_it_does_not_live(sockets):
    assert sockets.living() == 0


def test_it_can_be_closed_before_it_ever_was_open(playground, sockets):
    playground.workspace.faults.add("refused", times=100)
    sockets.open()

    sockets.close()

    assert playground.sockets.links == []


def test_closing_says_goodbye_to_both(playground, sockets):
    sockets.open()
    connected(playground)

    sockets.close()

    until(lambda: playground.sockets.links == [])
    assert sockets.living() == 0


def test_one_that_is_closed_in_the_middle_of_its_handshake_hangs_up_after_it(playground, app):
    opened = Sockets(app, playground.workspace.app_token, ping=QUICK, retry=QUICK)
    client = opened.handlers[0].client
    shaken, closed = Event(), Event()

    def late():  # the handshake is done, and the SDK has not yet written down whose it is
        SocketModeClient.connect(client)
        session, client.current_session = client.current_session, None
        shaken.set()
        closed.wait(10)
        client.current_session = session

    begin = Thread(target=opened._begin, args=(late, client))
    begin.start()
    assert shaken.wait(10)
    opened.close()
    closed.set()
    begin.join(10)

    until(lambda: playground.sockets.links == [])


def test_one_that_can_not_be_closed_keeps_nobody_from_ending_quietly(app, playground):
    opened = Sockets(app, playground.workspace.app_token, ping=QUICK, retry=QUICK)
    del opened.handlers[0].client.current_session_runner  # as when the SDK is just renewing it

    with capture_logs() as logs:
        opened.close()

    assert [entry["event"] for entry in logs] == ["socket.not_closed"]


def test_each_hello_tells_how_many_connections_slack_counts(sockets):
    sockets._notice(None, {"type": "hello", "num_connections": 7})
    sockets._notice(None, {"type": "disconnect"})

    assert (sockets.hellos, sockets.connections) == (1, 7)


def test_how_long_an_envelope_waits_for_its_ack_is_measured(playground, sockets, heard):
    before = counted()
    sockets.open()
    connected(playground)

    assert ask(playground, "hello")

    until(lambda: counted() == before + 1)


def counted():
    return REGISTRY.get_sample_value("unanswered_ack_seconds_count")


@pytest.mark.fault(25)
def test_a_frozen_socket_is_noticed_and_replaced(playground, sockets, heard):
    sockets.open()
    connected(playground)
    [old, _] = playground.sockets.links

    playground.workspace.faults.add("frozen", sockets=1)

    until(lambda: old not in playground.sockets.links and len(playground.sockets.links) == 2)
    assert [ask(playground, str(number)) for number in range(4)] == [True] * 4


def test_a_socket_that_was_mute_from_its_first_moment_is_replaced(playground, app, heard):
    slow = Sockets(app, playground.workspace.app_token, ping=5, retry=QUICK, mute=0.3)
    slow.open()
    connected(playground)
    [first, _] = playground.sockets.links
    playground.workspace.faults.add("frozen", sockets=1)  # before the first ping is due

    until(lambda: slow.renew() or first not in playground.sockets.links)

    until(lambda: len(playground.sockets.links) >= 2)
    assert [ask(playground, str(number)) for number in range(2)] == [True] * 2
    slow.close()
