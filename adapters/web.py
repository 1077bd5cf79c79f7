"""Asking over HTTP: an end to every wait, a bound to every answer, and what errors mean."""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from math import inf
from time import monotonic
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from bot.domain.delivery import LockedOut, TryLater

KNOWN = (404, 410)  # refusals that are answers: it is not there
REFUSALS = frozenset(range(300, 500)) - {429}  # for who reads each of them
PATIENCE = 28.0  # seconds for all of one call; the contract grants half a minute
CONNECT, READ = 5.0, 20.0  # seconds
LARGEST = 8_000_000  # bytes of an answer
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=1)
A_WHILE = timedelta(minutes=15)  # where a limit names no end
AGENT = "Unanswered"
LOOPBACK = ("localhost", "127.0.0.1", "::1")
MOVED, HOPS = (301, 302, 303, 307, 308), 5


_visiting = threading.local()


@contextmanager
def visit(patience: float | None = None) -> Iterator[None]:
    """All requests inside, in this thread, share one patience; a visit within one is the same."""
    if hasattr(_visiting, "ends"):
        yield
        return
    _visiting.ends = monotonic() + (PATIENCE if patience is None else patience)
    try:
        yield
    finally:
        del _visiting.ends


@contextmanager
def doubting(again: bool) -> Iterator[None]:
    """After an earlier attempt nothing is surely not done, whatever becomes of this one."""
    try:
        yield
    except TryLater as later:
        later.surely_not_done &= not again
        raise


@dataclass(frozen=True)
class Answer:
    """What came back, whole; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Web:
    """One site, by the `name` that people know it by; `locked` says what to look at when shut out.

    A call is never repeated; where a site has moved is followed, in the same time, and without
    `auth` if that is another site. Statuses in `judged` the caller looks at.
    """

    name: str
    locked: str = ""
    patience: float = PATIENCE
    largest: int = LARGEST
    ends: float | None = None  # by the monotonic clock

    def visit(self) -> "Web":
        """The same site; all calls to it share one patience."""
        return self.until(monotonic() + self.patience)

    def until(self, ends: float | None) -> "Web":
        """The same site; all calls to it end by then."""
        return replace(self, ends=ends)

    def get(
        self, url: str, *, now: datetime, judged: Collection[int] = KNOWN, **how: Any
    ) -> Answer:
        """The answer, with a status below 400 or one that is `judged`; for all others it raises."""
        try:
            answer = self._followed(url, self._end(), **how)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            why = type(problem).__name__
            raise TryLater(f"{self.name} can't be reached ({why}).", surely_not_done=True) from None
        self._must_be_sensible(answer, now, judged, sure=True)
        return answer

    def send(
        self, method: str, url: str, *, now: datetime, judged: Collection[int] = KNOWN, **how: Any
    ) -> Answer:
        """As `get`, for what changes something there.

        What may have been done is not called surely not done, and nobody is followed elsewhere: on
        the way a POST would become a GET.
        """
        try:
            answer = self._asked(url, self._end(), method, **how)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            why = f"{self.name} did not answer properly ({type(problem).__name__})."
            raise TryLater(why, surely_not_done=nothing_sent(problem)) from None
        if answer.status in MOVED and answer.status not in judged:
            raise LockedOut(f"{self.name} sends us to another address. {self.locked}".strip())
        self._must_be_sensible(answer, now, judged, sure=False)
        return answer

    def _end(self) -> float:
        ends = monotonic() + self.patience if self.ends is None else self.ends
        return min(ends, getattr(_visiting, "ends", inf))

    def _followed(self, url: str, ends: float, **how: Any) -> Answer:
        for _ in range(HOPS):
            answer = self._asked(url, ends, "GET", **how)
            if answer.status not in MOVED or not (to := answer.headers.get("location")):
                return answer
            here, url = url, urljoin(url, to)
            if local(url) and not local(here):  # nobody outside sends us to this very machine
                raise requests.exceptions.InvalidURL("it points to this machine")
            how.pop("params", None)
            if urlsplit(url)[:2] != urlsplit(here)[:2]:
                how.pop("auth", None)
        raise requests.TooManyRedirects("it points elsewhere again and again")

    def _asked(self, url: str, ends: float, method: str, **how: Any) -> Answer:
        headers = {"User-Agent": AGENT, **how.pop("headers", {})}
        way: dict[str, Any] = {"headers": headers, "stream": True, "allow_redirects": False}
        timeout: Any = timeouts(ends)
        with requests.request(method, url, timeout=timeout, **way, **how) as response:
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, names, whole(response, ends, self.largest))

    def _must_be_sensible(
        self, answer: Answer, now: datetime, judged: Collection[int], *, sure: bool
    ) -> None:
        """`sure`: nothing was to be done by it. Whoever is told to wait before all is done, too."""
        status = answer.status
        if status < 400 or status in judged:
            return
        sure = sure or status == 429
        if status == 429 or "retry-after" in answer.headers:
            wait = waits(answer.headers, now)
            raise TryLater(f"{self.name} wants us to wait.", wait, surely_not_done=sure)
        if status in (401, 403):
            raise LockedOut(f"{self.name} does not let us in ({status}). {self.locked}".strip())
        raise TryLater(f"{self.name} did not answer properly ({status}).", surely_not_done=sure)


def nothing_sent(problem: Exception) -> bool:
    """Whether a call failed before the other side can have read any of it."""
    cause = problem.args[0] if problem.args else None
    refused = isinstance(getattr(cause, "reason", None), urllib3.exceptions.NewConnectionError)
    never = requests.ConnectTimeout | requests.exceptions.InvalidURL
    return refused or isinstance(problem, never)


class Line(requests.Session):
    """What a platform's own library speaks over: with an end to every wait, and to every answer."""

    def __init__(self, patience: float = PATIENCE) -> None:
        super().__init__()
        self.patience = patience

    def visit(self) -> AbstractContextManager[None]:
        """All requests inside, in this thread, share its patience."""
        return visit(self.patience)

    def request(  # type: ignore[override]
        self, method: str, url: str, *, connect: float = CONNECT, **options: Any
    ) -> requests.Response:
        ends = getattr(_visiting, "ends", monotonic() + self.patience)
        options |= {"timeout": timeouts(ends, connect), "stream": True, "allow_redirects": False}
        response = super().request(method, url, **options)
        response._content = whole(response, ends, LARGEST)
        return response


