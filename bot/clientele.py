"""What colleagues know about a customer: notes, language, time zone, and all that ever was."""

import re
from collections.abc import Sequence

import structlog

from bot.desk import Desk
from bot.domain.calendar import zone
from bot.domain.mention import storable
from bot.domain.problems import CannotNote, Ours
from bot.domain.profile import Note, Profile, chapter
from storage import conversations, customers, follow_ups, mentions, notes
from storage.database import Transaction, reading

log = structlog.get_logger()

LONGEST = 2000  # characters of a note
SAID = 200  # of what was said, the newest
KNOWN_BY = 5  # colleagues
TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")  # of a language, as in BCP 47


class Clientele:
    """All of it is the person's, whichever of their identities it was written down with."""

    def __init__(self, desk: Desk) -> None:
        self.desk, self.database, self.ledger = desk, desk.database, desk.ledger

    def note(self, conversation_id: int, by: str, text: str) -> int:
        """Keep a note about the customer of this conversation; returns its number."""
        kept = storable(text.strip())
        if not kept:
            raise CannotNote(Ours("There is nothing in it yet. Write the note, then save it."))
        if len(kept) > LONGEST:
            template = Ours("A note has {most:,} characters at most. Shorten it by {by:,}.")
            raise CannotNote(template, most=LONGEST, by=len(kept) - LONGEST)
        with self.database.begin() as db:
            conversation = conversations.hold(db, conversation_id)
            number = notes.add(db, conversation.customer, by, kept, self.desk.now())
            self._audit(db, by, "note", conversation_id, note=number)
            self.ledger.show_again(db, conversation, at=self.desk.now())
        log.info("customer.noted", conversation=conversation_id, by=by)
        return number

    def notes(self, conversation_id: int) -> Sequence[Note]:
        """Those about its customer, newest first."""
        with reading(self.database) as db:
            return notes.of_customers(db, self._identities(db, conversation_id))

    def forget_note(self, number: int, by: str) -> None:
        with self.database.begin() as db:
            note = notes.get(db, number)
            if note is None or not notes.drop(db, number):
                raise CannotNote(Ours("That note is not there any more."))
            self._audit(db, by, "forget_note", None, note=number)

    def set(
        self,
        conversation_id: int,
        by: str,
        *,
        language: str | None = None,
        timezone: str | None = None,
    ) -> None:
        """Keep what colleagues know better than a platform; "" takes it out, None leaves it."""
        known = {"language": _language(language), "timezone": _timezone(timezone)}
        given = {"language": language, "timezone": timezone}
        changed = {name: known[name] for name, value in given.items() if value is not None}
        with self.database.begin() as db:
            customer = conversations.get(db, conversation_id).customer
            customers.note_ways(db, customer, **changed)
            self._audit(db, by, "set", conversation_id, changed=sorted(changed))
        log.info("customer.set", conversation=conversation_id, by=by)

    def known_by(self, customer: int, but: int) -> Sequence[str]:
        """Whose answers this person had, who answered last first; not in the conversation `but`."""
        with reading(self.database) as db:
            theirs = customers.identities(db, customer)
            return customers.known_by(db, theirs, but=but, most=KNOWN_BY)

    def profile(self, conversation_id: int) -> Profile:
        """Everything about the person who wrote this."""
        with reading(self.database) as db:
            customer = conversations.get(db, conversation_id).customer
            theirs = customers.identities(db, customer)
            language, timezone = customers.ways(db, customer)
            known_by = customers.known_by(db, theirs, but=conversation_id, most=KNOWN_BY)
            return Profile(
                customer=customers.get(db, customer),
                identities=customers.all_of(db, theirs),
                tags=customers.tags(db, customer),
                language=language,
                timezone=timezone,
                notes=notes.of_customers(db, theirs),
                chapters=[chapter(each) for each in conversations.with_customers(db, theirs)],
                follow_ups=follow_ups.open_with(db, theirs),
                said=mentions.history(db, customer, most=SAID),
                known_by=known_by,
            )

    def _identities(self, db: Transaction, conversation_id: int) -> Sequence[int]:
        return customers.identities(db, conversations.get(db, conversation_id).customer)

    def _audit(
        self, db: Transaction, by: str, what: str, conversation: int | None, **about: object
    ) -> None:
        self.ledger.audit(db, by, what, self.desk.now(), conversation=conversation, **about)


def _language(written: str | None) -> str | None:
    """As BCP 47 has it: "de", "pt-BR"."""
    tag = (written or "").strip()
    if tag and not TAG.fullmatch(tag):
        raise CannotNote(Ours('That is no language as computers write them. Try "de" or "pt-BR".'))
    return tag or None


def _timezone(written: str | None) -> str | None:
    name = (written or "").strip()
    try:
        return zone(name).key if name else None
    except ValueError as problem:
        raise CannotNote(Ours("{why}"), why=str(problem)) from None
