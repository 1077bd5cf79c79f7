"""Platforms that bring their news: what they bring goes through the real door, and is read here.

The contract asks `fetch` for news. An adapter that takes webhooks has none to give: the door keeps
what comes, and the worker reads it. `Pushed` is both, seen as one adapter; its cursor is how far
the inbox has been read.
"""

import asyncio
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import requests
from aiohttp import web
from sqlalchemy import select

from adapters import Adapter, Batch, News, Receives, Unreadable, lost_our_place
from bot.domain.mention import Mention
from bot.door import Door
from storage.database import Database, connect, reading
from storage.tables import inbox, metadata

PAGE = 50  # webhooks


@contextmanager
def opened(door: Door) -> Iterator[str]:
    """Its address, as long as it is open."""
    loop, ready, stopped = asyncio.new_event_loop(), threading.Event(), asyncio.Event()
    ports: list[int] = []

    async def serve() -> None:
        runner = web.AppRunner(door.app(), access_log=None)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        ports.append(runner.addresses[0][1])
        ready.set()
        await stopped.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()))
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{ports[0]}"
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join()
        loop.close()


class Front:
    """A door on this machine for one adapter, with an inbox behind it."""

    def __init__(self, adapter: Adapter, name: str, now: Callable[[], datetime]) -> None:
        self.name, self.now = name, now
        self._folder = TemporaryDirectory()
        self.database: Database = connect(f"sqlite:///{Path(self._folder.name) / 'inbox.db'}")
        metadata.create_all(self.database, tables=[inbox])
        self._opened = opened(Door(self.database, {name: adapter}, now))
        self._session = requests.Session()

    def __enter__(self) -> "Front":
        self.url = f"{self._opened.__enter__()}/hooks/{self.name}"
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()
        self._opened.__exit__(None, None, None)
        self.database.dispose()
        self._folder.cleanup()

    def bring(self, body: bytes, headers: Mapping[str, str], **query: str) -> int:
        """As the platform does; returns the status."""
        given = {"Content-Type": "application/json", **headers}
        answer = self._session.post(self.url, body, headers=given, params=query, timeout=20)
        return answer.status_code

    def kept(self, after: int, since: datetime) -> list[tuple[int, bytes]]:
        """The next of what was brought since then, by number."""
        i = inbox.c
        next_ones = select(i.id, i.body).where(i.id > after, i.at >= since).order_by(i.id)
        with reading(self.database) as db:
            return [(row.id, row.body) for row in db.execute(next_ones.limit(PAGE))]


class Pushed:
    """An adapter that takes webhooks, as the contract test sees it; all else is the adapter's own.

    `history` ago is where the very first reading begins: what came before, somebody has read.
    """

    def __init__(
        self, adapter: Adapter, front: Front, now: Callable[[], datetime], history: timedelta
    ) -> None:
        self.adapter, self.front, self.now, self.history = adapter, front, now, history

    def __getattr__(self, name: str) -> Any:
        return getattr(self.adapter, name)

    def fetch(self, cursor: str | None) -> Batch:
        asked = self.adapter.fetch(cursor)  # locked out, it says so
        known = bool(cursor and cursor.isdecimal())
        after = int(cursor) if cursor and known else 0
        since = self.now() - (timedelta(days=365) if known else self.history)
        kept = self.front.kept(after, since)
        news = [self._understood(number, body) for number, body in kept]
        return Batch(
            mentions=[*asked.mentions, *_sorted(m for each in news for m in each.mentions)],
            unreadable=[item for each in news for item in each.unreadable],
            cursor=str(max([after, *(number for number, _ in kept)])),
            more=len(kept) == PAGE,
            gap="" if known or cursor is None else lost_our_place(self.history),
        )

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """The keys of what was brought as deleted."""
        kept = self.front.kept(0, self.now() - timedelta(days=365))
        gone = {key for number, body in kept for key in self._understood(number, body).gone}
        return [key for key in keys if key in gone]

    def _understood(self, number: int, body: bytes) -> News:
        assert isinstance(self.adapter, Receives)
        try:
            return self.adapter.understand(body)
        except Exception as problem:  # as the intake does
            raw = body.decode(errors="replace")
            item = Unreadable(key=str(number), raw=raw, problem=repr(problem))
            return News(unreadable=[item])


def _sorted(mentions: Iterable[Mention]) -> list[Mention]:
    return sorted(mentions, key=lambda mention: mention.posted_at)
