"""What platforms bring to the door is kept as it came before they are told so, and read once."""

import json
import socket
import threading
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from adapters import Forged, News
from adapters.demo import Demo
from adapters.signed import same
from bot import logs
from bot.domain.health import Ails
from bot.door import AT_ONCE, LARGEST, Door
from storage import inbox
from storage.database import reading
from storage.tables import inbox as kept
from storage.tables import unreadable
from tests.adapters.pushed import opened

DAY = timedelta(days=1)


class Pushing(Demo):
    """The platform in memory, which also brings what it has; its secret is “sesame”."""

    def handshake(self, query):
        if "challenge" not in query:
            return None
        if query.get("token") != "sesame":
            raise Forged("The token of this handshake is not ours.")
        return query["challenge"]

    def vouch(self, headers, query, body):
        if not same(headers.get("x-secret", ""), "sesame"):
            raise Forged("The secret of this webhook is not ours.")
        return headers["x-id"]

    def understand(self, body):
        said = json.loads(body)
        key = self.post(said["text"], by=said.get("by", "mira"))
        told = [m for m in self.fetch(None).mentions if m.key == key]
        return News(mentions=told, gone=said.get("gone", ()))


@pytest.fixture
def demo(clock):
    return Pushing("demo", {}, clock, timedelta(days=7))


@pytest.fixture
def door(database, demo, clock):
    return Door(database, {"demo": demo, "deaf": Demo("deaf", {}, clock, DAY)}, clock)


@pytest.fixture
def address(door):
    with opened(door) as url:
        yield url


