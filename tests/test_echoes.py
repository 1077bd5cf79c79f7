"""One post that comes from two sources is one mention, and one that can be answered if any can."""

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select

from adapters.demo import Demo
from bot.domain.address import address
from bot.domain.conversation import State
from bot.echoes import alike
from bot.forgetting import Forgetting
from storage.database import reading
from storage.tables import conversations, mentions
from tests.people import answer, press
from tests.things import mention

WORDS = "My coffee machine leaks since the last update, and nobody answers"
EXCERPT = "coffee machine leaks since the last update, and …"
ALERT = "A feed can only be read. Open it there to answer."


@pytest.fixture
def alerts(assemble, clock):
    """A second source, which can't be answered."""
    assemble.others["feed"] = Demo("feed", {}, clock, timedelta(days=7))
    return assemble.others["feed"]


@pytest.fixture
def app(alerts, assemble, demo):
    bot = assemble()
    bot.intake.poll("demo", demo)
    bot.intake.poll("feed", alerts)
    return bot


@pytest.fixture
def tell(app, clock):
    """One of the two sources tells of a post, and the bot hears it."""

    def bring(where, text=WORDS, **more):
        url = more.pop("url", "https://demo.example/post/77")
        key = where.post(text, url=url, **more)
        clock.pass_(seconds=1)
        app.intake.poll(where.name, where)
        app.courier.deliver_all()
        return key

    return bring


def feed(tell, alerts, text=EXCERPT, **more):
    return tell(alerts, text, no_reply=ALERT, **more)


def numbers(database):
    with reading(database) as db:
        return list(db.execute(select(conversations.c.id)).scalars())


def test_a_feed_that_tells_of_a_known_post_adds_nothing(app, demo, alerts, tell, database, slack):
    tell(demo)
    before = len(slack.messages)

    feed(tell, alerts)

    assert numbers(database) == [1]
    assert len(slack.messages) == before
    assert [m.text for m in app.desk.look(1).mentions] == [WORDS]


def test_what_a_feed_told_first_goes_on_where_it_can_be_answered(
    app, demo, alerts, tell, database, slack
):
    feed(tell, alerts)
    press(app, slack, "claim", 1)

    tell(demo)

    case = app.desk.look(1)
    assert numbers(database) == [1]
    assert (case.conversation.account, case.conversation.owner) == ("demo", "U0ANA")
    assert (case.latest.text, case.latest.no_reply) == (WORDS, "")
    answer(app, slack, 1, "We are on it.")
    assert [each.text for each in demo.answers()] == ["We are on it."]
    assert app.desk.look(1).conversation.state is State.ANSWERED


def test_further_words_of_the_same_customer_go_on_with_it(app, demo, alerts, tell, database):
    feed(tell, alerts)
    key = tell(demo)

    tell(demo, "Hello? Anybody?", parent=key, url="https://demo.example/post/78")

    assert numbers(database) == [1]
    assert app.desk.look(1).latest.text == "Hello? Anybody?"


def test_the_clock_does_not_begin_anew(app, demo, alerts, tell, clock):
    feed(tell, alerts)
    due = app.desk.look(1).conversation.due_at
    clock.pass_(minutes=20)

    tell(demo)

    assert app.desk.look(1).conversation.due_at == due


def test_what_is_answered_there_already_stays_so(app, demo, alerts, tell, slack, database):
    feed(tell, alerts)
    press(app, slack, "answered_there", 1)
    app.answering.answered_there(1, "U0ANA")

    tell(demo)

    assert numbers(database) == [1]
    assert app.desk.look(1).conversation.state is State.ANSWERED


def test_another_comment_on_the_same_page_is_another_mention(app, demo, alerts, tell, database):
    tell(demo, "The lid of my water tank snapped off on the first day")

    feed(tell, alerts, "Love the new colours, when do they come to Spain?")

    assert numbers(database) == [1, 2]


def test_the_same_source_may_tell_two_posts_of_one_page(demo, tell, database):
    tell(demo)
    tell(demo, by="ola")

    assert numbers(database) == [1, 2]


def test_an_echo_that_is_edited_changes_nothing(app, demo, alerts, tell, database, clock):
    tell(demo)
    key = feed(tell, alerts)

    alerts.edit(key, "coffee machine leaks [edited]")
    app.intake.poll("feed", alerts)

    assert [m.text for m in app.desk.look(1).mentions] == [WORDS]


def test_who_is_forgotten_is_forgotten_in_echoes_too_and_does_not_come_back(
    app, demo, alerts, tell, database, clock
):
    tell(demo)
    feed(tell, alerts)
    Forgetting(app.desk).forget(app.desk.look(1).conversation.customer, by="U0LEA")
    while app.sweep.forget_one():
        pass
    alerts.post(WORDS, url="https://demo.example/post/77", no_reply=ALERT, by="again")
    clock.pass_(minutes=5)
    app.intake.poll("feed", alerts)

    with reading(database) as db:
        kept = list(db.execute(select(mentions.c.text)).scalars())
    assert kept == ["", "", ""]
    assert numbers(database) == [1]


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_two_workers_that_hear_both_sources_at_once_find_one(
    app, demo, alerts, tell, database, clock
):
    for number in range(20):
        url = f"https://demo.example/post/{number}"
        demo.post(f"{WORDS} {number}", url=url)
        alerts.post(f"{EXCERPT} {number}", url=url, no_reply=ALERT)
    clock.pass_(seconds=60)
    ready = threading.Barrier(2)

    def work(adapter):
        ready.wait()
        app.intake.poll(adapter.name, adapter)

    threads = [threading.Thread(target=work, args=(each,)) for each in (demo, alerts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(numbers(database)) == 20


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://twitter.com/mira/status/17?s=20", "http://mobile.x.com/m_ira/status/17/"),
        (
            "https://www.reddit.com/r/acme/comments/1/x/?utm_source=a",
            "https://old.reddit.com/r/acme/comments/1/x",
        ),
        (
            "https://news.ycombinator.com/item?id=8",
            "https://news.ycombinator.com/item?id=8&ref=f5bot",
        ),
        ("https://youtu.be/abc?si=1", "https://www.youtube.com/watch?v=abc"),
        ("https://blog.example/a/#comment-5", "http://www.blog.example/a#comment-5"),
        ("https://blog.example/a#respond", "https://blog.example/a"),
    ],
)
def test_two_ways_to_say_where(one, other):
    assert address(one) == address(other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("https://x.com/mira/status/17", "https://x.com/mira/status/18"),
        ("https://blog.example/a#comment-5", "https://blog.example/a#comment-6"),
        ("https://blog.example/?p=5", "https://blog.example/?p=6"),
        ("https://youtube.com/watch?v=abc&lc=1", "https://youtube.com/watch?v=abc&lc=2"),
        ("https://blog.example:81/a", "https://blog.example:82/a"),
    ],
)
def test_two_places(one, other):
    assert address(one) != address(other)


@pytest.mark.parametrize(
    "url", [None, "", "mailto:a@b.example", "https://", "http://[", "http://x:y/", "x"]
)
def test_what_is_no_address(url):
    assert address(url) is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (WORDS, EXCERPT, True),
        (WORDS, f"Reddit: {WORDS}", True),
        ("Broken!", "broken", True),
        ("Broken!", "Broken again", False),
        ("", WORDS, False),
        (WORDS, "Where can I buy the blue one and when does it come", False),
    ],
)
def test_which_words_are_of_one_post(one, other, same):
    assert alike(mention(one), other) is same
    assert alike(mention(other), one) is same
