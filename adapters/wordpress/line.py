"""The line to one WordPress: its REST API, and what its refusals mean.

https://developer.wordpress.org/rest-api/reference/comments/
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from adapters.web import Answer, Web
from bot.domain.delivery import LockedOut, TryLater

APPLICATION_PASSWORD = re.compile("[A-Za-z0-9]{24}")  # without the spaces it is shown with
JUDGED = (400, 401, 403, 404, 409, 410, 501)
FLOOD = timedelta(seconds=15)  # between two comments of one author
NO_RIGHT = ("rest_forbidden_context", "rest_comment_invalid_status", "rest_user_cannot_view")
Json = Any


class Declined(Exception):
    """WordPress understood what we asked and said no: why, in its words, and by its code."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(why)
        self.status, self.code, self.why = status, code, why

    @property
    def shuts_out(self) -> bool:
        """Whether it is about us, and not about what we asked for."""
        return self.status == 401 or self.code in (*NO_RIGHT, "rest_no_route")


@dataclass(frozen=True)
class Line:
    """One site at `url`, where `user` is known by an application password.

    `names` are the variables to look at: of the address, the user and the password. Routes are
    given as a parameter, which works whatever the site's addresses look like.
    """

    url: str
    user: str
    password: str = field(repr=False)
    names: tuple[str, str, str]
    now: Callable[[], datetime]
    web: Web

    def visit(self) -> "Line":
        """The same, for calls that share one patience."""
        return replace(self, web=self.web.visit())

    def get(self, route: str, **asked: object) -> tuple[Json, Mapping[str, str]]:
        """What is there, and the headers; raises `Declined`."""
        answer = self.web.get(f"{self.url}/", **self._how(route, asked))
        if answer.status < 400 and "html" in answer.headers.get("content-type", ""):
            raise self.nothing_there()
        return self._told(answer), answer.headers

    def post(self, route: str, body: Mapping[str, object]) -> Json:
        return self._told(self.web.send("POST", f"{self.url}/", json=body, **self._how(route, {})))

    def put(self, route: str, body: Mapping[str, object]) -> Json:
        return self._told(self.web.send("PUT", f"{self.url}/", json=body, **self._how(route, {})))

    def delete(self, route: str, **asked: object) -> Json:
        return self._told(self.web.send("DELETE", f"{self.url}/", **self._how(route, asked)))

    def shut(self, no: Declined) -> LockedOut:
        """Why we are not let in, with what to look at; asks once more to tell one from another."""
        url, user, password = self.names
        if no.code == "rest_no_route":
            return self.nothing_there()
        if no.status == 403 and no.code in NO_RIGHT:
            return LockedOut(
                f"{self.user} may not moderate comments in WordPress. Give this account the role"
                f" of an Editor, or name another in {user}."
            )
        if no.status == 403:
            return LockedOut(f"WordPress shuts us out: {no.why} Look at {user}.")
        if not self._takes_passwords():
            return LockedOut(
                f"WordPress takes no application passwords at {url}. A plugin has turned them off,"
                " or WordPress does not know that it is reached over https."
            )
        if not APPLICATION_PASSWORD.fullmatch(self.password):
            return LockedOut(
                f"{password} is no application password, but perhaps the account's own. Make one"
                " in WordPress, under Users, Profile, Application Passwords."
            )
        return LockedOut(
            f"WordPress does not know this account by this password. Look at {user} and"
            f" {password}. If both are right, the web server keeps them from WordPress (its"
            " Authorization header)."
        )

    def nothing_there(self) -> LockedOut:
        return LockedOut(
            f"There is no WordPress at {self.names[0]}, or its REST API is switched off, which"
            " security plugins do."
        )

    def _takes_passwords(self) -> bool:
        try:
            about, _ = self.get("/", _fields="authentication")
        except Declined as no:  # the page that tells about a site is public
            raise self.nothing_there() from no
        return isinstance(about, dict) and bool(about.get("authentication"))

    def _how(self, route: str, asked: Mapping[str, object]) -> dict[str, Any]:
        return {
            "params": {"rest_route": route, **asked},
            "auth": (self.user.encode(), self.password.encode()),
            "now": self.now(),
            "judged": JUDGED,
        }

    def _told(self, answer: Answer) -> Json:
        """A refusal without a code comes from something that stands before WordPress."""
        try:
            told = json.loads(answer.body)
        except (ValueError, RecursionError):
            told = None
        if answer.status < 400 and isinstance(told, dict | list):
            return told
        if answer.status >= 400 and isinstance(told, dict) and isinstance(told.get("code"), str):
            raise self._refusal(answer.status, told)
        if answer.status in (401, 403, 404):
            raise self.nothing_there()
        raise TryLater("WordPress answered something that makes no sense.")

    def _refusal(self, status: int, told: Mapping[str, Any]) -> Exception:
        code, why = str(told["code"]), str(told.get("message") or told["code"])
        if code == "comment_flood":
            return TryLater("WordPress wants us to wait.", FLOOD, surely_not_done=True)
        return Declined(status, code, why[:500])
