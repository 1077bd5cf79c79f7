"""Working time: what one deadline costs."""

from datetime import date, timedelta
from random import Random

from benchmarks.grounds import NOON, OFFICE
from benchmarks.harness import Figure, Ground, Wanted, bench, timed
from bot.domain.calendar import Calendar


@bench("deadlines", on=("-",))
def a_working_time_deadline(ground: Ground) -> Figure:
    """One `Calendar.due` over a year with holidays, from random moments; nothing beside it.

    The calendar is new, so what it remembers of days is counted in.
    """
    chance = Random(5)
    closed = {date(2026, 1, 1) + timedelta(days=chance.randrange(365)): "closed" for _ in range(12)}
    office = Calendar(OFFICE.zone, OFFICE.week, holidays=closed)
    starts = [
        NOON - timedelta(minutes=chance.randrange(525_600)) for _ in range(ground.scale(20_000))
    ]
    within = [timedelta(minutes=chance.randrange(3 * 9 * 60)) for _ in starts]
    times = [timed(lambda s=s, w=w: office.due(s, w)) for s, w in zip(starts, within, strict=True)]
    return Figure(
        name="a working-time deadline, a year's calendar",
        ours=times,
        wanted=[Wanted("p99", most=0.2)],
    )
