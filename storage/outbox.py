"""The outbox: what we owe the outside world, until it is done.

Whatever is owed for one conversation at one destination forms a lane: in order, one at a time; only
what is said in a card's thread does not wait until the card, which hangs, is redrawn. Of the lanes
that may move, the most urgent goes first, as fast as the destination's pace allows.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, Update, and_, case, delete, func, or_, select, update

from bot.domain.delivery import PUBLIC, Delivery, Errand
from storage import destinations
from storage.database import Transaction
from storage.rows import add_all, as_object, upsert
from storage.tables import conversations, outbox
from storage.tables import destinations as roads

o = outbox.c
WORDS = (Errand.NAG, Errand.NOTE)  # in a card's thread: they need not wait until it is redrawn
earlier = outbox.alias("earlier")
edits = roads.alias("edits")


@dataclass(frozen=True, kw_only=True)
class Owed:
    """A delivery as `python -m bot outbox` lists it."""

    id: int
    key: str
    errand: Errand
    destination: str
    conversation: int | None
    attempts: int
    due_at: datetime
    trouble: str | None
    dead_at: datetime | None


@dataclass(frozen=True, kw_only=True)
class Debt:
    """Something more that we owe the outside world."""

    errand: Errand
    key: str
    lane: str
    destination: str
    urgency: int
    conversation: int | None = None
    detail: str = ""


@dataclass(frozen=True, kw_only=True)
class Alerted:
    """The last time that a team was called by another road than Slack."""

    road: int
    owed_at: datetime
    done_at: datetime | None


def put(db: Transaction, errand: Errand, *, at: datetime, once: bool = False, **debt: Any) -> None:
    """Owe one more. What waits before it in its lane becomes as urgent as it is.

    With `once`, what was ever owed under this key is not owed again.
    """
    owed = Debt(errand=errand, **debt)
    hurry(db, {owed.lane: owed.urgency})
    if not once:
        put_all(db, [owed], at)
        return
    db.execute(upsert(db, outbox, {**vars(owed), **_new(at)}, on=["key"], update=[]))


def put_all(db: Transaction, debts: Sequence[Debt], at: datetime) -> None:
    """The same with many, where nothing waits in their lanes that is lazier: else `hurry` it."""
    add_all(db, outbox, [vars(debt) for debt in debts], **_new(at))


def hurry(db: Transaction, urgency: Mapping[str, int]) -> None:
    """What waits in each of these lanes becomes at least as urgent as that."""
    for wanted in sorted(set(urgency.values())):
        lanes = [lane for lane, own in urgency.items() if own == wanted]
        lazy = update(outbox).where(o.lane.in_(lanes), _waiting(o), o.urgency > wanted)
        db.execute(lazy.values(urgency=wanted))


def redraw(
    db: Transaction, errand: Errand, lane: str, *, urgency: int, untried: bool = False
) -> bool:
    """Let one that still waits, or was given up, serve for a redraw; False when there is none."""
    hurry(db, {lane: urgency})
    return bool(redraw_all(db, errand, [lane], untried=untried))


def redraw_all(
    db: Transaction, errand: Errand, lanes: Sequence[str], *, untried: bool = False
) -> Collection[str]:
    """The same for many lanes, without hurry; returns those that had one.

    With `untried` only one that surely has not been done.

    One that is on its way does not count: it may have looked already. Changing the row holds it,
    so no courier can take it before what it must show is written.
    """
    untaken = [o.errand == errand, o.done_at.is_(None), o.leased_until.is_(None)]
    untaken += [~o.in_doubt] if untried else []
    newest = select(func.max(o.id)).where(o.lane.in_(lanes), *untaken).group_by(o.lane)
    errors = case((o.dead_at.is_(None), o.errors), else_=0)
    again = update(outbox).where(*untaken, o.id.in_(newest)).values(dead_at=None, errors=errors)
    return set(db.execute(again.returning(o.lane)).scalars())


def hold_untried(db: Transaction, lane: str, key: str) -> tuple[int, str] | None:
    """One in a lane whose key begins so, and that surely nobody has begun: its id and detail."""
    begins = o.key.startswith(key, autoescape=True)
    untried = (o.lane == lane, begins, _waiting(o), o.leased_until.is_(None), ~o.in_doubt)
    found = select(o.id, o.detail).where(*untried).order_by(o.id.desc()).limit(1)
    row = db.execute(found.with_for_update(skip_locked=True)).one_or_none()
    return (row.id, row.detail) if row else None


def say_instead(db: Transaction, id: int, detail: str) -> None:
    db.execute(update(outbox).where(o.id == id).values(detail=detail))


def waiting(db: Transaction, lane: str, errand: Errand) -> int:
    """How many of a kind wait in a lane."""
    same = select(func.count()).where(o.lane == lane, o.errand == errand, _waiting(o))
    return int(db.execute(same).scalar_one())


def take(
    db: Transaction, at: datetime, lease: timedelta, *, replies: bool | None = None
) -> Delivery | None:
    """The most urgent delivery that may go now; counts the attempt and begins its lease.

    `replies` asks only for answers, or only for everything else.
    """
    row = db.execute(_next(at, lease, replies)).one_or_none()
    if row is None or not _in_pace(db, row, at):
        return None
    taken = {"attempts": o.attempts + 1, "leased_until": at + lease, "in_doubt": True}
    db.execute(update(outbox).where(o.id == row.id).values(**taken))
    return as_object(
        Delivery,
        row,
        errand=Errand(row.errand),
        attempt=row.attempts + 1,
        leased_until=at + lease,
        may_have_happened=row.in_doubt,
    )


def ours(db: Transaction, delivery: Delivery, at: datetime) -> bool:
    """Whether this attempt still holds its lease: the last look before a call."""
    mine = select(o.id).where(*_this(delivery), o.leased_until > at)
    return db.execute(mine).one_or_none() is not None


def done(db: Transaction, delivery: Delivery, at: datetime) -> bool:
    """It is done; False when a later attempt holds the lease and will find that out itself."""
    finished = {"done_at": at, "leased_until": None, "trouble": None}
    return _change(db, delivery, **finished)


def put_off(
    db: Transaction,
    delivery: Delivery,
    why: str,
    until: datetime | None,
    *,
    doubt: bool,
    error: bool,
) -> bool:
    """Try again at `until`; False when a later attempt holds the lease.

    None keeps its place among all that waits until the destination opens again.
    Without `doubt` this attempt surely did nothing, and what an earlier one did stays as unsure as
    it was.
    """
    return _change(
        db,
        delivery,
        due_at=o.due_at if until is None else until,
        leased_until=None,
        trouble=why,
        failures=o.failures + 1,
        errors=o.errors + int(error),
        in_doubt=doubt or delivery.may_have_happened,
    )


def relieve(db: Transaction, destination: str, at: datetime) -> bool:
    """Let all that failed there for an outage's sake go together; whether anything would be later.

    Nothing of it was tried so shortly before `at` that it could not be found yet.
    """
    later = (_waiting(o), o.leased_until.is_(None), o.due_at > at)
    failed = (o.destination == destination, o.failures > 0, o.errors == 0, o.errand.not_in(PUBLIC))
    return bool(db.execute(update(outbox).where(*failed, *later).values(due_at=at)).rowcount)


def absorb(db: Transaction, delivery: Delivery, named: str, at: datetime) -> Sequence[str]:
    """What waits untried behind it in its lane under such a key is said with it: their details."""
    lane = select(o.lane).where(o.id == delivery.id).scalar_subquery()
    behind = (o.lane == lane, o.id > delivery.id, o.key.startswith(named, autoescape=True))
    said = update(outbox).where(*behind, _waiting(o), o.attempts == 0).values(done_at=at)
    return list(db.execute(said.returning(o.detail)).scalars())


def retell(db: Transaction, delivery: Delivery, detail: str) -> None:
    """From now on it is about this."""
    db.execute(update(outbox).where(*_this(delivery)).values(detail=detail))


def failures(db: Transaction, delivery: Delivery) -> int:
    return int(db.execute(select(o.failures).where(o.id == delivery.id)).scalar_one())


def errors(db: Transaction, delivery: Delivery) -> int:
    return int(db.execute(select(o.errors).where(o.id == delivery.id)).scalar_one())


def give_up(db: Transaction, delivery: Delivery, why: str, at: datetime) -> bool:
    """Lay it among the dead letters, where `python -m bot outbox` shows it."""
    return _change(db, delivery, dead_at=at, leased_until=None, trouble=why)


def try_now(db: Transaction, at: datetime) -> None:
    """Let what was put off go at once, except for what the other side may have taken just now."""
    put_off = update(outbox).where(_waiting(o), o.due_at > at, o.leased_until.is_(None))
    db.execute(put_off.where(~o.in_doubt).values(due_at=at))


def prune(db: Transaction, before: datetime, *, most: int) -> int:
    """Drop some of what was done before that; dead letters and all that is owed stay."""
    old = select(o.id).where(o.done_at < before).order_by(o.id).limit(most)
    return db.execute(delete(outbox).where(o.id.in_(old))).rowcount


def last_done(db: Transaction) -> datetime | None:
    """When something was delivered last, as far as we know."""
    return db.execute(select(func.max(o.done_at))).scalar_one_or_none()


def unknown(db: Transaction, keys: Sequence[str]) -> set[str]:
    """Those of these keys that we owe nobody and never did."""
    return set(keys) - set(db.execute(select(o.key).where(o.key.in_(keys))).scalars())


def note_done(db: Transaction, key: str, destination: str, at: datetime) -> bool:
    """What was delivered in a time that we know nothing of any more; False when it is known."""
    lost = {"lane": f"lost:{key}", "destination": destination, "detail": "", "done_at": at}
    lost |= {"urgency": 0, "owed_at": at, "due_at": at, "attempts": 1, "in_doubt": False}
    known = {"key": key, "errand": Errand.NOTICE, "failures": 0, "errors": 0, **lost}
    noted = upsert(db, outbox, known, on=["key"], update=[]).returning(o.id)
    return db.execute(noted).one_or_none() is not None


def doubt_all(db: Transaction) -> None:
    """Whatever waits may have been done already: look before it is repeated."""
    db.execute(update(outbox).where(o.done_at.is_(None)).values(in_doubt=True))


def withdraw(db: Transaction, id: int, at: datetime) -> None:
    """It need not be done any more."""
    db.execute(update(outbox).where(o.id == id, o.done_at.is_(None)).values(done_at=at))


def retry(db: Transaction, id: int, at: datetime) -> bool:
    """Bring a dead letter back; False when there is none with this number."""
    again = {"dead_at": None, "due_at": at, "errors": 0, "failures": 0}
    dead = update(outbox).where(o.id == id, o.dead_at.is_not(None))
    return bool(db.execute(dead.values(**again)).rowcount)


def pending(db: Transaction, *, most: int = 100) -> Sequence[Owed]:
    """What is owed or dead, dead letters first."""
    waiting = select(outbox).where(o.done_at.is_(None))
    ordered = waiting.order_by(o.dead_at.is_(None), o.urgency, o.due_at).limit(most)
    return [as_object(Owed, row, errand=Errand(row.errand)) for row in db.execute(ordered)]


def pends(db: Transaction, key: str) -> bool:
    """Whether that is still to be done, be it that it was given up."""
    undone = select(o.id).where(o.key == key, o.done_at.is_(None))
    return db.execute(undone).one_or_none() is not None


def unsaid_since(db: Transaction, team: str, *, until: datetime) -> datetime | None:
    """When the newest of this team's nags was owed that Slack has not taken, of those before.

    That the team is silent is as good as a nag.
    """
    theirs = (conversations.c.team == team) & (o.errand == Errand.NAG)
    evening = o.key.startswith(f"list:{team}:closing:", autoescape=True)
    listed = (o.lane == f"list:{team}") & ~evening
    hushed = o.lane == f"silence:{team}"
    newest = (
        select(func.max(o.owed_at))
        .outerjoin(conversations, conversations.c.id == o.conversation)
        .where(or_(theirs, listed, hushed), o.done_at.is_(None), o.owed_at <= until)
    )
    return db.execute(newest).scalar_one_or_none()


def last_alert(db: Transaction, team: str) -> Alerted | None:
    """The last alert about Slack's silence; those of a single rung belong to a conversation."""
    about = (o.errand == Errand.ALERT, o.conversation.is_(None))
    lanes = o.lane.startswith(f"alert:{team}:", autoescape=True)
    row = db.execute(select(outbox).where(*about, lanes).order_by(o.id.desc()).limit(1)).first()
    if row is None:
        return None
    road = int(row.lane.rpartition(":")[2])
    return Alerted(road=road, owed_at=row.owed_at, done_at=row.done_at)


