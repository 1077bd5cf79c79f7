"""App Home: what waits, for the person who opens it."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.slack.blocks import Block, context, divider, header, rich, section
from bot.slack.forms import View
from bot.slack.queue import Links, Listing, heading, lines

MOST = 90  # of the hundred blocks that Slack takes
LENGTH = 200_000  # of the 250 kB that it takes


def home(parts: Sequence[Listing], now: datetime, links: Links) -> View:
    """Mine first, then each team's; every list most urgent first."""
    blocks, length = [header("Unanswered")], 0
    for drawn in (_part(part, now, links) for part in parts):
        length += len(json.dumps(drawn))
        if len(blocks) + len(drawn) <= MOST and length <= LENGTH:
            blocks += drawn
    last = context("`/unanswered` in a team's channel lists the same and does more.")
    return _view([*blocks, last])


def trouble(sentence: str) -> View:
    return _view([header("Unanswered"), section(sentence)])


def _part(part: Listing, now: datetime, links: Links) -> list[Block]:
    shown = [rich(page) for page in lines(part.found, now, links)]
    rest = part.totals.waiting - len(part.found)
    asked = f"/unanswered {part.query}".strip()
    more = [context(f"And {rest} more: `{asked}`")] if rest > 0 else []
    return [divider(), section(heading(part)), *shown, *more]


def _view(blocks: Sequence[Block]) -> View:
    return {"type": "home", "blocks": list(blocks)}
