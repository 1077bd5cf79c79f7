"""Teaches the lexical model: a logistic regression on what its features count."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn import functional

from bot.triage.encoder import EIGHT_BITS
from bot.triage.lexical import BUCKETS, HEADS, Feature, Lexical
from bot.triage.training.regression import fitted

PENALTY = 2.0  # on the squares of all weights, for the whole of the sentences
STEPS = 60


def weigh(counted: Sequence[Sequence[Feature]], targets: Tensor) -> Lexical:
    """Fit one row of weights for each head; `targets` are probabilities, sentences by heads."""

    def missed(said: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(said, targets, reduction="sum")

    rows = table(counted)
    return _in_bytes(*fitted(rows, len(HEADS), missed, penalty=PENALTY, steps=STEPS))


def table(counted: Sequence[Sequence[Feature]]) -> Tensor:
    """Features as rows of a sparse matrix, a column for each bucket."""
    rows = [row for row, features in enumerate(counted) for _ in features]
    buckets = [bucket for features in counted for bucket, _ in features]
    values = [value for features in counted for _, value in features]
    shape = (len(counted), BUCKETS)
    return torch.sparse_coo_tensor(torch.tensor([rows, buckets]), values, shape).coalesce()


def _in_bytes(weights: Tensor, biases: Tensor) -> Lexical:
    most = weights.abs().max(0).values
    scales = (most / EIGHT_BITS).tolist()
    eighths = (weights / most * EIGHT_BITS).round().to(torch.int8).T.contiguous()
    return Lexical(eighths.numpy().tobytes(), scales, biases.tolist())
