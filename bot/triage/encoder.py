"""The sentence model in int8, run by onnxruntime: what a text means, and by which words."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST = 128  # tokens of one window
EIGHT_BITS = 127  # the largest number in them


@dataclass(frozen=True)
class Read:
    """`logits` by head; `embedding` is the mean of what was understood of each token.

    `speaks` is how much each word adds to the complaint's log-odds, in the order of the text.
    """

    logits: Mapping[str, Sequence[float]]
    embedding: Any
    speaks: Sequence[tuple[str, float]]


class Encoder:
    """Raises ImportError without its libraries; without its weights, whatever tells of that.

    The embeddings of word pieces are half of all weights, and only read from their file where a
    text has them.
    """

    def __init__(self, folder: Path) -> None:
        import numpy as np
        import onnxruntime
        from tokenizers import Tokenizer

        self.np = np
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MOST)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self.session = onnxruntime.InferenceSession(
            folder / "encoder.onnx", options, providers=["CPUExecutionProvider"]
        )
        self.words = np.load(folder / "words.npy", mmap_mode="r")
        with np.load(folder / "places.npz") as places:
            self.scales, self.places = places["scales"], places["places"]
        with np.load(folder / "heads.npz") as heads:
            self.weights, self.biases = heads["weights"], heads["biases"]
        self.about = json.loads((folder / "about.json").read_text(encoding="utf-8"))

    def read(self, text: str) -> Read:
        """One window of a plain text."""
        found = self.tokenizer.encode(text)
        seen = self.session.run(None, {"embedded": self._embedded(found.ids)[None]})[0][0]
        embedding = seen.mean(0)
        said = embedding @ self.weights + self.biases
        spoken = seen @ self.weights[:, 0]
        return Read(self._by_head(said), embedding, _by_word(text, found, spoken))

    def _embedded(self, ids: Sequence[int]) -> Any:
        return self.words[ids] * self.scales[ids, None] + self.places[: len(ids)]

    def _by_head(self, said: Any) -> Mapping[str, Sequence[float]]:
        columns: dict[str, int] = self.about["heads"]
        ends = self.np.cumsum(list(columns.values()))
        parts = self.np.split(said, ends[:-1])
        return {name: part.tolist() for name, part in zip(columns, parts, strict=True)}


def _by_word(text: str, found: Any, spoken: Any) -> Sequence[tuple[str, float]]:
    """What the tokens of each word add up to, above what is usual in this text."""
    usual = float(spoken.mean())
    words: list[tuple[int, int, float]] = []
    for (start, end), adds in zip(found.offsets, spoken.tolist(), strict=True):
        if end <= start:
            continue
        if words and start == words[-1][1]:
            first, _, sum_ = words[-1]
            words[-1] = (first, end, max(sum_, adds - usual))
        else:
            words.append((start, end, adds - usual))
    share = math.sqrt(len(words) or 1)
    return [(text[start:end], sum_ / share) for start, end, sum_ in words]
