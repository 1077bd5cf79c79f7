"""What if: what is stored, told again under other hours, targets and rungs."""

import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from pathlib import Path
from statistics import median
from typing import Any
from zoneinfo import ZoneInfo

from bot.desk import FARTHEST
from bot.domain.calendar import ALWAYS, HORIZON, NeverOpens
from bot.domain.case import Nagged
from bot.domain.clock import NOTHING, Owed, Standing, judged
from bot.domain.conversation import UNSETTLED, Conversation
from bot.domain.replay import Life, tell
from bot.domain.team import Team, Teams
from bot.domain.verdict import Verdict
from bot.policy.schedules import Schedules
from bot.policy.teams import teams_in
from storage import conversations, journal, verdicts
from storage.database import Database, Transaction, reading

A_MOMENT, A_DAY = timedelta(microseconds=1), timedelta(days=1)
LATELY = timedelta(days=30)  # what a question in Slack looks back on
LATE_BY = (  # each up to that much; the last is all that is longer
    ("up to 15 min", timedelta(minutes=15)),
    ("up to 1 h", timedelta(hours=1)),
    ("up to 4 h", timedelta(hours=4)),
    ("up to 24 h", timedelta(hours=24)),
    ("longer", timedelta.max),
)
LATE = (Standing.BROKEN, Standing.OVERDUE)
LABEL, COLUMN, BAR = 22, 20, 10  # characters
BLOCK = "\u2588"

Figure = tuple[str, int | timedelta | None, int | timedelta | None]


class Unreadable(Exception):
    """What somebody wrote as a team's part of teams.toml has problems, a sentence each."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class Span:
    """One clock with a deadline, and how it stands now; `ended_at` None: it still runs."""

    conversation: int
    due_at: datetime
    ended_at: datetime | None
    verdict: Standing

    def late(self, until: datetime) -> timedelta:
        """How late the answer was, or had become by then; what was cancelled owes none."""
        return min(self.ended_at or until, until) - self.due_at if self.verdict in LATE else NOTHING


@dataclass(frozen=True, kw_only=True)
class Told:
    """What came of a time: the clocks whose deadlines were in it, and its nags, in order.

    `strangers` counts the conversations of teams that the policy does not name, `untold` those from
    before there was a journal, which are left out.
    """

    start: datetime
    end: datetime
    now: datetime
    spans: Sequence[Span] = ()
    nags: Sequence[Nagged] = ()
    strangers: Mapping[str, int] = field(default_factory=dict)
    untold: int = 0

    @property
    def stood(self) -> Counter[Standing]:
        return Counter(span.verdict for span in self.spans)

    @property
    def lateness(self) -> Sequence[timedelta]:
        """Of all that were late, the least first: how late they had become in that time."""
        until = min(self.now, self.end)
        return sorted(span.late(until) for span in self.spans if span.verdict in LATE)

    @property
    def late_by(self) -> Counter[str]:
        """How many were late by how much, by the names in LATE_BY."""
        named = (next(name for name, most in LATE_BY if late <= most) for late in self.lateness)
        return Counter(named)

    @property
    def called(self) -> Counter[str]:
        return Counter(nag.whom for nag in self.nags)

    def hours(self, zone: ZoneInfo) -> Counter[int]:
        """How many nags in each hour of the day, on that zone's wall."""
        return Counter(nag.at.astimezone(zone).hour for nag in self.nags)


# Telling


def history(
    database: Database,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    team: str | None = None,
) -> Told:
    """What really came of it: from the verdicts and the journal, as they were written then."""
    with reading(database) as db:
        untold = journal.unknown(db, since=start, team=team)
        judged = map(_ended, verdicts.due_between(db, start, end, team=team))
        open_ones = conversations.due_between(db, start, end, team=team)
        spans = [*judged, *(_running(each, now) for each in open_ones)]
        nags = [
            nag
            for number, nag in journal.nagged_between(db, start, end, team=team)
            if number not in untold
        ]
    known = [span for span in spans if span.conversation not in untold]
    return Told(
        start=start,
        end=end,
        now=now,
        spans=sorted(known, key=_in_order),
        nags=sorted(nags, key=_by_time),
        untold=len(untold),
    )


def replayed(
    database: Database,
    teams: Teams,
    start: datetime,
    end: datetime,
    *,
    now: datetime,
    team: str | None = None,
) -> Told:
    """What would have come of it under the policy of `teams`, told until `now`."""
    spans: list[Span] = []
    nags: list[Nagged] = []
    strangers: Counter[str] = Counter()
    with reading(database) as db:
        untold = journal.unknown(db, since=start, team=team)
        for life in _lives(db, teams, start, now, team):
            spans += [span for span in _spans(life, now) if start <= span.due_at < end]
            nags += [nag for nag in life.nags if start <= nag.at < end]
            strangers[life.it.team] += life.it.team not in teams.by_name
    return Told(
        start=start,
        end=end,
        now=now,
        spans=sorted(spans, key=_in_order),
        nags=sorted(nags, key=_by_time),
        strangers=+strangers,
        untold=len(untold),
    )


