"""Who did what when, and from which button: read, and never changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.desk import Desk
from bot.slack.blocks import (
    Block,
    Element,
    actions,
    button,
    line,
    listing,
    person,
    rich,
    section,
    sentence,
    when,
    words,
)
from bot.slack.counter import Counter, Visit
from bot.slack.forms import View, modal
from bot.slack.text import clip, one_line
from bot.slack.tongue import N_, _
from storage import audit
from storage.audit import Done
from storage.database import reading

PAGE = 25
SHOWN = 60  # characters of what it was about
DEEDS = {
    "claim": N_("{who} claimed it"),
    "take_over": N_("{who} took it over"),
    "assign": N_("{who} assigned it: {about}"),
    "release": N_("{who} let go of it"),
    "renew": N_("{who} went on with it"),
    "escalate": N_("{who} called somebody to help: {about}"),
    "move": N_("{who} moved it: {about}"),
    "rate": N_("{who} said how urgent it is: {about}"),
    "judge": N_("{who} said what it is: {about}"),
    "reply": N_("{who} answered"),
    "propose": N_("{who} wrote an answer that waits for approval"),
    "approve": N_("{who} approved the answer"),
    "send_back": N_("{who} sent the answer back"),
    "correct": N_("{who} corrected the answer"),
    "withdraw": N_("{who} withdrew the answer"),
    "amend": N_("{who} changed the published answer: {about}"),
    "sent": N_("The answer of {who} was published"),
    "resolve_doubt": N_("{who} said whether the answer is published: {about}"),
    "answered_there": N_("{who} answered on the platform itself"),
    "dismiss": N_("{who} dismissed it"),
    "undismiss": N_("{who} undid the dismissal"),
    "no_answer_needed": N_("{who} said that no answer is needed"),
    "settle": N_("{who} settled it"),
    "snooze": N_("{who} snoozed it: {about}"),
    "snooze_until_they_write": N_("{who} snoozed it until the customer writes: {about}"),
    "wake": N_("{who} ended the snooze"),
    "tag": N_("{who} changed the customer's tags: {about}"),
    "note": N_("{who} wrote a note"),
    "forget_note": N_("{who} removed a note"),
    "set": N_("{who} changed what is known of the customer: {about}"),
    "log": N_("{who} logged it: {about}"),
    "follow_up_wanted": N_("{who} wants to be reminded: {about}"),
    "drop_follow_up": N_("{who} took out a reminder"),
    "follow_up": N_("{who} was reminded to ask"),
    "merge_into": N_("{who} merged it: {about}"),
    "absorb": N_("{who} merged another one into it"),
    "unmerge": N_("{who} undid the merge"),
    "join": N_("{who} said that two customers are one person"),
    "part": N_("{who} said that they are two people after all"),
    "forget": N_("{who} had the customer's words removed"),
}
ANYTHING = N_("{who}: {what} {about}")
BUTTONS = {
    "claim": N_("button Claim"),
    "take_over": N_("button Take over"),
    "no_answer_needed": N_("button No answer needed"),
    "settle": N_("button Settled"),
    "answered_there": N_("button I answered there"),
    "approve": N_("button Approve"),
    "it_is_there": N_("button It is published"),
    "send_again": N_("button It is not: send again"),
    "part": N_("button Two people after all"),
    "drop_note": N_("button Remove"),
    "drop_follow_up": N_("button Take out"),
}
FORMS = {
    "reply": N_("form Answer"),
    "publish": N_("preview of the answer"),
    "dismiss": N_("form Dismiss"),
    "snooze": N_("form Snooze"),
    "more": N_("form More"),
    "hand_on": N_("form Hand on"),
    "merge": N_("form Merge"),
    "same": N_("form Same person"),
    "person": N_("form What we know"),
    "follow_up": N_("form Follow up"),
    "log": N_("form Log a contact"),
    "make_case": N_("form Make this a case"),
    "bulk": N_("form Select several"),
    "forget": N_("form Forget"),
    "there": N_("form I answered there"),
    "correct": N_("form Correct"),
    "withdraw": N_("form Withdraw"),
    "send_back": N_("form Send back"),
}
WAYS: Mapping[str, Mapping[str, str]] = {"button": BUTTONS, "form": FORMS}
MENU, COMMAND, ITSELF = N_("menu of the card"), N_("command"), N_("by itself")


class Auditing:
    """The database refuses to change a row of it."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    def counter(self) -> Counter:
        return Counter(
            buttons={"audit_newer": self.turn, "audit_older": self.turn},
            forms={"audit": self.look, "protokoll": self.look},
        )

    def look(self, _visit: Visit, number: int) -> View:
        return self._page(number, 0)

    def turn(self, visit: Visit) -> None:
        visit.update(self._page(visit.number, int(visit.value.partition(" ")[0])))

    def _page(self, number: int, page: int) -> View:
        self.desk.look(number)  # says when there is none
        with reading(self.desk.database) as db:
            known = audit.of_conversation(db, number, most=(page + 1) * PAGE + 1)
        some = known[page * PAGE :]
        return entries(number, page, some[:PAGE], more=len(some) > PAGE)


def entries(number: int, page: int, done: Sequence[Done], *, more: bool) -> View:
    """One page of it, newest first."""
    blocks: list[Block] = [rich(listing(entry(each) for each in done))] if done else []
    none = section(_("Nobody has done anything with it yet."))
    title = _("Audit of {number}").format(number=number)
    return modal("audit", title, [*(blocks or [none]), *_turning(number, page, more=more)])


def entry(done: Done) -> Element:
    """Who did what, by which way, when."""
    told = [*_told(done), words(f" · {way(done.via)} · "), when(done.at)]
    return line(*told)


def _told(done: Done) -> list[Element]:
    template = _(DEEDS.get(done.what, ANYTHING))
    what = clip(one_line(done.what.replace("_", " ")), SHOWN)
    return sentence(template, who=_who(done.by), what=what, about=_about(done.about))


def _who(by: str) -> Element:
    """Somebody in Slack, or what goes by itself."""
    return person(by) if by[:1] in ("U", "W") else words(clip(one_line(by), SHOWN))


def _about(about: Mapping[str, Any]) -> Element:
    """People as people, and everything else as plain words."""
    told = about.get("to")
    if isinstance(told, str) and told[:1] in ("U", "W") and told.isalnum():
        return person(told)
    return words(", ".join(_plain(name, value) for name, value in about.items()) or "–")


def _plain(name: str, value: Any) -> str:
    shown = ", ".join(map(str, value)) if isinstance(value, list) else _moment(value)
    return clip(one_line(f"{name.replace('_', ' ')} {shown}"), SHOWN)


def _moment(value: Any) -> str:
    """A time as one reads it: in UTC, for it stands among plain words."""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    try:
        return datetime.fromisoformat(value).strftime("%Y-%m-%d %H:%M UTC")
    except (TypeError, ValueError):
        return str(value)


def way(via: str) -> str:
    """From which button, form or command; "by itself" where nobody asked."""
    kind, _space, name = via.partition(" ")
    if not via:
        return _(ITSELF)
    if kind == "command":
        return _(COMMAND)
    if kind == "menu":
        return _(MENU)
    named = WAYS.get(kind, {}).get(name)
    return _(named) if named else clip(one_line(via.replace("_", " ")), SHOWN)


def _turning(number: int, page: int, *, more: bool) -> list[Block]:
    ways = []
    if page:
        ways.append(button("audit_newer", _("Newer"), f"{page - 1} {number}"))
    if more:
        ways.append(button("audit_older", _("Older"), f"{page + 1} {number}"))
    return [actions(*ways)] if ways else []
