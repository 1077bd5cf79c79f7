"""A conversation told again: what people did stays, what comes by itself comes by other rules."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.domain.clock import CHANNEL, HERE, OWNER, Repeat, Rung, Standing
from bot.domain.conversation import Conversation, State
from bot.domain.deeds import Deed, plain
from bot.domain.guess import Lane
from bot.domain.mention import Kind
from bot.domain.replay import Diary, Entry, Look, tell
from tests.conftest import CARE, NOON

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
BARE = Conversation(
    account="demo",
    thread="d1",
    customer=1,
    team="care",
    kind=Kind.OTHER,
    waiting_since=NOON,
    id=1,
)
NEVER_LETS_GO = replace(CARE, claim_lease=None)
LETS_GO = replace(CARE, claim_lease=timedelta(minutes=30))


def entry(after, what, **how):
    return Entry(NOON + after, Deed(what, {name: plain(value) for name, value in how.items()}))


def begun(after=timedelta(0)):
    return entry(after, "begin", since=NOON, kind="complaint", because="", tags=[])


def by(after, what, who="U0ANA", **how):
    return entry(after, what, by=who, at=NOON + after, **how)


def sent(after):
    return entry(after, "sent", at=NOON + after, by="U0ANA")


def lived(*entries, team=CARE, until=NOON + 24 * HOUR, looks=()):
    return tell(Diary(BARE, entries, looks), team, until)


def calls(life):
    return [(nag.at - NOON, nag.whom) for nag in life.nags]


def test_what_nobody_answers_climbs_the_ladder_at_its_own_moments():
    life = lived(begun())

    assert calls(life) == [(HOUR, HERE), (90 * MINUTE, CHANNEL), (3 * HOUR, HERE)]
    assert [nag.rung for nag in life.nags] == [0, 1, 2]


def test_what_was_answered_has_a_verdict_with_its_nags():
    life = lived(begun(), by(100 * MINUTE, "reply"), sent(101 * MINUTE))

    [verdict] = life.verdicts
    assert (verdict.verdict, verdict.late, verdict.nags) == (Standing.BROKEN, 41 * 60, 2)
    assert life.it.state is State.ANSWERED


def test_the_same_deeds_under_another_target_have_another_verdict():
    patient = replace(CARE, answer_within={Kind.COMPLAINT: 2 * HOUR})

    life = lived(begun(), by(100 * MINUTE, "reply"), sent(101 * MINUTE), team=patient)

    assert life.verdicts[0].verdict is Standing.KEPT
    assert life.nags == []


def test_another_ladder_calls_others():
    ladder = (Rung(after=10 * MINUTE, call="S0LEADS"),)
    strict = replace(CARE, ladder=ladder, repeat=Repeat(every=HOUR, times=1))

    assert calls(lived(begun(), team=strict)) == [
        (70 * MINUTE, "S0LEADS"),
        (130 * MINUTE, "S0LEADS"),
    ]


def test_of_two_things_at_one_moment_people_come_first():
    assert calls(lived(begun(), by(HOUR, "claim")))[0] == (HOUR, "U0ANA")


def test_a_message_that_came_late_is_nagged_about_when_it_came():
    assert calls(lived(begun(after=2 * HOUR)))[0] == (2 * HOUR, CHANNEL)


def test_what_was_seen_late_happens_when_it_was_seen():
    """The worker was down from 12:50 until 14:40: one nag made up for two."""
    looks = [Look(NOON + HOUR, NOON + 160 * MINUTE)]

    life = lived(begun(), looks=looks)

    assert calls(life) == [(160 * MINUTE, CHANNEL), (3 * HOUR, HERE)]


def test_what_fell_due_right_before_somebody_acted_was_not_seen():
    second = timedelta(seconds=1)
    answered = (by(HOUR + second, "reply"), sent(HOUR + 2 * second))

    assert calls(lived(begun(), *answered)) == []
    seen = [Look(NOON + HOUR, NOON + HOUR)]
    assert calls(lived(begun(), *answered, looks=seen)) == [(timedelta(0) + HOUR, HERE)]


def test_a_claim_lets_go_under_the_rules_that_are_tried():
    claimed = by(5 * MINUTE, "claim")

    assert calls(lived(begun(), claimed, team=NEVER_LETS_GO))[0] == (HOUR, "U0ANA")
    assert calls(lived(begun(), claimed, team=LETS_GO))[0] == (HOUR, HERE)


@pytest.mark.parametrize("deed", ["claim", "reply"])
def test_where_nothing_let_go_the_next_one_takes_over(deed):
    life = lived(
        begun(),
        by(5 * MINUTE, "claim"),
        by(50 * MINUTE, deed, who="U0BEN"),
        team=NEVER_LETS_GO,
        until=NOON + 55 * MINUTE,
    )

    assert life.it.owner == "U0BEN"
    assert life.it.state is (State.CLAIMED if deed == "claim" else State.REPLYING)


def test_what_is_over_already_is_not_done_again():
    life = lived(
        begun(),
        by(5 * MINUTE, "reply"),
        sent(6 * MINUTE),
        by(10 * MINUTE, "settle"),
        until=NOON + HOUR,
    )

    assert len(life.verdicts) == 1
    assert life.it.state is State.ANSWERED


def test_nothing_is_told_beyond_now():
    assert calls(lived(begun(), until=NOON + 80 * MINUTE)) == [(HOUR, HERE)]
    assert CARE.ladder[0].call == OWNER


def test_a_journal_from_before_there_were_lanes_is_told_without_them():
    new = entry(MINUTE, "hear", posted_at=NOON, kind="complaint", because="", lane=Lane.CHECK)
    question = entry(timedelta(0), "begin", since=NOON, kind="question", because="", tags=[])

    assert lived(begun()).it.lane == ""
    assert lived(question, new).it.lane == Lane.CHECK
