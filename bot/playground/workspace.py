"""A Slack workspace in memory: what it remembers and refuses, and what people do in it."""

import copy
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.playground import (
    answers,
    choices,
    files,
    filling,
    payloads,
    snapshots,
    suggestions,
    webapi,
)
from bot.playground.arguments import Arguments
from bot.playground.memory import Memory
from bot.playground.messages import forwarded, linked, threaded
from bot.playground.pings import pings
from bot.playground.things import (
    Answer,
    Channel,
    Envelope,
    File,
    Impossible,
    Json,
    Person,
    Refusal,
    Shortcut,
    Usergroup,
)

GUESTS = (
    Person("U0EVA", "eva", "Eva Huber", "Support", "7a5ea8", locale="de-DE", tz="Europe/Berlin"),
    Person("U0GUS", "gus", "Gus Meyer", "Guest", "8a6d3b", is_restricted=True),
    Person(
        "U0OTTO", "otto", "Otto Lund", "Lund Ltd", "4a7c59", is_stranger=True, team_id="T0OTHER"
    ),
)
SHORTCUTS = (
    Shortcut("Log a contact", "log_contact", "global", "What came by phone or in person"),
    Shortcut("Make this a case", "make_case", "message", "It gets a card and a deadline"),
)
P = ParamSpec("P")
R = TypeVar("R")
W = TypeVar("W", bound=Memory)


def alone(act: Callable[Concatenate[W, P], R]) -> Callable[Concatenate[W, P], R]:
    """One at a time; and whoever watches is told afterwards."""

    @wraps(act)
    def locked(self: W, /, *args: P.args, **named: P.kwargs) -> R:
        with self.lock:
            try:
                return act(self, *args, **named)
            finally:
                self.changed()

    return locked


