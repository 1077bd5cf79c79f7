"""Errors are told to Sentry without what anybody wrote; here a small server plays its part."""

import gzip
import json
import logging
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import structlog

from bot import logs, sentry
from bot.config import NotSetUp, read
from tests.processes import PLAIN, ROOT, until
from tests.test_config import TEAMS, WELL

WORDS = "My hunter2 is broken and my card is 4111111111111111"
TOKEN = "xoxb-12345-hunter3"


class Ingest(HTTPServer):
    """Sentry's end of the line: it remembers each envelope."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Envelope)
        self.raw = []

    @property
    def dsn(self):
        return f"http://publickey@127.0.0.1:{self.server_address[1]}/7"

    @property
    def events(self):
        lines = [line for each in self.raw for line in each.decode().splitlines()]
        return [
            event for event in map(json.loads, lines) if "event_id" in event and "level" in event
        ]


class _Envelope(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.server.raw.append(gzip.decompress(body) if packed else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


@pytest.fixture
def ingest():
    server = Ingest()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def log(ingest):
    sentry.begin(ingest.dsn)
    logs.begin(also=[sentry.tell])
    yield structlog.get_logger()
    logs.begin()
    import sentry_sdk

    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def break_down(words):
    local = words  # a variable that holds them, as a stack frame would show
    raise KeyError(f"{local} {TOKEN}")


def test_an_error_comes_with_its_stack_and_without_anybody_s_words(ingest, log):
    try:
        break_down(WORDS)
    except KeyError:
        log.exception("nag.failed", conversation=42, why=WORDS, account="email:press")
    sentry.end()

    until(lambda: ingest.events, seconds=5)
    [event] = ingest.events
    [raised] = event["exception"]["values"]
    assert (event["message"], raised["type"], raised["value"]) == ("nag.failed", "KeyError", "")
    assert [frame["function"] for frame in raised["stacktrace"]["frames"]][-1] == "break_down"
    assert event["extra"] == {"conversation": 42, "account": "email:press"}
    assert event["breadcrumbs"]["values"] == []
    everything = b"".join(ingest.raw).decode()
    for word in ("hunter2", "4111", "hunter3", "vars"):
        assert word not in everything, word


def test_an_error_without_an_exception_comes_by_its_name(ingest, log):
    log.error("delivery.given_up", key=f"card:42:1 {TOKEN}", why=WORDS)
    sentry.end()

    until(lambda: ingest.events, seconds=5)
    [event] = ingest.events
    assert (event["message"], event["extra"]) == ("delivery.given_up", {"key": "card:42:1 …"})


def test_what_is_tried_again_is_not_told(ingest, log):
    log.warning("delivery.put_off", key="card:42:1", why=WORDS)
    log.info("bot.started")
    logging.getLogger("else").error(WORDS)
    sentry.end()

    assert ingest.raw == []


def test_nothing_is_traced(ingest, log):
    import sentry_sdk

    with sentry_sdk.start_transaction(name="work"):
        pass
    sentry.end()

    assert ingest.raw == []


def test_an_error_is_logged_as_before(ingest, log, capsys):
    log.error("delivery.given_up", key="card:42:1")

    assert "delivery.given_up" in capsys.readouterr().out


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teams.toml").write_text(TEAMS)


def test_an_address_that_can_not_be_sentry_s_is_one_sentence(folder):
    with pytest.raises(NotSetUp, match=r"SENTRY_DSN must look like") as told:
        read(WELL | {"SENTRY_DSN": "https://hunter2@sentry.example"})
    assert "hunter2" not in str(told.value)

    assert read(WELL | {"SENTRY_DSN": "https://k@sentry.example/7"}).sentry_dsn


WITHOUT = """
import sys
sys.modules["sentry_sdk"] = None
from importlib import util
found = util.find_spec
util.find_spec = lambda name, *more: None if name == "sentry_sdk" else found(name, *more)
from bot.__main__ import main
sys.exit(main(["run"]))
"""


def test_a_start_without_the_package_says_what_to_install(tmp_path):
    (tmp_path / "teams.toml").write_text(TEAMS)
    environment = {**PLAIN, "PYTHONPATH": str(ROOT), **WELL, "SENTRY_DSN": "https://k@s.example/7"}

    left = subprocess.run(
        [sys.executable, "-c", WITHOUT],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert left.returncode == 2
    assert "pip install sentry-sdk" in left.stderr
    assert "Traceback" not in left.stderr


def test_without_the_setting_the_package_is_never_loaded(tmp_path):
    code = "import sys, bot.__main__, bot.app; print('sentry_sdk' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert said.stdout.strip() == "False"
