"""A logistic regression, kept small by a penalty on the squares of its weights."""

from collections.abc import Callable

import torch
from torch import Tensor


def fitted(
    seen: Tensor, columns: int, missed: Callable[[Tensor], Tensor], *, penalty: float, steps: int
) -> tuple[Tensor, Tensor]:
    """Weights and biases; `seen` are rows of features, and `missed` sums up how wrong a guess is.

    `penalty` is for all rows together, `steps` how many are taken at most.
    """
    weights = torch.zeros(seen.shape[1], columns, requires_grad=True)
    biases = torch.zeros(columns, requires_grad=True)
    search = torch.optim.LBFGS([weights, biases], max_iter=steps, line_search_fn="strong_wolfe")

    def loss() -> Tensor:
        search.zero_grad()
        whole = missed(seen @ weights + biases) + penalty * (weights**2).sum() / 2
        whole.backward()  # type: ignore[no-untyped-call]
        return whole

    search.step(loss)  # type: ignore[no-untyped-call]
    return weights.detach(), biases.detach()
