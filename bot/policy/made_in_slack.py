"""Teams that were made in Slack: kept in the database, for a dyno's disk forgets, and read like
teams.toml. Both are shown as one; what stands in the file is changed in the file."""

import json
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog

from bot.desk import Desk
from bot.domain.problems import NotPossible, Ours
from bot.domain.team import Team
from bot.policy.teams import teams_in
from bot.policy.toml import Wrong
from bot.slack.written import DAY_TWICE, HEARD, NO_HOURS, NO_NAME, NOT_READ, TAKEN
from storage import team_files
from storage.database import reading
from storage.team_files import TeamFile

log = structlog.get_logger()

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
HOURS = re.compile(r"\s*([a-z]{3}(?:\s*-\s*[a-z]{3})?)\s*:?\s+(.+)", re.I)
NOTHING = "none"  # what a team hears that only gets what is logged for it, or moved to it
WHERE = Path("Slack")
WEEKDAYS, WEEKEND = "mon-fri", "sat-sun"
LINE = re.compile(
    r"Slack, line \d+, teams\.[^.:]+\.?(?:triage\.)?(?P<key>[a-z_]*)[^:]*: (?P<why>.*)", re.S
)


class WrongTeam(NotPossible):
    """What is wrong with which of its settings, a sentence each."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__("{problems}", problems=" ".join(problems.values()))
        self.problems = problems


class InTheFile(NotPossible):
    def __init__(self, team: str) -> None:
        super().__init__(
            Ours("The team {team} stands in teams.toml. Change it there, and restart me."),
            team=team,
        )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What somebody filled in for a team; `within` has a span (PT1H) for each kind."""

    name: str
    channel: str
    hears: Sequence[str] = ()
    within: Mapping[str, str] = field(default_factory=dict)
    timezone: str = ""
    hours: str = ""  # a line each: "mon-fri 09:00-12:30, 13:30-18:00"
    manager: str = ""
    weekdays: str = ""  # who is on duty then
    weekend: str = ""
    language: str = ""  # of what stands in the channel; "": English
    silent_after: str = ""  # a span, or "never"; "": what is usual
    triage: Mapping[str, Any] | None = None  # a form of its own asks for it; None: as before

    @classmethod
    def read(cls, text: str) -> "Wanted":
        """What a text of ours was made of."""
        [(name, entry)] = tomllib.loads(text)["teams"].items()
        duty = {each["days"]: each["who"] for each in entry.get("on_duty", ())}
        hours = entry.get("hours", {}).items()
        return cls(
            name=name,
            channel=entry["channel"],
            hears=tuple(entry["hears"]),
            within=entry.get("answer_within", {}),
            timezone=entry.get("timezone", ""),
            hours="\n".join(f"{days} {', '.join(times)}" for days, times in hours),
            manager=entry.get("manager", ""),
            weekdays=duty.get(WEEKDAYS, ""),
            weekend=duty.get(WEEKEND, ""),
            language=entry.get("language", ""),
            silent_after=entry.get("silent_after", ""),
            triage=entry.get("triage"),
        )

    @property
    def text(self) -> str:
        """As teams.toml would have it; WrongTeam for hours that can't be read."""
        lines = [f"[teams.{self.name}]", f"channel = {_quoted(self.channel)}"]
        lines.append(f"hears = {_quoted(list(self.hears) or [NOTHING])}")
        within = ", ".join(f"{kind} = {_quoted(span)}" for kind, span in self.within.items())
        lines += [f"answer_within = {{ {within} }}"] if within else []
        lines += [f"language = {_quoted(self.language)}"] if self.language else []
        lines += [f"silent_after = {_quoted(self.silent_after)}"] if self.silent_after else []
        lines += [f"timezone = {_quoted(self.timezone)}"] if self.timezone else []
        hours = ", ".join(f"{days} = {_quoted(times)}" for days, times in self._hours())
        lines += [f"hours = {{ {hours} }}"] if hours else []
        lines += [f"manager = {_quoted(self.manager)}"] if self.manager else []
        duties = [(WEEKDAYS, self.weekdays), (WEEKEND, self.weekend)]
        rota = ", ".join(
            f'{{ days = "{days}", who = {_quoted(who)} }}' for days, who in duties if who
        )
        lines += [f"on_duty = [{rota}]"] if rota else []
        triage = ", ".join(
            f"{key} = {_quoted(value)}" for key, value in (self.triage or {}).items()
        )
        lines += [f"triage = {{ {triage} }}"] if triage else []
        return "\n".join(lines) + "\n"

    def _hours(self) -> Sequence[tuple[str, Sequence[str]]]:
        found: list[tuple[str, Sequence[str]]] = []
        for line in filter(None, (line.strip() for line in self.hours.splitlines())):
            read = HOURS.fullmatch(line)
            if not read:
                raise WrongTeam({"hours": NO_HOURS.format(line=line[:40])})
            days = read[1].lower().replace(" ", "")
            if any(days == each for each, _times in found):
                raise WrongTeam({"hours": DAY_TWICE.format(day=days)})
            found.append((days, [each.strip() for each in read[2].split(",") if each.strip()]))
        return found


