"""What whoever sends webhooks brings."""

import json
from functools import cache
from typing import Any
from urllib.parse import urlencode

from adapters import Forged, make
from adapters.webhook import Webhook
from adapters.webhook.callback import Callback
from bot.domain.delivery import LockedOut, Refused, TryLater
from tests.adapters.webhook_examples import (
    A_CALL,
    CALL,
    EXAMPLES,
    OCTOLENS,
    TALLY,
    TRUSTPILOT,
    TYPEFORM,
)
from tests.adapters.webhook_server import SECRET
from tests.conftest import NOON
from tests.hostile import wires
from tests.hostile.answers import DAYS, HEAD, must_say_no_secret
from tests.hostile.shown import mention_shown
from tests.hostile.target import Source, Target


@cache
def _webhook(format: str) -> Webhook:
    settings = {
        "WEBHOOK_FORMAT": format,
        "WEBHOOK_SECRET": SECRET,
        "WEBHOOK_ADDRESS": "https://a.example/",
    }
    made = make("webhook", Webhook, settings, lambda: NOON, DAYS)
    assert isinstance(made, Webhook)
    return made


def _understood(format: str, body: bytes) -> None:
    """What makes no sense as a whole raises: the intake sets it aside."""
    try:
        news = _webhook(format).understand(body)
    except (ValueError, TypeError, KeyError, AttributeError):
        return
    assert all(item.key and item.raw and item.problem for item in news.unreadable)
    for mention in news.mentions:
        mention_shown(mention)


def webhook(raw: bytes) -> None:
    """In the documented JSON: each item is a mention, or set aside with what is wrong."""
    _understood("standard", json.dumps(Source(raw).spoiled(WEBHOOK)).encode())


def webhook_as_it_comes(raw: bytes) -> None:
    _understood("standard", raw)


def webhook_of_a_service(raw: bytes) -> None:
    source = Source(raw)
    format, example = source.pick(SERVICES)
    told = source.spoiled(example)
    if format == "twilio":
        form = {str(key): str(value) for key, value in told.items()}
        _understood(format, urlencode(form, errors="replace").encode())
    else:
        _understood(format, json.dumps(told).encode())


def webhook_signature(raw: bytes) -> None:
    """Nobody is let in who does not know the secret, whatever the headers say."""
    source = Source(raw)
    names = ("webhook-id", "webhook-timestamp", "webhook-signature", "x-twilio-signature")
    headers = {name: source.piece() for name in names}
    for format in ("standard", "octolens", "tally", "typeform", "twilio"):
        try:
            _webhook(format).vouch(headers, {"token": source.piece()}, raw)
        except Forged:
            continue
        raise AssertionError(format)


def answer_taken(raw: bytes) -> None:
    """Whatever the receiver of an answer says: it is published, or one of the errors there are."""
    wires.web().says = raw
    url, word = f"{wires.web().url}/s3cr3t-path", "WEBHOOK_REPLY_URL"
    callback = Callback(url, [b"x" * 32], lambda: NOON, word, "WEBHOOK_SECRET")
    [mention] = _webhook("standard").understand(json.dumps(EXAMPLES[1]).encode()).mentions
    try:
        sent = callback.publish(mention, "It is on its way.", "k1", [])
    except (LockedOut, Refused, TryLater) as problem:
        must_say_no_secret(problem)
        raise
    assert 0 < len(sent.key) <= 400


WEBHOOK: dict[str, Any] = {"mentions": [EXAMPLES[1], *EXAMPLES[2]["mentions"]]}
SERVICES: list[tuple[str, Any]] = [
    ("octolens", OCTOLENS),
    ("trustpilot", TRUSTPILOT),
    ("tally", TALLY),
    ("typeform", TYPEFORM),
    ("twilio", CALL),
    ("calls", A_CALL),
]


TARGETS: dict[str, Target] = {
    "webhook": Target(
        webhook,
        seeds=[b"\x00", b"\x03\x00\x05\x03", b"\x05" * 20, b"\x01\x00\t\x03<!channel>"],
        tokens=[b"<!here>", b"https://", b"2026-11-03T12:00:00Z", b"\xed\xa0\x80", b"\x00"],
    ),
    "webhook_as_it_comes": Target(
        webhook_as_it_comes,
        allowed=(ValueError, RecursionError),
        seeds=[json.dumps(WEBHOOK).encode()],
        tokens=[b'"mentions":', b"[", b"{", b'"id":', b"null", b"1e999", b'"\\ud800"', b"NaN"],
    ),
    "webhook_of_a_service": Target(
        webhook_of_a_service,
        allowed=(ValueError,),
        seeds=[bytes([0, number, 0]) for number in range(6)]
        + [b"\x00\x02\x03\x00\x05\x03<!channel>"],
    ),
    "webhook_signature": Target(
        webhook_signature,
        seeds=[b"msg_1\x1e1793707200\x1ev1,x\x1ex\x1ex", b"\xff\x1e9\x1ev1,", b"a\x1e\xd9\xa3"],
        tokens=[b"\x1e", b"v1,", b" ", b"1793707200", b"\x00"],
    ),
    "answer_taken": Target(
        answer_taken,
        allowed=(LockedOut, Refused, TryLater),
        seeds=[
            HEAD + b'200 OK\r\nContent-Length: 11\r\n\r\n{"id": "7"}',
            HEAD + b"302 x\r\nLocation: //a\r\n\r\n",
            HEAD + b"409 known\r\nContent-Length: 0\r\n\r\n",
            HEAD + b'422 no\r\nContent-Length: 15\r\n\r\n{"error": "no"}',
            HEAD + b"429 no\r\nRetry-After: 99\r\n\r\n",
            b"\xff\xfe",
        ],
        tokens=[b"Retry-After: ", b"\r\n", b"Content-Encoding: gzip"],
        slow=True,
    ),
}
