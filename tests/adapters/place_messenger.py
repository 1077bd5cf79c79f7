"""Messenger, as the Messenger Platform's documentation has it: a strict stand-in."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from adapters import Adapter, make
from adapters.meta.messenger import Messenger
from tests.adapters.graph_server import GONE, TOKEN, Asked, GraphServer, No, stamp
from tests.adapters.places import HISTORY, Clock

PAGE = "5001"
LIMIT = 2000
OUTSIDE = {
    "code": 10,
    "error_subcode": 2018278,
    "message": "(#10) This message is sent outside of allowed window.",
}


@dataclass
class Message:
    key: str
    by: str
    text: str
    at: datetime
    conversation: str  # with whom


class MessengerPlace(GraphServer):
    can_answer = can_edit = can_look = has_credentials = first_run_reads_back = True
    can_delete = can_thread = can_correct = can_withdraw = can_find = can_bring = False
    tells_what_is_answered = False

    def __init__(self) -> None:
        self.clock, self.numbers = Clock(), count(100)
        super().__init__(self.clock)
        self.people = {"acme": PAGE}
        self.messages: dict[str, Message] = {}
        self.also: dict[str, dict[str, Any]] = {}  # what else a message has
        self.spoiled = 0
        self.sent: list[dict[str, Any]] = []
        self.token_of: dict[str, Any] = {"id": PAGE, "name": "Acme", "type": "page"}
        self.adapter = self.restarted()

    def restarted(self, **settings: str) -> Messenger:
        known = {"FACEBOOK_PAGE_ID": PAGE, "FACEBOOK_PAGE_TOKEN": TOKEN}
        environment = self.settings(**{**known, **settings})
        adapter = make("messenger", Messenger, environment, self.clock, HISTORY)
        assert isinstance(adapter, Messenger)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(FACEBOOK_PAGE_TOKEN="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self._write(text, by, by)

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self._write(text, "acme", self.messages[to].conversation)

    def edit(self, key: str, text: str) -> None:
        self.messages[key].text = text

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.spoiled += 1

    def answers(self) -> list[str]:
        return [message.text for message in self.messages.values() if message.by == "acme"]

    def lose_next_answer(self) -> None:
        self.loses = ("POST",)

    def calls(self) -> int:
        return sum(request.startswith("POST") for request in self.requests)

    def too_long(self) -> str:
        return "x" * (LIMIT + 1)

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def ask(self, method: str, path: str, asked: Asked, body: dict[str, Any]) -> Any:
        id, _, edge = path.partition("/")
        if path == "me":
            told = self.token_of
            return {"id": told["id"], "name": told["name"], "metadata": {"type": told["type"]}}
        if method == "POST":
            assert path == f"{PAGE}/messages"
            return self._send(body)
        if edge == "messages":
            return self.page(self._of(id.removeprefix("t_")), asked, path)
        if id != PAGE:
            raise No(**GONE)
        assert asked["platform"] == "messenger"
        return self.page(self._conversations(asked), asked, path)

    def _conversations(self, asked: Asked) -> list[Any]:
        """The one that changed last comes first."""
        latest = {message.conversation: message for message in self.messages.values()}
        if "user_id" in asked:
            latest = {n: m for n, m in latest.items() if self._id(n) == asked["user_id"]}
        told = [self._conversation(name, last, asked) for name, last in latest.items()]
        told += [{"id": "t_x", "updated_time": stamp(self.clock())}] * self.spoiled
        told = [each | {"messages": 7} if each["id"] == "t_x" else each for each in told]
        return sorted(told, key=lambda each: each["updated_time"], reverse=True)

    def _conversation(self, name: str, last: Message, asked: Asked) -> dict[str, Any]:
        below = self.nested(self._of(name), asked, "messages", f"t_{name}/messages")
        people = {"data": [self._who(name), self._who("acme")]}
        known = {"id": f"t_{name}", "updated_time": stamp(last.at), "participants": people}
        return {**known, **below}

    def _of(self, name: str) -> list[Any]:
        known = [m for m in self.messages.values() if m.conversation == name]
        return [self._told(message) for message in known][::-1]

    def _send(self, body: dict[str, Any]) -> dict[str, Any]:
        ids = {self._id(name): name for name in list(self.people)}
        to = ids.get(body["recipient"]["id"])
        theirs = [m for m in self.messages.values() if m.by == to]
        if not theirs or len(body["message"]["text"]) > LIMIT:
            raise No(code=100, error_subcode=2018001, message="(#100) No matching user found")
        window = timedelta(days=7) if body.get("tag") == "HUMAN_AGENT" else timedelta(hours=24)
        assert body["messaging_type"] == ("MESSAGE_TAG" if "tag" in body else "RESPONSE")
        if self.clock() - theirs[-1].at > window:
            raise No(**OUTSIDE)
        self.sent.append(body)
        key = self._write(body["message"]["text"], "acme", str(to))
        return {"recipient_id": body["recipient"]["id"], "message_id": key}

    def _write(self, text: str, by: str, conversation: str) -> str:
        key, said = f"m_{next(self.numbers)}", text.replace("\0", "").strip()
        self._id(by)
        self.messages[key] = Message(key, by, said, self.clock(), conversation)
        return key

    def _told(self, message: Message) -> dict[str, Any]:
        return {
            "id": message.key,
            "message": message.text,
            "created_time": stamp(message.at),
            "from": self._who(message.by),
            **self.also.get(message.key, {}),
        }

    def _who(self, name: str) -> dict[str, str]:
        return {"id": self._id(name), "name": "Acme" if name == "acme" else name}

    def _id(self, name: str) -> str:
        return self.people.setdefault(name, str(6000 + len(self.people)))
