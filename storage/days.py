"""Which of a team's daily lists have been said; who holds the row speaks for the team."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import days

d = days.c


@dataclass(frozen=True, kw_only=True)
class Day:
    """The opening and the closing whose lists were said last."""

    team: str
    opened_at: datetime
    closed_at: datetime


def hold(db: Transaction, team: str, at: datetime) -> Day:
    """This team's row; one that is new has nothing to catch up with."""
    begun = {"team": team, "opened_at": at, "closed_at": at}
    db.execute(upsert(db, days, begun, on=["team"], update=[]))
    held = select(days).where(d.team == team).with_for_update()
    return as_object(Day, db.execute(held).one())


def opened(db: Transaction, team: str, at: datetime) -> None:
    db.execute(update(days).where(d.team == team).values(opened_at=at))


def closed(db: Transaction, team: str, at: datetime) -> None:
    db.execute(update(days).where(d.team == team).values(closed_at=at))
