"""The line to a Mastodon server: what it answered as it came, and what its errors mean."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from adapters import web
from bot.domain.delivery import LockedOut, TryLater

NOTIFICATIONS = "/api/v1/notifications"
MEDIA = "/api/v2/media"  # to send a file counts as connecting, and takes longer
STALE = ("revoked", "expired")  # what a token may have become, as a server says it
WHY = 300  # characters of what a server says


class Declined(Exception):
    """The server understood what we asked and said no, in these words (of any language)."""

    def __init__(self, why: str, status: int) -> None:
        super().__init__(why)
        self.why, self.status = why, status

    @property
    def gone(self) -> bool:
        return self.status in (404, 410)


class Line(web.Line):
    """Mastodon.py's connection, which remembers what came in this thread.

    What Mastodon.py can't cast it drops, and it takes a limit that it can't read for one that is
    used up, even if what we asked for is done: so we judge by what came. It also knows no
    `include_filtered`, without which notifications of new accounts stay hidden (Mastodon 4.3).
    """

    def __init__(self, patience: float = web.PATIENCE) -> None:
        super().__init__(patience)
        self._heard = threading.local()

    def forget(self) -> None:
        self._heard.it = None

    @property
    def heard(self) -> requests.Response | Exception | None:
        """The answer to the last request in this thread, or why none came; None: none was made."""
        it: requests.Response | Exception | None = getattr(self._heard, "it", None)
        return it

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        path = urlsplit(url).path.rstrip("/")  # strict servers know no slash at the end
        if path.endswith(NOTIFICATIONS):
            options["params"] = {**options.get("params", {}), "include_filtered": "true"}
        connect = web.READ if path.endswith(MEDIA) else web.CONNECT
        try:
            answer = super().request(method, url.rstrip("/"), connect=connect, **options)
        except Exception as problem:
            self._heard.it = problem
            raise
        self._heard.it = answer
        return answer


class Asker:
    """Asks one server; `token` and `address` are the settings that errors name."""

    def __init__(
        self, line: Line, url: str, now: Callable[[], datetime], *, token: str, address: str
    ) -> None:
        self.line, self.site, self.now = line, urlsplit(url).netloc, now
        self.token, self.address = token, address

    def ask(self, call: Callable[..., Any], *args: Any, needs: str, **how: Any) -> Any:
        """The JSON that came; raises `TryLater`, `Declined`, or `LockedOut` (naming the scope that
        it `needs`).
        """
        self.line.forget()
        try:
            call(*args, **how)
        except Exception:
            if self.line.heard is None:  # it was wrong before it was asked
                raise
        heard = self.line.heard
        if isinstance(heard, requests.RequestException | urllib3.exceptions.HTTPError):
            raise web.unheard(self.site, heard) from heard
        if not isinstance(heard, requests.Response):
            raise TryLater(f"{self.site} did not answer properly.") from heard
        return self._meaning(heard, needs)

    def _meaning(self, answer: requests.Response, needs: str) -> Any:
        status, said = answer.status_code, _read(answer)
        if status < 300:
            if said is None:
                raise self.nonsense()
            return said
        if status in web.MOVED:
            raise LockedOut(self._moved(answer))
        if status == 401:
            raise LockedOut(self._unknown(answer))
        if status == 429:
            wait = _until_reset(answer.headers, self.now())
            raise TryLater(f"{self.site} wants us to wait.", wait, surely_not_done=True)
        why = said.get("error") if isinstance(said, dict) else None
        if status >= 500 or not isinstance(why, str):  # or something between us answered
            raise TryLater(f"{self.site} did not answer properly ({status}).")
        why = web.without_key(why, answer)[:WHY]
        if status == 403:
            raise LockedOut(self._forbidden(why, needs))
        raise Declined(why, status)

    def nonsense(self) -> TryLater:
        return TryLater(f"{self.site} answered something that makes no sense.")

    def _moved(self, answer: requests.Response) -> str:
        try:
            where = urlsplit(answer.headers.get("location", "")).netloc
        except ValueError:
            where = ""
        return (
            f"{self.site} sends us to {where or 'another address'}. Set {self.address} to the"
            " server itself, where your profile is."
        )

    def _unknown(self, answer: requests.Response) -> str:
        told = f"{answer.headers.get('www-authenticate', '')} {answer.text}".casefold()
        became = next((word for word in STALE if word in told), "")
        if became:
            return f"{self.token} has {'been ' * (became == 'revoked')}{became}. Make a new one."
        return (
            f"{self.site} does not know {self.token}. Was it made on this server ({self.address}),"
            " and copied whole?"
        )

    def _forbidden(self, why: str, scope: str) -> str:
        return (
            f"{self.site} does not let us do this: {why} Does {self.token} have the scope {scope},"
            " and is the account in order?"
        )


def _read(answer: requests.Response) -> Any:
    """None: no JSON."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def _until_reset(headers: Mapping[str, str], now: datetime) -> timedelta:
    """ISO 8601, or seconds since 1970: servers differ."""
    reset = headers.get("x-ratelimit-reset", "").strip()
    try:
        if reset.isdecimal():
            return web.within(datetime.fromtimestamp(int(reset), UTC) - now)
        until = datetime.fromisoformat(reset)
        return web.within((until if until.tzinfo else until.replace(tzinfo=UTC)) - now)
    except (ValueError, OverflowError, OSError):
        return web.waits(headers, now)
