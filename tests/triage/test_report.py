"""The figures, against what can be counted by hand."""

import pytest

from bot.triage.report import Scored, table

FEW = Scored([0.9, 0.8, 0.7, 0.4, 0.2, 0.1], [True, False, True, True, False, False])


def test_what_is_found_and_missed_is_counted():
    assert FEW.counted(0.5) == (2, 1, 1, 2)
    assert FEW.recall(0.5) == pytest.approx(2 / 3)
    assert FEW.precision(0.5) == pytest.approx(2 / 3)
    assert FEW.macro_f1(0.5) == pytest.approx(2 / 3)


def test_auc_is_how_often_a_complaint_is_guessed_higher():
    assert FEW.auc == pytest.approx(7 / 9)
    assert Scored([0.5] * 4, [True, False, True, False]).auc == pytest.approx(0.5)


def test_calibration_is_how_far_guesses_are_from_what_is_so():
    assert Scored([0.75] * 4, [True, True, True, False]).calibration_error == pytest.approx(0)
    assert Scored([0.95] * 4, [True, True, False, False]).calibration_error == pytest.approx(0.45)


@pytest.mark.parametrize(("recall", "at"), [(1.0, 0.4), (0.95, 0.4), (0.6, 0.7), (0.3, 0.9)])
def test_the_threshold_finds_the_wanted_share(recall, at):
    assert FEW.threshold(recall) == at
    assert FEW.recall(at) >= recall


def test_the_table_says_what_the_threshold_should_be():
    told = list(table(FEW, 0.3, 0.95))

    assert told[0] == "6 texts, 3 of them complaints"
    assert told[1].split() == ["AUC", "0.778"]
    assert told[-1].split()[:3] == ["0.400", "1.000", "0.750"]
    assert told[-1].endswith("for a recall of 0.95")
