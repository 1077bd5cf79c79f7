"""files.*: what was uploaded, where it is shared, and who may read it."""

import mimetypes
import re
from base64 import b64decode, b64encode
from typing import Any

from bot.playground import messages
from bot.playground.arguments import Arguments
from bot.playground.checks import problem
from bot.playground.memory import Memory
from bot.playground.pictures import PICTURES
from bot.playground.things import Channel, File, Json, Refusal

UNKNOWN = "application/octet-stream"


def begin(memory: Memory, given: Arguments) -> Json:
    """files.getUploadURLExternal: an address that takes exactly so many bytes, once."""
    name, length = given.need("filename"), given.need("length")
    if not length.isdigit() or int(length) == 0:
        raise Refusal("invalid_arguments", problem("must be a positive number", "/length"))
    file = File(memory.new_id("F"), name, memory.bot_user, int(memory.now()), int(length))
    memory.files[file.id] = file
    return {"upload_url": f"{memory.url}upload/{file.id}", "file_id": file.id}


def receive(memory: Memory, id: str, content: bytes) -> None:
    """What arrives at the address; raises Refusal."""
    file = memory.files.get(id)
    if file is None or file.stage != "announced":
        raise Refusal("file_not_found")
    if len(content) != file.size:
        raise Refusal("invalid_length", f"{file.size} bytes were announced, {len(content)} came")
    _fill(file, content)


def bring(memory: Memory, person: str, name: str, content: bytes) -> File:
    """A person's own file, as Slack's window uploads it when it is chosen."""
    file = File(memory.new_id("F"), name, person, int(memory.now()), len(content), title=name)
    memory.files[file.id] = file
    _fill(file, content)
    return file


def complete(memory: Memory, given: Arguments) -> Json:
    """files.completeUploadExternal: without a channel the files are private to the bot."""
    done = _uploaded(memory, given)
    where = _places(memory, given)
    if len(where) > 1 and given.word("thread_ts"):
        raise Refusal("invalid_arguments", "[ERROR] a thread is in one channel")
    threads = [messages.threaded(channel, given) for channel in where]
    said = _said(memory, given)
    for file, title in done:
        file.stage, file.title = "kept", title
    ids = {"files": [file.id for file, _ in done], "upload": True}
    for channel, thread in zip(where, threads, strict=True):
        memory.keep(channel, messages.signed(memory) | said | ids | thread)
    return {"files": [told(memory, file.id) for file, _ in done]}


def info(memory: Memory, given: Arguments) -> Json:
    file = _ours_to_see(memory, given)
    return {"file": told(memory, file.id), "comments": []}


def delete(memory: Memory, given: Arguments) -> Json:
    """Its content is gone; where it was shared, a stone is left."""
    file = _ours_to_see(memory, given)
    if file.user != memory.bot_user:
        raise Refusal("cant_delete_file")
    file.stage, file.content, file.name, file.title = "deleted", "", "", ""
    return {}


def read(memory: Memory, id: str, token: str) -> File | None:
    """For who brings the bot's token; Slack sends everybody else to its door."""
    file = memory.files.get(id)
    known = token == memory.bot_token and token not in memory.revoked
    may = known and "files:read" in memory.scopes
    return file if file and may and file.stage == "kept" else None


def content(file: File) -> bytes:
    return b64decode(file.content)


def told(memory: Memory, id: str) -> Json:
    """The file as Slack describes it, with addresses that want the bot's token."""
    file = memory.files[id]
    if file.stage == "deleted":
        return {"id": id, "mode": "tombstone"}
    place = f"{memory.url}files-pri/{memory.team_id}-{id}"
    name = _safe(file.name)
    return _shared(memory, file) | {
        "id": id,
        "created": file.created,
        "timestamp": file.created,
        "name": file.name,
        "title": file.title or file.name,
        "mimetype": file.mimetype,
        "filetype": ending(file),
        "user": file.user,
        "editable": False,
        "size": file.size,
        "mode": "hosted",
        "is_external": False,
        "url_private": f"{place}/{name}",
        "url_private_download": f"{place}/download/{name}",
        "permalink": f"https://acme.slack.com/files/{file.user}/{id}/{name}",
    }


