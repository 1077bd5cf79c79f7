"""Asks a platform what is new, and has it written down together with how far we have read."""

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import structlog

from adapters import Adapter, Batch, News, Receives, Rechecks
from bot import meters
from bot.desk import Desk, backoff
from bot.domain.account import Account
from bot.domain.delivery import LockedOut, TryLater
from bot.domain.mention import Mention, Unreadable, storable
from bot.hearing import Hearing
from bot.pulse import moving
from bot.slack.text import harmless
from bot.slack.written import FOUND, LOST
from storage import accounts, inbox, mentions
from storage.database import Transaction, Unavailable, glancing, reading
from storage.inbox import Brought

log = structlog.get_logger()

PAGES = 50  # in one go; the rest waits for the next turn
LOCKED_OUT = timedelta(hours=1)  # until wrong credentials are tried again
WORTH_TELLING = timedelta(minutes=15)  # of failing, before the channel hears of it
RECHECK_EVERY = timedelta(hours=1)
SAID = 500  # characters of what a platform says of itself
NO_HISTORY = timedelta(days=1)  # what is brought is news, though it was said a while ago
NEVER = datetime.min.replace(tzinfo=UTC)
AT_MOST = timedelta(seconds=5)  # between two looks that webhooks ask for
OPENED = 100  # webhooks, in one transaction
WATCHED = 100  # unsettled mentions that one recheck asks about
Hear = Callable[[Hearing, Sequence[Mention]], int]


