"""views.*: forms on top of one another, and each person's home."""

import json
from collections.abc import Iterator
from typing import Any

from bot.playground import blockkit, pictures
from bot.playground.arguments import Arguments
from bot.playground.memory import Memory
from bot.playground.things import Json, Refusal

VIEW_LIMIT = 250_000  # bytes
STACK_LIMIT = 3
TRIGGER_SECONDS = 3.0
WRITTEN_BY_SLACK = {"id", "team_id", "hash", "state", "root_view_id", "previous_view_id", "bot_id"}


def open_view(memory: Memory, given: Arguments) -> Json:
    """The form becomes the person's only one; a trigger opens once and dies after three seconds."""
    person = exchange(memory, given.need("trigger_id"))
    view = kept(memory, _modal(given))
    memory.stacks[person] = [view]
    return {"view": told(view)}


def push(memory: Memory, given: Arguments) -> Json:
    person = exchange(memory, given.need("trigger_id"), in_view=True)
    return {"view": told(push_on(memory, person, _modal(given)))}


def push_on(memory: Memory, person: str, view: Any) -> Json:
    stack = memory.stacks.get(person) or []
    if len(stack) >= STACK_LIMIT:
        raise Refusal("push_limit_reached")
    if not stack:
        raise Refusal("not_found")
    pushed = kept(memory, view)
    pushed |= {"root_view_id": stack[0]["id"], "previous_view_id": stack[-1]["id"]}
    stack.append(pushed)
    return pushed


def update(memory: Memory, given: Arguments) -> Json:
    view = _named(memory, given)
    _must_be_current(view, given)
    return {"view": told(replace(memory, view, _modal(given)))}


def publish(memory: Memory, given: Arguments) -> Json:
    person = memory.person(given.need("user_id"))
    home = memory.homes.get(person.id)
    if home:
        _must_be_current(home, given)
    view = given.json("view", "invalid_arguments")
    new = replace(memory, home, view, "home") if home else kept(memory, view, "home")
    memory.homes[person.id] = new
    return {"view": told(new)}


def exchange(memory: Memory, trigger_id: str, *, in_view: bool = False) -> str:
    """The person the trigger belongs to; from now on it is used up."""
    trigger = memory.triggers.get(trigger_id)
    if trigger is None or (in_view and not trigger.in_view):
        raise Refusal("invalid_trigger_id")
    if trigger.used:
        raise Refusal("exchanged_trigger_id")
    if memory.now() - trigger.made > TRIGGER_SECONDS:
        raise Refusal("expired_trigger_id")
    trigger.used = True
    return trigger.person


def kept(memory: Memory, view: Any, kind: str = "modal") -> Json:
    """The view as Slack keeps it: what was sent, and what Slack writes on it."""
    must_be_well_made(memory, view, kind)
    _must_be_new(memory, view)
    id = memory.new_id("V")
    return _written(memory, view) | {"id": id, "root_view_id": id, "previous_view_id": None}


def replace(memory: Memory, view: Json, new: Any, kind: str = "modal") -> Json:
    """The same place in the stack with other content and a new hash."""
    must_be_well_made(memory, new, kind)
    same = {name: view[name] for name in ("id", "root_view_id", "previous_view_id")}
    written = _written(memory, new) | same
    written["state"] = {"values": _still_filled_in(view, written)}
    view.clear()
    view.update(written)
    memory.view_errors.pop(view["id"], None)
    return view


def _still_filled_in(old: Json, new: Json) -> Json:
    """What a person typed stays where block and action keep their names."""
    there = {(block["block_id"], one["action_id"], one["type"]) for block, one in _controls(new)}
    kept: Json = {}
    for block, fields in old["state"]["values"].items():
        for action, field in fields.items():
            if (block, action, field["type"]) in there:
                kept.setdefault(block, {})[action] = field
    return kept


def _controls(view: Json) -> Iterator[tuple[Json, Json]]:
    for block in view["blocks"]:
        for one in blockkit.controls(block):
            yield block, one


def told(view: Json) -> Json:
    """As the Web API answers: without what the person has filled in."""
    return view | {"state": {"values": {}}}


def must_be_well_made(memory: Memory, view: Any, kind: str = "modal") -> None:
    if len(json.dumps(view).encode()) > VIEW_LIMIT:
        raise Refusal("view_too_large")
    problems = blockkit.view_problems(view, kind)
    if problems := problems or pictures.problems(memory, view["blocks"], "/view/blocks"):
        raise Refusal("invalid_arguments", *problems)


def find(memory: Memory, view_id: str) -> Json | None:
    """A form that is open, or a home that is published."""
    return next((view for view in _all(memory) if view["id"] == view_id), None)


def _all(memory: Memory) -> list[Json]:
    stacked = [view for stack in memory.stacks.values() for view in stack]
    return stacked + list(memory.homes.values())


def _written(memory: Memory, view: Json) -> Json:
    plain: Json = {"private_metadata": "", "callback_id": "", "external_id": "", "submit": None}
    plain |= {"close": None, "clear_on_close": False, "notify_on_close": False}
    hash = memory.new_ts()
    sent = {name: value for name, value in view.items() if name not in WRITTEN_BY_SLACK}
    return (
        plain
        | sent
        | {
            "team_id": memory.team_id,
            "app_id": memory.app_id,
            "app_installed_team_id": memory.team_id,
            "bot_id": memory.bot_id,
            "blocks": blockkit.with_ids(view["blocks"], f"_{hash}"),
            "state": {"values": {}},
            "hash": hash,
        }
    )


def _modal(given: Arguments) -> Any:
    view = given.json("view", "invalid_arguments")
    if view is None:
        raise Refusal("invalid_arguments", "[ERROR] missing required field: view")
    return view


def _named(memory: Memory, given: Arguments) -> Json:
    id, external = given.word("view_id"), given.word("external_id")
    for view in _all(memory):
        if (id and view["id"] == id) or (external and view["external_id"] == external):
            return view
    raise Refusal("not_found")


def _must_be_current(view: Json, given: Arguments) -> None:
    if given.word("hash") not in ("", view["hash"]):
        raise Refusal("hash_conflict")


def _must_be_new(memory: Memory, view: Json) -> None:
    taken = {view["external_id"] for view in _all(memory)} - {""}
    if view.get("external_id") in taken:
        raise Refusal("duplicate_external_id")
