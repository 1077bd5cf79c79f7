"""The same words from many customers are told apart, and no complaint is."""

from dataclasses import replace

import pytest
from sqlalchemy import event

from adapters import Batch
from bot.copies import Copies, mark
from bot.domain.guess import Guess, Lane, Manner
from bot.domain.mention import Customer, Kind
from bot.hearing import Hearing
from storage import accounts, guesses, mentions
from storage.database import reading
from tests.conftest import NOON
from tests.things import mention, remember
from tests.triaged import tell

WORDS = "Join our great coffee club today"
GUESS = Guess(kind=Kind.OTHER, lane=Lane.REST, because="", needs_answer=0.9)


def by(number):
    return Customer(platform="demo", key=f"c{number}", handle=f"@c{number}", name="")


def said(number, text=WORDS, **more):
    key = f"k{number}"
    return mention(text, key=key, thread=key, customer=by(number), posted_at=NOON, **more)


def hear(app, *page, one_by_one=False):
    """A page of these; the conversations they began, in their order."""
    with app.desk.database.begin() as db:
        account = accounts.hold(db, "demo")
        hearing = Hearing(app.desk, db, account)
        way = Hearing.hear_what_can_be_heard if one_by_one else Hearing.hear_all
        hearing.page(Batch(mentions=list(page), cursor="9"), way)
        numbers = [mentions.find(db, "demo", each.key)[1] for each in page]
    return [app.desk.look(number).conversation.aside for number in numbers]


@pytest.fixture
def told(app):
    tell(app, {"": GUESS})
    return app


@pytest.mark.parametrize("one_by_one", [False, True])
def test_from_the_third_customer_on_a_copy_is_told_apart(told, one_by_one):
    asides = hear(told, *(said(n) for n in range(1, 6)), one_by_one=one_by_one)

    assert asides == ["", "", "copied", "copied", "copied"]


def test_those_of_other_pages_count_for_a_week(told, clock):
    assert hear(told, said(1)) == [""]
    clock.pass_(days=3)
    assert hear(told, said(2)) == [""]
    clock.pass_(days=3, hours=23)
    assert hear(told, said(3)) == ["copied"]
    clock.pass_(hours=2)
    assert hear(told, said(4)) == ["copied"], "the first is too old, and two others are not"
    clock.pass_(days=8)
    assert hear(told, said(5)) == [""]


def test_one_who_says_it_often_is_one(told):
    often = [replace(said(n), customer=by(1)) for n in range(1, 6)]

    assert set(hear(told, *often)) == {""}
    assert hear(told, said(6), said(7)) == ["", "copied"]


def test_no_complaint_is_a_copy_and_none_counts(told):
    complaint = replace(GUESS, kind=Kind.COMPLAINT, lane=Lane.SURE)
    tell(told, {"": complaint})
    assert set(hear(told, *(said(n) for n in range(1, 5)))) == {""}

    tell(told, {"": GUESS})
    assert hear(told, said(5), said(6), said(7)) == ["", "", "copied"]
    look = told.desk.look(1).conversation
    assert (look.kind, bool(look.due_at)) == (Kind.COMPLAINT, True)


def test_what_is_written_otherwise_already_stays_that(told):
    tell(told, {"": replace(GUESS, manner=Manner.PROMOTION)})

    assert set(hear(told, *(said(n) for n in range(1, 5)))) == {"promotion"}


def test_the_same_words_are_the_same_whomever_they_name_and_wherever_they_lead():
    same = mark(mention(WORDS))

    assert same == mark(
        mention("@acme JOIN our ｇｒｅａｔ coffee—club, today!! https://x.example/1")
    )
    assert same != mark(mention("Join our great coffee club tomorrow"))
    assert mark(mention("Thank you very much indeed!")) == "", "five words are anybody's"
    assert same == mark(mention("coffee club today", subject="Join our great"))
    assert WORDS.split()[0].lower() not in same


def test_a_page_asks_once_and_a_page_of_complaints_never(told):
    statements = asked(told, [said(n) for n in range(1, 101)])

    assert statements == 1
    tell(told, {"": replace(GUESS, kind=Kind.COMPLAINT)})
    assert asked(told, [said(n) for n in range(200, 300)]) == 0


def asked(app, page):
    seen = []

    def note(_c, _cursor, statement, *_):
        seen.append("guesses.words IN" in statement or "guesses.words = ANY" in statement)

    event.listen(app.desk.database, "before_cursor_execute", note)
    hear(app, *page)
    event.remove(app.desk.database, "before_cursor_execute", note)
    return sum(seen)


def test_what_two_workers_take_in_at_once_is_nobodys_copy_and_no_error(told):
    """Neither sees what the other has not committed; the next is told apart."""
    known = remember(told.desk.database, "other")
    with told.desk.database.begin() as db:
        guess = replace(GUESS, words=mark(mention(WORDS)))
        of = {"customer": known.customer, "conversation": known.id}
        guesses.add_all(db, {mentions.add(db, said(50), at=NOON, **of): guess}, NOON)
        first = Copies(db, NOON)
        [one] = first.marked([(said(51), GUESS, 51)])
    with reading(told.desk.database) as db:
        [two] = Copies(db, NOON).marked([(said(52), GUESS, 52)])

    assert (one.manner, two.manner) == (Manner.PLAIN, Manner.PLAIN)
    assert one.words == two.words == guess.words
