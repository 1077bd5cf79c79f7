"""Google's APIs on this machine: what their own descriptions do not allow, is refused."""

import json
import re
from abc import abstractmethod
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from googleapiclient.discovery_cache import get_static_doc

from tests.adapters.site import Said, Site

Json = dict[str, Any]


class Google(Site):
    """One API, after the description in Google's client, beside an endpoint for tokens.

    `refuses` is answered instead of a method of that name; `called` are the names of all methods
    that were called. `lossy` says of which method the next answer is lost, once it is done.
    """

    api: str
    version: str

    def __init__(self) -> None:
        super().__init__()
        document = json.loads(get_static_doc(self.api, self.version))
        self.methods = list(_methods(document))
        self.schemas = document["schemas"]
        self.tokens: set[str] = set()
        self.called: list[str] = []
        self.asked_for: list[Json] = []
        self.refuses: dict[str, Said] = {}
        self.lossy = ""

    @abstractmethod
    def granted(self, form: Mapping[str, str]) -> Said:
        """What the endpoint for tokens answers."""

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        return self._called("GET", path, headers, b"")

    def write(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        if path == "/token":
            fields = parse_qs(body.decode(), strict_parsing=True)
            return self.granted({name: values[0] for name, values in fields.items()})
        return self._called(method, path, headers, body)

    def token(self) -> Said:
        made = f"token-{len(self.tokens)}"
        self.tokens.add(made)
        return 200, {}, dumped({"access_token": made, "expires_in": 3599, "token_type": "Bearer"})

    def _called(self, verb: str, path: str, headers: Mapping[str, str], body: bytes) -> Said:
        if headers.get("authorization", "").removeprefix("Bearer ") not in self.tokens:
            return error(401, "authError", "Invalid Credentials")
        address = urlsplit(path)
        for method in self.methods:
            found = re.fullmatch(_pattern(method["path"]), address.path.lstrip("/"))
            if found and method["httpMethod"] == verb:
                asked = {name: unquote(value) for name, value in found.groupdict().items()}
                query = parse_qs(address.query, keep_blank_values=True)
                asked |= {name: ",".join(values) for name, values in query.items()}
                return self._checked(method, asked, json.loads(body or b"{}"))
        return error(404, "notFound", f"There is no {verb} {address.path}")

    def _checked(self, method: Json, asked: Json, body: Json) -> Said:
        asked.pop("alt", None)
        name = method["id"].partition(".")[2]
        self.called.append(name)
        self.asked_for.append({**asked, **body})
        for why in _wrong(method, asked):
            return error(400, "invalidParameter", why)
        if "request" in method and (odd := self._unknown(body, method["request"]["$ref"])):
            return error(400, "invalid", f"Invalid JSON payload: unknown name {odd}")
        if said := self.refuses.get(name):
            return said
        said = getattr(self, name.replace(".", "_"))(asked, body)
        if name in self.lossy.split():
            self.lossy = ""
            return 502, {}, b"<html>Bad gateway</html>"
        return said

    def _unknown(self, body: Json, schema: str) -> str:
        known = self.schemas[schema]["properties"]
        for name, value in body.items():
            if name not in known:
                return name
            inner = known[name].get("$ref")
            if inner and isinstance(value, dict) and (odd := self._unknown(value, inner)):
                return odd
        return ""


def error(status: int, reason: str, message: str) -> Said:
    listed = [{"reason": reason, "domain": "youtube", "message": message}]
    told = {"code": status, "message": message, "errors": listed}
    return status, {"Content-Type": "application/json"}, dumped({"error": told})


def dumped(told: Any) -> bytes:
    return json.dumps(told).encode()


def _methods(resource: Json) -> Iterable[Json]:
    yield from resource.get("methods", {}).values()
    for inner in resource.get("resources", {}).values():
        yield from _methods(inner)


def _pattern(path: str) -> str:
    return re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/:]+)", re.escape(path))


def _wrong(method: Json, asked: Json) -> Iterable[str]:
    known = method["parameters"]
    yield from (f"Unknown parameter: {name}" for name in asked if name not in known)
    for name, rule in known.items():
        if name not in asked:
            if rule.get("required"):
                yield f"Required parameter: {name}"
            continue
        value = asked[name]
        if rule["type"] == "integer" and not value.isdecimal():
            yield f"{name} is no number"
        elif "maximum" in rule and int(value) > int(rule["maximum"]):
            yield f"{name} is too large"
        elif "enum" in rule and value not in rule["enum"]:
            yield f"{name} can't be {value}"
