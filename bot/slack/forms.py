"""Forms: what opens when somebody wants to answer, dismiss, or snooze."""

import json
from collections.abc import Sequence
from datetime import datetime
from html import unescape
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.case import Case
from bot.slack.blocks import (
    Block,
    Element,
    context,
    option,
    plain,
    quote,
    section,
)
from bot.slack.text import clip
from bot.slack.times import Choice
from bot.slack.tongue import N_, _
from bot.slack.words import said

View = dict[str, Any]

INPUT = 3000  # what Slack's input takes at most
ASKED = 9000  # of JSON: more of the customer's words than a card has
SHORT = 1000  # of JSON: a reminder
MORE = 300
NOTHING = "none"  # no promise
THEY_WRITE = "they_write"  # and not only a time
REASONS = {
    "no_answer_needed": N_("No answer needed"),
    "not_about_us": N_("Not about us"),
    "spam": N_("Spam"),
    "handled_elsewhere": N_("Handled elsewhere"),
    "other": N_("Another reason"),
}


def too_late(sentence: str, text: str = "") -> View:
    """It can't be done any more; the words are there to copy."""
    shown: list[Block] = [section(sentence)]
    if text.strip():
        shown += [context(_("What you wrote. It is kept, too:")), quote(text, 2 * INPUT)]
    return modal("sorry", _("Not sent") if text.strip() else _("Not possible"), shown)


def loading() -> View:
    """Stands there while the real one is drawn."""
    return modal("loading", _("One moment"), [context(_("The database is slow today …"))])


def bare(sentence: str) -> str:
    """For a form's field, which shows no markup."""
    return unescape(sentence).replace("*", "").replace("`", "")


def dismiss(case: Case) -> View:
    options = [option(_(label), value) for value, label in REASONS.items()]
    why = asked("reason", _("Why?"), choice("radio_buttons", "reason", options))
    more = input_("more", _("In your words"), "", optional=True, most=MORE)
    return modal(
        "dismiss",
        _("Dismiss {number}").format(number=case.conversation.id),
        [quote(said(case), SHORT), why, more],
        submit=_("Dismiss"),
        metadata={"conversation": case.conversation.id},
    )


def snooze(case: Case, moments: Sequence[Choice], at_the_longest: datetime, zone: ZoneInfo) -> View:
    """Until when a clock is paused, and why."""
    options = [option(label, stamp(at)) for label, at in moments]
    longest = f"{THEY_WRITE} {stamp(at_the_longest)}"
    options.append(option(_("Until the customer writes, at the longest two weeks"), longest))
    menu, hint = choice("radio_buttons", "until", options), on_the_wall(zone)
    until = asked("until", _("Until when?"), menu, hint=hint)
    return modal(
        "snooze",
        _("Snooze {number}").format(number=case.conversation.id),
        [
            quote(said(case), SHORT),
            until,
            picker("until_at", _("Another time")),
            input_("because", _("Why?"), "", hint=_("The card shows it."), most=MORE, short=True),
        ],
        submit=_("Snooze"),
        metadata={"conversation": case.conversation.id},
    )


def on_the_wall(zone: ZoneInfo) -> str:
    return _("These times are those of {zone}.").format(zone=zone.key)


def stamp(at: datetime) -> str:
    """The moment itself: what was shown is what is meant, however long the form was open."""
    return str(int(at.timestamp()))


def choice(kind: str, action: str, options: Sequence[Element]) -> Element:
    """One of several, at first the first."""
    made: Element = {"type": kind, "action_id": action, "options": list(options)}
    return made | {"initial_option": options[0]}


def picker(block: str, label: str) -> Block:
    """Any time, in the reader's own zone."""
    picker = {"type": "datetimepicker", "action_id": "at"}
    hint = _("If you set it, it counts. It is in your own time zone.")
    return asked(block, label, picker, hint=hint) | {"optional": True}


def asked(block: str, label: str, element: Element, *, hint: str = "") -> Block:
    made: Block = {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": element,
        "optional": False,
    }
    return made | ({"hint": plain(hint)} if hint else {})


def input_(
    block: str,
    label: str,
    initial: str,
    *,
    hint: str = "",
    optional: bool = False,
    most: int = INPUT,
    short: bool = False,
) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": "text",
        "multiline": not short,
        "max_length": most,
        "focus_on_load": not optional and not short,
    }
    if initial:
        element["initial_value"] = clip(initial, most)
    return asked(block, label, element, hint=hint) | {"optional": optional}


def modal(
    id: str,
    title: str,
    blocks: Sequence[Block],
    *,
    submit: str = "",
    metadata: dict[str, Any] | None = None,
) -> View:
    view: View = {
        "type": "modal",
        "callback_id": id,
        "title": plain(title, 24),
        "close": plain(_("Cancel") if submit else _("Close"), 24),
        "blocks": list(blocks),
        "private_metadata": json.dumps(metadata or {}, ensure_ascii=False),
    }
    return view | ({"submit": plain(submit, 24)} if submit else {})