def what_if(
    database: Database, team: Team, text: str, environment: Mapping[str, str], now: datetime
) -> tuple[Told, Told]:
    """The last thirty days as they were, and under `text`, its part of teams.toml as changed.

    Unreadable says what is wrong with the text.
    """
    now, start = told_until(database, now), now - LATELY
    teams = _read(team.name, text, environment, start)
    with_schedules(database, teams, start)
    was = history(database, start, now, now=now, team=team.name)
    return was, replayed(database, teams, start, now, now=now, team=team.name)


def with_schedules(database: Database, teams: Teams, at: datetime) -> None:
    """Add what the addresses gave last that these teams name. None is asked."""
    Schedules(_Asking(database, teams)).remember(at)


def told_until(database: Database, now: datetime) -> datetime:
    """Now; later where the clock was set back since the last thing was written down."""
    with reading(database) as db:
        last = journal.last(db)
    return max(now, last + A_MOMENT) if last else now


def zone_of(teams: Teams, team: str | None = None) -> ZoneInfo:
    """Whose days are meant: the team's, or everybody's where all share a zone; else UTC's."""
    zones = {each.calendar.zone for each in teams if team in (None, each.name)}
    return zones.pop() if len(zones) == 1 else ALWAYS.zone


def midnight(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(0), zone).astimezone(UTC)


# As text


def report(was: Told, would: Told, *, zone: ZoneInfo, named: str) -> Iterator[str]:
    """Both, side by side, as lines of text; `named` is what the other policy is called."""
    yield f"{_day(was.start, zone)} to {_day(was.end, zone)}, midnights of {zone.key}"
    for title, figures in tables(was, would, zone):
        yield ""
        yield _row(title, "as it was", named)
        most = largest(figures)
        for label, before, after in figures:
            drawn = [shown(each, most if title == HOURLY else 0) for each in (before, after)]
            yield _row(f"  {label}", *drawn)
    for note in notes(would, named):
        yield ""
        yield note


HOURLY = "nags by the hour"


def tables(was: Told, would: Told, zone: ZoneInfo) -> Iterator[tuple[str, Sequence[Figure]]]:
    """All figures of both, in groups with a title."""
    yield "deadlines", list(_figures(was, would))
    yield "late by", [(name, was.late_by[name], would.late_by[name]) for name, _ in LATE_BY]
    people = sorted({*was.called, *would.called})
    yield "nags to", [(who, was.called[who], would.called[who]) for who in people]
    before, after = was.hours(zone), would.hours(zone)
    hours = sorted({*before, *after})
    yield HOURLY, [(f"{hour:02}:00", before[hour], after[hour]) for hour in hours]


def as_json(was: Told, would: Told, zone: ZoneInfo) -> dict[str, Any]:
    """The same as plain JSON; spans in seconds."""
    return {
        "from": was.start.isoformat(),
        "to": was.end.isoformat(),
        "told_until": would.now.isoformat(),
        "time_zone": zone.key,
        "was": _plain(was, zone),
        "would": _plain(would, zone),
        "not_in_the_file": dict(would.strangers),
        "left_out": would.untold,
    }


def _plain(told: Told, zone: ZoneInfo) -> dict[str, Any]:
    seconds = [late.total_seconds() for late in told.lateness]
    return {
        "deadlines": len(told.spans),
        **{standing: told.stood[standing] for standing in Standing},
        "late": len(seconds),
        "median_lateness": median(seconds) if seconds else None,
        "longest_lateness": max(seconds, default=None),
        "late_by": {name: told.late_by[name] for name, _ in LATE_BY},
        "nags": len(told.nags),
        "nags_to": dict(sorted(told.called.items())),
        "nags_by_hour": {f"{hour:02}": many for hour, many in sorted(told.hours(zone).items())},
    }


def _figures(was: Told, would: Told) -> Iterator[Figure]:
    yield "in that time", len(was.spans), len(would.spans)
    for standing, label in STANDINGS.items():
        yield label, was.stood[standing], would.stood[standing]
    yield "late in all", len(was.lateness), len(would.lateness)
    yield "  median", _middle(was), _middle(would)
    yield "  longest", max(was.lateness, default=None), max(would.lateness, default=None)
    yield "nags in that time", len(was.nags), len(would.nags)


STANDINGS = {
    Standing.KEPT: "kept",
    Standing.BROKEN: "answered late",
    Standing.OVERDUE: "late and still open",
    Standing.PENDING: "open, not due yet",
    Standing.CANCELLED: "cancelled",
}


def notes(told: Told, named: str) -> Iterator[str]:
    """What one must know to read the figures."""
    for team, many in sorted(told.strangers.items()):
        yield f"{named} has no team “{team}”: its {_many(many)} as of the first team there."
    if told.untold:
        yield f"Left out: {_many(told.untold, 'is', 'are')} from before there was a journal."


