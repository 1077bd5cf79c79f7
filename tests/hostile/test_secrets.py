"""Secrets of every kind, trouble of every kind, and a search for the ones through all that is left
of the others: logs, what commands print, Slack, exports, the database.
"""

import json
import os
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from sqlalchemy import text
from sqlalchemy.engine import URL

from bot.playground import files
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.things import Impossible
from bot.playground.workspace import Workspace
from storage import migrations
from storage.database import connect, reading
from storage.tables import metadata
from tests import postgres, processes
from tests.adapters.x_server import KEYS, XServer
from tests.faults import proxy
from tests.hostile import echoes
from tests.people import ANA, CARE, LEA
from tests.processes import until

SECRETS = {
    "SLACK_BOT_TOKEN": "xoxb-s3cr3t-bot",
    "SLACK_APP_TOKEN": "xapp-s3cr3t-app",
    "X_CONSUMER_SECRET": "s3cr3t-consumer",
    "X_ACCESS_TOKEN": "s3cr3t-token",
    "X_ACCESS_TOKEN_SECRET": "s3cr3t-tokens-own",
    "EMAIL_PASSWORD": "s3cr3t/mail&pass",
    "EMAIL_PRESS_OAUTH_CLIENT_SECRET": "s3cr3t-client",
    "EMAIL_PRESS_OAUTH_REFRESH_TOKEN": "s3cr3t-refresh",
}
ALERTING, DATABASE = "s3cr3t/alert@word", "s3cr3t-database"
HOOK, HOOK_IN_FILE, FEED = "s3cr3t-hook", "s3cr3t-services", "s3cr3t-private"
ALL = (*SECRETS.values(), ALERTING, DATABASE, HOOK, HOOK_IN_FILE, FEED)
WORDS = "zebrafinch"  # in all that customers write
POISON = "poisoned"  # what this database does not take
TEAMS = """
tell = "U0LEA"
[teams.care]
channel = "C0CARE"
hears = ["twitter", "twitter:press"]
answer_within = {{ complaint = "PT1S", question = "PT1S", other = "PT1S" }}
nag = [{{ after = "PT0S", call = "owner" }},
  {{ after = "PT1S", call = "manager", say = "webhook" }},
  {{ after = "PT2S", call = "manager", say = "email" }}]
manager = "U0LEA"
email = ["lead@acme.example"]
webhook = "{web}/{in_file}/T0?token={in_file}"
holidays = ["{web}/{feed}/basic.ics"]
[teams.press]
channel = "C0PRESS"
hears = ["email", "email:press"]
webhook = "$PRESS_HOOK"
"""


def spellings(secret: str) -> set[str]:
    """As it is, in an address, in JSON, and as mail servers are told it."""
    users = ("", "\0care@acme.example\0", "\0bot\0")
    encoded = {b64encode(f"{user}{secret}".encode()).decode().rstrip("=") for user in users}
    return {secret, quote(secret), quote(secret, safe=""), json.dumps(secret)[1:-1], *encoded}


