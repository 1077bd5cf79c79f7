"""How things are called in front of people."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.domain.case import Case, Past
from bot.domain.clock import Standing
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.guess import Severity
from bot.domain.mention import INSIDE, STARS, Customer, Kind
from bot.domain.problems import Ours
from bot.slack.blocks import Element, lasting, link, words
from bot.slack.text import address, clip, harmless, one_line, visible
from bot.slack.tongue import N_, _, fill, n_, p_
from bot.slack.written import DECISIONS

KINDS = {
    Kind.COMPLAINT: N_("Complaint"),
    Kind.QUESTION: N_("Question"),
    Kind.PRAISE: N_("Praise"),
    Kind.OTHER: N_("Mention"),
}
WITHIN = {  # a sentence
    Kind.COMPLAINT: N_("complaint"),
    Kind.QUESTION: N_("question"),
    Kind.PRAISE: N_("praise"),
    Kind.OTHER: N_("mention"),
}
PLURALS = {
    Kind.COMPLAINT: N_("complaints"),
    Kind.QUESTION: N_("questions"),
    Kind.PRAISE: N_("praise"),
    Kind.OTHER: N_("mentions"),
}
FACES = {
    Kind.COMPLAINT: "rotating_light",
    Kind.QUESTION: "grey_question",
    Kind.PRAISE: "yellow_heart",
    Kind.OTHER: "speech_balloon",
}
SEVERITIES: Mapping[str, str] = {  # annoyed is every complaint
    Severity.ANGRY: N_("angry"),
    Severity.LEAVING: N_("threatens to leave"),
    Severity.SAFETY: N_("safety"),
}
UNCHECKED = N_("to be checked")
ENDINGS = {
    State.ANSWERED: N_("answered"),
    State.DISMISSED: N_("dismissed"),
    State.MERGED: N_("merged"),
}
PLATFORMS = {
    "twitter": "X",
    "bluesky": "Bluesky",
    "email": N_("email"),
    "demo": N_("the demo platform"),
    "slack": "Slack",
    "phone": N_("phone"),
    "counter": N_("counter"),
    "corridor": N_("corridor"),
    "letter": N_("letter"),
    "other": N_("another way"),
}
CAME = {  # what people log themselves, and by which way it came
    "phone": (N_("phone"), N_("by phone")),
    "counter": (N_("counter"), N_("at the counter")),
    "corridor": (N_("corridor"), N_("in the corridor")),
    "letter": (N_("letter"), N_("by letter")),
    "other": (N_("another way"), N_("by another way")),
    "slack": ("Slack", N_("in Slack")),
}
UNITS = (N_("bytes"), N_("characters"), N_("weighted characters"))  # that platforms count
NAME, HANDLE = 60, 40  # characters
CALLED, REASON = 250, 200  # characters of markup
SUBJECT = 200
MEDIA_LENGTH = 1500  # characters of all addresses of what came along
FILE = 80  # characters of markup: what a file is called
EARLIER, BEFORE = 400, 2  # characters of earlier messages that wait, and how many of them
QUOTED = re.compile("“([^”]*)”")
JOINERS = "\u200c\u200d\ufe0e\ufe0f "


def plural(kind: Kind) -> str:
    return _(PLURALS[kind])


def singular(kind: Kind) -> str:
    """Inside of a sentence."""
    return _(WITHIN[kind])


def named(kind: Kind) -> str:
    """By itself, or where a sentence begins."""
    return _(KINDS[kind])


def gravity(conversation: Conversation) -> list[str]:
    """What stands out about a complaint: that it may be none, or how much is at stake."""
    grave = SEVERITIES.get(conversation.severity)
    unchecked = UNCHECKED if conversation.unchecked and conversation.state in UNSETTLED else None
    return [_(each) for each in (grave, unchecked) if each]


def platform(account: str) -> str:
    """An account as people call it: "X", "email (press)"."""
    name, _colon, own = account.partition(":")
    called = _(CAME[name][0] if name in CAME else PLATFORMS.get(name, name.title()))
    return f"{called} ({own})" if own else called


def on(account: str) -> str:
    """Where something was said: "on X", "by email (press)"."""
    before, place = apart(account)
    return before + place


def apart(account: str) -> tuple[str, str]:
    """The same as the word before a platform's name, with its space, and the name."""
    name, _colon, own = account.partition(":")
    if name in CAME:
        before, space, place = _(CAME[name][1]).rpartition(" ")
        return before + space, place
    if name == "email":
        return _("by {platform}").format(platform=""), platform(account)
    place = p_("on", "the demo platform") if name == "demo" and not own else platform(account)
    return _("on {platform}").format(platform=""), place


def called(name: str) -> str:
    """A colleague's name; our own word for one whom Slack does not name."""
    return _(name) if isinstance(name, Ours) else name


def whole_name(customer: Customer) -> str:
    """Name and handle in one short line."""
    name = clip(one_line(customer.name).strip(JOINERS), NAME)
    handle = clip(one_line(customer.handle).strip(JOINERS), HANDLE)
    if name and handle and name.casefold() != handle.lstrip("@").casefold():
        return f"{name} ({handle})"
    return handle or name or _("somebody")


