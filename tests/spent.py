"""What an act takes, so that neither busy neighbours nor a large heap are counted in."""

import gc
import time
from collections.abc import Callable


def spent(act: Callable[[], object], *, tries: int = 3, soon: float = 0.1) -> float:
    """Seconds of this thread's own time: the least of some tries, or the first below `soon`.

    Garbage is not collected meanwhile: what that takes depends on the tests before.
    """
    least = float("inf")
    while tries and least > soon:
        least, tries = min(least, _once(act)), tries - 1
    return least


def _once(act: Callable[[], object]) -> float:
    collecting = gc.isenabled()
    gc.disable()
    begun = time.thread_time()
    try:
        act()
    finally:
        took = time.thread_time() - begun
        if collecting:
            gc.enable()
    return took
