"""A few mentions a week that triage took for no complaint, so that somebody is asked about them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from bot.domain.forgotten import MARK
from bot.domain.guess import Lane
from bot.domain.mention import Kind, Origin
from storage.database import Transaction
from storage.mentions import LOOKED_AT
from storage.rows import add_all
from storage.tables import conversations, guesses, labels, mentions, samples

m, g, la, s, k = mentions.c, guesses.c, labels.c, samples.c, conversations.c

ASIDE = (Lane.QUESTION, Lane.REST)


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One that somebody is asked about; `verdict` is None until they have said."""

    mention: int
    conversation: int
    customer: int
    text: str
    verdict: bool | None


def unflagged(db: Transaction, team: str, since: datetime) -> Sequence[int]:
    """What was heard since then and has not the complaint's clock, and nobody has judged."""
    newest = select(func.max(m.id)).scalar_subquery() - LOOKED_AT
    beside = mentions.join(guesses, g.mention == m.id).join(conversations, k.id == m.conversation)
    said = (m.origin == Origin.CUSTOMER, ~m.deleted, m.text != "", m.id > newest)
    quiet = (k.team == team, k.kind != Kind.COMPLAINT, k.judged_by.is_(None))
    aside = (g.kind != Kind.COMPLAINT, g.lane.in_(ASIDE), g.at >= since)
    asked = select(m.id).select_from(beside.outerjoin(labels, la.mention == m.id))
    unsaid = (la.complaint.is_(None), ~m.key.startswith(MARK, autoescape=True))
    return list(db.execute(asked.where(*said, *quiet, *aside, *unsaid).order_by(m.id)).scalars())


def begun(db: Transaction, team: str, week: str) -> bool:
    """Whether those of this week are chosen."""
    return bool(db.execute(select(s.mention).where(s.team == team, s.week == week).limit(1)).all())


def add(
    db: Transaction, team: str, week: str, chosen: Sequence[int], rate: float, at: datetime
) -> None:
    rows = [{"mention": each} for each in chosen]
    add_all(db, samples, rows, team=team, week=week, rate=rate, at=at)


def known(db: Transaction, chosen: Sequence[int]) -> set[int]:
    """Those of these that were asked about before."""
    return set(db.execute(select(s.mention).where(s.mention.in_(chosen))).scalars())


def of_week(db: Transaction, team: str, week: str) -> Sequence[Sample]:
    """Those that still have their words."""
    beside = samples.join(mentions, m.id == s.mention).outerjoin(labels, la.mention == m.id)
    asked = select(m.id, m.conversation, m.customer, m.text, la.complaint).select_from(beside)
    mine = (s.team == team, s.week == week, m.conversation.is_not(None), m.text != "")
    rows = db.execute(asked.where(*mine).order_by(m.id))
    return [
        Sample(mention=row[0], conversation=row[1], customer=row[2], text=row[3], verdict=row[4])
        for row in rows
    ]


def week_of(db: Transaction, mention: int) -> tuple[str, str] | None:
    """The team and the week in which it was asked about."""
    row = db.execute(select(s.team, s.week).where(s.mention == mention)).one_or_none()
    return (row.team, row.week) if row else None


def last_week(db: Transaction, team: str) -> str | None:
    return db.execute(select(func.max(s.week)).where(s.team == team)).scalar_one_or_none()


def shown(db: Transaction, team: str, week: str, at: datetime) -> None:
    db.execute(update(samples).where(s.team == team, s.week == week).values(shown_at=at))
