"""Finding conversations: what somebody asks for, in what order, and how many there are."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    FunctionElement,
    Row,
    Select,
    case,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles

from bot.domain.clock import Standing
from bot.domain.conversation import OPEN, UNSETTLED, Conversation, State
from bot.domain.guess import Lane
from bot.domain.mention import Customer, Kind, Origin, composed
from storage.conversations import Waiting, as_conversation, as_waiting
from storage.customers import BESIDE, beside
from storage.database import Transaction
from storage.rows import literally
from storage.tables import Moment, conversations, customers, digests, mentions, replies

c, who, said, r = conversations.c, customers.c, mentions.c, replies.c
CLOSED = (State.ANSWERED, State.DISMISSED)
URGENT = (c.due_at, c.waiting_since, c.id)
FREE = c.owner.is_(None)
COUNTED = 1000  # of what waits: of more it is told that there are more
EVERY = (*UNSETTLED, *CLOSED)  # what was merged goes on elsewhere


class Sort(StrEnum):
    DUE = "due"  # by deadline, and what has none by its age after those
    OLDEST = "oldest"
    NEWEST = "newest"
    CUSTOMER = "customer"


T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which conversations somebody wants to see, by default all that wait.

    Of several teams, platforms, kinds or languages any will do; `owners` and `unclaimed` are of one
    sort. Tags and words must all be there. What is None, False or empty leaves a thing open.
    """

    states: Sequence[State] = UNSETTLED
    teams: Sequence[str] = ()
    owners: Sequence[str] = ()
    unclaimed: bool = False
    platforms: Sequence[str] = ()  # or accounts
    kinds: Sequence[Kind] = ()
    languages: Sequence[str] = ()
    tags: Sequence[str] = ()
    words: Sequence[str] = ()  # somewhere in what the customer wrote, in small or large letters
    since: datetime | None = None  # when the customer wrote
    before: datetime | None = None
    late_at: datetime | None = None  # those that were due by then, and those that ended too late
    snoozed_at: datetime | None = None
    urgent: bool = False
    promised: bool = False
    approval: bool = False
    unchecked: bool = False  # with the complaint's clock until somebody says that it is none
    numbers: Sequence[int] | None = None
    surge: int | None = None  # what its pages list
    sort: Sort | None = None  # none: what waits by deadline, what is closed by its age

    @property
    def order(self) -> Sort:
        return self.sort or (Sort.DUE if set(self.states) <= set(UNSETTLED) else Sort.NEWEST)


@dataclass(frozen=True, kw_only=True)
class Totals:
    """How many wait, how many of them too long, how many have somebody's name on them.

    Of the closed ones, how many ended in time and how many too late.
    """

    waiting: int
    late: int
    claimed: int
    closed: int = 0
    kept: int = 0
    broken: int = 0

    @property
    def found(self) -> int:
        return self.waiting + self.closed


@dataclass(frozen=True, kw_only=True)
class Page(Generic[T]):
    """The first of them, and how many there are in all."""

    found: Sequence[T] = ()
    many: int = 0


@dataclass(frozen=True, kw_only=True)
class Whole:
    """A conversation with all that is exported of it; nothing of who has been forgotten."""

    conversation: Conversation
    customer: Customer
    tags: Sequence[str]
    words: str
    answer: str
    url: str | None


def unanswered(db: Transaction, asked: Asked, *, most: int, skip: int = 0) -> Sequence[Waiting]:
    """What was asked for, in the order that was asked for.

    What has a deadline and what has none are two questions: an index has the order of each.
    """
    if asked.order is not Sort.DUE:
        return _some(db, asked, _picked(db, asked), most, skip)
    picked = _picked(db, asked).order_by(None).order_by(*URGENT)
    dated, undated = picked.where(c.due_at.is_not(None)), picked.where(c.due_at.is_(None))
    found = _some(db, asked, dated, most, skip)
    if len(found) == most:
        return found
    before = 0 if found or not skip else _count(db, dated.order_by(None))
    left = max(0, skip - before) if not found else 0
    return [*found, *_some(db, asked, undated, most - len(found), left)]


def _some(
    db: Transaction, asked: Asked, picked: Select[Any], most: int, skip: int
) -> list[Waiting]:
    return [as_waiting(row) for row in db.execute(_drawn(picked, asked, most, skip))]


def _count(db: Transaction, picked: Select[Any]) -> int:
    return int(db.execute(select(func.count()).select_from(picked.subquery())).scalar_one())


def page(db: Transaction, asked: Asked, *, most: int, skip: int = 0) -> Page[Waiting]:
    """The same, and how many there are: 0 where `skip` leads beyond the last."""
    picked = _picked(db, asked, func.count().over().label("many"))
    rows = db.execute(_drawn(picked, asked, most, skip)).all()
    return Page(found=[as_waiting(row) for row in rows], many=rows[0].many if rows else 0)


def numbers(db: Transaction, asked: Asked, *, most: int) -> Sequence[int]:
    """The same by their numbers alone."""
    return list(db.execute(_picked(db, asked).limit(most)).scalars())


