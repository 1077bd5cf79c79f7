"""Opening hours, holidays, pauses and clock changes; an oracle judges what no table can list."""

import pickle
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from statistics import median
from time import process_time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.domain.calendar import (
    ALWAYS,
    HORIZON,
    Calendar,
    Day,
    NeverOpens,
    Pause,
    Stretch,
    What,
    Window,
    zone,
)
from tests.domain.oracle import Hours, Oracle, Plan, Scene, Ticks

BERLIN = zone("Europe/Berlin")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
CLOSED: tuple[Window, ...] = ()


def windows(*texts: str) -> tuple[Window, ...]:
    return tuple(map(Window.read, texts))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


NINE_TO_FIVE = (windows("09:00-17:00"),) * 5 + (CLOSED, CLOSED)
EVERY_DAY = (windows("09:00-17:00"),) * 7
OFFICE = Calendar(BERLIN, NINE_TO_FIVE)
MON, TUE = berlin("2026-11-23"), berlin("2026-11-24")


def told(lines: list[Stretch]) -> list[tuple[str, str, str, bool, str]]:
    """The reasons in Berlin's wall time, short enough to compare."""
    return [
        (
            f"{each.start.astimezone(BERLIN):%d %H:%M}",
            f"{each.end.astimezone(BERLIN):%d %H:%M}",
            str(each.what),
            each.counts,
            each.name,
        )
        for each in lines
    ]


# How a window is written


@pytest.mark.parametrize(
    ("text", "opens", "closes"),
    [
        ("09:00-12:30", 9 * 3600, 12 * 3600 + 1800),
        ("09:00:30-09:00:31", 9 * 3600 + 30, 9 * 3600 + 31),
        (" 09:00 - 17:00 ", 9 * 3600, 17 * 3600),
        ("09:00\u201317:00", 9 * 3600, 17 * 3600),
        ("22:00-06:00", 22 * 3600, 30 * 3600),
        ("18:00-06:00", 18 * 3600, 30 * 3600),
        ("22:00-00:00", 22 * 3600, 24 * 3600),
        ("09:00-24:00", 9 * 3600, 24 * 3600),
        ("00:00-24:00", 0, 24 * 3600),
        ("17:00-09:00+1", 17 * 3600, 33 * 3600),
        ("09:00-09:00+1", 9 * 3600, 33 * 3600),
    ],
)
def test_a_window_is_read_as_people_write_it(text: str, opens: int, closes: int) -> None:
    assert Window.read(text) == Window(opens, closes)


@pytest.mark.parametrize(
    ("text", "mend"),
    [
        ("17:00-09:00", 'Turn it round, or write "17:00-09:00+1"'),
        ("18:00-06:01", 'write "18:00-06:01+1"'),
        ("09:00-09:00", "Write 00:00-24:00 for round the clock."),
        ("00:00-00:00", "Write 00:00-24:00 for round the clock."),
        ("24:00-06:00", "Write 00:00, on the next day."),
        ("09:00-10:00+1", "Write two windows."),
        ("09:00-24:01", "Write 00:00 to 24:00."),
        ("09:60-17:00", "Write 00:00 to 24:00."),
        ("9-17", 'Write it as "09:00-17:00".'),
        ("", 'Write it as "09:00-17:00".'),
        ("\u0660\u0669:00-17:00", 'Write it as "09:00-17:00".'),
    ],
)
def test_a_window_that_makes_no_sense_is_refused_with_the_mend(text: str, mend: str) -> None:
    with pytest.raises(ValueError, match=r".") as refused:
        Window.read(text)

    assert mend in str(refused.value)


@pytest.mark.parametrize(
    ("name", "mend"),
    [
        ("Berlin", 'Did you mean "Europe/Berlin"?'),
        ("europe/BERLIN ", 'Write it as in "Europe/Berlin".'),
        ("Mars/Olympus", 'Write it as in "Europe/Berlin".'),
        ("Europe", 'Write it as in "Europe/Berlin".'),
        ("../../etc/passwd", 'Write it as in "Europe/Berlin".'),
        ("localtime", 'Write it as in "Europe/Berlin".'),
        ("a\0b", 'Write it as in "Europe/Berlin".'),
        ("", 'Write it as in "Europe/Berlin".'),
    ],
)
def test_an_unknown_zone_is_refused_with_the_mend(name: str, mend: str) -> None:
    with pytest.raises(ValueError, match="There is no time zone") as refused:
        zone(name)

    assert mend in str(refused.value)


