"""chat.*: what the bot says, changes and takes back."""

import json
import re
from typing import Any

from bot.playground import blockkit, pictures
from bot.playground.arguments import Arguments
from bot.playground.memory import Memory
from bot.playground.things import Channel, Json, Refusal

TEXT_LIMIT = 40_000
BLOCKS_LIMIT = 13_200  # of JSON, as measured by others (slackapi/bolt-js#2509, #2867)
METADATA_LIMIT = 16_000


def post(memory: Memory, given: Arguments) -> Json:
    channel = place(memory, given.need("channel"))
    message = signed(memory) | content(memory, given) | threaded(channel, given)
    if given.flag("link_names") or given.word("parse") == "full":
        message["text"] = linked(memory, message["text"])
    kept = memory.keep(channel, message)
    return {"channel": channel.id, "ts": kept["ts"], "message": kept}


def update(memory: Memory, given: Arguments) -> Json:
    """Text without blocks takes the blocks away; metadata stays unless it is given."""
    channel = place(memory, given.need("channel"))
    message = memory.message(channel, given.need("ts"))
    _must_be_ours(memory, message, "cant_update_message")
    if "text" in given or "blocks" in given or "metadata" not in given:
        rewrite(memory, message, content(memory, given))
    else:
        message["metadata"] = metadata(given)
    return {
        "channel": channel.id,
        "ts": message["ts"],
        "text": message["text"],
        "message": message,
    }


def rewrite(memory: Memory, message: Json, new: Json) -> None:
    message.pop("blocks", None)
    message.update(new)
    if "blocks" not in new:  # Slack shows "edited" only then
        message["edited"] = {"user": memory.bot_user, "ts": memory.new_ts()}


def delete(memory: Memory, given: Arguments) -> Json:
    channel = place(memory, given.need("channel"))
    message = memory.message(channel, given.need("ts"))
    _must_be_ours(memory, message, "cant_delete_message")
    remove(channel, message)
    return {"channel": channel.id, "ts": message["ts"]}


def remove(channel: Channel, message: Json) -> None:
    """Gone, but a thread keeps a stone where its first message was."""
    if replies(channel, message["ts"]):
        kept = {name: message[name] for name in ("type", "ts", "team", "thread_ts")}
        grave = {"subtype": "tombstone", "user": "USLACKBOT", "text": "This message was deleted."}
        channel.messages[message["ts"]] = kept | grave
    else:
        del channel.messages[message["ts"]]


def post_ephemeral(memory: Memory, given: Arguments) -> Json:
    channel = place(memory, given.need("channel"))
    person = given.need("user")
    if person not in channel.members:
        raise Refusal("user_not_in_channel")
    thread = {"thread_ts": given.word("thread_ts")} if "thread_ts" in given else {}
    whisper = memory.whisper(channel.id, person, content(memory, given) | thread)
    return {"message_ts": whisper["ts"]}


def permalink(memory: Memory, given: Arguments) -> Json:
    channel = memory.channel(given.need("channel"))
    message = memory.message(channel, given.need("message_ts"))
    link = f"https://acme.slack.com/archives/{channel.id}/p{message['ts'].replace('.', '')}"
    if message.get("thread_ts", message["ts"]) != message["ts"]:
        link += f"?thread_ts={message['thread_ts']}&cid={channel.id}"
    return {"channel": channel.id, "permalink": link}


def place(memory: Memory, id: str) -> Channel:
    """Where the bot may write: its channels, public ones with chat:write.public, people's DMs."""
    channel = _direct(memory, id) if id in memory.people else memory.channel(id)
    if channel.archived:
        raise Refusal("is_archived")
    public = not channel.private and "chat:write.public" in memory.scopes
    if memory.bot_user not in channel.members and not public:
        raise Refusal("not_in_channel")
    return channel


def content(memory: Memory, given: Arguments, most: int | None = BLOCKS_LIMIT) -> Json:
    """What the message says, once Slack has no objections to it."""
    said: Json = {"text": given.word("text")}
    if blocks := given.json("blocks", "invalid_blocks_format"):
        said["blocks"] = checked(memory, blocks, most)
    if attachments := given.json("attachments", "invalid_attachments"):
        said["attachments"] = attachments
    _must_be_sayable(said)
    if "metadata" in given:
        said["metadata"] = metadata(given)
    return said


def _must_be_sayable(said: Json) -> None:
    if not any(said.values()):
        raise Refusal("no_text")
    if len(said["text"]) > TEXT_LIMIT:
        raise Refusal("msg_too_long")
    if len(said.get("attachments", [])) > blockkit.ATTACHMENTS:
        raise Refusal("too_many_attachments")


def checked(memory: Memory, blocks: Any, most: int | None) -> list[Json]:
    if problems := blockkit.message_problems(blocks) or pictures.problems(memory, blocks):
        raise Refusal("invalid_blocks", *problems)
    if most and len(json.dumps(blocks, ensure_ascii=False, separators=(",", ":"))) > most:
        raise Refusal("msg_blocks_too_long")
    return list(blockkit.with_ids(blocks))


def metadata(given: Arguments) -> Json:
    value = given.json("metadata", "invalid_metadata_format")
    if value is None or value == {}:
        return {}
    if not blockkit.is_metadata(value):
        raise Refusal("invalid_metadata_format")
    if len(json.dumps(value)) > METADATA_LIMIT:
        raise Refusal("metadata_too_large")
    return dict(value)


def threaded(channel: Channel, given: Arguments) -> Json:
    ts = given.word("thread_ts")
    if not ts:
        return {}
    parent = channel.messages.get(ts)
    if parent is None:
        raise Refusal("thread_not_found")
    if parent.get("thread_ts", ts) != ts:
        raise Refusal("cannot_reply_to_message")
    parent["thread_ts"] = ts
    broadcast = {"subtype": "thread_broadcast"} if given.flag("reply_broadcast") else {}
    return {"thread_ts": ts} | broadcast


def forwarded(memory: Memory, channel: str, message: Json) -> Json:
    """A message within another: what somebody adds stands in that one's own text."""
    author = memory.people[message["user"]]
    return {
        "is_share": True,
        "is_msg_unfurl": True,
        "channel_id": channel,
        "ts": message["ts"],
        "author_id": author.id,
        "author_name": author.real_name,
        "text": message["text"],
        "fallback": f"{author.name}: {message['text']}",
    }


def signed(memory: Memory) -> Json:
    return {"user": memory.bot_user, "bot_id": memory.bot_id, "app_id": memory.app_id}


def linked(memory: Memory, text: str) -> str:
    """What link_names does: every @name becomes a call."""
    names = {person.name: f"<@{person.id}|{person.name}>" for person in memory.people.values()}
    names |= {group.handle: f"<!subteam^{group.id}>" for group in memory.usergroups.values()}
    names |= {word: f"<!{word}>" for word in ("channel", "here", "everyone")}
    return re.sub(r"@([\w.-]+)", lambda at: names.get(at[1], at[0]), text)


def replies(channel: Channel, ts: str) -> list[Json]:
    return [
        message
        for message in channel.messages.values()
        if message.get("thread_ts") == ts != message["ts"]
    ]


def _direct(memory: Memory, id: str) -> Channel:
    person = memory.person(id)
    if person.deleted:
        raise Refusal("user_disabled")
    return memory.direct(person)


def _must_be_ours(memory: Memory, message: Json, error: str) -> None:
    if message.get("bot_id") != memory.bot_id:
        raise Refusal(error)
