"""Forgetting: a person's words are removed from all that we keep and have said; and by age.

Who is forgotten loses their name at once. Then their conversations lose what was said, one
transaction each, so a crash in the middle is made up for by the sweep. What Slack shows is taken
back by deliveries that are owed in the same transactions.

A post that was forgotten is known again when its platform brings it back, by a hash of its key,
and stays forgotten. Who writes anew afterwards is a customer whom nobody knew: the old row has
lost the key by which we would know them.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from bot.desk import Desk
from bot.domain.conversation import Conversation
from bot.domain.delivery import Errand, Urgency
from bot.domain.forgotten import BY_AGE, REASON, forgotten_by
from bot.domain.problems import NotPossible, Ours
from bot.domain.team import Team
from storage import conversations, customers, forgetting, outbox, people, receipts, shown
from storage.database import Transaction, Unavailable, reading
from storage.forgetting import Candidate, Counted, Notice
from storage.receipts import Kept
from storage.shown import FILE, Shown

log = structlog.get_logger()

SOME = 500  # mentions that lose their words in one transaction
FORGOTTEN = "forgotten"
UNREACHED = (
    Ours("what colleagues wrote themselves, in Slack and elsewhere"),
    Ours("what other customers wrote about them"),
    Ours("answers to `/unanswered` that only one person saw, until their Slack is reloaded"),
    Ours("lists that the bot said before it kept what its messages name"),
    Ours("the platform itself, and mail servers with their folders of sent mail"),
    Ours("alerts that went out by mail or webhook"),
    Ours("backups of the database, its archived logs, and exports that somebody has kept"),
)


class NobodyToForget(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("There is nobody with that name here. Try the handle."))


class StillOnItsWay(NotPossible):
    def __init__(self, numbers: Sequence[int]) -> None:
        super().__init__(
            Ours(
                "An answer to them is on its way or in doubt, in {numbers}. Wait until it has"
                " arrived, or say on the card what is true; then try again."
            ),
            numbers=", ".join(map(str, numbers)),
        )


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What was removed, without a word of it.

    `removed` are rows by their table; `messages`, `files` and `homes` are what was taken back in
    Slack so far, and `waiting` the conversations of which some of that is still to be done.
    `threads` are cards under which colleagues wrote, `stuck` what Slack does not let us take back,
    each as channel and timestamp. `done_at` is when the database held nothing more of it; None:
    it goes on by itself.
    """

    id: int
    at: datetime
    by: str
    done_at: datetime | None
    removed: Mapping[str, int]
    messages: int
    files: int
    homes: int
    waiting: Sequence[int]
    threads: Sequence[tuple[str, str]]
    stuck: Sequence[tuple[str, str]]
    unreached: Sequence[str] = UNREACHED

    @property
    def by_age(self) -> bool:
        return self.by == BY_AGE


