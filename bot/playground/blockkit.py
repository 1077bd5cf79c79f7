"""What Slack would refuse in blocks, views and metadata, in the words in which it refuses."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from bot.playground import elements
from bot.playground.checks import (
    Check,
    also,
    anything,
    at_least_one,
    flag,
    kind,
    many,
    one_of,
    problem,
    shape,
    typed,
    words,
)
from bot.playground.elements import ID, plain, text
from bot.playground.richtext import RICH_TEXT
from bot.playground.things import Json

ATTACHMENTS = 100
MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
MARKDOWN_LIMIT = 12_000  # for all markdown blocks of a message together
NOT_IN_MODALS = {
    "table",
    "data_table",
    "data_visualization",
    "carousel",
    "container",
    "markdown",
    "file",
    "context_actions",
    "plan",
    "task_card",
}
ONLY_IN_MESSAGES = {"markdown", "file", "context_actions", "plan", "task_card", "table"}
AT_MOST = {"table": 1, "data_visualization": 2}


def _block(needed: dict[str, Check] | None = None, **allowed: Check) -> Check:
    return shape(needed or {}, {"block_id": ID, **allowed})


def _rows(most: int, least: int = 1) -> Check:
    return many(many(anything, 20), most, least)


PLAIN_BLOCKS: dict[str, Check] = {
    "section": also(
        _block(
            text=text(3000),
            fields=many(text(2000), 10),
            accessory=elements.IN_SECTION,
            expand=flag,
        ),
        at_least_one("text", "fields"),
    ),
    "header": _block({"text": plain(150)}, level=anything),
    "divider": _block(),
    "context": _block({"elements": many(elements.IN_CONTEXT, 10)}),
    "actions": _block({"elements": many(elements.IN_ACTIONS, 25)}),
    "image": elements.IMAGE,
    "input": _block(
        {"label": plain(2000), "element": elements.IN_INPUT},
        hint=plain(2000),
        optional=flag,
        dispatch_action=flag,
    ),
    "rich_text": RICH_TEXT,
    "markdown": _block({"text": words(MARKDOWN_LIMIT)}),
    "context_actions": _block({"elements": many(elements.IN_CONTEXT_ACTIONS, 5)}),
    "table": _block({"rows": _rows(100)}, column_settings=many(anything, 20)),
    "alert": _block(
        {"text": text(200)}, level=one_of("default", "info", "warning", "error", "success")
    ),
    "card": elements.CARD,
    "carousel": _block({"elements": many(typed({"card": elements.CARD}), 10)}),
    "file": _block({"external_id": ID, "source": one_of("remote")}),
}
LOOSE = {  # new: we know what they may hold at most, not all that they may be
    "data_table": _rows(101, 2),
    "data_visualization": anything,
    "plan": anything,
    "task_card": anything,
    "video": anything,
}


def _container(value: Any, where: str) -> Iterator[str]:
    children = many(typed(PLAIN_BLOCKS), 10)
    yield from also(
        _block(
            {"child_blocks": children},
            title=plain(150),
            rich_text_title=RICH_TEXT,
            subtitle=text(150),
            width=one_of("narrow", "standard", "wide", "full"),
            icon=elements.IMAGE,
            is_collapsible=flag,
            default_collapsed=flag,
            has_header_divider=flag,
        ),
        at_least_one("title", "rich_text_title"),
    )(value, where)


def _loose(name: str) -> Check:
    def check(value: Any, where: str) -> Iterator[str]:
        yield from words(255)(value.get("block_id", "-"), f"{where}/block_id")
        if "rows" in value:
            yield from LOOSE[name](value["rows"], f"{where}/rows")
        if name == "data_visualization":
            yield from words(50)(value.get("title", "-"), f"{where}/title")

    return check


BLOCK = typed(PLAIN_BLOCKS | {"container": _container} | {name: _loose(name) for name in LOOSE})


def message_problems(blocks: Any) -> list[str]:
    """All that is wrong with the blocks of a message; nothing when Slack would show it."""
    return list(_problems(blocks, MESSAGE_BLOCKS, {"alert"}))


def view_problems(view: Any, wanted: str = "modal") -> list[str]:
    """All that is wrong with a modal or a home tab."""
    if not isinstance(view, dict) or view.get("type") != wanted:
        return [problem(f"must be a view of type {wanted}", "/view/type")]
    forbidden = NOT_IN_MODALS if wanted == "modal" else ONLY_IN_MESSAGES | {"alert"}
    blocks = _problems(view.get("blocks"), VIEW_BLOCKS, forbidden, "/view/blocks")
    return [*VIEWS[wanted](view, "/view"), *blocks, *_unsent(view), *_odd_controls(view)]


VIEW = {"blocks": kind(list)}
PRIVATE: dict[str, Check] = {
    "private_metadata": words(3000, 0),
    "callback_id": words(255, 0),
    "external_id": words(255, 0),
}
VIEWS = {
    "home": shape(VIEW, PRIVATE),
    "modal": shape(
        VIEW | {"title": plain(24)},
        PRIVATE
        | {
            "submit": plain(24),
            "close": plain(24),
            "clear_on_close": flag,
            "notify_on_close": flag,
            "submit_disabled": flag,
        },
    ),
}


def _unsent(view: Json) -> Iterator[str]:
    blocks = view.get("blocks")
    inputs = isinstance(blocks, list) and any(_type(block) == "input" for block in blocks)
    if view["type"] == "modal" and inputs and not view.get("submit"):
        yield problem("a submit is required when there is an input block", "/view/submit")


def _odd_controls(view: Json) -> Iterator[str]:
    """A home shows no datetime picker, and only one control of a view has the focus."""
    found = list(controls(view.get("blocks")))
    if view["type"] == "home" and any(_type(each) == "datetimepicker" for each in found):
        yield problem("unsupported type here: datetimepicker", "/view/blocks")
    if sum(each.get("focus_on_load") is True for each in found) > 1:
        yield problem("only one element can have focus_on_load", "/view/blocks")


def _problems(blocks: Any, most: int, forbidden: set[str], where: str = "/blocks") -> Iterator[str]:
    yield from many(BLOCK, most, least=0)(blocks, where)
    if not isinstance(blocks, list):
        return
    for place, block in enumerate(blocks):
        if _type(block) in forbidden:
            yield problem(f"unsupported type here: {_type(block)}", f"{where}/{place}/type")
        yield from _same_actions(block, f"{where}/{place}")
    yield from _same_blocks(blocks, where)
    yield from _too_many(blocks, where)


def _same_blocks(blocks: list[Any], where: str) -> Iterator[str]:
    ids = [block["block_id"] for block in blocks if isinstance(block, dict) and "block_id" in block]
    for id in _twice(ids):
        yield problem(f"block_id `{id}` already exists", where)


def _same_actions(block: Any, where: str) -> Iterator[str]:
    """Within one block only: ten rows may each have a button of the same name."""
    for id in _twice([element["action_id"] for element in controls(block)]):
        yield problem(f"action_id `{id}` already exists", where)


def _twice(ids: list[Any]) -> list[str]:
    return [id for id, times in Counter(map(str, ids)).items() if times > 1]


def _too_many(blocks: list[Any], where: str) -> Iterator[str]:
    counted = Counter(map(_type, blocks))
    for name, most in AT_MOST.items():
        if counted[name] > most:
            yield problem(f"no more than {most} {name} blocks allowed", where)
    markdown = sum(len(str(block.get("text"))) for block in blocks if _type(block) == "markdown")
    if markdown > MARKDOWN_LIMIT:
        yield problem(f"markdown must be less than {MARKDOWN_LIMIT + 1} characters", where)


def _type(block: Any) -> str:
    return str(block.get("type")) if isinstance(block, dict) else ""


def controls(tree: Any) -> Iterator[Json]:
    """Everything in it that has an action_id, in the order in which it is shown."""
    if isinstance(tree, dict):
        if "action_id" in tree:
            yield tree
        for part in tree.values():
            yield from controls(part)
    elif isinstance(tree, list):
        for part in tree:
            yield from controls(part)


def with_ids(blocks: list[Json], drawn: str = "") -> list[Json]:
    """A copy in which every block and control has a name, as Slack gives them.

    `drawn` makes the names of blocks that were given none new: what is filled in there is lost.
    """
    return [_named(block, f"{place}{drawn}") for place, block in enumerate(blocks)]


def _named(block: Json, place: str) -> Json:
    named: Json = {"block_id": f"b{place}"} | block
    if "elements" in block and block["type"] in ("actions", "context_actions"):
        named["elements"] = [_acting(one, n) for n, one in enumerate(block["elements"])]
    if block.get("accessory", {}).get("type", "image") != "image":
        named["accessory"] = _acting(block["accessory"], 0)
    if "element" in block:
        named["element"] = _acting(block["element"], 0)
    return named


def _acting(element: Json, place: int) -> Json:
    return {"action_id": f"a{place}"} | element


def is_metadata(value: Any) -> bool:
    """An event type, and a payload of plain values with one level of lists and objects."""
    return (
        isinstance(value, dict)
        and value.keys() <= {"event_type", "event_payload", "entities"}
        and isinstance(value.get("event_type"), str)
        and bool(value["event_type"])
        and isinstance(value.get("event_payload"), dict)
        and all(_flat(part, 1) for part in value["event_payload"].values())
    )


def _flat(value: Any, levels: int) -> bool:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return levels > 0 and all(_flat(part, levels - 1) for part in value)
    return value is None or isinstance(value, str | int | float)