def asked(url, body=None, **headers):
    """The status, and what was said."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, body, names)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def bring(address, words="My order is broken", id="1", **more):
    body = words if isinstance(words, bytes) else json.dumps({"text": words, **more}).encode()
    return asked(f"{address}/hooks/demo", body, x_secret="sesame", x_id=id)


def bodies(database):
    with reading(database) as db:
        return list(db.execute(select(kept.c.body).order_by(kept.c.id)).scalars())


def test_it_is_kept_byte_for_byte_before_it_is_answered(address, database):
    body = b'{"text":  "\xc3\xa4 \\u0000", "x": 1}'

    assert bring(address, body) == (200, "")

    assert bodies(database) == [body]


def test_what_a_stranger_brings_is_turned_away(address, database):
    status, said = asked(f"{address}/hooks/demo", b"{}", x_secret="open", x_id="1")

    assert (status, said) == (401, "The secret of this webhook is not ours.")
    assert bodies(database) == []


def test_brought_again_it_is_kept_once(address, database, app, demo):
    bring(address)
    assert app.intake.open("demo", demo) == 1

    assert bring(address) == (200, "")

    assert app.intake.open("demo", demo) == 0
    assert bodies(database) == [None]


def test_a_handshake_is_answered_to_who_knows_the_secret(address):
    assert asked(f"{address}/hooks/demo?challenge=42&token=sesame") == (200, "42")
    assert asked(f"{address}/hooks/demo?challenge=42&token=x")[0] == 401
    assert asked(f"{address}/hooks/demo")[0] == 405


@pytest.mark.parametrize("name", ["deaf", "nobody", "demo%2F..", "%00"])
def test_only_accounts_that_take_webhooks_have_an_address(address, name):
    assert asked(f"{address}/hooks/{name}", b"{}")[0] == 404


def test_what_is_too_large_is_not_read(address, database):
    assert bring(address, b"x" * (LARGEST + 1))[0] == 413
    assert bodies(database) == []


def test_whoever_brings_too_many_at_once_is_asked_to_come_again(address, door, database):
    door.inside = AT_ONCE

    assert bring(address)[0] == 503
    assert bodies(database) == []


def test_without_a_database_it_is_asked_for_again(address, database, monkeypatch):
    def away(*_):
        raise OperationalError("x", None, Exception("gone"))

    monkeypatch.setattr(inbox, "keep", away)
    monkeypatch.setattr(inbox, "waits", away)

    assert bring(address)[0] == 503
    assert asked(f"{address}/health")[0] == 503


def test_what_is_no_http_is_answered_and_neither_logged_as_an_error_nor_repeated(address, capfd):
    logs.begin("INFO")
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"POST /hooks/demo HTTP/1.1\r\nHost: x\r\nX-Secret: s\x01esame\r\n\r\n")
        assert b"400" in line.recv(1000)

    printed = "".join(capfd.readouterr())
    assert "error" not in printed
    assert "esame" not in printed


def test_who_drips_is_not_waited_for(address, monkeypatch):
    monkeypatch.setattr("bot.door.PATIENCE", 0.3)
    host, port = address.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"POST /hooks/demo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
        assert b"503" in line.recv(1000)


def test_an_adapter_that_stumbles_over_a_header_keeps_nothing(address, database):
    status, said = asked(f"{address}/hooks/demo", b"{}", x_secret="sesame")  # no x-id

    assert (status, said) == (400, "This can't be understood.")
    assert bodies(database) == []


def test_it_says_that_it_is_open(address):
    assert asked(f"{address}/health") == (200, "The door is open.")


def test_what_was_brought_becomes_a_card_and_its_words_leave_the_inbox(
    address, app, demo, database, workspace
):
    bring(address, "My order is broken")

    assert app.intake.open("demo", demo) == 1
    app.courier.deliver_all()

    [card] = workspace.channels["C0CARE"].messages.values()
    assert "My order is broken" in str(card)
    assert bodies(database) == [None]


def test_one_that_makes_no_sense_is_set_aside_and_the_others_are_heard(
    address, app, demo, database
):
    bring(address, b"\xff nonsense", id="1")
    bring(address, "Hello?", id="2")

    assert app.intake.open("demo", demo) == 2

    with reading(database) as db:
        [item] = db.execute(select(unreadable)).all()
    assert (item.key, item.raw) == ("1", "\ufffd nonsense")
    assert app.desk.look(1).latest.text == "Hello?"


def test_what_is_gone_is_taken_back(address, app, demo):
    bring(address, "Never mind", id="1")
    app.intake.open("demo", demo)
    key = app.desk.look(1).latest.key

    bring(address, "By another", id="2", by="ola", gone=[key])
    app.intake.open("demo", demo)

    assert app.desk.look(1).latest.deleted


def test_a_crash_before_the_commit_leaves_it_in_the_inbox(
    address, app, demo, database, monkeypatch
):
    bring(address)
    with monkeypatch.context() as broken:
        broken.setattr(inbox, "opened", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            app.intake.open("demo", demo)

    assert app.intake.open("demo", demo) == 1


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_workers_open_each_webhook_once(address, app, demo, database):
    for number in range(40):
        bring(address, f"Number {number}", id=str(number), by=f"c{number}")
    done = []
    threads = [
        threading.Thread(target=lambda: done.append(app.intake.open("demo", demo)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(done) == 40


def test_that_it_came_is_forgotten_after_a_month(address, app, demo, database, clock):
    bring(address, id="1")
    app.intake.open("demo", demo)
    clock.pass_(days=31)
    bring(address, id="2")

    app.sweep.prune_some()

    with reading(database) as db:
        assert list(db.execute(select(kept.c.key)).scalars()) == ["2"]


def test_what_was_brought_before_a_worker_ever_looked_is_news(address, assemble, demo, clock):
    demo.post("Hello?")
    bring(address, "My order is broken")
    clock.pass_(minutes=5)
    bot = assemble()

    bot.intake.open("demo", demo)

    assert not bot.desk.look(1).conversation.quiet


def ails(app):
    """What the worker says of everybody's, where webhooks are expected."""
    app.watch.door = True
    app.watch.ask()
    return [ailment.what for ailment in app.watch.health().ailments]


def test_a_worker_tells_when_nobody_is_at_the_door(app, door, clock):
    assert ails(app) == [Ails.DOOR]

    door._here()
    assert ails(app) == []
    assert app.watch.health().books.workers == 1  # who is at the door is no worker

    clock.pass_(minutes=2)
    assert ails(app) == [Ails.DOOR]

    door._here()
    door._gone()
    assert ails(app) == [Ails.DOOR]


def test_where_no_webhooks_are_expected_nobody_is_missed(app, assemble):
    app.watch.ask()

    assert app.watch.health().well
    assert assemble(web_url="https://acme.example").watch.door  # the platform takes some
