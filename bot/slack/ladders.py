"""Who was called about a clock, and who will be: rung by rung, as lines to read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.domain.calendar import NeverOpens
from bot.domain.case import Nagged
from bot.domain.clock import (
    CHANNEL,
    HERE,
    MANAGER,
    NOTHING,
    ON_DUTY,
    OWNER,
    Clock,
    Rung,
    Where,
)
from bot.domain.conversation import Conversation
from bot.domain.team import Team
from bot.slack.blocks import Element, group, line, person, sentence, words
from bot.slack.reasons import Wall, exactly
from bot.slack.tongue import N_, _, n_, p_

SHOWN = 60  # lines; of more, those in the middle are left out
SAID = {
    Where.THREAD: "",
    Where.CHANNEL: N_(", shown in the channel"),
    Where.DIRECT: N_(", by direct message"),
    Where.EMAIL: N_(", by email"),
    Where.WEBHOOK: N_(", through the webhook"),
}


@dataclass(frozen=True, kw_only=True)
class Ladder:
    """`nags` are those of this clock. One that does not run any more calls nobody."""

    clock: Clock
    conversation: Conversation
    team: Team
    nags: Sequence[Nagged]
    wall: Wall
    now: datetime

    def lines(self) -> list[Element]:
        """What each rung has done, or will do."""
        told = [*self._rungs(), *self._repeated(), *self._to_be_repeated()]
        if len(told) <= SHOWN:
            return told
        left_out = line(words(_("… and {many} more").format(many=len(told) - SHOWN)))
        return [*told[: SHOWN // 2], left_out, *told[-SHOWN // 2 :]]

    def _rungs(self) -> Iterator[Element]:
        for number, rung in enumerate(self.clock.ladder):
            ahead, label = number >= self.conversation.rungs_climbed, _when(rung)
            if said := self._said(number):
                moved = ahead and self.conversation.open
                earlier = _("{step}, of an earlier deadline").format(step=label)
                yield self._done(number, earlier if moved else label, said)
            elif not ahead:
                yield line(words(f"{label}: {self._silent(number)}"))
            if ahead and self.conversation.open:
                yield self._coming(number, f"{label},")

    def _silent(self, number: int) -> str:
        """Why nothing is known of a rung that was climbed."""
        skipped = any(nag.rung > number for nag in self.nags)
        return _("left out, as a later one was reached as well") if skipped else _("over")

    def _repeated(self) -> Iterator[Element]:
        for number in range(len(self.clock.ladder), self.clock.steps):
            if said := self._said(number):
                yield self._done(number, _("again"), said)

    def _to_be_repeated(self) -> Iterator[Element]:
        """All repeats that are left, in one line."""
        first = max(len(self.clock.ladder), self.conversation.rungs_climbed)
        left, repeat = self.clock.steps - first, self.clock.repeat
        if repeat and left > 0 and self.conversation.open:
            told = n_(
                "then every {time}, once, from",
                "then every {time}, {many} times, from",
                left,
            )
            yield self._coming(first, told.format(time=exactly(repeat.every), many=left))

    def _said(self, number: int) -> Sequence[Nagged]:
        return [nag for nag in self.nags if nag.rung == number]

    def _done(self, number: int, label: str, said: Sequence[Nagged]) -> Element:
        last, until = said[-1], self.conversation.unsaid_until
        if until and number == self.conversation.rungs_climbed - 1:
            waits = _("{step}: could not be said in working hours, so it is said {at} to {whom}")
            return self._line(waits, label, until, last.whom)
        return self._line(_("{step}: said {at} to {whom}"), label, last.at, last.whom)

    def _line(self, told: str, step: str, at: datetime, whom: str) -> Element:
        moment = self.wall.moment(at)
        return line(*sentence(told, step=step, at=moment, whom=called(whom, away=True)))

    def _coming(self, number: int, label: str) -> Element:
        """When and whom; what is reached where nobody may be called says until when it waits."""
        try:
            reached, at = self.clock.falls_due(number), self._say_at(number)
        except NeverOpens:
            reached = at = None
        if reached is None or at is None:
            never = _("{step}: never, as the team has no working time then")
            return line(words(never.format(step=label)))
        rung = self.clock.rung(number)
        whom = self._whom(rung.call, max(at, self.now))
        moment = max(reached, self.now)
        waits = self.clock.may_speak_at(moment) > moment
        more = _(SAID[rung.say]) + (self._why_later(reached) if waits else "")
        return line(
            words(f"{label} {self.wall.moment(at)}: "), *whom, *([words(more)] if more else [])
        )

    def _say_at(self, number: int) -> datetime | None:
        """When the sweep will look at it, which can be later than its time."""
        at, next_at = self.clock.say_at(number), self.conversation.next_nag_at
        return at and max(at, next_at or at, self.clock.may_speak_at(self.now))

    def _why_later(self, reached: datetime) -> str:
        if self.clock.calendar.is_open(reached):
            told = _(" (reached {at}, said when the pause ends)")
        else:
            told = _(" (reached {at}, said when the team is back)")
        return told.format(at=self.wall.moment(reached))

    def _whom(self, call: str, at: datetime) -> list[Element]:
        """Whom it would mean then, as far as that is known."""
        owner = self.team.answerable(self.conversation)
        meant = self.team.whom(call, owner, at)
        if call == OWNER and not owner:
            return [words(_("whoever has it then; if nobody, all who are here"))]
        role = {ON_DUTY: N_("who is on duty: {whom}"), MANAGER: N_("the manager: {whom}")}.get(call)
        if role and meant != CHANNEL:
            return sentence(_(role), whom=called(meant))
        return [called(meant)]


def called(whom: str, *, away: bool = False) -> Element:
    """Somebody who was resolved: a member, a group, or "channel" or "here".

    `away`: after "to", where some languages say it in another form.
    """
    if whom == CHANNEL:
        return words(p_("to", "the channel") if away else _("the channel"))
    if whom == HERE:
        return words(p_("to", "all who are here") if away else _("all who are here"))
    return group(whom) if whom.startswith("S") else person(whom)


def _when(rung: Rung) -> str:
    """Which step it is, counted from the deadline in working time."""
    if not rung.after:
        return _("at the deadline")
    told = _("{time} before") if rung.after < NOTHING else _("{time} after")
    return told.format(time=exactly(abs(rung.after)))
