"""Why it counts as what it counts as: what triage made of it, and who knew better."""

from collections.abc import Iterator

from bot.domain.case import Case
from bot.domain.conversation import Conversation
from bot.domain.guess import Guess, Lane, Manner, Severity
from bot.domain.mention import Kind
from bot.slack import lands
from bot.slack.blocks import Block, divider, quote, section
from bot.slack.buttons import A_COMPLAINT, NEEDLESS, NO_COMPLAINT, WHY_KIND, Deed
from bot.slack.forms import SHORT, View, modal
from bot.slack.handling_forms import row
from bot.slack.rules import A_KIND, counts_as
from bot.slack.text import harmless
from bot.slack.tongue import N_, _, n_
from bot.slack.words import CALLED, REASON

OF_TEN = 10
STAKES = {
    Severity.ANNOYED: N_("They sound annoyed."),
    Severity.ANGRY: N_("They sound *angry*."),
    Severity.LEAVING: N_("They *threaten*: to leave, to warn others, or to sue."),
    Severity.SAFETY: N_("It is about *safety*: somebody is or could be hurt, or robbed."),
}
MANNERS = {
    Manner.COPIED: N_("Several others wrote the same words within a week."),
    Manner.AUTOMATED: N_("It reads as if a machine had written it."),
    Manner.PROMOTION: N_("It reads like an advertisement."),
}


def why(case: Case) -> View:
    """What spoke for its kind, how sure that is, and buttons for who knows better."""
    conversation = case.conversation
    told = [counts_as(conversation), *_guessed(case), *_aside(conversation)]
    blocks: list[Block] = [section(sentence) for sentence in told]
    blocks += _similar(case.guess)
    if rows := [row(deed, conversation.id) for deed in _deeds(conversation)]:
        blocks += [divider(), *rows]
    return modal("why_kind", _(WHY_KIND[conversation.kind].label), blocks)


def _guessed(case: Case) -> Iterator[str]:
    guess, conversation = case.guess, case.conversation
    if guess is None:
        return
    if conversation.judged_by:
        yield _overruled(guess)
    if guess.untaught:
        yield _untaught(guess)
    elif sure := " ".join([*_complaints(guess.complaint), *_answers(guess.needs_answer)]):
        yield sure
    if guess.lane is Lane.CHECK and conversation.unchecked:
        yield _("It is to be checked: until somebody says that it is none, its clock is strict.")
    if guess.kind is Kind.COMPLAINT and guess.severity:
        yield _(STAKES[guess.severity])
    if guess.manner in MANNERS:
        yield _(MANNERS[guess.manner])
    if guess.language and not guess.untaught:
        named = harmless(lands.language(guess.language), CALLED)
        yield _("It is written in {language}.").format(language=named)


def _overruled(guess: Guess) -> str:
    """What triage had made of it, and by which words."""
    kind, because = _(A_KIND[guess.kind]), harmless(_(guess.because), REASON)
    if not because:
        return _("Triage took it for {kind}.").format(kind=kind)
    return _("Triage took it for {kind}: {why}.").format(kind=kind, why=because)


def _untaught(guess: Guess) -> str:
    named = harmless(lands.language(guess.language or ""), CALLED)
    if guess.kind is Kind.COMPLAINT:
        told = _("Triage was not taught {language}, so it has the complaint's clock.")
        return told.format(language=named)
    told = _("Triage was not taught {language}, so it counts as the team has said.")
    return told.format(language=named)


def _complaints(probability: float | None) -> list[str]:
    """As people count."""
    if probability is None:
        return [_("How sure that is, nobody can tell: it was guessed by a few words.")]
    many = round(probability * OF_TEN)
    if many in (0, OF_TEN):
        none = _("Of ten such posts hardly one is a complaint.")
        return [_("Of ten such posts nearly all are complaints.") if many else none]
    told = n_(
        "Of ten such posts about {many} is a complaint.",
        "Of ten such posts about {many} are complaints.",
        many,
    )
    return [told.format(many=many)]


def _answers(probability: float | None) -> list[str]:
    if probability is None:
        return []
    many = round(probability * OF_TEN)
    if many in (0, OF_TEN):
        none = _("Hardly one of them needs an answer.")
        return [_("Nearly all of them need an answer.") if many else none]
    told = n_("About {many} needs an answer.", "About {many} need an answer.", many)
    return [told.format(many=many)]


def _aside(conversation: Conversation) -> list[str]:
    if not conversation.aside or conversation.card:
        return []
    return [_("It has no card yet: it waits for the list of what needs no answer.")]


def _similar(guess: Guess | None) -> list[Block]:
    """The closest of all the sentences that triage was taught."""
    if guess is None or not guess.similar.strip():
        return []
    return [
        section(_("*The most similar sentence that it was taught*")),
        quote(guess.similar, SHORT),
    ]


def _deeds(conversation: Conversation) -> Iterator[Deed]:
    """Who knows better says so; what was to be checked can be confirmed as well."""
    if not conversation.open:
        return
    complaint = conversation.kind is Kind.COMPLAINT
    if complaint:
        yield NO_COMPLAINT
    if conversation.unchecked or not complaint:
        yield A_COMPLAINT
    if not conversation.thanks and not conversation.proposed and not conversation.unsure:
        yield NEEDLESS
