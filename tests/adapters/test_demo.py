"""The platform in memory, and how it remembers."""

from pathlib import Path

from adapters.demo import PAGE, Demo
from tests.adapters.places import HISTORY, Clock


def demo(file: Path | None = None) -> Demo:
    settings = {"DEMO_FILE": str(file)} if file else {}
    return Demo("demo", settings, Clock(), HISTORY)


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
