"""Which post is where: Discourse names the post that another answers by its place in the topic."""

from collections.abc import Iterable, Iterator, Sequence
from threading import Lock
from typing import Any

from adapters.descent import number
from adapters.discourse.line import Declined, Line

Place = tuple[int, int]  # a topic, and the number of a post in it

LOOKUPS = 10  # posts that one visit asks for, one by one
REMEMBERED = 20_000


def place(item: Any) -> Place | None:
    """Where a post is; None for what is none."""
    try:
        return int(item["topic_id"]), int(item["post_number"])
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def answered(item: Any, *, ours: bool) -> Place | None:
    """Where the post is that this one answers.

    One of ours that answers a whole topic answers whoever began it.
    """
    at = place(item)
    if at is None or at[1] == 1:
        return None
    to = item.get("reply_to_post_number")
    if type(to) is int and to > 0:
        return at[0], to
    return (at[0], 1) if ours else None


class Places:
    """The ids of posts by their places, as far as we have seen or asked."""

    def __init__(self) -> None:
        self._ids: dict[Place, int] = {}
        self._titles: dict[int, str] = {}  # of topics; only lists bring them
        self._lock = Lock()

    def learn(self, items: Sequence[Any]) -> None:
        known = {at: item for item in items if number(item) and (at := place(item))}
        with self._lock:
            if len(self._ids) > REMEMBERED:
                self._ids.clear()
                self._titles.clear()
            self._ids |= {at: number(item) for at, item in known.items()}
            self._titles |= {at[0]: str(item.get("topic_title")) for at, item in known.items()}

    def titled(self, item: dict[str, Any]) -> dict[str, Any]:
        """The same post with the title of its topic, if that is known."""
        title = self._titles.get((place(item) or (0, 0))[0], "")
        return {"topic_title": title, **item}

    def id(self, at: Place | None) -> int | None:
        """None: there is no such post, or nobody knows it."""
        return self._ids.get(at) or None if at else None

    def look_up(self, line: Line, wanted: Iterable[Place | None]) -> bool:
        """Ask for those that are not known; False when some of them are left for the next time."""
        unknown = [at for at in dict.fromkeys(wanted) if at and at not in self._ids]
        for at in unknown[:LOOKUPS]:
            id = _id(line, at)
            with self._lock:
                self._ids[at] = id
        return len(unknown) <= LOOKUPS


def _id(line: Line, at: Place) -> int:
    """0: there is no such post, or it is not for us."""
    try:
        return number(found(line, f"posts/by_number/{at[0]}/{at[1]}"))
    except Declined as no:
        if no.unseen:
            return 0
        raise


def found(line: Line, path: str) -> dict[str, Any] | None:
    """One post; None: there is none, or we may not see it."""
    try:
        item = line.get(path)
    except Declined as no:
        if no.status in (404, 410):
            return None
        raise
    return item if isinstance(item, dict) and number(item) else None


def answers_to(line: Line, id: int) -> Iterator[dict[str, Any]]:
    """Its direct answers, without their raw words; newer versions list them twenty at a time."""
    after, last = 0, 1
    while last > after:
        after = last
        told = line.get(f"posts/{id}/replies", after=after)
        answers = [one for one in told if number(one)] if isinstance(told, list) else []
        yield from answers
        last = max((at[1] for one in answers if (at := place(one))), default=after)