def unshown(db: Transaction, destination: str, *, most: int) -> Mapping[int, int]:
    """The conversations whose first card waits for this channel, most urgent first; all held.

    Each with its urgency.
    """
    rows = db.execute(
        select(o.conversation, o.urgency)
        .join(conversations, conversations.c.id == o.conversation)
        .where(o.destination == destination, *_first_card())
        .order_by(o.urgency, o.id)
        .limit(most)
        .with_for_update(of=(conversations, outbox), skip_locked=True)
    )
    return {row.conversation: row.urgency for row in rows}


def owed(db: Transaction, destination: str, errand: Errand) -> int:
    """How many of a kind wait for a destination."""
    same = (o.destination == destination, o.errand == errand, _waiting(o))
    return int(db.execute(select(func.count()).where(*same)).scalar_one())


def crowded(db: Transaction, *, more_than: int) -> Sequence[str]:
    """The destinations for which more new cards wait than this."""
    names = db.execute(
        select(o.destination)
        .join(conversations, conversations.c.id == o.conversation)
        .where(*_first_card())
        .group_by(o.destination)
        .having(func.count() > more_than)
    )
    return list(names.scalars())


def spare(db: Transaction, conversations_: Sequence[int], at: datetime) -> None:
    """Their cards need not be posted: a digest shows them."""
    theirs = (o.conversation.in_(conversations_), o.errand == Errand.CARD)
    cards = update(outbox).where(*theirs, _waiting(o), o.attempts == 0)
    db.execute(cards.values(done_at=at))


