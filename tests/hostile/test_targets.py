"""Everything that reads what strangers wrote, over anything that they can write."""

from collections.abc import Sequence

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.hostile.target import Target
from tests.hostile.targets import TARGETS

TRIES, SLOW_TRIES = 60, 12


def writings(target: Target) -> st.SearchStrategy[bytes]:
    """What it usually gets, cut, mixed, repeated; what means something to it; and anything."""
    seeds = st.sampled_from(list(target.seeds))
    pieces = st.one_of(
        st.sampled_from([*target.tokens, *target.seeds]),
        st.binary(max_size=12),
        st.text(max_size=8).map(lambda each: each.encode("utf-8", "replace")),
    )
    return st.one_of(
        st.builds(_put_in, seeds, st.lists(st.tuples(st.floats(0, 1), pieces), max_size=5)),
        st.builds(_times, st.lists(pieces, max_size=8), st.sampled_from([1, 1, 3, 60])),
        st.binary(max_size=200),
    )


def _put_in(seed: bytes, pieces: Sequence[tuple[float, bytes]]) -> bytes:
    for where, piece in pieces:
        at = int(where * len(seed))
        seed = seed[:at] + piece + seed[at + len(piece) // 2 :]
    return seed


def _times(pieces: Sequence[bytes], times: int) -> bytes:
    return (b"".join(pieces) * times)[:20_000]


@pytest.mark.parametrize("name", TARGETS)
def test_it_reads_anything_and_says_only_what_it_may(name):
    target = TARGETS[name]

    @settings(
        max_examples=SLOW_TRIES if target.slow else TRIES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(raw=writings(target))
    def reads(raw: bytes) -> None:
        target.meet(raw)

    for seed in target.seeds:
        target.meet(seed)
    reads()


def test_what_is_not_allowed_comes_through():
    def stumbles(raw: bytes) -> None:
        raise KeyError(raw)

    with pytest.raises(KeyError):
        Target(stumbles, allowed=(ValueError,)).meet(b"x")


def test_what_is_allowed_must_say_why():
    def silent(_raw: bytes) -> None:
        raise ValueError

    with pytest.raises(AssertionError, match="says nothing"):
        Target(silent, allowed=(ValueError,)).meet(b"x")


def test_each_target_has_something_to_begin_with():
    assert all(target.seeds and any(target.seeds) for target in TARGETS.values())
