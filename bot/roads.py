"""Roads beside Slack: mail and webhooks, for the night in which Slack itself is down."""

import smtplib
import ssl
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from hashlib import sha256
from threading import Thread

from bot.config import MailServer
from bot.domain.clock import Owed, Where
from bot.domain.delivery import Refused, TryLater
from bot.domain.team import Team
from bot.policy.ladder import MAILBOX
from bot.slack.blocks import count, lasting
from bot.slack.health import plain
from bot.slack.queue import Links
from bot.slack.text import clip, one_line, visible
from bot.slack.words import KINDS, lateness, on, whole_name
from storage.conversations import Waiting

PATIENCE = 30.0  # seconds for one call as a whole, well below the lease
TIMEOUT = 10.0  # seconds for each answer of the other side
LINES = 30  # customers that one call names
WORDS = 120  # characters of what each wrote
SUBJECT = 200
ANSWERED = {  # who has an answer, and why they wait all the same
    Owed.LOOP: "answered, should hear from us again",
    Owed.PROMISE: "promised another word",
}
IN_SLACK = "Claim or answer them in Slack: each has a card there, and /unanswered lists them."
WITHOUT_SLACK = (
    "Answer them where they wrote: the bot sees that and stops the clock. Nothing is lost, and"
    " Slack is told as soon as it can be reached."
)


def alert(
    team: Team,
    late: Sequence[Waiting],
    now: datetime,
    *,
    slack_is_silent: bool,
    links: Links,
    team_since: datetime | None = None,
) -> tuple[str, str]:
    """Subject and text of one call: who waits, most urgent first, and what to do about it.

    `team_since` is from when on nobody of the team has done anything.
    """
    lines = [_line(each, now, links) for each in sorted(late, key=_urgency)[:LINES]]
    more = [f"and {len(late) - LINES:,} more"] if len(late) > LINES else []
    silent = ["Slack has not taken these calls for some minutes.", ""] if slack_is_silent else []
    mend = WITHOUT_SLACK if slack_is_silent else IN_SLACK
    silent += [*_hushed(team, team_since, now)] if team_since else []
    why = f"You are told because teams.toml names this road for {one_line(team.name)}."
    return _subject(team, late, now), "\n".join([*silent, *lines, *more, "", mend, why])


def about_us(said: str) -> tuple[str, str]:
    """Subject and text of a word about the bot itself, which was written for Slack."""
    text = plain(said)
    return f"Unanswered: {text}", f"{text}\n\nSlack is told as well, as soon as it takes it."


def _hushed(team: Team, since: datetime, now: datetime) -> Sequence[str]:
    span = lasting(team.calendar.between(since, now))
    at = since.astimezone(team.calendar.zone).strftime("%Y-%m-%d %H:%M %Z")
    who = f"Nobody of {one_line(team.name)} has answered, claimed or dismissed anything since {at}"
    return [f"{who}, for {span} of working time.", ""]


@dataclass(frozen=True, kw_only=True)
class _Call:
    subject: str
    text: str
    key: str
    numbers: Sequence[int]


