"""Our Bluesky adapter against the strict Bluesky on this machine."""

from adapters import Adapter, make
from adapters.bluesky import Bluesky
from tests.adapters.bluesky_server import BlueskyServer, blobs
from tests.adapters.places import HISTORY, Clock


class BlueskyPlace:
    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_thread = can_withdraw = can_find = True
    can_correct = can_bring = False

    def __init__(self, server: BlueskyServer, clock: Clock, **settings: str) -> None:
        self.server, self.clock, self.settings = server, clock, settings
        self.adapter = self.restarted()

    def limited(self, seconds: int) -> None:
        self.server.limit(seconds)

    def restarted(self, **settings: str) -> Bluesky:
        environment = {**self.server.environment(), **self.settings, **settings}
        adapter = make("bluesky", Bluesky, environment, self.clock, HISTORY)
        assert isinstance(adapter, Bluesky)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(BLUESKY_APP_PASSWORD="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self.server.post(text, by=by, parent=parent)

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on Bluesky.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.server.post(text, by="acme", parent=to)

    def edit(self, key: str, text: str) -> None:
        self.server.edit(key, text)

    def delete(self, key: str) -> None:
        self.server.delete(key)

    def automated(self, text: str) -> str:
        self.server.person("robot", labels=("bot",))
        return self.server.post(text, by="robot")

    def spoil(self) -> None:
        self.server.spoil()

    def answers(self) -> list[str]:
        return [answer.record["text"] for answer in self.server.answers()]

    def lose_next_answer(self) -> None:
        self.server.lose_next(on="putRecord")

    def files(self) -> list[tuple[str, bytes]]:
        answers = self.server.answers()
        return [self.server.blobs[name] for answer in answers for name in blobs(answer)]

    def lose_next_change(self) -> None:
        self.server.lose_next(on="deleteRecord")

    def changes(self) -> int:
        return sum("deleteRecord" in name for name in self.server.requests)

    def calls(self) -> int:
        return sum("putRecord" in name or "upload" in name for name in self.server.requests)

    def too_long(self) -> str:
        return "\N{PERSON WITH FOLDED HANDS}" * 301

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
