"""What came by phone, at the counter or out of Slack; and what somebody wants to ask later."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from bot.desk import Desk
from bot.domain.conversation import UNSETTLED, Conversation
from bot.domain.guess import Guess
from bot.domain.mention import Customer, Kind, Mention, storable
from bot.domain.problems import CannotLog, CannotRemind, Ours
from bot.domain.profile import FollowUp
from bot.domain.team import Team
from storage import conversations, customers, follow_ups, guesses, mentions
from storage.database import Transaction, reading

log = structlog.get_logger()

OLDEST = timedelta(days=60)  # that what came otherwise may be logged
FARTHEST = timedelta(days=366)  # that somebody may be reminded
SKEW = timedelta(minutes=1)  # of the clocks of Slack and ours
LONGEST = 20_000  # characters of what was said
REMINDER = 1000
SLACK = "slack"
WAYS = {  # what a contact came by is its account and its platform, and why we can't answer there
    "phone": "It came by phone, so call them.",
    "counter": "It came at the counter, so tell them there, or call them.",
    "corridor": "It came in the corridor, so tell them yourself.",
    "letter": "It came by letter, so write back.",
    "other": "It came another way, so answer there.",
    SLACK: "It is a message in Slack, so answer it there.",
}


class Contacts:
    """Each is a mention like any other, with a card and a clock, that no adapter has brought."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger = desk, desk.database, desk.ledger

    def log(
        self,
        by: str,
        team: str,
        *,
        how: str,
        name: str,
        handle: str,
        words: str,
        kind: Kind,
        at: datetime,
        public: bool = False,
    ) -> int:
        """Write down what came at that time; returns its conversation.

        Further words of the same handle go on with what is still open. The same words of the same
        moment are the same contact.
        """
        if how not in WAYS or how == SLACK:
            raise CannotLog(Ours("Choose how it came: by phone, at the counter, or another way."))
        key = _key(by, handle or name, at.isoformat(), words)
        mention = Mention(
            account=how,
            key=key,
            thread=key,
            customer=Customer(
                platform=how,
                key=_reached_at(how, handle or name) or key,
                handle=handle.strip(),
                name=name.strip(),
            ),
            text=words.strip(),
            posted_at=at,
            public=public,
            no_reply=WAYS[how],
        )
        return self._log(by, self._team(team), mention, kind)

    def from_message(
        self,
        by: str,
        team: str,
        *,
        channel: str,
        ts: str,
        author: str,
        name: str,
        words: str,
        at: datetime,
        url: str | None = None,
    ) -> int:
        """Make a message in Slack a conversation; returns it, and the same one when done twice.

        Without an `author` it is somebody whom nothing else is known of, until they are joined.
        """
        key = f"{channel}:{ts}"
        mention = Mention(
            account=SLACK,
            key=key,
            thread=key,
            customer=Customer(platform=SLACK, key=author or key, handle=name.strip()),
            text=words.strip(),
            posted_at=at,
            url=url,
            public=False,
            no_reply=WAYS[SLACK],
        )
        heard_by = self._team(team)
        return self._log(by, heard_by, mention)

    # Later

    def follow_up(self, conversation_id: int, by: str, at: datetime, text: str) -> int:
        """Be reminded then, in working hours, to ask how it went; returns its number."""
        now, wanted = self.desk.now(), storable(text.strip())
        if at <= now:
            raise CannotRemind(Ours("That time is over. Choose one that is to come."))
        if at > now + FARTHEST:
            raise CannotRemind(Ours("That is more than a year ahead. Choose a time before that."))
        if len(wanted) > REMINDER:
            template = Ours("A reminder has {most:,} characters at most. Shorten it by {by:,}.")
            raise CannotRemind(template, most=REMINDER, by=len(wanted) - REMINDER)
        with self.database.begin() as db:
            conversation = conversations.hold_survivor(db, conversation_id)
            number = follow_ups.add(db, conversation.id, by, wanted, at=now, due_at=at)
            about = {"follow_up": number, "until": at.isoformat()}
            self._audit(db, by, "follow_up_wanted", conversation.id, **about)
        log.info("follow_up.wanted", conversation=conversation_id, by=by, at=str(at))
        return number

    def follow_ups(self, customer: int) -> Sequence[FollowUp]:
        """Those of this person that are still to come, the nearest first."""
        with reading(self.database) as db:
            return follow_ups.open_with(db, customers.identities(db, customer))

    def drop_follow_up(self, number: int, by: str) -> None:
        with self.database.begin() as db:
            wanted = follow_ups.get(db, number)
            if wanted is None or not follow_ups.drop(db, number):
                raise CannotRemind(Ours("That reminder is not there any more, or it was said."))
            self._audit(db, by, "drop_follow_up", wanted.conversation, follow_up=number)

    # How

    def _log(self, by: str, team: Team, mention: Mention, judged: Kind | None = None) -> int:
        self._must_be_loggable(mention)
        mention = replace(mention, posted_at=min(mention.posted_at, self.desk.now())).storable()
        guess = self.desk.triage.guess(mention, team.triage, team.name)
        with self.database.begin() as db:
            customer = customers.meet(db, mention.customer)
            customers.hold(db, [customer])  # of two at once, the second sees what the first did
            if found := mentions.find(db, mention.account, mention.key):
                return conversations.survivor(db, found[1] or 0)
            known = self._going_on(db, mention, customer)
            if known:
                again = known.hear(mention.posted_at, self.desk.team(known), at=self.desk.now())
            else:
                again = self._open(db, mention, customer, team, guess, judged)
            id = self._keep(db, by, again, mention, customer, judged, known)
            guesses.add_all(db, {id: guess}, self.desk.now())
            return again.id

    def _keep(
        self,
        db: Transaction,
        by: str,
        conversation: Conversation,
        mention: Mention,
        customer: int,
        judged: Kind | None,
        known: Conversation | None,
    ) -> int:
        now = self.desk.now()
        if judged and (judged is not conversation.kind or not known):
            conversation = conversation.judge(judged, by, self.desk.team(conversation))
        place = {"customer": customer, "conversation": conversation.id}
        heard = mentions.add(db, mention, at=now, **place)
        saved = self.ledger.save(db, conversation, now)
        if known:
            self.ledger.owe_note(db, saved, "wrote_again", heard, now)
        number = conversation.id
        self._audit(db, by, "log", number, how=mention.account, came=mention.posted_at.isoformat())
        log.info("contact.logged", conversation=number, by=by, how=mention.account)
        return heard

    def _going_on(self, db: Transaction, mention: Mention, customer: int) -> Conversation | None:
        """What is still open with them; each message of Slack's is a matter of its own."""
        if mention.account == SLACK:
            return None
        last = conversations.last_of(db, mention.account, customer)
        return last if last and last.state in UNSETTLED else None

    def _open(
        self,
        db: Transaction,
        mention: Mention,
        customer: int,
        team: Team,
        guess: Guess,
        judged: Kind | None,
    ) -> Conversation:
        kind = judged or guess.kind
        spoke = (
            {"because": guess.because, "lane": guess.lane, "severity": guess.severity or ""}
            if guess.kind is kind
            else {}
        )
        new = Conversation(
            account=mention.account,
            thread=mention.thread,
            customer=customer,
            team=team.name,
            kind=kind,
            waiting_since=mention.posted_at,
        )
        begun = new.begin(
            mention.posted_at,
            team,
            kind=kind,
            tags=customers.tags(db, customer),
            **spoke,
        )
        return conversations.open_new(db, begun)

    def _must_be_loggable(self, mention: Mention) -> None:
        now, at = self.desk.now(), mention.posted_at
        if not mention.text:
            raise CannotLog(Ours("There is nothing in it yet. Write what they said."))
        if len(mention.text) > LONGEST:
            template = Ours("That is too long by {by:,} characters. Write the gist of it.")
            raise CannotLog(template, by=len(mention.text) - LONGEST)
        if at > now + SKEW:
            raise CannotLog(Ours("That time is still to come. Say when it came."))
        if at < now - OLDEST:
            template = Ours("That is more than {days} days ago, too long for a clock to run.")
            raise CannotLog(template, days=OLDEST.days)

    def _team(self, name: str) -> Team:
        if name not in self.desk.teams.by_name:
            known = ", ".join(self.desk.teams.by_name)
            raise CannotLog(Ours("Choose a team it is for. There are: {known}."), known=known)
        return self.desk.teams[name]

    def _audit(
        self, db: Transaction, by: str, what: str, conversation: int, **about: object
    ) -> None:
        self.ledger.audit(db, by, what, self.desk.now(), conversation=conversation, **about)


def _reached_at(how: str, handle: str) -> str:
    """The same for the same person, however it was typed."""
    plain = " ".join(handle.split()).casefold()
    digits = re.sub(r"[^\d+]", "", plain)
    return digits if how == "phone" and len(digits) > 2 else plain


def _key(*told: str) -> str:
    """The same for what was logged twice; tells nothing of the words."""
    return hashlib.sha256("\0".join(told).encode("utf-8", "replace")).hexdigest()[:24]
