"""Reddit's comments and posts as mentions. A name such as t1_abc is a comment's, t3_abc a post's.

https://www.reddit.com/dev/api
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from math import inf
from typing import Any
from urllib.parse import quote

from adapters import Unreadable
from adapters.readable import cut, tidied
from adapters.reddit.walk import NAME, Page
from bot.domain.mention import Customer, Mention, Origin

Json = Mapping[str, Any]
COMMENT, POST = "t1_", "t3_"
GONE = ("[deleted]", "[removed]", "[ Removed by Reddit ]")
ROBOTS = {"automoderator", "remindmebot", "sneakpeekbot", "reddit", "redditcaresresources"}
ROBOT = re.compile(r"[a-z0-9]Bot|.*[_-][Bb](?:ot|OT)|.*[a-z0-9]Bot")
CONTEXT = re.compile(r"/r/[^/]+/comments/([0-9a-z]{1,16})/")
LATEST = 2**33  # seconds: in the year 2242
RAW = 5000  # characters of what can't be read

LOCKED = "Its thread is locked: Reddit lets nobody answer there."
ARCHIVED = "Its thread is archived: Reddit lets nobody answer there any more."


def children(listing: Any) -> Sequence[Any]:
    """What is in a listing; ValueError where it is none."""
    found = listing["data"]["children"] if isinstance(listing, dict) else None
    if not isinstance(found, list):
        raise ValueError("no listing")
    return found


def page(listing: Any) -> Page:
    things = [(thing_name(one), second(one)) for one in children(listing)]
    after = listing["data"].get("after")
    sure = isinstance(after, str) and NAME.fullmatch(after)
    return Page([(name, at) for name, at in things if name], after if sure else "")


def thing_name(thing: Any) -> str:
    """Its fullname; "" where it has none that Reddit could have given."""
    name = data(thing).get("name")
    return name if isinstance(name, str) and NAME.fullmatch(name) else ""


def second(thing: Any) -> float:
    """When it was written; what has no time is as if it came just now."""
    at = data(thing).get("created_utc")
    if isinstance(at, bool) or not isinstance(at, int | float):
        return inf
    return at if 0 < at < LATEST else inf


def data(thing: Any) -> Json:
    found = thing.get("data") if isinstance(thing, dict) else None
    return found if isinstance(found, dict) else {}


def is_gone(thing: Any) -> bool:
    """Deleted by its author, or removed by somebody: its words must be removed everywhere."""
    said = data(thing)
    if said.get("author", "?") in (None, *GONE):
        return True
    if said.get("removed_by_category"):
        return True
    return said.get("body", said.get("selftext")) in GONE


def is_shut(thing: Any) -> str:
    """Why nobody can answer below it; "": one can. Moderators write in locked threads, too."""
    said = data(thing)
    if said.get("archived") is True:
        return ARCHIVED
    return LOCKED if said.get("locked") is True and said.get("can_mod_post") is not True else ""


def read(
    things: Sequence[Any], account: str, us: str, site: str
) -> tuple[list[Mention], list[Unreadable]]:
    """One page, oldest first. What can't be understood does not stop the rest; what is gone, does
    not come. Private messages (t4) are none of ours.
    """
    mentions, unreadable = [], []
    for thing in reversed(things):
        try:
            if thing["kind"] in ("t1", "t3") and not is_gone(thing):
                mentions.append(mention(thing["data"], account, us, site))
        except Exception as why:  # one of them must not keep us from the others
            unreadable.append(_unreadable(thing, why))
    return sorted(mentions, key=lambda one: one.posted_at), unreadable


def mention(said: Json, account: str, us: str, site: str) -> Mention:
    key, author = str(said["name"]), str(said["author"])
    if not NAME.fullmatch(key):
        raise ValueError(f"{key!r} is no name.")
    link, parent, edited = _link(said), said.get("parent_id"), said.get("edited")
    ours = author.casefold() == us.casefold()
    return Mention(
        account=account,
        key=key,
        revision=str(int(edited)) if edited else "",
        thread=link,
        parent=str(parent) if parent else None,
        customer=_customer(said, author, account.partition(":")[0], site),
        text=cut(_words(said)),
        posted_at=datetime.fromtimestamp(said["created_utc"], UTC),
        url=address(said, site),
        origin=_origin(said, author, ours=ours),
        public=said.get("subreddit_type") != "private",
        no_reply="" if ours else is_shut({"data": said}),
        media=tuple(_media(said)),
        extra={"link": link},
    )


def same_words(one: str, other: str) -> bool:
    return tidied(one).split() == tidied(other).split()


def _words(said: Json) -> str:
    """As it was typed, in Markdown; a post has a title as well."""
    if "body" in said:
        return tidied(str(said["body"]))
    return tidied("\n\n".join(str(part) for part in (said["title"], said.get("selftext")) if part))


def _link(said: Json) -> str:
    """The post that a comment is below; in the inbox only its address tells."""
    if str(said["name"]).startswith(POST):
        return str(said["name"])
    if said.get("link_id"):
        return str(said["link_id"])
    if found := CONTEXT.match(str(said.get("context") or said.get("permalink") or "")):
        return f"{POST}{found[1]}"
    raise ValueError("It belongs to no post.")


def _customer(said: Json, author: str, platform: str, site: str) -> Customer:
    known = said.get("author_fullname")
    return Customer(
        platform=platform,
        key=known if isinstance(known, str) and known else f"u/{author.casefold()}",
        handle=f"u/{author}",
        name=author,
        url=f"{site}/user/{quote(author, safe='')}",
    )


def address(said: Json, site: str) -> str | None:
    where = said.get("permalink") or str(said.get("context") or "").partition("?")[0]
    return f"{site}{where}" if isinstance(where, str) and where.startswith("/") else None


def _origin(said: Json, author: str, *, ours: bool) -> Origin:
    if ours:
        return Origin.OWN
    if (
        author.casefold() in ROBOTS
        or ROBOT.fullmatch(author)
        or said.get("distinguished") == "admin"
    ):
        return Origin.AUTOMATED
    passed_on = said.get("crosspost_parent") and not said.get("selftext")
    return Origin.REPOST if passed_on else Origin.CUSTOMER


def _media(said: Json) -> Iterator[str]:
    """Pictures of a post; in a gallery each has an entry."""
    gallery = said.get("media_metadata")
    for one in gallery.values() if isinstance(gallery, dict) else ():
        source = one.get("s") if isinstance(one, dict) else None
        link = source.get("u") if isinstance(source, dict) else None
        if isinstance(link, str) and link.startswith("https://"):
            yield link
    link = said.get("url")
    if said.get("post_hint") == "image" and isinstance(link, str) and link.startswith("https://"):
        yield link


def _unreadable(thing: Any, why: Exception) -> Unreadable:
    raw = json.dumps(thing)[:RAW]
    key = thing_name(thing) or sha256(raw.encode()).hexdigest()[:16]
    return Unreadable(key=key, raw=raw, problem=repr(why))