def whole(db: Transaction, numbers: Sequence[int]) -> Sequence[Whole]:
    """These conversations in this order, with all that was said in them: three questions."""
    drawn = select(conversations, *BESIDE).join_from(conversations, customers)
    rows = {row.id: row for row in db.execute(drawn.where(c.id.in_(numbers)))}
    heard, answers = _heard(db, numbers), _answers(db, numbers)
    there = [rows[number] for number in numbers if number in rows]
    return [_whole(row, heard.get(row.id, []), answers.get(row.id, "")) for row in there]


def totals(db: Transaction, asked: Asked, at: datetime) -> Totals:
    """What waits is counted up to one more than `COUNTED`, what is closed to the last."""
    if not set(asked.states) & set(CLOSED):
        return _waiting(db, asked, at)
    waits, closed = c.state.in_(UNSETTLED), c.state.in_(CLOSED)
    counted = (
        select(
            func.count().filter(waits).label("waiting"),
            func.count().filter(waits, c.due_at <= at).label("late"),
            func.count(c.owner).filter(waits).label("claimed"),
            func.count().filter(closed).label("closed"),
            func.count().filter(closed, c.verdict == Standing.KEPT).label("kept"),
            func.count().filter(closed, c.verdict == Standing.BROKEN).label("broken"),
        )
        .join_from(conversations, customers)
        .where(*_meaning(db, asked))
    )
    return Totals(**db.execute(counted).one()._mapping)


def _waiting(db: Transaction, asked: Asked, at: datetime) -> Totals:
    """However many wait, no more is looked at than is told."""
    meant = _asked_of(asked, c.id).where(*_meaning(db, asked))
    found = [meant, meant.where(c.due_at.is_not(None), c.due_at <= at), meant.where(FREE)]
    counts = [
        select(func.count()).select_from(each.limit(COUNTED + 1).subquery()).scalar_subquery()
        for each in found
    ]
    waiting, late, free = db.execute(select(*counts)).one()
    return Totals(waiting=waiting, late=late, claimed=waiting - free)


def _picked(db: Transaction, asked: Asked, *more: ColumnElement[Any]) -> Select[Any]:
    """The numbers first: what is drawn of each is looked up for one page only."""
    picked = _asked_of(asked, c.id, *more).where(*_meaning(db, asked))
    return picked.order_by(*_order(asked.order))


def _asked_of(asked: Asked, *columns: Any) -> Select[Any]:
    """Of conversations alone, unless the question is about customers as well."""
    about_customers = asked.languages or asked.tags or asked.order is Sort.CUSTOMER
    if about_customers:
        return select(*columns).join_from(conversations, customers)
    return select(*columns).select_from(conversations)


def _drawn(picked: Select[Any], asked: Asked, most: int, skip: int) -> Select[Any]:
    few = picked.limit(most).offset(skip).subquery()
    return (
        select(conversations, *BESIDE, _newest_words(), *(n for n in few.c if n is not few.c.id))
        .join(few, few.c.id == c.id)
        .join(customers, who.id == c.customer)
        .order_by(*_order(asked.order))
    )


def _heard(db: Transaction, numbers: Sequence[int]) -> dict[int, list[Any]]:
    """What customers said and what the brand posted elsewhere, in the order we heard it."""
    told = (Origin.CUSTOMER, Origin.OWN)
    asked = select(said.conversation, said.origin, said.subject, said.text, said.url).where(
        said.conversation.in_(numbers), said.origin.in_(told), ~said.deleted
    )
    found: dict[int, list[Any]] = {}
    for row in db.execute(asked.order_by(said.id)):
        found.setdefault(row.conversation, []).append(row)
    return found


def _answers(db: Transaction, numbers: Sequence[int]) -> dict[int, str]:
    """Our last answer that is published and still stands."""
    sent = select(r.conversation, r.text).where(
        r.conversation.in_(numbers), r.sent_at.is_not(None), r.withdrawn_at.is_(None)
    )
    return {row.conversation: row.text for row in db.execute(sent.order_by(r.sent_at))}


def _whole(row: Row[Any], heard: Sequence[Any], answer: str) -> Whole:
    customer, forgotten = beside(row), row.by_forgotten_at is not None
    if forgotten:
        customer, heard, answer = replace(customer, name="", handle="", url=None), [], ""
    theirs = [each for each in heard if each.origin == Origin.CUSTOMER]
    ours = [each.text for each in heard if each.origin == Origin.OWN]
    spoken = [part for each in theirs for part in (each.subject, each.text) if part]
    return Whole(
        conversation=as_conversation(row),
        customer=customer,
        tags=() if forgotten else tuple(row.by_tags or ()),
        words="\n\n".join(dict.fromkeys(spoken)),
        answer=answer or "\n\n".join(ours),
        url=theirs[-1].url if theirs else None,
    )