class Forgetting:
    """One conversation in a transaction; every step may be done again."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database = desk, desk.database
        self.ledger, self.now = desk.ledger, desk.now

    # What people ask and decide

    def find(self, said: str, platform: str | None = None) -> Sequence[Candidate]:
        """Who may be meant by a handle, a name or a platform's id; each with all identities."""
        with reading(self.database) as db:
            roots = forgetting.find(db, said, platform)
            return [forgetting.candidate(db, root) for root in roots]

    def forget(self, customer: int, by: str) -> Receipt:
        """Remove all that this person, under whichever identity, has said or is called."""
        with self.database.begin() as db:
            ids = customers.identities(db, customer)
            customers.hold(db, ids)
            number = self._known(db, customer) or self._begin(db, ids, by)
        while self.forget_one():
            pass
        return self.receipt(number)

    def receipt(self, number: int) -> Receipt:
        with reading(self.database) as db:
            kept = receipts.get(db, number)
        if kept is None:
            raise NobodyToForget
        return _receipt(kept)

    # What goes on by itself

    def forget_one(self) -> bool:
        """Remove what is next of those who were forgotten; False when nothing is left."""
        with self.database.begin() as db:
            if found := forgetting.hold_next(db):
                receipt = self._receipt_of(db, found.customer)
                self._let_go(db, found, receipt)
                return True
            loose = forgetting.wipe_loose(db, most=SOME)
            if loose.total():
                for kept in receipts.unfinished(db)[:1]:
                    self._count(db, kept.id, loose)
                return True
        self._finish()
        return False

    def let_words_go_one(self) -> bool:
        """What ended longer ago than its team keeps it loses its words, one conversation."""
        teams = list(self.desk.teams)
        return any(self._let_one_go(team, teams) for team in teams if team.retention)

    # What Slack shows

    def seen(self, channel: str, ts: str, numbers: Sequence[int]) -> None:
        """Keep which conversations a message names, or a file (then `storage.shown.FILE`).

        What was forgotten while it was being said is taken back at once.
        """
        with self.database.begin() as db:
            for late in shown.record(db, channel, ts, numbers):
                conversation = conversations.get(db, late)
                self.ledger.redraw(db, conversation, self.now())
                if not outbox.waiting(db, f"slack:{late}", Errand.RETIRE):
                    self._owe_retire(db, conversation, channel, ts)
                self._wait_for(db, conversation)

    def left(self, number: int) -> Sequence[Shown]:
        """What still names it."""
        with reading(self.database) as db:
            return shown.of_conversation(db, number)

    def home_cleared(self, receipt: int) -> None:
        with self.database.begin() as db:
            self._tell(db, receipt, "homes")

    def taken_back(self, number: int, what: Shown, counted: str, *, stuck: bool = False) -> None:
        """A message or a file is gone, or Slack does not let us."""
        with self.database.begin() as db:
            shown.gone(db, what.channel, what.ts)
            for receipt in receipts.waiting_for(db, number)[:1]:
                if stuck:
                    self._add(db, receipt.id, "stuck", [what.channel, what.ts])
                else:
                    self._tell(db, receipt.id, counted)

    def others_wrote(self, number: int, channel: str, ts: str) -> None:
        """Colleagues have written under this card, and only they can take that back."""
        with self.database.begin() as db:
            for receipt in receipts.waiting_for(db, number)[:1]:
                self._add(db, receipt.id, "threads", [channel, ts])

    def all_taken_back(self, number: int) -> bool:
        """False where something was said meanwhile."""
        with self.database.begin() as db:
            conversation = conversations.hold(db, number)
            self._take_pictures(db, number)
            hanging = Shown(str(conversation.channel), str(conversation.card))
            if any(each != hanging for each in shown.of_conversation(db, number)):
                return False
            forgetting.empty_outbox(db, number, self.now())
            for receipt in receipts.waiting_for(db, number):
                waiting = [each for each in receipt.what["waiting"] if each != number]
                receipts.write(db, receipt.id, {**receipt.what, "waiting": waiting})
        return True

    # How

    def _take_pictures(self, db: Transaction, number: int) -> int:
        """What was uploaded is to be deleted, as a message is."""
        for file in forgetting.pictures_of(db, number):
            shown.record(db, file, FILE, [number])
        return forgetting.drop_pictures(db, number)

    def _known(self, db: Transaction, customer: int) -> int | None:
        """The receipt of somebody who was forgotten before, or is being forgotten."""
        done = receipts.with_customer(db, customer)
        return done[0].id if done else None

    def _begin(self, db: Transaction, ids: Sequence[int], by: str) -> int:
        """From here on they are nobody, whatever happens to us."""
        if not ids:
            raise NobodyToForget
        if numbers := forgetting.in_the_way(db, ids):
            raise StillOnItsWay(numbers)
        now, counted = self.now(), self._unname(db, ids)
        number = receipts.begin(db, by, now, _blank(ids))
        self._count(db, number, counted)
        for id in ids:
            self.ledger.audit(db, by, "forget", now, customer=id, receipt=number)
        log.info("customer.forgotten", receipt=number, by=by)
        return number

    def _unname(self, db: Transaction, ids: Sequence[int]) -> Counted:
        """Their names go, wherever they stand, and what we have said to people with them in it."""
        now, counted = self.now(), forgetting.wipe_where_named(db, ids)
        notices = forgetting.notices_about(db, ids, now)
        for notice in notices:
            self._owe_notice(db, notice)
        return counted + Counter(outbox=len(notices)) + forgetting.wipe_customers(db, ids, now)

    def _receipt_of(self, db: Transaction, customer: int) -> Kept:
        """A forgotten customer's; one that came in between, while it was written, is the same."""
        return receipts.with_customer(db, customer)[0]

    def _let_go(self, db: Transaction, conversation: Conversation, receipt: Kept) -> None:
        """Some of its mentions, and then the rest of it with the last of them."""
        now, by = self.now(), receipt.by
        if conversation.open:
            closed = conversation.dismiss(by, REASON, now)
            conversation = self.ledger.save(db, closed, now)
        counted = forgetting.wipe_mentions(db, conversation=conversation.id, most=SOME)
        if counted["mentions"] < SOME:
            counted["pictures"] = self._take_pictures(db, conversation.id)
            counted += forgetting.wipe_conversation(db, conversation, by, now)
            self._owe(db, conversation.id, receipt.id)
            log.info("conversation.forgotten", conversation=conversation.id, receipt=receipt.id)
        self._count(db, receipt.id, counted)

    def _let_one_go(self, team: Team, teams: Sequence[Team]) -> bool:
        assert team.retention, "who keeps everything lets nothing go"
        before, first = self.now() - team.retention, team is teams[0]
        with self.database.begin() as db:
            found = forgetting.hold_old(db, [team.name], before)
            if found is None and first:
                found = forgetting.hold_old(db, [t.name for t in teams], before, others=True)
            if found is None:
                return self._let_loose_go(db, team, before)
            receipt = self._todays(db)
            self._let_go(db, found, receipt)
            self._let_customer_go(db, found.customer, receipt)
        return True

    def _let_customer_go(self, db: Transaction, customer: int, receipt: Kept) -> None:
        """Who has nothing left here has no name here, either."""
        ids = customers.identities(db, customer)
        customers.hold(db, ids)  # who is just writing again is seen after this
        if forgetting.words_left(db, ids):
            return
        self._count(db, receipt.id, self._unname(db, ids))
        for id in ids:
            self._add(db, receipt.id, "customers", id)

    def _let_loose_go(self, db: Transaction, team: Team, before: datetime) -> bool:
        """What is in no conversation: automatic mail, our own posts, what nobody could read."""
        for account in self.desk.adapters:
            if self.desk.teams.hearing(account).name == team.name:
                counted = forgetting.wipe_old(db, account, before, most=SOME)
                if counted.total():
                    self._count(db, self._todays(db).id, counted)
                    return True
        return False

    def _todays(self, db: Transaction) -> Kept:
        """One receipt a day for what goes by age; a new one begins unfinished."""
        now = self.now()
        number = receipts.of_day(db, BY_AGE, now.date())
        if number is None:
            number = receipts.begin(db, BY_AGE, now, _blank([]))
        kept = receipts.hold(db, number)
        assert kept is not None, "it was there a moment ago"
        if kept.what["done_at"]:
            receipts.write(db, number, {**kept.what, "done_at": None})
        return kept

    def _finish(self) -> None:
        """Let the database's own files forget, too; and only then is it done."""
        with reading(self.database) as db:
            kept = receipts.unfinished(db)
            done = [r for r in kept if not forgetting.left_to_do(db, r.what["customers"])]
        asked = any(receipt.by != BY_AGE for receipt in done)
        if not done or not self._scoured(thoroughly=asked):
            return
        with self.database.begin() as db:
            for receipt in done:
                self._put(db, receipt.id, done_at=self.now().isoformat())
            self._owe_homes(db, done[0].id)
        log.info("database.scoured", receipts=[receipt.id for receipt in done])

    def _scoured(self, *, thoroughly: bool) -> bool:
        """False where somebody is reading or writing just now: the sweep tries again."""
        try:
            return forgetting.scour(self.database, thoroughly=thoroughly)
        except Unavailable as problem:
            log.warning("database.not_scoured", why=str(problem).splitlines()[0])
            return False

    # What is owed

    def _owe(self, db: Transaction, number: int, receipt: int) -> None:
        """The card says that it was forgotten; everything else that names it is taken back."""
        conversation = conversations.get(db, number)
        self._owe_card(db, conversation)
        if conversation.digest:
            since = f"{number}:forgotten"
            team = conversation.team
            self.ledger.owe_digest(db, conversation.digest, team, since, self.now())
        if conversation.card or shown.of_conversation(db, number):
            channel = conversation.channel or self.desk.team(conversation).channel
            self._owe_retire(db, conversation, channel, conversation.card or "")
            self._add(db, receipt, "waiting", number)

    def _owe_card(self, db: Transaction, conversation: Conversation) -> None:
        if conversation.card:
            self.ledger.redraw(db, conversation, self.now())
        else:
            outbox.spare(db, [conversation.id], self.now())

    def _owe_retire(
        self, db: Transaction, conversation: Conversation, channel: str, ts: str
    ) -> None:
        where = self.desk.team(conversation).channel if ts == FILE else channel
        self.ledger.owe_retire(db, conversation, where, ts, FORGOTTEN, self.now())

    def _wait_for(self, db: Transaction, conversation: Conversation) -> None:
        """Something was said too late: its receipt waits for that again."""
        kept = receipts.with_customer(db, conversation.customer)
        if forgotten_by(conversation.thread) == BY_AGE:
            kept = receipts.by_whom(db, BY_AGE)
        for receipt in kept[:1]:
            self._add(db, receipt.id, "waiting", conversation.id)

    def _owe_homes(self, db: Transaction, receipt: int) -> None:
        """An App Home shows what was true when it was opened last."""
        now = self.now()
        for person in people.everybody(db):
            outbox.put(
                db,
                Errand.RETIRE,
                key=f"retire:home:{person}:{receipt}:{now.timestamp()}",
                lane=f"home:{person}",
                destination=person,
                urgency=Urgency.NEW,
                at=now,
                detail=json.dumps({"what": FORGOTTEN, "home": person, "receipt": receipt}),
            )

    def _owe_notice(self, db: Transaction, notice: Notice) -> None:
        detail = {
            "what": FORGOTTEN,
            "channel": notice.channel,
            "key": notice.key,
            "since": notice.since.isoformat(),
            "until": notice.until.isoformat() if notice.until else None,
        }
        outbox.put(
            db,
            Errand.RETIRE,
            key=f"retire:{notice.key}",
            lane=f"notice:{notice.channel}",
            destination=notice.channel,
            urgency=Urgency.NEW,
            at=self.now(),
            detail=json.dumps(detail),
        )

    # The receipt

    def _count(self, db: Transaction, number: int, counted: Counted) -> None:
        removed = Counter(self._held(db, number)["removed"]) + counted
        self._put(db, number, removed=dict(sorted(removed.items())))

    def _tell(self, db: Transaction, number: int, what: str) -> None:
        self._put(db, number, **{what: self._held(db, number)[what] + 1})

    def _add(self, db: Transaction, number: int, to: str, one: Any) -> None:
        """Put it into a list, once."""
        known = self._held(db, number)[to]
        if one not in known:
            self._put(db, number, **{to: [*known, one]})

    def _put(self, db: Transaction, number: int, **values: Any) -> None:
        receipts.write(db, number, {**self._held(db, number), **values})

    def _held(self, db: Transaction, number: int) -> Mapping[str, Any]:
        kept = receipts.hold(db, number)
        assert kept is not None, "receipts are never removed"
        return kept.what


def _blank(customers_: Sequence[int]) -> dict[str, Any]:
    counts = {"messages": 0, "files": 0, "homes": 0}
    lists: dict[str, Any] = {"waiting": [], "threads": [], "stuck": []}
    return {"customers": list(customers_), "removed": {}, "done_at": None, **counts, **lists}


def _receipt(kept: Kept) -> Receipt:
    what = kept.what
    done = what["done_at"]
    return Receipt(
        id=kept.id,
        at=kept.at,
        by=kept.by,
        done_at=datetime.fromisoformat(done) if done else None,
        removed=what["removed"],
        messages=what["messages"],
        files=what["files"],
        homes=what["homes"],
        waiting=what["waiting"],
        threads=[(channel, ts) for channel, ts in what["threads"]],
        stuck=[(channel, ts) for channel, ts in what["stuck"]],
    )
