"""What needs no answer: it has no card at first, and is listed in one message."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.desk import Desk
from bot.domain.guess import DAILY
from bot.domain.team import Team
from storage import conversations, digests
from storage.database import Transaction, glancing

log = structlog.get_logger()

PAGE = 150  # conversations in one message
NOW_AND_THEN = timedelta(minutes=1)  # that a team which waits for the morning is looked at


class Rest:
    """It waits, is on the list, and its clock runs, like all the others.

    Whoever gathers speaks for the team, so of several workers one does.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk, self.ledger = desk, desk.ledger
        self._looked: dict[str, datetime] = {}

    def due(self, team: Team, now: datetime) -> bool:
        """Whether a team that does not wait for the morning should see it now.

        So should one whose morning has passed without it, because nobody was at work.
        """
        span, last = team.triage.gather, self._looked.get(team.name)
        if span == DAILY and last and last <= now < last + NOW_AND_THEN:
            return False
        self._looked[team.name] = now
        with glancing(self.desk.database) as db:
            since = conversations.aside_since(db, team.name, self._known(team))
            if since is None or since > now - span:
                return False
            return span < DAILY or self._missed(db, team, now)

    def _missed(self, db: Transaction, team: Team, now: datetime) -> bool:
        last = digests.last_daily(db, team.name)
        return team.calendar.is_open(now) and (last is None or last <= now - DAILY)

    def gather(self, db: Transaction, team: Team, now: datetime) -> None:
        """All of it, on as many pages as it takes."""
        while ids := conversations.hold_aside(db, team.name, self._known(team), most=PAGE):
            channel = team.channel
            page = digests.open_new(db, team=team.name, channel=channel, at=now, daily=True)
            conversations.gather(db, ids, page)
            self.ledger.owe_digest(db, page, team.name, f"{ids[0]}:{now.timestamp()}", now)
            log.info("rest.gathered", team=team.name, digest=page, conversations=len(ids))

    def _known(self, team: Team) -> Sequence[str]:
        """All that there are, for the first of them: it has the work of teams that were removed."""
        names = [each.name for each in self.desk.teams]
        return names if team.name == names[0] else ()
