"""A storm in the playground: everybody writes about one outage, in several languages."""

from datetime import timedelta

import pytest

from bot.demo import TEAMS
from bot.domain.mention import Kind
from bot.playground.customers import Customers
from bot.playground.customers_words import BESIDE, OUTAGE, STORM
from bot.policy.teams import read_teams
from bot.slack import judgements
from storage import search
from storage.database import reading
from storage.search import Asked
from tests import fake_slack
from tests.people import ANA, choose, form
from tests.slack.cases import accepted_view, shown


@pytest.fixture
def stormed(assemble, demo, clock):
    """The playground's own team, and a minute in which all of them write."""
    teams, problems = read_teams(TEAMS, {}, ("demo",), clock())
    assert problems == []
    app = assemble(teams=teams)
    app.intake.poll("demo", demo)
    customers = Customers(demo, seed=1)
    customers.storm()
    for second in range(61):
        customers.step(second)
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        app.courier.deliver_all()
    return app


def theirs(app):
    """Who wrote, and what became of it; the storm's people only."""
    with reading(app.desk.database) as db:
        waiting = search.unanswered(db, Asked(), most=200)
    found = {each.customer.handle.lstrip("@"): each.conversation for each in waiting}
    return {post.by: found[post.by] for post in STORM}


def test_nobody_of_a_storm_is_lost_and_every_complaint_has_a_card_at_once(stormed):
    found = theirs(stormed)

    for post in OUTAGE:
        it = found[post.by]
        assert (it.kind, bool(it.card), bool(it.due_at)) == (Kind.COMPLAINT, True, True), post.text
    assert all(found[post.by].card or found[post.by].aside for post in BESIDE)


def test_what_needs_no_answer_is_seen_within_minutes(stormed, clock):
    for _ in range(200):
        clock.pass_(seconds=1)
        while stormed.sweep.list_one():
            pass
        stormed.courier.deliver_all()

    assert all(each.card or each.digest for each in theirs(stormed).values())


def test_each_card_explains_itself_and_a_click_says_better(stormed, slack):
    found = theirs(stormed)
    for it in found.values():
        view = accepted_view(judgements.why(stormed.desk.look(it.id)))
        assert "It counts as " in shown(view)

    number = found[OUTAGE[0].by].id
    choose(stormed, slack, "why_kind", number)
    view = form(slack, ANA)
    assert "Not a complaint" in str(view["blocks"])
    fake_slack.act(
        stormed.bolt, slack.workspace, ANA, view["id"], "open_form", f"question {number}"
    )

    judged = stormed.desk.look(number).conversation
    assert (judged.kind, judged.judged_by) == (Kind.QUESTION, ANA)
    assert judged.due_at == judged.waiting_since + timedelta(minutes=2)
