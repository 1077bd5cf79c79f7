"""WordPress: comments that come late, are held, vanish; answers that it would take and should not.

Whatever the real one can be brought to do is tested on it, too.
"""

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from adapters import make
from adapters.wordpress import WordPress
from adapters.wordpress.account import AGAIN, CLOSED, GONE, LIMIT, TWICE
from adapters.wordpress.comments import HELD, PAGE
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Sent
from tests.adapters.place_wordpress import BEN, WordPressPlace
from tests.adapters.places import HISTORY, Clock
from tests.adapters.site import Said, Site
from tests.adapters.wordpress_real import OWN_PASSWORD
from tests.tally import TELLS

PLACES = {
    "stand-in": WordPressPlace.beside_a_stand_in,
    "the real one": WordPressPlace.beside_the_real_one,
}


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> Iterator[WordPressPlace]:
    with PLACES[request.param]() as place:
        yield place


@pytest.fixture
def stand_in() -> Iterator[WordPressPlace]:
    with WordPressPlace.beside_a_stand_in() as place:
        yield place


def read(adapter: WordPress, cursor: str | None = None) -> tuple[list[Mention], str]:
    batch = adapter.fetch(cursor)
    mentions = list(batch.mentions)
    while batch.more:
        batch = adapter.fetch(batch.cursor)
        mentions += batch.mentions
    return mentions, batch.cursor


def heard(place: WordPressPlace, key: str) -> Mention:
    return next(m for m in read(place.adapter)[0] if m.key == key)


def asked(place: WordPressPlace, text: str = "Where is my order?", **more: Any) -> Mention:
    return heard(place, place.post(text, **more))


def answered(place: WordPressPlace, to: Mention, text: str = "On its way.", **more: Any) -> Sent:
    return place.adapter.reply(to, text, **{"key": "k1", "again": False, **more})


def refused(place: WordPressPlace, to: Mention, text: str = "On its way.", **more: Any) -> str:
    with pytest.raises(Refused) as no:
        answered(place, to, text, **more)
    return str(no.value)


# The walk


def test_what_comes_out_of_spam_is_heard_below_newer_ones(place):
    late = place.post("I am no robot", comment_approved="spam")
    for number in range(10):
        place.post(f"number {number}")
    _, cursor = read(place.adapter)
    place.post("the newest")
    _, cursor = read(place.adapter, cursor)

    place.blog.set_status(int(late), "approve")

    assert late in {m.key for m in read(place.restarted(), cursor)[0]}


def test_what_comes_late_is_heard_after_a_long_walk_too(place):
    _, cursor = read(place.adapter)
    late = place.post("I am no robot", comment_approved="spam")
    place.blog.add(*(place.comment(f"number {number}") for number in range(30)))
    _, cursor = read(place.adapter, cursor)
    place.blog.add(*(place.comment(f"more {number}") for number in range(90)))

    place.blog.set_status(int(late), "approve")

    assert late in {m.key for m in read(place.adapter, cursor)[0]}


@pytest.mark.parametrize("vanish", [10, AGAIN + 1, 70, 99])
def test_comments_that_vanish_during_a_walk_pull_nothing_past_us(place, vanish):
    _, cursor = read(place.adapter)
    place.post("known")
    _, cursor = read(place.adapter, cursor)
    keys = place.blog.add(*(place.comment(f"number {number}") for number in range(250)))
    first = place.adapter.fetch(cursor)
    for id in keys[-vanish:]:
        place.blog.remove(id)

    rest, _ = read(place.adapter, first.cursor)

    assert {int(m.key) for m in rest} >= set(keys[: 250 - PAGE])


def test_a_page_is_not_the_last_because_some_of_it_is_not_shown(stand_in):
    keys = stand_in.blog.add(*(stand_in.comment(f"number {number}") for number in range(150)))
    stand_in.blog.unlisted.update(keys[100:120])

    found = {int(m.key) for m in read(stand_in.adapter)[0]}

    assert found == set(keys) - set(keys[100:120])


