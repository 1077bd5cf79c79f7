"""The ears and the mouth: what an adapter is, and how one is found by its name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from bot.domain.mention import Mention, Unreadable
from bot.domain.reply import Ability, Sent

__all__ = [
    "Adapter",
    "Batch",
    "Platform",
    "Rechecks",
    "Setting",
    "Unreadable",
    "Waits",
    "installed",
    "make",
    "missing",
    "scope",
]

GROUP = "unanswered.adapters"


@dataclass(frozen=True, kw_only=True)
class Batch:
    """One page of news, oldest first, and where to go on.

    `cursor` is the adapter's own and opaque to everybody else. `more` says that another page waits
    right now. `gap` says, in a sentence, what the platform can no longer give us.
    """

    mentions: Sequence[Mention]
    cursor: str
    more: bool = False
    unreadable: Sequence[Unreadable] = ()
    gap: str = ""


class Adapter(Protocol):
    """One account on one platform.

    All methods may raise `TryLater` (a rate limit, an outage) and `LockedOut` (credentials). They
    are called from several threads, never wait longer than half a minute, and never repeat a call
    by themselves.
    """

    every: timedelta  # how often to ask for news

    @property
    def ability(self) -> Ability: ...

    def check(self) -> str:
        """Say in a few words as whom we are signed in; raise what `fetch` would raise."""

    def fetch(self, cursor: str | None) -> Batch:
        """All that is new after `cursor`, one page at a time; None begins with recent history.

        Repeating what was fetched before is welcome (an overlap finds what the platform showed
        late), leaving something out is not.
        """

    def length(self, text: str) -> int:
        """How long the platform finds this answer, in the unit of `ability`."""

    def reply(self, mention: Mention, text: str, *, key: str, again: bool) -> Sent:
        """Publish one answer.

        `again` says that an earlier attempt with the same key may have been published: look before
        repeating, and raise `Unsure` where looking can't tell. `Refused` is for good.
        """


@runtime_checkable
class Rechecks(Protocol):
    """An adapter whose platform tells what became of posts we know."""

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """Those that changed: edited ones as they are now, of deleted ones only the key."""


@runtime_checkable
class Waits(Protocol):
    """An adapter that can be woken by news; `fetch` stays the truth."""

    def wait(self, stop: Callable[[], bool]) -> bool:
        """Wait for news for at most five minutes, or until `stop()`; True when there is some."""


@dataclass(frozen=True)
class Setting:
    """One thing an adapter is told from the environment; `help` says where to get it."""

    name: str
    help: str
    required: bool = False
    default: str = ""
    secret: bool = False


class Platform(Protocol):
    """What an entry point in `unanswered.adapters` names: a class that makes adapters."""

    @property
    def settings(self) -> Sequence[Setting]: ...

    def __call__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> Adapter:
        """`settings` has a value for each of its settings; raise `ValueError` for a wrong one.

        `history` is how far back the very first `fetch` reads.
        """


def installed() -> Mapping[str, Callable[[], Platform]]:
    """Every adapter on this machine, by platform, not yet imported."""
    return {point.name: point.load for point in entry_points(group=GROUP)}


def scope(name: str, setting: str) -> str:
    """The variable that holds an account's setting.

    A platform's first account is called as the platform and uses plain names (EMAIL_ADDRESS);
    "email:press" has its own, with the account's name inside (EMAIL_PRESS_ADDRESS).
    """
    _, _, account = name.partition(":")
    head, _, rest = setting.partition("_")
    return f"{head}_{account.upper()}_{rest}" if account else setting


def missing(name: str, kind: Platform, environment: Mapping[str, str]) -> Iterable[str]:
    """A sentence for every required setting that the environment lacks."""
    for setting in kind.settings:
        variable = scope(name, setting.name)
        if setting.required and not environment.get(variable):
            yield f"{variable} is missing. {setting.help}"


def make(
    name: str,
    kind: Platform,
    environment: Mapping[str, str],
    now: Callable[[], datetime],
    history: timedelta,
) -> Adapter:
    """The adapter called `name`, set up from the environment."""
    values = {
        setting.name: environment.get(scope(name, setting.name)) or setting.default
        for setting in kind.settings
    }
    return kind(name, values, now, history)
