"""A Facebook Page: comments, what visitors post on it, and who mentions it.

What is brought by webhooks comes at once; the lists find what was missed, under the Page's latest
posts. https://developers.facebook.com/docs/pages-api
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from adapters import Setting, admit
from adapters.meta.graph import APP, VERIFY, Declined, Json
from adapters.meta.listed import INNER, OUTER, Listed, must_fit
from adapters.meta.news import Found, Gathered, Hooks, moment, same_words
from adapters.meta.page import PAGE, check, subscribed
from adapters.meta.walk import Walk, listed
from adapters.readable import cut, fingerprint
from adapters.web import doubting, visit
from bot.domain.delivery import Refused, TryLater
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 8000  # characters
POSTS = 100  # of the Page's latest, whose comments are listed
MENTION = "mention/"  # how the key of what is not on our Page begins: nobody can ask for it
ELSEWHERE = "It is not on our Page, and Facebook lets no app answer it. Open it there to answer."
DELETED = "This comment is deleted, or its author does not let us see it."
COMMENT = "id,message,created_time,from,parent,attachment,permalink_url"
POST = "id,message,created_time,from,permalink_url,full_picture"
VISITED = ("post", "status", "photo", "video", "share", "link")  # what visitors can post


class Facebook(Hooks, Listed):
    """One Page; it answers as the Page."""

    site, product = "Facebook", "page"
    id, token, often, times = (
        "FACEBOOK_PAGE_ID",
        "FACEBOOK_PAGE_TOKEN",
        "FACEBOOK_EVERY",
        "created_time",
    )
    settings = (
        *PAGE,
        *APP,
        VERIFY,
        Setting("FACEBOOK_EVERY", "How often to look, in seconds.", default="120"),
    )

    def __init__(self, name: str, settings: Mapping[str, str], *more: Any) -> None:
        super().__init__(name, settings, *more)
        self.secret = settings["META_APP_SECRET"].strip()
        self.verify = settings["META_VERIFY_TOKEN"].strip()
        self.ability = Ability(speaks_as="our Facebook Page", limit=LIMIT)

    @visit()
    def check(self) -> str:
        page = check(self.graph, self.us, self.called, self.now())
        self.ability = Ability(speaks_as=page, limit=LIMIT)
        self.fetch(None)
        missing = subscribed(self.graph, self.us, "feed", self.now())
        return f"the Facebook Page {page}{missing}"

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
        if mention.no_reply:
            raise Refused(mention.no_reply)
        with doubting(again):
            if again and (found := self._published(mention, text)):
                return found
            return self._publish(mention, text)

    @visit()
    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        must_fit(self.site, text, LIMIT)
        try:
            if again and same_words(self._ask(sent.key, fields="message").get("message"), text):
                return sent
            self.graph.post(sent.key, now=self.now(), message=text)
        except Declined as no:
            raise no.refusal("This answer is deleted, so nobody can correct it.") from None
        return sent

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        try:
            self.graph.delete(sent.key, now=self.now())
        except Declined as no:
            if not no.gone:
                raise no.refusal("") from None

    @visit()
    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        news = Gathered()
        seen = (key for key in keys if not key.startswith(MENTION))
        paths = {f"{key}?fields={COMMENT}": key for key in seen}
        for path, told in self.graph.each(list(paths), now=self.now()):
            if isinstance(told, Declined):
                news.gone += [paths[path]] if told.gone else []
            else:
                news.take(told, self._rechecked)
        return [*news.mentions, *news.gone]

    def _outer(self, after: str) -> Json:
        inner = f"comments.order(reverse_chronological).filter(stream).limit({INNER}){{{COMMENT}}}"
        asked = {"fields": f"{POST},{inner}", "limit": OUTER, **({"after": after} if after else {})}
        return self._ask(f"{self.us}/feed", **asked)

    def _inner(self, id: str, after: str) -> Json:
        how = {"order": "reverse_chronological", "filter": "stream", "limit": INNER}
        return self._ask(f"{id}/comments", fields=COMMENT, after=after, **how)

    def _nested(self, one: Json) -> Any:
        return one.get("comments") or {}

    def _reach(self, walk: Walk, found: Sequence[Any]) -> bool:
        return (walk.pages + 1) * OUTER < POSTS and bool(found)

    def _take(self, news: Gathered, id: str, one: Json, page: Any, since: int) -> None:  # noqa: ARG002
        if one and not self._is_us(one):
            news.take(one, self._post)
        for item in listed(page):
            news.take(item, lambda item: self._comment(item, id))

    def _post(self, post: Json) -> Found:
        yield self._mention(post, thread=str(post["id"]), parent=None)

    def _comment(self, comment: Json, post: str) -> Found:
        parent = (comment.get("parent") or {}).get("id") or post
        yield self._mention(comment, thread=post, parent=str(parent))

    def _rechecked(self, told: Json) -> Found:
        """A comment's id begins with the number of its post, whose own begins with the Page's."""
        first, _, second = str(told["id"]).partition("_")
        is_post = not second or first == self.us
        return self._post(told) if is_post else self._comment(told, f"{self.us}_{first}")

    def _changed(self, entry: Json, change: Json) -> Found:
        if str(entry["id"]) != self.us:
            raise ValueError(f"It is about {entry['id']}, not about our Page.")
        field, value = change["field"], change["value"]
        if field == "mention":
            if not str(value["post_id"]).startswith(f"{self.us}_"):  # else `feed` tells of it
                yield self._named(entry, value)
        elif field == "feed" and value["item"] == "comment":
            yield from self._fed(value, str(value["comment_id"]), str(value["post_id"]))
        elif field == "feed" and value["item"] in VISITED and not self._is_us(value):
            yield from self._fed(value, str(value["post_id"]), None)

    def _fed(self, value: Json, key: str, post: str | None) -> Iterator[Mention | str]:
        """Whatever else is done with it, such as hiding it, changes none of its words."""
        if value["verb"] == "remove":
            yield key
        if value["verb"] not in ("add", "edited", "edit"):
            return
        about = value.get("post") or {}
        link = {"permalink_url": about["permalink_url"]} if about.get("permalink_url") else {}
        told = {**value, **({} if post else link), "id": key, "full_picture": value.get("photo")}
        parent = str(value.get("parent_id") or post) if post else None
        yield self._mention(told, thread=post or key, parent=parent)

    def _named(self, entry: Json, value: Json) -> Mention:
        """Somebody names the Page elsewhere: only its id may come, and nobody can ask for more."""
        key = str(value.get("comment_id") or value["post_id"])
        who = {"id": value.get("sender_id"), "name": value.get("sender_name")}
        by = value.get("from") or (who if who["id"] else None)
        link = f"https://www.facebook.com/{key}"
        told = {**value, "id": f"{MENTION}{key}", "from": by, "permalink_url": link}
        told["created_time"] = value.get("created_time") or entry["time"]
        told["message"] = value.get("message") or "(names our Page; open it to read)"
        return self._mention(told, thread=str(value["post_id"]), parent=None, no_reply=ELSEWHERE)

    def _mention(
        self, told: Json, *, thread: str, parent: str | None, no_reply: str = ""
    ) -> Mention:
        key, text = str(told["id"]), _text(told)
        return Mention(
            account=self.name,
            key=key,
            thread=thread,
            parent=parent,
            customer=_customer(told, self.name.partition(":")[0]),
            text=cut(text),
            posted_at=moment(told["created_time"]),
            url=str(told.get("permalink_url") or f"https://www.facebook.com/{key}"),
            revision=fingerprint(text),
            origin=Origin.OWN if self._is_us(told) else Origin.CUSTOMER,
            no_reply=no_reply,
            media=tuple(_pictures(told)),
        )

    def _is_us(self, told: Json) -> bool:
        return str((told.get("from") or {}).get("id")) == self.us

    def _publish(self, mention: Mention, text: str) -> Sent:
        made, under = "id,permalink_url", f"{mention.key}/comments"
        try:
            return _sent(self.graph.post(under, now=self.now(), fields=made, message=text))
        except Declined as no:
            raise no.refusal(DELETED) from None

    def _published(self, mention: Mention, text: str) -> Sent | None:
        """Our answer, if an earlier attempt got through; it may have been put one step higher."""
        higher = mention.parent if mention.parent != mention.thread else None
        how = {"order": "reverse_chronological", "fields": COMMENT, "limit": 100}
        for under in filter(None, (mention.key, higher)):
            found = self._looked(f"{under}/comments", **how)
            if ours := self._ours(found, lambda told: told["message"], mention, text):
                return _sent(ours)
        return None


def _text(told: Json) -> str:
    if words := told.get("message"):
        return str(words)
    kind = str((told.get("attachment") or {}).get("type", ""))
    shown = any(told.get(name) for name in ("full_picture", "photo", "attachment"))
    return "(a sticker)" if "sticker" in kind else "(a picture or a link)" if shown else ""


def _pictures(told: Json) -> Iterator[str]:
    image = ((told.get("attachment") or {}).get("media") or {}).get("image") or {}
    for link in (image.get("src"), told.get("full_picture")):
        if link:
            yield str(link)


def _customer(told: Json, platform: str) -> Customer:
    """Facebook does not always say who it was: then nobody is mistaken for somebody else."""
    who = told.get("from") or {}
    name = str(who.get("name") or "somebody")
    return Customer(
        platform=platform, key=str(who.get("id") or f"unknown/{told['id']}"), handle=name, name=name
    )


def _sent(told: Json) -> Sent:
    if not told.get("id"):
        raise TryLater("Facebook did not say whether it published the answer.")
    link = told.get("permalink_url")
    return Sent(key=str(told["id"]), url=str(link) if link else None)
