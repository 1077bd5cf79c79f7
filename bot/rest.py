"""What needs no answer: it has no card at first, and is listed in one message."""

from collections.abc import Sequence
from datetime import datetime

import structlog

from bot.desk import Desk
from bot.domain.guess import DAILY
from bot.domain.team import Team
from storage import conversations, digests
from storage.database import Transaction, glancing

log = structlog.get_logger()

PAGE = 150  # conversations in one message


class Rest:
    """It waits, is on the list, and its clock runs, like all the others.

    Whoever gathers speaks for the team, so of several workers one does.
    """

    def __init__(self, desk: Desk) -> None:
        self.desk, self.ledger = desk, desk.ledger

    def due(self, team: Team, now: datetime) -> bool:
        """Whether a team that does not wait for the morning should see it now."""
        if team.triage.gather >= DAILY:
            return False
        with glancing(self.desk.database) as db:
            since = conversations.aside_since(db, team.name, self._known(team))
        return since is not None and since <= now - team.triage.gather

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
