"""What can be pressed on a card: exactly what can be done now, the rest of it in one menu."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from bot.domain.case import Case
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Kind
from bot.slack.blocks import Element, button, option
from bot.slack.text import address
from bot.slack.tongue import N_, _
from bot.slack.words import on, whole_name

OFFERED = 5  # options of a menu: Slack takes no more
UNDO = timedelta(hours=24)  # in which a dismissal can be undone
ROW = 3  # buttons beside the menu: a phone shows more of them below each other
MORE = "more"


class Deed(NamedTuple):
    """One thing that can be done: the verb that its room answers to, and how it is called.

    `does` tells the same to who sees all of them in a list.
    """

    verb: str
    label: str
    does: str


HAND_ON = Deed(
    "hand_on",
    N_("Hand on…"),
    N_("Give it to a colleague, call somebody to help, pass it to another team, or let go of it"),
)
SNOOZE = Deed("snooze", N_("Snooze…"), N_("Pause its clock until some time"))
WAKE = Deed("wake", N_("End the snooze"), N_("Its clock runs on from now"))
DISMISS = Deed("dismiss", N_("Dismiss…"), N_("It needs no answer, and you say why"))
CUSTOMER = Deed("customer", N_("Customer…"), N_("Who they are, and all that was said with them"))
THERE = Deed("there", N_("I answered there…"), N_("You answered on the platform itself"))
NEEDLESS = Deed("needless", N_("No answer needed"), N_("Close it without an answer"))
MERGE = Deed("merge", N_("Merge…"), N_("It is the same matter as another one of this person"))
FOLLOW_UP = Deed("follow_up", N_("Follow up…"), N_("Be reminded later to ask how it went"))
HOLDING = Deed(
    "holding",
    N_("Holding reply…"),
    N_("Say that you are at it, in approved words, and promise another word"),
)
WHY_KIND = {
    kind: Deed("why_kind", label, N_("What spoke for that, and how sure it is"))
    for kind, label in {
        Kind.COMPLAINT: N_("Why a complaint?"),
        Kind.QUESTION: N_("Why a question?"),
        Kind.PRAISE: N_("Why praise?"),
        Kind.OTHER: N_("Why a mention?"),
    }.items()
}
A_COMPLAINT = Deed("complaint", N_("It is a complaint"), N_("Its deadline follows"))
NO_COMPLAINT = Deed("question", N_("Not a complaint"), N_("It has the deadline of a question then"))
WHY = Deed("why", N_("Why then?"), N_("How its deadline came about"))
MOVE = Deed("move", N_("Move…"), N_("Another team takes it, in its own channel"))
AUDIT = Deed("audit", N_("Audit"), N_("Who did what when, and from which button"))
UNDO_DISMISSAL = Deed("undo", N_("Undo"), N_("Bring back what was dismissed"))
UNDO_MERGE = Deed("undo", N_("Undo the merge"), N_("Make two conversations of it again"))
CORRECT = Deed("correct", N_("Correct…"), N_("Change the words of the answer that is published"))
WITHDRAW = Deed("withdraw", N_("Withdraw…"), N_("Take back the answer that is published"))


def others(case: Case, now: datetime) -> list[Deed]:
    """What "More…" offers: all that is not in the card's own menu."""
    return deeds(case, now)[OFFERED - 1 :]


def deeds(case: Case, now: datetime) -> list[Deed]:
    """All that the menu and "More…" offer now, what is wanted most first."""
    return list(_while_open(case, now) if case.conversation.open else _once_closed(case, now))


def _while_open(case: Case, now: datetime) -> Iterator[Deed]:
    conversation = case.conversation
    yield HAND_ON
    yield WAKE if conversation.snoozed(now) else SNOOZE
    yield DISMISS
    yield CUSTOMER
    answerable = not case.latest.unanswerable(now)
    if answerable:  # otherwise it is a button
        yield THERE
    if not conversation.thanks:
        yield NEEDLESS
    if conversation.waits and answerable:
        yield HOLDING
    yield from (MERGE, FOLLOW_UP)
    yield from (each for each in (CORRECT, WITHDRAW) if each.verb in case.can)
    yield WHY_KIND[conversation.kind]
    if conversation.due_at:
        yield WHY
    yield AUDIT