def ending(file: File) -> str:
    """png, jpg, pdf, ...: as Slack names types, by the end of the name."""
    found = file.name.rpartition(".")[2].lower() if "." in file.name else ""
    return {"jpeg": "jpg", "": "binary"}.get(found, found)


def _fill(file: File, content: bytes) -> None:
    file.content, file.size, file.stage = b64encode(content).decode(), len(content), "uploaded"
    file.mimetype = _kind(file.name, content)


def _kind(name: str, content: bytes) -> str:
    """What a picture is, its first bytes say; the name says only what is none."""
    for start, kind in PICTURES.items():
        if content.startswith(start):
            return kind
    guessed = mimetypes.guess_type(name)[0] or UNKNOWN
    return UNKNOWN if guessed.startswith("image/") else guessed


def _uploaded(memory: Memory, given: Arguments) -> list[tuple[File, str]]:
    wanted = given.json("files", "invalid_arguments")
    if not isinstance(wanted, list) or not wanted:
        raise Refusal("invalid_arguments", "[ERROR] missing required field: files")
    return [_one(memory, each) for each in wanted]


def _one(memory: Memory, wanted: Any) -> tuple[File, str]:
    if not isinstance(wanted, dict) or not isinstance(wanted.get("id"), str):
        raise Refusal("invalid_arguments", "[ERROR] missing required field: id")
    file = memory.files.get(wanted["id"])
    if file is None or file.user != memory.bot_user or file.stage != "uploaded":
        raise Refusal("file_not_found")
    return file, str(wanted.get("title") or file.name)


def _places(memory: Memory, given: Arguments) -> list[Channel]:
    """`channel_id` names a channel only; `channels` may name people too."""
    if given.word("channel_id") in memory.people:
        raise Refusal("channel_not_found")
    ids = [given.word("channel_id"), *given.word("channels").split(",")]
    return [messages.place(memory, id) for id in dict.fromkeys(ids) if id]


def _said(memory: Memory, given: Arguments) -> Json:
    """The words win: with them, blocks are ignored."""
    if given.word("initial_comment"):
        return {"text": given.word("initial_comment")}
    blocks = given.json("blocks", "invalid_blocks_format")
    checked = messages.checked(memory, blocks, messages.BLOCKS_LIMIT) if blocks else None
    return {"text": ""} | ({"blocks": checked} if checked else {})


def _ours_to_see(memory: Memory, given: Arguments) -> File:
    file = memory.files.get(given.need("file"))
    if file is None or file.stage not in ("kept", "deleted"):
        raise Refusal("file_not_found")
    if file.stage == "deleted":
        raise Refusal("file_deleted")
    return file


def _shares(memory: Memory, file: File) -> list[tuple[Channel, Json]]:
    return [
        (channel, message)
        for channel in memory.channels.values()
        for message in channel.messages.values()
        if file.id in message.get("files", [])
    ]


def _shared(memory: Memory, file: File) -> Json:
    shares: Json = {}
    found = _shares(memory, file)
    for channel, message in found:
        how = "private" if channel.private or channel.partner else "public"
        thread = {"thread_ts": message["thread_ts"]} if "thread_ts" in message else {}
        shares.setdefault(how, {}).setdefault(channel.id, []).append({"ts": message["ts"]} | thread)
    where = list({channel.id: channel for channel, _ in found}.values())
    return {
        "is_public": "public" in shares,
        "shares": shares,
        "channels": [one.id for one in where if not one.private and not one.partner],
        "groups": [one.id for one in where if one.private],
        "ims": [one.id for one in where if one.partner],
    }


def _safe(name: str) -> str:
    """As Slack writes names in addresses: small letters, and nothing that needs escaping."""
    return re.sub(r"[^a-z0-9.]", "_", name.lower())
