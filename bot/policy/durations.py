"""Spans of time as ISO 8601 writes them."""

import re
from datetime import timedelta

from bot.policy.toml import Wrong

DURATION = re.compile(r"(-?)P(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?")
LONGEST = 10_000  # of any unit: a deadline must be a date that exists


def duration(text: object) -> timedelta:
    """A span such as PT30M, PT1H30M, P1D; Wrong for anything else."""
    span = signed(text)
    if str(text).startswith("-"):
        raise Wrong(f"{text!r} is less than nothing. Only `after`, in a rung, can be")
    return span


def lasting(text: object) -> timedelta:
    """A duration that is more than nothing."""
    if not (span := duration(text)):
        raise Wrong(f"{text!r} is no time at all. Write PT30M for 30 minutes, PT1H, P1D")
    return span


def signed(text: object) -> timedelta:
    """A duration that can be negative: -PT15M is a quarter of an hour before."""
    match = DURATION.fullmatch(text) if isinstance(text, str) else None
    if not match or str(text).endswith(("P", "T")):
        raise Wrong(f"{text!r} is not a duration. Write PT30M for 30 minutes, PT1H, P1D")
    sign, *counts = match.groups()
    days, hours, minutes, seconds = (int(count or 0) for count in counts)
    if max(days, hours, minutes, seconds) > LONGEST:
        raise Wrong(f"{text!r} is longer than anybody waits. Write PT1H, P1D, P30D")
    span = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -span if sign else span
