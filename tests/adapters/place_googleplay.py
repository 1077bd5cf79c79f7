"""Google Play's reviews, after the description of its API: a stand-in on this machine."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from adapters import Adapter, make
from adapters.googleplay import GooglePlay
from tests.adapters.google_server import Google, Json, dumped, error
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said

PACKAGE = "com.acme.kettle"
EMAIL = "reviews@acme-1.iam.gserviceaccount.com"
SHOWN = timedelta(days=7)
MINUTE = timedelta(minutes=1)


@cache
def key(_number: int = 0) -> str:
    """A private key; each number has another one."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return pem.decode()


@dataclass
class Written:
    id: str
    by: str
    text: str
    at: datetime
    rating: int = 2
    answer: tuple[str, datetime] | None = None
    more: Json = field(default_factory=dict)


class GooglePlayPlace(Google):
    """Edits move a review's time, which is all that Google tells: see test_googleplay.py."""

    api, version = "androidpublisher", "v3"
    can_answer = can_look = has_credentials = first_run_reads_back = can_correct = True
    can_thread = can_withdraw = can_find = can_bring = can_delete = can_edit = False

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.numbers = Clock(), count(1)
        self.reviews: dict[str, Written] = {}
        self.spoiled: list[Json] = []
        self.page, self.broken_token = 100, False
        self.adapter = self.restarted()

    def credentials(self, **changes: str) -> str:
        made = {
            "type": "service_account",
            "project_id": "acme-1",
            "private_key_id": "abc",
            "private_key": key(),
            "client_email": EMAIL,
            "token_uri": f"{self.url}/token",
        }
        return json.dumps(made | changes)

    def restarted(self, **settings: str) -> GooglePlay:
        environment = {
            "PLAY_PACKAGE": PACKAGE,
            "PLAY_CREDENTIALS": self.credentials(),
            "PLAY_API_URL": self.url,
            **settings,
        }
        adapter = make("googleplay", GooglePlay, environment, self.clock, HISTORY)
        assert isinstance(adapter, GooglePlay)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(PLAY_CREDENTIALS=self.credentials(private_key=key(1)))

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        """Who answers us does so by writing their review anew."""
        if parent:
            return self._written_anew(parent, text)
        id = f"gp:AOqp{next(self.numbers)}"
        self.reviews[id] = Written(id, by, text, self.clock())
        return id

    def _written_anew(self, parent: str, text: str) -> str:
        id = parent.partition("/")[0].partition("@")[0]
        review = self.reviews[id]
        assert review.answer
        self.clock.pass_(1)
        review.text, review.at = text, self.clock()
        return f"{id}@{int(review.answer[1].timestamp()) * 1_000_000}"

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Reviews have no pictures here.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        self.reviews[to.partition("@")[0]].answer = (text, self.clock())
        return f"{to}/answer"

    def edit(self, key: str, text: str) -> None:
        review = self.reviews[key.partition("@")[0]]
        review.text, review.at = text, self.clock()

    def delete(self, key: str) -> None:
        """A review with all that belongs to it; or, of an answer, what it answers."""
        del self.reviews[key.partition("/")[0].partition("@")[0]]

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled.append({"reviewId": "gp:odd", "authorName": "x", "comments": [{}]})

    def answers(self) -> list[str]:
        told = [review.answer for review in self.reviews.values() if review.answer]
        return [text for text, _ in sorted(told, key=lambda answer: answer[1])]

    def lose_next_answer(self) -> None:
        self.lossy = "reviews.reply"

    lose_next_change = lose_next_answer

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def changes(self) -> int:
        return self.calls_of("reviews.reply") - 1  # the first one is no change

    def calls(self) -> int:
        return self.calls_of("reviews.reply")

    def calls_of(self, name: str) -> int:
        return self.called.count(name)

    def too_long(self) -> str:
        return "x" * 351

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def granted(self, form: Mapping[str, str]) -> Said:
        """By RFC 7523; whose signature is not the account's is told so in Google's words."""
        public = load_pem_private_key(key().encode(), None).public_key()
        options: Any = {"verify_exp": False, "verify_iat": False}
        try:
            told = jwt.decode(
                form["assertion"], public, ["RS256"], audience=f"{self.url}/token", options=options
            )
        except jwt.InvalidSignatureError:
            return _no_grant("invalid_grant", "Invalid JWT Signature.")
        now = self.clock().timestamp()
        if not told["iat"] - 300 <= now <= told["exp"] <= told["iat"] + 3600:
            return _no_grant("invalid_grant", "Invalid JWT: Token must be a short-lived token.")
        if told["iss"] != EMAIL:
            return _no_grant("invalid_grant", "Invalid grant: account not found")
        if told["scope"] != "https://www.googleapis.com/auth/androidpublisher":
            return _no_grant("invalid_scope", "Bad scope")
        return self.token()

    def reviews_list(self, asked: Json, _: Json) -> Said:
        if asked["packageName"] != PACKAGE:
            return error(404, "notFound", f"Package not found: {asked['packageName']}.")
        if self.broken_token and "token" in asked:
            return error(400, "invalid", "Invalid token.")
        shown = [r for r in self.reviews.values() if r.at > self.clock() - SHOWN]
        shown.sort(key=lambda review: review.at, reverse=True)
        items = [*self.spoiled, *map(_item, shown)]
        size = min(int(asked.get("maxResults", 10)), self.page)
        begin = int(asked.get("token", "after-0").partition("-")[2])
        told: Json = {"reviews": items[begin : begin + size]} if items[begin:] else {}
        if items[begin + size :]:
            told["tokenPagination"] = {"nextPageToken": f"after-{begin + size}"}
        return 200, {}, dumped(told)

    def reviews_get(self, asked: Json, _: Json) -> Said:
        if review := self.reviews.get(asked["reviewId"]):
            return 200, {}, dumped(_item(review))
        return error(404, "notFound", "Review not found.")

    def reviews_reply(self, asked: Json, body: Json) -> Said:
        review = self.reviews.get(asked["reviewId"])
        if review is None:
            return error(404, "notFound", "Review not found.")
        if len(body["replyText"]) > 350:
            return error(400, "invalid", "The reply text is too long.")
        review.answer = (body["replyText"].strip(), self.clock())
        return 200, {}, dumped({"result": {"replyText": review.answer[0]}})


def _no_grant(name: str, why: str) -> Said:
    return 400, {}, dumped({"error": name, "error_description": why})


def _item(review: Written) -> Json:
    said: Json = {"text": f"\t{review.text}", "lastModified": _time(review.at)}
    said |= {"starRating": review.rating, "reviewerLanguage": "en_US", **review.more}
    comments = [{"userComment": said}]
    if review.answer:
        text, at = review.answer
        comments.append({"developerComment": {"text": text, "lastModified": _time(at)}})
    return {"reviewId": review.id, "authorName": review.by, "comments": comments}


def _time(at: datetime) -> Json:
    return {"seconds": str(int(at.timestamp())), "nanos": at.microsecond * 1000}
