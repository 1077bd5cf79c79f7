"""Acme's forum on Discourse: a stand-in on this machine."""

from typing import Any, Self

from adapters import Adapter, make
from adapters.discourse import Discourse
from tests.adapters.discourse_server import KEY, DiscourseServer
from tests.adapters.places import HISTORY, Clock


class DiscoursePlace:
    """Everything on the forum is for us; we answer as acme_care, and ben is a moderator."""

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_correct = can_withdraw = can_find = True
    can_thread = can_bring = False

    def __init__(self) -> None:
        self.clock = Clock()
        self.forum = DiscourseServer(self.clock)
        self.adapter = self.restarted()

    def __enter__(self) -> Self:
        self.forum.__enter__()
        return self

    def __exit__(self, *how: object) -> None:
        self.forum.__exit__(*how)

    def limited(self, seconds: int) -> None:
        self.forum.limited(seconds)

    def restarted(self, **changed: str) -> Discourse:
        environment = {
            "DISCOURSE_URL": self.forum.url,
            "DISCOURSE_USER": "acme_care",
            "DISCOURSE_KEY": KEY,
            **changed,
        }
        adapter = make("discourse", Discourse, environment, self.clock, HISTORY)
        assert isinstance(adapter, Discourse)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(DISCOURSE_KEY="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None, **more: Any) -> str:
        return str(self.forum.post(text, by=by, to=int(parent or 0) or None, **more))

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="ben", parent=to)

    def edit(self, key: str, text: str) -> None:
        self.forum.edit(int(key), text)

    def delete(self, key: str) -> None:
        self.forum.delete(int(key))

    def automated(self, text: str) -> str:
        return self.post(text, by="system")

    def spoil(self) -> None:
        id = self.forum.post("spoilt")
        self.forum.posts[id]["created_at"] = None

    def answers(self) -> list[str]:
        standing = [p for p in self.forum.posts.values() if not p["deleted_at"]]
        ours = [
            p for p in standing if p["username"] in ("acme_care", "ben") and not p["user_deleted"]
        ]
        return [p["raw"] for p in ours]

    def lose_next_answer(self) -> None:
        self.forum.lose = True

    lose_next_change = lose_next_answer

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def changes(self) -> int:
        return sum(one.startswith(("PUT", "DELETE")) for one in self.forum.log)

    def calls(self) -> int:
        return sum(one.startswith("POST") for one in self.forum.log)

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on a forum.")

    def too_long(self) -> str:
        return "x" * 32_001

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
