"""Google Play: reviews of one app, and the one answer that each may have.

https://developers.google.com/android-publisher/reply-to-reviews
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote

import jwt
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from adapters import Setting, scope, seconds
from adapters.google import TOKENS, Declined, Json, Line, NotGranted, Tokens, Visit, asked
from adapters.reviews import Answer, LostPage, Review, Reviews, answer_to, same_words, taken_since
from adapters.web import Web, doubting, is_private
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention
from bot.domain.reply import Ability, Attachment, Sent

SHOP = "https://play.google.com/store/apps/details"
LIMIT = 350  # characters; "approximately", says the description of the API
PAGE = 100  # reviews
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
LIFETIME = timedelta(minutes=30)  # of what we sign; Google takes an hour at most
SPENT = {"quotaExceeded", "dailyLimitExceeded"}
TAG = re.compile(r"<[A-Za-z/!?][^<>]*>")
PACKAGE = re.compile(r"[A-Za-z]\w*(?:\.[A-Za-z]\w*)+")


class GooglePlay(Reviews):
    """The reviews of one app, read with a service account."""

    store, platform = "Google Play", "googleplay"
    reach = timedelta(days=7)
    settings: ClassVar[Sequence[Setting]] = (
        Setting("PLAY_PACKAGE", "The app's package name, such as com.example.app.", True),
        Setting(
            "PLAY_CREDENTIALS",
            "A key of a service account, as JSON: the whole file that Google Cloud gives you.",
            required=True,
            secret=True,
        ),
        Setting("PLAY_EVERY", "How often to look, in seconds.", default="300"),
        Setting(
            "PLAY_API_URL", "Where the API is.", default="https://androidpublisher.googleapis.com"
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
        self.package = settings["PLAY_PACKAGE"].strip()
        if not PACKAGE.fullmatch(self.package):
            raise ValueError(f"{scope(name, 'PLAY_PACKAGE')} must look like com.example.app.")
        self.every = seconds(name, settings, "PLAY_EVERY")
        self.setting = scope(name, "PLAY_CREDENTIALS")
        account = service_account(settings["PLAY_CREDENTIALS"], self.setting)
        self.email = account["client_email"]
        web = Web(self.store, locked=f"Look at {self.setting}.")
        tokens = Tokens(web, account["token_uri"], signed(account), self._not_granted)
        line = Line("androidpublisher", "v3", web, tokens, now)
        self.line = line.at(settings["PLAY_API_URL"])

    @property
    def ability(self) -> Ability:
        speaker = f"the developer of {self.package}"
        return Ability(speaks_as=speaker, limit=LIMIT, overwrites=True)

    def check(self) -> str:
        self._listed(self.line.visit(), maxResults=1)
        return f"Google Play, reviews of {self.package}, as {self.email}"

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
        self._must_be_plain(text)
        visit = self.line.visit()
        with doubting(again):
            if not (again and self._stands(visit, mention, text)):
                self._publish(visit, mention, text)
        return Sent(key=answer_to(mention.key), url=mention.url)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        """Another answer takes the place of the one that is there."""
        self._must_be_answerable(mention, text, ())
        self._must_be_plain(text)
        visit = self.line.visit()
        review = self._current(visit, mention)
        self._must_stand(review, mention)
        if not (review.answer and same_words(review.answer.text, text)):
            self._publish(visit, mention, text)
        return sent

    def _stands(self, visit: Visit, mention: Mention, text: str) -> bool:
        """Whether our answer is there. Another may have taken its place, and may not lose it."""
        answer = self._current(visit, mention).answer
        if answer and same_words(answer.text, text):
            return True
        if taken_since(answer, mention):
            raise Unsure(
                "The review has another answer by now. Ours may have been there before it: look in"
                " Google's Play Console before you send it again."
            )
        return False

    def _current(self, visit: Visit, mention: Mention) -> Review:
        where = {"packageName": self.package, "reviewId": mention.thread}
        try:
            told = visit.ask(self.line.service.reviews().get(**where))
        except Declined as no:
            raise self._meaning(no) from no
        try:
            return self._read(told)
        except Exception:
            raise TryLater("Google Play does not say what stands there.") from None

    def _publish(self, visit: Visit, mention: Mention, text: str) -> None:
        where = {"packageName": self.package, "reviewId": mention.thread}
        request = self.line.service.reviews().reply(**where, body={"replyText": text})
        try:
            told = visit.ask(request)
        except Declined as no:
            raise self._meaning(no) from no
        if not isinstance(told.get("result"), dict):
            raise TryLater("Google Play did not say whether it published the answer.")

    def _must_be_plain(self, text: str) -> None:
        if found := TAG.search(text):
            raise Refused(
                f"Google Play leaves out what looks like HTML: {found[0][:60]}. Write it without <"
                " and >."
            )

    def _page(self, token: str | None) -> tuple[Sequence[Any], str | None]:
        more = {"token": token} if token else {}
        told = self._listed(self.line.visit(), maxResults=PAGE, **more)
        items, pages = told.get("reviews", []), told.get("tokenPagination") or {}
        if not isinstance(items, list) or not isinstance(pages, dict):
            raise TryLater("Google Play answered something that makes no sense.")
        return items, str(pages.get("nextPageToken") or "") or None

    def _listed(self, visit: Visit, **how: Any) -> Json:
        try:
            return visit.ask(
                self.line.service.reviews().list(**asked(packageName=self.package, **how))
            )
        except Declined as no:
            if no.status == 400 and "token" in how:
                raise LostPage from no
            if no.status in (400, 404):
                raise LockedOut(self._no_such_app()) from no
            raise self._meaning(no) from no

    def _read(self, item: Any) -> Review:
        said, answer = _comment(item, "userComment"), _comment(item, "developerComment")
        if said is None:
            raise ValueError("It has no words of its author.")
        id, text = str(item["reviewId"]), str(said.get("originalText") or said["text"])
        return Review(
            id=id,
            text=text.strip().replace("\t", "\n\n", 1),  # a title, a tab, and the rest
            at=_moment(said["lastModified"]),
            rating=said["starRating"],
            by=str(item.get("authorName") or "") or "somebody",
            url=f"{SHOP}?id={self.package}&reviewId={quote(id, safe=':')}",
            language=str(said.get("reviewerLanguage") or "").replace("_", "-") or None,
            answer=_answer(answer) if answer else None,
        )

    def _meaning(self, no: Declined) -> Exception:
        if no.reasons & SPENT:
            after = timedelta(hours=1)
            return TryLater("Google Play's requests are used up.", after, surely_not_done=True)
        if no.status == 403:
            return LockedOut(
                f"Google Play does not let {self.email} see or answer reviews of {self.package}."
                " In Play Console, Users and permissions, invite it and allow it to reply to"
                " reviews; it may take a day until that counts."
            )
        if no.status == 404 and "package" in no.why.casefold():
            return LockedOut(self._no_such_app())
        if no.status == 404:
            return Refused("The review is gone: its author or Google has deleted it.")
        return Refused(f"Google Play would not publish it: {no.why}")

    def _no_such_app(self) -> str:
        return (
            f"Google Play knows no app {self.package}. Look at {scope(self.name, 'PLAY_PACKAGE')}."
        )

    def _not_granted(self, no: NotGranted) -> str:
        if no.error == "invalid_grant" and "signature" in no.why.casefold():
            why = "Google does not know this key any more: it was deleted or replaced."
        elif no.error == "invalid_grant" and "account" in no.why.casefold():
            why = f"There is no service account {self.email} any more, or it is disabled."
        elif no.error == "invalid_grant":
            why = "Google does not accept the key: perhaps this machine's clock is wrong."
        else:
            why = f"Google gives {self.email} no token ({no.error})."
        return f"{why} Make a new key in Google Cloud's console and look at {self.setting}."


def service_account(text: str, setting: str) -> Mapping[str, str]:
    """What a service account's key says; ValueError, naming the setting, where it is none."""
    try:
        told = json.loads(text)
        kind = told.get("type")
    except (ValueError, AttributeError, RecursionError):
        raise ValueError(
            f"{setting} must be the whole JSON of a service account's key, from {{ to }}."
        ) from None
    if kind != "service_account":
        raise ValueError(
            f"{setting} is no key of a service account but of another kind. In Google Cloud's"
            " console make a service account, and for it a key of type JSON."
        )
    try:
        email, key = str(told["client_email"]), str(told["private_key"])
        load_pem_private_key(key.encode(), None)
    except (ValueError, KeyError, TypeError):
        raise ValueError(
            f"{setting} is damaged: its private_key or client_email is none. Paste the file as it"
            " was downloaded."
        ) from None
    url = str(told.get("token_uri") or TOKENS)
    if not is_private(url):
        raise ValueError(f"token_uri in {setting} must begin with https://.")
    return {"client_email": email, "private_key": key, "token_uri": url}


def signed(account: Mapping[str, str]) -> Callable[[datetime], Mapping[str, str]]:
    """What a service account asks for a token with (RFC 7523, 2.1)."""

    def form(now: datetime) -> Mapping[str, str]:
        claims = {
            "iss": account["client_email"],
            "scope": SCOPE,
            "aud": account["token_uri"],
            "iat": int(now.timestamp()),
            "exp": int((now + LIFETIME).timestamp()),
        }
        assertion = jwt.encode(claims, account["private_key"], algorithm="RS256")
        return {"grant_type": GRANT, "assertion": assertion}

    return form


def _comment(item: Any, kind: str) -> Json | None:
    """The last of a kind; there is one at most, as far as Google tells."""
    found = [each[kind] for each in item["comments"] if each.get(kind)]
    return found[-1] if found else None


def _answer(told: Json) -> Answer:
    return Answer(text=str(told["text"]), at=_moment(told["lastModified"]))


def _moment(told: Json) -> datetime:
    """Seconds since 1970, as text, and nanoseconds."""
    at = datetime.fromtimestamp(int(told["seconds"]), UTC)
    return at + timedelta(microseconds=int(told.get("nanos") or 0) // 1000)
