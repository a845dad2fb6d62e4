"""What a convolution costs, and what cheaper arrangements of the same reach would cost."""

from __future__ import annotations

from dataclasses import dataclass

from cnnlint.graph.model import Node
from cnnlint.graph.operations import Convolution


@dataclass(frozen=True, slots=True)
class DenseKernel:
    """A square, ungrouped, undilated convolution of stride 1 over two axes whose numbers are all known."""

    kernel: int
    fan_in: int
    out: int
    bias: bool

    @property
    def weights(self) -> int:
        return self.kernel**2 * self.fan_in * self.out


@dataclass(frozen=True, slots=True)
class Stack:
    """``layers`` 3×3 convolutions of inner width ``width`` in place of one large kernel."""

    layers: int
    width: int
    weights: int
    biases: int
    """Biases beside those of the large kernel, if every layer keeps one."""


def dense_kernel(node: Node) -> DenseKernel | None:
    """The convolution of ``node`` in numbers, if it is dense, square and of stride 1."""
    op = node.op
    if not isinstance(op, Convolution) or op.transposed or len(op.kernel_size) != 2:
        return None
    if op.groups != 1 or set(op.stride) != {1} or set(op.dilation) != {1} or op.kernel_size[0] != op.kernel_size[1]:
        return None
    kernel, fan_in, out = op.kernel_size[0], op.in_channels, op.out_channels
    if not isinstance(kernel, int) or not isinstance(fan_in, int) or not isinstance(out, int):
        return None
    return DenseKernel(kernel, fan_in, out, op.bias)


def stacked(conv: DenseKernel, min_saving: float) -> Stack | None:
    """The stack of 3×3 convolutions that replaces an odd kernel of 5 or more and saves at least ``min_saving`` of its
    weights; as wide inside as the output, else as the narrower end. ``None`` if neither saves that much.

    ``n = (K - 1)/2`` layers reach as far as ``K``; their weights are ``9(Ci·m + (n - 2)m² + m·Co)``."""
    if conv.kernel < 5 or conv.kernel % 2 == 0:
        return None
    layers = (conv.kernel - 1) // 2
    for width in (conv.out, min(conv.fan_in, conv.out)):
        weights = 9 * (conv.fan_in * width + (layers - 2) * width**2 + width * conv.out)
        if weights <= (1 - min_saving) * conv.weights:
            return Stack(layers, width, weights, (layers - 1) * width if conv.bias else 0)
    return None
