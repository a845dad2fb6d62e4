"""What lies on the paths behind a tensor."""

from __future__ import annotations

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    Convolution,
    Elementwise,
    Identity,
    Merge,
    Opaque,
    Pad,
    Pooling,
    Reshape,
    Slice,
)
from cnnlint.graph.queries.chains import Passes
from cnnlint.graph.queries.resolution import changes_resolution
from cnnlint.graph.queries.weights import has_fixed_weight


def convolutions_behind(model: ModelGraph, tensor: Tensor) -> int:
    """The least number of convolutions with a kernel larger than 1 on the paths from ``tensor`` to the next change of
    resolution or the end of the model."""
    known: dict[Tensor, int] = {}

    def least(tensor: Tensor) -> int:
        return 0 if tensor in model.returned else known.get(tensor, 0)

    for node in reversed(model.nodes[tensor.index + 1 :]):
        behind = 0 if changes_resolution(node) else min(map(least, node.outputs), default=0)
        behind += _mixes_neighbours(node)
        for source in node.inputs:
            known[source] = min(known.get(source, behind), behind)
    return least(tensor)


def _mixes_neighbours(node: Node) -> bool:
    return isinstance(node.op, Convolution) and not node.op.transposed and any(k != 1 for k in node.op.kernel_size)


def is_low_pass_filtered(model: ModelGraph, tensor: Tensor) -> bool:
    """Whether the only thing that reads ``tensor``, through reshapes, padding and sums, is a filter of fixed weights
    or an average over overlapping windows."""
    while True:
        readers = model.consumers.get(tensor, ())
        if len(readers) != 1 or tensor in model.returned:
            return False
        node = readers[0]
        match node.op:
            case Convolution(transposed=False):
                return _mixes_neighbours(node) and has_fixed_weight(model, node)
            case Pooling(kind="avg", stride=stride):
                return all(step == 1 for step in stride)
            case Reshape() | Pad() | Slice() | Identity() | Merge() | Elementwise():
                tensor = node.output
            case _:
                return False


def leads_into_unknown(model: ModelGraph, tensor: Tensor, passing: Passes) -> bool:
    """Whether what becomes of ``tensor`` is not known: below operations that ``passing`` accepts something opaque reads
    it, or nothing does although the model does not return it."""
    stack, seen = [tensor], {tensor}
    while stack:
        current = stack.pop()
        readers = model.consumers.get(current, ())
        if not readers and current not in model.returned:
            return True
        for node in readers:
            if isinstance(node.op, Opaque):
                return True
            if passing(node):
                stack += [output for output in node.outputs if output not in seen]
                seen.update(node.outputs)
    return False
