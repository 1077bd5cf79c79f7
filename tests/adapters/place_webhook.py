"""Whoever sends webhooks, with a callback for answers or without one; through the real door."""

import json
from base64 import b64decode
from contextlib import ExitStack
from typing import Any, Self

from adapters import Adapter, make
from adapters.webhook import Webhook
from tests.adapters.places import HISTORY, Clock
from tests.adapters.pushed import Front, Pushed
from tests.adapters.webhook_server import SECRET, Sender


class WebhookPlace:
    """Says what its customers do by webhooks in the documented JSON."""

    can_edit = can_delete = can_look = first_run_reads_back = True
    has_credentials = can_thread = can_correct = can_withdraw = can_find = can_bring = False

    def __init__(self, *, answers: bool = True) -> None:
        self.clock, self.can_answer = Clock(), answers
        self.sender = Sender(self.clock)
        self.posts: dict[str, dict[str, Any]] = {}
        self.brought = 0
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.enter_context(self.sender)
        self.sender.told = self._answered_here
        self.front = self._open.enter_context(Front(self._webhook(), "webhook", self.clock))
        self.adapter = self.restarted()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _webhook(self) -> Adapter:
        environment = {"WEBHOOK_SECRET": SECRET, "WEBHOOK_NAME": "Acme's shop"}
        if self.can_answer:
            environment |= {"WEBHOOK_REPLY_URL": self.sender.url, "WEBHOOK_REPLY_LIMIT": "500"}
        return make("webhook", Webhook, environment, self.clock, HISTORY)

    def restarted(self) -> Any:
        return Pushed(self._webhook(), self.front, self.clock, HISTORY)

    def locked_out(self) -> Adapter:
        raise NotImplementedError("Nobody signs in: what comes is signed.")

    def bring(self, told: Any) -> None:
        body = json.dumps(told).encode()
        self.brought += 1
        assert self.front.bring(body, self.sender.signed(f"msg_{self.brought}", body)) == 200

    def post(self, text: str, *, by: str = "mira", parent: str | None = None, **more: Any) -> str:
        id = more.pop("id", None) or f"p{len(self.posts) + 1}"
        thread = self.posts.get(parent, {}).get("thread", parent) if parent else id
        told = {
            "id": id,
            "text": text,
            "posted_at": self.clock().isoformat(),
            "author": {"id": f"u-{by}", "handle": by, "name": by.title()},
            "thread": thread,
            "parent": parent,
            **more,
        }
        self.posts[id] = told
        self.bring(told)
        return str(id)

    def _answered_here(self, id: str, answer: dict[str, Any]) -> None:
        to = answer["to"]["id"]
        self.post(answer["text"], by="acme", parent=to, id=f"answer-{id}", from_us=True)

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses here.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="acme", parent=to, from_us=True)

    def edit(self, key: str, text: str) -> None:
        self.posts[key] = {**self.posts[key], "text": text}
        self.bring(self.posts[key])

    def delete(self, key: str) -> None:
        self.sender.gone.add(key)
        self.bring({"id": key, "deleted": True})

    def automated(self, text: str) -> str:
        return self.post(text, automated=True)

    def spoil(self) -> None:
        self.bring({"id": "spoilt", "text": 5})

    def answers(self) -> list[str]:
        return [answer["text"] for answer in self.sender.answers.values()]

    def lose_next_answer(self) -> None:
        self.sender.lose = True

    def files(self) -> list[tuple[str, bytes]]:
        return [
            (file["type"], b64decode(file["content"]))
            for answer in self.sender.answers.values()
            for file in answer["files"]
        ]

    def lose_next_change(self) -> None:
        raise NotImplementedError("What is published stays.")

    def changes(self) -> int:
        return 0

    def calls(self) -> int:
        return len(self.sender.requests)

    def too_long(self) -> str:
        return "x" * 501

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
