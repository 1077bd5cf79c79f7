"""What triage makes of a mention: what it is about, how sure that is, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from struct import calcsize, pack, unpack

from bot.domain.mention import Kind

LOG_ODDS = "<ff"
GENERAL = 0.3  # from where on something counts as a complaint, where nothing better is known
RECALL = 0.95  # of a hundred complaints, so many are to be found


class Lane(StrEnum):
    """Which way a mention goes; on each of them it waits until it has an outcome."""

    SURE = "sure"  # a complaint, and of ten of them about nine are
    CHECK = "check"  # it has the complaint's clock until somebody says that it is none
    QUESTION = "question"  # it needs an answer, and has the longer deadline
    REST = "rest"  # gathered in the daily list


class Severity(StrEnum):
    """How much is at stake in a complaint, the least first."""

    ANNOYED = "annoyed"
    ANGRY = "angry"
    LEAVING = "leaving"  # to leave, to warn others, to sue
    SAFETY = "safety"  # somebody is or could be hurt, or robbed


class Manner(StrEnum):
    """How it was written."""

    PLAIN = "plain"
    AUTOMATED = "automated"  # out of office, receipts, bots
    PROMOTION = "promotion"  # advertisements, spam
    COPIED = "copied"  # the same words as many others


@dataclass(frozen=True, kw_only=True)
class Guess:
    """`because` is what spoke for it, in words for people.

    `complaint` and `needs_answer` are calibrated: of what has 0.8, about 80 % are. None: nobody
    could tell, so it counts as what must not be missed. `similar` is the taught sentence that is
    closest to it. `thanks`: it sounds like a last word, and nothing in it needs an answer.
    """

    kind: Kind
    lane: Lane
    because: str
    complaint: float | None = None
    needs_answer: float | None = None
    severity: Severity | None = None
    manner: Manner = Manner.PLAIN
    language: str | None = None  # as we understand it, or else as its platform says (BCP 47)
    similar: str = ""
    thanks: bool = False


@dataclass(frozen=True, kw_only=True)
class Leaning:
    """What one team wants of triage.

    `recall` is the share of complaints that are to be found, from 0.5 to 0.99. `complaints` and
    `others` are keywords that decide alone, the first before the second. `unknown` is what counts
    in a language that triage was not taught.
    """

    recall: float = RECALL
    complaints: Sequence[str] = ()
    others: Sequence[str] = ()
    unknown: Kind = Kind.COMPLAINT


@dataclass(frozen=True, kw_only=True)
class Features:
    """What a mention is to triage in numbers: what a team's own layer is taught by.

    `embedding` has 384 numbers of two bytes (float16, little-endian), of length 1 together;
    `complaint` and `needs_answer` are the log-odds of the general guess, which no team has taught.
    """

    embedding: bytes
    complaint: float
    needs_answer: float

    def as_bytes(self) -> bytes:
        return pack(LOG_ODDS, self.complaint, self.needs_answer) + self.embedding

    @classmethod
    def from_bytes(cls, kept: bytes) -> "Features":
        head = calcsize(LOG_ODDS)
        complaint, needs_answer = unpack(LOG_ODDS, kept[:head])
        return cls(embedding=kept[head:], complaint=complaint, needs_answer=needs_answer)


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """What a team's people have taught: how far the general guess is moved, and from where on.

    `weights` has 384 numbers of four bytes (float32, little-endian). `threshold` is the probability
    from which it counts as a complaint; None: the general one.
    """

    weights: bytes
    bias: float
    threshold: float | None = None
