"""Frozen things are never changed: another one is made, which differs."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


def made(cls: type[T], values: Mapping[str, Any]) -> T:
    """As the class makes it, at a tenth of its cost; one that checks what it gets does so."""
    names, defaults = _told(cls)  # type: ignore[arg-type]
    if hasattr(cls, "__post_init__"):
        return cls(**values)
    thing = object.__new__(cls)
    thing.__dict__.update(defaults, **values)
    assert thing.__dict__.keys() == names, f"this is no {cls.__name__}: {[*values]}"
    return thing


def replace(thing: T, /, **changes: Any) -> T:
    """As `dataclasses.replace`, at a tenth of its cost: a conversation has fifty fields.

    For dataclasses that check nothing when they are made.
    """
    assert changes.keys() <= thing.__dict__.keys(), f"{type(thing).__name__} has no {[*changes]}"
    other = object.__new__(type(thing))
    other.__dict__.update(thing.__dict__, **changes)
    return other


@cache
def _told(cls: Any) -> tuple[frozenset[str], Mapping[str, Any]]:
    """The names of a dataclass's fields, and those that need not be given."""
    names = {each.name: each.default for each in fields(cls)}
    defaults = {name: default for name, default in names.items() if default is not MISSING}
    return frozenset(names), defaults