# When it is due


def test_what_begins_outside_the_hours_is_counted_from_the_next_opening() -> None:
    saturday = berlin("2026-11-21 16:30")

    assert OFFICE.due(saturday, HOUR) == berlin("2026-11-23 10:00")
    assert OFFICE.due(saturday, HOUR).tzinfo is UTC


def test_what_is_used_up_at_closing_is_due_at_closing() -> None:
    assert OFFICE.due(MON + 16 * HOUR, HOUR) == berlin("2026-11-23 17:00")
    assert OFFICE.due(MON + 9 * HOUR, 8 * HOUR) == berlin("2026-11-23 17:00")
    assert OFFICE.due(MON + 9 * HOUR, 16 * HOUR) == berlin("2026-11-24 17:00")
    tick = timedelta(microseconds=1)
    assert OFFICE.due(MON + 16 * HOUR, HOUR + tick) == berlin("2026-11-24 09:00") + tick


@pytest.mark.parametrize(
    ("start", "first"),
    [
        ("2026-11-21 12:00", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 09:00"),
        ("2026-11-23 12:00", "2026-11-23 12:00"),
        ("2026-11-23 17:00", "2026-11-24 09:00"),
    ],
)
def test_zero_is_due_at_the_first_open_moment(start: str, first: str) -> None:
    assert OFFICE.due(berlin(start), timedelta(0)) == berlin(first)
    assert OFFICE.opening(berlin(start)) == berlin(first)


def test_zero_in_a_pause_is_due_when_the_pause_ends() -> None:
    pause = Pause(MON + 10 * HOUR, MON + 11 * HOUR)

    assert OFFICE.due(MON + 10 * HOUR, timedelta(0), [pause]) == MON + 11 * HOUR


def test_overlapping_pauses_count_once() -> None:
    pauses = [
        Pause(MON + 12 * HOUR, MON + 14 * HOUR, "b"),
        Pause(MON + 10 * HOUR, MON + 13 * HOUR, "a"),
        Pause(MON + 10.5 * HOUR, MON + 11 * HOUR, "inside"),
        Pause(MON + 9.5 * HOUR, MON + 9.5 * HOUR, "empty"),
    ]

    due = OFFICE.due(MON + 9 * HOUR, 2 * HOUR, pauses)

    assert due == MON + 15 * HOUR
    assert told(OFFICE.stretches(MON + 9 * HOUR, due, pauses)) == [
        ("23 09:00", "23 10:00", "open", True, ""),
        ("23 10:00", "23 13:00", "pause", False, "a"),
        ("23 13:00", "23 14:00", "pause", False, "b"),
        ("23 14:00", "23 15:00", "open", True, ""),
    ]


def test_windows_that_overlap_or_touch_count_once() -> None:
    messy = (windows("10:00-13:00", "09:00-11:00", "13:00-17:00"),) * 5 + (CLOSED, CLOSED)
    calendar = Calendar(BERLIN, messy)

    assert calendar.due(MON, 8 * HOUR) == MON + 17 * HOUR
    assert calendar.hours_of(MON.date()) == OFFICE.hours_of(MON.date())
    assert calendar.stretches(MON, TUE) == OFFICE.stretches(MON, TUE)


def test_an_overnight_window_overlaps_the_next_morning_once() -> None:
    night = Calendar(BERLIN, (windows("22:00-06:00", "05:00-08:00"),) * 7)

    assert night.between(MON, TUE) == 10 * HOUR
    assert night.closing(MON) == MON + 8 * HOUR


@pytest.mark.parametrize("name", ["Europe/Berlin", "Asia/Kolkata", "Australia/Adelaide"])
def test_the_hours_are_those_of_the_zone(name: str) -> None:
    there = replace(OFFICE, zone=zone(name))
    monday = datetime(2026, 11, 23, tzinfo=there.zone)

    assert there.due(monday, HOUR) == datetime(2026, 11, 23, 10, tzinfo=there.zone)


@pytest.mark.parametrize("bad", [timedelta(microseconds=-1), -HOUR])
def test_a_negative_target_is_refused(bad: timedelta) -> None:
    with pytest.raises(ValueError, match="zero minutes or more"):
        OFFICE.due(MON, bad)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="has no time zone"):
        OFFICE.due(datetime(2026, 11, 23), HOUR)  # noqa: DTZ001


