"""What teams have taught triage: each time it was made anew, whether it is in force, and by whom
it was taken back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select, update

from bot.domain.guess import Lesson
from storage.database import Transaction
from storage.rows import add as insert
from storage.rows import as_object
from storage.tables import lessons

le = lessons.c

COMPLAINT, NEEDS_ANSWER = "complaint", "needs_answer"


@dataclass(frozen=True, kw_only=True)
class Taught:
    """One attempt to learn; with a reason in `refused`, nothing came of it.

    It means something to the weights of its `version` alone.
    """

    id: int = 0
    team: str
    what: str
    made_at: datetime
    lesson: Lesson
    labels: int
    effect: Mapping[str, Any] = field(default_factory=dict)
    refused: str = ""
    taken_back_at: datetime | None = None
    taken_back_by: str | None = None
    version: int = 0
    recall: float | None = None  # that was wanted then


def add(db: Transaction, taught: Taught) -> int:
    made = vars(taught.lesson)
    about = {name: value for name, value in vars(taught).items() if name not in ("id", "lesson")}
    return insert(db, lessons, {**about, **made, "effect": dict(taught.effect)})


def last(db: Transaction, team: str, version: int) -> Taught | None:
    """The last attempt about complaints with these weights, whatever came of it."""
    return _one(db, le.team == team, le.what == COMPLAINT, le.version == version)


def made_last(db: Transaction, team: str, version: int | None = None) -> Taught | None:
    """The last about complaints that something came of, be it in force or taken back.

    With these weights, or with any.
    """
    made = (le.team == team, le.what == COMPLAINT, le.refused == "")
    return _one(db, *made) if version is None else _one(db, *made, le.version == version)


def in_force(db: Transaction, team: str, what: str, version: int) -> Taught | None:
    return _one(db, le.team == team, le.what == what, *_in_force(version))


def all_in_force(db: Transaction, version: int) -> Mapping[str, Mapping[str, Lesson]]:
    """The newest of each team, by what it is about."""
    good = _in_force(version)
    newest = select(func.max(le.id)).where(*good).group_by(le.team, le.what)
    found: dict[str, dict[str, Lesson]] = {}
    for row in db.execute(select(lessons).where(le.id.in_(newest))):
        found.setdefault(row.team, {})[row.what] = _taught(row).lesson
    return found


def mark(db: Transaction) -> tuple[Any, ...]:
    """Another one whenever something was learnt, taken back or brought back."""
    asked = select(func.max(le.id), func.count(le.taken_back_at), func.max(le.taken_back_at))
    return tuple(db.execute(asked).one())


def take_back(db: Transaction, team: str, by: str, at: datetime) -> int:
    """All that is in force, or would be without the newest: the general guess holds again."""
    mine = (le.team == team, le.taken_back_at.is_(None), le.refused == "")
    gone = update(lessons).where(*mine).values(taken_back_at=at, taken_back_by=by)
    return int(db.execute(gone).rowcount)


def bring_back(db: Transaction, team: str) -> int:
    """What was taken back last."""
    latest = select(func.max(le.taken_back_at)).where(le.team == team).scalar_subquery()
    mine = (le.team == team, le.taken_back_at == latest)
    back = update(lessons).where(*mine).values(taken_back_at=None, taken_back_by=None)
    return int(db.execute(back).rowcount)


def history(db: Transaction, team: str, *, most: int) -> Sequence[Taught]:
    """The newest first."""
    rows = db.execute(select(lessons).where(le.team == team).order_by(le.id.desc()).limit(most))
    return [_taught(row) for row in rows]


def _in_force(version: int) -> Sequence[ColumnElement[bool]]:
    return (le.refused == "", le.taken_back_at.is_(None), le.version == version)


def _one(db: Transaction, *which: ColumnElement[bool]) -> Taught | None:
    newest = select(lessons).where(*which).order_by(le.id.desc()).limit(1)
    row = db.execute(newest).one_or_none()
    return _taught(row) if row else None


def _taught(row: Row[Any]) -> Taught:
    made = Lesson(weights=row.weights, bias=row.bias, threshold=row.threshold)
    return as_object(Taught, row, lesson=made)