class Roads:
    """Each call is made once and ends in time: only the outbox repeats.

    A road is "email:lead@acme.example" or "webhook:https://…". `timeout` is in seconds, for one
    call as a whole. `Refused` and `TryLater` name the host, and neither a webhook's address nor a
    password.
    """

    def __init__(
        self,
        smtp_url: str | None,
        sender: str | None,
        now: Callable[[], datetime],
        timeout: float = PATIENCE,
    ) -> None:
        self._server = MailServer.at(smtp_url) if smtp_url else None
        self._sender, self._now, self._timeout = sender or "", now, timeout
        self._given_up: dict[str, Future[str]] = {}

    def send(
        self, road: str, subject: str, text: str, *, key: str, numbers: Sequence[int] = ()
    ) -> None:
        """Call somebody. The same `key` is the same call: `numbers` are its conversations."""
        title = clip(one_line(subject), SUBJECT)
        call = _Call(subject=title, text=visible(text), key=key, numbers=numbers)
        self._in_time(road, lambda: self._carry(road, call))

    def examine(self, road: str) -> str:
        """In a few words, how it looks without calling anybody; raises what `send` would raise."""
        return self._in_time(road, lambda: self._look(road))

    def _carry(self, road: str, call: _Call) -> str:
        kind, where = _parted(road)
        if kind is Where.EMAIL:
            return self._mail(where, call)
        return self._post(where, call)

    def _look(self, road: str) -> str:
        kind, where = _parted(road)
        if kind is Where.EMAIL:
            return self._greet(where)
        from bot import webhooks

        return f"{webhooks.resolved(where)} is there; not tried: it would call people"

    def _greet(self, to: str) -> str:
        server, sender = self._mail_server(to)
        with _line_to(server, sender, self._timeout) as smtp:
            known = bool(server.user) and smtp.has_extn("auth")
        return f"signed in to {server.host}" if known else f"{server.host} asks for no sign-in"

    def _mail(self, to: str, call: _Call) -> str:
        server, sender = self._mail_server(to)
        letter = _letter(call, sender, to, self._now())
        with _line_to(server, sender, self._timeout) as smtp:
            _hand_over(smtp, server, sender, to, letter)
        return server.host

    def _mail_server(self, to: str) -> tuple[MailServer, str]:
        if not MAILBOX.fullmatch(to):
            raise Refused(f"“{one_line(to)}” is not a mail address. Write another in teams.toml.")
        if not (self._server and self._sender):
            raise Refused("Nobody can be called by email: set ALERT_SMTP_URL and ALERT_FROM.")
        return self._server, self._sender

    def _post(self, url: str, call: _Call) -> str:
        from bot import webhooks  # loads what a worker most often never needs

        said = {"text": f"{call.subject}\n{call.text}", "subject": call.subject, "key": call.key}
        body = {**said, "conversations": list(call.numbers)}
        return webhooks.post(url, body, min(TIMEOUT, self._timeout), self._now())

    def _in_time(self, road: str, call: Callable[[], str]) -> str:
        """Have it done by a thread: no name server and no dripping answer can hold the caller.

        What was given up and has not ended may still be heard, so until then nothing is repeated.
        """
        last = self._given_up.get(road)
        if last and not last.done():
            raise TryLater("The last call on this road has not ended yet.", surely_not_done=True)
        outcome: Future[str] = Future()
        Thread(target=_settle, args=(outcome, call), daemon=True).start()
        try:
            return outcome.result(self._timeout)
        except TimeoutError:
            self._given_up[road] = outcome
            raise TryLater(f"The call took longer than {self._timeout:g} seconds.") from None


def _settle(outcome: Future[str], call: Callable[[], str]) -> None:
    try:
        outcome.set_result(call())
    except BaseException as problem:
        outcome.set_exception(problem)


def _parted(road: str) -> tuple[Where, str]:
    kind, _, where = road.partition(":")
    if kind not in (Where.EMAIL, Where.WEBHOOK):
        raise Refused("A road begins with email: or webhook:. Write it so in teams.toml.")
    return Where(kind), where


# The text


def _subject(team: Team, late: Sequence[Waiting], now: datetime) -> str:
    """Before a deadline nobody has waited too long yet."""
    overdue = [each for each in late if each.conversation.late(now)]
    customers = len({each.conversation.customer for each in overdue or late})
    wait = "waits" if customers == 1 else "wait"
    how = "too long" if overdue else "for an answer"
    return f"{count(customers, 'customer')} of {one_line(team.name)} {wait} {how}"


def _urgency(waiting: Waiting) -> tuple[bool, datetime, int]:
    conversation = waiting.conversation
    due_at = conversation.due_at
    return due_at is None, due_at or conversation.waiting_since, conversation.id


def _line(waiting: Waiting, now: datetime, links: Links) -> str:
    """All about one customer in one line, whatever they call themselves."""
    conversation, customer = waiting.conversation, waiting.customer
    whose = f"{KINDS[conversation.kind]} from {whole_name(customer)} {on(conversation.account)}"
    words = clip(one_line(waiting.words), WORDS)
    parts = [
        f"{conversation.id}: {whose}",
        ANSWERED.get(conversation.owed, ""),
        lateness(conversation, now),
        "" if conversation.owner else "unclaimed",
        f"“{words}”" if words else "",
        links.card(conversation),
    ]
    return " · ".join(part for part in parts if part)


# Mail


