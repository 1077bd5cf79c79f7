"""Where decisions are written down: a conversation and what is owed for it, in one transaction."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from bot.domain.case import Case, Nagged
from bot.domain.conversation import Conversation, Ended, State
from bot.domain.deeds import Deed
from bot.domain.delivery import Errand, Urgency
from bot.domain.mention import Kind
from bot.domain.team import Team, Teams
from bot.domain.verdict import verdict
from storage import conversations, customers, journal, mentions, outbox, replies, verdicts
from storage.database import Transaction

NOTES = 5  # that may wait for one thread, unless they are about our own answer
CHATTER = ("wrote_again", "automatic")


class Ledger:
    """Knows which channel a conversation belongs to, and so where its deliveries go."""

    def __init__(self, teams: Teams) -> None:
        self.teams = teams

    def save(self, db: Transaction, conversation: Conversation, at: datetime) -> Conversation:
        """Write it down with all that happened to it, and owe Slack a card that shows it."""
        saved = self.keep(db, conversation, at)
        self.owe_card(db, saved, at)
        if saved.digest:
            self.owe_digest(db, saved.digest, saved.team, f"{saved.id}:{saved.version}", at)
        return saved

    def keep(self, db: Transaction, conversation: Conversation, at: datetime) -> Conversation:
        """Write it down where no card changes."""
        redraw_at = conversation.changes_at(at)
        saved = conversations.save(db, replace(conversation, redraw_at=redraw_at))
        journal.write(db, saved.id, at, conversation.deeds)
        for ended in conversation.ended:
            self._judge(db, ended, at)
        return saved

    def nagged(
        self,
        db: Transaction,
        conversation: Conversation,
        call: str,
        whom: str,
        due: datetime,
        at: datetime,
    ) -> None:
        """Put a nag that was decided into the journal: when it was due, and when we saw that."""
        rung = conversation.rungs_climbed - 1
        journal.nagged(db, conversation.id, Nagged(at=at, rung=rung, call=call, whom=whom), due)

    def let_go(
        self, db: Transaction, conversation: Conversation, owner: str, due: datetime, at: datetime
    ) -> None:
        journal.let_go(db, conversation.id, owner, due, at)
        self.owe_note(db, conversation, "let_go", f"{owner}:{conversation.version}", at)

    def case(self, db: Transaction, conversation: Conversation) -> Case:
        return Case(
            conversation=conversation,
            customer=customers.get(db, conversation.customer),
            mentions=mentions.of_conversation(db, conversation.id),
            reply=replies.last(db, conversation.id),
            past=customers.past(db, conversation.customer, but=conversation.id),
        )

    def owe_card(self, db: Transaction, conversation: Conversation, at: datetime) -> None:
        if conversation.quiet and not conversation.card:
            outbox.spare(db, [conversation.id], at)
            return
        lane, urgency = _lane(conversation), _urgency(conversation, at)
        if not outbox.redraw(db, Errand.CARD, lane, urgency=urgency):
            key = f"card:{conversation.id}:{conversation.version}"
            self._owe(db, Errand.CARD, conversation, key, urgency, at)

    def owe_nag(self, db: Transaction, conversation: Conversation, at: datetime) -> None:
        """One that nobody has tried to say yet serves for all rungs climbed meanwhile."""
        lane = _lane(conversation)
        if not outbox.redraw(db, Errand.NAG, lane, urgency=Urgency.LATE, untried=True):
            key = f"nag:{conversation.id}:{conversation.version}"
            self._owe(db, Errand.NAG, conversation, key, Urgency.LATE, at)

    def owe_note(
        self, db: Transaction, conversation: Conversation, what: str, of: object, at: datetime
    ) -> None:
        """`what` is one of the notes in `slack.notes`, `of` the id of what it speaks about.

        Who writes three hundred times does not fill the thread: the card tells of the rest.
        """
        many = outbox.waiting(db, _lane(conversation), Errand.NOTE) >= NOTES
        if many and what in CHATTER:
            return
        key = f"note:{conversation.id}:{what}:{of}"
        detail = {"what": what, "of": of}
        self._owe(db, Errand.NOTE, conversation, key, Urgency.NEW, at, detail)

    def owe_reply(
        self, db: Transaction, conversation: Conversation, reply: str, attempt: str, at: datetime
    ) -> None:
        outbox.put(
            db,
            Errand.REPLY,
            key=f"reply:{reply}:{attempt}",
            lane=f"reply:{conversation.id}",
            destination=conversation.account,
            urgency=Urgency.REPLY,
            at=at,
            conversation=conversation.id,
            detail=reply,
        )

    def owe_digest(self, db: Transaction, digest: int, team: str, since: str, at: datetime) -> None:
        """`since` tells what made it stale; no two are the same."""
        lane = f"digest:{digest}"
        if not outbox.redraw(db, Errand.DIGEST, lane, urgency=Urgency.COSMETIC):
            key, channel = f"{lane}:{since}", self.teams[team].channel
            outbox.put(
                db,
                Errand.DIGEST,
                key=key,
                lane=lane,
                destination=channel,
                urgency=Urgency.NEW,
                at=at,
                detail=str(digest),
            )

    def owe_list(
        self, db: Transaction, team: Team, what: str, at: datetime, nagged: Sequence[int] = ()
    ) -> None:
        """`what` is one of the lists in `slack.lists`, `nagged` whose nags it says."""
        outbox.put(
            db,
            Errand.LIST,
            key=f"list:{team.name}:{what}:{at.timestamp()}:{next(iter(nagged), 0)}",
            lane=f"list:{team.name}",
            destination=team.channel,
            urgency=Urgency.LATE,
            at=at,
            detail=json.dumps({"team": team.name, "what": what, "nagged": list(nagged)}),
        )

    def owe_alert(
        self,
        db: Transaction,
        team: Team,
        road: str,
        of: str,
        at: datetime,
        conversation: int | None = None,
    ) -> None:
        """Call by another road than Slack; the same `of` is the same alert."""
        number = team.roads.index(road)
        detail = {"team": team.name, "road": number, "silent": conversation is None}
        outbox.put(
            db,
            Errand.ALERT,
            key=f"alert:{team.name}:{number}:{of}",
            lane=f"alert:{team.name}:{number}",
            destination=f"road:{team.name}:{number}",
            urgency=Urgency.LATE,
            at=at,
            conversation=conversation,
            detail=json.dumps(detail),
        )

    def owe_notice(self, db: Transaction, to: str, text: str, *, key: str, at: datetime) -> None:
        """Say something about the bot itself, in a channel or to a person."""
        outbox.put(
            db,
            Errand.NOTICE,
            key=f"notice:{to}:{key}:{at.timestamp()}",
            lane=f"notice:{to}",
            destination=to,
            urgency=Urgency.LATE,
            at=at,
            detail=text,
        )

    def _judge(self, db: Transaction, ended: Ended, at: datetime) -> None:
        """Keep how a clock ended, with the policy of today; and that the next begins."""
        nags, team = journal.nags(db, ended.clock.id), self.teams[ended.clock.team]
        verdicts.add(db, verdict(ended, team, nags))
        journal.write(db, ended.clock.id, at, [Deed(journal.ENDED, {})])

    def _owe(
        self,
        db: Transaction,
        errand: Errand,
        conversation: Conversation,
        key: str,
        urgency: int,
        at: datetime,
        detail: dict[str, Any] | None = None,
    ) -> None:
        outbox.put(
            db,
            errand,
            key=key,
            lane=_lane(conversation),
            destination=conversation.channel or self.teams[conversation.team].channel,
            urgency=urgency,
            at=at,
            conversation=conversation.id,
            detail=json.dumps(detail) if detail else "",
        )


def _lane(conversation: Conversation) -> str:
    return f"slack:{conversation.id}"


def _urgency(conversation: Conversation, at: datetime) -> int:
    if conversation.late(at):
        return Urgency.LATE
    if conversation.card or conversation.state is State.DISMISSED:
        return Urgency.COSMETIC
    return Urgency.COMPLAINT if conversation.kind is Kind.COMPLAINT else Urgency.NEW
