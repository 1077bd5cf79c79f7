"""The door: webhooks of platforms come in here, and are kept as they came before 200 is answered.

A process of its own, `python -m bot web`: without it, what can be asked for is heard all the same.
What a webhook says, a worker reads from the inbox.
"""

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from uuid import uuid4

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from adapters import Adapter, Forged, Receives
from storage import inbox, workers
from storage.database import Database, Unavailable, glancing

log = structlog.get_logger()

LARGEST = 2_000_000  # bytes of a webhook
AT_ONCE = 64  # webhooks; who brings more is asked to come again
PATIENCE = 10.0  # seconds, for all of one of them: platforms give up soon after
SOON = {"Retry-After": "30"}
HERE = 15.0  # seconds between two signs that this process lives
PATH = "/hooks/{account}"


def _is_ours(record: logging.LogRecord) -> bool:
    """What is no HTTP is answered 400, and is no error of ours; its headers may be secrets."""
    return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


logging.getLogger("aiohttp.server").addFilter(_is_ours)


class Door:
    """Lets in what is signed; `adapters` by the names of their accounts."""

    def __init__(
        self, database: Database, adapters: Mapping[str, Adapter], now: Callable[[], datetime]
    ) -> None:
        self.database, self.now = database, now
        self.adapters = {
            name: adapter for name, adapter in adapters.items() if isinstance(adapter, Receives)
        }
        self.inside = 0
        self.name = f"{workers.DOOR}{uuid4().hex[:8]}"

    async def be_there(self) -> None:
        """Say again and again that somebody is at the door: a worker tells when nobody is."""
        while True:
            try:
                await asyncio.to_thread(self._here)
            except Exception as problem:
                log.warning("database.unavailable", why=type(problem).__name__)
            await asyncio.sleep(HERE)

    async def leave(self) -> None:
        with suppress(*Unavailable):
            await asyncio.to_thread(self._gone)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=LARGEST, middlewares=[self._in_time])
        app.router.add_get(PATH, self.greet)
        app.router.add_post(PATH, self.take_in)
        app.router.add_get("/health", self.health)
        return app

    async def greet(self, request: web.Request) -> web.Response:
        """A platform asks whether this address is ours."""
        adapter = self._adapter(request)
        try:
            answer = adapter.handshake(dict(request.query))
        except Forged as problem:
            return self._turned_away(request, problem)
        if answer is None:
            return _said(405, "Bring webhooks here by POST.", {"Allow": "POST"})
        return _said(200, answer)

    async def take_in(self, request: web.Request) -> web.Response:
        """One webhook. Only what is kept is answered by 200."""
        adapter, name = self._adapter(request), request.match_info["account"]
        body = await request.read()
        headers = {key.lower(): value for key, value in request.headers.items()}
        try:
            key = adapter.vouch(headers, dict(request.query), body)
        except Forged as problem:
            return self._turned_away(request, problem)
        except Exception:
            log.exception("webhook.refused", account=name)
            return _said(400, "This can't be understood.")
        new = await asyncio.to_thread(self._keep, name, key, body)
        log.info("webhook.kept" if new else "webhook.known", account=name, bytes=len(body))
        return _said(200, "")

    async def health(self, _: web.Request) -> web.Response:
        """Whether webhooks can be kept."""
        await asyncio.to_thread(self._look)
        return _said(200, "The door is open.")

    def _adapter(self, request: web.Request) -> Receives:
        adapter = self.adapters.get(request.match_info["account"])
        if adapter is None:
            raise web.HTTPNotFound(text="No account of this name takes webhooks.")
        return adapter

    def _turned_away(self, request: web.Request, why: Forged) -> web.Response:
        log.warning("webhook.forged", account=request.match_info["account"], why=str(why))
        return _said(401, str(why))

    def _keep(self, account: str, key: str, body: bytes) -> bool:
        with self.database.begin() as db:
            return inbox.keep(db, account, key, body, self.now())

    def _here(self) -> None:
        with self.database.begin() as db:
            workers.here(db, self.name, self.now())

    def _gone(self) -> None:
        with self.database.begin() as db:
            workers.gone(db, self.name)

    def _look(self) -> None:
        with glancing(self.database) as db:
            inbox.waits(db, "")

    @web.middleware
    async def _in_time(
        self, request: web.Request, handler: Callable[[web.Request], object]
    ) -> web.StreamResponse:
        """Whoever can't be served now is asked to come again, and nobody is kept waiting."""
        if self.inside >= AT_ONCE:
            return _said(503, "Too many at once. Come again soon.", SOON)
        self.inside += 1
        try:
            async with asyncio.timeout(PATIENCE):
                return await handler(request)  # type: ignore[misc, no-any-return]
        except Unavailable as problem:
            log.warning("database.unavailable", why=type(problem).__name__)
            return _said(503, "The database can't be used. Come again soon.", SOON)
        except TimeoutError:
            return _said(503, "It took too long. Come again soon.", SOON)
        finally:
            self.inside -= 1


def _said(status: int, text: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.Response(status=status, text=text, headers=headers)


def serve(door: Door, host: str, port: int) -> None:
    """Until this process is told to stop; what is half inside is let in first.

    OSError where nothing can listen there.
    """
    asyncio.run(_serve(door, host, port))


async def _serve(door: Door, host: str, port: int) -> None:
    runner = web.AppRunner(door.app(), access_log=None, shutdown_timeout=PATIENCE)
    await runner.setup()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    site = web.TCPSite(runner, host, port)
    try:
        await site.start()
        log.info("web.opened", port=runner.addresses[0][1], accounts=sorted(door.adapters))
        there = asyncio.create_task(door.be_there())
        await stopped.wait()
        there.cancel()
        await site.stop()
        await _left(door)
        await door.leave()
    finally:
        await runner.cleanup()


async def _left(door: Door) -> None:
    """Wait for whoever is inside: a server that cleans up reads nothing of theirs any more."""
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE):
            while door.inside:
                await asyncio.sleep(0.05)
