"""Platforms as the contract test sees them: a stand-in to post on, and our adapter beside it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from operator import attrgetter
from typing import Any, Protocol

from adapters import Adapter, make
from adapters.demo import Demo
from adapters.twitter import Twitter
from bot.domain.delivery import TryLater
from bot.domain.mention import Mention
from bot.domain.reply import Attachment, Sent
from tests.adapters.x_server import XServer

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
HISTORY = timedelta(days=2)


@dataclass
class Clock:
    """The time as the adapter and its platform know it: it moves when told."""

    at: datetime = NOON

    def __call__(self) -> datetime:
        return self.at

    def pass_(self, minutes: float) -> None:
        self.at += timedelta(minutes=minutes)


class Place(Protocol):
    """One platform with one account of ours, set up with `HISTORY`; a new one for each test.

    Keys are those of `Mention.key`. What a platform can't do is said by its flag, and the tests
    that need it are skipped. Beside these, one may have `against` (what it is, where it is no
    stand-in), `limited(seconds=...)` (everything is refused for so long) and `post_late(text,
    minutes=...)` (written now, shown later).
    """

    can_answer: bool
    can_edit: bool
    can_delete: bool
    can_look: bool  # whether an attempt that left no trace surely did not happen
    has_credentials: bool
    first_run_reads_back: bool  # whether the first fetch brings what was posted before it
    can_thread: bool  # whether a long answer may become several posts
    can_correct: bool
    can_withdraw: bool
    can_find: bool  # whether our posts have addresses at which we find them
    can_bring: bool  # whether pictures lie inside a message, and have no address on the web

    @property
    def adapter(self) -> Adapter: ...

    def restarted(self) -> Adapter:
        """Our adapter as after a restart: it knows only what the cursor tells it."""

    def locked_out(self) -> Adapter:
        """Our adapter with a wrong password or token."""

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        """A customer writes to the brand; returns the key."""

    def post_pictures(self, *pictures: bytes) -> str:
        """A customer sends pictures inside a message; returns its key."""

    def answer_elsewhere(self, to: str, text: str) -> str:
        """A colleague answers in the platform's own app; returns the key of the answer."""

    def edit(self, key: str, text: str) -> None: ...

    def delete(self, key: str) -> None: ...

    def automated(self, text: str) -> str:
        """What no person wrote to us: an out of office mail, a repost; returns the key."""

    def spoil(self) -> None:
        """Something comes that can't be read."""

    def answers(self) -> list[str]:
        """The words of all that the brand has published as answers, oldest first."""

    def lose_next_answer(self) -> None:
        """The next reply is published, but our side sees only an error."""

    def files(self) -> list[tuple[str, bytes]]:
        """Type and content of all files that arrived with answers, oldest first."""

    def lose_next_change(self) -> None:
        """The next correction or withdrawal is done, but our side sees only an error."""

    def changes(self) -> int:
        """How many corrections and withdrawals the platform has seen."""

    def calls(self) -> int:
        """How many publishing requests have arrived."""

    def too_long(self) -> str:
        """An answer just over the limit."""

    def pass_(self, minutes: float) -> None:
        """Let time pass, for the platform and for the adapter."""


Opened = AbstractContextManager[Place]


class LossyDemo(Demo):
    """The platform in memory, behind a line that can drop an answer."""

    calls = changes = 0
    lossy = ""  # what is lost next

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        sent = super().reply(mention, text, key=key, again=again, files=files)
        self._lose("answer")
        return sent

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:
        sent = super().correct(sent, mention, text, again=again)
        self._lose("change")
        return sent

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:
        super().withdraw(sent, mention, again=again)
        self._lose("change")

    def _lose(self, what: str) -> None:
        if self.lossy == what:
            self.lossy = ""
            raise TryLater("The answer was lost.")

    def _add(self, **event: Any) -> str:
        self.calls += "ours" in event
        return super()._add(**event)

    def _again(self, key: str, **change: Any) -> None:
        self.changes += 1
        super()._again(key, **change)


class DemoPlace:
    """The platform in memory: it is its own adapter, so a restart finds it as it was."""

    against = "itself"
    can_answer = can_edit = can_delete = can_look = first_run_reads_back = True
    can_thread = can_correct = can_withdraw = can_find = can_bring = True
    has_credentials = False

    def __init__(self) -> None:
        self.clock = Clock()
        self.adapter = LossyDemo("demo", {}, self.clock, HISTORY)

    def restarted(self) -> Adapter:
        return self.adapter

    def locked_out(self) -> Adapter:
        raise NotImplementedError("The platform in memory has no credentials.")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self.adapter.post(text, by=by, parent=parent)

    def post_pictures(self, *pictures: bytes) -> str:
        return self.adapter.post("Look!", inside=pictures)

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.adapter.answer_elsewhere(to, text)

    def edit(self, key: str, text: str) -> None:
        self.adapter.edit(key, text)

    def delete(self, key: str) -> None:
        self.adapter.delete(key)

    def automated(self, text: str) -> str:
        return self.adapter.post(text, origin="automated")

    def spoil(self) -> None:
        self.adapter.spoil()

    def answers(self) -> list[str]:
        return [answer.text for answer in self.adapter.answers()]

    def lose_next_answer(self) -> None:
        self.adapter.lossy = "answer"

    def files(self) -> list[tuple[str, bytes]]:
        all_of_them = [file for files in self.adapter.carried.values() for file in files]
        return [(file.type, file.content) for file in all_of_them]

    def lose_next_change(self) -> None:
        self.adapter.lossy = "change"

    def changes(self) -> int:
        return self.adapter.changes

    def calls(self) -> int:
        return self.adapter.calls

    def too_long(self) -> str:
        return "x" * 501

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)


