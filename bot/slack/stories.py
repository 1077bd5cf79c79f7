"""What one reads and does not fill in: how a deadline came about, and a customer's history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from bot.domain.case import Case, Nagged
from bot.domain.clock import NOTHING, Clock, Owed, Standing, judged
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Reply
from bot.domain.team import Team
from bot.slack.blocks import (
    Block,
    Element,
    context,
    line,
    link,
    listing,
    person,
    quote,
    rich,
    section,
    when,
    when_markup,
    words,
)
from bot.slack.forms import View, modal
from bot.slack.ladders import Ladder
from bot.slack.reasons import Wall, exactly, reasons, stretches, total
from bot.slack.rules import nothing_owed, promised, round_the_clock
from bot.slack.text import harmless
from bot.slack.words import CALLED, before, on, outcome, whole_name

OLDER = 20  # entries of a history: Slack takes 250 kB for a form
SHORT = 1000  # of JSON: of each text in it
PAGE = 25  # lines in one block of rich text


def why(case: Case, team: Team, now: datetime, nags: Sequence[Nagged] = ()) -> View:
    """How the deadline came about, to the second; `nags` are those of its clock."""
    story = Story(case=case, team=team, now=now, nags=nags)
    return modal("why", f"Deadline of {case.conversation.id}", story.blocks())


def history(case: Case, heard: Sequence[Mention | Reply]) -> View:
    """What this customer wrote and what we answered, newest first."""
    by = case.customer
    blocks: list[Block] = [
        rich(line(link(by.url, whole_name(by)), words(f" · {before(case.past)}")))
    ]
    for each in heard[:OLDER]:
        blocks += _entry(each)
    if len(heard) > OLDER:
        blocks.append(context(f"These are the newest {OLDER}."))
    return modal("history", "History", blocks)


def _entry(each: Mention | Reply) -> list[Block]:
    if isinstance(each, Reply):
        at, who = each.sent_at or each.written_at, [person(each.author), words(" ")]
        who.append(_linked(each.url, "answered"))
    else:
        at, who = each.posted_at, [_linked(each.url, _verb(each))]
    return [rich(line(*who, words(" · "), when(at))), quote(each.text, SHORT)]


def _verb(mention: Mention) -> str:
    verb = "answered there" if mention.origin is Origin.OWN else "wrote"
    gone = ", deleted since" if mention.deleted else ""
    return f"{verb} {on(mention.account)}{gone}"


def _linked(url: str | None, text: str) -> Element:
    return link(url, text) if url else words(text)


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
        then = f"It was due *{self.wall.moment(due_at)}*" if due_at else "It had no deadline"
        return f"{then}, by the promises and pauses of that time."

    def _wrote(self) -> str:
        """When the customer wrote, and when that came to us."""
        oldest, several = _oldest(self.case)
        name = harmless(whole_name(self.case.customer), CALLED)
        what = "wrote the oldest message that still waits" if several else "wrote"
        at = self.wall.moment(self.conversation.waiting_since)
        return f"{name} {what} on *{at}*, by the platform's clock.{self._heard(oldest)}"

    def _heard(self, oldest: Mention | None) -> str:
        if oldest is None or oldest.heard_at is None:
            return ""
        later = exactly(max(NOTHING, oldest.heard_at - self.conversation.waiting_since))
        at = self.wall.moment(oldest.heard_at)
        return f" We heard of it on {at}, {later} later, and that does not move the deadline."

    def _answered(self) -> str:
        """Our last answer, where it is what the clock counts from."""
        conversation = self.conversation
        if conversation.waits or conversation.answered_at is None or not conversation.open:
            return ""
        how = {Standing.KEPT: ", in time", Standing.BROKEN: ", late"}
        verdict = how.get(conversation.verdict, "") if conversation.verdict else ""
        return f"We answered on *{self.wall.moment(conversation.answered_at)}*{verdict}."

    def _counting(self, clock: Clock) -> list[Block]:
        """Every stretch and their sum, or what was promised for a time of its own."""
        if clock.owed is Owed.PROMISE:
            return [section(f"*{reasons(clock, self.wall.zone)[0]}*"), self._small(clock)]
        head = section("*What counted, and what did not*")
        told = [line(words(each)) for each in stretches(clock, self.wall)]
        makes = section(f"That makes *{total(clock, self.wall)}*.")
        return [head, *_pages(told), makes, self._small(clock)]

    def _small(self, clock: Clock) -> Block:
        return context(
            f"On the clock of {self.wall.zone.key}; on yours it is {when_markup(clock.due_at)}."
            " A claim does not move it, and neither does a second message."
        )

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
            return f"*Settled* by <@{conversation.closed_by}>. Nothing more was owed."
        return f"*{outcome(conversation)}.* No answer was owed any more."

    def _verdict(self, verdict: Standing, at: datetime) -> str:
        due_at, said = self.conversation.due_at, f"It was answered on {self.wall.moment(at)}"
        if due_at is None:
            return f"{said}. Nothing was promised for any time."
        if verdict is Standing.KEPT:
            return f"*Kept.* {said}, {exactly(due_at - at)} before it was due."
        return f"*Broken.* {said}, {exactly(at - due_at)} after it was due{self._worked(at)}."

    def _worked(self, at: datetime) -> str:
        """How much of a delay was working time, where that is another figure."""
        overrun = exactly(self.clock.overrun(at)) if self.clock else ""
        same = not self.clock or overrun == exactly(at - self.clock.due_at)
        return "" if same else f": {overrun} of working time"

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
        told = ladder.lines() or [line(words("nobody"))]
        head = section("*Who is called while nobody has answered*")
        return [head, *_pages(told), *self._may_be_called(self.clock)]

    def _may_be_called(self, clock: Clock) -> list[Block]:
        if self.conversation.state is State.REPLYING:
            return [context("Our answer is on its way, and while it is, nobody is called.")]
        if not self.conversation.open or round_the_clock(clock.calendar):
            return []
        return [
            context(
                "Nobody is called outside the working hours or in a pause. What is reached then"
                " is said once, when the team is back."
            )
        ]


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
