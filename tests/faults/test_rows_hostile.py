"""What strangers write and platforms send: malformed, endless, hidden, twice, in any order."""

import json
from datetime import timedelta
from itertools import permutations

import pytest
from sqlalchemy import select

from adapters.demo import Demo
from bot.domain.conversation import State
from bot.playground.pings import pings
from bot.slack.text import HIDDEN
from storage.database import reading
from storage.tables import conversations, mentions, unreadable
from tests.conftest import NOON
from tests.people import ANA, ask, nag_all, press, write
from tests.slack.hostile import live_markup

LONG = "x" * 100_000
LINKS = " ".join(f"https://shop.example/{n}" for n in range(10_000))
ZALGO = "e" + "\u0301" * 500
FAMILY = "👨‍👩‍👧‍👦"


def poll(app, clock, demo):
    clock.pass_(seconds=1)
    return app.intake.poll("demo", demo)


def kept(app):
    with reading(app.desk.database) as db:
        return db.execute(select(mentions.c.key, mentions.c.text)).all()


def set_aside(app):
    with reading(app.desk.database) as db:
        return db.execute(select(unreadable)).all()


# Malformed

DEEP = json.loads("[" * 900 + "]" * 900)
ODD = [DEEP, None, 7, "", "text", [], {}, True, 10**400, -1, 1.5, "9" * 5000]


@pytest.mark.fault(39)
@pytest.mark.parametrize("name", ["key", "by", "text", "at", "parent", "thread", "name", "media"])
@pytest.mark.parametrize(
    "odd", ODD, ids=[str(type(o).__name__) + str(i) for i, o in enumerate(ODD)]
)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_whatever_a_field_holds_the_batch_goes_on(app, demo, clock, name, odd):
    demo.post("before", by="ana")
    demo.post("odd", by="ben")
    demo.post("after", by="cem")
    demo.events[1][name] = odd

    poll(app, clock, demo)

    words = [text for _, text in kept(app)]
    assert {"before", "after"} <= set(words)
    assert len(words) + len(set_aside(app)) == 3
    assert all(isinstance(key, str) for key, _ in kept(app))
    assert all(each.raw and each.problem for each in set_aside(app))


# Long


@pytest.mark.fault(40)
@pytest.mark.parametrize("words", [LONG, LINKS, FAMILY * 10_000], ids=["100 kB", "links", "emoji"])
def test_endless_words_are_kept_whole_and_shown_cut(app, slack, hear, words):
    hear(words, name="N" * 500)

    [card] = slack.messages.values()
    [(_, text)] = kept(app)
    assert text == words
    assert f"({len(text):,} characters in all)" in str(card["blocks"])
    assert live_markup(card) == []