def test_a_quiet_site_is_read_in_one_call(place):
    place.blog.add(*(place.comment(f"number {number}") for number in range(250)))
    _, cursor = read(place.adapter)
    place.post("one more")
    before = len(place.blog.requests())

    mentions, _ = read(place.adapter, cursor)

    assert len(mentions) == PAGE
    assert place.blog.requests()[before:] == ["GET /wp/v2/comments"]


def test_an_edit_among_the_newest_is_heard_at_the_next_look(place):
    key = place.post("Where is my order?")
    [first], cursor = read(place.adapter)

    place.edit(key, "Where are my orders?")

    [second], _ = read(place.adapter, cursor)
    assert (second.key, second.text) == (key, "Where are my orders?")
    assert second.revision != first.revision


def test_what_is_older_than_history_stays_untold_at_the_second_look_too(place):
    place.post("Long ago")
    place.pass_(minutes=HISTORY.total_seconds() / 60 + 1)
    _, cursor = read(place.adapter)
    key = place.post("Just now")

    mentions, _ = read(place.adapter, cursor)

    assert [m.key for m in mentions] == [key]


# Who said what where


def test_line_ends_and_what_looks_like_a_tag_are_as_they_were_written(place):
    raw = (
        'My <b>order</b> &lt;3 &amp; "it"\nand a &lt; b :)\n\n<a href="https://x.example">there</a>'
    )
    mention = asked(place, comment_content=raw)

    assert mention.text == 'My order <3 & "it"\nand a < b :)\n\nthere (https://x.example)'


def test_a_thread_begins_with_the_comment_on_the_post(place):
    top = place.post("My kettle leaks")
    second = place.post("Mine, too", by="ola", parent=top)
    third = place.post("And mine", by="ken", parent=second)

    threads = {m.key: m.thread for m in read(place.adapter)[0]}

    assert threads == {top: top, second: top, third: top}


def test_ancestors_that_are_not_on_the_page_are_asked_for_together(place):
    top = place.post("My kettle leaks")
    second = place.post("Mine, too", by="ola", parent=top)
    elsewhere = place.post("Hello")
    place.blog.add(*(place.comment(f"number {number}") for number in range(PAGE)))
    third = place.post("And mine", by="ken", parent=second)
    fourth = place.post("World", by="ken", parent=elsewhere)
    _, cursor = read(place.adapter)
    before = len(place.blog.requests())

    mentions = place.restarted().fetch(cursor).mentions

    threads = {m.key: m.thread for m in mentions}
    assert (threads[third], threads[fourth]) == (top, elsewhere)
    asked_for = place.blog.requests()[before:].count("GET /wp/v2/comments")
    assert asked_for <= 3


def test_a_thread_stays_the_same_when_its_beginning_is_in_the_bin(place):
    top = place.post("My kettle leaks")
    second = place.post("Mine, too", by="ola", parent=top)
    place.blog.set_status(int(top), "trash")

    [mention] = read(place.restarted())[0]

    assert (mention.key, mention.thread, mention.parent) == (second, top, top)


def test_only_accounts_of_ours_speak_for_us_whatever_a_guest_calls_themselves(place):
    guest = place.post("Buy here", by="Acme Care")
    place.post("We look into it", by="Ben", user_id=BEN, parent=guest)

    origins = {m.customer.handle: m.origin for m in read(place.adapter)[0]}

    assert origins == {"Acme Care": Origin.CUSTOMER, "Ben": Origin.OWN}


def test_a_guest_is_known_by_their_address_which_is_not_kept(place):
    first = asked(place, by="mira", comment_author_email="Mira@cust.example")
    second = asked(place, by="mira m.", comment_author_email="mira@cust.example")
    third = asked(place, by="mira", comment_author_email="other@cust.example")

    assert first.customer.key == second.customer.key != third.customer.key
    assert "cust.example" not in repr(first)


# What is held


