"""Which positions stacked convolutions read between two changes of resolution (formula F9).

Along each axis a tensor carries the set of offsets, counted in positions of the map that entered the resolution, at
which it reads that map. A convolution adds its own offsets to each of them, a merge joins the sets. Dilated
convolutions on top of each other may leave holes in the set: positions between the outermost ones that are never
read, whatever the weights (gridding)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from cnnlint.graph.dims import Dim, same
from cnnlint.graph.model import ModelGraph, Node, Tensor
from cnnlint.graph.operations import (
    Activation,
    ChannelShuffle,
    Convolution,
    Dropout,
    Elementwise,
    Identity,
    Merge,
    Normalisation,
    Pad,
    Pooling,
    Slice,
)
from cnnlint.graph.queries.resolution import changes_resolution

_LARGEST_SPAN = 1 << 14
"""Positions between the outermost offsets; beyond that, which is by mistake only, nothing is said."""


@dataclass(frozen=True, slots=True, eq=False)
class Passed:
    """A convolution on a path, after ``before``: the ``length``-th, and how many of them are dilated. Paths share what
    they have in common."""

    kernel: int
    dilation: int
    before: Passed | None
    length: int
    dilated: int


@dataclass(frozen=True, slots=True)
class AxisReads:
    """The offsets read along one axis: bit ``i`` of ``mask`` stands for offset ``low + i``, and bit 0 is set.

    ``path`` holds the convolutions passed on the path with most dilated ones, ``last`` is the last dilated one of
    them. ``exact`` is whether all of the path is known."""

    low: int = 0
    mask: int = 1
    path: Passed | None = None
    last: Node | None = None
    exact: bool = True

    @property
    def read(self) -> int:
        return self.mask.bit_count()

    @property
    def span(self) -> int:
        return self.mask.bit_length()

    @property
    def holes(self) -> int:
        return self.span - self.read

    @property
    def layers(self) -> tuple[tuple[int, int], ...]:
        """Kernel size and dilation of the convolutions on the path, in order."""
        found: list[tuple[int, int]] = []
        step = self.path
        while step is not None:
            found.append((step.kernel, step.dilation))
            step = step.before
        return tuple(reversed(found))

    @property
    def dilations(self) -> tuple[int, ...]:
        """The dilations of the convolutions on the path, in order."""
        return tuple(dilation for _, dilation in self.layers)

    @property
    def length(self) -> int:
        """How many convolutions lie on the path."""
        return self.path.length if self.path else 0

    @property
    def dilated(self) -> int:
        """How many of them have a dilation above 1."""
        return self.path.dilated if self.path else 0


Reads = tuple[AxisReads, ...]


def stacked(kernels_and_dilations: tuple[tuple[int, int], ...]) -> AxisReads:
    """What a plain stack of centred convolutions reads along one axis."""
    axis = AxisReads()
    for kernel, dilation in kernels_and_dilations:
        axis = _counted(_widened(axis, kernel, dilation, dilation * (kernel - 1) // 2), kernel, dilation, None)
    return axis


def hdc_distance(kernels_and_dilations: tuple[tuple[int, int], ...]) -> int:
    """``M_2`` of the hybrid dilated convolution design: the greatest distance between non-zero weights as seen from
    the second layer. ``M_2 <= K`` is neither necessary nor sufficient for a set without holes.

    Source: Wang et al., https://arxiv.org/abs/1702.08502, section 3.2."""
    *inner, (_, distance) = kernels_and_dilations[1:]
    for _, dilation in reversed(inner):
        distance = max(distance - 2 * dilation, distance - 2 * (distance - dilation), dilation)
    return distance


def final_reads(model: ModelGraph) -> Iterator[Reads]:
    """What is read at the end of each stretch of constant resolution."""
    known = all_reads(model)
    for tensor, reads in known.items():
        readers = [node for node in model.consumers.get(tensor, ()) if any(out in known for out in node.outputs)]
        if all(map(changes_resolution, readers)):
            yield reads


