"""YouTube's comments as mentions: a comment, and below it answers in one level only."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from adapters import Unreadable
from adapters.readable import cut, fingerprint
from bot.domain.mention import Customer, Mention, Origin

Json = Mapping[str, Any]
PUBLISHED, HELD, SPAM = "published", "heldForReview", "likelySpam"
ID = re.compile(
    r"[A-Za-z0-9_-]{1,80}(?:\.[A-Za-z0-9_-]{1,80})?"
)  # of a comment; an answer's has a dot
RAW = 5000  # characters that are kept of what can't be read

IS_HELD = (
    "YouTube holds this comment back for review. Publish it in YouTube Studio, then answer it."
)
IS_SPAM = (
    "YouTube takes this comment for spam. If it is not, publish it in YouTube Studio, then answer."
)
NO_ANSWERS = "YouTube does not let our channel answer this comment."
NO_REPLIES = {HELD: IS_HELD, SPAM: IS_SPAM}


@dataclass(frozen=True)
class Us:
    """Our channel: its id, what it is called, and its handle, such as @acme."""

    id: str
    name: str
    handle: str


@dataclass(frozen=True)
class Thread:
    """Where a comment stands: the id of the first one, its video, and whether we may answer."""

    id: str
    video: str = ""
    open: bool = True


@dataclass(frozen=True)
class Reader:
    """Makes mentions of comments, for one account."""

    account: str
    us: Us

    def read(
        self,
        comments: Iterable[Any],
        thread: Thread,
        status: str = PUBLISHED,
        among: Sequence[Any] = (),
    ) -> tuple[list[Mention], list[Unreadable]]:
        """What can't be understood does not stop the rest; `among` is all we know of the thread."""
        mentions, spoiled = [], []
        for comment in comments:
            try:
                mentions.append(self.mention(comment, thread, status, among))
            except Exception as problem:  # one of them must not keep us from the others
                spoiled.append(unreadable(comment, problem))
        return mentions, spoiled

    def mention(
        self, comment: Json, thread: Thread, status: str = PUBLISHED, among: Sequence[Any] = ()
    ) -> Mention:
        said, key = comment["snippet"], str(comment["id"])
        author = str((said.get("authorChannelId") or {}).get("value") or "")
        state = str(said.get("moderationStatus") or status)
        shown = state == PUBLISHED
        return Mention(
            account=self.account,
            key=key,
            thread=thread.id,
            parent=parent(comment, thread.id, among),
            customer=_customer(said, author, self.account.partition(":")[0]),
            text=cut(words(said)),
            posted_at=moment(said["publishedAt"]),
            url=address(thread.video, key),
            revision=_revision(said, state),
            origin=Origin.OWN if author == self.us.id else Origin.CUSTOMER,
            public=shown,
            no_reply=NO_REPLIES.get(state, "") or ("" if thread.open else NO_ANSWERS),
            media=tuple(filter(None, [str(said.get("imageUrl") or "")])),
            extra={"video": thread.video},
        )


def shown(item: Any) -> tuple[Thread, Any, Sequence[Any], int]:
    """A thread: where it is, its first comment, the answers that it shows, and how many it has."""
    said = item["snippet"]
    below = (item.get("replies") or {}).get("comments") or []
    count = said.get("totalReplyCount") or 0
    if type(count) is not int or not isinstance(below, list):
        raise TypeError(f"{count!r} is no number of answers.")
    return place(item), said["topLevelComment"], sorted(below, key=second), count


def place(item: Any) -> Thread:
    said, id = item["snippet"], str(item["id"])
    if not ID.fullmatch(id):
        raise ValueError(f"{id!r} is no id.")
    return Thread(id, str(said.get("videoId") or ""), open=said.get("canReply") is not False)


def parent(comment: Json, first: str, among: Sequence[Any]) -> str | None:
    """Which comment it answers.

    YouTube knows only the first of a thread. Who answers an answer has its author's handle in
    front of the words: YouTube puts it there, and so do we.
    """
    if comment["id"] == first:
        return None
    at = moment(comment["snippet"]["publishedAt"])
    earlier = [each for each in among if _id(each) not in ("", comment["id"]) and second(each)]
    earlier = [each for each in earlier if moment(each["snippet"]["publishedAt"]) <= at]
    called = [each for each in earlier if calls(words(comment["snippet"]), name(each))]
    return str(called[-1]["id"]) if called else first


def calls(text: str, handle: str) -> bool:
    """Whether it begins with this name."""
    after = text.strip("\u200b\xa0 ").removeprefix(handle)
    return bool(handle) and after != text.strip("\u200b\xa0 ") and not re.match(r"[\w.-]", after)


def name(comment: Json) -> str:
    """What its author is called by: a handle such as @mira."""
    return str(comment["snippet"].get("authorDisplayName") or "")


def words(said: Json) -> str:
    """As it was typed; of others' comments YouTube tells only how it shows them."""
    return str(said["textOriginal"] if "textOriginal" in said else said["textDisplay"])


def same_words(one: str, other: str) -> bool:
    return " ".join(one.split()) == " ".join(other.split())


def address(video: str, key: str) -> str | None:
    if not video:
        return None
    video, key = (quote(part, safe="", errors="replace") for part in (video, key))
    return f"https://www.youtube.com/watch?v={video}&lc={key}"


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def second(comment: Any) -> int:
    """When it was published, in seconds since 1970; 0 for what can't be read."""
    try:
        return int(moment(comment["snippet"]["publishedAt"]).timestamp())
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0


def unreadable(item: Any, problem: Exception) -> Unreadable:
    raw = repr(item)[:RAW]
    return Unreadable(key=_id(item) or fingerprint(raw), raw=raw, problem=repr(problem))


def _id(item: Any) -> str:
    return str(item.get("id") or "")[:200] if isinstance(item, dict) else ""


def _revision(said: Json, state: str) -> str:
    edited = str(said.get("updatedAt") or said["publishedAt"])
    return edited if state == PUBLISHED else f"{edited}/{state}"


def _customer(said: Json, author: str, platform: str) -> Customer:
    handle = str(said.get("authorDisplayName") or "") or "somebody"
    url = str(said.get("authorChannelUrl") or "") or None
    return Customer(platform=platform, key=author or url or handle, handle=handle, url=url)
