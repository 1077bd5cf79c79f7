"""How good the alarms are: months of arrivals, with surges and silences hidden in them.

`python -m tests.alarms` prints two tables. The first is of months with five surges and ten failures
of a team, told by the whole bot on a clock that is moved: which alarms came, how late, and how many
were false. The second is of quiet months: how many false alarms came, by how busy a team is and how
long it is known. In them the days differ, two are holidays, one has a campaign.
"""

import math
import random
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from adapters.demo import Demo
from bot.domain.arrivals import AN_HOUR, WEEKS, Rhythm, calm, rhythm, sudden
from bot.domain.calendar import Calendar, Day, Window
from bot.domain.team import Teams
from bot.logs import begin as begin_logs
from bot.playground.workspace import Workspace
from storage import arrivals as counted
from storage import migrations, search
from storage.database import connect, reading
from storage.search import Asked
from storage.tables import outbox, silences, surges
from tests.conftest import CARE, Assembled, Clock
from tests.fake_slack import FakeSlack

BERLIN = ZoneInfo("Europe/Berlin")
PIECE = timedelta(minutes=5)
A_DAY, MONTH = timedelta(days=1), timedelta(days=30)
PIECES_A_DAY = A_DAY // PIECE
BEGIN = datetime(2026, 9, 6, 22, tzinfo=UTC)  # a Monday, midnight in Berlin
BY_HOUR = (
    *(0.15, 0.1, 0.08, 0.06, 0.06, 0.1, 0.25, 0.5, 0.8, 1.0, 1.1, 1.1),
    *(1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.1, 1.1, 0.9, 0.6, 0.3),
)
BY_DAY = (1.15, 1.0, 1.0, 1.0, 0.95, 0.6, 0.5)
UNLIKE = 0.35  # how much days differ: standard deviation of their logarithm, half of it kept
HOLIDAYS, CAMPAIGN = (0.25, 0.4), 1.8
RELEARNT = 6 * AN_HOUR  # how often the simulation counts anew what is usual


