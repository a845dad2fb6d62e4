"""Where the resolution of a map changes."""

from __future__ import annotations

from collections.abc import Iterator

from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import Convolution, PixelShuffle, Pooling, Resample
from cnnlint.graph.queries.pools import is_map
from cnnlint.graph.receptive import receptive_fields


def changes_resolution(node: Node) -> bool:
    """Whether a map comes out with other spacing than it went in: strides, transposed convolutions, interpolation."""
    match node.op:
        case Convolution(transposed=True) | Resample() | PixelShuffle():
            return True
        case _:
            return is_downsampling(node)


def is_downsampling(node: Node) -> bool:
    """Whether the node is a strided convolution or pool."""
    match node.op:
        case Convolution(stride=stride, transposed=False) | Pooling(stride=stride):
            return any(isinstance(step, int) and step > 1 for step in stride)
        case _:
            return False


def is_upsampling(node: Node) -> bool:
    """Whether the node makes maps larger."""
    return changes_resolution(node) and not is_downsampling(node)


def downsamplings(model: ModelGraph) -> Iterator[tuple[Node, int]]:
    """The first node that reaches each effective stride, with that stride: the downsampling steps in order, parallel
    branches left out."""
    fields = receptive_fields(model)
    reached = 1
    for node in model.nodes:
        if not is_downsampling(node) or node.output not in fields:
            continue
        stride = max((step for step in fields[node.output].stride if step is not None), default=1)
        if stride > reached:
            reached = stride
            yield node, stride


def image_size(model: ModelGraph) -> tuple[int, ...] | None:
    """The spatial sizes of the model's one image input; ``None`` where they are not known or there are several."""
    maps = [tensor for tensor in model.inputs if is_map(tensor)]
    return sizes_of(maps[0]) if len(maps) == 1 and model.evidence.gives_size else None


def sizes_of(tensor: Tensor) -> tuple[int, ...] | None:
    """The spatial sizes of a map ``(N, C, *sizes)``, if they are numbers."""
    if tensor.shape is None or len(tensor.shape) < 3:
        return None
    sizes = tuple(size for size in tensor.shape[2:] if isinstance(size, int))
    return sizes if len(sizes) == len(tensor.shape) - 2 else None
