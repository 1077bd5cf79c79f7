"""The table of faults: each row has a test that injects it and names what must come of it.

A test carries the number of its row, `@pytest.mark.fault(7)`, wherever it stands.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROWS = {
    1: "killed after a fetch, before the page is kept",
    2: "killed after the page is kept, before the cursor is",
    3: "killed after a post was taken, before the call",
    4: "killed after Slack took a post, before it was written down",
    5: "killed after a post was written down, before it is changed",
    6: "killed at a claim",
    7: "killed before a reply leaves",
    8: "killed after the platform took a reply",
    9: "killed at a nag",
    10: "killed in a migration",
    11: "told to stop with work under way",
    12: "a double click",
    13: "two who claim in the same moment on two workers",
    14: "a claim that comes too late",
    15: "an envelope that comes again",
    16: "a platform that answers nonsense",
    17: "a platform that hangs or drips",
    18: "a platform that limits us or shuts us out",
    19: "pages without end",
    20: "Slack asks for patience",
    21: "Slack breaks before or after it takes a post",
    22: "Slack's answer is lost",
    23: "Slack is down for hours",
    24: "a history that lags, is short, or may rarely be read",
    25: "sockets that break",
    26: "a token that is revoked or lacks a scope",
    27: "a channel that is closed to us",
    28: "a holder who left",
    29: "a database that restarts or is away",
    30: "a standby that lacks the last commits",
    31: "no connection is left",
    32: "SQLite is locked, or a second worker starts",
    33: "a full disk",
    34: "SQLite where files do not last",
    35: "a clock that jumps",
    36: "clock changes, zones, leap days",
    37: "two workers overlap, one is frozen",
    38: "a sweep that dies, is slow, or meets poison",
    39: "malformed payloads",
    40: "very long words",
    41: "characters that break things",
    42: "markup in a customer's words",
    43: "a mention that changes or goes",
    44: "the same post twice",
    45: "posts out of order",
    46: "a burst",
    47: "three days of outage",
    48: "an answer in the platform's own app",
    49: "bad settings",
    50: "code and schema of two versions",
    51: "slow consumers",
    52: "ten thousand idle hours",
}


def marked() -> dict[int, list[str]]:
    """The tests of each row."""
    found: dict[int, list[str]] = {}
    for file in sorted(TESTS.rglob("test_*.py")):
        for row, name in _marks(ast.parse(file.read_text())):
            found.setdefault(row, []).append(f"{file.relative_to(TESTS)}::{name}")
    return found


def _marks(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Of functions and of whole modules, as decorators or among parameters."""
    for part in module.body:
        name = getattr(part, "name", "*")
        for call in ast.walk(part):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.fault":
                yield ast.literal_eval(call.args[0]), name


def test_every_row_of_the_table_has_a_test() -> None:
    found = marked()

    missing = {row: name for row, name in ROWS.items() if row not in found}
    unknown = {row: tests for row, tests in found.items() if row not in ROWS}
    assert missing == {}
    assert unknown == {}


def test_a_mark_is_seen_wherever_it_stands() -> None:
    written = """
pytestmark = pytest.mark.fault(1)
@pytest.mark.fault(2)
@pytest.mark.parametrize("a", [pytest.param(1, marks=pytest.mark.fault(3))])
def test_it(a):
    pass
@pytest.mark.other(4)
def test_that():
    pass
"""

    assert set(_marks(ast.parse(written))) == {(1, "*"), (2, "test_it"), (3, "test_it")}
