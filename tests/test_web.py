"""`python -m bot web` as a deployment starts it: a process beside the worker, on one database."""

import json
import signal
import socket
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from storage import migrations, workers
from storage.database import connect, reading
from storage.tables import inbox
from tests import postgres
from tests.adapters.webhook_examples import EXAMPLES
from tests.adapters.webhook_server import SECRET, signature
from tests.processes import running, start, until

TEAMS = '[teams.care]\nchannel = "C0CARE"\n'
WORDS = "Is kettle4711 in stock?"


class Deployed:
    """The settings of both processes, and whoever brings a webhook."""

    def __init__(self, folder, url, playground):
        (folder / "teams.toml").write_text(TEAMS)
        self.folder, self.playground, self.slack = folder, playground, playground.workspace
        self.database = connect(url)
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.environment = {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": playground.api_url,
            "DATABASE_URL": url,
            "ADAPTERS": "webhook",
            "WEBHOOK_SECRET": SECRET,
            "PORT": str(self.port),
            "WEB_HOST": "127.0.0.1",
        }

    def runs(self, word):
        return running(word, environment=self.environment, folder=self.folder)

    def is_open(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as said:
                return said.status == 200
        except (urllib.error.URLError, ConnectionError):
            return False

    def request(self, id="msg_1"):
        """A webhook as bytes: its head, and its body."""
        now = datetime.now(UTC).isoformat()
        body = json.dumps({**EXAMPLES[0], "text": WORDS, "posted_at": now}).encode()
        sent = str(int(time.time()))
        head = (
            f"POST /hooks/webhook HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
            f"webhook-id: {id}\r\nwebhook-timestamp: {sent}\r\n"
            f"webhook-signature: {signature(SECRET, id, sent, body)}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode(), body

    def bring(self):
        with self.line() as line:
            line.sendall(b"".join(self.request()))
            return line.recv(1000)

    def line(self):
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)

    def cards(self):
        """The messages that show what was brought."""
        messages = self.slack.channels["C0CARE"].messages.values()
        return [each for each in messages if each.get("blocks") and WORDS in str(each["blocks"])]

    def at_the_door(self):
        with reading(self.database) as db:
            return workers.doors(db, datetime.now(UTC))

    def kept(self):
        with reading(self.database) as db:
            return list(db.execute(select(inbox.c.key)).scalars())


@pytest.fixture(params=["sqlite", "postgresql"])
def deployed(request, tmp_path):
    with ExitStack() as world:
        url = f"sqlite:///{tmp_path / 'unanswered.db'}"
        if request.param == "postgresql":
            where = world.enter_context(postgres.own_database(f"web_{time.time_ns()}"))
            url = where.render_as_string(hide_password=False)
        playground = world.enter_context(Playground(Workspace.demo(limits=Limits(on=False))))
        made = Deployed(tmp_path, url, playground)
        world.callback(made.database.dispose)
        migrations.upgrade(made.database)
        yield made


def test_what_is_brought_to_one_process_becomes_a_card_by_the_other(deployed):
    with deployed.runs("web"), deployed.runs("run"):
        until(deployed.is_open)

        assert b" 200 " in deployed.bring()
        until(deployed.cards)
        assert b" 200 " in deployed.bring()

    assert len(deployed.cards()) == 1
    assert deployed.kept() == ["msg_1"]


@pytest.mark.parametrize("deployed", ["sqlite"], indirect=True)
def test_while_no_worker_runs_it_is_kept(deployed):
    with deployed.runs("web"):
        until(deployed.is_open)
        until(deployed.at_the_door)
        assert b" 200 " in deployed.bring()

    assert not deployed.at_the_door()
    with deployed.runs("run"):
        until(deployed.cards)


@pytest.mark.parametrize("deployed", ["sqlite"], indirect=True)
def test_told_to_stop_it_lets_in_who_is_half_inside(deployed):
    head, body = deployed.request()
    door = start("web", environment=deployed.environment, folder=deployed.folder)
    try:
        until(deployed.is_open)
        with deployed.line() as line:
            line.sendall(head + body[:10])
            time.sleep(0.3)
            door.send_signal(signal.SIGTERM)
            time.sleep(0.3)
            line.sendall(body[10:])
            assert b" 200 " in line.recv(1000)
        printed, _ = door.communicate(timeout=20)
    finally:
        door.kill()
        door.communicate()

    assert door.returncode == 0, printed
    assert deployed.kept() == ["msg_1"]


@pytest.mark.parametrize("deployed", ["sqlite"], indirect=True)
def test_where_no_account_takes_webhooks_it_says_so_and_ends(deployed):
    environment = {**deployed.environment, "ADAPTERS": "demo"}

    door = start("web", environment=environment, folder=deployed.folder)
    printed, _ = door.communicate(timeout=60)

    assert door.returncode == 2
    said = "No account in ADAPTERS takes webhooks. Name one, or run no `web` process."
    assert said in printed
