"""One post that comes from two sources is one mention: what comes second is an echo.

A feed, an alert service and the platform itself may all bring it. Where the first can't be answered
and the second can, the conversation goes on with the second.
"""

import re
from collections.abc import Mapping, Sequence

from bot.desk import Desk
from bot.domain.conversation import Conversation, State
from bot.domain.forgotten import forgotten
from bot.domain.mention import Mention, Origin
from storage import conversations, mentions
from storage.database import Transaction
from storage.mentions import Told

WORD = re.compile(r"\w+")
ALIKE = 0.6  # of the words of the shorter text, which may be an excerpt
FEWEST = 3  # words; with fewer, both must say the same
MOVABLE = (State.WAITING, State.CLAIMED)


def echoes(db: Transaction, account: str, page: Sequence[Mention]) -> Mapping[str, Told]:
    """Those of a page that another account has brought already, by their keys.

    Until the transaction ends, nobody else writes down a post of these addresses.
    """
    said = [m for m in page if m.origin is Origin.CUSTOMER and not m.deleted]
    where = {mention.key: mention.address or "" for mention in said}
    there = mentions.told_elsewhere(db, account, set(where.values()) - {""})
    found = {}
    for mention in said:
        told = there.get(where[mention.key], ())
        same = (each for each in told if forgotten(each.key) or alike(mention, each.text))
        if first := next(same, None):
            found[mention.key] = first
    return found


def alike(mention: Mention, text: str) -> bool:
    """Whether both are the words of one post: one may be an excerpt, or have a title before it."""
    both = [set(WORD.findall(each.casefold())) for each in (mention.text, text)]
    fewer, more = sorted(both, key=len)
    if len(fewer) < FEWEST:
        return fewer == more
    return len(fewer & more) >= ALIKE * len(fewer)


def goes_on_with(
    desk: Desk, db: Transaction, first: Told, mention: Mention, by: int
) -> Conversation | None:
    """The first one's conversation, held, if it is to go on with this mention; None: it is not."""
    can_answer = not mention.unanswerable(desk.now())
    if not (can_answer and first.no_reply and first.conversation):
        return None
    held = conversations.hold_survivor(db, first.conversation)
    if held.state not in MOVABLE or held.proposed:
        return None
    if conversations.find(db, mention.account, mention.thread, by):
        return None
    return held.found_at(mention.account, mention.thread, by, desk.team(held))
