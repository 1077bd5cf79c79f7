"""The bot in the playground: a small Slack on this machine, a platform in memory, and customers."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from adapters import Adapter
from bot import config
from bot.playground.customers import Customers
from bot.playground.server import Playground
from bot.playground.workspace import Workspace

TEAMS = Path(__file__).parent / "playground" / "teams.toml"
Welcome = Callable[[Mapping[str, Adapter]], None]


@contextmanager
def opened(
    folder: Path, port: int, environment: Mapping[str, str]
) -> Iterator[tuple[config.Settings, Welcome]]:
    """A playground that remembers in `folder`, the settings for it, and how customers come in."""
    folder.mkdir(parents=True, exist_ok=True)
    workspace = Workspace.demo()
    guests: list[Customers] = []

    playground = _started(workspace, port, folder / "slack.json")

    def welcome(adapters: Mapping[str, Any]) -> None:
        guests.append(Customers(adapters["demo"]))
        guests[0].start()
        print(f"Unanswered is running: open {playground.url} (Ctrl-C stops it)", flush=True)  # noqa: T201

    try:
        yield config.read(_settings(playground, folder, environment)), welcome
    finally:
        for guest in guests:
            guest.stop()
        playground.stop()


def database_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'unanswered.db'}"


def _started(workspace: Workspace, port: int, file: Path) -> Playground:
    """On the usual port, or on any other if that one is taken."""
    for wanted in (port, 0):
        playground = Playground(workspace, port=wanted, file=file)
        try:
            playground.start()
        except OSError:
            continue
        return playground
    raise config.NotSetUp(["The playground can't listen on any port of this machine."])


def _settings(
    playground: Playground, folder: Path, environment: Mapping[str, str]
) -> Mapping[str, str]:
    return {
        "SLACK_BOT_TOKEN": playground.workspace.bot_token,
        "SLACK_APP_TOKEN": playground.workspace.app_token,
        "SLACK_API_URL": playground.api_url,
        "ADAPTERS": "demo",
        "DEMO_FILE": str(folder / "platform.jsonl"),
        "DATABASE_URL": database_url(folder),
        "TEAMS_FILE": str(TEAMS),
        "LOG_LEVEL": environment.get("LOG_LEVEL", "WARNING"),
    }
