"""Who may do what, as teams.toml says."""

import re
from collections.abc import Mapping
from typing import Any

from bot.domain.roles import GUARDED, Right, Roles
from bot.policy.toml import TomlFile, Wrong, each, shown, texts

KEY = "roles"
GUESTS = "guests"
KEYS = (*Right, GUESTS)
ID = re.compile(r"[UWSCG][A-Z0-9]{4,}")
SUCH = '["U0ANA", "S0LEADS"]'


def roles(file: TomlFile, table: str, entry: Mapping[str, Any], manager: str | None) -> Roles:
    """A team's [roles]. Settings, exports and erasing are its manager's where nothing is said, and
    everybody's where it has none."""
    written = entry.get(KEY, {})
    if not isinstance(written, dict):
        file.wrong(table, KEY, "It must be a table of its own: [teams.care.roles]")
        written = {}
    table = f"{table}.{KEY}"
    file.known(written, KEYS, table)
    found = {key: file.entry(table, key, written, lambda value: _ids(file, value)) for key in KEYS}
    rights: dict[Right, tuple[str, ...]] = {right: (manager,) for right in GUARDED if manager}
    rights |= {right: ids for right in Right if (ids := found[right])}
    return Roles(by_right=rights, guests=found[GUESTS] or ())


def _ids(file: TomlFile, value: Any) -> tuple[str, ...]:
    """At least one: an empty list would leave it to nobody."""
    found = each(lambda one: _id(file, one), texts(value, SUCH))
    if not found:
        raise Wrong(f"It names nobody. Write {SUCH}, or leave it out")
    return tuple(dict.fromkeys(found))


def _id(file: TomlFile, value: str) -> str:
    given = file.filled(value)
    if not ID.fullmatch(given):
        raise Wrong(
            f"{shown(value)} is not the id of a member (U…), a user group (S…) or a channel (C…)"
        )
    return given
