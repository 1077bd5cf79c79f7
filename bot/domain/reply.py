"""Our answer to a customer: written, then sent."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Ability:
    """How an account can answer: what the reply form shows and enforces.

    `limit` is the longest answer by the platform's own measure, in `unit`.
    """

    speaks_as: str  # "@acme", "Acme Care <care@acme.example>"
    limit: int
    unit: str = "characters"


@dataclass(frozen=True, kw_only=True)
class Sent:
    """What the platform says of a published answer. `url` is None where it has no address."""

    key: str
    url: str | None = None


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One answer. `mention` is the id of the one it answers; `key` is the form's own id."""

    key: str
    conversation: int
    mention: int
    author: str
    text: str
    written_at: datetime
    sent_at: datetime | None = None
    sent_key: str | None = None
    url: str | None = None
    refused: str | None = None  # why the platform would not have it
    promised_for: datetime | None = None  # when it says that the customer will hear more
