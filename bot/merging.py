"""Two conversations of one person become one, two identities one person; and all of it undone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from bot.desk import ALL, Desk
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Mention
from bot.domain.problems import AlreadyMerged, AlreadyReplying, CannotMerge, NotMerged, Ours
from storage import conversations, customers, journal, mentions, merges, replies
from storage.database import Transaction
from storage.merges import CONVERSATION, CUSTOMER, Merge

log = structlog.get_logger()

PROMISE = ("promised_at", "promised_for", "promised_by")


class Merging:
    """Whoever holds two conversations holds them in the order of their ids."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger = desk, desk.database, desk.ledger

    # Conversations

    def merge(self, kept: int, absorbed: int, by: str) -> None:
        """All that was said in the absorbed one goes on in the kept one, with the older clock."""
        if kept == absorbed:
            raise CannotMerge(Ours("That is one and the same conversation."))
        with self.database.begin() as db:
            both = [conversations.get(db, each).customer for each in (kept, absorbed)]
            customers.hold(db, both)  # nobody parts them meanwhile
            into, gone = self._hold(db, kept, absorbed)
            _must_be_one_person(db, into, gone)
            since, marks = self.desk.now(), merges.marks(db)
            rows = {"kept": merges.row(db, kept), "absorbed": merges.row(db, absorbed)}
            tagged = self.desk.tagged(db, into)
            holding = self.ledger.keep(db, self._absorbing(tagged, gone, by, since), since)
            merged = self.ledger.keep(db, gone.merge_into(kept, by, since), since)
            written = merges.written(db, [kept, absorbed], marks)
            before = {**rows, **merges.move(db, absorbed, kept), **written}
            merges.add(db, CONVERSATION, kept, absorbed, by=by, at=since, before=before)
            self._show(db, holding, merged)
        log.info("conversation.merged", conversation=absorbed, into=kept, by=by)

    def unmerge(self, absorbed: int, by: str) -> None:
        """As if they had never been merged; where nothing else has happened since, exactly so.

        Otherwise what happened stays with the kept one, and each clock runs from its own words
        again. An answer that was published since has answered what was said in both.
        """
        with self.database.begin() as db:
            kept = _merge(db, CONVERSATION, absorbed).kept
            into, gone = self._hold(db, kept, absorbed)
            merge = _merge(db, CONVERSATION, absorbed)  # somebody may have undone it meanwhile
            _must_be_at_rest(into)
            untouched = not journal.since(db, [kept, absorbed], _last(merge))
            merges.erase(db, merge.before)
            merges.move_back(db, merge)
            merges.drop(db, merge.id)
            self.ledger.audit(db, by, "unmerge", self.desk.now(), conversation=absorbed, kept=kept)
            if untouched:
                self._put_back(db, merge.before["kept"], into)
                self._put_back(db, merge.before["absorbed"], gone)
            else:
                self._part(db, merge, into, gone)
            self._show(db, conversations.get(db, kept), conversations.get(db, absorbed))
        log.info("conversation.unmerged", conversation=absorbed, kept=kept, by=by)

    # Identities

    def join(self, customer: int, into: int, by: str) -> None:
        """Two identities are one person's: with the same tags, and one history."""
        with self.database.begin() as db:
            ours, theirs = customers.identities(db, customer), customers.identities(db, into)
            if set(ours) & set(theirs):
                raise CannotMerge(Ours("These are known as one person already."))
            customers.hold(db, sorted({*ours, *theirs}))
            root, was = customers.person(db, into), customers.person(db, customer)
            before: dict[str, Any] = {"people": merges.people(db, ours)}
            for each in ours:
                customers.belong(db, each, root)
            before["tagged"] = self._retag(db, customers.identities(db, root))
            merges.add(db, CUSTOMER, root, was, by=by, at=self.desk.now(), before=before)
            self.ledger.audit(db, by, "join", self.desk.now(), customer=customer, into=into)
        log.info("customer.joined", customer=customer, into=into, by=by)

    def part(self, customer: int, by: str) -> None:
        """They are two people after all: everything as it was before they were joined."""
        with self.database.begin() as db:
            customers.hold(db, customers.identities(db, customer))
            merge = _merge(db, CUSTOMER, customer)
            ours = [id for id, _person in merge.before["people"]]
            number = conversations.split_by(db, ours)
            if number:
                raise CannotMerge(
                    Ours("A conversation of both was merged: undo that of #{number} first."),
                    number=number,
                )
            for id, person in merge.before["people"]:
                if customers.person(db, id) == merge.kept:
                    customers.belong(db, id, person)
            self._untag(db, merge, ours)
            merges.drop(db, merge.id)
            self.ledger.audit(db, by, "part", self.desk.now(), customer=customer)
        log.info("customer.parted", customer=customer, by=by)

    # How

    def _hold(self, db: Transaction, one: int, other: int) -> tuple[Conversation, Conversation]:
        held = {id: conversations.hold(db, id) for id in sorted((one, other))}
        return held[one], held[other]

    def _absorbing(
        self, into: Conversation, gone: Conversation, by: str, at: datetime
    ) -> Conversation:
        waits = gone.state in UNSETTLED and gone.waits and not gone.thanks
        since = gone.waiting_since if waits else None
        promised = {name: getattr(gone, name) for name in PROMISE if gone.promised_for}
        team = self.desk.team(into)
        told = {"lane": gone.lane, "severity": gone.severity, "urgent": gone.urgent}
        return into.absorb(since, gone.kind, by, at, team, **told, **promised)

    def _show(self, db: Transaction, *both: Conversation) -> None:
        self.ledger.show_again(db, *both, at=self.desk.now())

    def _put_back(self, db: Transaction, row: Mapping[str, Any], now: Conversation) -> None:
        """As it was. Its version goes on where a card was redrawn meanwhile."""
        exact = now.version == row["version"] + 1
        merges.put_back(db, row, **({} if exact else {"version": now.version + 1}))

    def _part(self, db: Transaction, merge: Merge, into: Conversation, gone: Conversation) -> None:
        """Each goes its own way, with what has happened since."""
        now, was = self.desk.now(), merge.before["kept"]
        answered = into.answered_at if _plain(into.answered_at) != was["answered_at"] else None
        merges.put_back(db, merge.before["absorbed"], version=gone.version)
        back = self._back(db, conversations.get(db, gone.id), into, answered)
        self.ledger.keep(db, back, now)
        merges.put_back(db, was, version=into.version)
        self.ledger.keep(db, self._alone(db, merge, into, answered), now)

    def _back(
        self, db: Transaction, was: Conversation, into: Conversation, answered: datetime | None
    ) -> Conversation:
        """The absorbed one as it was, and what was said and answered in its thread since."""
        team, back = self.desk.team(was), was
        if answered and was.state in UNSETTLED:
            back = was.sent(answered, team, by=into.closed_by or into.owner or was.owner)
        elif was.state in UNSETTLED:
            return was.wind(team)
        newer = _after(db, was.id, answered or was.closed_at)
        return back.reopen(newer.posted_at, team) if newer else back

    def _alone(
        self, db: Transaction, merge: Merge, now: Conversation, answered: datetime | None
    ) -> Conversation:
        """The kept one with all that happened to it, and a clock of its own words."""
        before, team = conversations.get(db, now.id), self.desk.team(now)
        own, waited = _own_promise(merge, before, now), before.state in UNSETTLED and before.waits
        if now.state not in UNSETTLED:
            return own
        if now.waits and waited and not answered:
            return own.starts_at(before.waiting_since, team)
        newer = _after(db, now.id, answered or before.closed_at or before.answered_at)
        if now.waits and newer:
            return own.starts_at(newer.posted_at, team)
        if not now.waits and (own.promised_for or answered or before.state in UNSETTLED):
            return own.wind(team)
        return self._answered(db, own, answered) if answered else _again(before, now)

    def _answered(self, db: Transaction, own: Conversation, at: datetime) -> Conversation:
        """Only the other one waits again: this one's answer was its last word."""
        last = replies.last(db, own.id)
        ended = replace(own, state=State.ANSWERED, owner=None, waits=False, thanks=False)
        closed = replace(ended, closed_at=at, closed_by=last.author if last else None)
        return replace(closed, next_nag_at=None, claimed_until=None, answered_at=at)

    def _retag(self, db: Transaction, ids: Sequence[int]) -> list[dict[str, Any]]:
        """What is open bears the words of all identities; how it was, and what was written."""
        tags, changed = tuple(customers.tags(db, ids[0])), []
        for each in conversations.hold_unsettled(db, after=0, most=ALL, customers=ids):
            if tuple(each.tags) != tags:
                row, marks = merges.row(db, each.id), merges.marks(db)
                self._tag(db, each, tags)
                changed.append({"row": row, **merges.written(db, [each.id], marks)})
        return changed

    def _untag(self, db: Transaction, merge: Merge, ours: Sequence[int]) -> None:
        """Each with its own words again; where nothing else has happened, as it was."""
        rows = {each["row"]["id"]: each for each in merge.before["tagged"]}
        apart = sorted({*customers.identities(db, merge.kept), *ours})
        for each in conversations.hold_unsettled(db, after=0, most=ALL, customers=apart):
            known = rows.get(each.id)
            if known and not journal.since(db, [each.id], max(known["journal"])):
                merges.erase(db, known)
                self._put_back(db, known["row"], each)
                self._show(db, conversations.get(db, each.id))
            elif tuple(each.tags) != (tags := tuple(customers.tags(db, each.customer))):
                self._tag(db, each, tags)

    def _tag(self, db: Transaction, conversation: Conversation, tags: Sequence[str]) -> None:
        tagged = conversation.tagged(tags, self.desk.team(conversation))
        self._show(db, self.ledger.keep(db, tagged, self.desk.now()))


