"""People press twice, at once, too late, or hear of a press that Slack tells again: rows 12 to 15.

Where the table is silent: what somebody let go of is nobody's, so the next claim is one; a press
that was on its way while somebody deleted its card counts, and the card hangs anew; and of what
people do, Slack tells only events again. A press or a form that came again all the same would find
what it did the first time.
"""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from adapters.demo import Demo
from bot import logs
from bot.domain.conversation import State
from bot.domain.problems import NotPossible
from bot.playground.workspace import Workspace
from storage.database import connect, reading
from storage.tables import audit, outbox
from tests import fake_slack
from tests.conftest import Assembled, Clock
from tests.fake_slack import FakeSlack
from tests.faults.world import SPAWN
from tests.people import ANA, BEN, CARE, LEA, answer, form, press, preview
from tests.things import at_once

ROUNDS = 1000
IN_SLACK = 10  # every tenth by a button, the others at the desk: that is where they meet
MINE = "You have this one already."
AGAIN = 3  # times that Slack tells an event once more
PATIENCE = 30.0  # seconds until one of two workers is taken for dead


def conversation(app: Any, number: int = 1) -> Any:
    return app.desk.look(number).conversation


def audited(app: Any, what: str) -> int:
    with reading(app.desk.database) as db:
        return int(
            db.execute(select(func.count()).where(audit.c.what == what)).scalar_one(),
        )


def told(slack: FakeSlack, person: str) -> list[str]:
    return [each["text"] for each in slack.whispers if each["user"] == person]


def pressed(app: Any, slack: FakeSlack, action: str, by: str = ANA, times: int = 2) -> list[Any]:
    """So many presses of one button before any of them arrives."""
    card = conversation(app).card
    return [slack.workspace.press(by, CARE, card, action) for _ in range(times)]


def arrive(app: Any, slack: FakeSlack, envelopes: list[Any]) -> None:
    """All in the same moment."""

    def one(number: int) -> int:
        response = fake_slack.deliver(app.bolt, slack.workspace, envelopes[number])
        return int(response.status)

    assert set(at_once(one, len(envelopes))) == {200}


# Twice


@pytest.mark.fault(12)
def test_of_a_double_click_on_claim_one_is_a_claim_and_the_other_is_told_so(app, slack, hear):
    hear()

    arrive(app, slack, pressed(app, slack, "claim"))

    assert conversation(app).owner == ANA
    assert told(slack, ANA) == [MINE]
    assert audited(app, "claim") == 1


@pytest.mark.fault(12)
def test_of_a_double_click_on_reply_and_on_send_comes_one_answer(app, slack, demo, hear):
    hear()
    arrive(app, slack, pressed(app, slack, "reply"))
    preview(app, slack, "So sorry!")
    shown = form(slack)["id"]

    arrive(app, slack, [slack.workspace.submit(ANA, shown, {}) for _ in range(2)])
    app.courier.deliver_all()

    assert [answer.text for answer in demo.answers()] == ["So sorry!"]
    assert conversation(app).state is State.ANSWERED
    assert audited(app, "reply") == 1


@pytest.mark.fault(12)
def test_a_form_that_a_double_click_left_open_answers_nothing_any_more(app, slack, demo, hear):
    hear()
    arrive(app, slack, pressed(app, slack, "reply"))
    preview(app, slack, "So sorry!")
    fake_slack.submit(app.bolt, slack.workspace, ANA, form(slack)["id"], {})
    while slack.workspace.stacks.get(ANA):
        top = form(slack)
        if top["callback_id"] == "publish":
            fake_slack.submit(app.bolt, slack.workspace, ANA, top["id"], {})
        slack.workspace.stacks[ANA].pop()
    app.courier.deliver_all()

    assert len(demo.answers()) == 1


# At once, on two workers


def refusal(act: Callable[[], None]) -> list[str]:
    """What would be whispered."""
    try:
        act()
    except NotPossible as problem:
        return [str(problem)]
    return []


def claims(me: str, url: str, seen: dict[str, Any], rounds: int, start: Any, told: Any) -> None:
    """One worker with one person, who presses Claim in every round; tells what they were told."""
    logs.begin("ERROR")
    clock, workspace = Clock(), Workspace.demo()
    workspace.load(seen)
    slack, database = FakeSlack(workspace), connect(url)
    bot = Assembled(database, slack, Demo("demo", {}, clock, timedelta(days=7)), clock)()
    card, outcomes = str(bot.desk.look(1).conversation.card), []
    for number in range(rounds):
        before, envelope = len(slack.whispers), workspace.press(me, CARE, card, "claim")
        start.wait(PATIENCE)
        if number % IN_SLACK == 0:
            fake_slack.deliver(bot.bolt, workspace, envelope)
            outcomes.append([each["text"] for each in slack.whispers[before:]])
        else:
            outcomes.append(refusal(lambda: bot.desk.claim(1, me)))
        start.wait(PATIENCE)
        if not outcomes[-1]:
            bot.desk.release(1, me)
    database.dispose()
    told.put((me, outcomes))


