"""Why a deadline is when it is."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.calendar import ALWAYS, Calendar, Day, Pause, What, Window
from bot.domain.case import Case, Nagged
from bot.domain.clock import CHANNEL, Repeat, Rung, Where
from bot.domain.conversation import Conversation
from bot.domain.mention import Kind
from bot.domain.rota import Rota, Shift
from bot.domain.team import Rule
from bot.playground.pings import pings
from bot.slack import reasons, stories
from tests.conftest import CARE
from tests.slack.cases import MIRA, POST, accepted_view, shown
from tests.slack.hostile import TEXT, cases_of_all_kinds, live_markup

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
BERLIN = ZoneInfo("Europe/Berlin")
NINE_TO_FIVE = (Window.read("09:00-17:00"),)
WEEK = (*[NINE_TO_FIVE] * 5, (), ())
EVE = date(2026, 12, 24)
OFFICE = Calendar(BERLIN, WEEK, holidays={EVE: "Christmas Eve"})
TEAM = replace(CARE, calendar=OFFICE, further_within={}, keep_in_the_loop={})
STRICT = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
COUNTS = re.compile(r"(?:counts|adds?) (?:(\d+) h)? ?(?:(\d+) min)? ?(?:(\d+) s)?")


def at(day, time="12:00", month=11):
    """A moment on the wall in Berlin, in November 2026."""
    clock = datetime.strptime(time, "%H:%M" if time.count(":") == 1 else "%H:%M:%S")  # noqa: DTZ007
    wall = clock.replace(year=2026, month=month, day=day, tzinfo=BERLIN)
    return wall.astimezone(UTC)


def told(since, team=TEAM, *, kind=Kind.COMPLAINT, heard_at=None, **more):
    """A case whose customer wrote at that moment."""
    blank = Conversation(
        account="twitter",
        thread="m1",
        customer=1,
        team="care",
        kind=kind,
        waiting_since=since,
        id=42,
        **more,
    )
    conversation = blank.begin(since, team, kind=kind, because="“broken”")
    post = replace(POST, posted_at=since, heard_at=heard_at)
    return Case(conversation=conversation, customer=MIRA, mentions=(post,))


def after(known, change):
    """The same case after something happened to its conversation."""
    return replace(known, conversation=change(known.conversation))


def seen(known, team=TEAM, now=None, nags=()):
    view = stories.why(known, team, now or known.conversation.waiting_since, nags)
    return shown(accepted_view(view))


def lines(clock, zone=None):
    return reasons.reasons(clock, zone)


def counted(lines):
    """What a manager with ten fingers gets."""
    found = [COUNTS.search(line) for line in lines]
    figures = [map(int, match.groups(default="0")) for match in found if match]
    return sum((timedelta(hours=h, minutes=m, seconds=s) for h, m, s in figures), timedelta())


def test_why_tells_the_whole_story():
    known = told(at(20, "16:30"), heard_at=at(20, "16:42"))

    story = seen(known)

    for part in (
        "*care* promises complaints *a first answer* within *1 h* of working time.",
        "It counts as a complaint because of “broken”.",
        "Mira Lindqvist (@mira) wrote on *Fri 20 Nov 16:30*, by the platform's clock.",
        "We heard of it on Fri 20 Nov 16:42, 12 min later, and that does not move the deadline.",
        "Fri 20 Nov 16:30 to 17:00 · counts 30 min",
        "Fri 20 Nov 17:00 to Mon 23 Nov 09:00 · closed",
        "Mon 23 Nov 09:00 to 09:30 · counts 30 min",
        "That makes *1 h: due Mon 23 Nov 09:30*.",
        "On the clock of Europe/Berlin; on yours it is <!date^",
    ):
        assert part in story


def test_reasons_are_sentences_without_slack():
    clock = told(at(20, "16:30")).conversation.clock(TEAM)

    assert lines(clock) == [
        "Fri 20 Nov 16:30 to 17:00 · counts 30 min",
        "Fri 20 Nov 17:00 to Mon 23 Nov 09:00 · closed",
        "Mon 23 Nov 09:00 to 09:30 · counts 30 min",
        "That makes 1 h: due Mon 23 Nov 09:30.",
    ]


def test_seconds_are_counted_where_there_are_any():
    clock = told(at(20, "16:30:25")).conversation.clock(TEAM)

    assert "Fri 20 Nov 16:30:25 to 17:00 · counts 29 min 35 s" in lines(clock)
    assert "Mon 23 Nov 09:00 to 09:30:25 · counts 30 min 25 s" in lines(clock)


@pytest.mark.parametrize(
    ("span", "said"),
    [
        (timedelta(), "0 min"),
        (HOUR, "1 h"),
        (45 * MINUTE, "45 min"),
        (timedelta(seconds=5), "5 s"),
        (timedelta(minutes=2, seconds=5), "2 min 5 s"),
        (timedelta(hours=1, seconds=5), "1 h 0 min 5 s"),
        (timedelta(hours=40, minutes=30), "40 h 30 min"),
    ],
)
def test_spans_are_exact(span, said):
    assert reasons.exactly(span) == said


def test_a_holiday_is_a_line_of_its_own():
    clock = told(at(23, "16:30", month=12)).conversation.clock(TEAM)

    assert "Thu 24 Dec · Christmas Eve (holiday)" in lines(clock)
    assert lines(clock)[-1] == "That makes 1 h: due Fri 25 Dec 09:30."


@pytest.mark.parametrize(
    ("day", "line"),
    [
        (Day("Stocktaking", ()), "Thu 24 Dec · closed (Stocktaking)"),
        (
            Day("Half day", (Window.read("09:00-09:20"),), What.HALF_HOLIDAY),
            "Thu 24 Dec 09:00 to 09:20 · counts 20 min (Half day)",
        ),
        (
            Day("", (Window.read("09:00-09:20"),)),
            "Thu 24 Dec 09:00 to 09:20 · counts 20 min (exception)",
        ),
    ],
)
def test_a_special_day_says_what_it_is(day, line):
    team = replace(TEAM, calendar=Calendar(BERLIN, WEEK, days={EVE: day}))

    assert line in lines(told(at(23, "16:30", month=12), team).conversation.clock(team))


def test_a_pause_says_why():
    asleep = told(at(20, "10:00")).conversation.snooze(
        at(20, "11:00"), "U0ANA", "waiting for the parcel", at(20, "10:20"), TEAM
    )

    assert lines(asleep.clock(TEAM))[1:] == [
        "Fri 20 Nov 10:20 to 11:00 · paused: waiting for the parcel",
        "Fri 20 Nov 11:00 to 11:40 · counts 40 min",
        "That makes 1 h: due Fri 20 Nov 11:40.",
    ]


def test_what_is_open_until_midnight_ends_at_24():
    team = replace(TEAM, calendar=Calendar(BERLIN, ((Window.read("20:00-24:00"),),) * 7))
    clock = told(at(20, "23:30"), team).conversation.clock(team)

    assert lines(clock)[:3] == [
        "Fri 20 Nov 23:30 to 24:00 · counts 30 min",
        "Sat 21 Nov 00:00 to 20:00 · closed",
        "Sat 21 Nov 20:00 to 20:30 · counts 30 min",
    ]


def test_the_night_of_25_hours_is_explained():
    team = replace(
        TEAM, calendar=Calendar(BERLIN, ALWAYS.week), answer_within={Kind.COMPLAINT: 4 * HOUR}
    )
    clock = told(at(25, "00:00", month=10), team).conversation.clock(team)

    assert lines(clock)[0] == (
        "Sun 25 Oct 00:00 to 03:00 · counts 4 h, as the clocks went back 1 h"
    )


def test_a_time_that_comes_twice_says_which_of_the_two():
    team = replace(TEAM, calendar=Calendar(BERLIN, ALWAYS.week))
    clock = told(at(25, "01:30", month=10), team).conversation.clock(team)

    assert lines(clock)[0] == "Sun 25 Oct 01:30 to 02:30 CEST · counts 1 h"


def test_a_deadline_in_another_year_says_so():
    clock = told(at(31, "16:30", month=12)).conversation.clock(TEAM)

    assert lines(clock)[-1] == "That makes 1 h: due Fri 1 Jan 2027 09:30."


def test_many_stretches_become_one_line_and_the_sum_stays():
    team = replace(TEAM, answer_within={Kind.COMPLAINT: 300 * HOUR})
    clock = told(at(2, "09:00"), team).conversation.clock(team)

    given = lines(clock)

    assert len(given) == 32
    assert given[15].startswith("… and ")
    assert "more stretches that add" in given[15]
    assert counted(given) == 300 * HOUR


ZONES = ["Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kolkata", "UTC"]
HOURS = st.sampled_from(
    ["09:00-17:00", "09:00-12:30", "13:30-18:00", "22:00-06:00", "00:00-24:00", "17:00-09:00+1"]
)
DATES = st.dates(date(2026, 10, 20), date(2026, 11, 20))
MOMENTS = st.datetimes(
    datetime(2026, 10, 20),  # noqa: DTZ001  # Hypothesis wants them bare
    datetime(2026, 11, 10),  # noqa: DTZ001
    timezones=st.just(UTC),
)
WINDOWS = st.lists(HOURS.map(Window.read), max_size=2).map(tuple)


@st.composite
def calendars(draw):
    week = [draw(WINDOWS) for _ in range(6)] + [(Window.read(draw(HOURS)),)]
    days = draw(st.dictionaries(DATES, st.builds(Day, TEXT, WINDOWS), max_size=3))
    holidays = draw(st.dictionaries(DATES, TEXT, max_size=3))
    return Calendar(ZoneInfo(draw(st.sampled_from(ZONES))), tuple(week), holidays, days)


PAUSES = st.lists(
    st.builds(
        lambda start, length, why: Pause(start, start + length, why),
        MOMENTS,
        st.timedeltas(timedelta(0), timedelta(days=4)),
        st.just("parcel"),
    ),
    max_size=3,
)


@given(
    calendar=calendars(),
    since=MOMENTS,
    seconds=st.integers(1, 500 * 3600),
    pauses=PAUSES,
)
@STRICT
def test_fingers_always_get_what_was_promised(calendar, since, seconds, pauses):
    within = timedelta(seconds=seconds)
    named = replace(calendar, holidays=dict.fromkeys(calendar.holidays, "A holiday"))
    plain = replace(named, days={day: replace(it, name="") for day, it in calendar.days.items()})
    team = replace(TEAM, calendar=plain, answer_within={Kind.COMPLAINT: within})
    known = told(since, team, pauses=pauses)
    clock = known.conversation.clock(team)

    assert counted(lines(clock)) == within
    seen(known, team)


@given(calendar=calendars(), since=MOMENTS, hostile=cases_of_all_kinds(), why=TEXT)
@STRICT
def test_slack_opens_every_why_and_nobody_elses_words_are_markup(calendar, since, hostile, why):
    rule = Rule(name=why, tags=("a",), first=30 * HOUR)
    team = replace(TEAM, calendar=calendar, name=why, rules=[rule])
    paused = replace(
        hostile.conversation,
        waiting_since=since,
        tags=("a",),
        pauses=[Pause(since, since + 9 * HOUR, why)],
    )
    nags = [Nagged(at=since, rung=0, call="owner", whom="U0ANA")]

    view = stories.why(replace(hostile, conversation=paused), team, since, nags)

    message = accepted_view(view)
    assert set(pings(message)) <= {"U0ANA", "U0BEN", "U0LEA"}
    assert live_markup(message) == []
    assert len(json.dumps(view)) < 250_000


def test_a_rule_is_named_and_says_whom_it_is_for():
    rule = Rule(
        name="Important people",
        kinds=[Kind.COMPLAINT, Kind.QUESTION],
        platforms=["twitter"],
        tags=["vip"],
        first=20 * MINUTE,
        urgent=True,
    )
    team = replace(TEAM, rules=[rule])
    story = seen(told(at(21, "20:00"), team, tags=["VIP"]), team)
    untagged = told(at(21, "20:00"), team)
    urgent = replace(untagged, conversation=untagged.conversation.tagged(["VIP"], team))

    assert "The rule" not in story
    story = seen(urgent, team)
    assert (
        "The rule *Important people* of *care* matched (complaints or questions, on X, tagged vip):"
        " *a first answer* within *20 min*, counted day and night because it is urgent." in story
    )
    assert "Sat 21 Nov 20:00 to 20:20 · counts 20 min" in story
    assert "Nobody is called outside" not in story


def test_what_somebody_else_said_it_is_is_named():
    judged = after(told(at(20, "10:00")), lambda it: it.judge(Kind.QUESTION, "U0BEN", TEAM))

    assert "It counts as a question because <@U0BEN> said so." in seen(judged)


def test_the_oldest_of_several_that_wait_is_the_one_that_counts():
    known = told(at(20, "10:00"), heard_at=at(20, "10:01"))
    again = replace(POST, id=8, posted_at=at(20, "10:30"), heard_at=at(20, "11:00"))
    both = replace(known, mentions=[again, *known.mentions])

    assert "wrote the oldest message that still waits on *Fri 20 Nov 10:00*" in seen(both)
    assert "We heard of it on Fri 20 Nov 10:01, 1 min later" in seen(both)


def test_nothing_promised_says_so():
    praise = told(at(20, "10:00"), kind=Kind.PRAISE)

    assert "The team *care* promises nothing for praise. So there is no deadline" in seen(praise)


def test_a_rule_that_promises_nothing_says_so():
    team = replace(TEAM, rules=[Rule(name="Fans", kinds=[Kind.COMPLAINT])])

    assert "The rule *Fans* of *care* matched (complaints), and it promises nothing." in seen(
        told(at(20, "10:00"), team), team
    )


def test_a_last_word_has_no_clock():
    thanks = after(
        told(at(20, "10:00")),
        lambda it: it.sent(at(20, "10:20"), TEAM).hear(at(20, "11:00"), TEAM, thanks=True),
    )

    assert "It sounds like the customer's last word, so no clock runs" in seen(thanks)


def test_a_further_answer_counts_from_the_further_message():
    team = replace(TEAM, further_within={Kind.COMPLAINT: 2 * HOUR})
    again = after(
        told(at(20, "10:00"), team),
        lambda it: it.sent(at(20, "10:20"), team).hear(at(20, "11:00"), team),
    )

    assert "*a further answer* within *2 h* of working time" in seen(again, team)
    assert "Fri 20 Nov 11:00 to 13:00 · counts 2 h" in seen(again, team)


def test_who_is_kept_in_the_loop_counts_from_our_answer():
    team = replace(TEAM, keep_in_the_loop={Kind.COMPLAINT: 8 * HOUR})
    open_still = after(told(at(20, "10:00"), team), lambda it: it.sent(at(20, "10:20"), team))

    story = seen(open_still, team)

    assert "*another word, until it is settled,* within *8 h* of working time" in story
    assert "We answered on *Fri 20 Nov 10:20*, in time." in story
    assert "That makes *8 h: due Mon 23 Nov 10:20*." in story


def test_a_promise_is_its_own_deadline():
    noon = at(24, "12:00")
    kept = after(
        told(at(20, "10:00")),
        lambda it: it.sent(at(20, "11:20"), TEAM, promised_for=noon, by="U0ANA"),
    )

    story = seen(kept)

    assert "<@U0ANA> promised the customer another word." in story
    assert "We answered on *Fri 20 Nov 11:20*, late." in story
    assert "*It was promised for Tue 24 Nov 12:00, whatever the hours are then.*" in story
    assert "30 min before, Tue 24 Nov 11:30:" in story


def test_a_promise_pauses_the_answer():
    promised = after(
        told(at(20, "10:00")),
        lambda it: replace(it, promised_at=at(20, "10:20"), promised_for=at(20, "11:00")),
    )
    answer = promised.conversation._answer(TEAM)

    assert "Fri 20 Nov 10:20 to 11:00 · paused: promised" in lines(answer)


# The ladder

LADDER = (
    Rung(after=-15 * MINUTE, call="owner", say=Where.DIRECT),
    Rung(after=timedelta(0), call="on_duty"),
    Rung(after=30 * MINUTE, call="manager", say=Where.CHANNEL),
)


def test_each_rung_tells_what_it_will_do():
    rota = Rota(BERLIN, [Shift(4, NINE_TO_FIVE[0], "U0BEN")])
    team = replace(TEAM, ladder=LADDER, rota=rota, repeat=Repeat(every=2 * HOUR, times=3))

    story = " ".join(seen(told(at(20, "10:00"), team), team).split())

    for part in (
        "15 min before, Fri 20 Nov 10:45: whoever has it then; if nobody, all who are here ,"
        " by direct message",
        "at the deadline, Fri 20 Nov 11:00: who is on duty: <@U0BEN>",
        "30 min after, Fri 20 Nov 11:30: the manager: <@U0LEA> , shown in the channel",
        "then every 2 h, 3 times, from Fri 20 Nov 13:30: the manager: <@U0LEA>",
    ):
        assert part in story


def test_a_deadline_that_moved_calls_once_more():
    team = replace(TEAM, ladder=LADDER)
    moved = after(
        told(at(20, "10:00"), team),
        lambda it: it.climb(team, at(20, "10:45")).snooze(
            at(20, "12:00"), "U0ANA", "", at(20, "10:50"), team
        ),
    )
    nags = [Nagged(at=at(20, "10:45"), rung=0, call="owner", whom="here")]

    story = " ".join(seen(moved, team, at(20, "10:55"), nags).split())

    assert (
        "15 min before, of an earlier deadline: said Fri 20 Nov 10:45 to all who are here" in story
    )
    assert "15 min before, Fri 20 Nov 12:00: whoever" in story
    assert "(reached Fri 20 Nov 10:45, said when the pause ends)" in story


def test_a_nag_that_came_too_late_to_be_said_is_not_called_said():
    team = replace(TEAM, ladder=LADDER[1:])
    late = after(
        told(at(20, "15:59"), team),
        lambda it: replace(it.climb(team, at(20, "16:59")), unsaid_until=at(23, "09:00")),
    )
    nags = [Nagged(at=at(20, "16:59"), rung=0, call="on_duty", whom=CHANNEL)]

    story = " ".join(seen(late, team, nags=nags).split())

    assert (
        "at the deadline: could not be said in working hours, so it is said Mon 23 Nov 09:00 to"
        " the channel" in story
    )
    assert "30 min after, Mon 23 Nov 09:29:" in story


def test_where_no_one_has_that_role_the_channel_is_named():
    team = replace(TEAM, ladder=LADDER, manager=None)

    story = " ".join(seen(told(at(20, "10:00"), team), team).split())

    assert "at the deadline, Fri 20 Nov 11:00: the channel" in story
    assert "30 min after, Fri 20 Nov 11:30: the channel , shown in the channel" in story


def test_each_rung_tells_what_it_has_done():
    team = replace(TEAM, ladder=LADDER, repeat=Repeat(every=2 * HOUR, times=2))
    late = after(
        told(at(20, "10:00"), team),
        lambda it: it.claim("U0ANA", at(20, "10:10"), team).climb(team, at(20, "13:31")),
    )
    nags = [
        Nagged(at=at(20, "10:45"), rung=0, call="owner", whom="U0ANA"),
        Nagged(at=at(20, "13:31"), rung=3, call="manager", whom=CHANNEL),
    ]

    story = " ".join(seen(late, team, at(20, "13:40"), nags).split())

    assert "15 min before: said Fri 20 Nov 10:45 to <@U0ANA>" in story
    assert "at the deadline: left out, as a later one was reached as well" in story
    assert "again: said Fri 20 Nov 13:31 to the channel" in story
    assert "then every 2 h, once, from Fri 20 Nov 15:30:" in story


def test_a_rung_counts_working_time_only():
    team = replace(TEAM, ladder=[Rung(after=20 * MINUTE, call=CHANNEL)])

    story = seen(told(at(20, "15:45"), team), team)

    assert "20 min after, Mon 23 Nov 09:05: the channel" in " ".join(story.split())


def test_what_falls_due_with_closing_is_said_at_opening():
    known = told(at(20, "16:00"))

    story = " ".join(seen(known).split())

    assert "at the deadline, Mon 23 Nov 09:00: whoever has it" in story
    assert "(reached Fri 20 Nov 17:00, said when the team is back)" in story
    assert "What is reached then is said once, when the team is back." in story


def test_in_a_pause_a_rung_waits_for_its_end():
    late = after(
        told(at(20, "10:00")),
        lambda it: it.snooze(at(20, "12:00"), "U0ANA", "", at(20, "11:00"), TEAM),
    )

    story = " ".join(seen(late).split())

    assert "(reached Fri 20 Nov 11:00, said when the pause ends)" in story


def test_while_our_answer_is_on_its_way_nobody_is_called():
    replying = after(told(at(20, "10:00")), lambda it: it.reply("U0ANA", at(20, "10:10"), TEAM))

    story = seen(replying)

    assert "while it is, nobody is called" in story
    assert "the channel" not in story


def test_a_long_ladder_is_cut_in_the_middle():
    ladder = [Rung(after=n * MINUTE, call="S0LEADS") for n in range(90)]

    story = seen(told(at(20, "10:00")), replace(TEAM, ladder=ladder))

    assert story.count("<@S0LEADS>") == 60
    assert "… and 30 more" in story


# What is over


def test_a_kept_promise_says_by_how_much():
    kept = after(told(at(20, "10:00")), lambda it: it.sent(at(20, "10:48"), TEAM, by="U0ANA"))

    story = seen(kept)

    assert "*Kept.* It was answered on Fri 20 Nov 10:48, 12 min before it was due." in story
    assert "That makes *1 h: due Fri 20 Nov 11:00*." in story
    assert "Who is called" not in story


def test_of_what_is_over_the_ladder_shows_only_what_was_said():
    broken = after(
        told(at(20, "10:00")),
        lambda it: it.climb(TEAM, at(20, "11:00")).sent(at(20, "11:20"), TEAM, by="U0ANA"),
    )
    nags = [Nagged(at=at(20, "11:00"), rung=0, call="owner", whom="U0ANA")]

    story = " ".join(seen(broken, nags=nags).split())

    assert story.endswith("at the deadline: said Fri 20 Nov 11:00 to <@U0ANA>")


def test_a_rung_of_which_nothing_was_written_down_is_over():
    climbed = after(told(at(20, "10:00")), lambda it: it.climb(TEAM, at(20, "11:00")))

    assert "at the deadline: over" in seen(climbed)


def test_a_broken_promise_says_by_how_much_and_how_much_of_that_was_work():
    broken = after(told(at(20, "15:30")), lambda it: it.sent(at(23, "09:15"), TEAM, by="U0ANA"))

    assert (
        "*Broken.* It was answered on Mon 23 Nov 09:15, 64 h 45 min after it was due:"
        " 45 min of working time." in seen(broken)
    )


def test_what_was_dismissed_owes_nothing():
    dismissed = after(
        told(at(20, "10:00")), lambda it: it.dismiss("U0BEN", "Spam", at(20, "10:05"))
    )

    assert "*Dismissed by <@U0BEN>: Spam.* No answer was owed any more." in seen(dismissed)


def test_what_was_settled_owes_nothing_more():
    team = replace(TEAM, keep_in_the_loop={Kind.COMPLAINT: 8 * HOUR})
    settled = after(
        told(at(20, "10:00"), team),
        lambda it: it.sent(at(20, "10:20"), team).settle("U0BEN", at(20, "10:30")),
    )

    assert "*Settled* by <@U0BEN>. Nothing more was owed." in seen(settled, team)


def test_what_ended_under_another_policy_is_not_counted_anew():
    kept = after(told(at(20, "10:00")), lambda it: it.sent(at(20, "10:48"), TEAM, by="U0ANA"))
    stricter = replace(TEAM, answer_within={Kind.COMPLAINT: MINUTE})

    story = seen(kept, stricter)

    assert "It was due *Fri 20 Nov 11:00*, by the promises and pauses of that time." in story
    assert "*Kept.*" in story


def test_an_answer_from_before_verdicts_were_written_is_judged_by_its_times():
    old = after(
        told(at(20, "10:00")),
        lambda it: replace(it.sent(at(20, "11:30"), TEAM, by="U0ANA"), verdict=None),
    )

    assert "*Broken.* It was answered on Fri 20 Nov 11:30, 30 min after it was due." in seen(old)
