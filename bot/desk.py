"""The desk: everything that can happen to a conversation, one transaction each."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from adapters import Adapter
from bot.domain.case import Case
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.delivery import Delivery
from bot.domain.mention import Kind, Mention
from bot.domain.problems import CannotReplyHere, NoDoubt, NothingWritten, TooLong
from bot.domain.reply import Ability, Reply, Sent
from bot.domain.team import Team, Teams
from bot.ledger import Ledger
from bot.slack.text import harmless
from storage import conversations, digests, mentions, outbox, replies
from storage.database import Database, Transaction, reading

log = structlog.get_logger()

A_MINUTE_OF_POSTS = 55  # new cards that a channel can be shown within a minute
A_MINUTE = timedelta(minutes=1)
GONE = "The customer deleted it."
DIGEST = 150  # conversations in one digest


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
            conversation = conversations.hold(db, conversation_id)
            self._save(db, conversation.claim(by))
        log.info("conversation.claimed", conversation=conversation_id, by=by)

    def take_over(self, conversation_id: int, by: str) -> None:
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            self._save(db, conversation.take_over(by))
        log.info("conversation.taken_over", conversation=conversation_id, by=by)

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
            conversation = conversations.hold(db, conversation_id)
            self._save(db, conversation.answered_there(self.now(), by))
        log.info("conversation.answered_there", conversation=conversation_id, by=by)

    def keep_draft(self, conversation_id: int, by: str, text: str) -> None:
        with self.database.begin() as db:
            replies.keep_draft(db, conversation_id, by, text, self.now())

    def begin_draft(self, conversation_id: int, by: str, text: str) -> None:
        """The beginning of an answer, if there is any."""
        if text:
            conversation = self.look(conversation_id).conversation
            self.keep_draft(conversation.id, by, text)

    def reply(self, conversation_id: int, by: str, text: str, *, mention: int, key: str) -> None:
        """Accept an answer to that mention for sending. The same key is the same answer."""
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            if replies.known(db, key):
                replies.drop_draft(db, conversation_id, by)
                return
            replying = conversation.reply(by)
            asked = mentions.get(db, mention)
            self._must_be_sendable(asked, text)
            replies.add(db, self._written(replying, asked, key, by, text))
            replies.drop_draft(db, conversation_id, by)
            self._save(db, replying)
            self.ledger.owe_reply(db, replying, key, "1", self.now())
        log.info("reply.written", conversation=conversation_id, by=by)

    def resolve_doubt(self, conversation_id: int, by: str, *, published: bool) -> None:
        """Someone has looked whether the answer is there: it is, or it shall go out once more."""
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            if not (key := conversation.unsure):
                raise NoDoubt
            if published:
                self._sent(db, replies.get(db, key), Sent(key=""))
            else:
                replying = self._save(db, conversation.refused().reply(str(conversation.owner)))
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
            conversation = conversations.hold(db, reply.conversation)
            replies.refused(db, key, why)
            if conversation.state is not State.REPLYING:
                return
            back = self._save(db, self._still_wanted(db, conversation.refused()))
            self.ledger.owe_note(db, back, "refused", f"{key}:{back.version}", self.now())
        log.warning("reply.refused", conversation=reply.conversation)

    def reply_in_doubt(self, key: str, why: str) -> None:
        """It may be out, and we can't look: a person must, before anything is repeated."""
        with self.database.begin() as db:
            reply = replies.get(db, key)
            conversation = conversations.hold(db, reply.conversation)
            if conversation.state is not State.REPLYING:
                return
            replies.refused(db, key, why)
            back = self._save(db, conversation.in_doubt(key))
            self.ledger.owe_note(db, back, "in_doubt", f"{key}:{back.version}", self.now())
        log.warning("reply.in_doubt", conversation=reply.conversation)

    # What comes by itself

    def nag_one(self) -> bool:
        """Nag about one conversation past its deadline; False when there is none."""
        now = self.now()
        with self.database.begin() as db:
            conversation = conversations.hold_next_overdue(db, now)
            if conversation is None:
                return False
            late = self._save(db, conversation.climb(self.team(conversation).ladder, now))
            self.ledger.owe_nag(db, late, now)
        log.info("deadline.passed", conversation=late.id, rung=late.rungs_climbed)
        return True

    def gather_one(self) -> bool:
        """Put what one channel can't be shown within a minute into a digest; False when all fits.

        Complaints come first among the cards that are posted. Every clock runs on, and a card is
        posted after all when somebody acts on its conversation or it is late.
        """
        with self.database.begin() as db:
            for channel in outbox.crowded(db, more_than=A_MINUTE_OF_POSTS):
                surplus = outbox.unshown(db, channel)[A_MINUTE_OF_POSTS:][:DIGEST]
                if surplus:
                    self._gather(db, channel, surplus)
                    return True
        return False

    def recount(self) -> int:
        """Count every open clock anew from its start: the promises may have changed."""
        with reading(self.database) as db:
            numbers = conversations.unsettled(db)
        return sum(self._recount_one(number) for number in numbers)

    def _recount_one(self, conversation_id: int) -> bool:
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            wound = conversation.wind(self.team(conversation))
            if conversation.state not in UNSETTLED or wound == conversation:
                return False
            self._save(db, wound)
        return True

    def rehang(self) -> None:
        """What nobody has seen yet goes to where its team is now."""
        with self.database.begin() as db:
            for team in self.teams:
                outbox.reroute(db, team.name, team.channel)

    def hung(self, conversation_id: int, *, channel: str, card: str) -> None:
        with self.database.begin() as db:
            conversations.hang(db, conversation_id, channel=channel, card=card)

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

    def _save(self, db: Transaction, conversation: Conversation) -> Conversation:
        return self.ledger.save(db, conversation, self.now())

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
            conversation = conversation.sent(now)
            newer = mentions.oldest_after(db, conversation.id, reply.mention)
            if newer:
                conversation = conversation.reopen(newer.posted_at, self.team(conversation))
        self._save(db, conversation)

    def _still_wanted(self, db: Transaction, conversation: Conversation) -> Conversation:
        """Close it if the customer took everything back while our answer was on its way."""
        if mentions.standing(db, conversation.id):
            return conversation
        return conversation.withdrawn(GONE, self.now())

    def _gather(self, db: Transaction, channel: str, ids: Sequence[int]) -> None:
        now = self.now()
        team = conversations.get(db, ids[0]).team
        fresh = digests.with_room(db, channel, since=now - A_MINUTE, room=DIGEST - len(ids))
        digest = fresh or digests.open_new(db, team=team, channel=channel, at=now)
        conversations.gather(db, ids, digest)
        outbox.spare(db, ids, now)
        self.ledger.owe_digest(db, digest, team, f"{ids[0]}:{now.timestamp()}", now)
        log.info("digest.gathered", digest=digest, conversations=len(ids))


def backoff(failures: int, jitter: float) -> timedelta:
    """How long to wait after so many failures: 2 s doubling to 5 min, give or take half."""
    return timedelta(seconds=min(2.0**failures, 300.0) * (0.5 + jitter))
