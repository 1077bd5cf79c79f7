"""The journal: what happened to each conversation, in order, as a replay tells it again."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, func, or_, select

from bot.domain.case import Nagged
from bot.domain.conversation import Conversation
from bot.domain.deeds import Deed, again, plain
from bot.domain.mention import Kind
from bot.domain.replay import Diary, Entry, Look
from storage.database import Transaction
from storage.rows import add_all, as_object, literally
from storage.tables import SIGNS, conversations, journal

j = journal.c

NAG, LET_GO, HELD = "nag", "let_go", "held"  # what comes by itself, and was `due` then
ENDED = "ended"  # a clock: the next nags are of another
BEGIN = "begin"  # the first of each conversation
FOLLOW_UP, DISMISSED = "follow_up", ("dismiss", "no_answer_needed")
ENDS_PROMISES = ("sent", "settle", "dismiss", "withdrawn")
ANSWERED_THERE = "answered_there"  # keeps what is promised for later, from then on
ABOUT_PROMISES = (
    *ENDS_PROMISES,
    ANSWERED_THERE,
    FOLLOW_UP,
    "no_answer_needed",
    "absorb",
    "undismiss",
)
PROMISED = 50  # deeds that are looked at for a promise
BY_ITSELF = (NAG, LET_GO, HELD)
AT_ONCE = 2000  # rows that are read at once: a year has many


@dataclass(frozen=True)
class Sign:
    """That somebody works; `by` is None for who answered in the platform's own app."""

    at: datetime
    by: str | None


def write(db: Transaction, conversation: int, at: datetime, deeds: Sequence[Deed]) -> None:
    write_all(db, at, [(conversation, deed) for deed in deeds])


def write_all(db: Transaction, at: datetime, deeds: Iterable[tuple[int, Deed]]) -> None:
    """Each beside the conversation that it happened to, in this order."""
    rows = [
        {"conversation": conversation, "what": deed.what, "how": dict(deed.how)}
        for conversation, deed in deeds
    ]
    add_all(db, journal, rows, at=at)


def nagged(nag: Nagged, due: datetime) -> Deed:
    how = {"rung": nag.rung, "call": nag.call, "whom": nag.whom, "due": plain(due)}
    return Deed(NAG, how)


def let_go(db: Transaction, conversation: int, owner: str, due: datetime, at: datetime) -> None:
    write(db, conversation, at, [Deed(LET_GO, {"owner": owner, "due": plain(due)})])


def held(due: datetime) -> Deed:
    """A nag was seen so late that nobody works any more."""
    return Deed(HELD, {"due": plain(due)})


def nags(db: Transaction, conversation: int, *, ended: bool = False) -> Sequence[Nagged]:
    """The nags of the clock that runs, oldest first; with `ended`, of the one that ended last."""
    ends = select(j.id).where(j.conversation == conversation, j.what == ENDED)
    last = list(db.execute(ends.order_by(j.id.desc()).limit(2)).scalars())
    after = next(iter(last[1:] if ended else last), 0)
    until = [j.id < last[0]] if ended and last else []
    since = (j.conversation == conversation, j.what == NAG, j.id > after)
    rows = db.execute(select(journal).where(*since, *until).order_by(j.id))
    return [_nagged(row) for row in rows]


def since(db: Transaction, conversations_: Sequence[int], last: int) -> bool:
    """Whether anything has happened to these after the row of that number."""
    newer = select(j.id).where(j.conversation.in_(conversations_), j.id > last).limit(1)
    return db.execute(newer).first() is not None


def promise(db: Transaction, conversation: int) -> dict[str, Any]:
    """What stood promised when it was dismissed last, as a deed has it; empty: nothing."""
    told = select(journal).where(j.conversation == conversation, j.what.in_(ABOUT_PROMISES))
    rows = iter(db.execute(told.order_by(j.id.desc()).limit(PROMISED)))
    next((row for row in rows if row.what in DISMISSED), None)
    there: list[dict[str, Any]] = []  # the latest first
    for row in rows:
        how = again(row.how)
        if row.what == ANSWERED_THERE:
            there.append(how)
            continue
        until = how["until"] if row.what == FOLLOW_UP else how.get("promised_for")
        if until:
            if any(until <= answer["at"] for answer in there):
                return {}
            at, by = how.get("promised_at") or how["at"], how.get("promised_by") or how.get("by")
            if there:
                at, by = there[0]["at"], there[0].get("by")
            return {"promised_at": at, "promised_for": until, "promised_by": by}
        if row.what in ENDS_PROMISES:
            return {}
    return {}


