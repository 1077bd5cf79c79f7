"""One address that takes webhooks, and, if there is one, another that takes our answers."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from adapters import Batch, News, Setting, Unreadable, admit, scope, signed
from adapters.readable import fingerprint
from adapters.webhook.callback import Callback, safe
from adapters.webhook.formats import loaded
from adapters.webhook.mentions import ID, Reader
from bot.domain.delivery import Refused
from bot.domain.mention import Mention
from bot.domain.reply import Ability, Attachment, Files, Sent

EVERY = timedelta(minutes=5)  # nothing is asked for: it only says that we live
RAW = 5000
MOST = 100_000  # characters that a setting may allow
FILES = Files(count=4, size=5_000_000)
NO_ANSWER = "It came by a webhook that takes no answers. Open it there to answer."


class Webhook:
    """Hears what is brought to it, in the JSON of docs/webhook.md or as a mapping says."""

    settings = (
        Setting(
            "WEBHOOK_SECRET",
            "What proves a webhook: whsec_… for Standard Webhooks, else what the service calls its"
            " secret or token. Several, divided by commas, while one takes the place of another.",
            True,
            secret=True,
        ),
        Setting(
            "WEBHOOK_FORMAT",
            "standard, a service that docs/webhook.md names, or a TOML file that maps another.",
            default="standard",
        ),
        Setting(
            "WEBHOOK_ADDRESS",
            "The address that the service calls, as it was told: only where it signs that, as"
            " Twilio does.",
        ),
        Setting(
            "WEBHOOK_REPLY_URL",
            "Where answers are brought to; https://. Without: mentions are heard only.",
            secret=True,
        ),
        Setting(
            "WEBHOOK_REPLY_SECRET",
            "whsec_…: signs answers. Without: WEBHOOK_SECRET, where that is such a one.",
            secret=True,
        ),
        Setting("WEBHOOK_NAME", "What people call the place that it comes from."),
        Setting("WEBHOOK_REPLY_LIMIT", "The longest answer, in characters.", default="10000"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,  # noqa: ARG002
    ) -> None:
        self.name, self.now, self.every = name, now, EVERY
        self._settings = settings
        try:
            self.format = loaded(settings["WEBHOOK_FORMAT"])
        except ValueError as problem:
            raise self._wrong("WEBHOOK_FORMAT", problem) from None
        self.secrets = self._secrets("WEBHOOK_SECRET", self.format.proof.secrets)
        self.address = settings["WEBHOOK_ADDRESS"].strip()
        self.called = settings["WEBHOOK_NAME"].strip()
        if self.format.proof.by == "twilio" and not self.address.startswith("https://"):
            raise self._wrong("WEBHOOK_ADDRESS", "must be the address that the service calls")
        self.callback = self._callback()
        self.reader = Reader(name, now, "" if self.callback else NO_ANSWER)
        self.ability = self._ability()

    def check(self) -> str:
        answers = f"answers go to {self.callback.host}" if self.callback else "heard only"
        name = f"{self.called}: " if self.called else ""
        proven = self.format.proof.in_words
        many = f", {len(self.secrets)} secrets" if len(self.secrets) > 1 else ""
        return f"{name}webhooks of {self.format.about}, {proven}{many}; {answers}"

    def fetch(self, cursor: str | None) -> Batch:  # noqa: ARG002
        """Nobody can be asked: all that there is is brought."""
        return Batch(mentions=(), cursor="brought")

    def handshake(self, query: Mapping[str, str]) -> str | None:  # noqa: ARG002
        return None

    def vouch(self, headers: Mapping[str, str], query: Mapping[str, str], body: bytes) -> str:
        return self.format.proof.vouch(
            self.secrets, headers, query, body, now=self.now(), address=self.address
        )

    def understand(self, body: bytes) -> News:
        whole, items = self.format.told(body)
        mentions: list[Mention] = []
        gone: list[str] = []
        unreadable: list[Unreadable] = []
        for item in items:
            try:
                told = self.format.documented(item, whole)
                read = None if told is None else self.reader.read(told)
            except Exception as problem:  # one item must not keep us from the others
                unreadable.append(_set_aside(item, problem))
            else:
                if isinstance(read, Mention):
                    mentions.append(read)
                elif read:
                    gone.append(read)
        mentions.sort(key=lambda mention: mention.posted_at)
        return News(mentions=mentions, gone=gone, unreadable=unreadable)

    def length(self, text: str) -> int:
        return len(text)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,  # noqa: ARG002
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Whether it was published before, its receiver knows by the key."""
        if self.callback is None or mention.no_reply:
            raise Refused(mention.no_reply or NO_ANSWER)
        if len(text) > self.ability.limit:
            most = self.ability.limit
            raise Refused(f"That is {len(text)} characters; {self.callback.host} takes {most}.")
        if mention.reply_by and self.now() > mention.reply_by:
            raise Refused("The time in which it could be answered is over.")
        admit(files, self.ability, self.callback.host)
        return self.callback.publish(mention, text, key, files)

    def _secrets(self, setting: str, read: Callable[[Sequence[str]], list[bytes]]) -> list[bytes]:
        """All that are set. The value of none is repeated in an error."""
        given = self._settings[setting].replace(",", " ").split()
        if not given:
            raise self._wrong(setting, "has no secret in it")
        try:
            return read(given)
        except ValueError as problem:
            raise self._wrong(setting, problem) from None

    def _callback(self) -> Callback | None:
        url = self._settings["WEBHOOK_REPLY_URL"].strip()
        if not url:
            return None
        if not safe(url):
            raise self._wrong("WEBHOOK_REPLY_URL", "must begin with https://")
        own = self._settings["WEBHOOK_REPLY_SECRET"].strip()
        signs = "WEBHOOK_REPLY_SECRET" if own else "WEBHOOK_SECRET"
        if not own and self.format.proof.by != "standard":
            why = "must be set: without it, nobody can tell that an answer is ours"
            raise self._wrong("WEBHOOK_REPLY_SECRET", why)
        return Callback(
            url=url,
            secrets=self._secrets(signs, _standard),
            now=self.now,
            named=scope(self.name, "WEBHOOK_REPLY_URL"),
            signs=scope(self.name, signs),
        )

    def _ability(self) -> Ability:
        if self.callback is None:
            return Ability(speaks_as=self.called or self.name, limit=0)
        limit = self._settings["WEBHOOK_REPLY_LIMIT"]
        if not limit.isdecimal() or not 1 <= int(limit) <= MOST:
            raise self._wrong("WEBHOOK_REPLY_LIMIT", f"must be a number from 1 to {MOST}")
        speaks_as = self.called or self.callback.host
        return Ability(speaks_as=speaks_as, limit=int(limit), files=FILES)

    def _wrong(self, setting: str, why: object) -> ValueError:
        return ValueError(f"{scope(self.name, setting)} {why}.")


def _standard(given: Sequence[str]) -> list[bytes]:
    return [signed.secret(each) for each in given]


def _set_aside(item: Any, problem: Exception) -> Unreadable:
    raw = json.dumps(item)[:RAW]
    id = item.get("id") if isinstance(item, dict) else None
    named = isinstance(id, str) and 0 < len(id) <= ID
    key = str(id) if named else fingerprint(raw)
    return Unreadable(key=key, raw=raw, problem=str(problem) or repr(problem))
