"""How many customers began to wait, in pieces of five minutes, by account and team."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, select, update

from storage.database import Transaction
from storage.rows import upsert
from storage.tables import arrivals

a = arrivals.c

PIECE = timedelta(minutes=5)


def piece(at: datetime) -> datetime:
    """When the piece of time begins that this moment lies in."""
    return at.replace(minute=at.minute // 5 * 5, second=0, microsecond=0)


def add(db: Transaction, account: str, team: str, at: datetime, many: int) -> None:
    """So many more in the piece that begins at `at`; none says that something else was heard."""
    begun = {"account": account, "team": team, "at": at, "hour": at.replace(minute=0), "many": 0}
    db.execute(upsert(db, arrivals, begun, on=["account", "at", "team"], update=[]))
    if many:
        same = (a.account == account, a.at == at, a.team == team)
        db.execute(update(arrivals).where(*same).values(many=a.many + many))


def by_hour(
    db: Transaction,
    since: datetime,
    *,
    team: str | None = None,
    account: str | None = None,
) -> Mapping[datetime, int]:
    """How many came in each hour in which somebody did."""
    summed = select(a.hour, func.sum(a.many).label("many")).where(a.hour >= since)
    rows = db.execute(summed.where(*_of(team, account)).group_by(a.hour))
    return {row.hour: int(row.many) for row in rows}


def by_piece(db: Transaction, team: str, since: datetime) -> Mapping[datetime, int]:
    """The same by pieces of five minutes."""
    recent = (a.team == team, a.hour >= since.replace(minute=0, second=0, microsecond=0))
    summed = select(a.at, func.sum(a.many).label("many")).where(*recent, a.at >= since)
    return {row.at: int(row.many) for row in db.execute(summed.group_by(a.at))}


def last(db: Transaction, account: str) -> datetime | None:
    """When the last piece of time begins in which anything was heard."""
    found: datetime | None = db.execute(
        select(func.max(a.at)).where(a.account == account)
    ).scalar_one_or_none()
    return found


def forget(db: Transaction, before: datetime) -> None:
    """What is older counts no more."""
    db.execute(delete(arrivals).where(a.at < before))


def _of(team: str | None, account: str | None) -> list[ColumnElement[bool]]:
    return [*([a.team == team] if team else []), *([a.account == account] if account else [])]