@pytest.mark.fault(40)
def test_an_emoji_is_cut_between_and_never_inside(app, slack, hear):
    hear(FAMILY * 10_000)

    [card] = slack.messages.values()
    said = next(b for b in card["blocks"] if "rich_text_quote" in str(b))
    words = said["elements"][0]["elements"][0]["text"].partition("…")[0]
    assert words == FAMILY * (len(words) // len(FAMILY))


# Hidden and turned around


@pytest.mark.fault(41)
@pytest.mark.parametrize(
    "words",
    [
        "NUL \0 here",
        "half \ud800 of one",
        "\ufeffBOM",
        "\u202egnp.exe",
        "\u2066in\u2069",
        "\u200bno\u200b",
    ],
)
def test_what_nobody_can_see_is_not_on_the_card(app, slack, hear, words):
    hear(words)

    [card] = slack.messages.values()
    shown = str(card["blocks"]) + card["text"]
    assert not HIDDEN.search(shown.replace("\\n", ""))


@pytest.mark.fault(41)
def test_both_databases_keep_the_same_of_it(app, hear):
    hear("a\0b \ud800c \u202ed \ufeffe")

    assert kept(app) == [("d1", "a\ufffdb \ufffdc \u202ed \ufeffe")]


@pytest.mark.fault(41)
@pytest.mark.parametrize("words", [ZALGO, FAMILY, "🏳️‍🌈🇩🇪", "नमस्ते"])
def test_what_belongs_together_is_not_split(app, slack, hear, words):
    hear(words)

    [card] = slack.messages.values()
    assert kept(app)[0][1] in card["text"] + str(card["blocks"]) or words == ZALGO


@pytest.mark.fault(41)
@pytest.mark.parametrize("typed", ["café", "cafe\u0301"])
@pytest.mark.parametrize("written", ["Your café is closed", "Your cafe\u0301 is closed"])
def test_what_looks_the_same_is_found_however_it_is_written(app, slack, hear, written, typed):
    hear(written)

    assert "@mira" in ask(app.bolt, slack.workspace, f'"{typed}"')
    assert "@mira" not in ask(app.bolt, slack.workspace, '"cafe"')


# Markup


@pytest.mark.fault(42)
@pytest.mark.parametrize(
    "evil",
    [
        "<!channel>",
        "<!here>",
        "<@U0BEN>",
        "<!subteam^S0LEADS>",
        "<https://evil.example|your bank>",
        "&lt;!channel&gt;",
        "*_~bold~_* `code` ```",
        "@channel @here @everyone",
    ],
)
@pytest.mark.parametrize("where", ["text", "name", "by", "parent's text"])
def test_markup_of_strangers_is_dead_wherever_it_stands(app, slack, hear, clock, evil, where):
    fields = {"name": "Mira", "by": "mira", "text": "My order is broken"} | {where: evil}
    fields.pop("parent's text", None)
    first = hear(fields.pop("text"), **fields)
    if where == "parent's text":
        hear(evil, parent=first, **fields)
    clock.pass_(hours=1, minutes=1)
    nag_all(app)
    press(app, slack, "reply", 1, ANA)

    for message in slack.messages.values():
        assert live_markup({"blocks": [], **message}) == []
        if "should have been" not in message["text"]:
            assert pings(message) == []
    posted = [sent for method, sent in slack.calls if method == "chat.postMessage"]
    assert not any(sent.get("link_names") for sent in posted)
    assert all(str(sent.get("unfurl_links")) in ("0", "False") for sent in posted)


# Taken back


@pytest.mark.fault(43)
def test_an_answer_to_what_was_deleted_there_is_refused_with_the_reason(app, slack, demo, hear):
    key = hear()
    press(app, slack, "reply", 1)
    demo.delete(key)

    write(app, slack, "A new one is on its way")
    app.courier.deliver_all()

    assert demo.answers() == []
    said = [m["text"] for m in slack.messages.values()]
    assert any("This post is deleted" in text for text in said), said
    assert app.desk.conversation(1).owner == ANA


@pytest.mark.fault(43)
def test_what_was_deleted_after_it_was_shown_is_withdrawn_and_kept(app, slack, demo, clock, hear):
    key = hear()
    demo.delete(key)
    poll(app, clock, demo)
    app.courier.deliver_all()
    clock.pass_(hours=2)
    nag_all(app)

    it = app.desk.conversation(1)
    assert (it.state, it.closed_because) == (State.DISMISSED, "The customer deleted it.")
    assert it.next_nag_at is None
    assert len(kept(app)) == 1
    card = slack.messages[it.card]
    assert "deleted" in card["text"]
    assert not [m for m in slack.messages.values() if "should have been" in m["text"]]


# Twice, and in any order


@pytest.mark.fault(44)
def test_the_same_id_is_one_on_a_platform_and_two_on_two(app, assemble, demo, clock):
    other = Demo("demo:other", {}, clock, timedelta(days=7))
    for platform in (demo, other):
        platform.post("My kettle is broken")
        platform.events += [dict(platform.events[0]) for _ in range(2)]
    clock.pass_(seconds=1)
    for _ in range(2):
        bot = assemble()
        bot.intake.poll("demo", demo)
        bot.intake.poll("demo:other", other)
        demo.events.append(dict(demo.events[0]))
        clock.pass_(seconds=1)

    assert len(kept(app)) == 2


@pytest.mark.fault(45)
@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_in_whatever_order_they_come_the_end_is_the_same(app, demo, clock, order):
    """A question, a further word, an answer from elsewhere, and a word after it."""
    first = demo.post("My kettle is broken")
    clock.pass_(minutes=1)
    demo.post("It is still broken", parent=first)
    clock.pass_(minutes=1)
    demo.answer_elsewhere(first, "A new one is on its way")
    clock.pass_(minutes=1)
    demo.post("That one is broken, too", parent=first)
    told = list(demo.events)
    demo.events.clear()

    for index in order:
        demo.events.append(told[index])
        poll(app, clock, demo)

    with reading(app.desk.database) as db:
        [row] = db.execute(select(conversations)).all()
        assert len(db.execute(select(mentions)).all()) == 4
    assert row.state == "waiting"
    assert row.waiting_since == NOON + timedelta(minutes=3)


@pytest.mark.fault(48)
def test_what_a_colleague_answered_there_is_closed_and_nobody_is_called(
    app, slack, demo, clock, hear
):
    key = hear()
    demo.answer_elsewhere(key, "A new one is on its way")
    poll(app, clock, demo)
    app.courier.deliver_all()
    clock.pass_(hours=3)
    nag_all(app)

    it = app.desk.conversation(1)
    assert (it.state, it.next_nag_at) == (State.ANSWERED, None)
    assert not [m for m in slack.messages.values() if "should have been" in m["text"]]