def unheard(name: str, error: Exception) -> TryLater:
    """No answer came from what people know by this `name`; it tells whether our words went out."""
    if nothing_sent(error):
        return TryLater(f"{name} can't be reached.", surely_not_done=True)
    return TryLater(f"{name} did not answer properly ({type(error).__name__}).")


def without_key(words: str, answer: requests.Response) -> str:
    """What a site says, even if it repeats what we signed in with."""
    sent = answer.request.headers if answer.request else {}
    key = str(sent.get("Authorization") or "").rpartition(" ")[2]
    return words.replace(key, "…") if key else words


def timeouts(ends: float, connect: float = CONNECT) -> urllib3.Timeout:
    """One for each step; and what one has used up, the next lacks."""
    left = ends - monotonic()
    if left <= 0:
        raise requests.ConnectTimeout("no time is left for this request")
    return urllib3.Timeout(total=left, connect=connect, read=READ)


def whole(response: requests.Response, ends: float, largest: float = inf) -> bytes:
    """All of it, or `Timeout`: a server that drips would keep a mere read timeout happy."""
    pieces, size = [], 0
    with response:
        while piece := response.raw.read1(2**16, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if monotonic() > ends:
                raise requests.ReadTimeout("the answer took too long")
            if size > largest:
                raise requests.RequestException("the answer is too large")
    return b"".join(pieces)


def root(variable: str, said: str) -> str:
    """The address of a site in a setting, without a path: keys go there. ValueError for another."""
    address = said.strip().rstrip("/")
    parts = urlsplit(address)
    secure = parts.scheme == "https" or (parts.scheme == "http" and local(address))
    if not secure or not parts.netloc or parts.path or parts.query:
        raise ValueError(f"{variable} must be a site's address, such as https://acme.example.")
    return address


def local(url: str) -> bool:
    """Whether it is on this very machine."""
    return urlsplit(url).hostname in LOOPBACK


def is_private(url: str) -> bool:
    """Whether nobody can listen when a secret is sent there."""
    scheme = urlsplit(url).scheme
    return scheme == "https" or (scheme == "http" and local(url))


def waits(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Until when a site wants to be left alone (RFC 9110, 10.2.3): seconds, or a date."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return within(timedelta(seconds=min(int(said), 10**9)))
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError, IndexError):
        return A_WHILE
    return within((until if until.tzinfo else until.replace(tzinfo=UTC)) - now)


def within(wait: timedelta) -> timedelta:
    """As long as a site wants us to wait, if that makes sense."""
    return min(max(wait, SHORTEST), LONGEST)
