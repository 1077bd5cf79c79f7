"""What a team's labels teach: a small layer over the general guess, and where complaints begin.

The layer is a logistic regression that starts from the general guess: p = sigmoid(base + shift).
The shift is `bias + weights · embedding`, kept small by a penalty and bounded, so that a sure
complaint can become one to be checked, and no kind is ever silenced. Only numpy is needed here, and
it is only imported by whoever learns.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.domain.guess import GENERAL, Lesson
from bot.triage.report import Scored

Array = NDArray[np.float64]

PENALTY = 0.3  # on each weight
BIAS_PENALTY = 24.0  # on what is moved everywhere at once
FARTHEST = 2.0  # log-odds that a guess may be moved by
SUREST = 6.0  # log-odds: the general guess is never taken for surer
MOST = 2000  # labels, the newest
FEWEST = 40  # labels to learn from: of fewer, wrong ones are not told from right ones
STEPS, ENOUGH = 12, 1e-6
KEPT_BACK = 0.2  # of the labels, the newest: what a new layer is judged on
AGREEING = 0.6  # the general guess's AUC on the labels, below which one of them is at random
ENOUGH_OF_EACH = 5  # complaints and others, to say so
PASSED_OVER = 0.05  # of what it is judged on, complaints that it may miss beside those missed now
LOWEST, HIGHEST = 0.05, 0.6  # that a threshold may be
NOTHING = Lesson(weights=bytes(4 * 384), bias=0.0)  # moves nothing: there are too few labels
WORTH = 50  # complaints that the general threshold is worth


@dataclass(frozen=True)
class Examples:
    """Labels with what is known of them, oldest first; `labels` are 0 and 1."""

    embeddings: Array
    base: Array
    labels: Array
    weights: Array

    def __len__(self) -> int:
        return len(self.labels)

    def part(self, start: int, end: int) -> "Examples":
        cut = slice(start, end)
        return Examples(self.embeddings[cut], self.base[cut], self.labels[cut], self.weights[cut])


@dataclass(frozen=True)
class Judged:
    """A layer to be put in force, or why there is none.

    `kept_back` is how many of the newest labels it was judged on, `trial` the layer that was: made
    without them.
    """

    lesson: Lesson | None
    why: str = ""
    kept_back: int = 0
    trial: Lesson | None = None


CONTRADICT = "contradict"
ONE_KIND = "one kind"
TOO_FEW = "too few"
WORSE = "worse"


def fit(embeddings: Array, base: Array, labels: Array, weights: Array) -> Lesson:
    """The layer that fits the newest labels best, by Newton's method: the same for the same."""
    x = np.hstack([_floats(embeddings)[-MOST:], np.ones((len(labels[-MOST:]), 1))])
    start, y, w = (_floats(each)[-MOST:] for each in (_tame(base), labels, weights))
    penalty = np.full(x.shape[1], PENALTY)
    penalty[-1] = BIAS_PENALTY
    beta = np.zeros(x.shape[1])
    loss = _objective(beta, x, start, y, w, penalty)
    for _ in range(STEPS):
        p = _sigmoid(start + x @ beta)
        gradient = x.T @ (w * (p - y)) + penalty * beta
        curvature = (x * (w * p * (1 - p))[:, None]).T @ x + np.diag(penalty)
        step = np.linalg.solve(curvature, gradient)
        for _ in range(STEPS):  # never past the bottom
            tried = _objective(beta - step, x, start, y, w, penalty)
            if tried <= loss:
                break
            step = step / 2
        beta, gained, loss = beta - step, loss - tried, tried
        if gained < ENOUGH:
            break
    return Lesson(weights=beta[:-1].astype("<f4").tobytes(), bias=float(beta[-1]))


def score(
    lesson: Lesson | None, embeddings: Array, base: Array, beside: Array | None = None
) -> Array:
    """The probabilities under this layer; without one, those of the general guess.

    `beside` is what else moves them, in log-odds: both together no farther than one of them may.
    """
    moved = shift(lesson, embeddings)
    if beside is not None:
        moved = np.clip(moved + beside, -FARTHEST, FARTHEST)
    return _sigmoid(_tame(base) + moved)


