"""The command line. Each command's help is its docstring."""

import argparse
import fcntl
import gc
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import NoReturn

import structlog
from dotenv import dotenv_values

from adapters import Adapter
from bot import config, logs, sentry
from bot.domain.team import Team, Teams
from storage import mentions, migrations, outbox
from storage.database import (
    Database,
    Unavailable,
    address,
    connect,
    copy,
    is_sqlite,
    reading,
)
from storage.outbox import Owed

log = structlog.get_logger()

WRONG = 2  # exit code: something must be mended by a person
DEAF = 1  # exit code: ended itself, to be restarted
INTERRUPTED = 130  # exit code: Ctrl-C in a command that comes to an end by itself
PATIENCE = 5.0  # seconds between two looks at a database that is not ready

STOPPING = (signal.SIGTERM, signal.SIGINT)

NOW = partial(datetime.now, UTC)

Arguments = argparse.Namespace


def main(words: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code."""
    arguments = _parser().parse_args(words)
    try:
        return int(arguments.command(arguments, environment()))
    except config.NotSetUp as problem:
        print(problem, file=sys.stderr)
    except Unavailable as problem:
        print(f"The database can't be used: {logs.reason(problem)}.", file=sys.stderr)
        print("Check DATABASE_URL, and that the database is running.", file=sys.stderr)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return WRONG


def environment() -> Mapping[str, str]:
    """The environment, with .env filling in what it lacks or has empty."""
    try:
        found = dotenv_values(".env", interpolate=False)
    except UnicodeDecodeError:
        raise config.NotSetUp([".env is not UTF-8 text. Save it as such."]) from None
    written = {name: value for name, value in found.items() if value is not None}
    given = {name: value for name, value in os.environ.items() if value or name not in written}
    return {**written, **given}


def run(_: Arguments, environment: Mapping[str, str]) -> int:
    """Run the bot: listen to platforms, post cards, carry answers, nag."""
    stopped, settings = stop_signal(), config.read(environment)
    with sole_worker(settings.database_url):
        return work(settings, stopped)


def demo(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """Run the bot against the playground, a small Slack on this machine, with customers in it."""
    stopped = stop_signal()
    from bot import demo  # the playground and its web server: a worker never needs them

    with (
        sole_worker(demo.database_url(arguments.folder)),
        demo.opened(arguments.folder, arguments.port, environment) as (settings, welcome),
    ):
        return work(settings, stopped, welcome)


def web(_: Arguments, environment: Mapping[str, str]) -> int:
    """Take in webhooks for the accounts that have some; a worker reads what they say."""
    from bot.door import Door, serve  # its web server: a worker never needs it

    settings = config.read(environment)
    _begin_to_log(settings)
    with opened(settings.database_url) as database:
        door = Door(database, settings.adapters(NOW), NOW)
        if not door.adapters:
            said = "No account in ADAPTERS takes webhooks. Name one, or run no `web` process."
            raise config.NotSetUp([said])
        _must_be_up_to_date(database)
        try:
            serve(door, settings.web_host, settings.web_port)
        except OSError as problem:
            where = f"{settings.web_host}:{settings.web_port}"
            said = f"PORT: nothing can listen at {where}: {problem.strerror}."
            raise config.NotSetUp([said]) from None
    return 0


def check(_: Arguments, environment: Mapping[str, str]) -> int:
    """Look whether everything is set up: settings, teams, database, Slack, every account."""
    from bot.doctor import examine

    logs.begin("ERROR")
    findings = []
    for finding in examine(environment):
        print(finding, flush=True)
        findings.append(finding)
    return 1 if any(finding.well is False for finding in findings) else 0


def migrate(_: Arguments, environment: Mapping[str, str]) -> int:
    """Bring the database's schema up to this version; safe to run twice, and two at once."""
    with opened(config.database_url(environment)) as database:
        if migrations.behind(database):
            migrations.upgrade(database)
    print("The database is up to date.")
    return 0


def backup(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """Copy a SQLite database, also while the bot runs; PostgreSQL has pg_dump."""
    with opened(config.database_url(environment)) as database:
        if not is_sqlite(database):
            raise config.NotSetUp(["PostgreSQL is copied by its own tools: pg_dump."])
        _must_be_up_to_date(database)
        try:
            copy(database, arguments.file)
        except OSError as problem:
            why = f"{arguments.file} can't be written: {problem.strerror}. Name another file."
            raise config.NotSetUp([why]) from None
    print(f"{arguments.file} holds the database as it was a moment ago.")
    return 0


def letters(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """List what is owed and could not be delivered; with --retry, try dead letters again."""
    with opened(config.database_url(environment)) as database:
        _must_be_up_to_date(database)
        for number in arguments.retry or ():
            print(_again(database, number))
        with reading(database) as db:
            owed, unread = outbox.pending(db), mentions.unread(db)
    for each in owed:
        print(_letter(each))
    for account, item in unread:
        print(f"unreadable  {account} {item.key}: {item.problem}  {item.raw[:200]}")
    print(f"{len(owed)} in the outbox.")
    return 0


def deadline(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """Say when answers are due, and why: one JSON object a line from standard input."""
    from bot.deadline import answers

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    calendar = None
    if arguments.team:
        calendar = _team(config.teams(environment), arguments.team).calendar
    for answer in answers(sys.stdin, calendar, text=arguments.text):
        print(answer, flush=True)
    return 0


def triage(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """Guess what posts are: reads texts or lines of JSON, and answers each with a line of JSON.

    `{"text": "Still waiting for my parcel"}` is answered with its kind and lane, how likely it is
    that it is a complaint and that it needs an answer, the severity, the language, and the words
    that spoke for it. With labels, `{"text": …, "label": 0 or 1}`, and --report: the figures.
    """
    from bot.domain.asked import Wrong
    from bot.triage import BALANCED, Triage, lines

    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="replace")
    leaning = BALANCED
    if arguments.team:
        leaning = _team(config.teams(environment), arguments.team).triage
    if arguments.recall:
        leaning = replace(leaning, recall=arguments.recall)
    made = Triage(config.triage(environment))
    try:
        answer = lines.report if arguments.report else lines.answers
        for line in answer(sys.stdin, made, leaning):
            print(line, flush=not arguments.report)
    except Wrong as problem:
        print(problem, file=sys.stderr)
        return WRONG
    if made.trouble:
        print(made.trouble, file=sys.stderr)
    return 0


def _recall(text: str) -> float:
    share = float(text)
    if not 0.5 <= share <= 0.99:
        raise argparse.ArgumentTypeError("A recall is between 0.5 and 0.99.")
    return share


def simulate(arguments: Arguments, environment: Mapping[str, str]) -> int:
    """Tell again what is stored, under other hours, targets and rungs: how many would be late?"""
    from bot.simulate import midnight, zone_of

    file = str(arguments.teams or environment.get("TEAMS_FILE") or "teams.toml")
    teams = config.teams({**environment, "TEAMS_FILE": file}, midnight(arguments.start, UTC))
    name = _team(teams, arguments.team).name if arguments.team else None
    zone = zone_of(teams, name)
    start, end = midnight(arguments.start, zone), midnight(arguments.end, zone)
    if start >= end:
        raise config.NotSetUp([f"--from {arguments.start} is not before --to {arguments.end}."])
    with opened(config.database_url(environment)) as database:
        _must_be_up_to_date(database)
        _tell(database, teams, name, start, end, Path(file).name, as_data=arguments.json)
    return 0


def _tell(
    database: Database,
    teams: Teams,
    team: str | None,
    start: datetime,
    end: datetime,
    named: str,
    *,
    as_data: bool,
) -> None:
    from bot.simulate import as_json, history, replayed, report, told_until, with_schedules, zone_of

    now, zone = told_until(database, datetime.now(UTC)), zone_of(teams, team)
    with_schedules(database, teams, start)
    was = history(database, start, end, now=now, team=team)
    would = replayed(database, teams, start, end, now=now, team=team)
    if as_data:
        print(json.dumps(as_json(was, would, zone), indent=2))
        return
    for line in report(was, would, zone=zone, named=named):
        print(line)


def _team(teams: Teams, name: str) -> Team:
    if name not in teams.by_name:
        known = ", ".join(teams.by_name)
        raise config.NotSetUp([f"There is no team “{name}”. Teams: {known}. Check --team."])
    return teams[name]


def _must_be_up_to_date(database: Database) -> None:
    if migrations.behind(database):
        raise config.NotSetUp(["The database has an older schema. Run: python -m bot migrate"])


@contextmanager
def opened(url: str) -> Iterator[Database]:
    database = connect(url)
    try:
        yield database
    finally:
        database.dispose()


def work(
    settings: config.Settings,
    stopped: threading.Event,
    welcome: Callable[[Mapping[str, Adapter]], None] = lambda _: None,
    now: Callable[[], datetime] = NOW,
) -> int:
    """Open the database, put the bot together, and run it until it is told to stop."""
    with _for_good():
        from bot.app import assemble, slack_client
        from bot.doctor import must_be_let_in
        from bot.metrics import answering

    _begin_to_log(settings)
    must_be_let_in(settings)
    adapters = settings.adapters(now)
    with opened(settings.database_url) as database:
        if not prepared(database, stopped):
            return 0
        client = slack_client(settings.bot_token, settings.slack_api_url)
        bot = assemble(settings, database, adapters, client, now)
        with answering(settings, bot.watch):
            if not patiently(bot.settle_in, stopped):
                return 0
            welcome(adapters)
            return 0 if bot.run(settings.app_token, stopped) else DEAF


@contextmanager
def _for_good() -> Iterator[None]:
    """What is loaded stays: no garbage is looked for among it, neither now nor ever after."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _begin_to_log(settings: config.Settings) -> None:
    if settings.sentry_dsn:
        sentry.begin(settings.sentry_dsn)
    also = [sentry.tell] if settings.sentry_dsn else []
    logs.begin(settings.log_level, settings.log_format, also)


def prepared(database: Database, stopped: threading.Event) -> bool:
    """Wait until the database is there and its schema is ours; False when stopped before.

    A newer schema is fine: the next version may have migrated it while we are still at work.
    """
    while not stopped.is_set():
        try:
            if _migrated(database):
                return True
            log.warning("database.behind", next="waiting for: python -m bot migrate")
        except Unavailable as problem:
            if is_sqlite(database) and "locked" not in str(problem):
                raise
            log.warning("database.unavailable", why=logs.reason(problem))
        stopped.wait(PATIENCE)
    return False


def patiently(step: Callable[[], object], stopped: threading.Event) -> bool:
    """Do it, again if the database went away or another worker was in the way."""
    while not stopped.is_set():
        try:
            step()
        except Unavailable as problem:
            log.warning("database.unavailable", why=logs.reason(problem))
            stopped.wait(PATIENCE)
        else:
            return True
    return False


def _migrated(database: Database) -> bool:
    """SQLite belongs to one worker, and is brought up to date by it."""
    if not migrations.behind(database):
        return True
    if is_sqlite(database):
        migrations.upgrade(database)
    return is_sqlite(database)


@contextmanager
def sole_worker(database_url: str) -> Iterator[None]:
    """SQLite serves one worker: hold a lock beside the file, or say that another has it."""
    where = address(database_url)
    if not where.drivername.startswith("sqlite") or not where.database:
        yield
        return
    path = Path(where.database + ".lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as problem:
        said = (
            f"DATABASE_URL names {where.database}, and that can't be written: {problem.strerror}."
        )
        raise config.NotSetUp([said]) from None
    with lock:
        _hold(lock.fileno(), where.database)
        yield


def _hold(lock: int, file: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        problem = (
            f"Another worker is running on {file}. SQLite serves one; stop that one, or use"
            " PostgreSQL for several."
        )
        raise config.NotSetUp([problem]) from None


def _again(database: Database, number: int) -> str:
    with database.begin() as db:
        again = outbox.retry(db, number, datetime.now(UTC))
    return f"{number} is tried again." if again else f"There is no dead letter {number}."


def _letter(owed: Owed) -> str:
    state = f"dead since {owed.dead_at:%Y-%m-%d %H:%M}" if owed.dead_at else "waiting"
    trouble = f": {owed.trouble}" if owed.trouble else ""
    return f"{owed.id}  {owed.key}  {state}, {owed.attempts} tries{trouble}"


def stop_signal() -> threading.Event:
    """Set when we are asked to stop; asking twice does no harm."""
    stopped = threading.Event()
    for number in STOPPING:
        signal.signal(number, lambda *_: stopped.set())
    return stopped


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bot", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _command(commands, "run", run)
    playground = _command(commands, "demo", demo)
    playground.add_argument(
        "--folder", type=Path, default=Path(".playground"), help="where it remembers (%(default)s)"
    )
    playground.add_argument(
        "--port", type=int, default=8765, help="of the page; taken: any other (%(default)s)"
    )
    _command(commands, "web", web)
    _command(commands, "check", check)
    _command(commands, "migrate", migrate)
    copied = _command(commands, "backup", backup)
    copied.add_argument("file", type=Path, help="the copy; it must not be there yet")
    tried = _command(commands, "deadline", deadline)
    tried.add_argument("--team", help="whose calendar counts where a line has none of its own")
    tried.add_argument("--text", action="store_true", help="reasons as sentences")
    guessed = _command(commands, "triage", triage)
    guessed.add_argument("--report", action="store_true", help="how good it is, by the labels")
    guessed.add_argument(
        "--recall", type=_recall, metavar="SHARE", help="of complaints to be found, such as 0.95"
    )
    guessed.add_argument("--team", help="whose keywords and recall count; without: nobody's")
    told = _command(commands, "simulate", simulate)
    told.add_argument("--teams", type=Path, metavar="FILE", help="another teams.toml")
    told.add_argument("--team", help="only this one; without: all")
    for name, dest, what in (
        ("--from", "start", "first day"),
        ("--to", "end", "day after the last"),
    ):
        told.add_argument(
            name, dest=dest, type=date.fromisoformat, required=True, metavar="DATE", help=what
        )
    told.add_argument("--json", action="store_true", help="the figures as data")
    owed = _command(commands, "outbox", letters)
    owed.add_argument(
        "--retry", type=int, nargs="+", metavar="NUMBER", help="dead letters to try again"
    )
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]",
    name: str,
    act: Callable[[Arguments, Mapping[str, str]], int],
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, help=act.__doc__, description=act.__doc__)
    made.set_defaults(command=act)
    return made


def _leave(code: int) -> NoReturn:
    """Nothing can be stopped any more: a late signal must not look like a crash.

    Nor is there a wait for threads that hang in a call: the outbox knows what they were doing.
    """
    for number in STOPPING:
        signal.signal(number, signal.SIG_IGN)
    sentry.end()
    with suppress(OSError):  # a full disk, or nobody who reads
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    _leave(main())
