"""How each clock ended, and the policies it was judged by. Nothing here is ever rewritten."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, select

from bot.domain.clock import Owed, Standing
from bot.domain.verdict import Verdict
from storage.database import Transaction
from storage.rows import add as insert
from storage.rows import as_object, as_row, upsert
from storage.tables import policies, verdicts

v, p = verdicts.c, policies.c


def add(db: Transaction, verdict: Verdict) -> None:
    insert(db, verdicts, as_row(verdict, verdicts))


def of_conversation(db: Transaction, conversation: int) -> Sequence[Verdict]:
    """Oldest first."""
    rows = db.execute(select(verdicts).where(v.conversation == conversation).order_by(v.id))
    return [_verdict(row) for row in rows]


def due_between(
    db: Transaction, start: datetime, end: datetime, *, team: str | None = None
) -> Sequence[Verdict]:
    """Those whose deadline was in that time, of one team or of all."""
    asked = select(verdicts).where(v.due_at >= start, v.due_at < end)
    asked = asked.where(v.team == team) if team else asked
    return [_verdict(row) for row in db.execute(asked.order_by(v.due_at))]


def keep_policy(db: Transaction, fingerprint: str, team: str, text: str, at: datetime) -> None:
    """Keep what verdicts name by its fingerprint."""
    values = {"fingerprint": fingerprint, "team": team, "text": text, "since": at}
    db.execute(upsert(db, policies, values, on=["fingerprint"], update=[]))


def policy(db: Transaction, fingerprint: str) -> str | None:
    """The policy of that fingerprint, as JSON."""
    kept = select(p.text).where(p.fingerprint == fingerprint)
    return db.execute(kept).scalar_one_or_none()


def _verdict(row: Row[Any]) -> Verdict:
    return as_object(Verdict, row, owed=Owed(row.owed), verdict=Standing(row.verdict))
