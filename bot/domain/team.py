"""A team: what it hears, what it promised, and who is called when a promise is late."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from bot.domain.approval import Approval
from bot.domain.calendar import ALWAYS, Calendar, Pause
from bot.domain.clock import (
    CHANNEL,
    HERE,
    MANAGER,
    NOTHING,
    ON_DUTY,
    OWNER,
    Clock,
    Owed,
    Repeat,
    Rung,
)
from bot.domain.guess import Leaning, Severity
from bot.domain.mention import Kind
from bot.domain.roles import Right, Roles
from bot.domain.rota import Rota

PICTURES = (LINK, SHOW, UPLOAD) = ("link", "show", "upload")  # what becomes of a customer's
HOLIDAYS, DUTIES = "holidays", "duties"  # what a source has
BEFORE_A_PROMISE = Rung(after=timedelta(minutes=-30), call=OWNER)


class Described(Protocol):
    """What a rule looks at."""

    @property
    def kind(self) -> Kind: ...
    @property
    def platform(self) -> str: ...
    @property
    def tags(self) -> Sequence[str]: ...
    @property
    def language(self) -> str | None: ...
    @property
    def urgent(self) -> bool: ...
    @property
    def severity(self) -> str: ...


class Held(Protocol):
    """What decides whom a rung means by its owner."""

    @property
    def owner(self) -> str | None: ...
    @property
    def promised_by(self) -> str | None: ...
    @property
    def proposed(self) -> str | None: ...
    @property
    def escalated_to(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Whom it is for, and what they are promised, in working time; None: nothing.

    An empty condition holds for everybody. What is `urgent` is counted, and called, day and night.
    """

    name: str
    kinds: Sequence[Kind] = ()
    platforms: Sequence[str] = ()
    tags: Sequence[str] = ()
    languages: Sequence[str] = ()
    severities: Sequence[Severity] = ()
    first: timedelta | None = None
    further: timedelta | None = None
    loop: timedelta | None = None
    urgent: bool = False
    approval: bool = field(default=False, compare=False)  # decides about answers, not deadlines

    def matches(self, it: Described) -> bool:
        spoken = (it.language or "").lower()
        return (
            (not self.kinds or it.kind in self.kinds)
            and (not self.platforms or it.platform in self.platforms)
            and (not self.tags or bool({tag.lower() for tag in it.tags} & set(self.tags)))
            and (not self.languages or any(_speaks(spoken, each) for each in self.languages))
            and (not self.severities or it.severity in self.severities)
        )

    def within(self, owed: Owed) -> timedelta | None:
        return {
            Owed.FIRST: self.first,
            Owed.FURTHER: self.further or self.first,
            Owed.LOOP: self.loop,
        }.get(owed)


