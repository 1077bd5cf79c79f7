"""`python -m bot triage`: a text a line, answered with a guess; with labels, how good they are."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bot.domain.asked import Wrong, answered, asked
from bot.domain.guess import Guess, Leaning
from bot.domain.mention import Customer, Kind, Mention, storable
from bot.triage import BALANCED, Triage
from bot.triage.report import Scored, table

QUOTED = re.compile(r"“(.+?)”")
NOW = datetime(2026, 1, 1, tzinfo=UTC)  # of a text without a time, which triage does not look at
EXAMPLE = '{"text": "Still waiting", "label": 1}'


@dataclass(frozen=True)
class Line:
    """One text, and whether it is a complaint where somebody has said so."""

    mention: Mention
    label: bool | None = None


def answers(lines: Iterable[str], triage: Triage, leaning: Leaning = BALANCED) -> Iterator[str]:
    """One line of JSON for each that is not blank; a bad one says why, and the rest goes on."""
    for _, line in asked(lines):
        try:
            yield answered(_told(triage.guess(read(line).mention, leaning)))
        except Wrong as problem:
            yield answered({"error": str(problem)})


def report(lines: Iterable[str], triage: Triage, leaning: Leaning = BALANCED) -> Iterator[str]:
    """The table of figures; raises Wrong at a line that can't be read or has no label."""
    guessed, labels = [], []
    for number, line in asked(lines):
        try:
            labelled = read(line)
        except Wrong as problem:
            raise Wrong(f"Line {number}: {problem}") from None
        if labelled.label is None:
            raise Wrong(f"Line {number} has no label. Write lines such as {EXAMPLE}.")
        guessed.append(_probability(triage.guess(labelled.mention, leaning)))
        labels.append(labelled.label)
    if len(set(labels)) < 2:
        raise Wrong("A report needs lines that are complaints and lines that are none.")
    from_on = triage.threshold(leaning.recall)
    return table(Scored(guessed, labels), from_on, leaning.recall)


def heard(text: str) -> Mention:
    """A mention of which nothing but its words is known."""
    return _mention({"text": text})


def read(line: str) -> Line:
    """Plain text, or JSON with text and, if wanted, label, subject, language and rating."""
    if not line.startswith("{"):
        return Line(heard(line))
    try:
        given = json.loads(line)
    except (ValueError, RecursionError) as problem:
        raise Wrong(f"This is not JSON ({problem}). Write lines such as {EXAMPLE}.") from None
    label = given.get("label")
    if label not in (None, 0, 1, True, False) or isinstance(label, float):
        raise Wrong(f"A label is 0 or 1, and not {label!r:.60}.")
    return Line(_mention(given), None if label is None else bool(label))


def _mention(given: Mapping[str, Any]) -> Mention:
    for name in ("text", "subject", "language"):
        if not isinstance(given.get(name, ""), str):
            raise Wrong(f"Its {name} must be text, as in {EXAMPLE}.")
    if "text" not in given:
        raise Wrong(f"It has no text. Write lines such as {EXAMPLE}.")
    try:
        mention = Mention(
            account="demo",
            key="line",
            thread="line",
            customer=Customer(platform="demo", key="somebody", handle="somebody"),
            text=given["text"],
            subject=given.get("subject", ""),
            language=given.get("language") or None,
            rating=given.get("rating"),
            posted_at=NOW,
        )
    except (TypeError, ValueError) as problem:
        raise Wrong(str(problem)) from None
    return mention.storable()


def _told(guess: Guess) -> Mapping[str, Any]:
    return {
        "kind": guess.kind,
        "lane": guess.lane,
        "complaint": _rounded(guess.complaint),
        "needs_answer": _rounded(guess.needs_answer),
        "severity": guess.severity,
        "manner": guess.manner,
        "language": guess.language,
        "because": QUOTED.findall(guess.because) or [guess.because],
        "similar": storable(guess.similar),
    }


def _rounded(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 3)


def _probability(guess: Guess) -> float:
    """What decides alone, or can't be told, has no probability of its own."""
    return guess.complaint if guess.complaint is not None else float(guess.kind is Kind.COMPLAINT)
