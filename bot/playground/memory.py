"""What a workspace remembers, and how its things are found and named."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from bot.playground.faults import Faults
from bot.playground.limits import Limits
from bot.playground.things import (
    Channel,
    File,
    Json,
    Person,
    Refusal,
    ResponseUrl,
    Shortcut,
    Trigger,
    Usergroup,
)

BOT_SCOPES = (
    "channels:history,channels:join,channels:read,chat:write,commands,files:read,files:write,"
    "groups:history,groups:read,im:history,im:read,im:write,team:read,usergroups:read,users:read"
)
FORGET_SECONDS = 7200.0
Offer = tuple[str, str, str, str]  # a person, a view or message, a block, a control


class Memory:
    """Everything that is true in the workspace at this moment; to be touched under its lock."""

    def __init__(
        self, now: Callable[[], float] = time.time, *, limits: Limits | None = None
    ) -> None:
        self.lock = threading.RLock()
        self.now = now
        self.limits = limits or Limits()
        self.faults = Faults()
        self.url = "http://127.0.0.1:9/"  # nobody listens there; the server sets its own
        self.team_id, self.team = "T0ACME", "Acme"
        self.bot_user, self.bot_id, self.app_id = "U0BOT", "B0BOT", "A0BOT"
        self.bot_token, self.app_token = "xoxb-playground", "xapp-1-playground"
        self.scopes = set(BOT_SCOPES.split(","))
        self.app_scopes = {"connections:write"}
        self.revoked: set[str] = set()
        self.subscriptions = {"app_home_opened", "member_joined_channel"}
        self.shortcuts: dict[str, Shortcut] = {}
        self.commands: dict[str, bool] = {}  # the command, and whether names become ids
        self.people: dict[str, Person] = {}
        self.channels: dict[str, Channel] = {}
        self.usergroups: dict[str, Usergroup] = {}
        self.files: dict[str, File] = {}
        self.offers: dict[Offer, Json] = {}
        self.whispers: list[Json] = []
        self.homes: dict[str, Json] = {}
        self.stacks: dict[str, list[Json]] = {}
        self.view_errors: dict[str, dict[str, str]] = {}
        self.triggers: dict[str, Trigger] = {}
        self.response_urls: dict[str, ResponseUrl] = {}
        self.tickets: dict[str, float] = {}
        self.toasts: dict[str, str] = {}
        self.calls: deque[tuple[str, dict[str, Any]]] = deque(maxlen=5000)
        self.watchers: list[Callable[[], None]] = []
        self.last_tick = 0

    def tick(self) -> int:
        """Microseconds since 1970 by the workspace's clock, each number given out once."""
        self.last_tick = max(self.last_tick + 1, int(self.now() * 1_000_000))
        return self.last_tick

    def new_ts(self) -> str:
        seconds, micros = divmod(self.tick(), 1_000_000)
        return f"{seconds}.{micros:06d}"

    def new_id(self, prefix: str) -> str:
        """Never the same twice, not even after a restart: bots keep these as keys."""
        return f"{prefix}{self.tick():X}"

    def changed(self) -> None:
        for tell in list(self.watchers):
            tell()

    def person(self, id: str) -> Person:
        if id not in self.people:
            raise Refusal("user_not_found")
        return self.people[id]

    def channel(self, id: str) -> Channel:
        """A channel that the bot can see: private ones only from inside."""
        channel = self.channels.get(id)
        if channel is None or (channel.private and self.bot_user not in channel.members):
            raise Refusal("channel_not_found")
        return channel

    def direct(self, person: Person) -> Channel:
        """The direct channel between this person and the bot, opened when it is first needed."""
        id = "D" + person.id[1:]
        members = [person.id, self.bot_user]
        return self.channels.setdefault(id, Channel(id, id, members=members, partner=person.id))

    def message(self, channel: Channel, ts: str) -> Json:
        if ts not in channel.messages:
            raise Refusal("message_not_found")
        return channel.messages[ts]

    def keep(self, channel: Channel, message: Json) -> Json:
        """Give the message its timestamp and its place."""
        ts = self.new_ts()
        kept = {"type": "message", "ts": ts, "team": self.team_id} | message
        channel.messages[ts] = kept
        return kept

    def whisper(self, channel: str, person: str, content: Json) -> Json:
        """Something only this person sees, until the page is closed."""
        signed = {"type": "message", "ts": self.new_ts(), "channel": channel, "user": person}
        self.whispers.append(signed | content)
        return self.whispers[-1]

    def new_trigger(self, person: str, *, in_view: bool = False) -> str:
        self._forget()
        id = f"{self.tick()}.{self.team_id}"
        self.triggers[id] = Trigger(person, self.now(), in_view)
        return id

    def new_response_url(self, channel: str, person: str, original: str | None = None) -> str:
        id = self.new_id("R")
        self.response_urls[id] = ResponseUrl(channel, person, self.now(), original)
        return f"{self.url}response/{id}"

    def _forget(self) -> None:
        """What has long been useless: a playground may run for days."""
        old = self.now() - FORGET_SECONDS
        for kept in (self.triggers, self.response_urls):
            for id in [id for id, thing in kept.items() if thing.made < old]:
                del kept[id]
