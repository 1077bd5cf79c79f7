"""Asking for deadlines on the command line, and the examples of docs/clock.md."""

import json
import re
import subprocess
import sys
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from time import process_time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.deadline import WEEKDAYS, answers, read_calendar, said, sentences
from bot.domain.calendar import ALWAYS, Day, Pause, What, Window

PAGE = (Path(__file__).parents[1] / "docs" / "clock.md").read_text(encoding="utf-8")
OFFICE = {
    "timezone": "Europe/Berlin",
    "hours": {day: [["09:00", "17:00"]] for day in WEEKDAYS[:5]},
}
ASKED = {"calendar": OFFICE, "start": "2026-11-21T15:30:00Z", "minutes": 60}
TEAM = read_calendar({"timezone": "Asia/Kolkata", "hours": OFFICE["hours"]})


def ask(*questions: Any, text: bool = False, team: Any = None) -> list[dict[str, Any]]:
    lines = (each if isinstance(each, str) else json.dumps(each) for each in questions)
    return [json.loads(answer) for answer in answers(lines, team, text=text)]


def error(question: Any) -> str:
    [answer] = ask(question)
    assert list(answer) == ["error"], answer
    return str(answer["error"])


# What it answers


def test_it_answers_when_and_why() -> None:
    assert ask({**ASKED, "start": "2026-11-20T15:30:00Z"}) == [
        {
            "due": "2026-11-23T08:30:00Z",
            "why": [
                {
                    "from": "2026-11-20T15:30:00Z",
                    "to": "2026-11-20T16:00:00Z",
                    "seconds": 1800,
                    "what": "open",
                    "name": "",
                },
                {
                    "from": "2026-11-20T16:00:00Z",
                    "to": "2026-11-23T08:00:00Z",
                    "seconds": 0,
                    "what": "closed",
                    "name": "",
                },
                {
                    "from": "2026-11-23T08:00:00Z",
                    "to": "2026-11-23T08:30:00Z",
                    "seconds": 1800,
                    "what": "open",
                    "name": "",
                },
            ],
        }
    ]


def test_between_two_instants_it_answers_how_much() -> None:
    [answer] = ask({"calendar": OFFICE, "start": "2026-11-20T15:30Z", "end": "2026-11-23T09:00Z"})

    assert answer["seconds"] == 5400
    assert isinstance(answer["seconds"], int)
    assert sum(line["seconds"] for line in answer["why"]) == 5400


def test_parts_of_seconds_and_of_minutes_count() -> None:
    question = {**ASKED, "start": "2026-11-23T08:00:00.25Z", "minutes": 0.025}

    [answer] = ask(question)

    assert answer["due"] == "2026-11-23T08:00:01.750000Z"
    assert [line["seconds"] for line in answer["why"]] == [1.5]


def test_a_pause_may_say_why() -> None:
    pause = ["2026-11-23T08:30:00Z", "2026-11-23T09:30:00+00:00", "snoozed"]

    [answer] = ask({**ASKED, "pauses": [pause]})

    assert answer["due"] == "2026-11-23T10:00:00Z"
    assert [(line["what"], line["name"]) for line in answer["why"]] == [
        ("closed", ""),
        ("open", ""),
        ("pause", "snoozed"),
        ("open", ""),
    ]


def test_a_line_without_a_calendar_is_counted_by_the_team_and_one_with_its_own_by_that() -> None:
    without = {"start": ASKED["start"], "minutes": 60}

    by_the_team, by_its_own = ask(without, ASKED, team=TEAM)

    assert by_the_team["due"] == "2026-11-23T04:30:00Z"
    assert by_its_own["due"] == "2026-11-23T09:00:00Z"


@pytest.mark.parametrize("more", [{}, {"hours": "always"}])
def test_without_hours_it_is_round_the_clock(more: dict[str, str]) -> None:
    [answer] = ask({**ASKED, "calendar": {"timezone": "UTC", **more}})

    assert answer["due"] == "2026-11-21T16:30:00Z"