@pytest.mark.fault(13)
@pytest.mark.xdist_group("killed on postgresql")
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_two_who_claim_in_the_same_moment_on_two_workers_one_gets_it_a_thousand_times(
    app, slack, hear, database, record_property
):
    hear()
    url = database.url.render_as_string(hide_password=False)
    start, results = SPAWN.Barrier(2), SPAWN.Queue()
    seen = slack.workspace.dump()
    workers = [
        SPAWN.Process(target=claims, args=(me, url, seen, ROUNDS, start, results), daemon=True)
        for me in (ANA, BEN)
    ]
    for worker in workers:
        worker.start()

    began = time.monotonic()
    heard = dict(results.get(timeout=10 * PATIENCE) for _ in workers)

    for worker in workers:
        worker.join(PATIENCE)
    took = time.monotonic() - began
    record_property("tells", f"{ROUNDS} claims of two workers at once in {took:.1f} s")
    rounds = list(zip(heard[ANA], heard[BEN], strict=True))
    taken = f"<@{BEN}> already has this one. Take over if they can't."
    lost = f"<@{ANA}> already has this one. Take over if they can't."
    assert len(rounds) == ROUNDS
    assert [pair for pair in rounds if pair not in [([], [lost]), ([taken], [])]] == []
    winners = Counter(ANA if not mine else BEN for mine, _ in rounds)
    assert min(winners[ANA], winners[BEN]) > 0, winners


# Too late


def refused(app: Any, slack: FakeSlack, envelope: Any, by: str = BEN) -> str:
    """An envelope that was on its way arrives; what its person is told, and nothing changes."""
    before = conversation(app)
    fake_slack.deliver(app.bolt, slack.workspace, envelope)
    assert conversation(app) == before
    [sentence] = told(slack, by)
    return sentence


@pytest.mark.fault(14)
def test_a_claim_of_what_is_answered_is_told_who_answered(app, slack, hear):
    hear()
    [late] = pressed(app, slack, "claim", by=BEN, times=1)
    answer(app, slack, 1, "So sorry!", by=ANA)

    assert f"<@{ANA}> has already answered this one." in refused(app, slack, late)


@pytest.mark.fault(14)
def test_a_claim_after_a_release_is_told_who_has_it_since(app, slack, hear):
    hear()
    [late] = pressed(app, slack, "claim", by=BEN, times=1)
    app.desk.claim(1, ANA)
    app.desk.release(1, ANA)
    app.desk.claim(1, LEA)

    assert f"<@{LEA}> already has this one." in refused(app, slack, late)


@pytest.mark.fault(14)
def test_what_was_let_go_of_is_free_for_a_claim_that_was_on_its_way(app, slack, hear):
    hear()
    [late] = pressed(app, slack, "claim", by=BEN, times=1)
    app.desk.claim(1, ANA)
    app.desk.release(1, ANA)

    fake_slack.deliver(app.bolt, slack.workspace, late)

    assert (conversation(app).owner, told(slack, BEN)) == (BEN, [])


@pytest.mark.fault(14)
def test_a_claim_of_what_the_customer_deleted_is_told_so(app, slack, demo, clock, hear):
    key = hear()
    [late] = pressed(app, slack, "claim", by=BEN, times=1)
    demo.delete(key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    assert "The customer deleted it." in refused(app, slack, late)


@pytest.mark.fault(14)
def test_a_claim_on_a_card_that_somebody_deleted_counts_and_the_card_hangs_anew(app, slack, hear):
    hear()
    [late] = pressed(app, slack, "claim", by=BEN, times=1)
    slack.workspace.channels[CARE].messages.clear()

    fake_slack.deliver(app.bolt, slack.workspace, late)
    app.courier.deliver_all()

    [card] = slack.messages.values()
    assert f"<@{BEN}> has it" in card["text"]
    assert conversation(app).card == card["ts"]


# Told again


@pytest.fixture
def told_again(app, slack, clock):
    """Slack tells something again, three times and once more after an hour; all are acked."""

    def tell(envelope: Any) -> None:
        for seconds in [*[10] * AGAIN, 3600]:
            clock.pass_(seconds=seconds)
            response = fake_slack.deliver(app.bolt, slack.workspace, envelope)
            assert response.status == 200
            app.courier.deliver_all()

    return tell


def owed(app: Any) -> int:
    with reading(app.desk.database) as db:
        return int(db.execute(select(func.count()).select_from(outbox)).scalar_one())


@pytest.mark.fault(15)
def test_an_invitation_that_is_told_again_is_greeted_once(app, slack, told_again):
    slack.workspace.channels[CARE].members.remove("U0BOT")
    invited = slack.workspace.invite(ANA, CARE)
    fake_slack.deliver(app.bolt, slack.workspace, invited)
    app.courier.deliver_all()
    greeted = len(slack.messages)

    told_again(invited)

    assert len(slack.messages) == greeted
    assert len([m for m in slack.messages.values() if m.get("user") == "U0BOT"]) == 2


@pytest.mark.fault(15)
def test_home_that_is_opened_again_shows_the_same_and_owes_nothing(app, slack, hear, told_again):
    hear()
    opened = slack.workspace.open_home(ANA)
    fake_slack.deliver(app.bolt, slack.workspace, opened)
    before = owed(app)

    told_again(opened)

    assert owed(app) == before
    assert slack.workspace.homes[ANA]["type"] == "home"


@pytest.mark.fault(15)
def test_a_claim_that_is_told_again_is_still_one(app, slack, hear, told_again):
    hear()
    [claim] = pressed(app, slack, "claim", times=1)
    fake_slack.deliver(app.bolt, slack.workspace, claim)
    app.courier.deliver_all()
    was, rows = conversation(app), owed(app)

    told_again(claim)

    assert (conversation(app), owed(app), audited(app, "claim")) == (was, rows, 1)


@pytest.mark.fault(15)
def test_an_answer_that_is_told_again_is_published_once(app, slack, demo, hear, told_again):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "So sorry!")
    sent = slack.workspace.submit(ANA, form(slack)["id"], {})
    fake_slack.deliver(app.bolt, slack.workspace, sent)
    app.courier.deliver_all()

    told_again(sent)

    assert len(demo.answers()) == 1
    assert audited(app, "reply") == 1
