"""What an answer looks like to its reader, before it goes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.domain.approval import Why
from bot.domain.case import Case
from bot.domain.mention import Mention
from bot.domain.problems import NotPossible, Ours
from bot.domain.reply import Ability
from bot.domain.warnings import Warning, What
from bot.slack.blocks import (
    Block,
    context,
    line,
    link,
    listing,
    option,
    quote,
    rich,
    section,
    sentence,
    when_markup,
    words,
)
from bot.slack.forms import View, asked, modal
from bot.slack.reply_forms import CHANGE, LOOKED
from bot.slack.text import clip, harmless, one_line
from bot.slack.tongue import N_, _
from bot.slack.words import CALLED, brought, on, whole_name

WHOLE = 60_000  # of JSON: a post is never cut short where somebody must read all of it
FOUND = 100  # characters of what a warning names
WARNED = {
    What.CARD: N_("a card number: {found}"),
    What.LISTED: N_("on the team’s list: {found}"),
    What.PHONE: N_("a phone number: {found}"),
    What.EMAIL: N_("a mail address: {found}"),
    What.LINK: N_("a link: {found}"),
}
WHY = {
    Why.ALWAYS: N_("Somebody else looks at it first: this team has every answer read."),
    Why.RULE: N_("Somebody else looks at it first: a rule of this team wants it."),
    Why.NEW_COLLEAGUE: N_("Somebody else looks at it first: your first answers are read by two."),
}


@dataclass(frozen=True, kw_only=True)
class Proof:
    """What goes out as it is: `posts` is all of it, `about` what the form must come back with.

    `overt`: the customer wrote in private last, and this is public. `anew`: it is not what was
    shown before.
    """

    case: Case
    at: Mention
    ability: Ability
    posts: Sequence[str]
    about: Mapping[str, Any]
    what: str = ""
    files: Sequence[Mapping[str, Any]] = ()
    promised_for: datetime | None = None
    why: Why = Why.NOT_NEEDED
    warnings: Sequence[Warning] = ()
    overt: bool = False
    anew: bool = False

    @property
    def to_be_looked_at(self) -> bool:
        return bool(self.warnings) or self.overt


def preview(proof: Proof) -> View:
    """The final text, where it goes and how many will read it, and what had better be checked."""
    number = proof.case.conversation.id
    blocks = [context(_("It has changed since you saw it. Look again."))] if proof.anew else []
    blocks += [rich(line(*_place(proof))), *_posts(proof.posts), context(_small_print(proof))]
    blocks += warned(proof.warnings, overt=proof.overt)
    submit = _("Send for approval") if proof.why else _("Publish")
    view = modal(
        "publish",
        _("Preview {number}").format(number=number),
        blocks,
        submit=submit,
        metadata=dict(proof.about),
    )
    return view | {"close": {"type": "plain_text", "text": _("Back")}}


def warned(warnings: Sequence[Warning], *, overt: bool = False) -> list[Block]:
    """What somebody must look at before it is public, and say that they did."""
    blocks: list[Block] = []
    if overt:
        told = _("*The customer wrote in private, and this is public.* Everyone can read it.")
        blocks.append(section(f":warning: {told}"))
    if warnings:
        blocks.append(section(":warning: " + _("*Everyone can read this.* Look at it again:")))
        blocks.append(rich(listing(line(words(_told(each))) for each in warnings)))
    if blocks:
        box = {
            "type": "checkboxes",
            "action_id": LOOKED,
            "options": [option(_("I have looked at this"), "yes")],
        }
        blocks.append(asked(LOOKED, _("Before it goes"), box))
    return blocks


def _told(warning: Warning) -> str:
    return _(WARNED[warning.what]).format(found=clip(one_line(warning.found), FOUND))


def _place(proof: Proof) -> list[Any]:
    who = link(proof.at.url, whole_name(proof.case.customer))
    if proof.at.public:
        return sentence(_("In public, as an answer to {customer}:"), customer=who)
    return sentence(_("In private, to {customer}:"), customer=who)


def _posts(posts: Sequence[str]) -> list[Block]:
    if len(posts) == 1:
        return [quote(posts[0], WHOLE)]
    blocks: list[Block] = []
    for number, post in enumerate(posts, 1):
        told = _("Post {number} of {many}").format(number=number, many=len(posts))
        blocks += [context(told), quote(post, WHOLE)]
    return blocks


def _small_print(proof: Proof) -> str:
    public = _("public: everyone can read it")
    private = _("private: only they read it")
    parts = [
        _("{on} as *{us}*, {seen}").format(
            on=_begin(on(proof.at.account)),
            us=harmless(proof.ability.speaks_as, CALLED),
            seen=public if proof.at.public else private,
        )
    ]
    parts += [each for each in (_goes_to(proof), _begins_with(proof)) if each]
    parts += brought(proof.files)
    if proof.promised_for:
        at = when_markup(proof.promised_for)
        parts.append(_("another word is promised for {at}").format(at=at))
    if proof.what == CHANGE:
        author = proof.case.reply.author if proof.case.reply else ""
        parts.append(_("<@{who}> stays its author").format(who=author))
    told = " · ".join(parts)
    return f"{told}\n{_(WHY[proof.why])}" if proof.why else told


def _goes_to(proof: Proof) -> str:
    to = str(proof.at.extra.get("reply_to") or proof.case.customer.handle)
    if to == proof.case.customer.handle:
        return ""
    return _("it goes to *{to}*").format(to=harmless(to, CALLED))


def _begins_with(proof: Proof) -> str:
    """Where a platform calls nobody who is not named, its adapter puts a name in front."""
    names = str(proof.at.extra.get("begins_with") or "")
    return _("it begins with *{names}*").format(names=harmless(names, CALLED)) if names else ""


def _begin(words: str) -> str:
    return words[:1].upper() + words[1:]


def mention_of(case: Case, id: int) -> Mention:
    """The one of the case that is answered; it is there, as nothing is ever removed from one."""
    found = next((mention for mention in case.mentions if mention.id == id), None)
    if found is None:
        raise NotPossible(Ours("What this answers is not here any more. Open the form anew."))
    return found
