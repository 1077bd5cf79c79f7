"""teams.toml: who answers what, how soon, and who is called; mistakes are named by their line."""

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from bot.domain.calendar import ALWAYS, Calendar, NeverOpens
from bot.domain.clock import MANAGER, NOTHING, ON_DUTY, Rung, Where
from bot.domain.team import Team, Teams
from bot.policy import answers as answers_file
from bot.policy import roles as roles_file
from bot.policy import triage as triage_file
from bot.policy.hours import calendar
from bot.policy.ladder import LADDER, REPEAT, ladder, mail_roads, repeat, rota, webhook_road
from bot.policy.targets import LEASE, SILENT_AFTER, WITHIN, lease, promises, rules, words_between
from bot.policy.toml import TomlFile, Wrong, shown

CHANNEL_ID = re.compile(r"[CG][A-Z0-9]{4,}")
PERSON_ID = re.compile(r"[UW][A-Z0-9]{4,}")
HOURS = ("timezone", "hours", "holidays", "half_holidays", "closed", "days")
TARGETS = (
    "answer_within",
    "further_within",
    "keep_in_the_loop",
    "rules",
    "claim_lease",
    "silent_after",
)
CALLS = ("nag", "nag_promise", "repeat", "manager", "on_duty", "email", "webhook")
TABLES = (roles_file.KEY, triage_file.KEY)
KEYS = ("channel", "hears", *TARGETS, *CALLS, *HOURS, *answers_file.KEYS, *TABLES)
NEEDS = {
    MANAGER: ("manager", 'manager = "U…"'),
    ON_DUTY: ("on_duty", 'on_duty = [{ who = "U…" }]'),
    Where.EMAIL: ("email", 'email = ["lead@acme.example"]'),
    Where.WEBHOOK: ("webhook", 'webhook = "$ALERT_WEBHOOK"'),
}

Read = TypeVar("Read")


def read_teams(
    file: Path,
    environment: Mapping[str, str],
    accounts: Sequence[str],
    now: datetime | None = None,
) -> tuple[Teams, list[str]]:
    """The teams, and a sentence for everything that is wrong with the file.

    Holidays are known from the year before `now` until ten years after it. No address is asked.
    """
    try:
        text = file.read_text(encoding="utf-8-sig")
        return teams_in(file, text, environment, accounts, now or datetime.now(UTC))
    except OSError:
        return Teams(), [f"TEAMS_FILE names {file}, which can't be read. It must name your teams."]
    except UnicodeDecodeError:
        return Teams(), [f"{file.name} is not UTF-8 text. Save it as such."]
    except tomllib.TOMLDecodeError as problem:
        return Teams(), [f"{file.name} is not valid TOML: {problem}."]


def teams_in(
    file: Path,
    text: str,
    environment: Mapping[str, str],
    accounts: Sequence[str],
    now: datetime,
) -> tuple[Teams, list[str]]:
    """The same for this text as if it were that file's; raises TOMLDecodeError."""
    reader = _Reader(TomlFile(file, text, environment), now)
    return reader.read(tomllib.loads(text), accounts)


def impossible(team: Team, now: datetime) -> Iterator[tuple[str, str]]:
    """A team that never works, and spans that ten years of its hours do not hold: by their key."""
    if not _holds(team.calendar, now, NOTHING):
        yield "hours", "The team never works. Give it hours on a day that is not closed"
        return
    for key, hours, longest in _longest(team):
        if not _holds(hours, now, longest):
            yield key, "So much working time does not come within ten years. Write less"


