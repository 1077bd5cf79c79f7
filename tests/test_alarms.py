"""The alarms in simulated months; `python -m tests.alarms` prints more of them."""

import pytest

from tests import alarms


@pytest.mark.parametrize(("busiest", "weeks"), [(0.5, 0.0), (3.0, 2.0), (20.0, 8.0)])
def test_quiet_months_have_hardly_a_false_alarm(busiest, weeks):
    told = [alarms.false_alarms(alarms.arrivals(seed, busiest, weeks)) for seed in range(3)]

    assert sum(told) <= 1


def test_surges_and_silences_of_a_month_are_told_in_time(tmp_path):
    found = alarms.Month(0, tmp_path).live()

    assert all(late is not None and late <= 45 for late in found.surges)
    assert all(late is not None and late <= 30 for late in found.silences)
    assert found.by_road > 0
    assert found.false_surges + found.false_silences == 0