@dataclass(frozen=True)
class Arrivals:
    """How many came in each piece of five minutes from `start` on; the month is the end of it."""

    start: datetime
    pieces: Sequence[int]

    def at(self, number: int) -> datetime:
        return self.start + number * PIECE

    @property
    def month(self) -> range:
        return range(len(self.pieces) - MONTH // PIECE, len(self.pieces))


def arrivals(seed: int, busiest: float, weeks: float) -> Arrivals:
    """A quiet month after so many weeks; `busiest` is about how many come in its busiest hours."""
    chance = random.Random(f"{seed} {busiest} {weeks}")
    days = round(weeks * 7) + MONTH.days
    first = days - MONTH.days
    special = dict(zip(chance.sample(range(first, days), 3), (*HOLIDAYS, CAMPAIGN), strict=True))
    start, logarithm, pieces = BEGIN - first * A_DAY, 0.0, []
    for day in range(days):
        logarithm = logarithm / 2 + chance.gauss(0, UNLIKE * math.sqrt(0.75))
        factor = math.exp(logarithm - UNLIKE**2 / 2) * special.get(day, 1.0)
        for hour in range(24):
            wall = (start + day * A_DAY + hour * AN_HOUR).astimezone(BERLIN)
            usual = busiest * BY_HOUR[wall.hour] * BY_DAY[wall.weekday()]
            mean = usual * factor * chance.gammavariate(10, 0.1) / 12
            pieces += [poisson(chance, mean) for _ in range(12)]
    return Arrivals(start, pieces)


def poisson(chance: random.Random, mean: float) -> int:
    """Knuth's way for few; for many, the normal distribution is as good."""
    if mean > 30:
        return max(0, round(chance.gauss(mean, math.sqrt(mean))))
    limit, many, product = math.exp(-mean), 0, chance.random()
    while product > limit:
        many, product = many + 1, product * chance.random()
    return many


# Quiet months, by the domain alone


def false_alarms(of: Arrivals) -> int:
    """How many surges are told in that month although there was none."""
    told, quiet_from, known, hours = 0, of.month[0], None, _by_hour(of)
    for number in of.month:
        if (number - of.month[0]) % (RELEARNT // PIECE) == 0:
            known = _known(of, hours, number)
        if known is None or number < quiet_from:
            continue
        now = of.at(number + 1)
        recent = {of.at(n): of.pieces[n] for n in range(max(0, number - 11), number + 1)}
        if sum(recent.values()) >= 10 and sudden(recent, known, now):
            told, quiet_from = told + 1, _calm_at(of, known, number)
    return told


def _calm_at(of: Arrivals, known: Rhythm, number: int) -> int:
    for later in range(number + 12, len(of.pieces)):
        recent = {of.at(n): of.pieces[n] for n in range(later - 11, later + 1)}
        if calm(recent, known, of.at(later + 1)):
            return later
    return len(of.pieces)


def _by_hour(of: Arrivals) -> Mapping[datetime, int]:
    return {of.at(n): sum(of.pieces[n : n + 12]) for n in range(0, len(of.pieces), 12)}


def _known(of: Arrivals, hours: Mapping[datetime, int], number: int) -> Rhythm | None:
    end = of.at(number)
    start = max(of.start, end - WEEKS * 7 * A_DAY)
    return rhythm(hours, start, end - AN_HOUR, BERLIN)


def quiet_months(seeds: Sequence[int]) -> Iterator[tuple[float, float, int, int]]:
    """For each kind of team: busiest hour, weeks known, months, false alarms."""
    for busiest in (0.5, 3.0, 20.0, 150.0):
        for weeks in (0.0, 2.0, 8.0):
            told = sum(false_alarms(arrivals(seed, busiest, weeks)) for seed in seeds)
            yield busiest, weeks, len(seeds), told


# A month with five surges and ten failures, by the whole bot

SURGES, FAILURES = 5, 10
BUSY = 1.0  # customers in the busiest hours
SILENT_AFTER = 2 * AN_HOUR
WALL = (Window.read("09:00-17:00"),)
CLOSED = {date(2026, 9, 16): "a holiday", date(2026, 10, 1): "another"}
WEEK = Calendar(
    BERLIN, (*[WALL] * 5, (), ()), days={day: Day(why, ()) for day, why in CLOSED.items()}
)
ROAD = "email:lead@acme.example"


@dataclass(frozen=True)
class Span:
    """Something that is hidden in the month; `slack` is whether Slack can be reached in it."""

    start: datetime
    end: datetime
    many: int = 0
    slack: bool = True

    def has(self, at: datetime) -> bool:
        return self.start <= at < self.end


@dataclass(frozen=True)
class Plan:
    surges: Sequence[Span]
    failures: Sequence[Span]


@dataclass
class Outcome:
    """How late each alarm came, in minutes, None: never; and how many were false.

    A surge is late from its beginning, a silence from when its time was up.
    """

    surges: list[float | None] = field(default_factory=list)
    silences: list[float | None] = field(default_factory=list)
    by_road: int = 0
    false_surges: int = 0
    false_silences: int = 0
    seconds: float = 0.0


def plan(seed: int, start: datetime) -> Plan:
    """Surges at any hour; failures in the day, over nights, weekends and holidays."""
    chance = random.Random(f"plan {seed}")
    days = chance.sample(range(1, MONTH.days), SURGES)
    surges = []
    for day in sorted(days):
        begin = start + day * A_DAY + chance.randrange(PIECES_A_DAY) * PIECE
        surges.append(
            Span(begin, begin + chance.randint(40, 90) * PIECE / 5, chance.randint(25, 60))
        )
    return Plan(surges, sorted(_failures(chance, start), key=lambda span: span.start))


def _failures(chance: random.Random, start: datetime) -> Iterator[Span]:
    workdays = [
        day for n in range(MONTH.days) if WEEK.hours_of(day := start.date() + (n + 1) * A_DAY)
    ]
    over = [day for day in workdays[:-1] if not WEEK.hours_of(day + A_DAY)][:4]  # the next is free
    later = [workdays[workdays.index(day) + 1] for day in over]
    free = [day for day in workdays if day not in (*over, *later)]
    for number, day in enumerate((*chance.sample(free, FAILURES - len(over)), *over)):
        begins = 16 if day in over else chance.randint(9, 11)
        at = datetime(day.year, day.month, day.day, begins, tzinfo=BERLIN).astimezone(UTC)
        yield Span(at, WEEK.due(at, 5 * AN_HOUR), slack=number % 3 > 0)


class Roads:
    """Notes when somebody was called by mail."""

    def __init__(self, now: Clock) -> None:
        self.now, self.sent = now, list[datetime]()

    def send(self, *_call: object, **_about: object) -> None:
        self.sent.append(self.now())


class Month:
    """The real bot in such a month; a colleague dismisses all that waits, twice an hour."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.quiet = arrivals(seed, BUSY, WEEKS)
        self.begin = self.quiet.at(self.quiet.month[0])
        self.plan, self.clock = plan(seed, self.begin), Clock(self.begin)
        self.workspace = Workspace.demo(now=lambda: self.clock().timestamp())
        self.demo = Demo("demo", {}, self.clock, 7 * A_DAY)
        self.database = connect(f"sqlite:///{folder}/alarms-{seed}.db")
        migrations.upgrade(self.database)
        assembled = Assembled(self.database, FakeSlack(self.workspace), self.demo, self.clock)
        team = replace(CARE, calendar=WEEK, silent_after=SILENT_AFTER, roads=(ROAD,), ladder=())
        self.app = assembled(teams=Teams({"care": team}, tell="U0LEA"))
        self.roads = Roads(self.clock)
        self.app.courier.run.__self__.roads = self.roads  # type: ignore[attr-defined]
        self.deeds, self.heard = [self.begin], list[datetime]()

    def live(self) -> Outcome:
        began = time.perf_counter()
        self._remember()
        self.app.intake.poll("demo", self.demo)
        for number in self.quiet.month:
            self._pass(number)
        return replace(self._outcome(), seconds=time.perf_counter() - began)

    def _remember(self) -> None:
        """What it would have counted in the weeks before."""
        with self.database.begin() as db:
            for number in range(self.quiet.month[0]):
                if many := self.quiet.pieces[number]:
                    counted.add(db, "demo", "care", self.quiet.at(number), many)

    def _pass(self, number: int) -> None:
        now = self.clock.at = self.quiet.at(number + 1)
        came = self.quiet.pieces[number] + sum(_share(span, now) for span in self.plan.surges)
        came += sum(now - PIECE <= span.start < now for span in self.plan.failures)  # who waits
        for each in range(came):
            self.demo.post(f"Number {number} {each}: how does it work?", by=f"c{number}-{each}")
        self.heard += [now] * bool(came)
        failing = next((span for span in self.plan.failures if span.has(now)), None)
        self._slack_is(up=failing is None or failing.slack)
        open_ = WEEK.is_open(now)
        if came or number % (3 if open_ or self.surging else 12) == 0:
            self._turn(working=open_ and not failing and number % 6 == 0)

    @property
    def surging(self) -> bool:
        return any(span.start <= self.clock() < span.end + AN_HOUR for span in self.plan.surges)

    def _slack_is(self, *, up: bool) -> None:
        self.workspace.faults.clear()
        if not up:
            self.workspace.faults.add("broken", "chat.postMessage", times=10_000)

    def _turn(self, *, working: bool) -> None:
        self.app.intake.poll("demo", self.demo)
        if working:
            self._work()
        self.app.sweep.look_for_surges()
        self.app.sweep.look_for_silences()
        self.app.sweep.alert_some()
        self.app.courier.deliver_all()

    def _work(self) -> None:
        with reading(self.database) as db:
            waiting = search.numbers(db, Asked(), most=500)
        for number in waiting:
            self.app.desk.dismiss(number, "U0ANA", "spam")
        self.deeds += [self.clock()] * bool(waiting)

    def _outcome(self) -> Outcome:
        with reading(self.database) as db:
            told = list(db.execute(select(silences).order_by(silences.c.id)))
            notices = select(outbox.c.owed_at, outbox.c.done_at).where(
                outbox.c.lane == "silence:care"
            )
            said = {row.owed_at: row.done_at for row in db.execute(notices)}
            sprung = list(db.execute(select(surges.c.at).order_by(surges.c.id)).scalars())
        found = Outcome()
        for span in self.plan.surges:
            told_at = next((at for at in sprung if span.start <= at < span.end + AN_HOUR), None)
            found.surges.append((told_at - span.start) / timedelta(minutes=1) if told_at else None)
        for span in self.plan.failures:
            self._judge(span, [row for row in told if span.has(row.at)], said, found)
        hidden = sum(late is not None for late in found.surges)
        found.false_surges = len(sprung) - hidden
        failing = [row for row in told if any(span.has(row.at) for span in self.plan.failures)]
        found.false_silences = len(told) - len(failing)
        return found

    def _judge(
        self, span: Span, told: Sequence[Any], said: Mapping[datetime, Any], found: Outcome
    ) -> None:
        """When the manager heard it, in Slack or by mail, against when its time was up."""
        if not told:
            found.silences.append(None)
            return
        by_mail = next((at for at in self.roads.sent if at >= told[0].at), None)
        heard = [at for at in (said.get(told[0].at), by_mail) if at]
        last = max(at for at in self.deeds if at < span.start)
        waits = min(at for at in self.heard if at > last)
        late = min(heard) - WEEK.due(max(last, waits), SILENT_AFTER)
        found.silences.append(late / timedelta(minutes=1))
        found.by_road += not span.slack and by_mail == min(heard)


def _share(span: Span, now: datetime) -> int:
    """How many of a surge came in the piece of time that ends now."""
    whole = (span.end - span.start) / PIECE
    done = max(0.0, min((now - span.start) / PIECE, whole))
    before = max(0.0, min((now - PIECE - span.start) / PIECE, whole))
    return round(span.many * done / whole) - round(span.many * before / whole)


def _print_quiet(seeds: Sequence[int]) -> None:
    print("quiet months: busiest hour, weeks known, months, false alarms, false alarms a month")
    months = false = 0
    for busiest, weeks, many, told in quiet_months(seeds):
        months, false = months + many, false + told
        print(f"  {busiest:>6g} {weeks:>3g} {many:>4} {told:>4} {told / many:>6.2f}")
    print(f"  all: {false} false alarms in {months} months, {false / months:.2f} a month")


def _print_months(seeds: Sequence[int]) -> None:
    print("months with five surges and ten failures, by the whole bot; minutes late")
    for seed in seeds:
        with TemporaryDirectory() as folder:
            found = Month(seed, Path(folder)).live()
        print(f"  seed {seed}, {found.seconds:.0f} s")
        print(f"    surges   {_minutes(found.surges)}, false {found.false_surges}")
        silent = f"{_minutes(found.silences)}, false {found.false_silences}"
        print(f"    silences {silent}, by mail {found.by_road}")


def _minutes(late: Sequence[float | None]) -> str:
    told = " ".join("never" if each is None else f"{each:.0f}" for each in late)
    return f"{sum(each is not None for each in late)} of {len(late)}: {told}"


if __name__ == "__main__":
    begin_logs("ERROR")
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    _print_months(range(max(1, many // 3)))
    _print_quiet(range(many))
