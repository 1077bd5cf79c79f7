"""A team's hours and schedules in a line, for `python -m bot check`."""

from collections.abc import Mapping
from datetime import date, datetime

from bot.domain.calendar import ALL_WEEK, Calendar
from bot.domain.team import HOLIDAYS, Source, Team

SHOWN = 2  # holidays that come next


def hours(calendar: Calendar, now: datetime) -> str:
    """Open or closed, until when, on the team's own clock, and the next holidays."""
    here = now.astimezone(calendar.zone)
    if calendar.week == ALL_WEEK and not calendar.holidays and not calendar.days:
        return f"round the clock, {calendar.zone.key}"
    named = {**calendar.holidays, **{day: it.name for day, it in calendar.days.items()}}
    what, until = _until(calendar, now)
    changes = f" until {until.astimezone(calendar.zone):%a %-d %b %H:%M}" if until else ""
    return f"{what} now{changes}, {calendar.zone.key}; next: {_next(named, here.date())}"


def found(before: Team, team: Team, source: Source, now: datetime) -> str:
    """What a schedule brought to a team."""
    if source.what == HOLIDAYS:
        known, zone = before.calendar.holidays, team.calendar.zone
        new = {day: name for day, name in team.calendar.holidays.items() if day not in known}
        return f"{_number(len(new), 'holiday')}, next: {_next(new, now.astimezone(zone).date())}"
    on = team.rota.on_duty(now) if team.rota else ()
    return f"on duty now: {', '.join(on) or 'nobody'}"


def _until(calendar: Calendar, now: datetime) -> tuple[str, datetime | None]:
    if calendar.is_open(now):
        return "open", calendar.closing(now)
    return "closed", calendar.opening(now)


def _next(named: Mapping[date, str], today: date) -> str:
    """The next days on which the hours are not the usual ones."""
    coming = sorted(day for day in named if day >= today)[:SHOWN]
    return ", ".join(f"{day:%-d %b %Y} ({named[day]})" for day in coming) or "no holidays"


def _number(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
