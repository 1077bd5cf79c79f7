"""`python -m bot check`: is everything set up, and if not, what mends it?"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.error import URLError

from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from adapters import Adapter, Receives
from bot import config
from bot.app import slack_client
from bot.config import Looked, NotSetUp, Settings
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.health import APART
from bot.domain.mention import Kind
from bot.domain.team import Team, Teams
from bot.logs import reason
from bot.policy.feeds import Unreadable, host
from bot.policy.schedules import fetched, with_source
from bot.slack.channel import TOKEN
from bot.slack.client import clock_off
from bot.slack.health import lines, plain
from bot.timetable import found, hours
from bot.triage import Triage
from bot.triage.lines import heard
from bot.watch import Watch
from storage import migrations
from storage.database import Unavailable, connect, is_sqlite

SCOPES = {
    "chat:write": "to post cards",
    "commands": "for /unanswered",
    "channels:read": "to see whether it is in the channel",
    "channels:history": "to find its own messages again",
    "groups:read": "the same in a private channel",
    "groups:history": "the same in a private channel",
    "users:read": "to know who has left",
    "im:write": "to write to people directly",
    "im:history": "to find its own direct messages again",
    "files:read": "to take the files that go with an answer",
    "files:write": "to show pictures and to send exports",
    "usergroups:read": "to know who is in a group",
}
FOR_GOOD = TOKEN - {"missing_scope"}  # what no waiting mends, whatever was asked
NAMED = {"model": "sentence model", "lexical": "lexical model"}
PLAINLY = "Still waiting, and nobody answers"
SOON = 5  # seconds that a start waits for one answer of Slack's


class Finding(NamedTuple):
    """One line of the report: what was looked at, whether it is well, and what to do.

    `well` is None where there was nothing to look at. `surely` tells that Slack itself said so, and
    no waiting mends it.
    """

    well: bool | None
    what: str
    says: str
    surely: bool = False

    def __str__(self) -> str:
        mark = {True: "ok ", False: "NO ", None: "-- "}[self.well]
        return f"{mark} {self.what}: {self.says}"


def examine(environment: Mapping[str, str]) -> Iterator[Finding]:
    """Look at everything that can be looked at, whatever else is wrong."""
    looked = config.look(environment)
    yield from _settings(looked)
    yield from _teams(looked)
    yield from _triage(looked)
    yield _database(looked)
    yield from _health(looked)
    yield from _slack(looked)
    yield from _accounts(looked)


def must_be_let_in(settings: Settings) -> None:
    """Raise NotSetUp for what Slack refuses for good; an outage is no reason not to start.

    A start goes on as long as one channel can be used: the bot tells the others' managers.
    """
    bot = slack_client(settings.bot_token, settings.slack_api_url)
    app = slack_client(settings.app_token, settings.slack_api_url)
    bot.timeout = app.timeout = SOON
    findings = [_hello(bot)[0]]
    if findings[0].well:
        findings.append(_app_token(app))
        findings += _useless([_channel(bot, team) for team in settings.teams])
    if refused := [str(finding)[4:] for finding in findings if finding.surely]:
        raise NotSetUp(refused)


def _useless(channels: list[Finding]) -> list[Finding]:
    return channels if all(finding.surely for finding in channels) else []


def _settings(looked: Looked) -> Iterator[Finding]:
    ours = [each.name for each in config.SETTINGS if each.name != "TEAMS_FILE"]
    wrong = [each for name in ours for each in looked.wrong.get(name, ())]
    if not wrong:
        yield Finding(True, "settings", "all there")
    yield from (Finding(False, "settings", each) for each in wrong)


def _teams(looked: Looked) -> Iterator[Finding]:
    wrong = looked.wrong.get("TEAMS_FILE", ())
    yield from (Finding(False, "teams", each) for each in wrong)
    for team in looked.teams if not wrong else ():
        heard = [each for each in looked.accounts if looked.teams.hearing(each) is team]
        yield Finding(True, f"team {team.name}", f"hears {', '.join(heard) or 'nothing yet'}")
        yield from _times(team, datetime.now(UTC))


def _times(team: Team, now: datetime) -> Iterator[Finding]:
    """When a team works, after each of its schedules was asked once."""
    for source in team.sources:
        what = f"{source.what} of {team.name} ({host(source.address)})"
        try:
            before, team = team, with_source(team, source, fetched(source.address), now)
        except Unreadable as problem:
            yield Finding(False, what, str(problem))
        else:
            yield Finding(True, what, found(before, team, source, now))
    yield Finding(True, f"hours of {team.name}", hours(team.calendar, now))


def _triage(looked: Looked) -> Iterator[Finding]:
    """Whether the model can be read and still finds what it must."""
    if "TRIAGE" in looked.wrong:
        return
    triage = Triage(looked.values["TRIAGE"].lower())
    guessed = triage.guess(heard(PLAINLY))
    if triage.trouble:
        yield Finding(False, "triage", triage.trouble)
    elif guessed.kind is not Kind.COMPLAINT:
        yield Finding(False, "triage", f"finds nothing wrong with “{PLAINLY}”. Install it anew.")
    else:
        said = f"the {NAMED[triage.way]} reads, and explains itself: {guessed.because}"
        yield Finding(True, "triage", said)


def _database(looked: Looked) -> Finding:
    if "DATABASE_URL" in looked.wrong:
        return Finding(None, "database", "not looked at, DATABASE_URL comes first")
    database = connect(looked.values["DATABASE_URL"])
    what = f"database ({database.dialect.name})"
    try:
        behind = migrations.behind(database)
    except Unavailable as problem:
        return Finding(False, what, f"can't be reached: {reason(problem)}. Check DATABASE_URL.")
    except Exception as problem:
        return Finding(False, what, f"can't be used: {reason(problem)}. Check DATABASE_URL.")
    finally:
        database.dispose()
    if behind and not is_sqlite(database):
        return Finding(False, what, "has an older schema. Run: python -m bot migrate")
    return Finding(True, what, "reachable, migrated at start" if behind else "up to date")


def _health(looked: Looked) -> Iterator[Finding]:
    """What the database of a bot that has begun says of it, in the words that people hear."""
    if "DATABASE_URL" in looked.wrong:
        return
    database, now = connect(looked.values["DATABASE_URL"]), datetime.now(UTC)
    try:
        if migrations.behind(database):
            return
        expected = bool(looked.values["WEB_URL"])
        health = Watch(database, lambda: now, looked.accounts, door=expected).fresh()
    except Exception:  # the finding before has said it
        return
    finally:
        database.dispose()
    if health.books.accounts:
        yield from (Finding(_is_well(line), "health", plain(line)) for line in lines(health))


def _is_well(line: str) -> bool | None:
    """By the sign that it begins with."""
    return {":white_check_mark:": True, ":warning:": False}.get(line.partition(" ")[0])


def _slack(looked: Looked) -> Iterator[Finding]:
    if "SLACK_API_URL" in looked.wrong:
        yield Finding(None, "Slack", "not asked, SLACK_API_URL comes first")
        return
    url = config.slack_api_url(looked.values)
    if "SLACK_BOT_TOKEN" in looked.wrong:
        yield Finding(None, "Slack bot token", "not tried, SLACK_BOT_TOKEN comes first")
    else:
        yield from _as_bot(slack_client(looked.values["SLACK_BOT_TOKEN"], url), looked.teams)
    if "SLACK_APP_TOKEN" in looked.wrong:
        yield Finding(None, "Slack app token", "not tried, SLACK_APP_TOKEN comes first")
    else:
        yield _app_token(slack_client(looked.values["SLACK_APP_TOKEN"], url))


def _as_bot(client: WebClient, teams: Teams) -> Iterator[Finding]:
    hello, granted = _hello(client)
    yield hello
    if hello.well:
        yield _clock(client)
        yield _scopes(granted)
        yield from (_channel(client, team) for team in teams if team.channel)


def _hello(client: WebClient) -> tuple[Finding, str]:
    """Whether Slack knows the bot, and the scopes it grants."""
    what = "Slack bot token"
    mend = "Copy SLACK_BOT_TOKEN again from OAuth & Permissions, or reinstall the app."
    try:
        hello = client.auth_test()
    except Exception as problem:
        return _unasked(what, problem, mend), ""
    headers = {name.lower(): value for name, value in hello.headers.items()}
    who = f"{hello['user']} in {hello['team']}"
    return Finding(True, what, who), str(headers.get("x-oauth-scopes", ""))


def _clock(client: WebClient) -> Finding:
    off = clock_off(client, lambda: datetime.now(UTC))
    if off is None:
        return Finding(None, "clock", "Slack's answer has no time to compare with")
    seconds = round(abs(off).total_seconds())
    if abs(off) > APART:
        says = f"{seconds} s away from Slack's, and so are deadlines. Let the machine set it."
        return Finding(False, "clock", says)
    return Finding(True, "clock", "agrees with Slack's")


def _scopes(granted: str) -> Finding:
    missing = [scope for scope in SCOPES if scope not in granted.replace(" ", "").split(",")]
    if not missing:
        return Finding(True, "Slack scopes", "all there")
    named = ", ".join(f"{scope} ({SCOPES[scope]})" for scope in missing)
    mend = "Add them under OAuth & Permissions (slack-manifest.yaml has them), then reinstall."
    return Finding(False, "Slack scopes", f"missing {named}. {mend}")


def _app_token(client: WebClient) -> Finding:
    what = "Slack app token"
    mend = (
        "SLACK_APP_TOKEN needs connections:write (Basic Information, App-Level Tokens), and Socket"
        " Mode must be on."
    )
    try:
        client.apps_connections_open(app_token=str(client.token))
    except Exception as problem:
        return _unasked(what, problem, mend, for_good=TOKEN)
    return Finding(True, what, "opens a socket")


def _channel(client: WebClient, team: Team) -> Finding:
    what = f"channel of {team.name}"
    mend = "Check `channel` in teams.toml; if it is private, type there: /invite @Unanswered"
    try:
        channel = client.conversations_info(channel=team.channel)["channel"]
    except Exception as problem:
        if _code(problem) == "channel_not_found":
            says = f"There is no channel {team.channel} that the bot can see. {mend}"
            return Finding(False, what, says, surely=True)
        return _unasked(what, problem, mend)
    name = f"#{channel.get('name', team.channel)}"
    if channel.get("is_archived"):
        says = f"{name} is archived. Unarchive it, or name another in teams.toml."
        return Finding(False, what, says, surely=True)
    if not channel.get("is_member"):
        says = f"The bot is not in {name}. Type there: /invite @Unanswered"
        return Finding(False, what, says, surely=True)
    return Finding(True, what, f"{name}, and the bot is in it")


def _unasked(
    what: str, problem: Exception, mend: str, *, for_good: Collection[str] = FOR_GOOD
) -> Finding:
    """Slack said no, or said nothing."""
    code = _code(problem)
    if code in TOKEN:
        refused = f"Slack refuses it ({code}). {mend}"
        return Finding(False, what, refused, surely=code in for_good)
    if code:
        return Finding(False, what, f"Slack says {code}. {mend}")
    if isinstance(problem, SlackApiError):
        status = problem.response.status_code
        return Finding(False, what, f"Slack has a problem of its own ({status}). Try again later.")
    why = problem.reason if isinstance(problem, URLError) else problem
    return Finding(False, what, f"Slack can't be reached: {why}. Check SLACK_API_URL and the line.")


def _code(problem: Exception) -> str:
    """What Slack calls it; nothing when something else than Slack answered, or nobody."""
    if isinstance(problem, SlackApiError) and isinstance(problem.response.data, dict):
        return str(problem.response.data.get("error", ""))
    return ""


def _accounts(looked: Looked) -> Iterator[Finding]:
    for name in dict.fromkeys(looked.accounts):
        wrong = looked.wrong.get(name, ())
        yield from (Finding(False, name, each) for each in wrong)
        known = name.partition(":")[0] in config.installed()
        if known and not wrong and config.ACCOUNT.fullmatch(name):
            adapter = config.made(name, looked.environment, lambda: datetime.now(UTC))
            yield _account(name, adapter)
            if isinstance(adapter, Receives):
                yield _webhooks(name, looked.values["WEB_URL"])


def _webhooks(name: str, url: str) -> Finding:
    """Where its platform brings its news; whether it does, only the platform knows."""
    what = f"webhooks of {name}"
    if not url:
        says = "nobody can bring any. Run `python -m bot web` and set WEB_URL to its address."
        return Finding(None, what, says)
    return Finding(None, what, f"to be brought to {url.rstrip('/')}/hooks/{name}")


def _account(name: str, adapter: Adapter) -> Finding:
    try:
        return Finding(True, name, f"signed in: {adapter.check()}")
    except LockedOut as problem:
        return Finding(False, name, str(problem))
    except TryLater as problem:
        return Finding(False, name, f"{problem} Try again later.")
    except Exception as problem:
        return Finding(False, name, f"{type(problem).__name__}: {problem}")
