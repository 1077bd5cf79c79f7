"""How a service proves that a webhook is its own: each mapping says one way."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from adapters import Forged, signed

WAYS = ("standard", "hmac", "token", "basic", "twilio")
FIELDS = 1000  # of a form
SHORTEST = 16  # characters of a secret that nobody guesses


@dataclass(frozen=True)
class Proof:
    """`by` is one of `WAYS`; `header` and `query` are where the signature or the token stands."""

    by: str
    header: str = ""
    query: str = ""
    encoding: str = "base64"
    prefix: str = ""

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> "Proof":
        """ValueError or TypeError where it makes no sense."""
        known = {each.name for each in fields(cls)}
        if unknown := sorted(said.keys() - known):
            raise ValueError(f"signed.{unknown[0]} is not known.")
        if "by" not in said:
            raise ValueError("signed.by is missing.")
        proof = cls(**said)
        if proof.by not in WAYS:
            raise ValueError(f"signed.by must be one of {', '.join(WAYS)}.")
        if proof.encoding not in ("base64", "hex"):
            raise ValueError("signed.encoding must be base64 or hex.")
        if proof.by == "hmac" and not proof.header:
            raise ValueError("signed.header is missing.")
        if proof.by == "token" and bool(proof.header) is bool(proof.query):
            raise ValueError("signed must name a header or a query parameter with the token.")
        return proof

    @property
    def in_words(self) -> str:
        """How it is proven, for people."""
        return {
            "standard": "signed by the rules of Standard Webhooks",
            "hmac": f"signed in {self.header}",
            "token": f"with a token in the {'header' if self.header else 'address, as'} "
            f"{self.header or self.query}",
            "basic": "with a name and a password",
            "twilio": "signed in X-Twilio-Signature",
        }[self.by]

    def secrets(self, given: Sequence[str]) -> list[bytes]:
        """The secrets as bytes. ValueError says how one must look."""
        if self.by == "standard":
            return [signed.secret(each) for each in given]
        if self.by == "basic" and not all(":" in each for each in given):
            raise ValueError("must be a name and a password, with a colon between them")
        if any(len(each) < SHORTEST for each in given):
            raise ValueError(f"must have {SHORTEST} characters or more")
        return [each.encode() for each in given]

    def vouch(
        self,
        secrets: Sequence[bytes],
        headers: Mapping[str, str],
        query: Mapping[str, str],
        body: bytes,
        *,
        now: datetime,
        address: str,
    ) -> str:
        """The idempotency key; raises `Forged`. `address` is ours, as the service was told it."""
        if self.by == "standard":
            return signed.by_standard(list(secrets), headers, body, now)
        if self.by == "hmac":
            said = headers.get(self.header.lower(), "")
            signed.by_digest(secrets, body, said, encoding=self.encoding, prefix=self.prefix)
        elif self.by == "twilio":
            said = headers.get("x-twilio-signature", "")
            signed.by_twilio(secrets, address, _form(body), said)
        else:
            self._must_know(secrets, headers, query)
        return signed.digest(body)

    def _must_know(
        self, secrets: Sequence[bytes], headers: Mapping[str, str], query: Mapping[str, str]
    ) -> None:
        if self.by == "basic":
            said = headers.get("authorization", "")
            known = ["Basic " + b64encode(each).decode() for each in secrets]
        else:
            said = (
                headers.get(self.header.lower(), "") if self.header else query.get(self.query, "")
            )
            known = [each.decode() for each in secrets]
        if not said:
            raise Forged("This webhook does not bring our secret.")
        if not any(signed.same(each, said) for each in known):
            raise Forged("The secret of this webhook is not ours.")


def filled_in(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form, as browsers send them. ValueError where they are too many."""
    text = body.decode(errors="replace")
    return parse_qsl(text, keep_blank_values=True, max_num_fields=FIELDS)


def _form(body: bytes) -> list[tuple[str, str]]:
    try:
        return filled_in(body)
    except ValueError:
        raise Forged(f"A form of Twilio's has no more than {FIELDS} fields.") from None
