"""Reddit: listings that forget, limits that must not be slept through, and each wrong key."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adapters import make
from adapters.reddit import Reddit, posts
from adapters.reddit.walk import KNOWN, LATENESS
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Sent
from tests.adapters.place_reddit import RedditPlace
from tests.adapters.places import HISTORY, Clock
from tests.adapters.reddit_server import BRAND, KEYS, MODERATOR, REFRESH, SCOPES
from tests.adapters.test_contract import asked, begun, new, pages, read


@pytest.fixture
def place() -> Iterator[RedditPlace]:
    with RedditPlace() as place:
        yield place


@pytest.fixture
def town() -> Iterator[RedditPlace]:
    """Where r/acme is heard as a whole, and posts are searched for "kettle"."""
    with RedditPlace(REDDIT_SUBREDDITS="r/acme, acmehelp", REDDIT_WORDS="kettle") as place:
        place.server.post("Welcome", by=BRAND, subreddit="acme")
        place.server.post("Help", by=BRAND, subreddit="acmehelp")
        place.pass_(minutes=60)
        yield place


def answer(place: RedditPlace, mention: Mention, text: str = "On its way.", **how) -> Sent:
    return place.adapter.reply(mention, text, **{"key": "k1", "again": False, **how})


def gaps(place: RedditPlace, cursor: str | None) -> list[str]:
    return [batch.gap for batch in pages(place.adapter, cursor) if batch.gap]


# Reading


def test_what_is_told_of_a_comment(place):
    mention = asked(place, "My kettle &lt;b&gt; leaks <b>")

    assert mention.text == f"u/{BRAND} My kettle &lt;b&gt; leaks <b>"
    assert mention.thread == place.server.question
    assert mention.parent == place.server.question
    assert mention.url == (
        f"{place.server.url}/r/kettles/comments/{mention.thread[3:]}/which_kettle/{mention.key[3:]}/"
    )
    who = mention.customer
    assert (who.key, who.handle, who.name) == ("t2_mira", "u/mira", "mira")
    assert who.url == f"{place.server.url}/user/mira"
    assert mention.public


def test_all_of_a_subreddit_is_heard_and_what_names_us_there_once(town):
    cursor = begun(town)
    post = town.server.post("It leaks", "Since Monday.", subreddit="acme")
    other = town.server.post("It is loud", subreddit="acmehelp")
    comment = town.server.comment("Mine, too", parent=post, by="ola")
    both = town.server.comment(f"Look, u/{BRAND}", parent=post)
    town.server.comment("We come.", by=BRAND, parent=post)

    found = list(pages(town.adapter, cursor))

    heard = {m.key: m for batch in found for m in batch.mentions}
    told = {key: m for key, m in heard.items() if m.origin is Origin.CUSTOMER}
    assert told.keys() == {post, other, comment, both}
    assert heard[post].text == "It leaks\n\nSince Monday."
    assert (heard[comment].parent, heard[comment].thread) == (post, post)
    assert new(town, found[-1].cursor) == []


def test_posts_are_searched_for_words(town):
    cursor = begun(town)
    key = town.server.post("Which KETTLE is quiet?", subreddit="kitchen")
    town.server.post("Which pan?", subreddit="kitchen")

    assert [m.key for m in new(town, cursor)] == [key]


def test_an_answer_to_a_post_of_ours_and_to_a_comment_of_ours_are_heard(place):
    cursor = begun(place)
    ours = place.server.post("We are closed on Monday", by=BRAND, subreddit="acme")
    first = place.server.comment("Why?", parent=ours)
    said = place.server.comment("A holiday.", by=BRAND, parent=first)
    second = place.server.comment("Ah!", parent=said)

    heard = {m.key: m.origin for m in new(place, cursor)}

    assert heard == {first: Origin.CUSTOMER, said: Origin.OWN, second: Origin.CUSTOMER}


def test_private_messages_and_what_is_gone_do_not_come(place):
    cursor = begun(place)
    place.server.message("Psst")
    gone = [place.post(words) for words in ("one", "two", "three")]
    place.server.change(gone[0], more={"author": None})
    place.server.change(gone[1], more={"body": "[removed]"})
    place.server.change(gone[2], more={"removed_by_category": "moderator"})

    batches = list(pages(place.adapter, cursor))

    assert [m.key for batch in batches for m in batch.mentions] == []
    assert [item for batch in batches for item in batch.unreadable] == []


@pytest.mark.parametrize(
    ("who", "origin"),
    [
        ("AutoModerator", Origin.AUTOMATED),
        ("RemindMeBot", Origin.AUTOMATED),
        ("haiku_bot", Origin.AUTOMATED),
        ("acme", Origin.OWN),
        ("Acme", Origin.OWN),
        ("talbot", Origin.CUSTOMER),
        ("bot_or_not", Origin.CUSTOMER),
    ],
)
def test_robots_are_told_apart_by_their_names(place, who, origin):
    thing = place.server._told(place.server.things[place.post("?")], _call())
    thing["data"]["author"] = who

    [mention], [] = posts.read([thing], "reddit", BRAND, "https://www.reddit.com")

    assert mention.origin is origin


def _call():
    from tests.adapters.api import Call

    return Call("GET", "/", {"raw_json": ["1"]}, {}, {}, {})


def test_a_crosspost_without_words_is_passed_on(place):
    thing = place.server._told(place.server.things[place.server.question], _call())
    thing["data"] |= {"selftext": "", "crosspost_parent": "t3_zz"}

    [mention], [] = posts.read([thing], "reddit", BRAND, "https://www.reddit.com")

    assert mention.origin is Origin.REPOST


def test_pictures_have_addresses(place):
    thing = place.server._told(place.server.things[place.server.question], _call())
    gallery = {"a": {"s": {"u": "https://preview.redd.it/a.png?s=1"}}, "b": {"status": "failed"}}
    thing["data"] |= {"post_hint": "image", "url": "https://i.redd.it/b.png"}
    thing["data"] |= {"media_metadata": gallery}

    [mention], [] = posts.read([thing], "reddit", BRAND, "https://www.reddit.com")

    assert mention.media == ("https://preview.redd.it/a.png?s=1", "https://i.redd.it/b.png")


def test_in_a_closed_subreddit_a_mention_is_read_from_the_inbox(place):
    cursor = begun(place)
    key = place.post("Hello?")
    place.server.closed["kettles"] = "private"

    [mention] = new(place, cursor)

    assert (mention.key, mention.thread) == (key, place.server.question)
    assert mention.url
    assert mention.url.endswith(f"/which_kettle/{key[3:]}/")


# Listings


def test_the_newest_one_may_be_deleted_and_nothing_is_lost(place):
    place.post("Before")
    newest = place.post("The newest")
    cursor = begun(place)
    place.delete(newest)
    keys = {place.post(f"Message {number}") for number in range(130)}

    found, cursor = read(place.adapter, cursor)

    assert {m.key for m in found} == keys
    assert new(place, cursor) == []


def test_all_that_is_known_may_be_deleted(place):
    known = [place.post(f"Message {number}") for number in range(3)]
    cursor = begun(place)
    for key in known:
        place.delete(key)
    key = place.post("Another")

    assert gaps(place, cursor) == []
    assert [m.key for m in new(place, cursor)] == [key]


def test_what_waited_for_a_moderator_comes_late_and_is_found(town):
    post = town.server.post("It leaks", subreddit="acme")
    later = town.clock() + timedelta(minutes=300)
    held = town.server.comment("Held back", parent=post, listed_at=later)
    soon = town.server.comment("Mine, too", parent=post)
    first, cursor = read(town.adapter, None)
    for _ in range(4):
        town.pass_(minutes=LATENESS.total_seconds() / 60 + 1)
        _, cursor = read(town.adapter, cursor)
    town.pass_(minutes=LATENESS.total_seconds() / 60 + 1)

    late, _ = read(town.adapter, cursor)

    assert {post, soon} <= {m.key for m in first}
    assert held not in {m.key for m in first}
    assert held in {m.key for m in late}


def test_what_is_older_than_the_first_look_never_comes(place):
    old = place.post("Long ago")
    place.pass_(minutes=HISTORY.total_seconds() / 60 + 60)
    _, cursor = read(place.adapter, None)
    place.pass_(minutes=LATENESS.total_seconds() / 60 + 1)

    assert old not in {m.key for m in new(place, cursor)}


def test_a_listing_that_ends_short_of_what_is_known_is_a_gap(town):
    town.server.post("kettle", subreddit="acme")
    cursor = begun(town)
    town.pass_(minutes=60)
    for number in range(1010):
        town.server.post(f"Number {number}", subreddit="acme")

    batches = list(pages(town.adapter, cursor))

    told = [batch.gap for batch in batches if batch.gap]
    assert told == [
        "Reddit shows no more of so much in r/acme+acmehelp/new: what was posted between"
        " 03 November 13:00 and 03 November 14:00 UTC is lost."
    ]
    heard = {m.key: m.text for batch in batches for m in batch.mentions}
    assert sum(text.startswith("Number") for text in heard.values()) == 1000
    assert gaps(town, batches[-1].cursor) == []


def test_a_place_that_is_deleted_while_we_read_costs_nothing(place):
    place.post("Before")
    cursor = begun(place)
    keys = [place.post(f"Message {number}") for number in range(130)]
    first = place.adapter.fetch(cursor)
    place.delete(keys[30])  # the last one on the first page: the next begins after it

    rest, cursor = read(place.adapter, first.cursor)

    found = {m.key for m in [*first.mentions, *rest]}
    assert set(keys) - {keys[30]} <= found
    assert new(place, cursor) == []


def test_a_walk_that_rested_too_long_begins_at_the_top(place):
    place.post("Before")
    cursor = begun(place)
    keys = {place.post(f"Message {number}") for number in range(110)}
    first = place.adapter.fetch(cursor)
    place.pass_(minutes=11)
    keys.add(place.post("Meanwhile"))

    rest, _ = read(place.adapter, first.cursor)

    assert keys <= {m.key for m in rest}


def test_a_cursor_keeps_few_names(place):
    for number in range(200):
        place.post(f"Message {number}")
    cursor = begun(place)

    seen = json.loads(cursor)["trails"]["message/mentions"]["seen"]

    assert len(seen["names"]) == KNOWN


def test_in_a_quiet_minute_each_list_is_asked_for_once(town):
    town.server.comment(f"u/{BRAND} hello")
    cursor = begun(town)
    town.server.requests.clear()

    assert new(town, cursor) == []
    assert len(town.server.requests) == 7


@pytest.mark.parametrize(
    ("reason", "words"), [("private", "private Forbidden"), ("banned", "banned Forbidden")]
)
def test_a_subreddit_that_closes_is_told_once_and_holds_up_nothing(town, reason, words):
    cursor = begun(town)
    town.server.closed["acme"] = reason
    key = town.post("Hello?")

    batches = list(pages(town.adapter, cursor))

    assert [batch.gap for batch in batches if batch.gap] == [
        f"Reddit does not show us r/acme+acmehelp/{what}: {words}" for what in ("comments", "new")
    ]
    assert key in {m.key for batch in batches for m in batch.mentions}
    assert gaps(town, batches[-1].cursor) == []


def test_a_subreddit_that_is_not_there_is_told():
    with RedditPlace(REDDIT_SUBREDDITS="nowhere") as place:
        assert gaps(place, None)[0] == (
            "Reddit does not show us r/nowhere/comments: there is no such thing."
        )


def test_an_outage_of_a_search_holds_up_nothing(town):
    cursor = begun(town)
    town.server.fail(503, on="GET /search")
    key = town.post("Hello?")

    assert key in {m.key for m in new(town, cursor)}


# Answers


def test_an_answer_is_markdown_as_it_was_written(place):
    text = "**Sorry!** It *is* on\r\nits way: [here](https://acme.example) &amp; <there>"
    mention = asked(place)

    sent = answer(place, mention, text)

    assert place.answers() == [text.replace("\r\n", "\n")]
    assert place.adapter.ability.markup == "Markdown"
    assert sent.key.startswith("t1_")
    assert sent.url
    assert sent.url.endswith(f"/which_kettle/{sent.key[3:]}/")


def test_a_post_can_be_answered(town):
    cursor = begun(town)
    town.server.post("Which kettle is quiet?", subreddit="kitchen")
    [mention] = new(town, cursor)

    answer(town, mention)

    assert town.server.answers()[-1].parent == mention.key


def test_ten_thousand_characters_go_out_and_no_more(place):
    mention = asked(place)

    answer(place, mention, "y" * 10_000)
    with pytest.raises(Refused, match="10001 characters long; Reddit takes 10000"):
        answer(place, mention, "y" * 10_001)

    assert place.calls() == 1


def test_an_answer_is_found_on_a_later_page(place):
    mention = asked(place)
    answer(place, mention)
    for number in range(150):
        place.server.comment(f"Number {number}", by=BRAND)

    sent = place.restarted().reply(mention, "On its way.", key="k1", again=True)

    assert place.server.things[sent.key].parent == mention.key
    assert place.calls() == 1


def test_too_many_comments_of_ours_are_left_to_a_person(place):
    mention = asked(place)
    for number in range(501):
        place.server.comment(f"Number {number}", by=BRAND)

    with pytest.raises(Unsure, match="too many comments"):
        answer(place, mention, again=True)


@pytest.mark.parametrize("gone", [{"author": None}, {"body": "[removed]"}, {"author": "[deleted]"}])
def test_what_is_gone_is_not_answered_though_reddit_would_let_us(place, gone):
    mention = asked(place)
    place.server.change(mention.key, more=gone)

    with pytest.raises(Refused, match="deleted or removed"):
        answer(place, mention)

    assert place.calls() == 0


@pytest.mark.parametrize(
    ("how", "why"), [({"locked": True}, posts.LOCKED), ({"archived": True}, posts.ARCHIVED)]
)
def test_in_a_shut_thread_nobody_answers(place, how, why):
    mention = asked(place)
    place.server.change(place.server.question, more=how)
    with pytest.raises(Refused, match=why):
        answer(place, mention)

    cursor = begun(place)
    place.server.change(place.post("Another"), more=how)
    [shut] = new(place, cursor)

    assert shut.no_reply == why
    with pytest.raises(Refused, match=why):
        answer(place, shut)
    assert place.calls() == 0


def test_a_moderator_writes_in_a_locked_thread(place):
    mention = asked(place)
    more = {"locked": True, "can_mod_post": True}
    place.server.change(mention.key, more=more)

    [checked] = posts.read(
        [place.server._told(place.server.things[mention.key], _call())],
        "reddit",
        BRAND,
        "https://x",
    )[0]

    assert checked.no_reply == ""


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (["THREAD_LOCKED", "Comments are locked.", "parent"], posts.LOCKED),
        (["TOO_OLD", "that's a piece of history now", "parent"], posts.ARCHIVED),
        (
            ["DELETED_COMMENT", "that comment has been deleted", "parent"],
            "This comment is deleted.",
        ),
        (["NEW_ONE", "something new", None], "Reddit would not take it: something new"),
    ],
)
def test_what_reddit_refuses_with_a_200_is_refused(place, error, said):
    mention = asked(place)
    place.server.refuses = error

    with pytest.raises(Refused) as no:
        answer(place, mention)

    assert str(no.value) == said


def test_where_we_are_banned_is_refused(place):
    mention = asked(place)
    body = {"message": "Forbidden", "error": 403, "reason": "banned"}
    place.server.fail(403, body, on="POST /api/comment")

    with pytest.raises(Refused, match="does not let us write there: banned"):
        answer(place, mention)


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("Looks like you've been doing that a lot. Take a break for 5 minutes before", 300),
        ("you are doing that too much. try again in 42 seconds.", 42),
        ("Take a break for 1 hour before trying again.", 3600),
        ("Take a break for 900 milliseconds before trying again.", 1),
        ("Later.", 900),
    ],
)
def test_a_new_account_is_told_how_long_to_wait(place, words, seconds):
    mention = asked(place)
    place.server.refuses = ["RATELIMIT", words, "ratelimit"]
    began = time.monotonic()

    with pytest.raises(TryLater, match="only so often") as later:
        answer(place, mention)

    assert later.value.after == timedelta(seconds=seconds)
    assert later.value.surely_not_done
    assert time.monotonic() - began < 1  # PRAW would have slept


def test_an_edit_keeps_its_key_and_removed_words_are_gone(place):
    kept, edited, deleted, removed = (asked(place, words).key for words in "abcd")
    place.edit(edited, "bb")
    place.delete(deleted)
    place.server.change(removed, more={"body": "[removed]"})

    changed, *gone = place.adapter.recheck([kept, edited, deleted, removed, "t1_zzzz"])

    assert isinstance(changed, Mention)
    assert (changed.key, changed.text) == (edited, f"u/{BRAND} bb")
    assert gone == [deleted, removed]


def test_hundred_are_asked_for_at_once(place):
    keys = [place.post(f"Message {number}") for number in range(150)]
    place.adapter.check()
    place.server.requests.clear()

    assert place.adapter.recheck(keys) == []
    assert place.server.requests == ["GET /api/info"] * 2


def test_what_was_corrected_already_is_not_corrected_again(place):
    mention = asked(place)
    sent = answer(place, mention)

    place.adapter.correct(sent, mention, "It comes on Friday.", again=False)
    place.adapter.correct(sent, mention, "It comes on Friday.", again=True)

    assert place.changes() == 1


@pytest.mark.parametrize(
    "form",
    [
        "https://www.reddit.com/r/kettles/comments/{link}/which_kettle/{key}/",
        "https://old.reddit.com/r/kettles/comments/{link}/_/{key}",
        "https://reddit.com/comments/{link}/comment/{key}/",
    ],
)
def test_our_comment_is_found_in_whatever_form_its_address_comes(place, form):
    mention = asked(place)
    sent = answer(place, mention)

    found = place.adapter.find(form.format(link=mention.thread[3:], key=sent.key[3:]))

    assert found
    assert (found.key, found.parent) == (sent.key, mention.key)


@pytest.mark.parametrize(
    "address",
    [
        "https://reddit.com.evil.example/r/a/comments/b/c/d",
        "https://www.reddit.com/r/kettles",
        "http://[",
        "/r/a/comments/b/c/d",
    ],
)
def test_an_address_elsewhere_is_not_asked_for(place, address):
    assert place.adapter.find(address) is None
    assert place.server.requests == []


# Limits and outages


def test_when_the_limit_is_used_up_nothing_is_asked_and_nobody_sleeps(place):
    cursor = begun(place)
    place.server.left, place.server.reset = "0.0", "240"
    place.adapter.fetch(cursor)
    asked_for = len(place.server.requests)
    began = time.monotonic()

    with pytest.raises(TryLater) as later:
        place.adapter.fetch(cursor)

    assert later.value.after == timedelta(seconds=240)
    assert later.value.surely_not_done
    assert len(place.server.requests) == asked_for
    assert time.monotonic() - began < 0.5
    place.server.left = "100"
    place.pass_(minutes=4.1)
    place.adapter.fetch(cursor)


def test_a_limit_that_is_near_is_not_slept_through(place):
    place.server.left, place.server.reset = "3", "300"
    began = time.monotonic()

    for _ in range(3):
        place.adapter.check()

    assert time.monotonic() - began < 2  # prawcore would have slept ten seconds each time


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [({"x_ratelimit_reset": "77"}, 77), ({"retry_after": "5"}, 5), ({}, 900)],
)
def test_too_many_requests_say_until_when(place, headers, seconds):
    mention = asked(place)
    body = {"message": "Too Many Requests", "error": 429}
    place.server.fail(429, body, on="POST /api/comment", **headers)

    with pytest.raises(TryLater) as later:
        answer(place, mention)

    assert later.value.after == timedelta(seconds=seconds)
    assert later.value.surely_not_done


@pytest.mark.parametrize("status", [500, 502, 503, 504, 520])
def test_an_outage_is_not_tried_again_by_prawcore(place, status):
    mention = asked(place)
    place.server.fail(status, on="POST /api/comment", times=3, done=True)

    with pytest.raises(TryLater) as later:
        answer(place, mention)

    assert not later.value.surely_not_done
    assert place.calls() == 1


def test_a_lost_line_is_not_tried_again_by_prawcore(place):
    mention = asked(place)
    place.lose_next_answer()

    with pytest.raises(TryLater):
        answer(place, mention)

    assert place.calls() == 1


@pytest.mark.parametrize("body", ["", "<html>", [], 7, {}, {"data": {"children": 7}}])
def test_an_answer_that_makes_no_sense_is_tried_again(place, body):
    cursor = begun(place)
    key = place.post("Hello?")
    place.server.fail(200, body, on="GET /message/mentions")

    with pytest.raises(TryLater, match="makes no sense"):
        place.adapter.fetch(cursor)

    assert [m.key for m in new(place, cursor)] == [key]


@pytest.mark.parametrize("trouble", ["hang", "drip"])
def test_no_call_waits_longer_than_its_patience(place, trouble):
    cursor = begun(place)
    place.adapter.door.line.patience = 0.3
    getattr(place.server, trouble)()

    with pytest.raises(TryLater):
        place.adapter.fetch(cursor)


def test_a_refused_connection_surely_did_nothing(place):
    mention = asked(place)
    away = "http://127.0.0.1:9"
    adapter = place.restarted(REDDIT_URL=away, REDDIT_API_URL=away)

    with pytest.raises(TryLater, match="Reddit can't be reached") as later:
        adapter.reply(mention, "Hello", key="k1", again=False)

    assert later.value.surely_not_done


# Keys


def test_a_token_that_is_over_is_renewed(place):
    cursor = begun(place)
    key = place.post("Hello?")
    place.server.tokens.clear()

    with pytest.raises(TryLater, match="sign in anew"):
        place.adapter.fetch(cursor)

    assert [m.key for m in new(place, cursor)] == [key]


def test_a_refresh_token_goes_before_a_password(place):
    adapter = place.restarted(REDDIT_REFRESH_TOKEN=REFRESH, REDDIT_PASSWORD="stolen")

    assert adapter.check() == "Reddit as u/acme"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"REDDIT_CLIENT_ID": "x"},
            "does not know the app. Look at REDDIT_CLIENT_ID and REDDIT_CLI",
        ),
        ({"REDDIT_CLIENT_SECRET": "x"}, "does not know the app. Look at REDDIT_CLIENT_ID and"),
        ({"REDDIT_USERNAME": "x"}, "does not accept REDDIT_USERNAME and REDDIT_PASSWORD"),
        ({"REDDIT_PASSWORD": "x"}, "does not accept REDDIT_USERNAME and REDDIT_PASSWORD"),
        ({"REDDIT_REFRESH_TOKEN": "x"}, "does not accept REDDIT_REFRESH_TOKEN: it was revoked"),
    ],
)
def test_each_wrong_key_is_named(place, settings, said):
    with pytest.raises(LockedOut) as no:
        place.restarted(**settings).check()

    assert said in str(no.value)


def test_two_factor_authentication_is_named(place):
    place.server.two_factors = True

    with pytest.raises(LockedOut, match=r"two-factor authentication.* make a REDDIT_REFRESH_TOKEN"):
        place.adapter.check()


def test_an_app_of_another_type_is_named(place):
    place.server.script = False

    with pytest.raises(LockedOut, match="only one of the type “script”"):
        place.adapter.check()


def test_scopes_that_are_missing_are_named(place):
    place.server.granted = "identity read history privatemessages"

    with pytest.raises(LockedOut, match="lacks the scopes submit, edit"):
        place.adapter.check()

    place.server.granted = "*"
    assert place.restarted().check() == "Reddit as u/acme"


def test_a_scope_that_is_missing_is_told_when_it_is_needed(place):
    mention = asked(place)
    place.server.granted = SCOPES.replace("submit", "")

    with pytest.raises(LockedOut, match="lacks the scopes that this needs"):
        place.restarted().reply(mention, "Hello", key="k1", again=False)


def test_a_suspended_account_is_told(place):
    place.server.suspended = True

    with pytest.raises(LockedOut, match="has suspended u/acme"):
        place.adapter.check()


def test_an_app_that_is_not_approved_is_told(place):
    for on in ("/api/v1/access_token", "/api/v1/me"):
        place.server.fail(403, "<html>whoa there, pardner!</html>", on=on)

        with pytest.raises(LockedOut, match="Has Reddit approved this app"):
            place.restarted().check()


def test_without_a_way_to_sign_in_it_is_told_at_once(place):
    settings = place.server.environment("reddit:de") | {"REDDIT_DE_PASSWORD": ""}

    with pytest.raises(ValueError, match="needs REDDIT_DE_REFRESH_TOKEN, or REDDIT_DE_USERNAME"):
        make("reddit:de", Reddit, settings, Clock(), HISTORY)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REDDIT_SUBREDDITS", "acme, a b"),
        ("REDDIT_URL", "http://reddit.example"),
        ("REDDIT_API_URL", "oauth.reddit.com"),
        ("REDDIT_EVERY", "soon"),
    ],
)
def test_a_setting_that_can_t_be_is_told_at_once(place, name, value):
    with pytest.raises(ValueError, match=name):
        place.restarted(**{name: value})


def test_no_key_is_in_an_error_or_a_log(place, caplog):
    caplog.set_level(logging.DEBUG)
    with pytest.raises(LockedOut) as no:
        place.locked_out().check()
    answer(place, asked(place), "These are nobody else's words.")

    told = f"{no.value!r} {caplog.text}"
    assert not [value for value in ("stolen", *KEYS.values()) if value != BRAND and value in told]
    assert "nobody else's words" not in told


def test_a_token_that_is_repeated_to_us_is_given_away_to_nobody(place):
    cursor = begun(place)
    body = {"message": "Bad token token-0!", "error": 404}
    place.server.fail(404, body, on="GET /message/mentions")

    with pytest.raises(TryLater, match="Bad token …!"):
        place.adapter.fetch(cursor)


def test_settings_of_other_programs_are_not_taken(place, monkeypatch):
    for name in ("client_id", "client_secret", "password", "refresh_token", "site"):
        monkeypatch.setenv(f"praw_{name}", "other")

    assert place.restarted().check() == "Reddit as u/acme"


@pytest.mark.parametrize(
    "cursor",
    [
        "[]",
        "7",
        '{"trails": []}',
        '{"turn": 7, "trails": {}}',
        '{"turn": "", "trails": {"own": {"start": 1}}}',
        json.dumps(
            {
                "turn": "",
                "trails": {
                    "own": {
                        "start": 1,
                        "settled": {"names": [], "second": 0},
                        "mark": {"names": [], "second": 0},
                        "seen": {"names": ["x"], "second": 0},
                    }
                },
            }
        ),
    ],
)
def test_a_cursor_that_no_walk_leaves_is_damaged(place, cursor):
    assert "damaged" in place.adapter.fetch(cursor).gap


def test_the_rules_of_a_question_are_its_author_s(place):
    """Somebody else's post is not a mention, though our mention is below it."""
    cursor = begun(place)
    place.post("Hello?")

    assert {m.customer.name for m in new(place, cursor)} == {"mira"} != {MODERATOR}
