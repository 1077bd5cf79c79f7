"""Whether the timers move: each beats when it begins, at each step, and when it ends."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import timedelta

from bot.domain.health import Still

INTERVALS = 3  # of a timer, without a sign, until it is noticed
LEAST = timedelta(seconds=15)  # three looks of the watch; a database may keep one waiting as long
OVER = timedelta(minutes=5)  # without a sign, until waiting helps no more
TIMES = 4  # its patience, for what is slow by itself
_MOVE: ContextVar[Callable[[], None]] = ContextVar("move", default=lambda: None)


def moving() -> None:
    """The timer that we work for has done a step: however long it takes, it does not hang."""
    _MOVE.get()()


@dataclass
class _Timer:
    patience: float
    over: float
    moved_at: float


class Pulse:
    """`awake` counts seconds in which this process was at work, by a clock that nobody sets."""

    def __init__(self, awake: Callable[[], float] = time.monotonic) -> None:
        self.awake = awake
        self._timers: dict[str, _Timer] = {}

    def expect(
        self,
        name: str,
        every: timedelta,
        *,
        slowest: timedelta = timedelta(0),
        over: timedelta | None = None,
    ) -> None:
        """From now on this timer must move; one step may take the `slowest` without a sign."""
        patience = max(INTERVALS * every, LEAST, slowest)
        end = over or max(OVER, TIMES * patience)
        timer = _Timer(patience.total_seconds(), end.total_seconds(), self.awake())
        self._timers[name] = timer

    def beat(self, name: str) -> None:
        self._timers[name].moved_at = self.awake()

    @contextmanager
    def beating(self, name: str) -> Iterator[None]:
        """A run of it: `moving` beats for it meanwhile."""
        token = _MOVE.set(lambda: self.beat(name))
        try:
            self.beat(name)
            yield
        finally:
            self.beat(name)
            _MOVE.reset(token)

    def silences(self) -> dict[str, timedelta]:
        """For how long each timer has not moved."""
        now, timers = self.awake(), list(self._timers.items())
        return {name: timedelta(seconds=max(0.0, now - it.moved_at)) for name, it in timers}

    def still(self) -> Sequence[Still]:
        """Those that should have moved."""
        silent = {name: span.total_seconds() for name, span in self.silences().items()}
        return [
            Still(name=name, silent=timedelta(seconds=span), over=span > self._timers[name].over)
            for name, span in silent.items()
            if span > self._timers[name].patience
        ]
