"""What the models make of a text: one or two of them, added up, and what they go by."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from bot.domain.guess import Manner, Severity
from bot.triage.encoder import Encoder, Read
from bot.triage.lexical import Lexical, feelings
from bot.triage.reading import windows, words

WEIGHTS = Path(__file__).parent / "weights"
SEVERITIES = (None, *Severity)
MANNERS = (Manner.PLAIN, Manner.AUTOMATED, Manner.PROMOTION, Manner.PLAIN)
PRAISE = 2  # among the sentence model's kinds
MANY = 6  # windows that the sentence model reads of a long text
TELLING = 3  # quotes
LONG = 40  # characters of one
PHRASE = 3  # words of one, beside the one that speaks most
SPEAKING = 0.35  # of what the strongest word says, for another to be quoted
NOTABLE = 0.5  # log-odds that a manner has to be ahead


@dataclass(frozen=True)
class Thought:
    """What was understood: log-odds, before anything that a team wants.

    `speaks` quotes the words for each kind, the strongest first. `embedding` is an array of 384
    numbers, None without the sentence model.
    """

    complaint: float
    needs_answer: float
    praise: float
    severity: Severity | None = None
    manner: Manner = Manner.PLAIN
    speaks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    similar: str = ""
    embedding: Any = None


class Mind(Protocol):
    """Something that reads plain texts of the languages it was taught."""

    def think(self, text: str, language: str) -> Thought: ...


class Words:
    """The lexical model alone."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        about = json.loads((folder / "lexical.json").read_text(encoding="utf-8"))
        weights = (folder / "lexical.bin").read_bytes()
        if len(weights) != len(about["heads"]) * about["buckets"]:
            raise ValueError("lexical.bin is not what lexical.json tells of.")
        self.lexical = Lexical(weights, about["scales"], about["biases"])

    def think(self, text: str, language: str) -> Thought:
        """Of a long text, its most telling window decides."""
        return max(
            (self._of(window, language) for window in windows(text)),
            key=lambda thought: thought.complaint,
        )

    def _of(self, text: str, language: str) -> Thought:
        said = self.lexical.score(text, language)
        return Thought(**said, speaks=_found(text, language))


class Sentences:
    """The sentence model and the lexical one: each sees what the other misses."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self.words, self.encoder, self.folder = Words(folder), Encoder(folder), folder

    def think(self, text: str, language: str) -> Thought:
        """Of a long text, the windows that the lexical model finds most telling are read."""
        cut = list(windows(text))
        lexical = [self.words.lexical.score(window, language) for window in cut]
        if len(cut) > MANY:
            ranked = sorted(range(1, len(cut)), key=lambda at: -lexical[at]["complaint"])
            cut = [cut[at] for at in (0, *ranked[: MANY - 1])]
            lexical = [lexical[at] for at in (0, *ranked[: MANY - 1])]
        thoughts = [self._of(*each, language) for each in zip(cut, lexical, strict=True)]
        return max(thoughts, key=lambda thought: thought.complaint)

    def _of(self, text: str, lexical: Mapping[str, float], language: str) -> Thought:
        read = self.encoder.read(text)
        mix = self.encoder.about["mix"]["en" if language == "en" else "other"]
        kinds = read.logits["kind"]
        added = {
            "complaint": _mixed(mix["complaint"], read.logits["complaint"][0], lexical["complaint"]),
            "needs_answer": _mixed(
                mix["needs_answer"], read.logits["needs_answer"][0], lexical["needs_answer"]
            ),
            "praise": (_ahead(kinds, PRAISE) + lexical["praise"]) / 2,
        }
        severity = read.logits["severity"]
        return Thought(
            **added,
            severity=SEVERITIES[max(range(1, len(severity)), key=lambda at: severity[at])],
            manner=_manner(read.logits["manner"]),
            speaks=_found(text, language) | {"complaint": _quotes(read)},
            similar=self._similar(read.embedding),
            embedding=read.embedding,
        )

    def _similar(self, embedding: Any) -> str:
        """The sentence among the taught ones that means most nearly the same."""
        sentences, means = self._taught
        near = means @ (embedding / max(1e-6, float((embedding**2).sum()) ** 0.5))
        return str(sentences[int(near.argmax())][2])

    @cached_property
    def _taught(self) -> tuple[Sequence[Sequence[str]], Any]:
        np = self.encoder.np
        sentences = json.loads((self.folder / "taught.json").read_text(encoding="utf-8"))
        return sentences, np.load(self.folder / "taught.npy").astype(np.float32)


def _mixed(mix: Sequence[float], sentence: float, lexical: float) -> float:
    return mix[0] * sentence + mix[1] * lexical + mix[2]


def _ahead(logits: Sequence[float], of: int) -> float:
    """The log-odds of one class against all others."""
    rest = [logit for at, logit in enumerate(logits) if at != of]
    most = max(rest)
    return logits[of] - most - math.log(sum(math.exp(each - most) for each in rest))


def _manner(logits: Sequence[float]) -> Manner:
    best = max(range(len(logits)), key=lambda at: logits[at])
    return MANNERS[best] if _ahead(logits, best) > NOTABLE else Manner.PLAIN


def _found(text: str, language: str) -> dict[str, Sequence[str]]:
    """What the word list finds for each kind, none twice."""
    quotes = feelings(words(text), language).quotes
    return {kind: list(dict.fromkeys(said))[:TELLING] for kind, said in quotes.items()}


def _quotes(read: Read) -> Sequence[str]:
    """The words that spoke most for a complaint, with their neighbours that did; none twice."""
    said, spoken = read.speaks, [adds for _, adds in read.speaks]
    enough, quoted, found = SPEAKING * max(spoken, default=0.0), set[int](), []
    for at in sorted(range(len(said)), key=lambda at: -spoken[at]):
        if spoken[at] <= enough or spoken[at] <= 0 or len(found) == TELLING:
            break
        if at in quoted or not said[at][0][0].isalnum():
            continue
        first, last = _stretch(spoken, at, enough)
        if quoted.isdisjoint(range(first, last + 1)):
            found.append(" ".join(word for word, _ in said[first : last + 1])[:LONG])
        quoted.update(range(first, last + 1))
    return found


def _stretch(spoken: Sequence[float], at: int, enough: float) -> tuple[int, int]:
    """From which word to which the neighbours of this one speak as well."""
    first = last = at
    while first > 0 and spoken[first - 1] > enough and last - first < PHRASE:
        first -= 1
    while last + 1 < len(spoken) and spoken[last + 1] > enough and last - first < PHRASE:
        last += 1
    return first, last
