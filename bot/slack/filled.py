"""What came back in a form that somebody filled in."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from bot.domain.mention import storable
from bot.slack.forms import NOTHING, REASONS, THEY_WRITE, View
from bot.slack.reply_forms import (
    ANSWER,
    CORRECTION,
    FILES,
    LOOKED,
    PLACE,
    VARIABLE,
    answer_field,
)

NAME = 60  # characters of a file's name


def opened_at(view: View) -> dict[str, Any]:
    """What a form was opened about."""
    return dict(json.loads(view.get("private_metadata") or "{}"))


def text_in(view: View, block: str) -> str:
    """What was typed into one of its inputs."""
    return storable(str(_in(view, block, "text").get("value") or ""))


def reason_in(view: View) -> str:
    """Why somebody dismisses it, as one sentence; "" when another reason was not told."""
    chosen = chosen_in(view, "reason")
    more = text_in(view, "more").strip()
    if chosen == "other":
        return more
    label = REASONS.get(chosen, chosen)
    return f"{label}: {more}" if more else label


def promise_in(view: View) -> tuple[datetime | None, str]:
    """What the answer promises, and the field that says so; a time of one's own wins."""
    if at := _picked(view, "promise_at"):
        return at, "promise_at"
    chosen = chosen_in(view, "promise")
    return (None if chosen in ("", NOTHING) else _moment(chosen)), "promise"


def until_in(view: View) -> tuple[datetime, str, bool]:
    """Until when it sleeps, the field that says so, and whether the customer can end it."""
    if at := _picked(view, "until_at"):
        return at, "until_at", False
    how, _, moment = chosen_in(view, "until").rpartition(" ")
    return _moment(moment), "until", how == THEY_WRITE


def _in(view: View, block: str, action: str) -> Mapping[str, Any]:
    """The state of one field; a form from before an update may not have it."""
    return view["state"]["values"].get(block, {}).get(action) or {}


def chosen_in(view: View, block: str) -> str:
    """The value of the option that was chosen; "" where none was."""
    return str((_in(view, block, block).get("selected_option") or {}).get("value") or "")


def found_in(view: View, block: str, action: str) -> str:
    """The value of what was found in a menu that is searched; "" where nothing was chosen."""
    return str((_in(view, block, action).get("selected_option") or {}).get("value") or "")


def moment_in(view: View, block: str) -> datetime | None:
    """When somebody picked it; None where nobody did."""
    return _picked(view, block)


def moment_chosen(view: View, block: str) -> datetime | None:
    """The moment that a chosen option stands for."""
    chosen = chosen_in(view, block)
    return _moment(chosen) if chosen else None


def several_in(view: View, block: str) -> list[str]:
    """The values of all options that were chosen."""
    options = _in(view, block, block).get("selected_options") or []
    return [str(option["value"]) for option in options]


def person_in(view: View, block: str, action: str = "person") -> str:
    """Whom somebody chose; "" where nobody."""
    return str(_in(view, block, action).get("selected_user") or "")


def _picked(view: View, block: str) -> datetime | None:
    at = _in(view, block, "at").get("selected_date_time")
    return _moment(at) if at else None


def _moment(stamp: str | int) -> datetime:
    return datetime.fromtimestamp(int(stamp), UTC)


# What came back in the forms around an answer


def answer_in(view: View) -> str:
    """What was typed as the answer, whichever drawing of the form it was."""
    fields = view["state"]["values"].get(answer_field(opened_at(view).get("round", 0)), {})
    return storable(str((fields.get(ANSWER) or {}).get("value") or ""))


def correction_in(view: View) -> str:
    """What was typed as a correction; a form from before an update has another field for it."""
    typed = _in(view, CORRECTION, CORRECTION).get("value")
    return storable(str(typed or "")) or text_in(view, ANSWER)


def variables_in(view: View) -> dict[str, str]:
    """What was typed for the places of a saved reply, by their names."""
    names = opened_at(view).get("missing", [])
    return {name: text_in(view, VARIABLE + name).strip() for name in names}


def place_in(view: View) -> int:
    """The message that is answered: as chosen, or as the form was opened at."""
    return int(chosen_in(view, PLACE) or opened_at(view)["mention"])


def files_in(view: View, block: str = FILES) -> list[dict[str, Any]]:
    """The files that somebody put into it, as we keep them."""
    return [
        {
            "id": str(file["id"]),
            "name": _short(storable(str(file.get("name") or file["id"]))),
            "type": storable(str(file.get("mimetype") or "")),
            "size": int(file.get("size") or 0),
        }
        for file in _in(view, block, block).get("files") or []
    ]


def typed_in(view: View, block: str) -> str:
    """What was typed into a field that is called as its block."""
    return storable(str(_in(view, block, block).get("value") or ""))


def looked_in(view: View) -> bool:
    """Whether they say that they have looked at what was warned of."""
    return bool(_in(view, LOOKED, LOOKED).get("selected_options"))


def _short(name: str) -> str:
    """A file's name that a form can remember, with its ending."""
    stem, dot, ending = name.rpartition(".")
    if len(name) <= NAME:
        return name
    return (
        f"{stem[: NAME - len(ending) - 2]}…{dot}{ending}" if len(ending) < NAME / 2 else name[:NAME]
    )
