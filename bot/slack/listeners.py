"""What people press, type and ask: say what was meant, let the room for it decide, and ack."""

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import TimeoutError as NotYet
from contextlib import contextmanager
from contextvars import copy_context
from threading import Timer
from typing import Any

import structlog
from slack_bolt import Ack, App, Respond
from slack_sdk import WebClient

from bot.desk import Desk
from bot.domain.problems import NotPossible, Ours
from bot.domain.team import Team
from bot.ledger import via
from bot.slack import forms
from bot.slack.blocks import Message
from bot.slack.commands import Answer, Commands
from bot.slack.counter import DRAWING, Counter, Visit, content, errors, instead, joined
from bot.slack.forms import View
from bot.slack.members import Members
from bot.slack.roster import Roster
from bot.slack.tongue import N_, _, speaking, told
from bot.slack.troubles import Troubles
from bot.slack.whispers import Body, Whispers, where, who

log = structlog.get_logger()

ANYTHING = re.compile("")
ON_THE_ACK = 2.0  # seconds after which the ack waits for nothing more; Slack waits three


class OldButton(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("This button is from before my last update. `/unanswered` still knows all.")
        )


class OldForm(NotPossible):
    def __init__(self) -> None:
        super().__init__(
            Ours("This form is from before my last update. Copy what you wrote, and open it anew.")
        )


