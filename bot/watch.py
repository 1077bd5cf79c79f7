"""Is everything alive? What can't do its work ends itself, so that the platform restarts it."""

from collections.abc import Callable
from datetime import timedelta

import structlog

from bot.slack.socket import Sockets

log = structlog.get_logger()

EVERY = 5.0  # seconds between two looks
DEAF = timedelta(minutes=5)  # without a living socket, until the process ends itself


class Watch:
    """Looks at the sockets; does everything in `end` when they have been dead for too long."""

    def __init__(self, sockets: Sockets, *end: Callable[[], None], deaf: timedelta = DEAF) -> None:
        self.sockets, self.end, self.deaf = sockets, end, deaf
        self.living: int | None = None

    def look(self) -> None:
        self.sockets.renew()
        living = self.sockets.living()
        if living != self.living:
            log.info("sockets.living", living=living)
        self.living = living
        silent = self.sockets.silent_for()
        if silent > self.deaf.total_seconds():
            log.error("sockets.dead", seconds=int(silent), next="ending, to be restarted")
            for step in self.end:
                step()
