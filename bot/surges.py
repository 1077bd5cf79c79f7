"""Surges: far more than usual comes. One message, one thread for all of it, and its end is said."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from bot.desk import Desk
from bot.domain.arrivals import (
    AN_HOUR,
    FEWEST,
    WEEKS,
    Rhythm,
    Sudden,
    calm,
    rhythm,
    sudden,
)
from bot.domain.conversation import Conversation
from bot.domain.mention import Kind
from bot.domain.team import Team
from storage import arrivals, conversations, days, digests, outbox, surges
from storage.database import Transaction, reading
from storage.surges import Surge

log = structlog.get_logger()

PAGE = 50  # conversations on one page of the thread: as many as its menu has room for
KNOWN = timedelta(weeks=WEEKS)
UNUSUAL = timedelta(days=1)  # of a surge that does not count as usual; what lasts longer does


@dataclass
class _Usual:
    """What is usual in a team, counted anew each hour."""

    at: datetime
    rhythm: Rhythm | None


class Surges:
    """Of several workers, one tells. What it lists is looked for, so nothing can be left out."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger, self.now = desk, desk.database, desk.ledger, desk.now
        self._usual: dict[str, _Usual] = {}

    def look(self) -> None:
        """At what came to every team since the last look."""
        for team in self.desk.teams:
            self._look_at(team)
        with reading(self.database) as db:
            removed = [s for s in surges.lasting(db) if s.team not in self.desk.teams.by_name]
        for surge in removed:
            self._end(surge)

    def _look_at(self, team: Team) -> None:
        now = self.now()
        with reading(self.database) as db:
            pieces = arrivals.by_piece(db, team.name, now - AN_HOUR)
            lasting = [surge for surge in surges.lasting(db) if surge.team == team.name]
        usual = self._rhythm(team)
        for surge in lasting:
            self._go_on(surge)
            if now - surge.at >= AN_HOUR and (usual is None or calm(pieces, usual, now)):
                self._end(surge)
        if usual and not lasting and (found := sudden(pieces, usual, now)):
            self._begin(team, found)

    def _begin(self, team: Team, found: Sudden) -> None:
        """If so many people wait: one of them who writes five hundred times is no surge."""
        now = self.now()
        with self.database.begin() as db:
            days.hold(db, team.name, now)
            if any(surge.team == team.name for surge in surges.lasting(db)):
                return
            waiting = conversations.waiting_from(db, team.name, found.since)
            if len({each.customer for each in waiting}) < FEWEST:
                return
            id = surges.begin(
                db,
                team=team.name,
                channel=team.channel,
                began_at=found.since,
                at=now,
                usual=found.usual,
            )
            self._list(db, surges.get(db, id), waiting)
        log.warning("surge.began", team=team.name, surge=id, waiting=len(waiting))

    def _go_on(self, surge: Surge) -> None:
        """List whoever came since."""
        with self.database.begin() as db:
            days.hold(db, surge.team, self.now())
            self._list_new(db, surge)

    def _end(self, surge: Surge) -> None:
        """Wait for whoever is taking in something of it, list that, and only then end it."""
        with self.database.begin() as db:
            days.hold(db, surge.team, self.now())
            if surges.hold(db, surge.id).ended_at:
                return
            self._list_new(db, surge, patiently=True)
            surges.end(db, surge.id, self.now())
            since = f"ended:{self.now().timestamp()}"
            self.ledger.owe_surge(db, surge.id, surge.team, since, self.now())
        log.info("surge.ended", team=surge.team, surge=surge.id)

    def _list_new(self, db: Transaction, surge: Surge, *, patiently: bool = False) -> None:
        listed = set(digests.pages(db, surge.id))
        found = conversations.waiting_from(db, surge.team, surge.began_at, patiently=patiently)
        if new := [each for each in found if each.digest not in listed]:
            self._list(db, surge, new)

    def _list(self, db: Transaction, surge: Surge, new: Sequence[Conversation]) -> None:
        """On the last page, and on as many more as it takes."""
        now, rest = self.now(), [each.id for each in new]
        while rest:
            page, room = self._page(db, surge)
            conversations.gather(db, rest[:room], page)
            since = f"{rest[0]}:{now.timestamp()}"
            self.ledger.owe_digest(db, page, surge.team, since, now)
            rest = rest[room:]
        outbox.spare(db, [each.id for each in new if can_be_spared(each)], now)
        for digest in {each.digest for each in new if each.digest}:
            since = f"surge:{surge.id}:{now.timestamp()}"
            self.ledger.owe_digest(db, digest, surge.team, since, now)

    def _page(self, db: Transaction, surge: Surge) -> tuple[int, int]:
        """The page that has room, and for how many."""
        last = digests.last_page(db, surge.id)
        if last and last[1] < PAGE:
            return last[0], PAGE - last[1]
        new = digests.open_new(
            db, team=surge.team, channel=surge.channel, at=self.now(), surge=surge.id
        )
        return new, PAGE

    def _rhythm(self, team: Team) -> Rhythm | None:
        now, known = self.now(), self._usual.get(team.name)
        if known is None or not known.at <= now < known.at + AN_HOUR:
            known = self._usual[team.name] = _Usual(now, self._learn(team, now))
        return known.rhythm

    def _learn(self, team: Team, now: datetime) -> Rhythm | None:
        """From all hours but this one and those of surges."""
        start = now - KNOWN
        with reading(self.database) as db:
            found = arrivals.by_hour(db, start, team=team.name)
            past = surges.since(db, team.name, start)
        hours = _usual_hours(found, past, now)
        return rhythm(hours, min(found, default=now), now - AN_HOUR, team.calendar.zone)

    def forget(self) -> None:
        """What is too old to count as usual need not be kept."""
        with self.database.begin() as db:
            arrivals.forget(db, self.now() - KNOWN - UNUSUAL)


def can_be_spared(conversation: Conversation) -> bool:
    """Whether a list is enough while very much comes: complaints, and what hangs, have a card."""
    touched = conversation.card or conversation.owner or conversation.urgent
    return conversation.open and conversation.kind is not Kind.COMPLAINT and not touched


def _usual_hours(
    found: Mapping[datetime, int], past: Sequence[Surge], now: datetime
) -> Mapping[datetime, int | None]:
    hours: dict[datetime, int | None] = dict(found)
    for surge in past:
        at = surge.began_at.replace(minute=0, second=0, microsecond=0)
        until = min(surge.ended_at or now, surge.began_at + UNUSUAL)
        while at < until:
            hours[at] = None
            at += AN_HOUR
    return hours
