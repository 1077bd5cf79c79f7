"""What outlives a restart of the playground, as JSON."""

import copy
from dataclasses import asdict

from bot.playground.memory import Memory
from bot.playground.things import Channel, File, Json, Person, Usergroup


def dump(memory: Memory) -> Json:
    kept = {
        "people": [asdict(person) for person in memory.people.values()],
        "channels": [asdict(channel) for channel in memory.channels.values()],
        "usergroups": [asdict(group) for group in memory.usergroups.values()],
        "files": [asdict(file) for file in memory.files.values()],
        "homes": memory.homes,
        "last_tick": memory.last_tick,
    }
    return copy.deepcopy(kept)


def load(memory: Memory, dumped: Json) -> None:
    dumped = copy.deepcopy(dumped)
    memory.people = {one["id"]: Person(**one) for one in dumped["people"]}
    memory.channels = {one["id"]: Channel(**one) for one in dumped["channels"]}
    memory.usergroups = {one["id"]: Usergroup(**one) for one in dumped["usergroups"]}
    memory.files = {one["id"]: File(**one) for one in dumped.get("files", [])}
    memory.homes = dumped["homes"]
    memory.last_tick = max(memory.last_tick, dumped["last_tick"])