def test_the_end_must_not_lie_before_the_start_nor_beyond_the_horizon() -> None:
    with pytest.raises(ValueError, match="Turn them round"):
        OFFICE.between(TUE, MON)
    with pytest.raises(ValueError, match="more than ten years"):
        OFFICE.stretches(MON, MON + HORIZON + DAY)


@pytest.mark.parametrize("year", [1, 9999])
def test_a_year_at_the_end_of_time_is_refused(year: int) -> None:
    with pytest.raises(ValueError, match="too far away"):
        OFFICE.due(datetime(year, 6, 1, tzinfo=UTC), HOUR)


@pytest.mark.parametrize(
    "calendar",
    [
        Calendar(BERLIN, (CLOSED,) * 7),
        Calendar(BERLIN, (CLOSED,) * 7, days={date(2000, 1, 1): Day("", windows("09:00-10:00"))}),
    ],
)
def test_a_calendar_that_never_opens_says_so(calendar: Calendar) -> None:
    with pytest.raises(NeverOpens, match="never opens within ten years after 2026-11-22"):
        calendar.opening(MON)


def test_a_target_beyond_the_horizon_is_refused() -> None:
    with pytest.raises(NeverOpens, match=r"never opens within ten years .* as long as was asked"):
        ALWAYS.due(MON, HORIZON + HOUR)
    assert ALWAYS.due(MON, HORIZON) == MON.astimezone(UTC) + HORIZON


def test_a_pause_of_a_hundred_years_ends_the_search() -> None:
    for_ever = Pause(MON, datetime(2126, 1, 1, tzinfo=UTC))

    with pytest.raises(NeverOpens):
        OFFICE.due(MON, HOUR, [for_ever])


def test_a_week_has_seven_days() -> None:
    with pytest.raises(ValueError, match="seven days"):
        Calendar(BERLIN, (CLOSED,) * 6)


# Holidays and other special days


def test_a_holiday_closes_the_windows_that_open_on_it_and_last_night_runs_to_its_end() -> None:
    night = Calendar(BERLIN, (windows("22:00-06:00"),) * 7, {date(2026, 12, 25): "Christmas"})
    eve, after = berlin("2026-12-24 20:00"), berlin("2026-12-27 00:00")

    assert told(night.stretches(eve, after)) == [
        ("24 20:00", "24 22:00", "closed", False, ""),
        ("24 22:00", "25 06:00", "open", True, ""),
        ("25 06:00", "26 00:00", "holiday", False, "Christmas"),
        ("26 00:00", "26 22:00", "closed", False, ""),
        ("26 22:00", "27 00:00", "open", True, ""),
    ]


def test_each_holiday_is_a_line_of_its_own_and_a_weekend_is_one() -> None:
    names = {date(2026, 12, 25): "same", date(2026, 12, 26): "same", date(2027, 1, 1): "new"}
    calendar = replace(OFFICE, holidays=names)

    assert told(calendar.stretches(berlin("2026-12-24 16:00"), berlin("2026-12-28 10:00"))) == [
        ("24 16:00", "24 17:00", "open", True, ""),
        ("24 17:00", "25 00:00", "closed", False, ""),
        ("25 00:00", "26 00:00", "holiday", False, "same"),
        ("26 00:00", "27 00:00", "holiday", False, "same"),
        ("27 00:00", "28 09:00", "closed", False, ""),
        ("28 09:00", "28 10:00", "open", True, ""),
    ]


