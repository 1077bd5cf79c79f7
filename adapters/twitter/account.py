"""X with tweepy: mentions, what a search finds, and answers as the brand."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from time import sleep
from typing import Any, ClassVar

import tweepy  # type: ignore[import-untyped]
from twitter_text import parse_tweet

from adapters import Batch, Setting, admit, lost_our_place, scope
from adapters.twitter import posts
from adapters.twitter.line import UPLOAD, Declined, Line, ask
from adapters.twitter.posts import Json, Us
from adapters.twitter.walk import PAGE, Cursor, Trail, Walk
from adapters.web import doubting
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Ability, Attachment, Files, Sent

LIMIT = 280
PARTS = 10
GIF = "image/gif"
FILES = Files(count=4, size=5_000_000, types=("image/jpeg", "image/png", "image/webp", GIF))
KEYS = ("X_CONSUMER_KEY", "X_CONSUMER_SECRET", "X_ACCESS_TOKEN", "X_ACCESS_TOKEN_SECRET")
CONSOLE = "From your app's Keys and tokens in X's developer console, console.x.com:"
CAPS = {"mentions": 800, "search": 0, "own": 3200}  # posts that X shows at all; 0: all it finds
SHOWN = {"search": "what it finds for X_SEARCH", "own": "our own posts"}
SEARCHABLE = timedelta(days=7) - timedelta(minutes=1)
SURELY = timedelta(days=1)  # by how much our clock may differ from X's
OWN_PAGES = 5  # how far back we look for an answer of ours
LOOKUP = 100  # posts at once
LAST_ID = 2**63 - 1
CHECKS = 20  # how often we ask whether X has a file ready; `PATIENCE` ends sooner
LONG_CHECK = 2.0  # seconds between two of them, at most
STATUS = re.compile(
    r"(?:https?://)?(?:(?:www|mobile|m)\.)?(?:x|twitter)\.com/"
    r"(?:i/(?:web/)?|[A-Za-z0-9_]{1,20}/)status(?:es)?/([0-9]{1,19})(?:[/?#].*)?",
    re.IGNORECASE,
)
REFUSALS = {
    "duplicate content": "X has this very answer from us already. Change a word and send it again.",
    "not been mentioned": (
        "X lets an app answer only people who mention or quote us. Answer it in X itself."
    ),
    "deleted or not visible": "This post is deleted, or its author does not let us see it.",
    "blocked": "The author has blocked us.",
}


class Twitter:
    """One account on X. Its mentions, what X_SEARCH finds and its own answers are read in turn."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting(KEYS[0], f"{CONSOLE} API Key.", required=True, secret=True),
        Setting(KEYS[1], f"{CONSOLE} API Key Secret.", required=True, secret=True),
        Setting(
            KEYS[2],
            f"{CONSOLE} Access Token of the brand's account, made with Read and write.",
            required=True,
            secret=True,
        ),
        Setting(KEYS[3], f"{CONSOLE} Access Token Secret.", required=True, secret=True),
        Setting(
            "X_API_URL", "Where X is; only to try another server.", default="https://api.x.com"
        ),
        Setting(
            "X_SEARCH", "Words to search for besides mentions, as in X's search: acme OR akme."
        ),
        Setting(
            "X_MONTHLY_READS",
            "How many posts to read, and pay, in a month, a page more or less; none: no limit.",
        ),
        Setting("X_EVERY", "Seconds between two looks; each may cost.", default="60"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = timedelta(seconds=self._number(settings, "X_EVERY") or 60)
        self.ceiling = self._number(settings, "X_MONTHLY_READS")
        self.search = settings.get("X_SEARCH", "").strip()
        self.sources = ["mentions", *(["search"] if self.search else []), "own"]
        self.line = Line(self._address(settings))
        self.client = tweepy.Client(
            None, *(settings[key].strip() for key in KEYS), return_type=dict
        )
        self.client.session = self.line
        self._us: Us | None = None
        self._lock = Lock()

    @property
    def ability(self) -> Ability:
        us = self._us
        name = f"@{us.username}" if us else "our X account"
        return Ability(speaks_as=name, limit=LIMIT, parts=PARTS, files=FILES)

    def check(self) -> str:
        with self.line.visit():
            self._us = self._who()
        return f"X as @{self._us.username}"

    def length(self, text: str) -> int:
        """By X's weights; the @names that X itself puts in front are not in it and do not count."""
        return int(parse_tweet(_plain(text)).weightedLength)

    def fetch(self, cursor: str | None) -> Batch:
        now = self.now()
        here = Cursor.load(cursor, now)
        if here.damaged:
            gap = lost_our_place(self.history)
            return Batch(
                mentions=(), cursor=replace(here, damaged=False).dump(), more=True, gap=gap
            )
        if self.ceiling and here.reads >= self.ceiling:
            return self._used_up(here)
        source = here.turn if here.turn in self.sources else self.sources[0]
        trail = here.trails.get(source) or Trail.beginning(now - self._reach(source))
        with self.line.visit():
            return self._read(here, source, trail, now)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,  # noqa: ARG002
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        if (size := self.length(text)) > LIMIT:
            raise Refused(f"This answer is {size} characters long for X; it takes {LIMIT}.")
        admit(files, self.ability, "X")
        if len(files) > 1 and any(file.type == GIF for file in files):
            raise Refused("X takes one GIF alone, or up to 4 other pictures.")
        with doubting(again), self.line.visit():
            return self._reply(mention, _plain(text), files, again)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        """X deletes all edits of it, too."""
        with self.line.visit():
            try:
                answer = self._ask(self.client.delete_tweet, sent.key)
            except Declined as no:
                if not self._is_gone(sent.key):
                    raise Refused(f"X would not delete it: {no.why}") from no
                return
        if _data(answer).get("deleted") is not True:
            raise TryLater("X did not say whether it deleted the answer.")

    def find(self, url: str) -> Mention | None:
        """One paid read, whatever X_MONTHLY_READS says: a person asked for it."""
        address = STATUS.fullmatch(url.strip())
        if not address or int(address[1]) > LAST_ID:
            return None
        with self.line.visit():
            mentions, _ = posts.read(self._newest([address[1]]), self.name, self._me())
        return next((one for one in mentions if one.origin is Origin.OWN), None)

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """Each look is paid for, so where reading has a ceiling nothing is looked at again."""
        if self.ceiling:
            return []
        ids = [key for key in keys if key.isdecimal()]
        with self.line.visit():
            parts = range(0, len(ids), LOOKUP)
            return [news for n in parts for news in self._recheck(ids[n : n + LOOKUP])]

    def _read(self, here: Cursor, source: str, trail: Trail, now: datetime) -> Batch:
        """One page. Trouble with another list than the mentions is not to hold these up."""
        try:
            answer = self._page(source, trail.go_on(now))
        except Declined as no:
            return self._declined(here, source, trail, no)
        except TryLater:
            if source == "mentions":
                raise
            return self._batch(here, source, trail)
        here = replace(here, reads=here.reads + posts.count(answer), told=False)
        return self._news(here, source, trail, answer, now)

    def _news(self, here: Cursor, source: str, trail: Trail, answer: Json, now: datetime) -> Batch:
        mentions, unreadable = posts.read(answer, self.name, self._me())
        ids, token = posts.ids(answer), posts.next_token(answer)
        after = replace(trail.step(ids, token, now), trouble="")
        walked = trail.go_on(now).step(ids, token)
        lost = not after.walk and trail.cut_off(walked, CAPS[source])
        gap = _unseen(trail, walked) if lost else ""
        batch = self._batch(here, source, after, gap, walking=after.walk is not None)
        heard = [one for one in mentions if source != "own" or one.parent]
        return replace(batch, mentions=heard, unreadable=unreadable)

    def _declined(self, here: Cursor, source: str, trail: Trail, no: Declined) -> Batch:
        """Lost its place: begin the walk anew. Else tell people, once, and go on with the rest."""
        if trail.walk and no.names("pagination_token", "next_token"):
            return self._batch(here, source, trail.broken_off())
        if source == "search" and no.names("since_id"):
            return self._too_long_ago(here, trail)
        if source == "mentions":
            raise _shut(no)
        gap = f"X does not show us {SHOWN[source]}: {no.why}"
        told = no.why == trail.trouble
        return self._batch(here, source, replace(trail, trouble=no.why), "" if told else gap)

    def _too_long_ago(self, here: Cursor, trail: Trail) -> Batch:
        """X searches seven days. Who asked within them, and found nothing, has missed nothing."""
        start = self.now() - SEARCHABLE
        last = datetime.fromtimestamp(trail.read_at, UTC)
        gap = f"X's search forgets after 7 days: {_between(last, start)} is lost."
        fresh = Trail.beginning(max(start, last - SURELY))
        known = replace(fresh, read_at=max(start, last).timestamp())
        return self._batch(here, "search", known, gap if last < start else "")

    def _batch(
        self, here: Cursor, source: str, trail: Trail, gap: str = "", *, walking: bool = False
    ) -> Batch:
        """After the end of a list it is the next one's turn; after the last one's, a pause."""
        after = (self.sources.index(source) + 1) % len(self.sources)
        turn = source if walking else self.sources[after]
        cursor = replace(here, turn=turn, trails={**here.trails, source: trail})
        return Batch(mentions=(), cursor=cursor.dump(), more=walking or after > 0, gap=gap)

    def _used_up(self, here: Cursor) -> Batch:
        limit = scope(self.name, "X_MONTHLY_READS")
        gap = f"{limit} ({self.ceiling}) is used up. X is not read until next month, or raise it."
        cursor = replace(here, told=True, turn="").dump()
        return Batch(mentions=(), cursor=cursor, gap="" if here.told else gap)

    def _page(self, source: str, walk: Walk) -> dict[str, Any]:
        us, since, token = self._me(), walk.since, walk.token
        if source == "own":
            return self._own(since, token)
        if source == "search":
            query = f"({self.search}) -from:{us.username} -@{us.username} -is:retweet"
            return self._list(self.client.search_recent_tweets, query, since, next_token=token)
        return self._list(self.client.get_users_mentions, us.id, since, pagination_token=token)

    def _own(self, since: int, token: str | None) -> dict[str, Any]:
        """What the brand itself posted, from here or in X itself."""
        only = {"exclude": ["retweets"], "pagination_token": token}
        return self._list(self.client.get_users_tweets, self._me().id, since, **only)

    def _list(self, call: Callable[..., Any], what: str, since: int, **more: Any) -> dict[str, Any]:
        answer = self._ask(call, what, since_id=since, max_results=PAGE, **more, **posts.FIELDS)
        if not isinstance(answer.get("meta"), dict):  # an empty page has one, too
            raise TryLater("X answered something that is no list of posts.")
        return answer

    def _reply(self, mention: Mention, text: str, files: Sequence[Attachment], again: bool) -> Sent:
        if again and (sent := self._published(mention, text)):
            return sent
        us = self._me()
        post = {"text": text, "in_reply_to_tweet_id": mention.revision or mention.key}
        media = {"media_ids": [self._uploaded(file) for file in files]} if files else {}
        try:
            made = self._ask(self.client.create_tweet, **post, **media)
        except Declined as no:
            if again and no.names("duplicate content"):
                return self._surely_published(mention, text)
            raise _refusal(no) from no
        if not posts.posts(made):
            raise TryLater("X did not say whether it published the answer.")
        return _sent(us, posts.posts(made)[0])

    def _uploaded(self, file: Attachment) -> str:
        """X's id of it. Until the post is made nobody sees it, so nothing has happened yet."""
        kind = "tweet_gif" if file.type == GIF else "tweet_image"
        body = {"media": b64encode(file.content).decode(), "media_category": kind}
        body |= {} if file.type == GIF else {"media_type": file.type}
        try:
            return self._ready(self._ask(self._call, "POST", UPLOAD, json=body))
        except TryLater as later:
            later.surely_not_done = True
            raise
        except Declined as no:
            raise Refused(f"X does not take {file.name}: {no.why}") from no

    def _ready(self, answer: Json) -> str:
        """An animation is worked on for a while before a post can show it."""
        for _ in range(CHECKS):
            id, state, pause = _media(answer)
            if state == "succeeded":
                return id
            if state == "failed":
                raise Declined("it can't make anything of it.")
            sleep(pause)
            asked = {"command": "STATUS", "media_id": id}
            answer = self._ask(self._call, "GET", UPLOAD, params=asked)
        raise TryLater("X has not finished with the file.")

    def _call(self, method: str, route: str, **how: Any) -> Any:
        """What tweepy knows no name for."""
        return self.client.request(method, route, **how).json()

    def _is_gone(self, key: str) -> bool:
        return key in posts.gone(self._looked(self._lookup, [key]))

    def _published(self, mention: Mention, text: str) -> Sent | None:
        """Our answer, if an earlier attempt got through: X offers no idempotency key."""
        token: str | None = None
        for _ in range(OWN_PAGES):
            answer = self._looked(self._own, int(mention.key), token)
            for post in posts.posts(answer):
                if posts.answers(post, answer, mention, text):
                    return _sent(self._me(), post)
            token = posts.next_token(answer)
            if not token:
                return None
        raise Unsure("There are too many posts of ours on X to see whether this answer is there.")

    def _surely_published(self, mention: Mention, text: str) -> Sent:
        if sent := self._published(mention, text):
            return sent
        raise Unsure(
            "X says that it has this answer already, but does not show it. Look in X itself."
        )

    def _recheck(self, keys: Sequence[str]) -> list[Mention | str]:
        """An id that was edited away from leads to the newest one by its history."""
        answer = self._looked(self._lookup, keys)
        mentions, _ = posts.read(self._edited(answer), self.name, self._me())
        return [*mentions, *posts.gone(answer)]

    def _newest(self, ids: Sequence[str]) -> Json:
        answer = self._looked(self._lookup, ids)
        return self._edited(answer) or answer

    def _edited(self, answer: Json) -> Json:
        newest = [id for post in posts.posts(answer) for id in posts.newer(post)]
        return self._looked(self._lookup, newest) if newest else {}

    def _lookup(self, ids: Sequence[str]) -> dict[str, Any]:
        return self._ask(self.client.get_tweets, list(ids), **posts.FIELDS)

    def _looked(self, look: Callable[..., dict[str, Any]], *args: Any) -> dict[str, Any]:
        """Where only looking was declined, nothing is decided for good."""
        try:
            return look(*args)
        except Declined as no:
            raise TryLater(f"X does not show us its posts: {no.why}") from no

    def _me(self) -> Us:
        with self._lock:
            self._us = self._us or self._who()
            return self._us

    def _who(self) -> Us:
        try:
            user = self._ask(self.client.get_me)["data"]
            return Us(id=str(user["id"]), username=str(user["username"]))
        except Declined as no:
            raise _shut(no) from no
        except (KeyError, TypeError) as error:
            raise TryLater("X does not say who we are.") from error

    def _ask(self, call: Callable[..., Any], *args: Any, **params: Any) -> dict[str, Any]:
        keys = ", ".join(scope(self.name, key) for key in KEYS)
        return ask(call, *args, now=self.now(), keys=keys, **params)

    def _reach(self, source: str) -> timedelta:
        return min(self.history, SEARCHABLE) if source == "search" else self.history

    def _number(self, settings: Mapping[str, str], name: str) -> int:
        """0: not set."""
        value = settings.get(name, "").strip()
        if value and not (value.isdecimal() and int(value)):
            raise ValueError(f"{scope(self.name, name)} is {value!r}; it must be a whole number.")
        return int(value or 0)

    def _address(self, settings: Mapping[str, str]) -> str:
        address = settings.get("X_API_URL", "").strip() or "https://api.x.com"
        if not address.startswith(("https://", "http://")):
            raise ValueError(f"{scope(self.name, 'X_API_URL')} must begin with https://.")
        return address


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _data(answer: Json) -> Json:
    data = answer.get("data")
    return data if isinstance(data, dict) else {}


def _media(answer: Json) -> tuple[str, str, float]:
    """Its id, how far X is with it, and how many seconds to wait before asking again."""
    media = _data(answer)
    work = media.get("processing_info") or {}
    try:
        pause = min(max(float(work.get("check_after_secs") or 1), 0), LONG_CHECK)
        return str(int(media["id"])), str(work.get("state", "succeeded")), pause
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TryLater("X did not say what it calls the file.") from error


def _sent(us: Us, post: Json) -> Sent:
    return Sent(key=str(post["id"]), url=f"https://x.com/{us.username}/status/{post['id']}")


def _shut(no: Declined) -> Exception:
    if no.status == 403:
        return LockedOut(f"X does not let us in: {no.why}")
    return TryLater(f"X does not answer: {no.why}")


def _refusal(no: Declined) -> Refused:
    known = (sentence for words, sentence in REFUSALS.items() if no.names(words))
    return Refused(next(known, f"X would not publish it: {no.why}"))


def _unseen(trail: Trail, walk: Walk) -> str:
    when = _between(posts.moment(trail.seen), posts.moment(walk.low))
    return f"X shows no more of so many new posts: {when} is lost."


def _between(start: datetime, end: datetime) -> str:
    return f"what was posted between {start:%d %B %H:%M} and {end:%d %B %H:%M} UTC"
