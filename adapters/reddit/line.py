"""The line to Reddit: what PRAW may do on it, and what Reddit's errors mean.

Left alone, prawcore repeats what failed up to three times and sleeps where a limit is near: a
comment could be published twice, and a thread could hang for minutes. Both are decided on in
`Requestor`, which is prawcore's own place for it: what went wrong is raised before prawcore sees
it, and it is shown no limits.
"""

import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

import praw
import prawcore
import requests
import urllib3

from adapters import web
from bot.domain.delivery import LockedOut, TryLater

TOKENS = "/api/v1/access_token"
LIMIT = "x-ratelimit-"  # how the names of headers begin that tell of it
PAUSE = re.compile(r"(\d+) (millisecond|second|minute|hour)")
UNITS = {"millisecond": 0.001, "second": 1, "minute": 60, "hour": 3600}
WHY = 300  # characters of what Reddit says
APPROVAL = "Has Reddit approved this app (Responsible Builder Policy), and is it still there?"

for _talkative in ("praw", "prawcore"):  # at DEBUG they print what is posted
    logging.getLogger(_talkative).setLevel(logging.WARNING)


class Declined(Exception):
    """Reddit understood what we asked and said no; `kind` is its name for why, or the status."""

    def __init__(self, kind: str, why: str = "") -> None:
        super().__init__(f"{kind}: {why}")
        self.kind, self.why = kind, why or kind


class Stale(Exception):
    """Reddit takes this token no more."""


class Keys:
    """What we sign in with, and the settings that errors name."""

    NAMES: ClassVar[Mapping[str, str]] = {
        "client_id": "REDDIT_CLIENT_ID",
        "client_secret": "REDDIT_CLIENT_SECRET",
        "username": "REDDIT_USERNAME",
        "password": "REDDIT_PASSWORD",
        "refresh_token": "REDDIT_REFRESH_TOKEN",
    }

    def __init__(self, settings: Mapping[str, str], variable: Callable[[str], str]) -> None:
        self.values = {key: settings[name].strip() for key, name in self.NAMES.items()}
        self.name = {key: variable(name) for key, name in self.NAMES.items()}
        if not self.values["refresh_token"] and not (
            self.values["username"] and self.values["password"]
        ):
            name = self.name
            raise ValueError(
                f"Reddit needs {name['refresh_token']}, or {name['username']} and"
                f" {name['password']}."
            )

    @property
    def to_sign_in(self) -> Mapping[str, str | None]:
        """A refresh token goes before a password; what is None, PRAW takes from nowhere else."""
        refresh = self.values["refresh_token"]
        return {
            **self.values,
            "refresh_token": refresh or None,
            "password": None if refresh else self.values["password"],
        }

    def unknown_app(self) -> LockedOut:
        return LockedOut(
            f"Reddit does not know the app. Look at {self.name['client_id']} and"
            f" {self.name['client_secret']}. {APPROVAL}"
        )

    def unknown_user(self) -> LockedOut:
        if self.values["refresh_token"]:
            return LockedOut(
                f"Reddit does not accept {self.name['refresh_token']}: it was revoked, or was made"
                " for another app. Make a new one."
            )
        return LockedOut(
            f"Reddit does not accept {self.name['username']} and {self.name['password']}. The"
            " account must be a developer of the app. If it has two-factor authentication, a"
            f" password does not do: make a {self.name['refresh_token']}."
        )

    def wrong_kind(self) -> LockedOut:
        return LockedOut(
            "This app may not sign in so: only one of the type “script” signs in with a"
            f" password. Make one, or a {self.name['refresh_token']}."
        )

    def too_narrow(self, scopes: str) -> LockedOut:
        where = self.name["refresh_token" if self.values["refresh_token"] else "client_id"]
        return LockedOut(
            f"What Reddit granted lacks the scopes {scopes}. Grant them, and renew {where}."
        )


