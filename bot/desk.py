"""The desk: everything that can happen to a conversation, one transaction each."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from adapters import Adapter
from bot.domain.case import Case, Nagged
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.delivery import Delivery
from bot.domain.mention import Kind, Mention
from bot.domain.problems import (
    CannotPromise,
    CannotReplyHere,
    CannotSnooze,
    NoDoubt,
    NothingWritten,
    NotPossible,
    TooLong,
)
from bot.domain.reply import Ability, Reply, Sent
from bot.domain.team import Team, Teams
from bot.ledger import Ledger
from bot.slack.text import harmless
from storage import conversations, customers, journal, mentions, outbox, replies
from storage.database import Database, Transaction, reading

log = structlog.get_logger()

GONE = "The customer deleted it."
NO_REASON = "no reason given"
FARTHEST = timedelta(days=60)  # that anybody may snooze or promise
ALL = 1000  # conversations of one customer


class Desk:
    """Decides and writes down; every effect outside is owed, never done."""

    def __init__(
        self,
        database: Database,
        teams: Teams,
        adapters: Mapping[str, Adapter],
        now: Callable[[], datetime],
    ) -> None:
        self.database, self.teams, self.adapters, self.now = database, teams, adapters, now
        self.ledger = Ledger(teams)

    # What people ask

    def look(self, conversation_id: int) -> Case:
        with reading(self.database) as db:
            return self.ledger.case(db, conversations.get(db, conversation_id))

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

    def draft(self, conversation_id: int, by: str) -> str:
        """What this person wrote and did not get out, or what the platform refused.

        Only what was written since the customer has been waiting: it is an answer to that.
        """
        with reading(self.database) as db:
            since = conversations.get(db, conversation_id).waiting_since
            last = replies.last(db, conversation_id)
            unsent = last and last.refused and not last.sent_at and last.written_at >= since
            mine = replies.draft(db, conversation_id, by, since)
            return mine or (last.text if last and unsent else "")

    # What people decide

    def claim(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            self._save(db, conversation.claim(by, self.now(), team))
        log.info("conversation.claimed", conversation=conversation_id, by=by)

    def take_over(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            self._save(db, conversation.take_over(by, self.now(), team))
        log.info("conversation.taken_over", conversation=conversation_id, by=by)

    def renew(self, conversation_id: int, by: str) -> None:
        """Its holder is at work on it: the claim lasts."""
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            renewed = conversation.renew(by, self.now(), team)
            if renewed != conversation:
                self._save(db, renewed)

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
            conversation, team = self._hold(db, conversation_id)
            now = self.now()
            _must_be_soon(until, now, CannotSnooze)
            snooze = conversation.snooze
            if until_they_write:
                snooze = conversation.snooze_until_they_write
            self._save(db, snooze(until, by, because.strip() or NO_REASON, now, team))
        log.info("conversation.snoozed", conversation=conversation_id, by=by, until=str(until))

    def wake(self, conversation_id: int, by: str) -> None:
        """End a snooze early."""
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            self._save(db, conversation.wake(by, self.now(), team))
        log.info("conversation.woken", conversation=conversation_id, by=by)

    def settle(self, conversation_id: int, by: str) -> None:
        """Nothing more is owed to a customer who has our answer."""
        with self.database.begin() as db:
            conversation, _ = self._hold(db, conversation_id)
            self._save(db, conversation.settle(by, self.now()))
        log.info("conversation.settled", conversation=conversation_id, by=by)

    def no_answer_needed(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            self._save(db, conversation.no_answer_needed(by, self.now(), team))
        log.info("conversation.dismissed", conversation=conversation_id, by=by)

    def tag(self, conversation_id: int, by: str, word: str) -> None:
        """Put a word on the customer; all that they wait for is counted by it."""
        self._tag(conversation_id, by, lambda tags: [*_without(tags, word), word.strip()])

    def untag(self, conversation_id: int, by: str, word: str) -> None:
        self._tag(conversation_id, by, lambda tags: _without(tags, word))

    def dismiss(self, conversation_id: int, by: str, because: str) -> None:
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            self._save(db, conversation.dismiss(by, because, self.now()))
        log.info("conversation.dismissed", conversation=conversation_id, by=by)

    def judge(self, conversation_id: int, by: str, kind: Kind) -> None:
        """Someone corrects the first guess; the deadline follows."""
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            self._save(db, conversation.judge(kind, by, self.team(conversation)))
        log.info("conversation.judged", conversation=conversation_id, by=by, kind=kind)

    def answered_there(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            self._save(db, conversation.answered_there(self.now(), by, team))
        log.info("conversation.answered_there", conversation=conversation_id, by=by)

    def keep_draft(self, conversation_id: int, by: str, text: str) -> None:
        with self.database.begin() as db:
            replies.keep_draft(db, conversation_id, by, text, self.now())

    def begin_draft(self, conversation_id: int, by: str, text: str) -> None:
        """The beginning of an answer, if there is any."""
        if text:
            conversation = self.look(conversation_id).conversation
            self.keep_draft(conversation.id, by, text)

    def reply(
        self,
        conversation_id: int,
        by: str,
        text: str,
        *,
        mention: int,
        key: str,
        promised_for: datetime | None = None,
    ) -> None:
        """Accept an answer to that mention for sending. The same key is the same answer.

        `promised_for` is when the answer says that the customer will hear more.
        """
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            if replies.known(db, key):
                replies.drop_draft(db, conversation_id, by)
                return
            replying = conversation.reply(by, self.now(), team)
            asked = mentions.get(db, mention)
            self._must_be_sendable(asked, text)
            if promised_for:
                _must_be_soon(promised_for, self.now(), CannotPromise)
            written = self._written(replying, asked, key, by, text)
            replies.add(db, replace(written, promised_for=promised_for))
            replies.drop_draft(db, conversation_id, by)
            self._save(db, replying)
            self.ledger.owe_reply(db, replying, key, "1", self.now())
        log.info("reply.written", conversation=conversation_id, by=by)

    def resolve_doubt(self, conversation_id: int, by: str, *, published: bool) -> None:
        """Someone has looked whether the answer is there: it is, or it shall go out once more."""
        with self.database.begin() as db:
            conversation, team = self._hold(db, conversation_id)
            if not (key := conversation.unsure):
                raise NoDoubt
            now, reply = self.now(), replies.get(db, key)
            if published:
                self._sent(db, reply, Sent(key=""))
            else:
                cleared = conversation.refused(now, team).take_over(reply.author, now, team)
                replying = self._save(db, cleared.reply(reply.author, now, team))
                self.ledger.owe_reply(db, replying, key, str(replying.version), self.now())
        log.info("reply.looked_for", conversation=conversation_id, by=by, published=published)

    # What became of an answer

    def reply_sent(self, key: str, sent: Sent) -> None:
        """The platform has it: the clock stops, unless the customer wrote again meanwhile."""
        with self.database.begin() as db:
            reply = replies.get(db, key)
            conversations.hold(db, reply.conversation)
            if replies.get(db, key).sent_at is None:
                self._sent(db, reply, sent)
        log.info("reply.sent", conversation=reply.conversation, by=reply.author)

    def reply_refused(self, key: str, why: str) -> None:
        """The conversation is its owner's again, with the text kept and the reason told."""
        with self.database.begin() as db:
            reply = replies.get(db, key)
            conversation, team = self._hold(db, reply.conversation)
            replies.refused(db, key, why)
            if conversation.state is not State.REPLYING:
                return
            refused = conversation.refused(self.now(), team)
            back = self._save(db, self._still_wanted(db, refused, reply))
            self.ledger.owe_note(db, back, "refused", f"{key}:{back.version}", self.now())
        log.warning("reply.refused", conversation=reply.conversation)

    def reply_in_doubt(self, key: str, why: str) -> None:
        """It may be out, and we can't look: a person must, before anything is repeated."""
        with self.database.begin() as db:
            reply = replies.get(db, key)
            conversation, team = self._hold(db, reply.conversation)
            if conversation.state is not State.REPLYING:
                return
            replies.refused(db, key, why)
            doubted = conversation.in_doubt(key, self.now(), team)
            back = self._save(db, self._still_wanted(db, doubted, reply))
            self.ledger.owe_note(db, back, "in_doubt", f"{key}:{back.version}", self.now())
        log.warning("reply.in_doubt", conversation=reply.conversation)

    # What is told

    def rehang(self) -> None:
        """What nobody has seen yet goes to where its team is now."""
        with self.database.begin() as db:
            for team in self.teams:
                outbox.reroute(db, team.name, team.channel)

    def hung(self, conversation_id: int, *, channel: str, card: str) -> None:
        with self.database.begin() as db:
            conversations.hang(db, conversation_id, channel=channel, card=card)

    def nagged(self, conversation: Conversation, *, nag: str, says: str) -> None:
        """Remember which message said it last."""
        with self.database.begin() as db:
            conversations.nagged(db, conversation, nag=nag, says=says)

    def unsaid(self, conversation_id: int, until: datetime) -> None:
        """A nag came too late to be said today: it waits for the next opening."""
        with self.database.begin() as db:
            conversations.unsaid(db, conversation_id, until)

    def tell(self, to: str, text: str, *, key: str) -> None:
        """Owe a word about the bot itself, to a channel or a person."""
        with self.database.begin() as db:
            self.ledger.owe_notice(db, to, text, key=key, at=self.now())

    def gave_up(self, delivery: Delivery, why: str) -> None:
        """A delivery became a dead letter: the team must see it, in its channel."""
        text = (
            f":warning: I could not deliver `{delivery.key}` after {delivery.attempt} tries:"
            f" {harmless(why, 300)}. It is kept; `python -m bot outbox` lists it and can try again."
        )
        for to in filter(None, {self._channel_of(delivery), self.teams.tell}):
            self.tell(to, text, key=delivery.key)
        log.error("delivery.given_up", key=delivery.key, why=why)

    def _channel_of(self, delivery: Delivery) -> str:
        """Where people see what concerns a delivery; an answer's destination is no channel."""
        if delivery.conversation is None:
            return delivery.destination
        with reading(self.database) as db:
            return self.team(conversations.get(db, delivery.conversation)).channel

    def _hold(self, db: Transaction, conversation_id: int) -> tuple[Conversation, Team]:
        conversation = conversations.hold(db, conversation_id)
        return conversation, self.team(conversation)

    def _save(self, db: Transaction, conversation: Conversation) -> Conversation:
        return self.ledger.save(db, conversation, self.now())

    def _tag(
        self, conversation_id: int, by: str, change: Callable[[Sequence[str]], Sequence[str]]
    ) -> None:
        with self.database.begin() as db:
            customer = conversations.get(db, conversation_id).customer
            open_ones = conversations.hold_unsettled(db, after=0, most=ALL, customer=customer)
            tags = sorted(change(customers.tags(db, customer)))
            customers.tag(db, customer, tags)
            for each in open_ones:
                self._save(db, each.tagged(tags, self.team(each)))
        log.info("customer.tagged", conversation=conversation_id, by=by, tags=tags)

    def _written(
        self, conversation: Conversation, asked: Mention, key: str, by: str, text: str
    ) -> Reply:
        return Reply(
            key=key,
            conversation=conversation.id,
            mention=asked.id or 0,
            author=by,
            text=text,
            written_at=self.now(),
        )

    def _must_be_sendable(self, asked: Mention, text: str) -> None:
        adapter = self.adapters.get(asked.account)
        if adapter is None:
            raise CannotReplyHere(f"{asked.account} is not among ADAPTERS any more.")
        if asked.no_reply:
            raise CannotReplyHere(asked.no_reply)
        if not text.strip():
            raise NothingWritten
        length, limit = adapter.length(text), adapter.ability.limit
        if length > limit:
            raise TooLong(length, limit, adapter.ability.unit)

    def _sent(self, db: Transaction, reply: Reply, sent: Sent) -> None:
        now = self.now()
        replies.sent(db, reply.key, sent, now)
        conversation = conversations.get(db, reply.conversation)
        if conversation.state in UNSETTLED:
            team, thanks = self.team(conversation), conversation.thanks
            promised = {"promised_for": reply.promised_for, "by": reply.author}
            conversation = conversation.sent(now, team, **promised)
            newer = mentions.oldest_after(db, conversation.id, reply.mention)
            if newer:
                conversation = conversation.reopen(newer.posted_at, team, thanks=thanks)
        self._save(db, conversation)

    def answered_by(
        self, db: Transaction, conversation: Conversation, answer: Mention
    ) -> Conversation:
        """A colleague answered in the platform's own app; what was posted later still waits."""
        team, thanks = self.team(conversation), conversation.thanks
        answered = conversation.answered_there(answer.posted_at, None, team)
        newer = mentions.oldest_posted_after(db, conversation.id, answer.posted_at)
        return answered.reopen(newer.posted_at, team, thanks=thanks) if newer else answered

    def _still_wanted(
        self, db: Transaction, conversation: Conversation, reply: Reply
    ) -> Conversation:
        """What happened while our answer was on its way: all taken back, or answered elsewhere."""
        if not mentions.standing(db, conversation.id):
            return conversation.withdrawn(GONE, self.now())
        for answer in mentions.own_since(db, conversation.id, reply.written_at):
            at, ours = answer.posted_at, replies.sent_as(db, conversation.id, answer.key)
            news = at >= conversation.told_until and at != conversation.answered_at
            if conversation.open and news and not ours:
                conversation = self.answered_by(db, conversation, answer)
        return conversation


def _without(tags: Sequence[str], word: str) -> Sequence[str]:
    """Without that word, however it is written."""
    return [tag for tag in tags if tag.casefold() != word.strip().casefold()]


def _must_be_soon(moment: datetime, now: datetime, problem: type[NotPossible]) -> None:
    if moment <= now:
        raise problem("That time is over. Choose one that is to come.")
    if moment > now + FARTHEST:
        raise problem(f"That is more than {FARTHEST.days} days ahead. Choose a time before that.")


def backoff(failures: int, jitter: float) -> timedelta:
    """How long to wait after so many failures: 2 s doubling to 5 min, give or take half."""
    return timedelta(seconds=min(2.0**failures, 300.0) * (0.5 + jitter))
