"""Mastodon's statuses as mentions, and how long it finds an answer.

https://docs.joinmastodon.org/entities/Status/
"""

import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from twitter_text import extract_urls_with_indices

from adapters import Unreadable
from adapters.mastodon.walk import ID
from adapters.readable import cut, from_html, tidied
from bot.domain.graphemes import inside
from bot.domain.mention import QUOTES_US, Customer, Mention, Origin

Json = Mapping[str, Any]
PUBLIC = ("public", "unlisted")  # everyone can read it
DIRECT = "direct"  # only those who are named in it can
QUOTE = "quote"
KINDS = ("mention", QUOTE)  # of notifications: somebody's words to us, or about ours
RAW = 5000  # characters of what can't be read
NAMES = re.compile(r"\A(?:@\w[\w.@-]*[:,]?(?:\s+|\Z))+")
REMOTE = re.compile(r"(?<![\w/])(@\w+)@[\w.-]*\w")  # whose server is not counted
LINK = re.compile(r'href="(https?://[^"<>\s]+)"')


@dataclass(frozen=True)
class Us:
    """The account we are signed in as."""

    id: str
    acct: str
    url: str


@dataclass(frozen=True)
class Limits:
    """What a server takes, as it says itself; these are what every Mastodon takes."""

    characters: int = 500
    a_url: int = 23
    files: int = 4
    file_size: int = 8_000_000
    file_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/gif", "image/webp")

    @classmethod
    def told(cls, instance: Any) -> "Limits":
        """What is missing there, or odd, is as Mastodon has it."""
        knows = _part(_part(instance, "configuration"), "statuses")
        media = _part(_part(instance, "configuration"), "media_attachments")
        taken = media.get("supported_mime_types")
        known = taken if isinstance(taken, list) else ()
        types = tuple(one for one in cls.file_types if one in known)
        return cls(
            _number(knows, "max_characters", cls.characters),
            _number(knows, "characters_reserved_per_url", cls.a_url),
            _number(knows, "max_media_attachments", cls.files),
            _number(media, "image_size_limit", cls.file_size),
            types or cls.file_types,
        )

    def length(self, text: str) -> int:
        """Visible characters; an address counts the same whatever it is, a name without its server.

        Mastodon's StatusLengthValidator: the rules for addresses are Twitter's, and must begin with
        http.
        """
        spared = 0
        for each in extract_urls_with_indices(text):
            if each["url"].startswith(("http://", "https://")):
                start, end = each["indices"]
                spared += visible(text[start:end]) - self.a_url
        spared += sum(visible(name[0]) - visible(name[1]) for name in REMOTE.finditer(text))
        return visible(text) - spared


def visible(text: str) -> int:
    return sum(not inside(text, place) for place in range(len(text)))


def named(text: str, name: str) -> str:
    """With the name in front of whom it answers: whom no name calls, Mastodon does not call."""
    first = text.split(maxsplit=1)[:1]
    if not name or [word.rstrip(":,").casefold() for word in first] == [name.casefold()]:
        return text
    return f"{name} {text}"


def openness(mention: Mention) -> str:
    """Who may read our answer: never more people than read what it answers.

    To answer followers only would show it to our followers, who are not theirs.
    """
    visibility = mention.extra.get("visibility")
    return str(visibility) if visibility in PUBLIC and mention.public else DIRECT


def read(
    items: Sequence[Any], account: str, us: Us, *, within: str = ""
) -> tuple[list[Mention], list[Unreadable]]:
    """One page, oldest first. What can't be understood does not stop the rest.

    `within` is where a status lies in an item, such as in a notification; one whose status is gone
    says nothing any more.
    """
    mentions, unreadable = [], []
    for item in reversed(items):
        try:
            if within and (item["type"] not in KINDS or item[within] is None):
                continue
            status, quotes_us = (item[within], item["type"] == QUOTE) if within else (item, False)
            mentions.append(mention(status, account, us, quotes_us=quotes_us))
        except Exception as why:  # strangers' servers write what they like
            unreadable.append(_unreadable(item, why))
    return sorted(mentions, key=lambda one: one.posted_at), unreadable


