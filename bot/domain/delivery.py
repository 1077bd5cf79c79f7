"""What we owe the outside world, and the ways in which paying it can fail."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Errand(StrEnum):
    """The kinds of delivery."""

    CARD = "card"  # show a conversation as it is now
    NAG = "nag"  # in the card's thread: it is late
    NOTE = "note"  # in the card's thread: something to know
    REPLY = "reply"  # to the platform: our answer
    SURGE = "surge"  # in the channel: far more than usual came
    DIGEST = "digest"  # in the channel: many conversations in one message
    NOTICE = "notice"  # in the channel: something about the bot itself
    LIST = "list"  # in the channel: what a team must know in the morning, or all at once
    RETIRE = "retire"  # an old message: what became of it, or it is taken back
    PICTURE = "picture"  # take a customer's picture into Slack
    AMEND = "amend"  # to the platform: correct or withdraw what we published
    ALERT = "alert"  # by mail or webhook: what Slack did not take, or a rung says there


PUBLIC = (Errand.REPLY, Errand.AMEND)  # what leaves for the platform, by a lane of its own


class Urgency:
    """What goes first when not everything can go at once; smaller is sooner."""

    REPLY = 0
    LATE = 1
    COMPLAINT = 2
    NEW = 3
    COSMETIC = 4


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One attempt at one debt, as it was taken from the outbox.

    `attempt` counts from 1 and is the fence: whoever holds an older one has lost the lease.
    `may_have_happened` says that an earlier attempt ended without our knowing how.
    """

    id: int
    key: str
    errand: Errand
    destination: str
    attempt: int
    owed_at: datetime
    leased_until: datetime
    conversation: int | None = None
    detail: str = ""
    may_have_happened: bool = False


class TryLater(Exception):
    """It did not work now. `after` is how long the other side asked us to wait.

    `surely_not_done` tells that nothing can have happened: a refused connection, a rate limit.
    """

    def __init__(
        self, why: str, after: timedelta | None = None, *, surely_not_done: bool = False
    ) -> None:
        super().__init__(why)
        self.after = after
        self.surely_not_done = surely_not_done


class LeaseLost(Exception):
    """This attempt took too long, and another has begun: keep your hands off."""


class Refused(Exception):
    """It will never work: the other side understood and said no, and why."""


class Unsure(Exception):
    """An earlier attempt may have been published, and there is no way to look. A person must."""


class LockedOut(Exception):
    """The other side does not accept our credentials. Says which setting to look at."""
