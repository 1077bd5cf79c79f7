"""App Home: what waits, for the person who opens it."""

from collections.abc import Sequence
from datetime import datetime

from bot.slack.blocks import Block, context, divider, header, rich, section
from bot.slack.forms import View
from bot.slack.queue import Links, Listing, lines


def home(parts: Sequence[Listing], now: datetime, links: Links) -> View:
    """Mine first, then each team's; every list most urgent first."""
    blocks: list[Block] = [header("Unanswered")]
    for part in parts:
        blocks += _part(part, now, links)
    blocks.append(context("`/unanswered` in a team's channel does the same, and more."))
    return {"type": "home", "blocks": blocks[:100]}


def _part(part: Listing, now: datetime, links: Links) -> list[Block]:
    late = f", {part.totals.late} overdue" if part.totals.late else ""
    head = section(f"*{part.title}*: {part.totals.waiting} waiting{late}")
    if not part.found:
        return [divider(), head]
    rest = part.totals.waiting - len(part.found)
    more = [context(f"and {rest} more: `/unanswered {part.query}`")] if rest > 0 else []
    return [divider(), head, *(rich(page) for page in lines(part.found, now, links)), *more]
