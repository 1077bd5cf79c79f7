"""Removing a person's words: what goes, and what stays of each row.

Rows stay where something else counts on them, with marks in place of what a person said or is
called: a mention keeps its times and a hash of its key, so that the platform's next page does not
bring it back as new. What stands alone goes altogether: drafts, notes, follow-ups, pictures.

Each step is idempotent, and returns how many rows lost something, by their table.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Table,
    delete,
    false,
    func,
    or_,
    select,
    text,
    update,
)

from bot.domain.calendar import Pause
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.delivery import PUBLIC, Errand
from bot.domain.forgotten import MARK, NOBODY, REASON, hidden, thread_of
from bot.domain.mention import Customer, Origin
from storage.conversations import as_conversation
from storage.customers import PROFILE, all_of, identities
from storage.database import Database, Transaction, is_sqlite
from storage.merges import CONVERSATION, CUSTOMER
from storage.tables import (
    amendments,
    conversations,
    customers,
    drafts,
    follow_ups,
    guesses,
    journal,
    labels,
    mentions,
    merges,
    notes,
    outbox,
    parts,
    pictures,
    replies,
    samples,
    saved_views,
    shown,
    unreadable,
    verdicts,
)

Counted = Counter[str]

c, k, m, o, r = customers.c, conversations.c, mentions.c, outbox.c, replies.c
REMOVED = "It was removed on request."
OURS = ("answered there",)  # reasons that the cards look at
PLAIN = {  # what a deed may say for good: names of colleagues, teams and kinds, and times
    "by", "to", "kind", "into", "owner", "call", "whom", "key", "language", "at", "lane",
    "severity",
}  # fmt: skip
TOUCHED = (
    customers, conversations, mentions, replies, parts, amendments, drafts, notes, follow_ups,
    journal, verdicts, merges, pictures, unreadable, outbox, saved_views, shown, guesses,
    labels, samples,
)  # fmt: skip
EMPTY: dict[str, Any] = {
    "thread": MARK,
    "parent": None,
    "text": "",
    "subject": "",
    "url": None,
    "revision": "",
    "deleted": True,
    "no_reply": "",
    "media": [],
    "language": None,
    "extra": {},
}
SHORTEST = 3  # characters by which somebody is looked for in other texts
SHORTEST_KEY = 6


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A person as they may be meant: `id` is the identity that the others belong to."""

    id: int
    identities: Sequence[Customer]
    conversations: int
    open: int


@dataclass(frozen=True)
class Notice:
    """Something the bot said that names the person: where, under which key, and when."""

    channel: str
    key: str
    since: datetime
    until: datetime | None  # None: it was never said


# Whom


def find(db: Transaction, said: str, platform: str | None = None) -> Sequence[int]:
    """The people who are called that, by handle, name or the platform's id; their roots' ids."""
    bare = said.strip().lstrip("@").lower()
    if not bare:
        return []
    called = or_(
        func.lower(c.handle).in_((bare, f"@{bare}")),
        func.lower(c.name) == bare,
        func.lower(c.key) == bare,
    )
    on = [c.platform == platform] if platform else []
    root = select(func.coalesce(c.person, c.id)).distinct()
    rows = db.execute(root.where(called, c.forgotten_at.is_(None), *on))
    return sorted(rows.scalars())


def candidate(db: Transaction, root: int) -> Candidate:
    ids = identities(db, root)
    theirs = k.customer.in_(ids)
    known, open_ = db.execute(
        select(func.count(), func.count().filter(k.state.in_(UNSETTLED))).where(theirs)
    ).one()
    return Candidate(
        id=root,
        identities=all_of(db, ids),
        conversations=known,
        open=open_,
    )


def in_the_way(db: Transaction, ids: Sequence[int]) -> Sequence[int]:
    """The conversations of these customers with an answer that is on its way, or in doubt."""
    rows = db.execute(select(k.id).where(k.customer.in_(ids), _moving()).order_by(k.id))
    return list(rows.scalars())


def _moving() -> ColumnElement[bool]:
    """Whether something of it is on its way to the customer, or may have got there."""
    public = (o.conversation == k.id, o.errand.in_(PUBLIC))
    owed = select(o.id).where(*public, o.done_at.is_(None), o.dead_at.is_(None)).exists()
    return or_(k.state == State.REPLYING, k.unsure.is_not(None), owed)


