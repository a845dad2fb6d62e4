"""Runs of wide dense 3×3 convolutions, and what they would cost behind a 1×1 reduction."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from cnnlint.graph.dims import less
from cnnlint.graph.model import ModelGraph, Node
from cnnlint.graph.operations import Activation, Convolution, PixelShuffle, Resample, Reshape
from cnnlint.graph.queries.chains import (
    ancestors,
    behind,
    is_transparent,
    reaches_output,
    source,
    stem_convolutions,
)  # fmt: skip
from cnnlint.graph.queries.kernels import DenseKernel, dense_kernel
from cnnlint.graph.queries.pools import is_map


@dataclass(frozen=True, slots=True)
class WideRun:
    """Wide 3×3 convolutions that follow each other with no other convolution between, in execution order."""

    nodes: tuple[Node, ...]
    kernels: tuple[DenseKernel, ...]

    @property
    def weights(self) -> int:
        return sum(kernel.weights for kernel in self.kernels)

    @property
    def bottlenecks(self) -> int:
        """The weights of a bottleneck of width Co/4 in place of each."""
        return sum(bottleneck_weights(kernel) for kernel in self.kernels)


def bottleneck_weights(kernel: DenseKernel) -> int:
    """``m(Ci + 9m + Co)`` with ``m = Co/4``: 1×1 to m channels, 3×3, 1×1 back (ResNet, arXiv 1512.03385)."""
    width = kernel.out // 4
    return width * (kernel.fan_in + 9 * width + kernel.out)


def wide_runs(model: ModelGraph, min_channels: int, min_width: int = 32) -> tuple[WideRun, ...]:
    """The runs of 3×3 convolutions with at least ``min_channels`` at both ends, for which a bottleneck is at least
    ``min_width`` wide, but for those inside a bottleneck, in a decoder (behind upsampling), in a head for dense
    predictions (shared by several maps, or read by output layers only), and first in a network, which as wide as they
    are belong to the head of a larger one."""
    calls = Counter(node.module for node in model.nodes if isinstance(node.op, Convolution))
    stems = stem_convolutions(model)
    wide = {
        node: kernel
        for node, kernel in _wide(model, max(min_channels, 4 * min_width))
        if calls[node.module] == 1 and node not in stems and not _exempt(model, node)
    }
    runs: list[list[Node]] = []
    run_of: dict[Node, list[Node]] = {}
    for node in wide:
        before = next((run_of[other] for other in convolutions_before(model, node) if other in run_of), None)
        run = before if before is not None else []
        if before is None:
            runs.append(run)
        run.append(node)
        run_of[node] = run
    return tuple(WideRun(tuple(run), tuple(wide[node] for node in run)) for run in runs)


def convolutions_before(model: ModelGraph, node: Node) -> tuple[Node, ...]:
    """The convolutions whose output reaches ``node`` through no other convolution."""
    found: list[Node] = []
    seen: set[Node] = set()
    stack = [node]
    while stack:
        for tensor in stack.pop().inputs:
            maker = model.producer(tensor)
            if maker is None or maker in seen:
                continue
            seen.add(maker)
            if isinstance(maker.op, Convolution):
                found.append(maker)
            else:
                stack.append(maker)
    return tuple(found)


def _wide(model: ModelGraph, least: int) -> Iterable[tuple[Node, DenseKernel]]:
    for node in model.nodes:
        kernel = dense_kernel(node)
        if kernel is not None and node.certain and kernel.kernel == 3 and min(kernel.fan_in, kernel.out) >= least:
            yield node, kernel


def _exempt(model: ModelGraph, node: Node) -> bool:
    return (
        _inside_bottleneck(model, node)
        or _feeds_predictions(model, node)
        or any(_upsamples(other) for other in ancestors(model, node))
    )


def _feeds_predictions(model: ModelGraph, node: Node) -> bool:
    """Whether nothing reads the result but convolutions that predict: 1×1 or narrower ones that give maps of the
    model's output."""
    assert isinstance(node.op, Convolution)
    readers = behind(model, node.output, _passes)
    return bool(readers) and all(
        isinstance(reader.op, Convolution)
        and (_is_pointwise(reader) or less(reader.op.out_channels, node.op.out_channels))
        and is_map(reader.output)
        and reaches_output(model, reader.output, lambda each: _passes(each) or isinstance(each.op, Resample | Reshape))
        for reader in readers
    )


def _inside_bottleneck(model: ModelGraph, node: Node) -> bool:
    """Whether the nearest convolutions before and behind are both 1×1."""
    before = source(model, node.inputs[0], _passes)
    return before is not None and _is_pointwise(before) and any(map(_is_pointwise, behind(model, node.output, _passes)))


def _passes(node: Node) -> bool:
    return is_transparent(node) or isinstance(node.op, Activation)


def _is_pointwise(node: Node) -> bool:
    return isinstance(node.op, Convolution) and set(node.op.kernel_size) == {1}


def _upsamples(node: Node) -> bool:
    op = node.op
    return (
        isinstance(op, Resample)
        or (isinstance(op, PixelShuffle) and not op.inverse)
        or (isinstance(op, Convolution) and op.transposed)
    )
