"""Ten folds of labelled posts, as papers do it: how good the network gets on them. Nothing ships.

`python -m bot.triage.training.folds posts.csv` teaches it the seeds, and then, for each fold anew,
what stands in the other nine: more than once, each time by another luck, for the mean of them is
better than any. A lexical model reads it as well. Columns: text, complaint (0 or 1) and, where
posts are alike, group.
"""

import argparse
import csv
import random
from collections.abc import Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path

import structlog
import torch
from torch import Tensor
from torch.nn import functional

from bot.triage.languages import FIRST
from bot.triage.lexical import features
from bot.triage.reading import HANDLE, plain
from bot.triage.report import Scored
from bot.triage.training.fitting import (
    EARLY_LAYERS,
    SEED,
    Taught,
    fit,
    go,
    of_like_lengths,
    optimizer,
    pace,
    smooth,
)
from bot.triage.training.network import Network, Tokens
from bot.triage.training.regression import fitted
from bot.triage.training.seeds import seeds
from bot.triage.training.weighing import table

log = structlog.get_logger()

FOLDS, EPOCHS, BATCH, MOST = 10, 3, 16, 96
SORTED = 256
NETWORKS = 2
STEP, HEADS_STEP = 4e-5, 4e-4
SMOOTH = 0.05
NETWORK, WORDS = 0.6, 0.5  # what the log-odds of each weigh
PENALTY, SEARCH = 0.3, 60  # of the lexical model


@dataclass(frozen=True)
class Post:
    text: str
    complaint: float
    group: str


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.triage.training.folds")
    parser.add_argument("posts", type=Path)
    parser.add_argument("--seed", type=int, default=SEED)
    given = parser.parse_args()
    posts = _read(given.posts)
    taught = Taught(Network(), EARLY_LAYERS)
    fit(taught, seeds(), given.seed)
    guessed: dict[int, float] = {}
    for number, held in enumerate(_folds(posts, given.seed)):
        left_out = set(held)
        rest = [post for at, post in enumerate(posts) if at not in left_out]
        asked = [posts[at].text for at in held]
        networks = [_taught(taught.network, rest, luck) for luck in range(1, NETWORKS + 1)]
        network = torch.stack([_guesses(each, asked) for each in networks]).mean(0)
        odds = NETWORK * network + WORDS * _by_words(rest, asked)
        guessed |= zip(held, torch.sigmoid(odds).tolist(), strict=True)
        scored = Scored(list(guessed.values()), [bool(posts[at].complaint) for at in guessed])
        log.info("folds.done", fold=number, auc=scored.auc, macro_f1=100 * scored.macro_f1(0.5))


def _read(file: Path) -> Sequence[Post]:
    with file.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["complaint"] in ("0", "1")]
    return [
        Post(_named(row["text"]), float(row["complaint"]), row.get("group") or str(at))
        for at, row in enumerate(rows)
    ]


def _named(text: str) -> str:
    """Who is spoken to counts as well: half of the set was said to support accounts."""
    return f"{plain(text)} {' '.join(HANDLE.findall(text))}"


def _folds(posts: Sequence[Post], seed: int) -> Iterator[Sequence[int]]:
    """Those of a group stay together, and each fold has its share of complaints."""
    groups: dict[str, list[int]] = {}
    for at, post in enumerate(posts):
        groups.setdefault(post.group, []).append(at)
    order = list(groups.values())
    random.Random(seed).shuffle(order)  # noqa: S311  # no secrets here
    order.sort(key=lambda of: posts[of[0]].complaint)
    for fold in range(FOLDS):
        yield [at for group in order[fold::FOLDS] for at in group]


def _taught(network: Network, of: Sequence[Post], seed: int) -> Network:
    """A copy that has read these as well."""
    torch.manual_seed(seed)
    luck, tokens, network = random.Random(seed), Tokens(MOST), deepcopy(network)  # noqa: S311
    steps = optimizer(network, [network.heads])
    whole, done = EPOCHS * len(of) / BATCH, 0
    network.train()
    for _ in range(EPOCHS):
        order = list(of)
        luck.shuffle(order)
        for batch in of_like_lengths(
            order, luck, lambda post: post.text, of=BATCH, sorted_by=SORTED
        ):
            pace(steps, (STEP, HEADS_STEP), done / whole)
            said = network(*tokens([post.text for post in batch]))[:, 0]
            wanted = torch.tensor([post.complaint for post in batch])
            missed = functional.binary_cross_entropy_with_logits(said, smooth(wanted, SMOOTH))
            go(steps, network, missed)
            done += 1
    network.eval()
    return network


def _guesses(network: Network, texts: Sequence[str]) -> Tensor:
    tokens = Tokens(MOST)
    with torch.inference_mode():
        said = [network(*tokens(texts[at : at + 64])) for at in range(0, len(texts), 64)]
    return torch.cat(said)[:, 0]


def _by_words(of: Sequence[Post], texts: Sequence[str]) -> Tensor:
    """What a lexical model says of texts, in log-odds, after it has read the posts."""
    wanted = torch.tensor([post.complaint for post in of])

    def missed(said: Tensor) -> Tensor:
        return functional.binary_cross_entropy_with_logits(said[:, 0], wanted, reduction="sum")

    weights, biases = fitted(
        _counted([post.text for post in of]), 1, missed, penalty=PENALTY, steps=SEARCH
    )
    return (_counted(texts) @ weights + biases)[:, 0]


def _counted(texts: Sequence[str]) -> Tensor:
    return table([list(features(text, FIRST)) for text in texts])


if __name__ == "__main__":
    main()