def test_special_days_come_with_and_without_names() -> None:
    calendar = read_calendar(
        {
            "timezone": "UTC",
            "holidays": {"2026-12-25": "Christmas Day"},
            "closed": ["2026-12-28"],
            "days": {"2026-12-24": ["09:00-12:00"], "2026-12-31": []},
        }
    )

    assert calendar.holidays == {date(2026, 12, 25): "Christmas Day"}
    assert calendar.days == {
        date(2026, 12, 24): Day("", (Window.read("09:00-12:00"),)),
        date(2026, 12, 28): Day("", ()),
        date(2026, 12, 31): Day("", ()),
    }


def test_a_bad_line_says_why_and_the_rest_goes_on() -> None:
    first, bad, last = ask(ASKED, "", "{", "   \n", ASKED)

    assert first == last
    assert bad["error"].startswith("This line is not JSON:")


def test_lines_are_answered_as_they_come() -> None:
    def lines() -> Iterable[str]:
        yield json.dumps(ASKED)
        raise AssertionError("the second was read before the first was answered")

    assert "due" in next(answers(lines(), None, text=False))


# What it refuses


def with_calendar(**changes: Any) -> dict[str, Any]:
    return {**ASKED, "calendar": {**OFFICE, **changes}}


def without(key: str) -> dict[str, Any]:
    return {each: value for each, value in ASKED.items() if each != key}


