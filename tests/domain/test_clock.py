"""One clock in a week with hours: rungs, repeats, snoozes, promises, claims that let go."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bot.domain.calendar import Calendar, Pause, Window
from bot.domain.clock import CHANNEL, HERE, MANAGER, ON_DUTY, OWNER, Owed, Repeat, Rung, Standing
from bot.domain.conversation import NO_ANSWER_NEEDED, Conversation, State
from bot.domain.mention import Kind
from bot.domain.problems import AlreadyAnswered, NotSnoozed, StillWaits
from bot.domain.rota import Duty, Rota, Shift
from bot.domain.team import Rule, Team
from tests.things import HOUR, MINUTE

ANA, BEN, LEA = "U0ANA", "U0BEN", "U0LEA"
BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = (Window.read("09:00-17:00"),)
WEEK = Calendar(BERLIN, (*[NINE_TO_FIVE] * 5, (), ()), holidays={date(2026, 11, 4): "A holiday"})
RUNGS = (
    Rung(after=-15 * MINUTE, call=OWNER),
    Rung(after=0 * MINUTE, call=OWNER),
    Rung(after=30 * MINUTE, call=CHANNEL),
)
TEAM = Team(
    name="care",
    channel="C0CARE",
    answer_within={Kind.COMPLAINT: HOUR, Kind.QUESTION: 4 * HOUR},
    ladder=RUNGS,
    calendar=WEEK,
    manager=LEA,
    claim_lease=2 * HOUR,
    repeat=Repeat(every=HOUR, times=2),
)


def at(day: int, time: str) -> datetime:
    """A moment of November 2026 in Berlin; the 2nd is a Monday, the 4th a holiday."""
    hour, minute = map(int, time.split(":"))
    return datetime(2026, 11, day, hour, minute, tzinfo=BERLIN).astimezone(UTC)


def complaint(since: datetime, team: Team = TEAM, **more: object) -> Conversation:
    bare = Conversation(
        account="demo", thread="d1", customer=1, team="care", kind=Kind.OTHER, waiting_since=since
    )
    known = {"kind": Kind.COMPLAINT, **more}
    return bare.begin(since, team, **known)


def climbs(it: Conversation, team: Team = TEAM) -> list[datetime]:
    """When somebody is called, if nobody ever acts."""
    moments = []
    while it.next_nag_at:
        moment, before = it.next_nag_at, it.rungs_climbed
        it = it.climb(team, moment)
        moments += [moment] if it.rungs_climbed > before else []
    return moments


def test_only_working_time_counts():
    assert complaint(at(2, "16:30")).due_at == at(3, "09:30")
    assert complaint(at(3, "16:30")).due_at == at(5, "09:30")  # the 4th is a holiday
    assert complaint(at(6, "18:00")).due_at == at(9, "10:00")  # a weekend


def test_what_is_used_up_at_closing_is_due_at_closing_and_said_at_the_next_opening():
    it = complaint(at(2, "16:00"))

    assert it.due_at == at(2, "17:00")
    assert climbs(it) == [
        at(2, "16:45"),
        at(3, "09:00"),
        at(3, "09:30"),
        at(3, "10:30"),
        at(3, "11:30"),
    ]


def test_after_the_last_rung_it_is_repeated_so_often_and_no_more():
    assert climbs(complaint(at(2, "09:00"))) == [
        at(2, "09:45"),
        at(2, "10:00"),
        at(2, "10:30"),
        at(2, "11:30"),
        at(2, "12:30"),
    ]


def test_a_warning_that_would_come_before_the_beginning_comes_at_the_beginning():
    team = replace(TEAM, answer_within={Kind.COMPLAINT: 10 * MINUTE})

    assert climbs(complaint(at(2, "12:00"), team), team)[:2] == [at(2, "12:00"), at(2, "12:10")]


def test_a_warning_falls_into_working_time_even_when_the_deadline_is_early_next_morning():
    it = complaint(at(2, "16:10"))

    assert it.due_at == at(3, "09:10")
    assert climbs(it)[0] == at(2, "16:55")


def test_nobody_is_called_while_nobody_works():
    it = complaint(at(2, "15:00"))

    night = it.climb(TEAM, at(2, "20:00"))

    assert (night.rungs_climbed, night.next_nag_at) == (0, at(3, "09:00"))


def test_what_a_rule_calls_urgent_is_counted_and_called_day_and_night():
    rule = Rule(name="VIP", tags=("vip",), first=HOUR, urgent=True)
    team = replace(TEAM, rules=(rule,))
    it = complaint(at(2, "22:00"), team, tags=("VIP",))

    assert it.due_at == at(2, "23:00")
    assert climbs(it, team)[:3] == [at(2, "22:45"), at(2, "23:00"), at(2, "23:30")]


@pytest.mark.parametrize(
    ("conditions", "matches"),
    [
        ({}, True),
        ({"kinds": (Kind.COMPLAINT,)}, True),
        ({"kinds": (Kind.QUESTION,)}, False),
        ({"platforms": ("demo",)}, True),
        ({"platforms": ("twitter",)}, False),
        ({"tags": ("vip",)}, True),
        ({"tags": ("press",)}, False),
        ({"languages": ("de",)}, True),
        ({"languages": ("de-ch",)}, False),
        ({"languages": ("en",)}, False),
        ({"kinds": (Kind.COMPLAINT,), "tags": ("press",)}, False),
    ],
)
def test_a_rule_looks_at_kind_platform_tag_and_language(conditions, matches):
    it = complaint(at(2, "12:00"), tags=("VIP",), language="de-AT")

    assert Rule(name="rule", **conditions).matches(it) is matches


def test_the_first_rule_that_matches_wins_and_gives_its_name():
    rules = (
        Rule(name="questions", kinds=(Kind.QUESTION,), first=MINUTE),
        Rule(name="demo", platforms=("demo",), first=2 * HOUR),
        Rule(name="all", first=3 * HOUR),
    )
    team = replace(TEAM, rules=rules)

    clock = complaint(at(2, "09:00"), team).clock(team)

    assert (clock.rule, clock.due_at) == ("demo", at(2, "11:00"))
    assert complaint(at(2, "09:00")).clock(TEAM).rule == "complaint"


def test_the_reasons_add_up():
    clock = complaint(at(3, "16:30")).clock(TEAM)

    assert sum((each.counted for each in clock.reasons), timedelta(0)) == HOUR
    assert "A holiday" in [each.name for each in clock.reasons]


def test_a_claim_never_moves_a_deadline():
    it = complaint(at(2, "09:00"))
    claimed = it.claim(ANA, at(2, "09:05"), TEAM)

    assert (claimed.due_at, claimed.next_nag_at) == (it.due_at, it.next_nag_at)


def test_a_claim_lets_go_after_its_working_time():
    claimed = complaint(at(2, "16:00")).claim(ANA, at(2, "16:30"), TEAM)

    assert claimed.claimed_until == at(3, "10:30")
    assert claimed.renew(ANA, at(3, "10:00"), TEAM).claimed_until == at(3, "12:00")
    assert claimed.renew(BEN, at(3, "10:00"), TEAM) == claimed

    free = claimed.let_go(TEAM)
    assert (free.state, free.owner, free.claimed_until) == (State.WAITING, None, None)
    assert free.due_at == claimed.due_at


def test_a_claim_that_would_let_go_at_closing_lets_go_at_the_next_opening():
    assert complaint(at(2, "14:00")).claim(ANA, at(2, "15:00"), TEAM).claimed_until == at(
        3, "09:00"
    )


def test_what_is_being_answered_does_not_let_go():
    assert complaint(at(2, "09:00")).reply(ANA, at(2, "09:10"), TEAM).claimed_until is None


def test_a_snooze_pauses_the_clock_and_ends_by_itself():
    it = complaint(at(2, "09:00"))

    snoozed = it.snooze(at(2, "14:00"), ANA, "waits for the parcel", at(2, "09:30"), TEAM)

    assert snoozed.due_at == at(2, "14:30")  # half an hour was used up
    assert snoozed.snoozed(at(2, "13:59")).why == "waits for the parcel"
    assert snoozed.snoozed(at(2, "14:00")) is None
    assert climbs(snoozed)[0] == at(2, "14:15")


def test_waking_leaves_the_clock_as_it_would_have_been():
    it = complaint(at(2, "09:00"))
    snoozed = it.snooze(at(3, "14:00"), ANA, "why", at(2, "09:30"), TEAM)

    woken = snoozed.wake(BEN, at(2, "10:00"), TEAM)

    assert woken.due_at == at(2, "10:30")
    assert woken.pauses == (Pause(at(2, "09:30"), at(2, "10:00"), "why"),)
    with pytest.raises(NotSnoozed):
        woken.wake(BEN, at(2, "10:01"), TEAM)


def test_a_new_snooze_takes_the_place_of_the_old_one():
    it = complaint(at(2, "09:00")).snooze(at(3, "09:00"), ANA, "one", at(2, "09:30"), TEAM)

    again = it.snooze(at(2, "11:00"), ANA, "two", at(2, "10:00"), TEAM)

    assert again.due_at == at(2, "11:30")


def test_a_snooze_until_the_customer_writes_ends_when_they_do_or_at_its_bound():
    it = complaint(at(2, "09:00"))
    bound = at(5, "09:00")
    snoozed = it.snooze_until_they_write(bound, ANA, "needs the number", at(2, "09:30"), TEAM)

    heard = snoozed.hear(at(3, "10:00"), TEAM, at=at(3, "10:01"))

    assert snoozed.due_at == at(5, "09:30")
    assert heard.due_at == at(3, "10:31")
    assert not heard.until_they_write


def test_who_writes_while_our_answer_is_on_its_way_ends_the_snooze():
    it = complaint(at(2, "09:00"))
    it = it.snooze_until_they_write(at(5, "09:00"), ANA, "why", at(2, "09:30"), TEAM)
    heard = it.reply(ANA, at(2, "09:40"), TEAM).hear(at(2, "10:00"), TEAM, at=at(2, "10:00"))

    assert heard.refused(at(2, "10:05"), TEAM).due_at == at(2, "10:30")


def test_a_message_does_not_end_a_snooze_until_a_time():
    snoozed = complaint(at(2, "09:00")).snooze(at(3, "09:00"), ANA, "why", at(2, "09:30"), TEAM)

    assert snoozed.hear(at(2, "11:00"), TEAM, at=at(2, "11:00")).due_at == snoozed.due_at


def test_after_an_answer_the_target_for_a_further_answer_counts():
    team = replace(TEAM, further_within={Kind.COMPLAINT: 2 * HOUR})
    answered = complaint(at(2, "09:00"), team).reply(ANA, at(2, "09:10"), team)
    answered = answered.sent(at(2, "09:11"), team)

    again = answered.hear(at(2, "12:00"), team)

    assert (again.owed, again.due_at) == (Owed.FURTHER, at(2, "14:00"))


def promised(for_: datetime, team: Team = TEAM) -> Conversation:
    it = complaint(at(2, "09:00"), team).reply(ANA, at(2, "09:10"), team)
    return it.sent(at(2, "09:11"), team, promised_for=for_)


def test_a_promise_is_a_clock_of_its_own_with_a_nag_before_and_after():
    it = promised(at(5, "12:00"))

    assert (it.state, it.owner, it.waits) == (State.CLAIMED, ANA, False)
    assert (it.owed, it.due_at) == (Owed.PROMISE, at(5, "12:00"))
    assert climbs(it)[:3] == [at(5, "11:30"), at(5, "12:00"), at(5, "12:30")]
    assert it.claimed_until is None


def test_a_promise_for_a_moment_at_which_nobody_works_is_nagged_about_when_somebody_does():
    it = promised(at(7, "12:00"))  # a Saturday

    assert it.due_at == at(7, "12:00")
    assert climbs(it)[:2] == [at(6, "16:30"), at(9, "09:00")]


def test_a_promise_pauses_the_clock_of_what_the_customer_writes_meanwhile():
    it = promised(at(5, "12:00")).hear(at(3, "10:00"), TEAM)

    assert it.waits
    assert (it.owed, it.due_at) == (Owed.PROMISE, at(5, "12:00"))
    kept = it.reply(ANA, at(5, "11:00"), TEAM).sent(at(5, "11:01"), TEAM)
    assert (kept.state, kept.verdict) == (State.ANSWERED, Standing.KEPT)


def test_an_answer_with_another_promise_replaces_the_first():
    again = promised(at(5, "12:00")).take_over(BEN, at(3, "10:00"), TEAM)
    again = again.reply(BEN, at(3, "10:00"), TEAM)
    again = again.sent(at(3, "10:01"), TEAM, promised_for=at(6, "12:00"))

    assert (again.due_at, again.promised_by) == (at(6, "12:00"), BEN)


def test_who_is_kept_in_the_loop_hears_from_us_until_it_is_settled():
    team = replace(TEAM, keep_in_the_loop={Kind.COMPLAINT: 8 * HOUR})
    it = complaint(at(2, "09:00"), team).reply(ANA, at(2, "10:00"), team)
    it = it.sent(at(2, "10:00"), team)

    assert (it.owed, it.due_at, it.open) == (Owed.LOOP, at(3, "10:00"), True)
    it = it.reply(ANA, at(3, "09:30"), team).sent(at(3, "09:30"), team)
    assert it.due_at == at(5, "09:30")

    settled = it.settle(ANA, at(5, "09:00"))
    assert (settled.state, settled.next_nag_at) == (State.ANSWERED, None)
    with pytest.raises(AlreadyAnswered):
        settled.settle(ANA, at(5, "09:01"))


def test_who_still_waits_cannot_be_settled():
    with pytest.raises(StillWaits):
        complaint(at(2, "09:00")).settle(ANA, at(2, "09:01"))


def thanked(team: Team = TEAM) -> Conversation:
    answered = complaint(at(2, "09:00"), team).reply(ANA, at(2, "09:10"), team)
    answered = answered.sent(at(2, "09:11"), team)
    return answered.hear(at(2, "10:00"), team, Kind.PRAISE, "thanks", thanks=True)


def test_a_last_word_starts_no_clock_and_waits_for_one_click():
    it = thanked()

    assert (it.state, it.thanks) == (State.WAITING, True)
    assert (it.due_at, it.next_nag_at) == (None, None)
    done = it.no_answer_needed(BEN, at(2, "11:00"), TEAM)
    assert (done.state, done.closed_by, done.closed_because) == (
        State.DISMISSED,
        BEN,
        NO_ANSWER_NEEDED,
    )


def test_a_word_after_the_last_word_starts_the_clock_at_itself():
    it = thanked().hear(at(2, "12:00"), TEAM, Kind.COMPLAINT, "“broken”")

    assert (it.thanks, it.waiting_since, it.due_at) == (False, at(2, "12:00"), at(2, "13:00"))


def test_thanks_for_a_promise_leave_the_promise():
    it = promised(at(5, "12:00")).hear(at(2, "10:00"), TEAM, Kind.PRAISE, thanks=True)

    after = it.no_answer_needed(ANA, at(2, "11:00"), TEAM)

    assert it.due_at == at(5, "12:00")
    assert (after.open, after.waits, after.due_at) == (True, False, at(5, "12:00"))


def test_a_judgement_gives_a_last_word_its_clock_back():
    judged = thanked().judge(Kind.COMPLAINT, ANA, TEAM)

    assert (judged.thanks, judged.due_at) == (False, at(2, "11:00"))


def test_the_six_states():
    it = complaint(at(2, "09:00"))
    replying = it.reply(ANA, at(2, "09:10"), TEAM)

    assert it.standing(at(2, "09:44")) is Standing.PENDING
    assert it.standing(at(2, "09:45")) is Standing.IMMINENT
    assert it.standing(at(2, "10:00")) is Standing.OVERDUE
    assert replying.sent(at(2, "10:00"), TEAM).standing(at(9, "09:00")) is Standing.KEPT
    assert replying.sent(at(2, "10:01"), TEAM).standing(at(2, "10:01")) is Standing.BROKEN
    dismissed = it.dismiss(ANA, "spam", at(2, "12:00"))
    assert dismissed.standing(at(2, "12:00")) is Standing.CANCELLED


def test_a_nag_that_came_too_late_to_be_said_waits_for_the_opening_and_is_not_counted_twice():
    it = complaint(at(2, "15:00")).climb(TEAM, at(2, "16:58"))
    unsaid = replace(it, unsaid_until=at(3, "09:00")).wind(TEAM)

    assert unsaid.next_nag_at == at(3, "09:00")
    said = unsaid.climb(TEAM, at(3, "09:00"))
    assert (said.rungs_climbed, said.unsaid_until) == (it.rungs_climbed, None)


SHIFTS = (
    Shift(0, Window.read("09:00-17:00"), ANA),
    Shift(0, Window.read("22:00-06:00"), BEN),
)


@pytest.mark.parametrize(
    ("moment", "who"),
    [
        (at(2, "09:00"), (ANA,)),
        (at(2, "16:59"), (ANA,)),
        (at(2, "17:00"), ()),
        (at(2, "22:00"), (BEN,)),
        (at(3, "05:59"), (BEN,)),
        (at(3, "06:00"), ()),
    ],
)
def test_a_rota_says_who_is_on_duty(moment, who):
    assert Rota(BERLIN, SHIFTS).on_duty(moment) == who


def test_where_a_schedule_names_somebody_the_week_does_not_count():
    rota = Rota(BERLIN, SHIFTS, (Duty(at(2, "10:00"), at(2, "11:00"), LEA),))

    assert rota.on_duty(at(2, "10:30")) == (LEA,)
    assert rota.on_duty(at(2, "11:00")) == (ANA,)


@pytest.mark.parametrize(
    ("call", "owner", "whom"),
    [
        (OWNER, ANA, ANA),
        (OWNER, None, HERE),
        (MANAGER, ANA, LEA),
        (ON_DUTY, None, ANA),
        (CHANNEL, ANA, CHANNEL),
        ("S0LEADS", None, "S0LEADS"),
    ],
)
def test_a_rung_means_somebody(call, owner, whom):
    team = replace(TEAM, rota=Rota(BERLIN, SHIFTS))

    assert team.whom(call, owner, at(2, "10:00")) == whom


def test_when_nobody_is_on_duty_the_channel_is_called():
    team = replace(TEAM, rota=Rota(BERLIN, SHIFTS), manager=None)

    assert team.whom(ON_DUTY, ANA, at(2, "18:00")) == CHANNEL
    assert team.whom(MANAGER, ANA, at(2, "18:00")) == CHANNEL


def test_the_same_policy_has_the_same_fingerprint_and_another_has_another():
    assert replace(TEAM).fingerprint == TEAM.fingerprint
    assert replace(TEAM, channel="C0NEW").fingerprint == TEAM.fingerprint
    later = replace(WEEK, holidays={date(2026, 12, 25): "Christmas"})
    assert replace(TEAM, calendar=later).fingerprint != TEAM.fingerprint
    assert replace(TEAM, claim_lease=HOUR).fingerprint != TEAM.fingerprint
