"""What waits, as a list: for `/unanswered`, for App Home and for digests."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Kind
from bot.slack.blocks import (
    FALLBACK,
    VALUE,
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
    sentence,
    when,
    when_markup,
    words,
)
from bot.slack.text import clip, harmless, one_line
from bot.slack.tongue import N_, _, n_
from bot.slack.words import ENDINGS, FACES, KINDS, gravity, lateness, on, whole_name
from storage.conversations import Waiting
from storage.search import COUNTED, Totals

SEVERAL = 2  # that wait: of less there is nothing to select
PAGE = 10  # lines of a list that fit a phone
RICH = 25  # lines in one block of rich text
WORDS = 80  # characters of what a customer wrote
SPOKEN = 120  # characters of markup for each of them in the fallback
LEFT = N_("(has left)")
BY_THE_WAY = ", {}"  # a moment that a listener can do without
PROMISED = (N_("promised another word by {}"), N_("promised another word, {} late"))
IN_THE_LOOP = (
    N_("answered, hears from us again by {}"),
    N_("answered, should have heard from us {} ago"),
)


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
        if not (conversation.card and conversation.channel):
            return None
        return self.message(conversation.channel, conversation.card)

    def message(self, channel: str, ts: str, thread: str = "") -> str | None:
        """With the thread it stands in, it is opened there."""
        if not self.workspace:
            return None
        inside = f"?thread_ts={thread}&cid={channel}" if thread not in ("", ts) else ""
        return f"{self.workspace.rstrip('/')}/archives/{channel}/p{ts.replace('.', '')}{inside}"


@dataclass(frozen=True, kw_only=True)
class Listing:
    """One page of an answer to `/unanswered`; `query` asks for the same again.

    `title` is markup of our own; `waits` says that it was asked for what waits.
    """

    title: str
    query: str
    found: Sequence[Waiting]
    totals: Totals
    skipped: int = 0
    waits: bool = True
    gone: Collection[str] = ()  # holders who are not with us any more

    @property
    def before(self) -> int:
        """Where the page before begins."""
        return max(0, self.skipped - PAGE)

    @property
    def rest(self) -> int:
        """How many come after this page; where more wait than were counted, at least a page."""
        if not self.found:
            return 0
        left = self.totals.found - self.skipped - len(self.found)
        uncounted = self.totals.waiting > COUNTED and len(self.found) == PAGE
        return max(left, PAGE) if uncounted else left


def queue(listing: Listing, now: datetime, links: Links) -> Message:
    """The whole answer: totals on top, most urgent first, and a way to the next page."""
    head = heading(listing)
    found, gone = listing.found, listing.gone
    blocks: list[Block] = [section(head), *(rich(p) for p in lines(found, now, links, gone))]
    if pages := _pages(listing):
        blocks.append(actions(*pages))
    if listing.found:
        blocks.append(context(_("`/unanswered help` tells what else can be asked and done.")))
    heard = (spoken(waiting, now, gone=gone) for waiting in found)
    return Message("\n".join([head, *within(heard, FALLBACK - len(head))]), blocks)


def within(lines: Iterable[str], room: int) -> Iterator[str]:
    """As many lines as there is room for: Slack makes two messages of a text that is too long."""
    for each in lines:
        room -= len(each) + 1
        if room < 0:
            return
        yield each


def heading(listing: Listing) -> str:
    """What was asked for, and how many there are."""
    totals = listing.totals
    if not totals.found:
        nobody = _("*{title}*: nobody. :sunny:") if listing.waits else _("*{title}*: nobody.")
        return nobody.format(title=listing.title)
    counted = [*([_waiting(totals)] if totals.waiting else []), *_closed(totals)]
    return f"*{listing.title}*: {' · '.join(counted)}{_part(listing)}"


def _waiting(totals: Totals) -> str:
    told = _("{waiting} waiting, {late} overdue, {unclaimed} unclaimed")
    unclaimed = totals.waiting - totals.claimed
    counts = {"waiting": totals.waiting, "late": totals.late, "unclaimed": unclaimed}
    return told.format(**{name: _counted_to(many) for name, many in counts.items()})


def _counted_to(many: int) -> str:
    return f"{COUNTED}+" if many > COUNTED else str(many)


def _closed(totals: Totals) -> list[str]:
    """What has no deadline ends neither in time nor late."""
    if not totals.closed:
        return []
    told = _("{closed} closed, {kept} in time, {broken} late")
    return [told.format(closed=totals.closed, kept=totals.kept, broken=totals.broken)]


def _part(listing: Listing) -> str:
    """Which of them this page shows."""
    if not (listing.skipped and listing.found):
        return ""
    first, last = listing.skipped + 1, listing.skipped + len(listing.found)
    return _(" · {first} to {last}").format(first=first, last=last)


def lines(
    found: Sequence[Waiting], now: datetime, links: Links, gone: Collection[str] = ()
) -> Iterator[Element]:
    """Lists of rich text, none too long for one block."""
    for start in range(0, len(found), RICH):
        some = found[start : start + RICH]
        yield listing(entry(waiting, now, links, gone=gone) for waiting in some)


def totals_of(conversations: Sequence[Conversation]) -> str:
    """How many of each kind: "2 complaints, 1 question"."""
    counted = Counter(conversation.kind for conversation in conversations)
    return ", ".join(_counted(kind, counted[kind]) for kind in KINDS if counted[kind])


def _counted(kind: Kind, many: int) -> str:
    if kind is Kind.COMPLAINT:
        told = n_("{many} complaint", "{many} complaints", many)
    elif kind is Kind.QUESTION:
        told = n_("{many} question", "{many} questions", many)
    elif kind is Kind.PRAISE:
        told = n_("{many} praise", "{many} praise", many)
    else:
        told = n_("{many} mention", "{many} mentions", many)
    return told.format(many=many)


def entry(
    waiting: Waiting,
    now: datetime,
    links: Links,
    *,
    quoted: bool = True,
    gone: Collection[str] = (),
) -> Element:
    """One line; `quoted` adds what the customer said, `gone` are people who have left."""
    conversation = waiting.conversation
    parts: list[Element] = [
        words(str(conversation.id), code=True),
        words(" "),
        emoji(FACES[conversation.kind]),
        words(" "),
        link(links.card(conversation), whole_name(waiting.customer)),
        words(f" {on(conversation.account)} · "),
        *(words(f"{each} · ") for each in gravity(conversation)),
        *_clock(conversation, now),
        *_holder(conversation, gone),
    ]
    if waiting.words and quoted:
        said = clip(one_line(waiting.words), WORDS)
        parts.append(words("\n" + _("“{words}”").format(words=said)))
    return line(*parts)


def spoken(
    waiting: Waiting, now: datetime, *, quoted: bool = True, gone: Collection[str] = ()
) -> str:
    """The same line as markup, for those who can't see it."""
    conversation = waiting.conversation
    owner = f"<@{conversation.owner}>" if conversation.owner else _("unclaimed")
    if conversation.owner in gone:
        owner += f" {_(LEFT)}"
    said = f": {harmless(one_line(waiting.words), SPOKEN)}" if quoted else ""
    where = ", ".join([on(conversation.account), *gravity(conversation)])
    return (
        f"{conversation.id}: {harmless(whole_name(waiting.customer), SPOKEN)}"
        f" {where}, {_spoken_clock(conversation, now)}, {owner}{said}"
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
        return Clocked(_(ENDINGS[conversation.state]))
    if pause := conversation.snoozed(now):
        if conversation.until_they_write:
            return Clocked(_("paused until they write, {} at the latest"), pause.end)
        return Clocked(_("paused until {}"), pause.end)
    if conversation.due_at is None:
        return Clocked(_without_deadline(conversation))
    return _due(conversation, conversation.due_at, now)


def _without_deadline(conversation: Conversation) -> str:
    if conversation.thanks:
        return _("sounds like their last word")
    return _("no deadline") if conversation.waits else _("answered")


def _due(conversation: Conversation, due_at: datetime, now: datetime) -> Clocked:
    late = conversation.late(now)
    if conversation.owed in (Owed.FIRST, Owed.FURTHER):
        told = lateness(conversation, now)
        return Clocked(told, late=True) if late else Clocked(told + BY_THE_WAY, due_at)
    coming, gone = PROMISED if conversation.owed is Owed.PROMISE else IN_THE_LOOP
    if not late:
        return Clocked(_(coming), due_at)
    ago = conversation.owed is not Owed.PROMISE
    return Clocked(_(gone).format(lasting(now - due_at, away=ago)), late=True)


def _holder(conversation: Conversation, gone: Collection[str]) -> list[Element]:
    if conversation.state not in UNSETTLED:
        return []
    if conversation.state is State.REPLYING:
        owner = person(str(conversation.owner))
        return [words(" · "), *sentence(_("{who} is answering"), who=owner)]
    if conversation.owner:
        left = [words(f" {_(LEFT)}")] if conversation.owner in gone else []
        return [words(" · "), person(conversation.owner), *left]
    return [words(" · " + _("unclaimed"))]


def _pages(asked: Listing) -> list[dict[str, Any]]:
    """Ways to the page before and the page after."""
    pages = []
    if asked.skipped:
        pages.append(button("back", _("Back"), f"{asked.before} {asked.query}"))
    if asked.rest > 0:
        start = asked.skipped + len(asked.found)
        pages.append(button("more", onward(asked), f"{start} {asked.query}"))
    return [*pages, *several(asked)]


def several(asked: Listing) -> list[dict[str, Any]]:
    """A way to do one thing to many of what a list has."""
    if asked.totals.waiting < SEVERAL:
        return []
    wanted = f"bulk {asked.query} 0" if asked.query else "bulk 0"
    return [button("open_form", _("Select several…"), wanted)] if len(wanted) <= VALUE else []


def onward(asked: Listing) -> str:
    """What the way to the next page is called."""
    rest = f"{COUNTED}+" if asked.totals.waiting > COUNTED else asked.rest
    return _("Next {many} of {rest}").format(many=min(asked.rest, PAGE), rest=rest)
