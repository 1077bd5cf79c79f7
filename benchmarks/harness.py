"""What a figure is, how two things are measured in pairs, and which figures there are."""

import gc
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter, process_time
from typing import Literal

SQLITE, POSTGRESQL = "sqlite", "postgresql"
BOTH = (SQLITE, POSTGRESQL)
Of = Literal["ratio", "median", "p99", "max", "beyond"]


@dataclass(frozen=True)
class Scale:
    """How much of the whole thing is measured: 1 all of it, less for a quick look."""

    share: float = 1.0

    def __call__(self, whole: int, *, least: int = 1) -> int:
        return max(least, round(whole * self.share))


@dataclass(frozen=True)
class Ground:
    """Where a figure is measured: which database, in which folder, and how much of everything."""

    kind: str
    folder: Path
    scale: Scale = Scale()


@dataclass(frozen=True)
class Wanted:
    """`of`: the ratio of medians, our median, p99 or maximum, or our p99 beyond the limit's."""

    of: Of
    most: float = math.inf
    least: float = -math.inf

    def met(self, got: float) -> bool:
        return self.least <= got <= self.most


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Ours and the limit's, measured in one run; `note` says what stood in the way."""

    name: str
    ours: Sequence[float] = ()
    limit: Sequence[float] = ()
    wanted: Sequence[Wanted] = ()
    unit: str = "ms"
    note: str = ""

    def got(self, of: Of) -> float:
        if of == "ratio":
            return median(self.ours) / median(self.limit)
        if of == "beyond":
            return percentile(self.ours, 99) - percentile(self.limit, 99)
        asked = {"median": 50, "p99": 99, "max": 100}
        return percentile(self.ours, asked[of])

    @property
    def met(self) -> bool | None:
        """None where nothing could be measured."""
        if not self.ours:
            return None
        return all(each.met(self.got(each.of)) for each in self.wanted)


Measure = Callable[[Ground], Figure | Iterable[Figure]]


@dataclass(frozen=True)
class Bench:
    """A function that measures, and the path that it belongs to."""

    path: str
    on: Sequence[str]
    measure: Measure

    @property
    def name(self) -> str:
        return self.measure.__name__


BENCHES: list[Bench] = []


def bench(path: str, *, on: Sequence[str] = BOTH) -> Callable[[Measure], Measure]:
    """Name a function among the figures; `path` is what ONLY= asks for."""

    def named(measure: Measure) -> Measure:
        BENCHES.append(Bench(path, on, measure))
        return measure

    return named


def percentile(times: Sequence[float], share: float) -> float:
    """The smallest of them that so many percent do not exceed."""
    ordered = sorted(times)
    return ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)]


class Watch:
    """Tells the time in seconds: the wall's, or ours and our database sessions' on the processor.

    The second is not lengthened by what else runs on the machine; nor does it know of the disk.
    """

    def __init__(self) -> None:
        self.on_processor = False
        self.sessions: set[int] = set()  # of PostgreSQL, by their process ids

    def __call__(self) -> float:
        if not self.on_processor:
            return perf_counter()
        return process_time() + sum(map(_ran, tuple(self.sessions)))


watch = Watch()


def _ran(process: int) -> float:
    try:
        return int(Path(f"/proc/{process}/schedstat").read_text().split()[0]) / 1e9
    except OSError:  # it has ended
        watch.sessions.discard(process)
        return 0.0


def timed(act: Callable[[], object], *, per: int = 1) -> float:
    """How long it takes, in ms, shared among so many."""
    start = watch()
    act()
    return (watch() - start) * 1000 / per


def in_pairs(
    ours: Callable[[], float], limit: Callable[[], float], *, rounds: int, warm: int = 2
) -> tuple[list[float], list[float]]:
    """Each in turn, so that a noisy machine troubles both alike; what warms up does not count."""
    for _ in range(warm):
        ours(), limit()
    mine, theirs = [], []
    gc.collect()
    for number in range(rounds):
        first, second = (ours, limit) if number % 2 else (limit, ours)
        a, b = first(), second()
        mine.append(a if number % 2 else b)
        theirs.append(b if number % 2 else a)
    return mine, theirs
