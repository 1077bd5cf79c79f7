"""A storm in the playground, triaged by the model that ships, and what three clicks change."""

from collections import defaultdict

import pytest

from bot.demo import TEAMS
from bot.domain.guess import Lane
from bot.domain.mention import Kind
from bot.playground.customers import Customers
from bot.playground.customers_words import OUTAGE, STORM
from bot.policy.teams import read_teams
from bot.triage import Triage
from storage import search
from storage.database import reading
from storage.search import Asked
from tests.people import ANA, LEA

pytest.importorskip("onnxruntime")

FOUR = ("en", "de", "es", "fr")
OPEN = (
    "@acme Do you still open on Sundays? I don't see it on the page.",
    "@acme Are you open on Sundays at all? I don't find it on the page.",
    "@acme Do you open on Sundays? I can't find it on the page.",
)
NEXT = "@acme Do you open on a Sunday now? I can't see it on your page."
BROKEN = "@acme The machine I bought on Sunday does not open any more."


@pytest.fixture(scope="module")
def real():
    return Triage()


@pytest.fixture
def playing(assemble, demo, clock, real):
    teams, problems = read_teams(TEAMS, {}, ("demo",), clock())
    assert problems == []
    app = assemble(teams=teams)
    real.learn({})
    app.desk.triage = real
    app.intake.poll("demo", demo)
    return app


@pytest.fixture
def stormed(playing, demo, clock):
    customers = Customers(demo, seed=1)
    customers.storm()
    for second in range(61):
        customers.step(second)
        clock.pass_(seconds=1)
        playing.intake.poll("demo", demo)
        playing.courier.deliver_all()
    return playing


@pytest.fixture
def hear(playing, demo, clock):
    def heard(text):
        demo.post(text, by=f"by{abs(hash(text))}")
        clock.pass_(minutes=1)
        playing.intake.poll("demo", demo)
        return max(theirs(playing).values(), key=lambda case: case.conversation.id)

    return heard


def theirs(app):
    """By the handle of who wrote."""
    with reading(app.desk.database) as db:
        waiting = search.unanswered(db, Asked(), most=200)
    found = [app.desk.look(each.conversation.id) for each in waiting]
    return {case.customer.handle.lstrip("@"): case for case in found}


def test_a_storm_in_four_languages_is_triaged(stormed):
    found, flagged = theirs(stormed), defaultdict(list)
    for post in OUTAGE:
        case = found[post.by]
        flagged[post.language].append(case.conversation.kind is Kind.COMPLAINT)
        assert case.conversation.due_at, post.text
        assert "“" in case.guess.because, post.text

    assert set(FOUR) <= set(flagged)
    assert {language: sum(said) / len(said) >= 0.9 for language, said in flagged.items()} == (
        dict.fromkeys(flagged, True)
    )


def test_what_it_was_not_taught_has_the_complaints_clock_and_says_so(stormed):
    [post] = [post for post in STORM if post.language == "pl"]
    case = theirs(stormed)[post.by]

    assert (case.conversation.kind, case.guess.lane) == (Kind.COMPLAINT, Lane.CHECK)
    assert case.guess.because == "a language that triage was not taught"
    assert case.conversation.due_at


def test_promotion_and_out_of_office_are_gathered(stormed):
    found = theirs(stormed)

    for by in ("pods_outlet", "easy_money_jo", "b.sorensen"):
        assert (found[by].guess.lane, found[by].conversation.kind) == (Lane.REST, Kind.OTHER), by
        assert found[by].conversation.aside, by


def test_the_third_click_changes_what_comes_next_and_nothing_else(playing, hear):
    learning = playing.learning
    for text in OPEN:
        learning.keep_up()
        case = hear(text)
        assert (case.conversation.kind, case.guess.lane) == (Kind.COMPLAINT, Lane.CHECK), text
        playing.desk.judge(case.conversation.id, ANA, Kind.QUESTION)
    assert learning.keep_up()

    after, other = hear(NEXT), hear(BROKEN)

    assert (after.conversation.kind, after.guess.lane) == (Kind.QUESTION, Lane.QUESTION)
    assert after.guess.because == "what your team said of similar ones"
    assert (
        after.conversation.due_at
        == after.conversation.waiting_since
        + playing.desk.teams["care"].answer_within[Kind.QUESTION]
    )
    assert other.conversation.kind is Kind.COMPLAINT

    learning.take_back("care", LEA)
    again = hear("@acme Still open on Sundays? I can't find a word about it on your page.")
    assert again.conversation.kind is Kind.COMPLAINT
