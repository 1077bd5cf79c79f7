"""The card: a conversation as it is now, with what can be done about it."""

from datetime import datetime

from bot.domain.case import Case
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Customer, Kind
from bot.slack.blocks import (
    FALLBACK,
    Block,
    Element,
    Message,
    actions,
    button,
    clip,
    context,
    escape,
    is_link,
    lasting,
    line,
    link,
    option,
    person,
    quote,
    rich,
    visible,
    when,
    when_markup,
    words,
)
from bot.slack.words import FACES, KINDS, before, judgement, outcome, platform, whole_name

MEDIA = 5  # links to pictures on a card


def card(case: Case, now: datetime) -> Message:
    """What one message in the channel shows of this case; nothing in it was asked for elsewhere."""
    blocks = [rich(_headline(case, now), _customer(case)), quote(_said(case))]
    blocks += _media(case) + _answer(case)
    blocks.append(context(_small_print(case)))
    if buttons := _buttons(case):
        blocks.append(actions(*buttons))
    return Message(_fallback(case, now), blocks)


def _headline(case: Case, now: datetime) -> Element:
    conversation = case.conversation
    kind = conversation.kind
    return line(
        {"type": "emoji", "name": FACES[kind]},
        words(f" {KINDS[kind]}", bold=True),
        words(f" on {platform(conversation.account)} · "),
        *_standing(conversation, now),
        words(f" · #{conversation.id}\n"),
    )


def _standing(conversation: Conversation, now: datetime) -> list[Element]:
    """How it stands with the clock."""
    if conversation.state is State.ANSWERED:
        return [words("answered", bold=True), words(_punctuality(conversation))]
    if conversation.state is State.DISMISSED:
        return [words("closed", bold=True)]
    if conversation.due_at is None:
        return [words("no deadline")]
    verb = "overdue since " if conversation.late(now) else "due "
    return [words(verb, bold=conversation.late(now)), when(conversation.due_at, ago=True)]


def _punctuality(conversation: Conversation) -> str:
    """The verdict, from the times that are written down."""
    if conversation.closed_at is None or conversation.due_at is None:
        return ""
    span = conversation.closed_at - conversation.due_at
    taken = conversation.closed_at - conversation.waiting_since
    verdict = "in time" if span.total_seconds() <= 0 else f"{lasting(span)} late"
    return f" after {lasting(taken)}, {verdict}"


def _customer(case: Case) -> Element:
    by = case.customer
    parts = [link(by.url, whole_name(by))]
    facts = [f"{by.followers:,} followers"] if by.followers is not None else []
    facts.append(before(case.past))
    return line(*parts, words(" · " + " · ".join(facts) + _ago(case)), *_last_time(case))


def _ago(case: Case) -> str:
    return " " if case.past.last_closed_at else ""


def _last_time(case: Case) -> list[Element]:
    at = case.past.last_closed_at
    return [when(at)] if at else []


def _said(case: Case) -> str:
    latest = case.latest
    subject = f"{latest.subject}\n\n" if latest.subject else ""
    return subject + latest.text


def _media(case: Case) -> list[Block]:
    links = [url for url in case.latest.media if is_link(url)][:MEDIA]
    if not links:
        return []
    parts = [
        part for n, url in enumerate(links, 1) for part in (link(url, f"media {n}"), words(" "))
    ]
    return [rich(line(*parts))]


def _answer(case: Case) -> list[Block]:
    """What we said, or are saying."""
    reply, there = case.reply, case.answer_from_elsewhere
    conversation = case.conversation
    if reply and reply.sent_at and conversation.state is State.ANSWERED:
        shown = rich(
            line(person(reply.author), words(" answered "), when(reply.sent_at), words(":"))
        )
        return [shown, quote(reply.text)]
    if reply and conversation.state is State.REPLYING:
        return [rich(line(person(reply.author), words(" is answering:"))), quote(reply.text)]
    if there and conversation.state is State.ANSWERED and not conversation.closed_by:
        where = words(f"Answered on {platform(conversation.account)} itself:")
        return [rich(line(where)), quote(there.text)]
    return []