def test_what_is_held_says_so_and_is_not_answered(place):
    held = asked(place, comment_approved="0")

    before = list(place.blog.requests())

    assert held.no_reply == HELD
    assert refused(place, held) == HELD
    assert place.blog.requests() == before


def test_what_is_approved_can_be_answered_at_the_next_look(place):
    key = place.post("First!", comment_approved="0")
    [held], cursor = read(place.adapter)

    place.blog.set_status(int(key), "approve")

    [approved], _ = read(place.adapter, cursor)
    assert approved.revision != held.revision
    assert not approved.no_reply
    [again] = place.adapter.recheck([key])
    assert again == approved
    assert answered(place, approved).key


def test_what_was_held_since_we_heard_it_is_not_answered(place):
    mention = asked(place)
    place.blog.set_status(int(mention.key), "hold")

    assert refused(place, mention) == HELD
    assert place.answers() == []


# What is gone


@pytest.mark.parametrize("how", ["trash", "spam", "gone"])
def test_what_is_in_the_bin_or_never_was_is_not_answered(place, how):
    mention = asked(place)
    if how == "gone":
        place.blog.remove(int(mention.key))
    else:
        place.blog.set_status(int(mention.key), how)

    assert refused(place, mention) == GONE
    assert place.answers() == []
    assert place.adapter.recheck([mention.key]) == [mention.key]


def test_a_comment_that_a_list_leaves_out_is_not_gone(stand_in):
    key = stand_in.post("Hello?")
    stand_in.blog.unlisted.add(int(key))

    [mention] = stand_in.adapter.recheck([key, "no number"])

    assert isinstance(mention, Mention)
    assert mention.key == key


def test_many_are_rechecked_in_few_calls(place):
    keys = place.blog.add(*(place.comment(f"number {number}") for number in range(100)))
    place.blog.set_status(keys[7], "trash")

    told = place.adapter.recheck([str(key) for key in keys])

    assert len(told) == 100
    assert [key for key in told if isinstance(key, str)] == [str(keys[7])]
    assert len(place.blog.requests()) <= 3


# Answers


def test_nothing_that_we_write_is_a_tag(place):
    words = "Try <script>alert(1)</script> & see &amp; a < b"
    sent = answered(place, asked(place), words)

    [stored] = place.answers()
    assert stored == "Try &lt;script&gt;alert(1)&lt;/script&gt; &amp; see &amp;amp; a &lt; b"
    assert heard(place, sent.key).text == words


def test_the_same_words_twice_are_told_of(place):
    mention = asked(place)
    answered(place, mention, "Thanks!")

    assert refused(place, mention, "Thanks!", key="k2") == TWICE
    assert place.answers() == ["Thanks!"]


def test_another_answer_in_the_same_words_is_not_taken_for_ours(place):
    mention = asked(place)
    answered(place, mention, "Thanks!", key="k1")
    place.post("Thanks!", by="ben", parent=mention.key, user_id=BEN)

    sent = answered(place, mention, "Thanks!", key="k1", again=True)

    assert len(place.answers()) == 2
    assert heard(place, sent.key).customer.handle == "Acme Care"


def test_where_tags_are_not_kept_an_answer_is_known_by_its_words(stand_in):
    stand_in.blog.forgets_agents = True
    mention = asked(stand_in)
    first = answered(stand_in, mention, "It's\r\n <here>.")

    assert answered(stand_in, mention, "It's\r\n <here>.", again=True) == first
    assert len(stand_in.answers()) == 1


def test_an_answer_that_is_there_and_not_shown_is_for_a_person(stand_in):
    stand_in.blog.forgets_agents = True
    mention = asked(stand_in)
    sent = answered(stand_in, mention)
    stand_in.blog.set_status(int(sent.key), "spam")

    with pytest.raises(Unsure, match="also among spam"):
        answered(stand_in, mention, again=True)


def test_an_answer_that_is_held_back_is_for_a_person(stand_in):
    mention = asked(stand_in)
    stand_in.blog.flag("akismet")

    with pytest.raises(Unsure, match="holds it back"):
        answered(stand_in, mention)


