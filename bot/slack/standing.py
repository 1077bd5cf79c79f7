"""How a conversation stands with its clock, for eyes and for ears."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.slack.blocks import Element, emoji, lasting, when, when_markup, words
from bot.slack.tongue import N_, _
from bot.slack.words import settled


class Loud(str):
    """What is written in bold."""


Part = str | datetime
SOON = "hourglass_flowing_sand"
PENDING = {  # each with the place of its moment
    Owed.FIRST: N_("due {at}"),
    Owed.FURTHER: N_("due {at}"),
    Owed.LOOP: N_("hear from us again by {at}"),
    Owed.PROMISE: N_("promised for {at}"),
}
IMMINENT = {
    Owed.FIRST: N_("due soon, {at}"),
    Owed.FURTHER: N_("due soon, {at}"),
    Owed.LOOP: N_("hear from us again soon, by {at}"),
    Owed.PROMISE: N_("promised soon, for {at}"),
}
OVERDUE = {
    Owed.FIRST: N_("overdue since {at}"),
    Owed.FURTHER: N_("overdue since {at}"),
    Owed.LOOP: N_("overdue, to hear from us by {at}"),
    Owed.PROMISE: N_("overdue, promised for {at}"),
}
LONGEST = N_(", at the longest until {at}")


def seen(conversation: Conversation, now: datetime) -> list[Element]:
    """As rich text, in the reader's own time zone."""
    soon = conversation.standing(now) is Standing.IMMINENT and not conversation.snoozed(now)
    mark = [emoji(SOON), words(" ")] if soon else []
    return [*mark, *map(_seen, _parts(conversation, now))]


def spoken(conversation: Conversation, now: datetime) -> str:
    """The same as markup of our own."""
    return "".join(_spoken(part) for part in _parts(conversation, now))


def _seen(part: Part) -> Element:
    if isinstance(part, datetime):
        return when(part, ago=True)
    return words(part, bold=True) if isinstance(part, Loud) else words(part)


def _spoken(part: Part) -> str:
    return when_markup(part) if isinstance(part, datetime) else part


def _parts(conversation: Conversation, now: datetime) -> list[Part]:
    if conversation.state not in UNSETTLED:
        return _ended(conversation)
    told = [each for each in _open(conversation, now) if each]
    return [part for each in told for part in (" · ", *each)][1:]


def _open(conversation: Conversation, now: datetime) -> Sequence[Sequence[Part]]:
    """All that is to be said, part by part."""
    answered = not conversation.waits
    paused = _paused(conversation, now)
    silent = paused and not conversation.late(now)  # the pause says it
    aside = answered or conversation.thanks or paused
    return [
        [_("answered")] if answered else [],
        [_("sounds like their last word")] if conversation.thanks else [],
        [] if silent else _clock(conversation, now, "" if aside else _("no deadline")),
        paused,
    ]


def _paused(conversation: Conversation, now: datetime) -> Sequence[Part]:
    pause = conversation.snoozed(now)
    if pause is None:
        return []
    if conversation.until_they_write:
        return [Loud(_("paused until they write")), *_around(_(LONGEST), pause.end)]
    return _around(_("paused until {at}"), pause.end, loud=True)


def _around(sentence: str, at: datetime, *, loud: bool = False) -> Sequence[Part]:
    """A sentence with a moment in its place."""
    before, _place, after = sentence.partition("{at}")
    written = Loud if loud else str
    return [part for part in (written(before), at, written(after)) if part]


def _clock(conversation: Conversation, now: datetime, otherwise: str) -> Sequence[Part]:
    due_at, owed = conversation.due_at, conversation.owed
    if due_at is None:
        return [otherwise] if otherwise else []
    if conversation.late(now):
        return _around(_(OVERDUE[owed]), due_at, loud=True)
    if conversation.standing(now) is Standing.IMMINENT:
        return _around(_(IMMINENT[owed]), due_at, loud=True)
    return _around(_(PENDING[owed]), due_at)


def _ended(conversation: Conversation) -> list[Part]:
    if conversation.state is State.DISMISSED:
        return [Loud(_("dismissed") if conversation.closed_by else _("closed"))]
    if settled(conversation):
        return [Loud(_("settled"))]
    return [Loud(_("answered")), _punctuality(conversation)]


def _punctuality(conversation: Conversation) -> str:
    """The verdict, from the times that are written down."""
    due_at, at = conversation.due_at, conversation.closed_at
    if due_at is None or at is None:
        return ""
    broken = conversation.verdict is Standing.BROKEN
    if conversation.owed is Owed.PROMISE:
        told = _(", {span} later than promised") if broken else _(", as promised")
        return told.format(span=lasting(at - due_at))
    late = (_(", {span} late") if broken else _(", in time")).format(span=lasting(at - due_at))
    if conversation.owed is Owed.LOOP:
        return late
    took = lasting(at - conversation.waiting_since, away=True)
    return _(" after {span}").format(span=took) + late
