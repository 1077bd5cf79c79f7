"""The digest: many conversations in one message, all listed, because they came at once."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from bot.domain.mention import Kind
from bot.slack.blocks import Element, Message, context, in_json, line, rich, section, when, words
from bot.slack.queue import totals_of
from bot.slack.text import clip
from bot.slack.words import KINDS, plural, whole_name
from storage.conversations import Waiting

NAME = 48  # of JSON, of a name; with 150 of them Slack's 13,200 for all blocks are not reached


def digest(gathered: Sequence[Waiting]) -> Message:
    """What came, by kind, most urgent first, each with its number."""
    waiting = [each for each in gathered if each.conversation.open]
    counted = totals_of([each.conversation for each in gathered])
    still = f"{len(waiting)} still wait{'s' if len(waiting) == 1 else ''}"
    head = f"*{len(gathered)} mentions came at once*: {counted}; {still}."
    foot = context(
        "Every deadline is running. Each gets a card of its own when somebody acts on it or when it"
        " is late. `/unanswered` lists them, `/unanswered 42` shows number 42."
    )
    groups = list(_groups(waiting))
    return Message(head, [section(head), *([rich(*groups)] if groups else []), foot])


def _groups(waiting: Sequence[Waiting]) -> Iterator[Element]:
    for kind in KINDS:
        if same := [each for each in waiting if each.conversation.kind is kind]:
            title, entries = words(_title(kind, len(same)), bold=True), words(_entries(same))
            yield line(title, *_due(same), words("\n"), entries, words("\n"))


def _title(kind: Kind, count: int) -> str:
    return KINDS[kind] if count == 1 else plural(kind).capitalize()


def _due(same: Sequence[Waiting]) -> list[Element]:
    """From when to when they are due, in the reader's time zone."""
    moments = sorted(each.conversation.due_at for each in same if each.conversation.due_at)
    if not moments:
        return []
    first, last = moments[0], moments[-1]
    span = [words(" to "), when(last)] if _minute(first) != _minute(last) else []
    return [words(", due "), when(first), *span]


def _entries(same: Sequence[Waiting]) -> str:
    return " · ".join(
        f"{each.conversation.id} {clip(whole_name(each.customer), NAME, in_json)}" for each in same
    )


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
