"""In and out of a mail server: connections, sign-in, and what its errors mean."""

import binascii
import imaplib
import re
import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any
from urllib.parse import urlsplit

import requests
from imap_tools import BaseMailBox
from imap_tools.errors import ImapToolsError

from adapters.email.patience import Imap, Imaps, Smtp, Smtps
from adapters.web import LOOPBACK
from bot.domain.delivery import LockedOut, Refused, TryLater

TIMEOUT = 10  # seconds, for each answer of a server
CARRYING = 25  # seconds, to hand over a whole mail: with files it may be 20 MB
PORTS = {"imaps": 993, "imap": 143, "smtps": 465, "smtp": 587}
PASSING = re.compile(
    r"(?i)\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG)\]|too many|temporar|try again|not connected"
)

Trouble = (OSError, imaplib.IMAP4.error, ImapToolsError)  # smtplib's errors are OSErrors


@dataclass(frozen=True)
class Server:
    """Where a mail server listens; always encrypted, except on this very machine."""

    host: str
    port: int
    tls: bool

    @property
    def here(self) -> bool:
        return self.host in LOOPBACK

    @classmethod
    def at(cls, url: str, kind: str) -> "Server":
        """From "imaps://host:993" and the like; a `ValueError` shows how to write it."""
        with suppress(ValueError):
            parts = urlsplit(url)
            if parts.scheme in (kind, f"{kind}s") and parts.hostname and not parts.password:
                port = parts.port or PORTS[parts.scheme]
                return cls(parts.hostname, port, tls=parts.scheme == f"{kind}s")
        example = f"{kind}s://{kind}.example.com:{PORTS[kind + 's']}"
        raise ValueError(f"must look like {example} (or {kind}://… for STARTTLS).")


@dataclass
class Tokens:
    """Access tokens from a refresh token (OAuth 2), each kept until shortly before it expires."""

    url: str
    client: str
    secret: str = field(repr=False)
    refresh: str = field(repr=False)
    now: Callable[[], datetime]
    _token: str = field(default="", repr=False)
    _expires: datetime | None = None
    _lock: Lock = field(default_factory=Lock, repr=False)

    def get(self) -> str:
        with self._lock:
            if self._expires is None or self.now() >= self._expires:
                self._renew()
            return self._token

    def forget(self) -> None:
        """The server did not take it, though it should not have expired yet."""
        with self._lock:
            self._expires = None

    def _renew(self) -> None:
        granted = self._ask()
        self._token = str(granted["access_token"])
        self.refresh = str(granted.get("refresh_token") or self.refresh)
        lifetime = timedelta(seconds=int(granted.get("expires_in") or 600))
        self._expires = self.now() + lifetime - timedelta(minutes=2)

    def _ask(self) -> Mapping[str, Any]:
        form = {
            "grant_type": "refresh_token",
            "client_id": self.client,
            "client_secret": self.secret,
            "refresh_token": self.refresh,
        }
        try:
            answer = requests.post(self.url, form, timeout=TIMEOUT, allow_redirects=False)
            granted = answer.json()
        except (requests.RequestException, ValueError):
            raise TryLater("The OAuth server does not answer.", surely_not_done=True) from None
        if answer.status_code >= 500 or answer.status_code == 429:
            raise TryLater("The OAuth server has a problem.", surely_not_done=True)
        if not isinstance(granted, dict) or "access_token" not in granted:
            raise PermissionError("The OAuth server gives no access token.")
        return granted