class _Reader:
    """Reads one file's teams."""

    def __init__(self, file: TomlFile, now: datetime) -> None:
        self.file, self.now = file, now

    def read(self, tree: dict[str, Any], accounts: Sequence[str]) -> tuple[Teams, list[str]]:
        self.file.known(tree, ("teams", "tell"), table="")
        entries = tree.get("teams")
        if not isinstance(entries, dict) or not entries:
            return Teams(), [f"{self.file.name} has no team. Begin one with [teams.care]."]
        found = {name: self._team(name, entry) for name, entry in entries.items()}
        teams = Teams(
            by_name={name: team for name, team in found.items() if team},
            tell=self.file.entry("", "tell", tree, self._told),
        )
        if all(found.values()):
            self._each_hears_its_own(teams, accounts)
        return teams, self.file.problems

    def _team(self, name: str, entry: Any) -> Team | None:
        table = f"teams.{name}"
        if not isinstance(entry, dict):
            self.file.wrong("teams", name, "It must be a table: [teams.care]")
            return None
        self.file.known(entry, KEYS, table)
        if "channel" not in entry:
            no_channel = 'It has no channel. Add channel = "C…" (Slack: channel details)'
            self.file.wrong(table, "", no_channel)
        team = self._with_rota(self._promising(name, table, entry), table, entry)
        team = self._answering(team, table, entry)
        for key, why in (*_unreachable(team, entry), *impossible(team, self.now)):
            self.file.wrong(table, key, why)
        return team

    def _promising(self, name: str, table: str, entry: Mapping[str, Any]) -> Team:
        def read(key: str, how: Callable[[Any], Read]) -> Read | None:
            return self.file.entry(table, key, entry, how)

        hours, sources = calendar(self.file, table, entry, self.now)
        again = read("repeat", repeat) or REPEAT
        return Team(
            name=name,
            channel=read("channel", self._channel) or "",
            hears=tuple(read("hears", _names) or ()),
            answer_within=read("answer_within", promises) or WITHIN,
            further_within=read("further_within", promises) or {},
            keep_in_the_loop=read("keep_in_the_loop", words_between) or {},
            rules=rules(self.file, table, entry),
            claim_lease=read("claim_lease", lease) if "claim_lease" in entry else LEASE,
            silent_after=read("silent_after", lease) if "silent_after" in entry else SILENT_AFTER,
            ladder=read("nag", ladder) or LADDER,
            promise_ladder=read("nag_promise", ladder) or (),
            repeat=again if again.times else None,
            manager=read("manager", self._person),
            roads=self._roads(table, entry),
            calendar=hours,
            sources=sources,
            written=self.file.part(table),
        )

    def _answering(self, team: Team, table: str, entry: Mapping[str, Any]) -> Team:
        says = answers_file.answers(self.file, table, entry)
        roles = roles_file.roles(self.file, table, entry, team.manager)
        triage = triage_file.leaning(self.file, table, entry)
        return replace(team, roles=roles, triage=triage, **says._asdict())

    def _roads(self, table: str, entry: Mapping[str, Any]) -> tuple[str, ...]:
        mail = self.file.entry(table, "email", entry, lambda each: mail_roads(self.file, each))
        hook = self.file.entry(table, "webhook", entry, lambda one: webhook_road(self.file, one))
        return (*(mail or ()), *([hook] if hook else ()))

    def _with_rota(self, team: Team, table: str, entry: Mapping[str, Any]) -> Team:
        zone = team.calendar.zone
        found = self.file.entry(
            table, "on_duty", entry, lambda value: rota(self.file, value, zone, self.now)
        )
        if not found:
            return team
        return replace(team, rota=found[0], sources=(*team.sources, *found[1]))

    def _channel(self, value: Any) -> str:
        given = self.file.filled(value)
        if not CHANNEL_ID.fullmatch(given):
            raise Wrong(
                f"{shown(value)} is not a channel's id. In Slack: channel details, at the bottom"
            )
        return given

    def _person(self, value: Any) -> str | None:
        given = self.file.filled(value, optional=True)
        if given and not PERSON_ID.fullmatch(given):
            raise Wrong(
                f"{shown(value)} is not a member id. In Slack: the profile, ⋮, Copy member ID"
            )
        return given or None

    def _told(self, value: Any) -> str | None:
        given = self.file.filled(value, optional=True)
        if given and not (PERSON_ID.fullmatch(given) or CHANNEL_ID.fullmatch(given)):
            raise Wrong(f"{shown(value)} is neither a member id (U…) nor a channel's id (C…)")
        return given or None

    def _each_hears_its_own(self, teams: Teams, accounts: Sequence[str]) -> None:
        heard: dict[str, str] = {}
        for team in teams:
            for account in team.hears:
                if account in heard:
                    already = f"{heard[account]} hears {account} already"
                    self.file.wrong(f"teams.{team.name}", "hears", already)
                heard[account] = team.name
        for account in teams.unheard(accounts):
            self.file.problems.append(
                f"{self.file.name}: no team hears {account}. Add it to the `hears` of one."
            )


def _names(value: Any) -> Sequence[str]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise Wrong('It must be a list of accounts, such as ["twitter", "email"]')
    return value


def _unreachable(team: Team, entry: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Whom or where a rung calls although the team names nobody and no address."""
    has = {MANAGER: team.manager, ON_DUTY: "on_duty" in entry}
    has |= {road: road in entry for road in (Where.EMAIL, Where.WEBHOOK)}
    for key, rungs in (("nag", team.ladder), ("nag_promise", team.promise_ladder)):
        for need in dict.fromkeys(need for rung in rungs for need in (rung.call, rung.say)):
            if need in NEEDS and not has[need]:
                name, mend = NEEDS[need]
                word = "call" if need in (MANAGER, ON_DUTY) else "say"
                yield key, f'{word} = "{need}": the team has no `{name}`. Add {mend}'


def _holds(hours: Calendar, now: datetime, span: timedelta) -> bool:
    try:
        hours.due(now, span)
    except NeverOpens:
        return False
    return True


def _longest(team: Team) -> Iterator[tuple[str, Calendar, timedelta]]:
    """The longest span of each entry that has spans, and what it is counted by."""
    spans = {
        "answer_within": team.answer_within.values(),
        "further_within": team.further_within.values(),
        "keep_in_the_loop": team.keep_in_the_loop.values(),
        "claim_lease": [team.claim_lease],
        "silent_after": [team.silent_after],
        "nag": _lateness(team, team.ladder),
        "nag_promise": _lateness(team, team.promise_ladder),
    }
    for key, several in spans.items():
        yield key, team.calendar, max((each for each in several if each), default=NOTHING)
    for rule in team.rules:
        within = [each for each in (rule.first, rule.further, rule.loop) if each]
        yield "rules", ALWAYS if rule.urgent else team.calendar, max(within, default=NOTHING)


def _lateness(team: Team, rungs: Sequence[Rung]) -> Sequence[timedelta]:
    """How late the last call is at most; what warns before a deadline is not late."""
    again = team.repeat.every * team.repeat.times if team.repeat else NOTHING
    return [max(rung.after, NOTHING) + again for rung in rungs[-1:]]
