"""How each delivery is done: all our effects on the world."""

import json
from collections.abc import Mapping
from functools import partial
from typing import Any

import structlog

from adapters import Adapter
from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.delivery import Delivery, Errand, LeaseLost, LockedOut, Refused, TryLater, Unsure
from bot.domain.team import CHANNEL, HERE, OWNER, Rung, Where
from bot.slack import cards, notes
from bot.slack.blocks import Message
from bot.slack.channel import Channel, ChannelGone, MessageGone
from bot.slack.digests import digest
from bot.slack.queue import Links
from storage import conversations, destinations, digests, mentions, outbox, replies
from storage.database import reading
from storage.digests import Digest

log = structlog.get_logger()

ALOUD = Where.CHANNEL


class Errands:
    """Each looks at the case as it is now, so an old delivery shows what is true today."""

    def __init__(
        self, desk: Desk, channel: Channel, adapters: Mapping[str, Adapter], links: Links
    ) -> None:
        self.desk, self.channel, self.adapters, self.links = desk, channel, adapters, links
        self.ways = {
            Errand.CARD: self.card,
            Errand.NAG: self.nag,
            Errand.NOTE: self.note,
            Errand.REPLY: self.reply,
            Errand.DIGEST: self.digest,
            Errand.NOTICE: self.notice,
        }

    def run(self, delivery: Delivery) -> None:
        try:
            self.ways[delivery.errand](delivery)
        except ChannelGone as problem:
            self._tell_elsewhere(delivery, problem)
            raise

    def card(self, delivery: Delivery) -> None:
        """Hang the card, or make it show what is true now."""
        case = self._case(delivery)
        conversation = case.conversation
        message = cards.card(case, self.desk.now())
        if conversation.card and conversation.channel:
            try:
                self._must_be_ours(delivery)
                self.channel.change(conversation.channel, conversation.card, message)
                return
            except (MessageGone, ChannelGone) as problem:
                log.warning("card.gone", conversation=conversation.id, why=str(problem))
        where = self.desk.team(conversation).channel
        ts = self._post(where, message, delivery)
        self.desk.hung(conversation.id, channel=where, card=ts)
        self._refresh(delivery, where, ts, message)

    def nag(self, delivery: Delivery) -> None:
        """Call whoever the rung names, unless it was answered meanwhile."""
        case = self._case(delivery)
        conversation, now = case.conversation, self.desk.now()
        if not conversation.open or not conversation.rungs_climbed:
            return
        rung = self._rung(case)
        call = self._reachable(rung.call, case)
        person = conversation.owner if call == OWNER else call
        away = notes.nag_away(case, call, now, self.links.card(conversation))
        aloud = rung.say is ALOUD or call in (CHANNEL, HERE) or (call == OWNER and not person)
        self._say(delivery, case, away if aloud else notes.nag(case, call, now), aloud=aloud)
        if rung.say is Where.DIRECT and person and person[0] in "UW":
            self._say_to(person, away, delivery)

    def note(self, delivery: Delivery) -> None:
        about = json.loads(delivery.detail)
        case = self._case(delivery)
        what, of = about["what"], about["of"]
        if what in ("wrote_again", "automatic"):
            with reading(self.desk.database) as db:
                mention = mentions.get(db, int(of))
            draw = notes.wrote_again if what == "wrote_again" else notes.automatic
            if not mention.deleted:  # what the customer took back is not quoted any more
                self._say(delivery, case, draw(mention))
        elif what == "deleted":
            self._say(delivery, case, notes.deleted(case))
        else:
            draw_failure = notes.refused if what == "refused" else notes.in_doubt
            why = case.reply.refused if case.reply else None
            self._say(delivery, case, draw_failure(case, why or "it gave no reason."))

    def reply(self, delivery: Delivery) -> None:
        """Publish one answer: the only way in which anything reaches a customer."""
        with reading(self.desk.database) as db:
            reply = replies.get(db, delivery.detail)
            asked = mentions.get(db, reply.mention)
        if reply.sent_at:
            return
        self._must_be_ours(delivery)
        again = delivery.may_have_happened
        unable = self.desk.reply_in_doubt if again else self.desk.reply_refused
        if not (adapter := self.adapters.get(asked.account)):
            unable(reply.key, f"{asked.account} is not among ADAPTERS any more.")
            return
        try:
            sent = adapter.reply(asked, reply.text, key=reply.key, again=again)
        except Refused as problem:
            self.desk.reply_refused(reply.key, str(problem))
        except LockedOut as problem:
            unable(reply.key, str(problem))
        except Unsure as problem:
            self.desk.reply_in_doubt(reply.key, str(problem))
        else:
            self.desk.reply_sent(reply.key, sent)

    def digest(self, delivery: Delivery) -> None:
        number = int(delivery.detail)
        with reading(self.desk.database) as db:
            hanging = digests.get(db, number)
            message = digest(conversations.in_digest(db, number))
        self._must_be_ours(delivery)
        if hanging.card:
            self._redraw_digest(hanging, hanging.card, message)
            return
        ts = self._post(hanging.channel, message, delivery)
        with self.desk.database.begin() as db:
            digests.hang(db, number, ts)
        self._refresh(delivery, hanging.channel, ts, message)

    def notice(self, delivery: Delivery) -> None:
        self._post(delivery.destination, notes.notice(delivery.detail), delivery)

    def _redraw_digest(self, digest: Digest, ts: str, message: Message) -> None:
        try:
            self.channel.change(digest.channel, ts, message)
        except MessageGone as problem:  # somebody deleted it, and nobody needs it again
            log.warning("digest.gone", digest=digest.id, why=str(problem))

    def _refresh(self, delivery: Delivery, where: str, ts: str, message: Message) -> None:
        """What was found instead of posted may show what an earlier attempt saw."""
        if delivery.may_have_happened:
            self.channel.change(where, ts, message)

    def _say_to(self, person: str, message: Message, delivery: Delivery) -> None:
        """Say the second half of a nag. Its first is in the thread, so the next try must look."""
        try:
            self._post(person, message, delivery, part=":direct")
        except ChannelGone as problem:
            log.warning("nag.not_direct", key=delivery.key, why=str(problem))
        except TryLater as problem:
            raise TryLater(str(problem), problem.after) from problem

    def _case(self, delivery: Delivery) -> Case:
        assert delivery.conversation is not None, "cards, nags and notes belong to a conversation"
        return self.desk.look(delivery.conversation)

    def _say(
        self, delivery: Delivery, case: Case, message: Message, *, aloud: bool = False
    ) -> None:
        """Speak in the card's thread."""
        conversation = case.conversation
        if not (conversation.card and conversation.channel):
            raise TryLater("Its card is not there yet.", surely_not_done=True)
        where, thread = conversation.channel, conversation.card
        self._post(where, message, delivery, thread=thread, aloud=aloud)

    def _post(self, where: str, message: Message, delivery: Delivery, **how: Any) -> str:
        """Say it, if the lease still holds when all looking is done."""
        last_look = partial(self._must_be_ours, delivery)
        return self.channel.say(where, message, delivery, last_look=last_look, **how)

    def _rung(self, case: Case) -> Rung:
        ladder = self.desk.team(case.conversation).ladder
        return ladder[max(0, min(case.conversation.rungs_climbed, len(ladder)) - 1)]

    def _reachable(self, call: str, case: Case) -> str:
        """Whom to call when the one who should be is not with us any more: the channel."""
        person = case.conversation.owner if call == OWNER else call
        if person and person[0] in "UW" and self.channel.is_away(person):
            return CHANNEL
        return call

    def _must_be_ours(self, delivery: Delivery) -> None:
        """The last look before a call: a worker that was frozen may have lost its lease."""
        with reading(self.desk.database) as db:
            if not outbox.ours(db, delivery, self.desk.now()):
                raise LeaseLost(delivery.key)

    def _tell_elsewhere(self, delivery: Delivery, problem: ChannelGone) -> None:
        """Tell somebody once that a channel is closed to us."""
        with self.desk.database.begin() as db:
            if not destinations.troubled(db, delivery.destination, str(problem)):
                return
        teams = self.desk.teams
        managers = [team.manager for team in teams if team.channel == delivery.destination]
        to = next((person for person in [*managers, teams.tell] if person), None)
        log.error("channel.gone", channel=delivery.destination, why=str(problem), told=to)
        if to and to != delivery.destination:
            self.desk.tell(to, f":warning: {problem}", key=delivery.destination)
