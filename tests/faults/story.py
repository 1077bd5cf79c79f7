"""A bot in a world of its own, cut short at a step: a commit that wrote something, or a call.

A life that was cut short can do nothing more: every later commit and call of it fails as well. So
this is a process that was killed, as far as the database, Slack and the platform can tell, and
hundreds of deaths take seconds.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import event, select

from adapters.demo import Demo
from bot.app import Bot
from bot.domain.problems import NotPossible
from bot.domain.team import Team, Teams
from bot.playground.workspace import Workspace
from storage.database import Database, reading
from storage.tables import conversations, outbox
from tests.conftest import CARE as TEAM
from tests.conftest import Assembled, Clock
from tests.fake_slack import FakeSlack
from tests.faults.mortal import WRITES
from tests.people import ANA, CARE, LEA


class Killed(BaseException):
    """No code of ours may catch it."""


class Steps:
    """Counts every commit that wrote something and every call, before it and after it."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, die_at: int | str) -> None:
        """From here on, with a death at the step of that number or name; 0: none."""
        self.names: list[str] = []
        self.die_at, self.dead = die_at, False

    def step(self, name: str) -> None:
        if self.dead:
            raise Killed("It is dead.")
        self.names.append(name)
        if self.die_at in (len(self.names), name):
            self.dead = True
            raise Killed(name)

    def live_again(self) -> None:
        self.dead, self.die_at = False, 0


class Platform(Demo):
    """The demo platform, called by somebody who may die."""

    steps: Steps

    def reply(self, *told: Any, **how: Any) -> Any:
        return self._called("reply", lambda: Demo.reply(self, *told, **how))

    def correct(self, *told: Any, **how: Any) -> Any:
        return self._called("correct", lambda: Demo.correct(self, *told, **how))

    def withdraw(self, *told: Any, **how: Any) -> Any:
        return self._called("withdraw", lambda: Demo.withdraw(self, *told, **how))

    def _called(self, name: str, act: Callable[[], Any]) -> Any:
        self.steps.step(f"before {name}")
        done = act()
        self.steps.step(f"after {name}")
        return done


class Slack(FakeSlack):
    steps: Steps

    def api_call(self, api_method: str, **request: Any) -> Any:
        self.steps.step(f"before {api_method}")
        answer = super().api_call(api_method, **request)
        self.steps.step(f"after {api_method}")
        return answer


@dataclass
class Story:
    """The world, and a bot in it that may die and is born again."""

    database: Database
    platform: Platform
    slack: Slack
    clock: Clock
    steps: Steps
    teams: Sequence[Team] = (TEAM,)
    settings: dict[str, Any] = field(default_factory=dict)
    deaths: list[str] = field(default_factory=list)
    bot: Bot = field(init=False)

    def be_born(self) -> None:
        teams = Teams({team.name: team for team in self.teams}, tell=LEA)
        made = Assembled(self.database, self.slack, self.platform, self.clock)
        self.bot = made(teams=teams, **self.settings)

    def do(self, act: Callable[[Bot], object]) -> None:
        """What people and the worker do; whoever sees that nothing came of it does it again."""
        for _ in range(3):
            try:
                with suppress(NotPossible):
                    act(self.bot)
                self.work()
            except Killed as step:
                self.deaths.append(str(step))
                self.clock.pass_(minutes=3)  # the lease of what it held is over
                self.rise()
            else:
                return

    def die(self, step: str, act: Callable[[Bot], object] = lambda _: None) -> None:
        """Do it, and go about the work, until death comes at this step; nobody takes over yet."""
        self.steps.begin(step)
        try:
            act(self.bot)
            self.work()
        except Killed as death:
            self.deaths.append(str(death))
        assert self.deaths[-1:] == [step], f"it never came to {step}: {self.steps.names}"

    def rise(self) -> None:
        """The next process, which knows only what the database knows."""
        self.steps.live_again()
        self.be_born()

    def work(self, times: int = 12) -> None:
        """The worker, for as long as it takes to say everything at Slack's pace."""
        for _ in range(times):
            self.bot.intake.poll("demo", self.platform)
            sweep = self.bot.sweep
            steps = (sweep.nag_some, sweep.follow_up_one, sweep.redraw_one, sweep.forget_one)
            for step in steps:
                while step():
                    pass
            self.bot.courier.deliver_all()
            self.clock.pass_(seconds=2)
            if not self.owed():
                return

    def owed(self) -> list[str]:
        asked = select(outbox.c.key).where(outbox.c.done_at.is_(None))
        return [row.key for row in self.ask(asked)]

    def ask(self, question: Any) -> Sequence[Any]:
        with reading(self.database) as db:
            return db.execute(question).all()

    def hear(self, words: str, **more: Any) -> None:
        self.platform.post(words, **more)
        self.clock.pass_(seconds=1)
        self.do(lambda _: None)

    def reply(self, number: int, text: str, key: str, by: str = ANA) -> None:
        def act(bot: Bot) -> None:
            asked = bot.desk.look(number).latest.id or 0
            bot.answering.reply(number, by, text, mention=asked, key=key)

        self.do(act)

    def state(self, number: int) -> str:
        return str(self.bot.desk.look(number).conversation.state)

    def nags(self, number: int) -> list[str]:
        """What is said in its card's thread about its being late."""
        card = self.bot.desk.look(number).conversation.card
        said = self.slack.workspace.channels[CARE].messages.values()
        theirs = (m["text"] for m in said if m.get("thread_ts") == card and m["ts"] != card)
        return [text for text in theirs if "should have been" in text]

    def cards(self, number: int) -> list[str]:
        """Where a message hangs that can still be pressed about this conversation."""
        return [
            f"{channel.id} {ts}"
            for channel in self.slack.workspace.channels.values()
            for ts, message in channel.messages.items()
            if message.get("thread_ts") in (None, ts)
            and f'"{number}"' in json.dumps(pressable(message))
        ]


