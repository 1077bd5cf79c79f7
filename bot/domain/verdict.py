"""How a clock ended: the facts, as they were judged under the policy of that day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.domain.calendar import Pause
from bot.domain.case import Nagged
from bot.domain.clock import Owed, Standing, judged, worked
from bot.domain.conversation import Ended
from bot.domain.team import Team


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """Written once and never rewritten.

    Spans are whole seconds: `response` and `late` as they passed, `worked` and `overrun` in working
    time. `called` is whom the nags named, in order, each once. `policy` is its fingerprint.
    """

    conversation: int
    team: str
    owed: Owed
    rule: str
    kind: str
    since: datetime
    due_at: datetime | None
    ended_at: datetime
    how: str
    by: str | None
    verdict: Standing
    response: int
    worked: int
    late: int
    overrun: int
    nags: int
    called: Sequence[str]
    pauses: Sequence[Pause]
    policy: str


def verdict(ended: Ended, team: Team, nags: Sequence[Nagged]) -> Verdict:
    """The facts of a clock that has ended."""
    was, at = ended.clock, ended.at
    clock = was.clock(team)
    since = clock.since if clock else was.waiting_since
    spent = clock.worked(at) if clock else worked(team.calendar, since, at, was.pauses)
    return Verdict(
        conversation=was.id,
        team=team.name,
        owed=was.owed,
        rule=clock.rule if clock else team.rule(was).name,
        kind=was.kind,
        since=since,
        due_at=was.due_at,
        ended_at=at,
        how=ended.how,
        by=ended.by,
        verdict=judged(was.due_at, at, answered=ended.answered),
        response=_seconds(at - since),
        worked=_seconds(spent),
        late=_seconds(at - was.due_at) if was.due_at else 0,
        overrun=_seconds(clock.overrun(at)) if clock else 0,
        nags=len(nags),
        called=tuple(dict.fromkeys(nag.whom for nag in nags)),
        pauses=tuple(was.pauses),
        policy=team.fingerprint,
    )


def _seconds(span: timedelta) -> int:
    """Whole seconds; what ended before it began took none."""
    return max(0, int(span.total_seconds()))
