"""A Slack workspace in memory: what it remembers and refuses, and what people do in it."""

import copy
import re
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

from bot.playground import answers, choices, payloads, snapshots, webapi
from bot.playground.arguments import Arguments
from bot.playground.memory import Memory
from bot.playground.messages import linked, threaded
from bot.playground.pings import pings
from bot.playground.things import (
    Answer,
    Channel,
    Envelope,
    Impossible,
    Json,
    Person,
    Refusal,
    Usergroup,
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
        """Acme: three people who look after customers in one channel, and the bot."""
        acme = cls(*args, **named)
        acme.commands["/unanswered"] = True
        acme.add_person("U0ANA", "ana", "Ana Silva", "Support", "2f7d6d")
        acme.add_person("U0BEN", "ben", "Ben Okafor", "Support", "3b6fb5")
        acme.add_person("U0LEA", "lea", "Lea Brandt", "Head of support", "b5533b")
        acme.people["U0BOT"] = Person("U0BOT", "unanswered", "Unanswered", "App", is_bot=True)
        topic = "What customers say about us in public"
        acme.add_channel("C0CARE", "customer-care", topic, list(acme.people))
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
        found = choices.find(message.get("blocks", []), action_id, block_id, value)
        action = choices.action(*found, value, self.new_ts())
        return payloads.press(self, who, where, message, action)

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
        view["state"] = {"values": choices.state(view["blocks"], values or {})}
        found = choices.find(view["blocks"], action_id, block_id, value)
        action = choices.action(*found, value, self.new_ts())
        return payloads.view_action(self, who, view, action)

    @alone
    def submit(self, person: str, view_id: str, values: Json) -> Envelope:
        """Send the form that is on top, as Slack's own window would let it be sent."""
        who, view = self._present(person), self._view(person, view_id)
        if view not in self.stacks.get(person, [])[-1:]:
            raise Impossible("Only the form on top can be sent.")
        filled = choices.state(view["blocks"], values)
        choices.must_be_complete(view["blocks"], filled)
        view["state"] = {"values": filled}
        self.view_errors.pop(view_id, None)
        return payloads.submission(self, who, view)

    @alone
    def close(self, person: str, view_id: str) -> Envelope | None:
        """Close a form; the bot hears of it only when it asked to."""
        who, view = self._present(person), self._view(person, view_id)
        answers.close(self, person, view)
        return payloads.closing(self, who, view) if view["notify_on_close"] else None

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


__all__ = ["Envelope", "Impossible", "Refusal", "Workspace", "pings"]
