"""What a person can press, choose and fill in: looked up in what is really there."""

import re
from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal
from typing import Any

from bot.playground.blockkit import controls
from bot.playground.things import Impossible, Json

FIELDS = {
    "button": "value",
    "icon_button": "value",
    "feedback_buttons": "value",
    "plain_text_input": "value",
    "number_input": "value",
    "email_text_input": "value",
    "url_text_input": "value",
    "rich_text_input": "rich_text_value",
    "overflow": "selected_option",
    "file_input": "files",
    "static_select": "selected_option",
    "external_select": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
    "multi_external_select": "selected_options",
    "datepicker": "selected_date",
    "timepicker": "selected_time",
    "datetimepicker": "selected_date_time",
    "users_select": "selected_user",
    "conversations_select": "selected_conversation",
    "channels_select": "selected_channel",
    "multi_users_select": "selected_users",
    "multi_conversations_select": "selected_conversations",
    "multi_channels_select": "selected_channels",
}
LISTS = {
    "files",
    "selected_options",
    "selected_users",
    "selected_conversations",
    "selected_channels",
}
TIMES: dict[str, type[date] | type[time]] = {"selected_date": date, "selected_time": time}
OF_A_VALUE = {"type", "value", *FIELDS.values()}
PRESSED = {"button", "icon_button", "feedback_buttons", "overflow"}  # these keep no state


def find(blocks: list[Json], action_id: str, block_id: str | None, value: Any) -> tuple[str, Json]:
    """The one control that is meant, with its block's id.

    A block that was drawn anew meanwhile may have another id: then whatever else fits is meant.
    """
    everything = list(_everything(blocks))
    known = block_id in {id for id, _ in everything}
    named = [(id, one) for id, one in everything if one["action_id"] == action_id]
    here = [(id, one) for id, one in named if not known or id == block_id]
    fitting = [found for found in here if _fits(found[1], value)]
    if len(fitting) == 1:
        return fitting[0]
    what = "several that fit" if fitting else "nothing that fits"
    there = "; ".join(_told(id, one) for id, one in everything) or "nothing to press"
    raise Impossible(f"There is {what} {action_id!r} with value {value!r}. There is: {there}.")


def action(block_id: str, element: Json, value: Any, at: str) -> Json:
    """What is told of a press: the control as it is, and what was chosen."""
    shown = {name: element[name] for name in ("text", "placeholder", "style") if name in element}
    pressed: Json = {"type": element["type"], "block_id": block_id, "action_ts": at} | shown
    pressed["action_id"] = element["action_id"]
    chosen = filled(element, value)
    if element["type"] != "button" or chosen["value"] is not None:
        pressed[FIELDS[element["type"]]] = chosen[FIELDS[element["type"]]]
    return pressed


def state(blocks: list[Json], values: Json, before: Json | None = None) -> Json:
    """What is filled in everywhere, by block and action; what was not touched is as it was."""
    _must_be_there(blocks, values)
    kept: Json = {}
    for id, element in _everything(blocks):
        if keeps(element):
            given = _given(values, id, element["action_id"])
            was = (before or {}).get(id, {}).get(element["action_id"])
            if given is None and was and _still_offered(element, was):
                given = was
            kept.setdefault(id, {})[element["action_id"]] = filled(element, given)
    return kept


def keeps(element: Json) -> bool:
    """Whether something stays filled in in it; a button is only pressed."""
    return element["type"] in FIELDS and element["type"] not in PRESSED


def must_be_told(blocks: list[Json], block_id: str) -> None:
    """What is in an input is told with its form, and sooner only when the block asks for it."""
    block = next(block for block in blocks if block["block_id"] == block_id)
    if block["type"] == "input" and not block.get("dispatch_action"):
        raise Impossible(f"{block_id!r} has no dispatch_action: it is told when the form is sent.")


def must_be_complete(blocks: list[Json], values: Json) -> None:
    """Slack sends no form in which something needed is missing, too short or too long."""
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            filled_in = values[block["block_id"]][element["action_id"]][FIELDS[element["type"]]]
            if not filled_in and not block.get("optional"):
                raise Impossible(f"{block['label']['text']!r} has to be filled in.")
            if filled_in and element["type"] in MUST_FIT:
                MUST_FIT[element["type"]](element, filled_in)


def filled(element: Json, given: Any) -> Json:
    """The state of one control with what a person gave, or with what it began with."""
    field = FIELDS[element["type"]]
    if given is None:
        given = element.get(_initial(field), element.get("value"))
    elif isinstance(given, dict) and "type" in given:
        given = given.get(field)
    elif isinstance(given, dict) and field in given:
        given = given[field]
    if field == "selected_date_time":
        given = given and _moment(given)
    elif field == "selected_option":
        given = given and _option(element, given)
    elif field == "selected_options":
        given = [_option(element, one) for one in given or []]
    elif field in LISTS:
        given = list(given or [])
    elif field in TIMES:
        given = given and _readable(given, TIMES[field])
    if field in LISTS:
        _must_be_few(element, given)
    return {"type": element["type"], field: None if given == "" else given}


