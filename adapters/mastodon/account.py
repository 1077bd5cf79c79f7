"""One account: its mentions, what is said of the brand on its server, and answers as the brand."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import urlsplit

from adapters import Batch, Setting, admit, divided, lost_our_place, scope, seconds
from adapters.mastodon import statuses
from adapters.mastodon.line import Declined
from adapters.mastodon.server import MENTIONS, NEEDED, OWN, SEARCH, Server
from adapters.mastodon.statuses import Limits, Us
from adapters.mastodon.walk import Trail, Walk
from adapters.turns import Turns
from adapters.web import doubting, root
from bot.domain.delivery import Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin, Unreadable
from bot.domain.reply import Ability, Attachment, Files, Sent

OWN_PAGES = 5  # how far back we look for an answer of ours
SLACK = timedelta(days=1)  # by how much the clocks of two servers may differ
ROOM = 32  # characters for the name in front: "@", Mastodon's longest, a space
PARTS = 10
THREADS = 5000  # posts of which we remember where their thread begins
GIF = "image/gif"
GONE = "This post is deleted, or its author does not let us see it any more."
STATUS = re.compile(r"/(?:users/[^/]+/statuses|@[^/]+(?:/statuses)?)/([0-9A-Za-z]{1,64})/?")


class Mastodon:
    """Its mentions, its own posts, and what MASTODON_WORDS finds are read in turn."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting("MASTODON_URL", "The account's server, such as https://mastodon.example.", True),
        Setting(
            "MASTODON_TOKEN",
            "There, in the account's Preferences, Development, your application: its access token,"
            " with the scopes read and write.",
            required=True,
            secret=True,
        ),
        Setting(
            "MASTODON_WORDS",
            "What else to listen for, divided by commas: hashtags (#acme), and words where the"
            " server has a search.",
        ),
        Setting("MASTODON_EVERY", "How often to look, in seconds.", default="60"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = seconds(name, settings, "MASTODON_EVERY")
        self.words = [word for word in divided(settings["MASTODON_WORDS"]) if word.strip("#")]
        self.sources = [MENTIONS, OWN, *self.words]
        self.server = Server(
            root(scope(name, "MASTODON_URL"), settings["MASTODON_URL"]),
            settings["MASTODON_TOKEN"].strip(),
            now,
            setting=scope(name, "MASTODON_TOKEN"),
            address=scope(name, "MASTODON_URL"),
        )
        self.site = self.server.site
        self._us: Us | None = None
        self._limits: Limits | None = None
        self._threads: dict[str, str] = {}
        self._lock = Lock()

    @property
    def ability(self) -> Ability:
        us, limits = self._us, self._limits or Limits()
        return Ability(
            speaks_as=f"@{us.acct}@{self.site}" if us else "our Mastodon account",
            limit=limits.characters - ROOM,
            parts=PARTS,
            files=Files(limits.files, limits.file_size, limits.file_types),
        )

    def check(self) -> str:
        with self.server.line.visit():
            self._limits, self._us = self.server.limits(surely=True), self.server.who()
            self.server.must_allow(*NEEDED, *([SEARCH] if any(map(_is_search, self.words)) else []))
            dropped = ", ".join(self.server.dropped())
        said = f"Mastodon as {self.ability.speaks_as}"
        if not dropped:
            return said
        return f"{said}, whose notification settings ignore mentions {dropped}: nobody hears them"

    def length(self, text: str) -> int:
        """By Mastodon's rule; for the @name in front there is room beside the limit."""
        return (self._limits or Limits()).length(_plain(text))

    def fetch(self, cursor: str | None) -> Batch:
        now = self.now()
        here = Turns[Trail].load(cursor, lambda kept: Trail.from_json(kept, now))
        if here is None:
            gap = lost_our_place(self.history)
            return Batch(mentions=(), cursor=Turns[Trail]().dump(), more=True, gap=gap)
        source = here.of(self.sources)
        start = (now - self.history).timestamp()
        with self.server.line.visit():
            return self._read(here, source, here.trails.get(source) or Trail(start=start), now)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        with doubting(again), self.server.line.visit():
            post = self._post(mention, text)
            admit(files, self.ability, self.site)
            if len(files) > 1 and any(file.type == GIF for file in files):
                raise Refused("Mastodon takes one GIF alone, or several other pictures.")
            if again and (sent := self._published(mention, post["status"])):
                return sent
            return self._publish(mention, post, key, files)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:
        with doubting(again), self.server.line.visit():
            post = self._post(mention, text)
            was = self.server.status(sent.key)
            if was is None:
                raise Refused("The answer is gone from Mastodon.")
            if statuses.says(was, post["status"]):
                return self.server.sent(was)
            try:
                return self.server.edit(was, post["status"], post["spoiler_text"] or None)
            except Declined as no:
                raise Refused(f"{self.site} would not change it: {no.why}") from no

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        with doubting(again), self.server.line.visit():
            try:
                self.server.delete(sent.key)
            except Declined as no:
                if not no.gone:
                    raise Refused(f"{self.site} would not delete it: {no.why}") from no

    def find(self, url: str) -> Mention | None:
        try:
            address = urlsplit(url.strip())
        except ValueError:
            return None
        lies = STATUS.fullmatch(address.path)
        with self.server.line.visit():
            if not lies or address.netloc not in (self.site, urlsplit(self._me().url).netloc):
                return None
            status = self.server.status(lies[1])
            found, _ = self._mentions([status] if status else [])
        return next((one for one in found if one.origin is Origin.OWN), None)

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        with self.server.line.visit():
            now = dict(self.server.looked_at(keys))
            edited = [status for status in now.values() if status and status.get("edited_at")]
            return [*self._mentions(edited)[0], *(key for key in keys if now[key] is None)]

    # What is read

    def _read(self, here: Turns[Trail], source: str, trail: Trail, now: datetime) -> Batch:
        """One page. Trouble with what words find is not to hold up the mentions."""
        walk = trail.go_on(now, down=source in self.words and _is_search(source))
        try:
            items = self.server.page(source, self._me(), **_bounds(walk))
        except Declined as no:
            return self._declined(here, source, trail, no)
        except TryLater:
            if source not in self.words:
                raise
            return self._batch(here, source, trail)
        after = trail.step(walk, statuses.ids(items), now, old=statuses.older(items, trail.start))
        mentions, unreadable = self._mentions(items, "status" if source == MENTIONS else "")
        heard = [one for one in mentions if walk.since or one.posted_at.timestamp() >= trail.start]
        return replace(
            self._batch(here, source, after, walking=after.walk is not None),
            mentions=[one for one in heard if one.origin is not Origin.OWN or one.parent],
            unreadable=unreadable,
        )

    def _declined(self, here: Turns[Trail], source: str, trail: Trail, no: Declined) -> Batch:
        """Without its own lists there is no account; of what words find, people are told once."""
        if source not in self.words:
            raise TryLater(f"{self.site} does not show us its {source}: {no.why}") from no
        gap = f"{self.site} does not show us what it has for {source}: {no.why}"
        told = no.why == trail.trouble
        trail = replace(trail, walk=None, trouble=no.why)
        return self._batch(here, source, trail, "" if told else gap)

    def _batch(
        self, here: Turns[Trail], source: str, trail: Trail, gap: str = "", *, walking: bool = False
    ) -> Batch:
        after = here.after(source, trail, self.sources, walking=walking)
        more = not after.begins(self.sources, walking=walking)
        return Batch(mentions=(), cursor=after.dump(), more=more, gap=gap)

    def _mentions(
        self, items: Sequence[Any], within: str = ""
    ) -> tuple[list[Mention], list[Unreadable]]:
        found, unreadable = statuses.read(items, self.name, self._me(), within=within)
        return [replace(one, thread=self._thread(one)) for one in found], unreadable

    def _thread(self, mention: Mention) -> str:
        """Where the thread begins: Mastodon tells only what a post answers."""
        if mention.parent is None:
            return mention.key
        thread = self._threads.get(mention.parent)
        thread = thread or next(iter(self.server.ancestors(mention.key)), mention.parent)
        if len(self._threads) >= THREADS:
            self._threads.clear()
        self._threads[mention.key] = self._threads[mention.parent] = thread
        return thread

    # What is published

    def _post(self, mention: Mention, text: str) -> dict[str, str]:
        """What is published, all of it; `Refused` where it is too long."""
        limits = self._limits = self._limits or self.server.limits()
        status = statuses.named(_plain(text), str(mention.extra.get("begins_with") or ""))
        size, whole = self.length(text), limits.length(status) + statuses.visible(mention.subject)
        if size > self.ability.limit:
            raise Refused(
                f"This answer is {size} characters long for Mastodon; {self.site} takes"
                f" {self.ability.limit} beside the name."
            )
        if whole > limits.characters:
            raise Refused(
                f"With the name and the content warning in front this answer is {whole} characters"
                f" long; {self.site} takes {limits.characters}."
            )
        return {"status": status, "spoiler_text": mention.subject}

    def _publish(
        self, mention: Mention, post: Mapping[str, str], key: str, files: Sequence[Attachment]
    ) -> Sent:
        """Mastodon takes a key twice for one post, within an hour; other servers do not know it."""
        if self.server.status(mention.key) is None:
            raise Refused(GONE)
        how: dict[str, Any] = {
            "in_reply_to_id": mention.key,
            "visibility": statuses.openness(mention),
            "spoiler_text": post["spoiler_text"] or None,
            "idempotency_key": key,
        }
        how |= {"media_ids": [self.server.upload(file) for file in files]} if files else {}
        try:
            return self.server.publish(post["status"], **how)
        except Declined as no:
            told = GONE if no.gone else f"{self.site} would not publish it: {no.why}"
            raise Refused(told) from no

    def _published(self, mention: Mention, text: str) -> Sent | None:
        """Our answer, if an earlier attempt got through."""
        oldest = (mention.posted_at - SLACK).timestamp()
        below: dict[str, str] = {}
        for _ in range(OWN_PAGES):
            try:
                found = self.server.page(OWN, self._me(), **below)
            except Declined as no:
                raise TryLater(f"{self.site} does not show us our posts: {no.why}") from no
            for status in found:
                if statuses.is_answer(status, mention, text):
                    return self.server.sent(status)
            if not found or statuses.older(found, oldest):
                return None
            below = {"max_id": statuses.ids(found)[-1]}
        raise Unsure(
            f"There are too many posts of ours on {self.site} to see whether this answer is there."
        )

    # Who we are

    def _me(self) -> Us:
        """Also asks, once, what the server takes."""
        with self._lock:
            self._us = self._us or self.server.who()
            self._limits = self._limits or self.server.limits()
            return self._us


def _bounds(walk: Walk) -> dict[str, str]:
    ids = {"max_id": walk.at, "min_id": walk.since} if walk.down else {"min_id": walk.at}
    return {name: id for name, id in ids.items() if id}


def _is_search(words: str) -> bool:
    return not words.startswith("#")


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")