@dataclass(frozen=True)
class Mailroom:
    """One account on an IMAP and an SMTP server. `locked` is what to say when we are not let in."""

    imap_server: Server
    smtp_server: Server
    user: str
    password: str = field(repr=False)
    tokens: Tokens | None
    locked: str
    domain: str

    @contextmanager
    def imap(self, *, listening: bool = False) -> Iterator[BaseMailBox]:
        """A signed-in connection; trouble with it becomes `TryLater` or `LockedOut`.

        It ends in time, unless it is only for `listening`: then silence is what we wait for.
        """
        with _plainly(self.imap_server):
            box = Box(self.imap_server)
            try:
                self._sign_in(box)
                if listening:
                    box.client.take_your_time()
                yield box
                with suppress(*Trouble):
                    box.logout()
            finally:
                with suppress(OSError):
                    box.client.shutdown()

    @contextmanager
    def smtp(self) -> Iterator[smtplib.SMTP]:
        """The same for sending; nothing has been sent when this raises."""
        with _plainly(self.smtp_server):
            smtp = _reached(self.smtp_server, self.domain)
            try:
                self._introduce(smtp)
                yield smtp
            finally:
                with suppress(OSError):
                    smtp.quit()
                smtp.close()

    def hand_over(self, smtp: smtplib.SMTP, sender: str, to: str, mail: bytes) -> None:
        """Only between the last dot and the answer to it is there any doubt.

        A server that says how much it takes (RFC 1870) is told the size before, and may refuse it.
        """
        self._must_accept(*smtp.mail(sender, _announced(smtp, mail)))
        self._must_accept(*smtp.rcpt(to))
        _be_patient(smtp, CARRYING)
        try:
            code, words = smtp.data(mail)
        except smtplib.SMTPDataError as problem:
            code, words = problem.smtp_code, problem.smtp_error  # type: ignore[assignment]
        except OSError as problem:
            raise TryLater(f"The mail server fell silent with the mail: {problem}") from problem
        _be_patient(smtp, TIMEOUT)
        self._must_accept(code, words)

    def _must_accept(self, code: int, words: bytes) -> None:
        said = f"{code} {words.decode('utf-8', 'replace')}"
        if 200 <= code < 300:
            return
        if code in (530, 535):
            raise LockedOut(f"The mail server wants a sign-in before it sends. {self.locked}")
        if code >= 500:
            raise Refused(f"The mail server refused it: {said}")
        raise TryLater(f"The mail server asks to wait: {said}", surely_not_done=400 <= code < 500)

    def _sign_in(self, box: BaseMailBox) -> None:
        try:
            if self.tokens:
                box.xoauth2(self.user, self._token(), None)
            elif self.password.isascii():
                box.login(self.user, self.password, None)
            else:
                box.login_utf8(self.user, self.password, None)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, ImapToolsError) as problem:
            raise self._turned_away(str(problem)) from None

    def _introduce(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo_or_helo_if_needed()
        if not smtp.has_extn("auth"):  # it trusts our address; if not, it will refuse the mail
            return
        try:
            self._show_key(smtp)
        except smtplib.SMTPAuthenticationError as problem:
            code, words = problem.smtp_code, problem.smtp_error
            raise self._turned_away(f"{code} {words!r}", passing=code < 500) from None
        except binascii.Error:
            says = "The mail server asks for a sign-in that makes no sense."
            raise TryLater(says, surely_not_done=True) from None

    def _show_key(self, smtp: smtplib.SMTP) -> None:
        smtp.user, smtp.password = self.user, self.password
        if self.tokens:
            words = f"user={self.user}\1auth=Bearer {self._token()}\1\1"
            smtp.auth("XOAUTH2", lambda challenge=None: "" if challenge else words)
        elif self.password.isascii():
            smtp.login(self.user, self.password)
        else:
            _plain(smtp, self.user, self.password)

    def _token(self) -> str:
        assert self.tokens, "only asked for where tokens are used"
        try:
            return self.tokens.get()
        except PermissionError as problem:
            raise LockedOut(f"{problem} {self.locked}") from None

    def _turned_away(self, words: str, *, passing: bool = False) -> Exception:
        """What it means that we were not let in. The server's words stay out: who knows them?"""
        if self.tokens:
            self.tokens.forget()
        if passing or PASSING.search(words):
            return TryLater("The mail server lets nobody in just now.", surely_not_done=True)
        return LockedOut(f"The mail server does not let {self.user} in. {self.locked}")


@contextmanager
def _plainly(server: Server) -> Iterator[None]:
    try:
        yield
    except Trouble as problem:
        raise TryLater(
            f"The mail server {server.host} does not answer properly: {problem}",
            surely_not_done=True,
        ) from problem


class Box(BaseMailBox):
    """imap_tools' mailbox, over a line that ends in time."""

    def __init__(self, server: Server) -> None:
        self.server = server
        super().__init__()

    def _get_mailbox_client(self) -> Imap:
        host, port = self.server.host, self.server.port
        context = ssl.create_default_context()
        if self.server.tls:
            return Imaps(host, port, timeout=TIMEOUT, ssl_context=context)
        line = Imap(host, port, timeout=TIMEOUT)
        if not self.server.here:
            with _shut_on_failure(line.shutdown):
                line.starttls(context)
        return line


def _reached(server: Server, name: str) -> Smtp:
    host, port, context = server.host, server.port, ssl.create_default_context()
    if server.tls:
        return Smtps(host, port, name, timeout=TIMEOUT, context=context)
    smtp = Smtp(host, port, name, timeout=TIMEOUT)
    if not server.here:
        with _shut_on_failure(smtp.close):
            smtp.starttls(context=context)
    return smtp


@contextmanager
def _shut_on_failure(shut: Callable[[], object]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shut()
        raise


def _be_patient(smtp: smtplib.SMTP, seconds: float) -> None:
    if smtp.sock:
        smtp.sock.settimeout(seconds)


def _announced(smtp: smtplib.SMTP, mail: bytes) -> list[str]:
    return [f"SIZE={len(mail)}"] if smtp.has_extn("size") else []


def _plain(smtp: smtplib.SMTP, user: str, password: str) -> None:
    """AUTH PLAIN in UTF-8: smtplib's own knows only ASCII."""
    words = b64encode(f"\0{user}\0{password}".encode()).decode()
    code, said = smtp.docmd("AUTH", f"PLAIN {words}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)