def test_a_corrected_answer_still_bears_its_tag(place):
    mention = asked(place)
    sent = answered(place, mention)
    place.adapter.correct(sent, mention, "It comes on Friday.", again=False)

    assert answered(place, mention, again=True).key == sent.key
    assert place.answers() == ["It comes on Friday."]


def test_an_answer_is_measured_in_bytes_as_it_is_stored(place):
    mention = asked(place)
    whole = "é" * ((LIMIT - 5) // 2) + "&"

    assert place.adapter.length(whole) == LIMIT
    assert answered(place, mention, whole)
    assert "65526 bytes long" in refused(place, mention, whole + "x")


def test_where_comments_are_closed_nobody_answers(place):
    mention = asked(place)
    place.blog.close_post()

    assert refused(place, mention) == CLOSED


def test_an_answer_goes_to_where_the_comment_is_now(stand_in):
    mention = asked(stand_in)
    stand_in.blog.comments[int(mention.key)]["comment_post_ID"] = 7

    sent = answered(stand_in, mention)

    assert sent.url
    assert "?p=7#" in sent.url


def test_without_a_bin_an_answer_is_withdrawn_for_good(stand_in):
    mention = asked(stand_in)
    sent = answered(stand_in, mention)
    stand_in.blog.bin = False

    stand_in.adapter.withdraw(sent, mention, again=False)
    stand_in.adapter.withdraw(sent, mention, again=True)

    assert int(sent.key) not in stand_in.blog.comments


def test_our_answer_is_found_on_whichever_page_of_comments_it_is(place):
    sent = answered(place, asked(place))
    assert sent.url
    moved = sent.url.replace("/?p=1#", "/comment-page-3/?utm=1&p=1#")

    found = place.adapter.find(moved)

    assert found
    assert found.key == sent.key
    assert place.adapter.find(sent.url.replace("p=1", "p=2")) is None
    assert place.adapter.find(sent.url.replace("127.0.0.1", "localhost")) is None


# Who is not let in


def said(adapter: WordPress) -> str:
    """The same for whatever is tried."""
    with pytest.raises(LockedOut) as checked:
        adapter.check()
    with pytest.raises(LockedOut) as fetched:
        adapter.fetch(None)
    assert str(checked.value) == str(fetched.value)
    return str(checked.value)


def test_a_wrong_password_or_user_is_told(place):
    for changed in (
        {"WORDPRESS_PASSWORD": "abcd efgh ijkl mnop qrst uvwx"},
        {"WORDPRESS_USER": "nobody"},
    ):
        told = said(place.restarted(**changed))
        assert told.startswith("WordPress does not know this account by this password. Look at")
        assert "WORDPRESS_USER and WORDPRESS_PASSWORD" in told
        assert "abcd" not in told


def test_the_account_s_own_password_is_told_from_an_application_s(place):
    told = said(place.restarted(WORDPRESS_PASSWORD=OWN_PASSWORD))

    assert told.startswith("WORDPRESS_PASSWORD is no application password, but perhaps the")


def test_an_application_password_is_taken_with_its_spaces(place):
    word = place.blog.passwords["care"]
    spaced = " ".join(word[n : n + 4] for n in range(0, 24, 4))

    assert "Acme Care" in place.restarted(WORDPRESS_PASSWORD=spaced).check()


def test_who_may_not_moderate_is_told_the_role(place):
    guest = place.restarted(
        WORDPRESS_USER="guest", WORDPRESS_PASSWORD=place.blog.passwords["guest"]
    )

    assert said(guest).startswith("guest may not moderate comments in WordPress. Give this account")
    place.post("Hello?")
    with pytest.raises(LockedOut, match="may not moderate"):
        guest.reply(asked(place), "On its way.", key="k1", again=False)


@pytest.mark.parametrize("why", ["closed", "http"])
def test_where_application_passwords_are_off_that_is_told(place, why):
    place.blog.flag(why)

    told = said(place.adapter)

    assert told.startswith("WordPress takes no application passwords at WORDPRESS_URL.")


def test_a_rest_api_that_is_switched_off_is_told(place):
    place.blog.flag("disabled")

    assert said(place.adapter).startswith("There is no WordPress at WORDPRESS_URL, or its REST API")


class Page(Site):
    """Some other site."""

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        return 200, {"Content-Type": "text/html"}, b"<html>Hello</html>"


@pytest.mark.parametrize("status", [200, 401, 403, 404])
def test_what_is_no_wordpress_is_told(status):
    with Page() as site:
        site.says = (status, {"Content-Type": "text/html; charset=utf-8"}, b"<html>Hello</html>")
        settings = {"URL": site.url, "USER": "care", "PASSWORD": "A" * 24}
        environment = {f"WORDPRESS_SHOP_{name}": value for name, value in settings.items()}
        adapter = make("wordpress:shop", WordPress, environment, Clock(), HISTORY)
        assert isinstance(adapter, WordPress)

        assert said(adapter).startswith("There is no WordPress at WORDPRESS_SHOP_URL, or its REST")


def test_a_firewall_s_word_is_passed_on(stand_in):
    body = json.dumps({"code": "rest_firewall", "message": "Your country is blocked."}).encode()
    stand_in.blog.says = (403, {}, body)

    assert said(stand_in.adapter) == (
        "WordPress shuts us out: Your country is blocked. Look at WORDPRESS_USER."
    )


def test_a_site_that_has_moved_is_named_before_an_answer_is_lost(stand_in):
    mention = asked(stand_in)
    real = stand_in.blog._create
    stand_in.blog._create = lambda *_: (301, {"Location": "https://elsewhere.example/"}, b"")

    with pytest.raises(LockedOut, match=r"sends us to another address\. Look at WORDPRESS_URL"):
        answered(stand_in, mention)

    stand_in.blog._create = real
    assert stand_in.answers() == []


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"WORDPRESS_URL": "http://blog.example"}, "WORDPRESS_URL must begin with https://: the"),
        ({"WORDPRESS_URL": "blog.example"}, "WORDPRESS_URL must begin with https://"),
        ({"WORDPRESS_OURS": "12, ben"}, "WORDPRESS_OURS must be numbers, divided by commas"),
        ({"WORDPRESS_EVERY": "1"}, "WORDPRESS_EVERY must be a number of seconds, 10 or more."),
    ],
)
def test_a_wrong_setting_says_what_to_do(settings, why):
    right = {"URL": "https://blog.example/", "USER": "care", "PASSWORD": "s3cr3t"}
    environment = {f"WORDPRESS_{name}": value for name, value in right.items()} | settings

    with pytest.raises(ValueError, match=why) as wrong:
        make("wordpress", WordPress, environment, Clock(), HISTORY)
    assert "s3cr3t" not in str(wrong.value)


