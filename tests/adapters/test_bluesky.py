"""What is special about Bluesky: lists in no order of arrival, sessions, closed threads."""

import json
import logging
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import make, web
from adapters.bluesky import Bluesky
from adapters.bluesky.account import BLOCKED, BLOCKING, CROWDED, HIDDEN
from adapters.bluesky.answers import graphemes, key_of, length
from adapters.bluesky.posts import CLOSED
from adapters.bluesky.walk import PAGES, Cursor, Trail, milliseconds
from adapters.bluesky.wire import Declined, Wire
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Attachment, Sent, follow
from tests.adapters.bluesky_server import (
    ACCOUNT_PASSWORD,
    APP_PASSWORD,
    TID,
    BlueskyServer,
    iso,
    link,
)
from tests.adapters.place_bluesky import BlueskyPlace
from tests.adapters.places import HISTORY, NOON, Clock, bluesky
from tests.adapters.test_contract import PNG, new, pages, read

LISTS = 4  # with one name to search for: notifications, our own, the handle, the name
SIGN_IN = "com.atproto.server.createSession"
RENEW = "com.atproto.server.refreshSession"
PUT = "com.atproto.repo.putRecord"
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
PASSWORD, URL = "Look at BLUESKY_APP_PASSWORD.", "Look at BLUESKY_URL."


@pytest.fixture
def place() -> Iterator[BlueskyPlace]:
    with bluesky() as place:
        yield place


@pytest.fixture
def server(place: BlueskyPlace) -> BlueskyServer:
    return place.server


@pytest.fixture
def asked(place: BlueskyPlace) -> Mention:
    """Mira's question, as we have it."""
    place.post("Where is my order?")
    return new(place, None)[0]


def answer(
    place: BlueskyPlace, mention: Mention, text: str = "Soon.", again: bool = False, **more: Any
) -> Sent:
    return place.adapter.reply(mention, text, key="k1", again=again, **more)


def begun(place: BlueskyPlace) -> str:
    return read(place.adapter, None)[1]


def found(place: BlueskyPlace, cursor: str | None) -> set[str]:
    return {mention.key for mention in new(place, cursor)}


def heard(place: BlueskyPlace, key: str) -> Mention:
    return next(mention for mention in new(place, None) if mention.key == key)


def gaps(place: BlueskyPlace, cursor: str | None) -> list[str]:
    return [batch.gap for batch in pages(place.adapter, cursor) if batch.gap]


# Reading: nothing is lost


