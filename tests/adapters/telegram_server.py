"""Telegram's Bot API, as its documentation has it: a strict stand-in on this machine."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from tests.adapters.site import Said, Site

TOKEN = "4242:AAE-s3cr3t_s3cr3t_s3cr3t"
BOT = {"id": 4242, "is_bot": True, "first_name": "Acme", "username": "acme_bot"}
KEPT = timedelta(hours=24)
LIMIT = 4096  # UTF-16 code units
GROUP = -1001234567890


@dataclass
class Sent:
    """One message in one chat; `gone` when somebody deleted it."""

    chat: int
    number: int
    text: str
    by: dict[str, Any]
    gone: bool = False
    more: dict[str, Any] = field(default_factory=dict)


class TelegramServer(Site):
    """One bot. `updates` wait until a later number is asked for, or until they are a day old."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__()
        self.now, self.numbers, self.news = now, count(10), count(7000)
        self.people: dict[str, dict[str, Any]] = {}
        self.messages: dict[tuple[int, int], Sent] = {}
        self.updates: list[tuple[datetime, dict[str, Any]]] = []
        self.methods: list[str] = []
        self.changed = 0
        self.webhook: dict[str, Any] = {"url": ""}
        self.files: dict[str, bytes] = {}
        self.polled_elsewhere = False
        self.moved: dict[int, int] = {}  # groups that have become supergroups
        self.refuses: dict[str, tuple[int, str]] = {}  # by method
        self.listens = True  # privacy mode is off

    def limited(self, seconds: int) -> None:
        told = {"ok": False, "error_code": 429, "description": "Too Many Requests"}
        more = {"parameters": {"retry_after": seconds}}
        self.says = 429, {}, json.dumps({**told, **more}).encode()

    def person(self, name: str) -> dict[str, Any]:
        known = {"id": 1001 + len(self.people), "is_bot": False, "first_name": name.title()}
        return self.people.setdefault(name, {**known, "username": name, "language_code": "en"})

    def private(self, name: str) -> dict[str, Any]:
        who = self.person(name)
        return {"id": who["id"], "type": "private", "first_name": who["first_name"]}

    def write(
        self,
        text: str | None,
        *,
        by: str = "mira",
        chat: dict[str, Any] | None = None,
        to: tuple[int, int] | None = None,
        **more: Any,
    ) -> tuple[int, int]:
        """Somebody writes in a chat, or to the bot in private."""
        chat, who = chat or self.private(by), self.person(by)
        words = {} if text is None else {"text": text.replace("\0", "")}
        number = next(self.numbers)
        self.messages[chat["id"], number] = Sent(chat["id"], number, text or "", who)
        message = {**self._told(chat, number, who), **words, **self._answers(to), **more}
        self.messages[chat["id"], number].more = message
        self._bring(message=message)
        return chat["id"], number

    def edit(self, where: tuple[int, int], text: str) -> None:
        edited = {"text": text, "edit_date": int(self.now().timestamp())}
        self.messages[where].more |= edited
        self._bring(edited_message=dict(self.messages[where].more))

    def picture(self, content: bytes) -> dict[str, Any]:
        """What a message says of a picture in it."""
        id = f"AgAC{len(self.files)}"
        self.files[id] = content
        return {"file_id": id, "file_unique_id": id, "file_size": len(content)}

    def sent(self) -> list[Sent]:
        return [m for m in self.messages.values() if m.by is BOT and not m.gone]

    def answer(self, path: str, headers: dict[str, str]) -> Said:
        content = self.files.get(path.rpartition("/")[2])
        if not path.startswith(f"/file/bot{TOKEN}/") or content is None:
            return 404, {}, b""
        return 200, {}, content

    def take(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Said:
        if method == "GET":
            return self.answer(path, headers)
        _, bot, name = path.split("/")
        if not bot.startswith("bot") or ":" not in bot:
            return _no(404, "Not Found")
        if bot != f"bot{TOKEN}":
            return _no(401, "Unauthorized")
        self.methods.append(name)
        if name in self.refuses:
            return _no(*self.refuses[name])
        asked = json.loads(body)
        done = getattr(self, f"_{name}")(**asked)
        return done if isinstance(done, tuple) else (200, {}, _json(ok=True, result=done))

    def _getMe(self) -> Any:  # noqa: N802
        return {**BOT, "can_read_all_group_messages": self.listens}

    def _getWebhookInfo(self) -> Any:  # noqa: N802
        return {"has_custom_certificate": False, "pending_update_count": 0, **self.webhook}

    def _getUpdates(  # noqa: N802
        self, limit: int, timeout: int, allowed_updates: list[str], offset: int = 0
    ) -> Any:
        if self.webhook["url"]:
            why = "can't use getUpdates method while webhook is active"
            return _no(409, f"Conflict: {why}; use deleteWebhook to delete the webhook first")
        if self.polled_elsewhere:
            return _no(409, "Conflict: terminated by other getUpdates request")
        assert timeout == 0
        since = self.now() - KEPT
        self.updates = [(at, u) for at, u in self.updates if u["update_id"] >= offset]
        self.updates = [(at, u) for at, u in self.updates if at >= since]
        return [u for _, u in self.updates if {*u} & {*allowed_updates, "spoiled"}][:limit]

    def _sendMessage(  # noqa: N802
        self,
        chat_id: int,
        text: str,
        link_preview_options: dict[str, Any],
        reply_parameters: dict[str, Any] | None = None,
    ) -> Any:
        assert link_preview_options == {"is_disabled": True}
        if chat_id in self.moved:
            moved = {"migrate_to_chat_id": self.moved[chat_id]}
            return _no(400, "Bad Request: group chat was upgraded to a supergroup chat", **moved)
        if not text.strip():
            return _no(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > LIMIT:
            return _no(400, "Bad Request: message is too long")
        to = (chat_id, reply_parameters["message_id"]) if reply_parameters else None
        if to and (to not in self.messages or self.messages[to].gone):
            return _no(400, "Bad Request: message to be replied not found")
        number = next(self.numbers)
        self.messages[chat_id, number] = Sent(chat_id, number, text, BOT)
        kind = "private" if chat_id > 0 else "supergroup"
        told = self._told({"id": chat_id, "type": kind}, number, BOT)
        self.messages[chat_id, number].more = {**told, "text": text}
        return told

    def _editMessageText(  # noqa: N802
        self, chat_id: int, message_id: int, text: str, link_preview_options: dict[str, Any]
    ) -> Any:
        known = self.messages.get((chat_id, message_id))
        if known is None or known.gone:
            return _no(400, "Bad Request: message to edit not found")
        if known.text == text:
            return _no(400, "Bad Request: message is not modified: specified new message content")
        known.text = text
        self.changed += 1
        return known.more

    def _deleteMessage(self, chat_id: int, message_id: int) -> Any:  # noqa: N802
        known = self.messages.get((chat_id, message_id))
        if known is None or known.gone:
            return _no(400, "Bad Request: message to delete not found")
        if self.now().timestamp() - known.more["date"] > 48 * 3600:
            return _no(400, "Bad Request: message can't be deleted for everyone")
        known.gone = True
        self.changed += 1
        return True

    def _getFile(self, file_id: str) -> Any:  # noqa: N802
        if file_id not in self.files:
            return _no(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        return {"file_id": file_id, "file_path": f"photos/{file_id}"}

    def _told(self, chat: dict[str, Any], number: int, who: dict[str, Any]) -> dict[str, Any]:
        date = int(self.now().timestamp())
        return {"message_id": number, "date": date, "chat": chat, "from": who}

    def _answers(self, to: tuple[int, int] | None) -> dict[str, Any]:
        return {"reply_to_message": self.messages[to].more} if to else {}

    def _bring(self, **update: Any) -> None:
        self.updates.append((self.now(), {"update_id": next(self.news), **update}))


def _no(status: int, why: str, **parameters: Any) -> Said:
    more = {"parameters": parameters} if parameters else {}
    return status, {}, _json(ok=False, error_code=status, description=why, **more)


def _json(**told: Any) -> bytes:
    return json.dumps(told).encode()
