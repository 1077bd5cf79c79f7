"""What is special about X: late listing, walks, gaps, money, and what its errors mean."""

import json
import logging
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters import make
from adapters.twitter import Twitter
from adapters.twitter.posts import CLOSED, NOT_CALLED, PROTECTED, Us, mention, same_words
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Attachment, Sent, follow
from tests.adapters.places import HISTORY, NOON, Clock, TwitterPlace, twitter
from tests.adapters.test_contract import PNG, new, pages, read
from tests.adapters.x_server import DUPLICATE, INVISIBLE, KEYS, NOT_SUMMONED, UPLOAD, XServer

SEARCH = {"X_SEARCH": "acme shoes OR akme"}
MENTIONS, OWN = "/mentions", "/7000000000/tweets"
NOTHING = {"meta": {"result_count": 0}}
GIF = Attachment("hooray.gif", "image/gif", b"GIF89a" + bytes(300))
DAY = 24 * 60


@pytest.fixture
def place() -> Iterator[TwitterPlace]:
    with twitter() as place:
        yield place


@pytest.fixture
def x(place: TwitterPlace) -> XServer:
    return place.x


@pytest.fixture
def asked(place: TwitterPlace) -> Mention:
    """Mira's question, as we have it."""
    place.post("Where is my order?")
    return new(place, None)[0]


def answer(
    place: TwitterPlace, mention: Mention, text: str = "Soon.", again: bool = False, **more: Any
) -> Any:
    return place.adapter.reply(mention, text, key="k1", again=again, **more)


def gaps(place: TwitterPlace, cursor: str | None) -> list[str]:
    return [batch.gap for batch in pages(place.adapter, cursor) if batch.gap]


# Reading


arrivals = st.tuples(st.just("post"), st.sampled_from([1, 1, 3, 60, 130]), st.integers(0, 10))
steps = st.one_of(
    arrivals,
    st.tuples(st.just("page"), st.just(0), st.just(0)),
    st.tuples(st.just("restart"), st.just(0), st.just(0)),
    st.tuples(st.just("pass"), st.sampled_from([1, 2, 5, 11, 200]), st.just(0)),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(steps, max_size=14))
@pytest.mark.fault(45)
def test_whenever_posts_arrive_and_however_late_they_are_listed_none_is_lost(
    story: list[tuple[str, int, int]],
) -> None:
    with twitter() as place:
        cursor = read(place.adapter, None)[1]
        found: set[str] = set()
        posted: set[str] = set()

        for what, number, late in story:
            if what == "post":
                delay = timedelta(minutes=late)
                posted |= {place.x.post("Hello", late=delay) for _ in range(number)}
            elif what == "page":
                batch = place.adapter.fetch(cursor)
                found |= {m.key for m in batch.mentions}
                cursor = batch.cursor
            elif what == "restart":
                place.adapter = place.restarted()
            else:
                place.pass_(number)
        for _ in range(3):
            place.pass_(minutes=11)
            mentions, cursor = read(place.adapter, cursor)
            found |= {m.key for m in mentions}

        assert found == posted


@pytest.mark.fault(45)
def test_a_post_that_is_listed_late_is_found_below_newer_ones(place: TwitterPlace) -> None:
    late = place.x.post("Late", late=timedelta(minutes=9))
    place.post("In time")
    cursor = read(place.adapter, None)[1]
    place.pass_(minutes=11)

    found = {m.key for m in new(place, cursor)}

    assert late in found


def test_looking_again_settles_only_what_is_ten_minutes_old(place: TwitterPlace) -> None:
    place.post("First")
    cursor = read(place.adapter, None)[1]
    place.pass_(minutes=9)
    late = place.x.post("Late", late=timedelta(minutes=9))
    place.pass_(minutes=1)
    place.post("In time")
    _, cursor = read(place.adapter, cursor)
    place.pass_(minutes=11)

    found = {m.key for m in new(place, cursor)}

    assert late in found


