"""What every platform has to keep: one test for each promise of the contract."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest

from adapters import Adapter, Batch, Brings, Corrects, Finds, Rechecks, Withdraws
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import INSIDE, Mention, Origin
from bot.domain.reply import Attachment, Files, Sent, follow
from tests.adapters.places import HEARD_ONLY, HISTORY, PLACES, Place, flag
from tests.tally import TELLS

HOSTILE = {
    "NUL": "before\0after",
    "right-to-left override": "abc\u202edcba\u202c end",
    "Slack's markup": "<!channel> <@U123> <https://evil.example|bank> & *bold*",
    "escaped already": "&lt;b&gt; &amp;amp; &copy",
    "emoji": "\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \u2764\ufe0f",
    "Arabic": "\u0637\u0644\u0628\u064a \u0644\u0645 \u064a\u0635\u0644",
    "Zalgo": "z\u0351\u036b\u0343a\u0349\u0317l\u034eg\u0330o\u0334",
    "SQL": "'; DROP TABLE mentions; --",
    "lines": "one\ntwo\n\nthree",
    "long": "word " * 20_000 + "end",
}


PNG = Attachment("crack.png", "image/png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9)
PARTS = ["First this.", "Then that.", "And in the end this."]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Where nobody can answer, what is promised of answers need not be kept."""
    if "place" in metafunc.fixturenames:
        answers = metafunc.definition.get_closest_marker("answers")
        metafunc.parametrize(
            "place", PLACES if answers else {**PLACES, **HEARD_ONLY}, indirect=True
        )


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    with {**PLACES, **HEARD_ONLY}[request.param]() as place:
        yield place


def pages(adapter: Adapter, cursor: str | None) -> Iterator[Batch]:
    """All that waits, page by page; a thousand pages are a loop."""
    for _ in range(1000):
        batch = adapter.fetch(cursor)
        yield batch
        cursor = batch.cursor
        if not batch.more:
            return
    raise AssertionError("There is always another page.")


def read(adapter: Adapter, cursor: str | None) -> tuple[list[Mention], str]:
    """All that is new, by its time, and the cursor after it."""
    read = list(pages(adapter, cursor))
    mentions = {(m.key, m.revision): m for batch in read for m in batch.mentions}
    return sorted(mentions.values(), key=lambda m: m.posted_at), read[-1].cursor


def begun(place: Place) -> str:
    """The cursor of somebody who has read all there is."""
    return read(place.adapter, None)[1]


def new(place: Place, cursor: str | None) -> list[Mention]:
    return read(place.adapter, cursor)[0]


def says(mention: Mention, words: str) -> bool:
    """A platform may put the brand's name in front, and NUL is no loss."""
    return mention.text.replace("\0", "").strip().endswith(words.replace("\0", ""))


def heard(mentions: Sequence[Mention], words: Sequence[str]) -> list[str]:
    return [w for w in words if any(says(m, w) for m in mentions)]


def asked(place: Place, words: str = "Where is my order?") -> Mention:
    """A customer's mention, as we have it after reading."""
    cursor = begun(place)
    key = place.post(words)
    return next(m for m in new(place, cursor) if m.key == key)


def test_each_fetch_brings_all_that_is_new(place: Place) -> None:
    cursor = begun(place)
    words = ["one", "two", "three", "four", "five"]
    keys = [place.post(word) for word in words]

    mentions, cursor = read(place.adapter, cursor)

    assert {m.key for m in mentions} == set(keys)
    assert heard(mentions, words) == words
    assert all(m.origin is Origin.CUSTOMER for m in mentions)
    assert all(bool(m.no_reply) is not place.can_answer for m in mentions)

    later = place.post("six")
    assert later in {m.key for m in new(place, cursor)}


@pytest.mark.parametrize("cursor", ["{", '{"x": 1}', "null"])
def test_a_damaged_cursor_is_told_and_what_is_recent_is_read_again(place, cursor) -> None:
    place.post("Hello?")

    first = place.adapter.fetch(cursor)

    assert "damaged" in first.gap
    assert heard([*first.mentions, *new(place, first.cursor)], ["Hello?"]) == ["Hello?"]


def test_a_page_is_told_oldest_first(place: Place) -> None:
    cursor = begun(place)
    for number in range(4):
        place.post(f"number {number}")
        place.pass_(minutes=1)

    batches = pages(place.adapter, cursor)

    for batch in batches:
        times = [m.posted_at for m in batch.mentions]
        assert times == sorted(times)


