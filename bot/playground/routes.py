"""What the playground answers over HTTP: Slack's Web API, the page, and trouble on demand."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from aiohttp import web

from bot.playground import files, page
from bot.playground.incoming import (
    arguments,
    bearer,
    hang_up,
    json_object,
    only_from_here,
    refused,
)
from bot.playground.news import News
from bot.playground.sockets import Sockets
from bot.playground.things import File, Impossible, Refusal
from bot.playground.workspace import Workspace

PAGE = Path(__file__).with_name("page.html")
BODY_LIMIT = 32 * 1024 * 1024
SHOW_SECONDS, SILENCE_SECONDS = 0.05, 15.0


class Routes:
    def __init__(self, workspace: Workspace, sockets: Sockets, news: News) -> None:
        self.workspace = workspace
        self.sockets = sockets
        self.news = news

    def app(self) -> web.Application:
        app = web.Application(middlewares=[only_from_here], client_max_size=BODY_LIMIT)
        app.add_routes(
            [
                web.get("/", self.show_page),
                web.route("*", "/api/{method}", self.call),
                web.post("/response/{id}", self.respond),
                web.get("/link/", self.sockets.serve),
                web.get("/page/events", self.show),
                web.post("/page/suggest", self.suggest),
                web.post("/page/upload", self.bring),
                web.get("/page/file/{id}", self.show_file),
                web.post("/page/{deed}", self.do),
                web.post("/upload/{id}", self.upload),
                web.get("/files-pri/{place}/{name:.+}", self.download),
                web.get("/signin", self.door),
                web.post("/playground/fault", self.fault),
                web.post("/playground/clear", self.clear),
            ]
        )
        return app

    async def call(self, request: web.Request) -> web.StreamResponse:
        """One call of the Web API, with everything that goes wrong on the way back."""
        try:
            params = await arguments(request)
        except Refusal as refusal:
            return web.json_response(refusal.body)
        token = bearer(request) or str(params.pop("token", ""))
        answer = self.workspace.call(request.match_info["method"], params, token)
        await asyncio.sleep(answer.delay)
        if answer.lost:
            hang_up(request, answer.lost)
        return web.json_response(answer.body, status=answer.status, headers=answer.headers)

    async def respond(self, request: web.Request) -> web.Response:
        try:
            self.workspace.respond(request.match_info["id"], await json_object(request))
        except Refusal as refusal:
            return web.json_response(refusal.body, status=404)
        return web.Response(text="ok")

    async def show_page(self, _request: web.Request) -> web.Response:
        """Read anew each time, so that whoever works on it need not restart."""
        if not PAGE.exists():
            return web.Response(status=404, text="There is no page yet.")
        headers = {"Cache-Control": "no-store", "X-Frame-Options": "DENY"}
        return web.Response(text=PAGE.read_text(), content_type="text/html", headers=headers)

    async def show(self, request: web.Request) -> web.StreamResponse:
        """The person's screen, again and again as it changes."""
        person = request.query.get("person", "")
        if person not in self.workspace.people:
            return web.Response(status=404, text="There is no such person.")
        headers = {"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        stream = web.StreamResponse(headers=headers)
        await stream.prepare(request)
        with suppress(ConnectionError):  # the page was closed
            await self._tell(stream, person)
        return stream

    async def do(self, request: web.Request) -> web.Response:
        """What a person does on the page; what the bot makes of it is seen later."""
        deed = page.DEEDS.get(request.match_info["deed"])
        if deed is None:
            return refused("That can't be done here.", status=404)
        try:
            envelope = deed(self.workspace, await json_object(request))
        except KeyError as missing:
            return refused(f"This is missing: {missing.args[0]}.")
        except (Impossible, Refusal) as problem:
            return refused(str(problem))
        if envelope:
            self.news.begin(self.sockets.deliver(envelope))
        return web.json_response({"ok": True})

    async def suggest(self, request: web.Request) -> web.Response:
        """What a select offers for what was typed: the page waits until the bot has said it."""
        try:
            envelope = page.suggest(self.workspace, await json_object(request))
        except KeyError as missing:
            return refused(f"This is missing: {missing.args[0]}.")
        except (Impossible, Refusal) as problem:
            return refused(str(problem))
        if not await self.sockets.deliver(envelope):
            return refused("The options could not be loaded.")
        return web.json_response({"ok": True} | self.workspace.offered(envelope))

    async def bring(self, request: web.Request) -> web.Response:
        """A file that a person chose in a form, one at a time."""
        try:
            brought = _brought(self.workspace, await request.post())
        except (Impossible, ValueError) as problem:
            return refused(str(problem))
        told = {"id": brought.id, "name": brought.name, "size": brought.size}
        return web.json_response({"ok": True, "file": told})

    async def upload(self, request: web.Request) -> web.Response:
        """Where files.getUploadURLExternal sends the bot: bare bytes, or one part of a form."""
        try:
            content = await _content(request)
            self.workspace.receive(request.match_info["id"], content)
        except Refusal as refusal:
            return web.Response(status=400, text=str(refusal))
        return web.Response(text=f"OK - {len(content)}")

    async def download(self, request: web.Request) -> web.Response:
        id = request.match_info["place"].partition("-")[2]
        file = self.workspace.read(id, bearer(request))
        if file is None:  # Slack never says no here: it asks to sign in
            return web.Response(status=302, headers={"Location": f"/signin?redir={request.path}"})
        return _served(file)

    async def door(self, _request: web.Request) -> web.Response:
        return web.Response(text="<!doctype html><title>Sign in</title>", content_type="text/html")

    async def show_file(self, request: web.Request) -> web.Response:
        """To the page, which knows no tokens."""
        file = self.workspace.files.get(request.match_info["id"])
        if file is None or file.stage in ("announced", "deleted"):
            return web.Response(status=404, text="There is no such file.")
        return _served(file)

    async def fault(self, request: web.Request) -> web.Response:
        try:
            self.workspace.faults.add(**await json_object(request))
        except (TypeError, ValueError, Refusal) as problem:
            return refused(str(problem), status=400)
        return web.json_response({"ok": True})

    async def clear(self, _request: web.Request) -> web.Response:
        self.workspace.faults.clear()
        return web.json_response({"ok": True})

    async def _tell(self, stream: web.StreamResponse, person: str) -> None:
        with self.news.listen() as news:
            while True:
                news.clear()
                screen = page.snapshot(self.workspace, person, len(self.sockets.links))
                await stream.write(f"data: {json.dumps(screen)}\n\n".encode())
                while not await _happened(news):
                    await stream.write(b": still here\n\n")
                await asyncio.sleep(SHOW_SECONDS)


def _brought(workspace: Workspace, sent: Mapping[str, Any]) -> File:
    chosen = sent.get("file")
    if not isinstance(chosen, web.FileField):
        raise Impossible("There is no file in it.")
    return workspace.upload(str(sent.get("person")), chosen.filename, chosen.file.read())


async def _content(request: web.Request) -> bytes:
    if not request.content_type.startswith("multipart/"):
        return await request.read()
    parts = (await request.post()).values()
    return next((part.file.read() for part in parts if isinstance(part, web.FileField)), b"")


def _served(file: File) -> web.Response:
    """Whatever it is, it runs nothing and is shown as nothing but what it is."""
    shown = "inline" if file.mimetype.startswith("image/") else "attachment"
    headers = {
        "Content-Disposition": shown,
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    return web.Response(body=files.content(file), content_type=file.mimetype, headers=headers)


async def _happened(news: asyncio.Event) -> bool:
    try:
        return await asyncio.wait_for(news.wait(), SILENCE_SECONDS)
    except TimeoutError:
        return False
