"""The card: a conversation as it is now, with what can be done about it."""

import re
from dataclasses import replace
from datetime import datetime

from bot.domain.case import Case
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.forgotten import BY_AGE, forgotten_by
from bot.domain.mention import Customer, Kind, Mention
from bot.domain.reply import WRITING, Amendment, Reply
from bot.slack import lands, standing
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    context,
    emoji,
    in_json,
    line,
    link,
    person,
    quote,
    rich,
    section,
    sentence,
    when,
    when_markup,
    words,
)
from bot.slack.buttons import buttons
from bot.slack.text import address, clip, harmless, visible
from bot.slack.tongue import N_, _, n_, p_
from bot.slack.words import (
    CALLED,
    FACES,
    REASON,
    apart,
    attached,
    before,
    brought,
    followers,
    gravity,
    inside,
    judgement,
    named,
    on,
    outcome,
    said,
    settled,
    singular,
    stars,
    whole_name,
)
from bot.slack.written import NO_REPLIES, retold

MEDIA = 5  # links to pictures on a card
ANSWER = 1800  # of JSON
READ = 4000  # of JSON: of an answer that somebody approves, who must read all of it
TAGS = 100  # characters of markup
SAID, REPLIED = 2000, 400  # characters of the fallback, after escaping
WRITERS = 3  # that a card names
PICTURE = re.compile(r"(?:\.|format=)(?:png|jpe?g|gif)(?=$|[?#&:])", re.I)
LINK = 300  # characters of an address that is read
CORRECTED = N_("corrected by <@{who}> {at}")
WITHDRAWN = N_("withdrawn by <@{who}> {at}")
CORRECTING = N_("<@{who}> is correcting the answer")
WITHDRAWING = N_("<@{who}> is withdrawing the answer")
NOT_CORRECTED = N_("<@{who}> wanted to correct the answer; it stands as it was")
NOT_WITHDRAWN = N_("<@{who}> wanted to withdraw the answer; it stands as it was")
TITLES = {
    Kind.COMPLAINT: N_("the complaint from {customer}"),
    Kind.QUESTION: N_("the question from {customer}"),
    Kind.PRAISE: N_("the praise from {customer}"),
    Kind.OTHER: N_("the mention from {customer}"),
}


def card(case: Case, now: datetime) -> Message:
    """What one message in the channel shows of this case; nothing in it was asked for elsewhere."""
    if case.conversation.forgotten:
        return _forgotten(case.conversation)
    answer = _answer(case)
    blocks = [rich(_headline(case, now), _customer(case)), *_stars(case), quote(said(case))]
    blocks += _media(case) + answer + _amended(case)
    blocks.append(context(_small_print(case, now, answered=bool(answer))))
    if row := buttons(case, now):
        blocks.append(actions(*row))
    return Message(_fallback(case, now), blocks)


def _stars(case: Case) -> list[Block]:
    rating = case.latest.rating
    return [context(stars(rating))] if rating else []


def _forgotten(conversation: Conversation) -> Message:
    """What is left of a card whose words were removed."""
    by = forgotten_by(conversation.thread)
    if by == BY_AGE:
        told = _("Conversation {number}: its words were removed, for it ended long ago.")
    else:
        told = _("Conversation {number}: its words were removed on request by <@{by}>.")
    text = told.format(number=conversation.id, by=by)
    return Message(text, [section(text)])


def title(customer: Customer, kind: Kind) -> str:
    """A case in a few words, as markup: for nags."""
    return _(TITLES[kind]).format(customer=harmless(whole_name(customer), CALLED))


def _headline(case: Case, now: datetime) -> Element:
    """The platform's name opens the post."""
    conversation, url = case.conversation, address(case.latest.url)
    kind, (on_a, place) = conversation.kind, apart(conversation.account)
    return line(
        emoji(FACES[kind]),
        words(f" {named(kind)} #{conversation.id}", bold=True),
        words(f" {on_a}"),
        link(url, place) if url else words(place),
        words(" · "),
        *_gravity(conversation),
        *standing.seen(conversation, now),
        words("\n"),
    )


def _gravity(conversation: Conversation) -> list[Element]:
    told = [(words(each, bold=True), words(" · ")) for each in gravity(conversation)]
    return [part for pair in told for part in pair]


