"""Messenger: windows in which somebody may be answered, and conversations that are walked."""

from datetime import timedelta

import pytest

from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Origin
from tests.adapters.graph_server import EXPIRED, No
from tests.adapters.place_messenger import OUTSIDE, MessengerPlace


@pytest.fixture
def place():
    with MessengerPlace() as place:
        yield place


def asked(place, adapter=None, words="Where is it?"):
    place.post(words)
    return next(m for m in (adapter or place.adapter).fetch(None).mentions if m.text == words)


def test_a_message_is_private_and_must_be_answered_within_a_day(place):
    mention = asked(place)

    assert not mention.public
    assert mention.reply_by == mention.posted_at + timedelta(hours=24)
    assert place.adapter.reply(mention, "Here.", key="k", again=False).key
    assert place.sent[0]["messaging_type"] == "RESPONSE"


def test_after_a_day_nobody_is_answered_and_nothing_is_asked(place):
    mention = asked(place)
    place.pass_(minutes=60 * 24 + 1)

    with pytest.raises(Refused, match="the customer must write again first"):
        place.adapter.reply(mention, "Here.", key="k", again=False)

    assert place.calls() == 0


def test_with_human_agent_there_are_seven_days(place):
    adapter = place.restarted(MESSENGER_HUMAN_AGENT="yes")
    mention = asked(place, adapter)
    place.pass_(minutes=60 * 24 * 6)

    adapter.reply(mention, "Here.", key="k", again=False)
    place.pass_(minutes=60 * 25)

    assert mention.reply_by == mention.posted_at + timedelta(days=7)
    assert place.sent[0]["tag"] == "HUMAN_AGENT"
    with pytest.raises(Refused, match="must write again"):
        adapter.reply(mention, "Here.", key="k", again=False)


def test_where_messenger_finds_it_too_late_it_is_said(place):
    mention = asked(place)
    place.refuses["POST"] = No(**OUTSIDE)

    with pytest.raises(Refused, match="the customer must write again first"):
        place.adapter.reply(mention, "Here.", key="k", again=False)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": 551, "message": "x"}, "They may have blocked us"),
        ({"code": 100, "error_subcode": 2018001, "message": "x"}, "can't be written to any more"),
        ({"code": 100, "error_subcode": 1545041, "message": "x"}, "They may have blocked us"),
    ],
)
def test_what_messenger_refuses_is_said_in_a_sentence(place, error, said):
    mention = asked(place)
    place.refuses["POST"] = No(**error)

    with pytest.raises(Refused, match=said):
        place.adapter.reply(mention, "Here.", key="k", again=False)


def test_what_a_colleague_wrote_there_answers_the_words_before_it(place):
    place.post("One")
    key = place.post("Two")
    place.pass_(minutes=1)
    place.answer_elsewhere(key, "Here.")
    place.pass_(minutes=1)
    place.post("Three")

    own = [m for m in place.adapter.fetch(None).mentions if m.origin is Origin.OWN]

    assert [(m.text, m.parent, m.thread) for m in own] == [("Here.", key, "6001")]


def test_what_it_answers_is_looked_for_on_the_next_page(place):
    key = place.post("One")
    for number in range(60):
        place.answer_elsewhere(key, f"Part {number}")

    batch = place.adapter.fetch(None)

    assert {m.parent for m in batch.mentions if m.origin is Origin.OWN} == {key}
    assert len(batch.mentions) == 50
    assert len(place.requests) == 2


def test_where_we_wrote_first_nobody_waits(place):
    place._write("Hello, we have news", "acme", "mira")

    assert place.adapter.fetch(None).mentions == []


def test_conversations_that_have_not_changed_are_not_read_again(place):
    place.limit = 5
    for number in range(20):
        place.post("Hello", by=f"old{number}")
    place.pass_(minutes=600)
    place.post("New", by="ola")
    cursor, more = None, True
    while more:
        batch = place.adapter.fetch(cursor)
        cursor, more = batch.cursor, batch.more
    place.requests.clear()

    batch = place.adapter.fetch(cursor)

    assert ([m.text for m in batch.mentions], batch.more) == (["New"], False)
    assert len(place.requests) == 1


def test_a_picture_has_an_address(place):
    key = place.post("")
    image = {"mime_type": "image/png", "image_data": {"url": "https://cdn.example/a.png"}}
    place.also[key] = {"attachments": {"data": [image]}}

    [mention] = place.adapter.fetch(None).mentions

    assert (mention.text, mention.media) == ("(a picture)", ("https://cdn.example/a.png",))


def test_the_same_words_said_before_are_not_our_answer(place):
    first = place.post("Where?")
    place.answer_elsewhere(first, "Here.")
    place.pass_(minutes=5)
    mention = asked(place, words="And now?")

    place.adapter.reply(mention, "Here.", key="k", again=True)

    assert place.answers() == ["Here.", "Here."]


def test_check_tells_how_long_there_is_for_an_answer(place):
    assert place.adapter.check() == "Messenger of the Page Acme; 24 hours for an answer"
    with pytest.raises(ValueError, match="MESSENGER_HUMAN_AGENT must be yes or no"):
        place.restarted(MESSENGER_HUMAN_AGENT="perhaps")


def test_a_token_that_has_expired_is_named(place):
    place.refuses["GET"] = No(**EXPIRED)

    with pytest.raises(LockedOut, match="FACEBOOK_PAGE_TOKEN: it has expired"):
        place.adapter.fetch(None)


def test_an_answer_without_an_id_may_have_been_sent(place):
    mention = asked(place)
    place.says = 200, {}, b"{}"

    with pytest.raises(TryLater, match="did not say whether") as later:
        place.adapter.reply(mention, "Yes", key="k", again=False)

    assert not later.value.surely_not_done
