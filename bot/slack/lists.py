"""What a team is told by itself: at opening, at closing, and when many nags fell due together."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import accumulate, takewhile

from bot.domain.conversation import UNSETTLED, Conversation
from bot.domain.guess import Severity
from bot.domain.team import Team
from bot.slack.blocks import (
    FALLBACK,
    Block,
    Message,
    context,
    line,
    listing,
    rich,
    section,
    when_markup,
    words,
)
from bot.slack.queue import Links, entry, spoken
from bot.slack.text import clip, harmless
from bot.slack.tongue import _, n_
from bot.slack.words import CALLED, whole_name
from storage.conversations import Waiting

MOST = 15  # lines in full of each list
ROOM = 11_000  # of JSON for all lists; Slack takes 13,200 for all blocks together
AROUND = 400  # of that, for what stands around a list
NAME = 48  # characters, where only number and name are shown
CALLS = 40  # people and groups in one message; who would call more calls everybody
SEARCHED = 366  # days until the team works again
ONE_DAY = timedelta(days=1)
NOON = time(12)
REST = "`/unanswered`"
GRAVITY: Mapping[str, int] = {each: number for number, each in enumerate(Severity, 1)}


@dataclass(frozen=True, kw_only=True)
class Part:
    """One list, and the markup of our own that stands over it."""

    title: str
    found: Sequence[Waiting]


def opening(
    team: Team,
    waiting: Sequence[Waiting],
    gathered: Sequence[Waiting],
    calls: Sequence[str],
    now: datetime,
    links: Links,
) -> Message | None:
    """What waits this morning; first, once, what fell due while nobody could be called.

    `waiting` is all that waits, `calls` is whom the gathered nags call, as markup.
    """
    fell = still_late(gathered, now)
    others = [each for each in _without(waiting, fell) if each.conversation.state in UNSETTLED]
    promised = [each for each in others if _promised_on(each, _today(team, now), now)]
    due = _due_before(_without(others, promised), _midnight(team, now), now)
    parts = [
        Part(title=_calling(calls, _fell_while_away(fell, now)), found=fell),
        Part(title=_("*Due today*"), found=due),
        Part(title=_("*Promised for today*"), found=promised),
    ]
    rest = _without(others, [*promised, *due])
    if not fell and not others:
        return None
    head = f"*{_greeting(team, now)}, {harmless(team.name, CALLED)}*: {_counted(parts, rest, now)}."
    return _message(head, parts, _otherwise(rest, now), now, links)


def closing(team: Team, waiting: Sequence[Waiting], now: datetime, links: Links) -> Message | None:
    """What is late, or will be before noon of the next day on which the team works."""
    noon = _next_noon(team, now)
    due = _due_before(waiting, noon, now) if noon else []
    if not due or not noon:
        return None
    late = sum(each.conversation.late(now) for each in due)
    told = ", ".join([*_already(late), *_soon(len(due) - late, noon)])
    before = _("*Before you go, {team}*: {told}.")
    head = before.format(team=harmless(team.name, CALLED), told=told)
    return _message(head, [Part(title="", found=due)], "", now, links)


def gathered(
    team: Team, gathered: Sequence[Waiting], calls: Sequence[str], now: datetime, links: Links
) -> Message | None:
    """Many nags at once, after a break or an outage: one message, and each is called once."""
    fell = still_late(gathered, now)
    if not fell:
        return None
    head = f"*{harmless(team.name, CALLED)}*: {_calling(calls, _fell(fell, now))}"
    return _message(head, [Part(title="", found=fell)], "", now, links)


def still_late(gathered: Iterable[Waiting], now: datetime) -> Sequence[Waiting]:
    """Without what was answered, dismissed, snoozed or counted anew since its nag was gathered.

    Whoever asks whom to call asks about these.
    """
    return _urgent_first(each for each in gathered if _calls(each.conversation, now))


# What belongs into a list


def _calls(conversation: Conversation, now: datetime) -> bool:
    """Whether a rung that it has climbed still holds."""
    climbed = conversation.due_at is not None and conversation.rungs_climbed > 0
    return conversation.open and climbed and not conversation.snoozed(now)


def _due_before(waiting: Iterable[Waiting], end: datetime, now: datetime) -> Sequence[Waiting]:
    return _urgent_first(
        each
        for each in waiting
        if (due_at := each.conversation.due_at)
        and due_at < end
        and each.conversation.open
        and not _asleep(each.conversation, now)
    )


def _asleep(conversation: Conversation, now: datetime) -> bool:
    """Whether it was put aside and is not due after that."""
    pause, due_at = conversation.snoozed(now), conversation.due_at
    return bool(pause and not (due_at and pause.end < due_at))


def _promised_on(waiting: Waiting, day: tuple[datetime, datetime], now: datetime) -> bool:
    conversation, (begins, ends) = waiting.conversation, day
    at = conversation.promised_for
    asleep = _asleep(conversation, now)
    return bool(at and begins <= at < ends and conversation.open and not asleep)


def _without(waiting: Sequence[Waiting], listed: Sequence[Waiting]) -> Sequence[Waiting]:
    numbers = {each.conversation.id for each in listed}
    return [each for each in waiting if each.conversation.id not in numbers]


def _urgent_first(waiting: Iterable[Waiting]) -> Sequence[Waiting]:
    return sorted(waiting, key=_urgency)


def _urgency(waiting: Waiting) -> tuple[datetime, int, int]:
    """By deadline; of what is due together, what has most at stake comes first."""
    conversation = waiting.conversation
    at_stake = GRAVITY.get(conversation.severity, 0)
    return conversation.due_at or conversation.waiting_since, -at_stake, conversation.id


# When


def _today(team: Team, now: datetime) -> tuple[datetime, datetime]:
    """From midnight to midnight, on the clock of the team's wall."""
    return _at(team, _date(team, now), time(0)), _midnight(team, now)


