"""Who the customers are."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import Row, func, or_, select, union_all, update

from bot.domain.case import Past
from bot.domain.conversation import State
from bot.domain.mention import Customer
from storage.database import Transaction
from storage.rows import as_object, as_row, upsert
from storage.tables import conversations, customers, replies

c = customers.c
PROFILE = ["followers", "verified", "since", "place", "speaks", "website"]
CHANGING = ["handle", "name", "url", *PROFILE, "seen_at"]
FRESH = timedelta(days=1)  # for how long a snapshot of a profile is as good as new
BESIDE = [column.label(f"by_{column.name}") for column in c]  # to select them with what they wrote


class Known(NamedTuple):
    """A customer and their number."""

    id: int
    customer: Customer


def beside(row: Row[Any]) -> Customer:
    """The customer in a row that was selected with `BESIDE`."""
    by = {name[3:]: value for name, value in row._mapping.items() if name.startswith("by_")}
    return as_object(Customer, by)


def meet(db: Transaction, customer: Customer, at: datetime | None = None) -> int:
    """The id of this customer, with the handle, name and profile they have `at` this time.

    Who is known and has not changed is only looked at: a lock would last until the page ends.
    """
    return meet_all(db, [customer], at)[customer.platform, customer.key]


def meet_all(
    db: Transaction, met: Sequence[Customer], at: datetime | None = None
) -> Mapping[tuple[str, str], int]:
    """The same with many, by platform and key; who comes twice is as they were the last time."""
    latest = {(each.platform, each.key): each for each in met}
    known = _known(db, latest)
    strange = [
        each
        for who, each in sorted(latest.items())
        if (there := known.get(who, (0, None))[1]) != each or _is_old(there, at)
    ]
    if strange:
        rows = [as_row(each, customers, seen_at=at or each.seen_at) for each in strange]
        met_now = upsert(db, customers, None, on=["platform", "key"], update=CHANGING)
        new = db.execute(met_now.returning(c.id, c.platform, c.key), rows)
        known |= {(row.platform, row.key): (row.id, None) for row in new}
    return {who: id for who, (id, _) in known.items()}


def _is_old(known: Customer | None, at: datetime | None) -> bool:
    """Whether nobody has looked at the profile for so long that its time is worth writing."""
    return bool(known and known.seen_at and at and at - known.seen_at > FRESH)


def _known(
    db: Transaction, who: Iterable[tuple[str, str]]
) -> dict[tuple[str, str], tuple[int, Customer | None]]:
    """Those that there are, with their ids."""
    found: dict[tuple[str, str], tuple[int, Customer | None]] = {}
    for platform, theirs in groupby(sorted(who), key=itemgetter(0)):
        keys = [key for _platform, key in theirs]
        there = select(customers).where(c.platform == platform, c.key.in_(keys))
        for row in db.execute(there):
            found[platform, row.key] = (row.id, as_object(Customer, row))
    return found


def get(db: Transaction, id: int) -> Customer:
    return as_object(Customer, db.execute(select(customers).where(c.id == id)).one())


def person(db: Transaction, id: int) -> int:
    """The customer row that stands for all identities of this person."""
    return int(db.execute(select(func.coalesce(c.person, c.id)).where(c.id == id)).scalar_one())


def identities(db: Transaction, id: int) -> Sequence[int]:
    """All customer rows that are this person, this one among them."""
    root = select(func.coalesce(c.person, c.id)).where(c.id == id).scalar_subquery()
    theirs = select(c.id).where(or_(c.id == root, c.person == root)).order_by(c.id)
    return list(db.execute(theirs).scalars())


def hold(db: Transaction, ids: Sequence[int]) -> None:
    """Nobody else joins or parts these, or logs what they said, until this transaction ends."""
    db.execute(select(c.id).where(c.id.in_(ids)).order_by(c.id).with_for_update()).all()


def belong(db: Transaction, id: int, person: int | None) -> None:
    """From now on this identity is that person's; None: a person of its own."""
    db.execute(update(customers).where(c.id == id).values(person=person))


def all_of(db: Transaction, ids: Sequence[int]) -> Sequence[Customer]:
    rows = db.execute(select(customers).where(c.id.in_(ids)).order_by(c.id))
    return [as_object(Customer, row) for row in rows]


