"""The card: a conversation as it is now, with what can be done about it."""

from datetime import datetime

from bot.domain.case import Case
from bot.domain.conversation import Conversation, State
from bot.domain.mention import Customer, Kind
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    context,
    count,
    emoji,
    lasting,
    line,
    link,
    person,
    quote,
    rich,
    when,
    when_markup,
    words,
)
from bot.slack.buttons import buttons
from bot.slack.text import address, harmless
from bot.slack.words import (
    CALLED,
    FACES,
    KINDS,
    REASON,
    before,
    judgement,
    on,
    outcome,
    said,
    whole_name,
)

MEDIA = 5  # links to pictures on a card
MEDIA_LENGTH = 1500  # characters of all these addresses together
ANSWER = 1800  # of JSON
SAID, REPLIED = 2000, 400  # characters of the fallback, after escaping


def card(case: Case, now: datetime) -> Message:
    """What one message in the channel shows of this case; nothing in it was asked for elsewhere."""
    answer = _answer(case)
    blocks = [rich(_headline(case, now), _customer(case)), quote(said(case))]
    blocks += _media(case) + answer
    blocks.append(context(_small_print(case, answered=bool(answer))))
    if row := buttons(case):
        blocks.append(actions(*row))
    return Message(_fallback(case, now), blocks)


def title(customer: Customer, kind: Kind) -> str:
    """A case in a few words, as markup: for nags."""
    return f"the {KINDS[kind].lower()} from {harmless(whole_name(customer), CALLED)}"


def _headline(case: Case, now: datetime) -> Element:
    conversation = case.conversation
    kind = conversation.kind
    return line(
        emoji(FACES[kind]),
        words(f" {KINDS[kind]} #{conversation.id}", bold=True),
        words(f" {on(conversation.account)} · "),
        *_standing(conversation, now),
        words("\n"),
    )


def _standing(conversation: Conversation, now: datetime) -> list[Element]:
    """How it stands with the clock."""
    if conversation.state is State.ANSWERED:
        return [words("answered", bold=True), words(_punctuality(conversation))]
    if conversation.state is State.DISMISSED:
        return [words("dismissed" if conversation.closed_by else "closed", bold=True)]
    if conversation.due_at is None:
        return [words("no deadline")]
    if conversation.late(now):
        return [words("overdue since ", bold=True), when(conversation.due_at, ago=True)]
    return [words("due "), when(conversation.due_at, ago=True)]


def _punctuality(conversation: Conversation) -> str:
    """The verdict, from the times that are written down."""
    if conversation.closed_at is None or conversation.due_at is None:
        return ""
    span = conversation.closed_at - conversation.due_at
    taken = conversation.closed_at - conversation.waiting_since
    verdict = "in time" if span.total_seconds() <= 0 else f"{lasting(span)} late"
    return f" after {lasting(taken)}, {verdict}"


def _customer(case: Case) -> Element:
    by, last = case.customer, case.past.last_closed_at
    followers = [count(by.followers, "follower")] if by.followers is not None else []
    facts = " · ".join([*followers, _before(case)])
    ended = [words(" "), when(last)] if last else []
    return line(link(by.url, whole_name(by)), words(f" · {facts}"), *ended)


def _before(case: Case) -> str:
    if not case.past.times and case.heard[0].posted_at < case.conversation.waiting_since:
        return "wrote before in this conversation"
    return before(case.past)


def _media(case: Case) -> list[Block]:
    links, length = [], 0
    for url in case.latest.media[:MEDIA]:
        length += len(address(url) or "")
        if address(url) and length <= MEDIA_LENGTH:
            links.append(url)
    if not links:
        return []
    named = [f"attachment {n}" if len(links) > 1 else "attachment" for n in range(1, 1 + MEDIA)]
    parts = [
        part for pair in zip(links, named, strict=False) for part in (link(*pair), words("  "))
    ]
    return [rich(line(*parts[:-1]))]


