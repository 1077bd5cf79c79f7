"""What is logged is JSON for machines, and readable for people."""

import json
import logging
import re

import pytest
import structlog

from bot import logs


@pytest.fixture(autouse=True)
def _as_before():
    """Nothing of this stays for other tests."""
    yield
    logs.begin()


def told(capsys):
    return capsys.readouterr().out.splitlines()


def test_without_a_terminal_each_event_is_a_line_of_json(capsys):
    logs.begin()

    structlog.get_logger().info("claim.let_go", conversation=42)

    [line] = told(capsys)
    event = json.loads(line)
    assert (event["event"], event["conversation"], event["level"]) == ("claim.let_go", 42, "info")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT.*Z", event["timestamp"])


def test_what_libraries_log_is_json_as_well(capsys):
    logs.begin("INFO")

    logging.getLogger("elsewhere").warning("half of %s", "it")
    logging.getLogger("elsewhere").info("no news")
    logging.getLogger("slack_bolt").warning("not yet an error")

    [line] = told(capsys)
    event = json.loads(line)
    assert (event["event"], event["logger"], event["level"]) == (
        "half of it",
        "elsewhere",
        "warning",
    )


def test_an_exception_is_one_line_without_the_values_of_variables(capsys):
    logs.begin()
    secret = "hunter2"
    try:
        raise ValueError("ours")
    except ValueError:
        structlog.get_logger().exception("job.failed")
        logging.getLogger("elsewhere").exception("theirs")

    events = [json.loads(line) for line in told(capsys)]
    assert [event["event"] for event in events] == ["job.failed", "theirs"]
    assert all("ValueError: ours" in event["exception"] for event in events)
    assert secret not in str(events)


def test_text_can_be_asked_for_where_there_is_no_terminal(capsys):
    logs.begin("INFO", "text")

    structlog.get_logger().info("claim.let_go", conversation=42)
    logging.getLogger("elsewhere").warning("half of it")

    first, second = told(capsys)
    assert "claim.let_go" in first
    assert "half of it" in second
    for line in (first, second):
        with pytest.raises(ValueError, match=r"Expecting|Extra"):
            json.loads(line)


def test_json_can_be_asked_for_on_a_terminal(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    logs.begin("INFO", "json")

    structlog.get_logger().info("claim.let_go")

    assert json.loads(told(capsys)[0])["event"] == "claim.let_go"


def test_a_terminal_is_readable(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    logs.begin()

    structlog.get_logger().info("claim.let_go")

    assert not told(capsys)[0].startswith("{")


def test_below_its_level_nothing_is_told(capsys):
    logs.begin("ERROR")

    structlog.get_logger().warning("delivery.put_off")

    assert told(capsys) == []
