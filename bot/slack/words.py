"""How things are called in front of people."""

from datetime import datetime

from bot.domain.case import Past
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Customer, Kind
from bot.slack.blocks import clip, escape, lasting, visible

KINDS = {
    Kind.COMPLAINT: "Complaint",
    Kind.QUESTION: "Question",
    Kind.PRAISE: "Praise",
    Kind.OTHER: "Mention",
}
FACES = {
    Kind.COMPLAINT: "rotating_light",
    Kind.QUESTION: "grey_question",
    Kind.PRAISE: "sparkling_heart",
    Kind.OTHER: "speech_balloon",
}
ENDINGS = {State.ANSWERED.value: "answered", State.DISMISSED.value: "dismissed"}
PLATFORMS = {"twitter": "X", "email": "email", "demo": "the demo platform"}


def platform(account: str) -> str:
    """An account as people call it: "X", "email (press)"."""
    name, _, own = account.partition(":")
    called = PLATFORMS.get(name, name.title())
    return f"{called} ({own})" if own else called


def whole_name(customer: Customer) -> str:
    name, handle = visible(customer.name).strip(), visible(customer.handle).strip()
    if name and name.casefold() != handle.lstrip("@").casefold():
        return f"{name} ({handle})"
    return handle or name or "somebody"


def lateness(conversation: Conversation, now: datetime) -> str:
    """How it stands with the promise, in words that stay true for a minute."""
    if conversation.due_at is None:
        return "nothing promised"
    if conversation.late(now):
        return f"overdue by {lasting(now - conversation.due_at)}"
    return f"due in {lasting(conversation.due_at - now)}"


def before(past: Past) -> str:
    """What was before, in half a sentence."""
    if not past.times:
        return "writes for the first time"
    times = "once" if past.times == 1 else f"{past.times} times"
    return f"wrote {times} before, the last time {ENDINGS.get(str(past.last_state), 'still open')}"


def judgement(conversation: Conversation) -> str:
    """What made it this kind, as markup of our own."""
    if conversation.judged_by:
        return f"<@{conversation.judged_by}> said so"
    return f"of {escape(conversation.because)}" if conversation.because else "of its words"


def outcome(conversation: Conversation) -> str:
    """Who ended it and how, as markup of our own."""
    by = f"<@{conversation.closed_by}>" if conversation.closed_by else ""
    because = escape(clip(visible(conversation.closed_because or ""), 400))
    if conversation.state is State.DISMISSED:
        return f"Dismissed by {by}: {because}" if by else f"Closed: {because}"
    if because:
        return f"Answered on {platform(conversation.account)}" + (f", says {by}" if by else "")
    return f"Answered by {by}"
