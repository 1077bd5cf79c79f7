"""WhatsApp, as the Cloud API's documentation has it: a strict stand-in that brings webhooks."""

import json
from itertools import count
from typing import Any, Self

from adapters import make
from adapters.meta.whatsapp import WhatsApp
from tests.adapters.graph_server import GONE, TOKEN, Asked, GraphServer, No, signed
from tests.adapters.places import HISTORY, Clock
from tests.adapters.pushed import Front, Pushed

NUMBER = "10700000000001"
LIMIT = 4096


class WhatsAppPlace(GraphServer):
    can_answer = has_credentials = True
    can_edit = can_delete = can_look = first_run_reads_back = False
    can_thread = can_correct = can_withdraw = can_find = can_bring = False
    can_look_back = False

    def __init__(self) -> None:
        self.clock, self.numbers = Clock(), count(100)
        super().__init__(self.clock)
        self.people: dict[str, str] = {}
        self.threads: dict[str, str] = {}  # whose each message is
        self.sent: list[dict[str, Any]] = []
        self.elsewhere: list[str] = []
        self.webhooks: list[bytes] = []
        self.front = Front(self.restarted_alone(), "whatsapp", self.clock)

    def __enter__(self) -> Self:
        super().__enter__()
        self.front.__enter__()
        self.adapter = self.restarted()
        return self

    def __exit__(self, *_: object) -> None:
        self.front.__exit__()
        super().__exit__()

    def restarted_alone(self, **settings: str) -> WhatsApp:
        known = {"WHATSAPP_NUMBER_ID": NUMBER, "WHATSAPP_TOKEN": TOKEN}
        environment = self.settings(**{**known, **settings})
        adapter = make("whatsapp", WhatsApp, environment, self.clock, HISTORY)
        assert isinstance(adapter, WhatsApp)
        return adapter

    def restarted(self) -> Pushed:
        return Pushed(self.restarted_alone(), self.front, self.clock, HISTORY)

    def locked_out(self) -> Pushed:
        locked = self.restarted_alone(WHATSAPP_TOKEN="stolen")
        return Pushed(locked, self.front, self.clock, HISTORY)

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        said = {"type": "text", "text": {"body": text.replace("\0", "").strip()}}
        return self.say(by, **said, **({"context": {"id": parent}} if parent else {}))

    def say(self, by: str = "mira", **message: Any) -> str:
        """A customer writes; returns the key."""
        number = self.people.setdefault(by, str(4915100000000 + len(self.people)))
        key = f"wamid.{next(self.numbers)}"
        self.threads[key] = number
        said = {"from": number, "id": key, "timestamp": self._now(), **message}
        contact = {"profile": {"name": by}, "wa_id": number}
        self.bring(contacts=[contact], messages=[said])
        return key

    def answer_elsewhere(self, to: str, text: str) -> str:
        """A colleague in the WhatsApp Business app, where that shares the number."""
        key = f"wamid.{next(self.numbers)}"
        said = {"from": "1", "to": self.threads[to], "id": key, "timestamp": self._now()}
        said |= {"type": "text", "text": {"body": text}, "context": {"id": to}}
        self.elsewhere.append(text)
        self.bring(field="smb_message_echoes", message_echoes=[said])
        return key

    def automated(self, text: str) -> str:
        return f"nothing of the kind comes: {text}"

    def spoil(self) -> None:
        self.bring(messages=[{"id": "wamid.x", "type": "text"}])

    def answers(self) -> list[str]:
        return [message["text"]["body"] for message in self.sent] + self.elsewhere

    def lose_next_answer(self) -> None:
        self.loses = ("POST",)

    def calls(self) -> int:
        return sum(request.startswith("POST") for request in self.requests)

    def too_long(self) -> str:
        return "x" * (LIMIT + 1)

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)

    def bring(self, *, field: str = "messages", number: str = NUMBER, **value: Any) -> bytes:
        told = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}, **value}
        entry = {"id": "1", "changes": [{"field": field, "value": told}]}
        said = {"object": "whatsapp_business_account", "entry": [entry]}
        body = json.dumps(said).encode()
        assert self.front.bring(body, signed(body)) == 200
        self.webhooks.append(body)
        return body

    def status(self, key: str, of: str, data: str, **more: Any) -> bytes:
        status = {"id": key, "status": "sent", "timestamp": self._now(), "recipient_id": of}
        carried = {"biz_opaque_callback_data": data} if data else {}
        return self.bring(statuses=[{**status, **carried, **more}])

    def ask(self, method: str, path: str, asked: Asked, body: dict[str, Any]) -> Any:
        if not path.startswith(NUMBER):
            raise No(**GONE)
        if method == "GET":
            return {"id": NUMBER, "verified_name": "Acme", "display_phone_number": "+49 151 1"}
        assert body["messaging_product"] == "whatsapp"
        assert len(body["text"]["body"]) <= LIMIT
        assert len(body["biz_opaque_callback_data"]) <= 512
        if body["to"] not in self.people.values():
            raise No(code=131026, message="(#131026) Message undeliverable")
        key = f"wamid.{next(self.numbers)}"
        self.sent.append(body)
        self.status(key, body["to"], body["biz_opaque_callback_data"])
        return {"messaging_product": "whatsapp", "messages": [{"id": key}]}

    def _now(self) -> str:
        return str(int(self.clock().timestamp()))
