"""One bot on Telegram: who writes to it in private, and who calls it in groups.

https://core.telegram.org/bots/api. News is asked for by number: to ask for a number says that all
before it is kept. So the number comes from the cursor, which is written down together with the
news, and nothing is lost when we die in between.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from adapters import Batch, Forged, News, Setting, admit, divided, lost_our_place, scope, seconds
from adapters.signed import digest, same
from adapters.telegram.line import HOOKED, Declined, Line
from adapters.telegram.messages import KINDS, Us, key, place, read, url
from adapters.web import visit
from adapters.windows import LAST, is_second
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Mention
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 4096  # UTF-16 code units, as Telegram counts
PAGE = 100  # updates
KEPT = timedelta(hours=24)  # for which Telegram keeps news that nobody has asked for
TOKEN = re.compile(r"([0-9]{1,20}):[A-Za-z0-9_-]{20,100}")
SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
LARGEST = 20_000_000  # bytes of a file that a bot is given
NO_TRACE = (
    "Telegram tells nobody what a bot has sent. Look in the chat whether the answer is there."
)
NO_HOOK = (
    "{secret} is set, but Telegram brings this bot's news nowhere. Set the webhook, or take the"
    " secret away."
)


@dataclass(frozen=True)
class Cursor:
    """The first update that we lack, and when (by our clock, in seconds) we asked for it last."""

    offset: int = 0
    read_at: int = 0

    @classmethod
    def load(cls, saved: str | None) -> tuple["Cursor | None", bool]:
        """None where there is none; and whether it is damaged."""
        if saved is None:
            return None, False
        try:
            known = cls(**json.loads(saved))
            if not is_second(known.read_at) or type(known.offset) is not int:
                raise ValueError("not as we write it")
            if not 0 <= known.offset < LAST:
                raise ValueError("not as Telegram counts")
        except (ValueError, TypeError, RecursionError):
            return None, True
        return known, False


class Telegram:
    """One bot; with TELEGRAM_WEBHOOK_SECRET its news is brought, else it is asked for."""

    settings = (
        Setting("TELEGRAM_TOKEN", "The bot's token, from @BotFather.", True, secret=True),
        Setting("TELEGRAM_BOT", "The bot's name, such as @acme_bot.", True),
        Setting("TELEGRAM_WORDS", "In groups also messages with one of these, divided by commas."),
        Setting("TELEGRAM_OURS", "Colleagues who answer in groups: @names, divided by commas."),
        Setting(
            "TELEGRAM_WEBHOOK_SECRET",
            "Where news is brought by a webhook: its secret_token.",
            secret=True,
        ),
        Setting("TELEGRAM_EVERY", "How often to look, in seconds.", default="10"),
        Setting("TELEGRAM_API_URL", "Where the Bot API is.", default="https://api.telegram.org"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.called = partial(scope, name)
        token = TOKEN.fullmatch(settings["TELEGRAM_TOKEN"].strip())
        if not token:
            like = "must look like 123456:ABC-DEF, as @BotFather gave it."
            raise ValueError(f"{self.called('TELEGRAM_TOKEN')} {like}")
        known_as = _bare(settings["TELEGRAM_BOT"])
        words = [word.casefold() for word in divided(settings["TELEGRAM_WORDS"])]
        self.us = Us(token[1], known_as, words, [*map(_bare, divided(settings["TELEGRAM_OURS"]))])
        self.secret = settings["TELEGRAM_WEBHOOK_SECRET"].strip()
        if self.secret and not SECRET.fullmatch(self.secret):
            hook = self.called("TELEGRAM_WEBHOOK_SECRET")
            raise ValueError(f"{hook} may only have letters, digits, _ and -.")
        self.every = seconds(name, settings, "TELEGRAM_EVERY")
        self.line = Line(settings["TELEGRAM_API_URL"], token[0], self.called)
        self.ability = Ability(speaks_as=f"@{known_as}", limit=LIMIT)

    @visit()
    def check(self) -> str:
        me = self._ask("getMe")
        told = str(me.get("username", "")) if isinstance(me, dict) else ""
        if told.casefold() != self.us.name:
            token, bot = self.called("TELEGRAM_TOKEN"), self.called("TELEGRAM_BOT")
            raise LockedOut(f"{token} is that of @{told}. Look at {bot}.")
        self._look_at_webhook()
        deaf = self.us.words and not me.get("can_read_all_group_messages")
        said = (
            "; in groups it hears only what calls it: to hear TELEGRAM_WORDS, turn off its privacy"
            " mode with @BotFather and add it to the group again"
        )
        return f"Telegram as @{told}{said if deaf else ''}"

    @visit()
    def fetch(self, cursor: str | None) -> Batch:
        here, damaged = Cursor.load(cursor)
        if self.secret:
            self._look_at_webhook()
            return Batch(mentions=(), cursor=self._saved(here.offset if here else 0))
        updates = self._updates(here.offset if here else 0)
        mentions, unreadable = read(updates, self.name, self.us)
        begin = self.now() - self.history
        return Batch(
            mentions=[m for m in mentions if here or m.posted_at >= begin],
            unreadable=unreadable,
            cursor=self._saved(_after(updates, here.offset if here else 0)),
            more=len(updates) == PAGE,
            gap=lost_our_place(self.history) if damaged else self._gap(here),
        )

    def length(self, text: str) -> int:
        """Letters beyond the first 65,536 of Unicode, such as most emoji, count twice."""
        return len(text.encode("utf-16-le", "surrogatepass")) // 2

    @visit()
    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,  # noqa: ARG002
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        self._must_fit(text)
        admit(files, self.ability, "Telegram")
        if again:
            raise Unsure(NO_TRACE)
        chat, number = place(mention.key)
        try:
            return self._sent(chat, text, reply_parameters={"message_id": number})
        except Declined as no:
            if no.moved_to is None:
                raise no.refusal() from None
            moved_to = no.moved_to
        return self._moved(moved_to, text)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        """The same words again change nothing, so repeating is safe."""
        self._must_fit(text)
        chat, number = place(sent.key)
        try:
            self._ask("editMessageText", chat_id=chat, message_id=number, **_words(text))
        except Declined as no:
            if no.says("message is not modified"):
                return sent
            if no.says("message to edit not found"):
                raise Refused("This answer is deleted, so nobody can correct it.") from None
            raise no.refusal() from None
        return sent

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        chat, number = place(sent.key)
        try:
            self._ask("deleteMessage", chat_id=chat, message_id=number)
        except Declined as no:
            if no.says("message to delete not found"):
                return
            if no.says("can't be deleted"):
                why = "Telegram lets a bot delete what it has sent for 48 hours. Delete it there."
                raise Refused(why) from None
            raise no.refusal() from None

    @visit()
    def bring(self, mention: Mention, name: str, *, most: int) -> bytes:
        """By the file's id, which Telegram keeps for this bot."""
        file = mention.extra.get("file") or {}
        if name not in mention.media or not file.get("id"):
            raise Refused("This picture is not there any more.")
        if file.get("size", 0) > min(most, LARGEST):
            raise Refused(f"This picture is more than {min(most, LARGEST) / 1_000_000:g} MB.")
        try:
            told = self._ask("getFile", file_id=file["id"])
            return self.line.bring(str(told["file_path"]), now=self.now(), most=most)
        except Declined:
            raise Refused("This picture is not there any more.") from None
        except (KeyError, TypeError):
            raise TryLater("Telegram did not say where the picture is.") from None

    def handshake(self, query: Mapping[str, str]) -> str | None:  # noqa: ARG002
        """Telegram asks for none."""
        return None

    def vouch(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str:  # noqa: ARG002
        """Whether it bears the secret that we gave Telegram with the webhook."""
        said = headers.get("x-telegram-bot-api-secret-token", "")
        if not self.secret:
            raise Forged(
                "No webhook of Telegram's is expected: TELEGRAM_WEBHOOK_SECRET is not set."
            )
        if not same(said, self.secret):
            raise Forged("The secret of this webhook is not ours.")
        number = json.loads(body).get("update_id")
        return f"update/{number}" if type(number) is int else digest(body)

    def understand(self, body: bytes) -> News:
        mentions, unreadable = read([json.loads(body)], self.name, self.us)
        return News(mentions=mentions, unreadable=unreadable)

    def _updates(self, offset: int) -> Sequence[Any]:
        asked = {"offset": offset} if offset else {}
        try:
            told = self._ask("getUpdates", limit=PAGE, timeout=0, allowed_updates=KINDS, **asked)
        except Declined as no:
            raise TryLater(f"Telegram does not say what is new: {no.why}") from None
        if not isinstance(told, list):
            raise TryLater("Telegram answered something that makes no sense.")
        return told

    def _look_at_webhook(self) -> None:
        """Whether news comes by the way that the settings say, and comes through."""
        told, secret = self._ask("getWebhookInfo"), self.called("TELEGRAM_WEBHOOK_SECRET")
        told = told if isinstance(told, dict) else {}
        if not self.secret:
            if told.get("url"):
                raise LockedOut(HOOKED.format(secret=secret))
            return
        if not told.get("url"):
            raise LockedOut(NO_HOOK.format(secret=secret))
        if told.get("pending_update_count") and told.get("last_error_message"):
            raise TryLater(f"Telegram can't bring its news to us: {told['last_error_message']}")

    def _gap(self, here: Cursor | None) -> str:
        now = self.now()
        if here is None or (last := datetime.fromtimestamp(here.read_at, UTC)) >= now - KEPT:
            return ""
        end = now - KEPT
        between = f"between {last:%d %B %H:%M} and {end:%d %B %H:%M} UTC"
        return f"Telegram keeps news for 24 hours: what was written {between} is lost."

    def _sent(self, chat: int, text: str, **how: Any) -> Sent:
        made = self._ask("sendMessage", chat_id=chat, **_words(text), **how)
        try:
            number, there = int(made["message_id"]), made["chat"]
            return Sent(key=key(int(there["id"]), number), url=url(there, number))
        except (KeyError, TypeError, ValueError, AttributeError):
            raise TryLater("Telegram did not say whether it sent the answer.") from None

    def _moved(self, chat: int, text: str) -> Sent:
        """A group that became a supergroup has other numbers for its messages."""
        try:
            return self._sent(chat, text)
        except Declined as no:
            raise no.refusal() from None

    def _must_fit(self, text: str) -> None:
        if not text.strip():
            raise Refused("Telegram takes no empty answer.")
        if (size := self.length(text)) > LIMIT:
            raise Refused(f"This answer is {size} characters long for Telegram; it takes {LIMIT}.")

    def _ask(self, method: str, **what: Any) -> Any:
        return self.line.ask(method, now=self.now(), **what)

    def _saved(self, offset: int) -> str:
        return json.dumps(asdict(Cursor(offset, int(self.now().timestamp()))))


def _words(text: str) -> Mapping[str, Any]:
    """They appear as they are written: Telegram is told of no markup, and shows no previews."""
    return {"text": text, "link_preview_options": {"is_disabled": True}}


def _bare(name: str) -> str:
    return name.strip().removeprefix("@").casefold()


def _after(updates: Sequence[Any], offset: int) -> int:
    numbers = (update.get("update_id") for update in updates if isinstance(update, dict))
    return max([offset, *(n + 1 for n in numbers if type(n) is int and 0 <= n < LAST - 1)])
