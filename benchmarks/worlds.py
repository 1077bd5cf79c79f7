"""A real worker with everything around it: X, Slack, a database; and a bare bolt app beside it."""

import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from time import perf_counter, sleep
from typing import Any

from benchmarks.grounds import database, url_of
from benchmarks.harness import Ground
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.things import Answer, Envelope
from bot.playground.workspace import Workspace
from storage.database import Database
from tests.adapters.x_server import XServer
from tests.processes import PLAIN, ROOT, stop, until

TEAMS = """
[teams.care]
channel = "C0CARE"
answer_within = { complaint = "PT1H", question = "PT4H", other = "P1D", praise = "P1D" }
nag = [{ after = "PT0S", call = "channel" }, { after = "PT5H", call = "here" }]
"""
HOSTS = ("U0ANA", "U0BEN", "U0LEA")
BARE_BLOCKS: list[dict[str, Any]] = [
    {
        "type": "actions",
        "elements": [
            {
                "type": "button",
                "action_id": "claim",
                "value": "1",
                "text": {"type": "plain_text", "text": "Claim"},
            }
        ],
    }
]


class Watched(Workspace):
    """A Slack that remembers how its limits were kept, and when each message came."""

    def __init__(self, **more: Any) -> None:
        super().__init__(**more)
        self.refused = 0

    def call(self, method: str, params: Any, token: str | None = None) -> Answer:
        answer = super().call(method, params, token)
        self.refused += answer.status == 429
        return answer


@dataclass
class World:
    """X and Slack, a database, and whatever worker is running."""

    folder: Path
    database: Database
    x: XServer
    playground: Playground
    workspace: Watched
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SLACK_BOT_TOKEN": self.workspace.bot_token,
            "SLACK_APP_TOKEN": self.workspace.app_token,
            "SLACK_API_URL": self.playground.api_url,
            "ADAPTERS": "twitter",
            "DATABASE_URL": url_of(self.database),
            "TEAMS_FILE": str(self.folder / "teams.toml"),
            "LOG_LEVEL": "ERROR",
            **self.x.environment(),
            **self.settings,
        }

    @contextmanager
    def worker(self) -> Iterator[subprocess.Popen[str]]:
        """A worker that hears clicks and has read X once; stopped as a platform does."""
        running = deployed(self.environment, self.folder)
        try:
            links = self.playground.sockets.links
            until(lambda: len(links) == 2 or running.poll() is not None, seconds=60)
            assert running.poll() is None, running.communicate()[0]
            until(lambda: self.x.requests, seconds=60)
            yield running
            printed = stop(running)
            assert running.returncode == 0, printed
        finally:
            running.kill()
            running.communicate()

    def cards(self, channel: str = "C0CARE") -> dict[str, dict[str, Any]]:
        with self.workspace.lock:
            messages = dict(self.workspace.channels[channel].messages)
        return {
            ts: message
            for ts, message in messages.items()
            if message.get("thread_ts") in (None, ts) and message.get("blocks")
        }


def deployed(environment: Mapping[str, str], folder: Path) -> subprocess.Popen[str]:
    """A worker as a deployment has it: without rich, which a linter brings and a log would load."""
    hidden = "import runpy, sys; sys.modules['rich'] = None; sys.argv[1:] = ['run'];"
    own = [sys.executable, "-c", f"{hidden} runpy.run_module('bot', run_name='__main__')"]
    return subprocess.Popen(
        own,
        cwd=folder,
        env={**PLAIN, "PYTHONPATH": str(ROOT), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


@contextmanager
def world(
    ground: Ground, *, limits: bool = False, teams: str = TEAMS, **settings: str
) -> Iterator[World]:
    (ground.folder / "teams.toml").write_text(teams)
    workspace = Watched.demo(limits=Limits(on=limits))
    assert isinstance(workspace, Watched)
    with database(ground) as ours, XServer() as x, Playground(workspace) as playground:
        yield World(ground.folder, ours, x, playground, workspace, dict(settings))


@contextmanager
def bare_app() -> Iterator[tuple[Playground, str]]:
    """The limit: bolt with an empty listener in a process of its own, and a message to press."""
    workspace = Workspace.demo(limits=Limits(on=False))
    with Playground(workspace) as playground:
        said = {"channel": "C0CARE", "text": "Press", "blocks": BARE_BLOCKS}
        ts = str(workspace.call("chat.postMessage", said).body["ts"])
        with bare_process(playground):
            until(lambda: playground.sockets.links, seconds=60)
            yield playground, ts


@contextmanager
def bare_process(playground: Playground, *more: str) -> Iterator[subprocess.Popen[str]]:
    workspace = playground.workspace
    own = [sys.executable, "-m", "benchmarks.bare", playground.api_url]
    running = subprocess.Popen(
        [*own, workspace.bot_token, workspace.app_token, *more], cwd=ROOT, env=PLAIN, text=True
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


class Clicking:
    """Sends clicks at a steady pace, and knows how long each ack took."""

    def __init__(
        self, playground: Playground, clicks: Sequence[Envelope], *, a_second: float
    ) -> None:
        self.playground, self.clicks, self.every = playground, clicks, 1 / a_second
        self.took: list[float] = []
        self.lost = 0
        self.thread = Thread(target=self._run)

    def _run(self) -> None:
        begin, waiting = perf_counter(), []
        for number, click in enumerate(self.clicks):
            sleep(max(0.0, begin + number * self.every - perf_counter()))
            waiting.append(self._send(click))
        for done in waiting:
            done.wait(10)

    def _send(self, click: Envelope) -> Event:
        done, sent = Event(), perf_counter()

        def acked(future: Any) -> None:
            took = (perf_counter() - sent) * 1000
            if future.result():
                self.took.append(took)
            else:
                self.lost += 1
            done.set()

        self.playground.send(click).add_done_callback(acked)
        return done


def resident(pid: int | str) -> float:
    """MiB that a process holds in memory."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise LookupError(f"process {pid} tells nothing of its memory")
