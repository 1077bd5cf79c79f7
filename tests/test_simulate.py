"""What if: a month of a team's life, told again as it was and as it would have been."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, text

from bot import simulate
from bot.domain.clock import Standing
from bot.domain.conversation import UNSETTLED
from bot.domain.replay import Life, tell
from bot.domain.team import Team
from bot.domain.verdict import Verdict
from bot.playground.pings import pings
from storage import conversations, journal, verdicts
from storage.database import Database, connect, reading
from storage.tables import conversations as all_conversations
from storage.tables import mentions, metadata
from storage.tables import verdicts as all_verdicts
from tests import month
from tests.month import ANA, CLOCKS_GO_BACK, END, FILE, LEA, NATIONAL_DAY, OUTAGE, VIENNA, vienna
from tests.processes import PLAIN, ROOT
from tests.things import remember

OCTOBER = ("--from", "2026-10-01", "--to", "2026-11-01")
SECONDS = 10  # that a month may take, on both databases


@dataclass
class Lived:
    """A month that has passed, and where it was written down."""

    month: month.Month
    database: Database
    folder: Path
    kind: str

    def team(self, text: str = FILE) -> Team:
        return month.read(self.folder, text)["care"]

    def run(self, *words: str, text: str = FILE) -> str:
        """`python -m bot simulate` as somebody runs it, with this teams.toml."""
        (self.folder / "teams.toml").write_text(text)
        done = subprocess.run(
            [sys.executable, "-m", "bot", "simulate", *OCTOBER, *words],
            cwd=self.folder,
            env={**PLAIN, "PYTHONPATH": str(ROOT), "DATABASE_URL": self.url},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def figures(self, text: str = FILE) -> tuple[dict, dict]:
        told = json.loads(self.run("--json", text=text))
        return told["was"], told["would"]

    def lives(self, team: Team) -> Iterator[Life]:
        with reading(self.database) as db:
            for diary in journal.lives(db, until=END):
                yield tell(diary, team, END)

    @property
    def url(self) -> str:
        return self.database.url.render_as_string(hide_password=False)


@pytest.fixture
def sqlite(migrated_sqlite, tmp_path) -> Iterator[Database]:
    file = tmp_path / "month.db"
    file.write_bytes(migrated_sqlite)
    engine = connect(f"sqlite:///{file}")
    yield engine
    engine.dispose()


def test_a_month_of_a_teams_life(sqlite, postgresql, tmp_path, subtests, record_property):
    """It takes half a minute to live through one: it is lived once, and told on both databases."""
    passed = month.lived(sqlite, tmp_path)
    copy(sqlite, postgresql)
    for database in (sqlite, postgresql):
        lived = Lived(passed, database, tmp_path, database.dialect.name)
        for check in CHECKS:
            with subtests.test(f"{check.__name__} on {lived.kind}"):
                check(lived)
        mentions, took = passed.happened["mentions"], seconds_to_tell(lived)
        record_property("tells", f"a month of {mentions:,} mentions on {lived.kind}: {took:.1f} s")
        assert took < SECONDS


def copy(source: Database, target: Database) -> None:
    """Every row of one database into another."""
    with reading(source) as read, target.begin() as written:
        names = ", ".join(table.name for table in metadata.sorted_tables)
        written.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in read.execute(select(table))]
            for start in range(0, len(rows), 500):
                written.execute(table.insert(), rows[start : start + 500])


def test_what_is_from_before_the_journal_is_said(database):
    remember(database)
    told = simulate.history(database, vienna(1), END, now=END)

    lines = list(simulate.report(told, told, zone=VIENNA, named="other.toml"))

    assert lines[-1] == "Left out: 1 conversation is from before there was a journal."


def _by_hand(lived: Lived, text: str) -> tuple[Standing, datetime, list[tuple[datetime, str]]]:
    """How the clock of that conversation ended, and whom it called when."""
    number = lived.month.numbered(lived.month.by_hand)
    [life] = [life for life in lived.lives(lived.team(text)) if life.it.id == number]
    first = life.verdicts[0]
    return first.verdict, first.due_at, [(nag.at, nag.whom) for nag in life.over[0].nags]


def _fell_silent(lived: Lived) -> set[int]:
    """Whose nags Slack did not take that evening, and who still waited in the morning."""
    with reading(lived.database) as db:
        nagged = journal.nagged_between(db, OUTAGE[0], vienna(14, 17))
        numbers = {number for number, _ in nagged}
        lives = [
            tell(diary, lived.month.team, vienna(15, 8))
            for diary in journal.lives(db, until=vienna(15, 8))
            if diary.bare.id in numbers
        ]
    waiting = [life.it for life in lives if life.it.open and not life.it.snoozed(vienna(15, 8))]
    return {it.id for it in waiting if it.rungs_climbed}


def _key(message: dict) -> str:
    return (message.get("metadata") or {}).get("event_payload", {}).get("key", "")


def _calls(message: dict) -> bool:
    """Whether it calls somebody, or says a list. A card names people, and calls nobody anew."""
    return _key(message).startswith("list:") or (
        bool(pings(message)) and not _key(message).startswith("card:")
    )


def _end(verdict: Verdict) -> tuple[int, datetime]:
    return verdict.conversation, verdict.ended_at


def seconds_to_tell(lived: Lived) -> float:
    begun = time.monotonic()
    lived.run()
    return time.monotonic() - begun


def both_columns_are_the_same(lived: Lived) -> None:
    rows = [line for line in lived.run().splitlines() if line.startswith("  ")]
    assert len(rows) > 20
    assert all(row[22:42].strip() == row[42:].strip() for row in rows)
    was, would = lived.figures()
    assert was == would
    assert was["late"] > 200
    assert was["nags"] > 1000


def with_the_file_of_those_days_history_is_repeated_to_the_letter(lived: Lived) -> None:
    with reading(lived.database) as db:
        judged = verdicts.due_between(db, vienna(-60), vienna(90))
        nagged = list(journal.nagged_between(db, vienna(1), END))
        running = {
            each.id: each.due_at for each in conversations.due_between(db, vienna(-60), vienna(90))
        }

    lives = list(lived.lives(lived.team()))

    again = [each for life in lives for each in life.verdicts if each.due_at]
    assert sorted(again, key=_end) == sorted(judged, key=_end)
    assert Counter((life.it.id, nag) for life in lives for nag in life.nags) == Counter(nagged)
    still = {life.it.id: life.it.due_at for life in lives if life.it.state in UNSETTLED}
    assert {number: due_at for number, due_at in still.items() if due_at} == running


def any_days_of_it_are_told_the_same(lived: Lived) -> None:
    teams, asked = month.read(lived.folder), {"now": END, "team": "care"}
    for start, end in ((vienna(5), vienna(6)), (vienna(24), vienna(28)), (vienna(31), END)):
        was = simulate.history(lived.database, start, end, **asked)
        would = simulate.replayed(lived.database, teams, start, end, **asked)
        assert (was.spans, was.nags) == (would.spans, would.nags)
        assert was.spans


def nothing_that_came_in_is_lost(lived: Lived) -> None:
    counted = select(func.count()).select_from(all_conversations)
    k, m = all_conversations.c, mentions.c
    with reading(lived.database) as db:
        by_state = dict(db.execute(select(k.state, func.count()).group_by(k.state)).all())
        began = db.execute(counted).scalar_one()
        kept = select(func.count()).where(m.origin == "customer")
        heard = db.execute(kept).scalar_one()
        ended = dict(
            db.execute(
                select(all_verdicts.c.verdict, func.count()).group_by(all_verdicts.c.verdict)
            ).all()
        )

    happened = lived.month.happened
    assert heard == happened["mentions"] >= 2000
    assert began == sum(by_state.values())
    lives = list(lived.lives(lived.team()))
    assert began == len(lives)
    assert sum(ended.values()) == sum(len(life.over) for life in lives)
    assert min(ended[each] for each in ("kept", "broken", "cancelled")) > 100


def the_holiday_and_the_clock_change_are_in_it(lived: Lived) -> None:
    team = lived.team()

    assert NATIONAL_DAY.weekday() == 0
    assert team.calendar.hours_of(NATIONAL_DAY) == ()
    saturday = vienna(24, 11, 30)
    assert team.calendar.due(saturday, timedelta(hours=1)) == datetime(
        2026, 10, 27, 7, 30, tzinfo=UTC
    )
    assert vienna(24).astimezone(VIENNA).utcoffset() != vienna(26).astimezone(VIENNA).utcoffset()
    assert CLOCKS_GO_BACK.weekday() == 6


def one_conversation_counted_by_hand(lived: Lived) -> None:
    """Saturday 11:30 until 12:00, no Monday, and Tuesday 08:00 until 08:30."""
    assert _by_hand(lived, FILE) == (
        Standing.BROKEN,
        vienna(27, 8, 30),
        [
            (vienna(27, 8, 15), "here"),
            (vienna(27, 8, 30), ANA),
            (vienna(27, 9, 30), LEA),
        ],
    )


def the_same_one_under_other_rules(lived: Lived) -> None:
    for old, new, due_at, nags in OTHERWISE:
        assert old in FILE
        assert _by_hand(lived, FILE.replace(old, new)) == (Standing.BROKEN, due_at, nags)


def longer_targets_are_missed_less_often_and_shorter_ones_more(lived: Lived) -> None:
    was, shorter = lived.figures(FILE.replace('"PT1H", question', '"PT20M", question'))
    _, longer = lived.figures(FILE.replace('"PT1H", question', '"PT6H", question'))

    assert longer["late"] < was["late"] < shorter["late"]
    assert longer["nags"] < was["nags"] < shorter["nags"]


def other_hours_call_at_other_hours(lived: Lived) -> None:
    hours = 'mon-fri = ["08:00-12:00", "12:30-17:00"], sat = "09:00-12:00"'
    was, would = lived.figures(FILE.replace(hours, 'mon-fri = "10:00-19:00"'))

    morning, evening = (
        [(each["nags_by_hour"].get("08", 0)) for each in (was, would)],
        [each["nags_by_hour"].get("18", 0) for each in (was, would)],
    )
    assert morning[0] > 100 > 10 > morning[1]
    assert evening[0] < 10 < 50 < evening[1]


def other_rungs_call_other_people(lived: Lived) -> None:
    was, would = lived.figures(FILE.replace('call = "on_duty"', 'call = "S0LEADS"'))

    assert would["nags_to"]["S0LEADS"] > 0
    assert would["nags_to"].get(ANA, 0) < was["nags_to"][ANA]
    assert would["late"] == was["late"]
    assert would["nags"] == was["nags"]


def in_an_outage_over_closing_time_nobody_is_called_at_night(lived: Lived) -> None:
    said = [
        (datetime.fromtimestamp(float(ts), VIENNA), message)
        for ts, message in lived.month.slack.messages.items()
    ]
    night = [message for at, message in said if OUTAGE[0] <= at < vienna(15, 8)]
    [morning] = [message for _, message in said if _key(message).startswith("list:care:opening:")]
    silent = _fell_silent(lived)

    assert night, "cards are hung as soon as Slack takes them"
    assert not [message["text"] for message in night if _calls(message)]
    assert "Good morning, care" in morning["text"]
    assert "while you were away" in morning["text"]
    assert silent
    for number in silent:
        assert f"\n{number}: " in morning["text"]


def a_storm_is_digested_and_posted_no_faster_than_slack_takes_it(lived: Lived) -> None:
    begins, ends = month.STORM
    posts = sorted(
        float(ts)
        for ts, message in lived.month.slack.messages.items()
        if begins.timestamp() <= float(ts) < ends.timestamp() + 600 and not message.get("thread_ts")
    )
    keys = [_key(message) for message in lived.month.slack.messages.values()]

    assert any(key.startswith("digest:") for key in keys)
    assert len(posts) > 50
    assert all(later - earlier > 50 for earlier, later in zip(posts, posts[60:], strict=False))


OTHERWISE = [
    (
        'holidays = ["AT"]\n',
        "",
        vienna(26, 8, 30),
        [
            (vienna(26, 8, 15), "here"),
            (vienna(26, 8, 30), ANA),
            (vienna(26, 9, 30), LEA),
            (vienna(26, 14), LEA),
            (vienna(27, 9), LEA),
        ],
    ),
    (
        'complaint = "PT1H", question',
        'complaint = "PT2H", question',
        vienna(27, 9, 30),
        [(vienna(27, 9, 15), "here"), (vienna(27, 9, 30), ANA)],
    ),
    (
        '  { after = "-PT15M", call = "owner" },\n',
        "",
        vienna(27, 8, 30),
        [(vienna(27, 8, 30), ANA), (vienna(27, 9, 30), LEA)],
    ),
]
CHECKS = [
    both_columns_are_the_same,
    with_the_file_of_those_days_history_is_repeated_to_the_letter,
    any_days_of_it_are_told_the_same,
    nothing_that_came_in_is_lost,
    the_holiday_and_the_clock_change_are_in_it,
    one_conversation_counted_by_hand,
    the_same_one_under_other_rules,
    longer_targets_are_missed_less_often_and_shorter_ones_more,
    other_hours_call_at_other_hours,
    other_rungs_call_other_people,
    in_an_outage_over_closing_time_nobody_is_called_at_night,
    a_storm_is_digested_and_posted_no_faster_than_slack_takes_it,
]
