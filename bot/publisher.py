"""The publisher: the only code that makes an adapter say something to the world.

Nothing that colleagues say to each other comes here: what is published is a `Reply` that somebody
wrote in the reply form, and its author, its text and its place stand in the database before.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from adapters import Adapter, Corrects, Withdraws
from bot.amending import WITHDRAW, Amending
from bot.answering import Answering
from bot.domain.delivery import Delivery, LockedOut, Refused, Unsure
from bot.domain.mention import Mention
from bot.domain.reply import Amendment, Attachment, Part, Reply, Sent, follow
from bot.slack.written import ACCOUNT_GONE, NOT_CORRECTED, NOT_WITHDRAWN
from storage import mentions, replies
from storage.database import Database, reading

LastLook = Callable[[Delivery], None]  # raises when another attempt has begun
Fetch = Callable[[Mapping[str, Any]], Attachment]  # a file that a colleague put into the form


class Publisher:
    """One post for each delivery: an answer, one part of it, a correction, or a withdrawal."""

    def __init__(
        self,
        database: Database,
        answering: Answering,
        amending: Amending,
        adapters: Mapping[str, Adapter],
        fetch: Fetch,
    ) -> None:
        self.database, self.answering, self.adapters = database, answering, adapters
        self.fetch, self.amending = fetch, amending

    def reply(self, delivery: Delivery, last_look: LastLook) -> None:
        """Publish one answer, or the next part of it."""
        key, _, number = delivery.detail.partition(" ")
        part = int(number or 0)
        with reading(self.database) as db:
            reply = replies.get(db, key)
            asked = mentions.get(db, reply.mention)
        if len(reply.published) > part:
            return
        again = delivery.may_have_happened
        unable = self.answering.reply_in_doubt if again else self.answering.reply_refused
        if not (adapter := self.adapters.get(asked.account)):
            unable(key, ACCOUNT_GONE.format(account=asked.account))
            return
        try:
            files = self._files(reply, part)
            last_look(delivery)
            sent = self._publish(adapter, reply, part, asked, files, again=again)
        except Refused as problem:
            self.answering.reply_refused(key, str(problem))
        except LockedOut as problem:
            unable(key, str(problem))
        except Unsure as problem:
            self.answering.reply_in_doubt(key, str(problem))
        else:
            self.answering.reply_sent(key, sent, part)

    def amend(self, delivery: Delivery, last_look: LastLook) -> None:
        """Put right what is published already."""
        with reading(self.database) as db:
            amendment = replies.amendment(db, delivery.detail)
            reply = replies.get(db, amendment.reply)
            asked = mentions.get(db, reply.mention)
        if amendment.done_at:
            return
        last_look(delivery)
        try:
            self._amend(amendment, reply, asked, again=delivery.may_have_happened)
        except (Refused, LockedOut, Unsure) as problem:
            self.amending.amendment_refused(amendment.key, str(problem))
        else:
            self.amending.amended(amendment.key)

    def _publish(
        self,
        adapter: Adapter,
        reply: Reply,
        part: int,
        asked: Mention,
        files: Sequence[Attachment],
        *,
        again: bool,
    ) -> Sent:
        """Each part answers the one before it, and has a key of its own."""
        for before in reply.posts[:part]:
            if before.sent_key:  # of one that a person has found there, we know no address
                asked = follow(asked, Sent(key=before.sent_key, url=before.url))
        key = f"{reply.key}:{part + 1}" if part else reply.key
        return adapter.reply(asked, reply.posts[part].text, key=key, again=again, files=files)

    def _files(self, reply: Reply, part: int) -> Sequence[Attachment]:
        """They go with the first part."""
        return [self.fetch(file) for file in reply.files] if part == 0 else []

    def _amend(self, amendment: Amendment, reply: Reply, asked: Mention, *, again: bool) -> None:
        adapter = self.adapters.get(asked.account)
        if adapter is None:
            raise Refused(ACCOUNT_GONE.format(account=asked.account))
        if amendment.what == WITHDRAW:
            self._withdraw(adapter, reply, asked, again=again)
            return
        if not isinstance(adapter, Corrects):
            raise Refused(NOT_CORRECTED)
        adapter.correct(_as_sent(reply.posts[0]), asked, amendment.text, again=again)

    def _withdraw(self, adapter: Adapter, reply: Reply, asked: Mention, *, again: bool) -> None:
        """The last part first, so that no thread is left hanging in the air."""
        if not isinstance(adapter, Withdraws):
            raise Refused(NOT_WITHDRAWN)
        for part in reversed(reply.posts):
            adapter.withdraw(_as_sent(part), asked, again=again or len(reply.posts) > 1)


def _as_sent(part: Part) -> Sent:
    return Sent(key=str(part.sent_key), url=part.url)
