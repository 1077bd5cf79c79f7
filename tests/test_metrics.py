"""What machines that watch are told: over HTTP, in their formats, and nothing of customers."""

import json
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.domain.health import MUTE
from bot.metrics import AT_ONCE, PATIENCE, Porch
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from tests.people import nag_all
from tests.processes import ROOT, running, until
from tests.things import HOUR, MINUTE


@pytest.fixture
def porch(app):
    opened = Porch("127.0.0.1", 0, app.watch)
    opened.open()
    yield opened
    opened.close()


def ask(porch, path):
    """The status, and the body."""
    url = f"http://127.0.0.1:{porch.server_address[1]}{path}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


def value(porch, sample):
    """Of one line of /metrics, by its name and labels."""
    found = re.search(rf"^{re.escape(sample)} (\S+)$", ask(porch, "/metrics")[1], re.M)
    return float(found[1]) if found else 0.0


def test_health_is_json_and_says_how_far_each_account_is_read(porch, app, hear):
    hear()
    app.watch.ask()

    status, body = ask(porch, "/health")

    told = json.loads(body)
    assert (status, told["well"], told["crippled"], told["ails"]) == (200, True, False, [])
    [account] = told["accounts"]
    assert account["name"] == "demo"
    assert account["read_to"] == app.desk.now().isoformat()
    assert (account["failing_since"], account["gap_at"], account["unreadable"]) == (None, None, 0)
    assert (told["dead"], told["cardless"], told["uncalled"], told["workers"]) == (0, 0, 0, 1)


def test_what_cripples_this_worker_is_503_and_what_ails_a_platform_is_not(porch, app):
    app.watch.clock_off = HOUR
    status, body = ask(porch, "/health")
    assert (status, json.loads(body)["well"]) == (200, False)

    app.watch.answered_at = app.watch.awake() - MUTE.total_seconds() - 1

    status, body = ask(porch, "/health")
    assert status == 503
    assert [it["what"] for it in json.loads(body)["ails"]] == ["database", "clock"]


def test_what_happens_is_counted(porch, app, hear, clock):
    names = {
        "mentions": 'unanswered_mentions_total{account="demo"}',
        "cards": 'unanswered_deliveries_total{errand="card",outcome="done"}',
        "nags": "unanswered_nags_total",
        "late": "unanswered_nag_lateness_seconds_count",
        "said": 'unanswered_delivery_seconds_count{errand="nag"}',
    }
    before = {name: value(porch, sample) for name, sample in names.items()}

    hear()
    clock.pass_(hours=1)
    nag_all(app)

    more = {name: value(porch, sample) - before[name] for name, sample in names.items()}
    assert more == {"mentions": 1, "cards": 2, "nags": 1, "late": 1, "said": 1}


def test_what_is_so_now_is_measured_when_asked(porch, app, hear, clock):
    hear()
    clock.pass_(hours=1, minutes=10)
    app.watch.ask()

    assert value(porch, 'unanswered_ailing{what="nags"}') == 1
    assert value(porch, 'unanswered_ailing{what="disk"}') == 0
    assert value(porch, "unanswered_lateness_seconds") == pytest.approx(10 * 60, abs=2)
    assert value(porch, 'unanswered_watermark_age_seconds{account="demo"}') == pytest.approx(
        70 * 60, abs=2
    )
    assert value(porch, "unanswered_uncalled") == 1
    assert value(porch, "unanswered_workers") == 1
    assert value(porch, "process_resident_memory_bytes") > 10e6


def test_nothing_of_customers_and_no_secret_is_told(porch, app, hear, clock, demo):
    hear("My hunter2 is broken", by="mirabella")
    demo.locked_out = True
    demo.check = None
    app.intake._put_off("demo", "hunter2 is wrong", HOUR, tell_after=timedelta(0))
    clock.pass_(hours=2)
    app.watch.ask()

    for path in ("/health", "/metrics"):
        said = ask(porch, path)[1]
        assert "hunter2" not in said
        assert "mirabella" not in said
    assert json.loads(ask(porch, "/health")[1])["accounts"][0]["failing_since"]


def test_labels_are_names_of_ours_and_few(porch, app, hear):
    for number in range(30):
        hear(f"word{number}", by=f"customer{number}")

    said = ask(porch, "/metrics")[1]

    labels = set(re.findall(r"(\w+)=\"", said))
    assert labels <= {
        "account",
        "errand",
        "outcome",
        "what",
        "timer",
        "le",
        "generation",
        "implementation",
        "major",
        "minor",
        "patchlevel",
        "version",
    }
    assert len(said.splitlines()) < 500


