"""What is told of what a team has taught, and what it is asked, so that none is lost."""

from collections.abc import Sequence

from bot.domain.team import Team
from bot.learning import FEW, State
from bot.lessons import Effect
from bot.slack.blocks import (
    Block,
    Element,
    Message,
    actions,
    button,
    context,
    only_you,
    quote,
    section,
    when_markup,
)
from bot.slack.leaning_forms import FORM, lines
from bot.slack.text import harmless
from bot.slack.tongue import N_, _, fill, n_
from bot.slack.words import CALLED
from storage.lessons import Taught
from storage.samples import Sample

QUOTED = 600  # of JSON, of each that we ask about
REFUSED = {
    "too few": N_("The last {many:,} labels were too few to learn from."),
    "one kind": N_("All of the last {many:,} labels say the same: there is nothing to tell apart."),
    "contradict": N_(
        "The last {many:,} labels have next to nothing in common with what triage takes for a"
        " complaint, so nothing was learnt from them. Look whether they are right, or set keywords"
        " for this team."
    ),
    "worse": N_(
        "What the last {many:,} labels teach was worse on the newest of them than what is in"
        " force, so that stays."
    ),
}


def taught(state: State, team: Team) -> Message:
    """What is taught since when, by how many labels, what came of it, and how to take it back."""
    settings = button(FORM, _("Settings…"), team.name)
    if not state.teachable:
        text = "\n".join([_unteachable(state), *_late(state), *lines(team)])
        return Message(text, [section(text), actions(settings), only_you()])
    known = [_head(state), *_effect(state), *_threshold(state), *_refused(state), *_late(state)]
    text = "\n".join([*known, *lines(team)])
    told = _(
        "Learnt from *not a complaint*, *no answer needed*, dismissals and answers. Three that"
        " agree move what is very similar, within a minute; what all of them teach is made anew"
        " now and then, and put in force only where it is no worse on the newest labels."
    )
    buttons = actions(*_undoing(state, team), settings)
    return Message(text, [section(text), buttons, context(told), only_you()])


def _undoing(state: State, team: Team) -> Sequence[Element]:
    if state.taught is None:
        return []
    if state.taught.taken_back_at:
        return [button("taught_use_again", _("Use it again"), team.name)]
    return [button("taught_take_back", _("Take it back"), team.name)]


def asking(asked: Sequence[Sample]) -> Message:
    """A few that triage took for no complaints: is that right?"""
    head = _(
        "*Is one of these a complaint?* Triage took none of them for one. A few are shown each"
        " week, so that it learns what it misses."
    )
    blocks: list[Block] = [section(head)]
    for each in asked:
        blocks += [context(f"#{each.conversation}"), quote(each.text, QUOTED), _answer(each)]
    return Message(head, blocks)


def _answer(sample: Sample) -> Block:
    if sample.verdict is not None:
        said = _("A complaint.") if sample.verdict else _("Not a complaint.")
        return context(f":white_check_mark: {said}")
    value = f"sample {sample.mention}"
    says = f"#{sample.conversation}"
    return actions(
        button("sample_complaint", _("Complaint"), value, says=f"{_('Complaint')} {says}"),
        button("sample_none", _("Not a complaint"), value, says=f"{_('Not a complaint')} {says}"),
    )


def _unteachable(state: State) -> str:
    told = _(
        "*The lexical model serves, which nobody can teach.* Of team {team} {many} are kept, for"
        " when the sentence model does: without `TRIAGE=lexical`."
    )
    return told.format(team=harmless(state.team, CALLED), many=_labels(state))


def _labels(state: State) -> str:
    return fill(n_("{many:,} label", "{many:,} labels", state.labels), many=state.labels)


def _head(state: State) -> str:
    team, made, many = harmless(state.team, CALLED), state.taught, _labels(state)
    if made is None:
        told = _("*Team {team} has taught triage nothing yet.* {many} are kept; it takes {few}.")
        return told.format(team=team, many=many, few=FEW)
    since = when_markup(made.made_at)
    if made.taken_back_at:
        told = _("*What team {team} taught is taken back* by {who}, {at}. The general guess holds.")
        who = f"<@{made.taken_back_by}>"
        return told.format(team=team, who=who, at=when_markup(made.taken_back_at))
    told = _("*Team {team} has taught triage*, last {since}; {many} are kept.")
    return told.format(team=team, since=since, many=many)


def _effect(state: State) -> Sequence[str]:
    if state.effect is None or not state.effect.labels:
        return []
    return [effect(state.effect)]


def effect(of: Effect) -> str:
    """Since Monday: 14 false alarms fewer, none missed."""
    told = _("Since {since}: {alarms}, {missed}.")
    return told.format(since=when_markup(of.since), alarms=_alarms(of), missed=_missed(of))


def _alarms(of: Effect) -> str:
    many = abs(of.fewer_alarms)
    if of.fewer_alarms > 0:
        told = n_("{many:,} false alarm fewer", "{many:,} false alarms fewer", many)
    elif of.fewer_alarms < 0:
        told = n_("{many:,} false alarm more", "{many:,} false alarms more", many)
    else:
        return _("as many false alarms as without")
    return fill(told, many=many)


def _missed(of: Effect) -> str:
    many = abs(of.more_missed)
    if not of.missed_after:
        return _("none missed")
    if of.more_missed > 0:
        told = n_("{many:,} complaint more missed", "{many:,} complaints more missed", many)
    elif of.more_missed < 0:
        told = n_("{many:,} complaint fewer missed", "{many:,} complaints fewer missed", many)
    else:
        return _("no more missed than without")
    return fill(told, many=many)


def _threshold(state: State) -> Sequence[str]:
    made = state.taught
    if made is None or made.taken_back_at or made.lesson.threshold is None:
        return []
    told = _("What is a complaint with {percent} % or more has the complaint's clock.")
    return [told.format(percent=round(100 * made.lesson.threshold))]


def _refused(state: State) -> Sequence[str]:
    last: Taught | None = state.last
    if last is None or last.refused not in REFUSED:
        return []
    return [fill(_(REFUSED[last.refused]), many=last.labels)]


def _late(state: State) -> Sequence[str]:
    lines = []
    if state.late:
        told = n_(
            "{many:,} complaint was found only by a person, in four weeks.",
            "{many:,} complaints were found only by a person, in four weeks.",
            state.late,
        )
        lines.append(fill(told, many=state.late))
    if state.asked:
        told = n_(
            "{many:,} mention waits in the channel for a verdict.",
            "{many:,} mentions wait in the channel for a verdict.",
            state.asked,
        )
        lines.append(fill(told, many=state.asked))
    return lines
