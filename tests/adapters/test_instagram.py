"""Instagram: answers below the first comment only, mentions whose words must be asked for."""

from time import monotonic, sleep

import pytest

from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from tests.adapters.graph_server import GONE, No, signed
from tests.adapters.place_instagram import MEDIA, InstagramPlace

IN_COMMENT = {"media_id": "1788", "comment_id": "1799"}
IN_CAPTION = {"media_id": "1788"}


@pytest.fixture
def place():
    with InstagramPlace() as place:
        yield place


def heard(place, words):
    return next(m for m in place.adapter.fetch(None).mentions if m.text == words)


def mentioned(place, **value):
    [mention] = place.adapter.understand(place.webhook("mentions", value)).mentions
    return mention


def told(place, **said):
    return {"timestamp": "2026-11-03T11:59:00+0000", **said}


def test_what_is_brought_is_what_would_be_listed(place):
    key = place.post("It leaks")
    listed = heard(place, "It leaks")
    value = {"id": key, "text": "It leaks", "from": {"id": "6001", "username": "mira"}}
    body = place.webhook("comments", value | {"media": {"id": MEDIA}})

    [brought] = place.adapter.understand(body).mentions

    assert place.adapter.vouch(signed(body), {}, body)
    assert (brought.key, brought.text, brought.revision) == (key, "It leaks", listed.revision)
    assert (brought.customer, brought.thread) == (listed.customer, listed.thread)
    assert listed.url == "https://www.instagram.com/p/abc/"


def test_an_answer_to_an_answer_goes_below_the_first_comment_with_a_name_in_front(place):
    top = place.post("It leaks")
    place.post("Mine, too", by="ola", parent=top)
    mention = heard(place, "Mine, too")

    sent = place.adapter.reply(mention, "We are sorry.", key="k", again=False)
    again = place.adapter.reply(mention, "We are sorry.", key="k", again=True)

    assert sent == again
    assert place.answers() == ["@ola We are sorry."]
    assert place.comments[sent.key].parent == top


def test_a_name_that_is_in_front_already_is_not_put_there_twice(place):
    top = place.post("It leaks")
    place.post("Mine, too", by="ola", parent=top)

    place.adapter.reply(heard(place, "Mine, too"), "@ola We are sorry.", key="k", again=False)

    assert place.answers() == ["@ola We are sorry."]


def test_with_the_name_in_front_it_must_fit_as_well(place):
    top = place.post("It leaks")
    place.post("Mine, too", by="ola", parent=top)

    with pytest.raises(Refused, match="2203 characters long; Instagram takes 2200"):
        place.adapter.reply(heard(place, "Mine, too"), "x" * 2198, key="k", again=False)

    assert place.calls() == 0


def test_answers_below_an_older_comment_are_found_on_the_same_page(place):
    top = place.post("It leaks")
    cursor = place.adapter.fetch(None).cursor
    place.pass_(minutes=60 * 30)
    place.post("Still", parent=top)

    assert "Still" in [m.text for m in place.adapter.fetch(cursor).mentions]


@pytest.mark.parametrize(
    ("value", "said", "words"),
    [
        (IN_COMMENT, {"id": "1799", "text": "Is @acme any good?"}, "Is @acme any good?"),
        (IN_CAPTION, {"id": "1788", "caption": "My @acme", "username": "ola"}, "@ola: My @acme"),
    ],
)
def test_a_mention_is_a_card_at_once_and_its_words_come_with_the_next_look(
    place, value, said, words
):
    place.elsewhere[list(value.values())[-1]] = told(place, **said)

    mention = mentioned(place, **value)
    [known] = place.adapter.fetch(None).mentions

    assert "its words are being asked for" in mention.text
    assert (known.key, known.text) == (mention.key, words)
    assert known.revision != mention.revision
    assert place.adapter.fetch(None).mentions == []


def test_after_a_restart_the_words_of_a_mention_come_by_asking_again(place):
    mention = mentioned(place, **IN_COMMENT)
    place.elsewhere["1799"] = told(place, id="1799", text="Is @acme any good?")

    [known] = place.restarted().recheck([mention.key])

    assert isinstance(known, Mention)
    assert (known.key, known.text) == (mention.key, "Is @acme any good?")
    assert place.adapter.recheck([mention.key])[0].revision == known.revision