# What is known by who they are: names are gone after this


def wipe_customers(db: Transaction, ids: Sequence[int], at: datetime) -> Counted:
    """They are nobody any more; who writes again is somebody new."""
    names: dict[str, object] = {
        "key": MARK + c.id.cast(c.key.type),
        "handle": NOBODY,
        "name": "",
        "url": None,
        **dict.fromkeys(PROFILE),
        "seen_at": None,
        "tags": [],
        "language": None,
        "timezone": None,
        "forgotten_at": at,
    }
    wiped = update(customers).where(c.id.in_(ids), c.forgotten_at.is_(None)).values(**names)
    return Counter(
        {
            "customers": db.execute(wiped).rowcount,
            "notes": _drop(db, notes, notes.c.customer.in_(ids)),
            "merges": _drop_merges(db, CUSTOMER, ids),
        }
    )


def wipe_where_named(db: Transaction, ids: Sequence[int]) -> Counted:
    """What names them elsewhere: what could not be read, our own posts, reposts, saved views."""
    counted: Counted = Counter()
    for row in db.execute(select(customers).where(c.id.in_(ids), c.forgotten_at.is_(None))).all():
        named = Named.of(row)
        counted += _unreadable(db, row.platform, named)
        counted += _elsewhere(db, row.platform, named)
        counted += _views(db, named)
    return counted


def notices_about(db: Transaction, ids: Sequence[int], at: datetime) -> Sequence[Notice]:
    """What the bot said of itself and named them by; its text is removed here."""
    found: list[Notice] = []
    for row in db.execute(select(customers).where(c.id.in_(ids), c.forgotten_at.is_(None))).all():
        named = Named.of(row)
        said = select(o.id, o.detail, o.destination, o.key, o.owed_at, o.done_at)
        may_be = (o.errand == Errand.NOTICE, named.within(o.detail))
        for each in db.execute(said.where(*may_be)).all():
            if named(each.detail):
                found.append(Notice(each.destination, each.key, each.owed_at, each.done_at))
                emptied = {"detail": "", "trouble": None, "done_at": each.done_at or at}
                db.execute(update(outbox).where(o.id == each.id).values(**emptied))
    return found


@dataclass(frozen=True)
class Named:
    """What a customer is called, to be looked for in other texts: no part of a longer word."""

    words: Sequence[str]

    @classmethod
    def of(cls, row: Any) -> "Named":
        handle = row.handle.strip().lstrip("@")
        words = [handle] if len(handle) >= SHORTEST else []
        words += [row.name.strip()] if " " in row.name.strip() else []
        words += [row.key] if len(row.key) >= SHORTEST_KEY else []
        return cls([*words, *([row.url] if row.url else [])])

    def within(self, *columns: ColumnElement[Any]) -> ColumnElement[bool]:
        """Rows that may name them: a database finds parts of words, too."""
        found = (
            func.lower(column).contains(word.lower(), autoescape=True)
            for column in columns
            for word in self.words
        )
        return or_(false(), *found)

    def __call__(self, *texts: str) -> bool:
        any_of = "|".join(re.escape(word) for word in sorted(self.words, key=len, reverse=True))
        whole = re.compile(rf"(?<!\w)(?:{any_of})(?!\w)", re.IGNORECASE)
        return bool(self.words) and any(whole.search(text) for text in texts)


def _of_platform(column: ColumnElement[str], platform: str) -> ColumnElement[bool]:
    return or_(column == platform, column.startswith(f"{platform}:", autoescape=True))


def _unreadable(db: Transaction, platform: str, named: Named) -> Counted:
    u = unreadable.c
    may_be = named.within(u.raw, u.problem, u.key)
    kept = db.execute(select(unreadable).where(_of_platform(u.account, platform), may_be)).all()
    theirs = [row for row in kept if named(row.raw, row.problem, row.key)]
    for row in theirs:
        _empty_unreadable(db, row.account, row.key)
    return Counter(unreadable=len(theirs))


def _empty_unreadable(db: Transaction, account: str, key: str) -> None:
    u = unreadable.c
    emptied = {"key": hidden(account, key), "raw": "", "problem": REMOVED}
    db.execute(update(unreadable).where(u.account == account, u.key == key).values(**emptied))


