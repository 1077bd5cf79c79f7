"""What labels teach: a lesson, from where on a mention is a complaint under it, and its effect.

numpy is only loaded by whoever learns.
"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from bot.domain.guess import Features, Lesson
from bot.domain.team import Team
from storage.labels import Label
from storage.lessons import COMPLAINT, Taught

if TYPE_CHECKING:
    from bot.triage.residual import Array, Examples

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # numpy reads it when it is loaded: one core

HEAVIEST = 10.0  # as many as a sampled one counts for where a layer is fitted
EVEN = 0.5  # from where on the general guess says that it needs an answer
NOTHING = Lesson(weights=b"", bias=0.0)
COUNTED = ("false_alarms_before", "false_alarms_after", "missed_before", "missed_after")


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What was taught, against the general guess, on labels since then that it had not seen."""

    since: datetime
    labels: int = 0
    false_alarms_before: int = 0
    false_alarms_after: int = 0
    missed_before: int = 0
    missed_after: int = 0

    @property
    def fewer_alarms(self) -> int:
        return self.false_alarms_before - self.false_alarms_after

    @property
    def more_missed(self) -> int:
        return self.missed_after - self.missed_before

    def __add__(self, other: "Effect") -> "Effect":
        names = ("labels", *COUNTED)
        both = {name: getattr(self, name) + getattr(other, name) for name in names}
        return Effect(since=min(self.since, other.since), **both)


@dataclass(frozen=True)
class Usual:
    """From which probability on something is a complaint where nobody has taught anything; from
    `sure` on nothing that was taught makes it none.

    `alike` is how many log-odds a labelled mention was moved by what was said before of such.
    """

    begins: float
    sure: float
    alike: Mapping[int, float] = field(default_factory=dict)


def learn(
    team: Team, what: str, of: Sequence[Label], old: Taught | None, now: datetime, usual: Usual
) -> Taught:
    """An attempt: with a lesson, or with the reason why there is none."""
    from bot.triage import residual

    some = [each for each in of if getattr(each, what) is not None]
    attempt = Taught(team=team.name, what=what, made_at=now, lesson=NOTHING, labels=len(some))
    if len(some) < residual.FEWEST:
        return _with(attempt, lesson=residual.NOTHING)
    examples = _examples(some, what)
    at = usual.begins if what == COMPLAINT else EVEN
    judged = residual.judge(examples, old.lesson if old else None, at)
    if judged.lesson is None and old and old.recall != team.triage.recall and what == COMPLAINT:
        stays = _with_threshold(team, old.lesson, some, examples, usual)
        return _with(attempt, lesson=stays, effect=old.effect)
    if judged.lesson is None:
        return _with(attempt, refused=judged.why)
    made = judged.lesson
    if what == COMPLAINT:
        made = _with_threshold(team, made, some, examples, usual)
    newest = some[-judged.kept_back :]
    trial = judged.trial and _like(judged.trial, made.threshold)
    came = effect(newest, trial, newest[0].at, usual) if what == COMPLAINT else None
    return _with(attempt, lesson=made, effect=_plain(came) if came else {})


def effect(some: Sequence[Label], lesson: Lesson | None, since: datetime, usual: Usual) -> Effect:
    """How many of these would have been false alarms, or missed, without and with what is taught:
    the lesson, and what was said of such before."""
    said = [each for each in some if each.complaint is not None]
    if not said:
        return Effect(since=since)
    from bot.triage import residual

    examples, after = _examples(said, COMPLAINT), lesson.threshold if lesson else None
    begins = usual.begins if after is None else after
    alike = _array([usual.alike.get(each.mention, 0.0) for each in said])
    general = residual.score(None, examples.embeddings, examples.base)
    scores = residual.score(lesson, examples.embeddings, examples.base, alike)
    untaught = general >= usual.begins
    taught = (scores >= begins) | (general >= max(begins, usual.sure))
    complains = examples.labels > 0.5
    return Effect(
        since=since,
        labels=len(said),
        false_alarms_before=int((untaught & ~complains).sum()),
        false_alarms_after=int((taught & ~complains).sum()),
        missed_before=int((~untaught & complains).sum()),
        missed_after=int((~taught & complains).sum()),
    )


def _with_threshold(
    team: Team, made: Lesson, some: Sequence[Label], examples: "Examples", usual: Usual
) -> Lesson:
    """Set anew after each fit: labels only of what was flagged would wear recall away."""
    from bot.triage import residual

    scores = residual.score(made, examples.embeddings, examples.base)
    stand_for = _array([1 / each.rate if each.rate else 1.0 for each in some])
    recall = team.triage.recall
    at = residual.threshold(scores, examples.labels, stand_for, recall, usual.begins)
    return _like(made, at)


def _examples(some: Sequence[Label], what: str) -> "Examples":
    import numpy as np

    from bot.triage.residual import Examples

    features = [Features.from_bytes(each.features or b"") for each in some]
    embeddings = [np.frombuffer(each.embedding, dtype="<f2") for each in features]
    return Examples(
        np.array(embeddings, dtype=np.float64).reshape(len(some), -1),
        _array([getattr(each, what) for each in features]),
        _array([float(getattr(each, what)) for each in some]),
        _array([min(1 / each.rate, HEAVIEST) if each.rate else 1.0 for each in some]),
    )


def _array(values: Sequence[float]) -> "Array":
    import numpy as np

    return np.array(values, dtype=np.float64)


def _like(lesson: Lesson, threshold: float | None) -> Lesson:
    return Lesson(weights=lesson.weights, bias=lesson.bias, threshold=threshold)


def _with(taught: Taught, **changes: Any) -> Taught:
    return Taught(**{**vars(taught), **changes})


def _plain(effect: Effect) -> Mapping[str, Any]:
    return {**vars(effect), "since": effect.since.isoformat()}
