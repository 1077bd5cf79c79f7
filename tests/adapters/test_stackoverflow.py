"""Stack Overflow by its API: a quota, a site that wants us to wait, nonsense."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters import make
from adapters.stackoverflow import StackOverflow
from bot.domain.delivery import LockedOut, TryLater
from tests.adapters.place_stackoverflow import StackOverflowPlace
from tests.adapters.places import HISTORY, Clock


@pytest.fixture
def place() -> Iterator[StackOverflowPlace]:
    with StackOverflowPlace() as place:
        yield place


def test_a_question_has_a_title_words_and_somebody_who_asks(place):
    key = place.post("It leaks <b>")

    [mention] = place.adapter.fetch(None).mentions

    assert mention.text == "Why does my acme kettle do this?\n\nIt leaks <b>"
    assert (mention.customer.key, mention.customer.handle) == ("7", "mira")
    assert mention.url == f"https://so.example/q/{key}"


def test_who_has_no_account_any_more_is_somebody(place):
    place.post("It leaks")
    [item] = json.loads(place.answer("/search/advanced?" + QUERY, {})[2])["items"]
    told = {"items": [item | {"owner": {"user_type": "does_not_exist"}}], "has_more": False}
    place.says = (200, {}, json.dumps(told).encode())

    [mention] = place.adapter.fetch(None).mentions

    assert mention.customer.handle == "somebody"


QUERY = "q=acme&site=stackoverflow&fromdate=1&pagesize=100&page=1"


def test_the_site_is_not_asked_again_before_it_wants_to_be(place):
    adapter = place.restarted(STACK_WORDS="acme, kettle")
    place.also["backoff"] = 30
    cursor = adapter.fetch(None).cursor
    first = list(place.searched)

    with pytest.raises(TryLater) as later:
        adapter.fetch(cursor)
    place.pass_(minutes=1)
    adapter.fetch(cursor)

    assert later.value.after == timedelta(seconds=30)
    assert len(first) == 1
    assert sorted(place.searched) == ['"acme"', '"kettle"']


def test_when_the_day_is_used_up_it_waits_and_forgets_nothing(place):
    cursor = place.adapter.fetch(None).cursor
    key = place.post("It leaks")
    place.also["quota_remaining"] = 3
    with pytest.raises(TryLater, match="used up") as later:
        place.adapter.fetch(cursor)
    place.also["quota_remaining"] = 300

    assert later.value.after == timedelta(hours=1)
    assert [mention.key for mention in place.adapter.fetch(cursor).mentions] == [key]


def test_check_says_what_is_left_of_the_day(place):
    said = place.adapter.check()

    assert said == "stackoverflow, searched for acme; 250 requests left today"


def test_a_key_that_is_not_accepted_is_named(place):
    place.says = (403, {}, b"{}")

    with pytest.raises(LockedOut, match=r"Look at STACK_KEY\."):
        place.adapter.check()


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"items": 7}'])
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    place.says = (200, {}, body)

    with pytest.raises(TryLater, match="makes no sense"):
        place.adapter.fetch(None)


def test_without_words_there_is_nothing_to_search_for():
    with pytest.raises(ValueError, match="STACK_WORDS names nothing to search for"):
        make("stackoverflow", StackOverflow, {"STACK_WORDS": ","}, Clock(), HISTORY)
