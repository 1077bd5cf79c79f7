"""Somebody who sends webhooks, and takes our answers: a stand-in on this machine.

It checks each answer's signature by the specification, and knows a repeated one by its id.
"""

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
Said = tuple[int, dict[str, str], bytes]


class Sender:
    """`answers` are those it took, by webhook-id; `says` is answered instead of taking one."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.secret = SECRET
        self.answers: dict[str, dict[str, Any]] = {}
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.gone: set[str] = set()
        self.says: Said | None = None
        self.lose = False
        self.told: Callable[[str, dict[str, Any]], None] = lambda _id, _answer: None
        sender = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                headers = {name.lower(): value for name, value in self.headers.items()}
                sender.requests.append((headers, body))
                status, more, said = sender.says or sender.take(headers, body)
                if sender.lose:
                    sender.lose = False
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in more.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/answers"

    def take(self, headers: dict[str, str], body: bytes) -> Said:
        id = headers.get("webhook-id", "")
        expected = signature(self.secret, id, headers.get("webhook-timestamp", ""), body)
        if expected not in headers.get("webhook-signature", "").split(" "):
            return _json(401, {"error": "Not signed by our secret."})
        answer = json.loads(body)
        if id in self.answers:
            return _json(409, _told(id))
        if answer["to"]["id"] in self.gone:
            return _json(410, {"error": "This post is deleted, so nobody can answer it."})
        self.answers[id] = answer
        self.told(id, answer)
        return _json(201, _told(id))

    def signed(self, id: str, body: bytes) -> dict[str, str]:
        """The headers of a webhook of ours."""
        sent = str(int(self.now().timestamp()))
        return {
            "webhook-id": id,
            "webhook-timestamp": sent,
            "webhook-signature": signature(SECRET, id, sent, body),
        }


def signature(secret: str, id: str, sent: str, body: bytes) -> str:
    """https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md"""
    key = b64decode(secret.removeprefix("whsec_"))
    made = hmac.new(key, f"{id}.{sent}.".encode() + body, hashlib.sha256).digest()
    return f"v1,{b64encode(made).decode()}"


def _told(id: str) -> dict[str, str]:
    return {"id": f"answer-{id}", "url": f"https://shop.example/answers/{id}"}


def _json(status: int, said: dict[str, Any]) -> Said:
    return status, {"Content-Type": "application/json"}, json.dumps(said).encode()
