"""Is it a complaint? A first guess by rules of thumb, with the words that spoke for it."""

import re
from dataclasses import dataclass

from bot.domain.mention import Kind, Mention
from bot.triage.words import COMPLAINT, PRAISE, QUESTION

LETTERS = re.compile(r"[^\W\d_]")
LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


@dataclass(frozen=True)
class Guess:
    """`because` is what spoke for it, in words for people."""

    kind: Kind
    because: str


def guess(mention: Mention) -> Guess:
    """The kind of a mention. What is in a script the rules can't read counts as a complaint."""
    text = f"{mention.subject}\n{mention.text}".lower().replace("’", "'")
    if found := _found(COMPLAINT, text):
        return Guess(Kind.COMPLAINT, found)
    if _foreign(text):
        return Guess(Kind.COMPLAINT, "a language the rules can't read")
    if found := _found(QUESTION, text):
        return Guess(Kind.QUESTION, found)
    if found := _found(PRAISE, text):
        return Guess(Kind.PRAISE, found)
    return Guess(Kind.OTHER, "none of the words the bot knows")


def _found(words: re.Pattern[str], text: str) -> str:
    """The first two words that match, quoted."""
    matches = dict.fromkeys(match.group().strip() for match in words.finditer(text))
    return ", ".join(f"“{word}”" for word in list(matches)[:2])


def _foreign(text: str) -> bool:
    """Whether most letters are of a script that none of the rules is written in."""
    letters = LETTERS.findall(text)
    return len(letters) > 2 and len(LATIN.findall(text)) < len(letters) / 2
