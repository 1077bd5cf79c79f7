"""A Facebook Page: webhooks in batches, lists of lists, what Meta's errors mean, wrong tokens."""

import json
from datetime import timedelta

import pytest

from adapters import Forged, make
from adapters.meta.facebook import ELSEWHERE, Facebook
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Mention, Origin
from tests.adapters.graph_server import EXPIRED, GONE, SECRET, TOKEN, VERIFY, No, signed
from tests.adapters.place_facebook import PAGE, POST, FacebookPlace
from tests.adapters.places import HISTORY, NOON, Clock

NOW = int(NOON.timestamp())
COMMENT = {
    "item": "comment",
    "verb": "add",
    "comment_id": "900_7",
    "post_id": POST,
    "parent_id": POST,
    "from": {"id": "6001", "name": "Mira"},
    "message": "It leaks",
    "created_time": NOW,
}


@pytest.fixture
def place():
    with FacebookPlace() as place:
        yield place


def webhook(*values, field="feed", page=PAGE):
    changes = [{"field": field, "value": value} for value in values]
    return json.dumps(
        {"object": "page", "entry": [{"id": page, "time": NOW, "changes": changes}]}
    ).encode()


def refused(place, part, **error):
    headers = error.pop("headers", None)
    place.refuses[part] = No(headers=headers, **error)


def asked(place):
    place.post("It leaks")
    [mention] = [m for m in place.adapter.fetch(None).mentions if m.text == "It leaks"]
    return mention


def test_what_is_brought_is_what_would_be_listed(place):
    key = place.post("It leaks")
    [listed] = place.adapter.fetch(None).mentions

    [brought] = place.adapter.understand(
        webhook(COMMENT | {"comment_id": key, "from": place._who("mira")})
    ).mentions

    assert brought == listed


def test_a_batch_has_several_entries_and_changes(place):
    one = json.loads(webhook(COMMENT, COMMENT | {"comment_id": "900_8", "message": "And drips"}))
    other = json.loads(webhook(COMMENT | {"comment_id": "900_9", "message": "Hm"}))
    one["entry"] += other["entry"]

    news = place.adapter.understand(json.dumps(one).encode())

    assert [m.text for m in news.mentions] == ["It leaks", "And drips", "Hm"]


@pytest.mark.parametrize(
    ("verb", "words", "gone"),
    [
        ("add", ["It leaks"], []),
        ("edited", ["It leaks"], []),
        ("remove", [], ["900_7"]),
        ("hide", [], []),
        ("unhide", [], []),
    ],
)
def test_verbs_tell_what_became_of_a_comment(place, verb, words, gone):
    news = place.adapter.understand(webhook(COMMENT | {"verb": verb}))

    assert [m.text for m in news.mentions] == words
    assert list(news.gone) == gone
    assert not news.unreadable


def test_likes_are_no_words_and_our_own_posts_are_no_answers(place):
    like = {"item": "like", "verb": "add", "post_id": POST}
    ours = {"item": "status", "verb": "add", "post_id": POST, "from": {"id": PAGE}}

    news = place.adapter.understand(webhook(like, ours))

    assert (list(news.mentions), list(news.unreadable)) == ([], [])


def test_one_change_that_makes_no_sense_is_set_aside_alone(place):
    news = place.adapter.understand(webhook({"item": "comment", "verb": "add"}, COMMENT, "x"))

    assert [m.text for m in news.mentions] == ["It leaks"]
    assert len(news.unreadable) == 2


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"object": "instagram", "entry": []}'])
def test_what_is_no_webhook_of_a_page_is_set_aside_as_a_whole(place, body):
    with pytest.raises((ValueError, TypeError, KeyError)):
        place.adapter.understand(body)


def test_another_page_s_news_is_not_ours(place):
    news = place.adapter.understand(webhook(COMMENT, page="77"))

    assert not news.mentions
    assert "not about our Page" in news.unreadable[0].problem


