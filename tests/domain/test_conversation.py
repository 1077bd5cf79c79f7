"""One clock, six things that can happen to it, and what may never happen."""

from dataclasses import replace
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.calendar import Calendar, Window
from bot.domain.clock import Owed
from bot.domain.conversation import Conversation, State
from bot.domain.guess import Lane, Manner, Severity
from bot.domain.mention import Kind
from bot.domain.problems import (
    AlreadyAnswered,
    AlreadyClaimed,
    AlreadyDismissed,
    AlreadyMerged,
    AlreadyReplying,
    NobodyHasIt,
    NotDismissed,
    NotPossible,
    StillInDoubt,
    WaitsForApproval,
)
from bot.domain.replay import Entry, Life
from bot.domain.team import Rule
from tests.conftest import CARE, LADDER, NOON
from tests.things import HOUR, MINUTE, WAITING

ANA, BEN = "U0ANA", "U0BEN"
DUE = NOON + HOUR
CLAIMED = WAITING.claim(ANA, NOON, CARE)
REPLYING = WAITING.reply(ANA, NOON, CARE)
ANSWERED = REPLYING.sent(NOON + 10 * MINUTE, CARE)
DISMISSED = WAITING.dismiss(ANA, "spam", NOON + MINUTE)


def test_the_clock_starts_when_the_customer_wrote():
    assert (WAITING.due_at, WAITING.next_nag_at) == (DUE, DUE)


def test_what_nobody_promised_has_no_deadline_and_no_nag():
    praise = replace(WAITING, kind=Kind.PRAISE).wind(CARE)

    assert (praise.due_at, praise.next_nag_at) == (None, None)
    assert not praise.late(NOON + 1000 * HOUR)


def test_claiming_puts_a_name_on_it_and_lets_the_clock_run():
    assert replace(WAITING, state=State.CLAIMED, owner=ANA, held_since=NOON) == CLAIMED


def test_claiming_what_one_has_changes_nothing():
    assert CLAIMED.claim(ANA, NOON, CARE) == CLAIMED


def test_the_second_who_claims_is_told_who_was_first():
    with pytest.raises(AlreadyClaimed, match="<@U0ANA>"):
        CLAIMED.claim(BEN, NOON, CARE)


def test_taking_over_changes_the_name_and_nothing_else():
    assert CLAIMED.take_over(BEN, NOON, CARE) == replace(CLAIMED, owner=BEN)


def test_replying_claims_it_and_lets_the_clock_run():
    assert replace(CLAIMED, state=State.REPLYING) == REPLYING


@pytest.mark.parametrize(
    ("conversation", "problem"),
    [(REPLYING, AlreadyReplying), (ANSWERED, AlreadyAnswered), (DISMISSED, AlreadyDismissed)],
)
@pytest.mark.parametrize(
    "act",
    [
        lambda it: it.claim(BEN, NOON, CARE),
        lambda it: it.take_over(BEN, NOON, CARE),
        lambda it: it.reply(BEN, NOON, CARE),
        lambda it: it.dismiss(BEN, "spam", NOON),
        lambda it: it.answered_there(NOON, BEN, CARE),
    ],
)
def test_what_is_not_open_says_why(conversation, problem, act):
    with pytest.raises(problem, match=r"^(<@U0ANA>)"):
        act(conversation)


def test_what_no_colleague_closed_says_what_happened():
    gone = WAITING.withdrawn("The customer deleted it.", NOON)
    elsewhere = WAITING.answered_there(NOON, None, CARE)

    with pytest.raises(AlreadyDismissed, match=r"^This one was closed: The customer deleted it"):
        gone.claim(ANA, NOON, CARE)
    with pytest.raises(AlreadyAnswered, match=r"^Somebody has already answered"):
        elsewhere.claim(ANA, NOON, CARE)


def test_the_clock_stops_when_the_platform_has_our_answer():
    assert ANSWERED.closed_at == NOON + 10 * MINUTE
    assert (ANSWERED.closed_by, ANSWERED.next_nag_at, ANSWERED.due_at) == (ANA, None, DUE)


def test_a_refused_answer_leaves_the_clock_as_if_it_had_never_set_out():
    assert REPLYING.refused(NOON, CARE) == CLAIMED


def test_an_answer_in_doubt_is_its_owners_and_knows_its_key():
    assert REPLYING.in_doubt("k1", NOON, CARE) == replace(CLAIMED, unsure="k1")


