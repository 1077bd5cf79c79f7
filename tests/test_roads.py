"""Calls by mail and webhook: to a real SMTP server and a real web server on this machine."""

import json
import shutil
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.clock import Owed, Rung
from bot.domain.conversation import Conversation, State
from bot.domain.delivery import Refused, TryLater
from bot.domain.mention import Customer, Kind
from bot.domain.team import Team
from bot.roads import LINES, Roads, alert
from bot.slack.queue import Links
from storage.conversations import Waiting
from tests.adapters import servers

NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
SENDER, LEAD = "bot@acme.example", "email:lead@acme.example"
PASSWORD = "correct/horse@§"
ENCODED = "correct%2Fhorse%40%C2%A7"
SECRET = "hooks-s3cret"
CARE = Team(
    name="care",
    channel="C0CARE",
    answer_within={Kind.COMPLAINT: 60 * MINUTE},
    ladder=(Rung(after=0 * MINUTE, call="owner"),),
)
MIRA = Customer(platform="twitter", key="1", handle="@mira", name="Mira Lindqvist")
LATE = Conversation(
    account="twitter",
    thread="m1",
    customer=1,
    team="care",
    kind=Kind.COMPLAINT,
    waiting_since=NOON,
    due_at=NOON + 60 * MINUTE,
    channel="C0CARE",
    card="1.000001",
    id=42,
)
NOW = NOON + 102 * MINUTE
LINKS = Links("https://acme.slack.com/")
ANYTHING = st.text(st.characters(), max_size=400)  # lone surrogates as well


def waiting(number=42, who=MIRA, words="My order\nis broken", **changed):
    conversation = replace(LATE, **{"id": number, "customer": number} | changed)
    return Waiting(conversation=conversation, customer=who, words=words)


def told(*late, silent=False, links=LINKS, team=CARE):
    return alert(team, late, NOW, slack_is_silent=silent, links=links)


# What is said


def test_an_alert_says_who_waits_and_what_to_do():
    subject, text = told(waiting())

    assert subject == "1 customer of care waits too long"
    assert text.splitlines() == [
        "42: Complaint from Mira Lindqvist (@mira) on X · overdue by 42 min · unclaimed"
        " · “My order is broken” · https://acme.slack.com/archives/C0CARE/p1000001",
        "",
        "Claim or answer them in Slack: each has a card there, and /unanswered lists them.",
        "You are told because teams.toml names this road for care.",
    ]


def test_when_slack_is_silent_it_says_so_and_what_to_do_instead():
    _, text = told(waiting(), silent=True)

    first, *_, mend, _ = text.splitlines()
    assert first == "Slack has not taken these calls for some minutes."
    assert mend.startswith("Answer them where they wrote: the bot sees that and stops the clock.")


def test_the_most_urgent_comes_first_whatever_the_order():
    later, sooner = waiting(1, due_at=NOON + 90 * MINUTE), waiting(2, due_at=NOON + MINUTE)
    timeless = waiting(3, due_at=None)

    _, text = told(timeless, later, sooner)

    assert [line.partition(":")[0] for line in text.splitlines()[:3]] == ["2", "1", "3"]


def test_a_long_list_ends_after_thirty_lines_and_says_how_many_more():
    many = [waiting(number, words="x" * 500) for number in range(1, 1232)]

    subject, text = told(*many, silent=True)

    assert subject == "1,231 customers of care wait too long"
    assert sum("Complaint from" in line for line in text.splitlines()) == LINES == 30
    assert "and 1,201 more" in text.splitlines()
    assert f"“{'x' * 119}…”" in text


def test_one_customer_in_two_conversations_is_one_customer():
    subject, _ = told(waiting(1, customer=1), waiting(2, customer=1))

    assert subject == "1 customer of care waits too long"


def test_before_the_deadline_nobody_has_waited_too_long():
    subject, text = told(waiting(1, due_at=NOW + 30 * MINUTE), waiting(2, due_at=NOW + MINUTE))

    assert subject == "2 customers of care wait for an answer"
    assert "due in 30 min" in text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"owed": Owed.PROMISE}, "promised another word · overdue by 42 min"),
        ({"owed": Owed.LOOP}, "answered, should hear from us again · overdue by 42 min"),
        ({"account": "email:press"}, "Mira Lindqvist (@mira) by email (press) · "),
        ({"state": State.CLAIMED, "owner": "U0ANA"}, "overdue by 42 min · “My order"),
        ({"card": None}, "· “My order is broken”\n"),
    ],
)
def test_a_line_says_what_is_owed_and_leaves_out_what_is_not_there(changed, said):
    assert said in told(waiting(**changed))[1]


