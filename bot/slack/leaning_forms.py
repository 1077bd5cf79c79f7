"""What a team wants of triage: told in a few lines, and the form that changes it."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.domain.guess import RECALL
from bot.domain.mention import Kind
from bot.domain.team import Team
from bot.policy.triage import DAY, NEVER, UNKNOWN
from bot.slack import forms
from bot.slack.blocks import Block, option, section
from bot.slack.forms import View, modal
from bot.slack.text import harmless
from bot.slack.tongue import N_, _, fill, n_
from bot.slack.words import CALLED, KINDS

FORM = "triage_settings"
RECALLS = {  # shares of all complaints
    0.85: N_("85 of 100: the fewest false alarms"),
    0.9: N_("90 of 100"),
    0.95: N_("95 of 100, as usual"),
    0.97: N_("97 of 100"),
    0.99: N_("99 of 100: the most false alarms"),
}
GATHERED = {
    DAY: N_("Once a day"),
    "PT4H": N_("Within 4 hours"),
    "PT1H": N_("Within 1 hour"),
    NEVER: N_("At once, each with a card"),
}
KINDS_OF = {kind.value: KINDS[kind] for kind in UNKNOWN}
USUAL = {"recall": str(RECALL), "unknown": Kind.COMPLAINT.value, "gather": DAY}
WORDS = ("complaints", "others")
QUOTED = 5  # words that decide alone, of those that are told


def lines(team: Team) -> Sequence[str]:
    """What is set, a line each."""
    wanted = team.triage
    percent = round(100 * wanted.recall)
    return [
        _("Set for this team: of 100 complaints {percent} are to be found.").format(
            percent=percent
        ),
        *_words(_("Always a complaint: {words}."), wanted.complaints),
        *_words(_("Never a complaint: {words}."), wanted.others),
    ]


def leaning(team: str, written: Mapping[str, Any]) -> View:
    """As it stands; `written` is what teams.toml would have for it."""
    hint = _("A word or a few a line. Where one of them is said, nothing else is asked.")
    rest = _("It is listed with what needs no answer, and nothing is dropped.")
    recalls = {str(share): label for share, label in RECALLS.items()}
    blocks = [
        section(_("This holds for {team}.").format(team=harmless(team, CALLED))),
        _menu("recall", _("How many complaints are to be found?"), recalls, written),
        _lines("complaints", _("Always a complaint"), written, hint),
        _lines("others", _("Never a complaint"), written, rest),
        _menu("unknown", _("What a language that it was not taught counts as"), KINDS_OF, written),
        _menu("gather", _("When is shown what needs no answer?"), GATHERED, written),
    ]
    return modal(FORM, _("Triage"), blocks, submit=_("Save"), metadata={"team": team})


def _words(template: str, words: Sequence[str]) -> Sequence[str]:
    if not words:
        return []
    some = ", ".join(f"“{harmless(word, CALLED)}”" for word in words[:QUOTED])
    if more := len(words[QUOTED:]):
        some += " " + fill(n_("and {more:,} more", "and {more:,} more", more), more=more)
    return [template.format(words=some)]


def _lines(block: str, label: str, written: Mapping[str, Any], hint: str) -> Block:
    text = "\n".join(written.get(block, ()))
    return forms.input_(block, label, text, optional=True, hint=hint)


def _menu(block: str, label: str, labels: Mapping[str, str], written: Mapping[str, Any]) -> Block:
    """One of the usual, or what stands there."""
    chosen = str(written.get(block, USUAL[block]))
    all_of_them = labels if chosen in labels else {**labels, chosen: chosen}
    options = [option(_(text), value) for value, text in all_of_them.items()]
    first = next(each for each in options if each["value"] == chosen)
    menu = {"type": "static_select", "action_id": block, "options": options}
    return forms.asked(block, label, menu | {"initial_option": first})
