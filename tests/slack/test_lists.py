"""What a team is told at opening, at closing, and when many nags fell due together."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.calendar import Calendar, Window
from bot.domain.conversation import Conversation
from bot.domain.mention import Kind
from bot.playground.pings import pings
from bot.slack import lists
from bot.slack.queue import Links
from storage.conversations import Waiting
from tests.conftest import CARE
from tests.slack.cases import MIRA, accepted, shown
from tests.slack.hostile import CUSTOMER, TEXT, live_markup

HOUR = timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
WEEK = (*[(Window.read("09:00-17:00"),)] * 5, (), ())
OFFICE = Calendar(BERLIN, WEEK)
TEAM = replace(CARE, calendar=OFFICE)
LINKS = Links("https://acme.slack.com/")
ANA, HERE = "<@U0ANA>", "<!here>"
STRICT = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def at(day, hour=9, minute=0):
    """A moment on the wall in Berlin, in November 2026; the 20th is a Friday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


NOW = at(20)
FRIDAY_EVENING = at(20, 17)


def one(number, due_at=None, *, customer=MIRA, **more):
    blank = Conversation(
        account="twitter",
        thread=f"m{number}",
        customer=1,
        team="care",
        kind=Kind.COMPLAINT,
        waiting_since=NOW - 20 * HOUR,
        rungs_climbed=1,
        due_at=due_at,
        channel="C0CARE",
        card=f"1793707200.{number:06}",
        id=number,
    )
    conversation = replace(blank, **more)
    return Waiting(conversation=conversation, customer=customer, words="My order is broken")


def changed(waiting, change):
    return replace(waiting, conversation=change(waiting.conversation))


def opening(waiting=(), gathered=(), calls=(), now=NOW, team=TEAM):
    return lists.opening(team, waiting, gathered, calls, now, LINKS)


def closing(*waiting, now=FRIDAY_EVENING, team=TEAM):
    return lists.closing(team, waiting, now, LINKS)


def numbers(message):
    """The numbers of all that is listed in full, in order."""
    return [int(word) for word in shown(message).split() if word.isdigit() and len(word) > 3]


# At opening


def test_the_morning_begins_with_what_fell_late_and_calls_each_once():
    late, due = one(1001, NOW - HOUR), one(1002, at(20, 15))
    promised = one(1003, at(20, 12), promised_for=at(20, 12))
    later = one(1004, at(23, 12))

    message = opening([late, due, promised, later], [late], [ANA, HERE, ANA])

    assert message.text.splitlines()[0] == (
        "*Good morning, care*: 4 waiting, 1 fell late, 1 due today, 1 promised for today."
    )
    assert f"{ANA} {HERE}, while you were away this fell late:" in message.text
    assert numbers(message) == [1001, 1002, 1003]
    assert shown(message).endswith("1 more waits: `/unanswered`")
    assert pings(accepted(message)) == ["U0ANA", "here"]


def test_the_most_urgent_comes_first():
    found = [one(1001, at(20, 15)), one(1002, at(20, 10)), one(1003, NOW - HOUR)]

    assert numbers(opening(found)) == [1003, 1002, 1001]


def test_today_ends_at_the_teams_midnight():
    before, after = one(1001, at(20, 23, 59)), one(1002, at(21, 0))

    assert numbers(opening([before, after])) == [1001]


def test_what_is_promised_for_today_is_not_listed_twice():
    promised = one(1001, at(20, 12), promised_for=at(20, 12))

    message = opening([promised])

    assert numbers(message) == [1001]
    assert "*Promised for today*" in shown(message)
    assert "*Due today*" not in shown(message)


def test_what_only_waits_is_counted():
    found = [one(1001), one(1002, at(23, 9)), one(1003, thanks=True)]

    message = opening(found)

    assert message.text.splitlines() == [
        "*Good morning, care*: 3 waiting.",
        "3 more wait: `/unanswered`",
    ]


@pytest.mark.parametrize(("hour", "said"), [(9, "morning"), (13, "afternoon"), (22, "evening")])
def test_the_greeting_knows_the_time(hour, said):
    assert opening([one(1)], now=at(20, hour)).text.startswith(f"*Good {said}, care*")


def test_with_nothing_to_do_there_is_no_list():
    answered = changed(one(1001, NOW), lambda it: it.sent(NOW, TEAM, by="U0ANA"))

    assert opening() is None
    assert opening([answered], [answered], [ANA]) is None


def test_nobody_is_called_about_what_was_settled_in_between():
    late = one(1001, NOW - HOUR)
    dismissed = changed(late, lambda it: it.dismiss("U0BEN", "Spam", NOW))
    asleep = changed(late, lambda it: it.snooze(NOW + HOUR, "U0ANA", "", NOW, TEAM))

    begun_anew = replace(late, conversation=replace(late.conversation, rungs_climbed=0))

    message = opening([one(1002, at(20, 12))], [dismissed, asleep, begun_anew], [ANA])

    assert numbers(message) == [1002]
    assert pings(accepted(message)) == []
    assert lists.still_late([dismissed, late, asleep, begun_anew], NOW) == [late]


def test_what_is_paused_is_not_listed_as_due():
    until = at(20, 16)
    late = one(1001, NOW - HOUR)
    asleep = changed(late, lambda it: it.snooze(until, "U0ANA", "", NOW - HOUR / 2, TEAM))
    asleep = replace(asleep, conversation=replace(asleep.conversation, due_at=NOW - HOUR))

    message = opening([asleep])

    assert numbers(message) == []
    assert "1 more waits, 1 of them paused: `/unanswered`" in shown(message)