def test_a_second_message_moves_nothing():
    assert CLAIMED.hear(NOON + 30 * MINUTE, CARE) == CLAIMED


def test_an_older_message_moves_the_deadline_back():
    heard = CLAIMED.hear(NOON - 10 * MINUTE, CARE)

    assert heard.waiting_since == NOON - 10 * MINUTE
    assert (heard.due_at, heard.next_nag_at) == (DUE - 10 * MINUTE, DUE - 10 * MINUTE)
    assert heard.owner == ANA


@pytest.mark.parametrize("closed", [ANSWERED, DISMISSED])
def test_a_message_after_the_end_begins_anew(closed):
    again = closed.hear(NOON + 5 * HOUR, CARE)

    begun = replace(WAITING, waiting_since=NOON + 5 * HOUR, verdict=closed.verdict)
    owed = Owed.FURTHER if closed.answered_at else Owed.FIRST
    assert again == replace(begun, answered_at=closed.answered_at, owed=owed).wind(CARE)


def test_further_words_can_turn_it_into_a_complaint():
    question = replace(WAITING, kind=Kind.QUESTION).wind(CARE)

    heard = question.reconsider(Kind.COMPLAINT, "“broken”", CARE)

    assert (heard.kind, heard.because, heard.due_at) == (Kind.COMPLAINT, "“broken”", DUE)


def test_the_lane_goes_with_the_kind_until_a_person_has_judged():
    begun = WAITING.begin(NOON, CARE, kind=Kind.QUESTION, lane=Lane.QUESTION)
    more = begun.hear(NOON + MINUTE, CARE, Kind.OTHER, lane=Lane.REST)
    worse = more.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, lane=Lane.CHECK)
    again = worse.hear(NOON + MINUTE, CARE, Kind.PRAISE, lane=Lane.REST)
    answered = replace(worse, deeds=(), ended=()).reply(ANA, NOON, CARE).sent(NOON, CARE)

    lanes = [each.lane for each in (begun, more, worse, again)]
    assert lanes == [Lane.QUESTION, Lane.QUESTION, Lane.CHECK, Lane.CHECK]
    assert answered.hear(NOON + HOUR, CARE, Kind.QUESTION, lane="question").lane == Lane.QUESTION
    assert answered.hear(NOON + HOUR, CARE, Kind.OTHER, lane="rest").lane == Lane.CHECK
    assert worse.judge(Kind.COMPLAINT, ANA, CARE).lane == ""


def test_a_merged_complaint_brings_its_lane():
    question = replace(WAITING, kind=Kind.QUESTION, lane=Lane.QUESTION).wind(CARE)

    brought = {"lane": Lane.CHECK, "severity": Severity.ANGRY}
    both = question.absorb(NOON, Kind.COMPLAINT, ANA, MORE, CARE, **brought)

    assert (both.kind, both.lane, both.severity) == (Kind.COMPLAINT, Lane.CHECK, "angry")


def test_of_a_waiting_complaint_the_gravest_words_count():
    angry = WAITING.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, severity=Severity.ANGRY)
    safety = angry.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, severity=Severity.SAFETY)
    calmer = safety.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, severity=Severity.ANNOYED)
    praised = calmer.hear(NOON + MINUTE, CARE, Kind.PRAISE)

    assert [each.severity for each in (angry, safety, calmer)] == ["angry", "safety", "safety"]
    assert praised.severity == "safety"
    assert praised.because == WAITING.because, "what made it one is what was said first"


def test_who_judges_it_to_be_no_complaint_says_that_nothing_is_at_stake():
    grave = WAITING.begin(NOON, CARE, kind=Kind.COMPLAINT, severity=Severity.LEAVING)

    assert grave.judge(Kind.COMPLAINT, ANA, CARE).severity == "leaving"
    judged = grave.judge(Kind.QUESTION, ANA, CARE)
    assert judged.severity == ""
    again = judged.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, severity=Severity.SAFETY)
    assert (again.kind, again.severity) == (Kind.QUESTION, "")


def test_a_new_clock_is_as_grave_as_the_words_that_began_it():
    grave = replace(ANSWERED, severity=Severity.SAFETY)

    asked = grave.hear(NOON + HOUR, CARE, Kind.COMPLAINT, severity=Severity.ANNOYED)

    assert asked.severity == "annoyed"
    assert grave.hear(NOON + HOUR, CARE, Kind.QUESTION).severity == ""