@dataclass(frozen=True)
class Source:
    """An address that holidays or duties are taken from, and whom its names mean.

    It may hold a secret: only its host is ever shown.
    """

    address: str = field(repr=False)
    what: str
    people: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Team:
    """`hears` names accounts; an empty one hears all that no other team names.

    `rules` come before what is promised to each kind. `roads` are tried in turn where Slack can't
    be reached: "email:lead@acme.example", "webhook:https://…". `written` is its part of the file.
    """

    name: str
    channel: str
    answer_within: Mapping[Kind, timedelta]
    ladder: Sequence[Rung]
    hears: Sequence[str] = ()
    manager: str | None = None
    calendar: Calendar = ALWAYS
    further_within: Mapping[Kind, timedelta] = field(default_factory=dict)
    keep_in_the_loop: Mapping[Kind, timedelta] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    repeat: Repeat | None = None
    promise_ladder: Sequence[Rung] = ()
    claim_lease: timedelta | None = None
    rota: Rota | None = None
    roads: Sequence[str] = field(default=(), repr=False)  # webhooks are secrets
    sources: Sequence[Source] = ()
    written: str = field(default="", compare=False)
    roles: Roles = field(default_factory=Roles)
    approval: Approval | None = None  # a rule may ask for it as well
    signature: str = ""  # may name {agent}, {agent_initials}, {team}
    watch: Sequence[str] = ()  # what must not slip into a public answer: see domain/warnings.py
    pictures: str = LINK
    retention: timedelta | None = None  # in calendar days; None: for ever
    silent_after: timedelta | None = None  # of working time in which nobody does anything
    triage: Leaning = field(default_factory=Leaning)
    language: str = "en"  # of what stands in the channel

    def rule(self, it: Described) -> Rule:
        """The first that matches; the last resort is what its kind is promised."""
        found = next((rule for rule in self.rules if rule.matches(it)), self._of_kind(it.kind))
        return replace(found, urgent=True) if it.urgent else found

    def clock(
        self, it: Described, owed: Owed, since: datetime, pauses: Sequence[Pause] = ()
    ) -> Clock | None:
        """The clock of a customer who wrote at `since`; None where the team promised nothing."""
        rule = self.rule(it)
        within = rule.within(owed)
        if within is None:
            return None
        calendar = ALWAYS if rule.urgent else self.calendar
        due_at = calendar.due(since, within, pauses)
        return self._clock(rule, owed, since, within, due_at, self.ladder, pauses)

    def promise(
        self, it: Described, made_at: datetime, due_at: datetime, pauses: Sequence[Pause] = ()
    ) -> Clock:
        """The clock of what somebody promised for `due_at`, whatever the hours are then."""
        rule = self.rule(it)
        calendar = ALWAYS if rule.urgent else self.calendar
        within = calendar.between(made_at, max(made_at, due_at))
        late = [rung for rung in self.ladder if rung.after >= NOTHING]
        ladder = self.promise_ladder or (BEFORE_A_PROMISE, *late)
        return self._clock(rule, Owed.PROMISE, made_at, within, due_at, ladder, pauses)

    def whom(self, call: str, owner: str | None, at: datetime) -> str:
        """Who a rung means at that moment: a member's id, a group's, "channel" or "here"."""
        if call == OWNER:
            return owner or HERE
        if call == MANAGER:
            return self.manager or CHANNEL
        if call == ON_DUTY:
            return next(iter(self.rota.on_duty(at) if self.rota else ()), CHANNEL)
        return call

    def answerable(self, it: Held) -> str | None:
        """Whom a rung means by the owner: who must approve, whom it went up to, or who has it."""
        if it.proposed:
            return self.approver(it.owner)
        return it.escalated_to or it.owner or it.promised_by

    def approver(self, author: str | None) -> str:
        """Who is called while an answer of this author's waits for a second person."""
        able = self.roles.by_right.get(Right.APPROVE, [self.manager or CHANNEL])
        return next((id for id in able if id[0] in "UWS" and id != author), CHANNEL)

    @property
    def longest_promise(self) -> timedelta:
        own = [rule.first for rule in self.rules if rule.first]
        return max([*self.answer_within.values(), *own], default=NOTHING)

    @cached_property
    def policy(self) -> str:
        """All that decides about deadlines and nags, as JSON: the same text for the same policy."""
        return json.dumps(_plain(self._decisive()), sort_keys=True, ensure_ascii=False)

    @cached_property
    def fingerprint(self) -> str:
        return hashlib.sha256(self.policy.encode()).hexdigest()[:16]

    def _decisive(self) -> dict[str, Any]:
        names = ("name", "answer_within", "further_within", "keep_in_the_loop", "rules", "ladder")
        more = ("repeat", "promise_ladder", "claim_lease", "manager", "rota", "calendar")
        rota = self.rota and replace(self.rota, duties=())  # a schedule's days come and go
        return {name: getattr(self, name) for name in (*names, *more)} | {"rota": rota}

    def _of_kind(self, kind: Kind) -> Rule:
        return Rule(
            name=kind,
            kinds=(kind,),
            first=self.answer_within.get(kind),
            further=self.further_within.get(kind),
            loop=self.keep_in_the_loop.get(kind),
        )

    def _clock(
        self,
        rule: Rule,
        owed: Owed,
        since: datetime,
        within: timedelta,
        due_at: datetime,
        ladder: Sequence[Rung],
        pauses: Sequence[Pause],
    ) -> Clock:
        return Clock(
            owed=owed,
            rule=rule.name,
            since=since,
            within=within,
            due_at=due_at,
            calendar=ALWAYS if rule.urgent else self.calendar,
            pauses=pauses,
            ladder=ladder,
            repeat=self.repeat,
            urgent=rule.urgent,
        )


@dataclass(frozen=True)
class Teams:
    """All teams, by name. `tell` is who hears about trouble that no channel can show."""

    by_name: dict[str, Team] = field(default_factory=dict)
    tell: str | None = None

    def __getitem__(self, name: str) -> Team:
        return self.by_name.get(name) or next(iter(self))  # a removed team's work goes to the first

    def __iter__(self) -> Iterator[Team]:
        return iter(tuple(self.by_name.values()))

    def change(self, team: Team) -> None:
        """A schedule or a holiday list has news, and from now on the team is this one."""
        self.by_name[team.name] = team

    def remove(self, name: str) -> None:
        """It is no team any more; its work goes to the first."""
        self.by_name.pop(name, None)

    def hearing(self, account: str) -> Team:
        named = (team for team in self if account in team.hears)
        others = (team for team in self if not team.hears)
        return next(named, None) or next(others, None) or next(iter(self))

    def of_channel(self, channel: str) -> Team | None:
        return next((team for team in self if team.channel == channel), None)

    def unheard(self, accounts: Iterable[str]) -> Sequence[str]:
        """The accounts that no team hears."""
        if any(not team.hears for team in self):
            return []
        heard = {account for team in self for account in team.hears}
        return [account for account in accounts if account not in heard]


def _speaks(spoken: str, language: str) -> bool:
    """Whether "de-AT" is the "de" that a rule names (BCP 47)."""
    return spoken == language or spoken.startswith(f"{language}-")


def _plain(thing: Any) -> Any:
    """Any part of a policy as plain JSON."""
    if isinstance(thing, Mapping):
        return {str(key): _plain(value) for key, value in thing.items()}
    if isinstance(thing, (list, tuple)):
        return [_plain(each) for each in thing]
    if isinstance(thing, timedelta):
        return thing.total_seconds()
    if thing is None or isinstance(thing, (str, int, float)):
        return thing
    if hasattr(thing, "__dataclass_fields__"):
        fields = thing.__dataclass_fields__.values()
        return {each.name: _plain(getattr(thing, each.name)) for each in fields if each.compare}
    return str(thing)
