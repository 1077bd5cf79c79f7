"""What waits, as a list: for `/unanswered`, for App Home and for digests."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    button,
    context,
    emoji,
    lasting,
    line,
    link,
    listing,
    person,
    rich,
    section,
    when,
    when_markup,
    words,
)
from bot.slack.text import clip, harmless, one_line
from bot.slack.words import FACES, KINDS, lateness, on, plural, whole_name
from storage.conversations import Totals, Waiting

PAGE = 10  # lines of a list that fit a phone
RICH = 25  # lines in one block of rich text
WORDS = 80  # characters of what a customer wrote
SPOKEN = 120  # characters of markup for each of them in the fallback
BY_THE_WAY = ", {}"  # a moment that a listener can do without
PROMISED = ("promised another word by {}", "promised another word, {} late")
IN_THE_LOOP = ("answered, hears from us again by {}", "answered, should have heard from us {} ago")


class Clocked(NamedTuple):
    """How it stands with the clock, in words with a place for a moment."""

    text: str
    at: datetime | None = None
    late: bool = False


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
    heard = [spoken(waiting, now) for waiting in listing.found]
    return Message("\n".join([head, *heard]), blocks)


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
        yield listing(entry(waiting, now, links) for waiting in found[start : start + RICH])


def totals_of(conversations: Sequence[Conversation]) -> str:
    """How many of each kind: "2 complaints, 1 question"."""
    counted = Counter(conversation.kind for conversation in conversations)
    named = [(counted[kind], kind) for kind in KINDS if counted[kind]]
    return ", ".join(f"{n} {KINDS[kind].lower() if n == 1 else plural(kind)}" for n, kind in named)


def entry(waiting: Waiting, now: datetime, links: Links, *, quoted: bool = True) -> Element:
    """One line; `quoted` adds what the customer said."""
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
    if waiting.words and quoted:
        parts.append(words(f"\n“{clip(one_line(waiting.words), WORDS)}”"))
    return line(*parts)


def spoken(waiting: Waiting, now: datetime, *, quoted: bool = True) -> str:
    """The same line as markup, for those who can't see it."""
    conversation = waiting.conversation
    owner = f"<@{conversation.owner}>" if conversation.owner else "unclaimed"
    said = f": {harmless(one_line(waiting.words), SPOKEN)}" if quoted else ""
    return (
        f"{conversation.id}: {harmless(whole_name(waiting.customer), SPOKEN)}"
        f" {on(conversation.account)}, {_spoken_clock(conversation, now)}, {owner}{said}"
    )


def _clock(conversation: Conversation, now: datetime) -> list[Element]:
    told = _clocked(conversation, now)
    style = {"bold": True} if told.late else {}
    before, _, after = told.text.partition("{}")
    soon = conversation.standing(now) is Standing.IMMINENT and told.at == conversation.due_at
    shown = [emoji("hourglass_flowing_sand"), words(" ")] if soon else []
    shown.append(words(before, **style))
    shown += [when(told.at)] if told.at else []
    return [*shown, words(after)] if after else shown


def _spoken_clock(conversation: Conversation, now: datetime) -> str:
    told = _clocked(conversation, now)
    needed = told.text.removesuffix(BY_THE_WAY)
    return needed.format(when_markup(told.at)) if told.at else needed


def _clocked(conversation: Conversation, now: datetime) -> Clocked:
    if conversation.state not in UNSETTLED:
        return Clocked(conversation.state.value)
    if pause := conversation.snoozed(now):
        until = "they write, {} at the latest" if conversation.until_they_write else "{}"
        return Clocked(f"paused until {until}", pause.end)
    if conversation.due_at is None:
        return Clocked(_without_deadline(conversation))
    return _due(conversation, conversation.due_at, now)


def _without_deadline(conversation: Conversation) -> str:
    if conversation.thanks:
        return "sounds like their last word"
    return "no deadline" if conversation.waits else "answered"


def _due(conversation: Conversation, due_at: datetime, now: datetime) -> Clocked:
    late = conversation.late(now)
    if conversation.owed in (Owed.FIRST, Owed.FURTHER):
        told = lateness(conversation, now)
        return Clocked(told, late=True) if late else Clocked(told + BY_THE_WAY, due_at)
    coming, gone = PROMISED if conversation.owed is Owed.PROMISE else IN_THE_LOOP
    return (
        Clocked(gone.format(lasting(now - due_at)), late=True) if late else Clocked(coming, due_at)
    )


def _holder(conversation: Conversation) -> list[Element]:
    if conversation.state not in UNSETTLED:
        return []
    if conversation.state is State.REPLYING:
        return [words(" · "), person(str(conversation.owner)), words(" is answering")]
    if conversation.owner:
        return [words(" · "), person(conversation.owner)]
    return [words(" · unclaimed")]


def _pages(asked: Listing) -> list[dict[str, Any]]:
    """Ways to the page before and the page after."""
    shown, pages = asked.skipped + len(asked.found), []
    if asked.skipped:
        start = max(0, asked.skipped - PAGE)
        pages.append(button("back", "Back", f"{start} {asked.query}"))
    if asked.found and (rest := asked.totals.waiting - shown) > 0:
        pages.append(button("more", f"Next {min(rest, PAGE)} of {rest}", f"{shown} {asked.query}"))
    return pages
