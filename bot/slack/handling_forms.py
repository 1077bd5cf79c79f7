"""Forms for what is done with a conversation: hand it on, merge it, and a list of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from bot.domain.case import Case
from bot.domain.conversation import UNSETTLED, Conversation, State
from bot.domain.mention import Kind
from bot.domain.team import Team
from bot.slack.blocks import (
    BUTTON,
    Block,
    Element,
    button,
    context,
    divider,
    line,
    mrkdwn,
    option,
    person,
    plain,
    quote,
    rich,
    section,
    sentence,
    words,
)
from bot.slack.buttons import Deed
from bot.slack.forms import MORE, SHORT, View, asked, choice, input_, modal
from bot.slack.text import clip, harmless, one_line
from bot.slack.tongue import N_, _
from bot.slack.words import CALLED, KINDS, named, platform, said, whole_name
from storage.conversations import Waiting

CHOICES = 100  # options of a select
RADIO = 10  # of radio buttons
NAME = 60  # characters of a team's name


class Way(StrEnum):
    """How something is handed on."""

    COLLEAGUE = "colleague"
    HELP = "help"
    TEAM = "team"
    NOBODY = "nobody"


WAYS = {
    Way.COLLEAGUE: N_("A colleague takes it"),
    Way.HELP: N_("Somebody is called to help"),
    Way.TEAM: N_("Another team takes it"),
    Way.NOBODY: N_("I let go of it"),
}
SUBMITS = {  # at most 24 characters
    Way.COLLEAGUE: N_("Assign"),
    Way.HELP: N_("Escalate"),
    Way.TEAM: N_("Move"),
    Way.NOBODY: N_("Let go"),
}
LET_GO_OF = N_("Nobody has it then")  # of what somebody else has


@dataclass(frozen=True, kw_only=True)
class Hands:
    """Into which hands a conversation can be given: `above` are groups and people to be called."""

    way: Way
    ways: Sequence[Way]
    team: Team
    teams: Sequence[Team]
    above: Sequence[str]
    by: str = ""  # who asks


# Everything else


def more(case: Case, deeds: Sequence[Deed]) -> View:
    """All that can be done with it, each with a button; its kind and urgency with Save."""
    conversation = case.conversation
    rows = [row(each, conversation.id) for each in deeds]
    asked_for = _judgements(conversation)
    return modal(
        "more",
        _("More for {number}").format(number=conversation.id),
        [_about(case), *asked_for, *([divider()] if asked_for else []), *rows],
        submit=_("Save") if asked_for else "",
        metadata={"conversation": conversation.id},
    )


def _judgements(conversation: Conversation) -> list[Block]:
    """What it is and how urgent; of what goes on elsewhere, that is said there."""
    if conversation.state is State.MERGED:
        return []
    waits = conversation.state in UNSETTLED
    return [_kind(conversation), *([_urgency(conversation)] if waits else [])]


def row(deed: Deed, number: int) -> Block:
    """What it does, and a button that does it or opens its form."""
    label, does = _(deed.label), _(deed.does)
    says = clip(f"{label.rstrip('…')}: {does}", BUTTON)
    pressed = button("open_form", label, f"{deed.verb} {number}", says=says)
    return section(does) | {"accessory": pressed}


def _kind(conversation: Conversation) -> Block:
    options = [option(_(label), kind.value) for kind, label in KINDS.items()]
    chosen = next(each for each in options if each["value"] == conversation.kind.value)
    menu = choice("static_select", "kind", options) | {"initial_option": chosen}
    return asked("kind", _("What is it?"), menu, hint=_("Its deadline follows."))


def _urgency(conversation: Conversation) -> Block:
    usual, urgent = option(_("As usual"), "usual"), option(_("Urgent"), "urgent")
    menu = choice("static_select", "urgency", [usual, urgent])
    menu["initial_option"] = urgent if conversation.urgent else usual
    hint = _("What is urgent counts, and calls, day and night.")
    return asked("urgency", _("How urgent is it?"), menu, hint=hint)


def _about(case: Case) -> Block:
    """Whose it is, in one line."""
    kind, customer = named(case.conversation.kind), whole_name(case.customer)
    who = words(customer, bold=True)
    told = sentence(_("{kind} from {customer}"), kind=kind, customer=who)
    return rich(line(*told))


# Hand on


def hand_on(case: Case, hands: Hands) -> View:
    """Into whose hands, and what is needed for that."""
    conversation = case.conversation
    options = [option(_way(each, conversation, hands.by), each.value) for each in hands.ways]
    chosen = next(each for each in options if each["value"] == hands.way.value)
    radio = choice("radio_buttons", "way", options) | {"initial_option": chosen}
    ways = asked("way", _("What should happen with it?"), radio) | {"dispatch_action": True}
    return modal(
        "hand_on",
        _("Hand on {number}").format(number=conversation.id),
        [quote(said(case), SHORT), *_holder(conversation), ways, *_asked_for(hands)],
        submit=_(SUBMITS[hands.way]),
        metadata={"conversation": conversation.id},
    )


def _way(way: Way, conversation: Conversation, by: str) -> str:
    others = way is Way.NOBODY and conversation.owner != by
    return _(LET_GO_OF) if others else _(WAYS[way])


def _holder(conversation: Conversation) -> list[Block]:
    if conversation.owner is None:
        return []
    return [rich(line(*sentence(_("{who} has it now."), who=person(conversation.owner))))]


def _asked_for(hands: Hands) -> list[Block]:
    if hands.way is Way.COLLEAGUE:
        return [_person("to", _("Who takes it?"), hint=_("They are told, and so is who had it."))]
    if hands.way is Way.HELP:
        return _called(hands)
    if hands.way is Way.TEAM:
        return [_teams(hands)]
    return [context(_("Its clock runs on, and the team sees that nobody has it."))]


def _called(hands: Hands) -> list[Block]:
    """Those whom the team has named, or anybody; and why."""
    above = [_named_option(each, hands.team) for each in hands.above][:RADIO]
    why = input_("because", _("Why?"), "", hint=_("They read it."), most=MORE)
    hint = _("They are called at once, and from now on where its holder would be.")
    if not above:
        return [_person("whom", _("Who is called?"), hint=hint), why]
    radio = {"type": "radio_buttons", "action_id": "above", "options": above}
    named_ones = asked("above", _("Who is called?"), radio, hint=hint) | {"optional": True}
    anybody = _person("whom", _("Or somebody else")) | {"optional": True}
    return [named_ones, anybody, why]


def _named_option(whom: str, team: Team) -> Element:
    """A person, a group, or a team by its name; radio buttons show markup."""
    if whom == team.manager:
        text = _("<@{who}>, who leads {team}").format(who=whom, team=harmless(team.name, 30))
    elif whom.startswith("S"):
        text = f"<!subteam^{whom}>"
    elif whom.startswith(("U", "W")):
        text = f"<@{whom}>"
    else:
        text = _("The team {team}").format(team=harmless(whom.removeprefix("team "), NAME))
    return {"text": mrkdwn(text), "value": whom}


def _teams(hands: Hands) -> Block:
    options = [option(each.name, each.name) for each in hands.teams[:CHOICES]]
    menu = {"type": "static_select", "action_id": "team", "options": options}
    hint = _("It gets a card in that team's channel and that team's deadline.")
    return asked("team", _("Which team?"), menu, hint=hint)


def _person(block: str, label: str, *, hint: str = "") -> Block:
    return asked(block, label, {"type": "users_select", "action_id": "person"}, hint=hint)


# Merge


def merge(case: Case, others: Sequence[Waiting]) -> View:
    """Which of this person's other conversations it belongs to; `others` are newest first."""
    conversation = case.conversation
    about: list[Block] = [_about(case), quote(said(case), SHORT)]
    same = section(_("Did they write under another name, or on another platform?"))
    join = button("open_form", _("Same person as…"), f"same {conversation.id}")
    says = _("Say that somebody else is the same person")
    blocks = [*about, *_into(others), same | {"accessory": join | {"accessibility_label": says}}]
    return modal(
        "merge",
        _("Merge {number}").format(number=conversation.id),
        blocks,
        submit=_("Merge") if others else "",
        metadata={"conversation": conversation.id},
    )


