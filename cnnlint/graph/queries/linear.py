"""Linear layers on top of each other, with nothing nonlinear between."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import (
    AdaptivePooling,
    Convolution,
    Dense,
    Dropout,
    Identity,
    Normalisation,
    NormKind,
    Pooling,
)
from cnnlint.graph.queries.chains import sole_reader


@dataclass(frozen=True, slots=True)
class LinearPair:
    """Two layers that compute one linear map, away from padding. ``kernel`` is that of the one layer that does the
    same, empty for linear layers or where an adaptive pool lies between; ``before`` and ``after`` are parameters."""

    first: Node
    second: Node
    kernel: tuple[int, ...]
    fan_in: int
    middle: int
    out: int
    before: int
    after: int


def linear_pairs(model: ModelGraph) -> Iterator[LinearPair]:
    """Dense convolutions and linear layers of which one is the only reader of the other, through batch norm, dropout,
    identity and average pools."""
    for node in model.nodes:
        if not node.certain or not _is_dense(node):
            continue
        reader, pools = sole_reader(model, node.output), list[Node]()
        while reader is not None and _keeps_linear(reader):
            if isinstance(reader.op, Pooling | AdaptivePooling):
                pools.append(reader)
            reader = sole_reader(model, reader.output)
        if reader is not None and _is_dense(reader) and type(reader.op) is type(node.op):
            pair = _pair(node, reader, pools)
            if pair is not None:
                yield pair


def _is_dense(node: Node) -> bool:
    return isinstance(node.op, Dense) or (
        isinstance(node.op, Convolution) and node.op.groups == 1 and not node.op.transposed
    )


def _keeps_linear(node: Node) -> bool:
    match node.op:
        case Normalisation(kind=NormKind.BATCH) | Dropout() | Identity():
            return True
        case Pooling(kind="avg") | AdaptivePooling(kind="avg"):
            return True
        case _:
            return False


def _pair(first: Node, second: Node, pools: list[Node]) -> LinearPair | None:
    sizes = [*_channels(first), *_channels(second)]
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) != 4:
        return None
    fan_in, middle, again, out = known
    kernel = _composed([first, *pools, second])
    bias = any(isinstance(node.op, Convolution | Dense) and node.op.bias for node in (first, second))
    before = _parameters(first, fan_in, middle) + _parameters(second, again, out)
    return LinearPair(
        first, second, kernel or (), fan_in, middle, out, before, fan_in * out * prod(kernel or ()) + bias * out
    )


def _channels(node: Node) -> tuple[object, object]:
    match node.op:
        case Convolution(in_channels=fan_in, out_channels=out) | Dense(in_features=fan_in, out_features=out):
            return fan_in, out
        case _:
            return None, None


def _parameters(node: Node, fan_in: int, out: int) -> int:
    op = node.op
    taps = prod(size for size in op.kernel_size if isinstance(size, int)) if isinstance(op, Convolution) else 1
    return fan_in * out * taps + (out if isinstance(op, Convolution | Dense) and op.bias else 0)


def _composed(nodes: list[Node]) -> tuple[int, ...] | None:
    """The kernel of windows on top of each other: each adds ``d * (K - 1)`` times the strides before it."""
    windows = [node.op for node in nodes if isinstance(node.op, Convolution | Pooling)]
    if len(windows) != len(nodes):
        return None
    reach, step = [1] * len(windows[0].kernel_size), [1] * len(windows[0].kernel_size)
    for window in windows:
        axes = zip(window.kernel_size, window.stride, window.dilation, strict=True)
        for axis, (kernel, stride, dilation) in enumerate(axes):
            if not isinstance(kernel, int) or not isinstance(stride, int) or not isinstance(dilation, int):
                return None
            reach[axis] += dilation * (kernel - 1) * step[axis]
            step[axis] *= stride
    return tuple(reach)