def test_the_password_is_in_no_repr(stand_in):
    assert stand_in.blog.passwords["care"] not in repr(vars(stand_in.adapter))


# What goes wrong


@pytest.mark.parametrize(
    ("said", "after"),
    [
        ((429, {"Retry-After": "30"}, b""), timedelta(seconds=30)),
        ((503, {"Retry-After": "600"}, b"<html>"), timedelta(seconds=600)),
        ((500, {}, b"<html>"), None),
        ((200, {}, b"[{"), None),
        ((400, {}, b'{"code": "rest_invalid_param", "message": "No."}'), None),
        ((200, {"Content-Type": "application/json"}, b'{"id": 0}'), None),
    ],
)
def test_what_will_pass_is_tried_again(stand_in, said, after):
    stand_in.blog.says = said

    with pytest.raises(TryLater) as later:
        stand_in.adapter.fetch(None)

    assert later.value.after == after


def test_who_writes_too_fast_waits_a_quarter_of_a_minute(stand_in):
    mention = asked(stand_in)
    flood = (400, {}, b'{"code": "comment_flood", "message": "Slow down."}')
    stand_in.blog._create = lambda *_: flood

    with pytest.raises(TryLater) as later:
        answered(stand_in, mention)

    assert (later.value.after, later.value.surely_not_done) == (timedelta(seconds=15), True)
    with pytest.raises(TryLater) as again:
        answered(stand_in, mention, again=True)
    assert not again.value.surely_not_done


