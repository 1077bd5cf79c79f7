"""Our answers as Bluesky wants them: how long, with which facets, and under which key."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from atproto_client.utils.facet_detection import (  # type: ignore[import-untyped]
    detect_facets,
    detect_mentions,
)

from adapters.bluesky.posts import COLLECTION, Json
from bot.domain.mention import Mention

LIMIT, BYTES = 300, 3000  # graphemes, and bytes of UTF-8 (lexicon app.bsky.feed.post)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LETTERS = "234567abcdefghijklmnopqrstuvwxyz"  # of keys, in their order
ALONE = re.compile(  # marks that stand alone (UAX #29, table 2: what is no SpacingMark)
    "[\u102b\u102c\u1038\u1062-\u1064\u1067-\u106d\u1083\u1087-\u108c\u108f\u109a-\u109c"
    "\u1a61\u1a63\u1a64\uaa7b\uaa7d\U00011720\U00011721]"
)
EXTENDS = re.compile("[\u200c\u200d\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
FLAG = re.compile("[\U0001f1e6-\U0001f1ff]")  # half of one
PICTURE = re.compile(  # of those that a joiner joins: some that people use
    "[\u2194\u2195\u2640\u2642\u2695\u2696\u26a7\u26d3\u26f9\u2708\u2764\u27a1\u2b1b"
    "\U0001f300-\U0001f3fa\U0001f400-\U0001f53d\U0001f546-\U0001f64f\U0001f680-\U0001f6ff"
    "\U0001f90c-\U0001f93a\U0001f93c-\U0001f945\U0001f947-\U0001faff]"
)
JOINER = "\u200d"
CONTROLS = ("Cc", "Cf", "Zl", "Zp")


def length(text: str) -> int:
    """In graphemes, of which Bluesky takes 300; where 3000 bytes are reached first, by these."""
    size = len(text.encode("utf-8", "surrogatepass"))
    return max(graphemes(text), -(-size * LIMIT // BYTES))


def graphemes(text: str) -> int:
    """How many there are after UAX #29, or some more where its rules are finer: never fewer.

    What is one character to people's eyes (`bot.domain.graphemes`) may be several to Bluesky.
    """
    count = flags = 0
    before, pictured = "", False
    for character in text:
        flag, picture = bool(FLAG.match(character)), bool(PICTURE.match(character))
        clings = _clings(before, character)
        joined = before == JOINER and picture and pictured
        count += not (clings or joined or (flag and flags % 2 == 1))
        pictured = picture or (clings and pictured and unicodedata.category(character) != "Mc")
        flags, before = flags + 1 if flag else 0, character
    return count


def _clings(before: str, character: str) -> bool:
    """Whether it belongs to whatever is before."""
    if not before or _ends(before) or ALONE.match(character):
        return False
    marks = unicodedata.category(character) in ("Mn", "Mc", "Me")
    return marks or bool(EXTENDS.match(character))


def _ends(before: str) -> bool:
    """Whether nothing clings to it."""
    return unicodedata.category(before) in CONTROLS and not EXTENDS.match(before)


def key_of(mention: Mention, key: str) -> str:
    """The record key under which the answer with this `key` is published at each attempt.

    A TID (https://atproto.com/specs/tid): microseconds and a clock's number. The time is one in the
    18 minutes before those of the mention; which of these, and the number, are made from `key`.
    """
    chance = int.from_bytes(sha256(key.encode()).digest()[:5])
    at = (mention.posted_at - EPOCH) // timedelta(microseconds=1)
    number = (max((at >> 30) - 1, 0) << 30 | chance >> 10) << 10 | chance & 1023
    return "".join(LETTERS[number >> 5 * place & 31] for place in reversed(range(13)))


def record(
    text: str, facets: Sequence[Json], parent: Json, pictures: Sequence[Json], at: datetime
) -> Json:
    """The answer to `parent`, a post as it is shown or as it lies in our own repository.

    The root is that of the thread: with another one the answer is missing there.
    """
    to = {"uri": parent["uri"], "cid": parent["cid"]}
    root = (parent["record"].get("reply") or {}).get("root") or to
    images = [{"alt": "", "image": blob} for blob in pictures]
    return {
        "$type": COLLECTION,
        "text": text,
        "createdAt": at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "reply": {"root": {"uri": root["uri"], "cid": root["cid"]}, "parent": to},
        **({"facets": list(facets)} if facets else {}),
        **({"embed": {"$type": "app.bsky.embed.images", "images": images}} if images else {}),
    }


def facets(text: str, did_of: Callable[[str], str | None]) -> Sequence[Json]:
    """Links, tags and people, without which Bluesky shows mere words; `did_of` knows a handle's."""
    return [*_plain(text), *_people(text, did_of)]


def _plain(text: str) -> Iterator[Json]:
    for facet in detect_facets(text):
        yield facet.model_dump(by_alias=True, exclude_none=True)


def _people(text: str, did_of: Callable[[str], str | None]) -> Iterator[Json]:
    for found in detect_mentions(text):
        if did := did_of(found.handle):
            person = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            where = {"byteStart": found.byte_start, "byteEnd": found.byte_end}
            yield {"$type": "app.bsky.richtext.facet", "index": where, "features": [person]}
