"""Algolia's search of Hacker News, as its documentation has it: a stand-in on this machine."""

import json
from dataclasses import dataclass
from datetime import datetime
from html import escape
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from adapters import Adapter, make
from adapters.hackernews import HackerNews
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said, Site

CAP = 1000  # hits of one search, however many there are


@dataclass
class Item:
    key: str
    by: str
    text: str
    at: datetime
    parent: str | None


class HackerNewsPlace(Site):
    can_answer = can_delete = can_look = has_credentials = False
    can_thread = can_correct = can_withdraw = can_find = can_bring = False
    can_edit = first_run_reads_back = True

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.numbers = Clock(), count(41_000_000)
        self.items: dict[str, Item] = {}
        self.spoiled: list[dict[str, Any]] = []
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Adapter:
        environment = {"HN_WORDS": "acme", "HN_API_URL": self.url, **settings}
        return make("hackernews", HackerNews, environment, self.clock, HISTORY)

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        key = str(next(self.numbers))
        self.items[key] = Item(key, by, f"acme: {text}", self.clock(), parent)
        return key

    def edit(self, key: str, text: str) -> None:
        self.items[key].text = f"acme: {text}"

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        at = int(self.clock().timestamp())
        self.spoiled.append({"objectID": "7", "created_at_i": at, "comment_text": "acme"})

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        address = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if address.path != "/search_by_date":
            return 404, {}, b"{}"
        found = [*self.spoiled, *map(self._hit, self.items.values())]
        word = asked["query"].strip('"').casefold()
        found = [hit for hit in found if word in str(hit.get("comment_text")).casefold()]
        for bound in asked["numericFilters"].split(","):
            found = [hit for hit in found if _within(hit["created_at_i"], bound)]
        found.sort(key=lambda hit: hit["created_at_i"], reverse=True)
        size, begin = int(asked["hitsPerPage"]), int(asked["page"]) * int(asked["hitsPerPage"])
        hits = found[:CAP][begin : begin + size]
        return 200, {}, json.dumps({"hits": hits, "nbHits": len(found)}).encode()

    def _hit(self, item: Item) -> dict[str, Any]:
        return {
            "objectID": item.key,
            "author": item.by,
            "comment_text": escape(item.text.replace("\0", "")).replace("\n", "<br>"),
            "created_at_i": int(item.at.timestamp()),
            "parent_id": int(item.parent) if item.parent else None,
            "story_id": int(item.parent or item.key),
        }


def _within(second: int, bound: str) -> bool:
    name, at_least, value = bound.partition(">=")
    if at_least:
        return second >= int(value)
    name, _, value = bound.partition("<=")
    assert name == "created_at_i"
    return second <= int(value)
