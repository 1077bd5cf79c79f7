"""The digest: many conversations in one message, all listed, because they came at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.guess import Manner
from bot.domain.mention import Kind
from bot.slack.blocks import (
    Element,
    Message,
    actions,
    context,
    in_json,
    line,
    option,
    rich,
    section,
    sentence,
    when,
    words,
)
from bot.slack.queue import totals_of
from bot.slack.text import clip, one_line
from bot.slack.tongue import N_, _, n_
from bot.slack.words import KINDS, named, plural, whole_name
from storage.conversations import Waiting

OFFERED, LABEL = 50, 40  # choices of a menu, and of JSON in each: a page of a surge holds both
NAME = 48  # of JSON, of a name; with 150 of them Slack's 13,200 for all blocks are not reached
FEW, WORDS = 30, 90  # conversations whose words are shown, and how much of JSON of each
MANNERS = {
    Manner.COPIED: N_("The same words from many"),
    Manner.AUTOMATED: N_("Automated"),
    Manner.PROMOTION: N_("Advertisements"),
}


def digest(
    gathered: Sequence[Waiting],
    *,
    surge: bool = False,
    holding: bool = False,
    daily: bool = False,
) -> Message:
    """What came, by kind, most urgent first, each with its number.

    A page in the thread of a surge can offer a holding reply for each. A daily one is of what needs
    no answer, and machines and advertisements come last in it.
    """
    waiting = [each for each in gathered if each.conversation.open]
    counted = totals_of([each.conversation for each in gathered])
    head = _head(len(gathered), counted, len(waiting), daily=daily)
    foot = context(
        _(
            "Every deadline is running. Each gets a card of its own when somebody acts on it or"
            " when it is late. `/unanswered` lists them, `/unanswered 42` shows number 42."
        )
    )
    groups = list(_of_a_day(waiting) if daily else _groups(waiting))
    shown = [rich(*groups)] if groups else []
    offered = [each for each in waiting if each.conversation.waits] if holding else []
    menu = [actions(_holding(offered[:OFFERED]))] if offered else []
    return Message(head, [section(head), *shown, *menu, *([] if surge else [foot])])


def _holding(offered: Sequence[Waiting]) -> Element:
    """One choice for each: it opens the reply form with those words in it."""
    return {
        "type": "static_select",
        "action_id": "menu",
        "placeholder": {"type": "plain_text", "text": _("Holding reply to…")},
        "options": [option(_label(each), f"holding {each.conversation.id}") for each in offered],
    }


def _label(waiting: Waiting) -> str:
    name = clip(one_line(whole_name(waiting.customer)), LABEL, in_json)
    return f"{waiting.conversation.id} {name}"


def _head(many: int, counted: str, waiting: int, *, daily: bool) -> str:
    came = n_("*{many} mention came at once*", "*{many} mentions came at once*", many)
    if daily:
        came = n_(
            "*{many} mention needs no answer, as far as I can tell*",
            "*{many} mentions need no answer, as far as I can tell*",
            many,
        )
    still = n_("{waiting} still waits", "{waiting} still wait", waiting)
    return f"{came.format(many=many)}: {counted}; {still.format(waiting=waiting)}."


def _groups(waiting: Sequence[Waiting]) -> Iterator[Element]:
    for kind in KINDS:
        if same := [each for each in waiting if each.conversation.kind is kind]:
            title, entries = words(_title(kind, len(same)), bold=True), words(_entries(same))
            yield line(title, *_due(same), words("\n"), entries, words("\n"))


def _of_a_day(waiting: Sequence[Waiting]) -> Iterator[Element]:
    """By kind, and then by how it is written, where that is not as people write."""
    odd = [each for each in waiting if each.conversation.aside in MANNERS]
    usual = [each for each in waiting if each.conversation.aside not in MANNERS]
    quoted = len(waiting) <= FEW
    for kind in KINDS:
        if same := [each for each in usual if each.conversation.kind is kind]:
            yield _listed(_title(kind, len(same)), same, quoted=quoted)
    for manner, title in MANNERS.items():
        if same := [each for each in odd if each.conversation.aside == manner]:
            yield _listed(_(title), same, quoted=quoted)


def _listed(title: str, same: Sequence[Waiting], *, quoted: bool) -> Element:
    entries = "\n".join(map(_quoted, same)) if quoted else _entries(same)
    return line(words(title, bold=True), words("\n"), words(entries), words("\n"))


def _quoted(waiting: Waiting) -> str:
    said = clip(one_line(waiting.words), WORDS, in_json)
    entry = _entries([waiting])
    return f"{entry}: " + _("“{words}”").format(words=said) if said else entry


def _title(kind: Kind, count: int) -> str:
    several = plural(kind)
    return named(kind) if count == 1 else several[:1].upper() + several[1:]


def _due(same: Sequence[Waiting]) -> list[Element]:
    """From when to when they are due, in the reader's time zone."""
    moments = sorted(each.conversation.due_at for each in same if each.conversation.due_at)
    if not moments:
        return []
    first, last = moments[0], moments[-1]
    if _minute(first) == _minute(last):
        return sentence(_(", due {first}"), first=when(first))
    return sentence(_(", due {first} to {last}"), first=when(first), last=when(last))


def _entries(same: Sequence[Waiting]) -> str:
    return " · ".join(
        f"{each.conversation.id} {clip(whole_name(each.customer), NAME, in_json)}" for each in same
    )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
