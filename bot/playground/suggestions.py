"""Selects whose options only the bot knows: what it offered whom, and where."""

import copy

from bot.playground.blockkit import controls
from bot.playground.choices import options
from bot.playground.memory import Memory, Offer
from bot.playground.things import Envelope, Impossible, Json

LEAST = 3  # characters before Slack asks the bot, unless the select says otherwise


def place(envelope: Envelope) -> Offer:
    """Whose select it is that a block_suggestion asks for."""
    told = envelope.payload
    container = told["container"]
    where = container.get("view_id") or f"{container['channel_id']} {container['message_ts']}"
    return envelope.person, where, told["block_id"], told["action_id"]


def keep(memory: Memory, offer: Offer, answer: Json) -> None:
    """`now` is what is shown; `ever` is all that may have been chosen since the form opened."""
    ever = memory.offers[offer].get("ever", {})
    found = {option["value"]: option for option in options(answer)}
    memory.offers[offer] = {"now": answer, "ever": ever | found}


def seen(memory: Memory, person: str, where: str, blocks: list[Json]) -> list[Json]:
    """The blocks as this person sees them: what was suggested can be chosen."""
    drawn = copy.deepcopy(blocks)
    for block in drawn:
        for one in controls(block):
            if is_asked(one):
                offer = memory.offers.get((person, where, block["block_id"], one["action_id"]), {})
                one["options"] = list((_begun(one) | offer.get("ever", {})).values())
    return drawn


def is_asked(element: Json) -> bool:
    return element["type"] in ("external_select", "multi_external_select")


def must_be_asked(element: Json, typed: str) -> None:
    """Slack does not ask the bot before enough was typed."""
    if not is_asked(element):
        raise Impossible(f"{element['action_id']!r} asks nobody for its options.")
    least = element.get("min_query_length", LEAST)
    if len(typed) < least:
        raise Impossible(f"Type at least {least} characters.")


def _begun(element: Json) -> Json:
    begun = [*element.get("initial_options", []), element.get("initial_option")]
    return {option["value"]: option for option in begun if option}
