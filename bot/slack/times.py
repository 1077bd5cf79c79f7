"""Times as people say and choose them, by the clock on their team's wall."""

import re
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.calendar import Calendar, NeverOpens
from bot.domain.problems import NotPossible, Ours
from bot.slack import tongue, typed
from bot.slack.text import harmless
from bot.slack.tongue import _

Choice = tuple[str, datetime]  # what it is called, and when it is

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MIDNIGHT, MORNING, NOON, EVENING = time(0), time(9), time(12), time(18)
A_MINUTE, AN_HOUR = timedelta(minutes=1), timedelta(hours=1)
A_DAY, A_WEEK = timedelta(days=1), timedelta(weeks=1)
UNTIL_THEY_WRITE = timedelta(weeks=2)  # at the longest
AHEAD = timedelta(days=60)
FRIDAY, SEARCHED = 4, 14  # a day of the week, and days to look for one that is open
LONGEST = 8  # words: "bis freitag den 27. november um 14:30 uhr"
NEAR = {"today": 0, "tomorrow": 1, "the day after tomorrow": 2}  # days from today
SPANS = {"m": A_MINUTE, "h": AN_HOUR, "d": A_DAY, "w": A_WEEK}
SHOWN = 60  # characters of markup
EXAMPLES = Ours(
    "`2h`, `90 min`, `14:30`, `tomorrow`, `fri 12:00`, `2026-11-27 12:00`, `next opening`"
)

LEADING = re.compile(r"^(?:(?:until|till|in|at|by|on|for) )+")
SPAN = re.compile(
    r"(\d{1,3}|an?) ?(?:(m)(?:in(?:ute)?s?)?|(h)(?:(?:ou)?rs?)?|(d)(?:ays?)?|(w)(?:eeks?)?)"
)
OPENING = re.compile(r"(?:the )?(?:next )?opening")
DAY_AND_CLOCK = re.compile(r"(.*?) ?(?:at )?(noon|\d\d?:\d\d(?: ?[ap]m)?|\d\d? ?[ap]m)")
CLOCK = re.compile(r"(\d\d?)(?::(\d\d))? ?(am|pm)?")
ISO = re.compile(r"(20\d\d)-(\d\d?)-(\d\d?)")
DATE = re.compile(r"(?:[a-z]{3,9} )?(\d\d?)\.? ([a-z]{3,9})")
THEY_WRITE = re.compile(
    r"(?:(?:until|till|when) )?(?:they|he|she|(?:the )?customer) (?:writes?|answers?|repl(?:y|ies))"
    r"(?: again| back)?(?![\w'])[\s,;:-]*",
    re.I,
)


class NotATime(NotPossible):
    def __init__(self, said: str) -> None:
        super().__init__(
            Ours("I don't read a time in “{said}”. Write it as {examples}."),
            said=harmless(said, SHOWN),
            examples=EXAMPLES,
        )


class Over(NotPossible):
    def __init__(self, at: str) -> None:
        super().__init__(
            Ours("{at} is over already. Name a later time, such as {examples}."),
            at=at,
            examples=EXAMPLES,
        )


class TooFar(NotPossible):
    def __init__(self, at: str) -> None:
        super().__init__(
            Ours("{at} is more than {days} days away. Name an earlier time, such as {examples}."),
            at=at,
            days=AHEAD.days,
            examples=EXAMPLES,
        )


def promises(calendar: Calendar, now: datetime) -> list[Choice]:
    """What one promises with one click, soonest first."""
    today = _today(calendar, now)
    workday = _workday(calendar, today + A_DAY)
    friday = today + timedelta(days=(FRIDAY - today.weekday()) % 7)
    return _offered(
        calendar,
        now,
        (_("In two working hours"), _if_ever(lambda: calendar.due(now, 2 * AN_HOUR))),
        _by_closing(calendar, today),
        (_noon(workday, today), _wall(calendar, workday, NOON) if workday else None),
        (_noon_of(friday), _wall(calendar, friday, NOON) if calendar.hours_of(friday) else None),
        (_("In a week"), _in_a_week(calendar, now)),
    )


def snoozes(calendar: Calendar, now: datetime) -> list[Choice]:
    """Until when one snoozes with one click, soonest first."""
    tomorrow = _today(calendar, now) + A_DAY
    return _offered(
        calendar,
        now,
        (_("In an hour"), now + AN_HOUR),
        (_("At the next opening"), _if_ever(lambda: _next_opening(calendar, now))),
        _tomorrow(calendar, tomorrow),
        (_("In a week"), _in_a_week(calendar, now)),
    )


