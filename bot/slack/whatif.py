"""What if: a form with a team's part of teams.toml, and how its last days would have been."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

from bot.domain.clock import CHANNEL, HERE
from bot.domain.team import Team
from bot.policy.toml import ADDRESS
from bot.simulate import HOURLY, Figure, Told, largest, shown, tables
from bot.slack.blocks import (
    Block,
    Element,
    context,
    group,
    line,
    listing,
    person,
    plain,
    rich,
    section,
    words,
)
from bot.slack.forms import INPUT, View, modal
from bot.slack.text import clip, harmless
from bot.slack.tongue import N_, _, fill, n_
from bot.slack.words import CALLED

WHAT_IF = "what_if"  # the form's callback, and its block
TITLE = N_("What if")
ASKED = N_("Change hours, targets or rungs and see the last 30 days")
HINT = N_("This changes nothing: the bot only tells what would have been.")
CUT = N_(
    "It is longer than the {most:,} characters that Slack takes here, so its end is missing."
    " `python -m bot simulate` takes any length."
)
LABELS = (  # what the figures are called that are counted elsewhere
    N_("deadlines"),
    N_("in that time"),
    N_("kept"),
    N_("answered late"),
    N_("late and still open"),
    N_("open, not due yet"),
    N_("cancelled"),
    N_("late in all"),
    N_("median"),
    N_("longest"),
    N_("nags in that time"),
    N_("late by"),
    N_("up to 15 min"),
    N_("up to 1 h"),
    N_("up to 4 h"),
    N_("up to 24 h"),
    N_("longer"),
)
LABEL, COLUMN = 20, 16  # characters; a phone shows them without a break
PEOPLE = 20  # those that are called most
PROBLEMS = 10  # that are told at once
HIDDEN = re.compile(r"\w+://[^\s\"'/?#@]+/…")


def form(team: Team) -> View:
    """The team's part of teams.toml, to be changed."""
    written = hidden(team.written)
    cut = [context(fill(_(CUT), most=INPUT))] if len(written) > INPUT else []
    return _asking(team, written, cut)


def hidden(text: str) -> str:
    """Without all but the host of addresses: who can open the form need not know a webhook."""
    return ADDRESS.sub(r"\1\2/…", text)


def revealed(text: str, written: str) -> str:
    """The text with the addresses of `written` where they are hidden still, in their order."""
    kept = [(hidden(at[0]), at[0]) for at in ADDRESS.finditer(written)]

    def original(at: re.Match[str]) -> str:
        same = [each for each in kept if each[0] == at[0]]
        if len(same) > 1:
            kept.remove(same[0])
        return same[0][1] if same else at[0]

    return HIDDEN.sub(original, text)


def counting() -> View:
    """While the answer is being worked out."""
    told = _("I go through the last 30 days. This takes seconds.")
    return modal(WHAT_IF, _(TITLE), [section(told)])


def result(was: Told, would: Told, team: Team) -> View:
    """Both, side by side: deadlines, lateness, and nags by person and by hour."""
    zone = team.calendar.zone
    groups = dict(tables(was, would, zone))
    hourly, called = groups.pop(HOURLY), groups.pop("nags to")
    blocks: list[Block] = [section(_headline(was, would, team))]
    blocks += [_table(title, figures) for title, figures in groups.items()]
    blocks += [_people(called)] if called else []
    by_the_hour = _("nags by the hour in {zone}").format(zone=zone.key)
    blocks += [_table(by_the_hour, hourly, bars=True)] if hourly else []
    blocks += [context(harmless(note, CALLED)) for note in _notes(would)]
    return modal(WHAT_IF, _(TITLE), blocks)