@given(name=ANYTHING, words=ANYTHING, team=st.text(min_size=1))
def test_whatever_people_call_themselves_each_has_one_line(name, words, team):
    who = replace(MIRA, name=name, handle=name)

    subject, text = told(waiting(who=who, words=words), team=replace(CARE, name=team))

    assert len(subject.splitlines()) == 1
    assert len(text.splitlines()) == 4
    assert text.startswith("42: Complaint from ")


# Mail


@dataclass
class Post:
    """Takes mail from those who know the password, and says what it is told to say."""

    accepted: list[EmailMessage] = field(default_factory=list)
    senders: list[str] = field(default_factory=list)
    recipient: str = "250 OK"
    verdict: str = "250 Taken"
    lets_in: bool = True
    passwords: list[bytes] = field(default_factory=list)

    async def handle_RCPT(self, _: Any, __: Any, envelope: Any, address: str, ___: Any) -> str:  # noqa: N802
        if self.recipient.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.senders.append(f"{envelope.mail_from} {'TLS' if session.ssl else 'bare'}")
        if self.verdict.startswith("250"):
            mail = message_from_bytes(envelope.original_content, policy=policy.default)
            self.accepted.append(mail)
        if self.verdict == "hang up":
            server.transport.abort()
        return self.verdict

    def knows(self, _: Any, __: Any, ___: Any, ____: Any, credentials: Any) -> AuthResult:
        shown = credentials.password if isinstance(credentials, LoginPassword) else b""
        self.passwords.append(shown)
        right = self.lets_in and shown == PASSWORD.encode()
        return AuthResult(success=right, handled=False)


@dataclass
class Running:
    """A mail server that looks at passwords; on 127.0.0.2 it counts as another machine."""

    post: Post
    host: str
    port: int

    def roads(self, scheme: str = "smtp", **more: Any) -> Roads:
        url = f"{scheme}://bot%2B1:{ENCODED}@{self.host}:{self.port}"
        return Roads(url, SENDER, lambda: NOON, **more)


@contextmanager
def running(
    host: str = "127.0.0.1", *, smtps: ssl.SSLContext | None = None, **more: Any
) -> Iterator[Running]:
    post, port = Post(), servers.free_port()
    how = {"authenticator": post.knows, "auth_require_tls": False} | more
    controller = Controller(post, hostname=host, port=port, ssl_context=smtps, **how)
    controller.start()
    try:
        yield Running(post, host, port)
    finally:
        controller.stop()


@pytest.fixture(scope="module")
def open_to_all() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.fixture
def server() -> Iterator[Running]:
    with running() as server:
        yield server


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("There is no openssl to make a certificate with.")
    here = tmp_path_factory.mktemp("certificate")
    servers._certify(here)
    return here / "certificate.pem"


@pytest.fixture
def context(certificate: Path) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, certificate.parent / "key.pem")
    return made


def test_a_mail_arrives_as_it_was_written(server):
    server.roads().send(LEAD, "2 wait", "Grüße, 🦊\n.dots\n" + "x" * 2000, key="alert:1")

    [mail] = server.post.accepted
    assert mail["From"] == "Unanswered <bot@acme.example>"
    assert mail["To"] == "lead@acme.example"
    assert mail["Subject"] == "2 wait"
    assert mail["Date"].datetime == NOON
    assert mail.get_content().splitlines() == ["Grüße, 🦊", ".dots", "x" * 2000]
    assert server.post.senders == ["bot@acme.example bare"]


def test_no_program_answers_it(server):
    server.roads().send(LEAD, "2 wait", "…", key="alert:1")

    [mail] = server.post.accepted
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["X-Auto-Response-Suppress"] == "All"


def test_the_same_call_is_the_same_mail_and_another_one_is_another(server):
    for key in ("alert:1", "alert:1", "alert:2"):
        server.roads().send(LEAD, "2 wait", "…", key=key)

    first, again, other = (mail["Message-ID"] for mail in server.post.accepted)
    assert first == again != other
    assert first.endswith(".unanswered@acme.example>")
    assert "alert" not in first


