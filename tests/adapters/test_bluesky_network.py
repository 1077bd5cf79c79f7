"""Bluesky's own servers on this machine: the whole job, and what the stand-in is made after."""

import json
import os
import random
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from adapters import make
from adapters.bluesky import Bluesky
from adapters.bluesky.account import BLOCKED, HIDDEN
from adapters.bluesky.answers import graphemes
from adapters.bluesky.posts import CLOSED
from bot.domain.delivery import LockedOut, Refused, TryLater
from bot.domain.mention import Mention
from storage.tables import mentions
from tests.adapters import bluesky_network
from tests.adapters.bluesky_network import Between, Network, Person, network, node
from tests.adapters.bluesky_server import FEED_POST, calling, iso
from tests.adapters.place_bluesky_network import NetworkPlace
from tests.adapters.places import HISTORY
from tests.adapters.test_contract import new, read
from tests.people import ANA

pytestmark = pytest.mark.skipif(bool(bluesky_network.missing()), reason=bluesky_network.missing())

BLOCKS = [  # where characters have their own ways of joining
    (0x20, 0x7F),
    (0x300, 0x36F),
    (0x600, 0x6FF),
    (0x900, 0x11FF),
    (0x1780, 0x17FF),
    (0x1A00, 0x1AFF),
    (0x200B, 0x200F),
    (0x2190, 0x27FF),
    (0xA8E0, 0xAC40),
    (0x11000, 0x11FFF),
    (0x1F1E6, 0x1F1FF),
    (0x1F300, 0x1F64F),
    (0xE0020, 0xE007F),
]
CUSTOMERS, STOPPED = 13, 130  # people, and what they write while we are off


@pytest.fixture
def place() -> Iterator[NetworkPlace]:
    with NetworkPlace() as place:
        yield place


def says(network: Network, who: Person, to: Person, text: str) -> str:
    """Somebody's app posts, now."""
    record = {"$type": FEED_POST, "createdAt": iso(datetime.now(UTC)), **calling(to, text)}
    return network.put(who, record)[0]


def told(network: Network, who: Person) -> Counter[str]:
    """How often somebody is told of which answer."""
    kinds = [one for one in network.notified(who) if one["reason"] == "reply"]
    return Counter(one["record"]["text"] for one in kinds)


def took(true: Callable[[], object], patience: float = 60) -> float:
    """Seconds until it is true."""
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < patience
        time.sleep(0.05)
    return time.monotonic() - began


def test_the_whole_job(assemble, clock, capsys):
    net = bluesky_network.running()
    brand = net.join("acme")
    people = [net.join("mira") for _ in range(CUSTOMERS)]
    clock.at = datetime.now(UTC)
    settings = {
        "BLUESKY_HANDLE": brand.handle,
        "BLUESKY_APP_PASSWORD": net.app_password(brand),
        "BLUESKY_URL": net.pds,
    }

    def begun() -> Any:
        """The bot, as after a restart."""
        assemble.others["bluesky"] = make("bluesky", Bluesky, settings, clock, HISTORY)
        return assemble()

    def known() -> dict[str, tuple[int, int]]:
        """What is stored, by its key: its id and its conversation."""
        clock.at = datetime.now(UTC)
        bot.intake.wake("bluesky")
        bot.intake.poll("bluesky", assemble.others["bluesky"])
        with assemble.database.begin() as db:
            rows = db.execute(select(mentions).where(mentions.c.account == "bluesky")).all()
        assert len({row.key for row in rows}) == len(rows)
        return {row.key: (row.id, row.conversation) for row in rows}

    def answer(key: str, text: str) -> None:
        mention, conversation = known()[key]
        bot.answering.reply(conversation, ANA, text, mention=mention, key=f"form-{mention}")
        bot.courier.deliver_all()

    bot = begun()
    known()
    first = says(net, people[0], brand, "Where is my order?")
    heard = took(lambda: first in known())
    answer(first, "It left today.")
    notified = took(lambda: told(net, people[0]) == {"It left today.": 1})

    keys = {first}
    for number in range(STOPPED):
        keys.add(says(net, people[number % CUSTOMERS], brand, f"Message {number}"))
    shown = took(lambda: len(net.notified(brand)) == len(keys))
    bot = begun()
    began = time.monotonic()
    stored = known()
    caught_up = time.monotonic() - began
    for number, key in enumerate(sorted(keys - {first})[:10]):
        answer(key, f"Answer {number}")
    answers = took(lambda: sum(sum(told(net, who).values()) for who in people) == 11)
    customers = {key for key in known() if brand.did not in key}

    with capsys.disabled():
        print(
            f"\nBluesky: {len(keys)} mentions, {len(keys - customers)} lost,"
            f" {len(customers - keys)} doubled; heard after {heard:.1f} s, its answer notified"
            f" after {notified:.1f} s; {STOPPED} of a stop shown after {shown:.1f} s, caught up in"
            f" {caught_up:.1f} s; 10 answers notified after {answers:.1f} s"
        )
    assert keys <= stored.keys()
    assert customers == keys
    assert max(count for who in people for count in told(net, who).values()) == 1


