"""Where people and the work meet: what can be pressed, opened, filled in and typed in one room."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from contextvars import copy_context
from dataclasses import dataclass, field
from typing import Any, Protocol

from slack_bolt import Respond
from slack_sdk import WebClient
from slack_sdk.errors import SlackApiError

from bot.domain.problems import NotPossible, Ours
from bot.domain.roles import Right
from bot.domain.team import Team
from bot.slack import forms
from bot.slack.blocks import Element, Message
from bot.slack.forms import View
from bot.slack.roster import Roster
from bot.slack.tongue import told
from bot.slack.whispers import Body, Whispers

TOO_SLOW = {"expired_trigger_id", "exchanged_trigger_id", "trigger_expired", "trigger_exchanged"}
AT_ONCE = 1.2  # seconds in which a form is drawn, before an empty one opens in its place
DRAWING = ThreadPoolExecutor(8, "drawing")

Ack = Mapping[str, Any]  # how a filled-in form is answered; {} closes it
CLOSE: Ack = {}


class TookTooLong(NotPossible):
    def __init__(self) -> None:
        super().__init__(Ours("That took longer than Slack waits for a form. Press again."))


@dataclass(frozen=True)
class Visit:
    """One thing that somebody did: who, where, and by which way.

    Who it was is what Slack says, never what a button says. `value` is what the pressed button or
    the chosen option holds.
    """

    by: str
    channel: str
    via: str
    body: Body
    client: WebClient
    roster: Roster
    value: str = ""
    rest: str = ""  # what was typed behind it
    respond: Respond | None = None

    @property
    def number(self) -> int:
        """The conversation that it is about: the last word of the value."""
        return int(self.value.rpartition(" ")[2])

    def must(self, right: Right, team: Team) -> None:
        """NotAllowed, with the names of those who may, unless this person may."""
        self.roster.must(right, self.by, team)

    def tell(self, sentence: str) -> None:
        """Something that only they see, beside what they pressed."""
        Whispers(self.client).tell(self.body, sentence)

    def replace(self, message: Message) -> None:
        """Another message takes the place of the one with the button."""
        assert self.respond, "only what was pressed in a message can be replaced"
        self.respond(replace_original=True, **content(message))

    def open(self, draw: Callable[[], View]) -> None:
        """Open a form, on top of the one it was asked from.

        A trigger lives for three seconds: if drawing takes long, an empty form opens and is filled.
        """
        drawing = DRAWING.submit(copy_context().run, draw)
        try:
            view = drawing.result(AT_ONCE)
        except NotYet:
            opened = self._put(forms.loading())
            self.update(_or_why_not(drawing.result), str(opened["id"]))
            return
        self._put(view)

    def update(self, view: View, id: str = "") -> None:
        """Draw the form anew that is open; what was typed stays where the fields are the same."""
        of = id or str(self.body["view"]["id"])
        self.client.views_update(view_id=of, view=view)

    def _put(self, view: View) -> Mapping[str, Any]:
        in_form = (self.body.get("view") or {}).get("type") == "modal"
        put = self.client.views_push if in_form else self.client.views_open
        try:
            return dict(put(trigger_id=self.body["trigger_id"], view=view)["view"])
        except SlackApiError as problem:
            if problem.response.get("error") in TOO_SLOW:
                raise TookTooLong from problem
            raise


Pressed = Callable[[Visit], None]
Drawn = Callable[[Visit, int], View]  # a form about a conversation, by its number
Sent = Callable[[Visit, View], Ack]
Typed = Callable[[Visit, int, str], str]  # a verb and a number, and what follows; says what is done
Asked = Callable[[Visit, str], Message | View]  # other words: a message, or a form to open
Offered = Callable[[Visit, str], Sequence[Element]]  # options for what was typed into a menu


@dataclass(frozen=True)
class Counter:
    """What one room answers to, each by its name.

    A form of `forms` is opened by its name from a card's menu ("snooze 42"), by a button "open" of
    that value, and by `/unanswered snooze 42`.
    """

    buttons: Mapping[str, Pressed] = field(default_factory=dict)
    menu: Mapping[str, Pressed] = field(default_factory=dict)  # done at once: "wake 42"
    forms: Mapping[str, Drawn] = field(default_factory=dict)
    opened: Mapping[str, Pressed] = field(default_factory=dict)  # once such a form is open
    sent: Mapping[str, Sent] = field(default_factory=dict)
    closed: Mapping[str, Callable[[Visit, View], None]] = field(default_factory=dict)
    typed: Mapping[str, Typed] = field(default_factory=dict)
    asked: Mapping[str, Asked] = field(default_factory=dict)
    offered: Mapping[str, Offered] = field(default_factory=dict)
    shortcuts: Mapping[str, Callable[[Visit], View]] = field(default_factory=dict)
    events: Mapping[str, Pressed] = field(default_factory=dict)


class Room(Protocol):
    """Whoever has a counter."""

    def counter(self) -> Counter: ...


def joined(counters: Sequence[Counter]) -> Counter:
    """All of them as one; two rooms never answer to the same name."""
    return Counter(**{name: _union([getattr(c, name) for c in counters]) for name in NAMES})


NAMES = tuple(Counter.__dataclass_fields__)


def errors(field: str, problem: NotPossible) -> Ack:
    """The form stays open and says at a field what is wrong."""
    return {"response_action": "errors", "errors": {field: forms.bare(told(problem))}}


def instead(view: View) -> Ack:
    """Another form takes this one's place."""
    return {"response_action": "update", "view": view}


def on_top(view: View) -> Ack:
    return {"response_action": "push", "view": view}


DONE: Ack = {"response_action": "clear"}  # all forms close


def content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks or [])}


def _or_why_not(draw: Callable[[], View]) -> View:
    try:
        return draw()
    except NotPossible as problem:
        return forms.too_late(told(problem))


def _union(parts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        twice = found.keys() & part.keys()
        assert not twice, f"two rooms answer to {sorted(twice)}"
        found |= part
    return found
