"""How good guesses are, held against what people say: the usual figures, and a table of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

BINS = 10  # of equal width, for the calibration error (Naeini et al., 2015)


@dataclass(frozen=True)
class Scored:
    """The probabilities of a complaint, and whether each is one."""

    guessed: Sequence[float]
    labels: Sequence[bool]

    def counted(self, from_on: float) -> tuple[int, int, int, int]:
        """Found, false alarms, missed, and rightly passed by."""
        pairs = list(zip(self.guessed, self.labels, strict=True))
        found = sum(p >= from_on and yes for p, yes in pairs)
        alarms = sum(p >= from_on and not yes for p, yes in pairs)
        missed = sum(self.labels) - found
        return found, alarms, missed, len(pairs) - found - alarms - missed

    def recall(self, from_on: float) -> float:
        found, _, missed, _ = self.counted(from_on)
        return _share(found, found + missed)

    def precision(self, from_on: float) -> float:
        found, alarms, _, _ = self.counted(from_on)
        return _share(found, found + alarms)

    def macro_f1(self, from_on: float) -> float:
        """The mean of both classes' F1."""
        found, alarms, missed, passed = self.counted(from_on)
        wrong = alarms + missed
        return (_share(2 * found, 2 * found + wrong) + _share(2 * passed, 2 * passed + wrong)) / 2

    @property
    def auc(self) -> float:
        """How often a complaint is guessed higher than what is none; equal ones count half."""
        ranked = sorted(zip(self.guessed, self.labels, strict=True))
        yes, no, sum_, at = sum(self.labels), len(ranked) - sum(self.labels), 0.0, 0
        while at < len(ranked):
            end = at
            while end < len(ranked) and ranked[end][0] == ranked[at][0]:
                end += 1
            sum_ += sum(label for _, label in ranked[at:end]) * (at + 1 + end) / 2
            at = end
        return _share(sum_ - yes * (yes + 1) / 2, yes * no)

    @property
    def calibration_error(self) -> float:
        """How far guesses are from what is so, on average over all (ECE)."""
        bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
        for p, yes in zip(self.guessed, self.labels, strict=True):
            bins[min(BINS - 1, int(p * BINS))].append((p, yes))
        off = (abs(sum(p for p, _ in each) - sum(yes for _, yes in each)) for each in bins)
        return _share(sum(off), len(self.labels))

    def threshold(self, recall: float) -> float:
        """The highest from which on this share of the complaints is found."""
        complaints = sorted((p for p, yes in zip(self.guessed, self.labels, strict=True) if yes))
        return complaints[int((1 - recall) * len(complaints) + 1e-9)] if complaints else 0.0

    def best(self, figure: Callable[[float], float]) -> tuple[float, float]:
        """Where a figure is highest, and how high."""
        tried = sorted(set(self.guessed))[:: max(1, len(self.guessed) // 200)]
        return max(((at, figure(at)) for at in tried), key=lambda each: each[1])


def table(scored: Scored, from_on: float, recall: float) -> Iterator[str]:
    """What `python -m bot triage --report` prints."""
    wanted = scored.threshold(recall)
    best, _ = scored.best(scored.macro_f1)
    yield f"{len(scored.labels)} texts, {sum(scored.labels)} of them complaints"
    yield f"AUC                {scored.auc:.3f}"
    yield f"calibration error  {scored.calibration_error:.3f}"
    yield "threshold  recall  precision  macro-F1"
    named = ((from_on, "as it is set"), (0.5, ""), (best, "the best macro-F1"))
    for at, what in (*named, (wanted, f"for a recall of {recall:g}")):
        figures = f"{at:9.3f}  {scored.recall(at):6.3f}  {scored.precision(at):9.3f}"
        yield f"{figures}  {100 * scored.macro_f1(at):8.1f}  {what}".rstrip()


def _share(part: float, whole: float) -> float:
    return part / whole if whole else 0.0
