"""Forms for what came otherwise than by a platform, and for what somebody wants to ask later."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.domain.case import Case
from bot.domain.mention import Kind
from bot.slack.blocks import Block, Element, context, option, quote, section
from bot.slack.forms import (
    SHORT,
    View,
    asked,
    choice,
    input_,
    modal,
    on_the_wall,
    picker,
    stamp,
)
from bot.slack.text import clip, harmless
from bot.slack.times import Choice
from bot.slack.tongue import N_, _
from bot.slack.words import CALLED, KINDS, said
from bot.slack.working import done

NAME = 200  # characters
LATER = 1000
CHOICES = 100  # options of a select
HOW = {
    "phone": N_("By phone"),
    "counter": N_("At the counter"),
    "corridor": N_("In the corridor"),
    "letter": N_("By letter"),
    "other": N_("Another way"),
}


@dataclass(frozen=True, kw_only=True)
class Contact:
    """What is known before somebody fills in the form; `team` is the one chosen at first."""

    teams: Sequence[str]
    team: str
    now: datetime
    how: str = "phone"
    words: str = ""


@dataclass(frozen=True, kw_only=True)
class Said:
    """A message in Slack that is to be a case; `thread` is where it stands, if in one."""

    channel: str
    ts: str
    author: str
    name: str
    words: str
    thread: str = ""


def log(contact: Contact) -> View:
    """Who, how, what, when: a card and a clock like any other."""
    return modal(
        "log",
        _("Log a contact"),
        [
            _chosen("how", _("How did it come?"), HOW, contact.how),
            input_("name", _("Their name"), "", optional=True, short=True, most=NAME),
            input_(
                "handle",
                _("Number, address or handle"),
                "",
                hint=_("By it they are known again."),
                optional=True,
                short=True,
                most=NAME,
            ),
            _chosen("kind", _("What is it?"), KINDS, Kind.COMPLAINT),
            input_("words", _("What did they say?"), contact.words, hint=_("In their words.")),
            _when(contact.now),
            *_team(contact.teams, contact.team),
        ],
        submit=_("Log it"),
    )


def make_case(message: Said, teams: Sequence[str], team: str) -> View:
    """A message in Slack as a customer's words."""
    told = _("It gets a card and a deadline like any other, from when it was written.")
    return modal(
        "make_case",
        _("Make this a case"),
        [
            section(told),
            input_("name", _("Whose is it?"), clip(message.name, NAME), short=True, most=NAME),
            input_("words", _("What did they say?"), message.words),
            *_team(teams, team),
        ],
        submit=_("Make it a case"),
        metadata={
            "channel": message.channel,
            "ts": message.ts,
            "thread": message.thread,
            "author": message.author,
            "name": clip(message.name, NAME),
        },
    )


def logged(number: int, channel: str) -> View:
    told = _("It is number {number}. Its card is in <#{channel}>, or comes in a moment.")
    return done(_("It has a card"), told.format(number=number, channel=channel))


def follow_up(case: Case, moments: Sequence[Choice], zone: ZoneInfo, under: str = "") -> View:
    """When somebody wants to be reminded, and of what."""
    options = [option(label, stamp(at)) for label, at in moments]
    until: list[Block] = []
    if options:
        menu = choice("radio_buttons", "until", options)
        until.append(asked("until", _("When?"), menu, hint=on_the_wall(zone)))
    number = case.conversation.id
    return modal(
        "follow_up",
        _("Follow up {number}").format(number=number),
        [
            quote(said(case), SHORT),
            *until,
            picker("until_at", _("Another time")),
            input_(
                "text",
                _("What do you want to ask?"),
                _("Does it work?"),
                hint=_("You are reminded with a card of its own, and it is yours."),
                most=LATER,
            ),
        ],
        submit=_("Remind me"),
        metadata={"conversation": number, "under": under},
    )


def _when(now: datetime) -> Block:
    picked: Element = {"type": "datetimepicker", "action_id": "at"}
    picked["initial_date_time"] = int(now.timestamp())
    hint = _("Its deadline counts from then. It is in your own time zone.")
    return asked("when", _("When was it?"), picked, hint=hint)


def _chosen(block: str, label: str, labels: dict[str, str] | dict[Kind, str], begun: str) -> Block:
    options = [option(_(each), str(value)) for value, each in labels.items()]
    menu = choice("static_select", block, options)
    menu["initial_option"] = next(each for each in options if each["value"] == begun)
    return asked(block, label, menu)


def _team(teams: Sequence[str], team: str) -> list[Block]:
    """Where there is only one, nobody has to choose it."""
    if len(teams) < 2:
        return [context(_("It is for the team {team}.").format(team=harmless(team, CALLED)))]
    options = [option(each, each[:150]) for each in teams[:CHOICES]]
    menu = choice("static_select", "team", options)
    begun = [each for each in options if each["value"] == team[:150]]
    return [asked("team", _("For which team?"), menu | {"initial_option": [*begun, *options][0]})]
