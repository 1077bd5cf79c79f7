"""What each mention changes: a new conversation, further words, an answer from elsewhere."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta

import structlog

from adapters import Batch
from bot.copies import Copies
from bot.desk import Desk
from bot.domain.account import Account
from bot.domain.closing import warn_at
from bot.domain.conversation import UNSETTLED, Conversation
from bot.domain.forgotten import forgotten, hidden
from bot.domain.frozen import replace
from bot.domain.guess import AT_ONCE, Guess
from bot.domain.mention import Kind, Mention, Origin, Unreadable
from bot.domain.reply import Sent
from bot.echoes import echoes, goes_on_with
from bot.newcomers import Newcomers
from bot.slack.written import IN_PART, ONE_UNREADABLE, UNREADABLE
from bot.surges import KNOWN, can_be_spared
from storage import (
    arrivals,
    conversations,
    customers,
    forgetting,
    guesses,
    labels,
    mentions,
    outbox,
    remembered,
    replies,
    shown,
    surges,
)
from storage.database import Transaction, Unavailable
from storage.mentions import Told

log = structlog.get_logger()

IMPORTED = "It is from before the bot was set up."


class Hearing:
    """One page of one account, inside the transaction that writes it down.

    `shown` is how old something from before the first start may be and still get a card.
    """

    def __init__(
        self, desk: Desk, db: Transaction, account: Account, shown: timedelta = timedelta(0)
    ) -> None:
        self.desk, self.ledger, self.db = desk, desk.ledger, db
        self.account, self.shown, self.now = account, shown, desk.now()
        self.lost = remembered.by_mention(db)
        self.set_aside = 0
        self.arrived: Counter[tuple[str, datetime]] = Counter()
        self.surging: Collection[str] = ()
        self.echoes: Mapping[str, Told] = {}
        self.guessed: dict[int, Guess] = {}  # of what was heard here, to be written down at the end
        self.copies = Copies(db, self.now)

    def page(self, batch: Batch, hear: Callable[["Hearing", Sequence[Mention]], int]) -> int:
        """Everything in it, oldest first; returns how many mentions were new.

        What belongs to a surge is listed in its thread, and so no surge ends while this goes on.
        """
        self.surging = {surge.team for surge in surges.hold_lasting(self.db)}
        if len(self.desk.adapters) > 1:
            self.echoes = echoes(self.db, self.account.name, batch.mentions)
        for item in batch.unreadable:
            self._set_aside(item)
        new = hear(self, sorted(batch.mentions, key=lambda mention: mention.posted_at))
        if self.set_aside:
            self._tell_of_what_was_set_aside()
        guesses.add_all(self.db, self.guessed, self.now)
        self.guessed.clear()
        if new:
            self._count()
        return new

    def _count(self) -> None:
        """How many customers began to wait when, and that this account is not silent."""
        heard = (self.desk.teams.hearing(self.account.name).name, arrivals.piece(self.now))
        for (team, at), many in sorted((self.arrived + Counter()).items()):
            arrivals.add(self.db, self.account.name, team, at, many)
        if heard not in self.arrived:
            arrivals.add(self.db, self.account.name, *heard, 0)

    def hear_all(self, said: Sequence[Mention]) -> int:
        """Take in all of it: together where many begin something new, else one by one."""
        page = [mention.storable() for mention in said]
        if self.lost:  # a database that was set back: each may have a card already
            return sum(map(self._take_in, page))
        own = [mention for mention in page if mention.key not in self.echoes]
        newcomers = Newcomers(self.desk, self.db, self.account, own, self.copies)
        return sum(
            self._welcome(newcomers, run) if new else sum(map(self._take_in, run))
            for new, run in newcomers.runs(page)
        )

    def hear_what_can_be_heard(self, said: Sequence[Mention]) -> int:
        """One by one, so that only what can't be written down is set aside."""
        return sum(map(self.hear_or_set_aside, said))

    def _welcome(self, newcomers: Newcomers, run: Sequence[Mention]) -> int:
        """A run of new ones, as `hear` would take in each."""
        begun = newcomers.take_in(run, self._begun)
        self._spare(begun)
        for conversation, mention in zip(begun, run, strict=True):
            self._arrived(conversation, mention)
        return len(begun)

    def hear(self, mention: Mention) -> bool:
        """Take in one mention; False when we know it already."""
        return self._take_in(mention.storable())

    def _take_in(self, mention: Mention) -> bool:
        if found := mentions.find(self.db, self.account.name, mention.key):
            self._compare(*found, mention)
            return False
        by = customers.meet(self.db, mention.customer, self.now)
        if first := self.echoes.get(mention.key):
            self._hear_again(mention, by, first)
            return False
        if mention.origin is Origin.CUSTOMER and not mention.deleted:
            self._hear_customer(mention, by)
        elif mention.origin is Origin.OWN:
            self._hear_ourselves(mention, by)
        else:
            self._hear_machine(mention, by)
        log.info("mention.received", account=mention.account, key=mention.key)
        return True

    def hear_or_set_aside(self, mention: Mention) -> bool:
        """Take in one mention, or keep it as it came with what was wrong."""
        try:
            with self.db.begin_nested():
                return self.hear(mention)
        except Unavailable:
            raise
        except Exception as problem:
            log.exception("mention.refused", account=self.account.name, key=mention.key)
            item = Unreadable(key=mention.key, raw=repr(mention), problem=repr(problem))
            self._set_aside(item)
            return False

    def take_back(self, changes: Sequence[Mention | str]) -> None:
        """Posts we know were edited, or deleted: of those, only the keys come."""
        for change in changes:
            key = change if isinstance(change, str) else change.key
            if found := mentions.find(self.db, self.account.name, key):
                known, number = found
                deleted = replace(known, deleted=True)
                newer = deleted if isinstance(change, str) else change.storable()
                self._compare(known, number, newer)

    def _set_aside(self, item: Unreadable) -> None:
        if mentions.keep_unreadable(self.db, self.account.name, item.storable(), self.now):
            self.set_aside += 1
            log.error("mention.unreadable", account=self.account.name, key=item.key)

    def _tell_of_what_was_set_aside(self) -> None:
        """Once for each page: a person must look, and nothing else can."""
        name, count = self.account.name, self.set_aside
        said = ONE_UNREADABLE if count == 1 else UNREADABLE
        text = f":warning: {said.format(many=count, account=name)}"
        channel = self.desk.teams.hearing(name).channel
        self.ledger.owe_notice(self.db, channel, text, key=f"{name}:unreadable", at=self.now)

    def _hear_customer(self, mention: Mention, by: int) -> None:
        known = self._find(mention, by)
        [guess] = self.copies.marked([(mention, self._guess(mention, known), by)])
        history = mention.posted_at < self.account.started_at
        silent = history and not self._worth_showing(mention, guess)
        if known is None:
            begun = self._open(mention, guess, by)
            withdrawn = replace(begun.withdrawn(IMPORTED, self.now), quiet=True)
            conversation = withdrawn if silent else begun
        elif (silent and known.quiet) or self._answered_there_since(known.id, mention):
            conversation = known
        else:
            conversation = self._heard(known, mention, guess)
        id = self._attach(mention, by, conversation, unseen=known is None or known.quiet)
        self.guessed[id] = guess

    def _guess(self, mention: Mention, known: Conversation | None = None) -> Guess:
        """As the team sees it whose work it is, or will be."""
        teams = self.desk.teams
        team = self.desk.team(known) if known else teams.hearing(mention.account)
        after = known.kind if known and self._answers_us(known, mention) else None
        return self.desk.triage.guess(mention, team.triage, team.name, after=after)

    def _answers_us(self, known: Conversation, mention: Mention) -> bool:
        """Whether they have read something of ours before they wrote it."""
        if known.answered_at or not mention.parent:
            return known.answered_at is not None
        before = mentions.find(self.db, mention.account, mention.parent)
        return before is not None and before[0].origin is Origin.OWN

    def _hear_again(self, mention: Mention, by: int, first: Told) -> None:
        """Another source has told of this post: there is one mention, which can be answered."""
        taken = goes_on_with(self.desk, self.db, first, mention, by)
        id = self._keep(mention, by, taken.id if taken else None)
        if taken is None:
            mentions.same_as(self.db, id, first.id)
            if forgotten(first.key):
                forgetting.forget_mention(self.db, id)
        else:
            mentions.same_as(self.db, first.id, id)
            self._mind_its_end(mention, id, self.ledger.save(self.db, taken, self.now))
            self.guessed[id] = self._guess(mention, taken)
        log.info("mention.echoed", account=mention.account, key=mention.key, first=first.account)

    def _heard(self, known: Conversation, mention: Mention, guess: Guess) -> Conversation:
        """Further words. Who only says thanks after our answer starts no clock."""
        team = self.desk.team(known)
        return self.desk.tagged(self.db, known).hear(
            mention.posted_at,
            team,
            guess.kind,
            guess.because,
            at=self.now,
            lane=guess.lane,
            severity=guess.severity or "",
            thanks=guess.thanks and known.answered_at is not None,
            language=mention.language,
        )

    def _answered_there_since(self, number: int, mention: Mention) -> bool:
        """Who answered in the platform's own app saw what was there, however late we hear of it."""
        own = mentions.own_posted_since(self.db, number, mention.posted_at)
        return any(not replies.sent_as(self.db, number, each.key) for each in own)

    def _find(self, mention: Mention, by: int) -> Conversation | None:
        """The conversation it goes on with: by its thread, or by the post that it answers."""
        known = conversations.find(self.db, mention.account, mention.thread, by)
        if known or not mention.parent:
            return known
        number = mentions.conversation_with(self.db, mention.account, mention.parent)
        if number is None:
            return None
        joined = conversations.hold_survivor(self.db, number)
        theirs = customers.identities(self.db, by)
        return joined if joined.customer in theirs else None

    def _open(self, mention: Mention, guess: Guess, by: int) -> Conversation:
        begun = self._begun(mention, guess, by, customers.tags(self.db, by))
        opened = conversations.open_new(self.db, self._found_again(begun, mention))
        if opened.channel and opened.card:
            shown.record(self.db, opened.channel, opened.card, [opened.id])
        return opened

    def _begun(self, mention: Mention, guess: Guess, by: int, tags: Sequence[str]) -> Conversation:
        """A conversation that nobody has written down yet."""
        team = self.desk.teams.hearing(mention.account)
        new = Conversation(
            account=mention.account,
            thread=mention.thread,
            customer=by,
            team=team.name,
            kind=guess.kind,
            waiting_since=mention.posted_at,
        )
        begun = new.begin(
            mention.posted_at,
            team,
            kind=guess.kind,
            because=guess.because,
            lane=guess.lane,
            severity=guess.severity or "",
            language=mention.language,
            tags=tags,
        )
        shown_at_once = team.triage.gather == AT_ONCE or team.rule(begun).urgent
        return begun if shown_at_once else replace(begun, aside=guess.aside)

    def _found_again(self, begun: Conversation, mention: Mention) -> Conversation:
        """After the database was set back: the card that Slack has, and a number of its own."""
        if not self.lost:
            return begun
        numbered = replace(begun, id=remembered.free_number(self.db))
        found = self.lost.get(hidden(self.account.name, mention.key))
        if found is None:
            return numbered
        remembered.drop(self.db, found.mention)
        return replace(numbered, channel=found.channel, card=found.card)

    def _worth_showing(self, mention: Mention, guess: Guess) -> bool:
        """Of what is older than the bot: open complaints that a promise still covers."""
        promise = self.desk.teams.hearing(mention.account).longest_promise
        age = self.account.started_at - mention.posted_at
        return (guess.kind is Kind.COMPLAINT and age < promise) or age < self.shown

    def _attach(
        self, mention: Mention, by: int, conversation: Conversation, *, unseen: bool
    ) -> int:
        """Keep it with its conversation, which an answer we have seen already may close."""
        id = self._keep(mention, by, conversation.id)
        if answer := mentions.own_answer_to(self.db, mention.account, mention.key):
            mentions.attach(self.db, answer.id or 0, conversation.id)
            if conversation.open:
                answered = self.desk.answered_by(self.db, conversation, answer)
                conversation = replace(answered, quiet=unseen and not answered.open)
        saved = self.ledger.save(self.db, conversation, self.now)
        self._mind_its_end(mention, id, saved)
        if not unseen and not saved.quiet:
            self.ledger.owe_note(self.db, saved, "wrote_again", id, self.now)
        if unseen:
            self._spare([saved])
        self._arrived(saved, mention)
        return id

    def _mind_its_end(self, mention: Mention, id: int, conversation: Conversation) -> None:
        """Where the platform lets nobody answer after a while: say so before, and show it then."""
        if mention.reply_by and conversation.open:
            calendar = self.desk.team(conversation).calendar
            mentions.warn(self.db, id, warn_at(calendar, mention.posted_at, mention.reply_by))
            conversations.redraw_by(self.db, conversation.id, mention.reply_by)

    def _spare(self, begun: Iterable[Conversation]) -> None:
        """What needs no answer, or belongs to a surge and is no complaint, needs no card yet."""
        listed = (one for one in begun if one.aside or one.team in self.surging)
        spared = [one.id for one in listed if can_be_spared(one)]
        if spared:
            outbox.spare(self.db, spared, self.now)

    def _arrived(self, conversation: Conversation, mention: Mention) -> None:
        """Whether somebody waits from now on; further words of who waits already are no arrival."""
        if conversation.waiting_since != mention.posted_at or not conversation.open:
            return
        if conversation.quiet:
            return
        at = arrivals.piece(min(mention.posted_at, self.now))
        if at > self.now - KNOWN:
            self.arrived[self.desk.team(conversation).name, at] += 1

    def _hear_ourselves(self, mention: Mention, by: int) -> None:
        """The brand posted. An answer that was not sent from here stops the clock all the same."""
        asked = mention.parent and mentions.find(self.db, mention.account, mention.parent)
        number = asked[1] if asked else None
        if asked and forgotten(asked[0].key):  # our words to them are theirs as well
            forgetting.forget_mention(self.db, self._keep(mention, by, number))
            return
        self._keep(mention, by, number)
        if number is None:
            return
        conversation = conversations.hold_survivor(self.db, number)
        if replies.sent_as(self.db, number, mention.key):
            return
        if mention.posted_at < conversation.told_until:  # what is in doubt was written later, too
            return
        if conversation.unsure and not self._settled(conversation, conversation.unsure, mention):
            return
        if conversation.open:
            answered = self.desk.answered_by(self.db, conversation, mention)
            unseen = mention.posted_at < self.account.started_at and not conversation.card
            quiet = replace(answered, quiet=unseen and not answered.open)
            self.ledger.save(self.db, quiet, self.now)

    def _settled(self, conversation: Conversation, key: str, mention: Mention) -> bool:
        """What was in doubt is there; False where further parts of it are still to go.

        Those are its owner's again: nothing is repeated by itself.
        """
        reply, sent = replies.get(self.db, key), Sent(key=mention.key, url=mention.url)
        done, whole = len(reply.published) + 1, len(reply.posts)
        replies.part_sent(self.db, reply, sent, self.now)
        if done >= whole:
            replies.sent(self.db, key, sent, self.now)
            return True
        replies.refused(self.db, key, IN_PART.format(done=done, whole=whole))
        back = conversation.refused(self.now, self.desk.team(conversation))
        saved = self.ledger.save(self.db, back, self.now)
        self.ledger.owe_note(self.db, saved, "refused", f"{key}:{saved.version}", self.now)
        return False

    def _hear_machine(self, mention: Mention, by: int) -> None:
        """Automatic mail and reposts are kept, and shown where their thread is; never nagged."""
        known = self._find(mention, by)
        id = self._keep(mention, by, known.id if known else None)
        if known and not known.quiet and not mention.deleted:
            self.ledger.owe_note(self.db, known, "automatic", id, self.now)

    def _compare(self, known: Mention, number: int | None, newer: Mention) -> None:
        """We know this one; has it been edited or deleted since?"""
        same = known.revision == newer.revision and known.deleted == newer.deleted
        if same or known.deleted or known.id is None:
            return
        mentions.change(self.db, known.id, newer)
        if number is None:
            return
        conversation = conversations.hold(self.db, number)
        if known.origin is Origin.CUSTOMER:
            self._changed(conversation, known.id, newer)
        else:  # what we corrected or took back ourselves changes no clock here
            self.ledger.redraw(self.db, conversation, self.now)

    def _changed(self, conversation: Conversation, id: int, newer: Mention) -> None:
        if newer.deleted:
            conversation = self.desk.without_deleted(self.db, conversation)
            if not conversation.quiet:
                self.ledger.owe_note(self.db, conversation, "deleted", id, self.now)
        else:
            guess = self._guess_again(conversation, id, newer)
            if conversation.state in UNSETTLED:
                kind, because, team = guess.kind, guess.because, self.desk.team(conversation)
                told = {"lane": guess.lane, "severity": guess.severity or ""}
                conversation = conversation.reconsider(kind, because, team, **told)
        self.ledger.save(self.db, conversation, self.now)

    def _guess_again(self, conversation: Conversation, id: int, newer: Mention) -> Guess:
        """What it is by its new words."""
        guess = self._guess(newer, conversation)
        if id in self.guessed:
            self.guessed[id] = guess
        else:
            guesses.change(self.db, id, guess, self.now)
            labels.edited(self.db, id)
        return guess

    def _keep(self, mention: Mention, by: int, conversation: int | None) -> int:
        return mentions.add(self.db, mention, customer=by, conversation=conversation, at=self.now)