def _into(others: Sequence[Waiting]) -> list[Block]:
    if not others:
        return [section(_("This person has no other conversation that it could belong to."))]
    options = [option(_summary(each), str(each.conversation.id)) for each in others[:CHOICES]]
    menu = {"type": "static_select", "action_id": "into", "options": options}
    hint = _("It goes on there, with the older of the two deadlines. It can be undone exactly.")
    return [asked("into", _("Which one does it belong to?"), menu, hint=hint)]


def _summary(waiting: Waiting) -> str:
    """A number, where, and the first words."""
    conversation = waiting.conversation
    head = f"#{conversation.id} · {platform(conversation.account)}"
    return f"{head} · {one_line(waiting.words)}" if waiting.words else head


def same(case: Case, joined: Sequence[tuple[int, str]]) -> View:
    """Who else this is; `joined` are identities that were said to be theirs, by number and name."""
    number = case.conversation.id
    menu = {
        "type": "external_select",
        "action_id": "customer_found",
        "min_query_length": 2,
        "placeholder": plain(_("Search by handle or name"), 150),
    }
    hint = _("From now on it is one history, with the same tags. It can be undone.")
    search = asked("customer", _("Who is the same person?"), menu, hint=hint)
    return modal(
        "same",
        _("Same person as {number}").format(number=number),
        [_about(case), search, *(_joined(*each, number) for each in joined[:RADIO])],
        submit=_("One person"),
        metadata={"conversation": number},
    )


def _joined(customer: int, name: str, number: int) -> Block:
    called = harmless(name, CALLED)
    says = _("Two people after all: {customer}").format(customer=clip(name, 40))
    undo = button("part", _("Two people after all"), f"{customer} {number}", says=says)
    return section(_("{customer} is the same person.").format(customer=called)) | {
        "accessory": undo
    }


def kind_named(value: str, default: Kind) -> Kind:
    """Of a select; a form from before an update may hold something else."""
    return Kind(value) if value in set(Kind) else default
