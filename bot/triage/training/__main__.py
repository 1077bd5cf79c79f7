"""`make train`: teaches triage from its seeds, and writes bot/triage/weights."""

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import structlog
import torch

from bot.triage.encoder import EIGHT_BITS, Encoder
from bot.triage.lexical import BUCKETS, HEADS, features
from bot.triage.mind import WEIGHTS
from bot.triage.reading import plain
from bot.triage.training.classing import head
from bot.triage.training.fitting import EARLY_LAYERS, EPOCHS, SEED, Taught, fit
from bot.triage.training.graph import export
from bot.triage.training.network import HEADS as COLUMNS
from bot.triage.training.network import MODEL, Network
from bot.triage.training.seeds import KINDS, Seed, Varied, seeds
from bot.triage.training.speech import usual
from bot.triage.training.weighing import weigh
from bot.triage.version import TOLD, digest, version

log = structlog.get_logger()

VARIANTS = 2  # of each sentence, for the lexical model
ALIKE = 60  # sentences of one language and header that a post can be likened to
SHORT = 110  # characters of those


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bot.triage.training", description=__doc__)
    parser.add_argument("--out", type=Path, default=WEIGHTS, help="where the weights go")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--epochs", type=int, default=EPOCHS)
    parser.add_argument(
        "--only", choices=("languages", "words", "network", "heads", "taught"), help="a part of it"
    )
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    began, known = time.monotonic(), seeds()
    parts = {
        "languages": teach_languages,
        "words": teach_words,
        "network": teach_network,
        "heads": teach_heads,
        "taught": keep_taught,
    }
    for name, part in parts.items():
        if given.only in (None, name):
            part(known, given)
            log.info("training.done", part=name, seconds=round(time.monotonic() - began))
    number(given.out, version(WEIGHTS) + 1)


def teach_languages(known: Sequence[Seed], given: argparse.Namespace) -> None:
    """By which words languages are told apart: languages.json."""
    words = [
        f"{json.dumps(word, ensure_ascii=False)}: {odds}" for word, odds in usual(known).items()
    ]
    text = ",\n".join(words)
    (given.out / "languages.json").write_text(f"{{\n{text}\n}}\n", encoding="utf-8")


def teach_words(known: Sequence[Seed], given: argparse.Namespace) -> None:
    """The lexical model: lexical.bin, and its scales in lexical.json."""
    varied = Varied(known, random.Random(given.seed))  # noqa: S311  # no secrets here
    counted, targets = [], []
    for seed in [*known] * VARIANTS:
        counted.append(list(features(plain(varied(seed)), seed.language)))
        wanted = seed.target
        praised = float(wanted.kind == KINDS.index("praise"))
        targets.append((wanted.complaint, wanted.needs_answer, praised))
    model = weigh(counted, torch.tensor(targets).clamp(0, 1))
    (given.out / "lexical.bin").write_bytes(model.weights.tobytes())
    about = {"scales": model.scales, "biases": model.biases, "heads": HEADS, "buckets": BUCKETS}
    _write(given.out / "lexical.json", about)


def teach_network(known: Sequence[Seed], given: argparse.Namespace) -> None:
    """The sentence model: what `export` writes, heads.npz, tokenizer.json, about.json."""
    network = Network()
    fit(Taught(network, EARLY_LAYERS), known, given.seed, given.epochs)
    export(network, given.out)
    np.savez(
        given.out / "heads.npz",
        weights=network.heads.weight.detach().numpy().T,
        biases=network.heads.bias.detach().numpy(),
    )
    words = json.loads((MODEL / "tokenizer.json").read_text(encoding="utf-8"))
    words["truncation"] = words["padding"] = None
    _write(given.out / "tokenizer.json", words, indent=None)
    _write(
        given.out / "about.json", {"heads": COLUMNS, "sentences": len(known), "seed": given.seed}
    )


def teach_heads(known: Sequence[Seed], given: argparse.Namespace) -> None:
    """Severity, of complaints alone, and manner, in heads.npz."""
    encoder = Encoder(given.out)
    varied = Varied(known, random.Random(given.seed))  # noqa: S311  # no secrets here
    means = np.array([encoder.read(plain(varied(seed))).embedding for seed in known])
    severity = np.array([seed.target.severity for seed in known])
    manner = np.array([seed.target.manner for seed in known])
    complains, weights, biases = severity > 0, encoder.weights.copy(), encoder.biases.copy()
    first = sum(COLUMNS[name] for name in ("complaint", "needs_answer", "kind"))
    grave, quiet = (
        first + 1,
        first + COLUMNS["severity"],
    )  # the first is for what complains of nothing
    for columns, of, classes in (
        (slice(grave, quiet), complains, severity - 1),
        (slice(quiet, None), np.ones_like(complains), manner),
    ):
        many = len(biases[columns])
        weights[:, columns], biases[columns] = head(means[of], classes[of], many)
    np.savez(given.out / "heads.npz", weights=weights, biases=biases)


def keep_taught(known: Sequence[Seed], given: argparse.Namespace) -> None:
    """What a post can be likened to: taught.json, and the sentences' embeddings in taught.npy."""
    encoder, varied = Encoder(given.out), Varied((), random.Random(given.seed))  # noqa: S311
    by_header: dict[tuple[str, str], list[Seed]] = defaultdict(list)
    for seed in known:
        if 12 < len(seed.text) <= SHORT:
            by_header[seed.language, seed.header].append(seed)
    chosen = [
        seed for alike in by_header.values() for seed in alike[:: max(1, len(alike) // ALIKE)]
    ]
    texts = [varied.filled(seed.text) for seed in chosen]
    means = np.array([encoder.read(plain(text)).embedding for text in texts])
    means /= np.linalg.norm(means, axis=1, keepdims=True)
    np.save(given.out / "taught.npy", (means * EIGHT_BITS).round().astype(np.int8))
    told = [[seed.header, seed.language, text] for seed, text in zip(chosen, texts, strict=True)]
    _write(given.out / "taught.json", told, indent=0)


def number(folder: Path, as_version: int) -> None:
    """So that what teams taught other weights is not taken for theirs: about.json."""
    about = json.loads((folder / TOLD).read_text(encoding="utf-8"))
    _write(folder / TOLD, {**about, "version": as_version, "digest": digest(folder)})


def _write(file: Path, about: object, indent: int | None = 1) -> None:
    text = json.dumps(about, indent=indent, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
