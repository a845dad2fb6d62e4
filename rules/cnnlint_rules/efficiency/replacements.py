"""Several convolutions in place of one, as source text: the fixes of CNN201, CNN202 and CNN203."""

from __future__ import annotations

from collections.abc import Sequence

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Convolution
from cnnlint.graph.queries.layers import built_only_by
from cnnlint.rule import Applicability, Fix, ReplaceSpan


def convolution(fan_in: int, out: int, kernel: int, *arguments: str) -> str:
    """``torch.nn.Conv2d(64, 128, 3, padding=1)``."""
    return f"torch.nn.Conv2d({', '.join([str(fan_in), str(out), str(kernel), *filter(None, arguments)])})"


def sequence(layers: Sequence[str]) -> str:
    """Layers one after the other with a ReLU between each two."""
    return f"torch.nn.Sequential({', torch.nn.ReLU(), '.join(layers)})"


def replaced(model: ModelGraph, node: Node, text: str) -> Fix | None:
    """``text`` in place of the construction of ``node``'s layer, if that is a plain ``nn.Conv2d`` with zero padding and
    builds no other. Trained weights do not carry over."""
    place, op = built_only_by(model, node), node.op
    if place is None or node.module.type != "Conv2d" or not isinstance(op, Convolution) or op.padding_mode != "zeros":
        return None
    return Fix((ReplaceSpan(place, text),), Applicability.UNSAFE)


def same_padding(op: Convolution) -> bool | None:
    """Whether the padding keeps the size (``True``) or there is none (``False``); ``None`` for anything in between."""
    wanted = tuple((k - 1) // 2 if isinstance(k, int) else None for k in op.kernel_size)
    return True if op.padding == wanted else None if any(pad != 0 for pad in op.padding) else False
