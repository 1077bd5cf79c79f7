"""Bluesky's posts as mentions, and our answers as records.

https://docs.bsky.app/docs/advanced-guides/post-richtext
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from adapters import Unreadable
from adapters.bluesky.line import Us
from bot.domain.mention import QUOTES_US, Customer, Mention, Origin, storable

Json = Mapping[str, Any]
COLLECTION = "app.bsky.feed.post"
POST = re.compile(rf"at://(did:[a-z]+:[\w.:%-]+)/{re.escape(COLLECTION)}/([\w.~:-]+)", re.ASCII)
LINK = "app.bsky.richtext.facet#link"
SHORTENED = ("…", "...")  # how apps end a long address that they show in part
LONGEST = 2000  # characters of an address
NO_HANDLE = "handle.invalid"  # whose handle leads to somebody else
BOT = "bot"  # the label by which an account says of itself that a program posts
UNREADABLE = (
    AttributeError,
    IndexError,
    KeyError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)

CLOSED = "Its author lets only some people answer, and not us."


def read(
    views: Iterable[Any], account: str, us: Us
) -> tuple[Sequence[Mention], Sequence[Unreadable]]:
    """One page, oldest first. What can't be understood does not stop the rest."""
    mentions, unreadable = [], []
    for view in views:
        try:
            mentions.append(mention(view, account, us))
        except UNREADABLE as why:
            unreadable.append(_unreadable(view, why))
    return sorted(mentions, key=lambda mention: mention.posted_at), unreadable


def mention(view: Json, account: str, us: Us) -> Mention:
    """A post as a list of posts or of notifications shows it."""
    uri, record, author = view["uri"], view["record"], view["author"]
    did, key = _parts(uri)
    reply = record.get("reply") or {}
    own = did == us.did
    closed = not own and bool((view.get("viewer") or {}).get("replyDisabled"))
    return Mention(
        account=account,
        key=uri,
        revision=str(view["cid"]),
        thread=str(reply["root"]["uri"]) if reply else uri,
        parent=str(reply["parent"]["uri"]) if reply else None,
        customer=_customer(author, account.partition(":")[0]),
        text=_text(record),
        posted_at=posted_at(view),
        url=address(author, key),
        origin=_origin(author, own),
        no_reply=CLOSED if closed else "",
        media=tuple(_media(view.get("embed") or {})),
        language=_language(record),
        extra={QUOTES_US: True} if _quotes(view, us) else {},
    )


def posted_at(view: Json) -> datetime:
    """When its author says that it was written, unless that is later than it was seen."""
    seen = datetime.fromisoformat(view["indexedAt"]).astimezone(UTC)
    try:
        return min(seen, datetime.fromisoformat(view["record"]["createdAt"]).astimezone(UTC))
    except UNREADABLE:
        return seen


def moments(views: Iterable[Any]) -> Iterator[datetime]:
    """Those of all that can be read so far: what lists are sorted by."""
    for view in views:
        try:
            yield posted_at(view)
        except UNREADABLE:
            continue


def uris(views: Iterable[Any]) -> list[str]:
    """Each post's once."""
    told = (view.get("uri") for view in views if isinstance(view, dict))
    return list(dict.fromkeys(uri for uri in told if type(uri) is str and POST.fullmatch(uri)))


def whose(uri: str) -> tuple[str, str] | None:
    """The account and the record's key, if it is the address of a post."""
    known = POST.fullmatch(uri)
    return (known[1], known[2]) if known else None


def address(author: Json, key: str) -> str:
    """Where people read it."""
    return f"{_profile(author)}/post/{key}"


def _parts(uri: str) -> tuple[str, str]:
    if not (known := whose(uri)):
        raise ValueError(f"{uri} is no post.")
    return known


def _profile(author: Json) -> str:
    handle = author.get("handle")
    return f"https://bsky.app/profile/{author['did'] if handle == NO_HANDLE else handle}"


def _customer(author: Json, platform: str) -> Customer:
    proof = author.get("verification") or {}
    states = (proof.get("verifiedStatus"), proof.get("trustedVerifierStatus"))
    since = author.get("createdAt")
    return Customer(
        platform=platform,
        key=str(author["did"]),
        handle=f"@{author['handle']}",
        name=storable(str(author.get("displayName") or author["handle"])),
        url=_profile(author),
        verified="valid" in states if proof else None,
        since=datetime.fromisoformat(since).astimezone(UTC) if since else None,
    )


def _origin(author: Json, own: bool) -> Origin:
    if own:
        return Origin.OWN
    labels = author.get("labels") or ()
    programmed = any(one["val"] == BOT and one["src"] == author["did"] for one in labels)
    return Origin.AUTOMATED if programmed else Origin.CUSTOMER


def _language(record: Json) -> str | None:
    """Where it is said to be in several, nobody knows in which."""
    known = list(record.get("langs") or [])
    return str(known[0]) if len(known) == 1 else None


def _text(record: Json) -> str:
    """As it was typed, with the whole of each address that is shown in part or hidden."""
    raw = record["text"].encode("utf-8", "surrogatepass")
    for start, end, uri in _links(record, len(raw)):
        try:
            shown = raw[start:end].decode()
        except UnicodeDecodeError:  # it begins or ends within a character
            continue
        raw = raw[:start] + _spelled_out(shown, uri).encode("utf-8", "replace") + raw[end:]
    text = raw.decode("utf-8", "surrogatepass")
    return storable(text.replace("\0", ""))


def _links(record: Json, size: int) -> Iterator[tuple[int, int, str]]:
    """From the last to the first, none within another; where they are may be untrue."""
    found = []
    for facet in record.get("facets") or ():
        start, end = facet["index"]["byteStart"], facet["index"]["byteEnd"]
        for feature in facet["features"]:
            if feature.get("$type") == LINK and 0 <= start < end <= size:
                found.append((start, end, str(feature["uri"])[:LONGEST]))
    before = size
    for start, end, uri in sorted(found, reverse=True):
        if end <= before:
            before = start
            yield start, end, uri


def _spelled_out(shown: str, uri: str) -> str:
    if _bare(shown) == _bare(uri):
        return shown
    for dots in SHORTENED:
        if shown.endswith(dots) and _bare(uri).startswith(_bare(shown.removesuffix(dots))):
            return uri
    return f"{shown} ({uri})"


def _bare(address: str) -> str:
    return re.sub(r"(?i)^https?://", "", address.strip()).rstrip("/").casefold()


def _media(embed: Json) -> Iterator[str]:
    """Links to its pictures, and to one of each film; they may stand beside a quoted post."""
    for shown in (embed, embed.get("media") or {}):
        pictures = (one.get("fullsize") for one in shown.get("images") or ())
        for link in (*pictures, shown.get("thumbnail")):
            if type(link) is str and link.startswith(("https://", "http://")):
                yield link


def _quotes(view: Json, us: Us) -> bool:
    """Whether it quotes a post of ours, be it beside pictures; strangers embed what they like."""
    match view["record"].get("embed"):
        case {"record": {"record": {"uri": str(uri)}}} | {"record": {"uri": str(uri)}}:
            return uri.startswith(f"at://{us.did}/")
    return False


def _unreadable(view: Any, why: Exception) -> Unreadable:
    raw = json.dumps(view)
    name = view.get("uri") if isinstance(view, dict) else None
    key = name if type(name) is str and name else sha256(raw.encode()).hexdigest()[:16]
    return Unreadable(key=key, raw=raw, problem=repr(why))
