"""The network as an ONNX graph in int8, and what it is given of each word piece beside it.

Operators that belong together are one (onnxruntime's own domain), which halves the time. The
embeddings stay outside: a graph keeps them in memory, a file of their own is read where needed.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime.quantization import QuantType, quantize_dynamic
from torch import Tensor

from bot.triage.encoder import EIGHT_BITS, MOST
from bot.triage.training.network import ATTENDING, EPSILON, WIDTH, Layer, Network

FUSED = "com.microsoft"
SHAPE = ["one", "tokens", WIDTH]


class _Graph:
    def __init__(self, network: Network) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.values: list[onnx.TensorProto] = []
        seen = self._embeds(network)
        for number, layer in enumerate(network.layers):
            seen = self._layer(f"l{number}", layer, seen)  # type: ignore[arg-type]
        self.nodes[-1].output[0] = "read"

    def model(self) -> onnx.ModelProto:
        takes = helper.make_tensor_value_info("embedded", TensorProto.FLOAT, SHAPE)
        gives = helper.make_tensor_value_info("read", TensorProto.FLOAT, SHAPE)
        graph = helper.make_graph(self.nodes, "triage", [takes], [gives], self.values)
        opsets = [helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)]
        return helper.make_model(graph, opset_imports=opsets, ir_version=8)

    def _embeds(self, network: Network) -> str:
        takes = ["embedded", *self._norm("embeds", network.norm)]
        return self._do("LayerNormalization", takes, ["normed"], domain="", epsilon=EPSILON)

    def _layer(self, name: str, layer: Layer, seen: str) -> str:
        asks = [
            self._keep(f"{name}.asks", layer.asks.weight.T),
            self._keep(f"{name}.asksb", layer.asks.bias),
        ]
        found = self._do("Attention", [seen, *asks], [f"{name}.found"], num_heads=ATTENDING)
        gathered = self._times(f"{name}.gathers", found, layer.gathers.weight)
        seen = self._added(
            f"{name}.gathered", gathered, seen, layer.after_gathering, layer.gathers.bias
        )
        wide = self._times(f"{name}.widens", seen, layer.widens.weight)
        bias = self._keep(f"{name}.widensb", layer.widens.bias)
        bent = self._do("BiasGelu", [wide, bias], [f"{name}.bent"])
        narrow = self._times(f"{name}.narrows", bent, layer.narrows.weight)
        return self._added(f"{name}.read", narrow, seen, layer.after_narrowing, layer.narrows.bias)

    def _times(self, name: str, seen: str, weight: Tensor) -> str:
        kept = self._keep(name, weight.T)
        return self._do("MatMul", [seen, kept], [f"{name}.out"], domain="")

    def _added(self, name: str, new: str, seen: str, norm: object, bias: Tensor) -> str:
        takes = [new, seen, *self._norm(name, norm), self._keep(f"{name}.bias", bias)]
        return self._do("SkipLayerNormalization", takes, [f"{name}.out"], epsilon=EPSILON)

    def _norm(self, name: str, norm: object) -> Iterator[str]:
        yield self._keep(f"{name}.scale", norm.weight)  # type: ignore[attr-defined]
        yield self._keep(f"{name}.shift", norm.bias)  # type: ignore[attr-defined]

    def _keep(self, name: str, value: Tensor) -> str:
        plain = np.ascontiguousarray(value.detach().numpy().astype(np.float32))
        self.values.append(numpy_helper.from_array(plain, name))
        return name

    def _do(
        self, what: str, takes: list[str], gives: list[str], domain: str = FUSED, **how: object
    ) -> str:
        self.nodes.append(helper.make_node(what, takes, gives, domain=domain, **how))
        return gives[0]


def export(network: Network, folder: Path) -> None:
    """Write encoder.onnx and the embeddings: words.npy; its scales and the places in places.npz."""
    words = network.words.detach().numpy()
    scales = np.abs(words).max(1) / EIGHT_BITS
    np.save(folder / "words.npy", (words / scales[:, None]).round().astype(np.int8))
    places = network.places.detach().numpy()[:MOST]
    np.savez(folder / "places.npz", scales=scales.astype(np.float32), places=places)
    _graph(network, folder / "encoder.onnx")


def _graph(network: Network, file: Path) -> None:
    """With weights of eight bits; seven are used, which AVX2 needs for sums of two."""
    logging.getLogger().setLevel(logging.ERROR)
    with TemporaryDirectory() as folder:
        whole = Path(folder) / "whole.onnx"
        onnx.save(_Graph(network).model(), str(whole))
        quantize_dynamic(
            whole,
            file,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
            extra_options={"DefaultTensorType": TensorProto.FLOAT, "MatMulConstBOnly": True},
        )
