"""What the bot says in a card's thread, and about itself: nags, notes, digests, notices."""

from collections.abc import Sequence
from datetime import datetime

from bot.domain.case import Case
from bot.domain.mention import Mention, Origin
from bot.domain.team import CHANNEL, HERE, OWNER
from bot.slack.blocks import (
    Block,
    Message,
    clip,
    context,
    escape,
    lasting,
    quote,
    rich,
    section,
    visible,
    words,
)
from bot.slack.cards import title
from bot.slack.queue import Links, lines, totals_of
from bot.slack.words import platform
from storage.conversations import Waiting

MOST = 2000  # characters of a customer's words in a note's fallback


def nag(case: Case, call: str, now: datetime, link: str = "") -> Message:
    """Call somebody. `link` leads to the card where the nag is said away from it."""
    due = case.conversation.due_at
    late = lasting(now - due) if due else "some time"
    what = f"{title(case.customer, case.conversation.kind)} ({link})" if link else "this"
    return Message(f"{calling(call, case)}, {what} should have been answered {late} ago.")


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
    return _quoted(f"{what} came; nobody needs to answer it:", mention)


def deleted(case: Case) -> Message:
    still = "The rest still waits." if case.conversation.open else "There is nothing to answer now."
    where = platform(case.conversation.account)
    return Message(f"The customer deleted a message on {where}. {still}")


def refused(case: Case, why: str) -> Message:
    """The answer did not get through; the owner hears why, and that nothing is lost."""
    owner = case.conversation.owner
    start = f"<@{owner}>, " if owner else ""
    return Message(
        f"{start}{platform(case.conversation.account)} did not take the answer:"
        f" {escape(clip(visible(why), 500))} The text is kept: *Reply* offers it again."
    )


def in_doubt(case: Case, why: str) -> Message:
    owner, url = case.conversation.owner, case.latest.url
    where = f"<{escape(url)}|Look there>" if url else "Look there"
    return Message(
        f"<@{owner}>, the answer may have been published, and I can't tell:"
        f" {escape(clip(visible(why), 500))} {where} and press what is true on the card."
    )


def digest(gathered: Sequence[Waiting], waiting: int, now: datetime, links: Links) -> Message:
    """Many conversations in one message, because they came faster than Slack takes messages."""
    counted = totals_of([each.conversation for each in gathered])
    head = (
        f"*{len(gathered)} mentions came at once* ({counted}); {waiting} still wait."
        " Every deadline is running. Each gets a card of its own when somebody acts on it or when"
        " it is late."
    )
    blocks: list[Block] = [section(head)]
    blocks += [rich(page) for page in lines(gathered, now, links)]
    blocks.append(
        context("`/unanswered` lists what waits; `/unanswered claim 42` takes number 42.")
    )
    return Message(f"{len(gathered)} mentions came at once ({counted}); {waiting} wait.", blocks)


def notice(text: str) -> Message:
    return Message(text)


def _quoted(head: str, mention: Mention) -> Message:
    said = escape(clip(visible(mention.text), MOST))
    blocks = [rich({"type": "rich_text_section", "elements": [words(head)]}), quote(mention.text)]
    return Message(f"{head} {said}", blocks)