arrivals = st.tuples(
    st.just("post"), st.sampled_from([1, 1, 3, 130]), st.sampled_from([0, 0, 5, 90, 60 * 30])
)
steps = st.one_of(
    arrivals,
    st.tuples(st.just("late"), st.integers(1, 9), st.just(0)),
    st.tuples(st.just("page"), st.just(0), st.just(0)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
    st.tuples(st.just("pass"), st.sampled_from([1, 11, 70]), st.just(0)),
)


@settings(max_examples=40, deadline=None)
@given(st.lists(steps, max_size=10))
@pytest.mark.fault(45)
def test_whatever_moment_posts_claim_and_however_late_they_are_seen_none_is_lost(
    story: list[tuple[str, int, int]],
) -> None:
    with bluesky() as place:
        cursor = begun(place)
        known: set[str] = set()
        posted: set[str] = set()

        for what, number, back in story:
            if what == "post":
                at = place.clock() - timedelta(minutes=back) if back else None
                posted |= {place.server.post("Hello", at=at) for _ in range(min(number, 99))}
            elif what == "late":
                posted.add(place.server.post("Hello", late=timedelta(minutes=number)))
            elif what == "page":
                batch = place.adapter.fetch(cursor)
                known |= {m.key for m in batch.mentions}
                cursor = batch.cursor
            elif what == "restart":
                place.adapter = place.restarted()
            else:
                place.pass_(number)
        for _ in range(2):
            place.pass_(minutes=61)
            mentions, cursor = read(place.adapter, cursor)
            known |= {m.key for m in mentions}

        assert known == posted


def busy(place: BlueskyPlace, *, minutes: int) -> str:
    """So much came in the last minutes that a page does not show what is older; we have read it."""
    for number in range(240):
        at = place.clock() - timedelta(minutes=minutes) * number / 240
        place.server.post("Hello", at=at)
    return begun(place)


def test_what_claims_to_be_some_minutes_old_is_found_by_the_next_look(place, server):
    cursor = busy(place, minutes=7)

    key = server.post("Written offline", at=place.clock() - timedelta(minutes=8))

    assert key in found(place, cursor)


def test_what_claims_to_be_older_is_found_within_the_hour(place, server):
    cursor = busy(place, minutes=30)
    key = server.post("Long ago", at=place.clock() - timedelta(hours=40))
    first, cursor = read(place.adapter, cursor)
    place.pass_(minutes=61)

    assert key in found(place, cursor)
    assert key not in {mention.key for mention in first}


def test_what_is_seen_late_is_found_below_newer_ones(place, server):
    late = server.post("Late", at=place.clock(), late=timedelta(minutes=9, seconds=30))
    place.pass_(minutes=9)
    cursor = busy(place, minutes=8)
    place.pass_(minutes=1)

    assert late in found(place, cursor)


def test_a_deep_look_reads_no_older_than_the_first_did(place, server):
    old = server.post("Before we came", at=NOON - HISTORY - timedelta(hours=1))
    cursor = begun(place)
    place.pass_(minutes=61)

    assert old not in found(place, cursor)


def test_a_look_between_two_deep_ones_is_a_page_of_each_list(place, server):
    for _ in range(250):
        place.post("Hello")
    place.pass_(minutes=12)
    place.post("Hello?")
    cursor = begun(place)
    server.requests.clear()

    read(place.adapter, cursor)

    lists = [name for name in server.requests if "list" in name or "Feed" in name or "sea" in name]
    assert len(lists) == 3


def test_what_has_the_same_moment_as_a_page_s_last_is_not_left_out(place, server):
    cursor = begun(place)
    keys = {server.post("First", at=NOON - timedelta(minutes=2)) for _ in range(60)}
    keys |= {server.post("Then", at=NOON - timedelta(minutes=1)) for _ in range(60)}
    server.fail(500, on="search", times=9)

    assert found(place, cursor) == keys


def test_more_than_a_page_of_one_moment_is_told(place, server):
    cursor = begun(place)
    before = server.post("Before", at=NOON - timedelta(minutes=2))
    keys = {server.post("Then", at=NOON - timedelta(minutes=1)) for _ in range(130)}
    server.fail(500, on="search", times=9)

    batches = list(pages(place.adapter, cursor))

    assert [batch.gap for batch in batches if batch.gap] == [CROWDED]
    assert before in {m.key for batch in batches for m in batch.mentions} - keys


def test_a_page_may_be_empty_and_not_be_the_last(place, server):
    cursor = begun(place)
    key = place.post("Hello?")
    for _ in range(230):
        server.post("Buy this", by="spam")
    server.muted.add(server.person("spam").did)
    server.fail(500, on="search", times=9)

    assert found(place, cursor) == {key}


def test_a_page_that_leads_to_itself_neither_loops_nor_loses(place, server):
    cursor = begun(place)
    keys = {place.post("Hello") for _ in range(250)}
    server.stuck = True
    server.requests.clear()
    _, cursor = read(place.adapter, cursor)
    server.stuck = False

    assert server.requests.count("app.bsky.notification.listNotifications") == 2
    assert keys <= found(place, cursor)


def test_a_cursor_that_is_not_accepted_begins_the_walk_anew(place, server):
    cursor = begun(place)
    keys = {place.post("Hello") for _ in range(150)}
    cursor = place.adapter.fetch(cursor).cursor
    server.problem(400, "InvalidRequest", "Malformed cursor", on="listNotifications")

    assert not gaps(place, cursor)
    assert keys <= found(place, cursor)


def test_a_walk_that_takes_too_long_is_told_with_its_bounds():
    trail, gap = Trail.beginning(NOON - timedelta(days=1)), False
    for page in range(PAGES):
        at, walk = milliseconds(NOON) - page, trail.go_on(NOON)
        gap = trail.cut_off(walk.step([at], f"t{page}"))
        trail = trail.step([at], f"t{page}", NOON)

    assert gap
    assert trail.walk is None


@pytest.mark.parametrize(
    "spoilt",
    [
        {"turn": 7},
        {"trails": {"notifications": {"floor": 1, "seen": 10**15}}},
        {"trails": {"notifications": {"floor": 1, "seen": True}}},
        {"trails": {"notifications": {"floor": 1, "seen": 2, "walk": {"until": -1}}}},
        {"trails": {"notifications": {"floor": 1, "seen": 2, "walk": {"until": 1, "token": 7}}}},
        {"trails": {"notifications": {"floor": 1, "seen": 2, "trouble": 7}}},
        {"trails": [1]},
    ],
)
def test_a_cursor_that_can_t_be_is_damaged(spoilt):
    assert Cursor.load(json.dumps(spoilt), NOON).damaged


def test_a_cursor_holds_no_secret(place, server):
    place.post("Hello")
    cursor = begun(place)

    assert APP_PASSWORD not in cursor
    assert not any(token in cursor for token in server.sessions)


# Reading: who says what


def test_whoever_calls_answers_or_quotes_us_is_heard_once(place, server):
    cursor = begun(place)
    ours = server.post("New shoes!", by="acme")
    keys = {
        place.post("Where is my order?"),
        server.post("Nice", calls=False, parent=ours),
        server.quote(ours, "Look at these"),
    }
    third = server.post("I have them", by="ola", calls=False, parent=max(keys))
    [quote] = [key for key in keys if server.posts[key].record.get("embed")]

    mentions = new(place, cursor)

    assert {m.key for m in mentions} == keys | ({third} & {m.key for m in mentions})
    assert [m.key for m in mentions if m.quotes_us] == [quote]
    assert all(m.origin is Origin.CUSTOMER for m in mentions)


def test_a_name_in_plain_text_is_found_by_searching(place, server):
    place.adapter = place.restarted(BLUESKY_WORDS="kettle, Acme Shoes")
    cursor = begun(place)
    keys = {
        server.post("My kettle leaks", calls=False),
        server.post("These acme shoes squeak", calls=False),
        server.post("@acme.test without a link", calls=False),
    }
    server.post("The weather is fine", calls=False)

    assert found(place, cursor) == keys


def test_what_two_lists_show_is_one_mention(place):
    place.adapter = place.restarted(BLUESKY_WORDS="kettle")
    key = place.post("My kettle leaks")

    told = [m for batch in pages(place.adapter, None) for m in batch.mentions]

    assert [m.key for m in told] == [key] * 3
    assert len({(m.key, m.revision) for m in told}) == 1
    assert told[0] == told[1] == told[2]


def test_a_name_of_several_words_is_searched_for_as_such(place, server):
    adapter = place.restarted(BLUESKY_WORDS='"Acme Shoes", kettle')

    assert [adapter._query(source) for source in adapter.sources[2:]] == [
        "acme.test",
        '"Acme Shoes"',
        "kettle",
    ]


def test_a_long_search_is_read_to_its_end(place, server):
    cursor = begun(place)
    keys = {server.post("@acme.test again", calls=False) for _ in range(230)}

    assert found(place, cursor) == keys


def test_trouble_with_the_search_does_not_hold_up_mentions(place, server):
    cursor = begun(place)
    key = place.post("Hello?")
    server.fail(502, on="searchPosts", times=9)

    assert found(place, cursor) == {key}


def test_what_the_server_does_not_let_us_search_is_told_once(place, server):
    cursor = begun(place)
    server.problem(403, "Forbidden", "Searching is off.", on="searchPosts", times=9)
    told = gaps(place, cursor)
    _, cursor = read(place.adapter, cursor)

    assert told == ["Bluesky does not show us the search for acme.test: Searching is off."]
    assert gaps(place, cursor) == []


def test_a_customer_stays_the_same_under_another_handle(place, server):
    first = heard(place, place.post("Hello"))
    server.rename("mira", "mira.example.com")
    server.people["mira.test"] = server.people.pop("mira.example.com")
    server.people["mira.test"] = replace(server.people["mira.test"], handle="mira.example.com")

    again = heard(place, first.key)

    assert again.customer.key == first.customer.key
    assert again.customer.handle == "@mira.example.com"
    assert again.url == f"https://bsky.app/profile/mira.example.com/post/{first.key[-13:]}"


def test_a_handle_that_leads_nowhere_is_in_no_address(place, server):
    server.person("mira", handle="handle.invalid")

    mention = heard(place, server.post("Hello"))

    assert mention.url
    assert mention.url.startswith(f"https://bsky.app/profile/{mention.customer.key}/post/")


def test_the_profile_tells_what_it_tells_for_free(place, server):
    profile = {
        "displayName": "Mira \u202e",
        "createdAt": "2024-02-01T10:00:00.000Z",
        "verification": {"verifiedStatus": "valid", "trustedVerifierStatus": "none"},
    }
    server.person("mira", profile=profile)
    server.person("ola", profile={"verification": {"verifiedStatus": "none"}})

    mira = heard(place, place.post("Hello")).customer
    ola = heard(place, place.post("Hello", by="ola")).customer

    assert (mira.name, mira.verified, mira.since and mira.since.year) == ("Mira \u202e", True, 2024)
    assert (ola.name, ola.verified, ola.since) == ("ola.test", False, None)


def test_who_says_of_itself_that_it_is_a_program_is_no_customer(place, server):
    server.person("robot", labels=("bot",))

    assert heard(place, place.post("Hi", by="robot")).origin is Origin.AUTOMATED


def test_links_are_spelled_out_and_what_they_say_of_their_place_is_not_believed(place, server):
    text = "Ünï see example.com/lo... or here \U0001f468 and https://a.example/"
    facets = [
        link(text, "example.com/lo...", "https://example.com/long/way"),
        link(text, "here", "https://b.example/x"),
        link(text, "https://a.example/", "https://a.example"),
        {**link(text, "Ünï", "https://c.example"), "index": {"byteStart": 1, "byteEnd": 3}},
        {**link(text, "see", "https://d.example"), "index": {"byteStart": 9, "byteEnd": 9000}},
        {**link(text, "see", "https://e.example"), "index": {"byteStart": -4, "byteEnd": 1}},
    ]
    key = server.post(text, facets=facets, calls=False, by="acme", parent=place.post("?"))

    said = heard(place, key).text

    assert said == (
        "Ünï see https://example.com/long/way or here (https://b.example/x) \U0001f468"
        " and https://a.example/"
    )


def test_pictures_films_and_a_language_come_along(place, server):
    key = place.post("Look")
    shown = server._shown(server.posts[key])
    view = {
        **shown,
        "record": {**shown["record"], "langs": ["de"]},
        "embed": {
            "$type": "app.bsky.embed.recordWithMedia#view",
            "record": {"$type": "something.new"},
            "media": {"images": [{"fullsize": "https://cdn.example/1"}, {"fullsize": 7}]},
            "thumbnail": "javascript:alert(1)",
        },
    }
    server.posts[key] = replace(server.posts[key], raw=view)

    mention = heard(place, key)

    assert mention.media == ("https://cdn.example/1",)
    assert mention.language == "de"


def test_where_several_languages_are_named_none_is(place, server):
    assert heard(place, server.post("Hello", langs=["de", "en"])).language is None


def test_a_time_that_is_none_is_the_one_at_which_it_was_seen(place, server):
    key = place.post("Hello")
    shown = server._shown(server.posts[key])
    view = {**shown, "record": {**shown["record"], "createdAt": "yesterday"}}
    server.posts[key] = replace(server.posts[key], raw=view)

    assert heard(place, key).posted_at == NOON


def test_a_time_in_the_future_is_the_one_at_which_it_was_seen(place, server):
    key = server.post("Hello", at=NOON + timedelta(days=300))

    assert heard(place, key).posted_at == NOON


def test_a_notification_whose_post_is_not_shown_any_more_is_still_heard(place, server):
    cursor = begun(place)
    key = place.post("Hello?")
    server.fail(200, {"posts": []}, on="getPosts")

    [mention] = place.adapter.fetch(cursor).mentions

    assert (mention.key, mention.text) == (key, "@acme.test Hello?")


def test_our_own_posts_that_answer_nobody_are_no_mentions(place, server):
    cursor = begun(place)
    server.post("New shoes!", by="acme")
    server.reposts.append(server.post("I like shoes", by="ola", calls=False))

    assert new(place, cursor) == []


# Whom we can't answer


def test_a_closed_thread_is_told_before_anybody_writes(place, server):
    server.closed.add(place.post("Don't answer me"))

    [mention] = place.adapter.fetch(None).mentions  # by its notification

    assert mention.no_reply == CLOSED
    with pytest.raises(Refused, match="lets only some people answer"):
        answer(place, mention)
    assert place.calls() == 0


def test_a_thread_that_was_closed_meanwhile_is_not_answered(place, server, asked):
    server.closed.add(asked.key)

    with pytest.raises(Refused) as no:
        answer(place, asked)

    assert str(no.value) == CLOSED
    assert place.answers() == []


def test_who_has_blocked_us_is_not_answered(place, server, asked):
    server.blocked_by.add(asked.customer.key)

    with pytest.raises(Refused) as no:
        answer(place, asked)

    assert str(no.value) == BLOCKED
    assert place.answers() == []
    assert asked.key not in found(place, None)
    assert place.adapter.recheck([asked.key]) == [asked.key]


def test_whom_we_have_blocked_is_not_answered(place, server, asked):
    server.blocking.add(asked.customer.key)

    with pytest.raises(Refused) as no:
        answer(place, asked)

    assert str(no.value) == BLOCKING


def test_what_is_deleted_or_whose_author_is_gone_is_not_answered(place, server, asked):
    server.delete(asked.key)
    with pytest.raises(Refused) as deleted:
        answer(place, asked)
    del server.people["mira.test"]
    with pytest.raises(Refused) as gone:
        answer(place, asked)

    assert str(deleted.value) == str(gone.value) == HIDDEN
    assert place.answers() == []


def test_what_our_own_repository_lacks_is_not_continued(place, server, asked):
    sent = answer(place, asked)
    server.delete(sent.key)

    with pytest.raises(Refused):
        place.adapter.reply(follow(asked, sent), "And more.", key="k2", again=False)


# Answering


def test_the_root_of_an_answer_is_the_thread_s(place, server):
    top = server.post("Who knows good shoes?", by="ola", calls=False)
    mention = heard(place, server.post("Ask them", parent=top))

    answer(place, mention)

    [sent] = server.answers()
    assert sent.record["reply"] == {
        "root": {"uri": top, "cid": server.posts[top].cid},
        "parent": {"uri": mention.key, "cid": server.posts[mention.key].cid},
    }
    assert mention.thread == top


def test_an_edited_post_is_answered_as_it_is_now(place, server, asked):
    server.edit(asked.key, "Where are my two orders?")

    answer(place, asked)

    [sent] = server.answers()
    assert sent.record["reply"]["parent"]["cid"] == server.posts[asked.key].cid


def test_the_next_part_does_not_wait_until_the_first_is_shown(place, server, asked):
    sent = answer(place, asked)
    server.lagging.add(sent.key)

    second = place.adapter.reply(follow(asked, sent), "And more.", key="k2", again=False)

    assert server.posts[second.key].parent == sent.key
    assert server.posts[second.key].root == asked.key


def test_what_we_published_and_is_not_shown_yet_is_not_gone(place, server, asked):
    sent = answer(place, asked)
    server.lagging.add(sent.key)

    assert place.adapter.recheck([sent.key]) == []


def test_links_tags_and_people_work_in_an_answer(place, server, asked):
    server.person("ola")
    text = "Grüße! https://acme.example/x, #shoes @ola.test @nobody.test"

    answer(place, asked, text)

    [sent] = server.answers()
    raw = sent.record["text"].encode()
    marked = {
        raw[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode(): facet["features"][0]
        for facet in sent.record["facets"]
    }
    assert sent.record["text"] == text
    assert marked["https://acme.example/x"]["uri"] == "https://acme.example/x"
    assert marked["#shoes"]["tag"] == "shoes"
    assert marked["@ola.test"]["did"] == server.person("ola").did
    assert len(marked) == 3


def test_an_answer_bears_the_time_at_which_it_went(place, server, asked):
    place.pass_(minutes=300)

    answer(place, asked)

    [sent] = server.answers()
    assert sent.record["createdAt"] == iso(place.clock())


def test_an_answer_that_got_through_is_found_although_the_question_is_gone(place, server, asked):
    place.lose_next_answer()
    with pytest.raises(TryLater):
        answer(place, asked)
    server.delete(asked.key)
    place.pass_(minutes=3)

    sent = answer(place, asked, again=True)

    assert sent.key == server.answers()[0].uri


def test_an_attempt_that_lags_behind_changes_nothing(place, server, asked):
    first = answer(place, asked, "Soon.")
    place.pass_(minutes=1)

    second = answer(place, asked, "Soon, or later.")

    assert first == second
    assert place.answers() == ["Soon."]


def test_a_record_key_is_the_same_at_each_attempt_and_another_for_each_answer(asked):
    later = replace(asked, revision="another", text="another")
    keys = [key_of(asked, f"k{n}") for n in range(500)]

    assert key_of(asked, "k0") == key_of(later, "k0")
    assert len(set(keys)) == 500
    assert all(TID.fullmatch(key) for key in keys)
    early = key_of(replace(asked, posted_at=NOON - timedelta(hours=2)), "k1")
    late = key_of(replace(asked, posted_at=NOON + timedelta(hours=2)), "k1")
    assert early < min(keys) < max(keys) < late


def test_an_answer_to_what_claims_the_year_one_has_a_record_key(asked):
    key = key_of(replace(asked, posted_at=NOON.replace(year=1)), "k1")

    assert TID.fullmatch(key)


def test_pictures_go_along_with_nothing_said_of_them(place, server, asked):
    jpeg = Attachment("a.jpg", "image/jpeg", b"\xff\xd8\xff" + bytes(99))

    answer(place, asked, files=[PNG, jpeg])

    [sent] = server.answers()
    images = sent.record["embed"]["images"]
    assert [image["image"]["mimeType"] for image in images] == ["image/png", "image/jpeg"]
    assert [image["alt"] for image in images] == ["", ""]


def test_a_picture_that_is_not_taken_is_named(place, server, asked):
    server.problem(400, "BlobTooLarge", "This file is too large.", on="uploadBlob")

    with pytest.raises(Refused, match=r"does not take crack\.png: This file is too large\."):
        answer(place, asked, files=[PNG])


def test_what_the_server_refuses_for_good_is_refused_in_its_words(place, server, asked):
    server.problem(400, "InvalidRequest", "grapheme too big", on=PUT)

    with pytest.raises(Refused, match="Bluesky would not publish it: grapheme too big"):
        answer(place, asked)


def test_only_our_own_answers_are_withdrawn(place, server, asked):
    with pytest.raises(Refused):
        place.adapter.withdraw(Sent(key=asked.key), asked, again=False)

    assert asked.key in server.posts


def test_our_post_is_found_by_its_account_s_number_and_by_its_handle_in_any_case(place, asked):
    sent = answer(place, asked)
    assert sent.url
    did, key = sent.key.split("/")[2], sent.key.split("/")[-1]

    addresses = [
        sent.url.replace("acme.test", "Acme.Test"),
        f"https://bsky.app/profile/{did}/post/{key}?ref=x",
        f"bsky.app/profile/{did}/post/{key}#a",
    ]

    found = [place.adapter.find(address) for address in addresses]

    assert [one and one.key for one in found] == [sent.key] * 3
    assert place.adapter.find("https://bsky.app/profile/mira.test/post/3kz1") is None


# How long


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", 0),
        ("abc", 3),
        (FAMILY * 100, 250),  # 2500 bytes
        (FAMILY * 120, 300),
        (FAMILY * 121, 303),
        ("\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7\U0001f1e9", 3),
        ("e\u0301", 1),
        ("\u0301", 1),
        ("\n\u0301", 2),
        ("a\u200db", 2),  # a joiner joins only pictures
        ("\u0b95\u0bcd\u0b95", 2),  # Tamil: its virama joins nothing
        ("\u1000\u102c\u1038", 3),  # Burmese: its vowels stand alone
        ("\U0001f44b\U0001f3fd", 1),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", 2),  # bytes
    ],
)
def test_what_is_a_character_to_bluesky(text, said):
    assert length(text) == said


