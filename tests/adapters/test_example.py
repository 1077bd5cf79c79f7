"""The example of docs/adapters.md, as it stands there: against a guestbook on this machine."""

import json
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import ModuleType
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters import make, missing
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Origin
from bot.domain.reply import Attachment
from tests.adapters.places import HISTORY, Clock
from tests.processes import ROOT

PASSWORD = "open-sesame"


@pytest.fixture(scope="module")
def example() -> ModuleType:
    page = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    module = ModuleType("guestbook")
    exec(compile(code, "docs/adapters.md", "exec"), module.__dict__)
    return module


class Book:
    """The guestbook; it loses its next answer, or has a problem, when it is told to."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.entries = clock, list[dict[str, Any]]()
        self.lose = self.broken = False
        book = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                if asked["password"] != [PASSWORD]:
                    self.say(401, {})
                    return
                after = int(asked["after"][0])
                self.say(200, [e for e in book.entries if e["id"] > after][:50])

            def do_POST(self) -> None:
                entry = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if book.broken or entry.pop("password") != PASSWORD:
                    self.say(500 if book.broken else 401, {})
                    return
                key = book.sign(entry["text"], by="the owner", to=entry["to"], tag=entry["tag"])
                if book.lose:
                    book.lose = False
                    self.connection.close()
                else:
                    self.say(200, {"id": key})

            def say(self, status: int, what: Any) -> None:
                body = json.dumps(what).encode()
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def sign(self, text: str, *, by: str = "mira", to: int | None = None, tag: str = "") -> int:
        at, id = self.clock().isoformat(), len(self.entries) + 1
        self.entries.append({"id": id, "by": by, "at": at, "text": text, "to": to, "tag": tag})
        return id

    def answers(self) -> list[str]:
        return [entry["text"] for entry in self.entries if entry["by"] == "the owner"]


@pytest.fixture
def book() -> Iterator[Book]:
    book = Book(Clock())
    thread = Thread(target=book.server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield book
    book.server.shutdown()
    book.server.server_close()


@pytest.fixture
def adapter(example, book):
    return signed_in(example, book)


def signed_in(example, book, password=PASSWORD):
    url = f"http://127.0.0.1:{book.server.server_port}/"
    environment = {"GUESTBOOK_URL": url, "GUESTBOOK_PASSWORD": password}
    return make("guestbook", example.Guestbook, environment, book.clock, HISTORY)


def read(adapter, cursor=None):
    mentions = []
    while True:
        batch = adapter.fetch(cursor)
        mentions += batch.mentions
        cursor = batch.cursor
        if not batch.more:
            return mentions, cursor


def test_nothing_is_missing_page_by_page(adapter, book):
    _, cursor = read(adapter)
    keys = [str(book.sign(f"Entry {number}")) for number in range(130)]

    mentions, _ = read(adapter, cursor)

    assert [mention.key for mention in mentions] == keys


def test_the_first_fetch_reads_no_further_back_than_history(adapter, book):
    book.sign("Long ago")
    book.clock.at += HISTORY + timedelta(hours=1)
    book.sign("Just now")

    assert [mention.text for mention in read(adapter)[0]] == ["Just now"]


@pytest.mark.parametrize("cursor", ["{", '"x"', "-1"])
def test_a_damaged_cursor_is_a_gap(adapter, book, cursor):
    book.sign("Hello?")

    batch = adapter.fetch(cursor)

    assert "damaged" in batch.gap
    assert [mention.text for mention in batch.mentions] == ["Hello?"]


def test_an_entry_that_can_not_be_read_is_set_aside(adapter, book):
    book.sign("Before")
    book.entries.append({"id": 2, "by": "eve", "text": None})
    book.sign("After")

    batch = adapter.fetch(None)

    assert [mention.text for mention in batch.mentions] == ["Before", "After"]
    assert [item.key for item in batch.unreadable] == ["2"]


def test_an_answer_is_published_once_and_known_as_ours(adapter, book):
    book.sign("Is anybody there?")
    [asked], cursor = read(adapter)
    book.lose = True
    with pytest.raises(TryLater) as lost:
        adapter.reply(asked, "Yes.", key="k1", again=False)

    sent = adapter.reply(asked, "Yes.", key="k1", again=True)
    [own], _ = read(adapter, cursor)

    assert not lost.value.surely_not_done
    assert book.answers() == ["Yes."]
    assert (own.key, own.origin, own.parent) == (sent.key, Origin.OWN, asked.key)


def test_what_the_platform_would_refuse_is_refused_before(adapter, book):
    book.sign("Is anybody there?")
    [asked], _ = read(adapter)
    file = Attachment("a.png", "image/png", b"x")

    for text, files in (("x" * 501, ()), ("Look!", (file,))):
        with pytest.raises(Refused):
            adapter.reply(asked, text, key="k1", again=False, files=files)
    assert book.answers() == []


def test_a_problem_of_the_platform_is_waited_for(adapter, book):
    book.sign("Is anybody there?")
    [asked], _ = read(adapter)
    book.broken = True

    with pytest.raises(TryLater):
        adapter.reply(asked, "Yes.", key="k1", again=False)


def test_a_wrong_password_names_the_setting(example, book):
    with pytest.raises(LockedOut, match="Check GUESTBOOK_PASSWORD"):
        signed_in(example, book, "wrong").check()


def test_a_second_account_has_settings_of_its_own(example):
    named = list(missing("guestbook:garden", example.Guestbook, {}))

    assert named[0] == "GUESTBOOK_GARDEN_URL is missing. Where the guestbook is."


def test_its_entry_point_names_the_class_of_the_page(example):
    page = (ROOT / "docs" / "adapters.md").read_text(encoding="utf-8")

    assert 'guestbook = "guestbook:Guestbook"' in page
    assert example.Guestbook.__name__ == "Guestbook"
    assert "guestbook" not in sys.modules
