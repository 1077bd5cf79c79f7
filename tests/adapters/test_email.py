"""The email adapter against a real Dovecot and a real SMTP server on this machine."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters import Batch, make, missing
from adapters.email import Email, patience
from adapters.email.account import LIMIT
from adapters.email.walk import PAGE
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Attachment
from tests.adapters import servers
from tests.adapters.place_email import EmailPlace
from tests.adapters.places import HISTORY


@pytest.fixture
def place() -> Iterator[EmailPlace]:
    with EmailPlace() as place:
        yield place
        place.post_office.lose = place.post_office.saves_in_sent = False
        place.post_office.password = servers.PASSWORD
        place.post_office.largest = 0


def everything(adapter: Email, cursor: str | None = None) -> tuple[list[Mention], str]:
    batch = adapter.fetch(cursor)
    mentions = list(batch.mentions)
    while batch.more:
        batch = adapter.fetch(batch.cursor)
        mentions += batch.mentions
    return mentions, batch.cursor


def asked(place: EmailPlace, text: str = "Where is my order?") -> Mention:
    key = place.post(text)
    return next(m for m in everything(place.adapter)[0] if m.key == key)


def test_the_whole_way_there_and_back(place):
    mention = asked(place)
    mira = place.address("mira")

    sent = place.adapter.reply(mention, "On its way.", key="k1", again=False)

    [answer] = place.dovecot.mails(mira)
    assert answer["Message-ID"] == f"<{sent.key}>"
    assert answer["In-Reply-To"] == answer["References"] == f"<{mention.key}>"
    assert answer["Subject"] == "Re: My order"
    assert answer["From"] == place.adapter.ability.speaks_as == f"Acme Care <{place.ours}>"
    assert place.post_office.accepted[-1].mail_from == place.ours
    [_, own] = everything(place.adapter)[0]
    assert (own.key, own.origin, own.text) == (sent.key, Origin.OWN, "On its way.")
    assert (own.parent, own.thread) == (mention.key, mention.thread)


def test_nothing_is_marked_as_read(place):
    place.post("Hello?")

    everything(place.adapter)

    with place.dovecot.mailbox(place.ours) as box:
        assert [mail.flags for mail in box.fetch(mark_seen=False)] == [("\\Recent",)]


def test_what_others_have_read_or_moved_is_still_read(place):
    _, cursor = everything(place.adapter)
    place.post("one")
    place.post("two")
    with place.dovecot.mailbox(place.ours) as box:
        box.flag(box.uids(), "\\Seen", value=True)
        box.delete(box.uids()[0])

    mentions, _ = everything(place.adapter, cursor)

    assert [mention.text for mention in mentions] == ["two"]


def test_the_last_mail_is_not_read_twice(place):
    place.post("Hello?")
    _, cursor = everything(place.adapter)

    batch = place.adapter.fetch(cursor)

    assert batch == Batch(mentions=[], unreadable=[], cursor=cursor)


def test_a_page_is_limited(place):
    for number in range(PAGE + 5):
        place.post(f"Message {number}")

    first = place.adapter.fetch(None)
    second = place.adapter.fetch(first.cursor)

    assert (len(first.mentions), first.more) == (PAGE, True)
    assert (len(second.mentions), second.more) == (5, False)


def test_the_first_walk_leaves_out_what_is_old_page_by_page(place):
    for number in range(PAGE + 5):
        place.post(f"Old {number}")
    place.pass_(minutes=HISTORY.total_seconds() / 60 + 60)
    for number in range(PAGE + 5):
        place.post(f"New {number}")

    mentions, cursor = everything(place.adapter)

    assert [mention.text for mention in mentions] == [f"New {n}" for n in range(PAGE + 5)]
    assert everything(place.adapter, cursor)[0] == []


def test_a_rebuilt_folder_is_read_again_from_where_we_were(place):
    place.post("one")
    _, cursor = everything(place.adapter)
    place.post("two")
    place.dovecot.rebuild(place.ours)

    mentions, cursor = everything(place.adapter, cursor)

    assert [mention.text for mention in mentions] == ["one", "two"]
    assert everything(place.adapter, cursor)[0] == []


def test_a_restored_backup_with_smaller_numbers_loses_nothing(place):
    _, cursor = everything(place.adapter)
    marks = {f: [v, 500, u, s] for f, (v, _, u, s) in json.loads(cursor).items()}
    place.post("after the restoration")

    mentions, _ = everything(place.adapter, json.dumps(marks))

    assert [mention.text for mention in mentions] == ["after the restoration"]


@contextmanager
def counted(port: int) -> Iterator[tuple[int, list[int]]]:
    """A line to `port` that counts the bytes that come back."""
    listener = socket.create_server(("127.0.0.1", 0))
    counts = [0]

    def carry(near: socket.socket, far: socket.socket, *, counting: bool) -> None:
        while piece := near.recv(65536):
            counts[0] += len(piece) if counting else 0
            far.sendall(piece)
        far.shutdown(socket.SHUT_WR)

    def connect() -> None:
        near, _ = listener.accept()
        with near, socket.create_connection(("127.0.0.1", port)) as far:
            back = threading.Thread(target=carry, args=(far, near), kwargs={"counting": True})
            back.start()
            carry(near, far, counting=False)
            back.join()

    thread = threading.Thread(target=connect)
    thread.start()
    with listener:
        yield int(listener.getsockname()[1]), counts
        thread.join()


def test_a_large_attachment_stays_on_the_server(place):
    mail = place.mail("See the photo.")
    mail.add_attachment(b"x" * 3_000_000, maintype="image", subtype="png", filename="crack.png")
    mail.add_attachment("And this.", disposition="inline")
    place.send(mail)

    with counted(place.dovecot.imap) as (port, counts):
        [mention] = place.restarted(EMAIL_IMAP=f"imap://127.0.0.1:{port}").fetch(None).mentions

    assert mention.text == "See the photo.\n\nAnd this.\n\n[attachment: crack.png, 3.1 MB]"
    assert mention.customer.name == "Mira"
    assert counts[0] < 20_000


def test_a_large_mail_of_one_part_is_read_as_far_as_it_makes_sense(place):
    place.send(place.mail("wörd " * 100_000))

    [mention] = place.adapter.fetch(None).mentions

    assert mention.text.startswith("wörd wörd")
    assert 70_000 > len(mention.text) > 50_000


def test_a_large_mail_keeps_its_alternatives_apart(place):
    mail = place.mail("Only once.")
    mail.add_alternative("<p>Only once.</p>" + "<!-- x -->" * 40_000, subtype="html")
    place.send(mail)

    [mention] = place.adapter.fetch(None).mentions

    assert mention.text == "Only once."


def test_broken_mails_are_read_as_far_as_possible(place):
    place.deliver(b"\xff\xfe\r\nSubject: \xe4\r\n\r\nbody")
    place.deliver(b"\r\n\r\n")
    place.deliver(b"From: mira@cust.test\r\nSubject:" + b" x\r\n" * 5000 + b"\r\nhello")

    batch = place.adapter.fetch(None)

    assert len(batch.mentions) == 3
    assert not batch.unreadable


def test_a_web_form_s_customer_gets_the_answer(place):
    place.send(place.mail("Help", by="no-reply", Reply_To=place.address("ola")))
    [mention] = place.adapter.fetch(None).mentions

    place.adapter.reply(mention, "Coming.", key="k1", again=False)

    assert len(place.dovecot.mails(place.address("ola"))) == 1


def test_files_go_behind_the_words_and_are_filed_in_sent(place):
    mention = asked(place)
    files = [
        Attachment(
            "R\u00fccksendung\r\nBcc: eve@evil.example.pdf", "application/pdf", b"%PDF\0\n.\n"
        ),
        Attachment("../../notes.txt", "text/plain", "Gr\u00fc\u00dfe\r\n.\r\n".encode()),
    ]

    place.adapter.reply(mention, "As promised.", key="k1", again=False, files=files)

    [answer] = place.dovecot.mails(place.address("mira"))
    [words, pdf, notes] = answer.get_payload()
    assert words.get_content_type() == "text/plain"
    assert answer["Bcc"] is None
    assert pdf.get_filename() == "R\u00fccksendung Bcc: eve@evil.example.pdf"
    assert notes.get_filename() == "_.._notes.txt"
    assert [part.get_content_disposition() for part in (pdf, notes)] == ["attachment"] * 2
    assert [part.get_payload(decode=True) for part in (pdf, notes)] == [f.content for f in files]
    [kept] = place.dovecot.mails(place.ours, "Sent")
    assert (
        kept.as_bytes() == answer.as_bytes().partition(b"\n\n")[0] or len(kept.get_payload()) == 3
    )
    [_, own] = everything(place.adapter)[0]
    assert own.text.startswith("As promised.")
    assert "[attachment: _.._notes.txt, 12 bytes]" in own.text


def test_a_mail_that_is_too_big_for_the_server_is_refused_before_it_is_sent(place):
    mention = asked(place)
    place.post_office.largest = 100_000
    photo = Attachment("crack.png", "image/png", b"x" * 100_000)

    with pytest.raises(Refused, match="Message too big"):
        place.adapter.reply(mention, "See.", key="k1", again=False, files=[photo])

    assert place.answers() == []
    place.adapter.reply(mention, "Without it.", key="k2", again=False)
    assert place.answers() == ["Without it."]


def test_an_answer_that_got_lost_is_never_sent_twice(place):
    mention = asked(place)
    place.post_office.lose = True
    with pytest.raises(TryLater) as lost:
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    with pytest.raises(Unsure, match="ask the customer"):
        place.adapter.reply(mention, "On its way.", key="k1", again=True)

    assert not lost.value.surely_not_done
    assert place.answers() == ["On its way."]


def test_a_lost_answer_is_found_once_the_customer_has_answered_it(place):
    mention = asked(place)
    place.post_office.lose = True
    with pytest.raises(TryLater):
        place.adapter.reply(mention, "On its way.", key="k1", again=False)
    [answer] = place.dovecot.mails(place.address("mira"))
    place.post("Thanks!", parent=str(answer["Message-ID"]).strip("<>"))

    sent = place.adapter.reply(mention, "On its way.", key="k1", again=True)

    assert f"<{sent.key}>" == answer["Message-ID"]
    assert place.answers() == ["On its way."]


def test_a_server_that_keeps_sent_mail_itself_gets_no_second_copy(place):
    place.post_office.saves_in_sent = True

    place.adapter.reply(asked(place), "On its way.", key="k1", again=False)

    assert len(place.dovecot.mails(place.ours, "Sent")) == 1


@pytest.mark.parametrize("fault", ["recipient", "verdict"])
def test_greylisting_is_waited_for(place, fault):
    mention = asked(place)
    setattr(place.post_office, fault, "451 4.7.1 Greylisted, come back later")

    with pytest.raises(TryLater, match="Greylisted") as later:
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    assert later.value.surely_not_done
    assert place.answers() == []


@pytest.mark.parametrize("fault", ["recipient", "verdict"])
def test_a_refusal_says_why_in_the_server_s_words(place, fault):
    mention = asked(place)
    setattr(place.post_office, fault, "550 5.1.1 No such person here")

    with pytest.raises(Refused, match="No such person here"):
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    assert place.answers() == []


def test_a_line_that_breaks_before_the_mail_was_sent_leaves_no_doubt(place):
    mention = asked(place)
    place.post_office.drop_at = "MAIL"

    with pytest.raises(TryLater) as broken:
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    assert broken.value.surely_not_done
    assert place.answers() == []


@pytest.mark.parametrize("server", ["EMAIL_IMAP", "EMAIL_SMTP"])
def test_a_server_that_is_down_is_waited_for(place, server):
    mention = asked(place)
    scheme = server.removeprefix("EMAIL_").lower()
    adapter = place.restarted(**{server: f"{scheme}://127.0.0.1:{servers.free_port()}"})

    with pytest.raises(TryLater) as down:
        adapter.reply(mention, "On its way.", key="k1", again=False)
    with pytest.raises(TryLater):
        adapter.check()

    assert down.value.surely_not_done


@contextmanager
def dripping(port: int = 0) -> Iterator[int]:
    """A server that says one byte after the other: those of `port`, else a greeting without end."""
    listener, over = socket.create_server(("127.0.0.1", 0)), threading.Event()

    def drip(near: socket.socket, far: socket.socket | None) -> None:
        with near, suppress(OSError):
            for _ in range(400):  # eight seconds
                if over.wait(0.02):
                    return
                near.sendall(far.recv(1) if far else b"*")

    def serve() -> None:
        near, _ = listener.accept()
        if not port:
            drip(near, None)
            return
        with socket.create_connection(("127.0.0.1", port)) as far:
            threading.Thread(target=drip, args=(near, far), daemon=True).start()
            with suppress(OSError):
                while piece := near.recv(65536):
                    far.sendall(piece)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(listener.getsockname()[1])
    finally:
        over.set()
        thread.join()
        listener.close()


@pytest.mark.fault(17)
@pytest.mark.parametrize("greets", [True, False])
@pytest.mark.parametrize("server", ["EMAIL_IMAP", "EMAIL_SMTP"])
def test_a_server_that_drips_does_not_hold_us(place, monkeypatch, server, greets):
    mention = asked(place)
    scheme = server.removeprefix("EMAIL_").lower()
    real = place.dovecot.imap if scheme == "imap" else place.outgoing.port
    monkeypatch.setattr(patience, "PATIENCE", 0.5)
    began = time.monotonic()

    with dripping(real if greets else 0) as port:
        adapter = place.restarted(**{server: f"{scheme}://127.0.0.1:{port}"})
        with pytest.raises(TryLater) as dripped:
            adapter.reply(mention, "On its way.", key="k1", again=False)

    assert dripped.value.surely_not_done
    assert time.monotonic() - began < 5
    assert place.answers() == []


def test_who_listens_may_wait_longer(place, monkeypatch):
    monkeypatch.setattr(patience, "PATIENCE", 0.3)
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(place.adapter.wait, lambda: False)
        time.sleep(1)
        place.post("Hello?")

        assert waiting.result(timeout=5) is True


def test_what_cannot_be_answered_is_refused_without_a_call(place):
    mention = asked(place)
    place.automated("I am away")

    with pytest.raises(Refused, match=str(LIMIT)):
        place.adapter.reply(mention, "x" * (LIMIT + 1), key="k1", again=False)

    assert place.calls() == 0


def test_a_wrong_password_names_the_settings_and_not_itself(place):
    with pytest.raises(LockedOut) as locked:
        place.locked_out().fetch(None)

    assert "EMAIL_USER and EMAIL_PASSWORD" in str(locked.value)
    assert "stolen" not in str(locked.value) + repr(locked.value.__cause__)


def test_smtp_may_lock_us_out_alone(place):
    mention = asked(place)
    place.post_office.password = "another"

    with pytest.raises(LockedOut, match="EMAIL_PASSWORD"):
        place.adapter.check()
    with pytest.raises(LockedOut):
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    assert place.answers() == []


def test_a_server_that_wants_a_sign_in_and_offers_none_locks_us_out(place):
    mention = asked(place)
    place.post_office.verdict = "530 5.7.0 Authentication required"

    with pytest.raises(LockedOut):
        place.adapter.reply(mention, "On its way.", key="k1", again=False)


def test_a_folder_that_is_not_there_is_named(place):
    with pytest.raises(TryLater, match="no folder Support"):
        place.restarted(EMAIL_FOLDER="Support").check()


def test_a_certificate_that_nobody_signed_is_not_trusted(place):
    adapter = place.restarted(EMAIL_IMAP=f"imaps://127.0.0.1:{place.dovecot.imaps}")

    with pytest.raises(TryLater, match="certificate"):
        adapter.fetch(None)


def test_mail_comes_over_tls(place, monkeypatch):
    monkeypatch.setenv("SSL_CERT_FILE", str(place.dovecot.here / "certificate.pem"))
    place.post("Hello?")

    [mention] = (
        place.restarted(EMAIL_IMAP=f"imaps://127.0.0.1:{place.dovecot.imaps}").fetch(None).mentions
    )

    assert mention.text == "Hello?"


def test_new_mail_wakes_us(place):
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(place.adapter.wait, lambda: False)
        time.sleep(0.5)
        place.post("Hello?")

        assert waiting.result(timeout=5) is True


def test_waiting_ends_when_it_is_told_to(place):
    started = time.monotonic()
    looks = iter([False, True])

    assert place.adapter.wait(lambda: next(looks)) is False

    assert time.monotonic() - started < 3


def test_a_server_that_dies_while_we_wait_does_not_hold_us(place):
    with ThreadPoolExecutor() as pool:
        waiting = pool.submit(place.adapter.wait, lambda: False)
        time.sleep(0.5)
        place.dovecot.kick()

        with pytest.raises(TryLater):
            waiting.result(timeout=5)


def test_several_threads_may_read_at_once(place):
    for number in range(5):
        place.post(f"Message {number}")

    with ThreadPoolExecutor() as pool:
        batches = list(pool.map(lambda _: place.adapter.fetch(None), range(4)))

    assert all(len(batch.mentions) == 5 for batch in batches)


class Grants(BaseHTTPRequestHandler):
    """Gives access tokens for a refresh token, and tells Dovecot whose they are."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append(form)
        if form["refresh_token"] == ["revoked"]:
            return self._say(400, {"error": "invalid_grant"})
        token = f"good-{self.server.user}"
        return self._say(200, {"access_token": token, "expires_in": 3600})

    def do_GET(self) -> None:
        [token] = parse_qs(urlsplit(self.path).query)["access_token"]
        known = token == f"good-{self.server.user}"
        self._say(200 if known else 401, {"email": self.server.user} if known else {})

    def _say(self, status: int, words: dict[str, object]) -> None:
        body = json.dumps(words).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def grants(place) -> Iterator[ThreadingHTTPServer]:
    with ThreadingHTTPServer(("127.0.0.1", place.dovecot.oauth), Grants) as server:
        server.asked, server.user = [], place.ours
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def by_token(place: EmailPlace, refresh: str = "granted") -> Email:
    return place.restarted(
        EMAIL_PASSWORD="",
        EMAIL_OAUTH_TOKEN_URL=f"http://127.0.0.1:{place.dovecot.oauth}/token",
        EMAIL_OAUTH_CLIENT_ID="unanswered",
        EMAIL_OAUTH_CLIENT_SECRET="client-secret",
        EMAIL_OAUTH_REFRESH_TOKEN=refresh,
    )


