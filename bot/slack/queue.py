"""What waits, as a list: for `/unanswered`, for App Home and for digests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.conversation import Conversation, State
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    button,
    clip,
    context,
    escape,
    line,
    link,
    listing,
    person,
    rich,
    section,
    visible,
    when,
    words,
)
from bot.slack.words import FACES, KINDS, lateness, platform, whole_name
from storage.conversations import Totals, Waiting

PAGE = 10  # lines of a list that fit a phone
RICH = 25  # lines in one block of rich text
WORDS = 80  # characters of what a customer wrote


@dataclass
class Links:
    """Makes the address of a message from the workspace's own, once that is known."""

    workspace: str = ""

    def card(self, conversation: Conversation) -> str | None:
        if not (conversation.card and conversation.channel and self.workspace):
            return None
        stamp = conversation.card.replace(".", "")
        return f"{self.workspace.rstrip('/')}/archives/{conversation.channel}/p{stamp}"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of an answer to `/unanswered`; `query` asks for the same again."""

    title: str
    query: str
    found: Sequence[Waiting]
    totals: Totals
    skipped: int = 0


def queue(listing: Listing, now: datetime, links: Links) -> Message:
    """The whole answer: totals on top, most urgent first, and a way to the next page."""
    head = f"*{escape(listing.title)}*: {_totals(listing.totals)}"
    if not listing.found:
        return Message(head, [section(head), context(_nothing(listing))])
    blocks: list[Block] = [section(head)]
    blocks += [rich(page) for page in lines(listing.found, now, links)]
    if more := _more(listing):
        blocks.append(actions(more))
    blocks.append(context("`/unanswered help` tells what else can be asked and done."))
    spoken = "\n".join(_spoken(waiting, now) for waiting in listing.found)
    return Message(f"{head}\n{spoken}", blocks)


def lines(found: Sequence[Waiting], now: datetime, links: Links) -> Iterator[Element]:
    """Lists of rich text, none too long for one block."""
    for start in range(0, len(found), RICH):
        yield listing(_line(waiting, now, links) for waiting in found[start : start + RICH])


def totals_of(conversations: Sequence[Conversation]) -> str:
    """How many of each kind."""
    counted = Counter(conversation.kind for conversation in conversations)
    named = [(counted[kind], name.lower()) for kind, name in KINDS.items() if counted[kind]]
    return ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for n, name in named).replace(
        "praises", "praise"
    )


def _line(waiting: Waiting, now: datetime, links: Links) -> Element:
    conversation = waiting.conversation
    name = clip(whole_name(waiting.customer), WORDS)
    card = links.card(conversation)
    parts: list[Element] = [
        words(f"{conversation.id} ", code=True),
        words(" "),
        {"type": "emoji", "name": FACES[conversation.kind]},
        words(" "),
        link(card, name) if card else words(name, bold=True),
        words(f" on {platform(conversation.account)} · "),
        *_clock(conversation, now),
        words(" · "),
        *_holder(conversation),
    ]
    if waiting.words:
        parts.append(words(f" · “{clip(_one_line(waiting.words), WORDS)}”"))
    return line(*parts)


def _clock(conversation: Conversation, now: datetime) -> list[Element]:
    if conversation.state not in (State.WAITING, State.CLAIMED, State.REPLYING):
        return [words(conversation.state.value)]
    late = conversation.late(now)
    shown = [words(lateness(conversation, now), bold=late)]
    if conversation.due_at is None or late:
        return shown
    return [*shown, words(", "), when(conversation.due_at)]


def _holder(conversation: Conversation) -> list[Element]:
    if conversation.state is State.REPLYING:
        return [person(str(conversation.owner)), words(" is answering")]
    if conversation.owner:
        return [person(conversation.owner)]
    return [words("nobody")]


def _spoken(waiting: Waiting, now: datetime) -> str:
    conversation = waiting.conversation
    owner = f"<@{conversation.owner}>" if conversation.owner else "nobody has it"
    said = escape(clip(_one_line(waiting.words), WORDS))
    return (
        f"{conversation.id}: {escape(clip(whole_name(waiting.customer), WORDS))} on"
        f" {platform(conversation.account)}, {lateness(conversation, now)}, {owner}: {said}"
    )


def _totals(totals: Totals) -> str:
    return (
        f"{totals.waiting} waiting, {totals.late} overdue,"
        f" {totals.waiting - totals.claimed} with nobody's name on"
    )


def _nothing(asked: Listing) -> str:
    if asked.skipped:
        return "That was all."
    return "Nobody waits here. :sunny:"


def _more(asked: Listing) -> dict[str, Any] | None:
    shown = asked.skipped + len(asked.found)
    rest = asked.totals.waiting - shown
    if rest <= 0:
        return None
    return button("more", f"Next {min(rest, PAGE)} of {rest}", f"{shown} {asked.query}")


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())
