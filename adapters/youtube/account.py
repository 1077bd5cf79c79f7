"""YouTube: comments below one channel's videos, and answers as that channel.

https://developers.google.com/youtube/v3/docs/commentThreads
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

from adapters import Batch, Setting, admit, lost_our_place, scope, seconds
from adapters.google import TOKENS, Declined, Visit
from adapters.web import doubting, is_private
from adapters.youtube.comments import (
    ID,
    PUBLISHED,
    Reader,
    Thread,
    Us,
    address,
    calls,
    moment,
    same_words,
    second,
    shown,
    unreadable,
    words,
)
from adapters.youtube.known import by_key, held_back
from adapters.youtube.line import GONE, KEYS, LIMIT, Channel
from adapters.youtube.quota import Units
from adapters.youtube.walk import BATCH, Cursor, Known
from bot.domain.delivery import Refused, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Ability, Attachment, Sent

SITES = ("youtube.com", "www.youtube.com", "m.youtube.com", "youtu.be")
COMMENT = re.compile(rf"({ID.pattern})(?:\?.*)?")


class YouTube:
    """One channel. What is published, what is held back and old threads are read in turn."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting(KEYS[0], "From Google Cloud's console: the id of an OAuth client.", True),
        Setting(KEYS[1], "The secret of that client.", required=True, secret=True),
        Setting(
            KEYS[2],
            "What the channel's owner granted that client, for the scope youtube.force-ssl.",
            required=True,
            secret=True,
        ),
        Setting(
            "YOUTUBE_UNITS", "The units a day that Google grants the project.", default="10000"
        ),
        Setting(
            "YOUTUBE_EVERY", "How often to look, in seconds; a look costs units.", default="300"
        ),
        Setting("YOUTUBE_API_URL", "Where the API is.", default="https://youtube.googleapis.com"),
        Setting("YOUTUBE_TOKEN_URL", "Where access tokens come from.", default=TOKENS),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = seconds(name, settings, "YOUTUBE_EVERY")
        self.units = Units(self._number(settings), now)
        for setting in ("YOUTUBE_API_URL", "YOUTUBE_TOKEN_URL"):
            if not is_private(settings[setting]):
                raise ValueError(f"{scope(name, setting)} must begin with https://.")
        self.channel = Channel(name, settings, self.units, now)

    @property
    def ability(self) -> Ability:
        us = self.channel.us
        name = f"{us.name} ({us.handle})" if us else "our YouTube channel"
        return Ability(speaks_as=name, limit=LIMIT, markup="asterisks, as YouTube has them")

    def check(self) -> str:
        us = self.channel.us = self.channel.who(self.channel.visit())
        return f"YouTube as {us.name} ({us.handle})"

    def length(self, text: str) -> int:
        return len(text)

    def fetch(self, cursor: str | None) -> Batch:
        """One page of one list, or the answers in one thread."""
        now = self.now()
        try:
            here = Cursor.load(cursor) if cursor else Cursor.beginning(now, self.history)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            fresh = Cursor.beginning(now, self.history).dump()
            return Batch(mentions=(), cursor=fresh, more=True, gap=lost_our_place(self.history))
        self.units.resume(here.day, here.read, here.written)
        visit = self.channel.visit()
        try:
            if here.due:
                return self._answers(here, visit, next(iter(here.due)))
            return self._sweep(here, visit) if here.sweep else self._list(here, visit, now)
        except Declined as no:
            raise self.channel.shut(no) from no

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,  # noqa: ARG002
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        text = self._worded(mention, text)
        if mention.no_reply:
            raise Refused(mention.no_reply)
        admit(files, self.ability, "YouTube")
        with doubting(again):
            return self._reply(self.channel.visit(), mention, text, again)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:
        text, visit = self._worded(mention, text), self.channel.visit()
        there = self.channel.by_id(visit, [sent.key]) if again else ()
        if any(same_words(words(each["snippet"]), text) for each in there):
            return sent
        self.channel.change(visit, sent.key, text)
        return sent

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        self.channel.delete(self.channel.visit(), sent.key)

    def find(self, url: str) -> Mention | None:
        """A comment's address as YouTube gives it: watch?v=…&lc=…"""
        key, visit = _linked(url), self.channel.visit()
        if not key:
            return None
        try:
            found = by_key(self.channel, visit, self._reader(visit), [key], among=True)[key]
        except Declined as no:
            raise self.channel.shut(no) from no
        return found if isinstance(found, Mention) and found.origin is Origin.OWN else None

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """What is held back is not found by its id as others are: its lists are looked at, too."""
        visit = self.channel.visit()
        try:
            reader = self._reader(visit)
            held, whole = held_back(self.channel, visit, reader)
            rest = [key for key in keys if key not in held]
            there = by_key(self.channel, visit, reader, rest)
        except Declined as no:
            raise self.channel.shut(no) from no
        gone = [key for key in rest if there[key] == key and whole]
        seen = [held.get(key) or there[key] for key in keys]
        return [*(one for one in seen if isinstance(one, Mention)), *gone]

    def _list(self, here: Cursor, visit: Visit, now: datetime) -> Batch:
        trail, reader = here.trail, self._reader(visit)
        try:
            items, token = self.channel.page(visit, reader.us, here.turn, trail.token)
        except Declined as no:
            if not trail.token or no.status != 400:
                raise
            anew = replace(here, trails={**here.trails, here.turn: replace(trail, token=None)})
            return self._batch(anew, more=False)  # from the top at the next look
        status, news = here.turn, Batch(mentions=(), cursor="")
        for item in items:
            here, news = self._noticed(here, news, reader, item, status, since=trail.since)
        seen = [second(_first(item)) for item in items]
        here = here.stepped(trail.step([at for at in seen if at], token), now)
        return self._batch(here, news)

    def _noticed(
        self, here: Cursor, news: Batch, reader: Reader, item: Any, status: str, *, since: int
    ) -> tuple[Cursor, Batch]:
        """What one thread on a list says; if it shows only some of its answers, they are due."""
        try:
            thread, first, below, count = shown(item)
        except Exception as problem:
            bad = [*news.unreadable, unreadable(item, problem)]
            return here, replace(news, unreadable=bad)
        whole = len(below) >= count
        said = [first] if second(first) >= since or not second(first) else []
        said += [each for each in below if second(each) >= here.begun] if whole else []
        mentions, spoiled = reader.read(said, thread, status, below)
        if status == PUBLISHED:
            last = max(map(second, [first, *below]))
            here = here.noticed(thread.id, Known(thread.video, count, last), whole=whole)
        mentions, spoiled = [*news.mentions, *mentions], [*news.unreadable, *spoiled]
        return here, replace(news, mentions=mentions, unreadable=spoiled)

    def _sweep(self, here: Cursor, visit: Visit) -> Batch:
        """Old threads do not come up again when somebody answers there: they are asked for."""
        reader, news = self._reader(visit), Batch(mentions=(), cursor="")
        ids, rest = here.sweep[:BATCH], here.sweep[BATCH:]
        items = self.channel.by_ids(visit, ids)
        here, found = replace(here, sweep=tuple(rest)), {_id(item) for item in items}
        for gone in set(ids) - found:
            here = here.done(gone, None)
        for item in items:
            here, news = self._noticed(here, news, reader, item, PUBLISHED, since=here.begun)
        return self._batch(here, news)

    def _answers(self, here: Cursor, visit: Visit, id: str) -> Batch:
        known = here.due[id]
        try:
            below, whole = self.channel.below(visit, id)
        except Declined as no:
            if no.status not in (403, 404):
                raise
            return self._batch(here.done(id, None))
        said = [each for each in below if second(each) >= here.begun or not second(each)]
        reader, thread = self._reader(visit), Thread(id, known.video)
        mentions, spoiled = reader.read(said, thread, PUBLISHED, below)
        gap = f"{address(known.video, id) or id} has more answers on YouTube than can be read."
        news = Batch(mentions=mentions, unreadable=spoiled, cursor="", gap="" if whole else gap)
        return self._batch(here.done(id, known), news)

    def _batch(self, here: Cursor, news: Batch | None = None, *, more: bool | None = None) -> Batch:
        day, read, written = self.units.spent()
        here = replace(here, day=day, read=read, written=written)
        said = sorted(news.mentions if news else (), key=lambda mention: mention.posted_at)
        return Batch(
            mentions=said,
            unreadable=news.unreadable if news else (),
            cursor=here.dump(),
            more=here.goes_on if more is None else more,
            gap=news.gap if news else "",
        )

    def _worded(self, mention: Mention, text: str) -> str:
        """With the name of whom it answers in front, where YouTube itself would put it."""
        who = mention.customer.handle
        if mention.parent and who.startswith("@") and not calls(text, who):
            text = f"{who} {text}"
        if (size := self.length(text)) > LIMIT:
            raise Refused(f"This answer is {size} characters long for YouTube; it takes {LIMIT}.")
        return text

    def _reply(self, visit: Visit, mention: Mention, text: str, again: bool) -> Sent:
        """YouTube knows answers to the first comment of a thread only."""
        if again and (found := self._published(visit, mention, text)):
            return _sent(mention, found)
        try:
            there = self.channel.by_id(visit, [mention.key])
        except Declined as no:
            raise self.channel.refusal(no) from no
        if not there:
            raise Refused(GONE)
        return _sent(mention, self.channel.answer(visit, mention.thread, text))

    def _published(self, visit: Visit, mention: Mention, text: str) -> str:
        """Our answer, if an earlier attempt got through; "": it did not."""
        us = self.channel.me(visit)
        try:
            below, whole = self.channel.below(visit, mention.thread, about_an_answer=True)
        except Declined as no:
            raise self.channel.refusal(no) from no
        since = mention.posted_at.replace(microsecond=0)
        for comment in below:
            if _answers(comment, us, text, since):
                return str(comment["id"])
        if not whole:
            raise Unsure("There are more answers on YouTube than can be looked through.")
        return ""

    def _reader(self, visit: Visit) -> Reader:
        return Reader(self.name, self.channel.me(visit))

    def _number(self, settings: Mapping[str, str]) -> int:
        text = settings["YOUTUBE_UNITS"].strip()
        if not text.isdecimal() or int(text) < 100:
            raise ValueError(f"{scope(self.name, 'YOUTUBE_UNITS')} must be a number, 100 or more.")
        return int(text)


def _linked(url: str) -> str:
    """The comment to which an address of YouTube leads; "": to none."""
    try:
        parts = urlsplit(url.strip())
        if parts.scheme not in ("https", "http") or parts.netloc.casefold() not in SITES:
            return ""
        found = COMMENT.fullmatch(parse_qs(parts.query).get("lc", [""])[0])
    except ValueError:
        return ""
    return found[1] if found else ""


def _first(item: Any) -> Any:
    try:
        return item["snippet"]["topLevelComment"]
    except (KeyError, TypeError):
        return None


def _id(item: Any) -> str:
    return str(item.get("id")) if isinstance(item, dict) else ""


def _answers(comment: Any, us: Us, text: str, since: datetime) -> bool:
    """Whether it is ours, says this, and came after what it answers."""
    try:
        said = comment["snippet"]
        ours = (said.get("authorChannelId") or {}).get("value") == us.id
        at = moment(said["publishedAt"]).astimezone(UTC)
        return ours and at >= since and same_words(words(said), text)
    except (KeyError, TypeError, ValueError, AttributeError):
        return False


def _sent(mention: Mention, key: str) -> Sent:
    return Sent(key=key, url=address(str(mention.extra.get("video") or ""), key))
