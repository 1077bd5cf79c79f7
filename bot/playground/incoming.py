"""How the playground reads what comes in, from whom it takes it, and how it hangs up."""

from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from aiohttp import web

from bot.playground.sockets import reset
from bot.playground.things import Json, Refusal

OUR_NAMES = {"127.0.0.1", "localhost", "::1"}
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def only_from_here(request: web.Request, handler: Handler) -> web.StreamResponse:
    """No other site may speak to us through somebody's browser, whatever name it gives us."""
    if urlsplit(f"//{request.host}").hostname not in OUR_NAMES:
        return web.Response(status=403, text="This is served to this machine only.")
    origin = request.headers.get("Origin", f"http://{request.host}")
    if origin != f"http://{request.host}":
        return web.Response(status=403, text="This is not for other sites.")
    return await handler(request)


async def arguments(request: web.Request) -> Json:
    """From the address, and from a form or JSON, as all of Slack's clients send them."""
    if request.content_type == "application/json":
        return {**request.query, **await json_object(request)}
    return {**request.query, **await request.post()}


async def json_object(request: web.Request) -> Json:
    try:
        body = await request.json() if request.body_exists else {}
    except ValueError:
        raise Refusal("invalid_json") from None
    if not isinstance(body, dict):
        raise Refusal("json_not_object")
    return body


def bearer(request: web.Request) -> str:
    return request.headers.get("Authorization", "").removeprefix("Bearer ").strip()


def hang_up(request: web.Request, how: str) -> None:
    """End the connection without an answer: `reset` it, or close it with a goodbye."""
    if how == "reset":
        reset(request.transport)
    elif request.transport:
        request.transport.close()


def refused(why: str, status: int = 200) -> web.Response:
    return web.json_response({"ok": False, "error": why}, status=status)
