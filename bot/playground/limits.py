"""How often a method may be called: buckets that fill with time, as Slack's tiers allow."""

from dataclasses import dataclass
from math import ceil


@dataclass(frozen=True)
class Rate:
    """So many at once, and then so many a second."""

    burst: float
    per_second: float


def tier(per_minute: int) -> Rate:
    """A minute's worth at once: Slack tolerates bursts but does not say how large."""
    return Rate(per_minute, per_minute / 60)


RARE = Rate(20, 1 / 3)  # documented as 1 a minute, in practice more
TIER_2, TIER_3, TIER_4 = tier(20), tier(50), tier(100)
SPECIAL = tier(600)


@dataclass
class Bucket:
    left: float
    at: float

    def take(self, rate: Rate, now: float) -> int:
        """Seconds to wait before there is one to take; 0 when it has been taken."""
        self.left = min(rate.burst, self.left + max(0.0, now - self.at) * rate.per_second)
        self.at = now
        if self.left >= 1:
            self.left -= 1
            return 0
        return max(1, ceil((1 - self.left) / rate.per_second))


class Limits:
    """Slack's patience; `on=False` makes it endless, `burst` is for messages to one channel."""

    def __init__(self, *, on: bool = True, burst: int = 5, per_second: float = 1.0) -> None:
        self.on = on
        self.messages = Rate(burst, per_second)
        self.buckets: dict[str, Bucket] = {}
        self.history: Rate | None = None  # None: as often as its tier allows
        self.page = 999  # messages of history in one answer

    def history_like_a_sold_app(self) -> None:
        """As Slack answers apps that are sold outside its marketplace: once a minute, 15 each."""
        self.history, self.page = Rate(1, 1 / 60), 15

    def wait(self, what: str, rate: Rate | None, now: float) -> int:
        """Seconds until this may be done, 0 for now; no rate means as messages to one channel."""
        rate = rate or self.messages
        bucket = self.buckets.setdefault(what, Bucket(rate.burst, now))
        return bucket.take(rate, now) if self.on else 0
