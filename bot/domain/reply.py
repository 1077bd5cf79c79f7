"""Our answer to a customer: written, then sent."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.domain.mention import Mention, Origin

WRITING = timedelta(minutes=15)  # after the last key that somebody pressed, they write no more


@dataclass(frozen=True)
class Attachment:
    """A file that goes out with an answer; `type` is its MIME type."""

    name: str
    type: str
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Files:
    """Which files an answer may carry: how many, and how many bytes each and all together."""

    count: int
    size: int
    types: tuple[str, ...] = ()  # MIME types, or beginnings such as "image/"; none: any
    total: int | None = None  # None: as many as `count` of `size`

    def takes(self, type: str) -> bool:
        """Whether a file of this type may go."""
        return not self.types or any(
            type.startswith(known) if known.endswith("/") else type == known for known in self.types
        )


@dataclass(frozen=True, kw_only=True)
class Ability:
    """How an account can answer: what the reply form shows and enforces.

    `limit` is the longest answer by the platform's own measure, in `unit`; a longer one may become
    a thread of `parts` posts, each within the limit. `overwrites` says that there is one answer at
    most, and that another takes its place. `markup` is what it makes letters bold with, by name;
    where it is "", words appear as they are written.
    """

    speaks_as: str  # "@acme", "Acme Care <care@acme.example>"
    limit: int
    unit: str = "characters"
    parts: int = 1
    files: Files | None = None  # None: an answer carries none
    overwrites: bool = False
    markup: str = ""


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What the platform says of a published answer. `url` is None where it has no address."""

    key: str
    url: str | None = None


def follow(mention: Mention, sent: Sent) -> Mention:
    """The post that the next part of a long answer answers: our own, just published.

    `Sent` tells no time, so it bears that of the post it answers, which is never later.
    """
    return Mention(
        account=mention.account,
        key=sent.key,
        thread=mention.thread,
        parent=mention.key,
        customer=mention.customer,
        text="",
        posted_at=mention.posted_at,
        url=sent.url,
        subject=mention.subject,
        origin=Origin.OWN,
        public=mention.public,
        language=mention.language,
        extra=mention.extra,
    )


@dataclass(frozen=True, kw_only=True)
class Part:
    """One post of an answer; `sent_key` and `url` are the platform's, once it is published."""

    number: int
    text: str
    sent_key: str | None = None
    url: str | None = None
    sent_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. `mention` is the id of the one it answers; `key` is the form's own id.

    `text` is what its author wrote, `parts` are the posts that are published of it, with the
    signature. `sent_at` is when the last of them was.
    """

    key: str
    conversation: int
    mention: int
    author: str
    text: str
    written_at: datetime
    sent_at: datetime | None = None
    sent_key: str | None = None  # of the first part
    url: str | None = None
    refused: str | None = None  # why the platform would not have it, or a colleague
    promised_for: datetime | None = None  # when it says that the customer will hear more
    parts: tuple[Part, ...] = ()
    files: tuple[Mapping[str, Any], ...] = ()  # as Slack knows them: id, name, type, size
    approved_by: str | None = None
    approved_at: datetime | None = None
    corrected_at: datetime | None = None
    withdrawn_at: datetime | None = None
    withdrawn_by: str | None = None

    @property
    def posts(self) -> Sequence[Part]:
        """All that is to be published of it; one from before there were parts is its own."""
        return self.parts or (
            Part(
                number=0, text=self.text, sent_key=self.sent_key, url=self.url, sent_at=self.sent_at
            ),
        )

    @property
    def published(self) -> Sequence[Part]:
        return [part for part in self.posts if part.sent_at]

    @property
    def unpublished(self) -> str:
        """The words that nobody can read yet."""
        if not self.published:
            return self.text
        return "\n\n".join(part.text for part in self.posts if not part.sent_at)

    @property
    def as_published(self) -> str:
        """All of it as people read it there."""
        return "\n\n".join(part.text for part in self.posts)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """What somebody wrote and did not send; an empty text: their form is open.

    `at` is when they pressed a key last.
    """

    author: str
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Amendment:
    """What we change about an answer that is published: `what` is "correct" or "withdraw"."""

    key: str
    reply: str
    what: str
    author: str
    text: str
    at: datetime
    done_at: datetime | None = None
    refused: str | None = None

    @property
    def on_its_way(self) -> bool:
        return not (self.done_at or self.refused)
