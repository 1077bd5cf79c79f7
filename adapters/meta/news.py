"""What comes from Meta, asked for or brought: one by one, so that none keeps us from the others."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

from adapters import Forged, News, Unreadable
from adapters.readable import fingerprint
from adapters.signed import by_hmac, digest, same
from adapters.windows import is_second
from bot.domain.mention import Mention

RAW = 5000
Json = Mapping[str, Any]
Found = Iterator[Mention | str]  # of what is deleted, only the key


@dataclass
class Gathered:
    """What was understood, what is gone, and what nobody could read."""

    mentions: list[Mention] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    unreadable: list[Unreadable] = field(default_factory=list)

    def take(self, item: Any, read: Callable[[Any], Found]) -> None:
        try:
            found = list(read(item))
        except Exception as problem:
            self.spoiled(item, problem)
        else:
            self.mentions += [each for each in found if isinstance(each, Mention)]
            self.gone += [each for each in found if isinstance(each, str)]

    def spoiled(self, item: Any, problem: Exception) -> None:
        raw = json.dumps(item)
        known = item.get("id") if isinstance(item, dict) else None
        key = str(known or fingerprint(raw))[:200]
        self.unreadable.append(Unreadable(key=key, raw=raw[:RAW], problem=repr(problem)))

    def in_order(self) -> list[Mention]:
        return sorted(self.mentions, key=lambda mention: mention.posted_at)


class Hooks:
    """Webhooks as all of Meta's products bring them: batches of entries, signed by the app.

    https://developers.facebook.com/docs/graph-api/webhooks/getting-started
    """

    product: ClassVar[str]  # what their `object` is
    secret: str
    verify: str

    def handshake(self, query: Mapping[str, str]) -> str | None:
        if query.get("hub.mode") != "subscribe":
            return None
        if not self.verify or not same(query.get("hub.verify_token", ""), self.verify):
            raise Forged("The verify token of this handshake is not ours.")
        return query.get("hub.challenge", "")

    def vouch(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str:  # noqa: ARG002
        by_hmac(self.secret, body, headers.get("x-hub-signature-256", ""))
        return digest(body)

    def understand(self, body: bytes) -> News:
        told, news = json.loads(body), Gathered()
        if told["object"] != self.product:
            raise ValueError(f"It is about {told['object']!r}, not about {self.product!r}.")
        for entry in told["entry"]:
            for change in self._changes(entry):
                news.take(change, lambda change, entry=entry: self._changed(entry, change))  # type: ignore[misc]
        return News(mentions=news.in_order(), gone=news.gone, unreadable=news.unreadable)

    def _changes(self, entry: Json) -> Iterator[Any]:
        """What is told in one entry, piece by piece."""
        yield from entry.get("changes") or ()

    def _changed(self, entry: Json, change: Json) -> Found:
        """What one change says; any exception sets only this one aside."""
        raise NotImplementedError


def moment(said: Any) -> datetime:
    """Meta tells times in whole seconds, or as 2026-11-03T12:00:00+0000; ValueError for others."""
    if isinstance(said, str) and said.isdecimal():
        said = int(said)
    if is_second(said):
        return datetime.fromtimestamp(said, UTC)
    if not isinstance(said, str):
        raise ValueError(f"{said!r} is no time.")
    return datetime.fromisoformat(said).astimezone(UTC)


def second(item: Any, name: str) -> int | None:
    """The same in whole seconds; None where it can't be read."""
    try:
        return int(moment(item[name]).timestamp())
    except (ValueError, KeyError, TypeError, OverflowError):
        return None


def same_words(one: Any, other: str) -> bool:
    """Whether Meta made the one from the other: it trims."""
    return str(one or "").split() == other.split()