class Listeners:
    """Everything Slack can tell us. Who did it is what Slack says, never what a button says."""

    def __init__(
        self, desk: Desk, client: WebClient, members: Members, rooms: Sequence[Counter]
    ) -> None:
        self.desk, self.client, self.members = desk, client, members
        self.roster = Roster(members)
        self.counter = joined(rooms)
        self.commands = Commands(desk, self.counter)
        self.whispers = Whispers(client)
        self.troubles = Troubles(client, self.whispers)

    def listen(self, app: App) -> None:
        """Tell Bolt who answers to what."""
        for name in self.counter.buttons:
            app.action(name)(self.press)
        for name in ("menu", "open_form"):
            app.action(name)(self.choose)
        app.action("open")(_only_ack)
        app.action(ANYTHING)(self.press_unknown)
        for name in self.counter.sent:
            app.view(name)(self.send)
        app.view(ANYTHING)(self.send_unknown)
        for name in self.counter.closed:
            app.view_closed(name)(self.close)
        for name in self.counter.offered:
            app.options(name)(self.offer)
        for name in self.counter.shortcuts:
            app.shortcut(name)(self.shortcut)
        app.command("/unanswered")(self.command)
        for name in self.counter.events:
            app.event(name)(self.event)
        app.error(self.troubles.explain)

    def press(self, ack: Ack, body: Body, respond: Respond) -> None:
        name, value = _pressed(body)
        visit = self._visit(body, f"button {name}", value, respond)
        self._answer(ack, visit, lambda: self.counter.buttons[name](visit))

    def choose(self, ack: Ack, body: Body, respond: Respond) -> None:
        """Something from a menu, or a button that opens a form: "why 42", "complaint 42"."""
        value = _pressed(body)[1]
        verb = value.partition(" ")[0]
        visit = self._visit(body, f"menu {verb}", value, respond)
        self._answer(ack, visit, lambda: self._chosen(verb, visit))

    def press_unknown(self, ack: Ack, body: Body) -> None:
        """Cards live longer than versions of the bot."""
        ack()
        self.whispers.tell(body, str(OldButton()))

    def send(self, ack: Ack, body: Body, view: View) -> None:
        """A form that somebody has filled in."""
        name = view["callback_id"]
        visit = self._visit(body, f"form {name}")
        with self._at(visit):
            try:
                self._admit(visit)
                answer = self.counter.sent[name](visit, view)
            except NotPossible as problem:
                answer = instead(forms.too_late(told(problem)))
        ack(**answer)

    def send_unknown(self, ack: Ack, body: Body, view: View) -> None:
        """Forms may be open while the bot is updated: it stays, with everything in it."""
        fields = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
        with self._at(self._visit(body, "form")):
            sorry = forms.too_late(told(OldForm()))
            ack(**(errors(fields[0], OldForm()) if fields else instead(sorry)))

    def close(self, ack: Ack, body: Body, view: View) -> None:
        name = view["callback_id"]
        visit = self._visit(body, f"form {name}")
        self._answer(ack, visit, lambda: self.counter.closed[name](visit, view))

    def offer(self, ack: Ack, body: Body) -> None:
        """What fits to what somebody types into a menu."""
        visit = self._visit(body, "menu")
        with self._at(visit):
            try:
                self._admit(visit)
                options = self.counter.offered[body["action_id"]](visit, str(body["value"]))
            except NotPossible:
                options = []
        ack(options=list(options))

    def shortcut(self, ack: Ack, body: Body) -> None:
        name = body["callback_id"]
        visit = self._visit(body, f"shortcut {name}")
        self._answer(ack, visit, lambda: visit.open(lambda: self.counter.shortcuts[name](visit)))

    def command(self, ack: Ack, body: Body, respond: Respond) -> None:
        """The answer rides back on the ack, unless a form is wanted or it takes too long."""
        visit = self._visit(body, "command", respond=respond)
        with self._at(visit):
            try:
                self._command(ack, visit)
            except NotPossible as problem:
                ack(response_type="ephemeral", text=told(problem))

    def event(self, event: Mapping[str, Any], body: Body) -> None:
        """Something that nobody waits for: App Home was opened, the bot was invited."""
        name = str(event["type"])
        if name == "app_home_opened" and event.get("tab", "home") != "home":
            return
        visit = self._visit({**body, "event": event}, f"event {name}")
        with self._at(visit):
            self.counter.events[name](visit)

    def _command(self, ack: Ack, visit: Visit) -> None:
        text = visit.body.get("text") or ""
        answering = DRAWING.submit(copy_context().run, self._typed, text, visit)
        try:
            answer = answering.result(ON_THE_ACK)
        except NotYet:
            ack(response_type="ephemeral", text=_("I am looking. The answer comes here."))
            self._follow(visit, answering.result)
            return
        if isinstance(answer, Message):
            ack(response_type="ephemeral", **content(answer))
        else:
            visit.open(answer.draw)
            ack()
            answer.then()

    def _typed(self, text: str, visit: Visit) -> Answer:
        self._admit(visit)
        return self.commands.answer(text, visit)

    def _follow(self, visit: Visit, result: Callable[[], Answer]) -> None:
        """An answer that came too late for the ack; a form's trigger is dead by then."""
        try:
            answer = result()
            said = content(answer) if isinstance(answer, Message) else {"text": _(_TOO_SLOW)}
        except NotPossible as problem:
            said = {"text": told(problem)}
        assert visit.respond, "a command can be answered later"
        visit.respond(response_type="ephemeral", **said)

    def _chosen(self, verb: str, visit: Visit) -> None:
        if act := self.counter.menu.get(verb):
            act(visit)
        elif form := self.counter.forms.get(verb):
            visit.open(lambda: form(visit, visit.number))
            if then := self.counter.opened.get(verb):
                then(visit)
        else:
            raise OldButton

    def _visit(
        self, body: Body, way: str, value: str = "", respond: Respond | None = None
    ) -> Visit:
        return Visit(
            by=who(body),
            channel=where(body),
            via=way,
            body=body,
            client=self.client,
            roster=self.roster,
            value=value,
            respond=respond,
        )

    @contextmanager
    def _at(self, visit: Visit) -> Any:
        """In their language, and with the way remembered for the audit."""
        with via(visit.via), speaking(self.members.locale(visit.by)):
            yield

    def _admit(self, visit: Visit) -> None:
        """Guests, and people of other workspaces, only where a team lists them."""
        team: Team | None = self.desk.teams.of_channel(visit.channel)
        self.roster.admit(visit.by, [team] if team else list(self.desk.teams))

    def _answer(self, ack: Ack, visit: Visit, act: Callable[[], None]) -> None:
        """Do it, and ack what is done; if it can't be done, tell only the person who asked.

        What fails after the ack is not left to Bolt: it would forget that we have acked.
        """
        done = _in_time(ack)
        with self._at(visit):
            try:
                self._admit(visit)
                act()
            except NotPossible as problem:
                done()
                visit.tell(told(problem))
            except Exception as problem:
                done()
                self.troubles.explain(problem, visit.body, None)
            else:
                done()


_TOO_SLOW = N_("That took longer than Slack waits for a form. Type it again.")


def _in_time(ack: Ack) -> Callable[[], object]:
    """Acks when called, or by itself before Slack gives up waiting.

    Who dies in between has not acked, so whoever pressed sees Slack's error, and presses again.
    """
    late = Timer(ON_THE_ACK, ack)
    late.daemon = True
    late.start()

    def done() -> object:
        late.cancel()
        return ack()

    return done


def _only_ack(ack: Ack) -> None:
    """A button that only opens an address."""
    ack()


def _pressed(body: Body) -> tuple[str, str]:
    """The name of what was pressed, and the value that it holds or that was chosen."""
    action = body["actions"][0]
    chosen = action.get("selected_option") or action
    return str(action["action_id"]), str(chosen.get("value") or "")
