"""Meta's Graph API: how it is asked, and what its errors mean.

Codes: developers.facebook.com/docs/graph-api/guides/error-handling, .../rate-limiting, and for
WhatsApp .../whatsapp/cloud-api/support/error-codes.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters import Setting
from adapters.web import A_WHILE, Answer, Web
from bot.domain.delivery import LockedOut, Refused, TryLater

URL = "https://graph.facebook.com/v26.0"
ERRORS = range(400, 600)  # statuses, which come with an explanation
BATCH = 50  # questions in one request
LIMITS = {4, 17, 32, 341, 613, 80007, 130429, 131048, 131056, *range(80000, 80015)}
PASSING = {1, 2, 131000, 131016}
GONE = {(100, 33), (803, None), (100, 2018001)}
TOO_LATE = "The time for answering is over: the customer must write again first."
REFUSALS = {  # by code, and by code and subcode
    (10, 2018278): TOO_LATE,
    (551, None): "They can't be written to at the moment. They may have blocked us.",
    (100, 1545041): "They can't be written to at the moment. They may have blocked us.",
    (131047, None): TOO_LATE,
    (131026, None): "It can't be delivered: this number takes no messages from us any more.",
    (131049, None): "Meta does not deliver it: they have had enough messages from companies today.",
    (368, None): "Meta blocks what we write for a while, because it takes it for spam.",
}
TOKEN_IS = {
    458: "the app was removed by whoever granted it",
    459: "its owner must sign in at facebook.com and see to their account",
    460: "its owner has changed their password",
    463: "it has expired",
    464: "its owner's account is not confirmed",
    467: "it was revoked",
    492: "its owner no longer works for the Page",
}
PERMISSION = re.compile(r"\b(?:pages|instagram|whatsapp|business)_[a-z_]+\b")
Json = Mapping[str, Any]

APP = (
    Setting(
        "META_APP_SECRET", "Your app at developers.facebook.com: App secret.", True, secret=True
    ),
    Setting("META_API_URL", "Where the Graph API is.", default=URL),
)
VERIFY = Setting("META_VERIFY_TOKEN", "What you make up for its webhooks.", secret=True)


class Declined(Exception):
    """Meta understood what we asked and said no."""

    def __init__(self, code: int, subcode: int | None, why: str) -> None:
        super().__init__(why)
        self.code, self.subcode, self.why = code, subcode, why

    @property
    def gone(self) -> bool:
        """It is deleted, or we may not see it: Meta does not tell which."""
        return (self.code, self.subcode) in GONE or self.code == 803

    def refusal(self, gone: str) -> Refused:
        """In a sentence for a colleague; `gone` is the one for what is not there any more."""
        if self.gone:
            return Refused(gone)
        known = REFUSALS.get((self.code, self.subcode)) or REFUSALS.get((self.code, None))
        return Refused(known or f"Meta would not do it: {self.why}")


class Graph:
    """One token's way to the Graph API; `site` is what people call the platform.

    `called` says how a setting is called in the environment, `token` is the one that holds it.
    """

    def __init__(
        self, site: str, settings: Mapping[str, str], token: str, called: Callable[[str], str]
    ) -> None:
        self.site, self._url = site, settings["META_API_URL"].rstrip("/")
        self.token, self.secret = called(token), called("META_APP_SECRET")
        self._web = Web(site, locked=f"Look at {self.token}.")
        held, secret = settings[token].strip(), settings["META_APP_SECRET"].strip()
        self._headers = {"Authorization": f"Bearer {held}"}
        proof = hmac.new(secret.encode(), held.encode(), hashlib.sha256).hexdigest()
        self._proof = {"appsecret_proof": proof}

    def get(self, path: str, *, now: datetime, **asked: Any) -> Json:
        """Raises `TryLater`, `LockedOut` or `Declined`, as all of these do."""
        how = {"params": {**asked, **self._proof}, "headers": self._headers}
        return self._object(self._web.get(f"{self._url}/{path}", now=now, judged=ERRORS, **how))

    def post(self, path: str, *, now: datetime, fields: str = "", **what: Any) -> Json:
        """Afterwards it tells the `fields` of what it made."""
        params = {**({"fields": fields} if fields else {}), **self._proof}
        told = self._sent("POST", path, now, params=params, json=what)
        return told if isinstance(told, dict) else {}

    def delete(self, path: str, *, now: datetime) -> None:
        self._sent("DELETE", path, now, params=self._proof)

    def each(self, paths: Sequence[str], *, now: datetime) -> Iterator[tuple[str, Json | Declined]]:
        """Many questions in few requests; what Meta had no time for is left out."""
        for start in range(0, len(paths), BATCH):
            some = paths[start : start + BATCH]
            asked = json.dumps([{"method": "GET", "relative_url": path} for path in some])
            form = {"batch": asked, "include_headers": "false"}
            told = self._sent("POST", "", now, params=self._proof, data=form)
            if not isinstance(told, list) or len(told) != len(some):
                raise self._nonsense()
            for path, one in zip(some, told, strict=True):
                if isinstance(one, dict) and isinstance(one.get("body"), str):
                    yield path, self._of_many(one)

    def _of_many(self, one: Json) -> Json | Declined:
        status = one.get("code")
        answer = Answer(status if type(status) is int else 0, {}, one["body"].encode())
        try:
            return self._object(answer)
        except Declined as no:
            return no

    def _sent(self, method: str, path: str, now: datetime, **how: Any) -> Any:
        how |= {"headers": self._headers, "judged": ERRORS}
        return self._sensible(self._web.send(method, f"{self._url}/{path}", now=now, **how))

    def _object(self, answer: Answer) -> Json:
        told = self._sensible(answer)
        if not isinstance(told, dict):
            raise self._nonsense(answer.status)
        return told

    def _sensible(self, answer: Answer) -> Any:
        """What it says, unless that is an error."""
        try:
            told = json.loads(answer.body)
        except (ValueError, RecursionError):
            raise self._nonsense(answer.status) from None
        error = told.get("error") if isinstance(told, dict) else None
        if error is None and answer.status < 400:
            return told
        if isinstance(error, dict) and isinstance(code := error.get("code"), int):
            raise self._meaning(answer, code, error)
        raise self._nonsense(answer.status)

    def _meaning(self, answer: Answer, code: int, error: Json) -> Exception:
        subcode, why = error.get("error_subcode"), str(error.get("message", ""))
        if code in LIMITS:
            wait = regained(answer.headers)
            return TryLater(f"{self.site} wants us to wait.", wait, surely_not_done=True)
        number = subcode if isinstance(subcode, int) else None
        if (code, number) in REFUSALS:
            return Declined(code, number, why)
        if code in (102, 190):
            said = TOKEN_IS.get(number or 0, "it is broken, or none of ours")
            return LockedOut(f"{self.site} does not accept {self.token}: {said}. Make a new one.")
        if "appsecret_proof" in why:
            return LockedOut(f"{self.secret} is not that of the app which {self.token} is for.")
        if "development mode" in why:
            return LockedOut(f"The app is in development mode: set it live. {self.site}: {why}")
        if code in (3, 10) or 200 <= code < 300:
            return self._forbidden(why)
        if code in PASSING or error.get("is_transient") is True or answer.status >= 500:
            return TryLater(f"{self.site} has a problem ({code}).")
        return Declined(code, number, why)

    def _forbidden(self, why: str) -> LockedOut:
        names = ", ".join(dict.fromkeys(PERMISSION.findall(why)))
        missing = f"the permission {names}" if names else f"a permission ({why})"
        grant = f"Have it granted to the app, make a new token, and set {self.token}."
        return LockedOut(f"{self.site} wants {missing}. {grant}")

    def _nonsense(self, status: int = 200) -> TryLater:
        return TryLater(f"{self.site} did not answer properly ({status}).")


def regained(headers: Mapping[str, str]) -> timedelta:
    """When Meta thinks that we may ask again, in minutes in its headers; else a while."""
    try:
        told = json.loads(headers.get("x-business-use-case-usage", "{}"))
        uses = [use for some in told.values() for use in some]
        minutes = max(int(use.get("estimated_time_to_regain_access", 0)) for use in uses)
    except (ValueError, TypeError, AttributeError, RecursionError):
        return A_WHILE
    return timedelta(minutes=min(minutes, 24 * 60)) if minutes > 0 else A_WHILE
