"""What waits, as a list: for `/unanswered`, for App Home and for digests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    button,
    context,
    emoji,
    line,
    link,
    listing,
    person,
    rich,
    section,
    when,
    words,
)
from bot.slack.text import clip, harmless, one_line
from bot.slack.words import FACES, KINDS, lateness, on, plural, whole_name
from storage.conversations import Totals, Waiting

PAGE = 10  # lines of a list that fit a phone
RICH = 25  # lines in one block of rich text
WORDS = 80  # characters of what a customer wrote
SPOKEN = 120  # characters of markup for each of them in the fallback


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
    """One page of an answer to `/unanswered`; `query` asks for the same again.

    `title` is markup of our own.
    """

    title: str
    query: str
    found: Sequence[Waiting]
    totals: Totals
    skipped: int = 0


def queue(listing: Listing, now: datetime, links: Links) -> Message:
    """The whole answer: totals on top, most urgent first, and a way to the next page."""
    head = heading(listing)
    blocks: list[Block] = [section(head), *(rich(p) for p in lines(listing.found, now, links))]
    if pages := _pages(listing):
        blocks.append(actions(*pages))
    if listing.found:
        blocks.append(context("`/unanswered help` tells what else can be asked and done."))
    spoken = [_spoken(waiting, now) for waiting in listing.found]
    return Message("\n".join([head, *spoken]), blocks)


def heading(listing: Listing) -> str:
    """What was asked for, and how many there are."""
    totals = listing.totals
    if not totals.waiting:
        return f"*{listing.title}*: nobody. :sunny:"
    unclaimed = totals.waiting - totals.claimed
    counted = f"{totals.waiting} waiting, {totals.late} overdue, {unclaimed} unclaimed"
    first, last = listing.skipped + 1, listing.skipped + len(listing.found)
    part = f" · {first} to {last}" if listing.skipped and listing.found else ""
    return f"*{listing.title}*: {counted}{part}"


def lines(found: Sequence[Waiting], now: datetime, links: Links) -> Iterator[Element]:
    """Lists of rich text, none too long for one block."""
    for start in range(0, len(found), RICH):
        yield listing(_line(waiting, now, links) for waiting in found[start : start + RICH])


def totals_of(conversations: Sequence[Conversation]) -> str:
    """How many of each kind: "2 complaints, 1 question"."""
    counted = Counter(conversation.kind for conversation in conversations)
    named = [(counted[kind], kind) for kind in KINDS if counted[kind]]
    return ", ".join(f"{n} {KINDS[kind].lower() if n == 1 else plural(kind)}" for n, kind in named)


def _line(waiting: Waiting, now: datetime, links: Links) -> Element:
    conversation = waiting.conversation
    parts: list[Element] = [
        words(str(conversation.id), code=True),
        words(" "),
        emoji(FACES[conversation.kind]),
        words(" "),
        link(links.card(conversation), whole_name(waiting.customer)),
        words(f" {on(conversation.account)} · "),
        *_clock(conversation, now),
        *_holder(conversation),
    ]
    if waiting.words:
        parts.append(words(f"\n“{clip(one_line(waiting.words), WORDS)}”"))
    return line(*parts)


def _clock(conversation: Conversation, now: datetime) -> list[Element]:
    if conversation.state not in UNSETTLED:
        return [words(conversation.state.value)]
    late = conversation.late(now)
    shown = [words(lateness(conversation, now), **({"bold": True} if late else {}))]
    if conversation.due_at is None or late:
        return shown
    return [*shown, words(", "), when(conversation.due_at)]


def _holder(conversation: Conversation) -> list[Element]:
    if conversation.state not in UNSETTLED:
        return []
    if conversation.state is State.REPLYING:
        return [words(" · "), person(str(conversation.owner)), words(" is answering")]
    if conversation.owner:
        return [words(" · "), person(conversation.owner)]
    return [words(" · unclaimed")]


def _spoken(waiting: Waiting, now: datetime) -> str:
    conversation = waiting.conversation
    owner = f"<@{conversation.owner}>" if conversation.owner else "unclaimed"
    return (
        f"{conversation.id}: {harmless(whole_name(waiting.customer), SPOKEN)}"
        f" {on(conversation.account)}, {lateness(conversation, now)}, {owner}:"
        f" {harmless(one_line(waiting.words), SPOKEN)}"
    )


def _pages(asked: Listing) -> list[dict[str, Any]]:
    """Ways to the page before and the page after."""
    shown, pages = asked.skipped + len(asked.found), []
    if asked.skipped:
        start = max(0, asked.skipped - PAGE)
        pages.append(button("back", "Back", f"{start} {asked.query}"))
    if asked.found and (rest := asked.totals.waiting - shown) > 0:
        pages.append(button("more", f"Next {min(rest, PAGE)} of {rest}", f"{shown} {asked.query}"))
    return pages