def pressable(message: dict[str, Any]) -> list[Any]:
    """What the buttons of a message stand for."""
    actions = [block for block in message.get("blocks", []) if block["type"] == "actions"]
    return [element.get("value") for block in actions for element in block["elements"]]


@contextmanager
def watched(database: Database, steps: Steps) -> Iterator[None]:
    """Every commit of this database that wrote something is a step, twice."""
    written: set[str] = set()
    dialect, commit = database.dialect, database.dialect.do_commit

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if match := WRITES.match(statement):
            written.add(match[1])

    def commit_and_tell(connection: Any) -> None:
        tables = "+".join(sorted(written))
        written.clear()
        if tables:
            steps.step(f"before commit of {tables}")
        commit(connection)
        if tables:
            steps.step(f"after commit of {tables}")

    def forget(_: Any) -> None:
        written.clear()

    event.listen(database, "before_cursor_execute", note)
    event.listen(database, "rollback", forget)
    dialect.do_commit = commit_and_tell  # type: ignore[method-assign]
    try:
        yield
    finally:
        dialect.do_commit = commit  # type: ignore[method-assign]
        event.remove(database, "before_cursor_execute", note)
        event.remove(database, "rollback", forget)


def begun(
    database: Database,
    steps: Steps,
    teams: Sequence[Team] = (TEAM,),
    kind: type[Platform] = Platform,
    **settings: Any,
) -> Story:
    """A world in which the bot has read its account for the first time: no history any more."""
    clock = Clock()
    platform = kind("demo", {}, clock, timedelta(days=7))
    slack = Slack(Workspace.demo(now=lambda: clock().timestamp()))
    platform.steps = slack.steps = steps
    platform.every = timedelta(0)
    story = Story(database, platform, slack, clock, steps, teams, settings)
    steps.begin(0)
    story.be_born()
    story.bot.intake.poll("demo", platform)
    return story


def anew(database: Database, empty: bytes) -> None:
    """An empty database under the same engine."""
    database.dispose()
    file = Path(str(database.url.database))
    for path in file.parent.glob(f"{file.name}*"):
        path.unlink()
    file.write_bytes(empty)


def all_agree(story: Story) -> None:
    """Nothing is owed, nothing has died, nobody is lost, and each has one card."""
    assert story.owed() == []
    for row in story.ask(select(conversations)):
        hangs = [card for card in story.cards(row.id) if card.endswith(str(row.card))]
        assert len(story.cards(row.id)) <= 1, f"{row.id} has several cards"
        assert row.card, f"{row.id} has no card"
        if row.state in ("waiting", "claimed"):
            assert len(hangs) == 1, f"nobody can press anything about {row.id}"
