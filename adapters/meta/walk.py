"""Lists of lists, newest first: posts with their comments, conversations with their messages.

One page of the outer list brings the newest of each inner list; where more is new than that, the
inner list is walked on by itself. An overlap finds what is shown late.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from adapters.windows import LAST

OVERLAP = timedelta(hours=1)
MOST = 1000  # pages of one walk; what leads on beyond that is broken
Json = Mapping[str, Any]


@dataclass(frozen=True)
class Walk:
    """On the way down to what was posted at `since` (seconds since 1970), which is known.

    `outer` is where the outer list goes on, "" its beginning, None its end; `inner` are the ids of
    lists that go on, and where. `newest` is the newest that this walk has seen.
    """

    since: int
    outer: str | None = ""
    inner: tuple[tuple[str, str], ...] = ()
    newest: int = 0
    pages: int = 0

    @property
    def goes_on(self) -> bool:
        return self.outer != "" or bool(self.inner)

    def new(self, seconds: Sequence[int | None]) -> bool:
        """Whether all of these are new, so that more may be beyond them."""
        known = [each for each in seconds if each is not None]
        return not known or min(known) >= self.since

    def step(
        self,
        seconds: Sequence[int | None],
        *,
        outer: str | None = None,
        inner: Sequence[tuple[str, str]] = (),
    ) -> "Walk":
        """After one page, with the times of what is on it; where else it goes on from here."""
        newest = max([self.newest, *(each for each in seconds if each is not None)])
        after = replace(self, outer=outer, inner=tuple(inner), newest=newest, pages=self.pages + 1)
        if (outer is None and not inner) or after.pages >= MOST:
            return Walk(since=max(self.since, newest - int(OVERLAP.total_seconds())))
        return after

    def broken_off(self) -> "Walk":
        return Walk(since=self.since)

    def saved(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def load(cls, saved: str | None, begin: int) -> tuple["Walk", bool]:
        """As it was saved, or from `begin` on; and whether what was kept is damaged."""
        if saved is None:
            return cls(since=begin), False
        try:
            return _checked(**json.loads(saved)), False
        except (ValueError, TypeError, AttributeError, RecursionError):
            return cls(since=begin), True


def listed(page: Any) -> Sequence[Any]:
    """What is on a page; an edge that has nothing is left out by Meta. ValueError for no page."""
    found = page.get("data", []) if isinstance(page, dict) else page
    if found is None:
        return []
    if not isinstance(found, list):
        raise ValueError("This is no list.")
    return found


def following(page: Any) -> str | None:
    """Where the next page begins; None at the end."""
    paging = page.get("paging") if isinstance(page, dict) else None
    if not isinstance(paging, dict) or not paging.get("next"):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    return str(after) if after else None


def _checked(since: Any, outer: Any, inner: Any, newest: Any, pages: Any) -> Walk:
    for value in (since, newest, pages):
        if type(value) is not int or not 0 <= value < LAST:
            raise ValueError(f"{value!r} can't be")
    if not isinstance(outer, str | None):
        raise ValueError(f"{outer!r} can't be")
    return Walk(since, outer, tuple((str(id), str(after)) for id, after in inner), newest, pages)
