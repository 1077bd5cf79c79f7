"""What the bot says in a card's thread, and about itself: nags, notes, notices."""

from datetime import datetime, timedelta

from bot.domain.case import Case
from bot.domain.clock import CHANNEL, HERE, Owed
from bot.domain.conversation import Conversation
from bot.domain.mention import Mention, Origin
from bot.slack.blocks import (
    Message,
    anchor,
    lasting,
    line,
    quote,
    rich,
    when_markup,
    words,
)
from bot.slack.cards import title
from bot.slack.text import harmless
from bot.slack.words import on, platform

SAID = 3000  # characters of a customer's words in a note's fallback
WHY = 500
A_MINUTE = timedelta(minutes=1)
TOO_LATE = {  # and by how much
    Owed.FIRST: "should have been answered {}",
    Owed.FURTHER: "should have been answered again {}",
    Owed.LOOP: "is not settled, and the customer should have heard from us {}",
}
SOON = {
    Owed.FIRST: "is due {}",
    Owed.FURTHER: "is due for a further answer {}",
    Owed.LOOP: "is not settled, and the customer is due to hear from us {}",
}


def nag(case: Case, whom: str, now: datetime) -> Message:
    """Call somebody, in the card's thread."""
    return Message(f"{calling(whom)}, this {_due(case.conversation, now)}.")


def nag_away(case: Case, whom: str, now: datetime, card: str | None) -> Message:
    """The same where the card is not in sight; `card` is its address."""
    what = anchor(card, title(case.customer, case.conversation.kind))
    return Message(f"{calling(whom)}, {what} {_due(case.conversation, now)}.")


def calling(whom: str) -> str:
    """A member, a group, "channel" or "here", as markup that calls them."""
    named = {CHANNEL: "<!channel>", HERE: "<!here>"}
    return named.get(whom) or (f"<!subteam^{whom}>" if whom.startswith("S") else f"<@{whom}>")


def let_go(case: Case, who: str, held: timedelta) -> Message:
    """A claim has ended by itself; `held` is the working time in which its holder did nothing."""
    conversation = case.conversation
    free = conversation.open and conversation.owner is None
    so = "so it is free again" if free else "so it was set free"
    ran = " Its clock never stopped." if conversation.due_at else ""
    worked = f"{lasting(held)} of working time"
    return Message(f"<@{who}> had this for {worked} without a sign, {so}.{ran}")


def wrote_again(mention: Mention) -> Message:
    """The customer's further words."""
    return _quoted("The customer wrote again:", mention)


def automatic(mention: Mention) -> Message:
    """What a machine wrote into the conversation."""
    what = "A repost" if mention.origin is Origin.REPOST else "An automatic message"
    return _quoted(f"{what} came. Nobody needs to answer it:", mention)


def deleted(case: Case) -> Message:
    still = "The rest still waits." if case.conversation.open else "There is nothing to answer now."
    return Message(f"The customer deleted a message {on(case.conversation.account)}. {still}")


def refused(case: Case, why: str) -> Message:
    """The answer did not get through; the owner hears why, and that nothing is lost."""
    owner, where = case.conversation.owner, platform(case.conversation.account)
    took = f"<@{owner}>, {where}" if owner else where[:1].upper() + where[1:]
    return Message(
        f"{took} did not take the answer: {_sentence(why)}"
        " The text is kept: *Reply* on the card offers it again."
    )


def in_doubt(case: Case, why: str) -> Message:
    owner, where = case.conversation.owner, anchor(case.latest.url, "Look there")
    return Message(
        f"<@{owner}>, the answer may have been published, and I can't tell: {_sentence(why)}"
        f" {where} and press what is true on the card."
    )


def notice(text: str) -> Message:
    return Message(text)


def _due(conversation: Conversation, now: datetime) -> str:
    """What is owed and how it stands with its time, to go on a sentence."""
    owed, due_at = conversation.owed, conversation.due_at or now
    if owed is Owed.PROMISE:
        return f"was promised another word for {when_markup(due_at)}, {_away(due_at, now)}"
    told = TOO_LATE if due_at <= now else SOON
    return told[owed].format(_away(due_at, now, just="by now"))


def _away(due_at: datetime, now: datetime, just: str = "which is now") -> str:
    """How far a moment is away; what has passed within this minute has `just` passed."""
    if due_at > now:
        return f"in {lasting(due_at - now)}"
    return just if now - due_at < A_MINUTE else f"{lasting(now - due_at)} ago"


def _quoted(head: str, mention: Mention) -> Message:
    blocks = [rich(line(words(head))), quote(mention.text)]
    return Message(f"{head} {harmless(mention.text, SAID)}", blocks)


def _sentence(why: str) -> str:
    """Somebody's reason, with a full stop."""
    shown = harmless(why.strip(), WHY)
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."
