"""The workspace on the network: its Web API, Socket Mode and page, on this machine only."""

import asyncio
import json
import os
import threading
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import Self

from aiohttp import web

from bot.playground.faults import Fault
from bot.playground.news import News
from bot.playground.routes import Routes
from bot.playground.sockets import Sockets
from bot.playground.things import Envelope
from bot.playground.workspace import Workspace

HOST = "127.0.0.1"
SAVE_SECONDS = 0.5


class Playground:
    """Serves one workspace from a thread of its own, and keeps it in a file if there is one."""

    news: News
    stopping: asyncio.Event

    def __init__(self, workspace: Workspace, port: int = 0, file: Path | None = None) -> None:
        self.workspace = workspace
        self.port = port
        self.file = file
        self.sockets = Sockets(workspace)
        self.ready: Future[None] = Future()
        self.thread = threading.Thread(target=self._run, name="playground", daemon=True)

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/"

    @property
    def api_url(self) -> str:
        return f"{self.url}api/"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Returns when it can be reached; raises what kept it from starting."""
        if self.file and self.file.exists():
            self.workspace.load(json.loads(self.file.read_text()))
        self.thread.start()
        self.ready.result()

    def stop(self) -> None:
        """Returns when everything is closed and saved."""
        if self.thread.is_alive():
            self.news.loop.call_soon_threadsafe(self.stopping.set)
            self.thread.join()

    def send(self, envelope: Envelope) -> Future[bool]:
        """Bring an envelope to the bot, from any thread; the result: whether it acked in time."""
        return asyncio.run_coroutine_threadsafe(self.sockets.deliver(envelope), self.news.loop)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as problem:
            if self.ready.done():
                raise
            self.ready.set_exception(problem)

    async def _serve(self) -> None:
        self.news, self.stopping = News(), asyncio.Event()
        app = Routes(self.workspace, self.sockets, self.news).app()
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        try:
            await self._listen(runner)
            await self._live()
        finally:
            await runner.cleanup()

    async def _listen(self, runner: web.AppRunner) -> None:
        await web.TCPSite(runner, HOST, self.port).start()
        self.port = runner.addresses[0][1]
        self.workspace.url = self.url

    async def _live(self) -> None:
        self.workspace.watchers.append(self.news.spread)
        self.workspace.faults.on_sockets.append(self._suffer)
        if self.file:
            self.news.begin(self._save_now_and_then(self.file))
        self.ready.set_result(None)
        await self.stopping.wait()
        self.workspace.watchers.remove(self.news.spread)
        self.workspace.faults.on_sockets.remove(self._suffer)
        await self.news.end()
        if self.file:
            save(self.workspace, self.file)

    def _suffer(self, fault: Fault) -> None:
        self.news.begin_soon(self.sockets.suffer(fault))

    async def _save_now_and_then(self, file: Path) -> None:
        with self.news.listen() as news:
            while await news.wait():
                await asyncio.sleep(SAVE_SECONDS)
                news.clear()
                save(self.workspace, file)


def save(workspace: Workspace, file: Path) -> None:
    """All or nothing: a crash in between leaves what was there before."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.draft")
    draft.write_text(json.dumps(workspace.dump()))
    os.replace(draft, file)
