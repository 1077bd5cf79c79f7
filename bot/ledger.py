"""Where decisions are written down: a conversation and what is owed for it, in one transaction."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from bot.domain.case import Case
from bot.domain.conversation import Conversation, Ended, State
from bot.domain.deeds import Deed
from bot.domain.delivery import Errand, Urgency
from bot.domain.frozen import replace
from bot.domain.mention import Kind, Mention
from bot.domain.reply import WRITING
from bot.domain.team import Team, Teams
from bot.domain.verdict import verdict
from storage import (
    audit,
    conversations,
    customers,
    digests,
    guesses,
    journal,
    mentions,
    notes,
    outbox,
    pictures,
    replies,
    surges,
    verdicts,
)
from storage.database import Transaction

NOTES = 5  # that may wait for one thread, unless they are about our own answer
CHATTER = ("wrote_again", "automatic")
KNOWN_BY = 3  # colleagues that a card names
TOLD = ("kind", "to", "into", "until", "urgent", "promised_for", "key")  # of a deed: no free words
_VIA: ContextVar[str] = ContextVar("via", default="")


@contextmanager
def via(way: str) -> Iterator[None]:
    """Whatever is decided now was asked for this way: "button claim", "command", "form reply"."""
    token = _VIA.set(way)
    try:
        yield
    finally:
        _VIA.reset(token)


class Ledger:
    """Knows which channel a conversation belongs to, and so where its deliveries go."""

    def __init__(self, teams: Teams) -> None:
        self.teams = teams

    def save(self, db: Transaction, conversation: Conversation, at: datetime) -> Conversation:
        """Write it down with all that happened to it, and owe Slack a card that shows it."""
        saved = self.keep(db, conversation, at)
        self.show(db, [saved], at)
        return saved

    def open_all(
        self, db: Transaction, begun: Sequence[Conversation], at: datetime
    ) -> Sequence[Conversation]:
        """The same with many that are new and have not ended: a few statements for all of them."""
        timed = [replace(each, redraw_at=each.changes_at(at)) for each in begun]
        opened = conversations.open_all(db, timed)
        numbered = [replace(each, id=new.id) for each, new in zip(begun, opened, strict=True)]
        self._tell(db, numbered, at)
        cards = [self._card(each, _urgency(each, at)) for each in opened]
        outbox.put_all(db, cards, at)
        return opened

    def show(
        self, db: Transaction, shown: Sequence[Conversation], at: datetime, mark: str = ""
    ) -> None:
        """Owe Slack what shows them; with a `mark` where the same version may come twice."""
        self.owe_cards(db, shown, at, mark)
        for each in shown:
            if each.digest:
                since = f"{each.id}:{each.version}{mark}"
                self.owe_digest(db, each.digest, each.team, since, at)

    def show_again(self, db: Transaction, *shown: Conversation, at: datetime) -> None:
        """Owe what shows them though their versions stay, or come twice."""
        self.show(db, shown, at, _mark())

    def keep(self, db: Transaction, conversation: Conversation, at: datetime) -> Conversation:
        """Write it down where no card changes."""
        return self.keep_all(db, [conversation], at)[0]

    def keep_all(
        self,
        db: Transaction,
        changed: Sequence[Conversation],
        at: datetime,
        before: Sequence[Conversation] = (),
    ) -> Sequence[Conversation]:
        """The same with many, as they were `before` if that is known."""
        timed = [replace(each, redraw_at=each.changes_at(at)) for each in changed]
        saved = conversations.save_all(db, timed, before)
        self._tell(db, changed, at)
        return saved

    def _tell(self, db: Transaction, changed: Sequence[Conversation], at: datetime) -> None:
        """All that happened to them goes into the journal and the audit, and is judged."""
        journal.write_all(db, at, ((each.id, deed) for each in changed for deed in each.deeds))
        for each in changed:
            for deed in each.deeds:
                if by := deed.how.get("by"):
                    about = {n: deed.how[n] for n in TOLD if deed.how.get(n) is not None}
                    self.audit(db, str(by), deed.what, at, conversation=each.id, **about)
            for ended in each.ended:
                self._judge(db, ended, at)

    def audit(
        self,
        db: Transaction,
        by: str,
        what: str,
        at: datetime,
        *,
        conversation: int | None = None,
        **about: Any,
    ) -> None:
        """Who did what, by which way; never a customer's words: these rows stay for good."""
        audit.write(db, at, by, _VIA.get(), what, conversation, about)

    def let_go(
        self, db: Transaction, conversation: Conversation, owner: str, due: datetime, at: datetime
    ) -> None:
        journal.let_go(db, conversation.id, owner, due, at)
        self.owe_note(db, conversation, "let_go", f"{owner}:{conversation.version}", at)

    def case(self, db: Transaction, conversation: Conversation) -> Case:
        past = customers.past(db, conversation.customer, but=conversation.id)
        said, reply = _said(db, conversation), replies.last(db, conversation.id)
        case = Case(
            conversation=conversation,
            customer=customers.get(db, conversation.customer),
            mentions=said,
            reply=reply,
            past=past,
            guess=guesses.deciding(db, said, conversation.kind),
            drafts=replies.drafts_since(db, conversation.id, conversation.waiting_since - WRITING),
            amendment=replies.last_amendment(db, reply.key) if reply else None,
            pictures=pictures.files(db, [url for each in said for url in each.media]),
        )
        return self._known(db, case) if past.times else case

    def _known(self, db: Transaction, case: Case) -> Case:
        """Of who was here before: who knows them, and whether there is something to know."""
        theirs, but = customers.identities(db, case.conversation.customer), case.conversation.id
        known_by = customers.known_by(db, theirs, but=but, most=KNOWN_BY)
        return replace(case, known_by=known_by, notes=notes.count(db, theirs))

    def owe_cards(
        self, db: Transaction, shown: Sequence[Conversation], at: datetime, mark: str = ""
    ) -> None:
        """Those that nobody need see are owed none."""
        unseen = [each.id for each in shown if each.quiet and not each.card]
        if unseen:
            outbox.spare(db, unseen, at)
        seen = {_lane(each): each for each in shown if each.card or not each.quiet}
        urgency = {lane: _urgency(each, at) for lane, each in seen.items()}
        if seen:
            outbox.hurry(db, urgency)
            waiting = outbox.redraw_all(db, Errand.CARD, list(seen))
            fresh = [lane for lane in seen if lane not in waiting]
            cards = [self._card(seen[lane], urgency[lane], mark) for lane in fresh]
            outbox.put_all(db, cards, at)

    def redraw(self, db: Transaction, conversation: Conversation, at: datetime) -> None:
        """Owe a card of a conversation that did not change itself: something beside it did."""
        self.owe_cards(db, [conversation], at, _mark())

    def owe_nags(self, db: Transaction, about: Sequence[Conversation], at: datetime) -> None:
        """One that nobody has tried to say yet serves for all rungs climbed meanwhile."""
        if not about:
            return
        lazy = [each for each in about if not each.late(at)]  # the cards of the others hurry by now
        outbox.hurry(db, {_lane(each): Urgency.LATE for each in lazy})
        untried = outbox.redraw_all(db, Errand.NAG, [*map(_lane, about)], untried=True)
        fresh = [each for each in about if _lane(each) not in untried]
        nags = [self._nag(each) for each in fresh]
        outbox.put_all(db, nags, at)

    def _card(self, conversation: Conversation, urgency: int, mark: str = "") -> outbox.Debt:
        key = f"card:{conversation.id}:{conversation.version}{mark}"
        return self._debt(Errand.CARD, conversation, key, urgency)

    def _nag(self, conversation: Conversation) -> outbox.Debt:
        key = f"nag:{conversation.id}:{conversation.version}"
        return self._debt(Errand.NAG, conversation, key, Urgency.LATE)

    def owe_note(
        self,
        db: Transaction,
        conversation: Conversation,
        what: str,
        of: object,
        at: datetime,
        **more: str,
    ) -> None:
        """`what` is one of the notes in `slack.notes`, `of` the id of what it speaks about.

        Who writes three hundred times does not fill the thread: the card tells of the rest.
        """
        many = outbox.waiting(db, _lane(conversation), Errand.NOTE) >= NOTES
        if many and what in CHATTER:
            return
        key, detail = f"note:{conversation.id}:{what}:{of}", {"what": what, "of": of, **more}
        note = self._debt(Errand.NOTE, conversation, key, Urgency.NEW, json.dumps(detail))
        outbox.hurry(db, {note.lane: note.urgency})
        outbox.put_all(db, [note], at)

    def leave(
        self, db: Transaction, before: Conversation, after: Conversation, what: str, at: datetime
    ) -> None:
        """It hangs elsewhere from now on: what showed it before says so."""
        if before.channel and before.card:
            self.owe_retire(db, after, before.channel, before.card, what, at)
        if before.digest:
            since = f"{after.id}:{after.version}"
            self.owe_digest(db, before.digest, before.team, since, at)

    def owe_retire(
        self,
        db: Transaction,
        conversation: Conversation,
        channel: str,
        ts: str,
        what: str,
        at: datetime,
    ) -> None:
        """An old message of a conversation says what became of it: "moved", "follow_up".

        It waits for the new card, so that it can lead there.
        """
        outbox.put(
            db,
            Errand.RETIRE,
            key=f"retire:{conversation.id}:{channel}:{ts}:{what}:{conversation.version}",
            lane=_lane(conversation),
            destination=channel,
            urgency=Urgency.NEW,
            at=at,
            conversation=conversation.id,
            detail=json.dumps({"channel": channel, "ts": ts, "what": what}),
        )

    def owe_reply(
        self,
        db: Transaction,
        conversation: Conversation,
        reply: str,
        attempt: str,
        at: datetime,
        *,
        part: int = 0,
    ) -> None:
        """The answer, or one further part of it."""
        self._owe_public(
            db,
            Errand.REPLY,
            conversation,
            f"reply:{reply}:{attempt}" + (f":{part}" if part else ""),
            f"{reply} {part}" if part else reply,
            self._account(db, reply),
            at,
        )

    def owe_amendment(
        self, db: Transaction, conversation: Conversation, key: str, at: datetime
    ) -> None:
        account = self._account(db, replies.amendment(db, key).reply)
        self._owe_public(db, Errand.AMEND, conversation, f"amend:{key}", key, account, at)

    def _account(self, db: Transaction, reply: str) -> str:
        """Where it is published: of what was merged, not always the conversation's own."""
        return mentions.get(db, replies.get(db, reply).mention).account

    def _owe_public(
        self,
        db: Transaction,
        errand: Errand,
        conversation: Conversation,
        key: str,
        detail: str,
        account: str,
        at: datetime,
    ) -> None:
        outbox.put(
            db,
            errand,
            key=key,
            lane=f"reply:{conversation.id}",
            destination=account,
            urgency=Urgency.REPLY,
            at=at,
            conversation=conversation.id,
            detail=detail,
        )

    def owe_picture(
        self, db: Transaction, conversation: Conversation, url: str, at: datetime
    ) -> None:
        """Take a customer's picture into Slack, once; its card shows it then."""
        if not pictures.begin(db, url, conversation.id, at):
            return
        outbox.put(
            db,
            Errand.PICTURE,
            key=f"picture:{sha256(url.encode()).hexdigest()}",
            lane=f"picture:{conversation.id}",
            destination="pictures",
            urgency=Urgency.COSMETIC,
            at=at,
            conversation=conversation.id,
            detail=url,
        )

    def owe_digest(
        self,
        db: Transaction,
        digest: int,
        team: str,
        since: str,
        at: datetime,
        *,
        urgency: int = Urgency.COSMETIC,
    ) -> None:
        """`since` tells what made it stale; no two are the same. A surge counts its pages."""
        if surge := digests.surge_of(db, digest):
            self.owe_surge(db, surge, team, f"{digest}:{since}", at)
        lane = f"digest:{digest}"
        if not outbox.redraw(db, Errand.DIGEST, lane, urgency=urgency):
            key, channel = f"{lane}:{since}", self.teams[team].channel
            outbox.put(
                db,
                Errand.DIGEST,
                key=key,
                lane=lane,
                destination=channel,
                urgency=min(urgency, Urgency.NEW),
                at=at,
                detail=str(digest),
            )

    def owe_surge(self, db: Transaction, surge: int, team: str, since: str, at: datetime) -> None:
        """`since` tells what made its message stale; no two are the same.

        It goes before the cards of those who came; that it counts them anew can wait.
        """
        lane = f"surge:{surge}"
        urgency = Urgency.COSMETIC if surges.get(db, surge).card else Urgency.LATE
        if not outbox.redraw(db, Errand.SURGE, lane, urgency=urgency):
            outbox.put(
                db,
                Errand.SURGE,
                key=f"{lane}:{since}",
                lane=lane,
                destination=self.teams[team].channel,
                urgency=urgency,
                at=at,
                detail=str(surge),
            )

    def owe_list(
        self, db: Transaction, team: Team, what: str, at: datetime, nagged: Sequence[int] = ()
    ) -> None:
        """`what` is one of the lists in `slack.lists`, `nagged` whose nags it says.

        After an outage one list grows until it is said, however many fell late.
        """
        lane, said = f"list:{team.name}", f"list:{team.name}:{what}:"
        if nagged and (waiting := outbox.hold_untried(db, lane, said)):
            id, detail = waiting
            about = json.loads(detail)
            more = {"nagged": [*about["nagged"], *nagged]}
            outbox.say_instead(db, id, json.dumps(about | more))
            return
        outbox.put(
            db,
            Errand.LIST,
            key=f"{said}{at.timestamp()}:{next(iter(nagged), 0)}",
            lane=lane,
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

    def owe_notice(
        self,
        db: Transaction,
        to: str,
        text: str,
        *,
        key: str,
        at: datetime,
        conversation: int | None = None,
        lane: str = "",
        once: bool = False,
    ) -> str:
        """Say something about the bot itself, in a channel or to a person; returns its key.

        `once` says it a single time under this key. What is about a `conversation` need not be said
        to a person who is not with us any more.
        """
        whole = f"notice:{to}:{key}" if once else f"notice:{to}:{key}:{at.timestamp()}"
        outbox.put(
            db,
            Errand.NOTICE,
            key=whole,
            lane=lane or f"notice:{to}",
            destination=to,
            urgency=Urgency.LATE,
            at=at,
            conversation=conversation,
            detail=text,
            once=once,
        )
        return whole

    def owe_word(
        self, db: Transaction, team: Team, road: int, said: str, of: str, at: datetime
    ) -> str:
        """Say something about the bot itself by another road than Slack; returns its key."""
        key = f"word:{team.name}:{road}:{of}"
        outbox.put(
            db,
            Errand.ALERT,
            key=key,
            lane=f"word:{team.name}:{road}",
            destination=f"road:{team.name}:{road}",
            urgency=Urgency.LATE,
            at=at,
            detail=json.dumps({"team": team.name, "road": road, "said": said}),
        )
        return key

    def _judge(self, db: Transaction, ended: Ended, at: datetime) -> None:
        """Keep how a clock ended, with the policy of today; and that the next begins."""
        nags, team = journal.nags(db, ended.clock.id), self.teams[ended.clock.team]
        verdicts.add(db, verdict(ended, team, nags))
        journal.write(db, ended.clock.id, at, [Deed(journal.ENDED, {})])

    def _debt(
        self, errand: Errand, conversation: Conversation, key: str, urgency: int, detail: str = ""
    ) -> outbox.Debt:
        return outbox.Debt(
            errand=errand,
            key=key,
            lane=_lane(conversation),
            destination=conversation.channel or self.teams[conversation.team].channel,
            urgency=urgency,
            conversation=conversation.id,
            detail=detail,
        )


def _said(db: Transaction, conversation: Conversation) -> Sequence[Mention]:
    """Of what was merged, the words that were said in its own thread."""
    if not conversation.merged_into:
        return mentions.of_conversation(db, conversation.id)
    all_of_it = mentions.of_conversation(db, conversations.survivor(db, conversation.id))
    place = (conversation.account, conversation.thread)
    return [each for each in all_of_it if (each.account, each.thread) == place] or all_of_it


def _mark() -> str:
    """Makes a key of the outbox one that was never there."""
    return f":{uuid4().hex[:8]}"


def _lane(conversation: Conversation) -> str:
    return f"slack:{conversation.id}"


def _urgency(conversation: Conversation, at: datetime) -> int:
    if conversation.late(at):
        return Urgency.LATE
    if conversation.card or conversation.state is State.DISMISSED:
        return Urgency.COSMETIC
    return Urgency.COMPLAINT if conversation.kind is Kind.COMPLAINT else Urgency.NEW
