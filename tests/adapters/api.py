"""An HTTP API on this machine: each stand-in says what it answers, and goes wrong when told to."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.parser import BytesParser
from http.server import BaseHTTPRequestHandler
from socket import SHUT_RDWR
from threading import RLock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.adapters.listener import Line, Listener


@dataclass(frozen=True)
class Upload:
    """A file in a form."""

    name: str
    type: str
    content: bytes


@dataclass(frozen=True)
class Call:
    """One request; names of `headers` are in lower case, what a form says twice is kept twice."""

    method: str
    path: str
    query: Mapping[str, Sequence[str]]
    headers: Mapping[str, str]
    form: Mapping[str, Sequence[str]]
    files: Mapping[str, Upload]

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    def said(self, name: str, default: str = "") -> str:
        """What its form or its address says."""
        return next(iter(self.form.get(name) or self.query.get(name) or ()), default)


@dataclass(frozen=True)
class Reply:
    """A text goes out as HTML, everything else as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Fault:
    """What happens to the next matching request; `done`: after what it asks was done."""

    on: str
    act: Callable[["Handler", Reply], None]
    done: bool
    times: int


class Api(Listener):
    """Start it with `with`; `url` is where it is, `requests` what it was asked: "GET /path"."""

    def __init__(self) -> None:
        self.requests: list[str] = []
        self.calls: list[Call] = []
        self.faults: list[Fault] = []
        self.lock = RLock()
        super().__init__(Handler)

    def answer(self, call: Call) -> Reply:
        raise NotImplementedError

    # What goes wrong

    def fail(
        self,
        status: int,
        body: Any = "<html>Bad gateway</html>",
        *,
        on: str = "",
        done: bool = False,
        times: int = 1,
        **headers: str,
    ) -> None:
        """The next requests whose "METHOD /path" contains `on` are answered so."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        reply = Reply(status, body, named)
        self._fault(lambda handler, _: handler.send(reply), on, done, times)

    def lose(self, *, on: str) -> None:
        """The next such request is done, and then the line goes dead."""
        self._fault(lambda handler, _: handler.drop(), on, done=True)

    def hang(self, *, on: str = "") -> None:
        self._fault(lambda handler, _: handler.hang(), on)

    def drip(self, *, on: str = "") -> None:
        """Answers a byte at a time, for ever."""
        self._fault(lambda handler, _: handler.drip(), on)

    def _fault(
        self,
        act: Callable[["Handler", Reply], None],
        on: str,
        done: bool = False,
        times: int = 1,
    ) -> None:
        with self.lock:
            self.faults.append(Fault(on, act, done, times))

    def serve(self, handler: "Handler", call: Call) -> None:
        with self.lock:
            self.requests.append(call.name)
            self.calls.append(call)
            fault = next((f for f in self.faults if f.on in call.name), None)
            if fault:
                fault.times -= 1
                self.faults = [f for f in self.faults if f.times]
            reply = self.answer(call) if not fault or fault.done else Reply(500, "")
        if fault:
            fault.act(handler, reply)
        else:
            handler.send(reply)


class Handler(Line, BaseHTTPRequestHandler):
    wbufsize = -1

    @property
    def api(self) -> "Api":
        return self.listener  # type: ignore[no-any-return]

    def _serve(self) -> None:
        address = urlsplit(self.path)
        query = parse_qs(address.query, keep_blank_values=True)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        form, files = _form(headers.get("content-type", ""), body)
        assert self.command
        self.api.serve(self, Call(self.command, address.path, query, headers, form, files))

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def do_DELETE(self) -> None:
        self._serve()

    def send(self, reply: Reply) -> None:
        html = isinstance(reply.body, str)
        body = (reply.body if html else json.dumps(reply.body)).encode()
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "text/html" if html else "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def drip(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "1000000")
        self.end_headers()
        while not self.api.closing.wait(0.05):
            self.wfile.write(b" ")
            self.wfile.flush()

    def hang(self) -> None:
        self.api.closing.wait(60)
        self.drop()

    def drop(self) -> None:
        self.close_connection = True
        self.connection.shutdown(SHUT_RDWR)

    def log_message(self, *_: object) -> None:
        """The tests have their own story to tell."""


def _form(kind: str, body: bytes) -> tuple[dict[str, list[str]], dict[str, Upload]]:
    if not kind.startswith("multipart/form-data"):
        return parse_qs(body.decode(), keep_blank_values=True), {}
    form: dict[str, list[str]] = {}
    files: dict[str, Upload] = {}
    whole = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    for part in whole.get_payload():
        assert not isinstance(part, str)
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        assert isinstance(name, str)
        assert isinstance(content, bytes)
        if called := part.get_filename():
            files[name] = Upload(called, part.get_content_type(), content)
        else:
            form.setdefault(name, []).append(content.decode())
    return form, files