@pytest.mark.parametrize(
    ("question", "mend"),
    [
        ("nonsense", "Write one such as {"),
        ("[" * 100_000, "nested too deeply"),
        ("[]", "must be an object"),
        ("17", "must be an object"),
        ('{"start": 1, "start": 2}', '"start" is there twice'),
        (without("calendar"), "with --team"),
        (without("start"), 'There is no "start"'),
        (without("minutes"), "one of the two, and not both"),
        ({**ASKED, "end": "2026-11-23T00:00:00Z"}, "one of the two, and not both"),
        ({**ASKED, "minute": 5}, 'called "minute"'),
        ({**ASKED, "minutes": True}, "must be a number"),
        ({**ASKED, "minutes": None}, "must be a number"),
        ({**ASKED, "minutes": "60"}, "must be a number"),
        ({**ASKED, "minutes": -1}, "between 0 and"),
        ({**ASKED, "minutes": -1e-9}, "between 0 and"),
        ({**ASKED, "minutes": 10**12}, "between 0 and"),
        (json.dumps(ASKED).replace("60", "NaN"), "NaN is no number"),
        (json.dumps(ASKED).replace("60", "-Infinity"), "-Infinity is no number"),
        (json.dumps(ASKED).replace("60", "1e999"), "between 0 and"),
        (json.dumps(ASKED).replace("60", "9" * 5000), "is no number"),
        ({**ASKED, "start": "2026-11-21T15:30:00"}, "has no time zone"),
        ({**ASKED, "start": "2026-11-21"}, "is no instant"),
        ({**ASKED, "start": "2026-02-30T00:00:00Z"}, "is no instant there is"),
        ({**ASKED, "start": "2026-11-21T15:30:00+25:00"}, "is no instant there is"),
        ({**ASKED, "start": 1_790_000_000}, "is no instant"),
        ({**ASKED, "start": "\ud800"}, "is no instant"),
        ({**ASKED, "start": "9999-12-31T23:59:59Z"}, "too far away"),
        ({**ASKED, "start": "0001-01-01T00:00:00+14:00"}, "too far away"),
        ({**without("minutes"), "end": "2026-11-21T15:29:59Z"}, "Turn them round"),
        ({**without("minutes"), "end": "2037-11-21T15:30:00Z"}, "more than ten years"),
        ({**ASKED, "pauses": {}}, "must be a list"),
        ({**ASKED, "pauses": [["2026-11-21T15:30:00Z"]]}, "a pair of instants"),
        ({**ASKED, "pauses": [["2026-11-21T15:30:00Z", "2026-11-21T15:29:59Z"]]}, "Turn it round"),
        ({**ASKED, "pauses": [["2026-11-21T15:30:00", "2026-11-21T16:30:00Z"]]}, "no time zone"),
        ({**ASKED, "pauses": [["2026-11-21T15:30:00Z", "2126-11-21T15:30:00Z"]]}, "never opens"),
        ({**ASKED, "calendar": None}, "must be an object"),
        ({**ASKED, "calendar": {"hours": "always"}}, "has no time zone"),
        (with_calendar(timezone="Berlin"), 'Did you mean "Europe/Berlin"?'),
        (with_calendar(timezone=None), "must be a text"),
        (with_calendar(zone="UTC"), 'called "zone"'),
        (with_calendar(hours="never"), 'must be "always"'),
        (with_calendar(hours=None), 'must be "always"'),
        (with_calendar(hours={}), "never opens"),
        (with_calendar(hours={"mon": []}), "never opens"),
        (with_calendar(hours={"Mon": [["09:00", "17:00"]]}), 'called "Mon"'),
        (with_calendar(hours={"mon": "09:00-17:00"}), "must be a list"),
        (with_calendar(hours={"mon": [["09:00"]]}), "pairs of times"),
        (with_calendar(hours={"mon": [[9, 17]]}), "pairs of times"),
        (with_calendar(hours={"mon": ["09:00", "17:00"]}), "is no window"),
        (with_calendar(hours={"mon": [["17:00", "09:00"]]}), 'write "17:00-09:00+1"'),
        (with_calendar(hours={"mon": [["09:00", "25:00"]]}), "is no time of day"),
        (with_calendar(holidays="DE"), "must be dates"),
        (with_calendar(holidays=[20261225]), "is no date"),
        (with_calendar(holidays=["2026-W52-5"]), "is no date"),
        (with_calendar(holidays=["2026-02-30"]), "is no date there is"),
        (with_calendar(holidays={"2026-12-25": 1}), "must be a text"),
        (with_calendar(days=["2026-12-24"]), "hours by date"),
        (with_calendar(days={"2026-12-24": "closed"}), "must be a list"),
        (with_calendar(days={"2026-12-24": []}, closed=["2026-12-24"]), "Keep one of the two"),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_what_can_not_be_answered_is_refused_with_the_mend(question: Any, mend: str) -> None:
    said_why = error(question)

    assert mend in said_why
    assert said_why.endswith((".", "?"))


def test_even_what_nobody_thought_of_does_not_end_the_rest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bot.domain.calendar.Calendar.due", lambda *_: 1 / 0)

    assert error(ASKED) == "This line can't be answered: ZeroDivisionError. Check it."


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=6,
)


@settings(max_examples=300, derandomize=True, database=None, deadline=None)
@given(st.sampled_from([*ASKED, "end", "pauses", *OFFICE, "holidays", "closed", "days"]), ANYTHING)
def test_whatever_stands_there_one_line_answers_it(key: str, value: Any) -> None:
    inside = key in ("timezone", "hours", "holidays", "closed", "days")
    question = with_calendar(**{key: value}) if inside else {**ASKED, key: value}

    for text in (False, True):
        [answer] = answers([json.dumps(question)], None, text=text)
        assert len(answer.splitlines()) == 1
        assert json.loads(answer).keys() in ({"due", "why"}, {"error"})
        answer.encode()


# As sentences


def test_the_reasons_are_sentences_in_the_wall_time_of_the_zone() -> None:
    assert ask(ASKED, text=True) == [
        {
            "due": "2026-11-23T09:00:00Z",
            "why": [
                "Sat 21 Nov 16:30 to Mon 23 Nov 09:00: closed, does not count",
                "Mon 23 Nov 09:00 to 10:00: open, 1 h counts",
            ],
        }
    ]


def test_a_sentence_names_the_day_and_the_year_where_it_is_another() -> None:
    question = with_calendar(
        holidays={"2027-01-01": "Neujahr\u2028früh"}, days={"2026-12-31": ["09:00-12:30:30"]}
    )
    question |= {"start": "2026-12-31T11:00:00Z"}

    [line] = answers([json.dumps(question)], None, text=True)

    assert "früh" in line
    assert "\u2028" not in line
    assert json.loads(line)["why"] == [
        "Thu 31 Dec 12:00 to 12:30:30: exception, 30 min 30 s counts",
        "Thu 31 Dec 12:30:30 to 24:00: exception, does not count",
        "Fri 1 Jan 2027 00:00 to 24:00: holiday (Neujahr\u2028früh), does not count",
        "Sat 2 Jan 2027 00:00 to Mon 4 Jan 2027 09:00: closed, does not count",
        "Mon 4 Jan 2027 09:00 to 09:29:30: open, 29 min 30 s counts",
    ]


def test_a_sentence_over_a_clock_change_names_both_times() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    start = datetime(2026, 10, 25, 2, 30, tzinfo=berlin)

    told = sentences(ALWAYS.stretches(start, start.replace(fold=1)), berlin)

    assert told == ["Sun 25 Oct 02:30 CEST to 02:30 CET: open, 1 h counts"]


def test_sentences_of_half_holidays_and_pauses_name_them() -> None:
    day = datetime(2026, 12, 24, tzinfo=ZoneInfo("UTC"))
    half = Day("Eve", (Window.read("09:00-12:00"),), What.HALF_HOLIDAY)
    calendar = read_calendar({"timezone": "UTC"})
    calendar = type(calendar)(calendar.zone, calendar.week, days={day.date(): half})
    hour = timedelta(hours=1)

    lines = calendar.stretches(day + 9 * hour, day + 11 * hour, [Pause(day, day + 10 * hour, "!")])

    assert sentences(lines, calendar.zone) == [
        "Thu 24 Dec 09:00 to 10:00: pause (!), does not count",
        "Thu 24 Dec 10:00 to 11:00: half holiday (Eve), 1 h counts",
    ]
    assert sentences([], calendar.zone) == []


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (0.5, "0.5 s"), (60, "1 min"), (5400, "1 h 30 min"), (2_592_001, "720 h 1 s")],
)
def test_a_span_is_said_as_people_say_it(seconds: float, words: str) -> None:
    assert said(timedelta(seconds=seconds)) == words


