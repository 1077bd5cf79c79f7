"""What the page shows one person, and what that person may do there."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from bot.playground.messages import replies
from bot.playground.things import Channel, Envelope, File, Impossible, Json, Person
from bot.playground.workspace import Workspace

SHOWN = ("ts", "user", "text", "blocks", "thread_ts", "edited", "attachments")
FLAGS = ("is_restricted", "is_stranger")


def snapshot(workspace: Workspace, person: str, sockets: int) -> Json:
    """Everything on this person's screen at this moment."""
    with workspace.lock:
        people = [one for one in workspace.people.values() if not one.is_bot]
        seen = [one for one in workspace.channels.values() if person in one.members]
        public = [one for one in workspace.channels.values() if not one.partner and not one.private]
        return {
            "me": person,
            "people": [_person(one) for one in people if not one.deleted],
            "channels": [_channel(workspace, one, person) for one in seen if not one.partner],
            "dms": [_channel(workspace, one, person) for one in seen if one.partner],
            "views": [_view(workspace, view) for view in workspace.stacks.get(person, [])],
            "home": workspace.homes.get(person),
            "sockets": sockets,
            "bot": workspace.bot_user,
            "directory": [{"id": one.id, "name": one.name} for one in public if not one.archived],
            "shortcuts": [asdict(one) for one in workspace.shortcuts.values()],
            "toast": workspace.toasts.get(person),
            "now": workspace.now(),
        }


def press(workspace: Workspace, asked: Json) -> Envelope:
    where = asked["person"], asked["channel"], asked["ts"], asked["action_id"]
    return workspace.press(*where, block_id=asked.get("block_id"), value=_value(asked))


def view_action(workspace: Workspace, asked: Json) -> Envelope:
    return workspace.act(
        asked["person"],
        asked["view_id"],
        asked["action_id"],
        block_id=asked.get("block_id"),
        value=_value(asked),
        values=asked.get("values"),
    )


def submit(workspace: Workspace, asked: Json) -> Envelope:
    return workspace.submit(asked["person"], asked["view_id"], asked["values"])


def close(workspace: Workspace, asked: Json) -> Envelope | None:
    everything = bool(asked.get("everything"))
    return workspace.close(asked["person"], asked["view_id"], everything=everything)


def suggest(workspace: Workspace, asked: Json) -> Envelope:
    what = asked["action_id"], asked["typed"]
    if "view_id" in asked:
        where = asked["person"], asked["view_id"]
        return workspace.suggest(*where, *what, block_id=asked.get("block_id"))
    place = asked["person"], asked["channel"], asked["ts"]
    return workspace.suggest_in_message(*place, *what, block_id=asked.get("block_id"))


def shortcut(workspace: Workspace, asked: Json) -> Envelope:
    return workspace.shortcut(asked["person"], asked["callback_id"])


def message_shortcut(workspace: Workspace, asked: Json) -> Envelope:
    where = asked["person"], asked["channel"], asked["ts"]
    return workspace.message_shortcut(*where, asked["callback_id"])


def invite(workspace: Workspace, asked: Json) -> Envelope | None:
    return workspace.invite(asked["person"], asked["channel"], asked["who"])


def command(workspace: Workspace, asked: Json) -> Envelope:
    return workspace.command(asked["person"], asked["channel"], asked["text"])


def say(workspace: Workspace, asked: Json) -> Envelope | None:
    if not asked["text"].strip():
        raise Impossible("There are no words in it.")
    where = asked["person"], asked["channel"]
    return workspace.say(*where, asked["text"], asked.get("thread_ts"))


def open_home(workspace: Workspace, asked: Json) -> Envelope:
    return workspace.open_home(asked["person"])


DEEDS: dict[str, Callable[[Workspace, Json], Envelope | None]] = {
    "press": press,
    "view_action": view_action,
    "submit": submit,
    "close": close,
    "command": command,
    "say": say,
    "home": open_home,
    "shortcut": shortcut,
    "message_shortcut": message_shortcut,
    "invite": invite,
}


def _value(asked: Json) -> Any:
    return asked.get("option_value", asked.get("value"))


def _person(person: Person) -> Json:
    fields = ("id", "name", "real_name", "title", "color", *FLAGS)
    return {name: getattr(person, name) for name in fields}


def _channel(workspace: Workspace, channel: Channel, person: str) -> Json:
    whispers = [
        whisper
        for whisper in workspace.whispers
        if whisper["channel"] == channel.id and whisper["user"] == person
    ]
    seen = [*channel.messages.values(), *(whispered(workspace, one) for one in whispers)]
    return {
        "id": channel.id,
        "name": channel.name,
        "topic": channel.topic,
        "members": channel.members,
        "messages": [
            _with_replies(workspace, channel, message, whispers)
            for message in sorted(seen, key=lambda message: float(message["ts"]))
            if message.get("thread_ts", message["ts"]) == message["ts"] or _broadcast(message)
        ],
    }


def whispered(workspace: Workspace, whisper: Json) -> Json:
    """A whisper is kept under the name of its reader, and shown under the bot's."""
    return whisper | {"user": workspace.bot_user, "ephemeral": True}


def _with_replies(
    workspace: Workspace, channel: Channel, message: Json, whispers: list[Json]
) -> Json:
    shown = _message(workspace, message)
    if _broadcast(message):
        return shown | {"replies": [], "reply_count": 0}
    answers = replies(channel, message["ts"])
    quiet = [one for one in whispers if one.get("thread_ts") == message["ts"]]
    below = [*answers, *(whispered(workspace, one) for one in quiet)]
    below.sort(key=lambda message: float(message["ts"]))
    return shown | {
        "replies": [_message(workspace, answer) for answer in below],
        "reply_count": len(answers),
    }


def _message(workspace: Workspace, message: Json) -> Json:
    who = workspace.people.get(message["user"])
    shown = {name: message[name] for name in SHOWN if name in message}
    shown["username"] = who.real_name if who else "Slackbot"
    if message.get("files"):
        shown["files"] = [_file(workspace.files[id]) for id in message["files"]]
    if message.get("ephemeral"):
        shown["ephemeral"] = True
    if _broadcast(message):
        shown["broadcast"] = True
    return shown


def _file(file: File) -> Json:
    fields = ("id", "name", "title", "mimetype", "size")
    return {name: getattr(file, name) for name in fields} | {"gone": file.stage == "deleted"}


def _broadcast(message: Json) -> bool:
    return message.get("subtype") == "thread_broadcast"


def _view(workspace: Workspace, view: Json) -> Json:
    errors = workspace.view_errors.get(view["id"], {})
    return {"id": view["id"], "view": view, "errors": errors}