def _customer(case: Case) -> Element:
    """Who it is, and what we know of them, in one line."""
    customer, last = case.customer, case.past.last_closed_at
    facts = " · ".join([*_followed(case), *_tagged(case), _before(case)])
    ended = [words(" "), when(last)] if last else []
    who = link(customer.url, whole_name(customer))
    return line(who, words(f" · {facts}"), *ended, *_knowing(case), *_also(case))


def _followed(case: Case) -> list[str]:
    many, verified = case.customer.followers, case.customer.verified
    told = [followers(many)] if many is not None else []
    return [*told, _("verified")] if verified else told


def _tagged(case: Case) -> list[str]:
    return (
        [clip(visible(", ".join(case.conversation.tags)), TAGS)] if case.conversation.tags else []
    )


def _knowing(case: Case) -> list[Element]:
    """The colleague whose answers they had last."""
    if not case.known_by:
        return []
    return [words(" · "), *sentence(_("{who} knows them"), who=person(case.known_by[0]))]


def _also(case: Case) -> list[Element]:
    """Whether there is something to read about them, and in which language they write."""
    told = [_notes(case.notes)] if case.notes else []
    told += [foreign] if (foreign := lands.foreign(case.conversation.language)) else []
    return [words("".join(f" · {each}" for each in told))] if told else []


def _notes(many: int) -> str:
    return n_("{many} note", "{many} notes", many).format(many=many)


def _before(case: Case) -> str:
    if not case.past.times and case.heard[0].posted_at < case.conversation.waiting_since:
        return _("wrote before in this conversation")
    return before(case.past)


def _media(case: Case) -> list[Block]:
    """What came along: as pictures where the team wants to see them, else as links or a number."""
    seen: list[Block] = []
    others = []
    for url in case.latest.media[:MEDIA]:
        if picture := _picture(case, url, len(seen) + 1):
            seen.append(picture)
        else:
            others.append(url)
    hidden = inside([*others, *case.latest.media[MEDIA:]])
    links = attached(others)
    linked = [rich(line(*links))] if links else []
    return [*seen, *linked, *map(context, hidden)]


def _picture(case: Case, url: str, number: int) -> Block | None:
    """None: it is no picture, or is not here yet."""
    if url not in case.pictures:
        return None
    told = _("Picture {number} from {customer}")
    alt = told.format(number=number, customer=whole_name(case.customer))
    if file := case.pictures[url]:
        return {"type": "image", "slack_file": {"id": file}, "alt_text": alt}
    where = address(url)
    if not where or not where.startswith("https://") or not PICTURE.search(where):
        return None
    return {"type": "image", "image_url": where, "alt_text": alt}


def _answer(case: Case) -> list[Block]:
    """What we said, or are saying."""
    conversation, reply = case.conversation, case.reply
    if reply and conversation.proposed == reply.key:
        told = sentence(_("{who} has written, and waits for approval:"), who=person(reply.author))
        return [rich(line(*told)), quote(reply.as_published, READ), context(_goes(case, reply))]
    if reply and conversation.state is State.REPLYING:
        told = sentence(_("{who} is answering:"), who=person(reply.author))
        return [rich(line(*told)), quote(reply.as_published, ANSWER), *_with_it(reply)]
    if sent := _sent(case):
        return [rich(line(*_told(sent))), quote(sent.as_published, ANSWER), *_with_it(sent)]
    if there := _there(case):
        return _shown_there(conversation, there)
    return []


def _goes(case: Case, reply: Reply) -> str:
    """What a second person must know besides the words: who reads it, and what goes along."""
    at = next((mention for mention in case.mentions if mention.id == reply.mention), case.latest)
    seen = _("public: everyone can read it") if at.public else _("private: only they read it")
    parts = [seen, *brought(reply.files)]
    if reply.promised_for:
        told = _("another word is promised for {at}")
        parts.append(told.format(at=when_markup(reply.promised_for)))
    if clip(whole := visible(reply.as_published), READ, in_json) != whole:
        parts.append(_("*This is not all of it:* press *Change…* to read the rest"))
    return " · ".join(parts)


def _with_it(reply: Reply) -> list[Block]:
    return [context(told) for told in brought(reply.files)]


def _shown_there(conversation: Conversation, there: Mention) -> list[Block]:
    """What the brand wrote there; where nobody else has seen it, its link."""
    who, place = conversation.closed_by, on(conversation.account)
    if settled(conversation):
        who = None
    told = sentence(_("Answered {on} itself:"), on=place)
    if who:
        told = sentence(_("Answered {on} itself, says {who}:"), on=place, who=person(who))
    if there.text.strip():
        return [rich(line(*told)), quote(there.text, ANSWER)]
    return [rich(line(*told, words(" "), link(there.url, clip(there.url or "", LINK))))]