def _letter(call: _Call, sender: str, to: str, at: datetime) -> bytes:
    """As no program answers: what is out of office stays silent (RFC 3834)."""
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"Unanswered <{sender}>"
    letter["To"] = to
    letter["Subject"] = call.subject
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = f"<{_digest(call.key)}.unanswered@{sender.partition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter["X-Auto-Response-Suppress"] = "All"
    letter.set_content(call.text, cte="quoted-printable")
    return letter.as_bytes()


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()[:32]


@contextmanager
def _line_to(server: MailServer, sender: str, timeout: float) -> Iterator[smtplib.SMTP]:
    """An encrypted, signed-in connection; nothing has been sent when this raises."""
    with _plainly(server):
        smtp = _reached(server, sender.partition("@")[2], min(TIMEOUT, timeout))
        try:
            _encrypt(smtp, server)
            _sign_in(smtp, server)
            yield smtp
            with suppress(OSError):
                smtp.putcmd("quit")  # no need to hear what it says to that
        finally:
            smtp.close()


def _reached(server: MailServer, name: str, timeout: float) -> smtplib.SMTP:
    if server.tls:
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(server.host, server.port, name, timeout=timeout, context=context)
    return smtplib.SMTP(server.host, server.port, name, timeout=timeout)


def _encrypt(smtp: smtplib.SMTP, server: MailServer) -> None:
    smtp.ehlo_or_helo_if_needed()
    if server.tls:
        return
    if smtp.has_extn("starttls"):
        smtp.starttls(context=_context(server))
        smtp.ehlo_or_helo_if_needed()
    elif not server.here:
        raise Refused(
            f"The mail server {server.host} offers no encryption, so nothing was sent."
            " Write smtps://… in ALERT_SMTP_URL, or another server."
        )


def _context(server: MailServer) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if server.here:  # its certificate is usually its own, and nobody is in between
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def _sign_in(smtp: smtplib.SMTP, server: MailServer) -> None:
    if not (server.user and smtp.has_extn("auth")):  # without asking, it takes the mail or not
        return
    if server.user.isascii() and server.password.isascii():
        smtp.login(server.user, server.password)
        return
    words = b64encode(f"\0{server.user}\0{server.password}".encode()).decode()
    code, said = smtp.docmd("AUTH", f"PLAIN {words}")  # smtplib's own knows only ASCII
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, said)


def _hand_over(smtp: smtplib.SMTP, server: MailServer, sender: str, to: str, letter: bytes) -> None:
    """Only between the last dot and the answer to it is there any doubt."""
    _must_accept(server, *smtp.mail(sender))
    _must_accept(server, *smtp.rcpt(to))
    try:
        code, words = smtp.data(letter)
    except smtplib.SMTPDataError as problem:
        code, words = problem.smtp_code, problem.smtp_error  # type: ignore[assignment]
    except OSError:
        raise TryLater(f"The mail server {server.host} fell silent with the mail.") from None
    _must_accept(server, code, words)


def _must_accept(server: MailServer, code: int, words: bytes | str) -> None:
    if not 200 <= code < 300:
        raise _meaning(server, code, words)


def _meaning(server: MailServer, code: int, words: bytes | str) -> Exception:
    told = words.decode("utf-8", "replace") if isinstance(words, bytes) else words
    said = f"{code} {clip(one_line(told), SUBJECT)}"
    if 500 <= code < 600:
        return Refused(f"The mail server {server.host} refused it: {said}")
    return TryLater(f"The mail server {server.host} asks to wait: {said}", surely_not_done=True)


@contextmanager
def _plainly(server: MailServer) -> Iterator[None]:
    """What its errors mean; its words to a wrong password stay out: who knows them?"""
    try:
        yield
    except smtplib.SMTPAuthenticationError as problem:
        raise _turned_away(server, problem.smtp_code) from None
    except smtplib.SMTPResponseException as problem:
        raise _meaning(server, problem.smtp_code, problem.smtp_error) from None
    except (OSError, ValueError) as problem:  # the latter: a strange name, or a strange challenge
        says = f"The mail server {server.host} does not answer properly: {problem}"
        raise TryLater(says, surely_not_done=True) from None


def _turned_away(server: MailServer, code: int) -> Exception:
    if 400 <= code < 500:
        says = f"The mail server {server.host} lets nobody in just now."
        return TryLater(says, surely_not_done=True)
    return Refused(
        f"The mail server {server.host} does not let us in."
        " Check the user and the password in ALERT_SMTP_URL."
    )