def test_three_hundred_of_any_kind_are_published(place, server, asked):
    for number, character in enumerate(["x", "ü", "\U0001f64f", "e\u0301"]):
        text = character * 300
        place.adapter.reply(asked, text, key=f"k{number}", again=False)

    assert [graphemes(text) for text in place.answers()] == [300] * 4


def test_three_thousand_bytes_are_enough(place, asked):
    with pytest.raises(
        Refused, match="This answer is 303 characters long for Bluesky; it takes 300"
    ):
        answer(place, asked, FAMILY * 121)

    assert place.calls() == 0


def test_a_line_break_of_windows_is_one_character(place, asked):
    answer(place, asked, "a\r\n" * 150)

    assert place.answers() == ["a\n" * 150]


# Sessions


def test_we_sign_in_once_however_often_we_look(place, server):
    cursor: str | None = None
    for _ in range(20):
        cursor = read(place.adapter, cursor)[1]
        place.pass_(minutes=5)

    assert server.requests.count(SIGN_IN) == 1


def test_a_session_is_renewed_and_what_renews_it_is_kept(place, server):
    cursor = begun(place)
    for _ in range(8):
        place.pass_(minutes=110)
        cursor = read(place.adapter, cursor)[1]

    assert server.requests.count(SIGN_IN) == 1
    assert server.requests.count(RENEW) == 8


