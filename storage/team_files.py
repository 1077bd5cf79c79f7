"""Teams that were made in Slack, each as teams.toml would have it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select

from storage.database import Transaction
from storage.rows import as_object, upsert
from storage.tables import team_files

t = team_files.c


@dataclass(frozen=True, kw_only=True)
class TeamFile:
    """`text` is the team's part of a teams.toml; `by` is who wrote it last."""

    team: str
    text: str
    by: str
    at: datetime


def every(db: Transaction) -> Sequence[TeamFile]:
    rows = db.execute(select(team_files).order_by(t.team))
    return [as_object(TeamFile, row) for row in rows]


def put(db: Transaction, file: TeamFile) -> None:
    values = {"team": file.team, "text": file.text, "by": file.by, "at": file.at}
    db.execute(upsert(db, team_files, values, on=["team"], update=["text", "by", "at"]))


def drop(db: Transaction, team: str) -> None:
    db.execute(delete(team_files).where(t.team == team))
