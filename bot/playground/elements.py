"""What text, options, buttons, selects and inputs must look like."""

from collections.abc import Iterator
from typing import Any

from bot.playground.checks import (
    Check,
    address,
    also,
    anything,
    at_least_one,
    between,
    exactly_one,
    flag,
    many,
    one_of,
    problem,
    shape,
    typed,
    words,
)

ID = words(255)


def plain(most: int) -> Check:
    return typed({"plain_text": shape({"text": words(most)}, {"emoji": flag})})


def text(most: int) -> Check:
    mrkdwn = shape({"text": words(most)}, {"verbatim": flag})
    plain_text = shape({"text": words(most)}, {"emoji": flag})
    return typed({"plain_text": plain_text, "mrkdwn": mrkdwn})


def option(label: Check) -> Check:
    more = {"description": text(75), "url": address}
    return shape({"text": label, "value": words(150)}, more)


OPTION, CHOICE = option(plain(75)), option(text(75))
GROUP = shape({"label": plain(75), "options": many(OPTION, 100)})
CONFIRM = shape(
    {"title": plain(100), "text": text(300), "confirm": plain(30), "deny": plain(30)},
    {"style": one_of("primary", "danger")},
)


def initially(name: str) -> Check:
    """What is chosen at first must be one of the options, to the letter."""

    def check(value: Any, where: str) -> Iterator[str]:
        if not isinstance(value, dict) or name not in value:
            return
        chosen = value[name] if isinstance(value[name], list) else [value[name]]
        if any(one not in _offered(value) for one in chosen):
            yield problem("must be one of the provided options", f"{where}/{name}")

    return check


def _offered(element: dict[str, Any]) -> list[Any]:
    groups = [element, *element.get("option_groups", [])]
    return [option for group in groups for option in group.get("options", [])]


def _bare(needed: dict[str, Check] | None = None, **allowed: Check) -> Check:
    """A control that shows no placeholder."""
    usual = {"action_id": ID, "confirm": CONFIRM, "focus_on_load": flag}
    return shape(needed or {}, usual | allowed)


def _control(needed: dict[str, Check] | None = None, **allowed: Check) -> Check:
    return _bare(needed, placeholder=plain(150), **allowed)


def _select(**allowed: Check) -> Check:
    lists: dict[str, Check] = {"options": many(OPTION, 100), "option_groups": many(GROUP, 100)}
    return also(_control(None, **lists, **allowed), exactly_one("options", "option_groups"))


DISPATCH = shape(
    {"trigger_actions_on": many(one_of("on_enter_pressed", "on_character_entered"), 2)}
)
WHICH = shape(
    {},
    {
        "include": many(one_of("im", "mpim", "private", "public"), 4),
        "exclude_external_shared_channels": flag,
        "exclude_bot_users": flag,
    },
)
IDS, MOST = many(ID, 100), between(1, 100)


def _typed_in(**allowed: Check) -> Check:
    usual: dict[str, Check] = {"initial_value": words(3000, 0), "dispatch_action_config": DISPATCH}
    return _control(None, **usual, **allowed)