def test_several_threads_share_one_session(place, server, asked):
    server.end_sessions()
    place.adapter = place.restarted()
    server.requests.clear()

    with ThreadPoolExecutor(8) as threads:
        looks = [threads.submit(place.adapter.fetch, None) for _ in range(16)]
        sent = [
            threads.submit(place.adapter.reply, asked, "Soon.", key=f"k{n}", again=False)
            for n in range(8)
        ]
        assert all(look.result() for look in looks)
        assert len({one.result().key for one in sent}) == 8

    assert server.requests.count(SIGN_IN) == 1


def test_a_session_that_is_over_is_begun_anew_but_not_at_once(place, server, asked):
    server.end_sessions()
    with pytest.raises(TryLater, match="session on Bluesky is over") as over:
        answer(place, asked)
    with pytest.raises(TryLater, match="moments ago") as hurried:
        answer(place, asked)
    place.pass_(minutes=5)
    answer(place, asked)

    assert over.value.surely_not_done
    assert hurried.value.surely_not_done
    assert hurried.value.after == timedelta(minutes=5)
    assert place.answers() == ["Soon."]


def test_after_a_password_was_revoked_we_are_told_so(place, server):
    cursor = begun(place)
    server.revoke()
    read(place.adapter, cursor)  # until its session has to be renewed
    place.pass_(minutes=119)
    with pytest.raises(TryLater):
        place.adapter.fetch(cursor)

    with pytest.raises(LockedOut, match=r"wrong, or was revoked\. Look at BLUESKY_APP_PASSWORD"):
        place.adapter.fetch(cursor)


