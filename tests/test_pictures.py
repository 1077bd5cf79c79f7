"""Customers' pictures: taken from the open internet only, seen in Slack, or else linked."""

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from adapters.demo import Demo
from bot import pictures as fetching
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.mention import Mention
from bot.domain.team import Teams
from bot.merging import Merging
from bot.pictures import Fetcher, Got, NoPicture, NotNow, is_public
from storage import outbox, pictures
from storage.database import reading
from tests.conftest import CARE, Clock
from tests.people import LEA

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 200


class Server(ThreadingHTTPServer):
    """Answers what it was told to, at each path."""

    answers: dict[str, tuple[int, dict[str, str], bytes]]
    asked: list[str]

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        if self.path == "/slow":
            self.send_response(200)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                self.wfile.flush()
                time.sleep(0.1)
            return
        status, headers, body = self.server.answers[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # it may be too much for who asked
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not shutil.which("openssl"):
        pytest.skip("There is no openssl to make a certificate with.")
    here = tmp_path_factory.mktemp("certificate")
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
        " -subj /CN=127.0.0.1 -addext subjectAltName=IP:127.0.0.1 -keyout key.pem -out cert.pem"
    )
    subprocess.run(command.split(), cwd=here, check=True, capture_output=True)
    return here


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    server = Server(("127.0.0.1", 0), Handler)
    server.answers, server.asked = {}, []
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetcher(certificate: Path) -> Fetcher:
    """One that may look at this machine."""
    context = ssl.create_default_context(cafile=str(certificate / "cert.pem"))
    return Fetcher(frozenset({"127.0.0.1"}), context)


def test_a_picture_is_taken_and_known_by_its_first_bytes(server, fetcher):
    server.answers["/a?size=large"] = (200, {"Content-Type": "text/html"}, PNG)

    assert fetcher.fetch(f"{server.url}/a?size=large") == Got(PNG, "png")


def test_a_redirect_is_followed_within_reason(server, fetcher):
    server.answers["/a"] = (302, {"Location": "/b"}, b"")
    server.answers["/b"] = (200, {}, PNG)
    server.answers["/round"] = (302, {"Location": "/round"}, b"")

    assert fetcher.fetch(f"{server.url}/a").content == PNG
    with pytest.raises(NoPicture, match="moved too often"):
        fetcher.fetch(f"{server.url}/round")


@pytest.mark.parametrize(
    "url",
    [
        "http://pbs.example/a.png",
        "ftp://pbs.example/a.png",
        "file:///etc/passwd",
        "https://user:secret@pbs.example/a.png",
        "https:///a.png",
        "https://127.0.0.1/a.png",
        "https://localhost/a.png",
        "https://10.0.0.7/a.png",
        "https://192.168.1.1/a.png",
        "https://169.254.169.254/latest/meta-data",
        "https://[::1]/a.png",
        "https://[::ffff:127.0.0.1]/a.png",
        "https://[fe80::1]/a.png",
        "https://[64:ff9b::7f00:1]/a.png",
        "https://0.0.0.0/a.png",
        "https://2130706433/a.png",
        "https://exa\udcffmple/a.png",
        f"https://{'ä' * 80}.example/a.png",
        "https://[::1/a.png",
        "https://100.64.0.1/a.png",
        "https://224.0.0.1/a.png",
    ],
)
def test_nothing_is_asked_of_a_place_that_is_not_public(url):
    with pytest.raises(NoPicture):
        Fetcher().fetch(url)


def test_a_redirect_to_a_place_that_is_not_public_is_not_followed(server, fetcher):
    for where in ("https://localhost/x", "http://pbs.example/x", "https://169.254.169.254/x"):
        server.answers["/a"] = (302, {"Location": where}, b"")
        with pytest.raises(NoPicture):
            fetcher.fetch(f"{server.url}/a")
    assert server.asked == ["/a"] * 3


def test_the_address_that_was_looked_at_is_the_one_that_is_asked(server, certificate, monkeypatch):
    """A name that is public when it is looked up and ours when it is called."""
    asked = []

    def changing(host, port, **_):
        asked.append(host)
        return [(2, 1, 6, "", ("203.0.114.7" if len(asked) == 1 else "127.0.0.1", port))]

    monkeypatch.setattr(fetching.socket, "getaddrinfo", changing)
    called = []

    def refused(where, timeout):
        called.append(where[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(fetching.socket, "create_connection", refused)
    with pytest.raises(NotNow):
        Fetcher().fetch("https://changing.example/a.png")
    assert (asked, called) == (["changing.example"], ["203.0.114.7"])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:7f00:1::", False),
        ("fd00::1", False),
    ],
)
def test_what_is_public(address, public):
    assert is_public(address) is public


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (404, b"", "It said 404"),
        (200, b"<svg onload='alert(1)'/>", "no picture"),
        (200, PNG + b"0" * 10_000_000, "more than 10 MB"),
    ],
)
def test_what_is_no_picture_or_too_large_is_never_taken(server, fetcher, status, body, why):
    server.answers["/a"] = (status, {}, body)

    with pytest.raises(NoPicture, match=why):
        fetcher.fetch(f"{server.url}/a")