SLACK_FILE = also(shape({}, {"id": ID, "url": address}), exactly_one("id", "url"))
IMAGE = also(
    shape(
        {"alt_text": words(2000)},
        {"image_url": address, "slack_file": SLACK_FILE, "title": plain(2000), "block_id": ID},
    ),
    exactly_one("image_url", "slack_file"),
)
BUTTON = shape(
    {"text": plain(75)},
    {
        "action_id": ID,
        "url": address,
        "value": words(2000),
        "style": one_of("primary", "danger"),
        "confirm": CONFIRM,
        "accessibility_label": words(75),
    },
)
ONE: dict[str, Check] = {
    "static_select": also(_select(initial_option=OPTION), initially("initial_option")),
    "external_select": _control(initial_option=OPTION, min_query_length=between(0, 3000)),
    "users_select": _control(initial_user=ID),
    "conversations_select": _control(
        initial_conversation=ID,
        default_to_current_conversation=flag,
        response_url_enabled=flag,
        filter=WHICH,
    ),
    "channels_select": _control(initial_channel=ID, response_url_enabled=flag),
    "radio_buttons": also(
        _bare({"options": many(CHOICE, 10)}, initial_option=CHOICE), initially("initial_option")
    ),
    "checkboxes": also(
        _bare({"options": many(CHOICE, 10)}, initial_options=many(CHOICE, 10)),
        initially("initial_options"),
    ),
    "datepicker": _control(initial_date=words(10, 10)),
    "timepicker": _control(initial_time=words(5, 5), timezone=ID),
}
MOMENT = {"datetimepicker": _bare(initial_date_time=between(10**9, 10**10 - 1))}  # ten digits
SEVERAL: dict[str, Check] = {
    "multi_static_select": also(
        _select(initial_options=many(OPTION, 100), max_selected_items=MOST),
        initially("initial_options"),
    ),
    "multi_users_select": _control(initial_users=IDS, max_selected_items=MOST),
    "multi_conversations_select": _control(
        initial_conversations=IDS,
        default_to_current_conversation=flag,
        max_selected_items=MOST,
        filter=WHICH,
    ),
    "multi_channels_select": _control(initial_channels=IDS, max_selected_items=MOST),
    "multi_external_select": _control(
        initial_options=many(OPTION, 100),
        min_query_length=between(0, 3000),
        max_selected_items=MOST,
    ),
}
TYPED_IN: dict[str, Check] = {
    "plain_text_input": _typed_in(
        multiline=flag, min_length=between(0, 3000), max_length=between(1, 3000)
    ),
    "number_input": _control(
        {"is_decimal_allowed": flag},
        initial_value=words(100),
        min_value=words(100),
        max_value=words(100),
        dispatch_action_config=DISPATCH,
    ),
    "email_text_input": _typed_in(),
    "url_text_input": _typed_in(),
    "rich_text_input": _control(initial_value=anything, dispatch_action_config=DISPATCH),
    "file_input": shape(
        {}, {"action_id": ID, "filetypes": many(words(20), 100), "max_files": between(1, 10)}
    ),
}
SUGGESTED = also(  # what may be answered to a block_suggestion
    shape({}, {"options": many(OPTION, 100, 0), "option_groups": many(GROUP, 100, 0)}),
    exactly_one("options", "option_groups"),
)
OVERFLOW = shape({"options": many(OPTION, 5)}, {"action_id": ID, "confirm": CONFIRM})
FEEDBACK = shape({"text": plain(75), "value": words(2000)}, {"accessibility_label": words(75)})

IN_ACTIONS = typed({"button": BUTTON, "overflow": OVERFLOW, **ONE, **MOMENT})
IN_SECTION = typed({"button": BUTTON, "overflow": OVERFLOW, "image": IMAGE, **ONE, **SEVERAL})
IN_INPUT = typed(ONE | MOMENT | SEVERAL | TYPED_IN)
IN_CONTEXT = typed(
    {
        "image": IMAGE,
        "mrkdwn": shape({"text": words(3000)}, {"verbatim": flag}),
        "plain_text": shape({"text": words(3000)}, {"emoji": flag}),
    }
)
IN_CONTEXT_ACTIONS = typed(
    {
        "feedback_buttons": _control({"positive_button": FEEDBACK, "negative_button": FEEDBACK}),
        "icon_button": _control(
            {"icon": one_of("trash"), "text": plain(75)},
            value=words(2000),
            accessibility_label=words(75),
            visible_to_user_ids=anything,
        ),
    }
)
CARD = also(
    shape(
        {},
        {
            "block_id": ID,
            "hero_image": IMAGE,
            "icon": IMAGE,
            "slack_icon": anything,
            "title": text(150),
            "subtitle": text(150),
            "body": text(200),
            "subtext": text(200),
            "actions": many(typed({"button": BUTTON}), 3),
        },
    ),
    at_least_one("hero_image", "title", "actions", "body"),
)
