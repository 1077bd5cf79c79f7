"""The message of a surge: how much came, from where, what it is about, and when it was over."""

from collections import Counter
from collections.abc import Iterator, Sequence

from bot.domain.mention import Kind
from bot.domain.standing_out import links, words
from bot.slack import blocks
from bot.slack.blocks import (
    Element,
    Message,
    context,
    line,
    quote,
    rich,
    section,
    sentence,
    when_markup,
)
from bot.slack.text import clip, one_line
from bot.slack.tongue import _, fill, n_
from bot.slack.words import platform
from storage.conversations import Waiting
from storage.search import Page
from storage.surges import Surge

EXAMPLES, SAID = 3, 300  # that are quoted, and how much JSON of each
PLATFORMS = 5


def surge(about: Surge, listed: Page[Waiting], usual: Sequence[str], *, holding: bool) -> Message:
    """`listed` are the newest that its thread lists, `usual` what was written before it."""
    spoken = [each for each in listed.found if each.words]
    texts = [each.words for each in spoken]
    standing = words(texts, usual)
    told = [*_platforms(listed.found), *_standing(standing), *_links(texts)]
    head = _head(about, listed)
    quoted = [quote(one_line(each), SAID) for each in _examples(texts, standing)]
    shown = [rich(*told)] if told else []
    return Message(head, [section(head), *shown, *quoted, context(_foot(about, holding))])


def _head(about: Surge, listed: Page[Waiting]) -> str:
    waiting = sum(each.conversation.open for each in listed.found)
    usual = _("fewer than one") if about.usual < 1 else str(round(about.usual))
    came = n_("{many:,} customer", "{many:,} customers", listed.many)
    many = fill(came, many=listed.many)
    if about.ended_at:
        told = _("*It is over*: far more than usual came from {start} to {end}: {many}.")
        return told.format(
            start=when_markup(about.began_at), end=when_markup(about.ended_at), many=many
        )
    told = _(
        "*Far more than usual*: {many} since {start}; usually {usual} in an hour. {waiting} of the"
        " newest still wait."
    )
    return told.format(many=many, start=when_markup(about.began_at), usual=usual, waiting=waiting)


def _platforms(listed: Sequence[Waiting]) -> Iterator[Element]:
    """From where they came, and how many complain."""
    counted = Counter(platform(each.conversation.account) for each in listed)
    places = ", ".join(f"{name} {many}" for name, many in counted.most_common(PLATFORMS))
    complaints = sum(each.conversation.kind is Kind.COMPLAINT for each in listed)
    if places:
        told = _("From: {places}. Complaints: {many}.")
        yield line(*sentence(told, places=places, many=str(complaints)), blocks.words("\n"))


def _standing(standing: Sequence[str]) -> Iterator[Element]:
    if standing:
        said = " · ".join(f"“{each}”" for each in standing)
        parts = sentence(_("Words that stand out: {words}"), words=blocks.words(said, bold=True))
        yield line(*parts, blocks.words("\n"))


def _links(texts: Sequence[str]) -> Iterator[Element]:
    """As text: nobody need follow what strangers spread."""
    if shared := links(texts):
        said = " · ".join(f"{clip(page, 80)} ({many})" for page, many in shared)
        yield line(*sentence(_("Links: {links}"), links=blocks.words(said)), blocks.words("\n"))


def _examples(texts: Sequence[str], standing: Sequence[str]) -> Sequence[str]:
    """Those with most of the words that stand out; of the same words, one."""

    def says(text: str) -> int:
        return sum(word in text.casefold() for word in standing)

    return sorted(dict.fromkeys(texts), key=says, reverse=True)[:EXAMPLES]


def _foot(about: Surge, holding: bool) -> str:
    told = _(
        "Everybody is listed in this thread. Complaints have a card of their own, the others get"
        " one when somebody acts on them or they are late. Every deadline is running."
    )
    offered = _(
        "The menus there offer your holding reply for each; so does `/unanswered holding 42`. Each"
        " is published by a person, and whoever got it stays on the list."
    )
    missing = _("Mark a saved reply as holding, and it is offered for each: `/unanswered replies`.")
    if about.ended_at:
        return told
    return f"{told} {offered if holding else missing}"
