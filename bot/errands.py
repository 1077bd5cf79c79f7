"""How each delivery is done: all our effects on the world."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.clock import CHANNEL, HERE, Rung, Where
from bot.domain.conversation import Conversation
from bot.domain.delivery import Delivery, Errand, LeaseLost, TryLater
from bot.domain.forgotten import hidden
from bot.domain.team import Team
from bot.forgetting import Forgetting
from bot.gallery import Gallery
from bot.learning import Learning
from bot.ledger import ASKING
from bot.noting import Noting
from bot.pictures import Fetcher
from bot.publisher import Publisher
from bot.roads import Roads, about_us, alert
from bot.slack import cards, lists, notes
from bot.slack.blocks import Message
from bot.slack.channel import CARD, DIRECT, Channel, ChannelGone, MessageGone, NotDrawn
from bot.slack.digests import digest
from bot.slack.members import Members
from bot.slack.queue import Links
from bot.slack.surges import surge
from bot.slack.taught import asking
from bot.slack.tongue import speaking
from bot.taking_back import TakingBack
from storage import (
    conversations,
    destinations,
    digests,
    mentions,
    outbox,
    saved_replies,
    search,
    silences,
    surges,
)
from storage.conversations import Waiting
from storage.database import Transaction, reading
from storage.search import EVERY, Asked, Sort

log = structlog.get_logger()

ALOUD = Where.CHANNEL
LISTED = 200  # conversations that one list looks at
USUAL = 400  # earlier messages that those of a surge are compared with
SOON = timedelta(seconds=2)
EVERYBODY: dict[str, Any] = {"states": EVERY, "sort": Sort.NEWEST}


class Errands:
    """Each looks at the case as it is now, so an old delivery shows what is true today."""

    def __init__(
        self,
        desk: Desk,
        channel: Channel,
        members: Members,
        publisher: Publisher,
        links: Links,
        roads: Roads,
        fetcher: Fetcher | None = None,
    ) -> None:
        self.desk, self.channel, self.publisher, self.links = desk, channel, publisher, links
        self.members, self.roads = members, roads
        self.noting = Noting(desk, members)
        self.forgetting, self.learning = Forgetting(desk), Learning(desk)
        self.taking_back = TakingBack(self.forgetting, channel)
        self.gallery = Gallery(desk, channel, self.forgetting, fetcher or Fetcher())
        self.ways = {
            Errand.CARD: self.card,
            Errand.NAG: self.nag,
            Errand.NOTE: self.note,
            Errand.REPLY: self.reply,
            Errand.AMEND: self.amend,
            Errand.PICTURE: self.picture,
            Errand.RETIRE: self.retire,
            Errand.SURGE: self.surge,
            Errand.DIGEST: self.digest,
            Errand.NOTICE: self.notice,
            Errand.LIST: self.list,
            Errand.ALERT: self.alert,
        }

    def run(self, delivery: Delivery) -> None:
        try:
            with speaking(self._language(delivery.destination)):
                self.ways[delivery.errand](delivery)
        except ChannelGone as problem:
            self._tell_elsewhere(delivery, problem)
            raise

    def _language(self, destination: str) -> str:
        """A channel's is its team's, a person's their own."""
        if destination.startswith(("U", "W")):
            return self.members.locale(destination)
        team = self.desk.teams.of_channel(destination)
        return team.language if team else ""

    def card(self, delivery: Delivery) -> None:
        """Hang the card, or make it show what is true now."""
        case = self._case(delivery)
        try:
            self._hang(delivery, case)
        except NotDrawn:
            if not case.pictures:
                raise
            self._hang(delivery, replace(case, pictures={}))
        self.gallery.want(case)

    def _hang(self, delivery: Delivery, case: Case) -> None:
        conversation = case.conversation
        if conversation.forgotten and not conversation.card:
            self._unsay(delivery, self.desk.team(conversation).channel)
            return
        message, where = cards.card(case, self.desk.now()), self.desk.team(conversation).channel
        if conversation.card and conversation.channel:
            try:
                self._must_be_ours(delivery)
                self.channel.change(conversation.channel, conversation.card, message)
                return
            except (MessageGone, ChannelGone) as problem:
                if isinstance(problem, ChannelGone) and conversation.channel == where:
                    raise  # it hangs there still, and will be seen when the channel is open again
                log.warning("card.gone", conversation=conversation.id, why=str(problem))
                if conversation.forgotten:
                    return
        ts = self._post(where, message, delivery, about=_first(case))
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
        whom = self.noting.reachable(team.whom(rung.call, team.answerable(conversation), now))
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
        about, now = self._with_what_follows(delivery), self.desk.now()
        team = self.desk.teams[about["team"]]
        if about["what"] == ASKING:
            self._ask(delivery, team, about["week"])
            return
        asked = Asked(teams=[team.name])
        with reading(self.desk.database) as db:
            waiting = search.unanswered(db, asked, most=LISTED)
            called = about["nagged"]
            nagged = search.unanswered(db, Asked(numbers=called), most=len(called))
        if (later := team.calendar.opening(now)) > now:
            self._put_aside(nagged, later)
            return
        message = self._listed(about["what"], team, waiting, nagged, now)
        if message:
            listed = nagged if about["what"] == "gathered" else [*waiting, *nagged]
            names = [each.conversation.id for each in listed]
            ts = self._post(delivery.destination, message, delivery, names=names)
            self._refresh(delivery, delivery.destination, ts, message)
        else:
            self._unsay(delivery, delivery.destination)

    def _ask(self, delivery: Delivery, team: Team, week: str) -> None:
        """A few that triage took for no complaints, as far as they still have their words."""
        asked = self.learning.week(team.name, week)
        if not asked:
            self._unsay(delivery, delivery.destination)
            return
        message, names = asking(asked), sorted({each.conversation for each in asked})
        ts = self._post(delivery.destination, message, delivery, names=names)
        self._refresh(delivery, delivery.destination, ts, message)
        self.learning.shown(team.name, week)

    def _with_what_follows(self, delivery: Delivery) -> dict[str, Any]:
        """While Slack was silent more lists of nags were owed: all of them are one."""
        about: dict[str, Any] = json.loads(delivery.detail)
        if about["what"] == "gathered":
            with self.desk.database.begin() as db:
                named = f"list:{about['team']}:gathered:"
                behind = outbox.absorb(db, delivery, named, self.desk.now())
                also = [number for detail in behind for number in json.loads(detail)["nagged"]]
                about["nagged"] = list(dict.fromkeys([*about["nagged"], *also]))
                if also:
                    outbox.retell(db, delivery, json.dumps(about))
        return about

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
        owner = team.answerable(conversation)
        climbed = conversation.rungs_climbed
        call = clock.rung(climbed - 1).call if clock and climbed else CHANNEL
        return notes.calling(self.noting.reachable(team.whom(call, owner, now)))

    def alert(self, delivery: Delivery) -> None:
        """Call by mail or webhook, unless there is nothing left to call for."""
        about, now = json.loads(delivery.detail), self.desk.now()
        team, one = self.desk.teams[about["team"]], delivery.conversation
        if "said" in about:
            self._say_by_road(delivery, team, about["road"], about["said"])
            return
        asked = Asked(numbers=[one]) if one else Asked(teams=[team.name], late_at=now)
        with reading(self.desk.database) as db:
            late = search.unanswered(db, asked, most=LISTED)
            silent = outbox.unsaid_since(db, team.name, until=now)
            hushed = None if one else silences.lasting(db, silences.TEAM, team.name)
            if hushed and not late:
                late = search.unanswered(db, Asked(teams=[team.name]), most=LISTED)
        if not late or about["road"] >= len(team.roads) or (about["silent"] and not silent):
            return
        quiet = {"slack_is_silent": about["silent"], "team_since": hushed.since if hushed else None}
        subject, text = alert(team, late, now, links=self.links, **quiet)
        self._must_be_ours(delivery)
        numbers = [each.conversation.id for each in late]
        self.roads.send(team.roads[about["road"]], subject, text, key=delivery.key, numbers=numbers)

    def _say_by_road(self, delivery: Delivery, team: Team, road: int, said: str) -> None:
        """Something about the bot itself, which Slack has not taken."""
        if road < len(team.roads):
            subject, text = about_us(said)
            self._must_be_ours(delivery)
            self.roads.send(team.roads[road], subject, text, key=delivery.key)

    def note(self, delivery: Delivery) -> None:
        """Something to know, in the card's thread; of what was forgotten, nothing."""
        case = self._case(delivery)
        if message := self.noting.drawn(case, json.loads(delivery.detail)):
            self._say(delivery, case, message)

    def picture(self, delivery: Delivery) -> None:
        self.gallery.take(delivery, self._must_be_ours)

    def reply(self, delivery: Delivery) -> None:
        """Publish one answer: the only way in which anything reaches a customer."""
        self.publisher.reply(delivery, self._must_be_ours)

    def amend(self, delivery: Delivery) -> None:
        self.publisher.amend(delivery, self._must_be_ours)

    def retire(self, delivery: Delivery) -> None:
        """An old message says in one line what became of it, and can't be pressed any more."""
        if self.taking_back.wanted(delivery):
            self.taking_back.run(delivery, partial(self._must_be_ours, delivery))
            return
        about, case = json.loads(delivery.detail), self._case(delivery)
        new = self.links.card(case.conversation)
        message = notes.retired(case, about["what"], new)
        self._must_be_ours(delivery)
        try:
            self.channel.change(about["channel"], about["ts"], message)
        except (MessageGone, ChannelGone) as problem:  # then nobody can press it either
            log.warning("message.gone", key=delivery.key, why=str(problem))

    def surge(self, delivery: Delivery) -> None:
        """The message of a surge, with what it is about as far as it still stands there."""
        number = int(delivery.detail)
        with reading(self.desk.database) as db:
            found = surges.get(db, number)
            listed = search.page(db, Asked(surge=number, **EVERYBODY), most=LISTED)
            usual = mentions.usual_words(db, found.team, found.began_at, most=USUAL)
            holding = bool(saved_replies.holding(db, found.team))
        message = surge(found, listed, usual, holding=holding)
        self._must_be_ours(delivery)
        if found.card:
            self._redraw_gathered(found.channel, found.card, message)
            return
        ts = self._post(found.channel, message, delivery)
        with self.desk.database.begin() as db:
            surges.hang(db, number, ts)
        self._refresh(delivery, found.channel, ts, message)

    def digest(self, delivery: Delivery) -> None:
        """One of its own, or a page in the thread of a surge."""
        number = int(delivery.detail)
        with reading(self.desk.database) as db:
            hanging = digests.get(db, number)
            gathered = conversations.in_digest(db, number)
            thread = surges.get(db, hanging.surge).card if hanging.surge else None
            holding = bool(hanging.surge and saved_replies.holding(db, hanging.team))
            if hanging.daily:
                gathered = _with_words(db, gathered)
        if hanging.surge and gathered and not thread:
            raise TryLater("Its surge has no message yet.", SOON, surely_not_done=True)
        how = {"surge": bool(hanging.surge), "holding": holding, "daily": hanging.daily}
        message = digest(gathered, **how)
        self._must_be_ours(delivery)
        if not gathered:  # all that it named was forgotten
            self._unsay(delivery, hanging.channel, hanging.card)
            return
        if hanging.card:
            self._redraw_gathered(hanging.channel, hanging.card, message)
            return
        ts = self._post(hanging.channel, message, delivery, thread=thread)
        with self.desk.database.begin() as db:
            digests.hang(db, number, ts)
        self._refresh(delivery, hanging.channel, ts, message)

    def notice(self, delivery: Delivery) -> None:
        to = delivery.destination
        if delivery.conversation and to[0] in "UW" and self.members.is_away(to):
            log.info("notice.nobody_there", key=delivery.key)
            return
        self._post(delivery.destination, notes.notice(delivery.detail), delivery)

    def _redraw_gathered(self, channel: str, ts: str, message: Message) -> None:
        try:
            self.channel.change(channel, ts, message)
        except MessageGone as problem:  # somebody deleted it, and nobody needs it again
            log.warning("digest.gone", ts=ts, why=str(problem))

    def _refresh(self, delivery: Delivery, where: str, ts: str, message: Message) -> None:
        """What was found instead of posted may show what an earlier attempt saw."""
        if delivery.may_have_happened:
            self.channel.change(where, ts, message)

    def _unsay(self, delivery: Delivery, where: str, ts: str | None = None) -> None:
        """Nothing is left to be said: take back what hangs, or what an earlier attempt said."""
        if ts or delivery.may_have_happened:
            self._must_be_ours(delivery)
            self.taking_back.unsay(where, ts, delivery.key, delivery.owed_at)

    def _say_to(self, person: str, message: Message, delivery: Delivery) -> None:
        """Say the second half of a nag. Its first is in the thread, so the next try must look."""
        try:
            self._post(person, message, delivery, part=DIRECT)
        except ChannelGone as problem:
            log.warning("nag.not_direct", key=delivery.key, why=str(problem))
        except TryLater as problem:
            raise TryLater(str(problem), problem.after) from problem

    def _case(self, delivery: Delivery) -> Case:
        assert delivery.conversation is not None, "cards, nags and notes belong to a conversation"
        return self.desk.look(delivery.conversation)

    def _say(self, delivery: Delivery, case: Case, message: Message, *, aloud: bool = False) -> str:
        """Speak in the card's thread; of what was forgotten, nothing."""
        if case.conversation.forgotten:
            return ""
        where, thread = self._hanging(delivery, case)
        try:
            return self._post(where, message, delivery, thread=thread, aloud=aloud)
        except MessageGone as problem:  # somebody deleted the card, and its thread with it
            log.warning("card.gone", conversation=case.conversation.id, why=str(problem))
            self.desk.unhung(case.conversation.id, card=thread)
            raise TryLater("Its card is gone.", SOON, surely_not_done=True) from problem

    def _hanging(self, delivery: Delivery, case: Case) -> tuple[str, str]:
        """Where its card is. One that was moved may have its new card still behind this."""
        conversation = case.conversation
        if conversation.card and conversation.channel:
            return conversation.channel, conversation.card
        return self._hang_anew(delivery, case)

    def _hang_anew(self, delivery: Delivery, case: Case) -> tuple[str, str]:
        """Nobody can speak in a thread without a card above it.

        Nothing else hangs one meanwhile: while it has none, its lane moves one at a time.
        """
        conversation = case.conversation
        where, now = self.desk.team(conversation).channel, self.desk.now()
        message = cards.card(case, now)
        card = self._post(where, message, delivery, part=CARD, about=_first(case))
        self.desk.hung(conversation.id, channel=where, card=card)
        return where, card

    def _post(
        self,
        where: str,
        message: Message,
        delivery: Delivery,
        *,
        names: Sequence[int] = (),
        **how: Any,
    ) -> str:
        """Say it, if the lease still holds when all looking is done; keep whom it `names`."""
        last_look = partial(self._must_be_ours, delivery)
        ts = self.channel.say(where, message, delivery, last_look=last_look, **how)
        numbers = names or [number for number in [delivery.conversation] if number]
        if numbers:
            self.forgetting.seen(where, ts, numbers)
        return ts

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


def _with_words(db: Transaction, gathered: Sequence[Waiting]) -> Sequence[Waiting]:
    """The same, with what each customer wrote."""
    asked = Asked(numbers=[each.conversation.id for each in gathered], **EVERYBODY)
    found = {each.conversation.id: each for each in search.unanswered(db, asked, most=LISTED)}
    return [found.get(each.conversation.id, each) for each in gathered]


def _first(case: Case) -> str:
    """What a card is known by without our numbers; nobody can read from it whom it is about."""
    first = case.mentions[0]
    return hidden(first.account, first.key)
