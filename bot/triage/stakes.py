"""How much is at stake in a complaint: by words that say so, and by what the model makes of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

from bot.domain.guess import Severity
from bot.triage.languages import FIRST
from bot.triage.lexical import SEEDS, Lexicon, entries
from bot.triage.reading import words

GRAVEST_FIRST = tuple(reversed(Severity))
COMPLAINS = {Severity.ANGRY: 0.5, Severity.LEAVING: 0.75, Severity.SAFETY: 1.0}


class Weighs(NamedTuple):
    """Log-odds, against mere annoyance: before anything is read, and where words say so.

    `model` is what the sentence model's own log-odds count, `swears` what the worst words do.
    """

    model: float
    usual: Mapping[Severity, float]
    said: Mapping[Severity, float]
    swears: float


def _weighs(model: float, usual: Sequence[float], said: Sequence[float], swears: float) -> Weighs:
    return Weighs(
        model,
        dict(zip(Severity, (0.0, *usual), strict=True)),
        dict(zip(Severity, (0.0, *said), strict=True)),
        swears,
    )


WEIGHS = {  # fitted on our own sentences, each guessed by a model that had not read it
    FIRST: _weighs(0.8, (-0.65, -0.8, -1.0), (1.0, 4.2, 5.0), 1.7),
    "": _weighs(0.6, (-1.65, -1.25, -1.35), (3.0, 3.8, 4.0), 3.9),
}


@dataclass(frozen=True)
class Stakes:
    """The words of a text that tell of each severity."""

    quotes: Mapping[Severity, Sequence[str]]

    @property
    def gravest(self) -> Severity | None:
        """None where no words tell of any."""
        return next((each for each in GRAVEST_FIRST if self.quotes.get(each)), None)

    @property
    def complains(self) -> float:
        """How much that speaks for a complaint, from 0 to 1."""
        return COMPLAINS.get(self.gravest, 0.0) if self.gravest else 0.0


def stakes(text: str, language: str) -> Stakes:
    """What the language's list finds in a plain text."""
    known, said, at = lexicon(language), words(text), 0
    found: dict[Severity, list[str]] = {each: [] for each in GRAVEST_FIRST}
    while at < len(said):
        header, many = known.find(said, at)
        if header:
            found[Severity(header)].append(" ".join(said[at : at + many]))
        at += many
    return Stakes(found)


def severity(
    found: Stakes, language: str, *, swears: bool, read: Sequence[float] = (0.0,) * len(Severity)
) -> Severity:
    """The likeliest: of what words tell of, the gravest counts, and oaths where it is no graver.

    `read` are the sentence model's log-odds of each, the least grave first.
    """
    weighs, gravest = WEIGHS.get(language, WEIGHS[""]), found.gravest
    odds = dict(zip(Severity, (weighs.model * each for each in read), strict=True))
    for each, usual in weighs.usual.items():
        odds[each] += usual
    if gravest:
        odds[gravest] += weighs.said[gravest]
    if swears and gravest in (None, Severity.ANGRY):
        odds[Severity.ANGRY] += weighs.swears
    return max(odds, key=lambda each: odds[each])


@cache
def lexicon(language: str) -> Lexicon:
    """Empty for a language without a list."""
    file = SEEDS / language / "stakes.txt"
    return Lexicon(entries(file.read_text(encoding="utf-8")) if file.exists() else ())
