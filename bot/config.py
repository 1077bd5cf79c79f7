"""Settings from the environment, read and checked: all that is wrong is said at once."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from importlib.metadata import EntryPoint
from importlib.util import find_spec
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

import adapters
from adapters import Adapter, Platform, Receives, Setting
from bot.domain.clock import Where
from bot.domain.team import Teams
from bot.policy import feeds
from bot.policy.ladder import MAILBOX
from bot.policy.teams import read_teams
from storage.database import address

SETTINGS = (
    Setting(
        "SLACK_BOT_TOKEN",
        "Slack: your app, OAuth & Permissions, Bot User OAuth Token (xoxb-…).",
        required=True,
        secret=True,
    ),
    Setting(
        "SLACK_APP_TOKEN",
        "Slack: your app, Basic Information, App-Level Tokens, with connections:write (xapp-…).",
        required=True,
        secret=True,
    ),
    Setting(
        "ADAPTERS",
        "Name the platforms to listen to, such as twitter,email.",
        required=True,
    ),
    Setting(
        "DATABASE_URL",
        "Where everything is kept: postgresql://… or sqlite:///file.db.",
        default="sqlite:///unanswered.db",
    ),
    Setting("TEAMS_FILE", "The file with teams and promises.", default="teams.toml"),
    Setting(
        "IMPORT_DAYS",
        "How many days of history the first start also shows in Slack. Without it, only open"
        " complaints that a promise still covers are shown; the rest is kept silently.",
        default="0",
    ),
    Setting(
        "DELIVERY_TRIES", "How often a delivery may fail before it is laid aside.", default="8"
    ),
    Setting(
        "LEASE_SECONDS", "After how long another attempt takes over a delivery.", default="120"
    ),
    Setting(
        "TRIAGE",
        "model, or lexical for a tiny machine: by words alone, without the sentence model.",
        default="model",
    ),
    Setting("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR.", default="INFO"),
    Setting("SLACK_API_URL", "Another address for Slack's API.", default="https://slack.com/api/"),
    Setting(
        "ALLOW_SQLITE_ON_DYNO",
        "Set to yes to run on SQLite although the dyno's disk is emptied every day.",
    ),
    Setting(
        "ALERT_SMTP_URL",
        "The mail server for teams that are called by email, such as"
        " smtps://user:password@smtp.example.com:465 (smtp://… for STARTTLS).",
        secret=True,
    ),
    Setting("ALERT_FROM", "The address that such mail comes from, such as bot@example.com."),
    Setting("LOG_FORMAT", "text or json; without it, text on a terminal and JSON elsewhere."),
    Setting("METRICS_PORT", "Where /health and /metrics answer, such as 9100; none: nowhere."),
    Setting("METRICS_HOST", "The address on which they do.", default="0.0.0.0"),  # noqa: S104
    Setting("PORT", "Where `python -m bot web` takes webhooks; Heroku sets it.", default="8000"),
    Setting("WEB_HOST", "The address on which it does.", default="0.0.0.0"),  # noqa: S104
    Setting(
        "WEB_URL",
        "How the world reaches `python -m bot web`, such as https://acme-care.herokuapp.com.",
    ),
    Setting(
        "SENTRY_DSN",
        "Where errors of the bot are told to Sentry, without what customers wrote; needs the"
        " package sentry-sdk.",
        secret=True,
    ),
)
TOKENS = {
    "SLACK_BOT_TOKEN": re.compile(r"xoxb-[A-Za-z0-9-]+"),
    "SLACK_APP_TOKEN": re.compile(r"xapp-[A-Za-z0-9-]+"),
}
NUMBERS = {"IMPORT_DAYS": (0, 3650), "DELIVERY_TRIES": (1, 100), "LEASE_SECONDS": (60, 3600)}
HISTORY = timedelta(days=7)  # what the first start reads; IMPORT_DAYS can lengthen it
PORTS = (1, 65535)
CHOICES = {
    "LOG_LEVEL": ("DEBUG", "INFO", "WARNING", "ERROR"),
    "LOG_FORMAT": ("text", "json"),
    "TRIAGE": ("model", "lexical"),
}
ACCOUNT = re.compile(r"[a-z0-9_-]+(:[A-Za-z0-9_]+)?")
SMTP_PORTS = {"smtps": 465, "smtp": 587}
HOST = re.compile(r"[\w.:-]+")
UNSET = "which is not set. Set it."  # the end of what is said of a missing variable
PYPROJECT = Path(__file__).parents[1] / "pyproject.toml"


class NotSetUp(Exception):
    """Everything that is missing or wrong, one sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"The bot is not set up yet.\n{lines}\nREADME.md explains every setting.")
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    bot_token: str = field(repr=False)
    app_token: str = field(repr=False)
    adapter_names: tuple[str, ...]
    teams: Teams
    environment: Mapping[str, str] = field(repr=False)
    database_url: str = field(default="sqlite:///unanswered.db", repr=False)
    slack_api_url: str = "https://slack.com/api/"
    import_days: int = 0
    tries: int = 8
    lease: timedelta = timedelta(minutes=2)
    tick: timedelta = timedelta(seconds=1)  # between two looks at what is due
    triage: str = "model"
    log_level: str = "INFO"
    alert_smtp_url: str | None = field(default=None, repr=False)
    alert_from: str | None = None
    log_format: str = ""
    metrics_host: str = "0.0.0.0"  # noqa: S104
    metrics_port: int | None = None
    web_host: str = "0.0.0.0"  # noqa: S104
    web_port: int = 8000
    web_url: str = ""
    sentry_dsn: str | None = field(default=None, repr=False)

    def expects_webhooks(self, adapters: Mapping[str, Adapter]) -> bool:
        """Whether some platform is to bring its news to an address of ours."""
        return bool(self.web_url) and any(isinstance(it, Receives) for it in adapters.values())

    def adapters(self, now: Callable[[], datetime]) -> Mapping[str, Adapter]:
        """Every adapter that ADAPTERS names, set up."""
        return {
            name: made(name, self.environment, now, self.import_days) for name in self.adapter_names
        }


