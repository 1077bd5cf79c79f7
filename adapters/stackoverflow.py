"""Stack Overflow and its sister sites: questions that name the brand. Heard only.

https://api.stackexchange.com/docs/advanced-search
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters import Setting
from adapters.readable import cut, fingerprint
from adapters.searches import Item, Search, paragraphs
from adapters.windows import Walk, is_second
from bot.domain.delivery import TryLater
from bot.domain.mention import Customer, Mention

PAGE = 100  # questions
FEW = 10  # requests that are left of a day's quota: then we wait until it is new


class StackOverflow(Search):
    """One search for a few words on one site."""

    site, prefix = "Stack Overflow", "STACK"
    number, second = "question_id", "creation_date"
    no_answer = "Stack Overflow takes no answers from apps. Open it there to answer."
    settings = (
        Setting("STACK_WORDS", "The brand's names, divided by commas: each is searched for.", True),
        Setting("STACK_SITE", "Which site, as its API calls it.", default="stackoverflow"),
        Setting("STACK_KEY", "A key of Stack Apps: 10,000 requests a day, not 300.", secret=True),
        Setting("STACK_EVERY", "How often to look, in seconds.", default="900"),
        Setting("STACK_API_URL", "Where the API is.", default="https://api.stackexchange.com/2.3"),
    )

    def __init__(self, name: str, settings: Mapping[str, str], *more: Any) -> None:
        super().__init__(name, settings, *more)
        self.place, self.key = settings["STACK_SITE"], settings["STACK_KEY"]
        self._not_before = datetime.min.replace(tzinfo=UTC)
        self._turn = 0

    def check(self) -> str:
        now = Walk(since=int(self.now().timestamp()))
        left = self._told(self.words[0], now).get("quota_remaining")
        return f"{self.place}, searched for {', '.join(self.words)}; {left} requests left today"

    def _in_turn(self) -> Iterator[str]:
        """Each word begins once, so that a site that wants us to wait never leaves out the same."""
        if (wait := self._not_before - self.now()) > timedelta(0):
            raise TryLater("Stack Overflow wants us to wait.", wait, surely_not_done=True)
        self._turn = (self._turn + 1) % len(self.words)
        for word in self.words[self._turn :] + self.words[: self._turn]:
            yield word
            if self.now() < self._not_before:
                return

    def _page(self, word: str, walk: Walk) -> tuple[Sequence[Any], bool]:
        told = self._told(word, walk)
        return told["items"], bool(told.get("has_more"))

    def _told(self, word: str, walk: Walk) -> Item:
        """Whoever asks again before `backoff` is over is shut out; so is who used up the day."""
        asked = {
            "q": f'"{word}"',
            "site": self.place,
            "fromdate": walk.since,
            "order": "desc",
            "sort": "creation",
            "filter": "withbody",
            "pagesize": PAGE,
            "page": walk.page + 1,
        }
        asked |= {"todate": walk.before} if walk.before is not None else {}
        asked |= {"key": self.key} if self.key else {}
        told = self._asked("search/advanced", asked, "items")
        wait, left = told.get("backoff"), told.get("quota_remaining")
        if is_second(wait):
            self._not_before = self.now() + timedelta(seconds=min(wait, 86_400))
        if type(left) is int and left < FEW:
            raise TryLater("Stack Overflow's requests of this day are used up.", timedelta(hours=1))
        return told

    def _mention(self, item: Item) -> Mention:
        key, owner = str(int(item["question_id"])), item.get("owner") or {}
        who = paragraphs(owner.get("display_name")) or "somebody"
        text = paragraphs(item.get("title"), item.get("body"))
        return Mention(
            account=self.name,
            key=key,
            thread=key,
            customer=Customer(
                platform="stackoverflow",
                key=str(owner.get("user_id") or who),
                handle=who,
                name=who,
                url=str(owner["link"]) if owner.get("link") else None,
            ),
            text=cut(text),
            posted_at=self._posted_at(item),
            url=str(item["link"]) if item.get("link") else None,
            revision=fingerprint(text),
            no_reply=self.no_answer,
        )
