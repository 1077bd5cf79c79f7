"""A day's work in chapters, cut short at every step of each: nothing is lost, said twice or kept.

`tests/faults/story.py` tells what a death is here.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import Bot
from bot.contacts import Contacts
from bot.domain.approval import Approval
from bot.domain.clock import CHANNEL, Rung
from bot.domain.mention import Kind
from bot.domain.team import Team
from bot.forgetting import Forgetting
from bot.merging import Merging
from storage.database import Database, connect
from storage.tables import follow_ups
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.faults.story import Steps, Story, all_agree, anew, begun, pressable, watched
from tests.people import ANA, BEN, CARE, LEA
from tests.test_forgetting import SECRETS, WHO, WORDS, in_database, in_file, in_playground
from tests.things import MINUTE

LAW = "C0PRESS"
LATE = timedelta(hours=1)
LONG = " ".join(f"This is sentence number {n:02} of a long answer." for n in range(1, 31))
CAREFUL = replace(TEAM, approval=Approval(always=True))
CALM = [Rung(after=LATE, call=CHANNEL)]
LEGAL = Team(name="legal", channel=LAW, answer_within={Kind.COMPLAINT: LATE}, ladder=CALM)


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


def a_ladder_that_is_climbed_to_its_end(story: Story) -> None:
    story.hear("My order is broken")
    for level in (1, 2, 3):
        story.clock.at = NOON + LATE + [MINUTE, 31 * MINUTE, 121 * MINUTE][level - 1]
        story.do(lambda _: None)
        assert len(story.nags(1)) == level
    story.reply(1, "So sorry!", "k")
    story.clock.pass_(days=1)
    story.do(lambda _: None)

    assert len(story.nags(1)) == 3
    assert story.state(1) == "answered"


def a_claim_and_all_that_follows(story: Story) -> None:
    story.hear("My order is broken")
    story.do(lambda bot: bot.desk.claim(1, ANA))
    assert story.bot.desk.look(1).conversation.owner == ANA
    story.do(lambda bot: bot.desk.take_over(1, BEN))
    story.do(lambda bot: bot.desk.release(1, BEN))
    story.do(lambda bot: bot.desk.dismiss(1, BEN, "spam"))

    assert story.state(1) == "dismissed"


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
    assert not pressable(old[0])


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
    a_ladder_that_is_climbed_to_its_end: (TEAM,),
    a_claim_and_all_that_follows: (TEAM,),
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
    story = begun(database, steps, CHAPTERS[chapter])
    steps.begin(die_at)
    chapter(story)
    all_agree(story)
    return story


@pytest.mark.fault(9)
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
