"""Frozen things are never changed: another one is made, which differs."""

from collections.abc import Hashable, Mapping
from dataclasses import MISSING, fields
from functools import cache
from typing import Any, TypeVar, cast

T = TypeVar("T")


def made(cls: type[T], values: Mapping[str, Any]) -> T:
    """As the class makes it, at a tenth of its cost; one that checks what it gets does so."""
    if hasattr(cls, "__post_init__"):
        return cls(**values)
    thing, kind = object.__new__(cls), cast("Hashable", cls)
    thing.__dict__.update(_defaults(kind), **values)
    assert thing.__dict__.keys() == names(kind), f"this is no {cls.__name__}: {[*values]}"
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
def names(cls: Any) -> frozenset[str]:
    """Those of a dataclass's fields."""
    return frozenset(each.name for each in fields(cls))


@cache
def _defaults(cls: Any) -> Mapping[str, Any]:
    return {each.name: each.default for each in fields(cls) if each.default is not MISSING}
