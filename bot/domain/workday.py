"""When a team's day begins and when it winds up: the moments of its two daily lists."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.domain.calendar import Calendar

EVENING = timedelta(minutes=15)  # before closing, while somebody can still act
TOO_LATE = timedelta(hours=2)  # for the list of an opening or closing that nobody was there for
MORNING, NIGHT = timedelta(hours=9), timedelta(hours=17)  # of a team that never closes


def opens_at(calendar: Calendar, now: datetime) -> datetime | None:
    """When this local day's work begins; None on a day without. Who never closes begins at nine."""
    hours = _today(calendar, now)
    if not hours:
        return None
    first = hours[0][0]
    through = calendar.is_open(first - timedelta(seconds=1))
    return _on_the_wall(calendar, now, MORNING) if through else first


def winds_up_at(calendar: Calendar, now: datetime) -> datetime | None:
    """Shortly before this local day's work ends; who never closes has an evening at five."""
    hours = _today(calendar, now)
    if not hours:
        return None
    last = hours[-1][1]
    return _on_the_wall(calendar, now, NIGHT) if calendar.is_open(last) else last - EVENING


def _today(calendar: Calendar, now: datetime) -> Sequence[tuple[datetime, datetime]]:
    return calendar.hours_of(now.astimezone(calendar.zone).date())


def _on_the_wall(calendar: Calendar, now: datetime, time: timedelta) -> datetime:
    wall = now.astimezone(calendar.zone)
    hour, minute = divmod(int(time.total_seconds()) // 60, 60)
    return wall.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)


def timely(moment: datetime | None, now: datetime) -> bool:
    """Whether what belongs to that moment can be said now, and not hours later."""
    return moment is not None and moment <= now < moment + TOO_LATE
