"""One WordPress: the comments on it are heard, and answered as the account we sign in with."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qsl, urlsplit

from adapters import Batch, Setting, admit, divided, lost_our_place, scope, seconds
from adapters.descent import Descent, loaded, number, read, saved
from adapters.readable import fingerprint
from adapters.web import Web, doubting, local
from adapters.wordpress import comments
from adapters.wordpress.comments import PAGE, Threads
from adapters.wordpress.line import Declined, Line
from bot.domain.delivery import Refused, TryLater, Unsure
from bot.domain.mention import Mention, Origin, Unreadable
from bot.domain.reply import Ability, Attachment, Sent

LIMIT = 65_525  # bytes of HTML: what WordPress's table of comments holds
AGAIN = 20  # comments of the page above: as many may vanish while we go on to the next
LIST = "comments"
COMMENT = "/wp/v2/comments/"
ADDRESS = re.compile(r"(https?://[^#\s]+)#comment-([0-9]{1,19})(?:[?&#/].*)?", re.IGNORECASE)
GONE = "This comment is deleted, so nobody can answer it."
OURS_GONE = "The answer is deleted, so it can't be corrected."
TWICE = (
    "WordPress has these very words from us already, as an answer to this comment. Change a word"
    " and send it again."
)
CLOSED = "Comments are closed on this post. Open them in WordPress, and send it again."


class WordPress:
    """All comments on one site, newest first, walked down to what is known."""

    settings: ClassVar[Sequence[Setting]] = (
        Setting("WORDPRESS_URL", "The site, such as https://blog.example.com.", required=True),
        Setting("WORDPRESS_USER", "Who answers there: an Editor's user name.", required=True),
        Setting(
            "WORDPRESS_PASSWORD",
            "An application password of theirs, from Users, Profile in WordPress.",
            required=True,
            secret=True,
        ),
        Setting(
            "WORDPRESS_OURS",
            "Our other accounts there, by their numbers (user_id), divided by commas.",
        ),
        Setting("WORDPRESS_EVERY", "How often to look, in seconds.", default="60"),
    )

    def __init__(
        self,
        name: str,
        settings: Mapping[str, str],
        now: Callable[[], datetime],
        history: timedelta,
    ) -> None:
        self.name, self.now, self.history = name, now, history
        self.every = seconds(name, settings, "WORDPRESS_EVERY")
        self.colleagues = self._numbers(settings["WORDPRESS_OURS"])
        self.line = self._line(settings)
        self.threads = Threads()
        self._us: tuple[int, str] | None = None

    @property
    def ability(self) -> Ability:
        us = self._us
        where = urlsplit(self.line.url).hostname
        name = us[1] if us else self.line.user
        return Ability(speaks_as=f"{name} on {where}", limit=LIMIT, unit="bytes")

    def check(self) -> str:
        with self._visit() as line:
            self._us = self._who(line)
            comments.listed(line, status="all", per_page=1)
        return f"WordPress at {urlsplit(self.line.url).netloc} as {self._us[1]}"

    def length(self, text: str) -> int:
        """In bytes of HTML, as WordPress stores it."""
        return len(comments.written(text).encode("utf-8", "replace"))

    def fetch(self, cursor: str | None) -> Batch:
        known, damaged = loaded(cursor)
        begin = int((self.now() - self.history).timestamp())
        here = known.get(LIST, Descent(begin=begin))
        with self._visit() as line:
            return self._page(line, here, damaged=damaged)

    def reply(
        self,
        mention: Mention,
        text: str,
        *,
        key: str,
        again: bool,
        files: Sequence[Attachment] = (),
    ) -> Sent:
        """Each answer bears a tag by which it is found again: WordPress keeps who wrote with what.

        It publishes an answer to a comment that is in the bin, or that never was; so we look.
        """
        if mention.no_reply:
            raise Refused(mention.no_reply)
        self._must_fit(text)
        admit(files, self.ability, "WordPress")
        with doubting(again), self._visit(to_do=True) as line:
            return self._reply(line, mention, text, _tag(key), again)

    def correct(self, sent: Sent, mention: Mention, text: str, *, again: bool) -> Sent:  # noqa: ARG002
        self._must_fit(text)
        with self._visit(to_do=True) as line:
            return self._correct(line, sent, text, again)

    def withdraw(self, sent: Sent, mention: Mention, *, again: bool) -> None:  # noqa: ARG002
        """Into the bin; where WordPress keeps none, for good."""
        with self._visit(to_do=True) as line:
            self._withdraw(line, sent.key)

    def find(self, url: str) -> Mention | None:
        address = ADDRESS.fullmatch(url.strip())
        if not address:
            return None
        with self._visit() as line:
            return self._find(line, address[1], address[2])

    def recheck(self, keys: Sequence[str]) -> Sequence[Mention | str]:
        """What is not found with all others is asked for alone before it counts as gone."""
        with self._visit() as line:
            return self._recheck(line, [int(key) for key in keys if key.isdecimal()])

    def _page(self, line: Line, here: Descent, *, damaged: bool) -> Batch:
        offset = max(0, here.seen - AGAIN)
        items, total = comments.listed(line, status="all", offset=offset)
        after = _step(here, items, offset, total)
        mentions, unreadable = self._read(line, items)
        return Batch(
            mentions=[one for one in mentions if one.posted_at.timestamp() >= here.begin],
            unreadable=unreadable,
            cursor=saved([(LIST, after)]),
            more=after.goes_on,
            gap=lost_our_place(self.history) if damaged else "",
        )

    def _read(self, line: Line, items: Sequence[Any]) -> tuple[list[Mention], list[Unreadable]]:
        ours = {self._me(line)[0], *self.colleagues}
        tops = self.threads.tops(line, items)
        return read(items, lambda item: comments.mention(item, self.name, ours, tops))

    def _reply(self, line: Line, mention: Mention, text: str, tag: str, again: bool) -> Sent:
        mine = {"author": self._me(line)[0], "parent": int(mention.key), "status": "all"}
        if again:
            for item in comments.listed(line, **mine)[0]:
                if item.get("author_user_agent") == tag:
                    return _sent(item)
        asked = self._standing(line, mention.key, GONE)
        if asked["status"] == "hold":
            raise Refused(comments.HELD)
        body = {"post": asked.get("post"), "parent": int(mention.key), "status": "approved"}
        body |= {"content": comments.written(text), "author_user_agent": tag}
        try:
            return _published(line.post("/wp/v2/comments", body))
        except Declined as no:
            if no.code == "comment_duplicate":
                return self._twice(line, mine, text, again)
            raise

    def _twice(self, line: Line, mine: Mapping[str, object], text: str, again: bool) -> Sent:
        """WordPress takes the same words only once. An attempt before is told by its words here:
        a site that keeps no tags knows no better.
        """
        if not again:
            raise Refused(TWICE)
        for item in comments.listed(line, **mine)[0]:
            if comments.same_words(item, text):
                return _sent(item)
        raise Unsure(
            "WordPress says that it has this answer already, but does not show it. Look among its"
            " comments, also among spam."
        )

    def _correct(self, line: Line, sent: Sent, text: str, again: bool) -> Sent:
        """An edit would replace the tag by ours of this call, so it is sent along."""
        item = self._standing(line, sent.key, OURS_GONE)
        if again and comments.same_words(item, text):
            return _sent(item)
        body = {
            "content": comments.written(text),
            "author_user_agent": item.get("author_user_agent"),
        }
        return _sent(line.put(COMMENT + sent.key, body))

    def _withdraw(self, line: Line, key: str) -> None:
        try:
            line.delete(COMMENT + key)
        except Declined as no:
            if no.code == "rest_trash_not_supported":
                line.delete(COMMENT + key, force="true")
            elif no.code not in ("rest_already_trashed", "rest_comment_invalid_id"):
                raise

    def _find(self, line: Line, url: str, key: str) -> Mention | None:
        item = self._alone(line, key)
        if not item or item["status"] != "approved" or not _same_place(url, str(item.get("link"))):
            return None
        mentions, _ = self._read(line, [item])
        return next((one for one in mentions if one.origin is Origin.OWN), None)

    def _recheck(self, line: Line, ids: Sequence[int]) -> list[Mention | str]:
        found = comments.ask(line, ids)
        there = {number(item) for item in found}
        found += [item for id in ids if id not in there and (item := self._alone(line, str(id)))]
        standing = [item for item in found if comments.stands(item)]
        mentions, _ = self._read(line, standing)
        left = {number(item) for item in standing}
        return [*mentions, *(str(id) for id in ids if id not in left)]

    def _standing(self, line: Line, key: str, gone: str) -> Mapping[str, Any]:
        item = self._alone(line, key)
        if not item or not comments.stands(item):
            raise Refused(gone)
        return item

    def _alone(self, line: Line, key: str) -> Mapping[str, Any] | None:
        """One comment, also one in the bin; None: it is gone for good."""
        try:
            item, _ = line.get(COMMENT + key, context="edit", _fields=comments.FIELDS)
        except Declined as no:
            if no.code == "rest_comment_invalid_id":
                return None
            raise
        if not (isinstance(item, dict) and isinstance(item.get("status"), str)):
            raise TryLater("WordPress answered something that is no comment.")
        return item

    def _must_fit(self, text: str) -> None:
        if (size := self.length(text)) > LIMIT:
            raise Refused(f"This answer is {size} bytes long for WordPress; it takes {LIMIT}.")

    def _me(self, line: Line) -> tuple[int, str]:
        self._us = self._us or self._who(line)
        return self._us

    def _who(self, line: Line) -> tuple[int, str]:
        me, _ = line.get("/wp/v2/users/me", context="edit", _fields="id,name")
        if not number(me):
            raise TryLater("WordPress does not say who we are.")
        return number(me), str(me.get("name") or line.user)

    @contextmanager
    def _visit(self, *, to_do: bool = False) -> Iterator[Line]:
        """What WordPress declines `to_do` is for good, unless it shuts us out."""
        line = self.line.visit()
        try:
            yield line
        except Declined as no:
            if no.code == "rest_comment_closed":
                raise Refused(CLOSED) from no
            if no.shuts_out or (no.status == 403 and not to_do):
                raise line.shut(no) from no
            kind = Refused if to_do else TryLater
            raise kind(f"WordPress would not do it: {no.why}") from no

    def _line(self, settings: Mapping[str, str]) -> Line:
        names = ("WORDPRESS_URL", "WORDPRESS_USER", "WORDPRESS_PASSWORD")
        url, user, password = (settings[each].strip() for each in names)
        where, who, word = (scope(self.name, each) for each in names)
        if not url.startswith("https://") and not (url.startswith("http://") and local(url)):
            raise ValueError(
                f"{where} must begin with https://: the password would go through the net in clear."
            )
        web = Web("WordPress", locked=f"Look at {where}.")
        address = url.rstrip("/")
        return Line(address, user, password.replace(" ", ""), (where, who, word), self.now, web)

    def _numbers(self, text: str) -> frozenset[int]:
        names = divided(text)
        if not all(name.isdecimal() for name in names):
            where = scope(self.name, "WORDPRESS_OURS")
            raise ValueError(f"{where} must be numbers, divided by commas: the user_id of each.")
        return frozenset(map(int, names))


def _step(here: Descent, items: Sequence[Any], offset: int, total: int) -> Descent:
    """New comments push a list down; those that vanish pull it up, and others past us.

    Where more have vanished than we read again, the page is asked for once more, further up.
    """
    vanished = max(0, here.total - total)
    if vanished > AGAIN:
        return replace(here, seen=max(0, here.seen - vanished), total=total)
    found = [(id, comments.second(item)) for item in items if (id := number(item))]
    seen = offset + PAGE
    return here.step(found, half=PAGE // 2, more=total > seen, seen=seen, total=total)


def _tag(key: str) -> str:
    """What WordPress keeps as the browser that an answer was written with."""
    return f"Unanswered ({fingerprint(key)})"


def _published(item: Any) -> Sent:
    if not number(item):
        raise TryLater("WordPress did not say whether it published the answer.")
    if item.get("status") != "approved":
        raise Unsure(
            "WordPress has taken the answer, but holds it back. Approve it there, among its"
            " comments or among spam."
        )
    return _sent(item)


def _sent(item: Any) -> Sent:
    if not number(item):
        raise TryLater("WordPress did not say what became of the answer.")
    return Sent(key=str(item["id"]), url=str(item["link"]) if item.get("link") else None)


def _same_place(one: str, other: str) -> bool:
    """Whether the one is an address of the other's post, whatever else stands in it."""
    here, there = urlsplit(one), urlsplit(other)
    same = here.netloc.casefold() == there.netloc.casefold() and _path(here) == _path(there)
    return same and set(parse_qsl(there.query)) <= set(parse_qsl(here.query))


def _path(address: SplitResult) -> str:
    """Without the page on which a long list of comments shows it."""
    return re.sub(r"/comment-page-[0-9]+", "", address.path).rstrip("/")