def _once_closed(case: Case, now: datetime) -> Iterator[Deed]:
    conversation = case.conversation
    if conversation.state is State.MERGED:
        yield from (UNDO_MERGE, CUSTOMER, WHY, AUDIT)
        return
    yield from (CUSTOMER, FOLLOW_UP)
    if _undoable(conversation, now):
        yield UNDO_DISMISSAL
    yield from (each for each in (CORRECT, WITHDRAW) if each.verb in case.can)
    if conversation.due_at:
        yield WHY
    yield from (MERGE, WHY_KIND[conversation.kind], AUDIT)


def _undoable(conversation: Conversation, now: datetime) -> bool:
    """Whether somebody has dismissed it a short while ago."""
    at, by = conversation.closed_at, conversation.closed_by
    return bool(conversation.state is State.DISMISSED and by and at and now <= at + UNDO)


def buttons(case: Case, now: datetime) -> list[Element]:
    conversation = case.conversation
    if not conversation.open:
        return [_menu(case, now)] if conversation.state is not State.REPLYING else []
    if conversation.unsure:
        return [*_doubt(conversation), _menu(case, now)]
    if conversation.proposed:
        return [*_approval(conversation), _menu(case, now)]
    row = [*_last_word(conversation), *_answer(case, now), *_hand(case)]
    return [*row, *_check(case, beside=len(row)), _menu(case, now)]


def _check(case: Case, *, beside: int) -> list[Element]:
    """One click where triage was not sure; without room for it, it is behind "More…"."""
    conversation = case.conversation
    if not conversation.unchecked or beside >= ROW:
        return []
    says = _("Not a complaint: {customer}").format(customer=whole_name(case.customer))
    return [button("not_a_complaint", _("Not a complaint"), conversation.id, says=says)]


def _last_word(conversation: Conversation) -> list[Element]:
    """A closing "thanks!" can be closed at once."""
    if not conversation.thanks:
        return []
    return [button("no_answer_needed", _("No answer needed"), conversation.id, style="primary")]


def _answer(case: Case, now: datetime) -> list[Element]:
    if case.latest.unanswerable(now):
        return _there(case)
    says = _("Reply to {customer}").format(customer=whole_name(case.customer))
    return [button("reply", _("Reply"), case.conversation.id, style=_style(case), says=says)]


def _style(case: Case) -> str:
    """At most one button of a card stands out."""
    return "" if case.conversation.thanks else "primary"


def _hand(case: Case) -> list[Element]:
    """Claim, take over what somebody else has, or settle what has been answered."""
    conversation, of = case.conversation, whole_name(case.customer)
    if conversation.thanks:
        return []
    if not conversation.waits:
        says = _("Settled: {customer}").format(customer=of)
        return [button("settle", _("Settled"), conversation.id, says=says)]
    if conversation.owner:
        says = _("Take over {customer}").format(customer=of)
        return [button("take_over", _("Take over"), conversation.id, says=says)]
    says = _("Claim {customer}").format(customer=of)
    return [button("claim", _("Claim"), conversation.id, says=says)]


def _there(case: Case) -> list[Element]:
    """Where the platform does not let us answer: open it there, and say when it is done."""
    conversation, url = case.conversation, address(case.latest.url)
    done = button("answered_there", _("I answered there"), conversation.id)
    if not url:
        return [done]
    label = _("Open {on}").format(on=on(conversation.account))
    return [button("open", label, conversation.id, style=_style(case), url=url), done]


def _doubt(conversation: Conversation) -> list[Element]:
    return [
        button("it_is_there", _("It is published"), conversation.id, style="primary"),
        button("send_again", _("It is not: send again"), conversation.id),
    ]


def _approval(conversation: Conversation) -> list[Element]:
    """A second person reads it: the value names what they have read."""
    read = f"{conversation.proposed} {conversation.id}"
    return [
        button("approve", _("Approve"), read, style="primary"),
        button("change", _("Change…"), conversation.id),
        button("send_back", _("Send back…"), conversation.id),
    ]


def _menu(case: Case, now: datetime) -> Element:
    """The first of them, and a way to all of them."""
    number, first = case.conversation.id, deeds(case, now)[: OFFERED - 1]
    options = [option(_(each.label), f"{each.verb} {number}") for each in first]
    options.append(option(_("More…"), f"{MORE} {number}"))
    return {"type": "overflow", "action_id": "menu", "options": options}