def test_a_mention_whose_words_nobody_shows_holds_up_nothing(place):
    mentioned(place, **IN_COMMENT)
    place.post("It leaks")

    assert [m.text for m in place.adapter.fetch(None).mentions] == ["It leaks"]


def test_a_mention_that_is_deleted_is_noticed(place):
    mention = mentioned(place, **IN_CAPTION)

    assert list(place.adapter.recheck([mention.key])) == [mention.key]


def test_who_mentions_us_is_nobody_else(place):
    one, other = mentioned(place, **IN_COMMENT), mentioned(place, **IN_CAPTION)

    assert one.customer.key != other.customer.key
    assert one.customer.handle == "somebody"


@pytest.mark.parametrize("value", [IN_COMMENT, IN_CAPTION])
def test_a_mention_is_answered_where_it_is_once(place, value):
    mention = mentioned(place, **value)

    sent = place.adapter.reply(mention, "Thank you!", key="k", again=False)
    with pytest.raises(Unsure, match="Look there"):
        place.adapter.reply(mention, "Thank you!", key="k", again=True)

    assert sent.key
    assert place.mentions == [{"message": "Thank you!", **value}]


def test_our_own_comments_are_ours_in_a_webhook(place):
    top = place.post("It leaks")
    ours = {"id": "9", "parent_id": top, "text": "Sorry", "from": {"id": place.people["acme"]}}

    [own] = place.adapter.understand(place.webhook("comments", ours)).mentions

    assert (own.origin, own.parent) == (Origin.OWN, top)


def test_one_change_that_makes_no_sense_is_set_aside_alone(place):
    fine = {"id": "9", "text": "Hm", "from": {"id": "1", "username": "ola"}}

    news = place.adapter.understand(place.webhook("comments", {"text": "?"}, fine))

    assert [m.text for m in news.mentions] == ["Hm"]
    assert len(news.unreadable) == 1


def test_a_page_s_id_is_told_from_an_account_s(place):
    place.is_page = True

    with pytest.raises(LockedOut, match="INSTAGRAM_ACCOUNT_ID is not the id of an Instagram"):
        place.adapter.check()


def test_an_account_that_the_token_may_not_see_is_named(place):
    place.refuses["GET"] = No(**GONE)

    with pytest.raises(LockedOut, match="nothing of the id in INSTAGRAM_ACCOUNT_ID"):
        place.adapter.check()


def test_what_can_not_be_answered_is_said(place):
    place.post("It leaks")
    mention = heard(place, "It leaks")
    place.refuses["POST"] = No(**GONE)

    with pytest.raises(Refused, match="deleted, hidden, or below a live video"):
        place.adapter.reply(mention, "Yes", key="k", again=False)


def test_an_answer_without_an_id_may_have_been_published(place):
    place.post("It leaks")
    mention = heard(place, "It leaks")
    place.says = 200, {}, b"{}"

    with pytest.raises(TryLater, match="did not say whether") as later:
        place.adapter.reply(mention, "Yes", key="k", again=False)

    assert not later.value.surely_not_done


def test_words_of_many_mentions_take_no_longer_than_one_call_may(place, monkeypatch):
    monkeypatch.setattr("adapters.web.PATIENCE", 0.6)
    for number in range(8):
        mentioned(place, media_id="1788", comment_id=str(1800 + number))
        place.elsewhere[str(1800 + number)] = told(place, id="1", text="Is @acme any good?")
    slow = place.ask
    place.ask = lambda *asked: [sleep(0.2), slow(*asked)][1]
    began = monotonic()

    place.adapter.fetch(None)

    assert monotonic() - began < 1.5
    place.ask = slow
    assert len(place.adapter.fetch(None).mentions) > 0


def test_where_we_may_not_see_mentions_comments_are_heard_all_the_same(place):
    mentioned(place, **IN_COMMENT)
    place.post("It leaks")
    place.hides_mentions = True

    assert [m.text for m in place.adapter.fetch(None).mentions] == ["It leaks"]
