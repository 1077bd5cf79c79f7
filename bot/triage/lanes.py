"""From what was understood to what becomes of it: the kind, the lane, and the words for people."""

import math
from collections.abc import Sequence

from bot.domain.guess import Guess, Lane, Leaning, Manner
from bot.domain.mention import Kind
from bot.triage.mind import Thought

FOUND = -1.0  # log-odds: found by a keyword, and said to nobody in particular
ANNOUNCED = -2.0  # log-odds: it says itself that a machine wrote it
SURE = {"model": 0.64, "lexical": 0.7}  # from where on about nine of ten are
RECALLS = {  # the probability from which on this share of complaints is found
    "model": {0.85: 0.61, 0.9: 0.435, 0.95: 0.265, 0.97: 0.17, 0.99: 0.065},
    "lexical": {0.85: 0.52, 0.9: 0.44, 0.95: 0.325, 0.97: 0.25, 0.99: 0.13},
}
NEEDS = 0.35  # the probability from which it needs an answer; a complaint below is with the rest
UNTAUGHT = "a language that triage was not taught"
BROKEN = "triage that does not work at the moment"
WORDLESS = "words that are missing"
NOTHING = "none of the words the bot knows"
TAUGHT = "what your team said of similar ones"
JUST = 1e-6  # above a threshold
DOUBTED = -1.5  # log-odds: what a team has lowered so far is no sure complaint any more


def decide(
    thought: Thought, way: str, leaning: Leaning, threshold: float | None, taught: float = 0.0
) -> Guess:
    """`threshold` is the team's own for complaints, where its people have taught one, and `taught`
    is how many log-odds they have moved it by.

    Neither promotion nor what is automated is quiet where it sounds like a complaint. What a team
    has moved is never silenced: a sure complaint is at least to be checked, any other a question.
    Where somebody may be hurt, it is to be checked before anything is taught.
    """
    usual, needs = general(leaning.recall, way), probability(thought.needs_answer)
    from_on = threshold if threshold is not None else usual
    odds = thought.complaint - taught
    if thought.hurts:
        odds = max(odds, log_odds(max(from_on, usual)) + JUST)
    complaint, untaught = probability(odds + taught), probability(odds)
    sure = max(from_on, SURE[way])
    if complaint < from_on <= usual <= untaught or complaint < usual <= untaught:
        needs = max(needs, NEEDS)
    kind, lane = _way(complaint, needs, thought, from_on, sure)
    if kind is not Kind.COMPLAINT and untaught >= sure:
        kind, lane = Kind.COMPLAINT, Lane.CHECK
    if lane is Lane.SURE and taught <= DOUBTED:
        lane = Lane.CHECK
    changed = (complaint >= from_on) != (untaught >= from_on)
    words = TAUGHT if changed else quoted(thought.speaks.get(kind, ())) or NOTHING
    return Guess(
        kind=kind,
        lane=lane,
        because=words,
        complaint=complaint,
        needs_answer=max(needs, complaint),
        severity=thought.severity if kind is Kind.COMPLAINT else None,
        manner=thought.manner if kind is not Kind.COMPLAINT else Manner.PLAIN,
        similar=thought.similar.get(kind, ""),
    )


def _way(
    complaint: float, needs: float, thought: Thought, from_on: float, sure: float
) -> tuple[Kind, Lane]:
    if complaint >= from_on:
        return Kind.COMPLAINT, Lane.SURE if complaint >= sure else Lane.CHECK
    if needs >= NEEDS and thought.manner is Manner.PLAIN:
        return Kind.QUESTION, Lane.QUESTION
    return Kind.PRAISE if thought.praise > 0 else Kind.OTHER, Lane.REST


def general(recall: float, way: str) -> float:
    """From which probability on a complaint is one, to find this share of them: as measured."""
    points = sorted(RECALLS[way].items())
    below = [point for point in points if point[0] <= recall] or points[:1]
    above = [point for point in points if point[0] >= recall] or points[-1:]
    (low, at_low), (high, at_high) = below[-1], above[0]
    return at_low if high == low else at_low + (at_high - at_low) * (recall - low) / (high - low)


def forced(word: str, kind: Kind, lane: Lane) -> Guess:
    return Guess(kind=kind, lane=lane, because=quoted([word]))


def unclear(because: str, kind: Kind, language: str | None = None) -> Guess:
    """What can't be understood needs an answer, and a complaint's is to be checked."""
    lane = {Kind.COMPLAINT: Lane.CHECK, Kind.QUESTION: Lane.QUESTION}.get(kind, Lane.REST)
    return Guess(kind=kind, lane=lane, because=because, language=language)


def quoted(words: Sequence[str]) -> str:
    return ", ".join(f"“{word}”" for word in words)


def log_odds(probability: float) -> float:
    return math.log(probability / (1 - probability))


def probability(log_odds: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, log_odds))))
