"""The lexical model: words, pieces of words and feeling, weighed and added up. Pure Python."""

import math
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise
from pathlib import Path
from zlib import crc32

from bot.triage.reading import plain, words

HEADS = ("complaint", "needs_answer", "praise")
BUCKETS = 1 << 17
PIECE = 4  # letters
LONGEST = 4  # words of a phrase in a word list
LETTERS = 64  # that are looked at of one word: nobody says more
FEELS = {"worst": -3.0, "bad": -2.0, "poor": -1.0, "nice": 1.0, "good": 2.0, "best": 3.0}
SPEAKS = {"waits": "complaint", "asks": "question"}
TURNED = -0.6  # what is left of a feeling after a "not", the other way round
REACH = 4  # words that a "not" reaches
STRONGER = 1.4
FLOOD = 1.5  # of what is said for, in proportion to the length, at most
CONTENT = 0.7  # of discontent's contrary, at most
WAITING = 2.0  # what "still waiting" says against
SEEDS = Path(__file__).parent / "seeds"

Feature = tuple[int, float]


@dataclass(frozen=True)
class Feelings:
    """What a word list finds in a text; `quotes` are its words by the kind they speak for."""

    sums: Mapping[str, float]
    quotes: Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Weighed:
    """The log-odds of each head; how much more is said against than for; what the list found.

    `swears`: with the worst words that there are.
    """

    odds: Mapping[str, float]
    discontent: float
    swears: bool
    quotes: Mapping[str, Sequence[str]]


class Lexicon:
    """The word list of one language: whole words and phrases, and beginnings of words."""

    def __init__(self, entries: Iterable[tuple[str, str]]) -> None:
        self.whole: dict[str, str] = {}
        self.begins: dict[str, str] = {}
        self.longest: dict[str, int] = {}  # words of a phrase, by its first
        for entry, header in entries:
            said = " ".join(words(plain(entry.removesuffix("*"))))
            (self.begins if entry.endswith("*") else self.whole).setdefault(said, header)
            first, many = said.partition(" ")[0], min(LONGEST, said.count(" ") + 1)
            self.longest[first] = max(many, self.longest.get(first, 1))

    def find(self, said: Sequence[str], at: int) -> tuple[str, int]:
        """The header of the longest entry that begins there, and how many words it has."""
        for many in range(min(self.longest.get(said[at], 1), len(said) - at), 1, -1):
            phrase = " ".join(said[at : at + many])
            if header := self.whole.get(phrase) or self._beginning(phrase):
                return header, many
        return self.whole.get(said[at]) or self._beginning(said[at]), 1

    def _beginning(self, phrase: str) -> str:
        last = phrase.rfind(" ") + 1
        ends = range(min(len(phrase), last + LETTERS), max(2, last), -1)
        return next((self.begins[phrase[:n]] for n in ends if phrase[:n] in self.begins), "")


class Lexical:
    """Weights by bucket and head, as bytes; `scales` makes log-odds of them."""

    def __init__(self, weights: bytes, scales: Sequence[float], biases: Sequence[float]) -> None:
        self.weights, self.scales, self.biases = array("b", weights), scales, biases

    def weigh(self, text: str, language: str) -> Weighed:
        """A plain text of a taught language."""
        said, sums = words(text), [0.0] * len(HEADS)
        felt = feelings(said, language)
        for bucket, value in _counted(text, said, felt):
            for head in range(len(HEADS)):
                sums[head] += value * self.weights[head * BUCKETS + bucket]
        counted = zip(HEADS, sums, self.scales, self.biases, strict=True)
        odds = {head: sum_ * scale + bias for head, sum_, scale, bias in counted}
        return Weighed(odds, _discontent(said, felt), felt.sums["worst"] > 0, felt.quotes)


def features(text: str, language: str) -> Iterator[Feature]:
    """What is counted in a plain text: buckets and how much of each."""
    said = words(text)
    return _counted(text, said, feelings(said, language))


