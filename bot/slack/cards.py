"""The card: a conversation as it is now, with what can be done about it."""

from datetime import datetime

from bot.domain.case import Case
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Customer, Kind, Mention
from bot.domain.reply import Reply
from bot.slack import standing
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    context,
    count,
    emoji,
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
    by,
    judgement,
    on,
    outcome,
    platform,
    said,
    settled,
    whole_name,
)

MEDIA = 5  # links to pictures on a card
MEDIA_LENGTH = 1500  # characters of all these addresses together
ANSWER = 1800  # of JSON
TAGS = 100  # characters of markup
SAID, REPLIED = 2000, 400  # characters of the fallback, after escaping


def card(case: Case, now: datetime) -> Message:
    """What one message in the channel shows of this case; nothing in it was asked for elsewhere."""
    answer = _answer(case)
    blocks = [rich(_headline(case, now), _customer(case)), quote(said(case))]
    blocks += _media(case) + answer
    blocks.append(context(_small_print(case, now, answered=bool(answer))))
    if row := buttons(case, now):
        blocks.append(actions(*row))
    return Message(_fallback(case, now), blocks)


def title(customer: Customer, kind: Kind) -> str:
    """A case in a few words, as markup: for nags."""
    return f"the {KINDS[kind].lower()} from {harmless(whole_name(customer), CALLED)}"


def _headline(case: Case, now: datetime) -> Element:
    """The platform's name opens the post."""
    conversation, url = case.conversation, address(case.latest.url)
    kind, place = conversation.kind, platform(conversation.account)
    return line(
        emoji(FACES[kind]),
        words(f" {KINDS[kind]} #{conversation.id}", bold=True),
        words(f" {by(conversation.account)} "),
        link(url, place) if url else words(place),
        words(" · "),
        *standing.seen(conversation, now),
        words("\n"),
    )


def _customer(case: Case) -> Element:
    customer, last = case.customer, case.past.last_closed_at
    known = customer.followers is not None
    followers = [count(customer.followers or 0, "follower")] if known else []
    facts = " · ".join([*followers, _before(case)])
    ended = [words(" "), when(last)] if last else []
    named = link(customer.url, whole_name(customer))
    return line(named, words(f" · {facts}"), *ended)


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
    conversation, reply = case.conversation, case.reply
    if reply and conversation.state is State.REPLYING:
        told = [person(reply.author), words(" is answering:")]
        return [rich(line(*told)), quote(reply.text, ANSWER)]
    if sent := _sent(case):
        answered = link(sent.url, "answered") if sent.url else words("answered")
        told = [person(sent.author), words(" "), answered, *_at(sent.sent_at), words(":")]
        return [rich(line(*told)), quote(sent.text, ANSWER)]
    if there := _there(case):
        told = [words(f"Answered {on(conversation.account)} itself:")]
        return [rich(line(*told)), quote(there.text, ANSWER)]
    return []


def _at(moment: datetime | None) -> list[Element]:
    return [words(" "), when(moment)] if moment else []


def _answered(conversation: Conversation) -> bool:
    """Whether the customer's last words have our answer."""
    return conversation.state is State.ANSWERED or (conversation.open and not conversation.waits)


def _sent(case: Case) -> Reply | None:
    """Our reply, where it is the last answer: not that of an earlier round."""
    conversation, reply = case.conversation, case.reply
    if not (reply and reply.sent_at) or not _answered(conversation) or conversation.closed_because:
        return None
    earlier = conversation.answered_at and reply.sent_at < conversation.answered_at
    return None if earlier else reply


def _there(case: Case) -> Mention | None:
    """What the brand wrote elsewhere, where that is the last answer and nobody else said so."""
    conversation, there = case.conversation, case.answer_from_elsewhere
    said_so = conversation.closed_by and not settled(conversation)
    if there is None or said_so or not _answered(conversation) or _sent(case):
        return None
    return there if there.posted_at >= conversation.waiting_since else None


def _small_print(case: Case, now: datetime, *, answered: bool = False) -> str:
    """Who has it and why it is what it is; with the answer above, not who gave it."""
    conversation, latest = case.conversation, case.latest
    parts = [] if answered and not _more_to_say(conversation) else [_holder(conversation)]
    parts += _promise(conversation)
    parts += [f"{waiting} messages wait"] if (waiting := _waiting(case)) > 1 else []
    parts += [] if latest.public else ["private message"]
    if latest.no_reply and conversation.open:
        parts.append(f"can't be answered from here: {harmless(latest.no_reply, REASON)}")
    parts += _pause(conversation, now)
    parts += [f"tagged {harmless(', '.join(conversation.tags), TAGS)}"] if conversation.tags else []
    parts.append(f"{KINDS[conversation.kind].lower()} because {judgement(conversation)}")
    return " · ".join(parts)


def _more_to_say(conversation: Conversation) -> bool:
    """Whether it goes on after the answer that is shown, or somebody else has ended it."""
    return conversation.open or settled(conversation)


def _promise(conversation: Conversation) -> list[str]:
    if conversation.state not in UNSETTLED or not conversation.promised_for:
        return []
    whose = f" by <@{conversation.promised_by}>" if conversation.promised_by else ""
    return [f"another word is promised{whose} for {when_markup(conversation.promised_for)}"]


def _pause(conversation: Conversation, now: datetime) -> list[str]:
    """Who has paused it, and why."""
    pause = conversation.snoozed(now)
    if pause is None:
        return []
    whose = f" by <@{conversation.snoozed_by}>" if conversation.snoozed_by else ""
    return [f"paused{whose}: {harmless(pause.why, REASON)}"]


def _waiting(case: Case) -> int:
    """How many of the customer's messages nobody has answered."""
    conversation = case.conversation
    since = conversation.waiting_since
    new = [m for m in case.heard if m.posted_at >= since and not m.deleted]
    return len(new) if conversation.open and conversation.waits else 0


def _holder(conversation: Conversation) -> str:
    if conversation.state in (State.ANSWERED, State.DISMISSED):
        return outcome(conversation)
    if conversation.unsure:
        return f"*The answer may be published or not.* <@{conversation.owner}>, look and say"
    if conversation.state is State.REPLYING:
        return f"<@{conversation.owner}> is answering"
    if conversation.owner:
        return f"<@{conversation.owner}> has it{_until(conversation)}"
    return "nobody has it yet" if conversation.waits else "nobody has it"


def _until(conversation: Conversation) -> str:
    """When the claim lets go."""
    ends = conversation.claimed_until
    return f", until {when_markup(ends)} if nothing happens" if ends else ""


def _fallback(case: Case, now: datetime) -> str:
    """Everything the card shows, in one breath."""
    conversation, customer = case.conversation, harmless(whole_name(case.customer), CALLED)
    parts = [
        f"{KINDS[conversation.kind]} {conversation.id} {on(conversation.account)}"
        f" from {customer}: {harmless(said(case), SAID)}",
        _spoken_standing(conversation, now),
        _small_print(case, now),
        *_spoken_facts(case),
    ]
    if answer := _answered_with(case):
        parts.append(f"Our answer: {harmless(answer, REPLIED)}")
    return " · ".join(part for part in parts if part)


def _spoken_standing(conversation: Conversation, now: datetime) -> str:
    """Nothing where the outcome says the same."""
    over = conversation.state is State.DISMISSED or settled(conversation)
    return "" if over else standing.spoken(conversation, now)


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
    answer = _sent(case) or _there(case)
    return answer.text if answer else ""