def test_a_lonely_post_is_paid_for_twice_and_never_again(place: TwitterPlace, x: XServer) -> None:
    place.post("Hello")
    cursor: str | None = None

    for _ in range(40):
        cursor = read(place.adapter, cursor)[1]
        place.pass_(minutes=1)

    assert x.reads == 2


def test_a_busy_hour_is_paid_for_three_times_at_most(place: TwitterPlace, x: XServer) -> None:
    cursor = read(place.adapter, None)[1]

    for _ in range(60):
        place.post("Hello")
        cursor = read(place.adapter, cursor)[1]
        place.pass_(minutes=1)

    assert x.reads <= 3 * 60


def test_a_page_that_leads_to_itself_neither_loops_nor_loses(
    place: TwitterPlace, x: XServer
) -> None:
    cursor = read(place.adapter, None)[1]
    keys = {place.post("Hello") for _ in range(250)}
    x.stuck = True
    _, cursor = read(place.adapter, cursor)

    x.stuck = False
    found = {m.key for m in new(place, cursor)}

    assert found == keys


@pytest.mark.fault(45)
def test_pages_out_of_order_and_overlapping_lose_nothing(place: TwitterPlace, x: XServer) -> None:
    cursor = read(place.adapter, None)[1]
    keys = {place.post("Hello") for _ in range(250)}
    x.shuffled = True

    batches = list(pages(place.adapter, cursor))

    assert {m.key for batch in batches for m in batch.mentions} == keys
    for batch in batches:
        ids = [int(m.key) for m in batch.mentions]
        assert ids == sorted(ids)


def test_a_forgotten_page_begins_the_walk_anew(place: TwitterPlace, x: XServer) -> None:
    cursor = read(place.adapter, None)[1]
    keys = {place.post("Hello") for _ in range(150)}
    first = place.adapter.fetch(cursor)
    message = "Invalid 'pagination_token'"
    x.fail(400, {"errors": [{"message": message}], "title": "Invalid Request"}, on=MENTIONS)

    _, cursor = read(place.adapter, first.cursor)
    found = {m.key for m in new(place, cursor)}

    assert found == keys


@pytest.mark.fault(47)
def test_more_than_x_shows_is_told_with_its_bounds(place: TwitterPlace) -> None:
    place.post("Seen")
    cursor = read(place.adapter, None)[1]
    place.pass_(minutes=30)
    for _ in range(820):
        place.post("Hello")

    [gap] = gaps(place, cursor)

    assert "between 03 November 12:00 and 03 November 12:30 UTC" in gap


def test_reading_again_what_was_read_is_no_gap(place: TwitterPlace) -> None:
    cursor = read(place.adapter, None)[1]
    for _ in range(2):
        for _ in range(420):
            place.post("Hello")
        cursor = read(place.adapter, cursor)[1]
    place.pass_(minutes=11)

    assert gaps(place, cursor) == []


@pytest.mark.parametrize("body", [{}, {"data": []}, [], "{broken", "null", "<html></html>"])
def test_an_answer_that_is_no_list_never_ends_a_walk(
    place: TwitterPlace, x: XServer, body: Any
) -> None:
    cursor = read(place.adapter, None)[1]
    place.post("Hello")
    x.fail(200, body, on=MENTIONS)

    with pytest.raises(TryLater):
        place.adapter.fetch(cursor)

    assert len(new(place, cursor)) == 1


@pytest.mark.parametrize("item", [None, 7, "text", [], {}, {"id": "x"}, {"id": "9" * 5000}])
@pytest.mark.fault(39)
def test_whatever_is_listed_as_a_post_the_others_are_read(
    place: TwitterPlace, x: XServer, item: Any
) -> None:
    key = place.post("Hello")
    cursor = place.adapter.fetch(None).cursor
    body = {"data": [item], "includes": {"users": [None], "tweets": 7}, "meta": {}}
    x.fail(200, body, on=OWN)
    x.fail(200, body, on=MENTIONS)

    own = place.adapter.fetch(cursor)
    mentions = place.adapter.fetch(own.cursor)
    place.pass_(minutes=11)
    _, cursor = read(place.adapter, mentions.cursor)

    assert len(own.unreadable) == len(mentions.unreadable) == 1
    assert [m.key for m in new(place, cursor)] == [key]


