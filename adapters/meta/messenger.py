"""Messenger: what people write to a Page in private.

All of it is listed, the conversation that changed last first, so no webhook is needed.
https://developers.facebook.com/docs/messenger-platform/conversations
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from adapters import Setting, admit
from adapters.meta.graph import APP, TOO_LATE, Declined, Json
from adapters.meta.listed import INNER, OUTER, Listed, must_fit
from adapters.meta.news import Found, Gathered, moment, second
from adapters.meta.page import PAGE, check
from adapters.meta.walk import Walk, following, listed
from adapters.readable import cut, fingerprint
from adapters.web import doubting, visit
from bot.domain.delivery import Refused, TryLater
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 2000  # characters
USUAL, BY_PEOPLE = timedelta(hours=24), timedelta(days=7)  # in which somebody may be answered
DELETED = "They can't be written to any more."
MESSAGE = "id,message,created_time,from,attachments{mime_type,name,image_data,file_url}"
YES, NO = ("yes", "true", "1"), ("", "no", "false", "0")


class Messenger(Listed):
    """One Page's private messages; it answers as the Page."""

    site = "Messenger"
    id, token, often, times = (
        "FACEBOOK_PAGE_ID",
        "FACEBOOK_PAGE_TOKEN",
        "MESSENGER_EVERY",
        "created_time",
    )
    settings = (
        *PAGE,
        *APP,
        Setting(
            "MESSENGER_HUMAN_AGENT",
            "yes: Meta has approved Human Agent, so there are seven days for an answer, not one.",
        ),
        Setting("MESSENGER_EVERY", "How often to look, in seconds.", default="30"),
    )

    def __init__(self, name: str, settings: Mapping[str, str], *more: Any) -> None:
        super().__init__(name, settings, *more)
        agent = settings["MESSENGER_HUMAN_AGENT"].strip().casefold()
        if agent not in (*YES, *NO):
            raise ValueError(f"{self.called('MESSENGER_HUMAN_AGENT')} must be yes or no.")
        self.window = BY_PEOPLE if agent in YES else USUAL
        self.ability = Ability(speaks_as="our Facebook Page", limit=LIMIT)

    @visit()
    def check(self) -> str:
        page = check(self.graph, self.us, self.called, self.now())
        self.ability = Ability(speaks_as=page, limit=LIMIT)
        self.fetch(None)
        return f"Messenger of the Page {page}; {self.window.days * 24} hours for an answer"

    def length(self, text: str) -> int:
        return len(text)

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
        must_fit(self.site, text, LIMIT)
        admit(files, self.ability, self.site)
        with doubting(again):
            if again and (found := self._published(mention, text)):
                return found
            return self._publish(mention, text)

    def _outer(self, after: str) -> Json:
        inner = f"messages.limit({INNER}){{{MESSAGE}}}"
        asked = {"platform": "messenger", "fields": f"id,updated_time,participants,{inner}"}
        paging = {"limit": OUTER, **({"after": after} if after else {})}
        return self._ask(f"{self.us}/conversations", **asked, **paging)

    def _inner(self, id: str, after: str) -> Json:
        return self._ask(f"{id}/messages", fields=MESSAGE, after=after, limit=INNER)

    def _nested(self, one: Json) -> Any:
        return one.get("messages") or {}

    def _reach(self, walk: Walk, found: Sequence[Any]) -> bool:
        """Those that changed last come first."""
        return bool(found) and walk.new([second(one, "updated_time") for one in found])

    def _take(self, news: Gathered, id: str, one: Json, page: Any, since: int) -> None:  # noqa: ARG002
        """Oldest first, so that what we wrote answers the customer's words before it."""
        asked = self._before(id, page, since)
        for message in reversed(listed(page)):
            known = len(news.mentions)
            news.take(message, lambda message, asked=asked: self._message(message, asked))  # type: ignore[misc]
            if len(news.mentions) > known and not self._is_us(message):
                asked = message

    def _before(self, id: str, page: Any, since: int) -> Json | None:
        """The customer's words before this page, where its oldest is new and ours."""
        oldest, on = (listed(page) or [None])[-1], following(page)
        new = isinstance(oldest, dict) and (second(oldest, self.times) or 0) >= since
        if not (on and new and self._theirs([oldest]) is None):
            return None
        return self._theirs(listed(self._inner(id, on)))

    def _message(self, message: Json, asked: Json | None) -> Found:
        who, ours, said = message["from"], self._is_us(message), _text(message)
        if ours and asked is None:
            return  # we wrote first, so nobody waits
        by = asked["from"] if ours and asked else who
        at = moment(message["created_time"])
        yield Mention(
            account=self.name,
            key=str(message["id"]),
            thread=str(by["id"]),
            parent=str(asked["id"]) if ours and asked else None,
            customer=self._who(who),
            text=cut(said),
            posted_at=at,
            revision=fingerprint(said),
            origin=Origin.OWN if ours else Origin.CUSTOMER,
            public=False,
            reply_by=None if ours else at + self.window,
            media=tuple(_pictures(message)),
        )

    def _theirs(self, messages: Sequence[Any]) -> Json | None:
        read = (m for m in messages if isinstance(m, dict) and isinstance(m.get("from"), dict))
        return next((m for m in read if not self._is_us(m)), None)

    def _is_us(self, message: Json) -> bool:
        return str(message["from"]["id"]) == self.us

    def _who(self, who: Json) -> Customer:
        name = str(who.get("name") or "somebody")
        platform = self.name.partition(":")[0]
        return Customer(platform=platform, key=str(who["id"]), handle=name, name=name)

    def _publish(self, mention: Mention, text: str) -> Sent:
        what: dict[str, Any] = {"recipient": {"id": mention.thread}, "message": {"text": text}}
        what |= self._way(mention)
        try:
            made = self.graph.post(f"{self.us}/messages", now=self.now(), **what)
        except Declined as no:
            raise no.refusal(DELETED) from None
        if not made.get("message_id"):
            raise TryLater("Messenger did not say whether it sent the answer.")
        return Sent(key=str(made["message_id"]))

    def _way(self, mention: Mention) -> Mapping[str, str]:
        """Within a day as a response; later, if Meta has approved it, as a person's answer."""
        waited = self.now() - mention.posted_at
        if waited <= USUAL:
            return {"messaging_type": "RESPONSE"}
        if waited <= self.window:
            return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
        raise Refused(TOO_LATE)

    def _published(self, mention: Mention, text: str) -> Sent | None:
        """Our answer, if an earlier attempt got through: what is newest in the conversation."""
        asked = {"platform": "messenger", "user_id": mention.thread}
        fields = f"messages.limit({INNER}){{{MESSAGE}}}"
        for one in self._looked(f"{self.us}/conversations", fields=fields, **asked):
            found = one.get("messages") if isinstance(one, dict) else None
            said = found.get("data") if isinstance(found, dict) else None
            ours = self._ours(said or (), lambda told: told["message"], mention, text)
            if ours:
                return Sent(key=str(ours["id"]))
        return None


def _text(message: Json) -> str:
    if words := message.get("message"):
        return str(words)
    kinds = [str(each.get("mime_type", "")) for each in listed(message.get("attachments") or {})]
    return "(a picture)" if any(k.startswith("image/") for k in kinds) else "(a file or a sticker)"


def _pictures(message: Json) -> Iterator[str]:
    for each in listed(message.get("attachments") or {}):
        if link := (each.get("image_data") or {}).get("url"):
            yield str(link)
