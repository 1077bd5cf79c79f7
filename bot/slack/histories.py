"""A customer in full: who they are, what colleagues know, how it ended, and all that was said."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from bot.domain.conversation import State
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.profile import Chapter, FollowUp, Note, Profile
from bot.domain.reply import Reply
from bot.slack import lands
from bot.slack.blocks import (
    Block,
    Element,
    actions,
    button,
    context,
    line,
    link,
    listing,
    person,
    plain,
    quote,
    rich,
    section,
    sentence,
    when,
    when_markup,
    words,
)
from bot.slack.forms import INPUT, View, asked, input_, modal
from bot.slack.text import clip, harmless, visible
from bot.slack.tongue import N_, _, fill, p_
from bot.slack.words import (
    CALLED,
    attached,
    brought,
    followers,
    inside,
    named,
    on,
    platform,
    whole_name,
)

PAGE = 20  # entries: Slack takes 100 blocks and 250 kB for a form
SHORT = 1000  # of JSON: of each text
MEDIA = 5  # links to what came with one
NOTES = 7  # on a page: each may be 32 kB where Slack counts
NOTED = 2700  # characters of markup: a whole note
LATEST_NOTES, LATEST_CHAPTERS = 3, 5  # of those, where everything is told at once
IDENTITIES, PROMISES, FOLLOW_UPS = 10, 10, 10
PUBLIC = 100  # characters of what somebody says of themselves
TAGS, REMINDER = 1000, 1200  # characters of markup
WHY = 200
ABOUT, NOTED_BY, CHAPTERS, SAID = "about", "notes", "chapters", "said"
PARTS = {
    ABOUT: N_("About"),
    NOTED_BY: N_("Notes"),
    CHAPTERS: N_("Conversations"),
    SAID: N_("What was said"),
}
ENDED = {
    State.WAITING: N_("still open"),
    State.CLAIMED: N_("still open"),
    State.REPLYING: N_("an answer is on its way"),
    State.ANSWERED: N_("answered"),
    State.DISMISSED: N_("dismissed"),
    State.MERGED: N_("goes on in #{into}"),
}
UNKNOWN = "none"  # a value that takes out what was known
LANGUAGE, ZONE = "language_found", "zone_found"

T = TypeVar("T")


def about(profile: Profile, number: int, now: datetime) -> View:
    """Everything but the words themselves, the newest of what there is much of."""
    blocks = [_who(profile.customer), *_identities(profile), _known(profile, number, now)]
    blocks += _to_come(profile, number)
    blocks += _newest_notes(profile, number)
    blocks += _newest_chapters(profile)
    return _page(ABOUT, 0, number, profile, blocks)


def notes(profile: Profile, number: int, page: int) -> View:
    """What colleagues wrote, newest first."""
    some, more = _part(profile.notes, page, NOTES)
    blocks = [part for each in some for part in _note(each, number)]
    none = _("Nobody has written a note about this customer yet.")
    return _page(NOTED_BY, page, number, profile, blocks or [section(none)], more=more)


def chapters(profile: Profile, number: int, page: int) -> View:
    """Every conversation with how it ended, newest first."""
    some, more = _part(profile.chapters, page, PAGE)
    blocks = [rich(listing(_chapter(each) for each in some))] if some else []
    none = _("There is nothing more.")
    return _page(CHAPTERS, page, number, profile, blocks or [section(none)], more=more)


def said(
    profile: Profile, number: int, page: int, heard: Sequence[Mention | Reply], *, more: bool
) -> View:
    """What they wrote and we answered on all platforms, newest first; `heard` is one page of it."""
    blocks = [part for each in heard for part in _entry(each)]
    none = _("There is nothing more.")
    blocks = [_who(profile.customer), *(blocks or [section(none)])]
    return _page(SAID, page, number, profile, blocks, more=more)


def person_form(profile: Profile, number: int, under: str = "") -> View:
    """What colleagues know better than a platform; `under` is the form that it lies on."""
    hint = _("With commas between: VIP, loyal, journalist. Rules may look at them.")
    tags = typed_tags(profile)
    return modal(
        "person",
        _("What we know of {number}").format(number=number),
        [
            _who(profile.customer),
            input_("tags", _("Tags"), tags, hint=hint, optional=True, short=True),
            _found_in("language", _("Language"), LANGUAGE, _language_option(profile)),
            _found_in("timezone", _("Time zone"), ZONE, _zone_option(profile)),
            input_(
                "note",
                _("A new note"),
                "",
                hint=_("Your colleagues read it, and never the customer."),
                optional=True,
                most=2000,
            ),
        ],
        submit=_("Save"),
        metadata={"conversation": number, "under": under},
    )


def typed_tags(profile: Profile) -> str:
    """As somebody would type them; who changes nothing in it changes none."""
    return clip(visible(", ".join(profile.tags)), INPUT)


def _page(
    part: str,
    page: int,
    number: int,
    profile: Profile,
    blocks: Sequence[Block],
    *,
    more: bool = False,
) -> View:
    """One part, with the ways to the others on top and to the next page below."""
    turning = _turning(part, page, number, more=more)
    title = _("Customer of {number}").format(number=number)
    shown = [_ways(part, number, profile), *blocks, *turning]
    where = {"conversation": number, "part": part, "page": page}
    return modal("customer", title, shown, metadata=where)


def _ways(part: str, number: int, profile: Profile) -> Block:
    counted = {NOTED_BY: len(profile.notes), CHAPTERS: len(profile.chapters)}
    return actions(*(_way(each, number, counted.get(each), here=each == part) for each in PARTS))


def _way(part: str, number: int, many: int | None, *, here: bool) -> Element:
    label = _(PARTS[part]) + (fill(" ({many:,})", many=many) if many else "")
    says = _("{part}, shown now").format(part=label) if here else ""
    style = "primary" if here else ""
    return button(f"customer_{part}", label, f"{part} 0 {number}", style=style, says=says)


def _turning(part: str, page: int, number: int, *, more: bool) -> list[Block]:
    ways = []
    if page:
        ways.append(button("customer_newer", _("Newer"), f"{part} {page - 1} {number}"))
    if more:
        ways.append(button("customer_older", _("Older"), f"{part} {page + 1} {number}"))
    return [actions(*ways)] if ways else []


# Who


def _who(by: Customer) -> Block:
    """Their public profile is a snapshot; it is shown, and decides nothing."""
    facts = "".join(f" · {each}" for each in _public(by))
    seen = [*sentence(_(" (as of {day})"), day=when(by.seen_at))] if facts and by.seen_at else []
    return rich(line(link(by.url, whole_name(by)), words(facts), *seen))


def _public(by: Customer) -> Iterator[str]:
    if by.followers is not None:
        yield followers(by.followers)
    if by.verified:
        yield _("verified")
    if by.since:
        yield _("there since {year}").format(year=by.since.year)
    yield from (clip(visible(each), PUBLIC) for each in (by.place, by.website) if each)
    if by.speaks:
        yield lands.language(by.speaks)


def _identities(profile: Profile) -> list[Block]:
    """All names that we know them by, where it is more than one."""
    if len(profile.identities) < 2:
        return []
    some = [_identity(each) for each in profile.identities[:IDENTITIES]]
    rest = len(profile.identities) - len(some)
    more = [context(fill(_("and {many:,} more"), many=rest))] if rest else []
    return [section(_("*Known as*")), rich(listing(some)), *more]


def _identity(each: Customer) -> Element:
    where = "" if each.platform == each.key else f"{platform(each.platform)} · "
    return line(words(where or " "), link(each.url, whole_name(each)))


def _known(profile: Profile, number: int, now: datetime) -> Block:
    """Language, local time, tags, and whose answers they had."""
    says = _("Change what is known of the customer")
    change = button("open_form", _("Change…"), f"person {number}", says=says)
    told = "\n".join([_("*What we know*"), *_facts(profile, now)])
    return section(told) | {"accessory": change}


def _facts(profile: Profile, now: datetime) -> Iterator[str]:
    if profile.language:
        told = _("Language: {language}")
        yield told.format(language=harmless(lands.language(profile.language), CALLED))
    if profile.timezone:
        yield _("There it is {time}").format(time=lands.there(now, profile.timezone))
    if profile.tags:
        yield _("Tags: {tags}").format(tags=harmless(", ".join(profile.tags), TAGS))
    if profile.known_by:
        who = ", ".join(f"<@{each}>" for each in profile.known_by)
        yield _("Has had answers from {who}").format(who=who)
    if not (profile.language or profile.timezone or profile.tags or profile.known_by):
        yield _("Nothing yet. *Change…* keeps their language, time zone, tags and notes.")


# What is to come


def _to_come(profile: Profile, number: int) -> list[Block]:
    """What we promised, and what somebody wants to ask later."""
    says = _("Be reminded to ask the customer later")
    ask = button("open_form", _("Follow up…"), f"follow_up {number}", says=says)
    promises = [_promise(each) for each in profile.promises[:PROMISES]]
    wanted = [_follow_up(each, number) for each in profile.follow_ups[:FOLLOW_UPS]]
    none = [] if promises or wanted else [context(_("Nothing is promised, nobody is reminded."))]
    head = section(_("*Promises and reminders*")) | {"accessory": ask}
    listed = [rich(listing(promises))] if promises else []
    rest = len(profile.promises) + len(profile.follow_ups) - len(promises) - len(wanted)
    more = [context(fill(_("and {many:,} more"), many=rest))] if rest else []
    return [head, *listed, *wanted, *none, *more]


def _promise(each: Chapter) -> Element:
    assert each.promised_for, "these are the promises"
    told = _("#{number}: another word by {at}")
    by = [words(" · "), person(each.promised_by)] if each.promised_by else []
    return line(*sentence(told, number=str(each.number), at=when(each.promised_for)), *by)


def _follow_up(each: FollowUp, number: int) -> Block:
    told = _("#{number}: <@{by}> asks on {at}")
    text = told.format(number=each.conversation, by=each.by, at=when_markup(each.due_at))
    asks = f": {harmless(each.text, REMINDER)}" if each.text else ""
    says = _("Take out the reminder of {number}").format(number=each.conversation)
    drop = button("drop_follow_up", _("Take out"), f"{each.id} {number}", says=says)
    return section(text + asks) | {"accessory": drop}


# Notes


def _newest_notes(profile: Profile, number: int) -> list[Block]:
    if not profile.notes:
        return []
    newest = profile.notes[:LATEST_NOTES]
    return [section(_("*Notes*")), *(part for each in newest for part in _note(each, number))]


def _note(note: Note, number: int) -> list[Block]:
    says = _("Remove the note: {text}").format(text=clip(note.text, 40))
    remove = button("drop_note", _("Remove"), f"{note.id} {number}", says=says)
    told = _("<@{by}>, {at}").format(by=note.by, at=when_markup(note.at))
    return [section(harmless(note.text, NOTED) or " ") | {"accessory": remove}, context(told)]


# Conversations


def _newest_chapters(profile: Profile) -> list[Block]:
    newest = profile.chapters[:LATEST_CHAPTERS]
    if not newest:
        return []
    return [section(_("*Conversations*")), rich(listing(_chapter(each) for each in newest))]


def _chapter(each: Chapter) -> Element:
    """Its number, what it was, where and when, and how it ended."""
    told = f"{named(each.kind)} {on(each.account)} · "
    return line(
        words(f"#{each.number}", bold=True),
        words(f" {told}"),
        when(each.since),
        words(" · "),
        *_ended(each),
    )


def _ended(each: Chapter) -> list[Element]:
    ended = words(_(ENDED[each.state]).format(into=each.merged_into))
    by = [words(" · "), person(each.closed_by)] if each.closed_by else []
    because = [words(f": {clip(each.closed_because, WHY)}")] if each.closed_because else []
    held = each.closed_by is None and each.owner and each.closed_at is None
    return [ended, *by, *because, *([words(" · "), person(str(each.owner))] if held else [])]


# What was said


def _entry(each: Mention | Reply) -> list[Block]:
    if isinstance(each, Reply):
        return _our_answer(each)
    told = _linked(each.url, _verb(each))
    links = attached(each.media[:MEDIA])
    along = [rich(line(*links))] if links else []
    along += map(context, inside(each.media))
    return [rich(line(told, words(" · "), when(each.posted_at))), quote(each.text, SHORT), *along]


def _our_answer(reply: Reply) -> list[Block]:
    answered = _linked(reply.url, p_("who", "answered"))
    who = sentence(_("{who} {answered}"), who=person(reply.author), answered=answered)
    gone = [words(_(", withdrawn since"))] if reply.withdrawn_at else []
    at = when(reply.sent_at or reply.written_at)
    along = [context(told) for told in brought(reply.files)]
    return [rich(line(*who, *gone, words(" · "), at)), quote(reply.text, SHORT), *along]


def _verb(mention: Mention) -> str:
    told = _("answered there {on}") if mention.origin is Origin.OWN else _("wrote {on}")
    gone = _(", deleted since") if mention.deleted else ""
    return told.format(on=on(mention.account)) + gone


def _linked(url: str | None, text: str) -> Element:
    return link(url, text) if url else words(text)


# How


def _part(everything: Sequence[T], page: int, size: int) -> tuple[Sequence[T], bool]:
    """One page, and whether more comes after it."""
    end = (page + 1) * size
    return everything[page * size : end], len(everything) > end


def _found_in(block: str, label: str, action: str, begun: Element | None) -> Block:
    menu = {
        "type": "external_select",
        "action_id": action,
        "min_query_length": 1,
        "placeholder": plain(_("Type the first letters"), 150),
    }
    return asked(block, label, menu | ({"initial_option": begun} if begun else {})) | {
        "optional": True
    }


def _language_option(profile: Profile) -> Element | None:
    tag = profile.language
    return _option(lands.language(tag), tag) if tag else None


def _zone_option(profile: Profile) -> Element | None:
    return _option(profile.timezone, profile.timezone) if profile.timezone else None


def _option(label: str, value: str) -> Element:
    return {"text": plain(label, 75), "value": value[:150]}
