"""What the models make of a text: one or two of them, added up, and what they go by."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from bot.domain.guess import Manner, Severity
from bot.domain.mention import Kind
from bot.triage.encoder import EIGHT_BITS, Encoder, Read
from bot.triage.languages import FIRST, TAUGHT
from bot.triage.lexical import Lexical, Weighed
from bot.triage.quotes import listed, speaking
from bot.triage.reading import windows
from bot.triage.stakes import Stakes, severity, stakes

if TYPE_CHECKING:
    from bot.triage.alike import Subjects


class Mix(NamedTuple):
    """What each of them weighs in the log-odds, and what is added: `wants` is that the sentence
    model finds that it needs an answer, which complaints do.
    """

    sentence: float = 0.0
    wants: float = 0.0
    words: float = 0.0
    discontent: float = 0.0
    at_stake: float = 0.0
    more: float = 0.0


WEIGHTS = Path(__file__).parent / "weights"
MANNERS = (Manner.PLAIN, Manner.AUTOMATED, Manner.PROMOTION, Manner.PLAIN)
MIX = {
    FIRST: {
        "complaint": Mix(
            sentence=0.65, wants=0.2, words=0.35, discontent=0.8, at_stake=0.7, more=0.15
        ),
        "needs_answer": Mix(sentence=0.75, words=0.3),
    },
    "": {
        "complaint": Mix(
            sentence=0.24, wants=0.15, words=0.24, discontent=1.2, at_stake=2.0, more=-0.5
        ),
        "needs_answer": Mix(sentence=0.5, words=0.4, more=0.2),
    },
}
ALONE = {  # the same for the lexical model alone
    FIRST: {
        "complaint": Mix(words=0.6, discontent=0.8, at_stake=0.7, more=0.3),
        "needs_answer": Mix(words=0.8),
    },
    "": {
        "complaint": Mix(words=0.35, discontent=1.2, at_stake=2.0, more=-0.6),
        "needs_answer": Mix(words=0.8, more=0.2),
    },
}
PRAISE = 2  # among the sentence model's kinds
MANY = 6  # windows that the sentence model reads of a long text
NOTABLE = 2.0  # log-odds that a manner has to be ahead


@dataclass(frozen=True)
class Thought:
    """What was understood: log-odds, before anything that a team wants.

    `hurts`: words say that somebody is or could be hurt.

    `speaks` quotes the words for each kind, the strongest first; `similar` is the taught sentence
    of each kind that means most nearly the same. `embedding` is an array of 384 numbers, of length
    1 together; None without the sentence model.
    """

    complaint: float
    needs_answer: float
    praise: float
    hurts: bool = False
    severity: Severity | None = None
    manner: Manner = Manner.PLAIN
    speaks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    similar: Mapping[str, str] = field(default_factory=dict)
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
        """Of a long text, its most telling window decides; what is at stake, wherever it stands."""
        mix, found = _of(ALONE, language), stakes(text, language)
        cut = [(window, self.lexical.weigh(window, language)) for window in windows(text)]
        read, said = max(cut, key=lambda each: _mixed(mix, "complaint", each[1], found))
        return Thought(
            complaint=_mixed(mix, "complaint", said, found),
            needs_answer=_mixed(mix, "needs_answer", said, found),
            praise=said.odds["praise"],
            hurts=found.gravest is Severity.SAFETY,
            severity=severity(found, language, swears=said.swears),
            speaks=listed(read, said, found),
        )


class Sentences:
    """The sentence model and the lexical one: each sees what the other misses."""

    def __init__(self, folder: Path = WEIGHTS) -> None:
        self.words, self.encoder = Words(folder), Encoder(folder)
        self.taught = self._taught(folder)

    def think(self, text: str, language: str) -> Thought:
        """Of a long text, the windows that the lexical model finds most telling are read."""
        cut, found = list(windows(text)), stakes(text, language)
        lexical = [self.words.lexical.weigh(window, language) for window in cut]
        if len(cut) > MANY:
            ranked = sorted(range(1, len(cut)), key=lambda at: -lexical[at].odds["complaint"])
            cut = [cut[at] for at in (0, *ranked[: MANY - 1])]
            lexical = [lexical[at] for at in (0, *ranked[: MANY - 1])]
        thoughts = [
            self._thought(*each, found, language) for each in zip(cut, lexical, strict=True)
        ]
        return max(thoughts, key=lambda thought: thought.complaint)

    def _thought(self, text: str, lexical: Weighed, found: Stakes, language: str) -> Thought:
        mix, read = _of(MIX, language), self.encoder.read(text)
        grave = read.logits["severity"][1:]  # the first is for what complains of nothing
        means = read.embedding / (float((read.embedding**2).sum()) ** 0.5 or 1.0)
        return Thought(
            complaint=_mixed(mix, "complaint", lexical, found, read),
            needs_answer=_mixed(mix, "needs_answer", lexical, found, read),
            praise=(_ahead(read.logits["kind"], PRAISE) + lexical.odds["praise"]) / 2,
            hurts=found.gravest is Severity.SAFETY,
            severity=severity(found, language, swears=lexical.swears, read=grave),
            manner=_manner(read.logits["manner"]),
            speaks=speaking(read, listed(text, lexical, found)),
            similar=self._similar(means, language),
            embedding=means,
        )

    def _similar(self, means: Any, language: str) -> Mapping[str, str]:
        """Of the taught sentences of that language, the one of each kind that is nearest to it."""
        own, places = self.taught.own[language], self.taught.places[language]
        near = self.taught.means[own].astype(means.dtype) @ means
        nearest = {kind: own.start + int(at[near[at].argmax()]) for kind, at in places.items()}
        return {kind: self.taught.sentences[at] for kind, at in nearest.items()}

    @cached_property
    def subjects(self) -> "Subjects":
        from bot.triage.alike import Subjects

        return Subjects.among(self.taught.means / self.encoder.np.float32(EIGHT_BITS))

    def _taught(self, folder: Path) -> "Taught":
        np = self.encoder.np
        told = json.loads((folder / "taught.json").read_text(encoding="utf-8"))
        places: dict[str, dict[str, list[int]]] = {each: {} for each in TAUGHT}
        own = dict.fromkeys(TAUGHT, slice(0, 0))
        for at, (header, language, _) in enumerate(told):
            begins = own[language].start if own[language].stop else at
            own[language] = slice(begins, at + 1)
            kind = header.split()[0] if header.split()[0] in set(Kind) else Kind.OTHER
            places[language].setdefault(kind, []).append(at - begins)
        return Taught(
            [sentence for _, _, sentence in told],
            np.load(folder / "taught.npy"),
            own,
            {each: {k: np.array(at) for k, at in of.items()} for each, of in places.items()},
        )


@dataclass(frozen=True)
class Taught:
    """Sentences, what they mean in numbers, and which of them are of a language and a kind.

    `means` are embeddings of length 1, in eight bits. `own` is where those of a language stand, one
    after the other, and `places` where among them those of a kind do.
    """

    sentences: Sequence[str]
    means: Any
    own: Mapping[str, slice]
    places: Mapping[str, Mapping[str, Any]]


def _of(mixes: Mapping[str, Mapping[str, Mix]], language: str) -> Mapping[str, Mix]:
    return mixes.get(language, mixes[""])


def _mixed(
    mixes: Mapping[str, Mix],
    head: str,
    lexical: Weighed,
    found: Stakes,
    read: Read | None = None,
) -> float:
    mix = mixes[head]
    said = mix.words * lexical.odds[head] + mix.discontent * lexical.discontent + mix.more
    said += mix.at_stake * found.complains
    if read is not None:
        said += mix.sentence * read.logits[head][0] + mix.wants * read.logits["needs_answer"][0]
    return said


def _ahead(logits: Sequence[float], of: int) -> float:
    """The log-odds of one class against all others."""
    rest = [logit for at, logit in enumerate(logits) if at != of]
    most = max(rest)
    return logits[of] - most - math.log(sum(math.exp(each - most) for each in rest))


def _manner(logits: Sequence[float]) -> Manner:
    best = max(range(len(logits)), key=lambda at: logits[at])
    return MANNERS[best] if _ahead(logits, best) > NOTABLE else Manner.PLAIN
