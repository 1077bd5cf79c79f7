"""What a rule promised to a customer, and why nothing else did, in a sentence."""

from collections.abc import Sequence

from bot.domain.calendar import ALL_WEEK, Calendar
from bot.domain.clock import Clock, Owed
from bot.domain.conversation import NO_ANSWER_NEEDED, Conversation
from bot.domain.mention import Kind
from bot.domain.team import Rule, Team
from bot.slack.reasons import exactly
from bot.slack.text import harmless
from bot.slack.words import CALLED, KINDS, judgement, on, plural

NAMED = 40  # characters of a tag's or a platform's name
WHAT = {
    Owed.FIRST: "a first answer",
    Owed.FURTHER: "a further answer",
    Owed.LOOP: "another word, until it is settled,",
}
SO = "So there is no deadline, and nobody is called."


def round_the_clock(calendar: Calendar) -> bool:
    special = bool(calendar.holidays or calendar.days)
    return calendar.week == ALL_WEEK and not special


def promised(clock: Clock, team: Team, conversation: Conversation) -> str:
    """Which rule matched, and what it promises."""
    name = harmless(team.name, CALLED)
    if clock.owed is Owed.PROMISE:
        by = f"<@{conversation.promised_by}>" if conversation.promised_by else "Our answer"
        return f"{by} promised the customer another word."
    within = f"*{WHAT[clock.owed]}* within *{exactly(clock.within)}*{_counted_how(clock)}"
    rule, because = team.rule(conversation), counts_as(conversation)
    if rule not in team.rules:
        return f"*{name}* promises {plural(conversation.kind)} {within}. {because}"
    return f"{_matched(rule, name)}: {within}. {because}"


def nothing_owed(conversation: Conversation, team: Team) -> str:
    """Why nothing is owed by any time."""
    if conversation.thanks:
        return (
            "It sounds like the customer's last word, so no clock runs and nobody is called. Press"
            f" *{NO_ANSWER_NEEDED}*, or reply."
        )
    if not conversation.waits:
        return "It is answered, and nothing more is owed by any time."
    rule, name = team.rule(conversation), harmless(team.name, CALLED)
    if rule in team.rules:
        return f"{_matched(rule, name)}, and it promises nothing. {SO}"
    return f"The team *{name}* promises nothing for {plural(conversation.kind)}. {SO}"


def counts_as(conversation: Conversation) -> str:
    kind = conversation.kind
    what = plural(kind) if kind is Kind.PRAISE else f"a {KINDS[kind].lower()}"
    return f"It counts as {what} because {judgement(conversation)}."


def _matched(rule: Rule, team: str) -> str:
    return f"The rule *{harmless(rule.name, CALLED)}* of *{team}* matched{_for(rule)}"


def _for(rule: Rule) -> str:
    """Whom a rule is for, in a few words."""
    named = [
        " or ".join(plural(kind) for kind in rule.kinds),
        " or ".join(on(harmless(each, NAMED)) for each in rule.platforms),
        _any_of("tagged", rule.tags),
        _any_of("in", rule.languages),
    ]
    said = ", ".join(part for part in named if part)
    return f" ({said})" if said else ""


def _any_of(what: str, names: Sequence[str]) -> str:
    return f"{what} {' or '.join(harmless(name, NAMED) for name in names)}" if names else ""


def _counted_how(clock: Clock) -> str:
    if clock.urgent:
        return ", counted day and night because it is urgent"
    return ", round the clock" if round_the_clock(clock.calendar) else " of working time"
