"""A team's layer over the general guess: learns from few labels, and never silences a kind."""

import subprocess
import sys

import pytest

from bot.domain.guess import Lesson

np = pytest.importorskip("numpy")

from bot.triage import residual  # noqa: E402
from bot.triage.report import Scored  # noqa: E402
from bot.triage.residual import Examples  # noqa: E402

SIZE = 384


def world(many, seed=1, *, own=2.5, base=1.2):
    """A brand with words of its own: the general guess sees but a part of what is a complaint."""
    chance = np.random.default_rng(seed)
    known, theirs = np.random.default_rng(99).standard_normal((2, SIZE))
    x = chance.standard_normal((many, SIZE))
    tells = chance.standard_normal((many, 2))
    x += np.outer(tells[:, 0], known) + np.outer(tells[:, 1], theirs) * 0.7
    x /= np.linalg.norm(x, axis=1, keepdims=True)
    truth = base * tells[:, 0] + own * tells[:, 1]
    labels = (chance.random(many) < 1 / (1 + np.exp(-2 * truth))).astype(float)
    return Examples(x, base * 2 * tells[:, 0], labels, np.ones(many))


def learn(of):
    return residual.fit(of.embeddings, of.base, of.labels, of.weights)


def auc(lesson, on):
    scores = residual.score(lesson, on.embeddings, on.base)
    return Scored(scores.tolist(), (on.labels > 0.5).tolist()).auc


def test_a_hundred_labels_make_what_follows_better():
    later = world(2000, seed=2)

    assert auc(learn(world(100)), later) >= auc(None, later) + 0.03


def test_a_hundred_wrong_labels_hardly_harm_and_silence_nothing():
    before, later = world(100), world(2000, seed=2, own=0.0)
    wrong = Examples(before.embeddings, before.base, 1 - before.labels, before.weights)

    for lesson in (learn(wrong), learn(Examples(*vars(wrong).values()))):
        moved = residual.shift(lesson, later.embeddings)
        assert np.abs(moved).max() <= residual.FARTHEST
    assert residual.judge(wrong, None).why in (residual.CONTRADICT, residual.WORSE)


def test_nothing_is_moved_farther_than_it_may_be_whatever_was_taught():
    never = Examples(*(lambda w: (w.embeddings, w.base, w.labels * 0, w.weights))(world(2000)))
    odds = np.full(2000, 3.0)

    moved = residual.score(learn(never), never.embeddings, odds)

    assert moved.min() >= 1 / (1 + np.exp(-1.0)) - 1e-9
    assert residual.judge(never, None).why == residual.ONE_KIND
    huge = Lesson(weights=(np.ones(SIZE, dtype="<f4") * 1e6).tobytes(), bias=-1e6)
    assert np.abs(residual.shift(huge, never.embeddings)).max() <= residual.FARTHEST


def test_the_same_labels_teach_the_same_and_only_the_newest_count():
    many = world(residual.MOST + 50)

    assert learn(many) == learn(many) == learn(many.part(50, len(many)))


def test_it_takes_less_than_a_second_of_one_core():
    learning = "import bot.learning, time; from tests.triage.test_residual import *"
    timed = "w = world(residual.MOST); b = time.process_time(); residual.judge(w, None)"
    code = f"{learning}; {timed}; print(time.process_time() - b)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert float(done.stdout.split()[-1]) < 1


def test_only_what_is_no_worse_on_the_newest_replaces_what_is_in_force():
    good = world(400)
    in_force = residual.judge(good, None).lesson
    wrong = Examples(good.embeddings, good.base, good.labels.copy(), good.weights)
    wrong.labels[:320] = 1 - wrong.labels[:320]

    assert in_force is not None
    assert residual.judge(wrong, in_force).lesson is None


def test_too_few_labels_teach_nothing():
    assert residual.judge(world(residual.FEWEST - 1), None).why == residual.TOO_FEW


def test_labels_against_the_general_guess_make_no_layer():
    some = world(100, own=0.0)
    against = Examples(some.embeddings, -some.base, some.labels, some.weights)

    assert residual.judge(against, None).why == residual.CONTRADICT


def test_labels_at_random_make_no_layer():
    some = world(100)
    dice = [np.random.default_rng(seed).integers(0, 2, 100).astype(float) for seed in range(20)]
    of = [Examples(some.embeddings, some.base, thrown, some.weights) for thrown in dice]

    refused = [residual.judge(each, None).why == residual.CONTRADICT for each in of]

    assert sum(refused) >= 18


def test_what_a_few_labels_cannot_tell_apart_may_replace_what_is_in_force():
    judged = [residual.judge(world(100, seed), None) for seed in range(20)]

    assert sum(each.lesson is None for each in judged) <= 2


@pytest.mark.parametrize(("missed", "is_worse"), [(1, False), (2, True)])
def test_of_twenty_it_may_miss_one_that_is_found_now(missed, is_worse):
    x = np.zeros((20, SIZE))
    x[:missed, 0], x[missed:, 1] = 1.0, 1.0
    on = Examples(x, np.full(20, 0.5), np.array([1.0] * 10 + [0.0] * 10), np.ones(20))
    weights = np.zeros(SIZE, dtype="<f4")
    weights[0], weights[1] = -0.6, -0.1

    assert residual.worse(Lesson(weights=weights.tobytes(), bias=0.0), None, on, 0.5) is is_worse


def test_a_loss_that_is_no_chance_is_worse():
    on = world(20, own=0.0)
    on.labels[:16] = 1.0
    calm, wild = (Lesson(weights=bytes(4 * SIZE), bias=by) for by in (0.0, -1.9))

    assert residual.worse(wild, calm, on, 0.0)
    assert not residual.worse(calm, wild, on, 0.0)


def test_the_threshold_finds_the_wanted_share():
    chance = np.random.default_rng(5)
    labels = (chance.random(4000) < 0.4).astype(float)
    scores = 1 / (1 + np.exp(-(2 * labels - 1 + chance.standard_normal(4000))))
    ones = np.ones(4000)

    for recall in (0.8, 0.9, 0.95):
        at = residual.threshold(scores, labels, ones, recall)
        assert abs((scores[labels > 0] >= at).mean() - recall) < 0.02


def test_an_unflagged_complaint_weighs_as_many_as_it_stands_for():
    scores, labels = np.array([0.5] * 95 + [0.1] * 5), np.ones(100)
    alone, many = np.ones(100), np.array([1.0] * 95 + [20.0] * 5)

    lower = residual.threshold(scores, labels, many, 0.95, 0.3)
    assert lower < residual.threshold(scores, labels, alone, 0.95, 0.3)


def test_few_complaints_hardly_move_the_threshold_and_nothing_moves_it_out_of_bounds():
    def at(score, many, general=0.3):
        return residual.threshold(np.full(many, score), np.ones(many), np.ones(many), 0.95, general)

    assert at(0.5, 0) == 0.3
    assert at(0.5, 50) == pytest.approx(0.4)
    assert at(0.99, 5000) == residual.HIGHEST
    assert at(0.0, 5000) == residual.LOWEST


def test_the_bot_loads_no_numpy_until_it_learns():
    said = "import sys, bot.app; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "False"
