"""A feed on this machine, of every kind, as sites write them."""

import json
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from html import escape
from typing import Any

from adapters import Adapter, make
from adapters.feed import Feed
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said, Site

TITLE = "Acme in the press"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0"><channel><title>{title}</title>{items}</channel></rss>"""
ATOM = """<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom"><title>{title}</title>{items}</feed>"""
RSS_ITEM = """<item><guid isPermaLink="false">{key}</guid><author>{by}</author>
<link>https://forum.example/{key}</link>{date}<description>{html}</description></item>"""
ATOM_ITEM = """<entry><id>{key}</id><author><name>{by}</name></author>
<link href="https://forum.example/{key}"/>{date}<content type="html">{html}</content></entry>"""


@dataclass
class Item:
    key: str
    by: str
    text: str
    at: datetime | None


class FeedPlace(Site):
    """Shows everything, or the last `shown` items; newest first."""

    can_answer = can_delete = can_look = has_credentials = False
    can_thread = can_correct = can_withdraw = can_find = can_bring = False
    can_edit = first_run_reads_back = True

    def __init__(self, kind: str = "RSS") -> None:
        super().__init__()
        self.kind, self.clock = kind, Clock()
        self.items: list[Item] = []
        self.shown = 10_000
        self.spoiled = 0
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Adapter:
        return make(
            "feed",
            Feed,
            {"FEED_URL": f"{self.url}/feed?token=s3cr3t", **settings},
            self.clock,
            HISTORY,
        )

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self.add(text, by=by, at=self.clock())

    def add(self, text: str, *, by: str = "mira", at: datetime | None = None) -> str:
        key = f"item-{len(self.items) + 1}"
        self.items.append(Item(key, by, text.replace("\0", ""), at))
        return key

    def edit(self, key: str, text: str) -> None:
        next(item for item in self.items if item.key == key).text = text

    def automated(self, text: str) -> str:
        return "a feed tells nothing of the kind"

    def spoil(self) -> None:
        self.spoiled += 1

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        body = self.body()
        tag = f'"{hash(body)}"'
        if headers.get("if-none-match") == tag:
            return 304, {"ETag": tag}, b""
        kind = "application/feed+json" if self.kind == "JSON" else "application/xml"
        return 200, {"ETag": tag, "Content-Type": kind}, body

    def body(self) -> bytes:
        newest_first = self.items[::-1][: self.shown]
        if self.kind == "JSON":
            items = [self._json(item) for item in newest_first] + [{}] * self.spoiled
            return json.dumps({"version": "1.1", "title": TITLE, "items": items}).encode()
        whole, spoiled = (RSS, "<item/>") if self.kind == "RSS" else (ATOM, "<entry/>")
        said = "".join(self._xml(item) for item in newest_first) + spoiled * self.spoiled
        return whole.format(title=TITLE, items=said).encode("utf-8", "replace")

    def _json(self, item: Item) -> dict[str, Any]:
        url, by = f"https://forum.example/{item.key}", [{"name": item.by}]
        at = {"date_published": item.at.isoformat()} if item.at else {}
        return {"id": item.key, "url": url, "authors": by, "content_text": item.text, **at}

    def _xml(self, item: Item) -> str:
        html = escape(escape(item.text).replace("\n", "<br>"))
        one = RSS_ITEM if self.kind == "RSS" else ATOM_ITEM
        return one.format(key=item.key, by=item.by, html=html, date=self._date(item))

    def _date(self, item: Item) -> str:
        if item.at is None:
            return ""
        if self.kind == "RSS":
            return f"<pubDate>{format_datetime(item.at)}</pubDate>"
        return f"<published>{item.at.isoformat()}</published>"
