"""Hacker News, by the search of Algolia: stories and comments that name the brand. Heard only.

https://hn.algolia.com/api
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from adapters import Setting, divided
from adapters.readable import cut, fingerprint
from adapters.searches import Item, Search, paragraphs
from adapters.windows import Walk
from bot.domain.mention import Customer, Mention, Origin

SITE = "https://news.ycombinator.com"
PAGE = 100  # hits; of one search Algolia shows a thousand at most, so we search page by page


class HackerNews(Search):
    """One search for a few words."""

    site, prefix, number, second = "Hacker News", "HN", "objectID", "created_at_i"
    no_answer = "Hacker News takes no answers from apps. Open it there to answer."
    settings = (
        Setting("HN_WORDS", "The brand's names, divided by commas: each is searched for.", True),
        Setting("HN_OURS", "Names of our own people there, divided by commas."),
        Setting("HN_EVERY", "How often to look, in seconds.", default="300"),
        Setting("HN_API_URL", "Where the search is.", default="https://hn.algolia.com/api/v1"),
    )

    def __init__(self, name: str, settings: Mapping[str, str], *more: Any) -> None:
        super().__init__(name, settings, *more)
        self.ours = {name.casefold() for name in divided(settings["HN_OURS"])}

    def check(self) -> str:
        self._page(self.words[0], Walk(since=0))
        return f"Hacker News, searched for {', '.join(self.words)}"

    def _page(self, word: str, walk: Walk) -> tuple[Sequence[Any], bool]:
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
        told = self._asked("search_by_date", asked, "hits")
        hits, total = told["hits"], told.get("nbHits")
        if type(total) is not int:
            raise self._nonsense()
        return hits, total > walk.page * PAGE + len(hits)

    def _mention(self, item: Item) -> Mention:
        who, key, parent = str(item["author"]), str(item["objectID"]), item.get("parent_id")
        said = item.get("comment_text") or item.get("story_text")
        text = paragraphs(item.get("title"), said)
        ours = who.casefold() in self.ours
        return Mention(
            account=self.name,
            key=key,
            thread=str(item.get("story_id") or key),
            parent=str(parent) if parent else None,
            customer=Customer(
                platform="hackernews",
                key=who,
                handle=who,
                name=who,
                url=f"{SITE}/user?id={quote(who, safe='')}",
            ),
            text=cut(text),
            posted_at=self._posted_at(item),
            url=f"{SITE}/item?id={quote(key, safe='')}",
            revision=fingerprint(text),
            origin=Origin.OWN if ours else Origin.CUSTOMER,
            no_reply=self.no_answer,
        )