@dataclass(frozen=True)
class MailServer:
    """Where mail to teams is handed in; `tls` from the first byte, or else STARTTLS."""

    host: str
    port: int
    tls: bool
    user: str = ""
    password: str = field(default="", repr=False)

    @property
    def here(self) -> bool:
        """Whether it is this very machine, where nobody listens in between."""
        return self.host in feeds.HERE

    @classmethod
    def at(cls, url: str) -> Self:
        """From "smtps://user:password@host:465"; a `ValueError` shows how, and repeats nothing."""
        with suppress(ValueError):
            parts = urlsplit(url)
            scheme, host, user = parts.scheme, parts.hostname or "", unquote(parts.username or "")
            bare = parts.path in ("", "/") and not parts.query and not parts.fragment
            whole = bare and bool(parts.username) == bool(parts.password)
            if whole and scheme in SMTP_PORTS and HOST.fullmatch(host):
                port, password = parts.port or SMTP_PORTS[scheme], unquote(parts.password or "")
                return cls(host, port, scheme == "smtps", user, password)
        raise ValueError(
            "ALERT_SMTP_URL must look like smtps://user:password@smtp.example.com:465 (or smtp://…"
            " for STARTTLS). Write %40 for an @ in the password, %2F for a /, %25 for a %."
        )


@dataclass(frozen=True, kw_only=True)
class Looked:
    """All that the environment says, and what is wrong with it.

    `wrong` has sentences under the name of a setting or of an account; what it does not name can
    be used.
    """

    values: Mapping[str, str]
    accounts: tuple[str, ...]
    teams: Teams
    environment: Mapping[str, str]
    wrong: Mapping[str, Sequence[str]]

    @property
    def problems(self) -> list[str]:
        return [problem for problems in self.wrong.values() for problem in problems]


def look(environment: Mapping[str, str]) -> Looked:
    """Read all settings as far as they can be read; a stray space or line's end does no harm."""
    environment = {name: value.strip() for name, value in environment.items() if value.strip()}
    values = {each.name: environment.get(each.name) or each.default for each in SETTINGS}
    names = tuple(name.strip() for name in values["ADAPTERS"].split(",") if name.strip())
    values["ADAPTERS"] = ",".join(names)
    teams, troubles = read_teams(Path(values["TEAMS_FILE"]), environment, names)
    wrong = {name: _wrong(name, value, environment) for name, value in values.items()}
    wrong["ADAPTERS"] += _misnamed(names)
    wrong["TEAMS_FILE"] += troubles
    for name in ("ALERT_SMTP_URL", "ALERT_FROM"):
        wrong[name] += _needed_by_mail(name, values, teams)
    wrong |= _misconfigured(names, environment)
    return Looked(
        values=values,
        accounts=names,
        teams=teams,
        environment=environment,
        wrong={name: problems for name, problems in wrong.items() if problems},
    )


