"""What came back in a form that somebody filled in."""

import json
from typing import Any

from bot.domain.mention import storable
from bot.slack.forms import REASONS, View


def opened_at(view: View) -> dict[str, Any]:
    """What a form was opened about."""
    return dict(json.loads(view.get("private_metadata") or "{}"))


def text_in(view: View, block: str) -> str:
    """What was typed into one of its inputs."""
    typed = view["state"]["values"].get(block, {}).get("text", {}).get("value")
    return storable(str(typed or ""))


def reason_in(view: View) -> str:
    """Why somebody dismisses it, as one sentence; "" when another reason was not told."""
    chosen = view["state"]["values"]["reason"]["reason"]["selected_option"]["value"]
    more = text_in(view, "more").strip()
    if chosen == "other":
        return more
    label = REASONS.get(chosen, chosen)
    return f"{label}: {more}" if more else label
