"""Feeds as sites write them: without dates or ids, cut short, moved, broken, or no feed at all."""

import json
import socket
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from threading import Thread
from time import monotonic, sleep

import pytest

from adapters import make, missing
from adapters.feed import Feed
from adapters.web import Answer, Web
from bot.domain.delivery import LockedOut, Refused, TryLater
from tests.adapters.place_feed import FeedPlace
from tests.adapters.places import HISTORY, NOON, Clock

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@pytest.fixture(params=["RSS", "Atom", "JSON"])
def place(request) -> Iterator[FeedPlace]:
    with FeedPlace(request.param) as place:
        yield place


@pytest.fixture
def rss() -> Iterator[FeedPlace]:
    with FeedPlace("RSS") as place:
        yield place


def said(place, body, kind="application/xml"):
    place.says = (200, {"Content-Type": kind}, body.encode())
    return place.adapter.fetch(None).mentions


def test_what_has_not_changed_is_not_sent_again(place):
    place.post("Acme is slow")
    first = place.adapter.fetch(None)

    again = place.restarted().fetch(first.cursor)

    assert "if-none-match" not in place.asked[0]
    assert place.asked[1]["if-none-match"]
    assert (again.mentions, again.cursor) == ((), first.cursor)


def test_only_what_names_one_of_the_words_is_told(place):
    place.post("ACME is slow")
    place.post("The weather is fine")
    place.post("My kettle broke")

    told = place.restarted(FEED_WORDS="acme, Kettle").fetch(None).mentions

    assert [mention.text for mention in told] == ["ACME is slow", "My kettle broke"]


def test_what_came_and_went_between_two_looks_is_told_as_a_gap(place):
    place.shown = 3
    place.post("One")
    cursor = place.adapter.fetch(None).cursor
    for number in range(5):
        place.pass_(minutes=10)
        place.post(f"Later {number}")

    batch = place.restarted().fetch(cursor)

    assert len(batch.mentions) == 3
    assert "only its last 3 items" in batch.gap
    assert "between 2026-11-03 12:00 and 2026-11-03 12:30 UTC is missing" in batch.gap
    assert place.restarted().fetch(batch.cursor).gap == ""


def test_where_one_item_is_known_nothing_is_missing(place):
    place.shown = 3
    place.post("One")
    cursor = place.adapter.fetch(None).cursor
    place.post("Two")
    place.post("Three")

    assert place.restarted().fetch(cursor).gap == ""


def test_without_a_date_what_is_there_at_first_is_old_and_what_comes_later_is_new(place):
    place.add("Before us")
    first = place.adapter.fetch(None)
    place.pass_(minutes=5)
    place.add("Just now")

    later = place.restarted().fetch(first.cursor)

    assert [mention.posted_at for mention in first.mentions] == [NOON - HISTORY]
    assert [mention.posted_at for mention in later.mentions] == [NOON + 5 * MINUTE]


def test_a_date_from_the_future_is_now(place):
    place.add("From tomorrow", at=NOON + DAY)

    [mention] = place.adapter.fetch(None).mentions

    assert mention.posted_at == NOON


def test_without_an_author_the_site_is_the_customer(rss):
    [mention] = said(
        rss, '<rss version="2.0"><channel><item><title>Acme?</title></item></channel></rss>'
    )

    assert (mention.customer.handle, mention.url) == ("127.0.0.1", None)


def test_without_an_id_the_link_is_one_and_without_a_link_the_words(rss):
    item = "<item><title>{}</title>{}</item>"
    link = "<link>https://blog.example/1</link>"
    items = item.format("One", link) + item.format("Two", "") + item.format("Two", "")
    told = said(rss, f'<rss version="2.0"><channel>{items}</channel></rss>')

    assert [m.text for m in told] == ["Two", "One"]  # what is newest stands first, and comes last
    assert told[1].key == "https://blog.example/1"


def test_a_title_stands_before_its_text_and_markup_is_gone(rss):
    html = "&lt;p&gt;It &lt;b&gt;broke&lt;/b&gt;&lt;/p&gt;&lt;script&gt;alert(1)&lt;/script&gt;"
    item = f"<item><title>My kettle</title><description>{html}</description></item>"
    [mention] = said(rss, f'<rss version="2.0"><channel>{item}</channel></rss>')

    assert mention.text == "My kettle\n\nIt broke"


def test_a_link_that_is_no_address_on_the_web_is_none(rss):
    item = "<item><title>Click</title><link>javascript:alert(1)</link></item>"
    [mention] = said(rss, f'<rss version="2.0"><channel>{item}</channel></rss>')

    assert mention.url is None


@pytest.mark.parametrize("body", ["", "<html><p>Hello</p></html>", "{", '{"items": 7}', "[1]"])
def test_what_is_no_feed_is_said(rss, body):
    with pytest.raises(TryLater, match="is no"):
        said(rss, body)


JUNK = [7, None, "x", [], {"id": [1], "title": {"a": 1}, "content_html": 9, "authors": 3}]


