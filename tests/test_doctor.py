from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.app import slack_client
from bot.config import NotSetUp, read
from bot.doctor import SCOPES, examine, must_be_let_in
from bot.domain.delivery import Errand
from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.workspace import Workspace
from bot.slack.client import clock_off
from storage import accounts, migrations, outbox
from storage.database import connect
from tests import postgres
from tests.feeds import calendar, day_off, serving
from tests.things import HOUR

TEAMS = '[teams.care]\nchannel = "C0CARE"\n'
TODAY = f"DTSTART;VALUE=DATE:{datetime.now(UTC) - timedelta(days=1):%Y%m%d}\nDURATION:P3D\n"
NEXT_YEAR = datetime.now(UTC).year + 1
TWO = TEAMS + 'hears = ["demo"]\n[teams.press]\nchannel = "C0GONE"\n'


@pytest.fixture(scope="module")
def playground() -> Iterator[Playground]:
    with Playground(Workspace.demo()) as started:
        yield started


@pytest.fixture
def slack(playground: Playground) -> Iterator[Workspace]:
    """Acme's workspace; whatever a test does to it is undone."""
    workspace = playground.workspace
    before, workspace.limits = workspace.dump(), Limits(on=False)
    scopes, app_scopes = set(workspace.scopes), set(workspace.app_scopes)
    yield workspace
    workspace.load(before)
    workspace.scopes, workspace.app_scopes = scopes, app_scopes
    workspace.revoked.clear()
    workspace.faults.clear()


@pytest.fixture
def well(playground: Playground, slack: Workspace, tmp_path: Path) -> dict[str, str]:
    """An environment in which there is nothing to complain about."""
    (tmp_path / "teams.toml").write_text(TEAMS)
    return {
        "SLACK_BOT_TOKEN": slack.bot_token,
        "SLACK_APP_TOKEN": slack.app_token,
        "SLACK_API_URL": playground.api_url,
        "ADAPTERS": "demo",
        "TEAMS_FILE": str(tmp_path / "teams.toml"),
        "DATABASE_URL": f"sqlite:///{tmp_path / 'bot.db'}",
    }


@pytest.fixture
def two_teams(well: dict[str, str]) -> dict[str, str]:
    Path(well["TEAMS_FILE"]).write_text(TWO)
    return well


@contextmanager
def own_postgresql(name: str) -> Iterator[str]:
    with postgres.own_database(name) as url:
        yield url.render_as_string(hide_password=False)


def report(environment) -> list[str]:
    return [str(finding) for finding in examine(environment)]


def complaints(environment) -> list[str]:
    return [line for line in report(environment) if not line.startswith("ok ")]


def test_all_is_well(well):
    assert report(well) == [
        "ok  settings: all there",
        "ok  team care: hears demo",
        "ok  hours of care: round the clock, UTC",
        "ok  triage: the sentence model reads, and explains itself: “still waiting”,"
        " “nobody answers”",
        "ok  database (sqlite): reachable, migrated at start",
        "ok  Slack bot token: unanswered in Acme",
        "ok  clock: agrees with Slack's",
        "ok  Slack scopes: all there",
        "ok  channel of care: #customer-care, and the bot is in it",
        "ok  Slack app token: opens a socket",
        "ok  demo: signed in: the demo platform, as @acme",
    ]


def test_hours_and_schedules_are_named_and_every_address_is_tried_once(well):
    with serving() as site:
        well["DAYS"] = site.has("/hunter2", calendar(day_off(f"{NEXT_YEAR}1225", "Christmas Day")))
        well["ROTA"] = site.has("/rota", calendar(f"{TODAY}SUMMARY:Ana Lee"))
        well["GONE"] = f"{site.url}/gone-hunter2"
        Path(well["TEAMS_FILE"]).write_text(
            TEAMS + 'timezone = "Europe/Berlin"\nholidays = ["$DAYS", "$GONE"]\n'
            'on_duty = { address = "$ROTA", people = { "Ana Lee" = "U0ANA" } }\n'
        )
        said = report(well)

    assert sorted(site.asked) == ["/gone-hunter2", "/hunter2", "/rota"]
    assert (
        f"ok  holidays of care (127.0.0.1): 1 holiday, next: 25 Dec {NEXT_YEAR} (Christmas Day)"
        in said
    )
    assert "ok  duties of care (127.0.0.1): on duty now: U0ANA" in said
    assert (
        "NO  holidays of care (127.0.0.1): 127.0.0.1 gives no schedule any more (HTTP 404)."
        " Export a new address." in said
    )
    assert "hunter2" not in str(said)


