"""WhatsApp, by the Cloud API: what people write to a number of the brand's.

Only webhooks tell what is new, and nobody can list it later. They also tell what became of our own
messages, each with what we had it carry: the mention that it answers, and the key of the attempt.
So an answer that we are unsure of is known as ours as soon as WhatsApp has it.
https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from adapters import Batch, Setting, admit, lost_our_place, scope, seconds
from adapters.meta.graph import APP, TOO_LATE, VERIFY, Declined, Graph, Json
from adapters.meta.listed import WRONG_ID, must_fit
from adapters.meta.news import Found, Hooks, moment
from adapters.readable import cut, fingerprint
from bot.domain.delivery import LockedOut, Refused, TryLater, Unsure
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 4096  # characters
WINDOW = timedelta(hours=24)  # in which somebody may be answered
CARRIED = 512  # characters of what a message may carry for us
DELETED = "This number can't be written to any more."
NO_TRACE = (
    "WhatsApp does not say yet whether it has this answer. If it has, that shows here soon; look"
    " into the conversation before you send it again."
)
OURS = "(our answer, which WhatsApp has)"
FAILED = "(WhatsApp could not deliver our answer: {why})"
SHOWN = {  # what a message is where it has no words
    "audio": "(a voice message)",
    "voice": "(a voice message)",
    "video": "(a video)",
    "image": "(a picture)",
    "document": "(a file)",
    "sticker": "(a sticker)",
    "location": "(a location)",
    "contacts": "(a contact)",
    "order": "(an order)",
    "unsupported": "(a message that only WhatsApp itself shows)",
}
UNKNOWN = SHOWN["unsupported"]
SILENT = ("reaction", "system")  # nothing that could be answered
READY = "read"  # what a cursor says here


class WhatsApp(Hooks):
    """One number; it answers as the number."""

    site, product = "WhatsApp", "whatsapp_business_account"
    settings = (
        Setting("WHATSAPP_NUMBER_ID", "The phone number's id: WhatsApp, API Setup.", True),
        Setting("WHATSAPP_TOKEN", "A system user's access token.", True, secret=True),
        *APP,
        VERIFY,
        Setting("WHATSAPP_EVERY", "How often to look whether we may still write.", default="900"),
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
        self.us = settings["WHATSAPP_NUMBER_ID"].strip()
        if not self.us.isdecimal():
            raise ValueError(f"{self.called('WHATSAPP_NUMBER_ID')} must be the id, a number.")
        self.secret = settings["META_APP_SECRET"].strip()
        self.verify = settings["META_VERIFY_TOKEN"].strip()
        self.every = seconds(name, settings, "WHATSAPP_EVERY")
        self.graph = Graph(self.site, settings, "WHATSAPP_TOKEN", self.called)
        self.ability = Ability(speaks_as="our WhatsApp number", limit=LIMIT)

    def check(self) -> str:
        told = self._number()
        name = f"{told.get('verified_name', '')} ({told.get('display_phone_number', self.us)})"
        self.ability = Ability(speaks_as=name, limit=LIMIT)
        return f"WhatsApp as {name}; its news only comes by webhook"

    def fetch(self, cursor: str | None) -> Batch:
        """Nothing can be asked for but whether we may still write."""
        self._number()
        damaged = cursor not in (None, READY)
        gap = lost_our_place(self.history) if damaged else ""
        return Batch(mentions=(), cursor=READY, gap=gap)

    def length(self, text: str) -> int:
        return len(text)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        must_fit(self.site, text, LIMIT)
        admit(files, self.ability, self.site)
        if again:
            raise Unsure(NO_TRACE)
        if self.now() > (mention.reply_by or mention.posted_at + WINDOW):
            raise Refused(TOO_LATE)
        what: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "recipient_type": "individual",
            "to": mention.thread,
            "context": {"message_id": mention.key},
            "type": "text",
            "text": {"body": text, "preview_url": False},
            "biz_opaque_callback_data": f"{key} {mention.key}"[:CARRIED],
        }
        try:
            made = self.graph.post(f"{self.us}/messages", now=self.now(), **what)
            return Sent(key=str(made["messages"][0]["id"]))
        except Declined as no:
            raise no.refusal(DELETED) from None
        except (KeyError, TypeError, IndexError):
            raise TryLater("WhatsApp did not say whether it took the answer.") from None

    def _number(self) -> Json:
        try:
            fields = "verified_name,display_phone_number"
            return self.graph.get(self.us, now=self.now(), fields=fields)
        except Declined as no:
            if not no.gone and no.code != 100:
                raise TryLater(f"WhatsApp does not say who we are: {no.why}") from None
            id, token = self.called("WHATSAPP_NUMBER_ID"), self.graph.token
            raise LockedOut(WRONG_ID.format(site=self.site, id=id, token=token)) from None

    def _changes(self, entry: Json) -> Iterator[Json]:
        """Each message and each status on its own; other numbers of the brand's are not ours."""
        for change in entry.get("changes") or ():
            value = change["value"]
            if str((value.get("metadata") or {}).get("phone_number_id")) != self.us:
                continue
            names = {
                str(each.get("wa_id")): str((each.get("profile") or {}).get("name", ""))
                for each in value.get("contacts") or ()
            }
            for kind in ("messages", "message_echoes", "statuses"):
                for item in value.get(kind) or ():
                    yield {"kind": kind, "item": item, "names": names}

    def _changed(self, entry: Json, change: Json) -> Found:  # noqa: ARG002
        item = change["item"]
        if change["kind"] == "statuses":
            yield from self._status(item)
        elif item["type"] not in SILENT:
            ours = change["kind"] == "message_echoes"
            yield self._message(item, change["names"], str(item["to" if ours else "from"]), ours)

    def _message(self, item: Json, names: Mapping[str, str], with_: str, ours: bool) -> Mention:
        """One of the customer's, or of ours that a colleague wrote in WhatsApp itself."""
        at, said = moment(item["timestamp"]), _text(item)
        answered = (item.get("context") or {}).get("id")
        return self._made(
            str(item["id"]),
            said,
            at,
            with_,
            name=names.get(with_, ""),
            parent=str(answered) if answered else None,
            origin=Origin.OWN if ours else Origin.CUSTOMER,
            reply_by=None if ours else at + WINDOW,
        )

    def _status(self, item: Json) -> Iterator[Mention]:
        """What became of an answer of ours; of others nobody asks here."""
        _, _, asked = str(item.get("biz_opaque_callback_data") or "").partition(" ")
        if not asked:
            return
        key, at, to = str(item["id"]), moment(item["timestamp"]), str(item["recipient_id"])
        if item["status"] != "failed":
            yield self._made(key, OURS, at, to, parent=asked, origin=Origin.OWN)
            return
        errors = item.get("errors") or [{}]
        why = str(errors[0].get("title") or errors[0].get("message") or "it does not say why")
        failed = FAILED.format(why=why)
        yield self._made(f"{key}/failed", failed, at, to, parent=asked, origin=Origin.AUTOMATED)

    def _made(
        self, key: str, text: str, at: datetime, with_: str, *, name: str = "", **more: Any
    ) -> Mention:
        """A thread is all that is said with one number."""
        platform = self.name.partition(":")[0]
        ours = more["origin"] is Origin.OWN
        number = f"+{with_}"
        return Mention(
            account=self.name,
            key=key,
            thread=with_,
            customer=Customer(platform=platform, key=self.us, handle="us")
            if ours
            else Customer(platform=platform, key=with_, handle=name or number, name=name),
            text=cut(text),
            posted_at=at,
            revision=fingerprint(text),
            public=False,
            **more,
        )


def _text(item: Json) -> str:
    kind = str(item["type"])
    told = item.get(kind)
    told = told if isinstance(told, dict) else {}
    answer = told.get("button_reply") or told.get("list_reply") or {}
    words = (told.get("body"), told.get("caption"), told.get("text"), answer.get("title"))
    return str(next(filter(None, words), None) or SHOWN.get(kind, UNKNOWN))
