"""Calling people by a webhook; loaded only where a team has one."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from socket import getaddrinfo
from typing import Any

import requests
import urllib3

from bot.domain.delivery import Refused, TryLater
from bot.policy import feeds

LONGEST_WAIT = timedelta(hours=1)
BUSY = (408, 425, 429)

logging.getLogger("urllib3.connection").setLevel(logging.ERROR)  # its warnings name the address


def post(url: str, body: Mapping[str, Any], timeout: float, now: datetime) -> str:
    """Hand it over; returns the host. Raises Refused and TryLater, and what it says is not read."""
    host = _webhook(url)
    try:
        with (
            _Straight() as session,
            session.post(url, json=body, timeout=timeout, stream=True) as answer,
        ):
            _must_be_taken(answer, host, now)
    except (requests.RequestException, urllib3.exceptions.HTTPError) as problem:
        raise _unheard(problem, host) from None  # the cause names the address
    return host


class _Straight(requests.Session):
    """Follows nobody, and does not even read where it is pointed: that may be no text at all."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


def _webhook(url: str) -> str:
    """Its host, which is all that may be shown; Refused where others could read what we say."""
    if not feeds.safe(url):
        raise Refused("A webhook is an address that begins with https://. Look at teams.toml.")
    return feeds.host(url)


def resolved(url: str) -> str:
    """Its host, if that is known; raises what `post` would raise."""
    host = _webhook(url)
    try:
        getaddrinfo(host, None)
    except (OSError, UnicodeError):  # the latter: its name can't be one
        says = f"Nobody knows where {host} is. Check the webhook in teams.toml."
        raise TryLater(says, surely_not_done=True) from None
    return host


def _must_be_taken(answer: requests.Response, host: str, now: datetime) -> None:
    status = answer.status_code
    after = _asked_to_wait(answer.headers.get("Retry-After", ""), now)
    if 200 <= status < 300:
        return
    if status in BUSY:
        raise TryLater(f"{host} asks to wait (HTTP {status}).", after, surely_not_done=True)
    if status >= 500:
        raise TryLater(f"{host} has a problem of its own (HTTP {status}).", after)
    mend = "Look at the webhook in teams.toml."
    if 300 <= status < 400:
        raise Refused(f"{host} points elsewhere (HTTP {status}), and nobody goes there. {mend}")
    raise Refused(f"{host} refused the call (HTTP {status}). {mend}")


def _asked_to_wait(header: str, now: datetime) -> timedelta | None:
    """`Retry-After`, in seconds or as a date (RFC 9110, 10.2.3); an hour at most."""
    if header.isdecimal() and len(header) < 9:
        return min(timedelta(seconds=int(header)), LONGEST_WAIT)
    with suppress(ValueError, OverflowError):
        at = parsedate_to_datetime(header)
        until = at if at.tzinfo else at.replace(tzinfo=UTC)
        return min(max(until - now, timedelta(0)), LONGEST_WAIT)
    return None


def _unheard(problem: Exception, host: str) -> Exception:
    """What it means that no answer came, from what kind of trouble it was."""
    if isinstance(problem, ValueError):
        return Refused(f"The webhook at {host} is no address. Look at teams.toml.")
    cause = getattr(problem.args[0], "reason", None) if problem.args else None
    if "CERTIFICATE_VERIFY_FAILED" in str(cause):
        says = f"The certificate of {host} can't be trusted. Check the webhook in teams.toml."
        return TryLater(says, surely_not_done=True)
    refused = isinstance(cause, urllib3.exceptions.NewConnectionError)
    if refused or isinstance(problem, requests.ConnectTimeout):
        return TryLater(f"{host} can't be reached.", surely_not_done=True)
    return TryLater(f"{host} did not answer properly ({type(problem).__name__}).")
