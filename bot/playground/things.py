"""What there is in a workspace, and what passes between it and the bot."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


class Impossible(Exception):
    """What a person in front of Slack could not do, with what could be done instead."""


class Refusal(Exception):
    """What Slack answers instead of doing it: the error's name, and the reasons it gives."""

    def __init__(self, error: str, *messages: str, **more: Any) -> None:
        super().__init__(": ".join([error, *messages]))
        self.error = error
        self.messages = list(messages)
        self.more = more

    @property
    def body(self) -> Json:
        body = {"ok": False, "error": self.error, **self.more}
        if self.messages:
            body["response_metadata"] = {"messages": self.messages}
        return body


@dataclass
class Person:
    id: str
    name: str
    real_name: str
    title: str = ""
    color: str = "757575"
    deleted: bool = False
    is_bot: bool = False
    locale: str = "en-US"
    tz: str = "UTC"
    is_restricted: bool = False  # a guest
    is_ultra_restricted: bool = False  # a guest of one channel
    is_stranger: bool = False
    team_id: str = ""  # "": of this workspace


@dataclass
class Channel:
    """A place with messages, oldest first; a direct one when it has a partner."""

    id: str
    name: str
    topic: str = ""
    members: list[str] = field(default_factory=list)
    messages: dict[str, Json] = field(default_factory=dict)
    partner: str | None = None
    archived: bool = False
    private: bool = False


@dataclass
class Usergroup:
    id: str
    handle: str
    name: str
    users: list[str] = field(default_factory=list)


@dataclass
class File:
    """What somebody uploaded; its content in base64, so that it can be kept as JSON."""

    id: str
    name: str
    user: str
    created: int
    size: int  # in bytes, as it was announced
    mimetype: str = "application/octet-stream"
    title: str = ""
    content: str = ""
    stage: str = "announced"  # then uploaded, kept, and perhaps deleted


@dataclass(frozen=True)
class Shortcut:
    """What the bot offers without a command: everywhere, or in the menu of every message."""

    name: str
    callback_id: str
    kind: str  # global or message
    description: str = ""


@dataclass
class Trigger:
    """A permission to open one form, good for three seconds."""

    person: str
    made: float
    in_view: bool = False
    used: bool = False


@dataclass
class ResponseUrl:
    """An address that takes up to five more words about one interaction, for half an hour."""

    channel: str
    person: str
    made: float
    original: str | None = None
    uses: int = 0


@dataclass(frozen=True)
class Envelope:
    """Something that happened in Slack, on its way to the bot by Socket Mode."""

    id: str
    kind: str  # interactive, slash_commands or events_api
    payload: Json
    person: str

    @property
    def redelivered(self) -> bool:
        """Only events are sent again; what a person clicked or typed is lost with its socket."""
        return self.kind == "events_api"


@dataclass
class Answer:
    """What the Web API answers, and what goes wrong with it on the way back."""

    body: Json
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    lost: str = ""  # "closed" or "reset": it was done, but the answer does not arrive
    delay: float = 0.0
