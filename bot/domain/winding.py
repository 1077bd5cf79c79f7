"""Which clock of a conversation runs, when it is due, when somebody is called, and its pauses."""

from datetime import datetime
from typing import Self

from bot.domain.calendar import Pause
from bot.domain.clock import NOTHING, Clock, Owed
from bot.domain.frozen import replace
from bot.domain.record import UNSETTLED, Record, State
from bot.domain.team import Team


class Wound(Record):
    """A conversation with a clock in it."""

    def clock(self, team: Team) -> Clock | None:
        """The nearest of the clocks that run; None where nothing is owed by any time."""
        running = [self._promise(team), self._loop(team), self._answer(team)]
        return min((one for one in running if one), key=lambda one: one.due_at, default=None)

    def wind(self, team: Team) -> Self:
        """Count the deadline anew from the clock's start, and the next nag from the deadline.

        A deadline that moves takes the ladder back to its foot.
        """
        return self.wind_by(self.clock(team), team)

    def wind_by(self, clock: Clock | None, team: Team) -> Self:
        """The same where its clock is known already."""
        due_at, owed = (clock.due_at, clock.owed) if clock else (None, self.owed)
        moved = (due_at, owed) != (self.due_at, self.owed)
        wound = replace(self, rungs_climbed=0, unsaid_until=None)._touched() if moved else self
        return replace(
            wound,
            due_at=due_at,
            owed=owed,
            imminent_at=clock.imminent_at if clock else None,
            next_nag_at=wound._nag_at(clock) if clock else None,
            claimed_until=wound._lets_go_at(team),
        )

    def climb(self, team: Team, at: datetime) -> Self:
        """Climb to the highest rung whose time has come, if one may speak now.

        After an outage this makes one nag, not one for every rung that was missed.
        """
        clock = self.clock(team)
        assert clock is not None, "only a conversation with a deadline can climb"
        return self.climb_by(clock, at)

    def climb_by(self, clock: Clock, at: datetime) -> Self:
        """The same where its clock is known already."""
        speak_at = clock.may_speak_at(at)
        if speak_at > at:
            return replace(self, next_nag_at=speak_at)
        climbed = max(clock.reached(at), self.rungs_climbed)
        higher = replace(self, rungs_climbed=climbed, unsaid_until=None)
        return replace(higher, next_nag_at=clock.say_at(climbed))

    def let_go(self, team: Team) -> Self:
        """Its holder has done nothing for too long: it is free again. The clock never noticed."""
        free = replace(self, state=State.WAITING, owner=None, held_since=None)
        return free._touched().wind(team)

    def _answer(self, team: Team) -> Clock | None:
        """Our answer to what the customer wrote; a promise pauses it."""
        if self.state not in UNSETTLED or not self.waits or self.thanks:
            return None
        owed = Owed.FURTHER if self.answered_at else Owed.FIRST
        return team.clock(self, owed, self.waiting_since, [*self.pauses, *self._promised()])

    def _loop(self, team: Team) -> Clock | None:
        """A further word to a customer whose complaint is not settled."""
        if self.state not in UNSETTLED or self.waits or self.answered_at is None:
            return None
        return team.clock(self, Owed.LOOP, self.answered_at, [*self.pauses, *self._promised()])

    def _promise(self, team: Team) -> Clock | None:
        if self.state not in UNSETTLED or not (self.promised_for and self.promised_at):
            return None
        return team.promise(self, self.promised_at, self.promised_for, self.pauses)

    def _promised(self) -> list[Pause]:
        if not (self.promised_for and self.promised_at and self.promised_for > self.promised_at):
            return []
        return [Pause(self.promised_at, self.promised_for, "promised")]

    def _nag_at(self, clock: Clock) -> datetime | None:
        moments = [clock.say_at(self.rungs_climbed), self.unsaid_until]
        return min((moment for moment in moments if moment), default=None)

    def _lets_go_at(self, team: Team) -> datetime | None:
        """When the claim ends by itself: only what waits for its holder's answer lets go."""
        if not (
            self.state is State.CLAIMED
            and self.waits
            and not self.proposed
            and self.held_since
            and team.claim_lease
        ):
            return None
        ends = team.calendar.due(self.held_since, team.claim_lease, self.pauses)
        return team.calendar.due(ends, NOTHING, self.pauses)

    def _touched(self) -> Self:
        """Somebody acted: the next nag is news."""
        return replace(self, nag=None, nag_says=None)

    def _woken(self, at: datetime) -> Self:
        """Whatever pause lasts ends now."""
        if not self.paused(at):
            return replace(self, snoozed_by=None, until_they_write=False)
        *before, last = self.pauses
        cut = (*before, replace(last, end=at)) if last.start < at else tuple(before)
        return replace(self, pauses=cut, snoozed_by=None, until_they_write=False)