def test_trouble_with_our_own_posts_does_not_hold_up_mentions(
    place: TwitterPlace, x: XServer
) -> None:
    cursor = read(place.adapter, None)[1]
    key = place.post("Hello")
    x.fail(503, on=OWN, times=3)

    mentions, cursor = read(place.adapter, cursor)
    own = place.answer_elsewhere(key, "Hi")
    for _ in range(3):
        more, cursor = read(place.adapter, cursor)
        mentions += more

    assert {m.key for m in mentions} == {key, own}


def test_what_we_cannot_read_for_good_is_told_once(place: TwitterPlace, x: XServer) -> None:
    x.problem(403, "Your plan does not include this.", on=OWN, times=2)

    batches = [*pages(place.adapter, None)]
    again = gaps(place, batches[-1].cursor)

    assert [b.gap for b in batches] == [
        "",
        "X does not show us our own posts: Your plan does not include this.",
    ]
    assert again == []


# Searching


def test_a_search_finds_those_who_do_not_call_us_and_says_they_cannot_be_answered() -> None:
    with twitter(**SEARCH) as place:
        key = place.x.post("My acme shoes are torn", to_nobody=True)
        place.x.post("Nothing to see", to_nobody=True)
        place.post("I want acme shoes")

        mentions = new(place, None)

    assert [m.no_reply for m in mentions if m.key == key] == [NOT_CALLED]
    assert [m.no_reply for m in mentions if m.key != key] == [""]


def test_a_quote_of_ours_can_be_answered() -> None:
    with twitter(**SEARCH) as place:
        ours = place.x.post("New acme shoes!", by="acme")
        place.x.post("akme, these fall apart", to_nobody=True, quoted=int(ours))

        [quote] = new(place, None)
        answer(place, quote)

        assert quote.origin is Origin.CUSTOMER
        assert quote.quotes_us
        assert place.answers() == ["Soon."]


def test_a_quiet_week_is_no_gap() -> None:
    with twitter(**SEARCH) as place:
        cursor: str | None = None
        told = []
        for _ in range(10):
            told += gaps(place, cursor)
            cursor = read(place.adapter, cursor)[1]
            place.pass_(minutes=DAY)
        key = place.x.post("akme!", to_nobody=True)
        mentions = [m for _ in range(2) for m in new(place, cursor)]

    assert told == []
    assert key in {m.key for m in mentions}


@pytest.mark.fault(47)
def test_a_week_away_is_told_with_its_bounds_and_reading_goes_on() -> None:
    with twitter(**SEARCH) as place:
        place.x.post("akme!", to_nobody=True)
        cursor: str | None = read(place.adapter, None)[1]
        place.pass_(minutes=9 * DAY)
        key = place.x.post("akme again", to_nobody=True)

        batches = list(pages(place.adapter, cursor))
        found = new(place, batches[-1].cursor)

    assert [b.gap for b in batches if b.gap] == [
        "X's search forgets after 7 days: what was posted between 03 November 12:00"
        " and 05 November 12:01 UTC is lost."
    ]
    assert [m.key for m in found] == [key]


# Money


def test_the_month_s_reads_are_told_once_and_last_until_the_next_month() -> None:
    with twitter(X_MONTHLY_READS="3") as place:
        for _ in range(3):
            place.post("Hello")
        told = list(pages(place.adapter, None))
        place.post("One too many")
        before = len(place.x.requests)

        told.append(place.adapter.fetch(told[-1].cursor))

        assert [b.gap for b in told if b.gap] == [
            "X_MONTHLY_READS (3) is used up. X is not read until next month, or raise it."
        ]
        assert len(place.x.requests) == before
        place.pass_(minutes=28 * DAY)
        assert "One too many" in str(new(place, told[-1].cursor))


# What a mention tells


