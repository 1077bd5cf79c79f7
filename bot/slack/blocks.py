"""Block Kit in small words: its pieces and its limits, as in Slack's reference for Block Kit.

Whatever customers wrote is rich text or plain text, never markup.
"""

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from string import Formatter
from typing import Any, NamedTuple

from bot.slack.text import URL, address, clip, escape, visible
from bot.slack.tongue import _, fill, n_, np_, number, p_

Block = dict[str, Any]
Element = dict[str, Any]

SECTION = 3000
HEADER = 150
BUTTON = 75
VALUE = 2000
QUOTE = 3000  # ours, in JSON: a card stays a card, and Slack takes 13,200 for all blocks together
FALLBACK = 4000  # Slack splits longer texts into several messages


class Message(NamedTuple):
    """What `chat.postMessage` shows; `text` is all that a screen reader reads."""

    text: str
    blocks: Sequence[Block] | None = None


def plain(text: str, most: int = SECTION) -> Element:
    return {"type": "plain_text", "text": clip(text, most) or " ", "emoji": True}


def mrkdwn(text: str) -> Element:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def section(text: str) -> Block:
    """Our own words, with markup."""
    return {"type": "section", "text": mrkdwn(text)}


def context(text: str) -> Block:
    """Our own words, small."""
    return {"type": "context", "elements": [mrkdwn(text)]}


def only_you() -> Block:
    """Under what only the person who asked can see."""
    return context(_("Only you see this."))


def divider() -> Block:
    return {"type": "divider"}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def rich(*elements: Element) -> Block:
    return {"type": "rich_text", "elements": list(elements)}


def line(*parts: Element) -> Element:
    """One paragraph of rich text."""
    return {"type": "rich_text_section", "elements": list(parts)}


def listing(lines: Iterable[Element]) -> Element:
    return {"type": "rich_text_list", "style": "bullet", "elements": list(lines)}


def words(text: str, **style: bool) -> Element:
    """Anybody's words: rich text has no markup for them to slip through."""
    element: Element = {"type": "text", "text": visible(text) or " "}
    return {**element, "style": style} if style else element


def sentence(template: str, *, bold: bool = False, **parts: Element | str) -> list[Element]:
    """One of our own sentences as rich text, with what stands in its places."""
    style = {"bold": True} if bold else {}
    told: list[Element] = []
    before = ""
    for text, place, _spec, _conversion in Formatter().parse(template):
        part = parts[place] if place else ""
        before += text
        if isinstance(part, str):
            before += part
        else:
            told += [words(before, **style), part] if before else [part]
            before = ""
    return [*told, words(before, **style)] if before else told


def emoji(name: str) -> Element:
    return {"type": "emoji", "name": name}


def person(id: str) -> Element:
    return {"type": "user", "user_id": id}


def group(id: str) -> Element:
    return {"type": "usergroup", "usergroup_id": id}


def link(url: str | None, text: str) -> Element:
    """A link if the address is one, else just the words."""
    if where := address(url):
        return {"type": "link", "url": where, "text": visible(text) or " "}
    return words(text, bold=True)


def anchor(url: str | None, text: str) -> str:
    """The same as markup of our own."""
    where = escape(address(url) or "")
    return f"<{where}|{text}>" if 0 < len(where) <= URL else text


def when(at: datetime, *, ago: bool = False) -> Element:
    """A moment in the reader's own time zone, and how far away it is."""
    form = "{date_short_pretty} {time}" + (" ({ago})" if ago else "")
    return {
        "type": "date",
        "timestamp": int(at.timestamp()),
        "format": form,
        "fallback": in_utc(at),
    }


def when_markup(at: datetime) -> str:
    """The same, for places that read markup."""
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{in_utc(at)}>"


def in_utc(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def quote(text: str, most: int = QUOTE) -> Block:
    """Someone else's words, as a quotation of at most that much JSON."""
    shown = visible(text)
    clipped = clip(shown, most, in_json)
    cut = " " + _cut(len(shown)) if clipped != shown else ""
    said = words((clipped if clipped.strip() else _("(no words)")) + cut)
    return rich({"type": "rich_text_quote", "elements": [said]})


def _cut(length: int) -> str:
    return fill(
        n_("({length:,} character in all)", "({length:,} characters in all)", length), length=length
    )


def button(
    action: str, label: str, value: object, *, style: str = "", says: str = "", url: str = ""
) -> Element:
    """`says` is what a screen reader says where the label alone would repeat itself."""
    made: Element = {
        "type": "button",
        "action_id": action,
        "text": plain(label, BUTTON),
        "value": str(value)[:VALUE],
    }
    extras = {"style": style, "accessibility_label": clip(visible(says), BUTTON), "url": url}
    return made | {name: extra for name, extra in extras.items() if extra}


def actions(*elements: Element) -> Block:
    return {"type": "actions", "elements": list(elements)}


def option(label: str, value: str, url: str = "") -> Element:
    made: Element = {"text": plain(label, BUTTON), "value": value}
    return made | ({"url": url} if url else {})


def lasting(span: timedelta, *, away: bool = False) -> str:
    """A duration as people say it: 42 min, 3 h, 2 h 30 min, 4 days.

    `away`: for "in …" and "… ago", after which some languages say it in another form.
    """
    minutes = int(abs(span).total_seconds() // 60)
    if not minutes:
        return p_("in, ago", "less than a minute") if away else _("less than a minute")
    if minutes < 60:
        return _("{minutes} min").format(minutes=minutes)
    if minutes < 48 * 60:
        return _hours(*divmod(minutes, 60))
    return _days(minutes // (24 * 60), away=away)


def _hours(hours: int, minutes: int) -> str:
    told = _("{hours} h {minutes} min") if minutes else _("{hours} h")
    return told.format(hours=hours, minutes=minutes)


def _days(days: int, *, away: bool) -> str:
    if away:
        return np_("in, ago", "{days} day", "{days} days", days).format(days=days)
    return n_("{days} day", "{days} days", days).format(days=days)


def count(many: int, thing: str) -> str:
    """1 message, 2 messages: in English."""
    return f"{number(many)} {thing}" if many == 1 else f"{number(many)} {thing}s"


def in_json(character: str) -> int:
    """How long it becomes where Slack counts."""
    return len(json.dumps(character, ensure_ascii=False)) - 2