def test_nobody_s_name_becomes_a_header(server):
    evil = "Mira\r\nBcc: all@acme.example\u2028X-A: b\x85X-B: c\x0bX-C: d\n\n.\r\nMAIL FROM:<a@b>"

    server.roads().send(LEAD, f"{evil} waits", f"{evil}\r\n.\r\nQUIT", key="k\r\nX-D: e")

    [mail] = server.post.accepted
    expected = {"From", "To", "Subject", "Date", "Message-ID", "Auto-Submitted"}
    expected |= {"X-Auto-Response-Suppress", "Content-Type", "Content-Transfer-Encoding"}
    assert set(mail.keys()) == expected | {"MIME-Version"}
    assert "Bcc: all@acme.example" in mail["Subject"]
    assert mail["To"] == "lead@acme.example"


@example(subject="\ud800\0", text="a\ud800b\0c\u202ed")
@given(subject=ANYTHING, text=ANYTHING)
def test_there_is_no_text_that_can_t_be_mailed(open_to_all, subject, text):
    open_to_all.roads().send(LEAD, subject, text, key="k")

    mail = open_to_all.post.accepted[-1]
    assert len(mail.keys()) == 10
    assert len(str(mail["Subject"]).splitlines()) <= 1
    assert not {"\0", "\u202e"} & set(mail.get_content())


@pytest.mark.parametrize(
    "road",
    [
        "email:lead@acme.example\r\nRCPT TO:<all@acme.example>",
        "email:<lead@acme.example>",
        "email:a@b,c@d",
        "email:müller@acme.example",
        "email:",
        "pigeon:lead",
        "webhook:ftp://x",
        "webhook:https://",
        "webhook:http://hooks.example/" + SECRET,
        "webhook:https://hooks.example:99999/" + SECRET,
        "webhook:https://[::1/" + SECRET,
        "webhook:https://hooks..example/" + SECRET,
    ],
)
def test_what_is_no_road_is_refused(server, road):
    with pytest.raises(Refused, match=r"teams\.toml") as told:
        server.roads().send(road, "2 wait", "…", key="k")

    assert SECRET not in str(told.value)
    assert server.post.accepted == []


def test_without_a_mail_server_nobody_is_called_by_email():
    with pytest.raises(Refused, match="set ALERT_SMTP_URL and ALERT_FROM"):
        Roads(None, None, lambda: NOON).send(LEAD, "2 wait", "…", key="k")


@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_wrong_password_is_refused_and_not_repeated(server, ascii_only):
    password = "hunter2" if ascii_only else "hünter2"
    roads = Roads(f"smtp://bot:{password}@127.0.0.1:{server.port}", SENDER, lambda: NOON)

    with pytest.raises(Refused, match="the password in ALERT_SMTP_URL") as told:
        roads.send(LEAD, "2 wait", "…", key="k")

    assert "nter2" not in str(told.value)
    assert server.post.accepted == []


@pytest.mark.parametrize(
    ("recipient", "verdict", "means", "sure"),
    [
        ("550 5.1.1 Nobody here", "250 OK", Refused, None),
        ("450 4.2.1 Busy", "250 OK", TryLater, True),
        ("250 OK", "554 5.7.1 Spam", Refused, None),
        ("250 OK", "451 4.3.0 Later", TryLater, True),
        ("250 OK", "hang up", TryLater, False),
    ],
)
def test_what_a_mail_server_s_answer_means(server, recipient, verdict, means, sure):
    server.post.recipient, server.post.verdict = recipient, verdict

    with pytest.raises(means, match=r"127\.0\.0\.1") as told:
        server.roads().send(LEAD, "2 wait", "…", key="k")

    assert getattr(told.value, "surely_not_done", None) == sure


def test_smtps_is_encrypted_and_its_certificate_is_looked_at(context, certificate, monkeypatch):
    with running(smtps=context) as server:
        with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED") as told:
            server.roads("smtps").send(LEAD, "2 wait", "…", key="k")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        server.roads("smtps").send(LEAD, "2 wait", "…", key="k")

        assert told.value.surely_not_done
        assert len(server.post.accepted) == 1


def test_starttls_is_used_where_it_is_offered(context):
    with running(tls_context=context, require_starttls=True, auth_require_tls=True) as server:
        server.roads().send(LEAD, "2 wait", "…", key="k")

        assert server.post.senders == ["bot@acme.example TLS"]


