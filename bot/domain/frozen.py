"""Frozen things are never changed: another one is made, which differs."""

from typing import Any, TypeVar

T = TypeVar("T")


def replace(thing: T, /, **changes: Any) -> T:
    """As `dataclasses.replace`, at a tenth of its cost: a conversation has fifty fields.

    For dataclasses that check nothing when they are made.
    """
    assert changes.keys() <= thing.__dict__.keys(), f"{type(thing).__name__} has no {[*changes]}"
    other = object.__new__(type(thing))
    other.__dict__.update(thing.__dict__, **changes)
    return other
