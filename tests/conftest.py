"""A whole bot in every test that can afford it; only what is outside is a stand-in."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from slack_bolt import App
from sqlalchemy import text

from adapters import Adapter
from adapters.demo import Demo
from bot import app as assembly
from bot import desk, logs
from bot.app import Bot
from bot.config import Settings
from bot.domain.clock import CHANNEL, HERE, OWNER, Rung
from bot.domain.mention import Kind
from bot.domain.team import Team, Teams
from bot.playground.workspace import Workspace
from storage import migrations
from storage.database import Database, connect
from storage.tables import metadata
from tests import postgres, tally
from tests.fake_slack import AtOnce, FakeSlack
from tests.thumbs import ByThumb

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
LADDER = (
    Rung(after=timedelta(0), call=OWNER),
    Rung(after=timedelta(minutes=30), call=CHANNEL),
    Rung(after=timedelta(hours=2), call=HERE),
)
CARE = Team(
    name="care",
    channel="C0CARE",
    answer_within={
        Kind.COMPLAINT: timedelta(hours=1),
        Kind.QUESTION: timedelta(hours=4),
        Kind.OTHER: timedelta(days=1),
    },
    ladder=LADDER,
    manager="U0LEA",
)

DATABASES = ["sqlite", "postgresql"]

# How fast an example runs says something of the machine; what must be quick measures that itself.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


def pytest_configure(config: pytest.Config) -> None:
    """One PostgreSQL for all processes of a run; each of them has a database of its own in it."""
    if not hasattr(config, "workerinput"):
        config.end_postgres = postgres.begin()  # type: ignore[attr-defined]


def pytest_unconfigure(config: pytest.Config) -> None:
    getattr(config, "end_postgres", lambda: None)()


@pytest.fixture(autouse=True, scope="session")
def _plain_logs() -> None:
    logs.begin()


@pytest.fixture(autouse=True, scope="session")
def _by_thumb() -> Iterator[None]:
    """Bots in this process guess by a few words, which tests know."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (assembly, desk):
            patch.setattr(module, "Triage", ByThumb)
        yield


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        tally.note(item)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    tally.tell(terminalreporter)


class Clock:
    """The time: it moves when told, and the playground reads the same one."""

    def __init__(self, at: datetime = NOON) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, **span: float) -> None:
        self.at += timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Database]:
    """A migrated database on the real server."""
    name = f"unanswered_{os.environ.get('PYTEST_XDIST_WORKER', 'gw')}_{os.getpid()}"
    with postgres.own_database(name) as url:
        engine = connect(url.render_as_string(hide_password=False))
        migrations.upgrade(engine)
        yield engine
        engine.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A migrated SQLite file, to begin each test with."""
    file = tmp_path_factory.mktemp("sqlite") / "empty.db"
    engine = connect(f"sqlite:///{file}")
    migrations.upgrade(engine)
    engine.dispose()
    return file.read_bytes()


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty database, of both kinds in turn."""
    if request.param == "sqlite":
        file = tmp_path / "bot.db"
        file.write_bytes(request.getfixturevalue("migrated_sqlite"))
        engine = connect(f"sqlite:///{file}")
        yield engine
        engine.dispose()
    else:
        engine = request.getfixturevalue("postgresql")
        tables = ", ".join(table.name for table in metadata.sorted_tables)
        with engine.begin() as db:
            db.execute(text(f"TRUNCATE {tables} RESTART IDENTITY CASCADE"))
        yield engine


@pytest.fixture
def workspace(clock: Clock) -> Workspace:
    return Workspace.demo(now=lambda: clock().timestamp())


@pytest.fixture
def slack(workspace: Workspace) -> FakeSlack:
    return FakeSlack(workspace)


@pytest.fixture
def demo(clock: Clock) -> Demo:
    return Demo("demo", {}, clock, timedelta(days=7))


@dataclass
class Assembled:
    """How a test makes a bot, or a second one over the same world."""

    database: Database
    slack: FakeSlack
    demo: Demo
    clock: Clock
    others: dict[str, Adapter] = field(default_factory=dict)  # accounts beside the demo

    def __call__(self, *, teams: Teams | None = None, **settings: Any) -> Bot:
        adapters = {"demo": self.demo, **self.others}
        chosen = Settings(
            bot_token="xoxb-test",
            app_token="xapp-test",
            adapter_names=tuple(adapters),
            teams=teams or Teams({"care": CARE}, tell="U0LEA"),
            environment={},
            **settings,
        )
        bot = assembly.assemble(chosen, self.database, adapters, self.slack, self.clock)
        bot.bolt._listener_runner.listener_executor = AtOnce()  # a press is through when it returns
        bot.links.workspace = "https://acme.slack.com/"
        return bot


@pytest.fixture
def assemble(database: Database, slack: FakeSlack, demo: Demo, clock: Clock) -> Assembled:
    return Assembled(database, slack, demo, clock)


@pytest.fixture
def app(assemble: Assembled) -> Bot:
    """The bot, begun; nothing of what is said from now on is history."""
    bot = assemble()
    bot.intake.poll("demo", assemble.demo)
    return bot


@pytest.fixture
def bolt(app: Bot) -> App:
    return app.bolt


@pytest.fixture
def hear(app: Bot, demo: Demo, clock: Clock) -> Callable[..., str]:
    """A customer posts, and the bot hears and shows it; returns the post's key."""

    def post(words: str = "My order is broken", **more: Any) -> str:
        key = demo.post(words, **more)
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        app.courier.deliver_all()
        return key

    return post