def test_another_machine_s_certificate_is_looked_at_after_starttls(context):
    with running("127.0.0.2", tls_context=context) as server:
        with pytest.raises(TryLater, match="CERTIFICATE_VERIFY_FAILED"):
            server.roads().send(LEAD, "2 wait", "…", key="k")

        assert server.post.accepted == []


def test_another_machine_without_encryption_gets_no_password():
    with running("127.0.0.2") as server:
        with pytest.raises(Refused, match="offers no encryption, so nothing was sent"):
            server.roads().send(LEAD, "2 wait", "…", key="k")

        assert server.post.passwords == []


@pytest.mark.parametrize("host", ["127.0.0.1", "smtp.invalid", "smtp..example"])
def test_a_mail_server_that_is_not_there_is_tried_later(host):
    roads = Roads(f"smtp://{host}:{servers.free_port()}", SENDER, lambda: NOON)

    with pytest.raises(TryLater, match=f"{host} does not answer properly") as told:
        roads.send(LEAD, "2 wait", "…", key="k")

    assert told.value.surely_not_done


# Webhooks


@dataclass
class Hook:
    """Hears calls, and answers as it is told."""

    port: int = 0
    heard: list[Any] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def road(self) -> str:
        return f"webhook:http://127.0.0.1:{self.port}/{SECRET}?token={SECRET}"


@pytest.fixture
def hook() -> Iterator[Hook]:
    hook = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            hook.heard.append((self.headers["Content-Type"], json.loads(self.rfile.read(length))))
            self.send_response(hook.status)
            for name, value in hook.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as web:
        hook.port = web.server_port
        thread = threading.Thread(target=web.serve_forever, args=(0.01,))
        thread.start()
        yield hook
        web.shutdown()
        thread.join()


def by_webhook(road: str, **more: Any) -> None:
    roads = Roads(None, None, lambda: NOON, **more)
    roads.send(road, "2 wait", "Mira\nBen", key="alert:1", numbers=(42, 43))


def test_a_webhook_hears_it_as_json(hook):
    by_webhook(hook.road)

    said = {"text": "2 wait\nMira\nBen", "subject": "2 wait", "key": "alert:1"}
    assert hook.heard == [("application/json", {**said, "conversations": [42, 43]})]


@pytest.mark.parametrize(
    ("status", "headers", "means", "sure", "after"),
    [
        (204, {}, None, None, None),
        (302, {"Location": "/elsewhere"}, Refused, None, None),
        (307, {"Location": "/elsewhere"}, Refused, None, None),
        (400, {}, Refused, None, None),
        (404, {}, Refused, None, None),
        (429, {"Retry-After": "120"}, TryLater, True, 2 * MINUTE),
        (429, {"Retry-After": "Tue, 03 Nov 2026 12:05:00 GMT"}, TryLater, True, 5 * MINUTE),
        (429, {"Retry-After": "Tue, 03 Nov 2020 12:05:00 GMT"}, TryLater, True, 0 * MINUTE),
        (429, {"Retry-After": "99999999999"}, TryLater, True, None),
        (429, {"Retry-After": "999999"}, TryLater, True, 60 * MINUTE),
        (429, {"Retry-After": "soon"}, TryLater, True, None),
        (429, {}, TryLater, True, None),
        (500, {}, TryLater, False, None),
        (503, {"Retry-After": "60"}, TryLater, False, MINUTE),
    ],
)
def test_what_a_webhook_s_answer_means(hook, status, headers, means, sure, after):
    hook.status, hook.headers = status, headers

    if means is None:
        by_webhook(hook.road)
    else:
        with pytest.raises(means, match=rf"127\.0\.0\.1 .*HTTP {status}") as told:
            by_webhook(hook.road)
        assert getattr(told.value, "surely_not_done", None) == sure
        assert getattr(told.value, "after", None) == after
        assert SECRET not in str(told.value)
        assert told.value.__cause__ is None
    assert len(hook.heard) == 1


def test_a_webhook_that_is_not_there_is_tried_later():
    with pytest.raises(TryLater, match=r"127\.0\.0\.1 can't be reached") as told:
        by_webhook(f"webhook:http://127.0.0.1:{servers.free_port()}/{SECRET}")

    assert told.value.surely_not_done
    assert told.value.__cause__ is None
    assert SECRET not in str(told.value)


