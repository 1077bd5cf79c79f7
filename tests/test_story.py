"""The product, told in a few tests."""

from datetime import timedelta

from bot.domain.conversation import State
from tests.people import ANA, BEN, answer, ask, nag_all, press


def test_a_complaint_gets_a_card_a_claim_and_an_answer(app, slack, demo, clock, hear):
    hear("My order is broken")
    [card] = slack.messages.values()
    assert "My order is broken" in str(card["blocks"])

    press(app, slack, "claim", 1, by=ANA)
    app.courier.deliver_all()
    [card] = slack.messages.values()
    assert "<@U0ANA> has it" in card["text"]

    clock.pass_(minutes=10)
    answer(app, slack, 1, "So sorry, a new one is on its way.")
    assert [said.text for said in demo.answers()] == ["So sorry, a new one is on its way."]
    app.courier.deliver_all()
    [card] = slack.messages.values()
    assert "Answered by <@U0ANA>" in card["text"]
    assert app.desk.look(1).conversation.state is State.ANSWERED


def test_a_complaint_past_its_deadline_is_nagged_about(app, slack, clock, hear):
    hear("My order is broken")

    clock.pass_(minutes=61)
    nag_all(app)
    card, nag = slack.messages.values()
    assert "overdue since" in str(card["blocks"])
    assert nag["thread_ts"] == card["ts"]
    assert nag["text"].startswith("<!here>, ")
    assert nag["text"].endswith("should have been answered 1 min ago.")

    clock.pass_(minutes=30)
    nag_all(app)
    *_, nag = slack.messages.values()
    assert nag["text"].startswith("<!channel>, ")
    assert nag["text"].endswith("should have been answered 31 min ago.")


def test_whoever_claimed_it_is_the_one_who_is_called(app, slack, clock, hear):
    hear()
    press(app, slack, "claim", 1, by=BEN)

    clock.pass_(minutes=62)
    nag_all(app)

    *_, nag = slack.messages.values()
    assert nag["text"].startswith("<@U0BEN>, ")


def test_an_answered_customer_who_writes_again_is_waiting_again(app, slack, demo, clock, hear):
    first = hear("My order is broken")
    answer(app, slack, 1, "Did it help?")
    clock.pass_(hours=5)

    hear("No, it is still broken", parent=first)

    conversation = app.desk.look(1).conversation
    assert conversation.state is State.WAITING
    assert conversation.due_at == conversation.waiting_since + timedelta(hours=1)
    card, note = slack.messages.values()
    assert "still broken" in str(card["blocks"])
    assert note["thread_ts"] == card["ts"]
    assert "still broken" in note["text"]


def test_a_second_claim_is_refused_in_a_whisper(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    card = app.desk.look(1).conversation.card

    press(app, slack, "claim", 1, by=BEN)

    [whisper] = slack.whispers
    assert whisper["user"] == BEN
    assert whisper["text"].startswith("<@U0ANA> already has this one.")
    assert app.desk.look(1).conversation.owner == ANA
    assert card


def test_what_waits_is_listed_most_urgent_first(app, slack, workspace, clock, hear):
    hear("Where can I find my invoice?", by="ken")
    hear("My order is broken", by="mira")
    clock.pass_(minutes=61)

    said = ask(app.bolt, workspace)

    assert said.startswith("*Waiting for care*: 2 waiting, 1 overdue")
    assert said.index("@mira") < said.index("@ken")
    assert "overdue by 1 min" in said
