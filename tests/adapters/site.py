"""A web server on this machine: each stand-in says what it answers."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

Said = tuple[int, dict[str, str], bytes]  # status, headers, body


class Site:
    """`says` is answered instead, whatever was asked; `asked` has the headers of each request."""

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.says: Said | None = None
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                site.asked.append({name.lower(): value for name, value in self.headers.items()})
                status, headers, body = site.says or site.answer(self.path, site.asked[-1])
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self) -> Self:
        Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    def limit(self, seconds: int) -> None:
        """Everything is refused, and the headers say for how long."""
        self.says = 429, {"Retry-After": str(seconds)}, b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        raise NotImplementedError
