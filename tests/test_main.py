"""The command line as its users meet it: another process, its words and its exit code."""

import ctypes
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event

import pytest
from sqlalchemy import text

from bot import __main__ as cli
from bot.config import NotSetUp
from bot.domain.delivery import Errand
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from storage import migrations, outbox
from storage.database import Database, connect
from tests import postgres
from tests.conftest import NOON

ROOT = Path(__file__).parents[1]
SELDOM = {  # what a worker may never need: memory, and time at each start
    "alembic",
    "babel",
    "bs4",
    "feedparser",
    "holidays",
    "icalendar",
    "imap_tools",
    "recurring_ical_events",
    "requests",
    "sentry_sdk",
    "sqlalchemy.dialects.postgresql",
    "tweepy",
    "urllib3",
}
SOON = 2.0  # seconds of the processor in which a start that can't succeed says so
PLAIN = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "PYTHONWARNINGS": "error"}


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(Workspace.demo(limits=Limits(on=False))) as started:
        started.workspace.add_channel("C0OLD", "old-care", members=["U0BOT"]).archived = True
        started.workspace.add_channel("C0AWAY", "others")
        yield started


@pytest.fixture
def well(playground: Playground, tmp_path: Path) -> dict[str, str]:
    (tmp_path / "teams.toml").write_text('[teams.care]\nchannel = "$SLACK_CHANNEL"\n')
    return {
        "SLACK_BOT_TOKEN": playground.workspace.bot_token,
        "SLACK_APP_TOKEN": playground.workspace.app_token,
        "SLACK_API_URL": playground.api_url,
        "SLACK_CHANNEL": "C0CARE",
        "ADAPTERS": "demo",
    }


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    database = connect(f"sqlite:///{tmp_path / 'unanswered.db'}")
    yield database
    database.dispose()