def _amended(case: Case) -> list[Block]:
    """What became of the answer after it was published."""
    reply, amendment = case.reply, case.amendment
    if not (reply and amendment) or case.conversation.state is State.REPLYING:
        return []
    if amendment.done_at and amendment.done_at < case.conversation.waiting_since:
        return []
    return [context(_(_how(amendment)).format(who=amendment.author, at=_at(amendment)))]


def _how(amendment: Amendment) -> str:
    correct = amendment.what == "correct"
    if amendment.done_at:
        return CORRECTED if correct else WITHDRAWN
    if amendment.refused:
        return NOT_CORRECTED if correct else NOT_WITHDRAWN
    return CORRECTING if correct else WITHDRAWING


def _at(amendment: Amendment) -> str:
    return when_markup(amendment.done_at or amendment.at)


def _told(sent: Reply) -> list[Element]:
    """Who answered, and when."""
    text = p_("who, when", "answered")
    answered = link(sent.url, text) if sent.url else words(text)
    if sent.sent_at is None:
        return sentence(_("{who} {answered}:"), who=person(sent.author), answered=answered)
    return sentence(
        _("{who} {answered} {at}:"),
        who=person(sent.author),
        answered=answered,
        at=when(sent.sent_at),
    )


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
    """What the brand wrote elsewhere, where that is the last answer."""
    conversation, there = case.conversation, case.answer_from_elsewhere
    if there is None or not _answered(conversation) or _sent(case):
        return None
    return there if there.posted_at >= conversation.waiting_since else None


def _small_print(case: Case, now: datetime, *, answered: bool = False) -> str:
    """Who has it and why it is what it is; with the answer above, not who gave it."""
    conversation, latest = case.conversation, case.latest
    parts = [] if answered and not _more_to_say(conversation) else [_holder(conversation)]
    parts += _writing(case, now)
    parts += _promise(conversation)
    parts += [_wait(waiting)] if (waiting := _waiting(case)) > 1 else []
    parts += [] if latest.public else [_("private message")]
    parts += _answerable(latest, now) if conversation.open else []
    parts += _pause(conversation, now)
    parts += _raised(conversation)
    parts.append(_because(conversation))
    return " · ".join(parts)


def _answerable(latest: Mention, now: datetime) -> list[str]:
    """Whether its platform lets us answer, and until when."""
    if no := latest.unanswerable(now):
        why = harmless(retold(no, NO_REPLIES), REASON)
        return [_("can't be answered from here: {why}").format(why=why)]
    return [_until(latest.reply_by)] if latest.reply_by else []


def _until(moment: datetime) -> str:
    return _("can be answered until {moment}").format(moment=when_markup(moment))


def _writing(case: Case, now: datetime) -> list[str]:
    """Who is at an answer right now: two answers are one too many."""
    if not case.conversation.open or case.conversation.proposed:
        return []
    at_it = [draft.author for draft in case.drafts if now - draft.at < WRITING]
    return [_("<@{who}> is writing").format(who=who) for who in at_it[:WRITERS]]


def _raised(conversation: Conversation) -> list[str]:
    """That somebody called it urgent, and who was called to help."""
    if not conversation.open:
        return []
    called = conversation.escalated_to
    helps = _("{whom} was called to help").format(whom=_calling(called)) if called else ""
    return [part for part in (_("*urgent*") if conversation.urgent else "", helps) if part]


def _calling(whom: str) -> str:
    return f"<!subteam^{whom}>" if whom.startswith("S") else f"<@{whom}>"


def _wait(many: int) -> str:
    return n_("{many} message waits", "{many} messages wait", many).format(many=many)


def _because(conversation: Conversation) -> str:
    told = _("{kind} because {why}")
    return told.format(kind=singular(conversation.kind), why=judgement(conversation))


def _more_to_say(conversation: Conversation) -> bool:
    """Whether it goes on after the answer that is shown, or somebody else has ended it."""
    return conversation.open or settled(conversation)


def _promise(conversation: Conversation) -> list[str]:
    if conversation.state not in UNSETTLED or not conversation.promised_for:
        return []
    by, at = conversation.promised_by, when_markup(conversation.promised_for)
    if by:
        return [_("another word is promised by <@{by}> for {at}").format(by=by, at=at)]
    return [_("another word is promised for {at}").format(at=at)]


