"""Asking over HTTP: an end to every wait, a bound to every answer, and what errors mean."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from time import monotonic
from typing import Any

import requests
import urllib3

from bot.domain.delivery import LockedOut, TryLater

PATIENCE = 28.0  # seconds for all of one call; the contract grants half a minute
CONNECT, READ = 5.0, 20.0  # seconds
LARGEST = 8_000_000  # bytes of an answer
SHORTEST, LONGEST = timedelta(seconds=1), timedelta(days=1)
A_WHILE = timedelta(minutes=15)  # where a limit names no end
AGENT = "Unanswered"


@dataclass(frozen=True)
class Answer:
    """What came back, whole; the names of `headers` are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Web:
    """One site, by the `name` that people know it by; `locked` says what to look at when shut out.

    A call is never repeated, and no redirect is followed with credentials.
    """

    name: str
    locked: str = ""
    patience: float = PATIENCE
    largest: int = LARGEST

    def get(self, url: str, *, now: datetime, **how: Any) -> Answer:
        """The answer, with a status below 400 or of 404 and 410; for all others it raises."""
        ends = monotonic() + self.patience
        try:
            answer = self._asked(url, ends, **how)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
            why = type(problem).__name__
            raise TryLater(f"{self.name} can't be reached ({why}).", surely_not_done=True) from None
        self._must_be_sensible(answer, now)
        return answer

    def _asked(self, url: str, ends: float, **how: Any) -> Answer:
        headers = {"User-Agent": AGENT, **how.pop("headers", {})}
        timeout: Any = urllib3.Timeout(total=self.patience, connect=CONNECT, read=READ)
        with requests.get(url, headers=headers, timeout=timeout, stream=True, **how) as response:
            names = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status_code, names, self._body(response, ends))

    def _body(self, response: requests.Response, ends: float) -> bytes:
        """All of it: a server that drips, or never ends, would keep a mere read timeout happy."""
        pieces, size = [], 0
        while piece := response.raw.read1(2**16, decode_content=True):
            pieces.append(piece)
            size += len(piece)
            if monotonic() > ends:
                raise requests.ReadTimeout("the answer took too long")
            if size > self.largest:
                raise requests.RequestException("the answer is too large")
        return b"".join(pieces)

    def _must_be_sensible(self, answer: Answer, now: datetime) -> None:
        status = answer.status
        if status < 400 or status in (404, 410):
            return
        if status == 429 or "retry-after" in answer.headers:
            raise TryLater(
                f"{self.name} wants us to wait.", waits(answer.headers, now), surely_not_done=True
            )
        if status in (401, 403):
            raise LockedOut(f"{self.name} does not let us in ({status}). {self.locked}".strip())
        raise TryLater(f"{self.name} did not answer properly ({status}).", surely_not_done=True)


def waits(headers: Mapping[str, str], now: datetime) -> timedelta:
    """Until when a site wants to be left alone (RFC 9110, 10.2.3): seconds, or a date."""
    said = headers.get("retry-after", "").strip()
    if said.isdecimal():
        return _within(timedelta(seconds=min(int(said), 10**9)))
    try:
        until = parsedate_to_datetime(said)
    except (ValueError, TypeError, OverflowError, IndexError):
        return A_WHILE
    return _within((until if until.tzinfo else until.replace(tzinfo=UTC)) - now)


def _within(wait: timedelta) -> timedelta:
    return min(max(wait, SHORTEST), LONGEST)
