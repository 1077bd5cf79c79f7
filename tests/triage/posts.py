"""Posts, and what is read off a guess."""

import math

from bot.domain.guess import Guess, Lane
from bot.domain.mention import Mention
from tests.things import mention

FLAGGED = {Lane.SURE, Lane.CHECK}


def to_us(text: str, **more: object) -> Mention:
    """Said to the brand, as most posts are."""
    return mention(text if "@" in text else f"@acme {text}", **more)


def odds(guess: Guess) -> float:
    assert guess.complaint is not None
    return math.log(guess.complaint / (1 - guess.complaint))