def _small_print(case: Case) -> str:
    conversation, latest = case.conversation, case.latest
    parts = [_holder(conversation)]
    parts += [] if latest.public else ["private message"]
    parts += [f"can't be answered from here: {escape(latest.no_reply)}"] if latest.no_reply else []
    parts.append(f"{KINDS[conversation.kind].lower()} because {judgement(conversation)}")
    if case.reply and case.reply.url and case.reply.sent_at and is_link(case.reply.url):
        parts.append(f"<{escape(case.reply.url)}|our answer>")
    return " · ".join(parts)


def _holder(conversation: Conversation) -> str:
    if conversation.state in (State.ANSWERED, State.DISMISSED):
        return outcome(conversation)
    if conversation.unsure:
        return f"*The answer may be published or not.* <@{conversation.owner}>, look and say"
    if conversation.owner:
        verb = "is answering" if conversation.state is State.REPLYING else "has it"
        return f"<@{conversation.owner}> {verb}"
    return "nobody has it yet"


def _buttons(case: Case) -> list[Element]:
    conversation, latest = case.conversation, case.latest
    if not conversation.open:
        return [_menu(case)] if conversation.state is not State.REPLYING else []
    if conversation.unsure:
        return [*_doubt(conversation), _menu(case)]
    if latest.no_reply:
        return [*_there(case), _hand(case), _menu(case)]
    says = f"Reply to {whole_name(case.customer)}"
    reply = button("reply", "Reply", conversation.id, style="primary", says=says)
    return [reply, _hand(case), _menu(case)]


def _hand(case: Case) -> Element:
    """Claim, or take over what somebody else has."""
    conversation, of = case.conversation, whole_name(case.customer)
    if conversation.owner:
        return button("take_over", "Take over", conversation.id, says=f"Take over {of}")
    return button("claim", "Claim", conversation.id, says=f"Claim {of}")


def _there(case: Case) -> list[Element]:
    """Where the platform does not let us answer: open it there, and say when it is done."""
    conversation, url = case.conversation, case.latest.url
    done = button("answered_there", "I answered there", conversation.id)
    if not is_link(url):
        return [done]
    where = f"Open on {platform(conversation.account)}"
    return [button("open", where, conversation.id, style="primary", url=str(url)), done]


def _doubt(conversation: Conversation) -> list[Element]:
    return [
        button("it_is_there", "It is published", conversation.id, style="primary"),
        button("send_again", "It is not: send again", conversation.id),
    ]


def _menu(case: Case) -> Element:
    conversation, url = case.conversation, case.latest.url
    options = [option("History", f"history {conversation.id}")]
    if conversation.due_at:
        options.append(option("Why this deadline?", f"why {conversation.id}"))
    if conversation.open:
        options.insert(0, option("Dismiss…", f"dismiss {conversation.id}"))
        options.insert(1, _verdict(conversation))
    if is_link(url):
        where = f"Open on {platform(conversation.account)}"
        options.append(option(where, f"open {conversation.id}", url=str(url)))
    return {"type": "overflow", "action_id": "menu", "options": options}


def _verdict(conversation: Conversation) -> Element:
    if conversation.kind is Kind.COMPLAINT:
        return option("Not a complaint", f"question {conversation.id}")
    return option("It is a complaint", f"complaint {conversation.id}")


def _fallback(case: Case, now: datetime) -> str:
    """Everything the card shows, in one breath."""
    conversation = case.conversation
    said = escape(clip(visible(_said(case)), FALLBACK))
    parts = [
        f"{KINDS[conversation.kind]} {conversation.id} on {platform(conversation.account)}"
        f" from {escape(clip(whole_name(case.customer), 200))}: {said}",
        _spoken_clock(conversation, now),
        _small_print(case),
    ]
    if case.reply and case.reply.sent_at:
        parts.append(f"Our answer: {escape(clip(visible(case.reply.text), 500))}")
    return " · ".join(part for part in parts if part)


def _spoken_clock(conversation: Conversation, now: datetime) -> str:
    if not conversation.due_at or not (conversation.open or conversation.state is State.REPLYING):
        return ""
    return ("overdue since " if conversation.late(now) else "due ") + when_markup(
        conversation.due_at
    )


def title(customer: Customer, kind: Kind) -> str:
    """A case in a few words, as markup: for nags and lists."""
    return f"the {KINDS[kind].lower()} of {escape(clip(whole_name(customer), 80))}"
