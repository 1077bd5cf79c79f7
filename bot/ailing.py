"""Tells the manager once when something ails us, and once when it is well again."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.desk import Desk
from bot.domain.health import OURS, Ailment, Ails
from bot.domain.team import Team
from bot.slack.health import sentence, well_again
from bot.watch import Watch
from storage import ailments, outbox, workers
from storage.ailments import Known
from storage.database import Transaction

log = structlog.get_logger()

LASTS = timedelta(minutes=1)  # until it is worth a word
STAYS_AWAY = timedelta(minutes=5)  # until it is well again
SILENT = timedelta(minutes=5)  # that Slack may leave the word undelivered, before the next road


class Ailing:
    """Of several workers, each tells what ails itself, and one what ails all of them.

    What the database ails can't be told by way of it: `/health` says so, and the log.
    """

    def __init__(self, desk: Desk, watch: Watch) -> None:
        self.desk, self.watch = desk, watch

    def tell(self) -> None:
        now = self.desk.now()
        found = {(it.what, self._whose(it.what)): it for it in self.watch.health().ailments}
        with self.desk.database.begin() as db:
            for what, worker in sorted(found):
                ailments.seen(db, what, worker, now)
            for known in self._concerning_us(db, now):
                self._follow(db, known, found.get((Ails(known.what), known.worker)), now)

    def _whose(self, what: Ails) -> str:
        return self.watch.name if what in OURS else ""

    def _concerning_us(self, db: Transaction, now: datetime) -> Sequence[Known]:
        """Everybody's, our own, and those of workers that are no more."""
        known = ailments.hold_all(db)
        others = {each.worker for each in known} - {"", self.watch.name}
        gone = workers.silent(db, others, now) if others else set()
        return [each for each in known if each.worker not in others - gone]

    def _follow(
        self, db: Transaction, known: Known, ailment: Ailment | None, now: datetime
    ) -> None:
        if ailment is None:
            self._maybe_over(db, known, now)
        elif known.told:
            self._maybe_call(db, known, ailment, now)
        elif now - known.since >= LASTS:
            key = self._say(db, f":warning: {sentence(ailment)}", known, now)
            ailments.change(db, known, told=key)
            log.error("health.ails", what=known.what, since=known.since.isoformat())

    def _maybe_over(self, db: Transaction, known: Known, now: datetime) -> None:
        """What was never told need not be taken back."""
        if known.told and now - known.seen_at < STAYS_AWAY:
            return
        if known.told:
            said = well_again(Ails(known.what))
            self._say(db, f":white_check_mark: {said}", known, now)
            if known.road is not None:
                self._call(db, known.road, said, known, now)
            log.info("health.well_again", what=known.what)
        ailments.over(db, known)

    def _maybe_call(self, db: Transaction, known: Known, ailment: Ailment, now: datetime) -> None:
        """By the next road, while neither Slack nor the last one has taken the word."""
        road = 0 if known.road is None else known.road + 1
        tried_at = known.called_at or known.since + LASTS
        waits = all(outbox.pends(db, key) for key in (known.told, known.called) if key)
        if waits and now - tried_at >= SILENT and road < len(self._team().roads):
            key = self._call(db, road, sentence(ailment), known, now)
            ailments.change(db, known, road=road, called=key, called_at=now)

    def _say(self, db: Transaction, said: str, known: Known, now: datetime) -> str:
        key = f"health:{known.what}:{known.worker}"
        return self.desk.ledger.owe_notice(db, self._manager(), said, key=key, at=now)

    def _call(self, db: Transaction, road: int, said: str, known: Known, now: datetime) -> str:
        log.warning("slack.silent", what=known.what, road=road)
        of = f"{known.what}:{known.worker}:{now.timestamp()}"
        return self.desk.ledger.owe_word(db, self._team(), road, said, of, now)

    def _manager(self) -> str:
        """Whoever hears about trouble of ours; without anybody, the first team's channel."""
        teams = self.desk.teams
        managers = [teams.tell, *(team.manager for team in teams)]
        return next(filter(None, managers), None) or next(iter(teams)).channel

    def _team(self) -> Team:
        """Whose roads are taken: the first that has any."""
        teams = list(self.desk.teams)
        return next((team for team in teams if team.roads), teams[0])
