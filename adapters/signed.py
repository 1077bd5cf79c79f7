"""Webhooks that are signed: whether who sent them knows our secret, and sent them just now."""

import hashlib
import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Mapping
from datetime import datetime, timedelta

from adapters import Forged

TOLERANCE = timedelta(minutes=5)  # of a sender's clock, as Standard Webhooks recommends
PREFIX = "whsec_"


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


def digest(body: bytes) -> str:
    """An idempotency key for senders that name none: the same body is the same webhook."""
    return hashlib.sha256(body).hexdigest()


def by_standard(
    secrets: list[bytes], headers: Mapping[str, str], body: bytes, now: datetime
) -> str:
    """By the rules of Standard Webhooks 1.0 (standardwebhooks.com); returns the message's id.

    Several secrets are known while one takes the place of another. Raises `Forged`.
    """
    id, sent, said = (
        headers.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not (id and sent and said):
        raise Forged("webhook-id, webhook-timestamp and webhook-signature must all be there.")
    _just_now(sent, now)
    signed = f"{id}.{sent}.".encode() + body
    ours = [
        b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode() for secret in secrets
    ]
    theirs = [each[3:] for each in said.split(" ") if each.startswith("v1,")]
    if not any(same(mine, yours) for mine in ours for yours in theirs):
        raise Forged("The signature of this webhook is not that of our secret.")
    return id


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
