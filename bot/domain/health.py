"""How the bot is: all that was looked at, and what of it ails."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from bot.domain.account import Account

DEAF = timedelta(minutes=1)  # without a connection to Slack, until that is worth a word
MUTE = timedelta(seconds=30)  # without an answer of the database
WAITS = timedelta(minutes=10)  # for a delivery; a card that only changes its looks may wait as long
MISSED = timedelta(minutes=5)  # after which nobody was called, though somebody should have been
APART = timedelta(minutes=1)  # between Slack's clock and ours
GAPS = timedelta(days=7)  # for which a gap is worth a word
FULL = 0.05  # of a disk, or what remains below these bytes
LEAST, ENOUGH = 100 * 1024**2, 2 * 1024**3
NOTHING = timedelta(0)


class Ails(StrEnum):
    """What can be wrong with us; a platform that can't be read is its account's."""

    SOCKETS = "sockets"
    GHOSTS = "ghosts"
    TIMERS = "timers"
    DATABASE = "database"
    OUTBOX = "outbox"
    DEAD = "dead letters"
    NAGS = "nags"
    CARDS = "cards"
    CLOCK = "clock"
    DISK = "disk"
    DOOR = "door"


CRIPPLING = (Ails.SOCKETS, Ails.TIMERS, Ails.DATABASE)  # a fresh process may do better
OURS = (*CRIPPLING, Ails.GHOSTS, Ails.CLOCK, Ails.DISK)  # of one worker; the rest is everybody's


@dataclass(frozen=True, kw_only=True)
class Ailment:
    """`about` goes into its sentence."""

    what: Ails
    about: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Connections:
    """Our connections to Slack, and how many more Slack counts than all workers have opened."""

    living: int
    deaf_for: timedelta = NOTHING
    ghosts: int = 0


@dataclass(frozen=True, kw_only=True)
class Still:
    """A timer that has not moved for longer than it may."""

    name: str
    silent: timedelta
    over: bool = False  # for so long that waiting helps no more


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Conversations that were forgotten: how many, at least, and the one that waits longest."""

    many: int = 0
    number: int = 0
    since: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Books:
    """What the database says: asked at a moment, and how long its answer took.

    `waiting` deliveries, the oldest owed `owed_since`. A nag is `unsaid_since` it was due, or was
    owed to Slack. `uncalled` are those whose nag was never decided, `cardless` are complaints that
    no card shows and none will.
    """

    at: datetime
    took: timedelta = NOTHING
    accounts: Sequence[Account] = ()
    unreadable: Mapping[str, int] = field(default_factory=dict)
    waiting: int = 0
    owed_since: datetime | None = None
    dead: int = 0
    unsaid_since: datetime | None = None
    uncalled: Missed = field(default_factory=Missed)
    cardless: Missed = field(default_factory=Missed)
    workers: int = 1
    doors: int = 0


@dataclass(frozen=True, kw_only=True)
class Disk:
    """Bytes, where SQLite lies."""

    free: int
    total: int

    @property
    def full(self) -> bool:
        return self.free < max(LEAST, min(FULL * self.total, ENOUGH))


@dataclass(frozen=True, kw_only=True)
class Health:
    """All that was looked at; None is what there is not, or what nobody could look at."""

    at: datetime
    books: Books
    silent: timedelta = NOTHING  # since the database took something, and said all this
    connections: Connections | None = None
    still: Sequence[Still] = ()
    disk: Disk | None = None
    clock_off: timedelta | None = None  # by which ours is ahead of others
    door: bool = False  # whether somebody should take in webhooks

    @property
    def ailments(self) -> Sequence[Ailment]:
        return [*self._ours(), *self._everybodys()]

    @property
    def failing(self) -> Sequence[Account]:
        return [account for account in self.books.accounts if account.failing_since]

    @property
    def well(self) -> bool:
        return not (self.ailments or self.failing)

    @property
    def crippled(self) -> bool:
        """Whether this worker can't do its work."""
        return any(ailment.what in CRIPPLING for ailment in self.ailments)

    def gap(self, account: Account) -> str | None:
        """What a platform could not give us lately."""
        return account.gap if account.gap_at and self.at - account.gap_at < GAPS else None

    def _ours(self) -> Iterator[Ailment]:
        connections, disk, off = self.connections, self.disk, self.clock_off
        if connections and connections.deaf_for > DEAF:
            yield Ailment(what=Ails.SOCKETS, about={"since": self.at - connections.deaf_for})
        if connections and connections.ghosts:
            yield Ailment(what=Ails.GHOSTS, about={"many": connections.ghosts})
        if self.still:
            worst = max(self.still, key=lambda timer: timer.silent)
            about = {"timer": worst.name, "since": self.at - worst.silent}
            yield Ailment(what=Ails.TIMERS, about=about)
        if self.silent > MUTE:
            yield Ailment(what=Ails.DATABASE, about={"since": self.at - self.silent})
        if off is not None and abs(off) > APART:
            yield Ailment(what=Ails.CLOCK, about={"seconds": round(abs(off).total_seconds())})
        if disk and disk.full:
            sizes = {"free": disk.free // 1024**2, "total": disk.total // 1024**2}
            yield Ailment(what=Ails.DISK, about=sizes)

    def _everybodys(self) -> Iterator[Ailment]:
        books = self.books
        if books.owed_since and books.at - books.owed_since > WAITS:
            about = {"many": books.waiting, "since": books.owed_since}
            yield Ailment(what=Ails.OUTBOX, about=about)
        if self.door and not books.doors:
            yield Ailment(what=Ails.DOOR)
        if books.dead:
            yield Ailment(what=Ails.DEAD, about={"many": books.dead})
        for what, missed in ((Ails.NAGS, books.uncalled), (Ails.CARDS, books.cardless)):
            if missed.many:
                about = {"number": missed.number, "since": missed.since, "many": missed.many}
                yield Ailment(what=what, about=about)
