"""Many conversations in one message."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import HealthCheck, given, settings

from bot.domain.mention import Kind
from bot.playground.pings import pings
from bot.slack.digests import digest
from storage.conversations import Waiting
from tests.slack.cases import DISMISSED, MIRA, WAITING, accepted, shown
from tests.slack.hostile import cases_of_all_kinds, live_markup

STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def waiting(number, *, closed=False, kind=Kind.COMPLAINT):
    conversation = replace(DISMISSED if closed else WAITING, id=number, kind=kind)
    return Waiting(conversation=conversation, customer=MIRA, words="")


def test_a_digest_lists_everybody_who_waits_by_number():
    gathered = [waiting(n, closed=n < 3) for n in range(1, 151)]

    message = accepted(digest(gathered))

    assert message["text"] == "*150 mentions came at once*: 150 complaints; 148 still wait."
    assert shown(message).count("Mira") == 148
    assert "150 Mira" in shown(message)


def test_a_digest_counts_in_good_english():
    kinds = [Kind.COMPLAINT, Kind.QUESTION, Kind.QUESTION, Kind.PRAISE, Kind.PRAISE, Kind.OTHER]
    gathered = [waiting(n, kind=kind) for n, kind in enumerate(kinds, 1)]

    message = digest(gathered)

    assert "1 complaint, 2 questions, 2 praise, 1 mention; 6 still wait." in message.text
    assert "Questions" in shown(message)
    assert "Complaint " in shown(message)


def test_a_digest_says_from_when_to_when_they_are_due():
    early, late = waiting(1), waiting(2)
    due = early.conversation.due_at + timedelta(minutes=5)
    late = replace(late, conversation=replace(late.conversation, due_at=due))

    dates = [part for part in parts(digest([early, late])) if part["type"] == "date"]

    assert [date["timestamp"] for date in dates] == [due.timestamp() - 300, due.timestamp()]


def test_a_daily_one_lists_people_first_and_machines_last_each_with_their_words():
    def aside(number, manner, kind=Kind.OTHER):
        each = waiting(number, kind=kind)
        conversation = replace(each.conversation, aside=manner)
        return replace(each, conversation=conversation, words=f"word{number} <!channel>")

    gathered = [aside(1, "promotion"), aside(2, "automated"), aside(3, "copied")]
    gathered += [aside(4, "plain"), aside(5, "plain", Kind.PRAISE), aside(6, "")]
    message = accepted(digest(gathered, daily=True))

    assert message["text"].startswith("*6 mentions need no answer, as far as I can tell*: ")
    read = shown(message)
    order = ["word5", "word4", "word6", "The same words from many", "word3", "Automated"]
    order += ["word2", "Advertisements", "word1"]
    assert [read.index(each) for each in order] == sorted(read.index(each) for each in order)
    many = [aside(n, "plain") for n in range(1, 151)]
    assert "word1" not in shown(accepted(digest(many, daily=True)))


def test_a_digest_of_what_is_done_lists_nobody():
    message = accepted(digest([waiting(1, closed=True)]))

    assert "0 still wait." in message["text"]
    assert "Mira" not in shown(message)


def test_names_that_double_where_slack_counts_still_fit():
    name = replace(MIRA, handle='"\\' * 40)
    gathered = [replace(waiting(2**63 - n), customer=name) for n in range(1, 151)]

    assert accepted(digest(gathered))


@given(hostile=cases_of_all_kinds())
@STRICT
def test_slack_takes_every_digest_and_no_customer_calls_anybody(hostile):
    conversation = replace(hostile.conversation, state="waiting", id=2**63 - 1)
    entry = Waiting(conversation=conversation, customer=hostile.customer, words=hostile.latest.text)

    message = accepted(digest([entry] * 150))

    assert pings(message) == []
    assert live_markup(message) == []


def parts(message):
    return [
        part
        for block in message.blocks
        if block["type"] == "rich_text"
        for line in block["elements"]
        for part in line["elements"]
    ]
