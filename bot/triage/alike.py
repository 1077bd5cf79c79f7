"""What people said of posts that are about the same: a few judgements move the next such post.

The layer of `residual` is made of many labels and moves everything a little. This one is made of
three, and moves only what is close to them: as far as the layer may, and no farther. Where people
disagree about what is alike, it moves hardly anything, so it needs no judge of its own. Like the
layer's, its numpy is only imported by whoever was taught something.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bot.domain.guess import Features
from bot.triage.residual import FARTHEST

Array = NDArray[np.float32]

SHARED = 16  # directions that all sentences share: how they complain, not what about
ALIKE, SAME = 0.5, 0.7  # the cosine from which on two are a little alike, and are the same
AGREED = 3.0  # judgements of what is the same that move it as far as can be


@dataclass(frozen=True)
class Subjects:
    """Tells what a text is about, apart from what it shares with all that was taught."""

    mean: Array
    shared: Array

    @classmethod
    def among(cls, means: Array) -> "Subjects":
        """`means` are sentences about everything, as embeddings of length 1."""
        mean: Array = means.mean(0)
        _, directions = np.linalg.eigh(np.cov((means - mean).T))
        return cls(mean, directions[:, -SHARED:].astype(np.float32))

    def of(self, embeddings: Array) -> Array:
        """Of length 1 as well."""
        apart = embeddings - self.mean
        about = apart - (apart @ self.shared) @ self.shared.T
        lengths = np.sqrt((about**2).sum(1, keepdims=True))
        found: Array = (about / np.maximum(lengths, 1e-6)).astype(np.float32)
        return found


@dataclass(frozen=True)
class Judged:
    """What a team's people said of some posts: 1 a complaint, -1 none."""

    subjects: Subjects
    about: Array
    said: Array

    @classmethod
    def by(cls, subjects: Subjects, some: Sequence[tuple[Features, bool]]) -> "Judged":
        embeddings = [np.frombuffer(each.embedding, dtype="<f2") for each, _ in some]
        said = [1.0 if complaint else -1.0 for _, complaint in some]
        about = subjects.of(np.array(embeddings, dtype=np.float32))
        return cls(subjects, about, np.array(said, dtype=np.float32))

    def shift(self, embedding: Array) -> float:
        """How many log-odds a post with this embedding, of length 1, is moved by."""
        return self.moved(self.subjects.of(embedding[None])[0])

    def moved(self, about: Array) -> float:
        """The same, of what it is about."""
        cosines = self.about @ about
        weights = np.clip((cosines - ALIKE) / (SAME - ALIKE), 0.0, 1.0)
        many, net = float(weights.sum()), float(weights @ self.said)
        if not many:
            return 0.0
        agreement = abs(net) / many
        return FARTHEST * float(np.clip(net / AGREED, -1.0, 1.0)) * agreement**2


def one_by_one(
    subjects: Subjects, some: Sequence[tuple[Features, bool]], near: int
) -> Sequence[float]:
    """How many log-odds each was moved by the `near` that were said before it."""
    all_of_them = Judged.by(subjects, some)
    about, said = all_of_them.about, all_of_them.said
    before = [slice(max(0, at - near), at) for at in range(len(some))]
    return [
        Judged(subjects, about[those], said[those]).moved(about[at])
        for at, those in enumerate(before)
    ]