def _answer(case: Case) -> list[Block]:
    """What we said, or are saying."""
    reply, there = case.reply, case.answer_from_elsewhere
    state = case.conversation.state
    if reply and reply.sent_at and _answered_from_here(case.conversation):
        answered = link(reply.url, "answered") if reply.url else words("answered")
        told = [person(reply.author), words(" "), answered, words(" "), when(reply.sent_at)]
        return [rich(line(*told, words(":"))), quote(reply.text, ANSWER)]
    if reply and state is State.REPLYING:
        told = [person(reply.author), words(" is answering:")]
        return [rich(line(*told)), quote(reply.text, ANSWER)]
    if there and state is State.ANSWERED and not case.conversation.closed_by:
        told = [words(f"Answered {on(case.conversation.account)} itself:")]
        return [rich(line(*told)), quote(there.text, ANSWER)]
    return []


def _answered_from_here(conversation: Conversation) -> bool:
    return conversation.state is State.ANSWERED and not conversation.closed_because


def _small_print(case: Case, *, answered: bool = False) -> str:
    """Who has it and why it is what it is; with the answer above, not who gave it."""
    conversation, latest = case.conversation, case.latest
    parts = [] if answered else [_holder(conversation)]
    parts += [f"{waiting} messages wait"] if (waiting := _waiting(case)) > 1 else []
    parts += [] if latest.public else ["private message"]
    if latest.no_reply and conversation.open:
        parts.append(f"can't be answered from here: {harmless(latest.no_reply, REASON)}")
    parts.append(f"{KINDS[conversation.kind].lower()} because {judgement(conversation)}")
    return " · ".join(parts)


def _waiting(case: Case) -> int:
    """How many of the customer's messages nobody has answered."""
    since = case.conversation.waiting_since
    new = [m for m in case.heard if m.posted_at >= since and not m.deleted]
    return len(new) if case.conversation.open else 0


def _holder(conversation: Conversation) -> str:
    if conversation.state in (State.ANSWERED, State.DISMISSED):
        return outcome(conversation)
    if conversation.unsure:
        return f"*The answer may be published or not.* <@{conversation.owner}>, look and say"
    if conversation.owner:
        verb = "is answering" if conversation.state is State.REPLYING else "has it"
        return f"<@{conversation.owner}> {verb}"
    return "nobody has it yet"


def _fallback(case: Case, now: datetime) -> str:
    """Everything the card shows, in one breath."""
    conversation, customer = case.conversation, harmless(whole_name(case.customer), CALLED)
    parts = [
        f"{KINDS[conversation.kind]} {conversation.id} {on(conversation.account)}"
        f" from {customer}: {harmless(said(case), SAID)}",
        _spoken_clock(conversation, now),
        _small_print(case),
        *_spoken_facts(case),
    ]
    if answer := _answered_with(case):
        parts.append(f"Our answer: {harmless(answer, REPLIED)}")
    return " · ".join(part for part in parts if part)


def _spoken_facts(case: Case) -> list[str]:
    """What a sighted person sees of the customer, and of what they sent along."""
    followers = case.customer.followers
    media = len(case.latest.media)
    return [
        f"{followers:,} followers" if followers is not None else "",
        _before(case),
        f"{media} attachment{'s' if media > 1 else ''}" if media else "",
    ]


def _answered_with(case: Case) -> str:
    reply, there = case.reply, case.answer_from_elsewhere
    if reply and _answered_from_here(case.conversation):
        return reply.text
    return there.text if there and case.conversation.state is State.ANSWERED else ""


def _spoken_clock(conversation: Conversation, now: datetime) -> str:
    if not conversation.due_at or not (conversation.open or conversation.state is State.REPLYING):
        return ""
    verb = "overdue since" if conversation.late(now) else "due"
    return f"{verb} {when_markup(conversation.due_at)}"
