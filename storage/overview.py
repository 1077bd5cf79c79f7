"""What App Home shows: each part of it is one question, however much there is."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, func, or_, select

from bot.domain.clock import Owed, Standing
from bot.domain.conversation import OPEN, UNSETTLED, Conversation, State
from bot.domain.guess import Lane
from bot.domain.mention import Customer, Kind
from storage.conversations import Waiting, as_conversation, as_waiting
from storage.customers import BESIDE, beside
from storage.database import Transaction
from storage.rows import literally
from storage.search import Page
from storage.tables import conversations, customers, drafts, follow_ups, verdicts

c, who, d, f, v = conversations.c, customers.c, drafts.c, follow_ups.c, verdicts.c

RELATIONSHIPS = 150  # that one person can keep: R. Dunbar, Journal of Human Evolution 22 (1992)
LIVING = timedelta(days=90)  # after an answer a relationship still lives
WORKED = 5000  # clocks of one person in a week that are looked at


@dataclass(frozen=True, kw_only=True)
class Jotting:
    """What a colleague wrote for themselves about a conversation.

    The beginning of an answer, which they touched last `at` that moment; or what they want to ask
    the customer `at` that moment.
    """

    conversation: Conversation
    customer: Customer
    text: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Figures:
    """What one person has done since some moment.

    `response` is the median of their first answers, in working time. `kept` and `broken` count all
    clocks that their answers ended.
    """

    answered: int = 0
    response: timedelta | None = None
    kept: int = 0
    broken: int = 0


@dataclass(frozen=True, kw_only=True)
class OfTeam:
    """How much of a team's work is open, and who waits longest."""

    name: str
    open: int = 0
    late: int = 0
    unclaimed: int = 0
    unchecked: int = 0
    oldest: Waiting | None = None


@dataclass(frozen=True, kw_only=True)
class Holder:
    """How much somebody holds now, and how many people that they have to do with."""

    person: str
    open: int
    late: int
    relationships: int

    @property
    def too_many(self) -> bool:
        return self.relationships > RELATIONSHIPS


@dataclass(frozen=True, kw_only=True)
class Due:
    """How many fall due until each of some moments, and are not late yet."""

    until: Sequence[tuple[datetime, int]] = field(default=())


def drafts_of(db: Transaction, person: str, *, most: int) -> Page[Jotting]:
    """What they began to write since the customer waits, the newest first."""
    begun = (
        select(conversations, *BESIDE, d.text, d.at.label("jotted_at"), _many())
        .join_from(drafts, conversations, d.conversation == c.id)
        .join(customers, who.id == c.customer)
        .where(d.author == person, d.text != "", literally(c.state, OPEN), d.at >= c.waiting_since)
        .order_by(d.at.desc(), c.id)
    )
    return _jotted(db, begun.limit(most))


def follow_ups_of(db: Transaction, person: str, *, most: int) -> Page[Jotting]:
    """What they wanted to ask later, soonest first."""
    wanted = (
        select(conversations, *BESIDE, f.text, f.due_at.label("jotted_at"), _many())
        .join_from(follow_ups, conversations, f.conversation == c.id)
        .join(customers, who.id == c.customer)
        .where(f.by == person, f.done_at.is_(None))
        .order_by(f.due_at, f.id)
    )
    return _jotted(db, wanted.limit(most))


def figures(db: Transaction, person: str, since: datetime) -> Figures:
    """Of the answers that they gave from then on."""
    ended = (
        select(v.owed, v.worked, v.verdict)
        .where(v.ended_at >= since, v.by == person, v.how == "answered")
        .limit(WORKED)
    )
    rows = db.execute(ended).all()
    first = [row.worked for row in rows if row.owed == Owed.FIRST]
    return Figures(
        answered=len(rows),
        response=timedelta(seconds=median(first)) if first else None,
        kept=sum(row.verdict == Standing.KEPT for row in rows),
        broken=sum(row.verdict == Standing.BROKEN for row in rows),
    )


