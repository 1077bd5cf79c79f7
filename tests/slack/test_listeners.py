"""What presses and forms do, by way of the real Bolt, and a Slack that refuses what it must."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Event
from urllib.error import URLError

import pytest
from slack_bolt import BoltRequest
from structlog.testing import capture_logs

from adapters.demo import LIMIT, PARTS
from bot.domain.clock import Standing
from bot.domain.conversation import State
from bot.domain.delivery import Unsure
from bot.domain.mention import Kind
from bot.playground import blockkit
from bot.playground.pings import pings
from bot.slack import forms
from bot.slack.listeners import _in_time
from storage.database import connect
from tests import fake_slack
from tests.conftest import CARE as TEAM
from tests.conftest import NOON
from tests.people import ANA, BEN, CARE, LEA, answer, choose, form, press, preview, write
from tests.slack.cases import accepted_view, controls, shown


def conversation(app, number=1):
    return app.desk.look(number).conversation


def card(app, slack, number=1):
    """The card as it hangs in the channel now."""
    app.courier.deliver_all()
    return slack.messages[conversation(app, number).card]


def forms_before(slack, by=ANA):
    return slack.workspace.stacks.get(by, [])


def errors(slack, by=ANA):
    return slack.workspace.view_errors.get(form(slack, by)["id"], {})


class Away:
    """The database is taken away, and brought back."""

    def __init__(self, desk):
        self.desk, self.real = desk, desk.database

    def __call__(self):
        self.desk.database = connect("postgresql://nobody@127.0.0.1:1/nowhere")

    def come_back(self):
        self.desk.database = self.real


@pytest.fixture
def away(app):
    gone = Away(app.desk)
    yield gone
    gone.come_back()


def test_claiming_shows_on_the_card(app, slack, hear):
    hear()

    press(app, slack, "claim", 1, by=BEN)

    assert conversation(app).owner == BEN
    assert "<@U0BEN> has it" in card(app, slack)["text"]
    assert slack.whispers == []


def test_taking_over_changes_whose_it_is(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    app.courier.deliver_all()

    press(app, slack, "take_over", 1, by=BEN)

    assert conversation(app).owner == BEN


def test_the_loser_of_a_claim_hears_the_winners_name(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    press(app, slack, "claim", 1, by=BEN)  # the card has not been redrawn yet

    [whisper] = slack.whispers
    assert (whisper["user"], whisper["channel"]) == (BEN, CARE)
    assert whisper["text"] == "<@U0ANA> already has this one. Take over if they can't."


def test_a_whisper_is_where_the_button_is_even_when_the_card_has_a_thread(app, slack, hear):
    first = hear()
    hear("Still waiting!", parent=first)
    press(app, slack, "claim", 1, by=ANA)

    press(app, slack, "claim", 1, by=BEN)

    [whisper] = slack.whispers
    assert "thread_ts" not in whisper


def test_where_a_whisper_is_not_possible_it_becomes_a_direct_message(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    slack.workspace.faults.add("error", "chat.postEphemeral", error="user_not_in_channel")

    press(app, slack, "claim", 1, by=BEN)

    *_, said = slack.messages.values()
    assert said["text"].startswith("<@U0ANA> already has this one.")
    assert slack.whispers == []


def test_a_whisper_that_gets_nowhere_is_in_the_log(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)
    for method in ("chat.postEphemeral", "chat.postMessage"):
        slack.workspace.faults.add("lost", method)

    with capture_logs() as logs:
        press(app, slack, "claim", 1, by=BEN)

    assert {"event": "whisper.lost", "person": BEN, "log_level": "warning"} in logs


def test_reply_opens_a_form_and_the_answer_goes_out(app, slack, demo, hear):
    hear()

    press(app, slack, "reply", 1)
    assert "My order is broken" in shown(form(slack))
    write(app, slack, "So sorry!")
    app.courier.deliver_all()

    assert [said.text for said in demo.answers()] == ["So sorry!"]
    assert forms_before(slack) == []
    assert conversation(app).state is State.ANSWERED


def test_an_ack_waits_for_nothing_longer_than_slack_does():
    acked = Event()

    _in_time(acked.set)

    assert acked.wait(2.9)


def test_opening_the_form_is_the_first_call_after_the_press(app, slack, hear):
    hear()
    slack.calls.clear()

    press(app, slack, "reply", 1)

    asked = [method for method, _ in slack.calls]
    assert [each for each in asked if each not in ("users.info", "auth.test")] == ["views.open"]


def test_too_long_an_answer_comes_back_with_nothing_lost(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)

    write(app, slack, "x" * (PARTS * LIMIT + 1))

    assert errors(slack) == {"answer": "Even 4 posts don't hold it. Shorten it by about 1."}
    assert app.answering.draft(1, ANA) == "x" * (PARTS * LIMIT + 1)
    assert conversation(app).state is State.WAITING


def test_an_answer_of_nothing_but_space_is_not_sent(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)

    write(app, slack, " \n ")

    assert errors(slack)["answer"].startswith("There is nothing in it yet.")


def test_what_was_typed_is_offered_when_the_form_is_opened_again(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    write(app, slack, "y" * 2001)

    press(app, slack, "reply", 1)

    assert f"{'y' * 2001}" in str(form(slack)["blocks"])


def test_pressing_send_twice_is_one_answer_and_leaves_no_draft(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1)
    preview(app, slack, "Coming!")
    sent = slack.workspace.submit(ANA, form(slack)["id"], {})

    for _ in range(2):
        fake_slack.deliver(app.bolt, slack.workspace, sent)
    app.courier.deliver_all()

    assert [said.text for said in demo.answers()] == ["Coming!"]
    assert app.answering.draft(1, ANA) == ""


def test_of_two_who_send_at_once_the_second_is_told_who_is_answering(app, slack, demo, hear):
    hear()
    press(app, slack, "reply", 1, by=ANA)
    press(app, slack, "reply", 1, by=BEN)

    write(app, slack, "From Ana", by=ANA)
    write(app, slack, "From Ben", by=BEN)
    app.courier.deliver_all()

    assert [said.text for said in demo.answers()] == ["From Ana"]
    told = form(slack, BEN)
    assert "<@U0ANA> is answering this one right now." in shown(told)
    assert "From Ben" in shown(told)
    assert told["submit"] is None
    assert app.answering.draft(1, BEN) == "From Ben"


@pytest.mark.parametrize("people", [(ANA, ANA), (ANA, BEN), (ANA, BEN, LEA)])
def test_forms_sent_in_the_same_moment_publish_one_answer(app, slack, demo, hear, people):
    hear()
    for person in set(people):
        press(app, slack, "reply", 1, by=person)
        preview(app, slack, "Coming!", by=person)
    sent = [slack.workspace.submit(by, form(slack, by)["id"], {}) for by in people]

    with ThreadPoolExecutor() as threads:
        bodies = [BoltRequest(body=each.payload, mode="socket_mode") for each in sent]
        responses = list(threads.map(app.bolt.dispatch, bodies))
    app.courier.deliver_all()

    assert [said.text for said in demo.answers()] == ["Coming!"]
    told = [response.body for response in responses if "is answering this one" in response.body]
    assert len(told) == len(set(people)) - 1


def test_a_form_for_what_was_answered_meanwhile_gives_the_words_back(app, slack, hear):
    hear()
    press(app, slack, "reply", 1, by=BEN)
    answer(app, slack, 1, "Done!", by=ANA)

    write(app, slack, "Too late, <!channel>", by=BEN)

    told = form(slack, BEN)
    assert "<@U0ANA> has already answered this one." in shown(told)
    assert "Too late, <!channel>" in shown(told)
    assert "channel" not in pings(accepted_view(_bare(told)))


def test_a_form_for_what_was_dismissed_meanwhile_says_so(app, slack, hear):
    hear()
    press(app, slack, "reply", 1, by=BEN)
    app.desk.dismiss(1, ANA, "Spam <!channel> & more")

    write(app, slack, "Hello", by=BEN)

    told = form(slack, BEN)
    assert "<@U0ANA> has dismissed this one: Spam &lt;!channel&gt; &amp; more" in shown(told)


def test_reply_on_somebody_elses_says_whose_it_is(app, slack, hear):
    hear()
    press(app, slack, "claim", 1, by=ANA)

    press(app, slack, "reply", 1, by=BEN)

    assert slack.whispers[-1]["text"].startswith("<@U0ANA> already has this one.")
    assert forms_before(slack, BEN) == []


def test_a_refused_answer_is_back_with_its_owner_told_and_offered(app, slack, demo, hear):
    key = hear()
    press(app, slack, "reply", 1)
    write(app, slack, "Where are you?")
    demo.delete(key)
    app.courier.deliver_all()

    assert conversation(app).state is State.CLAIMED
    [note] = [m for m in slack.messages.values() if "did not take the answer" in m["text"]]
    assert note["text"].startswith("<@U0ANA>, the demo platform did not take the answer: This post")
    press(app, slack, "reply", 1)
    assert "Where are you?" in str(form(slack)["blocks"])
    assert "This was not taken: This post is deleted" in shown(form(slack))


def test_where_no_answer_is_taken_somebody_says_that_they_answered_there(app, slack, hear):
    hear("My order is broken", no_reply="Only friends can answer.")
    assert [b["text"]["text"] for b in _buttons(card(app, slack))][:2] == [
        "Open on the demo platform",
        "I answered there",
    ]

    press(app, slack, "open", 1)
    press(app, slack, "answered_there", 1)
    fake_slack.submit(app.bolt, slack.workspace, ANA, form(slack)["id"], {})
    app.courier.deliver_all()

    assert conversation(app).state is State.ANSWERED
    assert "Answered on the demo platform itself, says <@U0ANA>" in card(app, slack)["text"]


def test_an_old_reply_button_explains_why_it_can_not_be_answered_here(app, slack, hear):
    hear()

    app.desk.adapters.clear()
    press(app, slack, "reply", 1)

    assert "This can't be answered from here" in slack.whispers[-1]["text"]


class Doubtful:
    """A platform on which nobody can look."""

    def __init__(self, demo):
        self.demo = demo

    def __getattr__(self, name):
        return getattr(self.demo, name)

    def reply(self, *args, **more):
        raise Unsure("The connection broke.")


@pytest.fixture
def in_doubt(app, slack, demo, hear):
    """An answer may be published, and a person has to look."""
    hear()
    app.desk.adapters["demo"] = app.adapters["demo"] = Doubtful(demo)
    answer(app, slack, 1, "Is this out?")
    app.courier.deliver_all()
    app.desk.adapters["demo"] = app.adapters["demo"] = demo


@pytest.mark.usefixtures("in_doubt")
def test_a_doubtful_answer_that_is_there_closes_the_conversation(app, slack, demo):
    press(app, slack, "it_is_there", 1)
    app.courier.deliver_all()

    assert conversation(app).state is State.ANSWERED
    assert demo.answers() == []


@pytest.mark.usefixtures("in_doubt")
def test_a_doubtful_answer_that_is_not_there_goes_out_once_more(app, slack, demo):
    press(app, slack, "send_again", 1)
    app.courier.deliver_all()

    assert [said.text for said in demo.answers()] == ["Is this out?"]


@pytest.mark.usefixtures("in_doubt")
def test_nobody_answers_a_second_time_before_the_doubt_is_gone(app, slack):
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered reply 1")

    assert slack.whispers[-1]["text"].startswith("The last answer may be published already.")


@pytest.mark.usefixtures("in_doubt")
def test_who_looks_second_is_told_that_the_doubt_is_gone(app, slack):
    press(app, slack, "send_again", 1, by=ANA)

    press(app, slack, "send_again", 1, by=BEN)

    assert slack.whispers[-1]["text"] == "Nobody doubts any more whether that answer is published."


def test_dismissing_asks_why_and_writes_it_on_the_card(app, slack, hear):
    hear()

    choose(app, slack, "dismiss", 1)
    _dismiss(app, slack, "spam", "Bots <!channel>")

    assert conversation(app).closed_because == "Spam: Bots <!channel>"
    drawn = card(app, slack)
    assert "Dismissed by <@U0ANA>: Spam: Bots &lt;!channel&gt;" in drawn["text"]
    assert pings(drawn) == [ANA]


def test_another_reason_has_to_be_told(app, slack, hear):
    hear()
    choose(app, slack, "dismiss", 1)

    _dismiss(app, slack, "other", "")

    assert errors(slack) == {"more": "Write which reason."}
    assert conversation(app).state is State.WAITING


def test_what_was_dismissed_meanwhile_can_not_be_dismissed_again(app, slack, hear):
    hear()
    choose(app, slack, "dismiss", 1, by=ANA)
    choose(app, slack, "dismiss", 1, by=BEN)
    _dismiss(app, slack, "spam", "", by=BEN)

    _dismiss(app, slack, "spam", "", by=ANA)

    assert "<@U0BEN> has dismissed this one: Spam" in shown(form(slack))


def test_the_form_to_dismiss_does_not_open_for_what_is_over(app, slack, hear):
    hear()
    app.desk.dismiss(1, BEN, "Spam")

    choose(app, slack, "dismiss", 1)  # the card is from before

    assert slack.whispers[-1]["text"] == "<@U0BEN> has dismissed this one: Spam"
    assert forms_before(slack) == []


@pytest.mark.parametrize(
    ("words", "verb", "kind", "hours"),
    [
        ("My order is broken", "question", Kind.QUESTION, 4),
        ("Where is my invoice?", "complaint", Kind.COMPLAINT, 1),
    ],
)
def test_who_corrects_the_kind_moves_the_deadline(app, slack, hear, words, verb, kind, hours):
    hear(words)

    choose(app, slack, "more", 1, by=BEN)
    kinds = {"kind": {"type": "static_select", "selected_option": {"value": verb}}}
    fake_slack.submit(app.bolt, slack.workspace, BEN, form(slack, BEN)["id"], kinds)

    judged = conversation(app)
    assert judged.kind is kind
    assert judged.due_at == judged.waiting_since + timedelta(hours=hours)
    assert f"{kind} because <@U0BEN> said so" in card(app, slack)["text"]


@pytest.mark.parametrize(
    ("verb", "title"), [("why", "Deadline of 1"), ("customer", "Customer of 1")]
)
def test_the_menu_opens_what_one_reads(app, slack, hear, verb, title):
    hear()

    choose(app, slack, verb, 1)

    assert form(slack)["title"]["text"] == title


def test_history_has_what_was_said_and_answered(app, slack, hear):
    first = hear("My order is broken")
    answer(app, slack, 1, "Did it help?")
    hear("No!", parent=first)

    choose(app, slack, "customer", 1)
    fake_slack.act(app.bolt, slack.workspace, ANA, form(slack)["id"], "customer_said")

    seen = shown(form(slack))
    assert seen.index("No!") < seen.index("Did it help?") < seen.index("My order is broken")


# Promises


def test_a_promise_is_made_with_one_click_and_shown(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)

    _send(app, slack, "We look into it.", promise="Tomorrow noon")
    app.courier.deliver_all()

    promised = conversation(app)
    assert promised.open
    assert promised.promised_for == NOON + timedelta(days=1)
    drawn = card(app, slack)
    assert "answered  ·  promised for  2026-11-04 12:00 UTC" in shown(drawn)
    assert "We look into it." in shown(drawn)
    assert controls(drawn) == ["reply", "settle", "menu"]


def test_a_time_of_ones_own_wins_over_a_choice(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    own = NOON + timedelta(days=2, hours=3)

    _send(app, slack, "Soon.", promise="Tomorrow noon", at=own)
    app.courier.deliver_all()

    assert conversation(app).promised_for == own


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"promise": "In two"}, "promise"),
        ({"at": NOON + timedelta(hours=1)}, "promise_at"),
        ({"at": NOON + timedelta(days=90)}, "promise_at"),
    ],
)
def test_a_promise_that_can_not_be_made_is_said_at_its_field(
    app, slack, demo, clock, hear, fields, named
):
    hear()
    press(app, slack, "reply", 1)
    clock.pass_(hours=3)

    _send(app, slack, "Soon.", **fields)

    assert list(errors(slack)) == [named]
    assert app.answering.draft(1, ANA) == "Soon."
    assert demo.answers() == []


def test_a_promise_for_another_day_is_kept_by_a_further_answer(app, slack, hear):
    hear()
    _answer_with_promise(app, slack, "Tomorrow noon")

    press(app, slack, "reply", 1)
    _send(app, slack, "A first word.")
    app.courier.deliver_all()

    assert conversation(app).promised_for == NOON + timedelta(days=1)


def test_an_answer_on_the_promised_day_fulfils_it(app, slack, clock, hear):
    hear()
    _answer_with_promise(app, slack, "Tomorrow noon")
    clock.pass_(hours=22)

    press(app, slack, "reply", 1)
    _send(app, slack, "Here it is.")
    app.courier.deliver_all()

    kept = conversation(app)
    assert (kept.state, kept.verdict) == (State.ANSWERED, Standing.KEPT)
    assert "answered , as promised" in shown(card(app, slack))


def test_what_is_answered_can_be_settled_before_the_promised_day(app, slack, hear):
    hear()
    _answer_with_promise(app, slack, "Tomorrow noon")
    app.courier.deliver_all()

    press(app, slack, "settle", 1, by=BEN)

    assert conversation(app).state is State.ANSWERED
    assert "Settled by <@U0BEN>" in card(app, slack)["text"]
    assert controls(card(app, slack)) == ["menu"]


# Thanks


def test_thanks_are_closed_with_one_click_and_start_no_clock(app, slack, hear):
    first = hear()
    answer(app, slack, 1, "Did it help?")
    hear("Thanks, works now!", parent=first)

    drawn = card(app, slack)
    assert "sounds like their last word" in shown(drawn)
    assert conversation(app).due_at is None
    press(app, slack, "no_answer_needed", 1)

    assert conversation(app).state is State.DISMISSED
    assert "Dismissed by <@U0ANA>: No answer needed" in card(app, slack)["text"]


# Snoozes


def test_a_snooze_is_on_the_card_and_ends_by_itself(app, slack, clock, hear):
    hear()
    due_at = conversation(app).due_at

    choose(app, slack, "snooze", 1)
    clock.pass_(seconds=20)
    _snooze(app, slack, "In an hour", "Waiting for the parcel <!channel>")

    asleep = conversation(app)
    slept = asleep.pauses[-1].end - asleep.pauses[-1].start
    assert asleep.due_at == due_at + slept
    drawn = card(app, slack)
    assert "paused by <@U0ANA>: Waiting for the parcel &lt;!channel&gt;" in drawn["text"]
    assert "paused until  2026-11-03 13:01 UTC" in shown(drawn)
    clock.pass_(minutes=61)
    assert conversation(app).snoozed(clock()) is None


def test_the_menu_ends_a_snooze(app, slack, clock, hear):
    hear()
    due_at = conversation(app).due_at
    choose(app, slack, "snooze", 1)
    _snooze(app, slack, "Until the customer writes", "Asked for a photo")
    assert conversation(app).until_they_write
    assert "paused until they write" in shown(card(app, slack))
    clock.pass_(minutes=10)

    choose(app, slack, "wake", 1, by=BEN)

    assert conversation(app).due_at == due_at + timedelta(minutes=10)
    assert "paused" not in card(app, slack)["text"]


def test_any_time_can_be_slept_until(app, slack, hear):
    hear()
    choose(app, slack, "snooze", 1)
    own = NOON + timedelta(days=3)

    _snooze(app, slack, "In an hour", "A strike", at=own)

    assert conversation(app).pauses[-1].end == own


@pytest.mark.parametrize(
    ("at", "why", "named"),
    [
        (None, "A strike", "until"),
        (NOON - timedelta(hours=1), "A strike", "until_at"),
        (NOON + timedelta(days=90), "A strike", "until_at"),
        (NOON + timedelta(days=1), "  ", "because"),
    ],
)
def test_a_snooze_that_can_not_be_is_said_at_its_field(app, slack, clock, hear, at, why, named):
    hear()
    choose(app, slack, "snooze", 1)
    clock.pass_(hours=2)

    _snooze(app, slack, "In an hour", why, at=at)

    assert list(errors(slack)) == [named]
    assert conversation(app).pauses == ()


def test_what_was_answered_meanwhile_can_not_be_snoozed(app, slack, hear):
    hear()
    choose(app, slack, "snooze", 1, by=BEN)
    answer(app, slack, 1, "Done!", by=ANA)

    _snooze(app, slack, "In an hour", "A strike", by=BEN)

    assert "<@U0ANA> has already answered this one." in shown(form(slack, BEN))


def test_the_form_to_snooze_does_not_open_for_what_is_over(app, slack, hear):
    hear()
    app.desk.dismiss(1, BEN, "Spam")

    choose(app, slack, "snooze", 1)  # the card is from before

    assert slack.whispers[-1]["text"] == "<@U0BEN> has dismissed this one: Spam"
    assert forms_before(slack) == []


# The lease of a claim


def test_opening_the_reply_form_renews_the_claim(app, slack, clock, hear):
    app.desk.teams.change(replace(TEAM, claim_lease=timedelta(hours=2)))
    hear()
    press(app, slack, "claim", 1)
    until = conversation(app).claimed_until
    assert "if nothing happens" in card(app, slack)["text"]
    clock.pass_(minutes=30)

    press(app, slack, "reply", 1)

    assert conversation(app).claimed_until == until + timedelta(minutes=30)


def test_a_claim_that_can_not_be_renewed_does_not_spoil_the_form(app, slack, hear, away):
    hear()
    press(app, slack, "claim", 1)
    open_form = slack.views_open

    def open_and_lose_the_database(**view):
        opened = open_form(**view)
        away()
        return opened

    slack.views_open = open_and_lose_the_database

    with capture_logs() as logs:
        press(app, slack, "reply", 1)

    assert form(slack)["callback_id"] == "reply"
    assert [entry["event"] for entry in logs] == ["claim.not_renewed"]
    assert slack.whispers == []


def test_home_tells_why(app, slack, hear):
    hear()
    fake_slack.open_home(app.bolt, slack.workspace, ANA)
    home = slack.workspace.homes[ANA]
    row = [b for b in home["blocks"] if "why 1" in str(b)][-1]["block_id"]

    fake_slack.act(app.bolt, slack.workspace, ANA, home["id"], "open_form", "why 1", row)

    assert form(slack)["title"]["text"] == "Deadline of 1"


def test_a_button_that_nobody_knows_any_more_says_so(app, slack, hear):
    hear()
    ts = conversation(app).card
    blocks = [{"type": "actions", "elements": [_button("assign")]}]
    slack.workspace.call("chat.update", {"channel": CARE, "ts": ts, "text": "x", "blocks": blocks})

    fake_slack.press(app.bolt, slack.workspace, ANA, CARE, ts, "assign")

    assert "before my last update" in slack.whispers[-1]["text"]


@pytest.mark.parametrize("typed", [{"old": "So sorry!"}, {}])
def test_a_form_that_nobody_knows_any_more_stays_with_all_that_was_written(app, slack, typed):
    blocks = [forms.input_("old", "Old", "")] if typed else [{"type": "divider"}]
    view = forms.modal("of_yesterday", "Old", blocks, submit="Send")
    slack.views_open(trigger_id=slack.workspace.new_trigger(ANA), view=view)

    fake_slack.submit(app.bolt, slack.workspace, ANA, form(slack)["id"], typed)

    told = slack.workspace.view_errors[form(slack)["id"]]["old"] if typed else shown(form(slack))
    assert "before my last update" in told
    assert (form(slack)["callback_id"] == "of_yesterday") is bool(typed)


def test_a_number_that_is_gone_is_named(app, slack, hear):
    hear()
    ts = conversation(app).card
    blocks = [{"type": "actions", "elements": [_button("claim") | {"value": "999"}]}]
    slack.workspace.call("chat.update", {"channel": CARE, "ts": ts, "text": "x", "blocks": blocks})

    fake_slack.press(app.bolt, slack.workspace, ANA, CARE, ts, "claim")

    assert slack.whispers[-1]["text"].startswith("There is no conversation 999 here.")


def test_a_trigger_that_died_asks_to_press_again(app, slack, clock, hear):
    hear()
    late = slack.workspace.press(ANA, CARE, conversation(app).card, "reply")
    clock.pass_(seconds=4)

    fake_slack.deliver(app.bolt, slack.workspace, late)

    assert slack.whispers[-1]["text"] == (
        "That took longer than Slack waits for a form. Press again."
    )


def test_the_same_event_twice_is_one_home(app, slack):
    opened = slack.workspace.open_home(ANA)

    for _ in range(2):
        fake_slack.deliver(app.bolt, slack.workspace, opened)

    assert list(slack.workspace.homes) == [ANA]


# When something is wrong on our side


@pytest.mark.fault(29)
def test_a_form_stays_open_with_everything_in_it_while_the_database_is_away(
    app, slack, demo, hear, away
):
    hear()
    press(app, slack, "reply", 1)
    away()

    write(app, slack, "Do not lose this")

    assert "My database does not answer" in errors(slack)["answer"]
    away.come_back()
    write(app, slack, "Do not lose this")
    app.courier.deliver_all()
    assert [said.text for said in demo.answers()] == ["Do not lose this"]


def test_the_form_to_dismiss_stays_open_too(app, slack, hear, away):
    hear()
    choose(app, slack, "dismiss", 1)
    away()

    _dismiss(app, slack, "spam", "")

    assert "My database does not answer" in errors(slack)["reason"]


@pytest.mark.fault(29)
def test_a_press_while_the_database_is_away_is_answered_in_a_whisper(app, slack, hear, away):
    hear()
    where = slack.workspace.press(ANA, CARE, conversation(app).card, "claim")
    away()

    with capture_logs() as logs:
        fake_slack.deliver(app.bolt, slack.workspace, where)

    [whisper] = slack.whispers
    [failure] = [entry for entry in logs if entry["event"] == "listener.failed"]
    assert "nothing was changed" in whisper["text"]
    assert failure["reference"] in whisper["text"]
    assert failure["exc_info"]


def test_a_command_while_the_database_is_away_is_answered(app, slack, away):
    away()

    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered")

    assert "My database does not answer" in slack.whispers[-1]["text"]


def test_home_while_the_database_is_away_says_so(app, slack, away):
    away()

    fake_slack.open_home(app.bolt, slack.workspace, ANA)

    assert "My database does not answer" in shown(slack.workspace.homes[ANA])


def test_what_nobody_foresaw_is_a_sentence_and_a_reference(app, slack, hear):
    hear()
    press(app, slack, "reply", 1)
    slack.fail_before = URLError(ConnectionRefusedError())

    with capture_logs() as logs:
        press(app, slack, "reply", 1)

    [failure] = [entry for entry in logs if entry["event"] == "listener.failed"]
    [whisper] = slack.whispers
    assert whisper["text"].endswith(f"reference {failure['reference']}.")
    assert "can't say whether it was done" in whisper["text"]


def test_what_customers_wrote_is_not_in_the_log(app, slack, hear):
    hear("My secret illness")
    slack.fail_before = URLError(ConnectionRefusedError())

    with capture_logs() as logs:
        press(app, slack, "reply", 1)
        press(app, slack, "claim", 1)
        press(app, slack, "claim", 1, by=LEA)

    assert "illness" not in str(logs)


# What nobody should be able to write


@pytest.mark.parametrize(
    "text",
    [
        "x" * 100_000,
        "<!channel> <@U0LEA> <https://evil.example|acme.example>",
        "nul \0 and \u202e bidi and \ud83d half",
        "\u200b\u2066",
        "",
        "👨‍👩‍👧‍👦" * 5000,
    ],
)
@pytest.mark.fault(40)
def test_whatever_customers_write_is_shown_and_calls_nobody(app, slack, hear, text):
    first = hear(text, name=text[:2000])
    hear(text, parent=first, name=text[:2000])

    press(app, slack, "claim", 1, by=BEN)
    app.courier.deliver_all()

    hung, note, *more = slack.messages.values()
    assert more == []
    assert pings(hung) == [BEN]
    assert pings(note) == []
    for verb in ("why", "customer"):
        choose(app, slack, verb, 1)
        accepted_view(_bare(form(slack)))


def test_an_answer_with_odd_characters_is_kept_and_sent(app, slack, demo, hear):
    hear()

    answer(app, slack, 1, "Here\0 you are \ud83d")

    assert [said.text for said in demo.answers()] == ["Here\ufffd you are \ufffd"]


def _send(app, slack, text, promise=None, at=None, by=ANA):
    """Fill in the reply form, with a promise by its label or its moment."""
    fields = {"promise_at": {"at": at and int(at.timestamp())}}
    if promise:
        fields["promise"] = {"promise": _option(form(slack, by), promise)}
    write(app, slack, text, by, **fields)


def _answer_with_promise(app, slack, promise):
    press(app, slack, "reply", 1)
    _send(app, slack, "We look into it.", promise=promise)
    app.courier.deliver_all()


def _snooze(app, slack, until, because, at=None, by=ANA):
    values = {
        "until": {"until": _option(form(slack, by), until)},
        "until_at": {"at": at and int(at.timestamp())},
        "because": {"text": because},
    }
    fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)


def _option(view, label):
    """The value of the option that begins so."""
    [value] = [
        option["value"]
        for control in blockkit.controls(view["blocks"])
        for option in control.get("options", [])
        if option["text"]["text"].startswith(label)
    ]
    return value


def _dismiss(app, slack, reason, more, by=ANA):
    values = {"reason": {"reason": reason}, "more": {"text": more or None}}
    fake_slack.submit(app.bolt, slack.workspace, by, form(slack, by)["id"], values)


def _buttons(message):
    [row] = [block["elements"] for block in message["blocks"] if block["type"] == "actions"]
    return [element for element in row if element["type"] == "button"]


def _button(action):
    text = {"type": "plain_text", "text": "Assign"}
    return {"type": "button", "action_id": action, "value": "1", "text": text}


def _bare(view):
    """The view as it was sent: without what Slack writes on it."""
    names = ("type", "title", "blocks", "callback_id", "close", "submit", "private_metadata")
    return {name: view[name] for name in names if view.get(name)}


LENIENT = """
[teams.care]
channel = "C0CARE"
answer_within = { complaint = "PT9H" }
"""


def try_policy(app, slack, text, meanwhile=lambda: None):
    """What the form shows in the end, when all that goes on after the ack is done."""
    fake_slack.command(app.bolt, slack.workspace, ANA, CARE, "/unanswered what-if")
    meanwhile()
    typed = {"what_if": {"text": {"type": "plain_text_input", "value": text}}}
    fake_slack.submit(app.bolt, slack.workspace, ANA, form(slack)["id"], typed)
    return shown(form(slack))


def test_what_if_tells_the_last_days_under_another_policy(app, slack, clock, hear):
    hear("My order is broken")
    clock.pass_(hours=2)
    while app.sweep.nag_some():
        pass
    clock.pass_(hours=1)

    told = try_policy(app, slack, LENIENT)

    assert "0 would have been late instead of 1" in told
    assert conversation(app).due_at == conversation(app).waiting_since + timedelta(hours=1)


def test_what_if_says_what_is_wrong_with_the_text_and_keeps_it(app, slack, hear):
    told = try_policy(app, slack, LENIENT.replace("PT9H", "soon"))

    assert "is not a duration" in told
    assert "soon" in str(form(slack)["blocks"][-1]["element"]["initial_value"])


def test_what_if_that_goes_wrong_says_so(app, slack, away):
    told = try_policy(app, slack, LENIENT, meanwhile=away)

    assert "That went wrong on my side." in told
