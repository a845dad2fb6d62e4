"""Input sizes that would make a map fit: the chain of windows computed again for other sizes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import TypeAlias

from cnnlint.graph.dims import Dim
from cnnlint.graph.model import EvidenceKind, ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    Activation,
    AdaptivePooling,
    Convolution,
    Dropout,
    Elementwise,
    Identity,
    Merge,
    Normalisation,
    Pad,
    PixelShuffle,
    Pooling,
)  # fmt: skip

LARGEST = 2048
"""The largest input size that is tried, in pixels."""

Sizes: TypeAlias = tuple[int, ...]


def size_declared(model: ModelGraph) -> bool:
    """Whether somebody gave the input size. One that was solved backwards is only one of several that fit."""
    return model.evidence.gives_size and model.evidence.kind is not EvidenceKind.SOLVED


def image_inputs(model: ModelGraph) -> tuple[Tensor, ...]:
    """The inputs with spatial axes, ``(N, C, *sizes)``."""
    return tuple(tensor for tensor in model.inputs if tensor.shape is not None and len(tensor.shape) >= 3)


def map_sizes(model: ModelGraph, tensor: Tensor, size: int) -> Sizes | None:
    """The spatial sizes of ``tensor`` for an input of ``size`` pixels along every axis; ``None`` where an operation
    on the way is not known or would be left without pixels."""
    images = image_inputs(model)
    if len(images) != 1 or images[0].shape is None:
        return None
    known: dict[Tensor, Sizes] = {images[0]: (size,) * (len(images[0].shape) - 2)}
    if tensor in known:
        return known[tensor]
    for node in model.nodes[: tensor.index + 1]:
        sizes = _step(node, [known.get(source) for source in node.inputs])
        if sizes is not None and min(sizes, default=0) > 0:
            known[node.output] = sizes
    return known.get(tensor)


def fitting_inputs(model: ModelGraph, tensor: Tensor, positions: int) -> tuple[int, int] | None:
    """The smallest and largest square input that gives ``tensor`` just ``positions`` pixels; all between do too.

    Output sizes never fall as the input grows, so both ends are found by bisection."""

    def pixels(size: int) -> int:
        sizes = map_sizes(model, tensor, size)
        total = 1 if sizes else 0
        for each in sizes or ():
            total *= each
        return total

    candidates = range(1, LARGEST + 1)
    if pixels(LARGEST) == 0 or pixels(LARGEST) == pixels(LARGEST // 2):
        return None
    low, high = bisect_left(candidates, positions, key=pixels), bisect_right(candidates, positions, key=pixels)
    return (candidates[low], candidates[high - 1]) if low < high and high < len(candidates) else None


def smallest_input(model: ModelGraph, tensor: Tensor) -> int | None:
    """The smallest square input that leaves every map on the way to ``tensor`` at least one position; ``None`` where
    an operation on the way is not known."""
    candidates = range(1, LARGEST + 1)
    first = bisect_left(candidates, True, key=lambda size: map_sizes(model, tensor, size) is not None)
    return candidates[first] if first < len(candidates) else None


def size_trail(model: ModelGraph, node: Node) -> tuple[Sizes, ...]:
    """The spatial sizes that the first input of ``node`` went through, from the model's input on, each change once;
    empty where one is not known."""
    sizes: list[Sizes] = []
    tensor: Tensor | None = node.inputs[0] if node.inputs else None
    while tensor is not None:
        known = _integers((tensor.shape or ())[2:], (tensor.shape or ())[2:])
        if not known:
            return ()
        if not sizes or sizes[-1] != known:
            sizes.append(known)
        maker = model.producer(tensor)
        tensor = maker.inputs[0] if maker is not None and maker.inputs else None
    return tuple(reversed(sizes))


def square(size: int, axes: int) -> str:
    """``32×32`` for two axes, ``length 32`` for one."""
    return f"length {size}" if axes == 1 else "×".join([str(size)] * axes)


def _step(node: Node, sources: Sequence[Sizes | None]) -> Sizes | None:
    sizes = sources[0] if sources else None
    match node.op:
        case Merge() | Elementwise():
            known = {source for source in sources if source is not None}
            return known.pop() if len(known) == 1 and None not in sources else None
        case _ if sizes is None:
            return None
        case Activation() | Normalisation() | Dropout() | Identity():
            return sizes
        case Convolution() | Pooling() as window:
            return _window(window, sizes)
        case AdaptivePooling(output_size=wanted):
            return tuple(w for w in wanted if isinstance(w, int)) if len(wanted) == len(sizes) else None
        case PixelShuffle(factor=int() as factor, inverse=inverse):
            return tuple(s // factor if inverse else s * factor for s in sizes)
        case Pad(amounts=amounts) if len(amounts) <= len(sizes):
            return _padded(sizes, amounts)
        case _:
            return None


def _window(op: Convolution | Pooling, sizes: Sizes) -> Sizes | None:
    if isinstance(op, Convolution) and op.transposed:
        axes = list(zip(sizes, op.kernel_size, op.stride, op.padding, op.dilation, op.output_padding, strict=False))
        moved = [(i - 1) * s - 2 * p + d * (k - 1) + extra + 1 for i, k, s, p, d, extra in axes]
        return _integers(moved, sizes)
    after = op.pad_after if isinstance(op, Convolution) else op.padding
    windows = zip(sizes, op.kernel_size, op.stride, op.padding, after, op.dilation, strict=False)
    ceil = isinstance(op, Pooling) and op.ceil_mode
    return _integers([_count(*window, ceil=ceil) for window in windows], sizes)


def _count(size: int, kernel: Dim, stride: Dim, before: Dim, after: Dim, dilation: Dim, *, ceil: bool) -> Dim:
    room = size + before + after - dilation * (kernel - 1) - 1
    if not ceil:
        return room // stride + 1
    windows = -(-room // stride) + 1
    starts_outside = isinstance(windows, int) and isinstance(stride, int) and isinstance(before, int)
    return windows - 1 if starts_outside and (windows - 1) * stride >= size + before else windows  # type: ignore[operator]


def _padded(sizes: Sizes, amounts: Sequence[tuple[Dim, Dim]]) -> Sizes | None:
    full = ((0, 0),) * (len(sizes) - len(amounts)) + tuple(amounts)
    return _integers([size + before + after for size, (before, after) in zip(sizes, full, strict=True)], sizes)


def _integers(values: Sequence[Dim], like: Sequence[Dim]) -> Sizes | None:
    known = tuple(value for value in values if isinstance(value, int))
    return known if len(known) == len(like) else None
