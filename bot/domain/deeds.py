"""What happened to a conversation, as data: written down with it, and told again by a replay."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from inspect import signature
from typing import Any, TypeVar

from bot.domain.frozen import replace
from bot.domain.mention import Kind

T = TypeVar("T")
POLICY = "team"  # the argument that is not part of a deed: a replay hands in another


@dataclass(frozen=True)
class Deed:
    """`what` is the name of a method of Conversation, `how` its arguments as plain JSON."""

    what: str
    how: Mapping[str, Any]


def deed(change: Callable[..., T]) -> Callable[..., T]:
    """Make a change of a conversation remember that it happened, and with what arguments."""
    arguments = tuple(signature(change).parameters)[1:]

    @wraps(change)
    def done(self: Any, *given: Any, **named: Any) -> T:
        after: Any = change(self, *given, **named)
        handed = {**dict(zip(arguments, given, strict=False)), **named}
        told = {name: plain(handed[name]) for name in arguments if name in handed}
        told.pop(POLICY, None)
        return replace(after, deeds=(*self.deeds, Deed(change.__name__, told)))  # type: ignore[no-any-return]

    return done


def plain(value: Any) -> Any:
    return {"at": value.isoformat()} if isinstance(value, datetime) else value


def again(how: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of a deed, as they were."""
    return {name: _meant(name, value) for name, value in how.items()}


def _meant(name: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return datetime.fromisoformat(value["at"])
    if name == "tags":
        return tuple(value)
    return Kind(value) if name == "kind" else value