def test_our_answer_is_known_as_ours_in_a_webhook(place):
    ours = COMMENT | {"comment_id": "900_8", "parent_id": "900_7", "from": {"id": PAGE}}

    [own] = place.adapter.understand(webhook(ours)).mentions

    assert (own.origin, own.parent, own.thread) == (Origin.OWN, "900_7", POST)


def test_what_visitors_post_on_the_page_is_heard_and_answered(place):
    key = place.visit("Your kettle leaks")
    brought = {"item": "status", "verb": "add", "post_id": key, "from": place._who("mira")}
    brought |= {"message": "Your kettle leaks", "created_time": NOW}

    [listed] = place.adapter.fetch(None).mentions
    [told] = place.adapter.understand(webhook(brought)).mentions
    sent = place.adapter.reply(listed, "On its way.", key="k", again=False)

    assert (listed.key, listed.thread, told.key) == (key, key, key)
    assert place.comments[sent.key].parent == key


def test_who_mentions_the_page_elsewhere_is_answered_there_by_a_person(place):
    told = {"item": "post", "verb": "add", "post_id": "44_55", "sender_id": "9"}

    [mention] = place.adapter.understand(
        webhook(told | {"sender_name": "Ola"}, field="mention")
    ).mentions

    assert (mention.no_reply, mention.customer.name) == (ELSEWHERE, "Ola")
    assert mention.url == "https://www.facebook.com/44_55"
    assert mention.posted_at == NOON
    assert list(place.adapter.recheck([mention.key])) == []
    with pytest.raises(Refused, match="lets no app answer it"):
        place.adapter.reply(mention, "Hello", key="k", again=False)


def test_who_mentions_the_page_on_the_page_is_told_by_the_feed(place):
    news = place.adapter.understand(webhook({"post_id": POST, "item": "comment"}, field="mention"))

    assert (list(news.mentions), list(news.unreadable)) == ([], [])


def test_strangers_without_a_name_are_not_one_person(place):
    bare = {name: value for name, value in COMMENT.items() if name != "from"}

    news = place.adapter.understand(webhook(bare, bare | {"comment_id": "900_8"}))

    assert len({m.customer.key for m in news.mentions}) == 2


def test_only_meta_brings_webhooks(place):
    body = webhook(COMMENT)

    assert place.adapter.vouch(signed(body), {}, body) == place.adapter.vouch(
        signed(body), {}, body
    )
    for headers in ({}, signed(b"other")):
        with pytest.raises(Forged):
            place.adapter.vouch(headers, {}, body)


def test_a_handshake_is_answered_to_who_knows_the_verify_token(place):
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "42"}

    assert place.adapter.handshake(query) == "42"
    assert place.adapter.handshake({}) is None
    for adapter, wrong in (
        (place.adapter, "x"),
        (place.restarted(META_VERIFY_TOKEN=""), ""),
    ):
        with pytest.raises(Forged, match="not ours"):
            adapter.handshake(query | {"hub.verify_token": wrong})


def test_what_is_shown_late_is_found_by_the_overlap(place):
    place.post("First")
    cursor = place.adapter.fetch(None).cursor
    late = place.post("Late")
    place.comments[late].at -= timedelta(minutes=50)

    assert "Late" in [m.text for m in place.adapter.fetch(cursor).mentions]


def test_many_comments_below_several_posts_are_all_found(place):
    cursor = place.adapter.fetch(None).cursor
    words = {f"Number {number}" for number in range(120)}
    for word in sorted(words):
        place.post(word)
    place.visit("And a post")
    found, more, pages = set(), True, 0
    while more:
        batch = place.restarted().fetch(cursor)
        found |= {m.text for m in batch.mentions}
        cursor, more, pages = batch.cursor, batch.more, pages + 1

    assert found == words | {"And a post"}
    assert pages > 1


