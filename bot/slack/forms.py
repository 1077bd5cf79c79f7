"""Forms: what opens when somebody wants to answer, dismiss, look back, or know why."""

import json
from collections.abc import Sequence
from typing import Any

from bot.domain.case import Case
from bot.domain.reply import Ability
from bot.slack.blocks import (
    Block,
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
from bot.slack.words import CALLED, on, said, whole_name

View = dict[str, Any]

INPUT = 3000  # what Slack's input takes at most
ASKED = 9000  # of JSON: more of the customer's words than a card has
SHORT = 1000  # of JSON: a reminder
MORE = 300
REASONS = {
    "no_answer_needed": "No answer needed",
    "not_about_us": "Not about us",
    "spam": "Spam",
    "handled_elsewhere": "Handled elsewhere",
    "other": "Another reason",
}


def reply(case: Case, ability: Ability, draft: str) -> View:
    """Where an answer is written: to whom, as whom, how public, how long."""
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
    reasons = {
        "type": "radio_buttons",
        "action_id": "reason",
        "options": options,
        "initial_option": options[0],
    }
    why = {"type": "input", "block_id": "reason", "label": plain("Why?"), "element": reasons}
    more = _input("more", "In your words", "", optional=True, most=MORE)
    return modal(
        "dismiss",
        f"Dismiss {case.conversation.id}",
        [quote(said(case), SHORT), why, more],
        submit="Dismiss",
        metadata={"conversation": case.conversation.id},
    )


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
) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": "text",
        "multiline": True,
        "max_length": most,
        "focus_on_load": not optional,
    }
    if initial:
        element["initial_value"] = clip(initial, most)
    made: Block = {
        "type": "input",
        "block_id": block,
        "label": plain(label),
        "element": element,
        "optional": optional,
    }
    return made | ({"hint": plain(hint)} if hint else {})


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
