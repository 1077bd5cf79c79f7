"""Answering, as decided at the desk: drafts, approval, corrections, and what was said elsewhere."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.approval import Approval
from bot.domain.conversation import State
from bot.domain.problems import (
    AlreadyReplying,
    AlreadyWithdrawn,
    CannotAmend,
    CannotReplyHere,
    NothingToApprove,
    NotPossible,
    NotThatAnswer,
    NotYourOwn,
    Unfilled,
    WaitsForApproval,
)
from bot.domain.reply import WRITING
from bot.domain.roles import Right, Roles
from bot.domain.team import Teams
from storage import outbox, replies
from storage.database import reading
from tests.conftest import CARE
from tests.people import ANA, BEN, LEA

CAREFUL = replace(CARE, approval=Approval(always=True))


@pytest.fixture
def careful(assemble, demo, clock):
    bot = assemble(teams=Teams({"care": CAREFUL}, tell=LEA))
    bot.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    bot.intake.poll("demo", demo)
    return bot


def send(app, text="Here it is.", by=ANA, key="k", **more):
    asked = app.desk.look(1).latest.id
    return app.answering.reply(1, by, text, mention=asked, key=key, **more)


def conversation(app):
    return app.desk.look(1).conversation


def texts(demo):
    return [post.text for post in demo.answers()]


def test_an_answer_in_braces_is_not_accepted_by_any_way(app, hear):
    hear()
    with pytest.raises(Unfilled):
        send(app, "Dear {first_name}")
    send(app)
    app.courier.deliver_all()
    with pytest.raises(Unfilled):
        app.amending.amend(1, ANA, "correct", "Dear {first_name}", key="c")
    assert conversation(app).state is State.ANSWERED


def test_a_draft_is_one_persons_and_an_empty_one_is_none(app, clock, hear):
    hear()
    app.answering.keep_draft(1, ANA, "Dear")
    app.answering.begin_draft(1, BEN, "")

    assert [draft.author for draft in app.answering.writing(1, but=ANA)] == [BEN]
    app.answering.stop_writing(1, BEN)
    assert app.answering.writing(1, but=ANA) == []
    clock.pass_(seconds=WRITING.total_seconds())
    assert app.answering.writing(1) == []
    assert app.answering.draft(1, ANA) == "Dear"


def test_a_card_is_owed_when_somebody_begins_and_not_for_every_key(app, hear):
    hear()
    app.courier.deliver_all()
    app.answering.keep_draft(1, ANA, "D")
    app.courier.deliver_all()
    before = _deliveries(app)

    app.answering.keep_draft(1, ANA, "De")
    app.answering.keep_draft(1, ANA, "Dea")

    assert _deliveries(app) == before


def _deliveries(app):
    from sqlalchemy import func, select

    from storage.tables import outbox

    with reading(app.desk.database) as db:
        return db.execute(select(func.count()).select_from(outbox)).scalar_one()


def test_who_types_while_their_own_answer_is_taken_harms_nothing(app, demo, hear):
    hear()

    def type_on(number):
        app.answering.keep_draft(1, ANA, f"Here it is. {number}")
        app.answering.stop_writing(1, ANA)

    with ThreadPoolExecutor(8) as threads:
        typing = [threads.submit(type_on, n) for n in range(20)]
        taken = threads.submit(send, app)
        for each in [*typing, taken]:
            each.result(timeout=30)
    app.courier.deliver_all()

    assert texts(demo) == ["Here it is."]


def test_what_waits_for_approval_can_not_be_answered_by_another(careful):
    assert send(careful) is False
    assert send(careful) is False  # the same form again

    with pytest.raises(WaitsForApproval):
        send(careful, by=BEN, key="other")
    with pytest.raises(NotYourOwn):
        careful.answering.approve(1, ANA)
    with pytest.raises(NotYourOwn):
        careful.answering.change(1, ANA, "Other words", key="c")


def test_two_who_approve_at_once_publish_it_once(careful, demo):
    send(careful)

    def approve(by):
        try:
            careful.answering.approve(1, by)
        except (NothingToApprove, AlreadyReplying):
            return False
        return True

    with ThreadPoolExecutor(4) as threads:
        done = list(threads.map(approve, [BEN, LEA, BEN, LEA]))
    careful.courier.deliver_all()

    assert done.count(True) == 1
    assert texts(demo) == ["Here it is."]


def test_the_same_form_changes_an_answer_once(careful):
    send(careful)

    for _ in range(2):
        careful.answering.change(1, BEN, "Here it really is.", key="changed")

    with reading(careful.desk.database) as db:
        going = [each.key for each in outbox.pending(db) if each.errand == "reply"]
    assert going == ["reply:changed:1"]


def test_what_was_read_is_what_is_approved(careful):
    send(careful)

    with pytest.raises(NothingToApprove):
        careful.answering.approve(1, LEA, "another")
    careful.answering.approve(1, LEA, "k")


def test_new_colleagues_are_read_until_they_have_answered_some(assemble, demo, clock):
    team = replace(CARE, approval=Approval(first=1))
    app = assemble(teams=Teams({"care": team}, tell=LEA))
    app.intake.poll("demo", demo)
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    assert send(app) is False
    app.answering.approve(1, LEA)
    app.courier.deliver_all()
    demo.post("And now?", parent="d1")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    assert send(app, key="second") is True


@pytest.mark.parametrize(
    ("roles", "manager", "author", "called"),
    [
        ({}, LEA, ANA, LEA),
        ({}, LEA, LEA, "channel"),
        ({}, None, ANA, "channel"),
        ({Right.APPROVE: ["C0CARE", BEN]}, LEA, ANA, BEN),
        ({Right.APPROVE: [BEN, "S0LEADS"]}, LEA, BEN, "S0LEADS"),
    ],
)
def test_who_may_approve_is_called_and_never_its_author(roles, manager, author, called):
    team = replace(CARE, roles=Roles(roles), manager=manager)

    assert team.approver(author) == called


def test_only_what_is_published_from_here_can_be_amended(app, demo, hear):
    hear()
    with pytest.raises(CannotAmend):
        app.amending.amend(1, ANA, "withdraw", key="w")
    send(app)
    app.courier.deliver_all()

    app.amending.amend(1, ANA, "withdraw", key="w")
    app.amending.amend(1, ANA, "withdraw", key="w")  # the same form again
    with pytest.raises(CannotAmend, match="right now"):
        app.amending.amend(1, BEN, "correct", "Better.", key="c")
    app.courier.deliver_all()

    assert texts(demo) == []
    with pytest.raises(AlreadyWithdrawn):
        app.amending.amend(1, BEN, "withdraw", key="w2")


def test_an_answer_of_which_nobody_knows_the_place_is_not_amended(app, demo, hear):
    hear()
    send(app)
    app.answering.reply_in_doubt("k", "The connection broke.")
    app.answering.resolve_doubt(1, ANA, published=True)

    with pytest.raises(CannotAmend, match="don't know where"):
        app.amending.amend(1, ANA, "withdraw", key="w")
    assert demo.answers() == []


def test_the_same_wish_twice_is_one(app, hear):
    hear()
    send(app)
    app.courier.deliver_all()

    app.amending.amend(1, ANA, "withdraw", key="w")
    app.amending.amend(1, ANA, "withdraw", key="w")
    app.courier.deliver_all()
    app.amending.amend(1, ANA, "withdraw", key="w")

    with reading(app.desk.database) as db:
        assert [each.key for each in outbox.pending(db)] == []
    assert conversation(app).state is State.CLAIMED


def test_what_is_withdrawn_is_written_down_once(app, clock, hear):
    hear()
    send(app)
    app.courier.deliver_all()
    app.amending.amend(1, ANA, "withdraw", key="w")
    app.courier.deliver_all()
    before = conversation(app)
    clock.pass_(minutes=5)

    app.amending.amended("w")

    assert conversation(app) == before


def test_a_withdrawn_answer_starts_the_clock_anew_for_who_gave_it(app, clock, hear):
    hear()
    send(app)
    app.courier.deliver_all()
    clock.pass_(hours=3)

    app.amending.amend(1, BEN, "withdraw", key="w")
    app.courier.deliver_all()

    back = conversation(app)
    assert (back.state, back.owner, back.waits) == (State.CLAIMED, ANA, True)
    assert back.waiting_since == clock()
    assert back.due_at == clock() + timedelta(hours=1)


def test_a_post_of_ours_that_was_found_counts_from_its_own_time(app, demo, clock, hear):
    key = hear()
    clock.pass_(minutes=5)
    there = demo.answer_elsewhere(key, "We called you.")
    at = clock()
    clock.pass_(hours=2)
    found = app.answering.find("demo", f"https://demo.example/post/{there}")

    app.answering.answered_there(1, ANA, found=found, seen=True)

    assert (conversation(app).answered_at, conversation(app).closed_by) == (at, ANA)


def test_who_wrote_after_the_answer_that_was_found_waits_on(app, demo, clock, hear):
    key = hear()
    clock.pass_(minutes=5)
    there = demo.answer_elsewhere(key, "We called you.")
    found = app.answering.find("demo", f"https://demo.example/post/{there}")
    clock.pass_(minutes=5)
    hear("Nobody called!", parent=key)

    with pytest.raises(NotThatAnswer):
        app.answering.answered_there(1, ANA, found=found, seen=True)
    assert conversation(app).open


def test_an_account_that_is_gone_is_said(app, hear):
    hear()
    app.desk.adapters.clear()
    with pytest.raises(CannotReplyHere):
        send(app)
    assert not app.answering.finds("demo")


def test_the_clock_stops_when_the_answer_was_sent_and_not_a_moment_later(app, slack, clock, hear):
    hear()
    send(app)

    def ticking():
        clock.pass_(milliseconds=1)
        return clock()

    app.answering.now = ticking
    app.courier.deliver_all()

    with reading(app.desk.database) as db:
        assert replies.get(db, "k").sent_at == conversation(app).answered_at
    card = slack.messages[conversation(app).card]
    assert "Here it is." in str(card["blocks"])


def test_a_refusal_keeps_the_reason_and_the_words(careful):
    send(careful)
    careful.answering.send_back(1, LEA, "Kinder.")

    with reading(careful.desk.database) as db:
        assert replies.get(db, "k").refused == "Kinder."
    assert careful.answering.draft(1, ANA) == "Here it is."
    with pytest.raises(NotPossible):
        careful.answering.send_back(1, LEA, "Again.")


def test_what_the_platform_tells_of_our_own_withdrawal_ends_no_clock(app, demo, clock, hear):
    hear()
    send(app)
    app.courier.deliver_all()
    app.intake.poll("demo", demo)
    app.amending.amend(1, ANA, "withdraw", key="w")
    app.courier.deliver_all()

    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)

    it = app.desk.look(1).conversation
    assert (it.state, it.owner, it.waits) == (State.CLAIMED, ANA, True)


def test_who_waits_for_an_answer_taken_back_waits_though_they_delete_some_words(
    app, demo, clock, hear
):
    first = hear("My order is broken", by="mira")
    second = hear("Do you hear me?", by="mira", parent=first)
    send(app)
    app.courier.deliver_all()
    clock.pass_(minutes=1)
    app.amending.amend(1, ANA, "withdraw", key="w")
    app.courier.deliver_all()

    demo.delete(second)
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    assert app.desk.look(1).conversation.waits
    demo.delete(first)
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)

    assert app.desk.look(1).conversation.state is State.DISMISSED
