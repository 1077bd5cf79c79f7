"""What triage made of a mention is kept beside it, and shown with its conversation."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select

from adapters import Batch
from bot.domain.guess import Guess, Lane, Leaning, Manner, Severity
from bot.domain.mention import Kind, Mention, Origin
from bot.hearing import Hearing
from storage import guesses, mentions, tables
from storage.database import reading
from tests.conftest import NOON
from tests.people import ANA
from tests.things import MINUTE, mention, remember
from tests.thumbs import ByThumb
from tests.triaged import tell

FULL = Guess(
    kind=Kind.COMPLAINT,
    lane=Lane.CHECK,
    because="“still waiting”",
    complaint=0.5,
    needs_answer=0.75,
    severity=Severity.LEAVING,
    manner=Manner.COPIED,
    language="de",
    similar="I am still waiting",
    thanks=True,
)
BARE = Guess(kind=Kind.OTHER, lane=Lane.REST, because="")


EVERYBODY = Leaning()


class Counting(ByThumb):
    """Guesses as ever, and counts how often it is asked."""

    asked = 0

    def guess(
        self, mention: Mention, leaning: Leaning = EVERYBODY, team: str = "", **more: Any
    ) -> Guess:
        self.asked += 1
        assert team == "care"
        return super().guess(mention, leaning, team, **more)


def say(database, *said):
    """Each a mention of one conversation and its guess, or None."""
    known = remember(database)
    with database.begin() as db:
        of = {"customer": known.customer, "conversation": known.id}
        kept = {mentions.add(db, each, at=NOON, **of): guess for each, guess in said}
        guesses.add_all(db, {id: guess for id, guess in kept.items() if guess}, NOON)
        return mentions.of_conversation(db, known.id)


def deciding(database, said, kind):
    with reading(database) as db:
        return guesses.deciding(db, said, kind)


def at(number, **more):
    return mention(key=f"d{number}", posted_at=NOON + number * MINUTE, **more)


@pytest.mark.parametrize("guess", [FULL, BARE])
def test_a_guess_comes_back_as_it_was(database, guess):
    assert deciding(database, say(database, (at(1), guess)), Kind.QUESTION) == guess


def test_the_newest_that_sounds_like_the_conversation_decides(database):
    first, second = replace(FULL, because="first"), replace(FULL, because="second")
    said = say(database, (at(1), first), (at(3), BARE), (at(2), second), (at(4), None))

    assert deciding(database, said, Kind.COMPLAINT) == second
    assert deciding(database, said, Kind.QUESTION) == BARE
    assert deciding(database, [], Kind.QUESTION) is None
    assert deciding(database, said[3:], Kind.QUESTION) is None


def test_what_the_customer_took_back_decides_only_alone(database):
    said = say(database, (at(1), FULL), (at(2, deleted=True), BARE))

    assert deciding(database, said, Kind.OTHER) == FULL
    assert deciding(database, said[1:], Kind.COMPLAINT) == BARE


def test_an_edit_is_guessed_at_anew(database):
    [said] = say(database, (at(1), BARE))
    with database.begin() as db:
        guesses.change(db, said.id, FULL, NOON)
        guesses.change(db, said.id, replace(FULL, complaint=None), NOON + MINUTE)

    assert deciding(database, [said], Kind.OTHER) == replace(FULL, complaint=None)


@pytest.mark.parametrize("hear", [Hearing.hear_all, Hearing.hear_what_can_be_heard])
def test_each_mention_of_a_page_is_guessed_at_once_and_kept(app, hear):
    app.desk.triage = triage = Counting()
    page = [at(number, thread=f"d{number}") for number in range(5)]
    more = [at(7, thread="d1"), at(8, thread="d1", origin=Origin.OWN)]

    app.intake._write("demo", Batch(mentions=[*page, *more], cursor="1"), hear, read_from="0")

    with reading(app.desk.database) as db:
        kept = db.execute(select(func.count()).select_from(tables.guesses)).scalar_one()
    assert (triage.asked, kept) == (6, 6)


def test_a_case_tells_what_triage_made_of_it(app, hear, demo, clock):
    key = hear("My order is broken")

    case = app.desk.look(1)
    assert case.guess == ByThumb().guess(case.latest)
    assert case.conversation.lane == case.guess.lane == Lane.SURE

    demo.edit(key, "When do you open?")
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    assert app.desk.look(1).guess.kind is Kind.QUESTION

    app.desk.judge(1, ANA, Kind.QUESTION)
    assert app.desk.look(1).conversation.lane == ""


def test_what_can_not_be_written_down_leaves_no_guess(app, monkeypatch):
    page = [at(number, thread=f"d{number}") for number in range(2)]
    monkeypatch.setattr(Hearing, "_mind_its_end", lambda *_: 1 / 0)
    app.intake.receive("demo", Batch(mentions=page, cursor="1"), read_from="0")

    with reading(app.desk.database) as db:
        assert db.execute(select(func.count()).select_from(tables.guesses)).scalar_one() == 0


def test_whoever_goes_on_after_a_word_of_ours_is_guessed_at_as_such(app, demo, hear):
    told = tell(app, {})
    first = hear("My order is broken")
    hear("And the box as well", parent=first)
    assert told.after == [None, None]

    demo.answer_elsewhere(first, "We are sorry, a new one is on its way.")
    hear("Thanks!", parent=first)
    assert told.after[2:] == [Kind.COMPLAINT]


def test_who_answers_a_post_of_ours_that_nobody_asked_for_has_read_it(app, demo, hear):
    told = tell(app, {})
    ours = demo.answer_elsewhere("", "Our new cups are here")
    first = hear("How much are they?", parent=ours)
    hear("Hello?", parent=first)

    assert told.after[-1] is None, "this answers their own post"
    hear("Hello???", parent=ours)
    assert told.after[-1] is app.desk.look(1).conversation.kind
