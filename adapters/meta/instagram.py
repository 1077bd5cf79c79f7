"""An Instagram professional account: comments on what it posts, and who mentions it elsewhere.

https://developers.facebook.com/docs/instagram-platform. Of a mention Meta brings nothing but ids,
and only once; nobody can list them later. So it becomes a card at once, and its words are asked
for.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from adapters import Setting, admit
from adapters.meta.graph import APP, VERIFY, Declined, Json
from adapters.meta.listed import INNER, OUTER, Listed, must_fit
from adapters.meta.news import Found, Gathered, Hooks, moment
from adapters.meta.walk import Walk, listed
from adapters.readable import cut, fingerprint
from adapters.web import doubting, visit
from bot.domain.delivery import LockedOut, TryLater, Unsure
from bot.domain.mention import Customer, Mention, Origin
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 2200  # characters; third parties say so, Meta's documentation does not
POSTS = 100  # of our latest, whose comments are listed
AT_ONCE = 10  # mentions whose words one look asks for
AWAITED = 200  # that this process remembers; the others have their words by `recheck`
MENTION = "mention"
COMMENT = "id,text,timestamp,username,from,parent_id"
UNREAD = "(mentions us in {where}; its words are being asked for)"
DELETED = "This comment is deleted, hidden, or below a live video: nobody can answer it from here."
NO_TRACE = "Instagram shows no answers to mentions. Look there whether the answer is published."
NO_PROFESSIONAL = (
    "{id} is not the id of an Instagram professional account. Ask for instagram_business_account of"
    " its Page."
)


class Instagram(Hooks, Listed):
    """One professional account; it answers as the account."""

    site, product = "Instagram", "instagram"
    id, token, often, times = (
        "INSTAGRAM_ACCOUNT_ID",
        "INSTAGRAM_TOKEN",
        "INSTAGRAM_EVERY",
        "timestamp",
    )
    settings = (
        Setting(
            "INSTAGRAM_ACCOUNT_ID", "Its number: instagram_business_account of its Page.", True
        ),
        Setting(
            "INSTAGRAM_TOKEN", "An access token that may manage its comments.", True, secret=True
        ),
        *APP,
        VERIFY,
        Setting("INSTAGRAM_EVERY", "How often to look, in seconds.", default="120"),
    )

    def __init__(self, name: str, settings: Mapping[str, str], *more: Any) -> None:
        super().__init__(name, settings, *more)
        self.secret = settings["META_APP_SECRET"].strip()
        self.verify = settings["META_VERIFY_TOKEN"].strip()
        self.ability = Ability(speaks_as="our Instagram account", limit=LIMIT)
        self._awaited: deque[str] = deque(maxlen=AWAITED)

    @visit()
    def check(self) -> str:
        wrong = LockedOut(NO_PROFESSIONAL.format(id=self.called(self.id)))
        try:
            handle = self._ask(self.us, fields="username").get("username")
        except Declined as no:
            raise (wrong if "username" in no.why else self._shut(no)) from None
        if not handle:
            raise wrong
        self.ability = Ability(speaks_as=f"@{handle}", limit=LIMIT)
        self.fetch(None)
        return f"Instagram as @{handle}"

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
        """Below the first comment, with the customer's name in front where theirs is an answer."""
        name = f"{mention.customer.handle} " if _is_answer(mention) else ""
        said = text if text.startswith(name) else name + text
        must_fit(self.site, said, LIMIT)
        admit(files, self.ability, self.site)
        with doubting(again):
            if mention.key.startswith(f"{MENTION}/"):
                return self._answer_mention(mention, said, again)
            return self._answer(mention, said, again)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        try:
            self.graph.delete(sent.key, now=self.now())
        except Declined as no:
            if not no.gone:
                raise no.refusal("") from None

    @visit()
    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """Nobody can edit a comment, but mentions have words now."""
        news, paths = Gathered(), {self._address(key): key for key in keys}
        for path, told in self.graph.each(list(paths), now=self.now()):
            key = paths[path]
            if isinstance(told, Declined):
                news.gone += [key] if told.gone else []
            elif key.startswith(f"{MENTION}/"):
                news.take(told, lambda told, key=key: self._mentioned(key, told))  # type: ignore[misc]
            else:
                news.take(told, self._commented)
        return [*news.mentions, *news.gone]

    def _outer(self, after: str) -> Json:
        inner = f"comments.limit({INNER}){{{self._fields}}}"
        asked = {"fields": f"id,permalink,{inner}", "limit": OUTER}
        return self._ask(f"{self.us}/media", **asked, **({"after": after} if after else {}))

    def _inner(self, id: str, after: str) -> Json:
        return self._ask(f"{id}/comments", fields=self._fields, after=after, limit=INNER)

    def _nested(self, one: Json) -> Any:
        return one.get("comments") or {}

    def _reach(self, walk: Walk, found: Sequence[Any]) -> bool:
        return (walk.pages + 1) * OUTER < POSTS and bool(found)

    def _take(self, news: Gathered, id: str, one: Json, page: Any, since: int) -> None:  # noqa: ARG002
        for comment in listed(page):
            news.take(comment, lambda comment: self._commented(comment, one))
            if isinstance(comment, dict):
                for answer in listed(comment.get("replies") or {}):
                    news.take(answer, lambda answer, to=comment: self._answered(answer, to, one))  # type: ignore[misc]

    def _complete(self, news: Gathered) -> None:
        """The words of mentions that this process has heard of; of all others, by `recheck`."""
        for _ in range(min(AT_ONCE, len(self._awaited))):
            key = self._awaited.popleft()
            try:
                told = self._ask(self._address(key))
            except TryLater:
                self._awaited.append(key)
                return
            except (Declined, LockedOut):
                continue  # comments are not held up; `recheck` says what is wrong
            news.take(told, lambda told, key=key: self._mentioned(key, told))  # type: ignore[misc]

    def _changed(self, entry: Json, change: Json) -> Found:
        if str(entry["id"]) != self.us:
            raise ValueError(f"It is about {entry['id']}, not about our account.")
        field, value = change["field"], change["value"]
        if field in ("comments", "live_comments"):
            yield from self._commented({"timestamp": entry["time"], **value})
        elif field == "mentions":
            comment = value.get("comment_id")
            key = "/".join((MENTION, str(value["media_id"]), *([str(comment)] if comment else [])))
            self._awaited.append(key)
            where = "a comment" if comment else "a caption"
            yield self._made(key, UNREAD.format(where=where), entry["time"], {}, revision="unread")

    def _commented(self, comment: Json, media: Json | None = None) -> Found:
        key, parent = str(comment["id"]), comment.get("parent_id")
        yield self._made(
            key,
            str(comment.get("text") or "(a comment without words)"),
            comment["timestamp"],
            {"username": comment.get("username"), **(comment.get("from") or {})},
            parent=str(parent) if parent else None,
            url=(media or {}).get("permalink"),
        )

    def _answered(self, answer: Json, to: Json, media: Json) -> Found:
        return self._commented({"parent_id": to["id"], **answer}, media)

    def _mentioned(self, key: str, told: Json) -> Found:
        """What it says by now; of comments Meta does not tell who wrote them."""
        said = told.get("mentioned_comment") or told["mentioned_media"]
        text = str(said.get("text") or said.get("caption") or "")
        who = said.get("username")
        yield self._made(key, f"@{who}: {text}" if who else text, said["timestamp"], {})

    def _made(
        self,
        key: str,
        text: str,
        at: Any,
        who: Mapping[str, Any],
        *,
        parent: str | None = None,
        url: Any = None,
        revision: str = "",
    ) -> Mention:
        name = who.get("username")
        return Mention(
            account=self.name,
            key=key,
            thread=parent or key,
            parent=parent,
            customer=Customer(
                platform=self.name.partition(":")[0],
                key=str(who.get("id") or name or f"unknown/{key}"),
                handle=f"@{name}" if name else "somebody",
                url=f"https://www.instagram.com/{name}/" if name else None,
            ),
            text=cut(text),
            posted_at=moment(at),
            url=str(url) if url else None,
            revision=revision or fingerprint(text),
            origin=Origin.OWN if str(who.get("id")) == self.us else Origin.CUSTOMER,
        )

    @property
    def _fields(self) -> str:
        return f"{COMMENT},replies.limit({INNER}){{{COMMENT}}}"

    def _address(self, key: str) -> str:
        """Where the words of a comment, or of a mention, are asked for."""
        kind, _, ids = key.partition("/")
        media, _, comment = ids.partition("/")
        if kind != MENTION:
            return f"{key}?fields={COMMENT}"
        if comment:
            return f"{self.us}?fields=mentioned_comment.comment_id({comment}){{id,text,timestamp}}"
        wanted = "{id,caption,timestamp,username}"
        return f"{self.us}?fields=mentioned_media.media_id({media}){wanted}"

    def _answer(self, mention: Mention, text: str, again: bool) -> Sent:
        edge = f"{mention.thread}/replies"  # where there is but one level of them
        if again:
            found = self._looked(edge, fields=COMMENT, limit=100)
            if ours := self._ours(found, lambda told: told["text"], mention, text):
                return _sent(ours, mention)
        try:
            return _sent(self.graph.post(edge, now=self.now(), message=text), mention)
        except Declined as no:
            raise no.refusal(DELETED) from None

    def _answer_mention(self, mention: Mention, text: str, again: bool) -> Sent:
        if again:
            raise Unsure(NO_TRACE)
        _, media, *comment = mention.key.split("/")
        where = {"media_id": media, **({"comment_id": comment[0]} if comment else {})}
        try:
            made = self.graph.post(f"{self.us}/mentions", now=self.now(), message=text, **where)
        except Declined as no:
            raise no.refusal(DELETED) from None
        return _sent(made, mention)


def _is_answer(mention: Mention) -> bool:
    """Whether a customer wrote it below somebody's comment."""
    return mention.key != mention.thread and mention.origin is Origin.CUSTOMER


def _sent(told: Json, mention: Mention) -> Sent:
    if not told.get("id"):
        raise TryLater("Instagram did not say whether it published the answer.")
    return Sent(key=str(told["id"]), url=mention.url)
