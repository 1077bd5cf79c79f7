"""The driver itself: a short town on each database, and a database that is killed under load."""

import pytest

from tests.faults.drive import drive

SHORT = 8.0  # seconds in which things go wrong


@pytest.mark.parametrize(
    ("workers", "kills", "least"),
    [
        pytest.param(1, 0, 10, id="one worker on SQLite"),
        pytest.param(2, 0, 10, id="two workers on PostgreSQL"),
        pytest.param(2, 4, 4, id="PostgreSQL killed under load"),
    ],
)
@pytest.mark.xdist_group("driven")
def test_whatever_goes_wrong_nothing_is_lost_doubled_or_contradictory(
    workers: int, kills: int, least: int, record_property
) -> None:
    told = drive(["2.2"], 1, workers, long=SHORT, kills=kills)

    faults = sum(told.faults.values())
    record_property("tells", f"{faults} faults, {told.events['written']} customers, seed 2.2")
    assert told.wrong == {}
    assert faults >= least
