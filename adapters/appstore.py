"""Apple's App Store: reviews of one app, and the one answer that each may have.

https://developer.apple.com/documentation/appstoreconnectapi/customer-reviews
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters import Setting, scope, seconds
from adapters.reviews import (
    ANSWER,
    Answer,
    LostPage,
    Review,
    Reviews,
    answer_to,
    same_words,
    taken_since,
    whose,
)
from adapters.web import PATIENCE, REFUSALS, Web, doubting, is_private
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 5970  # characters
PAGE = 200  # reviews
READING = 5.0  # seconds that one more request may take
LIFETIME = timedelta(minutes=10)  # of a token; Apple takes twenty minutes at most
AUDIENCE = "appstoreconnect-v1"
ISSUER = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
KEY_ID = re.compile(r"[A-Z0-9]{10}")
KEYS = ("APPSTORE_KEY_ID", "APPSTORE_ISSUER", "APPSTORE_KEY")
CONNECT = "From App Store Connect, Users and Access, Integrations:"

Json = Mapping[str, Any]


class AppStore(Reviews):
    """The reviews of one app, read with a team's key of App Store Connect."""

    store, platform = "The App Store", "appstore"
    settings: ClassVar[Sequence[Setting]] = (
        Setting("APPSTORE_APP", "The app's Apple ID: a number, in its App Information.", True),
        Setting(KEYS[0], f"{CONNECT} the id of a key with the role Customer Support.", True),
        Setting(KEYS[1], f"{CONNECT} the Issuer ID above the keys.", True),
        Setting(
            KEYS[2],
            "The whole text of the key's .p8 file; Apple lets you download it once.",
            required=True,
            secret=True,
        ),
        Setting("APPSTORE_EVERY", "How often to look, in seconds.", default="300"),
        Setting(
            "APPSTORE_API_URL", "Where the API is.", default="https://api.appstoreconnect.apple.com"
        ),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.app = settings["APPSTORE_APP"].strip()
        self.key_id, self.issuer = (settings[key].strip() for key in KEYS[:2])
        self._must_look_right()
        self.every = seconds(name, settings, "APPSTORE_EVERY")
        self.url = settings["APPSTORE_API_URL"].rstrip("/")
        if not is_private(self.url):
            raise ValueError(f"{scope(name, 'APPSTORE_API_URL')} must begin with https://.")
        self._key = private_key(settings[KEYS[2]], scope(name, KEYS[2]))
        self.web = Web("App Store Connect")
        self._called = ""

    @property
    def ability(self) -> Ability:
        speaker = f"the developer of {self._called or f'app {self.app}'}"
        return Ability(speaks_as=speaker, limit=LIMIT, overwrites=True)

    def check(self) -> str:
        """The reviews are asked for as well: a role may see an app and not these."""
        ends = monotonic() + PATIENCE
        told = self._asked("GET", f"/v1/apps/{self.app}", ends, {"fields[apps]": "name"})
        try:
            self._called = str(told["data"]["attributes"]["name"])
        except (KeyError, TypeError):
            raise self._nonsense() from None
        self._asked("GET", f"/v1/apps/{self.app}/customerReviews", ends, {"limit": 1})
        return f"App Store, reviews of {self._called}"

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,  # noqa: ARG002
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        self._must_be_answerable(mention, text, files)
        ends = monotonic() + PATIENCE
        with doubting(again):
            if not (again and self._stands(mention, text, ends)):
                self._publish(mention, text, ends)
        return Sent(key=answer_to(mention.key), url=mention.url)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        """Another answer takes the place of the one that is there."""
        self._must_be_answerable(mention, text, ())
        ends = monotonic() + PATIENCE
        review, _ = self._current(mention.thread, ends)
        self._must_stand(review, mention)
        if review.answer is None:
            raise Refused("The answer is not there any more: somebody has deleted it.")
        if not same_words(review.answer.text, text):
            self._publish(mention, text, ends)
        return sent

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        ends = monotonic() + PATIENCE
        try:
            review, answer = self._current(mention.thread, ends)
            if answer:
                self._must_stand(review, mention)
                self._asked("DELETE", f"/v1/customerReviewResponses/{quote(answer, safe='')}", ends)
        except Gone:
            return

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """One request for each, as many as the time allows; what is left has its turn later."""
        ends, changes = monotonic() + PATIENCE, list[Mention | str]()
        for key in keys:
            if monotonic() > ends - READING:
                break
            changes += self._rechecked(key, ends)
        return changes

    def _rechecked(self, key: str, ends: float) -> Sequence[Mention | str]:
        id, after = whose(key)
        try:
            review, _ = self._current(id, ends)
        except Gone:
            return [key]
        if key.endswith(ANSWER) and review.answer is None:
            return [key]
        said = self._said(review, {id: after} if after[0] else {})
        return [mention for mention in said if mention.key == key]

    def _stands(self, mention: Mention, text: str, ends: float) -> bool:
        """Whether our answer is there. Another may have taken its place, and may not lose it."""
        answer = self._current(mention.thread, ends)[0].answer
        if answer and same_words(answer.text, text):
            return True
        if taken_since(answer, mention):
            raise Unsure(
                "The review has another answer by now. Ours may have been there before it: look in"
                " App Store Connect before you send it again."
            )
        return False

    def _current(self, id: str, ends: float) -> tuple[Review, str]:
        """A review as it is now, and the id of its answer; Gone where it is not there."""
        told = self._asked(
            "GET", f"/v1/customerReviews/{quote(id, safe='')}", ends, {"include": "response"}
        )
        try:
            item = _joined(told["data"], told)
            return self._read(item), _response_id(item)
        except Exception:
            raise self._nonsense() from None

    def _publish(self, mention: Mention, text: str, ends: float) -> None:
        review = {"data": {"type": "customerReviews", "id": mention.thread}}
        data = {
            "type": "customerReviewResponses",
            "attributes": {"responseBody": text},
            "relationships": {"review": review},
        }
        told = self._asked("POST", "/v1/customerReviewResponses", ends, body={"data": data})
        if not isinstance(told.get("data"), dict):
            raise TryLater("App Store Connect did not say whether it took the answer.")

    def _page(self, token: str | None) -> tuple[Sequence[Any], str | None]:
        asked = {"sort": "-createdDate", "include": "response", "limit": PAGE}
        asked |= {"cursor": token} if token else {}
        path, ends = f"/v1/apps/{self.app}/customerReviews", monotonic() + PATIENCE
        try:
            told = self._asked("GET", path, ends, asked)
        except Refused as no:
            raise LostPage if token else TryLater(str(no)) from None
        try:
            return [_joined(item, told) for item in told["data"]], _next(told)
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._nonsense() from None

    def _read(self, item: Any) -> Review:
        said, answer = item["attributes"], item["response"]
        parts = (str(said.get(name) or "").strip() for name in ("title", "body"))
        return Review(
            id=str(item["id"]),
            text="\n\n".join(filter(None, parts)),
            at=_moment(said["createdDate"]),
            rating=said["rating"],
            by=str(said.get("reviewerNickname") or "") or "somebody",
            place=said.get("territory") and str(said["territory"]),
            url=f"https://apps.apple.com/app/id{self.app}?see-all=reviews",
            answer=_answer(answer) if answer else None,
        )

    def _asked(
        self,
        method: str,
        path: str,
        ends: float,
        params: Mapping[str, Any] | None = None,
        body: Json | None = None,
    ) -> Json:
        how: dict[str, Any] = {"params": params, "json": body, "headers": self._signed()}
        answer = self.web.until(ends).send(
            method, f"{self.url}{path}", now=self.now(), judged=REFUSALS, **how
        )
        if answer.status >= 400:
            raise self._meaning(answer.status, path, answer.body)
        if answer.status == 204:
            return {}
        try:
            told = json.loads(answer.body)
            if not isinstance(told, dict):
                raise TypeError("no object")
        except (ValueError, TypeError, RecursionError):
            raise self._nonsense() from None
        return told

    def _signed(self) -> Mapping[str, str]:
        now = self.now()
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
        }
        more = {"kid": self.key_id}
        return {"Authorization": f"Bearer {jwt.encode(claims, self._key, 'ES256', headers=more)}"}

    def _meaning(self, status: int, path: str, body: bytes) -> Exception:
        """Apple says the same of a revoked key, of another's and of a wrong issuer."""
        if status == 401:
            keys = ", ".join(scope(self.name, key) for key in KEYS)
            return LockedOut(
                "App Store Connect does not accept our signature: the key is revoked, or the three"
                f" do not belong together, or this machine's clock is wrong. Look at {keys}."
            )
        if status == 403:
            return LockedOut(
                f"The role of the key {self.key_id} does not allow this. In App Store Connect make"
                f" one with the role Customer Support and look at {scope(self.name, KEYS[0])}."
            )
        if status == 404 and path.startswith("/v1/apps/"):
            return LockedOut(
                f"App Store Connect knows no app {self.app} of this team. Look at"
                f" {scope(self.name, 'APPSTORE_APP')}."
            )
        if status in (404, 410):
            return Gone("The review is gone: its author or Apple has deleted it.")
        if why := _reason(body):
            return Refused(f"App Store Connect would not do it: {why}")
        return TryLater(f"App Store Connect did not answer properly ({status}).")

    def _must_look_right(self) -> None:
        for setting, value, kind, like in (
            ("APPSTORE_APP", self.app, re.compile("[0-9]{4,20}"), "a number such as 1234567890"),
            (KEYS[0], self.key_id, KEY_ID, "ten letters and digits"),
            (KEYS[1], self.issuer, ISSUER, "like 57246542-96fe-1a63-e053-0824d011072a"),
        ):
            if not kind.fullmatch(value):
                raise ValueError(f"{scope(self.name, setting)} must be {like}.")

    def _nonsense(self) -> TryLater:
        return TryLater("App Store Connect answered something that makes no sense.")


