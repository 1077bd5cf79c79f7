"""A few of them at each change; `make fuzz` tries all."""

import pytest

from tests.hostile.growth import BOMBS, MEASURED, MEMORY, faster, peak
from tests.hostile.target import Target
from tests.hostile.targets import TARGETS

FEW = (b"<", b"(", b"{a} ", b"\n> ", b"a ", b"http://a.b ", "e\u0301".encode())
MIXED = b"".join(BOMBS)


@pytest.mark.parametrize("name", MEASURED)
def test_time_and_memory_grow_no_faster_than_what_is_written(name):
    target = TARGETS[name]

    assert list(faster(target, FEW[:2] if target.slow else FEW)) == []
    assert target.slow or peak(target, MIXED) < MEMORY


def test_what_grows_with_the_square_is_seen():
    def square(raw: bytes) -> None:
        for number in range(len(raw)):
            raw.count(b"x", 0, number)
            raw.rfind(b"y", 0, number)

    assert list(faster(Target(square, largest=100_000), [b"a"]))
