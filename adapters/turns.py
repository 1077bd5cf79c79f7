"""Several lists of one account, read in turn; kept in the cursor, so no restart loses a page."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Generic, Self, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Turns(Generic[T]):
    """How far each list has been read, by its name; `turn` is the one whose page comes next."""

    turn: str = ""
    trails: Mapping[str, T] = field(default_factory=dict)

    @classmethod
    def load(cls, saved: str | None, read: Callable[[Any], T]) -> Self | None:
        """As it was saved; None: it is damaged. `read` makes a trail of what was kept of it."""
        if saved is None:
            return cls()
        try:
            known = json.loads(saved)
            trails = {str(name): read(one) for name, one in known.pop("trails").items()}
            turns = cls(**known, trails=trails)
            return turns if isinstance(turns.turn, str) else None
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
            return None

    def of(self, lists: Sequence[str]) -> str:
        return self.turn if self.turn in lists else lists[0]

    def after(self, name: str, trail: T, lists: Sequence[str], *, walking: bool) -> "Turns[T]":
        """With one more page of this list read; after its end it is the next one's turn."""
        turn = name if walking else lists[(lists.index(name) + 1) % len(lists)]
        kept = {each: one for each, one in self.trails.items() if each in lists}
        return replace(self, turn=turn, trails={**kept, name: trail})

    def begins(self, lists: Sequence[str], *, walking: bool) -> bool:
        """Whether all lists have been read: then there is a pause."""
        return self.turn == lists[0] and not walking

    def dump(self) -> str:
        return json.dumps(asdict(self))
