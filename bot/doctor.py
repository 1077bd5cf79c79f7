"""`python -m bot check`: is everything set up, and if not, what mends it?"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.app import slack_client
from bot.config import NotSetUp, Settings, read
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.team import Team
from storage import migrations
from storage.database import Unavailable, connect, is_sqlite

SCOPES = {
    "chat:write": "to post cards",
    "commands": "for /unanswered",
    "channels:history": "to find its own messages again",
    "channels:read": "to see whether it is in the channel",
    "users:read": "to know who has left",
    "im:write": "to write to people directly",
}


class Finding(NamedTuple):
    """One line of the report: what was looked at, whether it is well, and what to do."""

    well: bool
    what: str
    says: str

    def __str__(self) -> str:
        return f"{'ok ' if self.well else 'NO '} {self.what}: {self.says}"


def examine(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything; what can't be looked at is said to wait for what comes before."""
    try:
        settings = read(environment)
    except NotSetUp as problem:
        yield from (Finding(False, "settings", each) for each in problem.problems)
        return
    yield Finding(True, "settings", "all there")
    names = ", ".join(team.name for team in settings.teams)
    yield Finding(True, "teams", f"{names}; every account is heard")
    yield _database(settings)
    yield from _slack(settings)
    yield from _adapters(settings)


def _database(settings: Settings) -> Finding:
    database = connect(settings.database_url)
    what = f"database ({database.dialect.name})"
    try:
        behind = migrations.behind(database)
    except Unavailable as problem:
        why = str(problem.__cause__ or problem).splitlines()[0]
        return Finding(False, what, f"can't be reached: {why}. Check DATABASE_URL.")
    finally:
        database.dispose()
    if behind and not is_sqlite(database):
        return Finding(False, what, "has an older schema. Run: python -m bot migrate")
    return Finding(
        True, what, "reachable, and will be migrated at start" if behind else "up to date"
    )


def _slack(settings: Settings) -> Iterator[Finding]:
    client = slack_client(settings.bot_token, settings.slack_api_url)
    what = "Slack bot token"
    try:
        hello = client.auth_test()
    except SlackApiError as problem:
        mend = "Copy SLACK_BOT_TOKEN again from OAuth & Permissions, or reinstall the app."
        yield Finding(False, what, f"refused ({problem.response['error']}). {mend}")
        return
    except Exception as problem:
        yield Finding(False, what, f"Slack can't be reached: {problem}. Check SLACK_API_URL.")
        return
    yield Finding(True, what, f"{hello['user']} in {hello['team']}")
    yield _scopes(str(hello.headers.get("x-oauth-scopes", "")))
    yield _app_token(settings)
    yield from (_channel(client, team) for team in settings.teams)


def _scopes(granted: str) -> Finding:
    missing = [scope for scope in SCOPES if scope not in granted.replace(" ", "").split(",")]
    if not missing:
        return Finding(True, "Slack scopes", "all there")
    named = ", ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    mend = "Add them under OAuth & Permissions (slack-manifest.yaml has them), then reinstall."
    return Finding(False, "Slack scopes", f"missing {named}. {mend}")


def _app_token(settings: Settings) -> Finding:
    client = slack_client(settings.app_token, settings.slack_api_url)
    try:
        client.apps_connections_open(app_token=settings.app_token)
    except SlackApiError as problem:
        mend = "It needs connections:write, and Socket Mode must be on."
        return Finding(False, "Slack app token", f"refused ({problem.response['error']}). {mend}")
    except Exception as problem:
        return Finding(False, "Slack app token", f"Slack can't be reached: {problem}.")
    return Finding(True, "Slack app token", "opens a socket")


def _channel(client: WebClient, team: Team) -> Finding:
    what = f"channel of {team.name}"
    try:
        channel = client.conversations_info(channel=team.channel)["channel"]
    except SlackApiError as problem:
        mend = "Check `channel` in teams.toml; for a private channel, invite the bot first."
        return Finding(False, what, f"{team.channel}: {problem.response['error']}. {mend}")
    except Exception as problem:
        return Finding(False, what, f"Slack can't be reached: {problem}.")
    name = f"#{channel.get('name', team.channel)}"
    if channel.get("is_archived"):
        return Finding(False, what, f"{name} is archived. Unarchive it, or name another.")
    if not channel.get("is_member"):
        return Finding(False, what, f"The bot is not in {name}. Type there: /invite @Unanswered")
    return Finding(True, what, f"{name}, and the bot is in it")


def _adapters(settings: Settings) -> Iterator[Finding]:
    try:
        made = settings.adapters(lambda: datetime.now(UTC))
    except NotSetUp as problem:
        yield from (Finding(False, "adapters", each) for each in problem.problems)
        return
    yield from (_adapter(name, adapter.check) for name, adapter in made.items())


def _adapter(name: str, check: Callable[[], str]) -> Finding:
    try:
        return Finding(True, name, f"signed in: {check()}")
    except LockedOut as problem:
        return Finding(False, name, str(problem))
    except TryLater as problem:
        return Finding(False, name, f"{problem} Try again later.")
    except Exception as problem:
        return Finding(False, name, f"{type(problem).__name__}: {problem}")