def reroute(db: Transaction, team: str, channel: str) -> None:
    """Send what belongs to a team's cards that do not hang yet to this channel."""
    unhung = select(conversations.c.id).where(
        conversations.c.team == team, conversations.c.card.is_(None)
    )
    elsewhere = (*PUBLIC, Errand.ALERT, Errand.RETIRE, Errand.NOTICE)
    theirs = (o.conversation.in_(unhung), o.errand.not_in(elsewhere), o.destination != channel)
    db.execute(update(outbox).where(*theirs, _waiting(o)).values(destination=channel))


def _next(at: datetime, lease: timedelta, replies: bool | None) -> Any:
    """A lease that reaches further than a lease can is of a clock that was set back since."""
    overtaken = (earlier.c.errand == Errand.CARD) & o.errand.in_(WORDS) & _hangs()
    post = _is_post().label("post")
    return (
        select(outbox, post)
        .outerjoin(conversations, conversations.c.id == o.conversation)
        .outerjoin(roads, roads.c.name == o.destination)
        .outerjoin(edits, edits.c.name == destinations.EDITS)
        .where(
            _waiting(o),
            or_(o.due_at <= at, o.failures == 0),  # what is new may go, whatever the clock says
            or_(o.leased_until.is_(None), o.leased_until <= at, o.leased_until > at + lease),
            *_of_kind(replies),
            ~_in_lane(earlier.c.id < o.id, ~overtaken),
            or_(roads.c.closed_until.is_(None), roads.c.closed_until <= at),
            or_(~_is_post(), destinations.in_pace(roads.c.paced_until, at)),
            or_(~_is_edit(), destinations.in_pace(edits.c.paced_until, at)),
        )
        .order_by(o.urgency, o.due_at, o.id)
        .limit(1)
        .with_for_update(of=outbox, skip_locked=True)
    )


