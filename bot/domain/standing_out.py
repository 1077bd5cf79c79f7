"""What many write about that is not usual: words and links that stand out against the days before.

Words are weighed as in Monroe, Colaresi and Quinn, “Fightin' Words” (Political Analysis 16, 2008):
log-odds with what is usual as the prior, by their deviation. Each writer counts a word once.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence

LINK = re.compile(r"https?://([^\s/<>|]+)(/[^\s<>|?#]*)?", re.I)
WORD = re.compile(r"[^\W\d_][\w'’-]{2,29}")
ADDRESSED = re.compile(r"[@<]\S+")  # whom they write to is not what they write about
FEWEST, SHARE = 3, 0.1  # writers of a word: at least so many, and of all so large a part
CLEARLY = 2.58  # deviations: one in a hundred by chance
PRIOR = 100.0  # writers that what is usual weighs as much as


def words(texts: Sequence[str], usual: Sequence[str], most: int = 5) -> Sequence[str]:
    """The words that stand out most; each text is one writer's."""
    now, before = _counted(map(_words, texts)), _counted(map(_words, usual))
    enough = max(FEWEST, math.ceil(SHARE * len(texts)))
    scored = [
        (_deviation(many, len(texts), before[word], len(usual)), many, word)
        for word, many in now.items()
        if many >= enough
    ]
    clear = sorted((each for each in scored if each[0] >= CLEARLY), reverse=True)
    return [word for _, _, word in clear[:most]]


def links(texts: Sequence[str], most: int = 3) -> Sequence[tuple[str, int]]:
    """Pages that several link to, without what stands behind their ? or #."""
    counted = _counted({_page(found) for found in LINK.finditer(text)} for text in texts)
    shared = [(page, many) for page, many in counted.most_common() if many >= FEWEST]
    return shared[:most]


def _deviation(many: int, writers: int, before: int, usual: int) -> float:
    """By how many standard deviations the log-odds of a word have risen."""
    share = (before + 0.5) / (usual + 1)
    prior, others = PRIOR * share, PRIOR * (1 - share)
    odds = math.log((many + prior) / (writers - many + others))
    usually = math.log((before + prior) / (usual - before + others))
    return (odds - usually) / math.sqrt(1 / (many + prior) + 1 / (before + prior))


def _words(text: str) -> set[str]:
    bare = ADDRESSED.sub(" ", LINK.sub(" ", text))
    return {word.casefold() for word in WORD.findall(bare)}


def _page(found: re.Match[str]) -> str:
    return found[1].casefold() + (found[2] or "").rstrip("/.,)")


def _counted(sets: Iterable[set[str]]) -> Counter[str]:
    counted: Counter[str] = Counter()
    for each in sets:
        counted.update(each)
    return counted
