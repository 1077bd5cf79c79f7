"""A day's work in chapters, cut short at every step of each: nothing is lost, said twice or kept.

A life that was cut short can do nothing more: every later commit and call of it fails as well. So
this is a process that was killed, as far as the database, Slack and the platform can tell, and
hundreds of deaths take seconds.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select

from adapters.demo import Demo
from bot.app import Bot
from bot.contacts import Contacts
from bot.domain.approval import Approval
from bot.domain.clock import CHANNEL, Rung
from bot.domain.mention import Kind
from bot.domain.problems import NotPossible
from bot.domain.team import Team, Teams
from bot.forgetting import Forgetting
from bot.merging import Merging
from bot.playground.workspace import Workspace
from storage.database import Database, connect, reading
from storage.tables import conversations, follow_ups, outbox
from tests.conftest import CARE as TEAM
from tests.conftest import Assembled, Clock
from tests.fake_slack import FakeSlack
from tests.faults.mortal import WRITES
from tests.people import ANA, BEN, CARE, LEA
from tests.test_forgetting import SECRETS, WHO, WORDS, in_database, in_file, in_playground

LAW = "C0PRESS"
LATE = timedelta(hours=1)
LONG = " ".join(f"This is sentence number {n:02} of a long answer." for n in range(1, 31))
CAREFUL = replace(TEAM, approval=Approval(always=True))
CALM = [Rung(after=LATE, call=CHANNEL)]
LEGAL = Team(name="legal", channel=LAW, answer_within={Kind.COMPLAINT: LATE}, ladder=CALM)


class Killed(BaseException):
    """No code of ours may catch it."""


class Steps:
    """Counts every commit that wrote something and every call, before it and after it."""

    def __init__(self) -> None:
        self.begin(0)

    def begin(self, die_at: int) -> None:
        """From here on, with a death at the step of that number; 0: none."""
        self.names: list[str] = []
        self.die_at, self.dead = die_at, False

    def step(self, name: str) -> None:
        if self.dead:
            raise Killed("It is dead.")
        self.names.append(name)
        if len(self.names) == self.die_at:
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
    deaths: list[str] = field(default_factory=list)
    bot: Bot = field(init=False)

    def be_born(self) -> None:
        teams = Teams({team.name: team for team in self.teams}, tell=LEA)
        made = Assembled(self.database, self.slack, self.platform, self.clock)
        self.bot = made(teams=teams)

    def do(self, act: Callable[[Bot], object]) -> None:
        """What people and the worker do; whoever sees that nothing came of it does it again."""
        for _ in range(3):
            try:
                with suppress(NotPossible):
                    act(self.bot)
                self.work()
            except Killed as step:
                self.deaths.append(str(step))
                self.steps.live_again()
                self.clock.pass_(minutes=3)  # the lease of what it held is over
                self.be_born()
            else:
                return

    def work(self, times: int = 12) -> None:
        """The worker, for as long as it takes to say everything at Slack's pace."""
        for _ in range(times):
            self.bot.intake.poll("demo", self.platform)
            sweep = self.bot.sweep
            for step in (sweep.follow_up_one, sweep.redraw_one, sweep.forget_one):
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

    def cards(self, number: int) -> list[str]:
        """Where a message hangs that can still be pressed about this conversation."""
        return [
            f"{channel.id} {ts}"
            for channel in self.slack.workspace.channels.values()
            for ts, message in channel.messages.items()
            if message.get("thread_ts") in (None, ts)
            and f'"{number}"' in json.dumps(_pressable(message))
        ]


def _pressable(message: dict[str, Any]) -> list[Any]:
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

    event.listen(database, "before_cursor_execute", note)
    event.listen(database, "rollback", lambda _: written.clear())
    dialect.do_commit = commit_and_tell  # type: ignore[method-assign]
    yield
    dialect.do_commit = commit  # type: ignore[method-assign]


Chapter = Callable[[Story], None]


def a_long_answer(story: Story) -> None:
    story.hear("My order is broken")
    story.reply(1, LONG, "long")

    parts = story.platform.answers()
    assert [part.ours for part in parts] == ["long", "long:2", "long:3"]
    assert [part.to for part in parts] == ["d1", parts[0].key, parts[1].key]
    said = " ".join(part.text for part in parts)
    assert [said.count(f"number {n:02} of") for n in range(1, 31)] == [1] * 30
    assert sorted(said[said.index(f"{n:02} of") :] for n in range(1, 31))
    assert story.state(1) == "answered"


def an_answer_that_a_second_person_reads(story: Story) -> None:
    story.hear("My order is broken")
    story.reply(1, "So sorry!", "p")
    assert story.state(1) == "claimed"
    assert story.platform.answers() == []
    story.do(lambda bot: bot.answering.approve(1, BEN))

    assert [answer.text for answer in story.platform.answers()] == ["So sorry!"]
    assert story.state(1) == "answered"