class Intake:
    """Brings in what platforms have; of several workers, one reads an account at a time."""

    def __init__(
        self, desk: Desk, import_days: int = 0, restored: Callable[[], bool] = lambda: False
    ) -> None:
        self.desk, self.ledger, self.restored = desk, desk.ledger, restored
        self.shown = timedelta(days=import_days)
        self._woken: set[str] = set()  # accounts that a webhook wants to be asked
        self._asked: dict[str, datetime] = {}  # when they were, last

    def poll(self, name: str, adapter: Adapter) -> int:
        """Read what is new on one account, if it is time; returns how many mentions were new."""
        now = self.desk.now()
        with self.desk.database.begin() as db:
            account = accounts.take_turn(db, name, now, adapter.every * 0.9)
        if account is None:
            return 0
        with suppress(TryLater):  # Slack's outage holds up no mention
            self.restored()
        try:
            return self._read(account, adapter)
        except Unavailable:
            raise  # our own database: read again at the next turn, and no fault of the platform's
        except LockedOut as problem:
            self._put_off(name, str(problem), LOCKED_OUT, tell_after=timedelta(0))
        except TryLater as problem:
            self._put_off(name, str(problem), problem.after, tell_after=WORTH_TELLING)
        except Exception as problem:
            log.exception("account.failed", account=name)
            why = f"There was an error of ours ({type(problem).__name__}); the log says more."
            self._put_off(name, why, None, tell_after=WORTH_TELLING)
        return 0

    def open(self, name: str, adapter: Receives) -> int:
        """Write down what a platform's webhooks say; returns how many were opened."""
        with glancing(self.desk.database) as db:
            if not inbox.waits(db, name):
                return 0
        try:
            return self._open(name, adapter, Hearing.hear_all)
        except Unavailable:
            raise
        except Exception:
            log.exception("page.refused", account=name)
            return self._open(name, adapter, Hearing.hear_what_can_be_heard)

    def listen(self, name: str, adapter: Adapter) -> int:
        """Open what a platform has brought; and where that says so, ask it what is new."""
        assert isinstance(adapter, Receives)
        opened, now = self.open(name, adapter), self.desk.now()
        if name in self._woken and now - self._asked.get(name, NEVER) >= AT_MOST:
            self._woken.discard(name)
            self._asked[name] = now
            self.wake(name)
            self.poll(name, adapter)
        return opened

    def wake(self, name: str) -> None:
        """Read it at the next turn, however recently it was read."""
        with self.desk.database.begin() as db:
            accounts.wake(db, name, self.desk.now())

    def receive(
        self, name: str, batch: Batch, *, read_from: str | None, asked_at: datetime | None = None
    ) -> int:
        """Write down one page; 0 when another worker has already gone on from there.

        If something in it can't be written down, only that is set aside. The last page has all that
        there was when it was `asked_at`.
        """
        how: dict[str, Any] = {"read_from": read_from, "read_to": None if batch.more else asked_at}
        with self.desk.triage.ahead(self._unknown(name, batch)):
            try:
                new = self._write(name, batch, Hearing.hear_all, **how)
            except Unavailable:
                raise
            except Exception:
                log.exception("page.refused", account=name)
                new = self._write(name, batch, Hearing.hear_what_can_be_heard, **how)
        meters.MENTIONS.labels(name).inc(new)
        return new

    def _unknown(self, name: str, batch: Batch) -> Iterator[Mention]:
        """What on this page is to be guessed at, as it will be stored."""
        if batch.mentions:
            with reading(self.desk.database) as db:
                known = mentions.known(db, name, [each.key for each in batch.mentions])
            yield from (each.storable() for each in batch.mentions if each.key not in known)

    def _write(
        self,
        name: str,
        batch: Batch,
        hear: Hear,
        *,
        read_from: str | None,
        read_to: datetime | None = None,
    ) -> int:
        """The mentions and the cursor, in one transaction."""
        now = self.desk.now()
        with self.desk.database.begin() as db:
            account = accounts.hold(db, name)
            if account.cursor != read_from:
                return 0
            reached: dict[str, Any] = {"read_to": read_to} if read_to else {}
            if batch.gap:
                self._tell(db, name, "gap", f":warning: {harmless(batch.gap, SAID)}", now)
                reached |= {"gap": batch.gap, "gap_at": now}
            hearing = Hearing(self.desk, db, account, self.shown)
            new = hearing.page(batch, hear)
            accounts.change(db, name, cursor=batch.cursor, fetched_at=now, **reached)
            self._is_well(db, account, now)
        return new

    def _open(self, name: str, adapter: Receives, hear: Hear) -> int:
        """The mentions, and that the webhooks are opened, in one transaction."""
        now = self.desk.now()
        with self.desk.database.begin() as db:
            brought = inbox.take(db, name, most=OPENED)
            if not brought:
                return 0
            accounts.begin(db, name, now)
            hearing = Hearing(self.desk, db, _older(accounts.hold(db, name), brought), self.shown)
            news = _understood(adapter, brought)
            new = hearing.page(
                Batch(mentions=news.mentions, unreadable=news.unreadable, cursor=""), hear
            )
            hearing.take_back(news.gone)
            inbox.opened(db, brought, now)
        if news.wake:
            self._woken.add(name)
        meters.MENTIONS.labels(name).inc(new)
        return len(brought)

    def recheck(self, name: str, adapter: Rechecks) -> None:
        """Ask what became of the posts that still wait: edited, or deleted?"""
        with self.desk.database.begin() as db:
            if not accounts.take_recheck(db, name, self.desk.now(), RECHECK_EVERY):
                return
            keys = mentions.watched(db, name, most=WATCHED)
        if keys:
            changes = adapter.recheck(keys)
            with self.desk.database.begin() as db:
                Hearing(self.desk, db, accounts.hold(db, name)).take_back(changes)

    def _read(self, account: Account, adapter: Adapter) -> int:
        cursor, new = account.cursor, 0
        for _ in range(PAGES):
            asked_at = self.desk.now()
            batch = adapter.fetch(cursor)
            new += self.receive(account.name, batch, read_from=cursor, asked_at=asked_at)
            cursor = batch.cursor
            moving()
            if not batch.more:
                return new
        self.wake(account.name)
        return new

    def _put_off(
        self, name: str, why: str, after: timedelta | None, *, tell_after: timedelta
    ) -> None:
        """Ask again later, and tell the channel once when it lasts."""
        now = self.desk.now()
        with self.desk.database.begin() as db:
            account = accounts.hold(db, name)
            since = account.failing_since or now
            wait = after or backoff(account.failures + 1, random.random())  # noqa: S311
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
                said = LOST.format(account=name, why=harmless(why, SAID))
                self._tell(db, name, "trouble", f":warning: {said}", now)
        log.warning("account.put_off", account=name, why=why, seconds=wait.total_seconds())

    def _is_well(self, db: Transaction, account: Account, now: datetime) -> None:
        if account.failing_since is None:
            return
        calm = {"failures": 0, "failing_since": None, "trouble": None, "told": False}
        accounts.change(db, account.name, **calm)
        if account.told:
            said = FOUND.format(account=account.name)
            self._tell(db, account.name, "well", f":white_check_mark: {said}", now)

    def _tell(self, db: Transaction, name: str, what: str, text: str, now: datetime) -> None:
        channel = self.desk.teams.hearing(name).channel
        self.ledger.owe_notice(db, channel, text, key=f"{name}:{what}", at=now)


def _older(account: Account, brought: Sequence[Brought]) -> Account:
    """As if we had listened a day before the first of them came: none of them is history."""
    return replace(account, started_at=min(account.started_at, brought[0].at - NO_HISTORY))


def _understood(adapter: Receives, brought: Sequence[Brought]) -> News:
    """What all of them say; one that makes no sense is set aside as it came."""
    mentions: list[Mention] = []
    gone: list[str] = []
    unreadable: list[Unreadable] = []
    wake = False
    for each in brought:
        try:
            news = adapter.understand(each.body)
        except Exception as problem:
            raw = storable(each.body.decode(errors="replace"))
            unreadable.append(Unreadable(key=each.key, raw=raw, problem=repr(problem)))
        else:
            mentions += news.mentions
            gone += news.gone
            wake |= news.wake
            unreadable += news.unreadable
    return News(mentions=mentions, gone=gone, unreadable=unreadable, wake=wake)