@pytest.mark.parametrize("body", [b"[]", b"{}", b"<html>", b'{"id": "x"}'])
def test_an_answer_of_which_wordpress_says_nothing_may_be_published(stand_in, body):
    mention = asked(stand_in)
    stand_in.blog._create = lambda *_: (201, {}, body)

    with pytest.raises(TryLater) as later:
        answered(stand_in, mention)

    assert not later.value.surely_not_done


def test_what_wordpress_declines_comes_back_in_its_words(stand_in):
    mention = asked(stand_in)

    assert refused(stand_in, mention, "  ") == "WordPress would not do it: Invalid comment content."


# The real one alone


@pytest.fixture
def real() -> Iterator[WordPressPlace]:
    with WordPressPlace.beside_the_real_one() as place:
        yield place


def test_a_customer_s_comment_comes_in_by_the_front_door_and_its_answer_is_public(
    real, record_property
):
    """And 130 more come while we are stopped: what a person would see in a browser decides."""
    real.clock.at = datetime.now(UTC).replace(microsecond=0)
    real.pass_(minutes=0)
    began = time.monotonic()
    seen, cursor = read(real.adapter)
    key = _write_as_a_customer(real.blog, "My order <b>1234</b> never came & I <3 it")
    first, cursor = read(real.adapter, cursor)
    while_stopped = real.blog.add(*(real.comment(f"Message {number}") for number in range(130)))
    later, _ = read(real.restarted(), cursor)

    mention = next(m for m in first if m.key == key)
    sent = real.adapter.reply(mention, "On its way & <soon>.", key="k1", again=False)
    again = real.restarted().reply(mention, "On its way & <soon>.", key="k1", again=True)

    keys = [m.key for m in [*seen, *first, *later] if m.origin is Origin.CUSTOMER]
    lost = {key, *map(str, while_stopped)} - set(keys)
    public = requests.get(
        f"{real.blog.url}/?rest_route=/wp/v2/comments&post=1&parent={key}", timeout=10
    ).json()
    page = requests.get(f"{real.blog.url}/?rest_route=/wp/v2/comments/{sent.key}", timeout=10)
    ours = [one for one in public if one["author_name"] == "Acme Care"]
    record_property(
        TELLS,
        f"WordPress: {len(set(keys))} mentions in, {len(lost)} lost, {len(ours) - 1} answers"
        f" doubled, {time.monotonic() - began:.1f} s",
    )
    assert not lost
    assert sent == again
    assert [one["id"] for one in ours] == [int(sent.key)]
    assert ours[0]["content"]["rendered"].strip() == "<p>On its way &amp; &lt;soon&gt;.</p>"
    assert page.json()["parent"] == int(key)
    assert mention.text == "My order 1234 never came & I <3 it"


def _write_as_a_customer(blog: Any, text: str) -> str:
    """By the form below the post; returns the number that WordPress leads the browser to."""
    form = {"comment": text, "author": "Mira", "email": "mira@cust.example", "url": ""}
    told = requests.post(
        f"{blog.url}/wp-comments-post.php",
        data={**form, "comment_post_ID": "1"},
        allow_redirects=False,
        timeout=10,
    )
    assert told.status_code == 302
    return str(told.headers["Location"].partition("#comment-")[2])


def test_the_real_one_publishes_an_answer_to_nothing_and_that_is_why_we_look(real):
    word = real.blog.passwords["care"]

    told = requests.post(
        f"{real.blog.url}/?rest_route=/wp/v2/comments",
        json={"post": 1, "parent": 4711, "content": "To nobody"},
        auth=("care", word),
        timeout=10,
    )

    assert (told.status_code, told.json()["parent"]) == (201, 4711)
