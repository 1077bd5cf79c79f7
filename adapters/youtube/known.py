"""What became of comments that we know, by their ids, and what is held back."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from adapters.google import Visit
from adapters.youtube.comments import HELD, SPAM, Reader, Thread, place, shown, words
from adapters.youtube.line import Channel
from adapters.youtube.walk import BATCH
from bot.domain.mention import Mention

LISTED = 5  # pages of what is held back that one look goes through
STRANGE = (KeyError, TypeError, AttributeError, ValueError)  # what an item of no sense raises


def by_key(
    channel: Channel, visit: Visit, reader: Reader, keys: Sequence[str], *, among: bool = False
) -> Mapping[str, Mention | str | None]:
    """Comments wherever they stand: the key alone of what is gone, None for what can't be read.

    `among` pays for the rest of a thread where only that tells whom a comment answers.
    """
    found: dict[str, Mention | str | None] = {key: key for key in keys}
    for n in range(0, len(keys), BATCH):
        comments = [each for each in channel.by_id(visit, keys[n : n + BATCH]) if _key(each)]
        ids = sorted({_first(each) for each in comments})
        items = channel.by_ids(visit, ids) if ids else ()
        threads = {one.id: one for one in _places(items)}
        for comment in comments:
            id = _first(comment)
            rest = _rest(channel, visit, comment, id) if among else ()
            read, _ = reader.read([comment], threads.get(id, Thread(id)), among=rest)
            found[_key(comment)] = next(iter(read), None)
    return found


def held_back(channel: Channel, visit: Visit, reader: Reader) -> tuple[Mapping[str, Mention], bool]:
    """What is held back now, by key, and whether this is all of it."""
    found, whole = dict[str, Mention](), True
    for status in (HELD, SPAM):
        token = None
        for _ in range(LISTED):
            items, token = channel.page(visit, reader.us, status, token)
            found |= {one.key: one for one in _held(reader, items, status)}
            if not token:
                break
        whole = whole and token is None
    return found, whole


def _held(reader: Reader, items: Sequence[Any], status: str) -> Iterable[Mention]:
    """Of a list of what is held back: what itself is, and not only stands beside it."""
    for item in items:
        try:
            thread, first, below, _ = shown(item)
        except STRANGE:
            continue
        mentions, _ = reader.read([first, *below], thread, status, below)
        yield from (mention for mention in mentions if not mention.public)


def _places(items: Sequence[Any]) -> Iterable[Thread]:
    for item in items:
        try:
            yield place(item)
        except STRANGE:
            continue


def _rest(channel: Channel, visit: Visit, comment: Any, id: str) -> Sequence[Any]:
    if comment["id"] == id or not words(comment["snippet"]).strip().startswith("@"):
        return ()
    return channel.below(visit, id)[0]


def _key(comment: Any) -> str:
    return str(comment.get("id") or "") if isinstance(comment, dict) else ""


def _first(comment: Any) -> str:
    """The first comment of its thread; it may be that itself."""
    said = comment.get("snippet")
    return str((said.get("parentId") if isinstance(said, dict) else "") or comment["id"])
