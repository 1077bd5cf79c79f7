"""Connections to mail servers that end in time, however slowly the other side speaks.

A mere timeout begins anew with each byte: one byte a second would hold us for as long as it likes.
"""

import imaplib
import smtplib
import socket
from contextlib import suppress
from threading import Timer
from typing import Any

PATIENCE = 28.0  # seconds for one visit; the contract grants half a minute


class Bounded:
    """Cuts its line `PATIENCE` seconds after it began to connect."""

    sock: Any
    _end: Timer | None = None

    def begin(self) -> None:
        self._end = Timer(PATIENCE, self._cut)
        self._end.daemon = True
        self._end.start()

    def take_your_time(self) -> None:
        """From now on silence is what we wait for, or the end was reached."""
        if self._end:
            self._end.cancel()

    def _cut(self) -> None:
        with suppress(OSError, AttributeError):
            self.sock.shutdown(socket.SHUT_RDWR)


class Imap(Bounded, imaplib.IMAP4):
    def open(self, *where: Any, **how: Any) -> None:
        self.begin()
        super().open(*where, **how)

    def shutdown(self) -> None:
        self.take_your_time()
        super().shutdown()


class Imaps(Imap, imaplib.IMAP4_SSL):
    pass


class Smtp(Bounded, smtplib.SMTP):
    def connect(self, *where: Any, **how: Any) -> Any:
        self.begin()
        return super().connect(*where, **how)

    def close(self) -> None:
        self.take_your_time()
        super().close()


class Smtps(Smtp, smtplib.SMTP_SSL):
    pass
