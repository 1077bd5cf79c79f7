"""The form in which an answer is written, and the smaller ones around an answer."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.case import Case
from bot.domain.mention import Mention
from bot.domain.reply import WRITING, Ability, Draft, Files, Reply
from bot.slack.blocks import (
    Block,
    Element,
    context,
    lasting,
    line,
    link,
    option,
    quote,
    rich,
    section,
    sentence,
    when_markup,
)
from bot.slack.forms import (
    ASKED,
    INPUT,
    MORE,
    NOTHING,
    SHORT,
    View,
    asked,
    choice,
    input_,
    modal,
    on_the_wall,
    picker,
    stamp,
)
from bot.slack.text import clip, harmless
from bot.slack.times import Choice, shown
from bot.slack.tongue import N_, _, fill, n_
from bot.slack.words import CALLED, megabytes, on, said, whole_name
from bot.slack.written import REFUSALS, retold

REPLY, CHANGE = "reply", "change"
ANSWER, SAVED, PLACE, FILES, LOOKED = "answer", "saved_reply", "where", "files", "looked"
CORRECTION = "correction"
VARIABLE = "var:"  # before the name of what is asked for
VALUE = 200  # characters of it
VARIABLES = 10  # that a form asks for
WRITERS = 3  # colleagues that are named
SIGNED = 120  # characters of markup
LINK = 1000
ENDINGS = {  # as Slack names what a file may be
    "image/": ("png", "jpg", "jpeg", "gif", "webp"),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "video/mp4": ("mp4",),
    "application/pdf": ("pdf",),
}
BEFORE = N_("You wrote this before, and it was not sent.")
WHAT_FILES = {"image": N_("pictures"), "video": N_("videos"), "audio": N_("sound")}


@dataclass(frozen=True, kw_only=True)
class Sheet:
    """All that the form shows.

    `what` is a reply, or the change of one that waits for approval. `at` is the message that it
    answers, `places` are those among which one chooses.
    `round` tells one drawing of the same form from the next: a text that we put in is only seen
    in a field with another name. `missing` are the places that the author is asked for.
    """

    case: Case
    ability: Ability
    at: Mention
    now: datetime
    zone: ZoneInfo
    text: str = ""
    what: str = REPLY
    proposed: str = ""
    places: Sequence[Mention] = ()
    promises: Sequence[Choice] = ()
    keep: datetime | None = None
    sign: str = ""
    writing: Sequence[Draft] = ()
    choosing: bool = False
    missing: Sequence[str] = ()
    round: int = 0
    promised: datetime | None = None  # the promise that is chosen at first


def reply(sheet: Sheet) -> View:
    """Where an answer is written: to whom, as whom, how public, how long, and what it promises."""
    case, number = sheet.case, sheet.case.conversation.id
    to = sentence(_("To {customer}"), customer=link(sheet.at.url, whole_name(case.customer)))
    blocks = [rich(line(*to)), *_others(sheet), quote(said(case), ASKED)]
    blocks.append(context(_where(sheet)))
    blocks += [context(" ".join(told))] if (told := list(_limits(sheet))) else []
    blocks += [_saved(sheet)] if sheet.choosing else []
    blocks.append(_text(sheet))
    before = "" if sheet.round else _not_sent(case, sheet.text)
    blocks += [context(before)] if before else []
    blocks += [_variable(name) for name in sheet.missing[:VARIABLES]]
    blocks += [context(_ends(sheet.sign))] if sheet.sign else []
    if sheet.what == REPLY:
        blocks += _more(sheet)
    view = modal(
        "reply",
        _(TITLES[sheet.what]).format(number=number),
        blocks,
        submit=_("Preview"),
        metadata={
            "conversation": number,
            "mention": sheet.at.id,
            "what": sheet.what,
            "proposed": sheet.proposed,
            "round": sheet.round,
            "missing": list(sheet.missing[:VARIABLES]),
        },
    )
    return view | {"notify_on_close": True}


def answer_field(round: int) -> str:
    """The name of the field with the answer, in that drawing of the form."""
    return f"{ANSWER}:{round}" if round else ANSWER


def send_back(case: Case, reply: Reply) -> View:
    """An answer that a second person does not want out as it is."""
    told = sentence(_("{who} has written:"), who={"type": "user", "user_id": reply.author})
    why = input_("because", _("What should be different?"), "", hint=_("They read it."), most=MORE)
    return modal(
        "send_back",
        _("Send back {number}").format(number=case.conversation.id),
        [rich(line(*told)), quote(reply.as_published, ASKED), why],
        submit=_("Send back"),
        metadata={"conversation": case.conversation.id},
    )


def correct(
    case: Case,
    reply: Reply,
    ability: Ability,
    *,
    text: str = "",
    begun: str = "",
    warned: Sequence[Block] = (),
) -> View:
    """What is published gets other words; `begun` are those of before, `warned` what to look at."""
    hint = _length(replace(ability, parts=1))
    told = _("It is changed {on}, where everyone who reads it sees the new words.")
    if not _is_public(case, reply):
        told = _("It is changed {on}, where they see the new words.")
    return modal(
        "correct",
        _("Correct {number}").format(number=case.conversation.id),
        [
            section(told.format(on=on(case.conversation.account))),
            _typed(
                CORRECTION,
                CORRECTION,
                _("The corrected answer"),
                text or begun or reply.posts[0].text,
                hint,
            ),
            *([context(_(BEFORE))] if begun and not text else []),
            *warned,
        ],
        submit=_("Correct it"),
        metadata={"conversation": case.conversation.id},
    )


def _is_public(case: Case, reply: Reply) -> bool:
    asked_at = next((m for m in case.mentions if m.id == reply.mention), case.latest)
    return asked_at.public


def withdraw(case: Case, reply: Reply) -> View:
    """What is published is taken back, and the customer waits again."""
    told = _(
        "This is taken back {on}. Who has read it, has read it. The customer waits again from then"
        " on, and you have the conversation."
    )
    return modal(
        "withdraw",
        _("Withdraw {number}").format(number=case.conversation.id),
        [section(told.format(on=on(case.conversation.account))), quote(reply.as_published, ASKED)],
        submit=_("Withdraw it"),
        metadata={"conversation": case.conversation.id},
    )


def answered_there(case: Case) -> View:
    """A colleague used the platform's own app, and may say where the answer is."""
    element = {"type": "plain_text_input", "action_id": "text", "max_length": LINK}
    hint = _("With it, the card shows the answer, and it counts from when it was published.")
    address = asked("link", _("The answer’s address"), element, hint=hint)
    return modal(
        "there",
        _("Answered there: {number}").format(number=case.conversation.id),
        [quote(said(case), SHORT), address | {"optional": True}],
        submit=_("I answered there"),
        metadata={"conversation": case.conversation.id},
    )


