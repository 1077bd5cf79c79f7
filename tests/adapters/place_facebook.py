"""A Facebook Page, as the Pages API's documentation has it: a strict stand-in on this machine."""

from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from adapters import Adapter, make
from adapters.meta.facebook import Facebook
from tests.adapters.graph_server import GONE, TOKEN, Asked, GraphServer, No, stamp
from tests.adapters.places import HISTORY, Clock

PAGE, POST = "5001", "5001_900"
LIMIT = 8000


@dataclass
class Comment:
    key: str
    by: str
    text: str
    at: datetime
    parent: str  # a comment, or the post
    gone: bool = False


class FacebookPlace(GraphServer):
    """One post of the Page; customers comment below it."""

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_correct = can_withdraw = True
    can_thread = can_find = can_bring = False

    def __init__(self) -> None:
        self.clock, self.numbers = Clock(), count(100)
        super().__init__(self.clock)
        self.people: dict[str, str] = {"acme": PAGE}
        self.comments: dict[str, Comment] = {}
        self.posts = [self._post(POST, "acme", "Our new kettle")]
        self.spoiled: list[dict[str, Any]] = []
        self.fields = ["feed"]  # that the Page is subscribed to
        self.token_of: dict[str, Any] = {"id": PAGE, "name": "Acme", "type": "page"}
        self.changed = 0
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Facebook:
        known = {"FACEBOOK_PAGE_ID": PAGE, "FACEBOOK_PAGE_TOKEN": TOKEN}
        environment = self.settings(**{**known, **settings})
        adapter = make("facebook", Facebook, environment, self.clock, HISTORY)
        assert isinstance(adapter, Facebook)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(FACEBOOK_PAGE_TOKEN="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        key = f"900_{next(self.numbers)}"
        said = text.replace("\0", "").strip()
        self.comments[key] = Comment(key, by, said, self.clock(), parent or POST)
        return key

    def visit(self, text: str, *, by: str = "mira") -> str:
        """Somebody posts on the Page."""
        key = f"{PAGE}_{next(self.numbers)}"
        self.posts.append(self._post(key, by, text))
        return key

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="acme", parent=to)

    def edit(self, key: str, text: str) -> None:
        self.comments[key].text = text

    def delete(self, key: str) -> None:
        self.comments[key].gone = True

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled.append({"id": "900_7", "created_time": stamp(self.clock()), "from": "?"})

    def answers(self) -> list[str]:
        ours = [c for c in self.comments.values() if c.by == "acme" and not c.gone]
        return [comment.text for comment in ours]

    def lose_next_answer(self) -> None:
        self.loses = ("POST",)

    def lose_next_change(self) -> None:
        self.loses = ("POST", "DELETE")

    def changes(self) -> int:
        return self.changed

    def calls(self) -> int:
        return sum(request.startswith("POST") for request in self.requests)

    def too_long(self) -> str:
        return "x" * (LIMIT + 1)

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def ask(self, method: str, path: str, asked: Asked, body: dict[str, Any]) -> Any:
        if method == "GET":
            return self._shown(path, asked)
        id, _, edge = path.partition("/")
        if method == "DELETE":
            self._known(id).gone = True
            self.changed += 1
            return {"success": True}
        if not body["message"].strip() or len(body["message"]) > LIMIT:
            raise No(code=100, message="(#100) The message is too long or empty")
        if edge == "comments":
            if id not in [post["id"] for post in self.posts]:
                self._known(id)
            key = self.post(body["message"], by="acme", parent=id)
            return {"id": key, "permalink_url": f"https://www.facebook.com/{key}"}
        self._known(id).text = body["message"]
        self.changed += 1
        return {"success": True}

    def _shown(self, path: str, asked: Asked) -> Any:
        id, _, edge = path.partition("/")
        if path == "me":
            kind = {"metadata": {"type": self.token_of["type"]}} if "metadata" in asked else {}
            return {"id": self.token_of["id"], "name": self.token_of["name"], **kind}
        if edge == "subscribed_apps":
            return {"data": [{"id": "1", "subscribed_fields": self.fields}]}
        if edge == "feed":
            if id != PAGE:
                raise No(**GONE)
            posts = [{**post, **self._below(post["id"], asked)} for post in self.posts[::-1]]
            return self.page(posts, asked, path)
        if edge == "comments":
            assert asked["order"] == "reverse_chronological"
            return self.page(self._comments(id), asked, path)
        if posts := [post for post in self.posts if post["id"] == id]:
            return posts[0]
        return self._told(self._known(id))

    def _below(self, post: str, asked: Asked) -> Any:
        return self.nested(self._comments(post), asked, "comments", f"{post}/comments")

    def _comments(self, under: str) -> list[Any]:
        """Newest first; under a post those of all levels."""
        known = [c for c in self.comments.values() if not c.gone]
        if under == POST:
            told = [*map(self._told, known), *self.spoiled]
            return sorted(told, key=lambda c: (c["created_time"], c["id"]), reverse=True)
        return [self._told(c) for c in known if c.parent == under][::-1]

    def _known(self, key: str) -> Comment:
        if key not in self.comments or self.comments[key].gone:
            raise No(**GONE)
        return self.comments[key]

    def _told(self, comment: Comment) -> dict[str, Any]:
        parent = {} if comment.parent == POST else {"parent": {"id": comment.parent}}
        return {
            "id": comment.key,
            "message": comment.text,
            "created_time": stamp(comment.at),
            "from": self._who(comment.by),
            "permalink_url": f"https://www.facebook.com/{comment.key}",
            **parent,
        }

    def _who(self, name: str) -> dict[str, str]:
        id = self.people.setdefault(name, str(6000 + len(self.people)))
        return {"id": id, "name": "Acme" if name == "acme" else name}

    def _post(self, key: str, by: str, text: str) -> dict[str, Any]:
        at = stamp(self.clock())
        return {"id": key, "message": text, "created_time": at, "from": self._who(by)}
