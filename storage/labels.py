"""What people said, or showed by what they did, that a mention is; it leaves with its words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, case, delete, func, or_, select, update

from bot.domain.forgotten import MARK
from bot.domain.mention import Kind, Origin
from storage.database import Transaction
from storage.rows import as_object, as_row, upsert
from storage.tables import guesses, labels, mentions, samples

m, g, la, s = mentions.c, guesses.c, labels.c, samples.c

JUDGED = "judged"  # somebody said of what kind it is
NEEDLESS = "needless"  # somebody said that no answer is needed
DISMISSED = "dismissed"  # for a reason that tells what it is
ANSWERED = "answered"
SAMPLED = "sampled"  # we asked
UNDONE = (NEEDLESS, DISMISSED)  # what an undone dismissal takes back


@dataclass(frozen=True, kw_only=True)
class Label:
    """`complaint` and `needs_answer` are None where nothing was said of it.

    `features` are what the weights of that `version` make of it. `rate` is the share of unflagged
    mentions that was asked about, of those that were.
    """

    mention: int
    team: str
    complaint: bool | None = None
    needs_answer: bool | None = None
    source: str
    by: str | None = None
    at: datetime
    flagged: bool = False
    late: bool = False
    features: bytes | None = None
    version: int = 0
    rate: float | None = None


class Decisive(NamedTuple):
    """The mention that a conversation's kind comes from, what was guessed, and its label so far."""

    mention: int
    guessed: Kind | None
    complaint: bool | None
    needs_answer: bool | None


def decisive(
    db: Transaction, conversation: int, kind: Kind, *, judged: bool = False
) -> Decisive | None:
    """The customer's newest that sounds like `kind`, else their newest; None: all is forgotten.

    Of what was `judged` before, the mention that was judged then.
    """
    beside = mentions.outerjoin(guesses, g.mention == m.id).outerjoin(labels, la.mention == m.id)
    known = select(m.id, g.kind, la.complaint, la.needs_answer).select_from(beside)
    theirs = (m.conversation == conversation, m.origin == Origin.CUSTOMER)
    alike = case((g.kind == kind, 0), else_=1)
    before = [case((la.source == JUDGED, 0), else_=1)] if judged else []
    first = known.where(*theirs, ~m.key.startswith(MARK, autoescape=True))
    order = (*before, m.deleted, alike, m.posted_at.desc(), m.id.desc())
    row = db.execute(first.order_by(*order).limit(1)).one_or_none()
    return Decisive(row[0], Kind(row[1]) if row[1] else None, row[2], row[3]) if row else None


def of_mention(db: Transaction, mention: int) -> Decisive | None:
    """The same of one mention, whatever its conversation."""
    beside = mentions.outerjoin(guesses, g.mention == m.id).outerjoin(labels, la.mention == m.id)
    known = select(m.id, g.kind, la.complaint, la.needs_answer).select_from(beside)
    one = known.where(m.id == mention, ~m.key.startswith(MARK, autoescape=True))
    row = db.execute(one).one_or_none()
    return Decisive(row[0], Kind(row[1]) if row[1] else None, row[2], row[3]) if row else None


def put(db: Transaction, label: Label) -> None:
    """The newest of a mention is what counts."""
    row = as_row(label, labels)
    others = [name for name in row if name not in ("mention", "features", "version")]
    db.execute(upsert(db, labels, row, on=["mention"], update=others))


def take_back(db: Transaction, conversation: int) -> None:
    """What its dismissal taught."""
    theirs = select(m.id).where(m.conversation == conversation)
    db.execute(delete(labels).where(la.mention.in_(theirs), la.source.in_(UNDONE)))


def of(db: Transaction, ids: Sequence[int]) -> Mapping[int, Label]:
    rows = db.execute(_with_rate().where(la.mention.in_(ids)))
    return {row.mention: _label(row) for row in rows}


def newest(
    db: Transaction, team: str, *, most: int, since: datetime | None = None
) -> Sequence[Label]:
    """The newest of a team, oldest first."""
    asked = _with_rate().where(la.team == team)
    asked = asked.where(la.at >= since) if since else asked
    rows = db.execute(asked.order_by(la.at.desc(), la.mention.desc()).limit(most)).all()
    return [_label(row) for row in reversed(rows)]


def count(
    db: Transaction, team: str, since: datetime | None = None, *, judged: bool = False
) -> int:
    """Those that say whether it is a complaint only, where `judged`."""
    asked = select(func.count()).select_from(labels).where(la.team == team)
    asked = asked.where(la.complaint.is_not(None)) if judged else asked
    asked = asked.where(la.at > since) if since else asked
    return int(db.execute(asked).scalar_one())


def late(db: Transaction, team: str, since: datetime) -> int:
    """Complaints that had not the complaint's clock until somebody found them."""
    asked = select(func.count()).select_from(labels).where(la.team == team, la.late, la.at >= since)
    return int(db.execute(asked).scalar_one())


def mark(db: Transaction, team: str, *, most: int) -> Sequence[tuple[Any, ...]]:
    """Another one whenever something was said or worked out, or left, among the newest."""
    worked_out = (la.features.is_(None), la.version)
    known = select(la.mention, la.at, la.complaint, *worked_out).where(la.team == team)
    rows = db.execute(known.order_by(la.at.desc(), la.mention.desc()).limit(most))
    return [tuple(row) for row in rows]


def to_work_out(
    db: Transaction,
    team: str,
    version: int,
    *,
    most: int,
    among: int,
    since: datetime | None = None,
) -> Sequence[int]:
    """Of the newest `among`, mentions whose features nobody has worked out yet, or only by older
    weights; the newest first.

    What newer ones have worked out stays: while two versions of the bot run at once, neither undoes
    what the other does.
    """
    newest = select(la.mention, la.at, la.features, la.version).where(la.team == team)
    newest = newest.where(la.at >= since) if since else newest
    some = newest.order_by(la.at.desc(), la.mention.desc()).limit(among).subquery().c
    wanted = select(some.mention).where(or_(some.features.is_(None), some.version < version))
    return list(db.execute(wanted.order_by(some.at.desc()).limit(most)).scalars())


def keep_features(db: Transaction, features: Mapping[int, bytes], version: int) -> None:
    """b"": there are none. Labels that are gone meanwhile stay away."""
    for mention, each in features.items():
        known = update(labels).where(la.mention == mention)
        db.execute(known.values(features=each, version=version))


def edited(db: Transaction, mention: int) -> None:
    """Its words are others now: what they are in numbers is to be worked out anew."""
    db.execute(update(labels).where(la.mention == mention).values(features=None))


def _with_rate() -> Select[Any]:
    """Of those that were asked about, also of how many they were chosen."""
    rate = case((la.source == SAMPLED, s.rate), else_=None).label("rate")
    return select(labels, rate).select_from(labels.outerjoin(samples, s.mention == la.mention))


def _label(row: Row[Any]) -> Label:
    return as_object(Label, row)
