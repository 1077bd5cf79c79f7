"""The line to one Discourse: its API, and what its refusals mean.

https://docs.discourse.org
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import requests
from requests.auth import AuthBase

from adapters.web import LONGEST, Answer, Web, waits
from bot.domain.delivery import LockedOut, TryLater

JUDGED = (400, 403, 404, 409, 410, 422, 429)
UNKNOWN = "API username or key is invalid"  # in the words of Discourse
Json = Any


class Declined(Exception):
    """Discourse understood what we asked and said no, in these words."""

    def __init__(self, status: int, kind: str, why: str) -> None:
        super().__init__(why)
        self.status, self.kind, self.why = status, kind, why

    @property
    def unseen(self) -> bool:
        """Whether we are known, and it is not for us."""
        return self.status == 403 and UNKNOWN not in self.why


@dataclass(frozen=True)
class Key(AuthBase):
    """Who we are, in two headers."""

    user: str
    key: str = field(repr=False)

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update({"Api-Key": self.key, "Api-Username": self.user})
        return request


@dataclass(frozen=True)
class Line:
    """One forum at `url`; `names` are the variables of the address, the user and the key."""

    url: str
    key: Key
    names: tuple[str, str, str]
    now: Callable[[], datetime]
    web: Web

    def visit(self) -> "Line":
        """The same, for calls that share one patience."""
        return replace(self, web=self.web.visit())

    def get(self, path: str, **asked: object) -> Json:
        """What is there; raises `Declined`."""
        answer = self.web.get(f"{self.url}/{path}.json", params=asked, **self._how())
        if answer.status < 400 and "html" in answer.headers.get("content-type", ""):
            raise self.nothing_there()
        return self._told(answer)

    def post(self, path: str, body: Mapping[str, object]) -> Json:
        return self._told(
            self.web.send("POST", f"{self.url}/{path}.json", json=body, **self._how())
        )

    def put(self, path: str, body: Mapping[str, object]) -> Json:
        return self._told(self.web.send("PUT", f"{self.url}/{path}.json", json=body, **self._how()))

    def delete(self, path: str) -> None:
        """It answers with nothing at all."""
        answer = self.web.send("DELETE", f"{self.url}/{path}.json", **self._how())
        if answer.status >= 400:
            self._told(answer)

    def shut(self, no: Declined) -> LockedOut:
        """Why we are not let in, with what to look at."""
        _, user, key = self.names
        if not no.unseen:
            return LockedOut(
                f"Discourse does not know this key for @{self.key.user}. Look at {key} and"
                f" {user}: the key must be there and not revoked, under Admin, API Keys, and be"
                " for this user or for all."
            )
        return LockedOut(
            f"Discourse does not let @{self.key.user} do it with this key: {no.why} Look at {key}:"
            " under Admin, API Keys, its scope must be global, or let it list, read, write, edit"
            " and delete posts. Or this topic is not open to this user."
        )

    def nothing_there(self) -> LockedOut:
        return LockedOut(f"There is no Discourse at {self.names[0]}. Look at this address.")

    def _how(self) -> dict[str, Any]:
        headers = {"Accept": "application/json"}
        return {"auth": self.key, "headers": headers, "now": self.now(), "judged": JUDGED}

    def _told(self, answer: Answer) -> Json:
        """A refusal without a reason comes from something that is no Discourse."""
        try:
            told = json.loads(answer.body)
        except (ValueError, RecursionError):
            told = None
        if answer.status == 429:
            wait = self._wait(answer, told)
            raise TryLater("Discourse wants us to wait.", wait, surely_not_done=True)
        if answer.status < 400 and isinstance(told, dict | list):
            return told
        if answer.status >= 400 and isinstance(told, dict):
            said = told.get("errors")
            why = " ".join(map(str, said)) if isinstance(said, list) else "it does not say why."
            raise Declined(answer.status, str(told.get("error_type") or ""), why[:500])
        if answer.status in (403, 404):
            raise self.nothing_there()
        raise TryLater("Discourse answered something that makes no sense.")

    def _wait(self, answer: Answer, told: Any) -> timedelta:
        """The longer of what its headers say and what its words do."""
        extras = told.get("extras") if isinstance(told, dict) else None
        said = extras.get("wait_seconds") if isinstance(extras, dict) else None
        seconds = said if type(said) is int and said > 0 else 0
        words = timedelta(seconds=min(seconds, LONGEST.total_seconds()))
        if words and "retry-after" not in answer.headers:
            return words
        return max(waits(answer.headers, self.now()), words)
