from datetime import timedelta
from pathlib import Path

import pytest

from bot import config
from bot.config import MailServer, NotSetUp, read

TEAMS = '[teams.care]\nchannel = "C0CARE"\n'
WELL = {
    "SLACK_BOT_TOKEN": "xoxb-1-a",
    "SLACK_APP_TOKEN": "xapp-1-a",
    "ADAPTERS": "demo",
    "TEAMS_FILE": "teams.toml",
}
MAILBOX = {
    "EMAIL_ADDRESS": "care@acme.example",
    "EMAIL_IMAP": "imaps://imap.acme.example",
    "EMAIL_SMTP": "smtps://smtp.acme.example",
    "EMAIL_PASSWORD": "pass word",
}


@pytest.fixture(autouse=True)
def _teams(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "teams.toml").write_text(TEAMS)


def problems(**changed):
    with pytest.raises(NotSetUp) as told:
        read(WELL | changed)
    return told.value.problems


def test_four_settings_are_enough():
    settings = read(WELL)

    assert settings.database_url == "sqlite:///unanswered.db"
    assert settings.slack_api_url == "https://slack.com/api/"
    assert settings.lease == timedelta(minutes=2)
    assert (settings.metrics_host, settings.metrics_port) == ("0.0.0.0", None)
    assert settings.teams["care"].channel == "C0CARE"


@pytest.mark.fault(49)
def test_everything_that_is_wrong_is_said_at_once():
    with pytest.raises(NotSetUp) as told:
        read({"ADAPTERS": "email", "TEAMS_FILE": "none.toml", "LOG_LEVEL": "loud"})

    said = str(told.value)
    for name in ("BOT_TOKEN", "APP_TOKEN", "TEAMS_FILE", "EMAIL_IMAP", "EMAIL_SMTP", "LOG_LEVEL"):
        assert name in said
    assert said.endswith("README.md explains every setting.")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SLACK_BOT_TOKEN", "xapp-1-a", "SLACK_BOT_TOKEN does not begin with xoxb-"),
        ("SLACK_APP_TOKEN", "xoxb-1-a", "SLACK_APP_TOKEN does not begin with xapp-"),
        ("SLACK_BOT_TOKEN", "xoxb-1…", "has characters in it that no token has"),
        ("SLACK_BOT_TOKEN", " ", "SLACK_BOT_TOKEN is missing."),
        ("ADAPTERS", " , ", "ADAPTERS is missing. Name the platforms to listen to"),
        ("ADAPTERS", "tvitter", "There is no adapter named “tvitter”. Installed: "),
        ("ADAPTERS", "demo,demo", "ADAPTERS names demo twice."),
        ("ADAPTERS", "demo:", "A second account has letters and digits after the colon"),
        ("ADAPTERS", "demo:my press", "A second account has letters and digits"),
        ("IMPORT_DAYS", "-1", "IMPORT_DAYS is “-1”, and must be a whole number from 0 to 3650."),
        ("IMPORT_DAYS", "9" * 30, "IMPORT_DAYS"),
        ("DELIVERY_TRIES", "0", "DELIVERY_TRIES is “0”"),
        ("LEASE_SECONDS", "soon", "LEASE_SECONDS is “soon”"),
        ("LOG_FORMAT", "yaml", "LOG_FORMAT is “yaml”. It can be text, json."),
        ("METRICS_PORT", "70000", "METRICS_PORT is “70000”, and must be a whole number from 1 to"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL is “LOUD”. It can be DEBUG, INFO, WARNING, ERROR."),
        ("SLACK_API_URL", "slack.com", "SLACK_API_URL is not an address"),
        ("TEAMS_FILE", "none.toml", "TEAMS_FILE names none.toml, which can't be read."),
        ("DATABASE_URL", "mysql://u:hunter2@h/d", "DATABASE_URL is not the address of a database."),
        ("DATABASE_URL", "postgres://u:hunter2/d", "DATABASE_URL is not the address"),
        ("DATABASE_URL", "postgres://u:hunter2@x@h/d", "has an @ in its password. Write it as %40"),
        ("ALERT_FROM", "bot", "ALERT_FROM is “bot”, and must be an address such as bot@"),
        ("ALERT_FROM", "Bot <bot@acme.example>", "and must be an address such as bot@example.com."),
        ("ALERT_FROM", "bot@müller.example", "and must be an address such as bot@example.com."),
        *(
            ("ALERT_SMTP_URL", url, "ALERT_SMTP_URL must look like smtps://user:password@smtp.")
            for url in (
                "smtp.acme.example:587",
                "https://u:hunter2@smtp.acme.example",
                "smtps://u:hunter2@",
                "smtps://u:hunter2@smtp acme",
                "smtps://u:hunter2@smtp.acme.example:port",
                "smtps://u:hunter2@smtp.acme.example:99999",
                "smtps://u:hunt/hunter2@smtp.acme.example",
                "smtps://u:hunt#hunter2@smtp.acme.example",
                "smtps://u:hunt?hunter2@smtp.acme.example",
                "smtps://u:12/hunter2@smtp.acme.example",
                "smtps://hunter2@smtp.acme.example",
                "smtps://:hunter2@smtp.acme.example",
                "smtps://u:hunter2@[::1",
            )
        ),
    ],
)
@pytest.mark.fault(49)
def test_a_wrong_setting_is_one_sentence_that_mends_it(name, value, sentence):
    [problem] = problems(**{name: value})

    assert sentence in problem
    assert "hunter2" not in problem


