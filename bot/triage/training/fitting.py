"""Fine-tunes the network on the seeds, its early heads together with its late ones."""

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import astuple
from typing import TypeVar

import structlog
import torch
from torch import Tensor, nn
from torch.nn import functional

from bot.triage.languages import FIRST
from bot.triage.reading import plain
from bot.triage.training.network import COLUMNS, WIDTH, Network, Tokens
from bot.triage.training.seeds import Seed, Varied

log = structlog.get_logger()

Read = TypeVar("Read")

SEED = 7
EARLY_LAYERS = 2  # after which heads are taught as well, to keep them to the point
EPOCHS = 2
BATCH = 32
MOST = 72  # tokens
SORTED = 1024  # of which batches of like lengths are made
STEP, HEADS_STEP = 5e-5, 1e-3  # AdamW's, at the highest
WARM = 0.04  # of all steps
FOREIGN = 0.5  # of what is not English is read in an epoch
SMOOTH = 0.03
EARLY, ALIKE = 0.6, 0.5  # what the early heads' own mistakes weigh, and that they say otherwise


class Taught(nn.Module):
    """The network with heads after `first` layers as well."""

    def __init__(self, network: Network, first: int) -> None:
        super().__init__()
        self.network, self.first = network, first
        self.early = nn.Linear(WIDTH, COLUMNS)
        nn.init.normal_(self.early.weight, std=0.02)
        nn.init.zeros_(self.early.bias)

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """What the early and the late heads say."""
        network, first = self.network, self.first
        seen = network.early(first, ids, mask)
        return self.early(network.mean(seen, mask)), network.late(first, seen, mask)


def fit(taught: Taught, of: Sequence[Seed], seed: int, epochs: int = EPOCHS) -> None:
    """In place; the same for the same seed, up to what threads add in another order."""
    torch.manual_seed(seed)
    luck, tokens = random.Random(seed), Tokens(MOST)  # noqa: S311  # no secrets here
    varied, heads = Varied(of, luck), [taught.early, taught.network.heads]
    steps = optimizer(taught, heads)
    foreign = sum(each.language != FIRST for each in of)
    whole, done = epochs * ((len(of) - foreign * (1 - FOREIGN)) / BATCH + 8), 0
    taught.train()
    for epoch in range(epochs):
        for batch in _batches(of, varied, luck):
            pace(steps, (STEP, HEADS_STEP), done / whole)
            ids, mask = tokens([text for text, _ in batch])
            early, late = taught(ids, mask)
            targets = [torch.tensor(each) for each in zip(*(t for _, t in batch), strict=True)]
            alike = functional.binary_cross_entropy_with_logits(
                early[:, :2], torch.sigmoid(late[:, :2].detach())
            )
            missed = _missed(late, targets) + EARLY * _missed(early, targets) + ALIKE * alike
            go(steps, taught, missed)
            done += 1
            if done % 50 == 0:
                log.info(
                    "training.step", epoch=epoch, of=int(whole), done=done, missed=float(missed)
                )
    taught.eval()


def optimizer(body: nn.Module, heads: Sequence[nn.Module]) -> torch.optim.Optimizer:
    """Two groups of weights, the second those of the heads, which begin from nothing."""
    own = [weight for head in heads for weight in head.parameters()]
    rest = [w for w in body.parameters() if w.requires_grad and all(w is not o for o in own)]
    return torch.optim.AdamW([{"params": rest}, {"params": own}], weight_decay=0.01)


def go(steps: torch.optim.Optimizer, body: nn.Module, missed: Tensor) -> None:
    """One step towards missing less."""
    steps.zero_grad()
    missed.backward()  # type: ignore[no-untyped-call]
    nn.utils.clip_grad_norm_(body.parameters(), 1.0)
    steps.step()


def pace(steps: torch.optim.Optimizer, highest: Sequence[float], done: float) -> None:
    """Set how far each group of weights goes: more and more at first, then less and less."""
    now = min(1.0, done / WARM + 0.01) * max(0.02, 1 - done)
    for group, step in zip(steps.param_groups, highest, strict=True):
        group["lr"] = step * now


def _batches(
    of: Sequence[Seed], varied: Varied, luck: random.Random
) -> Iterator[Sequence[tuple[str, tuple[float, ...]]]]:
    """All English sentences and some of the others, in another order and form each time."""
    drawn = [each for each in of if each.language == FIRST or luck.random() < FOREIGN]
    read = [(plain(varied(each)), astuple(each.target)) for each in drawn]
    luck.shuffle(read)
    yield from of_like_lengths(read, luck, lambda each: each[0], of=BATCH, sorted_by=SORTED)


def of_like_lengths(
    shuffled: Sequence[Read],
    luck: random.Random,
    text: Callable[[Read], str],
    *,
    of: int,
    sorted_by: int,
) -> Iterator[Sequence[Read]]:
    """Batches `of` so many whose texts are about as long, made of so many in a row."""
    for start in range(0, len(shuffled), sorted_by):
        part = sorted(shuffled[start : start + sorted_by], key=lambda each: len(text(each)))
        batches = [part[at : at + of] for at in range(0, len(part), of)]
        luck.shuffle(batches)
        yield from batches


def _missed(said: Tensor, targets: Sequence[Tensor]) -> Tensor:
    complaint, needs, kind, severity, manner = targets
    yes_or_no = functional.binary_cross_entropy_with_logits
    one_of = functional.cross_entropy
    return (
        yes_or_no(said[:, 0], smooth(complaint))
        + 0.5 * yes_or_no(said[:, 1], smooth(needs))
        + 0.5 * one_of(said[:, 2:6], kind, label_smoothing=0.05)
        + 0.3 * one_of(said[:, 6:11], severity, label_smoothing=0.05)
        + 0.2 * one_of(said[:, 11:15], manner)
    )


def smooth(target: Tensor, by: float = SMOOTH) -> Tensor:
    """A little less sure than it is told, on either side."""
    return target * (1 - 2 * by) + by