def test_days_with_their_own_hours_win_over_holidays_and_holidays_over_the_week() -> None:
    calendar = replace(
        OFFICE,
        holidays={date(2026, 12, 24): "", date(2026, 12, 25): "Christmas"},
        days={
            date(2026, 12, 24): Day("Eve", windows("09:00-12:00"), What.HALF_HOLIDAY),
            date(2026, 12, 27): Day("Stocktaking", windows("10:00-11:00")),
            date(2026, 12, 28): Day("Moving house", CLOSED),
        },
    )

    assert told(calendar.stretches(berlin("2026-12-24 08:00"), berlin("2026-12-29 10:00"))) == [
        ("24 08:00", "24 09:00", "half holiday", False, "Eve"),
        ("24 09:00", "24 12:00", "half holiday", True, "Eve"),
        ("24 12:00", "25 00:00", "half holiday", False, "Eve"),
        ("25 00:00", "26 00:00", "holiday", False, "Christmas"),
        ("26 00:00", "27 00:00", "closed", False, ""),
        ("27 00:00", "27 10:00", "exception", False, "Stocktaking"),
        ("27 10:00", "27 11:00", "exception", True, "Stocktaking"),
        ("27 11:00", "28 00:00", "exception", False, "Stocktaking"),
        ("28 00:00", "29 00:00", "exception", False, "Moving house"),
        ("29 00:00", "29 09:00", "closed", False, ""),
        ("29 09:00", "29 10:00", "open", True, ""),
    ]


def test_a_special_night_is_one_line_over_midnight() -> None:
    long_night = Day("Long night", windows("20:00-04:00"))
    calendar = replace(OFFICE, days={date(2026, 11, 23): long_night})

    assert ("23 20:00", "24 04:00", "exception", True, "Long night") in told(
        calendar.stretches(MON, TUE + DAY)
    )


# Clock changes: on 29 March 2026 Berlin has no 02:00 to 03:00, on 25 October two of them


@pytest.mark.parametrize(
    ("hours", "real"),
    [
        ("01:00-05:00", [("00:00", "03:00")]),
        ("02:30-05:00", [("01:30", "03:00")]),  # opens at 03:30
        ("01:00-02:30", [("00:00", "01:30")]),  # closes at 03:30
        ("02:15-02:45", [("01:15", "01:45")]),  # 03:15 to 03:45
        ("02:30-03:00", []),  # 03:30 to 03:00: dropped
        ("02:00-03:00", []),
    ],
)
@pytest.mark.fault(36)
def test_a_wall_time_that_does_not_exist_is_an_hour_later(
    hours: str, real: list[tuple[str, str]]
) -> None:
    day = date(2026, 3, 29)
    calendar = Calendar(BERLIN, (windows(hours),) * 7)

    found = [tuple(f"{at:%H:%M}" for at in span) for span in calendar.hours_of(day)]

    assert found == real


@pytest.mark.parametrize(
    ("hours", "minutes"),
    [
        ("01:00-05:00", 300),
        ("02:00-03:00", 120),
        ("02:30-03:00", 90),
        ("02:15-02:45", 30),
        ("01:00-02:30", 90),
    ],
)
@pytest.mark.fault(36)
def test_an_ambiguous_wall_time_is_the_first(hours: str, minutes: int) -> None:
    calendar = Calendar(BERLIN, (windows(hours),) * 7)
    sunday = berlin("2026-10-25 00:00")

    counted = calendar.between(sunday, sunday + DAY)

    assert counted == timedelta(minutes=minutes)


@pytest.mark.fault(36)
def test_a_night_of_the_clock_change_is_as_long_as_it_really_was() -> None:
    night = Calendar(BERLIN, (windows("22:00-06:00"),) * 7)

    spring, autumn = night.hours_of(date(2026, 3, 28))[0], night.hours_of(date(2026, 10, 24))[0]

    assert (spring[1] - spring[0], autumn[1] - autumn[0]) == (7 * HOUR, 9 * HOUR)


def test_a_midnight_that_does_not_exist_leaves_no_gap_in_round_the_clock() -> None:
    havana = replace(ALWAYS, zone=zone("America/Havana"))
    start = datetime(2026, 3, 7, 12, tzinfo=UTC)

    assert [each.length for each in havana.stretches(start, start + 3 * DAY)] == [3 * DAY]
    assert havana.closing(start) is None