# How long it takes


@pytest.mark.parametrize("calendars", [1, 1000])
def test_a_thousand_lines_take_less_than_a_second(calendars: int) -> None:
    lines = [
        json.dumps(
            with_calendar(holidays={"2026-12-25": f"holiday {n % calendars}"})
            | {"start": f"2026-11-{n % 28 + 1:02}T15:30:00Z", "minutes": 60 * (n % 30)}
        )
        for n in range(1000)
    ]

    took = min(_seconds(lines) for _ in range(3))

    assert took < 1


def _seconds(lines: list[str]) -> float:
    begin = process_time()
    assert sum('"due"' in line for line in answers(lines, None, text=False)) == 1000
    return process_time() - begin


# docs/clock.md


def cells(row: str) -> list[str]:
    return [cell.strip() for cell in row.strip()[1:-1].split("|")]


def table(head: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    found = PAGE.partition(f"| {head} |")[2].partition("\n\n")[0]
    return [cells(row) for row in found.strip().splitlines()[2:]]


EXAMPLES, REFUSED = table("what it shows"), table("calendar")
BLOCKS = re.findall(r"```json( text)?\n(.*?)```", PAGE, re.DOTALL)


def test_the_page_has_its_examples() -> None:
    assert len(EXAMPLES) >= 20
    assert len(REFUSED) >= 4
    assert len(BLOCKS) >= 3


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example[0])
def test_an_example_of_the_page_is_true(example: list[str]) -> None:
    _, where, hours, special, start, target, due, counts = example
    zone = ZoneInfo(where)
    calendar = {"timezone": where, "hours": _week(hours), **_special(special)}
    question = {"calendar": calendar, "start": _instant(start, zone), "minutes": _minutes(target)}

    [answer] = ask({**question, "pauses": _pauses(special, zone)})

    assert answer["due"] == _instant(due, zone).replace("+00:00", "Z")
    assert _counted(answer["why"], zone) == counts
    assert sum(line["seconds"] for line in answer["why"]) == 60 * _minutes(target)