def test_what_fails_there_may_work_later(server, fetcher):
    server.answers["/a"] = (503, {}, b"")
    with pytest.raises(NotNow):
        fetcher.fetch(f"{server.url}/a")


def test_who_sends_drop_by_drop_is_not_waited_for(server, fetcher, monkeypatch):
    monkeypatch.setattr(fetching, "PATIENCE", 0.5)
    begun = time.monotonic()

    with pytest.raises(NotNow):
        fetcher.fetch(f"{server.url}/slow")

    assert time.monotonic() - begun < 3


def test_a_certificate_of_another_name_is_not_believed(server, fetcher, monkeypatch):
    def here(_host: str, port: int, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", port))]

    monkeypatch.setattr(fetching.socket, "getaddrinfo", here)
    fetcher.trusted = frozenset({"pictures.example"})

    with pytest.raises(NotNow, match="certificate"):
        fetcher.fetch(f"{server.url}/a".replace("127.0.0.1", "pictures.example"))


def test_a_certificate_that_nobody_signed_is_not_believed(server):
    with pytest.raises(NotNow, match="certificate"):
        Fetcher(frozenset({"127.0.0.1"})).fetch(f"{server.url}/a")


# In the bot


class Gallery:
    """A fetcher without a network."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.problem: Exception | None = None

    def fetch(self, url: str) -> Got:
        self.asked.append(url)
        if self.problem:
            raise self.problem
        return Got(PNG, "png")


URL = "https://pbs.example/a.png"


def team(assemble, demo, wanted):
    app = assemble(teams=Teams({"care": replace(CARE, pictures=wanted)}, tell=LEA))
    app.intake.poll("demo", demo)
    gallery = Gallery()
    app.courier.run.__self__.gallery.fetcher = gallery
    return app, gallery


def heard(app, demo, clock, **more):
    demo.post("Look at this", media=[URL], **more)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()


def images(app, slack, number=1):
    card = app.desk.look(number).conversation.card
    return [block for block in slack.messages[card]["blocks"] if block["type"] == "image"]


def test_a_picture_is_taken_into_slack_once_and_the_card_shows_it(assemble, slack, demo, clock):
    app, gallery = team(assemble, demo, "upload")

    heard(app, demo, clock)
    heard(app, demo, clock, by="otto")
    app.courier.deliver_all()

    assert gallery.asked == [URL]
    [image] = images(app, slack)
    with reading(app.desk.database) as db:
        taken = pictures.get(db, URL)
    assert image["slack_file"] == {"id": taken.file}
    assert image["alt_text"] == "Picture 1 from @mira"
    assert [method for method, _ in slack.calls].count("files.completeUploadExternal") == 1


@pytest.mark.parametrize("wanted", ["link", "show"])
def test_where_a_team_does_not_want_that_nothing_is_fetched(assemble, slack, demo, clock, wanted):
    app, gallery = team(assemble, demo, wanted)

    heard(app, demo, clock)

    assert gallery.asked == []
    assert [image["image_url"] for image in images(app, slack)] == [URL] * (wanted == "show")


def test_what_can_not_be_taken_stays_a_link(assemble, slack, demo, clock):
    app, gallery = team(assemble, demo, "upload")
    gallery.problem = NoPicture("It is not in a public place.")

    heard(app, demo, clock)

    card = slack.messages[app.desk.look(1).conversation.card]
    assert images(app, slack) == []
    assert URL in str(card["blocks"])
    with reading(app.desk.database) as db:
        assert pictures.get(db, URL).trouble == "It is not in a public place."


def test_what_could_not_be_taken_is_not_asked_for_again(assemble, slack, demo, clock):
    app, gallery = team(assemble, demo, "upload")
    gallery.problem = NoPicture("It is not in a public place.")

    for by in ("mira", "otto"):
        heard(app, demo, clock, by=by)
    app.courier.deliver_all()

    assert gallery.asked == [URL]
    assert app.desk.look(2).conversation.card
    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []


def test_a_slow_place_is_tried_again_and_then_left(assemble, slack, demo, clock):
    app, gallery = team(assemble, demo, "upload")
    gallery.problem = NotNow("It took too long.")

    heard(app, demo, clock)
    for _ in range(20):
        clock.pass_(minutes=10)
        app.courier.deliver_all()

    assert len(gallery.asked) == 5
    with reading(app.desk.database) as db:
        assert pictures.get(db, URL).trouble == "It took too long."


def test_a_picture_that_slack_can_not_load_does_not_cost_the_card(assemble, slack, demo, clock):
    app, _ = team(assemble, demo, "show")
    real = slack.workspace.call

    def call(method, given=None, token=""):
        if method == "chat.postMessage" and "image_url" in str(given):
            given = {**given, "blocks": [{"type": "no such block"}]}
        return real(method, given, token) if token else real(method, given)

    slack.workspace.call = call
    heard(app, demo, clock)

    assert images(app, slack) == []
    assert URL in str(slack.messages[app.desk.look(1).conversation.card]["blocks"])


# Inside a message


class Box(Demo):
    """The platform in memory, which counts what it is asked for, and may be away."""

    brought = 0
    problem: Exception | None = None

    def bring(self, mention: Mention, name: str, *, most: int) -> bytes:
        self.brought += 1
        if self.problem:
            raise self.problem
        return super().bring(mention, name, most=most)


@pytest.fixture
def demo(clock: Clock) -> Box:
    return Box("demo", {}, clock, timedelta(days=7))


def sent_inside(app, demo, clock, *pictures, **more):
    demo.post("Look at this", inside=pictures, **more)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    app.courier.deliver_all()


def card_of(app, slack, number=1):
    return str(slack.messages[app.desk.look(number).conversation.card]["blocks"])


def troubles(app, number=1):
    names = app.desk.look(number).latest.media
    with reading(app.desk.database) as db:
        return [pictures.get(db, name).trouble for name in names]


def test_a_picture_inside_a_message_is_taken_into_slack(assemble, slack, demo, clock):
    app, gallery = team(assemble, demo, "upload")

    sent_inside(app, demo, clock, PNG, b"GIF89a" + PNG)

    assert gallery.asked == []
    assert [image["alt_text"] for image in images(app, slack)] == [
        "Picture 1 from @mira",
        "Picture 2 from @mira",
    ]
    held = [slack.workspace.files[image["slack_file"]["id"]] for image in images(app, slack)]
    assert [file.mimetype for file in held] == ["image/png", "image/gif"]
    assert "not shown here" not in card_of(app, slack)


@pytest.mark.parametrize("wanted", ["link", "show"])
def test_where_a_team_does_not_want_it_the_card_says_how_many_there_are(
    assemble, slack, demo, clock, wanted
):
    app, _ = team(assemble, demo, wanted)

    sent_inside(app, demo, clock, PNG, PNG)

    assert images(app, slack) == []
    assert "2 pictures in the message, not shown here" in card_of(app, slack)
    assert demo.brought == 0


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"<script>", "It is no picture that Slack shows."),
        (PNG + b"x" * 10_000_000, "This picture is more than 10 MB."),
    ],
    ids=["none", "too large"],
)
def test_what_is_no_picture_or_too_large_is_said_in_the_log_and_counted_on_the_card(
    assemble, slack, demo, clock, content, why
):
    app, _ = team(assemble, demo, "upload")

    with capture_logs() as logs:
        sent_inside(app, demo, clock, content, PNG)

    [said] = [each for each in logs if each["event"] == "picture.not_taken"]
    assert (said["why"], said["conversation"]) == (why, 1)
    assert troubles(app) == [why, None]
    assert len(images(app, slack)) == 1
    assert "1 picture in the message, not shown here" in card_of(app, slack)


@pytest.mark.parametrize("problem", [TryLater("It is slow."), LockedOut("No entry.")])
def test_a_mailbox_that_is_away_is_asked_again_and_then_left(assemble, slack, demo, clock, problem):
    app, _ = team(assemble, demo, "upload")
    demo.problem = problem

    sent_inside(app, demo, clock, PNG)
    for _ in range(20):
        clock.pass_(minutes=10)
        app.courier.deliver_all()

    assert demo.brought == 5
    assert troubles(app) == [str(problem)]
    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []


def test_a_picture_whose_account_is_gone_is_left(assemble, slack, demo, clock):
    app, _ = team(assemble, demo, "upload")
    demo.post("Look at this", inside=[PNG])
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_one()  # the card, which asks for it
    del app.desk.adapters["demo"]
    app.courier.deliver_all()

    assert troubles(app) == ["Its message or its account is not here any more."]


def test_a_picture_is_brought_for_a_conversation_that_was_merged_meanwhile(
    assemble, slack, demo, clock
):
    app, _ = team(assemble, demo, "upload")
    sent_inside(app, demo, clock)
    demo.post("Look at this", inside=[PNG])
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_one()
    Merging(app.desk).merge(1, 2, by=LEA)

    app.courier.deliver_all()

    assert [image["alt_text"] for image in images(app, slack)] == ["Picture 1 from @mira"]
