"""YouTube: one level of answers, old threads, what is held back, and units that run out."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from adapters.youtube.quota import LOOK, WRITE, Units, until_midnight
from adapters.youtube.walk import FOLLOWED, Cursor, Known
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Origin
from tests.adapters.google_server import dumped, error
from tests.adapters.place_youtube import YouTubePlace
from tests.adapters.places import HISTORY, NOON, Clock
from tests.adapters.test_contract import answered, asked, begun, new, pages, read


@pytest.fixture
def place() -> Iterator[YouTubePlace]:
    with YouTubePlace() as place:
        yield place


def only(mentions, key):
    [found] = [mention for mention in mentions if mention.key == key]
    return found


# What is heard


def test_somebody_who_answers_in_an_old_thread_is_heard(place):
    """A list is read down to what is known: one page here is one thread."""
    place.page = 1
    old = place.post("Where is my order?")
    for _ in range(3):
        place.pass_(minutes=2 * 60)
        place.post("Something else")
    cursor = begun(place)
    place.pass_(minutes=11)
    key = place.post("Still waiting!", parent=old)

    found = only(new(place, cursor), key)

    assert (found.thread, found.parent) == (old, old)


def test_all_answers_of_a_thread_are_heard_though_it_shows_only_some(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    keys = {place.post(f"Mine too, {number}", parent=first) for number in range(130)}

    assert {m.key for m in new(place, cursor)} >= keys


def test_a_thread_in_which_nothing_is_new_is_not_read_again(place):
    first = place.post("Where is my order?")
    for number in range(5):
        place.post(f"Mine too, {number}", parent=first)
    cursor = begun(place)
    place.called.clear()

    _, cursor = read(place.adapter, cursor)
    place.pass_(minutes=11)
    read(place.adapter, cursor)

    assert "comments.list" not in place.called


def test_one_who_answers_in_place_of_one_who_deleted_theirs_is_heard(place):
    first = place.post("Where is my order?")
    keys = [place.post(f"Mine too, {number}", parent=first) for number in range(4)]
    cursor = begun(place)
    place.pass_(minutes=11)
    place.delete(keys[0])
    key = place.post("And mine", parent=first)

    assert key in {m.key for m in new(place, cursor)}


def test_a_thread_that_is_deleted_is_not_asked_for_for_ever(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    place.delete(first)
    place.pass_(minutes=11)
    _, cursor = read(place.adapter, cursor)

    assert first not in Cursor.load(cursor).threads


def test_only_the_liveliest_threads_are_followed():
    now = NOON
    second = int(now.timestamp())
    threads = {f"t{n}": Known("v", 0, second - n) for n in range(FOLLOWED + 5)}
    threads["ancient"] = Known("v", 0, second - 40 * 86_400)
    cursor = replace(Cursor.beginning(now, HISTORY), threads=threads)

    after = cursor.stepped(cursor.trail, now)

    assert list(after.threads) == [f"t{n}" for n in range(FOLLOWED)]


def test_what_youtube_shows_late_is_found_below_what_is_known(place):
    cursor = begun(place)
    place.post("Fine")
    _, cursor = read(place.adapter, cursor)
    late = place.post("It leaks")
    place.comments[late].at -= timedelta(minutes=40)

    assert late in {m.key for m in new(place, cursor)}


def test_a_comment_that_is_pinned_on_top_does_not_end_the_reading(place):
    place.pinned = place.post("Read this first")
    place.pass_(minutes=24 * 60)
    cursor = begun(place)
    place.post("Fine")
    cursor = read(place.adapter, cursor)[1]
    keys = {place.post(f"Message {number}") for number in range(130)}

    assert {m.key for m in new(place, cursor)} >= keys


def test_a_walk_whose_page_is_lost_begins_anew(place):
    cursor = begun(place)
    keys = {place.post(f"Message {number}") for number in range(130)}
    first = place.adapter.fetch(cursor)
    place.broken_token = True
    lost = place.adapter.fetch(first.cursor)
    place.broken_token = False

    assert not lost.more, "or one would ask again and again"
    assert {m.key for m in [*first.mentions, *new(place, lost.cursor)]} >= keys


def test_words_are_asked_for_as_they_were_typed(place):
    first = place.post("a < b & c")
    keys = [first, *(place.post("a < b & c", parent=first) for _ in range(4))]

    said = [*new(place, None), *place.adapter.recheck(keys)]

    assert {mention.text for mention in said} == {"a < b & c"}
    assert len(said) == 10


def test_a_comment_tells_who_where_and_with_which_picture(place):
    key = place.post("Look!")
    place.comments[key].more = {"imageUrl": "https://yt.example/a.gif?expire=21600"}

    [mention] = new(place, None)

    assert mention.url == f"https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc={key}"
    assert mention.media == ("https://yt.example/a.gif?expire=21600",)
    assert (mention.customer.key, mention.customer.handle) == ("UCmira", "@mira")


def test_a_thread_in_which_we_may_not_answer_says_so(place):
    key = place.post("Look!")
    place.closed.add(key)

    [mention] = new(place, None)

    assert mention.no_reply == "YouTube does not let our channel answer this comment."


# What is held back


@pytest.mark.parametrize(
    ("status", "why"),
    [("heldForReview", "holds this comment back for review"), ("likelySpam", "for spam")],
)
def test_what_is_held_back_is_told_as_that_until_it_is_published(place, status, why):
    cursor = begun(place)
    key = place.post("Buy!", status=status)
    held = only(new(place, cursor), key)
    place.comments[key].status = "published"

    [shown] = place.adapter.recheck([key])
    heard = only(new(place, cursor), key)

    assert not held.public
    assert why in held.no_reply
    assert shown.public
    assert not shown.no_reply
    assert shown.revision == heard.revision != held.revision


def test_what_is_held_back_is_not_taken_for_deleted(place):
    cursor = begun(place)
    key, other = place.post("Buy!", status="heldForReview"), place.post("Hello")
    held = only(new(place, cursor), key)
    place.delete(other)

    changes = place.adapter.recheck([key, other])

    assert changes == [held, other]


def test_where_too_much_is_held_back_nothing_is_taken_for_deleted(place):
    cursor = begun(place)
    keys = [place.post(f"Buy {n}!", status="likelySpam") for n in range(9)]
    new(place, cursor)
    place.page = 1

    assert [m.key for m in place.adapter.recheck(keys[-1:])] == []


def test_what_is_held_back_is_not_answered(place):
    cursor = begun(place)
    key = place.post("Buy!", status="heldForReview")

    with pytest.raises(Refused, match="Publish it in YouTube Studio"):
        answered(place, only(new(place, cursor), key))

    assert place.calls() == 0


# Answers


def test_an_answer_to_an_answer_stands_below_the_first_comment_and_names_whom(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    key = place.post("And mine?", by="ola", parent=first)
    mention = only(new(place, cursor), key)

    sent = answered(place, mention)

    assert place.comments[sent.key].parent == first
    assert place.comments[sent.key].text == "@ola On its way."
    own = only(new(place, cursor), sent.key)
    assert (own.parent, own.thread) == (key, first)


def test_who_is_named_already_is_not_named_twice(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    key = place.post("And mine?", by="ola", parent=first)
    mention = only(new(place, cursor), key)

    answered(place, mention, "@ola It comes.")
    place.adapter.reply(mention, "@olaf is our driver.", key="k2", again=False)

    assert place.answers() == ["@ola It comes.", "@ola @olaf is our driver."]


def test_a_correction_keeps_the_name_in_front(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    key = place.post("Mine?", by="ola", parent=first)
    mention = only(new(place, cursor), key)
    sent = answered(place, mention)

    place.adapter.correct(sent, mention, "On Friday.", again=False)

    assert place.answers() == ["@ola On Friday."]


def test_an_answer_that_is_too_long_with_the_name_in_front_is_refused(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    key = place.post("Mine?", by="ola", parent=first)
    mention = only(new(place, cursor), key)

    with pytest.raises(Refused, match="10005 characters long"):
        answered(place, mention, "x" * 10_000)

    assert place.calls() == 0


def test_the_same_words_to_an_earlier_comment_are_not_this_answer(place):
    first = place.post("Where is my order?")
    place.answer_elsewhere(first, "On its way.")
    cursor = begun(place)
    place.pass_(minutes=5)
    mention = only(new(place, cursor), first)
    later = replace(mention, posted_at=place.clock())

    place.adapter.reply(later, "On its way.", key="k1", again=True)

    assert place.answers() == ["On its way."] * 2


def test_where_there_are_too_many_answers_to_look_through_a_person_must(place, monkeypatch):
    monkeypatch.setattr("adapters.youtube.line.LONGEST", 1)
    monkeypatch.setattr("adapters.youtube.line.PAGE", 2)
    mention = asked(place)
    for number in range(5):
        place.post(f"Me too, {number}", parent=mention.key)

    with pytest.raises(Unsure):
        place.adapter.reply(mention, "On its way.", key="k1", again=True)
    gaps = [batch.gap for batch in pages(place.adapter, None)]

    assert any("has more answers on YouTube than can be read" in gap for gap in gaps)
    assert place.answers() == []


def test_an_answer_that_is_deleted_is_not_answered_though_its_thread_is_there(place):
    first = place.post("Where is my order?")
    cursor = begun(place)
    key = place.post("And mine?", by="ola", parent=first)
    mention = only(new(place, cursor), key)
    place.delete(key)

    with pytest.raises(Refused, match="The comment is gone"):
        answered(place, mention)

    assert place.calls() == 0


REFUSED = {
    "commentsDisabled": (403, "Comments are turned off for this video."),
    "forbidden": (403, "does not let our channel do this here"),
    "processingFailure": (400, "does not like something in it"),
    "commentTextTooLong": (400, "it takes 10000 characters"),
    "commentTextRequired": (400, "no words"),
    "parentCommentIsPrivate": (400, "not published"),
    "parentCommentNotFound": (404, "The comment is gone"),
    "operationNotSupported": (400, "lets nobody answer"),
    "somethingNew": (400, "YouTube would not do it: Nobody knows"),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_each_refusal_is_a_sentence(place, reason):
    mention = asked(place)
    status, why = REFUSED[reason]
    place.refuses["comments.insert"] = error(status, reason, "Nobody knows")

    with pytest.raises(Refused, match=why):
        answered(place, mention)


# Units


def test_reading_stops_before_it_touches_what_is_kept_for_answers(place):
    adapter = place.restarted(YOUTUBE_UNITS="200")
    mention = asked(place)
    cursors = [begun(place)]

    def read_on() -> None:
        for _ in range(100):
            cursors.append(adapter.fetch(cursors[-1]).cursor)

    with pytest.raises(TryLater, match="units of this day are used up") as later:
        read_on()
    place.called.clear()

    adapter.reply(mention, "On its way.", key="k1", again=False)

    assert later.value.after == timedelta(hours=20), "noon in London is four in California"
    assert Cursor.load(cursors[-1]).read == 80
    assert place.called == ["comments.list", "comments.insert"]


def test_who_has_used_up_all_answers_tomorrow_and_no_call_is_made(place):
    mention = asked(place)
    adapter = place.restarted(YOUTUBE_UNITS="104")
    adapter.reply(mention, "On its way.", key="k1", again=False)
    adapter.reply(mention, "And on Friday.", key="k2", again=False)
    place.called.clear()

    with pytest.raises(TryLater) as later:
        adapter.reply(mention, "And on Monday.", key="k3", again=False)

    assert later.value.surely_not_done
    assert place.calls() == 0
    place.pass_(minutes=20 * 60)
    assert adapter.reply(mention, "And on Monday.", key="k3", again=False).key


def test_a_restart_forgets_no_units(place):
    cursor = begun(place)
    spent = Cursor.load(cursor)
    again = place.restarted()

    after = Cursor.load(again.fetch(cursor).cursor)

    assert (after.day, after.read) == (spent.day, spent.read + 2), "a list, and who we are"
    assert spent.day == "2026-11-03"


def test_units_that_somebody_else_used_up_are_waited_for_until_midnight(place):
    mention = asked(place)
    for name in ("commentThreads.list", "comments.insert"):
        place.refuses[name] = error(403, "quotaExceeded", "You have exceeded your quota")

    with pytest.raises(TryLater) as read_later:
        place.adapter.fetch(None)
    with pytest.raises(TryLater) as said_later:
        answered(place, mention)

    assert read_later.value.after == said_later.value.after == timedelta(hours=20)
    assert said_later.value.surely_not_done


@pytest.mark.parametrize(
    ("now", "hours"),
    [
        (datetime(2026, 3, 8, 8, tzinfo=UTC), 23),  # the day on which California loses an hour
        (datetime(2026, 11, 1, 7, tzinfo=UTC), 25),  # and gets it back
        (datetime(2026, 7, 1, 6, 30, tzinfo=UTC), 0.5),
    ],
)
def test_a_day_of_california_is_as_long_as_it_is(now, hours):
    assert until_midnight(now) == timedelta(hours=hours)


def test_units_of_yesterday_are_forgotten():
    clock = Clock()
    units = Units(1000, clock)
    units.resume("2026-11-02", 400, 600)
    units.look()
    units.write()

    assert units.spent() == ("2026-11-03", LOOK, WRITE)


def test_a_recheck_keeps_within_what_is_for_reading(place):
    adapter = place.restarted(YOUTUBE_UNITS="100")
    adapter.units.resume("2026-11-03", 40, 0)

    with pytest.raises(TryLater):
        adapter.recheck(["Ugx1"])


# Keys


GRANTS = {
    "invalid_grant": (400, "still in testing, where a grant ends after seven days"),
    "invalid_client": (401, "does not know our OAuth client. Look at YOUTUBE_CLIENT_ID and"),
    "unauthorized_client": (401, "granted to another client"),
    "invalid_scope": (400, "gives no token"),
}


@pytest.mark.parametrize("name", GRANTS)
def test_each_way_in_which_a_grant_can_be_wrong_is_a_sentence(place, name):
    status, why = GRANTS[name]
    place.grants = (status, {}, dumped({"error": name, "error_description": "1//refresh"}))

    with pytest.raises(LockedOut, match=why) as locked:
        place.adapter.check()

    assert "1//refresh" not in str(locked.value)


def test_a_secret_that_is_wrong_is_told_from_a_token_that_is(place):
    with pytest.raises(LockedOut, match="Look at YOUTUBE_CLIENT_ID and YOUTUBE_CLIENT_SECRET"):
        place.restarted(YOUTUBE_CLIENT_SECRET="another").check()
    with pytest.raises(LockedOut, match="set YOUTUBE_REFRESH_TOKEN"):
        place.locked_out().check()


@pytest.mark.parametrize(
    ("reason", "why"),
    [
        ("insufficientPermissions", "grant the scope youtube.force-ssl"),
        ("ACCESS_TOKEN_SCOPE_INSUFFICIENT", "grant the scope youtube.force-ssl"),
        ("youtubeSignupRequired", "has no YouTube channel"),
        ("channelSuspended", "has closed or suspended the channel"),
        ("accessNotConfigured", "has not switched on youtube"),
        ("forbidden", "does not show us the channel's comments"),
    ],
)
def test_each_way_of_being_shut_out_is_a_sentence(place, reason, why):
    place.refuses["channels.list"] = error(403, reason, "No.")

    with pytest.raises(LockedOut, match=why):
        place.adapter.check()


def test_an_account_without_a_channel_is_told(place):
    place.channels = []

    with pytest.raises(LockedOut, match="choose the brand's channel"):
        place.adapter.check()


@pytest.mark.parametrize(
    "channel", [{}, {"id": "UC"}, {"id": "UC", "snippet": {}}, {"id": "UC", "snippet": 7}, 7]
)
def test_a_channel_that_makes_no_sense_is_asked_for_later(place, channel):
    place.channels = [channel]

    with pytest.raises(TryLater, match="does not say who we are"):
        place.adapter.check()


def test_check_names_the_channel(place):
    assert place.adapter.check() == "YouTube as Acme (@acme)"
    assert place.adapter.ability.speaks_as == "Acme (@acme)"


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("YOUTUBE_UNITS", "many"),
        ("YOUTUBE_UNITS", "99"),
        ("YOUTUBE_EVERY", "1"),
        ("YOUTUBE_API_URL", "http://example.com"),
        ("YOUTUBE_TOKEN_URL", "http://example.com/token"),
    ],
)
def test_settings_that_can_t_be_right_are_told(place, setting, value):
    with pytest.raises(ValueError, match=setting):
        place.restarted(**{setting: value})


# Addresses, cursors


@pytest.mark.parametrize(
    "address",
    [
        "https://m.youtube.com/watch?v=x&lc={key}",
        "https://youtu.be/dQw4w9WgXcQ?lc={key}",
        "https://www.youtube.com/shorts/dQw4w9WgXcQ?lc={key}&feature=share",
        "http://youtube.com/watch?lc={key}&v=x#here",
    ],
)
def test_our_answer_is_found_by_any_address_of_it(place, address):
    mention = asked(place)
    key = place.answer_elsewhere(mention.key, "Sorry!")

    found = place.adapter.find(address.format(key=key))

    assert (found.key, found.parent, found.origin) == (key, mention.key, Origin.OWN)
    assert found.url == f"https://www.youtube.com/watch?v=dQw4w9WgXcQ&lc={key}"


@pytest.mark.parametrize(
    "change",
    [
        {"turn": "rejected"},
        {"begun": "x"},
        {"sweep": [7]},
        {"sweep": 7},
        {"threads": {"a": {"video": "v", "answers": "1", "last": 1}}},
        {"threads": {"a": {"video": "v", "answers": 1, "last": 10**30}}},
        {"due": {"a": {"video": None, "answers": 1, "last": 1}}},
        {"trails": {"published": {"since": 1.5, "token": None, "newest": 0}}},
        {"trails": {"published": {"since": 5, "token": 7, "newest": 0}}},
        {"read": None},
        {"day": 7},
    ],
)
def test_a_cursor_that_can_t_be_is_told(place, change):
    kept = json.loads(Cursor.beginning(NOON, HISTORY).dump()) | change

    assert "damaged" in place.adapter.fetch(json.dumps(kept)).gap


def test_a_comment_that_can_t_be_read_is_not_taken_for_deleted(place):
    key = place.post("Hello")
    place.comments[key].more = {"publishedAt": "yesterday"}

    assert place.adapter.recheck([key]) == []