def test_a_rule_may_look_at_what_is_at_stake():
    quick = Rule(name="safety", severities=(Severity.SAFETY,), first=10 * MINUTE, urgent=True)
    team = replace(CARE, rules=(quick,))
    told = WAITING.wind(team)

    graver = told.hear(NOON + MINUTE, team, Kind.COMPLAINT, severity=Severity.SAFETY)

    assert told.due_at == DUE
    assert graver.due_at == NOON + 10 * MINUTE
    assert team.rule(graver) is quick


def test_surer_words_need_no_check_any_more():
    checked = replace(WAITING, lane=Lane.CHECK)

    surer = checked.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, "“third time”", lane=Lane.SURE)
    less = surer.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, "“hm”", lane=Lane.CHECK)

    assert checked.unchecked
    assert not surer.unchecked
    assert (surer.because, less.because, less.lane) == ("“third time”", "“third time”", "sure")
    judged = checked.judge(Kind.COMPLAINT, ANA, CARE)
    assert not judged.unchecked
    assert judged.hear(NOON + MINUTE, CARE, Kind.COMPLAINT, lane=Lane.SURE).lane == ""


def test_what_was_put_aside_is_not_when_they_write_again_or_it_moves():
    aside = replace(WAITING, kind=Kind.PRAISE, aside=Manner.PLAIN)

    assert aside.hear(NOON + MINUTE, CARE, Kind.PRAISE).aside == ""
    assert aside.move("press", ANA, MORE, CARE).aside == ""
    assert aside.claim(ANA, MORE, CARE).aside == "plain"


def test_what_was_said_of_it_is_told_again_by_a_replay():
    how = {"lane": Lane.CHECK, "severity": Severity.ANGRY}
    begun = WAITING.begin(NOON, CARE, kind=Kind.COMPLAINT, **how)
    done = begun.hear(MORE, CARE, Kind.COMPLAINT, "“!”", lane="sure", severity="safety")

    told = Life(WAITING, CARE).tell([Entry(MORE, each) for each in done.deeds], MORE)

    assert (told.it.lane, told.it.severity) == ("sure", "safety")


@pytest.mark.parametrize("kind", [Kind.QUESTION, Kind.PRAISE, Kind.OTHER])
def test_further_words_never_make_less_of_a_complaint(kind):
    assert WAITING.reconsider(kind, "thanks", CARE) == WAITING


def test_what_a_person_has_judged_is_not_guessed_again():
    judged = WAITING.judge(Kind.QUESTION, ANA, CARE)

    assert judged.reconsider(Kind.COMPLAINT, "“broken”", CARE) == judged


def test_a_judgement_counts_the_deadline_anew_from_the_same_start():
    judged = WAITING.judge(Kind.QUESTION, ANA, CARE)

    assert (judged.waiting_since, judged.due_at) == (NOON, NOON + 4 * HOUR)
    assert judged.judged_by == ANA


def test_a_deadline_that_moves_takes_the_ladder_back_to_its_foot():
    late = WAITING.climb(CARE, DUE + 31 * MINUTE)

    judged = late.judge(Kind.QUESTION, ANA, CARE)

    assert (late.rungs_climbed, judged.rungs_climbed) == (2, 0)
    assert judged.next_nag_at == NOON + 4 * HOUR


def test_a_judgement_after_the_end_winds_no_clock():
    judged = ANSWERED.judge(Kind.QUESTION, ANA, CARE)

    assert (judged.state, judged.next_nag_at, judged.due_at) == (State.ANSWERED, None, DUE)


def test_what_is_due_at_this_very_moment_is_late():
    assert WAITING.late(DUE)
    assert not WAITING.late(DUE - timedelta(microseconds=1))
    assert REPLYING.late(DUE)
    assert not ANSWERED.late(DUE)


def test_each_rung_is_climbed_when_its_time_comes():
    first = WAITING.climb(CARE, DUE)
    second = first.climb(CARE, DUE + 30 * MINUTE)
    third = second.climb(CARE, DUE + 2 * HOUR)

    assert [it.rungs_climbed for it in (first, second, third)] == [1, 2, 3]
    assert [it.next_nag_at for it in (first, second)] == [DUE + 30 * MINUTE, DUE + 2 * HOUR]
    assert third.next_nag_at is None


