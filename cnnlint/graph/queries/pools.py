"""Global pooling: where a map becomes one vector, for the head or for a gate."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    AdaptivePooling,
    Convolution,
    Dense,
    Merge,
    MergeKind,
    Pooling,
    Reduction,
    Reshape,
    Slice,
)
from cnnlint.graph.queries.chains import is_pointwise, reaches_output


def is_global_pool(node: Node) -> bool:
    """Whether a map ``(N, C, *sizes)`` with more than one position is reduced to one value a channel."""
    shape = node.inputs[0].shape if node.inputs else None
    if shape is None or len(shape) < 3 or all(size == 1 for size in shape[2:]):
        return False
    match node.op:
        case AdaptivePooling(output_size=sizes):
            return all(size == 1 for size in sizes)
        case Reduction(axes=axes):
            return axes == tuple(range(2, len(shape)))
        case Pooling(kernel_size=kernel, padding=padding):
            return tuple(kernel) == tuple(shape[2:]) and not any(padding)
        case _:
            return False


def head_pools(model: ModelGraph) -> Iterator[Node]:
    """The global pools whose vector goes on to the model's output through linear layers only: those in front of a
    classifier, not those of squeeze-and-excitation gates."""
    for node in model.nodes:
        if node.certain and is_global_pool(node) and reaches_output(model, node.output, _belongs_to_head):
            yield node


def _belongs_to_head(node: Node) -> bool:
    if is_pointwise(node) or isinstance(node.op, Dense | Reshape | Slice):
        return True
    if isinstance(node.op, Merge):
        return node.op.kind is not MergeKind.MULTIPLY and all(is_vector(tensor) for tensor in node.inputs)
    return isinstance(node.op, Convolution) and is_vector(node.inputs[0])


def is_vector(tensor: Tensor) -> bool:
    """Whether a tensor has no more than one position: ``(N, C)`` or ``(N, C, 1, 1)``."""
    return tensor.shape is not None and (len(tensor.shape) <= 2 or all(size == 1 for size in tensor.shape[2:]))


def is_map(tensor: Tensor) -> bool:
    """Whether a tensor has several positions, as far as is known."""
    return tensor.shape is not None and len(tensor.shape) >= 3 and not is_vector(tensor)