TITLES = {  # 24 characters with the number
    REPLY: N_("Answer {number}"),
    CHANGE: N_("Change {number}"),
}


def _others(sheet: Sheet) -> list[Block]:
    """Colleagues who are at it, too: two answers are one too many."""
    told = [
        _("<@{who}> has begun an answer, and wrote in it {span} ago.").format(
            who=draft.author, span=lasting(sheet.now - draft.at, away=True)
        )
        for draft in sheet.writing[:WRITERS]
        if sheet.now - draft.at < WRITING
    ]
    return [context(" ".join(told))] if told else []


def _saved(sheet: Sheet) -> Block:
    """The menu of what the team says often; it is searched while one types."""
    menu = {
        "type": "external_select",
        "action_id": SAVED,
        "min_query_length": 0,
        "placeholder": {"type": "plain_text", "text": _("Search by name or words")},
    }
    block = asked(f"{SAVED}:{sheet.round}", _("Begin with a saved reply"), menu)
    return block | {"optional": True, "dispatch_action": True}


def _text(sheet: Sheet) -> Block:
    length = _length(sheet.ability)
    return _typed(answer_field(sheet.round), ANSWER, _("Your answer"), sheet.text, length)


def _typed(block: str, action: str, label: str, text: str, hint: str) -> Block:
    """Every key that is pressed comes to us, so that nothing of it is lost."""
    element: Element = {
        "type": "plain_text_input",
        "action_id": action,
        "multiline": True,
        "max_length": INPUT,
        "focus_on_load": True,
        "dispatch_action_config": {"trigger_actions_on": ["on_character_entered"]},
    }
    if text:
        element["initial_value"] = clip(text, INPUT)
    return asked(block, label, element, hint=hint) | {"dispatch_action": True}


def _variable(name: str) -> Block:
    """What is not known, is asked for: no customer reads braces."""
    label = name.replace("_", " ").capitalize()
    hint = _("It goes where {place} stands.").format(place="{" + name + "}")
    return input_(VARIABLE + name, label, "", hint=hint, optional=True, most=VALUE, short=True)


def _more(sheet: Sheet) -> list[Block]:
    """Where it goes, what goes with it, and what it promises."""
    blocks = [_place(sheet)] if len(sheet.places) > 1 else []
    if sheet.ability.files:
        blocks.append(_files(sheet.ability.files))
    return [
        *blocks,
        _promise(sheet),
        picker("promise_at", _("Another time for it")),
    ]


