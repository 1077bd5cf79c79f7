"""One clock: what is owed, until when, who is called and when, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.calendar import HORIZON, Calendar, Pause, Stretch

OWNER, CHANNEL, HERE = "owner", "channel", "here"  # whom a rung can call, besides an id of Slack's
MANAGER, ON_DUTY = "manager", "on_duty"
NOTHING = timedelta(0)


class Owed(StrEnum):
    """What a clock waits for."""

    FIRST = "first answer"
    FURTHER = "further answer"
    LOOP = "keep in the loop"  # an open complaint hears from us, until it is settled
    PROMISE = "promise"  # what an answer named a time for


class Standing(StrEnum):
    """How a clock stands: the first three are open, the others have ended."""

    PENDING = "pending"
    IMMINENT = "imminent"
    OVERDUE = "overdue"  # late and still open
    KEPT = "kept"
    BROKEN = "broken"  # late, and then answered
    CANCELLED = "cancelled"  # ended without an answer being owed


class Where(StrEnum):
    """Where a nag is heard, besides the card's thread."""

    THREAD = "thread"
    CHANNEL = "channel"  # the thread, and shown in the channel as well
    DIRECT = "direct"  # the thread, and a direct message to whoever is called
    EMAIL = "email"  # the thread, and a mail to the team's addresses
    WEBHOOK = "webhook"  # the thread, and the team's webhook


@dataclass(frozen=True, kw_only=True)
class Rung:
    """One step of the ladder: how late, who is called, and where it is said.

    `after` is working time, counted from the deadline; a negative one warns before it.
    """

    after: timedelta
    call: str
    say: Where = Where.THREAD


@dataclass(frozen=True, kw_only=True)
class Repeat:
    """After the last rung it is called again, every so much working time, so many times."""

    every: timedelta
    times: int


@dataclass(frozen=True, kw_only=True)
class Clock:
    """A deadline, and everything that made it so.

    `rule` names the rule that matched. `calendar` is the team's, or round the clock where the rule
    is urgent. `within` is working time.
    """

    owed: Owed
    rule: str
    since: datetime
    within: timedelta
    due_at: datetime
    calendar: Calendar
    pauses: Sequence[Pause]
    ladder: Sequence[Rung]
    repeat: Repeat | None = None
    urgent: bool = False

    @property
    def reasons(self) -> Sequence[Stretch]:
        """Each stretch from the start to the deadline, and whether it counts; sums to `within`."""
        return self.calendar.stretches(self.since, max(self.since, self.due_at), self.pauses)

    @property
    def steps(self) -> int:
        """How often somebody is called at most."""
        return len(self.ladder) + (self.repeat.times if self.repeat and self.ladder else 0)

    def rung(self, number: int) -> Rung:
        """The rung of that number, from 0; beyond the ladder its last is repeated."""
        if number < len(self.ladder):
            return self.ladder[number]
        last, again = self.ladder[-1], number - len(self.ladder) + 1
        every = self.repeat.every if self.repeat else NOTHING
        return Rung(after=max(last.after, NOTHING) + again * every, call=last.call, say=last.say)

    def falls_due(self, number: int) -> datetime | None:
        """When this rung is reached; None beyond the last."""
        if number >= self.steps:
            return None
        after = self.rung(number).after
        if after < NOTHING:
            return min(self.due_at, self._count(self.since, max(NOTHING, self.within + after)))
        return self._count(self.due_at, after) if after else self.due_at

    def say_at(self, number: int) -> datetime | None:
        """When it is said: once it is reached, at the next moment in which one may speak."""
        due = self.falls_due(number)
        return due and self.may_speak_at(due)

    def may_speak_at(self, at: datetime) -> datetime:
        """The first moment from then on that is working time and in no pause."""
        return self._count(at, NOTHING)

    def reached(self, at: datetime) -> int:
        """How many rungs have been reached by then."""
        number = 0
        while (due := self.falls_due(number)) and due <= at:
            number += 1
        return number

    @property
    def imminent_at(self) -> datetime:
        """From the first warning on; without one, when a quarter of the time is left."""
        before = [rung.after for rung in self.ladder if rung.after < NOTHING]
        left = -before[0] if before else self.within / 4
        return min(self.due_at, self._count(self.since, max(NOTHING, self.within - left)))

    def worked(self, until: datetime) -> timedelta:
        """The working time that was used up by then."""
        return worked(self.calendar, self.since, until, self.pauses)

    def overrun(self, until: datetime) -> timedelta:
        """The working time by which it was late then."""
        return worked(self.calendar, self.due_at, until, self.pauses)

    def _count(self, start: datetime, within: timedelta) -> datetime:
        return self.calendar.due(start, within, self.pauses)


def worked(
    calendar: Calendar, since: datetime, until: datetime, pauses: Sequence[Pause]
) -> timedelta:
    """The working time from one to the other, or of as much before the end as can be counted."""
    start = max(min(since, until), until - HORIZON)
    return calendar.between(start, until, pauses)


def judged(due_at: datetime | None, ended_at: datetime, *, answered: bool) -> Standing:
    """From the times that are written down, never from when somebody looked."""
    if not answered:
        return Standing.CANCELLED
    return Standing.BROKEN if due_at and ended_at > due_at else Standing.KEPT