def test_hours_begin_in_time_when_midnight_itself_was_skipped() -> None:
    toronto = Calendar(zone("America/Toronto"), (windows("00:30-02:00"),) * 7)
    change = datetime(1919, 3, 31, 4, 30, tzinfo=UTC)  # from 23:30 to 00:30

    assert [each.counts for each in toronto.stretches(change - HOUR, change + 2 * HOUR)] == [
        False,
        True,
        False,
    ]
    assert toronto.opening(change - HOUR) == change
    assert toronto.is_open(change)


def test_a_date_that_was_skipped_has_no_windows() -> None:
    samoa = Calendar(zone("Pacific/Apia"), EVERY_DAY)

    hours = [len(samoa.hours_of(date(2011, 12, day))) for day in (29, 30, 31)]

    assert hours == [1, 0, 1]
    assert samoa.between(*(datetime(2011, 12, day, tzinfo=samoa.zone) for day in (29, 31))) == (
        8 * HOUR
    )


# Asking about one moment


@pytest.mark.parametrize(
    ("at", "expected"), [("08:59:59", False), ("09:00", True), ("16:59:59", True), ("17:00", False)]
)
def test_it_is_open_from_the_opening_until_just_before_the_closing(at: str, expected: bool) -> None:
    assert OFFICE.is_open(berlin(f"2026-11-23 {at}")) is expected


def test_closing_joins_windows_that_touch() -> None:
    late = Calendar(BERLIN, (windows("18:00-24:00"), windows("00:00-02:00"), *(CLOSED,) * 5))

    assert late.closing(MON + 20 * HOUR) == TUE + 2 * HOUR


def test_closing_of_what_is_closed_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="Ask for its opening first"):
        OFFICE.closing(MON)


def test_round_the_clock_never_closes_but_for_a_holiday() -> None:
    with_holiday = replace(ALWAYS, holidays={date(2030, 1, 1): "New Year"})
    nearly = replace(ALWAYS, week=(windows("00:00-12:00", "12:00-24:00"),) * 7)

    assert ALWAYS.closing(MON) is None
    assert nearly.closing(MON) is None
    assert with_holiday.closing(MON) == datetime(2030, 1, 1, tzinfo=UTC)
    assert with_holiday.closing(datetime(2031, 1, 1, tzinfo=UTC)) is None


def test_nothing_lies_between_a_moment_and_itself() -> None:
    assert OFFICE.between(MON, MON) == timedelta(0)
    assert OFFICE.stretches(MON, MON) == []


def test_a_calendar_can_be_copied_stored_and_compared() -> None:
    used = replace(OFFICE, holidays={date(2026, 11, 23): "Monday"})
    used.due(MON, HOUR)

    other = replace(used, holidays={})

    assert pickle.loads(pickle.dumps(used)) == used
    assert used.due(MON, HOUR) == TUE + 10 * HOUR
    assert other.due(MON, HOUR) == MON + 10 * HOUR
    assert other == OFFICE


def test_a_calendar_forgets_days_before_it_remembers_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.domain.calendar.REMEMBERED", 5)
    forgetful = replace(OFFICE)

    assert forgetful.due(MON, 80 * HOUR) == OFFICE.due(MON, 80 * HOUR)
    assert len(forgetful._hours) <= 5


# The oracle


@dataclass(frozen=True)
class Case:
    """What Hypothesis makes up; days and ticks are numbers within a scene."""

    rules: list[tuple[int, Hours]]  # on which weekdays, as bits, and from when to when
    holidays: list[int]
    own: list[tuple[int, list[Hours]]]
    pauses: list[Ticks]
    asked: Ticks
    within: int
    to_a_closing: bool

    def plan(self, scene: Scene) -> Plan:
        days = scene.dates
        week = (tuple(h for bits, h in self.rules if bits >> n & 1) for n in range(7))
        pauses = (_ordered(each, scene.ticks) for each in self.pauses)
        return Plan(
            week=tuple(week),
            holidays=frozenset(days[n % len(days)] for n in self.holidays),
            own={days[n % len(days)]: tuple(hours) for n, hours in self.own},
            pauses=tuple(pauses),
        )


def _ordered(pair: Ticks, limit: int) -> Ticks:
    first, last = sorted(each % limit for each in pair)
    return first, last


def _hours(opens: int, length: int, unit: int) -> Hours:
    return opens * unit, (opens + length) * unit