@pytest.mark.parametrize(("calendar", "says"), REFUSED)
def test_what_the_page_calls_refused_is(calendar: str, says: str) -> None:
    assert error({**ASKED, "calendar": json.loads(calendar.strip("`"))}) == says


@pytest.mark.parametrize(("text", "block"), BLOCKS)
def test_a_conversation_on_the_page_is_a_real_one(text: str, block: str) -> None:
    lines = [json.loads(line) for line in block.splitlines()]

    assert ask(*lines[::2], text=bool(text)) == lines[1::2]


def _week(hours: str) -> str | dict[str, list[str]]:
    if hours == "always":
        return hours
    found = {}
    for each in hours.split(";"):
        days, _, windows = each.strip().partition(" ")
        first, _, last = days.partition("-")
        span = slice(WEEKDAYS.index(first), WEEKDAYS.index(last or first) + 1)
        found |= {day: windows.split(", ") for day in WEEKDAYS[span]}
    return found


def _special(special: str) -> dict[str, Any]:
    found: dict[str, Any] = {"holidays": [], "closed": [], "days": {}}
    for what, _, rest in (each.strip().partition(" ") for each in special.split(";")):
        if what in ("holiday", "closed"):
            found["holidays" if what == "holiday" else "closed"].append(rest)
        elif what and what != "pause":
            found["days"][what] = [rest]
    return found


def _pauses(special: str, zone: ZoneInfo) -> list[list[str]]:
    spans = re.findall(r"pause (\S+ \S+) to (\S+ [^\s;]+)", special)
    return [[_instant(f"Day {at}", zone) for at in span] for span in spans]


def _instant(written: str, zone: ZoneInfo) -> str:
    """ "Sat 2026-11-21 16:30", with an offset where the time on the wall comes twice, in UTC."""
    weekday, _, rest = written.partition(" ")
    at = datetime.fromisoformat(rest)
    assert weekday in (f"{at:%a}", "Day"), f"{rest} is a {at:%A}"
    known = at if at.tzinfo else at.replace(tzinfo=zone)
    return known.astimezone(ZoneInfo("UTC")).isoformat()


def _minutes(target: str) -> int:
    count, unit = target.split()
    return int(count) * {"min": 1, "h": 60}[unit]


def _counted(why: list[dict[str, Any]], zone: ZoneInfo) -> str:
    spans = [(line["from"], line["to"]) for line in why if line["seconds"]]
    return ", ".join(_span(*(datetime.fromisoformat(at) for at in span), zone) for span in spans)


def _span(start: datetime, end: datetime, zone: ZoneInfo) -> str:
    first, last = start.astimezone(zone), end.astimezone(zone)
    day = "" if first.date() == last.date() else f"{last:%a} "
    return f"{first:%a %H:%M}-{day}{last:%H:%M}"


def test_who_has_seen_enough_gets_no_traceback():
    asked = (
        '{"calendar": {"timezone": "UTC"}, "start": "2026-11-21T15:30:00Z", "minutes": 60}\n' * 5000
    )
    command = f"{sys.executable} -m bot deadline | head -1"

    done = subprocess.run(
        ["bash", "-c", command], input=asked, capture_output=True, text=True, check=False
    )

    assert done.stdout.count("due") == 1
    assert done.stderr == ""


def test_each_line_is_answered_before_the_next_is_asked():
    command = [sys.executable, "-m", "bot", "deadline"]
    asked = '{"calendar": {"timezone": "UTC"}, "start": "2026-11-21T15:30:00Z", "minutes": 60}\n'

    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as running:
        for _ in range(2):
            running.stdin.write(asked)
            running.stdin.flush()
            assert "due" in running.stdout.readline()
        running.stdin.close()
        assert running.wait(10) == 0
