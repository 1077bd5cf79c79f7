"""Counts what the tests were run against, so that nobody has to guess from their names."""

from collections import Counter

import pytest

GROUNDS = {
    "SQLite": ("sqlite", "on_sqlite"),
    "PostgreSQL": ("postgresql", "on_postgresql"),
    "a browser": ("visit", "come", "busy"),
    "Dovecot": ("email", "dovecot", "a_mailbox"),
    "WordPress": ("wordpress, the real one", "the real one", "real"),
}
GROUND, TELLS = "ground", "tells"


def note(item: pytest.Item) -> None:
    """Write on a test what it stands on, by its fixtures and parameters."""
    parameters = getattr(getattr(item, "callspec", None), "params", {})
    used = {*map(str, parameters.values()), *getattr(item, "fixturenames", ())}
    used |= {"email"} if item.path.name == "test_email.py" else set()
    for ground, signs in GROUNDS.items():
        if used.intersection(signs):
            item.user_properties.append((GROUND, ground))


def tell(reporter: pytest.TerminalReporter) -> None:
    """How many passed on what, and what tests had to say about themselves."""
    passed = reporter.stats.get("passed", [])
    properties = [each for report in passed for each in report.user_properties]
    counted = Counter(value for name, value in properties if name == GROUND)
    reporter.section("what they ran against")
    reporter.line(", ".join(f"{ground}: {counted[ground]}" for ground in GROUNDS))
    for name, value in properties:
        if name == TELLS:
            reporter.line(str(value))
