"""Asks a platform what is new and writes it down: a page of mentions and its cursor together."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from adapters import Adapter, Batch, Rechecks
from bot.desk import Desk, backoff
from bot.domain.conversation import Conversation
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.mention import Kind, Mention, Origin, Unreadable, storable
from bot.domain.reply import Sent
from bot.domain.team import Team
from bot.triage import guess
from storage import accounts, conversations, customers, mentions, replies
from storage.accounts import Account
from storage.database import Transaction, Unavailable

log = structlog.get_logger()

PAGES = 50  # in one go; the rest waits for the next turn
LOCKED_OUT = timedelta(hours=1)  # until wrong credentials are tried again
WORTH_TELLING = timedelta(minutes=15)  # of failing, before the channel hears of it
RECHECK_EVERY = timedelta(hours=1)
WATCHED = 100  # unsettled mentions that one recheck asks about
Hear = Callable[[Transaction, Account, Mention, datetime], bool]

IMPORTED = "It is from before the bot was set up."


class Intake:
    """Brings in what platforms have; of several workers, one reads an account at a time."""

    def __init__(self, desk: Desk, import_days: int = 0) -> None:
        self.desk, self.ledger = desk, desk.ledger
        self.shown = timedelta(days=import_days)

    def poll(self, name: str, adapter: Adapter) -> int:
        """Read what is new on one account, if it is time; returns how many mentions were new."""
        now = self.desk.now()
        with self.desk.database.begin() as db:
            account = accounts.take_turn(db, name, now, adapter.every * 0.9)
        if account is None:
            return 0
        try:
            return self._read(account, adapter)
        except LockedOut as problem:
            self._put_off(name, str(problem), LOCKED_OUT, tell_after=timedelta(0))
        except TryLater as problem:
            self._put_off(name, str(problem), problem.after, tell_after=WORTH_TELLING)
        except Exception as problem:
            log.exception("account.failed", account=name)
            self._put_off(name, f"An error of ours: {problem!r}", None, tell_after=WORTH_TELLING)
        return 0

    def wake(self, name: str) -> None:
        """Read it at the next turn, however recently it was read."""
        with self.desk.database.begin() as db:
            accounts.wake(db, name, self.desk.now())

    def receive(self, name: str, batch: Batch, *, read_from: str | None) -> int:
        """Write down one page; 0 when another worker has already gone on from there.

        If something in it can't be written down, only that is set aside.
        """
        try:
            return self._receive(name, batch, self._hear, read_from=read_from)
        except Unavailable:
            raise
        except Exception:
            log.exception("page.refused", account=name)
            return self._receive(name, batch, self._hear_or_set_aside, read_from=read_from)

    def _receive(self, name: str, batch: Batch, hear: Hear, *, read_from: str | None) -> int:
        now = self.desk.now()
        with self.desk.database.begin() as db:
            account = accounts.hold(db, name)
            if account.cursor != read_from:
                return 0
            self._keep_unreadable(db, account, batch, now)
            oldest_first = sorted(batch.mentions, key=lambda mention: mention.posted_at)
            new = sum(hear(db, account, mention.storable(), now) for mention in oldest_first)
            accounts.change(db, name, cursor=batch.cursor, fetched_at=now)
            self._is_well(db, account, now)
        return new

    def recheck(self, name: str, adapter: Rechecks) -> None:
        """Ask what became of the posts that still wait: edited, or deleted?"""
        with self.desk.database.begin() as db:
            if not accounts.take_recheck(db, name, self.desk.now(), RECHECK_EVERY):
                return
            keys = mentions.watched(db, name, most=WATCHED)
        if keys:
            self._take_back(name, adapter.recheck(keys))

    def _read(self, account: Account, adapter: Adapter) -> int:
        cursor, new = account.cursor, 0
        for _ in range(PAGES):
            batch = adapter.fetch(cursor)
            new += self.receive(account.name, batch, read_from=cursor)
            cursor = batch.cursor
            if not batch.more:
                return new
        self.wake(account.name)
        return new

    def _keep_unreadable(
        self, db: Transaction, account: Account, batch: Batch, now: datetime
    ) -> None:
        for item in batch.unreadable:
            if mentions.keep_unreadable(db, account.name, item, now):
                log.error("mention.unreadable", account=account.name, key=item.key)
        if batch.gap:
            self._tell(db, account.name, "gap", f":warning: {batch.gap}", now)

    def _hear_or_set_aside(
        self, db: Transaction, account: Account, mention: Mention, now: datetime
    ) -> bool:
        """Take in one mention, or keep it as it came with what was wrong."""
        try:
            with db.begin_nested():
                return self._hear(db, account, mention, now)
        except Unavailable:
            raise
        except Exception as problem:
            raw, why = storable(repr(mention)), storable(repr(problem))
            item = Unreadable(key=storable(mention.key), raw=raw, problem=why)
            mentions.keep_unreadable(db, account.name, item, now)
            log.exception("mention.unreadable", account=account.name, key=mention.key)
            return False

    def _hear(self, db: Transaction, account: Account, mention: Mention, now: datetime) -> bool:
        """Take in one mention; False when we know it already."""
        found = mentions.find(db, account.name, mention.key)
        if found:
            self._compare(db, *found, mention, now)
            return False
        by = customers.meet(db, mention.customer)
        if mention.origin is Origin.CUSTOMER and not mention.deleted:
            self._hear_customer(db, account, mention, by, now)
        elif mention.origin is Origin.OWN:
            self._hear_ourselves(db, account, mention, by, now)
        else:
            self._hear_machine(db, mention, by, now)
        log.info("mention.received", account=account.name, key=mention.key, origin=mention.origin)
        return True

    def _hear_customer(
        self, db: Transaction, account: Account, mention: Mention, by: int, now: datetime
    ) -> None:
        known = conversations.find(db, mention.account, mention.thread, by)
        history = mention.posted_at < account.started_at
        silent = history and not self._worth_showing(mention, account)
        if known is None:
            conversation = self._open(db, mention, by)
            if silent:
                conversation = replace(conversation.withdrawn(IMPORTED, now), quiet=True)
        elif silent and known.quiet:
            conversation = known
        else:
            team, guessed = self.desk.team(known), guess(mention)
            heard = known.hear(mention.posted_at, team)
            conversation = heard.reconsider(guessed.kind, guessed.because, team)
        unseen = known is None or known.quiet
        self._attach(db, mention, by, conversation, now, first=unseen)

    def _open(self, db: Transaction, mention: Mention, by: int) -> Conversation:
        team = self.desk.teams.hearing(mention.account)
        guessed = guess(mention)
        begun = Conversation(
            account=mention.account,
            thread=mention.thread,
            customer=by,
            team=team.name,
            kind=guessed.kind,
            because=guessed.because,
            waiting_since=mention.posted_at,
        )
        return conversations.open_new(db, begun.wind(team))

    def _attach(
        self,
        db: Transaction,
        mention: Mention,
        by: int,
        conversation: Conversation,
        now: datetime,
        *,
        first: bool,
    ) -> None:
        id = mentions.add(db, mention, customer=by, conversation=conversation.id, at=now)
        answer = mentions.own_answer_to(db, mention.account, mention.key)
        if answer and answer.id:
            mentions.attach(db, answer.id, conversation.id)
        if answer and conversation.open:
            answered = self._answered_by(db, conversation, answer)
            conversation = replace(answered, quiet=first and not answered.open)
        saved = self.ledger.save(db, conversation, now)
        if not first and not saved.quiet:
            self.ledger.owe_note(db, saved, "wrote_again", id, now)

    def _worth_showing(self, mention: Mention, account: Account) -> bool:
        """Of what is older than the bot: open complaints that a promise still covers."""
        promise = self.desk.teams.hearing(mention.account).longest_promise
        complaint = guess(mention).kind is Kind.COMPLAINT
        age = account.started_at - mention.posted_at
        return (complaint and age < promise) or age < self.shown

    def _hear_ourselves(
        self, db: Transaction, account: Account, mention: Mention, by: int, now: datetime
    ) -> None:
        """The brand posted. An answer that was not sent from here stops the clock all the same."""
        asked = mentions.find(db, mention.account, mention.parent) if mention.parent else None
        number = asked[1] if asked else None
        mentions.add(db, mention, customer=by, conversation=number, at=now)
        if number is None:
            return
        conversation = conversations.hold(db, number)
        if replies.sent_as(db, number, mention.key):
            return
        if conversation.unsure:
            replies.sent(db, conversation.unsure, Sent(key=mention.key, url=mention.url), now)
        if conversation.open and mention.posted_at >= conversation.waiting_since:
            answered = self._answered_by(db, conversation, mention)
            unseen = mention.posted_at < account.started_at and not conversation.card
            self.ledger.save(db, replace(answered, quiet=unseen and not answered.open), now)

    def _answered_by(
        self, db: Transaction, conversation: Conversation, answer: Mention
    ) -> Conversation:
        answered = conversation.answered_there(answer.posted_at, by=None)
        newer = mentions.oldest_posted_after(db, conversation.id, answer.posted_at)
        if newer is None:
            return answered
        return answered.reopen(newer.posted_at, self.desk.team(conversation))

    def _hear_machine(self, db: Transaction, mention: Mention, by: int, now: datetime) -> None:
        """Automatic mail and reposts are kept, and shown where their thread is; never nagged."""
        known = conversations.find(db, mention.account, mention.thread, by)
        number = known.id if known else None
        id = mentions.add(db, mention, customer=by, conversation=number, at=now)
        if known and not known.quiet and not mention.deleted:
            self.ledger.owe_note(db, known, "automatic", id, now)

    def _compare(
        self, db: Transaction, known: Mention, number: int | None, newer: Mention, now: datetime
    ) -> None:
        """We know this one; has it been edited or deleted since?"""
        same = known.revision == newer.revision and known.deleted == newer.deleted
        if same or known.deleted or known.id is None:
            return
        mentions.change(db, known.id, newer)
        if number is None:
            return
        conversation = conversations.hold(db, number)
        if newer.deleted:
            conversation = self._without(db, conversation, now)
            if not conversation.quiet:
                self.ledger.owe_note(db, conversation, "deleted", known.id, now)
        self.ledger.save(db, conversation, now)

    def _without(self, db: Transaction, conversation: Conversation, now: datetime) -> Conversation:
        """A mention is gone: the clock starts at the oldest that still stands, or stops."""
        if not conversation.open:
            return conversation
        standing = mentions.standing(db, conversation.id)
        waiting = [m for m in standing if m.posted_at >= conversation.waiting_since]
        if not waiting:
            return conversation.withdrawn("The customer deleted it.", now)
        since = replace(conversation, waiting_since=waiting[0].posted_at)
        return since.wind(self.desk.team(conversation))

    def _take_back(self, name: str, changes: Sequence[Mention | str]) -> None:
        now = self.desk.now()
        with self.desk.database.begin() as db:
            accounts.hold(db, name)
            for change in changes:
                key = change if isinstance(change, str) else change.key
                if not (found := mentions.find(db, name, key)):
                    continue
                known, number = found
                deleted = replace(known, deleted=True)
                newer = deleted if isinstance(change, str) else change.storable()
                self._compare(db, known, number, newer, now)

    def _put_off(
        self, name: str, why: str, after: timedelta | None, *, tell_after: timedelta
    ) -> None:
        """Ask again later, and tell the channel once when it lasts."""
        now = self.desk.now()
        with self.desk.database.begin() as db:
            account = accounts.hold(db, name)
            since = account.failing_since or now
            wait = after or backoff(account.failures + 1, 0.5)
            tell = not account.told and now - since >= tell_after
            accounts.change(
                db,
                name,
                next_poll_at=now + wait,
                failures=account.failures + 1,
                failing_since=since,
                trouble=why,
                told=account.told or tell,
            )
            if tell:
                text = f":warning: I can't read {name}: {why} I will go on trying and lose nothing."
                self._tell(db, name, "trouble", text, now)
        log.warning("account.put_off", account=name, why=why, seconds=wait.total_seconds())

    def _is_well(self, db: Transaction, account: Account, now: datetime) -> None:
        if account.failing_since is None:
            return
        calm = {"failures": 0, "failing_since": None, "trouble": None, "told": False}
        accounts.change(db, account.name, **calm)
        if account.told:
            text = f":white_check_mark: I can read {account.name} again and go on from where I was."
            self._tell(db, account.name, "well", text, now)

    def _tell(self, db: Transaction, name: str, what: str, text: str, now: datetime) -> None:
        team: Team = self.desk.teams.hearing(name)
        self.ledger.owe_notice(db, team.channel, text, key=f"{name}:{what}", at=now)
