"""The line to Telegram's Bot API, and what its errors mean.

The bot's token is part of every address, so no address is ever told: not in errors, not in logs.
"""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from adapters.web import A_WHILE, Web
from bot.domain.delivery import LockedOut, Refused, TryLater

ERRORS = range(400, 600)  # statuses, which come with an explanation
LONGEST = timedelta(days=1)
REVOKED = "Telegram does not know this token: it was revoked or copied wrongly. Look at {token}."
NOWHERE = "Telegram finds no bot of this token. Look at {token}, and at {url} if that is set."
HOOKED = (
    "A webhook is set for this bot, so Telegram tells nobody else what is new. Set"
    " {secret} to what it was set with, or delete the webhook."
)
ANOTHER = "Another program asks Telegram for this bot's news at the same time. End it."
REFUSALS = {  # by the words of the description, in small letters
    "message to be replied not found": "This message is deleted, so nobody can answer it.",
    "replied message not found": "This message is deleted, so nobody can answer it.",
    "bot was blocked": "They have blocked the bot.",
    "user is deactivated": "Their Telegram account is gone.",
    "kicked": "The bot was removed from this group. Invite it again, or answer in Telegram itself.",
    "not a member": "The bot is not in this group. Invite it, or answer in Telegram itself.",
    "initiate conversation": "They must write to the bot before it may write to them.",
    "not enough rights": "The bot may not write in this group. Ask its admins.",
    "chat_write_forbidden": "The bot may not write in this group. Ask its admins.",
    "topic_closed": "This topic is closed, so nobody can answer in it.",
    "chat not found": "Telegram does not find this chat any more.",
    "message is too long": "The answer is too long for Telegram.",
}

logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)  # at DEBUG it prints addresses


class Declined(Exception):
    """Telegram understood what we asked and said no; `moved_to` is the group's new chat, if any."""

    def __init__(self, status: int, why: str, moved_to: int | None = None) -> None:
        super().__init__(why)
        self.status, self.why, self.moved_to = status, why, moved_to

    def says(self, words: str) -> bool:
        return words in self.why.casefold()

    def refusal(self) -> Refused:
        known = (sentence for words, sentence in REFUSALS.items() if self.says(words))
        return Refused(next(known, f"Telegram would not do it: {self.why}"))


class Line:
    """One bot's line; `called` says how a setting is called in the environment."""

    def __init__(self, url: str, token: str, called: Callable[[str], str]) -> None:
        self._url, self._token, self._web = url.rstrip("/"), token, Web("Telegram")
        names = {"token": "TOKEN", "url": "API_URL", "secret": "WEBHOOK_SECRET"}
        self._named = {word: called(f"TELEGRAM_{name}") for word, name in names.items()}

    def ask(self, method: str, *, now: datetime, **what: Any) -> Any:
        """The result of one method. Raises `TryLater`, `LockedOut` or `Declined`."""
        address = f"{self._url}/bot{self._token}/{method}"
        answer = self._web.send("POST", address, now=now, judged=ERRORS, json=what)
        try:
            told = json.loads(answer.body)
            if told["ok"] is True:
                return told["result"]
            status, why = int(told["error_code"]), str(told["description"])
            more = told.get("parameters") or {}
            after, moved_to = more.get("retry_after"), more.get("migrate_to_chat_id")
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise TryLater(f"Telegram did not answer properly ({answer.status}).") from None
        raise self._meaning(status, why, after, moved_to)

    def bring(self, path: str, *, now: datetime, most: int) -> bytes:
        """A file that `getFile` has told the path of; `Refused` beyond `most` bytes."""
        web = Web("Telegram", largest=most)
        answer = web.get(f"{self._url}/file/bot{self._token}/{path}", now=now)
        if answer.status >= 400:
            raise Refused("This picture is not there any more.")
        return answer.body

    def _meaning(self, status: int, why: str, after: Any, moved_to: Any) -> Exception:
        if status == 401:
            return LockedOut(REVOKED.format(**self._named))
        if status == 404:
            return LockedOut(NOWHERE.format(**self._named))
        if status == 409:
            return (
                LockedOut(HOOKED.format(**self._named))
                if "webhook" in why.casefold()
                else TryLater(ANOTHER)
            )
        if status == 429:
            wait = timedelta(seconds=min(after, 10**6)) if type(after) is int else A_WHILE
            wait = min(max(wait, timedelta(seconds=1)), LONGEST)
            return TryLater("Telegram wants us to wait.", wait, surely_not_done=True)
        if status >= 500:
            return TryLater(f"Telegram did not answer properly ({status}).")
        return Declined(status, why, moved_to if type(moved_to) is int else None)
