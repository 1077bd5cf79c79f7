"""Several at once: which of them, what is done with them, and what became of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.domain.mention import Kind
from bot.slack.blocks import Block, Element, context, in_json, mrkdwn, option, section
from bot.slack.forms import MORE, View, asked, choice, input_, modal, on_the_wall, picker, stamp
from bot.slack.text import clip, one_line
from bot.slack.times import Choice
from bot.slack.tongue import N_, _, fill, n_
from bot.slack.words import KINDS, on, whole_name
from storage.conversations import Waiting

MOST = 100  # options of a select
QUERY = 1900  # characters of JSON
LINE = 2900  # characters of markup in one block
LINES = 20  # such blocks
TAG = 40
ALL = "all"


class Deed(StrEnum):
    """What can be done with several."""

    DISMISS = "dismiss"
    CLAIM = "claim"
    ASSIGN = "assign"
    SNOOZE = "snooze"
    TAG = "tag"
    KIND = "kind"


DEEDS = {
    Deed.DISMISS: N_("Dismiss"),
    Deed.CLAIM: N_("Claim"),
    Deed.ASSIGN: N_("Assign"),
    Deed.SNOOZE: N_("Snooze"),
    Deed.TAG: N_("Tag the customers"),
    Deed.KIND: N_("Say what they are"),
}


@dataclass(frozen=True, kw_only=True)
class Pick:
    """What was found by `query`; `many` is how many there are in all."""

    query: str
    title: str
    found: Sequence[Waiting]
    many: int
    deed: Deed
    moments: Sequence[Choice]
    zone: ZoneInfo
    channel: str = ""


def pick(pick: Pick) -> View:
    """Which of them, what, and once for all why."""
    if not pick.found:
        told = _("*{title}*: nobody. :sunny:").format(title=pick.title)
        return modal("nothing", _("Select several"), [section(told)])
    return modal(
        "bulk",
        _("Select several"),
        [section(f"*{pick.title}*"), *_which(pick), _what(pick.deed), *_with(pick)],
        submit=_("Do it"),
        metadata={"query": clip(pick.query, QUERY, in_json), "channel": pick.channel},
    )


def _which(pick: Pick) -> list[Block]:
    """Some, or all that are shown."""
    options = [option(_summary(each), str(each.conversation.id)) for each in pick.found[:MOST]]
    menu: Element = {"type": "multi_static_select", "action_id": "which", "options": options}
    which = asked("which", _("Which ones?"), menu) | {"optional": True}
    shown = len(options)
    label = fill(n_("The one above", "All {many:,} of the list", shown), many=shown)
    text = {"text": mrkdwn(label), "value": ALL}
    box = {"type": "checkboxes", "action_id": "all", "options": [text]}
    every = asked("all", _("Or all of them"), box) | {"optional": True}
    cut = _("These are the first {shown:,} of {many:,}. Ask for fewer to have the others.")
    rest = [context(fill(cut, shown=shown, many=pick.many))] if pick.many > shown else []
    return [which, every, *rest]


def _summary(waiting: Waiting) -> str:
    conversation, words = waiting.conversation, one_line(waiting.words)
    where = f"#{conversation.id} {whole_name(waiting.customer)} {on(conversation.account)}"
    return f"{where} · {words}" if words else where


def _what(deed: Deed) -> Block:
    options = [option(_(label), each.value) for each, label in DEEDS.items()]
    menu = choice("static_select", "do", options)
    menu["initial_option"] = next(each for each in options if each["value"] == deed.value)
    return asked("do", _("What should happen with them?"), menu) | {"dispatch_action": True}


def _with(pick: Pick) -> list[Block]:
    """What this one needs to know."""
    if pick.deed is Deed.DISMISS:
        return [_why(_("Each card shows it."))]
    if pick.deed is Deed.ASSIGN:
        person = {"type": "users_select", "action_id": "person"}
        return [asked("to", _("Who takes them?"), person, hint=_("They are told of each."))]
    if pick.deed is Deed.SNOOZE:
        return [*_until(pick), _why(_("Each card shows it."))]
    if pick.deed is Deed.TAG:
        hint = _("One word, such as VIP. Rules may look at it.")
        return [input_("tag", _("Which word?"), "", hint=hint, short=True, most=TAG)]
    if pick.deed is Deed.KIND:
        return [_kind()]
    return [context(_("They are yours then, but for those that somebody else has."))]


def _why(hint: str) -> Block:
    return input_("because", _("Why?"), "", hint=hint, short=True, most=MORE)


def _until(pick: Pick) -> list[Block]:
    own = picker("until_at", _("Another time"))
    if not pick.moments:
        return [own | {"optional": False}]
    options = [option(label, stamp(at)) for label, at in pick.moments]
    menu = choice("radio_buttons", "until", options)
    return [asked("until", _("Until when?"), menu, hint=on_the_wall(pick.zone)), own]


def _kind() -> Block:
    options = [option(_(label), kind.value) for kind, label in KINDS.items()]
    chosen = next(each for each in options if each["value"] == Kind.QUESTION)
    menu = choice("static_select", "kind", options) | {"initial_option": chosen}
    return asked("kind", _("What are they?"), menu, hint=_("Their deadlines follow."))


def outcome(done: Sequence[int], refused: Sequence[tuple[int, str]]) -> View:
    """How many are done, and why each of the others is not; the sentences are our own."""
    many = n_("*{many:,} is done.*", "*{many:,} are done.*", len(done))
    blocks: list[Block] = [section(fill(many, many=len(done)))]
    if refused:
        not_done = n_("{many:,} is not:", "{many:,} are not:", len(refused))
        blocks.append(section(fill(not_done, many=len(refused))))
    blocks += [section(each) for each in _in_blocks(refused)][:LINES]
    return modal("done", _("Several at once"), blocks)


def _in_blocks(refused: Sequence[tuple[int, str]]) -> list[str]:
    """A line for each, as many together as a block takes."""
    made: list[str] = []
    for number, why in refused:
        each = f"#{number}: {why}"[:LINE]
        if made and len(made[-1]) + len(each) < LINE:
            made[-1] += f"\n{each}"
        else:
            made.append(each)
    return made
