"""The sentence model in int8, run by onnxruntime: what a text means, as numbers, and which words.

It reads in two steps. The first two layers are enough where they are sure; in doubt, the other four
read on. So most texts take a third of the time.
"""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MOST = 128  # tokens of one window


@dataclass(frozen=True)
class Read:
    """`logits` by head; `embedding` is the mean of all tokens after the first step.

    `speaks` is how much each word adds to the complaint's log-odds, in the order of the text.
    """

    logits: Mapping[str, Sequence[float]]
    embedding: Any
    speaks: Sequence[tuple[str, float]]
    early: bool


class Encoder:
    """Raises ImportError without its libraries, OSError or ValueError without its weights."""

    def __init__(self, folder: Path) -> None:
        import numpy as np  # noqa: PLC0415
        import onnxruntime  # noqa: PLC0415
        from tokenizers import Tokenizer  # noqa: PLC0415

        self.np = np
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(MOST)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        self.first, self.rest = (
            onnxruntime.InferenceSession(
                folder / name, options, providers=["CPUExecutionProvider"]
            )
            for name in ("first.onnx", "rest.onnx")
        )
        with np.load(folder / "heads.npz") as heads:
            self.early = (heads["early_weights"], heads["early_biases"])
            self.late = (heads["late_weights"], heads["late_biases"])
        self.about = json.loads((folder / "about.json").read_text(encoding="utf-8"))

    def read(self, text: str) -> Read:
        """One window of a plain text."""
        found = self.tokenizer.encode(text)
        ids = self.np.array([found.ids], dtype=self.np.int32)
        (seen,) = self.first.run(None, {"ids": ids})
        embedding = seen[0].mean(0)
        weights, biases = self.early
        said = embedding @ weights + biases
        early = self._sure(float(said[0]))
        if not early:
            (seen,) = self.rest.run(None, {"seen": seen})
            weights, biases = self.late
            said = seen[0].mean(0) @ weights + biases
        spoken = seen[0] @ weights[:, 0]
        return Read(self._by_head(said), embedding, _by_word(text, found, spoken), early)

    def _sure(self, complaint: float) -> bool:
        low, high = self.about["sure"]
        return not low < complaint < high

    def _by_head(self, said: Any) -> Mapping[str, Sequence[float]]:
        columns: dict[str, int] = self.about["heads"]
        ends = self.np.cumsum(list(columns.values()))
        parts = self.np.split(said, ends[:-1])
        return {name: part.tolist() for name, part in zip(columns, parts, strict=True)}


def _by_word(text: str, found: Any, spoken: Any) -> Sequence[tuple[str, float]]:
    """What the tokens of each word add up to, above what is usual in this text."""
    usual, words = float(spoken.mean()), []
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
