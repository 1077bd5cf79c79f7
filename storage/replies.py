"""Our answers, and the drafts of them."""

from datetime import datetime

from sqlalchemy import delete, select, update

from bot.domain.reply import Reply, Sent
from storage.database import Transaction
from storage.rows import as_object, as_row, upsert
from storage.tables import drafts, replies

r, d = replies.c, drafts.c


def add(db: Transaction, reply: Reply) -> None:
    db.execute(replies.insert().values(**as_row(reply, replies)))


def known(db: Transaction, key: str) -> bool:
    return db.execute(select(r.key).where(r.key == key)).one_or_none() is not None


def get(db: Transaction, key: str) -> Reply:
    return as_object(Reply, db.execute(select(replies).where(r.key == key)).one())


def last(db: Transaction, conversation: int) -> Reply | None:
    """The one written last, whatever became of it."""
    newest = select(replies).where(r.conversation == conversation).order_by(r.written_at.desc())
    row = db.execute(newest.limit(1)).one_or_none()
    return as_object(Reply, row) if row else None


def sent_as(db: Transaction, conversation: int, key: str) -> bool:
    """Whether this post is an answer that was sent from here."""
    ours = select(r.key).where(r.conversation == conversation, r.sent_key == key)
    return db.execute(ours.limit(1)).first() is not None


def sent(db: Transaction, key: str, sent: Sent, at: datetime) -> None:
    done = {"sent_at": at, "sent_key": sent.key, "url": sent.url, "refused": None}
    db.execute(update(replies).where(r.key == key).values(**done))


def refused(db: Transaction, key: str, why: str) -> None:
    db.execute(update(replies).where(r.key == key).values(refused=why))


def keep_draft(db: Transaction, conversation: int, author: str, text: str, at: datetime) -> None:
    values = {"conversation": conversation, "author": author, "text": text, "at": at}
    same = ["conversation", "author"]
    db.execute(upsert(db, drafts, values, on=same, update=["text", "at"]))


def draft(db: Transaction, conversation: int, author: str, since: datetime) -> str:
    mine = (d.conversation == conversation, d.author == author, d.at >= since)
    return db.execute(select(d.text).where(*mine)).scalar_one_or_none() or ""


def drop_draft(db: Transaction, conversation: int, author: str) -> None:
    db.execute(delete(drafts).where(d.conversation == conversation, d.author == author))