def test_a_place_that_facebook_has_forgotten_is_looked_for_from_the_beginning(place):
    place.adapter.fetch(None)
    for number in range(60):
        place.post(f"Number {number}")
    cursor = place.adapter.fetch(None).cursor
    refused(place, f"{POST}/comments", code=100, message="(#100) Invalid cursor")

    broken = place.adapter.fetch(cursor)
    place.refuses.clear()

    assert not broken.more
    assert place.adapter.fetch(broken.cursor).more


def test_an_edit_and_a_deletion_are_found_in_one_request(place):
    kept, edited, gone = place.post("One"), place.post("Two"), place.post("Three")
    post = place.visit("Four")
    place.edit(edited, "Two, edited")
    place.delete(gone)
    place.requests.clear()
    before = len(place.asked)

    told = place.adapter.recheck([kept, edited, gone, post])

    assert [m.text for m in told if isinstance(m, Mention)] == ["One", "Two, edited", "Four"]
    assert [key for key in told if isinstance(key, str)] == [gone]
    assert {m.thread for m in told[:2]} == {POST}
    assert len(place.asked) == before + 1


def test_what_we_may_not_see_is_not_taken_for_deleted(place):
    key = place.post("One")
    refused(place, f"GET {key}", code=10, message="(#10) Needs pages_read_user_content")

    with pytest.raises(LockedOut):
        place.adapter.recheck([key])


def test_an_answer_that_was_put_one_step_higher_is_found(place):
    """Facebook's comments have but a few levels: below the last, an answer stands beside."""
    top = place.post("It leaks")
    key = place.post("And drips", parent=top)
    [mention] = [m for m in place.adapter.fetch(None).mentions if m.key == key]
    there = place.answer_elsewhere(top, "On its way.")

    assert place.adapter.reply(mention, "On its way.", key="k", again=True).key == there


def test_the_same_words_said_before_are_not_our_answer(place):
    top = place.post("It leaks")
    place.answer_elsewhere(top, "On its way.")
    place.pass_(minutes=5)
    key = place.post("Again!", parent=top)
    [mention] = [m for m in place.adapter.fetch(None).mentions if m.key == key]

    place.adapter.reply(mention, "On its way.", key="k", again=True)

    assert place.answers() == ["On its way."] * 2


def test_a_limit_after_an_attempt_that_may_have_worked_does_not_prove_that_it_did_not(place):
    mention = asked(place)
    refused(place, "GET", code=32, message="(#32) Page request limit reached")

    with pytest.raises(TryLater) as later:
        place.adapter.reply(mention, "Yes", key="k", again=True)

    assert not later.value.surely_not_done


@pytest.mark.parametrize("code", [4, 17, 32, 613, 80001, 80006])
def test_limits_say_when_we_may_come_again(place, code):
    mention = asked(place)
    use = json.dumps({PAGE: [{"type": "pages", "estimated_time_to_regain_access": 19}]})
    headers = {"X-Business-Use-Case-Usage": use}
    refused(place, "POST", code=code, message="limit", headers=headers)

    with pytest.raises(TryLater) as later:
        place.adapter.reply(mention, "Yes", key="k", again=False)

    assert (later.value.after, later.value.surely_not_done) == (timedelta(minutes=19), True)


@pytest.mark.parametrize("said", ["", "[]", "{", '{"x": 7}', '{"x": [{}]}'])
def test_a_limit_that_names_no_end_is_a_while(place, said):
    refused(place, "GET", code=4, message="x", headers={"X-Business-Use-Case-Usage": said})

    with pytest.raises(TryLater) as later:
        place.adapter.fetch(None)

    assert later.value.after == timedelta(minutes=15)


@pytest.mark.parametrize(
    ("subcode", "why"),
    [
        (458, "the app was removed"),
        (459, "must sign in"),
        (460, "changed their password"),
        (463, "it has expired"),
        (464, "not confirmed"),
        (467, "it was revoked"),
        (None, "it is broken, or none of ours"),
    ],
)
def test_each_way_in_which_a_token_ends_is_said(place, subcode, why):
    refused(place, "GET", code=190, error_subcode=subcode, message="x")

    with pytest.raises(LockedOut, match=f"does not accept FACEBOOK_PAGE_TOKEN: .*{why}"):
        place.adapter.check()


