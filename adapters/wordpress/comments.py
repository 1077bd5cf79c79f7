"""WordPress's comments as mentions, and our words as a comment."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from html import escape, unescape
from threading import Lock
from typing import Any

from adapters.descent import number
from adapters.readable import cut, fingerprint, from_html, tidied
from adapters.wordpress.line import Line
from bot.domain.mention import Customer, Mention, Origin

Item = Mapping[str, Any]

FIELDS = (
    "id,post,parent,author,author_name,author_email,author_url,author_user_agent,date_gmt,content,"
    "link,status"
)
STATUSES = ("all", "trash", "spam")  # "all": what is approved, and what is held
PAGE = 100  # comments; WordPress grants no more
DEEP = 50  # answers to answers, as far as we follow them
REMEMBERED = 50_000  # comments whose place in their thread is kept in memory
HELD = "It is held for moderation, so nobody can read it yet. Approve it in WordPress first."


def written(text: str) -> str:
    """Our words as HTML, in which nothing is a tag: of editors WordPress takes every one."""
    return escape(text.replace("\r\n", "\n"), quote=False)


def words(item: Item) -> str:
    """What somebody wrote, from what WordPress stores of it: HTML whose line ends count."""
    raw = str(item["content"]["raw"]).replace("\r\n", "\n")
    return cut(from_html(raw.replace("\n", "<br>")) if "<" in raw else tidied(unescape(raw)))


def same_words(item: Item, text: str) -> bool:
    """Whether these words are the comment's, but for the space around and between them."""
    return str(item["content"]["raw"]).split() == written(text).split()


def stands(item: Item) -> bool:
    """Whether it is in nobody's bin."""
    return item.get("status") in ("approved", "hold")


def second(item: Any) -> int:
    """When it was posted, since 1970; 0: nobody knows."""
    try:
        return max(0, int(_posted_at(item).timestamp()))
    except (KeyError, TypeError, ValueError, OverflowError):
        return 0


def mention(item: Item, account: str, ours: Collection[int], tops: Mapping[int, int]) -> Mention:
    id, parent, text = int(item["id"]), int(item["parent"]), words(item)
    held = item["status"] == "hold"
    return Mention(
        account=account,
        key=str(id),
        thread=str(tops.get(id, parent or id)),
        parent=str(parent) if parent else None,
        customer=_customer(item, account.partition(":")[0]),
        text=text,
        posted_at=_posted_at(item),
        url=str(item["link"]) if item.get("link") else None,
        revision=f"{fingerprint(text)}{' held' * held}",
        origin=Origin.OWN if int(item["author"]) in ours else Origin.CUSTOMER,
        no_reply=HELD if held else "",
    )


def _customer(item: Item, platform: str) -> Customer:
    """A guest is known by the address they left, which is not kept; any name can be anybody's."""
    name = tidied(unescape(str(item["author_name"]))) or "somebody"
    user, address = int(item["author"]), str(item.get("author_email") or "").casefold()
    guest = fingerprint(address) if address else name
    site = str(item.get("author_url") or "")
    return Customer(
        platform=platform,
        key=str(user) if user else f"guest {guest}",
        handle=name,
        name=name,
        website=site if site.startswith(("https://", "http://")) else None,
    )


def _posted_at(item: Item) -> datetime:
    return datetime.fromisoformat(str(item["date_gmt"])).replace(tzinfo=UTC)


class Threads:
    """Which comment began each thread. Ancestors that nobody told us of are asked for."""

    def __init__(self) -> None:
        self._parents: dict[int, int] = {}
        self._lock = Lock()

    def tops(self, line: Line, items: Sequence[Any]) -> Mapping[int, int]:
        """For each item that has a number, that of the comment which began its thread."""
        ids = [number(item) for item in items if number(item)]
        known = self._known() | _parents(items)
        for _ in range(DEEP):
            unknown = {top for id in ids if (top := _top(known, id)) not in known}
            if not unknown:
                break
            known |= dict.fromkeys(unknown, 0) | _parents(ask(line, unknown))
        with self._lock:
            self._parents |= known
        return {id: _top(known, id) for id in ids}

    def _known(self) -> dict[int, int]:
        with self._lock:
            if len(self._parents) > REMEMBERED:
                self._parents.clear()
            return dict(self._parents)


def ask(line: Line, ids: Iterable[int]) -> list[Any]:
    """The comments with these numbers, whatever became of them; those that are gone lack."""
    left, found = sorted(set(ids)), []
    for status in STATUSES:
        for begin in range(0, len(left), PAGE):
            some = ",".join(map(str, left[begin : begin + PAGE]))
            items, _ = listed(line, status=status, include=some)
            found += [item for item in items if number(item)]
        there = {number(item) for item in found}
        left = [id for id in left if id not in there]
    return found


def listed(line: Line, **asked: object) -> tuple[list[Any], int]:
    """Comments, newest first, and how many there are in all."""
    order = {"orderby": "id", "order": "desc", "per_page": PAGE}
    told, headers = line.get(
        "/wp/v2/comments", **{"context": "edit", "_fields": FIELDS, **order, **asked}
    )
    items = told if isinstance(told, list) else []
    total = headers.get("x-wp-total", "")
    return items, int(total) if total.isdecimal() else len(items)


def _parents(items: Iterable[Any]) -> dict[int, int]:
    """Of each, the number of the comment that it answers; 0: of the post."""
    told = ((number(item), item.get("parent")) for item in items if number(item))
    return {id: parent for id, parent in told if type(parent) is int and 0 <= parent < id}


def _top(known: Mapping[int, int], id: int) -> int:
    """As far up as is known."""
    while parent := known.get(id, 0):
        id = parent
    return id
