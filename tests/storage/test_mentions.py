"""What was said, by whom, and what became of it."""

from dataclasses import replace

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.conversation import State
from bot.domain.mention import Origin, Unreadable
from bot.domain.reply import Reply, Sent
from storage import mentions, replies
from storage.database import reading
from tests.conftest import NOON
from tests.things import HOUR, MINUTE, mention, remember


def add(database, conversation, key, **more) -> int:
    with database.begin() as db:
        return mentions.add(
            db,
            mention(key=key, **more),
            customer=conversation.customer,
            conversation=conversation.id,
            at=NOON,
        )


def test_a_mention_comes_back_as_it_was(database):
    known = remember(database)
    said = mention(
        "Olá 👋 \u202e",
        parent="d0",
        url="https://demo.example/1",
        subject="Order",
        revision="2",
        origin=Origin.REPOST,
        public=False,
        deleted=True,
        no_reply="Why.",
        media=("https://a", "https://b"),
        language="pt",
        extra={"id": [1, {"a": None}]},
    )
    with database.begin() as db:
        mentions.add(db, said, customer=known.customer, conversation=known.id, at=NOON)
        [found] = mentions.of_conversation(db, known.id)

    assert found == said
    assert found.extra == said.extra
    assert isinstance(found.media, tuple)


def test_a_post_is_kept_once_on_one_account_and_again_on_another(database):
    known = remember(database)
    add(database, known, "d1")
    add(database, known, "d1", account="demo:two")

    with pytest.raises(IntegrityError):
        add(database, known, "d1")


def test_an_edit_keeps_what_it_is_now(database):
    known = remember(database)
    id = add(database, known, "d1")

    with database.begin() as db:
        mentions.change(db, id, mention("Better now", revision="2", media=("https://a",)))
        found, number = mentions.find(db, "demo", "d1")

    assert (found.text, found.revision, found.media, number) == (
        "Better now",
        "2",
        ("https://a",),
        known.id,
    )


def test_what_is_published_later_is_public_from_then_on(database):
    known = remember(database)
    id = add(database, known, "d1", public=False)

    with database.begin() as db:
        mentions.change(db, id, mention("It is broken", revision="2"))
        found, _ = mentions.find(db, "demo", "d1")

    assert found.public


def test_what_came_after_a_mention_is_what_we_heard_after_it_and_still_stands(database):
    known = remember(database)
    first = add(database, known, "d1")
    add(database, known, "d2", posted_at=NOON + HOUR)
    add(database, known, "older, heard later", posted_at=NOON + MINUTE)
    add(database, known, "gone", posted_at=NOON, deleted=True)
    add(database, known, "ours", posted_at=NOON, origin=Origin.OWN)

    with reading(database) as db:
        assert mentions.oldest_after(db, known.id, first).key == "older, heard later"
        assert mentions.oldest_posted_after(db, known.id, NOON + MINUTE).key == "d2"
        assert mentions.oldest_posted_after(db, known.id, NOON + HOUR) is None
        standing = [said.key for said in mentions.standing(db, known.id)]
    assert standing == ["d1", "older, heard later", "d2"]


def test_only_what_is_unsettled_is_watched(database):
    waiting = remember(database)
    closed = remember(database, thread="t2", state=State.ANSWERED)
    for key in ("a", "b", "c"):
        add(database, waiting, key)
    add(database, waiting, "ours", origin=Origin.OWN)
    add(database, waiting, "gone", deleted=True)
    add(database, closed, "answered")

    with reading(database) as db:
        assert sorted(mentions.watched(db, "demo", most=9)) == ["a", "b", "c"]
        assert len(mentions.watched(db, "demo", most=2)) == 2
        assert mentions.watched(db, "demo:two", most=2) == []


def test_our_answer_to_a_post_is_found_by_what_it_answers(database):
    known = remember(database)
    add(database, known, "customer's", parent="d1")
    add(database, known, "ours", parent="d1", origin=Origin.OWN)

    with reading(database) as db:
        assert mentions.own_answer_to(db, "demo", "d1").key == "ours"
        assert mentions.own_answer_to(db, "demo:two", "d1") is None


def test_what_nobody_can_read_is_kept_once(database):
    item = Unreadable(key="d1", raw="{", problem="KeyError")

    with database.begin() as db:
        assert mentions.keep_unreadable(db, "demo", item, NOON)
        assert not mentions.keep_unreadable(db, "demo", item, NOON)
        assert mentions.keep_unreadable(db, "demo:two", item, NOON)


def answer(database, conversation, id, key, **more) -> Reply:
    written = Reply(
        key=key,
        conversation=conversation.id,
        mention=id,
        author="U0ANA",
        text=f"answer {key}",
        written_at=NOON,
    )
    with database.begin() as db:
        replies.add(db, replace(written, **more))
    return replace(written, **more)


def test_an_answer_is_known_by_its_key_and_by_what_the_platform_calls_it(database):
    known, other = remember(database), remember(database, thread="other")
    id = add(database, known, "d1")
    answer(database, known, id, "k1")

    with database.begin() as db:
        assert replies.known(db, "k1")
        assert not replies.known(db, "k2")
        replies.refused(db, "k1", "no")
        replies.sent(db, "k1", Sent(key="d9", url="https://demo.example/9"), NOON)
        assert replies.sent_as(db, known.id, "d9")
        assert not replies.sent_as(db, known.id, "d1")
        assert not replies.sent_as(db, other.id, "d9")
        kept = replies.get(db, "k1")

    assert (kept.sent_at, kept.refused, kept.url) == (NOON, None, "https://demo.example/9")


def test_the_same_answer_is_never_written_twice(database):
    known = remember(database)
    id = add(database, known, "d1")
    answer(database, known, id, "k1")

    with pytest.raises(IntegrityError):
        answer(database, known, id, "k1")


def test_the_last_answer_is_the_one_written_last(database):
    known = remember(database)
    id = add(database, known, "d1")
    later = answer(database, known, id, "k2", written_at=NOON + HOUR)
    answer(database, known, id, "k1")

    with reading(database) as db:
        assert replies.last(db, known.id) == later
        assert replies.last(db, 99) is None


def test_everybody_has_a_draft_of_their_own(database):
    known = remember(database)

    with database.begin() as db:
        replies.keep_draft(db, known.id, "U0ANA", "Dear", NOON)
        replies.keep_draft(db, known.id, "U0ANA", "Dear Mira", NOON)
        replies.keep_draft(db, known.id, "U0BEN", "Hi", NOON)
        replies.drop_draft(db, known.id, "U0BEN")

        assert replies.draft(db, known.id, "U0ANA", NOON) == "Dear Mira"
        assert replies.draft(db, known.id, "U0ANA", NOON + HOUR) == ""
        assert replies.draft(db, known.id, "U0BEN", NOON) == ""


def test_a_customers_history_is_what_they_wrote_and_what_we_answered_newest_first(database):
    known = remember(database)
    id = add(database, known, "d1")
    add(database, known, "d2", posted_at=NOON + HOUR)
    answer(database, known, id, "k1", sent_at=NOON + MINUTE)
    answer(database, known, id, "never sent")

    with reading(database) as db:
        said = mentions.history(db, known.customer, most=3)
        newest = mentions.history(db, known.customer, most=1)

    assert [it.key for it in said] == ["d2", "k1", "d1"]
    assert [it.key for it in newest] == ["d2"]
