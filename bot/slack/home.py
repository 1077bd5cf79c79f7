"""App Home: what waits, for the person who opens it."""

import json
from collections.abc import Sequence
from datetime import datetime

from bot.slack.blocks import (
    Block,
    actions,
    context,
    divider,
    header,
    option,
    plain,
    rich,
    section,
)
from bot.slack.forms import View
from bot.slack.queue import Links, Listing, heading, lines
from bot.slack.words import whole_name
from storage.conversations import Waiting

MOST = 90  # of the hundred blocks that Slack takes
LENGTH = 200_000  # of the 250 kB that it takes
OPTIONS = 100  # that Slack takes in one menu


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
    return [divider(), section(heading(part)), *shown, *more, *_why_then(part.found)]


def _why_then(found: Sequence[Waiting]) -> list[Block]:
    """A menu of all that have a deadline, to ask how it came about."""
    asked = [_named(waiting) for waiting in found if waiting.conversation.due_at]
    menu = {"type": "static_select", "action_id": "why_then", "placeholder": plain("Why then?")}
    return [actions(menu | {"options": asked[:OPTIONS]})] if asked else []


def _named(waiting: Waiting) -> Block:
    number = waiting.conversation.id
    return option(f"{number} {whole_name(waiting.customer)}", f"why {number}")


def _view(blocks: Sequence[Block]) -> View:
    return {"type": "home", "blocks": list(blocks)}
