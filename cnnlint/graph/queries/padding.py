"""Padding around a convolution, its own and that of the operations before and behind it."""

from __future__ import annotations

from cnnlint.graph.dims import less
from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Convolution, Opaque, Pad, Slice
from cnnlint.graph.queries.chains import behind, is_pointwise, source


def is_cropped(model: ModelGraph, tensor: Tensor) -> bool:
    """Whether ``tensor``, or what pointwise operations make of it, is cropped, or is joined with something cropped to
    its size, as networks with unpadded convolutions do."""
    for reader in behind(model, tensor, is_pointwise):
        if crops(reader):
            return True
        for other in reader.inputs:
            maker = source(model, other, is_pointwise)
            if maker is not None and crops(maker):
                return True
    return False


def crops(node: Node) -> bool:
    """Whether ``node`` takes a part of a tensor: a slice, or negative padding."""
    if isinstance(node.op, Pad):
        return any(less(side, 0) for amount in node.op.amounts for side in amount)
    return isinstance(node.op, Slice)


def is_padded_before(model: ModelGraph, node: Node) -> bool:
    """Whether an operation of its own pads the input of ``node``, as causal convolutions do it, or one that is not
    known may do so."""
    maker = source(model, node.inputs[0], is_pointwise)
    return maker is not None and isinstance(maker.op, Pad | Opaque)


def spread(op: Convolution, axis: int) -> int | None:
    """``d(K - 1)``: pixels between the first and the last tap along an axis; ``None`` if not known."""
    kernel, dilation = op.kernel_size[axis], op.dilation[axis]
    return dilation * (kernel - 1) if isinstance(kernel, int) and isinstance(dilation, int) else None
