"""What the library asks a Bluesky server through, and what the server's errors mean."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import requests
import urllib3
from atproto_client.request import RequestBase, Response  # type: ignore[import-untyped]

from adapters import web
from bot.domain.delivery import TryLater

OVER = ("ExpiredToken", "InvalidToken")  # a session that is no more


class Declined(Exception):
    """The server understood what we asked and said no: the name of its `error`, and its words.

    `barred` says that it is us whom it does not let in. Without a name it was no PDS that said it.
    """

    def __init__(self, error: str, why: str, *, barred: bool = False) -> None:
        super().__init__(why or error)
        self.error, self.why, self.barred = error, why or error, barred


class SessionOver(Exception):
    """A session is not accepted any more: it is too old, or its app password was revoked."""


class Wire(RequestBase):  # type: ignore[misc]
    """The library's connection, led over ours; nothing is followed, nothing repeated.

    Raises `TryLater`, `Declined` and `SessionOver`. No server elsewhere sends us to this machine.
    """

    def __init__(self, line: web.Line, address: str, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.line, self.local, self.now = line, web.local(address), now

    def get(self, url: str, **how: Any) -> Response:
        return self._asked("GET", url, **how)

    def post(self, url: str, **how: Any) -> Response:
        return self._asked("POST", url, **how)

    def _asked(self, method: str, url: str, **how: Any) -> Response:
        if web.local(url) and not self.local:
            raise Declined("", "it sends us to this very machine.")
        body = how.get("content")
        asked = {
            "headers": self.get_headers(how.get("headers")),
            "params": how.get("params"),
            "data": body.encode() if isinstance(body, str) else body,
        }
        try:
            answer = self.line.request(method, url, **asked)
        except (OSError, urllib3.exceptions.HTTPError, ValueError) as error:
            raise web.unheard("Bluesky", error) from error
        if not answer.ok or answer.status_code >= 300:
            raise _meaning(answer, self.now())
        return Response(True, answer.status_code, _json(answer), dict(answer.headers))


def _json(answer: requests.Response) -> Any:
    try:
        return json.loads(answer.content)
    except (ValueError, RecursionError):
        return None


def _meaning(answer: requests.Response, now: datetime) -> Exception:
    """A refusal without an error's name is not a PDS's: something between us answered."""
    status, said = answer.status_code, _json(answer)
    told = said if isinstance(said, dict) else {}
    error, why = str(told.get("error") or ""), str(told.get("message") or "")
    if status == 429:
        after = _until_reset(answer.headers, now)
        return TryLater("Bluesky wants us to wait (rate limit).", after, surely_not_done=True)
    if error in OVER:
        return SessionOver(why)
    if status < 500 or status == 501:
        return Declined(error, why if error else f"({status})", barred=status in (401, 403))
    return TryLater(f"Bluesky did not answer properly ({status}).")


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    reset = headers.get("ratelimit-reset", "")
    if "retry-after" in headers or not reset.isdecimal():
        return web.waits({name.lower(): value for name, value in headers.items()}, now)
    return web.within(timedelta(seconds=min(int(reset), 10**11) - now.timestamp()))