def test_what_is_wrong_does_not_keep_the_rest_from_being_looked_at(well):
    del well["SLACK_APP_TOKEN"]
    well |= {"ADAPTERS": "demo,tvitter,email", "LOG_LEVEL": "loud", "LEASE_SECONDS": "x"}

    said = complaints(well)

    assert len(said) == 8
    assert [line for line in said if line.startswith("-- ")] == [
        "--  Slack app token: not tried, SLACK_APP_TOKEN comes first"
    ]
    assert "ok  channel of care: #customer-care, and the bot is in it" in report(well)
    assert "ok  demo: signed in: the demo platform, as @acme" in report(well)


def test_wrong_settings_of_slack_and_database_are_not_tried(well):
    well |= {"SLACK_BOT_TOKEN": "xoxp-hunter2", "DATABASE_URL": "postgres://u:hunter2/d"}

    said = complaints(well)

    assert "--  database: not looked at, DATABASE_URL comes first" in said
    assert "--  Slack bot token: not tried, SLACK_BOT_TOKEN comes first" in said
    assert "hunter2" not in str(said)
    assert "--  Slack: not asked, SLACK_API_URL comes first" in report(
        well | {"SLACK_API_URL": "x"}
    )


def test_a_bot_token_that_slack_does_not_know(well):
    [said] = complaints(well | {"SLACK_BOT_TOKEN": "xoxb-hunter2"})

    assert said == (
        "NO  Slack bot token: Slack refuses it (invalid_auth). Copy SLACK_BOT_TOKEN again from"
        " OAuth & Permissions, or reinstall the app."
    )


def test_an_app_token_that_may_not_open_sockets(well, slack):
    slack.app_scopes.clear()

    [said] = complaints(well)

    assert said.startswith("NO  Slack app token: Slack refuses it (missing_scope).")
    assert "connections:write" in said


@pytest.mark.parametrize("scope", sorted(SCOPES))
def test_a_missing_scope_is_named_with_what_it_is_for(well, slack, scope):
    slack.scopes.discard(scope)

    said = next(line for line in complaints(well) if "Slack scopes" in line)

    assert f"missing {scope} ({SCOPES[scope]})." in said
    assert "slack-manifest.yaml has them" in said


def test_a_channel_without_the_bot(well, slack):
    slack.channels["C0CARE"].members.remove("U0BOT")

    [said] = complaints(well)

    assert said == (
        "NO  channel of care: The bot is not in #customer-care. Type there: /invite @Unanswered"
    )


def test_a_channel_that_is_archived(well, slack):
    slack.channels["C0CARE"].archived = True

    [said] = complaints(well)

    assert said.startswith("NO  channel of care: #customer-care is archived. Unarchive it, or name")


def test_a_channel_that_is_not_there(two_teams):
    [said] = complaints(two_teams)

    assert said.startswith("NO  channel of press: There is no channel C0GONE that the bot can see.")
    assert "/invite @Unanswered" in said


def test_slack_that_can_not_be_reached(well):
    said = complaints(well | {"SLACK_API_URL": "http://127.0.0.1:9/api/"})

    assert [line.partition(":")[0] for line in said] == [
        "NO  Slack bot token",
        "NO  Slack app token",
    ]
    assert all("Slack can't be reached: " in line for line in said)


def test_slack_that_has_a_problem_of_its_own(well, slack):
    slack.faults.add("broken", "auth.test", status=503)

    [said] = complaints(well)

    assert "Slack" in said
    assert said.startswith("NO  Slack bot token: Slack says internal_error.")


def test_a_postgresql_that_is_behind_waits_for_migrate(well):
    with own_postgresql("doctor_behind") as url:
        [behind] = complaints(well | {"DATABASE_URL": url})
        database = connect(url)
        migrations.upgrade(database)
        well_again = complaints(well | {"DATABASE_URL": url})
        with database.begin() as db:
            db.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        ahead = complaints(well | {"DATABASE_URL": url})
        database.dispose()

    assert behind == "NO  database (postgresql): has an older schema. Run: python -m bot migrate"
    assert well_again == []
    assert ahead == []


