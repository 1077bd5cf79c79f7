"""Days that are over, as people type them: since monday, 2026-11-01, 3d."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from bot.domain.problems import NotPossible, Ours
from bot.slack.text import harmless
from bot.slack.times import A_DAY, DAYS, ISO, MONTHS, SPANS

SHOWN = 60  # characters of markup
TAGE = ("montag", "dienstag", "mittwoch", "donnerstag", "freitag", "samstag", "sonntag")
ALSO = {"sonnabend": 5}
MONATE = ("jan", "feb", "mär", "apr", "mai", "jun", "jul", "aug", "sep", "okt", "nov", "dez")
AGO = {"today": 0, "heute": 0, "yesterday": 1, "gestern": 1, "vorgestern": 2}
SHORTEST = 2  # letters by which a weekday is known
SPAN = re.compile(
    r"(\d{1,3}) ?(?:(m)(?:in(?:ute[ns]?)?)?|(h)(?:(?:ou)?rs?)?|(d)(?:ays?)?|(w)(?:eeks?)?"
    r"|(?:std|stunden?)|(?:t|tagen?)|(?:wochen?))"
)
GERMAN = {"s": "h", "t": "d", "w": "w"}  # how a span of theirs begins, and ours
DOTTED = re.compile(r"(\d\d?)\.(\d\d?)\.(20\d\d)?")
NAMED = re.compile(r"(\d\d?)[. -]*([a-zä]{3,9})(?: (20\d\d))?")


class NotADay(NotPossible):
    def __init__(self, said: str) -> None:
        super().__init__(
            Ours(
                "I don't read a day in “{said}”. Write it as `since:monday`, `since:2026-11-01`,"
                " `since:3d`, or with `before:`."
            ),
            said=harmless(said, SHOWN),
        )


def read(said: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment that these words mean, on that zone's wall: a day is its first moment.

    Raises a sentence with examples.
    """
    words = " ".join(said.casefold().split())
    today = now.astimezone(zone).date()
    if span := SPAN.fullmatch(words):
        return _before(now, span)
    for meant in (_ago, _weekday, _dated, _named):
        if day := _if_real(meant, words, today):
            return datetime.combine(day, time(0), zone).astimezone(UTC)
    raise NotADay(said)


def _before(now: datetime, span: re.Match[str]) -> datetime:
    unit = next(filter(None, span.groups()[1:]), "") or GERMAN[span[0].lstrip("0123456789 ")[0]]
    return now - SPANS[unit] * int(span[1])


def _if_real(meant: Callable[[str, date], date | None], words: str, today: date) -> date | None:
    """None for a 31 November, too."""
    try:
        return meant(words, today)
    except ValueError:
        return None


def _ago(words: str, today: date) -> date | None:
    return today - AGO[words] * A_DAY if words in AGO else None


def _weekday(words: str, today: date) -> date | None:
    """The last one, today included."""
    for days in (DAYS, TAGE):
        for number, day in enumerate(days):
            if len(words) >= SHORTEST and day.startswith(words):
                return _last(number, today)
    return _last(ALSO[words], today) if words in ALSO else None


def _last(weekday: int, today: date) -> date:
    return today - timedelta(days=(today.weekday() - weekday) % 7)


def _dated(words: str, today: date) -> date | None:
    if iso := ISO.fullmatch(words):
        return date(*map(int, iso.groups()))
    found = DOTTED.fullmatch(words)
    return _in_year(found[3], int(found[2]), int(found[1]), today) if found else None


def _named(words: str, today: date) -> date | None:
    found = NAMED.fullmatch(words)
    named = found[2][:3] if found else ""
    month = next((months.index(named) for months in (MONTHS, MONATE) if named in months), None)
    if found is None or month is None:
        return None
    return _in_year(found[3], month + 1, int(found[1]), today)


def _in_year(year: str | None, month: int, day: int, today: date) -> date:
    """Without a year, the last such day."""
    if year:
        return date(int(year), month, day)
    this = date(today.year, month, day)
    return this if this <= today else date(today.year - 1, month, day)
