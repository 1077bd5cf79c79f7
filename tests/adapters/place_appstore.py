"""App Store Connect's customer reviews, as its documentation has them: a stand-in here."""

import json
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from adapters import Adapter, make
from adapters.appstore import AppStore
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said, Site

Json = dict[str, Any]
APP, KEY_ID = "1234567890", "2X9R4HXF34"
ISSUER = "57246542-96fe-1a63-e053-0824d011072a"
CALIFORNIA = timezone(timedelta(hours=-8))  # in which Apple tells the time
REVIEW = re.compile(r"/v1/customerReviews/([\w-]+)")
RESPONSE = re.compile(r"/v1/customerReviewResponses/([\w-]+)")


@cache
def key(_number: int = 0) -> str:
    """A .p8 file; each number has another one."""
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclass
class Response:
    id: str
    text: str
    at: datetime
    state: str = "PENDING_PUBLISH"


@dataclass
class Written:
    id: str
    by: str
    body: str
    at: datetime
    title: str = ""
    rating: int = 2
    response: Response | None = None
    more: Json = field(default_factory=dict)


class AppStorePlace(Site):
    """An edit moves a review's date only if `dates_move`: Apple's documentation does not tell."""

    can_answer = can_look = has_credentials = first_run_reads_back = can_correct = True
    can_withdraw = can_delete = can_edit = True
    can_thread = can_find = can_bring = our_clock_may_be_wrong = False

    def __init__(self) -> None:
        super().__init__()
        self.clock, self.numbers = Clock(), count(1)
        self.reviews: dict[str, Written] = {}
        self.spoiled: list[Any] = []
        self.called: list[str] = []
        self.lossy = ""
        self.dates_move = self.broken_cursor = False
        self.role_allows, self.known_key, self.page = True, key(), 200
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> AppStore:
        environment = {
            "APPSTORE_APP": APP,
            "APPSTORE_KEY_ID": KEY_ID,
            "APPSTORE_ISSUER": ISSUER,
            "APPSTORE_KEY": key(),
            "APPSTORE_API_URL": self.url,
            **settings,
        }
        adapter = make("appstore", AppStore, environment, self.clock, HISTORY)
        assert isinstance(adapter, AppStore)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(APPSTORE_KEY=key(1))

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        """Who answers us does so by writing their review anew."""
        if parent:
            return self._written_anew(parent, text)
        id = f"00000{next(self.numbers)}-aaaa"
        self.reviews[id] = Written(id, by, text, self.clock())
        return id

    def _written_anew(self, parent: str, text: str) -> str:
        review = self._review(parent)
        assert review.response
        self.clock.pass_(1)
        review.body, review.at = text, self.clock()
        return f"{review.id}@{int(review.response.at.timestamp()) * 1_000_000}"

    def _review(self, key: str) -> Written:
        return self.reviews[key.partition("/")[0].partition("@")[0]]

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Reviews have no pictures here.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        self._answered(self._review(to), text)
        return f"{to}/answer"

    def edit(self, key: str, text: str) -> None:
        review = self._review(key)
        review.body = text
        review.at = self.clock() if self.dates_move else review.at

    def delete(self, key: str) -> None:
        if key.endswith("/answer"):
            self._review(key).response = None
        else:
            del self.reviews[key]

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled += [{"type": "customerReviews", "id": "odd", "attributes": {}}, None]

    def answers(self) -> list[str]:
        told = [review.response for review in self.reviews.values() if review.response]
        return [response.text for response in sorted(told, key=lambda one: one.at)]

    def lose_next_answer(self) -> None:
        self.lossy = "POST"

    def lose_next_change(self) -> None:
        self.lossy = "POST DELETE"

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def changes(self) -> int:
        return self.calls() + self.called.count("DELETE") - 1  # the first one is no change

    def calls(self) -> int:
        return self.called.count("POST")

    def too_long(self) -> str:
        return "x" * 5971

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        return self._said("GET", path, headers, b"")

    def write(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        said = self._said(method, path, headers, body)
        if method in self.lossy.split():
            self.lossy = ""
            return 502, {}, b"<html>Bad gateway</html>"
        return said

    def _said(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        if why := self._unsigned(headers.get("authorization", "")):
            return error(401, "NOT_AUTHORIZED", why)
        if not self.role_allows and "eviews" in path:
            return error(403, "FORBIDDEN_ERROR", "This request is forbidden for security reasons")
        self.called.append(method)
        address = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        if method == "POST" and address.path == "/v1/customerReviewResponses":
            return self._post(json.loads(body))
        if method == "DELETE" and (found := RESPONSE.fullmatch(address.path)):
            return self._delete(found[1])
        if method == "GET":
            return self._get(address.path, asked)
        return error(405, "METHOD_NOT_ALLOWED", method)

    def _unsigned(self, header: str) -> str:
        """Apple says the same to all who have no right key."""
        options: Any = {"verify_exp": False, "verify_iat": False}
        public = load_pem_private_key(self.known_key.encode(), None).public_key()
        try:
            token = header.removeprefix("Bearer ")
            told = jwt.decode(
                token, public, ["ES256"], audience="appstoreconnect-v1", options=options
            )
            fine = jwt.get_unverified_header(token)["kid"] == KEY_ID and told["iss"] == ISSUER
        except (jwt.InvalidTokenError, KeyError):
            fine, told = False, {"iat": 0, "exp": 0}
        now = self.clock().timestamp()
        fine = fine and told["iat"] <= now < told["exp"] <= told["iat"] + 1200
        return "" if fine else "Provide a properly configured and signed bearer token"

    def _get(self, path: str, asked: dict[str, str]) -> Said:
        if path == f"/v1/apps/{APP}":
            return _dumped({"data": {"type": "apps", "id": APP, "attributes": {"name": "Acme"}}})
        if path == f"/v1/apps/{APP}/customerReviews":
            return self._list(asked)
        if found := REVIEW.fullmatch(path):
            review = self.reviews.get(found[1])
            told = review and {"data": _item(review), "included": _included([review], asked)}
            return _dumped(told) if told else error(404, "NOT_FOUND", "There is no such review")
        return error(404, "NOT_FOUND", "The specified resource does not exist")

    def _list(self, asked: dict[str, str]) -> Said:
        wrong = asked.keys() - {"sort", "include", "limit", "cursor"}
        size = int(asked.get("limit", 50))
        if wrong or size > 200 or (self.broken_cursor and "cursor" in asked):
            return error(400, "PARAMETER_ERROR.INVALID", "A parameter has an invalid value")
        shown = sorted(self.reviews.values(), key=lambda review: review.at, reverse=True)
        begin, size = int(asked.get("cursor", "c0")[1:]), min(size, self.page)
        page = shown[begin : begin + size]
        spoiled = self.spoiled if not begin else []
        told: Json = {"data": [*spoiled, *map(_item, page)], "included": _included(page, asked)}
        if shown[begin + size :]:
            query = f"cursor=c{begin + size}&limit={size}"
            told["links"] = {"next": f"https://elsewhere.example/v1/customerReviews?{query}"}
        return _dumped(told)

    def _post(self, body: Json) -> Said:
        data = body["data"]
        assert data["type"] == "customerReviewResponses"
        review = self.reviews.get(data["relationships"]["review"]["data"]["id"])
        if review is None:
            return error(404, "NOT_FOUND", "There is no resource of type 'customerReviews'")
        text = data["attributes"]["responseBody"]
        if len(text) > 5970:
            return error(409, "ENTITY_ERROR.ATTRIBUTE.INVALID", "The response is too long")
        made = self._answered(review, text)
        return 201, {}, json.dumps({"data": _response(made)}).encode()

    def _answered(self, review: Written, text: str) -> Response:
        id = review.response.id if review.response else f"r{next(self.numbers)}"
        review.response = Response(id, text, self.clock())
        return review.response

    def _delete(self, id: str) -> Said:
        for review in self.reviews.values():
            if review.response and review.response.id == id:
                review.response = None
                return 204, {}, b""
        return error(404, "NOT_FOUND", "There is no such response")


def error(status: int, code: str, detail: str) -> Said:
    told = {"errors": [{"status": str(status), "code": code, "title": code, "detail": detail}]}
    return status, {"Content-Type": "application/json"}, json.dumps(told).encode()


def _dumped(told: Any) -> Said:
    return 200, {"Content-Type": "application/json"}, json.dumps(told).encode()


def _time(at: datetime) -> str:
    return at.astimezone(CALIFORNIA).isoformat()


def _item(review: Written) -> Json:
    said: Json = {"rating": review.rating, "title": review.title, "body": review.body}
    said |= {"reviewerNickname": review.by, "createdDate": _time(review.at), "territory": "USA"}
    item: Json = {"type": "customerReviews", "id": review.id, "attributes": said | review.more}
    if review.response:
        data = {"type": "customerReviewResponses", "id": review.response.id}
        item["relationships"] = {"response": {"data": data}}
    return item


def _included(reviews: list[Written], asked: dict[str, str]) -> list[Json]:
    wanted = asked.get("include") == "response"
    return [_response(review.response) for review in reviews if wanted and review.response]


def _response(response: Response) -> Json:
    said = {"responseBody": response.text, "state": response.state}
    said |= {"lastModifiedDate": _time(response.at)}
    return {"type": "customerReviewResponses", "id": response.id, "attributes": said}
