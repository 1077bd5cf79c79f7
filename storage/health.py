"""What the database says of our health: by index, however much is open or done."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Text, cast, func, literal, select, text

from bot.domain.conversation import OPEN
from bot.domain.delivery import Errand
from bot.domain.health import MISSED, Books, Missed
from storage import accounts, workers
from storage.database import Transaction
from storage.rows import literally
from storage.tables import CARDLESS, conversations, outbox, unreadable

c, o, u = conversations.c, outbox.c, unreadable.c

MOST = 100  # that are counted of what was missed


def books(db: Transaction, at: datetime) -> Books:
    """All of it, as it is at that moment."""
    owed = db.execute(_owed()).one()
    nag = db.execute(
        select(func.min(c.next_nag_at)).where(literally(c.state, OPEN))
    ).scalar_one_or_none()
    unsaid = [since for since in (nag, owed.nag_since) if since and since <= at]
    return Books(
        at=at,
        accounts=accounts.all_of(db),
        unreadable=_unreadable(db),
        waiting=owed.waiting,
        owed_since=owed.since,
        dead=int(db.execute(_dead()).scalar_one()),
        unsaid_since=min(unsaid, default=None),
        uncalled=_missed(db, _overdue(at - MISSED)),
        cardless=_missed(db, _cardless(at - MISSED)),
        workers=workers.living(db, at),
        doors=workers.doors(db, at),
    )


def _owed() -> Select[Any, Any, Any]:
    of_nags = func.min(o.owed_at).filter(o.errand == Errand.NAG)
    return select(
        func.count().label("waiting"),
        func.min(o.owed_at).label("since"),
        of_nags.label("nag_since"),
    ).where(o.done_at.is_(None), o.dead_at.is_(None))


def _dead() -> Select[Any]:
    return select(func.count()).where(o.dead_at.is_not(None), o.done_at.is_(None))


def _overdue(until: datetime) -> Select[Any]:
    """Whose nag was due by then and was never decided."""
    due = select(c.id, c.next_nag_at.label("since")).where(literally(c.state, OPEN))
    return due.where(c.next_nag_at <= until).order_by(c.next_nag_at).limit(MOST)


def _cardless(until: datetime) -> Select[Any]:
    """Complaints that nothing shows, and for which nothing is owed that would."""
    lane = o.lane == literal("slack:") + cast(c.id, Text)
    theirs = select(o.id).where(lane, o.done_at.is_(None), o.dead_at.is_(None))
    nowhere = select(c.id, c.waiting_since.label("since")).where(text(CARDLESS), ~c.quiet)
    late = nowhere.where(c.waiting_since <= until, ~theirs.exists())
    return late.order_by(c.waiting_since).limit(MOST)


def _unreadable(db: Transaction) -> Mapping[str, int]:
    counted = select(u.account, func.count().label("many")).group_by(u.account)
    return {row.account: row.many for row in db.execute(counted)}


def _missed(db: Transaction, asked: Select[Any]) -> Missed:
    found = db.execute(asked).all()
    if not found:
        return Missed()
    return Missed(many=len(found), number=found[0].id, since=found[0].since)
