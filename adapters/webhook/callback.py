"""Our answer, brought to an address of whoever sent the mention: docs/webhook.md."""

import json
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3

from adapters import signed
from adapters.readable import cut, tidied
from adapters.web import AGENT, PATIENCE, Answer, local, timeouts, waits, whole
from adapters.webhook.mentions import ADDRESS, ID, LINK
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Mention
from bot.domain.reply import Attachment, Sent

LARGEST = 100_000  # bytes of what it says
SENTENCE = 300  # characters of why it refuses
BUSY = (408, 425, 429)


@dataclass(frozen=True)
class Callback:
    """The address, the secrets that sign what is brought there, and the settings' names."""

    url: str = field(repr=False)
    secrets: Sequence[bytes] = field(repr=False)
    now: Callable[[], datetime]
    named: str  # the setting with the address
    signs: str  # the setting with the secret

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    def publish(self, mention: Mention, text: str, key: str, files: Sequence[Attachment]) -> Sent:
        """The same key is the same message, so whoever has it already says so, and no more."""
        body = json.dumps(_message(mention, text, key, files)).encode()
        answer = self._posted(body, key)
        self._must_be_taken(answer)
        return _sent(answer.body, key)

    def _posted(self, body: bytes, key: str) -> Answer:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": AGENT,
            **signed.standard(self.secrets, key, body, self.now()),
        }
        ends = monotonic() + PATIENCE
        timeout: Any = timeouts(ends)
        try:
            with _Straight() as session:
                response = session.post(
                    self.url, data=body, headers=headers, timeout=timeout, stream=True
                )
                names = {name.lower(): value for name, value in response.headers.items()}
                return Answer(response.status_code, names, whole(response, ends, LARGEST))
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            raise self._unheard(problem) from None  # the cause names the address

    def _unheard(self, problem: Exception) -> TryLater:
        cause = getattr(problem.args[0], "reason", None) if problem.args else None
        refused = isinstance(
            cause, urllib3.exceptions.NewConnectionError | urllib3.exceptions.SSLError
        )
        if refused or isinstance(problem, requests.ConnectTimeout):
            return TryLater(f"{self.host} can't be reached.", surely_not_done=True)
        return TryLater(f"{self.host} did not answer properly ({type(problem).__name__}).")

    def _must_be_taken(self, answer: Answer) -> None:
        status = answer.status
        if 200 <= status < 300 or status == 409:
            return
        if status in BUSY:
            wait = waits(answer.headers, self.now())
            raise TryLater(f"{self.host} wants us to wait ({status}).", wait, surely_not_done=True)
        if status >= 500:
            after = waits(answer.headers, self.now()) if "retry-after" in answer.headers else None
            raise TryLater(f"{self.host} has a problem of its own ({status}).", after)
        if status in (401, 403):
            says = f"{self.host} does not take our signature ({status}). Look at {self.signs}."
            raise LockedOut(says)
        if status < 400:
            says = f"{self.host} points elsewhere ({status}), and nobody goes there."
            raise LockedOut(f"{says} Look at {self.named}.")
        raise Refused(_why(answer.body) or f"{self.host} refused the answer ({status}).")


class _Straight(requests.Session):
    """Follows nobody: what is signed for one address is not for another."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:  # noqa: ARG002
        return None


def safe(url: str) -> bool:
    """https://, wherever the setting says; http:// only on this very machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (parts.scheme == "http" and local(url))
    )


def _message(
    mention: Mention, text: str, key: str, files: Sequence[Attachment]
) -> Mapping[str, Any]:
    """The same bytes at each attempt."""
    return {
        "id": key,
        "text": text,
        "to": {
            "id": mention.key,
            "thread": mention.thread,
            "url": mention.url,
            "author": mention.customer.key.removeprefix(f"{mention.account.partition(':')[2]}:"),
        },
        "account": mention.account,
        "files": [
            {"name": each.name, "type": each.type, "content": b64encode(each.content).decode()}
            for each in files
        ],
    }


def _sent(body: bytes, key: str) -> Sent:
    """What it says of the answer: both are optional, and what makes no sense is left out."""
    said = _object(body)
    id, url = said.get("id"), said.get("url")
    known = isinstance(id, str) and 0 < len(id) <= ID
    shown = isinstance(url, str) and len(url) <= ADDRESS and LINK.fullmatch(url)
    return Sent(key=str(id) if known else key, url=str(url) if shown else None)


def _why(body: bytes) -> str:
    """The sentence that it says, from JSON (`error`, `message` or `detail`) or as plain text."""
    said = _object(body)
    named = (said.get(name) for name in ("error", "message", "detail"))
    texts = [each for each in named if isinstance(each, str)]
    text = texts[0] if texts else "" if said else body.decode(errors="replace")
    return "" if text.lstrip().startswith("<") else cut(tidied(text), SENTENCE)


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}
