"""When an answer waits for a second person before it goes out."""

from dataclasses import dataclass
from enum import StrEnum

from bot.domain.problems import NotYourOwn


class Why(StrEnum):
    """Why an answer waits; falsy: it need not."""

    NOT_NEEDED = ""
    ALWAYS = "always"
    NEW_COLLEAGUE = "new colleague"
    RULE = "rule"


@dataclass(frozen=True, kw_only=True)
class Approval:
    """What a team wants a second person to read: every answer, or the `first` so many of each
    colleague. What a rule asks for comes on top."""

    always: bool = False
    first: int = 0


def needed(approval: Approval | None, *, rule_asks: bool, published_before: int) -> Why:
    """Why this answer waits. `published_before`: how many answers of its author's are out."""
    if approval and approval.always:
        return Why.ALWAYS
    if rule_asks:
        return Why.RULE
    if approval and published_before < approval.first:
        return Why.NEW_COLLEAGUE
    return Why.NOT_NEEDED


def check_other(author: str, by: str) -> None:
    """Raises NotYourOwn: an answer's author never approves it, whatever rights they have."""
    if author == by:
        raise NotYourOwn
