"""Our Mastodon adapter against the strict Mastodon on this machine."""

from datetime import timedelta
from typing import Self

from adapters import Adapter, make
from adapters.mastodon import Mastodon
from tests.adapters.mastodon_server import BRAND, MastodonServer
from tests.adapters.places import HISTORY, Clock

CROW = "crow@birds.example"


class MastodonPlace:
    """Edits and deletions by `recheck`; customers are on other servers."""

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_thread = can_correct = can_withdraw = can_find = True
    can_bring = False

    def __init__(self, **settings: str) -> None:
        self.clock, self.settings = Clock(), settings
        self.server = MastodonServer(self.clock)
        self.adapter = self.restarted()

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def limited(self, seconds: int) -> None:
        self.server.limit((self.clock() + timedelta(seconds=seconds)).isoformat())

    def restarted(self, **settings: str) -> Mastodon:
        environment = {**self.server.environment(), **self.settings, **settings}
        adapter = make("mastodon", Mastodon, environment, self.clock, HISTORY)
        assert isinstance(adapter, Mastodon)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(MASTODON_TOKEN="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self.server.post(f"@acme {text}", by=f"{by}@far.example", parent=parent)

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on Mastodon.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        asked = self.server.statuses[int(to)].by
        return self.server.post(f"@{asked} {text}", by=BRAND, parent=to)

    def edit(self, key: str, text: str) -> None:
        self.server.edit(key, f"@acme {text}")

    def delete(self, key: str) -> None:
        self.server.delete(key)

    def automated(self, text: str) -> str:
        self.server.account(CROW, bot=True)
        return self.server.post(f"@acme {text}", by=CROW)

    def spoil(self) -> None:
        self.server.spoil()

    def answers(self) -> list[str]:
        return [answer.text.partition(" ")[2] for answer in self.server.answers()]

    def lose_next_answer(self) -> None:
        self.server.lose(on="POST /api/v1/statuses")

    def files(self) -> list[tuple[str, bytes]]:
        answers = self.server.answers()
        return [(file.type, file.content) for answer in answers for file in answer.files]

    def lose_next_change(self) -> None:
        for method in ("PUT", "DELETE"):
            self.server.lose(on=f"{method} /api/v1/statuses/")

    def changes(self) -> int:
        return sum(asked.startswith(("PUT", "DELETE")) for asked in self.server.requests)

    def calls(self) -> int:
        return sum(asked.startswith("POST") for asked in self.server.requests)

    def too_long(self) -> str:
        return "x" * 469

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