@dataclass
class Trouble:
    """A real worker among servers that refuse it and repeat what it said."""

    folder: Path
    url: URL
    x: XServer
    playground: Playground
    wire: proxy.Wire | None
    mail: echoes.Echo = field(default_factory=echoes.imap)
    alerts: echoes.Echo = field(default_factory=echoes.smtp)
    web: echoes.Echo = field(default_factory=echoes.web)
    printed: dict[str, str] = field(default_factory=dict)
    seen: list[str] = field(default_factory=list)

    @property
    def slack(self) -> Workspace:
        return self.playground.workspace

    @property
    def environment(self) -> dict[str, str]:
        web = f"http://127.0.0.1:{self.web.port}"
        press = {f"X_PRESS_{name[2:]}": value for name, value in KEYS.items()}
        return {
            **SECRETS,
            **press,
            "SLACK_API_URL": self.playground.api_url,
            "ADAPTERS": "twitter,twitter:press,email,email:press",
            "DATABASE_URL": self.wire.url if self.wire else str(self.url),
            "TEAMS_FILE": str(self.folder / "teams.toml"),
            "LOG_LEVEL": "DEBUG",
            "DELIVERY_TRIES": "2",
            "X_CONSUMER_KEY": "ck-acme",
            "X_API_URL": self.x.url,
            "X_PRESS_API_URL": self.x.url,
            "X_PRESS_EVERY": "1",
            "EMAIL_ADDRESS": "care@acme.example",
            "EMAIL_IMAP": f"imap://127.0.0.1:{self.mail.port}",
            "EMAIL_SMTP": f"smtp://127.0.0.1:{self.alerts.port}",
            "EMAIL_PRESS_ADDRESS": "press@acme.example",
            "EMAIL_PRESS_IMAP": f"imap://127.0.0.1:{self.mail.port}",
            "EMAIL_PRESS_SMTP": f"smtp://127.0.0.1:{self.alerts.port}",
            "EMAIL_PRESS_OAUTH_TOKEN_URL": f"{web}/token",
            "EMAIL_PRESS_OAUTH_CLIENT_ID": "client",
            "ALERT_SMTP_URL": f"smtp://bot:{quote(ALERTING, safe='')}@127.0.0.1:{self.alerts.port}",
            "ALERT_FROM": "bot@acme.example",
            "PRESS_HOOK": f"{web}/{HOOK}",
        }

    def write_teams(self) -> None:
        web = f"http://127.0.0.1:{self.web.port}"
        made = TEAMS.format(web=web, in_file=HOOK_IN_FILE, feed=FEED)
        (self.folder / "teams.toml").write_text(made)

    def command(self, *words: str, **more: str) -> str:
        """A command of the bot's, with all its output."""
        worker = processes.start(*words, environment=self.environment | more, folder=self.folder)
        self.printed[" ".join(words) + str(sorted(more))], _ = worker.communicate(timeout=60)
        return self.printed[" ".join(words) + str(sorted(more))]

    def say(self, words: str, by: str = LEA) -> None:
        """A colleague types, looks, and sends what opened; the bot may be too troubled for it."""
        before = self.in_slack()
        self.playground.send(self.slack.command(by, CARE, f"/unanswered {words}")).result(10)
        with suppress(AssertionError):
            until(lambda: self.in_slack() != before, seconds=5)
        self.seen.append(self.in_slack())
        with suppress(Impossible, LookupError):
            form = self.slack.stacks[by][-1]
            self.playground.send(self.slack.submit(by, form["id"], {})).result(10)

    def cards(self) -> list[str]:
        return [ts for ts, m in self.slack.channels[CARE].messages.items() if WORDS in str(m)]

    def in_slack(self) -> str:
        """All that anybody sees there: messages, whispers, forms, home tabs, and files."""
        here = self.slack
        sent = [files.content(each).decode("utf-8", "replace") for each in here.files.values()]
        seen = [here.dump(), here.whispers, here.stacks, here.homes, sent]
        return json.dumps(seen, default=repr, ensure_ascii=False)

    def set_aside(self) -> int:
        engine = connect(str(self.url.render_as_string(hide_password=False)))
        with reading(engine) as db:
            many = len(db.execute(metadata.tables["unreadable"].select()).all())
        engine.dispose()
        return many

    def in_the_database(self) -> str:
        engine = connect(str(self.url.render_as_string(hide_password=False)))
        with reading(engine) as db:
            rows = [list(map(repr, db.execute(table.select()))) for table in metadata.sorted_tables]
        engine.dispose()
        files = self.folder.glob("bot.db*")
        return json.dumps(rows) + "".join(file.read_bytes().decode("latin-1") for file in files)


@contextmanager
def trouble(folder: Path, database: str) -> Iterator[Trouble]:
    workspace = Workspace.demo(limits=Limits(on=False))
    workspace.bot_token = SECRETS["SLACK_BOT_TOKEN"]
    workspace.app_token = SECRETS["SLACK_APP_TOKEN"]
    with ExitStack() as stack:
        if database == "sqlite":
            url, wire = URL.create("sqlite", database=str(folder / "bot.db")), None
        else:
            own = stack.enter_context(postgres.own_database(f"secrets_{os.getpid()}"))
            wire = stack.enter_context(proxy.wire(own.set(password=DATABASE)))
            url = own
        x, playground = stack.enter_context(XServer()), stack.enter_context(Playground(workspace))
        made = Trouble(folder, url, x, playground, wire)
        for echo in (made.mail, made.alerts, made.web):
            stack.callback(echo.close)
        made.write_teams()
        _poisoned(url)
        yield made


def _poisoned(url: URL) -> None:
    """A database that refuses some rows, and whose errors say what was in them."""
    engine = connect(url.render_as_string(hide_password=False))
    migrations.upgrade(engine)
    with engine.begin() as db:
        for table in ("mentions", "notes"):
            if engine.dialect.name == "sqlite":
                db.execute(text(SQLITE_REFUSES.format(table=table)))
            else:
                db.execute(text(POSTGRESQL_REFUSES.format(table=table)))
    engine.dispose()