class Gone(Refused):
    """It is not there, or not any more."""


def private_key(text: str, setting: str) -> EllipticCurvePrivateKey:
    r"""The key of a .p8 file; ValueError, naming the setting, where it is none.

    Some places for settings keep a line's end as `\n`.
    """
    pem = text.replace("\\n", "\n").strip()
    if not pem.startswith("-----BEGIN PRIVATE KEY-----"):
        raise ValueError(
            f"{setting} must be the whole text of a .p8 file, from -----BEGIN PRIVATE KEY----- to"
            " -----END PRIVATE KEY-----."
        )
    try:
        key = load_pem_private_key(pem.encode(), None)
    except (ValueError, TypeError):
        raise ValueError(f"{setting} is damaged: paste the .p8 file as it is.") from None
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ValueError(f"{setting} is a key of another kind than App Store Connect gives.")
    return key


def _joined(item: Any, told: Json) -> Any:
    """A review together with its answer, which stands elsewhere on the page (JSON:API)."""
    try:
        return {**item, "response": _responses(told).get(_response_id(item))}
    except (AttributeError, TypeError):
        return item  # whoever reads it says what is wrong with it


def _responses(told: Json) -> Mapping[str, Any]:
    listed = told.get("included") or ()
    among = [each for each in listed if isinstance(each, dict)]
    kind = "customerReviewResponses"
    return {str(e.get("id")): e.get("attributes") for e in among if e.get("type") == kind}


def _response_id(item: Any) -> str:
    response = (item.get("relationships") or {}).get("response") or {}
    return str((response.get("data") or {}).get("id") or "")


def _next(told: Json) -> str | None:
    """What names the next page: only that is taken of the address, which leads who knows where."""
    address = (told.get("links") or {}).get("next")
    names = parse_qs(urlsplit(str(address)).query).get("cursor") if address else None
    return names[0] if names else None


def _reason(body: bytes) -> str:
    try:
        return "; ".join(str(error["detail"]) for error in json.loads(body)["errors"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _answer(told: Json) -> Answer:
    return Answer(text=str(told["responseBody"]), at=_moment(told["lastModifiedDate"]))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