def _hangs() -> ColumnElement[bool]:
    """Whether the card is there; what is owed of it then is an edit, which is in no hurry."""
    return conversations.c.card.is_not(None)


def _of_kind(replies: bool | None) -> list[ColumnElement[bool]]:
    if replies is None:
        return []
    return [o.errand.in_(PUBLIC) if replies else o.errand.not_in(PUBLIC)]


def _first_card() -> tuple[ColumnElement[bool], ...]:
    """Whether it would be the first that Slack sees of a conversation, and can be spared.

    It can't where somebody has acted, or where something waits to be said in the card's thread.
    """
    untouched = (conversations.c.card.is_(None), conversations.c.owner.is_(None))
    alone = ~_in_lane(earlier.c.id != o.id)
    return (_waiting(o), o.errand == Errand.CARD, o.attempts == 0, *untouched, alone)


def _in_lane(others: ColumnElement[bool], *more: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether such others wait in the same lane, looked up by the index of lanes.

    In a flood PostgreSQL takes ten thousand rows for one, until it counts them the next time, and
    would compare each with each. The offset keeps it from a join, and what is said of dead letters
    from the index of all that waits.
    """
    waits = (
        earlier.c.done_at.is_(None),
        func.coalesce(earlier.c.dead_at, earlier.c.done_at).is_(None),
    )
    there = select(earlier.c.id).where(earlier.c.lane == o.lane, others, *waits, *more)
    return there.offset(0).exists()


def _is_post() -> ColumnElement[bool]:
    """Whether it puts a new message into a channel."""
    news = (Errand.NAG, Errand.NOTE, Errand.NOTICE, Errand.SURGE, Errand.DIGEST, Errand.LIST)
    speaks = o.errand.in_(news)
    return or_(speaks, and_(o.errand == Errand.CARD, conversations.c.card.is_(None)))


def _is_edit() -> ColumnElement[bool]:
    redraws = and_(o.errand == Errand.CARD, conversations.c.card.is_not(None))
    return or_(redraws, o.errand == Errand.RETIRE)


def _in_pace(db: Transaction, row: Row[Any], at: datetime) -> bool:
    """Take one step of the destination's pace; False when another worker just did."""
    if row.errand in (*PUBLIC, Errand.PICTURE):
        return True
    if row.post:
        return destinations.step(db, row.destination, at, destinations.POST)
    return destinations.step(db, destinations.EDITS, at, destinations.EDIT)


def _waiting(columns: Any) -> ColumnElement[bool]:
    return and_(columns.done_at.is_(None), columns.dead_at.is_(None))


def _new(at: datetime) -> Mapping[str, Any]:
    """What stands in the row of a debt that nobody has tried to pay yet."""
    nothing_yet = {"attempts": 0, "failures": 0, "errors": 0, "in_doubt": False}
    return {"owed_at": at, "due_at": at, **nothing_yet}


def _this(delivery: Delivery) -> tuple[ColumnElement[bool], ...]:
    """The row, as long as nobody has taken it since: the fence."""
    return (o.id == delivery.id, o.attempts == delivery.attempt, o.done_at.is_(None))


def _change(db: Transaction, delivery: Delivery, **values: Any) -> bool:
    changed: Update = update(outbox).where(*_this(delivery)).values(**values)
    return bool(db.execute(changed).rowcount)