def test_after_an_outage_one_nag_makes_up_for_all_that_were_missed():
    climbed = WAITING.climb(CARE, DUE + HOUR)

    assert (climbed.rungs_climbed, climbed.next_nag_at) == (2, DUE + 2 * HOUR)


def test_without_a_ladder_nobody_is_nagged():
    team = replace(CARE, ladder=())

    assert WAITING.wind(team).next_nag_at is None


minutes = st.integers(-300, 300).map(lambda n: NOON + n * MINUTE)
people = st.sampled_from([ANA, BEN])
acts = st.one_of(
    st.builds(lambda by: lambda it: it.claim(by, NOON, CARE), people),
    st.builds(lambda by: lambda it: it.take_over(by, NOON, CARE), people),
    st.builds(lambda by: lambda it: it.reply(by, NOON, CARE), people),
    st.builds(lambda at: lambda it: it.dismiss(ANA, "spam", at), minutes),
    st.builds(lambda at: lambda it: it.answered_there(at, None, CARE), minutes),
    st.builds(lambda at: lambda it: it.hear(at, CARE), minutes),
    st.builds(
        lambda kind: lambda it: it.judge(kind, ANA, CARE),
        st.sampled_from([Kind.COMPLAINT, Kind.QUESTION]),
    ),
    st.builds(
        lambda at: lambda it: it.sent(at, CARE) if it.state is State.REPLYING else it, minutes
    ),
    st.builds(lambda at: lambda it: it.climb(CARE, at) if it.open else it, minutes),
    st.just(lambda it: it.refused(NOON, CARE) if it.state is State.REPLYING else it),
)


def lived(history: list) -> Conversation:
    it = WAITING
    for act in history:
        try:
            it = act(it)
        except NotPossible:
            continue
    return it


@given(st.lists(acts, max_size=12))
def test_whatever_happens_what_is_open_has_a_clock_and_what_is_closed_has_none(history):
    it = lived(history)

    if it.open:
        assert it.due_at == it.clock(CARE).due_at
        assert it.next_nag_at or it.rungs_climbed == len(LADDER)
        assert it.closed_at is None
    if it.state in (State.ANSWERED, State.DISMISSED):
        assert it.next_nag_at is None
        assert it.closed_at


@given(st.lists(acts, max_size=12))
def test_nothing_but_an_end_or_another_judgement_ever_gives_the_customer_more_time(history):
    it = WAITING
    for act in history:
        try:
            after = act(it)
        except NotPossible:
            continue
        if it.open and after.open and (after.kind, after.owed) == (it.kind, it.owed):
            assert after.due_at <= it.due_at
        it = after


@given(st.lists(st.integers(0, 400), max_size=10))
def test_no_rung_is_ever_climbed_twice(times):
    it, nags = WAITING, []
    for minute in sorted(times):
        at = NOON + minute * MINUTE
        if it.next_nag_at and it.next_nag_at <= at:
            it = it.climb(CARE, at)
            nags.append(it.rungs_climbed)

    assert nags == sorted(set(nags))


# Handling it between colleagues

MORE = NOON + 20 * MINUTE
PROMISED = REPLYING.sent(NOON + MINUTE, CARE, promised_for=NOON + 5 * HOUR, by=ANA)
PROPOSED = WAITING.propose(ANA, "k", NOON, CARE)
DOUBTED = REPLYING.in_doubt("k", NOON, CARE)
PRESS = replace(CARE, name="press", channel="C0PRESS", answer_within={Kind.COMPLAINT: 2 * HOUR})


def test_assigning_gives_it_to_somebody_whoever_has_it():
    given = CLAIMED.assign(BEN, ANA, MORE, CARE)

    assert (given.owner, given.held_since, given.due_at) == (BEN, MORE, DUE)


def test_releasing_makes_it_nobodys_and_lets_the_clock_run():
    free = CLAIMED.release(ANA, MORE, CARE)

    assert (free.state, free.owner, free.due_at, free.next_nag_at) == (
        State.WAITING,
        None,
        DUE,
        DUE,
    )


def test_what_nobody_has_can_not_be_released():
    with pytest.raises(NobodyHasIt):
        WAITING.release(ANA, MORE, CARE)