def test_a_wrong_password_is_not_tried_again_and_again(place, server):
    adapter = place.locked_out()
    said = set()
    for _ in range(10):
        with pytest.raises(LockedOut) as shut:
            adapter.fetch(None)
        said.add(str(shut.value))
        place.pass_(minutes=1)

    assert server.requests.count(SIGN_IN) == 2
    assert len(said) == 1


@pytest.mark.parametrize("named", ["ratelimit-reset", "retry-after"])
def test_who_signed_in_too_often_waits_as_long_as_bluesky_says(place, server, named):
    server.limit(250, on=SIGN_IN, named=named)
    adapter = place.restarted()
    with pytest.raises(TryLater) as first:
        adapter.fetch(None)
    place.pass_(minutes=4)
    with pytest.raises(TryLater) as second:
        adapter.fetch(None)
    place.pass_(minutes=1)
    adapter.fetch(None)

    assert first.value.after == timedelta(seconds=250)
    assert second.value.after == timedelta(seconds=10)
    assert server.requests.count(SIGN_IN) == 2


def test_the_account_s_own_server_is_followed(place, server):
    """Signed in at bsky.social, one is told at which of its servers the account lives."""
    with BlueskyServer(place.clock) as home:
        home.sessions = server.sessions
        server.moved_to = home.url
        home.post("Hello from home")

        mentions = new(place, None)

        assert [m.text for m in mentions] == ["@acme.test Hello from home"]
        assert server.requests == [SIGN_IN]


