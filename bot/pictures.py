"""A customer's pictures, taken from the web: only from public places, and only pictures.

Whoever writes to us chooses the address, so nothing of it is trusted: it is https, its host is
public and stays the one that was looked at, it is small and comes soon, and its first bytes say
what it is.
"""

import ipaddress
import socket
import ssl
import time
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from urllib.parse import urljoin, urlsplit

MOST = 10_000_000  # bytes
PATIENCE = 10.0  # seconds for all of it
REDIRECTS = 3
CHUNK = 64 * 1024
MOVED = (301, 302, 303, 307, 308)
KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg", b"GIF87a": "gif", b"GIF89a": "gif"}


class NoPicture(Exception):
    """Why a picture can't be taken from there, ever."""


class NotNow(Exception):
    """It did not work this time, and may another time."""


@dataclass(frozen=True)
class Got:
    """A picture; `kind` is how its name ends: png, jpg, gif."""

    content: bytes
    kind: str


@cache
def _usual() -> ssl.SSLContext:
    """Whom this machine trusts: to read that takes a while, so once."""
    return ssl.create_default_context()


class Fetcher:
    """`trusted` hosts are asked wherever they are, and `context` says whose word counts: tests'."""

    def __init__(
        self, trusted: frozenset[str] = frozenset(), context: ssl.SSLContext | None = None
    ) -> None:
        self.trusted, self.context = trusted, context

    def fetch(self, url: str) -> Got:
        """The picture at that address. NoPicture, or NotNow."""
        until = time.monotonic() + PATIENCE
        try:
            return self._follow(url, until)
        except (OSError, HTTPException) as problem:
            raise NotNow(f"{type(problem).__name__}: {problem}"[:200]) from problem
        except ValueError as problem:  # a name or a number that can't be one
            raise NoPicture("Its address is broken.") from problem

    def _follow(self, url: str, until: float) -> Got:
        for _ in range(REDIRECTS + 1):
            connection, path = self._reach(url, until)
            try:
                connection.request("GET", path, headers={"Accept": "image/*"})
                answer = connection.getresponse()
                if answer.status not in MOVED:
                    return _picture(answer, connection, until)
                url = urljoin(url, answer.headers.get("Location", ""))
            finally:
                connection.close()
        raise NoPicture("It is moved too often.")

    def _reach(self, url: str, until: float) -> tuple["_Pinned", str]:
        """A connection to the very address that was looked at: a name may change its mind."""
        parts = urlsplit(url)
        if parts.scheme != "https" or not parts.hostname or parts.username:
            raise NoPicture("Only https is followed.")
        try:
            port = parts.port or 443
        except ValueError:
            raise NoPicture("Its address is broken.") from None
        where = self._public(parts.hostname, port)
        path = parts.path or "/"
        path += f"?{parts.query}" if parts.query else ""
        if not path.isascii() or any(c <= " " for c in path):
            raise NoPicture("Its address is broken.")
        left = max(0.1, until - time.monotonic())
        return _Pinned(parts.hostname, port, where, left, self.context or _usual()), path

    def _public(self, host: str, port: int) -> str:
        """One address of that host, if all of them are public."""
        found = {
            str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
        if host not in self.trusted and not all(is_public(each) for each in found):
            raise NoPicture("It is not in a public place.")
        return sorted(found)[0]


def is_public(address: str) -> bool:
    """Whether it is an address on the open internet: not ours, not the cloud's, nobody's house."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    inner = getattr(ip, "ipv4_mapped", None) or getattr(ip, "sixtofour", None)
    if inner is not None:
        ip = inner
    if isinstance(ip, ipaddress.IPv6Address) and (ip.teredo or ip in NAT64):
        return False
    return ip.is_global and not ip.is_multicast


NAT64 = ipaddress.ip_network("64:ff9b::/96")


class _Pinned(HTTPSConnection):
    """Speaks to one address, and believes only the host's own certificate."""

    def __init__(
        self, host: str, port: int, where: str, timeout: float, context: ssl.SSLContext
    ) -> None:
        super().__init__(host, port, timeout=timeout, context=context)
        self.where, self.trusting = where, context

    def connect(self) -> None:
        plain = socket.create_connection((self.where, self.port), self.timeout)
        self.sock = self.wire = self.trusting.wrap_socket(plain, server_hostname=self.host)


def recognised(content: bytes) -> Got:
    """What it is by its first bytes, whatever it is called; NoPicture."""
    for begins, kind in KINDS.items():
        if content.startswith(begins):
            return Got(content, kind)
    raise NoPicture("It is no picture that Slack shows.")


def _picture(answer: HTTPResponse, connection: _Pinned, until: float) -> Got:
    if answer.status in (408, 425, 429) or answer.status >= 500:
        raise NotNow(f"It said {answer.status}.")
    if answer.status != 200:
        raise NoPicture(f"It said {answer.status}.")
    return recognised(_read(answer, connection, until))


def _read(answer: HTTPResponse, connection: _Pinned, until: float) -> bytes:
    """All of it, unless it is too much or comes too slowly."""
    content = b""
    while True:
        left = until - time.monotonic()
        if left <= 0:
            raise NotNow("It took too long.")
        connection.wire.settimeout(left)  # http.client lets go of its own too soon
        chunk = answer.read1(CHUNK)
        content += chunk
        if not chunk:
            return content
        if len(content) > MOST:
            raise NoPicture(f"It is more than {MOST // 1_000_000} MB.")
