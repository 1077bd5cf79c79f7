"""A town of one's own: X, Slack, a database, and one or two real workers, all in a time that runs.

Its time runs `SPEED` times as fast as the machine's, so that a lease, a pace and a promise take
seconds; what is measured by the machine's own time (timeouts, pings, ticks) does not.
"""

import os
import signal
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError

from bot.playground.limits import Limits
from bot.playground.memory import Memory
from bot.playground.server import Playground
from bot.playground.things import Channel, Envelope, Json
from bot.playground.workspace import Workspace
from storage import migrations
from storage.database import Database, connect, reading
from storage.tables import accounts, conversations, mentions, replies
from tests.adapters.x_server import KEYS, XServer
from tests.faults import mortal
from tests.faults.mortal import Clock, Fate
from tests.faults.proxy import Wire, wire
from tests.faults.server import Server
from tests.faults.world import SPAWN
from tests.people import CARE

SPEED = 20.0
LEASE = timedelta(seconds=60)  # the shortest that may be set: three seconds of ours
TICK = timedelta(milliseconds=400)  # of ours
ACK = 1.5  # seconds of ours in which the bot takes a click
HANDS = 60.0  # by how much longer a trigger lives: people are as slow as ever
TEAMS = """
tell = "U0LEA"
[teams.care]
channel = "C0CARE"
manager = "U0LEA"
claim_lease = "PT30M"
answer_within = { complaint = "PT1M", question = "PT2H", other = "PT2H" }
nag = [{ after = "PT0S", call = "owner" }, { after = "PT2M", call = "channel" }]
"""


class Slack(Workspace):
    """Keeps for good what was posted with which key, and why something was refused."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.posted: list[tuple[str, str, str]] = []  # the key, the channel, the ts
        self.refused: Counter[str] = Counter()
        self.by_hand: dict[str, float] = {}  # messages that somebody deleted, and when

    def keep(self, channel: Channel, message: Json) -> Json:
        kept = super().keep(channel, message)
        payload = (message.get("metadata") or {}).get("event_payload", {})
        if key := payload.get("key"):
            self.posted.append((key, channel.id, kept["ts"]))
        return kept

    def call(self, method: str, params: Any, token: str | None = None) -> Any:
        answer = super().call(method, params, token)
        if error := answer.body.get("error"):
            self.refused[error] += 1
        return answer

    def new_trigger(self, person: str, *, in_view: bool = False) -> str:
        id = Memory.new_trigger(self, person, in_view=in_view)
        self.triggers[id].made += HANDS
        return id


@dataclass
class Worker:
    """One life, and the files in which it is told."""

    process: BaseProcess
    fate: Fate
    sleeps_until: float = 0.0

    @property
    def asleep(self) -> bool:
        with suppress(OSError):
            status = Path(f"/proc/{self.process.pid}/stat").read_text()
            return status.rpartition(")")[2].split()[0] == "T"
        return False

    def tell(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.process.pid or 0, number)

    def steps(self) -> list[str]:
        return self.fate.diary.read_text().splitlines() if self.fate.diary.exists() else []


@dataclass
class Town:
    """Everything outside the workers lives on while they die."""

    folder: Path
    clock: Clock
    x: XServer
    slack: Slack
    playground: Playground
    database: Database
    database_url: str
    server: Server | None = None
    line: Wire | None = None
    url: URL | None = None
    starts: float = 0.0  # seconds that the first worker took until it had read the first page
    lives: list[Worker] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)

    @property
    def environment(self) -> dict[str, str]:
        self.secrets |= {self.slack.bot_token, self.slack.app_token, *KEYS.values()}
        return {
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_API_URL": self.playground.api_url,
            "ADAPTERS": "twitter",
            "DATABASE_URL": self.line.url if self.line else self.database_url,
            "TEAMS_FILE": str(self.folder / "teams.toml"),
            **self.x.environment(),
        }

    @property
    def channel(self) -> Channel:
        return self.slack.channels[CARE]

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def begin(self, *, die_at: str = "", sleep_at: str = "") -> Worker:
        diary = self.folder / f"diary-{len(self.lives)}"
        fate = Fate(diary, die_at, sleep_at, self.log, self.clock, LEASE, TICK)
        process = SPAWN.Process(target=mortal.live, args=(self.environment, fate), daemon=True)
        process.start()
        self.lives.append(Worker(process, fate))
        return self.lives[-1]

    def send(self, envelope: Envelope | None) -> bool:
        """Whether the bot took it."""
        return bool(envelope) and self.playground.send(envelope).result(timeout=10)

    def has_been_read(self) -> bool:
        """Whether the first page is behind us: what comes now is no history."""
        return self._ask(select(accounts.c.fetched_at)) is not None

    def in_doubt(self, number: int) -> str:
        """What an answer says of which nobody knows whether it is published."""
        unsure = select(replies.c.text).join(conversations, conversations.c.unsure == replies.c.key)
        return str(self._ask(unsure.where(conversations.c.id == number)) or "")

    def last_words(self, number: int) -> str | None:
        """X's key of what its customer wrote last."""
        theirs = select(mentions.c.key).where(
            mentions.c.conversation == number, mentions.c.origin == "customer"
        )
        return self._ask(theirs.order_by(mentions.c.posted_at.desc()).limit(1))

    def _ask(self, question: Any) -> Any:
        try:
            with reading(self.database) as db:
                return db.execute(question).scalar_one_or_none()
        except DBAPIError:
            raise LookupError("the database is away") from None

    def seconds(self, span: timedelta) -> float:
        """How long that is by the machine's time."""
        return span.total_seconds() / self.clock.speed


@contextmanager
def town(folder: Path, server: Server | None = None, *, wired: bool = False) -> Iterator[Town]:
    """On SQLite, or on a PostgreSQL that may suffer as well."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "teams.toml").write_text(TEAMS)
    clock = Clock.running(SPEED)
    slack = Slack.demo(now=lambda: clock().timestamp(), limits=Limits(on=False))
    assert isinstance(slack, Slack)
    with (
        _database(folder, server) as (url, where),
        _wired(url, wired=wired) as line,
        XServer(clock) as x,
        Playground(slack) as playground,
    ):
        database = connect(where)
        migrations.upgrade(database)
        playground.sockets.ack_seconds = ACK
        made = Town(folder, clock, x, slack, playground, database, where, server, line, url)
        try:
            yield made
        finally:
            for worker in made.lives:
                worker.process.kill()
                worker.process.join()
            database.dispose()


@contextmanager
def _database(folder: Path, server: Server | None) -> Iterator[tuple[URL | None, str]]:
    if server is None:
        yield None, f"sqlite:///{folder / 'bot.db'}"
        return
    with server.database("bot") as url:
        yield url, url.render_as_string(hide_password=False)


@contextmanager
def _wired(url: URL | None, *, wired: bool) -> Iterator[Wire | None]:
    if url is None or not wired:
        yield None
        return
    with wire(url) as line:
        yield line
