"""A database that was set back: found out by what Slack shows, said, and made good."""

import threading
from collections.abc import Mapping, Sequence
from datetime import datetime

import structlog

from bot.desk import Desk
from bot.domain.delivery import TryLater
from bot.slack.blocks import when_markup
from bot.slack.channel import Channel, ChannelGone, Ours
from bot.slack.written import SET_BACK
from storage import conversations, outbox, remembered
from storage.database import Transaction, Unavailable, reading, when_lost
from storage.remembered import Lost

log = structlog.get_logger()

BATCH = 200  # conversations whose cards are owed anew in one transaction


class Restored:
    """Looks once after each start, and whenever a connection to the database broke.

    Slack is the witness: a message of ours that the outbox knows nothing of was written in a time
    that is lost, by a backup or a standby that took over too early.
    """

    def __init__(self, desk: Desk, channel: Channel) -> None:
        self.desk, self.database, self.channel = desk, desk.database, channel
        self.looking, self.unsure = threading.Lock(), True
        when_lost(self.database, self._lose)

    def _lose(self) -> None:
        self.unsure = True

    def look(self) -> bool:
        """Whether something was lost; raises TryLater where Slack can't be asked now."""
        if not self.unsure:
            return False
        with self.looking:
            if not self.unsure:
                return False
            self.unsure = False
            try:
                return self._look()
            except (TryLater, *Unavailable):
                self.unsure = True
                raise
            except Exception:  # nothing may stand still because nobody could look
                log.exception("database.not_compared")
                return False

    def _look(self) -> bool:
        with reading(self.database) as db:
            since = outbox.last_done(db)
        if since is None:
            return False
        said = {team.channel: self._said(team.channel, since) for team in self.desk.teams}
        lost = {where: ours for where, ours in self._unknown(said).items() if ours}
        if not lost or not self._make_good(lost, since):
            return False
        self._redraw()
        return True

    def _said(self, where: str, since: datetime) -> Sequence[Ours]:
        try:
            return self.channel.ours_since(where, since)
        except ChannelGone:  # somebody is told when something is to be said there
            return []

    def _unknown(self, said: Mapping[str, Sequence[Ours]]) -> Mapping[str, Sequence[Ours]]:
        with reading(self.database) as db:
            keys = outbox.unknown(db, [each.key for ours in said.values() for each in ours])
        return {where: [each for each in ours if each.key in keys] for where, ours in said.items()}

    def _make_good(self, lost: Mapping[str, Sequence[Ours]], since: datetime) -> bool:
        """What waits is looked for before it is repeated; cards are kept for who is heard again.

        False where another worker has just done so.
        """
        with self.database.begin() as db:
            all_of_it = [(where, each) for where, ours in lost.items() for each in ours]
            if not sum(outbox.note_done(db, each.key, where, each.at) for where, each in all_of_it):
                return False
            outbox.doubt_all(db)
            remembered.keep(db, [_card(where, each) for where, each in all_of_it if each.about])
            self._tell(db, lost, since)
        log.error("database.set_back", since=since.isoformat(), messages=len(all_of_it))
        return True

    def _tell(self, db: Transaction, lost: Mapping[str, Sequence[Ours]], since: datetime) -> None:
        said, now = f":warning: {SET_BACK.format(since=when_markup(since))}", self.desk.now()
        for to in filter(None, {*lost, self.desk.teams.tell}):
            self.desk.ledger.owe_notice(db, to, said, key="set back", at=now)

    def _redraw(self) -> None:
        """Cards may show what is not true any more, such as a claim that is lost."""
        after = 0
        while True:
            with self.database.begin() as db:
                batch = conversations.hold_unsettled(db, after=after, most=BATCH)
                self.desk.ledger.show_again(db, *batch, at=self.desk.now())
            if not batch:
                return
            after = batch[-1].id


def _card(where: str, ours: Ours) -> Lost:
    number = int(ours.key.split(":")[1])
    return Lost(mention=ours.about, channel=where, card=ours.ts, number=number, at=ours.at)