def bot(*words: str, within: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bot", *words],
        cwd=within,
        env=PLAIN | dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(*words: str, within: Path, environment: Mapping[str, str]) -> tuple[int, str]:
    """Let a command come to its end by itself; its exit code and all it said."""
    process = bot(*words, within=within, environment=environment)
    said, _ = process.communicate(timeout=20)
    return process.returncode, said


def worked() -> float:
    """Seconds of the processor that commands which have ended took, whatever else it did."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@contextmanager
def running(
    *words: str, within: Path, environment: Mapping[str, str], until: str
) -> Iterator[subprocess.Popen[str]]:
    """A command that goes on, once it has said `until`."""
    process = bot(*words, within=within, environment=environment)
    try:
        said = heard(process, until)
        assert until in said, said
        yield process
    finally:
        process.kill()
        process.communicate()


def heard(process: subprocess.Popen[str], until: str) -> str:
    said = ""
    assert process.stdout
    for line in process.stdout:
        said += line
        if until in line:
            break
    return said


def stopped(process: subprocess.Popen[str], by: signal.Signals = signal.SIGTERM) -> str:
    """Ask it to stop, again and again; it must end well within ten seconds."""
    until = time.monotonic() + 10
    while process.poll() is None and time.monotonic() < until:
        process.send_signal(by)
        time.sleep(0.02)
    said, _ = process.communicate(timeout=1)
    assert process.returncode == 0, said
    return said


@pytest.mark.parametrize("command", ["run", "demo", "check", "migrate", "backup", "outbox"])
def test_each_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as left:
        cli.main([command, "--help"])

    said = capsys.readouterr().out
    assert left.value.code == 0
    assert f"usage: python -m bot {command}" in said
    assert len(said.split("\n\n")[1]) > 40


def test_the_list_of_commands_says_what_each_is_for(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])

    said = capsys.readouterr().out
    for command in ("run", "demo", "check", "migrate", "outbox"):
        assert re.search(rf"^    {command} +[A-Z]\w+", said, re.MULTILINE)


@pytest.mark.fault(49)
def test_a_bot_that_is_not_set_up_says_all_that_is_missing(tmp_path):
    began = worked()

    code, said = ended("run", within=tmp_path, environment={})

    assert code == 2
    assert worked() - began < SOON
    for name in ("SLACK_BOT_TOKEN", "SLACK_APP_TOKEN", "ADAPTERS", "TEAMS_FILE"):
        assert name in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"SLACK_BOT_TOKEN": "xoxb-hunter2"}, "Slack bot token: Slack refuses it (invalid_auth)."),
        ({"SLACK_APP_TOKEN": "xapp-hunter2"}, "Slack app token: Slack refuses it (invalid_auth)."),
        ({"SLACK_CHANNEL": "C0NONE"}, "There is no channel C0NONE that the bot can see."),
        ({"SLACK_CHANNEL": "C0OLD"}, "#old-care is archived."),
        ({"SLACK_CHANNEL": "C0AWAY"}, "The bot is not in #others."),
        (
            {"SLACK_CHANNEL": "hunter2"},
            "teams.toml, line 2, teams.care.channel: what SLACK_CHANNEL",
        ),
        ({"ADAPTERS": "tvitter"}, "There is no adapter named “tvitter”."),
        ({"DYNO": "worker.1"}, "DATABASE_URL is missing on this dyno"),
        ({"DATABASE_URL": "sqlite:////proc/bot.db"}, "that can't be written"),
        ({"DATABASE_URL": "postgres://u:hunter2/d"}, "DATABASE_URL is not the address"),
    ],
)
@pytest.mark.fault(49)
def test_a_start_that_can_not_succeed_says_why_at_once(tmp_path, well, changed, sentence):
    began = worked()

    code, said = ended("run", within=tmp_path, environment=well | changed)

    assert code == 2, said
    assert worked() - began < SOON
    assert sentence in said
    assert "hunter2" not in said
    assert "Traceback" not in said


def test_a_worker_stops_though_another_of_its_threads_was_asked(tmp_path, well):
    with running("run", within=tmp_path, environment=well, until="bot.started") as worker:
        time.sleep(0.5)  # its main thread waits by now, and nothing else wakes it up
        threads = {int(each.name) for each in Path(f"/proc/{worker.pid}/task").iterdir()}
        other = max(threads - {worker.pid})
        assert ctypes.CDLL(None).tgkill(worker.pid, other, signal.SIGTERM) == 0

        assert worker.wait(15) == 0


def test_a_worker_stops_when_it_is_asked_to_and_goes_on_later(tmp_path, well):
    for number in (signal.SIGTERM, signal.SIGINT):
        with running("run", within=tmp_path, environment=well, until="bot.started") as worker:
            said = stopped(worker, by=number)
        assert "bot.stopped" in said
        assert "Traceback" not in said


def test_a_worker_starts_while_slack_is_down(tmp_path, well):
    away = well | {"SLACK_API_URL": "http://127.0.0.1:9/api/"}

    with running("run", within=tmp_path, environment=away, until="bot.started") as worker:
        assert stopped(worker)


@pytest.mark.fault(32)
def test_sqlite_serves_one_worker(tmp_path, well):
    with running("run", within=tmp_path, environment=well, until="bot.started"):
        code, said = ended("run", within=tmp_path, environment=well)

    assert code == 2
    [line] = said.splitlines()[1:-1]
    assert line.startswith("  Another worker is running on unanswered.db.")


def test_a_dot_env_fills_in_what_the_environment_lacks(tmp_path, well, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("A=written\nB=written\nC=written\nD\n")
    for name, value in {"A": "given", "B": ""}.items():
        monkeypatch.setenv(name, value)

    found = cli.environment()

    assert (found["A"], found["B"], found["C"]) == ("given", "written", "written")


def test_check_ends_with_one_if_anything_is_wrong(tmp_path, well):
    code, said = ended("check", within=tmp_path, environment=well)
    assert code == 0, said
    assert said.count("ok ") == len(said.splitlines())

    code, said = ended("check", within=tmp_path, environment=well | {"SLACK_CHANNEL": "C0OLD"})
    assert code == 1
    assert "NO  channel of care: #old-care is archived." in said


@pytest.mark.fault(50)
def test_a_worker_on_postgresql_waits_until_somebody_migrates(tmp_path, well):
    with postgres.own_database(f"behind_{os.getpid()}") as url:
        here = well | {"DATABASE_URL": url.render_as_string(hide_password=False)}
        until = "waiting for: python -m bot migrate"

        with running("run", within=tmp_path, environment=here, until=until) as worker:
            assert stopped(worker) == ""
        for _ in range(2):
            code, said = ended("migrate", within=tmp_path, environment=here)
            assert (code, said) == (0, "The database is up to date.\n")
        with running("run", within=tmp_path, environment=here, until="bot.started") as worker:
            stopped(worker)


@pytest.mark.fault(50)
def test_a_newer_schema_is_fine(sqlite, postgresql, monkeypatch, capsys):
    """Deploys overlap: the next version migrates while this one is still at work."""
    migrations.upgrade(sqlite)
    with sqlite.begin() as db:
        db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    monkeypatch.setenv("DATABASE_URL", sqlite.url.render_as_string())

    assert cli.prepared(sqlite, Event())
    assert cli.prepared(postgresql, Event())
    assert cli.main(["migrate"]) == 0
    assert capsys.readouterr().out == "The database is up to date.\n"


def test_a_database_that_can_not_be_used_is_one_sentence(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:hunter2@127.0.0.1:9/d")

    for command in ("migrate", "outbox"):
        assert cli.main([command]) == 2
        said = capsys.readouterr().err
        assert said.startswith("The database can't be used: connection failed")
        assert "Check DATABASE_URL" in said
        assert "hunter2" not in said


def test_the_outbox_is_listed_and_dead_letters_are_tried_again(sqlite, monkeypatch, capsys):
    monkeypatch.setenv("DATABASE_URL", sqlite.url.render_as_string())
    assert cli.main(["outbox"]) == 2
    assert "older schema. Run: python -m bot migrate" in capsys.readouterr().err
    migrations.upgrade(sqlite)
    with sqlite.begin() as db:
        outbox.put(
            db,
            Errand.NOTICE,
            key="notice:1",
            lane="notice:C0CARE",
            destination="C0CARE",
            urgency=1,
            at=NOON,
        )
        db.execute(
            text("UPDATE outbox SET dead_at = :at, trouble = 'KeyError', attempts = 8"),
            {"at": NOON.replace(tzinfo=None)},
        )

    assert cli.main(["outbox"]) == 0
    assert capsys.readouterr().out == (
        "1  notice:1  dead since 2026-11-03 12:00, 8 tries: KeyError\n1 in the outbox.\n"
    )
    assert cli.main(["outbox", "--retry", "1", "7"]) == 0
    said = capsys.readouterr().out
    assert "1 is tried again.\nThere is no dead letter 7.\n" in said
    assert "waiting, 8 tries" in said


def test_a_worker_lock_that_can_not_be_written_is_explained(tmp_path):
    (tmp_path / "folder.db.lock").mkdir()

    with (
        pytest.raises(NotSetUp, match=r"folder\.db, and that can't be written"),
        cli.sole_worker(f"sqlite:///{tmp_path / 'folder.db'}"),
    ):
        pytest.fail("it was not refused")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder in which `make install` was done: ours, under another roof."""
    roof = tmp_path / "checkout"
    (roof / ".venv").mkdir(parents=True)
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, roof / name)
    for name in ("bin", "lib", "pyvenv.cfg"):
        (roof / ".venv" / name).symlink_to(Path(sys.prefix) / name)
    (roof / ".venv" / "run").touch()
    return roof


