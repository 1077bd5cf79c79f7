"""What the bot says in a card's thread, and about itself: nags, notes, notices."""

from datetime import datetime, timedelta

from bot.domain.case import Case
from bot.domain.mention import Mention, Origin
from bot.domain.team import CHANNEL, HERE, OWNER
from bot.slack.blocks import (
    Message,
    anchor,
    lasting,
    line,
    quote,
    rich,
    words,
)
from bot.slack.cards import title
from bot.slack.text import harmless
from bot.slack.words import on, platform

SAID = 3000  # characters of a customer's words in a note's fallback
WHY = 500


def nag(case: Case, call: str, now: datetime) -> Message:
    """Call somebody, in the card's thread."""
    return Message(f"{calling(call, case)}, this {_due(case, now)}.")


def nag_away(case: Case, call: str, now: datetime, card: str | None) -> Message:
    """The same where the card is not in sight; `card` is its address."""
    what = anchor(card, title(case.customer, case.conversation.kind))
    return Message(f"{calling(call, case)}, {what} {_due(case, now)}.")


def calling(call: str, case: Case) -> str:
    """Whom a rung means, as markup. An owner who is not there is whoever is here."""
    if call == OWNER:
        owner = case.conversation.owner
        return f"<@{owner}>" if owner else "<!here>"
    named = {CHANNEL: "<!channel>", HERE: "<!here>"}
    return named.get(call) or (f"<!subteam^{call}>" if call.startswith("S") else f"<@{call}>")


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


def _due(case: Case, now: datetime) -> str:
    due = case.conversation.due_at
    if due is None or now - due < timedelta(minutes=1):
        return "should have been answered by now"
    return f"should have been answered {lasting(now - due)} ago"


def _quoted(head: str, mention: Mention) -> Message:
    blocks = [rich(line(words(head))), quote(mention.text)]
    return Message(f"{head} {harmless(mention.text, SAID)}", blocks)


def _sentence(why: str) -> str:
    """Somebody's reason, with a full stop."""
    shown = harmless(why.strip(), WHY)
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."
