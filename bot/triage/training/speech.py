"""Which words are usual in which of the languages that triage is taught."""

import math
from collections import Counter
from collections.abc import Mapping, Sequence

from bot.triage.languages import TAUGHT, spoken
from bot.triage.reading import plain
from bot.triage.training.seeds import SLOT, Seed

OFTEN = 6  # sentences with it, of all languages together: rarer words tell of their subject
UNSEEN = 0.3  # sentences that a word counts as, where there are none


def usual(of: Sequence[Seed]) -> Mapping[str, Sequence[int]]:
    """How rare each word is in each language, in the order of `TAUGHT`: tenths of -log p."""
    counted = {language: Counter[str]() for language in TAUGHT}
    for seed in of:
        counted[seed.language].update(set(spoken(plain(SLOT.sub(" ", seed.text)))))
    together = sum(counted.values(), Counter())
    lengths = [counted[each].total() + UNSEEN * len(together) for each in TAUGHT]
    return {
        word: [
            round(-10 * math.log((counted[each][word] + UNSEEN) / length))
            for each, length in zip(TAUGHT, lengths, strict=True)
        ]
        for word, many in sorted(together.items())
        if many >= OFTEN
    }