def test_an_answer_is_seen_in_its_thread(place):
    top = place.write(place.person("ola"), {"text": "Who knows good shoes?"})
    key = place.post("Ask them", parent=top)
    mention = next(one for one in new(place, None) if one.key == key)

    sent = place.adapter.reply(mention, "Ask us!", key="k1", again=False)

    place.settle()
    thread = place.network.ask("app.bsky.feed.getPostThread", place.person("ola"), uri=top)
    assert sent.key in json.dumps(thread)


def asked(place: NetworkPlace) -> Mention:
    key = place.post("Where is my order?")
    return next(one for one in new(place, None) if one.key == key)


def test_a_post_that_claims_an_older_moment_lies_below_and_is_found(place):
    place.post("One")
    place.pass_(minutes=45 * 60)
    place.post("Two")
    _, cursor = read(place.adapter, None)
    at = place.clock.at
    place.clock.at -= timedelta(hours=44)
    old = place.post("Long ago")
    place.clock.at = at + timedelta(minutes=61)
    place.settle()

    listed = [one["uri"] for one in place.network.notified(place.brand)]

    assert listed.index(old) == 1
    assert old in {one.key for one in new(place, cursor)}


def test_what_bears_the_moment_of_a_page_s_last_is_found(place):
    _, cursor = read(place.adapter, None)
    keys = set()
    for _ in range(2):
        place.pass_(minutes=1)
        for _ in range(60):
            place.moments = 0
            keys.add(place.post("At the same moment"))

    assert keys <= {one.key for one in new(place, cursor)}


def test_a_handle_without_a_link_is_only_found_by_searching(place):
    _, cursor = read(place.adapter, None)
    plain = place.write(place.person("mira"), {"text": f"Hello @{place.brand.handle}"})

    found = {one.key for one in new(place, cursor)}

    assert plain in found
    assert plain not in {one["uri"] for one in place.network.notified(place.brand)}


def test_a_closed_thread_is_refused_although_the_server_would_take_it(place):
    mention = asked(place)
    gate = {
        "$type": "app.bsky.feed.threadgate",
        "post": mention.key,
        "allow": [],
        "createdAt": iso(datetime.now(UTC)),
    }
    mira = place.person("mira")
    place.network.put(mira, gate, rkey=mention.key.rpartition("/")[2])
    took(lambda: [m for m in place.adapter.recheck([mention.key]) if m.no_reply])

    with pytest.raises(Refused) as no:
        place.adapter.reply(mention, "Hello?", key="k1", again=False)

    assert str(no.value) == CLOSED


def test_who_blocks_us_and_what_is_deleted_is_refused(place):
    blocked, deleted = asked(place), place.post("Never mind", by="ola")
    [gone] = [one for one in new(place, None) if one.key == deleted]
    block = {
        "$type": "app.bsky.graph.block",
        "subject": place.brand.did,
        "createdAt": iso(datetime.now(UTC)),
    }
    place.network.put(place.person("mira"), block)
    took(lambda: place.adapter.recheck([blocked.key]) == [blocked.key])
    place.delete(deleted)

    with pytest.raises(Refused) as no:
        place.adapter.reply(blocked, "Hello?", key="k1", again=False)
    with pytest.raises(Refused) as nobody:
        place.adapter.reply(gone, "Hello?", key="k2", again=False)

    assert (str(no.value), str(nobody.value)) == (BLOCKED, HIDDEN)
    assert place.answers() == []


