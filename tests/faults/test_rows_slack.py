"""Bad days of Slack, rows 20 to 28: nothing is lost, nothing is said twice, and it is not hurried.

Slack is the playground's workspace; where a socket or the real client matters, it is the
playground on the network. Beside the table: tokens that are renewed, people who left, messages
deleted by hand, answers that Slack tells late.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from bot.app import slack_client
from bot.domain.mention import Kind
from bot.domain.team import Teams
from bot.playground.server import Playground
from bot.slack.socket import Sockets
from storage import outbox
from storage.database import reading
from tests.conftest import CARE as TEAM
from tests.conftest import Assembled
from tests.people import ANA, BEN, CARE, LEA, ask, nag_all, press
from tests.processes import until
from tests.things import HOUR


@pytest.fixture
def faults(workspace):
    return workspace.faults


@pytest.fixture
def heard(app, demo, clock):
    """A customer posts and the bot hears; nothing is carried yet."""

    def post(words: str = "My order is broken", **more: Any) -> str:
        key = demo.post(words, **more)
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        return str(key)

    return post


@pytest.fixture
def live(app, slack, demo, clock):
    """The worker at work for so many seconds; the calls of each moment, by seconds since then."""

    def work(seconds: float, step: float = 0.5) -> list[tuple[float, str]]:
        begun, seen = clock(), len(slack.calls)
        made: list[tuple[float, str]] = []
        while clock() - begun < timedelta(seconds=seconds):
            clock.pass_(seconds=step)
            app.intake.poll("demo", demo)
            nag_all(app)
            at = (clock() - begun).total_seconds()
            made += [(at, method) for method, _ in slack.calls[seen:]]
            seen = len(slack.calls)
        return made

    return work


def owed(app: Any) -> list[outbox.Owed]:
    with reading(app.desk.database) as db:
        return list(outbox.pending(db))


def posts(slack: Any) -> int:
    return [method for method, _ in slack.calls].count("chat.postMessage")


def texts(slack: Any) -> list[str]:
    return [message["text"] for message in slack.messages.values()]


# Patience and broken answers


def card_of(number: int) -> Callable[[Any], None]:
    return lambda app: app.desk.claim(number, by=ANA)


@pytest.mark.fault(20)
@pytest.mark.parametrize("method", ["chat.postMessage", "chat.update", "conversations.history"])
def test_a_channel_that_asks_for_patience_gets_nothing_until_then_and_all_in_order_after(
    app, slack, faults, clock, hear, heard, live, method
):
    hear("zero broken", by="zero")
    if method == "conversations.history":
        faults.add("lost", "chat.postMessage")
    faults.add("rate_limited", method, retry_after=30)
    heard("one broken", by="a")
    if method == "chat.update":
        app.desk.claim(1, by=ANA)
    waited = next(at for at, called in live(20, step=0.25) if called == method)
    heard("two broken", by="b")

    rest = [at - (30 + waited - 20 - 1) for at, _ in live(60, step=1)]

    assert rest
    assert 0 <= min(rest) <= 1
    shown = [text for text in texts(slack) if "broken" in text]
    assert [word for text in shown for word in ("zero", "one", "two") if f"{word} b" in text] == [
        "zero",
        "one",
        "two",
    ]
    assert owed(app) == []


@pytest.mark.fault(21)
@pytest.mark.parametrize("status", [500, 503])
@pytest.mark.parametrize(("trouble", "calls"), [("broken", 2), ("broken_after", 1)])
def test_a_server_error_before_or_after_a_post_leaves_one(
    app, slack, faults, heard, live, status, trouble, calls
):
    faults.add(trouble, "chat.postMessage", status=status)
    heard()

    made = [called for _, called in live(60, step=1)]

    [card] = slack.messages.values()
    assert app.desk.look(1).conversation.card == card["ts"]
    assert made.count("chat.postMessage") == calls
    assert made.count("conversations.history") == 1
    assert owed(app) == []


@pytest.fixture
def playground(workspace: Any) -> Iterator[Playground]:
    with Playground(workspace) as running:
        yield running


@pytest.fixture
def networked(playground, database, demo, clock):
    """The whole bot with its real client before a Slack on the network."""
    client = slack_client(playground.workspace.bot_token, playground.api_url)
    client.timeout = 1
    bot = Assembled(database, client, demo, clock)()
    bot.intake.poll("demo", demo)
    return bot


@pytest.mark.fault(22)
@pytest.mark.parametrize("trouble", ["lost", "reset", "slow"])
def test_an_answer_that_is_lost_on_the_network_leaves_one_message(
    networked, playground, demo, clock, trouble
):
    playground.workspace.faults.add(trouble, "chat.postMessage", seconds=2)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    networked.intake.poll("demo", demo)

    for _ in range(6):
        networked.courier.deliver_all()
        clock.pass_(seconds=10)

    [card] = playground.workspace.channels[CARE].messages
    assert networked.desk.look(1).conversation.card == card
    assert [name for name, _ in playground.workspace.calls].count("chat.postMessage") == 1
    assert owed(networked) == []


# Hours without Slack


@pytest.mark.fault(23)
def test_six_hours_without_slack_lose_nothing_and_are_made_up_for_complaints_first(
    app, slack, faults, demo, clock, live
):
    faults.add("broken", times=10**6)
    for number in range(24):
        words = "My order is broken" if number % 2 else "Hello from Ulm"
        demo.post(words, by=f"customer{number}")
        live(900, step=300)
    with reading(app.desk.database) as db:
        assert not [each for each in outbox.pending(db, most=1000) if each.dead_at]
    assert app.desk.look(24).conversation.kind is Kind.COMPLAINT
    assert app.desk.look(2).conversation.rungs_climbed == 3
    assert slack.messages == {}

    faults.clear()
    made = live(400, step=1)

    posted = [at for at, method in made if method == "chat.postMessage"]
    assert max(sum(at <= other < at + 60 for other in posted) for at in posted) <= 63
    cards = [text for text in texts(slack) if "@customer" in text and "waiting since" not in text]
    firsts = [m for m in slack.messages.values() if "'action_id': 'claim'" in str(m)]
    kinds = ["Complaint" in m["text"] for m in sorted(firsts, key=lambda m: float(m["ts"]))]
    assert (kinds.count(True), len(kinds), bool(cards)) == (12, 24, True)
    assert kinds[1:] == sorted(kinds[1:], reverse=True)
    lists = [text for text in texts(slack) if "late" in text and text.count("@customer") > 3]
    assert len(lists) == 1
    assert owed(app) == []


# A history that shows little


@pytest.mark.fault(24)
def test_a_history_that_lags_and_shows_little_and_rarely_still_leaves_one_message(
    app, slack, faults, workspace, heard, live
):
    faults.add("history_lag", seconds=10)
    workspace.limits.history_like_a_sold_app()
    faults.add("lost", "chat.postMessage", times=3)
    for number in range(3):
        heard("broken", by=f"customer{number}")

    live(600, step=5)

    assert (len(slack.messages), posts(slack)) == (3, 3)
    assert owed(app) == []


# Sockets


QUICK = 0.2


@pytest.fixture
def sockets(networked, playground):
    opened = Sockets(networked.bolt, playground.workspace.app_token, ping=QUICK, retry=QUICK)
    yield opened
    opened.close()


def alive(playground: Playground, number: int = 2) -> Callable[[], bool]:
    return lambda: len(playground.sockets.links) == number


def clicked(playground: Playground) -> bool:
    return playground.send(playground.workspace.command(ANA, CARE, "/unanswered")).result(10)


@pytest.mark.fault(25)
@pytest.mark.parametrize("trouble", ["dropped", "frozen", "refreshed", "disabled"])
def test_while_all_sockets_are_gone_cards_and_nags_go_out_and_then_clicks_are_heard_again(
    networked, playground, sockets, demo, clock, trouble
):
    sockets.open()
    until(alive(playground))
    old = list(playground.sockets.links)
    playground.workspace.faults.add("refused", times=4)
    playground.workspace.faults.add(trouble, seconds=0.1)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    networked.intake.poll("demo", demo)
    networked.courier.deliver_all()
    clock.pass_(minutes=61)
    nag_all(networked)

    assert len(playground.workspace.channels[CARE].messages) == 2
    until(lambda: not set(old) & set(playground.sockets.links))
    until(alive(playground))
    assert clicked(playground)


@pytest.mark.fault(25)
def test_where_there_are_too_many_sockets_already_it_asks_ever_more_rarely(networked, playground):
    playground.sockets.most = 0
    patient = Sockets(networked.bolt, playground.workspace.app_token, ping=QUICK, retry=2)
    patient.open()
    try:
        time.sleep(3)
        asked = [name for name, _ in playground.workspace.calls].count("apps.connections.open")
        playground.sockets.most = 10
        until(alive(playground))
        assert clicked(playground)
    finally:
        patient.close()

    assert asked <= 2 * 2  # at once and after two seconds, each of them


@pytest.mark.fault(25)
def test_an_address_that_did_not_serve_is_not_tried_again(networked, playground, sockets):
    for handler in sockets.handlers:
        handler.client.wss_uri = "ws://127.0.0.1:1/link/?ticket=old"

    sockets.open()

    until(alive(playground))


@pytest.mark.fault(25)
def test_where_no_name_is_known_it_waits_and_then_connects(networked, playground, sockets):
    there = [handler.client.web_client.base_url for handler in sockets.handlers]
    for handler in sockets.handlers:
        handler.client.web_client.base_url = "http://slack.invalid/api/"
    with capture_logs() as logs:
        sockets.open()
        until(lambda: len(logs) > 3)
    assert {entry["event"] for entry in logs} == {"socket.refused"}

    for handler, url in zip(sockets.handlers, there, strict=True):
        handler.client.web_client.base_url = url
    until(alive(playground))


# What somebody must mend


def revoked(workspace: Any) -> Callable[[], None]:
    workspace.revoked.add(workspace.bot_token)
    return workspace.revoked.clear


def uninstalled(workspace: Any) -> Callable[[], None]:
    workspace.faults.add("error", error="account_inactive", times=10**6)
    return workspace.faults.clear


def unscoped(workspace: Any) -> Callable[[], None]:
    had = set(workspace.scopes)
    workspace.scopes.discard("chat:write")
    return lambda: workspace.scopes.update(had)


@pytest.mark.fault(26)
@pytest.mark.parametrize("shut", [revoked, uninstalled, unscoped])
def test_a_token_that_is_not_accepted_stops_posting_and_no_hearing_until_it_is_mended(
    app, slack, workspace, demo, clock, heard, live, shut
):
    mend = shut(workspace)
    heard("one broken", by="a")
    with capture_logs() as logs:
        made = live(3600, step=60)
        heard("two broken", by="b")

    assert slack.messages == {}
    assert [method for _, method in made].count("chat.postMessage") <= 61
    assert app.desk.look(2).conversation.id == 2
    put_off = [entry for entry in logs if entry["event"] == "delivery.put_off"]
    assert all("does not accept the bot's token" in entry["why"] for entry in put_off)
    assert put_off
    assert slack.token not in str(logs)
    assert [each.dead_at for each in owed(app)] == [None] * len(owed(app))

    mend()
    live(120, step=2)
    cards = [m for m in slack.messages.values() if m.get("thread_ts") in (None, m["ts"])]
    assert len(cards) == 2
    assert owed(app) == []


@pytest.mark.fault(27)
def test_a_closed_channel_burns_no_attempt_of_what_waits_for_it(app, slack, workspace, heard, live):
    workspace.channels[CARE].archived = True
    for number in range(3):
        heard("broken", by=f"customer{number}")
    live(2 * 3600, step=120)

    waiting = [each for each in owed(app) if each.destination == CARE]
    assert len(waiting) >= 3
    assert {each.dead_at for each in waiting} == {None}
    assert len(workspace.channels["D0LEA"].messages) == 1

    workspace.channels[CARE].archived = False
    live(600, step=4)
    assert owed(app) == []


# Who left


@pytest.fixture
def left(assemble, demo, clock, workspace):
    """Ben has claimed it, and is deactivated."""
    teams = Teams({"care": replace(TEAM, claim_lease=2 * HOUR)}, tell=LEA)
    app = assemble(teams=teams)
    app.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    app.desk.claim(1, by=BEN)
    app.courier.deliver_all()
    workspace.deactivate(BEN)
    return app


@pytest.mark.fault(28)
def test_who_left_is_not_called_and_what_they_had_is_free_after_its_time(
    left, slack, workspace, clock
):
    clock.pass_(minutes=60)
    nag_all(left)
    [*_, nag] = slack.messages.values()
    assert nag["text"].startswith("<!channel>")

    clock.pass_(minutes=61)
    while left.sweep.let_go_one():
        pass

    assert left.desk.look(1).conversation.owner is None


@pytest.mark.fault(28)
@pytest.mark.parametrize("unknown", [False, True])
def test_the_list_says_that_a_holder_has_left(left, slack, workspace, clock, unknown):
    if unknown:
        del workspace.people[BEN]
    clock.pass_(minutes=11)

    said = ask(left.bolt, workspace, by=ANA)

    assert f"<@{BEN}> (has left)" in said
    shown = str(workspace.whispers[-1]["blocks"])
    assert "(has left)" in shown


@pytest.mark.fault(28)
def test_the_list_says_nothing_of_the_kind_of_who_is_here(app, slack, workspace, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    assert "has left" not in ask(app.bolt, workspace, by=BEN)