def _midnight(team: Team, now: datetime) -> datetime:
    return _at(team, _date(team, now) + ONE_DAY, time(0))


def _next_noon(team: Team, now: datetime) -> datetime | None:
    """None for a team that does not work any more."""
    days = (_date(team, now) + number * ONE_DAY for number in range(1, SEARCHED))
    day = next((day for day in days if team.calendar.hours_of(day)), None)
    return _at(team, day, NOON) if day else None


def _date(team: Team, now: datetime) -> date:
    return now.astimezone(team.calendar.zone).date()


def _at(team: Team, day: date, clock: time) -> datetime:
    return datetime.combine(day, clock, team.calendar.zone).astimezone(UTC)


# What is said


def _greeting(team: Team, now: datetime) -> str:
    hour = now.astimezone(team.calendar.zone).hour
    if hour < 12:
        return _("Good morning")
    return _("Good afternoon") if hour < 18 else _("Good evening")


def _counted(parts: Sequence[Part], rest: Sequence[Waiting], now: datetime) -> str:
    fell, due, promised = (len(part.found) for part in parts)
    waiting = fell + due + promised + len(rest)
    told = [
        (waiting, n_("{many} waiting", "{many} waiting", waiting)),
        (fell, _how(parts[0].found, now)),
        (due, n_("{many} due today", "{many} due today", due)),
        (promised, n_("{many} promised for today", "{many} promised for today", promised)),
    ]
    return ", ".join(what.format(many=many) for many, what in told if many)


def _how(fell: Sequence[Waiting], now: datetime) -> str:
    if _all_late(fell, now):
        return n_("{many} fell late", "{many} fell late", len(fell))
    return n_("{many} came up", "{many} came up", len(fell))


def _fell(fell: Sequence[Waiting], now: datetime) -> str:
    if _all_late(fell, now):
        told = n_("this fell late", "these {many} fell late", len(fell))
    else:
        told = n_("this came up", "these {many} came up", len(fell))
    return told.format(many=len(fell))


def _fell_while_away(fell: Sequence[Waiting], now: datetime) -> str:
    if _all_late(fell, now):
        told = n_(
            "while you were away this fell late",
            "while you were away these {many} fell late",
            len(fell),
        )
    else:
        told = n_(
            "while you were away this came up",
            "while you were away these {many} came up",
            len(fell),
        )
    return told.format(many=len(fell))


