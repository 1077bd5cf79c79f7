"""How a conversation stands with its clock, for eyes and for ears."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.slack.blocks import Element, emoji, lasting, when, when_markup, words
from bot.slack.words import settled


class Loud(str):
    """What is written in bold."""


Part = str | datetime
SOON = "hourglass_flowing_sand"
PENDING = {
    Owed.FIRST: "due ",
    Owed.FURTHER: "due ",
    Owed.LOOP: "hear from us again by ",
    Owed.PROMISE: "promised for ",
}
IMMINENT = {
    Owed.FIRST: "due soon, ",
    Owed.FURTHER: "due soon, ",
    Owed.LOOP: "hear from us again soon, by ",
    Owed.PROMISE: "promised soon, for ",
}
OVERDUE = {
    Owed.FIRST: "overdue since ",
    Owed.FURTHER: "overdue since ",
    Owed.LOOP: "overdue, to hear from us by ",
    Owed.PROMISE: "overdue, promised for ",
}


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
        ["answered"] if answered else [],
        ["sounds like their last word"] if conversation.thanks else [],
        [] if silent else _clock(conversation, now, "" if aside else "no deadline"),
        paused,
    ]


def _paused(conversation: Conversation, now: datetime) -> Sequence[Part]:
    pause = conversation.snoozed(now)
    if pause is None:
        return []
    if conversation.until_they_write:
        return [Loud("paused until they write"), ", at the longest until ", pause.end]
    return [Loud("paused until "), pause.end]


def _clock(conversation: Conversation, now: datetime, otherwise: str) -> Sequence[Part]:
    due_at, owed = conversation.due_at, conversation.owed
    if due_at is None:
        return [otherwise] if otherwise else []
    if conversation.late(now):
        return [Loud(OVERDUE[owed]), due_at]
    if conversation.standing(now) is Standing.IMMINENT:
        return [Loud(IMMINENT[owed]), due_at]
    return [PENDING[owed], due_at]


def _ended(conversation: Conversation) -> list[Part]:
    if conversation.state is State.DISMISSED:
        return [Loud("dismissed" if conversation.closed_by else "closed")]
    if settled(conversation):
        return [Loud("settled")]
    return [Loud("answered"), _punctuality(conversation)]


def _punctuality(conversation: Conversation) -> str:
    """The verdict, from the times that are written down."""
    due_at, at = conversation.due_at, conversation.closed_at
    if due_at is None or at is None:
        return ""
    broken = conversation.verdict is Standing.BROKEN
    if conversation.owed is Owed.PROMISE:
        return f", {lasting(at - due_at)} later than promised" if broken else ", as promised"
    late = f", {lasting(at - due_at)} late" if broken else ", in time"
    if conversation.owed is Owed.LOOP:
        return late
    return f" after {lasting(at - conversation.waiting_since)}{late}"
