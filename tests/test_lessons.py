"""The effect of what was taught, counted label by label."""

from datetime import timedelta

import pytest

from bot.domain.guess import Features, Lesson
from bot.lessons import Usual, effect
from storage.labels import Label
from tests.conftest import NOON

np = pytest.importorskip("numpy")

NOTHING = Lesson(weights=bytes(4 * 384), bias=0.0)
LOWERS = Lesson(weights=bytes(4 * 384), bias=-1.0)


def label(number, log_odds, *, complaint):
    features = Features(embedding=bytes(2 * 384), complaint=log_odds, needs_answer=0.0)
    return Label(
        mention=number,
        team="care",
        complaint=complaint,
        source="judged",
        at=NOON + timedelta(minutes=number),
        features=features.as_bytes(),
    )


def counted(lesson, *odds, alike=(), sure=0.99):
    some = [label(number, each, complaint=False) for number, each in enumerate(odds)]
    usual = Usual(0.3, sure, dict(enumerate(alike)))
    return effect(some, lesson, NOON, usual).false_alarms_after


def test_what_was_said_of_such_before_counts_beside_the_lesson():
    assert counted(NOTHING, 0.0, 0.0, alike=(-1.2, 0.0)) == 1
    assert counted(None, 0.0, 0.0, alike=(-1.2, 0.0)) == 1


def test_both_together_move_no_farther_than_one_of_them_may():
    assert counted(LOWERS, 1.4, alike=(-2.0,)) == 1
    assert counted(LOWERS, 1.0, alike=(-2.0,)) == 0


def test_a_sure_complaint_is_a_false_alarm_still_for_it_is_to_be_checked():
    assert counted(LOWERS, 0.0, alike=(-1.0,), sure=0.6) == 0
    assert counted(LOWERS, 0.5, alike=(-1.0,), sure=0.6) == 1


def test_missed_ones_are_counted_as_well():
    some = [label(1, 0.5, complaint=True), label(2, -2.0, complaint=True)]

    came = effect(some, LOWERS, NOON, Usual(0.3, 0.6, {2: 3.0}))

    assert (came.missed_before, came.missed_after, came.more_missed) == (1, 0, -1)
