"""The JSON of a mention, as docs/webhook.md and docs/webhook.schema.json have it, read."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adapters.readable import cut, fingerprint
from bot.domain.mention import STARS, Customer, Mention, Origin

MOMENT = re.compile(
    r"(19[7-9][0-9]|20[0-9]{2})-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}"
    r"(:[0-9]{2}(\.[0-9]{1,9})?)?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
LINK = re.compile(r"https?://[^\s/?#]+\S*")
MEDIA = re.compile(r"https://[^\s/?#]+\S*")
ID, ADDRESS, LANGUAGE = 400, 2000, 35  # characters
SHORT, SUBJECT = 200, 500  # characters; what is longer is cut
PICTURES = 20
MOST_FOLLOWERS = 10**10
Item = Mapping[str, Any]


@dataclass(frozen=True)
class Fields:
    """An object, asked for one field after the other; ValueError names the one that is wrong.

    null is as good as nothing.
    """

    values: Item
    inside: str = ""

    def text(self, name: str, longest: int | None = None) -> str:
        value = self.values.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise self._wrong(name, "must be a text")
        if longest is not None and len(value) > longest:
            raise self._wrong(name, f"has more than {longest} characters")
        return value

    def needed(self, name: str, longest: int | None = None) -> str:
        """May be empty, but must be there."""
        if self.values.get(name) is None:
            raise self._wrong(name, "is missing")
        return self.text(name, longest)

    def flag(self, name: str, *, otherwise: bool | None = None) -> bool | None:
        value = self.values.get(name)
        if value is None:
            return otherwise
        if not isinstance(value, bool):
            raise self._wrong(name, "must be true or false")
        return value

    def number(self, name: str, allowed: range) -> int | None:
        value = self.values.get(name)
        if value is None:
            return None
        whole = isinstance(value, float) and value.is_integer()
        if isinstance(value, bool) or not (isinstance(value, int) or whole):
            raise self._wrong(name, "must be a whole number")
        if int(value) not in allowed:
            raise self._wrong(name, f"must be from {allowed.start} to {allowed.stop - 1}")
        return int(value)

    def moment(self, name: str) -> datetime | None:
        said = self.text(name)
        if not said and self.values.get(name) is None:
            return None
        try:
            return moment(said)
        except ValueError:
            why = "must be a time with its offset, such as 2026-11-03T12:00:00+01:00"
            raise self._wrong(name, why) from None

    def link(self, name: str) -> str | None:
        said = self.text(name, ADDRESS)
        if self.values.get(name) is not None and not LINK.fullmatch(said):
            raise self._wrong(name, "must be an address that begins with https:// or http://")
        return said or None

    def links(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name)
        links = [] if value is None else value
        if not isinstance(links, list) or len(links) > PICTURES:
            raise self._wrong(name, f"must be a list of at most {PICTURES} addresses")
        for link in links:
            whole = isinstance(link, str) and len(link) <= ADDRESS and MEDIA.fullmatch(link)
            if not whole:
                raise self._wrong(name, "has something that is no https:// address")
        return tuple(links)

    def object(self, name: str) -> "Fields":
        value = self.values.get(name)
        if not isinstance(value, dict):
            raise self._wrong(name, "is missing" if value is None else "must be an object")
        return Fields(value, f"{name}.")

    def _wrong(self, name: str, why: str) -> ValueError:
        return ValueError(f"{self.inside}{name} {why}.")


@dataclass(frozen=True)
class Reader:
    """Makes mentions for `account` of what was told; `no_reply` says why none can be answered."""

    account: str
    now: Callable[[], datetime]
    no_reply: str = ""

    def read(self, item: Any) -> Mention | str:
        """A mention; of a deleted one only the key. ValueError says what is wrong with it."""
        if not isinstance(item, dict):
            raise ValueError("A mention must be an object.")
        told = Fields(item)
        if not (key := told.needed("id", ID)):
            raise ValueError("id is empty.")
        return key if item.get("deleted") is True else self._mention(key, told)

    def _mention(self, key: str, told: Fields) -> Mention:
        told.flag("deleted")
        text, subject = cut(told.needed("text")), cut(told.text("subject"), SUBJECT)
        rating, media = told.number("rating", STARS), told.links("media")
        parent = told.text("parent", ID) or None
        told.needed("posted_at")
        posted_at = told.moment("posted_at")
        assert posted_at
        return Mention(
            account=self.account,
            key=key,
            thread=told.text("thread", ID) or parent or key,
            parent=parent,
            customer=self._customer(told.object("author")),
            text=text,
            posted_at=min(posted_at, self.now()),
            url=told.link("url"),
            subject=subject,
            revision=_revision(text, subject, rating, media),
            origin=_origin(told),
            public=bool(told.flag("public", otherwise=True)),
            no_reply=cut(told.text("no_reply"), SHORT) or self.no_reply,
            reply_by=told.moment("reply_by"),
            rating=rating,
            media=media,
            language=told.text("language", LANGUAGE) or None,
        )

    def _customer(self, author: Fields) -> Customer:
        id, handle = author.text("id", ID), author.text("handle", ID)
        name = author.text("name", ID)
        if not (who := id or handle or name):
            raise ValueError("author has neither id nor handle nor name.")
        platform, _, label = self.account.partition(":")
        return Customer(
            platform=platform,
            key=f"{label}:{who}" if label else who,
            handle=cut(handle or name or id, SHORT),
            name=cut(name, SHORT),
            url=author.link("url"),
            followers=author.number("followers", range(MOST_FOLLOWERS + 1)),
            verified=author.flag("verified"),
            since=author.moment("since"),
            place=cut(author.text("place"), SHORT) or None,
            speaks=author.text("language", LANGUAGE) or None,
            website=author.link("website"),
        )


def moment(said: str) -> datetime:
    """A time as RFC 3339 writes it, seconds optional. ValueError for another."""
    if not MOMENT.fullmatch(said):
        raise ValueError(f"{said} is no time with an offset.")
    return datetime.fromisoformat(said.upper())


def _origin(told: Fields) -> Origin:
    ours, automated = told.flag("from_us"), told.flag("automated")
    if ours:
        return Origin.OWN
    return Origin.AUTOMATED if automated else Origin.CUSTOMER


def _revision(text: str, subject: str, rating: int | None, media: Sequence[str]) -> str:
    return fingerprint(json.dumps([text, subject, rating, *media]))