def last_sign(db: Transaction, team: str, since: datetime) -> Sign | None:
    """The last that a colleague did in this team, from then on; what comes by itself is none.

    It looks back over what colleagues have done only, however much else has happened.
    """
    k = conversations.c
    people = literally(j.what, SIGNS)
    newest = (
        select(j.at, j.how)
        .join(conversations, k.id == j.conversation)
        .where(people, j.at >= since, k.team == team)
        .order_by(j.at.desc())
        .limit(1)
    )
    row = db.execute(newest).one_or_none()
    return Sign(row.at, row.how.get("by")) if row else None


def lives(
    db: Transaction,
    *,
    until: datetime,
    since: datetime | None = None,
    team: str | None = None,
) -> Iterator[Diary]:
    """Every conversation of which the journal knows the beginning, one after the other.

    With `since` only those that were open at any time from then on.

    What comes by itself is left out, except for when it was seen: it comes again, under whatever
    policy.
    """
    k = conversations.c
    asked: Any = (
        select(j.at, j.what, j.how, k.id, k.account, k.thread, k.customer, k.team)
        .join(conversations, k.id == j.conversation)
        .where(j.at < until, j.what != ENDED, *_of(team), *_open_since(since))
        .order_by(j.conversation, j.id)
    )
    rows = db.execute(asked.execution_options(yield_per=AT_ONCE))
    for _, theirs in groupby(rows, key=lambda row: row.id):
        told = list(theirs)
        if told[0].what == BEGIN:
            yield _diary(told)


def last(db: Transaction) -> datetime | None:
    """When something was written down last; None where nothing ever was."""
    at: datetime | None = db.execute(select(func.max(j.at))).scalar()
    return at


def unknown(db: Transaction, *, since: datetime, team: str | None = None) -> frozenset[int]:
    """The conversations that began before there was a journal, and were open at any time since."""
    k = conversations.c
    begun = select(j.id).where(j.conversation == k.id, j.what == BEGIN).exists()
    theirs = (~begun, *_open_since(since), *_of(team))
    return frozenset(db.execute(select(k.id).where(*theirs)).scalars())


def nagged_between(
    db: Transaction, start: datetime, end: datetime, *, team: str | None = None
) -> Iterator[tuple[int, Nagged]]:
    """All nags of that time, of one team or of all, each beside its conversation."""
    during = (j.what == NAG, j.at >= start, j.at < end)
    asked: Any = select(j.conversation, j.at, j.how).join(conversations).where(*during, *_of(team))
    for row in db.execute(asked.order_by(j.at, j.id).execution_options(yield_per=AT_ONCE)):
        yield row.conversation, _nagged(row)


def _of(team: str | None) -> list[ColumnElement[bool]]:
    return [conversations.c.team == team] if team else []


def _open_since(since: datetime | None) -> list[ColumnElement[bool]]:
    closed_at = conversations.c.closed_at
    return [or_(closed_at.is_(None), closed_at >= since)] if since else []


def _nagged(row: Row[Any]) -> Nagged:
    how = row.how
    return Nagged(at=row.at, rung=how["rung"], call=how["call"], whom=how["whom"])


def _diary(rows: Sequence[Row[Any]]) -> Diary:
    """As it was before anything had happened, and all that did."""
    bare = as_object(Conversation, rows[0], kind=Kind.OTHER, waiting_since=rows[0].at)
    done = [Entry(row.at, Deed(row.what, row.how)) for row in rows if row.what not in BY_ITSELF]
    seen = [Look(again(row.how)["due"], row.at) for row in rows if "due" in row.how]
    return Diary(bare, done, seen)
