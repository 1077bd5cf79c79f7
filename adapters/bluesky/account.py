"""Bluesky with atproto: mentions, answers and quotes, what a search finds, and our own answers."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from adapters import Batch, Setting, admit, divided, lost_our_place, scope, seconds
from adapters.bluesky import answers, posts
from adapters.bluesky.answers import LIMIT
from adapters.bluesky.line import Json, Line, Named, Us
from adapters.bluesky.posts import CLOSED, COLLECTION
from adapters.bluesky.walk import MILLISECOND, Cursor, Trail, Walk, milliseconds, moment
from adapters.bluesky.wire import Declined
from adapters.web import doubting
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Ability, Attachment, Files, Sent

PARTS = 10
FILES = Files(count=4, size=2_000_000, types=("image/jpeg", "image/png", "image/webp"))
PAGE = 100  # posts
AT_ONCE = 25  # posts of which more is asked
REASONS = ["mention", "reply", "quote"]  # of the notifications that are somebody's words
CALLED = 5  # people whom one answer calls besides its reader
NOTIFICATIONS, OWN = "notifications", "own"
HANDLE = re.compile(r"(?=.{1,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]*")
DID = re.compile(r"did:[a-z]+:[\w.:%-]+", re.ASCII)
ADDRESS = re.compile(
    r"(?:https?://)?(?:www\.)?bsky\.app/profile/([^/?#\s]+)/post/([\w.~:-]+)(?:[/?#]\S*)?",
    re.IGNORECASE | re.ASCII,
)
HIDDEN = "This post is deleted, or its author does not let us see it."
BLOCKED = "The author has blocked us."
CROWDED = "More came on Bluesky within one moment than it shows at once: some of it is missing."
BLOCKING = "We have blocked the author. Unblock them on Bluesky first."
TOO_MUCH = "; {} is the account's own password: make an app password, which opens less"
FILTERED = "; Bluesky hides some from us ({}): look at Settings, Notifications there"


class Bluesky:
    """One account. Its notifications, its own answers and each search are read in turn."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting("BLUESKY_HANDLE", "The brand's whole handle, such as acme.bsky.social.", True),
        Setting(
            "BLUESKY_APP_PASSWORD",
            "Bluesky: Settings, Privacy and security, App passwords.",
            required=True,
            secret=True,
        ),
        Setting(
            "BLUESKY_WORDS",
            "The brand's names, divided by commas: each is searched for, besides the handle.",
        ),
        Setting(
            "BLUESKY_URL",
            "The account's server (PDS), if it is not Bluesky's own.",
            default="https://bsky.social",
        ),
        Setting("BLUESKY_EVERY", "How often to look, in seconds.", default="60"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = seconds(name, settings, "BLUESKY_EVERY")
        self.handle = self._handle(settings)
        named = [] if DID.fullmatch(self.handle) else [self.handle]
        self.words = list(dict.fromkeys([*named, *divided(settings["BLUESKY_WORDS"])]))
        self.sources = [NOTIFICATIONS, OWN, *(f"search for {word}" for word in self.words)]
        self.named = Named(
            *(scope(name, f"BLUESKY_{each}") for each in ("HANDLE", "APP_PASSWORD", "URL"))
        )
        password = settings["BLUESKY_APP_PASSWORD"].strip()
        self.line = Line(self._address(settings), self.handle, password, self.named, now)

    @property
    def ability(self) -> Ability:
        return Ability(speaks_as=f"@{self.handle}", limit=LIMIT, parts=PARTS, files=FILES)

    def check(self) -> str:
        with self.line.visit():
            try:
                account = self.line.ask("com.atproto.server.getSession")
                self._page(NOTIFICATIONS, Walk(until=0))
            except Declined as no:
                raise self._shut(no) from no
            if account.get("active") is False:
                state = account.get("status") or "not active"
                raise LockedOut(f"{self.handle} is {state} on Bluesky. Sign in there to see why.")
            own = TOO_MUCH.format(self.named.password) if self.line.has_all_rights else ""
            return f"Bluesky as @{account.get('handle')}{own}{self._unshown()}"

    def length(self, text: str) -> int:
        return answers.length(_plain(text))

    # Reading

    def fetch(self, cursor: str | None) -> Batch:
        now = self.now()
        here = Cursor.load(cursor, now)
        if here.damaged:
            fresh, gap = replace(here, damaged=False).dump(), lost_our_place(self.history)
            return Batch(mentions=(), cursor=fresh, more=True, gap=gap)
        source = here.turn if here.turn in self.sources else NOTIFICATIONS
        trail = here.trails.get(source) or Trail.beginning(now - self.history)
        with self.line.visit():
            return self._read(here, source, trail, now)

    def _read(self, here: Cursor, source: str, trail: Trail, now: datetime) -> Batch:
        """One page. Trouble with another list than the notifications is not to hold these up."""
        try:
            items, token = self._page(source, trail.go_on(now))
            mentions, unreadable = posts.read(self._whole(source, items), self.name, self.line.us)
        except Declined as no:
            return self._declined(here, source, trail, no)
        except TryLater:
            if source == NOTIFICATIONS:
                raise
            return self._batch(here, source, trail)
        batch = self._walked(here, source, trail, items, token, now)
        new = [one for one in mentions if milliseconds(one.posted_at) >= trail.floor]
        heard = [one for one in new if one.origin is not Origin.OWN or one.parent]
        return replace(batch, mentions=heard, unreadable=unreadable)

    def _walked(
        self,
        here: Cursor,
        source: str,
        trail: Trail,
        items: Sequence[Any],
        token: str | None,
        now: datetime,
    ) -> Batch:
        walk, gap = trail.go_on(now), ""
        onward = token if source == NOTIFICATIONS and token != walk.token else None
        if onward and (again := _overlapping(onward)):
            crowded = again == walk.token
            token, gap = (onward, CROWDED) if crowded else (again, "")
        moments = [milliseconds(at) for at in posts.moments(items)]
        after = replace(trail.step(moments, token, now), trouble="")
        walked = walk.step(moments, token)
        if not after.walk and trail.cut_off(walked):
            gap = _unseen(trail, walked)
        return self._batch(here, source, after, gap, walking=after.walk is not None)

    def _declined(self, here: Cursor, source: str, trail: Trail, no: Declined) -> Batch:
        """Lost its place: begin the walk anew. Else tell people, once, and go on with the rest."""
        if trail.walk and "cursor" in no.why.casefold():
            return self._batch(here, source, trail.broken_off())
        if source == NOTIFICATIONS:
            raise self._shut(no)
        shown = "our own posts" if source == OWN else f"the {source}"
        gap = f"Bluesky does not show us {shown}: {no.why}"
        told = no.why == trail.trouble
        return self._batch(here, source, replace(trail, trouble=no.why), "" if told else gap)

    def _batch(
        self, here: Cursor, source: str, trail: Trail, gap: str = "", *, walking: bool = False
    ) -> Batch:
        """After the end of a list it is the next one's turn; after the last one's, a pause."""
        after = (self.sources.index(source) + 1) % len(self.sources)
        turn = source if walking else self.sources[after]
        cursor = replace(here, turn=turn, trails={**here.trails, source: trail})
        return Batch(mentions=(), cursor=cursor.dump(), more=walking or after > 0, gap=gap)

    def _page(self, source: str, walk: Walk) -> tuple[Sequence[Any], str | None]:
        """What a list shows, newest first, and where it goes on."""
        if source == NOTIFICATIONS:
            name, listed = "app.bsky.notification.listNotifications", "notifications"
            asked: dict[str, Any] = {"reasons": REASONS}
        elif source == OWN:
            name, listed = "app.bsky.feed.getAuthorFeed", "feed"
            asked = {"actor": self.line.us.did, "filter": "posts_with_replies"}
        else:
            name, listed = "app.bsky.feed.searchPosts", "posts"
            asked = {"q": self._query(source), "sort": "latest", "since": _iso(walk.until)}
        answer = self.line.ask(name, limit=PAGE, cursor=walk.token, **asked)
        items, token = answer.get(listed), answer.get("cursor")
        if not isinstance(items, list) or not isinstance(token, str | None):
            raise TryLater("Bluesky answered something that is no list of posts.")
        return (_own_posts(items) if source == OWN else items), token

    def _query(self, source: str) -> str:
        word = self.words[self.sources.index(source) - 2]
        return f'"{word}"' if " " in word else word

    def _whole(self, source: str, items: Sequence[Any]) -> Sequence[Any]:
        """Posts as they are shown; a notification lacks their pictures, and who may answer them."""
        if source != NOTIFICATIONS:
            return items
        known = self._shown(posts.uris(items))
        return [known.get(uri, item) for item in items for uri in posts.uris([item]) or [""]]

    def _shown(self, uris: Sequence[str]) -> Mapping[str, Json]:
        """Posts as we see them; those that are gone, or whose authors hide them, are missing."""
        found: dict[str, Json] = {}
        for n in range(0, len(uris), AT_ONCE):
            answer = self._looked("app.bsky.feed.getPosts", uris=list(uris[n : n + AT_ONCE]))
            listed = answer.get("posts")
            if not isinstance(listed, list):
                raise TryLater("Bluesky answered something that is no list of posts.")
            found |= {uri: view for view in listed for uri in posts.uris([view])}
        return found

    def _looked(self, method: str, **asked: Any) -> Json:
        """Where only looking was declined, nothing is decided for good."""
        try:
            return self.line.ask(method, **asked)
        except Declined as no:
            raise TryLater(f"Bluesky does not show us its posts: {no.why}") from no

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        known = [key for key in keys if posts.whose(key)]
        with self.line.visit():
            shown = self._shown(known)
            us = self.line.us
            mentions, _ = posts.read(shown.values(), self.name, us)
            gone = [key for key in known if key not in shown and not self._is_ours(key, us)]
        return [*mentions, *gone]

    def _is_ours(self, uri: str, us: Us) -> bool:
        """Whether it lies in our repository: the lists may not show yet what we have published."""
        did, key = posts.whose(uri) or ("", "")
        return did == us.did and self._own(key) is not None

    def find(self, url: str) -> Mention | None:
        """By the address that people copy; our handle in it may be written in any case."""
        found = ADDRESS.fullmatch(url.strip())
        if not found:
            return None
        with self.line.visit():
            us = self.line.us
            if found[1].casefold() not in (us.did, us.handle.casefold()):
                return None
            shown = self._shown([f"at://{us.did}/{COLLECTION}/{found[2]}"])
            mentions, _ = posts.read(shown.values(), self.name, us)
        return next(iter(mentions), None)

    # Answering

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Under a record key that is the same at each attempt, and only if nothing is there yet."""
        text = _plain(text)
        if mention.no_reply:
            raise Refused(mention.no_reply)
        if (size := self.length(text)) > LIMIT:
            raise Refused(f"This answer is {size} characters long for Bluesky; it takes {LIMIT}.")
        admit(files, self.ability, "Bluesky")
        record_key = answers.key_of(mention, key)
        with doubting(again), self.line.visit():
            return self._reply(mention, text, record_key, files, again)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        """To delete what is not there is fine for Bluesky, too."""
        did, key = posts.whose(sent.key) or ("", "")
        with self.line.visit():
            us = self.line.us
            if did != us.did:
                raise Refused("This answer is another account's on Bluesky.")
            record = {"repo": us.did, "collection": COLLECTION, "rkey": key}
            try:
                self.line.tell("com.atproto.repo.deleteRecord", record)
            except Declined as no:
                raise Refused(f"Bluesky would not delete it: {no.why}") from no

    def _reply(
        self, mention: Mention, text: str, key: str, files: Sequence[Attachment], again: bool
    ) -> Sent:
        with _nothing_published():
            us = self.line.us
            if again and self._own(key):
                return _sent(us, key)
            parent = self._answerable(mention, us)
            pictures = [self._uploaded(file) for file in files]
            facets = answers.facets(text, self._people())
        record = answers.record(text, facets, parent, pictures, self.now())
        return self._put(us, key, record)

    def _put(self, us: Us, key: str, record: Json) -> Sent:
        """`swapRecord` says that there must be none yet: who comes second does nothing."""
        where = {"repo": us.did, "collection": COLLECTION, "rkey": key}
        try:
            self.line.tell(
                "com.atproto.repo.putRecord", {**where, "record": record, "swapRecord": None}
            )
        except Declined as no:
            if no.error != "InvalidSwap":
                raise Refused(f"Bluesky would not publish it: {no.why}") from no
        return _sent(us, key)

    def _answerable(self, mention: Mention, us: Us) -> Json:
        """As it is now: a server takes answers to what is gone or closed, and nobody sees them."""
        did, key = posts.whose(mention.key) or ("", "")
        ours = did == us.did
        shown = self._own(key) if ours else self._shown([mention.key]).get(mention.key)
        if shown is None:
            raise Refused(self._why_hidden(did))
        if not ours and (shown.get("viewer") or {}).get("replyDisabled"):
            raise Refused(CLOSED)
        return shown

    def _why_hidden(self, did: str) -> str:
        try:
            viewer = self.line.ask("app.bsky.actor.getProfile", actor=did).get("viewer") or {}
        except Declined:
            return HIDDEN
        if viewer.get("blockedBy"):
            return BLOCKED
        return BLOCKING if viewer.get("blocking") or viewer.get("blockingByList") else HIDDEN

    def _own(self, key: str) -> Json | None:
        """What lies in our own repository under this key: what we publish is there at once."""
        try:
            found = self.line.ask(
                "com.atproto.repo.getRecord",
                repo=self.line.us.did,
                collection=COLLECTION,
                rkey=key,
            )
        except Declined as no:
            if no.error in ("RecordNotFound", "InvalidRequest"):
                return None
            raise TryLater(f"Bluesky does not show us our own posts: {no.why}") from no
        return {**found, "record": found["value"]}

    def _uploaded(self, file: Attachment) -> Json:
        """What Bluesky calls it. Until the post is made nobody sees it."""
        try:
            answer = self.line.send("com.atproto.repo.uploadBlob", file.content, file.type)
        except Declined as no:
            raise Refused(f"Bluesky does not take {file.name}: {no.why}") from no
        if not isinstance(blob := answer.get("blob"), dict):
            raise TryLater("Bluesky did not say what it calls the file.")
        return blob

    def _people(self) -> Callable[[str], str | None]:
        """Whose handle it is, for the first few that are asked for."""
        left = iter(range(CALLED))

        def did_of(handle: str) -> str | None:
            if next(left, None) is None:
                return None
            try:
                answer = self.line.ask("com.atproto.identity.resolveHandle", handle=handle)
            except Declined:
                return None
            return str(answer.get("did"))

        return did_of

    # What people set

    def _unshown(self) -> str:
        """Which of our notifications the account's own settings keep from us."""
        try:
            told = self.line.ask("app.bsky.notification.getPreferences").get("preferences") or {}
        except (Declined, TryLater):
            return ""
        kinds = [(reason, told.get(reason) or {}) for reason in REASONS]
        kept = [reason for reason, kind in kinds if _is_kept_from_us(kind)]
        return FILTERED.format(", ".join(kept)) if kept else ""

    def _shut(self, no: Declined) -> Exception:
        if no.barred:
            return LockedOut(f"Bluesky does not let us in: {no.why} Look at {self.named.password}.")
        return TryLater(f"Bluesky does not answer: {no.why}")

    def _handle(self, settings: Mapping[str, str]) -> str:
        handle = settings["BLUESKY_HANDLE"].strip().removeprefix("@")
        if DID.fullmatch(handle):
            return handle
        if not HANDLE.fullmatch(handle.lower()):
            variable = scope(self.name, "BLUESKY_HANDLE")
            raise ValueError(f"{variable} must be a whole handle, such as acme.bsky.social.")
        return handle.lower()

    def _address(self, settings: Mapping[str, str]) -> str:
        address = settings["BLUESKY_URL"].strip().rstrip("/")
        if not address.startswith(("https://", "http://")):
            raise ValueError(f"{scope(self.name, 'BLUESKY_URL')} must begin with https://.")
        return address


@contextmanager
def _nothing_published() -> Iterator[None]:
    """Whatever fails inside, no answer is there yet: not by this attempt."""
    try:
        yield
    except TryLater as later:
        later.surely_not_done = True
        raise


def _is_kept_from_us(kind: Json) -> bool:
    """Whether somebody chose not to list these, or only those of people whom we follow."""
    return kind.get("list") is False or kind.get("include", "all") != "all"


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _sent(us: Us, key: str) -> Sent:
    url = posts.address({"did": us.did, "handle": us.handle}, key)
    return Sent(key=f"at://{us.did}/{COLLECTION}/{key}", url=url)


def _own_posts(feed: Sequence[Any]) -> Sequence[Any]:
    """Without what the brand passed on, of others or once more of its own."""
    shown = (one if isinstance(one, dict) else {"post": one} for one in feed)
    return [one.get("post") for one in shown if not one.get("reason")]


def _iso(at: int) -> str:
    return moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _overlapping(token: str) -> str | None:
    """The same place, a millisecond later; None if it is no moment.

    Where it goes on is told as the moment of the last post, and goes on before that: of several
    posts with that moment some would be left out.
    """
    if token.isdecimal():
        return str(int(token) + 1)
    try:
        at = datetime.fromisoformat(token).astimezone(UTC) + MILLISECOND
    except (ValueError, OverflowError):
        return None
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _unseen(trail: Trail, walk: Walk) -> str:
    start, end = moment(trail.seen), moment(walk.low)
    return (
        "So much is new on Bluesky that we stopped reading: what was posted between"
        f" {start:%d %B %H:%M} and {end:%d %B %H:%M} UTC is lost."
    )
