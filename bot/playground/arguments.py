"""The arguments of a Web API call, as a form or as JSON brought them."""

import json
from collections.abc import Mapping
from typing import Any

from bot.playground.things import Refusal

TRUE = (True, 1, "1", "true", "True", "t")


class Arguments:
    """Reads what is there by what it should be, and refuses what it can't be."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = {name: value for name, value in given.items() if value is not None}

    def __contains__(self, name: str) -> bool:
        return name in self.given

    def word(self, name: str) -> str:
        return str(self.given.get(name, ""))

    def need(self, name: str) -> str:
        if not self.word(name):
            raise Refusal("invalid_arguments", f"[ERROR] missing required field: {name}")
        return self.word(name)

    def flag(self, name: str) -> bool:
        return self.given.get(name) in TRUE

    def number(self, name: str, default: int, most: int) -> int:
        try:
            wanted = int(self.given.get(name, default))
        except ValueError:
            raise Refusal("invalid_limit") from None
        return min(wanted or default, most)

    def json(self, name: str, error: str) -> Any:
        """What a form carries as JSON in a string, and JSON carries as it is."""
        value = self.given.get(name)
        if not isinstance(value, str) or not value:
            return value or None
        try:
            return json.loads(value)
        except ValueError:
            raise Refusal(error) from None
