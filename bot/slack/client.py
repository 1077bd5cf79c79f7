"""Slack's client, and the one thing that the SDK leaves to us: reading what lies at an address."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.request import Request, urlopen

from slack_sdk import WebClient


class Client(WebClient):
    """Calls once and gives up in time: only the outbox repeats."""

    def download(self, url: str) -> bytes:
        """A file at its `url_private`: Slack itself has told us the address."""
        request = Request(url, headers={"Authorization": f"Bearer {self.token}"})  # noqa: S310
        with urlopen(request, timeout=self.timeout) as answer:  # noqa: S310
            return bytes(answer.read())


def clock_off(client: WebClient, now: Callable[[], datetime]) -> timedelta | None:
    """How far our clock is ahead of Slack's, to a second and half of what the call took.

    None where its answer has no date that can be read.
    """
    asked_at = now()
    headers = client.auth_test().headers
    told = next((value for name, value in headers.items() if name.lower() == "date"), "")
    try:
        return asked_at + (now() - asked_at) / 2 - parsedate_to_datetime(told)
    except (TypeError, ValueError):
        return None
