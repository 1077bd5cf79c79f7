"""The forms in which saved replies are looked through, written, and taken from a file."""

from collections.abc import Sequence

from bot.domain.problems import NotPossible
from bot.domain.saved import HOLDING, KNOWN, NAME, TEXT, Saved
from bot.slack.blocks import Block, button, context, option, plain, section
from bot.slack.forms import View, asked, choice, input_, modal
from bot.slack.text import clip, harmless, one_line
from bot.slack.tongue import N_, _, fill, n_, told

MOST = 30  # that are shown at once; a search finds the rest
BEGINNING = 200  # characters of markup
WRONG = 40  # lines that are told
LANGUAGE = 20
SEARCH = "saved_search"
EVERY = "*"  # every team, where an option may not be empty
MEANING = {
    "first_name": N_("what the customer is called by friends"),
    "name": N_("their whole name"),
    "handle": N_("how the platform calls them"),
    "agent": N_("who answers"),
    "agent_initials": N_("who answers, in two letters"),
    "team": N_("the team"),
    "platform": N_("where they wrote"),
    "conversation": N_("its number here"),
    "order": N_("asked for each time"),
}


def listed(found: Sequence[Saved], query: str, *, may: bool, said: str = "") -> View:
    """All that fit the words, with what can be done with each."""
    blocks: list[Block] = [context(said)] if said else []
    if may:
        row = [
            button("saved_add", _("Add…"), "add", style="primary"),
            button("saved_import", _("Import…"), "import"),
            button("saved_export", _("Export"), "export"),
        ]
        blocks.append({"type": "actions", "elements": row})
    blocks.append(_search(query))
    blocks += [_one(each, may=may) for each in found[:MOST]]
    if not found:
        blocks.append(section(_("There is none with these words.") if query else _("None yet.")))
    if len(found) > MOST:
        more = len(found) - MOST
        told = n_("{more:,} more: search for it.", "{more:,} more: search for them.", more)
        blocks.append(context(fill(told, more=more)))
    return modal(
        "saved_replies",
        _("Saved replies"),
        blocks,
        submit=_("Search"),
        metadata={"query": query},
    )


def write(teams: Sequence[str], saved: Saved | None = None) -> View:
    """A new one, or one that is there."""
    options = [_team(name) for name in teams]
    menu = choice("static_select", "team", options)
    if saved and saved.team in teams:
        menu["initial_option"] = _team(saved.team)
    language = input_(
        "language",
        _("Language"),
        saved.language if saved else "",
        hint=_("Its code, such as de or en. Empty: any. Those in the customer’s come first."),
        optional=True,
        most=LANGUAGE,
        short=True,
    )
    return modal(
        "saved_reply",
        _("Change a saved reply") if saved else _("A new saved reply"),
        [
            input_("name", _("Name"), saved.name if saved else "", most=NAME, short=True),
            input_("saved_text", _("Text"), saved.text if saved else "", hint=_hint(), most=TEXT),
            asked("team", _("For which team?"), menu),
            language,
            _holding(saved),
        ],
        submit=_("Save"),
        metadata={"id": saved.id if saved else None},
    )


def _holding(saved: Saved | None) -> Block:
    """Where a team says which words may be offered for many people at once."""
    yes = option(_("Offer it to hold many people at once"), HOLDING)
    boxes = {"type": "checkboxes", "action_id": HOLDING, "options": [yes]}
    if saved and saved.holding:
        boxes["initial_options"] = [yes]
    hint = _(
        "It says that you are at it, and promises another word. When far more than usual write, it"
        " is offered for each of them; a person publishes each one."
    )
    return asked(HOLDING, _("Holding reply"), boxes, hint=hint) | {"optional": True}


def remove(saved: Saved) -> View:
    told = _("*{name}* is removed. What was answered with it stays.")
    return modal(
        "saved_remove",
        _("Remove it?"),
        [section(told.format(name=harmless(one_line(saved.name), BEGINNING)))],
        submit=_("Remove"),
        metadata={"id": saved.id},
    )


def bring() -> View:
    """A file is taken in whole, or not at all."""
    element = {
        "type": "file_input",
        "action_id": "saved_file",
        "filetypes": ["csv", "txt"],
        "max_files": 1,
    }
    hint = _("A CSV with the columns team, language, name and text, as Export makes one.")
    return modal(
        "saved_import",
        _("Import saved replies"),
        [asked("saved_file", _("File"), element, hint=hint)],
        submit=_("Import"),
    )


def reading_it() -> View:
    return modal("saved_reading", _("Saved replies"), [context(_("I am reading the file …"))])


def taken(new: int, changed: int) -> View:
    said = _("Done: {new:,} new, {changed:,} with other words.")
    text = fill(said, new=new, changed=changed)
    return modal("saved_taken", _("Saved replies"), [section(text)])


def wrong(problems: Sequence[NotPossible]) -> View:
    """Every mistake with its line, so that one round mends them all."""
    lines = [told(problem) for problem in problems]
    shown = clip("\n".join(f"• {line}" for line in lines[:WRONG]), TEXT - 100)
    blocks = [section(_("*Nothing was taken from the file.* Mend this, then import it again:"))]
    blocks.append(section(shown))
    if len(lines) > WRONG:
        more = len(lines) - WRONG
        blocks.append(context(fill(n_("and {more:,} more", "and {more:,} more", more), more=more)))
    return modal("saved_wrong", _("Nothing taken"), blocks)


def _search(query: str) -> Block:
    element = {
        "type": "plain_text_input",
        "action_id": SEARCH,
        "max_length": NAME,
        "dispatch_action_config": {"trigger_actions_on": ["on_enter_pressed"]},
    }
    if query:
        element["initial_value"] = query
    block = asked(SEARCH, _("Search by name or words"), element)
    return block | {"optional": True, "dispatch_action": True}


def _one(saved: Saved, *, may: bool) -> Block:
    facts = [saved.team or _("every team"), saved.language or _("any language")]
    facts += [_("holding reply")] if saved.holding else []
    text = f"*{harmless(one_line(saved.name), BEGINNING)}* · {' · '.join(map(_fact, facts))}\n"
    shown = section(text + harmless(one_line(saved.text), BEGINNING))
    if not may:
        return shown
    menu = {
        "type": "overflow",
        "action_id": "saved_item",
        "options": [
            option(_("Change…"), f"change {saved.id}"),
            option(_("Remove…"), f"remove {saved.id}"),
        ],
    }
    return shown | {"accessory": menu}


def _fact(words: str) -> str:
    return harmless(words, NAME)


def _team(name: str) -> dict[str, object]:
    return {"text": plain(name or _("Every team"), NAME), "value": name or EVERY}


def _hint() -> str:
    """What may stand in braces, and what is put there."""
    known = [f"{{{name}}} {_(MEANING[name])}" for name in KNOWN]
    told = _("In braces: {known}. Anything else in braces is asked for.")
    return told.format(known=", ".join(known))