@pytest.mark.fault(49)
def test_the_value_of_a_secret_is_never_repeated():
    said = problems(SLACK_BOT_TOKEN="xoxp-hunter2", SLACK_APP_TOKEN="xapp-hunter2 x")

    assert "hunter2" not in str(said)


def test_a_line_end_that_came_along_when_copying_does_no_harm():
    assert read(WELL | {"SLACK_BOT_TOKEN": " xoxb-1-a\n"}).bot_token == "xoxb-1-a"


def test_each_account_lacks_settings_of_its_own():
    said = problems(ADAPTERS="email,email:press", **MAILBOX)

    assert [each.split(" ")[0] for each in said] == [
        "EMAIL_PRESS_ADDRESS",
        "EMAIL_PRESS_IMAP",
        "EMAIL_PRESS_SMTP",
    ]


def test_what_an_adapter_would_not_take_is_said_with_the_rest():
    said = problems(ADAPTERS="email", LOG_LEVEL="LOUD", **MAILBOX | {"EMAIL_IMAP": "imap.acme"})

    assert len(said) == 2
    assert any(each.startswith("EMAIL_IMAP ") for each in said)


def test_an_adapter_whose_libraries_are_not_there_is_named(monkeypatch):
    def broken():
        raise ImportError("No module named 'fediverse'")

    monkeypatch.setattr(config.adapters, "installed", lambda: {"fedi": broken})

    [said] = problems(ADAPTERS="fedi")

    assert said.startswith("The adapter fedi can't be loaded: No module named 'fediverse'.")


def test_our_adapters_are_there_when_only_the_requirements_were_installed(monkeypatch):
    monkeypatch.setattr(config.adapters, "installed", dict)

    named = (
        "appstore bluesky demo discourse email facebook feed googleplay hackernews instagram"
        " mastodon messenger reddit stackoverflow telegram twitter webhook whatsapp wordpress"
        " youtube"
    )
    assert sorted(config.installed()) == named.split()
    assert config.installed()["demo"]().__name__ == "Demo"


@pytest.mark.fault(34)
def test_sqlite_on_a_dyno_needs_an_explicit_word():
    [said] = problems(DYNO="worker.1")

    assert said.startswith("DATABASE_URL is missing on this dyno")
    assert read(WELL | {"DYNO": "worker.1", "ALLOW_SQLITE_ON_DYNO": "yes"})
    assert read(WELL | {"DYNO": "worker.1", "DATABASE_URL": "postgres://u:p@h/d"})
    with pytest.raises(NotSetUp, match="this dyno"):
        config.database_url({"DYNO": "release.1"})


def test_what_is_not_wrong_can_be_used_all_the_same():
    looked = config.look({"SLACK_BOT_TOKEN": "xoxb-1-a", "TEAMS_FILE": "teams.toml"})

    assert set(looked.wrong) == {"SLACK_APP_TOKEN", "ADAPTERS"}
    assert looked.teams["care"].channel == "C0CARE"


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://smtp.acme.example", MailServer("smtp.acme.example", 465, True)),
        ("smtp://smtp.acme.example/", MailServer("smtp.acme.example", 587, False)),
        ("SMTP://Localhost:25", MailServer("localhost", 25, False)),
        ("smtps://[::1]:1465", MailServer("::1", 1465, True)),
        (
            "smtps://bot%40acme.example:p%2Fq%40%C3%BC@h",
            MailServer("h", 465, True, "bot@acme.example", "p/q@ü"),
        ),
    ],
)
def test_a_mail_server_is_read_from_its_address(url, server):
    settings = read(WELL | {"ALERT_SMTP_URL": url, "ALERT_FROM": "bot@acme.example"})

    assert MailServer.at(str(settings.alert_smtp_url)) == server
    assert settings.alert_from == "bot@acme.example"
    assert "ü" not in repr(server)


def test_without_alerts_nothing_is_set():
    settings = read(WELL)

    assert settings.alert_smtp_url is settings.alert_from is None


def test_who_is_to_be_called_by_email_needs_a_mail_server(tmp_path):
    road = 'email = ["lead@acme.example"]\nwebhook = "https://hooks.example/x"\n'
    press = '[teams.press]\nchannel = "C0PRESS"\nhears = ["demo:press"]\n'
    (tmp_path / "teams.toml").write_text(TEAMS + road)

    server, sender = problems()
    assert server.startswith(
        "teams.toml: care is to be called by email, and ALERT_SMTP_URL is not set. The mail server"
    )
    assert sender.startswith(
        "teams.toml: care is to be called by email, and ALERT_FROM is not set. The address"
    )
    (tmp_path / "teams.toml").write_text(TEAMS + road + press + road)
    [said] = problems(ALERT_SMTP_URL="smtps://h", ADAPTERS="demo,demo:press")
    assert said.startswith("teams.toml: care, press are to be called by email, and ALERT_FROM is")
    assert read(WELL | {"ALERT_SMTP_URL": "smtps://h", "ALERT_FROM": "bot@acme.example"})


def test_who_is_called_by_webhook_only_needs_no_mail_server(tmp_path):
    (tmp_path / "teams.toml").write_text(TEAMS + 'webhook = "https://hooks.example/x"\n')

    assert read(WELL).alert_smtp_url is None