def _newest_words() -> ColumnElement[str]:
    return (
        select(said.text)
        .where(said.conversation == c.id, said.origin == Origin.CUSTOMER, ~said.deleted)
        .order_by(said.id.desc())
        .limit(1)
        .scalar_subquery()
        .label("words")
    )


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    return {
        Sort.DUE: (c.due_at.is_(None), *URGENT),
        Sort.OLDEST: (c.waiting_since, c.id),
        Sort.NEWEST: (c.waiting_since.desc(), c.id.desc()),
        Sort.CUSTOMER: (func.lower(_called()), c.waiting_since, c.id),
    }[sort]


def _called() -> ColumnElement[str]:
    """As a list calls them: by their name, or else by their handle."""
    return case((who.name != "", who.name), else_=func.ltrim(who.handle, "@"))


def _meaning(db: Transaction, asked: Asked) -> list[ColumnElement[bool]]:
    return [
        literally(c.state, asked.states),
        *_one_of(c.team, asked.teams),
        *_one_of(c.kind, asked.kinds),
        *([c.id.in_(asked.numbers)] if asked.numbers is not None else []),
        *([c.digest.in_(_pages(asked.surge))] if asked.surge else []),
        *_with(asked),
        *_any_of(_on(name) for name in asked.platforms),
        *_any_of(_in(language) for language in asked.languages),
        *(_tagged(db, tag) for tag in asked.tags),
        *(_saying(words) for words in asked.words),
        *([c.waiting_since >= asked.since] if asked.since else []),
        *([c.waiting_since < asked.before] if asked.before else []),
        *_standing(asked),
    ]


def _pages(surge: int) -> Select[Any]:
    return select(digests.c.id).where(digests.c.surge == surge)


def _standing(asked: Asked) -> Iterator[ColumnElement[bool]]:
    if asked.late_at:
        yield _late(asked, asked.late_at)
    if asked.snoozed_at:
        yield literally(c.state, OPEN) & c.snoozed_by.is_not(None)
        yield _pause_ends() > asked.snoozed_at
    if asked.urgent:
        yield c.urgent
    if asked.promised:
        yield c.promised_for.is_not(None)
    if asked.approval:
        yield c.proposed.is_not(None)
    if asked.unchecked:
        yield (c.lane == Lane.CHECK) & (c.kind == Kind.COMPLAINT) & c.waits


def _late(asked: Asked, at: datetime) -> ColumnElement[bool]:
    """What waits and is due, and what was late when it ended."""
    due = literally(c.state, UNSETTLED) & (c.due_at <= at)
    if not set(asked.states) & set(CLOSED):
        return due
    return due | (c.state.in_(CLOSED) & (c.verdict == Standing.BROKEN))


def _with(asked: Asked) -> list[ColumnElement[bool]]:
    free = [c.owner.is_(None)] if asked.unclaimed else []
    return _any_of([*_one_of(c.owner, asked.owners), *free])


def _on(name: str) -> ColumnElement[bool]:
    return (c.account == name) | c.account.startswith(name + ":", autoescape=True)


def _in(language: str) -> ColumnElement[bool]:
    """Whether "de-AT" is the "de" that was asked for; what colleagues know goes before."""
    spoken = func.lower(func.coalesce(who.language, c.language, ""))
    return (spoken == language) | spoken.startswith(language + "-", autoescape=True)


def _tagged(db: Transaction, tag: str) -> ColumnElement[bool]:
    lite = db.dialect.name == "sqlite"
    split = func.json_each if lite else func.json_array_elements_text
    word = split(who.tags).table_valued("value")
    return exists(select(literal_column("1")).where(func.lower(word.c.value) == tag.lower()))


def _saying(words: str) -> ColumnElement[bool]:
    """Somewhere in what the customer wrote and has not taken back; nothing in it is a pattern."""
    looked_for = composed(words).lower()
    return exists(
        select(literal_column("1")).where(
            said.conversation == c.id,
            said.origin == Origin.CUSTOMER,
            ~said.deleted,
            or_(
                func.lower(said.text).contains(looked_for, autoescape=True),
                func.lower(said.subject).contains(looked_for, autoescape=True),
            ),
        )
    )


def _one_of(column: ColumnElement[Any], values: Sequence[Any]) -> list[ColumnElement[bool]]:
    return [column.in_(values)] if values else []


def _any_of(wanted: Any) -> list[ColumnElement[bool]]:
    found = list(wanted)
    return [or_(*found)] if found else []


class _pause_ends(FunctionElement[Any]):  # noqa: N801
    """When the last pause of a conversation ends: it is kept as JSON."""

    type = Moment()
    inherit_cache = True


@compiles(_pause_ends, "sqlite")
def _in_sqlite(_element: Any, _compiler: Any, **_: Any) -> str:
    return "datetime(json_extract(conversations.pauses, '$[#-1][1]'))"


@compiles(_pause_ends, "postgresql")
def _in_postgresql(_element: Any, _compiler: Any, **_: Any) -> str:
    return "CAST(conversations.pauses -> -1 ->> 1 AS TIMESTAMPTZ)"
