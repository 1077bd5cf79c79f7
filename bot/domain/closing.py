"""Platforms that let nobody answer after a while: when to warn of it."""

from datetime import datetime, timedelta

from bot.domain.calendar import Calendar

LEAD = timedelta(hours=2)  # of working time that a colleague is given to answer before it is over


def warn_at(calendar: Calendar, said_at: datetime, reply_by: datetime) -> datetime:
    """The last moment from which there are still two working hours; at once where there are not."""
    left = LEAD
    for stretch in reversed(calendar.stretches(said_at, max(said_at, reply_by))):
        if stretch.counted >= left:
            return stretch.end - left
        left -= stretch.counted
    return said_at
