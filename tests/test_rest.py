"""What needs no answer has no card at first, is listed once a day, and is never lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.domain.calendar import Window
from bot.domain.guess import AT_ONCE, Guess, Lane, Leaning, Manner, Severity
from bot.domain.mention import Kind
from bot.domain.team import Rule, Teams
from storage import conversations, days, digests, outbox
from storage.database import reading
from tests.conftest import CARE as TEAM
from tests.people import ANA, ask
from tests.slack.cases import shown
from tests.things import HOUR, MINUTE, at_once
from tests.triaged import NEEDLESS, tell

SAID = {
    "Love": NEEDLESS,
    "Hm": replace(NEEDLESS, kind=Kind.OTHER, because="nothing"),
    "Nice, could you": replace(NEEDLESS, needs_answer=0.5),
    "Out of office": replace(NEEDLESS, kind=Kind.OTHER, manner=Manner.AUTOMATED),
    "Buy": Guess(kind=Kind.OTHER, lane=Lane.QUESTION, because="", manner=Manner.PROMOTION),
    "Broken": Guess(kind=Kind.COMPLAINT, lane=Lane.CHECK, because="", manner=Manner.COPIED),
}
MORNING = datetime(2026, 11, 4, 9, tzinfo=UTC)  # of who never closes; it is noon of the 3rd now
EIGHT_TO_FOUR = (Window.read("08:00-16:00"),)
WEEK = (*[EIGHT_TO_FOUR] * 4, (), EIGHT_TO_FOUR, EIGHT_TO_FOUR)  # nobody works on Fridays
PRAISED = replace(TEAM, answer_within={**TEAM.answer_within, Kind.PRAISE: timedelta(days=7)})


@pytest.fixture
def begun(assemble, demo, clock):
    """A bot whose team wants this of triage; no promise ends within a day."""

    def begin(team=PRAISED, **leaning):
        leans = replace(team, triage=Leaning(**leaning))
        app = assemble(teams=Teams({"care": leans}, tell="U0LEA"))
        app.intake.poll("demo", demo)
        tell(app, SAID)
        with app.desk.database.begin() as db:
            days.hold(db, "care", clock())
        return app

    return begin


@pytest.fixture
def post(demo, clock):
    def post(app, *texts, **more):
        for number, text in enumerate(texts):
            demo.post(text, **{"by": f"c{number}{text[:3]}", **more})
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        app.courier.deliver_all()

    return post


def look(app, number):
    return app.desk.look(number).conversation


def sweep(app, clock, at=None):
    clock.at = at or clock.at
    while app.sweep.list_one():
        pass
    for _ in range(60):
        app.courier.deliver_all()
        clock.pass_(seconds=1)


def listed(slack):
    """The messages of what needs no answer."""
    return [m for m in slack.messages.values() if "as far as I can tell" in m["text"]]


def test_it_waits_without_a_card_and_is_on_the_list(begun, post, slack):
    app = begun()

    post(app, "Love the new cups", "My order is broken")

    assert [look(app, n).card is None for n in (1, 2)] == [True, False]
    aside = look(app, 1)
    assert (aside.open, aside.aside, bool(aside.due_at)) == (True, "plain", True)
    assert "Love the new cups" in ask(app.bolt, slack.workspace, "")
    assert "Praise" in ask(app.bolt, slack.workspace, "1")


def test_once_a_day_all_of_it_is_one_message_with_the_mornings_list(begun, post, clock, slack):
    app = begun()
    post(app, "Love one", "Love two", "Hm three", "Out of office four", "Buy five")

    sweep(app, clock, MORNING - MINUTE - timedelta(seconds=61))
    assert listed(slack) == []
    sweep(app, clock, MORNING)

    [message] = listed(slack)
    assert "*5 mentions need no answer, as far as I can tell*" in message["text"]
    read = shown(message)
    assert [look(app, n).digest for n in range(1, 6)] == [1] * 5
    order = ["Love one", "Hm three", "Automated", "Out of office", "Advertisements", "Buy five"]
    assert [read.index(each) for each in order] == sorted(read.index(each) for each in order)
    sweep(app, clock)
    assert len(listed(slack)) == 1
    assert all(look(app, n).card is None for n in range(1, 6))


def test_a_team_with_hours_has_it_when_it_opens(begun, post, clock, slack):
    app = begun(replace(PRAISED, calendar=replace(TEAM.calendar, week=WEEK)))
    post(app, "Love one")

    sweep(app, clock, MORNING - HOUR - 2 * MINUTE)
    assert listed(slack) == []
    sweep(app, clock, MORNING - HOUR)

    assert len(listed(slack)) == 1


def test_a_morning_at_which_nobody_was_at_work_is_made_up_for_once(begun, post, clock, slack):
    app = begun(replace(PRAISED, calendar=replace(TEAM.calendar, week=WEEK)))
    post(app, "Love one")
    long_ago = clock()

    sweep(app, clock, MORNING + 4 * HOUR)
    assert len(listed(slack)) == 1
    post(app, "Love two", at=long_ago)
    sweep(app, clock, clock() + HOUR)
    assert len(listed(slack)) == 1, "no other until the next morning"
    sweep(app, clock, MORNING + timedelta(days=1) - HOUR)
    assert len(listed(slack)) == 2
    post(app, "Love three", at=long_ago)
    sweep(app, clock, MORNING + timedelta(days=2, hours=3))
    assert len(listed(slack)) == 2, "nobody works on a Friday"


def test_it_has_a_card_as_soon_as_somebody_acts(begun, post, clock, slack):
    app = begun()
    post(app, "Love one", "Love two")

    app.desk.claim(1, ANA)
    app.courier.deliver_all()
    sweep(app, clock, MORNING)
    app.desk.claim(2, ANA)
    sweep(app, clock)

    assert all(look(app, n).card for n in (1, 2))
    [message] = listed(slack)
    assert "*1 mention needs no answer" in message["text"], "whoever has a card is not listed"


@pytest.mark.parametrize("shown_yet", [True, False])
def test_what_somebody_has_done_something_about_is_not_listed(begun, post, clock, slack, shown_yet):
    app = begun()
    post(app, "Love one")

    if shown_yet:
        app.desk.tag(1, ANA, "VIP")
        app.courier.deliver_all()
    else:
        app.desk.claim(1, ANA)
    sweep(app, clock, MORNING)

    assert listed(slack) == []


def test_what_comes_at_once_is_not_added_to_what_needs_no_answer(begun, clock):
    app = begun()
    room = {"since": clock() - MINUTE, "room": 150}

    with app.desk.database.begin() as db:
        digests.open_new(db, team="care", channel="C0CARE", at=clock(), daily=True)
        assert digests.with_room(db, "C0CARE", **room) is None
        usual = digests.open_new(db, team="care", channel="C0CARE", at=clock())
        digests.open_new(db, team="care", channel="C0CARE", at=clock(), daily=True)
        assert digests.with_room(db, "C0CARE", **room) == usual


def test_it_has_a_card_when_it_is_late(begun, post, clock):
    app = begun()
    post(app, "Hm one")

    clock.pass_(days=1, minutes=1)
    while app.sweep.nag_some():
        pass
    app.courier.deliver_all()

    assert look(app, 1).card


def test_who_writes_again_has_a_card(begun, post, clock, slack, demo):
    app = begun()
    key = demo.post("Love one", by="c0Lov")
    app.intake.poll("demo", demo)

    demo.post("Love it still", by="c0Lov", parent=key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.courier.deliver_all()
    sweep(app, clock, MORNING)

    assert look(app, 1).card
    assert listed(slack) == []


def test_complaints_and_what_may_need_an_answer_have_cards_at_once(begun, post):
    app = begun()

    post(app, "Broken again, like all of theirs", "Nice, could you call me", "Thank you for it")

    assert all(look(app, n).card for n in (1, 2, 3))


def test_what_a_rule_calls_urgent_has_a_card_at_once(begun, post):
    urgent = Rule(name="all", kinds=(Kind.PRAISE,), urgent=True)
    app = begun(replace(PRAISED, rules=(urgent,)))

    post(app, "Love one")

    assert look(app, 1).card


def test_a_team_may_want_a_card_of_each(begun, post):
    app = begun(gather=AT_ONCE)

    post(app, "Love one", "Buy two")

    assert all(look(app, n).card for n in (1, 2))


def test_a_team_may_want_to_see_it_sooner(begun, post, clock, slack):
    app = begun(gather=10 * MINUTE)
    post(app, "Love one", "Hm two")

    sweep(app, clock)
    assert listed(slack) == []
    sweep(app, clock, clock.at + 10 * MINUTE)

    assert len(listed(slack)) == 1
    post(app, "Love three")
    sweep(app, clock, clock.at + 10 * MINUTE)
    assert len(listed(slack)) == 2


def test_what_was_put_aside_is_shown_when_the_team_wants_a_card_of_each(begun, post, clock, slack):
    post(begun(), "Love one")

    sweep(begun(gather=AT_ONCE), clock)

    assert len(listed(slack)) == 1


def test_what_was_put_aside_by_a_team_that_was_removed_is_the_first_ones(begun, post, clock, slack):
    app = begun()
    post(app, "Love one")
    with app.desk.database.begin() as db:
        db.execute(conversations.conversations.update().values(team="gone"))

    sweep(app, clock, MORNING)

    assert len(listed(slack)) == 1


def test_more_than_one_message_holds_go_on_in_the_next(begun, post, clock, slack):
    app = begun()
    post(app, *(f"Love {n:04}" for n in range(1000, 1151)))

    sweep(app, clock, MORNING)

    assert sorted(m["text"].partition(" ")[0] for m in listed(slack)) == ["*1", "*150"]
    [many] = [m for m in listed(slack) if m["text"].startswith("*150")]
    assert "Love" not in shown(many), "of so many only the names fit"


def test_of_two_workers_one_says_it(begun, post, clock, slack, database):
    app, other = begun(), begun()
    post(app, "Love one")
    clock.at = MORNING

    at_once(lambda n: (app, other)[n % 2].sweep.list_one(), times=4)
    sweep(app, clock)

    assert len(listed(slack)) == 1


def test_it_says_what_became_of_it(begun, post, clock, slack):
    app = begun()
    post(app, "Love one", "Love two")
    sweep(app, clock, MORNING)

    app.desk.dismiss(1, ANA, "Spam")
    sweep(app, clock)

    [message] = listed(slack)
    assert message["text"].endswith("2 praise; 1 still waits.")
    assert "Love one" not in shown(message)


def test_the_database_finds_it_by_an_index_and_nothing_else_is_owed(begun, post):
    app = begun()
    post(app, "Love one")

    with reading(app.desk.database) as db:
        assert outbox.pending(db) == []
        assert conversations.aside_since(db, "care") == look(app, 1).waiting_since
        assert conversations.aside_since(db, "press") is None


def test_what_a_severity_says_is_kept_with_the_conversation(begun, post):
    app = begun()
    tell(app, {"My": replace(SAID["Broken"], severity=Severity.SAFETY)})

    post(app, "My machine burns")

    assert (look(app, 1).lane, look(app, 1).severity) == ("check", "safety")