def read(environment: Mapping[str, str]) -> Settings:
    """All settings; NotSetUp with every problem there is."""
    looked = look(environment)
    if looked.wrong:
        raise NotSetUp(looked.problems)
    given = looked.values
    return Settings(
        bot_token=given["SLACK_BOT_TOKEN"],
        app_token=given["SLACK_APP_TOKEN"],
        adapter_names=looked.accounts,
        teams=looked.teams,
        environment=looked.environment,
        database_url=given["DATABASE_URL"],
        slack_api_url=slack_api_url(given),
        import_days=int(given["IMPORT_DAYS"]),
        tries=int(given["DELIVERY_TRIES"]),
        lease=timedelta(seconds=int(given["LEASE_SECONDS"])),
        triage=given["TRIAGE"].lower(),
        log_level=given["LOG_LEVEL"].upper(),
        alert_smtp_url=given["ALERT_SMTP_URL"] or None,
        alert_from=given["ALERT_FROM"] or None,
        log_format=given["LOG_FORMAT"].lower(),
        metrics_host=given["METRICS_HOST"],
        metrics_port=int(given["METRICS_PORT"]) if given["METRICS_PORT"] else None,
        web_host=given["WEB_HOST"],
        web_port=int(given["PORT"]),
        web_url=given["WEB_URL"].rstrip("/"),
        sentry_dsn=given["SENTRY_DSN"] or None,
    )


def slack_api_url(values: Mapping[str, str]) -> str:
    return values["SLACK_API_URL"].rstrip("/") + "/"


def database_url(environment: Mapping[str, str]) -> str:
    """Only where the database is: all that `migrate` and `outbox` need."""
    given = environment.get("DATABASE_URL", "").strip() or _setting("DATABASE_URL").default
    if problems := _database(given, environment):
        raise NotSetUp(problems)
    return given


def teams(environment: Mapping[str, str], now: datetime | None = None) -> Teams:
    """Only what teams promise: what a deadline needs, and a replay. No channel need be set.

    Holidays are known from the year before `now` on.
    """
    file = environment.get("TEAMS_FILE", "").strip() or _setting("TEAMS_FILE").default
    found, problems = read_teams(Path(file), environment, (), now)
    if wrong := [problem for problem in problems if not problem.endswith(UNSET)]:
        raise NotSetUp(wrong)
    return found


def triage(environment: Mapping[str, str]) -> str:
    """Only which model guesses: all that `triage` needs."""
    given = environment.get("TRIAGE", "").strip() or _setting("TRIAGE").default
    if problems := _wrong("TRIAGE", given, environment):
        raise NotSetUp(problems)
    return given.lower()


def installed() -> Mapping[str, Callable[[], Platform]]:
    """Every adapter there is, by platform.

    A deploy installs the requirements and not the project itself; ours are declared all the same.
    """
    return {**_declared(), **adapters.installed()}


def made(
    name: str, environment: Mapping[str, str], now: Callable[[], datetime], import_days: int = 0
) -> Adapter:
    """The adapter of one account; ValueError if a setting of its can't be."""
    kind = installed()[name.partition(":")[0]]()
    history = max(HISTORY, timedelta(days=import_days))
    return adapters.make(name, kind, environment, now, history)


def _declared() -> Mapping[str, Callable[[], Platform]]:
    if not PYPROJECT.exists():
        return {}
    project = tomllib.loads(PYPROJECT.read_text(encoding="utf-8"))["project"]
    ours = project["entry-points"][adapters.GROUP]
    return {name: EntryPoint(name, where, adapters.GROUP).load for name, where in ours.items()}


def _wrong(name: str, value: str, environment: Mapping[str, str]) -> list[str]:
    """A sentence if this setting can't be what it is; never the value of a secret."""
    setting = _setting(name)
    if setting.required and not value:
        return [f"{name} is missing. {setting.help}"]
    if name in TOKENS:
        return _token(name, value)
    if name in NUMBERS:
        return _number(name, value, *NUMBERS[name])
    if name == "DATABASE_URL":
        return _database(value, environment)
    if name in CHOICES and value and value.casefold() not in map(str.casefold, CHOICES[name]):
        return [f"{name} is “{value}”. It can be {', '.join(CHOICES[name])}."]
    if name == "SLACK_API_URL" and not value.startswith(("http://", "https://")):
        return ["SLACK_API_URL is not an address that begins with https://."]
    return OPTIONAL[name](value) if name in OPTIONAL and value else []


def _token(name: str, value: str) -> list[str]:
    prefix = TOKENS[name].pattern[:5]
    if not value.startswith(prefix):
        why = f"does not begin with {prefix}: it is another kind of token"
    elif not TOKENS[name].fullmatch(value):
        why = "has characters in it that no token has: copy it again"
    else:
        return []
    return [f"{name} {why}. {_setting(name).help}"]


def _number(name: str, value: str, least: int, most: int) -> list[str]:
    if value.isdecimal() and least <= int(value) <= most:
        return []
    must = f"must be a whole number from {least} to {most}"
    return [f"{name} is “{value}”, and {must}. {_setting(name).help}"]


