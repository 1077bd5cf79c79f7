"""What is said in a card's thread: what somebody must know, as it is when it is said."""

from collections.abc import Mapping
from typing import Any

from bot.desk import Desk
from bot.domain.case import Case
from bot.domain.clock import CHANNEL, NOTHING
from bot.domain.conversation import State
from bot.slack import notes
from bot.slack.blocks import Message
from bot.slack.members import Members
from bot.slack.tongue import _
from storage import follow_ups, mentions, replies
from storage.database import reading

WAITING = (State.WAITING, State.CLAIMED)
About = Mapping[str, Any]


class Noting:
    """Draws a note by its name; None where there is nothing left to be said."""

    def __init__(self, desk: Desk, members: Members) -> None:
        self.desk, self.members = desk, members
        self.ways = {
            "wrote_again": self._heard,
            "automatic": self._heard,
            "let_go": self._let_go,
            "deleted": lambda case, *_told: notes.deleted(case),
            "proposed": self._proposed,
            "sent_back": self._sent_back,
            "not_amended": self._not_amended,
            "escalated": self._escalated,
            "follow_up": self._follow_up,
            "closing": self._closing,
            "refused": self._failed,
            "in_doubt": self._failed,
        }

    def drawn(self, case: Case, about: About) -> Message | None:
        """`about` says `what` it is, and the id `of` what it speaks about."""
        if case.conversation.forgotten:
            return None
        return self.ways[about["what"]](case, about["what"], str(about["of"]), about)

    def reachable(self, whom: str) -> str:
        """Whom to call when the one who should be is not with us any more: the channel."""
        return CHANNEL if whom[0] in "UW" and self.members.is_away(whom) else whom

    def _heard(self, _case: Case, what: str, of: str, _about: About) -> Message | None:
        """What the customer took back is not quoted any more."""
        with reading(self.desk.database) as db:
            mention = mentions.get(db, int(of))
        draw = notes.wrote_again if what == "wrote_again" else notes.automatic
        return None if mention.deleted else draw(mention)

    def _let_go(self, case: Case, _what: str, of: str, _about: About) -> Message:
        held = self.desk.team(case.conversation).claim_lease or NOTHING
        return notes.let_go(case, of.partition(":")[0], held)

    def _sent_back(self, _case: Case, _what: str, of: str, _about: About) -> Message:
        key, _, by = of.rpartition(":")
        with reading(self.desk.database) as db:
            back = replies.get(db, key)
        return notes.sent_back(back.author, by, back.refused or "")

    def _not_amended(self, case: Case, _what: str, of: str, _about: About) -> Message:
        with reading(self.desk.database) as db:
            return notes.not_amended(case, replies.amendment(db, of))

    def _escalated(self, _case: Case, _what: str, _of: str, about: About) -> Message:
        return notes.escalated(self.reachable(about["to"]), about["by"], about["because"])

    def _follow_up(self, _case: Case, _what: str, of: str, _about: About) -> Message | None:
        """A reminder; of what was forgotten meanwhile, nothing."""
        with reading(self.desk.database) as db:
            wanted = follow_ups.get(db, int(of))
        return notes.follow_up(self.reachable(wanted.by), wanted.text) if wanted else None

    def _closing(self, case: Case, _what: str, of: str, _about: About) -> Message | None:
        """That it can't be answered much longer, unless it was answered meanwhile."""
        with reading(self.desk.database) as db:
            mention = mentions.get(db, int(of))
        if case.conversation.state not in WAITING or not mention.reply_by:
            return None
        whom = self.reachable(case.conversation.owner or CHANNEL)
        return notes.closing(whom, mention.account, mention.reply_by, self.desk.now())

    def _failed(self, case: Case, what: str, _of: str, _about: About) -> Message:
        draw = notes.refused if what == "refused" else notes.in_doubt
        why = case.reply.refused if case.reply else None
        return draw(case, why or _("it gave no reason."))

    def _proposed(self, case: Case, _what: str, of: str, _about: About) -> Message | None:
        """Call for a second person, unless somebody was faster."""
        conversation = case.conversation
        if conversation.proposed != of:
            return None
        whom = self.desk.team(conversation).approver(conversation.owner)
        return notes.proposed(case, self.reachable(whom))
