"""What was said: by customers, by the brand elsewhere, by machines."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Row, Select, func, or_, select, text, update

from bot.domain.forgotten import both
from bot.domain.mention import Mention, Origin, Unreadable
from bot.domain.reply import Reply
from storage.customers import BESIDE, beside, identities
from storage.database import Transaction
from storage.replies import with_key
from storage.rows import add as insert
from storage.rows import add_all as insert_all
from storage.rows import as_object, as_row, new_ids, upsert
from storage.tables import conversations, customers, mentions, replies, unreadable

m = mentions.c

HOLD_ADDRESSES = text(
    "SELECT pg_advisory_xact_lock(hashtextextended(each, 0))"
    " FROM unnest(CAST(:where AS text[])) WITH ORDINALITY AS w(each, place) ORDER BY place"
)
LOOKED_AT = 20_000  # of the newest, of all teams, where the usual words are looked for


def with_author() -> Select[Any]:
    """Mentions, each beside the customer who wrote it."""
    return select(mentions, *BESIDE).join(customers)


def as_mention(row: Row[Any]) -> Mention:
    media, origin = tuple(row.media), Origin(row.origin)
    return as_object(Mention, row, customer=beside(row), origin=origin, media=media)


def find(db: Transaction, account: str, key: str) -> tuple[Mention, int | None] | None:
    """A mention we know, or knew before it was forgotten, and the conversation it belongs to."""
    same = (m.account == account, m.key.in_(both(account, key)))
    row = db.execute(with_author().where(*same)).one_or_none()
    return (as_mention(row), row.conversation) if row else None


class Told(NamedTuple):
    """A post as another account has told it."""

    id: int
    account: str
    key: str
    text: str
    no_reply: str
    conversation: int | None


def told_elsewhere(
    db: Transaction, account: str, addresses: Collection[str]
) -> Mapping[str, Sequence[Told]]:
    """What other accounts have told there; nobody else tells of these addresses until the end."""
    if not addresses:
        return {}
    where = sorted(addresses)
    if db.dialect.name == "postgresql":
        db.execute(HOLD_ADDRESSES, {"where": where}).all()
    other = (m.address.in_(where), m.account != account, m.origin == Origin.CUSTOMER)
    columns = [m.address, *(m[name] for name in Told._fields)]
    found: dict[str, list[Told]] = {}
    for row in db.execute(select(*columns).where(*other, m.same_as.is_(None)).order_by(m.id)):
        found.setdefault(row.address, []).append(Told(*row[1:]))
    return found


def same_as(db: Transaction, id: int, first: int) -> None:
    """It is the post that this other one is, and no work of its own."""
    echo = update(mentions).where(m.id == id)
    db.execute(echo.values(same_as=first, conversation=None, warn_at=None))


def known(db: Transaction, account: str, keys: Collection[str]) -> set[str]:
    """Those of these keys that we know, or knew before they were forgotten."""
    kept = {name: key for key in keys for name in both(account, key)}
    there = select(m.key).where(m.account == account, m.key.in_(kept))
    return {kept[key] for key in db.execute(there).scalars()}


def answered(db: Transaction, account: str, keys: Collection[str]) -> set[str]:
    """Those of these keys to which we have seen an answer of the brand's."""
    own = (m.account == account, m.parent.in_(keys), m.origin == Origin.OWN)
    return set(db.execute(select(m.parent).where(*own)).scalars())


def add_all(
    db: Transaction, said: Sequence[tuple[Mention, int, int]], at: datetime
) -> Sequence[int]:
    """Each with its customer and its conversation; returns their numbers."""
    numbers = new_ids(db, mentions, len(said))
    rows = [_row(mention, by, conversation, at) for mention, by, conversation in said]
    insert_all(db, mentions, [{**row, "id": id} for row, id in zip(rows, numbers, strict=True)])
    return numbers


def add(
    db: Transaction, mention: Mention, *, customer: int, conversation: int | None, at: datetime
) -> int:
    return insert(db, mentions, _row(mention, customer, conversation, at))


