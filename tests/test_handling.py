"""What colleagues do between themselves: give, let go, call for help, move, undo."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.domain.conversation import State
from bot.domain.delivery import Errand
from bot.domain.mention import Kind
from bot.domain.problems import (
    CannotMove,
    NobodyHasIt,
    NotDismissed,
    TooLateToUndo,
)
from bot.domain.team import Teams
from bot.slack.channel import ChannelGone
from storage import outbox, verdicts
from storage.database import reading
from storage.tables import audit
from tests.conftest import CARE, NOON
from tests.people import ANA, BEN, LEA, nag_all, press
from tests.things import HOUR

PRESS = replace(
    CARE,
    name="press",
    channel="C0PRESS",
    manager=None,
    answer_within={Kind.COMPLAINT: 2 * HOUR, Kind.QUESTION: 2 * HOUR},
)


@pytest.fixture
def app(assemble):
    """A bot of two teams; all that is said comes to the first."""
    teams = Teams({"care": replace(CARE, hears=("demo",)), "press": PRESS}, tell=LEA)
    bot = assemble(teams=teams)
    bot.intake.poll("demo", assemble.demo)
    return bot


def conversation(app, number: int = 1):
    return app.desk.look(number).conversation


def work(app, clock, seconds: int = 20) -> None:
    for _ in range(seconds):
        clock.pass_(seconds=1)
        app.courier.deliver_all()


def owed(app) -> list[outbox.Owed]:
    with reading(app.desk.database) as db:
        return list(outbox.pending(db, most=5000))


def said_to(slack, person: str) -> list[str]:
    """All direct messages of the bot to this person, oldest first."""
    direct = [each for each in slack.workspace.channels.values() if each.id.startswith("D")]
    theirs = [each for each in direct if person in each.members]
    return [m["text"] for each in theirs for m in each.messages.values()]


def said_in(slack, channel: str) -> list[str]:
    return [m["text"] for m in slack.workspace.channels[channel].messages.values()]


# Who has it


def test_who_had_it_is_told_who_took_it_over(app, slack, clock, hear):
    hear(name="<!channel> Mira")
    app.desk.claim(1, ANA)

    app.desk.take_over(1, BEN)
    work(app, clock)

    [told] = said_to(slack, ANA)
    assert told.startswith("<@U0BEN> took over #1 from &lt;!channel&gt; Mira")
    assert said_to(slack, BEN) == []


def test_who_takes_over_what_nobody_or_they_have_need_not_be_told(app, slack, clock, hear):
    hear()
    app.desk.take_over(1, BEN)
    app.desk.take_over(1, BEN)
    work(app, clock)

    assert said_to(slack, BEN) == []


def test_who_is_given_something_is_told_and_so_is_who_had_it(app, slack, clock, hear):
    hear()
    app.desk.claim(1, ANA)

    app.desk.assign(1, BEN, LEA)
    work(app, clock)

    assert conversation(app).owner == BEN
    assert said_to(slack, BEN)[0].startswith("<@U0LEA> gave you #1 from")
    assert said_to(slack, ANA)[0].startswith("<@U0LEA> gave #1 from")
    assert said_to(slack, ANA)[0].endswith("to <@U0BEN>.")


def test_who_gives_it_to_themselves_knows_it(app, slack, clock, hear):
    hear()

    app.desk.assign(1, ANA, ANA)
    app.desk.assign(1, BEN, ANA)
    work(app, clock)

    assert said_to(slack, ANA) == []
    assert len(said_to(slack, BEN)) == 1


def test_what_is_released_is_free_for_the_next(app, hear):
    hear()
    app.desk.claim(1, ANA)

    app.desk.release(1, BEN)

    app.desk.claim(1, BEN)
    app.desk.release(1, BEN)
    with pytest.raises(NobodyHasIt):
        app.desk.release(1, ANA)


# Calling for help


def test_who_it_goes_up_to_is_called_at_once_and_by_the_ladder_from_then_on(
    app, slack, clock, hear
):
    hear()
    app.desk.claim(1, ANA)

    app.desk.escalate(1, LEA, ANA, "She <!here> threatens to sue")
    work(app, clock)

    [called] = [text for text in said_in(slack, "C0CARE") if "asks for your help" in text]
    assert called.startswith("<@U0LEA>, <@U0ANA> asks for your help here: She &lt;!here&gt;")
    clock.pass_(minutes=61)
    nag_all(app)
    work(app, clock)
    assert any(text.startswith("<@U0LEA>, this should") for text in said_in(slack, "C0CARE"))


def test_a_team_is_called_in_its_own_channel_too_and_its_manager_by_the_ladder(
    app, slack, clock, hear, demo
):
    app.desk.teams.change(replace(PRESS, manager=BEN))
    hear()

    app.desk.escalate(1, "press", ANA, "A journalist")
    work(app, clock)

    assert conversation(app).escalated_to == BEN
    [there] = said_in(slack, "C0PRESS")
    assert there.startswith("<@U0BEN>, <@U0ANA> asks your team for help with #1 from")
    assert there.endswith("in <#C0CARE>: A journalist")


def test_a_team_without_a_manager_is_called_in_its_channel(app, slack, clock, hear):
    hear()

    app.desk.escalate(1, "press", ANA, "")
    work(app, clock)

    assert conversation(app).escalated_to is None
    assert said_in(slack, "C0PRESS")[0].startswith("<!channel>, <@U0ANA> asks your team")
    assert "<#C0PRESS>, <@U0ANA> asks for your help here." in said_in(slack, "C0CARE")
    with reading(app.desk.database) as db:
        [done] = db.execute(select(audit.c.by, audit.c.what, audit.c.about)).all()
    assert (done.by, done.what, done.about) == (ANA, "escalate", {"to": "press"})


def test_nobody_is_called_who_can_not_be(app, hear):
    hear()

    for to in ("sales", "U0", "<!channel>", "channel"):
        with pytest.raises(CannotMove, match="no team, person or group"):
            app.desk.escalate(1, to, ANA, "")
    assert owed(app) == []


def test_a_group_can_be_called(app, slack, clock, hear):
    hear()

    app.desk.escalate(1, "S0LEADS", ANA, "")
    work(app, clock)

    assert "<!subteam^S0LEADS>, <@U0ANA> asks for your help here." in said_in(slack, "C0CARE")


# Moving


def test_what_is_moved_has_a_card_there_and_one_line_where_it_was(app, slack, clock, hear):
    hear()
    app.desk.claim(1, ANA)
    work(app, clock)
    old = conversation(app).card

    app.desk.move(1, "press", ANA)
    work(app, clock)

    it = conversation(app)
    assert (it.team, it.channel, it.due_at) == ("press", "C0PRESS", NOON + 2 * HOUR)
    assert "My order is broken" in slack.messages[it.card]["text"]
    retired = slack.workspace.channels["C0CARE"].messages[old]
    link = f"https://acme.slack.com/archives/C0PRESS/p{it.card.replace('.', '')}"
    assert (
        retired["text"] == f"#1 was moved to another team: <{link}|its card> hangs in <#C0PRESS>."
    )
    assert all(block["type"] == "context" for block in retired["blocks"])
    assert "My order is broken" not in json.dumps(retired)
    assert owed(app) == []


def test_after_a_move_the_new_team_works_on_it(app, slack, clock, hear):
    hear()
    app.desk.move(1, "press", ANA)
    work(app, clock)
    card = conversation(app).card

    app.desk.claim(1, BEN)
    work(app, clock)

    assert "<@U0BEN> has it" in slack.workspace.channels["C0PRESS"].messages[card]["text"]
    clock.pass_(hours=2)
    nag_all(app)
    work(app, clock)
    assert any("should have been answered" in text for text in said_in(slack, "C0PRESS"))


def test_a_card_that_nobody_has_seen_is_posted_only_in_the_new_channel(
    app, demo, slack, clock, hear
):
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)

    app.desk.move(1, "press", ANA)
    assert {each.destination for each in owed(app)} == {"C0PRESS"}
    work(app, clock)

    assert said_in(slack, "C0CARE") == []
    assert len(said_in(slack, "C0PRESS")) == 1


def test_a_card_that_was_being_posted_while_it_was_moved_is_no_card(app, demo, slack, clock):
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    call, app.courier.run.__self__.channel.client = slack.api_call, slack

    def move_after_posting(method, **request):
        answer = call(method, **request)
        if method == "chat.postMessage" and conversation(app).team == "care":
            app.desk.move(1, "press", ANA)
        return answer

    slack.api_call = move_after_posting
    work(app, clock)

    [old], [new] = said_in(slack, "C0CARE"), said_in(slack, "C0PRESS")
    assert old.startswith("#1 was moved")
    assert "My order is broken" in new
    assert conversation(app).channel == "C0PRESS"


def test_a_nag_that_still_waits_is_said_in_the_new_thread(app, slack, clock, hear):
    hear()
    clock.pass_(minutes=61)
    assert app.sweep.nag_some()
    app.courier.deliver_one()  # the card, and the nag waits
    assert [each.errand for each in owed(app)] == [Errand.NAG]
    app.desk.teams.change(replace(PRESS, answer_within=CARE.answer_within))

    app.desk.move(1, "press", ANA)
    work(app, clock)

    [card] = [m for m in slack.workspace.channels["C0PRESS"].messages.values() if m.get("blocks")]
    assert conversation(app).card == card["ts"]
    assert owed(app) == []
    assert all("should have been" not in text for text in said_in(slack, "C0CARE"))


def test_an_old_card_that_somebody_deleted_needs_no_word(app, slack, clock, hear):
    hear()
    del slack.workspace.channels["C0CARE"].messages[conversation(app).card]

    app.desk.move(1, "press", ANA)
    work(app, clock)

    assert owed(app) == []


def test_a_channel_that_is_closed_to_us_does_not_keep_the_rest_waiting(app, slack, clock, hear):
    hear()
    channel, change = app.courier.run.__self__.channel, None
    change = channel.change

    def gone(where, ts, message):
        if where == "C0CARE":
            raise ChannelGone("C0CARE", "is_archived")
        change(where, ts, message)

    channel.change = gone
    app.desk.move(1, "press", ANA)
    work(app, clock)

    assert owed(app) == []


def test_the_line_in_place_of_a_card_is_written_again_when_the_answer_was_lost(
    app, slack, clock, hear
):
    hear()
    app.desk.move(1, "press", ANA)
    app.courier.deliver_one()
    slack.fail_after = TimeoutError()

    work(app, clock, seconds=240)

    assert [each.errand for each in owed(app)] == []
    assert said_in(slack, "C0CARE")[0].startswith("#1 was moved")


def test_what_can_not_be_moved_says_why(app, hear):
    hear()

    with pytest.raises(CannotMove, match=r"no team called sales. There are: care, press"):
        app.desk.move(1, "sales", ANA)
    with pytest.raises(CannotMove, match="care's already"):
        app.desk.move(1, "care", ANA)
    assert owed(app) == []


def test_a_start_does_not_send_an_old_card_to_the_new_channel(app, clock, hear):
    hear()
    app.desk.move(1, "press", ANA)

    app.desk.rehang()

    there = {each.errand: each.destination for each in owed(app)}
    assert there == {Errand.CARD: "C0PRESS", Errand.RETIRE: "C0CARE"}


# Urgency, and undoing a dismissal


def test_what_is_urgent_is_said_on_record_with_by_whom(app, hear):
    hear()

    app.desk.rate(1, True, ANA)

    assert conversation(app).urgent
    app.desk.rate(1, False, ANA)
    assert not conversation(app).urgent
    with reading(app.desk.database) as db:
        told = [(row.what, row.about) for row in db.execute(select(audit).order_by(audit.c.id))]
    assert told == [("rate", {"urgent": True}), ("rate", {"urgent": False})]


def test_for_a_day_what_was_dismissed_by_mistake_can_be_brought_back(app, slack, clock, hear):
    hear()
    before = conversation(app)
    app.desk.dismiss(1, ANA, "spam")
    clock.pass_(hours=23, minutes=59)

    app.desk.undismiss(1, BEN)
    work(app, clock)

    it = conversation(app)
    assert (it.state, it.due_at, it.next_nag_at) == (State.WAITING, before.due_at, NOON + HOUR)
    assert it.late(clock())
    with reading(app.desk.database) as db:
        assert [each.verdict for each in verdicts.of_conversation(db, 1)] == ["cancelled"]
    press(app, slack, "claim", 1)


def test_who_was_answered_on_the_platform_while_dismissed_comes_back_answered(
    app, demo, clock, hear
):
    key = hear()
    app.desk.dismiss(1, ANA, "spam")
    demo.answer_elsewhere(key, "Sorry! A new one is on its way.")
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)
    assert conversation(app).state is State.DISMISSED

    app.desk.undismiss(1, BEN)

    it = conversation(app)
    assert (it.state, it.closed_because) == (State.ANSWERED, "answered there")


def test_what_was_written_after_that_answer_waits(app, demo, clock, hear):
    key = hear()
    app.desk.dismiss(1, ANA, "spam")
    demo.answer_elsewhere(key, "Sorry! A new one is on its way.")
    clock.pass_(minutes=1)
    demo.post("It is broken, too!", parent=key)
    clock.pass_(minutes=1)
    app.intake.poll("demo", demo)

    it = conversation(app)
    assert (it.state, it.waits) == (State.WAITING, True)


def test_after_a_day_it_is_too_late(app, clock, hear):
    hear()
    with pytest.raises(NotDismissed):
        app.desk.undismiss(1, BEN)
    app.desk.dismiss(1, ANA, "spam")
    clock.pass_(hours=24, seconds=1)

    with pytest.raises(TooLateToUndo):
        app.desk.undismiss(1, BEN)
    assert conversation(app).state is State.DISMISSED


def test_what_was_promised_before_it_was_dismissed_is_promised_again(app, clock, hear):
    hear()
    until = NOON + 6 * HOUR
    asked = app.desk.look(1).latest.id
    app.answering.reply(1, ANA, "Soon!", mention=asked, key="k", promised_for=until)
    app.courier.deliver_all()
    for _ in range(2):
        app.desk.dismiss(1, BEN, "spam")
        clock.pass_(minutes=1)
        app.desk.undismiss(1, BEN)

    it = conversation(app)
    assert (it.due_at, it.promised_by, it.waits) == (until, ANA, False)


def test_what_was_promised_and_then_settled_is_not_promised_again(app, demo, clock, hear):
    key = hear()
    asked = app.desk.look(1).latest.id
    until = NOON + 6 * HOUR
    app.answering.reply(1, ANA, "Soon!", mention=asked, key="k", promised_for=until)
    app.courier.deliver_all()
    app.desk.settle(1, ANA)
    clock.pass_(minutes=5)
    hear("And what about this?", parent=key)
    app.desk.dismiss(1, BEN, "spam")

    app.desk.undismiss(1, BEN)

    assert (conversation(app).promised_for, conversation(app).waits) == (None, True)


def test_undoing_twice_at_once_is_undoing_once(app, hear):
    hear()
    app.desk.dismiss(1, ANA, "spam")
    app.desk.undismiss(1, ANA)

    with pytest.raises(NotDismissed):
        app.desk.undismiss(1, BEN)


def test_who_left_need_not_be_told_and_nobody_hears_of_that(app, slack, clock, hear):
    hear()
    app.desk.claim(1, "U0LEFT")

    app.desk.take_over(1, BEN)
    work(app, clock)

    assert owed(app) == []
    assert said_to(slack, LEA) == []


def test_a_notice_to_a_person_is_not_sent_to_a_channel_by_a_start(app, demo, clock):
    demo.post("My order is broken")
    clock.pass_(seconds=1)
    app.intake.poll("demo", demo)
    app.desk.assign(1, BEN, ANA)

    app.desk.rehang()

    assert {each.destination for each in owed(app)} == {BEN, "C0CARE"}
