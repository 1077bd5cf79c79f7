"""Which messages of ours name which conversations, so that they can be taken back."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from bot.domain.forgotten import forgotten
from storage.database import Transaction
from storage.rows import upsert
from storage.tables import conversations, shown

s, k = shown.c, conversations.c

FILE = "file"  # in place of a timestamp: then the channel is the id of a file that we uploaded


@dataclass(frozen=True)
class Shown:
    """A message, by its channel or person and its timestamp; or a file, by its id."""

    channel: str
    ts: str


def record(db: Transaction, channel: str, ts: str, conversations_: Sequence[int]) -> Sequence[int]:
    """Keep what this message names; returns those that were forgotten while it was being said.

    They are held: who forgets one at this moment sees the message, or is seen here.
    """
    ids = sorted(set(conversations_))
    held = select(k.id, k.thread).where(k.id.in_(ids)).order_by(k.id).with_for_update()
    rows = db.execute(held).all()
    for row in rows:
        values = {"channel": channel, "ts": ts, "conversation": row.id}
        db.execute(upsert(db, shown, values, on=["channel", "ts", "conversation"], update=[]))
    return [row.id for row in rows if forgotten(row.thread)]


def of_conversation(db: Transaction, conversation: int) -> Sequence[Shown]:
    """Oldest first, and what is no message at the end."""
    rows = db.execute(select(s.channel, s.ts).where(s.conversation == conversation).order_by(s.ts))
    return [Shown(row.channel, row.ts) for row in rows]


def gone(db: Transaction, channel: str, ts: str) -> None:
    """It is taken back: it names nobody any more."""
    db.execute(delete(shown).where(s.channel == channel, s.ts == ts))