def _row(mention: Mention, customer: int, conversation: int | None, at: datetime) -> dict[str, Any]:
    said = as_row(mention, mentions, customer=customer, media=list(mention.media), heard_at=at)
    more = {"extra": dict(mention.extra), "address": mention.address}
    return {**said, **more, "conversation": conversation}


def usual_words(db: Transaction, team: str, before: datetime, *, most: int) -> Sequence[str]:
    """What customers of this team wrote before then, of the newest that were heard."""
    k = conversations.c
    newest = select(func.max(m.id)).scalar_subquery() - LOOKED_AT
    said = (m.id > newest, m.origin == Origin.CUSTOMER, m.posted_at < before, m.text != "")
    theirs = select(m.text).join(conversations, k.id == m.conversation).where(*said, k.team == team)
    return list(db.execute(theirs.order_by(m.id.desc()).limit(most)).scalars())


def change(db: Transaction, id: int, mention: Mention) -> None:
    """The customer edited or deleted it, or it was published: keep what it is now."""
    now = {
        "text": mention.text,
        "subject": mention.subject,
        "url": mention.url,
        "revision": mention.revision,
        "deleted": mention.deleted,
        "public": mention.public,
        "media": list(mention.media),
        "no_reply": mention.no_reply,
        "reply_by": mention.reply_by,
        "rating": mention.rating,
        "extra": dict(mention.extra),
    }
    db.execute(update(mentions).where(m.id == id).values(**now))


def warn(db: Transaction, id: int, at: datetime) -> None:
    """When somebody is to be told that it can't be answered much longer."""
    db.execute(update(mentions).where(m.id == id).values(warn_at=at))


def to_warn_of(db: Transaction, at: datetime) -> tuple[int, int] | None:
    """One whose platform soon lets nobody answer it, and its conversation."""
    near = select(m.id, m.conversation).where(m.warn_at <= at, m.conversation.is_not(None))
    row = db.execute(near.order_by(m.warn_at, m.id).limit(1)).one_or_none()
    return (row.id, row.conversation) if row else None


def warned(db: Transaction, id: int) -> bool:
    """Note that somebody is told; False when another worker was faster."""
    mine = update(mentions).where(m.id == id, m.warn_at.is_not(None)).values(warn_at=None)
    return bool(db.execute(mine).rowcount)


def of_conversation(db: Transaction, conversation: int) -> Sequence[Mention]:
    """In the order in which we heard them."""
    heard = db.execute(with_author().where(m.conversation == conversation).order_by(m.id))
    return [as_mention(row) for row in heard]


def get(db: Transaction, id: int) -> Mention:
    return as_mention(db.execute(with_author().where(m.id == id)).one())


def oldest_after(db: Transaction, conversation: int, mention: int) -> Mention | None:
    """The oldest of the customer's words that still stand, and that an answer to it did not see.

    What we heard after that mention, though it is older, was there when the answer was written: so
    it is with words that came from another platform, or out of a merged conversation.
    """
    posted = select(m.posted_at).where(m.id == mention).scalar_subquery()
    written = select(func.max(replies.c.written_at)).where(replies.c.mention == mention)
    unseen = or_(m.posted_at >= posted, m.heard_at > written.scalar_subquery())
    later = _standing(conversation).where(m.id > mention, unseen)
    row = db.execute(later.order_by(m.posted_at).limit(1)).one_or_none()
    return as_mention(row) if row else None


def oldest_posted_after(db: Transaction, conversation: int, at: datetime) -> Mention | None:
    newer = _standing(conversation).where(m.posted_at > at).order_by(m.posted_at).limit(1)
    row = db.execute(newer).one_or_none()
    return as_mention(row) if row else None


def standing(db: Transaction, conversation: int) -> Sequence[Mention]:
    """What the customer said and has not deleted, oldest first."""
    rows = db.execute(_standing(conversation).order_by(m.posted_at))
    return [as_mention(row) for row in rows]


def own_answer_to(db: Transaction, account: str, key: str) -> Mention | None:
    """The brand's post that answers this one, if we have seen it."""
    own = (m.account == account, m.parent == key, m.origin == Origin.OWN)
    row = db.execute(with_author().where(*own).order_by(m.posted_at).limit(1)).one_or_none()
    return as_mention(row) if row else None


