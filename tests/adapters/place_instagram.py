"""An Instagram account, as the Instagram Platform's documentation has it: a strict stand-in."""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from adapters import Adapter, make
from adapters.meta.instagram import Instagram
from tests.adapters.graph_server import GONE, TOKEN, Asked, GraphServer, No, stamp
from tests.adapters.places import HISTORY, Clock

ACCOUNT, MEDIA = "17841400000000001", "17900000000000001"
LIMIT = 2200


@dataclass
class Comment:
    key: str
    by: str
    text: str
    at: datetime
    parent: str | None
    gone: bool = False


class InstagramPlace(GraphServer):
    """One picture of ours; customers comment below it, and mention us elsewhere."""

    can_answer = can_delete = can_look = can_withdraw = True
    has_credentials = first_run_reads_back = True
    can_edit = can_thread = can_correct = can_find = can_bring = False
    tells_what_is_answered = False

    def __init__(self) -> None:
        self.clock, self.numbers = Clock(), count(18_000_000)
        super().__init__(self.clock)
        self.people = {"acme": ACCOUNT}
        self.comments: dict[str, Comment] = {}
        self.elsewhere: dict[str, dict[str, Any]] = {}  # what mentions us, by its id
        self.spoiled: list[dict[str, Any]] = []
        self.mentions: list[dict[str, Any]] = []  # our answers to them
        self.is_page = False  # whether the id is that of a Page
        self.hides_mentions = False
        self.changed = 0
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Instagram:
        known = {"INSTAGRAM_ACCOUNT_ID": ACCOUNT, "INSTAGRAM_TOKEN": TOKEN}
        environment = self.settings(**{**known, **settings})
        adapter = make("instagram", Instagram, environment, self.clock, HISTORY)
        assert isinstance(adapter, Instagram)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(INSTAGRAM_TOKEN="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        """An answer to an answer stands below the same first comment."""
        above = self.comments[parent].parent or parent if parent else None
        key, said = str(next(self.numbers)), text.replace("\0", "").strip()
        self.comments[key] = Comment(key, by, said, self.clock(), above)
        return key

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="acme", parent=to)

    def delete(self, key: str) -> None:
        self.comments[key].gone = True

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled.append({"id": "7", "timestamp": stamp(self.clock()), "from": "?"})

    def answers(self) -> list[str]:
        return [c.text for c in self.comments.values() if c.by == "acme" and not c.gone]

    def lose_next_answer(self) -> None:
        self.loses = ("POST", "DELETE")

    lose_next_change = lose_next_answer

    def changes(self) -> int:
        return self.changed

    def calls(self) -> int:
        return sum(request.startswith("POST") for request in self.requests)

    def too_long(self) -> str:
        return "x" * (LIMIT + 1)

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def webhook(self, field: str, *values: dict[str, Any]) -> bytes:
        changes = [{"field": field, "value": value} for value in values]
        entry = {"id": ACCOUNT, "time": int(self.clock().timestamp()), "changes": changes}
        return json.dumps({"object": "instagram", "entry": [entry]}).encode()

    def ask(self, method: str, path: str, asked: Asked, body: dict[str, Any]) -> Any:
        id, _, edge = path.partition("/")
        if method == "DELETE":
            self._known(id).gone = True
            self.changed += 1
            return {"success": True}
        if method == "POST":
            return self._posted(id, edge, body)
        if id == ACCOUNT and not edge:
            return self._account(asked["fields"])
        if edge == "media":
            if id != ACCOUNT:
                raise No(**GONE)
            link = "https://www.instagram.com/p/abc/"
            below = self.nested(self._top(), asked, "comments", f"{MEDIA}/comments")
            return self.page([{"id": MEDIA, "permalink": link, **below}], asked, path)
        if edge == "comments":
            return self.page(self._top(), asked, path)
        if edge == "replies":
            return self.page(self._below(id)[::-1], asked, path)
        return self._told(self._known(id))

    def _account(self, fields: str) -> dict[str, Any]:
        if fields == "username":
            if self.is_page:
                why = "(#100) Tried accessing nonexisting field (username) on node type (Page)"
                raise No(code=100, message=why)
            return {"id": ACCOUNT, "username": "acme"}
        kind, id = re.findall(r"(mentioned_\w+)\.\w+_id\((\d+)\)", fields)[0]
        if self.hides_mentions:
            raise No(code=10, message="(#10) Needs the permission instagram_manage_comments")
        if id not in self.elsewhere:
            raise No(**GONE)
        return {kind: self.elsewhere[id], "id": ACCOUNT}

    def _posted(self, id: str, edge: str, body: dict[str, Any]) -> dict[str, Any]:
        if not body["message"].strip() or len(body["message"]) > LIMIT:
            raise No(code=100, message="(#100) The message is too long or empty")
        if edge == "mentions":
            self.mentions.append(body)
            return {"id": str(next(self.numbers))}
        assert edge == "replies"
        if self._known(id).parent:
            raise No(code=100, message="(#100) Only top-level comments can be answered")
        return {"id": self.post(body["message"], by="acme", parent=id)}

    def _top(self) -> list[Any]:
        """Newest first, each with the answers below it."""
        known = [c for c in self.comments.values() if not c.gone and not c.parent]
        told = [{**self._told(c), **self._answers(c.key)} for c in known] + self.spoiled
        return sorted(told, key=lambda c: (c["timestamp"], c["id"]), reverse=True)

    def _answers(self, key: str) -> dict[str, Any]:
        below = self._below(key)
        return {"replies": {"data": below}} if below else {}

    def _below(self, key: str) -> list[Any]:
        known = self.comments.values()
        return [self._told(c) for c in known if c.parent == key and not c.gone]

    def _known(self, key: str) -> Comment:
        if key not in self.comments or self.comments[key].gone:
            raise No(**GONE)
        return self.comments[key]

    def _told(self, comment: Comment) -> dict[str, Any]:
        id = self.people.setdefault(comment.by, str(6000 + len(self.people)))
        return {
            "id": comment.key,
            "text": comment.text,
            "timestamp": stamp(comment.at),
            "username": comment.by,
            "from": {"id": id, "username": comment.by},
            **({"parent_id": comment.parent} if comment.parent else {}),
        }