def said(case: Case) -> str:
    """The customer's words, with those before that wait as well, and a mail's subject on top."""
    since, latest = case.conversation.waiting_since, case.latest
    waiting = [m for m in case.heard if m.posted_at >= since and not m.deleted]
    before = [clip(visible(m.text), EARLIER) for m in waiting[:-1]][-BEFORE:]
    subject = [clip(visible(latest.subject), SUBJECT)] if latest.subject else []
    return "\n\n".join([*subject, *before, latest.text])


def followers(many: int) -> str:
    return fill(n_("{many:,} follower", "{many:,} followers", many), many=many)


def stars(rating: int) -> str:
    """What they gave, out of five."""
    shown = "★" * rating + "☆" * (STARS[-1] - rating)
    return _("{stars} {rating} of 5 stars").format(stars=shown, rating=rating)


def attached(urls: Sequence[str]) -> list[Element]:
    """Links to what came along, as many as there is room for."""
    links, length = [], 0
    for url in urls:
        length += len(address(url) or "")
        if address(url) and length <= MEDIA_LENGTH:
            links.append(url)
    called = [_attachment(number, len(links)) for number in range(1, 1 + len(links))]
    pairs = [(link(*pair), words("  ")) for pair in zip(links, called, strict=True)]
    return [part for pair in pairs for part in pair][:-1]


def inside(names: Sequence[str]) -> Sequence[str]:
    """In a sentence, if there are any, how many lie in the message itself and have no link."""
    many = sum(name.startswith(INSIDE) for name in names)
    told = n_(
        "{many} picture in the message, not shown here",
        "{many} pictures in the message, not shown here",
        many,
    )
    return [told.format(many=many)] if many else []


def _attachment(number: int, of: int) -> str:
    return _("attachment {number}").format(number=number) if of > 1 else _("attachment")


def brought(files: Sequence[Mapping[str, Any]]) -> list[str]:
    """Which files go with an answer, as markup; nothing where there are none."""
    told = [f"{harmless(str(f['name']), FILE)} ({megabytes(int(f['size']))})" for f in files]
    return [_("with it: {files}").format(files=", ".join(told))] if told else []


def megabytes(size: int) -> str:
    if size < 1_000_000:
        return _("{size:g} KB").format(size=round(size / 1000, 1))
    return _("{size:g} MB").format(size=round(size / 1_000_000, 1))


def lateness(conversation: Conversation, now: datetime) -> str:
    """How it stands with the promise, in words that stay true for a minute."""
    if conversation.due_at is None:
        return _("no deadline")
    if conversation.late(now):
        return _("overdue by {span}").format(span=lasting(now - conversation.due_at))
    return _("due in {span}").format(span=lasting(conversation.due_at - now, away=True))


def before(past: Past) -> str:
    """What was before, in half a sentence."""
    if not past.times:
        return _("writes for the first time")
    open_still = N_("still open")
    ended = _(ENDINGS.get(past.last_state, open_still) if past.last_state else open_still)
    if past.times == 1:
        return _("wrote once before, {ended}").format(ended=ended)
    told = n_(
        "wrote {times} time before, the last time {ended}",
        "wrote {times} times before, the last time {ended}",
        past.times,
    )
    return told.format(times=past.times, ended=ended)


def judgement(conversation: Conversation) -> str:
    """What made it this kind, as markup of our own."""
    if conversation.judged_by:
        return _("<@{who}> said so").format(who=conversation.judged_by)
    because = QUOTED.sub(_quoted, _(conversation.because or N_("its words")))
    return _("of {words}").format(words=harmless(because, REASON))


def _quoted(found: re.Match[str]) -> str:
    """In the quotation marks of the language spoken."""
    return _("“{words}”").format(words=found[1])


def settled(conversation: Conversation) -> bool:
    """Whether it ended without a further answer, because nothing more was owed."""
    ended = conversation.state is State.ANSWERED
    return ended and conversation.verdict is Standing.CANCELLED


def outcome(conversation: Conversation) -> str:
    """Who ended it and how, as markup of our own."""
    who, because = conversation.closed_by, harmless(_closed_because(conversation), REASON)
    if conversation.state is State.MERGED:
        told = _("Merged into #{number} by <@{who}>")
        return told.format(number=conversation.merged_into, who=who)
    if conversation.state is State.DISMISSED:
        ended = _("Dismissed by <@{who}>").format(who=who) if who else _("Closed")
        return f"{ended}: {because}" if because else ended
    if because:
        told = _("Answered {on} itself, says <@{who}>") if who else _("Answered {on} itself")
        return told.format(on=on(conversation.account), who=who)
    return _ended_by(conversation, who)


def _closed_because(conversation: Conversation) -> str:
    """What somebody typed, or a reason of our own."""
    because = conversation.closed_because or ""
    return _(because) if because in DECISIONS else because


def _ended_by(conversation: Conversation, who: str | None) -> str:
    if settled(conversation):
        return _("Settled by <@{who}>").format(who=who) if who else _("Settled")
    return _("Answered by <@{who}>").format(who=who) if who else _("Answered")
