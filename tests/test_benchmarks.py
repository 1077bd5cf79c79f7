"""The figures can be measured: each bench that needs no process of its own, at its smallest."""

import json
import math
from dataclasses import replace

import pytest

from benchmarks.__main__ import measured
from benchmarks.harness import BENCHES, Figure, Scale, Wanted, in_pairs, percentile, timed
from benchmarks.table import Row, kept, printed

TINY = Scale(0.001)
ALONE = ("intake", "sweep", "queue", "pace", "deadlines")  # these start no process
INSIDE = [each for each in BENCHES if each.path in ALONE or each.name == "click_to_claim"]
MET = Figure(name="a look", ours=[1.0, 2.0], limit=[1.0], wanted=[Wanted("ratio", most=2.0)])


@pytest.mark.parametrize("bench", INSIDE, ids=lambda bench: bench.name)
def test_each_figure_is_a_number(bench):
    rows = measured(bench, bench.on[0], TINY)

    assert rows
    for row in rows:
        assert row.figure.ours, row.figure.note
        assert all(math.isfinite(row.figure.got(wanted.of)) for wanted in row.figure.wanted)


def test_each_bench_says_what_is_measured_against_what():
    assert len(BENCHES) > 12
    assert [each.name for each in BENCHES if len(each.measure.__doc__ or "") < 60] == []


def test_a_bench_that_fails_is_a_row_that_says_why():
    def breaks(_ground):
        raise LookupError("there is no disk")

    [row] = measured(replace(BENCHES[0], measure=breaks), "sqlite", TINY)

    assert row.figure.met is None
    assert "there is no disk" in row.figure.note
    assert "there is no disk" in printed([row])


def test_a_figure_is_met_when_all_that_is_wanted_of_it_holds():
    assert MET.got("ratio") == 1.5
    assert MET.met
    assert not replace(MET, wanted=[*MET.wanted, Wanted("max", most=1.9)]).met
    assert not replace(MET, wanted=[Wanted("median", least=5)]).met


def test_the_table_and_the_json_tell_the_same(tmp_path):
    row = Row("look", "sqlite", MET, "One beside the other.")

    kept([row], {"cores": 2}, tmp_path / "bench.json")
    told = json.loads((tmp_path / "bench.json").read_text())

    assert printed([row]).splitlines()[1].split()[-1] == "yes"
    assert told["machine"] == {"cores": 2}
    assert told["figures"][0]["wanted"][0]["got"] == 1.5
    assert told["figures"][0]["ours"] == {"median": 1.0, "p99": 2.0, "count": 2}


def test_pairs_are_measured_in_turn_and_what_warms_up_does_not_count():
    order = []

    def one(name):
        order.append(name)
        return float(len(order))

    ours, limit = in_pairs(lambda: one("ours"), lambda: one("limit"), rounds=2, warm=1)

    assert order == ["ours", "limit", "limit", "ours", "ours", "limit"]
    assert (ours, limit) == ([4.0, 5.0], [3.0, 6.0])


def test_a_percentile_is_one_of_the_values():
    assert percentile(range(1, 101), 99) == 99
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert timed(lambda: None) >= 0
