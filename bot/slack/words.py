"""How things are called in front of people."""

from datetime import datetime

from bot.domain.case import Case, Past
from bot.domain.clock import Standing
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Customer, Kind
from bot.slack.blocks import lasting
from bot.slack.text import clip, harmless, one_line, visible

KINDS = {
    Kind.COMPLAINT: "Complaint",
    Kind.QUESTION: "Question",
    Kind.PRAISE: "Praise",
    Kind.OTHER: "Mention",
}
FACES = {
    Kind.COMPLAINT: "rotating_light",
    Kind.QUESTION: "grey_question",
    Kind.PRAISE: "yellow_heart",
    Kind.OTHER: "speech_balloon",
}
ENDINGS = {State.ANSWERED: "answered", State.DISMISSED: "dismissed"}
PLATFORMS = {"twitter": "X", "email": "email", "demo": "the demo platform"}
NAME, HANDLE = 60, 40  # characters
CALLED, REASON = 250, 200  # characters of markup
SUBJECT = 200
EARLIER, BEFORE = 400, 2  # characters of earlier messages that wait, and how many of them
JOINERS = "\u200c\u200d\ufe0e\ufe0f "


def plural(kind: Kind) -> str:
    return "praise" if kind is Kind.PRAISE else f"{KINDS[kind].lower()}s"


def platform(account: str) -> str:
    """An account as people call it: "X", "email (press)"."""
    name, _, own = account.partition(":")
    called = PLATFORMS.get(name, name.title())
    return f"{called} ({own})" if own else called


def on(account: str) -> str:
    """Where something was said: "on X", "by email (press)"."""
    return f"{by(account)} {platform(account)}"


def by(account: str) -> str:
    """The word before a platform's name."""
    return "by" if account.partition(":")[0] == "email" else "on"


def whole_name(customer: Customer) -> str:
    """Name and handle in one short line."""
    name = clip(one_line(customer.name).strip(JOINERS), NAME)
    handle = clip(one_line(customer.handle).strip(JOINERS), HANDLE)
    if name and handle and name.casefold() != handle.lstrip("@").casefold():
        return f"{name} ({handle})"
    return handle or name or "somebody"


def said(case: Case) -> str:
    """The customer's words, with those before that wait as well, and a mail's subject on top."""
    since, latest = case.conversation.waiting_since, case.latest
    waiting = [m for m in case.heard if m.posted_at >= since and not m.deleted]
    before = [clip(visible(m.text), EARLIER) for m in waiting[:-1]][-BEFORE:]
    subject = [clip(visible(latest.subject), SUBJECT)] if latest.subject else []
    return "\n\n".join([*subject, *before, latest.text])


def lateness(conversation: Conversation, now: datetime) -> str:
    """How it stands with the promise, in words that stay true for a minute."""
    if conversation.due_at is None:
        return "no deadline"
    if conversation.late(now):
        return f"overdue by {lasting(now - conversation.due_at)}"
    return f"due in {lasting(conversation.due_at - now)}"


def before(past: Past) -> str:
    """What was before, in half a sentence."""
    if not past.times:
        return "writes for the first time"
    ended = ENDINGS.get(past.last_state, "still open") if past.last_state else "still open"
    if past.times == 1:
        return f"wrote once before, {ended}"
    return f"wrote {past.times} times before, the last time {ended}"


def judgement(conversation: Conversation) -> str:
    """What made it this kind, as markup of our own."""
    if conversation.judged_by:
        return f"<@{conversation.judged_by}> said so"
    return f"of {harmless(conversation.because or 'its words', REASON)}"


def settled(conversation: Conversation) -> bool:
    """Whether it ended without a further answer, because nothing more was owed."""
    ended = conversation.state is State.ANSWERED
    return ended and conversation.verdict is Standing.CANCELLED


def outcome(conversation: Conversation) -> str:
    """Who ended it and how, as markup of our own."""
    by = f" by <@{conversation.closed_by}>" if conversation.closed_by else ""
    because = harmless(conversation.closed_because or "", REASON)
    if conversation.state is State.DISMISSED:
        return f"{'Dismissed' if by else 'Closed'}{by}" + (f": {because}" if because else "")
    if because:
        says = f", says <@{conversation.closed_by}>" if by else ""
        return f"Answered {on(conversation.account)} itself{says}"
    return f"{'Settled' if settled(conversation) else 'Answered'}{by}"