def teams(db: Transaction, names: Sequence[str], at: datetime) -> Sequence[OfTeam]:
    """Each of these teams, in that order, with whoever waits longest for an answer there."""
    late = func.count().filter(c.due_at <= at)
    free = func.count().filter(c.owner.is_(None))
    check = func.count().filter(c.lane == Lane.CHECK, c.kind == Kind.COMPLAINT, c.waits)
    longest = func.row_number().over(
        partition_by=c.team, order_by=(~c.waits, c.waiting_since, c.id)
    )
    counted = select(
        c.id,
        func.count().over(partition_by=c.team).label("open_ones"),
        late.over(partition_by=c.team).label("late_ones"),
        free.over(partition_by=c.team).label("free_ones"),
        check.over(partition_by=c.team).label("unchecked_ones"),
        longest.label("place"),
    ).where(literally(c.state, UNSETTLED), c.team.in_(names))
    every = counted.subquery()
    shown = (every.c.open_ones, every.c.late_ones, every.c.free_ones, every.c.unchecked_ones)
    oldest = (
        select(conversations, *BESIDE, *shown)
        .join(every, every.c.id == c.id)
        .join(customers, who.id == c.customer)
        .where(every.c.place == 1)
    )
    found = {row.team: row for row in db.execute(oldest)}
    return [_of_team(name, found.get(name)) for name in names]


def holders(db: Transaction, names: Sequence[str], at: datetime, *, most: int) -> Page[Holder]:
    """Who has most on their hands, in these teams.

    A relationship is a person whose conversation somebody holds, or has answered in 90 days. Those
    with more of them than one can keep come first.
    """
    holds = literally(c.state, UNSETTLED) & c.owner.is_not(None)
    answered = (c.state == State.ANSWERED) & (c.closed_at >= at - LIVING) & c.closed_by.is_not(None)
    holder = case((holds, c.owner), else_=c.closed_by)
    people = func.count(func.distinct(func.coalesce(who.person, who.id)))
    counted = (
        select(
            holder.label("person"),
            func.count().filter(holds).label("open_ones"),
            func.count().filter(holds, c.due_at <= at).label("late_ones"),
            people.label("relationships"),
            _many(),
        )
        .join_from(conversations, customers)
        .where(c.team.in_(names), or_(holds, answered))
        .group_by(holder)
        .order_by(
            (people > RELATIONSHIPS).desc(),
            func.count().filter(holds).desc(),
            people.desc(),
            holder,
        )
        .limit(most)
    )
    rows = db.execute(counted).all()
    found = [
        Holder(
            person=row.person,
            open=row.open_ones,
            late=row.late_ones,
            relationships=row.relationships,
        )
        for row in rows
    ]
    return Page(found=found, many=rows[0].many if rows else 0)


def due(db: Transaction, names: Sequence[str], at: datetime, until: Sequence[datetime]) -> Due:
    """How many of these teams' fall due from now until each of these moments."""
    then = (c.due_at > at, c.due_at <= max(until))
    waits = (literally(c.state, UNSETTLED), c.team.in_(names), *then)
    counted = select(*(func.count().filter(c.due_at <= moment) for moment in until))
    many = db.execute(counted.select_from(conversations).where(*waits)).one()
    return Due(until=list(zip(until, many, strict=True)))


def _jotted(db: Transaction, asked: Select[Any]) -> Page[Jotting]:
    rows = db.execute(asked).all()
    found = [
        Jotting(conversation=as_conversation(r), customer=beside(r), text=r.text, at=r.jotted_at)
        for r in rows
    ]
    return Page(found=found, many=rows[0].many if rows else 0)


def _of_team(name: str, row: Row[Any] | None) -> OfTeam:
    if row is None:
        return OfTeam(name=name)
    return OfTeam(
        name=name,
        open=row.open_ones,
        late=row.late_ones,
        unclaimed=row.free_ones,
        unchecked=row.unchecked_ones,
        oldest=as_waiting(row),
    )


def _many() -> ColumnElement[int]:
    return func.count().over().label("many")
