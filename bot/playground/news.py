"""Who wants to know that something changed, and the work that goes on meanwhile."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class News:
    """Lives in the server's loop; only `spread` and `begin_soon` may be called from elsewhere."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.listeners: set[asyncio.Event] = set()
        self.tasks: set[asyncio.Task[Any]] = set()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Event]:
        """An event that is set at every change; to be cleared before one looks."""
        news = asyncio.Event()
        self.listeners.add(news)
        try:
            yield news
        finally:
            self.listeners.discard(news)

    def spread(self) -> None:
        with suppress(RuntimeError):  # we just stopped
            self.loop.call_soon_threadsafe(self._tell)

    def begin(self, work: Coroutine[Any, Any, Any]) -> None:
        """Let it run beside everything else, until it is done or we stop."""
        task = self.loop.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def begin_soon(self, work: Coroutine[Any, Any, Any]) -> None:
        self.loop.call_soon_threadsafe(self.begin, work)

    async def end(self) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    def _tell(self) -> None:
        for news in self.listeners:
            news.set()