def test_three_hundred_characters_and_three_thousand_bytes_are_taken(place):
    mention = asked(place)
    family = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"

    for number, text in enumerate([family * 120, "e\u0301" * 300, "\U0001f64f" * 300]):
        place.adapter.reply(mention, text, key=f"k{number}", again=False)

    assert len(place.answers()) == 3


def segments(texts: Sequence[str]) -> list[int]:
    """How many characters Bluesky counts in each text: by the segmenter of the same engine."""
    script = """
        const texts = JSON.parse(require('fs').readFileSync(0))
        const each = new Intl.Segmenter()
        console.log(JSON.stringify(texts.map((text) => [...each.segment(text)].length)))
    """
    engine = node(Path(os.environ[bluesky_network.VARIABLE]))
    said = subprocess.run(
        [engine, "--eval", script],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return [int(count) for count in json.loads(said.stdout)]


def test_no_text_has_more_characters_to_bluesky_than_to_us():
    chance = random.Random(7)
    every = [chr(point) for low, high in BLOCKS for point in range(low, high + 1)]
    before = ["a", "\u0915", "\u094d", "\u0bcd", "\u200d", "\n", "\U0001f468", "\u1100", "\uac00"]
    texts = [one + other for one in before for other in every]
    texts += ["".join(chance.choices(every, k=30)) for _ in range(3000)]

    for text, count in zip(texts, segments(texts), strict=True):
        assert graphemes(text) >= count, text.encode("unicode_escape")


def test_after_an_app_password_was_revoked_its_session_can_t_be_renewed(place):
    read(place.adapter, None)
    place.network.tell("com.atproto.server.revokeAppPassword", {"name": "bot"}, place.brand)
    read(place.adapter, None)  # until the session has to be renewed
    place.clock.at = datetime.now(UTC) + timedelta(hours=2)

    with pytest.raises(TryLater, match="session on Bluesky is over"):
        place.adapter.fetch(None)
    with pytest.raises(LockedOut, match="was revoked"):
        place.adapter.fetch(None)


def test_a_session_is_renewed_with_what_the_last_renewal_gave(place):
    read(place.adapter, None)
    place.clock.at = datetime.now(UTC) + timedelta(minutes=110)
    for _ in range(3):  # its access token looks old each time
        place.adapter.fetch(None)

    signed = [path for path in place.between.requests if path.endswith("createSession")]
    renewed = [path for path in place.between.requests if path.endswith("refreshSession")]
    assert len(signed) == 1
    assert len(renewed) >= 3


def test_each_way_of_being_shut_out_has_its_sentence(place):
    wrong = {
        "it is wrong, or was revoked": {"BLUESKY_APP_PASSWORD": "x"},
        "Nobody on Bluesky is called akme.test": {"BLUESKY_HANDLE": "akme.test"},
        "There is no Bluesky server": {"BLUESKY_URL": place.network.appview},
    }

    for said, settings in wrong.items():
        with pytest.raises(LockedOut, match=said):
            place.restarted(**settings).check()
    whole = place.restarted(BLUESKY_APP_PASSWORD=bluesky_network.PASSWORD).check()
    assert "BLUESKY_APP_PASSWORD is the account's own password" in whole
    assert place.adapter.check() == f"Bluesky as @{place.brand.handle}"


def test_who_signs_in_too_often_is_told_until_when_to_wait():
    with network(LIMITS="1") as net, Between(net.pds) as between:
        brand = net.join("acme")
        settings = {
            "BLUESKY_HANDLE": brand.handle,
            "BLUESKY_APP_PASSWORD": net.app_password(brand),
            "BLUESKY_URL": between.url,
        }

        def restarted() -> Any:
            return make("bluesky", Bluesky, settings, lambda: datetime.now(UTC), HISTORY)

        for _ in range(29):
            restarted().fetch(None)
        last = restarted()
        with pytest.raises(TryLater, match="rate limit") as limited:
            last.fetch(None)
        asked_for = len(between.requests)
        with pytest.raises(TryLater):
            last.fetch(None)

        assert limited.value.after
        assert timedelta(0) < limited.value.after <= timedelta(minutes=5)
        assert limited.value.surely_not_done
        assert len(between.requests) == asked_for