def _all_late(fell: Sequence[Waiting], now: datetime) -> bool:
    """A nag can also warn before the deadline."""
    return all(each.conversation.late(now) for each in fell)


def _already(late: int) -> list[str]:
    told = n_("{many} is late already", "{many} are late already", late)
    return [told.format(many=late)] if late else []


def _soon(many: int, noon: datetime) -> list[str]:
    told = n_("{many} will be late before {noon}", "{many} will be late before {noon}", many)
    return [told.format(many=many, noon=when_markup(noon))] if many else []


def _calling(calls: Sequence[str], what: str) -> str:
    """Who is called, each once, and why."""
    named = list(dict.fromkeys(calls))
    called = " ".join(named) if len(named) <= CALLS else "<!channel>"
    return f"{called}, {what}:" if called else f"*{what[:1].upper()}{what[1:]}*"


def _otherwise(rest: Sequence[Waiting], now: datetime) -> str:
    """What else there is, in a sentence."""
    if not rest:
        return ""
    asleep = sum(1 for each in rest if each.conversation.snoozed(now))
    if asleep:
        told = n_(
            "{many} more waits, {asleep} of them paused: {rest}",
            "{many} more wait, {asleep} of them paused: {rest}",
            len(rest),
        )
    else:
        told = n_("{many} more waits: {rest}", "{many} more wait: {rest}", len(rest))
    return told.format(many=len(rest), asleep=asleep, rest=REST)


# How it is drawn


def _message(head: str, parts: Sequence[Part], foot: str, now: datetime, links: Links) -> Message:
    """As much of each list as there is room for; the others by number and name, then by number."""
    shown = [part for part in parts if part.found]
    blocks, room = [section(head)], ROOM
    for left, part in zip(range(len(shown), 0, -1), shown, strict=True):
        drawn = _drawn(part, now, links, room // left)
        blocks, room = blocks + drawn, room - _length(drawn)
    return Message(_spoken(head, shown, foot, now), [*blocks, *([context(foot)] if foot else [])])


def _drawn(part: Part, now: datetime, links: Links, room: int) -> list[Block]:
    room -= AROUND + len(part.title)
    lines = [entry(each, now, links, quoted=False) for each in part.found[:MOST]]
    full = _fitting(map(_length, lines), room * 2 // 3)
    names = [
        f"{each.conversation.id} {clip(whole_name(each.customer), NAME)}" for each in part.found
    ]
    room -= sum(map(_length, lines[:full]))
    named = names[full : full + _fitting(map(_length, names[full:]), room)]
    return [
        *([section(part.title)] if part.title else []),
        *([rich(listing(lines[:full]))] if full else []),
        *([rich(line(words(" · ".join(named))))] if named else []),
        *_more(len(names) - full - len(named)),
    ]


def _spoken(head: str, parts: Sequence[Part], foot: str, now: datetime) -> str:
    """The same as markup: all that a screen reader reads."""
    told, room = [head], FALLBACK - len(head) - len(foot) - 2
    for left, part in zip(range(len(parts), 0, -1), parts, strict=True):
        heard = _heard(part, now, room // left)
        told, room = told + heard, room - sum(len(each) + 1 for each in heard)
    return "\n".join([*told, *([foot] if foot else [])])


def _heard(part: Part, now: datetime, room: int) -> list[str]:
    lines = [spoken(each, now, quoted=False) for each in part.found]
    more = _and_more(len(lines))
    full = _fitting((len(each) + 1 for each in lines), room - len(part.title) - len(more) - 2)
    rest = [_and_more(len(lines) - full)] if len(lines) > full else []
    return [*([part.title] if part.title else []), *lines[:full], *rest]


def _more(left_out: int) -> list[Block]:
    return [context(_and_more(left_out))] if left_out else []


def _and_more(many: int) -> str:
    return n_("And {many} more: {rest}", "And {many} more: {rest}", many).format(
        many=many, rest=REST
    )


def _fitting(lengths: Iterable[int], room: int) -> int:
    """How many of them there is room for, from the first on."""
    return sum(1 for _ in takewhile(lambda total: total <= room, accumulate(lengths)))


def _length(drawn: object) -> int:
    return len(json.dumps(drawn, ensure_ascii=False))
