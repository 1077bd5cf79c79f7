"""One forum on Discourse: what is posted there is heard, and answered in its topic."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit

from adapters import (
    Batch,
    Forged,
    News,
    Setting,
    admit,
    divided,
    lost_our_place,
    scope,
    seconds,
)
from adapters.descent import Descent, loaded, number, read, saved
from adapters.discourse import posts
from adapters.discourse.line import Declined, Key, Line
from adapters.discourse.places import Places, answered, answers_to, found, place
from adapters.discourse.posts import Forum, Item
from adapters.signed import by_hmac, digest
from adapters.web import Web, doubting, local
from bot.domain.delivery import Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin, Unreadable
from bot.domain.reply import Ability, Attachment, Sent

PAGE = 50  # posts; older versions show what there is of fifty ids
LISTS = {"posts": "latest_posts", "private-posts": "private_posts"}  # and what holds the posts
LIMIT = 32_000  # characters, unless the forum says otherwise
RECHECKED = 20  # of the posts that wait; a key may ask sixty times a minute
TOPICS = (  # addresses of a topic, or of one post in it: without its name, and with it
    re.compile(r"/t/([0-9]{1,18})(?:/([0-9]{1,9}))?/?"),
    re.compile(r"/t/[^/]+/([0-9]{1,18})(?:/([0-9]{1,9}))?/?"),
)
POST = re.compile(r"/p/([0-9]{1,18})/?")
GONE = "This post is deleted, or this account may not see it, so it can't be answered from here."
OURS_GONE = "The answer is deleted, so it can't be corrected."
PERHAPS = (
    "The answer may be published, but the post that it answers is deleted by now. Look in its"
    " topic."
)
PENDING = "Discourse keeps the answer until a moderator approves it. Look there, under Review."


class Discourse:
    """All public posts, newest first, and on demand the messages to this account."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting("DISCOURSE_URL", "The forum, such as https://forum.example.com.", required=True),
        Setting("DISCOURSE_USER", "The user name that answers there.", required=True),
        Setting(
            "DISCOURSE_KEY",
            "An API key for this user, from Admin, API Keys.",
            required=True,
            secret=True,
        ),
        Setting("DISCOURSE_OURS", "Our other user names there, divided by commas."),
        Setting(
            "DISCOURSE_STAFF", "yes: the forum's admins and moderators speak for us.", default="yes"
        ),
        Setting("DISCOURSE_CATEGORIES", "Only these categories, by number, divided by commas."),
        Setting("DISCOURSE_WORDS", "Only what names one of these words, divided by commas."),
        Setting("DISCOURSE_MESSAGES", "yes: private messages to this user, too.", default="no"),
        Setting(
            "DISCOURSE_LIMIT", "The forum's max_post_length, in characters.", default=str(LIMIT)
        ),
        Setting("DISCOURSE_EVERY", "How often to look, in seconds.", default="60"),
        Setting(
            "DISCOURSE_WEBHOOK_SECRET",
            "Where the forum brings its news by a webhook: its secret.",
            secret=True,
        ),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = seconds(name, settings, "DISCOURSE_EVERY")
        self.line = self._line(settings)
        self.forum = self._forum(settings)
        messages = self._chosen(settings, "DISCOURSE_MESSAGES")
        self.lists = list(LISTS) if messages else ["posts"]
        self.limit = next(iter(self._numbers(settings, "DISCOURSE_LIMIT")), LIMIT)
        user = f"@{self.line.key.user}"
        self.ability = Ability(speaks_as=user, limit=self.limit, markup="Markdown")
        self.places = Places()
        self.secret = settings["DISCOURSE_WEBHOOK_SECRET"].strip()

    def check(self) -> str:
        with self._visit() as line:
            for name in self.lists:
                self._listed(line, name)
        return f"Discourse at {urlsplit(self.line.url).netloc} as @{self.line.key.user}"

    def length(self, text: str) -> int:
        return len(text.strip())

    def handshake(self, query: Mapping[str, str]) -> str | None:  # noqa: ARG002
        return None

    def vouch(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str:  # noqa: ARG002
        if not self.secret:
            raise Forged(f"{scope(self.name, 'DISCOURSE_WEBHOOK_SECRET')} is not set.")
        by_hmac(self.secret, body, headers.get("x-discourse-event-signature", ""))
        return headers.get("x-discourse-event-id") or digest(body)

    def understand(self, body: bytes) -> News:
        """Of a post it is told where it stands, not what it answers: so the lists are asked."""
        post = json.loads(body).get("post")
        if not isinstance(post, dict):
            return News()
        return News(gone=[str(int(post["id"]))] if posts.gone(post) else [], wake=True)

    def fetch(self, cursor: str | None) -> Batch:
        """One page of each list."""
        known, damaged = loaded(cursor)
        begin = int((self.now() - self.history).timestamp())
        walks = {name: known.get(name, Descent(begin=begin)) for name in self.lists}
        told: list[Mention] = []
        spoiled: list[Unreadable] = []
        more = False
        with self._visit() as line:
            for name, here in walks.items():
                items, whole = self._page(line, name, here)
                walks[name] = _step(here, items) if whole else here
                more |= walks[name].goes_on or not whole
                mentions, unreadable = self._read(items if whole else [], public=name == "posts")
                told += [one for one in mentions if one.posted_at.timestamp() >= here.begin]
                spoiled += unreadable
        return Batch(
            mentions=sorted(told, key=lambda mention: mention.posted_at),
            unreadable=spoiled,
            cursor=saved(walks.items()),
            more=more,
            gap=lost_our_place(self.history) if damaged else "",
        )

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,  # noqa: ARG002
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Discourse takes no tag with a post, so an earlier one is looked for by its words."""
        if mention.no_reply:
            raise Refused(mention.no_reply)
        self._must_fit(text)
        admit(files, self.ability, "Discourse")
        with doubting(again), self._visit(to_do=True) as line:
            return self._reply(line, mention, text, again)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        self._must_fit(text)
        with self._visit(to_do=True) as line:
            item = found(line, f"posts/{sent.key}")
            if item is None or posts.gone(item):
                raise Refused(OURS_GONE)
            if again and _same_words(item, text):
                return self._sent(item)
            told = line.put(f"posts/{sent.key}", {"post": {"raw": text}})
            return self._sent(told.get("post") if isinstance(told, dict) else None)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        with self._visit(to_do=True) as line:
            if (item := found(line, f"posts/{sent.key}")) and not posts.gone(item):
                line.delete(f"posts/{sent.key}")

    def find(self, url: str) -> Mention | None:
        path = self._path(url.strip())
        if path is None:
            return None
        with self._visit() as line:
            item = found(line, path)
            if item is None:
                return None
            self.places.look_up(line, [self._answered(item)])
        mentions, _ = self._read([self.places.titled(item)])
        own = (one for one in mentions if one.origin is Origin.OWN and not one.deleted)
        return next(own, None)

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """Each costs a call, so of very many only some; those that wait come in any order."""
        told: list[Mention | str] = []
        with self._visit() as line:
            for key in [key for key in keys if key.isdecimal()][:RECHECKED]:
                told += self._recheck(line, key)
        return told

    def _recheck(self, line: Line, key: str) -> Sequence[Mention | str]:
        """What is in a place now that is not for us is not known to be deleted."""
        try:
            item = found(line, f"posts/{key}")
        except Declined as no:
            if no.unseen:
                return []
            raise
        if item is None or posts.gone(item):
            return [key]
        return self._read([self.places.titled(item)])[0]

    def _reply(self, line: Line, mention: Mention, text: str, again: bool) -> Sent:
        asked = found(line, f"posts/{mention.key}")
        if again and (sent := self._published(line, asked, text)):
            return sent
        if asked is None or posts.gone(asked):
            raise Refused(GONE)
        if asked.get("hidden") is True:
            raise Refused(posts.HIDDEN)
        at = place(asked)
        if at is None:
            raise TryLater("Discourse does not say where this post is.")
        body = {"raw": text, "topic_id": at[0], "reply_to_post_number": at[1]}
        made = line.post("posts", body)
        if isinstance(made, dict) and made.get("action") == "enqueued":
            raise Unsure(PENDING)
        return self._sent(made)

    def _published(self, line: Line, asked: Item | None, text: str) -> Sent | None:
        """Our answer to that post, if an earlier attempt got through: lists bring no raw words."""
        if asked is None:
            raise Unsure(PERHAPS)
        for answer in answers_to(line, number(asked)):
            if answer.get("yours") is True:
                item = found(line, f"posts/{number(answer)}")
                if item and not posts.gone(item) and _same_words(item, text):
                    return self._sent(item)
        return None

    def _page(self, line: Line, name: str, here: Descent) -> tuple[Sequence[Any], bool]:
        """The next one, and whether we know what all that is new on it answers.

        Else the same page is read once more, when some of that has been looked up.
        """
        items = self._listed(line, name, here.low)
        self.places.learn(items)
        new = [item for item in items if number(item) > here.since and self._concerns(item)]
        return items, self.places.look_up(line, map(self._answered, new))

    def _listed(self, line: Line, name: str, before: int = 0) -> Sequence[Any]:
        told = line.get(name, **({"before": before} if before else {}))
        items = told.get(LISTS[name]) if isinstance(told, dict) else None
        if not isinstance(items, list):
            raise TryLater("Discourse answered something that is no list of posts.")
        return items

    def _read(
        self, items: Sequence[Any], *, public: bool = True
    ) -> tuple[list[Mention], list[Unreadable]]:
        return read(filter(self._concerns, items), lambda item: self._mention(item, public))

    def _mention(self, item: Item, public: bool = True) -> Mention:
        return self.forum.mention(item, self.places.id(self._answered(item)), public=public)

    def _concerns(self, item: Any) -> bool:
        """What can't be read concerns us: somebody must look at it."""
        try:
            return self.forum.concerns(item)
        except (AttributeError, KeyError, TypeError, ValueError):
            return True

    def _answered(self, item: Any) -> tuple[int, int] | None:
        try:
            return answered(item, ours=self.forum.is_ours(item))
        except (AttributeError, KeyError, TypeError):
            return None

    def _sent(self, item: Any) -> Sent:
        if not number(item) or not place(item):
            raise TryLater("Discourse did not say whether it published the answer.")
        return Sent(key=str(item["id"]), url=self.forum.address(item))

    def _must_fit(self, text: str) -> None:
        if (size := self.length(text)) > self.limit:
            raise Refused(f"This answer is {size} characters long; the forum takes {self.limit}.")

    def _path(self, url: str) -> str | None:
        """Where the API has the post that is at an address; None: it is none of this forum."""
        here, there = urlsplit(self.line.url), urlsplit(url)
        if (here.scheme, here.netloc.casefold()) != (there.scheme, there.netloc.casefold()):
            return None
        path = there.path.removeprefix(here.path)
        if post := POST.fullmatch(path):
            return f"posts/{post[1]}"
        topics = (topic for each in TOPICS if (topic := each.fullmatch(path)))
        return next((f"posts/by_number/{topic[1]}/{topic[2] or 1}" for topic in topics), None)

    @contextmanager
    def _visit(self, *, to_do: bool = False) -> Iterator[Line]:
        """What Discourse declines `to_do` is for good, unless it shuts us out."""
        line = self.line.visit()
        try:
            yield line
        except Declined as no:
            if no.status == 403 and (no.kind == "invalid_access" or not to_do):
                raise line.shut(no) from no
            kind = Refused if to_do else TryLater
            raise kind(f"Discourse would not do it: {no.why}") from no

    def _line(self, settings: Mapping[str, str]) -> Line:
        names = ("DISCOURSE_URL", "DISCOURSE_USER", "DISCOURSE_KEY")
        url, user, key = (settings[each].strip() for each in names)
        where, who, word = (scope(self.name, each) for each in names)
        if not url.startswith("https://") and not (url.startswith("http://") and local(url)):
            raise ValueError(
                f"{where} must begin with https://: the key would go through the net in clear."
            )
        web = Web("Discourse", locked=f"Look at {where}.")
        known_by = Key(user.removeprefix("@"), key)
        return Line(url.rstrip("/"), known_by, (where, who, word), self.now, web)

    def _forum(self, settings: Mapping[str, str]) -> Forum:
        names = [self.line.key.user, *divided(settings["DISCOURSE_OURS"])]
        words = divided(settings["DISCOURSE_WORDS"])
        any_of = "|".join(map(re.escape, words))
        return Forum(
            account=self.name,
            url=self.line.url,
            ours=frozenset(name.removeprefix("@").casefold() for name in names),
            staff=self._chosen(settings, "DISCOURSE_STAFF"),
            categories=frozenset(self._numbers(settings, "DISCOURSE_CATEGORIES")),
            words=re.compile(any_of, re.IGNORECASE) if words else None,
        )

    def _chosen(self, settings: Mapping[str, str], name: str) -> bool:
        said = settings[name].strip().casefold()
        if said not in ("yes", "no"):
            raise ValueError(f"{scope(self.name, name)} must be yes or no.")
        return said == "yes"

    def _numbers(self, settings: Mapping[str, str], name: str) -> Sequence[int]:
        numbers = divided(settings[name])
        if not all(each.isdecimal() and int(each) for each in numbers):
            raise ValueError(f"{scope(self.name, name)} must be numbers.")
        return [int(each) for each in numbers]


def _step(here: Descent, items: Sequence[Any]) -> Descent:
    """An empty page is the end, except in versions that show what there is of fifty ids."""
    below = [item for item in items if not here.goes_on or 0 < number(item) < here.low]
    if here.goes_on and not below:
        low = here.low - PAGE + 1
        return replace(here, low=low) if 0 < here.since < low else here.arrived()
    times = [(number(item), posts.second(item)) for item in below if number(item)]
    return here.step(times, half=PAGE // 2, more=True)


def _same_words(item: Item, text: str) -> bool:
    return posts.words(item).split() == text.split()
