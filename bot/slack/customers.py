"""What colleagues ask and know about a customer: why this deadline, and all that ever was."""

from collections.abc import Callable, Sequence

from bot.clientele import Clientele
from bot.contacts import Contacts
from bot.desk import Desk
from bot.domain.mention import Mention
from bot.domain.problems import CannotNote, CannotRemind, NotPossible, Ours
from bot.domain.profile import Profile
from bot.domain.reply import Reply
from bot.slack import contact_forms, filled, histories, lands, stories, times, working
from bot.slack.blocks import Element, option, when_markup
from bot.slack.counter import Ack, Counter, Visit, errors
from bot.slack.forms import View
from bot.slack.histories import ABOUT, CHAPTERS, LANGUAGE, NOTED_BY, SAID, UNKNOWN, ZONE
from bot.slack.tongue import _
from storage import mentions
from storage.database import reading

TAG = 40  # characters
FOUND = 99  # languages or zones that are offered, beside the one to take it out


class Customers:
    """Stories about conversations and the people in them."""

    def __init__(self, desk: Desk, clientele: Clientele, contacts: Contacts) -> None:
        self.desk, self.clientele, self.contacts = desk, clientele, contacts

    def counter(self) -> Counter:
        return Counter(
            buttons={
                **{f"customer_{part}": self.turn for part in histories.PARTS},
                "customer_newer": self.turn,
                "customer_older": self.turn,
                "drop_note": self.drop_note,
                "drop_follow_up": self.drop_follow_up,
            },
            forms={
                "why": self.why,
                "warum": self.why,
                "customer": self.about,
                "kunde": self.about,
                "history": self.history,
                "verlauf": self.history,
                "person": self.person_form,
                "note": self.person_form,
                "notiz": self.person_form,
                "follow_up": self.follow_up_form,
                "follow up": self.follow_up_form,
                "nachfragen": self.follow_up_form,
            },
            sent={"person": self.keep, "follow_up": self.follow_up},
            typed={
                "note": self._note,
                "notiz": self._note,
                "follow up": self._follow_up,
                "nachfragen": self._follow_up,
            },
            offered={LANGUAGE: self.languages, ZONE: self.zones},
        )

    # What one reads

    def why(self, _visit: Visit, number: int) -> View:
        case = self.desk.look(number)
        team, nags = self.desk.team(case.conversation), self.desk.nags(case.conversation)
        return stories.why(case, team, self.desk.now(), nags)

    def about(self, _visit: Visit, number: int) -> View:
        return self._drawn(ABOUT, 0, number)

    def history(self, _visit: Visit, number: int) -> View:
        return self._drawn(SAID, 0, number)

    def turn(self, visit: Visit) -> None:
        """Another part or page takes the place of this one."""
        part, page, _number = visit.value.split(" ")
        visit.update(self._drawn(part, int(page), visit.number))

    def _drawn(self, part: str, page: int, number: int) -> View:
        profile = self._profile(number)
        drawn: dict[str, Callable[[], View]] = {
            ABOUT: lambda: histories.about(profile, number, self.desk.now()),
            NOTED_BY: lambda: histories.notes(profile, number, page),
            CHAPTERS: lambda: histories.chapters(profile, number, page),
            SAID: lambda: self._said(profile, number, page),
        }
        return drawn[part]()

    def _said(self, profile: Profile, number: int, page: int) -> View:
        heard = self._heard(number, (page + 1) * histories.PAGE + 1)
        some = heard[page * histories.PAGE :]
        shown = some[: histories.PAGE]
        return histories.said(profile, number, page, shown, more=len(some) > len(shown))

    def _heard(self, number: int, most: int) -> Sequence[Mention | Reply]:
        customer = self.desk.conversation(number).customer
        with reading(self.desk.database) as db:
            return mentions.history(db, customer, most=most)

    def _profile(self, number: int) -> Profile:
        """Of whom nothing is left, nothing can be shown."""
        if self.desk.conversation(number).forgotten:
            raise NotPossible(Ours("What was known of this person was removed."))
        return self.clientele.profile(number)

    # What one knows

    def person_form(self, visit: Visit, number: int) -> View:
        return histories.person_form(self._profile(number), number, _under(visit))

    def keep(self, visit: Visit, view: View) -> Ack:
        """Only what was changed is said anew, each by itself."""
        number = int(filled.opened_at(view)["conversation"])
        try:
            self._keep_ways(visit, number, view)
        except CannotNote as problem:
            return errors("language", problem)
        self._keep_tags(visit, number, filled.text_in(view, "tags"))
        if note := filled.text_in(view, "note").strip():
            self.clientele.note(number, visit.by, note)
        return working.back(visit, view, lambda: self._drawn(ABOUT, 0, number))

    def _keep_ways(self, visit: Visit, number: int, view: View) -> None:
        profile = self._profile(number)
        language = _changed(filled.found_in(view, "language", LANGUAGE), profile.language)
        timezone = _changed(filled.found_in(view, "timezone", ZONE), profile.timezone)
        if language is not None or timezone is not None:
            self.clientele.set(number, visit.by, language=language, timezone=timezone)

    def _keep_tags(self, visit: Visit, number: int, typed: str) -> None:
        profile = self._profile(number)
        if typed.strip() == histories.typed_tags(profile).strip():
            return
        wanted = {word.casefold(): word for word in _words(typed)}
        had = {word.casefold(): word for word in profile.tags}
        for word in had.keys() - wanted.keys():
            self.desk.untag(number, visit.by, had[word])
        for word in wanted:
            if word not in had:
                self.desk.tag(number, visit.by, wanted[word])

    def drop_note(self, visit: Visit) -> None:
        self.clientele.forget_note(int(visit.value.partition(" ")[0]), visit.by)
        self._redraw(visit)

    def drop_follow_up(self, visit: Visit) -> None:
        self.contacts.drop_follow_up(int(visit.value.partition(" ")[0]), visit.by)
        self._redraw(visit)

    def _redraw(self, visit: Visit) -> None:
        """The same page, without what was taken out."""
        where = filled.opened_at(visit.body["view"])
        visit.update(self._drawn(where["part"], where["page"], int(where["conversation"])))

    # Later

    def follow_up_form(self, visit: Visit, number: int) -> View:
        case, now = self.desk.look(number), self.desk.now()
        calendar = self.desk.team(case.conversation).calendar
        moments = times.reminders(calendar, now)
        return contact_forms.follow_up(case, moments, calendar.zone, _under(visit))

    def follow_up(self, visit: Visit, view: View) -> Ack:
        number, own = (
            int(filled.opened_at(view)["conversation"]),
            filled.moment_in(view, "until_at"),
        )
        at = own or filled.moment_chosen(view, "until")
        try:
            if at is None:
                raise CannotRemind(Ours("Choose when you want to be reminded."))
            self.contacts.follow_up(number, visit.by, at, filled.text_in(view, "text"))
        except CannotRemind as problem:
            return errors("until" if at and not own else "until_at", problem)
        return working.back(visit, view, lambda: self._drawn(ABOUT, 0, number))

    def _follow_up(self, visit: Visit, number: int, said: str) -> str:
        """The time first, then what is to be asked."""
        conversation = self.desk.conversation(number)
        calendar, now = self.desk.team(conversation).calendar, self.desk.now()
        at, what = times.begin(said, calendar, now)
        self.contacts.follow_up(number, visit.by, at, what)
        told = _("You are reminded of {number} on {at}.")
        return told.format(number=number, at=when_markup(at))

    # What is offered

    def languages(self, _visit: Visit, typed: str) -> Sequence[Element]:
        found = lands.languages_like(typed, FOUND)
        return [option(f"{name} ({tag})", tag) for tag, name in found] + [_nothing()]

    def zones(self, _visit: Visit, typed: str) -> Sequence[Element]:
        found = lands.zones_like(typed, FOUND)
        return [option(name.replace("_", " "), name) for name in found] + [_nothing()]

    def _note(self, visit: Visit, number: int, words: str) -> str:
        self.clientele.note(number, visit.by, words)
        return _("Kept. `/unanswered customer {number}` shows all notes.").format(number=number)


def _under(visit: Visit) -> str:
    """The form that it was asked from."""
    return str((visit.body.get("view") or {}).get("callback_id") or "")


def _nothing() -> Element:
    return option(_("Not known"), UNKNOWN)


def _changed(chosen: str, was: str | None) -> str | None:
    """What is to be kept: "" takes it out, None leaves it as it is."""
    if chosen in ("", was):
        return None
    return "" if chosen == UNKNOWN else chosen


def _words(typed: str) -> list[str]:
    """Tags with commas between."""
    return [word.strip()[:TAG] for word in typed.split(",") if word.strip()]
