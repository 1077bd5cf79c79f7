"""A feed (RSS, Atom or JSON Feed): of a blog search, an alert service, a forum. Heard only."""

import json
from calendar import timegm
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from adapters import Batch, Setting, Unreadable, divided, lost_our_place, scope, seconds
from adapters.heard_only import HeardOnly
from adapters.readable import cut, fingerprint, from_html, tidied
from adapters.web import Answer, Web
from bot.domain.delivery import TryLater
from bot.domain.mention import Customer, Mention
from bot.domain.reply import Ability

KEPT = 500  # items that are known again, though the feed may show them no more
LONG = 400  # characters of an id
RAW = 5000
BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
Entry = Mapping[str, Any]


@dataclass(frozen=True)
class Known:
    """How far the feed has been read: what it said about itself, and each item's revision."""

    tag: str = ""
    changed: str = ""
    until: str = ""  # when the newest item that we know was posted
    items: Mapping[str, str] = field(default_factory=dict)


class Feed(HeardOnly):
    """One feed. Where it names an author, that is the customer; else the site is."""

    no_answer = "A feed can only be read. Open it there to answer."
    settings = (
        Setting("FEED_URL", "The address of an RSS, Atom or JSON feed.", True, secret=True),
        Setting("FEED_WORDS", "Only items with one of these words, divided by commas."),
        Setting("FEED_EVERY", "How often to look, in seconds.", default="300"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.url = settings["FEED_URL"].strip()
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"{scope(name, 'FEED_URL')} must begin with https://.")
        self.host = parts.hostname
        self.words = [word.casefold() for word in divided(settings["FEED_WORDS"])]
        self.every = seconds(name, settings, "FEED_EVERY")
        variable = scope(name, "FEED_URL")
        self.web = Web(f"The feed at {self.host}", locked=f"Look at {variable}.")
        self.ability = Ability(speaks_as=self.host, limit=0)

    def check(self) -> str:
        about, entries = _parsed(self._answer(Known()))
        return f"feed {tidied(about) or self.host}, {len(entries)} items"

    def fetch(self, cursor: str | None) -> Batch:
        known, damaged = _known(cursor)
        answer = self._answer(known)
        if answer.status == 304 and cursor:
            return Batch(mentions=(), cursor=cursor)
        about, entries = _parsed(answer)
        read, spoiled = self._read(about, entries, first=not known.items)
        changed = (m for m in reversed(read) if known.items.get(m.key) != m.revision)
        news = [mention for mention in changed if self._wanted(mention, known)]
        return Batch(
            mentions=sorted(news, key=lambda mention: mention.posted_at),
            unreadable=spoiled,
            cursor=_noted(answer, read, known),
            gap=lost_our_place(self.history) if damaged else self._gap(known, read),
        )

    def _answer(self, known: Known) -> Answer:
        asked = {"If-None-Match": known.tag, "If-Modified-Since": known.changed}
        headers = {name: value for name, value in asked.items() if value}
        answer = self.web.get(self.url, now=self.now(), headers=headers)
        if answer.status in (404, 410):
            variable = scope(self.name, "FEED_URL")
            raise TryLater(f"There is no feed at {self.host} ({answer.status}): see {variable}.")
        return answer

    def _read(
        self, about: str, entries: Sequence[Entry], *, first: bool
    ) -> tuple[list[Mention], list[Unreadable]]:
        """All that can be read, each once; and what can't."""
        read: dict[str, Mention] = {}
        spoiled = []
        for entry in entries:
            try:
                mention = self._mention(about, entry, first=first)
            except Exception as problem:  # one item must not keep us from the others
                raw = repr(entry)[:RAW]
                spoiled.append(Unreadable(key=fingerprint(raw), raw=raw, problem=repr(problem)))
            else:
                read.setdefault(mention.key, mention)
        return list(read.values()), spoiled

    def _mention(self, about: str, entry: Entry, *, first: bool) -> Mention:
        link, text = str(entry.get("link") or ""), _words(entry)
        if not (text or link):
            raise ValueError("It has neither words nor an address.")
        key = str(entry.get("id") or link or fingerprint(text))
        key = key if len(key) <= LONG else fingerprint(key)
        who = str(entry.get("author") or "").strip() or about or self.host
        return Mention(
            account=self.name,
            key=key,
            thread=key,
            customer=Customer(
                platform="feed", key=f"{self.host}:{who}"[:LONG], handle=who[:100], name=who[:100]
            ),
            text=text,
            posted_at=self._posted_at(entry, first=first),
            url=link if urlsplit(link).scheme in ("http", "https") else None,
            revision=fingerprint(text),
            no_reply=self.no_answer,
            language=str(entry.get("language") or "") or None,
        )

    def _posted_at(self, entry: Entry, *, first: bool) -> datetime:
        """Dates are optional, and lie. What has none was there before us, or has just come."""
        said, now = entry.get("posted_at"), self.now()
        if isinstance(said, datetime):
            return min(max(said, BEGINNING), now)
        return now - self.history if first else now

    def _wanted(self, mention: Mention, known: Known) -> bool:
        old = not known.items and mention.posted_at < self.now() - self.history
        named = mention.text.casefold()
        return not old and (not self.words or any(word in named for word in self.words))

    def _gap(self, known: Known, read: Sequence[Mention]) -> str:
        """A feed shows its last items only: where we know none of them, some are missing."""
        if not known.items or not read or any(mention.key in known.items for mention in read):
            return ""
        oldest = min(mention.posted_at for mention in read)
        missing = f"between {_minute(known.until)} and {oldest:%Y-%m-%d %H:%M} UTC"
        return (
            f"The feed shows only its last {len(read)} items, and none that we know: what came"
            f" {missing} is missing. Look there yourself."
        )


def _parsed(answer: Answer) -> tuple[str, Sequence[Entry]]:
    """The feed's title and its items, in one shape for all kinds; TryLater where it is no feed."""
    start = answer.body.lstrip()[:1]
    about, entries = _json_feed(answer.body) if start == b"{" else _xml_feed(answer)
    return about, list(entries)


def _json_feed(body: bytes) -> tuple[str, Iterator[Entry]]:
    try:
        feed = json.loads(body)
        items = feed["items"]
        assert isinstance(items, list)
    except (ValueError, KeyError, AssertionError, RecursionError):
        raise TryLater("What came is no JSON Feed.", surely_not_done=True) from None
    return str(feed.get("title") or ""), (_from_json(i) for i in items if isinstance(i, dict))


def _from_json(item: Entry) -> Entry:
    """https://www.jsonfeed.org/version/1.1/"""
    authors = item.get("authors") or [item.get("author") or {}]
    first = authors[0] if isinstance(authors, list) and authors else {}
    return {
        "id": item.get("id"),
        "link": item.get("url") or item.get("external_url"),
        "title": item.get("title"),
        "html": item.get("content_html"),
        "plain": item.get("content_text") or item.get("summary"),
        "author": first.get("name") if isinstance(first, dict) else "",
        "posted_at": _date(str(item.get("date_published") or item.get("date_modified") or "")),
        "language": item.get("language"),
    }


def _xml_feed(answer: Answer) -> tuple[str, Iterator[Entry]]:
    import feedparser  # type: ignore[import-untyped]

    shown = {"content-type": answer.headers.get("content-type", "text/xml")}
    feed = feedparser.parse(answer.body, response_headers=shown, sanitize_html=False)
    if not feed.get("version") and not feed.entries:
        raise TryLater("What came is no feed.", surely_not_done=True)
    return str(feed.feed.get("title") or ""), (_from_xml(entry) for entry in feed.entries)


def _from_xml(entry: Any) -> Entry:
    when = entry.get("published_parsed") or entry.get("updated_parsed")
    content = next((c.get("value") for c in entry.get("content", ())), "")
    return {
        "id": entry.get("id"),
        "link": entry.get("link"),
        "title": entry.get("title"),
        "html": content or entry.get("summary"),
        "author": entry.get("author"),
        "posted_at": datetime.fromtimestamp(timegm(when), UTC) if when else None,
        "language": next((c.get("language") for c in entry.get("content", ())), None),
    }


def _date(text: str) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _words(entry: Entry) -> str:
    title = tidied(from_html(str(entry.get("title") or "")))
    body = tidied(from_html(str(entry.get("html") or ""))) or tidied(str(entry.get("plain") or ""))
    if not body or body == title:
        return title
    return cut(f"{title}\n\n{body}" if title else body)


def _known(cursor: str | None) -> tuple[Known, bool]:
    """How far the feed has been read, and whether what was kept of it is damaged."""
    if cursor is None:
        return Known(), False
    try:
        kept = json.loads(cursor)
        items = {str(key): str(revision) for key, revision in kept["items"]}
        texts = {name: str(kept[name]) for name in ("tag", "changed", "until")}
        if texts["until"]:
            datetime.fromisoformat(texts["until"])
        return Known(items=items, **texts), False
    except (ValueError, TypeError, KeyError, RecursionError):
        return Known(), True


def _noted(answer: Answer, read: Sequence[Mention], known: Known) -> str:
    now_there = {mention.key: mention.revision for mention in read}
    before = [each for each in known.items.items() if each[0] not in now_there]
    newest = max((mention.posted_at for mention in read), default=None)
    return json.dumps(
        {
            "tag": answer.headers.get("etag", ""),
            "changed": answer.headers.get("last-modified", ""),
            "until": newest.isoformat() if newest else known.until,
            "items": [*before[-KEPT:], *now_there.items()],
        }
    )


def _minute(moment: str) -> str:
    at = datetime.fromisoformat(moment) if moment else BEGINNING
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M}"
