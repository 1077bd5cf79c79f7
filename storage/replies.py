"""Our answers with their parts, what we change about them, and the drafts of them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, exists, func, insert, or_, select, update

from bot.domain.reply import Amendment, Draft, Part, Reply, Sent
from storage.database import Transaction
from storage.rows import as_object, as_row, upsert
from storage.tables import amendments, drafts, parts, replies

r, d, p, a = replies.c, drafts.c, parts.c, amendments.c
CORRECTS = " corrects"


def add(db: Transaction, reply: Reply) -> None:
    row = as_row(reply, replies, files=list(reply.files))
    db.execute(replies.insert().values(**row))
    written = [{"reply": reply.key, **as_row(part, parts)} for part in reply.parts]
    if written:
        db.execute(insert(parts), written)


def known(db: Transaction, key: str) -> bool:
    return db.execute(select(r.key).where(r.key == key)).one_or_none() is not None


def get(db: Transaction, key: str) -> Reply:
    return _reply(db, db.execute(select(replies).where(r.key == key)).one())


def last(db: Transaction, conversation: int) -> Reply | None:
    """The one written last, whatever became of it."""
    newest = select(replies).where(r.conversation == conversation).order_by(r.written_at.desc())
    row = db.execute(newest.limit(1)).one_or_none()
    return _reply(db, row) if row else None


def sent_as(db: Transaction, conversation: int, key: str) -> bool:
    """Whether this post is an answer, or a part of one, that was sent from here."""
    ours = select(r.key).where(r.conversation == conversation, or_(r.sent_key == key, _part(key)))
    return db.execute(ours.limit(1)).first() is not None


def withdrawn_at(db: Transaction, conversation: int, at: datetime) -> bool:
    """Whether an answer there was taken back at that moment."""
    ours = select(r.key).where(r.conversation == conversation, r.withdrawn_at == at)
    return db.execute(ours.limit(1)).first() is not None


def with_key(key: str) -> Any:
    """A condition: the answer that was published under this key of the platform's."""
    return or_(r.sent_key == key, _part(key))


def part_sent(db: Transaction, reply: Reply, sent: Sent, at: datetime) -> None:
    """The next part is out."""
    number = len(reply.published)
    done = {"sent_at": at, "sent_key": sent.key, "url": sent.url}
    db.execute(update(parts).where(p.reply == reply.key, p.number == number).values(**done))


def sent(db: Transaction, key: str, sent: Sent, at: datetime) -> None:
    done = {"sent_at": at, "sent_key": sent.key, "url": sent.url, "refused": None}
    db.execute(update(replies).where(r.key == key).values(**done))


def refused(db: Transaction, key: str, why: str) -> None:
    db.execute(update(replies).where(r.key == key).values(refused=why))


def approved(db: Transaction, key: str, by: str, at: datetime) -> None:
    db.execute(update(replies).where(r.key == key).values(approved_by=by, approved_at=at))


def published_by(db: Transaction, author: str) -> int:
    """How many answers of this person have been published."""
    theirs = select(func.count()).where(r.author == author, r.sent_at.is_not(None))
    return int(db.execute(theirs).scalar_one())


def corrector(author: str) -> str:
    """As whom somebody keeps the draft of a correction, beside that of their next answer."""
    return author + CORRECTS


def keep_draft(db: Transaction, conversation: int, author: str, text: str, at: datetime) -> None:
    values = {"conversation": conversation, "author": author, "text": text, "at": at}
    same = ["conversation", "author"]
    db.execute(upsert(db, drafts, values, on=same, update=["text", "at"]))


def is_writing(db: Transaction, conversation: int, author: str, since: datetime) -> bool:
    """Whether they have pressed a key since then."""
    mine = (d.conversation == conversation, d.author == author, d.at > since)
    return db.execute(select(d.at).where(*mine)).first() is not None


def rest_draft(db: Transaction, conversation: int, author: str, at: datetime) -> None:
    """They write no more: what is empty goes, what is written was written before `at`."""
    mine = (d.conversation == conversation, d.author == author)
    db.execute(delete(drafts).where(*mine, func.trim(d.text) == ""))
    db.execute(update(drafts).where(*mine, d.at > at).values(at=at))


def draft(db: Transaction, conversation: int, author: str, since: datetime | None = None) -> str:
    mine = [d.conversation == conversation, d.author == author]
    mine += [d.at >= since] if since else []
    return db.execute(select(d.text).where(*mine)).scalar_one_or_none() or ""


def drafts_since(db: Transaction, conversation: int, since: datetime) -> Sequence[Draft]:
    """What was typed as an answer since then, the latest first."""
    answers = ~d.author.endswith(CORRECTS)
    found = select(drafts).where(d.conversation == conversation, d.at > since, answers)
    return [as_object(Draft, row) for row in db.execute(found.order_by(d.at.desc()))]


def drop_draft(db: Transaction, conversation: int, author: str) -> None:
    db.execute(delete(drafts).where(d.conversation == conversation, d.author == author))


def amend(db: Transaction, amendment: Amendment) -> None:
    db.execute(amendments.insert().values(**as_row(amendment, amendments)))


def amendment(db: Transaction, key: str) -> Amendment:
    return as_object(Amendment, db.execute(select(amendments).where(a.key == key)).one())


def amendment_known(db: Transaction, key: str) -> bool:
    return db.execute(select(a.key).where(a.key == key)).one_or_none() is not None


def amended(db: Transaction, amendment: Amendment, at: datetime) -> None:
    """The platform shows it so."""
    db.execute(update(amendments).where(a.key == amendment.key).values(done_at=at, refused=None))
    if amendment.what == "withdraw":
        changed: dict[str, Any] = {"withdrawn_at": at, "withdrawn_by": amendment.author}
    else:
        changed = {"corrected_at": at, "text": amendment.text}
        theirs = update(parts).where(p.reply == amendment.reply, p.number == 0)
        db.execute(theirs.values(text=amendment.text))
    db.execute(update(replies).where(r.key == amendment.reply).values(**changed))


def amendment_refused(db: Transaction, key: str, why: str) -> None:
    db.execute(update(amendments).where(a.key == key).values(refused=why))


def last_amendment(db: Transaction, reply: str) -> Amendment | None:
    """The one asked for last, whatever became of it."""
    newest = select(amendments).where(a.reply == reply).order_by(a.at.desc())
    row = db.execute(newest.limit(1)).one_or_none()
    return as_object(Amendment, row) if row else None


def _reply(db: Transaction, row: Row[Any]) -> Reply:
    written = db.execute(select(parts).where(p.reply == row.key).order_by(p.number))
    its_parts = tuple(as_object(Part, part) for part in written)
    return as_object(Reply, row, parts=its_parts, files=tuple(row.files or ()))


def _part(key: str) -> Any:
    return exists().where(p.reply == r.key, p.sent_key == key)