def test_no_server_elsewhere_sends_us_to_this_machine():
    wire = Wire(web.Line(), "https://bsky.example", lambda: NOON)

    with pytest.raises(Declined, match="this very machine"):
        wire.get("http://127.0.0.1:5432/xrpc/x")


# What errors mean


def test_check_says_as_whom(place):
    assert place.adapter.check() == "Bluesky as @acme.test"


def test_the_account_s_own_password_opens_too_much(place):
    said = place.restarted(BLUESKY_APP_PASSWORD=ACCOUNT_PASSWORD).check()

    assert said.startswith("Bluesky as @acme.test; BLUESKY_APP_PASSWORD is the account's own")


def test_notifications_that_the_account_s_settings_keep_from_us_are_named(place, server):
    server.preferences = {
        "mention": {"include": "follows", "list": True},
        "reply": {"include": "all", "list": False},
        "quote": {"include": "all", "list": True},
        "like": {"include": "follows", "list": False},
    }

    assert "Bluesky hides some from us (mention, reply)" in place.adapter.check()


def no_server(server: BlueskyServer) -> None:
    server.fail(404, on=SIGN_IN)


def no_pds(server: BlueskyServer) -> None:
    server.problem(501, "MethodNotImplemented", "Method Not Implemented", on=SIGN_IN)


