"""A platform that only brings its news, read as if it were asked: what was brought is the list."""

import json
from collections.abc import Callable, Sequence
from typing import Any

from adapters import Adapter, Batch, News, Receives

PAGE = 100  # webhooks


class Pushed:
    """Its `fetch` is that of the adapter, and all that `brought` has since the cursor.

    Each is a body and its headers; the cursor counts them. As many as `old` says came so long ago
    that nobody would bring them on a first day.
    """

    def __init__(
        self,
        adapter: Adapter,
        brought: Callable[[], Sequence[tuple[bytes, dict[str, str]]]],
        old: Callable[[], int],
    ) -> None:
        self.pushing, self.brought, self.old = adapter, brought, old

    def __getattr__(self, name: str) -> Any:
        return getattr(self.pushing, name)

    def fetch(self, cursor: str | None) -> Batch:
        seen, theirs = (self.old(), None) if cursor is None else _read(cursor)
        asked = self.pushing.fetch(theirs)
        news = [self._understood(*each) for each in self.brought()[seen : seen + PAGE]]
        mentions = [*asked.mentions, *(m for each in news for m in each.mentions)]
        after = seen + len(news)
        return Batch(
            mentions=sorted(mentions, key=lambda mention: mention.posted_at),
            unreadable=[*asked.unreadable, *(u for each in news for u in each.unreadable)],
            cursor=json.dumps([after, asked.cursor]),
            more=asked.more or after < len(self.brought()),
            gap=asked.gap,
        )

    def _understood(self, body: bytes, headers: dict[str, str]) -> News:
        assert isinstance(self.pushing, Receives)
        assert self.pushing.vouch(headers, {}, body)
        return self.pushing.understand(body)


def _read(cursor: str) -> tuple[int, str | None]:
    """How many are known, and the adapter's own cursor: a damaged one is given on as it is."""
    try:
        seen, theirs = json.loads(cursor)
        return int(seen), theirs
    except (ValueError, TypeError):
        return 0, cursor