def all_reads(model: ModelGraph) -> Mapping[Tensor, Reads]:
    """The offsets that every map of the model reads."""
    known: dict[Tensor, Reads] = {}
    for tensor in model.inputs:
        if tensor.shape is not None and len(tensor.shape) > 2:
            known[tensor] = (AxisReads(),) * (len(tensor.shape) - 2)
    for node in model.nodes:
        if (reads := _step(node, [known[tensor] for tensor in node.inputs if tensor in known])) is not None:
            known.update(dict.fromkeys(node.outputs, reads))
    return known


def _step(node: Node, sources: list[Reads]) -> Reads | None:
    shape = node.output.shape if node.outputs else None
    if shape is None or len(shape) < 3 or not sources:
        return None
    if changes_resolution(node):
        return (AxisReads(),) * (len(shape) - 2)
    if any(len(source) != len(shape) - 2 for source in sources):
        return _unclear(len(shape) - 2)
    match node.op:
        case Convolution() | Pooling() as window:
            return _windowed(node, window, sources[0])
        case Activation() | Normalisation() | Dropout() | Identity() | ChannelShuffle():
            return sources[0]
        case Merge() | Elementwise():
            return tuple(_joined(axes) for axes in zip(*sources, strict=True))
        case Pad(amounts=amounts) if len(amounts) == len(sources[0]):
            return tuple(_shifted(axis, before) for axis, (before, _) in zip(sources[0], amounts, strict=True))
        case Slice() if _same_size(node):
            return sources[0]
        case _:
            return tuple(replace(axis, exact=False) for axis in sources[0]) if _same_rank(node) else None


def _unclear(axes: int) -> Reads:
    return (AxisReads(exact=False),) * axes


def _same_rank(node: Node) -> bool:
    before, after = node.inputs[0].shape, node.output.shape
    return before is not None and after is not None and len(before) == len(after)


def _same_size(node: Node) -> bool:
    before, after = node.inputs[0].shape, node.output.shape
    return (
        before is not None and after is not None and len(before) == len(after) and all(map(same, before[2:], after[2:]))
    )


def _windowed(node: Node, window: Convolution | Pooling, source: Reads) -> Reads:
    if len(window.kernel_size) != len(source):
        return _unclear(len(source))
    counts = isinstance(window, Convolution)
    axes = []
    for axis, kernel, dilation, padding in zip(
        source, window.kernel_size, window.dilation, window.padding, strict=True
    ):
        if not isinstance(kernel, int) or not isinstance(dilation, int) or not isinstance(padding, int):
            axes.append(replace(axis, exact=False))
        else:
            wider = _widened(axis, kernel, dilation, padding)
            axes.append(_counted(wider, kernel, dilation, node) if counts else wider)
    return tuple(axes)


def _widened(axis: AxisReads, kernel: int, dilation: int, padding: int) -> AxisReads:
    if axis.span + (kernel - 1) * dilation > _LARGEST_SPAN:
        return AxisReads(exact=False)
    mask = 0
    for tap in range(kernel):
        mask |= axis.mask << (tap * dilation)
    return replace(axis, low=axis.low - padding, mask=mask)


def _counted(axis: AxisReads, kernel: int, dilation: int, node: Node | None) -> AxisReads:
    """``axis`` with one more convolution on its path."""
    if kernel == 1:
        return axis
    path = Passed(kernel, dilation, axis.path, axis.length + 1, axis.dilated + (dilation > 1))
    return replace(axis, path=path, last=node if dilation > 1 else axis.last)


def _shifted(axis: AxisReads, before: Dim) -> AxisReads:
    return replace(axis, low=axis.low - before) if isinstance(before, int) else replace(axis, exact=False)


def _joined(axes: tuple[AxisReads, ...]) -> AxisReads:
    low = min(axis.low for axis in axes)
    if any(axis.low - low + axis.span > _LARGEST_SPAN for axis in axes):
        return AxisReads(exact=False)
    mask = 0
    for axis in axes:
        mask |= axis.mask << (axis.low - low)
    deepest = max(axes, key=lambda axis: (axis.dilated, axis.length))
    return AxisReads(low, mask, deepest.path, deepest.last, all(axis.exact for axis in axes))