def a_web_page(server: BlueskyServer) -> None:
    server.fail(200, "<html>The app</html>", on=SIGN_IN)


def wants_code(server: BlueskyServer) -> None:
    server.wants_code = True


def taken_down(server: BlueskyServer) -> None:
    server.state = "AccountTakedown"


def deactivated(server: BlueskyServer) -> None:
    server.active = {"active": False, "status": "deactivated"}


def lives_elsewhere(server: BlueskyServer) -> None:
    server.elsewhere.add(server.brand.did)


def anything_else(server: BlueskyServer) -> None:
    server.problem(403, "Forbidden", "Not today.", on=SIGN_IN)


def nothing(_: BlueskyServer) -> None:
    pass


@pytest.mark.parametrize(
    ("wrong", "settings", "said"),
    [
        (nothing, {"BLUESKY_APP_PASSWORD": "x"}, f"it is wrong, or was revoked. {PASSWORD}"),
        (nothing, {"BLUESKY_HANDLE": "akme.test"}, "is called akme.test. Look at BLUESKY_HANDLE."),
        (
            lives_elsewhere,
            {"BLUESKY_APP_PASSWORD": "x"},
            f"acme.test has no account at http://127.0.0.1:PORT. {URL}",
        ),
        (
            wants_code,
            {"BLUESKY_APP_PASSWORD": ACCOUNT_PASSWORD},
            "BLUESKY_APP_PASSWORD is the account's own password, and Bluesky wants a code as well.",
        ),
        (taken_down, {}, "Bluesky has acme.test taken down. Sign in there to see why."),
        (deactivated, {}, "acme.test is deactivated on Bluesky. Sign in there to see why."),
        (no_server, {}, f"There is no Bluesky server (PDS) at http://127.0.0.1:PORT. {URL}"),
        (no_pds, {}, f"There is no Bluesky server (PDS) at http://127.0.0.1:PORT. {URL}"),
        (a_web_page, {}, f"There is no Bluesky server (PDS) at http://127.0.0.1:PORT. {URL}"),
        (anything_else, {}, f"Bluesky does not let us in: Not today. {PASSWORD}"),
    ],
)
def test_each_way_of_being_shut_out_has_its_sentence(place, server, wrong, settings, said):
    wrong(server)

    with pytest.raises(LockedOut) as shut:
        place.restarted(**settings).check()

    assert said.replace("PORT", server.url.rpartition(":")[2]) in str(shut.value)


@pytest.mark.parametrize(("status", "kind"), [(400, TryLater), (403, LockedOut)])
def test_check_says_what_a_look_would(place, server, status, kind):
    server.problem(status, "InvalidRequest", "Profile not found", on="listNotifications", times=2)

    with pytest.raises(kind, match="Profile not found"):
        place.adapter.check()
    with pytest.raises(kind, match="Profile not found"):
        place.adapter.fetch(None)


def test_who_is_taken_down_while_at_work_is_told_so(place, server, asked):
    server.state = "AccountTakedown"

    with pytest.raises(LockedOut, match=r"has acme\.test taken down"):
        place.adapter.fetch(None)
    with pytest.raises(LockedOut, match=r"has acme\.test taken down"):
        answer(place, asked)


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("BLUESKY_HANDLE", "acme", "BLUESKY_HANDLE must be a whole handle"),
        ("BLUESKY_HANDLE", "care@acme.com", "BLUESKY_HANDLE must be a whole handle"),
        ("BLUESKY_HANDLE", "https://bsky.app/profile/acme.test", "must be a whole handle"),
        ("BLUESKY_URL", "bsky.social", "BLUESKY_URL must begin with https://"),
        ("BLUESKY_EVERY", "1", "BLUESKY_EVERY must be a number of seconds"),
    ],
)
def test_a_setting_that_can_t_be_is_named(place, setting, value, said):
    with pytest.raises(ValueError, match=said):
        place.restarted(**{setting: value})


