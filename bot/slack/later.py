"""What takes longer than Slack waits for an ack is done after it."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextvars import copy_context

import structlog

log = structlog.get_logger()

WORKING = ThreadPoolExecutor(4, "later")
_begun: set[Future[None]] = set()


def later(act: Callable[[], None]) -> None:
    """In the language, and by the way, that is spoken and known now."""
    future = WORKING.submit(copy_context().run, _calmly, act)
    _begun.add(future)
    future.add_done_callback(_begun.discard)


def finish() -> None:
    """Wait for all that has been begun."""
    wait(list(_begun))


def _calmly(act: Callable[[], None]) -> None:
    try:
        act()
    except Exception:  # nobody waits for it: the act itself tells people what they must know
        log.exception("later.failed")
