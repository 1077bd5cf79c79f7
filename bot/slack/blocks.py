"""Block Kit in small words: its pieces, its limits, and other people's words made harmless.

Limits are those of Slack's reference for Block Kit; whatever customers wrote is rich text or plain
text, never markup.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

Block = dict[str, Any]
Element = dict[str, Any]

SECTION = 3000
BUTTON = 75
VALUE = 2000
QUOTE = 2500  # ours: a card stays a card
FALLBACK = 3000  # ours: Slack splits texts of more than 4,000

# What turns the direction of text around, and what hides: never needed to read a message.
HIDDEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
)
LINK = re.compile(r"https?://[^\s<>\"]+\Z")


class Message(NamedTuple):
    """What `chat.postMessage` shows; `text` is all that a screen reader reads."""

    text: str
    blocks: Sequence[Block] | None = None


def visible(text: str) -> str:
    """Without control, direction and zero-width characters; joiners inside words and emoji stay."""
    return HIDDEN.sub("", text.replace("\r\n", "\n"))


def clip(text: str, most: int) -> str:
    """At most that many characters, an ellipsis included, and no character cut in half."""
    if len(text) <= most:
        return text
    end = most - 1
    while end and (unicodedata.combining(text[end]) or _joins(text[end]) or _joins(text[end - 1])):
        end -= 1
    return text[:end].rstrip() + "…"


def escape(text: str) -> str:
    """For places that read markup. Clip before, never after: an entity must stay whole."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


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


def divider() -> Block:
    return {"type": "divider"}


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, 150)}


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


def person(id: str) -> Element:
    return {"type": "user", "user_id": id}


def link(url: str | None, text: str) -> Element:
    """A link if the address is one, else just the words."""
    if not is_link(url):
        return words(text, bold=True)
    return {"type": "link", "url": url, "text": visible(text) or " "}


def is_link(url: str | None) -> bool:
    return bool(url and len(url) <= SECTION and LINK.match(url))


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


def quote(text: str) -> Block:
    """Someone else's words, as a quotation."""
    shown = visible(text)
    size = f" ({len(text) // 1000:,} kB in all)" if len(shown) > QUOTE else ""
    said = words((clip(shown, QUOTE) or "(no words)") + size)
    return rich({"type": "rich_text_quote", "elements": [said]})


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
    extras = {"style": style, "accessibility_label": clip(visible(says), 75), "url": url}
    return made | {name: extra for name, extra in extras.items() if extra}


def actions(*elements: Element) -> Block:
    return {"type": "actions", "elements": list(elements)}


def option(label: str, value: str, url: str = "") -> Element:
    made: Element = {"text": plain(label, BUTTON), "value": value}
    return made | ({"url": url} if url else {})


def lasting(span: timedelta) -> str:
    """A duration as people say it: 42 min, 3 h, 2 h 30 min, 4 days."""
    minutes = int(abs(span).total_seconds() // 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        hours, rest = divmod(minutes, 60)
        return f"{hours} h {rest} min" if rest else f"{hours} h"
    return f"{minutes // (24 * 60)} days"


def _joins(character: str) -> bool:
    """Whether it glues its neighbours together: joiners, variations, skin tones."""
    return character in "\u200c\u200d\ufe0e\ufe0f" or "\U0001f3fb" <= character <= "\U0001f3ff"
