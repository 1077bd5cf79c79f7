"""What is usual for an hour of a weekday, and how far from it something is.

How many come in an hour is taken as negative binomial: a Poisson rate that is itself uncertain. Its
mean is that of the hours of this weekday in the last weeks, drawn towards the same hour of other
such days where little is known. How much days differ is learnt from all hours together.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

AN_HOUR = timedelta(hours=1)
WEEKS = 8  # of the past that count as usual
HOURS, WORKDAYS, DAY = 168, 5, 24
DRAWN = 2.0  # hours of other days that an hour of a weekday is drawn by
SPREAD, LEARNT = (
    0.2,
    200.0,
)  # variance by the square of the mean before anything is known; its weight
STEADIEST = 0.03  # that variance at least: no day is quite like another
WILDEST = 5.0  # deviations above the mean; what is further away says nothing about usual days
LEAST_KNOWN = timedelta(days=3)
SPANS = (timedelta(minutes=15), AN_HOUR)  # in which very many may have come
FEWEST, TIMES = 10, 2.0  # customers at least, and by how much more than usual
RARE, COMMON = 1e-7, 0.01  # measured by tests/alarms.py: see docs/design.md, section 7
HUSHED = 1e-6  # how improbable a silence is before it is told
NEGLIGIBLE = 1e-3  # of a tail: smaller terms are left out


@dataclass(frozen=True)
class Rhythm:
    """How many come in each hour of a week, on the wall of `zone`.

    `means` begins with Monday at midnight; `known` is how much each stands on, in arrivals.
    `spread` is the variance between equal hours, in squares of their mean.
    """

    zone: ZoneInfo
    means: Sequence[float]
    known: Sequence[float]
    spread: float = SPREAD

    def expected(self, start: datetime, end: datetime) -> float:
        """How many are usual in that time."""
        return sum(self.means[slot] * part for slot, part in self._parts(start, end))

    def surprise(self, many: int, start: datetime, end: datetime) -> float:
        """How probable so many or more are in that time."""
        parts = list(self._parts(start, end))
        mean = sum(self.means[slot] * part for slot, part in parts)
        known = min((self.known[slot] for slot, _ in parts), default=0.0)
        return tail(many, mean, self.spread + 1 / max(known, 0.5))

    def hush(self, start: datetime, end: datetime) -> float:
        """How probable it is that nothing at all comes in that time."""
        return float((1 + self.spread * self.expected(start, end)) ** (-1 / self.spread))

    def _parts(self, start: datetime, end: datetime) -> Iterator[tuple[int, float]]:
        while start < end:
            until = min(end, _whole(start) + AN_HOUR)
            yield slot(start, self.zone), (until - start) / AN_HOUR
            start = until


def rhythm(
    hours: Mapping[datetime, int | None], start: datetime, end: datetime, zone: ZoneInfo
) -> Rhythm | None:
    """What is usual by the whole hours from `start` to `end`; None: too little is known.

    `hours` are those in which something came, and None for those that must not count.
    """
    if end - start < LEAST_KNOWN:
        return None
    seen = _Seen(zone)
    at = _whole(start) + AN_HOUR
    while at + AN_HOUR <= end:
        many = hours.get(at, 0)
        if many is not None:
            seen.take(slot(at, zone), many)
        at += AN_HOUR
    return seen.rhythm()


@dataclass(frozen=True)
class Sudden:
    """Far more than usual: since when, and how many are usual in an hour then."""

    since: datetime
    usual: float


def sudden(pieces: Mapping[datetime, int], usual: Rhythm, now: datetime) -> Sudden | None:
    """Whether what came in the last quarter of an hour, or hour, is far above what is usual.

    `pieces` say how many came in each piece of time that begins then.
    """
    for span in SPANS:
        start = min((at for at in pieces if at >= now - span and pieces[at]), default=now)
        many = sum(n for at, n in pieces.items() if at >= start)
        if many < FEWEST or many < TIMES * usual.expected(now - span, now):
            continue
        if usual.surprise(many, now - span, now) < RARE:
            return Sudden(start, usual.expected(now - AN_HOUR, now))
    return None


def calm(pieces: Mapping[datetime, int], usual: Rhythm, now: datetime) -> bool:
    """Whether the last hour was one as there are many."""
    many = sum(n for at, n in pieces.items() if at >= now - AN_HOUR)
    return many < FEWEST or usual.surprise(many, now - AN_HOUR, now) > COMMON


def tail(many: int, mean: float, spread: float) -> float:
    """How probable `many` or more are: negative binomial with that mean."""
    if many <= mean or many <= 0:
        return 1.0
    if mean <= 0:
        return 0.0
    size = 1 / spread
    share = mean / (size + mean)
    log_first = (
        math.lgamma(many + size)
        - math.lgamma(size)
        - math.lgamma(many + 1)
        + size * math.log1p(-share)
        + many * math.log(share)
    )
    term = total = math.exp(log_first)
    while term > NEGLIGIBLE * total * (1 - share):
        term *= (many + size) / (many + 1) * share
        total += term
        many += 1
    return min(total, 1.0)


def slot(at: datetime, zone: ZoneInfo) -> int:
    """Which hour of the week it is on that wall."""
    wall = at.astimezone(zone)
    return wall.weekday() * DAY + wall.hour


@dataclass
class _Seen:
    """Hours that were, by their place in the week."""

    zone: ZoneInfo
    of: dict[int, list[int]] = field(default_factory=dict)

    def take(self, slot: int, many: int) -> None:
        self.of.setdefault(slot, []).append(many)

    @cached_property
    def any_hour(self) -> float:
        return sum(map(sum, self.of.values())) / sum(map(len, self.of.values()))

    @cached_property
    def busiest(self) -> float:
        return float(max(map(max, self.of.values())))

    def rhythm(self) -> Rhythm | None:
        if not self.of:
            return None
        usual = {slot: self._like(slot) for slot in range(HOURS)}
        sums = [sum(self.of.get(slot, ())) for slot in range(HOURS)]
        counts = [len(self.of.get(slot, ())) for slot in range(HOURS)]
        known = [many + DRAWN * usual[slot] for slot, many in enumerate(sums)]
        means = [each / (n + DRAWN) for each, n in zip(known, counts, strict=True)]
        return Rhythm(self.zone, means, known, self._spread(usual))

    def _like(self, slot: int) -> float:
        """The same hour of all working days, or of both others, drawn towards any hour."""
        day, hour = divmod(slot, DAY)
        alike = range(WORKDAYS) if day < WORKDAYS else range(WORKDAYS, 7)
        seen = [many for each in alike for many in self.of.get(each * DAY + hour, ())]
        return (sum(seen) + self.any_hour) / (len(seen) + 1) if seen else self.busiest

    def _spread(self, usual: Mapping[int, float]) -> float:
        """Each hour against the others of its place: what it differs by beyond chance."""
        beyond, squares = SPREAD * LEARNT, LEARNT
        for slot, seen in self.of.items():
            for many in seen if len(seen) > 1 else ():
                others = sum(seen) - many + DRAWN * usual[slot]
                mean = others / (len(seen) - 1 + DRAWN)
                most = mean + WILDEST * math.sqrt(mean + SPREAD * mean * mean)
                beyond += (min(many, most) - mean) ** 2 - mean
                squares += mean * mean
        return max(beyond / squares, STEADIEST)


def _whole(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)
