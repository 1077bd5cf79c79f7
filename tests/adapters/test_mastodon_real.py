"""Our Mastodon adapter against a real server, where the environment names one.

MASTODON_TEST_URL, and the access tokens of two accounts there with the scopes read and write:
MASTODON_TEST_TOKEN of the brand, MASTODON_TEST_CUSTOMER_TOKEN of a customer. Any server that speaks
the API will do; what is posted is deleted again.
"""

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import uuid4

import pytest
import requests

from adapters import make
from adapters.mastodon import Mastodon
from bot.domain.delivery import Refused
from bot.domain.mention import Mention, Origin

T = TypeVar("T")
NAMES = ("MASTODON_TEST_URL", "MASTODON_TEST_TOKEN", "MASTODON_TEST_CUSTOMER_TOKEN")
LACKING = [name for name in NAMES if not os.environ.get(name)]
PATIENCE = 20  # seconds until a mention has reached us

pytestmark = pytest.mark.skipif(
    bool(LACKING), reason=f"no Mastodon server is named: {', '.join(LACKING)}"
)


@dataclass
class Town:
    """A real server with the brand and one customer."""

    url: str = field(default_factory=lambda: os.environ[NAMES[0]].rstrip("/"))
    written: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.adapter = self.restarted()
        self.brand = self.ask("GET", "accounts/verify_credentials", ours=True)["acct"]

    def restarted(self) -> Mastodon:
        environment = {"MASTODON_URL": self.url, "MASTODON_TOKEN": os.environ[NAMES[1]]}
        now: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731
        made = make("mastodon", Mastodon, environment, now, timedelta(hours=1))
        assert isinstance(made, Mastodon)
        return made

    def ask(self, method: str, path: str, *, ours: bool = False, **form: Any) -> Any:
        token = os.environ[NAMES[1 if ours else 2]]
        headers = {"Authorization": f"Bearer {token}"}
        url = f"{self.url}/api/v1/{path}"
        answer = requests.request(method, url, data=form, headers=headers, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def post(self, words: str, **form: Any) -> str:
        status = self.ask("POST", "statuses", status=f"@{self.brand} {words}", **form)
        self.written.append(str(status["id"]))
        return self.written[-1]

    def begun(self) -> str | None:
        cursor, more = None, True
        while more:
            batch = self.adapter.fetch(cursor)
            cursor, more = batch.cursor, batch.more
        return cursor

    def heard(self, cursor: str | None) -> Mapping[str, Mention]:
        found, more = dict[str, Mention](), True
        while more:
            batch = self.adapter.fetch(cursor)
            assert not batch.unreadable
            found |= {mention.key: mention for mention in batch.mentions}
            cursor, more = batch.cursor, batch.more
        return found

    def mention(self, words: str, **form: Any) -> Mention:
        cursor, key = self.begun(), self.post(words, **form)
        return until(lambda: self.heard(cursor).get(key))


def until(look: Callable[[], T | None]) -> T:
    ends = monotonic() + PATIENCE
    while not (found := look()):
        assert monotonic() < ends, "it did not come"
        sleep(0.2)
    return found


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    yield town
    for key in town.written:
        requests.delete(
            f"{town.url}/api/v1/statuses/{key}",
            headers={"Authorization": f"Bearer {os.environ[NAMES[2]]}"},
            timeout=20,
        )


def test_check_knows_us(town):
    assert f"@{town.brand}" in town.adapter.check()


def test_a_mention_is_heard_answered_once_and_its_author_is_told(town):
    mention = town.mention(f"Where is my order? {uuid4()}")

    key = uuid4().hex
    sent = town.adapter.reply(mention, "On its way.", key=key, again=False)
    again = town.restarted().reply(mention, "On its way.", key=key, again=True)

    assert again.key == sent.key
    told = lambda: [n for n in town.ask("GET", "notifications") if _about(n, sent.key)]  # noqa: E731
    assert until(told)
    found = town.adapter.find(sent.url or "")
    assert found
    assert (found.origin, found.parent, found.thread) == (Origin.OWN, mention.key, mention.thread)
    town.adapter.withdraw(sent, mention, again=False)
    town.adapter.withdraw(sent, mention, again=True)
    assert town.adapter.recheck([sent.key]) == [sent.key]


def _about(notification: Any, key: str) -> bool:
    return str((notification.get("status") or {}).get("id")) == key


def test_what_came_in_private_is_answered_in_private(town):
    mention = town.mention(f"Order 4711 {uuid4()}", visibility="direct")

    sent = town.adapter.reply(mention, "It is on its way.", key=uuid4().hex, again=False)

    assert not mention.public
    assert town.ask("GET", f"statuses/{sent.key}", ours=True)["visibility"] == "direct"
    town.adapter.withdraw(sent, mention, again=False)


def test_fifty_are_heard(town):
    cursor = town.begun()
    keys = {town.post(f"number {number} {uuid4()}") for number in range(50)}

    until(lambda: keys <= town.heard(cursor).keys())


def test_an_edit_and_a_deletion_are_seen(town):
    mention = town.mention(f"Where is it? {uuid4()}")
    words = f"@{town.brand} Where are they? {uuid4()}"
    town.ask("PUT", f"statuses/{mention.key}", status=words)

    edited = until(lambda: next(iter(town.adapter.recheck([mention.key])), None))
    town.ask("DELETE", f"statuses/{mention.key}")

    assert isinstance(edited, Mention)
    assert edited.revision != mention.revision
    assert town.adapter.recheck([mention.key]) == [mention.key]
    with pytest.raises(Refused):
        town.adapter.reply(mention, "Too late.", key=uuid4().hex, again=False)


def test_a_correction_changes_the_words(town):
    mention = town.mention(f"Where is it? {uuid4()}")
    sent = town.adapter.reply(mention, "On its way.", key=uuid4().hex, again=False)

    town.adapter.correct(sent, mention, "It comes on Friday.", again=False)

    found = town.adapter.find(sent.url or "")
    assert found
    assert found.text.endswith("It comes on Friday.")
    town.adapter.withdraw(sent, mention, again=False)
