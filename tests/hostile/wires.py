"""Servers on this machine that say any bytes at all, and an end in time."""

import atexit
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from bot.pictures import Fetcher

LISTENS = 0.5  # seconds for what the caller says


class TooLong(Exception):
    """It took longer than it may; in the bot, its process is ended."""


def in_time(act: Callable[[], object], seconds: float) -> None:
    """Do it, and break it off after so many seconds of work: only in a process's main thread."""

    def ring(*_: object) -> None:
        raise TooLong(f"It took longer than {seconds} s.")

    before = signal.signal(signal.SIGVTALRM, ring)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        act()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


class Wire:
    """Says the same bytes to whoever calls, and hangs up."""

    says = b""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()
        atexit.register(self.listener.close)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                near.settimeout(LISTENS)
                with suppress(OSError), self._secured(near) as wire:
                    wire.sendall(self.says)
                    wire.shutdown(socket.SHUT_WR)
                    while wire.recv(65_536):
                        pass

    def _secured(self, near: socket.socket) -> socket.socket:
        return near


class PictureServer(Wire):
    """The same by https, and who may look at this machine."""

    def __init__(self, here: Path) -> None:
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(here / "cert.pem", here / "key.pem")
        super().__init__()
        trusting = ssl.create_default_context(cafile=str(here / "cert.pem"))
        self.fetcher = Fetcher(frozenset({"127.0.0.1"}), trusting)

    def _secured(self, near: socket.socket) -> socket.socket:
        try:
            return self.context.wrap_socket(near, server_side=True)
        except OSError:
            near.close()
            raise


@cache
def web() -> Wire:
    return Wire()


@cache
def picture_server() -> PictureServer:
    here = Path(tempfile.mkdtemp(prefix="hostile-"))
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=here, check=True, capture_output=True)
    return PictureServer(here)
