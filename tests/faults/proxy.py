"""A wire that can be cut: stands between a worker and its PostgreSQL."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.engine import URL


class Wire:
    """Carries bytes both ways while it is whole; cut, it drops all and takes nothing new."""

    def __init__(self, server: URL) -> None:
        self.server = server
        self.cut = False
        self.ends: list[socket.socket] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    @property
    def url(self) -> str:
        """The database's address as seen through the wire."""
        through = self.server.set(host="127.0.0.1", port=self.port, query={})
        return through.render_as_string(hide_password=False)

    def sever(self) -> None:
        self.cut = True
        for end in self.ends:
            _end(end)
        self.ends.clear()

    def mend(self) -> None:
        self.cut = False

    def close(self) -> None:
        self.sever()
        self.listener.close()

    def _take(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                if self.cut:
                    near.close()
                else:
                    self._connect(near)

    def _connect(self, near: socket.socket) -> None:
        """Where nobody listens at the far end, the near one is closed."""
        try:
            self._join(near, self._dial())
        except OSError:
            near.close()

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        self.ends += [near, far]
        for one, other in ((near, far), (far, near)):
            threading.Thread(target=_carry, args=(one, other), daemon=True).start()

    def _dial(self) -> socket.socket:
        folder = self.server.query.get("host")
        if isinstance(folder, str) and folder.startswith("/"):
            far = socket.socket(socket.AF_UNIX)
            far.connect(f"{folder}/.s.PGSQL.{self.server.port or 5432}")
            return far
        return socket.create_connection((self.server.host, self.server.port or 5432))


def _carry(one: socket.socket, other: socket.socket) -> None:
    with contextlib.suppress(OSError):
        while data := one.recv(65_536):
            other.sendall(data)
    for end in (one, other):
        _end(end)


def _end(end: socket.socket) -> None:
    """To close is not enough: whoever reads from it in another thread would keep it open."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()


@contextmanager
def wire(server: URL) -> Iterator[Wire]:
    made = Wire(server)
    try:
        yield made
    finally:
        made.close()
