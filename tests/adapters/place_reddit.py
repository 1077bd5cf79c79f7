"""Our Reddit adapter against the strict Reddit on this machine."""

from typing import Self

from adapters import Adapter, make
from adapters.reddit import Reddit
from tests.adapters.places import HISTORY, Clock
from tests.adapters.reddit_server import BRAND, ROBOT, RedditServer


class RedditPlace:
    """Edits and deletions by `recheck`; a customer comments below somebody's post."""

    can_answer = can_edit = can_delete = can_look = True
    has_credentials = first_run_reads_back = True
    can_correct = can_withdraw = can_find = True
    can_thread = can_bring = False

    def __init__(self, **settings: str) -> None:
        self.clock, self.settings = Clock(), settings
        self.server = RedditServer(self.clock)
        self.adapter = self.restarted()

    def __enter__(self) -> Self:
        self.server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.__exit__()

    def limited(self, seconds: int) -> None:
        self.server.fail(429, {"error": 429}, x_ratelimit_reset=str(seconds))

    def restarted(self, **settings: str) -> Reddit:
        environment = {**self.server.environment(), **self.settings, **settings}
        adapter = make("reddit", Reddit, environment, self.clock, HISTORY)
        assert isinstance(adapter, Reddit)
        return adapter

    def locked_out(self) -> Adapter:
        return self.restarted(REDDIT_PASSWORD="stolen")

    def post(self, text: str, *, by: str = "mira", parent: str | None = None) -> str:
        return self.server.comment(f"u/{BRAND} {text}", by=by, parent=parent or "")

    def post_pictures(self, *pictures: bytes) -> str:
        raise NotImplementedError("Pictures have addresses on Reddit.")

    def answer_elsewhere(self, to: str, text: str) -> str:
        return self.server.comment(text, by=BRAND, parent=to)

    def edit(self, key: str, text: str) -> None:
        self.server.edit(key, f"u/{BRAND} {text}")

    def delete(self, key: str) -> None:
        self.server.delete(key)

    def automated(self, text: str) -> str:
        return self.server.comment(f"u/{BRAND} {text}", by=ROBOT)

    def spoil(self) -> None:
        self.server.spoil()

    def answers(self) -> list[str]:
        return [answer.text for answer in self.server.answers()]

    def lose_next_answer(self) -> None:
        self.server.lose(on="POST /api/comment")

    def files(self) -> list[tuple[str, bytes]]:
        return []

    def lose_next_change(self) -> None:
        for path in ("editusertext", "del"):
            self.server.lose(on=f"POST /api/{path}")

    def changes(self) -> int:
        return sum(asked.endswith(("/editusertext", "/del")) for asked in self.server.requests)

    def calls(self) -> int:
        return sum(asked.startswith("POST /api/comment") for asked in self.server.requests)

    def too_long(self) -> str:
        return "x" * 10_001

    def pass_(self, minutes: float) -> None:
        self.clock.pass_(minutes)
