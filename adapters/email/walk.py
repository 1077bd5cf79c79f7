"""How far the folders of a mailbox have been read, and what lies beyond."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import accumulate

from imap_tools import AND, BaseMailBox, U

from adapters.email.parts import WHOLE, fetched, internal_date

PAGE = 40
HEAVY = 4_000_000  # bytes in one page
LAST_UID = 2**32 - 1  # RFC 9051, 2.3.1.1
BEGINNING, THE_END = (datetime(year, 1, 1, tzinfo=UTC) for year in (1970, 9000))


@dataclass(frozen=True)
class Mark:
    """How far a folder has been read: all up to `last`.

    Up to `until`, where the folder ended when we began, only what arrived after `since` counts.
    Beyond it, `since` is when the last mail that we read arrived.
    """

    validity: int
    last: int
    until: int
    since: str

    @property
    def start(self) -> datetime:
        return datetime.fromisoformat(self.since)

    def moved(self, last: int, at: datetime) -> "Mark":
        since = self.since if last < self.until else at.isoformat()
        return replace(self, last=last, since=since)


def marks(cursor: str | None) -> tuple[dict[str, Mark], bool]:
    """How far each folder has been read, and whether what was kept of it is damaged."""
    try:
        kept = json.loads(cursor or "{}")
        return {str(folder): _mark(*mark) for folder, mark in kept.items()}, False
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
        return {}, True


def _mark(validity: int, last: int, until: int, since: str) -> Mark:
    """ValueError or TypeError for what no walk leaves."""
    for number in (validity, last, until):
        if type(number) is not int or not 0 <= number <= LAST_UID:
            raise ValueError(f"{number!r} can't be")
    mark = Mark(validity, last, until, since)
    if not BEGINNING < mark.start < THE_END:  # TypeError without a time zone
        raise ValueError(f"{since} can't be")
    return mark


@dataclass(frozen=True)
class Arrival:
    """A mail that lies in a folder and has not been read yet."""

    folder: str
    uid: int
    size: int
    at: datetime


@dataclass(frozen=True)
class News:
    """The next arrivals in a folder. The mark is `end` once all of them are read."""

    folder: str
    start: Mark
    arrivals: Sequence[Arrival]
    end: Mark
    more: bool

    def reached(self, page: Sequence[Arrival]) -> Mark:
        taken = [arrival for arrival in self.arrivals if arrival in page]
        if len(taken) == len(self.arrivals):
            return self.end
        return self.start.moved(taken[-1].uid, taken[-1].at) if taken else self.start


def begun(mark: Mark | None, *, validity: int, following: int, earliest: datetime) -> Mark:
    """Where to read on; a folder that was rebuilt is read again from the last mail we know.

    The day of overlap is for mails that do not lie there in the order of their arrival.
    """
    if mark and mark.validity == validity and mark.last < following:
        return mark
    if mark:
        earliest = min(earliest, mark.start - timedelta(days=1))
    return Mark(validity, 0, following - 1, earliest.isoformat())


def news(box: BaseMailBox, folder: str, start: Mark) -> News:
    """What comes next in the folder, which is selected."""
    uids = _listed(box, start)
    arrivals = _arrivals(box, folder, uids[:PAGE])
    kept = [a for a in arrivals if a.uid > start.until or a.at >= start.start]
    more = len(uids) > PAGE
    last = uids[PAGE - 1] if more else max([start.last, start.until, *uids])
    end = start.moved(last, arrivals[-1].at if arrivals else start.start)
    return News(folder, start, kept, end, more)


def paged(found: Sequence[News]) -> tuple[Sequence[Arrival], bool]:
    """One page through all folders, oldest first, and whether there is more than that."""
    arrivals = list(merge(*(each.arrivals for each in found), key=lambda a: a.at))
    page = arrivals[: _weighed(arrivals)]
    return page, len(page) < len(arrivals) or any(each.more for each in found)


def _listed(box: BaseMailBox, mark: Mark) -> list[int]:
    """The mails beyond the mark, in the order of their arrival.

    A server answers "from 8" with its last mail, even if that is number 7.
    """
    found = sorted(int(uid) for uid in box.uids(AND(uid=U(str(mark.last + 1), "*")), None))
    uids = [uid for uid in found if uid > mark.last]
    if mark.last >= mark.until:
        return uids
    day_before = mark.start.date() - timedelta(days=1)  # servers count days in their own time zone
    recent = {int(uid) for uid in box.uids(AND(date_gte=day_before), None)}
    return [uid for uid in uids if uid > mark.until or uid in recent]


def _arrivals(box: BaseMailBox, folder: str, uids: Sequence[int]) -> list[Arrival]:
    if not uids:
        return []
    rows = fetched(box, ",".join(map(str, uids)), "(UID INTERNALDATE RFC822.SIZE)")
    found = (_arrival(folder, row) for row in rows if isinstance(row, bytes))
    return sorted(filter(None, found), key=lambda arrival: arrival.uid)


def _arrival(folder: str, row: bytes) -> Arrival | None:
    uid, size = re.search(rb"UID (\d+)", row), re.search(rb"RFC822\.SIZE (\d+)", row)
    date = re.search(rb'INTERNALDATE "([^"]+)"', row)
    if not (uid and size and date):  # news about another mail, which servers send as they like
        return None
    return Arrival(folder, int(uid[1]), int(size[1]), internal_date(date[1]))


def _weighed(arrivals: Sequence[Arrival]) -> int:
    """How many fit on a page; at least one."""
    weights = accumulate(min(arrival.size, WHOLE) for arrival in arrivals[:PAGE])
    return max(1, sum(weight <= HEAVY for weight in weights))
