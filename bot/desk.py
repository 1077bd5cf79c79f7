"""The desk: everything that can happen to a conversation, one transaction each."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from adapters import Adapter, Corrects, Withdraws
from bot import labelling
from bot.domain.case import Case, Nagged
from bot.domain.conversation import UNSETTLED, Conversation
from bot.domain.delivery import Delivery
from bot.domain.mention import Kind, Mention
from bot.domain.problems import (
    CannotMove,
    CannotSnooze,
    NotPossible,
    Ours,
    TooLateToUndo,
)
from bot.domain.reply import Ability
from bot.domain.team import SHOW, UPLOAD, Team, Teams
from bot.ledger import Ledger
from bot.slack.text import harmless
from bot.slack.words import CALLED, whole_name
from bot.slack.written import GAVE, GAVE_YOU, GIVEN_UP, HELP, TOOK_OVER
from bot.triage import Triage
from storage import conversations, customers, journal, mentions, outbox, replies
from storage.database import Database, Transaction, reading

log = structlog.get_logger()

GONE = "The customer deleted it."
NO_REASON = "no reason given"
FARTHEST = timedelta(days=60)  # that anybody may snooze or promise
ALL = 1000  # conversations of one customer
UNDO = timedelta(hours=24)  # in which a dismissal can be undone
CALLABLE = re.compile(r"[UWS][A-Z0-9]{2,}")  # a member of Slack's, or a group
NAME, SAID = 60, 500  # characters


class Desk:
    """Decides and writes down; every effect outside is owed, never done."""

    def __init__(
        self,
        database: Database,
        teams: Teams,
        adapters: Mapping[str, Adapter],
        now: Callable[[], datetime],
        triage: Triage | None = None,
    ) -> None:
        self.database, self.teams, self.adapters, self.now = database, teams, adapters, now
        self.triage = triage or Triage()
        self.ledger = Ledger(teams)

    # What people ask

    def look(self, conversation_id: int) -> Case:
        with reading(self.database) as db:
            case = self.ledger.case(db, conversations.get(db, conversation_id))
        return replace(case, can=self._can(case), pictures=self._pictures(case))

    def conversation(self, conversation_id: int) -> Conversation:
        """As it is at this moment, without what was said in it."""
        with reading(self.database) as db:
            return conversations.get(db, conversation_id)

    def team_of(self, conversation_id: int) -> Team:
        return self.team(self.conversation(conversation_id))

    def team(self, conversation: Conversation) -> Team:
        return self.teams[conversation.team]

    def nags(self, conversation: Conversation) -> Sequence[Nagged]:
        """What the ladder has done for the clock that runs, or for the one that ended last."""
        ended = conversation.state not in UNSETTLED
        with reading(self.database) as db:
            return journal.nags(db, conversation.id, ended=ended)

    def ability(self, account: str) -> Ability | None:
        """How this account answers; None when its adapter is gone."""
        adapter = self.adapters.get(account)
        return adapter.ability if adapter else None

    def _pictures(self, case: Case) -> Mapping[str, str]:
        """As the team wants to see them: by link, by their address, or taken into Slack."""
        wanted = self.team(case.conversation).pictures
        if wanted == SHOW:
            return dict.fromkeys(case.latest.media, "")
        return case.pictures if wanted == UPLOAD else {}

    def _can(self, case: Case) -> frozenset[str]:
        """What may be done with our last answer where it was published."""
        reply, amendment = case.reply, case.amendment
        if not (reply and reply.sent_at) or reply.withdrawn_at:
            return frozenset()
        if (amendment and amendment.on_its_way) or not all(part.sent_key for part in reply.posts):
            return frozenset()
        asked = next((m for m in case.mentions if m.id == reply.mention), None)
        adapter = self.adapters.get(asked.account) if asked else None
        kinds: dict[str, Any] = {"withdraw": Withdraws}
        if len(reply.posts) == 1:
            kinds["correct"] = Corrects
        return frozenset(name for name, kind in kinds.items() if isinstance(adapter, kind))

    # What people decide

    def claim(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            conversation.must_not_be_had_by(by)
            self.save(db, conversation.claim(by, self.now(), team))
        log.info("conversation.claimed", conversation=conversation_id, by=by)

    def take_over(self, conversation_id: int, by: str) -> None:
        """Have it from now on; who had it is told."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            taken = self.save(db, conversation.take_over(by, self.now(), team))
            self._tell_holder(db, conversation, taken, by)
        log.info("conversation.taken_over", conversation=conversation_id, by=by)

    def assign(self, conversation_id: int, to: str, by: str) -> None:
        """Give it to somebody, who is told, and so is who had it."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            given = self.save(db, conversation.assign(to, by, self.now(), team))
            self._tell_holder(db, conversation, given, by)
            if to not in (by, conversation.owner):
                self._tell(db, given, to, GAVE_YOU.format(by=by, **self._called(db, given)))
        log.info("conversation.assigned", conversation=conversation_id, by=by, to=to)

    def release(self, conversation_id: int, by: str) -> None:
        """It is nobody's again. The clock never noticed."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            self.save(db, conversation.release(by, self.now(), team))
        log.info("conversation.released", conversation=conversation_id, by=by)

    def escalate(self, conversation_id: int, to: str, by: str, because: str) -> None:
        """Call somebody at once, and from now on wherever the ladder would call its owner.

        `to` is a member, a group, or the name of a team: then its manager is called, and its
        channel hears of it. A team without a manager is called once, in its channel.
        """
        above = self.teams.by_name.get(to)
        whom = above.manager if above else _callable(to)
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            raised = conversation.escalate(whom or to, by, self.now(), team)
            saved = self.save(db, raised if whom else conversation)
            if not whom:
                self._audit(db, saved, by, "escalate", to=to)
            because, of = because.strip(), f"{to}:{saved.version}"
            called = {"to": whom or (above.channel if above else to), "by": by, "because": because}
            self.ledger.owe_note(db, saved, "escalated", of, self.now(), **called)
            if above and above.channel != team.channel:
                self._call_team(db, saved, above, by, because)
        log.info("conversation.escalated", conversation=conversation_id, by=by, to=to)

    def move(self, conversation_id: int, to_team: str, by: str) -> None:
        """Another team's work: a card in its channel, by its promises; the old card leads there."""
        target = self._named(to_team)
        with self.database.begin() as db:
            conversation, _team = self.hold(db, conversation_id)
            if conversation.team == target.name:
                raise CannotMove(Ours("This one is {team}'s already."), team=target.name)
            now = self.now()
            moved = self.save(db, conversation.move(target.name, by, now, target))
            outbox.reroute(db, target.name, target.channel)
            self.ledger.leave(db, conversation, moved, "moved", now)
        log.info("conversation.moved", conversation=conversation_id, by=by, to=target.name)

    def rate(self, conversation_id: int, urgent: bool, by: str) -> None:
        """What is urgent counts, and calls, day and night."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            self.save(db, conversation.rate(urgent, by, team))
        log.info("conversation.rated", conversation=conversation_id, by=by, urgent=urgent)

    def renew(self, conversation_id: int, by: str) -> None:
        """Its holder is at work on it: the claim lasts."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            renewed = conversation.renew(by, self.now(), team)
            if renewed != conversation:
                self.save(db, renewed)

    def snooze(
        self,
        conversation_id: int,
        by: str,
        until: datetime,
        because: str,
        *,
        until_they_write: bool = False,
    ) -> None:
        """Pause the clock until then, or until the customer writes if that is sooner."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            now = self.now()
            must_be_soon(until, now, CannotSnooze)
            snooze = conversation.snooze
            if until_they_write:
                snooze = conversation.snooze_until_they_write
            self.save(db, snooze(until, by, because.strip() or NO_REASON, now, team))
        log.info("conversation.snoozed", conversation=conversation_id, by=by, until=str(until))

    def wake(self, conversation_id: int, by: str) -> None:
        """End a snooze early."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            self.save(db, conversation.wake(by, self.now(), team))
        log.info("conversation.woken", conversation=conversation_id, by=by)

    def settle(self, conversation_id: int, by: str) -> None:
        """Nothing more is owed to a customer who has our answer."""
        with self.database.begin() as db:
            conversation, _ = self.hold(db, conversation_id)
            self.save(db, conversation.settle(by, self.now()))
        log.info("conversation.settled", conversation=conversation_id, by=by)

    def no_answer_needed(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            self.save(db, conversation.no_answer_needed(by, self.now(), team))
            labelling.needless(db, conversation, by, self.now())
        log.info("conversation.dismissed", conversation=conversation_id, by=by)

    def tag(self, conversation_id: int, by: str, word: str) -> None:
        """Put a word on the customer; all that they wait for is counted by it."""
        self._tag(conversation_id, by, lambda tags: [*_without(tags, word), word.strip()])

    def untag(self, conversation_id: int, by: str, word: str) -> None:
        self._tag(conversation_id, by, lambda tags: _without(tags, word))

    def dismiss(self, conversation_id: int, by: str, because: str) -> None:
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            self.save(db, conversation.dismiss(by, because, self.now()))
            labelling.dismissed(db, conversation, because, by, self.now())
        log.info("conversation.dismissed", conversation=conversation_id, by=by)

    def undismiss(self, conversation_id: int, by: str) -> None:
        """Bring back what was dismissed by mistake, within a day: its clock never stopped."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            now, closed_at = self.now(), conversation.closed_at
            promised = journal.promise(db, conversation_id)
            back = conversation.undismiss(by, now, team, **promised)
            if closed_at and now > closed_at + UNDO:
                raise TooLateToUndo
            left = self.without_deleted(db, self.tagged(db, back))
            self.save(db, self._answered_meanwhile(db, left, closed_at or now))
            labelling.undismissed(db, back, now)
        log.info("conversation.undismissed", conversation=conversation_id, by=by)

    def judge(self, conversation_id: int, by: str, kind: Kind) -> None:
        """Someone corrects the first guess; the deadline follows."""
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            self.save(db, conversation.judge(kind, by, self.team(conversation)))
            labelling.judged(db, conversation, kind, by, self.now())
        log.info("conversation.judged", conversation=conversation_id, by=by, kind=kind)

    # What is told

    def rehang(self) -> None:
        """What nobody has seen yet goes to where its team is now."""
        with self.database.begin() as db:
            for team in self.teams:
                outbox.reroute(db, team.name, team.channel)

    def hung(self, conversation_id: int, *, channel: str, card: str) -> None:
        """Its card hangs there, unless it was moved while it was posted: then that is no card."""
        with self.database.begin() as db:
            conversation, team = self.hold(db, conversation_id)
            if channel == team.channel:
                conversations.hang(db, conversation_id, channel=channel, card=card)
            else:
                self.ledger.owe_retire(db, conversation, channel, card, "moved", self.now())

    def unhung(self, conversation_id: int, *, card: str) -> None:
        """Somebody deleted this card. A redraw that is on its way may have hung another already."""
        with self.database.begin() as db:
            conversations.unhang(db, conversation_id, card)

    def nagged(self, conversation: Conversation, *, nag: str, says: str) -> None:
        """Remember which message said it last."""
        with self.database.begin() as db:
            conversations.nagged(db, conversation, nag=nag, says=says)

    def unsaid(self, conversation_id: int, until: datetime) -> None:
        """A nag came too late to be said today: it waits for the next opening."""
        with self.database.begin() as db:
            conversations.unsaid(db, conversation_id, until)

    def tell(self, to: str, text: str, *, key: str, once: bool = False) -> None:
        """Owe a word about the bot itself, to a channel or a person; perhaps but once for a key."""
        with self.database.begin() as db:
            self.ledger.owe_notice(db, to, text, key=key, at=self.now(), once=once)

    def gave_up(self, delivery: Delivery, why: str) -> None:
        """A delivery became a dead letter: the team must see it, in its channel."""
        said = GIVEN_UP.format(key=delivery.key, tries=delivery.attempt, why=harmless(why, 300))
        for to in filter(None, {self._channel_of(delivery), self.teams.tell}):
            self.tell(to, f":warning: {said}", key=delivery.key)
        log.error("delivery.given_up", key=delivery.key, why=why)

    def _channel_of(self, delivery: Delivery) -> str:
        """Where people see what concerns a delivery; an answer's destination is no channel."""
        if delivery.conversation is None:
            return delivery.destination
        return self.team_of(delivery.conversation).channel

    def hold(self, db: Transaction, conversation_id: int) -> tuple[Conversation, Team]:
        """It and its team; nobody else can change it until this transaction ends."""
        conversation = conversations.hold(db, conversation_id)
        return conversation, self.team(conversation)

    def save(self, db: Transaction, conversation: Conversation) -> Conversation:
        """Write down what was decided now."""
        return self.ledger.save(db, conversation, self.now())

    def _named(self, team: str) -> Team:
        if team not in self.teams.by_name:
            known = ", ".join(self.teams.by_name)
            template = Ours("There is no team called {team}. There are: {known}.")
            raise CannotMove(template, team=harmless(team, NAME), known=known)
        return self.teams[team]

    def _tell_holder(
        self, db: Transaction, before: Conversation, after: Conversation, by: str
    ) -> None:
        """Who had it must know that they have it no more, unless they did it themselves."""
        if before.owner in (None, by, after.owner):
            return
        said = TOOK_OVER if after.owner == by else GAVE
        text = said.format(by=by, to=after.owner, **self._called(db, after))
        self._tell(db, after, str(before.owner), text)

    def _called(self, db: Transaction, conversation: Conversation) -> Mapping[str, object]:
        """Its number, and whose it is, as markup."""
        customer = whole_name(customers.get(db, conversation.customer))
        return {"number": conversation.id, "customer": harmless(customer, CALLED)}

    def _tell(self, db: Transaction, conversation: Conversation, to: str, text: str) -> None:
        key = f"{conversation.id}:{conversation.version}"
        about = conversation.id
        self.ledger.owe_notice(db, to, text, key=key, at=self.now(), conversation=about)

    def _call_team(
        self, db: Transaction, conversation: Conversation, above: Team, by: str, because: str
    ) -> None:
        """In that team's channel, where the card is not."""
        told = HELP.format(
            whom=f"<@{above.manager}>" if above.manager else "<!channel>",
            by=by,
            channel=self.team(conversation).channel,
            because=harmless(because, SAID),
            **self._called(db, conversation),
        )
        self._tell(db, conversation, above.channel, told)

    def _audit(
        self, db: Transaction, conversation: Conversation, by: str, what: str, **about: object
    ) -> None:
        """Who did what, where it is no deed."""
        self.ledger.audit(db, by, what, self.now(), conversation=conversation.id, **about)

    def _tag(
        self, conversation_id: int, by: str, change: Callable[[Sequence[str]], Sequence[str]]
    ) -> None:
        with self.database.begin() as db:
            customer = conversations.get(db, conversation_id).customer
            theirs = customers.identities(db, customer)
            customers.hold(db, theirs)
            open_ones = conversations.hold_unsettled(db, after=0, most=ALL, customers=theirs)
            tags = sorted(change(customers.tags(db, customer)))
            customers.tag(db, customer, tags)
            for each in open_ones:
                self.save(db, each.tagged(tags, self.team(each)))
            many = len(tags)
            self.ledger.audit(db, by, "tag", self.now(), conversation=conversation_id, tags=many)
        log.info("customer.tagged", conversation=conversation_id, by=by)

    def tagged(self, db: Transaction, conversation: Conversation) -> Conversation:
        """With the words that somebody put on its customer while nothing was open here."""
        tags = customers.tags(db, conversation.customer)
        if tuple(tags) == tuple(conversation.tags):
            return conversation
        return conversation.tagged(tags, self.team(conversation))

    def without_deleted(self, db: Transaction, conversation: Conversation) -> Conversation:
        """What its customer took back is gone: the clock starts at the oldest that still stands.

        Who waits for an answer that we took back waits while any of their words stand.
        """
        if not conversation.open:
            return conversation
        standing, since = mentions.standing(db, conversation.id), conversation.waiting_since
        before = any(m.posted_at < since for m in standing)
        if before and replies.withdrawn_at(db, conversation.id, since):
            return conversation
        waiting = [m for m in standing if m.posted_at >= since]
        if not waiting:
            return conversation.withdrawn(GONE, self.now())
        return conversation.starts_at(waiting[0].posted_at, self.team(conversation))

    def _answered_meanwhile(
        self, db: Transaction, back: Conversation, since: datetime
    ) -> Conversation:
        """Who comes back may have been answered in the platform's own app while nobody minded."""
        own = (each for each in mentions.own_since(db, back.id, since) if not each.deleted)
        news = [each for each in own if each.posted_at >= back.told_until]
        there = [each for each in news if not replies.sent_as(db, back.id, each.key)]
        return self.answered_by(db, back, there[-1]) if there and back.open else back

    def answered_by(
        self, db: Transaction, conversation: Conversation, answer: Mention
    ) -> Conversation:
        """A colleague answered in the platform's own app; what was posted later still waits."""
        team, thanks = self.team(conversation), conversation.thanks
        answered = conversation.answered_there(answer.posted_at, None, team)
        newer = mentions.oldest_posted_after(db, conversation.id, answer.posted_at)
        return answered.reopen(newer.posted_at, team, thanks=thanks) if newer else answered


def _callable(whom: str) -> str:
    if not CALLABLE.fullmatch(whom):
        raise CannotMove(
            Ours("There is no team, person or group called {whom}. Choose one from the list."),
            whom=harmless(whom, NAME),
        )
    return whom


def _without(tags: Sequence[str], word: str) -> Sequence[str]:
    """Without that word, however it is written."""
    return [tag for tag in tags if tag.casefold() != word.strip().casefold()]


def must_be_soon(moment: datetime, now: datetime, problem: type[NotPossible]) -> None:
    if moment <= now:
        raise problem(Ours("That time is over. Choose one that is to come."))
    if moment > now + FARTHEST:
        told = Ours("That is more than {days} days ahead. Choose a time before that.")
        raise problem(told, days=FARTHEST.days)


def backoff(failures: int, jitter: float) -> timedelta:
    """How long to wait after so many failures: 2 s doubling to 200 s, give or take half of it."""
    return timedelta(seconds=min(2.0 ** min(failures, 8), 200.0) * (0.5 + jitter))