def _elsewhere(db: Transaction, platform: str, named: Named) -> Counted:
    """Our own posts to them, what machines wrote, and who passed their words on."""
    others = (_of_platform(m.account, platform), m.origin != Origin.CUSTOMER, ~_wiped(m.key))
    asked = select(m.id, m.account, m.key, m.text, m.subject)
    may_be = db.execute(asked.where(*others, named.within(m.text, m.subject))).all()
    return _empty_mentions(db, [row for row in may_be if named(row.text, row.subject)])


def _views(db: Transaction, named: Named) -> Counted:
    v = saved_views.c
    kept = db.execute(select(v.person, v.name, v.query)).all()
    theirs = [row for row in kept if named(row.name, row.query)]
    for row in theirs:
        db.execute(delete(saved_views).where(v.person == row.person, v.name == row.name))
    return Counter(saved_views=len(theirs))


# Mentions, some at a time


def wipe_mentions(db: Transaction, *, conversation: int, most: int) -> Counted:
    """Of one conversation: the customer's, ours, and what machines wrote."""
    return _wipe_mentions(db, m.conversation == conversation, most)


def wipe_loose(db: Transaction, *, most: int) -> Counted:
    """What forgotten customers wrote that is in no conversation, or in another's."""
    theirs = select(c.id).where(c.forgotten_at.is_not(None))
    within = select(k.id).where(k.customer.in_(theirs))
    loose = or_(m.conversation.is_(None), m.conversation.not_in(within))
    return _wipe_mentions(db, m.customer.in_(theirs) & loose, most)


def wipe_old(db: Transaction, account: str, before: datetime, *, most: int) -> Counted:
    """What was heard before then and belongs to no conversation, and what nobody could read."""
    counted = _wipe_mentions(
        db, (m.account == account) & m.conversation.is_(None) & (m.heard_at < before), most
    )
    u = unreadable.c
    old = select(u.key).where(u.account == account, u.at < before, u.raw != "").limit(most)
    for key in list(db.execute(old).scalars()):
        _empty_unreadable(db, account, key)
        counted["unreadable"] += 1
    return counted


def _wipe_mentions(db: Transaction, which: ColumnElement[bool], most: int) -> Counted:
    asked = select(m.id, m.account, m.key).where(~_wiped(m.key)).order_by(m.id).limit(most)
    rows = db.execute(asked.where(which)).all()
    again = db.execute(asked.where(m.same_as.in_([row.id for row in rows]))).all() if rows else []
    return _empty_mentions(db, [*rows, *again])


def _empty_mentions(db: Transaction, rows: Sequence[Any]) -> Counted:
    """The row stays: its key, as a hash, says that this post is no news."""
    for row in rows:
        key = hidden(row.account, row.key)
        db.execute(update(mentions).where(m.id == row.id).values(key=key, **EMPTY))
    beside = _drop_beside(db, [row.id for row in rows]) if rows else Counter()
    return Counter(mentions=len(rows)) + beside


def _drop_beside(db: Transaction, ids: Sequence[int]) -> Counted:
    """What triage made of them, and what it was taught by them."""
    kept = (guesses, labels, samples)
    return Counter({each.name: _drop(db, each, each.c.mention.in_(ids)) for each in kept})


def forget_mention(db: Transaction, mention: int) -> None:
    """What belongs to a post that is forgotten, and we hear only now: an answer, an echo of it."""
    _wipe_mentions(db, m.id == mention, 1)


def _wiped(key: ColumnElement[str]) -> ColumnElement[bool]:
    return key.startswith(MARK, autoescape=True)


# One conversation


def hold_next(db: Transaction) -> Conversation | None:
    """One of a forgotten customer's that still has its words, unless its answer is on its way."""
    still = (~_wiped(k.thread), ~_moving())
    asked = select(conversations).join(customers).where(c.forgotten_at.is_not(None), *still)
    return _held(db, asked.order_by(k.id))


