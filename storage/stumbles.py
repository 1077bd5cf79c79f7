"""What the sweep can't do for one conversation: tried ever more rarely, and known to people."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, select, update

from storage.database import Transaction
from storage.rows import upsert
from storage.tables import conversations, stumbles

s = stumbles.c
ANEW = timedelta(days=2)  # after its last failure, what fails again is new trouble


@dataclass(frozen=True, kw_only=True)
class Stumble:
    step: str
    conversation: int
    failures: int
    problem: str
    until: datetime


def failures(db: Transaction, step: str, conversation: int, at: datetime) -> int:
    """How often it has failed in a row."""
    same = (s.step == step, s.conversation == conversation, s.until > at - ANEW)
    return db.execute(select(s.failures).where(*same)).scalar_one_or_none() or 0


def keep(db: Transaction, stumble: Stumble) -> None:
    """Leave this conversation out of that step until then."""
    on = ["step", "conversation"]
    change = ["failures", "problem", "until"]
    db.execute(upsert(db, stumbles, vars(stumble), on=on, update=change))


def at_rest(step: str, at: datetime) -> ColumnElement[bool]:
    """Whether a conversation is left out of a step at this moment."""
    same = (s.conversation == conversations.c.id, s.step == step, s.until > at)
    return select(s.step).where(*same).exists()


def try_now(db: Transaction, at: datetime) -> None:
    """After a start the code may be another: everything has another try."""
    db.execute(update(stumbles).where(s.until > at).values(until=at))
