"""teams.toml: who answers what, how soon, and who is called; mistakes are named by their line."""

import re
import tomllib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from bot.domain.mention import Kind
from bot.domain.team import CHANNEL, HERE, OWNER, Rung, Team, Teams, Where

DURATION = re.compile(
    r"P(?:(?P<days>\d{1,9})D)?"
    r"(?:T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,9})S)?)?"
)
CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{4,}")
PERSON_ID = re.compile(r"[UW][A-Z0-9]{4,}")
CALLABLE_ID = re.compile(r"[UWS][A-Z0-9]{4,}")
LONGEST = 10_000  # of any unit: a deadline must be a date that exists
VARIABLE = re.compile(r"\$([A-Z][A-Z0-9_]*)")

LADDER = (
    Rung(after=timedelta(0), call=OWNER),
    Rung(after=timedelta(minutes=30), call=CHANNEL),
)
WITHIN = {
    Kind.COMPLAINT: timedelta(hours=1),
    Kind.QUESTION: timedelta(hours=4),
    Kind.PRAISE: timedelta(days=1),
    Kind.OTHER: timedelta(days=1),
}
KEYS = ("channel", "hears", "answer_within", "nag", "manager")


class Wrong(Exception):
    """What is wrong with one entry, and how it is mended."""


def read_teams(
    file: Path, environment: Mapping[str, str], accounts: Sequence[str]
) -> tuple[Teams, list[str]]:
    """The teams, and a sentence for everything that is wrong with the file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
        return _Reader(file.name, text, environment).read(tomllib.loads(text), accounts)
    except OSError:
        return Teams(), [f"TEAMS_FILE names {file}, which can't be read. It must name your teams."]
    except UnicodeDecodeError:
        return Teams(), [f"{file.name} is not UTF-8 text. Save it as such."]
    except tomllib.TOMLDecodeError as problem:
        return Teams(), [f"{file.name} is not valid TOML: {problem}."]


def duration(text: object) -> timedelta:
    """A span as ISO 8601 writes it: PT30M, PT1H30M, P1D; Wrong for anything else."""
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match or text in ("P", "PT") or str(text).endswith("T"):
        raise Wrong(f"{text!r} is not a duration. Write PT30M for 30 minutes, PT1H, P1D")
    span = {unit: int(count) for unit, count in match.groupdict().items() if count}
    if any(count > LONGEST for count in span.values()):
        raise Wrong(f"{text!r} is longer than anybody waits. Write PT1H, P1D, P30D")
    return timedelta(**span)


class _Reader:
    """Reads one file, and remembers what was wrong in it."""

    def __init__(self, name: str, text: str, environment: Mapping[str, str]) -> None:
        self.name, self.lines, self.environment = name, text.splitlines(), environment
        self.problems: list[str] = []

    def read(self, tree: dict[str, Any], accounts: Sequence[str]) -> tuple[Teams, list[str]]:
        self._known(tree, ("teams", "tell"), table="")
        entries = tree.get("teams")
        if not isinstance(entries, dict) or not entries:
            return Teams(), [f"{self.name} has no team. Begin one with [teams.care]."]
        found = {name: self._team(name, entry) for name, entry in entries.items()}
        teams = Teams(
            by_name={name: team for name, team in found.items() if team},
            tell=self._entry("", "tell", tree, self._told),
        )
        if all(found.values()):
            self._each_hears_its_own(teams, accounts)
        return teams, self.problems

    def _team(self, name: str, entry: Any) -> Team | None:
        table = f"teams.{name}"
        if not isinstance(entry, dict):
            self._wrong("teams", name, "It must be a table: [teams.care]")
            return None
        self._known(entry, KEYS, table)
        channel = self._entry(table, "channel", entry, self._channel)
        if "channel" not in entry:
            self._wrong(table, "", 'It has no channel. Add channel = "C…" (Slack: channel details)')
        return Team(
            name=name,
            channel=channel or "",
            hears=tuple(self._entry(table, "hears", entry, _names) or ()),
            answer_within=self._entry(table, "answer_within", entry, _promises) or WITHIN,
            ladder=self._entry(table, "nag", entry, _ladder) or LADDER,
            manager=self._entry(table, "manager", entry, self._person),
        )

    def _entry(self, table: str, key: str, entries: Mapping[str, Any], read: Any) -> Any:
        """One entry, read; None if it is not there or wrong."""
        if key not in entries:
            return None
        try:
            return read(entries[key])
        except Wrong as problem:
            self._wrong(table, key, str(problem))
            return None

    def _channel(self, value: Any) -> str:
        given = self._filled(value)
        if not CHANNEL_ID.fullmatch(given):
            raise Wrong(
                f"{_shown(value)} is not a channel's id. In Slack: channel details, at the bottom"
            )
        return given

    def _person(self, value: Any) -> str | None:
        given = self._filled(value, optional=True)
        if given and not PERSON_ID.fullmatch(given):
            raise Wrong(
                f"{_shown(value)} is not a member id. In Slack: the profile, ⋮, Copy member ID"
            )
        return given or None

    def _told(self, value: Any) -> str | None:
        given = self._filled(value, optional=True)
        if given and not (PERSON_ID.fullmatch(given) or CHANNEL_ID.fullmatch(given)):
            raise Wrong(f"{_shown(value)} is neither a member id (U…) nor a channel's id (C…)")
        return given or None

    def _filled(self, value: Any, *, optional: bool = False) -> str:
        """The text, with "$NAME" taken from the environment."""
        if not isinstance(value, str):
            raise Wrong(f"{value!r} must be a text in quotes")
        variable = VARIABLE.fullmatch(value)
        if not variable:
            return value
        given = self.environment.get(variable[1], "").strip()
        if not given and not optional:
            raise Wrong(f"it is taken from {variable[1]}, which is not set. Set it")
        return given

    def _known(self, entries: Mapping[str, Any], keys: Sequence[str], table: str) -> None:
        for key in entries:
            if key not in keys:
                self._wrong(table, key, f"Nothing is called so. Known: {', '.join(keys)}")

    def _each_hears_its_own(self, teams: Teams, accounts: Sequence[str]) -> None:
        heard: dict[str, str] = {}
        for team in teams:
            for account in team.hears:
                if account in heard:
                    self._wrong(
                        f"teams.{team.name}", "hears", f"{heard[account]} hears {account} already"
                    )
                heard[account] = team.name
        for account in teams.unheard(accounts):
            self.problems.append(
                f"{self.name}: no team hears {account}. Add it to the `hears` of one."
            )

    def _wrong(self, table: str, key: str, why: str) -> None:
        where = f"{table}.{key}".strip(".")
        self.problems.append(f"{self.name}, line {self._line(table, key)}, {where}: {why}.")

    def _line(self, table: str, key: str) -> int:
        """Where a key stands; the head of its table if it has none."""
        start = 0
        if table:
            head = re.compile(rf"\s*\[\s*{re.escape(table)}\s*[\].]")
            start = next((n for n, line in enumerate(self.lines) if head.match(line)), 0)
        entry = re.compile(rf"\s*\[?\s*(?:{re.escape(table)}\.)?\"?{re.escape(key)}\"?\s*[=.\]]")
        if not key:
            return start + 1
        found = (n for n in range(start, len(self.lines)) if entry.match(self.lines[n]))
        return next(found, start) + 1


def _shown(value: str) -> str:
    """What was written; what came from the environment is not repeated, it may be a secret."""
    return f"what {value[1:]} holds" if VARIABLE.fullmatch(value) else repr(value)


def _names(value: Any) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Wrong('It must be a list of accounts, such as ["twitter", "email"]')
    return value


def _promises(value: Any) -> Mapping[Kind, timedelta]:
    if not isinstance(value, dict):
        raise Wrong('It must be a table, such as { complaint = "PT1H", question = "PT4H" }')
    for kind in value:
        if kind not in list(Kind):
            raise Wrong(f"{kind!r} is no kind of mention. Known: {', '.join(Kind)}")
    return {Kind(kind): duration(within) for kind, within in value.items()}


def _ladder(value: Any) -> Sequence[Rung]:
    if not isinstance(value, list) or not value:
        raise Wrong('It must be a list of rungs, such as [{ after = "PT0M", call = "owner" }]')
    return sorted((_rung(rung) for rung in value), key=lambda rung: rung.after)


def _rung(value: Any) -> Rung:
    if not isinstance(value, dict) or not {"after", "call"} <= set(value) <= {
        "after",
        "call",
        "say",
    }:
        raise Wrong("A rung has `after` and `call`, and may have `say`")
    call, say = value["call"], value.get("say", Where.THREAD)
    if call not in (OWNER, CHANNEL, HERE) and not CALLABLE_ID.fullmatch(str(call)):
        raise Wrong(
            f"call = {call!r}: it can be owner, channel, here, a member id (U…) or group (S…)"
        )
    if say not in list(Where):
        raise Wrong(f"say = {say!r}: it can be {', '.join(Where)}")
    return Rung(after=duration(value["after"]), call=call, say=Where(say))