def own_since(db: Transaction, conversation: int, since: datetime) -> Sequence[Mention]:
    """What we have heard from then on that the brand posted there, oldest first."""
    own = (m.conversation == conversation, m.origin == Origin.OWN, m.heard_at >= since)
    rows = db.execute(with_author().where(*own).order_by(m.posted_at, m.id))
    return [as_mention(row) for row in rows]


def own_posted_since(db: Transaction, conversation: int, at: datetime) -> Sequence[Mention]:
    """What the brand posted there at that moment or later, and has not taken back."""
    own = (m.conversation == conversation, m.origin == Origin.OWN, m.posted_at >= at, ~m.deleted)
    return [as_mention(row) for row in db.execute(with_author().where(*own))]


def conversation_with(db: Transaction, account: str, key: str) -> int | None:
    """The conversation that a post belongs to: somebody's words, or an answer sent from here."""
    said = select(m.conversation).where(m.account == account, m.key == key)
    k = conversations.c
    sent = select(k.id).join(replies).where(k.account == account, with_key(key))
    found = db.execute(said.limit(1)).scalar_one_or_none()
    return found or db.execute(sent.limit(1)).scalar_one_or_none()


def attach(db: Transaction, id: int, conversation: int) -> None:
    """It belongs to this conversation, as we know by now."""
    db.execute(update(mentions).where(m.id == id).values(conversation=conversation))


def watched(db: Transaction, account: str, *, most: int) -> Sequence[str]:
    """The keys of what is still unsettled on this account, any of them: all have their turn."""
    unsettled = conversations.c.state.in_(("waiting", "claimed", "replying"))
    keys = (
        select(m.key)
        .join(conversations, conversations.c.id == m.conversation)
        .where(m.account == account, unsettled, m.origin == Origin.CUSTOMER, ~m.deleted)
        .order_by(func.random())
        .limit(most)
    )
    return list(db.execute(keys).scalars())


def keep_unreadable(db: Transaction, account: str, item: Unreadable, at: datetime) -> bool:
    """Keep what nobody could read; False when it was kept before."""
    u = unreadable.c
    emptied = select(u.key).where(u.account == account, u.key == both(account, item.key)[1])
    if db.execute(emptied).first():
        return False
    values = {"account": account, "at": at} | {
        "key": item.key,
        "raw": item.raw,
        "problem": item.problem,
    }
    kept = upsert(db, unreadable, values, on=["account", "key"], update=[])
    return db.execute(kept.returning(unreadable.c.key)).first() is not None


def unread(db: Transaction, *, most: int = 50) -> Sequence[tuple[str, Unreadable]]:
    """What could not be read, newest first, each with its account."""
    rows = db.execute(select(unreadable).order_by(unreadable.c.at.desc()).limit(most))
    return [(row.account, as_object(Unreadable, row)) for row in rows]


def _standing(conversation: int) -> Select[Any]:
    return with_author().where(
        m.conversation == conversation, m.origin == Origin.CUSTOMER, ~m.deleted
    )


def history(db: Transaction, customer: int, *, most: int) -> Sequence[Mention | Reply]:
    """What this person wrote, by all their identities, and what we answered; newest first."""
    theirs = identities(db, customer)
    wrote = with_author().where(m.customer.in_(theirs)).order_by(m.posted_at.desc())
    r = replies.c
    answered = (
        select(replies)
        .join(conversations, conversations.c.id == r.conversation)
        .where(conversations.c.customer.in_(theirs), r.sent_at.is_not(None))
        .order_by(r.sent_at.desc())
    )
    said: list[Mention | Reply] = [as_mention(row) for row in db.execute(wrote.limit(most))]
    said += [as_object(Reply, row) for row in db.execute(answered.limit(most))]
    return sorted(said, key=_said_at, reverse=True)[:most]


def _said_at(said: Mention | Reply) -> datetime:
    return said.posted_at if isinstance(said, Mention) else said.sent_at or said.written_at
