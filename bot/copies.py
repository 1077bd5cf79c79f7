"""The same words from many: advertisements, campaigns, what is passed on."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from bot.domain.frozen import replace
from bot.domain.guess import Guess, Manner
from bot.domain.mention import Kind, Mention
from storage import guesses
from storage.database import Transaction
from storage.guesses import Alike

FEWEST = 6  # words: many say "thank you very much"
MANY = 3  # customers who say the same
LATELY = timedelta(days=7)
ADDRESS = re.compile(r"https?://\S+|@\w+")
WORD = re.compile(r"[^\W_]+")
MARK = 32  # characters that stand for the words
NOBODY = Alike(0, frozenset())


class Copies:
    """Of one page: what was said before is asked for once, what the page says is remembered.

    Of two workers, neither knows what the other is taking in just then; one more copy has a card.
    """

    def __init__(self, db: Transaction, now: datetime) -> None:
        self.db, self.since = db, now - LATELY
        self.said: dict[str, Alike] = {}
        self.here: defaultdict[str, set[int]] = defaultdict(set)

    def marked(self, heard: Sequence[tuple[Mention, Guess, int]]) -> list[Guess]:
        """What was guessed of each, told apart where its words are many customers' words.

        No complaint is looked at: who complains with others' words complains.
        """
        marks = [mark(mention) if _may_be_one(guess) else "" for mention, guess, _by in heard]
        self._ask({each for each in marks if each} - self.said.keys())
        return [self._told(*each) for each in zip(marks, heard, strict=True)]

    def _ask(self, unknown: set[str]) -> None:
        found = guesses.alike(self.db, sorted(unknown), self.since) if unknown else {}
        self.said |= {each: found.get(each, NOBODY) for each in unknown}

    def _told(self, words: str, heard: tuple[Mention, Guess, int]) -> Guess:
        _mention, guess, by = heard
        if not words:
            return guess
        said, here = self.said[words], self.here[words]
        here.add(by)
        customers = max(said.customers, len(said.some | here))
        copied = customers >= MANY and guess.manner is Manner.PLAIN
        manner = Manner.COPIED if copied else guess.manner
        return replace(guess, words=words, manner=manner)


def mark(mention: Mention) -> str:
    """The same for all who say the same, whomever they name and wherever they link to."""
    said = unicodedata.normalize("NFKC", f"{mention.subject} {mention.text}").casefold()
    words = WORD.findall(ADDRESS.sub(" ", said))
    if len(words) < FEWEST:
        return ""
    return sha256(" ".join(words).encode()).hexdigest()[:MARK]


def _may_be_one(guess: Guess) -> bool:
    return guess.kind is not Kind.COMPLAINT