def _own_promise(merge: Merge, before: Conversation, now: Conversation) -> Conversation:
    """Without what was only promised in the other one."""
    theirs = _plain(now.promised_for) == merge.before["absorbed"]["promised_for"]
    if now.promised_for is None or now.promised_for == before.promised_for or not theirs:
        return now
    by, at, until = before.promised_by, before.promised_at, before.promised_for
    return replace(now, promised_at=at, promised_for=until, promised_by=by)


def _again(before: Conversation, now: Conversation) -> Conversation:
    """As it was: nothing of its own waits."""
    return replace(before, version=now.version)


def _must_be_one_person(db: Transaction, one: Conversation, other: Conversation) -> None:
    if customers.person(db, one.customer) != customers.person(db, other.customer):
        raise CannotMerge(
            Ours(
                "These are of two customers. If they are one person, join the two identities first."
            )
        )


def _must_be_at_rest(kept: Conversation) -> None:
    """An answer that is on its way would not know where it belongs."""
    if kept.state is State.MERGED:
        raise AlreadyMerged(kept.merged_into)
    if kept.state is State.REPLYING:
        raise AlreadyReplying(str(kept.owner))


def _merge(db: Transaction, what: str, absorbed: int) -> Merge:
    found = merges.last(db, what, absorbed)
    if found is None:
        raise NotMerged
    return found


def _last(merge: Merge) -> int:
    return int(max(merge.before["journal"]))


def _after(db: Transaction, conversation: int, at: datetime | None) -> Mention | None:
    return mentions.oldest_posted_after(db, conversation, at) if at else None


def _plain(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