class TwitterPlace:
    """Our X adapter against the strict X on this machine; edits and deletions by `recheck`."""

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_thread = can_withdraw = can_find = True
    can_correct = can_bring = False

    def __init__(self, x: XServer, clock: Clock, **settings: str) -> None:
        self.x, self.clock, self.settings = x, clock, settings
        self.adapter = self.restarted()

    def restarted(self) -> Twitter:
        environment = {**self.x.environment(), **self.settings}
        adapter = make("twitter", Twitter, environment, self.clock, HISTORY)
        assert isinstance(adapter, Twitter)
        return adapter

    def locked_out(self) -> Adapter:
        environment = {**self.x.environment(), "X_ACCESS_TOKEN_SECRET": "stolen"}
        return make("twitter", Twitter, environment, self.clock, HISTORY)

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self.x.post(text, by=by, parent=parent)

    def limited(self, seconds: int) -> None:
        self.x.limit(seconds)

    def post_late(self, text: str, *, minutes: float) -> str:
        return self.x.post(text, by="mira", late=timedelta(minutes=minutes))

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on X.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.x.post(text, by="acme", parent=to)

    def edit(self, key: str, text: str) -> None:
        self.x.edit(key, f"@acme {text}")

    def delete(self, key: str) -> None:
        self.x.delete(key)

    def automated(self, text: str) -> str:
        """X lists no reposts among mentions; but a search may find one."""
        return self.x.repost(self.x.post(text, by="dove"), by="crow")

    def spoil(self) -> None:
        self.x.spoil()

    def answers(self) -> list[str]:
        return [answer.text.partition(" ")[2] for answer in self.x.answers()]

    def lose_next_answer(self) -> None:
        self.x.lose_next_answer()

    def files(self) -> list[tuple[str, bytes]]:
        return [(file.type, file.content) for answer in self.x.answers() for file in answer.files]

    def lose_next_change(self) -> None:
        self.x.lose_next_answer(on="DELETE")

    def changes(self) -> int:
        return sum(request.startswith("DELETE") for request in self.x.requests)

    def calls(self) -> int:
        return sum(request.startswith("POST") for request in self.x.requests)

    def too_long(self) -> str:
        return "\N{PERSON WITH FOLDED HANDS}" * 141  # two units each

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)


OFTEN: Mapping[str, Any] = {
    "can_look_back": True,  # whether what an earlier attempt has published can be found again
    "our_clock_may_be_wrong": True,  # whether it lets us in all the same
    "hears_itself": True,  # whether what we publish comes back with the news
    "tells_what_is_answered": True,  # whether it knows that an answer is one to an answer of ours
    "pictures_at_once": 3,  # at most, in one message
}


def flag(place: Place, name: str) -> Any:
    """One of those that only few places have."""
    return getattr(place, name, OFTEN[name])


@contextmanager
def demo() -> Iterator[Place]:
    yield DemoPlace()


@contextmanager
def twitter(**settings: str) -> Iterator[TwitterPlace]:
    clock = Clock()
    with XServer(clock) as x:
        yield TwitterPlace(x, clock, **settings)


@contextmanager
def bluesky(**settings: str) -> Iterator[Any]:
    """Its library takes a second to import."""
    clock = Clock()
    with import_module("tests.adapters.bluesky_server").BlueskyServer(clock) as server:
        yield import_module("tests.adapters.place_bluesky").BlueskyPlace(server, clock, **settings)


def beside(module: str, place: str, *more: Any) -> Callable[[], Opened]:
    """Written beside its server; that, and the library, are imported when it is opened."""
    return lambda: attrgetter(place)(import_module(f"tests.adapters.{module}"))(*more)


PLACES: Mapping[str, Callable[[], Opened]] = {
    "demo": demo,
    "twitter": twitter,
    "email": beside("place_email", "EmailPlace"),
    "appstore": beside("place_appstore", "AppStorePlace"),
    "bluesky": bluesky,
    "Bluesky's own servers": beside("place_bluesky_network", "NetworkPlace"),
    "discourse": beside("place_discourse", "DiscoursePlace"),
    "facebook": beside("place_facebook", "FacebookPlace"),
    "googleplay": beside("place_googleplay", "GooglePlayPlace"),
    "instagram": beside("place_instagram", "InstagramPlace"),
    "mastodon": beside("place_mastodon", "MastodonPlace"),
    "messenger": beside("place_messenger", "MessengerPlace"),
    "reddit": beside("place_reddit", "RedditPlace"),
    "telegram": beside("place_telegram", "TelegramPlace"),
    "whatsapp": beside("place_whatsapp", "WhatsAppPlace"),
    "webhook": beside("place_webhook", "WebhookPlace"),
    "wordpress": beside("place_wordpress", "WordPressPlace.beside_a_stand_in"),
    "wordpress, the real one": beside("place_wordpress", "WordPressPlace.beside_the_real_one"),
    "youtube": beside("place_youtube", "YouTubePlace"),
}
FEEDS = ("RSS", "Atom", "JSON")
HEARD_ONLY: Mapping[str, Callable[[], Opened]] = {
    **{
        f"feed, {kind}": beside("place_feed", "FeedPlace", kind) for kind in ("RSS", "Atom", "JSON")
    },
    "hackernews": beside("place_hackernews", "HackerNewsPlace"),
    "stackoverflow": beside("place_stackoverflow", "StackOverflowPlace"),
}
