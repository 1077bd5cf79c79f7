"""Answering: from the first typed word to what the platform shows, one transaction each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from adapters import Finds
from bot import labelling
from bot.desk import GONE, Desk, must_be_soon
from bot.domain import approval
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.parts import split
from bot.domain.problems import (
    CannotPromise,
    CannotReplyHere,
    NoDoubt,
    NothingToApprove,
    NothingWritten,
    NotPossible,
    NotThatAnswer,
    NotYourOwn,
    Ours,
    Unfilled,
)
from bot.domain.reply import WRITING, Draft, Part, Reply, Sent
from bot.domain.saved import unfilled
from bot.domain.team import Team
from bot.slack.written import ACCOUNT_GONE
from storage import conversations, customers, mentions, replies
from storage.database import Transaction, reading

log = structlog.get_logger()

TOO_OLD = Ours("That post is older than what the customer waits for. Look for the newer one.")


class Answering:
    """Decides and writes down; what is published is owed, and only the publisher publishes it."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database = desk, desk.database
        self.ledger, self.now = desk.ledger, desk.now

    # Writing

    def draft(self, conversation_id: int, by: str) -> str:
        """What this person wrote and did not get out, or what the platform refused.

        Only what was written since the customer has been waiting: it is an answer to that.
        """
        with reading(self.database) as db:
            since = conversations.get(db, conversation_id).waiting_since
            typed_since = since - WRITING  # by so much a draft that rests is made older
            last = replies.last(db, conversation_id)
            unsent = last and last.refused and not last.sent_at and last.written_at >= since
            mine = replies.draft(db, conversation_id, by, typed_since)
            return mine or (last.unpublished if last and unsent else "")

    def kept(self, conversation_id: int, by: str) -> str:
        """What this person has typed last, whether or not it fits what the customer waits for."""
        with reading(self.database) as db:
            return replies.draft(db, conversation_id, by)

    def accepted(self, key: str) -> bool:
        """Whether this answer has been taken already: pressing twice is one answer."""
        with reading(self.database) as db:
            return replies.known(db, key)

    def writing(self, conversation_id: int, *, but: str = "") -> Sequence[Draft]:
        """Who has begun an answer and may be at it still, the latest first."""
        with reading(self.database) as db:
            since = self.now() - WRITING
            found = replies.drafts_since(db, conversation_id, since)
        return [draft for draft in found if draft.author != but]

    def keep_draft(self, conversation_id: int, by: str, text: str) -> None:
        """Every word that is typed; who writes shows on the card when they begin."""
        now = self.now()
        with self.database.begin() as db:
            if not replies.is_writing(db, conversation_id, by, now - WRITING):
                self._show_who_writes(db, conversation_id)  # the conversation first: see `reply`
            replies.keep_draft(db, conversation_id, by, text, now)

    def begin_draft(self, conversation_id: int, by: str, text: str) -> None:
        """The beginning of an answer; without one, what was written before stays."""
        self.desk.conversation(conversation_id)  # says so if there is none
        self.keep_draft(conversation_id, by, text or self.draft(conversation_id, by))

    def stop_writing(self, conversation_id: int, by: str) -> None:
        """They closed the form. What is written stays; an empty draft is none."""
        with self.database.begin() as db:
            self._show_who_writes(db, conversation_id)
            replies.rest_draft(db, conversation_id, by, self.now() - WRITING)

    def prepare(
        self, asked: Mention, text: str, *, sign: str = "", files: int = 0
    ) -> Sequence[str]:
        """The posts that would be published, exactly as they will be read.

        Raises what stands in the way: NothingWritten, Unfilled, CannotReplyHere, TooLong.
        """
        if why := asked.unanswerable(self.now()):
            raise CannotReplyHere(why)
        adapter = self.desk.adapters.get(asked.account)
        if adapter is None:
            raise CannotReplyHere(NotPossible(Ours(ACCOUNT_GONE), account=asked.account))
        if not text.strip():
            raise NothingWritten
        if names := unfilled(text):
            raise Unfilled(names)
        ability = adapter.ability
        if files and (ability.files is None or files > ability.files.count):
            most = ability.files.count if ability.files else 0
            told = Ours("an answer there carries at most {most} files.")
            raise CannotReplyHere(NotPossible(told, most=most))
        return split(
            text,
            limit=ability.limit,
            most=ability.parts,
            length=adapter.length,
            sign=sign,
            unit=ability.unit,
        )

    def why_approval(self, team: Team, conversation: Conversation, by: str) -> str:
        """Why a second person must look at what this person answers here; "": nobody must."""
        if team.approval is None and not team.rule(conversation).approval:
            return ""
        with reading(self.database) as db:
            before = replies.published_by(db, by)
        return approval.needed(
            team.approval, rule_asks=team.rule(conversation).approval, published_before=before
        )

    def reply(
        self,
        conversation_id: int,
        by: str,
        text: str,
        *,
        mention: int,
        key: str,
        promised_for: datetime | None = None,
        sign: str = "",
        files: Sequence[Mapping[str, Any]] = (),
    ) -> bool:
        """Accept an answer to that mention; the same key is the same answer.

        `promised_for` is when the answer says that the customer will hear more. False when it
        waits for a second person first.
        """
        with self.database.begin() as db:
            conversation, team = self.desk.hold(db, conversation_id)
            if replies.known(db, key):
                replies.drop_draft(db, conversation_id, by)
                return conversation.proposed != key
            asked = mentions.get(db, mention)
            parts = self.prepare(asked, text, sign=sign, files=len(files))
            if promised_for:
                must_be_soon(promised_for, self.now(), CannotPromise)
            why = self.why_approval(team, conversation, by)
            change = conversation.propose if why else conversation.reply
            told = {"key": key} if why else {}
            answering = change(by, at=self.now(), team=team, **told)
            reply = self._written(answering, mention, key, by, text, parts, promised_for, files)
            replies.add(db, reply)
            replies.drop_draft(db, conversation_id, by)
            saved = self.desk.save(db, answering)
            if why:
                self.ledger.owe_note(db, saved, "proposed", key, self.now())
            else:
                self.ledger.owe_reply(db, saved, key, "1", self.now())
        log.info("reply.written", conversation=conversation_id, by=by, approval=why or "no")
        return not why

    # A second person

    def proposed(self, conversation: Conversation) -> Reply:
        """What waits for a second person there; NothingToApprove."""
        if not conversation.proposed:
            raise NothingToApprove
        with reading(self.database) as db:
            return replies.get(db, conversation.proposed)

    def approve(self, conversation_id: int, by: str, key: str = "") -> None:
        """It goes out as it was written. `key` is of the one they have read, if that is known."""
        with self.database.begin() as db:
            conversation, team = self.desk.hold(db, conversation_id)
            reply = self._proposed(db, conversation, by)
            if key not in ("", reply.key):
                raise NothingToApprove
            approved = self.desk.save(db, conversation.approve(by, self.now(), team))
            replies.approved(db, reply.key, by, self.now())
            self.ledger.owe_reply(db, approved, reply.key, "1", self.now())
        log.info("reply.approved", conversation=conversation_id, by=by)

    def change(self, conversation_id: int, by: str, text: str, *, key: str, sign: str = "") -> None:
        """It goes out as the second person has changed it, its author's name on it."""
        with self.database.begin() as db:
            conversation, team = self.desk.hold(db, conversation_id)
            if replies.known(db, key):
                return
            was, now = self._proposed(db, conversation, by), self.now()
            parts = self.prepare(
                mentions.get(db, was.mention), text, sign=sign, files=len(was.files)
            )
            approved = self.desk.save(db, conversation.approve(by, now, team))
            replies.refused(db, was.key, f"<@{by}> changed it.")
            changed = replace(was, key=key, text=text, parts=_parts(parts), written_at=now)
            replies.add(db, changed)
            replies.approved(db, key, by, now)
            self.ledger.owe_reply(db, approved, key, "1", now)
        log.info("reply.changed", conversation=conversation_id, by=by)

    def send_back(self, conversation_id: int, by: str, because: str) -> None:
        """Its author may change it; they keep the words and hear why."""
        with self.database.begin() as db:
            conversation, team = self.desk.hold(db, conversation_id)
            reply, now = self._proposed(db, conversation, None), self.now()
            back = self.desk.save(db, conversation.send_back(by, now, team))
            replies.refused(db, reply.key, because)
            replies.keep_draft(db, conversation_id, reply.author, reply.text, now - WRITING)
            self.ledger.owe_note(db, back, "sent_back", f"{reply.key}:{by}", now)
        log.info("reply.sent_back", conversation=conversation_id, by=by)

    # What became of it

    def reply_sent(self, key: str, sent: Sent, part: int = 0) -> None:
        """The platform has it: the clock stops, unless the customer wrote again meanwhile.

        Of a long answer the next part sets out; the clock stops with the last.
        """
        with self.database.begin() as db:
            conversation = conversations.hold(db, replies.get(db, key).conversation)
            reply = replies.get(db, key)
            if reply.sent_at is None and len(reply.published) == part:
                self._sent(db, conversation, reply, sent)
        log.info("reply.sent", conversation=reply.conversation, by=reply.author, part=part)

    def reply_refused(self, key: str, why: str) -> None:
        """The conversation is its owner's again, with the text kept and the reason told."""
        self._back(key, why, "refused", lambda it, now, team: it.refused(now, team))
        log.warning("reply.refused", key=key)

    def reply_in_doubt(self, key: str, why: str) -> None:
        """It may be out, and we can't look: a person must, before anything is repeated."""
        self._back(key, why, "in_doubt", lambda it, now, team: it.in_doubt(key, now, team))
        log.warning("reply.in_doubt", key=key)

    def resolve_doubt(self, conversation_id: int, by: str, *, published: bool) -> None:
        """Someone has looked whether the answer is there: it is, or it shall go out once more."""
        with self.database.begin() as db:
            conversation, team = self.desk.hold(db, conversation_id)
            if not (key := conversation.unsure):
                raise NoDoubt
            now, reply = self.now(), replies.get(db, key)
            cleared = conversation.refused(now, team).take_over(reply.author, now, team)
            replying = cleared.reply(reply.author, now, team)
            if published and len(reply.published) + 1 >= len(reply.posts):
                self._sent(db, conversation, reply, Sent(key=""))
            else:
                saved = self.desk.save(db, replying)
                if published:
                    self._sent(db, saved, reply, Sent(key=""))
                else:
                    self._owe(db, saved, reply, str(saved.version))
            about = {"published": published, "key": key}
            self.ledger.audit(db, by, "resolve_doubt", now, conversation=conversation_id, **about)
        log.info("reply.looked_for", conversation=conversation_id, by=by, published=published)

    def answered_there(
        self,
        conversation_id: int,
        by: str,
        *,
        found: Mention | None = None,
        seen: bool = False,
    ) -> None:
        """A colleague used the platform's own app; `found` is the post that they name.

        If the platform let us see it, it counts from its own time, otherwise from now on.
        """
        with self.database.begin() as db:
            conversation, team = self.desk.hold(db, conversation_id)
            at = self.now()
            if found:
                self._keep_found(db, conversation, found)
            if found and seen:
                if found.posted_at < conversation.waiting_since:
                    raise NotThatAnswer(TOO_OLD)
                at = max(found.posted_at, conversation.told_until)
            labelling.answered(db, conversation, by, self.now())
            answered = conversation.answered_there(at, by, team)
            newer = mentions.oldest_posted_after(db, conversation.id, at)
            if newer:
                answered = answered.reopen(newer.posted_at, team, thanks=conversation.thanks)
            self.desk.save(db, answered)
        log.info("conversation.answered_there", conversation=conversation_id, by=by)

    def find(self, account: str, url: str) -> Mention | None:
        """Our own post at that address, as the platform shows it: asks outside."""
        adapter = self.desk.adapters.get(account)
        return adapter.find(url) if isinstance(adapter, Finds) else None

    def finds(self, account: str) -> bool:
        """Whether that platform shows us a post by its address."""
        return isinstance(self.desk.adapters.get(account), Finds)

    def linked(self, conversation: Conversation, url: str) -> Mention:
        """What a colleague says is our answer, where nobody but them can look."""
        ability = self.desk.ability(conversation.account)
        us = ability.speaks_as if ability else conversation.account
        platform = conversation.account.partition(":")[0]
        return Mention(
            account=conversation.account,
            key=f"link:{url}",
            thread=conversation.thread,
            customer=Customer(platform=platform, key=f"us:{us}", handle=us, name=us),
            text="",
            posted_at=self.now(),
            url=url,
            origin=Origin.OWN,
        )

    # How

    def _show_who_writes(self, db: Transaction, conversation_id: int) -> None:
        """On the card, and not for ever: it is drawn anew when they have long stopped."""
        now = self.now()
        conversation = conversations.hold(db, conversation_id)
        if conversation.open:
            conversations.redraw_by(db, conversation.id, now + WRITING)
            self.ledger.redraw(db, conversation, now)

    def _written(
        self,
        conversation: Conversation,
        mention: int,
        key: str,
        by: str,
        text: str,
        parts: Sequence[str],
        promised_for: datetime | None,
        files: Sequence[Mapping[str, Any]],
    ) -> Reply:
        return Reply(
            key=key,
            conversation=conversation.id,
            mention=mention,
            author=by,
            text=text,
            written_at=self.now(),
            promised_for=promised_for,
            parts=_parts(parts),
            files=tuple(files),
        )

    def _proposed(self, db: Transaction, conversation: Conversation, by: str | None) -> Reply:
        """The answer that waits for a second person, who is not its author."""
        if not conversation.proposed:
            raise NothingToApprove
        reply = replies.get(db, conversation.proposed)
        if reply.author == by:
            raise NotYourOwn
        return reply

    def _sent(self, db: Transaction, conversation: Conversation, reply: Reply, sent: Sent) -> None:
        """One part is out, or with the last of them all of it."""
        now = self.now()
        replies.part_sent(db, reply, sent, now)
        if len(reply.published) + 1 < len(reply.posts):
            further = replies.get(db, reply.key)
            self._owe(db, conversation, further, str(conversation.version))
            return
        first = reply.posts[0]
        whole = Sent(key=first.sent_key, url=first.url) if first.sent_key else sent
        replies.sent(db, reply.key, whole, now)
        self.desk.save(db, self._stopped(db, conversations.get(db, reply.conversation), reply, now))

    def _stopped(
        self, db: Transaction, conversation: Conversation, reply: Reply, now: datetime
    ) -> Conversation:
        """The clock stops at the very moment that is written down with the answer."""
        if conversation.state not in UNSETTLED:
            return conversation
        team, thanks = self.desk.team(conversation), conversation.thanks
        labelling.answered(db, conversation, reply.author, now)
        answered = conversation.sent(now, team, promised_for=reply.promised_for, by=reply.author)
        newer = mentions.oldest_after(db, conversation.id, reply.mention)
        return answered.reopen(newer.posted_at, team, thanks=thanks) if newer else answered

    def _owe(self, db: Transaction, conversation: Conversation, reply: Reply, attempt: str) -> None:
        """The next part that is not published yet."""
        number = len(reply.published)
        self.ledger.owe_reply(db, conversation, reply.key, attempt, self.now(), part=number)

    def _back(self, key: str, why: str, note: str, change: Any) -> None:
        with self.database.begin() as db:
            reply = replies.get(db, key)
            conversation, team = self.desk.hold(db, reply.conversation)
            if note == "refused" or conversation.state is State.REPLYING:
                replies.refused(db, key, why)
            if conversation.state is not State.REPLYING:
                return
            changed = change(conversation, self.now(), team)
            back = self.desk.save(db, self._still_wanted(db, changed, reply))
            self.ledger.owe_note(db, back, note, f"{key}:{back.version}", self.now())

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
                conversation = self.desk.answered_by(db, conversation, answer)
        return conversation

    def _keep_found(self, db: Transaction, conversation: Conversation, found: Mention) -> None:
        """Put what was found on the platform into the conversation, unless it is known already."""
        if known := mentions.find(db, found.account, found.key):
            mentions.attach(db, known[0].id or 0, conversation.id)
            return
        by = customers.meet(db, found.customer)
        mentions.add(db, found.storable(), customer=by, conversation=conversation.id, at=self.now())


def _parts(texts: Sequence[str]) -> tuple[Part, ...]:
    return tuple(Part(number=number, text=text) for number, text in enumerate(texts))