def test_a_mention_tells_who_said_it_and_where(place: Place) -> None:
    mention = asked(place, "My order is broken")

    assert mention.account == place.adapter.fetch(None).mentions[0].account
    assert mention.customer.key
    assert mention.customer.platform == mention.platform
    assert "mira" in mention.customer.handle
    assert mention.posted_at.tzinfo is not None
    assert mention.thread


def test_after_downtime_nothing_is_missing_wherever_we_are_restarted(
    place: Place, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    cursor: str | None = begun(place)
    keys = {place.post(f"Message {number}") for number in range(130)}

    found: dict[str, str] = {}
    more, began = True, monotonic()
    while more:
        batch = place.restarted().fetch(cursor)
        found |= {m.key: m.text for m in batch.mentions if m.origin is Origin.CUSTOMER}
        cursor, more = batch.cursor, batch.more

    lost, doubled = len(keys - found.keys()), len(found) - len(set(found.values()))
    name, against = request.node.callspec.id, getattr(place, "against", "a stand-in")
    took = f"{len(found)} mentions in, {lost} lost, {doubled} doubled, {monotonic() - began:.1f} s"
    record_property(TELLS, f"{name}: {took}, against {against}")
    assert (lost, doubled) == (0, 0)


def test_with_new_credentials_it_goes_on_where_it_stopped(place: Place) -> None:
    if not place.has_credentials:
        pytest.skip("There are none.")
    cursor = begun(place)
    place.post("Hello?")

    with pytest.raises(LockedOut):
        place.locked_out().fetch(cursor)

    assert heard(read(place.restarted(), cursor)[0], ["Hello?"]) == ["Hello?"]


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_clock_of_ours_that_is_wrong_loses_nothing(place: Place, minutes: int) -> None:
    if not flag(place, "our_clock_may_be_wrong"):
        pytest.skip("What we sign bears our time, and a wrong one is told.")
    cursor = begun(place)
    words = [f"number {number}" for number in range(5)]
    for each in words:
        place.post(each)
        place.pass_(minutes=1)
    adapter: Any = place.restarted()
    right = adapter.now
    adapter.now = lambda: right() + timedelta(minutes=minutes)

    mentions, cursor = read(adapter, cursor)
    place.post("later")
    later, _ = read(adapter, cursor)

    assert heard(mentions, words) == words
    assert heard([*mentions, *later], ["later"]) == ["later"]


def test_a_limit_is_obeyed_as_long_as_the_platform_says(place: Place) -> None:
    limited = getattr(place, "limited", None)
    if limited is None:
        pytest.skip("The platform names no limit.")
    cursor = begun(place)
    place.post("Hello?")
    limited(seconds=120)

    with pytest.raises(TryLater) as wait:
        place.adapter.fetch(cursor)

    assert wait.value.surely_not_done
    assert wait.value.after
    assert 100 <= wait.value.after.total_seconds() <= 140


def test_what_arrives_during_the_reading_comes_with_the_next(place: Place) -> None:
    cursor: str | None = begun(place)
    keys = {place.post(f"Message {number}") for number in range(110)}
    first = place.adapter.fetch(cursor)
    keys.add(place.post("Meanwhile"))

    rest, cursor = read(place.adapter, first.cursor)
    found = {m.key for m in [*first.mentions, *rest, *new(place, cursor)]}

    assert found >= keys


@pytest.mark.fault(44)
def test_a_crash_before_the_commit_gives_the_same_again(place: Place) -> None:
    cursor = begun(place)
    place.post("Hello?")
    place.post("Anybody?")

    first = new(place, cursor)
    again, _ = read(place.restarted(), cursor)

    assert first == again


def must_look_back(place: Place) -> None:
    if not flag(place, "can_look_back"):
        pytest.skip("What was sent can't be found again here.")


def must_hear_itself(place: Place) -> None:
    if not flag(place, "hears_itself"):
        pytest.skip("What we publish does not come back here.")


@pytest.mark.answers
def test_an_answer_goes_out_once_and_is_found_again(place: Place) -> None:
    must_look_back(place)
    mention = asked(place)

    first = place.adapter.reply(mention, "On its way.", key="k1", again=False)
    second = place.restarted().reply(mention, "On its way.", key="k1", again=True)

    assert first == second
    assert place.answers() == ["On its way."]


@pytest.mark.answers
def test_where_nobody_can_look_back_a_person_must(place: Place) -> None:
    if flag(place, "can_look_back"):
        pytest.skip("What was sent is found again here.")
    mention = asked(place)
    place.lose_next_answer()
    with pytest.raises(TryLater) as lost:
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    with pytest.raises(Unsure) as unsure:
        place.restarted().reply(mention, "On its way.", key="k1", again=True)

    assert not lost.value.surely_not_done
    assert str(unsure.value).endswith(".")
    assert place.answers() == ["On its way."]


@pytest.mark.answers
def test_an_answer_whose_confirmation_was_lost_is_not_repeated(place: Place) -> None:
    must_look_back(place)
    mention = asked(place)
    place.lose_next_answer()
    with pytest.raises(TryLater) as lost:
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    sent = place.restarted().reply(mention, "On its way.", key="k1", again=True)

    assert not lost.value.surely_not_done
    assert sent.key
    assert place.answers() == ["On its way."]


@pytest.mark.answers
def test_an_attempt_that_left_no_trace_is_made_up_for_or_left_to_a_person(place: Place) -> None:
    mention = asked(place)

    if place.can_look:
        place.adapter.reply(mention, "On its way.", key="k1", again=True)
    else:
        with pytest.raises(Unsure):
            place.adapter.reply(mention, "On its way.", key="k1", again=True)

    assert place.answers() == ["On its way."] * place.can_look


@pytest.mark.answers
def test_two_customers_may_get_the_same_words(place: Place) -> None:
    mira = asked(place)
    place.post("And mine?", by="ola")
    [ola] = [m for m in new(place, None) if "ola" in m.customer.handle]

    place.adapter.reply(mira, "On its way.", key="k1", again=False)
    place.adapter.reply(ola, "On its way.", key="k2", again=False)

    assert place.answers() == ["On its way.", "On its way."]


@pytest.mark.answers
def test_what_is_too_long_is_refused_before_any_call(place: Place) -> None:
    mention = asked(place)

    with pytest.raises(Refused):
        place.adapter.reply(mention, place.too_long(), key="k1", again=False)

    assert place.adapter.length(place.too_long()) > place.adapter.ability.limit
    assert place.calls() == 0


def answered(place: Place, mention: Mention, text: str = "On its way.", **more: Any) -> Sent:
    return place.adapter.reply(mention, text, key="k1", again=False, **more)


def in_parts(place: Place, mention: Mention, *, lost: int) -> list[Sent]:
    """Each to the one before; of the part with number `lost` we hear only after a restart."""
    published = []
    for number, part in enumerate(PARTS, 1):
        key = f"k1:{number}"
        if number == lost:
            place.lose_next_answer()
            with pytest.raises(TryLater):
                place.adapter.reply(mention, part, key=key, again=False)
        adapter = place.restarted()
        published.append(adapter.reply(mention, part, key=key, again=number == lost))
        mention = follow(mention, published[-1])
    return published


@pytest.mark.answers
@pytest.mark.parametrize("lost", [0, 1, 2, 3])
def test_the_parts_of_a_long_answer_are_a_thread_and_each_is_published_once(
    place: Place, lost: int
) -> None:
    assert (place.adapter.ability.parts > 1) is place.can_thread
    if not place.can_thread:
        pytest.skip("An answer is one post here.")
    mention = asked(place)
    cursor = begun(place)

    published = in_parts(place, mention, lost=lost)

    assert place.answers() == PARTS
    own = {m.key: m for m in new(place, cursor) if m.origin is Origin.OWN}
    keys = [sent.key for sent in published]
    assert own.keys() == set(keys)
    assert [own[key].parent for key in keys] == [mention.key, *keys[:-1]]
    assert {m.thread for m in own.values()} == {mention.thread}


def carried(place: Place) -> Files:
    """Which files an answer carries."""
    if place.adapter.ability.files is None:
        pytest.skip("An answer carries no files here.")
    return place.adapter.ability.files


@pytest.mark.answers
def test_files_are_refused_where_an_answer_carries_none(place: Place) -> None:
    if place.adapter.ability.files:
        pytest.skip("An answer carries files here.")
    mention = asked(place)

    with pytest.raises(Refused, match="takes no files"):
        answered(place, mention, files=[PNG])

    assert place.calls() == 0


@pytest.mark.answers
def test_a_file_arrives_byte_for_byte(place: Place) -> None:
    carried(place)
    mention = asked(place)

    answered(place, mention, files=[PNG])

    assert place.files() == [(PNG.type, PNG.content)]
    assert place.answers() == ["On its way."]


@pytest.mark.answers
def test_several_files_arrive_in_their_order(place: Place) -> None:
    if carried(place).count < 2:
        pytest.skip("An answer carries one file here.")
    files = [PNG, replace(PNG, content=PNG.content + b"more")]

    answered(place, asked(place), files=files)

    assert place.files() == [(file.type, file.content) for file in files]


@pytest.mark.answers
def test_an_answer_with_a_file_whose_confirmation_was_lost_is_not_repeated(place: Place) -> None:
    carried(place)
    mention = asked(place)
    place.lose_next_answer()
    with pytest.raises(TryLater):
        answered(place, mention, files=[PNG])

    sent = place.restarted().reply(mention, "On its way.", key="k1", again=True, files=[PNG])

    assert sent.key
    assert place.answers() == ["On its way."]
    assert place.files() == [(PNG.type, PNG.content)]


def too_much(place: Place) -> dict[str, list[Attachment]]:
    """Files that the platform does not take, and why."""
    allowed = carried(place)
    whole = replace(PNG, content=PNG.content.ljust(allowed.size, b"x"))
    wrong = {
        "PNG.png is too large": [Attachment("PNG.png", "image/png", whole.content + b"x")],
        f"takes at most {allowed.count} with": [PNG] * (allowed.count + 1),
        "empty.png is empty": [Attachment("empty.png", "image/png", b"")],
    }
    if allowed.total:
        wrong["The files are too large"] = [whole, PNG]
    if allowed.types:
        wrong["does not take a.exe"] = [Attachment("a.exe", "application/x-msdownload", b"MZ")]
    return wrong


@pytest.mark.answers
def test_a_file_that_the_platform_does_not_take_is_refused_before_any_call(place: Place) -> None:
    carried(place)
    mention = asked(place)

    for why, files in too_much(place).items():
        with pytest.raises(Refused, match=re.escape(why)) as no:
            answered(place, mention, files=files)
        assert str(no.value).endswith(".")

    assert place.calls() == 0
    assert place.answers() == []


@pytest.mark.answers
def test_the_largest_file_that_is_allowed_arrives(place: Place) -> None:
    allowed = carried(place)
    whole = replace(PNG, content=PNG.content.ljust(allowed.size, b"x"))

    answered(place, asked(place), files=[whole])

    assert place.files() == [(whole.type, whole.content)]


def corrector(place: Place, adapter: Adapter) -> Corrects:
    assert isinstance(adapter, Corrects) is place.can_correct
    if not isinstance(adapter, Corrects):
        pytest.skip("Nobody can correct an answer here.")
    return adapter


def withdrawer(place: Place, adapter: Adapter) -> Withdraws:
    assert isinstance(adapter, Withdraws) is place.can_withdraw
    if not isinstance(adapter, Withdraws):
        pytest.skip("Nobody can take back an answer here.")
    return adapter


def finder(place: Place, adapter: Adapter) -> Finds:
    assert isinstance(adapter, Finds) is place.can_find
    if not isinstance(adapter, Finds):
        pytest.skip("Answers have no address here.")
    return adapter


@pytest.mark.answers
def test_a_correction_whose_confirmation_was_lost_is_not_done_twice(place: Place) -> None:
    adapter = corrector(place, place.adapter)
    mention = asked(place)
    sent = answered(place, mention)
    place.lose_next_change()
    with pytest.raises(TryLater):
        adapter.correct(sent, mention, "It comes on Friday.", again=False)

    again = corrector(place, place.restarted())
    corrected = again.correct(sent, mention, "It comes on Friday.", again=True)

    assert corrected.key
    assert place.answers() == ["It comes on Friday."]
    assert place.changes() == 1


@pytest.mark.answers
def test_a_correction_is_heard_as_an_edit_of_our_own_post(place: Place) -> None:
    must_hear_itself(place)
    adapter = corrector(place, place.adapter)
    mention = asked(place)
    cursor = begun(place)
    files = [PNG] if place.adapter.ability.files else []
    sent = answered(place, mention, files=files)
    [first] = [m for m in new(place, cursor) if m.origin is Origin.OWN]
    cursor = begun(place)
    adapter.correct(sent, mention, "It comes on Friday.", again=False)

    edited = changes(place, cursor, sent.key)[-1]

    assert isinstance(edited, Mention)
    assert (edited.text, edited.origin) == ("It comes on Friday.", Origin.OWN)
    assert edited.revision != first.revision
    assert (edited.parent, edited.posted_at) == (mention.key, first.posted_at)
    assert not files or place.files() == [(file.type, file.content) for file in files]


@pytest.mark.answers
def test_what_is_gone_or_too_long_is_not_corrected(place: Place) -> None:
    adapter = corrector(place, place.adapter)
    mention = asked(place)
    sent = answered(place, mention)
    with pytest.raises(Refused):
        adapter.correct(sent, mention, place.too_long(), again=False)
    place.delete(sent.key)

    with pytest.raises(Refused):
        adapter.correct(sent, mention, "Too late.", again=False)

    assert place.answers() == []


@pytest.mark.answers
def test_a_withdrawn_answer_is_gone_and_we_hear_of_it(place: Place) -> None:
    adapter = withdrawer(place, place.adapter)
    mention = asked(place)
    sent = answered(place, mention)
    cursor = begun(place)

    adapter.withdraw(sent, mention, again=False)

    assert place.answers() == []
    must_hear_itself(place)
    gone = changes(place, cursor, sent.key)[-1]
    assert gone == sent.key or (isinstance(gone, Mention) and gone.deleted)


@pytest.mark.answers
@pytest.mark.parametrize("lost", [False, True])
def test_a_withdrawal_that_is_repeated_is_fine(place: Place, lost: bool) -> None:
    adapter = withdrawer(place, place.adapter)
    mention = asked(place)
    sent, others = answered(place, mention), list[str]()
    if not place.adapter.ability.overwrites:
        place.answer_elsewhere(mention.key, "Another.")
        others = ["Another."]
    if lost:
        place.lose_next_change()
        with pytest.raises(TryLater):
            adapter.withdraw(sent, mention, again=False)
    else:
        adapter.withdraw(sent, mention, again=False)

    withdrawer(place, place.restarted()).withdraw(sent, mention, again=True)

    assert place.answers() == others


@pytest.mark.answers
def test_what_a_colleague_has_deleted_there_is_as_good_as_withdrawn(place: Place) -> None:
    adapter = withdrawer(place, place.adapter)
    mention = asked(place)
    sent = answered(place, mention)
    place.delete(sent.key)

    adapter.withdraw(sent, mention, again=False)

    assert place.answers() == []


@pytest.mark.answers
def test_each_part_of_a_thread_can_be_withdrawn(place: Place) -> None:
    adapter = withdrawer(place, place.adapter)
    mention = asked(place)
    published = in_parts(place, mention, lost=0)

    for sent in reversed(published):
        adapter.withdraw(sent, mention, again=False)

    assert place.answers() == []


@pytest.mark.answers
def test_our_own_post_is_found_by_its_address_with_its_own_time(place: Place) -> None:
    adapter = finder(place, place.adapter)
    mention = asked(place)
    cursor = begun(place)
    place.pass_(minutes=3)
    key = place.answer_elsewhere(mention.key, "From elsewhere.")
    place.pass_(minutes=30)
    [own] = [m for m in new(place, cursor) if m.key == key]

    found = adapter.find(f"  {own.url}?s=20 ")

    assert found == own
    assert found.posted_at - mention.posted_at == timedelta(minutes=3)
    assert (found.origin, found.parent) == (Origin.OWN, mention.key)


@pytest.mark.answers
def test_what_we_published_is_found_at_the_address_we_were_told(place: Place) -> None:
    adapter = finder(place, place.adapter)
    sent = answered(place, asked(place))
    assert sent.url

    found = adapter.find(sent.url)

    assert found
    assert found.key == sent.key


@pytest.mark.answers
def test_nothing_but_our_own_is_found(place: Place) -> None:
    adapter = finder(place, place.adapter)
    mention = asked(place)
    sent = answered(place, mention)
    assert mention.url
    assert sent.url
    place.delete(sent.key)

    addresses = [
        mention.url,  # a customer's
        sent.url,  # deleted
        sent.url.replace(sent.key, "999"),
        sent.url.replace(sent.key, "9" * 19),
        sent.url.replace(sent.key, ""),
        f"https://evil.example/?{sent.url}",
        sent.url.replace("https://", "https://evil.example@"),
        "",
        "https://",
        "what I said on the phone",
    ]

    assert [address for address in addresses if adapter.find(address)] == []


def bringer(place: Place, adapter: Adapter) -> Brings:
    assert isinstance(adapter, Brings) is place.can_bring
    if not isinstance(adapter, Brings):
        pytest.skip("Pictures have addresses here.")
    return adapter


def shown(place: Place, *pictures: bytes) -> Mention:
    """A message with these pictures inside, as we have it after reading."""
    cursor = begun(place)
    key = place.post_pictures(*pictures)
    return next(m for m in new(place, cursor) if m.key == key)


@pytest.mark.answers
def test_a_picture_inside_a_message_is_brought_byte_for_byte(place: Place) -> None:
    bringer(place, place.adapter)
    pictures = [PNG.content * 200, PNG.content + b"another", PNG.content]
    pictures = pictures[: flag(place, "pictures_at_once")]
    mention = shown(place, *pictures)

    adapter = bringer(place, place.restarted())
    brought = [adapter.bring(mention, name, most=1_000_000) for name in mention.media]

    assert brought == pictures
    assert all(name.startswith(INSIDE) for name in mention.media)


@pytest.mark.answers
def test_the_same_picture_twice_is_two_with_a_name_each(place: Place) -> None:
    bringer(place, place.adapter)

    twice = [PNG.content] * min(2, flag(place, "pictures_at_once"))
    first, second = shown(place, *twice), shown(place, PNG.content)

    assert len({*first.media, *second.media}) == len(twice) + 1


@pytest.mark.answers
def test_a_picture_that_is_too_large_is_refused(place: Place) -> None:
    adapter = bringer(place, place.adapter)
    mention = shown(place, PNG.content)
    [name] = mention.media

    assert adapter.bring(mention, name, most=len(PNG.content)) == PNG.content
    with pytest.raises(Refused) as no:
        adapter.bring(mention, name, most=len(PNG.content) - 1)

    assert str(no.value).endswith(".")


@pytest.mark.answers
def test_a_picture_that_is_not_there_is_refused(place: Place) -> None:
    adapter = bringer(place, place.adapter)
    mention = shown(place, PNG.content)
    [name] = mention.media
    beyond = name.rpartition("/")[0] + "/99"

    with pytest.raises(Refused):
        adapter.bring(mention, beyond, most=1_000_000)
    if place.can_delete:
        place.delete(mention.key)
        with pytest.raises(Refused):
            adapter.bring(mention, name, most=1_000_000)


@pytest.mark.answers
def test_who_is_locked_out_brings_nothing(place: Place) -> None:
    bringer(place, place.adapter)
    if not place.has_credentials:
        pytest.skip("There are none.")
    mention = shown(place, PNG.content)

    with pytest.raises(LockedOut):
        bringer(place, place.locked_out()).bring(mention, mention.media[0], most=1_000_000)


@pytest.mark.answers
def test_our_own_answers_are_known_as_ours(place: Place) -> None:
    must_hear_itself(place)
    mention = asked(place)
    cursor = begun(place)
    here = place.adapter.reply(mention, "From here.", key="k1", again=False)
    elsewhere = place.answer_elsewhere(mention.key, "From elsewhere.")

    own = {m.key: m for m in new(place, cursor) if m.origin is Origin.OWN}

    assert {here.key, elsewhere} <= own.keys()
    assert {m.parent for m in own.values()} == {mention.key}
    assert {m.thread for m in own.values()} == {mention.thread}


@pytest.mark.answers
def test_a_customer_s_answer_to_us_stays_in_its_thread(place: Place) -> None:
    mention = asked(place)
    cursor = begun(place)
    ours = place.adapter.reply(mention, "Sent.", key="k1", again=False)
    key = place.post("Thank you!", parent=ours.key)

    thanks = next(m for m in new(place, cursor) if m.key == key)

    assert thanks.parent == ours.key or not flag(place, "tells_what_is_answered")
    assert thanks.thread == mention.thread


def test_what_no_person_wrote_is_told_apart(place: Place) -> None:
    cursor = begun(place)
    key = place.automated("I am out of office")

    told = [m for m in new(place, cursor) if m.key == key]

    assert all(m.origin in (Origin.AUTOMATED, Origin.REPOST) for m in told)


def changes(place: Place, cursor: str, key: str) -> list[Mention | str]:
    """What we learn of a post we know: by the next fetch, or by asking."""
    adapter = place.adapter
    asked = adapter.recheck([key]) if isinstance(adapter, Rechecks) else []
    return [*asked, *(m for m in new(place, cursor) if m.key == key)]


@pytest.mark.fault(43)
def test_an_edit_is_the_same_post_with_other_words(place: Place) -> None:
    if not place.can_edit:
        pytest.skip("Nobody can edit here.")
    mention = asked(place)
    cursor = begun(place)
    place.pass_(minutes=5)
    place.edit(mention.key, "Where are my two orders?")

    edited = changes(place, cursor, mention.key)[-1]

    assert isinstance(edited, Mention)
    assert edited.key == mention.key
    assert edited.revision != mention.revision
    assert edited.posted_at == mention.posted_at
    assert says(edited, "Where are my two orders?")


@pytest.mark.answers
def test_an_answer_to_an_edited_post_belongs_to_it(place: Place) -> None:
    must_hear_itself(place)
    if not place.can_edit:
        pytest.skip("Nobody can edit here.")
    mention = asked(place)
    cursor = begun(place)
    place.edit(mention.key, "Where are my two orders?")
    [edited] = [m for m in changes(place, cursor, mention.key) if isinstance(m, Mention)][-1:]
    place.adapter.reply(edited, "On their way.", key="k1", again=False)

    [own] = [m for m in new(place, cursor) if m.origin is Origin.OWN]

    assert own.parent == mention.key


@pytest.mark.fault(43)
def test_a_deletion_is_noticed(place: Place) -> None:
    if not place.can_delete:
        pytest.skip("Nobody can delete here.")
    mention = asked(place)
    cursor = begun(place)
    place.delete(mention.key)

    gone = changes(place, cursor, mention.key)[-1]

    assert gone == mention.key or (isinstance(gone, Mention) and gone.deleted)


@pytest.mark.answers
@pytest.mark.fault(43)
def test_what_is_deleted_is_not_answered(place: Place) -> None:
    if not place.can_delete:
        pytest.skip("Nobody can delete here.")
    mention = asked(place)
    place.delete(mention.key)

    with pytest.raises(Refused):
        place.adapter.reply(mention, "On its way.", key="k1", again=False)

    assert place.answers() == []


@pytest.mark.fault(39)
def test_one_poisonous_item_does_not_stop_the_rest(place: Place) -> None:
    cursor = begun(place)
    before = place.post("Before")
    place.spoil()
    after = place.post("After")

    batches = list(pages(place.adapter, cursor))
    spoilt = [item for batch in batches for item in batch.unreadable]

    assert {m.key for batch in batches for m in batch.mentions} >= {before, after}
    assert spoilt
    assert all(item.key and item.raw and item.problem for item in spoilt)


def test_the_first_run_reads_no_older_than_history(place: Place) -> None:
    old = place.post("Long ago")
    place.pass_(minutes=HISTORY.total_seconds() / 60 + 60)
    recent = place.post("Just now")

    found = {m.key for m in new(place, None)}

    assert old not in found
    assert recent in found or not place.first_run_reads_back


@pytest.mark.answers
def test_wrong_credentials_lock_us_out(
    place: Place, request: pytest.FixtureRequest, record_property: Callable[[str, object], None]
) -> None:
    if not place.has_credentials:
        pytest.skip("There are none.")
    mention = asked(place)
    adapter = place.locked_out()

    with pytest.raises(LockedOut):
        adapter.fetch(None)
    with pytest.raises(LockedOut) as shut:
        adapter.check()
    with pytest.raises(LockedOut):
        adapter.reply(mention, "Hello", key="k1", again=False)
    record_property(TELLS, f"{request.node.callspec.id}, locked out: {shut.value}")


def test_check_says_as_whom(place: Place) -> None:
    said = place.adapter.check()

    assert "acme" in said.casefold()
    assert "acme" in place.adapter.ability.speaks_as.casefold() or not place.can_answer


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.fault(42)
def test_hostile_words_arrive_as_they_were_written(place: Place, words: str) -> None:
    cursor = begun(place)
    key = place.post(words)

    mention = next(m for m in new(place, cursor) if m.key == key)

    assert says(mention, words)
    assert mention.text.encode()
