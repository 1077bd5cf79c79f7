import time
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from adapters.demo import Demo
from bot.playground.customers import MORE, Customers, waiting
from bot.playground.customers_words import NO_HELP, OUTAGE, POSTS, STORM, THANKS, WAITING

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


@pytest.fixture
def platform():
    return Demo("demo", {}, lambda: NOON, timedelta(hours=1))


def live(customers, *, seconds, start=0, answer=None):
    """What is posted in these seconds, with the second in which it was."""
    platform, seen = customers.platform, []
    for now in range(start, start + seconds):
        before = len(platform.events)
        customers.step(now)
        seen += [(now, event) for event in platform.events[before:]]
        if answer:
            answer(now)
    return seen


def answer_all(platform):
    """A team that answers whatever was said in the last half minute."""

    def answer(now):
        if now % 30 == 0:
            done = {one.to for one in platform.answers()}
            for event in [e for e in platform.events if e["by"] != "acme"]:
                if event["key"] not in done:
                    platform.answer_elsewhere(event["key"], "We are on it.")

    return answer


def test_the_first_mention_comes_within_three_seconds(platform):
    [(second, event)] = live(Customers(platform, seed=1), seconds=4)

    assert second in (2, 3)
    assert event["text"] == POSTS[0].text


def test_the_first_minute_shows_a_bit_of_everything_in_a_chosen_order(platform):
    seen = live(Customers(platform, seed=1), seconds=90)

    begun = [event["text"] for _, event in seen if not event.get("parent")]
    assert begun == [post.text for post in POSTS[: len(begun)]]


def test_ten_minutes_of_an_answering_team_are_lively_and_varied(platform):
    customers = Customers(platform, seed=5)

    seen = live(customers, seconds=600, answer=answer_all(platform))

    begun = [event for _, event in seen if not event.get("parent") and not event.get("revision")]
    assert 15 < len(begun) < 60
    assert len({event["by"] for event in begun}) > 12
    assert len({event["language"] for event in begun}) > 4
    assert max(Counter(event["text"] for event in begun).values()) == 1


def test_whoever_is_answered_may_thank_or_complain_five_to_thirty_seconds_later(platform):
    customers = Customers(platform, seed=2)
    thanked = complained = 0
    for start in range(0, 4000, 200):
        key = platform.post("Where is my parcel?", by=f"mira{start}", language="de", name="Mira")
        platform.answer_elsewhere(key, "On its way!")
        seen = live(customers, seconds=100, start=start)
        more = [(s - start, e) for s, e in seen if e.get("parent") and e["by"] == f"mira{start}"]
        assert len(more) <= 1
        assert all(5 <= after <= 31 for after, _ in more)
        thanked += any(event["text"] in THANKS["de"] for _, event in more)
        complained += any(event["text"] in NO_HELP["de"] for _, event in more)

    assert thanked
    assert complained


def test_who_has_nothing_more_to_say_says_nothing_more(platform):
    customers = Customers(platform, seed=2)
    for number, post in enumerate(post for post in POSTS if post.quiet):
        key = platform.post(post.text, by=f"quiet{number}", language=post.language)
        platform.answer_elsewhere(key, "Thanks!")

    seen = live(customers, seconds=200)

    assert not [event for _, event in seen if event["by"].startswith("quiet")]


def test_who_waits_asks_again_in_the_same_thread_and_language(platform):
    seen = live(Customers(platform, seed=3), seconds=900)

    again = [event for _, event in seen if event.get("parent")]
    assert again
    by_key = {event["key"]: event for event in platform.events}
    for event in again:
        first = by_key[event["parent"]]
        assert event["by"] == first["by"]
        assert event["text"] in WAITING[first["language"]]


def test_nobody_argues_for_ever(platform):
    customers = Customers(platform, seed=4)

    live(customers, seconds=3600, answer=answer_all(platform))

    answers = Counter(event["by"] for event in platform.events if event.get("parent"))
    del answers["acme"]
    assert max(answers.values()) < 12


def test_a_night_without_answers_does_not_flood_the_channel(platform):
    customers = Customers(platform, seed=6)

    first = live(customers, seconds=3600)
    night = live(customers, seconds=10 * 3600, start=3600)

    assert 15 < len(first) < 45
    assert len(night) < 70
    assert not live(customers, seconds=3600, start=100_000)


