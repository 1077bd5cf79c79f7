"""A strict WordPress on this machine: the part of its REST API that we use, over real HTTP.

Where it was measured, it does what the real one does: an answer to a comment in the bin, or to none
at all, is published; the same words twice are not; tags in an editor's words stay tags.
"""

import json
from base64 import b64decode
from collections.abc import Mapping
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.adapters.site import Said, Site

LIMIT, MOST = 65_525, 100
LISTED = {"context", "status", "orderby", "order", "per_page", "offset", "include", "parent"}
LISTED |= {"author", "_fields", "rest_route"}
SHOWN = {"1": "approved", "0": "hold", "spam": "spam", "trash": "trash"}
STORED = {"approve": "1", "hold": "0", "spam": "spam", "trash": "trash"}
USERS = {1: ("acme", "Acme"), 2: ("care", "Acme Care"), 3: ("ben", "Ben"), 4: ("guest", "Guest")}
EDITORS = (1, 2, 3)
ABOUT = {"name": "Acme blog", "namespaces": ["wp/v2"]}


class Problem(Exception):
    def __init__(self, status: int, code: str, message: str = "Sorry.") -> None:
        body = {"code": code, "message": message, "data": {"status": status}}
        self.said: Said = status, {}, json.dumps(body).encode()


class WordPressServer(Site):
    """One post, with comments as columns of wp_comments have them."""

    def __init__(self) -> None:
        super().__init__()
        self.passwords = {"acme": "A" * 24, "care": "B" * 24, "guest": "C" * 24}
        self.comments: dict[int, dict[str, Any]] = {}
        self.flags: set[str] = set()
        self.at = "2026-11-03 12:00:00"
        self.closed = False
        self.bin = True  # whether deleted comments are kept
        self.unlisted: set[int] = set()  # that a list leaves out, after it was cut into pages
        self.forgets_agents = False  # as plugins for privacy do
        self.log: list[str] = []
        self.last = 0

    # What happens in wp-admin

    def tell_time(self, at: str) -> None:
        self.at = at

    def flag(self, name: str) -> None:
        self.flags.add(name)

    def add(self, *comments: Mapping[str, Any]) -> list[int]:
        for comment in comments:
            self.last += 1
            usual = {"comment_parent": 0, "user_id": 0, "comment_agent": "", "comment_approved": 1}
            kept = {**usual, "comment_author_url": "", **comment, "comment_ID": self.last}
            self.comments[self.last] = kept | {"comment_approved": str(kept["comment_approved"])}
        return list(range(self.last - len(comments) + 1, self.last + 1))

    def change(self, id: int, content: str) -> None:
        self.comments[id]["comment_content"] = content

    def set_status(self, id: int, status: str) -> None:
        self.comments[id]["comment_approved"] = STORED[status]

    def remove(self, id: int) -> None:
        del self.comments[id]

    def close_post(self) -> None:
        self.closed = True

    def stored(self) -> list[dict[str, Any]]:
        return [self.comments[id] for id in sorted(self.comments)]

    def requests(self) -> list[str]:
        return self.log

    # What the REST API does

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        address = urlsplit(path)
        asked = dict(parse_qsl(address.query, keep_blank_values=True))
        route = asked.get("rest_route", "")
        self.log.append(f"{method} {route}")
        try:
            said = self._answer(method, route, asked, headers, body)
        except Problem as problem:
            said = problem.said
        if method != "GET" and "lose" in self.flags:
            self.flags.remove("lose")
            return 504, {}, b""
        return said

    def _answer(
        self, method: str, route: str, asked: dict[str, str], headers: dict[str, str], body: bytes
    ) -> Said:
        if "disabled" in self.flags:
            raise Problem(401, "rest_disabled", "The REST API is off.")
        shut = self.flags & {"closed", "http"}
        if route == "/":
            ways = {"application-passwords": {"endpoints": {}}}
            return _said(200, {**ABOUT, "authentication": [] if shut else ways})
        us = 0 if shut else self._user(headers)
        if route == "/wp/v2/users/me":
            return self._me(us)
        if route == "/wp/v2/comments":
            return self._list(us, asked) if method == "GET" else self._create(us, json.loads(body))
        if route.startswith("/wp/v2/comments/") and route.rpartition("/")[2].isdecimal():
            return self._one(method, us, int(route.rpartition("/")[2]), asked, body)
        raise Problem(404, "rest_no_route", "No route was found matching the URL.")

    def _user(self, headers: dict[str, str]) -> int:
        """0: nobody that WordPress knows; it does not say why."""
        kind, _, code = headers.get("authorization", "").partition(" ")
        user, _, password = (
            b64decode(code).decode().partition(":") if kind == "Basic" else ("",) * 3
        )
        right = user in self.passwords and self.passwords[user] == password
        return next((id for id, (name, _) in USERS.items() if right and name == user), 0)

    def _me(self, us: int) -> Said:
        if not us:
            raise Problem(401, "rest_not_logged_in", "You are not currently logged in.")
        return _said(200, {"id": us, "name": USERS[us][1]})

    def _list(self, us: int, asked: dict[str, str]) -> Said:
        if unknown := set(asked) - LISTED:
            raise AssertionError(f"WordPress would ignore {unknown}")
        if int(asked.get("per_page", 10)) > MOST:
            raise Problem(400, "rest_invalid_param", "Invalid parameter(s): per_page")
        self._must_moderate(us, asked)
        assert (asked["orderby"], asked["order"]) == ("id", "desc")
        kinds = {"all": ("1", "0")}.get(asked["status"], (STORED.get(asked["status"]),))
        found = [one for one in self.stored()[::-1] if one["comment_approved"] in kinds]
        for name, column in (("parent", "comment_parent"), ("author", "user_id")):
            found = [one for one in found if str(one[column]) == asked.get(name, str(one[column]))]
        if "include" in asked:
            wanted = asked["include"].split(",")
            found = [one for one in found if str(one["comment_ID"]) in wanted]
        begin, size = int(asked.get("offset", 0)), int(asked["per_page"])
        cut = [one for one in found[begin : begin + size] if one["comment_ID"] not in self.unlisted]
        page = [self._shown(one, asked) for one in cut]
        return _said(200, page, {"X-WP-Total": str(len(found))})

    def _create(self, us: int, told: dict[str, Any]) -> Said:
        if not us:
            raise Problem(401, "rest_comment_login_required")
        if "status" in told and us not in EDITORS:
            raise Problem(403, "rest_comment_invalid_status")
        if self.closed:
            raise Problem(403, "rest_comment_closed", "Sorry, comments are closed for this item.")
        if not told["content"].strip():
            raise Problem(400, "rest_comment_content_invalid", "Invalid comment content.")
        if len(told["content"].encode()) > LIMIT:
            raise Problem(400, "comment_content_column_length")
        for one in self.comments.values():
            same = one["comment_parent"] == told["parent"] and one["user_id"] == us
            same &= one["comment_content"] == told["content"]
            if same and one["comment_approved"] != "trash":
                raise Problem(409, "comment_duplicate", "Duplicate comment detected")
        status = "spam" if "akismet" in self.flags else "1"
        [id] = self.add(
            {
                "comment_post_ID": told["post"],
                "comment_parent": told["parent"],
                "comment_content": told["content"],
                "comment_agent": "" if self.forgets_agents else told.get("author_user_agent", ""),
                "comment_author": USERS[us][1],
                "comment_author_email": f"{USERS[us][0]}@acme.example",
                "comment_date_gmt": self.at,
                "comment_approved": status,
                "user_id": us,
            }
        )
        return _said(201, self._shown(self.comments[id], {}))

    def _one(self, method: str, us: int, id: int, asked: dict[str, str], body: bytes) -> Said:
        if id not in self.comments:
            raise Problem(404, "rest_comment_invalid_id", "Invalid comment ID.")
        self._must_moderate(us, asked)
        one = self.comments[id]
        if method == "PUT":
            told = json.loads(body)
            agent = told.get("author_user_agent") or "whoever edits it"
            one |= {"comment_content": told["content"], "comment_agent": agent}
        elif method == "DELETE":
            self._delete(one, force=asked.get("force") == "true")
        return _said(200, self._shown(one, asked))

    def _delete(self, one: dict[str, Any], *, force: bool) -> None:
        if force:
            del self.comments[one["comment_ID"]]
        elif not self.bin:
            raise Problem(501, "rest_trash_not_supported")
        elif one["comment_approved"] == "trash":
            raise Problem(410, "rest_already_trashed", "It has already been trashed.")
        else:
            one["comment_approved"] = "trash"

    def _must_moderate(self, us: int, asked: dict[str, str]) -> None:
        if us not in EDITORS:
            raise Problem(403 if us else 401, "rest_forbidden_context")
        assert asked.get("context", "edit") == "edit"

    def _shown(self, one: dict[str, Any], asked: dict[str, str]) -> dict[str, Any]:
        spoilt = one["comment_content"] == "spoilt"
        raw = one["comment_content"]
        whole = {
            "id": one["comment_ID"],
            "post": one["comment_post_ID"],
            "parent": one["comment_parent"],
            "author": one["user_id"],
            "author_name": one["comment_author"],
            "author_email": one["comment_author_email"],
            "author_url": one["comment_author_url"],
            "author_user_agent": one["comment_agent"],
            "date_gmt": str(one["comment_date_gmt"]).replace(" ", "T"),
            "content": None if spoilt else {"raw": raw, "rendered": f"<p>{unescape(raw)}</p>"},
            "link": f"{self.url}/?p={one['comment_post_ID']}#comment-{one['comment_ID']}",
            "status": SHOWN[one["comment_approved"]],
        }
        wanted = asked["_fields"].split(",") if "_fields" in asked else list(whole)
        return {name: whole[name] for name in wanted}


def _said(status: int, body: Any, headers: dict[str, str] | None = None) -> Said:
    kind = {"Content-Type": "application/json; charset=UTF-8"}
    return status, {**kind, **(headers or {})}, json.dumps(body).encode()
