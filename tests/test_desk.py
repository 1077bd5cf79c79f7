"""What people and time may do with a conversation, and what is written down for it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from adapters.demo import Demo
from bot.domain.conversation import State
from bot.domain.delivery import Errand, Refused
from bot.domain.mention import Kind
from bot.domain.parts import TooManyParts
from bot.domain.problems import (
    AlreadyAnswered,
    AlreadyClaimed,
    AlreadyReplying,
    CannotReplyHere,
    NoSuchConversation,
    NothingWritten,
)
from bot.domain.reply import Sent
from bot.domain.team import Teams
from storage import outbox
from storage.database import reading
from tests.conftest import CARE, NOON
from tests.people import ANA, BEN
from tests.things import HOUR, MINUTE


class Moody(Demo):
    """The demo platform, which may refuse."""

    before: Exception | None = None

    def reply(self, mention, text, *, key, again, files=()):
        if self.before:
            raise self.before
        return super().reply(mention, text, key=key, again=again, files=files)


@pytest.fixture
def demo(clock):
    return Moody("demo", {}, clock, timedelta(days=7))


def conversation(app, number: int = 1):
    return app.desk.look(number).conversation


def send(app, text: str = "So sorry!", by: str = ANA, key: str = "k", number: int = 1) -> None:
    asked = app.desk.look(number).latest.id
    app.answering.reply(number, by, text, mention=asked, key=key)


def owed(app) -> list[outbox.Owed]:
    with reading(app.desk.database) as db:
        return list(outbox.pending(db, most=5000))


# What people decide


def test_every_decision_owes_a_card(app, clock, hear):
    hear()
    acts = [
        lambda: app.desk.claim(1, ANA),
        lambda: app.desk.take_over(1, BEN),
        lambda: app.desk.judge(1, ANA, Kind.QUESTION),
        lambda: app.desk.dismiss(1, ANA, "spam"),
    ]

    for act in acts:
        act()
        assert Errand.CARD in [each.errand for each in owed(app)]
        clock.pass_(seconds=5)
        app.courier.deliver_all()


def test_what_does_not_exist_says_so(app):
    for act in (app.desk.claim, app.desk.take_over, app.answering.answered_there):
        with pytest.raises(NoSuchConversation):
            act(99, ANA)


def test_what_can_not_be_done_changes_nothing(app, hear):
    hear()
    app.desk.claim(1, ANA)
    app.courier.deliver_all()
    before = conversation(app)

    with pytest.raises(AlreadyClaimed):
        app.desk.claim(1, BEN)
    with pytest.raises(AlreadyClaimed):
        send(app, by=BEN)

    assert conversation(app) == before
    assert owed(app) == []


# Answers


def test_the_same_form_sent_twice_is_one_answer(app, demo, hear):
    hear()

    send(app)
    send(app)
    app.courier.deliver_all()
    send(app)
    app.courier.deliver_all()

    assert len(demo.answers()) == 1


def test_of_two_who_answer_the_second_is_told_who_was_first(app, hear):
    hear()
    send(app, by=ANA, key="a")

    with pytest.raises(AlreadyReplying, match="<@U0ANA>"):
        send(app, by=BEN, key="b")


def test_who_answers_what_was_answered_is_told_who_did(app, hear):
    hear()
    send(app, by=ANA, key="a")
    app.courier.deliver_all()

    with pytest.raises(AlreadyAnswered, match="<@U0ANA>"):
        send(app, by=BEN, key="b")


def test_an_answer_claims_what_nobody_had(app, hear):
    hear()

    send(app, by=BEN)

    assert (conversation(app).owner, conversation(app).state) == (BEN, State.REPLYING)


@pytest.mark.parametrize("text", ["", "   ", "\n"])
def test_nothing_is_no_answer(app, hear, text):
    hear()

    with pytest.raises(NothingWritten):
        send(app, text)
    assert conversation(app).state is State.WAITING


def test_an_answer_that_the_platform_finds_too_long_says_by_how_much(app, hear):
    hear()

    send_exactly = "x" * 2000  # four posts
    with pytest.raises(TooManyParts, match="Shorten it by about 1"):
        send(app, send_exactly + "x")
    send(app, send_exactly)


def test_what_can_not_be_answered_from_here_says_why(app, hear):
    hear(no_reply="It is a review.")

    with pytest.raises(CannotReplyHere, match="It is a review"):
        send(app)


def test_what_an_adapter_brought_that_is_gone_can_not_be_answered(app, hear):
    hear()
    app.desk.adapters = {}

    with pytest.raises(CannotReplyHere, match="ADAPTERS"):
        send(app)
    assert app.desk.ability("demo") is None


def test_an_answer_answers_the_mention_that_was_there_when_it_was_written(app, demo, clock, hear):
    first = hear("My order is broken")
    form_opened_at = app.desk.look(1).latest.id
    hear("Order 17, by the way", parent=first)

    app.answering.reply(1, ANA, "Which order?", mention=form_opened_at, key="k")
    app.courier.deliver_all()

    [answer] = demo.answers()
    assert answer.to == first
    assert conversation(app).state is State.WAITING
    assert conversation(app).waiting_since == NOON + timedelta(seconds=1)


def test_a_customer_who_writes_while_the_answer_is_on_its_way_is_waiting_again(
    app, demo, clock, hear
):
    first = hear("My order is broken")
    send(app)
    clock.pass_(minutes=3)
    demo.post("And I want my money back", parent=first)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    assert conversation(app).state is State.REPLYING

    app.courier.deliver_all()

    it = conversation(app)
    assert (it.state, it.owner) == (State.WAITING, None)
    assert it.waiting_since == NOON + 3 * MINUTE + timedelta(seconds=1)
    assert it.due_at == it.waiting_since + HOUR


def test_nobody_is_nagged_while_the_answer_is_on_its_way(app, clock, hear):
    hear()
    send(app)
    clock.pass_(hours=3)

    assert not app.sweep.nag_some()


def test_a_late_answer_is_late_even_if_no_sweep_ran(app, clock, hear):
    hear()
    clock.pass_(hours=3)

    send(app)
    app.courier.deliver_all()

    it = conversation(app)
    assert it.closed_at > it.due_at


def test_a_refused_answer_is_kept_and_offered(app, demo, hear):
    hear()
    demo.before = Refused("No.")

    send(app, "So sorry, Mira!")
    app.courier.deliver_all()

    assert app.answering.draft(1, ANA) == "So sorry, Mira!"
    demo.before = None
    send(app, key="second")
    app.courier.deliver_all()
    assert (conversation(app).state, len(demo.answers())) == (State.ANSWERED, 1)


def test_a_draft_is_offered_to_who_wrote_it_until_it_is_sent(app, hear):
    hear()
    app.answering.keep_draft(1, ANA, "Dear Mira")

    assert (app.answering.draft(1, ANA), app.answering.draft(1, BEN)) == ("Dear Mira", "")

    send(app)
    assert app.answering.draft(1, ANA) == ""


def test_an_answer_the_customer_no_longer_wants_ends_as_withdrawn(app, demo, clock, hear):
    key = hear()
    send(app)
    demo.delete(key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    assert conversation(app).state is State.REPLYING

    app.courier.deliver_all()

    assert conversation(app).state is State.DISMISSED
    assert conversation(app).closed_because == "The customer deleted it."


def test_an_answer_that_got_out_after_it_was_taken_for_refused_stops_the_clock(app, demo, hear):
    hear()
    send(app)
    app.answering.reply_refused("k", "It took too long.")

    app.answering.reply_sent("k", Sent(key="d9"))

    assert conversation(app).state is State.ANSWERED


# Deadlines


def test_a_judgement_recounts_the_deadline(app, hear):
    hear()

    app.desk.judge(1, ANA, Kind.QUESTION)

    assert conversation(app).due_at == NOON + 4 * HOUR


def test_a_change_of_policy_recounts_every_open_clock_from_its_start(app, assemble, clock, hear):
    hear(by="one")
    hear(by="two")
    send(app, number=2)
    app.courier.deliver_all()
    closed = conversation(app, 2)
    clock.pass_(minutes=40)

    stricter = {Kind.COMPLAINT: 30 * MINUTE}
    strict = assemble(teams=Teams({"care": replace(CARE, answer_within=stricter)}))
    assert strict.sweep.recount() == 1

    assert conversation(strict, 1).due_at == NOON + 30 * MINUTE
    assert conversation(strict, 2) == closed
    assert strict.sweep.nag_some()
    assert strict.sweep.recount() == 0


def test_a_recount_that_changes_nothing_owes_nothing(app, clock, hear):
    hear()
    clock.pass_(minutes=61)
    app.sweep.nag_some()
    app.courier.deliver_all()
    before = conversation(app)

    assert app.sweep.recount() == 0
    assert conversation(app) == before
    assert owed(app) == []


def test_every_rung_is_nagged_about_once(app, clock, hear):
    hear()

    nags = []
    for minute in range(0, 300, 5):
        clock.at = NOON + minute * MINUTE
        while app.sweep.nag_some():
            nags.append(minute)

    assert nags == [60, 90, 180]


# A flood

FLOOD = 140


@pytest.fixture
def flood(app, demo, clock):
    """Hundreds of mentions in a minute, every other a complaint, are heard and gathered."""
    for n in range(FLOOD):
        words = "My order is broken" if n % 2 == 0 else "Where is my invoice?"
        demo.post(words, by=f"customer{n}")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    while app.sweep.gather_one():
        pass
    return app


def work(app, clock, **span: float) -> None:
    """The courier's and the sweep's rounds, a second apart."""
    end = clock() + timedelta(**span)
    while clock() < end:
        clock.pass_(seconds=1)
        while app.sweep.nag_some() or app.sweep.gather_one():
            pass
        app.courier.deliver_all()


def everything(app) -> list:
    return [conversation(app, number) for number in range(1, FLOOD + 1)]


def test_in_a_flood_complaints_get_cards_first_the_rest_is_gathered_and_every_deadline_runs(
    flood, slack, clock
):
    work(flood, clock, seconds=60)

    known = everything(flood)
    carded = [it for it in known if it.card]
    gathered = [it for it in known if it.digest]
    assert len(carded) + len(gathered) == FLOOD
    assert not [it for it in known if it.card and it.digest]
    assert {it.kind for it in carded} == {Kind.COMPLAINT}
    assert len(carded) == 55
    assert len(slack.messages) < 80
    assert owed(flood) == []
    assert {it.due_at - it.waiting_since for it in known} == {HOUR, 4 * HOUR}
    assert all(it.next_nag_at for it in known)


def test_what_was_gathered_gets_a_card_of_its_own_when_somebody_claims_it(flood, slack, clock):
    work(flood, clock, seconds=60)
    number = next(it.id for it in everything(flood) if it.digest)

    flood.desk.claim(number, by=ANA)
    work(flood, clock, seconds=5)

    assert conversation(flood, number).card


def test_what_was_gathered_gets_a_card_of_its_own_and_is_called_when_it_is_late(
    flood, slack, clock
):
    work(flood, clock, seconds=60)
    late = [it.id for it in everything(flood) if it.digest and it.kind is Kind.COMPLAINT]
    assert late

    clock.pass_(minutes=60)
    work(flood, clock, minutes=2)

    assert all(conversation(flood, number).card for number in late)
    [called] = [m["text"] for m in slack.messages.values() if "fell late" in m["text"]]
    assert called.startswith(f"*care*: <!here>, these {FLOOD // 2} fell late")


def test_in_a_flood_who_claims_waits_for_nobody(flood, slack, clock):
    number = next(it.id for it in everything(flood) if it.digest)

    flood.desk.claim(number, by=ANA)
    work(flood, clock, minutes=2)

    assert conversation(flood, number).card


def test_what_fits_is_not_gathered(app, demo, clock):
    for n in range(55):
        demo.post("Where is my invoice?", by=f"customer{n}")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    assert not app.sweep.gather_one()


def test_a_digest_of_long_words_is_one_that_slack_takes(app, slack, demo, clock):
    for n in range(120):
        words = f"Where is <!channel> & my \u202e invoice {'👩‍👩‍👧' * 60}?"
        demo.post(words, by=f"customer{n}" * 5, name="N" * 200)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    assert app.sweep.gather_one()
    work(app, clock, seconds=70)

    assert owed(app) == []


def test_what_comes_moments_later_joins_the_digest_that_is_already_there(app, slack, demo, clock):
    def storm(first: int) -> None:
        for number in range(first, first + 70):
            demo.post("Do you ship?", by=f"c{number}")
        clock.pass_(seconds=1)
        app.intake.poll("demo", demo)
        while app.sweep.gather_one():
            pass

    storm(0)
    for _ in range(57):  # the digest is posted, and not a minute old
        clock.pass_(seconds=1)
        app.courier.deliver_all()
    storm(70)
    for _ in range(90):
        clock.pass_(seconds=1)
        app.courier.deliver_all()

    digests = [m for m in slack.messages.values() if "came at once" in m["text"]]
    assert len(digests) == 1
    assert owed(app) == []


def test_who_writes_very_often_does_not_hide_that_our_answer_was_refused(
    app, demo, slack, clock, hear
):
    key = hear()
    demo.before = Refused("no")
    send(app)
    for number in range(9):
        demo.post(f"Hello? {number}", parent=key)
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    for _ in range(60):
        clock.pass_(seconds=1)
        app.courier.deliver_all()

    said = [m["text"] for m in slack.messages.values()]
    assert sum("wrote again" in text for text in said) == 5
    assert any("did not take the answer" in text or "no." in text for text in said)


@pytest.mark.parametrize("hours", [1, 5])
def test_a_dismissal_undone_brings_back_no_promise_that_was_over(app, demo, clock, hear, hours):
    key = hear()
    asked = app.desk.look(1).latest.id
    until = clock() + timedelta(hours=3)
    app.answering.reply(1, ANA, "Tomorrow.", mention=asked, key="k", promised_for=until)
    app.courier.deliver_all()
    clock.pass_(hours=hours)
    app.answering.answered_there(1, BEN)
    hear("And now?", parent=key)
    before = app.desk.look(1).conversation
    app.desk.dismiss(1, BEN, "spam")
    app.desk.undismiss(1, ANA)

    after = app.desk.look(1).conversation
    assert (after.promised_at, after.promised_for, after.promised_by) == (
        before.promised_at,
        before.promised_for,
        before.promised_by,
    )