def hold_old(
    db: Transaction, teams: Sequence[str], before: datetime, *, others: bool = False
) -> Conversation | None:
    """One of these teams' that ended before then, and that nothing still open goes on with.

    With `others` those of teams too that are in `teams` no more.
    """
    f, kept = follow_ups.c, conversations.alias("kept")
    to_come = select(f.id).where(f.conversation == k.id, f.done_at.is_(None)).exists()
    alive = or_(kept.c.closed_at.is_(None), kept.c.closed_at >= before)
    goes_on = select(kept.c.id).where(kept.c.id == k.merged_into, alive).exists()
    whose = k.team.not_in(teams) if others else k.team.in_(teams)
    ended = (k.state.not_in(UNSETTLED), k.closed_at < before, ~_wiped(k.thread), ~_moving())
    asked = select(conversations).where(whose, *ended, ~to_come, ~goes_on)
    return _held(db, asked.order_by(k.closed_at, k.id))


def _held(db: Transaction, asked: Any) -> Conversation | None:
    row = db.execute(
        asked.limit(1).with_for_update(of=conversations, skip_locked=True)
    ).one_or_none()
    return as_conversation(row) if row else None


def wipe_conversation(
    db: Transaction, conversation: Conversation, by: str, at: datetime
) -> Counted:
    """All that belongs to it. What stays: that it was, when, who answered, and its clocks."""
    id = conversation.id
    answers = select(r.key).where(r.conversation == id)
    counted = Counter(
        {
            "conversations": 1,
            "replies": _change(db, replies, r.conversation == id, **NO_ANSWER),
            "parts": _change(db, parts, parts.c.reply.in_(answers), **NO_PART),
            "amendments": _change(db, amendments, amendments.c.reply.in_(answers), **NO_CHANGE),
            "drafts": _drop(db, drafts, drafts.c.conversation == id),
            "follow_ups": _drop(db, follow_ups, follow_ups.c.conversation == id),
            "journal": _empty_journal(db, id),
            "verdicts": _empty_verdicts(db, id),
            "merges": _drop_merges(db, CONVERSATION, [id]),
            "outbox": empty_outbox(db, id, at),
        }
    )
    _refused(db, id)
    _change(db, conversations, k.id == id, **_bare(conversation, by))
    return counted


def _bare(conversation: Conversation, by: str) -> dict[str, Any]:
    because = conversation.closed_because
    return {
        "thread": thread_of(conversation.id, by),
        "because": "",
        "closed_because": because if because is None or because in OURS else REASON,
        "tags": [],
        "pauses": _wordless(conversation.pauses),
        "nag": None,
        "nag_says": None,
        "redraw_at": None,
    }


NO_ANSWER = {"text": "", "sent_key": None, "url": None, "files": None}
NO_PART = {"text": "", "sent_key": None, "url": None}
NO_CHANGE = {"text": ""}


def _refused(db: Transaction, id: int) -> None:
    """Why a platform said no may quote what it said no to; that it did stays."""
    answers = select(r.key).where(r.conversation == id)
    _change(db, replies, (r.conversation == id) & r.refused.is_not(None), refused=REMOVED)
    a = amendments.c
    _change(db, amendments, a.reply.in_(answers) & a.refused.is_not(None), refused=REMOVED)


def pictures_of(db: Transaction, conversation: int) -> Sequence[str]:
    """The customer's pictures that were taken into Slack, by Slack's ids."""
    p = pictures.c
    rows = db.execute(select(p.file).where(p.conversation == conversation, p.file.is_not(None)))
    return list(rows.scalars())


def drop_pictures(db: Transaction, conversation: int) -> int:
    return _drop(db, pictures, pictures.c.conversation == conversation)


def empty_outbox(db: Transaction, id: int, at: datetime) -> int:
    """What waits to be said about it is not said any more; what is being said now is left alone."""
    theirs = (o.conversation == id, o.errand.not_in((Errand.CARD, Errand.RETIRE)))
    untaken = (*theirs, o.leased_until.is_(None))
    _change_all(db, outbox, *untaken, o.done_at.is_(None), done_at=at)
    worth = or_(o.detail != "", o.trouble.is_not(None))
    emptied = _change_all(db, outbox, *untaken, worth, detail="", trouble=None)
    _change_all(db, outbox, o.conversation == id, o.trouble.is_not(None), trouble=None)
    _change_all(db, outbox, o.conversation == id, o.errand == Errand.PICTURE, detail="")
    return emptied


