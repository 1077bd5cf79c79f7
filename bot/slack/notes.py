"""What the bot says in a card's thread, and about itself: nags, notes, notices."""

from datetime import datetime, timedelta

from bot.domain.case import Case
from bot.domain.clock import CHANNEL, HERE, Owed
from bot.domain.conversation import Conversation
from bot.domain.mention import Mention, Origin
from bot.domain.reply import Amendment
from bot.slack.blocks import (
    Message,
    anchor,
    context,
    lasting,
    line,
    quote,
    rich,
    when_markup,
    words,
)
from bot.slack.cards import title
from bot.slack.text import harmless
from bot.slack.tongue import N_, _
from bot.slack.words import on, platform
from bot.slack.written import NOTICES, REFUSALS, retold

SAID = 3000  # characters of a customer's words in a note's fallback
WHY = 500
A_MINUTE = timedelta(minutes=1)
TOO_LATE = {  # and by how much
    Owed.FIRST: N_("{whom}, {what} should have been answered {away}."),
    Owed.FURTHER: N_("{whom}, {what} should have been answered again {away}."),
    Owed.LOOP: N_(
        "{whom}, {what} is not settled, and the customer should have heard from us {away}."
    ),
}
SOON = {
    Owed.FIRST: N_("{whom}, {what} is due {away}."),
    Owed.FURTHER: N_("{whom}, {what} is due for a further answer {away}."),
    Owed.LOOP: N_("{whom}, {what} is not settled, and the customer is due to hear from us {away}."),
}


def nag(case: Case, whom: str, now: datetime) -> Message:
    """Call somebody, in the card's thread."""
    return Message(_due(case.conversation, calling(whom), _("this"), now))


def nag_away(case: Case, whom: str, now: datetime, card: str | None) -> Message:
    """The same where the card is not in sight; `card` is its address."""
    what = anchor(card, title(case.customer, case.conversation.kind))
    return Message(_due(case.conversation, calling(whom), what, now))


def calling(whom: str) -> str:
    """A member, a group, "channel" or "here", as markup that calls them."""
    named = {CHANNEL: "<!channel>", HERE: "<!here>"}
    return named.get(whom) or (f"<!subteam^{whom}>" if whom.startswith("S") else f"<@{whom}>")


def let_go(case: Case, who: str, held: timedelta) -> Message:
    """A claim has ended by itself; `held` is the working time in which its holder did nothing."""
    conversation = case.conversation
    free = conversation.open and conversation.owner is None
    if free:
        told = _(
            "<@{who}> had this for {span} of working time without a sign, so it is free again."
        )
    else:
        told = _("<@{who}> had this for {span} of working time without a sign, so it was set free.")
    ran = " " + _("Its clock never stopped.") if conversation.due_at else ""
    return Message(told.format(who=who, span=lasting(held)) + ran)


def wrote_again(mention: Mention) -> Message:
    """The customer's further words."""
    return _quoted(_("The customer wrote again:"), mention)


def automatic(mention: Mention) -> Message:
    """What a machine wrote into the conversation."""
    if mention.origin is Origin.REPOST:
        return _quoted(_("A repost came. Nobody needs to answer it:"), mention)
    return _quoted(_("An automatic message came. Nobody needs to answer it:"), mention)


def deleted(case: Case) -> Message:
    if case.conversation.open:
        told = _("The customer deleted a message {on}. The rest still waits.")
    else:
        told = _("The customer deleted a message {on}. There is nothing to answer now.")
    return Message(told.format(on=on(case.conversation.account)))


def refused(case: Case, why: str) -> Message:
    """The answer did not get through; the owner hears why, and that nothing is lost."""
    owner, where = case.conversation.owner, platform(case.conversation.account)
    took = f"<@{owner}>, {where}" if owner else where[:1].upper() + where[1:]
    told = _(
        "{where} did not take the answer: {why} The text is kept: *Reply* on the card offers it"
        " again."
    )
    return Message(told.format(where=took, why=_sentence(retold(why, REFUSALS))))


def in_doubt(case: Case, why: str) -> Message:
    where = anchor(case.latest.url, _("Look there"))
    told = _(
        "<@{owner}>, the answer may have been published, and I can't tell: {why} {look_there} and"
        " press what is true on the card."
    )
    owner = case.conversation.owner
    why = _sentence(retold(why, REFUSALS))
    return Message(told.format(owner=owner, why=why, look_there=where))