def _pause(conversation: Conversation, now: datetime) -> list[str]:
    """Who has paused it, and why."""
    pause = conversation.snoozed(now)
    if pause is None:
        return []
    by, why = conversation.snoozed_by, harmless(pause.why, REASON)
    if by:
        return [_("paused by <@{by}>: {why}").format(by=by, why=why)]
    return [_("paused: {why}").format(why=why)]


def _waiting(case: Case) -> int:
    """How many of the customer's messages nobody has answered."""
    conversation = case.conversation
    since = conversation.waiting_since
    new = [m for m in case.heard if m.posted_at >= since and not m.deleted]
    return len(new) if conversation.open and conversation.waits else 0


def _holder(conversation: Conversation) -> str:
    if conversation.state in (State.ANSWERED, State.DISMISSED, State.MERGED):
        return outcome(conversation)
    owner = conversation.owner
    if conversation.proposed:
        return _("an answer waits for approval")
    if conversation.unsure:
        told = _("*The answer may be published or not.* <@{owner}>, look and say")
        return told.format(owner=owner)
    if conversation.state is State.REPLYING:
        return _("<@{owner}> is answering").format(owner=owner)
    if owner:
        return _has_it(owner, conversation.claimed_until)
    return _("nobody has it yet") if conversation.waits else _("nobody has it")


def _has_it(owner: str, until: datetime | None) -> str:
    """`until`: when the claim lets go."""
    if until is None:
        return _("<@{owner}> has it").format(owner=owner)
    told = _("<@{owner}> has it, until {at} if nothing happens")
    return told.format(owner=owner, at=when_markup(until))


def _fallback(case: Case, now: datetime) -> str:
    """Everything the card shows, in one breath."""
    conversation = case.conversation
    parts = [
        _spoken_headline(case),
        *gravity(conversation),
        _spoken_standing(conversation, now),
        _small_print(case, now),
        *_spoken_facts(case),
    ]
    if answer := _answered_with(case):
        parts.append(_("Our answer: {text}").format(text=harmless(answer, REPLIED)))
        parts += _spoken_along(case)
    parts += [amended["elements"][0]["text"] for amended in _amended(case)]
    return " · ".join(part for part in parts if part)


def _spoken_along(case: Case) -> list[str]:
    """The same of what goes with it; the names of all the files would be too much."""
    reply, proposed = case.reply, case.conversation.proposed
    if reply is None or (_there(case) and not proposed):
        return []
    if proposed == reply.key:
        return [_goes(case, replace(reply, files=())), *_spoken_files(reply)]
    return _spoken_files(reply)


def _spoken_files(reply: Reply) -> list[str]:
    many = len(reply.files)
    return [_("with it: {files}").format(files=_attachments(many))] if many else []


def _spoken_headline(case: Case) -> str:
    conversation = case.conversation
    return _("{kind} {number} {on} from {customer}: {words}").format(
        kind=named(conversation.kind),
        number=conversation.id,
        on=on(conversation.account),
        customer=harmless(whole_name(case.customer), CALLED),
        words=harmless(said(case), SAID),
    )


def _spoken_standing(conversation: Conversation, now: datetime) -> str:
    """Nothing where the outcome says the same."""
    over = conversation.state in (State.DISMISSED, State.MERGED) or settled(conversation)
    return "" if over else standing.spoken(conversation, now)


def _spoken_facts(case: Case) -> list[str]:
    """What a sighted person sees of the customer, and of what they sent along."""
    conversation, media = case.conversation, len(case.latest.media)
    tags = harmless(", ".join(conversation.tags), TAGS)
    foreign = harmless(lands.foreign(conversation.language), TAGS)
    return [
        *_followed(case),
        _("tagged {tags}").format(tags=tags) if tags else "",
        _before(case),
        *(_("{who} knows them").format(who=f"<@{each}>") for each in case.known_by[:1]),
        _notes(case.notes) if case.notes else "",
        _("writes in {language}").format(language=foreign) if foreign else "",
        _attachments(media) if media else "",
    ]


def _attachments(many: int) -> str:
    return n_("{many} attachment", "{many} attachments", many).format(many=many)


def _answered_with(case: Case) -> str:
    conversation, reply = case.conversation, case.reply
    if reply and (conversation.proposed == reply.key or conversation.state is State.REPLYING):
        return reply.as_published
    if sent := _sent(case):
        return sent.as_published
    there = _there(case)
    return there.text.strip() or there.url or "" if there else ""
