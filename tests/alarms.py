"""How good the alarms are: months of arrivals, with surges and silences hidden in them.

`python -m tests.alarms` prints two tables. The first is of quiet months: how many false alarms
came, by how busy a team is and how long it is known. In them the days differ, two are holidays, one
has a campaign. The second is of months with five surges and ten failures of a team, told by the whole bot
on a clock that is moved: which alarms came, how late, and how many were false.
"""

import math
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from bot.domain.arrivals import AN_HOUR, WEEKS, Rhythm, calm, rhythm, sudden

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


if __name__ == "__main__":
    for row in quiet_months(range(10)):
        print(row)
