"""A small world around a real worker: X, Slack, customers, a colleague, and the three books."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path

from sqlalchemy import select

from bot.playground.limits import Limits
from bot.playground.server import Playground
from bot.playground.things import Impossible
from bot.playground.workspace import Workspace
from storage.database import connect, reading
from storage.tables import conversations, outbox
from tests.adapters.x_server import XServer
from tests.faults import mortal
from tests.faults.mortal import Fate
from tests.people import ANA, CARE

TEAMS = """
[teams.care]
channel = "C0CARE"
answer_within = { complaint = "PT2S", question = "PT10M", other = "PT10M" }
nag = [{ after = "PT0S", call = "channel" }, { after = "PT1H", call = "here" }]
"""
QUIET = 120.0  # seconds in which everything must be settled at the end
SPAWN = multiprocessing.get_context("forkserver")  # imports once, so a life begins in a moment
SPAWN.set_forkserver_preload(["bot.app", "bot.__main__", "adapters.twitter", "tests.faults.mortal"])


@dataclass
class World:
    """X and Slack live on while workers die."""

    x: XServer
    playground: Playground
    folder: Path
    database_url: str
    worker_url: str = ""  # where the worker finds the same database, if it goes another way
    words: dict[str, str] = field(default_factory=dict)  # of each mention, by its key
    workers: list[BaseProcess] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        slack = self.playground.workspace
        return {
            "SLACK_BOT_TOKEN": slack.bot_token,
            "SLACK_APP_TOKEN": slack.app_token,
            "SLACK_API_URL": self.playground.api_url,
            "ADAPTERS": "twitter",
            "DATABASE_URL": self.worker_url or self.database_url,
            "TEAMS_FILE": str(self.folder / "teams.toml"),
            "LOG_LEVEL": "ERROR",
            **self.x.environment(),
        }

    def worker(self, die_at: str = "") -> BaseProcess:
        diary = self.folder / "diary"
        diary.write_text("")
        born = SPAWN.Process(
            target=mortal.live, args=(self.environment, Fate(diary, die_at)), daemon=True
        )
        born.start()
        self.workers.append(born)
        return born

    def diary(self) -> list[str]:
        return (self.folder / "diary").read_text().splitlines()

    def write(self, *, complaint: bool = False) -> str:
        """A customer writes: every fourth complains, and is soon overdue."""
        number = len(self.words) + 1
        word = f"kettle{number}"
        complaint = complaint or number % 4 == 1
        said = f"My {word} is broken" if complaint else f"Is {word} in stock?"
        key = self.x.post(said, by=f"customer{number}")
        self.words[key] = word
        return key

    def waiting(self) -> int:
        """How many customers X holds no answer for."""
        return len(self.words.keys() - {answer.in_reply_to for answer in self.x.answers()})

    def work(self) -> None:
        """What a colleague does who sees the channel: answer whatever has a Reply button."""
        for ts, message in list(self.cards().items()):
            if "'action_id': 'reply'" in str(message.get("blocks")):
                self._answer(ts)

    def _answer(self, ts: str) -> None:
        slack = self.playground.workspace
        try:
            self._send(slack.press(ANA, CARE, ts, "reply"))
            form = self._form()
            word = next(word for word in self.words.values() if f"{word} " in str(form))
            values = {"answer": {"type": "plain_text_input", "value": f"A new {word}"}}
            self._send(slack.submit(ANA, form["id"], values))
            self._send(slack.submit(ANA, self._preview()["id"], {}))
        except (Impossible, LookupError, StopIteration):
            pass  # the worker died under her hands: she will look again
        while slack.stacks.get(ANA):
            slack.close(ANA, slack.stacks[ANA][-1]["id"])

    def _form(self) -> dict:
        """The form opens in its own time; LookupError if it does not."""
        for _ in range(20):
            if stack := self.playground.workspace.stacks.get(ANA):
                return stack[-1]
            time.sleep(0.02)
        raise LookupError("no form opened")

    def _preview(self) -> dict:
        view = self._form()
        if view["callback_id"] != "publish":
            raise LookupError("no preview opened")
        return view

    def _send(self, envelope) -> None:
        if not self.playground.send(envelope).result(timeout=10):
            raise LookupError("nobody took the click")

    def cards(self) -> dict[str, dict]:
        messages = self.playground.workspace.channels[CARE].messages
        return {
            ts: message
            for ts, message in messages.items()
            if message.get("thread_ts") in (None, ts) and message.get("blocks")
        }

    def contradictions(self) -> list[str]:
        """Where what X holds, what Slack shows and what the database says do not agree."""
        seen = [*self._wrong_answers(), *self._wrong_cards()]
        return seen or [*self._wrong_rows()]

    def _wrong_answers(self) -> Iterator[str]:
        told = Counter(answer.in_reply_to for answer in self.x.answers())
        for key, word in self.words.items():
            if told[key] != 1:
                yield f"X holds {told[key]} answers about {word}"

    def _wrong_cards(self) -> Iterator[str]:
        shown = list(self.cards().values())
        for word in self.words.values():
            cards = [m for m in shown if f"{word} " in str(m["blocks"])]
            if len(cards) != 1:
                yield f"Slack shows {len(cards)} cards about {word}"
            elif "Answered by" not in cards[0]["text"]:
                yield f"the card about {word} does not say that it is answered"
        yield from self._wrong_nags()

    def _wrong_nags(self) -> Iterator[str]:
        threads = self.playground.workspace.channels[CARE].messages.values()
        nags = Counter(m["thread_ts"] for m in threads if "should have been" in m.get("text", ""))
        yield from (f"{count} nags in one thread" for count in nags.values() if count > 1)

    def _wrong_rows(self) -> Iterator[str]:
        database = connect(self.database_url)
        with reading(database) as db:
            states = Counter(db.execute(select(conversations.c.state)).scalars())
            owed = (
                db.execute(select(outbox.c.key).where(outbox.c.done_at.is_(None))).scalars().all()
            )
        database.dispose()
        if states != {"answered": len(self.words)}:
            yield f"the database says {dict(states)} of {len(self.words)}"
        yield from (f"{key} is still owed" for key in owed)


@contextmanager
def world(folder: Path, database_url: str) -> Iterator[World]:
    (folder / "teams.toml").write_text(TEAMS)
    workspace = Workspace.demo(limits=Limits(on=False))
    with XServer() as x, Playground(workspace) as playground:
        made = World(x, playground, folder, database_url)
        try:
            yield made
        finally:
            for worker in made.workers:
                worker.kill()
                worker.join()


def comes_right(world: World, *, within: float = QUIET) -> list[str]:
    """Let colleagues work until the three books agree; what they did not agree on in time."""
    end = time.monotonic() + within
    while (wrong := world.contradictions()) and time.monotonic() < end:
        world.work()
        time.sleep(0.2)
    return wrong


def live_until(world: World, worker: BaseProcess, *, seconds: float) -> bool:
    """Let colleagues work beside a worker until it dies; False when it was alive at the end."""
    end = time.monotonic() + seconds
    while worker.is_alive() and time.monotonic() < end:
        world.work()
        time.sleep(0.05)
    return not worker.is_alive()
