"""Hacker News, by the search of Algolia: stories and comments that name the brand. Heard only.

https://hn.algolia.com/api
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from adapters import Batch, Setting, Unreadable, divided, lost_our_place, scope, seconds
from adapters.heard_only import HeardOnly
from adapters.readable import cut, fingerprint, from_html, tidied
from adapters.web import Web
from adapters.windows import Walk, is_second, loaded, saved
from bot.domain.delivery import TryLater
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability

SITE = "https://news.ycombinator.com"
PAGE = 100  # hits; of one search Algolia shows a thousand at most, so we search page by page
RAW = 5000


class HackerNews(HeardOnly):
    """One search for a few words."""

    no_answer = "Hacker News takes no answers from apps. Open it there to answer."
    settings = (
        Setting("HN_WORDS", "The brand's names, divided by commas: each is searched for.", True),
        Setting("HN_OURS", "Names of our own people there, divided by commas."),
        Setting("HN_EVERY", "How often to look, in seconds.", default="300"),
        Setting("HN_API_URL", "Where the search is.", default="https://hn.algolia.com/api/v1"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.words = divided(settings["HN_WORDS"])
        self.ours = {name.casefold() for name in divided(settings["HN_OURS"])}
        self.url = settings["HN_API_URL"].rstrip("/")
        if not self.words:
            raise ValueError(f"{scope(name, 'HN_WORDS')} names nothing to search for.")
        self.every = seconds(name, settings, "HN_EVERY")
        self.web = Web("Hacker News")
        self.ability = Ability(speaks_as=self.words[0], limit=0)

    def check(self) -> str:
        self._hits(self.words[0], Walk(since=0))
        return f"Hacker News, searched for {', '.join(self.words)}"

    def fetch(self, cursor: str | None) -> Batch:
        begin = int((self.now() - self.history).timestamp())
        known, damaged = loaded(cursor)
        mentions: dict[str, Mention] = {}
        spoiled: list[Unreadable] = []
        walks = {}
        for word in self.words:
            walk = known.get(word, Walk(since=begin))
            hits, total = self._hits(word, walk)
            for hit in hits:
                self._take(hit, word, mentions, spoiled)
            further = total > walk.page * PAGE + len(hits)
            walks[word] = walk.step(_found(hits), more=further)
        return Batch(
            mentions=sorted(mentions.values(), key=lambda mention: mention.posted_at),
            unreadable=spoiled,
            cursor=saved(walks),
            more=any(walk.goes_on for walk in walks.values()),
            gap=lost_our_place(self.history) if damaged else "",
        )

    def _hits(self, word: str, walk: Walk) -> tuple[Sequence[Any], int]:
        """The newest of a walk, newest first, and how many there are in all."""
        within = [f"created_at_i>={walk.since}"]
        within += [f"created_at_i<={walk.before}"] if walk.before is not None else []
        asked = {
            "query": f'"{word}"',
            "advancedSyntax": "true",
            "typoTolerance": "false",
            "tags": "(story,comment)",
            "numericFilters": ",".join(within),
            "hitsPerPage": PAGE,
            "page": walk.page,
        }
        answer = self.web.get(f"{self.url}/search_by_date", now=self.now(), params=asked)
        try:
            told = json.loads(answer.body)
            hits, total = told["hits"], told["nbHits"]
            if not isinstance(hits, list) or type(total) is not int:
                raise TypeError("not as documented")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise TryLater("Hacker News answered something that makes no sense.") from None
        return hits, total

    def _take(
        self, hit: Any, word: str, mentions: dict[str, Mention], spoiled: list[Unreadable]
    ) -> None:
        try:
            mention = self._mention(hit)
        except Exception as problem:  # one of them must not keep us from the others
            raw = repr(hit)[:RAW]
            key = str(hit.get("objectID")) if isinstance(hit, dict) else raw[:40]
            spoiled.append(Unreadable(key=f"{word}/{key}", raw=raw, problem=repr(problem)))
        else:
            mentions[mention.key] = mention

    def _mention(self, hit: Mapping[str, Any]) -> Mention:
        who, key, parent = str(hit["author"]), str(hit["objectID"]), hit.get("parent_id")
        title = tidied(from_html(str(hit.get("title") or "")))
        words = tidied(from_html(str(hit.get("comment_text") or hit.get("story_text") or "")))
        text = "\n\n".join(filter(None, [title, words]))
        ours = who.casefold() in self.ours
        return Mention(
            account=self.name,
            key=key,
            thread=str(hit.get("story_id") or key),
            parent=str(parent) if parent else None,
            customer=Customer(
                platform="hackernews",
                key=who,
                handle=who,
                name=who,
                url=f"{SITE}/user?id={quote(who, safe='')}",
            ),
            text=cut(text),
            posted_at=datetime.fromtimestamp(_second(hit), UTC),
            url=f"{SITE}/item?id={quote(key, safe='')}",
            revision=fingerprint(text),
            origin=Origin.OWN if ours else Origin.CUSTOMER,
            no_reply=self.no_answer,
        )


def _found(hits: Sequence[Any]) -> Sequence[int]:
    seconds = (hit.get("created_at_i") for hit in hits if isinstance(hit, dict))
    return [second for second in seconds if is_second(second)]


def _second(hit: Mapping[str, Any]) -> int:
    if not is_second(hit["created_at_i"]):
        raise ValueError(f"{hit['created_at_i']!r} is no time.")
    return int(hit["created_at_i"])
