"""What a customer said in public, and who they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar
from unicodedata import normalize

from bot.domain.address import address
from bot.domain.forgotten import hidden
from bot.domain.frozen import replace

T = TypeVar("T")

INSIDE = "mid:"  # how the name of a picture begins that lies in its message (after RFC 2392)
QUOTES_US = "quotes_us"
STARS = range(1, 6)
OVER = "The time in which its platform lets anybody answer is over."


class Kind(StrEnum):
    """What a mention is about; a first guess, which people correct."""

    COMPLAINT = "complaint"
    QUESTION = "question"
    PRAISE = "praise"
    OTHER = "other"


class Origin(StrEnum):
    """Who wrote a mention. Only what customers write starts a clock."""

    CUSTOMER = "customer"
    OWN = "own"  # the brand itself, from here or from elsewhere
    AUTOMATED = "automated"  # out of office, bounces, newsletters
    REPOST = "repost"  # someone else's words, passed on


@dataclass(frozen=True, kw_only=True)
class Customer:
    """A person as one platform knows them; `key` stays when the handle changes.

    What the platform tells of them for free is a snapshot of their public profile; None is what it
    does not tell. It is shown, and never decides whether somebody is answered.
    """

    platform: str
    key: str
    handle: str
    name: str = ""
    url: str | None = None
    followers: int | None = None
    verified: bool | None = None
    since: datetime | None = None  # when they joined the platform
    place: str | None = None  # where they say they are
    speaks: str | None = None  # the language of their profile (BCP 47)
    website: str | None = None
    seen_at: datetime | None = field(default=None, compare=False)  # when all this was so


@dataclass(frozen=True, kw_only=True)
class Mention:
    """One public post that names the brand.

    `account` is the adapter's name as in ADAPTERS, such as "twitter" or "email:press"; `key` is the
    platform's id, the same through all edits; `revision` differs when the words do. `posted_at` is
    the platform's time, never ours; ValueError without an offset. `extra` is whatever the adapter
    needs to answer it, as JSON; `QUOTES_US` in it says that it quotes a post of ours.
    """

    account: str
    key: str
    thread: str
    customer: Customer
    text: str
    posted_at: datetime
    parent: str | None = None  # the key of the post it answers
    url: str | None = None
    subject: str = ""
    revision: str = ""
    origin: Origin = Origin.CUSTOMER
    public: bool = True
    deleted: bool = False
    no_reply: str = ""  # why it can't be answered from here, in a sentence; "": it can
    reply_by: datetime | None = None  # after which the platform lets nobody answer it
    rating: int | None = None  # stars, from one to five
    media: tuple[str, ...] = ()  # links; `INSIDE` begins what only its adapter can bring
    language: str | None = None  # as the platform says it (BCP 47)
    extra: Mapping[str, Any] = field(default_factory=dict, compare=False)
    heard_at: datetime | None = field(default=None, compare=False)  # when we stored it
    id: int | None = field(default=None, compare=False)  # ours, once it is stored

    def __post_init__(self) -> None:
        for name in ("account", "key", "thread", "text"):
            if not isinstance(getattr(self, name), str):
                raise ValueError(f"Its {name} is no text.")
        if not self.key:
            raise ValueError("It has no id.")
        if self.posted_at.tzinfo is None:
            raise ValueError(f"{self.posted_at} has no offset, so nobody knows when it was.")
        if self.reply_by and self.reply_by.tzinfo is None:
            raise ValueError(f"{self.reply_by} has no offset, so nobody knows when it will be.")
        if self.rating is not None and self.rating not in STARS:
            raise ValueError(f"{self.rating} stars can't be.")

    @property
    def quotes_us(self) -> bool:
        return bool(self.extra.get(QUOTES_US))

    @property
    def address(self) -> str | None:
        """Where it is, as every source of it would say, and so that nobody can read it."""
        where = address(self.url)
        return hidden("", where) if where else None

    def unanswerable(self, now: datetime) -> str:
        """Why it can't be answered from here (any more), in a sentence; "": it can."""
        return self.no_reply or (OVER if self.reply_by and now >= self.reply_by else "")

    @property
    def platform(self) -> str:
        return self.account.partition(":")[0]

    def storable(self) -> "Mention":
        """The same, without what a database refuses to keep, and its words as they are searched."""
        who, media, kept = (
            _storable(self.customer),
            tuple(map(storable, self.media)),
            _storable(self),
        )
        return replace(kept, customer=who, media=media, text=composed(kept.text))


@dataclass(frozen=True, kw_only=True)
class Unreadable:
    """An item we could not make sense of: kept as it came, with what was wrong."""

    key: str
    raw: str
    problem: str

    def storable(self) -> "Unreadable":
        """The same, without what a database refuses to keep."""
        return _storable(self)


def _storable(thing: T) -> T:
    """With each of its texts made storable."""
    texts = {name: text for name, text in vars(thing).items() if type(text) is str}
    mended = {name: storable(text) for name, text in texts.items()}
    return replace(thing, **mended) if mended != texts else thing


def composed(text: str) -> str:
    """In one of the two ways in which Unicode writes é (NFC), so that it is found in either."""
    return text if text.isascii() else normalize("NFC", text)


def storable(text: str) -> str:
    """Without NUL and lone surrogates, which no database keeps: each becomes U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        text = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text.replace("\0", "\ufffd")
