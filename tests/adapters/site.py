"""A web server on this machine: each stand-in says what it answers."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

Said = tuple[int, dict[str, str], bytes]  # status, headers, body


class Site:
    """`says` is answered instead, whatever was asked; `asked` has the headers of each request.

    What was asked is done all the same where `loses` has its method: only the answer is lost, once.
    What it shows is said by `answer`, what it takes comes to `write`, and all of it to `take`.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.methods: list[str] = []
        self.bodies: list[bytes] = []
        self.says: Said | None = None
        self.loses: tuple[str, ...] = ()
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append({name.lower(): value for name, value in self.headers.items()})
                length = int(site.asked[-1].get("content-length", 0))
                body = self.rfile.read(length)
                site.methods.append(self.command)
                site.bodies.append(body)
                said = site.says or site.take(self.command, self.path, site.asked[-1], body)
                if self.command in site.loses:
                    site.loses = ()
                    self.close_connection = True
                    return
                status, headers, body = said
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def limited(self, seconds: int) -> None:
        """Everything is refused, and the headers say for how long."""
        self.says = 429, {"Retry-After": str(seconds)}, b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        if method == "GET":
            return self.answer(path, headers)
        return self.write(method, path, headers, body)

    def write(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        return 405, {}, b""

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        raise NotImplementedError