@pytest.mark.parametrize(
    ("conversation", "problem"), [(PROPOSED, WaitsForApproval), (DOUBTED, StillInDoubt)]
)
@pytest.mark.parametrize(
    "act",
    [
        lambda it: it.release(ANA, MORE, CARE),
        lambda it: it.move("press", ANA, MORE, PRESS),
        lambda it: it.merge_into(2, ANA, MORE),
        lambda it: it.absorb(NOON, Kind.COMPLAINT, ANA, MORE, CARE),
    ],
)
def test_while_an_answer_waits_it_stays_where_it_is(conversation, problem, act):
    with pytest.raises(problem):
        act(conversation)


def test_who_it_was_escalated_to_is_called_in_place_of_its_owner():
    raised = CLAIMED.escalate("U0LEA", ANA, MORE, CARE)

    assert CARE.answerable(raised) == "U0LEA"
    assert (raised.owner, raised.due_at) == (ANA, DUE)
    assert CARE.answerable(raised.sent(MORE, CARE).reopen(MORE, CARE)) is None


def test_what_is_moved_is_nobodys_and_is_counted_by_the_new_promises_from_the_same_start():
    hanging = replace(CLAIMED, channel="C0CARE", card="1.0", digest=7, nag="2.0")
    moved = hanging.move("press", ANA, MORE, PRESS)

    assert (moved.team, moved.state, moved.owner) == ("press", State.WAITING, None)
    assert (moved.waiting_since, moved.due_at) == (NOON, NOON + 2 * HOUR)
    assert (moved.channel, moved.card, moved.digest, moved.nag) == (None, None, None, None)
    assert moved.claimed_until is None


def test_what_is_urgent_counts_day_and_night():
    closed = replace(CARE, calendar=Calendar(ZoneInfo("UTC"), ((),) * 6 + ((Window(0, 3600),),)))
    calm = WAITING.wind(closed)

    urgent = calm.rate(True, ANA, closed)

    assert calm.due_at > DUE
    assert urgent.due_at == DUE
    assert urgent.rate(False, ANA, closed).due_at == calm.due_at
    assert ANSWERED.rate(True, ANA, CARE).next_nag_at is None


def test_what_was_dismissed_by_mistake_waits_again_as_if_nothing_had_been():
    climbed = WAITING.climb(CARE, DUE + MINUTE)
    back = climbed.dismiss(ANA, "spam", DUE + 2 * MINUTE).undismiss(BEN, DUE + 3 * MINUTE, CARE)

    assert back == climbed


def test_undoing_a_dismissal_brings_back_what_was_promised():
    gone = PROMISED.dismiss(ANA, "spam", MORE)
    told = {name: getattr(PROMISED, name) for name in ("promised_at", "promised_for")}

    back = gone.undismiss(BEN, MORE, CARE, **told, promised_by=ANA)

    assert (back.due_at, back.owed, back.waits) == (NOON + 5 * HOUR, Owed.PROMISE, False)


@pytest.mark.parametrize("it", [WAITING, ANSWERED, WAITING.withdrawn("Deleted.", NOON)])
def test_only_what_a_person_dismissed_can_be_brought_back(it):
    with pytest.raises(NotDismissed):
        it.undismiss(ANA, MORE, CARE)


def test_what_was_merged_has_no_clock_and_says_where_it_went():
    merged = CLAIMED.merge_into(7, ANA, MORE)

    assert (merged.state, merged.merged_into, merged.next_nag_at) == (State.MERGED, 7, None)
    [ended] = merged.ended
    assert (ended.how, ended.answered) == ("merged", False)
    for act in (lambda: merged.claim(ANA, MORE, CARE), lambda: merged.merge_into(8, ANA, MORE)):
        with pytest.raises(AlreadyMerged, match="merged into 7"):
            act()


def test_of_two_clocks_the_older_runs():
    older = CLAIMED.absorb(NOON - 30 * MINUTE, Kind.QUESTION, ANA, MORE, CARE)
    newer = CLAIMED.absorb(NOON + 30 * MINUTE, Kind.QUESTION, ANA, MORE, CARE)

    assert (older.due_at, older.owner, older.kind) == (DUE - 30 * MINUTE, ANA, Kind.COMPLAINT)
    assert newer == CLAIMED


def test_absorbing_a_complaint_makes_it_one():
    question = replace(WAITING, kind=Kind.QUESTION).wind(CARE)

    assert question.absorb(NOON, Kind.COMPLAINT, ANA, MORE, CARE).due_at == DUE