def reminders(calendar: Calendar, now: datetime) -> list[Choice]:
    """When one wants to ask how it went, soonest first."""
    tomorrow = _today(calendar, now) + A_DAY
    return _offered(
        calendar,
        now,
        _tomorrow(calendar, tomorrow),
        (_("In three days"), _days_on(calendar, now, 3)),
        (_("In a week"), _in_a_week(calendar, now)),
        (_("In two weeks"), _days_on(calendar, now, 14)),
        (_("In four weeks"), _days_on(calendar, now, 28)),
    )


def read(words: str, calendar: Calendar, now: datetime) -> datetime:
    """The moment that these words mean; raises a sentence with examples."""
    at, rest = begin(words, calendar, now)
    if rest:
        raise NotATime(words)
    return at


def begin(words: str, calendar: Calendar, now: datetime) -> tuple[datetime, str]:
    """The moment that these words begin with, and the rest of them; raises a sentence."""
    said = words.split()
    for many in range(min(LONGEST, len(said)), 0, -1):
        if at := _meant(_plain(said[:many]), calendar, now):
            return _possible(at, calendar, now), " ".join(said[many:]).lstrip(" ,;:-–—")
    raise NotATime(words)


def until_they_write(words: str) -> str | None:
    """What is said after "until they write"; None where it does not begin so."""
    found = THEY_WRITE.match(words) or typed.they_write(words)
    return words[found.end() :] if found else None


def shown(at: datetime, zone: ZoneInfo) -> str:
    """A moment where no markup is read, on that zone's wall: "Fri 27 Nov 12:00"."""
    wall = at.astimezone(zone)
    return f"{tongue.day(wall)} {wall:%H:%M}"


def to_keep(promised_for: datetime | None, calendar: Calendar, now: datetime) -> datetime | None:
    """A promise that an answer of today does not fulfil: one for a later day."""
    if promised_for and promised_for.astimezone(calendar.zone).date() > _today(calendar, now):
        return promised_for
    return None


# What is offered


def _offered(
    calendar: Calendar, now: datetime, *choices: tuple[str, datetime | None]
) -> list[Choice]:
    """Those that are still to come, each moment once, by the whole minute."""
    coming = [(label, _whole(at)) for label, at in choices if at and at > now]
    by_moment = {at: label for label, at in reversed(coming)}
    zone = calendar.zone
    return [(f"{by_moment[at]}: {shown(at, zone)}", at) for at in sorted(by_moment)]


def _whole(at: datetime) -> datetime:
    """The next whole minute: what is shown is what is meant."""
    full = at.replace(second=0, microsecond=0)
    return full if full == at else full + A_MINUTE


def _if_ever(asked: Callable[[], datetime | None]) -> datetime | None:
    try:
        return asked()
    except NeverOpens:
        return None


def _next_opening(calendar: Calendar, now: datetime) -> datetime | None:
    """None for a team that never closes."""
    if not calendar.is_open(now):
        return calendar.opening(now)
    closing = calendar.closing(now)
    return closing and calendar.opening(closing)


def _workday(calendar: Calendar, first: date) -> date | None:
    """The first day from then on that has hours."""
    days = (first + number * A_DAY for number in range(SEARCHED))
    return next((day for day in days if calendar.hours_of(day)), None)


def _noon(day: date | None, today: date) -> str:
    if day is None or day == today + A_DAY:
        return _("Tomorrow noon")
    return _noon_of(day)


def _noon_of(day: date) -> str:
    return _("{day} noon").format(day=tongue.weekday(day))


def _by_closing(calendar: Calendar, day: date) -> tuple[str, datetime | None]:
    closes = _closes(calendar, day)
    real = closes in [closing for _opening, closing in calendar.hours_of(day)]
    return _("Today by closing") if real else _("This evening"), closes


def _tomorrow(calendar: Calendar, day: date) -> tuple[str, datetime | None]:
    hours, opens = calendar.hours_of(day), _opens(calendar, day)
    real = opens in [opening for opening, _closing in hours]
    label = _("Tomorrow at opening") if real else _("Tomorrow morning")
    return label, opens if hours else None


def _in_a_week(calendar: Calendar, now: datetime) -> datetime:
    return _days_on(calendar, now, 7)