def test_a_person_s_token_is_told_from_the_page_s(place):
    place.token_of["type"] = "user"

    with pytest.raises(LockedOut, match=r"person's token\. Ask for me/accounts"):
        place.adapter.check()


def test_the_token_of_another_page_is_noticed(place):
    adapter = place.restarted(FACEBOOK_PAGE_ID="5002")

    with pytest.raises(LockedOut, match=r"is that of Acme \(5001\)\. Look at FACEBOOK_PAGE_ID"):
        adapter.check()
    with pytest.raises(LockedOut, match="FACEBOOK_PAGE_ID"):
        adapter.fetch(None)


def test_the_wrong_app_s_secret_is_named(place):
    with pytest.raises(LockedOut, match="META_APP_SECRET is not that of the app"):
        place.restarted(META_APP_SECRET="other").fetch(None)


def test_a_missing_permission_is_named(place):
    why = "(#10) This endpoint requires the 'pages_read_engagement' permission"
    refused(place, "feed", code=10, message=why)

    with pytest.raises(LockedOut, match="wants the permission pages_read_engagement"):
        place.adapter.check()


def test_an_app_in_development_mode_is_named(place):
    refused(place, "feed", code=200, message="(#200) The app is in development mode")

    with pytest.raises(LockedOut, match="set it live"):
        place.adapter.check()


def test_a_page_that_no_webhook_is_subscribed_to_is_heard_and_said(place):
    assert place.adapter.check() == "the Facebook Page Acme"
    place.fields = ["messages"]

    assert place.adapter.check().endswith("subscribe the Page to feed")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (GONE, "deleted, or its author does not let us see it"),
        ({"code": 368, "message": "x"}, "takes it for spam"),
        ({"code": 100, "message": "(#100) New"}, r"would not do it: \(#100\) New"),
    ],
)
def test_what_facebook_refuses_is_said_in_a_sentence(place, error, said):
    mention = asked(place)
    refused(place, "POST", **error)

    with pytest.raises(Refused, match=said):
        place.adapter.reply(mention, "Yes", key="k", again=False)


@pytest.mark.parametrize("error", [{"code": 1}, {"code": 2}, {"code": 9, "is_transient": True}])
def test_what_passes_is_tried_again_and_may_have_been_done(place, error):
    mention = asked(place)
    refused(place, "POST", message="x", **error)

    with pytest.raises(TryLater) as later:
        place.adapter.reply(mention, "Yes", key="k", again=False)

    assert not later.value.surely_not_done


@pytest.mark.parametrize("body", [b"", b"[]", b"7", b'{"data": 7}', b'{"error": 7}', b"<html>"])
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    place.says = 200, {}, body
    if body == b"[]":
        place.says = 500, {}, body

    with pytest.raises(TryLater):
        place.adapter.fetch(None)


def test_an_empty_answer_and_a_wrong_id_are_refused_before_any_call(place):
    mention = asked(place)
    with pytest.raises(Refused, match="no empty answer"):
        place.adapter.reply(mention, " ", key="k", again=False)
    with pytest.raises(ValueError, match="FACEBOOK_PAGE_ID must be a number"):
        make("facebook", Facebook, place.settings(FACEBOOK_PAGE_ID="acme"), Clock(), HISTORY)

    assert place.calls() == 0


def test_nothing_secret_is_told(place):
    refused(place, "GET", **EXPIRED)
    with pytest.raises(LockedOut) as problem:
        place.adapter.fetch(None)

    told = f"{problem.value!r} {place.adapter!r} {place.adapter.graph!r}"
    assert TOKEN not in told
    assert SECRET not in told
    assert TOKEN not in str(place.requests)
