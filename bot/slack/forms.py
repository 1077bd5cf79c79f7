"""Forms: what opens when somebody wants to answer, dismiss, look back, or know why."""

import json
from collections.abc import Sequence
from typing import Any

from bot.domain.case import Case
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Ability, Reply
from bot.domain.team import CHANNEL, HERE, OWNER, Promise, Team
from bot.slack.blocks import (
    Block,
    Element,
    clip,
    context,
    escape,
    lasting,
    line,
    link,
    option,
    person,
    plain,
    quote,
    rich,
    section,
    visible,
    when,
    when_markup,
    words,
)
from bot.slack.words import KINDS, before, judgement, platform, whole_name

View = dict[str, Any]

INPUT = 3000  # what Slack's input takes at most
SHORT = 600  # characters of each text in a history
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
    return _view(
        "reply",
        f"Answer {case.conversation.id}",
        [
            rich(line(words("To "), link(asked.url, whole_name(case.customer)))),
            quote(_subject(asked) + asked.text),
            context(_where(case, ability)),
            _input("answer", "Your answer", draft, hint=_length(ability)),
        ],
        submit="Send",
        metadata={"conversation": case.conversation.id, "mention": asked.id},
    )


def too_late(sentence: str, text: str) -> View:
    """The answer can't be taken any more; the words are there to copy."""
    kept: list[Block] = [section(sentence)]
    if text.strip():
        kept += [context("What you wrote:"), quote(text)]
    return _view("sorry", "Not sent", kept)


def dismiss(case: Case) -> View:
    reasons = {
        "type": "radio_buttons",
        "action_id": "reason",
        "options": [option(label, value) for value, label in REASONS.items()],
        "initial_option": option(REASONS["no_answer_needed"], "no_answer_needed"),
    }
    why = {"type": "input", "block_id": "reason", "label": plain("Why?"), "element": reasons}
    more = _input("more", "In your words", "", optional=True, most=300)
    return _view(
        "dismiss",
        f"Dismiss {case.conversation.id}",
        [quote(clip(case.latest.text, SHORT)), why, more],
        submit="Dismiss",
        metadata={"conversation": case.conversation.id},
    )


def why(case: Case, team: Team) -> View:
    """How the deadline came about, to the minute."""
    conversation = case.conversation
    promise = team.promise(conversation.kind, conversation.waiting_since)
    told = _reasons(case, promise, team) if promise else ["Nothing is promised for this kind."]
    return _view("why", f"Deadline of {conversation.id}", [section(each) for each in told])


def history(case: Case, said: Sequence[Mention | Reply]) -> View:
    """What this customer wrote and what we answered, newest first."""
    by = case.customer
    head = rich(line(link(by.url, whole_name(by)), words(f" · {before(case.past)}")))
    blocks: list[Block] = [head]
    for each in said:
        blocks += _said(each)
    return _view("history", "History", blocks[:100])


def _said(each: Mention | Reply) -> list[Block]:
    if isinstance(each, Reply):
        at = each.sent_at or each.written_at
        who: list[Element] = [person(each.author), words(" answered, ")]
    else:
        at = each.posted_at
        wrote = "we answered there, " if each.origin is Origin.OWN else "wrote, "
        gone = " (deleted)" if each.deleted else ""
        who = [link(each.url, f"On {platform(each.account)}{gone}"), words(f" {wrote}")]
    return [rich(line(*who, when(at), words(":"))), quote(clip(each.text, SHORT))]


def _reasons(case: Case, promise: Promise, team: Team) -> list[str]:
    conversation = case.conversation
    name = escape(clip(whole_name(case.customer), 80))
    oldest = min((m.posted_at for m in case.heard), default=promise.since)
    first = "wrote" if oldest == promise.since else "wrote the oldest message still unanswered"
    rungs = [
        f"• {when_markup(promise.due_at + rung.after)}: {_call(rung.call)}" for rung in team.ladder
    ]
    climbed = f"{conversation.rungs_climbed} of {len(rungs)} done so far"
    return [
        f"{name} {first} {when_markup(promise.since)},"
        f" by the clock of {platform(conversation.account)}.",
        f"The team *{escape(team.name)}* answers a {KINDS[promise.kind].lower()} within"
        f" *{lasting(promise.within)}*; it counts as one because {judgement(conversation)}.",
        f"So it is due *{when_markup(promise.due_at)}*."
        " A claim does not move that, and neither does a second message.",
        f"Who is called while nobody has answered ({climbed}):\n" + "\n".join(rungs),
    ]


def _call(call: str) -> str:
    named = {OWNER: "whoever has it", CHANNEL: "the channel", HERE: "all who are here"}
    if call in named:
        return named[call]
    return f"<!subteam^{call}>" if call.startswith("S") else f"<@{call}>"


def _where(case: Case, ability: Ability) -> str:
    where = platform(case.conversation.account)
    seen = "public: everyone can read it" if case.latest.public else "private: only they read it"
    return f"Published on {where} as *{escape(ability.speaks_as)}*, {seen}."


def _length(ability: Ability) -> str:
    most = min(ability.limit, INPUT)
    return f"Up to {most:,} {ability.unit}, as the platform counts them."


def _subject(asked: Mention) -> str:
    return f"{visible(asked.subject)}\n\n" if asked.subject else ""


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


def _view(
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


def opened_at(view: View) -> dict[str, Any]:
    """What a form was opened about."""
    return dict(json.loads(view.get("private_metadata") or "{}"))


def text_in(view: View, block: str) -> str:
    """What was typed into one of its inputs."""
    return str(view["state"]["values"].get(block, {}).get("text", {}).get("value") or "")


def reason_in(view: View) -> str:
    """Why somebody dismisses it, as one sentence."""
    chosen = view["state"]["values"]["reason"]["reason"]["selected_option"]["value"]
    more = text_in(view, "more").strip()
    label = REASONS.get(chosen, chosen)
    return f"{label}: {more}" if more else label
