"""Who is called, as teams.toml says: rungs, repeats, the rota, and the roads beside Slack."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from bot.domain.calendar import WHOLE_DAY, Window
from bot.domain.clock import CHANNEL, HERE, MANAGER, ON_DUTY, OWNER, Repeat, Rung, Where
from bot.domain.rota import Duty, Rota, Shift
from bot.domain.team import DUTIES, Source
from bot.policy import feeds
from bot.policy.durations import lasting, signed
from bot.policy.hours import weekdays, windows
from bot.policy.toml import TomlFile, Wrong, each, keyed, shown, texts

CALLED = (OWNER, CHANNEL, HERE, MANAGER, ON_DUTY)
CALLABLE_ID = re.compile(r"[UWS][A-Z0-9]{4,}")
MAILBOX = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
LADDER = (
    Rung(after=timedelta(0), call=OWNER),
    Rung(after=timedelta(minutes=30), call=CHANNEL),
)
REPEAT = Repeat(every=timedelta(hours=2), times=3)
MOST_REPEATS = 100
SHIFT = '[{ days = "mon-fri", hours = "09:00-17:00", who = "U0ANA" }]'
ADDRESS = '{ address = "$ONCALL_ICAL", people = { "Ana Lee" = "U0ANA" } }'
BEFORE, AHEAD = timedelta(days=7), timedelta(days=60)  # what is read of a schedule
AHEAD_IN_FILES = timedelta(days=400)  # they are read at the start only


class OnDuty(NamedTuple):
    """What one entry of `on_duty` says."""

    shifts: Sequence[Shift] = ()
    duties: Sequence[Duty] = ()
    source: Source | None = None


def ladder(value: Any) -> tuple[Rung, ...]:
    if not isinstance(value, list) or not value:
        raise Wrong('It must be a list of rungs, such as [{ after = "PT0M", call = "owner" }]')
    return tuple(sorted(each(_rung, value), key=lambda rung: rung.after))


def repeat(value: Any) -> Repeat:
    """How often the last rung is called again; `times` is 0 where it is not."""
    entry = keyed(value, (), ("every", "times"), 'Write it as { every = "PT2H", times = 3 }')
    every, times = lasting(entry.get("every", "PT2H")), entry.get("times", REPEAT.times)
    if isinstance(times, bool) or not isinstance(times, int) or not 0 <= times <= MOST_REPEATS:
        raise Wrong(f"times = {times!r}: it can be a whole number from 0 to {MOST_REPEATS}")
    return Repeat(every=every, times=times)


def rota(
    file: TomlFile, value: Any, zone: ZoneInfo, now: datetime
) -> tuple[Rota, tuple[Source, ...]]:
    """Who is on duty in every week, and the addresses that know more."""
    entries = [value] if isinstance(value, dict) else value
    if not isinstance(entries, list) or not entries:
        raise Wrong(f"It must be a list such as {SHIFT}, or {ADDRESS}")
    found = each(lambda entry: _on_duty(file, entry, zone, now), entries)
    shifts = tuple(shift for one in found for shift in one.shifts)
    duties = tuple(duty for one in found for duty in one.duties)
    return Rota(zone, shifts, duties), tuple(one.source for one in found if one.source)


def mail_roads(file: TomlFile, value: Any) -> list[str]:
    return [f"{Where.EMAIL}:{each}" for each in each_mailbox(file, value)]


def each_mailbox(file: TomlFile, value: Any) -> list[str]:
    return each(lambda one: _mailbox(file, one), texts(value, '["lead@acme.example"]'))


def webhook_road(file: TomlFile, value: Any) -> str:
    given = file.filled(value)
    if not feeds.safe(given):
        raise Wrong("It is no address that begins with https://")
    return f"{Where.WEBHOOK}:{given}"


def _rung(value: Any) -> Rung:
    rung = keyed(
        value, ("after", "call"), ("say",), "A rung has `after` and `call`, and may have `say`"
    )
    call, say = rung["call"], rung.get("say", Where.THREAD)
    if call not in CALLED and not CALLABLE_ID.fullmatch(str(call)):
        raise Wrong(
            f"call = {call!r}: it can be {', '.join(CALLED)}, a member id (U…) or group (S…)"
        )
    if say not in list(Where):
        raise Wrong(f"say = {say!r}: it can be {', '.join(Where)}")
    return Rung(after=signed(rung["after"]), call=call, say=Where(say))


def _mailbox(file: TomlFile, value: str) -> str:
    given = file.filled(value)
    if not MAILBOX.fullmatch(given):
        raise Wrong(f"{shown(value)} is not a mail address")
    return given


# The rota


def _on_duty(file: TomlFile, value: Any, zone: ZoneInfo, now: datetime) -> OnDuty:
    if isinstance(value, dict) and "address" in value:
        return _schedule(file, value, zone, now)
    says = f"A shift has `who`, and may have `days` and `hours`: {SHIFT}"
    shift = keyed(value, ("who",), ("days", "hours"), says)
    who = _member(file, shift["who"])
    hours = windows(shift["hours"]) if "hours" in shift else (Window(0, WHOLE_DAY),)
    return OnDuty(shifts=tuple(_shifts(shift.get("days", "mon-sun"), hours, who)))


def _shifts(days: Any, hours: Sequence[Window], who: str) -> Iterator[Shift]:
    for names in texts(days, '"mon-fri"'):
        for day in weekdays(names):
            yield from (Shift(day, window, who) for window in hours)


def _schedule(file: TomlFile, value: Mapping[str, Any], zone: ZoneInfo, now: datetime) -> OnDuty:
    entry = keyed(value, ("address",), ("people",), f"Write it as {ADDRESS}")
    people = _people(file, entry.get("people", {}))
    given = file.filled(entry["address"])
    try:
        if "://" in given:
            return OnDuty(source=Source(feeds.address(given), DUTIES, people))
        text = feeds.read_file(file.folder / given)
        duties = feeds.duties_in(text, people, now - BEFORE, now + AHEAD_IN_FILES, zone)
    except feeds.Unreadable as problem:
        raise Wrong(f"{shown(entry['address'])}: {problem}") from None
    return OnDuty(duties=tuple(duties))


def _people(file: TomlFile, value: Any) -> Mapping[str, str]:
    if not isinstance(value, dict) or not all(value):
        raise Wrong('`people` must be a table, such as { "Ana Lee" = "U0ANA" }')
    members = each(lambda who: _member(file, who), value.values())
    return dict(zip(value, members, strict=True))


def _member(file: TomlFile, value: Any) -> str:
    given = file.filled(value)
    if not CALLABLE_ID.fullmatch(given):
        raise Wrong(f"{shown(value)} is not a member id. In Slack: the profile, ⋮, Copy member ID")
    return given