def test_access_tokens_open_imap_and_smtp_and_are_kept(place, grants):
    mention = asked(place)
    adapter = by_token(place)

    assert adapter.check() == f"mailbox {place.ours}"
    adapter.reply(mention, "On its way.", key="k1", again=False)

    assert place.answers() == ["On its way."]
    [form] = grants.asked
    assert form["grant_type"] == ["refresh_token"]


def test_a_revoked_grant_locks_us_out(place, grants):
    with pytest.raises(LockedOut, match="EMAIL_OAUTH_REFRESH_TOKEN") as locked:
        by_token(place, refresh="revoked").fetch(None)

    assert "client-secret" not in str(locked.value)


def test_a_token_that_is_not_accepted_locks_us_out_and_is_forgotten(place, grants):
    adapter = by_token(place)
    grants.user = "somebody-else@acme.example"
    with pytest.raises(LockedOut):
        adapter.fetch(None)

    grants.user = place.ours
    adapter.fetch(None)

    assert len(grants.asked) == 2


GOOD = {
    "EMAIL_ADDRESS": "care@acme.example",
    "EMAIL_IMAP": "imaps://imap.acme.example",
    "EMAIL_SMTP": "smtp://smtp.acme.example:587",
    "EMAIL_PASSWORD": "secret",
}


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        ("EMAIL_ADDRESS", "care", "EMAIL_ADDRESS must be an address"),
        ("EMAIL_IMAP", "imap.acme.example", "EMAIL_IMAP must look like imaps://"),
        ("EMAIL_IMAP", "imaps://host:port", "EMAIL_IMAP must look like imaps://"),
        ("EMAIL_SMTP", "https://x", "EMAIL_SMTP must look like smtps://"),
        ("EMAIL_EVERY", "often", "EMAIL_EVERY must be a number of seconds"),
        ("EMAIL_PASSWORD", "", "EMAIL_PASSWORD is missing"),
        ("EMAIL_OAUTH_TOKEN_URL", "https://x", "EMAIL_OAUTH_CLIENT_ID"),
        ("EMAIL_OAUTH_TOKEN_URL", "http://x.example", "EMAIL_OAUTH_TOKEN_URL must"),
    ],
)
def test_a_wrong_setting_says_what_to_do(setting, value, why):
    with pytest.raises(ValueError, match=why):
        make("email", Email, {**GOOD, setting: value}, lambda: datetime.now(UTC), HISTORY)


def test_a_second_account_is_told_its_own_variables():
    environment = {name.replace("EMAIL", "EMAIL_PRESS"): value for name, value in GOOD.items()}
    environment["EMAIL_PRESS_IMAP"] = "nowhere"

    with pytest.raises(ValueError, match="EMAIL_PRESS_IMAP"):
        make("email:press", Email, environment, lambda: datetime.now(UTC), HISTORY)


def test_missing_settings_are_named():
    sentences = "\n".join(missing("email", Email, {}))

    assert "EMAIL_ADDRESS is missing." in sentences
    assert "EMAIL_IMAP is missing." in sentences


def test_secrets_are_not_shown():
    adapter = make("email", Email, GOOD, lambda: datetime.now(UTC), HISTORY)

    assert "secret" not in repr(adapter._room)