def proposed(case: Case, whom: str) -> Message:
    """An answer waits for a second person; `whom` is who may look at it."""
    author = case.reply.author if case.reply else str(case.conversation.owner)
    told = _(
        "{whom}, <@{author}> has written an answer that waits for a second person. *Approve*,"
        " *Change…* or *Send back…* on the card. Its clock runs on."
    )
    return Message(told.format(whom=calling(whom), author=author))


def sent_back(author: str, by: str, why: str) -> Message:
    told = _(
        "<@{author}>, <@{by}> has sent your answer back: {why} The text is kept: *Reply* on the"
        " card offers it again."
    )
    return Message(told.format(author=author, by=by, why=_sentence(why)))


def not_amended(case: Case, amendment: Amendment) -> Message:
    """What is published stays as it was, and who wanted it otherwise hears why."""
    told = _("<@{who}>, the answer could not be corrected: {why} It stands as it was.")
    if amendment.what == "withdraw":
        told = _("<@{who}>, the answer could not be withdrawn: {why} It stands as it was.")
    refused = retold(amendment.refused or "", REFUSALS)
    why = _sentence(refused or platform(case.conversation.account))
    return Message(told.format(who=amendment.author, why=why))


def notice(text: str) -> Message:
    """What was owed in English, in the language of whoever reads it."""
    return Message(retold(text, NOTICES))


def _due(conversation: Conversation, whom: str, what: str, now: datetime) -> str:
    """Who is called about what, what is owed, and how it stands with its time."""
    owed, due_at = conversation.owed, conversation.due_at or now
    if owed is Owed.PROMISE:
        away = _away(due_at, now, just=_("which is now"))
        told = _("{whom}, {what} was promised another word for {at}, {away}.")
        return told.format(whom=whom, what=what, at=when_markup(due_at), away=away)
    told = _((TOO_LATE if due_at <= now else SOON)[owed])
    return told.format(whom=whom, what=what, away=_away(due_at, now, just=_("by now")))


def _away(due_at: datetime, now: datetime, just: str) -> str:
    """How far a moment is away; what has passed within this minute has `just` passed."""
    if due_at > now:
        return _("in {span}").format(span=lasting(due_at - now, away=True))
    if now - due_at < A_MINUTE:
        return just
    return _("{span} ago").format(span=lasting(now - due_at, away=True))


def _quoted(head: str, mention: Mention) -> Message:
    blocks = [rich(line(words(head))), quote(mention.text)]
    return Message(f"{head} {harmless(mention.text, SAID)}", blocks)


def _sentence(why: str) -> str:
    """Somebody's reason, with a full stop."""
    shown = harmless(why.strip(), WHY)
    return shown if shown.endswith((".", "!", "?", "…")) else f"{shown}."


def escalated(whom: str, by: str, because: str) -> Message:
    """Somebody wants help; `whom` is a member, a group or another team's channel."""
    called = f"<#{whom}>" if whom.startswith(("C", "G")) else calling(whom)
    if not because:
        return Message(_("{whom}, <@{by}> asks for your help here.").format(whom=called, by=by))
    told = _("{whom}, <@{by}> asks for your help here: {because}")
    return Message(told.format(whom=called, by=by, because=harmless(because, WHY)))


def follow_up(whom: str, text: str) -> Message:
    """The time has come that somebody wanted to be reminded of."""
    if not text:
        told = _("{whom}, you wanted to ask how it went. Write to them, or press *Settled*.")
        return Message(told.format(whom=calling(whom)))
    told = _("{whom}, you wanted to be reminded: {text}")
    return Message(told.format(whom=calling(whom), text=harmless(text, SAID)))


def closing(whom: str, account: str, until: datetime, now: datetime) -> Message:
    """The platform soon lets nobody answer any more."""
    if until <= now:
        told = _(
            "{whom}, {platform} let nobody answer this after {moment}. Reach them another way."
        )
    else:
        told = _("{whom}, {platform} lets nobody answer this after {moment}, {away}.")
    away = _away(until, now, just=_("by now"))
    where = platform(account)
    return Message(
        told.format(whom=calling(whom), platform=where, moment=when_markup(until), away=away)
    )


def retired(case: Case, what: str, card: str | None) -> Message:
    """One line in place of an old card; `card` is the address of the new one."""
    conversation = case.conversation
    here = anchor(card, _("its card"))
    if what == "moved":
        told = _("#{number} was moved to another team: {card} hangs in <#{channel}>.")
    else:
        told = _("#{number} goes on below: {card} is in <#{channel}>.")
    text = told.format(number=conversation.id, card=here, channel=conversation.channel)
    return Message(text, [context(text)])
