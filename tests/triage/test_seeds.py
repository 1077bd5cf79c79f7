"""The sentences that triage was taught by."""

import random
import re
from collections import Counter

import pytest

from bot.domain.guess import Severity
from bot.triage.languages import TAUGHT
from bot.triage.lexical import FEELS, SEEDS, SPEAKS, entries, lexicon
from bot.triage.reading import plain
from bot.triage.stakes import stakes

pytest.importorskip("bot.triage.training.seeds")
from bot.triage.training.seeds import SLOT, SLOTS, Varied, seeds

KNOWN = {
    "complaint annoyed", "complaint angry", "complaint leaving", "complaint safety", "question",
    "praise", "praise answer", "thanks", "other", "gripe", "cheer", "automated", "promotion",
}  # fmt: skip
ALL = seeds()


def test_each_language_has_sentences_of_each_kind():
    assert {seed.language for seed in ALL} == set(TAUGHT)
    for language in TAUGHT:
        assert {seed.header for seed in ALL if seed.language == language} == KNOWN
    assert len(ALL) > 14_000


def test_no_sentence_stands_there_twice():
    counted = Counter(re.sub(r"\W+", " ", seed.text.lower()).strip() or seed.text for seed in ALL)

    assert [text for text, many in counted.items() if many > 1] == []


def test_every_slot_can_be_filled():
    asked = {slot for seed in ALL for slot in SLOT.findall(seed.text)}

    assert asked <= set(SLOTS)


def test_variants_are_the_same_for_the_same_seed():
    few = ALL[::500]
    first, again = (Varied(few, random.Random(3)) for _ in range(2))

    assert [first(seed) for seed in few] == [again(seed) for seed in few]
    assert not any("{" in first.filled(seed.text) for seed in ALL)


@pytest.mark.parametrize("language", TAUGHT)
def test_each_language_has_a_list_of_words(language):
    listed = lexicon(language)

    assert set(listed.whole.values()) == {*FEELS, *SPEAKS, "not", "very"}
    assert len(listed.whole) > 1500
    assert not (SEEDS / language / "words.txt").read_text(encoding="utf-8").startswith("\ufeff")


@pytest.mark.parametrize("language", TAUGHT)
def test_each_language_has_a_list_of_what_is_at_stake(language):
    text = (SEEDS / language / "stakes.txt").read_text(encoding="utf-8")
    listed = [entry for entry, _ in entries(text)]

    assert {header for _, header in entries(text)} == {*Severity} - {Severity.ANNOYED}
    assert len(listed) == len(set(listed)) > 300
    lost = [entry for entry, header in entries(text) if header not in at_stake(entry, language)]
    assert lost == []


def at_stake(entry, language):
    """What is read in a post that has nothing else."""
    found = stakes(plain(entry.removesuffix("*")), language)
    return [severity for severity, quotes in found.quotes.items() if quotes]