def test_a_webhook_s_certificate_is_looked_at(context):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        threading.Thread(target=_greet_in_tls, args=(listener, context), daemon=True).start()

        with pytest.raises(TryLater, match=r"certificate of 127\.0\.0\.1 can't be trusted") as told:
            by_webhook(f"webhook:https://127.0.0.1:{port}/{SECRET}")

    assert told.value.surely_not_done
    assert SECRET not in str(told.value)


def test_what_no_web_server_says_is_tried_later_and_may_have_happened():
    properly = pytest.raises(TryLater, match="did not answer properly")
    with _dripping(b"SSH-2.0-OpenSSH\r\n", pause=0) as port, properly as told:
        by_webhook(f"webhook:http://127.0.0.1:{port}/{SECRET}")

    assert not told.value.surely_not_done
    assert SECRET not in str(told.value)


# Silence


@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_who_says_nothing_is_not_waited_for_long(kind):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        roads, road = _led_to(silent.getsockname()[1], kind)
        began = time.monotonic()
        with pytest.raises(TryLater):
            roads.send(road, "2 wait", "…", key="k")

        assert time.monotonic() - began < 2
        servers.until(lambda: "has not ended" not in _said(roads, road), lambda: "held for ever")


@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_who_answers_a_byte_at_a_time_can_t_hold_us(kind):
    with _dripping(b"x" * 100, pause=0.1) as port:
        roads, road = _led_to(port, kind)
        began = time.monotonic()
        with pytest.raises(TryLater, match=r"longer than 0\.3 seconds") as told:
            roads.send(road, "2 wait", "…", key="k")

        assert time.monotonic() - began < 2
        assert not told.value.surely_not_done
        with pytest.raises(TryLater, match="has not ended yet") as told:
            roads.send(road, "2 wait", "…", key="k")
        assert told.value.surely_not_done


def test_a_road_is_open_again_when_the_last_call_has_ended():
    with _dripping(b"x" * 5, pause=0.1) as port:
        roads, road = _led_to(port, "webhook")
        with pytest.raises(TryLater, match="longer than"):
            roads.send(road, "2 wait", "…", key="k")

    servers.until(lambda: "can't be reached" in _said(roads, road), lambda: _said(roads, road))


# Looking without calling


def test_examining_signs_in_and_sends_nothing(server):
    assert server.roads().examine(LEAD) == "signed in to 127.0.0.1"
    assert server.post.accepted == []

    open_to_all = Roads(f"smtp://localhost:{server.port}", SENDER, lambda: NOON)
    assert open_to_all.examine(LEAD) == "localhost asks for no sign-in"

    server.post.lets_in = False
    with pytest.raises(Refused, match="does not let us in"):
        server.roads().examine(LEAD)


def test_examining_calls_no_webhook(hook):
    roads = Roads(None, None, lambda: NOON)

    assert roads.examine(hook.road) == "127.0.0.1 is there; not tried: it would call people"
    assert hook.heard == []
    with pytest.raises(TryLater, match=r"Nobody knows where hooks\.invalid is") as told:
        roads.examine(f"webhook:https://hooks.invalid/{SECRET}")
    assert SECRET not in str(told.value)


def test_a_password_is_not_shown_by_what_holds_it(server):
    assert "correct" not in repr(vars(server.roads()))


def _said(roads: Roads, road: str) -> str:
    with pytest.raises(TryLater) as told:
        roads.send(road, "2 wait", "…", key="k")
    return str(told.value)


def _led_to(port: int, kind: str) -> tuple[Roads, str]:
    roads = Roads(f"smtp://127.0.0.1:{port}", SENDER, lambda: NOON, timeout=0.3)
    return roads, LEAD if kind == "email" else f"webhook:http://127.0.0.1:{port}/{SECRET}"


@contextmanager
def _dripping(words: bytes, *, pause: float) -> Iterator[int]:
    """A server that says these words to everybody, slowly."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_drip, args=(listener, words, pause), daemon=True).start()
        yield int(listener.getsockname()[1])


def _drip(listener: socket.socket, words: bytes, pause: float) -> None:
    with suppress(OSError), closing(listener.accept()[0]) as line:
        for byte in words:
            line.sendall(bytes([byte]))
            time.sleep(pause)


def _greet_in_tls(listener: socket.socket, context: ssl.SSLContext) -> None:
    with suppress(OSError), closing(listener.accept()[0]) as line:
        context.wrap_socket(line, server_side=True).close()
