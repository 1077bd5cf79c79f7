"""What Slack tells the bot: presses, forms, commands and events, in Slack's own shapes."""

import copy
from typing import Any
from uuid import uuid4

from bot.playground.conversations import shown
from bot.playground.memory import Memory
from bot.playground.things import Channel, Envelope, Json, Person

TOKEN = "playground"  # noqa: S105  (Slack's old verification token; unused in Socket Mode)


def press(
    memory: Memory, person: Person, channel: Channel, message: Json, action: Json, state: Json
) -> Envelope:
    """A press in a message; a whisper does not travel with its content."""
    whispered = message["ts"] not in channel.messages
    told = _interaction(memory, "block_actions", person) | {
        "container": _container(channel, message),
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "state": {"values": state},
        "response_url": memory.new_response_url(channel.id, person.id, message["ts"]),
        "actions": [action],
    }
    if not whispered:
        told["message"] = shown(memory, channel, message)
    return _envelope("interactive", told, person)


def view_action(memory: Memory, person: Person, view: Json, action: Json) -> Envelope:
    told = _interaction(memory, "block_actions", person, in_view=view["type"] == "modal")
    told["container"] = {"type": "view", "view_id": view["id"]}
    return _envelope("interactive", told | {"view": view, "actions": [action]}, person)


def suggestion(
    memory: Memory, person: Person, one: Json, typed: str, *, view: Json | None = None
) -> Envelope:
    """Somebody types in a select whose options only the bot knows; no form opens from that."""
    told = _interaction(memory, "block_suggestion", person)
    del told["trigger_id"]
    told |= {"action_id": one["action_id"], "block_id": one["block_id"], "value": typed}
    if view:
        told |= {"container": {"type": "view", "view_id": view["id"]}, "view": view}
    return _envelope("interactive", told, person)


def suggestion_in(
    memory: Memory, person: Person, channel: Channel, message: Json, one: Json, typed: str
) -> Envelope:
    envelope = suggestion(memory, person, one, typed)
    envelope.payload["container"] = _container(channel, message)
    envelope.payload["channel"] = {"id": channel.id, "name": channel_name(channel)}
    if message["ts"] in channel.messages:
        envelope.payload["message"] = copy.deepcopy(shown(memory, channel, message))
    return envelope


def shortcut(memory: Memory, person: Person, callback_id: str) -> Envelope:
    told = _interaction(memory, "shortcut", person)
    return _envelope("interactive", told | _called(memory, callback_id), person)


def message_shortcut(
    memory: Memory, person: Person, channel: Channel, message: Json, callback_id: str
) -> Envelope:
    told = _interaction(memory, "message_action", person) | _called(memory, callback_id)
    told |= {
        "channel": {"id": channel.id, "name": channel_name(channel)},
        "message": shown(memory, channel, message),
        "message_ts": message["ts"],
        "response_url": memory.new_response_url(channel.id, person.id, message["ts"]),
    }
    return _envelope("interactive", told, person)


def joined(memory: Memory, by: Person, channel: Channel, who: Person) -> Envelope:
    event = {
        "type": "member_joined_channel",
        "user": who.id,
        "channel": channel.id,
        "channel_type": "G" if channel.private else "C",
        "team": who.team_id or memory.team_id,
        "inviter": by.id,
        "event_ts": memory.new_ts(),
    }
    return _event(memory, event, by)


def submission(memory: Memory, person: Person, view: Json) -> Envelope:
    told = _interaction(memory, "view_submission", person, in_view=True)
    return _envelope("interactive", told | {"view": view, "response_urls": []}, person)


def closing(memory: Memory, person: Person, view: Json, *, cleared: bool = False) -> Envelope:
    """Slack does not tell what was filled in in a form that is given up."""
    told = _interaction(memory, "view_closed", person)
    del told["trigger_id"]
    told |= {"view": view | {"state": {"values": {}}}, "is_cleared": cleared}
    return _envelope("interactive", told, person)


def command(memory: Memory, person: Person, channel: Channel, name: str, text: str) -> Envelope:
    told = {
        "token": TOKEN,
        "team_id": memory.team_id,
        "team_domain": memory.team.lower(),
        "channel_id": channel.id,
        "channel_name": channel_name(channel),
        "user_id": person.id,
        "user_name": person.name,
        "command": name,
        "text": text,
        "api_app_id": memory.app_id,
        "is_enterprise_install": "false",
        "response_url": memory.new_response_url(channel.id, person.id),
        "trigger_id": memory.new_trigger(person.id),
    }
    return _envelope("slash_commands", told, person)


def home_opened(memory: Memory, person: Person) -> Envelope:
    event: Json = {
        "type": "app_home_opened",
        "user": person.id,
        "channel": memory.direct(person).id,
        "tab": "home",
        "event_ts": memory.new_ts(),
    }
    if person.id in memory.homes:
        event["view"] = memory.homes[person.id]
    return _event(memory, event, person)


def said(memory: Memory, person: Person, channel: Channel, message: Json) -> Envelope:
    where = {"channel": channel.id, "channel_type": "im" if channel.partner else "channel"}
    return _event(memory, message | where | {"event_ts": message["ts"]}, person)


def channel_name(channel: Channel) -> str:
    return "directmessage" if channel.partner else channel.name


def _called(memory: Memory, callback_id: str) -> Json:
    return {"callback_id": callback_id, "action_ts": memory.new_ts()}


def _container(channel: Channel, message: Json) -> Json:
    where = {
        "type": "message",
        "message_ts": message["ts"],
        "channel_id": channel.id,
        "is_ephemeral": message["ts"] not in channel.messages,
    }
    return where | ({"thread_ts": message["thread_ts"]} if message.get("thread_ts") else {})


def _interaction(memory: Memory, kind: str, person: Person, *, in_view: bool = False) -> Json:
    who = {"id": person.id, "username": person.name, "name": person.name}
    return {
        "type": kind,
        "token": TOKEN,
        "api_app_id": memory.app_id,
        "user": who | {"team_id": person.team_id or memory.team_id},
        "team": {"id": memory.team_id, "domain": memory.team.lower()},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": memory.new_trigger(person.id, in_view=in_view),
    }


def _event(memory: Memory, event: Json, person: Person) -> Envelope:
    seen_by = {"enterprise_id": None, "team_id": memory.team_id, "user_id": memory.bot_user}
    told = {
        "type": "event_callback",
        "token": TOKEN,
        "team_id": memory.team_id,
        "context_team_id": memory.team_id,
        "context_enterprise_id": None,
        "api_app_id": memory.app_id,
        "event": event,
        "event_id": memory.new_id("Ev"),
        "event_time": int(memory.now()),
        "authorizations": [seen_by | {"is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": False,
    }
    return _envelope("events_api", told, person)


def _envelope(kind: str, payload: dict[str, Any], person: Person) -> Envelope:
    return Envelope(str(uuid4()), kind, copy.deepcopy(payload), person.id)
