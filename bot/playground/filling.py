"""What is filled in in a form, held against what there is: people, channels, files, suggestions."""

from bot.playground import choices, files, suggestions
from bot.playground.memory import Memory
from bot.playground.things import Channel, Impossible, Json, Person


def filled(memory: Memory, person: Person, view: Json, values: Json) -> Json:
    """The state of a view as this person sees it, with these values in it; raises Impossible."""
    blocks = suggestions.seen(memory, person.id, view["id"], view["blocks"])
    state = known(memory, person, choices.state(blocks, values, view["state"]["values"]))
    for id, fields in state.items():
        for action, field in fields.items():
            if field["type"] == "file_input":
                _, element = choices.find(blocks, action, id, None)
                field["files"] = [_brought(memory, person, element, one) for one in field["files"]]
    return state


def known(memory: Memory, person: Person, state: Json) -> Json:
    """The same state, once everybody and everything chosen in it is really there."""
    for field in [one for fields in state.values() for one in fields.values()]:
        for name, chosen in field.items():
            for id in chosen if isinstance(chosen, list) else [chosen]:
                if id and name in EXISTS and not EXISTS[name](memory, person, id):
                    raise Impossible(f"{id!r} can't be chosen here.")
    return state


def handed_over(memory: Memory, state: Json) -> Json:
    """With a form that is sent its files become the bot's to read."""
    for field in [one for fields in state.values() for one in fields.values()]:
        if field["type"] == "file_input":
            for file in field["files"]:
                memory.files[file["id"]].stage = "kept"
    return state


def _brought(memory: Memory, person: Person, element: Json, given: object) -> Json:
    """By its id, or by what was told of it before."""
    id = given["id"] if isinstance(given, dict) else str(given)
    file = memory.files.get(id)
    if file is None or file.user != person.id:
        raise Impossible(f"{person.id} uploaded no file {id}.")
    wanted = [one.lower().replace("jpeg", "jpg") for one in element.get("filetypes", [])]
    if wanted and files.ending(file) not in wanted:
        raise Impossible(f"{file.name!r} is none of these: {', '.join(wanted)}.")
    return files.told(memory, id)


def _is_colleague(memory: Memory, _person: Person, id: str) -> bool:
    return id in memory.people and not memory.people[id].deleted


def _is_channel(memory: Memory, _person: Person, id: str) -> bool:
    return id in memory.channels and _is_public(memory.channels[id])


def _is_conversation(memory: Memory, person: Person, id: str) -> bool:
    there = memory.channels.get(id)
    return there is not None and (_is_public(there) or person.id in there.members)


def _is_public(channel: Channel) -> bool:
    return not channel.private and not channel.partner and not channel.archived


EXISTS = {
    "selected_user": _is_colleague,
    "selected_users": _is_colleague,
    "selected_channel": _is_channel,
    "selected_channels": _is_channel,
    "selected_conversation": _is_conversation,
    "selected_conversations": _is_conversation,
}