def test_strange_items_of_json_are_read_or_set_aside(rss):
    rss.says = (200, {}, json.dumps({"items": JUNK}).encode())

    batch = rss.adapter.fetch(None)

    assert len(batch.mentions) + len(batch.unreadable) == 1


@pytest.mark.parametrize(
    ("status", "headers", "problem"),
    [
        (404, {}, "There is no feed at 127.0.0.1 (404): see FEED_URL."),
        (410, {}, "There is no feed at 127.0.0.1 (410): see FEED_URL."),
        (401, {}, "The feed at 127.0.0.1 does not let us in (401). Look at FEED_URL."),
        (403, {}, "The feed at 127.0.0.1 does not let us in (403). Look at FEED_URL."),
        (500, {}, "The feed at 127.0.0.1 did not answer properly (500)."),
        (429, {"Retry-After": "90"}, "The feed at 127.0.0.1 wants us to wait."),
    ],
)
def test_each_refusal_says_what_to_do_and_no_secret(rss, status, headers, problem):
    rss.says = (status, headers, b"no")

    with pytest.raises((TryLater, LockedOut)) as refused:
        rss.adapter.check()

    assert str(refused.value) == problem
    assert isinstance(refused.value, LockedOut) is (status in (401, 403))


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        ("90", timedelta(seconds=90)),
        ("Tue, 03 Nov 2026 12:10:00 GMT", 10 * MINUTE),
        ("Mon, 02 Nov 2026 12:10:00 GMT", timedelta(seconds=1)),
        ("99999999999", DAY),
        ("soon", 15 * MINUTE),
        ("", 15 * MINUTE),
    ],
)
def test_a_limit_is_waited_for_as_long_as_it_says(rss, said, wait):
    rss.says = (429, {"Retry-After": said}, b"")

    with pytest.raises(TryLater) as later:
        rss.adapter.fetch(None)

    assert later.value.after == wait


def test_where_nobody_listens_it_is_tried_later():
    with FeedPlace() as gone:
        adapter = gone.adapter

    with pytest.raises(TryLater, match=r"can't be reached"):
        adapter.fetch(None)


def test_a_feed_that_has_moved_is_followed(rss):
    with FeedPlace() as there:
        there.post("Acme is slow")
        rss.says = (301, {"Location": f"{there.url}/feed"}, b"")

        [mention] = rss.adapter.fetch(None).mentions

    assert mention.text == "Acme is slow"


@pytest.mark.parametrize("where", ["/feed", "gopher://a.example/x", "http://[", "//"])
def test_who_is_sent_round_and_round_or_nowhere_stops(rss, where):
    rss.says = (302, {"Location": where}, b"")

    with pytest.raises(TryLater, match=r"can't be reached"):
        rss.adapter.fetch(None)
    assert len(rss.asked) <= 5


def test_nobody_outside_sends_us_to_this_machine(monkeypatch):
    asked = []

    def moved(self, url, ends, method, **how):
        asked.append(url)
        return Answer(302, {"location": "http://localhost:8765/"}, b"")

    monkeypatch.setattr(Web, "_asked", moved)

    with pytest.raises(TryLater, match=r"can't be reached"):
        Web("It").get("https://feed.example/rss", now=NOON)
    assert asked == ["https://feed.example/rss"]


def test_what_is_too_large_is_not_read(rss, monkeypatch):
    rss.says = (200, {}, b"x" * 100_000)
    monkeypatch.setattr(rss.adapter, "web", Web("It", largest=50_000))

    with pytest.raises(TryLater, match=r"can't be reached"):
        rss.adapter.fetch(None)


def test_who_sends_without_end_is_not_listened_to():
    def drip(near: socket.socket) -> None:
        with near, suppress(OSError):
            near.recv(10_000)
            near.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            for _ in range(200):
                near.sendall(b"x")
                sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as server:
        Thread(target=lambda: drip(server.accept()[0]), daemon=True).start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/feed"
        begun = monotonic()

        with pytest.raises(TryLater):
            Web("It", patience=0.5).get(url, now=NOON)

    assert monotonic() - begun < 3


def test_nobody_answers_a_feed(rss):
    rss.post("Acme is slow")
    [mention] = rss.adapter.fetch(None).mentions

    with pytest.raises(Refused, match="can only be read"):
        rss.adapter.reply(mention, "Sorry!", key="k1", again=False)


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"FEED_URL": "feed.example/rss"}, "FEED_URL must begin with https://."),
        ({"FEED_EVERY": "1"}, "FEED_EVERY must be a number of seconds, 10 or more."),
    ],
)
def test_a_wrong_setting_says_what_to_do(settings, why):
    environment = {"FEED_URL": "https://feed.example/rss", **settings}

    with pytest.raises(ValueError, match=why):
        make("feed", Feed, environment, Clock(), HISTORY)


def test_a_missing_address_is_named_for_each_feed():
    assert list(missing("feed:press", Feed, {})) == [
        "FEED_PRESS_URL is missing. The address of an RSS, Atom or JSON feed."
    ]
