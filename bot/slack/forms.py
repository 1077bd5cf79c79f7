"""Forms: what opens when somebody wants to answer, dismiss, or snooze."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.domain.case import Case
from bot.domain.reply import Ability
from bot.slack.blocks import (
    Block,
    Element,
    context,
    line,
    link,
    option,
    plain,
    quote,
    rich,
    section,
    words,
)
from bot.slack.text import clip, harmless
from bot.slack.times import Choice, shown
from bot.slack.words import CALLED, on, said, whole_name

View = dict[str, Any]

INPUT = 3000  # what Slack's input takes at most
ASKED = 9000  # of JSON: more of the customer's words than a card has
SHORT = 1000  # of JSON: a reminder
MORE = 300
NOTHING = "none"  # no promise
THEY_WRITE = "they_write"  # and not only a time
REASONS = {
    "no_answer_needed": "No answer needed",
    "not_about_us": "Not about us",
    "spam": "Spam",
    "handled_elsewhere": "Handled elsewhere",
    "other": "Another reason",
}


def reply(
    case: Case,
    ability: Ability,
    draft: str,
    promises: Sequence[Choice],
    zone: ZoneInfo,
    *,
    keep: datetime | None = None,
) -> View:
    """Where an answer is written: to whom, as whom, how public, how long, and what it promises.

    `keep` is a promise that stands and stays unless something else is chosen.
    """
    asked = case.latest
    before = _not_sent(case, draft)
    return modal(
        "reply",
        f"Answer {case.conversation.id}",
        [
            rich(line(words("To "), link(asked.url, whole_name(case.customer)))),
            quote(said(case), ASKED),
            context(_where(case, ability)),
            _input("answer", "Your answer", draft, hint=_length(ability)),
            *([context(before)] if before else []),
            _promise(promises, zone, keep),
            _picker("promise_at", "Another time for it"),
        ],
        submit="Send",
        metadata={"conversation": case.conversation.id, "mention": asked.id},
    )


def too_late(sentence: str, text: str = "") -> View:
    """It can't be done any more; the words are there to copy."""
    shown: list[Block] = [section(sentence)]
    if text.strip():
        shown += [context("What you wrote. It is kept, too:"), quote(text, 2 * INPUT)]
    return modal("sorry", "Not sent" if text.strip() else "Not possible", shown)


def dismiss(case: Case) -> View:
    options = [option(label, value) for value, label in REASONS.items()]
    why = _asked("reason", "Why?", _choice("radio_buttons", "reason", options))
    more = _input("more", "In your words", "", optional=True, most=MORE)
    return modal(
        "dismiss",
        f"Dismiss {case.conversation.id}",
        [quote(said(case), SHORT), why, more],
        submit="Dismiss",
        metadata={"conversation": case.conversation.id},
    )


def snooze(case: Case, moments: Sequence[Choice], at_the_longest: datetime, zone: ZoneInfo) -> View:
    """Until when a clock is paused, and why."""
    options = [option(label, _value(at)) for label, at in moments]
    longest = f"{THEY_WRITE} {_value(at_the_longest)}"
    options.append(option("Until the customer writes, at the longest two weeks", longest))
    until = _asked(
        "until", "Until when?", _choice("radio_buttons", "until", options), hint=_on_the_wall(zone)
    )
    return modal(
        "snooze",
        f"Snooze {case.conversation.id}",
        [
            quote(said(case), SHORT),
            until,
            _picker("until_at", "Another time"),
            _input("because", "Why?", "", hint="The card shows it.", most=MORE, short=True),
        ],
        submit="Snooze",
        metadata={"conversation": case.conversation.id},
    )


def _promise(promises: Sequence[Choice], zone: ZoneInfo, keep: datetime | None) -> Block:
    """One click, and the words are ours to keep."""
    others = [option(label, _value(at)) for label, at in promises if at != keep]
    kept = [option(f"Keep: {shown(keep, zone)}", _value(keep))] if keep else []
    options = [*kept, option("No promise", NOTHING), *others]
    menu = _choice("static_select", "promise", options)
    hint = f"If your answer names a time: you are reminded of it. {_on_the_wall(zone)}"
    return _asked("promise", "Promise another word?", menu, hint=hint)


def _on_the_wall(zone: ZoneInfo) -> str:
    return f"These times are those of {zone.key}."


def _value(at: datetime) -> str:
    """The moment itself: what was shown is what is meant, however long the form was open."""
    return str(int(at.timestamp()))


def _choice(kind: str, action: str, options: Sequence[Element]) -> Element:
    """One of several, at first the first."""
    made: Element = {"type": kind, "action_id": action, "options": list(options)}
    return made | {"initial_option": options[0]}


def _picker(block: str, label: str) -> Block:
    """Any time, in the reader's own zone."""
    picker = {"type": "datetimepicker", "action_id": "at"}
    hint = "If you set it, it counts. It is in your own time zone."
    return _asked(block, label, picker, hint=hint) | {"optional": True}


def _asked(block: str, label: str, element: Element, *, hint: str = "") -> Block:
    made: Block = {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": element,
        "optional": False,
    }
    return made | ({"hint": plain(hint)} if hint else {})


def _where(case: Case, ability: Ability) -> str:
    seen = "public: everyone can read it" if case.latest.public else "private: only they read it"
    us = harmless(ability.speaks_as, CALLED)
    to = str(case.latest.extra.get("reply_to") or case.customer.handle)
    elsewhere = f" It goes to *{harmless(to, CALLED)}*." if to != case.customer.handle else ""
    return f"Published {on(case.conversation.account)} as *{us}*, {seen}.{elsewhere}"


def _length(ability: Ability) -> str:
    if ability.limit > INPUT:
        return f"Up to {INPUT:,} characters."
    return f"Up to {ability.limit:,} {ability.unit}, as the platform counts them."


def _not_sent(case: Case, draft: str) -> str:
    """Where the words come from that are in the form already."""
    if not draft:
        return ""
    refused = case.reply.refused if case.reply and case.reply.text == draft else None
    if refused:
        return f"This was not taken: {harmless(refused, CALLED)}"
    return "You wrote this before, and it was not sent."


def _input(
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
    return _asked(block, label, element, hint=hint) | {"optional": optional}


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
        "close": plain("Cancel" if submit else "Close", 24),
        "blocks": list(blocks),
        "private_metadata": json.dumps(metadata or {}),
    }
    return view | ({"submit": plain(submit, 24)} if submit else {})