def test_the_link_that_x_makes_of_a_picture_is_no_word(place: TwitterPlace) -> None:
    photo = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/1.jpg"}
    place.x.post(
        "Look: https://acme.com/kettle and https://x.com/ola/status/5/photo/1", media=photo
    )

    [told] = new(place, None)

    assert told.text == (
        "@acme Look: https://acme.com/kettle and https://x.com/ola/status/5/photo/1"
    )


def test_words_links_and_media_are_told_as_they_were_meant(place: TwitterPlace, x: XServer) -> None:
    photo = {"media_key": "3_1", "type": "photo", "url": "https://pbs.twimg.com/1.jpg"}
    place.x.post("R&D <3 see https://acme.com/a?b=1&c=2 &amp;", media=photo)

    [told] = new(place, None)

    assert told.text == "@acme R&D <3 see https://acme.com/a?b=1&c=2 &amp;"
    assert told.media == ("https://pbs.twimg.com/1.jpg",)
    assert told.language == "en"
    assert told.customer.followers == 10
    assert told.url == f"https://x.com/mira/status/{told.key}"


def test_who_lets_nobody_answer_is_said_before(place: TwitterPlace, x: XServer) -> None:
    x.user("shy", protected=True)
    place.post("Hello", by="shy")

    [told] = new(place, None)

    assert told.no_reply == PROTECTED


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"reply_settings": "mentionedUsers"}, CLOSED),
        ({"reply_settings": "mentionedUsers", "entities": {"mentions": [{"id": "1"}]}}, ""),
        ({"reply_settings": "everyone"}, NOT_CALLED),
    ],
)
def test_who_lets_only_some_answer_is_told_apart(change: dict[str, Any], expected: str) -> None:
    assert from_raw(**change).no_reply == expected


def test_a_repost_is_no_customer() -> None:
    told = from_raw(referenced_tweets=[{"type": "retweeted", "id": "40"}])

    assert told.origin is Origin.REPOST


@pytest.mark.fault(41)
def test_half_a_character_and_nul_do_not_reach_the_database() -> None:
    told = from_raw(text="a\0b\ud800c")

    assert told.text == "ab\ufffdc"


def from_raw(**change: Any) -> Mention:
    post = {"id": "50", "author_id": "2", "text": "Hi", "created_at": "2026-11-03T12:00:00.000Z"}
    includes = {"users": [{"id": "2", "username": "mira", "name": "Mira"}]}
    return mention({**post, **change}, {"includes": includes}, "twitter", Us("1", "acme"))


# Answering


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a" * 280, 280),
        ("a\r\nb", 3),
        ("https://acme.com/" + "x" * 100, 23),
        ("\N{FAMILY}" * 10, 20),
        ("\u65e5\u672c", 4),
    ],
)
def test_length_is_measured_as_x_does(place: TwitterPlace, text: str, expected: int) -> None:
    assert place.adapter.length(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "See acme.com/help and https://acme.com/?a=1&b=2 <now>!",
        "Caf\u00e9, not Cafe\u0301",
        "  Two  spaces\r\nand lines ",
        "@mira Yes!",
    ],
)
def test_our_answer_is_found_again_whatever_x_makes_of_it(
    place: TwitterPlace, x: XServer, asked: Mention, text: str
) -> None:
    x.lose_next_answer()
    with pytest.raises(TryLater):
        answer(place, asked, text)

    answer(place, asked, text, again=True)

    assert place.calls() == 1


@pytest.mark.parametrize(
    "spoil",
    [
        lambda x: x.cut_short(on="POST"),
        lambda x: x.fail(503, on="POST", done=True),
        lambda x: x.fail(200, "<html>", on="POST", done=True),
        lambda x: x.hang(on="POST", seconds=0.1),
    ],
)
def test_an_answer_that_was_published_is_found_however_its_answer_was_spoilt(
    place: TwitterPlace, x: XServer, asked: Mention, spoil: Any
) -> None:
    x.strict = False  # it would publish the same words twice
    spoil(x)
    with pytest.raises(TryLater):
        answer(place, asked)

    answer(place, asked, again=True)

    assert len(place.answers()) == 1
    assert sum(x.struck.values()) == 1


