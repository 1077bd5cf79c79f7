"""How far an account has been read, and how it is."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Account:
    """`told` says that the channel has heard of the trouble, and wants to hear when it is over.

    Whatever the platform showed until `read_to` is stored, but for the `gap` that was found at
    `gap_at`: what it could not give us any more.
    """

    name: str
    cursor: str | None
    started_at: datetime
    next_poll_at: datetime
    fetched_at: datetime | None = None
    rechecked_at: datetime | None = None
    failures: int = 0
    failing_since: datetime | None = None
    trouble: str | None = None
    told: bool = False
    read_to: datetime | None = None
    gap: str | None = None
    gap_at: datetime | None = None
