"""What stand-ins for a line say, whatever is asked."""

from datetime import timedelta
from types import SimpleNamespace
from typing import cast

from adapters.web import Answer, Web

DAYS = timedelta(days=7)


def says(answer: Answer) -> Web:
    """The same to whatever is asked or sent."""
    web = SimpleNamespace(name="It", locked="", patience=9)
    web.get = web.send = lambda *_, **__: answer
    web.visit = web.until = lambda *_: web
    return cast("Web", web)


HEAD = b"HTTP/1.1 "
SPOILS = [b"\0", b"\x03\0\x05\x03", b"\x05" * 20]


def must_say_no_secret(problem: Exception) -> None:
    assert "s3cr3t" not in f"{problem!r} {problem.__cause__!r}"
    assert len(str(problem)) < 1000
