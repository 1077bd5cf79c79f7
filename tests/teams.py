"""Lines read as teams.toml."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bot.domain.team import Team, Teams
from bot.policy.teams import read_teams

HEAD = '[teams.care]\nchannel = "C0CARE"\n'
SUMMER = datetime(2026, 7, 1, 12, tzinfo=UTC)  # a Wednesday

Look = Callable[..., tuple[Teams, list[str]]]


def reader(folder: Path) -> Look:
    """A function that reads lines as the teams.toml of this folder."""

    def look(
        lines: str,
        *,
        accounts: tuple[str, ...] = ("demo",),
        encoding: str = "utf-8",
        **environment: str,
    ) -> tuple[Teams, list[str]]:
        file = folder / "teams.toml"
        file.write_text(lines, encoding=encoding)
        return read_teams(file, environment, accounts, SUMMER)

    return look


def care(look: Look, lines: str, **environment: Any) -> Team:
    """The one team of these lines, and not a word against them."""
    teams, problems = look(HEAD + lines, **environment)
    assert problems == []
    return teams["care"]


def problem(look: Look, lines: str, **environment: Any) -> str:
    """The one thing that is wrong with these lines."""
    [only] = look(HEAD + lines, **environment)[1]
    return only.removeprefix("teams.toml, ")
