"""Sites that are searched for a few words, each on its own. Heard only."""

import json
from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from adapters import Batch, Unreadable, divided, lost_our_place, scope, seconds
from adapters.heard_only import HeardOnly
from adapters.readable import from_html, tidied
from adapters.web import Web
from adapters.windows import Walk, is_second, loaded, saved
from bot.domain.delivery import TryLater
from bot.domain.mention import Mention
from bot.domain.reply import Ability

RAW = 5000
Item = Mapping[str, Any]


class Search(HeardOnly):
    """One site, asked for each of `words`; what names several of them comes once.

    Its settings begin with `prefix`. An item bears its number under `number`, and under `second`
    when it was posted, in whole seconds.
    """

    site: ClassVar[str]  # as people call it
    prefix: ClassVar[str]
    number: ClassVar[str]
    second: ClassVar[str]

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        words, every, address = (f"{self.prefix}_{each}" for each in ("WORDS", "EVERY", "API_URL"))
        self.words = divided(settings[words])
        if not self.words:
            raise ValueError(f"{scope(name, words)} names nothing to search for.")
        self.url = settings[address].rstrip("/")
        self.every = seconds(name, settings, every)
        key = f"{self.prefix}_KEY"
        self.web = Web(self.site, locked=f"Look at {scope(name, key)}." if key in settings else "")
        self.ability = Ability(speaks_as=self.words[0], limit=0)

    def fetch(self, cursor: str | None) -> Batch:
        begin = int((self.now() - self.history).timestamp())
        known, damaged = loaded(cursor)
        walks = {word: known.get(word, Walk(since=begin)) for word in self.words}
        mentions: dict[str, Mention] = {}
        spoiled: list[Unreadable] = []
        for word in self._in_turn():
            items, more = self._page(word, walks[word])
            for item in items:
                self._take(item, word, mentions, spoiled)
            walks[word] = walks[word].step(self._seconds(items), more=more)
        return Batch(
            mentions=sorted(mentions.values(), key=lambda mention: mention.posted_at),
            unreadable=spoiled,
            cursor=saved(walks),
            more=any(walk.goes_on for walk in walks.values()),
            gap=lost_our_place(self.history) if damaged else "",
        )

    @abstractmethod
    def _page(self, word: str, walk: Walk) -> tuple[Sequence[Any], bool]:
        """The newest of a walk, newest first, and whether more waits further back."""

    @abstractmethod
    def _mention(self, item: Item) -> Mention:
        """What one item says; any exception sets it aside."""

    def _in_turn(self) -> Iterable[str]:
        """The words to ask for now; each is asked for before the next is taken."""
        return self.words

    def _asked(self, path: str, asked: Mapping[str, Any], listed: str) -> Item:
        """The site's answer, with a list where it is `listed`."""
        answer = self.web.get(f"{self.url}/{path}", now=self.now(), params=asked)
        try:
            told: Item = json.loads(answer.body)
            if not isinstance(told[listed], list):
                raise TypeError("not as documented")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise self._nonsense() from None
        return told

    def _nonsense(self) -> TryLater:
        return TryLater(f"{self.site} answered something that makes no sense.")

    def _posted_at(self, item: Item) -> datetime:
        second = item[self.second]
        if not is_second(second):
            raise ValueError(f"{second!r} is no time.")
        return datetime.fromtimestamp(second, UTC)

    def _seconds(self, items: Sequence[Any]) -> Sequence[int]:
        said = (item.get(self.second) for item in items if isinstance(item, dict))
        return [second for second in said if is_second(second)]

    def _take(
        self, item: Any, word: str, mentions: dict[str, Mention], spoiled: list[Unreadable]
    ) -> None:
        try:
            mention = self._mention(item)
        except Exception as problem:  # one of them must not keep us from the others
            raw = repr(item)[:RAW]
            key = str(item.get(self.number)) if isinstance(item, dict) else raw[:40]
            spoiled.append(Unreadable(key=f"{word}/{key}", raw=raw, problem=repr(problem)))
        else:
            mentions[mention.key] = mention


def paragraphs(*html: object) -> str:
    """The words of each, one below the other."""
    return "\n\n".join(filter(None, (tidied(from_html(str(part or ""))) for part in html)))
