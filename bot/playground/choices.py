"""What a person can press, choose and fill in: looked up in what is really there."""

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
    "static_select": "selected_option",
    "radio_buttons": "selected_option",
    "checkboxes": "selected_options",
    "multi_static_select": "selected_options",
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
PRESSED = {"button", "icon_button", "feedback_buttons", "overflow"}  # these keep no state


def find(blocks: list[Json], action_id: str, block_id: str | None, value: Any) -> tuple[str, Json]:
    """The one control that is meant, with its block's id."""
    everything = [(block["block_id"], one) for block in blocks for one in controls(block)]
    named = [
        (id, one)
        for id, one in everything
        if one["action_id"] == action_id and block_id in (None, "", id)
    ]
    fitting = [found for found in named if _fits(found[1], value)]
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


def state(blocks: list[Json], values: Json) -> Json:
    """What is filled in everywhere, by block and action; what was not touched is as it began."""
    _must_be_there(blocks, values)
    kept: Json = {}
    for block in blocks:
        for element in controls(block):
            if element["type"] in FIELDS and element["type"] not in PRESSED:
                given = _given(values, block["block_id"], element["action_id"])
                place = kept.setdefault(block["block_id"], {})
                place[element["action_id"]] = filled(element, given)
    return kept


def must_be_complete(blocks: list[Json], values: Json) -> None:
    """Slack sends no form in which something needed is missing, too short or too long."""
    for block in blocks:
        if block["type"] == "input":
            element = block["element"]
            filled_in = values[block["block_id"]][element["action_id"]][FIELDS[element["type"]]]
            if not filled_in and not block.get("optional"):
                raise Impossible(f"{block['label']['text']!r} has to be filled in.")
            if filled_in and element["type"] == "plain_text_input":
                _must_fit(element, filled_in)


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
    return {"type": element["type"], field: None if given == "" else given}


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
    if isinstance(in_block, dict) and action_id in in_block:
        return in_block[action_id]
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