def test_after_an_answer_in_the_morning_people_speak_up_again(platform):
    customers = Customers(platform, seed=6)
    live(customers, seconds=20 * 3600)
    quiet = live(customers, seconds=3600, start=20 * 3600)

    platform.answer_elsewhere("d1", "Good morning!")

    assert not quiet
    assert live(customers, seconds=3600, start=22 * 3600)


def test_after_a_restart_they_say_what_was_not_said_yet(platform):
    live(Customers(platform, seed=7), seconds=200)
    before = {event["text"] for event in platform.events}

    seen = live(Customers(platform, seed=7), seconds=60)

    begun = [event for _, event in seen if not event.get("parent")]
    assert begun
    assert not before & {event["text"] for event in begun}


def test_after_a_restart_old_answers_are_not_thanked_for_again(platform):
    key = platform.post("Hello", by="mira")
    platform.answer_elsewhere(key, "Hi!")

    seen = live(Customers(platform, seed=8), seconds=60)

    assert not [event for _, event in seen if event["by"] == "mira"]


def test_a_storm_is_all_sorts_of_people_within_a_minute(platform):
    words = {post.text for post in STORM}
    customers = Customers(platform, seed=9)

    customers.storm()
    seen = live(customers, seconds=61, start=5000)

    assert len({event["by"] for _, event in seen if event["text"] in words}) == len(STORM)
    assert len({second for second, _ in seen}) > 5


def test_in_a_long_day_something_of_everything_happens(platform):
    customers = Customers(platform, seed=10)

    live(customers, seconds=2 * 3600, answer=answer_all(platform))

    events = platform.events
    assert {"repost", "automated"} <= {event.get("origin") for event in events}
    assert any(event.get("deleted") for event in events) or any(e["by"] == "acme" for e in events)
    assert any(event.get("revision") and not event.get("deleted") for event in events)
    assert any(event.get("media") for event in events)
    assert any(event.get("public") is False for event in events)
    assert any("<!channel>" in event["text"] for event in events)


def test_a_regretted_post_is_deleted_unless_it_was_answered(platform):
    customers = Customers(platform, seed=11)
    post = next(post for post in POSTS if post.regretted)
    customers.step(0)
    customers._say(post)
    customers._say(post)
    kept, gone = [event["key"] for event in platform.events]
    platform.answer_elsewhere(kept, "We are sorry to hear that.")

    live(customers, seconds=151, start=1)

    assert {event["key"] for event in platform.events if event.get("deleted")} == {gone}


def test_what_cannot_be_read_does_not_silence_them(platform):
    platform.spoil()

    assert live(Customers(platform, seed=12), seconds=60)


def test_everything_they_say_is_a_mention_the_demo_platform_can_bring(platform):
    customers = Customers(platform, seed=13)
    live(customers, seconds=3600, answer=answer_all(platform))

    batch = platform.fetch("0")

    assert not batch.unreadable
    assert all(mention.text and mention.customer.name for mention in batch.mentions)


def test_they_say_it_in_many_ways_and_every_language_can_go_on():
    assert len({post.text for post in POSTS}) == len(POSTS) >= 40
    languages = {post.language for post in POSTS}
    assert languages == {"en", "de", "es", "fr", "pt", "it", "nl", "ja", "ar"}
    for words in (WAITING, THANKS, NO_HELP):
        assert languages <= words.keys()
    assert {post.by for post in (*POSTS, *STORM)}.isdisjoint({"acme"})
    assert all(len(post.text) < 280 for post in (*POSTS, *STORM))


def test_a_storm_speaks_four_languages_and_one_that_few_have_learnt():
    spoken = Counter(post.language for post in OUTAGE)

    assert min(spoken[each] for each in ("en", "de", "es", "fr")) >= 2
    assert {post.language for post in STORM} - spoken.keys() == {"pl"}
    assert len({post.by for post in STORM}) == len(STORM) > 25
    assert all(post.quiet or post.language in WAITING for post in STORM)


def test_threads_that_wait_are_counted(platform):
    first = platform.post("one", by="mira")
    platform.post("one more", by="mira", parent=first)
    platform.post("two", by="jonas")
    assert waiting(platform) == 2

    platform.answer_elsewhere(first, "Hi!")

    assert waiting(platform) == 1
    assert "media" not in MORE


def test_they_begin_and_end_as_asked(platform):
    customers = Customers(platform, pace=100, seed=14)

    customers.start()
    while not platform.events:
        time.sleep(0.01)
    customers.stop()
    count = len(platform.events)

    assert count
    assert not customers._thread.is_alive()
