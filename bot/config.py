"""Settings from the environment, read and checked: all that is wrong is said at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import adapters
from adapters import Adapter, Setting
from bot.domain.team import Teams
from bot.teams_file import read_teams
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
        "Name the platforms to listen to, such as: twitter,email",
        required=True,
    ),
    Setting(
        "DATABASE_URL",
        "Where everything is kept: postgresql://… or sqlite:///file.db",
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
    Setting("LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR.", default="INFO"),
    Setting("SLACK_API_URL", "Another address for Slack's API.", default="https://slack.com/api/"),
    Setting(
        "ALLOW_SQLITE_ON_DYNO",
        "Set to yes to run on SQLite although the dyno's disk is emptied every day.",
    ),
)
PREFIXES = {"SLACK_BOT_TOKEN": "xoxb-", "SLACK_APP_TOKEN": "xapp-"}
HISTORY = timedelta(days=7)  # what the first start reads; IMPORT_DAYS can lengthen it
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


class NotSetUp(Exception):
    """Everything that is missing or wrong, one sentence each."""

    def __init__(self, problems: list[str]) -> None:
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"The bot is not set up yet.\n{lines}\nREADME.md explains every setting.")
        self.problems = problems


@dataclass(frozen=True, kw_only=True)
class Settings:
    bot_token: str
    app_token: str
    adapter_names: tuple[str, ...]
    teams: Teams
    environment: Mapping[str, str]
    database_url: str = "sqlite:///unanswered.db"
    slack_api_url: str = "https://slack.com/api/"
    import_days: int = 0
    tries: int = 8
    lease: timedelta = timedelta(minutes=2)
    log_level: str = "INFO"

    def adapters(self, now: Callable[[], datetime]) -> Mapping[str, Adapter]:
        """Every adapter that ADAPTERS names, set up; NotSetUp names all that is wrong."""
        problems: list[str] = []
        made: dict[str, Adapter] = {}
        for name in self.adapter_names:
            try:
                made[name] = self._adapter(name, now)
            except ValueError as problem:
                problems.append(str(problem))
        if problems:
            raise NotSetUp(problems)
        return made

    def _adapter(self, name: str, now: Callable[[], datetime]) -> Adapter:
        kind = adapters.installed()[name.partition(":")[0]]()
        history = max(HISTORY, timedelta(days=self.import_days))
        return adapters.make(name, kind, self.environment, now, history)


def read(environment: Mapping[str, str]) -> Settings:
    """All settings; NotSetUp with every problem there is."""
    given = {each.name: environment.get(each.name, "").strip() or each.default for each in SETTINGS}
    problems = [*_missing(given), *_wrong(given, environment)]
    names = tuple(name.strip() for name in given["ADAPTERS"].split(",") if name.strip())
    problems += _adapters(names, environment)
    teams, found = read_teams(Path(given["TEAMS_FILE"]), environment, names)
    if problems := problems + found:
        raise NotSetUp(problems)
    return Settings(
        bot_token=given["SLACK_BOT_TOKEN"],
        app_token=given["SLACK_APP_TOKEN"],
        adapter_names=names,
        teams=teams,
        environment=environment,
        database_url=given["DATABASE_URL"],
        slack_api_url=given["SLACK_API_URL"].rstrip("/") + "/",
        import_days=int(given["IMPORT_DAYS"]),
        tries=int(given["DELIVERY_TRIES"]),
        lease=timedelta(seconds=int(given["LEASE_SECONDS"])),
        log_level=given["LOG_LEVEL"].upper(),
    )


def database_url(environment: Mapping[str, str]) -> str:
    """Only where the database is: all that `migrate` and `outbox` need."""
    given = environment.get("DATABASE_URL", "").strip() or "sqlite:///unanswered.db"
    if problems := [*_database(given, environment)]:
        raise NotSetUp(problems)
    return given


def _missing(given: Mapping[str, str]) -> list[str]:
    return [
        f"{each.name} is missing. {each.help}"
        for each in SETTINGS
        if each.required and not given[each.name]
    ]


def _wrong(given: Mapping[str, str], environment: Mapping[str, str]) -> list[str]:
    """A sentence for every value that can't be what it should be; never the value of a secret."""
    problems = [
        f"{name} does not begin with {prefix}: it is another kind of token. {_help(name)}"
        for name, prefix in PREFIXES.items()
        if given[name] and not given[name].startswith(prefix)
    ]
    problems += [
        f"{name} is “{given[name]}”, and must be a whole number from {least} on. {_help(name)}"
        for name, least in (("IMPORT_DAYS", 0), ("DELIVERY_TRIES", 1), ("LEASE_SECONDS", 1))
        if not given[name].isdecimal() or int(given[name]) < least
    ]
    if given["LOG_LEVEL"].upper() not in LEVELS:
        problems.append(f"LOG_LEVEL is “{given['LOG_LEVEL']}”. It can be {', '.join(LEVELS)}.")
    if not given["SLACK_API_URL"].startswith(("http://", "https://")):
        problems.append("SLACK_API_URL is not an address that begins with https://.")
    return [*problems, *_database(given["DATABASE_URL"], environment)]


def _database(url: str, environment: Mapping[str, str]) -> list[str]:
    try:
        kind = address(url).drivername
    except ValueError as problem:
        return [f"DATABASE_URL is wrong. {problem} {_help('DATABASE_URL')}"]
    allowed = environment.get("ALLOW_SQLITE_ON_DYNO", "").lower() in ("yes", "true", "1")
    if environment.get("DYNO") and kind.startswith("sqlite") and not allowed:
        return [
            "DATABASE_URL is missing on this dyno: SQLite would be deleted with the dyno's disk"
            " every day. Add PostgreSQL, or set ALLOW_SQLITE_ON_DYNO=yes if losing everything"
            " daily is fine."
        ]
    return []


def _adapters(names: tuple[str, ...], environment: Mapping[str, str]) -> list[str]:
    installed = adapters.installed()
    known = ", ".join(sorted(installed))
    problems: list[str] = []
    for name in dict.fromkeys(names):
        if names.count(name) > 1:
            problems.append(f"ADAPTERS names {name} twice. A second account is called {name}:two.")
        platform = name.partition(":")[0]
        if platform in installed:
            problems += adapters.missing(name, installed[platform](), environment)
        else:
            problems.append(
                f"There is no adapter named “{name}”. Installed: {known}. Check ADAPTERS."
            )
    return problems


def _help(name: str) -> str:
    return next(each.help for each in SETTINGS if each.name == name)