class Workspace(Memory):
    """Everything can be done from any thread, with or without a server in front of it.

    What people do returns the envelope that Slack would send for it. Whoever sends it says
    afterwards what became of it, with `acknowledge` or `unacknowledged`.
    """

    pings = staticmethod(pings)

    @classmethod
    def demo(cls, *args: Any, **named: Any) -> "Workspace":
        """Acme: who looks after customers, a guest, a partner, their channels, and the bot."""
        acme = cls(*args, **named)
        acme.commands["/unanswered"] = True
        acme.add_person("U0ANA", "ana", "Ana Silva", "Support", "2f7d6d")
        acme.add_person("U0BEN", "ben", "Ben Okafor", "Support", "3b6fb5")
        acme.add_person("U0LEA", "lea", "Lea Brandt", "Head of support", "b5533b")
        acme.people["U0BOT"] = Person("U0BOT", "unanswered", "Unanswered", "App", is_bot=True)
        acme.people |= {person.id: person for person in copy.deepcopy(GUESTS)}
        topic = "What customers say about us in public"
        acme.add_channel("C0CARE", "customer-care", topic, list(acme.people))
        press = ["U0ANA", "U0LEA", "U0EVA", "U0BOT"]
        acme.add_channel("C0PRESS", "press", "What journalists ask", press)
        acme.add_channel("C0NEW", "new", "Where the bot is not yet", press[:3])
        acme.shortcuts = {one.callback_id: one for one in SHORTCUTS}
        acme.usergroups["S0LEADS"] = Usergroup("S0LEADS", "leads", "Leads", ["U0LEA"])
        return acme

    @alone
    def add_person(
        self, id: str, name: str, real_name: str, title: str = "", color: str = "757575"
    ) -> Person:
        self.people[id] = Person(id, name, real_name, title, color)
        return self.people[id]

    @alone
    def add_channel(
        self, id: str, name: str, topic: str = "", members: list[str] | None = None
    ) -> Channel:
        self.channels[id] = Channel(id, name, topic, list(members or []))
        return self.channels[id]

    @alone
    def deactivate(self, person: str) -> None:
        """The person left the company: in no channel any more, but still known."""
        self.people[person].deleted = True
        for channel in self.channels.values():
            if person in channel.members and channel.partner is None:
                channel.members.remove(person)

    def call(self, method: str, params: Mapping[str, Any], token: str | None = None) -> Answer:
        """Ask the Web API; no token means the one that the method wants."""
        with self.lock:
            own = self.app_token if method == "apps.connections.open" else self.bot_token
            answer = webapi.answer(self, method, params, own if token is None else token)
            answer.body = copy.deepcopy(answer.body)
            return answer

    @alone
    def respond(self, id: str, answer: Json) -> None:
        """What a bot sends to a response_url; raises Refusal."""
        answers.respond(self, id, answer)

    @alone
    def press(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Any = None,
    ) -> Envelope:
        """Press, or choose in, what is really in the message now; raises Impossible."""
        who, where = self._present(person), self._place(person, channel)
        message = self._seen(who, where, ts)
        blocks = suggestions.seen(self, person, f"{channel} {ts}", message.get("blocks", []))
        found = choices.find(blocks, action_id, block_id, value)
        action = choices.action(*found, value, self.new_ts())
        chosen = {found[0]: {action_id: value}} if choices.keeps(found[1]) else {}
        state = filling.known(self, who, choices.state(blocks, chosen))
        return payloads.press(self, who, where, message, action, state)

    @alone
    def act(
        self,
        person: str,
        view_id: str,
        action_id: str,
        *,
        block_id: str | None = None,
        value: Any = None,
        values: Json | None = None,
    ) -> Envelope:
        """Press, or choose in, the person's open form or home; values: what else is filled in."""
        who, view = self._present(person), self._view(person, view_id)
        blocks = suggestions.seen(self, person, view_id, view["blocks"])
        found = choices.find(blocks, action_id, block_id, value)
        choices.must_be_told(blocks, found[0])
        action = choices.action(*found, value, self.new_ts())
        self._fill_in(who, view, _with(values or {}, *found, value))
        return payloads.view_action(self, who, view, action)

    @alone
    def suggest(
        self,
        person: str,
        view_id: str,
        action_id: str,
        typed: str,
        *,
        block_id: str | None = None,
    ) -> Envelope:
        """Type in a select of a form that asks the bot for its options; raises Impossible."""
        who, view = self._present(person), self._view(person, view_id)
        id, one = choices.find(view["blocks"], action_id, block_id, None)
        suggestions.must_be_asked(one, typed)
        return payloads.suggestion(self, who, one | {"block_id": id}, typed, view=view)

    @alone
    def suggest_in_message(
        self,
        person: str,
        channel: str,
        ts: str,
        action_id: str,
        typed: str,
        *,
        block_id: str | None = None,
    ) -> Envelope:
        """The same in a message."""
        who, where = self._present(person), self._place(person, channel)
        message = self._seen(who, where, ts)
        id, one = choices.find(message.get("blocks", []), action_id, block_id, None)
        suggestions.must_be_asked(one, typed)
        return payloads.suggestion_in(self, who, where, message, one | {"block_id": id}, typed)

    @alone
    def offered(self, envelope: Envelope) -> Json:
        """What a select shows, once its block_suggestion was acked: options or option_groups."""
        found = self.offers.get(suggestions.place(envelope), {})
        return dict(found.get("now", {"options": []}))

    @alone
    def upload(self, person: str, name: str, content: bytes) -> File:
        """What Slack's window does when a file is chosen; a form then names it by its id."""
        return files.bring(self, self._present(person).id, name, content)

    @alone
    def receive(self, id: str, content: bytes) -> None:
        """What the bot sends to an upload address; raises Refusal."""
        files.receive(self, id, content)

    def read(self, id: str, token: str) -> File | None:
        """A file for who brings the bot's token; None: Slack asks to sign in."""
        with self.lock:
            return files.read(self, id, token)

    @alone
    def shortcut(self, person: str, callback_id: str) -> Envelope:
        """Choose one of the bot's global shortcuts."""
        self._must_be_declared(callback_id, "global")
        return payloads.shortcut(self, self._present(person), callback_id)

    @alone
    def message_shortcut(self, person: str, channel: str, ts: str, callback_id: str) -> Envelope:
        """Choose one in a message's menu, whoever wrote it; a whisper has no such menu."""
        self._must_be_declared(callback_id, "message")
        who, where = self._present(person), self._place(person, channel)
        if ts not in where.messages:
            raise Impossible(f"There is no message {ts} in {channel}.")
        return payloads.message_shortcut(self, who, where, where.messages[ts], callback_id)

    @alone
    def invite(self, person: str, channel: str, who: str = "") -> Envelope | None:
        """Bring somebody, usually the bot, into a channel; the bot hears of it where it is."""
        by, where = self._present(person), self._place(person, channel)
        newcomer = self.people.get(who or self.bot_user)
        if newcomer is None or newcomer.deleted or newcomer.id in where.members:
            raise Impossible(f"{who or self.bot_user} can't be invited, or is there already.")
        if by.is_restricted or by.is_ultra_restricted or where.partner:
            raise Impossible(f"{by.real_name} can't invite anybody here.")
        where.members.append(newcomer.id)
        self.keep(where, joining(newcomer))
        heard = self.bot_user in where.members and "member_joined_channel" in self.subscriptions
        return payloads.joined(self, by, where, newcomer) if heard else None

    @alone
    def submit(self, person: str, view_id: str, values: Json) -> Envelope:
        """Send the form that is on top, as Slack's own window would let it be sent."""
        who, view = self._present(person), self._view(person, view_id)
        if view not in self.stacks.get(person, [])[-1:]:
            raise Impossible("Only the form on top can be sent.")
        if not view.get("submit"):
            raise Impossible("There is nothing to send in this form.")
        filled = filling.filled(self, who, view, values)
        choices.must_be_complete(view["blocks"], filled)
        view["state"] = {"values": filling.handed_over(self, filled)}
        self.view_errors.pop(view_id, None)
        return payloads.submission(self, who, view)

    @alone
    def close(self, person: str, view_id: str, *, everything: bool = False) -> Envelope | None:
        """Close a form, or with its X all that lie there; told of only when it was asked for.

        Of a whole stack the bot hears once, with the form at its foot and `is_cleared`.
        """
        who, view = self._present(person), self._view(person, view_id)
        stack = self.stacks.get(person, [])
        told = stack[0] if everything else view
        cleared = everything or view["clear_on_close"]
        for one in list(stack) if cleared else [view]:
            answers.close(self, person, one)
        return (
            payloads.closing(self, who, told, cleared=cleared) if told["notify_on_close"] else None
        )

    @alone
    def command(self, person: str, channel: str, text: str) -> Envelope:
        """Type a slash command, with its name: `/unanswered @ana`."""
        who, where = self._present(person), self._place(person, channel)
        name, _, rest = text.strip().partition(" ")
        if name not in self.commands:
            known = ", ".join(self.commands)
            raise Impossible(f"{name} is not a command here. There is: {known}.")
        said = self._escaped(rest) if self.commands[name] else rest
        return payloads.command(self, who, where, name, said.strip())

    @alone
    def open_home(self, person: str) -> Envelope:
        return payloads.home_opened(self, self._present(person))

    @alone
    def say(
        self, person: str, channel: str, text: str, thread_ts: str | None = None
    ) -> Envelope | None:
        """Post as a person; an envelope only when the bot subscribed to messages."""
        who, where = self._present(person), self._place(person, channel)
        thread = threaded(where, Arguments({"thread_ts": thread_ts}))
        message = self.keep(where, {"user": person, "text": self._escaped(text)} | thread)
        wanted = "message.im" if where.partner else "message.channels"
        if not self.subscriptions & {"message", wanted}:
            return None
        return payloads.said(self, who, where, message)

    @alone
    def forward(self, person: str, channel: str, ts: str, to: str, text: str = "") -> str:
        """Hand a message on into another channel, with a remark; the new message's timestamp."""
        self._present(person)
        found, where = self._place(person, channel).messages[ts], self._place(person, to)
        handed = forwarded(self, channel, found)
        said = {"user": person, "text": self._escaped(text), "attachments": [handed]}
        return str(self.keep(where, said)["ts"])

    @alone
    def acknowledge(self, envelope: Envelope, answer: Any = None) -> None:
        """The bot acked in time, perhaps with an answer for the person's screen."""
        answers.acknowledge(self, envelope, answer)

    @alone
    def unacknowledged(self, envelope: Envelope) -> None:
        """The bot did not ack: the person is told that it did not work."""
        answers.unacknowledged(self, envelope)

    def dump(self) -> Json:
        """What outlives a restart, as JSON: no forms, no whispers, nothing half done."""
        with self.lock:
            return snapshots.dump(self)

    @alone
    def load(self, dumped: Json) -> None:
        """Go on where a dump was made."""
        snapshots.load(self, dumped)

    def _fill_in(self, person: Person, view: Json, values: Json) -> None:
        view["state"] = {"values": filling.filled(self, person, view, values)}

    def _must_be_declared(self, callback_id: str, kind: str) -> None:
        offered = [one.callback_id for one in self.shortcuts.values() if one.kind == kind]
        if callback_id not in offered:
            raise Impossible(f"There is no {kind} shortcut {callback_id}. There is: {offered}.")

    def _present(self, person: str) -> Person:
        """Who does something now, and so no longer reads about what failed before."""
        if person not in self.people or self.people[person].deleted:
            raise Impossible(f"There is nobody here by the id {person}.")
        self.toasts.pop(person, None)
        return self.people[person]

    def _place(self, person: str, channel: str) -> Channel:
        if channel not in self.channels or person not in self.channels[channel].members:
            raise Impossible(f"{person} is not in a channel {channel}.")
        return self.channels[channel]

    def _seen(self, person: Person, channel: Channel, ts: str) -> Json:
        for whisper in self.whispers:
            if whisper["ts"] == ts and whisper["user"] == person.id:
                return whisper
        if ts not in channel.messages:
            raise Impossible(f"{person.id} sees no message {ts} in {channel.id}.")
        return channel.messages[ts]

    def _view(self, person: str, view_id: str) -> Json:
        theirs = [*self.stacks.get(person, []), self.homes.get(person)]
        for view in theirs:
            if view and view["id"] == view_id:
                return view
        there = [view["id"] for view in theirs if view]
        raise Impossible(f"{person} has no view {view_id} before them, but {there}.")

    def _escaped(self, text: str) -> str:
        """As Slack escapes what people type: no live markup but the names that it knows."""
        plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        named = linked(self, plain)
        names = {channel.name: channel.id for channel in self.channels.values()}
        return re.sub(
            r"#([\w-]+)",
            lambda at: f"<#{names[at[1]]}|{at[1]}>" if at[1] in names else at[0],
            named,
        )


def joining(person: Person) -> Json:
    said = f"<@{person.id}> has joined the channel"
    return {"subtype": "channel_join", "user": person.id, "text": said}


def _with(values: Json, block_id: str, element: Json, value: Any) -> Json:
    if value is None or not choices.keeps(element):
        return values
    here = values.get(block_id)
    others = here if isinstance(here, dict) else {}
    return values | {block_id: others | {element["action_id"]: value}}


__all__ = ["Envelope", "Impossible", "Refusal", "Workspace", "pings"]
