"""What YouTube's API costs: units of a day that ends at midnight in California.

https://developers.google.com/youtube/v3/determine_quota_cost
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from zoneinfo import ZoneInfo

from bot.domain.delivery import TryLater

PACIFIC = ZoneInfo("America/Los_Angeles")
LOOK, WRITE = 1, 50  # units for one request
FOR_READING = 0.4  # of a day's units; what is left is kept for answers


class Units:
    """What has been spent today: from here since the start, and before by what a cursor says.

    Several threads may spend at once.
    """

    def __init__(self, total: int, now: Callable[[], datetime]) -> None:
        self.total, self.now = total, now
        self._day, self._read, self._written = "", 0, 0
        self._lock = Lock()

    def resume(self, day: str, read: int, written: int) -> None:
        """What was spent before a restart, if it was today."""
        with self._lock:
            self._today()
            if day == self._day:
                self._read = max(self._read, read)
                self._written = max(self._written, written)

    def spent(self) -> tuple[str, int, int]:
        """The day, and what was spent on reading and on writing."""
        with self._lock:
            self._today()
            return self._day, self._read, self._written

    def look(self, *, about_an_answer: bool = False) -> None:
        """Pay for one look. `TryLater` where it would touch what is kept for answers."""
        with self._lock:
            self._today()
            spent = self._read + self._written if about_an_answer else self._read
            self._must_not_exceed(
                spent + LOOK, self.total * (1 if about_an_answer else FOR_READING)
            )
            self._read += LOOK

    def write(self) -> None:
        with self._lock:
            self._today()
            self._must_not_exceed(self._read + self._written + WRITE, self.total)
            self._written += WRITE

    def used_up(self) -> TryLater:
        """What to raise when nothing more can be had today."""
        wait = until_midnight(self.now())
        return TryLater(
            "YouTube's units of this day are used up; new ones come at midnight Pacific Time.",
            wait,
            surely_not_done=True,
        )

    def _must_not_exceed(self, units: float, most: float) -> None:
        if units > most:
            raise self.used_up()

    def _today(self) -> None:
        today = self.now().astimezone(PACIFIC).date().isoformat()
        if today != self._day:
            self._day, self._read, self._written = today, 0, 0


def until_midnight(now: datetime) -> timedelta:
    """How long the Pacific day still lasts, also on days on which the clocks change."""
    tomorrow = now.astimezone(PACIFIC).date() + timedelta(days=1)
    midnight = datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=PACIFIC)
    return max(midnight.astimezone(now.tzinfo) - now, timedelta(seconds=1))