def _place(sheet: Sheet) -> Block:
    """In private where the customer wrote in private, unless somebody wants it otherwise."""
    options = [option(_openness(each.public), str(each.id)) for each in sheet.places]
    chosen = next(o for o in options if o["value"] == str(sheet.at.id))
    radio = choice("radio_buttons", PLACE, options) | {"initial_option": chosen}
    hint = _("The customer wrote in public and in private. The last was {last}.").format(
        last=_("public") if sheet.case.latest.public else _("private")
    )
    return asked(PLACE, _("Where does it go?"), radio, hint=hint)


def _openness(public: bool) -> str:
    if public:
        return _("In public: everyone can read it")
    return _("In private: only they read it")


def _files(allowed: Files) -> Block:
    endings = [end for type in allowed.types for end in ENDINGS.get(type, ())]
    element: Element = {
        "type": "file_input",
        "action_id": FILES,
        "max_files": min(allowed.count, 10),
    }
    if endings and all(type in ENDINGS for type in allowed.types):
        element["filetypes"] = list(dict.fromkeys(endings))
    return asked(FILES, _("Files"), element, hint=told_files(allowed)) | {"optional": True}


def told_files(allowed: Files) -> str:
    """What may go with an answer: said before, not after."""
    kinds = [_(WHAT_FILES.get(type.rstrip("/"), type)) for type in allowed.types]
    many = n_("At most {count} file", "At most {count} files", allowed.count)
    size = _("of {size} each").format(size=megabytes(allowed.size))
    whole = _("together {size}").format(size=megabytes(allowed.total)) if allowed.total else ""
    what = ", ".join(kinds)
    return (
        ", ".join(
            part for part in (f"{many.format(count=allowed.count)} {size}", whole, what) if part
        )
        + "."
    )


def _promise(sheet: Sheet) -> Block:
    """One click, and the words are ours to keep."""
    promises, zone, keep = sheet.promises, sheet.zone, sheet.keep
    others = [option(label, stamp(at)) for label, at in promises if at != keep]
    kept = []
    if keep:
        kept = [option(_("Keep: {when}").format(when=shown(keep, zone)), stamp(keep))]
    options = [*kept, option(_("No promise"), NOTHING), *others]
    menu = choice("static_select", "promise", options)
    if sheet.promised:
        chosen = stamp(sheet.promised)
        menu["initial_option"] = next(each for each in options if each["value"] == chosen)
    hint = _("If your answer names a time: you are reminded of it.")
    return asked("promise", _("Promise another word?"), menu, hint=f"{hint} {on_the_wall(zone)}")


def _where(sheet: Sheet) -> str:
    public, private = _("public: everyone can read it"), _("private: only they read it")
    seen = public if sheet.at.public else private
    customer = sheet.case.customer
    told = _("Published {on} as *{us}*, {seen}.").format(
        on=on(sheet.at.account), us=harmless(sheet.ability.speaks_as, CALLED), seen=seen
    )
    to = str(sheet.at.extra.get("reply_to") or customer.handle)
    if to == customer.handle:
        return told
    return told + " " + _("It goes to *{to}*.").format(to=harmless(to, CALLED))


def _limits(sheet: Sheet) -> Iterator[str]:
    """What is particular about answers there."""
    if sheet.at.reply_by:
        until = when_markup(sheet.at.reply_by)
        yield _("It can be answered until {moment}.").format(moment=until)
    if sheet.ability.overwrites:
        yield _("There is one answer at most: another takes its place.")
    if sheet.ability.markup:
        told = _("{markup} works in it: **bold**, lists, links.")
        yield told.format(markup=sheet.ability.markup)


def _length(ability: Ability) -> str:
    if ability.limit > INPUT:
        return fill(_("Up to {most:,} characters."), most=INPUT)
    most = fill(
        _("Up to {limit:,} {unit}, as the platform counts them."),
        limit=ability.limit,
        unit=_(ability.unit),
    )
    if ability.parts == 1:
        return most
    more = _("What is longer becomes a thread of up to {parts} posts.").format(parts=ability.parts)
    return f"{most} {more}"


def _ends(sign: str) -> str:
    return _("Ends with {sign}").format(sign=f"*{harmless(sign.strip(), SIGNED)}*")


def _not_sent(case: Case, text: str) -> str:
    """Where the words come from that are in the form already."""
    if not text or (case.reply and case.reply.sent_at and case.reply.text == text):
        return ""
    if case.conversation.proposed:
        return ""
    refused = case.reply.refused if case.reply and case.reply.text == text else None
    if refused:
        why = retold(refused, REFUSALS)
        return _("This was not taken: {why}").format(why=harmless(why, CALLED))
    return _(BEFORE)
