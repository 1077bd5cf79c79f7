"""Hacker News by Algolia's search: many in one second, several names, our own people, nonsense."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import make
from adapters.hackernews import HackerNews
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Origin
from tests.adapters.place_hackernews import HackerNewsPlace
from tests.adapters.places import HISTORY, NOON, Clock

SECOND = timedelta(seconds=1)


@pytest.fixture
def place() -> Iterator[HackerNewsPlace]:
    with HackerNewsPlace() as place:
        yield place


def read(place: HackerNewsPlace, cursor: str | None) -> tuple[list[str], str]:
    """All pages, each after a restart."""
    keys: list[str] = []
    for _ in range(100):
        batch = place.restarted().fetch(cursor)
        keys += [mention.key for mention in batch.mentions]
        cursor = batch.cursor
        if not batch.more:
            return keys, cursor
    raise AssertionError("There is always another page.")


@given(bursts=st.lists(st.tuples(st.integers(0, 3), st.integers(1, 140)), min_size=1, max_size=5))
@settings(max_examples=15)
def test_however_many_come_in_a_second_none_is_lost(bursts):
    with HackerNewsPlace() as place:
        _, cursor = read(place, None)
        keys = set()
        for later, many in bursts:
            place.clock.at += later * SECOND
            keys |= {place.post("slow") for _ in range(many)}

        found, cursor = read(place, cursor)
        place.clock.at += 7200 * SECOND
        last = place.post("fast")

        assert set(found) == keys
        assert last in read(place, cursor)[0]


def test_what_the_search_shows_late_is_found_within_the_hour(place):
    _, cursor = read(place, None)
    now = place.clock.at
    place.post("first")
    _, cursor = read(place, cursor)
    place.clock.at = now - timedelta(minutes=50)
    late = place.post("late")
    place.clock.at = now + timedelta(minutes=5)

    assert late in read(place, cursor)[0]


def test_each_name_is_searched_for_and_what_names_both_comes_once(place):
    place.post("kettles by example")
    adapter = place.restarted(HN_WORDS='acme, "kettles", acme')

    [mention] = adapter.fetch(None).mentions

    assert mention.text == "acme: kettles by example"
    assert adapter.check() == "Hacker News, searched for acme, kettles"


def test_a_comment_belongs_to_its_story_and_leads_there(place):
    story = place.post("Show HN")
    place.post("It broke <b>again</b>", parent=story)

    [first, second] = place.adapter.fetch(None).mentions

    assert (second.thread, second.parent) == (first.thread, first.key)
    assert second.text == "acme: It broke <b>again</b>"
    assert second.url == f"https://news.ycombinator.com/item?id={second.key}"
    assert second.customer.url == "https://news.ycombinator.com/user?id=mira"


def test_what_our_own_people_say_there_is_ours(place):
    place.post("Sorry!", by="AcmeAna")

    [mention] = place.restarted(HN_OURS="acmeana, ben").fetch(None).mentions

    assert mention.origin is Origin.OWN


def test_a_story_has_a_title_and_words(place):
    at = int(NOON.timestamp())
    hit = {"objectID": "1", "author": "mira", "created_at_i": at, "title": "Acme &amp; I"}
    place.says = (
        200,
        {},
        json.dumps({"hits": [hit | {"story_text": "Why?"}], "nbHits": 1}).encode(),
    )

    [mention] = place.adapter.fetch(None).mentions

    assert mention.text == "Acme & I\n\nWhy?"


NONSENSE = [b"", b"[]", b"{}", b'{"hits": 7, "nbHits": 1}', b'{"hits": [], "nbHits": "x"}']


@pytest.mark.parametrize("body", NONSENSE)
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    place.says = (200, {}, body)

    with pytest.raises(TryLater, match="makes no sense"):
        place.adapter.fetch(None)


@pytest.mark.parametrize("hit", [7, None, {}, {"objectID": "1"}, {"created_at_i": 1e999}])
def test_a_hit_that_can_not_be_read_is_set_aside(place, hit):
    place.says = (200, {}, json.dumps({"hits": [hit], "nbHits": 1}).encode())

    batch = place.adapter.fetch(None)

    assert (len(batch.mentions), len(batch.unreadable)) == (0, 1)


def test_who_is_shut_out_is_told_of_no_key_since_there_is_none(place):
    place.says = (403, {}, b"{}")

    with pytest.raises(LockedOut) as shut_out:
        place.adapter.check()

    assert str(shut_out.value) == "Hacker News does not let us in (403)."


def test_nobody_answers_there(place):
    place.post("slow")
    [mention] = place.adapter.fetch(None).mentions

    with pytest.raises(Refused, match="takes no answers"):
        place.adapter.reply(mention, "Sorry!", key="k1", again=False)


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"HN_WORDS": ' , "'}, "HN_WORDS names nothing to search for."),
        ({"HN_EVERY": "often"}, "HN_EVERY must be a number of seconds, 10 or more."),
    ],
)
def test_a_wrong_setting_says_what_to_do(given, why):
    with pytest.raises(ValueError, match=why):
        make("hackernews", HackerNews, {"HN_WORDS": "acme", **given}, Clock(), HISTORY)
