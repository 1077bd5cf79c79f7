"""The command line: run, demo, check, migrate, outbox. Each command's help is its docstring."""

import argparse
import fcntl
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TextIO

import structlog
from dotenv import dotenv_values

from adapters import Adapter
from bot import config, logs
from storage import migrations, outbox
from storage.database import Database, Unavailable, address, connect, is_sqlite, reading

log = structlog.get_logger()

WRONG = 2  # exit code: something must be mended by a person
DEAF = 1  # exit code: ended itself, to be restarted
PATIENCE = 5.0  # seconds between two looks at a database that is not ready

Arguments = argparse.Namespace


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.command(arguments, environment()))
    except config.NotSetUp as problem:
        print(problem, file=sys.stderr)
        return WRONG


def environment() -> Mapping[str, str]:
    """The environment, with .env filling in what it lacks."""
    written = {name: value for name, value in dotenv_values(".env").items() if value is not None}
    return {**written, **os.environ}


def run(_: Arguments, environment: Mapping[str, str]) -> int:
    """Run the bot: listen to platforms, post cards, carry answers, nag."""
    return work(config.read(environment), stop_signal())


def demo(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """Run the bot against the playground, a small Slack on this machine, with customers in it."""
    from bot.demo import opened  # the playground and its web server: a worker never needs them

    with opened(arguments.folder, arguments.port, environment) as (settings, welcome):
        return work(settings, stop_signal(), welcome)


def check(_: Arguments, environment: Mapping[str, str]) -> int:
    """Look whether everything is set up: settings, teams, database, Slack, every account."""
    from bot.doctor import examine

    logs.begin("ERROR")
    findings = []
    for finding in examine(environment):
        print(finding, flush=True)
        findings.append(finding)
    return 0 if all(finding.well for finding in findings) else 1


def migrate(_: Arguments, environment: Mapping[str, str]) -> int:
    """Bring the database's schema up to this version; safe to run twice, and two at once."""
    database = connect(config.database_url(environment))
    try:
        migrations.upgrade(database)
    except Unavailable as problem:
        why = str(problem.__cause__ or problem).splitlines()[0]
        print(f"The database can't be reached: {why}. Check DATABASE_URL.", file=sys.stderr)
        return WRONG
    print("The database is up to date.")
    return 0


def letters(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """List what is owed and could not be delivered; with --retry, try dead letters again."""
    database, now = connect(config.database_url(environment)), datetime.now(UTC)
    for number in arguments.retry or ():
        with database.begin() as db:
            again = outbox.retry(db, number, now)
        print(f"{number} is tried again." if again else f"There is no dead letter {number}.")
    with reading(database) as db:
        owed = outbox.pending(db)
    for each in owed:
        state = f"dead since {each.dead_at:%Y-%m-%d %H:%M}" if each.dead_at else "waiting"
        trouble = f": {each.trouble}" if each.trouble else ""
        print(f"{each.id}  {each.key}  {state}, {each.attempts} tries{trouble}")
    print(f"{len(owed)} in the outbox.")
    return 0


def work(
    settings: config.Settings,
    stopped: threading.Event,
    welcome: Callable[[Mapping[str, Adapter]], None] = lambda _: None,
) -> int:
    """Open the database, put the bot together, and run it until it is told to stop."""
    from bot.app import assemble, slack_client

    logs.begin(settings.log_level)
    now = partial(datetime.now, UTC)
    adapters = settings.adapters(now)
    lock = sole_worker(settings.database_url)
    database = connect(settings.database_url)
    if not prepared(database, stopped):
        return 0
    client = slack_client(settings.bot_token, settings.slack_api_url)
    bot = assemble(settings, database, adapters, client, now)
    bot.settle_in()
    welcome(adapters)
    well = bot.run(settings.app_token, stopped)
    database.dispose()
    if lock:
        lock.close()
    return 0 if well else DEAF


def prepared(database: Database, stopped: threading.Event) -> bool:
    """Wait until the database is there and its schema is ours; False when stopped before."""
    while not stopped.is_set():
        try:
            if is_sqlite(database):
                migrations.upgrade(database)
                return True
            if not migrations.behind(database):
                return True
            log.warning("database.behind", next="waiting for: python -m bot migrate")
        except Unavailable as problem:
            log.warning("database.unavailable", why=str(problem).splitlines()[0])
        stopped.wait(PATIENCE)
    return False


def sole_worker(database_url: str) -> TextIO | None:
    """SQLite serves one worker: hold a lock beside the file, or say that another has it."""
    where = address(database_url)
    if not where.drivername.startswith("sqlite") or not where.database:
        return None
    path = Path(where.database + ".lock")
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = path.open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        problem = (
            f"Another worker is running on {where.database}. SQLite serves one; stop that one, or"
            " use PostgreSQL for several."
        )
        raise config.NotSetUp([problem]) from None
    return lock


def stop_signal() -> threading.Event:
    """Set when we are asked to stop; asking twice does no harm."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "run", run)
    playground = _command(commands, "demo", demo)
    playground.add_argument("--folder", type=Path, default=Path(".playground"))
    playground.add_argument("--port", type=int, default=8765)
    _command(commands, "check", check)
    _command(commands, "migrate", migrate)
    owed = _command(commands, "outbox", letters)
    owed.add_argument("--retry", type=int, nargs="+", metavar="NUMBER")
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    act: Callable[[Arguments, Mapping[str, str]], int],
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=act.__doc__, description=act.__doc__)
    made.set_defaults(command=act)
    return made


if __name__ == "__main__":
    sys.exit(main())
