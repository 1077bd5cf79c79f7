"""iCal texts, read by a process of their own: a text that is too much ends only that."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit
from zoneinfo import ZoneInfo

from bot.domain.rota import Duty

LARGEST = 2_000_000  # bytes of one text
PATIENCE = 15.0  # seconds for reading one text; the largest takes three
ROOT = Path(__file__).parents[2]
HERE = ("localhost", "127.0.0.1", "::1")


class Unreadable(ValueError):
    """Why a schedule can't be used, and what to do: never with its address."""


def holidays_in(
    text: str, years: Sequence[int], *, patience: float = PATIENCE
) -> Mapping[date, str]:
    """The days that all-day events name, recurring ones too, in these years."""
    found = _apart("holidays", text, patience, first=min(years), last=max(years))
    return {date.fromisoformat(day): name for day, name in found}


def duties_in(
    text: str,
    people: Mapping[str, str],
    start: datetime,
    end: datetime,
    zone: ZoneInfo,
    *,
    patience: float = PATIENCE,
) -> Sequence[Duty]:
    """Whose turn it is between two instants; `zone` is meant where an event names none."""
    span = {"start": start.isoformat(), "end": end.isoformat(), "zone": zone.key}
    found = _apart("duties", text, patience, people=dict(people), **span)
    at = datetime.fromisoformat
    return [Duty(at(begins), at(ends), who) for begins, ends, who in found]


def read_file(file: Path) -> str:
    """A schedule beside teams.toml."""
    try:
        if file.stat().st_size > LARGEST:
            raise Unreadable(f"{file.name} has more than {LARGEST:,} bytes. Take out old events.")
        return file.read_text(encoding="utf-8-sig")
    except OSError:
        raise Unreadable(f"{file.name} can't be read. It must lie beside teams.toml.") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{file.name} is not UTF-8 text. Save it as such.") from None


def address(given: str) -> str:
    """As it is asked for: webcal:// means https://; Unreadable if it can't be one."""
    url = f"https://{given[9:]}" if given.lower().startswith("webcal://") else given
    if not safe(url):
        raise Unreadable("It is no address that begins with https:// or webcal://.")
    return url


def safe(url: str) -> bool:
    """Whether nobody on the way can change what comes: https, or this very machine."""
    parts = _split(url)
    secure = parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in HERE)
    return secure and bool(parts.hostname)


def local(url: str) -> bool:
    return _split(url).hostname in HERE


def host(url: str) -> str:
    """All that may be shown of an address: the rest may be a secret."""
    return _split(url).hostname or "an address"


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is no number
    except ValueError:
        return urlsplit("")
    return parts


def _apart(what: str, text: str, patience: float, **how: Any) -> list[Any]:
    """Ask a process that has an end in time and memory: rules of repetition can be endless."""
    if len(text.encode()) > LARGEST:
        raise Unreadable(f"It has more than {LARGEST:,} bytes. Take out old events.")
    try:
        said = json.loads(_said(json.dumps({"what": what, "text": text, **how}), patience))
    except (subprocess.TimeoutExpired, ValueError):
        raise Unreadable(
            "It is too much to read: take out what repeats every second or minute, and rules that"
            " no day fulfils."
        ) from None
    if "wrong" in said:
        raise Unreadable(said["wrong"])
    return list(said["found"])


def _said(question: str, patience: float) -> bytes:
    asked = [sys.executable, "-m", "bot.policy.ical"]
    done = subprocess.run(  # noqa: S603 - our own module
        asked, input=question.encode(), capture_output=True, timeout=patience, cwd=ROOT, check=False
    )
    return done.stdout