@pytest.mark.parametrize("handle", ["@acme.test", " Acme.Test ", "did:plc:x"])
def test_a_handle_may_be_written_as_people_do(place, handle):
    adapter = place.restarted(BLUESKY_HANDLE=handle)

    assert adapter.handle in ("acme.test", "did:plc:x")
    assert adapter.words == [adapter.handle] * (adapter.handle == "acme.test")


def test_another_account_names_its_own_settings(place, server):
    environment = server.environment("bluesky:de") | {"BLUESKY_DE_APP_PASSWORD": "x"}
    adapter = make("bluesky:de", Bluesky, environment, place.clock, HISTORY)

    with pytest.raises(LockedOut, match="Look at BLUESKY_DE_APP_PASSWORD"):
        adapter.check()


@pytest.mark.parametrize(
    "body", ["", "[]", "{}", '{"notifications": 7}', '{"notifications": [], "cursor": 7}']
)
def test_an_answer_that_makes_no_sense_is_tried_again(place, server, body):
    server.fail(200, body, on="listNotifications")

    with pytest.raises(TryLater):
        place.adapter.fetch(None)


def test_an_outage_while_publishing_may_have_published(place, server, asked):
    server.fail(502, on=PUT)

    with pytest.raises(TryLater) as lost:
        answer(place, asked)

    assert not lost.value.surely_not_done


def test_an_outage_before_publishing_has_published_nothing(place, server, asked):
    server.fail(502, on="getPosts", times=2)

    with pytest.raises(TryLater) as first:
        answer(place, asked)
    with pytest.raises(TryLater) as second:
        answer(place, asked, again=True)

    assert first.value.surely_not_done
    assert not second.value.surely_not_done  # the earlier attempt may be


def test_a_limit_is_obeyed(place, server, asked):
    server.limit(90, on=PUT)

    with pytest.raises(TryLater) as limited:
        answer(place, asked)

    assert limited.value.after == timedelta(seconds=90)
    assert limited.value.surely_not_done


def test_a_limit_without_an_end_is_waited_for(place, server):
    server.fail(429, {"error": "RateLimitExceeded"}, on="listNotifications")

    with pytest.raises(TryLater) as limited:
        place.adapter.fetch(None)

    assert limited.value.after == timedelta(minutes=15)


def test_half_an_answer_to_a_publication_may_be_one(place, server, asked):
    server.cut_short(on=PUT)
    with pytest.raises(TryLater) as cut:
        answer(place, asked)

    answer(place, asked, again=True)

    assert not cut.value.surely_not_done
    assert place.answers() == ["Soon."]


@pytest.mark.parametrize("trouble", ["hang", "drip"])
def test_no_call_waits_longer_than_its_patience(place, server, trouble):
    begun(place)
    place.adapter.line.connection.patience = 0.3
    getattr(server, trouble)(on="listNotifications")
    started = time.monotonic()

    with pytest.raises(TryLater):
        place.adapter.fetch(None)

    assert time.monotonic() - started < 5


def test_a_server_that_is_not_there_has_surely_done_nothing(place, asked):
    adapter = place.restarted(BLUESKY_URL="http://127.0.0.1:1")

    with pytest.raises(TryLater) as gone:
        adapter.reply(asked, "Soon.", key="k1", again=False)

    assert gone.value.surely_not_done


def test_nothing_secret_is_logged_or_shown(place, server, asked, caplog):
    caplog.set_level(logging.DEBUG)
    adapter = place.restarted()
    answer(place, asked)
    read(adapter, None)
    secrets = [APP_PASSWORD, *server.sessions]

    shown = [caplog.text, *(repr(thing) for thing in (adapter, adapter.line, vars(adapter)))]

    assert not [secret for secret in secrets for text in shown if secret in text]


def test_no_key_is_in_what_is_said_of_a_session_that_makes_no_sense(place, server):
    token = "eyJhbGciOiJIUzI1NiJ9.c2VjcmV0.c2lnbmVk"
    said = {"accessJwt": token, "refreshJwt": 7, "did": None, "handle": []}
    server.fail(200, said, on=SIGN_IN)

    with pytest.raises(LockedOut) as shut:
        place.restarted().fetch(None)

    assert token not in "".join(traceback.format_exception(shut.value))


def test_pages_are_in_the_order_of_their_moments(place, server):
    for number in range(5):
        server.post("Hello", at=NOON - timedelta(minutes=(7 * number) % 5))

    for batch in pages(place.adapter, None):
        assert all(a.posted_at <= b.posted_at for a, b in pairwise(batch.mentions))


def test_a_clock_of_ours_that_is_wrong_by_a_day_is_no_damage():
    trail = Trail.beginning(NOON + timedelta(days=1))
    saved = Cursor(trails={"notifications": trail}).dump()

    assert not Cursor.load(saved, NOON).damaged
    assert Clock()() == NOON
