"""Other people's words made harmless: nothing hidden, nothing too long, nothing cut in half."""

import re
from collections.abc import Callable
from itertools import accumulate, takewhile
from urllib.parse import quote

from bot.domain.graphemes import boundary
from bot.domain.mention import storable

# What turns the direction of text around, and what hides: never needed to read a message.
HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e001f]"
    "|(?<![\U0001f3f4\U000e0020-\U000e007f])[\U000e0020-\U000e007f]+"  # tags, but for flags
)
ADDRESS = re.compile(r"https?://[!-~]+")
MARKUP = str.maketrans({"<": "%3C", ">": "%3E", '"': "%22", "|": "%7C", "`": "%60"})
LOOKED_AT = 1000  # code points, of which a line shows a few dozen
URL = 1000  # ours: a card holds several


def visible(text: str) -> str:
    """Without control, direction and zero-width characters; joiners inside words and emoji stay."""
    return HIDDEN.sub("", storable(text).replace("\r\n", "\n").replace("\u2028", "\n"))


def one_line(text: str) -> str:
    """The beginning of it, for a name or a line of a list."""
    return " ".join(visible(text[:LOOKED_AT]).split())


def clip(text: str, most: int, cost: Callable[[str], int] = len) -> str:
    """At most that long, an ellipsis included, and no character cut in half.

    `cost` is how long one character becomes where it goes.
    """
    if len(text) <= most and sum(map(cost, text)) <= most:
        return text
    spent = accumulate(map(cost, text[:most]))
    fitting = sum(1 for _ in takewhile(lambda total: total < most, spent))
    return text[: boundary(text, fitting)].rstrip() + "…"


def escape(text: str) -> str:
    """For places that read markup. Clip before, never after: an entity must stay whole."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def harmless(text: str, most: int) -> str:
    """Anybody's words for a place that reads markup; at most that long when they are there."""
    seen = visible(text[: most + LOOKED_AT])
    return escape(clip(seen, most, lambda character: len(escape(character))))


def address(url: str | None) -> str | None:
    """A web address that can stand in markup; None when it is none, or too long for a card."""
    if not url or HIDDEN.search(url):
        return None
    safe = quote(storable(url), safe="%!#$&'()*+,/:;=?@[]~<>\"|`").translate(MARKUP)
    return safe if len(safe) <= URL and ADDRESS.fullmatch(safe) else None