def test_a_database_that_can_not_be_reached(well):
    [said] = complaints(well | {"DATABASE_URL": "postgresql://u:hunter2@127.0.0.1:9/d"})

    assert said.startswith("NO  database (postgresql): can't be reached: connection failed")
    assert said.endswith("Check DATABASE_URL.")
    assert "hunter2" not in said


def test_a_file_that_is_no_database(well, tmp_path):
    (tmp_path / "bot.db").write_text("x" * 2000)

    [said] = complaints(well)

    assert said.startswith("NO  database (sqlite): can't be used: file is not a database.")


def test_credentials_that_a_platform_does_not_take(well, monkeypatch):
    well |= {f"X_{key}": "hunter2" for key in ("CONSUMER_KEY", "CONSUMER_SECRET")}
    well |= {f"X_{key}": "hunter2" for key in ("ACCESS_TOKEN", "ACCESS_TOKEN_SECRET")}
    well |= {"ADAPTERS": "demo,twitter", "X_API_URL": "http://127.0.0.1:9"}

    [said] = complaints(well)

    assert said == "NO  twitter: X can't be reached. Try again later."


def test_a_start_ends_at_what_slack_refuses_for_good(well, slack):
    must_be_let_in(read(well))

    with pytest.raises(NotSetUp, match=r"Slack bot token: Slack refuses it \(invalid_auth\)"):
        must_be_let_in(read(well | {"SLACK_BOT_TOKEN": "xoxb-hunter2"}))
    with pytest.raises(NotSetUp, match=r"Slack app token: Slack refuses it \(invalid_auth\)"):
        must_be_let_in(read(well | {"SLACK_APP_TOKEN": "xapp-hunter2"}))
    slack.app_scopes.clear()
    with pytest.raises(NotSetUp, match=r"Slack app token: Slack refuses it \(missing_scope\)"):
        must_be_let_in(read(well))
    slack.app_scopes.add("connections:write")
    slack.channels["C0CARE"].archived = True
    with pytest.raises(NotSetUp, match="#customer-care is archived"):
        must_be_let_in(read(well))


def test_a_start_does_not_need_every_scope(well, slack):
    slack.scopes.clear()

    must_be_let_in(read(well))


def test_a_start_goes_on_while_one_channel_can_be_used(two_teams):
    must_be_let_in(read(two_teams))


@pytest.mark.parametrize("trouble", ["broken", "rate_limited", "lost"])
def test_a_start_does_not_wait_for_slack_to_be_well(well, slack, trouble):
    slack.faults.add(trouble, times=9)

    must_be_let_in(read(well))


def test_a_start_does_not_need_slack_to_be_reached(well):
    must_be_let_in(read(well | {"SLACK_API_URL": "http://127.0.0.1:9/api/"}))


def test_a_bot_that_has_begun_is_looked_at_in_the_words_that_people_hear(well):
    database = connect(well["DATABASE_URL"])
    migrations.upgrade(database)
    now = datetime.now(UTC)
    with database.begin() as db:
        accounts.take_turn(db, "demo", now, timedelta(minutes=1))
        accounts.change(db, "demo", read_to=now)
        outbox.put(db, Errand.NOTICE, key="k", lane="l", destination="C0", urgency=1, at=now - HOUR)
    database.dispose()

    said = [line for line in report(well) if "health" in line]

    assert said[0].startswith("NO  health: Something waits to be delivered since 20")
    assert said[1].startswith("ok  health: The demo platform: all of it until 20")
    assert said[2] == "ok  health: Everybody is called in time."
    assert not any("<!date" in line or ":warning:" in line for line in said)


def test_a_clock_that_is_minutes_off_is_said(slack, playground):
    """Slack's own word for the time is the header of each answer."""
    client = slack_client(slack.bot_token, playground.api_url)

    ahead = clock_off(client, lambda: datetime.now(UTC) + timedelta(minutes=3))

    assert ahead
    assert abs(ahead - timedelta(minutes=3)) < timedelta(seconds=3)
