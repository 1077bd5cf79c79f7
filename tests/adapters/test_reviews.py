"""Reviews in stores: one answer for each, and people who write theirs anew."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters.reviews import KEPT, Note, Walk
from bot.domain.delivery import Refused, TryLater, Unsure
from bot.domain.mention import Origin
from tests.adapters.place_appstore import AppStorePlace
from tests.adapters.place_googleplay import GooglePlayPlace
from tests.adapters.places import NOON
from tests.adapters.test_contract import answered, asked, begun, new, read


@pytest.fixture(params=[AppStorePlace, GooglePlayPlace])
def place(request) -> Iterator[AppStorePlace | GooglePlayPlace]:
    with request.param() as place:
        yield place


def test_a_review_has_stars_and_says_so(place):
    mention = asked(place)

    assert mention.rating == 2
    assert place.adapter.ability.overwrites


def test_who_changes_only_the_stars_has_edited_it(place):
    mention = asked(place)
    place.reviews[mention.key].rating = 5

    [edited] = new(place, None)

    assert edited.key == mention.key
    assert (edited.rating, edited.revision != mention.revision) == (5, True)


def test_an_edit_before_our_answer_is_an_edit(place):
    mention = asked(place)
    place.pass_(minutes=5)
    place.edit(mention.key, "Where are my two orders?")

    [edited] = new(place, None)

    assert (edited.key, edited.parent) == (mention.key, None)
    assert edited.text == "Where are my two orders?"
    assert edited.revision != mention.revision


def test_a_review_that_is_written_anew_after_our_answer_is_news(place):
    mention = asked(place)
    sent = answered(place, mention)
    _, cursor = read(place.adapter, None)
    key = place.post("It broke again!", parent=sent.key)

    [anew] = [m for m in new(place, cursor) if m.origin is Origin.CUSTOMER]

    assert anew.key == key != mention.key
    assert (anew.thread, anew.parent) == (mention.thread, sent.key)
    assert anew.customer.key == mention.customer.key


def test_what_was_written_anew_is_one_thing_however_often_it_is_edited(place):
    sent = answered(place, asked(place))
    key = place.post("It broke again!", parent=sent.key)
    said, cursor = read(place.adapter, None)
    place.pass_(minutes=1)
    place.reviews[sent.key.partition("/")[0]].at = place.clock()
    place.edit(key, "It broke again, and again!")

    edited = [m for m in new(place, cursor) if m.origin is Origin.CUSTOMER]

    assert {m.key for m in edited} == {key}
    assert edited[-1].revision not in {m.revision for m in said}


def test_our_next_answer_is_one_of_its_own_and_the_first_words_stay(place):
    mention = asked(place)
    first = answered(place, mention)
    place.post("It broke again!", parent=first.key)
    said, cursor = read(place.adapter, None)
    [anew] = [m for m in said if m.origin is Origin.CUSTOMER]
    place.pass_(minutes=5)

    second = place.adapter.reply(anew, "A new one is on its way.", key="k2", again=False)
    heard = {m.key: m for m in new(place, cursor)}

    assert second.key != first.key
    assert heard[second.key].parent == anew.key
    assert heard.keys() == {anew.key, second.key}, "what was said first is left as it was"


def test_a_colleague_s_answer_to_what_was_written_anew_is_heard_as_one(place):
    first = answered(place, asked(place))
    key = place.post("It broke again!", parent=first.key)
    _, cursor = read(place.adapter, None)
    place.pass_(minutes=5)
    elsewhere = place.answer_elsewhere(key, "Sorry!")

    own = [m for m in new(place, cursor) if m.origin is Origin.OWN]

    assert [(m.key, m.parent, m.text) for m in own] == [(elsewhere, key, "Sorry!")]


def test_an_answer_and_what_was_written_after_it_while_we_were_away_are_both_heard(place):
    mention = asked(place)
    cursor = begun(place)
    answer = place.answer_elsewhere(mention.key, "Sorry!")
    key = place.post("It broke again!", parent=answer)

    heard = new(place, cursor)

    assert [(m.key, m.parent) for m in heard] == [(answer, mention.key), (key, answer)]


def test_a_colleague_s_answer_to_a_review_of_yesterday_is_heard_within_an_hour(place):
    place.page = 1
    old = place.post("It leaks")
    for _ in range(3):
        place.pass_(minutes=7 * 60)
        place.post("Fine")
    cursor = begun(place)
    elsewhere = place.answer_elsewhere(old, "Sorry!")
    place.pass_(minutes=61)

    assert elsewhere in {m.key for m in new(place, cursor)}


def test_what_a_store_shows_late_is_found_below_what_is_known(place):
    place.page = 1
    for _ in range(3):
        place.pass_(minutes=10)
        place.post("Fine")
    cursor = begun(place)
    late = place.post("It leaks")
    place.reviews[late].at -= timedelta(minutes=40)

    assert late in {m.key for m in new(place, cursor)}


def test_another_s_answer_does_not_lose_its_place_to_a_repetition(place):
    mention = asked(place)
    place.answer_elsewhere(mention.key, "Sorry!")

    with pytest.raises(Unsure, match="another answer"):
        place.adapter.reply(mention, "On its way.", key="k1", again=True)

    assert place.answers() == ["Sorry!"]


def test_an_answer_that_we_knew_of_may_lose_its_place(place):
    mention = asked(place)
    place.answer_elsewhere(mention.key, "Sorry!")
    place.edit(mention.key, "It leaks")
    [known] = [m for m in new(place, None) if m.origin is Origin.CUSTOMER]

    place.adapter.reply(known, "On its way.", key="k1", again=True)

    assert place.answers() == ["On its way."]


def test_an_answer_to_newer_words_is_not_corrected_as_if_it_were_the_first(place):
    mention = asked(place)
    first = answered(place, mention)
    key = place.post("It broke again!", parent=first.key)
    place.pass_(minutes=1)
    place.answer_elsewhere(key, "Sorry!")

    with pytest.raises(Refused, match="written anew"):
        place.adapter.correct(first, mention, "On its way!", again=False)

    assert place.answers() == ["Sorry!"]


def test_an_empty_answer_is_refused_before_any_call(place):
    with pytest.raises(Refused, match="without words"):
        answered(place, asked(place), " \n")

    assert place.calls() == 0


@pytest.mark.parametrize(
    "change",
    [
        {"since": "1"},
        {"begun": -5},
        {"walk": {"until": 1, "token": 7, "newest": 0}},
        {"walk": {"until": 0, "token": None, "newest": 0}},
        {"walk": {"until": 5, "token": None, "newest": 1.5}},
        {"anew": {"a": [1]}},
        {"anew": {"a": ["1", 0]}},
        {"anew": 7},
    ],
)
def test_a_cursor_that_can_t_be_is_told(place, change):
    note = Note.beginning(NOON, timedelta(days=2))
    kept = json.loads(note.dump()) | change

    assert "damaged" in place.adapter.fetch(json.dumps(kept)).gap


def test_a_page_that_leads_to_itself_ends_the_walk():
    note = Note.beginning(NOON, timedelta(days=2))
    walking = note.after([NOON], "again", NOON)

    assert walking.walk == Walk(until=note.since, token="again", newest=int(NOON.timestamp()))
    assert walking.after([NOON], "again", NOON).walk is None


def test_a_cursor_stays_small_however_many_write_anew(place):
    note = Note.beginning(NOON, timedelta(days=2))
    many = {f"r{number}": (number + 1, 0) for number in range(KEPT + 5)}
    kept = json.dumps(json.loads(note.dump()) | {"anew": many})

    after = Note.load(place.adapter.fetch(kept).cursor)

    assert len(after.anew) == KEPT
    assert "r0" not in after.anew


def test_who_is_lost_in_an_outage_is_tried_again(place):
    mention = asked(place)
    place.says = (503, {}, b"")

    with pytest.raises(TryLater) as later:
        place.adapter.fetch(None)
    with pytest.raises(TryLater) as unsure:
        answered(place, mention)

    assert not later.value.after
    assert not unsure.value.surely_not_done
