"""A stand-in that keeps its lines open, as platforms do: all of them end with it."""

from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import SHUT_RDWR, socket
from threading import Event, Thread
from typing import Any, Self


class Listener:
    """Start it with `with`; `url` is where it is. `closing` is set when it ends."""

    def __init__(self, line: type[BaseHTTPRequestHandler]) -> None:
        self.closing = Event()
        self.open: set[socket] = set()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), line)
        self._http.listener = self  # type: ignore[attr-defined]
        self.host = f"127.0.0.1:{self._http.server_address[1]}"
        self.url = f"http://{self.host}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._http.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        for connection in list(self.open):
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)
        self._http.server_close()


class Line(BaseHTTPRequestHandler):
    """One line of it; `listener` is whose."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self) -> None:
        super().setup()
        self.listener: Any = self.server.listener  # type: ignore[attr-defined]
        self.listener.open.add(self.connection)

    def finish(self) -> None:
        self.listener.open.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()