def _everything(blocks: list[Json]) -> Iterator[tuple[str, Json]]:
    for block in blocks:
        for element in controls(block):
            yield block["block_id"], element


def _still_offered(element: Json, was: Json) -> bool:
    chosen = [was.get("selected_option"), *(was.get("selected_options") or [])]
    offered = [option["value"] for option in options(element)]
    return all(one["value"] in offered for one in chosen if one)


def _must_be_few(element: Json, given: list[Any]) -> None:
    usual = 10 if element["type"] == "file_input" else len(given)
    most: int = element.get("max_selected_items") or element.get("max_files") or usual
    if len(given) > most:
        raise Impossible(f"This takes no more than {most}, not {len(given)}.")


def _readable(given: Any, kind: type[date] | type[time]) -> str:
    try:
        kind.fromisoformat(given)
    except (TypeError, ValueError):
        raise Impossible(f"{given!r} is no {kind.__name__} as Slack writes it.") from None
    return str(given)


def _moment(given: Any) -> int:
    """Whole seconds of UNIX time, in ten digits as Slack has them."""
    if type(given) is not int or len(str(given)) != 10:
        raise Impossible(f"{given!r} is no UNIX time in whole seconds.")
    return given


def _initial(field: str) -> str:
    return "initial_value" if field.endswith("value") else field.replace("selected", "initial")


def options(element: Json) -> list[Json]:
    groups = [element, *element.get("option_groups", [])]
    return [option for group in groups for option in group.get("options", [])]


def _option(element: Json, given: Any) -> Json:
    value = given["value"] if isinstance(given, dict) else given
    for option in options(element):
        if option["value"] == value:
            return option
    offered = ", ".join(option["value"] for option in options(element))
    raise Impossible(f"There is no option {value!r}. There is: {offered}.")


def _fits(element: Json, value: Any) -> bool:
    if value is None:
        return True
    if element["type"] in ("button", "icon_button"):
        return bool(element.get("value") == value)
    if value == "":
        return keeps(element)
    if options(element) and not isinstance(value, list):
        return any(option["value"] == value for option in options(element))
    return True


def _told(block_id: str, element: Json) -> str:
    values = [option["value"] for option in options(element)] or [element.get("value")]
    label = element.get("text", {}).get("text", element["type"])
    return f"{element['action_id']!r} ({label}, in {block_id}, value {values})"


def _given(values: Json, block_id: str, action_id: str) -> Any:
    """By block and action as Slack has it, or shorter: by one of them alone."""
    in_block = values.get(block_id)
    if isinstance(in_block, dict) and (action_id in in_block or not in_block.keys() & OF_A_VALUE):
        return in_block.get(action_id)
    return in_block if in_block is not None else values.get(action_id)


def _must_be_there(blocks: list[Json], values: Json) -> None:
    known = {block["block_id"] for block in blocks}
    known |= {element["action_id"] for block in blocks for element in controls(block)}
    if unknown := values.keys() - known:
        raise Impossible(f"There is no {sorted(unknown)} here. There is: {sorted(known)}.")


def _must_fit(element: Json, text: str) -> None:
    least, most = element.get("min_length", 0), element.get("max_length", 3000)
    if not least <= len(text) <= most:
        raise Impossible(f"This takes {least} to {most} characters, not {len(text)}.")


def _must_be_address(_element: Json, text: str) -> None:
    if not re.fullmatch(r"https?://[^\s/]+\S*", text):
        raise Impossible(f"{text!r} is no address.")


def _must_be_mail(_element: Json, text: str) -> None:
    if not re.fullmatch(r"[^\s@]+@[^\s@]+", text):
        raise Impossible(f"{text!r} is no mail address.")


def _must_be_number(element: Json, text: str) -> None:
    decimals = r"(\.\d+)?" if element.get("is_decimal_allowed") else ""
    if not re.fullmatch(r"-?\d+" + decimals, text):
        raise Impossible(f"{text!r} is no number that this takes.")
    least, most = element.get("min_value", text), element.get("max_value", text)
    if not Decimal(least) <= Decimal(text) <= Decimal(most):
        raise Impossible(f"This takes {least} to {most}, not {text}.")


MUST_FIT = {
    "plain_text_input": _must_fit,
    "url_text_input": _must_be_address,
    "email_text_input": _must_be_mail,
    "number_input": _must_be_number,
}
