"""Many who write for the first time: what is new on a page, taken in with a few statements."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby

import structlog

from bot.copies import Copies
from bot.desk import Desk
from bot.domain.account import Account
from bot.domain.conversation import Conversation
from bot.domain.guess import Guess
from bot.domain.mention import Mention, Origin
from storage import conversations, customers, guesses, mentions
from storage.database import Transaction

log = structlog.get_logger()

FEW = 3  # of fewer, each is as soon taken in alone


class Newcomers:
    """What nothing on its page and nothing we know has to do with: new conversations, all of them.

    `begins` makes a conversation of a mention and its customer. What is not new is for others.
    """

    def __init__(
        self,
        desk: Desk,
        db: Transaction,
        account: Account,
        page: Sequence[Mention],
        copies: Copies,
    ) -> None:
        self.desk, self.ledger, self.db, self.account = desk, desk.ledger, db, account
        self.copies = copies
        self.new = self._new(page)

    def runs(self, page: Sequence[Mention]) -> list[tuple[bool, list[Mention]]]:
        """The page in its order, cut where new ones and others change."""
        cut = groupby(page, key=lambda mention: mention.key in self.new)
        return [(new, list(run)) for new, run in cut]

    def take_in(
        self,
        run: Sequence[Mention],
        begins: Callable[[Mention, Guess, int, Sequence[str]], Conversation],
    ) -> Sequence[Conversation]:
        """All of a run; returns what each has begun."""
        now = self.desk.now()
        by = customers.meet_all(self.db, [mention.customer for mention in run], now)
        tags = customers.tags_of(self.db, list(by.values()))
        met = [by[mention.customer.platform, mention.customer.key] for mention in run]
        team = self.desk.teams.hearing(self.account.name)
        triage = self.desk.triage
        guesses_ = [triage.guess(mention, team.triage, team.name) for mention in run]
        guessed = self.copies.marked(list(zip(run, guesses_, met, strict=True)))
        all_of_it = zip(run, guessed, met, strict=True)
        begun = [begins(mention, guess, id, tags[id]) for mention, guess, id in all_of_it]
        opened = self.ledger.open_all(self.db, begun, now)
        numbers = [conversation.id for conversation in opened]
        heard = mentions.add_all(self.db, list(zip(run, met, numbers, strict=True)), now)
        guesses.add_all(self.db, dict(zip(heard, guessed, strict=True)), now)
        for mention in run:
            log.info("mention.received", account=mention.account, key=mention.key)
        return opened

    def _new(self, page: Sequence[Mention]) -> frozenset[str]:
        """The keys of those that open a conversation of their own, whatever else is there."""
        named = Counter(name for mention in page for name in _names(mention))
        once = [m for m in page if named[m.thread] == 1 and named[m.key] == 1]
        alone = [mention for mention in once if self._stands_alone(mention)]
        if len(alone) < FEW:
            return frozenset()
        keys, name = [mention.key for mention in alone], self.account.name
        there = mentions.known(self.db, name, keys) | mentions.answered(self.db, name, keys)
        threads = conversations.threads(self.db, name, [mention.thread for mention in alone])
        return frozenset(m.key for m in alone if m.key not in there and m.thread not in threads)

    def _stands_alone(self, mention: Mention) -> bool:
        """It answers nothing, is no history, and there is somebody to be answered, at any time."""
        return (
            mention.origin is Origin.CUSTOMER
            and not mention.deleted
            and not mention.parent
            and not mention.reply_by
            and mention.account == self.account.name
            and mention.posted_at >= self.account.started_at
        )


def _names(mention: Mention) -> set[str]:
    """Who has one of these in common has to do with each other."""
    return {mention.thread, mention.key, mention.parent or mention.thread}
