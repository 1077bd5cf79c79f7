"""Stack Overflow and its sister sites: questions that name the brand. Heard only.

https://api.stackexchange.com/docs/advanced-search
"""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from adapters import Batch, Setting, Unreadable, divided, lost_our_place, scope, seconds
from adapters.heard_only import HeardOnly
from adapters.readable import cut, fingerprint, from_html, tidied
from adapters.web import Web
from adapters.windows import Walk, is_second, loaded, saved
from bot.domain.delivery import TryLater
from bot.domain.mention import Customer, Mention
from bot.domain.reply import Ability

PAGE = 100  # questions
FEW = 10  # requests that are left of a day's quota: then we wait until it is new
RAW = 5000


class StackOverflow(HeardOnly):
    """One search for a few words on one site."""

    no_answer = "Stack Overflow takes no answers from apps. Open it there to answer."
    settings = (
        Setting("STACK_WORDS", "The brand's names, divided by commas: each is searched for.", True),
        Setting("STACK_SITE", "Which site, as its API calls it.", default="stackoverflow"),
        Setting("STACK_KEY", "A key of Stack Apps: 10,000 requests a day, not 300.", secret=True),
        Setting("STACK_EVERY", "How often to look, in seconds.", default="900"),
        Setting("STACK_API_URL", "Where the API is.", default="https://api.stackexchange.com/2.3"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.words = divided(settings["STACK_WORDS"])
        if not self.words:
            raise ValueError(f"{scope(name, 'STACK_WORDS')} names nothing to search for.")
        self.site, self.key = settings["STACK_SITE"], settings["STACK_KEY"]
        self.url = settings["STACK_API_URL"].rstrip("/")
        self.every = seconds(name, settings, "STACK_EVERY")
        self.web = Web("Stack Overflow", locked=f"Look at {scope(name, 'STACK_KEY')}.")
        self.ability = Ability(speaks_as=self.words[0], limit=0)
        self._not_before = now()
        self._turn = 0

    def check(self) -> str:
        now = int(self.now().timestamp())
        left = self._asked(self.words[0], Walk(since=now)).get("quota_remaining")
        return f"{self.site}, searched for {', '.join(self.words)}; {left} requests left today"

    def fetch(self, cursor: str | None) -> Batch:
        begin = int((self.now() - self.history).timestamp())
        known, damaged = loaded(cursor)
        walks = {word: known.get(word, Walk(since=begin)) for word in self.words}
        mentions: dict[str, Mention] = {}
        spoiled: list[Unreadable] = []
        self._must_be_let()
        for word in self._in_turn():
            told = self._asked(word, walks[word])
            for item in told["items"]:
                self._take(item, word, mentions, spoiled)
            more = bool(told.get("has_more"))
            walks[word] = walks[word].step(_found(told["items"]), more=more)
            if self.now() < self._not_before:
                break
        return Batch(
            mentions=sorted(mentions.values(), key=lambda mention: mention.posted_at),
            unreadable=spoiled,
            cursor=saved(walks),
            more=any(walk.goes_on for walk in walks.values()),
            gap=lost_our_place(self.history) if damaged else "",
        )

    def _asked(self, word: str, walk: Walk) -> Mapping[str, Any]:
        asked = {
            "q": f'"{word}"',
            "site": self.site,
            "fromdate": walk.since,
            "order": "desc",
            "sort": "creation",
            "filter": "withbody",
            "pagesize": PAGE,
            "page": walk.page + 1,
        }
        asked |= {"todate": walk.before} if walk.before is not None else {}
        asked |= {"key": self.key} if self.key else {}
        answer = self.web.get(f"{self.url}/search/advanced", now=self.now(), params=asked)
        try:
            told: Mapping[str, Any] = json.loads(answer.body)
            if not isinstance(told["items"], list):
                raise TypeError("not as documented")
        except (ValueError, KeyError, TypeError, RecursionError):
            raise TryLater("Stack Overflow answered something that makes no sense.") from None
        self._heed(told)
        return told

    def _in_turn(self) -> Sequence[str]:
        """Each word begins once, so that a site that wants us to wait never leaves out the same."""
        self._turn = (self._turn + 1) % len(self.words)
        return self.words[self._turn :] + self.words[: self._turn]

    def _must_be_let(self) -> None:
        if (wait := self._not_before - self.now()) > timedelta(0):
            raise TryLater("Stack Overflow wants us to wait.", wait, surely_not_done=True)

    def _heed(self, told: Mapping[str, Any]) -> None:
        """Whoever asks again before `backoff` is over is shut out; so is who used up the day."""
        wait, left = told.get("backoff"), told.get("quota_remaining")
        if is_second(wait):
            self._not_before = self.now() + timedelta(seconds=min(wait, 86_400))
        if type(left) is int and left < FEW:
            raise TryLater("Stack Overflow's requests of this day are used up.", timedelta(hours=1))

    def _take(
        self, item: Any, word: str, mentions: dict[str, Mention], spoiled: list[Unreadable]
    ) -> None:
        try:
            mention = self._mention(item)
        except Exception as problem:  # one of them must not keep us from the others
            raw = repr(item)[:RAW]
            key = str(item.get("question_id")) if isinstance(item, dict) else raw[:40]
            spoiled.append(Unreadable(key=f"{word}/{key}", raw=raw, problem=repr(problem)))
        else:
            mentions[mention.key] = mention

    def _mention(self, item: Mapping[str, Any]) -> Mention:
        key, owner, at = (
            str(int(item["question_id"])),
            item.get("owner") or {},
            item["creation_date"],
        )
        if not is_second(at):
            raise ValueError(f"{at!r} is no time.")
        who = tidied(from_html(str(owner.get("display_name") or ""))) or "somebody"
        title, words = (tidied(from_html(str(item.get(part) or ""))) for part in ("title", "body"))
        text = "\n\n".join(filter(None, [title, words]))
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
            posted_at=datetime.fromtimestamp(at, UTC),
            url=str(item["link"]) if item.get("link") else None,
            revision=fingerprint(text),
            no_reply=self.no_answer,
        )


def _found(items: Sequence[Any]) -> Sequence[int]:
    times = (item.get("creation_date") for item in items if isinstance(item, dict))
    return [second for second in times if is_second(second)]