SQLITE_REFUSES = f"""
    CREATE TRIGGER no_{{table}} BEFORE INSERT ON {{table}} WHEN NEW.text LIKE '%{POISON}%'
    BEGIN SELECT RAISE(ABORT, 'it is not taken'); END
"""
POSTGRESQL_REFUSES = f"ALTER TABLE {{table}} ADD CHECK (text NOT LIKE '%{POISON}%')"


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_no_secret_is_left_anywhere_and_no_customers_words_in_logs(database, tmp_path):
    with trouble(tmp_path, database) as here:
        worker = processes.start("run", environment=here.environment, folder=tmp_path)
        try:
            _suffer(here)
        finally:
            here.printed["run"] = processes.stop(worker, within=40)
            print(here.printed["run"])
        _ask_for_help(here)
        told = {
            **here.printed,
            "Slack": "".join([*here.seen, here.in_slack()]),
            "the database": here.in_the_database(),
        }
        heard = {
            "mail": "".join(here.mail.heard),
            "alerts": "".join(here.alerts.heard),
            "web": "".join(here.web.heard),
        }

    _must_have_been_used(heard, told)
    assert _found(told, ALL) == []
    assert _found({"run": told["run"]}, [WORDS]) == []


def _suffer(here: Trouble) -> None:
    faults = here.slack.faults
    until(lambda: here.playground.sockets.links, seconds=60)
    here.x.post(f"My {WORDS} is broken")
    until(here.cards, seconds=60)
    for method in ("chat.update", "chat.postMessage"):
        faults.add("error", method, error="invalid_auth")
        faults.add("broken", method, nth=2)
        faults.add("lost", method, nth=3)
    here.x.post(f"My other {WORDS} is {POISON}", by="evil")
    here.x.fail(500, on="mentions")
    here.x.spoil()
    for words in ("", "what-if", "why 1", f"note 1 {WORDS} {POISON}", "export is:any", "overview"):
        here.say(words)
    here.playground.send(here.slack.open_home(LEA)).result(10)
    faults.add("dropped", sockets=1)
    if here.wire:
        here.wire.sever()
        here.wire.cut = False
    until(lambda: _alerted(here), seconds=60)
    until(lambda: here.set_aside() == 2, seconds=60)  # what is spoiled, and what is refused
    here.say("claim 1", by=ANA)
    time.sleep(1)


def _alerted(here: Trouble) -> bool:
    web, alerts = "".join(here.web.heard), "".join(here.alerts.heard)
    return all(each in web for each in (HOOK_IN_FILE, FEED, "refresh_token")) and "AUTH" in alerts


def _ask_for_help(here: Trouble) -> None:
    """What a person types next: with the settings as they are, and with wrong ones."""
    wrong = {
        "ALERT_SMTP_URL": f"bot:{quote(ALERTING)}@x",
        "PRESS_HOOK": f"ftp://x/{HOOK}",
        "EMAIL_IMAP": f"imap://bot:{quote(SECRETS['EMAIL_PASSWORD'], safe='')}@x",
        "SLACK_APP_TOKEN": f"{SECRETS['SLACK_APP_TOKEN']} x",
    }
    here.command("check")
    here.command("outbox")
    here.command("migrate", DATABASE_URL=f"postgresql://bot:{DATABASE}@127.0.0.1:9/x")
    here.command("check", DATABASE_URL=f"{DATABASE}://bot:{DATABASE}@h:x/y", **wrong)


def _must_have_been_used(heard: dict[str, str], told: dict[str, str]) -> None:
    """Or else that nothing was found means nothing."""
    assert SECRETS["EMAIL_PASSWORD"] in heard["mail"]
    assert "AUTH" in heard["alerts"]
    for secret in (HOOK_IN_FILE, FEED, SECRETS["EMAIL_PRESS_OAUTH_REFRESH_TOKEN"]):
        assert secret in heard["web"]
    assert WORDS in told["Slack"]
    assert "webhook = " in told["Slack"]  # in what-if
    assert WORDS in told["the database"]
    for event in ("page.refused", "listener.failed", "schedule.failed", "delivery.put_off"):
        assert event in told["run"], event


def _found(told: dict[str, str], secrets: list[str] | tuple[str, ...]) -> list[str]:
    """Where something is found, and a little of what is around it."""
    return [
        f"{each} in {where}: …{said[max(0, said.find(each) - 200) : said.find(each) + 60]}…"
        for secret in secrets
        for each in spellings(secret)
        for where, said in told.items()
        if each in said
    ]