def test_what_is_due_today_after_its_pause_is_listed():
    awake_later = one(1001, NOW + HOUR, waiting_since=NOW)
    asleep = changed(awake_later, lambda it: it.snooze(at(20, 14), "U0ANA", "", NOW, TEAM))

    assert asleep.conversation.due_at == at(20, 15)
    assert numbers(opening([asleep])) == [1001]


def test_a_warning_is_not_called_late():
    soon = one(1001, NOW + HOUR)

    assert "while you were away this came up:" in opening([], [soon], [ANA]).text


def test_an_answer_on_its_way_is_not_listed_as_due():
    replying = changed(one(1001, NOW), lambda it: it.reply("U0ANA", NOW, TEAM))

    assert numbers(opening([replying])) == []


# At closing


def test_at_closing_comes_what_will_be_late_before_noon_of_the_next_working_day():
    late, soon = one(1001, at(20, 16)), one(1002, at(23, 11, 59))
    message = closing(one(1003, at(23, 12)), soon, late, one(1004))

    date = f"<!date^{int(at(23, 12).timestamp())}^{{date_short_pretty}} {{time}}|"
    head = message.text.splitlines()[0]
    assert head.startswith(
        f"*Before you go, care*: 1 is late already, 1 will be late before {date}"
    )
    assert numbers(message) == [1001, 1002]


def test_holidays_are_no_working_days():
    monday = at(23).date()
    team = replace(TEAM, calendar=Calendar(BERLIN, WEEK, holidays={monday: "A holiday"}))

    assert numbers(closing(one(1001, at(24, 10)), team=team)) == [1001]
    assert closing(one(1001, at(24, 10))) is None


def test_when_nothing_will_be_late_closing_is_quiet():
    asleep = changed(
        one(1001, at(20, 16)),
        lambda it: replace(it, pauses=()).snooze(at(24), "U0ANA", "", at(20, 16, 30), TEAM),
    )
    asleep = replace(asleep, conversation=replace(asleep.conversation, due_at=at(20, 16)))
    answered = changed(one(1002, at(20, 16)), lambda it: it.dismiss("U0BEN", "Spam", NOW))

    assert closing(one(1003, at(23, 12)), asleep, answered) is None


def test_a_team_that_never_works_again_has_no_tomorrow():
    team = replace(TEAM, calendar=Calendar(BERLIN, ((),) * 7))

    assert closing(one(1001, at(20, 16)), team=team) is None


# At once


def test_forty_nags_are_one_message_that_lists_them_all():
    late = [one(1000 + number, NOW - number * HOUR) for number in range(40)]

    message = lists.gathered(TEAM, late, [ANA] * 40, NOW, LINKS)

    assert message.text.splitlines()[0] == f"*care*: {ANA}, these 40 fell late:"
    said = shown(accepted(message))
    assert all(str(waiting.conversation.id) in said for waiting in late)
    assert pings(accepted(message)) == ["U0ANA"]


def test_who_would_call_a_whole_company_calls_the_channel():
    calls = [f"<@U0{number}>" for number in range(41)]

    message = lists.gathered(TEAM, [one(1001, NOW - HOUR)], calls, NOW, LINKS)

    assert message.text.startswith("*care*: <!channel>, this fell late:")


def test_nags_without_anybody_to_call_are_still_listed():
    message = lists.gathered(TEAM, [one(1001, NOW - HOUR)], [], NOW, LINKS)

    assert message.text.splitlines()[0] == "*care*: *This fell late*"


def test_gathered_nags_that_need_nobody_any_more_are_not_said():
    gone = changed(one(1001, NOW - HOUR), lambda it: it.dismiss("U0BEN", "Spam", NOW))

    assert lists.gathered(TEAM, [gone], [ANA], NOW, LINKS) is None


def test_what_has_no_room_is_counted():
    late = [one(1000 + number, NOW - HOUR) for number in range(900)]

    message = lists.gathered(TEAM, late, [ANA], NOW, LINKS)

    assert "more: `/unanswered`" in shown(accepted(message))
    assert "more: `/unanswered`" in message.text


@given(
    customer=CUSTOMER,
    name=TEXT,
    many=st.integers(0, 60),
    state=st.sampled_from(["claimed", "promised", "late"]),
)
@STRICT
def test_slack_takes_every_list_and_no_customer_calls_anybody(customer, name, many, state):
    team = replace(TEAM, name=name)
    more = {"owner": "U0ANA", "promised_for": at(20, 12)} if state == "promised" else {}
    found = [one(number, NOW + HOUR, customer=customer, **more) for number in range(many)]
    late = [one(100 + number, NOW - HOUR, customer=customer) for number in range(many)]
    said = [
        lists.opening(team, found, late, [ANA], NOW, LINKS),
        lists.closing(team, [*found, *late], NOW, LINKS),
        lists.gathered(team, late, [HERE], NOW, LINKS),
    ]

    for message in (accepted(each) for each in said if each):
        assert set(pings(message)) <= {"U0ANA", "here"}
        assert live_markup(message) == []


def test_of_what_is_due_together_what_has_most_at_stake_comes_first():
    grave = [one(n, at(20), severity=each) for n, each in enumerate(("", "angry", "safety"), 1001)]

    assert numbers(opening(grave)) == [1003, 1002, 1001]