def _many(number: int, one: str = "counts", several: str = "count") -> str:
    return f"{number} conversation{'' if number == 1 else 's'} {one if number == 1 else several}"


def _row(label: str, before: object, after: object) -> str:
    return f"{label:<{LABEL}}{before!s:>{COLUMN}}{after!s:>{COLUMN}}".rstrip()


def shown(value: int | timedelta | None, most: int = 0) -> str:
    """One figure; beside a bar where it is one of several, of which the largest is `most`."""
    if isinstance(value, timedelta):
        return lasting(value)
    if value is None:
        return "-"
    return f"{BLOCK * -(-value * BAR // most)} {value:>5}" if most else str(value)


def lasting(span: timedelta) -> str:
    """A span to the minute, however long: 0 min, 59 min, 31 h 5 min."""
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def largest(figures: Sequence[Figure]) -> int:
    """Of those that are numbers."""
    both = (each for _, *pair in figures for each in pair if isinstance(each, int))
    return max(both, default=0)


def _middle(told: Told) -> timedelta | None:
    seconds = [late.total_seconds() for late in told.lateness]
    return timedelta(seconds=median(seconds)) if seconds else None


def _day(at: datetime, zone: ZoneInfo) -> str:
    wall = at.astimezone(zone)
    return f"{wall:%Y-%m-%d}" if wall.time() == time(0) else f"{wall:%Y-%m-%d %H:%M}"


# How


@dataclass
class _Asking:
    """A desk, as far as schedules need one that tells nobody."""

    database: Database
    teams: Teams

    def tell(self, to: str, text: str, *, key: str) -> None:
        """Whoever asks what would be is no occasion to tell a channel anything."""


def _read(name: str, text: str, environment: Mapping[str, str], at: datetime) -> Teams:
    try:
        teams, problems = teams_in(Path("teams.toml"), text, environment, (), at)
    except tomllib.TOMLDecodeError as problem:
        raise Unreadable([f"This is not valid TOML: {problem}."]) from None
    if not problems and name not in teams.by_name:
        problems = [f"There is no team “{name}” in it. Leave the line [teams.{name}] as it is."]
    if problems:
        raise Unreadable(problems)
    return Teams({name: teams[name]})


def _lives(
    db: Transaction, teams: Teams, start: datetime, until: datetime, team: str | None
) -> Iterator[Life]:
    """All that can have a deadline or a nag from `start` on."""
    since = min(_looking_back(each, start) for each in teams)
    for diary in journal.lives(db, until=until, since=since, team=team):
        yield tell(diary, teams[diary.bare.team], until)


def _looking_back(team: Team, start: datetime) -> datetime:
    """Whatever this team had closed by then was due, and nagged about, before `start`.

    A pause may have reached beyond the end, and all that is promised is counted after it.
    """
    since, days = start - FARTHEST, 1
    try:
        while team.calendar.due(since - days * A_DAY, _longest(team)) >= since:
            days *= 2
    except NeverOpens:
        return since - HORIZON
    return since - days * A_DAY


def _longest(team: Team) -> timedelta:
    """The working time from a word of the customer's, or of ours, to the last nag about it."""
    kinds = (team.answer_within, team.further_within, team.keep_in_the_loop)
    targets = [within for each in kinds for within in each.values()]
    targets += [rule.within(owed) or NOTHING for rule in team.rules for owed in Owed]
    late = max((rung.after for rung in (*team.ladder, *team.promise_ladder)), default=NOTHING)
    again = team.repeat.every * team.repeat.times if team.repeat else NOTHING
    return max(targets, default=NOTHING) + max(late, NOTHING) + again


def _spans(life: Life, now: datetime) -> Iterator[Span]:
    for over in life.over:
        was = over.ended.clock
        if was.due_at:
            verdict = judged(was.due_at, over.ended.at, answered=over.ended.answered)
            yield Span(was.id, was.due_at, over.ended.at, verdict)
    if life.it.due_at and life.it.state in UNSETTLED:
        yield _running(life.it, now)


def _ended(verdict: Verdict) -> Span:
    assert verdict.due_at is not None, "only what had a deadline is told"
    return Span(verdict.conversation, verdict.due_at, verdict.ended_at, verdict.verdict)


def _running(conversation: Conversation, now: datetime) -> Span:
    assert conversation.due_at is not None, "only what has a deadline is told"
    verdict = Standing.OVERDUE if conversation.due_at <= now else Standing.PENDING
    return Span(conversation.id, conversation.due_at, None, verdict)


def _in_order(span: Span) -> tuple[int, datetime]:
    return span.conversation, span.due_at


def _by_time(nag: Nagged) -> tuple[datetime, str, int]:
    return nag.at, nag.whom, nag.rung
