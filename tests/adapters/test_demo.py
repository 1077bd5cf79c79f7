"""The platform in memory, and how it remembers."""

import json
from pathlib import Path

import pytest

from adapters.demo import PAGE, Demo
from bot.domain.delivery import Refused
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Attachment, Sent, follow
from tests.adapters.places import HISTORY, Clock

PHOTO = Attachment("crack.png", "image/png", b"\x89PNG")


def demo(file: Path | None = None) -> Demo:
    settings = {"DEMO_FILE": str(file)} if file else {}
    return Demo("demo", settings, Clock(), HISTORY)


def answered(platform: Demo, **more: object) -> tuple[Mention, Sent]:
    """A customer's post and our answer to it."""
    key = platform.post("Hello")
    asked = next(m for m in platform.fetch(None).mentions if m.key == key)
    return asked, platform.reply(asked, "Hi", key="k1", again=False, **more)  # type: ignore[arg-type]


def test_with_a_file_it_remembers_after_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "demo.jsonl"
    before = demo(file)
    key = before.post("Hello")
    [asked] = before.fetch(None).mentions
    sent = before.reply(asked, "Hi", key="k1", again=False)

    after = demo(file)

    assert [m.key for m in after.fetch(None).mentions] == [key, sent.key]
    assert after.reply(asked, "Hi", key="k1", again=True) == sent


def test_without_a_file_it_forgets() -> None:
    demo().post("Hello")

    assert demo().fetch(None).mentions == []


def test_it_gives_a_page_at_a_time() -> None:
    platform = demo()
    for _ in range(PAGE + 1):
        platform.post("Hello")

    first = platform.fetch(None)
    second = platform.fetch(first.cursor)

    assert (len(first.mentions), first.more) == (PAGE, True)
    assert (len(second.mentions), second.more) == (1, False)


def test_answers_belong_to_the_thread_of_the_first_post() -> None:
    platform = demo()
    first = platform.post("Hello")
    ours = platform.answer_elsewhere(first, "Hi")
    platform.post("Thanks", parent=ours)

    assert {m.thread for m in platform.fetch(None).mentions} == {first}


def test_it_can_play_other_platforms() -> None:
    platform = demo()
    platform.post("Secret", public=False, no_reply="Nobody can answer here.", followers=3)

    [told] = platform.fetch(None).mentions

    assert (told.public, told.no_reply) == (False, "Nobody can answer here.")
    assert told.customer.followers == 3


def test_files_are_remembered_by_name_type_and_size(tmp_path: Path) -> None:
    file = tmp_path / "demo.jsonl"
    _, sent = answered(demo(file), files=[PHOTO])

    [answer] = demo(file).answers()

    assert answer.files == (("crack.png", "image/png", 4),)
    last = json.loads(file.read_text().splitlines()[-1])
    assert last["files"] == [{"name": "crack.png", "type": "image/png", "size": 4}]
    assert last["key"] == sent.key


def test_a_correction_and_a_withdrawal_outlive_a_restart(tmp_path: Path) -> None:
    file = tmp_path / "demo.jsonl"
    before = demo(file)
    asked, sent = answered(before, files=[PHOTO])
    cursor = before.fetch(None).cursor
    before.correct(sent, asked, "Hello, Mira", again=False)

    after = demo(file)
    [corrected] = after.fetch(cursor).mentions
    assert after.correct(sent, asked, "Hello, Mira", again=True) == sent
    assert [(a.text, a.files) for a in after.answers()] == [
        ("Hello, Mira", (("crack.png", "image/png", 4),))
    ]
    assert after.find(str(sent.url)) == corrected
    after.withdraw(sent, asked, again=False)

    at_last = demo(file)
    at_last.withdraw(sent, asked, again=True)
    edited, deleted = at_last.fetch(cursor).mentions
    assert (edited.text, edited.origin, edited.deleted) == ("Hello, Mira", Origin.OWN, False)
    assert (deleted.key, deleted.deleted) == (sent.key, True)
    assert at_last.find(str(sent.url)) is None
    assert at_last.answers() == []


def test_what_was_taken_back_is_not_published_again() -> None:
    platform = demo()
    asked, sent = answered(platform)
    platform.withdraw(sent, asked, again=False)

    assert platform.reply(asked, "Hi", key="k1", again=True) == sent
    assert platform.answers() == []


def test_a_part_that_follows_one_that_is_gone_is_refused() -> None:
    platform = demo()
    asked, sent = answered(platform)
    platform.delete(sent.key)

    with pytest.raises(Refused, match="deleted"):
        platform.reply(follow(asked, sent), "And more", key="k1:2", again=False)


def test_a_customer_s_pictures_are_links() -> None:
    platform = demo()
    platform.post("Look", media=["https://demo.example/crack.png"])

    [told] = platform.fetch(None).mentions

    assert told.media == ("https://demo.example/crack.png",)
