"""What came back in a form that somebody filled in."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.mention import storable
from bot.slack.forms import NOTHING, REASONS, THEY_WRITE, View


def opened_at(view: View) -> dict[str, Any]:
    """What a form was opened about."""
    return dict(json.loads(view.get("private_metadata") or "{}"))


def text_in(view: View, block: str) -> str:
    """What was typed into one of its inputs."""
    return storable(str(_in(view, block, "text").get("value") or ""))


def reason_in(view: View) -> str:
    """Why somebody dismisses it, as one sentence; "" when another reason was not told."""
    chosen = _chosen(view, "reason")
    more = text_in(view, "more").strip()
    if chosen == "other":
        return more
    label = REASONS.get(chosen, chosen)
    return f"{label}: {more}" if more else label


def promise_in(view: View) -> tuple[datetime | None, str]:
    """What the answer promises, and the field that says so; a time of one's own wins."""
    if at := _picked(view, "promise_at"):
        return at, "promise_at"
    chosen = _chosen(view, "promise")
    return (None if chosen in ("", NOTHING) else _moment(chosen)), "promise"


def until_in(view: View) -> tuple[datetime, str, bool]:
    """Until when it sleeps, the field that says so, and whether the customer can end it."""
    if at := _picked(view, "until_at"):
        return at, "until_at", False
    how, _, moment = _chosen(view, "until").rpartition(" ")
    return _moment(moment), "until", how == THEY_WRITE


def _in(view: View, block: str, action: str) -> Mapping[str, Any]:
    """The state of one field; a form from before an update may not have it."""
    return view["state"]["values"].get(block, {}).get(action) or {}


def _chosen(view: View, block: str) -> str:
    """The value of the option that was chosen; "" where none was."""
    return str((_in(view, block, block).get("selected_option") or {}).get("value") or "")


def _picked(view: View, block: str) -> datetime | None:
    at = _in(view, block, "at").get("selected_date_time")
    return _moment(at) if at else None


def _moment(stamp: str | int) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)
