"""How each delivery is done: all our effects on the world."""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from adapters import Adapter
from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.clock import CHANNEL, HERE, NOTHING, Rung, Where
from bot.domain.conversation import Conversation
from bot.domain.delivery import Delivery, Errand, LeaseLost, LockedOut, Refused, TryLater, Unsure
from bot.domain.team import Team
from bot.roads import Roads, alert
from bot.slack import cards, lists, notes
from bot.slack.blocks import Message
from bot.slack.channel import Channel, ChannelGone, MessageGone
from bot.slack.digests import digest
from bot.slack.queue import Links
from storage import conversations, destinations, digests, mentions, outbox, replies
from storage.conversations import Asked, Waiting
from storage.database import reading
from storage.digests import Digest

log = structlog.get_logger()

ALOUD = Where.CHANNEL
LISTED = 200  # conversations that one list looks at


class Errands:
    """Each looks at the case as it is now, so an old delivery shows what is true today."""

    def __init__(
        self,
        desk: Desk,
        channel: Channel,
        adapters: Mapping[str, Adapter],
        links: Links,
        roads: Roads,
    ) -> None:
        self.desk, self.channel, self.adapters, self.links = desk, channel, adapters, links
        self.roads = roads
        self.ways = {
            Errand.CARD: self.card,
            Errand.NAG: self.nag,
            Errand.NOTE: self.note,
            Errand.REPLY: self.reply,
            Errand.DIGEST: self.digest,
            Errand.NOTICE: self.notice,
            Errand.LIST: self.list,
            Errand.ALERT: self.alert,
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
        """Call whoever the rung names, unless it was answered meanwhile or nobody works now."""
        case, now = self._case(delivery), self.desk.now()
        conversation, team = case.conversation, self.desk.team(case.conversation)
        clock = conversation.clock(team)
        if not conversation.open or not conversation.rungs_climbed or clock is None:
            return
        if (later := clock.may_speak_at(now)) > now:
            self.desk.unsaid(conversation.id, later)
            return
        rung = clock.rung(conversation.rungs_climbed - 1)
        owner = conversation.owner or conversation.promised_by
        whom = self._reachable(team.whom(rung.call, owner, now))
        self._call(delivery, case, rung, whom)

    def _call(self, delivery: Delivery, case: Case, rung: Rung, whom: str) -> None:
        """Say it, or change what was said if it would be the same once more."""
        conversation, now = case.conversation, self.desk.now()
        away = notes.nag_away(case, whom, now, self.links.card(conversation))
        aloud = rung.say is ALOUD or whom in (CHANNEL, HERE)
        message = away if aloud else notes.nag(case, whom, now)
        says = f"{whom} {rung.say} {conversation.owed} {conversation.late(now)}"
        same = conversation.nag_says == says and not delivery.may_have_happened
        if same and self._changed(delivery, conversation, message):
            return
        ts = self._say(delivery, case, message, aloud=aloud)
        self.desk.nagged(conversation, nag=ts, says=says)
        if rung.say is Where.DIRECT and whom[0] in "UW":
            self._say_to(whom, away, delivery)

    def _changed(self, delivery: Delivery, conversation: Conversation, message: Message) -> bool:
        """Let the earlier nag say it; False when it is not there any more."""
        self._must_be_ours(delivery)
        try:
            self.channel.change(str(conversation.channel), str(conversation.nag), message)
        except MessageGone:
            return False
        return True

    def list(self, delivery: Delivery) -> None:
        """What a team must know in the morning or evening, as it is now."""
        about, now = json.loads(delivery.detail), self.desk.now()
        team = self.desk.teams[about["team"]]
        asked = Asked(team=team.name)
        with reading(self.desk.database) as db:
            waiting = conversations.unanswered(db, asked, most=LISTED)
            nagged = conversations.unanswered(db, Asked(numbers=about["nagged"]), most=LISTED)
        if (later := team.calendar.opening(now)) > now:
            self._put_aside(nagged, later)
            return
        message = self._listed(about["what"], team, waiting, nagged, now)
        if message:
            self._post(delivery.destination, message, delivery)

    def _put_aside(self, nagged: Sequence[Waiting], until: datetime) -> None:
        """A list came too late to be said in working hours: its nags wait for the next opening."""
        for each in nagged:
            if each.conversation.open:
                self.desk.unsaid(each.conversation.id, until)

    def _listed(
        self,
        what: str,
        team: Team,
        waiting: Sequence[Waiting],
        nagged: Sequence[Waiting],
        now: datetime,
    ) -> Message | None:
        late = lists.still_late(nagged, now)
        calls = list(dict.fromkeys(self._called(each, team, now) for each in late))
        if what == "closing":
            return lists.closing(team, waiting, now, self.links)
        if what == "opening":
            return lists.opening(team, waiting, late, calls, now, self.links)
        return lists.gathered(team, late, calls, now, self.links)

    def _called(self, waiting: Waiting, team: Team, now: datetime) -> str:
        """Whom the rung calls that this conversation has climbed, as markup."""
        conversation = waiting.conversation
        clock = conversation.clock(team)
        owner = conversation.owner or conversation.promised_by
        climbed = conversation.rungs_climbed
        call = clock.rung(climbed - 1).call if clock and climbed else CHANNEL
        return notes.calling(self._reachable(team.whom(call, owner, now)))

    def alert(self, delivery: Delivery) -> None:
        """Call by mail or webhook, unless there is nothing left to call for."""
        about, now = json.loads(delivery.detail), self.desk.now()
        team, one = self.desk.teams[about["team"]], delivery.conversation
        asked = Asked(numbers=[one]) if one else Asked(team=team.name, late_at=now)
        with reading(self.desk.database) as db:
            late = conversations.unanswered(db, asked, most=LISTED)
            silent = outbox.unsaid_since(db, team.name, until=now)
        if not late or about["road"] >= len(team.roads) or (about["silent"] and not silent):
            return
        subject, text = alert(team, late, now, slack_is_silent=about["silent"], links=self.links)
        self._must_be_ours(delivery)
        numbers = [each.conversation.id for each in late]
        self.roads.send(team.roads[about["road"]], subject, text, key=delivery.key, numbers=numbers)

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
        elif what == "let_go":
            held = self.desk.team(case.conversation).claim_lease or NOTHING
            self._say(delivery, case, notes.let_go(case, str(of).partition(":")[0], held))
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

    def _say(self, delivery: Delivery, case: Case, message: Message, *, aloud: bool = False) -> str:
        """Speak in the card's thread."""
        conversation = case.conversation
        if not (conversation.card and conversation.channel):
            raise TryLater("Its card is not there yet.", surely_not_done=True)
        where, thread = conversation.channel, conversation.card
        return self._post(where, message, delivery, thread=thread, aloud=aloud)

    def _post(self, where: str, message: Message, delivery: Delivery, **how: Any) -> str:
        """Say it, if the lease still holds when all looking is done."""
        last_look = partial(self._must_be_ours, delivery)
        return self.channel.say(where, message, delivery, last_look=last_look, **how)

    def _reachable(self, whom: str) -> str:
        """Whom to call when the one who should be is not with us any more: the channel."""
        return CHANNEL if whom[0] in "UW" and self.channel.is_away(whom) else whom

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