def cases(unit: int, longest: int) -> st.SearchStrategy[Case]:
    """`unit`: how fine the hours are, in seconds. `longest`: the largest target, in ticks."""
    whole = 86_400 // unit
    near = sorted({m * 60 // unit for m in (0, 1, 29, 30, 60, 90, 119, 120, 121, 150, 180, 1410)})
    long = [n * 60 // unit for n in (1, 15, 30, 60, 90, 480, 720, 1439, 1440)]
    opens = st.sampled_from(near) | st.integers(0, whole - 1)
    length = st.sampled_from(long) | st.integers(1, whole)
    hours = st.builds(_hours, opens, length, st.just(unit))
    tick = st.integers(0, 200_000)
    return st.builds(
        Case,
        rules=st.lists(st.tuples(st.integers(0, 127), hours), max_size=4),
        holidays=st.lists(st.integers(0, 10), max_size=2),
        own=st.lists(st.tuples(st.integers(0, 10), st.lists(hours, max_size=2)), max_size=2),
        pauses=st.lists(st.tuples(tick, tick), max_size=3),
        asked=st.tuples(tick, tick),
        within=st.sampled_from([0, 1, 60]) | st.integers(0, longest),
        to_a_closing=st.booleans(),
    )


def calendar_of(scene: Scene, plan: Plan) -> Calendar:
    def real(hours: tuple[Hours, ...]) -> tuple[Window, ...]:
        return tuple(Window(*each) for each in hours)

    return Calendar(
        zone=zone(scene.zone),
        week=tuple(real(hours) for hours in plan.week),
        holidays={day: f"holiday {day}" for day in plan.holidays},
        days={day: Day(f"own {day}", real(hours)) for day, hours in plan.own.items()},
    )


def agree(scene: Scene, case: Case) -> None:
    """The calendar and the oracle say the same, and every reason is true."""
    plan = case.plan(scene)
    oracle, calendar = Oracle(scene, plan), calendar_of(scene, plan)
    pauses = [Pause(scene.moment(a), scene.moment(b), f"pause {a}") for a, b in plan.pauses]
    start, end = _ordered(case.asked, scene.ticks)
    within = _asked(oracle, start, end, case)
    begin, step = scene.moment(start), timedelta(seconds=scene.tick)

    assert calendar.is_open(begin) == oracle.open[start]
    assert calendar.between(begin, scene.moment(end), pauses) == oracle.between(start, end) * step
    lines = calendar.stretches(begin, scene.moment(end), pauses)
    assert _adds_up(lines, begin, scene.moment(end)) == oracle.between(start, end) * step
    for line in lines:
        check_the_reason(line, scene, oracle)

    if (expected := oracle.due(start, within)) is None:  # not in this scene
        assert calendar.between(begin, scene.moment(scene.ticks), pauses) == timedelta(0)
        return
    due = calendar.due(begin, within * step, pauses)
    assert due == scene.moment(expected)
    assert _adds_up(calendar.stretches(begin, due, pauses), begin, due) == within * step


def _asked(oracle: Oracle, start: int, end: int, case: Case) -> int:
    """How many ticks to ask for: made up, or exactly until a closing; no more than there are."""
    closing = oracle.counts.find(b"\1\0", end)
    if case.to_a_closing and closing >= 0:
        return oracle.between(start, closing + 1)
    return min(case.within, oracle.between(start, oracle.scene.ticks))


def _adds_up(lines: list[Stretch], start: datetime, end: datetime) -> timedelta:
    """From start to end without a gap, nothing empty, and no two neighbours that are one."""
    edges = [start, *(each.end for each in lines)]
    assert [each.start for each in lines] == edges[:-1]
    assert edges[-1] == end
    assert all(each.start < each.end for each in lines)
    assert not any(a.alike(b) for a, b in pairwise(lines))
    return sum((each.counted for each in lines), timedelta())


def check_the_reason(line: Stretch, scene: Scene, oracle: Oracle) -> None:
    """Each tick of it is what the line says, and a special day's line is of that day only."""
    begin, end = scene.number(line.start), scene.number(line.end)
    every = bytes([1]) * (end - begin)
    assert oracle.paused[begin:end] == (every if line.what is What.PAUSE else bytes(end - begin))
    if line.what is What.PAUSE:
        assert not line.counts
    elif line.counts:
        assert oracle.open[begin:end] == every
        assert line.what is What.OPEN or (line.what is What.EXCEPTION and any(oracle.plan.own))
    else:
        assert not any(oracle.open[begin:end])
        assert _closed_reasons(oracle, begin, end) == {(line.what, line.name)}


def _closed_reasons(oracle: Oracle, begin: int, end: int) -> set[tuple[What, str]]:
    return {_closed_reason(oracle.plan, day) for day in oracle.days(begin, end)}


def _closed_reason(plan: Plan, day: date) -> tuple[What, str]:
    if day in plan.own:
        return What.EXCEPTION, f"own {day}"
    return (What.HOLIDAY, f"holiday {day}") if day in plan.holidays else (What.CLOSED, "")


def scenes(*names: str, days: int = 8, tick: int = 60) -> list[Scene]:
    """Each is written "Europe/Berlin 2026-03-29": the day of interest lies in the middle."""
    return [_scene(*name.split(), days, tick) for name in names]


def _scene(name: str, day: str, days: int, tick: int) -> Scene:
    middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return Scene(name, middle - timedelta(days=days // 2), days, tick)


SCENES = {
    "Berlin": scenes("Europe/Berlin 2026-03-29", "Europe/Berlin 2026-10-25"),
    "New York": scenes("America/New_York 2026-03-08", "America/New_York 2026-11-01"),
    "where nothing is changed": scenes(
        "Asia/Kolkata 2026-06-10", "Asia/Kathmandu 2026-12-31", "UTC 2024-02-29"
    ),
    "Adelaide and the Chathams": scenes(
        "Australia/Adelaide 2026-04-05",
        "Australia/Adelaide 2026-10-04",
        "Pacific/Chatham 2026-04-05",
        "Pacific/Chatham 2026-09-27",
    ),
    "Lord Howe": scenes("Australia/Lord_Howe 2026-04-05", "Australia/Lord_Howe 2026-10-04"),
    "St. John's": scenes(
        "America/St_Johns 2026-03-08", "America/St_Johns 2010-03-14", "America/St_Johns 2010-11-07"
    ),
    "midnights that are missing or come twice": scenes(
        "America/Havana 2026-03-08",
        "America/Havana 2026-11-01",
        "Africa/Cairo 2026-04-24",
        "Africa/Cairo 2026-10-30",
        "America/Sao_Paulo 2018-11-04",
        "America/Toronto 1919-03-31",  # from 23:30 to 00:30
    ),
    "Samoa, Nuuk and the Azores": scenes(
        "Pacific/Apia 2011-12-30",
        "America/Nuuk 2024-03-31",
        "America/Nuuk 2024-10-27",
        "Atlantic/Azores 2026-03-29",
    ),
}
BY_THE_SECOND = scenes(
    "Europe/Berlin 2026-03-29",
    "Australia/Lord_Howe 2026-04-05",
    "America/St_Johns 2010-11-07",
    days=2,
    tick=1,
)
MANY, FEW = 2_550, 600
Record = Callable[[str, object], None]


@pytest.mark.parametrize("where", SCENES)
@pytest.mark.fault(36)
def test_the_oracle_agrees_minute_by_minute(where: str, record_property: Record) -> None:
    judged = compare(SCENES[where], cases(unit=60, longest=4_000), MANY)

    record_property("tells", f"the oracle agrees on {judged:,} calendars and instants: {where}")
    assert judged >= 2_500


def test_the_oracle_agrees_second_by_second(record_property: Record) -> None:
    judged = compare(BY_THE_SECOND, cases(unit=1, longest=9_000), FEW)

    record_property("tells", f"the oracle agrees on {judged:,} calendars, second by second")
    assert judged >= 500


def compare(where: list[Scene], made: st.SearchStrategy[Case], times: int) -> int:
    """How many cases they agree on; the first that they don't is the failure."""
    judged = 0

    @settings(
        max_examples=times,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.sampled_from(where), made)
    def judge(scene: Scene, case: Case) -> None:
        nonlocal judged
        agree(scene, case)
        judged += 1

    judge()
    return judged


# What holds for every calendar

ANY_HOURS = st.builds(_hours, st.integers(0, 86_399), st.integers(3_600, 86_400), st.just(1))
ANY_WINDOWS = st.lists(ANY_HOURS.map(lambda hours: Window(*hours)), max_size=2).map(tuple)
ANY_DATE = st.dates(date(2026, 1, 1), date(2026, 12, 31))
ANY_CALENDAR = st.builds(
    Calendar,
    zone=st.sampled_from(["Europe/Berlin", "Asia/Kolkata", "America/Havana", "UTC"]).map(zone),
    week=st.tuples(*[ANY_WINDOWS] * 7).filter(any),
    holidays=st.dictionaries(ANY_DATE, st.just("holiday"), max_size=5),
    days=st.dictionaries(ANY_DATE, st.builds(Day, st.just("own"), ANY_WINDOWS), max_size=5),
)
ANY_MOMENT = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
ANY_PAUSE = st.tuples(ANY_MOMENT, ANY_MOMENT).map(lambda pair: Pause(*sorted(pair)))
OFTEN = settings(max_examples=250, derandomize=True, database=None, deadline=None)


@OFTEN
@given(ANY_CALENDAR, ANY_MOMENT, st.timedeltas(timedelta(0), 3 * DAY), st.lists(ANY_PAUSE))
def test_due_and_between_undo_each_other(
    calendar: Calendar, start: datetime, within: timedelta, pauses: list[Pause]
) -> None:
    due = calendar.due(start, within, pauses)
    lines = calendar.stretches(start, due, pauses)

    assert calendar.between(start, due, pauses) == within
    assert _adds_up(lines, start, due) == within
    assert within == timedelta(0) or lines[-1].counts
    earlier = due - timedelta(microseconds=1)
    assert (
        earlier < start
        or within == timedelta(0)
        or (calendar.between(start, earlier, pauses) < within)
    )


@OFTEN
@given(ANY_CALENDAR, ANY_MOMENT)
def test_opening_and_closing_tell_the_same_story_as_is_open(
    calendar: Calendar, at: datetime
) -> None:
    opening = calendar.opening(at)
    closing = calendar.closing(opening)

    assert calendar.is_open(opening)
    assert calendar.is_open(at) == (opening == at)
    assert closing is None or not calendar.is_open(closing)
    assert closing is None or calendar.between(opening, closing) == closing - opening


# How long it takes


def took(act: Callable[[], object], times: int = 31) -> float:
    """The median, in milliseconds."""
    return median(_once(act) for _ in range(times))


def _once(act: Callable[[], object]) -> float:
    begin = process_time()
    act()
    return (process_time() - begin) * 1000


def test_a_month_long_target_costs_well_under_a_millisecond(record_property: Record) -> None:
    hours = (windows("09:00-12:30", "13:30-18:00"),) * 5 + (CLOSED, CLOSED)
    holidays = {date(2026, 12, 25) + n * 9 * DAY: f"holiday {n}" for n in range(40)}
    calendar = Calendar(BERLIN, hours, holidays)

    cold = took(lambda: replace(calendar).due(MON, 720 * HOUR))
    calendar.due(MON, 720 * HOUR)
    warm = took(lambda: calendar.due(MON, 720 * HOUR))
    month = took(lambda: replace(calendar).due(MON, 160 * HOUR))

    record_property(
        "tells",
        f"720 working hours: {warm:.2f} ms, {cold:.1f} ms on a new calendar; 160: {month:.2f} ms",
    )
    assert warm < 1
    assert cold < 50


def test_round_the_clock_costs_next_to_nothing() -> None:
    ALWAYS.due(MON, 30 * DAY)

    assert took(lambda: ALWAYS.due(MON, HOUR)) < 0.5
    assert took(lambda: ALWAYS.due(MON, 30 * DAY)) < 1
    assert took(lambda: ALWAYS.closing(MON)) < 0.5


def test_looking_as_far_as_the_horizon_takes_no_time_to_speak_of() -> None:
    def look() -> None:
        with pytest.raises(NeverOpens):
            Calendar(BERLIN, (CLOSED,) * 7).opening(MON)

    assert took(look, times=3) < 1000