def _database(url: str, environment: Mapping[str, str]) -> list[str]:
    """The address is never repeated: it has a password in it."""
    try:
        where = address(url)
    except ValueError:
        return [f"DATABASE_URL is not the address of a database. {_setting('DATABASE_URL').help}"]
    if "@" in (where.host or ""):
        return ["DATABASE_URL has an @ in its password. Write it as %40 there."]
    if where.drivername.startswith("sqlite") and _on_a_dyno(environment):
        return [
            "DATABASE_URL is missing on this dyno: SQLite would be deleted with the dyno's disk"
            " every day. Add PostgreSQL, or set ALLOW_SQLITE_ON_DYNO=yes if losing everything"
            " daily is fine."
        ]
    return []


def _mail_server(url: str) -> list[str]:
    """The address is never repeated: it has a password in it."""
    try:
        MailServer.at(url)
    except ValueError as problem:
        return [str(problem)]
    return []


def _sender(value: str) -> list[str]:
    if MAILBOX.fullmatch(value):
        return []
    return [f"ALERT_FROM is “{value}”, and must be an address such as bot@example.com."]


def _public(url: str) -> list[str]:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and not parts.query:
        return []
    return ["WEB_URL must be an address such as https://acme-care.herokuapp.com."]


def _sentry(dsn: str) -> list[str]:
    """The address is never repeated: it has a key in it."""
    if find_spec("sentry_sdk") is None:
        return [
            "SENTRY_DSN is set, and sentry-sdk is not installed. Install it with: pip install"
            " sentry-sdk (on a dyno: name it in requirements.txt), or unset SENTRY_DSN."
        ]
    with suppress(ValueError):
        parts = urlsplit(dsn)
        whole = parts.hostname and parts.username and parts.path.rpartition("/")[2].isdecimal()
        if parts.scheme in ("http", "https") and whole:
            return []
    return ["SENTRY_DSN must look like https://key@example.com/1. Sentry: Settings, Client Keys."]


OPTIONAL: Mapping[str, Callable[[str], list[str]]] = {
    "ALERT_SMTP_URL": _mail_server,
    "ALERT_FROM": _sender,
    "METRICS_PORT": lambda value: _number("METRICS_PORT", value, *PORTS),
    "PORT": lambda value: _number("PORT", value, *PORTS),
    "WEB_URL": _public,
    "SENTRY_DSN": _sentry,
}


def _needed_by_mail(name: str, values: Mapping[str, str], teams: Teams) -> list[str]:
    """A sentence if this setting is not there and a team is to be called by email."""
    by_mail = f"{Where.EMAIL}:"
    called = [team.name for team in teams if any(road.startswith(by_mail) for road in team.roads)]
    if values[name] or not called:
        return []
    who = f"{', '.join(called)} {'is' if len(called) == 1 else 'are'}"
    unset = f"{who} to be called by email, and {name} is not set"
    return [f"{Path(values['TEAMS_FILE']).name}: {unset}. {_setting(name).help}"]


def _on_a_dyno(environment: Mapping[str, str]) -> bool:
    """Whether the disk is emptied every day, and nobody said that this is fine."""
    allowed = environment.get("ALLOW_SQLITE_ON_DYNO", "").strip().lower()
    return bool(environment.get("DYNO")) and allowed not in ("yes", "true", "1")


def _misnamed(names: Sequence[str]) -> list[str]:
    known = ", ".join(sorted(installed()))
    problems: list[str] = []
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.append(f"ADAPTERS names {name} twice. A second account is called {name}:two.")
        if name.partition(":")[0] not in installed():
            there = f"There is no adapter named “{name}”. Installed: {known}."
            problems.append(f"{there} Check ADAPTERS.")
        elif not ACCOUNT.fullmatch(name):
            problems.append(
                f"ADAPTERS names “{name}”. A second account has letters and digits after the colon,"
                " such as email:press."
            )
    return problems


def _misconfigured(
    names: Sequence[str], environment: Mapping[str, str]
) -> Iterator[tuple[str, list[str]]]:
    """What each account lacks, or would not be made with."""
    for name in dict.fromkeys(names):
        if name.partition(":")[0] in installed() and ACCOUNT.fullmatch(name):
            yield name, _unmakeable(name, environment)


def _unmakeable(name: str, environment: Mapping[str, str]) -> list[str]:
    platform = name.partition(":")[0]
    try:
        kind = installed()[platform]()
        if problems := list(adapters.missing(name, kind, environment)):
            return problems
        made(name, environment, lambda: datetime.now(UTC))
    except (ValueError, OverflowError) as problem:
        return [f"{name}: {problem}" if isinstance(problem, OverflowError) else str(problem)]
    except ImportError as problem:
        return [f"The adapter {platform} can't be loaded: {problem}. Install what it needs."]
    return []


def _setting(name: str) -> Setting:
    return next(each for each in SETTINGS if each.name == name)
