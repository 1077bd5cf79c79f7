"""Telegram's messages as mentions: whom they concern, and what they say."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from adapters import Unreadable
from adapters.readable import cut, fingerprint
from adapters.windows import is_second
from bot.domain.mention import INSIDE, Customer, Mention, Origin

RAW = 5000
KINDS = ("message", "edited_message")  # the updates that we ask for
GROUPS = ("group", "supergroup")
SHOWN = {  # what a message is where it has no words
    "voice": "(a voice message)",
    "audio": "(a recording)",
    "video": "(a video)",
    "video_note": "(a video)",
    "animation": "(an animation)",
    "sticker": "(a sticker)",
    "photo": "(a picture)",
    "document": "(a file)",
    "location": "(a location)",
    "contact": "(a contact)",
    "poll": "(a poll)",
    "story": "(a story)",
}
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Us:
    """The bot, by its `id` and its `name` without the @; and those who answer there for the brand.

    `words` are what makes a message in a group concern us; all of them are in small letters.
    """

    id: str
    name: str
    words: Sequence[str] = ()
    ours: Sequence[str] = ()  # names without the @


def read(
    updates: Sequence[Any], account: str, us: Us
) -> tuple[Sequence[Mention], Sequence[Unreadable]]:
    """What concerns us, oldest first; what can't be understood does not stop the rest."""
    mentions: list[Mention] = []
    unreadable: list[Unreadable] = []
    for update in updates:
        try:
            mentions += _mentions(update, account, us)
        except Exception as problem:
            raw = json.dumps(update)[:RAW]
            known = update.get("update_id") if isinstance(update, dict) else None
            key = f"update/{known or fingerprint(raw)}"
            unreadable.append(Unreadable(key=key, raw=raw, problem=repr(problem)))
    return sorted(mentions, key=lambda mention: mention.posted_at), unreadable


def key(chat: int | str, number: int) -> str:
    """Messages are numbered within a chat."""
    return f"{chat}/{number}"


def place(key: str) -> tuple[int, int]:
    """Chat and number of a message; ValueError for what is none."""
    chat, _, number = key.partition("/")
    return int(chat), int(number)


def url(chat: Json, number: int) -> str | None:
    """Only messages in supergroups have an address (core.telegram.org/api/links)."""
    if chat.get("type") != "supergroup":
        return None
    if chat.get("username"):
        return f"https://t.me/{chat['username']}/{number}"
    return f"https://t.me/c/{str(chat['id']).removeprefix('-100')}/{number}"


def _mentions(update: Json, account: str, us: Us) -> Iterator[Mention]:
    int(update["update_id"])
    for kind in KINDS:
        message = update.get(kind)
        if message is not None and _says_something(message) and _concerns(message, us):
            yield _mention(message, account, us)


def _says_something(message: Json) -> bool:
    """Not that somebody joined, or that a group has another name."""
    return any(name in message for name in ("text", "caption", *SHOWN))


def _concerns(message: Json, us: Us) -> bool:
    """What is written to the bot, to a message of ours, or names us; and what we ourselves answer.

    What a group hears of its own is not for us.
    """
    chat, answered = message["chat"], message.get("reply_to_message") or {}
    if chat["type"] == "private":
        return True
    if chat["type"] not in GROUPS:
        return False
    if _is_ours(message, us):
        return bool(answered)
    said = _words(message).casefold()
    called = f"@{us.name}" in said or any(word in said for word in us.words)
    return called or _is_ours(answered, us)


def _mention(message: Json, account: str, us: Us) -> Mention:
    chat, number = message["chat"], int(message["message_id"])
    answered, text = message.get("reply_to_message") or {}, _text(message)
    if not is_second(message["date"]):
        raise ValueError(f"{message['date']!r} is no time.")
    file = _picture(message)
    topic = f"/{message['message_thread_id']}" if message.get("is_topic_message") else ""
    return Mention(
        account=account,
        key=key(int(chat["id"]), number),
        thread=f"{int(chat['id'])}{topic}",
        parent=key(chat["id"], int(answered["message_id"])) if answered else None,
        customer=_customer(message, account.partition(":")[0]),
        text=cut(text),
        posted_at=datetime.fromtimestamp(message["date"], UTC),
        url=url(chat, number),
        revision=fingerprint(text),
        origin=_origin(message, us),
        public=chat["type"] in GROUPS,
        media=(f"{INSIDE}{key(chat['id'], number)}/0",) if file else (),
        extra={"file": file} if file else {},
    )


def _origin(message: Json, us: Us) -> Origin:
    if _is_ours(message, us):
        return Origin.OWN
    if message.get("is_automatic_forward"):
        return Origin.REPOST
    anonymous = "sender_chat" in message  # Telegram puts a bot of its own in their place
    if _words(message).startswith("/start") or (_sender(message).get("is_bot") and not anonymous):
        return Origin.AUTOMATED
    return Origin.CUSTOMER


def _is_ours(message: Json, us: Us) -> bool:
    who = _sender(message)
    return str(who.get("id")) == us.id or str(who.get("username", "")).casefold() in us.ours


def _customer(message: Json, platform: str) -> Customer:
    who = message.get("sender_chat") or _sender(message)
    names = (who.get("title"), who.get("first_name"), who.get("last_name"))
    name = " ".join(str(each) for each in names if each)
    known = who.get("username")
    return Customer(
        platform=platform,
        key=str(int(who["id"])),
        handle=f"@{known}" if known else name or "somebody",
        name=name,
        url=f"https://t.me/{known}" if known else None,
        speaks=str(who["language_code"]) if who.get("language_code") else None,
    )


def _sender(message: Json) -> Json:
    sender: Json = message.get("from") or {}
    return sender


def _words(message: Json) -> str:
    return str(message.get("text") or message.get("caption") or "")


def _text(message: Json) -> str:
    if words := _words(message):
        return words
    return next((said for kind, said in SHOWN.items() if kind in message), "")


def _picture(message: Json) -> Json | None:
    """The largest of the sizes in which Telegram keeps a picture: its id and its bytes."""
    sizes = message.get("photo") or ()
    document = message.get("document") or {}
    if str(document.get("mime_type", "")).startswith("image/"):
        sizes = [document]
    if not sizes:
        return None
    best = max(sizes, key=lambda size: size.get("file_size") or 0)
    return {"id": str(best["file_id"]), "size": best.get("file_size") or 0}