def tags(db: Transaction, id: int) -> Sequence[str]:
    """The words that somebody put on this person, whichever identity they had before them."""
    return tags_of(db, [id])[id]


def tags_of(db: Transaction, ids: Sequence[int]) -> Mapping[int, Sequence[str]]:
    """The same of many."""
    person = func.coalesce(c.person, c.id).label("person")
    known = db.execute(select(c.id, person).where(c.id.in_(ids)))
    roots = {row.id: row.person for row in known}
    theirs = or_(c.id.in_(roots.values()), c.person.in_(roots.values()))
    kept: dict[int, list[Sequence[str]]] = {}
    for row in db.execute(select(person, c.tags).where(theirs).order_by(c.id)):
        kept.setdefault(row.person, []).append(row.tags)
    return {id: _together(kept[root]) for id, root in roots.items()}


def _together(kept: Sequence[Sequence[str]]) -> Sequence[str]:
    if len(kept) == 1:
        return tuple(kept[0])
    once = {word.casefold(): word for words in reversed(kept) for word in words}
    return tuple(sorted(once.values()))


def tag(db: Transaction, id: int, tags: Sequence[str]) -> None:
    """All identities of a person bear the same words."""
    all_the_same = update(customers).where(c.id.in_(identities(db, id)))
    db.execute(all_the_same.values(tags=list(tags)))


def ways(db: Transaction, id: int) -> tuple[str | None, str | None]:
    """This person's language and time zone, as colleagues know them."""
    known = select(c.language, c.timezone).where(c.id.in_(identities(db, id))).order_by(c.id)
    rows = db.execute(known).all()
    language = next((row.language for row in rows if row.language), None)
    return language, next((row.timezone for row in rows if row.timezone), None)


def note_ways(db: Transaction, id: int, **known: str | None) -> None:
    """Keep `language` or `timezone` with all identities of a person."""
    if known:
        db.execute(update(customers).where(c.id.in_(identities(db, id))).values(**known))


def known_by(db: Transaction, ids: Sequence[int], *, but: int, most: int) -> Sequence[str]:
    """The colleagues whose answers these customers had, who answered last first."""
    k, r = conversations.c, replies.c
    sent = (
        select(r.author.label("who"), r.sent_at.label("at"))
        .join(conversations, k.id == r.conversation)
        .where(k.customer.in_(ids), k.id != but, r.sent_at.is_not(None))
    )
    ended = select(k.closed_by.label("who"), k.answered_at.label("at")).where(
        k.customer.in_(ids),
        k.id != but,
        k.state == State.ANSWERED,
        k.closed_by.is_not(None),
        k.answered_at.is_not(None),
    )
    both = union_all(sent, ended).subquery()
    newest = func.max(both.c.at).desc()
    ranked = select(both.c.who).group_by(both.c.who).order_by(newest, func.count().desc())
    return list(db.execute(ranked.limit(most)).scalars())


def past(db: Transaction, id: int, *, but: int) -> Past:
    """What was before the conversation `but`, of this person; what was merged is no more one."""
    k = conversations.c
    others = (k.customer.in_(identities(db, id)), k.id != but, k.state != State.MERGED)
    times = db.execute(select(func.count()).where(*others)).scalar_one()
    newest = select(k.state, k.closed_at).where(*others).order_by(k.waiting_since.desc()).limit(1)
    last = db.execute(newest).one_or_none()
    if last is None:
        return Past()
    return Past(times=times, last_state=State(last.state), last_closed_at=last.closed_at)


def called_like(
    db: Transaction, words: str, *, but: Sequence[int] = (), most: int
) -> Sequence[Known]:
    """Who has these words in a handle or name; nothing in them is a pattern."""
    looked_for = words.strip().lstrip("@").lower()
    if not looked_for:
        return []
    named = or_(
        func.lower(c.handle).contains(looked_for, autoescape=True),
        func.lower(c.name).contains(looked_for, autoescape=True),
    )
    there = select(customers).where(named, c.id.not_in(but), c.forgotten_at.is_(None))
    rows = db.execute(there.order_by(c.id.desc()).limit(most))
    return [Known(row.id, as_object(Customer, row)) for row in rows]