def _empty_journal(db: Transaction, id: int) -> int:
    """What a replay needs stays: what happened, when, to which kind, by whom."""
    j = journal.c
    changed = 0
    for row in db.execute(select(j.id, j.how).where(j.conversation == id)).all():
        how = {name: _plain(name, value) for name, value in row.how.items()}
        if how != row.how:
            changed += _change(db, journal, j.id == row.id, how=how)
    return changed


def _plain(name: str, value: Any) -> Any:
    """Free words are emptied; moments, numbers and names of colleagues stay."""
    if name in PLAIN or value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, dict):
        return value if set(value) == {"at"} else {}
    return [] if isinstance(value, list) else ""


def _empty_verdicts(db: Transaction, id: int) -> int:
    """When a clock paused stays, and why it did goes."""
    v = verdicts.c
    changed = 0
    for row in db.execute(select(v.id, v.pauses).where(v.conversation == id)).all():
        if any(pause.why for pause in row.pauses):
            changed += _change(db, verdicts, v.id == row.id, pauses=_wordless(row.pauses))
    return changed


def _wordless(pauses: Iterable[Pause]) -> Sequence[Pause]:
    return [replace(pause, why="") for pause in pauses]


def _drop_merges(db: Transaction, what: str, ids: Sequence[int]) -> int:
    """What two were before they became one is gone, and so that can't be undone."""
    g = merges.c
    return _drop(db, merges, (g.what == what) & or_(g.kept.in_(ids), g.absorbed.in_(ids)))


def words_left(db: Transaction, ids: Sequence[int]) -> bool:
    """Whether any conversation of these customers still has its words."""
    left = select(k.id).where(k.customer.in_(ids), ~_wiped(k.thread)).limit(1)
    return db.execute(left).first() is not None


def nags_tried_twice(db: Transaction, conversation: int) -> Sequence[tuple[str, datetime]]:
    """Nags that may have been said in vain: their keys, and since when they were owed."""
    again = or_(o.attempts > 1, o.failures > 0)
    nags = (o.conversation == conversation, o.errand == Errand.NAG, again)
    rows = db.execute(select(o.key, o.owed_at).where(*nags))
    return [(row.key, row.owed_at) for row in rows]


def left_to_do(db: Transaction, ids: Sequence[int]) -> bool:
    """Whether anything of these forgotten customers is still there."""
    loose = select(m.id).where(m.customer.in_(ids), ~_wiped(m.key)).limit(1)
    return words_left(db, ids) or db.execute(loose).first() is not None


def _change(db: Transaction, table: Table, which: ColumnElement[bool], **values: Any) -> int:
    return int(db.execute(update(table).where(which).values(**values)).rowcount)


def _change_all(db: Transaction, table: Table, *which: ColumnElement[bool], **values: Any) -> int:
    return int(db.execute(update(table).where(*which).values(**values)).rowcount)


def _drop(db: Transaction, table: Table, which: ColumnElement[bool]) -> int:
    return int(db.execute(delete(table).where(which)).rowcount)


# What the database itself keeps of what it has deleted


def scour(database: Database, *, thoroughly: bool) -> bool:
    """Let nothing be left of deleted words in the database's own files; False: not quite yet.

    SQLite overwrites what it deletes (`secure_delete`), and here the log of what was written
    before that is emptied into the file. `thoroughly` also writes the file anew, which clears
    what a version before this one, or a change of long ago, left in unused corners. What a file
    system keeps of overwritten blocks (snapshots, a disk's spare cells), we can't reach.

    PostgreSQL: changed rows are dead, and VACUUM removes them as soon as no transaction can see
    them. Bytes in the free space of a page stay until something is written there; in the log
    (WAL) and its archive, in replicas that lag, and in backups as long as those are kept.
    """
    return _scour_sqlite(database, thoroughly) if is_sqlite(database) else _vacuum(database)


def _scour_sqlite(database: Database, thoroughly: bool) -> bool:
    connection = database.raw_connection()
    try:
        if thoroughly:
            connection.cursor().execute("VACUUM")
        busy = connection.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    finally:
        connection.close()
    return not busy


def _vacuum(database: Database) -> bool:
    """Outside of any transaction, and for as long as it takes."""
    with database.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.execute(text("SET statement_timeout = 0"))
        try:
            names = ", ".join(table.name for table in TOUCHED)
            db.execute(text(f"VACUUM {names}"))
        finally:
            db.execute(text("RESET statement_timeout"))
    return True