def _days_on(calendar: Calendar, now: datetime, days: int) -> datetime:
    """At the same time on the wall."""
    wall = now.astimezone(calendar.zone) + days * A_DAY
    return wall.astimezone(UTC)


def _opens(calendar: Calendar, day: date) -> datetime:
    """When that day begins; nine o'clock where it begins with midnight, or not at all."""
    opens = [each.astimezone(calendar.zone) for each, _ in calendar.hours_of(day)[:1]]
    if opens and opens[0].time() != MIDNIGHT:
        return opens[0].astimezone(UTC)
    return _wall(calendar, day, MORNING)


def _closes(calendar: Calendar, day: date) -> datetime | None:
    """When that day's work ends; six o'clock where that is at night, None on a day off."""
    hours = calendar.hours_of(day)
    closes = hours[-1][1].astimezone(calendar.zone) if hours else None
    if closes is None or closes.date() == day:
        return closes and closes.astimezone(UTC)
    return _wall(calendar, day, EVENING)


# What is said


def _plain(said: Iterable[str]) -> str:
    whole = typed.in_english(" ".join(said).lower().replace(",", ""))
    return LEADING.sub("", whole.rstrip(".;:"))


def _possible(at: datetime, calendar: Calendar, now: datetime) -> datetime:
    if at <= now:
        raise Over(shown(at, calendar.zone))
    if at > now + AHEAD:
        raise TooFar(shown(at, calendar.zone))
    return at


def _meant(said: str, calendar: Calendar, now: datetime) -> datetime | None:
    if span := SPAN.fullmatch(said):
        return now + _span(span)
    if OPENING.fullmatch(said):
        return _if_ever(lambda: _next_opening(calendar, now))
    if said == "today":
        return _closes(calendar, _today(calendar, now))
    return _on_a_day(said, calendar, now)


def _span(found: re.Match[str]) -> timedelta:
    many, *units = found.groups()
    [unit] = filter(None, units)
    return SPANS[unit] * (int(many) if many.isdigit() else 1)


def _on_a_day(said: str, calendar: Calendar, now: datetime) -> datetime | None:
    """Of the days that are meant, the first on which it is still to come."""
    found = DAY_AND_CLOCK.fullmatch(said)
    clock = _clock(found[2]) if found else None
    if found and clock is None:
        return None
    days = _days(found[1] if found else said, _today(calendar, now), any_day=bool(clock))
    moments = [_at(calendar, day, clock) for day in days]
    return next((at for at in moments if at > now), moments[0] if moments else None)


def _at(calendar: Calendar, day: date, clock: time | None) -> datetime:
    return _wall(calendar, day, clock) if clock else _opens(calendar, day)


def _days(said: str, today: date, *, any_day: bool) -> Sequence[date]:
    """The days that these words can mean, soonest first; `any_day`: no word means the next one."""
    if not said:
        return [today, today + A_DAY] if any_day else []
    if said in NEAR:
        return [today + NEAR[said] * A_DAY]
    if len(said) > 2 and (named := [day for day in DAYS if day.startswith(said)]):
        ahead = (DAYS.index(named[0]) - today.weekday()) % 7
        return [today + timedelta(days=ahead), today + timedelta(days=ahead + 7)]
    return _dates(said, today)


def _dates(said: str, today: date) -> Sequence[date]:
    if iso := ISO.fullmatch(said):
        return _real([tuple(map(int, iso.groups()))])
    found = DATE.fullmatch(said)
    if not found or found[2][:3] not in MONTHS:
        return []
    day, month = int(found[1]), MONTHS.index(found[2][:3]) + 1
    return _real([(today.year, month, day), (today.year + 1, month, day)])


def _real(dates: Iterable[tuple[int, ...]]) -> Sequence[date]:
    """Without a 31 November."""
    real = []
    for year, month, day in dates:
        try:
            real.append(date(year, month, day))
        except ValueError:
            continue
    return real


def _clock(said: str) -> time | None:
    """None for what no clock shows."""
    if said == "noon":
        return NOON
    found = CLOCK.fullmatch(said)
    hour, minute = (int(found[1]), int(found[2] or 0)) if found else (24, 0)
    if found and found[3]:
        hour = hour % 12 + 12 * (found[3] == "pm") if 1 <= hour <= 12 else 24
    return time(hour, minute) if hour < 24 and minute < 60 else None


def _today(calendar: Calendar, now: datetime) -> date:
    return now.astimezone(calendar.zone).date()


def _wall(calendar: Calendar, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, calendar.zone).astimezone(UTC)
