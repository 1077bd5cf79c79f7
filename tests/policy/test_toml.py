from pathlib import Path

import pytest

from bot.policy.toml import TomlFile, Wrong, each

LINES = """\
tell = "C0OPS"  # manager = "U0LEA"

[teams.care]
# channel = "C0OLD"
channel = "C0CARE"
hours = { mon = "9", tue = "10" }
on_duty = [
  { days = "mon", who = "U0ANA" },
]
[teams.care.days]
"12-24" = "9"
[[teams.care.rules]]
name = "one"
[[ teams."care".rules ]] # the second
name = "two"
[teams]
press.channel = "C0PRESS"
"""


@pytest.fixture
def file() -> TomlFile:
    return TomlFile(Path("x.toml"), LINES, {})


@pytest.mark.parametrize(
    ("table", "key", "number", "line"),
    [
        ("", "tell", 0, 1),
        ("", "missing", 0, 1),
        ("teams.care", "", 0, 3),
        ("teams.care", "channel", 0, 5),
        ("teams.care", "missing", 0, 3),
        ("teams.care.hours", "tue", 0, 6),
        ("teams.care", "on_duty", 0, 7),
        ("teams.care.days", "12-24", 0, 11),
        ("teams.care", "days", 0, 10),
        ("teams.care.rules", "name", 0, 13),
        ("teams.care.rules", "name", 1, 15),
        ("teams.press", "channel", 0, 17),
    ],
)
def test_every_entry_is_found_by_its_line(file, table, key, number, line):
    assert file.line(table, key, number) == line


def test_everything_that_is_wrong_with_an_entry_is_remembered(file):
    def refuse(_):
        raise Wrong("One thing. Mend it.", "Another")

    assert file.entry("teams.care", "channel", {"channel": 1}, refuse) is None
    assert file.problems == [
        "x.toml, line 5, teams.care.channel: One thing. Mend it.",
        "x.toml, line 5, teams.care.channel: Another.",
    ]


def test_each_reads_all_and_gives_every_reason():
    def odd(number: int) -> int:
        if number % 2:
            return number
        raise Wrong(f"{number} is even")

    assert each(odd, [1, 3]) == [1, 3]
    with pytest.raises(Wrong) as said:
        each(odd, [2, 3, 4])
    assert said.value.reasons == ("2 is even", "4 is even")