def _notes(told: Told) -> Iterator[str]:
    """What one must know to read the figures."""
    for team, many in sorted(told.strangers.items()):
        yield n_(
            "The text has no team “{team}”: its {many} conversation counts as of the first team"
            " there.",
            "The text has no team “{team}”: its {many} conversations count as of the first team"
            " there.",
            many,
        ).format(team=team, many=many)
    if told.untold:
        yield n_(
            "Left out: {many} conversation is from before there was a journal.",
            "Left out: {many} conversations are from before there was a journal.",
            told.untold,
        ).format(many=told.untold)


def wrong(problems: Sequence[str], team: Team, text: str) -> View:
    """What is wrong with the text, which is there to be mended."""
    told = [section(f":warning: {harmless(problem, CALLED)}") for problem in problems[:PROBLEMS]]
    more = len(problems) - len(told)
    return _asking(team, text, [*told, *([context(_and_more(more))] if more > 0 else [])])


def _and_more(many: int) -> str:
    return n_("And {many} more.", "And {many} more.", many).format(many=many)


def _asking(team: Team, text: str, before: Sequence[Block]) -> View:
    element: Element = {
        "type": "plain_text_input",
        "action_id": "text",
        "multiline": True,
        "max_length": INPUT,
        "focus_on_load": True,
    }
    if text:
        element["initial_value"] = clip(text, INPUT)
    asked: Block = {
        "type": "input",
        "block_id": WHAT_IF,
        "label": plain(_(ASKED)),
        "element": element,
        "hint": plain(_(HINT)),
    }
    about = {"team": team.name}
    return modal(WHAT_IF, _(TITLE), [*before, asked], submit=_("Tell"), metadata=about)


def _headline(was: Told, would: Told, team: Team) -> str:
    told = n_(
        "*The last 30 days of {team}*: {late:,} would have been late instead of {was_late:,},"
        " with {many:,} nag instead of {were:,}.",
        "*The last 30 days of {team}*: {late:,} would have been late instead of {was_late:,},"
        " with {many:,} nags instead of {were:,}.",
        len(would.nags),
    )
    return fill(
        told,
        team=harmless(team.name, CALLED),
        late=len(would.lateness),
        was_late=len(was.lateness),
        many=len(would.nags),
        were=len(was.nags),
    )


def _table(name: str, figures: Sequence[Figure], *, bars: bool = False) -> Block:
    """Columns need letters of one width."""
    lines = [
        _row(_(name)[:1].upper() + _(name)[1:], _("as it was"), _("then")),
        *_rows(figures, bars=bars),
    ]
    drawn = {"type": "rich_text_preformatted", "elements": [words("\n".join(lines))]}
    return rich(drawn)


def _rows(figures: Sequence[Figure], *, bars: bool) -> Iterator[str]:
    most = largest(figures) if bars else 0
    for label, before, after in figures:
        yield _row(_label(label), _figure(before, most), _figure(after, most))


def _label(label: str) -> str:
    """What is set in stays set in."""
    text = label.lstrip()
    return label[: -len(text)] + _(text)


def _figure(value: int | timedelta | None, most: int) -> str:
    """A span to the minute, however long: 0 min, 59 min, 31 h 5 min."""
    if not isinstance(value, timedelta):
        return shown(value, most)
    hours, minutes = divmod(int(value.total_seconds()) // 60, 60)
    told = _("{hours} h {minutes} min") if hours else _("{minutes} min")
    return told.format(hours=hours, minutes=minutes)


def _row(label: str, before: str, after: str) -> str:
    return f"{label:<{LABEL}}{before:>{COLUMN}}{after:>{COLUMN}}".rstrip()


def _people(figures: Sequence[Figure]) -> Block:
    most_called = sorted(figures, key=lambda each: -largest([each]))[:PEOPLE]
    named = (
        line(_called(whom), words(f": {shown(before)} → {shown(after)}"))
        for whom, before, after in most_called
    )
    return rich(line(words(_("Nags to"), bold=True)), listing(named))


def _called(whom: str) -> Element:
    """By name, and without calling anybody."""
    if whom in (CHANNEL, HERE):
        return words(f"@{whom}")
    return group(whom) if whom.startswith("S") else person(whom)
