"""Customers' pictures in Slack, where a team wants them there and not by their own address."""

from collections.abc import Callable

import structlog

from adapters import Brings
from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.delivery import Delivery, LockedOut, Refused, TryLater
from bot.domain.mention import INSIDE
from bot.domain.team import UPLOAD
from bot.forgetting import Forgetting
from bot.pictures import MOST, Fetcher, Got, NoPicture, NotNow, recognised
from bot.slack.cards import MEDIA
from bot.slack.channel import Channel
from storage import conversations, pictures
from storage.database import reading
from storage.pictures import Picture
from storage.shown import FILE

log = structlog.get_logger()

PATIENT = 5  # attempts at a picture that is somewhere slow or broken


class Gallery:
    """The card waits for nobody's server: a picture comes after it, or stays a link.

    What lies in a message itself has no link; its adapter brings it, and till then it is counted.
    """

    def __init__(
        self, desk: Desk, channel: Channel, forgetting: Forgetting, fetcher: Fetcher
    ) -> None:
        self.desk, self.channel, self.forgetting = desk, channel, forgetting
        self.fetcher = fetcher

    def want(self, case: Case) -> None:
        """Owe those of its latest message that were never asked for."""
        conversation, known = case.conversation, case.pictures
        if conversation.forgotten or self.desk.team(conversation).pictures != UPLOAD:
            return
        wanted = [url for url in case.latest.media[:MEDIA] if url not in known]
        if wanted:
            with self.desk.database.begin() as db:
                for url in wanted:
                    self.desk.ledger.owe_picture(db, conversation, url, self.desk.now())

    def take(self, delivery: Delivery, last_look: Callable[[Delivery], None]) -> None:
        """Take one into Slack; where that fails, the card stays as it is."""
        with reading(self.desk.database) as db:
            known = pictures.get(db, delivery.detail)
            whose = conversations.get(db, delivery.conversation or 0)
            case = self.desk.ledger.case(db, whose)
        if (known and known.file) or whose.forgotten:
            return
        try:
            got = self._got(case, delivery.detail)
            last_look(delivery)
            self._taken(delivery, file=self.channel.show(f"picture.{got.kind}", got.content))
        except (NoPicture, Refused) as problem:
            self._not_taken(delivery, problem)
        except NotNow as problem:
            if delivery.attempt < PATIENT:
                raise TryLater(str(problem), surely_not_done=True) from problem
            self._not_taken(delivery, problem)

    def _got(self, case: Case, name: str) -> Got:
        """From the web, or out of the message by its adapter; NoPicture, Refused or NotNow."""
        if not name.startswith(INSIDE):
            return self.fetcher.fetch(name)
        mention = next((each for each in case.mentions if name in each.media), None)
        adapter = self.desk.adapters.get(mention.account) if mention else None
        if mention is None or not isinstance(adapter, Brings):
            raise NoPicture("Its message or its account is not here any more.")
        try:
            return recognised(adapter.bring(mention, name, most=MOST))
        except (TryLater, LockedOut) as problem:
            raise NotNow(str(problem)) from problem

    def _not_taken(self, delivery: Delivery, problem: Exception) -> None:
        log.info("picture.not_taken", conversation=delivery.conversation, why=str(problem))
        self._taken(delivery, trouble=str(problem))

    def _taken(self, delivery: Delivery, **how: str) -> None:
        now, number = self.desk.now(), delivery.conversation or 0
        with self.desk.database.begin() as db:
            conversation = conversations.hold(db, number)
            taken = Picture(address=delivery.detail, conversation=number, at=now, **how)
            if not conversation.forgotten:
                pictures.keep(db, taken)
            if taken.file and not conversation.forgotten:
                on_card = conversations.get(db, conversations.survivor(db, number))
                self.desk.ledger.redraw(db, on_card, now)
        if taken.file and conversation.forgotten:  # while we were taking it
            self.forgetting.seen(taken.file, FILE, [number])
