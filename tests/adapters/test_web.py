"""Asking over HTTP: what was written may have been done, and who we are is told to nobody else."""

import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from threading import Thread
from time import monotonic

import pytest
import requests

from adapters.web import REFUSALS, Web
from bot.domain.delivery import LockedOut, TryLater
from tests.adapters.places import NOON
from tests.adapters.servers import free_port
from tests.adapters.site import Said, Site

OURS = ("care", "s3cr3t")
WRITES = ("POST", "PUT", "PATCH", "DELETE")


class Moved(Site):
    """Sends whoever asks for /old to where it is `to`."""

    to = "/new"

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        return (302, {"Location": self.to}, b"") if path == "/old" else (200, {}, b"here")


@pytest.fixture
def site() -> Iterator[Moved]:
    with Moved() as site:
        yield site


@pytest.fixture
def another() -> Iterator[Moved]:
    with Moved() as site:
        yield site


@pytest.mark.parametrize("method", WRITES)
def test_a_write_is_asked_for_as_such(site, method):
    answer = Web("It").send(method, f"{site.url}/new", now=NOON, json={"a": 1}, auth=OURS)

    assert (answer.status, answer.body) == (200, b"here")
    assert site.methods == [method]
    assert site.asked[0]["authorization"].startswith("Basic ")
    assert site.bodies == [b'{"a": 1}']


@pytest.mark.parametrize("method", WRITES)
def test_what_nobody_listened_to_is_surely_not_done(method):
    with pytest.raises(TryLater) as later:
        Web("It").send(method, f"http://127.0.0.1:{free_port()}/", now=NOON)

    assert later.value.surely_not_done


@pytest.mark.parametrize(
    ("said", "sure"),
    [
        ((500, {}, b""), False),
        ((503, {"Retry-After": "9"}, b""), False),
        ((504, {}, b""), False),
        ((429, {"Retry-After": "9"}, b""), True),
        ((200, {"Content-Encoding": "gzip"}, b"not gzip"), False),
    ],
)
@pytest.mark.parametrize("method", WRITES)
def test_what_was_written_may_have_been_done_whatever_is_answered(site, method, said, sure):
    site.says = said

    with pytest.raises(TryLater) as later:
        Web("It").send(method, site.url, now=NOON)
    with pytest.raises(TryLater) as read:
        Web("It").get(site.url, now=NOON)

    assert later.value.surely_not_done is sure
    assert read.value.surely_not_done
    assert later.value.after in (None, timedelta(seconds=9))


@pytest.mark.parametrize("method", WRITES)
def test_a_write_is_not_followed_elsewhere(site, method):
    with pytest.raises(LockedOut, match=r"It sends us to another address\. Look at IT_URL\."):
        Web("It", locked="Look at IT_URL.").send(method, f"{site.url}/old", now=NOON)

    assert len(site.asked) == 1


def test_who_we_are_goes_along_within_the_site_and_to_nobody_else(site, another):
    web = Web("It")
    web.get(f"{site.url}/old", now=NOON, auth=OURS)
    site.to = f"{another.url}/new"
    web.get(f"{site.url}/old", now=NOON, auth=OURS)

    assert all("authorization" in headers for headers in site.asked)
    assert [headers.get("authorization") for headers in another.asked] == [None]


def test_a_status_that_is_judged_is_an_answer(site):
    site.says = (409, {}, b"twice")

    assert Web("It").send("POST", site.url, now=NOON, judged=(409,)).body == b"twice"
    with pytest.raises(TryLater):
        Web("It").send("POST", site.url, now=NOON)


def test_the_calls_of_a_visit_share_one_patience(site):
    visit = Web("It", patience=0.2).visit()
    visit.get(f"{site.url}/new", now=NOON)
    time.sleep(0.25)

    with pytest.raises(TryLater, match="can't be reached") as later:
        visit.get(f"{site.url}/new", now=NOON)

    assert later.value.surely_not_done
    assert len(site.asked) == 1
    assert requests.ConnectTimeout.__name__ in str(later.value)


def test_who_reads_each_refusal_gets_each_of_them(site):
    site.says = (409, {"X-Why": "twice"}, b"no")

    answer = Web("It").send("POST", site.url, now=NOON, judged=REFUSALS)

    assert (answer.status, answer.headers["x-why"], answer.body) == (409, "twice", b"no")


def test_who_takes_it_and_hangs_up_may_have_done_it():
    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=lambda: server.accept()[0].close()).start()
        with pytest.raises(TryLater) as later:
            Web("It").send("POST", f"http://127.0.0.1:{server.getsockname()[1]}", now=NOON)

    assert not later.value.surely_not_done


def test_a_patience_that_is_over_before_it_begins_sends_nothing(site):
    with pytest.raises(TryLater) as later:
        Web("It").until(monotonic() - 1).send("POST", site.url, now=NOON)

    assert later.value.surely_not_done
    assert site.methods == []
