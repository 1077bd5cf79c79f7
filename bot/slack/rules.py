"""What a rule promised to a customer, and why nothing else did, in a sentence."""

from collections.abc import Sequence

from bot.domain.calendar import ALL_WEEK, Calendar
from bot.domain.clock import Clock, Owed
from bot.domain.conversation import NO_ANSWER_NEEDED, Conversation
from bot.domain.guess import Severity
from bot.domain.mention import Kind
from bot.domain.team import Rule, Team
from bot.slack.reasons import exactly
from bot.slack.text import harmless
from bot.slack.tongue import N_, _
from bot.slack.words import CALLED, SEVERITIES, judgement, on, plural

NAMED = 40  # characters of a tag's or a platform's name
WHAT = {
    Owed.FIRST: N_("a first answer"),
    Owed.FURTHER: N_("a further answer"),
    Owed.LOOP: N_("another word, until it is settled,"),
}
A_KIND = {
    Kind.COMPLAINT: N_("a complaint"),
    Kind.QUESTION: N_("a question"),
    Kind.PRAISE: N_("praise"),
    Kind.OTHER: N_("a mention"),
}


AT_STAKE = {Severity.ANNOYED: N_("annoyed"), **SEVERITIES}


def round_the_clock(calendar: Calendar) -> bool:
    special = bool(calendar.holidays or calendar.days)
    return calendar.week == ALL_WEEK and not special


def promised(clock: Clock, team: Team, conversation: Conversation) -> str:
    """Which rule matched, and what it promises."""
    name = harmless(team.name, CALLED)
    if clock.owed is Owed.PROMISE:
        return _another_word(conversation)
    within = _within(clock).format(what=_(WHAT[clock.owed]), time=exactly(clock.within))
    rule, because = team.rule(conversation), counts_as(conversation)
    if rule not in team.rules:
        told = _("*{team}* promises {kinds} {within}. {because}")
        kinds = plural(conversation.kind)
        return told.format(team=name, kinds=kinds, within=within, because=because)
    return f"{_matched(rule, name)}: {within}. {because}"


def _another_word(conversation: Conversation) -> str:
    if by := conversation.promised_by:
        return _("<@{by}> promised the customer another word.").format(by=by)
    return _("Our answer promised the customer another word.")


def nothing_owed(conversation: Conversation, team: Team) -> str:
    """Why nothing is owed by any time."""
    if conversation.thanks:
        told = _(
            "It sounds like the customer's last word, so no clock runs and nobody is called. Press"
            " *{no_answer_needed}*, or reply."
        )
        return told.format(no_answer_needed=_(NO_ANSWER_NEEDED))
    if not conversation.waits:
        return _("It is answered, and nothing more is owed by any time.")
    rule, name = team.rule(conversation), harmless(team.name, CALLED)
    if rule in team.rules:
        told = _("{rule}, and it promises nothing. So there is no deadline, and nobody is called.")
        return told.format(rule=_matched(rule, name))
    told = _(
        "The team *{team}* promises nothing for {kinds}. So there is no deadline, and nobody is"
        " called."
    )
    return told.format(team=name, kinds=plural(conversation.kind))


def counts_as(conversation: Conversation) -> str:
    told = _("It counts as {kind} because {why}.")
    return told.format(kind=_(A_KIND[conversation.kind]), why=judgement(conversation))


def _matched(rule: Rule, team: str) -> str:
    told = _("The rule *{rule}* of *{team}* matched{only}")
    return told.format(rule=harmless(rule.name, CALLED), team=team, only=_for(rule))


def _for(rule: Rule) -> str:
    """Whom a rule is for, in a few words."""
    named = [
        _(" or ").join(plural(kind) for kind in rule.kinds),
        _(" or ").join(on(harmless(each, NAMED)) for each in rule.platforms),
        _any_of(_("tagged {names}"), rule.tags),
        _any_of(_("in {names}"), rule.languages),
        _(" or ").join(_(AT_STAKE[each]) for each in rule.severities),
    ]
    said = ", ".join(part for part in named if part)
    return f" ({said})" if said else ""


def _any_of(what: str, names: Sequence[str]) -> str:
    shown = _(" or ").join(harmless(name, NAMED) for name in names)
    return what.format(names=shown) if names else ""


def _within(clock: Clock) -> str:
    """How its time is counted."""
    if clock.urgent:
        return _("*{what}* within *{time}*, counted day and night because it is urgent")
    if round_the_clock(clock.calendar):
        return _("*{what}* within *{time}*, round the clock")
    return _("*{what}* within *{time}* of working time")
