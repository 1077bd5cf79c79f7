"""A strict Discourse on this machine, from its documentation and its source: what we use of it."""

import json
from collections.abc import Callable
from datetime import datetime
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.adapters.site import Said, Site

LONGEST, SHORTEST, PAGE, REPLIES = 32_000, 5, 50, 20
KEY = "d3adb33f"
UNKNOWN = (
    "You are not permitted to view the requested resource. The API username or key is invalid."
)
POSTED = {"raw", "topic_id", "reply_to_post_number"}
STUB = "(post deleted by author, will be automatically deleted in 24 hours unless flagged)"
Post = dict[str, Any]


class Problem(Exception):
    def __init__(self, status: int, kind: str, *errors: str, **more: Any) -> None:
        body = {"errors": list(errors), "error_type": kind, **more}
        self.said: Said = status, {"Content-Type": "application/json"}, json.dumps(body).encode()


MISSING = (404, "not_found", "The requested URL or resource could not be found.")
FORBIDDEN = (403, "invalid_access", "You are not permitted to view the requested resource.")


class DiscourseServer(Site):
    """One forum; each topic is begun by its first post. `windowed`: as before version 3.1."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.now = now
        self.numbers, self.topics = count(1001), count(1)
        self.users = {"acme_care": 2, "ben": 3, "system": -1}
        self.staff = {"ben", "system"}
        self.posts: dict[int, Post] = {}
        self.lose = self.pending = self.windowed = self.scoped = False
        self.secret: set[int] = set()  # topics that are not for us
        self.closed: set[int] = set()
        self.left = 10**6  # requests of this minute
        self.log: list[str] = []

    # What people do

    def post(
        self, text: str, *, by: str = "mira", to: int | None = None, topic: int = 0, **more: Any
    ) -> int:
        """Answer a post, or a whole topic, or begin one."""
        at = self.posts[to]["topic_id"] if to else topic or next(self.topics)
        user = self.users.setdefault(by, 100 + len(self.users))
        id, others = next(self.numbers), [p for p in self.posts.values() if p["topic_id"] == at]
        answered = self.posts[to] if to else {}
        self.posts[id] = {
            "id": id,
            "name": by.title(),
            "username": by,
            "user_id": user,
            "created_at": f"{self.now():%Y-%m-%dT%H:%M:%S.000Z}",
            "updated_at": f"{self.now():%Y-%m-%dT%H:%M:%S.000Z}",
            "cooked": f"<p>{text}</p>",
            "raw": text,
            "post_number": 1 + max((p["post_number"] for p in others), default=0),
            "post_type": 1,
            "reply_to_post_number": answered.get("post_number"),
            "topic_id": at,
            "topic_slug": f"topic-{at}",
            "topic_title": f"Topic {at}",
            "category_id": 5,
            "version": 1,
            "staff": by in self.staff,
            "hidden": False,
            "user_deleted": False,
            "deleted_at": None,
            "private": False,
            "late": False,
            **more,
        }
        if answered:
            self.posts[id]["reply_to_user"] = {"username": answered["username"]}
        return id

    def edit(self, id: int, text: str) -> None:
        """Within the first five minutes its version stays the same."""
        self.posts[id]["raw"] = text

    def delete(self, id: int) -> None:
        self.posts[id]["deleted_at"] = f"{self.now():%Y-%m-%dT%H:%M:%S.000Z}"

    # What the API does

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        address = urlsplit(path)
        self.log.append(f"{method} {address.path}")
        asked = {name: values[0] for name, values in parse_qs(address.query).items()}
        try:
            self._must_be_let_in(headers, address.path)
            said = self._answer(method, address.path.strip("/").split("/"), asked, body)
        except Problem as problem:
            said = problem.said
        if method != "GET" and self.lose:
            self.lose = False
            return 502, {}, b"<html>Bad gateway</html>"
        return said

    def _must_be_let_in(self, headers: dict[str, str], path: str) -> None:
        if headers.get("api-key") != KEY or headers.get("api-username", "").lower() != "acme_care":
            raise Problem(403, "invalid_access", UNKNOWN)
        if self.scoped:
            raise Problem(*FORBIDDEN)
        self.left -= 1
        if self.left < 0:
            wait = {"wait_seconds": 9, "time_left": "9 seconds"}
            raise Problem(429, "rate_limit", "You’ve done that too many times.", extras=wait)

    def _answer(self, method: str, path: list[str], asked: dict[str, str], body: bytes) -> Said:
        match method, path:
            case "GET", ["posts.json"]:
                return self._list(asked, "latest_posts", private=False)
            case "GET", ["private-posts.json"]:
                return self._list(asked, "private_posts", private=True)
            case "POST", ["posts.json"]:
                return self._create(json.loads(body))
            case "GET", ["posts", "by_number", topic, number]:
                at = int(topic), int(number.removesuffix(".json"))
                found = [p for p in self.posts.values() if at == (p["topic_id"], p["post_number"])]
                return _said(self._shown(self._seen(found[0]["id"] if found else 0)))
            case "GET", ["posts", id, "replies.json"]:
                return self._replies(self._seen(int(id)), int(asked["after"]))
            case "GET", ["posts", id]:
                return _said(self._shown(self._seen(_id(id))))
            case "PUT", ["posts", id]:
                return self._edit(self._seen(_id(id)), json.loads(body))
            case "DELETE", ["posts", id]:
                return self._destroy(self._seen(_id(id)))
        raise Problem(*MISSING)

    def _seen(self, id: int) -> Post:
        """Whoever is no moderator is told of what is deleted that there is none."""
        post = self.posts.get(id)
        if post is None or post["deleted_at"]:
            raise Problem(*MISSING)
        if post["topic_id"] in self.secret:
            raise Problem(*FORBIDDEN)
        return post

    def _list(self, asked: dict[str, str], root: str, *, private: bool) -> Said:
        assert set(asked) <= {"before"}
        found = [
            post
            for id, post in sorted(self.posts.items(), reverse=True)
            if post["post_type"] == 1 and not post["deleted_at"] and not post["late"]
            if post["topic_id"] not in self.secret and post["private"] is private
        ]
        before = int(asked.get("before", 0))
        if self.windowed:
            last = before or max(self.posts, default=0)
            found = [post for post in found if last - PAGE < post["id"] <= last]
        elif before:
            found = [post for post in found if post["id"] < before]
        titled = [self._shown(p) | {"topic_title": p["topic_title"]} for p in found[:PAGE]]
        return _said({root: titled})

    def _create(self, told: dict[str, Any]) -> Said:
        if unknown := set(told) - POSTED:
            raise AssertionError(f"Discourse would ignore {unknown}")
        topic = [p for p in self.posts.values() if p["topic_id"] == told["topic_id"]]
        if not topic or told["topic_id"] in self.secret:
            raise Problem(*FORBIDDEN)
        if told["topic_id"] in self.closed:
            raise _invalid("This topic is closed, and no longer accepts new replies.")
        self._must_have_a_length(told["raw"])
        if self.pending:
            return _said({"action": "enqueued", "success": True, "pending_post": {"id": 7}})
        [to] = [p["id"] for p in topic if p["post_number"] == told["reply_to_post_number"]]
        id = self.post(told["raw"].strip(), by="acme_care", to=to, private=topic[0]["private"])
        return _said(self._shown(self.posts[id]))

    def _must_have_a_length(self, raw: str) -> None:
        if len(raw.strip()) < SHORTEST:
            raise _invalid(f"Body is too short (minimum is {SHORTEST} characters)")
        if len(raw.strip()) > LONGEST:
            raise _invalid(f"Body is limited to {LONGEST} characters")

    def _edit(self, post: Post, told: dict[str, Any]) -> Said:
        if post["username"] != "acme_care":
            raise Problem(*FORBIDDEN)
        self._must_have_a_length(told["post"]["raw"])
        post |= {"raw": told["post"]["raw"].strip(), "version": post["version"] + 1}
        return _said({"post": self._shown(post)})

    def _destroy(self, post: Post) -> Said:
        """Whoever deletes their own post leaves a stub for a day."""
        if post["username"] != "acme_care" or post["user_deleted"]:
            raise Problem(*FORBIDDEN)
        post |= {"user_deleted": True, "raw": STUB}
        return 200, {}, b""

    def _replies(self, post: Post, after: int) -> Said:
        answers = [
            self._shown(p)
            for p in self.posts.values()
            if p["topic_id"] == post["topic_id"] and not p["deleted_at"]
            if p["reply_to_post_number"] == post["post_number"] and p["post_number"] > after
        ]
        without_raw = [{k: v for k, v in p.items() if k != "raw"} for p in answers]
        return _said(without_raw[:REPLIES])

    def _shown(self, post: Post) -> Post:
        kept = {"private", "late", "topic_title"}
        shown = {name: value for name, value in post.items() if name not in kept}
        return shown | {"yours": post.get("username") == "acme_care"}


def _id(text: str) -> int:
    number = text.removesuffix(".json")
    if not number.isdecimal() or not text.endswith(".json"):
        raise Problem(*MISSING)
    return int(number)


def _invalid(why: str) -> Problem:
    return Problem(422, "", why, action="create_post")


def _said(body: Any) -> Said:
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return 200, kind, json.dumps(body).encode()
