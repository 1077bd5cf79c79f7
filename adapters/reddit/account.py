"""One account on Reddit: its inbox, subreddits, searches, and comments as the brand."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import Any, ClassVar
from urllib.parse import urlsplit

from adapters import Batch, Setting, admit, divided, lost_our_place, scope, seconds
from adapters.reddit import posts
from adapters.reddit.line import Declined, Door, Keys, nonsense
from adapters.reddit.posts import COMMENT, POST
from adapters.reddit.walk import Mark, Page, Trail, Walk
from adapters.turns import Turns
from adapters.web import doubting, root
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 10_000  # characters of a comment
PAGE = 100  # things
OWN_PAGES = 5  # how far back we look for an answer of ours
SLACK = timedelta(hours=1)
CAP, FOUND = 900, 225  # about as many as a listing, and a search, show at all (1,000 and 250)
MENTIONS, REPLIES, BELOW, OWN = "message/mentions", "message/comments", "message/selfreply", "own"
INBOX = (MENTIONS, REPLIES, BELOW)
SCOPES = ("identity", "privatemessages", "read", "history", "submit", "edit")
NO_MORE = {  # Reddit's names for why nobody, or not we, can comment there
    "THREAD_LOCKED": posts.LOCKED,
    "TOO_OLD": posts.ARCHIVED,
    "DELETED_COMMENT": "This comment is deleted.",
    "DELETED_LINK": "This post is deleted.",
    "COMMENT_UNREPLIABLE": "Reddit lets nobody answer this comment.",
    "USER_BLOCKED": "Its author has blocked us.",
    "USER_BLOCKED_MESSAGE": "Its author has blocked us.",
    "BANNED_FROM_SUBREDDIT": "We are banned from this subreddit.",
    "SUBREDDIT_NOTALLOWED": "We may not write in this subreddit. Ask its moderators.",
    "TOO_LONG": "It is too long for Reddit.",
}
ADDRESS = re.compile(
    r"/(?:r|u|user)/[^/]+/comments/([0-9a-z]{1,16})(?:/[^/]*(?:/([0-9a-z]{1,16}))?)?/?"
    r"|/comments/([0-9a-z]{1,16})(?:/(?:comment|_|[^/]+)/([0-9a-z]{1,16}))?/?"
)
HOSTS = re.compile(r"(?:[a-z0-9-]+\.)*reddit\.com")


class Reddit:
    """Its inbox, its own comments, REDDIT_SUBREDDITS and REDDIT_WORDS are read in turn."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting(
            "REDDIT_CLIENT_ID",
            "From reddit.com/prefs/apps, once Reddit has approved it: the id below the app's name.",
            required=True,
        ),
        Setting("REDDIT_CLIENT_SECRET", "There: the app's secret.", required=True, secret=True),
        Setting("REDDIT_USERNAME", "The brand's account, without u/."),
        Setting(
            "REDDIT_PASSWORD",
            "Its password, for an app of the type script and an account without two-factor"
            " authentication.",
            secret=True,
        ),
        Setting(
            "REDDIT_REFRESH_TOKEN",
            f"Instead of a password: what the account granted, for {', '.join(SCOPES)}.",
            secret=True,
        ),
        Setting("REDDIT_SUBREDDITS", "Where all is heard, divided by commas: acme, acmehelp."),
        Setting(
            "REDDIT_WORDS", "The brand's names, divided by commas: posts are searched for them."
        ),
        Setting("REDDIT_EVERY", "How often to look, in seconds.", default="60"),
        Setting("REDDIT_API_URL", "Where its API is.", default="https://oauth.reddit.com"),
        Setting("REDDIT_URL", "Where Reddit is.", default="https://www.reddit.com"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = seconds(name, settings, "REDDIT_EVERY")
        self.site, api = (
            root(scope(name, each), settings[each]) for each in ("REDDIT_URL", "REDDIT_API_URL")
        )
        self.keys = Keys(settings, lambda setting: scope(name, setting))
        self.door = Door(self.keys, now, oauth=api, www=self.site)
        self.more = [*self._subreddits(settings), *divided(settings["REDDIT_WORDS"])]
        self.lists = [*INBOX, OWN, *self.more]
        self._us = ""
        self._lock = Lock()

    @property
    def ability(self) -> Ability:
        name = f"u/{self._us}" if self._us else "our Reddit account"
        return Ability(speaks_as=name, limit=LIMIT, markup="Markdown")

    def check(self) -> str:
        with self.door.line.visit():
            self._us = self._who()
            granted = self.door.scopes()
            if lacks := [one for one in SCOPES if not {one, "*"} & granted]:
                raise self.keys.too_narrow(", ".join(lacks))
        return f"Reddit as u/{self._us}"

    def length(self, text: str) -> int:
        return len(_plain(text))

    def fetch(self, cursor: str | None) -> Batch:
        now = self.now()
        here = Turns[Trail].load(cursor, lambda kept: Trail.from_json(kept, now))
        if here is None:
            gap = lost_our_place(self.history)
            return Batch(mentions=(), cursor=Turns[Trail]().dump(), more=True, gap=gap)
        name = here.of(self.lists)
        start = (now - self.history).timestamp()
        with self.door.line.visit():
            return self._read(here, name, here.trails.get(name) or Trail(start=start), now)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,  # noqa: ARG002
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Reddit knows no key of idempotency, so we look at our comments before we repeat."""
        if mention.no_reply:
            raise Refused(mention.no_reply)
        admit(files, self.ability, "Reddit")
        text = self._fits(text)
        with doubting(again), self.door.line.visit():
            if again and (sent := self._published(mention, text)):
                return sent
            self._must_be_open(mention)
            return self._sent(self._done("api/comment", thing_id=mention.key, text=text))

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        text = self._fits(text)
        with doubting(again), self.door.line.visit():
            was = self._looked_at([sent.key]).get(sent.key)
            if was is None or posts.is_gone(was):
                raise Refused("The answer is gone from Reddit.")
            if not posts.same_words(str(posts.data(was).get("body", "")), text):
                self._done("api/editusertext", thing_id=sent.key, text=text)
            return replace(sent, url=posts.address(posts.data(was), self.site) or sent.url)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        """To delete what is deleted already is fine with Reddit."""
        with doubting(again), self.door.line.visit():
            self._done("api/del", id=sent.key)

    def find(self, url: str) -> Mention | None:
        name = self._name_at(url)
        if not name:
            return None
        with self.door.line.visit():
            thing = self._looked_at([name]).get(name)
            found, _ = posts.read([thing] if thing else [], self.name, self._me(), self.site)
        return next((one for one in found if one.origin is Origin.OWN), None)

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """Of what Reddit leaves out nothing is said: its subreddit may be closed for a day."""
        with self.door.line.visit():
            there = self._looked_at(keys)
            gone = [key for key, thing in there.items() if posts.is_gone(thing)]
            edited = [thing for thing in there.values() if posts.data(thing).get("edited")]
            return [*posts.read(edited, self.name, self._me(), self.site)[0], *gone]

    # What is read

    def _read(self, here: Turns[Trail], name: str, trail: Trail, now: datetime) -> Batch:
        """One page. Trouble with what others may close is not to hold up the inbox."""
        walk = trail.go_on(now)
        try:
            listing = self._listing(name, walk)
            page, things = posts.page(listing), posts.children(listing)
        except Declined as no:
            return self._declined(here, name, trail, no)
        except TryLater:
            if name not in self.more:
                raise
            return self._batch(here, name, trail)
        except (AttributeError, KeyError, TypeError, ValueError) as odd:
            raise nonsense() from odd
        after = trail.step(walk, page, now)
        arrived = after.walk is None
        cap = FOUND if self._is_search(name) else CAP
        gap = _gap(name, trail.unseen(walk, page, cap)) if arrived else ""
        batch = self._batch(here, name, after, gap, walking=not arrived)
        return self._told(batch, name, self._new(things, trail, walk, page))

    def _new(self, things: Sequence[Any], trail: Trail, walk: Walk, page: Page) -> Sequence[Any]:
        """What is above the first one that is known; once an hour all that is shown."""
        place = None if walk.again else trail.met(walk, page)
        known = {name for name, _ in page.things[place:]} if place is not None else set()
        known |= {name for name, second in page.things if second < trail.start}
        return [thing for thing in things if posts.thing_name(thing) not in known]

    def _told(self, batch: Batch, name: str, things: Sequence[Any]) -> Batch:
        """The inbox tells little of a comment, so each is asked for by its name."""
        if name in INBOX:
            full = self._looked_at([posts.thing_name(thing) for thing in things])
            things = [full.get(posts.thing_name(thing), thing) for thing in things]
        found, unreadable = posts.read(things, self.name, self._me(), self.site)
        heard = [one for one in found if one.origin is not Origin.OWN or one.parent]
        return replace(batch, mentions=heard, unreadable=unreadable)

    def _listing(self, name: str, walk: Walk) -> Any:
        how: dict[str, Any] = {"limit": PAGE, **({"after": walk.after} if walk.after else {})}
        if name == OWN:
            return self.door.ask(f"user/{self._me()}/comments", sort="new", **how)
        if self._is_search(name):
            asked = {"q": f'"{name}"', "sort": "new", "type": "link", "t": "all"}
            return self.door.ask("search", **asked, **how)
        return self.door.ask(name, **how)

    def _is_search(self, name: str) -> bool:
        return name in self.more and not name.startswith("r/")

    def _declined(self, here: Turns[Trail], name: str, trail: Trail, no: Declined) -> Batch:
        if name not in self.more:
            raise TryLater(f"Reddit does not show us its {name}: {no.why}") from no
        gap = f"Reddit does not show us {name}: {no.why}"
        told = no.why == trail.trouble
        trail = replace(trail, walk=None, trouble=no.why)
        return self._batch(here, name, trail, "" if told else gap)

    def _batch(
        self, here: Turns[Trail], name: str, trail: Trail, gap: str = "", *, walking: bool = False
    ) -> Batch:
        after = here.after(name, trail, self.lists, walking=walking)
        more = not after.begins(self.lists, walking=walking)
        return Batch(mentions=(), cursor=after.dump(), more=more, gap=gap)

    def _looked_at(self, names: Sequence[str]) -> dict[str, Any]:
        """Each as it is now, by its name."""
        found: dict[str, Any] = {}
        asked = list(dict.fromkeys(filter(None, names)))
        for start in range(0, len(asked), PAGE):
            try:
                listing = self.door.ask("api/info", id=",".join(asked[start : start + PAGE]))
                found |= {posts.thing_name(thing): thing for thing in posts.children(listing)}
            except Declined as no:
                raise TryLater(f"Reddit does not show us its posts: {no.why}") from no
            except (KeyError, TypeError, ValueError) as odd:
                raise nonsense() from odd
        return {name: found[name] for name in asked if name in found}

    # What is published

    def _fits(self, text: str) -> str:
        if (size := self.length(text)) > LIMIT:
            raise Refused(f"This answer is {size} characters long; Reddit takes {LIMIT}.")
        return _plain(text)

    def _must_be_open(self, mention: Mention) -> None:
        """Reddit lets one comment below what is deleted, and says of a thread only there."""
        link = str(mention.extra.get("link") or "")
        there = self._looked_at([mention.key, link])
        asked = there.get(mention.key)
        if asked is None or posts.is_gone(asked):
            raise Refused("It is deleted or removed, so nobody would see an answer.")
        for thing in (asked, there.get(link)):
            if why := posts.is_shut(thing):
                raise Refused(why)

    def _done(self, path: str, **data: str) -> Any:
        try:
            return self.door.do(path, **data)
        except Declined as no:
            if no.kind == "403":
                raise Refused(f"Reddit does not let us write there: {no.why}") from no
            raise Refused(NO_MORE.get(no.kind, f"Reddit would not take it: {no.why}")) from no

    def _published(self, mention: Mention, text: str) -> Sent | None:
        """Our comment, if an earlier attempt got through."""
        oldest, after = (mention.posted_at - SLACK).timestamp(), ""
        for _ in range(OWN_PAGES):
            try:
                listing = self._listing(OWN, Walk(since=Mark(), after=after))
                page, things = posts.page(listing), posts.children(listing)
            except Declined as no:
                raise TryLater(f"Reddit does not show us our comments: {no.why}") from no
            except (AttributeError, KeyError, TypeError, ValueError) as odd:
                raise nonsense() from odd
            for thing in things:
                said = posts.data(thing)
                same = posts.same_words(str(said.get("body", "")), text)
                if said.get("parent_id") == mention.key and same:
                    return self._sent_as(said)
            after = page.after
            if not after or any(second < oldest for _, second in page.things):
                return None
        raise Unsure("There are too many comments of ours to see whether this answer is there.")

    def _sent(self, told: Any) -> Sent:
        try:
            [thing] = told["json"]["data"]["things"]
            return self._sent_as(thing["data"])
        except (KeyError, TypeError, ValueError) as odd:
            raise TryLater("Reddit did not say whether it published the answer.") from odd

    def _sent_as(self, said: Mapping[str, Any]) -> Sent:
        return Sent(key=str(said["name"]), url=posts.address(said, self.site))

    # Who we are

    def _name_at(self, url: str) -> str:
        """Of what is at this address; "": no address of Reddit's."""
        try:
            address = urlsplit(url.strip())
        except ValueError:
            return ""
        here = address.netloc == urlsplit(self.site).netloc or HOSTS.fullmatch(address.netloc)
        lies = ADDRESS.fullmatch(address.path) if here else None
        if not lies:
            return ""
        comment = lies[2] or lies[4]
        return f"{COMMENT}{comment}" if comment else f"{POST}{lies[1] or lies[3]}"

    def _me(self) -> str:
        with self._lock:
            self._us = self._us or self._who()
            return self._us

    def _who(self) -> str:
        try:
            told = self.door.ask("api/v1/me")
            name = str(told["name"])
        except Declined as no:
            raise LockedOut(f"Reddit does not say who we are: {no.why}") from no
        except (KeyError, TypeError) as odd:
            raise nonsense() from odd
        if told.get("is_suspended"):
            raise LockedOut(f"Reddit has suspended u/{name}. Sign in there to see why.")
        return name

    def _subreddits(self, settings: Mapping[str, str]) -> Sequence[str]:
        """Two lists for all of them: comments, and posts."""
        names = [name.removeprefix("r/") for name in divided(settings["REDDIT_SUBREDDITS"])]
        for name in names:
            if not re.fullmatch(r"\w{2,21}", name, re.ASCII):
                variable = scope(self.name, "REDDIT_SUBREDDITS")
                raise ValueError(f"{variable}: {name!r} is no subreddit's name.")
        together = "+".join(names)
        return [f"r/{together}/comments", f"r/{together}/new"] if names else []


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")


def _gap(name: str, unseen: tuple[float, float] | None) -> str:
    if not unseen:
        return ""
    start, end = (datetime.fromtimestamp(at, UTC) for at in unseen)
    return (
        f"Reddit shows no more of so much in {name}: what was posted between"
        f" {start:%d %B %H:%M} and {end:%d %B %H:%M} UTC is lost."
    )
