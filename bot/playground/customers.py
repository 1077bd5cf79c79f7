"""People who post, so that there is something to do."""

import random
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from itertools import count
from threading import Event, RLock, Thread
from typing import Any, Protocol

from bot.playground.customers_words import NO_HELP, POSTS, STORM, THANKS, WAITING, Post

BUSY = 4  # this many may wait before people post more slowly
RECENT = 30  # how many of the latest threads count as waiting
SLOWEST = 600.0  # seconds between two posts when nobody answers
PATIENCE = 60  # posts without any answer; then everybody falls silent
FIRST = 6  # posts that come in their order
STORM_EVERY = 40  # posts, on average
QUIET = {post.text for post in (*POSTS, *STORM) if post.quiet}


class Answer(Protocol):
    """What the brand said to somebody."""

    @property
    def key(self) -> str: ...
    @property
    def to(self) -> str: ...


class Platform(Protocol):
    """Where they post; `events` is all that was ever said there, in its order."""

    @property
    def events(self) -> Sequence[Mapping[str, Any]]: ...
    def post(self, text: str, *, by: str = ..., **more: Any) -> str: ...
    def edit(self, key: str, text: str) -> None: ...
    def delete(self, key: str) -> None: ...
    def answers(self) -> Sequence[Answer]: ...


class Customers:
    """They post, wait, ask again, and say thank you.

    `pace` is how many times faster than life; with a `seed` they do the same each time. After a
    restart they say first what was not said yet.
    """

    def __init__(self, platform: Platform, *, pace: float = 1.0, seed: int | None = None) -> None:
        self.platform, self.pace = platform, pace
        self._luck = random.Random(seed)  # noqa: S311  # a stage, not a vault
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._now: float | None = None
        self._heard = {answer.key for answer in platform.answers()}
        self._read = 0
        self._lock = RLock()
        self._stopped = Event()
        self._thread: Thread | None = None

    def start(self) -> None:
        self._stopped.clear()
        self._thread = Thread(target=self._live, name="customers", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread:
            self._thread.join()

    def storm(self) -> None:
        """All sorts of people about one outage, in many languages, within a minute."""
        with self._lock:
            for post in STORM:
                self._later((0, 55), partial(self._say, post))

    def step(self, now: float) -> None:
        """Do all that is due by `now`, in seconds that only ever grow."""
        with self._lock:
            first, self._now = self._now is None, now
            if first:
                self._begin(now)
            self._listen()
            while self._agenda and self._agenda[0][0] <= now:
                _, _, act = heappop(self._agenda)
                act()

    def _begin(self, now: float) -> None:
        self._agenda = [(at + now, order, act) for at, order, act in self._agenda]
        self._later((2, 3) if waiting(self.platform) <= BUSY else self._gap(), self._next)

    def _live(self) -> None:
        while not self._stopped.wait(0.25):
            self.step(time.monotonic() * self.pace)

    def _later(self, between: tuple[float, float], act: Callable[[], None]) -> None:
        at = (self._now or 0.0) + self._luck.uniform(*between)
        heappush(self._agenda, (at, next(self._order), act))

    def _gap(self) -> tuple[float, float]:
        slower = 1.35 ** max(0, waiting(self.platform) - BUSY)
        return min(10 * slower, SLOWEST / 2), min(40 * slower, SLOWEST)

    def _next(self) -> None:
        self._later(self._gap(), self._next)
        if unheard(self.platform) >= PATIENCE:
            return
        if self._luck.random() < 1 / STORM_EVERY and waiting(self.platform) <= BUSY:
            self.storm()
        else:
            self._say(self._unsaid())

    def _unsaid(self) -> Post:
        """The first few in their order, for whoever looks for a minute; then any said least."""
        said = Counter(event.get("text") for event in self.platform.events)
        least = min(said[post.text] for post in POSTS)
        rest = [post for post in POSTS if said[post.text] == least]
        return rest[0] if len(rest) > len(POSTS) - FIRST and not least else self._luck.choice(rest)

    def _say(self, post: Post) -> None:
        key = self.platform.post(post.text, by=post.by, **_more(post))
        if post.edited:
            self._later((20, 45), lambda: self._correct(key, post.edited))
        if post.regretted:
            self._later((60, 150), lambda: self._regret(key))
        if not (post.patient or post.quiet) and self._luck.random() < 0.4:
            self._later((45, 150), lambda: self._ask_again(key))

    def _correct(self, key: str, text: str) -> None:
        self.platform.edit(key, text)

    def _regret(self, key: str) -> None:
        if not is_answered(self.platform, key):
            self.platform.delete(key)

    def _ask_again(self, key: str) -> None:
        if not is_answered(self.platform, key):
            self._go_on(key, WAITING)

    def _listen(self) -> None:
        if self._read == len(self.platform.events):
            return
        self._read = len(self.platform.events)
        for answer in self.platform.answers():
            if answer.key not in self._heard:
                self._heard.add(answer.key)
                self._react(answer)

    def _react(self, answer: Answer) -> None:
        """Most say thank you, some that it did not help; the others have moved on."""
        thread = roots(self.platform)
        answers = sum(thread[one.to] == thread[answer.to] for one in self.platform.answers())
        mood = self._luck.random()
        if answers > 2 or mood > 0.8:
            return
        words = THANKS if mood < 0.5 else NO_HELP
        self._later((5, 30), lambda: self._go_on(answer.key, words))

    def _go_on(self, key: str, words: Mapping[str, Sequence[str]]) -> None:
        """Whoever began this thread says something more."""
        first = roots(self.platform)[key]
        began = next(event for event in self.platform.events if event["key"] == first)
        if began["text"] in QUIET:
            return
        text = self._luck.choice(words[began.get("language") or "en"])
        more = {name: began[name] for name in MORE if name in began}
        self.platform.post(text, by=began["by"], parent=key, **more)


MORE = ("name", "followers", "language", "public")


def _more(post: Post) -> dict[str, Any]:
    more = {name: getattr(post, name) for name in (*MORE, "media", "origin")}
    return {name: value for name, value in more.items() if value not in ("", ())}


def roots(platform: Platform) -> dict[str, str]:
    """For every post, the one its thread began with."""
    found: dict[str, str] = {}
    for event in list(platform.events):
        found.setdefault(event["key"], found.get(event.get("parent") or "", event["key"]))
    return found


def is_answered(platform: Platform, key: str) -> bool:
    thread = roots(platform)
    return any(thread[answer.to] == thread[key] for answer in platform.answers())


def waiting(platform: Platform) -> int:
    """How many of the latest threads nobody has answered."""
    thread = roots(platform)
    answered = {thread[answer.to] for answer in platform.answers()}
    return len(set(list(dict.fromkeys(thread.values()))[-RECENT:]) - answered)


def unheard(platform: Platform) -> int:
    """How many threads began since the brand last answered anyone."""
    thread = roots(platform)
    last = [answer.key for answer in platform.answers()][-1:]
    keys = list(thread)
    since = keys[keys.index(last[0]) :] if last else keys
    return sum(thread[key] == key for key in since)
