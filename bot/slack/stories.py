"""What one reads and does not fill in: how a deadline came about."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.domain.case import Case, Nagged
from bot.domain.clock import NOTHING, Clock, Owed, Standing, judged
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Mention
from bot.domain.team import Team
from bot.slack.blocks import (
    Block,
    Element,
    context,
    line,
    listing,
    rich,
    section,
    when_markup,
    words,
)
from bot.slack.forms import View, modal
from bot.slack.ladders import Ladder
from bot.slack.reasons import Wall, exactly, reasons, stretches, total
from bot.slack.rules import nothing_owed, promised, round_the_clock
from bot.slack.text import harmless
from bot.slack.tongue import _
from bot.slack.words import CALLED, outcome, whole_name

PAGE = 25  # lines in one block of rich text


def why(case: Case, team: Team, now: datetime, nags: Sequence[Nagged] = ()) -> View:
    """How the deadline came about, to the second; `nags` are those of its clock."""
    story = Story(case=case, team=team, now=now, nags=nags)
    title = _("Deadline of {number}").format(number=case.conversation.id)
    return modal("why", title, story.blocks())


@dataclass(frozen=True, kw_only=True)
class Story:
    """One deadline, told so that it can be counted on fingers, on the clock of the team's wall."""

    case: Case
    team: Team
    now: datetime
    nags: Sequence[Nagged]

    @property
    def conversation(self) -> Conversation:
        return self.case.conversation

    @cached_property
    def clock(self) -> Clock | None:
        """The one that runs, or the one that has ended, if it can still be counted."""
        if self.conversation.state in UNSETTLED:
            return self.conversation.clock(self.team)
        return _ended(self.conversation, self.team)

    @cached_property
    def wall(self) -> Wall:
        return Wall.at(self.now, self.team.calendar.zone)

    def blocks(self) -> list[Block]:
        told = [self._ending(), self._rule(), self._wrote(), self._answered()]
        blocks = [section(sentence) for sentence in told if sentence]
        return [*blocks, *(self._counting(self.clock) if self.clock else []), *self._ladder()]

    def _rule(self) -> str:
        """What was promised, and why to them."""
        if self.clock:
            return promised(self.clock, self.team, self.conversation)
        if self.conversation.state in UNSETTLED:
            return nothing_owed(self.conversation, self.team)
        due_at = self.conversation.due_at
        if due_at is None:
            return _("It had no deadline, by the promises and pauses of that time.")
        told = _("It was due *{at}*, by the promises and pauses of that time.")
        return told.format(at=self.wall.moment(due_at))

    def _wrote(self) -> str:
        """When the customer wrote, and when that came to us."""
        oldest, several = _oldest(self.case)
        name = harmless(whole_name(self.case.customer), CALLED)
        at = self.wall.moment(self.conversation.waiting_since)
        if several:
            told = _(
                "{name} wrote the oldest message that still waits on *{at}*, by the platform's"
                " clock."
            )
        else:
            told = _("{name} wrote on *{at}*, by the platform's clock.")
        return told.format(name=name, at=at) + self._heard(oldest)

    def _heard(self, oldest: Mention | None) -> str:
        if oldest is None or oldest.heard_at is None:
            return ""
        later = exactly(max(NOTHING, oldest.heard_at - self.conversation.waiting_since))
        at = self.wall.moment(oldest.heard_at)
        told = _("We heard of it on {at}, {time} later, and that does not move the deadline.")
        return " " + told.format(at=at, time=later)

    def _answered(self) -> str:
        """Our last answer, where it is what the clock counts from."""
        conversation = self.conversation
        if conversation.waits or conversation.answered_at is None or not conversation.open:
            return ""
        told = _("We answered on *{at}*.")
        if conversation.verdict is Standing.KEPT:
            told = _("We answered on *{at}*, in time.")
        if conversation.verdict is Standing.BROKEN:
            told = _("We answered on *{at}*, late.")
        return told.format(at=self.wall.moment(conversation.answered_at))

    def _counting(self, clock: Clock) -> list[Block]:
        """Every stretch and their sum, or what was promised for a time of its own."""
        if clock.owed is Owed.PROMISE:
            return [section(f"*{reasons(clock, self.wall.zone)[0]}*"), self._small(clock)]
        head = section(_("*What counted, and what did not*"))
        told = [line(words(each)) for each in stretches(clock, self.wall)]
        makes = _("That makes *{total}*.").format(total=total(clock, self.wall))
        return [head, *_pages(told), section(makes), self._small(clock)]

    def _small(self, clock: Clock) -> Block:
        told = _(
            "On the clock of {zone}; on yours it is {at}. A claim does not move it, and neither"
            " does a second message."
        )
        return context(told.format(zone=self.wall.zone.key, at=when_markup(clock.due_at)))

    def _ending(self) -> str:
        """The verdict, from the times that are written down, and by how much."""
        conversation, at = self.conversation, self.conversation.closed_at
        if conversation.state in UNSETTLED or at is None:
            return ""
        answered = conversation.state is State.ANSWERED
        verdict = conversation.verdict or judged(conversation.due_at, at, answered=answered)
        if verdict is not Standing.CANCELLED:
            return self._verdict(verdict, at)
        if answered:
            told = _("*Settled* by <@{who}>. Nothing more was owed.")
            return told.format(who=conversation.closed_by)
        ended = outcome(conversation).rstrip(".")
        return _("*{ended}.* No answer was owed any more.").format(ended=ended)

    def _verdict(self, verdict: Standing, at: datetime) -> str:
        due_at, moment = self.conversation.due_at, self.wall.moment(at)
        if due_at is None:
            told = _("It was answered on {at}. Nothing was promised for any time.")
            return told.format(at=moment)
        if verdict is Standing.KEPT:
            told = _("*Kept.* It was answered on {at}, {time} before it was due.")
            return told.format(at=moment, time=exactly(due_at - at))
        told = _("*Broken.* It was answered on {at}, {time} after it was due{worked}.")
        return told.format(at=moment, time=exactly(at - due_at), worked=self._worked(at))

    def _worked(self, at: datetime) -> str:
        """How much of a delay was working time, where that is another figure."""
        overrun = exactly(self.clock.overrun(at)) if self.clock else ""
        same = not self.clock or overrun == exactly(at - self.clock.due_at)
        return "" if same else _(": {time} of working time").format(time=overrun)

    def _ladder(self) -> list[Block]:
        """Of what is over, only what was said."""
        over = self.conversation.state not in UNSETTLED
        if self.clock is None or (over and not self.nags):
            return []
        ladder = Ladder(
            clock=self.clock,
            conversation=self.conversation,
            team=self.team,
            nags=self.nags,
            wall=self.wall,
            now=self.now,
        )
        told = ladder.lines() or [line(words(_("nobody")))]
        head = section(_("*Who is called while nobody has answered*"))
        return [head, *_pages(told), *self._may_be_called(self.clock)]

    def _may_be_called(self, clock: Clock) -> list[Block]:
        if self.conversation.state is State.REPLYING:
            told = _("Our answer is on its way, and while it is, nobody is called.")
            return [context(told)]
        if not self.conversation.open or round_the_clock(clock.calendar):
            return []
        told = _(
            "Nobody is called outside the working hours or in a pause. What is reached then"
            " is said once, when the team is back."
        )
        return [context(told)]


def _ended(conversation: Conversation, team: Team) -> Clock | None:
    """The clock of what is over, unless the policy or its pauses are not what they were."""
    since, pauses = conversation.waiting_since, conversation.pauses
    if conversation.owed not in (Owed.FIRST, Owed.FURTHER):
        return None
    clock = team.clock(conversation, conversation.owed, since, pauses)
    return clock if clock and clock.due_at == conversation.due_at else None


def _oldest(case: Case) -> tuple[Mention | None, bool]:
    """The message that the clock counts from, and whether others wait beside it."""
    since = case.conversation.waiting_since
    waiting = [each for each in case.heard if each.posted_at >= since and not each.deleted]
    return next(iter(waiting), None), len(waiting) > 1 and case.conversation.waits


def _pages(lines: Sequence[Element]) -> list[Block]:
    """Lists of rich text, none too long for one block."""
    starts = range(0, len(lines), PAGE)
    return [rich(listing(lines[start : start + PAGE])) for start in starts]