class Requestor(prawcore.Requestor):
    """Asks once, and says what went wrong in our words; sleeps for nothing."""

    def __init__(
        self, *, line: web.Line, keys: Keys, now: Callable[[], datetime], **how: Any
    ) -> None:
        super().__init__(session=line, **how)
        self.line, self.keys, self.now = line, keys, now
        self.not_before: datetime | None = None  # until when the limit is used up
        self.answered = False  # whether this token was ever taken

    def request(  # type: ignore[override]
        self, method: str, url: str, **options: Any
    ) -> requests.Response:
        wait = (self.not_before or self.now()) - self.now()
        if wait > timedelta(0):
            raise TryLater("Reddit wants us to wait.", wait, surely_not_done=True)
        try:
            answer = self.line.request(method, url, **options)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as problem:
            raise web.unheard("Reddit", problem) from problem
        self._mind(answer.headers)
        if url.endswith(TOKENS):
            self._must_be_granted(answer)
        else:
            self._must_be_sensible(answer)
        for name in [name for name in answer.headers if name.lower().startswith(LIMIT)]:
            del answer.headers[name]
        return answer

    def _mind(self, headers: Mapping[str, str]) -> None:
        """What Reddit grants is shared by all that use this app."""
        left, reset = headers.get(f"{LIMIT}remaining", ""), headers.get(f"{LIMIT}reset", "")
        if re.fullmatch(r"0(\.\d*)?", left) and reset.isdecimal():
            self.not_before = self.now() + web.within(timedelta(seconds=min(int(reset), 86_400)))

    def _must_be_granted(self, answer: requests.Response) -> None:
        """Reddit says 401 to an app that it does not know; the rest it may even call OK."""
        said = _read(answer)
        error = said.get("error") if isinstance(said, dict) else None
        if answer.status_code == 401:
            raise self.keys.unknown_app()
        if error in ("unauthorized_client", "unsupported_grant_type"):
            raise self.keys.wrong_kind()
        if error == "invalid_grant" or (answer.status_code == 400 and isinstance(said, dict)):
            raise self.keys.unknown_user()
        if answer.status_code == 403:
            raise LockedOut(f"Reddit lets this app in nowhere (403). {APPROVAL}")
        if answer.status_code != 200:
            raise self._later(answer)
        if not isinstance(said, dict) or not _is_token(said):
            raise nonsense()

    def _must_be_sensible(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status == 401:
            raise Stale
        if status == 403:
            raise self._forbidden(answer)
        if status in web.MOVED:  # how Reddit says that there is no such subreddit
            raise Declined("404", "there is no such thing.")
        if status in (400, 404) and isinstance(_read(answer), dict):
            raise Declined(str(status), _reason(answer))
        if status >= 400:
            raise self._later(answer)
        self.answered = True

    def _forbidden(self, answer: requests.Response) -> Exception:
        if "insufficient_scope" in answer.headers.get("www-authenticate", ""):
            return self.keys.too_narrow("that this needs")
        if not isinstance(_read(answer), dict):
            return LockedOut(f"Reddit shuts us out (403). {APPROVAL}")
        return Declined("403", _reason(answer))

    def _later(self, answer: requests.Response) -> TryLater:
        if answer.status_code == 429:
            reset = answer.headers.get(f"{LIMIT}reset", "")
            headers = {"retry-after": reset} if reset.isdecimal() else answer.headers
            wait = web.waits(headers, self.now())
            return TryLater("Reddit wants us to wait.", wait, surely_not_done=True)
        return TryLater(f"Reddit did not answer properly ({answer.status_code}).")


class Door:
    """Asks Reddit as the account, through PRAW; `oauth` and `www` are where it is."""

    def __init__(self, keys: Keys, now: Callable[[], datetime], *, oauth: str, www: str) -> None:
        self.keys, self.now, self.oauth, self.www = keys, now, oauth, www
        self.line = web.Line()
        self._praw = self._signed_out()

    def ask(self, path: str, **params: Any) -> Any:
        return self._asked("GET", path, params=params)

    def do(self, path: str, **data: Any) -> Any:
        """May raise `Declined` with Reddit's name for what is wrong: 200 is no promise."""
        told = self._asked("POST", path, data={**data, "api_type": "json"})
        errors = _part(told, "json").get("errors") if isinstance(told, dict) else None
        for error in errors if isinstance(errors, list) else ():
            raise _refusal(error)
        return told

    def scopes(self) -> set[str]:
        """What was granted; "*" is everything."""
        try:
            return self._praw.auth.scopes()
        except prawcore.PrawcoreException as odd:
            raise nonsense() from odd

    def _asked(self, method: str, path: str, **how: Any) -> Any:
        here = self._praw
        try:
            return here.request(method=method, path=path, **how)
        except Stale:
            self._praw = self._signed_out()
            if here.requestor.answered:  # it had an hour, and is over
                why = "Reddit wants us to sign in anew."
                raise TryLater(why, web.SHORTEST, surely_not_done=True) from None
            raise self.keys.unknown_user() from None
        except (prawcore.PrawcoreException, praw.exceptions.PRAWException) as odd:
            raise nonsense() from odd

    def _signed_out(self) -> "_Praw":
        user = self.keys.values["username"]
        by = f" (by /u/{user})" if user else ""
        return _Praw(
            "DEFAULT",
            requestor_class=Requestor,
            requestor_kwargs={"line": self.line, "keys": self.keys, "now": self.now},
            user_agent=f"server:unanswered:v1{by}",
            oauth_url=self.oauth,
            reddit_url=self.www,
            ratelimit_seconds=0,
            check_for_updates=False,
            check_for_async=False,
            **self.keys.to_sign_in,
        )


class _Praw(praw.Reddit):
    @property
    def requestor(self) -> Requestor:
        assert self._core is not None
        found = self._core.requestor
        assert isinstance(found, Requestor)
        return found


def nonsense() -> TryLater:
    return TryLater("Reddit answered something that makes no sense.")


def _refusal(error: Any) -> Exception:
    """One of Reddit's errors: its name, a sentence, a field."""
    said = [str(part)[:WHY] for part in error] if isinstance(error, list) else []
    kind, why = (said + ["unknown", "It does not say why."][len(said) :])[:2]
    if kind != "RATELIMIT":
        return Declined(kind, why)
    pause = PAUSE.search(why)
    seconds = min(int(pause[1][:9]) * UNITS[pause[2]], 86_400) if pause else 0
    wait = web.within(timedelta(seconds=seconds)) if pause else web.A_WHILE
    return TryLater(
        f"Reddit lets this account comment only so often: {why}", wait, surely_not_done=True
    )


def _reason(answer: requests.Response) -> str:
    said = _read(answer)
    return web.without_key(" ".join(map(str, _words(said))), answer)[:WHY]


def _words(said: Any) -> Iterator[Any]:
    for name in ("reason", "explanation", "message"):
        if said.get(name):
            yield said[name]


def _part(thing: Any, name: str) -> Mapping[str, Any]:
    part = thing.get(name)
    return part if isinstance(part, dict) else {}


def _is_token(said: Mapping[str, Any]) -> bool:
    text = isinstance(said.get("access_token"), str) and isinstance(said.get("scope"), str)
    return text and type(said.get("expires_in")) is int


def _read(answer: requests.Response) -> Any:
    """None: no JSON."""
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None
