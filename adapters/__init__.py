"""The ears and the mouth: what an adapter is, and how one is found by its name."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import entry_points
from typing import Protocol, runtime_checkable

from bot.domain.delivery import Refused
from bot.domain.mention import Mention, Unreadable
from bot.domain.reply import Ability, Attachment, Files, Sent

__all__ = [
    "Adapter",
    "Batch",
    "Brings",
    "Corrects",
    "Finds",
    "Forged",
    "News",
    "Platform",
    "Receives",
    "Rechecks",
    "Setting",
    "Unreadable",
    "Waits",
    "Withdraws",
    "admit",
    "divided",
    "installed",
    "lost_our_place",
    "make",
    "missing",
    "scope",
    "seconds",
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


@dataclass(frozen=True, kw_only=True)
class News:
    """What one webhook brought; of a deleted post that we may know, only the key.

    `wake` says that there is something to be asked for: `fetch` is the truth.
    """

    mentions: Sequence[Mention] = ()
    gone: Sequence[str] = ()
    unreadable: Sequence[Unreadable] = ()
    wake: bool = False


class Forged(Exception):
    """Nobody can have sent this webhook but a stranger, or somebody long ago; says why."""


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

        So does one that is damaged, and `gap` says so.

        Repeating what was fetched before is welcome (an overlap finds what the platform showed
        late), leaving something out is not.
        """

    def length(self, text: str) -> int:
        """How long the platform finds this answer, in the unit of `ability`."""

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Publish one answer, with its files; a further part of it goes to `follow` of the last.

        `again` says that an earlier attempt with the same key may have been published: look before
        repeating, and raise `Unsure` where looking can't tell. `Refused` is for good, and comes
        before any call for what `ability` does not allow.
        """


@runtime_checkable
class Rechecks(Protocol):
    """An adapter whose platform tells what became of posts we know."""

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """Those that changed: edited ones as they are now, of deleted ones only the key."""


@runtime_checkable
class Corrects(Protocol):
    """An adapter whose platform lets us change the words of an answer; its files stay."""

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:
        """Give our answer `sent`, which answers `mention`, other words; says what it is now.

        Raises `TryLater`, `LockedOut`, and `Refused` for good: too long, too late, gone. `again`
        says that an earlier attempt may have worked: look before repeating, or raise `Unsure`.
        """


@runtime_checkable
class Withdraws(Protocol):
    """An adapter whose platform lets us take back an answer."""

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:
        """Take back our answer `sent`, which answers `mention`: afterwards nobody sees it.

        What is gone already is fine, so repeating is safe. Raises `TryLater`, `LockedOut`, and
        `Refused` for good: the platform does not let us; `Unsure` where `again` can't be told.
        """


@runtime_checkable
class Finds(Protocol):
    """An adapter that knows a post of the brand's own by its address."""

    def find(self, url: str) -> Mention | None:
        """The brand's own post that is there, with the platform's time and its `parent`.

        None: no address of this platform, not ours, or not there. Raises `TryLater`, `LockedOut`.
        """


@runtime_checkable
class Brings(Protocol):
    """An adapter whose platform sends pictures inside a message, without an address on the web.

    Their names in `Mention.media` begin with `INSIDE`, and no two pictures have the same.
    """

    def bring(self, mention: Mention, name: str, *, most: int) -> bytes:
        """The picture that `mention.media` calls so, asked for again where the message lies.

        Raises `TryLater`, `LockedOut`, and `Refused` for good: gone, no picture, unreadable, or
        more than `most` bytes, which is found out before they are taken.
        """


@runtime_checkable
class Waits(Protocol):
    """An adapter that can be woken by news; `fetch` stays the truth."""

    def wait(self, stop: Callable[[], bool]) -> bool:
        """Wait for news for at most five minutes, or until `stop()`; True when there is some."""


@runtime_checkable
class Receives(Protocol):
    """An adapter whose platform brings news to an address of ours: a webhook.

    It is kept as it came before anybody is answered, so none of this may need the network.
    """

    def handshake(self, query: Mapping[str, str]) -> str | None:
        """The answer to a platform that asks whether the address is ours; None: it does not.

        Raises `Forged` where it does not know our secret.
        """

    def vouch(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str:
        """Raise `Forged` unless its signature and its time are right; `headers` are in lower case.

        Returns its idempotency key: the same when it is brought again.
        """

    def understand(self, body: bytes) -> News:
        """What it says. An exception sets all of it aside, so each item is caught on its own."""


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


def lost_our_place(history: timedelta) -> str:
    """The gap to tell of when a cursor is damaged: all that is recent is read once more."""
    return (
        f"The note of how far it was read is damaged, so the last {history.days} days are read"
        " again. What is older and was not read yet is missing: look there yourself."
    )


def admit(files: Sequence[Attachment], ability: Ability, where: str) -> None:
    """Refuse, in a sentence and before any call, files that an answer there can't carry."""
    if files and ability.files is None:
        raise Refused(f"{where} takes no files with an answer.")
    if ability.files and (problem := next(_objections(files, ability.files, where), "")):
        raise Refused(problem)


def _objections(files: Sequence[Attachment], allowed: Files, where: str) -> Iterator[str]:
    if len(files) > allowed.count:
        yield f"{where} takes at most {allowed.count} with an answer; these are {len(files)} files."
    for file in files:
        if not allowed.takes(file.type):
            yield f"{where} does not take {file.name}: it is {file.type}."
        if not file.content:
            yield f"{file.name} is empty."
        if len(file.content) > allowed.size:
            yield f"{file.name} is too large: {where} takes {_megabytes(allowed.size)} a file."
    if allowed.total is not None and sum(len(file.content) for file in files) > allowed.total:
        yield f"The files are too large: {where} takes {_megabytes(allowed.total)} with an answer."


def _megabytes(bytes: int) -> str:
    return f"{bytes / 1_000_000:g} MB"


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


def divided(text: str) -> list[str]:
    """Names between commas, each once; without quotation marks, which would end a search for it."""
    names = (name.replace('"', "").strip() for name in text.split(","))
    return list(dict.fromkeys(filter(None, names)))


def seconds(name: str, settings: Mapping[str, str], setting: str) -> timedelta:
    """A setting that says how often to ask, in seconds from ten on; ValueError for another."""
    text = settings[setting]
    if not text.isdecimal() or not 10 <= int(text) <= 86_400:
        raise ValueError(f"{scope(name, setting)} must be a number of seconds, 10 or more.")
    return timedelta(seconds=int(text))


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
