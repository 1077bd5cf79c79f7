"""What if: a form with a team's part of teams.toml, and how its last days would have been."""

from collections.abc import Iterator, Sequence

from bot.domain.clock import CHANNEL, HERE
from bot.domain.team import Team
from bot.simulate import HOURLY, Figure, Told, largest, notes, shown, tables
from bot.slack.blocks import (
    Block,
    Element,
    context,
    count,
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
from bot.slack.words import CALLED

WHAT_IF = "what_if"  # the form's callback, and its block
TITLE = "What if"
ASKED = "Change hours, targets or rungs and see the last 30 days"
HINT = "This changes nothing: the bot only tells what would have been."
CUT = (
    f"It is longer than the {INPUT:,} characters that Slack takes here, so its end is missing."
    " `python -m bot simulate` takes any length."
)
LABEL, COLUMN = 20, 16  # characters; a phone shows them without a break
PEOPLE = 20  # those that are called most
PROBLEMS = 10  # that are told at once


def form(team: Team) -> View:
    """The team's part of teams.toml, to be changed."""
    cut = [context(CUT)] if len(team.written) > INPUT else []
    return _asking(team, team.written, cut)


def counting() -> View:
    """While the answer is being worked out."""
    return modal(WHAT_IF, TITLE, [section("I go through the last 30 days. This takes seconds.")])


def result(was: Told, would: Told, team: Team) -> View:
    """Both, side by side: deadlines, lateness, and nags by person and by hour."""
    zone = team.calendar.zone
    groups = dict(tables(was, would, zone))
    hourly, called = groups.pop(HOURLY), groups.pop("nags to")
    blocks: list[Block] = [section(_headline(was, would, team))]
    blocks += [_table(title, figures) for title, figures in groups.items()]
    blocks += [_people(called)] if called else []
    blocks += [_table(f"nags by the hour in {zone.key}", hourly, bars=True)] if hourly else []
    blocks += [context(harmless(note, CALLED)) for note in notes(would, "The text")]
    return modal(WHAT_IF, TITLE, blocks)


def wrong(problems: Sequence[str], team: Team, text: str) -> View:
    """What is wrong with the text, which is there to be mended."""
    told = [section(f":warning: {harmless(problem, CALLED)}") for problem in problems[:PROBLEMS]]
    more = len(problems) - len(told)
    return _asking(team, text, [*told, *([context(f"And {more} more.")] if more > 0 else [])])


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
        "label": plain(ASKED),
        "element": element,
        "hint": plain(HINT),
    }
    about = {"team": team.name}
    return modal(WHAT_IF, TITLE, [*before, asked], submit="Tell", metadata=about)


def _headline(was: Told, would: Told, team: Team) -> str:
    late = f"{len(would.lateness):,} would have been late instead of {len(was.lateness):,}"
    called = f"{count(len(would.nags), 'nag')} instead of {len(was.nags):,}"
    return f"*The last 30 days of {harmless(team.name, CALLED)}*: {late}, with {called}."


def _table(title: str, figures: Sequence[Figure], *, bars: bool = False) -> Block:
    """Columns need letters of one width."""
    lines = [_row(title[:1].upper() + title[1:], "as it was", "then"), *_rows(figures, bars=bars)]
    drawn = {"type": "rich_text_preformatted", "elements": [words("\n".join(lines))]}
    return rich(drawn)


def _rows(figures: Sequence[Figure], *, bars: bool) -> Iterator[str]:
    most = largest(figures) if bars else 0
    for label, before, after in figures:
        yield _row(label, shown(before, most), shown(after, most))


def _row(label: str, before: str, after: str) -> str:
    return f"{label:<{LABEL}}{before:>{COLUMN}}{after:>{COLUMN}}".rstrip()


def _people(figures: Sequence[Figure]) -> Block:
    most_called = sorted(figures, key=lambda each: -largest([each]))[:PEOPLE]
    named = (
        line(_called(whom), words(f": {shown(before)} → {shown(after)}"))
        for whom, before, after in most_called
    )
    return rich(line(words("Nags to", bold=True)), listing(named))


def _called(whom: str) -> Element:
    """By name, and without calling anybody."""
    if whom in (CHANNEL, HERE):
        return words(f"@{whom}")
    return group(whom) if whom.startswith("S") else person(whom)
