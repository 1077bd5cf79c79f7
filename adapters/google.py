"""Google's APIs: their descriptions lie in Google's client; the line is ours, and what errors mean.

Google's own line to them is left out: it repeats what fails, sleeps, and has no end to a call.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from time import monotonic
from typing import Any

import httplib2  # type: ignore[import-untyped]
from googleapiclient.discovery import build  # type: ignore[import-untyped]
from googleapiclient.errors import Error  # type: ignore[import-untyped]

from adapters.web import A_WHILE, REFUSALS, Answer, Web
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.mention import storable

TOKENS = "https://oauth2.googleapis.com/token"
EARLY = timedelta(minutes=2)  # how long before its end a token is not used any more
LIMITS = {"rateLimitExceeded", "userRateLimitExceeded", "RESOURCE_EXHAUSTED"}
SWITCHED_OFF = {"accessNotConfigured", "SERVICE_DISABLED"}

Json = Mapping[str, Any]


def asked(**what: Any) -> dict[str, Any]:
    """What is asked for, without what no address can carry: Google's client would stumble."""
    return {name: storable(it) if isinstance(it, str) else it for name, it in what.items()}


class Declined(Exception):
    """Google understood what we asked and said no, in these words, for these reasons."""

    def __init__(self, status: int, why: str, reasons: Collection[str]) -> None:
        super().__init__(why)
        self.status, self.why, self.reasons = status, why, frozenset(reasons)


class NotGranted(Exception):
    """No access token for these credentials: `error` is what RFC 6749, 5.2 calls it."""

    def __init__(self, error: str, why: str) -> None:
        super().__init__(error)
        self.error, self.why = error, why


@dataclass
class Tokens:
    """Access tokens, each kept until shortly before it ends.

    `form` is what one is asked for with; `locked` says what a refusal means, to people.
    """

    web: Web
    url: str
    form: Callable[[datetime], Mapping[str, str]] = field(repr=False)
    locked: Callable[[NotGranted], str]
    _token: str = field(default="", repr=False)
    _until: datetime | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def get(self, now: datetime, ends: float) -> str:
        with self._lock:
            if self._until is None or now >= self._until:
                self._renew(now, ends)
            return self._token

    def forget(self) -> None:
        with self._lock:
            self._until = None

    def _renew(self, now: datetime, ends: float) -> None:
        try:
            answer = self.web.until(ends).send(
                "POST", self.url, now=now, judged=REFUSALS, data=self.form(now)
            )
            told = _granted(answer)
        except NotGranted as no:
            raise LockedOut(self.locked(no)) from None
        except TryLater as later:
            later.surely_not_done = True  # it is only about a token
            raise
        self._token = str(told["access_token"])
        lifetime = told.get("expires_in")
        seconds = min(lifetime, 86_400) if type(lifetime) is int else 600
        self._until = now + timedelta(seconds=seconds) - EARLY


class Line:
    """One API for one account. `locked` says what to look at when a token is not accepted."""

    def __init__(
        self, api: str, version: str, web: Web, tokens: Tokens, now: Callable[[], datetime]
    ) -> None:
        self.api, self.version, self.web, self.tokens, self.now = api, version, web, tokens, now
        self.service: Any = None

    def at(self, endpoint: str) -> "Line":
        """Where the API is; its description is read from the client's own files."""
        options = {"api_endpoint": endpoint.rstrip("/") + "/"}
        how: dict[str, Any] = {"static_discovery": True, "client_options": options}
        self.service = build(self.api, self.version, http=object(), **how)
        return self

    def visit(self) -> "Visit":
        return Visit(self, monotonic() + self.web.patience)


@dataclass(frozen=True)
class Visit:
    """Some requests that share one patience. To Google's client it is what speaks HTTP."""

    line: Line
    ends: float

    def ask(self, request: Any) -> Json:
        """What the API answers; `Declined` where it says no, and what else `Web.send` raises."""
        try:
            told = request.execute(http=self, num_retries=0)
        except (Error, ValueError, RecursionError):
            raise self._nonsense() from None
        if told in ("", None):  # what has been deleted
            return {}
        if not isinstance(told, dict):
            raise self._nonsense()
        return told

    def request(
        self,
        uri: str,
        method: str = "GET",
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        **_: Any,
    ) -> tuple[httplib2.Response, bytes]:
        """As `httplib2.Http.request`."""
        now = self.line.now()
        token = self.line.tokens.get(now, self.ends)
        names = {**(headers or {}), "Authorization": f"Bearer {token}"}
        how: dict[str, Any] = {"now": now, "data": body, "headers": names}
        answer = self.line.web.until(self.ends).send(method, uri, judged=REFUSALS, **how)
        if answer.status >= 300:  # Google's client trips over errors of another shape
            raise self._meaning(answer.status, answer.body)
        return httplib2.Response({**answer.headers, "status": str(answer.status)}), answer.body

    def _meaning(self, status: int, body: bytes) -> Exception:
        name, (why, reasons) = self.line.web.name, _reasons(body)
        if status == 401:
            self.line.tokens.forget()
            return LockedOut(f"{name} does not accept our token. {self.line.web.locked}")
        if reasons & LIMITS:
            return TryLater(f"{name} wants us to wait.", A_WHILE, surely_not_done=True)
        if reasons & SWITCHED_OFF:
            return LockedOut(
                f"The project of our credentials has not switched on {self.line.api}: open Google"
                " Cloud's console, APIs and services, Library, and enable it there."
            )
        if not reasons:  # nothing of Google's said so
            return TryLater(f"{name} did not answer properly ({status}).")
        return Declined(status, why, reasons)

    def _nonsense(self) -> TryLater:
        return TryLater(f"{self.line.web.name} answered something that makes no sense.")


def _granted(answer: Answer) -> Json:
    """What a token endpoint answers (RFC 6749, 5)."""
    try:
        told = json.loads(answer.body)
        if "access_token" in told:
            return dict(told)
        error, why = str(told["error"]), str(told.get("error_description") or "")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise TryLater("Google gives no token, and does not say why.") from None
    raise NotGranted(error, why)


def _reasons(body: bytes) -> tuple[str, set[str]]:
    """Its words, and all by which it names the reason (https://google.aip.dev/193)."""
    try:
        error = json.loads(body)["error"]
        why, listed = str(error.get("message") or ""), [*_listed(error, "errors")]
        listed += _listed(error, "details")
        reasons = {str(each["reason"]) for each in listed if each.get("reason")}
        return why, reasons | ({str(error["status"])} if error.get("status") else set())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return "", set()


def _listed(error: Json, name: str) -> Iterator[Json]:
    yield from (each for each in error.get(name) or () if isinstance(each, dict))