def a_correction_and_a_withdrawal(story: Story) -> None:
    story.hear("My order is broken")
    story.reply(1, "So sory!", "k")
    story.do(lambda bot: bot.amending.amend(1, ANA, "correct", "So sorry!", key="c"))
    assert [answer.text for answer in story.platform.answers()] == ["So sorry!"]
    story.do(lambda bot: bot.amending.amend(1, ANA, "withdraw", key="w"))

    assert story.platform.answers() == []
    assert story.state(1) == "claimed"
    assert story.bot.desk.look(1).conversation.waits


def a_conversation_of_another_team(story: Story) -> None:
    story.hear("My order is broken")
    story.do(lambda bot: bot.desk.move(1, "legal", ANA))

    assert [card.partition(" ")[0] for card in story.cards(1)] == [LAW]
    old = list(story.slack.workspace.channels[CARE].messages.values())
    assert len(old) == 1
    assert not _pressable(old[0])


def two_that_are_one(story: Story) -> None:
    story.hear("My order is broken", by="mira")
    story.hear("It is still broken", by="mira")
    story.do(lambda bot: Merging(bot.desk).merge(1, 2, ANA))
    assert (story.state(1), story.state(2)) == ("waiting", "merged")
    assert len(story.bot.desk.look(1).mentions) == 2
    story.reply(1, "So sorry!", "k")

    assert len(story.platform.answers()) == 1
    assert (story.state(1), story.state(2)) == ("answered", "merged")


def two_that_were_one(story: Story) -> None:
    story.hear("My order is broken", by="mira")
    story.hear("It is still broken", by="mira")
    story.do(lambda bot: Merging(bot.desk).merge(1, 2, ANA))
    story.do(lambda bot: Merging(bot.desk).unmerge(2, ANA))

    assert (story.state(1), story.state(2)) == ("waiting", "waiting")
    assert [len(story.bot.desk.look(n).mentions) for n in (1, 2)] == [1, 1]


def a_question_to_be_asked_later(story: Story) -> None:
    story.hear("My order is broken")
    story.reply(1, "So sorry!", "k")
    later = story.clock() + timedelta(days=2)

    def wish(bot: Bot) -> None:  # she looks whether it is there before she asks again
        if not story.ask(select(follow_ups)):
            Contacts(bot.desk).follow_up(1, ANA, later, "Does it work?")

    story.do(wish)
    story.clock.at = later
    story.do(lambda _: None)

    messages = story.slack.workspace.channels[CARE].messages.values()
    asked = [m for m in messages if "Does it work?" in m.get("text", "")]
    assert len(asked) == 1
    assert story.state(1) == "claimed"


def somebody_who_is_forgotten(story: Story) -> None:
    story.hear(f"My {WORDS} is broken", by=WHO)
    story.hear("My own order is fine", by="ken")
    story.reply(1, f"Dear {WHO}, so sorry about your {WORDS}!", "k")
    customer = story.bot.desk.look(1).conversation.customer
    story.do(lambda bot: Forgetting(bot.desk).forget(customer, LEA))
    story.do(lambda bot: None)

    assert in_database(story.bot) == []
    assert in_playground(story.slack.workspace) == []
    folder = Path(str(story.database.url.database)).parent
    assert in_file(story.bot, folder) == [], SECRETS
    assert story.state(2) == "waiting"


CHAPTERS = {
    a_long_answer: (TEAM,),
    an_answer_that_a_second_person_reads: (CAREFUL,),
    a_correction_and_a_withdrawal: (TEAM,),
    a_conversation_of_another_team: (TEAM, LEGAL),
    two_that_are_one: (TEAM,),
    two_that_were_one: (TEAM,),
    a_question_to_be_asked_later: (TEAM,),
    somebody_who_is_forgotten: (TEAM,),
}


def live(chapter: Chapter, database: Database, steps: Steps, die_at: int) -> Story:
    """The chapter in a world of its own, with one death in it; then all books must agree."""
    clock = Clock()
    platform = Platform("demo", {}, clock, timedelta(days=7))
    slack = Slack(Workspace.demo(now=lambda: clock().timestamp()))
    platform.steps = slack.steps = steps
    platform.every = timedelta(0)
    story = Story(database, platform, slack, clock, steps, CHAPTERS[chapter])
    steps.begin(0)
    story.be_born()
    story.bot.intake.poll("demo", platform)
    steps.begin(die_at)
    chapter(story)
    all_agree(story)
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


@pytest.mark.parametrize("chapter", CHAPTERS, ids=lambda chapter: chapter.__name__)
def test_a_life_cut_short_anywhere_in_it_changes_nothing(
    chapter: Chapter, tmp_path: Path, migrated_sqlite: bytes, record_property: Any
) -> None:
    database, steps = connect(f"sqlite:///{tmp_path / 'bot.db'}"), Steps()
    with watched(database, steps):
        anew(database, migrated_sqlite)
        live(chapter, database, steps, 0)
        names = steps.names
        for number, name in enumerate(names, 1):
            anew(database, migrated_sqlite)
            assert live(chapter, database, steps, number).deaths == [name]
    database.dispose()

    record_property("tells", f"{chapter.__name__}: killed at each of its {len(names)} steps")
    assert len(names) > 20