def test_what_was_answered_waits_again_when_it_absorbs_what_waits():
    again = ANSWERED.absorb(NOON, Kind.OTHER, ANA, MORE, CARE)

    assert (again.state, again.waiting_since, again.kind) == (State.WAITING, NOON, Kind.COMPLAINT)
    assert ANSWERED.absorb(None, Kind.COMPLAINT, ANA, MORE, CARE) == ANSWERED


def test_a_promise_and_its_urgency_are_absorbed_too():
    told = {"promised_at": NOON, "promised_for": NOON + 3 * HOUR, "promised_by": BEN}

    kept = ANSWERED.absorb(None, Kind.OTHER, ANA, MORE, CARE, urgent=True, **told)
    nearer = PROMISED.absorb(None, Kind.OTHER, ANA, MORE, CARE, **told)
    farther = PROMISED.absorb(None, Kind.OTHER, ANA, MORE, CARE, promised_for=NOON + 9 * HOUR)

    assert (kept.state, kept.waits, kept.due_at) == (State.WAITING, False, NOON + 3 * HOUR)
    assert kept.urgent
    assert nearer.due_at == NOON + 3 * HOUR
    assert farther == PROMISED


def test_an_answer_that_was_taken_back_makes_the_customer_wait_from_then_on():
    back = ANSWERED.withdrew(MORE, CARE)

    assert (back.state, back.owner, back.waiting_since) == (State.CLAIMED, ANA, MORE)
    assert WAITING.withdrew(MORE, CARE) == WAITING
    assert DISMISSED.withdrew(MORE, CARE) == DISMISSED


@pytest.mark.parametrize("closed", [ANSWERED, DISMISSED])
def test_following_up_opens_it_for_who_wanted_that_though_nobody_waits(closed):
    hanging = replace(closed, channel="C0CARE", card="1.0")

    begun = hanging.follow_up(NOON + 9 * HOUR, BEN, NOON + 5 * HOUR, CARE)

    assert (begun.state, begun.owner, begun.waits) == (State.CLAIMED, BEN, False)
    assert (begun.due_at, begun.owed) == (NOON + 9 * HOUR, Owed.PROMISE)
    assert (begun.card, begun.channel) == (None, None)
    assert begun.settle(BEN, NOON + 6 * HOUR).state is State.ANSWERED
    assert CLAIMED.follow_up(NOON + 9 * HOUR, BEN, MORE, CARE) == CLAIMED


def test_following_up_a_week_later_is_not_a_week_late_to_keep_in_the_loop():
    loop = replace(CARE, keep_in_the_loop={Kind.COMPLAINT: HOUR})
    settled = REPLYING.sent(NOON + MINUTE, loop).settle(ANA, NOON + 2 * MINUTE)

    begun = settled.follow_up(NOON + 104 * HOUR, BEN, NOON + 100 * HOUR, loop)

    assert begun.due_at > NOON + 100 * HOUR
    assert not begun.snoozed(NOON + 100 * HOUR)


def test_every_deed_of_colleagues_is_told_again_as_it_was():
    done = (
        CLAIMED.escalate("U0LEA", ANA, MORE, CARE)
        .rate(True, ANA, CARE)
        .release(BEN, MORE, CARE)
        .assign(BEN, ANA, MORE, CARE)
        .move("care", ANA, MORE, CARE)
        .absorb(NOON - HOUR, Kind.QUESTION, ANA, MORE, CARE)
        .dismiss(ANA, "spam", MORE)
        .undismiss(ANA, MORE, CARE)
        .merge_into(2, ANA, MORE)
    )
    entries = [Entry(MORE, each) for each in done.deeds]

    told = Life(replace(WAITING, deeds=()), CARE).tell(entries, MORE)

    assert told.it == replace(done, ended=())


def test_an_answer_that_waits_for_a_second_person_outlives_a_new_clock():
    thanks = replace(WAITING, thanks=True, answered_at=NOON)
    proposed = thanks.propose(ANA, "k", NOON, CARE)

    again = proposed.hear(NOON + HOUR, CARE, Kind.QUESTION, at=NOON + HOUR)

    assert (again.proposed, again.owner, again.state) == ("k", ANA, State.CLAIMED)
    assert again.waiting_since == NOON + HOUR
