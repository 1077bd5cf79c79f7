"""What one reads and does not fill in: how a deadline came about, and a customer's history."""

from collections.abc import Sequence

from bot.domain.case import Case
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Reply
from bot.domain.team import CHANNEL, HERE, OWNER, Promise, Rung, Team
from bot.slack.blocks import (
    Block,
    Element,
    context,
    group,
    lasting,
    line,
    link,
    listing,
    person,
    quote,
    rich,
    section,
    when,
    when_markup,
    words,
)
from bot.slack.forms import View, modal
from bot.slack.text import harmless
from bot.slack.words import CALLED, KINDS, before, judgement, on, plural, whole_name

OLDER = 20  # entries of a history: Slack takes 250 kB for a form
SHORT = 1000  # of JSON: of each text in it


def why(case: Case, team: Team) -> View:
    """How the deadline came about, to the minute."""
    conversation = case.conversation
    promise = team.promise(conversation.kind, conversation.waiting_since)
    told = _reasons(case, promise, team) if promise else [_no_promise(case, team)]
    return modal("why", f"Deadline of {conversation.id}", told)


def history(case: Case, heard: Sequence[Mention | Reply]) -> View:
    """What this customer wrote and what we answered, newest first."""
    by = case.customer
    blocks: list[Block] = [
        rich(line(link(by.url, whole_name(by)), words(f" · {before(case.past)}")))
    ]
    for each in heard[:OLDER]:
        blocks += _entry(each)
    if len(heard) > OLDER:
        blocks.append(context(f"These are the newest {OLDER}."))
    return modal("history", "History", blocks)


def _entry(each: Mention | Reply) -> list[Block]:
    if isinstance(each, Reply):
        at, who = each.sent_at or each.written_at, [person(each.author), words(" ")]
        who.append(_linked(each.url, "answered"))
    else:
        at, who = each.posted_at, [_linked(each.url, _verb(each))]
    return [rich(line(*who, words(" · "), when(at))), quote(each.text, SHORT)]


def _verb(mention: Mention) -> str:
    verb = "answered there" if mention.origin is Origin.OWN else "wrote"
    gone = ", deleted since" if mention.deleted else ""
    return f"{verb} {on(mention.account)}{gone}"


def _linked(url: str | None, text: str) -> Element:
    return link(url, text) if url else words(text)


def _no_promise(case: Case, team: Team) -> Block:
    kind = plural(case.conversation.kind)
    return section(
        f"The team *{harmless(team.name, CALLED)}* promises nothing for {kind}, so there is no"
        " deadline and nobody is called."
    )


def _reasons(case: Case, promise: Promise, team: Team) -> list[Block]:
    conversation = case.conversation
    name = harmless(whole_name(case.customer), CALLED)
    settled = conversation.closed_at is not None
    return [
        section(
            f"{name} {_since(case, promise)} {when_markup(promise.since)}, by the platform's clock."
        ),
        section(
            f"*{harmless(team.name, CALLED)}* answers a {KINDS[promise.kind].lower()} within"
            f" *{lasting(promise.within)}*. It counts as one because {judgement(conversation)}."
        ),
        section(f"So it {'was' if settled else 'is'} due *{when_markup(promise.due_at)}*."),
        context("A claim does not move that, and neither does a second message."),
        section("*Who is called while nobody has answered*"),
        rich(listing(_rung(rung, promise) for rung in team.ladder)),
        context(f"{conversation.rungs_climbed} of {len(team.ladder)} so far."),
    ]


def _since(case: Case, promise: Promise) -> str:
    waiting = [m for m in case.heard if m.posted_at >= promise.since and not m.deleted]
    return "wrote the oldest message that still waits" if len(waiting) > 1 else "wrote"


def _rung(rung: Rung, promise: Promise) -> Element:
    return line(when(promise.due_at + rung.after), words(": "), _call(rung.call))


def _call(call: str) -> Element:
    named = {OWNER: "whoever has it", CHANNEL: "the channel", HERE: "all who are here"}
    if call in named:
        return words(named[call])
    return group(call) if call.startswith("S") else person(call)
