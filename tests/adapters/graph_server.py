"""Meta's Graph API, as its documentation has it: what is the same for all of its platforms."""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.adapters.site import Said, Site

TOKEN, SECRET, VERIFY = "EAAs3cr3ttoken", "s3cr3t-app", "s3cr3t-verify"
EXPIRED = {"code": 190, "error_subcode": 463, "message": "Error validating access token: expired"}
GONE = {
    "code": 100,
    "error_subcode": 33,
    "message": "Unsupported get request. Object with ID does not exist, cannot be loaded due to"
    " missing permissions, or does not support this operation.",
}
Asked = dict[str, str]


class No(Exception):
    """What Meta refuses, as its error says it."""

    def __init__(self, status: int = 400, headers: Any = None, **error: Any) -> None:
        super().__init__(error)
        self.said: Said = status, dict(headers or {}), json.dumps({"error": error}).encode()


class GraphServer(Site):
    """One app, one token. `refuses` has what is said to a path that it is found in."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.now = now
        self.refuses: dict[str, No] = {}
        self.requests: list[str] = []
        self.limit = 10**6  # of what it puts on a page, whatever it is asked for

    def limited(self, seconds: int) -> None:
        use = {"1": [{"type": "pages", "estimated_time_to_regain_access": seconds // 60}]}
        error = {"code": 4, "message": "(#4) Application request limit reached"}
        headers = {"X-Business-Use-Case-Usage": json.dumps(use)}
        self.says = 400, headers, json.dumps({"error": error}).encode()

    def settings(self, **more: str) -> dict[str, str]:
        known = {"META_APP_SECRET": SECRET, "META_VERIFY_TOKEN": VERIFY, "META_API_URL": self.url}
        return {**known, **more}

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        return self._said("GET", path, headers, {})

    def write(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        if "form" in headers.get("content-type", ""):
            form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
            return self._said(method, path, headers, form)
        return self._said(method, path, headers, json.loads(body) if body else {})

    def ask(self, method: str, path: str, asked: Asked, body: dict[str, Any]) -> Any:
        """The answer of this platform; `No` for what it refuses."""
        raise NotImplementedError

    def page(self, found: Sequence[Any], asked: Asked, path: str) -> dict[str, Any]:
        """Some of them, and where it goes on."""
        begin, size = int(asked.get("after") or 0), min(int(asked.get("limit", 25)), self.limit)
        some = list(found[begin : begin + size])
        told: dict[str, Any] = {"data": some}
        if some:
            told["paging"] = {"cursors": {"before": str(begin), "after": str(begin + len(some))}}
        if begin + size < len(found):
            told["paging"]["next"] = f"{self.url}/{path}?after={begin + size}"
        return told

    def nested(self, found: Sequence[Any], asked: Asked, edge: str, path: str) -> dict[str, Any]:
        """The first page of an inner list, as it is asked for; none where it is empty."""
        size = re.search(rf"{edge}[^{{]*limit\((\d+)\)", asked["fields"])
        assert size, asked
        return {edge: self.page(found, {"limit": size[1]}, path)} if found else {}

    def _said(self, method: str, path: str, headers: Asked, body: dict[str, Any]) -> Said:
        address = urlsplit(path)
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        try:
            self._must_know(asked, headers)
            if "batch" in body:
                return self._batch(body)
            return self._one(method, address.path.strip("/"), asked, body)
        except No as no:
            return no.said

    def _one(self, method: str, path: str, asked: Asked, body: dict[str, Any]) -> Said:
        self.requests.append(f"{method} {path}")
        for part, no in self.refuses.items():
            if part in f"{method} {path}":
                raise no
        return 200, {}, json.dumps(self.ask(method, path, asked, body)).encode()

    def _batch(self, body: dict[str, Any]) -> Said:
        questions, told = json.loads(body["batch"]), []
        assert len(questions) <= 50
        for question in questions:
            address = urlsplit(question["relative_url"])
            asked = {name: values[0] for name, values in parse_qs(address.query).items()}
            try:
                status, _, said = self._one(question["method"], address.path, asked, {})
            except No as no:
                status, _, said = no.said
            told.append({"code": status, "body": said.decode()})
        return 200, {}, json.dumps(told).encode()

    def _must_know(self, asked: Asked, headers: Asked) -> None:
        held = headers.get("authorization", "").removeprefix("Bearer ")
        if held != TOKEN:
            raise No(code=190, message="Invalid OAuth access token.")
        proof = hmac.new(SECRET.encode(), held.encode(), hashlib.sha256).hexdigest()
        if asked.pop("appsecret_proof", "") != proof:
            raise No(code=100, message="Invalid appsecret_proof provided in the API argument")


def signed(body: bytes) -> dict[str, str]:
    """The headers of a webhook that the app signs."""
    mark = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"x-hub-signature-256": f"sha256={mark}"}


def stamp(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%S+0000")