def mention(status: Json, account: str, us: Us, *, quotes_us: bool = False) -> Mention:
    author, key = status["account"], _id(status["id"])
    visibility, parent = str(status["visibility"]), status.get("in_reply_to_id")
    ours, said = str(author["id"]) == us.id, from_html(status["content"])
    return Mention(
        account=account,
        key=key,
        revision=str(status.get("edited_at") or ""),
        thread=_id(parent) if parent else key,
        parent=_id(parent) if parent else None,
        customer=_customer(author, account.partition(":")[0]),
        subject=words(status.get("spoiler_text") or ""),
        text=cut(_unnamed(said) if ours and parent else said),
        posted_at=moment(status["created_at"]),
        url=link(status.get("url") or status.get("uri")),
        origin=_origin(status, author, ours=ours),
        public=visibility in PUBLIC,
        media=tuple(_media(status)),
        language=str(status["language"]) if status.get("language") else None,
        extra={
            "visibility": visibility,
            "begins_with": "" if ours else f"@{author['acct']}",
            **({QUOTES_US: True} if quotes_us else {}),
        },
    )


def words(text: str) -> str:
    return " ".join(tidied(str(text)).split())


def moment(said: str) -> datetime:
    at = datetime.fromisoformat(said)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def ids(items: Sequence[Any]) -> list[str]:
    found = (item.get("id") for item in items if isinstance(item, dict))
    return [str(id) for id in found if _is_id(id)]


def older(items: Sequence[Any], than: float) -> bool:
    """Whether one of them is from before this time."""
    said = (item.get("created_at") for item in items if isinstance(item, dict))
    return any(_second(one) < than for one in said)


def is_answer(status: Any, mention: Mention, text: str) -> bool:
    """Whether this post of ours is that answer to it."""
    try:
        return str(status["in_reply_to_id"]) == mention.key and says(status, text)
    except (KeyError, TypeError):
        return False


def says(status: Json, text: str) -> bool:
    """Whether these are its words already."""
    return same_words(from_html(str(status.get("content") or "")), text)


def same_words(one: str, other: str) -> bool:
    """Whether a server made the one from the other: it shows names without their servers."""
    return _bare(one) == _bare(other)


def _bare(text: str) -> str:
    plain = REMOTE.sub(r"\1", unicodedata.normalize("NFC", tidied(text)))
    return " ".join(_unnamed(plain).split())


def _unnamed(text: str) -> str:
    """Without the names in front, which only call people."""
    return NAMES.sub("", text)


def _customer(author: Json, platform: str) -> Customer:
    acct, followers = str(author["acct"]), author.get("followers_count")
    return Customer(
        platform=platform,
        key=_id(author["id"]),
        handle=f"@{acct}",
        name=words(author.get("display_name") or acct),
        url=link(author.get("url")),
        followers=followers if type(followers) is int and followers >= 0 else None,
        since=moment(author["created_at"]) if author.get("created_at") else None,
        website=next(_proven(author), None),
    )


def _proven(author: Json) -> Iterator[str]:
    """Links of a profile that its server has found to be theirs."""
    for entry in author.get("fields") or ():
        if entry.get("verified_at") and (found := LINK.search(str(entry.get("value")))):
            yield found[1]


def _origin(status: Json, author: Json, *, ours: bool) -> Origin:
    if status.get("reblog"):
        return Origin.REPOST
    if ours:
        return Origin.OWN
    return Origin.AUTOMATED if author.get("bot") is True else Origin.CUSTOMER


def _media(status: Json) -> Iterator[str]:
    for one in status.get("media_attachments") or ():
        if where := link(one.get("url") or one.get("remote_url") or one.get("preview_url")):
            yield where


def link(said: object) -> str | None:
    return said if isinstance(said, str) and said.startswith(("https://", "http://")) else None


def _id(said: Any) -> str:
    """As it came: numbers here, letters there."""
    if not _is_id(said):
        raise ValueError(f"{said!r} is no id.")
    return str(said)


def _is_id(said: Any) -> bool:
    return type(said) in (str, int) and bool(ID.fullmatch(str(said)))


def _part(thing: Any, name: str) -> Json:
    part = thing.get(name) if isinstance(thing, dict) else None
    return part if isinstance(part, dict) else {}


def _number(part: Json, name: str, usual: int) -> int:
    said = part.get(name)
    return said if type(said) is int and said > 0 else usual


def _second(said: Any) -> float:
    """When that is, in seconds since 1970; what is no time is never long ago."""
    try:
        return moment(said).timestamp()
    except (TypeError, ValueError, OverflowError):
        return float("inf")


def _unreadable(item: Any, why: Exception) -> Unreadable:
    raw = json.dumps(item)[:RAW]
    key = next(iter(ids([item])), "") or sha256(raw.encode()).hexdigest()[:16]
    return Unreadable(key=key, raw=raw, problem=repr(why))
