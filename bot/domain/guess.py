"""What triage makes of a mention: what it is about, how sure that is, and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from struct import calcsize, pack, unpack

from bot.domain.mention import Kind

LOG_ODDS = "<ff"
GENERAL = 0.3  # from where on something counts as a complaint, where nothing better is known
RECALL = 0.95  # of all complaints, the share that is to be found
DAILY = timedelta(days=1)  # what needs no answer is gathered with the morning's list
AT_ONCE = timedelta(0)  # or each of it has a card, and nothing is gathered
LIKELY = 0.5  # that it needs an answer: below, it need have no card of its own


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
    COPIED = "copied"  # the same words as many others
    AUTOMATED = "automated"  # out of office, receipts, bots
    PROMOTION = "promotion"  # advertisements, spam


@dataclass(frozen=True, kw_only=True)
class Guess:
    """`because` is what spoke for it, in words for people.

    `complaint` and `needs_answer` are calibrated: of what has 0.8, about 80 % are. None: nobody
    could tell, so it counts as what must not be missed. `similar` is the taught sentence that is
    closest to it. `thanks`: it sounds like a last word, and nothing in it needs an answer. `words`
    is the same for all who say the same, "" for what is short: nobody can read them from it.
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
    words: str = ""

    @property
    def untaught(self) -> bool:
        """Whether it is in a language that triage was not taught, and so was not understood."""
        forced = "“" in self.because
        return self.language is not None and self.complaint is None and not forced

    @property
    def aside(self) -> str:
        """How what needs no answer was written; "" where it must not wait for the daily list."""
        if self.kind is Kind.COMPLAINT:
            return ""
        needless = self.needs_answer is not None and self.needs_answer < LIKELY
        rest = self.lane is Lane.REST and needless
        return self.manner.value if rest or self.manner is not Manner.PLAIN else ""


@dataclass(frozen=True, kw_only=True)
class Leaning:
    """What one team wants of triage.

    `recall` is the share of complaints that are to be found, from 0.5 to 0.99. `complaints` and
    `others` are keywords that decide alone, the first before the second. `unknown` is what counts
    in a language that triage was not taught. `gather` is how long what needs no answer may wait
    until it is shown, all of it in one message.
    """

    recall: float = RECALL
    complaints: Sequence[str] = ()
    others: Sequence[str] = ()
    unknown: Kind = Kind.COMPLAINT
    gather: timedelta = DAILY


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


def gravest(*severities: str) -> str:
    """Of several, the one with most at stake; "" where nobody could tell of any."""
    known = [each for each in Severity if each in severities]
    return known[-1].value if known else ""
