"""Our Bluesky adapter against the real network, with people who have accounts there."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from adapters import Adapter, Batch, make
from adapters.bluesky import Bluesky
from bot.domain.mention import Mention
from bot.domain.reply import Sent
from tests.adapters import bluesky_network as network
from tests.adapters.bluesky_network import Between, Person
from tests.adapters.bluesky_server import FEED_POST, calling, iso
from tests.adapters.places import HISTORY, Clock
from tests.adapters.servers import until


class Patient(Bluesky):
    """The adapter, which looks when the network shows what was written: a little later."""

    place: "NetworkPlace"

    def fetch(self, cursor: str | None) -> Batch:
        self.place.settle()
        return super().fetch(cursor)

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        self.place.settle()
        return super().recheck(keys)

    def find(self, url: str) -> Mention | None:
        self.place.settle()
        return super().find(url)

    def reply(self, mention: Mention, text: str, **more: Any) -> Sent:
        self.place.settle()
        self.place.moments += 1
        return super().reply(mention, text, **more)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:
        self.place.settle()
        super().withdraw(sent, mention, again=again)


class NetworkPlace:
    """One new account of ours. Its clock begins days ago: who posts says that it was then."""

    against = "Bluesky's own servers"

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_thread = can_withdraw = can_find = True
    can_correct = can_bring = False

    def __init__(self) -> None:
        if why := network.missing():
            pytest.skip(why)
        self.network = network.running()
        now = datetime.now(UTC) - 2 * HISTORY
        self.clock = Clock(now.replace(microsecond=0))
        self.brand = self.network.join("acme")
        self.app_password = self.network.app_password(self.brand)
        self.people: dict[str, Person] = {"acme": self.brand}
        self.owed: dict[str, str] = {}  # what must be shown, by its uri: its cid; "": nothing
        self.told: set[str] = set()  # of which the brand must be told
        self.published: set[str] = set()  # by the brand, since it was founded
        self.moments = 0  # milliseconds: each post claims its own
        self.between = Between(self.network.pds)
        self.adapter = self.restarted()

    def __enter__(self) -> "NetworkPlace":
        self.between.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.between.__exit__()

    def restarted(self, **settings: str) -> Patient:
        environment = {
            "BLUESKY_HANDLE": self.brand.handle,
            "BLUESKY_APP_PASSWORD": self.app_password,
            "BLUESKY_URL": self.between.url,
        }
        adapter = make("bluesky", Patient, environment | settings, self.now, HISTORY)
        assert isinstance(adapter, Patient)
        adapter.place = self
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(BLUESKY_APP_PASSWORD="stolen")

    def person(self, name: str) -> Person:
        self.people[name] = self.people.get(name) or self.network.join(name)
        return self.people[name]

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        if len(text.encode()) > 2900:
            pytest.skip("Nobody can write as much on Bluesky.")
        self.settle_each(100)
        words = text.replace("\0", "")  # which its database refuses
        record = calling(self.brand, words) if by != "acme" else {"text": words}
        uri = self.write(self.person(by), {**record, **self._reply_to(parent)})
        self.told |= {uri} if by != "acme" else set()
        return uri

    def write(self, by: Person, record: dict[str, Any], **more: Any) -> str:
        """A post, as it is; it claims a moment of its own."""
        at = self.now()
        self.moments += 1
        uri, cid = self.network.put(
            by, {"$type": FEED_POST, "createdAt": iso(at), **record}, **more
        )
        self.owed[uri] = cid
        return uri

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on Bluesky.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.post(text, by="acme", parent=to)

    def edit(self, key: str, text: str) -> None:
        record = self._record(key)
        who = next(person for person in self.people.values() if person.did in key)
        changed = {**record, **calling(self.brand, text)}
        uri, self.owed[key] = self.network.put(who, changed, rkey=key.rpartition("/")[2])
        assert uri == key

    def delete(self, key: str) -> None:
        self.settle()
        who = next(person for person in self.people.values() if person.did in key)
        self.network.delete(who, key)
        self.owed[key] = ""

    def automated(self, text: str) -> str:
        robot = self.person("robot")
        labels = {"$type": "com.atproto.label.defs#selfLabels", "values": [{"val": "bot"}]}
        profile = {"$type": "app.bsky.actor.profile", "displayName": "Robot", "labels": labels}
        self.network.put(robot, profile, rkey="self")
        until(lambda: bool(self._labels(robot)), lambda: "Nobody sees its label.")
        return self.post(text, by="robot")

    def spoil(self) -> None:
        pytest.skip("The network shows nothing that can't be read.")

    def answers(self) -> list[str]:
        return [record["text"] for record in self._ours()]

    def lose_next_answer(self) -> None:
        self.between.loses = "putRecord"

    def files(self) -> list[tuple[str, bytes]]:
        embeds = [record.get("embed") or {} for record in self._ours()]
        return [self._blob(one["image"]) for embed in embeds for one in embed.get("images", ())]

    def lose_next_change(self) -> None:
        self.between.loses = "deleteRecord"

    def changes(self) -> int:
        return sum("deleteRecord" in path for path in self.between.requests)

    def calls(self) -> int:
        return sum("putRecord" in path or "upload" in path for path in self.between.requests)

    def too_long(self) -> str:
        return "\N{PERSON WITH FOLDED HANDS}" * 301

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
        self.moments = 0

    def now(self) -> datetime:
        return self.clock() + timedelta(milliseconds=self.moments)

    # What the network shows

    def settle(self) -> None:
        """Wait until it shows all that was written, and tells the brand of all that it must."""
        ours = {str(kept["uri"]): str(kept["cid"]) for kept in self._listed()}
        self.published |= ours.keys()
        self.owed |= {uri: ours.get(uri, "") for uri in self.published}
        until(self._is_shown, lambda: f"Not shown: {self.owed}")
        until(self._is_told, lambda: f"Not told: {self.told}")

    def settle_each(self, posts: int) -> None:
        if len(self.owed) >= posts:
            self.settle()

    def _is_shown(self) -> bool:
        shown = self.network.shown(self.brand, list(self.owed))
        late = {uri: cid for uri, cid in self.owed.items() if shown.get(uri, "") != cid}
        self.owed = late
        return not late

    def _is_told(self) -> bool:
        told = {one["uri"] for one in self.network.notified(self.brand)} if self.told else set()
        gone = self.told - set(self.network.shown(self.brand, list(self.told)))
        self.told -= told | gone
        return not self.told

    def _ours(self) -> list[dict[str, Any]]:
        """The brand's answers, as they lie in its repository, in the order in which they claim."""
        records = [kept["value"] for kept in self._listed()]
        answers = [record for record in records if record.get("reply")]
        return sorted(answers, key=lambda record: str(record["createdAt"]))

    def _listed(self) -> list[dict[str, Any]]:
        asked = {"repo": self.brand.did, "collection": FEED_POST, "limit": 100}
        return list(self.network.ask("com.atproto.repo.listRecords", **asked)["records"])

    def _reply_to(self, parent: str | None) -> dict[str, Any]:
        if not parent:
            return {}
        self.settle()
        refs = {"uri": parent, "cid": self.network.shown(self.brand, [parent])[parent]}
        above = self._record(parent).get("reply") or {}
        return {"reply": {"root": above.get("root", refs), "parent": refs}}

    def _record(self, uri: str) -> dict[str, Any]:
        did, collection, key = uri.removeprefix("at://").split("/")
        asked = {"repo": did, "collection": collection, "rkey": key}
        return dict(self.network.ask("com.atproto.repo.getRecord", **asked)["value"])

    def _blob(self, blob: dict[str, Any]) -> tuple[str, bytes]:
        address = f"{self.network.pds}/xrpc/com.atproto.sync.getBlob"
        asked = {"did": self.brand.did, "cid": blob["ref"]["$link"]}
        answer = requests.get(address, params=asked, timeout=20)
        return str(blob["mimeType"]), answer.content

    def _labels(self, person: Person) -> Sequence[Any]:
        profile = self.network.ask("app.bsky.actor.getProfile", self.brand, actor=person.did)
        return list(profile["labels"])