def test_a_late_answer_is_an_answer(place: TwitterPlace, x: XServer, asked: Mention) -> None:
    x.delay(0.2, on="POST")

    answer(place, asked)

    assert place.answers() == ["Soon."]


def test_other_words_of_ours_are_not_taken_for_this_answer(
    place: TwitterPlace, asked: Mention
) -> None:
    place.answer_elsewhere(asked.key, "Something else.")

    answer(place, asked, again=True)

    assert place.answers() == ["Something else.", "Soon."]


def test_the_same_words_are_the_same_and_others_are_not() -> None:
    assert same_words("@mira see https://t.co/abcdefghij", "see acme.com/help")
    assert not same_words("Yes!", "No!")


@pytest.mark.parametrize(
    ("detail", "said"),
    [
        (DUPLICATE, "Change a word"),
        (NOT_SUMMONED, "Answer it in X itself"),
        (INVISIBLE, "deleted"),
        ("You have been blocked from replying.", "has blocked us"),
        ("Something new.", "Something new."),
    ],
)
@pytest.mark.fault(43)
def test_what_x_will_not_have_is_refused_in_a_sentence(
    place: TwitterPlace, x: XServer, asked: Mention, detail: str, said: str
) -> None:
    x.problem(403, detail, on="POST")

    with pytest.raises(Refused, match=said):
        answer(place, asked)


@pytest.mark.parametrize(
    "detail",
    [
        "Your client app is not configured with the appropriate oauth1 app permissions for this.",
        "Your account is suspended and is not permitted to access this feature.",
    ],
)
def test_what_no_other_words_would_help_locks_us_out(
    place: TwitterPlace, x: XServer, asked: Mention, detail: str
) -> None:
    x.problem(403, detail, on="POST")

    with pytest.raises(LockedOut, match="X_ACCESS_TOKEN"):
        answer(place, asked)


@pytest.mark.parametrize(
    ("status", "body", "surely_not_done"),
    [
        (402, {"title": "CreditsDepleted", "detail": "No credits."}, True),
        (429, {"title": "Too Many Requests"}, True),
        (500, {"title": "Oops"}, False),
        (503, "<html>Over capacity</html>", False),
        (403, "<html>Attention required!</html>", False),
        (302, "", False),
        (201, "<html></html>", False),
        (201, {"errors": [{"message": "?"}]}, False),
        (201, [], False),
        (403, [], False),
    ],
)
def test_what_may_work_later_says_whether_it_may_have_happened(
    place: TwitterPlace, x: XServer, asked: Mention, status: int, body: Any, surely_not_done: bool
) -> None:
    x.fail(status, body, on="POST")

    with pytest.raises(TryLater) as later:
        answer(place, asked)

    assert later.value.surely_not_done is surely_not_done
    assert place.calls() == 1


def test_our_signature_follows_no_redirect(place: TwitterPlace, x: XServer, asked: Mention) -> None:
    x.fail(302, "", on="POST", Location=f"{x.url}/2/users/me?elsewhere=1")
    before = x.requests.count("GET /2/users/me")

    with pytest.raises(TryLater):
        answer(place, asked)

    assert x.requests.count("GET /2/users/me") == before


def test_used_up_credits_are_said(place: TwitterPlace, x: XServer, asked: Mention) -> None:
    x.problem(402, "No credits.", on="POST")

    with pytest.raises(TryLater, match="credits") as later:
        answer(place, asked)

    assert later.value.after == timedelta(hours=1)


@pytest.mark.parametrize("of", ["x-rate-limit", "x-user-limit-24hour"])
def test_a_rate_limit_says_how_long(
    place: TwitterPlace, x: XServer, asked: Mention, of: str
) -> None:
    x.limit(400, on="POST", of=of)

    with pytest.raises(TryLater) as later:
        answer(place, asked)

    assert later.value.after == timedelta(seconds=400)