class TeamFiles:
    """Teams of both kinds are one; what several workers write, all of them read."""

    def __init__(self, desk: Desk, environment: Mapping[str, str], accounts: Sequence[str]) -> None:
        self.desk, self.environment, self.accounts = desk, environment, accounts
        self.in_the_file = {team.name for team in desk.teams}
        self._read: dict[str, datetime] = {}

    def refresh(self) -> bool:
        """Take in what was made or changed in Slack; True when any team changed."""
        with reading(self.desk.database) as db:
            files = team_files.every(db)
        news = [file for file in files if self._read.get(file.team) != file.at]
        gone = self._read.keys() - {file.team for file in files}
        for file in news:
            self._take(file)
        for name in gone:
            self.desk.teams.remove(name)
            del self._read[name]
        return bool(news or gone)

    def made_here(self, name: str) -> TeamFile | None:
        """The team as somebody wrote it in Slack; None if it stands in teams.toml."""
        with reading(self.desk.database) as db:
            return next((file for file in team_files.every(db) if file.team == name), None)

    def wanted(self, team: str) -> Wanted:
        """What was filled in for it last; InTheFile where that is the place to change it."""
        file = self.made_here(team)
        if file is None or team in self.in_the_file:
            raise InTheFile(team)
        return Wanted.read(file.text)

    def save(self, wanted: Wanted, by: str) -> Team:
        """Make or change a team; WrongTeam says what is wrong with which setting."""
        wanted = self._with_its_triage(wanted)
        team = self._readable(wanted)
        now = self.desk.now()
        file = TeamFile(team=team.name, text=wanted.text, by=by, at=now)
        with self.desk.database.begin() as db:
            team_files.put(db, file)
            self.desk.ledger.audit(db, by, "team", now, team=team.name)
        self._take(file)
        log.info("team.saved", team=team.name, by=by)
        return team

    def _with_its_triage(self, wanted: Wanted) -> Wanted:
        """What was set for that stays as it is, where nobody was asked."""
        before = None if wanted.triage is not None else self.made_here(wanted.name)
        return replace(wanted, triage=Wanted.read(before.text).triage) if before else wanted

    def _readable(self, wanted: Wanted) -> Team:
        if wanted.name in self.in_the_file:
            raise InTheFile(wanted.name)
        if not NAME.fullmatch(wanted.name):
            raise WrongTeam({"name": NO_NAME})
        other = self.desk.teams.of_channel(wanted.channel)
        if other and other.name != wanted.name:
            raise WrongTeam({"name": TAKEN.format(team=other.name)})
        heard = {each: team for team in self.desk.teams for each in team.hears}
        for account in wanted.hears:
            if (team := heard.get(account)) and team.name != wanted.name:
                raise WrongTeam({"hears": HEARD.format(team=team.name, account=account)})
        found, problems = self._parsed(wanted.text)
        if problems or found is None:
            raise WrongTeam(_by_key(problems))
        return found

    def _parsed(self, text: str) -> tuple[Team | None, Sequence[str]]:
        try:
            teams, problems = teams_in(WHERE, text, self.environment, (), self.desk.now())
        except (tomllib.TOMLDecodeError, Wrong) as problem:
            return None, [NOT_READ.format(why=problem)]
        return next(iter(teams), None) if teams.by_name else None, problems

    def _take(self, file: TeamFile) -> None:
        """What the file has wins; what can't be read any more is told, and the rest goes on."""
        self._read[file.team] = file.at
        if file.team in self.in_the_file:
            log.warning("team.stands_in_the_file", team=file.team)
            return
        team, problems = self._parsed(file.text)
        if team is None or problems:
            log.error("team.unreadable", team=file.team, problems=problems)
            return
        self.desk.teams.change(team)


def _quoted(value: object) -> str:
    """A TOML string or list: JSON's are the same."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _by_key(problems: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for problem in problems:
        read = LINE.fullmatch(problem)
        key, why = (read["key"], read["why"]) if read else ("", problem)
        found[key or "name"] = why
    return found
