"""What became one, and all that was before, so that it can be undone exactly."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table, and_, delete, func, null, select, update

from bot.domain.calendar import Pause
from storage.database import Transaction
from storage.rows import add as insert_row
from storage.rows import as_object
from storage.tables import (
    Moment,
    conversations,
    customers,
    drafts,
    journal,
    mentions,
    merges,
    replies,
    verdicts,
)

c, g = conversations.c, merges.c
CONVERSATION, CUSTOMER = "conversation", "customer"  # what can become one
TODAY = ("id", "channel", "card", "digest")  # where it hangs is true whatever was before
BLANK = ("tags", "pauses")  # which may be empty in two ways

Row = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Merge:
    """`before` is plain JSON: rows as they were, and the ids of what moved or was written."""

    id: int
    what: str
    kept: int
    absorbed: int
    by: str
    at: datetime
    before: Mapping[str, Any]


def add(
    db: Transaction,
    what: str,
    kept: int,
    absorbed: int,
    *,
    by: str,
    at: datetime,
    before: Mapping[str, Any],
) -> None:
    values = {"what": what, "kept": kept, "absorbed": absorbed, "by": by, "at": at}
    insert_row(db, merges, {**values, "before": dict(before)})


def last(db: Transaction, what: str, absorbed: int) -> Merge | None:
    """How this one was absorbed, if it was."""
    same = select(merges).where(g.what == what, g.absorbed == absorbed)
    row = db.execute(same.order_by(g.id.desc()).limit(1)).one_or_none()
    return as_object(Merge, row) if row else None


def drop(db: Transaction, id: int) -> None:
    db.execute(delete(merges).where(g.id == id))


# Rows as they were


def row(db: Transaction, id: int) -> Row:
    """A conversation's columns as plain JSON."""
    blank = [c[name].is_(None).label(f"no_{name}") for name in BLANK]
    found = db.execute(select(conversations, *blank).where(c.id == id)).one()._mapping
    values = {column.name: _plain(found[column.name]) for column in c}
    return {**values, **{name: None for name in BLANK if found[f"no_{name}"]}}


def put_back(db: Transaction, row: Row, **but: Any) -> None:
    """A conversation's columns as they were, except for where its card hangs and for `but`."""
    before = {name: _meant(name, value) for name, value in row.items() if name not in TODAY}
    db.execute(update(conversations).where(c.id == row["id"]).values(**{**before, **but}))


def people(db: Transaction, ids: Sequence[int]) -> list[list[int | None]]:
    """Whose identity each of these is."""
    theirs = select(customers.c.id, customers.c.person).where(customers.c.id.in_(ids))
    return [[row.id, row.person] for row in db.execute(theirs.order_by(customers.c.id))]


# What is written on the way


def marks(db: Transaction) -> Mapping[str, int]:
    """How far the journal and the verdicts have come."""
    return {table.name: _highest(db, table) for table in (journal, verdicts)}


def written(db: Transaction, ids: Sequence[int], since: Mapping[str, int]) -> dict[str, list[int]]:
    """What was written about these conversations since then, which are held."""
    return {table.name: _newer(db, table, ids, since[table.name]) for table in (journal, verdicts)}


def erase(db: Transaction, written: Mapping[str, Sequence[int]]) -> None:
    """It has not happened."""
    for table in (journal, verdicts):
        for some in _in_parts(written[table.name]):
            db.execute(delete(table).where(table.c.id.in_(some)))


# What moves


def move(db: Transaction, absorbed: int, kept: int) -> dict[str, list[Any]]:
    """All that was said there is said here from now on; returns what moved.

    The draft of somebody who has begun one here as well stays where it is.
    """
    d, mine = drafts.c, drafts.alias()
    both = select(mine.c.author).where(mine.c.conversation == kept)
    return {
        "mentions": _move(db, mentions, "id", absorbed, kept),
        "replies": _move(db, replies, "key", absorbed, kept),
        "drafts": _move(db, drafts, "author", absorbed, kept, d.author.not_in(both)),
    }


def move_back(db: Transaction, merge: Merge) -> None:
    """What moved, what came in the same thread since, and what was answered there."""
    kept, absorbed = merge.kept, merge.absorbed
    _moved_back(db, mentions, "id", merge.before["mentions"], kept, absorbed)
    _moved_back(db, replies, "key", merge.before["replies"], kept, absorbed)
    _moved_back(db, drafts, "author", merge.before["drafts"], kept, absorbed)
    m, r, was = mentions.c, replies.c, merge.before["absorbed"]
    there = and_(m.account == was["account"], m.thread == was["thread"])
    since = update(mentions).where(m.conversation == kept, there)
    db.execute(since.values(conversation=absorbed))
    said = select(m.id).where(m.conversation == absorbed)
    answers = update(replies).where(r.conversation == kept, r.mention.in_(said))
    db.execute(answers.values(conversation=absorbed))


def _move(
    db: Transaction, table: Table, key: str, absorbed: int, kept: int, *which: Any
) -> list[Any]:
    theirs = (table.c.conversation == absorbed, *which)
    moving = list(db.execute(select(table.c[key]).where(*theirs).order_by(table.c[key])).scalars())
    db.execute(update(table).where(*theirs).values(conversation=kept))
    return moving


def _moved_back(
    db: Transaction, table: Table, key: str, moved: Sequence[Any], kept: int, absorbed: int
) -> None:
    for some in _in_parts(moved):
        theirs = (table.c.conversation == kept, table.c[key].in_(some))
        db.execute(update(table).where(*theirs).values(conversation=absorbed))


def _in_parts(ids: Sequence[Any], size: int = 500) -> Sequence[Sequence[Any]]:
    """As many at once as a statement takes."""
    return [ids[start : start + size] for start in range(0, len(ids), size)]


def _highest(db: Transaction, table: Table) -> int:
    return int(db.execute(select(func.coalesce(func.max(table.c.id), 0))).scalar_one())


def _newer(db: Transaction, table: Table, ids: Sequence[int], than: int) -> list[int]:
    theirs = (table.c.conversation.in_(ids), table.c.id > than)
    return list(db.execute(select(table.c.id).where(*theirs).order_by(table.c.id)).scalars())


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    if isinstance(value, Pause):
        return [value.start.isoformat(), value.end.isoformat(), value.why]
    return value


def _meant(name: str, value: Any) -> Any:
    if value is None:
        return null()
    if name == "pauses":
        at = datetime.fromisoformat
        return [Pause(at(start), at(end), why) for start, end, why in value]
    if isinstance(c[name].type, Moment):
        return datetime.fromisoformat(value)
    return value