def _counted(text: str, said: Sequence[str], felt: Feelings) -> Iterator[Feature]:
    distinct, pairs = dict.fromkeys(said), dict.fromkeys(pairwise(said))
    share = 1 / math.sqrt(max(1, len(distinct)))
    for word in distinct:
        for bucket in _of_word(word[:LETTERS]):
            yield bucket, share
    for one, next_ in pairs:
        yield _bucket(f"b:{one} {next_}"), share
    for name, value in _measures(text, said, felt):
        if value:
            yield _bucket(f"n:{name}"), 2 * value


def _discontent(said: Sequence[str], felt: Feelings) -> float:
    """How much more is said against than for, for its length; a flood of hearts hides nothing."""
    against = felt.sums["negative"] + WAITING * felt.sums["waits"]
    net = (against - felt.sums["positive"]) / math.sqrt(max(4, len(said)))
    return max(-CONTENT, net)


def feelings(said: Sequence[str], language: str) -> Feelings:
    """What the word list of that language finds, negations turned round."""
    known = lexicon(language)
    sums = dict.fromkeys(("negative", "positive", "waits", "asks", "worst", "turned"), 0.0)
    quotes: dict[str, list[str]] = {"complaint": [], "question": [], "praise": []}
    at, reach, strength = 0, 0, 1.0
    while at < len(said):
        header, many = known.find(said, at)
        if header == "not":
            reach = REACH + 1
        elif header == "very":
            strength = STRONGER
        elif header in FEELS:
            felt, strength = FEELS[header] * strength, 1.0
            if reach > 0:
                felt *= TURNED
                sums["turned"] += 1
            sums["negative" if felt < 0 else "positive"] += abs(felt)
            sums["worst"] += header == "worst"
            if abs(felt) > 1:
                quotes["complaint" if felt < 0 else "praise"].append(" ".join(said[at : at + many]))
        elif header:
            sums[header] += 1
            quotes[SPEAKS[header]].append(" ".join(said[at : at + many]))
        at += many
        reach -= many
    return Feelings(sums, quotes)


@cache
def lexicon(language: str) -> Lexicon:
    """Read from `seeds`: signs that all languages share, and its own words where it has a list."""
    files = (SEEDS / "signs.txt", SEEDS / language / "words.txt")
    texts = [file.read_text(encoding="utf-8") for file in files if file.exists()]
    return Lexicon(entry for text in texts for entry in entries(text))


@cache
def small_words() -> Mapping[str, set[str]]:
    """Words that tell nothing alone, under "small"; those that say no, under "not"."""
    found: dict[str, set[str]] = {}
    for line, header in entries((SEEDS / "small.txt").read_text(encoding="utf-8")):
        found.setdefault(header, set()).update(line.split())
    return found


def entries(text: str) -> Iterator[tuple[str, str]]:
    """Each line of a list that is no remark, and the header under which it stands."""
    header = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            header = line[1:-1]
        elif line and not line.startswith("# "):
            yield line, header


@lru_cache(maxsize=4096)
def _of_word(word: str) -> Sequence[int]:
    """The buckets of a word and of its pieces."""
    framed = f"<{word}>"
    starts = range(len(framed) - PIECE + 1) if len(word) >= PIECE else ()
    return [_bucket(f"w:{word}"), *(_bucket(f"c:{framed[s : s + PIECE]}") for s in starts)]


def _bucket(name: str) -> int:
    return crc32(name.encode()) % BUCKETS


def _measures(text: str, said: Sequence[str], felt: Feelings) -> Iterator[tuple[str, float]]:
    sums, share = felt.sums, 1 / math.sqrt(max(4, len(said)))
    shouted = sum(word.isupper() and len(word) > 2 for word in text.split())
    yield "negative", sums["negative"] * share
    yield "positive", min(FLOOD, sums["positive"] * share)
    yield "balance", min(FLOOD, (sums["positive"] - sums["negative"]) * share)
    yield "waits", min(3.0, sums["waits"]) / 2
    yield "asks", min(3.0, sums["asks"]) / 2
    yield "worst", min(2.0, sums["worst"]) / 2
    yield "turned", min(2.0, sums["turned"]) / 2
    yield "questions", min(3, text.count("?")) / 2
    yield "exclamations", min(4, text.count("!")) * 0.3
    yield "shouted", shouted / max(4, len(said))
    yield "nothing", float(not sums["negative"] + sums["positive"])
    yield "length", math.log1p(len(said)) * 0.3