def shift(lesson: Lesson | None, embeddings: Array) -> Array:
    """How many log-odds a guess is moved by, at most `FARTHEST`."""
    if lesson is None:
        return np.zeros(len(embeddings))
    moved = _floats(embeddings) @ np.frombuffer(lesson.weights, dtype="<f4") + lesson.bias
    bounded: Array = FARTHEST * np.tanh(moved / FARTHEST)
    return bounded


def judge(examples: Examples, in_force: Lesson | None, at: float = GENERAL) -> Judged:
    """Learn from the older labels, and compare with what is in force on the newest.

    Only what is no worse there is put in force; it is then made of all labels.
    """
    examples = examples.part(max(0, len(examples) - MOST), len(examples))
    ones = int(examples.labels.sum())
    if len(examples) < FEWEST:
        return Judged(None, TOO_FEW)
    if ones in (0, len(examples)):
        return Judged(None, ONE_KIND)
    both = min(ones, len(examples) - ones) >= ENOUGH_OF_EACH
    general = Scored(examples.base.tolist(), (examples.labels > 0.5).tolist())
    if both and general.auc < AGREEING:
        return Judged(None, CONTRADICT)
    newest = max(1, round(len(examples) * KEPT_BACK))
    older, newer = examples.part(0, len(examples) - newest), examples.part(-newest, len(examples))
    trial = fit(older.embeddings, older.base, older.labels, older.weights)
    if worse(trial, in_force, newer, at):
        return Judged(None, WORSE, newest, trial)
    made = fit(examples.embeddings, examples.base, examples.labels, examples.weights)
    return Judged(made, "", newest, trial)


def worse(new: Lesson, old: Lesson | None, on: Examples, at: float) -> bool:
    """By log loss, or by complaints missed at the threshold `at`.

    As far as so few can tell: give or take one standard error of the difference, and one complaint
    in twenty labels.
    """
    ours, theirs = (score(each, on.embeddings, on.base) for each in (new, old))
    weighs = float(on.weights.sum())
    missed = _missed(ours, on, at) - _missed(theirs, on, at)
    lost = _log_losses(ours, on) - _log_losses(theirs, on)
    mean = float((on.weights * lost).sum()) / weighs
    error = float(np.sqrt((on.weights**2 * (lost - mean) ** 2).sum())) / weighs
    return missed > PASSED_OVER * weighs or mean > error


def threshold(
    scores: Array, labels: Array, weights: Array, recall: float, general: float = GENERAL
) -> float:
    """From where on a mention counts as a complaint, so that this share of complaints is found.

    The labels are of mentions that were flagged and of some that were not, which weigh as many as
    they stand for. Few complaints say little: the general threshold counts like `WORTH` of them,
    so with n complaints it is (n * theirs + WORTH * general) / (n + WORTH).
    """
    of = _floats(labels) > 0.5
    found, weighs = _floats(scores)[of], _floats(weights)[of]
    if not len(found):
        return min(max(general, LOWEST), HIGHEST)
    order = np.argsort(-found, kind="stable")
    share = np.cumsum(weighs[order]) / weighs.sum()
    last = min(int(np.searchsorted(share, recall - 1e-9)), len(found) - 1)
    theirs, many = float(found[order][last]), len(found)
    mixed = (many * theirs + WORTH * general) / (many + WORTH)
    return min(max(mixed, LOWEST), HIGHEST)


def _objective(beta: Array, x: Array, start: Array, y: Array, w: Array, penalty: Array) -> float:
    odds = start + x @ beta
    loss = np.logaddexp(0, odds) - y * odds
    return float((w * loss).sum() + (penalty * beta**2).sum() / 2)


def _missed(scores: Array, on: Examples, at: float) -> float:
    return float(on.weights[(on.labels > 0.5) & (scores < at)].sum())


def _log_losses(scores: Array, on: Examples) -> Array:
    p = np.clip(scores, 1e-6, 1 - 1e-6)
    losses: Array = -(on.labels * np.log(p) + (1 - on.labels) * np.log(1 - p))
    return losses


def _tame(base: Array) -> Array:
    return np.clip(np.nan_to_num(_floats(base)), -SUREST, SUREST)


def _sigmoid(odds: Array) -> Array:
    p: Array = 1 / (1 + np.exp(-odds))
    return p


def _floats(values: Array) -> Array:
    return np.asarray(values, dtype=np.float64)
