"""One customer, one thread, one clock: what may happen to it, and what that changes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Self

from bot.domain.calendar import Pause
from bot.domain.clock import Owed, judged
from bot.domain.deeds import deed
from bot.domain.frozen import replace
from bot.domain.guess import Lane, gravest
from bot.domain.mention import Kind
from bot.domain.problems import (
    AlreadyAnswered,
    AlreadyClaimed,
    AlreadyDismissed,
    AlreadyMerged,
    AlreadyReplying,
    AlreadyYours,
    NobodyHasIt,
    NotDismissed,
    NothingToApprove,
    NotSnoozed,
    NotToBeSettled,
    StillInDoubt,
    StillWaits,
    WaitsForApproval,
)
from bot.domain.record import OPEN, UNSETTLED, Ended, State
from bot.domain.team import Team
from bot.domain.winding import Wound

__all__ = ["NO_ANSWER_NEEDED", "OPEN", "UNSETTLED", "Conversation", "Ended", "State"]

NO_ANSWER_NEEDED = "No answer needed"
SETTLED = "settled"  # the pause of a clock while it was closed


class Conversation(Wound):
    """Every change is a deed: it returns another conversation, which remembers what happened."""

    # What customers do

    @deed
    def begin(
        self,
        since: datetime,
        team: Team,
        *,
        kind: Kind,
        because: str = "",
        lane: str = "",
        severity: str = "",
        thanks: bool = False,
        language: str | None = None,
        tags: Sequence[str] = (),
    ) -> Self:
        """The first we hear of it."""
        heard = replace(self, waiting_since=since, kind=kind, because=because, lane=lane)
        begun = replace(heard, thanks=thanks, language=language, tags=tuple(tags))
        return replace(begun, severity=severity).wind(team)

    @deed
    def hear(
        self,
        posted_at: datetime,
        team: Team,
        kind: Kind = Kind.OTHER,
        because: str = "",
        *,
        at: datetime | None = None,
        lane: str = "",
        severity: str = "",
        thanks: bool = False,
        language: str | None = None,
    ) -> Self:
        """The customer wrote, it sounds like `kind`, and we hear of it `at` some later time.

        While they wait, a second message never moves the deadline; an older one does, and so does
        one that turns it into a complaint. After our answer it starts a new clock, of its own kind
        where that is clear: who says thanks does not complain, and starts none.
        """
        woken = self._woken(at or posted_at) if self.until_they_write else self
        heard = replace(woken, language=language or self.language, aside="")
        if self.state in UNSETTLED and self.waits and not (self.thanks and not thanks):
            since = self.waiting_since if thanks else min(self.waiting_since, posted_at)
            begun = replace(heard, waiting_since=since, quiet=False)
            wound = begun.wind(team)
            return wound.reconsider(kind, because, team, lane=lane, severity=severity)
        sounds = replace(heard, kind=kind, because=because, lane=lane, severity=severity)
        again = heard if kind is Kind.OTHER else sounds
        return again.reopen(posted_at, team, thanks=thanks)

    @deed
    def reopen(self, since: datetime, team: Team, *, thanks: bool = False) -> Self:
        """Begin again, with a new clock and a new ladder. What was promised stays promised.

        An answer that is on its way, or waits for a second person, goes on doing that.
        """
        replying = self.state is State.REPLYING
        proposed = self.proposed if self.open else None
        stays = replying or proposed is not None
        begun = replace(
            self,
            state=self.state if stays else State.WAITING,
            owner=self.owner if stays else None,
            held_since=None,
            waits=True,
            thanks=thanks,
            waiting_since=since,
            pauses=(),
            snoozed_by=None,
            until_they_write=False,
            due_at=None,
            rungs_climbed=0,
            closed_at=None,
            closed_by=None,
            closed_because=None,
            quiet=False,
            unsure=self.unsure if replying else None,
            proposed=proposed,
            escalated_to=None,
            judged_by=None,
        )
        return begun.wind(team)

    @deed
    def starts_at(self, since: datetime, team: Team) -> Self:
        """The customer took something back: the oldest that still stands is from `since`."""
        return replace(self, waiting_since=since).wind(team)

    @deed
    def found_at(self, account: str, thread: str, customer: int, team: Team) -> Self:
        """The same post came from where it can be answered: it goes on there."""
        return replace(self, account=account, thread=thread, customer=customer).wind(team)

    @deed
    def withdrawn(self, because: str, at: datetime) -> Self:
        """There is nothing left to answer, and no colleague decided that."""
        return self._close(State.DISMISSED, at, by=None, because=because, how="withdrawn")

    # What people do

    def must_not_be_had_by(self, by: str) -> None:
        """Who presses Claim twice is told so; of what is told again, a second claim is none."""
        if self.open and self.owner == by:
            raise AlreadyYours

    @deed
    def claim(self, by: str, at: datetime, team: Team) -> Self:
        """Put a name on it. The clock keeps running: a claim is not an answer."""
        self._must_be_open()
        if self.owner not in (None, by):
            raise AlreadyClaimed(str(self.owner))
        return self._held(by, at, team)

    @deed
    def take_over(self, by: str, at: datetime, team: Team) -> Self:
        self._must_be_open()
        return self._held(by, at, team)

    @deed
    def assign(self, to: str, by: str, at: datetime, team: Team) -> Self:
        """Give it to somebody, whoever has it now."""
        self._must_be_open()
        return self._held(to, at, team)

    @deed
    def release(self, by: str, at: datetime, team: Team) -> Self:
        """Its holder lets go of it, or somebody does in their place."""
        self._must_be_open()
        if self.owner is None:
            raise NobodyHasIt
        if self.proposed or self.unsure:
            raise StillInDoubt if self.unsure else WaitsForApproval
        return self.let_go(team)

    @deed
    def escalate(self, to: str, by: str, at: datetime, team: Team) -> Self:
        """From now on the ladder calls this member or group in place of its owner."""
        self._must_be_open()
        return replace(self, escalated_to=to)._kept_by(by, at)._touched().wind(team)

    @deed
    def move(self, to: str, by: str, at: datetime, team: Team) -> Self:
        """Another team's work from now on, by its promises and with a card of its own there.

        `to` is that team's name, and `team` is it.
        """
        self._must_be_open()
        if self.proposed or self.unsure:
            raise StillInDoubt if self.unsure else WaitsForApproval
        free = replace(self, team=to, state=State.WAITING, owner=None, held_since=None)
        gone = replace(free, channel=None, card=None, digest=None, aside="", escalated_to=None)
        return gone._touched().wind(team)

    @deed
    def rate(self, urgent: bool, by: str, team: Team) -> Self:
        """Somebody says how urgent it is: what is urgent counts, and calls, day and night."""
        rated = replace(self, urgent=urgent)
        return rated.wind(team) if self.state in UNSETTLED else rated

    @deed
    def renew(self, by: str, at: datetime, team: Team) -> Self:
        """Its holder is at work on it: the claim lasts."""
        holds = self.open and self.owner == by
        return replace(self, held_since=at).wind(team) if holds else self

    @deed
    def reply(self, by: str, at: datetime, team: Team) -> Self:
        """Our answer sets out. Nobody is nagged while it is on its way."""
        if self.unsure:
            raise StillInDoubt
        if self.proposed:
            raise WaitsForApproval
        return replace(self.claim(by, at, team), state=State.REPLYING, claimed_until=None)

    @deed
    def propose(self, by: str, key: str, at: datetime, team: Team) -> Self:
        """An answer is written and waits for a second person. The clock runs on."""
        if self.unsure:
            raise StillInDoubt
        if self.proposed:
            raise WaitsForApproval
        return replace(self.claim(by, at, team), proposed=key).wind(team)

    @deed
    def approve(self, by: str, at: datetime, team: Team) -> Self:
        """A second person agrees: the answer sets out, its author's name on it."""
        self._must_be_open()
        if not self.proposed:
            raise NothingToApprove
        return replace(self, state=State.REPLYING, proposed=None, claimed_until=None)

    @deed
    def send_back(self, by: str, at: datetime, team: Team) -> Self:
        """The answer is its author's again, to be changed."""
        self._must_be_open()
        if not self.proposed:
            raise NothingToApprove
        return replace(self, proposed=None, held_since=at)._touched().wind(team)

    @deed
    def snooze(self, until: datetime, by: str, because: str, at: datetime, team: Team) -> Self:
        """Pause the clock until then. It ends by itself."""
        self._must_be_open()
        asleep = self._woken(at)
        pauses = (*asleep.pauses, Pause(at, until, because))
        snoozed = replace(asleep, pauses=pauses, snoozed_by=by, until_they_write=False)
        return snoozed._kept_by(by, at)._touched().wind(team)

    @deed
    def snooze_until_they_write(
        self, until: datetime, by: str, because: str, at: datetime, team: Team
    ) -> Self:
        """Pause the clock until the customer writes, and at the longest until then."""
        return replace(self.snooze(until, by, because, at, team), until_they_write=True)

    @deed
    def wake(self, by: str, at: datetime, team: Team) -> Self:
        """End the snooze early."""
        self._must_be_open()
        if not self.snoozed(at):
            raise NotSnoozed
        return self._woken(at)._kept_by(by, at)._touched().wind(team)

    @deed
    def answered_there(self, at: datetime, by: str | None, team: Team) -> Self:
        """A person answered in the platform's own app; `by` is who told us, None: we saw it."""
        self._must_be_open()
        kept = self.promised_for if self.promised_for and self.promised_for > at else None
        return self._answered(at, by, team, kept, because="answered there")

    @deed
    def dismiss(self, by: str, because: str, at: datetime) -> Self:
        self._must_be_open()
        return self._close(State.DISMISSED, at, by=by, because=because, how="dismissed")

    @deed
    def undismiss(
        self,
        by: str,
        at: datetime,
        team: Team,
        *,
        promised_at: datetime | None = None,
        promised_for: datetime | None = None,
        promised_by: str | None = None,
    ) -> Self:
        """It was dismissed by mistake: it waits again, and its clock never stopped.

        What was promised before it was dismissed is promised again. What the customer took back,
        nobody has dismissed.
        """
        if self.state is not State.DISMISSED or self.closed_by is None or self.forgotten:
            raise NotDismissed
        back = replace(self, state=State.WAITING, owner=None, held_since=None, verdict=None)
        back = replace(back, closed_at=None, closed_by=None, closed_because=None)
        return back._promising(promised_at, promised_for, promised_by).wind(team)

    @deed
    def merge_into(self, into: int, by: str, at: datetime) -> Self:
        """Another conversation of the same customer goes on with what was said here."""
        self._must_not_be_on_its_way()
        merged = self._close(State.MERGED, at, by=by, how="merged")
        return replace(merged, merged_into=into)

    @deed
    def absorb(
        self,
        since: datetime | None,
        kind: Kind,
        by: str,
        at: datetime,
        team: Team,
        *,
        lane: str = "",
        severity: str = "",
        urgent: bool = False,
        promised_at: datetime | None = None,
        promised_for: datetime | None = None,
        promised_by: str | None = None,
    ) -> Self:
        """Go on with what was said, and promised, in another conversation.

        `since` is its clock's start if its customer waited: the older of two clocks is the one that
        runs, and the nearer of two promises the one that holds.
        """
        self._must_not_be_on_its_way()
        both = replace(self, urgent=self.urgent or urgent)
        if since is not None:
            both = both._waiting_since(since, kind, team, lane, severity)
        if promised_for is None or (self.promised_for and self.promised_for <= promised_for):
            return both.wind(team) if both.state in UNSETTLED else both
        if both.state not in UNSETTLED:
            begun = both.waiting_since
            both = replace(both.reopen(at, team), waits=False, waiting_since=begun, due_at=None)
        return both._promising(promised_at, promised_for, promised_by).wind(team)

    @deed
    def withdrew(self, at: datetime, team: Team) -> Self:
        """We took our published answer back: the customer waits again, from now on."""
        if self.state is not State.ANSWERED and (self.waits or not self.open):
            return self
        owner = self.owner or self.closed_by
        waiting = self.reopen(at, team)
        return waiting._held(owner, at, team) if owner else waiting

    @deed
    def follow_up(self, until: datetime, by: str, at: datetime, team: Team) -> Self:
        """The time has come to ask how it went: open again, though the customer does not wait.

        Whoever wanted that has it until then, as if they had promised it.
        """
        if self.state not in (State.ANSWERED, State.DISMISSED):
            return self
        begun = replace(
            self.reopen(at, team), waits=False, waiting_since=self.waiting_since, due_at=None
        )
        if self.closed_at and self.closed_at < at:  # meanwhile nobody owed a further word
            begun = replace(begun, pauses=(Pause(self.closed_at, at, SETTLED),))
        bare = replace(begun, card=None, channel=None, digest=None)
        return bare._promising(at, until, by)._held(by, at, team)

    @deed
    def no_answer_needed(self, by: str, at: datetime, team: Team) -> Self:
        """The customer's last word needs no answer; what we promised them stays promised."""
        self._must_be_open()
        if not (self.thanks and self.promised_for):
            return self.dismiss(by, NO_ANSWER_NEEDED, at)
        return replace(self, waits=False, thanks=False)._held(by, at, team)

    @deed
    def settle(self, by: str, at: datetime) -> Self:
        """Nothing more is owed to a customer who has our answer."""
        self._must_be_open()
        if self.waits:
            raise StillWaits
        if self.promised_for is None and self.owed is not Owed.LOOP:
            raise NotToBeSettled
        return self._close(State.ANSWERED, at, by=by, how="settled")

    @deed
    def judge(self, kind: Kind, by: str, team: Team) -> Self:
        """Someone knows better what it is. The deadline is counted anew from the same start."""
        thanks = self.thanks and kind is Kind.PRAISE
        severity = self.severity if kind is Kind.COMPLAINT else ""
        judged = replace(self, kind=kind, judged_by=by, thanks=thanks, lane="", severity=severity)
        return judged.wind(team) if self.state in UNSETTLED else judged

    @deed
    def tagged(self, tags: Sequence[str], team: Team) -> Self:
        """Somebody put a word on the customer, and a rule may look at it."""
        named = replace(self, tags=tuple(tags))
        return named.wind(team) if self.state in UNSETTLED else named

    @deed
    def reconsider(
        self, kind: Kind, because: str, team: Team, *, lane: str = "", severity: str = ""
    ) -> Self:
        """Further words can turn it into a complaint, unless a person has said what it is.

        Of a complaint they can say that it is a surer one, or that more is at stake.
        """
        if kind is not Kind.COMPLAINT:
            return self
        if self.kind is Kind.COMPLAINT:
            return self._surer(because, lane)._graver(severity, team)
        if self.judged_by:
            return self
        told = replace(self, kind=kind, because=because, lane=lane, severity=severity)
        return replace(told, thanks=False).wind(team)

    # What becomes of an answer

    @deed
    def sent(
        self,
        at: datetime,
        team: Team,
        *,
        promised_for: datetime | None = None,
        by: str | None = None,
    ) -> Self:
        """The platform has our answer: the clock stops, here and nowhere else.

        `promised_for` is when the answer says that the customer will hear more.
        """
        return self._answered(at, by or self.owner, team, promised_for)

    @deed
    def refused(self, at: datetime, team: Team) -> Self:
        """The answer did not get through. The clock was running all along."""
        back = replace(self, state=State.CLAIMED, unsure=None, held_since=at)
        return back.wind(team)

    @deed
    def in_doubt(self, key: str, at: datetime, team: Team) -> Self:
        """The answer may have been published, and only a person can find out."""
        back = replace(self, state=State.CLAIMED, unsure=key, held_since=at)
        return back.wind(team)

    # How

    def _promising(self, at: datetime | None, until: datetime | None, by: str | None) -> Self:
        """Another word is promised; without a time, nothing more than before."""
        if until is None:
            return self
        return replace(self, promised_at=at, promised_for=until, promised_by=by)

    def _surer(self, because: str, lane: str) -> Self:
        """What was to be checked needs no check any more."""
        surer = self.lane == Lane.CHECK and lane == Lane.SURE
        return replace(self, lane=lane, because=because) if surer else self

    def _graver(self, severity: str, team: Team) -> Self:
        gravest_yet = gravest(self.severity, severity)
        if gravest_yet == self.severity:
            return self
        return replace(self, severity=gravest_yet).wind(team)

    def _waiting_since(
        self, since: datetime, kind: Kind, team: Team, lane: str, severity: str
    ) -> Self:
        """The customer has waited since then, for whatever they wrote at another place."""
        if self.state in UNSETTLED and self.waits and not self.thanks:
            begun = replace(self, waiting_since=min(self.waiting_since, since)).wind(team)
            return begun.reconsider(kind, self.because, team, lane=lane, severity=severity)
        other = replace(self, kind=kind, lane=lane, severity=severity)
        again = self if kind is Kind.OTHER else other
        return again.reopen(since, team)

    def _held(self, by: str, at: datetime, team: Team) -> Self:
        held = replace(self, state=State.CLAIMED, owner=by, held_since=at)
        return held._touched().wind(team)

    def _kept_by(self, by: str, at: datetime) -> Self:
        return replace(self, held_since=at) if self.owner == by else self

    def _answered(
        self,
        at: datetime,
        by: str | None,
        team: Team,
        promised_for: datetime | None,
        because: str | None = None,
    ) -> Self:
        answered = replace(
            self._end(at, "answered", by, answered=True),
            waits=False,
            thanks=False,
            answered_at=at,
            pauses=(),
            snoozed_by=None,
            until_they_write=False,
            unsure=None,
            proposed=None,
            escalated_to=None,
            promised_for=promised_for,
            promised_by=by if promised_for else None,
            promised_at=at if promised_for else None,
        )
        answered = answered._touched()
        if promised_for is None and team.rule(self).loop is None:
            return replace(
                answered,
                state=State.ANSWERED,
                closed_at=at,
                closed_by=by,
                closed_because=because,
                next_nag_at=None,
                claimed_until=None,
            )
        owner = by or self.owner
        state = State.CLAIMED if owner else State.WAITING
        return replace(answered, state=state, owner=owner, due_at=None).wind(team)

    def _close(
        self,
        state: State,
        at: datetime,
        *,
        by: str | None,
        how: str,
        because: str | None = None,
    ) -> Self:
        return replace(
            self._end(at, how, by, answered=False),
            state=state,
            closed_at=at,
            closed_by=by,
            closed_because=because,
            next_nag_at=None,
            claimed_until=None,
            unsure=None,
            proposed=None,
            escalated_to=None,
            promised_for=None,
            promised_by=None,
            promised_at=None,
            nag=None,
            nag_says=None,
        )

    def _end(self, at: datetime, how: str, by: str | None, *, answered: bool) -> Self:
        """Remember the clock as it was, for its verdict."""
        if self.state not in UNSETTLED:
            return self
        ended = Ended(replace(self, ended=(), deeds=()), at, how, by, answered)
        verdict = judged(self.due_at, at, answered=answered)
        return replace(self, ended=(*self.ended, ended), verdict=verdict)

    def _must_not_be_on_its_way(self) -> None:
        if self.state is State.REPLYING:
            raise AlreadyReplying(str(self.owner))
        if self.state is State.MERGED:
            raise AlreadyMerged(self.merged_into)
        if self.unsure:
            raise StillInDoubt
        if self.proposed:
            raise WaitsForApproval

    def _must_be_open(self) -> None:
        if self.state is State.MERGED:
            raise AlreadyMerged(self.merged_into)
        if self.state is State.REPLYING:
            raise AlreadyReplying(str(self.owner))
        if self.state is State.ANSWERED:
            raise AlreadyAnswered(self.closed_by)
        if self.state is State.DISMISSED:
            raise AlreadyDismissed(self.closed_by, self.closed_because)
