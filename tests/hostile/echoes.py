"""The worst of servers: they let nobody in, and their refusals repeat all that they were told."""

import socket
import threading
from collections.abc import Callable
from contextlib import suppress

Answer = Callable[[str], str]


class Echo:
    """Greets, and answers whatever it hears; `heard` is all of that."""

    def __init__(self, greeting: str, answer: Answer, *, once: bool = False) -> None:
        self.greeting, self.answer, self.once = greeting, answer, once
        self.heard: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        with suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _take(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                threading.Thread(target=self._talk, args=(near,), daemon=True).start()

    def _talk(self, near: socket.socket) -> None:
        near.settimeout(10)
        with suppress(OSError), near:
            near.sendall(self.greeting.encode())
            while said := near.recv(65_536).decode("utf-8", "replace"):
                self.heard.append(said)
                near.sendall(self.answer(said).encode())
                if self.once:
                    return


def imap() -> Echo:
    return Echo("* OK IMAP4rev1 hello\r\n", _of_imap)


def smtp() -> Echo:
    return Echo("220 hello ESMTP\r\n", _of_smtp)


def web() -> Echo:
    return Echo("", _of_the_web, once=True)


def _of_imap(said: str) -> str:
    tag, _, rest = said.strip().partition(" ")
    if rest.upper().startswith("CAPABILITY"):
        return f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n"
    return f"* NO you said {rest}\r\n{tag} BAD I do not know {rest}\r\n"


def _of_smtp(said: str) -> str:
    if said[:4].upper() in ("EHLO", "HELO"):
        return "250-hello\r\n250 AUTH PLAIN LOGIN\r\n"
    return f"554 I do not know {said.strip()}\r\n"


def _of_the_web(said: str) -> str:
    told = " ".join(said.split()).replace('"', "'")
    return f'HTTP/1.1 500 {told}\r\nLocation: /{told}\r\n\r\n{{"error": "{told}"}}'
