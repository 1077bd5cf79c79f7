"""Webhooks that are signed: whether who sent them knows our secret, and sent them just now."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from adapters import Forged

TOLERANCE = timedelta(minutes=5)  # of a sender's clock, as Standard Webhooks recommends
PREFIX = "whsec_"
ID = re.compile(r"[!-~]{1,255}")


def same(one: str, other: str) -> bool:
    """Whether two secrets are equal, in a time that tells nothing of where they differ."""
    return hmac.compare_digest(*(each.encode(errors="surrogatepass") for each in (one, other)))


def by_hmac(secret: str, body: bytes, said: str) -> None:
    """A signature such as `sha256=1f2e…` over the whole body, as GitHub, Meta and Discourse send.

    Raises `Forged` unless it is that of `secret`.
    """
    if not said:
        raise Forged("This webhook is not signed.")
    if not same("sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest(), said):
        raise Forged("The signature of this webhook is not that of our secret.")


def by_digest(
    secrets: Sequence[bytes], body: bytes, said: str, *, encoding: str, prefix: str = ""
) -> None:
    """HMAC-SHA256 of the whole body in "hex" or "base64" after `prefix`. Raises `Forged`."""
    made = [hmac.new(secret, body, hashlib.sha256).digest() for secret in secrets]
    texts = [each.hex() if encoding == "hex" else b64encode(each).decode() for each in made]
    _must_be_among([prefix + text for text in texts], said)


def by_twilio(
    secrets: Sequence[bytes], address: str, form: Sequence[tuple[str, str]], said: str
) -> None:
    """HMAC-SHA1 of the address as Twilio was told it and the form's fields, sorted by name.

    https://www.twilio.com/docs/usage/security#validating-requests; raises `Forged`.
    """
    whole = address + "".join(name + value for name, value in sorted(set(form)))
    made = (hmac.new(secret, whole.encode(), hashlib.sha1).digest() for secret in secrets)
    _must_be_among([b64encode(each).decode() for each in made], said)


def _must_be_among(ours: Sequence[str], said: str) -> None:
    if not said:
        raise Forged("This webhook is not signed.")
    if not any(same(each, said) for each in ours):
        raise Forged("The signature of this webhook is not that of our secret.")


def digest(body: bytes) -> str:
    """An idempotency key for senders that name none: the same body is the same webhook."""
    return hashlib.sha256(body).hexdigest()


def by_standard(
    secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, now: datetime
) -> str:
    """By the rules of Standard Webhooks 1.0 (standardwebhooks.com); returns the message's id.

    Several secrets are known while one takes the place of another. Raises `Forged`.
    """
    id, sent, said = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not (id and sent and said):
        raise Forged("webhook-id, webhook-timestamp and webhook-signature must all be there.")
    if not ID.fullmatch(id):
        raise Forged("webhook-id must be at most 255 visible characters of ASCII.")
    _just_now(sent, now)
    ours = _standard(secrets, id, sent, body)
    theirs = [each[3:] for each in said.split(" ") if each.startswith("v1,")]
    if not any(same(mine, yours) for mine in ours for yours in theirs):
        raise Forged("The signature of this webhook is not that of our secret.")
    return id


def standard(secrets: Sequence[bytes], id: str, body: bytes, now: datetime) -> Mapping[str, str]:
    """The headers with which we sign a message of ours by the same rules, once by each secret."""
    sent = str(int(now.timestamp()))
    signatures = (f"v1,{each}" for each in _standard(secrets, id, sent, body))
    return {
        "webhook-id": id,
        "webhook-timestamp": sent,
        "webhook-signature": " ".join(signatures),
    }


def _standard(secrets: Sequence[bytes], id: str, sent: str, body: bytes) -> list[str]:
    whole = f"{id}.{sent}.".encode() + body
    made = (hmac.new(secret, whole, hashlib.sha256).digest() for secret in secrets)
    return [b64encode(each).decode() for each in made]


def _just_now(sent: str, now: datetime) -> None:
    if not re.fullmatch(r"\d{1,12}", sent, re.ASCII):
        raise Forged("webhook-timestamp must be in seconds since 1970.")
    if abs(now.timestamp() - int(sent)) > TOLERANCE.total_seconds():
        raise Forged("webhook-timestamp is more than five minutes away from our clock.")


def secret(text: str) -> bytes:
    """One as Standard Webhooks writes it: base64 after `whsec_`. ValueError for another."""
    try:
        key = b64decode(text.removeprefix(PREFIX), validate=True)
    except (Error, ValueError):
        key = b""
    if not 24 <= len(key) <= 64:
        raise ValueError("must be 24 to 64 bytes in base64 after whsec_")
    return key