def test_make_run_plays_until_control_c_and_then_goes_on(checkout):
    posts = checkout / ".playground" / "platform.jsonl"

    said = played(checkout, until=lambda: posts.exists() and posts.stat().st_size)
    remembered = posts.read_text()
    played(checkout, until=lambda: True)

    assert re.fullmatch(r"Unanswered is running: open http://127\.0\.0\.1:\d+/ .*\r\n\^C", said)
    assert posts.read_text().startswith(remembered)


def test_make_run_can_start_over(checkout):
    would = ["make", "--dry-run", "run", "FRESH=1"]

    made = subprocess.run(would, cwd=checkout, env=PLAIN, capture_output=True, text=True)

    assert made.stdout.startswith("rm -rf .playground\n")


@pytest.mark.parametrize("told", ["SLACK_BOT_TOKEN", "SLACK_APP_TOKEN"])
def test_make_run_with_a_token_is_the_real_thing(checkout, told):
    (checkout / ".env").write_text(f"export {told}=x\n")

    made = subprocess.run(["make", "run"], cwd=checkout, env=PLAIN, capture_output=True, text=True)

    assert made.returncode == 2
    assert "The bot is not set up yet." in made.stderr
    assert "ADAPTERS is missing." in made.stderr


def test_a_second_player_in_the_same_folder_is_refused(tmp_path):
    words = ("demo", "--port", "0")
    with running(*words, within=tmp_path, environment={}, until="is running"):
        code, said = ended(*words, within=tmp_path, environment={})

    assert code == 2
    assert "Another worker is running on .playground/unanswered.db." in said
    assert "open http" not in said


def played(folder: Path, until: Callable[[], object]) -> str:
    """`make run` on a terminal, and Ctrl-C after `until`; all that the screen shows."""
    child, screen = pty.fork()
    if child == 0:
        os.chdir(folder)
        os.execvpe("make", ["make", "run"], PLAIN)
    said = os.read(screen, 1000).decode()
    patience = time.monotonic() + 15
    while not until() and time.monotonic() < patience:
        time.sleep(0.1)
    os.write(screen, b"\x03")
    with suppress(OSError):  # a terminal that is closed is no file any more
        while more := os.read(screen, 1000):
            said += more.decode()
    os.waitpid(child, 0)
    return said


def test_a_worker_loads_only_what_it_needs():
    code = "import sys, bot.__main__, bot.app, bot.doctor, bot.metrics; print(*sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)

    assert "bot.app" in said.stdout.split()
    assert not SELDOM & set(said.stdout.split())