@pytest.mark.parametrize("path", ["/", "/health/more", "/../etc/passwd"])
def test_nothing_else_is_answered(porch, path):
    assert ask(porch, path)[0] == 404


def test_who_asks_for_the_head_gets_no_body(porch):
    with socket.create_connection(porch.server_address, timeout=5) as line:
        line.sendall(b"HEAD /health HTTP/1.0\r\n\r\n")
        said = line.makefile("rb").read()

    assert said.startswith(b"HTTP/1.0 200 ")
    assert said.endswith(b"\r\n\r\n")


def test_who_says_nothing_keeps_nobody_else_from_asking(porch):
    mute = [socket.create_connection(porch.server_address) for _ in range(AT_ONCE - 1)]

    assert ask(porch, "/health")[0] == 200

    for line in mute:
        line.close()


def served():
    """How many threads serve somebody."""
    return sum("process_request_thread" in thread.name for thread in threading.enumerate())


def test_a_crowd_that_says_nothing_takes_no_more_than_its_room(porch):
    crowd = [socket.create_connection(porch.server_address) for _ in range(4 * AT_ONCE)]
    try:
        until(lambda: served() == AT_ONCE, seconds=20)
        time.sleep(0.2)
        assert served() == AT_ONCE
    finally:
        for line in crowd:
            line.close()


def test_who_says_nothing_makes_room_after_a_while(porch):
    crowd = [socket.create_connection(porch.server_address) for _ in range(AT_ONCE)]
    try:
        until(lambda: answers(porch), seconds=PATIENCE + 10)
    finally:
        for line in crowd:
            line.close()


def answers(porch):
    try:
        return ask(porch, "/health")[0] == 200
    except OSError:
        return False


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_health_is_told_while_the_database_hangs(porch, app, database):
    with database.begin() as db:
        db.execute(text("LOCK TABLE outbox IN ACCESS EXCLUSIVE MODE"))
        asking = threading.Thread(target=app.watch.ask, daemon=True)
        asking.start()

        assert ask(porch, "/health")[0] == 200
        assert asking.is_alive()
    asking.join(10)


@pytest.fixture
def well(tmp_path):
    (tmp_path / "teams.toml").write_text('[teams.care]\nchannel = "C0CARE"\n')
    with Playground(Workspace.demo()) as playground:
        yield {
            "SLACK_BOT_TOKEN": playground.workspace.bot_token,
            "SLACK_APP_TOKEN": playground.workspace.app_token,
            "SLACK_API_URL": playground.api_url,
            "ADAPTERS": "demo",
        }


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def test_a_real_worker_answers_where_it_is_told_to(tmp_path, well):
    port = free_port()
    here = well | {"METRICS_PORT": str(port), "METRICS_HOST": "127.0.0.1"}
    porch_ = type("There", (), {"server_address": ("127.0.0.1", port)})

    def lives():
        try:
            return ask(porch_, "/health")
        except OSError:
            return None

    with running("run", environment=here, folder=tmp_path):
        until(lambda: lives() and json.loads(lives()[1])["sockets"], seconds=30)
        until(lambda: json.loads(lives()[1])["sockets"]["living"] == 2, seconds=20)
        until(lambda: value(porch_, 'unanswered_watermark_age_seconds{account="demo"}') < 60)
        assert lives()[0] == 200
        assert value(porch_, "unanswered_clock_off_seconds") < MINUTE.total_seconds()


def test_a_port_that_is_taken_is_one_sentence(tmp_path, well):
    from tests.processes import start

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        here = well | {"METRICS_PORT": port, "METRICS_HOST": "127.0.0.1"}
        worker = start("run", environment=here, folder=tmp_path)
        said, _ = worker.communicate(timeout=30)

    assert worker.returncode == 2
    assert f"METRICS_PORT: nothing can answer at 127.0.0.1:{port}" in said


def test_every_metric_is_told_in_the_operations(porch, app, hear, clock):
    hear()
    app.watch.clock_off = HOUR
    app.watch.sockets = type("Two", (), {"living": lambda _: 2, "silent_for": lambda _: 0.0})()

    said = ask(porch, "/metrics")[1]

    ours = set(re.findall(r"^# TYPE (unanswered_\w+) (?:counter|gauge|histogram)$", said, re.M))
    names = {name for name in ours if not name.endswith("_created")}
    written = (ROOT / "docs" / "operations.md").read_text()
    assert {name for name in names if f"`{name}" not in written} == set()
    assert len(names) > 20