def test_after_an_uncertain_attempt_nothing_is_sure_any_more(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    x.limit(400, on=OWN)

    with pytest.raises(TryLater) as later:
        answer(place, asked, again=True)

    assert not later.value.surely_not_done


def test_where_nobody_listens_surely_nothing_happened(asked: Mention) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    adapter = make("twitter", Twitter, {**KEYS, "X_API_URL": url}, Clock(), HISTORY)

    with pytest.raises(TryLater) as later:
        adapter.reply(asked, "Soon.", key="k1", again=False)

    assert later.value.surely_not_done


@pytest.mark.fault(17)
@pytest.mark.parametrize("slowly", [XServer.hang, XServer.drip])
def test_no_server_can_hold_us(
    place: TwitterPlace, x: XServer, asked: Mention, slowly: Any
) -> None:
    place.adapter.line.patience = 0.3
    slowly(x, on="POST")

    with pytest.raises(TryLater) as later:
        answer(place, asked)

    assert not later.value.surely_not_done
    place.adapter.line.patience = 5
    assert answer(place, asked, again=True)
    assert place.calls() == 1


def test_a_duplicate_that_is_not_listed_yet_is_left_to_a_person(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    answer(place, asked)
    x.fail(200, NOTHING, on=OWN, times=2)

    with pytest.raises(Unsure):
        answer(place, asked, again=True)

    assert place.answers() == ["Soon."]


def test_a_duplicate_that_is_listed_by_now_is_found(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    first = answer(place, asked)
    x.fail(200, NOTHING, on=OWN)

    assert answer(place, asked, again=True) == first
    assert place.answers() == ["Soon."]


def test_too_many_posts_of_ours_to_look_through_are_left_to_a_person(
    place: TwitterPlace, asked: Mention
) -> None:
    for number in range(501):
        place.x.post(f"News {number}", by="acme")

    with pytest.raises(Unsure):
        answer(place, asked, again=True)

    assert place.calls() == 0


# A long answer


def test_a_part_answers_ours_and_calls_the_customer_again(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    first = answer(place, asked)

    answer(place, follow(asked, first), "And a new one is free.")

    [one, two] = x.answers()
    assert (one.in_reply_to, two.in_reply_to) == (asked.key, first.key)
    assert [one.text, two.text] == ["@mira Soon.", "@mira And a new one is free."]


# Files


def uploads(x: XServer) -> int:
    return x.requests.count(f"POST {UPLOAD}")


def test_a_file_that_was_not_taken_yet_has_published_nothing(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    x.fail(503, on=UPLOAD)
    x.hang(on=UPLOAD)

    for patience in (5, 0.3):
        place.adapter.line.patience = patience
        with pytest.raises(TryLater) as later:
            answer(place, asked, files=[PNG])
        assert later.value.surely_not_done

    assert place.answers() == []
    assert uploads(x) == 2


def test_sending_a_file_and_waiting_share_one_patience(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    place.adapter.check()
    place.adapter.line.patience = 2
    x.slow = 1.5
    x.hang(on=UPLOAD)
    photo = Attachment("a.png", "image/png", PNG.content.ljust(5_000_000, b"x"))
    began = time.monotonic()

    with pytest.raises(TryLater):
        answer(place, asked, files=[photo])

    assert 1.8 < time.monotonic() - began < 2.8


def test_a_file_that_was_not_taken_says_nothing_about_the_attempt_before(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    x.fail(503, on=UPLOAD)

    with pytest.raises(TryLater) as later:
        answer(place, asked, again=True, files=[PNG])

    assert not later.value.surely_not_done


@pytest.mark.parametrize(
    "body",
    [{}, [], {"data": []}, {"data": {"id": None}}, {"data": {"id": "1", "processing_info": 7}}],
)
def test_an_upload_that_makes_no_sense_publishes_nothing(
    place: TwitterPlace, x: XServer, asked: Mention, body: Any
) -> None:
    x.fail(200, body, on=UPLOAD)

    with pytest.raises(TryLater) as later:
        answer(place, asked, files=[PNG])

    assert later.value.surely_not_done
    assert place.answers() == []


def test_a_file_that_is_not_what_it_says_is_refused_by_its_name(
    place: TwitterPlace, asked: Mention
) -> None:
    liar = Attachment("crack.png", "image/png", b"<html>")

    with pytest.raises(Refused, match=r"X does not take crack\.png: media type unrecognized"):
        answer(place, asked, files=[liar])

    assert place.answers() == []


def test_keys_that_may_not_upload_lock_us_out(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    detail = "Your client app is not configured with the appropriate oauth1 app permissions."
    x.problem(403, detail, on=UPLOAD)

    with pytest.raises(LockedOut, match="X_ACCESS_TOKEN"):
        answer(place, asked, files=[PNG])


def test_an_answer_that_is_there_is_not_uploaded_again(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    first = answer(place, asked, "See acme.com/help", files=[PNG])

    again = answer(place, asked, "See acme.com/help", again=True, files=[PNG])

    assert again == first
    assert uploads(x) == 1


def test_an_animation_goes_out_once_x_is_ready_with_it(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    x.checks = 3

    answer(place, asked, files=[GIF])

    assert place.files() == [(GIF.type, GIF.content)]
    assert x.requests.count(f"GET {UPLOAD}") == 3


def test_an_animation_that_never_gets_ready_is_tried_later(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    x.checks = 1000

    with pytest.raises(TryLater) as later:
        answer(place, asked, files=[GIF])

    assert later.value.surely_not_done
    assert place.answers() == []


def test_an_animation_that_x_can_make_nothing_of_is_refused(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    x.spoils_media = True

    with pytest.raises(Refused, match=r"hooray\.gif"):
        answer(place, asked, files=[GIF])


def test_an_animation_goes_alone(place: TwitterPlace, asked: Mention) -> None:
    with pytest.raises(Refused, match="one GIF alone"):
        answer(place, asked, files=[PNG, GIF])

    assert place.calls() == 0


def test_no_file_is_ever_logged(
    place: TwitterPlace, asked: Mention, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer(place, asked, files=[PNG])

    assert "iVBORw0KGgo" not in caplog.text


# Taking back


def test_what_x_will_not_delete_is_refused_in_its_words(
    place: TwitterPlace, asked: Mention
) -> None:
    with pytest.raises(Refused, match="You are not authorized to delete this Tweet"):
        place.adapter.withdraw(Sent(key=asked.key), asked, again=False)

    assert len(new(place, None)) == 1


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, {"data": {"deleted": False}}),
        (200, {"data": []}),
        (200, "<html></html>"),
        (404, "<html>Not found</html>"),
        (503, ""),
    ],
)
def test_a_withdrawal_that_x_does_not_confirm_is_tried_later(
    place: TwitterPlace, x: XServer, asked: Mention, status: int, body: Any
) -> None:
    sent = answer(place, asked)
    x.fail(status, body, on="DELETE")

    with pytest.raises(TryLater):
        place.adapter.withdraw(sent, asked, again=True)

    assert place.answers() == ["Soon."]


def test_what_x_cannot_find_and_yet_shows_is_not_taken_for_deleted(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    sent = answer(place, asked)
    x.problem(404, "There is no such endpoint.", on="DELETE")

    with pytest.raises(Refused, match="no such endpoint"):
        place.adapter.withdraw(sent, asked, again=True)


# Finding


@pytest.mark.parametrize(
    "address",
    [
        "https://x.com/acme/status/{}",
        "https://twitter.com/acme/status/{}?ref_src=twsrc",
        "http://mobile.twitter.com/acme/status/{}/",
        "https://www.x.com/Acme/statuses/{}#m",
        "https://X.com/i/web/status/{}",
        "https://x.com/i/status/{}",
        "x.com/acme/status/{}/photo/1",
    ],
)
def test_our_post_is_found_at_each_of_its_addresses(
    place: TwitterPlace, asked: Mention, address: str
) -> None:
    sent = answer(place, asked)

    found = place.adapter.find(address.format(sent.key))

    assert found
    assert (found.key, found.parent, found.origin) == (sent.key, asked.key, Origin.OWN)


@pytest.mark.parametrize(
    "address",
    [
        "https://x.com/acme",
        "https://x.com/acme/status/{}0000",
        "https://nitter.example/acme/status/{}",
        "https://x.com.evil.example/acme/status/{}",
        "https://x.com/acme/status/{}abc",
        "https://x.com/acme/lists/{}",
    ],
)
def test_another_address_is_not_asked_for(
    place: TwitterPlace, x: XServer, asked: Mention, address: str
) -> None:
    sent = answer(place, asked)
    before = len(x.requests)

    assert place.adapter.find(address.format(sent.key)) is None
    assert len(x.requests) == before


def test_an_edited_post_of_ours_is_found_as_it_is_now_with_its_first_time(
    place: TwitterPlace, x: XServer
) -> None:
    first = x.post("New kettles", by="acme")
    place.pass_(minutes=5)
    newest = x.edit(first, "New and better kettles")

    found = place.adapter.find(f"https://x.com/acme/status/{first}")

    assert found
    assert (found.key, found.revision) == (first, newest)
    assert (found.text, found.posted_at) == ("New and better kettles", NOON)


def test_what_cannot_be_looked_at_now_is_not_said_to_be_missing(
    place: TwitterPlace, x: XServer, asked: Mention
) -> None:
    sent = answer(place, asked)
    x.problem(403, "Your plan does not include this.", on="GET /2/tweets")

    with pytest.raises(TryLater, match="Your plan"):
        place.adapter.find(sent.url)


# Asking again


def test_what_became_of_many_posts_is_asked_in_hundreds(place: TwitterPlace, x: XServer) -> None:
    keys = [place.post(f"Number {number}") for number in range(130)]
    edited, deleted = keys[7], keys[120]
    x.edit(edited, "@acme Other words")
    newest = x.edit(edited, "@acme Last words")
    x.delete(deleted)

    changed = place.adapter.recheck(keys)

    [again, gone] = changed
    assert isinstance(again, Mention)
    assert (again.key, again.revision, again.text) == (edited, newest, "@acme Last words")
    assert gone == deleted
    assert place.adapter.recheck([]) == []


# Ourselves


def test_we_ask_who_we_are_only_once(place: TwitterPlace, x: XServer) -> None:
    place.post("Hello")

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda _: len(place.adapter.fetch(None).mentions), range(8)))

    assert found == [1] * 8
    assert x.requests.count("GET /2/users/me") == 1


def test_before_we_are_signed_in_we_are_called_our_x_account(place: TwitterPlace) -> None:
    assert place.restarted().ability.speaks_as == "our X account"


def test_no_key_is_ever_logged(
    place: TwitterPlace, asked: Mention, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)

    answer(place, asked)
    with pytest.raises(LockedOut):
        place.locked_out().fetch(None)

    for secret in [*KEYS.values(), "stolen", "oauth_signature", "Where is my order"]:
        assert secret not in caplog.text


def test_a_second_account_names_its_own_settings(x: XServer) -> None:
    environment = {**x.environment("twitter:press"), "X_PRESS_ACCESS_TOKEN": "wrong"}
    adapter = make("twitter:press", Twitter, environment, Clock(), HISTORY)

    with pytest.raises(LockedOut, match="X_PRESS_ACCESS_TOKEN,"):
        adapter.check()


@pytest.mark.parametrize(
    ("name", "value"),
    [("X_EVERY", "often"), ("X_MONTHLY_READS", "-1"), ("X_API_URL", "api.x.com")],
)
def test_a_wrong_setting_is_named(x: XServer, name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        make("twitter", Twitter, {**x.environment(), name: value}, Clock(), HISTORY)


def test_every_setting_says_where_to_get_it() -> None:
    assert all(setting.help.endswith(".") for setting in Twitter.settings)
    assert {s.name for s in Twitter.settings if s.secret} == set(KEYS)


def test_the_cursor_is_json_and_knows_the_month(place: TwitterPlace, asked: Mention) -> None:
    saved = json.loads(place.adapter.fetch(None).cursor)

    assert saved["month"] == f"{NOON:%Y-%m}"
    assert saved["reads"] == 1
