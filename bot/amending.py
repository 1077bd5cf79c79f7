"""Amending: what is published can be corrected or withdrawn, where the platform allows it."""

import structlog

from adapters import Corrects, Withdraws
from bot.answering import Answering
from bot.desk import Desk
from bot.domain.problems import AlreadyWithdrawn, CannotAmend, Ours
from bot.domain.reply import Amendment, Reply
from storage import mentions, replies
from storage.database import Transaction, reading

log = structlog.get_logger()

CORRECT, WITHDRAW = "correct", "withdraw"
NOTHING_OURS = Ours("Nothing was published from here that could be changed.")
NOT_THERE = Ours("The platform does not let us do that. Look at the answer there.")
NO_ADDRESS = Ours("I don't know where this answer is, so change it on the platform itself.")
ON_ITS_WAY = Ours("<@{who}> is changing this answer right now. The card shows when it is done.")
SEVERAL_POSTS = Ours(
    "A long answer of several posts can't be corrected. Withdraw it and write it anew."
)
ONE_POST = Ours("The corrected answer must fit one post. Shorten it.")


class Amending:
    """Decides and writes down; the platform is told by the publisher, and both stay on record."""

    def __init__(self, desk: Desk, answering: Answering) -> None:
        self.desk, self.database, self.answering = desk, desk.database, answering
        self.ledger, self.now = desk.ledger, desk.now

    def amendable(self, conversation_id: int, what: str) -> Reply:
        """Our last answer there, if it can be corrected or withdrawn; CannotAmend says why not."""
        with reading(self.database) as db:
            reply = self._published(db, conversation_id)
            if what == CORRECT and len(reply.posts) > 1:
                raise CannotAmend(SEVERAL_POSTS)
            self._must_be_able(mentions.get(db, reply.mention).account, what)
        return reply

    def begun(self, reply: Reply, by: str) -> str:
        """The correction they typed and did not get out, of the answer as it stands now."""
        since = max(filter(None, (reply.sent_at, reply.corrected_at)))
        with reading(self.database) as db:
            return replies.draft(db, reply.conversation, replies.corrector(by), since)

    def keep(self, conversation_id: int, by: str, text: str) -> None:
        """Every word that is typed as a correction, like those of an answer."""
        with self.database.begin() as db:
            replies.keep_draft(db, conversation_id, replies.corrector(by), text, self.now())

    def amend(self, conversation_id: int, by: str, what: str, text: str = "", *, key: str) -> None:
        """Correct or withdraw our last answer there; the same key is the same wish."""
        with self.database.begin() as db:
            conversation, _ = self.desk.hold(db, conversation_id)
            if replies.amendment_known(db, key):
                return
            reply = self._published(db, conversation_id)
            if what == CORRECT:
                self._must_be_correctable(db, reply, text)
            amendment = Amendment(
                key=key, reply=reply.key, what=what, author=by, text=text, at=self.now()
            )
            replies.amend(db, amendment)
            self.ledger.owe_amendment(db, conversation, key, self.now())
            self.ledger.audit(db, by, what, self.now(), conversation=conversation_id, key=key)
            self.ledger.redraw(db, conversation, self.now())
        log.info("reply.amending", conversation=conversation_id, by=by, what=what)

    def amended(self, key: str) -> None:
        """The platform shows it so; what was withdrawn leaves a customer who waits again."""
        with self.database.begin() as db:
            amendment = replies.amendment(db, key)
            conversation, team = self.desk.hold(db, replies.get(db, amendment.reply).conversation)
            if replies.amendment(db, key).done_at:
                return
            now = self.now()
            replies.amended(db, amendment, now)
            replies.drop_draft(db, conversation.id, replies.corrector(amendment.author))
            if amendment.what == WITHDRAW:
                waiting = self.desk.tagged(db, conversation).withdrew(now, team)
                conversation = self.desk.without_deleted(db, waiting)
            self.desk.save(db, conversation)
        log.info("reply.amended", key=key, what=amendment.what)

    def amendment_refused(self, key: str, why: str) -> None:
        with self.database.begin() as db:
            amendment = replies.amendment(db, key)
            conversation, _ = self.desk.hold(db, replies.get(db, amendment.reply).conversation)
            replies.amendment_refused(db, key, why)
            self.ledger.redraw(db, conversation, self.now())
            self.ledger.owe_note(db, conversation, "not_amended", key, self.now())
        log.warning("reply.not_amended", key=key)

    def _published(self, db: Transaction, conversation_id: int) -> Reply:
        reply = replies.last(db, conversation_id)
        if reply is None or not reply.sent_at:
            raise CannotAmend(NOTHING_OURS)
        if reply.withdrawn_at:
            raise AlreadyWithdrawn(reply.withdrawn_by)
        if not all(part.sent_key for part in reply.posts):
            raise CannotAmend(NO_ADDRESS)
        last = replies.last_amendment(db, reply.key)
        if last and last.on_its_way:
            raise CannotAmend(ON_ITS_WAY, who=last.author)
        return reply

    def _must_be_able(self, account: str, what: str) -> None:
        able = Corrects if what == CORRECT else Withdraws
        if not isinstance(self.desk.adapters.get(account), able):
            raise CannotAmend(NOT_THERE)

    def _must_be_correctable(self, db: Transaction, reply: Reply, text: str) -> None:
        if len(reply.posts) > 1:
            raise CannotAmend(SEVERAL_POSTS)
        if len(self.answering.prepare(mentions.get(db, reply.mention), text)) > 1:
            raise CannotAmend(ONE_POST)
