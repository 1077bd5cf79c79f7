"""The words that spoke for a guess, as they are quoted on a card."""

from collections.abc import Mapping, Sequence

from bot.triage.encoder import Read
from bot.triage.lexical import Weighed, small_words
from bot.triage.stakes import Stakes

TELLING = 3  # quotes
MARKS = ".,;:!?…\"'()“”„«»¡¿"
IDLE = {"user", "link"}  # what stands in place of a name or an address
LONG = 40  # characters of one
PHRASE = 3  # words of one, beside the one that speaks most
SPEAKING = 0.35  # of what the strongest word says, for another to be quoted


def listed(text: str, lexical: Weighed, stakes: Stakes) -> dict[str, Sequence[str]]:
    """What word lists find for each kind, none twice; a question mark where it is all.

    Of a complaint, what is at stake comes first, the gravest before the rest.
    """
    grave = [quote for quotes in stakes.quotes.values() for quote in quotes]
    beside = [each for each in lexical.quotes["complaint"] if not _overlaps(each, grave)]
    said = {**lexical.quotes, "complaint": [*grave, *beside]}
    found: dict[str, Sequence[str]] = {
        kind: list(dict.fromkeys(quotes))[:TELLING] for kind, quotes in said.items()
    }
    if "?" in text and not found["question"]:
        found["question"] = ["?"]
    return found


def speaking(read: Read, found: Mapping[str, Sequence[str]]) -> Mapping[str, Sequence[str]]:
    """For a complaint the word list's findings, then what the sentence model went by."""
    both = list(found["complaint"])
    for quote in _quotes(read):
        if len(both) < TELLING and not _overlaps(quote.lower(), both):
            both.append(quote)
    return {**found, "complaint": both}


def _overlaps(one: str, others: Sequence[str]) -> bool:
    """Whether it shares a word that tells something with one of them."""
    said, small, no = set(one.split()), small_words()["small"], small_words()["not"]
    return any((said & set(other.lower().split())) - small - no for other in others)


def _quotes(read: Read) -> Sequence[str]:
    """The words that spoke most for a complaint, with their neighbours that did; none twice.

    A "no" is quoted with what there is none of, and no small word alone.
    """
    said = read.speaks
    bare = [word.strip(MARKS) for word, _ in said]
    spoken = [adds if _tells(word) else 0.0 for word, (_, adds) in zip(bare, said, strict=True)]
    ends = [word[-1:] in MARKS for word, _ in said]
    small, quoted = small_words()["small"], set[int]()
    telling = [at for at, word in enumerate(bare) if word.lower() not in small]
    enough = SPEAKING * max((spoken[at] for at in telling), default=0.0)
    found: list[str] = []
    for at in sorted(telling, key=lambda at: -spoken[at]):
        if spoken[at] <= enough or spoken[at] <= 0 or len(found) == TELLING:
            break
        if at in quoted:
            continue
        first, last = _trimmed(bare, ends, *_stretch(spoken, ends, at, enough))
        if first <= last and quoted.isdisjoint(range(first, last + 1)):
            quote = " ".join(bare[first : last + 1])[:LONG]
            found += [quote] if quote not in found else []
        quoted.update(range(first, last + 1))
    return found


def _trimmed(said: Sequence[str], ends: Sequence[bool], first: int, last: int) -> tuple[int, int]:
    """Without small words at its ends, but with a "no" before it and what comes after one."""
    words_ = [word.lower() for word in said]
    no, small = small_words()["not"], small_words()["small"]
    while last + 1 < len(words_) and words_[last] in no and _tells(words_[last + 1]):
        last += 1
    while first <= last and words_[first] in small:
        first += 1
    while first <= last and (words_[last] in small or words_[last] in no):
        last -= 1
    if 0 < first <= last and words_[first - 1] in no and not ends[first - 1]:
        first -= 1
    return first, last


def _tells(word: str) -> bool:
    return word.replace("'", "").replace("’", "").isalnum() and word not in IDLE


def _stretch(
    spoken: Sequence[float], ends: Sequence[bool], at: int, enough: float
) -> tuple[int, int]:
    """From which word to which the neighbours of this one speak as well, in the same sentence."""
    first = last = at
    while (
        first > 0 and not ends[first - 1] and spoken[first - 1] > enough and last - first < PHRASE
    ):
        first -= 1
    while (
        last + 1 < len(spoken)
        and not ends[last]
        and spoken[last + 1] > enough
        and last - first < PHRASE
    ):
        last += 1
    return first, last
