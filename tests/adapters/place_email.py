"""A mailbox on a real Dovecot, with customers who have mailboxes there, too."""

import os
import smtplib
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import EmailMessage, Message
from email.policy import SMTP
from email.utils import format_datetime, make_msgid
from itertools import count
from typing import Any

import pytest

from adapters import Adapter, make
from adapters.email import Email
from adapters.readable import new_words
from tests.adapters import servers
from tests.adapters.places import HISTORY

NUMBERS = count(1)
NESTED = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n"


class EmailPlace:
    """One mailbox of ours, empty at first, on servers that all tests share.

    The adapter's clock is the real one, because the mail server's is; when time passes, all that
    lies in the mailboxes grows older instead.
    """

    against = "a real Dovecot, and an SMTP server in this process"
    can_edit = can_delete = can_thread = can_correct = can_withdraw = can_find = False
    can_answer = can_bring = True
    can_look = False  # whether an attempt that left no trace surely did not happen
    has_credentials = first_run_reads_back = True

    def __init__(self) -> None:
        if why := servers.missing():
            pytest.skip(why)
        self.number = next(NUMBERS)
        self.dovecot, self.outgoing = servers.running()
        self.post_office = self.outgoing.post
        self.ours = f"care{self.number}@acme.example"
        self.customers: set[str] = set()
        self.adapter = self.restarted()
        self._line = smtplib.SMTP("127.0.0.1", self.outgoing.port, timeout=10)

    def __enter__(self) -> "EmailPlace":
        self._line.login("anybody", servers.PASSWORD)
        return self

    def __exit__(self, *_: object) -> None:
        self._line.close()

    def environment(self) -> Mapping[str, str]:
        return {
            "EMAIL_ADDRESS": self.ours,
            "EMAIL_NAME": "Acme Care",
            "EMAIL_IMAP": f"imap://127.0.0.1:{self.dovecot.imap}",
            "EMAIL_SMTP": f"smtp://127.0.0.1:{self.outgoing.port}",
            "EMAIL_PASSWORD": servers.PASSWORD,
        }

    def restarted(self, **changed: str) -> Adapter:
        environment = {**self.environment(), **changed}
        return make("email", Email, environment, lambda: datetime.now(UTC), HISTORY)

    def locked_out(self) -> Adapter:
        return self.restarted(EMAIL_PASSWORD="stolen")

    def address(self, by: str) -> str:
        self.customers.add(f"{by}{self.number}@cust.test")
        return f"{by}{self.number}@cust.test"

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        mail = self.mail(text, by=by)
        if parent:
            self._answer(mail, parent, self.address(by))
        return self.send(mail)

    def post_pictures(self, *pictures: bytes) -> str:
        """The first where the words speak of it, as mail programs show it; the others attached."""
        mail = self.mail("Look!")
        mail.add_alternative('<p>Look!</p><img src="cid:1@cust.test">', subtype="html")
        html = next(part for part in mail.walk() if part.get_content_subtype() == "html")
        html.add_related(pictures[0], "image", "png", cid="<1@cust.test>")
        for number, picture in enumerate(pictures[1:], 2):
            mail.add_attachment(picture, "image", "png", filename=f"{number}.png")
        return self.send(mail)

    def automated(self, text: str) -> str:
        mail = self.mail(text)
        mail["Auto-Submitted"] = "auto-replied (vacation)"
        return self.send(mail)

    def answer_elsewhere(self, to: str, text: str) -> str:
        mail = self._mail(text, self.ours, "somebody@cust.test")
        self._answer(mail, to, self.ours)
        with self.dovecot.mailbox(self.ours) as box:
            box.append(mail.as_bytes(), "Sent")
        return _key(mail)

    def spoil(self) -> None:
        """More parts within parts than anybody reads."""
        head = f"From: {self.address('eve')}\r\nMIME-Version: 1.0\r\n".encode()
        self.deliver(head + b"".join(NESTED % (n, n) for n in range(60)))

    def answers(self) -> list[str]:
        mails = (m for address in sorted(self.customers) for m in self.dovecot.mails(address))
        return [new_words(text_of(mail)) for mail in mails]

    def lose_next_answer(self) -> None:
        """And the server keeps a copy by itself, as Gmail does: otherwise nobody could know."""
        self.post_office.lose = self.post_office.saves_in_sent = True

    def files(self) -> list[tuple[str, bytes]]:
        mails = (m for address in sorted(self.customers) for m in self.dovecot.mails(address))
        parts = (part for mail in mails for part in mail.walk() if part.get_filename())
        return [(part.get_content_type(), content_of(part)) for part in parts]

    def lose_next_change(self) -> None:
        raise NotImplementedError("Nobody takes mail back.")

    def changes(self) -> int:
        raise NotImplementedError("Nobody takes mail back.")

    def calls(self) -> int:
        return sum(mail.mail_from == self.ours for mail in self.post_office.accepted)

    def too_long(self) -> str:
        return "x" * 20_001

    def edit(self, key: str, text: str) -> None:
        raise NotImplementedError("Nobody edits mail.")

    def delete(self, key: str) -> None:
        raise NotImplementedError("Nobody takes mail back.")

    def pass_(self, minutes: float) -> None:
        for file in (self.dovecot.here / "home" / self.ours).glob("Maildir/*/*"):
            at = file.stat().st_mtime - 60 * minutes
            os.utime(file, (at, at))

    def mail(self, text: str, *, by: str = "mira", **headers: str) -> EmailMessage:
        mail = self._mail(text, f"{by.title()} <{self.address(by)}>", self.ours)
        for name, value in headers.items():
            mail[name.replace("_", "-")] = value
        return mail

    def send(self, mail: EmailMessage) -> str:
        """By SMTP, as a customer's mail program does."""
        self._line.sendmail("customer@cust.test", [self.ours], mail.as_bytes(policy=SMTP))
        return _key(mail)

    def deliver(self, raw: bytes) -> None:
        """As it is, by another way than honest mail programs."""
        self.dovecot.deliver(self.ours, raw, "stranger@cust.test")

    def _mail(self, text: str, sender: str, to: str) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"] = sender, to
        mail["Subject"] = "My order"
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Message-ID"] = make_msgid(domain=sender.rstrip(">").partition("@")[2])
        mail.set_content(text, cte="base64")
        return mail

    def _answer(self, mail: EmailMessage, to: str, mailbox: str) -> None:
        """Thread it as mail programs do: all that the answered mail refers to, and that mail."""
        with self.dovecot.mailbox(mailbox) as box:
            found = list(box.fetch(f'HEADER Message-ID "{to}"', mark_seen=False))
        earlier = str(found[0].obj["References"] or "") if found else ""
        mail["In-Reply-To"] = f"<{to}>"
        mail["References"] = f"{earlier} <{to}>".strip()


def content_of(part: Message) -> bytes:
    payload: Any = part.get_payload(decode=True)
    return bytes(payload)


def text_of(mail: Message) -> str:
    """Its words, without the files."""
    mail = next(part for part in mail.walk() if part.get_content_maintype() == "text")
    payload: Any = mail.get_payload(decode=True)
    return str(payload.decode(mail.get_content_charset() or "ascii")).replace("\r\n", "\n")


def _key(mail: EmailMessage) -> str:
    return str(mail["Message-ID"]).strip("<>")
